"""Creates the peer's tables and its one study, the secret sealed as the intake expects: `python -m baseline.prepare`."""

import asyncio
import json
import os
import uuid

from cryptography.fernet import Fernet
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import create_async_engine

from . import settings
from .tables import audit_chains, metadata, studies


async def prepare():
    config = {"redcap": {
        "api_url": os.environ["BENCH_REDCAP_URL"] + "api/", "project_id": os.environ["BENCH_PROJECT_ID"],
        "webhook_secret": "enc:v2:" + Fernet(settings.ENCRYPTION_KEY).encrypt(
            os.environ["BENCH_WEBHOOK_SECRET"].encode()).decode(),
    }}
    engine = create_async_engine(settings.DATABASE_URL)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE SCHEMA app"))
        await connection.run_sync(metadata.create_all)
        study = uuid.uuid4()
        await connection.execute(insert(studies), {
            "id": study, "code": "BENCH", "status": "draft", "integration_mode": "redcap", "config": config,
        })
        await connection.execute(
            insert(audit_chains), {"chain": 2, "study_id": study, "head_sequence": 0, "head_hash": "0" * 64})
    await engine.dispose()
    print(json.dumps({"study": str(study)}))


asyncio.run(prepare())
