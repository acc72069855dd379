"""The record: on disk before bytes go out, whole after a kill, read back as it was."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
from wetprint.backends.printing.journal import (
    Journal,
    JournalError,
    filament_ids,
    list_runs,
    open_database,
    read,
    run_table,
    runs_table,
    show_run,
)
from wetprint.backends.printing.record import is_running, lock, new_folder, rig_hash, toolpath_hash
from wetprint.kernel.diagnostics import WetprintError


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    db = open_database(folder / "journal.db")
    try:
        return list(db.execute(query))
    finally:
        db.close()


def test_settings_survive_a_power_cut(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    db = open_database(tmp_path / "journal.db")
    assert db.execute("pragma journal_mode").fetchone() == ("wal",)
    assert db.execute("pragma synchronous").fetchone() == (2,), "full"
    db.close()
    journal.close()


def test_bytes_are_on_disk_when_the_listener_returns(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    before = time.time()
    journal.listen("stage", "out", b"PROGRAM 1 START\n", False)
    found = rows(tmp_path, "select channel, direction, data, time from wire")
    assert [r[:3] for r in found] == [("stage", "out", b"PROGRAM 1 START\n")]
    assert before <= float(str(found[0][3])) <= time.time()
    journal.close()


def test_bytes_that_cut_ink_do_not_wait(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    busy = open_database(tmp_path / "journal.db")
    busy.execute("begin immediate")
    began = time.monotonic()
    journal.listen("stage guard", "out", b"$DO0.0=0\n", True)
    assert time.monotonic() - began < 0.05
    busy.execute("rollback")
    busy.close()
    journal.close()
    assert rows(tmp_path, "select data from wire") == [(b"$DO0.0=0\n",)]


def test_filaments_keep_their_first_times(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.filaments([2, 0, 1], "sent")
    journal.filaments([0], "executed")
    (first,) = rows(tmp_path, "select executed from filament where id = 0")
    journal.filaments([0, 1], "executed")
    assert rows(tmp_path, "select executed from filament where id = 0") == [first]
    assert filament_ids(tmp_path, "sent") == [0, 1, 2] and filament_ids(tmp_path, "executed") == [0, 1]
    assert filament_ids(tmp_path, "acknowledged") == []
    journal.close()


WRITER = """
import sys
from pathlib import Path
from wetprint.backends.printing.journal import Journal
journal = Journal(Path(sys.argv[1]))
for k in range(100000):
    journal.filaments([k], "executed")
    print(k, flush=True)
"""


def test_what_was_said_to_be_written_is_there_after_a_kill(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    last = -1
    while last < 50:
        last = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    for line in process.stdout:
        if line.strip().isdigit() and line.endswith("\n"):
            last = int(line)
    process.wait()
    process.stdout.close()
    kept = filament_ids(tmp_path, "executed")
    assert kept == list(range(len(kept))) and len(kept) >= last + 1
    assert rows(tmp_path, "pragma integrity_check") == [("ok",)]


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    began = time.monotonic()
    with pytest.raises(JournalError):
        journal.put("insert into there_is_no_such_table values (1)", [()], wait=True)
    with pytest.raises(JournalError):
        journal.filaments([1], "sent")
    with pytest.raises(JournalError):
        journal.check()
    journal.event("a stop is told, or not: it is not held up")
    journal.listen("stage", "out", b"$DO0.0=0", False)
    journal.close()
    with pytest.raises(JournalError):
        Journal(tmp_path / "no folder")
    assert time.monotonic() - began < 2.0, "and at once"


def test_runs_are_locked_by_live_processes_only(tmp_path: Path) -> None:
    assert not is_running(tmp_path)
    held = lock(tmp_path)
    assert held is not None and is_running(tmp_path) and lock(tmp_path) is None
    held.close()
    assert not is_running(tmp_path)
    again = lock(tmp_path)
    assert again is not None
    again.close()


def test_folders_never_collide(tmp_path: Path) -> None:
    made = {new_folder(tmp_path, "a part/with: odd name") for _ in range(20)}
    assert len(made) == 20 and all(p.parent == tmp_path and "a-part-with--odd-name" in p.name for p in made)


def test_hashes_see_every_change(prints: ModuleType) -> None:
    from dataclasses import replace

    machine = prints.rig()
    path = prints.toolpath(prints.woodpile(3, 2), machine)
    assert toolpath_hash(path) == toolpath_hash(prints.toolpath(prints.woodpile(3, 2), machine))
    moved = path.position_um.copy()
    moved[5, 0] += 0.002
    assert toolpath_hash(replace(path, position_um=moved)) != toolpath_hash(path)
    assert toolpath_hash(replace(path, valve=~path.valve)) != toolpath_hash(path)
    elsewhere = replace(machine, controller=replace(machine.controller, transport="tcp://127.0.0.1:1"))
    assert rig_hash(elsewhere) == rig_hash(machine), "an address may change"
    assert rig_hash(replace(machine, origin_um=(0.0, 0.0, 0.0))) != rig_hash(machine)


def test_a_run_is_told_in_full(prints: ModuleType, tmp_path: Path) -> None:
    machine = prints.rig()
    result = prints.go(prints.toolpath(prints.woodpile(3, 2), machine), machine, tmp_path)
    (found,) = list_runs(tmp_path)
    assert found["run"] == result.run and found["state"] == "done" and found["executed"] == 6
    assert result.run in runs_table([found])
    whole = show_run(result.run[:10], tmp_path)
    assert whole["filaments_executed"] == whole["filaments_sent"] == 6 and whole["not_executed"] == []
    assert {w["channel"] for w in whole["wires"]} >= {"stage", "stage guard", "dispenser left"}
    assert json.loads(json.dumps(whole))["rig"] == "sim"
    told = run_table(whole)
    assert "6 executed" in told and "Ultimus V" in told
    # The same bytes: what the record says went out is what the emulator's programs were.
    for section in whole["sections"]:
        import hashlib

        data = (result.folder / section["name"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == section["sha256"]
        assert section["sent"] <= section["acknowledged"] <= section["executed"]


def test_runs_that_cannot_be_read(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "nowhere") == [] and runs_table([]) == "no runs on record"
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "journal.db").write_bytes(
        b"this is no database at all, but long enough to be one" * 50
    )
    assert list_runs(tmp_path)[0]["state"] == "unreadable"
    assert "unreadable" in runs_table(list_runs(tmp_path))
    with pytest.raises(JournalError):
        read(tmp_path / "broken")
    with pytest.raises(WetprintError):
        show_run("nothing", tmp_path)
    with pytest.raises((JournalError, sqlite3.Error)):
        filament_ids(tmp_path / "broken", "sent")
