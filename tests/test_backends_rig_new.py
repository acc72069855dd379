"""`wp rig new`: what it asks becomes a rig that loads; a template lacks exactly what is needed, and says so; nothing is overwritten."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from wetprint.backends.rigs.new import new_rig
from wetprint.backends.rigs.store import load_rig
from wetprint.backends.rigs.text import FILL_IN
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.rig_file import parse_rig
from wetprint.kernel.rig_schema import SECTIONS

#: (words of the question, answers in the order they are given)
ANSWERS: dict[str, list[str]] = {
    "What is this printer": ['Tom\'s "A3200" in lab 1'],
    "Does the stage move": ["bath"],
    "Dialect": ["aero"],
    "Its address": ["192.168.0.10", "tcp://192.168.0.10:8000", "serial:/dev/ttyUSB0"],
    "That folder": ["/mnt/a3200"],
    "The same folder": ["C:\\programs"],
    "sign": ["plus", "-1", "-1", "+1"],
    "lowest position": ["0", "0", "0"],
    "highest position": ["-5", "100", "100", "50"],
    "fastest speed": ["50", "50", "20"],
    "acceleration": ["500", "500", "inf", "500"],
    "Origin": ["50, 50, 40"],
    "Height of the tip": ["5"],
    "Gap between": ["10"],
    "Stage position": ["58 50", "57 48", "59 48"],
    "Seconds to purge": ["5"],
    "Is there something that takes": ["yes"],
    "How high over the substrate": ["180"],
    "How many ways": [""],
    "Describe the vessel": ["y"],
    "Its inner size": ["30 20"],
    "Height of its rim": ["8"],
    "Depth of the bath": ["4"],
    "Its middle": [""],
    "Is there a camera": ["yes"],
    "Command, with {file}": [""],
    "Number of the camera": ["2"],
    "Seconds that a picture": ["3"],
    "Name of the box": [""],
    "Kind": ["ultimus_v"],
    "Lowest pressure": ["2.1"],
    "Highest pressure": ["100"],
    "Another pressure box": ["no"],
    "Name of the nozzle": [""],
    "Inner diameter": ["10"],
    "Outer diameter": ["9", "12"],
    "Body": ["500:100 5000:880"],
    "Which pressure box": [""],
    "Which digital output": ["3"],
    "Does an operator": ["yes"],
    "Ink in it": ["gold"],
    "Ink loaded": ["20"],
    "Calibration": ["5:48", "5:48 20:190"],
    "Who measured it": ["weighed"],
    "Milliseconds from the valve": ["60"],
    "Milliseconds from its": ["45"],
    "Who measured these": ["side camera"],
    "Another nozzle": ["no"],
    "Names": ["butanol, water"],
}


class Lab:
    """Answers by the words of the question."""

    def __init__(self, **changes: list[str]) -> None:
        self.left = {k: list(v) for k, v in {**ANSWERS, **changes}.items()}
        self.told: list[str] = []

    def line(self, question: str) -> str:
        (key,) = [
            k for k in self.left if k.lower() in question.lower() and (k != "sign" or "Axis" in question)
        ][:1]
        return self.left[key].pop(0)


def test_answers_become_the_rig(tmp_path: Path) -> None:
    lab = Lab()
    path, missing = new_rig("lab1", tmp_path / "rigs", lab.line, lab.told.append)
    assert missing == () and path == tmp_path / "rigs" / "lab1.toml"
    rig = load_rig("lab1", [tmp_path])
    assert rig.doc == 'Tom\'s "A3200" in lab 1' and rig.moves == "bath"
    assert (rig.controller.dialect, rig.controller.transport) == ("aerotech", "tcp://192.168.0.10:8000")
    assert rig.controller.remote_folder == "C:\\programs"
    assert [rig.axes[a].sign for a in "xyz"] == [-1, -1, 1]
    assert rig.axes["x"].max_um == 100_000 and rig.axes["z"].max_speed_um_s == 20_000
    assert (
        rig.origin_um == (50_000, 50_000, 40_000)
        and rig.purge is not None
        and rig.purge.at_um == (58_000, 50_000)
    )
    assert rig.dispensers["box"].pressure_min_kpa == 2.1
    (nozzle,) = rig.nozzles
    assert nozzle.cone_um == ((0, 6), (500, 50), (5000, 440)) and nozzle.output == 3 and nozzle.manual
    (load,) = nozzle.loads
    assert (
        load.lags is not None and load.lags.on_s == pytest.approx(0.06) and load.lags.source == "side camera"
    )
    assert [p.flow_um3_s for p in load.calibration] == [48_000, 190_000] and load.volume_um3 == 20e9
    assert rig.baths == ("butanol", "water")
    assert rig.wipe is not None and rig.vessel is not None and rig.camera is not None
    assert (rig.wipe.from_um, rig.wipe.to_um) == ((57_000, 48_000), (59_000, 48_000))
    assert (rig.wipe.z_um, rig.wipe.passes) == (180, 2)
    assert (rig.vessel.size_um, rig.vessel.wall_um, rig.vessel.fill_um) == ((30_000, 20_000), 8_000, 4_000)
    assert (rig.camera.device, rig.camera.source, rig.camera.time_s) == (2, "", 3.0)
    assert not any(lab.left.values()), "every question was asked"
    # Each answer that cannot be taken was told, and asked again.
    assert sum("expected" in text for text in lab.told) == 6
    assert FILL_IN not in path.read_text().split("[controller]")[1]


def test_unanswered_questions_stay_open_and_are_told_at_once(tmp_path: Path) -> None:
    lab = Lab(**{"sign": ["", "-1", "-1"], "Inner diameter": ["-"], "Origin": [""]})
    _, missing = new_rig("lab1", tmp_path, lab.line, lab.told.append)
    assert [d.code for d in missing] == ["R504"]
    told = "\n".join(missing[0].notes)
    assert {n.split(":")[0] for n in missing[0].notes} == {
        "axes.x.sign",
        "nozzles[0].inner_um",
        "origin_um",
    }, told


@pytest.mark.parametrize(
    ("changes", "there"),
    [
        ({"Is there something": ["no"], "Describe the vessel": [""], "Is there a camera": ["no"]}, ()),
        # Broken off in the middle: a section with a hole in it is no section.
        ({"How high over": ["-"], "Depth of": [""], "Is there a camera": ["no"]}, ()),
        ({"Command, with": ["fswebcam {file}"]}, ("wipe", "vessel", "camera")),
        ({"Number of the camera": ["rtsp://camera/1"], "Is there something": ["no"]}, ("vessel", "camera")),
    ],
)
def test_what_may_be_left_out(tmp_path: Path, changes: dict[str, list[str]], there: tuple[str, ...]) -> None:
    known = {next(k for k in ANSWERS if k.startswith(words)): given for words, given in changes.items()}
    path, missing = new_rig("lab1", tmp_path / "rigs", Lab(**known).line, lambda _: None)
    assert missing == (), missing
    rig = load_rig("lab1", [tmp_path])
    assert [name for name in ("wipe", "vessel", "camera") if getattr(rig, name) is not None] == list(there)
    text = path.read_text()
    for name in ("wipe", "vessel", "camera"):
        # What was left out stands there to be filled in later.
        assert (f"\n[{name}]" in text) is (name in there) and (f"\n# [{name}]" in text) is (name not in there)
    if rig.camera is not None:
        assert (rig.camera.command, rig.camera.source) == (
            ("fswebcam {file}", "") if "Command" in str(changes) else ("", "rtsp://camera/1")
        )


def test_a_template_lacks_all_that_is_needed_and_its_examples_make_it_whole(tmp_path: Path) -> None:
    path, missing = new_rig("lab2", tmp_path)
    (said,) = missing
    text = path.read_text()
    assert said.code == "R504" and len(said.notes) == text.count(f"# {FILL_IN} - ")
    needed = sum(k.required and k.kind not in ("table", "named", "tables") for k in SECTIONS["rig"])
    needed += sum(
        sum(k.required for k in SECTIONS[s]) * n
        for s, n in (("controller", 1), ("axis", 3), ("dispenser", 1), ("nozzle", 1))
    )
    assert len(said.notes) == needed
    # Taken at its word: the mark's line goes, the example's `# ` too.
    filled = re.sub(r"^# FILL IN - (?:.*\n)(?:# [^=\n]*\n)*?# (?=\w+ = )", "", text, flags=re.M)
    assert parse_rig(filled, "lab2").moves == "bath"
    # All other examples, too, are good TOML of the right kind.
    every = re.sub(r"^# (?=(?:\w+ = |\[))", "", filled, flags=re.M)
    assert parse_rig(every, "lab2").nozzles[0].loads[0].ink == "gold"


def test_nothing_is_overwritten_and_nothing_asked_in_vain(tmp_path: Path) -> None:
    (tmp_path / "lab1.toml").write_text("mine")

    def nobody(question: str) -> str:
        raise AssertionError(question)

    with pytest.raises(WetprintError) as caught:
        new_rig("lab1", tmp_path, nobody)
    assert caught.value.diagnostics[0].code == "X701"
    assert (tmp_path / "lab1.toml").read_text() == "mine"


@pytest.mark.parametrize("name", ["", "../lab", "a b", "1", "a.toml", "x" * 41])
def test_a_name_is_a_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(WetprintError) as caught:
        new_rig(name, tmp_path)
    assert caught.value.diagnostics[0].code == "R530" and not list(tmp_path.iterdir())


def test_a_questionnaire_broken_off_writes_nothing(tmp_path: Path) -> None:
    def gone(question: str) -> str:
        raise EOFError

    with pytest.raises(EOFError):
        new_rig("lab1", tmp_path / "rigs", gone)
    assert not (tmp_path / "rigs").exists()


WP = [sys.executable, "-c", "from wetprint.cli import main; main()"]


def test_without_a_terminal_a_template_is_written(tmp_path: Path) -> None:
    done = subprocess.run(
        [*WP, "rig", "new", "lab1"],
        stdin=subprocess.DEVNULL,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and FILL_IN in (tmp_path / "rigs" / "lab1.toml").read_text()
    assert "needed fields are missing" in done.stderr
    again = subprocess.run(
        [*WP, "rig", "new", "lab1", "--yes"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert again.returncode == 1 and "X701" in again.stderr


def test_on_a_terminal_it_asks(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    child = subprocess.Popen(
        [*WP, "rig", "new", "lab1"], stdin=slave, stdout=slave, stderr=slave, cwd=tmp_path
    )
    os.close(slave)
    heard, end = "", time.monotonic() + 30
    while "moves the bath" not in heard and "move the bath" not in heard and time.monotonic() < end:
        if select.select([master], [], [], 0.2)[0]:
            heard += os.read(master, 4096).decode()
            if "in a sentence: " in heard and "\nhello" not in heard:
                os.write(master, b"hello\n")
                heard += "\nhello"
    assert "Does the stage move the bath" in heard
    os.write(master, b"\x04")
    assert child.wait(10) == 130
    os.close(master)
    assert not (tmp_path / "rigs").exists()
