"""Campaigns: thousands of cases, each judged alone, and a table of figures: `campaign.py NAME FIRST LAST [--at-once N]`.

One process has all modules loaded and forks workers, which take one case after the other. A case that fails is told with its seed, a
worker that hangs or dies is replaced, and the campaign goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import clock as clocks
import dialogues
import forks
import interruptions
import kills
import random_programs
import seats
import steady

#: A case that takes so long hangs (s of the real clock).
HUNG_S = {"long print": 900.0}
#: Campaigns on the real clock, or in which nothing waits.
TIMELESS = ("programs", "long print")
#: After so many cases a worker is replaced, so that nothing piles up.
ROUNDS = 100

Case = Callable[[seats.Seat, Path, int], dict[str, Any]]


def _over_rigs(do: Callable[[seats.Seat, Path, int, str], dict[str, Any]]) -> Case:
    def case(seat: seats.Seat, folder: Path, seed: int) -> dict[str, Any]:
        name = seats.RIGS[seed % len(seats.RIGS)]
        return {"rig": name} | do(seat, folder, seed, name)

    return case


CAMPAIGNS: dict[str, Case] = {
    "stops": _over_rigs(interruptions.interrupted),
    "kills": _over_rigs(kills.killed),
    # Heads that mix are fed by analog outputs of the stage: all channels are one line.
    "mixed stops": lambda seat, folder, seed: interruptions.interrupted(seat, folder, seed, "sim-mix"),
    "mixed kills": lambda seat, folder, seed: kills.killed(seat, folder, seed, "sim-mix"),
    "bent": lambda seat, folder, seed: steady.bent(seat, folder, seed),
    "programs": lambda seat, folder, seed: random_programs.programs(seed),
    "long print": lambda seat, folder, seed: steady.long_print(seat, folder, 100_000, 600.0),
    "dialogues": lambda seat, folder, seed: dialogues.dialogue(seed, folder),
}


def _late(name: str, seed: int, late_s: float) -> float:
    """Boards that are fed line by line run dry long before others: their lines go to and fro for every move."""
    fed = name in ("stops", "kills") and seats.RIGS[seed % len(seats.RIGS)] in seats.FED
    return 0.01 * late_s if fed else late_s


# Figures


def _spread(values: list[float], unit: float, digits: int) -> str:
    if not values:
        return "-"
    v = sorted(values)
    at = (v[len(v) // 2], v[min(int(0.99 * len(v)), len(v) - 1)], v[-1])
    return " / ".join(f"{unit * x:.{digits}f}" for x in at)


def table(name: str, found: dict[int, dict[str, Any]]) -> str:
    """One row a rig: cases, how they ended, and figures as median / 99 % / worst."""
    rows = [("rig", "cases", "ended", "figures (median / 99 % / worst)")]
    rigs = sorted({str(f.get("rig", name)) for f in found.values()})
    for rig in rigs:
        mine = [f for f in found.values() if str(f.get("rig", name)) == rig]
        ends = Counter(str(f.get("end", "failed" if "failed" in f else "held")) for f in mine)
        kinds = Counter(kind for f in mine for kind in f.get("kinds", ()))
        figures = []
        if leads := [lead for f in mine for lead in f.get("leads", ())]:
            figures.append(
                f"ink off before motion stop {_spread(leads, 1000.0, 1)} ms, least {1000.0 * min(leads):.1f}"
            )
        if on := [f["on_s"] for f in mine if "on_s" in f]:
            figures.append(f"driven after the kill {_spread(on, 1000.0, 1)} ms of the clock")
        if work := [f["work_s"] for f in mine if f.get("work_s")]:
            figures.append(f"watchdog's first cut {_spread(work, 1000.0, 1)} ms of this host")
        figures += [
            f"{key} {f[key]}"
            for f in mine
            for key in ("sender_mib", "emulators_mib", "ahead_s", "wall_s")
            if key in f
        ]
        ended = ", ".join(f"{n} {what}" for what, n in [*ends.most_common(), *kinds.most_common()])
        rows.append((rig, str(len(mine)), ended, "; ".join(figures)))
    return "\n".join(f"{a:<14} {b:>6}  {c}" + (f"\n{'':22} {d}" if d else "") for a, b, c, d in rows)


# Workers


@dataclass
class Worker:
    pid: int
    ask: int
    hear: int
    seed: int | None = None
    since: float = 0.0
    rounds: int = 0
    held: bytes = b""


def _start(name: str, late_s: float, real: bool, keep: Path | None) -> Worker:
    told, ask = os.pipe()
    hear, tell = os.pipe()
    pid = os.fork()
    if pid:
        os.close(told)
        os.close(tell)
        return Worker(pid, ask, hear)
    os.setpgid(0, 0)
    forks.die_with_parent()
    for descriptor in (ask, hear):
        os.close(descriptor)
    # A signal that comes after its print is not for the worker.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPROF):
        signal.signal(number, lambda *_: None)
    server = forks.Server(seats.WORKS)
    shm = Path("/dev/shm")
    with os.fdopen(told) as orders:
        for line in orders:
            seed = int(line)
            folder = Path(tempfile.mkdtemp(prefix="case", dir=shm if shm.is_dir() else None))
            clock = None if real or name in TIMELESS else clocks.Clock(_late(name, seed, late_s), seed)
            began = clocks.real_monotonic(), time.process_time()
            try:
                interruptions.MET.clear()
                found = CAMPAIGNS[name](seats.Seat(server.address, clock), folder, seed)
            except BaseException as fault:
                where = traceback.extract_tb(fault.__traceback__)[-1]
                found = {
                    "failed": f"{type(fault).__name__}: {fault}"[:1500],
                    "at": f"{where.name}:{where.lineno}",
                    **interruptions.MET,
                }
                if keep is not None:
                    shutil.copytree(folder, keep / f"{name} {seed}", dirs_exist_ok=True)
            finally:
                if clock is not None:
                    clock.close()
                shutil.rmtree(folder, ignore_errors=True)
            found["took_s"] = round(clocks.real_monotonic() - began[0], 3)
            found["cpu_s"] = round(time.process_time() - began[1], 3)
            os.write(tell, json.dumps(found).encode() + b"\n")
    server.close()
    os._exit(0)


def _end(worker: Worker) -> None:
    with suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    os.waitpid(worker.pid, 0)
    os.close(worker.ask)
    os.close(worker.hear)


def run(
    name: str,
    seeds: list[int],
    *,
    at_once: int = 2,
    late_s: float = 0.0,
    real: bool = False,
    keep: Path | None = None,
    tell: Callable[[int, dict[str, Any]], None] = lambda seed, found: None,
) -> dict[int, dict[str, Any]]:
    """What became of each seed; `failed` in it says why one did not hold."""
    left, found = list(reversed(seeds)), dict[int, dict[str, Any]]()
    workers: list[Worker] = []
    try:
        while left or any(w.seed is not None for w in workers):
            while left and len(workers) < at_once:
                workers.append(_start(name, late_s, real, keep))
            for w in workers:
                if w.seed is None and left:
                    w.seed, w.since, w.rounds = left.pop(), time.monotonic(), w.rounds + 1
                    os.write(w.ask, b"%d\n" % w.seed)
            ready = select.select([w.hear for w in workers if w.seed is not None], [], [], 1.0)[0]
            for w in list(workers):
                said: dict[str, Any] | None = None
                if w.hear in ready:
                    data = os.read(w.hear, 65536)
                    w.held += data
                    if not data:
                        said = {"failed": "the worker died"}
                    elif w.held.endswith(b"\n"):
                        said, w.held = json.loads(w.held), b""
                elif w.seed is not None and time.monotonic() - w.since > HUNG_S.get(name, 120.0):
                    said = {"failed": "it hung"}
                if said is None or w.seed is None:
                    continue
                found[w.seed] = said
                tell(w.seed, said)
                w.seed = None
                if "failed" in said or w.rounds >= ROUNDS:
                    workers.remove(w)
                    _end(w)
    finally:
        for w in workers:
            _end(w)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=CAMPAIGNS)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("--also", type=int, nargs="*", default=[], help="more seeds")
    parser.add_argument("--rig", help="of the seeds only those that this rig meets")
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--late", type=float, default=0.0, help="everyone wakes up to so many seconds late")
    parser.add_argument("--real", action="store_true", help="on the real clock")
    parser.add_argument("--keep", type=Path, help="keep the records of cases that fail in this folder")
    parser.add_argument("--json", action="store_true", help="one line a case")
    asked = parser.parse_args()

    def tell(seed: int, said: dict[str, Any]) -> None:
        if asked.json or "failed" in said:
            print(json.dumps({"seed": seed} | said), flush=True)

    turn = dialogues.PARTNERS if asked.name == "dialogues" else seats.RIGS
    seeds = [*range(asked.first, asked.last), *asked.also]
    seeds = [seed for seed in seeds if asked.rig in (None, turn[seed % len(turn)])]
    found = run(
        asked.name,
        seeds,
        at_once=asked.at_once,
        late_s=asked.late,
        real=asked.real,
        keep=asked.keep,
        tell=tell,
    )
    print(table(asked.name, found))
    failed = [k for k, f in found.items() if "failed" in f]
    print(f"{asked.name}: {len(found)} cases, {len(failed)} failed {failed}")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
