"""What can go wrong around the studio: each has a clear message, and nothing that was typed is lost."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

TEXT = """\
wp 1;
use "nanocrystal.wp" as nc;
param pitch: Length = 60um in 30um..100um;
lattice net = woodpile { size: [120um, 120um]; layers: 2; pitch: pitch; filament: 10um; material: nc.gold; }
print net { bath: nc.gold_bath; }
"""
STUDIO = "document.querySelector('.studio')"
WP = [sys.executable, "-c", "from wetprint.cli import main; main()"]
#: Libraries that draw are not there, however they are asked for.
BLIND = """\
import ctypes
class CDLL(ctypes.CDLL):
    def __init__(self, name, *args, **more):
        if name and ("GL" in str(name) or "OSMesa" in str(name)):
            raise OSError(name)
        super().__init__(name, *args, **more)
ctypes.CDLL = CDLL
"""


@pytest.fixture
def design(tmp_path: Path) -> Path:
    pytest.importorskip("trame_code", reason="the extra `studio` is not installed")
    path = tmp_path / "net.wp"
    path.write_text(TEXT)
    return path


def _refused(design: Path, *args: str, **env: str) -> str:
    """What `wp studio` says where it does not even begin."""
    done = subprocess.run(
        [*WP, "studio", design.name, "--no-browser", *args],
        cwd=design.parent, capture_output=True, text=True, env=os.environ | env, timeout=60,
    )  # fmt: skip
    assert done.returncode in (1, 2) and "Traceback" not in done.stderr, done.stderr
    return done.stdout + done.stderr


def test_what_keeps_a_studio_from_beginning(design: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = _refused(design, "--port", str(taken.getsockname()[1]))
        assert "X741" in said and "without `--port` a free one is taken" in said
    assert "X702" in _refused(tmp_path / "gone.wp")
    # The extra is missing: its packages cannot be found.
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u, sys\n_f = u.find_spec\nu.find_spec = lambda n, p=None: None if n.startswith('trame') else _f(n, p)\n"
    )
    path = os.pathsep.join(p for p in (str(tmp_path), os.environ.get("PYTHONPATH", "")) if p)
    said = _refused(design, PYTHONPATH=path)
    assert "X740" in said and "pip install 'wetprint[studio]'" in said


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trouble")


@pytest.fixture(scope="module")
def page(place: Path, studio: ModuleType, chromium: ModuleType) -> Iterator[Any]:
    """A studio on a machine with neither a display nor a library that draws through OpenGL."""
    if chromium.CHROMIUM is None:
        pytest.skip("no Chromium here")
    pytest.importorskip("trame_code", reason="the extra `studio` is not installed")
    (place / "net.wp").write_text(TEXT)
    (place / "blind").mkdir()
    (place / "blind" / "sitecustomize.py").write_text(BLIND)
    path = os.pathsep.join(p for p in (str(place / "blind"), os.environ.get("PYTHONPATH", "")) if p)
    server = studio.Server(
        place / "net.wp", DISPLAY="", WAYLAND_DISPLAY="", PYTHONPATH=path, VTK_DEFAULT_OPENGL_WINDOW=""
    )
    with studio.Page(chromium, place / "profile", server.url) as opened:
        opened.server, opened.design = server, server.design
        yield opened.load()
    assert server.end() == 0


def test_neither_a_display_nor_opengl_is_needed(page: Any) -> None:
    """The browser draws the view; plots and geometry need no library that draws."""
    page.settled()
    assert page.figure("filaments") == "6"
    page.click("#tab-plots")
    page.until(f"document.querySelector('[data-at=plots]').dataset.shown === {STUDIO}.dataset.number")
    page.click("#tab-part")
    fetch = "fetch('export?format={}&state=wet').then(async r => [r.status, await r.text()])"
    status, said = page.js(fetch.format("stl"))
    assert status == 200
    # A still picture is drawn through OpenGL: it is refused in words, and all else goes on.
    status, said = page.js(fetch.format("png"))
    assert status == 409 and said.startswith("X720") and "libosmesa6" in said
    page.click("[data-export=png]")
    page.until("document.querySelector('[data-at=toast]').textContent.startsWith('X720')")
    assert page.server.process.poll() is None


def test_a_browser_without_webgl_says_so(
    page: Any, studio: ModuleType, chromium: ModuleType, tmp_path: Path
) -> None:
    """Text, figures and problems stay; the view tells what it lacks."""
    with studio.Page(chromium, tmp_path / "profile", page.url) as other:
        other.browser.call(
            "Page.addScriptToEvaluateOnNewDocument",
            source="const g = HTMLCanvasElement.prototype.getContext; HTMLCanvasElement.prototype.getContext = function (k, ...a) { return /webgl/.test(k) ? null : g.call(this, k, ...a); };",
        )
        other.load(part=False)
        other.until(
            "(d => d && getComputedStyle(d.getElementById('sorry')).display === 'block')(document.querySelector('iframe').contentDocument)"
        )
        assert other.figure("filaments") == "6" and "pitch" in other.js("wpStudio.editor.text")


def test_the_wrong_token_is_turned_away(
    page: Any, studio: ModuleType, chromium: ModuleType, tmp_path: Path
) -> None:
    address = page.url.partition("token=")[0]
    with studio.Page(chromium, tmp_path / "profile", address + "token=wrong") as other:
        other.browser.goto(other.url)
        other.until("document.body && document.body.innerText.includes('X743')")
        assert "open the address that `wp studio` printed" in other.js("document.body.innerText")


def test_a_deleted_file_is_written_again_with_what_the_page_holds(page: Any) -> None:
    page.design.unlink()
    page.until("!document.querySelector('[data-at=note]').hidden")
    assert "X748" in page.text("note") and "net.wp" in page.text("note")
    assert page.js("wpStudio.editor.text") == TEXT and page.figure("filaments") == "6"
    page.write(TEXT + "# on\n")
    end = time.monotonic() + 20
    while not page.design.exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    page.until("document.querySelector('[data-at=note]').hidden")
    assert page.design.read_text() == TEXT + "# on\n"


@pytest.mark.parametrize("what", ["a folder", "not text"])
def test_a_file_that_cannot_be_read_any_more_is_left_alone(page: Any, what: str) -> None:
    """The page keeps its text and says why nothing is saved; when the file is one again, it goes on."""
    page.write(TEXT)
    page.until("document.querySelector('[data-at=saved]').textContent === 'saved'")
    page.design.unlink()
    if what == "a folder":
        page.design.mkdir()
    else:
        page.design.write_bytes(b"wp 1; # \xb5m\n")
    page.until("!document.querySelector('[data-at=note]').hidden")
    said = page.text("note")
    assert ("X702" if what == "a folder" else "X744") in said, said
    page.write(TEXT + "# typed meanwhile\n")
    page.until("document.querySelector('[data-at=saved]').textContent === 'not saved yet'")
    time.sleep(1.2)
    if what == "a folder":
        assert page.design.is_dir()
        page.design.rmdir()
    else:
        assert page.design.read_bytes() == b"wp 1; # \xb5m\n"
        page.design.unlink()
    page.write(TEXT + "# typed meanwhile, and more\n")
    page.until("document.querySelector('[data-at=saved]').textContent === 'saved'")
    assert page.design.read_text() == TEXT + "# typed meanwhile, and more\n"
    page.write(TEXT)
    page.until("document.querySelector('[data-at=saved]').textContent === 'saved'")


def test_two_pages_of_one_design(page: Any, studio: ModuleType, chromium: ModuleType, tmp_path: Path) -> None:
    """What one writes stands in the other; where both write at once, both texts are kept and one is chosen."""
    with studio.Page(chromium, tmp_path / "profile", page.url) as other:
        other.load()
        page.write(TEXT + "# first page\n")
        other.until("wpStudio.editor.text.includes('# first page')")
        other.slide("pitch", 40)
        page.until("wpStudio.state.get('values').sets.pitch === '40um'")
        page.until(
            f"document.querySelector('[data-param=pitch] input').value === '40' && {STUDIO}.dataset.shown > 0"
        )
        page.click("[data-at=reset]")
        # Both at once, before either hears of the other.
        other.write(TEXT + "# of the second\n")
        page.write(TEXT + "# of the first\n")
        page.until("!document.querySelector('[data-at=conflict]').hidden")
        kept = {p.read_text() for p in page.design.parent.glob("net*.wp")}
        assert {TEXT + "# of the second\n", TEXT + "# of the first\n"} <= kept
        page.click("[data-at=conflict] button")
        page.until("document.querySelector('[data-at=conflict]').hidden")
        page.until("document.querySelector('[data-at=saved]').textContent === 'saved'")
        same = page.js("wpStudio.editor.text")
        other.until(f"wpStudio.editor.text === {same!r}")
        assert page.design.read_text() == same
        kept = {p.read_text() for p in page.design.parent.glob("net*.wp")}
        assert {TEXT + "# of the second\n", TEXT + "# of the first\n"} <= kept


def test_typing_while_the_file_changes_on_disk_again_and_again(page: Any) -> None:
    """Lines are typed in the page and appended on disk, turn by turn and at once: every one of them is in some file in the end."""
    for old in page.design.parent.glob("net*.wp"):
        if old != page.design:
            old.unlink()
    page.write(TEXT)
    page.until("document.querySelector('[data-at=saved]').textContent === 'saved'")
    for k in range(6):
        page.js(
            "(() => { const e = wpStudio.editor.editor, n = e.getModel().getLineCount(); e.executeEdits('t', [{ range: new wpStudio.editor.monaco.Range(n, 1, n, 1), "
            f"text: '# page {k}\\n' }}]); }})()"
        )
        if k % 2:
            page.until(
                "document.querySelector('[data-at=saved]').textContent === 'saved' || !document.querySelector('[data-at=conflict]').hidden"
            )
        page.design.write_text(page.design.read_text() + f"# disk {k}\n")
        time.sleep(0.15 * (k % 3))
    page.until("document.querySelector('[data-at=saved]').textContent !== 'not saved yet'")
    found = "".join(p.read_text() for p in page.design.parent.glob("net*.wp"))
    missing = [w for k in range(6) for w in (f"# page {k}\n", f"# disk {k}\n") if w not in found]
    assert missing == []
    if page.text("conflict"):
        page.click("[data-at=conflict] button")
    page.until("document.querySelector('[data-at=conflict]').hidden")
