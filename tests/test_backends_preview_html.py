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
from wetprint.backends.drawing.camera import Camera
from wetprint.backends.previews.html import packed, page, render_html
from wetprint.kernel.filaments import FilamentSet, State


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
