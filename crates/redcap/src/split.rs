//! Rows of an answer one by one, while it is still on its way: an answer of any length takes the memory of one row.
//!
//! Invariant: what is handed out are the rows of a list so far; only after [`Objects::end`] is it known that the list is an
//! answer. A body that is no list is collected instead, to be read like any other.

use crate::{
    answer::{Answer, Purpose, undecodable},
    client::{Form, Reader},
    error::CallError,
    wire::Row,
};

impl Reader {
    /// Sends a read and hands out its rows as they arrive.
    pub(crate) async fn each_row(
        &self,
        content: &'static str,
        form: Form<'_>,
        mut each: impl FnMut(Row) -> Result<(), CallError>,
    ) -> Result<(), CallError> {
        let mut response = self.send(content, form).await?;
        let (status, content_type) = (response.status, response.content_type.clone());
        let mut objects = Objects::default();
        let mut other = (status != 200).then(Vec::new);
        while let Some(chunk) = response.next().await? {
            match &mut other {
                Some(body) => body.extend_from_slice(&chunk),
                None if objects.begins_otherwise(&chunk) => other = Some(chunk.to_vec()),
                None => objects.feed(&chunk, |object| {
                    each(serde_json::from_slice(object).map_err(|failure| undecodable(&failure))?)
                })?,
            }
        }
        if other.is_none() && objects.place != Place::Before {
            return objects.end();
        }
        let body = other.unwrap_or_default();
        let rows: Vec<Row> = Answer { purpose: Purpose::Read, status, content_type, body }.json()?;
        rows.into_iter().try_for_each(each)
    }
}

/// Where in a list of objects the next byte stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Before,
    /// After `[`: an object or the end.
    First,
    Inside,
    /// After an object: a comma or the end.
    AfterObject,
    /// After a comma: an object.
    AfterComma,
    After,
}

/// Cuts `[{…},{…}]` into its objects, whatever the pieces in which it arrives.
#[derive(Default)]
struct Objects {
    place: Place,
    /// The part of the object under way that came with earlier pieces.
    object: Vec<u8>,
    depth: u32,
    in_text: bool,
    escaped: bool,
}

impl Objects {
    /// Whether the body turns out to be no list.
    fn begins_otherwise(&self, piece: &[u8]) -> bool {
        let first = piece.iter().find(|byte| !is_blank(**byte));
        self.place == Place::Before && first.is_some_and(|byte| *byte != b'[')
    }

    fn feed(&mut self, piece: &[u8], mut each: impl FnMut(&[u8]) -> Result<(), CallError>) -> Result<(), CallError> {
        let mut start = 0;
        for (at, &byte) in piece.iter().enumerate() {
            match (self.place, byte) {
                (Place::Inside, _) if self.ends_object(byte) => {
                    self.object.extend_from_slice(&piece[start..=at]);
                    each(&self.object)?;
                    self.object.clear();
                    self.place = Place::AfterObject;
                }
                (Place::Inside, _) => {}
                (_, byte) if is_blank(byte) => {}
                (Place::Before, b'[') => self.place = Place::First,
                (Place::First | Place::AfterComma, b'{') => {
                    (self.place, self.depth, start) = (Place::Inside, 1, at);
                }
                (Place::AfterObject, b',') => self.place = Place::AfterComma,
                (Place::First | Place::AfterObject, b']') => self.place = Place::After,
                _ => return Err(not_rows("it is not a list of rows")),
            }
        }
        if self.place == Place::Inside {
            self.object.extend_from_slice(&piece[start..]);
        }
        Ok(())
    }

    fn ends_object(&mut self, byte: u8) -> bool {
        match (self.in_text, byte) {
            (true, _) if self.escaped => self.escaped = false,
            (true, b'\\') => self.escaped = true,
            (_, b'"') => self.in_text = !self.in_text,
            (false, b'{' | b'[') => self.depth += 1,
            (false, b'}' | b']') => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.depth == 0
    }

    fn end(&self) -> Result<(), CallError> {
        if self.place == Place::After { Ok(()) } else { Err(not_rows("the list of rows has no end")) }
    }
}

fn not_rows(detail: &str) -> CallError {
    CallError::NotAnAnswer { detail: detail.to_owned() }
}

/// Blanks, and the bytes of a byte order mark.
const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0xEF | 0xBB | 0xBF)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The objects of `text` when it arrives in pieces of `size` bytes.
    fn objects(text: &str, size: usize) -> Result<Vec<String>, CallError> {
        let (mut found, mut objects) = (vec![], Objects::default());
        for piece in text.as_bytes().chunks(size) {
            objects.feed(piece, |object| {
                found.push(String::from_utf8_lossy(object).into_owned());
                Ok(())
            })?;
        }
        objects.end().map(|()| found)
    }

    #[test]
    fn objects_are_found_however_they_arrive() {
        let text = "\u{feff} [ {\"a\":\"}]\\\"{\"} ,\n{\"b\":{\"c\":[1,\"Ä\"]}},{} ] \n";
        for size in 1..=text.len() {
            let found = objects(text, size).expect("a list");
            assert_eq!(found, ["{\"a\":\"}]\\\"{\"}", "{\"b\":{\"c\":[1,\"Ä\"]}}", "{}"], "pieces of {size}");
        }
        assert_eq!(objects("[]", 1), Ok(vec![]));
    }

    #[test]
    fn a_list_that_is_none_is_no_answer() {
        for text in ["[", "[{}", "[{},", "[{}{}]", "[,{}]", "[{},]", "[1]", "[{}] x", "[{\"a\":\"]", "", "{}"] {
            assert!(objects(text, 3).is_err(), "{text}");
        }
    }
}
