"""Marlin 2 over a serial line: numbered lines with checksums, sent again where the board asks; stopped through its emergency parser.

Sources: marlinfw.org (M110, M114, M115, M410, host actions, ADVANCED_OK) and MarlinFirmware/Marlin. M114 stands among the lines and tells
the steppers' own counts; the `ok` behind it tells how many blocks are free. A stop is M410, which needs EMERGENCY_PARSER: without it
the board would first do what it has in its buffers, so such a board is refused.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable

from ..controller import ControllerError, Halt, Motion, Position, Seat, Status
from ..streaming import UM, Line, Streamer, program_lines

STOP_S = 0.6
BANNER_S = 3.0
#: A board that is busy says so every 2 s; one that says nothing for longer has lost a line, or its answer was lost.
SILENT_S = 2.5
#: A board answers so soon to new line numbers, whatever it does.
RENUMBER_S = 1.0
#: How long a status waits for a new place while a program runs.
ASK_S = 0.1
#: How often a line that was not answered is sent again.
TRIES = 3
#: A stop takes no longer, whatever is lost of it.
CUT_S = 8.0
#: A board that has said nothing for so long has answered all that it was sent.
QUIET_S = 0.05
#: A stage that is at one place so long apart stands.
STILL_S = 0.03
#: A board drops all moves for a second after M410.
CLEANING_S = 1.2

#: Commands of the firmware, not codes of ours: who it is, all settings, rests when motion is done; steps per mm, speeds, accelerations.
WHO, ALL, REST, STEPS, SPEEDS, GAINS = "M115", "M503", "M400", "M92", "M203", "M201"

_COUNT = re.compile(r"X:-?[\d.]+ .*Count X:\s*(-?\d+) Y:\s*(-?\d+) Z:\s*(-?\d+)")
_STEPS = re.compile(r"\bM92 X([\d.]+) Y([\d.]+) Z([\d.]+)")
_OK = re.compile(r"ok(?: N(\d+))?(?: P(\d+))?(?: B(\d+))?")
#: Errors of one line on its way, which is not lost: in Marlin's words, and in those of firmware that is like it.
_GARBLED = re.compile(r"Last Line|checksum|line number|expected line", re.IGNORECASE)
_RESEND = re.compile(r"(?:Resend|rs):? *(\d+)")


class Marlin(Streamer):
    firmware = "Marlin"

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        # Of 16 blocks one stays free; a board with more or fewer shows it by what it calls free at rest.
        self._capacity = 15
        self._n = 0
        self._skip = 0
        self._tried = 0
        self._heard_s = 0.0
        self._place: Position | None = None
        self._placed = 0
        self._told_place = False
        #: False from a stop on until the board answers what stands before its question for the place: what comes in between was asked
        #: by others, and counted in steps that one who inherits the line does not know.
        self._fenced = True
        self._rests = 0
        self._free = -1
        #: Whether the next `ok` answers the last line, although it tells no number.
        self._had = False
        self._steps = [80.0, 80.0, 400.0]
        self._outputs = sorted({n.output for n in seat.rig.nozzles})
        self._cut_s = 0.0
        #: A stop has the line to itself.
        self._stopping = False
        #: Whether board and driver count lines alike: one who inherits the line does not know how far the count is.
        self._in_step = False

    # The line

    def connect(self, timeout_s: float) -> str:
        self._open(timeout_s)
        if self.inherited:
            return "Marlin (inherited)"
        self._listen()
        # A board that is reset by the opening of its line takes seconds to come up.
        found: list[str] = []
        for wait_s in (0.3, BANNER_S):
            self._until(lambda: self._banners > 0, wait_s)
            try:
                self._renumber()
                found = self._command(WHO, 2.0)
                break
            except ControllerError:
                continue
        name = next((s for s in found if s.startswith("FIRMWARE_NAME:")), "")
        if "Marlin" not in name:
            raise ControllerError(
                "M631",
                "the controller does not answer M115 as Marlin does: is it Marlin 2, at this baud rate?",
            )
        if "Cap:EMERGENCY_PARSER:1" not in found:
            raise ControllerError(
                "M634",
                "the controller was built without EMERGENCY_PARSER: a stop would wait behind the moves that it holds; "
                "enable it in Configuration_adv.h",
            )
        return name.removeprefix("FIRMWARE_NAME:").split(" SOURCE_CODE_URL")[0]

    def _renumber(self) -> None:
        """Line numbers begin anew. Of this one line the number is not held against the one before."""
        with self._change:
            self._sent.clear()
            self._n, self._skip, self._tried, self._had = -1, 0, 0, False
        # What hangs half sent on the line is ended first.
        self._send(b"\n")
        self._command("M110 N0", RENUMBER_S)
        self._in_step = True

    def _frame(self, line: Line) -> bytes:
        return _numbered(self._n + 1, line.data)

    def _went(self) -> None:
        self._n += 1
        self._tried = 0
        self._heard_s = time.monotonic()

    def _room_for(self, data: bytes) -> bool:
        # One at a time: what was sent and not taken could only be sent again in the right order.
        return False

    def _hear(self, text: str) -> None:
        if text == "wait":
            # It idles and tells so again and again: whatever was sent last did not come through.
            return
        self._heard_s = time.monotonic()
        if text.startswith("ok") and " X:" in text:
            # Some firmware tells the place within its `ok`.
            text, _, place = text.partition(" X:")
            self._hear(f"X:{place}")
        if found := _OK.fullmatch(text):
            self._ok(found)
        elif found := _RESEND.fullmatch(text):
            self._resend(int(found[1]))
        elif found := _COUNT.match(text):
            if not self._fenced:
                return
            x, y, z = (int(found[k + 1]) / self._steps[k] * UM for k in range(3))
            self._place, self._told_place = (x, y, z), True
        elif found := _STEPS.search(text):
            self._steps = [float(found[k]) for k in (1, 2, 3)]
            self._fenced = True
            self._said.append(text)
        elif text.startswith("echo:busy"):
            return
        elif text == "start":
            self._banners += 1
            if self._program:
                self._fail("the controller was reset", self._line_in_motion())
        elif text.startswith("Error:"):
            # Of lines that it wants again the number follows, or nothing does and they are sent again in time.
            if not _GARBLED.search(text):
                self._fail(f"the controller stopped: {text[6:].strip()}", self._line_in_motion())
                self._said.append(text)
        elif text.startswith("echo:Unknown command"):
            number = self._sent[0].number if self._sent else 0
            self._fail(f"the controller does not know a line: {text[5:]}", number)
            self._said.append(text)
        elif text:
            self._said.append(text)

    def _ok(self, found: re.Match[str]) -> None:
        if self._skip:
            # It belongs to a Resend.
            self._skip -= 1
            return
        if found[1] is not None and int(found[1]) != self._n:
            # The answer to a line that was sent twice.
            return
        if found[1] is None and self._free >= 0 and not self._had:
            # A board that tells its blocks tells the number too: this answers one of the lines of a stop, which have none.
            return
        self._had = False
        if found[2] is not None:
            self._free = int(found[2])
            self._capacity = max(self._capacity, self._free)
        if self._sent and self._sent[0].number == -1:
            if not self._told_place:
                # It belongs to what was said before: a place comes ahead of the `ok` of its question.
                return
            self._placed += 1
            # The place is read before the blocks are counted: it is that of rest once nothing moved the time before.
            self._rests = self._rests + 1 if self._free >= self._capacity else 0
            self._sent.popleft()
            self._feed()
            return
        self._answered()

    def _resend(self, number: int) -> None:
        if not self._sent:
            self._skip += 1
        elif number == self._n:
            self._skip += 1
            self._again(self._sent[0].data)
        elif number != self._n + 1:
            # The `ok` that follows belongs to this.
            self._skip += 1
            self._fail(
                f"the controller asks for line {number} again, which it has taken", self._sent[0].number
            )
        else:
            # It has the line already: the `ok` that follows, which tells no number, is its answer.
            self._had = True

    def _tick(self) -> None:
        if not self._sent:
            return
        pause_s = self._sent[0].pause_s / self._rig.time_scale
        if time.monotonic() - self._heard_s < SILENT_S + pause_s:
            return
        self._tried += 1
        self._heard_s = time.monotonic()
        if self._tried > TRIES:
            self._fail("the controller answers no more", max(self._sent[0].number, 0))
            self._sent.clear()
            return
        # Lost on the way, or its answer was: the number tells the board which.
        self._again(self._sent[0].data)

    def _refusal(self, text: str) -> str:
        return text if text.startswith(("Error:", "echo:Unknown command")) else ""

    # Before a print

    def prepare(self) -> str:
        self._gate.open()
        left = self._cut_s + CLEANING_S - time.monotonic()
        # A watchdog of another process may have stopped it a moment ago.
        time.sleep(min(max(left, 0.0), CLEANING_S) if self._cut_s else CLEANING_S)
        self._renumber()
        settings: dict[str, dict[str, float]] = {}
        for text in self._command(ALL, 3.0):
            words = text.removeprefix("echo:").split()
            if words and words[0] in (STEPS, GAINS, SPEEDS):
                values = {w[0]: float(w[1:]) for w in words[1:] if w[0] in "XYZ" and _number(w[1:])}
                settings.setdefault(words[0], values)
        if STEPS not in settings:
            raise ControllerError("M631", "the controller does not tell its steps per mm (M503, M92)")
        wrong = self._differences(settings)
        if wrong:
            raise ControllerError(
                "M634", "settings of the controller differ from the rig file: " + "; ".join(wrong)
            )
        self._command("G21")
        self._command("G90")
        # Pressures are planned for the feeds of the program, whatever someone made of them at the panel.
        self._command("M220 S100")
        for output in self._outputs:
            self._command(f"M107 P{output}")
        self._command(REST, 5.0)
        if self._free >= 0:
            # Nothing moves now: so many blocks does this board have.
            self._capacity = self._free
        return "settings as in the rig file, valves off"

    def _differences(self, settings: dict[str, dict[str, float]]) -> list[str]:
        wrong = []
        for axis in "xyz":
            entry, a = self._rig.axes[axis], axis.upper()
            rate, gain = entry.max_speed_um_s / UM, entry.acceleration_um_s2 / UM
            have = settings.get(SPEEDS, {}).get(a, rate)
            if have < 0.999 * rate:
                wrong.append(f"{axis} reaches {have:g} mm/s, the rig says {rate:g} (M203 {a}{rate:g})")
            have = settings.get(GAINS, {}).get(a, gain)
            if have < 0.99 * gain:
                wrong.append(
                    f"{axis} accelerates by {have:g} mm/s2, the rig says {gain:g} (M201 {a}{gain:g})"
                )
        return wrong

    # While it runs

    def _ask_place(self, timeout_s: float) -> bool:
        """Have the board tell where it is: M114 stands before what is still to be sent. False where the answer is not there yet."""
        self._until(lambda: not self._stopping, CUT_S)
        with self._change:
            was = self._placed
            if not any(line.number == -1 for line in (*self._sent, *list(self._waiting)[:1])):
                self._told_place = False
                if not self._waiting:
                    self._waiting = deque()
                self._waiting.appendleft(Line(-1, b"M114"))
                self._feed()
        return self._until(lambda: self._placed > was, timeout_s)

    def status(self) -> Status:
        if not self._in_step:
            self._renumber()
        # While a program runs the answer may stand behind a move that waits for room: the last one will do.
        fresh = self._ask_place(ASK_S if self._program else SILENT_S)
        with self._change:
            if self._dead:
                raise ControllerError("M631", f"the controller does not tell its state: {self._dead}")
            place = self._place
            if self._fault and place is not None:
                return Status(Motion.FAILED, self._fault_line, place, self._fault)
            if place is None or (not fresh and time.monotonic() - self._heard_s > SILENT_S * (TRIES + 1)):
                raise ControllerError("M631", "the controller does not tell its state: no answer")
            left = any(line.number > 0 for line in (*self._sent, *self._waiting))
            moves = self._free >= 0 and self._rests < 2
            if self._program and (left or not fresh or moves):
                return Status(Motion.RUNNING, self._line_in_motion(), place, exact=self._exact)
            if not fresh:
                raise ControllerError("M631", "the controller does not tell its state: no answer")
            return Status(Motion.DONE if self._program else Motion.IDLE, self._line_in_motion(), place)

    def _line_in_motion(self) -> int:
        return self._moving_line(self._free)

    @property
    def _exact(self) -> bool:
        """Without ADVANCED_OK nobody knows how far the motion is behind the last line that was taken."""
        return self._free >= 0

    def begin(self, program: bytes, name: str) -> None:
        if not self._ask_place(SILENT_S * TRIES) or self._place is None:
            raise ControllerError("M631", f"the controller does not tell where it is and takes no {name}")
        lines, blocks = program_lines(program, self._place, self._steps, 0.001)
        # A board that waits for its moves tells nothing meanwhile; where it tells its free blocks, these show the end.
        while self._free >= 0 and lines and lines[-1].data == REST.encode():
            lines.pop()
        self._stream(lines, blocks, name)

    # Stopping

    def cut(self, other_channel: Callable[[], object]) -> Halt:
        self._gate.close()
        # No more lines; without the lock, which a dialogue may hold.
        self._waiting = deque()
        # A fan follows the blocks, so its `off` takes effect only once the motion is stopped: the other channel goes first.
        other_channel()
        self._listen()
        running = bool(self._program) and not self._fault
        off = b"".join(b"M107 P%d\n" % output for output in self._outputs)
        with self._change:
            line = self._line_in_motion() if self._program else 0
            self._place, self._fenced, self._stopping = None, False, True
            self._skip = 0
            self._sent.clear()
        told = ""
        # What hangs half sent on the line is ended first. M92 tells what the counts of M114 mean, to one who has inherited the line;
        # M114 behind it is the fence: when it is answered, all before it was done.
        stop = b"\nM410\n" + off + b"M92\nM114\n"
        try:
            self._send(stop, 0.05, urgent=True)
        except ControllerError as reason:
            told = reason.message
        heard = self._until(lambda: self._place is not None, STOP_S)
        read_s, place = time.monotonic(), self._place
        sure = heard and self._confirmed()
        if not sure:
            told = told or ("the stop is not confirmed" if heard else "M410 was not answered")
            with self._change:
                # The stage may have run on.
                self._place, self._fenced = None, False
                self._sent.clear()
            try:
                self._send(stop, 0.05, urgent=True)
                heard = self._until(lambda: self._place is not None, STOP_S)
                read_s, place = time.monotonic(), self._place
                sure = heard and self._confirmed()
                if not heard or (not sure and self._free < self._capacity):
                    # As a last resort all is switched off, and the board must be reset by hand.
                    self._send(b"\nM112\n", 0.05, urgent=True)
            except ControllerError as reason:
                told = reason.message
        self._cut_s = time.monotonic()
        with self._change:
            self._fenced, self._stopping = True, False
            self._change.notify_all()
        self._forget()
        return Halt(place, line, sure, sure, told, running, read_s if heard else 0.0, exact=self._exact)

    def _confirmed(self) -> bool:
        """Lines in a hurry have no numbers: one that was changed on its way is not seen, and those behind it are answered. So valves are
        switched off once more by numbered ones, twice, as no checksum sees characters that changed places; and no block may be left."""
        if self.inherited:
            # Who holds the dialogue reads what is answered.
            return True
        try:
            end = time.monotonic() + STOP_S
            # Answers without a number must not be taken for those of the lines that follow.
            while self._free < 0 and time.monotonic() < min(end, self._heard_s + QUIET_S):
                time.sleep(0.01)
            self._renumber()
            for output in self._outputs * 2:
                self._command(f"M107 P{output}")
            return self._free >= self._capacity if self._free >= 0 else self._still()
        except ControllerError:
            return False

    def _still(self) -> bool:
        """Whether the stage stands, of a board that tells no blocks."""
        was = None
        for _ in range(3):
            self._command("M114")
            if self._place == was:
                return True
            was = self._place
            time.sleep(STILL_S)
        return False

    def ink_is_off(self) -> bool | None:
        # No command tells the speed of a fan.
        return None


def _numbered(number: int, data: bytes) -> bytes:
    """A line with its number and checksum."""
    text = b"N%d %b" % (number, data)
    total = 0
    for byte in text:
        total ^= byte
    return b"%b*%d\n" % (text, total)


def _number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d*)?", text) is not None
