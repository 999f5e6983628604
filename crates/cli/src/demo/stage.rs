//! The parts that the story plays on: a simulator, a server and a worker in this process, each on its own socket.

use std::net::SocketAddr;
use std::path::PathBuf;

use metricis_core::ids::StudyId;
use metricis_redcap_sim::{ProjectHandle, ProjectOptions, Sim, SimOptions};
use metricis_store::{Store, StoreOptions};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::api::Api;
use super::guest::Guest;
use super::narrator::Narrator;
use super::script::Script;
use crate::args::{Args, DemoArgs};
use crate::commands::migrate::runtime_role;
use crate::commands::serve::{Processes, open_to_serve, stop_on_signal};
use crate::commands::{all_problems, operator};
use crate::config::Settings;
use crate::logging;
use crate::output::CliError;

/// What the demo sets where the environment is silent; the breaker's cooldown is short so that nobody waits a minute for it.
pub const DEFAULTS: &[(&str, &str)] = &[
    ("ENVIRONMENT", "demo"),
    ("REDCAP_CIRCUIT_BREAKER_COOLDOWN_SECONDS", "2"),
    ("RATE_LIMIT_PER_MINUTE", "6000"),
    ("AUTH_RATE_LIMIT_PER_MINUTE", "600"),
];

/// Everything that the story needs.
pub struct Stage {
    pub script: Script,
    pub narrator: Narrator,
    pub settings: Settings,
    pub sim: Sim,
    pub project: ProjectHandle,
    /// `http://host:port` of the simulator.
    pub redcap: String,
    /// `http://host:port` of the server.
    pub address: String,
    pub http: reqwest::Client,
    pub api: Api,
    pub study: StudyId,
    pub code: String,
    pub processes: Processes,
    /// How the study's owner signs in.
    pub owner: (String, String),
    /// What servers and worker log: warnings and worse, as JSON lines.
    pub log: PathBuf,
    stop: CancellationToken,
    simulator: JoinHandle<std::io::Result<()>>,
}

impl Stage {
    /// Starts everything.
    ///
    /// # Errors
    /// Usage or unavailable, naming what is missing.
    pub async fn build(args: &Args, demo: &DemoArgs, script: Script) -> Result<Self, CliError> {
        let settings =
            Settings::with_defaults(args.data.clone(), DEFAULTS).map_err(|problems| all_problems(&problems))?;
        if settings.environment.is_production() {
            return Err(CliError::Usage(
                "ENVIRONMENT is production: the demo makes up a study and must not run there".into(),
            ));
        }
        let log = settings.data.join("demo.log");
        logging::start_with_file(&log)
            .map_err(|error| CliError::Unavailable(format!("cannot write {}: {error}", log.display())))?;
        let store = database(&settings).await?;
        let stop = CancellationToken::new();
        let sim = Sim::new(SimOptions::default());
        let listener = listen(demo.redcap_listen, demo.once, 8081).await?;
        let redcap = url_of(&listener)?;
        let simulator = tokio::spawn(sim.serve(listener, stop.clone().cancelled_owned()));
        let number = studies_so_far(&store).await? + 1;
        let options = ProjectOptions { project_id: Some(17 + number), ..ProjectOptions::default() };
        let project = sim.add_project_xml(&script.xml, options).map_err(|error| CliError::Usage(error.to_string()))?;
        let listener = listen(demo.listen, demo.once, 8080).await?;
        let address = url_of(&listener)?;
        let mut processes = Processes::new(store.clone(), &settings, &address);
        processes.start_worker(&settings, stop.clone())?;
        processes.start_server(listener, stop.clone());
        let http =
            metricis_redcap::http_client("metricis-demo").map_err(|error| CliError::Unavailable(error.to_string()))?;
        let api = Api::new(http.clone(), &address);
        let code = format!("DEMO-{number:03}");
        let (study, owner) = super::setup::create_study(&store, &code, &script.title, operator()).await?;
        let narrator = Narrator::new(args.json);
        Ok(Self {
            script,
            narrator,
            settings,
            sim,
            project,
            redcap,
            address,
            http,
            api,
            study,
            code,
            processes,
            owner,
            log,
            stop,
            simulator,
        })
    }

