"""The page: it holds the whole part, needs no network, and a real browser draws and turns it."""

import base64
import io
import json
import re
import shutil
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from wetprint.backends.colourings import COLOURINGS
from wetprint.backends.drawing.camera import Camera
from wetprint.backends.preview import Look
from wetprint.backends.previews import PREVIEWS
from wetprint.backends.previews.html import packed, page, render_html
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.build import build
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.filaments import FilamentSet, State
from wetprint.kernel.shrink import complete_jobs
from wetprint.lang.load import load


@pytest.fixture
def part(parts: ModuleType) -> FilamentSet:
    inks = (
        replace(parts.ink(name="Au"), colour="#c03020"),
        replace(parts.ink(name="CdSe"), colour="#2050c0"),
    )
    wet = parts.woodpile(lines=5, layers=4, inks=inks, material=lambda k: k % 2, state="wet")
    s = wet.wet
    return wet.with_states(s, State(s.points_um * 0.9, s.width_um * 0.9, s.height_um * 0.8))


def unpacked(text: str) -> tuple[dict[str, Any], bytes]:
    head = json.loads(re.search(r"^const PART = (.*);$", text, re.M)[1])
    data = base64.b64decode(re.search(r'^const DATA = "(.*)";$', text, re.M)[1])
    return head, zlib.decompress(data) if head["deflated"] else data


def column(data: bytes, c: dict[str, Any]) -> np.ndarray:
    return np.frombuffer(data, "<" + c["type"], c["count"], c["at"])


@pytest.mark.parametrize("scale", [1.0, 3000.0])
def test_the_page_holds_the_part(part: FilamentSet, scale: float) -> None:
    """Coordinates to a hundredth of a filament's width, in 16 bits where that does, else in floats."""
    s = part.dried
    part = part.with_states(part.wet, State(s.points_um * scale, s.width_um, s.height_um))
    head, data = unpacked(page(part, "dried", "t", Camera()))
    assert [s["name"] for s in head["states"]] == ["wet", "dried"] and head["show"] == "dried"
    assert np.array_equal(column(data, head["counts"]), np.diff(part.offsets))
    assert np.array_equal(column(data, head["material"]), part.material)
    assert np.array_equal(column(data, head["layer"]), part.layer)
    assert head["places"] == ["part.wp:1:1"]
    assert [i["name"] for i in head["inks"]] == ["Au", "CdSe"]
    for told, s in zip(head["states"], (part.wet, part.dried), strict=True):
        xyz = column(data, told["xyz"]).reshape(-1, 3) * told["step"] + told["low"]
        assert np.abs(xyz - s.points_um).max() < 0.01 * s.height_um.min()
        assert column(data, told["width"]) * told["size"] == pytest.approx(s.width_um, rel=1e-4)
        assert column(data, told["height"]) * told["size"] == pytest.approx(s.height_um, rel=1e-4)
    assert (head["states"][1]["xyz"]["type"] == "f4") == (scale > 1)


def test_large_parts_are_compressed(parts: ModuleType) -> None:
    part = parts.woodpile(lines=60, layers=30, points=80)
    text = page(part, "dried", "t", Camera())
    head, data = unpacked(text)
    assert head["deflated"] and len(text) < len(data)
    assert np.array_equal(column(data, head["counts"]), np.diff(part.offsets))


def test_the_page_needs_no_network(part: FilamentSet) -> None:
    text = page(part, "dried", "t", Camera())
    assert not re.search(
        r"""(src|href|action)\s*=|@import|url\(|fetch\(|XMLHttp|WebSocket|import\s*\(""", text
    )
    assert "http://" not in text and "https://" not in text


def test_names_cannot_break_out_of_the_page(part: FilamentSet) -> None:
    evil = '</script><b>"&'
    part = replace(part, inks=(replace(part.inks[0], nanocrystal=evil), part.inks[1]))
    text = page(part, "dried", evil, Camera())
    assert text.count("</script>") == 1 and "<b>" not in text.split("<script>")[0].split("<style>")[0]
    assert unpacked(text)[0]["inks"][0]["name"] == evil


