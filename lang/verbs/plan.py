"""What `wp plan` tells of a print, and of designs that pattern films: the steps of a job, light and ink alike."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...kernel.diagnostics import Severity
from .asked import print_json, show
from .pipeline import Waiting, jobs_of, planned, toolpath_of

if TYPE_CHECKING:
    from ...kernel.rig import Rig
    from ..load import Loaded


def tell_plan(loaded: Loaded, waiting: Waiting, rig: Rig, *, as_json: bool) -> None:
    """Order, time, switches and ink of a print on a rig."""
    from ...kernel.order import summary, summary_table

    if loaded.scene is not None and loaded.scene.in_steps:
        _tell_steps(loaded, waiting, rig, as_json=as_json)
        return
    toolpath = planned(loaded, waiting, rig)
    found = summary(toolpath.plan, toolpath, rig)
    if as_json:
        print_json(found)
    else:
        print(summary_table(found))


def _tell_steps(loaded: Loaded, waiting: Waiting, rig: Rig, *, as_json: bool) -> None:
    """The plan of what is printed wet, if anything is, and all steps in order."""
    from ...kernel.films.steps import as_data, steps_table
    from ...kernel.order import summary, summary_table
    from ...kernel.process import steps_of

    assert loaded.scene is not None
    jobs, said = jobs_of(loaded, waiting, only="wet", as_json=as_json)
    wet = tuple(job for job in jobs if job.print.process == "wet_writing")
    found: dict[str, Any] = {}
    if wet:
        toolpath = toolpath_of(wet, rig)
        found = summary(toolpath.plan, toolpath, rig)
    steps = steps_of(loaded.scene, jobs)
    if len(wet) == 1:
        # Of several prints the plan mingles filaments and changes of ink: no part of its time is that of one of them.
        steps = tuple(replace(s, time_s=found["time_s"]) if s.kind == "extrude" else s for s in steps)
    show(d for d in said if d.severity >= Severity.WARNING)
    if as_json:
        print_json({**found, "steps": as_data(steps)})
        return
    print(steps_table(steps))
    if wet:
        print(summary_table(found))
