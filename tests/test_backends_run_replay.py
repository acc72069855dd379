"""`wp run replay`: the bytes on record are those that the machines got, and come out again unchanged."""

import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from wetprint.backends.emulator.sim import emulate
from wetprint.backends.printing.run_replay import replay
from wetprint.kernel.diagnostics import WetprintError

WP = [sys.executable, "-c", "from wetprint.cli import main; main()"]


@pytest.fixture
def printed(prints: ModuleType, tmp_path: Path) -> tuple[Path, list[tuple[str, str]]]:
    """A run's folder, and what each emulated machine says that it was told."""
    machine = prints.rig()
    with emulate(machine) as sim:
        result = prints.go(
            prints.toolpath(prints.woodpile(3, 2), machine), machine, tmp_path / "runs", sim=sim
        )
        return result.folder, [(e.who, e.what) for e in sim.world.log]


def test_the_stage_heard_what_is_replayed(printed: tuple[Path, list[tuple[str, str]]]) -> None:
    folder, heard = printed
    runs = folder.parent
    sent = b"".join(replay("last", runs, channel="stage")).decode()
    assert sent.splitlines() == [what for who, what in heard if who == "a3200:1"]
    box = b"".join(replay("last", runs, channel="dispenser left"))
    bodies = [m.decode() for m in re.findall(rb"\x02..([^\x03]*)..\x03", box)]
    assert bodies == [what for who, what in heard if who == "ultimus:left"]
    programs = b"".join(replay("last", runs, channel="programs"))
    assert programs == b"".join(p.read_bytes() for p in sorted(folder.glob("*.pgm"))) != b""


def test_all_channels_in_the_order_of_the_journal(
    printed: tuple[Path, list[tuple[str, str]]], tmp_path: Path
) -> None:
    folder, _ = printed
    db = sqlite3.connect(folder / "journal.db")
    meant = b"".join(d for (d,) in db.execute("select data from wire where direction = 'out' order by id"))
    db.close()
    done = subprocess.run([*WP, "run", "replay", "last"], capture_output=True, cwd=tmp_path, check=True)
    assert done.stdout == meant
    subprocess.run(
        [*WP, "run", "replay", folder.name, "-o", "all.bin"], cwd=tmp_path, check=True, capture_output=True
    )
    assert (tmp_path / "all.bin").read_bytes() == meant


def test_what_is_not_on_record_is_told(printed: tuple[Path, list[tuple[str, str]]]) -> None:
    folder, _ = printed
    with pytest.raises(WetprintError) as caught:
        list(replay("last", folder.parent, channel="stag"))
    assert "stage guard" in caught.value.diagnostics[0].notes[0]
    (folder / "00001.pgm").write_text("G1 X0\n")
    with pytest.raises(WetprintError, match=r"00001.pgm was changed"):
        list(replay("last", folder.parent, channel="programs"))
    with pytest.raises(WetprintError):
        replay("nothing", folder.parent)
