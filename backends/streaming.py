"""What firmware boards share (GRBL, Marlin): one serial line, a program sent line by line as the board takes it, a thread that hears.

A board says `ok` when it has taken a line, not when it has done it. Lines taken, less the blocks that its planner still holds, are
those done; the line in motion follows from that.
"""

from __future__ import annotations

import re
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .controller import ControllerError, Gate, Position, Seat
from .transport import TransportError, connect
from .wire import SilenceError, Wire

#: Longest wait for an answer that a board gives at once (s).
REPLY_S = 0.75
UM = 1000.0

_AXES = re.compile(r"([XYZ])([-+]?[\d.]+)")
_PAUSE = re.compile(r"G0?4P([\d.]+)")


@dataclass(slots=True)
class Line:
    """A line on its way: its number in the program (from 1; 0 for one outside any), the bytes that go out, how many blocks it and
    all lines before it make, and how long the board may pause on it before it answers (s)."""

    number: int
    data: bytes
    blocks: int = 0
    pause_s: float = 0.0


def program_lines(
    program: bytes, here_um: Position, steps_mm: Sequence[float], pause_unit_s: float
) -> tuple[list[Line], list[int]]:
    """Lines of a program without comments, and the program line of every block that they make.

    A move that is none in steps of the axes (`steps_mm`, per mm) makes no block. `here_um`: where it starts from.
    """
    at = [round(here_um[k] / UM * steps_mm[k]) for k in range(3)]
    lines: list[Line] = []
    blocks: list[int] = []
    for number, raw in enumerate(program.decode("ascii").split("\n"), 1):
        text = re.sub(r"\([^)]*\)|;.*", "", raw).strip()
        if not text:
            continue
        goal = list(at)
        for letter, value in _AXES.findall(text):
            k = "XYZ".index(letter)
            goal[k] = round(float(value) * steps_mm[k])
        if goal != at:
            blocks.append(number)
            at = goal
        pause = _PAUSE.match(text.replace(" ", ""))
        seconds = float(pause[1]) * pause_unit_s if pause else 0.0
        lines.append(Line(number, text.encode(), len(blocks), seconds))
    return lines, blocks


