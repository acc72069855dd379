"""Klipper behind Moonraker on HTTP, as their documents describe them: files uploaded and printed, states queried, stops.

From moonraker.readthedocs.io and klipper3d.org: JSON over HTTP; a file is read about 2 s ahead of the motion; cancelling waits for what is
planned; an emergency stop switches all pins to their shutdown value and leaves Klipper shut down until it is restarted.
"""

from __future__ import annotations

import json
import math
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np

from .aerobasic import Schedule, Step, schedule
from .world import World

MM = 1000.0
#: How far the file is read ahead (s).
AHEAD_S = 2.0
_WORD = re.compile(r"([XYZIJF])(-?[\d.]+)")
_TURN = {"G1": 0, "G2": -1, "G3": 1}
_PIN = re.compile(r"SET_PIN PIN=valve(\d+) VALUE=([01])")


class Moonraker:
    """The server. Faults: `silent` answers nothing, `refuse` is a word in a path that is answered by an error."""

    def __init__(self, world: World, port: int = 0) -> None:
        self.world = world
        self.silent = False
        self.refuse = ""
        self.state = "ready"
        self.homed = "xyz"
        self.max_velocity = float(world.stage.max_speed_um_s.max()) / MM
        #: How long a piece is into which [gcode_arcs] cuts an arc; 0 without that section.
        self.resolution_mm = 0.0
        self.files: dict[str, bytes] = {}
        self._stats = "standby"
        self._message = ""
        self._plan: Schedule | None = None
        self._ends: list[int] = []
        self._lock = threading.RLock()
        emulator = self

        #: The feed override of the panel, per cent.
        self.override = 100.0

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Answers leave at once, not when what went before was acknowledged (up to 40 ms).
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                emulator._serve(self)

            do_POST = do_GET  # noqa: N815 (the name that http.server calls)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """A client that is gone is none of the machine's business."""

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = int(self._server.server_address[1])
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="moonraker", daemon=True
        ).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    # HTTP

    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        if self.silent:
            request.close_connection = True
            return
        parts = urlsplit(request.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        try:
            if self.refuse and self.refuse in request.path:
                raise _RefusedError(f"{self.refuse} is refused to order")
            code, content = 200, {"result": self._answer(parts.path, query, body)}
        except _RefusedError as reason:
            code, content = 400, {"error": {"code": 400, "message": str(reason)}}
        data = json.dumps(content).encode()
        request.send_response(code)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    def _answer(self, path: str, query: dict[str, str], body: bytes) -> Any:
        if path != "/printer/objects/query":
            self.world.note(
                "moonraker", f"{path} {query.get('script') or query.get('filename') or ''}".strip()
            )
        if path == "/printer/info":
            return {"state": self.state, "state_message": "", "software_version": "v0.12 (emulated)"}
        if path == "/printer/objects/query":
            with self._lock:
                return {"eventtime": self.world.now(), "status": self._status(query)}
        if path == "/server/files/upload":
            name = re.search(rb'filename="([^"]+)"', body)
            if name is None:
                raise _RefusedError("no file in the upload")
            begin = body.index(b"\r\n\r\n", name.end()) + 4
            self.files[name[1].decode()] = body[begin : body.rindex(b"\r\n--")]
            return {"item": {"path": name[1].decode()}}
        if path == "/printer/emergency_stop":
            with self._lock:
                self._halt()
                self.state, self._stats, self.homed = "shutdown", "error", ""
            return "ok"
        if self.state != "ready":
            raise _RefusedError("Klippy is not ready")
        if path == "/printer/print/start":
            with self._lock:
                self._start(query.get("filename", ""))
            return "ok"
        if path == "/printer/print/cancel":
            self._cancel()
            return "ok"
        if path == "/printer/gcode/script":
            self._script(query.get("script", ""))
            return "ok"
        raise _RefusedError(f"{path} is not known")

    # The machine

    def _status(self, names: dict[str, str]) -> dict[str, Any]:
        now = self.world.now()
        if self._plan is not None and self._stats == "printing" and now >= self._plan.end_s:
            self._stats = "complete"
        place = (self.world.position(now) / MM).tolist()
        found: dict[str, Any] = {
            "webhooks": {
                "state": self.state,
                "state_message": "" if self.state == "ready" else "Emergency stop",
            },
            "print_stats": {"state": self._stats, "message": self._message},
            "virtual_sdcard": {"file_position": self._read(now)},
            "motion_report": {
                "live_position": [round(v, 6) for v in place] + [0.0],
                "live_velocity": self.world.speed(now) / MM,
            },
            "configfile": {
                "settings": {"gcode_arcs": {"resolution": self.resolution_mm}} if self.resolution_mm else {}
            },
            "toolhead": {"homed_axes": self.homed, "max_velocity": self.max_velocity},
        }
        for wire in self.world.wiring:
            found[f"output_pin valve{wire.output}"] = {"value": float(self.world.output(wire.output, now))}
        return {name: found[name] for name in names if name in found}

    def _read(self, now: float) -> int:
        plan = self._plan
        if plan is None or not plan.line_number:
            return 0
        at = int(plan.line_time.searchsorted(now + AHEAD_S, "right")) - 1
        line = plan.line_number[max(at, 0)]
        if now + AHEAD_S >= plan.end_s:
            return self._ends[-1]
        return self._ends[line - 1]

    def _start(self, name: str) -> None:
        if name not in self.files:
            raise _RefusedError(f"Unable to open file {name}")
        if self._stats == "printing":
            raise _RefusedError("SD busy")
        data = self.files[name]
        self._ends = np.cumsum([len(text) + 1 for text in data.split(b"\n")]).tolist()
        now = self.world.now()
        plan = schedule(
            _steps(data.decode("ascii"), self.resolution_mm),
            now,
            self.world.position(now),
            self.world.stage,
            self.override / 100.0,
        )
        if plan.path is not None:
            self.world.move(plan.path)
        for at, output, level in plan.outputs:
            self.world.set_output(output, level, at)
        self._plan, self._stats, self._message = plan, "printing", ""
        if plan.fault is not None:
            self._message = f"Move out of range: line {plan.fault[0]}"

    def _halt(self) -> None:
        now = self.world.now()
        self.world.halt(now)
        for wire in self.world.wiring:
            self.world.set_output(wire.output, False, now)
        self._plan = None

    def _cancel(self) -> None:
        """What is planned runs on: 2 s of motion and of pins."""
        with self._lock:
            end = self.world.now() + AHEAD_S
            running = self._plan is not None and self._stats == "printing"
        while running and self.world.now() < end:
            if self.state != "ready":
                return
            threading.Event().wait(0.005)
        with self._lock:
            if running:
                # Pins keep what they have: cancelling switches nothing off by itself.
                self.world.halt(self.world.now())
                self._plan = None
            self._stats = "cancelled"

    def _script(self, text: str) -> None:
        for line in text.split("\n"):
            if found := _PIN.fullmatch(line):
                self.world.set_output(int(found[1]), found[2] == "1", self.world.now())
            elif found := re.fullmatch(r"M220 S([\d.]+)", line):
                self.override = float(found[1])
            elif line not in ("G21", "G90", "G28"):
                raise _RefusedError(f"Unknown command:{line}")
            elif line == "G28":
                self.homed = "xyz"


class _RefusedError(Exception):
    """An answer with an error in it."""


def _steps(text: str, resolution_mm: float) -> list[Step]:
    steps: list[Step] = []
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.partition(";")[0].strip()
        if found := _PIN.fullmatch(line):
            steps.append(Step("output", number, output=int(found[1]), level=found[2] == "1"))
        elif line.startswith("G4 P"):
            steps.append(Step("dwell", number, seconds=float(line[4:]) / 1000.0))
        elif line.startswith("G1 ") or (resolution_mm and line.startswith(("G2 ", "G3 "))):
            words = {k: float(v) for k, v in _WORD.findall(line)}
            x, y, z = (words.get(axis, np.nan) for axis in "XYZ")
            about = (words.get("I", 0.0), words.get("J", 0.0))
            feed = words.get("F", np.nan) / 60.0
            steps.append(
                Step(
                    "move", number, (x, y, z), feed, blended=True, turn=_TURN[line[:2]], centre=about,
                    chords=lambda way_um: max(1, math.floor(way_um / (resolution_mm * MM))),
                )
            )  # fmt: skip
        elif line.startswith(("G2 ", "G3 ")):
            raise _RefusedError(f'Unknown command:"{line[:2]}"')
    return steps
