//! The dictionary part of a project file: FormDef, ItemGroupDef, ItemDef, CodeList.
//! Invariant: a checkbox has one item for each choice, every other field one; `<form>_complete` closes each form.

use super::definition::{COMPLETE_LABELS, Definition, Form};
use super::field::{Choice, Field, Kind, checkbox_column};
use super::xml::Element;

pub(super) fn dictionary(definition: &Definition) -> Vec<Element> {
    let forms = &definition.forms;
    let complete: Vec<Field> = forms.iter().map(|form| Field::complete(&form.name)).collect();
    let mut elements: Vec<Element> = forms.iter().map(|form| form_def(definition, form)).collect();
    elements.extend(forms.iter().flat_map(|form| item_groups(definition, form)));
    let in_order = forms.iter().zip(&complete).flat_map(|(form, complete)| {
        definition.fields.iter().filter(|field| field.form == form.name).chain([complete])
    });
    let fields: Vec<&Field> = in_order.collect();
    elements.extend(fields.iter().flat_map(|field| items(field)));
    elements.extend(fields.iter().flat_map(|field| code_lists(field)));
    elements
}

impl Field {
    /// The form's status, which the dictionary does not list.
    fn complete(form: &str) -> Self {
        let choices = COMPLETE_LABELS.iter().enumerate().map(|(code, label)| format!("{code}, {label}"));
        Self {
            name: format!("{form}_complete"),
            form: form.to_owned(),
            section_header: "Form Status".into(),
            label: "Complete?".into(),
            choices_or_calculation: choices.collect::<Vec<_>>().join("|"),
            ..Self::blank(Kind::Dropdown)
        }
    }
}

fn form_def(definition: &Definition, form: &Form) -> Element {
    let groups = item_groups(definition, form);
    let group =
        |group: &Element| Element::new("ItemGroupRef").with("ItemGroupOID", group.attr("OID")).with("Mandatory", "No");
    Element::new("FormDef")
        .with("OID", format!("Form.{}", form.name))
        .with("Name", form.label.as_str())
        .with("Repeating", "No")
        .with("redcap:FormName", form.name.as_str())
        .holding(groups.iter().map(group))
}

fn item_groups(definition: &Definition, form: &Form) -> Vec<Element> {
    let group = |last: &str, name: &str, fields: &[(String, String)]| {
        let item = |(oid, variable): &(String, String)| {
            Element::new("ItemRef")
                .with("ItemOID", oid.as_str())
                .with("Mandatory", "No")
                .with("redcap:Variable", variable.as_str())
        };
        Element::new("ItemGroupDef")
            .with("OID", format!("{}.{last}", form.name))
            .with("Name", name)
            .with("Repeating", "No")
            .holding(fields.iter().map(item))
    };
    let fields = definition.fields.iter().filter(|field| field.form == form.name);
    let items: Vec<(String, String)> =
        fields.flat_map(|field| oids(field).into_iter().map(|oid| (oid, field.name.clone()))).collect();
    let complete = format!("{}_complete", form.name);
    let first = items.first().map_or("fields", |(_, variable)| variable).to_owned();
    vec![group(&first, &form.label, &items), group(&complete, "Form Status", &[(complete.clone(), complete.clone())])]
}

/// The items of a field: a checkbox has one for each choice.
fn oids(field: &Field) -> Vec<String> {
    let boxes: Vec<String> = match field.kind {
        Kind::Checkbox => field.choices().iter().map(|choice| checkbox_column(&field.name, &choice.code)).collect(),
        _ => Vec::new(),
    };
    if boxes.is_empty() { vec![field.name.clone()] } else { boxes }
}

fn items(field: &Field) -> Vec<Element> {
    oids(field).into_iter().map(|oid| item(field, &oid)).collect()
}

