"""Planning alone: process seconds from filaments to an order, to motion, and to the proof of its clearance, and how long the ways are.

usage: plans.py [COUNT ...]   Three parts of COUNT filaments (100000 and 1000000 if none is given): `lattice` lines in layers of 500,
`scattered` lines of any direction in 100 layers, `rods` that climb (as many as one order filament by filament may hold, at most 20,000).
"""

import sys
import time

import numpy as np
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.build import Job
from wetprint.kernel.diagnostics import Source, Span
from wetprint.kernel.filaments import FilamentSet, Floats, filaments
from wetprint.kernel.material import Ink, Solvent
from wetprint.kernel.motion import make_toolpath
from wetprint.kernel.order import make_plan
from wetprint.kernel.planning.clearance import clearance
from wetprint.kernel.planning.improve import travel_um
from wetprint.kernel.scene import Lattice, Print

SPAN = Span(Source("bench.wp", "wp 1;\n"), 0, 1)
INK = Ink(
    "gold",
    "Au",
    Solvent("nmf", 17.4, 18.8, 15.9, 181.6),
    5e-8,
    1.93e-5,
    (),
    1.0,
    0.1,
    0.2,
    7.0,
    44.0,
    "#d4a017",
)
LAYERS = 100
RODS = 20_000


def lattice(count: int) -> tuple[Floats, Floats]:
    # No wider than leaves the rig's place to purge free.
    lines = min(count // LAYERS, 500)
    layer, line = np.divmod(np.arange(count // lines * lines), lines)
    side = 20.0 * (lines - 1)
    along, across = np.where(layer % 2 == 0, 0, 1), np.where(layer % 2 == 0, 1, 0)
    ends = np.empty((len(layer), 2, 3))
    rows = np.arange(len(layer))
    for k, place in enumerate((-0.5 * side, 0.5 * side)):
        ends[rows, k, along], ends[rows, k, across] = place, 20.0 * line - 0.5 * side
    ends[:, :, 2] = 5.0 + 8.0 * layer[:, None]
    return ends, layer


def scattered(count: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(0)
    layer = np.arange(count) // (count // LAYERS)
    start = rng.uniform(0, 60.0 * np.sqrt(count / LAYERS), (count, 3))
    start[:, 2] = 5.0 + 8.0 * layer
    return np.stack([start, start + rng.normal(0, 80, (count, 3)) * [1, 1, 0]], axis=1), layer


def rods(count: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(0)
    n = min(count, RODS)
    side = int(np.ceil(np.sqrt(n)))
    at = np.arange(n)
    start = np.column_stack([at % side * 60.0, at // side * 60.0, np.full(n, 5.0)])
    lean = np.column_stack([rng.normal(0, 10, (n, 2)), rng.uniform(20, 50, n)])
    return np.stack([start, start + lean], axis=1), np.zeros(n, np.int64)


def part(ends: Floats, layer: Floats) -> FilamentSet:
    return filaments(
        ends.reshape(-1, 3), np.full(len(ends), 2), width_um=np.array(10.0), material=0, layer=layer, origin=0,
        inks=(INK,), spans=(SPAN,), state="wet",
    )  # fmt: skip


def main() -> None:
    rig = load_rig("sim")
    print(
        f"{'':10}{'filaments':>10}{'order':>9}{'motion':>9}{'clearance':>11} s   travel between filaments, mm"
    )
    for count in [int(a) for a in sys.argv[1:]] or [100_000, 1_000_000]:
        for make in (lattice, scattered, rods):
            made = part(*make(count))
            job = Job("body", Print(Lattice("body", "woodpile", {}, (), SPAN), None, SPAN), made)
            clock = [time.process_time()]
            plan = make_plan([job], rig)
            clock.append(time.process_time())
            toolpath = make_toolpath(plan, rig)
            clock.append(time.process_time())
            clearance(toolpath, rig)
            clock.append(time.process_time())
            points = plan.filaments.state("wet").points_um
            ends = points[plan.filaments.offsets[:-1]], points[plan.filaments.offsets[1:] - 1]
            took = "".join(f"{s:{w}.2f}" for s, w in zip(np.diff(clock), (9, 9, 11), strict=True))
            way = travel_um(plan.order, plan.reverse, *ends) / 1000.0
            print(f"{make.__name__:10}{len(plan.order):10}{took}     {way:.1f}", flush=True)


if __name__ == "__main__":
    main()
