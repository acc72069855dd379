"""Filaments cut in two or joined into one: new FilamentSets whose rows still name their lines of source."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..filaments import FilamentSet, Floats, Ints, State


def cut_at(part: FilamentSet, place: Floats) -> tuple[FilamentSet, Ints]:
    """Filaments cut at places (point and the part of the way to the next) within them. Returns the pieces, in order, which meet in a
    point they share, and the filament that each comes from."""
    place = np.unique(place)
    point = np.floor(place).astype(np.int64)
    owner = part.owner()
    source = np.concatenate([np.arange(part.point_count, dtype=np.float64), place, place])
    ends = np.concatenate(
        [np.zeros(part.point_count, bool), np.ones(len(place), bool), np.zeros(len(place), bool)]
    )
    # Where a cut meets a point, the point itself is left out: the two ends stand for it.
    kept = np.concatenate([~np.isin(np.arange(part.point_count), place), np.ones(2 * len(place), bool)])
    begins = np.zeros(part.point_count, bool)
    begins[part.offsets[:-1]] = True
    # The end of one piece comes before the beginning of the next.
    order = np.lexsort((~ends, source))
    order = order[kept[order]]
    source, ends = source[order], ends[order]
    first = np.append(True, ends[:-1])
    whole = source == np.floor(source)
    first |= whole & ~ends & begins[np.floor(source).astype(np.int64)]
    offsets = np.append(np.flatnonzero(first), len(source)).astype(np.int64)
    low = np.floor(source).astype(np.int64)
    parent = owner[low[offsets[:-1]]]
    high, share = np.minimum(low + 1, part.point_count - 1), source - low
    assert len(offsets) == len(part) + len(place) + 1 and (point >= 0).all()

    def between(values: npt.NDArray[np.float64]) -> Floats:
        t = share[:, None] if values.ndim == 2 else share
        return np.ascontiguousarray(values[low] + t * (values[high] - values[low]))

    def state(s: State | None) -> State | None:
        return None if s is None else State(between(s.points_um), between(s.width_um), between(s.height_um))

    made = _rebuilt(part, offsets, parent, state(part.wet), state(part.dried))
    return (made if part.share is None else replace(made, share=between(part.share))), parent


def _rebuilt(
    part: FilamentSet, offsets: Ints, parent: Ints, wet: State | None, dried: State | None
) -> FilamentSet:
    """A set over new points, whose filaments take ink, layer and source from `parent`."""
    return FilamentSet(
        offsets, part.material[parent], part.layer[parent], part.origin[parent], part.inks, part.spans, wet, dried
    )  # fmt: skip
