"""A print that others follow by the files in its folder: told, paused, answered, stopped from elsewhere."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from wetprint.backends.printing import live
from wetprint.backends.printing.guard import Control
from wetprint.backends.printing.record import is_running
from wetprint.backends.studio.prints import Prints

WP = [sys.executable, "-c", "from wetprint.cli import main; main()"]
TEXT = """\
wp 1;
use "nanocrystal.wp" as nc;
lattice net = woodpile { size: [600um, 600um]; layers: 3; pitch: 60um; filament: 10um; material: nc.gold; }
print net { bath: nc.gold_bath; }
"""


@pytest.fixture
def runs(root: Path, tmp_path: Path) -> Iterator[Path]:
    """The runs of a print that a terminal began, on a rig that is slow enough to be met in the middle."""
    (tmp_path / "net.wp").write_text(TEXT)
    (tmp_path / "rigs").mkdir()
    slow = (
        (root / "backends" / "rigs" / "sim.toml").read_text().replace("time_scale = 30.0", "time_scale = 3.0")
    )
    (tmp_path / "rigs" / "slow.toml").write_text(slow)
    process = subprocess.Popen(
        [*WP, "print", "net.wp", "--rig", "slow", "--yes"],
        cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    yield tmp_path / "runs"
    if process.poll() is None:
        process.terminate()
    process.communicate(timeout=20)


def until(what: Callable[[], object], timeout: float = 30) -> object:
    end = time.monotonic() + timeout
    while not (found := what()):
        assert time.monotonic() < end
        time.sleep(0.03)
    return found


def test_a_print_is_told_paused_answered_and_stopped_from_elsewhere(runs: Path) -> None:
    folder = until(lambda: live.live_run(runs))
    assert isinstance(folder, Path)

    def told() -> dict[str, object]:
        return live.notice(folder) or {}

    until(lambda: told().get("state") in ("printing", "travelling") and told().get("done"))
    assert told()["total"] == 33 and told()["question"] is None and 0 < float(str(told()["fraction"])) < 1
    live.tell_run(folder, "pause")
    asked = until(lambda: told().get("question"))
    assert (
        isinstance(asked, dict) and asked["choices"] == ["continue", "stop"] and told()["state"] == "paused"
    )
    for number, choice in ((asked["number"] + 1, "stop"), (asked["number"], "perhaps")):
        live.tell_run(folder, "answer", number, choice)  # of another question; no such choice
        time.sleep(0.3)
        assert told()["question"] == asked
    live.tell_run(folder, "answer", asked["number"], "continue")
    until(lambda: told().get("state") in ("printing", "travelling", "priming"))
    live.tell_run(folder, "stop")
    until(lambda: not is_running(folder))
    end = live.ending(folder)
    assert end["state"] == "stopping" and end["ink_off"] and "M639" in end["said"][0]
    assert live.live_run(runs) is None


def test_a_studio_adopts_a_print_of_a_terminal(runs: Path) -> None:
    changes: list[str] = []
    prints = Prints(runs.parent / "net.wp", runs, lambda: changes.append(prints.status["phase"]))

    def see(what: Callable[[dict[str, object]], object]) -> object:
        def look() -> object:
            prints.look()
            return what(prints.status)

        return until(look)

    see(lambda s: s["phase"] == "running" and s["state"] in ("printing", "travelling"))
    assert prints.running and not prints.own and prints.status["adopted"]
    assert (
        prints.status["run"].startswith("2")
        and prints.status["rig"] == "slow"
        and prints.status["total"] == 33
    )
    prints.tell_printer("pause")
    number = see(lambda s: s["question"] and s["question"]["number"])  # type: ignore[index]
    prints.tell_printer("answer", number=number, choice="continue")
    see(lambda s: not s["question"] and s["state"] in ("printing", "travelling", "priming"))
    prints.tell_printer("stop")
    see(lambda s: s["phase"] == "ended")
    assert prints.status["state"] == "stopping" and prints.status["diagnostics"][0]["code"] == "M639"
    assert not prints.running and changes[-1] == "ended"


def test_a_print_that_was_killed_is_told_of(runs: Path) -> None:
    folder = until(lambda: live.live_run(runs))
    assert isinstance(folder, Path)
    until(lambda: live.notice(folder))
    pid = int((folder / "run.lock").read_text())
    import os
    import signal

    os.kill(pid, signal.SIGKILL)
    until(lambda: not is_running(folder))
    end = live.ending(folder)
    assert end["state"] == "failed" and end["said"] == [live.BROKEN_OFF]


def test_a_question_whose_folder_is_gone_gets_its_safe_answer(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    control = Control()

    def ask(question: str, choices: tuple[str, ...]) -> str:
        assert control.said_elsewhere() == "" and live.notice(folder) is not None
        shutil.rmtree(folder)
        return control.said_elsewhere()

    try:
        said = live.Notice(folder, control, lambda p: None, ask).ask("Go on?", ("continue", "stop"))
        assert said == "stop" and control.said_elsewhere() == ""
    finally:
        control.close()
