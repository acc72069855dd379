"""Rows of a toolpath as places in the source text, for refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ...kernel.diagnostics import Diagnostic, Span, error
from ...kernel.motion import Toolpath

#: How each law of a toolpath is met again. A planner of ours breaks none of them: the toolpath or the rig was changed behind it.
MENDS: Mapping[str, str] = {
    "M601": "plan the design anew for this rig: `wp plan`, or make_plan and make_toolpath from Python",
    "M611": "lower `speeds` of the rig, or raise `max_speed` of the axis to what it does",
    "M612": "plan anew for this rig; a lower `heights.clear` lets travels run lower",
    "M613": "another nozzle, another speed of printing, or `pressure_min` and `pressure_max` as the box has them",
    "M614": "plan anew for this rig: the valve opens and closes, and the stage waits, outside filaments only",
    "M616": "add the ink to `loads` of the nozzle, or plan anew for this rig",
    "M617": "print with one pressure a filament; another width is another filament",
    "M618": "measure the nozzle's outside further up and add it to `cone_um`",
    "M619": "a larger `volume` loaded, or fewer filaments in one print",
    "M621": "print in a bath whose ions gel the ink, or choose another ink",
}


def mended(d: Diagnostic) -> Diagnostic:
    """The finding with how to mend it, where it does not say so itself."""
    note = MENDS.get(d.code)
    return (
        d
        if note is None or any(not n.startswith("and at ") for n in d.notes)
        else replace(d, notes=(*d.notes, note))
    )


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
