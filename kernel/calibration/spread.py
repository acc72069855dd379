"""Uncertainty: what the spread of an ink's measured figures makes of the dried part, by drying it again with other figures.

The part that is printed is one: its wet paths follow from the figures as they stand. What is not certain is how it dries. So the wet
part is kept and dried anew with swell, shrinkage and Poisson's ratio changed (swell changes the wet widths, as the ink that flows
is what the rig sets). Linear: every figure one standard uncertainty up and down, variances added with their correlations. Monte
Carlo: figures drawn from normal distributions (a Latin hypercube) with a fixed seed, the part dried for each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..drying.hold import Hold
from ..drying.sections import segment_lengths
from ..filaments import FilamentSet, Floats, State, join
from ..material import Ink
from ..measure import measure_state
from ..shrink import Model, dry

if TYPE_CHECKING:
    from ..build import Job

#: A 95 % interval of a normal distribution reaches so many standard uncertainties either way.
Z95 = 1.959964

#: (figure of an ink, lowest, highest) that drying can be computed for.
_FIGURES = (("shrink", 0.0, 0.85), ("poisson", 0.0, 0.5), ("swell", 0.05, 20.0))

#: key -> label and unit, in the order of the table.
FIGURES: Mapping[str, tuple[str, str]] = {
    "size_x_um": ("size x", "um"),
    "size_y_um": ("size y", "um"),
    "size_z_um": ("size z", "um"),
    "top_x_um": ("top layer, x", "um"),
    "top_y_um": ("top layer, y", "um"),
    "width_um": ("filament width, mean", "um"),
    "width_min_um": ("narrowest filament", "um"),
    "width_max_um": ("widest filament", "um"),
    "min_gap_um": ("least gap", "um"),
    "min_gap_in_layer_um": ("least gap in a layer", "um"),
    "max_span_um": ("longest span", "um"),
    "volume_um3": ("volume", "um3"),
    "solid_fraction": ("solid fraction", ""),
}


@dataclass(frozen=True, slots=True)
class Source:
    """Figures that err together: those of the inks in `inks`. `sd` of (shrink, poisson, swell), 0 where none is known."""

    inks: tuple[str, ...]
    value: tuple[float, float, float]
    sd: tuple[float, float, float]
    correlation: float
    origin: str
    assumed: bool

    def covariance(self) -> Floats:
        s, p, w = self.sd
        both = self.correlation * s * p
        return np.array([[s * s, both, 0.0], [both, p * p, 0.0], [0.0, 0.0, w * w]])


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """What is known of the dried part: `figures` name -> (value, sd, low, high), low and high the ends of a 95 % interval; `layers` the same
    for the extent in plan of each layer, [L,4]; `by_source` name -> standard uncertainty that each source alone makes (linear
    only). `unknown`: figures of inks that have no spread."""

    method: str
    solves: int
    seed: int | None
    sources: tuple[Source, ...]
    unknown: tuple[str, ...]
    figures: dict[str, tuple[float, float, float, float]]
    layers: Floats
    by_source: dict[str, list[float]]

    def as_dict(self) -> dict[str, Any]:
        return {
            "state": "dried",
            "method": self.method,
            "solves": self.solves,
            "seed": self.seed,
            "sources": [
                {
                    "inks": list(s.inks),
                    **{
                        n: {"value": v, "sd": d}
                        for (n, _, _), v, d in zip(_FIGURES, s.value, s.sd, strict=True)
                    },
                    "shrink_poisson": s.correlation,
                    "origin": s.origin,
                    "assumed": s.assumed,
                }
                for s in self.sources
            ],
            "without_spread": list(self.unknown),
            "figures": {
                k: {"value": v, "sd": sd, "low_95": low, "high_95": high}
                | ({"by_source_sd": self.by_source[k]} if k in self.by_source else {})
                for k, (v, sd, low, high) in self.figures.items()
            },
            "layers": [
                {"layer": n, "extent_um": v, "sd_um": sd}
                for n, (v, sd, _, _) in enumerate(self.layers.tolist())
            ],
        }


def spread_of(jobs: Sequence[Job], *, samples: int = 0, seed: int = 1, model: Model = "auto") -> Spread:
    """Uncertainty of the dried part of jobs that have both states. `samples` 0: linear, at most six solves a source; else so many
    of a Monte Carlo with `seed`. Raises WetprintError where the part cannot be dried."""
    sources, unknown = sources_of([job.filaments for job in jobs])
    solves = 0

    def figures(change: Mapping[int, Sequence[float]]) -> tuple[dict[str, float], Floats]:
        nonlocal solves
        solves += 1
        return _figures(_dried(jobs, sources, change, model))

    base, extent = figures({})
    names = [k for k in FIGURES if math.isfinite(base[k])]
    centre = np.array([base[k] for k in names] + extent.tolist())

    def row(change: Mapping[int, Sequence[float]]) -> Floats:
        found, plan = figures(change)
        return np.array([found[k] for k in names] + plan.tolist())

    if samples > 0:
        drawn = _draws(sources, samples, seed)
        rows = np.array([row({k: one[k] for k in range(len(sources))}) for one in drawn])
        sd = rows.std(axis=0, ddof=1) if samples > 1 else np.zeros(len(centre))
        low, high = np.quantile(rows, [0.025, 0.975], axis=0)
        by_source: dict[str, list[float]] = {}
    else:
        variance = np.zeros(len(centre))
        alone = []
        for k, source in enumerate(sources):
            slope = np.zeros((3, len(centre)))
            for i, (_, least, most) in enumerate(_FIGURES):
                if source.sd[i] <= 0.0:
                    continue
                ends = [max(least, source.value[i] - source.sd[i]), min(most, source.value[i] + source.sd[i])]
                at = [[*source.value[:i], v, *source.value[i + 1 :]] for v in ends]
                slope[i] = (row({k: at[1]}) - row({k: at[0]})) / (ends[1] - ends[0])
            mine = np.einsum("ij,ik,kj->j", slope, source.covariance(), slope)
            variance += mine
            alone.append(np.sqrt(np.maximum(mine, 0.0)))
        sd = np.sqrt(np.maximum(variance, 0.0))
        low, high = centre - Z95 * sd, centre + Z95 * sd
        by_source = {n: [float(a[j]) for a in alone] for j, n in enumerate(names)}
    table = np.column_stack([centre, sd, low, high])
    return Spread(
        "monte carlo" if samples > 0 else "linear", solves, seed if samples > 0 else None, sources, unknown,
        {n: (r[0], r[1], r[2], r[3]) for n, r in zip(names, table.tolist(), strict=False)}, table[len(names) :], by_source,
    )  # fmt: skip


def sources_of(parts: Sequence[FilamentSet]) -> tuple[tuple[Source, ...], tuple[str, ...]]:
    """What errs in the inks that are printed, and what of them nobody knows the spread of. Inks whose figures and words of origin
    are the same rest on one measurement: they err together."""
    groups: dict[tuple[Any, ...], list[str]] = {}
    unknown: list[str] = []
    for ink in _used(parts):
        unknown += [
            f"{name} of ink {ink.name}" for name, _, _ in _FIGURES if getattr(ink, f"{name}_sd") is None
        ]
        found = groups.setdefault(_key(ink), [])
        if ink.name not in found:
            found.append(ink.name)
    sources = tuple(
        Source(tuple(names), key[0], key[1], key[2], key[3], key[4])
        for key, names in groups.items()
        if any(sd > 0 for sd in key[1])
    )
    return sources, tuple(dict.fromkeys(unknown))


def _used(parts: Sequence[FilamentSet]) -> list[Ink]:
    return [part.inks[int(m)] for part in parts for m in np.unique(part.material)]


def _key(ink: Ink) -> tuple[Any, ...]:
    value = tuple(float(getattr(ink, n)) for n, _, _ in _FIGURES)
    sd = tuple(float(getattr(ink, f"{n}_sd") or 0.0) for n, _, _ in _FIGURES)
    said = [ink.provenance[f"{n}_sd"] for n, _, _ in _FIGURES if f"{n}_sd" in ink.provenance]
    text = "; ".join(dict.fromkeys(o.text for o in said))
    return value, sd, ink.shrink_poisson, text, any(o.assumed for o in said)


def _dried(
    jobs: Sequence[Job], sources: Sequence[Source], change: Mapping[int, Sequence[float]], model: Model
) -> FilamentSet:
    """All jobs dried with the figures of some sources changed to (shrink, poisson, swell)."""
    done = []
    for job in jobs:
        part = job.filaments
        wet = part.state("wet")
        scale = np.ones(len(part.inks))
        inks = list(part.inks)
        for k, (shrink, poisson, swell) in change.items():
            for m, ink in enumerate(part.inks):
                if ink.name in sources[k].inks and _key(ink)[0] == sources[k].value:
                    inks[m] = replace(ink, shrink=shrink, poisson=poisson, swell=swell)
                    scale[m] = swell / ink.swell
        wider = scale[part.material][part.owner()]
        swollen = (
            wet if (scale == 1.0).all() else State(wet.points_um, wet.width_um * wider, wet.height_um * wider)
        )
        changed = replace(part, wet=swollen, dried=None, inks=tuple(inks))
        done.append(dry(changed, "wet", model=model, hold=Hold.of(job.print), keep=not change).filaments)
    return done[0] if len(done) == 1 else join(done)


def _figures(part: FilamentSet) -> tuple[dict[str, float], Floats]:
    """The figures of FIGURES and the extent in plan of every layer (mean of x and y)."""
    dried = part.state("dried")
    found = measure_state(part, "dried")
    (x0, y0, z0), (x1, y1, z1) = found.bbox_um
    layers, row = np.unique(part.layer, return_inverse=True)
    group = row[part.owner()]
    sides = np.zeros((2, len(layers)))
    for axis in (0, 1):
        v = dried.points_um[:, axis]
        low, high = np.full(len(layers), np.inf), np.full(len(layers), -np.inf)
        np.minimum.at(low, group, v - 0.5 * dried.width_um)
        np.maximum.at(high, group, v + 0.5 * dried.width_um)
        sides[axis] = high - low
    first, _ = part.segments()
    # By length: a filament gains points where it is bonded, more or fewer of them by its figures.
    length = segment_lengths(dried.points_um, first)
    along = float((0.5 * (dried.width_um[first] + dried.width_um[first + 1]) * length).sum() / length.sum())
    values = {
        "size_x_um": x1 - x0,
        "size_y_um": y1 - y0,
        "size_z_um": z1 - z0,
        "top_x_um": float(sides[0, -1]),
        "top_y_um": float(sides[1, -1]),
        "width_um": along,
        "width_min_um": float(dried.width_um.min()),
        "width_max_um": float(dried.width_um.max()),
        "min_gap_um": found.min_gap_um,
        "min_gap_in_layer_um": found.min_gap_in_layer_um,
        "max_span_um": found.max_span_um,
        "volume_um3": found.volume_um3,
        "solid_fraction": found.solid_fraction,
    }
    return values, sides.mean(axis=0)


def _draws(sources: Sequence[Source], samples: int, seed: int) -> Floats:
    """float64[samples, sources, 3] of (shrink, poisson, swell), normal, held inside what drying can be computed for. A Latin
    hypercube: one draw in each of as many equally likely ranges as there are samples, so that few of them cover all."""
    from scipy.special import ndtri

    rng = np.random.default_rng(seed)
    low, high = np.array([f[1] for f in _FIGURES]), np.array([f[2] for f in _FIGURES])
    out = np.empty((samples, len(sources), 3))
    for k, source in enumerate(sources):
        # A covariance of rank less than three (a figure without spread) has no Cholesky factor; its root by eigenvalues exists.
        value, vector = np.linalg.eigh(source.covariance())
        root = vector * np.sqrt(np.maximum(value, 0.0))
        ranges = np.column_stack([rng.permutation(samples) for _ in range(3)])
        normal = ndtri((ranges + rng.random((samples, 3))) / samples)
        out[:, k] = np.clip(np.array(source.value) + normal @ root.T, low, high)
    return out


def spread_table(found: Spread) -> str:
    """The spread as text."""
    how = f"{found.solves} dryings" + (f", seed {found.seed}" if found.seed is not None else "")
    lines = [f"uncertainty of the dried part ({found.method}, {how}):"]
    if not found.sources:
        lines.append(
            "  no ink in use tells the spread of its figures (`shrink_sd`, `poisson_sd`, `swell_sd`)"
        )
    for s in found.sources:
        told = [
            f"{n} {v:.4g} +- {sd:.2g}"
            for (n, _, _), v, sd in zip(_FIGURES, s.value, s.sd, strict=True)
            if sd > 0
        ]
        mark = "assumed: " if s.assumed else ""
        lines.append(f"  {', '.join(s.inks)}: {', '.join(told)} ({mark}{s.origin or 'no source given'})")
    if found.unknown:
        lines.append(f"  taken as certain, as no spread is known: {', '.join(found.unknown)}")
    wide = max(len(f"{label}, {unit}") for label, unit in FIGURES.values())
    for key, (value, sd, low, high) in found.figures.items():
        label, unit = FIGURES[key]
        name = f"{label}, {unit}" if unit else label
        lines.append(f"  {name:<{wide}}  {value:10.5g} +- {sd:8.2g}   95 %: {low:.5g} to {high:.5g}")
    return "\n".join(lines)
