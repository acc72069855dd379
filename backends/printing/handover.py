"""A print for a controller that nobody drives from here: its program is checked, written and put on record, and a person carries it over."""

from __future__ import annotations

import time
from pathlib import Path

from ...kernel.diagnostics import WetprintError, error
from ...kernel.files import writing
from ...kernel.motion import Toolpath
from ...kernel.rig import Rig
from ..analog import dry
from ..dialects import DIALECTS
from .journal import Journal, JournalError
from .record import new_folder, rig_hash, save_part, save_toolpath, toolpath_hash
from .runner import ending
from .states import RunResult, State

#: Transports behind which no machine answers.
CARRIED = ("file", "null")


def is_carried(rig: Rig) -> bool:
    """Whether the rig's controller gets its programs by hand."""
    return rig.controller.transport.partition(":")[0] in CARRIED


def hand_over(
    toolpath: Toolpath, rig: Rig, *, design: str, design_hash: str, runs_dir: Path, dry_run: bool
) -> RunResult:
    """Write the program to the rig's `file:PATH` (a folder, or a file) and into a new run; with `null:` into the run alone.

    Raises WetprintError X710 or M660 where it cannot be written.
    """
    path = dry(toolpath, rig) if dry_run else toolpath
    program = DIALECTS[rig.controller.dialect].write(path, rig)
    folder = new_folder(runs_dir, design)
    name = f"{design or 'part'}{ending(rig)}"
    try:
        journal = Journal(folder)
    except JournalError as reason:
        raise WetprintError(error("M660", f"the record cannot be written: {reason}")) from None
    try:
        save_toolpath(folder, toolpath)
        save_part(folder, toolpath)
        copies = [folder / name]
        kind, _, place = rig.controller.transport.partition(":")
        if kind == "file":
            target = Path(place.removeprefix("//"))
            copies.append(target / name if target.is_dir() else target)
        for copy in copies:
            with writing(copy) as out:
                out.write(program.data)
        now = time.time()
        journal.meta(
            design=design,
            design_hash=design_hash,
            program_hash=toolpath_hash(toolpath),
            rig=rig.name,
            rig_hash=rig_hash(rig),
            started=now,
            ended=now,
            filaments=len(toolpath.plan.filaments),
            planned_s=float(toolpath.time_s[-1]),
            dry_run=dry_run,
            state=State.HANDED.value,
        )
        journal.event("handed over", paths=[str(copy) for copy in copies])
    except JournalError as reason:
        raise WetprintError(error("M660", f"the record cannot be written: {reason}")) from None
    finally:
        journal.close()
    notes = tuple(f"program: {copy}" for copy in reversed(copies))
    return RunResult(folder.name, folder, State.HANDED, 0, len(toolpath.plan.filaments), notes=notes)
