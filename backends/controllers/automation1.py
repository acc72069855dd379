"""Aerotech Automation1 through Aerotech's own Python package `automation1`: programs put among the controller's files, run on a task, polled.

The package comes with the Automation1 software (its folder APIs/Python) and is not on PyPI; without it a rig hands programs over by `file:`.
Source: the package's own help and Aerotech's example programs. Never run on a real controller: the tests drive a stand-in that has the same
calls. Two connections are held, so that one call that hangs never holds the other, and every call has a deadline of its own, because the
package waits as long as the controller does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any, TypeVar

from ..analog import channels
from ..controller import ControllerError, Gate, Halt, Motion, Position, Seat, Status

T = TypeVar("T")

#: The package, and what an address begins with.
PACKAGE = "automation1"
REPLY_S = 2.0
#: A program is uploaded, compiled and started within this time (assumed).
LOAD_S = 60.0
#: Longest waits for outputs, for the position and for the stop when ink is cut.
CUT_S, STOP_S = 0.3, 1.0
#: A connection whose last call still hangs after so long is given up.
BUSY_S = 0.1
UM = 1000.0
AXES = ("X", "Y", "Z")
#: Names of task states (TaskState).
_STATES = {
    "Idle": Motion.IDLE,
    "Inactive": Motion.FAILED,
    "Unavailable": Motion.FAILED,
    "ProgramReady": Motion.READY,
    "ProgramRunning": Motion.RUNNING,
    "ProgramFeedhold": Motion.HELD,
    "ProgramPaused": Motion.HELD,
    "ProgramComplete": Motion.DONE,
    "Error": Motion.FAILED,
    "QueueRunning": Motion.RUNNING,
    "QueuePaused": Motion.HELD,
}

MISSING = (
    "Aerotech's Python package `automation1` is not installed here: it comes with the Automation1 software (folder APIs/Python, `pip install` "
    'from there); or set transport = "file:FOLDER" and carry programs over'
)


def lacks_package() -> bool:
    return find_spec(PACKAGE) is None


class _Line:
    """One connection: calls one after the other on a thread of its own, so that each can be given up."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.box: Any = None
        self._busy = threading.Lock()

    def call(self, what: str, do: Callable[[], T], timeout_s: float) -> T:
        """Raises ControllerError M631 where it takes too long, M633 with the controller's words where it is refused."""
        done: list[T] = []
        failed: list[BaseException] = []
        if not self._busy.acquire(timeout=min(timeout_s, BUSY_S)):
            raise ControllerError("M631", f"the controller has not answered yet: no `{what}` goes out")

        def work() -> None:
            try:
                done.append(do())
            except Exception as reason:
                failed.append(reason)
            finally:
                self._busy.release()

        thread = threading.Thread(target=work, name=self.name, daemon=True)
        thread.start()
        thread.join(timeout_s)
        if failed:
            raise ControllerError("M633", f"the controller refuses `{what}`: {failed[0]}") from None
        if not done:
            raise ControllerError("M631", f"the controller gives no answer to `{what}`")
        return done[0]


def _unit(axis: str, box: Any) -> str:
    return str(box.runtime.parameters.axes[axis].units.unitsname.value)


def _set_digital(output: int, task: int, box: Any) -> None:
    box.runtime.commands.io.digitaloutputset("X", output, 0, task)


def _set_analog(channel: int, task: int, box: Any) -> None:
    box.runtime.commands.io.analogoutputset("X", channel, 0.0, task)


