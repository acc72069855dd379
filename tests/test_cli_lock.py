"""`wp lock` pins what a design imports, `wp hash` names what it is."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Wp = Callable[..., subprocess.CompletedProcess[str]]

DESIGN = """wp 1;
use "nanocrystal.wp" as nc;
use "shared.wp" as sh;
param layers: Count = 4 in 1..9;
lattice body = woodpile { size: [400um, 400um]; layers: layers; pitch: sh.pitch; filament: 10um; material: nc.gold; }
print body { bath: nc.gold_bath; }
"""
SHARED = "wp 1;\nlet pitch = 40um;\n"


@pytest.fixture
def wp(tmp_path: Path) -> Wp:
    def run(*args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-c", "from wetprint.cli import main; main()", *args],
            input=stdin, capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False, env=dict(os.environ),
        )  # fmt: skip
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        return done

    (tmp_path / "a.wp").write_text(DESIGN)
    (tmp_path / "shared.wp").write_text(SHARED)
    return run


def test_a_lock_pins_and_a_change_is_told_until_it_is_pinned_again(wp: Wp, tmp_path: Path) -> None:
    done = wp("lock", "a.wp")
    assert done.returncode == 0, done.stderr
    assert "a.wp.lock" in done.stdout and "2 files" in done.stdout
    held = json.loads((tmp_path / "a.wp.lock").read_text())
    assert sorted(held["imports"]) == ["library/nanocrystal.wp", "shared.wp"]
    assert all(len(v) == 64 for v in held["imports"].values())
    assert wp("check", "a.wp").returncode == 0

    (tmp_path / "shared.wp").write_text(SHARED.replace("40um", "50um"))
    changed = wp("check", "a.wp")
    assert changed.returncode == 1 and "E023" in changed.stderr and "shared.wp has changed" in changed.stderr
    assert wp("lock", "a.wp").returncode == 0
    assert wp("check", "a.wp").returncode == 0

    # A lock file that cannot be read is mended by locking, too.
    (tmp_path / "a.wp.lock").write_text("{broken")
    assert "E023" in wp("check", "a.wp").stderr
    assert wp("lock", "a.wp").returncode == 0
    assert json.loads((tmp_path / "a.wp.lock").read_text()) != held
    assert not list(tmp_path.glob(".*.part"))


def test_a_lock_is_the_same_bytes_every_time_and_for_other_line_ends(wp: Wp, tmp_path: Path) -> None:
    wp("lock", "a.wp")
    first = (tmp_path / "a.wp.lock").read_bytes()
    (tmp_path / "shared.wp").write_bytes(SHARED.replace("\n", "\r\n").encode())
    wp("lock", "a.wp")
    assert (tmp_path / "a.wp.lock").read_bytes() == first


def test_nothing_is_locked_where_the_design_is_wrong(wp: Wp, tmp_path: Path) -> None:
    (tmp_path / "a.wp").write_text(DESIGN.replace("shared.wp", "sharde.wp"))
    done = wp("lock", "a.wp")
    assert done.returncode == 1 and "E020" in done.stderr
    assert not (tmp_path / "a.wp.lock").exists()
    assert wp("lock", "-", stdin=DESIGN).returncode == 2
    assert wp("lock", "none.wp").returncode == 1


def test_a_hash_tells_designs_apart_by_text_imports_and_params_alone(wp: Wp, tmp_path: Path) -> None:
    def hashed(*args: str) -> str:
        done = wp("hash", *args)
        assert done.returncode == 0, done.stderr
        found = done.stdout.strip()
        assert len(found) == 64 and int(found, 16)
        return found

    first = hashed("a.wp")
    assert hashed("a.wp") == first == hashed("a.wp", "--set", "layers=4")
    assert hashed("a.wp", "--set", "layers=5") != first
    (tmp_path / "b.wp").write_bytes(DESIGN.replace("\n", "\r\n").encode())
    assert hashed("b.wp") == first
    (tmp_path / "deeper").mkdir()
    for name in ("a.wp", "shared.wp"):
        (tmp_path / "deeper" / name).write_text((tmp_path / name).read_text())
    assert hashed("deeper/a.wp") == first
    (tmp_path / "shared.wp").write_text(SHARED.replace("40um", "41um"))
    assert hashed("a.wp") != first
    whole = json.loads(wp("hash", "deeper/a.wp", "--json").stdout)
    assert whole == {"hash": first}


def test_locking_and_hashing_load_no_numpy(wp: Wp, tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['wp', sys.argv[1], 'a.wp']\n"
        "from wetprint.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('numpy' in sys.modules)"
    )
    for verb in ("lock", "hash"):
        done = subprocess.run(
            [sys.executable, "-c", code, verb], capture_output=True, text=True, cwd=tmp_path, check=True
        )
        assert done.stdout.splitlines()[-1] == "False"
