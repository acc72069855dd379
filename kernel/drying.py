"""The ways to dry a part, each from one state to the other: closed form, field or frame, with all that is to be said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from .bonds import find_bonds
from .diagnostics import Diagnostic, warning
from .drying_analytic import DECAY, Analytic
from .filaments import QUANTUM_UM, FilamentSet, Floats, State
from .material import Origin
from .refine import inside, kept, subdivided, thin_out
from .scene import Assumption, StateName
from .sections import segment_lengths, transverse

if TYPE_CHECKING:
    from .drying_field import Field

#: Widths are kept finer than paths, because ink per length goes with their square.
QUANTUM_WIDTH_UM = 1e-6

#: Points that a path needs in neither state to within this part of a width are not added.
THIN = 5e-4

#: The inverse is good when dry(wet) lies within this of the design: um, and part of a filament's width.
GOAL_UM, GOAL = 0.01, 1e-3

#: Nodes (as nodes_at_most counts them) of the sample on which a field is held against a frame.
SAMPLE_NODES = 6_000


@dataclass(frozen=True, slots=True, eq=False)
class Drying:
    """Both states of a part and how the second one was found.

    `residual_um`: the farthest that a point of dry(wet) lies from the drawn dried point; 0 where nothing was inverted.
    `assumptions`: every figure of the model or of the inks that nobody measured. `notes`: what a reader should know.
    """

    filaments: FilamentSet
    model: str
    residual_um: float
    notes: tuple[str, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def nodes_at_most(filaments: FilamentSet, drawn: StateName) -> int:
    """A bound on the nodes of a part's frame, found without looking for bonds: one for each width of filament."""
    state = filaments.state(drawn)
    first, _ = filaments.segments()
    length = segment_lengths(state.points_um, first)
    return int((length / state.width_um[first]).sum()) + 2 * len(filaments)


class _Map(Protocol):
    """A drying model that moves every point by itself."""

    name: str

    def dry(self, wet_um: Floats) -> Floats: ...

    def wet(self, dried_um: Floats) -> Floats: ...


def by_formula(filaments: FilamentSet, drawn: StateName, said: tuple[Diagnostic, ...] = ()) -> Drying:
    """The closed form; no points are added. `said` is passed on."""
    assumed = Assumption(
        f"decay length of the substrate's hold: {DECAY:g} of the footprint's extent",
        Origin("the frame model of woodpiles gives 0.06 to 0.17", assumed=True),
    )
    done = _by_map(filaments, drawn, Analytic(filaments, drawn))
    return replace(done, assumptions=(assumed, *_assumptions(filaments)), diagnostics=said)


def by_field(filaments: FilamentSet, drawn: StateName) -> Drying:
    """The coarse field, with its error against a frame on a sample from the middle of the part."""
    from .drying_field import ASSUMED, Field

    field = Field(filaments, drawn)
    part, added = subdivided(filaments, drawn, field.step_um)
    s = part.state(drawn)
    given = State(_quantise(s.points_um, QUANTUM_UM), s.width_um, s.height_um)
    wet, dried = (given, None) if drawn == "wet" else (None, given)
    done = _by_map(part.with_states(wet, dried), drawn, field)
    both = done.filaments
    one, two = both.state("wet"), both.state("dried")
    width = float(one.width_um.min())
    said: tuple[Diagnostic, ...] = ()
    if done.residual_um > max(GOAL_UM, GOAL * width):
        said = (
            warning(
                "W262",
                f"{done.residual_um:.3g} um is how far the dried part may lie from the design; "
                f"{max(GOAL_UM, GOAL * width):.3g} um was aimed at",
                filaments.spans[0] if filaments.spans else None,
                notes=(
                    "the rim shrinks so far over the layer that sticks that no wet shape dries to the design",
                ),
            ),
        )
    keep = thin_out(both, added, one.points_um, two.points_um, THIN * width)
    return replace(
        done,
        filaments=kept(both, keep),
        diagnostics=said,
        notes=(_error_of_field(both, field),),
        assumptions=(*ASSUMED, *_assumptions(filaments)),
    )


def _by_map(filaments: FilamentSet, drawn: StateName, model: _Map) -> Drying:
    given, residual = filaments.state(drawn), 0.0
    if drawn == "wet":
        wet, dried = given, _dried(filaments, given, model.dry(given.points_um))
    else:
        points = _quantise(model.wet(given.points_um), QUANTUM_UM)
        residual = float(np.abs(model.dry(points) - given.points_um).max(initial=0.0))
        wet, dried = _wet(filaments, given, points), given
    return Drying(filaments.with_states(wet, dried), model.name, residual)


def _error_of_field(both: FilamentSet, field: Field) -> str:
    """How far the field lies from a frame, for the filaments in a box about the middle of the part's base."""
    from .drying_field import Field as FieldModel
    from .drying_frame import solve

    wet = both.state("wet")
    low, high = wet.points_um.min(axis=0), wet.points_um.max(axis=0)
    share = (SAMPLE_NODES / max(nodes_at_most(both, "wet"), 1)) ** (1.0 / 3.0)
    middle, half = 0.5 * (low + high), 0.5 * share * (high - low)
    box_low, box_high = middle - half, middle + half
    box_low[2], box_high[2] = low[2], low[2] + 2.0 * half[2]
    sample = inside(both, "wet", box_low, box_high)
    if sample is None:
        return "no sample of the part is small enough to hold the field against a frame"
    sample = _firm(sample)
    frame = solve(sample, "wet") if len(sample) else None
    if frame is None or not frame.converged:
        return "the frame of a sample found no balance, so the field's error is not known"
    here = ~frame.added
    start = frame.wet_um[here]
    moved = frame.dried_um[here] - start
    off = FieldModel(sample, "wet").dry(start) - frame.dried_um[here]
    error, size = (float(np.sqrt((a**2).sum(axis=1).mean())) for a in (off, moved))
    return (
        f"a field of {field.grid.cells[0]} x {field.grid.cells[1]} x {field.grid.cells[2]} cells; on a sample of "
        f"{len(sample)} filaments it lies {error:.2g} um from the frame, {error / max(size, 1e-12):.0%} of the movement"
    )


