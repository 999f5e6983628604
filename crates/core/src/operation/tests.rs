//! Dictionaries compared, designs checked, reviews and their digests.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::study::{RedcapConfig, TaskMapping};

const HEAD: &str = "field_name,form_name,field_type,field_label,select_choices_or_calculations,branching_logic";

fn read(lines: &[&str]) -> Vec<FieldRow> {
    parse_dictionary(&format!("{HEAD}\n{}", lines.join("\n"))).expect("a dictionary")
}

const BASE: [&str; 6] = [
    "record_id,enrollment,text,Record,,",
    "enroll_date,enrollment,text,Enrolled,,",
    "mood,daily,radio,Mood,\"0, Bad | 1, Good\",",
    "signs,daily,checkbox,Signs,\"1, Red | -4, Blue\",",
    "total,daily,calc,Sum,[mood] + 1,[signs(1)] = '1'",
    "rt_ms,reaction,text,Time,,",
];

fn without(name: &str) -> Vec<FieldRow> {
    let mut rows = read(&BASE);
    rows.retain(|row| row.name() != name);
    rows
}

const DEVELOPMENT: ProjectFacts = ProjectFacts { project_id: 18, in_production: false, is_longitudinal: true };

fn config() -> RedcapConfig {
    let fields = [("median".to_owned(), "rt_ms".to_owned())].into();
    RedcapConfig {
        anchor_date_field: Some("enroll_date".to_owned()),
        enrollment_instrument: Some("enrollment".to_owned()),
        redcap_field_mapping: [("rt".to_owned(), TaskMapping { instrument: "reaction".to_owned(), fields })].into(),
        ..RedcapConfig::default()
    }
}

#[test]
fn redcaps_own_file_reads_with_its_labels_and_with_the_names_of_its_api() {
    let labels = COLUMNS.map(|(_, label)| format!("\"{label}\"")).join(",");
    let line = "mood,daily,,radio,Mood?,\"0, Bad | 1, Good\",,,,,Y,,,,,,,@HIDDEN";
    let rows = read_file(&format!("\u{feff}{labels}\r\nrecord_id,daily,,text,Id,,,,,,,,,,,,,\r\n{line}\r\n"));
    assert_eq!((rows[1].get("identifier"), rows[1].get("field_annotation")), ("Y", "@HIDDEN"));
    assert_eq!(rows[1].choices().len(), 2);
    let again = read_file(&dictionary_to_csv(&rows));
    assert_eq!(again, rows, "written and read again");
}

fn read_file(text: &str) -> Vec<FieldRow> {
    parse_dictionary(text).expect("a dictionary")
}

#[test]
fn what_is_no_dictionary_is_refused_with_each_fault() {
    let refused = |text: &str| parse_dictionary(text).expect_err(text).to_string();
    assert!(refused("a,b\n1,2").contains("a column \"a\", which is none of REDCap's 18"));
    assert!(refused("field_name,form_name\nx,y").contains("no column \"field_type\""));
    assert!(refused("field_name,Variable / Field Name,form_name,field_type").contains("\"field_name\" twice"));
    assert!(refused(&format!("{HEAD}\na,b,text,c,d,e,f,g")).contains("line 2 of the dictionary has 8 values"));
    assert_eq!(refused(HEAD), "the dictionary has no fields");
    let text = format!(
        "{HEAD}\nmood,daily,radio,M,,\nMood,daily,text,,,\nmood,daily,txt,,,\ndaily_complete,b,text,,,\nx,daily,text,,,"
    );
    let all = refused(&text);
    for told in [
        "the first field, \"mood\", names the records and must be of the type text",
        "the field \"mood\" has no choices",
        "the field name \"Mood\" must begin with a letter",
        "the field \"mood\" stands twice",
        "the type \"txt\"",
        "\"daily_complete\" is REDCap's own",
        "the fields of the instrument \"daily\" are not one after the other",
    ] {
        assert!(all.contains(told), "{told}: {all}");
    }
    let twice = format!("{HEAD}\nr,f,text,,,\nm,f,radio,,\"1, A | 1, B\",");
    assert!(refused(&twice).contains("the choice \"1\" twice"));
}

