//! The binary with an environment of its own; processes end with the test.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use metricis_store::DatabaseUrl;
use metricis_store::testing::{Engine, TestDb};
use secrecy::ExposeSecret;

pub const KEYS: [(&str, &str); 3] = [
    ("JWT_SECRET_KEY", "jwt-secret-for-the-end-to-end-tests-0001"),
    ("SESSION_SECRET_KEY", "session-secret-for-the-end-to-end-tests-01"),
    ("REDCAP_ENCRYPTION_KEY", "redcap-key-for-the-end-to-end-tests-00001"),
];

/// `metricis` in one environment: a database, a data folder, keys.
pub struct Program {
    pub folder: tempfile::TempDir,
    pub variables: Vec<(String, String)>,
    pub db: TestDb,
}

fn address(url: &DatabaseUrl) -> String {
    match url {
        DatabaseUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
        DatabaseUrl::Postgres(address) => address.expose_secret().replacen("postgresql://", "postgresql+asyncpg://", 1),
    }
}

impl Program {
    pub async fn new(engine: Engine) -> Self {
        let db = TestDb::fresh(engine).await;
        let folder = tempfile::tempdir().expect("a folder");
        let mut variables: Vec<(String, String)> =
            KEYS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut set = |name: &str, value: String| variables.push((name.to_owned(), value));
        set("DATABASE_URL", address(&db.url));
        set("MIGRATION_DATABASE_URL", address(&db.owner_url));
        set("RATE_LIMIT_PER_MINUTE", "60000".to_owned());
        set("AUTH_RATE_LIMIT_PER_MINUTE", "6000".to_owned());
        set("REDCAP_DET_RATE_LIMIT_PER_MINUTE", "60000".to_owned());
        if engine == Engine::Postgres {
            set("REDIS_URL", std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL: run the suite with `make test`"));
        }
        Self { folder, variables, db }
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_metricis"));
        command.env_clear().current_dir(self.folder.path()).arg("--data").arg(self.folder.path().join("data"));
        command.args(arguments).envs(self.variables.iter().cloned());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("the program reads");
        child.wait_with_output().expect("the program ends")
    }

    /// Runs a command that must succeed; its standard output.
    pub fn ok(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?} ended with {}\n{out}\n{err}", output.status);
        out.into_owned()
    }

    /// Starts a process that stays.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let mut command = self.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let log = Arc::new(Mutex::new(String::new()));
        let readers = vec![
            keep_lines(child.stdout.take().expect("its output"), &log),
            keep_lines(child.stderr.take().expect("its log"), &log),
        ];
        Running { child, log, readers }
    }
}

fn keep_lines(from: impl Read + Send + 'static, log: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let kept = Arc::clone(log);
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let mut log = kept.lock().expect("the log");
            log.push_str(&line);
            log.push('\n');
        }
    })
}

/// A process that is killed when the test ends.
pub struct Running {
    child: Child,
    log: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Running {
    /// Asks it to stop, as an operator does, and waits; all that it wrote.
    pub fn stop(mut self) -> String {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(asked.success());
        let ended = self.child.wait().expect("it ended");
        self.readers.drain(..).for_each(|reader| reader.join().expect("its lines"));
        assert!(ended.success(), "{ended}: {}", self.log());
        self.log()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().expect("it was alive");
        self.child.wait().expect("it ended");
    }

    /// What it has written so far, to either output.
    pub fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Already dead is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}

/// Files that a real REDCap made; they are beside the project and must be there in CI.
pub fn real(file: &str) -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")).join(file);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing", path.display());
    eprintln!("did nothing: {} is not here", path.display());
    None
}
