"""Resuming a run: which one, whether it is the same print on the same rig, and where exactly it was cut."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...kernel.diagnostics import WetprintError, error
from ...kernel.filaments import Floats, Ints
from ...kernel.motion import Toolpath
from ...kernel.rig import Rig
from ...kernel.toolpath.frames import from_stage, to_stage
from ..controller import ControllerError
from ..dispenser import Ask
from .journal import NAME, Journal, JournalError, filament_ids, open_database, read
from .rejoin import Cut
from .track import AHEAD_ROWS, NEAR_UM, PLACE_UM, distance_um, last_rows, rows_of_lines, span_of

#: The watchdog's record in a run's folder.
WATCHDOG = "watchdog.json"
#: Where a print was cut, where a full disk kept it from the journal; room for that is kept from the start of a print (bytes).
BESIDE, RESERVE, RESERVE_BYTES = "stop.json", "reserve", 16384


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
    #: Where it was cut, told beside the journal because that could not be written any more.
    beside: dict[str, Any] = field(default_factory=dict)


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
    watchdog, beside = _told_in(folder / WATCHDOG), _told_in(folder / BESIDE)
    executed = tuple(filament_ids(folder, "executed"))
    return Prior(folder, meta, executed, int(sections), int(attempts), row, watchdog, beside)


def _told_in(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError):
        return {}


def reserve(folder: Path) -> None:
    """Keep room on the disk for where a print is cut."""
    with suppress(OSError), (folder / RESERVE).open("wb") as file:
        file.write(bytes(RESERVE_BYTES))
        file.flush()
        os.fsync(file.fileno())


def keep_beside(folder: Path, stop: dict[str, Any]) -> None:
    """Where a print was cut, in the room that was kept for it, once the journal takes nothing any more. Never raises."""
    with suppress(OSError):
        (folder / RESERVE).unlink(missing_ok=True)
        with (folder / BESIDE).open("w") as file:
            json.dump(stop, file)
            file.flush()
            os.fsync(file.fileno())


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
    if (
        prior.last is None
        and not prior.executed
        and not ("stop" in prior.meta or prior.beside or prior.watchdog)
    ):
        return None
    cut, rest, seen = _recorded(prior, toolpath, rig, here_um)
    if not seen:
        _ask_registered(
            f"Nobody saw where the stage came to rest when run {prior.folder.name} was cut off: its line was dead.",
            "nobody saw where the stage came to rest",
            ask,
            journal,
        )
    elif rest is not None:
        away = float(np.linalg.norm(np.array(rest) - here_um))
        if away > PLACE_UM:
            _ask_registered(
                f"The stage is {away:.1f} um from where run {prior.folder.name} came to rest.",
                f"the stage is {away:.1f} um from where the run came to rest",
                ask,
                journal,
            )
    return cut


def _ask_registered(found: str, short: str, ask: Ask, journal: Journal) -> None:
    """Raises ControllerError M653 where the operator does not say that stage positions mean what they meant."""
    question = f"{found} Has the part been registered anew, so that stage positions mean what they meant?"
    answer = ask(question, ("registered", "stop"))
    journal.answer(question, answer)
    if answer != "registered":
        raise ControllerError("M653", f"{short}; it was not registered anew")


def as_data(cut: Cut) -> dict[str, Any]:
    """A cut as the record keeps it."""
    return {
        "row": cut.row,
        "at_um": [float(v) for v in cut.at_um],
        "window_s": cut.window_s,
        "late_s": cut.late_s,
    }


def _cut_of(data: dict[str, Any]) -> Cut:
    return Cut(
        int(data["row"]), np.array(data["at_um"]), float(data["window_s"]), float(data.get("late_s", 0.0))
    )


def _recorded(
    prior: Prior, toolpath: Toolpath, rig: Rig, here_um: Floats
) -> tuple[Cut, list[float] | None, bool]:
    """The cut, where the stage came to rest, and whether that is known or can be judged."""
    # A record of an earlier attempt tells nothing about how the last one ended.
    since = float(prior.meta.get("attempt_began", 0.0))
    found = [
        r for r in (prior.meta.get("stop"), prior.beside, prior.watchdog) if r and float(r["time"]) >= since
    ]
    last = max(found, key=lambda r: float(r["time"]), default=None)
    if last is not None and last.get("rest_um") is None and not last.get("ink_off", True):
        # Nothing could be cut: ink was laid for as long as the stage moved.
        return _find(prior, toolpath, rig, here_um, 0), None, False
    if last is not None and "row" in last:
        return _cut_of(last), last["rest_um"], last["rest_um"] is not None
    if last is not None:
        place = last.get("cut_um") or last.get("rest_um")
        if place is not None:
            cut = _find(prior, toolpath, rig, np.array(place), int(last.get("line") or 0))
            window_s, late_s = (float(last.get(k, 0.0)) * rig.time_scale for k in ("window_s", "late_s"))
            rest = last.get("rest_um")
            return replace(cut, window_s=window_s, late_s=late_s), rest, rest is not None
        # It was cut off by a watchdog that saw nothing: what was not confirmed is laid anew.
        return _next_unprinted(prior, toolpath), None, False
    # Nobody saw the end: the stage stands where it came to rest, and that must lie on what was being printed.
    return _find(prior, toolpath, rig, here_um, 0), None, True


def _find(prior: Prior, toolpath: Toolpath, rig: Rig, place_um: Floats, line: int) -> Cut:
    """The cut at a stage position, on the section that was sent last. Raises ControllerError M653 where it is ambiguous."""
    if prior.last is None:
        # All that was sent is executed: it died between two sections.
        return _next_unprinted(prior, toolpath)
    _, _, name = prior.last
    with np.load(prior.folder / f"{Path(name).stem}.npz") as kept:
        source, line_row = kept["source"], kept["line_row"]
    ids, ends = last_rows(toolpath)
    confirmed = ends[np.isin(ids, prior.executed)]
    # Ways pass by a place again and again: those before what is executed were gone long ago.
    mine = source[source > max(int(confirmed.max(initial=0)), 0)]
    if line > 0:
        begin, row = span_of(rows_of_lines(line_row), line)
        if row < 0 or source[row] < 0:
            return _where_it_went_on(prior, toolpath)
        behind = int(source[row]) - (row - begin) - AHEAD_ROWS
        near = mine[(mine >= behind) & (mine <= int(source[row]) + 1)]
        hits = _near(toolpath, rig, near, place_um)
        if len(hits):
            return _cut_on(toolpath, rig, int(hits[-1]), place_um)
    if not len(mine):
        return _where_it_went_on(prior, toolpath)
    done = set(prior.executed)
    hits = _near(toolpath, rig, mine, place_um)
    hits = np.array([r for r in hits if int(toolpath.filament[r]) not in done], dtype=np.int64)
    if not len(hits):
        return _where_it_went_on(prior, toolpath)
    owners = set(toolpath.filament[hits].tolist()) - {-1}
    if len(owners) > 1:
        raise ControllerError(
            "M653", "where the print was cut is ambiguous: two filaments that are not confirmed pass there"
        )
    return _cut_on(toolpath, rig, int(hits[0]), place_um)


def _near(toolpath: Toolpath, rig: Rig, rows: Ints, place_um: Floats) -> Ints:
    """Those of `rows` that pass by a stage position."""
    stage = to_stage(rig, toolpath.position_um, toolpath.nozzle)
    return np.asarray(rows[distance_um(stage[rows - 1], stage[rows], place_um) <= NEAR_UM])


def _cut_on(toolpath: Toolpath, rig: Rig, row: int, place_um: Floats) -> Cut:
    return Cut(row, from_stage(rig, place_um[None, :], int(toolpath.nozzle[row]))[0])


def _where_it_went_on(prior: Prior, toolpath: Toolpath) -> Cut:
    """Cut on the way to a joint, nothing laid since: the cut that led there still holds, else the next filament begins."""
    unprinted = _next_unprinted(prior, toolpath)
    if "joint" in prior.meta:
        joint = _cut_of(prior.meta["joint"])
        if joint.row >= unprinted.row:
            return joint
    return unprinted


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


def done_before(toolpath: Toolpath, row: int) -> list[int]:
    """Filaments that end before `row`: confirmed by where the print was cut."""
    ids, last = last_rows(toolpath)
    return [int(i) for i, end in zip(ids, last, strict=True) if end < row]