#[test]
fn a_difference_is_told_column_by_column() {
    let next = read(&[
        BASE[0],
        BASE[1],
        "signs,enrollment,checkbox,Signs,\"1, Red\",",
        "mood,daily,text,Mood,,",
        "sleep,night,text,Sleep,,",
    ]);
    let diff = diff_dictionaries(&read(&BASE), &next);
    assert_eq!(
        (diff.instruments_added.as_slice(), diff.instruments_removed.as_slice()),
        (&["night".to_owned()][..], &["reaction".to_owned()][..])
    );
    assert_eq!(diff.fields_added.iter().map(|field| field.field.as_str()).collect::<Vec<_>>(), ["sleep"]);
    assert_eq!(diff.removed().collect::<Vec<_>>(), ["total", "rt_ms"]);
    assert!(diff.order_changed);
    let signs = &diff.fields_changed[0];
    assert_eq!(signs.moved_from.as_deref(), Some("daily"));
    assert_eq!(signs.choices_removed, [Choice { code: "-4".to_owned(), label: "Blue".to_owned() }]);
    let mood = &diff.fields_changed[1];
    assert_eq!(mood.former_type.as_deref(), Some("radio"));
    assert_eq!(mood.choices_removed, [], "a text keeps every code");
    let columns: Vec<&str> = mood.columns.iter().map(|column| column.column.as_str()).collect();
    assert_eq!(columns, ["field_type", "select_choices_or_calculations"]);
}

#[test]
fn what_redcap_writes_in_more_than_one_way_is_no_change() {
    let other = read(&[
        BASE[0],
        BASE[1],
        "mood,daily,radio,\"Mood\r\n\",\"0,Bad|1,  Good\",",
        "signs,daily,checkbox, Signs,\"1, Red|-4, Blue \",",
        BASE[4],
        BASE[5],
    ]);
    assert!(diff_dictionaries(&read(&BASE), &other).is_empty());
    assert_eq!(dictionary_digest(&read(&BASE)), dictionary_digest(&other));
}

#[test]
fn values_that_would_go_are_found_in_rows_as_redcap_exports_them() {
    let next = read(&[
        BASE[0],
        BASE[1],
        "mood,daily,radio,Mood,\"1, Good\",",
        "signs,daily,checkbox,Signs,\"1, Red\",",
        BASE[5],
    ]);
    let current = read(&BASE);
    let counted = losses_of(&current, &diff_dictionaries(&current, &next));
    let names: Vec<_> = counted.iter().map(|one| (one.field.as_str(), one.choice.as_deref())).collect();
    assert_eq!(names, [("mood", Some("0")), ("signs", Some("-4")), ("total", None)]);
    let holds = |index: usize, row: &[(&'static str, &'static str)]| counted[index].is_held_by(row.iter().copied());
    assert!(holds(0, &[("mood", "0")]) && !holds(0, &[("mood", "1")]));
    assert!(holds(1, &[("signs____4", "1")]) && !holds(1, &[("signs____4", "0"), ("signs___1", "1")]));
    assert!(holds(2, &[("total", "0")]) && !holds(2, &[("total", "")]));
    let gone = losses_of(&current, &diff_dictionaries(&current, &without("signs")));
    assert!(gone[0].is_held_by([("signs___1", "1")]) && !gone[0].is_held_by([("signs___1", "0")]));
}

/// A dictionary as large as a request may be: what takes the square of its size would not end.
#[test]
fn a_dictionary_of_many_instruments_is_reviewed() {
    let many = |from: u32, kind: &str| {
        let line = |n: u32| format!("f{n},i{n},{kind},Label,\"1, One\",[f{n}] = '1'\n");
        let lines: String = (from..from + 40_000).map(line).collect();
        parse_dictionary(&format!("{HEAD}\nrecord_id,first,text,Record,,\n{lines}")).expect("a dictionary")
    };
    let review = review_push(&config(), &DEVELOPMENT, &many(0, "radio"), &many(20_000, "checkbox"));
    assert_eq!((review.diff.instruments_added.len(), review.diff.fields_changed.len()), (20_000, 20_000));
    assert_eq!(review.to_count.len(), 20_000);
}

