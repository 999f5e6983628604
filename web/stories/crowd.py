"""Fills the demo's study with copies of one participant, and with visit windows, straight into its SQLite file.

`crowd.py DATABASE CODE PARTICIPANTS WINDOWS`. Enrolling ten thousand people through REDCap's pages takes hours; what the console
shows of them is read by the program from the same tables either way.
"""

import sqlite3
import sys
import uuid

database, code, participants, windows = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
db = sqlite3.connect(database, timeout=60)
db.row_factory = sqlite3.Row


def insert(table, row):
    names = ", ".join(row)
    marks = ", ".join(":" + name for name in row)
    db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row)


def later(key, by):
    """An id after this one, so that copies are listed in their order."""
    return (uuid.UUID(bytes=key).int + by).to_bytes(16, "big")


person = dict(db.execute("SELECT * FROM participants WHERE participant_code = ?", (code,)).fetchone())
version = dict(
    db.execute("SELECT * FROM schedule_versions WHERE participant_id = ? AND is_current", (person["id"],)).fetchone()
)
visits = [dict(row) for row in db.execute("SELECT * FROM visits WHERE schedule_version_id = ?", (version["id"],))]
window = dict(db.execute("SELECT * FROM visit_windows WHERE id = ?", (visits[0]["visit_window_id"],)).fetchone())

with db:
    for n in range(1, windows + 1):
        place = {"position": window["position"] + 100 + n, "day_offset": 400 + 30 * n}
        name = {"event_name": f"extra_{n}_arm_1", "label": f"Month {n}"}
        # An event of its own, of which REDCap has told no id.
        insert("visit_windows", window | {"id": later(window["id"], n), "event_id": None} | place | name)
    for n in range(1, participants + 1):
        names = {"participant_code": f"CROWD-{n:05d}", "external_id": f"crowd-{n}"}
        copy = person | {"id": later(person["id"], n)} | names
        insert("participants", copy)
        schedule = version | {"id": later(version["id"], n), "participant_id": copy["id"]}
        insert("schedule_versions", schedule)
        for visit in visits:
            insert("visits", visit | {"id": later(visit["id"], n << 8), "schedule_version_id": schedule["id"]})
