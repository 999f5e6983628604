-- What pgbench writes into for P2: the inbox's columns and indexes, and one chain head.
CREATE TABLE webhook_events (
    id uuid PRIMARY KEY,
    study_id uuid NOT NULL,
    source varchar(16) NOT NULL,
    project_id varchar(20) NOT NULL,
    record_id varchar(255) NOT NULL,
    instrument varchar(100) NOT NULL,
    event_name varchar(100),
    natural_key varchar(64) NOT NULL,
    form jsonb NOT NULL,
    status varchar(16) NOT NULL,
    received_at timestamptz NOT NULL,
    retry_count integer NOT NULL);
CREATE INDEX ix_webhook_events_received_at ON webhook_events (received_at);
CREATE INDEX ix_webhook_events_open ON webhook_events (status, received_at)
    WHERE status IN ('received', 'processing', 'failed');
CREATE INDEX ix_webhook_events_record ON webhook_events (study_id, record_id, received_at);
CREATE TABLE chain_heads (chain bigint PRIMARY KEY, sequence bigint NOT NULL, hash varchar(64) NOT NULL);
INSERT INTO chain_heads VALUES (1, 0, repeat('0', 64));