#[test]
fn a_push_that_takes_what_the_settings_name_is_refused() {
    let current = read(&BASE);
    let refusals = |next: &[FieldRow]| review_push(&config(), &DEVELOPMENT, &current, next).refusals;
    assert_eq!(refusals(&current), [""; 0]);
    assert_eq!(refusals(&without("total")), [""; 0], "the settings do not name it");
    let told = refusals(&without("rt_ms"));
    assert!(
        told[0]
            .contains("redcap_field_mapping.rt.instrument: the REDCap project has no instrument \"reaction\" any more"),
        "{told:?}"
    );
    assert!(told[1].contains("no field \"rt_ms\" any more"), "{told:?}");
    let told = refusals(&without("record_id"));
    assert!(told.iter().any(|told| told.contains("the first field names the records")), "{told:?}");
    let production = ProjectFacts { in_production: true, ..DEVELOPMENT };
    let told = review_push(&config(), &production, &current, &current).refusals;
    assert!(told[0].contains("is in production"), "{told:?}");
    let mut wrong = config();
    wrong.anchor_date_field = Some("enrol".to_owned());
    let review = review_push(&wrong, &DEVELOPMENT, &current, &without("total"));
    assert_eq!((review.refusals.len(), review.warnings.len()), (0, 1), "what was wrong before is no reason to refuse");
    wrong.extra.insert("survey_instruments".to_owned(), json!(["daily"]));
    let mut next = current.clone();
    next.retain(|row| row.instrument() != "daily");
    assert!(review_push(&wrong, &DEVELOPMENT, &current, &next).refusals[0].contains("survey_instruments"));
}

#[test]
fn default_codes_keep_their_field() {
    let mut lines = BASE.to_vec();
    lines.insert(2, "participant_code,enrollment,text,Code,,");
    let refusals = review_push(&config(), &DEVELOPMENT, &read(&lines), &read(&BASE)).refusals;
    assert!(refusals[0].contains("\"participant_code\", which would go"), "{refusals:?}");
}

#[test]
fn warnings_tell_what_is_orphaned() {
    let mut next = without("mood");
    next.extend(read(&["r,f,text,,,", "sleep,night,text,Sleep,,"]).into_iter().skip(1));
    let warnings = review_push(&config(), &DEVELOPMENT, &read(&BASE), &next).warnings;
    assert_eq!(
        warnings,
        [
            "the calculation of total refers to mood, which goes",
            "the new instrument night belongs to no event until it is designated for some in REDCap",
        ]
    );
    let next = read(&[BASE[0], BASE[1], BASE[2], "signs,daily,text,Signs,,", BASE[4], BASE[5]]);
    let warnings = review_push(&config(), &DEVELOPMENT, &read(&BASE), &next).warnings;
    assert!(
        warnings[0].contains("the type of signs changes from checkbox to text; what is stored cannot be read"),
        "{warnings:?}"
    );
}

#[test]
fn a_form_that_is_needed_is_not_deleted() {
    let dictionary = read(&BASE);
    let review =
        |form: &str| review_form_deletion(&config(), &DEVELOPMENT, &dictionary, vec!["v_arm_1".to_owned()], form);
    let daily = review("daily");
    assert_eq!((daily.refusals.len(), daily.fields.len(), daily.next.len()), (0, 3, 3));
    assert!(review("reaction").refusals[0].contains("no instrument \"reaction\" any more"));
    assert!(review("enrollment").refusals[0].contains("holds the field that names the records"));
    assert!(review("nothing").refusals[0].contains("has no instrument \"nothing\""));
}

