//! The dictionary part of a project file: FormDef → ItemGroupRef → ItemRef → ItemDef → CodeList.
//! Invariant: fields keep the order of the file, forms stay together, and the first field is the record id.

use std::collections::HashMap;

use super::OdmError;
use super::definition::Form;
use super::field::{Field, Kind};
use super::xml::Element;

/// Items that REDCap adds by itself and that are no fields of the dictionary.
const SYSTEM_ITEMS: [&str; 2] = ["redcap_data_access_group", "redcap_survey_identifier"];

/// Reads forms (with their surveys) and fields.
///
/// # Errors
/// [`OdmError`] when a reference leads nowhere, a field type is unknown or the record id field is not first.
pub(crate) fn dictionary(metadata: &Element, globals: &Element) -> Result<(Vec<Form>, Vec<Field>), OdmError> {
    let by_oid = |name: &'static str| -> HashMap<&str, &Element> {
        metadata.children(name).map(|element| (element.attr("OID"), element)).collect()
    };
    let (groups, items, lists) = (by_oid("ItemGroupDef"), by_oid("ItemDef"), by_oid("CodeList"));
    let (mut forms, mut fields) = (Vec::new(), Vec::<Field>::new());
    for element in metadata.children("FormDef") {
        let form = form(element, globals);
        let references = element.children("ItemGroupRef").map(|group| group.attr("ItemGroupOID"));
        for group in references {
            let group = groups.get(group).ok_or_else(|| lost("item group", group))?;
            for reference in group.children("ItemRef") {
                let oid = reference.attr("ItemOID");
                let item = items.get(oid).ok_or_else(|| lost("item", oid))?;
                let name = item.attr("redcap:Variable");
                let known = fields.iter().any(|field| field.name == name);
                if known || is_system(name, &form.name) {
                    continue;
                }
                fields.push(field(item, name, &form.name, &lists)?);
            }
        }
        forms.push(form);
    }
    let id = metadata.attr("redcap:RecordIdField");
    match fields.first() {
        None => Err(OdmError::NotAProject("it has no fields".into())),
        Some(first) if !id.is_empty() && first.name != id => {
            Err(OdmError::Broken(format!("the record id field '{id}' is not the first field")))
        }
        Some(_) => Ok((forms, fields)),
    }
}

fn lost(what: &str, oid: &str) -> OdmError {
    OdmError::Broken(format!("the {what} '{oid}' is not defined"))
}

fn is_system(name: &str, form: &str) -> bool {
    let own = name.strip_prefix(form).is_some_and(|rest| rest == "_complete" || rest == "_timestamp");
    own || SYSTEM_ITEMS.contains(&name)
}

fn form(element: &Element, globals: &Element) -> Form {
    let name = element.attr("redcap:FormName").to_owned();
    let surveys = globals.child("redcap:SurveysGroup");
    let survey = surveys.and_then(|group| group.children("redcap:Surveys").find(|s| s.attr("form_name") == name));
    Form { label: element.attr("Name").to_owned(), survey: survey.map(|s| s.attr("title").to_owned()), name }
}

fn field(item: &Element, name: &str, form: &str, lists: &HashMap<&str, &Element>) -> Result<Field, OdmError> {
    let attr = |name: &str| item.attr(name).to_owned();
    let kind_word = item.attr("redcap:FieldType");
    let kind = Kind::from_odm(kind_word)
        .ok_or_else(|| OdmError::Broken(format!("field '{name}' has the unknown type '{kind_word}'")))?;
    let (min, max) = range(item);
    Ok(Field {
        name: name.to_owned(),
        form: form.to_owned(),
        section_header: attr("redcap:SectionHeader"),
        kind,
        label: label(item),
        choices_or_calculation: choices(item, kind, lists)?,
        note: attr("redcap:FieldNote"),
        validation: match item.attr("redcap:TextValidationType") {
            "int" => "integer".to_owned(),
            "float" => "number".to_owned(),
            other => other.to_owned(),
        },
        min,
        max,
        identifier: item.attr("redcap:Identifier") == "y",
        branching: attr("redcap:BranchingLogic"),
        required: item.attr("redcap:RequiredField") == "y",
        alignment: attr("redcap:CustomAlignment"),
        question_number: attr("redcap:QuestionNumber"),
        matrix_group: attr("redcap:MatrixGroupName"),
        matrix_ranking: attr("redcap:MatrixRanking"),
        annotation: attr("redcap:FieldAnnotation"),
    })
}

fn label(item: &Element) -> String {
    let Some(question) = item.child("Question") else { return String::new() };
    match question.text_of("redcap:FormattedTranslatedText") {
        "" => question.text_of("TranslatedText").to_owned(),
        formatted => formatted.to_owned(),
    }
}

fn range(item: &Element) -> (String, String) {
    let bound = |comparator: &str| {
        let check = item.children("RangeCheck").find(|check| check.attr("Comparator") == comparator);
        check.map_or(String::new(), |check| check.text_of("CheckValue").to_owned())
    };
    (bound("GE"), bound("LE"))
}

fn choices(item: &Element, kind: Kind, lists: &HashMap<&str, &Element>) -> Result<String, OdmError> {
    match kind {
        Kind::Calc => return Ok(item.attr("redcap:Calculation").to_owned()),
        Kind::Slider => return Ok(item.attr("redcap:SliderLabels").to_owned()),
        Kind::Radio | Kind::Dropdown | Kind::Checkbox => {}
        _ => return Ok(String::new()),
    }
    let Some(reference) = item.child("CodeListRef") else { return Ok(String::new()) };
    let oid = reference.attr("CodeListOID");
    let list = lists.get(oid).ok_or_else(|| lost("code list", oid))?;
    if kind == Kind::Checkbox {
        return Ok(list.attr("redcap:CheckboxChoices").to_owned());
    }
    let choice = |choice: &Element| {
        let label = choice.child("Decode").map_or("", |decode| decode.text_of("TranslatedText"));
        format!("{}, {label}", choice.attr("CodedValue"))
    };
    Ok(list.children("CodeListItem").map(choice).collect::<Vec<_>>().join("|"))
}
