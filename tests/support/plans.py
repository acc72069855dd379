"""Plans for tests: jobs from filament sets, the seven benchmark designs by hand, and rigs with chosen figures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.build import Job
from wetprint.kernel.diagnostics import Source, Span
from wetprint.kernel.filaments import FilamentSet, filaments
from wetprint.kernel.material import Bath, Ink, Solvent
from wetprint.kernel.motion import Toolpath, make_toolpath
from wetprint.kernel.order import make_plan
from wetprint.kernel.plan import Plan
from wetprint.kernel.rig import Lags, Rig
from wetprint.kernel.scene import Lattice, Print

SOURCE = Source("part.wp", "wp 1;\nlattice body = woodpile { }\nprint body { }\n")
SPAN = Span(SOURCE, 6, 13)
NMF = Solvent("nmf", 17.4, 18.8, 15.9, 181.6)


def ink(name: str, swell: float = 1.0) -> Ink:
    return Ink(name, name, NMF, 5e-8, 1.93e-5, (), swell, 0.1, 0.2, 7.0, 44.0, "#d4a017")


def bath(name: str) -> Bath:
    return Bath(name, NMF, (), 1e-21)


def job(part: FilamentSet, bath_name: str = "", **fields: Any) -> Job:
    where = bath(bath_name) if bath_name else None
    return Job("body", Print(Lattice("body", "woodpile", {}, (), SPAN), where, SPAN, fields=fields), part)


def lines(
    ends_um: Any, layer: Any = 0, material: Any = 0, inks: tuple[str, ...] = ("au",), width: float = 10.0
) -> FilamentSet:
    """Straight filaments from `ends_um[F, 2, 3]`, wet."""
    ends = np.asarray(ends_um, dtype=np.float64)
    return filaments(
        ends.reshape(-1, 3),
        np.full(len(ends), 2),
        width_um=np.array(width),
        material=material,
        layer=layer,
        origin=0,
        inks=tuple(map(ink, inks)),
        spans=(SPAN,),
        state="wet",
    )


def cross_layers(
    layers: int, side_um: float, pitch_um: float, rise_um: float = 8.0, inks: tuple[str, ...] = ("au",)
) -> FilamentSet:
    """Lines along x and y in turn, all drawn in one direction; layer k in ink k mod the number of inks."""
    n = round(side_um / pitch_um) + 1
    at = (np.arange(n) - (n - 1) / 2) * pitch_um
    ends = np.empty((layers, n, 2, 3))
    for k in range(layers):
        ends[k, :, 0, k % 2], ends[k, :, 1, k % 2] = -side_um / 2, side_um / 2
        ends[k, :, :, 1 - k % 2] = at[:, None]
        ends[k, :, :, 2] = 5.0 + k * rise_um
    layer = np.repeat(np.arange(layers), n)
    return lines(ends.reshape(-1, 2, 3), layer, layer % len(inks), inks)


def sim(**changes: Any) -> Rig:
    """The simulated rig, with fields changed; `speeds`, `heights` take their own fields as a dict."""
    rig = load_rig("sim")
    for name, value in changes.items():
        old = getattr(rig, name)
        rig = replace(
            rig, **{name: replace(old, **value) if isinstance(value, dict) and name != "axes" else value}
        )
    return rig


def with_lags(rig: Rig, on_s: float, off_s: float) -> Rig:
    def load(nozzle: Any) -> Any:
        return replace(nozzle, loads=tuple(replace(e, lags=Lags(on_s, off_s, "test")) for e in nozzle.loads))

    return replace(rig, nozzles=tuple(load(n) for n in rig.nozzles))


def planned(part: FilamentSet, rig: Rig) -> tuple[Plan, Toolpath]:
    plan = make_plan([job(part)], rig)
    plan.validate()
    return plan, make_toolpath(plan, rig)
