"""A process of its own that cuts ink when the executor dies or freezes: `python -m wetprint.backends.printing.watchdog`.

It holds its own connections to the stage and the executor's serial lines (inherited, never opened twice), and reads a pipe:
the end of the pipe means that the executor is dead.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pickle
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...kernel.rig import ANALOG, Rig
from ..controller import Controller, ControllerError, open_controller
from ..dispenser import Dispenser, DispenserError, open_dispenser
from .guard import settle, trip

#: The executor shows life this often, and is taken for frozen after this long (s).
BEAT_S, FROZEN_S = 0.05, 2.0
#: What the watchdog did, in the folder of the run.
RECORD, LOCK = "watchdog.json", "watchdog.lock"
START_S = 10.0
#: A watchdog has cut, and seen the stage rest, within this time (assumed: GRBL's accessories are told in every tenth report).
CUT_S = 10.0


@dataclass(frozen=True)
class Brief:
    """What the executor tells its watchdog: the rig with live addresses, where to write, the pipe, and whether to stop a frozen
    executor's print as well as a dead one's."""

    rig: Rig
    folder: str
    pipe: int


class Watchdog:
    """The executor's side: starts the process, shows life, sends it home. Raises ControllerError M641 where it does not start."""

    def __init__(
        self, rig: Rig, folder: Path, controller: Controller, dispensers: Sequence[Dispenser]
    ) -> None:
        read, self._write = os.pipe()
        entries = dict(rig.dispensers)
        pass_on = [read]
        stage = controller.fileno()
        if stage >= 0:
            pass_on.append(stage)
            rig = replace(rig, controller=replace(rig.controller, transport=f"descriptor:{stage}"))
        for box in dispensers:
            descriptor = box.fileno()
            if descriptor >= 0:
                pass_on.append(descriptor)
                entries[box.name] = replace(entries[box.name], transport=f"descriptor:{descriptor}")
            else:
                del entries[box.name]
        brief = Brief(replace(rig, dispensers=entries), str(folder), read)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "wetprint.backends.printing.watchdog"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=pass_on,
            # Ctrl-C in the terminal goes to the executor alone.
            start_new_session=True,
        )
        os.close(read)
        assert self._process.stdin is not None and self._process.stdout is not None
        ready = b""
        try:
            self._process.stdin.write(pickle.dumps(brief))
            self._process.stdin.close()
            if select.select([self._process.stdout], [], [], START_S)[0]:
                ready = self._process.stdout.readline().strip()
        except OSError as reason:
            ready = str(reason).encode()
        if ready != b"ready":
            self._process.kill()
            self._process.wait()
            os.close(self._write)
            raise ControllerError(
                "M641", f"the watchdog does not start: {ready.decode(errors='replace') or 'no answer'}"
            )
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def alive(self) -> bool:
        return self._process.poll() is None

    def _beat(self) -> None:
        while not self._over.wait(BEAT_S):
            try:
                os.write(self._write, b".")
            except OSError:
                return

    def close(self) -> None:
        """Send it home without a cut."""
        self._over.set()
        self._thread.join(1.0)
        with contextlib.suppress(OSError):
            os.write(self._write, b"q")
        os.close(self._write)
        try:
            self._process.wait(3.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def _wait_for_death(pipe: int) -> str:
    """Why to cut: `died`, `froze`; or "" when sent home."""
    while True:
        if not select.select([pipe], [], [], FROZEN_S)[0]:
            return "froze"
        data = os.read(pipe, 4096)
        if not data:
            return "died"
        if b"q" in data:
            return ""


@contextlib.contextmanager
def at_work(folder: Path) -> Iterator[None]:
    """Held by a watchdog for as long as it lives."""
    with (folder / LOCK).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def wait_for_last(folder: Path) -> bool:
    """Wait until the watchdog of an earlier attempt at this run has done its work: two on one line would take each other's answers.
    False where it does not end."""
    with (folder / LOCK).open("a") as file:
        deadline = time.monotonic() + CUT_S
        while time.monotonic() < deadline:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except OSError:
                time.sleep(0.02)
    return False


def _cut(controller: Controller, boxes: list[Dispenser], why: str, folder: Path) -> None:
    began = time.time()
    halt, cut = trip(controller, boxes)
    record = {
        "why": why,
        "time": began,
        "cut_s": time.time() - began,
        "cut_um": halt.cut_um,
        "line": halt.line,
    }
    record |= {
        "window_s": halt.window_s,
        "late_s": halt.late_s,
        "ink_off": halt.ink_off or all(cut.values()),
        "stopped": halt.stopped,
        "rest_um": None,
    }
    _write(folder, record)
    done = settle(controller, boxes, halt)
    record |= {"ink_off": done.ink_off, "rest_um": done.rest_um, "notes": done.notes}
    _write(folder, record)


def _write(folder: Path, record: dict[str, object]) -> None:
    beside = folder / f".{RECORD}"
    with beside.open("w") as file:
        json.dump(record, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / RECORD)


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    try:
        brief: Brief = pickle.load(sys.stdin.buffer)
    except EOFError:
        # The executor died before it could tell anything; nothing has been sent either.
        return
    folder = Path(brief.folder)
    try:
        controller = open_controller(brief.rig, folder)
        controller.connect(3.0)
        boxes = [
            open_dispenser(name, entry, lambda *_: "")
            for name, entry in brief.rig.dispensers.items()
            # Analog ones are cut with the controller's other outputs.
            if entry.kind != ANALOG
        ]
    except (ControllerError, DispenserError) as reason:
        print(reason.message, flush=True)
        return
    with at_work(folder):
        # An executor that died meanwhile is seen by its pipe.
        with contextlib.suppress(BrokenPipeError):
            print("ready", flush=True)
        why = _wait_for_death(brief.pipe)
        if why:
            _cut(controller, boxes, why, folder)


if __name__ == "__main__":
    main()
