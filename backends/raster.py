"""Masks written by a laser on a stage: strokes as a toolpath whose valve is the laser, for the dialects that printers speak.

The laser stands for nozzle 0 of the rig: its output switches it, its place is the focus. Power, pulses and focus are set at the laser.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..kernel.diagnostics import Diagnostic, Severity, WetprintError, error, warning
from ..kernel.filaments import FilamentSet, State
from ..kernel.files import writing
from ..kernel.films.exposures import exposures
from ..kernel.films.raster import Lines, hatch, outlines
from ..kernel.flat import Flat
from ..kernel.motion import PRINT, TRAVEL, Toolpath
from ..kernel.plan import Plan
from ..kernel.process import patterns_of
from ..kernel.quantity import MILLIWATT
from ..kernel.rig import Rig
from ..kernel.scene import Pattern, Scene
from .dialects import DIALECTS
from .gcode import Gcode
from .gcode_rows import ascii_lines

PROCESS = "thermal_writing"
#: Lines along x, along y, along the outlines, or along x and then the outlines.
SCANS = ("x", "y", "outlines", "both")
#: Run-up beyond what the axis needs to reach its speed, as a share of it (assumed).
RESERVE = 0.25


def chosen(scene: Scene, name: str | None) -> Pattern | None:
    """The pattern that a laser writes: the one called `name`, or the only one of a design without ink; None where ink is printed.

    Raises WetprintError (X756) where no pattern, or more than one, could be meant.
    """
    written = [p for _, p in patterns_of(scene) if p.process == PROCESS]
    if name is None and scene.prints:
        return None
    meant = written if name is None else [p for p in written if p.name == name]
    if len(meant) == 1:
        return meant[0]
    if name is None and not patterns_of(scene):
        return None
    names = ", ".join(p.name for p in written) or "none"
    said = f"pattern {name} is not" if name is not None else f"{len(written)} patterns are"
    raise WetprintError(
        error(
            "X756",
            f"{said} written by heat; one was expected, and a motion program holds one pass",
            notes=(
                f"patterns with `process: {PROCESS};`: {names}",
                "`--pattern NAME` says which; `-o x.gds` writes all as masks",
            ),
        )
    )


def strokes(pattern: Pattern, scan: str) -> Lines:
    """What the spot writes of a pattern, in order."""
    whole = Flat(
        tuple(cell for one in exposures(pattern) for entry in one.classes for cell in entry.flat.cells)
    )
    spot, pitch = pattern.fields["spot"], pattern.fields["hatch"]
    if scan == "outlines":
        return outlines(whole, spot)
    if scan == "both":
        return hatch(whole, spot, pitch).then(outlines(whole, spot))
    return hatch(whole, spot, pitch, scan)


def speed_of(pattern: Pattern, rig: Rig) -> float:
    """Speed of the spot: the pattern's, else the rig's speed of printing."""
    return float(pattern.fields.get("speed") or rig.speeds.print_um_s)


def run_up_um(rig: Rig, speed_um_s: float) -> float:
    """Way in which the slower of the axes x and y reaches a speed, with a reserve: v^2 / (2 a)."""
    slowest = min(rig.axes[k].acceleration_um_s2 for k in "xy")
    return (1.0 + RESERVE) * speed_um_s**2 / (2.0 * slowest)


def raster_toolpath(pattern: Pattern, rig: Rig, lines: Lines, speed_um_s: float, run_up: float) -> Toolpath:
    """Rows of a laser: to the beginning of each scan line with its run-up, through its strokes with the laser on, and out of it. Between
    strokes of one line the speed stays. `filament` is the number of the stroke. Height 0 is the focus on the film."""
    n = len(lines)
    way = lines.end_um - lines.start_um
    unit = way / np.linalg.norm(way, axis=1)[:, None]
    first = np.ones(n, bool)
    first[1:] = lines.row[1:] != lines.row[:-1]
    last = np.append(first[1:], True)
    # A stroke that goes on where the one before ended (an outline) needs no row of its own to get there.
    joined = np.zeros(n, bool)
    joined[1:] = ~first[1:] & (np.abs(lines.start_um[1:] - lines.end_um[:-1]).max(axis=1) < 1e-9)
    # Rows of stroke i: run-up's beginning where it is the first, its own beginning, its end, run-out where it is the last.
    size = 2 + first.astype(np.int64) - joined + last
    at = np.cumsum(size) - size
    total = int(size.sum()) if n else 0
    xy = np.zeros((total, 2))
    kind = np.full(total, TRAVEL, np.int8)
    speed = np.full(total, speed_um_s)
    filament = np.full(total, -1, np.int64)
    lead = at[first]
    xy[lead] = lines.start_um[first] - run_up * unit[first]
    speed[lead] = rig.speeds.travel_um_s
    own = at + first
    xy[own[~joined]] = lines.start_um[~joined]
    mark = own + 1 - joined
    xy[mark] = lines.end_um
    kind[mark] = PRINT
    filament[mark] = np.arange(n)
    xy[mark[last] + 1] = lines.end_um[last] + run_up * unit[last]
    position = np.concatenate([xy, np.zeros((total, 1))], axis=1)
    # Row 0 is where motion begins: the beginning of the first run-up, not moved to.
    far = np.zeros(total)
    far[1:] = np.linalg.norm(np.diff(xy, axis=0), axis=1)
    time = np.cumsum(far / speed)
    valve = kind == PRINT
    nozzles = np.zeros(total, np.int16)
    pressure = np.zeros((total, len(rig.columns)))
    return Toolpath(
        _plan(pattern, lines),
        position,
        speed,
        time,
        valve,
        pressure,
        filament,
        kind,
        np.zeros(total),
        nozzles,
    )


def _plan(pattern: Pattern, lines: Lines) -> Plan:
    """Strokes as the rows of a plan, in order: what preflight and a program's head ask of one."""
    n = len(lines)
    flat = np.stack([lines.start_um, lines.end_um], axis=1).reshape(-1, 2)
    points = np.concatenate([flat, np.zeros((2 * n, 1))], axis=1)
    width = np.full(2 * n, pattern.fields["spot"])
    none = np.zeros(n, np.int32)
    made = FilamentSet(
        np.arange(n + 1) * 2,
        none.astype(np.int16),
        none,
        none,
        (),
        (pattern.span,),
        wet=State(points, width, width),
    )
    return Plan(made, np.arange(n), np.zeros(n, bool), none.astype(np.int16))


