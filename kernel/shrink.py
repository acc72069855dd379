"""Drying, forwards and backwards: the face that gives a part its second state and says how that was found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from .diagnostics import Diagnostic, WetprintError, error, warning
from .drying_analytic import DECAY, Analytic
from .filaments import QUANTUM_UM, FilamentSet, Floats, State
from .material import Origin
from .scene import Assumption, Scene, StateName
from .sections import segment_lengths, transverse

if TYPE_CHECKING:
    from .build import Job

Compensate = Literal["off", "uniform", "full"]
Model = Literal["auto", "analytic", "frame"]

#: Widths are kept finer than paths, because ink per length goes with their square.
QUANTUM_WIDTH_UM = 1e-6


#: Parts whose frame may have more nodes than this go without one (see nodes_at_most).
FRAME_NODES = 60_000

#: Points that a path needs in neither state to within this part of a width are not added.
THIN = 5e-4


#: The inverse is good when dry(wet) lies within this of the design: um, and part of a filament's width.
GOAL_UM, GOAL = 0.01, 1e-3


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


def complete(
    filaments: FilamentSet,
    drawn: StateName = "dried",
    compensate: Compensate = "full",
    *,
    model: Model = "auto",
) -> FilamentSet:
    """`filaments` with both states; the arguments and the errors are those of `dry`."""
    return dry(filaments, drawn, compensate, model=model).filaments


def complete_jobs(
    scene: Scene, jobs: tuple[Job, ...], *, model: Model = "auto"
) -> tuple[tuple[Job, ...], list[Diagnostic]]:
    """The jobs of a design, each with both states, and what is to be said about how they dry; never raises for a design."""
    done: list[Job] = []
    said: list[Diagnostic] = []
    for job in jobs:
        try:
            found = dry(job.filaments, scene.state, scene.compensate, model=model)
        except WetprintError as fault:
            said += fault.diagnostics
            continue
        said += found.diagnostics
        done.append(replace(job, filaments=found.filaments))
    return tuple(done), said


def dry(
    filaments: FilamentSet,
    drawn: StateName = "dried",
    compensate: Compensate = "full",
    *,
    model: Model = "auto",
) -> Drying:
    """Finds the state that was not drawn.

    drawn "wet": the dried state is predicted. drawn "dried" with compensate "full": the wet state is sought whose dried
    state is the drawing, so the first layer prints 1:1 and upper layers flare. "uniform": the wet state is the drawing
    over 1 - s, "off": the wet state is the drawing itself; with both, the dried state is the model's prediction and no
    longer the drawing.

    model "frame": beams and bonds (drying_frame.py). Filaments bend, so they gain points where they are bonded; those
    that are drawn keep their order. "analytic": closed form (drying_analytic.py), no points are added. "auto": the frame
    for parts that it can hold, else closed form. The choice depends on the part alone.

    Raises WetprintError (E460) where an ink's figures leave no filament, LookupError where the drawn state is missing.
    """
    faults = _faults(filaments)
    if faults:
        raise WetprintError(*faults)
    given = filaments.state(drawn)
    if len(filaments) == 0:
        return Drying(filaments.with_states(given, given), "analytic", 0.0)
    said: tuple[Diagnostic, ...] = ()
    if drawn == "dried" and compensate != "full":
        wet = given if compensate == "off" else _uniform(filaments, given)
        filaments, drawn = filaments.with_states(wet, None), "wet"
    if model == "frame" or (model == "auto" and nodes_at_most(filaments, drawn) <= FRAME_NODES):
        done, said = _by_frame(filaments, drawn)
        if done is not None:
            return done
    return _by_formula(filaments, drawn, said)


def nodes_at_most(filaments: FilamentSet, drawn: StateName) -> int:
    """A bound on the nodes of a part's frame, found without looking for bonds: one for each width of filament."""
    state = filaments.state(drawn)
    first, _ = filaments.segments()
    length = segment_lengths(state.points_um, first)
    return int((length / state.width_um[first]).sum()) + 2 * len(filaments)


def _by_formula(filaments: FilamentSet, drawn: StateName, said: tuple[Diagnostic, ...]) -> Drying:
    given, residual = filaments.state(drawn), 0.0
    field = Analytic(filaments, drawn)
    if drawn == "wet":
        wet, dried = given, _dried(filaments, given, field.dry(given.points_um))
    else:
        points = _quantise(field.wet(given.points_um), QUANTUM_UM)
        residual = float(np.abs(field.dry(points) - given.points_um).max())
        wet, dried = _wet(filaments, given, points), given
    assumed = Assumption(
        f"decay length of the substrate's hold: {DECAY:g} of the footprint's extent",
        Origin("the frame model of woodpiles gives 0.06 to 0.17", assumed=True),
    )
    return Drying(
        filaments.with_states(wet, dried),
        field.name,
        residual,
        assumptions=(assumed, *_assumptions(filaments)),
        diagnostics=said,
    )


def _by_frame(filaments: FilamentSet, drawn: StateName) -> tuple[Drying | None, tuple[Diagnostic, ...]]:
    """The frame's answer, or None and why there is none."""
    from .drying_frame import ASSUMED, solve
    from .skeleton import thin_out

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
    part = _kept(part, keep, drawn)
    given = part.state(drawn)
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


def _kept(part: FilamentSet, keep: npt.NDArray[np.bool_], drawn: StateName) -> FilamentSet:
    """The part with the points `keep` of its drawn state, on the grid of paths."""
    s = part.state(drawn)
    state = State(_quantise(s.points_um[keep], QUANTUM_UM), s.width_um[keep], s.height_um[keep])
    counts = np.add.reduceat(keep.astype(np.int64), part.offsets[:-1])
    part = replace(
        part, offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), wet=None, dried=None
    )
    return part.with_states(state, None) if drawn == "wet" else part.with_states(None, state)


def _uniform(filaments: FilamentSet, given: State) -> State:
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


def _faults(filaments: FilamentSet) -> list[Diagnostic]:
    """Inks whose figures the linear model cannot hold: a pinned filament would thin to nothing."""
    found = []
    for m in np.unique(filaments.material):
        ink = filaments.inks[int(m)]
        left = 1.0 - ink.shrink * (1.0 + ink.poisson)
        if left <= 0.0 or ink.shrink < 0.0:
            found.append(
                error(
                    "E460",
                    f"ink {ink.name} with shrink {ink.shrink:.3g} and poisson {ink.poisson:.3g} leaves {left:.0%} of "
                    "the width of a filament that is held along its axis; more than 0 % was expected",
                    ink.span,
                    label="this ink",
                    notes=("a held filament keeps 1 - shrink * (1 + poisson) of its wet width",),
                )
            )
    return found


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
