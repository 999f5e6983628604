//! The audit chain, which the database itself keeps append-only, and the operational tables.

use super::step::Step;

pub(super) const STEP: Step = Step {
    name: "c1e2a3f4b5d6_create_audit_and_operations",
    up: &[
        "CREATE TABLE audit_chains (
            chain bigint PRIMARY KEY,
            study_id {uuid} CONSTRAINT ux_audit_chains_study UNIQUE REFERENCES studies (id),
            head_sequence bigint NOT NULL,
            head_hash varchar(64) NOT NULL)",
        "INSERT INTO audit_chains (chain, study_id, head_sequence, head_hash)
            VALUES (1, NULL, 0, '0000000000000000000000000000000000000000000000000000000000000000')",
        "CREATE TABLE audit_logs (
            id bigint PRIMARY KEY,
            chain bigint NOT NULL REFERENCES audit_chains (chain),
            study_id {uuid},
            sequence bigint NOT NULL,
            occurred_at {ts} NOT NULL,
            actor_kind varchar(16) NOT NULL,
            actor_id varchar(254) NOT NULL,
            action varchar(64) NOT NULL,
            object_kind varchar(32) NOT NULL,
            object_id varchar(254) NOT NULL,
            detail text NOT NULL,
            previous_hash varchar(64) NOT NULL,
            hash varchar(64) NOT NULL,
            format integer NOT NULL)",
        "CREATE TABLE jobs (
            id {uuid} PRIMARY KEY,
            study_id {uuid} NOT NULL REFERENCES studies (id),
            kind varchar(32) NOT NULL,
            payload {json} NOT NULL,
            serial_key varchar(64),
            serial_at {ts},
            state varchar(16) NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
            created_at {ts} NOT NULL,
            claimed_at {ts},
            claimed_by {uuid},
            finished_at {ts},
            result {json},
            error text,
            CONSTRAINT ck_jobs_serial CHECK ((serial_key IS NULL) = (serial_at IS NULL)))",
        "CREATE INDEX ix_jobs_open ON jobs (state, created_at) WHERE state IN ('queued', 'running')",
        "CREATE INDEX ix_jobs_serial ON jobs (serial_key, state) WHERE state IN ('queued', 'running')",
        "CREATE TABLE processes (
            id {uuid} PRIMARY KEY,
            role varchar(16) NOT NULL,
            environment varchar(32) NOT NULL,
            dev_mode boolean NOT NULL,
            version varchar(32) NOT NULL,
            migration_head varchar(80) NOT NULL,
            key_fingerprint varchar(64) NOT NULL,
            started_at {ts} NOT NULL,
            seen_at {ts} NOT NULL,
            stopped_at {ts})",
        "CREATE TABLE circuit_breakers (
            study_id {uuid} PRIMARY KEY REFERENCES studies (id),
            state varchar(16) NOT NULL CHECK (state IN ('closed', 'open', 'half_open')),
            consecutive_failures integer NOT NULL,
            opened_at {ts},
            generation bigint NOT NULL,
            probe_lease_until {ts},
            probe_holder {uuid})",
        "CREATE TABLE outbound_budgets (
            host varchar(255) PRIMARY KEY,
            next_at {ts} NOT NULL)",
    ],
    up_sqlite: &[
        "CREATE TRIGGER audit_logs_no_update BEFORE UPDATE ON audit_logs
            BEGIN SELECT RAISE(ABORT, 'audit_logs is append-only'); END",
        "CREATE TRIGGER audit_logs_no_delete BEFORE DELETE ON audit_logs
            BEGIN SELECT RAISE(ABORT, 'audit_logs is append-only'); END",
    ],
    up_postgres: &[
        "CREATE FUNCTION app.refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'audit_logs is append-only' USING ERRCODE = 'insufficient_privilege'; END $$",
        "CREATE TRIGGER audit_logs_no_change BEFORE UPDATE OR DELETE ON audit_logs
            FOR EACH ROW EXECUTE FUNCTION app.refuse_audit_change()",
        "CREATE TRIGGER audit_logs_no_truncate BEFORE TRUNCATE ON audit_logs
            FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_audit_change()",
    ],
    down: &[
        "DROP TABLE outbound_budgets",
        "DROP TABLE circuit_breakers",
        "DROP TABLE processes",
        "DROP TABLE jobs",
        "DROP TABLE audit_logs",
        "DROP TABLE audit_chains",
    ],
    down_postgres: &["DROP FUNCTION app.refuse_audit_change()"],
    destroys: &[("audit_logs", "SELECT count(*) FROM audit_logs"), ("jobs", "SELECT count(*) FROM jobs")],
};
