"""OpenGL is looked for before VTK is loaded: VTK would end the process where there is none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from wetprint.backends.opengl import EGL, OSMESA, VARIABLE, X11, has_display, offscreen_window, prepare_window
from wetprint.kernel.diagnostics import WetprintError

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems bring their own OpenGL")


def loader(*there: str):
    def load(name: str) -> object:
        if not any(name.startswith(t) for t in there):
            raise OSError(name)
        return object()

    return load


@LINUX
@pytest.mark.parametrize(
    ("there", "environ", "window"),
    [
        (("libOSMesa", "libEGL", "libGL"), {}, OSMESA),
        (("libOSMesa", "libEGL", "libGL"), {"DISPLAY": ":0"}, OSMESA),
        (("libEGL",), {}, EGL),
        (("libGL.so",), {"DISPLAY": ":0"}, X11),
        ((), {VARIABLE: "vtkEGLRenderWindow"}, "vtkEGLRenderWindow"),
    ],
)
def test_the_window_follows_what_is_installed(
    there: tuple[str, ...], environ: dict[str, str], window: str
) -> None:
    assert offscreen_window(environ, loader(*there)) == window


@LINUX
@pytest.mark.parametrize("environ", [{}, {"DISPLAY": ":0"}])
def test_nothing_installed_names_the_package(environ: dict[str, str]) -> None:
    with pytest.raises(WetprintError) as caught:
        offscreen_window(environ, loader())
    said = caught.value.diagnostics[0]
    assert said.code == "X720"
    assert "libosmesa6" in " ".join(said.notes) and "libegl1 libgl1-mesa-dri" in " ".join(said.notes)


@LINUX
def test_a_window_needs_a_display_and_a_library() -> None:
    assert not has_display({}) and has_display({"DISPLAY": ":0"})
    with pytest.raises(WetprintError) as caught:
        prepare_window({}, loader("libGL"))
    assert caught.value.diagnostics[0].code == "X721" and "--png" in caught.value.diagnostics[0].notes[0]
    with pytest.raises(WetprintError) as caught:
        prepare_window({"DISPLAY": ":0"}, loader())
    assert caught.value.diagnostics[0].code == "X720"
    prepare_window({"DISPLAY": ":0"}, loader("libGL"))


DRAW = """
import sys
from pathlib import Path
from wetprint.kernel.diagnostics import WetprintError
from wetprint.backends.drawing.gbuffer import Canvas
try:
    Canvas(None, None)
except WetprintError as caught:
    assert not any(m.startswith("vtk") for m in sys.modules)
    print(caught.diagnostics[0].code)
"""


@LINUX
def test_vtk_is_not_loaded_where_nothing_can_draw() -> None:
    """A child in which no library can be opened: a message and no segmentation fault, and VTK was never imported."""
    blind = "import ctypes\ndef no(name, *a, **k): raise OSError(name)\nctypes.CDLL = no\n"
    blind += "import wetprint.backends.opengl as o\no.offscreen_window.__defaults__ = (o.os.environ, no)\n"
    environ = {k: v for k, v in os.environ.items() if k != VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", blind + DRAW], capture_output=True, text=True, env=environ, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "X720"


@LINUX
@pytest.mark.gl
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("unshare"),
    reason="hides libraries: needs root",
)
@pytest.mark.parametrize(
    ("hidden", "found"),
    [
        (("libOSMesa.so.8", "libEGL.so.1", "libGL.so.1"), "X720"),
        (("libOSMesa.so.8", "libEGL_mesa.so.0"), "X720"),  # EGL is there, but no driver behind it
        (("libOSMesa.so.8",), EGL),
        (("libEGL.so.1", "libGL.so.1"), OSMESA),
    ],
)
def test_hidden_libraries(hidden: tuple[str, ...], found: str, tmp_path: Path) -> None:
    """The real thing: libraries covered by an empty file in a private mount, and a picture drawn or a message given."""
    folder = Path("/usr/lib/x86_64-linux-gnu")
    if not all(
        (folder / h).exists() for h in ("libOSMesa.so.8", "libEGL.so.1", "libGL.so.1", "libEGL_mesa.so.0")
    ):
        pytest.skip("OSMesa and EGL are not both installed")
    empty = tmp_path / "empty"
    empty.touch()
    cover = " && ".join(f"mount --bind {empty} {(folder / h).resolve()}" for h in hidden)
    draw = """
import numpy as np
from wetprint.backends.drawing.camera import Frame
from wetprint.backends.drawing.gbuffer import Canvas, rod_patch, see
from wetprint.kernel.diagnostics import WetprintError
try:
    ends = np.array([[-5.0, 0, 0]]), np.array([[5.0, 0, 0]])
    patch = rod_patch(*ends, np.array([6.0]), np.array([6.0]), np.array([7], np.uint8), np.eye(3), 8)
    seen = see(patch, Frame(40, 30, (0.0, 0.0), 1.0, 9.0, -9.0))
    assert (seen.index == 7).sum() == 60, (seen.index == 7).sum()
    print(type(Canvas(patch.points_um, patch.faces)._window).__name__)
except WetprintError as caught:
    print(caught.diagnostics[0].code)
"""
    environ = {k: v for k, v in os.environ.items() if k not in (VARIABLE, "DISPLAY")}
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", f'{cover} && exec "$0" -c "$1"', sys.executable, draw],
        capture_output=True,
        text=True,
        env=environ,
        timeout=60,
    )
    if done.stderr.startswith("unshare:") or ("mount" in done.stderr and done.returncode == 32):
        pytest.skip("this container allows no private mounts")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == found


@LINUX
def test_a_display_that_nobody_serves_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import ctypes

    try:
        ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libGL.so.1")
    except OSError:
        pytest.skip("no X11 library here")
    with pytest.raises(WetprintError) as caught:
        prepare_window({"DISPLAY": ":7391"})
    said = caught.value.diagnostics[0]
    assert said.code == "X721" and "':7391'" in said.message
