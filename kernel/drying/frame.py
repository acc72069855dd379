"""The frame model of drying: the state of a truss in which all forces balance, from either state. Lazy scipy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..filaments import FilamentSet, Floats, Ints, Ties
from ..material import Origin
from ..scene import Assumption, StateName
from .beams import turn, vector
from .bonds import find_bonds
from .hold import PINNED, Hold
from .inverse import Found, fixed_point
from .skeleton import Pegs, find_pegs, pair_keys, pegs_at, ties_of
from .truss import Truss

if TYPE_CHECKING:
    from scipy.sparse.linalg import SuperLU

#: Steps smaller than this end the search, um: a tenth of the quantum of paths.
TOLERANCE_UM = 1e-4

#: Bonds are settled when the wet nodes that they give move by less than this part of a width.
BONDS = 1e-4

#: Largest turn of a node in one step, rad.
TURN = 0.3

#: Stiffness that holds what nothing else does, over the largest one there is.
SOFT = 1e-9

#: Searches, each with new bonds or a new factorisation, before the drying of the part is given up.
LIMIT = 20

#: Searches after which bonds that come and go are taken as they are drawn.
SETTLED = 8

#: The same after this many, where one leaves more than this part of what the one before it left.
SOON, SLOW = 3, 0.7

#: Steps of the whole shrinkage for parts that do not settle in one, and for those that do not settle in these.
SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)
FINE = tuple(k / 12 for k in range(1, 13))

#: Rounds in which free ends are left straight because they would touch what they were not meant to.
ROUNDS = 4

#: What the model takes for granted.
ASSUMED = tuple(
    Assumption(what, Origin(why, assumed=True))
    for what, why in (
        ("all inks are equally stiff while they dry", "nobody has measured the modulus of the wet gels"),
        (
            "filaments are bonded where they overlap, by a peg as thick as the thinner one",
            "they gel on touching",
        ),
        (
            "filaments that lie on the substrate stick to it everywhere",
            "the substrate carries an adhesion layer",
        ),
    )
)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Where a search ended: points of the refined part in both states, what was left, and what a reader should know.

    `residual_um`: the largest step that was left. `turn_rad`: the largest turn of a node against its wet self.
    `adrift`: filaments that touch neither the substrate nor what stands on it (held by their lowest nodes).
    `curled`: free ends of filaments that stay straight in the wet state, because bent down they would touch what the
    design keeps apart; `curl_um`: how far the farthest of them dries from the design. `strangers`: bonds that the wet
    state has and the design has not. `ties`: the bonds that the balance was found with.
    """

    part: FilamentSet
    added: npt.NDArray[np.bool_]
    wet_um: Floats
    dried_um: Floats
    residual_um: float
    steps: int
    converged: bool
    turn_rad: float
    adrift: tuple[int, ...] = ()
    curled: int = 0
    curl_um: float = 0.0
    strangers: int = 0
    ties: Ties | None = None


def solve(
    filaments: FilamentSet,
    drawn: StateName,
    hold: Hold = PINNED,
    *,
    tolerance_um: float = TOLERANCE_UM,
    afresh: bool = False,
) -> Frame:
    """The state of `filaments` that was not drawn, at all points of the refined part; `afresh` as in Truss."""
    return Balance(Truss(filaments, drawn, hold, afresh=afresh)).find(tolerance_um)


