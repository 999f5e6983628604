//! `redcap-sim`: a REDCap for tests, on its own. Its orders to one that runs are in [`order`].

mod order;

use metricis_core::environment::Environment;
use metricis_redcap_sim::{ProjectOptions, Scope, Sim, SimError, SimOptions};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::serve::{bind, stop_on_signal};
use crate::args::{Args, RunSimulator, Simulator};
use crate::logging;
use crate::output::{CliError, show};

/// The sponsor study that the demo plays.
pub const SPONSOR_STUDY: &str = include_str!("../../../../../demo/sponsor-study.REDCap.xml");

pub async fn run(args: &Args, simulator: &Simulator) -> Result<(), CliError> {
    match &simulator.order {
        Some(order) => order::send(args, order).await,
        None => serve(args, &simulator.run).await,
    }
}

async fn serve(args: &Args, run: &RunSimulator) -> Result<(), CliError> {
    let _ = logging::start(&Environment::new("simulator"), "info");
    let sim = open(run)?;
    if sim.projects().is_empty() {
        load(&sim, run)?;
    }
    misbehave(&sim, run)?;
    let listener = bind(run.listen).await?;
    let listening = listener.local_addr().map_err(|error| CliError::Unavailable(error.to_string()))?;
    let url = run.public_url.clone().unwrap_or_else(|| format!("http://{listening}"));
    let url = format!("{}/", url.trim_end_matches('/'));
    introduce(args, &url, &sim)?;
    let stop = CancellationToken::new();
    stop_on_signal(stop.clone());
    let served = sim.serve_as(&url, listener, async move { stop.cancelled().await }).await;
    served.map_err(|error| CliError::Unavailable(error.to_string()))
}

fn open(run: &RunSimulator) -> Result<Sim, CliError> {
    let (version, super_token) = (run.redcap_version.clone(), run.super_token.clone());
    let options = SimOptions { version, zone: run.time_zone, super_token };
    match &run.state {
        Some(path) => Sim::open(path, options).map_err(|error| CliError::Usage(format!("--state {error}"))),
        None => Ok(Sim::new(options)),
    }
}

fn load(sim: &Sim, run: &RunSimulator) -> Result<(), CliError> {
    if run.project.len() > 1 && (run.project_id.is_some() || run.token.is_some()) {
        return Err(CliError::Usage("--project-id and --token are for one project, and several are given".into()));
    }
    let mut texts = vec![];
    for file in &run.project {
        let text = std::fs::read_to_string(file);
        texts.push(text.map_err(|error| CliError::Usage(format!("{}: {error}", file.display())))?);
    }
    if texts.is_empty() {
        texts.push(SPONSOR_STUDY.to_owned());
    }
    for text in &texts {
        let (project_id, token, det_url) = (run.project_id, run.token.clone(), run.det_url.clone());
        let options = ProjectOptions { project_id, token, det_url };
        sim.add_project_xml(text, options).map_err(|error| CliError::Usage(error.to_string()))?;
    }
    Ok(())
}

/// Orders of the command line take the place of those that a state file holds, or each start would add them once more.
fn misbehave(sim: &Sim, run: &RunSimulator) -> Result<(), CliError> {
    let usage = |error: SimError| CliError::Usage(error.to_string());
    if !run.fault.is_empty() {
        sim.set_order(Scope::Server, None).map_err(usage)?;
    }
    run.fault.iter().try_for_each(|order| sim.give_order(Scope::Server, order.clone()).map_err(usage))
}

fn introduce(args: &Args, url: &str, sim: &Sim) -> Result<(), CliError> {
    let (projects, super_token) = (sim.projects(), sim.super_token());
    let listed: Vec<_> = projects.iter().map(|p| json!({ "project_id": p.project_id, "token": p.token })).collect();
    let shown = json!({ "url": url, "api": format!("{url}api/"), "projects": listed, "super_token": super_token });
    show(args.json, &shown, |_| {
        let lines = projects.iter().map(|p| format!("  project {} token {}\n", p.project_id, p.token));
        format!(
            "a simulated REDCap at {url}\n  API     {url}api/\n{}  super token {super_token}\n  break it with `metricis redcap-sim break --at {url} ORDER`, stop it with Ctrl-C\n",
            lines.collect::<String>()
        )
    })
}
