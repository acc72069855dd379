"""GRBL 1.1 over a serial line: lines streamed as the board takes them, watched by `?`, stopped by its real-time bytes.

Sources: the GRBL 1.1 wiki (Interface, Commands, Laser mode), doc/csv and gcode.c of gnea/grbl. The valve is the spindle's pin. A stop is 0x84
(safety door: brake, then valve off) and, once the stage stands, 0x18 (forget the rest, valve off, position kept).

An `ok` carries no number: one that comes twice, or is lost, says nothing of which line was taken, so none is counted. GRBL does nothing with a
tool number but keep it, and `$G` tells it: every line has its own (`T7G1X...`), and a `$G` behind it. What `$G` tells is what was taken last. With
one line on its way at a time nothing that comes twice, late or not at all can put the driver ahead of its board: a line that came twice goes
nowhere the second time, one that was lost is sent again, and the next goes out when `$G` has told this one. With more on their way ("characters")
a lost line is seen as well, but is past mending: whatever does not come once and in order stops the print.

GRBL tells no line in motion; with `$10=3` it tells how many of its blocks are free, and lines taken less blocks in use are those done. M2 and G4
are taken once all motion is over: with the last line taken the program is done.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress

from ..controller import ControllerError, Halt, Motion, Seat, Status
from ..grbl_words import (
    STATES,
    Report,
    alarm_text,
    differences,
    error_text,
    read_modes,
    read_report,
    read_settings,
)
from ..streaming import REPLY_S, Line, Streamer, program_lines

STOP_S = 0.6
#: A board that resets when its line is opened is ready within this time (assumed).
BANNER_S = 2.5
#: The board's receive buffer, less a byte that older firmware keeps free.
RX_BYTES = 127
#: Of these so many stay free for a line that came twice: an overflow cannot be undone.
SPARE_BYTES = 40
#: A board that has read all, could take a line and has told nothing for so long has not got it, or what it told was lost.
LOST_S = 0.5
#: How often it is asked again.
TRIES = 3
#: Tool numbers are bytes, and 0 is that of a line without one.
TAGS = 255
#: So many of the last reports are known again: a line can bring what it has brought before.
KNOWN = 16
DOOR, RESET, ASK = b"\x84", b"\x18", b"?"
#: Feed, rapids and spindle at 100 %, whatever a pendant has made of them: pressures are planned for the feeds of the program.
AS_PLANNED = b"\x90\x95\x99"
#: Asks which line was taken last, and in which modes.
TAKEN = b"$G\n"
#: States of a board that has heard a door: it shows none of them before.
STOPPED = ("Door", "Hold", "Alarm", "Check", "Sleep")
#: Settings without which nothing is known of the board: laser mode, full scale, steps, speeds, accelerations.
NEEDED = (10, 13, 30, 32, *(base + k for base in (100, 110, 120) for k in range(3)))

#: The modes that programs are written in.
_MODES = "G54 G17 G21 G90 G94"
#: A line that is taken once all motion is over.
_RESTS = re.compile(rb"(M0?2|M30|G0?4P[\d.]+)")


class Grbl(Streamer):
    firmware = "GRBL"

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self._capacity = 15
        self._report: Report | None = None
        self._settings: dict[int, float] = {}
        #: The tool number of the line that went out last, and what the board has told to have taken last.
        self._tag, self._told = 0, -1
        self._modes = ""
        #: Lines of the program that are not known to be taken.
        self._left = 0
        #: Since when the board owes an answer, how often it was asked for it, and whether it is being asked.
        self._quiet_s, self._tries, self._asking = 0.0, 0, False
        #: Bytes of its receive buffer.
        self._rx = RX_BYTES
        #: The line in motion by the last report, and by those before it.
        self._line = 0
        self._lines: OrderedDict[str, int] = OrderedDict()

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
                self._capacity, self._rx = (int(v) for v in line.rstrip("]").split(",")[1:3])
        return f"GRBL {version[5:].split(':')[0].rstrip(']')}"

    def _hear(self, text: str) -> None:
        if text.startswith("<"):
            found = read_report(text, time.monotonic())
            if found is not None:
                if self._report is not None and found.free == self._report.free:
                    # A board may have more blocks than it was said to have; one report may be noise.
                    self._capacity = max(self._capacity, found.free)
                self._report = found
                self._follow(text, found)
                self._watch_silence(found)
                if found.pace not in (None, 1.0) and not self.inherited:
                    with suppress(ControllerError):
                        self._send(AS_PLANNED)
        elif told := read_modes(text):
            self._modes, self._told = told
            if self._program:
                self._has_taken(self._told)
        elif text == "ok":
            if self._sent and not self._sent[0].number:
                self._answered()
        elif text.startswith("error:"):
            number = self._sent[0].number if self._sent else 0
            self._fail(f"the controller refuses a line: {error_text(text[6:])}", number)
            self._said.append(text)
            if self._sent:
                self._sent.popleft()
        elif text.startswith("ALARM:"):
            self._fail(f"the controller is locked: {alarm_text(text[6:])}", self._line)
        elif text.startswith("Grbl "):
            self._banners += 1
            if self._program:
                self._fail("the controller was reset", self._line)
            self._sent.clear()
        elif text:
            self._said.append(text)

    def _refusal(self, text: str) -> str:
        return error_text(text[6:]) if text.startswith("error:") else ""

    def _frame(self, line: Line) -> bytes:
        data = re.sub(rb"\s", b"", line.data) + b"\n"
        return b"T%d%b%b" % (_next(self._tag), data, TAKEN) if line.number else data

    def _went(self) -> None:
        if self._sent[-1].number:
            self._tag = _next(self._tag)

    @property
    def _one_by_one(self) -> bool:
        return self._entry.streaming != "characters"

    def _room_for(self, data: bytes) -> bool:
        held = sum(len(line.data) for line in self._sent)
        # The last line tells that all is done: it goes when all others are known to be taken, once each.
        return not self._one_by_one and len(self._waiting) > 1 and held + len(data) <= RX_BYTES - SPARE_BYTES

    def _has_taken(self, tag: int) -> None:
        """The board tells which line it has taken last."""
        if self._fault:
            return
        if f" {_MODES} " not in f"{self._modes} ":
            self._fail(
                f"the controller is in another mode than its program: {self._modes}", self._taken.number
            )
        elif self._sent and tag == (self._tag - len(self._sent)) % TAGS + 1:
            self._taken = self._sent.popleft()
            self._left -= 1
            self._quiet_s, self._tries, self._asking = 0.0, 0, False
            self._feed()
        elif not self._one_by_one:
            number = self._sent[0].number if self._sent else self._taken.number
            self._fail(f"a line or an answer was lost or came twice near line {number}", number)
        elif self._asking and self._sent:
            # It was asked behind the line, and has not got it.
            self._asking = False
            self._again(self._sent[0].data)

    def _follow(self, text: str, found: Report) -> None:
        """Which line is in motion. A report that came twice is as old as when it came first: what was taken since is not in it."""
        if not self._program or found.free < 0:
            return
        if text not in self._lines:
            self._lines[text] = self._moving_line(found.free)
            if len(self._lines) > KNOWN:
                self._lines.popitem(last=False)
        self._line = self._lines[text]

    def _watch_silence(self, found: Report) -> None:
        """What was lost would hold a sender for ever: a board that rests, or has read all that came and could take it, owes no answer.

        While a line waits in the board, for room or for motion to end, the `$G` behind it waits in its receive buffer. Noise may wait there
        too, without an end.
        """
        if not self._program or self._fault or not self._sent:
            return
        line = self._sent[0]
        idle = found.state == "Idle" and found.free >= self._capacity
        waits = line.blocks > self._taken.blocks and found.free > 1 and found.room >= self._rx
        if not (idle or waits):
            self._quiet_s = 0.0
        elif not self._quiet_s:
            self._quiet_s = found.came_s
        elif found.came_s - self._quiet_s > LOST_S + line.pause_s / self._rig.time_scale:
            self._quiet_s, self._tries = found.came_s, self._tries + 1
            if self._one_by_one and self._tries <= TRIES:
                self._asking = True
                self._again(TAKEN)
            else:
                self._fail(f"the controller never answered line {line.number}", line.number)

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

    def _asked_twice(self) -> Report | None:
        return self._asked(REPLY_S) or self._asked(REPLY_S)

    def _shown(self, text: str, timeout_s: float = REPLY_S) -> list[str]:
        """A line outside any program, after which the board tells that it was taken: what else it says. Raises ControllerError.

        A command that begins with `$` has no tool number: a line ahead of it carries one, and what it does must be read back.
        """
        for _ in range(2):
            if (said := self._shown_once(text, timeout_s)) is not None:
                return said
        if self._told >= 0:
            raise ControllerError(
                "M634",
                f"the controller tells tool {self._told} for T{self._tag} (`$G`): GRBL 1.1 keeps the number, by which lines are known to be taken",
            )
        raise ControllerError("M631", f"the controller gives no usable answer to `{text}`")

    def _shown_once(self, text: str, timeout_s: float) -> list[str] | None:
        with self._change:
            if self._sent or self._waiting:
                raise ControllerError("M633", f"the controller runs a program and takes no `{text}`")
            self._said, self._told = [], -1
            self._tag = tag = _next(self._tag)
        begin = b"T%d\n" % tag if text.startswith("$") else b"T%d" % tag
        self._send(begin + text.encode("ascii") + b"\n" + TAKEN)

        def refused() -> str:
            return next((why for said in self._said if (why := self._refusal(said))), "")

        done = self._until(lambda: self._told == tag or bool(refused()), timeout_s)
        with self._change:
            if why := refused():
                raise ControllerError("M633", f"the controller refuses `{text}`: {why}")
            return list(self._said) if done else None

    # Before a print

    def prepare(self) -> str:
        self._gate.open()
        found = self._asked_twice()
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
        # Reports with machine position and buffers, in millimetres.
        other = [(n, value) for n, value in ((10, 3), (13, 0)) if self._settings[n] != value]
        for number, value in other:
            self._shown(f"${number}={value}")
        if other:
            self._settings = self._read_settings()
            for number, value in other:
                if self._settings[number] != value:
                    raise ControllerError("M631", f"the controller does not keep ${number}={value}")
        wrong = differences(self._settings, self._rig)
        if wrong:
            raise ControllerError(
                "M634", "settings of the controller differ from the rig file: " + "; ".join(wrong)
            )
        offsets = dict(line.strip("[]").partition(":")[::2] for line in self._shown("$#"))
        for name, clear in (("G54", "G10 L2 P1 X0 Y0 Z0"), ("G92", "G92.1")):
            place = offsets.get(name, "not told")
            # No checksum here either: what is not zero to the letter, noise or offset, is told as it came.
            if not re.fullmatch(r"-?0\.0+(,-?0\.0+){2,5}", place):
                raise ControllerError(
                    "M634",
                    f"the offset {name} is {place}: a rig's positions are the machine's own; send `{clear}`",
                )
        self._send(AS_PLANNED)
        self._shown("G21G90G94G17G54M5S0")
        if not re.fullmatch(rf"G\S+ {_MODES} M5( M\d+)*", self._modes):
            raise ControllerError(
                "M631", f"the controller is in another mode than it was told: {self._modes or 'none'}"
            )
        homing = "" if self._settings.get(22) else "; no homing ($22=0): positions hold since power came on"
        return f"idle, laser mode, settings as in the rig file, valve off{homing}"

    def _read_settings(self) -> dict[int, float]:
        settings: dict[int, float] = {}
        for _ in range(2):
            settings |= read_settings(self._shown("$$", 2.0))
            missing = [number for number in NEEDED if number not in settings]
            if not missing:
                return settings
        raise ControllerError("M631", f"the controller does not tell its setting ${missing[0]}")

    # While it runs

    def status(self) -> Status:
        found = self._asked_twice()
        if found is None:
            raise ControllerError(
                "M631", f"the controller does not tell its state: {self._dead or 'no answer'}"
            )
        with self._change:
            motion = STATES[found.state.split(":")[0]]
            if self._fault:
                return Status(Motion.FAILED, self._fault_line, found.position_um, self._fault)
            if motion is Motion.FAILED:
                return Status(motion, self._line, found.position_um, f"state {found.state}")
            if motion is Motion.IDLE and self._program:
                motion = Motion.RUNNING if self._left else Motion.DONE
            return Status(motion, self._line, found.position_um)

    def begin(self, program: bytes, name: str) -> None:
        where = self._asked_twice()
        if where is None or where.state != "Idle":
            raise ControllerError("M633", f"the controller is not idle and takes no {name}")
        steps = [self._settings.get(100 + k, 250.0) for k in range(3)]
        lines, blocks = program_lines(program, where.position_um, steps, 1.0)
        if lines and not _RESTS.fullmatch(re.sub(rb"\s", b"", lines[-1].data)):
            lines.append(Line(lines[-1].number, b"G4P0", len(blocks)))
        with self._change:
            self._left, self._line = len(lines), 0
            self._lines.clear()
            self._quiet_s, self._tries, self._asking = 0.0, 0, False
            self._stream(lines, blocks, name)

    # Stopping

    def cut(self, other_channel: Callable[[], object]) -> Halt:
        self._gate.close()
        # No more lines; without the lock, which a dialogue may hold.
        self._waiting = deque()
        # The door brakes and closes the valve in one: the other channel goes first, so that ink is off before motion stops.
        other_channel()
        self._listen()
        began = time.monotonic()
        first = self._door()
        with self._change:
            line = self._line if self._program else 0
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

    def _door(self) -> Report | None:
        """The first report made behind a door: where the stage was when it heard it."""
        found = None
        for wait_s in (0.3, 0.1, 0.1):
            # Again, in case a byte was lost; a second door does nothing.
            found = self._asked(wait_s, DOOR)
            if found is not None and found.state.startswith(STOPPED):
                break
        return found

    def _stands(self, found: Report | None, deadline: float) -> bool:
        while True:
            if found is not None and found.state in ("Door:0", "Door:1", "Hold:0", "Alarm"):
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


def _next(tag: int) -> int:
    return tag % TAGS + 1
