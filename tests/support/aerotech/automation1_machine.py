"""A machine behind the stand-in package `automation1`: AeroScript as our dialect writes it, run on the emulated stage."""

from __future__ import annotations

import threading
import time
from multiprocessing.connection import Connection, Listener
from typing import Any

import numpy as np
from wetprint.backends.dialects import DIALECTS
from wetprint.backends.emulator.aerobasic import Schedule, Step, schedule
from wetprint.backends.emulator.world import World

MM = 1000.0
AHEAD_S = 0.2


class Machine:
    """`silent`: nothing is answered; `unit` what axes count in; `refuse` a call that is answered by an error."""

    url = "automation1://127.0.0.1"

    def __init__(self, world: World, port: int = 0) -> None:
        self.world = world
        self.silent, self.refuse, self.unit, self.homed, self.fault = False, "", "mm", True, 0
        self.files: dict[str, str] = {}
        self.plan: Schedule | None = None
        self.error = ""
        self._lock = threading.RLock()
        self._open = True
        self._server = Listener(("127.0.0.1", port))
        self.port = int(self._server.address[1])
        self.lines: list[Connection] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        self._open = False
        self._server.close()
        for line in self.lines:
            line.close()

    def _listen(self) -> None:
        while self._open:
            try:
                line = self._server.accept()
            except OSError:
                return
            self.lines.append(line)
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: Connection) -> None:
        while True:
            try:
                what, given = line.recv()
                while self.silent:
                    time.sleep(0.01)
                line.send(self._answer(what, given))
            except (EOFError, OSError, TypeError):
                return

    def _answer(self, what: str, given: tuple[Any, ...]) -> tuple[bool, Any]:
        with self._lock:
            if what not in ("items", "status"):
                self.world.note("automation1", f"{what} {' '.join(map(str, given[:4]))}"[:80].strip())
            if self.refuse == what:
                return False, f"{what} is refused to order"
            try:
                return True, getattr(self, f"do_{what}")(*given)
            except ValueError as reason:
                return False, str(reason)

    def do_name(self) -> str:
        return "stand-in"

    def do_start(self) -> None: ...

    def do_enable(self, axes: list[str]) -> None: ...

    def do_units(self, axis: str) -> str:
        return self.unit

    def do_write_text(self, name: str, text: str) -> None:
        self.files[name] = text

    def do_run(self, task: int, name: str) -> None:
        now = self.world.now()
        plan = schedule(steps(self.files[name]), now, self.world.position(now), self.world.stage)
        if plan.path is not None:
            self.world.move(plan.path)
        for at, output, level in plan.outputs:
            self.world.set_output(output, level, at)
        self.plan, self.error = plan, "" if plan.fault is None else f"line {plan.fault[0]}: {plan.fault[1]}"

    def _state(self, now: float) -> int:
        if self.plan is None:
            return 2
        if now < self.plan.end_s:
            return 4
        return 8 if self.error else 7

    def do_status(self, task: int) -> tuple[int, str]:
        return self._state(self.world.now()), self.error

    def do_items(self, axes: set[Any], tasks: set[Any]) -> tuple[dict[Any, float], dict[Any, float]]:
        now = self.world.now()
        place = dict(zip("XYZ", (self.world.position(now) / MM).tolist(), strict=True))
        kinds = {
            0: place,
            6: dict.fromkeys("XYZ", 1.0),
            7: dict.fromkeys("XYZ", float(self.homed)),
            8: dict.fromkeys("XYZ", float(self.fault)),
        }
        plan, line = self.plan, 0
        if plan is not None and plan.line_number:
            line = plan.line_number[max(int(plan.line_time.searchsorted(now + AHEAD_S, "right")) - 1, 0)]
        return {(i, a): kinds[i][a] for i, a in axes}, {(i, t): float(line) for i, t in tasks}

    def do_stop(self, task: int) -> None:
        self.world.halt(self.world.now())
        self.plan = None

    def do_abort(self, axes: list[str]) -> None:
        self.world.halt(self.world.now())

    def do_digitaloutputset(self, axis: str, output: int, value: int, task: int) -> None:
        if task == 1:
            raise ValueError("task 1 is busy with its program")
        self.world.set_output(output, bool(value), self.world.now())

    def do_digitaloutputget(self, axis: str, output: int, task: int) -> int:
        return int(self.world.output(output, self.world.now()))

    def do_analogoutputset(self, axis: str, output: int, value: float, task: int) -> None:
        self.world.set_analog(output, value, self.world.now())


def steps(text: str) -> list[Step]:
    """A program of ours as steps, by way of its decoder."""
    read = DIALECTS["automation1"].read(text.encode())
    found: list[Step] = []
    bits, before = 0, None
    for k in range(len(read.line)):
        line, out = int(read.line[k]), int(read.outputs[k])
        found += [
            Step("output", line, output=o, level=bool(out >> o & 1))
            for o in range(8)
            if (out ^ bits) >> o & 1
        ]
        bits = out
        goal = read.stage_um[k] / MM
        if read.dwell_s[k]:
            found.append(Step("dwell", line, seconds=float(read.dwell_s[k])))
        else:
            turn = int(np.sign(read.sweep_rad[k]))
            about = tuple((read.centre_um[k] / MM - before).tolist()) if turn else (0.0, 0.0)
            found.append(
                Step(
                    "move",
                    line,
                    tuple(goal.tolist()),
                    float(read.speed_um_s[k]) / MM,
                    blended=True,
                    turn=turn,
                    centre=about,
                )
            )
        before = goal[:2]
    found += [Step("output", line, output=o, level=False) for o in range(8) if bits >> o & 1]
    return found
