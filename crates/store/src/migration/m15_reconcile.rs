//! How far REDCap's log has been read, when a reconcile is due, and what a person has to decide about records (system.md, *DET
//! intake* 4). REDCap's times are text, because nobody says in which zone they are.

use super::step::Step;

pub(super) const STEP: Step = Step {
    name: "a7b8c9d0e1f2_add_record_flags",
    up: &[
        "CREATE TABLE record_flags (
            id {uuid} PRIMARY KEY,
            study_id {uuid} NOT NULL REFERENCES studies (id),
            kind varchar(16) NOT NULL CHECK (kind IN ('deleted', 'renamed', 'dag_moved')),
            record_id varchar(255) NOT NULL,
            was varchar(255),
            became varchar(255),
            participant_id {uuid} REFERENCES participants (id),
            redcap_at varchar(16),
            raised_at {ts} NOT NULL,
            -- Its place among those that were raised together, in the order of REDCap's log.
            position integer NOT NULL,
            resolution varchar(16) CHECK (resolution IN ('followed', 'detached', 'dismissed', 'unconcerned')),
            resolved_at {ts},
            resolved_by {uuid} REFERENCES users (id),
            reason text,
            CONSTRAINT ck_record_flags_resolved CHECK ((resolution IS NULL) = (resolved_at IS NULL)),
            CONSTRAINT ck_record_flags_open CHECK (resolution IS NOT NULL OR participant_id IS NOT NULL),
            CONSTRAINT ck_record_flags_renamed CHECK (kind <> 'renamed' OR became IS NOT NULL),
            CONSTRAINT ck_record_flags_log CHECK (kind = 'dag_moved' OR redcap_at IS NOT NULL))",
        "CREATE INDEX ix_record_flags_study ON record_flags (study_id, raised_at)",
        "CREATE INDEX ix_record_flags_open ON record_flags (study_id, record_id) WHERE resolved_at IS NULL",
        "CREATE INDEX ix_record_flags_participant ON record_flags (participant_id) WHERE resolved_at IS NULL",
        "CREATE INDEX ix_record_flags_became ON record_flags (study_id, became) WHERE resolved_at IS NULL",
        "CREATE TABLE reconcile_states (
            study_id {uuid} PRIMARY KEY REFERENCES studies (id),
            log_mark varchar(16),
            ran_at {ts},
            full_at {ts},
            due_at {ts} NOT NULL)",
        "CREATE INDEX ix_jobs_kind ON jobs (study_id, kind) WHERE state IN ('queued', 'running')",
    ],
    up_sqlite: &[],
    up_postgres: &[],
    down: &["DROP INDEX ix_jobs_kind", "DROP TABLE reconcile_states", "DROP TABLE record_flags"],
    down_postgres: &[],
    destroys: &[
        ("record_flags", "SELECT count(*) FROM record_flags"),
        ("reconcile_states", "SELECT count(*) FROM reconcile_states"),
    ],
};
