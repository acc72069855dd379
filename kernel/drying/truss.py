"""A part as a truss: beams along its filaments, pegs where they are bonded, what each would like to be and how it pulls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..filaments import FilamentSet, Floats, Ints, State
from ..scene import StateName
from .beams import Bent, Sections, bent, ellipse, forces, frames, offset, sides, stiffness
from .bonds import find_bonds
from .hold import PINNED, Hold
from .sections import ink_column, thinning, transverse
from .skeleton import Skeleton, find_pegs, pair_keys, skeleton, stuck_nodes, tied_pegs

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix

#: A filament sticks where its lower side is nearer to the substrate than this part of its height; assumed.
STICKS = 0.1

#: Thickness of the round peg that stands for a bond, over that of the thinner filament. Fitted to elastic solids of three
#: woodpiles (3 to 5 lines, pitch 2 and 4 widths, rise 0.8): layers follow to 0.02 of the free shrinkage.
PEG = 1.15

#: Nodes nearer to the middle than this many widths more than the nearest one are as near as that.
NEAR = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Beams and bonds as they are, with the lengths and sections that they would like, and the arms of the bonds now."""

    beams: Bent
    beams_um: Floats
    for_beams: Sections
    pegs: Bent
    pegs_um: Floats
    for_pegs: Sections
    arm_a: Floats
    arm_b: Floats


