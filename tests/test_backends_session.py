"""A print at the terminal: what a pipe and a terminal see of it, and where it says that things lie."""

import hashlib
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from wetprint.backends.printing.guard import Control
from wetprint.backends.printing.journal import programs_of
from wetprint.backends.printing.session import Terminal
from wetprint.backends.printing.states import Progress, State

WP = [sys.executable, "-c", "from wetprint.cli import main; main()"]


@pytest.fixture
def control() -> Iterator[Control]:
    control = Control()
    yield control
    control.close()


def test_a_pipe_sees_a_tenth_at_a_time_whatever_is_told(
    control: Control, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal(control)
    states = [State.PRIMING, State.PRINTING, State.TRAVELLING, State.SWITCHING]
    for k in range(1001):
        fraction = 0.8 if 800 <= k < 900 else k / 1000
        message = "switch ink" if k % 7 == 0 else ""
        terminal.tell(Progress(states[k % 4], fraction, k, 1000 - k, k, k, 1000, 0, "Au", 2.0, message))
    terminal.tell(Progress(State.PAUSED, 0.5, 1, 0, -1, 5, 10, -1, "", 0.0, "paused"))
    said = capsys.readouterr().err.splitlines()
    assert [int(line.split("%")[0]) for line in said] == list(range(0, 101, 10))


def test_a_print_says_where_things_lie(root: Path, tmp_path: Path) -> None:
    part = str(root / "examples" / "ag_cube.wp")
    done = subprocess.run(
        [*WP, "print", part, "--set", "layers=2", "--rig", "sim", "--runs", "runs"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    lines = [line for line in done.stderr.splitlines() if re.match(r"\s*\d+%", line)]
    assert 2 <= len(lines) <= 11 and len({line.split("%")[0] for line in lines}) == len(lines)
    lies = dict(re.findall(r"^(record|journal|program):\s+(\S+)", done.stdout, re.M))
    assert (tmp_path / lies["record"]).is_dir()
    assert (tmp_path / lies["journal"]).read_bytes().startswith(b"SQLite")
    assert (tmp_path / lies["program"]).read_text().startswith("; aerotech program")


def test_programs_are_kept_with_the_run_wherever_the_controller_reads_them(
    prints: ModuleType, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "share"
    elsewhere.mkdir()
    machine = prints.rig()
    machine = replace(machine, controller=replace(machine.controller, program_folder=str(elsewhere)))
    result = prints.go(prints.toolpath(prints.woodpile(3, 2), machine), machine, tmp_path / "runs")
    kept = programs_of(result.folder)
    assert kept and result.state is State.DONE
    for path, sha in kept:
        assert path.parent == result.folder and hashlib.sha256(path.read_bytes()).hexdigest() == sha
        assert (elsewhere / path.name).read_bytes() == path.read_bytes()


def test_a_terminal_sees_a_bar(root: Path, tmp_path: Path) -> None:
    master, slave = pty.openpty()
    child = subprocess.Popen(
        [*WP, "print", str(root / "examples" / "ag_cube.wp"), "--set", "layers=2", "--rig", "sim", "--runs", "runs"],
        stdin=slave, stdout=subprocess.DEVNULL, stderr=slave, cwd=tmp_path,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )  # fmt: skip
    os.close(slave)
    heard, end = b"", time.monotonic() + 60
    while time.monotonic() < end:
        if not select.select([master], [], [], 0.2)[0]:
            if child.poll() is not None:
                break
            continue
        try:
            data = os.read(master, 65536)
        except OSError:
            break
        if not data:
            break
        heard += data
    assert child.wait(10) == 0
    os.close(master)
    text = heard.decode("utf-8", "replace")
    assert "━" in text and "100%" in text and "left" in text and re.search(r"printing \d+/22", text)
