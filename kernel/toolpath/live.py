"""Live mixes: filaments whose ratio of two inks varies without steps, made ready for a nozzle that mixes both as it prints."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..filaments import FilamentSet, Floats, Ints, State
from ..material import Ink
from ..records import dataclass
from ..rig import Rig

#: Pieces of one line meet within this distance (um): paths are rounded to 1 nm.
_MEET_UM = 2e-3


@dataclass(frozen=True)
class MixedInk(Ink):
    """The ink of a mixing head: figures of the even mix; `live_swell`: what both inks swell by themselves."""

    live_swell: tuple[float, float] = (1.0, 1.0)


def with_heads(part: FilamentSet, rig: Rig) -> FilamentSet:
    """The part as mixing heads of the rig print it: the premixed steps that stand for a ratio (`share`) are one ink again, named `A/B`,
    and the pieces into which its steps had cut a line are one filament. Without such a head for its inks, as it is.

    Where two pieces join, position and section are the mean of both ends (their premixed inks may swell differently).
    """
    pairs = sorted({ink.live for ink in part.inks if ink.live})
    if part.share is None or all(rig.head_of(pair) is None for pair in pairs):
        return part
    known = ~np.isnan(np.minimum.reduceat(part.share, part.offsets[:-1]))
    inks, material = list(part.inks), part.material.copy()
    for pair in pairs:
        if rig.head_of(pair) is None:
            continue
        rows = [i for i, ink in enumerate(part.inks) if ink.live == pair or ink.name in pair]
        at = np.array([_share_of(part, i, pair[0]) for i in rows])
        swell = np.array([part.inks[i].swell for i in rows])
        slope = float(np.polyfit(at, swell, 1)[0]) if len(rows) > 1 and np.ptp(swell) > 0 else 0.0
        middle = rows[int(np.argmin(np.abs(at - 0.5)))]
        ink = part.inks[middle]
        pure = float(swell[rows.index(middle)] - slope * _share_of(part, middle, pair[0]))
        mixed = MixedInk(
            **{**vars(ink), "name": "/".join(pair), "live": pair}, live_swell=(pure + slope, pure)
        )
        material[known & np.isin(part.material, rows)] = len(inks)
        inks.append(mixed)
    return _whole(replace(part, inks=tuple(inks), material=material), material >= len(part.inks))


def _share_of(part: FilamentSet, ink: int, first: str) -> float:
    """Share of the ink called `first` in one of the premixed inks."""
    found = part.inks[ink]
    return dict(found.parts).get(first, float(found.name == first))


def _whole(part: FilamentSet, live: npt.NDArray[np.bool_]) -> FilamentSet:
    """Filaments that follow each other, of one live ink, layer and place of the source, as one where they meet end to end."""
    assert part.share is not None
    begin, end = part.offsets[:-1], part.offsets[1:]
    drawn = part.dried if part.dried is not None else part.state("wet")
    way = drawn.points_um[begin[1:]] - drawn.points_um[end[:-1] - 1]
    joins = live[1:] & live[:-1] & (np.linalg.norm(way, axis=1) <= _MEET_UM)
    for column in (part.material, part.layer, part.origin):
        joins &= column[1:] == column[:-1]
    joins &= np.abs(part.share[begin[1:]] - part.share[end[:-1] - 1]) <= 1e-6
    if not joins.any():
        return part
    before, after = end[:-1][joins] - 1, begin[1:][joins]
    keep = np.ones(part.point_count, bool)
    keep[after] = False
    first = np.flatnonzero(np.append(True, ~joins))
    counts = np.add.reduceat(np.diff(part.offsets) - np.append(0, joins), first)

    def state(s: State | None) -> State | None:
        if s is None:
            return None
        columns = [a.copy() for a in (s.points_um, s.width_um, s.height_um)]
        for a in columns:
            a[before] = 0.5 * (a[before] + a[after])
        return State(*(a[keep] for a in columns))

    return FilamentSet(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        part.material[first], part.layer[first], part.origin[first], part.inks, part.spans,
        state(part.wet), state(part.dried), share=part.share[keep],
    )  # fmt: skip


@lru_cache(maxsize=2)
def swelling(filaments: FilamentSet) -> Floats | None:
    """At every point, [P]: how much more than its ink's `swell` a live mix swells there, squared (1 elsewhere); by volume, as premixed inks
    do. None where no ratio changes it."""
    mixed = {i: ink for i, ink in enumerate(filaments.inks) if isinstance(ink, MixedInk)}
    if filaments.share is None or all(one == two for one, two in (ink.live_swell for ink in mixed.values())):
        return None
    out = np.ones(filaments.point_count)
    owner = filaments.material[filaments.owner()]
    for i, ink in mixed.items():
        here = owner == i
        share = filaments.share[here]
        out[here] = ((share * ink.live_swell[0] + (1.0 - share) * ink.live_swell[1]) / ink.swell) ** 2
    out.flags.writeable = False
    return out


def share_ends(filaments: FilamentSet, which: Ints) -> tuple[Floats, Floats]:
    """Smallest and largest share of the first ink in the filaments `which`, [len(which)] each; NaN where there is none."""
    assert filaments.share is not None
    least = np.minimum.reduceat(filaments.share, filaments.offsets[:-1])
    most = np.maximum.reduceat(filaments.share, filaments.offsets[:-1])
    return least[which], most[which]
