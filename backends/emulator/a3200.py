"""An Aerotech A3200 on TCP, as its ASCII command interface behaves, with faults to order.

Known from public drivers of that interface: LF ends a command; replies begin with `%` (done), `!` (not understood) or `#`
(fault); `~TASK`, `~STOPTASK`, `~STATUS (X, Item) ...`, `~LASTERROR`, `~VERSION`, `PROGRAM n LOAD "file"`, `PROGRAM n START`,
`PROGRAM n STOP`, `AXISSTATUS(X, DATAITEM_...)`, `TASKSTATUS(n, DATAITEM_...)`, task states 0-9. Assumed: the item
MotionLineNumber tells the line in motion; STOP and ~STOPTASK brake at the axes' acceleration and leave outputs as they are.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .aerobasic import _ANALOG, _OUTPUT, ProgramError, Schedule, Step, output_number, parse, schedule
from .profile import Floats
from .world import AXES, World

IDLE, READY, RUNNING, HELD, PAUSED, COMPLETE, ERROR = 2, 3, 4, 5, 6, 7, 8
#: How many lines the reported ProgramLineNumber runs ahead of the motion.
LOOK_AHEAD = 8
#: What one immediate command takes the machine (s, assumed).
COMMAND_S = 0.001
MM = 1000.0


@dataclass
class Faults:
    """What goes wrong, to order. All may be changed while the machine runs."""

    #: Replies go out in pieces of this many bytes, a moment apart; 0 for whole.
    chunk: int = 0
    #: Replies wait and go out two at once.
    merge: bool = False
    decimal_comma: bool = False
    #: No reply at all to commands that match.
    silent: str = ""
    #: `!` or `#` to the next commands that match: list of (pattern, sign).
    refuse: list[tuple[str, str]] = field(default_factory=list)
    #: Commands that match execute only after this long (s): a blocked task.
    block: tuple[str, float] | None = None
    #: The program stops with an error at this line.
    trip_line: int = 0


@dataclass
class Task:
    state: int = IDLE
    steps: list[Step] = field(default_factory=list)
    plan: Schedule | None = None
    error: str = ""
    #: The loaded program laid out from time 0 and from a place, so that its start takes no time.
    ready: tuple[Schedule, Floats] | None = None


class A3200:
    """The server. `port` is free after `close`. All emulated connections share tasks and world."""

    def __init__(self, world: World, port: int = 0) -> None:
        self.world = world
        self.faults = Faults()
        self.tasks = {n: Task() for n in range(33)}
        self.enabled: set[str] = set()
        self.homed = set(AXES)
        self.last_error = ""
        self._open = True
        self._clients: set[socket.socket] = set()
        self._server = socket.create_server(("127.0.0.1", port))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._listen, name="a3200", daemon=True).start()

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._open = False
        self._server.close()
        self.unplug()

    def unplug(self) -> None:
        """Cut every connection."""
        for client in list(self._clients):
            try:
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    # The line

    def _listen(self) -> None:
        number = 0
        while self._open:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            number += 1
            self._clients.add(client)
            threading.Thread(target=self._serve, args=(client, number), daemon=True).start()

    def _serve(self, client: socket.socket, number: int) -> None:
        held, waiting = b"", b""
        task = [0]
        try:
            while self._open:
                data = client.recv(65536)
                if not data:
                    return
                held += data
                arrived, count = self.world.now(), 0
                while b"\n" in held:
                    line, _, held = held.partition(b"\n")
                    self.world.pin(arrived + count * COMMAND_S)
                    count += 1
                    reply = self._answer(line.decode("utf-8", "surrogateescape").strip(), number, task)
                    if reply is None:
                        continue
                    waiting += reply
                    if self.faults.merge and b"\n" in held:
                        continue
                    self._send(client, waiting)
                    waiting = b""
                self.world.pin(None)
        except OSError:
            return
        finally:
            self._clients.discard(client)
            client.close()

    def _send(self, client: socket.socket, data: bytes) -> None:
        size = self.faults.chunk or len(data)
        for k in range(0, len(data), size):
            client.sendall(data[k : k + size])
            if self.faults.chunk:
                time.sleep(0.0005)

    def _answer(self, line: str, client: int, task: list[int]) -> bytes | None:
        if not line:
            return None
        faults = self.faults
        if faults.block and re.search(faults.block[0], line):
            time.sleep(faults.block[1])
            self.world.pin(None)
        with self.world.lock:
            self.world.note(f"a3200:{client}", line)
            for k, (pattern, sign) in enumerate(faults.refuse):
                if re.search(pattern, line):
                    del faults.refuse[k]
                    self.last_error = f"ordered fault in `{line}`"
                    return f"{sign}\n".encode()
            try:
                text = "%" + self._do(line, task)
            except _InvalidError:
                text = "!"
            except _FaultError as reason:
                self.last_error = str(reason)
                text = "#"
        if faults.silent and re.search(faults.silent, line):
            return None
        return (text.replace(".", ",") if faults.decimal_comma else text).encode() + b"\n"

    # What commands do

    def _do(self, line: str, task: list[int]) -> str:
        upper = line.upper()
        if found := re.fullmatch(r"~STATUS\s+(.*)", line, re.IGNORECASE):
            queries = re.findall(r"\(([^)]*)\)", found[1])
            return " ".join(self._item([q.strip() for q in query.split(",")]) for query in queries)
        if found := re.fullmatch(r"(?:AXIS|TASK)STATUS\(([^)]*)\)", line, re.IGNORECASE):
            parts = [q.strip().removeprefix("DATAITEM_") for q in found[1].split(",")]
            return self._item(parts)
        if upper == "~VERSION":
            return "6.05.000 (emulated)"
        if upper == "~LASTERROR":
            return self.last_error
        if found := re.fullmatch(r"~TASK\s+(\d+)", upper):
            task[0] = self._task_number(found[1])
            return ""
        if found := re.fullmatch(r"~STOPTASK(?:\s+(\d+))?", upper):
            self._stop(self._task_number(found[1] or str(task[0])))
            return ""
        if found := _OUTPUT.fullmatch(upper):
            self.world.set_output(output_number(found[1], found[2]), found[3] == "1", self.world.now())
            return ""
        if found := _ANALOG.fullmatch(upper):
            self.world.set_analog(int(found[1]), float(found[2]), self.world.now())
            return ""
        if found := re.fullmatch(r'PROGRAM\s+(\d+)\s+LOAD\s+"(.*)"', line, re.IGNORECASE):
            self._load(self._task_number(found[1]), Path(found[2]))
            return ""
        if found := re.fullmatch(r"PROGRAM\s+(\d+)\s+(START|STOP)", upper):
            number = self._task_number(found[1])
            if found[2] == "START":
                self._start(number)
            else:
                self._stop(number)
            return ""
        if found := re.fullmatch(r"(ENABLE|DISABLE|ABORT|HOME)((?:\s+[XYZ])+)", upper):
            axes = set(found[2].split())
            if found[1] == "ENABLE":
                self.enabled |= axes
            elif found[1] == "DISABLE":
                self.world.halt(self.world.now())
                self.enabled -= axes
            elif found[1] == "ABORT":
                self.world.halt(self.world.now())
                for t in self.tasks.values():
                    if self._state(t) == RUNNING:
                        t.state, t.error = ERROR, "motion was aborted"
            else:
                self.homed |= axes
            return ""
        if upper == "ACKNOWLEDGEALL":
            for t in self.tasks.values():
                if t.state == ERROR:
                    t.state, t.error = IDLE, ""
            return ""
        raise _InvalidError

    def _task_number(self, text: str) -> int:
        if int(text) not in self.tasks:
            raise _InvalidError
        return int(text)

    def _load(self, number: int, path: Path) -> None:
        task = self.tasks[number]
        if self._state(task) == RUNNING:
            raise _FaultError(f"task {number} runs a program")
        try:
            text = path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as reason:
            raise _FaultError(f"program file not found: {reason}") from None
        try:
            task.steps = parse(text)
        except ProgramError as reason:
            raise _FaultError(f"compiler: {reason}") from None
        self.world.fold()
        here = self.world.position(self.world.now())
        task.ready = schedule(task.steps, 0.0, here, self.world.stage), here
        task.state, task.plan, task.error = READY, None, ""

    def _start(self, number: int) -> None:
        task = self.tasks[number]
        if self._state(task) not in (READY, COMPLETE):
            raise _FaultError(f"no program is ready on task {number}")
        if not set(AXES) <= self.enabled:
            raise _FaultError("an axis is not enabled")
        now = self.world.now()
        if self.world.moving(now):
            raise _FaultError("the axes are moving")
        here = self.world.position(now)
        if self.faults.trip_line:
            steps = [s for s in task.steps if s.line < self.faults.trip_line]
            plan = schedule(steps, now, here, self.world.stage)
        elif task.ready is not None and np.array_equal(task.ready[1], here):
            plan = task.ready[0].later(now)
        else:
            plan = schedule(task.steps, now, here, self.world.stage)
        task.ready = None
        if self.faults.trip_line and plan.fault is None:
            plan.fault = (self.faults.trip_line, "ordered fault")
            self.faults.trip_line = 0
        if plan.path is not None:
            self.world.move(plan.path)
        for at, output, level in plan.outputs:
            self.world.set_output(output, level, at)
        for at, output, value in plan.analog:
            self.world.set_analog(output, value, at)
        task.plan, task.state = plan, RUNNING
        self.world.note("a3200", f"program starts on task {number}")

    def _stop(self, number: int) -> None:
        task = self.tasks[number]
        if self._state(task) == RUNNING:
            self.world.halt(self.world.now())
            self.world.note("a3200", "motion stops")
        task.state, task.error = IDLE, ""

    def _state(self, task: Task) -> int:
        if task.state == RUNNING and task.plan is not None and self.world.now() >= task.plan.end_s:
            task.state = ERROR if task.plan.fault else COMPLETE
            if task.plan.fault:
                line, why = task.plan.fault
                task.error = f"line {line}: {why}"
                self.last_error = task.error
        return task.state

    def _line(self, task: Task, ahead: int) -> int:
        plan = task.plan
        if plan is None or not plan.line_number:
            return 0
        at = int(plan.line_time.searchsorted(self.world.now(), "right")) - 1
        return plan.line_number[min(max(at, 0) + ahead, len(plan.line_number) - 1)]

    def _item(self, query: list[str]) -> str:
        if len(query) < 2:
            raise _InvalidError
        who, item = query[0].upper(), query[1].upper()
        if who.isdigit():
            task = self.tasks[self._task_number(who)]
            state = self._state(task)
            if item == "TASKSTATE":
                return str(state)
            if item == "TASKERRORCODE":
                return "1" if state == ERROR else "0"
            if item == "MOTIONLINENUMBER":
                return str(self._line(task, 0))
            if item == "PROGRAMLINENUMBER":
                return str(self._line(task, LOOK_AHEAD if state == RUNNING else 0))
            raise _InvalidError
        if who not in AXES:
            raise _FaultError(f"there is no axis {who}")
        now = self.world.now()
        if item == "POSITIONFEEDBACK":
            return f"{self.world.position(now)[AXES.index(who)] / MM:.6f}"
        if item == "VELOCITYFEEDBACK":
            return f"{self.world.speed(now) / MM:.6f}"
        if item == "AXISFAULT":
            return "0"
        if item == "AXISSTATUS":
            return str(0x1 if who in self.homed else 0)
        if item == "DRIVESTATUS":
            return str(0x02000000 | (0x1 if who in self.enabled else 0))
        if item == "DIGITALOUTPUT":
            word = sum(1 << n for n in range(16) if self.world.output(n, now))
            return str(word if who == "X" else 0)
        raise _InvalidError


class _InvalidError(Exception):
    """`!`"""


class _FaultError(Exception):
    """`#`"""
