"""Ink off, then motion stop, on two independent channels: the one way in which every pause, stop and fault ends motion."""

from __future__ import annotations

import math
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..controller import Controller, ControllerError, Halt, Motion, Position
from ..dispenser import Dispenser

#: How long the motion stop waits for the pressure channel to have cut: the failure of one channel never delays the other by more.
CHANNEL_WAIT_S = 0.018
#: For so long a box that did not confirm its pressure 0 is told again.
CUT_AGAIN_S = 0.2
#: The flags by which another terminal, or a studio, asks a run to stop or to pause.
STOP_FLAG, PAUSE_FLAG = "stop", "pause"
#: How long a stage may take to come to rest after the stop (assumed, far beyond v / a of any axis).
REST_S = 2.0


@dataclass(frozen=True)
class Stopped:
    """What is known after a trip. `ink_off`: every nozzle shown to be off by at least one channel, read back. `rest_um`:
    where the stage came to rest, None where it cannot be shown to."""

    halt: Halt
    ink_off: bool
    rest_um: Position | None
    notes: tuple[str, ...]


def trip(controller: Controller, dispensers: Sequence[Dispenser]) -> tuple[Halt, dict[str, bool]]:
    """Cut ink on both channels at once, then stop motion. Never raises; returns in bounded time."""
    began = time.monotonic()
    cut: dict[str, bool] = {}
    cut_s: dict[str, float] = {}
    out = [threading.Event() for _ in dispensers]

    def pressure(box: Dispenser, event: threading.Event) -> None:
        try:
            while not (done := box.cut()) and time.monotonic() - began < CUT_AGAIN_S:
                event.set()
                time.sleep(0.005)
            cut[box.name], cut_s[box.name] = done, time.monotonic()
        finally:
            event.set()

    threads = [
        threading.Thread(target=pressure, args=(box, event), daemon=True)
        for box, event in zip(dispensers, out, strict=True)
    ]
    for thread in threads:
        thread.start()

    def wait() -> bool:
        deadline = time.monotonic() + CHANNEL_WAIT_S
        for event in out:
            event.wait(max(deadline - time.monotonic(), 0.0))
        return all(cut.get(box.name, False) for box in dispensers)

    try:
        halt = controller.cut(wait)
    except Exception as reason:
        # No noise on a line may keep the other channel from being heard of.
        wait()
        halt = Halt(None, 0, False, False, f"the stop of the stage broke off: {reason!r}")
    for thread in threads:
        thread.join(2.0 * CUT_AGAIN_S)
    late_s = max((at - halt.read_s for at in cut_s.values()), default=0.0) if halt.runs_on else 0.0
    # Where nobody saw it, it is where the stage comes to rest, at the latest now.
    seen_s = time.monotonic() if halt.cut_um is None else halt.read_s
    return replace(halt, window_s=max(seen_s - began, 0.0), late_s=max(late_s, 0.0)), cut


def settle(controller: Controller, dispensers: Sequence[Dispenser], halt: Halt) -> Stopped:
    """After a trip, in peace: show that ink is off and wait for the stage to rest."""
    notes = [halt.text] if halt.text else []
    zero = True
    for box in dispensers:
        if not box.secure():
            zero = False
            notes.append(f"dispenser `{box.name}`: pressure 0 could not be read back")
    off = controller.ink_is_off()
    if off is not True:
        notes.append(
            "the stage's outputs could not be read back" if off is None else "an output of the stage is ON"
        )
    rest = _rest(controller, notes)
    # Either channel alone keeps the ink back; both were told, one must be shown.
    return Stopped(
        halt, (zero and bool(dispensers)) or off is True or (off is None and halt.ink_off), rest, tuple(notes)
    )


def _rest(controller: Controller, notes: list[str]) -> Position | None:
    deadline = time.monotonic() + REST_S
    last: Position | None = None
    while time.monotonic() < deadline:
        try:
            found = controller.status()
        except ControllerError as reason:
            notes.append(f"the stage does not tell where it is: {reason.message}")
            return None
        at = found.position_um
        if found.motion is not Motion.RUNNING and last is not None and math.dist(at, last) < 0.05:
            return at
        last = at
        time.sleep(0.02)
    notes.append("the stage does not come to rest")
    return None