def test_same_part_same_page(part: FilamentSet, tmp_path: Path) -> None:
    for name in ("a", "b"):
        render_html(part, tmp_path / f"{name}.html", title="same")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_one_state_alone_is_enough(part: FilamentSet, parts: ModuleType) -> None:
    head, _ = packed(parts.only(part, "wet"))
    assert [s["name"] for s in head["states"]] == ["wet"]


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def photograph(file: Path, view: str, tmp_path: Path) -> np.ndarray:
    from PIL import Image

    picture = tmp_path / "page.png"
    subprocess.run(
        [
            str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-background-networking", "--use-angle=swiftshader",
            "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist", "--hide-scrollbars", "--window-size=500,400",
            "--virtual-time-budget=20000", f"--user-data-dir={tmp_path / 'profile'}", f"--screenshot={picture}", f"file://{file}#{view}",
        ],
        capture_output=True, timeout=120, check=True,
    )  # fmt: skip
    return np.asarray(Image.open(io.BytesIO(picture.read_bytes())).convert("RGB")).astype(int)


@pytest.mark.gl
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_a_browser_draws_and_turns_the_page(part: FilamentSet, tmp_path: Path) -> None:
    file = render_html(part, tmp_path / "part.html", title="two inks")
    above = photograph(file, "az=-90&el=90&state=wet&dark=1", tmp_path)
    canvas = above[110:330]
    red = (canvas[..., 0] > 1.6 * canvas[..., 2]) & (canvas[..., 0] > 60)
    blue = (canvas[..., 2] > 1.6 * canvas[..., 0]) & (canvas[..., 2] > 60)
    assert red.sum() > 1000 and blue.sum() > 1000
    # Seen from above the page is as wide as the part: 160 um of lines and a width more, by the page's own scale bar.
    reach = np.ptp(np.nonzero(red | blue)[1])
    assert 150 < reach < 420
    front = photograph(file, "az=-90&el=0&layers=1", tmp_path)[110:330]
    blues = (front[..., 2] > 1.6 * front[..., 0]) & (front[..., 2] > 60)
    assert not blues.any()  # layer 1 alone is red


@pytest.fixture(scope="module")
def jobs() -> Any:
    text = """wp 1;
use "nanocrystal.wp" as nc;
lattice b = woodpile { size: [120um, 120um]; layers: 6; pitch: 40um; filament: 10um; material: nc.gold; }
print b { bath: nc.gold_bath; }
"""
    scene = load("t.wp", text).scene
    assert scene is not None
    return complete_jobs(scene, build(scene)[0])[0]


def test_the_page_knows_the_figures_and_the_order_of_the_print(jobs: Any, tmp_path: Path) -> None:
    look = Look(by="order", rig=lambda: load_rig("sim", []))
    file = PREVIEWS["html"].show(jobs, look, tmp_path / "t.html")
    assert file is not None
    head, data = unpacked(file.read_text())
    assert (head["by"], head["ordered"]) == ("order", True)
    found = {f["name"]: [column(data, c) for c in f["of"]] for f in head["figures"]}
    part = jobs[0].filaments
    assert set(found) == {"width", "height", "gap", "span", "order", "time", "speed", "pressure"}
    # Filaments stand in the order in which they are printed, and their figures with them.
    assert np.array_equal(found["order"][0], np.arange(len(part)) + 1.0)
    assert (np.diff(found["time"][0]) > 0).all()
    order = look.course(jobs)().order
    gaps = COLOURINGS["gap"].values(part, "dried", None)
    assert found["gap"][1] == pytest.approx(gaps[order], rel=1e-6)
    assert len(found["width"]) == 2 and np.array_equal(column(data, head["layer"]), part.layer[order])


