"""What `wp plan` tells of a print, and of designs that pattern films: the steps of a job, light and ink alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...kernel.diagnostics import Severity
from .asked import print_json, show
from .pipeline import Waiting, jobs_of, planned

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
    from ...kernel.films.plan import plan_data, plan_of
    from ...kernel.films.steps import steps_table
    from ...kernel.order import summary_table

    assert loaded.scene is not None
    jobs, said = jobs_of(loaded, waiting, only="wet", as_json=as_json)
    steps, found = plan_of(loaded.scene, jobs, rig)
    show(d for d in said if d.severity >= Severity.WARNING)
    if as_json:
        print_json(plan_data(steps, found))
        return
    print(steps_table(steps))
    if found:
        print(summary_table(found))
