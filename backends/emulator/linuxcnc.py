"""LinuxCNC behind linuxcncrsh on TCP, as its manual page says and as the real one was seen to answer (2.8, simulated joints)."""

from __future__ import annotations

import re
import socketserver
import threading
from pathlib import Path

import numpy as np

from .aerobasic import Schedule, Step, schedule
from .world import World

MM = 1000.0
_WORD = re.compile(r"([XYZIJF])(-?[\d.]+)")
_TURN = {"G1": 0, "G2": -1, "G3": 1}
_OUT = re.compile(r"M6([2345]) P(\d+)")
_ANALOG = re.compile(r"M6[78] E(\d+) Q([\d.]+)")


class LinuxCNC:
    """The server. Faults: `silent` answers nothing; `error` is told by the next `get error`."""

    def __init__(self, world: World, port: int = 0) -> None:
        self.world = world
        self.silent = False
        self.error = ""
        self.estop, self.machine, self.homed = False, True, [True, True, True]
        self._mode = "AUTO"
        #: Units of the program before ours, in which positions are told until a client says otherwise.
        self.inches, self._unit = False, "auto"
        #: The feed override of the panel, per cent.
        self.override = 100.0
        self._program, self._steps = "none", list[Step]()
        self._plan: Schedule | None = None
        self._owner: object = None
        self._lock = threading.RLock()
        emulator = self

        class Handler(socketserver.StreamRequestHandler):
            # Answers leave at once, not when what went before was acknowledged (up to 40 ms).
            disable_nagle_algorithm = True

            def handle(self) -> None:
                for raw in self.rfile:
                    answer = emulator._answer(raw.decode().strip(), self)
                    if answer and not emulator.silent:
                        self.wfile.write(answer.encode())

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """A client that is gone is none of the machine's business."""

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = int(self._server.server_address[1])
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="linuxcncrsh", daemon=True
        ).start()

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, line: str, who: object) -> str:
        with self._lock:
            words = line.split()
            if words[:2] == ["hello", "EMC"]:
                return "HELLO ACK EMCNETSVR 1.1\r\n"
            if words[:1] == ["hello"]:
                return "HELLO NAK\r\n"
            if line == "set echo off":
                return "set echo off\r\n"
            if words[:1] == ["get"] and len(words) == 2:
                found = self._get(words[1])
                return "" if found is None else f"{words[1].upper()} {found}\r\n"
            if words[:1] == ["set"] and len(words) > 1:
                right = words[1] in ("verbose", "enable") or who is self._owner
                if words[1:3] == ["enable", "EMCTOO"]:
                    self._owner = who
                done = right and self._set(words[1], line.split(maxsplit=2)[2] if len(words) > 2 else "")
                return f"SET {words[1].upper()} {'ACK' if done else 'NAK'}\n\r"
            return ""

    def _get(self, what: str) -> str | None:
        now = self.world.now()
        running = self._plan is not None and now < self._plan.end_s
        if what == "error":
            told, self.error = self.error or "OK", ""
            return told
        unit = 25.4 * MM if self.inches and self._unit == "auto" else MM
        place = " ".join(f"{v / unit:.6f}" for v in self.world.position(now))
        table = {
            "estop": "ON" if self.estop else "OFF",
            "machine": "ON" if self.machine else "OFF",
            "program_status": "RUNNING" if running else "IDLE",
            "joint_homed": " ".join("YES" if h else "NO" for h in [*self.homed, False, False, False]),
            "feed_override": f"{self.override:g}",
            "linear_unit_conversion": self._unit.upper(),
            "abs_act_pos": place + " 0.000000 0.000000 0.000000",
            "program": self._program,
            "program_line": str(self._line(now)),
            "mode": self._mode,
        }
        return table.get(what)

    def _line(self, now: float) -> int:
        plan = self._plan
        if plan is None or not plan.line_number:
            return 0
        return plan.line_number[max(int(plan.line_time.searchsorted(now, "right")) - 1, 0)]

    def _set(self, what: str, value: str) -> bool:
        world, now = self.world, self.world.now()
        world.note("linuxcnc", f"set {what} {value}".strip())
        if what == "abort":
            world.halt(now)
            self._plan = None
        elif what == "mode":
            self._mode = value.upper()
        elif what == "mdi":
            if not self._output(value, now):
                self.error = f"Unknown word in <{value}>"
        elif what == "open":
            try:
                self._steps = _steps(Path(value).read_text(encoding="ascii"))
                self._program = value
            except (OSError, ValueError) as reason:
                self.error = f"Unable to open file <{value}>: {reason}"
        elif what == "run":
            self._run(now)
        elif what == "linear_unit_conversion":
            self._unit = value.lower()
        elif what == "feed_override":
            self.override = float(value)
        elif what not in ("verbose", "enable", "estop", "machine"):
            return False
        return True

    def _output(self, text: str, now: float) -> bool:
        if analog := _ANALOG.fullmatch(text):
            self.world.set_analog(int(analog[1]), float(analog[2]), now)
            return True
        found = _OUT.fullmatch(text)
        if found is None:
            return False
        self.world.set_output(int(found[2]), found[1] in "24", now)
        return True

    def _run(self, now: float) -> None:
        here = self.world.position(now)
        plan = schedule(self._steps, now, here, self.world.stage, self.override / 100.0)
        if plan.path is not None:
            self.world.move(plan.path)
        for at, output, level in plan.outputs:
            self.world.set_output(output, level, at)
        for at, output, value in plan.analog:
            self.world.set_analog(output, value, at)
        if plan.fault is not None:
            self.error = f"Linear move on line {plan.fault[0]} would exceed a limit"
        self._plan = plan


def _steps(text: str) -> list[Step]:
    steps: list[Step] = []
    for number, raw in enumerate(text.split("\n"), 1):
        line = re.sub(r"\([^)]*\)", "", raw).strip()
        if found := _OUT.fullmatch(line):
            steps.append(Step("output", number, output=int(found[2]), level=found[1] in "24"))
        elif found := _ANALOG.fullmatch(line):
            steps.append(Step("analog", number, output=int(found[1]), value=float(found[2])))
        elif line.startswith("G4 P"):
            steps.append(Step("dwell", number, seconds=float(line[4:])))
        elif line.startswith(("G1 ", "G2 ", "G3 ")):
            words = {k: float(v) for k, v in _WORD.findall(line)}
            x, y, z = (words.get(axis, np.nan) for axis in "XYZ")
            about = (words.get("I", 0.0), words.get("J", 0.0))
            feed = words.get("F", np.nan) / 60.0
            steps.append(
                Step("move", number, (x, y, z), feed, blended=True, turn=_TURN[line[:2]], centre=about)
            )
        elif line and not line.startswith(("G21", "M2")):
            raise ValueError(f"line {number}: {raw}")
    return steps