fn item(field: &Field, oid: &str) -> Element {
    let yes = |flag: bool| if flag { "y" } else { "" };
    let validation = match (field.kind, field.validation.as_str()) {
        (Kind::Text, "integer") => "int",
        (Kind::Text, "number") => "float",
        (_, other) => other,
    };
    let element = Element::new("ItemDef")
        .with("OID", oid)
        .with("Name", oid)
        .with("DataType", data_type(field))
        .with("Length", if field.choices().is_empty() { "999" } else { "1" })
        .with("redcap:Variable", field.name.as_str())
        .with("redcap:FieldType", field.kind.odm_word())
        .with_some("redcap:TextValidationType", validation)
        .with_some("redcap:SectionHeader", &field.section_header)
        .with_some("redcap:FieldNote", &field.note)
        .with_some("redcap:Identifier", yes(field.identifier))
        .with_some("redcap:BranchingLogic", &field.branching)
        .with_some("redcap:RequiredField", yes(field.required))
        .with_some("redcap:CustomAlignment", &field.alignment)
        .with_some("redcap:QuestionNumber", &field.question_number)
        .with_some("redcap:MatrixGroupName", &field.matrix_group)
        .with_some("redcap:MatrixRanking", &field.matrix_ranking)
        .with_some("redcap:FieldAnnotation", &field.annotation);
    let element = match field.kind {
        Kind::Calc => element.with("redcap:Calculation", field.choices_or_calculation.as_str()),
        Kind::Slider => element.with("redcap:SliderLabels", field.choices_or_calculation.as_str()),
        _ => element,
    };
    let listed = !field.choices().is_empty();
    let text = Element::new("TranslatedText").saying(&field.label);
    element
        .holding([Element::new("Question").holding([text])])
        .holding(listed.then(|| Element::new("CodeListRef").with("CodeListOID", format!("{oid}.choices"))))
        .holding([("GE", &field.min), ("LE", &field.max)].into_iter().filter_map(range))
}

fn range((comparator, bound): (&str, &String)) -> Option<Element> {
    let value = || Element::new("CheckValue").saying(bound);
    let check =
        || Element::new("RangeCheck").with("Comparator", comparator).with("SoftHard", "Soft").holding([value()]);
    (!bound.is_empty()).then(check)
}

fn data_type(field: &Field) -> &'static str {
    match (field.kind, field.validation.as_str()) {
        (Kind::Checkbox | Kind::YesNo | Kind::TrueFalse, _) => "boolean",
        (Kind::Calc, _) => "float",
        (Kind::Slider, _) | (Kind::Text, "integer") => "integer",
        (Kind::Text, validation) if validation.starts_with("number") => "float",
        (Kind::Text, validation) if validation.starts_with("date_") => "date",
        (Kind::Text, validation) if validation.starts_with("datetime_") => "datetime",
        _ => "text",
    }
}

fn code_lists(field: &Field) -> Vec<Element> {
    let choices = field.choices();
    if choices.is_empty() {
        return Vec::new();
    }
    let list = |oid: &str, choices: &[Choice]| {
        let item = |choice: &Choice| {
            let text = Element::new("TranslatedText").saying(&choice.label);
            let decode = Element::new("Decode").holding([text]);
            Element::new("CodeListItem").with("CodedValue", choice.code.as_str()).holding([decode])
        };
        Element::new("CodeList")
            .with("OID", format!("{oid}.choices"))
            .with("Name", oid)
            .with("DataType", data_type(field))
            .with("redcap:Variable", field.name.as_str())
            .with_some(
                "redcap:CheckboxChoices",
                if field.kind == Kind::Checkbox { &field.choices_or_calculation } else { "" },
            )
            .holding(choices.iter().map(item))
    };
    if field.kind != Kind::Checkbox {
        return vec![list(&field.name, &choices)];
    }
    let states = [("1", "Checked"), ("0", "Unchecked")];
    let states = states.map(|(code, label)| Choice { code: code.into(), label: label.into() });
    oids(field).iter().map(|oid| list(oid, &states)).collect()
}
