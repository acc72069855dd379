"""Further states of a part that has been dried: a xerogel (dried in air), or sintered. The same mechanics, other figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..diagnostics import Diagnostic, WetprintError, error
from ..material import FURTHER, Ink
from ..shrink import Model, dry
from .hold import Hold

if TYPE_CHECKING:
    from ..build import Job


def further(
    jobs: Sequence[Job], name: str, *, model: Model = "auto"
) -> tuple[tuple[Job, ...], list[Diagnostic]]:
    """The jobs as they come out in the state `name` (of FURTHER): the wet filaments that they have, dried by the free
    shrinkage of that state. Their `dried` state and their inks are then those of the state.

    Never raises for a design: E461 says which figure an ink lacks. ValueError for another name.
    """
    if name not in FURTHER:
        raise ValueError(f"{name!r}: expected {' or '.join(FURTHER)}")
    said: list[Diagnostic] = []
    for job in jobs:
        for m in np.unique(job.filaments.material):
            ink = job.filaments.inks[int(m)]
            if getattr(ink, f"{name}_shrink") is None and not any(d.primary == ink.span for d in said):
                said.append(_unknown(ink, name))
    if said:
        return (), said
    done = []
    for job in jobs:
        part = replace(job.filaments, dried=None, inks=tuple(_as(ink, name) for ink in job.filaments.inks))
        try:
            found = dry(part, "wet", model=model, hold=Hold.of(job.print))
        except WetprintError as fault:
            said += fault.diagnostics
            continue
        said += found.diagnostics
        done.append(replace(job, filaments=found.filaments, drying=found))
    return tuple(done), said


def _as(ink: Ink, name: str) -> Ink:
    """The ink with the figures of a state: shrinkage and conductivity. BET is that of the aerogel, so it goes."""
    origin = dict(ink.provenance)
    for field in ("shrink", "conductivity"):
        origin.pop(field, None)
        if f"{name}_{field}" in origin:
            origin[field] = origin[f"{name}_{field}"]
    shrink = getattr(ink, f"{name}_shrink")
    return replace(
        ink,
        shrink=ink.shrink if shrink is None else shrink,
        conductivity=getattr(ink, f"{name}_conductivity"),
        bet_um2_ug=None,
        provenance=origin,
    )


def _unknown(ink: Ink, name: str) -> Diagnostic:
    field = f"{name}_shrink"
    return error(
        "E461",
        f"ink {ink.name} has no {field}; a free linear shrinkage from wet to {name} was expected",
        ink.span,
        label="this ink",
        notes=(
            f"nothing is published for it; measure a free part before and after it is {FURTHER[name]}, and write",
            f'`material mine = {ink.name} {{ {field}: 30%; }}`, or `{field}: 30% assumed "...";` for a guess',
        ),
    )
