//! Orders to a simulator that runs, over its own HTTP.

use metricis_redcap_sim::{Order, fault_kinds};
use reqwest::Method;
use serde_json::{Value, json};

use crate::args::{Args, OfSimulator};
use crate::output::{CliError, show, table};

pub async fn send(args: &Args, order: &OfSimulator) -> Result<(), CliError> {
    match order {
        OfSimulator::Faults => faults(args),
        OfSimulator::Break { order, target } => {
            // Refused here with its reason, before anything is asked.
            let order: Order = order.join(" ").parse().map_err(|error| CliError::Usage(format!("{error}")))?;
            let path = scope(target.project);
            let told = ask(Method::POST, &target.at, &path, Some(json!({ "fault": order.to_string() }))).await?;
            show(args.json, &told, |told| format!("in force: {}", list(&told["faults"])))
        }
        OfSimulator::Repair { target } => repair(args, &target.at, target.project).await,
        OfSimulator::Projects { at } => projects(args, at).await,
        OfSimulator::Add { file, at } => {
            let xml = std::fs::read_to_string(file);
            let xml = xml.map_err(|error| CliError::Usage(format!("{}: {error}", file.display())))?;
            let made = ask(Method::POST, at, "/sim/projects", Some(json!({ "xml": xml }))).await?;
            show(args.json, &made, |made| format!("project {} token {}", made["project_id"], said(&made["token"])))
        }
        OfSimulator::DetTest { project, at } => {
            let told = ask(Method::POST, at, &format!("/sim/projects/{project}/det-test"), None).await?;
            let outcome = |told: &Value| match told["status"].as_u64() {
                Some(status) => format!("{} answered with {status}", said(&told["url"])),
                None => format!("{}: {}", said(&told["url"]), said(&told["error"])),
            };
            show(args.json, &told, outcome)?;
            let good = told["status"].as_u64().is_some_and(|status| status < 300);
            if good { Ok(()) } else { Err(CliError::No(String::new())) }
        }
        OfSimulator::Clock { set, at } => {
            let told = match set {
                Some(now) => ask(Method::POST, at, "/sim/clock", Some(json!({ "now": now }))).await?,
                None => ask(Method::GET, at, "/sim/clock", None).await?,
            };
            let text = |told: &Value| format!("{} in {}", said(&told["server_time"]), said(&told["zone"]));
            show(args.json, &told, text)
        }
    }
}

fn scope(project: Option<u32>) -> String {
    project.map_or_else(|| "/sim/faults".to_owned(), |id| format!("/sim/projects/{id}/faults"))
}

fn said(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn list(texts: &Value) -> String {
    let texts: Vec<String> = texts.as_array().into_iter().flatten().map(said).collect();
    if texts.is_empty() { "nothing".to_owned() } else { texts.join("; ") }
}

fn faults(args: &Args) -> Result<(), CliError> {
    let kinds: Vec<(&str, &str)> = fault_kinds().collect();
    let shown: Vec<Value> =
        kinds.iter().map(|(write, meaning)| json!({ "write": write, "meaning": meaning })).collect();
    show(args.json, &shown, |_| {
        let rows = kinds.iter().map(|(write, meaning)| vec![(*write).to_owned(), (*meaning).to_owned()]);
        format!(
            "{}\n\nAn order is FAULT [on CONTENT[/ACTION]] [over N] [after N] [times N]:\n  on     only calls of this content and action\n  \
             over   only calls that touch more than N records\n  after  lets N such calls through first\n  times  strikes N times and is gone\n",
            table(&["write", "and the simulator does this"], rows)
        )
    })
}

async fn repair(args: &Args, at: &str, project: Option<u32>) -> Result<(), CliError> {
    ask(Method::DELETE, at, &scope(project), None).await?;
    if project.is_none() {
        let projects = ask(Method::GET, at, "/sim/projects", None).await?;
        for id in projects.as_array().into_iter().flatten().filter_map(|project| project["project_id"].as_u64()) {
            ask(Method::DELETE, at, &format!("/sim/projects/{id}/faults"), None).await?;
        }
    }
    show(args.json, &json!({ "faults": [] }), |_| "repaired".to_owned())
}

async fn projects(args: &Args, at: &str) -> Result<(), CliError> {
    let projects = ask(Method::GET, at, "/sim/projects", None).await?;
    let server = ask(Method::GET, at, "/sim/faults", None).await?;
    let shown = json!({ "faults": server["faults"], "projects": projects });
    show(args.json, &shown, |shown| {
        let row = |project: &Value| {
            let cells = ["project_id", "title", "records", "api_calls", "det_url"].map(|key| match &project[key] {
                Value::Null => String::new(),
                value => said(value),
            });
            cells.into_iter().chain([list(&project["faults"])]).collect()
        };
        let rows = shown["projects"].as_array().into_iter().flatten().map(row);
        let all = table(&["id", "title", "records", "API calls", "DET", "misbehaves"], rows);
        format!("{all}\nThe whole server misbehaves: {}", list(&shown["faults"]))
    })
}

/// One order; the JSON of its answer, or null when it has none.
async fn ask(method: Method, at: &str, path: &str, body: Option<Value>) -> Result<Value, CliError> {
    let http = metricis_redcap::http_client("metricis-redcap-sim");
    let http = http.map_err(|error| CliError::Unavailable(error.to_string()))?;
    let at = at.trim_end_matches('/');
    let mut request = http.request(method, format!("{at}{path}"));
    if let Some(body) = body {
        request = request.json(&body);
    }
    let silent = |_| {
        CliError::Unavailable(format!(
            "no simulator answers at {at}; start one with `metricis redcap-sim`, or say with --at where it listens"
        ))
    };
    let answer = request.send().await.map_err(silent)?;
    let status = answer.status();
    let text = answer.text().await.map_err(silent)?;
    let said: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    match said["error"].as_str() {
        _ if status.is_success() => Ok(said),
        Some(reason) => Err(CliError::No(reason.to_owned())),
        None => Err(CliError::No(format!("{at} is no simulator: it answered {path} with {status}"))),
    }
}
