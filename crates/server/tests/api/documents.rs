//! The wire as goldens: every operation with its answers, every problem.

use std::collections::BTreeMap;

use metricis_server::{KINDS, openapi, problems_markdown};

#[test]
fn operations_keep_their_names_and_answers() {
    let document = serde_json::to_value(openapi()).expect("JSON");
    assert_eq!(document["openapi"], "3.1.0");
    let mut lines = BTreeMap::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let answers: Vec<_> = operation["responses"].as_object().expect("responses").keys().cloned().collect();
            let id = operation["operationId"].as_str().expect("an id");
            let proofs = operation["security"].as_array().into_iter().flatten().filter_map(|one| one.as_object());
            let proofs: Vec<_> = proofs.map(|one| one.keys().cloned().collect::<Vec<_>>().join("+")).collect();
            let proofs = if proofs.is_empty() { String::new() } else { format!(" ({})", proofs.join(" or ")) };
            lines.insert(format!("{path} {method}"), format!("{id}{proofs}: {}", answers.join(" ")));
            assert!(operation["summary"].as_str().is_some_and(|text| text.len() > 10), "{id} says what it does");
        }
    }
    let lines: Vec<_> = lines.into_iter().map(|(operation, line)| format!("{operation} -> {line}")).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn every_reference_of_the_document_has_its_schema() {
    let document = serde_json::to_value(openapi()).expect("JSON");
    let text = document.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().expect("a name");
        assert!(document["components"]["schemas"][name].is_object(), "{name} is not defined");
    }
}

#[test]
fn the_page_of_problems_names_every_kind() {
    let page = problems_markdown();
    for kind in KINDS {
        assert!(page.contains(&format!("| `/problems/{}` | {} |", kind.slug, kind.status.as_u16())), "{}", kind.slug);
    }
    insta::assert_snapshot!(page);
}
