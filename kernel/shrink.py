"""Drying, forwards and backwards: the face that gives a part its second state and says how that was found."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from .diagnostics import Diagnostic, WetprintError, error
from .drying.hold import PINNED, Hold
from .drying.models import Drying, by_formula, by_frame, frame_holds, uniform
from .drying.sections import thinning
from .filaments import FilamentSet
from .scene import Scene, StateName

if TYPE_CHECKING:
    from .build import Job

Compensate = Literal["off", "uniform", "full"]
Model = Literal["auto", "analytic", "field", "frame"]


def complete(
    filaments: FilamentSet,
    drawn: StateName = "dried",
    compensate: Compensate = "full",
    *,
    model: Model = "auto",
    hold: Hold = PINNED,
) -> FilamentSet:
    """`filaments` with both states; the arguments and the errors are those of `dry`."""
    return dry(filaments, drawn, compensate, model=model, hold=hold).filaments


def complete_jobs(
    scene: Scene, jobs: tuple[Job, ...], *, model: Model = "auto"
) -> tuple[tuple[Job, ...], list[Diagnostic]]:
    """The jobs of a design, each with both states, and what is to be said about how they dry; never raises for a design."""
    done: list[Job] = []
    said: list[Diagnostic] = []
    for job in jobs:
        if job.light is not None:
            done.append(job)
            continue
        try:
            found = dry(job.filaments, scene.state, scene.compensate, model=model, hold=Hold.of(job.print))
        except WetprintError as fault:
            said += fault.diagnostics
            continue
        said += found.diagnostics
        done.append(replace(job, filaments=found.filaments, drying=found))
    return tuple(done), said


def dry(
    filaments: FilamentSet,
    drawn: StateName = "dried",
    compensate: Compensate = "full",
    *,
    model: Model = "auto",
    hold: Hold = PINNED,
    keep: bool = True,
) -> Drying:
    """Finds the state that was not drawn.

    drawn "wet": the dried state is predicted. drawn "dried" with compensate "full": the wet state is sought whose dried
    state is the drawing, so the first layer prints 1:1 and upper layers flare. "uniform": the wet state is the drawing
    over 1 - s, "off": the wet state is the drawing itself; with both, the dried state is the model's prediction and no
    longer the drawing.

    model "frame": beams and bonds (drying_frame.py). Filaments bend, so they gain points where they are bonded. "field":
    the same mechanics on a coarse grid (drying_field.py), for parts too large for a frame; filaments gain points too.
    "analytic": closed form (drying_analytic.py), numpy alone, no points are added. "auto": the frame for parts that it
    can hold in a few seconds, else the field; the choice depends on the part alone. Drawn points keep their order.

    hold: what keeps the part in its place (hold.py). A part that nothing holds has no first layer that keeps its length.
    keep: whether the answer is kept on disk, or looked for there.

    Raises WetprintError (E460) where an ink's figures leave no filament, LookupError where the drawn state is missing.
    """
    faults = _faults(filaments, hold)
    if faults:
        raise WetprintError(*faults)
    given = filaments.state(drawn)
    if len(filaments) == 0:
        return Drying(filaments.with_states(given, given), "analytic", 0.0)
    if drawn == "dried" and compensate != "full":
        wet = given if compensate == "off" else uniform(filaments, given)
        filaments, drawn = filaments.with_states(wet, None), "wet"
    if model == "auto":
        model = "frame" if frame_holds(filaments, drawn) else "field"
    if model == "analytic":
        return by_formula(filaments, drawn, hold)
    from .cache import remembered

    chosen: Literal["field", "frame"] = model
    part, extra = hold.refine(filaments, drawn)
    words = chosen if hold == PINNED else f"{chosen} {hold.key(part.state(drawn).points_um)}"

    def solved() -> Drying:
        """What takes seconds, and is kept on disk."""
        if chosen == "field":
            from .drying.coarse import by_field

            return by_field(filaments, drawn, hold)
        done, said = by_frame(part, drawn, hold, extra)
        return by_formula(filaments, drawn, hold, said) if done is None else done

    return remembered(part, drawn, words, solved) if keep else solved()


def _faults(filaments: FilamentSet, hold: Hold) -> list[Diagnostic]:
    """Inks whose figures the model cannot hold: a pinned filament would thin to nothing."""
    found = []
    for m in np.unique(filaments.material):
        ink = filaments.inks[int(m)]
        left = 1.0 + float(thinning(ink.shrink, ink.poisson, int(hold.base == "pinned")))
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
