"""The record of a print in SQLite (WAL, full sync): what was meant, what went out, what is known to have happened.

One thread writes; a statement that must be on disk before bytes go out waits for its commit, everything queued meanwhile is
committed with it. What cuts ink never waits.
"""

from __future__ import annotations

import json
import queue
import sqlite3
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...kernel.diagnostics import WetprintError, error

SCHEMA = """
create table if not exists meta (key text primary key, value text not null);
create table if not exists event (id integer primary key, time real not null, kind text not null, data text not null);
create table if not exists wire (id integer primary key, time real not null, channel text not null,
  direction text not null, data blob not null);
create table if not exists section (id integer primary key, attempt integer not null, first_row integer not null,
  last_row integer not null, name text not null, sha256 text not null, sent real, acknowledged real, executed real);
create table if not exists filament (id integer primary key, sent real, acknowledged real, executed real);
create table if not exists answer (id integer primary key, time real not null, question text not null,
  answer text not null);
create table if not exists frame (id integer primary key, time real not null, layer integer not null,
  path text not null);
"""
#: States that a print goes through filament by filament: left out where it is told.
PASSING = ("printing", "travelling", "priming")
NAME = "journal.db"
#: How long a commit may take before the disk counts as dead.
COMMIT_S = 10.0


class JournalError(Exception):
    """The record cannot be written: a print does not go on without it."""


