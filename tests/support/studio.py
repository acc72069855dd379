"""A studio that serves one design, and pages of it in a real browser."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

WP = [sys.executable, "-c", "from wetprint.cli import main; main()"]
STUDIO = "document.querySelector('.studio')"
VIEW = "document.querySelector('iframe').contentWindow"
#: What trame's own client asks for first (a launcher) is not there, by design.
EXPECTED = "/paraview/"


def until(what: Callable[[], Any], timeout: float = 20) -> Any:
    """Wait until something is true; its value."""
    end = time.monotonic() + timeout
    while not (found := what()):
        assert time.monotonic() < end, "never true"
        time.sleep(0.03)
    return found


class Server:
    """`wp studio` on a design in a folder of its own."""

    def __init__(self, design: Path, *args: str, **env: str) -> None:
        self.design = design
        self.process = subprocess.Popen(
            [*WP, "studio", design.name, "--no-browser", *args],
            cwd=design.parent, stdout=subprocess.PIPE, text=True, env=os.environ | env,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().split()[1]

    def end(self, how: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(20)


class Page:
    """A page of a studio in a browser of its own."""

    def __init__(self, chromium: Any, profile: Path, url: str, size: tuple[int, int] = (1280, 800)) -> None:
        self.url = url
        self.browser = chromium.Browser(profile, size)

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        self.browser.close()

    def js(self, text: str) -> Any:
        return self.browser.js(text)

    def until(self, text: str, timeout: float = 20) -> Any:
        return self.browser.until(text, timeout)

    def load(self, part: bool = True) -> Page:
        self.browser.goto(self.url)
        self.until(f"{STUDIO}?.dataset.ready === '1'")
        if part:
            self.until(f"+{STUDIO}.dataset.shown > 0")
        return self

    def text(self, place: str) -> str:
        """What a place of the page says, "" while it is hidden; `place` is its name in the page, or a selector."""
        selector = place if place[:1] in "#.[" else f"[data-at={place}]"
        return str(
            self.js(
                f"(e => e && e.getClientRects().length ? e.innerText : '')(document.querySelector({json.dumps(selector)}))"
            )
        )

    def click(self, selector: str) -> None:
        self.js(f"document.querySelector({json.dumps(selector)}).click()")

    def slide(self, name: str, value: float) -> None:
        self.js(
            f"(() => {{ const e = document.querySelector('[data-param={name}] input[type=range]'); e.value = {value};"
            " e.dispatchEvent(new Event('input')); })()"
        )

    def choose(self, place: str, value: str) -> None:
        self.js(
            f"(() => {{ const e = document.querySelector('[data-at={place}]'); e.value = {json.dumps(value)};"
            " e.dispatchEvent(new Event('change')); })()"
        )

    def write(self, text: str) -> None:
        """The whole text anew, as a hand would paste it."""
        self.js(
            f"(() => {{ const e = wpStudio.editor.editor; e.executeEdits('t', [{{ range: e.getModel().getFullModelRange(), text: {json.dumps(text)} }}]); }})()"
        )

    def figure(self, name: str) -> str:
        """What the table says of the dried part."""
        return str(
            self.js(
                "[...document.querySelectorAll('[data-at=figures] tr')].find(r => r.cells[0].textContent === "
                f"{json.dumps(name)})?.cells[2].textContent"
            )
        )

    def settled(self) -> None:
        """The page shows what was asked for last, solved by the full model."""
        self.until(
            f"wpStudio.state.get('result').final && {STUDIO}.dataset.shownNumber === {STUDIO}.dataset.number"
        )

    @property
    def complaints(self) -> list[str]:
        return [c for c in self.browser.complaints if EXPECTED not in c]


def slow_rig(
    root: Path, folder: Path, name: str = "slow", *changes: tuple[str, str], scale: float = 3.0
) -> None:
    """The built-in rig under another name, ten times slower, with `changes` of its text: a print of a second is over before a hand
    can pause it."""
    text = (
        (root / "backends" / "rigs" / "sim.toml")
        .read_text()
        .replace("time_scale = 30.0", f"time_scale = {scale}")
    )
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "rigs").mkdir(exist_ok=True)
    (folder / "rigs" / f"{name}.toml").write_text(text)