class Balance:
    """The search for the balance of forces in one truss.

    Newton's method with one factorisation, accelerated; the same balance serves both ways: with the wet state drawn the
    dried nodes are moved, with the dried state drawn the wet ones are. Filaments bond when they are printed, so with
    the dried state drawn the bonds are looked for again in every wet state that is found.
    """

    def __init__(self, truss: Truss) -> None:
        self.truss = truss
        self.scale = float(np.median(truss.width_um)) if len(truss.width_um) else 1.0
        self.other = truss.given_um.copy()
        self.turns = np.broadcast_to(np.eye(3), (len(self.other), 3, 3)).copy()
        self._sink()
        self.lu: SuperLU | None = None
        self.steps = 0
        self.converged, self.residual = True, 0.0
        self.ends = np.zeros((2, len(truss.skeleton.part)), dtype=bool)
        self.frozen = False
        # Steps need no more of a factorisation than that it points the right way; half the bytes take two thirds of the time.
        self.kind: np.dtype[np.floating] = np.dtype(np.float32)

    def find(self, tolerance_um: float) -> Frame:
        truss, k = self.truss, self.truss.skeleton
        strangers = 0
        for _ in range(ROUNDS):
            self._settle(tolerance_um)
            if not self.converged:
                self._by_and_by(tolerance_um, SHARES)
            if not self.converged:
                # What is sought bends so far that bonds come and go: those of the design, as they are drawn, stay.
                if truss.drawn == "dried":
                    self._freeze()
                self._by_and_by(tolerance_um, FINE)
            if truss.drawn == "wet" or not self.converged:
                break
            touching, strangers = self._touching()
            if not (touching & ~self.ends).any():
                break
            self.ends |= touching
        wet, dried = self._points()
        stuck = np.flatnonzero(truss.held & ~truss.anchored)
        ties = ties_of(k, truss.wet_state(wet, dried), truss.pegs, stuck)
        curl = float(np.abs(dried - truss.state.points_um).max(initial=0.0)) if self.ends.any() else 0.0
        return Frame(
            k.part,
            k.added,
            wet,
            dried,
            self.residual,
            self.steps,
            self.converged,
            float(np.abs(vector(self.turns)).max(initial=0.0)),
            tuple(truss.adrift.tolist()),
            int(self.ends.sum()),
            curl,
            strangers,
            ties,
        )

    def _sink(self) -> None:
        """Nodes that stick keep their place in plan and follow their filament's height; anchored ones keep that too."""
        truss, held = self.truss, self.truss.held & ~self.truss.anchored
        factor = truss.foot_factor()
        self.other[held, 2] = (
            truss.given_um[held, 2] * (1.0 / factor if truss.drawn == "dried" else factor)[held]
        )

    def _by_and_by(self, tolerance_um: float, shares: tuple[float, ...]) -> None:
        """Starts again and lets the part shrink in steps: for parts that turn too far for one."""
        truss = self.truss
        full = truss.shrink
        self.other = truss.given_um.copy()
        self.turns = np.broadcast_to(np.eye(3), (len(self.other), 3, 3)).copy()
        for share in shares:
            truss.shrink = share * full
            self._sink()
            self.lu = None
            self._settle(tolerance_um if share == 1.0 else 0.01 * self.scale)
            if not self.converged:
                break
        truss.shrink = full

    def _settle(self, tolerance_um: float) -> None:
        """Balances the forces, and with the dried state drawn, finds the bonds that go with them."""
        truss = self.truss
        dry_drawn = truss.drawn == "dried"
        if dry_drawn and self.steps:
            self._bond()
        # Early bonds are not worth a close solution.
        goal, last = 0.01 * self.scale if dry_drawn else tolerance_um, np.inf
        before_that = np.inf
        for searches in range(LIMIT if len(truss.free) else 0):
            if self.lu is None and not self._factor():
                self.residual, self.converged = np.inf, False
                return
            assert self.lu is not None
            search = _Search(truss, self.other, self.turns, self.lu, self.scale, self.kind)
            found: Found = fixed_point(search.step, np.zeros(6 * len(truss.free)), tolerance=goal, limit=25)
            self.steps += found.steps
            self.residual, self.converged = found.residual, found.converged
            stuck = not found.converged and not found.residual < 0.9 * last
            last = np.inf if found.converged else found.residual
            if stuck:
                return
            before = self.other
            self.other, self.turns = search.unpack(found.point)
            if not found.converged:
                self.lu, self.kind = None, np.dtype(np.float64)
                continue
            if not dry_drawn:
                return
            self.residual = max(self.residual, float(np.abs(self.other - before).max()))
            if self.residual <= max(tolerance_um, BONDS * self.scale):
                return
            astray = searches >= SOON and self.residual > SLOW * before_that
            if (astray or searches >= SETTLED) and not self.frozen:
                self._freeze()
            before_that = self.residual
            goal = float(np.clip(0.05 * self.residual, tolerance_um, goal))
            self._bond()

    def _factor(self) -> bool:
        """Factorises the stiffness about where the part is now; False where that is no number. What nothing resists is held
        softly: steps only have to point the right way, and where no force is there is none."""
        from scipy.sparse.linalg import splu

        k = self.truss.matrix(self.truss.pose(*self.truss.states(self.other), self.turns))
        if not np.isfinite(k.data).all():
            return False
        for kind, soft in ((self.kind, 0.0), (np.dtype(np.float64), 0.0), (np.dtype(np.float64), SOFT)):
            held = k
            if soft > 0.0:
                held = k.copy()
                held.setdiag(k.diagonal() + soft * float(np.abs(k.diagonal()).max()))
            try:
                self.lu = splu(
                    held.astype(kind),
                    permc_spec="MMD_AT_PLUS_A",
                    diag_pivot_thresh=0.0,
                    options={"SymmetricMode": True},
                )
            except RuntimeError:  # exactly singular
                continue
            self.kind = kind
            return True
        return False

    def _freeze(self) -> None:
        """From here on the bonds are those of the design as it is drawn, whether they touch in the wet state or not."""
        self.frozen = True
        self.truss.pegs = find_pegs(self.truss.skeleton, self.truss.state, self.truss.meant)

    def _bond(self) -> None:
        """Looks for the bonds again, in the wet state as it is now."""
        truss = self.truss
        old, wet = truss.pegs, truss.wet_state(*self._points())
        if self.frozen:
            truss.pegs = pegs_at(truss.skeleton, wet, old.segment, old.t, old.hold, old)
        else:
            truss.pegs = find_pegs(truss.skeleton, wet, truss.meant)
        if not truss.stands():
            # Bonds of the design that a wet shape on the way lacks would let go of a piece.
            self._freeze()
        if _unlike(old, truss.pegs):
            self.lu = None

    def _points(self) -> tuple[Floats, Floats]:
        """All points in both states; free ends that are left straight turn with the node that they hang on."""
        truss, k = self.truss, self.truss.skeleton
        wet, dried = truss.points(*truss.states(self.other), self.turns)
        if not self.ends.any():
            return wet, dried
        given = truss.state.points_um
        first, last = self._anchors()
        owner, index = k.part.owner(), np.arange(k.part.point_count)
        for end, anchor in ((0, first), (1, last)):
            at = anchor[owner]
            beyond = index < k.node_point[at] if end == 0 else index > k.node_point[at]
            p = np.flatnonzero(self.ends[end][owner] & (at >= 0) & beyond)
            n = at[p]
            arm = given[p] - given[k.node_point[n]]
            wet[p] = self.other[n] + arm / (1.0 - truss.shrink[n])[:, None]
            dried[p] = given[k.node_point[n]] + np.einsum("eij,ej->ei", self.turns[n], arm)
        return wet, dried

    def _anchors(self) -> tuple[Ints, Ints]:
        """First and last node of every filament that is bonded or stuck, [F] each, -1 where there is none."""
        truss, k = self.truss, self.truss.skeleton
        anchored = truss.held.copy()
        anchored[truss.pegs.nodes.ravel()] = True
        n = np.flatnonzero(anchored)
        first = np.full(len(k.part), len(anchored), dtype=np.int64)
        last = np.full(len(k.part), -1, dtype=np.int64)
        np.minimum.at(first, k.filament[n], n)
        np.maximum.at(last, k.filament[n], n)
        return np.where(last < 0, -1, first), last

    def _touching(self) -> tuple[npt.NDArray[np.bool_], int]:
        """Free ends bool[2,F] that would touch, wet, what the design keeps apart (or the substrate), and how
        many such bonds there are."""
        truss, k = self.truss, self.truss.skeleton
        assert truss.meant is not None
        state = truss.wet_state(*self._points())
        bonds = find_bonds(k.part, state)
        strange = ~np.isin(pair_keys(k.part, bonds), truss.meant)
        segment = bonds.segment[strange].ravel()
        below = np.flatnonzero(state.points_um[:, 2] < 0.45 * state.height_um)
        first, last = self._anchors()
        owner = k.part.owner()
        ends = np.zeros((2, len(k.part)), dtype=bool)
        for low, high in ((segment, segment + 1), (below, below)):
            f = owner[low]
            known = last[f] >= 0
            ends[0, f[known & (high <= k.node_point[first[f]])]] = True
            ends[1, f[known & (low >= k.node_point[last[f]])]] = True
        return ends, int(strange.sum())