class Automation1:
    def __init__(self, seat: Seat) -> None:
        self._gate = Gate()
        self._rig = seat.rig
        self._listener = seat.listener
        self._task = seat.rig.controller.task
        self._outputs = sorted({n.output for n in seat.rig.nozzles})
        self._channels = channels(seat.rig)
        self._main, self._guard = _Line("stage"), _Line("stage guard")
        self._items: Any = None
        self._program = ""

    # The connections

    def fileno(self) -> int:
        return -1

    def _package(self) -> Any:
        if lacks_package():
            raise ControllerError("M630", MISSING)
        import automation1  # type: ignore[import-not-found]

        return automation1

    def _call(
        self, what: str, do: Callable[[Any], T], timeout_s: float = REPLY_S, line: _Line | None = None
    ) -> T:
        line = line or self._main
        if line.box is None:
            raise ControllerError("M630", "the controller is not connected")
        urgent = line is not self._main
        self._listener(line.name, "out", what.encode(), urgent)
        answer = line.call(what, lambda: do(line.box), timeout_s)
        self._listener(line.name, "in", str(answer).encode(), urgent)
        return answer

    def _open(self, line: _Line, timeout_s: float) -> None:
        package = self._package()
        kind, _, host = self._rig.controller.transport.partition(":")
        host = host.removeprefix("//")
        if kind != PACKAGE:
            raise ControllerError(
                "M630",
                f"`{self._rig.controller.transport}` is no address of an Automation1: write `{PACKAGE}://HOST`, `{PACKAGE}:` for this"
                ' computer, or "file:FOLDER"',
            )
        connect = package.Controller.connect
        try:
            line.box = line.call("connect", lambda: connect(host=host) if host else connect(), timeout_s)
        except ControllerError as reason:
            raise ControllerError("M630", f"controller: {reason.message}") from None

    def connect(self, timeout_s: float) -> str:
        self._open(self._main, timeout_s)
        self._open(self._guard, timeout_s)
        name = self._call("name", lambda c: str(c.name))
        # Starting makes the controller ready for programs and motion; where it runs already, nothing happens.
        self._call("start", lambda c: c.start(), LOAD_S)
        return f"Automation1 {name}"

    # Before a print

    def prepare(self) -> str:
        self._gate.open()
        a1 = self._package()
        for axis in AXES:
            unit = self._call(
                f"UnitsName {axis}",
                partial(_unit, axis),
            )
            if unit.strip().lower() != "mm":
                raise ControllerError(
                    "M634",
                    f"axis {axis} counts in `{unit}`, programs are in mm: set its UnitsName and CountsPerUnit",
                )
        state, words, _, _ = self._look(self._main)
        if state is Motion.RUNNING:
            raise ControllerError("M634", f"task {self._task} runs another program")
        if state is Motion.FAILED:
            raise ControllerError("M634", f"task {self._task} is not ready: {words or 'no reason given'}")
        self._call("enable X Y Z", lambda c: c.runtime.commands.motion.enable(list(AXES)), LOAD_S)
        wanted = a1.StatusItemConfiguration()
        names = (a1.AxisStatusItem.DriveStatus, a1.AxisStatusItem.AxisStatus, a1.AxisStatusItem.AxisFault)
        for axis in AXES:
            for item in names:
                wanted.axis.add(item, axis)
        found = self._call("axes", lambda c: c.runtime.status.get_status_items(wanted))
        for axis in AXES:
            drive, state_bits, fault = (int(found.axis.get(item, axis).value) for item in names)
            if fault:
                raise ControllerError(
                    "M634", f"axis {axis} reports fault {fault:#x}: acknowledge it at the machine"
                )
            if not state_bits & int(a1.AxisStatus.Homed):
                raise ControllerError("M634", f"axis {axis} is not homed: its positions mean nothing yet")
            if not drive & int(a1.DriveStatus.Enabled):
                raise ControllerError("M634", f"axis {axis} is not enabled")
        self._all_off(self._main, REPLY_S)
        return "axes in mm, enabled and homed, outputs off"

    def _all_off(self, line: _Line, timeout_s: float) -> None:
        """Valves first, then pressures; on a task of their own, because the print's is busy with its program."""
        beside = self._task + 1
        for output in self._outputs:
            self._call(
                f"DigitalOutputSet(X, {output}, 0)",
                partial(_set_digital, output, beside),
                timeout_s,
                line,
            )
        for channel in self._channels:
            self._call(
                f"AnalogOutputSet(X, {channel}, 0)",
                partial(_set_analog, channel, beside),
                timeout_s,
                line,
            )

    # While it runs

    def _look(self, line: _Line, timeout_s: float = REPLY_S) -> tuple[Motion, str, int, Position]:
        """State of the task with its error in words, line of its program, and where the stage is: line and place of one instant."""
        a1 = self._package()
        if self._items is None:
            self._items = a1.StatusItemConfiguration()
            self._items.task.add(a1.TaskStatusItem.ProgramLineNumber, self._task)
            for axis in AXES:
                self._items.axis.add(a1.AxisStatusItem.PositionFeedback, axis)

        def ask(c: Any) -> tuple[int, str, int, Position]:
            status = c.runtime.tasks[self._task].status
            found = c.runtime.status.get_status_items(self._items)
            x, y, z = (
                float(found.axis.get(a1.AxisStatusItem.PositionFeedback, axis).value) * UM for axis in AXES
            )
            at = int(found.task.get(a1.TaskStatusItem.ProgramLineNumber, self._task).value)
            # The package gives the state as its number or as a member.
            return (
                int(getattr(status.task_state, "value", status.task_state)),
                str(status.error_message),
                at,
                (x, y, z),
            )

        number, words, at, place = self._call("status", ask, timeout_s, line)
        known = {
            int(a1.TaskState[name]): motion
            for name, motion in _STATES.items()
            if name in a1.TaskState.__members__
        }
        if number not in known:
            raise ControllerError("M631", f"the controller tells task state {number}, which is not known")
        return known[number], words, at, place

    def status(self) -> Status:
        state, words, at, place = self._look(self._main)
        if state is Motion.DONE and not self._program:
            state = Motion.IDLE
        # With look-ahead the line is the one that was read last, some moves before the one in motion.
        return Status(state, at, place, words, exact=False)

    def begin(self, program: bytes, name: str) -> None:
        text = program.decode("ascii")
        self._call(f"files.write_text {name}", lambda c: c.files.write_text(name, text), LOAD_S)
        self._gate.passed(name)
        self._program = name
        self._call(f"run {name}", lambda c: c.runtime.tasks[self._task].program.run(name), LOAD_S)

    # Stopping

    def cut(self, other_channel: Callable[[], object]) -> Halt:
        self._gate.close()
        running = bool(self._program)
        halt = Halt(None, 0, False, False, "the controller is not connected", running)
        waited = threading.Event()

        def wait() -> None:
            if not waited.is_set():
                waited.set()
                other_channel()

        for line in (self._guard, self._main):
            halt = self._cut_on(line, wait, running)
            if halt.stopped and halt.ink_off:
                break
        wait()
        self._program = ""
        return halt

    def _cut_on(self, line: _Line, wait: Callable[[], None], running: bool) -> Halt:
        place: Position | None = None
        at, read_s, off, stopped, said = 0, 0.0, False, False, []

        def tried(do: Callable[[], object]) -> bool:
            try:
                do()
                return True
            except ControllerError as reason:
                said.append(reason.message)
                return False

        tried(lambda: self._all_off(line, CUT_S))
        try:
            state, _, at, place = self._look(line, CUT_S)
            read_s, running = time.monotonic(), state is Motion.RUNNING
        except ControllerError as reason:
            said.append(reason.message)
        wait()
        stopped = tried(
            lambda: self._call("stop", lambda c: c.runtime.tasks[self._task].program.stop(), STOP_S, line)
        )
        stopped |= tried(
            lambda: self._call(
                "abort X Y Z", lambda c: c.runtime.commands.motion.abort(list(AXES)), STOP_S, line
            )
        )
        # The program may have opened a valve in between.
        off = tried(lambda: self._all_off(line, CUT_S))
        return Halt(place, at, off, stopped, "; ".join(said), running, read_s, exact=False)

    def ink_is_off(self) -> bool | None:
        def read(c: Any) -> bool:
            io = c.runtime.commands.io
            return not any(int(io.digitaloutputget("X", o, self._task + 1)) for o in self._outputs)

        try:
            return self._call("DigitalOutputGet", read)
        except ControllerError:
            return None

    def close(self) -> None:
        for line in (self._main, self._guard):
            if line.box is not None:
                try:
                    line.call("disconnect", line.box.disconnect, REPLY_S)
                except ControllerError:
                    # It is gone already.
                    continue
                finally:
                    line.box = None
