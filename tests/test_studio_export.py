"""Every button of the page's Export in a real browser: the file arrives, and it is what the command would have written."""

import io
import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image
from wetprint.backends.export import write_geometry, write_program
from wetprint.backends.exporters import EXPORTERS
from wetprint.backends.previews.film import PAUSE, TURN
from wetprint.backends.rigs.store import load_rig
from wetprint.backends.studio.bench import Wish, solved
from wetprint.backends.studio.exports import exported, offered
from wetprint.kernel.diagnostics import WetprintError
from wetprint.lang.studio import Editing

TEXT = """\
wp 1;
use "nanocrystal.wp" as nc;
lattice net = woodpile { size: [120um, 120um]; layers: 2; pitch: 60um; filament: 10um; material: nc.gold; }
print net { bath: nc.gold_bath; }
"""
#: How files begin, by what is asked for.
BEGINS = {
    "png": b"\x89PNG\r\n", "html": b"<!DOCTYPE html>", "gif": b"GIF89a", "mp4": b"\0\0\0", "3mf": b"PK", "glb": b"glTF", "npz": b"PK", "ply": b"ply\n",
    "svg": b"<", "vtp": b"<", "csv": b"", "stl": b"", "sheet": b"<!DOCTYPE html>", "program": b"; aerotech program",
}  # fmt: skip


