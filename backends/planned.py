"""The course of what a design prints, with ink and with light: planned on a rig, and followed."""

from __future__ import annotations

from collections.abc import Sequence

from ..kernel.build import Job
from ..kernel.diagnostics import WetprintError, error
from ..kernel.filaments import FilamentSet
from ..kernel.motion import make_toolpath
from ..kernel.order import make_plan
from ..kernel.rig import Rig
from ..kernel.toolpath.dosing import dose
from .course import Course, followed
from .focus import one_after_the_other, written


def course_of(jobs: FilamentSet | Sequence[FilamentSet | Job], rig: Rig) -> Course:
    """Plan the print of `jobs` and follow it. Raises WetprintError (X726) for bare filaments, whose print nobody has described."""
    given = [jobs] if isinstance(jobs, FilamentSet) else jobs
    wanted = [job for job in given if isinstance(job, Job)]
    if len(wanted) < len(given) or not wanted or any(job.filaments.wet is None for job in wanted):
        raise WetprintError(
            error("X726", "no order is known of what a print has laid; a design was expected to be planned")
        )
    lit = [written(job) for job in wanted if job.light is not None]
    if len(lit) == len(wanted):
        return one_after_the_other(lit) if len(lit) > 1 else lit[0]
    plan = make_plan(wanted, rig)
    toolpath = make_toolpath(plan, rig)
    inked = followed(toolpath, rig, dose(plan, rig))
    return one_after_the_other([inked, *lit]) if lit else inked
