"""Pictures after every layer: by a command, without one, by one that fails, and one that hangs, which delays nothing."""

import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image
from wetprint.backends.journal import run_table, show_run
from wetprint.backends.states import State
from wetprint.kernel.rig import Eye

TAKE = "from PIL import Image; import sys; n = int(sys.argv[2]); Image.new('RGB', (80, 60), (40 * n, 90, 200)).save(sys.argv[1])"
FILM = f'{sys.executable} -c "{TAKE}" {{file}} {{layer}}'


def printed(prints: ModuleType, tmp_path: Path, eye: Eye | None) -> tuple[dict, Path, float]:
    machine = prints.rig(camera=eye)
    path = prints.toolpath(prints.woodpile(4, 4, pitch_um=120.0), machine)
    began = time.monotonic()
    result = prints.go(path, machine, tmp_path)
    took = time.monotonic() - began
    assert result.state is State.DONE and result.executed == 16
    return show_run("last", tmp_path), result.folder, took


def test_a_picture_of_every_layer_and_a_time_lapse(prints: ModuleType, tmp_path: Path) -> None:
    found, folder, _ = printed(prints, tmp_path, Eye(FILM))
    layers = [f["layer"] for f in found["frames"]]
    # A camera slower than the emulated print may leave some out, never the last.
    assert layers == sorted(set(layers)) and layers[-1] == 3 and len(layers) >= 2
    assert all((folder / f["path"]).is_file() for f in found["frames"])
    assert f"{len(layers)} pictures" in run_table(found)
    with Image.open(folder / "lapse.gif") as lapse:
        assert lapse.n_frames == len(layers) and lapse.size == (80, 60)
    assert any("time lapse" in e.get("text", "") for e in found["events"])


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (f"{sys.executable} -c \"raise SystemExit('lens cap on')\"", "lens cap on"),
        ("no-such-camera {file}", "does not start"),
        ("true {file}", "no picture at"),
        ("'unbalanced", "does not start"),
    ],
)
def test_a_camera_that_fails_is_told_and_left_out(
    prints: ModuleType, tmp_path: Path, command: str, says: str
) -> None:
    found, folder, _ = printed(prints, tmp_path, Eye(command))
    assert found["frames"] == [] and not (folder / "lapse.gif").exists()
    assert any(says in e.get("text", "") for e in found["events"] if e["kind"] == "camera")


def test_a_camera_that_hangs_delays_nothing(prints: ModuleType, tmp_path: Path) -> None:
    plain = printed(prints, tmp_path / "plain", None)[2]
    found, _, took = printed(prints, tmp_path / "hangs", Eye("sleep 600", time_s=300.0))
    states = {e["state"]: e["time"] for e in found["events"] if e["kind"] == "state"}
    # The print itself takes as long; its end waits a little for the last picture, and leaves nothing behind.
    assert states["done"] - states["preflight"] < plain + 1.0 and took < plain + 5.0
    assert found["frames"] == []


def test_a_slow_picture_has_its_deadline(prints: ModuleType, tmp_path: Path) -> None:
    found, *_ = printed(prints, tmp_path, Eye("sleep 600", time_s=0.2))
    assert any("no picture within 0.2 s" in e.get("text", "") for e in found["events"])


def test_without_opencv_it_says_what_to_install() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wetprint.backends.camera", "99", "none.png"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "pip install 'wetprint[camera]'" in done.stderr or "camera 99 gives no picture" in done.stderr
