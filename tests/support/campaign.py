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
import random_programs

#: A case that takes so long hangs (s of the real clock).
HUNG_S = 120.0
#: Campaigns in which nothing waits.
TIMELESS = ("programs",)
#: After so many cases a worker is replaced, so that nothing piles up.
ROUNDS = 100

Case = Callable[[interruptions.Seat, Path, int], dict[str, Any]]


def _over_rigs(do: Callable[[interruptions.Seat, Path, int, str], dict[str, Any]]) -> Case:
    def case(seat: interruptions.Seat, folder: Path, seed: int) -> dict[str, Any]:
        name = interruptions.RIGS[seed % len(interruptions.RIGS)]
        return {"rig": name} | do(seat, folder, seed, name)

    return case


CAMPAIGNS: dict[str, Case] = {
    "stops": _over_rigs(interruptions.interrupted),
    "kills": _over_rigs(interruptions.killed),
    # Heads that mix are fed by analog outputs of the stage: all channels are one line.
    "mixed stops": lambda seat, folder, seed: interruptions.interrupted(seat, folder, seed, "sim-mix"),
    "mixed kills": lambda seat, folder, seed: interruptions.killed(seat, folder, seed, "sim-mix"),
    "programs": lambda seat, folder, seed: random_programs.program(seed),
    "dialogues": lambda seat, folder, seed: dialogues.dialogue(seed, folder),
}


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


def _start(name: str, late_s: float, real: bool) -> Worker:
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
    server = forks.Server(interruptions.WORKS)
    shm = Path("/dev/shm")
    with os.fdopen(told) as orders:
        for line in orders:
            seed = int(line)
            folder = Path(tempfile.mkdtemp(prefix="case", dir=shm if shm.is_dir() else None))
            clock = None if real or name in TIMELESS else clocks.Clock(late_s, seed)
            began = clocks.real_monotonic(), time.process_time()
            try:
                interruptions.MET.clear()
                found = CAMPAIGNS[name](interruptions.Seat(server.address, clock), folder, seed)
            except BaseException as fault:
                where = traceback.extract_tb(fault.__traceback__)[-1]
                found = {
                    "failed": f"{type(fault).__name__}: {fault}"[:1500],
                    "at": f"{where.name}:{where.lineno}",
                    **interruptions.MET,
                }
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
    tell: Callable[[int, dict[str, Any]], None] = lambda seed, found: None,
) -> dict[int, dict[str, Any]]:
    """What became of each seed; `failed` in it says why one did not hold."""
    left, found = list(reversed(seeds)), dict[int, dict[str, Any]]()
    workers: list[Worker] = []
    try:
        while left or any(w.seed is not None for w in workers):
            while left and len(workers) < at_once:
                workers.append(_start(name, late_s, real))
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
                elif w.seed is not None and time.monotonic() - w.since > HUNG_S:
                    said = {"failed": f"hung for {HUNG_S:.0f} s"}
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
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--late", type=float, default=0.0, help="everyone wakes up to so many seconds late")
    parser.add_argument("--real", action="store_true", help="on the real clock")
    parser.add_argument("--json", action="store_true", help="one line a case")
    asked = parser.parse_args()

    def tell(seed: int, said: dict[str, Any]) -> None:
        if asked.json or "failed" in said:
            print(json.dumps({"seed": seed} | said), flush=True)

    seeds = list(range(asked.first, asked.last))
    found = run(asked.name, seeds, at_once=asked.at_once, late_s=asked.late, real=asked.real, tell=tell)
    failed = [k for k, f in found.items() if "failed" in f]
    print(f"{asked.name}: {len(found)} cases, {len(failed)} failed {failed}")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
