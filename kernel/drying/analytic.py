"""The closed-form drying model: a first layer that sticks, and a height over which its hold is lost. numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..filaments import FilamentSet, Floats, Ints
from ..scene import StateName
from .sections import ink_column, segment_lengths, transverse

#: Decay length of the base's hold over the extent of the pinned footprint. The frame model of woodpiles (3 to 31 lines,
#: pitch 2 to 6 widths) gives 0.06 to 0.17, so that filaments are free to 95 % at 0.2 to 0.5 of the width; assumed.
DECAY = 0.1

#: A point belongs to the pinned footprint while it lies within this part of a filament's height of the lowest one.
FOOT = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Hold:
    """How the base holds each of C pieces that stand apart: arrays with one row a piece.

    `s`, `nu`: volume-weighted free shrinkage and Poisson's ratio; `z1_um`: wet height of the lowest centreline;
    `centre_um[C,2]`: centroid of the pinned footprint; `axes[C,2,2]`: its principal directions (columns);
    `ell_um[C,2]`: decay length along each of them.
    """

    s: Floats
    nu: Floats
    z1_um: Floats
    centre_um: Floats
    axes: Floats
    ell_um: Floats


def pieces(filaments: FilamentSet, state: StateName) -> tuple[Ints, int]:
    """Piece of every filament, int64[F], and how many there are: filaments whose boxes overlap seen from above.

    Found by cutting the plan view along x and y wherever a straight cut meets nothing, until no cut is left. Each piece
    has its own hold on the substrate, so each shrinks about its own centre.
    """
    f = len(filaments)
    label = np.zeros(f, dtype=np.int64)
    if f == 0:
        return label, 0
    s = filaments.state(state)
    starts = filaments.offsets[:-1]
    half = 0.5 * np.maximum.reduceat(s.width_um, starts)
    low = [np.minimum.reduceat(s.points_um[:, a], starts) - half for a in (0, 1)]
    high = [np.maximum.reduceat(s.points_um[:, a], starts) + half for a in (0, 1)]
    count, unchanged, axis = 1, 0, 0
    while unchanged < 2:
        # Pieces are pulled apart along the axis, so that one sweep cuts all of them.
        apart = label * (2.0 * float(high[axis].max() - low[axis].min()) + 1.0)
        order = np.argsort(low[axis] + apart, kind="stable")
        lo, hi = (low[axis] + apart)[order], np.maximum.accumulate((high[axis] + apart)[order])
        new = np.concatenate([[0], np.cumsum(lo[1:] > hi[:-1])])
        label[order] = new
        found = int(new[-1]) + 1
        unchanged = unchanged + 1 if found == count else 0
        count, axis = found, 1 - axis
    return label, count


class Analytic:
    """The drying map of one FilamentSet: `dry` from wet to dried points, `wet` back, each in closed form per point.

    A filament at height z above the lowest centreline z1 is held to lam(z) = 1 - s (1 - exp(-(z - z1) / ell)) along the
    plane, and a filament held to an axial strain e thins by s + nu (e + s); heights are the integral of that from the
    substrate. physics.md: pinned line -s (1 + nu), free -s.
    """

    name = "analytic"

    def __init__(self, filaments: FilamentSet, drawn: StateName, decay: float = DECAY) -> None:
        """Reads the drawn state of `filaments` only; where inks differ, the weights are those of the wet state."""
        self._filaments = filaments
        self._decay = decay
        self._piece, self._count = pieces(filaments, drawn)
        self._of_point = np.repeat(self._piece, np.diff(filaments.offsets)) if self._count > 1 else None
        self._s, self._nu = ink_column(filaments, "shrink"), ink_column(filaments, "poisson")
        state = filaments.state(drawn)
        thinned = 1.0 - self._s * (1.0 + self._nu)
        height, width = state.height_um, state.width_um
        if drawn == "dried":
            pinned = np.repeat(thinned, np.diff(filaments.offsets))
            height, width = height / pinned, width / pinned
        weights = self._weights(state.points_um, width)
        self.hold = self._measure(state.points_um, width, height, weights, drawn)
        one_ink = len({(filaments.inks[m].shrink, filaments.inks[m].poisson) for m in self._used()}) < 2
        for _ in range(0 if one_ink or drawn == "wet" else 30):
            # With several inks the weights belong to the wet state, which is what is sought: a contraction by about s.
            wet = self.wet(state.points_um)
            across = transverse(filaments, wet, state.points_um)
            weights = self._weights(wet, state.width_um / across)
            before, self.hold = self.hold, self._measure(state.points_um, width, height, weights, drawn)
            if np.allclose(before.s, self.hold.s, 1e-12, 0.0) and np.allclose(
                before.nu, self.hold.nu, 1e-12, 0.0
            ):
                break

    def dry(self, wet_um: Floats) -> Floats:
        """Dried points of wet ones, float64[P,3]."""
        h = self.hold
        lift = np.maximum(wet_um[:, 2] - self._at(h.z1_um), 0.0)
        out = self._sideways(wet_um, lift, back=False)
        out[:, 2] = self._height(wet_um[:, 2], lift)
        return out

    def wet(self, dried_um: Floats) -> Floats:
        """Wet points whose dried ones are given, float64[P,3]: Newton on the height (convex, so it cannot run away)."""
        h = self.hold
        z1, s, nu = self._at(h.z1_um), self._at(h.s), self._at(h.nu)
        pinned = 1.0 - s * (1.0 + nu)
        target = dried_um[:, 2]
        # From below every foot of Newton's method lands on the right of the root, from where it falls monotonically.
        z = target / pinned
        for _ in range(40):
            lift = np.maximum(z - z1, 0.0)
            slope = 1.0 - s - 0.5 * nu * s * self._fade(lift).sum(axis=0)
            step = (self._height(z, lift) - target) / slope
            z -= step
            if not len(step) or float(np.abs(step).max()) <= 1e-12 * (1.0 + float(np.abs(z).max())):
                break
        out = self._sideways(dried_um, np.maximum(z - z1, 0.0), back=True)
        out[:, 2] = z
        return out

    def uniform(self, dried_um: Floats) -> Floats:
        """The naive prescale by 1 / (1 - s) about the centre of the footprint, float64[P,3]."""
        return self._scaled(dried_um, 1.0 / (1.0 - self._at(self.hold.s)))

    def _scaled(self, points_um: Floats, k: npt.NDArray[np.float64] | float) -> Floats:
        out = np.empty_like(points_um)
        for a in (0, 1):
            c = self._at(self.hold.centre_um[:, a])
            out[:, a] = c + (points_um[:, a] - c) * k
        out[:, 2] = points_um[:, 2] * k
        return out

    def _used(self) -> list[int]:
        return [int(m) for m in np.unique(self._filaments.material)]

    def _at(self, column: Floats) -> npt.NDArray[np.float64] | float:
        """A row a piece, seen from every point; a plain number where there is one piece."""
        if self._of_point is None:
            return float(column[0]) if len(column) else 0.0
        return column[self._of_point]

    def _fade(self, lift: Floats) -> Floats:
        """exp(-lift / ell) along both principal directions, float64[2,P]; one row twice where they are equal."""
        ell = self.hold.ell_um
        first = np.exp(-lift / self._at(ell[:, 0]))
        if np.array_equal(ell[:, 0], ell[:, 1]):
            return np.broadcast_to(first, (2, len(lift)))
        return np.stack([first, np.exp(-lift / self._at(ell[:, 1]))])

    def _height(self, z: Floats, lift: Floats) -> Floats:
        """Dried height of wet height z, whose part above the lowest centreline is `lift`."""
        h = self.hold
        s, nu = self._at(h.s), self._at(h.nu)
        ell = (self._at(h.ell_um[:, 0]), self._at(h.ell_um[:, 1]))
        held = z - lift
        fade = self._fade(lift)
        for e, f in zip(ell, fade, strict=True):
            held = held + 0.5 * e * (1.0 - f)
        return (1.0 - s) * z - nu * s * held

    def _sideways(self, points_um: Floats, lift: Floats, *, back: bool) -> Floats:
        """x and y scaled by lam (or by its inverse) along the principal directions about the footprint's centre."""
        h = self.hold
        s = self._at(h.s)
        lam = 1.0 - s * (1.0 - self._fade(lift))
        if back:
            lam = 1.0 / lam
        cx, cy = self._at(h.centre_um[:, 0]), self._at(h.centre_um[:, 1])
        dx, dy = points_um[:, 0] - cx, points_um[:, 1] - cy
        c, n = self._at(h.axes[:, 0, 0]), self._at(h.axes[:, 1, 0])
        u, v = (c * dx + n * dy) * lam[0], (c * dy - n * dx) * lam[1]
        out = np.empty((len(points_um), 3))
        out[:, 0] = cx + c * u - n * v
        out[:, 1] = cy + n * u + c * v
        return out

    def _weights(self, points_um: Floats, width_um: Floats) -> Floats:
        """Volume of every filament up to a common factor, float64[F]."""
        first, owner = self._filaments.segments()
        volume = segment_lengths(points_um, first)
        volume *= width_um[first] ** 2
        return np.bincount(owner, volume, minlength=len(self._filaments)).astype(np.float64)

    def _measure(
        self, points_um: Floats, width_um: Floats, height_um: Floats, weights: Floats, drawn: StateName
    ) -> Hold:
        """The hold of every piece; width and height are those of the wet state where a filament is pinned."""
        n = self._count
        total = np.maximum(np.bincount(self._piece, weights, minlength=n), 1e-300)
        s = np.bincount(self._piece, weights * self._s, minlength=n) / total
        nu = np.bincount(self._piece, weights * self._nu, minlength=n) / total
        of = np.zeros(len(points_um), dtype=np.int64) if self._of_point is None else self._of_point
        z = points_um[:, 2]
        lowest = np.full(n, np.inf)
        np.minimum.at(lowest, of, z)
        shrunk = 1.0 - s * (1.0 + nu) if drawn == "dried" else np.ones(n)
        foot = z <= lowest[of] + FOOT * height_um * shrunk[of]
        at = np.flatnonzero(foot)
        centre, spread, wide = _footprint(self._filaments, points_um, width_um, foot, of, n)
        power, axes = np.linalg.eigh(spread)
        extent = np.sqrt(12.0 * np.maximum(power, 0.0))  # a uniform bar of length L has variance L^2 / 12
        off = points_um[at, :2] - centre[of[at]]
        for k in (0, 1):
            # A few lines at a pitch spread wider than the strip they span; the strip is what is held.
            along = np.einsum("ij,ij->i", off, axes[of[at], :, k])
            span = np.zeros((2, n))
            np.maximum.at(span[0], of[at], along)
            np.maximum.at(span[1], of[at], -along)
            extent[:, k] = np.minimum(extent[:, k], np.hypot(span.sum(axis=0), wide))
        # Equal directions are made exactly equal, so that no axis is special.
        same = np.abs(extent[:, 1] - extent[:, 0]) <= 1e-9 * extent[:, 1]
        extent[same] = extent[same].mean(axis=1, keepdims=True)
        axes[same] = np.eye(2)
        return Hold(s, nu, lowest / shrunk, centre, axes, self._decay * extent)


