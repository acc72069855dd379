"""Motion controllers: what every live driver offers to the executor, the watchdog and `wp rig test`."""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..kernel.rig import Rig
from .wire import Listener, deaf

Position = tuple[float, float, float]


class ControllerError(Exception):
    """The controller did not do, or cannot be shown to have done, what it was told. `code` is M6xx; `line` the line of the
    program it names (from 1), 0 where it names none."""

    def __init__(self, code: str, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line


class Motion(enum.Enum):
    IDLE = "idle"
    READY = "ready"
    RUNNING = "running"
    HELD = "held"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Status:
    """What the controller says at one instant: state, line of the program in motion (from 1, 0 unknown), measured stage
    position in um. `text` tells a fault. Without `exact` the line is one that the motion has not passed: it may run ahead by
    seconds."""

    motion: Motion
    line: int
    position_um: Position
    text: str = ""
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Halt:
    """What is known after ink off and stop: `cut_um` the stage position read right behind the ink-off command (None where
    nothing came back), `line` in motion then and whether a program was `running`, whether each command was confirmed, and what
    went wrong. `read_s` is when the position came back (time.monotonic), `window_s` how long before that the first channel
    may have cut: the ink ended no farther back than the stage goes in that time. A stage that `runs_on` along its program for
    a while, with its outputs, is dry only once the boxes have cut: `late_s` behind the reading, where that was later."""

    cut_um: Position | None
    line: int
    ink_off: bool
    stopped: bool
    text: str = ""
    running: bool = False
    read_s: float = 0.0
    window_s: float = 0.0
    exact: bool = True
    runs_on: bool = False
    late_s: float = 0.0


class Controller(Protocol):
    """One motion controller. Positions are stage coordinates in um. All waits are bounded; ControllerError tells the rest."""

    def connect(self, timeout_s: float) -> str:
        """Open the lines and say who answers."""

    def prepare(self) -> str:
        """Units, axes enabled and homed, no alarm; says what was found. Nothing moves, no ink."""

    def status(self) -> Status: ...

    def begin(self, program: bytes, name: str) -> None:
        """Hand a program over and start it. It is accepted, not executed, when this returns. It does not start behind a `cut` that came
        since the last `prepare`."""

    def cut(self, other_channel: Callable[[], object]) -> Halt:
        """Ink off on every output of the rig, then `other_channel()` (returns within 20 ms, once the other channel has cut too or
        failed; true where it is known to have cut), then stop the motion, then ink off again, because the program may have switched it on in between.

        Never raises. Uses a line of its own, and the main one where that is dead.
        """

    def ink_is_off(self) -> bool | None:
        """Read the outputs back; None where the controller does not tell."""

    def fileno(self) -> int:
        """Descriptor of a line that cannot be opened twice, for the watchdog to inherit; -1 where it opens its own."""

    def close(self) -> None: ...


class Gate:
    """Closed by a stop, opened once the controller was prepared anew: a program that is on its way when a stop comes must not start
    behind it."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    @property
    def closed(self) -> bool:
        return self._stopped.is_set()

    def close(self) -> None:
        self._stopped.set()

    def open(self) -> None:
        self._stopped.clear()

    def passed(self, name: str) -> None:
        """Raises ControllerError where program `name` must not start any more."""
        if self.closed:
            raise ControllerError("M633", f"{name} is not started: a stop came first")


@dataclass(frozen=True)
class Seat:
    """What a member of the register needs: the rig, a listener for every byte, and a folder for programs."""

    rig: Rig
    listener: Listener = deaf
    folder: Path = Path()


def open_controller(rig: Rig, folder: Path, listener: Listener = deaf) -> Controller:
    """The driver for the rig's dialect, not yet connected. Raises ControllerError where none drives it live."""
    from .controllers import CONTROLLERS

    kind = rig.controller.dialect
    if kind not in CONTROLLERS:
        raise ControllerError(
            "M603",
            f"`{kind}` has no live driver; those with one are {', '.join(CONTROLLERS.names())}; "
            "`wp export` writes a program to carry over by hand",
        )
    return CONTROLLERS[kind](Seat(rig, listener, folder))
