"""Marks in the window: filaments that `wp check` complains of, and the distance between two places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...kernel.check import leaves, run_checks
from ...kernel.diagnostics import Diagnostic, Severity, Span
from ...kernel.figures.contacts import contacts_of
from ...kernel.filaments import FilamentSet, Floats
from ...kernel.scene import Scene, StateName
from ..colourings.place import gaps_um

if TYPE_CHECKING:
    from ...kernel.build import Job

#: What is complained of is drawn so.
ALARM = "#d6006c"

#: Of spans and free ends, those within this share of the worst are marked: a rule names the worst only.
_NEAR = 0.9


#: Rules that are looked up in the part.
_SOUGHT = ("W204", "W205", "W206", "W207")

#: What is said, and the statement of the lattice or path in which it points.
Problem = tuple[Diagnostic, Span | None]


def problems_of(scene: Scene, jobs: Sequence[Job]) -> list[Problem]:
    """Warnings and errors of the design rules."""
    return problems_in(run_checks(scene, jobs, None), jobs)


def problems_in(said: Sequence[Diagnostic], jobs: Sequence[Job]) -> list[Problem]:
    """Those of what was said that are warnings or errors."""
    statements = [leaf.span for job in jobs for leaf in leaves(job.print.part)]
    return [
        (d, next((s for s in statements if d.primary is not None and _within(d.primary, s)), None))
        for d in said
        if d.severity >= Severity.WARNING
    ]


def problems_at(
    part: FilamentSet, state: StateName, said: Sequence[Problem]
) -> tuple[npt.NDArray[np.bool_], list[str]]:
    """The filaments that are spoken of, bool[F], and a line of each problem. Rules on what hangs, spans or touches are looked
    up in the part, so that the very places are marked; of others all filaments of the statement that they name."""
    marked = np.zeros(len(part), bool)
    for d, statement in said:
        marked |= _filaments(part, state, d, statement)
    return marked, [
        f"{d.code} {d.message} ({d.primary.where})" if d.primary else f"{d.code} {d.message}" for d, _ in said
    ]


def _filaments(
    part: FilamentSet, state: StateName, d: Diagnostic, statement: Span | None
) -> npt.NDArray[np.bool_]:
    rows = np.array([statement is None or _within(s, statement) for s in part.spans], bool)[part.origin]
    mine = rows if rows.any() else np.ones(len(part), bool)
    if d.code not in _SOUGHT:
        return mine
    found = contacts_of(part, state)
    if d.code == "W205":
        exact = found.missing_of > 0
    elif d.code == "W206":
        both: tuple[StateName, ...] = ("wet", "dried")
        known = [name for name in both if getattr(part, name) is not None]
        exact = np.any([np.nan_to_num(gaps_um(part, name), nan=np.inf) <= 0.0 for name in known], axis=0)
    elif d.code == "W204":
        exact = found.span_um >= _NEAR * float(np.max(found.span_um, where=mine, initial=0.0))
    else:
        exact = found.overhang_um >= _NEAR * float(np.max(found.overhang_um, where=mine, initial=0.0))
    exact = exact & mine
    return exact if exact.any() else mine


def _within(inner: Span, outer: Span) -> bool:
    return inner.source is outer.source and outer.start <= inner.start < max(outer.end, outer.start + 1)


def distance_told(a_um: Floats, b_um: Floats) -> str:
    """How far two places are apart, in all, in plan and upwards."""
    d = np.asarray(b_um) - np.asarray(a_um)
    return (
        f"{float(np.linalg.norm(d)):.5g} µm apart\n"
        f"in x {d[0]:.4g}, in y {d[1]:.4g}, in z {d[2]:.4g} µm; in plan {float(np.hypot(d[0], d[1])):.4g} µm"
    )
