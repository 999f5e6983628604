//! Project files of real REDCap servers, and the sponsor study's, become projects that export what those servers export.

use metricis_redcap::wire;
use metricis_redcap_sim::{OdmError, ProjectOptions, Sim, SimOptions};

use crate::server::{SPONSOR_STUDY, Server, real};

#[tokio::test]
async fn every_real_project_file_loads_with_all_its_records() {
    let expected = [
        ("PHPCapLongitudinalData", 100),
        ("PHPCapBasicDemography", 100),
        ("PHPCapDag", 1),
        ("PHPCapRepeatableSurvey", 0),
        ("PHPCapRepeatingForms", 0),
    ];
    let server = Server::start().await;
    for (name, records) in expected {
        let Some(xml) = real(&format!("{name}.REDCap.xml")) else { return };
        let project = server.add(&xml);
        let page = server.get("/").await.1;
        assert!(page.contains(&format!("<td>{}</td><td>{records}</td>", project.id())), "{name}: {page}");
    }
}

#[tokio::test]
async fn the_dictionary_is_the_one_the_real_server_exported() {
    let (Some(xml), Some(metadata)) = (real("PHPCapLongitudinalData.REDCap.xml"), real("longitudinal-metadata.csv"))
    else {
        return;
    };
    let server = Server::start().await;
    let (status, ours) = server.add(&xml).call(&[("content", "metadata"), ("format", "csv")]).await;
    assert_eq!(status, 200);
    assert_eq!(ours, metadata);
}

