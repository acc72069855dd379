"""A pressure box without a serial port: pressure set by hand and confirmed, ink by a digital output of the stage alone."""

from __future__ import annotations

from ..dispenser import Belief, Box, DispenserError


class Valve:
    """The operator turns the regulator and says so. The stage's output is the only channel that can cut its ink."""

    def __init__(self, box: Box) -> None:
        self.name = box.name
        self._entry = box.entry
        self._ask = box.ask
        self._wire = box.wire
        self._belief = Belief(None, "not confirmed")

    def prepare(self) -> str:
        self._belief = Belief(0.0, "valve closed")
        return f"valve `{self.name}`: pressure by hand, ink by the stage's output alone"

    def set_pressure(self, kpa: float) -> None:
        if kpa == 0.0:
            # The regulator keeps its setting between filaments: the closed valve holds the ink back.
            return
        low, high = self._entry.pressure_min_kpa, self._entry.pressure_max_kpa
        if not low <= kpa <= high:
            raise DispenserError(
                "M613", f"{kpa:g} kPa: valve `{self.name}` is allowed {low:g} to {high:g} kPa"
            )
        if self._belief.pressure_kpa == kpa:
            return
        self._belief = Belief(None, "being set by hand")
        answer = self._ask(f"Set the regulator of `{self.name}` to {kpa:g} kPa. Is it set?", ("yes", "stop"))
        if answer != "yes":
            raise DispenserError("M639", f"the operator did not set {kpa:g} kPa at `{self.name}`")
        self._belief = Belief(kpa, "confirmed by the operator")

    def belief(self) -> Belief:
        return self._belief

    def cut(self) -> bool:
        return False

    def secure(self) -> bool:
        return False

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        self._wire.close()
