"""One timed round of each kind of load: wrk against a server, pgbench against the bare tables."""

import os
import re
import subprocess

from sides import BENCH, DET_PATH, PROJECT, REDCAP_URL, CouldNotMeasure, psql

CONNECTIONS = 16
THREADS = 2


def run(command, environment=None):
    done = subprocess.run(command, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise CouldNotMeasure(f"{command[0]}: {(done.stderr or done.stdout).strip()[-800:]}")
    return done.stdout


def deliver(side, prefix, seconds):
    """Sends DETs for `seconds`: requests a second, p99 in milliseconds, and how many were answered 200."""
    address = f"http://127.0.0.1:{side.port}{DET_PATH}?token={side.secret}"
    printed = run(["wrk", f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(BENCH / "det.lua"),
                   address, "--", prefix, PROJECT, REDCAP_URL])
    found = re.search(r"^BENCH (\d+) ([\d.]+) ([\d.]+) ([\d.]+) (\d+) (\d+)$", printed, re.M)
    if not found:
        raise CouldNotMeasure(f"wrk printed no result for {side.name}")
    requests, spent, _, p99_us, refused, broken = (float(number) for number in found.groups())
    if requests == 0 or refused or broken:
        raise CouldNotMeasure(f"{side.name}: {requests:.0f} requests, {refused:.0f} not 2xx, {broken:.0f} broken:\n{side.tail()}")
    return {"rate": requests / spent, "p99_ms": p99_us / 1000, "answered": int(requests)}


class Bare:
    """The database alone, driven by pgbench."""

    def __init__(self, url, script):
        self.url, self.script = url, str(BENCH / "bare" / script)

    @staticmethod
    def prepare(admin_url, url):
        psql(admin_url, "CREATE DATABASE bench_bare OWNER metricis_owner")
        psql(url, (BENCH / "bare" / "tables.sql").read_text())

    def insert(self, seconds):
        """Transactions a second."""
        pgbench = os.environ["TEST_PG_BIN"] + "/pgbench"
        printed = run([pgbench, "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", str(THREADS), "-T", str(seconds),
                       "-f", self.script, self.url.replace("+asyncpg", "")])
        found = re.search(r"^tps = ([\d.]+)", printed, re.M)
        if not found or "number of failed transactions: 0 " not in printed:
            raise CouldNotMeasure(f"pgbench printed no clean result:\n{printed}")
        return {"rate": float(found.group(1))}
