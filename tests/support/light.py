"""Scenes that are written with two photons, for tests of the voxel model, its checks and its files."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from wetprint.kernel.build import Job, build
from wetprint.kernel.diagnostics import Diagnostic, Source, Span
from wetprint.kernel.material import Ink, Solvent
from wetprint.kernel.quantity import MILLIWATT
from wetprint.kernel.scene import Lattice, LayerRule, Part, Path, Print, Scene, StateName

SOURCE = Source("design.wp", "lattice body = woodpile { }; print body { process: two_photon; }")
HERE = Span(SOURCE, 0, 7)
GOLD = Ink(
    "au",
    "Au",
    Solvent("nmf", 17.4, 18.8, 15.9, 181.6),
    5e-8,
    1.93e-5,
    (),
    1.1,
    0.1,
    0.2,
    7.0,
    44.0,
    "#d4a017",
)

#: An oil immersion objective and a resin whose figures nobody measured.
LIGHT: dict[str, Any] = {
    "wavelength": 0.78,
    "aperture": 1.4,
    "index": 1.518,
    "scan_speed": 100.0,
    "threshold_power": 5.0 * MILLIWATT,
    "threshold_time": 1e-3,
}
W_XY, W_Z = 0.13197341455640446, 0.315096950803853
MW = MILLIWATT


def woodpile(**fields: Any) -> Lattice:
    """10 x 10 um, 6 layers of 11 struts of 0.3 um, unless `fields` say otherwise."""
    f = {
        "size": (10.0, 10.0),
        "pitch": 1.0,
        "filament": 0.3,
        "layers": 6,
        "layer_height": 0.4,
        "material": GOLD,
    }
    return Lattice("body", "woodpile", {**f, **fields}, (), HERE, {})


def diamond(*, filament: float) -> Lattice:
    """A woodpile whose struts lie over the gaps of those two layers below; layers 0.8 filaments apart."""
    rules = tuple(LayerRule(k, {"phase": 0.25 if k % 4 < 2 else -0.25}) for k in range(6))
    return replace(woodpile(filament=filament, layer_height=round(0.8 * filament, 6)), layers=rules)


def octet(**fields: Any) -> Lattice:
    f = {"size": (5.0, 5.0), "pitch": 2.5, "filament": 0.2, "layers": 2, "material": GOLD}
    return Lattice("body", "octet", {**f, **fields}, (), HERE, {})


def wire(*points: tuple[float, float, float], filament: float = 0.3, name: str = "wire") -> Path:
    return Path(name, "polyline", {"points": tuple(points), "filament": filament, "material": GOLD}, HERE)


def scene(part: Part, *, state: StateName = "dried", compensate: str = "full", **fields: Any) -> Scene:
    made = Print(part, None, HERE, "two_photon", {**LIGHT, **fields})
    return Scene("design", state, {}, {}, {part.name: part}, (), (made,), compensate=compensate)  # type: ignore[arg-type]


def built(part: Part, **fields: Any) -> tuple[tuple[Job, ...], list[Diagnostic]]:
    return build(scene(part, **fields))


def job(part: Part, **fields: Any) -> Job:
    """The job of a part that has no fault."""
    jobs, said = built(part, **fields)
    assert not said, said
    assert jobs[0].light is not None
    jobs[0].filaments.validate()
    return jobs[0]


def voxel_power(width_um: float, w_um: float = W_XY, speed_um_s: float = 100.0) -> float:
    """Power that makes a level line so wide, by hand: q = exp((W / 2w)^2), t = sqrt(pi) w / v, P = Pth sqrt(q tth / t)."""
    time = math.sqrt(math.pi) * w_um / speed_um_s
    return 5.0 * MW * math.sqrt(math.exp((width_um / (2.0 * w_um)) ** 2) * 1e-3 / time)
