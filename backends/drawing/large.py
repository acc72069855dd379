"""Large parts: which pieces of which filaments can be seen at all, so that only those are drawn as tubes.

Every segment is drawn once as a flat ribbon of its true width in a colour that is its number. What is left visible tells the
pieces; the rest, most of a dense part, need never become tubes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...kernel.filaments import FilamentSet, Floats, Ints, State
from ..tubes import Floats32
from .camera import Frame
from .gbuffer import GROUND, Bytes, Canvas, GBuffer

#: Pieces that are kept or left out as a whole are this long, pixels.
_PIECE = 48

#: A point of a path counts only so far from the one before, pixels.
_STEP = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Rods:
    """Straight pieces of filaments: ends `a_um` and `b_um` [R,3], `width_um`, `height_um` [R], colour `index` uint8[R]."""

    a_um: Floats
    b_um: Floats
    width_um: Floats
    height_um: Floats
    index: Bytes

    def __len__(self) -> int:
        return len(self.index)


def rods_of(part: FilamentSet, s: State, index: Bytes, um_per_px: float) -> Rods:
    """Every segment of `part` as a rod. Points nearer than a pixel and a half to the last one are passed over."""
    first, owner = _coarse(part, s, um_per_px)
    a, b = first[:-1], first[1:]
    joined = owner[:-1] == owner[1:]
    a, b = a[joined], b[joined]
    return Rods(
        s.points_um[a],
        s.points_um[b],
        0.5 * (s.width_um[a] + s.width_um[b]),
        0.5 * (s.height_um[a] + s.height_um[b]),
        index[owner[:-1][joined]],
    )


def _coarse(part: FilamentSet, s: State, um_per_px: float) -> tuple[Ints, Ints]:
    """Points that are kept, and the filament of each: all ends, and in between one in every few."""
    owner = part.owner()
    p = part.point_count
    if p < 8 * len(part):
        return np.arange(p, dtype=np.int64), owner
    delta = np.diff(s.points_um, axis=0)
    along = np.concatenate([[0.0], np.cumsum(np.sqrt(np.einsum("ij,ij->i", delta, delta)))])
    cell = np.floor(along / (_STEP * um_per_px)).astype(np.int64)
    keep = np.ones(p, dtype=bool)
    keep[1:] = (cell[1:] != cell[:-1]) | (owner[1:] != owner[:-1])
    keep[part.offsets[1:] - 1] = True
    rows = np.flatnonzero(keep)
    return rows, owner[rows]


def seen_pieces(rods: Rods, frame: Frame, axes: Floats) -> tuple[Rods, npt.NDArray[np.bool_]]:
    """The pieces of `rods` that `frame` sees along `axes`, those beside them too, so that no edge is missed; and the pixels in
    the midst of the part, bool[H,W], row 0 at the top: nothing behind the part shows there."""
    va, vb = rods.a_um @ axes.T, rods.b_um @ axes.T
    d = vb[:, :2] - va[:, :2]
    length = np.sqrt(np.einsum("ij,ij->i", d, d))
    pieces = np.maximum(1, np.ceil(length / (_PIECE * frame.um_per_px))).astype(np.int64)
    start = np.concatenate([[0], np.cumsum(pieces)])
    number = _numbers(rods, va, vb, frame)
    at = np.flatnonzero(number)
    rod = number[at] - 1
    y, x = np.divmod(at, frame.width)
    px = (x + 0.5 - frame.width / 2) * frame.um_per_px + frame.centre_um[0]
    py = (y + 0.5 - frame.height / 2) * frame.um_per_px + frame.centre_um[1]
    long = np.maximum(length[rod] ** 2, 1e-12)
    t = ((px - va[rod, 0]) * d[rod, 0] + (py - va[rod, 1]) * d[rod, 1]) / long
    piece = np.clip(np.floor(t * pieces[rod]), 0, pieces[rod] - 1).astype(np.int64)
    seen = np.zeros(start[-1], dtype=bool)
    for by in (-1, 0, 1):
        seen[start[rod] + np.clip(piece + by, 0, pieces[rod] - 1)] = True
    rows = np.flatnonzero(seen)
    of = np.searchsorted(start, rows, side="right") - 1
    k, n = (rows - start[of])[:, None], pieces[of][:, None]
    a, step = rods.a_um[of], rods.b_um[of] - rods.a_um[of]
    ends = a + step * (k / n), a + step * ((k + 1) / n)
    kept = Rods(*ends, rods.width_um[of], rods.height_um[of], rods.index[of])
    return kept, _midst(number.reshape(frame.height, frame.width)[::-1] > 0)


def _midst(covered: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Pixels that are covered together with their eight neighbours."""
    across = covered.copy()
    across[:, 1:-1] &= covered[:, :-2] & covered[:, 2:]
    across[:, [0, -1]] = False
    out = across.copy()
    out[1:-1] &= across[:-2] & across[2:]
    out[[0, -1]] = False
    return out