#[test]
fn a_digest_changes_with_what_is_shown() {
    let (current, next) = (read(&BASE), without("total"));
    let review = review_push(&config(), &DEVELOPMENT, &current, &next);
    let losses = |records| vec![DataLoss { field: "total".to_owned(), records, ..DataLoss::default() }];
    let digest = review.digest(&DEVELOPMENT, &losses(3));
    assert_eq!(digest, review.digest(&DEVELOPMENT, &losses(3)));
    assert_ne!(digest, review.digest(&DEVELOPMENT, &losses(4)), "another record holds a value");
    assert_ne!(digest, review.digest(&ProjectFacts { project_id: 19, ..DEVELOPMENT }, &losses(3)));
    let other = review_push(&config(), &DEVELOPMENT, &next, &next);
    assert_ne!(digest, other.digest(&DEVELOPMENT, &losses(3)), "another dictionary is there");
    assert_eq!(Order::Preview.check(&digest), Ok(()));
    assert_eq!(Order::Apply(digest.clone()).check(&digest), Ok(()));
    let stale = Order::Apply(digest).check("0").expect_err("stale").to_string();
    assert!(stale.contains("nothing was changed") && stale.contains("look at the preview again"), "{stale}");
}

#[test]
fn an_event_is_called_as_redcap_calls_it() {
    for (label, arm, name) in [
        ("Visit 1", 2, "visit_1_arm_2"),
        ("Deadline to opt out of study", 2, "deadline_to_opt_ou_arm_2"),
        ("Enrolment & baseline", 1, "enrolment_baseline_arm_1"),
        ("First eighteen let ter", 1, "first_eighteen_let_arm_1"),
        ("!!", 1, "event_arm_1"),
    ] {
        assert_eq!(unique_event_name(label, arm), name, "{label}");
    }
}

fn event(label: &str, day: Option<i64>) -> DesignEvent {
    DesignEvent { event_name: label.to_owned(), arm_num: 1, day_offset: day, ..DesignEvent::default() }
}

fn design() -> ProjectDesign {
    ProjectDesign {
        dictionary: read(&BASE),
        arms: vec![DesignArm { arm_num: 1, name: "One".to_owned() }],
        events: vec![event("Visit 1", Some(0)), event("Visit 2", Some(7))],
        mapping: vec![DesignMapping { unique_event_name: "visit_1_arm_1".to_owned(), form: "enrollment".to_owned() }],
        repeating: vec![],
    }
}

fn state(design: ProjectDesign) -> ProjectState {
    ProjectState { facts: DEVELOPMENT, scheduling_enabled: true, records: 0, design }
}

