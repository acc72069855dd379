"""Pressure boxes: what every dispenser offers, what is believed about it, and how a rig's entry becomes a driver."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..kernel.rig import Dispenser as DispenserEntry
from .transport import TransportError, connect
from .wire import Listener, Wire, deaf

#: Puts a question to the operator and returns the answer; the choices come as a tuple of words.
Ask = Callable[[str, tuple[str, ...]], str]


class DispenserError(Exception):
    """The box did not do, or cannot be shown to have done, what it was told: its state is UNKNOWN. `code` is M6xx."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Belief:
    """What is known of a box: `pressure_kpa` read back from it, None when UNKNOWN."""

    pressure_kpa: float | None
    text: str = ""


class Dispenser(Protocol):
    """One pressure box. Ink flows when its trigger is on and its pressure is above zero; the trigger is the stage's
    digital output, so a driver only holds the pressure. State is set and read back, never toggled."""

    name: str

    def prepare(self) -> str:
        """Bring the box to pressure 0 in steady mode with known units; returns what it says of itself.

        Raises DispenserError.
        """

    def set_pressure(self, kpa: float) -> None:
        """Set and read back. Raises DispenserError, after which the belief is UNKNOWN."""

    def belief(self) -> Belief:
        """What was last read back, without asking."""

    def cut(self) -> bool:
        """Pressure 0 at once, whatever dialogue is under way. Never raises; True when the box confirmed within some
        20 ms, False when the bytes are out (or the line is dead) and nothing is known."""

    def secure(self) -> bool:
        """After a cut: show in a whole dialogue that the pressure is 0. Never raises; False where that cannot be shown."""

    def fileno(self) -> int:
        """Descriptor of its line for the watchdog to inherit, -1 where there is none."""

    def close(self) -> None: ...


@dataclass(frozen=True)
class Box:
    """What a member of the register needs: the rig's entry, its name, the open line, and someone to ask."""

    name: str
    entry: DispenserEntry
    wire: Wire
    ask: Ask
    cancel: threading.Event


def open_dispenser(
    name: str, entry: DispenserEntry, ask: Ask, *, listener: Listener = deaf, timeout_s: float = 3.0
) -> Dispenser:
    """The driver of a rig's dispenser, its line open, nothing said yet. Raises DispenserError."""
    from .dispensers import DISPENSERS

    if entry.kind not in DISPENSERS:
        near = DISPENSERS.nearest(entry.kind)
        raise DispenserError(
            "M603",
            f"`{entry.kind}` is no dispenser that is known here"
            + (f"; did you mean `{near}`?" if near else f"; known are {', '.join(DISPENSERS.names())}"),
        )
    try:
        line = connect(entry.transport, timeout_s)
    except TransportError as reason:
        raise DispenserError("M630", f"dispenser `{name}`: {reason}") from None
    wire = Wire(line, f"dispenser {name}", listener)
    return DISPENSERS[entry.kind](Box(name, entry, wire, ask, threading.Event()))
