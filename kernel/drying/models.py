"""The ways to dry a part, each from one state to the other: closed form, field or frame, with all that is to be said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..diagnostics import Diagnostic, warning
from ..filaments import QUANTUM_UM, FilamentSet, Floats, State
from ..material import Origin
from ..scene import Assumption, StateName
from .analytic import DECAY, Analytic, Loose
from .hold import PINNED, Hold
from .refine import kept, thin_out
from .sections import segment_lengths, transverse

#: Widths are kept finer than paths, because ink per length goes with their square.
QUANTUM_WIDTH_UM = 1e-6

#: Points that a path needs in neither state to within this part of a width are not added.
THIN = 5e-4

#: Nodes (as nodes_at_most counts them) of parts that are dried as a frame: of any part, of a shallow or slender one, and of
#: these for every width of filament along the longest side. At the limits a woodpile takes about 2 and 5 s of processor time.
FRAME_NODES, FLAT_NODES, CUT_NODES = 20_000, 32_000, 260

#: Turns from which on the wet shape that was found is dried again, to see whether the design comes out, rad; assumed.
TWISTED = 0.7

#: The inverse is good when dry(wet) lies within this of the design: um, and part of a filament's width.
GOAL_UM, GOAL = 0.01, 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Drying:
    """Both states of a part and how the second one was found.

    `residual_um`: the farthest that a point of dry(wet) lies from the drawn dried point; 0 where nothing was inverted.
    `assumptions`: every figure of the model or of the inks that nobody measured. `notes`: what a reader should know.
    `error_um`, `error`: rms distance of a field from a frame on a sample of the part, and that over the rms movement there;
    None for other models. `base`: how the part was held (hold.py). `turn_rad`: the largest turn of a filament, None where
    the model knows none.
    """

    filaments: FilamentSet
    model: str
    residual_um: float
    notes: tuple[str, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    error_um: float | None = None
    error: float | None = None
    base: str = "pinned"
    turn_rad: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """What `wp measure --json` says of it."""
        return {
            "model": self.model,
            "base": self.base,
            "residual_um": self.residual_um,
            "field_error_um": self.error_um,
            "field_error": self.error,
            "largest_turn_deg": None if self.turn_rad is None else float(np.degrees(self.turn_rad)),
            "notes": list(self.notes),
            "assumed": [{"what": a.what, "why": a.origin.text} for a in self.assumptions],
        }


def nodes_at_most(filaments: FilamentSet, drawn: StateName) -> int:
    """A bound on the nodes of a part's frame, found without looking for bonds: one for each width of filament."""
    state = filaments.state(drawn)
    first, _ = filaments.segments()
    length = segment_lengths(state.points_um, first)
    return int((length / state.width_um[first]).sum()) + 2 * len(filaments)


def frame_holds(filaments: FilamentSet, drawn: StateName) -> bool:
    """Whether the frame of a part is solved in a few seconds: what counts is not its size alone, but what a cut across its
    longest side would part. Rims and shallow stacks, where a field is roughest, so have a frame in wider parts."""
    nodes = nodes_at_most(filaments, drawn)
    if nodes <= FRAME_NODES:
        return True
    state = filaments.state(drawn)
    longest = float((np.ptp(state.points_um, axis=0) / np.median(state.width_um)).max(initial=1.0))
    return nodes <= FLAT_NODES and nodes <= CUT_NODES * longest


class Map(Protocol):
    """A drying model that moves every point by itself."""

    name: str

    def dry(self, wet_um: Floats) -> Floats: ...

    def wet(self, dried_um: Floats) -> Floats: ...


def by_formula(
    filaments: FilamentSet, drawn: StateName, hold: Hold = PINNED, said: tuple[Diagnostic, ...] = ()
) -> Drying:
    """The closed form; no points are added, and anchors are not known to it. `said` is passed on."""
    if hold.base == "free":
        done = by_map(filaments, drawn, Loose(filaments, drawn))
        return replace(done, assumptions=assumptions(filaments), diagnostics=said, base="free")
    assumed = Assumption(
        f"decay length of the substrate's hold: {DECAY:g} of the footprint's extent",
        Origin("the frame model of woodpiles gives 0.06 to 0.17", assumed=True),
    )
    done = by_map(filaments, drawn, Analytic(filaments, drawn))
    return replace(done, assumptions=(assumed, *assumptions(filaments)), diagnostics=said)


def by_map(filaments: FilamentSet, drawn: StateName, model: Map) -> Drying:
    given, residual = filaments.state(drawn), 0.0
    if drawn == "wet":
        wet, dried = given, _dried(filaments, given, model.dry(given.points_um))
    else:
        points = quantise(model.wet(given.points_um), QUANTUM_UM)
        residual = float(np.abs(model.dry(points) - given.points_um).max(initial=0.0))
        wet, dried = _wet(filaments, given, points), given
    return Drying(filaments.with_states(wet, dried), model.name, residual)


