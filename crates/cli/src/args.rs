//! The command line: one declaration gives names, variables and help.

use metricis_core::words::FlagResolution;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

mod simulator;

pub use simulator::{OfSimulator, RunSimulator, Simulator};

/// Runs clinical studies whose records live in REDCap.
#[derive(Debug, Parser)]
#[command(name = "metricis", version = crate::VERSION, propagate_version = true, after_help = AFTER)]
pub struct Args {
    /// Print JSON instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// Folder of the embedded database and of development secrets
    #[arg(long, global = true, value_name = "DIR", default_value = "data")]
    pub data: PathBuf,
    #[command(subcommand)]
    pub command: Command,
}

const AFTER: &str = "Start with `metricis demo --once`. The environment variables are listed by `metricis config check`.\n\
Exit codes: 0 done, 1 the answer is no, 2 wrong usage or configuration, 3 something needed is not reachable.";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play the main job from first save to go/no-go board, with a REDCap simulator; then keep serving
    Demo(DemoArgs),
    /// Serve the HTTP API
    Serve {
        /// Address to listen on
        #[arg(long, env = "METRICIS_LISTEN", default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
        /// Run the jobs in this process too
        #[arg(long)]
        with_worker: bool,
    },
    /// Run the jobs: process events, sync results to REDCap
    Worker,
    /// Bring the database to the schema that this program needs
    #[command(subcommand)]
    Migrate(Migrate),
    /// Check the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Make fresh secrets; rotate the key under which REDCap's secrets are sealed
    #[command(subcommand)]
    Secrets(Secrets),
    /// Verify the tamper-evident audit chain
    #[command(subcommand)]
    Audit(Audit),
    /// Look at or reset a study's circuit breaker
    #[command(subcommand)]
    Breaker(Breaker),
    /// List received events, replay failed or stuck ones, have a record read again
    #[command(subcommand)]
    Webhooks(Webhooks),
    /// Compare REDCap's records with ours: what is missing or changed becomes an event, what was deleted or renamed a flag
    Reconcile(ReconcileArgs),
    /// What happened to records in REDCap and a person decides on
    #[command(subcommand)]
    Flags(Flags),
    /// The go/no-go board of a study
    #[command(subcommand)]
    Cutover(Cutover),
    /// Run a REDCap for tests, from REDCap's own project XML, and tell it to misbehave
    RedcapSim(Simulator),
    /// Staff accounts
    #[command(subcommand)]
    User(User),
    /// Studies, their REDCap connection and their team
    #[command(subcommand)]
    Study(Study),
    /// Write the generated reference pages (API, problems, configuration)
    Docs {
        /// Folder to write to
        #[arg(long, default_value = "docs")]
        out: PathBuf,
    },
    /// Print a completion script for a shell
    Completions { shell: clap_complete::Shell },
}

#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Exit after the story, non-zero at the first step that is not as promised
    #[arg(long)]
    pub once: bool,
    /// Play it on this project XML instead of the sponsor study
    #[arg(long, value_name = "FILE")]
    pub project: Option<PathBuf>,
    /// With --project: the field that carries the enrolment date
    #[arg(long, default_value = "date_enrolled", requires = "project", value_name = "FIELD")]
    pub anchor_field: String,
    /// With --project: the instrument whose completion enrols [default: the one that holds the anchor field]
    #[arg(long, requires = "project", value_name = "FORM")]
    pub enrollment_instrument: Option<String>,
    /// With --project: the numeric field that receives a result [default: the first one in a later event]
    #[arg(long, requires = "project", value_name = "FIELD")]
    pub result_field: Option<String>,
    /// Address of the server; a free port unless it keeps serving
    #[arg(long)]
    pub listen: Option<SocketAddr>,
    /// Address of the simulator; a free port unless it keeps serving
    #[arg(long)]
    pub redcap_listen: Option<SocketAddr>,
}

#[derive(Debug, Subcommand)]
pub enum Migrate {
    /// Apply every pending migration and grant the runtime role its rights
    Up,
    /// Revert the last migration
    Down {
        /// Yes, destroy what the dry run listed
        #[arg(long)]
        yes: bool,
    },
    /// Print the head, and whether the database is at it
    Status,
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Read the configuration and report every problem at once
    Check,
}

