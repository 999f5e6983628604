"""Row P6's peer: a task that does nothing, with Redis as broker and as the place where its end is kept.

`celery -A baseline.noop worker` works; `python -m baseline.noop N` enqueues N and prints how many a second were done, from the first
one enqueued to the last one's end in Redis.
"""

import json
import sys
import time

import redis
from celery import Celery

from . import settings

RESULTS_URL = settings.REDIS_URL.rsplit("/", 1)[0] + "/9"
app = Celery("noop", broker=settings.REDIS_URL, backend=RESULTS_URL)
app.conf.broker_connection_retry_on_startup = True


@app.task(name="baseline.noop.noop")
def noop():
    """Nothing."""


def until_done(results, count):
    while results.dbsize() < count:
        time.sleep(0.005)


def main(count):
    results = redis.Redis.from_url(RESULTS_URL)
    results.flushdb()
    noop.delay()
    until_done(results, 1)
    begun = time.monotonic()
    for _ in range(count):
        noop.delay()
    until_done(results, count + 1)
    print(json.dumps({"rate": count / (time.monotonic() - begun)}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
