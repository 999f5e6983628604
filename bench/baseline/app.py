"""The peer's web process: `uvicorn baseline.app:app --workers 2 --loop uvloop --http httptools`."""

from contextlib import asynccontextmanager

from fastapi import FastAPI
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from . import intake, settings


@asynccontextmanager
async def lifespan(app):
    app.state.engine = create_async_engine(settings.DATABASE_URL, pool_size=settings.POOL_SIZE, max_overflow=0)
    app.state.redis = Redis.from_url(settings.REDIS_URL)
    yield
    await app.state.redis.aclose()
    await app.state.engine.dispose()


app = FastAPI(lifespan=lifespan)
app.include_router(intake.router)


@app.get("/api/health")
async def health():
    async with app.state.engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
    return {"status": "ok"}
