"""The plots of the page: those of the process sheet, of the part that is shown and of its course on the rig."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .exports import subject_of

if TYPE_CHECKING:
    from ...kernel.rig import Rig
    from ..reports.blocks import Drawing
    from .bench import Outcome


def plots(outcome: Outcome | None, rig: Rig, design: Path) -> dict[str, Any]:
    """`of`: number of the wish; `groups`: each with its `name` and its `plots` (`svg`, `caption`, `alt`), or with a `note` why there
    are none."""
    if outcome is None or not outcome.jobs:
        return {"of": 0, "groups": [{"name": "Part", "plots": [], "note": "There is no part yet."}]}
    from ..export import whole
    from ..reports import machine
    from ..reports.blocks import Drawing as Drawn
    from ..reports.plots import of_course, of_part

    part = {"name": "Part", "plots": _told(of_part(whole(outcome.jobs, "dried"))), "note": ""}
    course: dict[str, Any] = {"name": f"Course of the print on rig {rig.name}", "plots": [], "note": ""}
    if outcome.toolpath is None:
        course["note"] = (
            "This rig refuses the part; the reasons stand under Print."
            if outcome.refusals
            else "The plan of this large part is being made."
        )
    else:
        subject = subject_of(outcome, rig, design)
        phases = [b for b in machine.time(subject, drawn=True) if isinstance(b, Drawn)]
        course["plots"] = _told([*phases, *of_course(subject)])
    return {"of": outcome.wish.number, "final": outcome.final, "groups": [part, course]}


def _told(drawn: list[Drawing]) -> list[dict[str, str]]:
    return [{"svg": d.svg, "caption": d.caption, "alt": d.alt} for d in drawn]
