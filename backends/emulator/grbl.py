"""GRBL 1.1h on a pseudo-terminal, as its documents and source describe it: buffers of true size, real-time bytes, laser mode.

From the GRBL wiki and source (gnea/grbl): a receive buffer of 128 bytes whose overflow is lost, 15 blocks of look-ahead, `ok` once
a line is in the planner, `$32=1` lets S change with a G1 without a stop, 0x84 (safety door) brakes, then switches the spindle off,
`~` brings it back before motion, 0x18 stops all and loses the position (ALARM:3) where the stage still moved. Pessimistic: a feed
hold (`!`) leaves the spindle on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from .board import Board
from .queue import Block, Planner
from .rounds import ArcError, chords, measure
from .world import World

RX_BYTES, BLOCKS = 128, 15
LINE_CHARS = 80
MAX_TOOL = 255
#: A wait for an instant ends this much after it (s of the host).
WAKE_S = 1e-6
MM = 1000.0
BANNER = "\r\nGrbl 1.1h ['$' for help]"
#: The spindle's pin is output 0 of the world.
VALVE = 0
#: A report tells overrides and accessories once in so many.
OVERRIDES_EVERY = 10

_WORD = re.compile(r"([A-Z])([-+]?(?:\d+\.?\d*|\.\d+))")
_MODES = frozenset(("G17", "G21", "G90", "G94", "G54", "G49", "G80", "G40", "G92.1"))
_REAL_TIME = frozenset((0x18, 0x3F, 0x21, 0x7E))


@dataclass
class Faults:
    """What goes wrong, to order. All may be changed while it runs."""

    #: Nothing is answered from now on.
    silent: bool = False
    #: So many next `ok` are not sent.
    lost_ok: int = 0
    #: The next lines that match are answered by this error: (pattern, number).
    errors: list[tuple[str, int]] = field(default_factory=list)
    #: The next motion raises this alarm.
    alarm: int = 0


class _ResetError(Exception):
    """The line in work is dropped: GRBL was reset."""


class Grbl(Board):
    """One board. `homed`: False comes up in alarm, as a board with `$22=1` does before `$H`."""

    def __init__(self, world: World, *, homed: bool = True, settings: dict[int, float] | None = None) -> None:
        self.world = world
        self.faults = Faults()
        stage = world.stage
        rates = (stage.max_speed_um_s * 60.0 / MM).tolist()
        gain = stage.acceleration_um_s2 / MM
        self.settings: dict[int, float] = {
            10: 1, 11: stage.corner_um / MM, 12: 0.002, 13: 0, 20: 1, 21: 0, 22: 1, 30: 1000, 31: 0, 32: 1,
            100: 10_000, 101: 10_000, 102: 10_000,
            110: rates[0], 111: rates[1], 112: rates[2], 120: gain, 121: gain, 122: gain,
        }  # fmt: skip
        self.settings |= settings or {}
        self.offset_mm = {"G54": (0.0, 0.0, 0.0), "G92": (0.0, 0.0, 0.0)}
        self.planner = Planner(world)
        self._state = "Idle" if homed else "Alarm"
        self._held_until = 0.0
        self._rx = bytearray()
        self._resets = 0
        self._reports = 0
        #: The feed override of a pendant, per cent.
        self.override = 100
        self._modal()
        super().__init__("grbl")

    def power_cycle(self) -> None:
        """Off and on: outputs off, motion stops where it is, position forgotten."""
        self._reset(lost=True)

    def _modal(self) -> None:
        self._feed = 0.0
        self._spindle, self._s = False, 0.0
        self._last_on = False
        self._tool = 0

    # What comes in

    def _take(self, data: bytes) -> None:
        if self.faults.silent and not any(b in (0x18, 0x84, 0x21) for b in data):
            return
        for byte in data:
            if byte in _REAL_TIME or byte >= 0x80:
                self._real_time(byte)
            else:
                with self._change:
                    if len(self._rx) < RX_BYTES:
                        self._rx.append(byte)
                        if byte == 0x0A:
                            self._change.notify_all()

    def _say(self, text: str) -> None:
        if not self.faults.silent:
            self.line.say(text.encode() + b"\r\n")

    def _real_time(self, byte: int) -> None:
        world = self.world
        with self._change:
            now = world.now()
            if byte == 0x3F:
                self._say(self._report(now))
                return
            if 0x90 <= byte <= 0x9D:
                step = {0x91: 10, 0x92: -10, 0x93: 1, 0x94: -1}.get(byte, 0)
                if byte <= 0x94:
                    self.override = 100 if byte == 0x90 else min(max(self.override + step, 10), 200)
                return
            world.note(
                "grbl", {0x18: "reset", 0x84: "door", 0x21: "hold", 0x7E: "resume"}.get(byte, hex(byte))
            )
            if byte == 0x18:
                self._reset()
            elif byte == 0x84 and self._state != "Alarm":
                if self._state not in ("Door", "Hold"):
                    self._held_until = self.planner.hold(now)
                self._state = "Door"
                # The spindle goes off once the stage stands.
                world.set_output(VALVE, False, max(self._held_until, now))
                self._say("[MSG:Check Door]")
            elif byte == 0x21 and self._state in ("Run", "Idle"):
                if self._moving(now):
                    self._held_until = self.planner.hold(now)
                    self._state = "Hold"
            elif byte == 0x7E and self._state in ("Door", "Hold") and now >= self._held_until:
                world.set_output(VALVE, self._spindle and self._s > 0, now)
                self._state = "Idle"
                self.planner.resume(now)
            self._change.notify_all()

    def _reset(self, lost: bool = False) -> None:
        world = self.world
        with self._change:
            now = world.now()
            moving = world.moving(now) and now < world.paths[-1].end_s
            stands = self._state in ("Door", "Hold") and now >= self._held_until
            if self._state not in ("Door", "Hold"):
                self.planner.hold(now)
            world.outputs = [o for o in world.outputs if o[0] <= now]
            world.set_output(VALVE, False, now)
            self.planner.flush()
            self._rx.clear()
            self._resets += 1
            self._modal()
            alarm = lost or (moving and not stands)
            self._state = "Alarm" if alarm or self._state == "Alarm" else "Idle"
            if alarm and not lost:
                self._say("ALARM:3")
            self._say(BANNER)
            if self._state == "Alarm":
                self._say("[MSG:'$H'|'$X' to unlock]")
            self._change.notify_all()

    def _moving(self, now: float) -> bool:
        return self.planner.waiting(now) > 0

    # What is reported

    def _shown(self, now: float) -> str:
        if self._state == "Door":
            return "Door:2" if now < self._held_until else "Door:0"
        if self._state == "Hold":
            return "Hold:1" if now < self._held_until else "Hold:0"
        if self._state == "Idle" and self._moving(now):
            return "Run"
        return self._state

    def _report(self, now: float) -> str:
        x, y, z = (self.world.position(now) / MM).tolist()
        parts = [self._shown(now), f"MPos:{x:.3f},{y:.3f},{z:.3f}"]
        if int(self.settings[10]) & 2:
            parts.append(f"Bf:{BLOCKS - self.planner.waiting(now)},{RX_BYTES - len(self._rx)}")
        on = self.world.output(VALVE, now)
        parts.append(f"FS:{self.world.speed(now) * 60.0 / MM:.0f},{self._s:.0f}")
        if self._reports % OVERRIDES_EVERY == 0:
            parts += [f"Ov:{self.override},100,100", *(["A:S"] if on else [])]
        self._reports += 1
        return "<" + "|".join(parts) + ">"

    # Lines

    def _work(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: not self._open or b"\n" in self._rx)
                if not self._open:
                    return
                end = self._rx.index(b"\n")
                raw = self._rx[:end].decode("ascii", "replace")
                del self._rx[: end + 1]
                mine = self._resets
            try:
                answer = self._line(raw, mine)
            except _ResetError:
                continue
            with self._change:
                if mine == self._resets:
                    self.world.note("grbl", raw)
                    if answer == "ok" and self.faults.lost_ok:
                        self.faults.lost_ok -= 1
                    else:
                        self._say(answer)

    def _line(self, raw: str, mine: int) -> str:
        text = re.sub(r"\([^)]*\)|;.*|\s", "", raw).upper()
        if len(raw) > LINE_CHARS:
            return "error:14"
        for k, (pattern, number) in enumerate(self.faults.errors):
            if re.search(pattern, text):
                del self.faults.errors[k]
                return f"error:{number}"
        if not text:
            return "ok"
        if text[0] == "$":
            return self._dollar(text)
        if self._state == "Alarm":
            return "error:9"
        words = _WORD.findall(text)
        if _WORD.sub("", text):
            return "error:1"
        return self._words(words, mine)

    def _dollar(self, text: str) -> str:
        if text == "$$":
            for number, value in self.settings.items():
                self._say(
                    f"${number}={value:.3f}"
                    if number > 32 or number in (11, 12)
                    else f"${number}={value:.0f}"
                )
        elif text == "$#":
            for name, place in self.offset_mm.items():
                self._say(f"[{name}:" + ",".join(f"{v:.3f}" for v in place) + "]")
        elif text == "$I":
            self._say("[VER:1.1h.20190825:]")
            self._say("[OPT:V,15,128]")
        elif text == "$G":
            on = "M3" if self._spindle else "M5"
            self._say(
                f"[GC:G1 G54 G17 G21 G90 G94 {on} M9 T{self._tool} F{self._feed * 60 / MM:.0f} S{self._s:.0f}]"
            )
        elif text in ("$X", "$H"):
            self._state = "Idle" if self._state == "Alarm" else self._state
        elif found := re.fullmatch(r"\$(\d+)=([\d.]+)", text):
            if int(found[1]) not in self.settings:
                return "error:3"
            if self._moving(self.world.now()):
                return "error:8"
            self.settings[int(found[1])] = float(found[2])
        else:
            return "error:3"
        return "ok"

    def _words(self, words: list[tuple[str, str]], mine: int) -> str:
        codes, axes, value = [], {}, {}
        if sum(letter + number in ("G0", "G1", "G2", "G3") for letter, number in words) > 1:
            return "error:21"
        once = [letter for letter, _ in words if letter not in "GM"]
        if len(set(once)) < len(once):
            return "error:25"
        for letter, number in words:
            if letter in "GM":
                codes.append(letter + re.sub(r"^0+(?=\d)", "", number))
            elif letter in "XYZ":
                axes[letter] = float(number)
            elif letter in "FSPNIJT":
                value[letter] = float(number)
            else:
                return "error:20"
        for code in codes:
            if code in ("G0", "G1", "G2", "G3", "G4", "M0", "M2", "M3", "M5", "M30") or code in _MODES:
                continue
            return "error:20"
        # A line without a T makes it 0 (gcode.c, step 5).
        tool = int(value.get("T", 0.0))
        if tool > MAX_TOOL:
            return "error:38"
        answer = self._done(codes, axes, value, mine)
        if answer == "ok":
            self._tool = tool
        return answer

    def _done(self, codes: list[str], axes: dict[str, float], value: dict[str, float], mine: int) -> str:
        """Words that can stand in one line, carried out in their order."""
        if "F" in value:
            self._feed = value["F"] * MM / 60.0
        if "S" in value:
            self._s = value["S"]
        if "M3" in codes:
            self._spindle = True
        if "M5" in codes:
            self._spindle = False
        on = self._spindle and self._s > 0
        if "G4" in codes:
            end = self._drained(mine) + value.get("P", 0.0)
            self._until(lambda: self.world.now() >= end, mine, end)
            return "ok"
        moves = bool(axes)
        if moves and ("G2" in codes or "G3" in codes):
            return self._arc(axes, (value.get("I", 0.0), value.get("J", 0.0)), "G3" in codes, on, mine)
        if moves:
            return self._move(axes, on, "G0" in codes, mine)
        if "M3" in codes or "M5" in codes or ("S" in value and self.settings[32]):
            self._switch_at_rest(on, mine)
        if "M0" in codes:
            self._drained(mine)
            with self._change:
                self._state, self._held_until = "Hold", self.world.now()
            self._until(lambda: self._state != "Hold", mine)
        if "M2" in codes or "M30" in codes:
            now = self._drained(mine)
            self._spindle = False
            self._switch(False, now)
            self._say("[MSG:Pgm End]")
        return "ok"

    def _arc(
        self, axes: dict[str, float], about: tuple[float, float], left: bool, on: bool, mine: int
    ) -> str:
        """Chords within $12 of the arc (mc_arc of GRBL's source), each a move of its own."""
        with self._change:
            here = np.array(self.planner.goal_um(self.world.now()), dtype=float)
        goal = np.array([axes.get(a, here[k] / MM) * MM for k, a in enumerate("XYZ")])
        centre = (float(here[0]) + about[0] * MM, float(here[1]) + about[1] * MM)
        try:
            sweep, radius, _ = measure(here, goal, centre, left)
            off = self.settings[12] * MM
            count = int(0.5 * abs(sweep) * radius / np.sqrt(off * (2.0 * radius - off)))
            points = chords(here, goal, centre, left, count)
        except ArcError:
            return "error:33"
        for point in points:
            said = self._move(dict(zip("XYZ", (point / MM).tolist(), strict=True)), on, False, mine)
            if said != "ok":
                return said
        return "ok"

    def _move(self, axes: dict[str, float], on: bool, rapid: bool, mine: int) -> str:
        stage = self.world.stage
        if self._feed <= 0.0 and not rapid:
            return "error:22"
        with self._change:
            goal = np.array(self.planner.goal_um(self.world.now()), dtype=float)
            steps = np.array([self.settings[100 + k] for k in range(3)])
            for k, letter in enumerate("XYZ"):
                if letter in axes:
                    goal[k] = round(axes[letter] * steps[k]) / steps[k] * MM
            outside = (goal < stage.min_um - 1e-6) | (goal > stage.max_um + 1e-6)
            if outside.any() or self.faults.alarm:
                number = self.faults.alarm or 2
                self.faults.alarm = 0
                now = self.world.now()
                self.planner.hold(now)
                self.planner.flush()
                self.world.set_output(VALVE, False, now)
                self._state = "Alarm"
                self._say(f"ALARM:{number}")
                self._say("[MSG:Reset to continue]")
                raise _ResetError
            nowhere = np.abs(goal - self.planner.goal_um(self.world.now())).max() < 0.5 * MM / steps.max()
        if nowhere:
            # No block; in laser mode its S is set once all before it is done (mc_line).
            if self._spindle and self.settings[32]:
                self._switch_at_rest(on and not rapid, mine)
            return "ok"
        turns = () if on == self._last_on else ((VALVE, on),)
        if turns and not self.settings[32]:
            self._switch_at_rest(on, mine)
            turns = ()
        self._until(lambda: self.planner.waiting(self.world.now()) < BLOCKS, mine)
        with self._change:
            if mine != self._resets:
                raise _ResetError
            self._last_on = on
            feed = float(stage.max_speed_um_s.max()) * 2 if rapid else self._feed * self.override / 100.0
            self.planner.add(Block(goal, feed, turns), self.world.now())
        return "ok"

    def _switch(self, on: bool, now: float) -> None:
        with self._change:
            self._last_on = on
            self.world.set_output(VALVE, on, now)

    def _switch_at_rest(self, on: bool, mine: int) -> None:
        # In one: a door or a reset in between would be followed by ink.
        with self._change:
            self._switch(on, self._drained(mine))

    def _drained(self, mine: int) -> float:
        """Wait until nothing moves; the instant at which that was."""
        self._until(lambda: not self._moving(self.world.now()), mine)
        with self.world.lock:
            return max(self.world.now(), 0.0)

    def _until(self, done, mine: int, end: float = np.inf) -> None:  # type: ignore[no-untyped-def]
        """Wait for `done()`; raises _ResetError where a reset comes first."""
        with self._change:
            while True:
                if mine != self._resets or not self._open:
                    raise _ResetError
                if done() and self._state not in ("Door", "Hold"):
                    return
                if done() and self._state == "Alarm":
                    return
                now = self.world.now()
                soon = min(self.planner.next_end_s(), end) - now
                held = self._state in ("Door", "Hold")
                self._change.wait(None if held else max(min(soon / self.world.scale, 0.5), 0.0) + WAKE_S)


def on_a_line(world: World, port: int) -> Grbl:
    """A homed board; a pseudo-terminal has no port."""
    return Grbl(world)
