"""Analog outputs of a controller that set pressures with the motion: what they are set to for a pressure, before which row, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from ..kernel.diagnostics import Diagnostic, error
from ..kernel.filaments import Floats, Ints
from ..kernel.motion import DWELL, Toolpath
from ..kernel.rig import Dispenser, Rig

#: The line that sets an output: its number, the value as text, whether the stage moves (else it is at rest).
Setting = Callable[[int, str, bool], str]
#: Decimals of a value: volts to 10 uV, and Klipper's 0 to 1 to 1e-5.
DECIMALS = 5
#: What every output is set to where no ink is to flow. A rig's table begins there, or above.
OFF = f"{0.0:.{DECIMALS}f}"


def values_of(box: Dispenser, pressure_kpa: Floats) -> Floats:
    """What the output of an analog dispenser is set to for pressures [N], rounded as it is written; 0 for none."""
    kpa, value = (np.array([getattr(p, name) for p in box.signal]) for name in ("pressure_kpa", "value"))
    return np.where(pressure_kpa > 0.0, np.round(np.interp(pressure_kpa, kpa, value), DECIMALS), 0.0)


def pressures_of(box: Dispenser, value: Floats) -> Floats:
    """Pressures [N] that values [N] of its output give; beyond the table those of its ends, none at 0 and below it."""
    kpa, at = (np.array([getattr(p, name) for p in box.signal]) for name in ("pressure_kpa", "value"))
    return np.where((value > 0.0) & (value >= at[0]), np.interp(value, at, kpa), 0.0)


def channels(rig: Rig) -> list[int]:
    """Numbers of all analog outputs of the rig, rising."""
    return sorted({box.channel for box in rig.analog.values()})


def off_lines(rig: Rig, setting: Setting | None) -> list[str]:
    """Every analog output of the rig at 0, the stage at rest."""
    return [setting(channel, OFF, False) for channel in channels(rig)] if setting is not None else []


def cannot_drive(rig: Rig, dialect: str, setting: object) -> list[Diagnostic]:
    """R523 where the rig sets pressures by outputs that a dialect has not."""
    if setting is not None or not rig.analog:
        return []
    names = ", ".join(f"`{rig.columns[c][1]}`" for c in rig.analog)
    return [
        error(
            "R523",
            f"rig `{rig.name}` sets the pressure of {names} by analog outputs; {dialect} has none that change with the motion",
            notes=(
                "`steps: 5` in a mix of two inks prints it in five premixed inks, from dispensers of another kind",
            ),
        )
    ]


def changes(toolpath: Toolpath, rig: Rig, low: int, high: int) -> Iterator[tuple[int, Ints, Floats]]:
    """For every analog output (its number): rows of low..high-1 before which it changes, from 0 on, and to what. An output that several
    nozzles share has the value of the one that is in use."""
    number: dict[int, list[int]] = {}
    for column, box in rig.analog.items():
        number.setdefault(box.channel, []).append(column)
    for channel, columns in sorted(number.items()):
        value = np.zeros(high - low)
        for column in columns:
            np.maximum(
                value, values_of(rig.analog[column], toolpath.pressure_kpa[low:high, column]), out=value
            )
        rows = np.flatnonzero(np.diff(value, prepend=0.0))
        yield channel, rows + low, value[rows]


def lines_before(
    toolpath: Toolpath, rig: Rig, low: int, high: int, setting: Setting | None
) -> dict[int, list[str]]:
    """Lines that set the outputs before rows of low..high-1."""
    found: dict[int, list[str]] = {}
    if setting is None or not rig.analog:
        return found
    moving = toolpath.kind != DWELL
    for channel, rows, value in changes(toolpath, rig, low, high):
        for row, v in zip(rows.tolist(), value.tolist(), strict=True):
            found.setdefault(row, []).append(setting(channel, f"{v:.{DECIMALS}f}", bool(moving[row])))
    return found


def by_hand(toolpath: Toolpath, rig: Rig) -> Toolpath:
    """The toolpath with those pressures alone that a host or a person sets."""
    if not rig.analog:
        return toolpath
    kpa = toolpath.pressure_kpa.copy()
    kpa[:, list(rig.analog)] = 0.0
    return replace(toolpath, pressure_kpa=kpa)


def dry(toolpath: Toolpath, rig: Rig) -> Toolpath:
    """The toolpath without ink: every valve stays closed, every analog output at 0."""
    return replace(by_hand(toolpath, rig), valve=np.zeros(len(toolpath), dtype=bool))
