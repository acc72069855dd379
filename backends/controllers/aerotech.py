"""Aerotech A3200 over its ASCII interface: programs loaded and run on a task, polled; a second connection that stops.

Sources and assumptions about the interface stand in docs/printing.md and at the head of emulator/a3200.py. Replies carry no
number, so a connection whose dialogue failed is closed and opened anew before it is believed again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from ..analog import off_lines
from ..controller import ControllerError, Gate, Halt, Motion, Position, Seat, Status
from ..dialects.aerotech import AEROTECH
from ..program_folder import put_program
from ..transport import TransportError, connect
from ..wire import SilenceError, Wire

#: Longest wait for one reply (s). Every command sent here returns at once on the machine.
REPLY_S = 0.75
#: Longest wait for replies while stopping.
STOP_S = 0.5
#: Longest wait for a poll under way to have taken its reply.
POLLED_S = 0.05
#: A program is compiled within this time, whatever its length (assumed).
LOAD_S = 30.0
#: So many bad replies to a poll in a row are taken for noise on the line; then it is a fault.
POLL_TRIES = 2
UM = 1000.0

_STATES = {
    "0": Motion.FAILED,
    "1": Motion.IDLE,
    "2": Motion.IDLE,
    "3": Motion.READY,
    "4": Motion.RUNNING,
    "5": Motion.HELD,
    "6": Motion.HELD,
    "7": Motion.DONE,
    "8": Motion.FAILED,
    "9": Motion.RUNNING,
}


class _DialogueError(Exception):
    """A reply that does not fit its command: the line has lost step."""


def number(text: str) -> float:
    """A number as the controller writes it, with a point or, by its country's settings, a comma."""
    return float(text.replace(",", "."))


def output_command(output: int, level: bool) -> str:
    """The command that sets a digital output, as in the program."""
    return f"$DO{output}.0={int(level)}"


