//! `redcap-sim`: how it is started, and the orders to one that runs.

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Subcommand;
use metricis_redcap_sim::{Order, Tz, time_zone};

const TEACH: &str = "\
Start one with a known token, and ask it as any client does:

  metricis redcap-sim --project STUDY.REDCap.xml --token 0123456789ABCDEF0123456789ABCDEF --state redcap.state
  curl -d token=0123456789ABCDEF0123456789ABCDEF -d content=record -d format=json http://127.0.0.1:8081/api/

  python -c 'import redcap; print(redcap.Project(\"http://127.0.0.1:8081/api/\", \"0123456789ABCDEF0123456789ABCDEF\").export_records())'

Save forms as a person does in a browser, at http://127.0.0.1:8081/. Break it while it runs, for some calls or for all:

  metricis redcap-sim break gateway:504 on record/export over 100 times 2
  metricis redcap-sim break --project 41 lost-rows
  metricis redcap-sim repair

`metricis redcap-sim faults` lists every way to misbehave; docs/SIMULATOR.md tells the rest.";

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, after_help = TEACH)]
pub struct Simulator {
    #[command(subcommand)]
    pub order: Option<OfSimulator>,
    #[command(flatten)]
    pub run: RunSimulator,
}

#[derive(Debug, clap::Args)]
pub struct RunSimulator {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:8081")]
    pub listen: SocketAddr,
    /// The address in links and DETs, when it is not the one that is listened on (container, proxy)
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Project XML to load, as REDCap exports it; several may be given. The sponsor study without one
    #[arg(long, value_name = "FILE")]
    pub project: Vec<PathBuf>,
    /// Id of the project, when there is one
    #[arg(long, value_name = "N")]
    pub project_id: Option<u32>,
    /// API token of the project, when there is one: 32 hexadecimal digits [default: made up]
    #[arg(long, value_name = "HEX", value_parser = token)]
    pub token: Option<String>,
    /// Token with which `content=project` makes projects: 64 hexadecimal digits [default: made up]
    #[arg(long, value_name = "HEX", value_parser = super_token)]
    pub super_token: Option<String>,
    /// Data Entry Trigger of each project
    #[arg(long, value_name = "URL")]
    pub det_url: Option<String>,
    /// Keep the state in this file; when it has projects already, those are served and --project is not read
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// The server's time zone, in which REDCap writes and reads times
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = time_zone)]
    pub time_zone: Tz,
    /// The version that it gives for its own
    #[arg(long, value_name = "VERSION", default_value = "14.9.1")]
    pub redcap_version: String,
    /// Misbehave from the start, for every project; several may be given (see `faults`)
    #[arg(long, value_name = "ORDER")]
    pub fault: Vec<Order>,
}

/// Where the simulator is that an order goes to, and for which project.
#[derive(Debug, clap::Args)]
pub struct Target {
    /// Address of the running simulator
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8081")]
    pub at: String,
    /// Only this project [default: the whole server]
    #[arg(long, value_name = "N")]
    pub project: Option<u32>,
}

#[derive(Debug, Subcommand)]
pub enum OfSimulator {
    /// List every way to misbehave, and how an order is written
    Faults,
    /// Order a running simulator to misbehave; orders add up until `repair`
    Break {
        /// FAULT [on CONTENT[/ACTION]] [over N] [after N] [times N]
        #[arg(required = true, value_name = "ORDER")]
        order: Vec<String>,
        #[command(flatten)]
        target: Target,
    },
    /// Take away what was ordered; without --project also from every project
    Repair {
        #[command(flatten)]
        target: Target,
    },
    /// List the projects of a running simulator, and how it misbehaves
    Projects {
        /// Address of the running simulator
        #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8081")]
        at: String,
    },
    /// Add a project to a running simulator; its token is printed
    Add {
        /// Project XML, as REDCap exports it
        file: PathBuf,
        /// Address of the running simulator
        #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8081")]
        at: String,
    },
    /// Call a project's DET URL once, as the test button of REDCap's set-up page does
    DetTest {
        project: u32,
        /// Address of the running simulator
        #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8081")]
        at: String,
    },
    /// Show the clock of a running simulator, or set it
    Clock {
        /// From now on it is this moment, for instance 2026-10-25T00:30:00Z
        #[arg(long, value_name = "TIME")]
        set: Option<DateTime<Utc>>,
        /// Address of the running simulator
        #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8081")]
        at: String,
    },
}

fn token(text: &str) -> Result<String, String> {
    hexadecimal(text, 32, "a token")
}

fn super_token(text: &str) -> Result<String, String> {
    hexadecimal(text, 64, "a super token")
}

fn hexadecimal(text: &str, digits: usize, what: &str) -> Result<String, String> {
    let fits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if fits { Ok(text.to_ascii_uppercase()) } else { Err(format!("{what} has {digits} hexadecimal digits")) }
}
