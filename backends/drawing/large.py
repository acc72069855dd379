"""Large parts: which pieces of which filaments can be seen at all, so that only those are drawn as tubes.

Every segment is drawn once as a flat ribbon of its true width in a colour that is its number. What is left visible tells the
pieces; the rest, most of a dense part, need never become tubes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ...kernel.filaments import FilamentSet, Floats, Ints, State
from ..tubes import Floats32
from .camera import Frame
from .gbuffer import GROUND, Bytes, Canvas, GBuffer
from .section import Cut, left_of

#: Pieces that are kept or left out as a whole are this long, pixels.
_PIECE = 48

#: More rods than this are first cut off where the view ends.
_CROWD = 20_000

#: Of more than this, those deep within the part are found in a picture so many times smaller each way: what lies so many widths
#: behind what is seen there counts as hidden, tried at places at most so many of its pixels apart.
_DENSE, _SMALLER, _DEEP, _APART = 150_000, 4, 3.0, 8

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

    def between(self, rod: Ints, low: Floats, high: Floats) -> Rods:
        """Pieces of the rods `rod`, from and to shares 0..1 of their lengths."""
        a, step = self.a_um[rod], self.b_um[rod] - self.a_um[rod]
        ends = a + step * low[:, None], a + step * high[:, None]
        return Rods(*ends, self.width_um[rod], self.height_um[rod], self.index[rod])


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


def seen_pieces(
    rods: Rods, frame: Frame, axes: Floats, cut: Cut | None = None
) -> tuple[Rods, npt.NDArray[np.bool_]]:
    """The pieces of `rods` that `frame` sees along `axes`, those beside them too, so that no edge is missed; and the pixels in
    the midst of the part, bool[H,W], row 0 at the top: nothing behind the part shows there. What `cut` takes away hides nothing."""
    deep = max(float((end @ axes[2]).max(initial=frame.focus_um)) for end in (rods.a_um, rods.b_um))
    ribbons = _Ribbons(frame, axes, cut, frame.largest(np.array([deep])))
    if len(rods) > _CROWD:
        va, vb = ribbons.ends(rods)
        reach = float(max(rods.width_um.max(), rods.height_um.max())) * ribbons.largest + 2 * frame.um_per_px
        low, high = shares_in_view(va, vb, frame, reach)
        seen = np.flatnonzero(low < high)
        rods = ribbons.between(rods, seen, low[seen], high[seen])
        if len(rods) > _DENSE:
            rods = _outer(rods, ribbons)
    va, vb = ribbons.ends(rods)
    d = vb[:, :2] - va[:, :2]
    length = np.sqrt(np.einsum("ij,ij->i", d, d))
    pieces = np.maximum(1, np.ceil(length / (_PIECE * frame.um_per_px))).astype(np.int64)
    start = np.concatenate([[0], np.cumsum(pieces)])
    number = _numbers(rods, ribbons)
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
    k, n = rows - start[of], pieces[of]
    kept = ribbons.between(rods, of, k / n, (k + 1) / n)
    return kept, _midst(number.reshape(frame.height, frame.width)[::-1] > 0)


def shares_in_view(va: Floats, vb: Floats, frame: Frame, reach_um: float) -> tuple[Floats, Floats]:
    """Between which shares of its length each segment va..vb (view coordinates) lies in `frame` or `reach_um` beside it, float64[R]
    each; the first is not below the second where none of it does (Liang and Barsky 1984)."""
    low, high = np.zeros(len(va)), np.ones(len(va))
    for k, pixels in enumerate((frame.width, frame.height)):
        half = 0.5 * pixels * frame.um_per_px + reach_um
        at, step = va[:, k] - frame.centre_um[k], vb[:, k] - va[:, k]
        level = np.abs(step) < 1e-9
        by = np.where(level, 1.0, step)
        one, two = (-half - at) / by, (half - at) / by
        outside = level & (np.abs(at) > half)
        low = np.maximum(low, np.where(level, np.where(outside, 2.0, 0.0), np.minimum(one, two)))
        high = np.minimum(high, np.where(level, 1.0, np.maximum(one, two)))
    return low, high


def _outer(rods: Rods, ribbons: _Ribbons) -> Rods:
    """What of the rods does not lie deep behind others."""
    frame = ribbons.frame
    wide, high = (-(-n // _SMALLER) for n in (frame.width, frame.height))
    small = replace(frame, width=wide, height=high, um_per_px=frame.um_per_px * _SMALLER)
    va, vb = ribbons.ends(rods)
    points, faces, _ = ribbons.of(rods)
    depth = Canvas(points, faces, cull=False).depth(small.flat(), np.eye(3))
    far = np.full((high + 2, wide + 2), -np.inf, dtype=np.float32)
    far[1:-1, 1:-1] = depth
    # Hidden is a place only where it is so for the pixels around it, too.
    for axis in (0, 1):
        lowest = far.copy()
        np.minimum(lowest, np.roll(far, 1, axis), out=lowest)
        far = np.minimum(lowest, np.roll(far, -1, axis))
    far[1:-1, 1:-1] -= np.float32(_DEEP * float(np.median(rods.width_um)) * ribbons.largest**2)
    a, b = (np.concatenate([small.to_px(v) + 1.0, v[:, 2:]], axis=1).astype(np.float32) for v in (va, vb))
    reach = np.abs(b[:, :2] - a[:, :2]).max(axis=1)
    power = np.ceil(np.log2(np.maximum(reach / _APART, 1.0))).astype(np.int64)
    found: list[tuple[Ints, Floats, Floats]] = []  # rod, and between which shares of it it may be seen
    for p in np.unique(power).tolist():
        t = np.linspace(0.0, 1.0, 2**p + 1, dtype=np.float32)
        mine = np.flatnonzero(power == p)
        for rows in np.array_split(mine, max(1, len(mine) * len(t) // 1_000_000)):
            x, y, z = (a[rows, k, None] + (b[rows, k] - a[rows, k])[:, None] * t for k in range(3))
            column = np.clip(x, 0, wide + 1).astype(np.int32)
            row = np.clip(y, 0, high + 1).astype(np.int32)
            seen = z >= far.reshape(-1)[row * np.int32(wide + 2) + column]
            shown = np.zeros((len(rows), 2**p + 2), dtype=np.int8)
            shown[:, 1:-1] = seen[:, 1:] | seen[:, :-1]
            turns = np.diff(shown, axis=1)
            of, begin = np.nonzero(turns > 0)
            _, end = np.nonzero(turns < 0)
            found.append((rows[of], begin / 2**p, end / 2**p))
    rod, low, up = (np.concatenate(column) for column in zip(*found, strict=True))
    return ribbons.between(rods, rod, low, up)


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


def _numbers(rods: Rods, ribbons: _Ribbons) -> npt.NDArray[np.int64]:
    """Number (from 1) of the rod that each pixel shows, 0 for none, int64[H*W], row 0 at the bottom."""
    frame = ribbons.frame
    best = np.zeros(frame.width * frame.height, dtype=np.int64)
    # 24 bits of colour number 16 million rods.
    assert len(rods) < 1 << 24, "more rods than colours"
    number = np.arange(1, len(rods) + 1, dtype=np.uint32)
    colours = np.empty((len(rods), 4, 3), dtype=np.uint8)
    for c in range(3):
        colours[:, :, c] = ((number >> (8 * c)) & 255).astype(np.uint8)[:, None]
    points, faces, seen = ribbons.of(rods, colours.reshape(-1, 3))
    canvas = Canvas(points, faces, seen, background=(0, 0, 0), cull=False)
    image = canvas.colours(frame.flat(), np.eye(3)).reshape(-1, 3)
    for c in range(3):
        best += image[:, c].astype(np.int64) << (8 * c)
    return best


@dataclass(frozen=True, slots=True, eq=False)
class _Ribbons:
    """Rods as `frame` sees them along `axes` where `cut` has opened them, each as a flat ribbon of its width."""

    frame: Frame
    axes: Floats
    cut: Cut | None
    largest: float

    def ends(self, rods: Rods) -> tuple[Floats, Floats]:
        """Where rods begin and end in the frame, float64[R,3] each, in parallel projection."""
        a, b = (self.frame.flattened(end @ self.axes.T) for end in (rods.a_um, rods.b_um))
        return a, b

    def between(self, rods: Rods, rod: Ints, low: Floats, high: Floats) -> Rods:
        """Pieces of the rods `rod`, from and to shares 0..1 of their lengths as they are seen."""
        if self.frame.perspective:
            a, b = (end[rod] @ self.axes[2] for end in (rods.a_um, rods.b_um))
            low, high = self.frame.share_of(low, a, b), self.frame.share_of(high, a, b)
        return rods.between(rod, low, high)

    def of(
        self, rods: Rods, colours: Bytes | None = None
    ) -> tuple[Floats32, npt.NDArray[np.int32], Bytes | None]:
        """Corners, triangles and the colours uint8[V,3] of the corners, which were given as uint8[4 R,3]."""
        points, faces = _quads(rods, rods.a_um @ self.axes.T, rods.b_um @ self.axes.T)
        if self.cut is not None:
            points, faces, colours = left_of(points, faces, colours, self.cut.seen(self.axes))
        return self.frame.flattened(points), faces, colours


def _quads(rods: Rods, va: Floats, vb: Floats) -> tuple[Floats32, npt.NDArray[np.int32]]:
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
