"""The tables that the intake touches, in the shape of ours: same columns, same indexes, same keys."""

from sqlalchemy import (
    BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Index, Integer, MetaData, String, Table, Text, Uuid, text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(schema="app")

studies = Table(
    "studies", metadata,
    Column("id", Uuid, primary_key=True),
    Column("code", String(64), nullable=False, unique=True),
    Column("status", String(16), nullable=False),
    Column("integration_mode", String(16), nullable=False),
    Column("config", JSONB, nullable=False),
    Index("ix_studies_redcap_project_id", text("(config->'redcap'->>'project_id')"),
          postgresql_where=text("integration_mode = 'redcap'")),
)

webhook_events = Table(
    "webhook_events", metadata,
    Column("id", Uuid, primary_key=True),
    Column("study_id", Uuid, ForeignKey("app.studies.id"), nullable=False),
    Column("source", String(16), nullable=False),
    Column("project_id", String(20), nullable=False),
    Column("record_id", String(255), nullable=False),
    Column("instrument", String(100), nullable=False),
    Column("event_name", String(100)),
    Column("natural_key", String(64), nullable=False),
    Column("form", JSONB, nullable=False),
    Column("status", String(16), nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("processed_at", DateTime(timezone=True)),
    Column("error_message", Text),
    Column("retry_count", Integer, nullable=False),
    Column("duplicate_of_id", Uuid, ForeignKey("app.webhook_events.id")),
    CheckConstraint("(status = 'duplicate') = (duplicate_of_id IS NOT NULL)"),
)
Index("ix_webhook_events_received_at", webhook_events.c.received_at)
Index(
    "ix_webhook_events_open", webhook_events.c.status, webhook_events.c.received_at,
    postgresql_where=text("status IN ('received', 'processing', 'failed')"),
)
Index("ix_webhook_events_record", webhook_events.c.study_id, webhook_events.c.record_id, webhook_events.c.received_at)

det_keys = Table(
    "det_keys", metadata,
    Column("study_id", Uuid, ForeignKey("app.studies.id"), primary_key=True),
    Column("natural_key", String(64), primary_key=True),
    Column("event_id", Uuid, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
)

audit_chains = Table(
    "audit_chains", metadata,
    Column("chain", BigInteger, primary_key=True),
    Column("study_id", Uuid, ForeignKey("app.studies.id"), unique=True),
    Column("head_sequence", BigInteger, nullable=False),
    Column("head_hash", String(64), nullable=False),
)

audit_logs = Table(
    "audit_logs", metadata,
    Column("id", BigInteger, primary_key=True),
    Column("chain", BigInteger, ForeignKey("app.audit_chains.chain"), nullable=False),
    Column("study_id", Uuid),
    Column("sequence", BigInteger, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_id", String(254), nullable=False),
    Column("action", String(64), nullable=False),
    Column("object_kind", String(32), nullable=False),
    Column("object_id", String(254), nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("format", Integer, nullable=False),
)
