//! What filters mean, one case a line.

use super::*;
use crate::project::load;

fn definition() -> Definition {
    let xml = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo/sponsor-study.REDCap.xml"));
    load(xml, chrono::DateTime::UNIX_EPOCH).unwrap().definition
}

fn value(event: Option<&str>, column: &str) -> String {
    match (event, column) {
        (Some("week_1_arm_1"), "arm") => "9",
        (None, "arm") => "2",
        (None, "record_id") => "A 7",
        (None, "se_symptoms___1") => "1",
        _ => "",
    }
    .to_owned()
}

#[test]
fn filters_hold_or_not() {
    let definition = definition();
    let cases = [
        ("[arm] = 2", true),
        ("[arm]='2' and [arm] <> \"3\"", true),
        ("[arm] < 10", true),
        ("[arm] >= 10 or [record_id] = 'A 7'", true),
        ("[arm] = 1 OR [arm] = 3 and [arm] = 2", false),
        ("([arm] = 1 or [arm] = 2) and not ([arm] = 3)", true),
        ("[enroll_date] = ''", true),
        ("[enroll_date] <> ''", false),
        ("[se_symptoms(1)] = '1' and [se_symptoms(2)] <> '1'", true),
        ("[week_1_arm_1][arm] = 9", true),
        ("[arm]", true),
        ("!([arm] != 2)", true),
        ("[arm] = 2.0", true),
    ];
    for (text, holds) in cases {
        let logic = Logic::parse(text, &definition).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(logic.holds(&value), holds, "{text}");
    }
}

#[test]
fn what_is_not_understood_is_named() {
    let definition = definition();
    let refused = |text: &str| Logic::parse(text, &definition).unwrap_err();
    assert_eq!(refused("[nope] = 1"), "there is no field 'nope'");
    assert_eq!(refused("[x_arm_1][arm] = 1"), "there is no event 'x_arm_1'");
    assert_eq!(refused("datediff([arm], 'today') > 1"), "'datediff([arm], 'tod' is not understood");
    assert_eq!(refused("[arm] = '2"), "a text is not closed");
    assert_eq!(refused("([arm] = 2"), "a parenthesis is not closed");
    assert_eq!(refused("[arm"), "a bracket is not closed");
    assert_eq!(refused("[arm] = 2 3"), "'3' is not understood");
    assert_eq!(refused(""), "'' is not understood");
    assert_eq!(refused(&"(".repeat(100_000)), "the parentheses are too deep");
    assert!(refused("é").contains("not understood"));
}
