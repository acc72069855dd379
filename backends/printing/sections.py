"""A toolpath cut into sections: stretches that a controller runs alone, between which the host sets pressures and asks people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...kernel.filaments import Floats, Ints
from ...kernel.motion import TRAVEL, Toolpath
from ...kernel.plan import Event

#: A section is closed at the next travel once it has so many rows: keeps programs and what is lost with one small.
MAX_ROWS = 20_000
#: Events that need the host, so that no section runs across them.
HOSTED = ("switch_ink", "change_bath", "operator", "wait")


@dataclass(frozen=True)
class Section:
    """Rows [first, last) of a toolpath, run as one program; `kpa[n]` the pressure that the host sets for nozzle n while it runs (0 where it lays
    nothing); `events` come before it."""

    first: int
    last: int
    kpa: tuple[float, ...]
    events: tuple[Event, ...] = ()


def atoms(toolpath: Toolpath) -> Ints:
    """Rows at which the stage may stand: a travel begins, the valve is closed before and after. Row 1 is always one."""
    valve, kind = toolpath.valve, toolpath.kind
    begins = np.zeros(len(toolpath), dtype=bool)
    begins[1:] = (kind[1:] == TRAVEL) & (kind[:-1] != TRAVEL) & ~valve[1:] & ~valve[:-1]
    begins[1:2] = True
    for row, event in toolpath.events:
        if event.kind in HOSTED and 1 <= row < len(toolpath):
            begins[row] = True
    return np.flatnonzero(begins)


def sections(
    toolpath: Toolpath, *, max_rows: int = MAX_ROWS, resolution_kpa: float = 0.1, analog: Sequence[int] = ()
) -> list[Section]:
    """The sections of a toolpath, in order; together they hold every row but row 0 once. Pressures in columns `analog` change with the
    motion: no section ends for them, and they are not the host's (0 in `Section.kpa`)."""
    n = len(toolpath)
    if n < 2:
        return []
    starts = atoms(toolpath)
    ends = np.append(starts[1:], n)
    step = np.round(toolpath.pressure_kpa / resolution_kpa) * resolution_kpa
    nozzles = toolpath.pressure_kpa.shape[1]
    lay = toolpath.valve[:, None] & (toolpath.nozzle[:, None] == np.arange(nozzles))
    lay[:, list(analog)] = False
    kpa = np.maximum.reduceat(np.where(lay, step, 0.0), starts, axis=0)
    hosted: dict[int, list[Event]] = {}
    for row, event in toolpath.events:
        at = max(int(np.searchsorted(starts, row, "right")) - 1, 0)
        hosted.setdefault(int(starts[at]), []).append(event)
    found: list[Section] = []
    first, have = int(starts[0]), np.zeros(nozzles)
    for k, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        clash = bool(((have > 0) & (kpa[k] > 0) & (have != kpa[k])).any())
        asks = any(e.kind in HOSTED for e in hosted.get(start, ()))
        if start > first and (clash or asks or end - first > max_rows):
            found.append(_section(first, start, have, hosted))
            first, have = start, np.zeros(nozzles)
        have = np.maximum(have, kpa[k])
    found.append(_section(first, n, have, hosted))
    return found


def _section(first: int, last: int, kpa: Floats, hosted: dict[int, list[Event]]) -> Section:
    return Section(first, last, tuple(round(float(p), 6) for p in kpa), tuple(hosted.get(first, ())))


def part_of(toolpath: Toolpath, first: int, last: int) -> Toolpath:
    """Rows [first, last) as a toolpath of their own: its row 0 is the position before them, at rest with the valve closed.

    Row k of it is row first - 1 + k of the whole. Events are left out: they are the host's.
    """
    rows = slice(first - 1, last)
    valve, filament = toolpath.valve[rows].copy(), toolpath.filament[rows].copy()
    dwell = toolpath.dwell_s[rows].copy()
    valve[0], filament[0], dwell[0] = False, -1, 0.0
    return replace(
        toolpath,
        position_um=toolpath.position_um[rows],
        speed_um_s=toolpath.speed_um_s[rows],
        time_s=toolpath.time_s[rows] - toolpath.time_s[first - 1],
        valve=valve,
        pressure_kpa=toolpath.pressure_kpa[rows],
        filament=filament,
        kind=toolpath.kind[rows],
        dwell_s=dwell,
        nozzle=toolpath.nozzle[rows],
        events=(),
    )


def stack(parts: Sequence[Toolpath]) -> Toolpath:
    """Toolpaths one after the other: each begins where the one before it ended, so row 0 of all but the first is dropped."""
    cut = [slice(0 if k == 0 else 1, None) for k in range(len(parts))]

    def column(name: str) -> Any:
        return np.concatenate([getattr(p, name)[c] for p, c in zip(parts, cut, strict=True)])

    times, clock = [], 0.0
    for p, c in zip(parts, cut, strict=True):
        times.append(p.time_s[c] - p.time_s[0] + clock)
        clock = float(times[-1][-1]) if len(times[-1]) else clock
    return replace(
        parts[0],
        position_um=column("position_um"),
        speed_um_s=column("speed_um_s"),
        time_s=np.concatenate(times),
        valve=column("valve"),
        pressure_kpa=column("pressure_kpa"),
        filament=column("filament"),
        kind=column("kind"),
        dwell_s=column("dwell_s"),
        nozzle=column("nozzle"),
        events=(),
    )