def _firm(sample: FilamentSet) -> FilamentSet:
    """A sample cut out of a part without the filaments that its cut left dangling by one bond or none."""
    for _ in range(4):
        bonds = find_bonds(sample, sample.state("wet"))
        count = np.bincount(sample.owner()[bonds.segment].ravel(), minlength=len(sample))
        firm = (count >= 2) | (sample.layer == sample.layer.min(initial=0))
        if firm.all():
            break
        sample = sample.take(np.flatnonzero(firm))
    return sample


def by_frame(filaments: FilamentSet, drawn: StateName) -> tuple[Drying | None, tuple[Diagnostic, ...]]:
    """The frame's answer, or None and why there is none. Filaments gain points where they are bonded and bend."""
    from .drying_frame import ASSUMED, solve

    found = solve(filaments, drawn)
    if not found.converged:
        return None, (
            warning(
                "W261",
                f"the drying model stopped {found.residual_um:.3g} um short of balance after {found.steps} steps; the "
                "closed-form model stands in",
                filaments.spans[0] if filaments.spans else None,
                notes=(
                    "parts that hang together by few bonds, or inks that shrink very differently, do this",
                ),
            ),
        )
    part = found.part
    width = float(part.state(drawn).width_um.min())
    keep = thin_out(part, found.added, found.wet_um, found.dried_um, THIN * width)
    part = kept(part, keep)
    s = part.state(drawn)
    given = State(_quantise(s.points_um, QUANTUM_UM), s.width_um, s.height_um)
    residual = found.residual_um if drawn == "dried" else 0.0
    if drawn == "wet":
        wet, dried = given, _dried(part, given, found.dried_um[keep])
    else:
        wet = _wet(part, given, _quantise(found.wet_um[keep], QUANTUM_UM))
        # Where a free end could not be compensated, the dried state is what comes out and not what was drawn.
        comes_out = found.dried_um[keep]
        if found.strangers:
            again = solve(part.with_states(wet, None), "wet")
            if again.converged:
                comes_out = again.dried_um[~again.added]
                residual = float(np.abs(comes_out - found.dried_um[keep]).max())
        dried = State(_quantise(comes_out, QUANTUM_UM), given.width_um, given.height_um)
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
                    else "some filaments touch so little that a hair decides if they bond",
                ),
            )
        )
    if found.curled:
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
        said.append(
            warning(
                "W260",
                f"{found.adrift} nodes of filament touch neither the substrate nor what stands on it; they were expected "
                "to rest on something",
                where,
                notes=("where they dry to is not known: they were held by their lowest points",),
            )
        )
    return (
        Drying(
            part.with_states(wet, dried),
            "frame",
            residual,
            notes=(f"filaments turn by up to {np.degrees(found.turn_rad):.0f} degrees as they dry",),
            assumptions=(*ASSUMED, *_assumptions(filaments)),
            diagnostics=tuple(said),
        ),
        (),
    )


def uniform(filaments: FilamentSet, given: State) -> State:
    """The naive wet state: everything over 1 - s."""
    free = np.repeat(
        np.array([1.0 - ink.shrink for ink in filaments.inks])[filaments.material], np.diff(filaments.offsets)
    )
    points = Analytic(filaments, "dried").uniform(given.points_um)
    return State(_quantise(points, QUANTUM_UM), _over(given.width_um, free), _over(given.height_um, free))


def _wet(filaments: FilamentSet, dried: State, points_um: Floats) -> State:
    across = transverse(filaments, points_um, dried.points_um)
    return State(points_um, _over(dried.width_um, across), _over(dried.height_um, across))


def _dried(filaments: FilamentSet, wet: State, points_um: Floats) -> State:
    points = _quantise(points_um, QUANTUM_UM)
    across = transverse(filaments, wet.points_um, points)
    return State(
        points,
        _quantise(wet.width_um * across, QUANTUM_WIDTH_UM),
        _quantise(wet.height_um * across, QUANTUM_WIDTH_UM),
    )


def _over(size_um: Floats, across: Floats) -> Floats:
    return _quantise(size_um / across, QUANTUM_WIDTH_UM)


def _quantise(a: Floats, quantum: float) -> Floats:
    """Rounded to a multiple of `quantum`, without negative zeros (they would print as -0)."""
    digits = round(-float(np.log10(quantum)))
    return np.round(a, digits) + 0.0


def _assumptions(filaments: FilamentSet) -> tuple[Assumption, ...]:
    found: list[Assumption] = []
    for m in np.unique(filaments.material):
        ink = filaments.inks[int(m)]
        found += [
            Assumption(f"{name} of ink {ink.name}: {getattr(ink, name):.3g}", ink.provenance[name], ink.span)
            for name in ink.assumed
            if name in ("shrink", "poisson")
        ]
    return tuple(found)
