"""Figures of a part in either state: lengths, volume, surface, contacts, gaps, spans, solid fraction, and what it takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .drying.sections import ink_column
from .figures.bulk import bulk_fraction
from .figures.contacts import Contacts, contacts_of, find_contacts
from .figures.overlap import perimeter
from .figures.told import told_drying
from .filaments import QUANTUM_UM, FilamentSet, Floats
from .material import Resin
from .scene import Scene, StateName

if TYPE_CHECKING:
    from .build import Job
    from .figures.network import Axis, Conductance

STATES: tuple[StateName, ...] = ("wet", "dried")

#: 1 nL in um^3.
NANOLITRE = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class StateFigures:
    """Figures of one state, um, um^2, um^3; docs/physics.md defines each. A gap is inf where nothing stands apart.

    `exact` is False where volume and surface come from the method for bent filaments; `materials` gives length and
    swept volume (overlaps not taken off) of each ink. `details` holds what was found filament by filament.
    """

    filaments: int
    points: int
    layers: int
    length_um: float
    volume_um3: float
    surface_um2: float
    bbox_um: tuple[tuple[float, float, float], tuple[float, float, float]]
    contacts: int
    missing_contacts: int
    max_span_um: float
    min_gap_um: float
    solid_fraction: float
    solid_fraction_of: str
    envelope_fraction: float
    swept_um3: float
    min_gap_in_layer_um: float
    max_overhang_um: float
    joints: int
    exact: bool
    materials: dict[str, dict[str, float]]
    details: Contacts

    def as_dict(self) -> dict[str, Any]:
        """The keys of `wp measure --json`, and a few more; a gap that does not exist is None."""
        return {
            "filaments": self.filaments,
            "points": self.points,
            "layers": self.layers,
            "length_um": self.length_um,
            "volume_um3": self.volume_um3,
            "surface_um2": self.surface_um2,
            "bbox_um": [list(self.bbox_um[0]), list(self.bbox_um[1])],
            "contacts": self.contacts,
            "missing_contacts": self.missing_contacts,
            "max_span_um": self.max_span_um,
            "min_gap_um": _finite(self.min_gap_um),
            "solid_fraction": self.solid_fraction,
            "solid_fraction_of": self.solid_fraction_of,
            "envelope_fraction": self.envelope_fraction,
            "swept_um3": self.swept_um3,
            "min_gap_in_layer_um": _finite(self.min_gap_in_layer_um),
            "max_overhang_um": self.max_overhang_um,
            "joints": self.joints,
            "exact": self.exact,
            "materials": self.materials,
        }


def _length(value: float) -> float:
    """A length between places that are rounded to the quantum: below it there is none."""
    return 0.0 if abs(value) < QUANTUM_UM else value


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """Every filament swept along its axis, one row a filament: length um, volume um^3, lateral and end surface um^2."""

    length_um: Floats
    volume_um3: Floats
    surface_um2: Floats


def sweep(filaments: FilamentSet, name: StateName) -> Sweep:
    """Length, volume and surface of every filament by itself. Corners are mitred, so that volume is area times length;
    between two points width and height change linearly (volume by Simpson's rule, which is exact for it). Ends are flat; a closed
    filament has none.
    """
    n = len(filaments)
    out = Sweep(np.zeros(n), np.zeros(n), np.zeros(n))
    state = filaments.state(name)
    for at, stop, points, begin in filaments.runs():
        own = np.append(begin, points.stop - points.start)
        p, a, b = state.points_um[points], 0.5 * state.width_um[points], 0.5 * state.height_um[points]
        step = np.diff(p, axis=0)
        length = np.sqrt(np.einsum("ij,ij->i", step, step))
        # From one filament to the next leads no segment.
        length[own[1:-1] - 1] = 0.0
        volume = (
            (math.pi / 6.0) * length * (a[:-1] * b[:-1] + a[1:] * b[1:] + (a[:-1] + a[1:]) * (b[:-1] + b[1:]))
        )
        around = _perimeters(a, b)
        flank = 0.5 * length * (around[:-1] + around[1:])
        faces = math.pi * (a[own[:-1]] * b[own[:-1]] + a[own[1:] - 1] * b[own[1:] - 1])
        # A filament that ends where it begins has no faces.
        faces[(p[own[:-1]] == p[own[1:] - 1]).all(axis=1)] = 0.0
        for column, value in zip(
            (out.length_um, out.volume_um3, out.surface_um2), (length, volume, flank), strict=True
        ):
            column[at:stop] = np.add.reduceat(value, own[:-1])
        out.surface_um2[at:stop] += faces
    return out


def _perimeters(a: Floats, b: Floats) -> Floats:
    if len(a) and np.array_equal(a, b):
        return 2.0 * math.pi * a
    return perimeter(a, b)


def measure_state(filaments: FilamentSet, name: StateName) -> StateFigures:
    """Figures of the state `name`. LookupError where it has not been computed."""
    swept = sweep(filaments, name)
    found = contacts_of(filaments, name)
    total, surface_of_all = float(swept.volume_um3.sum()), float(swept.surface_um2.sum())
    volume, surface = total - found.shared_um3, surface_of_all - found.hidden_um2
    exact = found.exact
    if found.crowded:
        union = _union(filaments, name, total, surface_of_all)
        exact = union is not None and union[2]
        if union is not None:
            volume, surface = union[:2]
    bbox = bounding_box(filaments, name)
    sides = [hi - lo for lo, hi in zip(*bbox, strict=True)]
    box = math.prod(sides)
    envelope = volume / box if box > 0 else 0.0
    bulk = bulk_fraction(found)
    return StateFigures(
        filaments=len(filaments),
        points=filaments.point_count,
        layers=len(np.unique(filaments.layer)),
        length_um=float(swept.length_um.sum()),
        volume_um3=volume,
        surface_um2=surface,
        bbox_um=bbox,
        contacts=found.contacts,
        missing_contacts=found.missing,
        max_span_um=_length(float(found.span_um.max(initial=0.0))),
        min_gap_um=_length(found.gap_um),
        solid_fraction=envelope if bulk is None else bulk,
        solid_fraction_of="envelope" if bulk is None else "bulk",
        envelope_fraction=envelope,
        swept_um3=total,
        min_gap_in_layer_um=_length(found.layer_gap_um),
        max_overhang_um=_length(float(found.overhang_um.max(initial=0.0))),
        joints=found.joints,
        exact=exact,
        materials=_by_ink(filaments, swept),
        details=found,
    )


def _union(
    filaments: FilamentSet, name: StateName, volume: float, surface: float
) -> tuple[float, float, bool] | None:
    """(volume, surface, whether exact) where three rods share a place, None where there are too many of them."""
    from .figures.exposed import MOST_PAIRS, exposed

    found = contacts_of(filaments, name)
    if found.contacts + found.joints > MOST_PAIRS or found.rods is None:
        return None
    if found.rods.course is not None:
        from .figures.tangle import shared

        less, hidden = shared(filaments, filaments.state(name))
        return volume - less, surface - hidden, False
    rows = find_contacts(filaments, name, pairs=True).rows
    one, two = (np.concatenate([r[k] for r in rows]) for k in (0, 1))
    union = exposed(found.rods, one, two)
    return None if union is None else (*union, True)


def bounding_box(
    filaments: FilamentSet, name: StateName
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Box around the filaments (flat ends, sections square to the axis of each end or bend), um. ((0,0,0),(0,0,0)) for none."""
    state = filaments.state(name)
    if not len(state.points_um):
        return (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for _, _, run, begin in filaments.runs():
        inner = np.ones(run.stop - run.start, dtype=bool)
        inner[begin[1:] - 1] = inner[-1] = False
        at = run.start + np.flatnonzero(inner)
        p, q = state.points_um[at], state.points_um[at + 1]
        t = q - p
        norm = np.linalg.norm(t, axis=1, keepdims=True)
        t = np.divide(t, norm, out=np.zeros_like(t), where=norm > 0)
        flat = np.hypot(t[:, 0], t[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            side = np.stack([-t[:, 1] / flat, t[:, 0] / flat, np.zeros(len(t))], axis=1)
        side[flat < 1e-12] = (1.0, 0.0, 0.0)
        up = np.cross(t, side)
        for end, row in ((p, at), (q, at + 1)):
            a, b = 0.5 * state.width_um[row, None], 0.5 * state.height_um[row, None]
            reach = np.hypot(a * side, b * up)
            low, high = (
                np.minimum(low, (end - reach).min(axis=0)),
                np.maximum(high, (end + reach).max(axis=0)),
            )
    x0, y0, z0 = (float(v) for v in low)
    x1, y1, z1 = (float(v) for v in high)
    return (x0, y0, z0), (x1, y1, z1)


def _by_ink(filaments: FilamentSet, swept: Sweep) -> dict[str, dict[str, float]]:
    n = len(filaments.inks)
    length = np.bincount(filaments.material, swept.length_um, minlength=n)
    volume = np.bincount(filaments.material, swept.volume_um3, minlength=n)
    out: dict[str, dict[str, float]] = {}
    for k, ink in enumerate(filaments.inks):
        row = out.setdefault(ink.name, {"length_um": 0.0, "volume_um3": 0.0})
        row["length_um"] += float(length[k])
        row["volume_um3"] += float(volume[k])
    return out


def materials(filaments: FilamentSet) -> dict[str, dict[str, Any]]:
    """What each ink gives and takes, by name. Length and volume are those of the wet state (of the drawn one where there
    is no wet one), swept, so that ink is not lost where filaments overlap.

    `ink_nl`: the ink that leaves the nozzle, wet volume / swell^2. `nanocrystal_ug`: its nanocrystals, which drying
    keeps. `porosity`: of a dried filament, 1 - mass / (density * volume). `inner_surface_um2`: their inner surface from BET,
    `silica_m2_g`: the BET figure for equal volume of silica (2.43 g/cm3), where the ink has one. Of a resin that is written with
    light only length and volume are told, and `nanocrystal_um3`, the volume of its nanocrystals, where the print gives their share.
    """
    name: StateName = "dried" if filaments.wet is None else "wet"
    swept = sweep(filaments, name)
    rows = _by_ink(filaments, swept)
    swell = ink_column(filaments, "swell")
    ink_um3 = np.bincount(filaments.material, swept.volume_um3 / swell**2, minlength=len(filaments.inks))
    dried = _by_ink(filaments, sweep(filaments, "dried")) if filaments.dried is not None else None
    out: dict[str, dict[str, Any]] = {}
    for k, ink in enumerate(filaments.inks):
        row = out.get(ink.name)
        if isinstance(ink, Resin):
            row = out.setdefault(ink.name, dict(rows[ink.name]))
            if ink.fill is not None:
                row["nanocrystal_um3"] = ink.fill * row["volume_um3"]
            continue
        if row is None:
            row = out[ink.name] = {**rows[ink.name], "ink_nl": 0.0, "nanocrystal_ug": 0.0}
        mass = float(ink_um3[k]) * ink.concentration_ug_um3
        row["ink_nl"] += float(ink_um3[k]) / NANOLITRE
        row["nanocrystal_ug"] += mass
        if dried is not None and dried[ink.name]["volume_um3"] > 0:
            row["dried_um3"] = dried[ink.name]["volume_um3"]
            row["porosity"] = 1.0 - row["nanocrystal_ug"] / (ink.density_ug_um3 * row["dried_um3"])
        if ink.bet_um2_ug is not None:
            # um^2/ug is 1e-6 m^2/g; ug/um^3 is 1e6 g/cm^3.
            row["bet_m2_g"] = ink.bet_um2_ug * 1e-6
            row["inner_surface_um2"] = row["nanocrystal_ug"] * ink.bet_um2_ug
            row["silica_m2_g"] = row["bet_m2_g"] * ink.density_ug_um3 * 1e6 / SILICA_G_CM3
    return out


#: Density of silica that P compares with, g/cm3.
SILICA_G_CM3 = 2.43


def figures(jobs: Iterable[Job]) -> dict[str, dict[str, Any]]:
    """Part name -> {"wet": S, "dried": S, "materials": M}; the states that have been computed. The dried state's S also
    holds functions without arguments that find what takes longer: `conductance_x_s`, `conductivity_x_s_m` ... (LookupError
    where an ink's conductivity is not known)."""
    out = {job.name: _figures(job.filaments) for job in jobs}
    for job in jobs:
        _fill_in(out[job.name], (job,))
        if "dried" in out[job.name]:
            out[job.name]["dried"].update(_conducting(job.filaments))
    return out


def _conducting(filaments: FilamentSet) -> dict[str, Callable[[], float]]:
    from .figures.network import AXES

    @cache
    def along(axis: Axis) -> Conductance:
        from .figures.network import conductance

        return conductance(filaments, "dried", axis, contacts="necks")

    found: dict[str, Callable[[], float]] = {}
    for axis in AXES:
        found[f"conductance_{axis}_s"] = lambda k=axis: along(k).siemens  # type: ignore[misc]
        found[f"conductivity_{axis}_s_m"] = lambda k=axis: along(k).effective_s_m  # type: ignore[misc]
    return found


def _figures(filaments: FilamentSet) -> dict[str, Any]:
    # What light has written is one state under both names.
    alike = filaments.wet is not None and filaments.wet is filaments.dried
    out: dict[str, Any] = {
        name: measure_state(filaments, name).as_dict()
        for name in STATES
        if getattr(filaments, name) is not None and not (alike and name == "dried")
    }
    if alike:
        out["dried"] = dict(out["wet"])
    inks = out["materials"] = materials(filaments)
    for name in STATES:
        if name in out:
            # What an ink takes and gives does not change with the state; its length and volume do.
            rows = out[name]["materials"]
            out[name]["materials"] = {ink: {**inks[ink], **row} for ink, row in rows.items()}
    return out


def _fill_in(found: dict[str, Any], jobs: Sequence[Job]) -> None:
    """Struts that light fills with lines hold more than the ellipse around them."""
    if any(job.light is not None for job in jobs):
        from .voxels.solid import fill_in

        fill_in(found, jobs)


def measure(
    jobs: Sequence[Job], conductance: Sequence[Axis] = (), scene: Scene | None = None
) -> dict[str, Any]:
    """What `wp measure --json` prints: {"states": {"wet": S, "dried": S}, "materials": M}. Several prints are measured as
    they lie together. Of a `scene` with patterns, "patterns" has the films and how the prints (dried, where that state is known) lie on
    them; states and materials are empty where nothing is printed. For each axis in `conductance` the dried S has what the part conducts along it between two faces;
    LookupError where the conductivity of an ink is not known. Of jobs that were dried, "drying" tells how, by job, and what
    of it nobody measured."""
    from .filaments import join

    films: dict[str, Any] = {}
    if scene is not None and scene.patterns:
        from .films.figures import pattern_figures

        drawn = any(job.filaments.dried is None for job in jobs)
        films = {"patterns": pattern_figures(scene, jobs, "wet" if drawn else "dried")}
        if not jobs:
            return {"states": {}, "materials": {}, **films}
    whole = jobs[0].filaments if len(jobs) == 1 else join([j.filaments for j in jobs])
    found = _figures(whole)
    _fill_in(found, jobs)
    if conductance:
        more = _conducting(whole)
        found["dried"]["conductance"] = {
            axis: {
                "siemens": more[f"conductance_{axis}_s"](),
                "effective_s_m": more[f"conductivity_{axis}_s_m"](),
            }
            for axis in conductance
        }
    ink = found.pop("materials")
    told = told_drying(jobs)
    return {"states": found, "materials": ink, **films, **({"drying": told} if told else {})}
