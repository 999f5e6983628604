//! A project with a thousand fields and two thousand records; and a dictionary that changes under it.

use serde_json::{Value, json};

use crate::server::{Project, Server, real};

/// A classic project with this many text fields `v0`, `v1`, …, in forms of fifty.
fn wide(fields: usize) -> String {
    let (mut forms, mut groups, mut items) = (String::new(), String::new(), String::new());
    for form in 0..fields.div_ceil(50) {
        let names = (form * 50..fields.min(form * 50 + 50)).map(|field| format!("v{field}"));
        let names: Vec<String> = (form == 0).then(|| "record_id".to_owned()).into_iter().chain(names).collect();
        forms += &format!(
            "<FormDef OID=\"F{form}\" Name=\"F{form}\" Repeating=\"No\" redcap:FormName=\"f{form}\">\
             <ItemGroupRef ItemGroupOID=\"G{form}\" Mandatory=\"No\"/></FormDef>"
        );
        let refs: String =
            names.iter().map(|n| format!("<ItemRef ItemOID=\"{n}\" redcap:Variable=\"{n}\"/>")).collect();
        groups += &format!("<ItemGroupDef OID=\"G{form}\" Name=\"G\" Repeating=\"No\">{refs}</ItemGroupDef>");
        let item = |n: &String| {
            format!(
                "<ItemDef OID=\"{n}\" Name=\"{n}\" DataType=\"text\" redcap:Variable=\"{n}\" redcap:FieldType=\"text\">\
                 <Question><TranslatedText>{n}</TranslatedText></Question></ItemDef>"
            )
        };
        items += &names.iter().map(item).collect::<String>();
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" ?><ODM xmlns=\"http://www.cdisc.org/ns/odm/v1.3\" \
         xmlns:redcap=\"https://projectredcap.org\"><Study OID=\"P\"><GlobalVariables><StudyName>Wide</StudyName></GlobalVariables>\
         <MetaDataVersion OID=\"M\" Name=\"M\" redcap:RecordIdField=\"record_id\">{forms}{groups}{items}</MetaDataVersion></Study></ODM>"
    )
}

#[tokio::test]
async fn thousands_of_fields_and_records_come_back_as_they_went_in() {
    let server = Server::start().await;
    let project = server.add(&wide(1000));
    let row = |record: usize| -> Value {
        let cells = (0..20).map(|n| (format!("v{}", (record * 7 + n * 50) % 1000), json!(format!("{record}/{n}"))));
        Value::Object([("record_id".to_owned(), json!(record.to_string()))].into_iter().chain(cells).collect())
    };
    let rows: Vec<Value> = (1..=2000).map(row).collect();
    assert_eq!(project.import(&json!(rows), &[]).await, (200, "{\"count\":2000}".into()));
    let back = project.json(&[("content", "record"), ("records", "1999")]).await;
    let sent = rows[1998].as_object().unwrap();
    for (name, value) in sent {
        assert_eq!(&back[0][name], value, "{name}");
    }
    let narrow = project.json(&[("content", "record"), ("fields", "record_id,v0")]).await;
    assert_eq!(narrow.as_array().unwrap().len(), 2000);
    let page = server.get(&format!("/projects/{}/dashboard", project.id())).await.1;
    assert!(page.matches("<td>").count() <= 10_000, "a page does not grow with the project");
}

async fn import_dictionary(project: &Project<'_>, rows: &Value) -> u16 {
    let data = rows.to_string();
    project.call(&[("content", "metadata"), ("format", "json"), ("data", &data)]).await.0
}

#[tokio::test]
async fn a_field_of_a_new_dictionary_is_known_at_once_and_one_that_has_gone_is_not() {
    let server = Server::start().await;
    let project = server.add(&wide(60));
    assert_eq!(project.import(&json!([{"record_id": "1", "v1": "x", "v2": "y"}]), &[]).await.0, 200);
    let field = |name: &str, kind: &str, choices: &str| {
        json!({"field_name": name, "form_name": "f0", "field_type": kind, "field_label": name,
               "select_choices_or_calculations": choices})
    };
    let dictionary =
        json!([field("record_id", "text", ""), field("v2", "text", ""), field("gym", "checkbox", "1, A | 2, B")]);
    assert_eq!(import_dictionary(&project, &dictionary).await, 200);
    assert_eq!(project.import(&json!([{"record_id": "1", "gym___2": "1", "v2": "z"}]), &[]).await.0, 200);
    let (status, refused) = project.import(&json!([{"record_id": "1", "v1": "x"}]), &[]).await;
    assert!(status == 400 && refused.contains("not found in the project as real data fields: v1"), "{refused}");
    let rows = project.json(&[("content", "record")]).await;
    assert_eq!((&rows[0]["gym___2"], &rows[0]["v2"]), (&json!("1"), &json!("z")));
}

#[tokio::test]
async fn a_real_project_with_a_hundred_records_is_kept_in_a_file() {
    let Some(xml) = real("PHPCapBasicDemography.REDCap.xml") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let open = || metricis_redcap_sim::Sim::open(&path, metricis_redcap_sim::SimOptions::default()).unwrap();
    let server = Server::of(open()).await;
    let before = server.add(&xml).json(&[("content", "record")]).await;
    server.stop().await;
    let server = Server::of(open()).await;
    let project = server.known(server.sim.projects().remove(0));
    assert_eq!(project.json(&[("content", "record")]).await, before);
    assert_eq!(before.as_array().unwrap().len(), 100);
}