class A3200:
    def __init__(self, seat: Seat) -> None:
        self._gate = Gate()
        self._rig = seat.rig
        self._entry = seat.rig.controller
        self._listener = seat.listener
        self._folder = seat.folder
        self._task = self._entry.task
        self._outputs = sorted({n.output for n in seat.rig.nozzles})
        # Valves first, then pressures.
        self._off = [output_command(o, False) for o in self._outputs]
        self._off += off_lines(seat.rig, AEROTECH.analog)
        self._main: Wire | None = None
        self._guard: Wire | None = None
        self._last: Status | None = None

    # Lines

    def _open(self, name: str, timeout_s: float) -> Wire:
        try:
            return Wire(connect(self._entry.transport, timeout_s), name, self._listener)
        except TransportError as reason:
            raise ControllerError("M630", f"controller: {reason}") from None

    def connect(self, timeout_s: float) -> str:
        self._main = self._open("stage", timeout_s)
        self._guard = self._open("stage guard", timeout_s)
        version = self._ask("~VERSION")
        # The guard's immediate commands run on a task of their own: one that blocks never blocks them.
        self._told(f"~TASK {self._task + 1}", self._guard)
        return f"A3200 {version}"

    def _again(self, wire: Wire) -> Wire:
        """The same line, opened anew: what was on its way is gone."""
        wire.close()
        fresh = self._open(wire.name, REPLY_S)
        if wire is self._guard:
            self._guard = fresh
            self._exchange(fresh, f"~TASK {self._task + 1}", REPLY_S)
        else:
            self._main = fresh
        return fresh

    def _exchange(self, wire: Wire, command: str, timeout_s: float) -> str:
        """One command, one reply, without its sign. Raises all that can happen to a line, and ControllerError for `!`, `#`."""
        with wire.lock:
            if wire.forget():
                raise _DialogueError("a reply to nothing")
            # ASCII but for the names of folders, which a user may spell in any script; assumed: UTF-8 there.
            wire.send(command.encode("utf-8", "surrogateescape") + b"\n", timeout_s)
            line = wire.until(b"\n", time.monotonic() + timeout_s).decode("ascii", "replace").strip("\r\n")
        sign, text = line[:1], line[1:].strip()
        if sign == "%":
            return text
        if sign == "!":
            raise ControllerError("M632", f"the controller does not understand `{command}`")
        if sign == "#":
            raise ControllerError("M633", f"the controller refuses `{command}`")
        raise _DialogueError(f"{line!r} is no reply")

    def _ask(self, command: str, wire: Wire | None = None, timeout_s: float = REPLY_S) -> str:
        """`_exchange` on the main line, with one new connection when the dialogue fails, and a fault told in words.

        Only for commands that may be given twice.
        """
        line = wire or self._main
        if line is None:
            raise ControllerError("M630", "the controller is not connected")
        for attempt in (1, 2):
            try:
                return self._exchange(line, command, timeout_s)
            except ControllerError as refused:
                if refused.code == "M633":
                    raise ControllerError("M633", f"{refused.message}: {self._why(line)}") from None
                raise
            except (SilenceError, _DialogueError, TransportError) as reason:
                if attempt == 2:
                    raise ControllerError(
                        "M631", f"the controller gives no usable answer to `{command}`: {reason}"
                    ) from None
                line = self._again(line)
        raise AssertionError

    def _told(self, command: str, wire: Wire | None = None, timeout_s: float = REPLY_S) -> None:
        text = self._ask(command, wire, timeout_s)
        if text:
            raise ControllerError("M631", f"the controller answers `{command}` with {text!r}")

    def _why(self, wire: Wire) -> str:
        try:
            return self._exchange(wire, "~LASTERROR", REPLY_S) or "no reason given"
        except (ControllerError, SilenceError, _DialogueError, TransportError):
            return "no reason given"

    # Before a print

    def prepare(self) -> str:
        self._gate.open()
        self._told("ACKNOWLEDGEALL")
        self._told("ENABLE X Y Z")
        words = [f"({axis}, {item})" for item in ("AxisStatus", "DriveStatus", "AxisFault") for axis in "XYZ"]
        found = self._ask("~STATUS " + " ".join(words)).split()
        try:
            values = [int(number(v)) for v in found]
        except ValueError:
            values = []
        if len(values) != 9:
            raise ControllerError(
                "M631", f"the controller tells the state of its axes as {' '.join(found)!r}"
            )
        for k, axis in enumerate("XYZ"):
            if values[6 + k]:
                raise ControllerError("M634", f"axis {axis} reports fault {values[6 + k]:#x}")
            if not values[k] & 1:
                raise ControllerError("M634", f"axis {axis} is not homed: its positions mean nothing yet")
            if not values[3 + k] & 1:
                raise ControllerError("M634", f"axis {axis} is not enabled")
        for command in self._off:
            self._told(command)
        return "axes enabled and homed, outputs off"

    # While it runs

    def _status(self, wire: Wire) -> Status:
        task = self._task
        items = f"({task}, TaskState) ({task}, MotionLineNumber) " + " ".join(
            f"({axis}, PositionFeedback)" for axis in "XYZ"
        )
        fields = self._exchange(wire, f"~STATUS {items}", REPLY_S).split()
        if len(fields) != 5 or fields[0] not in _STATES:
            raise _DialogueError(f"{' '.join(fields)!r} is no status")
        try:
            line = int(fields[1])
            x, y, z = (number(v) * UM for v in fields[2:])
        except ValueError:
            raise _DialogueError(f"{' '.join(fields)!r} is no status") from None
        return Status(_STATES[fields[0]], line, (x, y, z))

    def status(self) -> Status:
        if self._main is None:
            raise ControllerError("M630", "the controller is not connected")
        wire, why = self._main, ""
        for _ in range(POLL_TRIES):
            try:
                found = self._status(wire)
            except ControllerError as refused:
                why = refused.message
                continue
            except (SilenceError, _DialogueError, TransportError) as reason:
                why = str(reason)
                wire = self._again(wire)
                continue
            if found.motion is Motion.FAILED:
                return self._failed(found, wire)
            self._last = found
            return found
        raise ControllerError("M631", f"the controller does not tell its state: {why}")

    def _failed(self, found: Status, wire: Wire) -> Status:
        words = self._why(wire)
        digits = words.partition("line ")[2].partition(":")[0]
        line = int(digits) if digits.isdigit() else found.line
        return Status(found.motion, line, found.position_um, words)

    def begin(self, program: bytes, name: str) -> None:
        path = put_program(self._entry, self._folder, program, name)
        self._told(f'PROGRAM {self._task} LOAD "{path}"', timeout_s=LOAD_S)
        deadline = time.monotonic() + LOAD_S
        while (found := self.status()).motion is not Motion.READY:
            if found.motion is Motion.FAILED or time.monotonic() > deadline:
                raise ControllerError(
                    "M633", f"the controller did not take {name}: {found.text or found.motion.value}"
                )
            time.sleep(0.01)
        self._start(name)

    def _start(self, name: str) -> None:
        # START must not be given twice: after a failed dialogue the task's state tells whether it was heard.
        assert self._main is not None
        for _ in range(3):
            wire = self._main
            self._gate.passed(name)
            try:
                self._exchange(wire, f"PROGRAM {self._task} START", REPLY_S)
                if self._gate.closed:
                    # A stop came at the same time, and may have come before: again, without waiting for what it waits for.
                    self._cut_on(wire, lambda: None)
                return
            except ControllerError as refused:
                if self.status().motion is Motion.RUNNING:
                    return
                raise ControllerError(refused.code, f"{refused.message}: {self._why(wire)}") from None
            except (SilenceError, _DialogueError, TransportError):
                self._again(wire)
                if self.status().motion is not Motion.READY:
                    return
        raise ControllerError("M631", f"the controller does not start {name}")

    # Stopping

    def cut(self, other_channel: Callable[[], object]) -> Halt:
        self._gate.close()
        waited = False

        def wait() -> None:
            nonlocal waited
            if not waited:
                waited = True
                other_channel()

        first = Halt(None, 0, False, False)
        for wire in (self._guard, self._main, None):
            if wire is None:
                try:
                    # Both lines are dead: a third may still be had.
                    wire = self._open("stage rescue", 0.3)
                except ControllerError as reason:
                    first = replace(first, text=reason.message)
                    break
            halt = self._cut_on(wire, wait)
            # Ink went off with the first line that was heard, wherever the stage was when a later one told it to stop.
            if first.cut_um is None:
                first = halt
            first = replace(first, ink_off=halt.ink_off, stopped=halt.stopped, text=halt.text)
            if halt.ink_off and halt.stopped:
                return first
        wait()
        return first

    def _cut_on(self, wire: Wire, wait: Callable[[], None]) -> Halt:
        off = "".join(f"{command}\n" for command in self._off)
        task = self._task
        where = f"~STATUS ({task}, TaskState) ({task}, MotionLineNumber) " + " ".join(
            f"({axis}, PositionFeedback)" for axis in "XYZ"
        )
        stop = f"~STOPTASK {task}\nABORT X Y Z\n"
        count = len(self._off)
        replies: list[str] = []
        read_s, silence = 0.0, ""
        try:
            # No lock: whatever dialogue holds this line, ink goes first. The guard line has none.
            wire.send(f"{off}{where}\n".encode(), 0.015, urgent=True)
            wait()
            wire.send(f"{stop}{off}".encode(), 0.05, urgent=True)
            deadline = time.monotonic() + STOP_S
            # On the line that polls, the reply to the last poll is the poller's.
            mine = wire.lock.acquire(timeout=POLLED_S)
            try:
                for k in range(2 * count + 3):
                    replies.append(wire.until(b"\n", deadline).decode("ascii", "replace").strip())
                    read_s = time.monotonic() if k == count else read_s
            finally:
                if mine:
                    wire.lock.release()
        except (TransportError, SilenceError) as reason:
            silence = str(reason)
        good = [r.startswith("%") for r in replies]
        whole = len(good) == 2 * count + 3
        ink_off = whole and all(good[:count]) and all(good[count + 3 :])
        stopped = whole and (good[count + 1] or good[count + 2])
        # What did come holds, where only the stop was not answered.
        cut_um, line, running = _where(replies[count]) if len(good) > count else (None, 0, False)
        text = "" if ink_off and stopped else silence or f"replies {replies}"
        return Halt(cut_um, line, ink_off, stopped, text, running, read_s if cut_um is not None else 0.0)

    def ink_is_off(self) -> bool | None:
        try:
            word = int(number(self._ask("~STATUS (X, DigitalOutput)")))
        except (ControllerError, ValueError):
            return None
        return not any(word >> output & 1 for output in self._outputs)

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        for wire in (self._main, self._guard):
            if wire is not None:
                wire.close()


def _where(reply: str) -> tuple[Position | None, int, bool]:
    fields = reply[1:].split()
    if not reply.startswith("%") or len(fields) != 5:
        return None, 0, False
    try:
        x, y, z = (number(v) * UM for v in fields[2:])
        return (x, y, z), int(fields[1]), _STATES.get(fields[0]) is Motion.RUNNING
    except ValueError:
        return None, 0, False
