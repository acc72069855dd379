"""Prints in the page of the studio: what an operator is asked, the camera's picture, prints begun elsewhere, a browser that goes away."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from wetprint.backends.printing.journal import read, show_run
from wetprint.backends.printing.live import live_run
from wetprint.backends.printing.session import stop_running

TEXT = """\
wp 1;
use "nanocrystal.wp" as nc;
bath first = nc.butanol_bath { linkers: [nc.gold_iii]; molarity: 0.5[mM]; }
bath second = nc.butanol_bath { linkers: [nc.iron_ii]; molarity: 0.5[mM]; }
lattice low = woodpile { size: [120um, 120um]; layers: 2; pitch: 60um; filament: 10um; material: nc.gold; }
lattice high = woodpile { size: [120um, 120um]; layers: 2; pitch: 60um; filament: 10um; material: nc.cadmium_selenide; }
print low { bath: first; }
print move(high, by: [300um, 0um, 0um]) { bath: second; }
"""
STUDIO = "document.querySelector('.studio')"
RUN = f"{STUDIO}.dataset.run"
#: Takes a picture: one colour, and the layer's number as its width.
CAMERA = (
    "import struct, sys, zlib; n, f = 40 + int(sys.argv[1]), lambda k, d: struct.pack('>I', len(d)) + k + d + struct.pack('>I', zlib.crc32(k + d)); "
    "open(sys.argv[2], 'wb').write(bytes([137, 80, 78, 71, 13, 10, 26, 10]) + f(b'IHDR', struct.pack('>IIBBBBB', n, 30, 8, 0, 0, 0, 0)) + "
    "f(b'IDAT', zlib.compress((bytes(1) + bytes([90]) * n) * 30)) + f(b'IEND', b''))"
)


@pytest.fixture(scope="module")
def folder(root: Path, studio: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("trame_code", reason="the extra `studio` is not installed")
    folder = tmp_path_factory.mktemp("print")
    (folder / "two.wp").write_text(TEXT)
    (folder / "camera.py").write_text(CAMERA)
    by_hand = ('bath_exchange = "automatic"', 'bath_exchange = "manual"'), ("manual = false", "manual = true")
    studio.slow_rig(root, folder, "hands", *by_hand)
    with (folder / "rigs" / "hands.toml").open("a") as rig:
        rig.write(f"\n[camera]\ncommand = \"'{sys.executable}' camera.py {{layer}} '{{file}}'\"\n")
    studio.slow_rig(root, folder, "slow")
    return folder


@contextmanager
def _opened(folder: Path, studio: ModuleType, chromium: ModuleType, profile: Path) -> Iterator[Any]:
    """A page of a studio; when it is let go, no print is left running."""
    if chromium.CHROMIUM is None:
        pytest.skip("no Chromium here")
    server = studio.Server(folder / "two.wp", "--rig", "hands")
    try:
        with studio.Page(chromium, profile, server.url) as opened:
            opened.server = server
            yield opened.load()
            assert opened.complaints == []
        assert server.end() == 0
    finally:
        server.process.kill()
        stop_running(folder / "runs")


@pytest.fixture(scope="module")
def shared(folder: Path, studio: ModuleType, chromium: ModuleType) -> Iterator[Any]:
    with _opened(folder, studio, chromium, folder / "profile") as opened:
        yield opened


@pytest.fixture
def page(folder: Path, studio: ModuleType, chromium: ModuleType, tmp_path: Path) -> Iterator[Any]:
    """One of its own, for tests that end it."""
    with _opened(folder, studio, chromium, tmp_path / "profile") as opened:
        yield opened


def _start(page: Any) -> None:
    page.settled()
    page.click("[data-at=print]")
    page.until("document.querySelector('dialog[open] #go')")
    page.click("#go")


def test_an_operator_is_asked_for_every_nozzle_and_bath(shared: Any, folder: Path) -> None:
    shared.settled()
    assert shared.js("wpStudio.state.get('result').plan.operator_stops") == 4
    _start(shared)
    asked = []
    while True:
        shared.until(f"document.querySelector('#question') || {RUN}.startsWith('ended')", 60)
        if shared.js(f"{RUN}.startsWith('ended')"):
            break
        question = shared.text("#question p")
        assert shared.text("#question button.main") == "done"
        assert shared.text(".runtitle") == "Print on hands: an exchange" and "kPa" not in question
        pressure = shared.js("wpStudio.state.get('run').pressure_kpa")
        assert pressure == 0
        asked.append(question)
        shared.click("#question button.main")
        shared.until(f"document.querySelector('#question p')?.textContent !== {question!r}")
    assert shared.js(RUN) == "ended done"
    # The camera's newest picture is in the page: that of the upper layer.
    shared.until(
        "document.querySelector('.frame')?.naturalWidth === 41 && !document.querySelector('.frame').hidden"
    )
    assert [q.split()[0] for q in asked] == ["Load", "Pour", "Take", "Take"]
    assert "nozzle left with ink" in asked[0] and "bath first" in asked[1]
    assert "Take out bath first and pour bath second." in asked and any(
        "fit nozzle right" in q for q in asked
    )
    (run,) = (folder / "runs").iterdir()
    answers = show_run(run.name, folder / "runs")["answers"]
    assert [(a["question"], a["answer"]) for a in answers] == [(q, "done") for q in asked]
    for file in sorted(run.rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    run.rmdir()


def test_a_stop_in_place_of_an_exchange_ends_the_print(shared: Any, folder: Path) -> None:
    _start(shared)
    shared.until("document.querySelector('#question')")
    shared.js(
        "[...document.querySelectorAll('#question button')].find(b => b.textContent === 'stop').click()"
    )
    shared.until(f"{RUN} === 'ended stopping'")
    assert "M639" in shared.text("run")


def test_a_print_of_a_terminal_is_met_in_the_page(shared: Any, folder: Path, studio: ModuleType) -> None:
    process = subprocess.Popen(
        [*studio.WP, "print", "two.wp", "--rig", "slow", "--yes"],
        cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        shared.until(f"['printing', 'travelling', 'priming', 'switching'].includes({RUN})")
        assert "begun elsewhere on slow" in shared.text(".runtitle")
        # One at a time: nothing else is begun beside it.
        assert shared.js("wpStudio.ask('print_ask', [true]).then(o => [o.nonce, o.diagnostics[0].code])") == [
            "",
            "X745",
        ]
        shared.click("#stop")
        shared.until(f"{RUN} === 'ended stopping'")
        assert process.wait(20) == 130
    finally:
        process.kill()


def test_a_new_studio_adopts_what_an_earlier_one_began(
    page: Any, folder: Path, studio: ModuleType, chromium: ModuleType, tmp_path: Path
) -> None:
    """The studio is killed while the operator is asked; the question waits for the next studio, and is answered there."""
    _start(page)
    page.until("document.querySelector('#question')")
    page.server.process.kill()
    page.server.process.wait()
    page.until("!document.querySelector('[data-at=lost]').hidden")
    assert "A print that runs goes on" in page.text("lost")
    assert live_run(folder / "runs") is not None
    server = studio.Server(folder / "two.wp", "--rig", "hands")
    try:
        with studio.Page(chromium, tmp_path / "second", server.url) as second:
            second.load()
            second.until("document.querySelector('#question')")
            assert second.text(".runtitle") == "Print of two, begun elsewhere on hands: an exchange"
            second.click("[data-at=dry]") if not second.js(
                "document.querySelector('[data-at=start]').hidden"
            ) else None
            for _ in range(2):
                question = second.text("#question p")
                second.click("#question button.main")
                second.until(f"document.querySelector('#question p')?.textContent !== {question!r}")
            second.until(f"['printing', 'travelling', 'priming'].includes({RUN})")
            # The view follows what is laid: it is this very part.
            second.until("wpStudio.state.get('run').here === true")
            second.click("#pause")
            second.until("document.querySelector('#question')?.textContent.includes('Paused, ink is off')")
            second.click("#question button.main")
            second.until(f"['printing', 'travelling', 'priming', 'switching'].includes({RUN})")
            second.js(
                "(document.querySelector('#stop') || [...document.querySelectorAll('#question button')].at(-1)).click()"
            )
            second.until(f"{RUN} === 'ended stopping'")
            assert "M639" in second.text("run") and second.complaints == []
    finally:
        assert server.end() == 0
    assert page.js("wpStudio.editor.text") == TEXT
    page.browser.complaints.clear()  # of the studio that is gone
    page.server.end = lambda: 0


def test_a_print_goes_on_without_its_browser(page: Any, folder: Path, studio: ModuleType) -> None:
    """The browser is killed in the middle: the print ends as it should, and the studio goes on serving."""
    page.choose("rig", "slow")
    page.until("wpStudio.state.get('rig') === 'slow'")
    _start(page)
    page.until(f"['printing', 'travelling', 'priming'].includes({RUN})")
    page.browser.process.kill()
    page.browser.process.wait()
    run = live_run(folder / "runs")
    assert run is not None
    studio.until(lambda: read(run)["state"] == "done", 60)
    assert page.server.process.poll() is None
