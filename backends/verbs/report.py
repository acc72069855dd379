"""`wp report`: the process sheet of a design, with what a rig makes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...kernel.rig import Rig
    from .design import Design


def write_sheet(design: Design, rig: Rig, output: Path, say: Callable[[str], None]) -> None:
    """Write the page and tell where it is. Errors of the rig and of design rules stand on it, and `say` tells that there are some.

    Raises WetprintError, of `write_report`.
    """
    from ...kernel.motion import make_toolpath
    from ...kernel.order import make_plan
    from ..report import StepSubject, Subject, complete, write_report

    drawn, said = design.drawn()
    told: dict[str, Any] = {
        "file": design.file, "text": design.text, "scene": design.scene, "params": design.params(), "design_hash": design.hash(),
    }  # fmt: skip
    if not any(job.print.process == "wet_writing" for job in drawn):
        said += design.verdict(drawn, None)
        print(f"report: {write_report(StepSubject(jobs=drawn, diagnostics=said, **told), output)}")
        return
    jobs, dryings = complete(design.scene, drawn)
    said += [d for found in dryings for d in found.diagnostics]
    toolpath = make_toolpath(make_plan(jobs, rig), rig)
    said += design.verdict(jobs, rig, toolpath)
    subject = Subject(jobs=jobs, rig=rig, toolpath=toolpath, diagnostics=said, dryings=dryings, **told)
    print(f"report: {write_report(subject, output)}")
    if subject.errors:
        n = len(subject.errors)
        say(f"not fit to print on rig {rig.name}: {n} error{'' if n == 1 else 's'}, told in the report")