#[tokio::test]
async fn the_project_settings_are_those_the_real_server_exported() {
    let (Some(xml), Some(info)) = (real("PHPCapLongitudinalData.REDCap.xml"), real("longitudinal-project-info.csv"))
    else {
        return;
    };
    let server = Server::start().await;
    let ours = server.add(&xml).call(&[("content", "project"), ("format", "csv")]).await.1;
    let table = |text: &str| -> Vec<(String, String)> {
        let lines: Vec<csv::StringRecord> = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(text.as_bytes())
            .records()
            .map(Result::unwrap)
            .collect();
        lines[0].iter().zip(lines[1].iter()).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let ours = table(&ours);
    let mut compared = 0;
    for (name, value) in table(&info) {
        // The export was made from another copy of the project, under another title.
        if ["project_id", "project_title", "creation_time"].contains(&name.as_str()) {
            continue;
        }
        assert_eq!(ours.iter().find(|(own, _)| *own == name).map(|(_, own)| own), Some(&value), "{name}");
        compared += 1;
    }
    assert_eq!(compared, 19);
}

#[tokio::test]
async fn the_longitudinal_project_has_its_arms_events_offsets_and_data() {
    let Some(xml) = real("PHPCapLongitudinalData.REDCap.xml") else { return };
    let server = Server::start().await;
    let project = server.add(&xml);
    let arms: Vec<wire::Arm> = serde_json::from_value(project.json(&[("content", "arm")]).await).unwrap();
    assert_eq!(arms.iter().map(|arm| arm.name.as_str()).collect::<Vec<_>>(), ["Drug A", "Drug B"]);
    let events: Vec<wire::Event> = serde_json::from_value(project.json(&[("content", "event")]).await).unwrap();
    assert_eq!(events.len(), 14);
    let visit = events.iter().find(|event| event.unique_event_name == "first_visit_arm_2").unwrap();
    assert_eq!((visit.day_offset, visit.offset_min, visit.offset_max), (Some(10), Some(2), Some(2)));
    let mapping: Vec<wire::FormEventMapping> =
        serde_json::from_value(project.json(&[("content", "formEventMapping")]).await).unwrap();
    assert_eq!(mapping.len(), 26);
    let rows = project.json(&[("content", "record"), ("records[0]", "1001")]).await;
    assert_eq!(rows.as_array().unwrap().len(), 6, "events without data have no row");
    assert_eq!(rows[0]["address"], "1174 Williamson Stream\nSouth Micahmouth, NM 54442");
    assert_eq!((&rows[0]["gym___2"], &rows[0]["gym___3"]), (&"1".into(), &"0".into()));
    assert_eq!(rows[0]["avg_pills_pmq"], "", "a field of a form that the event does not have");
}

#[test]
fn the_sponsor_study_has_what_the_demo_tells_about() {
    let sim = Sim::new(SimOptions::default());
    let options = ProjectOptions { project_id: Some(7), token: Some("AB".repeat(16)), det_url: None };
    let handle = sim.add_project_xml(SPONSOR_STUDY, options.clone()).unwrap();
    assert_eq!((handle.project_id, handle.token), (7, "AB".repeat(16)));
    assert_eq!(sim.add_project_xml(SPONSOR_STUDY, options).err(), Some(OdmError::Taken("project id")));
    let same_token = ProjectOptions { token: Some("ab".repeat(16)), ..ProjectOptions::default() };
    assert_eq!(sim.add_project_xml(SPONSOR_STUDY, same_token).err(), Some(OdmError::Taken("token")));
}

#[tokio::test]
async fn the_sponsor_study_exports_its_design() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let events: Vec<wire::Event> = serde_json::from_value(project.json(&[("content", "event")]).await).unwrap();
    let line = |e: &wire::Event| {
        let days = [e.day_offset, e.offset_min, e.offset_max].map(|days| days.unwrap_or(-1));
        format!("{} {} -{} +{}", e.unique_event_name, days[0], days[1], days[2])
    };
    insta::assert_snapshot!(events.iter().take(6).map(line).collect::<Vec<_>>().join("\n"), @"
    baseline_arm_1 0 -0 +0
    week_1_arm_1 7 -1 +2
    week_4_arm_1 28 -3 +3
    week_8_arm_1 56 -3 +3
    week_12_arm_1 84 -7 +7
    follow_up_arm_1 112 -7 +14
    ");
    let mapping: Vec<wire::FormEventMapping> =
        serde_json::from_value(project.json(&[("content", "formEventMapping"), ("arms[0]", "2")]).await).unwrap();
    let tested = mapping.iter().filter(|row| row.form == "reaction_time").map(|row| row.unique_event_name.as_str());
    assert_eq!(tested.collect::<Vec<_>>(), ["baseline_arm_2", "week_1_arm_2", "week_4_arm_2", "week_12_arm_2"]);
    let groups: Vec<wire::Dag> = serde_json::from_value(project.json(&[("content", "dag")]).await).unwrap();
    assert_eq!(groups.iter().map(|g| g.unique_group_name.as_str()).collect::<Vec<_>>(), ["site_north", "site_south"]);
    let repeats: Vec<wire::RepeatingFormEvent> =
        serde_json::from_value(project.json(&[("content", "repeatingFormsEvents")]).await).unwrap();
    assert_eq!(repeats[0].form_name, "adverse_event");
}

#[test]
fn a_file_that_is_no_project_is_refused_with_the_reason() {
    let sim = Sim::new(SimOptions::default());
    let refuse = |xml: &str| sim.add_project_xml(xml, ProjectOptions::default()).err().unwrap().to_string();
    assert_eq!(refuse("<html></html>"), "not a REDCap project file: the root element is <html>, not <ODM>");
    assert!(refuse("<ODM><Study>").starts_with("not well-formed XML at byte"));
    let broken = SPONSOR_STUDY.replacen(
        "FormOID=\"Form.contact\" OrderNumber=\"2\" Mandatory=\"No\" redcap:FormName=\"contact\"",
        "redcap:FormName=\"lost\"",
        1,
    );
    assert_eq!(
        refuse(&broken),
        "the project file contradicts itself: event baseline_arm_1 names the unknown form 'lost'"
    );
    let broken = SPONSOR_STUDY.replacen("redcap:DayOffset=\"7\"", "redcap:DayOffset=\"soon\"", 1);
    assert_eq!(
        refuse(&broken),
        "the project file contradicts itself: redcap:DayOffset of event week_1_arm_1 is not a number"
    );
}

#[tokio::test]
async fn instances_in_a_project_file_become_rows_of_their_own() {
    let Some(xml) = real("PHPCapDag.REDCap.xml") else { return };
    let server = Server::start().await;
    let project = server.add(&xml);
    let rows = project.json(&[("content", "record")]).await;
    let line = |row: &serde_json::Value| {
        let cells = [
            "redcap_repeat_instrument",
            "redcap_repeat_instance",
            "birthdate",
            "info_complete",
            "weight",
            "weight_complete",
        ];
        cells.map(|name| row[name].to_string().replace('"', "")).join(",")
    };
    let lines: Vec<String> = rows.as_array().unwrap().iter().map(line).collect();
    assert_eq!(lines, [",,1997-02-07,0,,", "weight,1,,,120,0", "weight,2,,,121,0", "weight,3,,,120,0"]);
}