def test_what_a_page_cannot_be_coloured_by_is_said(jobs: Any, part: FilamentSet, parts: ModuleType, tmp_path: Path) -> None:  # fmt: skip
    for what, by in ((part, "time"), (parts.only(part, "wet"), "movement")):
        with pytest.raises(WetprintError) as found:
            render_html(what, tmp_path / "t.html", state="wet", by=by)
        assert found.value.diagnostics[0].code == "X726"
    head, _ = unpacked(page(part, "dried", "t", Camera()))
    assert head["ordered"] is False and {f["name"] for f in head["figures"]} >= {"gap", "width"}


@pytest.mark.gl
def test_a_page_is_turned_coloured_and_printed_by_hand(
    jobs: Any, tmp_path: Path, chromium: ModuleType
) -> None:
    if chromium.CHROMIUM is None:
        pytest.skip("no Chromium here")
    from PIL import Image

    look = Look(rig=lambda: load_rig("sim", []))
    file = PREVIEWS["html"].show(jobs, look, tmp_path / "t.html")
    browser = chromium.Browser(tmp_path / "profile", (700, 500))

    def pixels() -> np.ndarray:
        browser.js("new Promise(d => setTimeout(d, 60)).then(() => wetprint.settled())")
        image = Image.open(browser.photograph(tmp_path / "p.png")).convert("RGB")
        return np.asarray(image).astype(int)[130:430, 60:640]

    def painted(seen: np.ndarray) -> int:
        return int((np.ptp(seen, axis=2) > 40).sum())

    try:
        browser.goto(f"file://{file}")
        browser.until("window.wetprint && document.documentElement.dataset.drawn")
        first, azimuth = pixels(), browser.js("wetprint.view.az")
        assert painted(first) > 5000
        for kind, x, buttons in (("mousePressed", 300, 1), ("mouseMoved", 380, 1), ("mouseReleased", 380, 0)):
            browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=300, button="left", buttons=buttons, clickCount=1)  # fmt: skip
        assert browser.js("wetprint.view.az") == pytest.approx(azimuth - 32)
        turned = pixels()
        assert (np.abs(turned - first).max(axis=2) > 40).mean() > 0.02
        # Every colouring has its legend; movement reaches the top corners, where it is yellow.
        names = browser.js("[...document.getElementById('by').options].map(o => o.value)")
        assert names[:2] == ["ink", "layer"] and {"movement", "order", "time", "gap"} <= set(names)
        for name in ("layer", "gap", "time"):
            browser.js(f"(e => {{ e.value = '{name}'; e.onchange(); }})(document.getElementById('by'))")
            assert browser.js("document.getElementById('scale').style.display") == "block"
            assert browser.js("document.getElementById('scale').innerText").strip()
        browser.key("c", 67)
        assert browser.js("wetprint.view.by") == names[(names.index("time") + 1) % len(names)]
        browser.js("(e => { e.value = 'ink'; e.onchange(); })(document.getElementById('by'))")
        assert browser.js("document.getElementById('scale').style.display") == "none"
        browser.js("(e => { e.value = 'movement'; e.onchange(); })(document.getElementById('by'))")
        seen = pixels()
        yellow = (seen[..., 0] > 150) & (seen[..., 1] > 150) & (seen[..., 2] < 120)
        violet = (seen[..., 2] > seen[..., 1] + 20) & (seen[..., 2] < 140)
        assert yellow.sum() > 50 and violet.sum() > 50
        assert np.nonzero(yellow)[0].mean() < np.nonzero(violet)[0].mean() - 40  # above, and below
        # The print: its first half is what is left of the part, filament by filament.
        whole = painted(seen)
        browser.js("(e => { e.value = 8; e.oninput(); })(document.getElementById('order'))")
        assert 0.1 * whole < painted(pixels()) < 0.8 * whole
        browser.key("w", 87)
        assert browser.js("wetprint.view.state") == 0
        assert not browser.complaints
    finally:
        browser.close()
