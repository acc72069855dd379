"""Which nozzle and which pressure a filament's width needs on a rig: from calibrations where they reach, else scaled, and said so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..filaments import Ints
from ..flow import (
    SPEED_RATIO,
    Window,
    calibrated_pressure_kpa,
    flow_um3_s,
    ink_width_um,
    scaled_pressure_kpa,
    windows,
)
from ..toolpath.dosing import dose

if TYPE_CHECKING:
    from ..material import Ink
    from ..plan import Plan
    from ..rig import FlowPoint, InkLoad, Nozzle, Rig

#: Widths within this share of each other stand in one row of a plan's table.
_ALIKE = 0.05


@dataclass(frozen=True, slots=True)
class Pressure:
    """A pressure and what it rests on. `basis`: "calibration"; "scaled" (a formula carries a measured one over: assumed); "mixed"
    in a mixing head, whose two pressures follow the ratio; "none" where nothing was measured; of the last two `kpa` is None.
    `why` says from what it was scaled."""

    kpa: float | None
    basis: str
    source: str = ""
    date: str = ""
    assumed: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One nozzle for one width: flow and pressure that make it at a speed, and the windows of the process. `speeds_um_s`: the
    slowest and the fastest printing of this width that its calibration and its dispenser reach."""

    nozzle: str
    inner_um: float
    wet_um: float
    thread_um: float
    speed_um_s: float
    flow_um3_s: float
    pressure: Pressure
    windows: tuple[Window, ...]
    in_dispenser: bool
    loaded: bool
    speeds_um_s: tuple[float, float] | None = None

    @property
    def good(self) -> bool:
        """The ink is in it, windows and dispenser allow it, and the pressure is known by measurement."""
        fits = all(w.inside for w in self.windows) and self.in_dispenser
        return fits and self.loaded and self.pressure.basis == "calibration"

    def as_dict(self) -> dict[str, Any]:
        return {
            "nozzle": self.nozzle,
            "inner_um": self.inner_um,
            "wet_um": self.wet_um,
            "thread_um": self.thread_um,
            "speed_um_s": self.speed_um_s,
            "flow_pl_s": self.flow_um3_s / 1e3,
            **pressure_data(self.pressure),
            "windows": windows_data(self.windows),
            "speeds_um_s": None if self.speeds_um_s is None else list(self.speeds_um_s),
            "in_dispenser": self.in_dispenser,
            "loaded": self.loaded,
            "good": self.good,
        }


def pressure_data(p: Pressure) -> dict[str, Any]:
    return {
        "pressure_kpa": p.kpa,
        "basis": p.basis,
        "why": p.why,
        "source": p.source,
        "date": p.date,
        "assumed": p.assumed,
    }


def windows_data(found: Sequence[Window]) -> list[dict[str, Any]]:
    return [
        {"name": w.name, "value": w.value, "low": w.low, "high": w.high, "inside": w.inside} for w in found
    ]


def index_of(points: Sequence[FlowPoint]) -> float:
    """Flow index n of P ~ Q^n by least squares through a calibration's logarithms; 1 (a Newtonian liquid, assumed) where fewer than
    two points say anything."""
    known = [
        (math.log(p.flow_um3_s), math.log(p.pressure_kpa))
        for p in points
        if p.flow_um3_s > 0 and p.pressure_kpa > 0
    ]
    if len(known) < 2:
        return 1.0
    q, kpa = np.array(known).T
    q = q - q.mean()
    spread = float(q @ q)
    n = float(q @ kpa) / spread if spread > 0 else 1.0
    return n if n > 0 else 1.0


def pressure_for(rig: Rig, nozzle: Nozzle, ink: Ink, flow: float) -> Pressure:
    """Pressure that drives `flow` um^3/s of an ink through a nozzle: interpolated where it was measured; beyond its ends, or from
    another nozzle of the rig with that ink, scaled by the power law of a cone; None where nobody measured anything."""
    load = nozzle.load(ink.name)
    if load is not None and nozzle.mix:
        return Pressure(
            None, "mixed", load.source, why="each channel by its own calibration", assumed=load.assumed
        )
    if load is not None and load.calibration:
        first, last = load.calibration[0], load.calibration[-1]
        if first.flow_um3_s * (1 - 1e-9) <= flow <= last.flow_um3_s * (1 + 1e-9):
            kpa = calibrated_pressure_kpa(load, flow)
            return Pressure(kpa, "calibration", load.source, load.date, load.assumed)
        end = first if flow < first.flow_um3_s else last
        if end.flow_um3_s > 0:
            kpa = scaled_pressure_kpa(end.pressure_kpa, end.flow_um3_s, flow, index_of(load.calibration))
            return Pressure(kpa, "scaled", load.source, load.date, True, "beyond the calibration")
    for other in rig.nozzles:
        entry = other.load(ink.name)
        if other is not nozzle and entry is not None and entry.calibration:
            return _from_other(other, entry, nozzle, flow)
    return Pressure(None, "none", why=f"nobody measured what drives ink {ink.name} on rig {rig.name}")