class Truss:
    """The beams of one part and how they pull when it dries; `drawn` says which state the part was drawn in. `afresh`: the
    bonds of a wet state that was found are looked for again, its nodes stay."""

    def __init__(
        self, filaments: FilamentSet, drawn: StateName, hold: Hold = PINNED, *, afresh: bool = False
    ) -> None:
        self.drawn = drawn
        self.skeleton: Skeleton = skeleton(
            filaments, drawn, afresh, hold.held(filaments.state(drawn).points_um)
        )
        k = self.skeleton
        self.state = k.part.state(drawn)
        at = k.node_point
        self.given_um = self.state.points_um[at]
        self.width_um, self.height_um = self.state.width_um[at], self.state.height_um[at]
        self.shrink = ink_column(k.part, "shrink")[k.filament]
        self.poisson = ink_column(k.part, "poisson")[k.filament]
        a, b = k.beams.T
        self.beam_sides = sides(self.given_um[a], self.given_um[b])
        # Of a dried design only the bonds that it shows are meant: filaments that touch wet alone are an accident.
        self.meant = (
            np.unique(pair_keys(k.part, find_bonds(k.part, self.state))) if drawn == "dried" else None
        )
        self.ties = ties = filaments.ties if drawn == "wet" else None
        self.pegs = (
            find_pegs(k, self.state, self.meant) if ties is None or afresh else tied_pegs(k, self.state, ties)
        )
        self.anchored = hold.held(self.given_um)
        self.base = hold.base
        self.held, self.adrift = self._held()
        self.free = np.flatnonzero(~self.held)
        self.dofs = (self.free[:, None] * 6 + np.arange(6)).ravel()

    def stands(self) -> bool:
        """Whether every piece has a node that is held."""
        piece, count = _connected(len(self.held), np.concatenate([self.skeleton.beams, self.pegs.nodes]))
        return len(np.unique(piece[self.held])) == count

    def _held(self) -> tuple[npt.NDArray[np.bool_], Ints]:
        """Nodes that keep their place, and the filaments of pieces that nothing holds."""
        z, height = self.given_um[:, 2], self.height_um
        # Compared in the wet state of a pinned filament, so that both states give the same base.
        pinned = self.foot_factor() if self.drawn == "dried" else np.ones(len(z))
        low = (z - 0.5 * height) / pinned
        near = STICKS * height / pinned
        sticks = low <= near
        if self.ties is not None:
            sticks = np.zeros(len(z), dtype=bool)
            sticks[stuck_nodes(self.skeleton, self.state, self.ties)] = True
        piece, count = _connected(len(z), np.concatenate([self.skeleton.beams, self.pegs.nodes]))
        lowest = np.full(count, np.inf)
        np.minimum.at(lowest, piece, low)
        feet = low <= lowest[piece] + near
        stands = np.zeros(count, dtype=bool)
        if self.base == "free":
            # A free part keeps its place by the node nearest to the middle of its footprint; of several that are as near
            # it is the first, in both states.
            stands[piece[self.anchored]] = True
            held = self.anchored.copy()
            for p in np.flatnonzero(~stands):
                foot = np.flatnonzero((piece == p) & feet)
                away = self.given_um[foot, :2] - self.given_um[foot, :2].mean(axis=0)
                away = np.sqrt(np.einsum("ij,ij->i", away, away))
                held[foot[np.argmax(away <= away.min() + NEAR * self.width_um[foot])]] = True
            return held, np.zeros(0, dtype=np.int64)
        stands[piece[sticks | self.anchored]] = True
        adrift = ~stands[piece]
        return sticks | self.anchored | (adrift & feet), np.unique(self.skeleton.filament[adrift])

    def foot_factor(self) -> Floats:
        """Dried over wet height of a node at the substrate, [N]: its filament is pinned along its axis, or free."""
        out: Floats = 1.0 + np.asarray(thinning(self.shrink, self.poisson, int(self.base == "pinned")))
        return out

    def axial(self, wet_length: Floats, dried_length: Floats) -> Floats:
        """Dried over wet length of the beams that meet at every node, [N]; of beams of no length, the free figure."""
        n = len(self.shrink)
        ends = self.skeleton.beams.ravel()
        wet = np.bincount(ends, np.repeat(wet_length, 2), minlength=n)
        dried = np.bincount(ends, np.repeat(dried_length, 2), minlength=n)
        out: Floats = np.divide(dried, wet, out=1.0 - self.shrink, where=wet > 0.0)
        return out

    def across(self, axial: Floats) -> Floats:
        """Dried over wet size across the filament at every node, [N]."""
        free = 1.0 - self.shrink
        return free - self.poisson * (axial - free)

    def sections(self, across: Floats) -> tuple[Sections, Sections]:
        """Sections of beams and of bonds as they would be if nothing held them."""
        free = 1.0 - self.shrink
        if self.drawn == "dried":
            free = free / across
        w, h = self.width_um * free, self.height_um * free
        a, b = self.skeleton.beams.T
        beams = ellipse(0.5 * (w[a] + w[b]), 0.5 * (h[a] + h[b]), self.poisson[a])
        thin = PEG * np.minimum(w, h)
        a, b = self.pegs.nodes.T
        peg = np.minimum(thin[a], thin[b])
        return beams, ellipse(peg, peg, 0.5 * (self.poisson[a] + self.poisson[b])).scaled(self.pegs.hold)

    def pose(self, wet_um: Floats, dried_um: Floats, turns: Floats) -> Pose:
        """How beams and bonds would like to be and how they are, between nodes at these places."""
        a, b = self.skeleton.beams.T
        length0, axes0 = frames(wet_um[a], wet_um[b], self.beam_sides)
        beams = bent(dried_um[a], dried_um[b], turns[a], turns[b], axes0)
        axial = self.axial(length0, beams.length_um)
        across = self.across(axial)
        for_beams, for_pegs = self.sections(across)
        a, b = self.pegs.nodes.T
        arms = self.pegs.arms_um
        length1, axes1 = frames(wet_um[a] + arms[:, 0], wet_um[b] + arms[:, 1], self.pegs.sides)
        arm_a = np.einsum("eij,ej->ei", turns[a], arms[:, 0]) * axial[a, None]
        arm_b = np.einsum("eij,ej->ei", turns[b], arms[:, 1]) * axial[b, None]
        pegs = bent(dried_um[a] + arm_a, dried_um[b] + arm_b, turns[a], turns[b], axes1)
        free = 1.0 - self.shrink[self.skeleton.beams[:, 0]]
        return Pose(
            beams,
            length0 * free,
            for_beams,
            pegs,
            length1 * 0.5 * (across[a] + across[b]),
            for_pegs,
            arm_a,
            arm_b,
        )

    def pulls(self, pose: Pose) -> Floats:
        """Forces and moments [N,6] on the nodes, from beams and bonds."""
        along = forces(pose.beams, pose.beams_um, pose.for_beams)
        pegs = forces(pose.pegs, pose.pegs_um, pose.for_pegs)
        pegs[:, 0, 3:] += np.cross(pose.arm_a, pegs[:, 0, :3])
        pegs[:, 1, 3:] += np.cross(pose.arm_b, pegs[:, 1, :3])
        at = np.concatenate([self.skeleton.beams, self.pegs.nodes]).ravel()
        f = np.concatenate([along, pegs]).reshape(-1, 6)
        n = len(self.shrink)
        return np.stack([np.bincount(at, f[:, i], minlength=n) for i in range(6)], axis=1)

    def matrix(self, pose: Pose) -> csc_matrix:
        """Stiffness of the free nodes [6 free, 6 free] about a pose, without the stress in it."""
        from scipy.sparse import coo_matrix

        along = stiffness(pose.beams_um, pose.beams.axes, pose.for_beams)
        pegs = offset(stiffness(pose.pegs_um, pose.pegs.axes, pose.for_pegs), pose.arm_a, pose.arm_b)
        ends = np.concatenate([self.skeleton.beams, self.pegs.nodes])
        place = np.full(len(self.shrink), -1, dtype=np.int32)
        place[self.free] = np.arange(len(self.free))
        here = place[ends]
        dof = np.where(here[:, :, None] < 0, -1, here[:, :, None] * 6 + np.arange(6, dtype=np.int32)).reshape(
            -1, 12
        )
        row, column = np.repeat(dof, 12, axis=1).ravel(), np.tile(dof, (1, 12)).ravel()
        inside = (row >= 0) & (column >= 0)
        value = np.concatenate([along, pegs]).ravel()[inside]
        size = len(self.dofs)
        return coo_matrix((value, (row[inside], column[inside])), shape=(size, size)).tocsc()

    def states(self, other: Floats) -> tuple[Floats, Floats]:
        """Wet and dried nodes, where `other` are those of the state that was not drawn."""
        return (other, self.given_um) if self.drawn == "dried" else (self.given_um, other)

    def wet_state(self, wet: Floats, dried: Floats) -> State:
        """The wet state of the refined part with these points; the state that was drawn gives the sections."""
        across = transverse(self.skeleton.part, wet, dried)
        return State(wet, self.state.width_um / across, self.state.height_um / across)

    def points(self, wet_um: Floats, dried_um: Floats, turns: Floats) -> tuple[Floats, Floats]:
        """Points between nodes ride on the beam's bent line; the offset of a curved path shrinks freely."""
        k = self.skeleton
        given = k.part.state(self.drawn).points_um
        wet, dried = np.empty_like(given), np.empty_like(given)
        wet[k.node_point], dried[k.node_point] = wet_um, dried_um
        at = np.ones(len(given), dtype=bool)
        at[k.node_point] = False
        p = np.flatnonzero(at)
        if not len(p):
            return wet, dried
        a, b = k.before[p], k.after[p]
        lone = a == b
        shrunk = (1.0 - self.shrink[a])[:, None]
        for out, given_here in ((wet, self.drawn == "wet"), (dried, self.drawn == "dried")):
            if given_here:
                out[p] = given[p]
        # A filament with one node moves with it as a rigid body.
        i, m = p[lone], a[lone]
        if len(i):
            arm = given[i] - self.given_um[m]
            if self.drawn == "wet":
                dried[i] = dried_um[m] + np.einsum("eij,ej->ei", turns[m], arm) * shrunk[lone]
            else:
                wet[i] = wet_um[m] + np.einsum("eji,ej->ei", turns[m], arm) / shrunk[lone]
        p, a, b, shrunk = p[~lone], a[~lone], b[~lone], shrunk[~lone]
        side = sides(self.given_um[a], self.given_um[b])
        length0, axes0 = frames(wet_um[a], wet_um[b], side)
        now = bent(dried_um[a], dried_um[b], turns[a], turns[b], axes0)

        def sag(xi: Floats) -> Floats:
            rise, fall = xi - 2.0 * xi**2 + xi**3, xi**3 - xi**2
            out = np.zeros((len(xi), 3))
            out[:, 1] = now.length_um * (rise * now.near[:, 2] + fall * now.far[:, 2])
            out[:, 2] = -now.length_um * (rise * now.near[:, 1] + fall * now.far[:, 1])
            return out

        if self.drawn == "wet":
            local = np.einsum("eij,ej->ei", axes0, given[p] - wet_um[a])
            xi = local[:, 0] / length0
            local = local * shrunk
            local[:, 0] = xi * now.length_um
            dried[p] = dried_um[a] + np.einsum("eji,ej->ei", now.axes, local + sag(xi))
        else:
            local = np.einsum("eij,ej->ei", now.axes, given[p] - dried_um[a])
            xi = local[:, 0] / now.length_um
            local = (local - sag(xi)) / shrunk
            local[:, 0] = xi * length0
            wet[p] = wet_um[a] + np.einsum("eji,ej->ei", axes0, local)
        return wet, dried


def _connected(n: int, pairs: Ints) -> tuple[Ints, int]:
    """Piece of each of n nodes that `pairs` connect, and the number of pieces."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    count, label = connected_components(graph, directed=False)
    return label.astype(np.int64), int(count)
