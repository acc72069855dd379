"""Resuming a run: which one, whether it is the same print on the same rig, and where exactly it was cut."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..kernel.diagnostics import WetprintError, error
from ..kernel.filaments import Floats
from ..kernel.frames import from_stage, to_stage
from ..kernel.motion import Toolpath
from ..kernel.rig import Rig
from .controller import ControllerError
from .dispenser import Ask
from .journal import NAME, Journal, JournalError, filament_ids, open_database, read
from .rejoin import Cut
from .runner import PLACE_UM
from .track import Track, distance_um, last_rows

#: The watchdog's record in a run's folder.
WATCHDOG = "watchdog.json"


@dataclass(frozen=True)
class Prior:
    """What the record says of a run that did not end: its meta, the filaments executed, sections and attempts so far, the last
    section sent (first row, last row) of its attempt, and what the watchdog did."""

    folder: Path
    meta: dict[str, Any]
    executed: tuple[int, ...]
    sections: int
    attempts: int
    last: tuple[int, int, str] | None
    watchdog: dict[str, Any]


def find_run(runs: Path, name: str) -> Path:
    """Folder of the run called `name`, or of the only one that begins so; `last` is the newest. Raises WetprintError M654."""
    known = sorted(p.name for p in runs.iterdir() if (p / NAME).is_file()) if runs.is_dir() else []
    if name == "last" and known:
        return runs / known[-1]
    found = [k for k in known if k == name] or [k for k in known if k.startswith(name)]
    if len(found) == 1:
        return runs / found[0]
    what = "no run begins with" if not found else f"{len(found)} runs begin with"
    raise WetprintError(
        error(
            "M654",
            f"`{name}`: {what} this in {runs}",
            notes=(f"the newest are {', '.join(known[-3:])}",) if known else (),
        )
    )


def read_state(folder: Path) -> Prior:
    """Raises WetprintError M654, M655. The caller holds the run's lock."""
    try:
        meta = read(folder)
    except JournalError as reason:
        raise WetprintError(error("M654", str(reason))) from None
    if meta.get("state") == "done":
        raise WetprintError(error("M655", f"run {folder.name} is done: there is nothing to resume"))
    if "program_hash" not in meta:
        raise WetprintError(
            error("M655", f"run {folder.name} ended before anything was sent: print anew, without --resume")
        )
    db = open_database(folder / NAME)
    try:
        sections, attempts = db.execute(
            "select coalesce(max(id), 0), coalesce(max(attempt), 0) from section"
        ).fetchone()
        row = db.execute(
            "select first_row, last_row, name from section where executed is null order by id desc limit 1"
        ).fetchone()
    finally:
        db.close()
    path = folder / WATCHDOG
    watchdog = json.loads(path.read_text()) if path.is_file() else {}
    return Prior(
        folder, meta, tuple(filament_ids(folder, "executed")), int(sections), int(attempts), row, watchdog
    )


def same_print(prior: Prior, design_hash: str, program_hash: str, rig_hash: str) -> None:
    """Raises WetprintError where the run was another design, program or rig, or was left with an alarm."""
    name = prior.folder.name
    for key, code, now, what in (
        ("design_hash", "M650", design_hash, "another design (or the design was changed since)"),
        ("program_hash", "M650", program_hash, "another toolpath of this design"),
        ("rig_hash", "M651", rig_hash, "another rig (or the rig file was changed since)"),
    ):
        if prior.meta.get(key) != now:
            raise WetprintError(error(code, f"run {name} printed {what}: it cannot be resumed with this one"))


def where_cut(
    prior: Prior, toolpath: Toolpath, rig: Rig, here_um: Floats, ask: Ask, journal: Journal
) -> Cut | None:
    """Where the run was cut, None when it had not begun. The stage must stand where the record says that it came to rest, or the
    operator says that it has been registered anew. Raises ControllerError M653."""
    if prior.last is None and not prior.executed and "stop" not in prior.meta and not prior.watchdog:
        return None
    cut, rest = _recorded(prior, toolpath, rig, here_um)
    if rest is not None:
        away = float(np.linalg.norm(np.array(rest) - here_um))
        if away > PLACE_UM:
            question = (
                f"The stage is {away:.1f} um from where run {prior.folder.name} came to rest. Has the part been registered"
                " anew, so that stage positions mean what they meant?"
            )
            answer = ask(question, ("registered", "stop"))
            journal.answer(question, answer)
            if answer != "registered":
                raise ControllerError(
                    "M653",
                    f"the stage is {away:.1f} um from where the run came to rest; it was not registered anew",
                )
    return cut


