"""The course of what is written with light: its lines in their order, and its focus in place of a nozzle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..kernel.build import Job
from ..kernel.filaments import FilamentSet, Floats, join
from ..kernel.quantity import MILLIWATT
from ..kernel.rig import Nozzle
from .course import Course

#: Parts of more lines than this are drawn as the struts that they make: nobody sees that many.
MOST_SHOWN = 300_000

#: Width over height of the beam in films.
SLOPE = 0.05


def as_lines(jobs: FilamentSet | Sequence[FilamentSet | Job]) -> FilamentSet | Sequence[FilamentSet | Job]:
    """The jobs, with the lines of voxels in place of the struts where they are written with light."""
    if isinstance(jobs, FilamentSet):
        return jobs
    return [_lined(j) if isinstance(j, Job) and j.light is not None else j for j in jobs]


def _lined(job: Job) -> Job:
    assert job.light is not None
    rows = job.light.rows
    if int(rows.lines.sum()) > MOST_SHOWN:
        return job
    return replace(job, filaments=job.light.writing.lines)


def written(job: Job) -> Course:
    """How the lines of a job are written, one after the other. There is no pressure; what nobody knows of the time counts nothing."""
    assert job.light is not None
    writing = job.light.writing
    n = len(writing.lines)
    end, took = writing.times_s(), writing.lengths_um() / writing.how.scan_speed
    rows = np.arange(n)
    power = np.add.reduceat(writing.power, writing.lines.offsets[:-1]) / np.diff(writing.lines.offsets)
    block: Floats = np.add(writing.block, 1.0, dtype=np.float64)
    mean: Floats = power / MILLIWATT
    return Course(
        writing.lines, rows, rows, end - took, end, np.full(n, writing.how.scan_speed), np.full(n, np.nan), np.zeros(n, bool),
        np.zeros(n, np.int64), (_cone(job),), block, mean,
    )  # fmt: skip


def _cone(job: Job) -> Nozzle:
    """The beam above its focus in place of a nozzle, much slimmer than it is: the part is to be seen."""
    assert job.light is not None
    w = job.light.how.w_xy
    return Nozzle("focus", 2.0 * w, 2.0 * w, ((0.0, w), (1000.0 * w, w + SLOPE * 1000.0 * w)), "")


def one_after_the_other(courses: Sequence[Course]) -> Course:
    """Several courses as one: each begins when the one before has ended."""
    begun = np.cumsum([0.0, *(float(c.end_s.max(initial=0.0)) for c in courses)])
    first = np.cumsum([0, *(len(c.part) for c in courses)])
    heads = np.cumsum([0, *(len(c.nozzles) for c in courses)])
    each = list(enumerate(courses))
    return Course(
        join([c.part for c in courses]),
        np.concatenate([c.order + first[k] for k, c in each]),
        np.concatenate([c.place + first[k] for k, c in each]),
        np.concatenate([c.begin_s + begun[k] for k, c in each]),
        np.concatenate([c.end_s + begun[k] for k, c in each]),
        np.concatenate([c.speed_um_s for c in courses]),
        np.concatenate([c.pressure_kpa for c in courses]),
        np.concatenate([c.reverse for c in courses]),
        np.concatenate([c.nozzle + heads[k] for k, c in each]),
        tuple(n for c in courses for n in c.nozzles),
        _joined([(len(c.part), c.block) for c in courses]),
        _joined([(len(c.part), c.power_mw) for c in courses]),
    )


def _joined(columns: Sequence[tuple[int, Floats | None]]) -> Floats:
    """Columns of several courses as one, nan for filaments of which there is none."""
    return np.concatenate([np.full(n, np.nan) if column is None else column for n, column in columns])
