"""Verifies exports of audit_logs, audit_chains and sessions with nothing of Metricis but the bytes that docs/AUDIT.md describes.

usage: verify_audit.py FOLDER      (audit_logs.csv, audit_chains.csv, sessions.csv); names the first row that does not fit
"""
import csv, hashlib, json, sys
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from uuid import UUID

csv.field_size_limit(sys.maxsize)

def table(name):
    with open(Path(sys.argv[1]) / f"{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))

def uuid(text):
    return str(UUID(text)) if text else ""

def moment(text):
    return datetime.fromisoformat(text).astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

def digest(first_line, parts):
    hashed = hashlib.sha256(first_line)
    for part in parts:
        hashed.update(b"%d:%s\n" % (len(part.encode()), part.encode()))
    return hashed.hexdigest()

def row_hash(row):
    names = ["actor_kind", "actor_id", "action", "object_kind", "object_id", "detail", "previous_hash"]
    parts = [row["id"], row["chain"], uuid(row["study_id"]), row["sequence"], moment(row["occurred_at"])]
    return digest(b"metricis-audit-1\n", parts + [row[name] for name in names])

def canonical(value):
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda member: member[0].encode())
        return "{" + ",".join(f"{canonical(key)}:{canonical(member)}" for key, member in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, float):
        return format(Decimal(repr(value + 0.0)).normalize(), "f")
    return json.dumps(value, ensure_ascii=False)

def result_digest(session):
    ids = [uuid(session[name]) for name in ("id", "study_id", "participant_id", "visit_id")]
    times = [moment(session["started_at"]), moment(session["completed_at"])]
    results = canonical(json.loads(session["results"]))
    return digest(b"metricis-result-1\n", [session["result_salt"], *ids, session["task"], *times, results])

heads = {head["chain"]: head for head in table("audit_chains")}
ends = {chain: (0, "0" * 64) for chain in heads}
digests = {}
for row in sorted(table("audit_logs"), key=lambda row: int(row["id"])):
    chain, sequence = row["chain"], int(row["sequence"])
    before, previous_hash = ends.get(chain, (0, ""))
    faults = {
        "its format is not 1": row["format"] != "1",
        "audit_chains has no such chain": chain not in heads,
        "it is of another study than its chain": uuid(row["study_id"]) != uuid(heads.get(chain, row)["study_id"]),
        "a row before it is missing or doubled": sequence != before + 1,
        "its id is not chain and sequence": int(row["id"]) != int(chain) * 10**10 + sequence,
        "its previous_hash is not the hash before": row["previous_hash"] != previous_hash,
        "its hash is not that of its columns": row["hash"] != row_hash(row),
    }
    for fault in (fault for fault, found in faults.items() if found):
        sys.exit(f"row {row['id']}: {fault}")
    ends[chain] = (sequence, row["hash"])
    if row["action"] == "submit_session":
        digests.setdefault(row["object_id"], json.loads(row["detail"]).get("result_digest"))
for chain, (sequence, last_hash) in ends.items():
    if (sequence, last_hash) != (int(heads[chain]["head_sequence"]), heads[chain]["head_hash"]):
        sys.exit(f"row {int(chain) * 10**10 + sequence}: the chain ends here, its head is at {heads[chain]['head_sequence']}")
sessions = {uuid(session["id"]): session for session in table("sessions")}
for session in sorted(sessions.keys() | digests.keys()):
    if session not in digests or session not in sessions:
        sys.exit(f"session {session}: is only in {'the table' if session in sessions else 'the audit log'}")
    if digests[session] and digests[session] != result_digest(sessions[session]):
        sys.exit(f"session {session}: the stored result does not match the audit log")
covered = sum(1 for recorded in digests.values() if recorded)
print(f"{sum(end[0] for end in ends.values())} rows in {len(ends)} chains valid; {covered} results as submitted, {len(digests) - covered} not covered")
