//! Records as REDCap exports them, and what they are refused for.

use chrono_tz::Europe::Berlin;
use rstest::rstest;
use uuid::Uuid;

use super::*;
use crate::enrolment::mapped_digest;

fn row(cells: &[(&str, &str)]) -> BTreeMap<String, String> {
    cells.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect()
}

fn site() -> SiteFact {
    SiteFact { id: SiteId(Uuid::from_u128(1)), code: "N".to_owned(), redcap_dag: Some("north".to_owned()) }
}

fn config() -> RedcapConfig {
    RedcapConfig { anchor_date_field: Some("enrol_date".to_owned()), ..RedcapConfig::default() }
}

fn mapped_config(pairs: &[(&str, &str)]) -> RedcapConfig {
    RedcapConfig { participant_field_mapping: Some(row(pairs)), ..config() }
}

/// A longitudinal record: the date in the first event, and the DET from a later one.
fn facts() -> RecordFacts {
    RecordFacts {
        record_id: "Ä-07".to_owned(),
        rows: vec![
            row(&[("redcap_event_name", "enrollment_arm_2"), ("enrol_date", "2026-02-28"), ("zone", "Europe/Berlin")]),
            row(&[("redcap_event_name", "visit_1_arm_2"), ("enrol_date", ""), ("diagnosis", "private")]),
        ],
        dag: Some("north".to_owned()),
        event_name: Some("visit_1_arm_2".to_owned()),
        missing_codes: BTreeSet::from(["-99".to_owned()]),
    }
}

fn map(facts: &RecordFacts, config: &RedcapConfig) -> Result<MappedParticipant, EnrolmentRefusal> {
    map_participant(facts, config, &[site()], Tz::UTC)
}

#[test]
fn the_default_mapping_reads_date_arm_and_site() {
    let mapped = map(&facts(), &config()).expect("a participant");
    let expected = MappedParticipant {
        external_id: "Ä-07".to_owned(),
        participant_code: None,
        enrollment_date: "2026-02-28".parse().expect("a date"),
        arm_num: 2,
        site: Some(site().id),
        dag: Some("north".to_owned()),
        time_zone: Tz::UTC,
    };
    assert_eq!(mapped, expected);
}

#[test]
fn the_code_is_the_record_id_or_a_field_or_generated() {
    let by_record = RedcapConfig { record_id_field: RecordIdField::ParticipantCode, ..config() };
    assert_eq!(map(&facts(), &by_record).expect("mapped").participant_code.expect("a code").as_str(), "Ä-07");
    let mut with_field = facts();
    with_field.rows[1].insert("participant_code".to_owned(), "332-1".to_owned());
    assert_eq!(map(&with_field, &config()).expect("mapped").participant_code.expect("a code").as_str(), "332-1");
    let mapped = mapped_config(&[("label", "participant_code")]);
    assert_eq!(map(&with_field, &mapped).expect("mapped").participant_code, None, "a mapping replaces the default");
    with_field.rows[1].insert("participant_code".to_owned(), "a\u{202E}b".to_owned());
    assert!(matches!(map(&with_field, &config()), Err(EnrolmentRefusal::Code { .. })));
}

#[test]
fn the_events_own_row_wins_over_the_first() {
    let mut facts = facts();
    facts.rows[1].insert("enrol_date".to_owned(), "2026-03-01".to_owned());
    assert_eq!(map(&facts, &config()).expect("mapped").enrollment_date.to_string(), "2026-03-01");
    facts.rows[1].insert("enrol_date".to_owned(), "-99".to_owned());
    assert_eq!(map(&facts, &config()).expect("mapped").enrollment_date.to_string(), "2026-02-28", "a code is no value");
}

#[test]
fn the_arm_is_read_never_guessed() {
    let mut facts = facts();
    facts.event_name = None;
    assert_eq!(map(&facts, &config()).expect("mapped").arm_num, 2, "from the event that holds the date");
    facts.rows[0].insert("group".to_owned(), "3".to_owned());
    let mapped = mapped_config(&[("group", "arm")]);
    assert_eq!(map(&facts, &mapped).expect("mapped").arm_num, 3);
    facts.rows[0].insert("group".to_owned(), "control".to_owned());
    let refusal = map(&facts, &mapped).expect_err("refused").to_string();
    assert!(refusal.contains("group (arm)") && !refusal.contains("control"), "{refusal}");
    facts.rows = vec![row(&[("enrol_date", "2026-02-28")])];
    assert_eq!(map(&facts, &config()).expect("mapped").arm_num, 1, "a classic project");
}

#[test]
fn two_arms_in_one_record_are_refused_with_both_places() {
    let config = mapped_config(&[("group", "arm")]);
    let mut facts = facts();
    facts.rows[0].insert("group".to_owned(), "1".to_owned());
    let message = map(&facts, &config).expect_err("refused").to_string();
    assert!(message.contains("field group (arm) and the event visit_1_arm_2 name different arms"), "{message}");
    facts.rows[0].insert("group".to_owned(), "2".to_owned());
    assert_eq!(map(&facts, &config).expect("mapped").arm_num, 2);
    facts.event_name = None;
    facts.rows[0].insert("group".to_owned(), "1".to_owned());
    let today = "2026-03-02".parse().expect("a date");
    let message = map_new_participant(&facts, &config, &[site()], Tz::UTC, today).expect_err("refused").to_string();
    assert!(message.contains("the event enrollment_arm_2"), "of a re-read, the event that holds the date: {message}");
}

