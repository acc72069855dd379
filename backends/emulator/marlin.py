"""Marlin 2 on a pseudo-terminal, as its source and documents describe it: line numbers, checksums, resends, small buffers.

From marlinfw.org and MarlinFirmware/Marlin: `N..*checksum` lines in order or `Error:...`, `Resend: N`, `ok`; 128 bytes of receive buffer,
4 commands and 16 blocks (15 free at most) ahead; `ok N P B` (ADVANCED_OK); `echo:busy: processing` every 2 s in a long command; fan speeds
travel with blocks; M114 tells the steppers' own counts; with the emergency parser M410 stops at once, and moves that come within a second
after it are dropped; software endstops clip a move instead of refusing it.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from .board import Board
from .queue import Block, Planner
from .rounds import ArcError, chords, measure
from .world import World

RX_BYTES, COMMANDS, BLOCKS = 128, 4, 16
MM = 1000.0
BUSY_S = 2.0
#: A wait for an instant ends this much after it (s of the host).
WAKE_S = 1e-6
#: For so long after a quick stop all moves are dropped.
CLEANING_S = 1.0
STEPS_MM = 10_000.0

_WORD = re.compile(r"([A-Z])([-+]?(?:\d+\.?\d*|\.\d+))")
_URGENT = re.compile(rb"(?:^|\n)(?:N\d+ ?)?(M112|M410)\b")


@dataclass
class Faults:
    """What goes wrong, to order. All may be changed while it runs."""

    #: Nothing is answered from now on.
    silent: bool = False
    #: So many next `ok` are not sent.
    lost_ok: int = 0
    #: So many next lines arrive with a bit changed.
    corrupt: int = 0
    #: The next command that matches ends in kill().
    kill: str = ""


class _StoppedError(Exception):
    """The command in work is broken off."""


class Marlin(Board):
    """One board with fans 0 to 7 as outputs."""

    def __init__(self, world: World, *, emergency: bool = True, advanced_ok: bool = True) -> None:
        self.world = world
        self.faults = Faults()
        self.planner = Planner(world)
        self.emergency, self.advanced_ok = emergency, advanced_ok
        #: MIN_ARC_SEGMENT_MM as delivered.
        self.arc_segment_mm = 0.1
        rates = (world.stage.max_speed_um_s / MM).tolist()
        gain = world.stage.acceleration_um_s2 / MM
        self.settings = {"M92": [STEPS_MM] * 3, "M203": rates, "M201": [gain] * 3}
        self._rx = bytearray()
        self._queue: deque[tuple[int | None, str]] = deque()
        self._last = 0
        self._feed = 0.0
        #: The feed override of the panel, per cent.
        self.override = 100.0
        self._fans: dict[int, bool] = {}
        self._planned: dict[int, bool] = {}
        self._clean_s = -1.0
        self._free_s = 0.0
        self._dead = False
        self._urgent = b""
        super().__init__("marlin")

    def power_cycle(self) -> None:
        """Off and on: fans off, motion stops where it is, what was buffered is gone."""
        with self._change:
            now = self.world.now()
            self.planner.hold(now)
            self.planner.flush()
            for output in list(self._planned):
                self.world.set_output(output, False, now)
            self._fans, self._planned = {}, {}
            self._rx.clear()
            self._queue.clear()
            self._last, self._dead = 0, False
            self._change.notify_all()
        self._say("start")
        self._say("echo:Marlin 2.1.2 (emulated)")

    def _say(self, text: str) -> None:
        if not self.faults.silent:
            self.line.say(text.encode() + b"\n")

    # What comes in

    def _take(self, data: bytes) -> None:
        with self._change:
            if self.emergency:
                self._urgent = (self._urgent + data)[-64:]
                while found := _URGENT.search(self._urgent):
                    self._urgent = self._urgent[found.end() :]
                    self._stop(found[1].decode())
            room = RX_BYTES - len(self._rx)
            self._rx += data[: max(room, 0)]
            self._change.notify_all()

    def _stop(self, what: str) -> None:
        now = self.world.now()
        self.world.note("marlin", what)
        if what == "M112":
            self._kill()
            return
        self.planner.hold(now)
        self.planner.flush()
        # The fans' planned levels went with the blocks: what stands is what was switched so far.
        self._planned = {o: self.world.output(o, now) for o in self._planned}
        self._clean_s = now + CLEANING_S * self.world.scale

    def _kill(self) -> None:
        now = self.world.now()
        self.planner.hold(now)
        self.planner.flush()
        self._dead = True
        self._say("Error:Printer halted. kill() called!")

    def _lines(self) -> None:
        """Move whole lines from the receive buffer to the queue of commands."""
        while len(self._queue) < COMMANDS and b"\n" in self._rx:
            end = self._rx.index(b"\n")
            raw = bytes(self._rx[:end])
            del self._rx[: end + 1]
            if self.faults.corrupt and raw.startswith(b"N"):
                self.faults.corrupt -= 1
                raw = raw[:-5] + bytes([raw[-5] ^ 1]) + raw[-4:]
            text = raw.decode("ascii", "replace").strip()
            if not text:
                continue
            number: int | None = None
            if text.startswith("N"):
                found = re.fullmatch(r"N(\d+)\s*(.*?)\*(\d+)", text)
                if found is None:
                    self._again("No Checksum with line number")
                    return
                total = 0
                for byte in text[: text.rindex("*")].encode("ascii", "replace"):
                    total ^= byte
                if total != int(found[3]):
                    self._again("checksum mismatch")
                    return
                number = int(found[1])
                if number != self._last + 1 and "M110" not in text:
                    self._again("Line Number is not Last Line Number+1")
                    return
                self._last, text = number, found[2]
            self._queue.append((number, text))

    def _again(self, why: str) -> None:
        self._rx.clear()
        self._say(f"Error:{why}, Last Line: {self._last}")
        self._say(f"Resend: {self._last + 1}")
        self._say("ok")

    # Commands

    def _work(self) -> None:
        while True:
            with self._change:
                self._lines()
                if not self._queue:
                    self._change.wait(0.25)
                    if not self._open:
                        return
                    continue
                number, text = self._queue.popleft()
                if self._dead:
                    continue
            with suppress(_StoppedError):
                self._command(text)
            self.world.note("marlin", text)
            if self.faults.lost_ok:
                self.faults.lost_ok -= 1
                continue
            tail = ""
            if self.advanced_ok and number is not None:
                free = BLOCKS - 1 - min(self.planner.waiting(self.world.now()), BLOCKS - 1)
                tail = f" N{number} P{free} B{COMMANDS - 1 - min(len(self._queue), COMMANDS - 1)}"
            self._say("ok" + tail)

    def _command(self, text: str) -> None:
        words = {letter: float(value) for letter, value in _WORD.findall(text.upper())[1:]}
        head = re.match(r"[GMT]\d+", text.upper())
        code = head[0] if head else ""
        if self.faults.kill and re.search(self.faults.kill, text):
            self.faults.kill = ""
            self._kill()
            raise _StoppedError
        if code in ("G0", "G1"):
            self._move(words)
        elif code in ("G2", "G3"):
            self._arc(words, code == "G3")
        elif code == "G4":
            end = self._drained() + words.get("P", 0.0) / 1000.0 + words.get("S", 0.0)
            self._until(lambda: self.world.now() >= end, end)
            self._free_s = end
        elif code == "M400":
            self._drained()
        elif code in ("M106", "M107"):
            self._fans[int(words.get("P", 0))] = code == "M106" and words.get("S", 255.0) > 0
            with self._change:
                now = self.world.now()
                if not self.planner.waiting(now):
                    # `Off` that comes late because the host of a fast clock was busy counts from when its move ended.
                    rest_s = max(self.planner.rest_s, self._free_s)
                    self._switch(rest_s if code == "M107" and rest_s else now)
                    if code == "M106":
                        # Nor does `off` come before an `on` that it follows.
                        self._free_s = now
        elif code == "M114":
            self._position()
        elif code == "M115":
            self._say(
                "FIRMWARE_NAME:Marlin 2.1.2 (emulated) SOURCE_CODE_URL:- PROTOCOL_VERSION:1.0 MACHINE_TYPE:- UUID:-"
            )
            self._say(f"Cap:EMERGENCY_PARSER:{int(self.emergency)}")
            self._say("Cap:ARCS:1")
        elif code == "M503":
            for name, values in self.settings.items():
                self._say(
                    f"echo:  {name} " + " ".join(f"{a}{v:.2f}" for a, v in zip("XYZ", values, strict=True))
                )
        elif code == "M92":
            self._say(
                "echo:M92 "
                + " ".join(f"{a}{v:.2f}" for a, v in zip("XYZ", self.settings["M92"], strict=True))
            )
        elif code == "M220":
            self.override = words.get("S", self.override)
        elif code == "M110":
            self._last = int(words.get("N", 0))
        elif code not in ("G21", "G90", "M204", "M205", "M410", "M105"):
            self._say(f'echo:Unknown command: "{text}"')

    def _position(self) -> None:
        with self.world.lock:
            now = self.world.now()
            goal = (np.asarray(self.planner.goal_um(now)) / MM).tolist()
            count = np.rint(self.world.position(now) / MM * STEPS_MM).astype(int).tolist()
        x, y, z = goal
        self._say(f"X:{x:.2f} Y:{y:.2f} Z:{z:.2f} E:0.00 Count X:{count[0]} Y:{count[1]} Z:{count[2]}")

    def _arc(self, words: dict[str, float], left: bool) -> None:
        """Pieces of `arc_segment_mm`, the last a little longer (ARC_SUPPORT of Marlin's source), each a move of its own."""
        with self._change:
            here = np.array(self.planner.goal_um(self.world.now()), dtype=float)
        goal = np.array([words.get(a, here[k] / MM) * MM for k, a in enumerate("XYZ")])
        centre = (float(here[0]) + words.get("I", 0.0) * MM, float(here[1]) + words.get("J", 0.0) * MM)
        try:
            sweep, radius, _ = measure(here, goal, centre, left)
        except ArcError as reason:
            self._say(f"Error:{reason}")
            return
        count = max(1, int(abs(sweep) * radius / (self.arc_segment_mm * MM)))
        feed = {"F": words["F"]} if "F" in words else {}
        for point in chords(here, goal, centre, left, count):
            self._move({**dict(zip("XYZ", (point / MM).tolist(), strict=True)), **feed})

    def _move(self, words: dict[str, float]) -> None:
        stage = self.world.stage
        if "F" in words:
            self._feed = words["F"] * MM / 60.0
        with self._change:
            goal = np.array(self.planner.goal_um(self.world.now()), dtype=float)
        for k, letter in enumerate("XYZ"):
            if letter in words:
                goal[k] = round(words[letter] * STEPS_MM) / STEPS_MM * MM
        goal = np.clip(goal, stage.min_um, stage.max_um)
        self._until(lambda: self.planner.waiting(self.world.now()) < BLOCKS - 1)
        with self._change:
            now = self.world.now()
            if now < self._clean_s or np.abs(goal - self.planner.goal_um(now)).max() < 0.5 * MM / STEPS_MM:
                return
            turns = tuple((o, on) for o, on in self._fans.items() if self._planned.get(o, False) != on)
            self._planned |= self._fans
            self.planner.add(Block(goal, max(self._feed * self.override / 100.0, 1.0), turns), now)

    def _switch(self, now: float) -> None:
        for output, on in self._fans.items():
            if self._planned.get(output, False) != on:
                self.world.set_output(output, on, now)
        self._planned |= self._fans

    def _drained(self) -> float:
        """Wait until nothing moves; the instant at which that was."""
        came = self.world.now()
        self._until(lambda: not self.planner.waiting(self.world.now()))
        with self._change:
            at = max(self.planner.rest_s, self._free_s) if self.planner.rest_s >= came else self.world.now()
            self._switch(at)
        return at

    def _until(self, done: Callable[[], bool], end: float = np.inf) -> None:
        busy = time.monotonic() + BUSY_S
        with self._change:
            while not done():
                if not self._open or self._dead:
                    raise _StoppedError
                soon = (min(self.planner.next_end_s(), end) - self.world.now()) / self.world.scale
                self._change.wait(max(min(soon, 0.25), 0.0) + WAKE_S)
                if time.monotonic() > busy:
                    busy += BUSY_S
                    self._say("echo:busy: processing")


def on_a_line(world: World, port: int) -> Marlin:
    """A board that is ready; a pseudo-terminal has no port."""
    return Marlin(world)
