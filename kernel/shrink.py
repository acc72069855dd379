"""Drying, forwards and backwards: the face that gives a part its second state and says how that was found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from .diagnostics import Diagnostic, WetprintError, error
from .drying_analytic import DECAY, Analytic
from .filaments import QUANTUM_UM, FilamentSet, Floats, State
from .material import Origin
from .scene import Assumption, Scene, StateName
from .sections import transverse

if TYPE_CHECKING:
    from .build import Job

Compensate = Literal["off", "uniform", "full"]
Model = Literal["auto", "analytic"]

#: Widths are kept finer than paths, because ink per length goes with their square.
QUANTUM_WIDTH_UM = 1e-6


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

    Raises WetprintError (E460) where an ink's figures leave no filament, LookupError where the drawn state is missing.
    """
    faults = _faults(filaments)
    if faults:
        raise WetprintError(*faults)
    given = filaments.state(drawn)
    if len(filaments) == 0:
        return Drying(filaments.with_states(given, given), "analytic", 0.0)
    if drawn == "wet":
        field = Analytic(filaments, "wet")
        wet = given
        dried = _dried(filaments, given, field.dry(given.points_um))
        residual = 0.0
    elif compensate == "full":
        field = Analytic(filaments, "dried")
        points = _quantise(field.wet(given.points_um), QUANTUM_UM)
        again = field.dry(points)
        residual = float(np.abs(again - given.points_um).max())
        across = transverse(filaments, points, given.points_um)
        wet = State(points, _over(given.width_um, across), _over(given.height_um, across))
        dried = given
    else:
        field = Analytic(filaments, "dried")
        if compensate == "uniform":
            free = np.repeat(
                np.array([1.0 - ink.shrink for ink in filaments.inks])[filaments.material],
                np.diff(filaments.offsets),
            )
            wet = State(
                _quantise(field.uniform(given.points_um), QUANTUM_UM),
                _over(given.width_um, free),
                _over(given.height_um, free),
            )
        else:
            wet = given
        # The print is what the substrate holds, so the hold is measured on the wet shape.
        field = Analytic(filaments.with_states(wet, None), "wet")
        dried = _dried(filaments, wet, field.dry(wet.points_um))
        residual = 0.0
    return Drying(
        filaments.with_states(wet, dried),
        field.name,
        residual,
        assumptions=_assumptions(filaments),
    )


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
    found = [
        Assumption(
            f"decay length of the substrate's hold: {DECAY:g} of the footprint's extent",
            Origin("between 1/3 and 2/3 for lattices of this kind", assumed=True),
        )
    ]
    for m in np.unique(filaments.material):
        ink = filaments.inks[int(m)]
        found += [
            Assumption(f"{name} of ink {ink.name}: {getattr(ink, name):.3g}", ink.provenance[name], ink.span)
            for name in ink.assumed
            if name in ("shrink", "poisson")
        ]
    return tuple(found)
