//! What the worker writes and what is shown have the same names, to the last one.

use metricis_core::Timestamp;
use metricis_core::answer;
use metricis_core::ids::{JobId, StudyId};
use metricis_core::operation::{
    Choice, ColumnChange, DataLoss, DictionaryDiff, FieldBrief, FieldChange, ImportOutcome, ImportedRecord, InitStep,
    PartChange,
};
use metricis_core::words::JobState;
use metricis_store::JobKind;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::*;

fn s(text: &str) -> String {
    text.to_owned()
}

fn field() -> FieldBrief {
    FieldBrief { field: s("f"), instrument: s("i"), field_type: s("text"), label: s("l") }
}

fn diff() -> DictionaryDiff {
    let change = FieldChange {
        field: s("f"),
        instrument: s("i"),
        columns: vec![ColumnChange { column: s("c"), before: s("b"), after: s("a") }],
        moved_from: Some(s("h")),
        former_type: Some(s("radio")),
        choices_removed: vec![Choice { code: s("1"), label: s("One") }],
    };
    DictionaryDiff {
        instruments_added: vec![s("a")],
        instruments_removed: vec![s("r")],
        fields_added: vec![field()],
        fields_removed: vec![field()],
        fields_changed: vec![change],
        order_changed: true,
    }
}

/// Reads what the worker writes and writes it again.
fn same<Shown: DeserializeOwned + Serialize>(written: impl Serialize) {
    let mut written = serde_json::to_value(written).expect("JSON");
    let shown: Shown = serde_json::from_value(written.clone()).expect("readable");
    written.as_object_mut().expect("an object").remove("success");
    let shown: Value = serde_json::to_value(shown).expect("JSON");
    assert_eq!(shown, written);
}

#[test]
fn everything_that_the_worker_writes_is_shown() {
    let (digest, before_digest, after_digest) = (s("1"), s("2"), s("3"));
    let (warnings, refusals) = (vec![s("w")], vec![s("r")]);
    let part = vec![PartChange { name: s("n"), before: Some(s("b")), after: Some(s("a")) }];
    same::<DictionaryPush>(answer::DictionaryPush {
        success: true,
        dry_run: true,
        digest: digest.clone(),
        diff: diff(),
        losses: vec![DataLoss { field: s("f"), instrument: s("i"), choice: Some(s("1")), records: 7 }],
        warnings: warnings.clone(),
        refusals: refusals.clone(),
        before_digest: before_digest.clone(),
        after_digest: after_digest.clone(),
        written: Some(3),
    });
    use InitStep::{Arms, Dictionary, Events, FormEventMapping, Repeating, Settings};
    same::<ProjectInit>(answer::ProjectInit {
        success: true,
        dry_run: true,
        digest: digest.clone(),
        from_settings: true,
        design_dictionary: s("csv"),
        dictionary: diff(),
        arms: part.clone(),
        events: part.clone(),
        form_event_mapping: part.clone(),
        repeating: part,
        becomes_longitudinal: true,
        enables_scheduling: true,
        steps: vec![Settings, Dictionary, Arms, Events, FormEventMapping, Repeating],
        warnings: warnings.clone(),
        refusals: refusals.clone(),
        before_digest: before_digest.clone(),
        after_digest: after_digest.clone(),
    });
    same::<FormDeletion>(answer::FormDeletion {
        success: true,
        dry_run: true,
        digest: digest.clone(),
        form: s("f"),
        fields: vec![field()],
        events: vec![s("e")],
        records: 2,
        warnings,
        refusals,
        before_digest,
        after_digest,
    });
    use ImportOutcome::{Absent, Enrol, Known, LeftToEvent, NotComplete, Refused};
    let record = |outcome| ImportedRecord { record: s("7"), outcome, reason: Some(s("r")) };
    same::<ParticipantImport>(answer::ParticipantImport {
        success: true,
        dry_run: true,
        digest,
        counts: [(s("enrol"), 1)].into(),
        enrolled: 1,
        records: [Enrol, Known, NotComplete, Refused, LeftToEvent, Absent].map(record).into(),
        not_listed: 3,
    });
}

#[test]
fn a_preview_that_failed_is_called_a_preview() {
    for (order, dry_run) in [(Order::Preview, true), (Order::Apply("d".to_owned()), false)] {
        let job = StoredJob {
            id: JobId(uuid::Uuid::nil()),
            study: StudyId(uuid::Uuid::nil()),
            kind: JobKind::DeleteForm { form: s("daily"), order },
            state: JobState::Failed,
            created_at: Timestamp::default(),
            claimed_at: None,
            finished_at: Some(Timestamp::default()),
            result: None,
            error: Some(s("api_error: REDCap cannot be reached")),
        };
        let shown = serde_json::to_value(FormDeletionShown::of(&job)).expect("JSON");
        assert_eq!((&shown["dry_run"], &shown["success"]), (&Value::Bool(dry_run), &Value::Bool(false)));
    }
}
