"""Sampling of a curve that is known as a function of a parameter, to a stated chord error, whole arrays at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..filaments import QUANTUM_UM, Floats
from ..lattice import MOST_POINTS
from ..paths import PathError, TooManyPointsError

#: Looks into a chord, at least; the first five halvings look this often into the whole range, so that no wave hides.
_LOOKS, _FIRST_LOOKS = 5, 96
#: Halvings of the range after which a gap that is left is a jump, not a bend.
_HALVINGS = 44
#: Chords looked at in one go: bounds the memory.
_CHORDS = 1 << 15
#: The golden section: looks at irregular places are never in step with a wave.
_GOLDEN = 0.6180339887498949


def sampled(
    at: Callable[[Floats], Floats],
    over: tuple[float, float],
    tolerance_um: float,
    tell: Callable[[float], str],
) -> Floats:
    """Rows [N, 3 or 4] of points, and widths, on the curve `at(t[K]) -> [K, 3 or 4]` from over[0] to over[1], so that no
    point between is farther than `tolerance_um` from its chord (nor half a width from the straight line between two).

    Chords are halved until the points looked at between their ends lie so near to them and in order along them. Raises
    PathError where the curve has no finite value or jumps, with the parameter told by `tell`; TooManyPointsError.
    """
    first, last = over

    def rows(u: Floats) -> Floats:
        t = first + (last - first) * u
        with np.errstate(all="ignore"):
            out = at(t)
        bad = ~np.isfinite(out).all(axis=1)
        if bad.any():
            raise PathError("", f"at t = {tell(float(t[bad][0]))} it has no finite place or width")
        if out.shape[1] > 3 and (out[:, 3] <= 0).any():
            low = int(np.argmin(out[:, 3]))
            raise PathError(
                "filament",
                f"at t = {tell(float(t[low]))} its width is {out[low, 3]:.6g} um, it must be above zero",
            )
        if out.shape[1] > 3:
            out[:, 3] /= 2
        return out

    # A closed curve has no chord from end to end, so four to begin with.
    ends = np.linspace(0.0, 1.0, 5)
    low, high = ends[:-1], ends[1:]
    ends = rows(ends)
    start, stop = ends[:-1], ends[1:]
    done_at, done = [np.ones(1)], [stop[-1:]]
    count = 1
    for level in range(_HALVINGS + 1):
        looks = max(_LOOKS, _FIRST_LOOKS >> level)
        part = np.concatenate([[0.5], (np.arange(1, looks) * _GOLDEN) % 1.0])
        part.sort()
        bent, middle = np.empty(len(low), dtype=bool), np.empty_like(start)
        for k in range(0, len(low), _CHORDS):
            some = slice(k, k + _CHORDS)
            u = low[some, None] + (high - low)[some, None] * part
            inner = rows(u.ravel()).reshape(len(u), looks, -1)
            bent[some] = _bent(start[some], inner, stop[some], tolerance_um)
            middle[some] = inner[:, int(np.searchsorted(part, 0.5))]
        done_at.append(low[~bent])
        done.append(start[~bent])
        count += int((~bent).sum())
        if not bent.any():
            break
        if count + 2 * int(bent.sum()) > MOST_POINTS:
            raise TooManyPointsError(float(count + 2 * int(bent.sum())))
        if level == _HALVINGS:
            k = int(np.flatnonzero(bent)[0])
            gap = float(np.linalg.norm(stop[k, :3] - start[k, :3]))
            where = tell(first + (last - first) * float(low[k]))
            raise PathError("", f"at t = {where} it jumps by {gap:.4g} um")
        half = (low[bent] + high[bent]) / 2
        between = middle[bent]
        low = np.concatenate([low[bent], half])
        high = np.concatenate([half, high[bent]])
        start, stop = np.concatenate([start[bent], between]), np.concatenate([between, stop[bent]])
    order = np.argsort(np.concatenate(done_at), kind="stable")
    out = np.concatenate(done)[order]
    if np.abs(out[0, :3] - out[-1, :3]).max() < QUANTUM_UM / 2:
        out[-1, :3] = out[0, :3]
    if out.shape[1] > 3:
        out[:, 3] *= 2
    return out


def _bent(
    start: Floats, inner: Floats, stop: Floats, tolerance_um: float
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which of N chords (start, stop [N, D]) the points between them, inner[N, K, D] in order, do not follow."""
    chord = stop - start
    length = np.sqrt(np.einsum("nd,nd->n", chord, chord))
    unit = chord / np.where(length > 0, length, 1.0)[:, None]
    off = inner - start[:, None]
    along = np.einsum("nkd,nd->nk", off, unit)
    held = np.clip(along, 0.0, length[:, None])
    off -= held[:, :, None] * unit[:, None]
    away = np.sqrt(np.einsum("nkd,nkd->nk", off, off).max(axis=1))
    steps = np.diff(along, axis=1, prepend=0.0, append=length[:, None])
    # A walk back along the chord would be lost; nearly the whole chord in one step may be a jump.
    back = -steps.min(axis=1) > tolerance_um
    leap = (steps.max(axis=1) > 0.95 * length) & (length > tolerance_um)
    # Between the looks it may be a hundredth farther.
    return np.asarray((away > 0.98 * tolerance_um) | back | leap)
