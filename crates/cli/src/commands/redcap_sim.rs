//! `redcap-sim`: a REDCap in memory, on its own.

use std::net::SocketAddr;
use std::path::PathBuf;

use metricis_core::environment::Environment;
use metricis_redcap_sim::{ProjectOptions, Sim, SimOptions};
use tokio_util::sync::CancellationToken;

use super::serve::{bind, stop_on_signal};
use crate::args::Args;
use crate::logging;
use crate::output::{CliError, show};

/// The sponsor study that the demo plays.
pub const SPONSOR_STUDY: &str = include_str!("../../../../demo/sponsor-study.REDCap.xml");

pub async fn run(args: &Args, listen: SocketAddr, files: &[PathBuf], det_url: Option<String>) -> Result<(), CliError> {
    let _ = logging::start(&Environment::new("simulator"), "info");
    let sim = Sim::new(SimOptions::default());
    let mut texts = vec![];
    for file in files {
        texts.push(
            std::fs::read_to_string(file).map_err(|error| CliError::Usage(format!("{}: {error}", file.display())))?,
        );
    }
    if texts.is_empty() {
        texts.push(SPONSOR_STUDY.to_owned());
    }
    let mut projects = vec![];
    for text in &texts {
        let options = ProjectOptions { det_url: det_url.clone(), ..ProjectOptions::default() };
        let project = sim.add_project_xml(text, options).map_err(|error| CliError::Usage(error.to_string()))?;
        projects.push(serde_json::json!({ "project_id": project.project_id, "token": project.token }));
    }
    let listener = bind(listen).await?;
    let shown = serde_json::json!({ "url": format!("http://{listen}/"), "api": format!("http://{listen}/api/"), "projects": projects });
    show(args.json, &shown, |shown| {
        let lines =
            projects.iter().map(|project| format!("  project {} token {}\n", project["project_id"], project["token"]));
        format!("a REDCap in memory at {}\n{}", shown["url"].as_str().unwrap_or_default(), lines.collect::<String>())
    })?;
    let stop = CancellationToken::new();
    stop_on_signal(stop.clone());
    let served = sim.serve(listener, async move { stop.cancelled().await }).await;
    served.map_err(|error| CliError::Unavailable(error.to_string()))
}