def raster(pattern: Pattern, rig: Rig, scan: str = "x") -> tuple[Toolpath, list[Diagnostic]]:
    """The toolpath of a pattern and what to know of it, all limits of the rig checked.

    Raises WetprintError: X756 nothing is written; the refusals of preflight (M6xx, R5xx) where the rig cannot do it.
    """
    from .printing.preflight import preflight_beam

    lines = strokes(pattern, scan)
    spot = pattern.fields["spot"]
    if not len(lines):
        raise WetprintError(
            error(
                "X756",
                f"0 strokes: no shape of {pattern.name} is as wide as the spot, {spot:g} um",
                pattern.span,
            )
        )
    said: list[Diagnostic] = []
    if lines.lost:
        said.append(
            warning(
                "X758",
                f"{lines.lost} shape{'' if lines.lost == 1 else 's'} of {pattern.name} {'is' if lines.lost == 1 else 'are'} not written: "
                f"narrower than the spot, {spot:g} um, or between two scan lines, {pattern.fields['hatch']:g} um apart",
                pattern.spans.get("spot", pattern.span),
                notes=("a narrower spot, a smaller hatch, or `--scan outlines`",),
            )
        )
    speed = speed_of(pattern, rig)
    toolpath = raster_toolpath(pattern, rig, lines, speed, run_up_um(rig, speed))
    said += preflight_beam(toolpath, rig)
    refused = [d for d in said if d.severity is Severity.ERROR]
    if refused:
        raise WetprintError(*refused)
    return toolpath, said


def _says(pattern: Pattern, rig: Rig) -> list[str]:
    """What the head of a program tells the operator, who sets the laser."""
    f = pattern.fields
    power = f"{f['power'] / MILLIWATT:.4g} mW" if f.get("power") else "power not told"
    return [
        f"laser writes {pattern.name} into {pattern.film.name}, {f['wavelength'] * 1000:g} nm, {power}",
        f"spot {f['spot']:g} um, hatch {f['hatch']:g} um, {speed_of(pattern, rig) / 1000:g} mm/s, focus at height 0",
    ]


def write_raster(
    scene: Scene, pattern: Pattern, rig: Rig, name: str, path: Path, scan: str = "x"
) -> list[Diagnostic]:
    """Write the motion program of one pattern in the dialect `name` to `path`; warnings come back."""
    toolpath, said = raster(pattern, rig, scan)
    dialect = DIALECTS[name]
    with writing(Path(path)) as out:
        if isinstance(dialect, Gcode):
            out.write(ascii_lines([dialect.comment(line) for line in _says(pattern, rig)]))
        for text, _, _ in dialect.pieces(toolpath, rig):
            out.writelines(text)
    return said
