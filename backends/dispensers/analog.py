"""A pressure regulator on an analog output of the motion controller: programs set it with the motion, so nobody dials it from here."""

from __future__ import annotations

from typing import NoReturn

from ..dispenser import Box, DispenserError


class Analog:
    """Has no line of its own: the controller's driver sets its output to 0 before a print and whenever ink is cut."""

    def __new__(cls, box: Box) -> NoReturn:
        raise DispenserError(
            "M603",
            f"dispenser `{box.name}` is an analog output of the controller, set by its programs: it has no line to open",
        )
