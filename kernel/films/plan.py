"""The plan of a design that is made in steps: all of them in order, and the motion of what is printed wet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..motion import make_toolpath
from ..order import make_plan, summary
from ..process import Step, steps_of
from .steps import as_data

if TYPE_CHECKING:
    from ..build import Job
    from ..rig import Rig
    from ..scene import Scene


def plan_of(scene: Scene, jobs: tuple[Job, ...], rig: Rig) -> tuple[tuple[Step, ...], dict[str, Any]]:
    """All steps of a design, and the figures of its wet print on a rig, empty where it has none."""
    wet = tuple(job for job in jobs if job.print.process == "wet_writing")
    steps = steps_of(scene, jobs)
    if not wet:
        return steps, {}
    plan = make_plan(wet, rig)
    found = summary(plan, make_toolpath(plan, rig), rig)
    if len(wet) == 1:
        # Of several prints the plan mingles filaments and changes of ink: no part of its time is that of one of them.
        steps = tuple(replace(s, time_s=found["time_s"]) if s.kind == "extrude" else s for s in steps)
    return steps, found


def plan_data(steps: Sequence[Step], found: dict[str, Any]) -> dict[str, Any]:
    """Both as `wp plan --json` prints them."""
    return {**found, "steps": as_data(steps)}
