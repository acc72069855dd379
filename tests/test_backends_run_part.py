"""`wp preview --run`: what is drawn of a run is what the emulators hold to be laid, or what the journal holds to be executed."""

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from wetprint.backends.emulator.sim import emulate
from wetprint.backends.printing.guard import Control
from wetprint.backends.printing.run_part import STEPS, by_time, deposited
from wetprint.backends.printing.states import State
from wetprint.kernel.diagnostics import WetprintError

WP = [sys.executable, "-c", "from wetprint.cli import main; main()"]


def test_a_whole_run_is_the_part_in_the_order_of_printing(prints: ModuleType, tmp_path: Path) -> None:
    machine = prints.rig()
    part = prints.woodpile(5, 4, inks=("Au", "CdSe"))
    result = prints.go(prints.toolpath(part, machine), machine, tmp_path)
    laid = deposited("last", tmp_path, by="ink")
    laid.validate()
    assert result.state is State.DONE and len(laid) == 20
    assert [laid.inks[m].name for m in laid.material] == [part.inks[m].name for m in part.material]
    assert [i.colour for i in laid.inks] == [i.colour for i in part.inks]
    assert laid.wet is not None and part.wet is not None
    for k in range(20):
        ends = laid.wet.points_um[[laid.offsets[k], laid.offsets[k + 1] - 1]]
        plan = part.wet.points_um[2 * k : 2 * k + 2]
        assert min(np.abs(ends - plan).max(), np.abs(ends[::-1] - plan).max()) < 0.2
    # The record alone, without the emulators' truth, holds the same filaments.
    (result.folder / "truth.npz").unlink()
    journal = deposited("last", tmp_path, by="ink")
    assert journal.wet is not None and np.array_equal(journal.wet.points_um, part.wet.points_um)


def test_colours_go_with_time(prints: ModuleType, tmp_path: Path) -> None:
    machine = prints.rig()
    prints.go(prints.toolpath(prints.woodpile(5, 4), machine), machine, tmp_path)
    laid = deposited("last", tmp_path)
    laid.validate()
    assert (np.diff(laid.material) >= 0).all() and len(np.unique(laid.material)) == len(STEPS) == len(
        laid.inks
    )
    assert [i.colour for i in laid.inks] == list(STEPS)
    one = by_time(laid.take(np.arange(1)), np.array([3.0]))
    assert len(one.inks) == 1 and one.inks[0].name == "3.0 s - 3.0 s"


def test_a_stopped_run_shows_what_it_laid_to_the_place_where_it_was_cut(
    prints: ModuleType, tmp_path: Path
) -> None:
    machine = prints.rig(time_scale=10.0)
    path = prints.toolpath(prints.long_lines(), machine)
    control = Control()
    with emulate(machine) as sim:
        prints.when_printing(sim, control.stop, after_s=0.2)
        result = prints.go(path, machine, tmp_path, sim=sim, control=control)
    control.close()
    assert result.state is State.STOPPING
    laid = deposited("last", tmp_path, by="ink")
    assert result.executed <= len(laid) <= result.executed + 1 < 6
    assert laid.wet is not None
    last = laid.wet.points_um[laid.offsets[-2] : laid.offsets[-1]]
    whole = np.linalg.norm(last[-1] - last[0])
    assert len(laid) == result.executed or 0.0 < whole < 1500.0 - 1.0


def test_what_cannot_be_drawn_is_told(prints: ModuleType, tmp_path: Path) -> None:
    machine = prints.rig()
    path = prints.toolpath(prints.woodpile(3, 1), machine)
    result = prints.go(path, machine, tmp_path, dry_run=True)

    def code(**more: Any) -> str:
        with pytest.raises(WetprintError) as caught:
            deposited("last", tmp_path, **more)
        return caught.value.diagnostics[0].code

    assert code() == "X712"
    (result.folder / "part.npz").unlink()
    assert code(by="ink") == "M657"


def test_the_command_writes_a_page_or_says_what_it_needs(prints: ModuleType, tmp_path: Path) -> None:
    machine = prints.rig()
    prints.go(prints.toolpath(prints.woodpile(3, 2), machine), machine, tmp_path / "runs")

    def wp(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*WP, "preview", *args], capture_output=True, text=True, cwd=tmp_path, check=False
        )

    done = wp("--run", "last", "--html", "run.html")
    assert done.returncode == 0, done.stderr
    assert re.search(r"#fde725", (tmp_path / "run.html").read_text())
    for wrong in ((), ("--run", "last", "part.wp"), ("--run", "last", "--by", "age")):
        assert wp(*wrong).returncode == 2
    assert "M654" in wp("--run", "none").stderr
