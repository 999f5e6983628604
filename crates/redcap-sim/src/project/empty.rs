//! The project that REDCap makes when it is given nothing: one instrument with the record id.
//! Invariant: it is a project like any other, which an import of metadata can turn into what is wanted.

use super::definition::{Arm, Definition, Event, Form};
use super::field::{Field, Kind};
use super::odm::Loaded;
use crate::state::records::Records;

/// Ids are left 0 for the caller to assign.
pub(crate) fn empty(longitudinal: bool) -> Loaded {
    let form = Form { name: "my_first_instrument".into(), label: "My First Instrument".into(), survey: None };
    let record_id = Field {
        name: "record_id".into(),
        form: form.name.clone(),
        label: "Record ID".into(),
        ..Field::blank(Kind::Text)
    };
    let event = Event {
        name: "Event 1".into(),
        unique_name: "event_1_arm_1".into(),
        forms: vec![form.name.clone()],
        ..Event::new(0, 1)
    };
    let definition = Definition {
        longitudinal,
        forms: vec![form],
        fields: vec![record_id],
        arms: vec![Arm { num: 1, name: "Arm 1".into() }],
        events: vec![event],
        ..Definition::default()
    };
    Loaded { definition, records: Records::default(), roles: Vec::new() }
}
