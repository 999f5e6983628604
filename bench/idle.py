"""P10: from start to the first 200 of /api/health, and the memory held three seconds later.

Ours is one process with every role; its bash wrapper is replaced by exec and counts against us. The peer is uvicorn, a
Celery worker and beat, started at once. The peer's memory is proportional set size, which counts a page shared by its
forks once; ours is resident size, which counts every page. Both choices favor the peer.
"""

import pathlib
import re
import sys
import time

from sides import CouldNotMeasure, Side

PEER = (["serve", "{port}"], ["worker"], ["beat"])
OURS = (["serve-all", "{port}"],)


def measure(options, folder):
    sides = [] if options.peer_only else [Side("ours", "idle", 3, folder)]
    sides.append(Side("peer", "idle", 4, folder))
    for side in sides:
        side.prepare()
    found = {f"{side.name}_{unit}": [] for side in sides for unit in ("ms", "mib")}
    for number in range(options.rounds + 1):
        for side in sides if number % 2 else reversed(sides):
            ready_ms, mib = once(side)
            if number:
                found[f"{side.name}_ms"].append(ready_ms)
                found[f"{side.name}_mib"].append(mib)
            print(f"# round {number or 'warm-up'}: {side.name} {ready_ms:.0f} ms, {mib:.1f} MiB", file=sys.stderr, flush=True)
    return found


def once(side):
    ours = side.name == "ours"
    with side.running(*(OURS if ours else PEER)) as (processes, ready_ms):
        time.sleep(3)
        pids = [pid for process in processes for pid in tree(process.pid)]
        return ready_ms, sum(resident(pid) if ours else proportional(pid) for pid in pids) / 1024


def tree(pid):
    """The process and all that it started."""
    yield pid
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from tree(int(child))


def resident(pid):
    return kib(f"/proc/{pid}/status", "VmRSS")


def proportional(pid):
    return kib(f"/proc/{pid}/smaps_rollup", "Pss")


def kib(path, name):
    found = re.search(rf"^{name}:\s+(\d+) kB$", pathlib.Path(path).read_text(), re.M)
    if not found:
        raise CouldNotMeasure(f"{path} does not tell {name}")
    return int(found.group(1))
