"""A run while it prints, for whoever else looks at its folder: what it tells, what it asks, and how it is paused, stopped, answered.

Everything goes through small files in the folder of the run, so that a print can be followed by another terminal or by a studio
that was started later, and does not care whether anyone does.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .guard import PAUSE_FLAG, STOP_FLAG
from .journal import NAME, JournalError, filament_ids, open_database, read
from .record import LOCK, is_running

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..dispenser import Ask
    from .guard import Control
    from .states import Progress

NOTICE, ANSWER = "live.json", "answer.json"

#: So often at most the notice is written while nothing but numbers change, s.
_TELL_S = 0.25
#: Of so many runs that were begun or gone on with last, one may be live.
_NEWEST = 8

BROKEN_OFF = "X746 the process that prints ended without a word; its watchdog cut the ink"


class Notice:
    """The run's own side. `tell` and `ask` stand before those that the print was started with."""

    def __init__(self, folder: Path, control: Control, tell: Callable[[Progress], None], ask: Ask) -> None:
        self._folder, self._control = folder, control
        self._inner_tell, self._inner_ask = tell, ask
        self._progress: dict[str, Any] = {}
        self._question: dict[str, Any] | None = None
        self._asked, self._told, self._state = 0, 0.0, ""
        for name in (NOTICE, ANSWER, STOP_FLAG, PAUSE_FLAG):
            (folder / name).unlink(missing_ok=True)

    def tell(self, p: Progress) -> None:
        now = time.monotonic()
        self._progress = {**asdict(p), "state": p.state.value}
        if p.state.value != self._state or now - self._told >= _TELL_S:
            self._state, self._told = p.state.value, now
            self._write()
        self._inner_tell(p)

    def ask(self, question: str, choices: tuple[str, ...]) -> str:
        self._asked += 1
        self._question = {"number": self._asked, "text": question, "choices": list(choices)}
        (self._folder / ANSWER).unlink(missing_ok=True)
        self._write()
        self._control.elsewhere = self._answer
        try:
            return self._inner_ask(question, choices)
        finally:
            self._control.elsewhere = None
            self._question = None
            self._write()

    def _answer(self) -> str:
        """What was answered from elsewhere, "" while nothing was."""
        asked = self._question
        if asked is not None and not self._folder.is_dir():
            # Nobody can answer where the folder was removed: the safe answer is the last.
            return str(asked["choices"][-1])
        found = _json(self._folder / ANSWER)
        if asked is None or found is None or found.get("number") != asked["number"]:
            return ""
        choice = found.get("choice")
        return str(choice) if choice in asked["choices"] else ""

    def _write(self) -> None:
        # A print does not fail for a notice; its record has a disk that is looked after.
        with suppress(OSError):
            _put(self._folder / NOTICE, {**self._progress, "question": self._question})


def live_run(runs: Path) -> Path | None:
    """The folder of the print that runs now, the one begun last where there are several."""
    found = []
    with suppress(OSError):
        for lock in runs.glob(f"*/{LOCK}"):
            with suppress(OSError):
                found.append((lock.stat().st_mtime, lock.parent))
    newest = sorted(found, reverse=True)[:_NEWEST]
    return next((folder for _, folder in newest if (folder / NAME).is_file() and is_running(folder)), None)


def notice(folder: Path) -> dict[str, Any] | None:
    """What the run told last, as `Progress` names it, with its `question` (`number, text, choices`); None before it told anything."""
    return _json(folder / NOTICE)


def ending(folder: Path) -> dict[str, Any]:
    """How a run ended, from its record: `state`, `executed`, `ink_off`, `said`. A run that broke off has `state` "failed"."""
    try:
        meta, executed = read(folder), len(filament_ids(folder, "executed"))
        with closing(open_database(folder / NAME)) as db:
            told = db.execute("select data from event where kind = 'end' order by id desc limit 1").fetchone()
    except (JournalError, sqlite3.Error, ValueError) as reason:
        return {"state": "failed", "executed": None, "ink_off": None, "said": [f"M654 {reason}"]}
    state = meta.get("state", "running")
    if state == "running":
        return {"state": "failed", "executed": executed, "ink_off": None, "said": [BROKEN_OFF]}
    said = json.loads(told[0]).get("said", []) if told else []
    return {"state": state, "executed": executed, "ink_off": meta.get("ink_off"), "said": said}


def tell_run(folder: Path, do: str, number: int = 0, choice: str = "") -> bool:
    """Ask a live run to `pause`, to `stop`, or `answer` its question `number`. False where it cannot be told."""
    with suppress(OSError):
        if do == "answer":
            _put(folder / ANSWER, {"number": number, "choice": choice})
        else:
            (folder / {"pause": PAUSE_FLAG, "stop": STOP_FLAG}[do]).touch()
        return True
    return False


def _put(path: Path, data: dict[str, Any]) -> None:
    """Whole or not at all, for readers that come at any time."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    part.replace(path)


def _json(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
