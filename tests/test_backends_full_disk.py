"""A disk that fills up: the old file stands, nothing half written is left, and the message says what happened."""

import subprocess
import sys
from pathlib import Path

import pytest
from wetprint.backends.exporters import EXPORTERS

DESIGN = """wp 1;
use "nanocrystal.wp" as nc;
state wet;
lattice body = woodpile {
  size: [1.2mm, 1.2mm];
  layers: 24;
  pitch: 40um;
  filament: 10um;
  material: nc.silver;
}
print body { bath: nc.gold_bath; }
"""

#: A file may not grow beyond this: the system then refuses to write, as a full disk does.
LIMIT = 4096

EXPORT = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, ({LIMIT}, {LIMIT}))
from wetprint.cli import main
main()
"""


def export(folder: Path, name: str, *more: str) -> subprocess.CompletedProcess[str]:
    design = folder / "part.wp"
    if not design.exists():
        design.write_text(DESIGN)
    command = ["export", str(design), "--state", "wet", "--format", name, "-o", str(folder / "out"), *more]
    return subprocess.run(
        [sys.executable, "-c", EXPORT, *command],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
    )


@pytest.mark.parametrize("name", [*EXPORTERS.names(), "aerotech", "linuxcnc"])
def test_a_full_disk_loses_nothing(name: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_bytes(b"what was there")
    done = export(tmp_path, name)
    assert done.returncode == 1 and "X710" in done.stderr and "cannot be written" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr
    assert out.read_bytes() == b"what was there"
    assert sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith(".c")) == ["out", "part.wp"]


def test_a_full_disk_loses_nothing_of_fused_meshes(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_bytes(b"what was there")
    small = DESIGN.replace("1.2mm, 1.2mm", "80um, 80um").replace("layers: 24", "layers: 3")
    (tmp_path / "part.wp").write_text(small)
    done = export(tmp_path, "stl", "--fused")
    assert done.returncode == 1 and "X710" in done.stderr
    assert out.read_bytes() == b"what was there"


PRINT = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
del sys.argv[1]
from wetprint.cli import main
main()
"""


@pytest.mark.parametrize("limit", [512, 4096, 20_000, 40_000, 60_000])
def test_a_print_is_refused_or_stopped_with_a_message(limit: int, tmp_path: Path) -> None:
    """Whatever part of the record is the first that does not fit."""
    (tmp_path / "part.wp").write_text(DESIGN.replace("1.2mm, 1.2mm", "0.4mm, 0.4mm").replace("24", "2"))
    command = [str(limit), "print", "part.wp", "--rig", "sim", "--yes", "--runs", str(tmp_path / "runs")]
    done = subprocess.run(
        [sys.executable, "-c", PRINT, *command],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=60,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert "Traceback" not in done.stderr and done.returncode == 1, done.stderr
    assert "M660" in done.stderr and "record" in done.stderr, done.stderr
