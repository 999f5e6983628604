//! Studies, their sites, staff and participants.

use super::step::Step;

pub(super) const STEP: Step = Step {
    name: "a0c1e2d3f4b5_create_studies_and_people",
    up: &[
        "CREATE TABLE users (
            id {uuid} PRIMARY KEY,
            email varchar(254) NOT NULL CONSTRAINT ux_users_email UNIQUE,
            role varchar(20) NOT NULL CHECK (role IN ('admin', 'researcher', 'coordinator')),
            password_hash text,
            created_at {ts} NOT NULL,
            disabled_at {ts})",
        // The contradiction of guarantee 15 cannot be stored.
        "CREATE TABLE studies (
            id {uuid} PRIMARY KEY,
            code varchar(64) NOT NULL CONSTRAINT ux_studies_code UNIQUE,
            name varchar(200) NOT NULL,
            status varchar(16) NOT NULL CHECK (status IN ('draft', 'active', 'paused', 'completed')),
            integration_mode varchar(16) NOT NULL CHECK (integration_mode IN ('redcap', 'metricis')),
            redcap_enabled boolean NOT NULL,
            config {json} NOT NULL,
            test_mode_config {json} NOT NULL,
            created_at {ts} NOT NULL,
            updated_at {ts} NOT NULL,
            CONSTRAINT ck_studies_integration_mode CHECK ((integration_mode = 'redcap') = redcap_enabled))",
        "CREATE TABLE sites (
            id {uuid} PRIMARY KEY,
            study_id {uuid} NOT NULL REFERENCES studies (id),
            code varchar(64) NOT NULL,
            name varchar(200) NOT NULL,
            redcap_dag varchar(100),
            created_at {ts} NOT NULL,
            CONSTRAINT ux_sites_code UNIQUE (study_id, code),
            CONSTRAINT ux_sites_redcap_dag UNIQUE (study_id, redcap_dag))",
        "CREATE TABLE user_studies (
            user_id {uuid} NOT NULL REFERENCES users (id),
            study_id {uuid} NOT NULL REFERENCES studies (id),
            role varchar(20) NOT NULL CHECK (role IN ('owner', 'admin', 'coordinator', 'researcher', 'monitor')),
            granted_at {ts} NOT NULL,
            PRIMARY KEY (user_id, study_id))",
        "CREATE INDEX ix_user_studies_study ON user_studies (study_id)",
        "CREATE TABLE participants (
            id {uuid} PRIMARY KEY,
            study_id {uuid} NOT NULL REFERENCES studies (id),
            site_id {uuid} REFERENCES sites (id),
            participant_code varchar(64) NOT NULL CHECK (length(participant_code) BETWEEN 1 AND 64),
            external_id varchar(255) NOT NULL CHECK (length(external_id) BETWEEN 1 AND 255),
            status varchar(16) NOT NULL CHECK (status IN ('screened', 'enrolled', 'completed', 'withdrawn')),
            enrollment_date {date} NOT NULL,
            arm_num integer NOT NULL,
            time_zone varchar(64) NOT NULL,
            extra_data {json} NOT NULL,
            mapped_digest varchar(64) NOT NULL,
            created_at {ts} NOT NULL,
            updated_at {ts} NOT NULL,
            CONSTRAINT ux_participants_external_id UNIQUE (study_id, external_id),
            CONSTRAINT ux_participants_code UNIQUE (study_id, participant_code))",
        "CREATE TABLE consents (
            id {uuid} PRIMARY KEY,
            participant_id {uuid} NOT NULL CONSTRAINT ux_consents_participant UNIQUE REFERENCES participants (id),
            mode varchar(16) NOT NULL CHECK (mode IN ('digital', 'manual', 'waived', 'implied')),
            given_at {ts} NOT NULL)",
        "CREATE TABLE participant_links (
            code_hash varchar(64) PRIMARY KEY,
            participant_id {uuid} NOT NULL REFERENCES participants (id),
            created_at {ts} NOT NULL,
            expires_at {ts} NOT NULL,
            used_at {ts})",
    ],
    up_sqlite: &[],
    up_postgres: &[],
    down: &[
        "DROP TABLE participant_links",
        "DROP TABLE consents",
        "DROP TABLE participants",
        "DROP TABLE user_studies",
        "DROP TABLE sites",
        "DROP TABLE studies",
        "DROP TABLE users",
    ],
    down_postgres: &[],
    destroys: &[
        ("studies", "SELECT count(*) FROM studies"),
        ("users", "SELECT count(*) FROM users"),
        ("participants", "SELECT count(*) FROM participants"),
    ],
};