class Streamer(ABC):
    """One board on one line. `_hear` is called with every line that comes in, under `_change`."""

    #: What it is called in messages.
    firmware: str
    #: Blocks that its planner holds.
    _capacity: int

    def __init__(self, seat: Seat) -> None:
        self._gate = Gate()
        self._rig = seat.rig
        self._entry = seat.rig.controller
        self._listener = seat.listener
        self._wire: Wire | None = None
        self._over = threading.Event()
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None
        self._dead = ""
        #: What came in that is neither a report nor an answer, since the last command.
        self._said: list[str] = []
        self._banners = 0
        # What is being streamed: lines not sent, lines sent and not answered, and how far it has got.
        self._waiting: deque[Line] = deque()
        self._sent: deque[Line] = deque()
        self._taken = Line(0, b"")
        self._block_lines: list[int] = []
        self._program = ""
        self._fault = ""
        self._fault_line = 0

    @abstractmethod
    def _hear(self, text: str) -> None: ...

    @abstractmethod
    def _frame(self, line: Line) -> bytes:
        """The bytes of a line, with all that the firmware wants around it."""

    @abstractmethod
    def _room_for(self, data: bytes) -> bool:
        """Whether the board has room for one more line while others wait for their answer."""

    def _went(self) -> None:  # noqa: B027 (most firmware counts no lines)
        """A framed line goes out now."""

    def _tick(self) -> None:  # noqa: B027 (most firmware tells by itself that it idles)
        """A tenth of a second in which nothing came."""

    # The line

    @property
    def inherited(self) -> bool:
        """Someone else holds the dialogue (the watchdog's case): what is read here would be lost to him."""
        return self._entry.transport.startswith("descriptor:")

    def fileno(self) -> int:
        return -1 if self._wire is None else self._wire.transport.fileno()

    def _open(self, timeout_s: float) -> None:
        try:
            self._wire = Wire(connect(self._entry.transport, timeout_s), "stage", self._listener)
        except TransportError as reason:
            raise ControllerError("M630", f"controller: {reason}") from None

    def _listen(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self.firmware, daemon=True)
            self._thread.start()

    def _send(self, data: bytes, timeout_s: float = REPLY_S, *, urgent: bool = False) -> None:
        if self._wire is None:
            raise ControllerError("M630", "the controller is not connected")
        try:
            self._wire.send(data, timeout_s, urgent=urgent)
        except TransportError as reason:
            raise ControllerError("M630", f"controller: {reason}") from None

    def _run(self) -> None:
        """Hears everything, and sends the next line when the board has taken one."""
        wire = self._wire
        assert wire is not None
        while not self._over.is_set():
            try:
                raw = wire.until(b"\n", time.monotonic() + 0.1)
            except SilenceError:
                with self._change:
                    self._tick()
                continue
            except TransportError as reason:
                with self._change:
                    self._dead = str(reason)
                    self._change.notify_all()
                return
            text = raw.decode("ascii", "replace").strip()
            with self._change:
                self._hear(text)
                self._change.notify_all()

    def _until(self, done: Callable[[], bool], timeout_s: float) -> bool:
        """Wait for what the line brings; False when it does not come in time or the line is dead."""
        with self._change:
            self._change.wait_for(lambda: done() or bool(self._dead), timeout_s)
            return done()

    # Streaming

    def _stream(self, lines: Sequence[Line], blocks: list[int], name: str) -> None:
        with self._change:
            self._gate.passed(name)
            self._fault, self._fault_line = "", 0
            self._taken = Line(0, b"")
            self._sent.clear()
            self._block_lines = blocks
            self._waiting = deque(lines)
            self._program = name
            self._feed()

    def _feed(self) -> None:
        """Send what the board has room for."""
        waiting = self._waiting
        # A stop puts an empty queue in its place, at any moment.
        while waiting and waiting is self._waiting and not self._fault:
            line = waiting[0]
            data = self._frame(line)
            if self._sent and not self._room_for(data):
                return
            waiting.popleft()
            self._sent.append(Line(line.number, data, line.blocks, line.pause_s))
            self._went()
            try:
                self._send(data)
            except ControllerError as reason:
                self._fail(reason.message, line.number)

    def _again(self, data: bytes) -> None:
        """Send the oldest line that waits for its answer, or a question about it, once more."""
        try:
            self._send(data)
        except ControllerError as reason:
            self._fail(reason.message, self._sent[0].number)

    def _answered(self) -> None:
        """The oldest line that waits was taken."""
        if not self._sent:
            # A doubled answer: nothing waits for it.
            return
        line = self._sent.popleft()
        if line.number:
            self._taken = line
        else:
            self._said.append("ok")
        self._feed()

    def _fail(self, why: str, line: int) -> None:
        if self._program and not self._fault:
            self._fault, self._fault_line = why, line
        self._waiting.clear()

    def _command(self, text: str, timeout_s: float = REPLY_S) -> list[str]:
        """A line outside any program: what it is answered, without the `ok`. Raises ControllerError."""
        with self._change:
            if self._sent or self._waiting:
                raise ControllerError("M633", f"the controller runs a program and takes no `{text}`")
            self._said = []
            line = Line(0, text.encode("ascii"))
            line.data = self._frame(line)
            self._sent.append(line)
            self._went()
        self._send(line.data)

        def ends() -> int:
            return next((k for k, s in enumerate(self._said) if s == "ok" or self._refusal(s)), -1)

        done = self._until(lambda: ends() >= 0, timeout_s)
        with self._change:
            found, end = self._said, ends()
            if not done:
                self._sent.clear()
                raise ControllerError("M631", f"the controller gives no usable answer to `{text}`")
        if why := self._refusal(found[end]):
            raise ControllerError("M633", f"the controller refuses `{text}`: {why}")
        return found[:end]

    def _refusal(self, text: str) -> str:
        """What an answer that refuses a command says, "" where it does not."""
        return ""

    def _moving_line(self, free: int) -> int:
        """The program line whose move is under way, with `free` blocks in the planner (-1: not told); where nothing moves, the last
        one taken."""
        if not self._program or free < 0:
            return self._taken.number
        at = self._taken.blocks - (self._capacity - free)
        if at >= self._taken.blocks:
            return self._taken.number
        return self._block_lines[max(at, 0)]

    def _forget(self) -> None:
        """The program is over, however it ended."""
        with self._change:
            self._sent.clear()
            self._program, self._fault = "", ""

    def close(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join(1.0)
        if self._wire is not None:
            self._wire.close()