def _unlike(old: Pegs, new: Pegs) -> bool:
    """Whether a factorisation for bonds `old` is too far from bonds `new` to be of use."""
    if not np.array_equal(old.nodes, new.nodes):
        return True
    ratio = new.hold / old.hold
    return bool((ratio > 3.0).any() or (ratio < 0.2).any())


class _Search:
    """One search for the balance of forces from a start, with one factorisation."""

    def __init__(
        self,
        truss: Truss,
        start_um: Floats,
        turns: Floats,
        lu: SuperLU,
        scale: float,
        kind: np.dtype[np.floating],
    ) -> None:
        self.truss, self.start_um, self.turns, self.lu, self.scale = truss, start_um, turns, lu, scale
        self.kind = kind

    def unpack(self, y: Floats) -> tuple[Floats, Floats]:
        """Nodes and their turns; turns are held in y by what they move at the end of a filament's width."""
        free, y = self.truss.free, y.reshape(-1, 6)
        there, turned = self.start_um.copy(), self.turns.copy()
        there[free] += y[:, :3]
        turned[free] = turn(y[:, 3:] / self.scale) @ self.turns[free]
        return there, turned

    def step(self, y: Floats) -> Floats:
        truss = self.truss
        with np.errstate(over="ignore", invalid="ignore"):
            there, turned = self.unpack(y)
            out = truss.pulls(truss.pose(*truss.states(there), turned)).ravel()[truss.dofs]
            d: Floats = -self.lu.solve(out.astype(self.kind)).reshape(-1, 6).astype(np.float64)
        if not np.isfinite(d).all():
            return np.full(d.size, np.inf)  # torn apart: the search goes back
        # No step turns anything by more than a beam can stand to be turned in one go.
        far = float(np.abs(d[:, 3:]).max(initial=0.0)) / TURN
        if far > 1.0:
            d /= far
        if truss.drawn == "dried":
            d[:, :3] *= -1.0
        d[:, 3:] *= self.scale
        return d.ravel()