class Control:
    """The handle by which signals, other threads and other terminals ask a run to pause or stop."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self.requested = ""
        #: While a question is open: what was answered to it from elsewhere, "" for nothing yet.
        self.elsewhere: Callable[[], str] | None = None
        self._old: dict[int, object] = {}

    def pause(self) -> None:
        self._tell(b"\x02")

    def stop(self) -> None:
        self._tell(b"\x0f")

    def _tell(self, byte: bytes) -> None:
        try:
            os.write(self._write, byte)
        except (BlockingIOError, OSError):
            # A full pipe already holds a request.
            return

    def fileno(self) -> int:
        return self._read

    def take(self) -> None:
        """Read requests: a first SIGINT (or pause) is a pause, all else is a stop."""
        try:
            data = os.read(self._read, 256)
        except (BlockingIOError, OSError):
            return
        for number in data:
            if number == signal.SIGINT and not self.requested:
                self.requested = "pause"
            elif number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, 0x0F):
                self.requested = "stop"

    def said_elsewhere(self) -> str:
        """The answer to the open question that another terminal or a studio gave; "" while there is none."""
        return self.elsewhere() if self.elsewhere is not None else ""

    def answered(self) -> None:
        """The operator chose to go on."""
        self.requested = ""

    def catch_signals(self) -> None:
        """Send SIGINT, SIGTERM and SIGHUP here. Only the main thread may; elsewhere nothing is done.

        The number goes through a pipe straight from the signal, so that it is acted on even while Python is busy.
        """
        if threading.current_thread() is not threading.main_thread():
            return
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._old[number] = signal.signal(number, lambda *_: None)
        self._old_wakeup = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)

    def release_signals(self) -> None:
        if self._old:
            signal.set_wakeup_fd(self._old_wakeup)
            for number, handler in self._old.items():
                signal.signal(number, handler)  # type: ignore[arg-type]
            self._old = {}

    def close(self) -> None:
        self.release_signals()
        os.close(self._read)
        os.close(self._write)


class Guard:
    """A thread that does nothing but wait for a reason to stop, and then trips at once, whatever the executor is doing."""

    def __init__(
        self,
        controller: Controller,
        dispensers: Sequence[Dispenser],
        control: Control,
        folder: Path,
        on_trip: Callable[[str], None],
        *,
        boxed: bool = True,
    ) -> None:
        """`boxed`: all ink hangs on dispensers, so that nothing flows once these have cut, whatever a program does."""
        self._controller = controller
        self._dispensers = dispensers
        self._control = control
        self._stop, self._pause = folder / STOP_FLAG, folder / PAUSE_FLAG
        self._on_trip = on_trip
        self._boxed = boxed
        self._lock = threading.Lock()
        self._over = False
        self.halt: Halt | None = None
        self.dry = False
        self.tripped = threading.Event()
        self._cut = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="guard", daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over:
            if select.select([self._control.fileno()], [], [], 0.02)[0]:
                self._control.take()
            elif self._stop.exists():
                self._stop.unlink(missing_ok=True)
                self._control.requested = "stop"
            elif self._pause.exists():
                self._pause.unlink(missing_ok=True)
                self._control.requested = self._control.requested or "pause"
            if self._control.requested and not self.tripped.is_set():
                self.trip(self._control.requested)

    def trip(self, why: str, *, started: bool = False) -> Halt:
        """Cut and stop now. `started`: a program began to run although a trip came before it. It ran `dry` where that trip is known
        to have found nothing running, and it opens no ink by itself."""
        self.tripped.set()
        with self._lock:
            halt, _ = trip(self._controller, self._dispensers)
            first = self.halt
            if first is None or first.cut_um is None or (started and not first.running):
                self.dry = self._boxed and started and first is not None and first.cut_um is not None
                self.halt = halt
        self._cut.set()
        self._on_trip(why)
        return halt

    def what_happened(self) -> Halt:
        """The first trip's result, once it is there."""
        self._cut.wait(5.0)
        return self.halt or Halt(None, 0, False, False, "the guard does not answer")

    def rearm(self) -> None:
        with self._lock:
            self.halt, self.dry = None, False
            self._cut.clear()
            self.tripped.clear()

    def close(self) -> None:
        self._over = True
        self._thread.join(1.0)
