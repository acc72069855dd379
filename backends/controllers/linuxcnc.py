"""LinuxCNC through linuxcncrsh, its remote shell: programs opened and run, polled; aborted, and the outputs then switched off by MDI.

Source: the manual page linuxcncrsh(1), and a LinuxCNC that runs in the tests. Replies name what was asked for, end in `\\r\\n` or `\\n\\r`, and
are missing altogether where a request is not understood. Outputs of M62 to M65 stay as they are through pause, abort and e-stop, so the
pressure box cuts first, and MDI follows once the interpreter is idle.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ..analog import off_lines
from ..controller import ControllerError, Gate, Halt, Motion, Position, Seat, Status
from ..dialects.linuxcnc import LINUXCNC
from ..program_folder import put_program
from ..transport import TransportError, connect
from ..wire import SilenceError, Wire

REPLY_S = 2.0
#: Opening a program lets the interpreter read it once.
LOAD_S = 30.0
STOP_S = 1.0
UM = 1000.0
#: Passwords of linuxcncrsh unless it is started with others. They go over the wire in the clear: they keep nobody out.
HELLO, ENABLE = "EMC", "EMCTOO"

_STATES = {"IDLE": Motion.IDLE, "RUNNING": Motion.RUNNING, "PAUSED": Motion.HELD}


class LinuxCNC:
    def __init__(self, seat: Seat) -> None:
        self._gate = Gate()
        self._rig = seat.rig
        self._entry = seat.rig.controller
        self._listener = seat.listener
        self._folder = seat.folder
        self._off = [f"M65 P{output}" for output in sorted({n.output for n in seat.rig.nozzles})]
        self._off += off_lines(seat.rig, LINUXCNC.analog)
        self._wire: Wire | None = None
        self._guard: Wire | None = None
        self._program = ""

    # The line

    def fileno(self) -> int:
        return -1

    def _open(self, name: str, timeout_s: float) -> Wire:
        try:
            wire = Wire(connect(self._entry.transport, timeout_s), name, self._listener)
        except TransportError as reason:
            raise ControllerError("M630", f"controller: {reason}") from None
        hello = self._exchange(wire, f"hello {HELLO} wetprint 1.0", "HELLO", timeout_s)
        if not hello.startswith("ACK"):
            wire.close()
            raise ControllerError(
                "M632", f"linuxcncrsh answers `{hello}`: is its connection password another one?"
            )
        wire.send(b"set echo off\r\n", timeout_s)
        self._exchange(wire, "set verbose on", "SET VERBOSE", timeout_s)
        return wire

    def _exchange(self, wire: Wire, request: str, head: str, timeout_s: float) -> str:
        """One request and the rest of the line that answers it. Lines that answer something else are passed over."""
        deadline = time.monotonic() + timeout_s
        try:
            with wire.lock:
                wire.forget()
                wire.send(request.encode("utf-8", "surrogateescape") + b"\r\n", timeout_s)
                while True:
                    line = wire.until(b"\n", deadline).decode("utf-8", "replace").strip()
                    if line.upper().startswith(head.upper()):
                        return line[len(head) :].strip()
        except SilenceError:
            raise ControllerError("M631", f"the controller gives no usable answer to `{request}`") from None
        except TransportError as reason:
            raise ControllerError("M630", f"controller: {reason}") from None

    def _get(self, what: str, wire: Wire | None = None, timeout_s: float = REPLY_S) -> str:
        line = wire or self._wire
        if line is None:
            raise ControllerError("M630", "the controller is not connected")
        return self._exchange(line, f"get {what}", what, timeout_s)

    def _set(self, what: str, wire: Wire | None = None, timeout_s: float = REPLY_S) -> None:
        line = wire or self._wire
        if line is None:
            raise ControllerError("M630", "the controller is not connected")
        name = what.split()[0]
        if self._exchange(line, f"set {what}", f"SET {name}", timeout_s) != "ACK":
            raise ControllerError("M633", f"the controller refuses `set {what}`: {self._why(line)}")

    def _why(self, wire: Wire | None = None) -> str:
        try:
            text = self._get("error", wire)
        except ControllerError:
            return "no reason given"
        return "no reason given" if text == "OK" else text

    def connect(self, timeout_s: float) -> str:
        self._wire = self._open("stage", timeout_s)
        self._guard = self._open("stage guard", timeout_s)
        return "LinuxCNC (linuxcncrsh)"

    # Before a print

    def prepare(self) -> str:
        self._gate.open()
        self._set(f"enable {ENABLE}")
        if self._get("estop") != "OFF":
            raise ControllerError(
                "M634", "the emergency stop is on: release it at the machine (`set estop off`)"
            )
        if self._get("machine") != "ON":
            raise ControllerError("M634", "the machine is off: switch it on at its own screen")
        if self._get("program_status") != "IDLE":
            raise ControllerError("M634", "the controller runs another program")
        homed = self._get("joint_homed").split()
        lacking = [str(k) for k in range(3) if homed[k : k + 1] != ["YES"]]
        if lacking:
            raise ControllerError(
                "M634", f"joints {', '.join(lacking)} are not homed: positions mean nothing yet"
            )
        # Positions are told in the units of the last program, inches among them, unless it is said otherwise.
        self._set("linear_unit_conversion mm")
        if (unit := self._get("linear_unit_conversion").lower()) != "mm":
            raise ControllerError("M634", f"the controller tells positions in `{unit}`, not in mm")
        if float(self._get("feed_override")) != 100:
            self._set("feed_override 100")
        # Errors of before are read away, so that what is read later is of this print.
        while self._why() != "no reason given":
            continue
        self._mdi(self._off)
        self._set("mode auto")
        return "on, homed, outputs off"

    def _mdi(self, lines: list[str], wire: Wire | None = None) -> None:
        self._set("mode mdi", wire)
        for line in lines:
            self._set(f"mdi {line}", wire)

    # While it runs

    def _place(self, wire: Wire | None = None, timeout_s: float = REPLY_S) -> Position:
        try:
            x, y, z = (float(v) * UM for v in self._get("abs_act_pos", wire, timeout_s).split()[:3])
        except ValueError:
            raise ControllerError("M631", "the controller does not tell where it is") from None
        return x, y, z

    def status(self) -> Status:
        # The line is asked for before the position, which then lies on it or behind it.
        line = self._line()
        place = self._place()
        motion = _STATES.get(self._get("program_status"))
        if motion is None:
            raise ControllerError("M631", "the controller tells no state that is understood")
        if self._get("machine") != "ON":
            return Status(Motion.FAILED, line, place, f"the machine is off: {self._why()}")
        if motion is Motion.IDLE and self._program:
            why = self._why()
            if why != "no reason given":
                return Status(Motion.FAILED, line, place, why)
            # Idle may be read between the end of the interpreter's work and the end of the motion.
            motion = Motion.DONE
        return Status(motion, line, place)

    def _line(self, wire: Wire | None = None, timeout_s: float = REPLY_S) -> int:
        text = self._get("program_line", wire, timeout_s)
        return int(text) if text.isdigit() else 0

    def begin(self, program: bytes, name: str) -> None:
        path = put_program(self._entry, self._folder, program, name)
        self._set("mode auto")
        self._set(f"open {path}", timeout_s=LOAD_S)
        if self._get("program") != path:
            raise ControllerError("M633", f"the controller did not open {path}: {self._why()}")
        if (why := self._why()) != "no reason given":
            raise ControllerError("M633", f"the controller does not take {name}: {why}")
        self._gate.passed(name)
        self._program = name
        self._set("run", timeout_s=LOAD_S)

    # Stopping

    def cut(self, other_channel: Callable[[], object]) -> Halt:
        self._gate.close()
        running = bool(self._program)
        other_channel()
        halt = Halt(None, 0, False, False, "the controller is not connected", running)
        for wire in (self._guard, None):
            # The guard's own connection first: whatever hangs on the other. Where it is dead, a third may still be had.
            try:
                halt = self._cut_on(wire or self._open("stage rescue", 0.3), running)
            except ControllerError as reason:
                halt = Halt(None, 0, False, False, reason.message, running)
            if halt.stopped:
                break
        self._program = ""
        return halt

    def _cut_on(self, wire: Wire, running: bool) -> Halt:
        place = self._place(wire, 0.3)
        read_s = time.monotonic()
        line = self._line(wire, 0.3) if running else 0
        # Only one connection may command at a time, the last that asked.
        self._set(f"enable {ENABLE}", wire, 0.3)
        self._set("abort", wire, STOP_S)
        deadline = time.monotonic() + STOP_S
        while self._get("program_status", wire, 0.3) != "IDLE":
            if time.monotonic() > deadline:
                return Halt(place, line, False, False, "the program does not end", running, read_s)
            time.sleep(0.005)
        self._mdi(self._off, wire)
        why = self._why(wire)
        off = why == "no reason given"
        return Halt(place, line, off, True, "" if off else why, running, read_s)

    def ink_is_off(self) -> bool | None:
        # linuxcncrsh tells nothing of digital outputs.
        return None

    def close(self) -> None:
        for wire in (self._wire, self._guard):
            if wire is not None:
                wire.close()
