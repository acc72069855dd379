"""The studio in a real browser: a slider moves the part, an error shows at its place, a print is started, paused, found again, stopped."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

import pytest

TEXT = """\
wp 1;
use "nanocrystal.wp" as nc;
param pitch: Length = 100um in 60um..140um "centre to centre";
param layers: Count = 4 in 2..8;
preset "dense" { pitch: 60um; layers: 6; }
lattice net = woodpile {
  size: [6 * pitch, 6 * pitch];
  layers: layers;
  pitch: pitch;
  filament: 10um;
  material: nc.gold;
}
print net { bath: nc.gold_bath; }
assert pitch > 62um or layers > 4, "too close";
"""
STUDIO = "document.querySelector('.studio')"
VIEW = "document.querySelector('iframe').contentWindow"

#: What a hand waits for at most, from a moved slider to its picture, ms.
FOLLOWS_MS = 500


@pytest.fixture(scope="module")
def server(root: Path, studio: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    pytest.importorskip("trame_code", reason="the extra `studio` is not installed")
    folder = tmp_path_factory.mktemp("studio")
    (folder / "net.wp").write_text(TEXT)
    studio.slow_rig(root, folder)
    served = studio.Server(folder / "net.wp")
    yield served
    assert served.end() == 0


@pytest.fixture(scope="module")
def page(server: Any, studio: ModuleType, chromium: ModuleType) -> Iterator[Any]:
    if chromium.CHROMIUM is None:
        pytest.skip("no Chromium here")
    with studio.Page(chromium, server.design.parent / "profile", server.url) as opened:
        opened.design = server.design
        yield opened.load()
        assert opened.complaints == []


def test_a_slider_moves_view_figures_and_rules(page: Any) -> None:
    took = []
    for pitch in (80, 120, 90, 110, 70, 85, 95, 105, 115):
        page.slide("pitch", pitch)
        page.until(
            f"{STUDIO}.dataset.shownNumber === {STUDIO}.dataset.number && wpStudio.state.get('values').sets.pitch === '{pitch}um'"
        )
        size = 6 * pitch + 10
        page.until(f"document.querySelector('[data-at=figures]').textContent.includes('{size} × {size}')")
        drawn = page.js(
            f"(() => {{ const v = {VIEW}.wetprint.states.find(s => s.name === 'dried'); return v.high[0] - v.low[0]; }})()"
        )
        assert drawn == pytest.approx(size, abs=0.1)
        took.append(int(page.js(f"{STUDIO}.dataset.took")))
        page.settled()
    # Measured to the end of the drawing, without a graphics card. Others may use this machine: then what one of the moves took is
    # held to the bound, else what most of them did.
    busy = os.getloadavg()[0] > 0.75 * (os.cpu_count() or 1)
    print(f"from the slider to the picture, ms: {took}, median {median(took)}, {'busy' if busy else 'idle'}")
    assert min(took) < FOLLOWS_MS and (busy or median(took) < FOLLOWS_MS)
    page.slide("pitch", 60)
    page.until("document.querySelector('.problems .error')?.textContent.includes('too close')")
    assert page.js("document.querySelector('[data-at=stale]').hidden") is False
    assert page.text("stale") == "errors: this is the last sound part"
    page.click("[data-at=reset]")
    page.until("!document.querySelector('[data-at=problems] .error')")
    assert page.design.read_text() == TEXT


def test_presets_and_writing_back(page: Any) -> None:
    page.js(
        "(() => { const e = document.querySelector('[data-at=preset]'); e.value = 'dense'; e.dispatchEvent(new Event('change')); })()"
    )
    page.until("document.querySelector('[data-param=pitch] input').value === '60'")
    page.js("document.querySelector('[data-at=write]').click()")
    page.until("wpStudio.editor.text.includes('param pitch: Length = 60um in')")
    end = time.monotonic() + 10
    while "= 60um in" not in page.design.read_text():
        assert time.monotonic() < end
        time.sleep(0.05)
    assert page.design.read_text() == TEXT.replace("= 100um", "= 60um").replace("= 4 in", "= 6 in")
    page.design.write_text(TEXT)  # as another editor would
    page.until(f"wpStudio.editor.text === {json.dumps(TEXT)}")


def test_an_error_shows_at_its_place_and_its_fix_mends_it(page: Any) -> None:
    page.js(
        "(() => { const e = wpStudio.editor.editor; e.focus(); e.setPosition({ lineNumber: 9, column: 14 }); })()"
    )
    page.browser.type("x")
    page.until("document.querySelector('[data-at=problems] .error')?.textContent.includes('line 9')")
    marks = page.until(
        "(m => m.length && m)(wpStudio.editor.monaco.editor.getModelMarkers({}).map(m => [m.startLineNumber, m.startColumn, m.endColumn, m.code]))"
    )
    assert [m for m in marks if m[0] == 9] == [[9, 10, 16, "E101"]]
    page.until("document.querySelector('.wp-told-error')")
    assert "pitcxh" in page.js("document.querySelector('.view-lines').textContent.replace(/\\u00a0/g, ' ')")
    page.js("document.querySelector('.fix').click()")
    page.until(
        f"wpStudio.editor.text === {json.dumps(TEXT)} && !document.querySelector('[data-at=problems] .error')"
    )


def test_words_are_offered(page: Any) -> None:
    found = page.js("wpStudio.ask('complete', [wpStudio.editor.text, 11, 16]).then(l => l.map(i => i.label))")
    assert "cadmium_selenide" in found and "gold" in found
    assert "centre to centre" in page.js("wpStudio.ask('hover', [wpStudio.editor.text, 9, 11])")


def test_both_versions_are_kept_and_one_is_chosen(page: Any) -> None:
    page.js(
        "wpStudio.editor.editor.executeEdits('t', [{ range: new wpStudio.editor.monaco.Range(1, 6, 1, 6), text: ' # page' }])"
    )
    page.design.write_text("# disk\n" + TEXT)
    page.until("!document.querySelector('[data-at=conflict]').hidden")
    mine = page.design.with_name("net.mine.wp")
    assert page.design.read_text() == "# disk\n" + TEXT and "# page" in mine.read_text()
    page.js("[...document.querySelectorAll('[data-at=conflict] button')].at(-1).click()")
    page.until(
        "document.querySelector('[data-at=conflict]').hidden && wpStudio.editor.text.startsWith('# disk')"
    )
    assert "# page" in mine.read_text()
    page.design.write_text(TEXT)
    page.until(f"wpStudio.editor.text === {json.dumps(TEXT)}")


def test_wet_dried_both_and_the_order(page: Any) -> None:
    press = f"(name => [...{VIEW}.document.querySelectorAll('#tools button')].find(b => b.textContent === name).click())"
    for name, state, both in (("wet", 0, False), ("both", 1, True), ("dried", 1, False)):
        page.js(f"{press}({json.dumps(name)})")
        assert page.js(f"[{VIEW}.wetprint.view.state, {VIEW}.wetprint.view.both]") == [state, both]
    page.js(
        f"(() => {{ const e = {VIEW}.document.getElementById('order'); e.value = 3; e.dispatchEvent(new Event('input')); }})()"
    )
    assert page.js(f"{VIEW}.wetprint.view.upto") == 3
    page.js(f"{VIEW}.wetprint.view.az = 33")
    page.slide("pitch", 100)
    page.slide("pitch", 130)
    page.until(
        f"wpStudio.state.get('values').sets.pitch === '130um' && {STUDIO}.dataset.shownNumber === {STUDIO}.dataset.number"
    )
    # The camera and what is shown stay through a change.
    assert page.js(f"[{VIEW}.wetprint.view.az, {VIEW}.wetprint.view.upto]") == [33, 3]
    page.js("document.querySelector('[data-at=reset]').click()")


def test_a_print_is_confirmed_paused_found_again_and_stopped(page: Any) -> None:
    runs = page.design.parent / "runs"
    page.js(
        "(() => { const e = document.querySelector('[data-at=rig]'); e.value = 'slow'; e.dispatchEvent(new Event('change')); })()"
    )
    page.until("wpStudio.state.get('rig') === 'slow'")
    page.js("document.querySelector('[data-at=print]').click()")
    page.until("document.querySelector('dialog[open] #go')")
    assert not runs.exists() and page.js(f"{STUDIO}.dataset.run") == ""
    page.js("document.querySelector('#go').click()")
    page.until(f"{STUDIO}.dataset.run === 'printing' || {STUDIO}.dataset.run === 'travelling'")
    page.js("document.querySelector('#pause').click()")
    page.until("document.querySelector('#question')?.textContent.includes('Paused, ink is off')")
    page.load()  # the browser goes away in the middle, and comes back
    page.until("document.querySelector('#question')")
    assert page.js(f"{STUDIO}.dataset.run") == "paused"
    page.js("document.querySelector('#question button').click()")
    page.until(f"['printing', 'travelling', 'priming'].includes({STUDIO}.dataset.run)")
    page.js("document.querySelector('#stop').click()")
    page.until(f"{STUDIO}.dataset.run.startsWith('ended')")
    assert page.js(f"{STUDIO}.dataset.run") == "ended stopping"
    (run,) = runs.iterdir()
    assert page.js("document.querySelector('[data-at=run]').textContent").count(run.name) >= 1
