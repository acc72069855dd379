"""Rows of a toolpath as places in the source text, for refusals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..kernel.diagnostics import Diagnostic, Span, error
from ..kernel.motion import Toolpath


def span_at(toolpath: Toolpath, row: int) -> Span | None:
    """Line of source behind a row: that of its filament, else of the next one, else of the last."""
    ids = toolpath.filament
    if not len(ids) or not len(toolpath.plan.filaments):
        return None
    later = np.flatnonzero(ids[row:] >= 0)
    earlier = np.flatnonzero(ids[:row] >= 0)
    if len(later):
        i = int(ids[row + int(later[0])])
    elif len(earlier):
        i = int(ids[int(earlier[-1])])
    else:
        return None
    f = toolpath.plan.filaments
    return f.spans[int(f.origin[i])]


def first_of(
    toolpath: Toolpath,
    bad: npt.NDArray[np.bool_],
    code: str,
    say: str,
    label: str,
    notes: tuple[str, ...] = (),
) -> list[Diagnostic]:
    """One diagnostic at the first row of `bad`, with how many more there are; none when none is bad."""
    rows = np.flatnonzero(bad)
    if not len(rows):
        return []
    more = len(rows) - 1
    counted = (f"and at {more} more row{'s' if more > 1 else ''} of the toolpath",) if more else ()
    return [error(code, say, span_at(toolpath, int(rows[0])), label=label, notes=(*counted, *notes))]
