"""What makes the comparison fair, looked up in the running system: a fact that does not hold means nothing was measured."""

import os
import re
import subprocess
import urllib.parse

from sides import DET_PATH, PROJECT, REDCAP_URL, CouldNotMeasure, psql

GREETINGS = {"auth", "client", "hello", "info", "ping", "select"}
INBOX = """SELECT count(*), count(DISTINCT record_id), count(*) FILTER (WHERE status = 'duplicate')
           FROM app.webhook_events WHERE record_id LIKE 'B%'"""
LINKS = """SELECT count(*), count(*) FILTER (WHERE previous_hash <> expected OR sequence <> place)
           FROM (SELECT previous_hash, sequence, row_number() OVER line AS place,
                        lag(hash, 1, repeat('0', 64)) OVER line AS expected
                 FROM app.audit_logs WINDOW line AS (PARTITION BY chain ORDER BY sequence)) AS rows"""
HEADS = """SELECT count(*) FROM app.audit_chains c WHERE c.head_sequence > 0 AND NOT EXISTS (
           SELECT 1 FROM app.audit_logs l WHERE l.chain = c.chain AND l.sequence = c.head_sequence AND l.hash = c.head_hash)"""


def must(holds, text):
    if not holds:
        raise CouldNotMeasure(f"not a fair comparison: {text}")
    print(f"# {text}", flush=True)


def durability(name, url):
    """As the role that serves sees it, so that no role or database setting weakens it."""
    names = ("fsync", "synchronous_commit", "full_page_writes")
    shown = {setting: psql(url, f"SHOW {setting}")[0][0] for setting in names}
    must(set(shown.values()) == {"on"}, f"{name}: " + ", ".join(f"{key}={value}" for key, value in shown.items()))


def behavior(side):
    """Proof, limit and idempotency are at work: each is seen to refuse or to recognize."""
    def send(token, project=PROJECT):
        query = f"?token={urllib.parse.quote(token)}" if token else ""
        body = urllib.parse.urlencode({
            "redcap_url": REDCAP_URL, "project_url": f"{REDCAP_URL}redcap_v14.9.1/index.php?pid={project}",
            "project_id": project, "username": "jsmith", "record": "A-1", "redcap_event_name": "week_1_arm_1",
            "instrument": "contact", "contact_complete": "2"})
        return side.request("POST", DET_PATH + query, body)[0]

    asked = redis_commands(side)
    answers = [send(side.secret), send(side.secret), send("wrong"), send(""), send(side.secret, "19")]
    must(answers == [200, 200, 401, 401, 401],
         f"{side.name}: proven 200, again 200, wrong proof 401, none 401, unknown project 401 (got {answers})")
    statuses = [row[0] for row in psql(side.owner_url, "SELECT status FROM app.webhook_events WHERE record_id = 'A-1' ORDER BY 1")]
    must(statuses == ["duplicate", "received"], f"{side.name}: the second of two equal deliveries is stored as a duplicate")
    must(redis_commands(side) > asked, f"{side.name}: the limits are counted in Redis")


def stored(side, answered, rounds, connections):
    """Every 200 has its own row, its own record and its link in the chain."""
    rows, records, duplicates = (int(number) for number in psql(side.owner_url, INBOX)[0])
    # wrk leaves when its time is up: at most one request per connection and round is stored without being counted.
    must(answered <= rows <= answered + connections * rounds and rows == records and not duplicates,
         f"{side.name}: {answered} answered, {rows} stored, {records} distinct records, {duplicates} duplicates")
    links, broken = (int(number) for number in psql(side.owner_url, LINKS)[0])
    heads = int(psql(side.owner_url, HEADS)[0][0])
    must(links >= rows and not broken and not heads,
         f"{side.name}: {links} audit rows, {broken} broken links, {heads} heads that are not the last row")


def synced(side, syncs, answered, connections):
    """With c connections one flush can acknowledge at most c requests. Half is demanded, since the server reports late."""
    must(syncs >= answered / connections / 2, f"{side.name}: {answered} answers, {syncs} flushes of the log to disk")


def redis_commands(side):
    """Commands that did some work since Redis started; greetings and this question do not count."""
    text = subprocess.run(["redis-cli", "--no-auth-warning", "-u", side.redis_url, "info", "commandstats"],
                          capture_output=True, text=True, check=True).stdout
    calls = re.findall(r"cmdstat_(\w+)[^:]*:calls=(\d+)", text)
    return sum(int(count) for name, count in calls if name not in GREETINGS)


def wal_syncs():
    admin = os.environ["TEST_ADMIN_DATABASE_URL"]
    # PostgreSQL 18 moved the count.
    number = psql(admin, "SELECT to_jsonb(w)->>'wal_sync' FROM pg_stat_wal w")[0][0]
    return int(number or psql(admin, "SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal'")[0][0])
