"""The variables that the peer reads; the same names as ours, so that both are given the same limits."""

import os

DATABASE_URL = os.environ["DATABASE_URL"]
REDIS_URL = os.environ["REDIS_URL"]
ENCRYPTION_KEY = os.environ["REDCAP_ENCRYPTION_KEY"]
DET_LIMIT_PER_MINUTE = int(os.environ.get("REDCAP_DET_RATE_LIMIT_PER_MINUTE", "120"))
IDEMPOTENCY_TTL_S = int(os.environ.get("REDCAP_DET_IDEMPOTENCY_TTL_SECONDS", "86400"))
# Connections per process; two processes serve the bench's sixteen connections without one waiting for the pool.
POOL_SIZE = 16
