//! The go/no-go board: the fifteen rows of the cutover checklist (§1) as probes of the running system.
//!
//! Invariants: nothing is green by default – a row that cannot be proven is red and says why; a probe leaves no row, alert or
//! count behind; any red row blocks activating the study.

mod audit;
mod edge;
mod intake;
mod live;
mod processes;
mod secrets;
mod shared;
mod study;
mod suites;
mod sync;

use std::time::Duration;

use chrono::{DateTime, Utc};
use metricis_core::ids::StudyId;
use metricis_store::{StoreError, StoredStudy};

use crate::AppState;
use live::Live;
pub(crate) use shared::Boards;

/// Whether a row lets the study go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowState {
    /// Proven, just now.
    Green,
    /// Not proven, or disproven.
    Red,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Row {
    /// Its number in the checklist.
    pub number: u8,
    /// Its name in the checklist.
    pub name: &'static str,
    /// The guarantees that it stands for, as the checklist numbers them.
    pub guarantee: &'static str,
    /// Green or red.
    pub state: RowState,
    /// What was seen.
    pub evidence: String,
    /// What to do about a red row.
    pub remedy: Option<String>,
}

/// All rows at one moment.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Board {
    /// The study.
    #[schema(value_type = uuid::Uuid)]
    pub study: StudyId,
    /// When it was checked.
    pub checked_at: DateTime<Utc>,
    /// The fifteen rows, in the checklist's order.
    pub rows: Vec<Row>,
    /// Where the servers are reached, as rows may say it.
    #[serde(skip)]
    addresses: Vec<String>,
}

impl Board {
    /// Whether every row is green.
    #[must_use]
    pub fn is_green(&self) -> bool {
        self.red().next().is_none()
    }

    /// The same without the servers' addresses, for who does not run them: a server is known by its id as well.
    #[must_use]
    pub fn without_addresses(&self) -> Self {
        let mut board = self.clone();
        for row in &mut board.rows {
            for text in std::iter::once(&mut row.evidence).chain(&mut row.remedy) {
                for address in &self.addresses {
                    *text = text.replace(&format!(" at {address}"), "").replace(address, "(an address)");
                }
            }
        }
        board.addresses.clear();
        board
    }

    /// The rows that stand in the way.
    pub fn red(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.state == RowState::Red)
    }
}

/// The rows' numbers, names and guarantees, as the checklist has them.
const ROWS: [(u8, &str, &str); 15] = [
    (1, "ENVIRONMENT=production everywhere it matters", "#1, #3"),
    (2, "REDCAP_ENCRYPTION_KEY set, distinct from JWT_SECRET_KEY", "#2"),
    (3, "All REDCap tokens stored as enc:v2: ciphertext", "#2, #7, #19"),
    (4, "Webhook secret encrypted at rest", "#19"),
    (5, "integration_mode = \"redcap\" matches redcap_enabled = true", "#15"),
    (6, "Time simulation OFF", "#1"),
    (7, "Dev/test routers gated", "#3"),
    (8, "DET webhook idempotent", "#17"),
    (9, "DET webhook signed by webhook_secret", "#17, #19"),
    (10, "Sync no-fallback invariant", "#14"),
    (11, "Per-study admin assigned for the sponsor study", "#16"),
    (12, "Coordinator dashboard \"Failed Sync\" tile renders", "#14"),
    (13, "Patient-portal stale-data banner renders", "#4, #14"),
    (14, "Audit-log hash chain valid", "A"),
    (15, "All regression suites green", "all"),
];

/// Why a row is red.
#[derive(Debug)]
struct Flaw {
    evidence: String,
    remedy: Option<String>,
}

/// What a probe found: the evidence of a green row, or a flaw.
type Finding = Result<String, Flaw>;

impl Flaw {
    fn new(evidence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { evidence: evidence.into(), remedy: Some(remedy.into()) }
    }
}

/// A probe that fails proves nothing.
impl From<StoreError> for Flaw {
    fn from(error: StoreError) -> Self {
        Self { evidence: format!("the probe failed: {error}"), remedy: None }
    }
}

/// Checks every row for a study, now.
pub async fn check(app: &AppState, study: StudyId) -> Board {
    let within = Duration::from_millis(app.settings.board_within_ms);
    let mut addresses = vec![];
    let probing = async {
        let (stored, live) = look_around(app, study).await?;
        addresses = live.addresses();
        Ok(probe_all(app, &stored, &live).await)
    };
    let findings = tokio::time::timeout(within, probing).await.unwrap_or_else(|_| Err(too_slow(within)));
    let findings = findings.unwrap_or_else(|flaw| {
        ROWS.map(|_| Err(Flaw { evidence: flaw.evidence.clone(), remedy: flaw.remedy.clone() }))
    });
    let rows = ROWS.into_iter().zip(findings).map(|((number, name, guarantee), finding)| {
        let (state, evidence, remedy) = match finding {
            Ok(evidence) => (RowState::Green, evidence, None),
            Err(flaw) => (RowState::Red, flaw.evidence, flaw.remedy),
        };
        Row { number, name, guarantee, state, evidence, remedy }
    });
    Board { study, checked_at: app.now(), rows: rows.collect(), addresses }
}

fn too_slow(within: Duration) -> Flaw {
    let evidence = format!("not proven: the check did not end within {within:?}");
    Flaw::new(evidence, "look at the database and at servers that do not answer (/api/health), then check again")
}

/// What most rows need; without it nothing is proven.
async fn look_around(app: &AppState, study: StudyId) -> Result<(StoredStudy, Live), Flaw> {
    let found = app.store.read(app.now()).await?.study(study).await?;
    let found = found.ok_or_else(|| Flaw { evidence: "there is no such study".to_owned(), remedy: None })?;
    Ok((found, live::look(app).await?))
}

async fn probe_all(app: &AppState, study: &StoredStudy, live: &Live) -> [Finding; 15] {
    [
        processes::in_production(app, live),
        processes::keys_apart(app, live),
        secrets::token_sealed(app, study),
        secrets::webhook_secret_sealed(app, study),
        study::mode_consistent(study),
        study::time_simulation_off(study),
        edge::development_routes_closed(app, live).await,
        intake::det_idempotent(app, study).await,
        edge::det_signed(app, study, live).await,
        sync::no_fallback(app, study).await,
        study::admin_assigned(app, study).await,
        sync::dashboard_counts_failure(app, study).await,
        sync::portal_tells_failure(app, study).await,
        audit::chains_valid(app, study).await,
        suites::suites_green(app, live).await,
    ]
}
