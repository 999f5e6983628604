"""One audit row under the study's chain head, in the transaction of the change that it tells of."""

import hashlib
import json

from sqlalchemy import bindparam, insert, select, update

from .tables import audit_chains, audit_logs

ID_STRIDE = 10_000_000_000
LOCK_HEAD = (
    select(audit_chains.c.chain, audit_chains.c.head_sequence, audit_chains.c.head_hash)
    .where(audit_chains.c.study_id == bindparam("study"))
    .with_for_update()
)
MOVE_HEAD = (
    update(audit_chains)
    .where(audit_chains.c.chain == bindparam("of_chain"))
    .values(head_sequence=bindparam("sequence"), head_hash=bindparam("hash"))
)
APPEND = insert(audit_logs)


def row_hash(row):
    """SHA-256 over length-prefixed columns: no two different rows give the same bytes."""
    columns = (
        row["id"], row["chain"], row["study_id"], row["sequence"], row["occurred_at"].isoformat(), row["actor_kind"],
        row["actor_id"], row["action"], row["object_kind"], row["object_id"], row["detail"], row["previous_hash"],
    )
    canonical = "".join(f"{len(str(column))}:{column}\n" for column in columns)
    return hashlib.sha256(canonical.encode()).hexdigest()


async def append(connection, study, now, event, status, record):
    """Locks the head last, so that it is held for as few statements as possible."""
    chain, sequence, previous = (await connection.execute(LOCK_HEAD, {"study": study})).one()
    sequence += 1
    row = {
        "id": chain * ID_STRIDE + sequence, "chain": chain, "study_id": study, "sequence": sequence, "occurred_at": now,
        "actor_kind": "redcap", "actor_id": "det", "action": "receive_det", "object_kind": "webhook_event",
        "object_id": str(event), "detail": json.dumps({"record": record, "status": status}), "previous_hash": previous,
        "format": 1,
    }
    row["hash"] = row_hash(row)
    await connection.execute(APPEND, row)
    await connection.execute(MOVE_HEAD, {"of_chain": chain, "sequence": sequence, "hash": row["hash"]})