#[derive(Debug, Subcommand)]
pub enum Secrets {
    /// Print fresh secrets as environment lines
    Generate,
    /// Count what a rotation would seal again; with --apply, do it
    Rotate {
        /// Seal under REDCAP_ENCRYPTION_KEY what is not yet
        #[arg(long)]
        apply: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Recompute every hash; name the first row that does not fit
    Verify {
        /// Only this study's chain
        #[arg(long, value_name = "CODE")]
        study: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Breaker {
    /// Show the breaker
    Show { study: String },
    /// Close the breaker by hand (rarely needed; audited)
    Reset { study: String },
}

#[derive(Debug, Subcommand)]
pub enum Webhooks {
    /// List a study's events, newest first
    List {
        study: String,
        /// received, processing, processed, failed, duplicate, or stuck
        #[arg(long)]
        status: Option<String>,
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Hand an event to the worker again that failed, is stuck, or was processed without effect (with a note)
    Replay { event: String },
    /// Have a record read again from REDCap; what has changed is applied (audited)
    Reread { study: String, record: String },
}

#[derive(Debug, clap::Args)]
pub struct ReconcileArgs {
    pub study: String,
    /// Read every record, not only what changed since the last run
    #[arg(long)]
    pub full: bool,
    /// Only say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Flag as deleted what REDCap does not list and its log does not explain
    #[arg(long)]
    pub absent_as_deleted: bool,
    /// How long to wait for the outcome, in seconds; the run goes on without us
    #[arg(long, default_value_t = 600, value_name = "SECONDS")]
    pub wait_s: u32,
}

/// One of them.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct FlagChoice {
    /// The record is still the participant's: by its new name, or made anew
    #[arg(long)]
    follow: bool,
    /// It is not: the participant has no record any more
    #[arg(long)]
    detach: bool,
    /// A move to another group was seen
    #[arg(long)]
    dismiss: bool,
}

impl FlagChoice {
    /// The word of the contract.
    pub const fn word(&self) -> FlagResolution {
        match (self.follow, self.detach) {
            (true, _) => FlagResolution::Followed,
            (_, true) => FlagResolution::Detached,
            _ => FlagResolution::Dismissed,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Flags {
    /// List a study's open flags, newest first
    List {
        study: String,
        /// Those that were decided on as well
        #[arg(long)]
        all: bool,
    },
    /// Decide on a flag (audited)
    Resolve {
        flag: String,
        #[command(flatten)]
        choice: FlagChoice,
        /// For the audit log; no health data
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum Cutover {
    /// Probe the fifteen rows of the go/no-go matrix; exit 1 when one is red
    Check { study: String },
    /// Judge the test suites' report (JUnit XML) and print what `attach-suites` takes; exit 1 when it is not whole and green
    ReportSuites {
        /// What `make test` wrote: target/nextest/default/junit.xml
        junit: PathBuf,
    },
    /// Attach the suites' report to the running version, for row 15 (audited)
    AttachSuites {
        /// What `make test` wrote at its end: target/suites.json
        report: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub enum User {
    /// Create a member of staff
    Create {
        email: String,
        /// admin, researcher or coordinator; grants nothing on any study
        #[arg(long, default_value = "coordinator")]
        role: String,
        /// Read the password from the first line of standard input
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Close an account: it cannot sign in, and its tokens and sessions end at once (audited)
    Disable { email: String },
    /// Open an account again, and lift a lock after wrong passwords (audited)
    Enable { email: String },
    /// Set a password; the account's tokens and sessions end at once (audited)
    SetPassword {
        email: String,
        /// Read the password from the first line of standard input
        #[arg(long, required_unless_present = "generate", conflicts_with = "generate")]
        password_stdin: bool,
        /// Make a password and print it once
        #[arg(long)]
        generate: bool,
    },
    /// End every token and session of an account; the password stays (audited)
    Revoke { email: String },
}

#[derive(Debug, Subcommand)]
pub enum Study {
    /// Create a study in draft, with its first owner
    Create {
        code: String,
        #[arg(long)]
        name: String,
        /// Address of the first owner
        #[arg(long, value_name = "EMAIL")]
        owner: String,
    },
    /// List the studies
    List,
    /// Set the REDCap connection and secrets; secrets come on standard input, a line each, token first
    SetRedcap {
        code: String,
        #[arg(long, value_name = "URL")]
        api_url: String,
        #[arg(long, value_name = "N")]
        project_id: String,
        /// Read the API token from standard input
        #[arg(long)]
        token_stdin: bool,
        /// Read the webhook secret from standard input
        #[arg(long)]
        webhook_secret_stdin: bool,
    },
    /// Give a role to a person when no owner can (recovery; audited in both chains)
    Grant {
        code: String,
        #[arg(long, value_name = "EMAIL")]
        user: String,
        /// owner, admin, coordinator, researcher or monitor
        #[arg(long)]
        role: String,
    },
}
