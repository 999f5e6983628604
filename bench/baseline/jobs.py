"""The peer's worker and beat: `celery -A baseline.jobs worker` and `celery -A baseline.jobs beat`."""

from celery import Celery

from . import settings

app = Celery("baseline", broker=settings.REDIS_URL)
app.conf.beat_schedule = {"reconcile": {"task": "baseline.jobs.reconcile", "schedule": 300.0}}
app.conf.broker_connection_retry_on_startup = True


@app.task
def reconcile():
    """Nothing to do: the stack is measured at rest."""
