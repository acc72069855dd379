"""GRBL 1.1 over a serial line: lines streamed as the board takes them, watched by `?`, stopped by its real-time bytes.

Sources: the GRBL 1.1 wiki (Interface, Commands, Laser mode) and doc/csv of gnea/grbl. GRBL tells no line in motion; with `$10=3` it
tells how many of its blocks are free, and lines taken less blocks in use are those done. The valve is the spindle's pin. A stop is
0x84 (safety door: brake, then valve off) and, once the stage stands, 0x18 (forget the rest, valve off, position kept).
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ..controller import ControllerError, Halt, Motion, Position, Seat, Status
from ..grbl_words import STATES, Report, alarm_text, differences, error_text, read_report
from ..transport import TransportError, connect
from ..wire import SilenceError, Wire

#: Longest wait for an answer that the board gives at once (s).
REPLY_S = 0.75
STOP_S = 0.6
#: A board that resets when its line is opened is ready within this time (assumed).
BANNER_S = 2.5
#: The board's receive buffer, less the byte that it keeps free.
RX_BYTES = 127
#: An idle board that has answered nothing for so long has lost a line, or its `ok` was lost.
LOST_S = 0.5
UM = 1000.0
DOOR, RESET, ASK = b"\x84", b"\x18", b"?"

_AXES = re.compile(r"([XYZ])([-+]?[\d.]+)")
_PAUSE = re.compile(r"G0?4P([\d.]+)")


@dataclass(slots=True)
class _Line:
    """A line of a program: its number there (from 1), the bytes that go out, the blocks that all lines up to it make, and how
    long the board may take before it answers."""

    number: int
    data: bytes
    blocks: int
    pause_s: float


class Grbl:
    def __init__(self, seat: Seat) -> None:
        self._rig = seat.rig
        self._entry = seat.rig.controller
        self._listener = seat.listener
        self._wire: Wire | None = None
        self._over = threading.Event()
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None
        self._report: Report | None = None
        self._lines: list[str] = []
        self._banner = 0
        self._dead = ""
        self._settings: dict[int, float] = {}
        self._capacity = 15
        # What is being streamed: lines not sent, lines sent and not answered, and how far it has got.
        self._waiting: deque[_Line] = deque()
        self._sent: deque[_Line] = deque()
        self._taken = _Line(0, b"", 0, 0.0)
        self._program = ""
        self._fault = ""
        self._fault_line = 0
        self._quiet_s = 0.0

    # The line

    def fileno(self) -> int:
        return -1 if self._wire is None else self._wire.transport.fileno()

    def connect(self, timeout_s: float) -> str:
        try:
            self._wire = Wire(connect(self._entry.transport, timeout_s), "stage", self._listener)
        except TransportError as reason:
            raise ControllerError("M630", f"controller: {reason}") from None
        if self._entry.transport.startswith("descriptor:"):
            # Someone else holds the dialogue: what is read here would be lost to him. This one only stops.
            return "GRBL (inherited)"
        self._listen()
        if not self._until(lambda: self._banner > 0, 0.3) and self._asked(REPLY_S) is None:
            self._until(lambda: self._banner > 0, min(timeout_s, BANNER_S))
        if self._asked(REPLY_S) is None:
            raise ControllerError(
                "M631", "the controller does not answer `?`: is it GRBL 1.1, at this baud rate?"
            )
        found = self._command("$I")
        version = next((line for line in found if line.startswith("[VER:")), "[VER:unknown]")
        for line in found:
            if line.startswith("[OPT:") and line.count(",") >= 2:
                self._capacity = int(line.rstrip("]").split(",")[1])
        return f"GRBL {version[5:].split(':')[0].rstrip(']')}"

    def _listen(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="grbl", daemon=True)
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

    def _hear(self, text: str) -> None:
        if text.startswith("<"):
            found = read_report(text, time.monotonic())
            if found is not None:
                self._report = found
                self._watch_silence(found)
        elif text == "ok":
            self._answered()
        elif text.startswith("error:"):
            number = self._sent[0].number if self._sent else 0
            self._fail(f"the controller refuses a line: {error_text(text[6:])}", number)
            self._lines.append(text)
            if self._sent:
                self._sent.popleft()
        elif text.startswith("ALARM:"):
            self._fail(f"the controller is locked: {alarm_text(text[6:])}", self._line_in_motion())
        elif text.startswith("Grbl "):
            self._banner += 1
            if self._program:
                self._fail("the controller was reset", self._line_in_motion())
            self._sent.clear()
        elif text:
            self._lines.append(text)

    def _fail(self, why: str, line: int) -> None:
        if self._program and not self._fault:
            self._fault, self._fault_line = why, line
        self._waiting.clear()

    def _watch_silence(self, found: Report) -> None:
        """A lost `ok` would hold a sender for ever: an idle board with empty buffers owes no answer."""
        now = found.came_s
        idle = found.state == "Idle" and found.free >= self._capacity and self._sent
        if not idle:
            self._quiet_s = 0.0
        elif not self._quiet_s:
            self._quiet_s = now
        elif now - self._quiet_s > LOST_S + self._sent[0].pause_s / self._rig.time_scale:
            self._fail(
                f"the controller is idle and never answered line {self._sent[0].number}", self._sent[0].number
            )

    def _answered(self) -> None:
        if not self._sent:
            # A doubled answer: nothing waits for it.
            return
        line = self._sent.popleft()
        self._quiet_s = 0.0
        if line.number:
            self._taken = line
        else:
            self._lines.append("ok")
        self._feed()

    def _feed(self) -> None:
        """Send what the board has room for: one line at a time, or as many as its buffer holds."""
        waiting = self._waiting
        # A stop puts an empty queue in its place, at any moment.
        while waiting and waiting is self._waiting and not self._fault:
            line = waiting[0]
            if self._sent:
                held = sum(len(s.data) for s in self._sent)
                if self._entry.streaming != "characters" or held + len(line.data) > RX_BYTES:
                    return
            waiting.popleft()
            self._sent.append(line)
            try:
                self._send(line.data)
            except ControllerError as reason:
                self._fail(reason.message, line.number)

    def _until(self, done: Callable[[], bool], timeout_s: float) -> bool:
        """Wait for what the line brings; False when it does not come in time or the line is dead."""
        with self._change:
            self._change.wait_for(lambda: done() or bool(self._dead), timeout_s)
            return done()

    def _asked(self, timeout_s: float, urgent: bytes = b"") -> Report | None:
        """A report made after this call, None where none comes."""
        since = time.monotonic()
        try:
            self._send(urgent + ASK, urgent=bool(urgent))
        except ControllerError:
            return None
        if not self._until(lambda: self._report is not None and self._report.came_s >= since, timeout_s):
            return None
        return self._report

    def _command(self, text: str, timeout_s: float = REPLY_S) -> list[str]:
        """A line outside any program: what it is answered, without the `ok`."""
        with self._change:
            if self._sent or self._waiting:
                raise ControllerError("M633", f"the controller runs a program and takes no `{text}`")
            self._lines = []
            self._sent.append(_Line(0, b"", 0, 0.0))
        self._send(text.encode("ascii") + b"\n")
        done = self._until(
            lambda: bool(self._lines) and self._lines[-1].startswith(("ok", "error:")), timeout_s
        )
        with self._change:
            found = self._lines
            if not done:
                self._sent.clear()
                raise ControllerError("M631", f"the controller gives no usable answer to `{text}`")
        if found[-1] != "ok":
            raise ControllerError("M633", f"the controller refuses `{text}`: {error_text(found[-1][6:])}")
        return found[:-1]

    # Before a print

    def prepare(self) -> str:
        found = self._asked(REPLY_S)
        if found is None:
            raise ControllerError("M631", "the controller does not answer `?`")
        state = found.state.split(":")[0]
        if state == "Alarm":
            raise ControllerError(
                "M634",
                "the controller is locked by an alarm: its position means nothing until it is homed (`$H`)",
            )
        if state != "Idle":
            raise ControllerError("M634", f"the controller is in state {found.state}, not idle")
        self._settings = self._read_settings()
        for number, value in ((10, 3), (13, 0)):
            # Reports with machine position and buffers, in millimetres.
            if self._settings.get(number) != value:
                self._command(f"${number}={value}")
        wrong = differences(self._settings, self._rig)
        if wrong:
            raise ControllerError(
                "M634", "settings of the controller differ from the rig file: " + "; ".join(wrong)
            )
        for line in self._command("$#"):
            name, _, place = line.strip("[]").partition(":")
            if name in ("G54", "G92") and any(float(v) for v in place.split(",")[:3]):
                clear = "G10 L2 P1 X0 Y0 Z0" if name == "G54" else "G92.1"
                raise ControllerError(
                    "M634",
                    f"the offset {name} is {place}: a rig's positions are the machine's own; send `{clear}`",
                )
        self._command("G21G90G94G17G54")
        self._command("M5S0")
        homing = "" if self._settings.get(22) else "; no homing ($22=0): positions hold since power came on"
        return f"idle, laser mode, settings as in the rig file, valve off{homing}"

    def _read_settings(self) -> dict[int, float]:
        settings: dict[int, float] = {}
        for line in self._command("$$", 2.0):
            name, _, value = line.lstrip("$").partition("=")
            try:
                settings[int(name)] = float(value.split()[0])
            except (ValueError, IndexError):
                continue
        return settings

    # While it runs

    def status(self) -> Status:
        found = self._asked(REPLY_S) or self._asked(REPLY_S)
        if found is None:
            raise ControllerError(
                "M631", f"the controller does not tell its state: {self._dead or 'no answer'}"
            )
        with self._change:
            motion = STATES[found.state.split(":")[0]]
            if self._fault:
                return Status(Motion.FAILED, self._fault_line, found.position_um, self._fault)
            if motion is Motion.FAILED:
                return Status(motion, self._line_in_motion(), found.position_um, f"state {found.state}")
            if motion is Motion.IDLE and self._program:
                done = not self._waiting and not self._sent and found.free >= self._capacity
                motion = Motion.DONE if done else Motion.RUNNING
            return Status(motion, self._line_in_motion(), found.position_um)

    def _line_in_motion(self) -> int:
        """The line of the program whose move is under way; where nothing moves, the last one taken."""
        found = self._report
        if not self._program or found is None or found.free < 0:
            return self._taken.number
        at = self._taken.blocks - (self._capacity - found.free)
        if at >= self._taken.blocks:
            return self._taken.number
        return self._block_lines[max(at, 0)]

    def begin(self, program: bytes, name: str) -> None:
        where = self._asked(REPLY_S)
        if where is None or where.state != "Idle":
            raise ControllerError("M633", f"the controller is not idle and takes no {name}")
        lines = self._prepared(program, where.position_um)
        with self._change:
            self._fault, self._fault_line, self._quiet_s = "", 0, 0.0
            self._taken = _Line(0, b"", 0, 0.0)
            self._sent.clear()
            self._waiting = deque(lines)
            self._program = name
            self._feed()

    def _prepared(self, program: bytes, here_um: Position) -> list[_Line]:
        """Lines without comments, each with the number of blocks that it and those before it make."""
        steps = [self._settings.get(100 + k, 250.0) for k in range(3)]
        at = [round(here_um[k] / UM * steps[k]) for k in range(3)]
        lines: list[_Line] = []
        self._block_lines: list[int] = []
        for number, raw in enumerate(program.decode("ascii").split("\n"), 1):
            text = re.sub(r"\([^)]*\)|\s", "", raw)
            if not text:
                continue
            goal = list(at)
            for letter, value in _AXES.findall(text):
                goal["XYZ".index(letter)] = round(float(value) * steps["XYZ".index(letter)])
            if goal != at:
                self._block_lines.append(number)
                at = goal
            pause = _PAUSE.match(text)
            lines.append(
                _Line(
                    number, text.encode() + b"\n", len(self._block_lines), float(pause[1]) if pause else 0.0
                )
            )
        return lines

    # Stopping

    def cut(self, other_channel: Callable[[], None]) -> Halt:
        # No more lines; without the lock, which a dialogue may hold.
        self._waiting = deque()
        # The door brakes and closes the valve in one: the other channel goes first, so that ink is off before motion stops.
        other_channel()
        self._listen()
        began = time.monotonic()
        first = self._asked(0.3, DOOR)
        if first is None:
            # Once more, in case a byte was lost.
            first = self._asked(0.2, DOOR)
        with self._change:
            line = self._line_in_motion() if self._program else 0
            running = bool(self._program) and not self._fault
        cut_um = first.position_um if first is not None else None
        read_s = first.came_s if first is not None else 0.0
        stands = self._stands(first, began + STOP_S)
        was = self._banner
        told = "" if stands else "the stage does not stand still"
        try:
            self._send(RESET, 0.05, urgent=True)
        except ControllerError as reason:
            told = reason.message
        reset = self._until(lambda: self._banner > was, 0.5)
        with self._change:
            self._sent.clear()
            self._program, self._fault = "", ""
        off = self.ink_is_off() if reset else None
        return Halt(
            cut_um, line, off is True or (off is None and reset), stands or reset, told, running, read_s
        )

    def _stands(self, found: Report | None, deadline: float) -> bool:
        while True:
            if found is not None and found.state in ("Door:0", "Door:1", "Hold:0", "Idle", "Alarm"):
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.003)
            # A byte can be lost; a second door does nothing.
            heard = found is not None and found.state.startswith(("Door", "Hold"))
            found = self._asked(0.1, b"" if heard else DOOR)

    def ink_is_off(self) -> bool | None:
        # Accessories are told in one report of some ten.
        for _ in range(32):
            found = self._asked(0.2)
            if found is None:
                return None
            if found.accessory is not None:
                return not found.accessory
        return None

    def close(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join(1.0)
        if self._wire is not None:
            self._wire.close()
