"""Drying a part as a field: the coarse model on all of it, its error from a frame of a piece that was cut out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..diagnostics import Diagnostic, warning
from ..filaments import QUANTUM_UM, FilamentSet, State
from ..scene import StateName
from .bonds import find_bonds
from .field import ASSUMED, Field
from .hold import PINNED, Hold
from .models import GOAL, GOAL_UM, THIN, Drying, assumptions, by_map, nodes_at_most, quantise
from .refine import inside, kept, subdivided, thin_out

#: Leans from which on it is said that the field is linear, rad.
STEEP = 0.35

#: Nodes (as nodes_at_most counts them) of the sample on which a field is held against a frame.
SAMPLE_NODES = 9_000


def by_field(filaments: FilamentSet, drawn: StateName, hold: Hold = PINNED) -> Drying:
    """The coarse field, with its error against a frame on a sample from the middle of the part."""
    field = Field(filaments, drawn, hold)
    part, added = subdivided(filaments, drawn, field.step_um)
    s = part.state(drawn)
    given = State(quantise(s.points_um, QUANTUM_UM), s.width_um, s.height_um)
    wet, dried = (given, None) if drawn == "wet" else (None, given)
    done = by_map(part.with_states(wet, dried), drawn, field)
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
    note, error_um, error = _error_of_field(both, field, drawn)
    turn = field.steepest_rad()
    steep = (
        (f"filaments lean by up to {np.degrees(turn):.0f} degrees, for which the field is rough",)
        if turn > STEEP
        else ()
    )
    keep = thin_out(both, added, one.points_um, two.points_um, THIN * width)
    return replace(
        done,
        filaments=kept(both, keep),
        diagnostics=said,
        notes=(note, *steep),
        base=hold.base,
        error_um=error_um,
        error=error,
        turn_rad=turn,
        assumptions=(*ASSUMED, *assumptions(filaments)),
    )


def _error_of_field(
    both: FilamentSet, field: Field, drawn: StateName
) -> tuple[str, float | None, float | None]:
    """What to say of it, and the rms in um and in parts of the movement: how far the field lies from a frame, for the filaments
    in a box about the middle of the part's base, each as if that were the whole part."""
    from .frame import solve

    points = both.state(drawn).points_um
    low, high = points.min(axis=0), points.max(axis=0)
    share = (SAMPLE_NODES / max(nodes_at_most(both, drawn), 1)) ** (1.0 / 3.0)
    middle, half = 0.5 * (low + high), 0.5 * share * (high - low)
    box_low, box_high = middle - half, middle + half
    box_low[2], box_high[2] = low[2], low[2] + 2.0 * half[2]
    sample = inside(both, drawn, box_low, box_high)
    if sample is None:
        return "no sample of the part is small enough to hold the field against a frame", None, None
    sample = _firm(sample, drawn)
    frame = solve(sample, drawn) if len(sample) else None
    if frame is None or not frame.converged:
        return "the frame of a sample found no balance, so the field's error is not known", None, None
    here = ~frame.added
    one, two = frame.wet_um[here], frame.dried_um[here]
    model = Field(sample, drawn)
    off = model.dry(one) - two if drawn == "wet" else model.wet(two) - one
    error, size = (float(np.sqrt((a**2).sum(axis=1).mean())) for a in (off, two - one))
    part = error / max(size, 1e-12)
    return (
        f"a field of {field.grid.cells[0]} x {field.grid.cells[1]} x {field.grid.cells[2]} cells; on a sample of "
        f"{len(sample)} filaments it lies {error:.2g} um from the frame, {part:.0%} of the movement",
        error,
        part,
    )


def _firm(sample: FilamentSet, drawn: StateName) -> FilamentSet:
    """A sample cut out of a part without the filaments that its cut left dangling by one bond or none."""
    for _ in range(4):
        bonds = find_bonds(sample, sample.state(drawn))
        count = np.bincount(sample.owner()[bonds.segment].ravel(), minlength=len(sample))
        firm = (count >= 2) | (sample.layer == sample.layer.min(initial=0))
        if firm.all():
            break
        sample = sample.take(np.flatnonzero(firm))
    return sample
