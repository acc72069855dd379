"""Pictures after every layer: by a command, without one, by one that fails, and one that hangs, which delays nothing."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image
from wetprint.backends.printing.camera import lapse
from wetprint.backends.printing.journal import run_table, show_run
from wetprint.backends.printing.states import State
from wetprint.backends.report import write_run
from wetprint.kernel.rig import Eye

TAKE = "from PIL import Image; import sys; n = int(sys.argv[2]); Image.new('RGB', (80, 60), (40 * n, 90, 200)).save(sys.argv[1])"
FILM = f'{sys.executable} -c "{TAKE}" {{file}} {{layer}}'


def film_of(path: Path, pictures: int, codec: str, size: tuple[int, int] = (64, 48)) -> Path:
    """A film whose pictures get redder, as a camera would see them."""
    cv2 = pytest.importorskip("cv2")
    made = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), 5.0, size)
    for k in range(pictures):
        made.write(np.full((size[1], size[0], 3), (40, 40, 20 * k), np.uint8))
    made.release()
    assert path.stat().st_size > 0
    return path


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
    assert any("time lapse" in e.get("text", "") for e in found["events"])
    if shutil.which("ffmpeg") is None:
        with Image.open(folder / "lapse.gif") as lapse:
            assert lapse.n_frames == len(layers) and lapse.size == (80, 60)
    else:
        # Each picture stands for 0.12 s.
        width, height, seconds = probed(folder / "lapse.mp4")
        assert (width, height) == (80, 60) and seconds == pytest.approx(0.12 * len(layers), abs=0.02)


def probed(film: Path) -> tuple[int, int, float]:
    cv2 = pytest.importorskip("cv2")
    read = cv2.VideoCapture(str(film))
    rate, count = read.get(cv2.CAP_PROP_FPS), 0
    while read.read()[0]:
        count += 1
    return int(read.get(cv2.CAP_PROP_FRAME_WIDTH)), int(read.get(cv2.CAP_PROP_FRAME_HEIGHT)), count / rate


def test_without_ffmpeg_the_time_lapse_is_a_gif(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "frames").mkdir()
    for k in range(3):
        Image.new("RGB", (81, 61), (80 * k, 90, 200)).save(tmp_path / "frames" / f"{k:05d}.png")
    (tmp_path / "frames" / "00003.png").write_bytes(b"no picture")
    said = lapse(tmp_path)
    assert said.startswith("time lapse of 3 pictures: lapse.gif (no ffmpeg")
    with Image.open(tmp_path / "lapse.gif") as film:
        assert film.n_frames == 3 and film.size == (80, 60)
    assert not (tmp_path / "lapse.mp4").exists()


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
    assert found["frames"] == [] and not list(folder.glob("lapse.*"))
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
        [sys.executable, "-m", "wetprint.backends.printing.camera", "99", "none.png"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "pip install 'wetprint[camera]'" in done.stderr or "camera 99 gives no picture" in done.stderr


def test_opencv_takes_the_pictures(prints: ModuleType, tmp_path: Path) -> None:
    """The whole way with OpenCV, which reads a film as it reads a camera: the fifth picture is the one that is kept."""
    film = film_of(tmp_path / "seen.avi", 9, "MJPG")
    found, folder, _ = printed(prints, tmp_path / "runs", Eye(source=str(film)))
    assert found["frames"] and found["state"] == "done"
    for frame in found["frames"]:
        with Image.open(folder / frame["path"]) as shot:
            assert shot.size == (64, 48)
            red, _, blue = np.asarray(shot.convert("RGB"), float).mean(axis=(0, 1))
            assert red == pytest.approx(80, abs=6) and blue == pytest.approx(40, abs=6)


def test_opencv_reads_a_film_shorter_than_its_warm_up_and_a_row_of_pictures(tmp_path: Path) -> None:
    pytest.importorskip("cv2")
    for k in range(2):
        Image.new("RGB", (32, 24), (200, 10, 10)).save(tmp_path / f"seen{k:03d}.png")
    for source in (film_of(tmp_path / "short.avi", 3, "MJPG"), tmp_path / "seen%03d.png"):
        taken = tmp_path / f"{source.stem[:4]}.out.png"
        command = [sys.executable, "-m", "wetprint.backends.printing.camera", str(source), str(taken)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        with Image.open(taken) as shot:
            assert shot.size in ((64, 48), (32, 24))
    done = subprocess.run([*command[:3], str(tmp_path / "gone.avi"), "x.png"], capture_output=True, text=True)
    assert done.returncode == 1 and "gone.avi gives no picture" in done.stderr


def test_a_camera_that_goes_in_the_middle_is_told_once(prints: ModuleType, tmp_path: Path) -> None:
    """The first layers have pictures, then the camera is gone: the print goes on, and one warning says so."""
    seen = tmp_path / "seen"
    seen.mkdir()
    take = f'{sys.executable} -c "import sys, pathlib, shutil; p = pathlib.Path(sys.argv[1]); n = int(sys.argv[2]); '
    take += "sys.exit('the camera is gone') if n else __import__('PIL.Image').Image.new('RGB', (8, 8)).save(p)\" {file} {layer}"
    machine = prints.rig(camera=Eye(take), time_scale=15.0)
    path = prints.toolpath(prints.woodpile(3, 4, pitch_um=120.0), machine)
    result = prints.go(path, machine, tmp_path / "runs")
    assert result.state is State.DONE and result.executed == result.total == 12
    (said,) = result.diagnostics
    assert (said.code, said.severity.word) == ("M642", "warning") and "the camera is gone" in said.message
    found = show_run("last", tmp_path / "runs")
    missing = [e for e in found["events"] if e["kind"] == "camera" and "layer" in e]
    assert len(missing) >= 1 and len(found["frames"]) + len(missing) >= 2


def test_the_page_of_a_run_shows_its_pictures(prints: ModuleType, tmp_path: Path) -> None:
    found, folder, _ = printed(prints, tmp_path / "runs", Eye(FILM))
    page = write_run(found, tmp_path / "run.html").read_text()
    assert page.count('src="data:image/png;base64,') == len(found["frames"]) and "Record: Run" in page
    assert "16 of 16" in page and "00001.pgm" in page and str(folder) in page
    assert "http" not in page.replace("http://www.w3.org", ""), "nothing is asked of the network"
    text = write_run(found, tmp_path / "run.md").read_text()
    assert "# Record: Run" in text and "base64" not in text and "pictures, one a layer" in text
    done = subprocess.run(
        [sys.executable, "-c", "from wetprint.cli import main; main()", "run", "show", "last", "--runs", str(tmp_path / "runs"),
         "-o", str(tmp_path / "again.html")], capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0 and (tmp_path / "again.html").read_text() == page, done.stderr
    # A record whose pictures were taken away still has its page.
    for frame in found["frames"]:
        (folder / frame["path"]).write_bytes(b"")
    assert "cannot be read" in write_run(json.loads(json.dumps(found)), tmp_path / "less.html").read_text()
