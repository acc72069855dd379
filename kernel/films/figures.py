"""Figures of patterns: of every film that stays, and between films and what is printed, from the prisms that passes leave."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..diagnostics import WetprintError, error
from ..drc import apart, between, least
from ..filaments import FilamentSet, Floats, Ints, join
from ..flat import GRID_UM, Flat, joined, to_shapely
from ..process import steps_of
from ..scene import Scene, StateName
from . import prism as prisms_of
from .coats import coats_of, tone_of
from .prism import Prism, area_um2, overlap_um2, perimeter_um, pieces, prisms
from .relief import ReliefError
from .steps import length

if TYPE_CHECKING:
    from ..build import Job

Shapes = npt.NDArray[np.object_]

#: Pieces of film above which nobody asks which of them hang together.
MOST_BODIES = 200_000


def pattern_figures(scene: Scene, jobs: Sequence[Job], state: StateName = "dried") -> dict[str, Any]:
    """The key "patterns" of `wp measure --json`; docs/films.md tells each figure. Raises WetprintError (W255) for a relief that no dose
    makes."""
    try:
        found = prisms(scene)
    except ValueError as caught:
        notes = (caught.mend,) if isinstance(caught, ReliefError) else ()
        raise WetprintError(error("W255", f"{caught}", scene.patterns[0].span, notes=notes)) from None
    steps = steps_of(scene, tuple(jobs))
    films = []
    for coat in coats_of(scene):
        item, last = coat.last
        mine = [p for p in found if p.item == item]
        region = _merged_once(joined(p.region for p in mine))
        times = [s.time_s for s in steps if s.item in {row for row, _ in coat.passes} and s.kind == "expose"]
        films.append(
            {
                "name": last.name,
                "film": coat.film.name,
                "passes": [p.name for _, p in coat.passes],
                "process": [p.process for _, p in coat.passes],
                "tone": tone_of(last)[0],
                "developed": coat.developed,
                **_of_region(region),
                "volume_um3": math.fsum(p.volume_um3() for p in mine),
                "thickness_um": [min((p.thickness_um for p in mine), default=0.0), max((p.thickness_um for p in mine), default=0.0)],
                "top_um": max((p.top_um for p in mine), default=0.0),
                "expose_s": None if None in times else math.fsum(t for t in times if t is not None),
            }
        )  # fmt: skip
    known = [s.time_s for s in steps if s.time_s is not None]
    out: dict[str, Any] = {
        "films": films,
        "between": [*_film_pairs(scene, found), *_film_print_pairs(found, scene, jobs, state)],
        "time_s": math.fsum(known),
        "steps": len(steps),
        "steps_without_time": len(steps) - len(known),
    }
    bodies = _bodies(found, jobs, state)
    if bodies is not None:
        out["bodies"] = bodies
    return out


def _merged_once(region: Flat) -> Flat:
    """The region merged where nothing of it repeats, so that no figure need merge it anew."""
    return region if any(c.repeat.count > 1 for c in region.cells) else Flat((apart(region),))


def _of_region(region: Flat) -> dict[str, Any]:
    box = region.bounds_nm()
    return {
        "area_um2": area_um2(region),
        "perimeter_um": perimeter_um(region),
        "pieces": pieces(region),
        "min_width_um": least(region, "width"),
        "min_gap_um": least(region, "gap"),
        "bbox_um": None if box is None else [[v * GRID_UM for v in box[:2]], [v * GRID_UM for v in box[2:]]],
    }


def _film_pairs(scene: Scene, found: Sequence[Prism]) -> list[dict[str, Any]]:
    regions = prisms_of.by_item(found)
    names = _names(scene)
    out = []
    for one, two in combinations(regions, 2):
        shared = overlap_um2(regions[one], regions[two])
        out.append(
            {
                "one": names[one],
                "two": names[two],
                "overlap_um2": shared,
                "gap_um": 0.0 if shared > 0 else _gap_um(regions[one], regions[two]),
            }
        )
    return out


def _gap_um(one: Flat, two: Flat) -> float | None:
    """Least distance of two regions that share no area."""
    a, b = one.bounds_nm(), two.bounds_nm()
    if a is None or b is None:
        return None
    most = 2 * GRID_UM * max(max(a[2], b[2]) - min(a[0], b[0]), max(a[3], b[3]) - min(a[1], b[1]))
    limit = 1.0
    while limit < 4 * most:
        near = between(one, two, limit, "gap")
        if near is not None:
            return near.value_um
        limit *= 4
    return None


def _names(scene: Scene) -> dict[int, str]:
    return {i: made.name if hasattr(made, "name") else made.part.name for i, made in enumerate(scene.job)}


@dataclass(frozen=True, eq=False)
class Footprints:
    """Segments of filaments seen from above: their outlines (shapely, nm), the filament of each, and its lowest and highest place, um."""

    shapes: Shapes
    filament: Ints
    low_um: Floats
    high_um: Floats


def footprints(filaments: FilamentSet, state: StateName, top_um: float) -> Footprints:
    """What of the filaments reaches down to `top_um`, with flat ends; a segment that stands upright is left out."""
    import shapely

    s = filaments.state(state)
    first, owner = filaments.segments()
    p, q = s.points_um[first], s.points_um[first + 1]
    half = 0.5 * s.height_um
    low = np.minimum(p[:, 2] - half[first], q[:, 2] - half[first + 1])
    high = np.maximum(p[:, 2] + half[first], q[:, 2] + half[first + 1])
    way = (q - p)[:, :2]
    length = np.hypot(way[:, 0], way[:, 1])
    near = (low <= top_um + GRID_UM) & (length > 0)
    p, q, first, way, length = p[near, :2], q[near, :2], first[near], way[near], length[near]
    side = np.stack([-way[:, 1], way[:, 0]], axis=1) / length[:, None]
    a, b = 0.5 * s.width_um[first, None] * side, 0.5 * s.width_um[first + 1, None] * side
    corners = np.stack([p - a, q - b, q + b, p + a], axis=1) / GRID_UM
    shapes = shapely.polygons(corners) if len(corners) else np.empty(0, dtype=object)
    return Footprints(np.asarray(shapes, dtype=object), owner[near], low[near], high[near])


@dataclass(frozen=True, eq=False)
class _Touch:
    """Pieces of film, and which filaments lie on which: rows of `pieces` and filament numbers, each pair once."""

    pieces: Shapes
    piece: Ints
    filament: Ints
    overlap_um2: float
    gap_um: float | None


def _touch(found: Sequence[Prism], prints: Footprints) -> _Touch:
    import shapely

    shapes = [to_shapely(p.region) for p in found]
    whole = np.concatenate([np.empty(0, dtype=object), *shapes])
    base, top = (
        np.repeat([getattr(p, k) for p in found], [len(s) for s in shapes]) for k in ("base_um", "top_um")
    )
    tree = shapely.STRtree(whole)
    i, j = tree.query(prints.shapes, predicate="intersects")
    on = (prints.low_um[i] <= top[j] + GRID_UM) & (prints.high_um[i] >= base[j] - GRID_UM)
    i, j = i[on], j[on]
    shared = 0.0
    if len(i):
        cover = shapely.union_all(prints.shapes[np.unique(i)])
        shared = float(shapely.area(shapely.intersection(whole[np.unique(j)], cover)).sum()) * GRID_UM**2
    n = int(prints.filament.max(initial=0)) + 1
    pairs = np.unique(j * n + prints.filament[i])
    return _Touch(whole, pairs // n, pairs % n, shared, _clear_um(tree, whole, base, top, prints, pairs, n))


def _clear_um(
    tree: Any, whole: Shapes, base: Floats, top: Floats, prints: Footprints, touching: Ints, n: int
) -> float | None:
    """Least distance of filaments and pieces of film that do not touch."""
    import shapely

    if not len(whole) or not len(prints.shapes):
        return None
    boxes = np.concatenate([shapely.bounds(whole), shapely.bounds(prints.shapes)])
    most = float(max(np.ptp(boxes[:, ::2]), np.ptp(boxes[:, 1::2]))) * 2
    reach = 1.0 / GRID_UM
    while reach < 4 * most:
        i, j = tree.query(prints.shapes, predicate="dwithin", distance=reach)
        apart = ~np.isin(j * n + prints.filament[i], touching)
        i, j = i[apart], j[apart]
        if len(i):
            across = shapely.distance(prints.shapes[i], whole[j]) * GRID_UM
            above = np.maximum(np.maximum(prints.low_um[i] - top[j], base[j] - prints.high_um[i]), 0.0)
            clear = float(np.hypot(across, above).min())
            if clear <= reach * GRID_UM:
                return clear
        reach *= 4
    return None


def _film_print_pairs(
    found: Sequence[Prism], scene: Scene, jobs: Sequence[Job], state: StateName
) -> list[dict[str, Any]]:
    names = _names(scene)
    out = []
    for item in dict.fromkeys(p.item for p in found):
        mine = [p for p in found if p.item == item]
        top = max(p.top_um for p in mine)
        for job in jobs:
            touch = _touch(mine, footprints(job.filaments, state, top))
            out.append(
                {
                    "one": names[item],
                    "two": job.name,
                    "overlap_um2": touch.overlap_um2,
                    "gap_um": touch.gap_um,
                    "contacts": len(touch.piece),
                    "joined": bool(len(touch.piece)),
                }
            )
    return out


def _bodies(found: Sequence[Prism], jobs: Sequence[Job], state: StateName) -> int | None:
    """How many bodies there are, of films and filaments, none of which touches another; None of too many pieces to ask."""
    if sum(p.region.count for p in found) > MOST_BODIES:
        return None
    import shapely
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    each = [to_shapely(p.region) for p in found]
    shapes, counts = np.concatenate([np.empty(0, dtype=object), *each]), [len(s) for s in each]
    base, top = (np.repeat([getattr(p, k) for p in found], counts) for k in ("base_um", "top_um"))
    i, j = shapely.STRtree(shapes).query(shapes, predicate="intersects") if len(shapes) else (_NONE, _NONE)
    meet = (i < j) & (base[i] <= top[j] + GRID_UM) & (base[j] <= top[i] + GRID_UM)
    edges = [np.stack([i[meet], j[meet]])]
    size = len(shapes)
    if jobs:
        from ..figures.contacts import find_contacts

        filaments = jobs[0].filaments if len(jobs) == 1 else join([job.filaments for job in jobs])
        places = find_contacts(filaments, state, pairs=True).places
        edges += [np.stack([p[0], p[1]]) + size for p in places]
        if found:
            touch = _touch(found, footprints(filaments, state, max(p.top_um for p in found)))
            edges.append(np.stack([touch.piece, touch.filament + size]))
        size += len(filaments)
    if not size:
        return 0
    a, b = np.concatenate(edges, axis=1)
    graph = coo_array((np.ones(len(a)), (a, b)), shape=(size, size))
    return int(connected_components(graph, directed=False)[0])


_NONE = np.zeros(0, dtype=np.int64)


def table(found: dict[str, Any]) -> str:
    """The figures in words, for a terminal."""
    lines = []
    for f in found["films"]:
        thick = f["thickness_um"]
        thickness = " to ".join(dict.fromkeys(length(t) for t in thick))
        parts = [
            f"{f['area_um2']:.6g} um2 in {f['pieces']} piece{'' if f['pieces'] == 1 else 's'}",
            f"{thickness} thick",
            f"{f['volume_um3']:.6g} um3",
        ]
        parts += [
            f"{word} {f[key]:.4g} um"
            for word, key in (("narrowest", "min_width_um"), ("closest", "min_gap_um"))
            if f[key] is not None
        ]
        parts.append(
            "exposed for a time that is not known"
            if f["expose_s"] is None
            else f"exposed for {f['expose_s']:.4g} s"
        )
        lines.append(f"{f['name']} ({f['film']}): " + ", ".join(parts))
    for b in found["between"]:
        parts = [f"overlap {b['overlap_um2']:.6g} um2"] if b["overlap_um2"] else []
        parts += [f"gap {b['gap_um']:.4g} um"] if b["gap_um"] else []
        if "joined" in b:
            n = b["contacts"]
            parts.append(f"{n} contact{'' if n == 1 else 's'}" if b["joined"] else "not joined")
        lines.append(f"{b['one']} and {b['two']}: " + (", ".join(parts) or "touch"))
    if "bodies" in found:
        lines.append(
            f"{found['bodies']} {'body' if found['bodies'] == 1 else 'bodies'} of films and filaments that touch"
        )
    return "\n".join(lines)  # fmt: skip
