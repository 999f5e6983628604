"""The rows P1, P2, P3, P6 and P10: `rows.py [--peer-only] [--rounds N] [--seconds S] [ROW...]`, run by bench/run.

Prints the facts that make the comparison fair, then a line `name ours peer ratio goal` a row: medians over interleaved
rounds, the spread in brackets; a ratio is taken within each round. It fails only when it could not measure.
"""

import argparse
import os
import signal
import statistics
import sys
import tempfile

import facts
import idle
import queue_rows
from load import CONNECTIONS, Bare, deliver
from sides import CouldNotMeasure, Side, database_url

ROWS = ("P1", "P2", "P3", "P6", "P10")
COLUMNS = "{:26} {:26} {:26} {:24} {}"


def spread(values, unit=""):
    short = "{:.0f}" if statistics.median(values) >= 100 else "{:.2f}" if statistics.median(values) >= 0.1 else "{:.4f}"
    low, middle, high = (short.format(number) for number in (min(values), statistics.median(values), max(values)))
    return f"{middle}{unit} ({low}..{high})"


def show(name, ours, peer, goal, unit="", limit=None):
    """One row. `goal` is (sign, number) on the ratio, or on our own value when it is a limit."""
    if not ours:
        print(COLUMNS.format(name, "-", spread(peer, unit), "-", "not measured"), flush=True)
        return
    ratios = [mine / theirs for mine, theirs in zip(ours, peer, strict=True)]
    judged = statistics.median(ours if limit else ratios)
    met = judged >= goal[1] if goal[0] == ">=" else judged <= goal[1]
    text = f"{goal[0]}{goal[1]}{unit if limit else 'x'} {'met' if met else 'MISSED'}"
    print(COLUMNS.format(name, spread(ours, unit), spread(peer, unit), spread(ratios), text), flush=True)


def limit(name, ours, most, unit):
    """One row without a peer."""
    if ours:
        met = "met" if statistics.median(ours) <= most else "MISSED"
        print(COLUMNS.format(name, spread(ours, unit), "-", "-", f"<={most}{unit} {met}"), flush=True)


def interleave(contestants, rounds, seconds):
    """Runs every contestant once a round, in turning order, after a round that is not counted."""
    results = {name: [] for name in contestants}
    for number in range(rounds + 1):
        order = list(contestants)
        for name in order if number % 2 else reversed(order):
            syncs = facts.wal_syncs()
            result = contestants[name](f"B{number}", seconds)
            result["syncs"] = facts.wal_syncs() - syncs
            results[name].append(result)
            print(f"# round {number or 'warm-up'}: {name} {result['rate']:.0f}/s", file=sys.stderr, flush=True)
    return results


def intake(options, folder):
    """P1, P2 and P3 share their rounds."""
    wanted = set(options.rows)
    servers = [] if options.peer_only else [Side("ours", "intake", 1, folder)]
    if wanted & {"P1", "P3"}:
        servers.append(Side("peer", "intake", 2, folder))
    contestants = {}
    for side in servers:
        side.prepare()
        facts.durability(side.name, side.environment["DATABASE_URL"])
        contestants[side.name] = lambda prefix, seconds, side=side: deliver(side, prefix, seconds)
    if "P2" in wanted:
        url = database_url("TEST_DATABASE_URL", "bench_bare")
        Bare.prepare(os.environ["TEST_ADMIN_DATABASE_URL"], url)
        facts.durability("pgbench", url)
        for script in ("insert", "chained"):
            contestants[script] = lambda _, seconds, bare=Bare(url, script + ".sql"): bare.insert(seconds)
    results = serve_and_measure(servers, contestants, options)
    for side in servers:
        counted = results[side.name]
        facts.stored(side, sum(result["answered"] for result in counted), len(counted), CONNECTIONS)
        facts.synced(side, sum(r["syncs"] for r in counted), sum(r["answered"] for r in counted), CONNECTIONS)
        if side.name == "ours":
            side.command("verify")
            print("# ours: audit verify finds the chain valid", flush=True)
    return {name: counted[1:] for name, counted in results.items()}


def serve_and_measure(servers, contestants, options):
    if not servers:
        return interleave(contestants, options.rounds, options.seconds)
    side, others = servers[0], servers[1:]
    with side.running(["serve", "{port}"]):
        facts.behavior(side)
        return serve_and_measure(others, contestants, options)


def column(results, name, key):
    return [result[key] for result in results.get(name, [])]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-only", action="store_true", help="measure the peers without our program")
    parser.add_argument("--rounds", type=int, default=7, help="counted rounds (default 7)")
    parser.add_argument("--seconds", type=int, default=5, help="length of a round's turn (default 5)")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"any of {' '.join(ROWS)}; all without one")
    options = parser.parse_args()
    options.rows = options.rows or list(ROWS)
    if unknown := set(options.rows) - set(ROWS):
        parser.error(f"no such row: {' '.join(sorted(unknown))}")
    print(f"# machine: {os.cpu_count()} cores, {os.getloadavg()[0]:.1f} busy over the last minute", flush=True)
    with tempfile.TemporaryDirectory(prefix="metricis-bench.") as folder:
        intakes = intake(options, folder) if set(options.rows) & {"P1", "P2", "P3"} else {}
        jobs = queue_rows.measure(options, folder) if "P6" in options.rows else {}
        idles = idle.measure(options, folder) if "P10" in options.rows else {}
    print(COLUMNS.format("name", "ours", "peer", "ratio", "goal"))
    ours = column(intakes, "ours", "rate")
    if "P1" in options.rows:
        show("P1_det_per_s", ours, column(intakes, "peer", "rate"), (">=", 20))
    if "P2" in options.rows:
        show("P2_det_vs_bare_insert", ours, column(intakes, "insert", "rate"), (">=", 1.3))
        show("P2_det_vs_chained_insert", ours, column(intakes, "chained", "rate"), (">=", 9))
    if "P3" in options.rows:
        show("P3_det_p99_ms", column(intakes, "ours", "p99_ms"), column(intakes, "peer", "p99_ms"), ("<=", 0.08))
    if "P6" in options.rows:
        show("P6_jobs_per_s", jobs["ours"], jobs["peer"], (">=", 12))
        for name in ("woken", "apart"):
            limit(f"P6_pick_up_{name}_ms", jobs[f"{name}_ms"], 5, " ms")
    if "P10" in options.rows:
        show("P10_ready_ms", idles.get("ours_ms"), idles["peer_ms"], ("<=", 100), " ms", limit=True)
        show("P10_idle_mib", idles.get("ours_mib"), idles["peer_mib"], ("<=", 32), " MiB", limit=True)


# Ended from outside, it still takes its servers and its folder along.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
try:
    main()
except CouldNotMeasure as reason:
    sys.exit(f"bench: could not measure: {reason}")
