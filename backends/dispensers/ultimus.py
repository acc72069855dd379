"""Nordson EFD Ultimus V on a serial line: pressure set and read back, steady mode, trigger by the stage's output.

`DI` (start or stop a cycle) is a toggle in steady mode and is never sent. Dialogue: ENQ, box ACK, frame, box A0 or A2; for a
query then ACK, box data frame; EOT at the end (sources in ultimus_frames).
"""

from __future__ import annotations

import re
import threading
import time

from ..dispenser import Belief, Box, DispenserError
from ..transport import TransportError
from ..ultimus_frames import ACK, BAD, ENQ, EOT, ETX, GOOD, KPA, NAK, UNITS, FrameError, frame, unframe
from ..wire import SilenceError

#: Longest wait for one answer (s): a frame of 40 characters takes 4 ms at 115200 baud; the rest is margin (assumed).
STEP_S = 0.25
#: How often a dialogue that failed is held again. Every command that is sent sets a state, so repeating is harmless.
TRIES = 3
#: How long `cut` waits for the box to say that it has understood.
CUT_WAIT_S = 0.02
#: A cut in one write: end any dialogue, ask for the line, set 0. mecode sends frames behind their ENQ in the same way.
CUT = EOT + ENQ + frame("PS", "0000")

_UD = re.compile(r"D0CH(\d{3})PD(\d{4})DT(\d{4,6})", re.IGNORECASE)
_E8 = re.compile(r"D0PD(\d{4})DT(\d{4,6})VC(\d{4})", re.IGNORECASE)
_UNIT = re.compile(r"D0PU(\d\d)", re.IGNORECASE)
_MODE = re.compile(r"D0.*TM(\d)", re.IGNORECASE)


class _CutError(Exception):
    """A cut came in between."""