def _from_other(other: Nozzle, entry: InkLoad, nozzle: Nozzle, flow: float) -> Pressure:
    known = [p for p in entry.calibration if p.flow_um3_s > 0]
    near = min(known, key=lambda p: abs(math.log(p.flow_um3_s / flow)))
    kpa = scaled_pressure_kpa(
        near.pressure_kpa, near.flow_um3_s, flow, index_of(known), other.inner_um, nozzle.inner_um
    )
    return Pressure(
        kpa, "scaled", entry.source, entry.date, True, f"from nozzle {other.name}, a tip of the same taper"
    )


def choices(rig: Rig, ink: Ink, wet_um: float, speed_um_s: float | None = None) -> tuple[Choice, ...]:
    """Every nozzle of the rig for a wet width, the fittest first: good ones, then those whose ink runs most nearly at the speed of
    printing. The gap is looked at where the rig gives it."""
    speed = rig.speeds.print_um_s if speed_um_s is None else speed_um_s
    flow = flow_um3_s(wet_um, wet_um, ink.swell, speed)
    found = []
    for nozzle in rig.nozzles:
        pressure = pressure_for(rig, nozzle, ink, flow)
        seen = windows(nozzle, ink, wet_um, speed, rig.heights.first_gap_um)
        box = rig.dispensers[nozzle.dispenser]
        inside = (
            pressure.kpa is None or box.pressure_min_kpa - 1e-9 <= pressure.kpa <= box.pressure_max_kpa + 1e-9
        )
        found.append(
            Choice(
                nozzle.name, nozzle.inner_um, wet_um, ink_width_um(flow, speed), speed, flow, pressure, seen, inside,
                nozzle.load(ink.name) is not None, speeds_um_s(nozzle, ink, wet_um, rig),
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda c: (not c.good, abs(math.log(c.windows[0].value)))))


def speeds_um_s(nozzle: Nozzle, ink: Ink, wet_um: float, rig: Rig) -> tuple[float, float] | None:
    """Slowest and fastest printing that the calibration and the dispenser of a nozzle reach for a width; None without one.
    The width of the filament is the same at any speed: pressure follows it."""
    load = nozzle.load(ink.name)
    if load is None or not load.calibration:
        return None
    box = rig.dispensers[nozzle.dispenser]
    inside = [p for p in load.calibration if box.pressure_min_kpa <= p.pressure_kpa <= box.pressure_max_kpa]
    per = flow_um3_s(wet_um, wet_um, ink.swell, 1.0)
    return (inside[0].flow_um3_s / per, inside[-1].flow_um3_s / per) if inside else None


def tips_um(ink: Ink, wet_um: float) -> tuple[float, float]:
    """Inner diameters of tips whose ink runs fast enough, and not too fast, for a wet width: v / C within SPEED_RATIO."""
    thread = wet_um / ink.swell
    return thread * math.sqrt(SPEED_RATIO[0]), thread * math.sqrt(SPEED_RATIO[1])


# -- tables ----------------------------------------------------------------------------------------------------------


def plan_widths(plan: Plan, rig: Rig) -> list[dict[str, Any]]:
    """A row for each ink, nozzle and width (5 % alike) of a plan: what `wp plan` tells of pressures and windows."""
    part = plan.filaments
    if not len(plan.order):
        return []
    dosing = dose(plan, rig)
    wet = part.state("wet")
    starts = part.offsets[:-1]
    width = np.sqrt(wet.width_um * wet.height_um)[starts][plan.order]
    material = part.material[plan.order]
    out = []
    for key in sorted(set(zip(material.tolist(), plan.nozzle.tolist(), strict=True))):
        here = np.flatnonzero((material == key[0]) & (plan.nozzle == key[1]))
        for rows in _alike(here, width):
            ink, nozzle = part.inks[key[0]], rig.nozzles[key[1]]
            low, high = float(width[rows].min()), float(width[rows].max())
            speed = float(np.median(dosing.speed_um_s[rows]))
            gap = rig.heights.first_gap_um if (part.layer[plan.order[rows]] == 0).any() else None
            pressure = pressure_for(rig, nozzle, ink, float(np.median(dosing.flow_um3_s[rows])))
            best = choices(rig, ink, high, speed)[0]
            seen = [w for um in (low, high) for w in windows(nozzle, ink, um, speed, gap)]
            dried = None if part.dried is None else part.dried.width_um[starts][plan.order[rows]]
            box = rig.dispensers[nozzle.dispenser]
            out.append(
                {
                    "ink": ink.name,
                    "nozzle": nozzle.name,
                    "inner_um": nozzle.inner_um,
                    "filaments": len(rows),
                    "wet_um": [low, high],
                    "dried_um": None if dried is None else [float(dried.min()), float(dried.max())],
                    "thread_um": [low / ink.swell, high / ink.swell],
                    "speed_um_s": speed,
                    "flow_pl_s": _ends(dosing.flow_um3_s[rows] / 1e3),
                    **pressure_data(pressure),
                    "set_kpa": _ends(dosing.pressure_kpa[rows]),
                    "dispenser_kpa": [box.pressure_min_kpa, box.pressure_max_kpa],
                    "windows": _worst(seen),
                    "better_nozzle": best.nozzle if best.good and best.nozzle != nozzle.name else None,
                }
            )
    return out


