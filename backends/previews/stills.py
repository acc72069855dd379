"""Stills of a large part: a process of its own draws the view at rest as a picture, while the window goes on turning."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from ...kernel.filaments import FilamentSet, Floats
from ...kernel.scene import StateName
from ..drawing.camera import Frame
from ..drawing.change import by_movement
from ..drawing.picture import Box, Panel, Picture
from ..drawing.section import Cut
from ..drawing.style import STYLES

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """What a view shows: the filaments `which`, each in the colour `index` of `colours`, or by how far they move up to `most_um`. `cut`
    opens the part; `beside` is drawn with it, whole and in the last of the colours."""

    state: StateName
    which: npt.NDArray[np.int64]
    index: npt.NDArray[np.uint8]
    colours: tuple[str, ...]
    axes: Floats
    frame: Frame
    style: str
    most_um: float | None = None
    cut: Cut | None = None
    beside: FilamentSet | None = None


def drawn(part: FilamentSet, still: Still) -> Pixels:
    """The picture of it, uint8[H,W,3], without letters. Raises WetprintError (X720) where nothing can draw."""
    from .png import render

    shown = part if len(still.which) == len(part) else part.take(still.which)
    index = still.index
    if still.most_um is not None:
        shown, index, _ = by_movement(shown, still.state, still.most_um)
    size = (still.frame.width, still.frame.height)
    panel = Panel(shown, still.state, "", Box(0, 0, *size), still.frame, index, still.cut, still.beside)
    return render(
        Picture(
            size=size, style=STYLES[still.style], axes=still.axes, panels=(panel,), colours=still.colours, legend=(),
            um_per_px=still.frame.um_per_px, bar_um=1.0, letter_px=round(0.03 * size[1]), margin_px=1, lettering=False,
        )
    )  # fmt: skip


class Stills:
    """Asks a process for pictures. The newest wish counts: a new one ends the work on the one before.

    `arrived` is called, in another thread, when a picture has come. A process that fails is not started again.
    """

    def __init__(self, part: FilamentSet, arrived: Callable[[], None] = lambda: None) -> None:
        self._part = part
        self._arrived = arrived
        self._process: subprocess.Popen[bytes] | None = None
        self._found: SimpleQueue[tuple[int, Pixels | None]] = SimpleQueue()
        self._number = 0
        self._busy = False
        self.failed = False

    def show(self, part: FilamentSet) -> None:
        """Pictures are of another part from now on."""
        if part is not self._part:
            self.close()
            self._part = part

    def ask(self, still: Still) -> None:
        if self.failed:
            return
        if self._busy:
            self.close()
        self._number += 1
        process = self._process or self._start()
        self._busy = True
        threading.Thread(target=self._serve, args=(process, still, self._number), daemon=True).start()

    def stop(self) -> None:
        """Nobody waits for the picture any more."""
        self._number += 1
        if self._busy:
            self.close()

    def poll(self, most_s: float = 0.0) -> Pixels | None:
        """The picture that was asked for last, once it has come; waits so long for it."""
        while True:
            try:
                number, pixels = self._found.get(timeout=most_s) if most_s else self._found.get_nowait()
            except Empty:
                return None
            if number == self._number:
                self._busy = False
                self.failed = pixels is None
                return pixels

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self._busy = False

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import serve; serve()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        return self._process

    def _serve(self, process: subprocess.Popen[bytes], still: Still, number: int) -> None:
        assert process.stdin is not None and process.stdout is not None
        pixels: Pixels | None = None
        try:
            if not getattr(process, "told", False):
                _send(process.stdin, self._part)
                process.told = True  # type: ignore[attr-defined]
            _send(process.stdin, still)
            pixels = pickle.load(process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError, ValueError):
            pass
        self._found.put((number, pixels))
        self._arrived()


def _send(stream: IO[bytes], what: Any) -> None:
    pickle.dump(what, stream, protocol=5)
    stream.flush()


def serve() -> None:
    """The other process: takes a part and wishes, gives pictures, until its input ends."""
    from ...kernel.diagnostics import WetprintError

    out = sys.stdout.buffer
    try:
        part = pickle.load(sys.stdin.buffer)
        while True:
            try:
                pixels: Pixels | None = drawn(part, pickle.load(sys.stdin.buffer))
            except WetprintError:
                pixels = None
            _send(out, pixels)
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return
