"""The field model of drying, for parts too large for a frame: the lattice as a continuum on a coarse grid. Lazy scipy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..filaments import FilamentSet, Floats, Ints
from ..material import Origin
from ..scene import Assumption, StateName
from .analytic import Analytic
from .bricks import Grid, displacements
from .hold import PINNED, Hold
from .sections import ink_column, segment_lengths
from .skeleton import LEAST, USUAL
from .truss import PEG

#: Cells along the longest side of the plan, and up: one a layer, as far as they go.
CELLS, CELLS_UP = 16, 32

#: Fitted to frames of seven woodpiles (11 to 15 lines, pitch 2 to 6 widths, 8 to 30 layers, rise 0.7 to 0.9): shear stiffness
#: over that of the column of two layers, what the lowest layer gives over what the others do, and what columns shorten by
#: leaning over half the square of the lean (the field sees more of a lean at the rim than there is).
SHEAR, LOWEST, LEANING = 1.7, 0.45, 0.7

#: Lines of one direction that a cell holds at least.
LINES = 1.25

#: Stiffness of an empty cell against the stiffest one: keeps the system of equations regular.
EMPTY = 1e-6

#: Points that are sought in one go: bounds the memory.
CHUNK = 1 << 19

#: Times that the field of a wet part is built on the dried shape that the one before gave.
ROUNDS = 2

#: What the model takes for granted.
ASSUMED = (
    Assumption(
        "all inks are equally stiff while they dry",
        Origin("nobody has measured the modulus of the gels", True),
    ),
    Assumption(
        "layers are evenly stacked and bonded at every crossing",
        Origin("a lattice seen as a continuum", True),
    ),
)


class Field:
    """The drying map of one FilamentSet as a displacement field; `dry` and `wet` as those of Analytic.

    Every cell has the stiffness of what lies in it: filaments along their axes, columns of pegs upwards, and against
    shear between layers the pegs' bending together with that of the filaments that clamp them (the others roll).
    """

    name = "field"

    def __init__(self, filaments: FilamentSet, drawn: StateName, hold: Hold = PINNED) -> None:
        """Reads the drawn state of `filaments`. The field lives on the dried shape, so a dried design needs one
        solution; of a wet one the dried shape is found with it."""
        self._filaments, self._keeps = filaments, hold
        base = Analytic(filaments, drawn)
        state, held = filaments.state(drawn), base.hold
        total = max(len(held.s), 1)
        self._s, self._nu = float(held.s.sum()) / total, float(held.nu.sum()) / total
        foot = 1.0 - self._s * (1.0 + (self._nu if hold.base == "pinned" else 0.0))
        self._sunk = (foot - 1.0) / foot
        self._z1 = foot * float(held.z1_um.min(initial=np.inf)) if len(held.z1_um) else 0.0
        if drawn == "dried":
            self._build(state.points_um, state.width_um)
            return
        width = state.width_um * (1.0 - self._s * (1.0 + 0.5 * self._nu))
        dried = base.dry(state.points_um)
        for _ in range(ROUNDS):
            self._build(dried, width)
            dried = self.dry(state.points_um)

    def wet(self, dried_um: Floats) -> Floats:
        """Wet points whose dried ones are given, float64[P,3]."""
        return dried_um - self._moved(dried_um)

    def dry(self, wet_um: Floats) -> Floats:
        """Dried points of wet ones, float64[P,3], by Newton's method point by point."""
        out = np.empty_like(wet_um)
        for low in range(0, len(wet_um), CHUNK):
            out[low : low + CHUNK] = self._dried(wet_um[low : low + CHUNK])
        return out

    def _dried(self, wet_um: Floats) -> Floats:
        x = wet_um + self._moved(wet_um)
        left = wet_um + self._moved(x) - x
        share = np.ones(len(x))
        for _ in range(50):
            size = np.abs(left).max(axis=1, initial=0.0)
            todo = np.flatnonzero(size > 1e-7)
            if not len(todo):
                break
            slope = np.eye(3) - self._slope(x[todo])
            step = share[todo, None] * np.linalg.solve(slope, left[todo][:, :, None])[:, :, 0]
            tried = x[todo] + step
            after = wet_um[todo] + self._moved(tried) - tried
            # The field has kinks between cells: a step that leads away is tried again at half its length.
            good = np.abs(after).max(axis=1) < size[todo]
            share[todo] = np.where(good, 1.0, 0.5 * share[todo])
            x[todo[good]], left[todo[good]] = tried[good], after[good]
        return x

    def _slope(self, points_um: Floats) -> Floats:
        """Derivative [P,3,3] of the displacement by the place."""
        cell, t = self.grid.locate(points_um)
        out = np.zeros((len(points_um), 3, 3))
        for corner in range(8):
            d = (corner & 1, corner >> 1 & 1, corner >> 2 & 1)
            move = self.moves[cell[:, 0] + d[0], cell[:, 1] + d[1], cell[:, 2] + d[2]]
            f = [t[:, a] if d[a] else 1.0 - t[:, a] for a in range(3)]
            for a in range(3):
                w = (2.0 * d[a] - 1.0) / self.grid.step_um[a] * f[(a + 1) % 3] * f[(a + 2) % 3]
                out[:, :, a] += w[:, None] * move
        x = (points_um - self.grid.low_um) / self.grid.step_um
        beyond = (x < 0.0) | (x > np.array(self.grid.cells))
        out *= ~beyond[:, None, :]
        if self._keeps.base == "pinned":
            under = points_um[:, 2] < self._z1
            out[under] = 0.0
            out[under, 2, 2] = self._sunk
        return out

    @property
    def step_um(self) -> float:
        """Length of path over which the displacement is as good as straight."""
        return 0.5 * float(self.grid.step_um[:2].max())

    def _moved(self, points_um: Floats) -> Floats:
        """Displacement [P,3] by drying to dried points; below the lowest centreline filaments are held by the substrate."""
        cell, t = self.grid.locate(points_um)
        out = np.zeros_like(points_um)
        for corner in range(8):
            d = (corner & 1, corner >> 1 & 1, corner >> 2 & 1)
            w = np.ones(len(points_um))
            for a in range(3):
                w *= t[:, a] if d[a] else 1.0 - t[:, a]
            out += w[:, None] * self.moves[cell[:, 0] + d[0], cell[:, 1] + d[1], cell[:, 2] + d[2]]
        if self._keeps.base == "pinned":
            under = points_um[:, 2] < self._z1
            out[under, 2] = self._sunk * points_um[under, 2]
        return out

    def steepest_rad(self) -> float:
        """The largest turn in the field: it is linear, so turns above a third or so are only roughly right."""
        spin = 0.0
        for a, b in ((0, 2), (1, 2), (0, 1)):
            for one, two in ((a, b), (b, a)):
                spin = max(
                    spin,
                    float(np.abs(np.diff(self.moves[..., one], axis=two)).max()) / self.grid.step_um[two],
                )
        return float(np.arctan(spin))

    def _build(self, dried_um: Floats, width_um: Floats) -> None:
        """Displacements at the corners of the cells, for filaments that dry to `dried_um`."""
        pieces = _pieces(self._filaments, dried_um, width_um)
        low, high = dried_um.min(axis=0), dried_um.max(axis=0)
        low[2] = self._z1
        size = np.maximum(high - low, width_um.max())
        # A cell holds a line or more each way, else it would be the gaps between them that are seen.
        rise = _rise(self._filaments, pieces)
        wide = size + np.array([0.0, 0.0, rise])
        pitch = float(np.prod(wide)) / (max(float(pieces.length_um.sum()), 1e-9) * rise)
        across = max(float(size[:2].max()) / CELLS, LINES * pitch)
        counts = [int(np.clip(np.floor(size[a] / across), 1, CELLS)) for a in (0, 1)]
        counts.append(int(np.clip(np.floor(size[2] / rise), 1, CELLS_UP)))
        self.grid = Grid(low, size / counts, (counts[0], counts[1], counts[2]))
        c, stress, columns = _stiffness(self._filaments, pieces, self.grid, self._s, self._nu, pitch)
        shape = self.grid.shape
        fixed = np.zeros((*shape, 3), dtype=bool)
        start = np.zeros((*shape, 3))
        if self._keeps.base == "pinned":
            fixed[:, :, 0] = True
            start[:, :, 0, 2] = self._sunk * self._z1
        anchored = dried_um[self._keeps.held(dried_um)]
        if len(anchored):
            cell, _ = self.grid.locate(anchored)
            for corner in range(8):
                at = cell + np.array([corner & 1, corner >> 1 & 1, corner >> 2 & 1])
                fixed[tuple(at.T)] = True
                start[tuple(at.T)] = 0.0
        if not fixed.any():
            # Six supports that hold a body in its place and nothing else: where it is, and how it is turned.
            i, j = shape[0] // 2, shape[1] // 2
            fixed[i, j, 0] = True
            fixed[i - 1, j, 0, 1:] = True
            fixed[i, j - 1, 0, 2] = True
            start[i, j, 0, 2] = start[i - 1, j, 0, 2] = start[i, j - 1, 0, 2] = self._sunk * self._z1
        self.moves = displacements(self.grid, c, stress, LEANING * columns, fixed.ravel(), start.ravel())


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Short pieces of filament: `middle_um[K,3]`, `along[K,3]` unit, `length_um[K]`, `width_um[K]`, `filament[K]`."""

    middle_um: Floats
    along: Floats
    length_um: Floats
    width_um: Floats
    filament: Ints


def _pieces(filaments: FilamentSet, points_um: Floats, width_um: Floats) -> Pieces:
    first, owner = filaments.segments()
    arm = points_um[first + 1] - points_um[first]
    length = segment_lengths(points_um, first)
    piece = max(float(np.ptp(points_um[:, :2], axis=0).max(initial=0.0)) / (3 * CELLS), 1e-3)
    n = np.maximum(np.ceil(length / piece), 1).astype(np.int64)
    which = np.repeat(np.arange(len(first)), n)
    nth = np.arange(len(which)) - np.repeat(np.cumsum(n) - n, n)
    t = (nth + 0.5) / n[which]
    middle = points_um[first[which]] + arm[which] * t[:, None]
    safe = np.maximum(length, 1e-12)[which]
    return Pieces(
        middle, arm[which] / safe[:, None], (length / n)[which], width_um[first[which]], owner[which]
    )


def _stiffness(
    filaments: FilamentSet, p: Pieces, grid: Grid, s: float, nu: float, apart_um: float
) -> tuple[Floats, Floats, Floats]:
    """Of every cell the stiffness [C,6,6], the stress of a held shrinkage [C,6] and that of a unit stretch of its
    columns [C,6]; Young's modulus of the gel is 1.

    Components xx yy zz yz xz xy with engineering shear.
    """
    cells = grid.cells
    count = cells[0] * cells[1] * cells[2]
    rise = _rise(filaments, p)
    spots = _smeared(p, grid, rise, apart_um)
    volume = float(np.prod(grid.step_um))
    x, y, z = p.along.T
    n = np.stack([x * x, y * y, z * z, y * z, x * z, x * y])
    solid = np.pi / 4.0 * p.width_um**2 * p.length_um / volume
    shrink = ink_column(filaments, "shrink")[p.filament]
    shrink = shrink / (1.0 - shrink)  # against the dried length, on which the field lives
    c = np.zeros((count, 6, 6))
    stress = np.zeros((count, 6))

    def add(w: Floats, *, whole: bool = True) -> Floats:
        """Sums over cells; filament beyond the edge belongs to the cell at the edge, or, if not `whole`, to none. What is held
        by the substrate does nothing above."""
        out = np.zeros(count)
        for key, inside, above in spots:
            out += np.bincount(key, np.where(above if whole else inside, w, 0.0), minlength=count)
        return out / len(spots)

    for i in range(6):
        stress[:, i] = add(-solid * shrink * n[i])
        for j in range(i, 6):
            c[:, i, j] = c[:, j, i] = add(solid * n[i] * n[j])
    total = add(p.length_um)
    some = total > 0.0
    c, stress = _evened(c, some, cells), _evened(stress, some, cells)
    length = _evened(add(p.length_um, whole=False) / volume, some, cells)
    d = np.where(some, add(p.length_um * p.width_um) / np.where(some, total, 1.0), 1.0)
    some = length > 0.0
    safe = np.where(some, length, 1.0)
    own = np.where(some, add(solid * shrink) / np.maximum(add(solid), 1e-300), s / (1.0 - s))
    h = np.minimum(rise, d)
    pitch = np.maximum(1.0 / (safe * h), 0.5 * d)
    area, bend = np.pi / 4.0 * d**2, np.pi / 64.0 * d**4
    hold = np.clip((1.0 - (h / d) ** 2) / (1.0 - USUAL**2), LEAST, 2.0)
    peg, peg_bend = hold * PEG**2 * area, hold * PEG**4 * bend
    g = 0.5 / (1.0 + nu)
    level = np.maximum(add(p.length_um * (x * x + y * y), whole=False), 1e-300)
    lean = [add(p.length_um * a * a, whole=False) / level for a in (x, y)]
    up = np.where(some, peg / pitch**2, 0.0)
    m = np.array([0.5 * nu, 0.5 * nu, 1.0, 0.0, 0.0, 0.0])
    c += up[:, None, None] * np.outer(m, m)
    stress -= (up * own * (1.0 + nu))[:, None] * m
    # A column of two layers: the pegs bend, and the filaments that clamp it turn.
    bulge = 1.0 + 12.0 * peg_bend / (0.89 * g * peg * (2.0 * h) ** 2)
    gives = (2.0 * h) ** 3 * bulge / (12.0 * peg_bend) + 4.0 * h**2 * pitch / (12.0 * bend)
    # Between the lowest two layers it gives less: what sticks to the substrate does not turn.
    edge = grid.step_um[2] * np.arange(cells[2] + 1)
    lowest = np.diff(np.minimum(edge, rise)) / grid.step_um[2]
    gives *= 1.0 - (1.0 - LOWEST) * np.broadcast_to(lowest, cells).ravel()
    between = np.where(some, SHEAR * 4.0 * h / (pitch**2 * gives), 0.0)
    c[:, 4, 4] += between * lean[0]
    c[:, 3, 3] += between * lean[1]
    c[:, 5, 5] += np.where(some, 6.0 * bend / (pitch**3 * 2.0 * h), 0.0)
    c += EMPTY * float(np.abs(c).max(initial=1e-12)) * np.eye(6)
    return c, stress, up[:, None] * m


def _smeared(
    p: Pieces, grid: Grid, rise_um: float, apart_um: float
) -> list[tuple[Ints, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]]:
    """Cells [K] of every piece, whether it lies inside the grid, and whether it does not lie below it, for places about it: a layer is taken to be spread over
    the two layers that repeat, a line over its share of the layer. How many fall into a cell would else be an accident,
    and those at the edge would count whole where half of them is outside.
    """
    aside = np.stack([-p.along[:, 1], p.along[:, 0], np.zeros(len(p.along))], axis=1)
    out = []
    for up in (-0.75, -0.25, 0.25, 0.75):
        for side in (-0.25, 0.25):
            at = p.middle_um + aside * (side * apart_um)
            at[:, 2] += up * rise_um
            x = (at - grid.low_um) / grid.step_um
            inside: npt.NDArray[np.bool_] = np.all((x > -1e-9) & (x < np.array(grid.cells) + 1e-9), axis=1)
            above: npt.NDArray[np.bool_] = x[:, 2] > -1e-9
            cell, _ = grid.locate(at)
            out.append(
                ((cell[:, 0] * grid.cells[1] + cell[:, 1]) * grid.cells[2] + cell[:, 2], inside, above)
            )
    return out


def _evened(a: Floats, some: npt.NDArray[np.bool_], cells: tuple[int, int, int]) -> Floats:
    """Means over neighbouring cells in plan that hold filament: how many lines fall into a cell is an accident."""
    x: Floats = np.where(some.reshape(-1, *([1] * (a.ndim - 1))), a, 0.0).reshape(*cells, -1)
    w: Floats = some.astype(np.float64).reshape(*cells, 1)
    for axis in (0, 1):
        x, w = _blurred(x, axis), _blurred(w, axis)
    out: Floats = (x / np.maximum(w, 1e-12)).reshape(a.shape)
    return np.where(some.reshape(-1, *([1] * (a.ndim - 1))), out, 0.0)


def _blurred(a: Floats, axis: int) -> Floats:
    """a / 2 and a quarter of either neighbour along the axis; nothing beyond the edges."""
    out = 0.5 * a
    lower: list[slice] = [slice(None)] * a.ndim
    upper = lower.copy()
    lower[axis], upper[axis] = slice(None, -1), slice(1, None)
    out[tuple(lower)] += 0.25 * a[tuple(upper)]
    out[tuple(upper)] += 0.25 * a[tuple(lower)]
    return out


def _rise(filaments: FilamentSet, p: Pieces) -> float:
    """Height of a layer: the usual distance between the mean heights of layers that follow each other, um.

    Where nothing is said to be layered it is that of filaments which overlap by a fifth (assumed).
    """
    layer = filaments.layer[p.filament]
    total = np.bincount(layer, p.length_um)
    at = np.flatnonzero(total > 0.0)
    height = np.bincount(layer, p.length_um * p.middle_um[:, 2])[at] / total[at]
    gaps = np.diff(np.sort(height))
    gaps = gaps[gaps > 1e-3]
    wide = float(np.average(p.width_um, weights=p.length_um))
    return float(np.clip(np.median(gaps), 0.3 * wide, wide)) if len(gaps) else 0.8 * wide
