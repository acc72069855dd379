"""Further states in the window: the part as a xerogel or sintered, where all of its inks tell how far they shrink on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from ...kernel.build import Job
from ...kernel.diagnostics import Severity, WetprintError
from ...kernel.filaments import FilamentSet
from ...kernel.material import FURTHER
from ..export import whole

#: A state by its name, and what makes the part whose dried state is that one.
Further = tuple[str, Callable[[], FilamentSet]]


def further_parts(jobs: FilamentSet | Sequence[FilamentSet | Job], wanted: str = "") -> tuple[Further, ...]:
    """The further states that `jobs` can be shown in. Making one raises WetprintError where it cannot be dried so; at once (E461)
    where `wanted` is none of them."""
    given = [] if isinstance(jobs, FilamentSet) else list(jobs)
    made = [job for job in given if isinstance(job, Job) and job.filaments.wet is not None]
    if not made or len(made) < len(given):
        return ()
    inks = [job.filaments.inks[int(m)] for job in made for m in np.unique(job.filaments.material)]
    known = [name for name in FURTHER if all(getattr(ink, f"{name}_shrink") is not None for ink in inks)]
    if wanted and wanted not in known:
        _made(made, wanted)
    return tuple((name, partial(_made, made, name)) for name in known)


def _made(jobs: Sequence[Job], name: str) -> FilamentSet:
    from ...kernel.drying.states import further

    found, said = further(jobs, name)
    if any(d.severity >= Severity.ERROR for d in said):
        raise WetprintError(*(d for d in said if d.severity >= Severity.ERROR))
    return whole(found, "dried")
