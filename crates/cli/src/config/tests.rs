//! What production refuses, and that it says everything at once.

use std::collections::BTreeMap;

use super::read::read;
use super::{Absent, Problem, Settings};

const KEYS: [&str; 3] = [
    "jwt-secret-jwt-secret-jwt-secret-jwt-secret",
    "session-secret-session-secret-session-secret",
    "redcap-key-redcap-key-redcap-key-redcap-key",
];

fn production() -> BTreeMap<&'static str, String> {
    let pairs = [
        ("ENVIRONMENT", "production"),
        ("DATABASE_URL", "postgresql+asyncpg://app:pw@db/metricis"),
        ("REDIS_URL", "redis://cache:6379"),
        ("SESSION_STORAGE_BACKEND", "redis"),
        ("JWT_SECRET_KEY", KEYS[0]),
        ("SESSION_SECRET_KEY", KEYS[1]),
        ("REDCAP_ENCRYPTION_KEY", KEYS[2]),
        ("ALLOWED_ORIGINS", "https://app.metricis.app"),
    ];
    pairs.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
}

fn with(variables: &BTreeMap<&'static str, String>) -> Result<Settings, Vec<Problem>> {
    let folder = tempfile::tempdir().expect("a folder");
    read(&|name| variables.get(name).cloned(), folder.path().to_owned(), Absent::Made)
}

fn refused(variables: &BTreeMap<&'static str, String>) -> Vec<&'static str> {
    with(variables).err().unwrap_or_default().into_iter().map(|problem| problem.variable).collect()
}

#[test]
fn the_checklists_production_settings_are_accepted_with_its_defaults() {
    let settings = with(&production()).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert!(settings.environment.is_production());
    let defaults = (
        settings.rate_limit_per_minute,
        settings.auth_rate_limit_per_minute,
        settings.det_rate_limit_per_minute,
        settings.det_test_rate_limit_per_minute,
        settings.det_idempotency_ttl_s,
    );
    assert_eq!(defaults, (60, 10, 120, 10, 86_400));
    let breaker = settings.breaker;
    assert_eq!((breaker.failure_threshold, breaker.cooldown_s, breaker.enabled), (5, 60, true));
}

#[test]
fn an_empty_production_environment_names_everything_at_once() {
    let only = BTreeMap::from([("ENVIRONMENT", "production".to_owned())]);
    let names = refused(&only);
    for needed in [
        "DATABASE_URL",
        "REDIS_URL",
        "SESSION_STORAGE_BACKEND",
        "JWT_SECRET_KEY",
        "SESSION_SECRET_KEY",
        "REDCAP_ENCRYPTION_KEY",
        "ALLOWED_ORIGINS",
    ] {
        assert!(names.contains(&needed), "{needed} is missing from {names:?}");
    }
}

#[test]
fn forbidden_short_reused_and_plain_settings_are_refused() {
    for (name, value) in [
        ("ENVIRONMENT", "prod"),
        ("ENVIRONMENT", "productoin"),
        ("DEV_MODE", "true"),
        ("DEV_MODE", "1"),
        ("REDCAP_ENCRYPTION_ALLOW_PLAINTEXT_READS", "yes"),
        ("JWT_SECRET_KEY", "short"),
        ("SESSION_SECRET_KEY", KEYS[0]),
        ("REDCAP_ENCRYPTION_KEY", KEYS[0]),
        ("REDCAP_ENCRYPTION_KEY_PREVIOUS", "short"),
        ("REDCAP_ENCRYPTION_KEY_PREVIOUS", KEYS[2]),
        ("DATABASE_URL", "sqlite:///tmp/x.db"),
        ("DATABASE_URL", "mysql://x/y"),
        ("REDIS_URL", "http://x"),
        ("SESSION_STORAGE_BACKEND", "memory"),
        ("SESSION_STORAGE_BACKEND", "disk"),
        ("TRUSTED_PROXIES", "proxy.example.org"),
        ("ALLOWED_ORIGINS", "*"),
        ("ALLOWED_ORIGINS", "http://app.metricis.app"),
        ("RATE_LIMIT_PER_MINUTE", "many"),
        ("REDCAP_DET_RATE_LIMIT_PER_MINUTE", "0"),
        ("REDCAP_OUTBOUND_PER_MINUTE", "401"),
        ("REDCAP_CIRCUIT_BREAKER_ENABLED", "maybe"),
        ("SERVER_URL", "10.0.0.5:8080"),
        ("SERVER_URL", "ftp://10.0.0.5"),
        ("SERVER_URL", "http://10.0.0.5:8080/api"),
        ("SERVER_URL", "http://somebody:password@10.0.0.5:8080"),
    ] {
        let mut variables = production();
        variables.insert(name, value.to_owned());
        assert!(refused(&variables).contains(&name), "{name}={value} was accepted");
    }
}

#[test]
fn switches_that_are_off_are_not_forbidden() {
    for off in ["", "false", "0", "off"] {
        let mut variables = production();
        variables.insert("DEV_MODE", off.to_owned());
        assert_eq!(refused(&variables), Vec::<&str>::new());
    }
}

#[test]
fn problems_hold_no_secret() {
    let mut variables = production();
    variables.insert("SESSION_SECRET_KEY", KEYS[0].to_owned());
    variables.insert("DATABASE_URL", "mysql://user:hunter2@h/d".to_owned());
    let text: String = with(&variables).err().unwrap_or_default().iter().map(ToString::to_string).collect();
    assert!(!text.is_empty() && !text.contains(KEYS[0]) && !text.contains("hunter2"), "{text}");
}

#[test]
fn development_secrets_survive_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let fingerprint = || {
        let read = read(&|_| None, folder.path().to_owned(), Absent::Made);
        read.map(|settings| settings.key_fingerprint).unwrap_or_else(|problems| panic!("{problems:?}"))
    };
    assert_eq!(fingerprint(), fingerprint());
}

#[test]
fn a_folder_that_is_not_there_gets_no_secrets_from_who_only_looks() {
    let folder = tempfile::tempdir().expect("a folder");
    let mistyped = folder.path().join("dta");
    let problems = read(&|_| None, mistyped.clone(), Absent::Refused).err().unwrap_or_default();
    assert!(problems.iter().any(|problem| problem.variable == "REDCAP_ENCRYPTION_KEY"), "{problems:?}");
    assert!(read(&|_| None, mistyped.clone(), Absent::Imagined).is_ok());
    assert!(!mistyped.exists());
}
