"""Klipper through Moonraker: a program uploaded, started and watched; stopped by cancelling it, or at once by an emergency stop.

Sources: Moonraker's web API (moonraker.readthedocs.io) and Klipper's status reference. Klipper reads a file some 2 s ahead of the motion and
cancels only behind what it has planned; the pressure box cuts the ink at once, so the rest of those 2 s runs dry, and the position is
kept. Where no box can cut (a `valve`), and where cancelling fails, an emergency stop switches all pins off and loses the position.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from typing import Any

from ...kernel.rig import ANALOG
from ..analog import channels
from ..arcs import LEAST_UM, TOLERANCE_UM, wanted
from ..controller import ControllerError, Gate, Halt, Motion, Position, Seat, Status
from ..dialects.klipper import KLIPPER
from ..moonraker import Moonraker, MoonrakerError

REPLY_S = 2.0
LOAD_S = 60.0
#: Klipper plans up to 2 s ahead (BUFFER_TIME_HIGH of its toolhead); so long a cancelled print may still move.
STOP_S = 4.0
UM = 1000.0
#: A box that has not cut by then does not cut: the emergency stop does.
DRY_S = 0.2
#: Where programs lie among the machine's files.
FOLDER = "wetprint"

_STATES = {
    "standby": Motion.IDLE,
    "printing": Motion.RUNNING,
    "paused": Motion.HELD,
    "complete": Motion.DONE,
    "cancelled": Motion.IDLE,
    "error": Motion.FAILED,
}


class Klipper:
    def __init__(self, seat: Seat) -> None:
        self._gate = Gate()
        self._rig = seat.rig
        self._outputs = sorted({n.output for n in seat.rig.nozzles})
        self._pins = {f"valve{o}": "opens the valve" for o in self._outputs}
        self._pins |= {f"pressure{c}": "sets the pressure" for c in channels(seat.rig)}
        self._boxes = all(
            seat.rig.dispensers[n.dispenser].kind not in ("valve", ANALOG)
            for n in seat.rig.nozzles
            if n.dispenser in seat.rig.dispensers
        )
        self._url = seat.rig.controller.transport
        self._listener = seat.listener
        self._line: Moonraker | None = None
        self._ends: list[int] = []
        self._program = ""

    def fileno(self) -> int:
        return -1

    def connect(self, timeout_s: float) -> str:
        try:
            self._line = Moonraker(self._url, "stage", self._listener)
            found = self._line.ask("/printer/info", timeout_s)
        except MoonrakerError as reason:
            raise ControllerError("M630", f"controller: {reason}") from None
        return f"Klipper {found.get('software_version', '')}".strip()

    def _call(self, do: Callable[[Moonraker], Any]) -> Any:
        if self._line is None:
            raise ControllerError("M630", "the controller is not connected")
        try:
            return do(self._line)
        except MoonrakerError as reason:
            raise ControllerError("M631", f"the controller: {reason}") from None

    def _script(self, text: str) -> None:
        self._call(lambda line: line.tell("/printer/gcode/script", REPLY_S, script=text))

    def _look(self, timeout_s: float = REPLY_S) -> dict[str, Any]:
        names = {
            "webhooks": "", "print_stats": "", "virtual_sdcard": "", "motion_report": "", "toolhead": "",
            **{f"output_pin {pin}": "" for pin in self._pins},
        }  # fmt: skip
        found = self._call(lambda line: line.ask("/printer/objects/query", timeout_s, **names))
        status = found.get("status") if isinstance(found, dict) else None
        if not isinstance(status, dict) or len(_place(status)) != 3:
            raise ControllerError("M631", "the controller tells no state that is understood")
        return status

    def prepare(self) -> str:
        self._gate.open()
        status = self._look()
        hooks = status.get("webhooks", {})
        if hooks.get("state") != "ready":
            raise ControllerError(
                "M634",
                f"Klipper is {hooks.get('state')}: {str(hooks.get('state_message', '')).strip() or 'no reason given'}",
            )
        homed = status.get("toolhead", {}).get("homed_axes", "")
        lacking = [axis for axis in "xyz" if axis not in homed]
        if lacking:
            raise ControllerError(
                "M634", f"axes {', '.join(lacking)} are not homed (G28): positions mean nothing yet"
            )
        if status["print_stats"].get("state") in ("printing", "paused"):
            raise ControllerError("M634", "the controller is busy with another print")
        for pin, does in self._pins.items():
            if f"output_pin {pin}" not in status:
                raise ControllerError("M634", f"printer.cfg has no [output_pin {pin}]: nothing {does}")
        speed = min(axis.max_speed_um_s for axis in self._rig.axes.values()) / UM
        have = float(status["toolhead"].get("max_velocity", speed))
        if have < 0.999 * speed:
            raise ControllerError(
                "M634", f"max_velocity is {have:g} mm/s, the rig file says {speed:g}: raise it in [printer]"
            )
        self._cuts_arcs()
        # Pressures are planned for the feeds of the program, whatever someone made of them at the panel.
        self._script("G21\nG90\nM220 S100\n" + self._off())
        return "ready, homed, valves off"

    def _cuts_arcs(self) -> None:
        """Where programs hold arcs: Klipper takes them, and cuts them finely enough."""
        if wanted(self._rig, KLIPPER.round) is None:
            return
        found = self._call(lambda line: line.ask("/printer/objects/query", REPLY_S, configfile="settings"))
        settings = found.get("status", {}).get("configfile", {}).get("settings", {})
        # A chord of c lies c^2 / 8 r off its arc: TOLERANCE_UM at the least radius that is ever written.
        finest = math.sqrt(8.0 * LEAST_UM * TOLERANCE_UM) / UM
        if "gcode_arcs" not in settings:
            raise ControllerError(
                "M634",
                f"the rig file says `arcs = true`; printer.cfg has no [gcode_arcs]: add it with `resolution: {finest:g}`",
            )
        have = float(settings["gcode_arcs"].get("resolution", 1.0))
        if have > 1.001 * finest:
            raise ControllerError(
                "M634",
                f"`resolution` of [gcode_arcs] is {have:g} mm: arcs would become polygons; set it to {finest:g}, or `arcs = false` in the rig file",
            )

    def _off(self) -> str:
        # Valves first, then pressures.
        return "\n".join(f"SET_PIN PIN={pin} VALUE=0" for pin in self._pins)

    def status(self) -> Status:
        status = self._look()
        hooks = status.get("webhooks", {})
        stats = status.get("print_stats", {})
        place = _place(status)
        at = (place[0], place[1], place[2])
        line = bisect_right(self._ends, int(status.get("virtual_sdcard", {}).get("file_position", 0)))
        if hooks.get("state") != "ready":
            return Status(
                Motion.FAILED, line, at, str(hooks.get("state_message", hooks.get("state"))).strip()
            )
        motion = _STATES.get(str(stats.get("state")), Motion.FAILED)
        if not self._program and motion in (Motion.DONE, Motion.FAILED):
            motion = Motion.IDLE
        if (
            motion in (Motion.DONE, Motion.IDLE)
            and float(status["motion_report"].get("live_velocity", 0.0)) > 0
        ):
            # The file is read to its end before the motion is.
            motion = Motion.RUNNING
        # Klipper tells where it reads, seconds ahead of where it moves.
        return Status(
            motion, min(line + 1, max(len(self._ends), 1)), at, str(stats.get("message") or ""), exact=False
        )

    def begin(self, program: bytes, name: str) -> None:
        self._ends = list(accumulate(len(text) + 1 for text in program.split(b"\n")))
        where = f"{FOLDER}-{name}"
        self._call(lambda line: line.upload(where, program, LOAD_S))
        self._gate.passed(name)
        self._program = name
        try:
            self._call(lambda line: line.tell("/printer/print/start", LOAD_S, filename=where))
        except ControllerError:
            # It may have been heard, and a print must not be started twice.
            if self._look()["print_stats"].get("state") != "printing":
                self._program = ""
                raise

    def cut(self, other_channel: Callable[[], object]) -> Halt:
        self._gate.close()
        began = time.monotonic()
        dry = other_channel()
        running = bool(self._program)
        place: Position | None = None
        line, read_s, told = 0, 0.0, ""
        try:
            status = self._look(0.3)
            x, y, z = _place(status)
            place, read_s = (x, y, z), time.monotonic()
            line = (
                bisect_right(self._ends, int(status.get("virtual_sdcard", {}).get("file_position", 0))) + 1
                if running
                else 0
            )
        except ControllerError as reason:
            told = reason.message
        while running and not dry and self._boxes and time.monotonic() - began < DRY_S:
            time.sleep(0.005)
            dry = other_channel()
        stopped = False
        if self._boxes and not told:
            stopped, told = (
                self._cancel()
                if dry or not running
                else (False, "the pressure boxes do not confirm their cut")
            )
        if not stopped:
            try:
                Moonraker(self._url, "stage guard", self._listener).tell(
                    "/printer/emergency_stop", 1.0, urgent=True
                )
                stopped, told = True, told or "stopped by an emergency stop: restart Klipper and home it"
            except MoonrakerError as reason:
                told = str(reason)
        self._program = ""
        return Halt(place, line, stopped, stopped, told, running, read_s, exact=False, runs_on=running)

    def _cancel(self) -> tuple[bool, str]:
        assert self._line is not None
        try:
            if self._look(0.3).get("print_stats", {}).get("state") in ("printing", "paused"):
                Moonraker(self._url, "stage guard", self._listener).tell(
                    "/printer/print/cancel", STOP_S, urgent=True
                )
            deadline = time.monotonic() + STOP_S
            while float((status := self._look(0.3))["motion_report"].get("live_velocity", 0.0)) > 0:
                if time.monotonic() > deadline:
                    return False, "the stage does not come to rest"
                time.sleep(0.02)
            if status.get("print_stats", {}).get("state") == "printing":
                return False, "the print goes on"
            self._script(self._off())
        except (ControllerError, MoonrakerError) as reason:
            return False, str(reason)
        return True, ""

    def ink_is_off(self) -> bool | None:
        try:
            status = self._look(0.5)
        except ControllerError:
            return None
        if status.get("webhooks", {}).get("state") == "shutdown":
            # Pins take their shutdown_value then, which is 0 unless printer.cfg says otherwise.
            return True
        values = [status.get(f"output_pin valve{o}", {}).get("value") for o in self._outputs]
        return None if None in values else not any(float(v) for v in values)

    def close(self) -> None:
        if self._line is not None:
            self._line.close()


def _place(status: dict[str, Any]) -> list[float]:
    try:
        return [float(v) * UM for v in status["motion_report"]["live_position"][:3]]
    except (KeyError, TypeError, ValueError):
        return []
