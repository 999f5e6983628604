"""P6: jobs that do nothing, enqueued and done, ours on PostgreSQL beside Celery's on Redis; and how soon an idle worker picks one up."""

import json
import subprocess
import sys
import time

from sides import BENCH, CouldNotMeasure, Side

PROGRAM = str(BENCH.parent / "target/release/examples/idle_jobs")
JOBS = 2000
PICK_UPS = 60


def measure(options, folder):
    """Values by round: ours, peer (jobs a second), woken_ms, apart_ms (medians), apart_p95_ms."""
    peer = Side("peer", "jobs", 8, folder)
    found = {name: [] for name in ("ours", "peer", "woken_ms", "apart_ms")}
    for number in range(options.rounds + 1):
        turns = [] if options.peer_only else [ours]
        turns.append(lambda: celery(peer))
        values = {}
        for turn in turns if number % 2 else reversed(turns):
            values |= turn()
        if number:
            for name, value in values.items():
                found[name].append(value)
        told = ", ".join(f"{name} {value:.1f}" for name, value in sorted(values.items()))
        print(f"# round {number or 'warm-up'}: {told}", file=sys.stderr, flush=True)
    return found


def ours():
    return {
        "ours": told([PROGRAM, "rate", str(JOBS)])["rate"],
        "woken_ms": told([PROGRAM, "pick-up", str(PICK_UPS), "woken"])["p50_ms"],
        "apart_ms": told([PROGRAM, "pick-up", str(PICK_UPS), "apart"])["p50_ms"],
    }


def celery(peer):
    worker = subprocess.Popen([peer.script, "noop-worker"], env=peer.environment, stdout=peer.log,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    try:
        return {"peer": told([peer.script, "noop", str(JOBS)], peer.environment)["rate"]}
    finally:
        worker.terminate()
        worker.wait(30)
        time.sleep(0.5)


def told(command, environment=None):
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise CouldNotMeasure(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])