class Ultimus:
    def __init__(self, box: Box) -> None:
        self.name = box.name
        self._entry = box.entry
        self._wire = box.wire
        self._cut = box.cancel
        self._sending = threading.Lock()
        self._belief = Belief(None, "not asked yet")

    # The dialogue

    def _say(self, data: bytes) -> None:
        # After a cut no byte of an older dialogue may follow: it could bring the pressure back.
        with self._sending:
            if self._cut.is_set():
                raise _CutError
            self._wire.send(data, STEP_S)

    def _hear(self, end: bytes, count: int = 0) -> bytes:
        deadline = time.monotonic() + STEP_S
        while True:
            slice_end = min(deadline, time.monotonic() + 0.005)
            try:
                return self._wire.take(count, slice_end) if count else self._wire.until(end, slice_end, 256)
            except SilenceError:
                if self._cut.is_set():
                    raise _CutError from None
                if time.monotonic() >= deadline:
                    raise

    def _once(self, data: bytes, query: bool) -> str:
        self._wire.forget()
        self._say(ENQ)
        heard = self._hear(b"", 1)
        if heard != ACK:
            raise FrameError("busy (NAK)" if heard == NAK else f"{heard!r} in place of ACK")
        self._say(data)
        verdict = unframe(self._frame())
        if verdict == BAD:
            raise FrameError("the box answers A2: not understood")
        if verdict != GOOD:
            raise FrameError(f"{verdict!r} in place of A0")
        answer = ""
        if query:
            self._say(ACK)
            answer = unframe(self._frame())
        self._say(EOT)
        return answer

    def _frame(self) -> bytes:
        heard = self._hear(ETX)
        # What stands before STX is left over from the line; the checksum judges the rest.
        return heard[max(heard.rfind(b"\x02"), 0) :]

    def _talk(self, command: str, data: str = "", *, query: bool = False, tries: int = TRIES) -> str:
        """One dialogue, held again when it fails. Raises DispenserError M636 (silence, noise) and M630 (line)."""
        what = frame(command, data)
        why = ""
        for attempt in range(tries):
            try:
                with self._wire.lock:
                    return self._once(what, query)
            except SilenceError:
                why = "no answer"
            except FrameError as reason:
                why = str(reason)
            except _CutError:
                raise DispenserError("M636", f"dispenser `{self.name}` was cut") from None
            except TransportError as reason:
                self._belief = Belief(None, "line lost")
                raise DispenserError("M630", f"dispenser `{self.name}`: {reason}") from None
            try:
                self._say(EOT)
            except (TransportError, _CutError):
                break
            time.sleep(0.01 * (attempt + 1))
        self._belief = Belief(None, "UNKNOWN")
        raise DispenserError(
            "M636", f"dispenser `{self.name}`, command {command}: {why}; its state is UNKNOWN"
        )

    # What it offers

    def prepare(self) -> str:
        self._cut.clear()
        self._belief = Belief(None, "not asked yet")
        # Pressure 0 comes first: whatever the unit and mode, 0 is no ink.
        self._talk("PS", "0000")
        self._units()
        self._talk("MT")
        mode = _MODE.match(self._talk("AU", query=True))
        if mode is None or mode[1] != "1":
            raise DispenserError("M637", f"dispenser `{self.name}` is not in steady mode after MT")
        self.set_pressure(0.0)
        return f"Ultimus V `{self.name}`: steady mode, kPa, pressure 0 read back"

    def _units(self) -> None:
        shown = ""
        for _ in range(2):
            unit = _UNIT.match(self._talk("E4", query=True))
            if unit is None:
                raise DispenserError("M638", f"dispenser `{self.name}` does not tell its unit of pressure")
            shown = unit[1]
            if shown == KPA:
                return
            self._talk("E6", KPA)
        name = UNITS.get(shown, (shown, 0.0))[0]
        raise DispenserError(
            "M638",
            f"dispenser `{self.name}` shows {name} and will not change to kPa; its panel may be locked",
        )

    def set_pressure(self, kpa: float) -> None:
        low, high = self._entry.pressure_min_kpa, self._entry.pressure_max_kpa
        if kpa != 0.0 and not low <= kpa <= high:
            raise DispenserError(
                "M613", f"{kpa:g} kPa: dispenser `{self.name}` is allowed {low:g} to {high:g} kPa"
            )
        digits = f"{round(kpa / UNITS[KPA][1]):04d}"
        self._belief = Belief(None, "being set")
        why = ""
        for _ in range(TRIES):
            self._talk("PS", digits)
            # A sum cannot see swapped characters, and a late answer can be an old one: two different questions must agree.
            first = _UD.fullmatch(self._talk("UD", query=True))
            second = first and _E8.fullmatch(self._talk(f"E8{first[1]}", query=True))
            if first and second and first[2] == second[1] == digits:
                self._units_unchanged()
                self._belief = Belief(int(digits) * UNITS[KPA][1], "read back")
                return
            why = first[2] if first else "no number"
        self._belief = Belief(None, "UNKNOWN")
        raise DispenserError("M637", f"dispenser `{self.name}`: {digits} was set and {why} read back")

    def _units_unchanged(self) -> None:
        unit = _UNIT.match(self._talk("E4", query=True))
        if unit is None or unit[1] != KPA:
            self._belief = Belief(None, "UNKNOWN unit")
            raise DispenserError(
                "M638", f"dispenser `{self.name}`: its unit was changed from kPa at the panel"
            )

    def belief(self) -> Belief:
        return self._belief

    def cut(self) -> bool:
        self._cut.set()
        self._belief = Belief(None, "cut, not confirmed")
        try:
            with self._sending:
                self._wire.send(CUT, 0.015, urgent=True)
        except TransportError:
            return False
        deadline = time.monotonic() + CUT_WAIT_S
        if not self._wire.lock.acquire(timeout=CUT_WAIT_S):
            return False
        try:
            while True:
                heard = self._wire.until(ETX, deadline, 256)
                try:
                    if unframe(heard[max(heard.rfind(b"\x02"), 0) :]) == GOOD:
                        return True
                except FrameError:
                    continue
        except (SilenceError, TransportError):
            return False
        finally:
            self._wire.lock.release()

    def secure(self) -> bool:
        """Show that the pressure is 0, in a whole dialogue; True when it was read back."""
        self._cut.clear()
        try:
            self.set_pressure(0.0)
        except DispenserError:
            return False
        return True

    def fileno(self) -> int:
        return self._wire.transport.fileno()

    def close(self) -> None:
        self._wire.close()
