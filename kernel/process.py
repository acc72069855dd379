"""Processes: how a part or a mask becomes matter, and in which steps. Printing with ink is one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol

from .diagnostics import Span
from .quantity import Construct
from .records import dataclass, field
from .registry import Registry
from .scene import Pattern, Print, Scene

if TYPE_CHECKING:
    from .build import Job

#: What a step of a job does.
StepKind = Literal["deposit", "expose", "extrude", "write", "develop", "treat"]


@dataclass(frozen=True)
class Step:
    """One step of a job, in order. `item` is the row of `scene.job` it belongs to; `time_s` None where nobody can know it. `says` are the
    figures of the process sheet: (name, value as text with its unit)."""

    kind: StepKind
    item: int
    name: str
    span: Span
    time_s: float | None = None
    says: tuple[tuple[str, str], ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


class Process(Protocol):
    """A member of the register of processes. Importing it loads no numpy.

    `makes`: "part" where `print PART { process: ... }` names it, "mask" where `pattern MASK { process: ... }` does.
    `construct` has the fields of that block that are the process's own (those that every print or pattern has stand in the
    language: film, developer, develop, process of a pattern; bath, process of a print).
    """

    construct: Construct
    makes: Literal["part", "mask"]

    def steps(self, scene: Scene, item: int, job: Job | None) -> tuple[Step, ...]:
        """The steps of `scene.job[item]`, in order; `job` holds the filaments where it is a print that was built."""
        ...


PROCESSES: Registry[Process] = Registry(
    "processes",
    "wetprint.kernel",
    {
        "wet_writing": ".processes.wet_writing:WET_WRITING",
        "photopattern": ".processes.photopattern:PHOTOPATTERN",
        "ebeam": ".processes.ebeam:EBEAM",
        "thermal_writing": ".processes.thermal_writing:THERMAL_WRITING",
        "two_photon": ".processes.two_photon:TWO_PHOTON",
    },
)


def steps_of(scene: Scene, jobs: tuple[Job, ...]) -> tuple[Step, ...]:
    """All steps of a design, in order."""
    by_print = {id(job.print): job for job in jobs}
    out: list[Step] = []
    for item, made in enumerate(scene.job):
        job = by_print.get(id(made)) if isinstance(made, Print) else None
        out += PROCESSES[made.process].steps(scene, item, job)
    return tuple(out)


def patterns_of(scene: Scene) -> tuple[tuple[int, Pattern], ...]:
    """The patterns of a design with their rows in `scene.job`."""
    return tuple((i, p) for i, p in enumerate(scene.job) if isinstance(p, Pattern))
