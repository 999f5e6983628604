//! The durable inbox of DETs, its natural keys, the coalesced re-reads and the reconcile marks (§6 #17).

use super::step::Step;

pub(super) const STEP: Step = Step {
    name: "d2e3f4a5b6c7_add_webhook_events",
    up: &[
        "CREATE TABLE webhook_events (
            id {uuid} PRIMARY KEY,
            study_id {uuid} NOT NULL REFERENCES studies (id),
            source varchar(16) NOT NULL CHECK (source IN ('redcap_det', 'reconcile')),
            project_id varchar(20) NOT NULL,
            record_id varchar(255) NOT NULL,
            instrument varchar(100) NOT NULL,
            event_name varchar(100),
            natural_key varchar(64) NOT NULL,
            form {json} NOT NULL,
            status varchar(16) NOT NULL CHECK (status IN ('received', 'processing', 'processed', 'failed', 'duplicate')),
            received_at {ts} NOT NULL,
            claimed_at {ts},
            claimed_by {uuid},
            processed_at {ts},
            error_message text,
            note text,
            retry_count integer NOT NULL,
            duplicate_of_id {uuid} REFERENCES webhook_events (id),
            CONSTRAINT ck_webhook_events_record_id CHECK (length(record_id) BETWEEN 1 AND 255),
            CONSTRAINT ck_webhook_events_instrument CHECK (length(instrument) BETWEEN 1 AND 100),
            CONSTRAINT ck_webhook_events_project_id CHECK (length(project_id) BETWEEN 1 AND 20),
            CONSTRAINT ck_webhook_events_event_name CHECK (length(event_name) BETWEEN 1 AND 100),
            CONSTRAINT ck_webhook_events_processing CHECK (status <> 'processing' OR claimed_at IS NOT NULL),
            CONSTRAINT ck_webhook_events_processed CHECK (status <> 'processed' OR processed_at IS NOT NULL),
            CONSTRAINT ck_webhook_events_failed CHECK (status <> 'failed' OR error_message IS NOT NULL),
            CONSTRAINT ck_webhook_events_duplicate CHECK ((status = 'duplicate') = (duplicate_of_id IS NOT NULL)))",
        "CREATE INDEX ix_webhook_events_received_at ON webhook_events (received_at)",
        "CREATE INDEX ix_webhook_events_open ON webhook_events (status, received_at)
            WHERE status IN ('received', 'processing', 'failed')",
        "CREATE INDEX ix_webhook_events_record ON webhook_events (study_id, record_id, received_at)",
        // One row per natural key, taken by one conditional upsert: the window slides, so a unique constraint will not do.
        "CREATE TABLE det_keys (
            study_id {uuid} NOT NULL REFERENCES studies (id),
            natural_key varchar(64) NOT NULL,
            event_id {uuid} NOT NULL,
            received_at {ts} NOT NULL,
            PRIMARY KEY (study_id, natural_key))",
        // A duplicate asks for a re-read: wanted counts the askings, done the last one answered.
        "CREATE TABLE record_rereads (
            study_id {uuid} NOT NULL REFERENCES studies (id),
            record_id varchar(255) NOT NULL,
            wanted bigint NOT NULL,
            done bigint NOT NULL,
            claimed_at {ts},
            claimed_by {uuid},
            error text,
            PRIMARY KEY (study_id, record_id))",
        "CREATE INDEX ix_record_rereads_open ON record_rereads (study_id) WHERE wanted > done",
        "CREATE TABLE reconcile_marks (
            study_id {uuid} PRIMARY KEY REFERENCES studies (id),
            refused bigint NOT NULL,
            first_at {ts} NOT NULL,
            last_at {ts} NOT NULL)",
    ],
    // SQLite stores a NUL inside text, PostgreSQL refuses it: refuse it on both. A cast shows what length() stops at.
    up_sqlite: &[
        "CREATE TRIGGER webhook_events_no_nul BEFORE INSERT ON webhook_events
            WHEN instr(CAST(NEW.record_id AS blob), x'00') > 0 OR instr(CAST(NEW.instrument AS blob), x'00') > 0
              OR instr(CAST(coalesce(NEW.event_name, '') AS blob), x'00') > 0 OR instr(NEW.form, '\\u0000') > 0
            BEGIN SELECT RAISE(ABORT, 'invalid byte sequence: 0x00'); END",
    ],
    up_postgres: &[],
    down: &["DROP TABLE reconcile_marks", "DROP TABLE record_rereads", "DROP TABLE det_keys", "DROP TABLE webhook_events"],
    down_postgres: &[],
    destroys: &[
        ("webhook_events", "SELECT count(*) FROM webhook_events"),
        ("reconcile_marks", "SELECT count(*) FROM reconcile_marks"),
    ],
};