def by_frame(
    filaments: FilamentSet, drawn: StateName, hold: Hold = PINNED, extra: npt.NDArray[np.bool_] | None = None
) -> tuple[Drying | None, tuple[Diagnostic, ...]]:
    """The frame's answer, or None and why there is none. Filaments gain points where they are bonded and bend.
    `extra bool[P]`: points that nobody drew, which go again where they are not needed."""
    from .frame import ASSUMED, solve

    found = solve(filaments, drawn, hold)
    if not found.converged:
        return None, (
            warning(
                "W261",
                (
                    f"the drying model stopped {found.residual_um:.3g} um short of balance after {found.steps} steps"
                    if np.isfinite(found.residual_um)
                    else "the drying model found no balance"
                )
                + "; the closed-form model stands in",
                filaments.spans[0] if filaments.spans else None,
                notes=(
                    "parts that hang together by few bonds, or inks that shrink very differently, do this",
                ),
            ),
        )
    part, added = found.part, found.added
    width = float(part.state(drawn).width_um.min())
    if extra is not None:
        added = added.copy()
        added[~found.added] = extra
    keep = thin_out(part, added, found.wet_um, found.dried_um, THIN * width)
    part = kept(part, keep)
    s = part.state(drawn)
    given = State(quantise(s.points_um, QUANTUM_UM), s.width_um, s.height_um)
    residual, ties = (found.residual_um if drawn == "dried" else 0.0), found.ties
    if drawn == "wet":
        wet, dried = given, _dried(part, given, found.dried_um[keep])
    else:
        wet = _wet(part, given, quantise(found.wet_um[keep], QUANTUM_UM))
        # Where a free end could not be compensated, the dried state is what comes out and not what was drawn.
        comes_out = found.dried_um[keep]
        if found.strangers or found.turn_rad > TWISTED:
            # What turns that far may have two balances, and drying finds the one that is nearer to the wet shape.
            again = solve(
                replace(part, wet=wet, dried=None, ties=ties), "wet", hold, afresh=found.strangers > 0
            )
            if again.converged:
                ties = again.ties
                comes_out = again.dried_um[~again.added]
                residual = float(np.abs(comes_out - found.dried_um[keep]).max())
        dried = State(quantise(comes_out, QUANTUM_UM), given.width_um, given.height_um)
    said: list[Diagnostic] = []
    where = filaments.spans[0] if filaments.spans else None
    if residual > max(GOAL_UM, GOAL * width):
        touch = f"{found.strangers} pairs of filaments touch in the wet state that the design keeps apart"
        said.append(
            warning(
                "W262",
                f"{residual:.3g} um is how far the dried part may lie from the design; "
                f"{max(GOAL_UM, GOAL * width):.3g} um was aimed at",
                where,
                notes=(
                    touch
                    if found.strangers
                    else "the part bends so far that its wet shape was not found closer",
                ),
            )
        )
    if found.curled and found.curl_um > max(GOAL_UM, GOAL * width):
        said.append(
            warning(
                "W263",
                f"{found.curled} free ends of filaments will curl up by as much as {found.curl_um:.3g} um as they dry; "
                "they could not be printed bent down without touching what is below",
                where,
                notes=("free ends are those beyond the last bond; shorter ones curl less",),
            )
        )
    if found.adrift:
        first = found.adrift[0]
        point = filaments.offsets[first]
        many = len(found.adrift)
        said.append(
            warning(
                "W260",
                f"{many} filament{'' if many == 1 else 's'} touch{'es' if many == 1 else ''} neither the substrate nor what stands "
                f"on it; the first lies {filaments.state(drawn).points_um[point, 2]:.4g} um high",
                filaments.spans[filaments.origin[first]] if filaments.spans else None,
                notes=("where they dry to is not known: they were held by their lowest points",),
            )
        )
    return (
        Drying(
            replace(part, wet=wet, dried=dried, ties=ties if drawn == "dried" else None),
            "frame",
            residual,
            notes=(f"filaments turn by up to {np.degrees(found.turn_rad):.0f} degrees as they dry",),
            assumptions=(*ASSUMED, *assumptions(filaments)),
            diagnostics=tuple(said),
            base=hold.base,
            turn_rad=found.turn_rad,
        ),
        (),
    )


def uniform(filaments: FilamentSet, given: State) -> State:
    """The naive wet state: everything over 1 - s."""
    free = np.repeat(
        np.array([1.0 - ink.shrink for ink in filaments.inks])[filaments.material], np.diff(filaments.offsets)
    )
    points = Analytic(filaments, "dried").uniform(given.points_um)
    return State(quantise(points, QUANTUM_UM), _over(given.width_um, free), _over(given.height_um, free))


def _wet(filaments: FilamentSet, dried: State, points_um: Floats) -> State:
    across = transverse(filaments, points_um, dried.points_um)
    return State(points_um, _over(dried.width_um, across), _over(dried.height_um, across))


def _dried(filaments: FilamentSet, wet: State, points_um: Floats) -> State:
    points = quantise(points_um, QUANTUM_UM)
    across = transverse(filaments, wet.points_um, points)
    return State(
        points,
        quantise(wet.width_um * across, QUANTUM_WIDTH_UM),
        quantise(wet.height_um * across, QUANTUM_WIDTH_UM),
    )


def _over(size_um: Floats, across: Floats) -> Floats:
    return quantise(size_um / across, QUANTUM_WIDTH_UM)


def quantise(a: Floats, quantum: float) -> Floats:
    """Rounded to a multiple of `quantum`, without negative zeros (they would print as -0)."""
    digits = round(-float(np.log10(quantum)))
    return np.round(a, digits) + 0.0


def assumptions(filaments: FilamentSet) -> tuple[Assumption, ...]:
    found: list[Assumption] = []
    for m in np.unique(filaments.material):
        ink = filaments.inks[int(m)]
        found += [
            Assumption(f"{name} of ink {ink.name}: {getattr(ink, name):.3g}", ink.provenance[name], ink.span)
            for name in ink.assumed
            if name in ("shrink", "poisson")
        ]
    return tuple(found)
