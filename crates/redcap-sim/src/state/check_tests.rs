//! Every kind of value that the import accepts or refuses, one case a line.

use super::*;
use crate::project::field::Field;

fn field(kind: Kind, validation: &str) -> Field {
    let text = String::new;
    Field {
        name: "x".into(),
        form: "f".into(),
        section_header: text(),
        kind,
        label: text(),
        choices_or_calculation: "1, A | 2, B".into(),
        note: text(),
        validation: validation.into(),
        min: "10".into(),
        max: "20".into(),
        identifier: false,
        branching: text(),
        required: true,
        alignment: text(),
        question_number: text(),
        matrix_group: text(),
        matrix_ranking: text(),
        annotation: text(),
    }
}

fn stored(validation: &str, value: &str, order: DateOrder) -> Option<String> {
    validated(&field(Kind::Text, validation), value, order)
}

#[test]
fn text_validation_is_strict() {
    let cases = [
        ("integer", vec!["0", "-7", "22"], vec!["1.0", "1e3", " 1", "one", "-"]),
        ("number", vec!["1", "1.5", "-.5"], vec!["1.", "1,5", "abc", ""]),
        ("number_1dp", vec!["22.5"], vec!["22", "22.55"]),
        ("time", vec!["09:05"], vec!["9:05", "25:00", "09:05:00"]),
        ("time_mm_ss", vec!["59:59"], vec!["60:00", "1:2"]),
        ("email", vec!["a@b.org"], vec!["a@b", "a b@c.org", "a@b@c.org", "@b.org", "a@b..org"]),
        ("phone", vec!["(754) 728-2805", "754-728-2805 x12", "17547282805"], vec!["154-728-2805", "728-2805", "call"]),
        ("zipcode", vec!["54442", "54442-1234"], vec!["5444", "54442-12"]),
        ("alpha_only", vec!["abc"], vec!["ab1"]),
        ("mrn_10d", vec!["0123456789"], vec!["123"]),
        ("", vec!["anything at all"], vec![]),
    ];
    for (validation, good, bad) in cases {
        for value in good {
            assert_eq!(stored(validation, value, DateOrder::Ymd).as_deref(), Some(value), "{validation}");
        }
        for value in bad {
            assert_eq!(stored(validation, value, DateOrder::Ymd), None, "{validation} {value:?}");
        }
    }
}

#[test]
fn dates_are_stored_as_iso_whatever_their_order() {
    use DateOrder::{Dmy, Mdy, Ymd};
    let cases = [
        ("date_ymd", "2024-02-29", Ymd, Some("2024-02-29")),
        ("date_mdy", "2024/2/9", Ymd, Some("2024-02-09")),
        ("date_ymd", "2023-02-29", Ymd, None),
        ("date_ymd", "12/5/2004", Ymd, None),
        ("date_ymd", "12/5/2004", Mdy, Some("2004-12-05")),
        ("date_ymd", "12/5/2004", Dmy, Some("2004-05-12")),
        ("date_ymd", "2004-12-05", Mdy, Some("2004-12-05")),
        ("date_ymd", "2004-12-05 10:00", Ymd, None),
        ("datetime_ymd", "2024-02-29 10:00", Ymd, Some("2024-02-29 10:00")),
        ("datetime_seconds_ymd", "2024-02-29 10:00:59", Ymd, Some("2024-02-29 10:00:59")),
        ("datetime_seconds_ymd", "2024-02-29T10:00:59", Ymd, None),
        ("datetime_seconds_ymd", "2024-02-29 10:00", Ymd, None),
        ("datetime_seconds_ymd", "2024-02-29T10:00:59Z", Ymd, None),
    ];
    for (validation, value, order, expected) in cases {
        assert_eq!(stored(validation, value, order).as_deref(), expected, "{validation} {value}");
    }
}

#[test]
fn a_refusal_is_one_csv_line_and_hides_its_value_from_logs() {
    let refusal = Refusal {
        record: "A-1".into(),
        field: "comment".into(),
        value: "she said \"no\", twice".into(),
        message: BAD_FORMAT.into(),
    };
    assert!(refusal.line().starts_with("\"A-1\",\"comment\",\"she said \"\"no\"\", twice\",\"The value you"));
    assert!(!format!("{refusal:?}").contains("she said"));
}
