"""`wp preview --watch` as an editor's user meets it: real processes, real saves of every kind, broken designs, Ctrl-C."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wetprint.backends.watch import Files
from wetprint.lang.files import files_of
from wetprint.lang.load import load

DESIGN = """wp 1;
use "nanocrystal.wp" as nc;
use "sizes.wp" as sizes;
lattice body = woodpile { size: [4 * sizes.pitch, 4 * sizes.pitch]; layers: 3; pitch: sizes.pitch; filament: 10um; material: nc.gold; }
print body { bath: nc.gold_bath; }
"""
SIZES = "wp 1;\nlet pitch = 40um;\n"

#: Seconds after which something that should have happened counts as not happened: the machine may have much else to do.
LONG = 40.0


@pytest.fixture
def design(tmp_path: Path) -> Path:
    path = tmp_path / "d.wp"
    path.write_text(DESIGN, encoding="utf-8")
    (tmp_path / "sizes.wp").write_text(SIZES, encoding="utf-8")
    return path


# -- looking at files ----------------------------------------------------------------------------------------------------


def save_by_rename(path: Path, text: str) -> None:
    part = path.with_suffix(".tmp")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def save_in_two_steps(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as out:
        out.flush()
        time.sleep(0.03)
        out.write(text[: len(text) // 2])
        out.flush()
        time.sleep(0.005)
        out.write(text[len(text) // 2 :])


def save_after_moving_away(path: Path, text: str) -> None:
    path.rename(path.with_suffix(".bak"))
    time.sleep(0.03)
    path.write_text(text, encoding="utf-8")


def save_plainly(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


SAVES: tuple[Callable[[Path, str], None], ...] = (
    save_plainly,
    save_by_rename,
    save_in_two_steps,
    save_after_moving_away,
)


@pytest.mark.parametrize("save", SAVES)
def test_a_save_is_seen_once_and_whole(design: Path, save: Callable[[Path, str], None]) -> None:
    files = Files([design])
    assert not files.wait(0.05)
    seen: list[str] = []
    saving = threading.Thread(target=save, args=(design, DESIGN + "# more\n"))
    saving.start()
    while files.wait(0.3):
        seen.append(design.read_text(encoding="utf-8"))
    saving.join()
    assert seen == [DESIGN + "# more\n"]


def test_a_file_that_goes_is_seen_and_one_that_comes(design: Path) -> None:
    files = Files([design])
    files.follow([design.parent / "later.wp"])
    (design.parent / "later.wp").write_text("wp 1;\n", encoding="utf-8")
    assert files.wait(1)
    design.unlink()
    assert files.wait(1)
    assert not files.wait(0.05)
    design.write_text(DESIGN, encoding="utf-8")
    assert files.wait(1)


def test_the_files_of_a_design(design: Path) -> None:
    folder = design.parent
    more = 'solid s = mesh("part.STL"); use "gone.wp" as g; let text = "no.file";\n'
    (folder / "sizes.wp").write_text(SIZES + 'use "deeper.wp" as d;\n', encoding="utf-8")
    (folder / "deeper.wp").write_text("wp 1;\n", encoding="utf-8")
    named = {p.name for p in files_of(load(design, text=DESIGN + more))}
    assert named >= {"d.wp", "sizes.wp", "deeper.wp", "part.STL", "gone.wp", "nanocrystal.wp"}
    assert "no.file" not in named


# -- the whole command ---------------------------------------------------------------------------------------------------


class Watching:
    """A running `wp preview --watch` and the lines that it said."""

    def __init__(self, design: Path, *more: str, env: dict[str, str] | None = None) -> None:
        wp = Path(sys.executable).with_name("wp")
        self.process = subprocess.Popen(
            [str(wp), "preview", design.name, "--watch", *more],
            cwd=design.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # What this process chose for its own pictures is not for the window of another.
            env={k: v for k, v in os.environ.items() if not k.startswith("VTK_")}
            | {"WETPRINT_CACHE": str(design.parent / "cache"), **(env or {})},
        )
        self.lines: list[str] = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def until(self, what: str, after: int = 0) -> int:
        """Waits for a line with these words; how many lines there are up to it."""
        end = time.monotonic() + LONG
        while time.monotonic() < end:
            for i, line in enumerate(self.lines[after:], after):
                if what in line:
                    return i + 1
            assert self.process.poll() is None, self.lines
            time.sleep(0.01)
        raise AssertionError(f"{what!r} was not said: {self.lines}")

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(LONG)


@pytest.fixture
def watching() -> Iterator[Callable[..., Watching]]:
    running: list[Watching] = []

    def start(*args: object, **more: object) -> Watching:
        running.append(Watching(*args, **more))  # type: ignore[arg-type]
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def test_a_page_follows_the_saves_of_a_design_and_its_imports(
    design: Path, watching: Callable[..., Watching]
) -> None:
    page = design.parent / "d.html"
    wp = watching(design, "--html", "d.html")
    n = wp.until("picture: d.html")
    first = page.read_bytes()
    for i, save in enumerate(SAVES):
        save(design, DESIGN.replace("layers: 3", f"layers: {4 + i}"))
        n = wp.until("picture: d.html", n)
        assert page.read_bytes() != first
    save_plainly(design, DESIGN)
    n = wp.until("picture: d.html", n)
    assert page.read_bytes() == first

    # A broken design is told, and the page stays; so it is with a broken import.
    save_by_rename(design, DESIGN.replace("layers: 3", "layrs: 3"))
    n = wp.until("E102", n)
    assert page.read_bytes() == first
    save_plainly(design, DESIGN)
    n = wp.until("picture: d.html", n)
    save_by_rename(design.parent / "sizes.wp", SIZES.replace("40um", "40"))
    n = wp.until("error[E2", n)
    assert page.read_bytes() == first
    save_by_rename(design.parent / "sizes.wp", SIZES.replace("40um", "50um"))
    n = wp.until("picture: d.html", n)
    assert page.read_bytes() != first
    assert wp.interrupt() == 0
    assert not any("Traceback" in line for line in wp.lines)
    assert not list(design.parent.glob(".*.part"))


FILM = """wp 1;
use "ligands.wp" as lig;
film green = film { nanocrystal: "InP/ZnS"; family: "III-V"; ligand: lig.tris_tad; thickness: 40nm; colour: "#3cb44b"; }
mask dots = rectangle { size: [10um, 4um]; }
pattern dots { film: green; process: photopattern; wavelength: 365nm; dose: 100[mJ/cm^2]; developer: lig.toluene; }
"""


def test_films_follow_saves_in_files_and_a_window_needs_a_display(
    design: Path, watching: Callable[..., Watching]
) -> None:
    page = design.parent / "d.html"
    design.write_text(FILM, encoding="utf-8")
    wp = watching(design, "--html", "d.html")
    n = wp.until("picture: d.html")
    first = page.read_bytes()
    save_by_rename(design, FILM.replace("10um, 4um", "12um, 4um"))
    wp.until("picture: d.html", n)
    assert page.read_bytes() != first and wp.interrupt() == 0
    env = {"DISPLAY": ""}
    alone = watching(design, env=env)
    assert alone.process.wait(LONG) != 0
    alone.reader.join(LONG)  # what it said last
    assert any("X721" in line for line in alone.lines)


def test_a_picture_comes_as_a_draft_then_whole_and_a_save_breaks_it_off(
    design: Path, watching: Callable[..., Watching]
) -> None:
    from PIL import Image

    wp = watching(design, "--png", "d.png", "--size", "1200x900")
    n = wp.until("draft: d.png")
    with Image.open(design.parent / "d.png") as draft:
        assert draft.size == (1200, 900)
        rough = np.asarray(draft.convert("L"), dtype=float)
    n = wp.until("picture: d.png", n)
    with Image.open(design.parent / "d.png") as picture:
        assert picture.size == (1200, 900)
        fine = np.asarray(picture.convert("L"), dtype=float)
    # The same view, only coarser.
    assert 0 < np.abs(rough - fine).mean() < 12
    for i in range(3):
        save_by_rename(design, DESIGN.replace("layers: 3", f"layers: {4 + i}"))
        n = wp.until("draft: d.png", n)
        time.sleep(0.5)  # the full one has begun, or is about to
    n = wp.until("picture: d.png", n)
    kept = (design.parent / "d.png").read_bytes()
    once = design.parent / "once.png"
    subprocess.run(
        [
            str(Path(sys.executable).with_name("wp")),
            "preview",
            "d.wp",
            "--png",
            "once.png",
            "--size",
            "1200x900",
        ],
        cwd=design.parent,
        check=True,
        capture_output=True,
    )
    assert once.read_bytes() == kept
    assert wp.interrupt() == 0


def test_a_mesh_is_watched(design: Path, watching: Callable[..., Watching]) -> None:
    text = DESIGN + 'solid ball = mesh { file: "ball.stl"; unit: 1um; }\n'
    text = text.replace("material: nc.gold; }", "material: nc.gold; clip: ball; }")
    design.write_text(text, encoding="utf-8")
    wp = watching(design, "--html", "d.html")
    n = wp.until("ball.stl")  # it is not there

    def box(side: float) -> str:
        corners = [(x, y, z) for x in (-side, side) for y in (-side, side) for z in (0, side)]
        faces = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
        rows = ["solid b"]
        for a, b, c, d in faces:
            for three in ((a, b, c), (a, c, d)):
                points = "\n".join("vertex {} {} {}".format(*corners[i]) for i in three)
                rows.append(f"facet normal 0 0 0\nouter loop\n{points}\nendloop\nendfacet")
        return "\n".join([*rows, "endsolid b\n"])

    save_by_rename(design.parent / "ball.stl", box(60))
    n = wp.until("picture: d.html", n)
    first = (design.parent / "d.html").read_bytes()
    save_plainly(design.parent / "ball.stl", box(50))
    wp.until("picture: d.html", n)
    assert (design.parent / "d.html").read_bytes() != first


def test_what_cannot_be_watched_is_said(design: Path) -> None:
    wp = str(Path(sys.executable).with_name("wp"))
    none = subprocess.run([wp, "preview", "no.wp", "--watch", "--html", "a.html"], cwd=design.parent, capture_output=True, text=True, check=False)  # fmt: skip
    assert none.returncode == 1
    assert "E020" in none.stderr
    stdin = subprocess.run([wp, "preview", "-", "--watch", "--html", "a.html"], cwd=design.parent, capture_output=True, text=True, check=False)  # fmt: skip
    assert stdin.returncode == 2
    assert "--watch" in stdin.stderr


# -- the window ----------------------------------------------------------------------------------------------------------


def test_a_window_takes_a_new_version_and_keeps_the_camera(tmp_path: Path) -> None:
    from wetprint.backends.preview import Look
    from wetprint.backends.previews.window import Seen, Window, photograph
    from wetprint.kernel.build import build

    def part(layers: int) -> Any:
        scene = load("a.wp", text=DESIGN.replace('use "sizes.wp" as sizes;', "let pitch = 40um;").replace("sizes.", "").replace("layers: 3", f"layers: {layers}")).scene  # fmt: skip
        assert scene is not None
        return build(scene)[0][0].filaments

    def act(window: Window) -> None:
        window.from_direction("front")
        camera = window.plotter.camera
        camera.parallel_scale *= 0.5
        before = (camera.position, camera.focal_point, camera.parallel_scale)
        window.show_layers(2)
        window.next_colouring()
        window.renew(Seen(part(5)))
        assert (camera.position, camera.focal_point, camera.parallel_scale) == before
        assert (window.layers, window.shown_layers, window.colouring) == (5, 2, "layer")
        window.renew(None)
        assert window.layers == 5
        window.show_layers(5)
        window.cut()
        window.renew(Seen(part(1)))
        assert (window.layers, window.shown_layers) == (1, 1)

    path = photograph([part(3)], Look(size=(400, 300)), tmp_path / "w.png", act)
    assert path.stat().st_size > 1000


@pytest.mark.gl
def test_a_window_of_films_takes_a_new_version_and_keeps_the_camera() -> None:
    from wetprint.backends.films import films_of
    from wetprint.backends.opengl import prepare_offscreen
    from wetprint.backends.preview import Look
    from wetprint.backends.previews.stacked_window import FilmWindow

    def films(text: str) -> Any:
        scene = load("f.wp", text=text).scene
        assert scene is not None
        return films_of(scene, ())

    def reach(w: Any) -> float:
        """How far the film of the first pass reaches in x."""
        (low, high) = next(a for row, a in w._actors if row == 1).GetBounds()[:2]
        return float(high - low)

    prepare_offscreen()
    w = FilmWindow(films(FILM), Look(size=(400, 300), title="f"), off_screen=True)
    try:
        assert (w.passes, w.shown_passes) == (1, 1) and reach(w) == pytest.approx(10.0)
        w.from_direction("front")
        camera = w.plotter.camera
        camera.parallel_scale *= 0.5
        before = (camera.position, camera.focal_point, camera.parallel_scale)
        first = w.plotter.screenshot(return_img=True)
        w.renew(films(FILM.replace("10um, 4um", "12um, 4um")))
        assert reach(w) == pytest.approx(12.0)
        assert (camera.position, camera.focal_point, camera.parallel_scale) == before
        assert (w.plotter.screenshot(return_img=True) != first).any()
        two = (
            FILM
            + "mask more = rectangle { size: [3um, 8um]; }\n"
            + FILM.splitlines()[4].replace("dots", "more")
            + "\n"
        )
        w.renew(films(two))
        assert (w.passes, w.shown_passes) == (2, 2)
        w.show_passes(1)
        assert all(bool(a.GetVisibility()) == (row < 2) for row, a in w._actors)
        w.renew(films(two.replace("3um, 8um", "2um, 8um")))
        assert w.shown_passes == 1
        w.renew(None)
        assert "told" in w.plotter.actors and w.passes == 2
        w.renew(films(FILM))
        assert "told" not in w.plotter.actors and (w.passes, w.shown_passes) == (1, 1)
        w.help()
        assert "help" in w.plotter.actors and "bar" in w.plotter.actors
    finally:
        w.plotter.close()


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="no X server without a screen (Xvfb) here")
def test_a_real_window_follows_and_ends(design: Path, watching: Callable[..., Watching]) -> None:
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x900x24"],
        pass_fds=(write,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with os.fdopen(read) as told:
            os.close(write)
            number = told.readline().strip()
        wp = watching(design, "--size", "400x300", env={"DISPLAY": f":{number}"})
        n = wp.until("drawn")
        save_by_rename(design, DESIGN.replace("layers: 3", "layers: 5"))
        n = wp.until("drawn", n)
        save_by_rename(design, DESIGN.replace("layers: 3", "layrs: 5"))
        n = wp.until("E102", n)
        save_by_rename(design, DESIGN)
        n = wp.until("drawn", n)
        # Films have a window of their own, and follow in it.
        for text in (FILM, FILM.replace("10um, 4um", "12um, 4um"), DESIGN):
            save_by_rename(design, text)
            n = wp.until("drawn", n)
        assert wp.interrupt() == 0
        assert not any("Traceback" in line for line in wp.lines)
    finally:
        server.terminate()
        server.wait()