def _ends(values: np.ndarray[Any, np.dtype[np.float64]]) -> list[float]:
    return [float(values.min()), float(values.max())]


def _worst(found: Sequence[Window]) -> list[dict[str, Any]]:
    """One of each name: one that is outside before one that is inside."""
    out: dict[str, Window] = {}
    for w in found:
        if w.name not in out or (out[w.name].inside and not w.inside):
            out[w.name] = w
    return windows_data(tuple(out.values()))


def _alike(here: Ints, width: np.ndarray[Any, np.dtype[np.float64]]) -> list[Ints]:
    """`here` cut into groups whose widths lie within 5 % of the narrowest."""
    rows = here[np.argsort(width[here], kind="stable")]
    groups: list[Ints] = []
    while len(rows):
        n = int(np.searchsorted(width[rows], width[rows[0]] * (1 + _ALIKE), "right"))
        groups.append(rows[:n])
        rows = rows[n:]
    return groups


def widths_table(rows: Sequence[dict[str, Any]]) -> str:
    """Rows of `plan_widths` as text, two lines each."""
    out = []
    for r in rows:
        wet = _span(r["wet_um"])
        dried = f" (dried {_span(r['dried_um'])})" if r["dried_um"] else ""
        out.append(
            f"width        {r['ink']} {wet} um wet{dried}, {r['filaments']} filaments: nozzle {r['nozzle']} of {r['inner_um']:g} um, "
            f"{_kpa(r)} at {r['speed_um_s'] / 1e3:.3g} mm/s, {_span(r['flow_pl_s'])} pL/s"
        )
        told = [_window(w) for w in r["windows"]]
        if r["better_nozzle"]:
            told.append(f"nozzle {r['better_nozzle']} fits better")
        out.append("             " + "; ".join(told))
    return "\n".join(out)


def choices_table(found: Sequence[Choice]) -> str:
    """Choices as text, the fittest first."""
    out = []
    for c in found:
        data = c.as_dict()
        mark = "fits   " if c.good else "       "
        out.append(
            f"{mark} nozzle {c.nozzle} of {c.inner_um:g} um: {_kpa(data)} at {c.speed_um_s / 1e3:.3g} mm/s, {c.flow_um3_s / 1e3:.4g} pL/s"
        )
        told = [_window(w) for w in data["windows"]]
        if c.speeds_um_s is not None:
            told.append("calibrated for " + " to ".join(f"{v / 1e3:.3g}" for v in c.speeds_um_s) + " mm/s")
        told += [] if c.in_dispenser else ["outside its dispenser"]
        told += [] if c.loaded else ["the ink is not in it"]
        out.append("        " + "; ".join(told))
    return "\n".join(out)


def _span(ends: Sequence[float]) -> str:
    low, high = (f"{v:.4g}" for v in (ends[0], ends[-1]))
    return low if low == high else f"{low} to {high}"


def _kpa(row: dict[str, Any]) -> str:
    if row["basis"] == "mixed":
        return (
            f"{_span(row['set_kpa'])} kPa in the first channel ({row['why']})"
            if "set_kpa" in row
            else row["why"]
        )
    if row["pressure_kpa"] is None:
        return f"pressure not known ({row['why']})"
    said = ", ".join(s for s in (row["why"], row["source"], row["date"]) if s)
    mark = "scaled, assumed" if row["basis"] == "scaled" else "calibrated"
    if row["basis"] == "calibration" and row["assumed"] and "assumed" not in said:
        mark += ", assumed"
    return f"{row['pressure_kpa']:.4g} kPa ({mark}{': ' + said if said else ''})"


_NAMES = {"speed": "printing over ink speed", "gap": "nozzle to substrate, um"}


def _window(w: dict[str, Any]) -> str:
    inside = "" if w["inside"] else ", OUTSIDE"
    return f"{_NAMES[w['name']]} {w['value']:.3g} ({w['low']:.3g} to {w['high']:.3g}{inside})"