def without_specks(seen: GBuffer, midst: npt.NDArray[np.bool_], by: int) -> GBuffer:
    """`seen`, `by` times as fine as `midst`, with the gaps closed that left-out pieces opened: each takes what is beside it."""
    index, normal, depth = seen.index, seen.normal, seen.depth_um
    inside = np.repeat(np.repeat(midst, by, axis=0), by, axis=1)
    width = index.shape[1]
    for step in (1, -1, width, -width, 1, -1, width, -width):
        gap = np.flatnonzero((index >= GROUND) & inside)
        if not len(gap):
            break
        other = gap + step
        part = index.reshape(-1)[other] < GROUND
        gap, other = gap[part], other[part]
        index.reshape(-1)[gap] = index.reshape(-1)[other]
        depth.reshape(-1)[gap] = depth.reshape(-1)[other]
        normal.reshape(-1, 2)[gap] = normal.reshape(-1, 2)[other]
    return seen


def _numbers(rods: Rods, va: Floats, vb: Floats, frame: Frame) -> npt.NDArray[np.int64]:
    """Number (from 1) of the rod that each pixel shows, 0 for none, int64[H*W], row 0 at the bottom."""
    best = np.zeros(frame.width * frame.height, dtype=np.int64)
    # 24 bits of colour number 16 million rods.
    assert len(rods) < 1 << 24, "more rods than colours"
    points, faces = _ribbons(rods, va, vb)
    number = np.arange(1, len(rods) + 1, dtype=np.uint32)
    colours = np.empty((len(rods), 4, 3), dtype=np.uint8)
    for c in range(3):
        colours[:, :, c] = ((number >> (8 * c)) & 255).astype(np.uint8)[:, None]
    canvas = Canvas(points, faces, colours.reshape(-1, 3), background=(0, 0, 0), cull=False)
    image = canvas.colours(frame, np.eye(3)).reshape(-1, 3)
    for c in range(3):
        best += image[:, c].astype(np.int64) << (8 * c)
    return best


def _ribbons(rods: Rods, va: Floats, vb: Floats) -> tuple[Floats32, npt.NDArray[np.int32]]:
    """A quad for each rod that faces the eye, as wide as its outline; nearest first, which spares the work of hiding."""
    n = len(rods)
    d = vb - va
    flat = np.sqrt(d[:, 0] ** 2 + d[:, 1] ** 2)
    length = np.sqrt(np.einsum("ij,ij->i", d, d)) + 1e-12
    short = flat < 1e-6 * length
    u = d[:, :2] / np.where(short, 1.0, flat)[:, None]
    u[short] = (1.0, 0.0)
    across = np.stack([-u[:, 1], u[:, 0]], axis=1)
    half = 0.25 * (rods.width_um + rods.height_um)
    # An end that looks at the eye is a disc: the ribbon reaches over it.
    reach = half * np.abs(d[:, 2]) / length
    corners = np.empty((n, 4, 3), dtype=np.float32)
    for k, (end, along, side) in enumerate(((va, -1, -1), (vb, 1, -1), (vb, 1, 1), (va, -1, 1))):
        corners[:, k, :2] = end[:, :2] + (along * reach)[:, None] * u + (side * half)[:, None] * across
        corners[:, k, 2] = end[:, 2] + 0.7 * half
    order = np.argsort(-(va[:, 2] + vb[:, 2]), kind="stable")
    quad = np.array([0, 1, 2, 0, 2, 3])
    faces = (order[:, None] * 4 + quad[None, :]).reshape(-1, 3).astype(np.int32)
    return corners.reshape(-1, 3), faces
