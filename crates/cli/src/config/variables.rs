//! Every environment variable, with its default and unit: the source of `docs/CONFIG.md` and of `metricis config check`.

/// One variable.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Its default outside production.
    pub default: &'static str,
    /// What production asks of it.
    pub production: &'static str,
    /// What it does, with its unit.
    pub meaning: &'static str,
    /// Whether its value is never shown.
    pub secret: bool,
}

const fn plain(name: &'static str, default: &'static str, production: &'static str, meaning: &'static str) -> Variable {
    Variable { name, default, production, meaning, secret: false }
}

const fn secret(
    name: &'static str,
    default: &'static str,
    production: &'static str,
    meaning: &'static str,
) -> Variable {
    Variable { name, default, production, meaning, secret: true }
}

const GENERATED: &str = "made once and kept in the data directory";
const FRESH: &str = "required; 32 or more characters, unlike every other secret";

/// All of them, in the checklist's order (§2), then ours.
pub const VARIABLES: &[Variable] = &[
    plain(
        "ENVIRONMENT",
        "development",
        "production",
        "`production`, `staging`, `development`, `demo`, `training` or `test`; `production` closes every development gate.",
    ),
    secret(
        "DATABASE_URL",
        "sqlite file in the data directory",
        "required; PostgreSQL",
        "Database of servers and workers, signed in as the runtime role.",
    ),
    secret("MIGRATION_DATABASE_URL", "DATABASE_URL", "the tables' owner", "Database as `metricis migrate` reaches it."),
    secret(
        "REDIS_URL",
        "none: limits are kept in the process",
        "required",
        "Shares limits and the outbound budget, and keeps console sessions. While it does not answer, each server limits alone, workers share half of the budget through the database, and `/api/health` says `degraded`.",
    ),
    plain("SESSION_STORAGE_BACKEND", "memory", "redis", "Where login sessions are kept: `memory` or `redis`."),
    plain("SESSION_IDLE_MINUTES", "30", "30", "Minutes without a request after which a console session ends."),
    plain("SESSION_ABSOLUTE_HOURS", "12", "12", "Hours after which a console session ends, used or not."),
    secret("JWT_SECRET_KEY", GENERATED, FRESH, "Signs access tokens."),
    secret("SESSION_SECRET_KEY", GENERATED, FRESH, "Signs cookies and keyed digests."),
    secret("REDCAP_ENCRYPTION_KEY", GENERATED, FRESH, "Seals REDCap tokens and webhook secrets (Fernet)."),
    secret(
        "REDCAP_ENCRYPTION_KEY_PREVIOUS",
        "none",
        "during a rotation only",
        "Former key: opens what it sealed until `metricis secrets rotate --apply` has run.",
    ),
    plain(
        "ALLOWED_ORIGINS",
        "none",
        "required; https origins, no *",
        "Origins that browsers may call from, separated by commas.",
    ),
    plain(
        "TRUSTED_PROXIES",
        "none",
        "the addresses of the TLS proxies in front",
        "Addresses whose X-Forwarded-For is believed, separated by commas; without it every client behind a proxy shares one limit.",
    ),
    plain("RATE_LIMIT_PER_MINUTE", "60", "60", "Requests per minute and principal (address when anonymous)."),
    plain("AUTH_RATE_LIMIT_PER_MINUTE", "10", "10", "Sign-in attempts per minute and address."),
    plain(
        "SIGN_IN_LOCK_AFTER",
        "10",
        "10",
        "Wrong passwords in a row, 3 or more, that lock an account's sign-in at one address or known browser; ten times as many lock it at all \
         addresses that it has not signed in from, four times as long. Open sessions and tokens are not locked.",
    ),
    plain(
        "SIGN_IN_LOCK_MINUTES",
        "15",
        "15",
        "Minutes that such a lock lasts; `metricis user enable` lifts all locks of an account.",
    ),
    plain("DEV_MODE", "false", "forbidden", "Development conveniences."),
    plain(
        "REDCAP_ENCRYPTION_ALLOW_PLAINTEXT_READS",
        "false",
        "forbidden",
        "One-time bridge: secrets stored in plaintext may be read, to be sealed by a rotation.",
    ),
    plain(
        "REDCAP_DET_RATE_LIMIT_PER_MINUTE",
        "120",
        "120",
        "Proven DETs per minute and study; more are refused and mark the study for reconcile.",
    ),
    plain(
        "REDCAP_DET_TEST_RATE_LIMIT_PER_MINUTE",
        "10",
        "10",
        "Calls per minute of the DET test endpoint, which production does not have.",
    ),
    plain(
        "REDCAP_DET_IDEMPOTENCY_TTL_SECONDS",
        "86400",
        "86400",
        "Seconds for which an original DET swallows its repetitions.",
    ),
    plain("REDCAP_CIRCUIT_BREAKER_FAILURE_THRESHOLD", "5", "5", "Consecutive failures that open a study's breaker."),
    plain(
        "REDCAP_CIRCUIT_BREAKER_COOLDOWN_SECONDS",
        "60",
        "60",
        "Seconds before an open breaker lets one probe through.",
    ),
    plain(
        "REDCAP_CIRCUIT_BREAKER_ENABLED",
        "true",
        "true",
        "`false` is an operator's override, which the go/no-go board shows.",
    ),
    plain(
        "REDCAP_OUTBOUND_PER_MINUTE",
        "300",
        "300",
        "Calls in any 60 seconds to one REDCap host, over all studies and processes, at most 400; REDCap bans above 600. A result takes two calls, an enrolment two.",
    ),
    plain("REDCAP_CALL_TIMEOUT_SECONDS", "30", "30", "Seconds that one REDCap call may take."),
    plain(
        "REDCAP_RECONCILE_EVERY_MINUTES",
        "60",
        "60",
        "Minutes between two reconciles of an active or paused study; 0 leaves them to people.",
    ),
    plain(
        "PUBLIC_URL",
        "the address listened on",
        "the address that REDCap and participants use",
        "Base of the DET address and of participants' links.",
    ),
    plain(
        "SERVER_URL",
        "the address listened on",
        "each server's own address, where the one listened on is not reachable",
        "Where the go/no-go board reaches this one server, not a balancer in front of several; https is possible.",
    ),
    secret(
        "METRICS_TOKEN",
        "none: `/metrics` answers the server's own machine only",
        "where the numbers are read from elsewhere; 32 or more characters",
        "Bearer token of whoever reads `/metrics`.",
    ),
    plain("METRICIS_LOG", "info", "info", "Log filter, as `tracing` reads it."),
];
