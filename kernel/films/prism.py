"""Film prisms: what of every film stays after development, where, from which height to which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..flat import GRID_UM, Flat, from_shapely, joined, rectangles, to_shapely
from ..mask import drawn
from ..scene import Pattern, Scene
from .coats import POSITIVE, Coat, coats_of, tone_of
from .curve import curve_of
from .exposures import exposures
from .window import total, windows


@dataclass(frozen=True, eq=False)
class Prism:
    """A piece of film: `region` from `base_um` to `top_um`. `item`: the pass (row of `scene.job`) after which it stands."""

    item: int
    pattern: Pattern
    region: Flat
    base_um: float
    top_um: float

    @property
    def thickness_um(self) -> float:
        return self.top_um - self.base_um

    def volume_um3(self) -> float:
        return area_um2(self.region) * self.thickness_um


@dataclass(frozen=True, eq=False)
class Dosed:
    """A region with the dose that all passes of its coat left there; `dose` None where the process has none. `relief_um`: the thickness
    that a relief is to have."""

    region: Flat
    dose: float | None
    relief_um: float | None = None


def area_um2(flat: Flat) -> float:
    """Area of a region, overlaps counted once; of arrays from few of their copies."""
    return total((flat,), 1.0, lambda f: _area(f[0]))


def perimeter_um(flat: Flat) -> float:
    """Length of its boundary, sides that touch each other not counted."""
    return total((flat,), 1.0, lambda f: _length(f[0]))


def pieces(flat: Flat) -> int:
    """How many polygons it is, merged where they share a side."""
    return round(total((flat,), 1.0, lambda f: len(_apart(f[0]))))


def overlap_um2(one: Flat, two: Flat) -> float:
    """Area that two regions share."""
    if not _boxes_meet(one, two):
        return 0.0
    return total((one, two), 1.0, lambda f: _shared(*f))


def overlap(one: Flat, two: Flat) -> bool:
    """Whether two regions share an area."""
    return _boxes_meet(one, two) and any(_shared(a, b) > 0 for a, b in windows((one, two), 1.0))


def common(one: Flat, two: Flat) -> Flat:
    """What two regions share, copied out."""
    return _combined(one, two, "intersection")


def without(one: Flat, two: Flat) -> Flat:
    """A region less another; as it is, repeats kept, where they share no area."""
    return _combined(one, two, "difference") if overlap(one, two) else one


def _apart(flat: Flat) -> np.ndarray[tuple[int, ...], np.dtype[np.object_]]:
    from ..drc import apart

    return to_shapely(Flat((apart(flat),)))


def _area(flat: Flat) -> float:
    import shapely

    return float(shapely.area(_apart(flat)).sum()) * GRID_UM**2


def _length(flat: Flat) -> float:
    import shapely

    return float(shapely.length(_apart(flat)).sum()) * GRID_UM


def _shared(one: Flat, two: Flat) -> float:
    import shapely

    if not one.cells or not two.cells:
        return 0.0
    a, b = _apart(one), _apart(two)
    i, j = shapely.STRtree(b).query(a, predicate="intersects")
    return float(shapely.area(shapely.intersection(a[i], b[j])).sum()) * GRID_UM**2 if len(i) else 0.0


def _boxes_meet(one: Flat, two: Flat) -> bool:
    a, b = one.bounds_nm(), two.bounds_nm()
    return a is not None and b is not None and a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _combined(one: Flat, two: Flat, how: str) -> Flat:
    import shapely

    a = shapely.union_all(to_shapely(one), grid_size=1.0)
    b = shapely.union_all(to_shapely(two), grid_size=1.0)
    return from_shapely(getattr(shapely, how)(a, b, grid_size=1.0))


def dosed(coat: Coat) -> tuple[Dosed, ...]:
    """Where the passes of a coat put which dose: each adds to what earlier ones left. The regions do not overlap. Raises ValueError for a
    relief that no dose can make."""
    out: list[Dosed] = []
    for _, pattern in coat.passes:
        # Doses of light and of electrons do not add up to anything.
        dose = None if coat.dosed_by is None else pattern.fields.get("dose")
        for one in exposures(pattern):
            for c in one.classes:
                out = _added(out, Dosed(c.flat, None if dose is None else c.factor * dose, c.thickness_um))
    return tuple(out)


def _added(known: list[Dosed], new: Dosed) -> list[Dosed]:
    out: list[Dosed] = []
    rest = new.region
    for old in known:
        if not overlap(old.region, new.region):
            out.append(old)
            continue
        dose = None if old.dose is None or new.dose is None else old.dose + new.dose
        out.append(replace(old, region=without(old.region, new.region)))
        out.append(Dosed(common(old.region, new.region), dose, new.relief_um))
        rest = without(rest, old.region)
    out.append(replace(new, region=rest))
    return [d for d in out if d.region.count]


def extent(scene: Scene) -> Flat:
    """The box around all masks of a design: where films are taken to lie if no pattern says."""
    boxes = [b for _, p in _patterns(scene) if (b := drawn(p.mask).bounds_nm()) is not None]
    if not boxes:
        return Flat()
    low, high = np.min(boxes, axis=0)[:2], np.max(boxes, axis=0)[2:]
    return rectangles([*low.tolist(), *high.tolist()])


def _patterns(scene: Scene) -> Iterable[tuple[int, Pattern]]:
    return ((i, p) for i, p in enumerate(scene.job) if isinstance(p, Pattern))


def kept(scene: Scene, coat: Coat) -> tuple[tuple[Flat, float], ...]:
    """What stays of a coat: (region, thickness um), regions that do not overlap. Where the contrast curve is known (d0 and gamma) the dose
    says how much of the thickness; else, and where the process has no dose, all of it stays that was exposed.

    A positive tone leaves what was not exposed, of where the film lies (`within`).
    """
    film, (_, last) = coat.film, coat.last
    exposed = dosed(coat)
    if tone_of(last)[0] == POSITIVE:
        where = last.fields.get("within")
        whole = extent(scene) if where is None else drawn(where)
        for part in exposed:
            whole = without(whole, part.region)
        return ((whole, film.thickness_um),) if whole.count else ()
    curve = None if coat.dosed_by is None else curve_of(film, coat.dosed_by)
    out = []
    for part in exposed:
        share = 1.0 if curve is None else curve.retention(part.dose)
        thickness = film.thickness_um * share if part.relief_um is None else part.relief_um
        if thickness > 0:
            out.append((part.region, thickness))
    return tuple(out)


def prisms(scene: Scene) -> tuple[Prism, ...]:
    """All films of a design as they stand at its end, in order of their passes. A later film stands on an earlier one where both stay.
    Raises ValueError for a relief that no dose can make."""
    out: list[Prism] = []
    for coat in coats_of(scene):
        item, pattern = coat.last
        earlier = tuple(out)
        for region, thickness in kept(scene, coat):
            rest = region
            # From the top: what stands on a film that stands on another is counted once.
            for below in sorted(earlier, key=lambda p: -p.top_um):
                if overlap(rest, below.region):
                    on = common(rest, below.region)
                    out.append(Prism(item, pattern, on, below.top_um, below.top_um + thickness))
                    rest = _combined(rest, below.region, "difference")
            if rest.count:
                out.append(Prism(item, pattern, rest, 0.0, thickness))
    return tuple(out)


def by_item(found: Sequence[Prism]) -> dict[int, Flat]:
    """The region of film that each pass leaves, whatever its height."""
    items = dict.fromkeys(p.item for p in found)
    return {i: joined(p.region for p in found if p.item == i) for i in items}
