//! A small tree of XML elements, enough to read REDCap's project files and record imports.
//! Invariant: attribute values and text keep their line breaks, because REDCap writes multi-line answers into attributes.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use serde::{Deserialize, Serialize};

use super::OdmError;

/// Deeper than any file REDCap writes; bounds the recursion when the tree is dropped.
const MAX_DEPTH: usize = 64;

/// One element. Names keep their prefix (`redcap:FieldType`), which REDCap never changes.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Element>,
    pub(super) text: String,
}

impl Element {
    /// The attribute's value, or an empty text when it is absent: REDCap treats both alike.
    pub(crate) fn attr(&self, name: &str) -> &str {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(crate) fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of that name, trimmed; empty when there is none.
    pub(crate) fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", Element::text)
    }

    pub(crate) fn text(&self) -> &str {
        self.text.trim()
    }
}

/// Reads one document.
///
/// # Errors
/// [`OdmError::Xml`] with the byte position when the text is not well-formed XML.
pub(crate) fn parse(xml: &str) -> Result<Element, OdmError> {
    let mut reader = Reader::from_str(xml.trim_start_matches('\u{feff}'));
    let mut open: Vec<Element> = Vec::new();
    loop {
        let broken =
            |message: String, reader: &Reader<&[u8]>| OdmError::Xml { position: reader.buffer_position(), message };
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => return Err(broken(error.to_string(), &reader)),
        };
        match event {
            Event::Start(start) => {
                let element = element(&start).map_err(|error| broken(error, &reader))?;
                if open.len() >= MAX_DEPTH {
                    return Err(broken("elements are nested too deeply".into(), &reader));
                }
                open.push(element);
            }
            Event::Empty(start) => {
                let element = element(&start).map_err(|error| broken(error, &reader))?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(element),
                    None => return Ok(element),
                }
            }
            Event::End(_) => {
                let Some(done) = open.pop() else { continue };
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => return Ok(done),
                }
            }
            Event::Text(text) => append(&mut open, &text.xml10_content()),
            Event::CData(text) => append(&mut open, &text.xml10_content()),
            Event::GeneralRef(name) => {
                let text = unescape(&format!("&{};", name.xml10_content()))
                    .map(|text| text.into_owned())
                    .map_err(|error| broken(error.to_string(), &reader))?;
                append(&mut open, &text);
            }
            Event::Eof => return Err(broken("the document ends too early".into(), &reader)),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn append(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, String> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = unescape(&attribute.value).map_err(|error| error.to_string())?;
        attributes.push((attribute.key.0.to_owned(), value.into_owned()));
    }
    Ok(Element { name: start.name().0.to_owned(), attributes, ..Element::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_in_attributes_and_references_in_text_survive() {
        let root = parse("<a x=\"one\ntwo &amp; &#039;three&#039;\"><b>1 &lt; 2<![CDATA[ & 3]]></b></a>").unwrap();
        assert_eq!(root.attr("x"), "one\ntwo & 'three'");
        assert_eq!(root.text_of("b"), "1 < 2 & 3");
        assert_eq!(root.attr("absent"), "");
    }

    #[test]
    fn a_cut_or_bottomless_document_is_refused() {
        assert!(matches!(parse("<a><b></b>"), Err(OdmError::Xml { .. })));
        assert!(matches!(parse("<a></b>"), Err(OdmError::Xml { .. })));
        assert!(matches!(parse(&"<a>".repeat(1000)), Err(OdmError::Xml { .. })));
        assert!(matches!(parse(""), Err(OdmError::Xml { .. })));
    }
}