@pytest.fixture(scope="module")
def page(studio: ModuleType, chromium: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if chromium.CHROMIUM is None:
        pytest.skip("no Chromium here")
    pytest.importorskip("trame_code", reason="the extra `studio` is not installed")
    folder = tmp_path_factory.mktemp("export")
    (folder / "net.wp").write_text(TEXT)
    (folder / "saved").mkdir()
    server = studio.Server(folder / "net.wp")
    with studio.Page(chromium, folder / "profile", server.url) as opened:
        opened.folder = folder / "saved"
        opened.browser.call(
            "Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder / "saved")
        )
        opened.load().settled()
        yield opened
        assert opened.complaints == []
    assert server.end() == 0


def _saved(page: Any, studio: ModuleType, form: str) -> tuple[str, bytes]:
    """The file that a button brings."""
    before = set(page.folder.iterdir())
    # No faster than a hand: a browser lets a page save only so many files in a row.
    time.sleep(0.4)
    click = f"document.querySelector(\"[data-export='{form}']\").click()"
    page.browser.call("Runtime.evaluate", expression=click, userGesture=True)

    def new() -> Path | None:
        found = [p for p in page.folder.iterdir() if p not in before and p.suffix != ".crdownload"]
        return found[0] if found and page.text("toast") == f"{found[0].name} written" else None

    file = studio.until(new, 400 if form in ("gif", "mp4") else 60)
    data = file.read_bytes()
    file.unlink()
    return file.name, data


def test_the_page_offers_all_that_the_tool_writes(page: Any) -> None:
    forms = page.js("[...document.querySelectorAll('[data-export]')].map(b => b.dataset.export)")
    assert set(EXPORTERS.names()) | {"png", "html", "gif", "sheet", "program"} <= set(forms) <= set(BEGINS)


@pytest.mark.parametrize("state", ["dried", pytest.param("wet", marks=pytest.mark.soak)])
def test_geometry_arrives_as_the_command_writes_it(
    page: Any, studio: ModuleType, tmp_path: Path, state: str
) -> None:
    rig = load_rig("sim")
    jobs = solved(Editing(Path("net.wp")), Wish(TEXT, 1, {}, None, rig), rig).jobs
    page.choose("exportState", state)
    for form in sorted(EXPORTERS.names()):
        name, data = _saved(page, studio, form)
        assert name == f"net_{state}.{form}" and data.startswith(BEGINS[form])
        write_geometry(jobs, form, tmp_path / name, "wet" if state == "wet" else "dried")
        expected = (tmp_path / name).read_bytes()
        if form == "vtp":  # it names the source by the path that it was opened by
            assert abs(len(data) - len(expected)) < 400
        else:
            assert data == expected, form
    page.choose("exportState", "dried")


@pytest.mark.parametrize("form", ["png", "html", "sheet"])
def test_pictures_and_sheets_arrive(page: Any, studio: ModuleType, form: str) -> None:
    name, data = _saved(page, studio, form)
    assert name == {"png": "net_dried.png", "html": "net_dried.html", "sheet": "net_sheet.html"}[form]
    assert data.startswith(BEGINS[form]) and len(data) > 10_000
    if form == "png":
        assert (int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")) == (1600, 1200)
    if form == "sheet":
        assert b"Process sheet: net" in data and b"wp print net.wp --rig sim" in data


def _looked_at(pictures: "list[np.ndarray]", size: tuple[int, int]) -> None:
    """Gold on white that turns: neither black nor blank, and no two pictures of a quarter of a turn are alike."""
    assert len(pictures) == 4 and all(p.shape == (size[1], size[0], 3) for p in pictures)
    for p in pictures:
        gold = (p[..., 0].astype(int) - p[..., 2] > 60).mean()
        assert 0.02 < gold < 0.6 and (p > 240).all(axis=2).mean() > 0.3
    assert all((a != b).any(axis=2).mean() > 0.01 for a, b in itertools.pairwise(pictures))


def test_a_film_arrives_as_gif_while_other_pictures_are_asked_for(page: Any, studio: ModuleType) -> None:
    # A picture is drawn for somebody else meanwhile.
    page.js(
        "fetch('export?format=png&state=wet').then(a => a.blob()).then(b => { window.other = b.size; }); 0"
    )
    name, data = _saved(page, studio, "gif")
    assert name == "net_dried.gif"
    with Image.open(io.BytesIO(data)) as film:
        assert film.n_frames == TURN and film.size == (800, 600)
        shots = []
        for k in range(0, TURN, TURN // 4):
            film.seek(k)
            assert film.info["duration"] == 10 * PAUSE
            shots.append(np.asarray(film.convert("RGB")))
    _looked_at(shots, (800, 600))
    assert page.js("window.other") > 10_000


@pytest.mark.soak
@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg")
def test_a_film_arrives_as_mp4(page: Any, studio: ModuleType, tmp_path: Path) -> None:
    name, data = _saved(page, studio, "mp4")
    assert name == "net_dried.mp4" and data[4:8] == b"ftyp"
    (tmp_path / name).write_bytes(data)
    each = round(PAUSE * 25 / 100) * TURN // 4  # pictures of the file in a quarter of a turn
    command = ["ffmpeg", "-v", "error", "-i", str(tmp_path / name), "-vf", f"select=not(mod(n\\,{each}))", "-vsync", "0", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]  # fmt: skip
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    shots = np.frombuffer(raw, np.uint8).reshape(-1, 900, 1200, 3)
    _looked_at(list(shots), (1200, 900))


def test_the_program_is_that_of_the_rig(page: Any, studio: ModuleType, tmp_path: Path) -> None:
    name, data = _saved(page, studio, "program")
    rig = load_rig("sim")
    path = solved(Editing(Path("net.wp")), Wish(TEXT, 1, {}, None, rig), rig).toolpath
    assert path is not None and name == "net_sim.pgm"
    write_program(path, rig, "aerotech", tmp_path / name)
    assert data == (tmp_path / name).read_bytes()


def test_what_cannot_be_written_is_told(page: Any) -> None:
    page.write(TEXT.replace("pitch", "pitsch"))
    page.until("document.querySelector('[data-at=problems] .error')")
    page.click("[data-export=stl]")
    page.until("document.querySelector('[data-at=toast]').textContent.startsWith('X747')")
    page.write(TEXT)
    page.until("wpStudio.state.get('result').sound && !document.querySelector('[data-at=problems] .error')")
    assert list(page.folder.iterdir()) == []
    page.complaints.clear()
    page.browser.complaints[:] = [c for c in page.browser.complaints if "/export?" not in c]


@pytest.mark.parametrize("rig", ["sim", "sim-grbl", "sim-marlin", "sim-linuxcnc", "sim-klipper", "paper"])
def test_programs_of_every_dialect_have_a_name(tmp_path: Path, rig: str) -> None:
    machine = load_rig(rig)
    outcome = solved(Editing(Path("net.wp")), Wish(TEXT, 1, {}, None, machine), machine)
    assert any(i["format"] == "program" and rig in i["doc"] for g in offered(machine) for i in g["items"])
    data, name = exported(outcome, machine, Path("net.wp"), "program", "dried")
    assert name.startswith(f"net_{rig}.") and len(data) > 200


def test_without_a_part_there_is_nothing_to_export() -> None:
    rig = load_rig("sim")
    outcome = solved(Editing(Path("net.wp")), Wish("wp 1;\n", 1, {}, None, rig), rig)
    for form in ("stl", "png", "program", "sheet"):
        with pytest.raises(WetprintError) as caught:
            exported(outcome, rig, Path("net.wp"), form, "dried")
        assert caught.value.diagnostics[0].code == "X747"
    assert json.dumps(offered(rig))
