"""POST /api/webhooks/redcap/det: proven, limited, made idempotent, stored and audited in one commit, then answered 200."""

import hashlib
import hmac
import os
import time
import uuid
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl

from cryptography.fernet import Fernet, InvalidToken
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse
from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from . import audit, settings
from .tables import det_keys, studies, webhook_events

router = APIRouter()
fernet = Fernet(settings.ENCRYPTION_KEY)
KEY_PARTS = (
    "project_id", "record", "instrument", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance",
    "redcap_data_access_group",
)
CANDIDATES = select(studies.c.id, studies.c.config).where(
    text("config->'redcap'->>'project_id' = :project"), studies.c.integration_mode == "redcap",
    studies.c.status != "completed",
)
STORE = insert(webhook_events)
TAKE_KEY = upsert(det_keys)
TAKE_KEY = TAKE_KEY.on_conflict_do_update(
    index_elements=[det_keys.c.study_id, det_keys.c.natural_key],
    set_={"event_id": TAKE_KEY.excluded.event_id, "received_at": TAKE_KEY.excluded.received_at},
    where=det_keys.c.received_at < bindparam("expired_before", type_=det_keys.c.received_at.type),
).returning(det_keys.c.event_id)
ORIGINAL = select(det_keys.c.event_id).where(
    det_keys.c.study_id == bindparam("study"), det_keys.c.natural_key == bindparam("key"))


def uuid7(now_ms):
    value = (now_ms << 80) | int.from_bytes(os.urandom(10), "big")
    return uuid.UUID(int=value & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62)


def proof_holds(request, body, sealed):
    try:
        secret = fernet.decrypt(sealed.removeprefix("enc:v2:").encode())
    except InvalidToken:
        return False
    signature = request.headers.get("x-metricis-signature", "")
    if signature.startswith("sha256="):
        return hmac.compare_digest(hmac.new(secret, body, hashlib.sha256).hexdigest(), signature[7:])
    return hmac.compare_digest(secret, request.query_params.get("token", "").encode())


def natural_key(form):
    parts = [form.get(name, "") for name in KEY_PARTS] + [form.get(f"{form['instrument']}_complete", "")]
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()


async def within_limit(redis, study):
    """A fixed window per study, one round trip."""
    key = f"det:{study}:{int(time.time()) // 60}"
    async with redis.pipeline(transaction=False) as pipe:
        count, _ = await pipe.incr(key).expire(key, 120).execute()
    return count <= settings.DET_LIMIT_PER_MINUTE


async def take_key(connection, study, key, event, now):
    """None when this event is the original, else the id of the original: one conditional upsert decides."""
    taken = await connection.execute(TAKE_KEY, {
        "study_id": study, "natural_key": key, "event_id": event, "received_at": now,
        "expired_before": now - timedelta(seconds=settings.IDEMPOTENCY_TTL_S),
    })
    if taken.first():
        return None
    return (await connection.execute(ORIGINAL, {"study": study, "key": key})).scalar_one()


@router.post("/api/webhooks/redcap/det")
async def receive_det(request: Request):
    body = await request.body()
    form = dict(parse_qsl(body.decode(), keep_blank_values=True))
    if not all(form.get(name) for name in ("project_id", "record", "instrument", "redcap_url")):
        raise HTTPException(422, "fields are missing")
    now = datetime.now(timezone.utc)
    async with request.app.state.engine.begin() as connection:
        candidates = await connection.execute(CANDIDATES, {"project": form["project_id"]})
        study = next(
            (row.id for row in candidates
             if form["redcap_url"].rstrip("/") == row.config["redcap"]["api_url"].removesuffix("/api/")
             and proof_holds(request, body, row.config["redcap"]["webhook_secret"])),
            None,
        )
        if study is None:
            raise HTTPException(401, "not authenticated")
        if not await within_limit(request.app.state.redis, study):
            raise HTTPException(429, "too many requests")
        event, key = uuid7(int(now.timestamp() * 1000)), natural_key(form)
        original = await take_key(connection, study, key, event, now)
        status = "duplicate" if original else "received"
        await connection.execute(STORE, {
            "id": event, "study_id": study, "source": "redcap_det", "project_id": form["project_id"],
            "record_id": form["record"], "instrument": form["instrument"], "event_name": form.get("redcap_event_name"),
            "natural_key": key, "form": form, "status": status, "received_at": now, "retry_count": 0,
            "duplicate_of_id": original,
        })
        await audit.append(connection, study, now, event, status, form["record"])
    return JSONResponse({"id": str(event), "status": status})