#[test]
fn a_design_that_contradicts_itself_is_refused() {
    let given = GivenDesign {
        dictionary: dictionary_to_csv(&read(&BASE)),
        arms: vec![DesignArm { arm_num: 1, name: " ".to_owned() }, DesignArm { arm_num: 3, name: "Three".to_owned() }],
        events: vec![event("Visit 1", None), event("visit-1", None), DesignEvent { arm_num: 2, ..event("V", None) }],
        form_event_mapping: vec![DesignMapping { unique_event_name: "visit_9_arm_1".to_owned(), form: "x".to_owned() }],
        repeating: vec![DesignRepeat { form_name: "daily".to_owned(), ..DesignRepeat::default() }],
    };
    let told = ProjectDesign::read(&given).expect_err("contradictions").to_string();
    for part in [
        "the arm 1 has no name",
        "the arm 3 has no event",
        "two events would be called \"visit_1_arm_1\"",
        "the event \"V\" is in arm 2",
        "no event \"visit_9_arm_1\"",
        "no instrument \"x\"",
        "\"daily\" needs the event",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn only_an_empty_project_in_development_is_initialized() {
    let now = state(ProjectDesign { dictionary: read(&BASE[..1]), ..ProjectDesign::default() });
    let classic = ProjectState {
        facts: ProjectFacts { is_longitudinal: false, ..DEVELOPMENT },
        scheduling_enabled: false,
        ..now.clone()
    };
    let review = review_init(&config(), &classic, &design());
    assert_eq!(review.refusals, [""; 0]);
    use InitStep::{Arms, Dictionary, Events, FormEventMapping, Settings};
    assert_eq!(review.steps, [Settings, Dictionary, Arms, Events, FormEventMapping]);
    assert!(review.becomes_longitudinal && review.enables_scheduling);
    assert_eq!(
        review.events[1],
        PartChange { name: "visit_2_arm_1".to_owned(), before: None, after: Some("Visit 2: day 7, -0/+0".to_owned()) }
    );
    let held = review_init(&config(), &ProjectState { records: 1, ..now.clone() }, &design());
    assert!(held.refusals[0].contains("holds 1 record; only an empty one"));
    let live = ProjectState { facts: ProjectFacts { in_production: true, ..DEVELOPMENT }, ..now.clone() };
    assert!(review_init(&config(), &live, &design()).refusals[0].contains("in production"));
    let classic_design = ProjectDesign { dictionary: read(&BASE), ..ProjectDesign::default() };
    assert!(review_init(&config(), &now, &classic_design).refusals[0].contains("the design has none"));
}

#[test]
fn a_project_that_is_as_wanted_needs_no_step_and_a_part_only_its_own() {
    let review = review_init(&config(), &state(design()), &design());
    assert_eq!((review.steps.len(), review.differing().len()), (0, 0));
    let mut undesignated = design();
    undesignated.mapping.clear();
    let review = review_init(&config(), &state(undesignated), &design());
    assert_eq!(review.steps, [InitStep::FormEventMapping]);
    let mut repeats = design();
    repeats.repeating = vec![DesignRepeat { event_name: Some("visit_2_arm_1".to_owned()), ..DesignRepeat::default() }];
    assert_eq!(review_init(&config(), &state(design()), &repeats).steps, [InitStep::Repeating]);
}

#[test]
fn settings_make_a_project_and_say_what_they_cannot() {
    let window = |name: &str, label: &str, day, position| crate::schedule::Window {
        event_id: None,
        id: crate::ids::WindowId::at(crate::Timestamp::default()),
        arm_num: 1,
        event_name: name.to_owned(),
        label: label.to_owned(),
        day_offset: day,
        days_before: 1,
        days_after: 2,
        position,
        repeating: position == 2,
        active: true,
    };
    let windows = [
        (window("baseline_arm_1", "Baseline", Some(0), 1), vec!["reaction".to_owned(), "mood".to_owned()]),
        (window("week_1_arm_1", "First week", Some(7), 2), vec!["reaction".to_owned()]),
    ];
    let (made, notes) = design_from_settings(&config(), &windows).expect("a design");
    let fields: Vec<_> = made.dictionary.iter().map(|row| (row.name(), row.instrument())).collect();
    assert_eq!(fields, [("record_id", "enrollment"), ("enroll_date", "enrollment"), ("rt_ms", "reaction")]);
    assert_eq!(made.dictionary[1].get("text_validation_type_or_show_slider_number"), "date_ymd");
    assert_eq!(made.events.iter().map(|event| event.event_name.as_str()).collect::<Vec<_>>(), ["Baseline", "Week 1"]);
    assert_eq!((made.events[1].offset_min, made.events[1].offset_max), (Some(1), Some(2)));
    assert_eq!(made.mapping.len(), 3, "the enrolment instrument is collected first");
    assert_eq!(made.repeating.len(), 1);
    assert_eq!(notes.len(), 1);
    assert!(notes[0].contains("the instrument mood is named and its fields are not"), "{notes:?}");
    let refused = |config: &RedcapConfig| design_from_settings(config, &[]).expect_err("refused").to_string();
    assert!(refused(&RedcapConfig::default()).contains("enrollment_instrument is not set"));
    let mut boxed = config();
    boxed.participant_field_mapping = Some([("group___1".to_owned(), "arm".to_owned())].into());
    assert!(refused(&boxed).contains("\"group___1\", which is no plain field"));
    let strange = [(window("nothing_like_it_arm_1", "Week 9", None, 1), vec![])];
    let made = design_from_settings(&config(), &strange).expect("a title").0;
    assert_eq!(made.events[0].event_name, "Nothing Like It");
}

#[test]
fn the_digest_of_an_import_knows_each_record_and_not_their_order() {
    let record = |name: &str, outcome, digest: Option<&str>| {
        let told = ImportedRecord { record: name.to_owned(), outcome, reason: None };
        (told, digest.map(str::to_owned))
    };
    let one = [record("1", ImportOutcome::Enrol, Some("a")), record("2", ImportOutcome::Known, None)];
    let turned = [one[1].clone(), one[0].clone()];
    assert_eq!(import_digest(18, &one), import_digest(18, &turned));
    let edited = [record("1", ImportOutcome::Enrol, Some("b")), one[1].clone()];
    assert_ne!(import_digest(18, &one), import_digest(18, &edited));
    let refused = [record("1", ImportOutcome::Refused, Some("a")), one[1].clone()];
    assert_ne!(import_digest(18, &one), import_digest(18, &refused));
}

fn any_dictionary() -> impl Strategy<Value = Vec<FieldRow>> {
    let kind = prop::sample::select(vec!["text", "radio", "checkbox", "notes", "calc"]);
    let field = ("[a-f]", 0..3_usize, kind, "[A-C \r\n]{0,3}", prop::collection::btree_set("[0-9]", 1..4));
    prop::collection::vec(field, 0..8).prop_map(|fields| {
        let mut rows = vec![FieldRow::read(|column| {
            match column {
                "field_name" => "record_id",
                "form_name" => "form_0",
                "field_type" => "text",
                _ => "",
            }
            .to_owned()
        })];
        let mut seen = std::collections::BTreeSet::new();
        let mut fields: Vec<_> = fields.into_iter().filter(|field| seen.insert(field.0.clone())).collect();
        fields.sort_by_key(|field| field.1);
        rows.extend(fields.into_iter().map(|(name, form, kind, label, codes)| {
            let choices = codes.iter().map(|code| format!("{code}, Label {code}")).collect::<Vec<_>>().join("|");
            FieldRow::read(|column| match column {
                "field_name" => name.clone(),
                "form_name" => format!("form_{form}"),
                "field_type" => kind.to_owned(),
                "field_label" => label.clone(),
                "select_choices_or_calculations" if kind == "radio" || kind == "checkbox" => choices.clone(),
                _ => String::new(),
            })
        }));
        rows
    })
}

/// Changes a dictionary as a difference says, in the order of the one that is wanted.
fn apply(current: &[FieldRow], diff: &DictionaryDiff, order: &[FieldRow]) -> Vec<FieldRow> {
    let changed = |row: &FieldRow| {
        let change = diff.fields_changed.iter().find(|change| change.field == row.name());
        let columns = row.normal();
        let own = |column: &str| COLUMNS.iter().position(|(name, _)| *name == column).map(|at| columns[at].clone());
        FieldRow::read(|column| {
            let after = change.into_iter().flat_map(|change| &change.columns).find(|one| one.column == column);
            after.map(|one| one.after.clone()).or_else(|| own(column)).unwrap_or_default()
        })
    };
    let added = |name: &str| diff.fields_added.iter().any(|field| field.field == name);
    let mut rows: Vec<FieldRow> =
        current.iter().filter(|row| !diff.removed().any(|gone| gone == row.name())).map(changed).collect();
    rows.extend(order.iter().filter(|row| added(row.name())).cloned());
    let place = |row: &FieldRow| order.iter().position(|one| one.name() == row.name());
    rows.sort_by_key(place);
    rows
}

proptest! {
    #[test]
    fn a_dictionary_does_not_differ_from_itself(rows in any_dictionary()) {
        prop_assert!(diff_dictionaries(&rows, &rows).is_empty());
        let written = parse_dictionary(&dictionary_to_csv(&rows)).expect("readable");
        prop_assert!(diff_dictionaries(&rows, &written).is_empty());
        prop_assert_eq!(dictionary_digest(&rows), dictionary_digest(&written));
    }

    #[test]
    fn a_difference_is_complete_and_applying_it_again_changes_nothing(
        before in any_dictionary(),
        after in any_dictionary(),
    ) {
        let diff = diff_dictionaries(&before, &after);
        prop_assert_eq!(diff.is_empty(), dictionary_digest(&before) == dictionary_digest(&after));
        let applied = apply(&before, &diff, &after);
        prop_assert_eq!(dictionary_digest(&applied), dictionary_digest(&after));
        prop_assert!(diff_dictionaries(&applied, &after).is_empty());
    }
}