def open_database(path: Path) -> sqlite3.Connection:
    """A connection with the settings of every journal."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    db.execute("pragma journal_mode=wal")
    db.execute("pragma synchronous=full")
    return db


class Journal:
    """Writes the record of one run into `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._jobs: queue.SimpleQueue[tuple[str, Iterable[tuple[Any, ...]], threading.Event | None] | None]
        self._jobs = queue.SimpleQueue()
        self._failed = ""
        try:
            self._db = open_database(folder / NAME)
            self._db.executescript(SCHEMA)
        except sqlite3.Error as reason:
            raise JournalError(f"{folder / NAME}: {reason}") from None
        self._thread = threading.Thread(target=self._write, name="journal", daemon=True)
        self._thread.start()

    def _write(self) -> None:
        done = False
        while not done:
            batch = [self._jobs.get()]
            while not self._jobs.empty():
                batch.append(self._jobs.get())
            done = None in batch
            jobs = [job for job in batch if job is not None]
            try:
                self._db.execute("begin")
                for statement, rows, _ in jobs:
                    self._db.executemany(statement, rows)
                self._db.execute("commit")
            except sqlite3.Error as reason:
                self._failed = str(reason)
                with suppress(sqlite3.Error):
                    self._db.execute("rollback")
            waiting = [event for _, _, event in jobs if event is not None]
            for event in waiting:
                event.set()

    def put(self, statement: str, rows: Iterable[tuple[Any, ...]], *, wait: bool = False) -> None:
        """Queue a statement; with `wait` it is on disk on return. Raises JournalError when the disk refuses."""
        self.check()
        event = threading.Event() if wait else None
        self._jobs.put((statement, rows, event))
        if event is not None:
            if not event.wait(COMMIT_S):
                self._failed = f"{self.folder / NAME}: the disk does not answer"
            self.check()

    # What is recorded

    def listen(self, channel: str, direction: str, data: bytes, urgent: bool) -> None:
        """A wire listener: outgoing bytes are on disk before they leave, unless they cut ink.

        It never raises, so that a dead disk cannot keep ink from being cut; `check` and all else that is recorded tell.
        """
        row = (time.time(), channel, direction, data)
        statement = "insert into wire (time, channel, direction, data) values (?, ?, ?, ?)"
        if urgent or self._failed:
            self._jobs.put((statement, [row], None))
        else:
            with suppress(JournalError):
                self.put(statement, [row], wait=direction == "out")

    def check(self) -> None:
        """Raises JournalError when something could not be written."""
        if self._failed:
            raise JournalError(self._failed)

    def meta(self, **values: Any) -> None:
        rows = [(k, json.dumps(v)) for k, v in values.items()]
        self.put("insert or replace into meta values (?, ?)", rows, wait=True)

    def event(self, kind: str, **data: Any) -> None:
        """Something worth telling. Never raises: stops are told in this way."""
        row = (time.time(), kind, json.dumps(data))
        with suppress(JournalError):
            self.put("insert into event (time, kind, data) values (?, ?, ?)", [row])

    def answer(self, question: str, answer: str) -> None:
        row = (time.time(), question, answer)
        self.put("insert into answer (time, question, answer) values (?, ?, ?)", [row], wait=True)

    def section(self, number: int, attempt: int, rows: tuple[int, int], name: str, sha256: str) -> None:
        """A program about to be sent, with the rows of the toolpath it holds."""
        row = (number, attempt, *rows, name, sha256, time.time())
        self.put(
            "insert into section (id, attempt, first_row, last_row, name, sha256, sent)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            [row],
            wait=True,
        )

    def section_is(self, number: int, column: str) -> None:
        assert column in ("acknowledged", "executed")
        self.put(f"update section set {column} = ? where id = ?", [(time.time(), number)], wait=True)

    def filaments(self, which: Iterable[int], column: str) -> None:
        """Mark filaments sent, acknowledged or executed. On disk on return: executed may never be ahead of the truth, and
        what was sent may never be unknown."""
        assert column in ("sent", "acknowledged", "executed")
        now = time.time()
        rows = [(int(i), now) for i in which]
        if rows:
            self.put(
                f"insert into filament (id, {column}) values (?, ?)"
                f" on conflict (id) do update set {column} = coalesce({column}, excluded.{column})",
                rows,
                wait=True,
            )

    def frame(self, layer: int, path: str) -> None:
        """A picture of the camera. Never raises: no print waits for it."""
        with suppress(JournalError):
            self.put("insert into frame (time, layer, path) values (?, ?, ?)", [(time.time(), layer, path)])

    def close(self) -> None:
        """Write all that is queued and close."""
        if self._thread.is_alive():
            self._jobs.put(None)
            self._thread.join(COMMIT_S)
        self._db.close()


def read(folder: Path) -> dict[str, Any]:
    """All of a run's `meta`, with its `run` (name of the folder). Raises JournalError where there is no record."""
    path = folder / NAME
    if not path.is_file():
        raise JournalError(f"{folder} holds no record of a run")
    try:
        db = open_database(path)
        try:
            found = {k: json.loads(v) for k, v in db.execute("select key, value from meta")}
        finally:
            db.close()
    except (sqlite3.Error, ValueError) as reason:
        raise JournalError(f"{path}: {reason}") from None
    found["run"] = folder.name
    return found


def filament_ids(folder: Path, column: str) -> list[int]:
    """Filaments of a run that are sent, acknowledged or executed, sorted. Raises JournalError."""
    assert column in ("sent", "acknowledged", "executed")
    db = open_database(folder / NAME)
    try:
        return [r[0] for r in db.execute(f"select id from filament where {column} is not null order by id")]
    except sqlite3.Error as reason:
        raise JournalError(f"{folder / NAME}: {reason}") from None
    finally:
        db.close()


def programs_of(folder: Path) -> list[tuple[Path, str]]:
    """The programs of a run in the order they were sent, each with the SHA-256 that it had when it went out."""
    db = open_database(folder / NAME)
    try:
        return [
            (folder / name, sha) for name, sha in db.execute("select name, sha256 from section order by id")
        ]
    finally:
        db.close()


def list_runs(runs: Path | None = None) -> list[dict[str, Any]]:
    """Every run on record, oldest first: run, state, design, rig, started, ended, filaments, executed."""
    from .record import default_runs, is_running

    folder = default_runs() if runs is None else runs
    found: list[dict[str, Any]] = []
    for path in sorted(folder.iterdir() if folder.is_dir() else ()):
        if not (path / NAME).is_file():
            continue
        try:
            meta = read(path)
            executed = len(filament_ids(path, "executed"))
        except (JournalError, sqlite3.Error) as reason:
            found.append({"run": path.name, "state": "unreadable", "text": str(reason)})
            continue
        state = meta.get("state", "unknown")
        if state == "running" and not is_running(path):
            state = "broken off"
        keep = ("design", "rig", "started", "ended", "filaments", "dry_run")
        found.append(
            {"run": path.name, "state": state, **{k: meta.get(k) for k in keep}, "executed": executed}
        )
    return found


def _when(seconds: float | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds)) if seconds else "-"


def runs_table(found: list[dict[str, Any]]) -> str:
    """`list_runs` as text."""
    if not found:
        return "no runs on record"
    width = max(len(r["run"]) for r in found)
    lines = [f"{'run':<{width}}  {'state':<10}  {'started':<19}  {'filaments':>11}  rig"]
    for r in found:
        done = f"{r.get('executed', 0)}/{r.get('filaments') or '?'}"
        lines.append(
            f"{r['run']:<{width}}  {r['state']:<10}  {_when(r.get('started')):<19}  {done:>11}  {r.get('rig') or '-'}"
        )
    return "\n".join(lines)


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


def show_run(run: str, runs: Path | None = None) -> dict[str, Any]:
    """All that is on record of one run (a name, the beginning of one, or `last`), bytes counted, not listed. Raises WetprintError
    M654."""
    from .record import default_runs

    folder = find_run(default_runs() if runs is None else runs, run)
    db = open_database(folder / NAME)
    try:
        rows = db.execute("select time, kind, data from event order by id")
        events = [{"time": t, "kind": k, **json.loads(d)} for t, k, d in rows]
        columns = (
            "id",
            "attempt",
            "first_row",
            "last_row",
            "name",
            "sha256",
            "sent",
            "acknowledged",
            "executed",
        )
        sections = [
            dict(zip(columns, row, strict=True))
            for row in db.execute(f"select {', '.join(columns)} from section order by id")
        ]
        rows = db.execute("select time, question, answer from answer order by id")
        answers = [{"time": t, "question": q, "answer": a} for t, q, a in rows]
        rows = db.execute("select time, layer, path from frame order by id")
        frames = [{"time": t, "layer": n, "path": p} for t, n, p in rows]
        wires = [
            {"channel": c, "direction": d, "messages": n, "bytes": b}
            for c, d, n, b in db.execute(
                "select channel, direction, count(*), sum(length(data)) from wire group by 1, 2 order by 1, 2"
            )
        ]
    finally:
        db.close()
    filaments = {c: filament_ids(folder, c) for c in ("sent", "acknowledged", "executed")}
    watchdog = folder / "watchdog.json"
    return {
        **read(folder),
        "folder": str(folder),
        "filaments_sent": len(filaments["sent"]),
        "filaments_acknowledged": len(filaments["acknowledged"]),
        "filaments_executed": len(filaments["executed"]),
        "not_executed": sorted(
            set(range(int(read(folder).get("filaments", 0)))) - set(filaments["executed"])
        ),
        "sections": sections,
        "answers": answers,
        "frames": frames,
        "wires": wires,
        "events": events,
        "watchdog": json.loads(watchdog.read_text()) if watchdog.is_file() else None,
    }


def run_table(found: dict[str, Any]) -> str:
    """`show_run` as text."""
    total = found.get("filaments", "?")
    lines = [
        f"run        {found['run']}  ({found.get('state', 'unknown')})",
        f"design     {found.get('design') or '-'}  sha256 {str(found.get('design_hash', ''))[:16]}",
        f"rig        {found.get('rig')}  sha256 {str(found.get('rig_hash', ''))[:16]}",
        f"started    {_when(found.get('started'))}",
        f"ended      {_when(found.get('ended'))}",
        f"filaments  {found['filaments_executed']} executed, {found['filaments_acknowledged']} accepted,"
        f" {found['filaments_sent']} sent, of {total}",
        f"sections   {len(found['sections'])}",
    ]
    lines += [
        f"{w['channel']:<10} {w['direction']:>3}  {w['messages']} messages, {w['bytes']} bytes"
        for w in found["wires"]
    ]
    lines += [f"asked      {a['question']} -> {a['answer']}" for a in found["answers"]]
    if frames := found["frames"]:
        lines.append(
            f"camera     {len(frames)} pictures, {frames[0]['path']} to {frames[-1]['path']} in the run's folder"
        )
    if found["watchdog"]:
        lines.append(f"watchdog   cut ink: the executor {found['watchdog']['why']}")
    for e in found["events"]:
        if e["kind"] == "state" and e.get("state") in PASSING:
            continue
        rest = ", ".join(
            str(v) if k in ("text", "state") else f"{k} {v}"
            for k, v in e.items()
            if k not in ("time", "kind") and v not in ("", [], ())
        )
        lines.append(f"{time.strftime('%H:%M:%S', time.localtime(e['time']))}   {e['kind']}: {rest}")
    return "\n".join(lines)