#[rstest]
#[case("2016-03-01", false)]
#[case("2016-03-02", true)]
#[case("2036-03-02", true)]
#[case("2036-03-03", false)]
fn nobody_is_enrolled_over_ten_years_from_today(#[case] date: &str, #[case] accepted: bool) {
    let mut facts = facts();
    facts.rows[0].insert("enrol_date".to_owned(), date.to_owned());
    let today: NaiveDate = "2026-03-02".parse().expect("a date");
    let new = map_new_participant(&facts, &config(), &[site()], Tz::UTC, today);
    assert_eq!(new.is_ok(), accepted);
    if let Err(refusal) = new {
        let message = refusal.to_string();
        assert!(message.contains("enrol_date") && message.contains("check the year"), "{message}");
        assert!(!message.contains(date), "{message}");
        assert!(
            map(&facts, &config()).is_ok(),
            "a known participant's date ages, and their schedule does not follow it"
        );
    }
}

#[test]
fn a_group_is_a_site_or_a_refusal_with_its_name() {
    let mut facts = facts();
    facts.dag = Some("south".to_owned());
    assert_eq!(map(&facts, &config()), Err(EnrolmentRefusal::UnmappedDag { dag: "south".to_owned() }));
    for none in [None, Some(String::new())] {
        facts.dag = none;
        let mapped = map(&facts, &config()).expect("mapped");
        assert_eq!((mapped.site, mapped.dag), (None, None));
    }
}

#[test]
fn a_zone_is_read_or_the_studys_applies() {
    let config = mapped_config(&[("zone", "time_zone")]);
    let mut facts = facts();
    assert_eq!(map(&facts, &config).expect("mapped").time_zone, Berlin);
    facts.rows[0].insert("zone".to_owned(), "Berlin".to_owned());
    assert!(matches!(map(&facts, &config), Err(EnrolmentRefusal::Unreadable { role: "time zone", .. })));
    facts.rows[0].remove("zone");
    assert_eq!(map(&facts, &config).expect("mapped").time_zone, Tz::UTC);
}

#[rstest]
#[case("2028-02-29", Ok("2028-02-29"))]
#[case("2026-02-28 14:30", Ok("2026-02-28"))]
#[case("2026-02-28 23:59:59", Ok("2026-02-28"))]
#[case("2026-02-29", Err("calendar"))]
#[case("02/28/2026", Err("YYYY-MM-DD"))]
#[case("2026-2-28", Err("YYYY-MM-DD"))]
#[case("+026-02-28", Err("YYYY-MM-DD"))]
#[case("2026-02-28 25:00", Err("time of day"))]
#[case("2026-02-28T14:30", Err("YYYY-MM-DD"))]
#[case("２０２６-02-28", Err("YYYY-MM-DD"))]
#[case("0206-02-28", Err("year"))]
#[case("private answer", Err("YYYY-MM-DD"))]
fn dates_are_read_strictly_and_never_shown(#[case] text: &str, #[case] expected: Result<&str, &str>) {
    let mut facts = facts();
    facts.rows[0].insert("enrol_date".to_owned(), text.to_owned());
    match (map(&facts, &config()), expected) {
        (Ok(mapped), Ok(date)) => assert_eq!(mapped.enrollment_date.to_string(), date),
        (Err(refusal), Err(kind)) => {
            let message = refusal.to_string();
            assert!(message.contains("enrol_date") && message.contains(kind) && !message.contains(text), "{message}");
        }
        (result, _) => panic!("{text}: {result:?}"),
    }
}

#[test]
fn a_missing_date_and_an_unset_field_are_told_apart() {
    let mut facts = facts();
    facts.rows[0].insert("enrol_date".to_owned(), "-99".to_owned());
    assert!(matches!(map(&facts, &config()), Err(EnrolmentRefusal::Missing { .. })));
    assert_eq!(map(&facts, &RedcapConfig::default()), Err(EnrolmentRefusal::NoAnchorField));
}

#[test]
fn a_contradictory_mapping_is_refused() {
    for pairs in [&[("a", "arm"), ("b", "arm")][..], &[("a", "nickname")], &[("other_date", "enrollment_date")]] {
        assert!(matches!(map(&facts(), &mapped_config(pairs)), Err(EnrolmentRefusal::Mapping { .. })), "{pairs:?}");
    }
    assert!(map(&facts(), &mapped_config(&[("enrol_date", "enrollment_date")])).is_ok());
}

#[test]
fn the_digest_changes_with_each_mapped_field_and_the_key_only() {
    let base = map(&facts(), &config()).expect("mapped");
    let digest = |mapped: &MappedParticipant| mapped_digest(b"key", mapped);
    let mut reread = facts();
    reread.rows.reverse();
    reread.rows[0].insert("diagnosis".to_owned(), "changed".to_owned());
    assert_eq!(digest(&map(&reread, &config()).expect("mapped")), digest(&base), "an unmapped answer is no change");
    assert_ne!(mapped_digest(b"other", &base), digest(&base));
    let code = |text| Some(ParticipantCode::parse(text).expect("a code"));
    for changed in [
        MappedParticipant { external_id: "8".to_owned(), ..base.clone() },
        MappedParticipant { participant_code: code("8"), ..base.clone() },
        MappedParticipant { enrollment_date: "2026-03-01".parse().expect("a date"), ..base.clone() },
        MappedParticipant { arm_num: 1, ..base.clone() },
        MappedParticipant { site: None, ..base.clone() },
        MappedParticipant { dag: None, ..base.clone() },
        MappedParticipant { time_zone: Berlin, ..base.clone() },
    ] {
        assert_ne!(digest(&changed), digest(&base), "{changed:?}");
    }
}

#[test]
fn debug_output_holds_no_answer() {
    assert!(!format!("{:?}", facts()).contains("private"));
}
