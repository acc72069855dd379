"""Paths with more points or fewer: where a path bends between its points on drying, it needs some that nobody drew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..filaments import FilamentSet, Floats, Ints, State
from ..scene import StateName
from .sections import segment_lengths


def refined(filaments: FilamentSet, drawn: StateName, segment: Ints, t: Floats, points: Ints) -> FilamentSet:
    """The filaments with places t on segments as further points, in the order `points` (drawn points first, then places)."""
    s = filaments.state(drawn)

    def column(a: Floats) -> Floats:
        u = t if a.ndim == 1 else t[:, None]
        return np.ascontiguousarray(
            np.concatenate([a, a[segment] + u * (a[segment + 1] - a[segment])])[points]
        )

    owner = filaments.owner()
    counts = np.bincount(np.concatenate([owner, owner[segment]])[points], minlength=len(filaments))
    state = State(column(s.points_um), column(s.width_um), column(s.height_um))
    return FilamentSet(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        filaments.material,
        filaments.layer,
        filaments.origin,
        filaments.inks,
        filaments.spans,
        wet=state if drawn == "wet" else None,
        dried=state if drawn == "dried" else None,
        share=None if filaments.share is None else column(filaments.share),
    )


def subdivided(
    filaments: FilamentSet, drawn: StateName, step_um: float
) -> tuple[FilamentSet, npt.NDArray[np.bool_]]:
    """The filaments with points added so that no segment is longer than `step_um`, and which points were added."""
    state = filaments.state(drawn)
    first, _ = filaments.segments()
    extra = np.maximum(np.ceil(segment_lengths(state.points_um, first) / step_um), 1).astype(np.int64) - 1
    segment = np.repeat(first, extra)
    nth = np.arange(len(segment)) - np.repeat(np.cumsum(extra) - extra, extra)
    t = (nth + 1.0) / np.repeat(extra + 1, extra)
    # Drawn points come first among equals, so a stable order by (point, place after it) is all that is needed.
    place = np.concatenate([np.arange(filaments.point_count, dtype=np.float64), segment + t])
    order = np.argsort(place, kind="stable")
    return refined(filaments, drawn, segment, t, order), order >= filaments.point_count


def kept(part: FilamentSet, keep: npt.NDArray[np.bool_]) -> FilamentSet:
    """The filaments with the points `keep` alone, in every state; every filament must keep two."""
    counts = np.add.reduceat(keep.astype(np.int64), part.offsets[:-1])

    def pick(s: State | None) -> State | None:
        return None if s is None else State(s.points_um[keep], s.width_um[keep], s.height_um[keep])

    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    share = None if part.share is None else part.share[keep]
    return replace(part, offsets=offsets, wet=pick(part.wet), dried=pick(part.dried), share=share)


def inside(part: FilamentSet, drawn: StateName, low_um: Floats, high_um: Floats) -> FilamentSet | None:
    """The runs of two and more points that lie in a box, as filaments of their own; None where there is none."""
    s = part.state(drawn)
    within = np.flatnonzero(((s.points_um >= low_um) & (s.points_um <= high_um)).all(axis=1))
    owner = part.owner()
    fresh = np.ones(len(within), dtype=bool)
    fresh[1:] = (np.diff(within) != 1) | (np.diff(owner[within]) != 0)
    run = np.cumsum(fresh) - 1
    lone = np.bincount(run, minlength=1)[run] < 2 if len(run) else np.zeros(0, dtype=bool)
    keep, run = within[~lone], run[~lone]
    if not len(keep):
        return None
    head = np.concatenate([[True], np.diff(run) != 0])
    counts = np.diff(np.append(np.flatnonzero(head), len(keep)))
    f = owner[keep[head]]
    state = State(s.points_um[keep], s.width_um[keep], s.height_um[keep])
    return FilamentSet(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        part.material[f],
        part.layer[f],
        part.origin[f],
        part.inks,
        part.spans,
        wet=state if drawn == "wet" else None,
        dried=state if drawn == "dried" else None,
    )


def thin_out(
    part: FilamentSet, added: npt.NDArray[np.bool_], wet_um: Floats, dried_um: Floats, tolerance_um: float
) -> npt.NDArray[np.bool_]:
    """Points of the refined part that are needed, bool[P]: added ones stay where the path between two drawn points
    strays from its chord by more than `tolerance_um`, in either state."""
    drawn = np.flatnonzero(~added)
    stretch = np.cumsum(~added) - 1
    here = np.flatnonzero(added)
    a = drawn[stretch[here]]
    b = drawn[np.minimum(stretch[here] + 1, len(drawn) - 1)]
    needed = np.zeros(len(drawn), dtype=bool)
    for p in (wet_um, dried_um):
        chord, off = p[b] - p[a], p[here] - p[a]
        square = np.maximum(np.einsum("ij,ij->i", chord, chord), 1e-300)
        off -= chord * (np.einsum("ij,ij->i", off, chord) / square)[:, None]
        stray = np.einsum("ij,ij->i", off, off) > tolerance_um**2
        needed[stretch[here[stray]]] = True
    # The chord must also pass them evenly: what is dropped is put back by the share of the length in either state.
    share = [
        np.linalg.norm(p[here] - p[a], axis=1) / np.maximum(np.linalg.norm(p[b] - p[a], axis=1), 1e-300)
        for p in (wet_um, dried_um)
    ]
    length = np.linalg.norm(wet_um[b] - wet_um[a], axis=1)
    needed[stretch[here[np.abs(share[0] - share[1]) * length > tolerance_um]]] = True
    keep: npt.NDArray[np.bool_] = ~added | needed[stretch]
    return keep