    /// Stops every part and leaves the data for inspection.
    ///
    /// # Errors
    /// A part that did not end well.
    pub async fn close(self) -> Result<(), CliError> {
        let (text, facts) = (format!("\nEvery step was as promised. {}", self.kept()), self.facts());
        self.stop.cancel();
        self.processes.wait().await?;
        let ended = self.simulator.await.map_err(|error| CliError::Unavailable(error.to_string()))?;
        ended.map_err(|error| CliError::Unavailable(format!("the simulator failed: {error}")))?;
        self.narrator.end(true, &text, facts);
        Ok(())
    }

    /// Says where to look and how to sign in, and serves until it is interrupted.
    ///
    /// # Errors
    /// A part that did not end well.
    pub async fn keep_serving(self, guest: &Guest) -> Result<(), CliError> {
        let (email, password) = &self.owner;
        let text = format!(
            "\nEvery step was as promised. Still serving; press Ctrl-C to stop.\n\
             \n  the console        {}/console/\
             \n      sign in        {email}  ·  password {password}\
             \n  a participant      {}\
             \n      that is        {}, whose first visit is today; the link opens once (the console makes new ones)\
             \n  REDCap simulator   {}/\
             \n      there you      save a form, break REDCap, repair it, read a record\
             \n  the study          {}  ({}); the API is described at {}/api/openapi.json\n\n{}",
            self.address,
            guest.link,
            guest.code,
            self.redcap,
            self.code,
            self.study,
            self.address,
            self.kept()
        );
        let mut facts = self.facts();
        facts["console"] = json!(format!("{}/console/", self.address));
        facts["sign_in"] = json!({ "email": email, "password": password });
        facts["participant_link"] = json!(guest.link);
        self.narrator.end(true, &text, facts);
        stop_on_signal(self.stop.clone());
        self.processes.wait().await
    }

    /// Prints how it ended, for people or for machines.
    pub fn end(&self, ok: bool, text: &str) {
        self.narrator.end(ok, text, self.facts());
    }

    fn facts(&self) -> serde_json::Value {
        json!({
            "study": self.study, "code": self.code, "metricis": self.address, "redcap": self.redcap,
            "data": self.settings.data, "log": self.log,
        })
    }

    fn kept(&self) -> String {
        let log = self.log.display();
        match self.settings.database.is_postgres() {
            true => format!("The study is kept in the database of DATABASE_URL, the log in {log}."),
            false => format!("The data is kept in {}, the log in {log}.", self.settings.data.display()),
        }
    }
}

async fn database(settings: &Settings) -> Result<Store, CliError> {
    let owner = Store::open(&settings.migration_database, &StoreOptions::default()).await?;
    owner.migrate_up(runtime_role(settings).as_deref()).await?;
    owner.close().await?;
    open_to_serve(settings).await
}

async fn studies_so_far(store: &Store) -> Result<u32, CliError> {
    use metricis_core::Clock;
    let studies = store.read(crate::clock::SystemClock.now()).await?.studies().await?;
    Ok(u32::try_from(studies.len()).unwrap_or(u32::MAX - 100))
}

/// The address asked for; else the usual one when it is to stay, or any free one.
async fn listen(asked: Option<SocketAddr>, once: bool, usual: u16) -> Result<TcpListener, CliError> {
    if let Some(address) = asked {
        return crate::commands::serve::bind(address).await;
    }
    let usual = SocketAddr::from(([127, 0, 0, 1], usual));
    if !once && let Ok(listener) = TcpListener::bind(usual).await {
        return Ok(listener);
    }
    crate::commands::serve::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await
}

fn url_of(listener: &TcpListener) -> Result<String, CliError> {
    let address = listener.local_addr().map_err(|error| CliError::Unavailable(error.to_string()))?;
    Ok(format!("http://{address}"))
}
