"""A picture after every layer, and a time lapse of them: by a command of the rig, or OpenCV in a process of its own.

No print waits for a picture. One that fails or takes too long is told in the record and left out.
"""

from __future__ import annotations

import os
import queue
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..kernel.rig import Eye
from .journal import Journal

Layers = npt.NDArray[np.signedinteger[Any]]

#: How long the end of a print waits for its last picture.
LAST_S = 2.0
FOLDER = "frames"
LAPSE = "lapse.gif"
#: A time lapse: most pictures in it, their longest side in pixels, and how long each is shown (ms).
MOST, LONGEST, SHOWN_MS = 300, 640, 120


class Camera:
    """Takes pictures in a thread; `look` returns at once."""

    def __init__(self, eye: Eye, folder: Path, journal: Journal, layers: Layers, done: Iterable[int]) -> None:
        """`layers`: that of every filament; `done`: those executed before."""
        self._eye, self._folder, self._journal = eye, folder, journal
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
            else:
                self._journal.frame(layer, f"{FOLDER}/{path.name}")

    def _take(self, path: Path, layer: int) -> str:
        """Take a picture; why there is none, or ""."""
        eye = self._eye
        try:
            words = [
                word.replace("{file}", str(path)).replace("{layer}", str(layer))
                for word in shlex.split(eye.command)
            ] or [sys.executable, "-m", "wetprint.backends.camera", str(eye.device), str(path)]
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
    """Join the pictures of a run to `lapse.gif`; what was done, in words, "" for fewer than two pictures."""
    paths = sorted((folder / FOLDER).glob("*.png"))
    if len(paths) < 2:
        return ""
    from PIL import Image

    shots = []
    for path in paths[:: -(-len(paths) // MOST)]:
        with suppress(OSError, ValueError), Image.open(path) as found:
            shot = found.convert("RGB")
            shot.thumbnail((LONGEST, LONGEST))
            shots.append(shot)
    if len(shots) < 2:
        return "the pictures cannot be read: no time lapse"
    # Pictures of a film have one size.
    shots = [s if s.size == shots[0].size else s.resize(shots[0].size) for s in shots]
    try:
        shots[0].save(folder / LAPSE, save_all=True, append_images=shots[1:], duration=SHOWN_MS, loop=0)
    except OSError as reason:
        return f"no time lapse: {reason}"
    return f"time lapse of {len(shots)} pictures: {LAPSE}"


def main() -> None:
    """camera.py DEVICE FILE: one picture by OpenCV."""
    device, path = int(sys.argv[1]), sys.argv[2]
    try:
        import cv2  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        sys.exit("OpenCV is not installed: pip install 'wetprint[camera]', or give [camera] a command")
    eye = cv2.VideoCapture(device)
    try:
        # The first pictures of many cameras are dark: exposure is found meanwhile.
        found, picture = False, None
        for _ in range(5):
            found, picture = eye.read()
        if not found or not cv2.imwrite(path, picture):
            sys.exit(f"camera {device} gives no picture")
    finally:
        eye.release()


if __name__ == "__main__":
    main()