class Loose(Analytic):
    """A part that nothing holds: each piece shrinks to scale about the middle of its foot, by what its inks do on average."""

    def dry(self, wet_um: Floats) -> Floats:
        return self._scaled(wet_um, 1.0 - self._at(self.hold.s))

    def wet(self, dried_um: Floats) -> Floats:
        return self._scaled(dried_um, 1.0 / (1.0 - self._at(self.hold.s)))


def _footprint(
    filaments: FilamentSet, points_um: Floats, width_um: Floats, foot: npt.NDArray[np.bool_], of: Ints, n: int
) -> tuple[Floats, Floats, Floats]:
    """Centroid [n,2], covariance [n,2,2] and mean width [n] of what touches the substrate: lines by length, lone points
    by width.

    The base does not move along the substrate, so both states give the same footprint.
    """
    first, _ = filaments.segments()
    first = first[foot[first] & foot[first + 1]]
    lone = foot.copy()
    lone[first] = lone[first + 1] = False
    at = np.flatnonzero(lone)
    a, b = points_um[first, :2], points_um[first + 1, :2]
    arm = b - a
    middle = np.concatenate([0.5 * (a + b), points_um[at, :2]])
    arm = np.concatenate([arm, np.zeros((len(at), 2))])
    wide = np.concatenate([width_um[first], width_um[at]])
    weight = np.concatenate([np.hypot(*(b - a).T), width_um[at]])
    piece = np.concatenate([of[first], of[at]])
    total = np.maximum(np.bincount(piece, weight, minlength=n), 1e-300)
    centre = np.stack(
        [np.bincount(piece, weight * middle[:, k], minlength=n) / total for k in (0, 1)], axis=1
    )
    off = middle - centre[piece]
    spread = np.empty((n, 2, 2))
    for i in (0, 1):
        for j in (0, 1):
            moment = off[:, i] * off[:, j] + arm[:, i] * arm[:, j] / 12.0
            if i == j:
                moment = moment + wide**2 / 12.0
            spread[:, i, j] = np.bincount(piece, weight * moment, minlength=n) / total
    return centre, spread, np.bincount(piece, weight * wide, minlength=n) / total
