"""GRBL 1.1 over a serial line: lines streamed as the board takes them, watched by `?`, stopped by its real-time bytes.

Sources: the GRBL 1.1 wiki (Interface, Commands, Laser mode) and doc/csv of gnea/grbl. GRBL tells no line in motion; with `$10=3` it
tells how many of its blocks are free, and lines taken less blocks in use are those done. The valve is the spindle's pin. A stop is
0x84 (safety door: brake, then valve off) and, once the stage stands, 0x18 (forget the rest, valve off, position kept).
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from ..controller import ControllerError, Halt, Motion, Seat, Status
from ..grbl_words import STATES, Report, alarm_text, differences, error_text, read_report
from ..streaming import REPLY_S, Line, Streamer, program_lines

STOP_S = 0.6
#: A board that resets when its line is opened is ready within this time (assumed).
BANNER_S = 2.5
#: The board's receive buffer, less the byte that it keeps free.
RX_BYTES = 127
#: Of these so many stay free for a line that came twice: what the board holds is asked for in time, an overflow cannot be undone.
SPARE_BYTES = 40
#: An idle board that has answered nothing for so long has lost a line, or its `ok` was lost.
LOST_S = 0.5
DOOR, RESET, ASK = b"\x84", b"\x18", b"?"
#: Feed, rapids and spindle at 100 %, whatever a pendant has made of them: pressures are planned for the feeds of the program.
AS_PLANNED = b"\x90\x95\x99"


class Grbl(Streamer):
    firmware = "GRBL"

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self._capacity = 15
        self._report: Report | None = None
        self._settings: dict[int, float] = {}
        self._quiet_s = 0.0

    # The line

    def connect(self, timeout_s: float) -> str:
        self._open(timeout_s)
        if self.inherited:
            return "GRBL (inherited)"
        self._listen()
        if not self._until(lambda: self._banners > 0, 0.3) and self._asked(REPLY_S) is None:
            self._until(lambda: self._banners > 0, min(timeout_s, BANNER_S))
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

    def _hear(self, text: str) -> None:
        if text.startswith("<"):
            found = read_report(text, time.monotonic())
            if found is not None:
                self._report = found
                self._watch_silence(found)
                self._watch_count(found)
                if found.pace not in (None, 1.0) and not self.inherited:
                    with suppress(ControllerError):
                        self._send(AS_PLANNED)
        elif text == "ok":
            self._quiet_s = 0.0
            self._answered()
        elif text.startswith("error:"):
            number = self._sent[0].number if self._sent else 0
            self._fail(f"the controller refuses a line: {error_text(text[6:])}", number)
            self._said.append(text)
            if self._sent:
                self._sent.popleft()
        elif text.startswith("ALARM:"):
            self._fail(f"the controller is locked: {alarm_text(text[6:])}", self._line_in_motion())
        elif text.startswith("Grbl "):
            self._banners += 1
            if self._program:
                self._fail("the controller was reset", self._line_in_motion())
            self._sent.clear()
        elif text:
            self._said.append(text)

    def _refusal(self, text: str) -> str:
        return error_text(text[6:]) if text.startswith("error:") else ""

    def _frame(self, line: Line) -> bytes:
        return re.sub(rb"\s", b"", line.data) + b"\n"

    def _room_for(self, data: bytes) -> bool:
        held = sum(len(line.data) for line in self._sent)
        return self._entry.streaming == "characters" and held + len(data) <= RX_BYTES - SPARE_BYTES

    def _watch_silence(self, found: Report) -> None:
        """A lost `ok` would hold a sender for ever: an idle board with empty buffers owes no answer."""
        now = found.came_s
        idle = found.state == "Idle" and found.free >= self._capacity and self._sent
        if not idle:
            self._quiet_s = 0.0
        elif not self._quiet_s:
            self._quiet_s = now
        elif now - self._quiet_s > LOST_S + self._sent[0].pause_s / self._rig.time_scale:
            number = self._sent[0].number
            self._fail(f"the controller is idle and never answered line {number}", number)

    def _watch_count(self, found: Report) -> None:
        """A line or an answer that comes twice counts one too many, and the buffer overflows: the board may hold no more than is unanswered."""
        held = sum(len(line.data) for line in self._sent)
        over = RX_BYTES - found.room - held
        if found.room >= 0 and self._program and over > 0:
            number = self._sent[0].number if self._sent else self._taken.number
            self._fail(
                f"the controller holds {over} bytes more than are unanswered: a line or an answer came twice",
                number,
            )

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

    def _line_in_motion(self) -> int:
        return self._moving_line(-1 if self._report is None else self._report.free)

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
            # No checksum here either: what is not zero to the letter, noise or offset, is told as it came.
            if name in ("G54", "G92") and not re.fullmatch(r"-?0\.0+(,-?0\.0+){2,5}", place):
                clear = "G10 L2 P1 X0 Y0 Z0" if name == "G54" else "G92.1"
                raise ControllerError(
                    "M634",
                    f"the offset {name} is {place}: a rig's positions are the machine's own; send `{clear}`",
                )
        self._send(AS_PLANNED)
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

    def begin(self, program: bytes, name: str) -> None:
        where = self._asked(REPLY_S)
        if where is None or where.state != "Idle":
            raise ControllerError("M633", f"the controller is not idle and takes no {name}")
        steps = [self._settings.get(100 + k, 250.0) for k in range(3)]
        self._quiet_s = 0.0
        self._stream(*program_lines(program, where.position_um, steps, 1.0), name)

    # Stopping

    def cut(self, other_channel: Callable[[], object]) -> Halt:
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
        was = self._banners
        told = "" if stands else "the stage does not stand still"
        try:
            self._send(RESET, 0.05, urgent=True)
        except ControllerError as reason:
            told = reason.message
        reset = self._until(lambda: self._banners > was, 0.5)
        self._forget()
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
