"""The process sheet of a print: what a lab needs at the bench, as one page, written from a design, its plan and its rig."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..kernel.diagnostics import Diagnostic, Severity, WetprintError, error
from ..kernel.files import writing
from .reports import REPORTS

if TYPE_CHECKING:
    from ..kernel.build import Job
    from ..kernel.drying.models import Drying
    from ..kernel.filaments import FilamentSet
    from ..kernel.motion import Toolpath
    from ..kernel.rig import Rig
    from ..kernel.scene import Scene
    from ..kernel.toolpath.dosing import Dosing
    from .reports.blocks import Sheet


class Form(Protocol):
    """A form of the sheet; a path that ends in `.name` means it. `pictures`: whether it shows pictures of the part."""

    name: str
    doc: str
    pictures: bool

    def write(self, sheet: Sheet) -> str: ...


@dataclass
class StepSubject:
    """What is reported of any design without errors of language or geometry; all, where it prints nothing wet: films and what two photons
    write, step by step.

    `file`: what the user calls the design; `text`: its source; `design_hash`: of the text, its imports and its params.
    `params`: rows of `wp params --json`. `diagnostics`: all that `wp check` says.
    """

    file: str
    text: str
    scene: Scene
    jobs: Sequence[Job] = ()
    diagnostics: Sequence[Diagnostic] = ()
    params: Sequence[Mapping[str, Any]] = ()
    design_hash: str = ""
    picture_size: tuple[int, int] = (1000, 700)

    @property
    def name(self) -> str:
        return "design" if self.file.startswith("<") else Path(self.file).stem


@dataclass
class Subject(StepSubject):
    """What is reported of a print: both states of its jobs, with what this rig makes of them, and what `wp check` says with it."""

    rig: Rig = field(kw_only=True)
    toolpath: Toolpath = field(kw_only=True)
    dryings: Sequence[Drying] = field(kw_only=True, default=())

    @cached_property
    def filaments(self) -> FilamentSet:
        """All that is printed; the plan speaks of the same ones."""
        return self.toolpath.plan.filaments

    @cached_property
    def figures(self) -> dict[str, Any]:
        from ..kernel.measure import measure

        return measure(self.jobs)

    @cached_property
    def plan_figures(self) -> dict[str, Any]:
        from ..kernel.order import summary

        return summary(self.toolpath.plan, self.toolpath, self.rig)

    @cached_property
    def dosing(self) -> Dosing:
        from ..kernel.toolpath.dosing import dose

        return dose(self.toolpath.plan, self.rig)

    @property
    def errors(self) -> list[Diagnostic]:
        return [d for d in self.diagnostics if d.severity is Severity.ERROR]


def complete(scene: Scene, jobs: Sequence[Job]) -> tuple[tuple[Job, ...], list[Drying]]:
    """The jobs with both states, and how each was found to dry. Raises WetprintError: X712 where nothing
    is printed, E460 where an ink cannot dry."""
    from ..kernel.drying.hold import Hold
    from ..kernel.shrink import dry

    if not jobs:
        raise WetprintError(error("X712", "0 filaments: there is nothing to report"))
    found: list[Drying] = []
    done: list[Job] = []
    for job in jobs:
        if job.light is None:
            found.append(dry(job.filaments, scene.state, scene.compensate, hold=Hold.of(job.print)))
            job = replace(job, filaments=found[-1].filaments, drying=found[-1])
        done.append(job)
    return tuple(done), found


def form_of(path: Path) -> str:
    """The form that the ending of `path` means. Raises WetprintError (X725) where there is none."""
    ending = path.suffix.lower().lstrip(".")
    name = {"htm": "html", "markdown": "md"}.get(ending, ending)
    if name not in REPORTS:
        said = f"the ending .{ending}" if ending else "no ending"
        known = " or ".join(f".{n}" for n in REPORTS.names())
        raise WetprintError(error("X725", f"{path} has {said}; a report ends in {known}"))
    return name


def write_report(subject: StepSubject, path: Path) -> Path:
    """Write the sheet in the form that the ending of `path` means. Same subject, same bytes.

    Raises WetprintError: X725 unknown ending, X712 nothing printed, X710 not writable, and what pictures raise.
    """
    path = Path(path)
    form = REPORTS[form_of(path)]
    if isinstance(subject, Subject) and not len(subject.filaments):
        raise WetprintError(error("X712", "0 filaments: there is nothing to report"))
    with writing(path) as out:
        from .reports.sheet import sheet, step_sheet

        if isinstance(subject, Subject):
            made = sheet(subject, pictures=form.pictures)
        else:
            made = step_sheet(subject, pictures=form.pictures)
        out.write(form.write(made).encode())
    return path


def write_run(found: dict[str, Any], path: Path) -> Path:
    """Write the record of a run (`show_run`) in the form that the ending of `path` means. Raises WetprintError: X725, X710."""
    from .reports.run import run_sheet

    form = REPORTS[form_of(path)]
    with writing(path) as out:
        out.write(form.write(run_sheet(found, form.pictures)).encode())
    return path
