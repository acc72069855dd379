"""A Nordson EFD Ultimus V on a real pseudo-terminal: dialogue, checksums, units, toggling DI, and faults to order.

Assumed where the manual's words are not at hand: switching the mode ends a latched cycle; an EOT ends any dialogue.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..ultimus_frames import (
    ACK,
    ENQ,
    EOT,
    ETX,
    KPA_PER_UNIT,
    NAK,
    STX,
    UNITS,
    FrameError,
    reply,
    unframe,
)
from .pty_line import PtyLine
from .world import World


@dataclass
class BoxFaults:
    """What goes wrong, to order."""

    #: No answer from now on.
    silent: bool = False
    #: So many next ENQ are answered NAK.
    nak: int = 0
    #: So many next frames are answered A2.
    bad: int = 0
    #: The panel locks the unit.
    unit_locked: bool = False
    #: So many next pressure settings are taken with their last two characters swapped (the checksum cannot see it).
    swapped: int = 0
    #: So many next settings are acknowledged and lost.
    lost: int = 0


class UltimusV:
    """One box. `path` is the terminal to open; its truth lives in the world under `name`."""

    def __init__(self, world: World, name: str, *, unit: str = "00") -> None:
        self.world = world
        self.name = name
        self.faults = BoxFaults()
        self.unit = unit
        self.channel = 0
        self.digits = 0
        self._stage = "idle"
        self._held = b""
        self._answer = ""
        self.line = PtyLine(f"ultimus {name}", self._hear)

    @property
    def url(self) -> str:
        return self.line.url

    def close(self) -> None:
        self.line.close()

    def press_foot_pedal(self) -> None:
        """Start or stop a cycle at the panel, as DI does."""
        self._toggle()

    def set_unit_at_panel(self, unit: str) -> None:
        """Someone changes the unit: digits stay, what they mean does not."""
        self.unit = unit
        self._apply()

    # The line

    def _hear(self, data: bytes) -> None:
        for k in range(len(data)):
            self._take(data[k : k + 1])

    def _take(self, byte: bytes) -> None:
        if self.faults.silent:
            return
        if self._stage == "frame" and byte not in (EOT, ENQ, STX):
            self._held += byte
            if byte == ETX:
                self._frame(self._held)
            elif len(self._held) > 300:
                self._stage = "idle"
            return
        if byte == STX and self._stage in ("ready", "frame"):
            self._stage, self._held = "frame", byte
        elif byte == ENQ:
            if self.faults.nak > 0:
                self.faults.nak -= 1
                self._send(NAK)
                return
            self._stage = "ready"
            self._send(ACK)
        elif byte == ACK and self._stage == "answer":
            self._send(reply(self._answer))
            self._stage = "done"
        elif byte == EOT:
            self._stage = "idle"

    def _send(self, data: bytes) -> None:
        self.line.say(data)

    def _frame(self, data: bytes) -> None:
        try:
            body = unframe(data)
        except FrameError:
            body = ""
        with self.world.lock:
            self.world.note(f"ultimus:{self.name}", body or repr(data))
            if self.faults.bad > 0:
                self.faults.bad -= 1
                body = ""
            answer = self._do(body) if body else None
        self._send(reply("A2" if answer is None else "A0"))
        self._stage = "answer" if answer else "ready"
        self._answer = answer or ""

    # What commands do: None for A2, "" for done, text for a query

    def _do(self, body: str) -> str | None:
        command, data = body[:4], body[4:]
        if re.fullmatch(r"E8\d{3}", body):
            return f"D0PD{self.digits:04d}DT00500VC0000"
        match command:
            case "DI  ":
                self._toggle()
            case "TT  " | "MT  ":
                self.world.set_box(self.name, steady=command == "MT  ", latched=False)
            case "PS  " if re.fullmatch(r"\d{4}", data):
                if self.faults.lost > 0:
                    self.faults.lost -= 1
                    return ""
                if self.faults.swapped > 0:
                    self.faults.swapped -= 1
                    data = data[:2] + data[3] + data[2]
                self.digits = int(data)
                self._apply()
            case "CH  " if re.fullmatch(r"\d{3}", data) and int(data) < 400:
                self.channel = int(data)
            case "E6  " if data in UNITS:
                if not self.faults.unit_locked:
                    self.unit = data
                    self._apply()
            case "VS  " if re.fullmatch(r"\d{4}", data):
                pass
            case "UD  ":
                return f"D0Ch{self.channel:03d}PD{self.digits:04d}DT00500"
            case "UA  ":
                return f"D0{self.channel:03d}"
            case "E4  ":
                return f"D0PU{self.unit}"
            case "AU  ":
                steady = self.world.box(self.name).steady
                return f"D0AI0M1S0001D0000000VI0V0001I0001TM{int(steady)}SA000EA000"
            case _:
                return None
        return ""

    def _toggle(self) -> None:
        state = self.world.box(self.name)
        self.world.set_box(self.name, latched=not state.latched)

    def _apply(self) -> None:
        unit, step = UNITS[self.unit]
        self.world.set_box(self.name, pressure_kpa=self.digits * step * KPA_PER_UNIT[unit])
