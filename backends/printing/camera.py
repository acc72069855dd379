"""A picture after every layer, and a time lapse of them: by a command of the rig, or OpenCV in a process of its own.

No print waits for a picture. One that fails or takes too long is told in the record and left out; the first time the operator hears of it.
"""

from __future__ import annotations

import os
import queue
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...kernel.rig import Eye
from .journal import Journal

Layers = npt.NDArray[np.signedinteger[Any]]
Shot = npt.NDArray[np.uint8]

#: How long the end of a print waits for its last picture.
LAST_S = 2.0
FOLDER = "frames"
LAPSE = "lapse"
#: A time lapse: most pictures in it, their longest side in pixels, and how long each is shown (hundredths of a second).
MOST, LONGEST, SHOWN = 300, 640, 12
#: Pictures that are taken at once, the last of them kept: those of many cameras are dark while exposure is found.
WARM_UP = 5


class Camera:
    """Takes pictures in a thread; `look` returns at once."""

    def __init__(
        self,
        eye: Eye,
        folder: Path,
        journal: Journal,
        layers: Layers,
        done: Iterable[int],
        warn: Callable[[str], None] = lambda why: None,
    ) -> None:
        """`layers`: that of every filament; `done`: those executed before; `warn` hears once, from another thread, why a picture is missing."""
        self._eye, self._folder, self._journal = eye, folder, journal
        self._warn, self._warned = warn, False
        self._layers = layers
        self._left = np.bincount(layers)
        self._tell(done)
        self._jobs: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None
        self._over = threading.Event()
        (folder / FOLDER).mkdir(exist_ok=True)
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def _tell(self, new: Iterable[int]) -> list[int]:
        """Count filaments off; the layers that are whole now."""
        found = []
        for i in new:
            layer = int(self._layers[i])
            self._left[layer] -= 1
            if not self._left[layer]:
                found.append(layer)
        return found

    def look(self, new: Iterable[int]) -> None:
        """A picture of every layer that is whole now that filaments `new` are executed for the first time, too."""
        for layer in self._tell(new):
            self._jobs.put(layer)

    def _run(self) -> None:
        while not self._over.is_set() and (layer := self._jobs.get()) is not None:
            # A camera slower than the print shows the latest layer.
            while not self._jobs.empty():
                later = self._jobs.get()
                if later is None:
                    self._over.set()
                    break
                layer = later
            path = self._folder / FOLDER / f"{layer:05d}.png"
            why = self._take(path, layer)
            if why:
                self._journal.event("camera", layer=layer, text=why)
                if not self._warned:
                    self._warned = True
                    self._warn(why)
            else:
                self._journal.frame(layer, f"{FOLDER}/{path.name}")

    def _take(self, path: Path, layer: int) -> str:
        """Take a picture; why there is none, or ""."""
        eye = self._eye
        try:
            words = [
                word.replace("{file}", str(path)).replace("{layer}", str(layer))
                for word in shlex.split(eye.command)
            ] or [
                sys.executable,
                "-m",
                "wetprint.backends.printing.camera",
                eye.source or str(eye.device),
                str(path),
            ]
            # A session of its own: Ctrl-C does not reach it, and all that it starts is ended with it.
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            try:
                said = self._process.communicate(timeout=eye.time_s)[1].decode(errors="replace").strip()
            except subprocess.TimeoutExpired:
                self._end()
                return f"no picture within {eye.time_s:g} s"
        except (OSError, ValueError) as reason:
            return f"the camera does not start: {reason}"
        if self._process.returncode != 0:
            return f"exit {self._process.returncode}: {said.splitlines()[-1] if said else 'no reason given'}"
        return "" if path.is_file() and path.stat().st_size else f"no picture at {path.name}"

    def _end(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                process.wait(1.0)
            if process.stderr is not None:
                process.stderr.close()

    def close(self) -> None:
        """Wait a little for the last picture, then end what hangs."""
        self._jobs.put(None)
        self._thread.join(LAST_S)
        self._over.set()
        self._end()
        self._thread.join(1.0)
        made = lapse(self._folder)
        if made:
            self._journal.event("camera", text=made)


def lapse(folder: Path) -> str:
    """Join the pictures of a run to `lapse.mp4`, or `lapse.gif` where there is no ffmpeg; what was done, in words, "" for fewer than two
    pictures."""
    paths = sorted((folder / FOLDER).glob("*.png"))
    if len(paths) < 2:
        return ""
    shots = pictures(paths[:: -(-len(paths) // MOST)], LONGEST)
    if len(shots) < 2:
        return "the pictures cannot be read: no time lapse"
    from ...kernel.diagnostics import WetprintError
    from ..previews.gif import pack_gif
    from ..previews.mp4 import even, pack_mp4

    # Pictures of a film have one size.
    height, width = shots[0].shape[:2]
    width, height = even((width, height))
    films = [(_fitted(shot, (width, height)), SHOWN) for shot in shots]
    said = f"time lapse of {len(films)} pictures: "
    why = ""
    try:
        return said + pack_mp4(lambda: iter(films), folder / f"{LAPSE}.mp4", (width, height)).name
    except (WetprintError, OSError) as reason:
        why = reason.diagnostics[0].message if isinstance(reason, WetprintError) else str(reason)
    try:
        return f"{said}{pack_gif(iter(films), folder / f'{LAPSE}.gif', 'paper').name} ({why})"
    except (WetprintError, OSError) as reason:
        return f"no time lapse: {reason}"


def pictures(paths: Iterable[Path], longest: int) -> list[Shot]:
    """Pictures that can be read, uint8[H, W, 3], no side longer than `longest` pixels."""
    from PIL import Image

    found = []
    for path in paths:
        with suppress(OSError, ValueError), Image.open(path) as picture:
            shot = picture.convert("RGB")
            shot.thumbnail((longest, longest))
            found.append(np.array(shot))
    return found


def _fitted(shot: Shot, size: tuple[int, int]) -> Shot:
    from PIL import Image

    width, height = size
    if (
        shot.shape[0] >= height
        and shot.shape[1] >= width
        and shot.shape[0] - height < 2 > shot.shape[1] - width
    ):
        return np.ascontiguousarray(shot[:height, :width])
    return np.array(Image.fromarray(shot).resize(size))


def main() -> None:
    """camera.py DEVICE FILE: one picture by OpenCV; a number is a camera of this computer, all else a path or the address of a stream."""
    source, path = sys.argv[1], sys.argv[2]
    try:
        import cv2
    except ImportError:
        sys.exit("OpenCV is not installed: pip install 'wetprint[camera]', or give [camera] a command")
    eye = cv2.VideoCapture(int(source) if source.isdecimal() else source)
    try:
        picture = None
        for _ in range(WARM_UP):
            found, shot = eye.read()
            picture = shot if found else picture
        if picture is None or not cv2.imwrite(path, picture):
            sys.exit(f"camera {source} gives no picture")
    finally:
        eye.release()


if __name__ == "__main__":
    main()