def _recorded(prior: Prior, toolpath: Toolpath, rig: Rig, here_um: Floats) -> tuple[Cut, list[float] | None]:
    stop = prior.meta.get("stop")
    dog = prior.watchdog
    if dog and (not stop or dog["time"] > float(prior.meta.get("attempt_began", 0.0))):
        place = dog.get("cut_um") or dog.get("rest_um")
        if place is not None:
            return _find(prior, toolpath, rig, np.array(place), int(dog.get("line") or 0)), dog.get("rest_um")
    if stop:
        return Cut(int(stop["row"]), np.array(stop["at_um"])), list(stop["rest_um"])
    # Nobody saw the end: the stage stands where it came to rest, and that must lie on what was being printed.
    return _find(prior, toolpath, rig, here_um, 0), None


def _find(prior: Prior, toolpath: Toolpath, rig: Rig, place_um: Floats, line: int) -> Cut:
    """The cut at a stage position, on the section that was sent last. Raises ControllerError M653 where it is ambiguous."""
    if prior.last is None:
        # All that was sent is executed: it died between two sections.
        return _next_unprinted(prior, toolpath)
    first, last, name = prior.last
    rows = _source_rows(prior, first, last, name)
    if rows is None or rows.max(initial=-1) < 0:
        # It died on the way to the start: nothing was printed of that section.
        return _next_unprinted(prior, toolpath)
    mine = rows[rows >= 1]
    if line > 0:
        track_rows = _line_rows(prior, name, rows)
        if track_rows is not None:
            hint = int(track_rows[min(line, len(track_rows)) - 1])
            track = Track(toolpath, rig, int(mine.min()), int(mine.max()) + 1, track_rows)
            found = track.find(hint, (float(place_um[0]), float(place_um[1]), float(place_um[2])))
            if found is not None:
                return Cut(found, from_stage(rig, place_um[None, :], int(toolpath.nozzle[found]))[0])
    stage = to_stage(rig, toolpath.position_um, toolpath.nozzle)
    near = distance_um(stage[mine - 1], stage[mine], place_um) <= 2.0
    hits = mine[near]
    done = set(prior.executed)
    hits = np.array([r for r in hits if int(toolpath.filament[r]) not in done], dtype=np.int64)
    if not len(hits):
        return _next_unprinted(prior, toolpath)
    owners = set(toolpath.filament[hits].tolist()) - {-1}
    if len(owners) > 1:
        raise ControllerError(
            "M653", "where the print was cut is ambiguous: two filaments that are not confirmed pass there"
        )
    row = int(hits[0])
    return Cut(row, from_stage(rig, place_um[None, :], int(toolpath.nozzle[row]))[0])


def _next_unprinted(prior: Prior, toolpath: Toolpath) -> Cut:
    """The start of the first filament that is not executed."""
    ids, last = last_rows(toolpath)
    done = set(prior.executed)
    row = 1
    for i, end in zip(ids.tolist(), last.tolist(), strict=True):
        if i not in done:
            break
        row = end + 1
    return Cut(min(row, len(toolpath)), toolpath.position_um[min(row, len(toolpath)) - 1])


def _source_rows(
    prior: Prior, first: int, last: int, name: str
) -> np.ndarray[Any, np.dtype[np.int64]] | None:
    """Rows of the whole toolpath behind a section's rows, as kept beside its program."""
    path = prior.folder / f"{Path(name).stem}.npz"
    if not path.is_file():
        return np.arange(first, last)
    with np.load(path) as kept:
        return np.asarray(kept["source"], dtype=np.int64)


def _line_rows(
    prior: Prior, name: str, rows: np.ndarray[Any, np.dtype[np.int64]]
) -> np.ndarray[Any, np.dtype[np.int64]] | None:
    path = prior.folder / f"{Path(name).stem}.npz"
    if not path.is_file():
        return None
    with np.load(path) as kept:
        return np.asarray(kept["line_source"], dtype=np.int64)


def done_before(toolpath: Toolpath, row: int) -> list[int]:
    """Filaments that end before `row`: confirmed by where the print was cut."""
    ids, last = last_rows(toolpath)
    return [int(i) for i, end in zip(ids, last, strict=True) if end < row]
