"""Preflight of ink: loads, calibration, pressures, volume, priming and baths."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...kernel.diagnostics import Diagnostic, error, warning
from ...kernel.filaments import Floats
from ...kernel.material import Bath
from ...kernel.motion import DWELL, Toolpath
from ...kernel.rig import ANALOG, ANY, Rig
from .preflight_rows import first_of, span_at


def check_channels(toolpath: Toolpath, rig: Rig) -> list[Diagnostic]:
    """Whether every nozzle can be cut off by a line that is not the stage's."""
    used = [rig.nozzles[int(n)] for n in np.unique(toolpath.nozzle[toolpath.filament >= 0])]
    alone = [n.name for n in used if all(rig.dispensers[box].kind in (ANALOG, "valve") for box in n.boxes)]
    if not alone:
        return []
    names = ", ".join(f"`{name}`" for name in alone)
    return [
        warning(
            "M623",
            f"ink of nozzle {names} is cut over the stage's line alone",
            notes=(
                "should that line die in a print (a plug, the controller's network), ink goes on until the program that runs ends:"
                " keep the emergency stop, or the pressure's own tap, at hand",
            ),
        )
    ]


def check_ink(toolpath: Toolpath, rig: Rig, dry_run: bool) -> list[Diagnostic]:
    out: list[Diagnostic] = [] if dry_run else check_channels(toolpath, rig)
    plan = toolpath.plan
    f = plan.filaments
    rows = toolpath.filament >= 0
    first_row = np.zeros(len(f), dtype=np.int64)
    ids, at = np.unique(toolpath.filament[rows], return_index=True)
    first_row[ids] = np.flatnonzero(rows)[at]
    pairs = {
        (int(toolpath.nozzle[r]), int(f.material[i])): int(r) for i, r in reversed(list(enumerate(first_row)))
    }
    say = warning if dry_run else error
    for (n, m), row in sorted(pairs.items()):
        nozzle, ink = rig.nozzles[n], f.inks[m]
        load = nozzle.load(ink.name)
        span = span_at(toolpath, row)
        if load is None:
            out.append(
                error(
                    "M616",
                    f"nozzle `{nozzle.name}` does not carry ink {ink.name}",
                    span,
                    label="printed here",
                )
            )
            continue
        both = nozzle.mixes(ink.live) or (load,)
        calibrated = all(entry.calibration for entry in both)
        lacks = [
            word
            for word, there in (("calibration (pressure -> flow)", calibrated), ("lags", load.lags))
            if not there
        ]
        if nozzle.mix and nozzle.dead_volume_um3 is None:
            lacks.append("dead_volume of the head")
        if lacks:
            out.append(
                say(
                    "M615",
                    f"{ink.name} in nozzle `{nozzle.name}`: {' and '.join(lacks)} not measured",
                    span,
                    label="printed here",
                    notes=("without them only --dry-run goes: the motion without ink",),
                )
            )
    out += _pressures(toolpath, rig, dry_run)
    out += _volume(toolpath, rig)
    out += _primed(toolpath, rig, dry_run)
    return out


def _pressures(toolpath: Toolpath, rig: Rig, dry_run: bool) -> list[Diagnostic]:
    out: list[Diagnostic] = []
    valve = toolpath.valve
    for column, (n, name) in enumerate(rig.columns):
        nozzle, box = rig.nozzles[n], rig.dispensers.get(name)
        if box is None:
            continue
        mine = valve & (toolpath.nozzle == n)
        kpa = toolpath.pressure_kpa[:, column]
        low, high = box.pressure_min_kpa, box.pressure_max_kpa
        # No pressure at all is what a missing calibration gives: told above, and below where ink is to come.
        bad = mine & (kpa > 0.0) & ((kpa < low - 1e-9) | (kpa > high + 1e-9))
        if bad.any():
            worst = float(kpa[bad][np.argmax(np.abs(kpa[bad] - 0.5 * (low + high)))])
            out += first_of(
                toolpath,
                bad,
                "M613",
                f"{worst:g} kPa for nozzle `{nozzle.name}`: dispenser `{name}` gives {low:g} to {high:g} kPa",
                "needs this pressure",
            )
        if not dry_run and column < len(rig.nozzles):
            # A mixing head gives ink as long as one of its channels does.
            most = toolpath.pressure_kpa[:, list(rig.columns_of(n))].max(axis=1)
            out += first_of(
                toolpath,
                mine & (most <= 0.0),
                "M613",
                f"0 kPa for nozzle `{nozzle.name}`: no ink would come",
                "printed here",
            )
        if column in rig.analog:
            continue
        same = mine[1:] & mine[:-1] & (toolpath.filament[1:] >= 0)
        changes = np.concatenate([[False], same & (np.abs(np.diff(kpa)) > 1e-9)])
        out += first_of(
            toolpath,
            changes,
            "M617",
            "the pressure changes within a filament: this dispenser is set between filaments only",
            "in this",
        )
    return out


def volume_um3(toolpath: Toolpath, rig: Rig, *, between_fills: bool = False) -> Floats:
    """Ink that leaves each nozzle, um^3, by its calibration and the time its valve is open; NaN where it is not calibrated.
    `between_fills`: the most from one fill of its reservoir to the next."""
    spent = np.diff(toolpath.time_s, prepend=0.0)
    out = np.zeros(len(rig.nozzles))
    for n, nozzle in enumerate(rig.nozzles):
        mine = toolpath.valve & (toolpath.nozzle == n)
        if not mine.any():
            continue
        known = [entry for entry in nozzle.loads if entry.calibration]
        if len(known) < len(nozzle.boxes):
            out[n] = np.nan
            continue
        # Both channels of a mixing head, or the first calibration.
        flow = np.zeros(int(mine.sum()))
        for column, load in zip(rig.columns_of(n), known, strict=False):
            pairs = np.array([(p.pressure_kpa, p.flow_um3_s) for p in load.calibration])
            flow += np.interp(toolpath.pressure_kpa[mine, column], pairs[:, 0], pairs[:, 1])
        fill = np.zeros(len(toolpath), np.int64)
        if between_fills:
            fills = [row for row, event in toolpath.events if event.kind == "refill" and event.nozzle == n]
            np.add.at(fill, fills, 1)
        out[n] = float(np.bincount(np.cumsum(fill)[mine], flow * spent[mine]).max())
    return out


def _volume(toolpath: Toolpath, rig: Rig) -> list[Diagnostic]:
    out: list[Diagnostic] = []
    need = volume_um3(toolpath, rig, between_fills=True)
    for n, nozzle in enumerate(rig.nozzles):
        if nozzle.mix:
            # Each of its reservoirs by itself: R516.
            continue
        have = [entry.volume_um3 for entry in nozzle.loads if entry.volume_um3 is not None]
        if have and np.isfinite(need[n]) and need[n] > max(have):
            row = int(np.flatnonzero(toolpath.valve & (toolpath.nozzle == n))[0])
            out.append(
                error(
                    "M619",
                    f"{need[n] / 1e9:.4g} uL of ink for nozzle `{nozzle.name}`: {max(have) / 1e9:.4g} uL are loaded",
                    span_at(toolpath, row),
                    label="printed from it",
                )
            )
    return out


def _primed(toolpath: Toolpath, rig: Rig, dry_run: bool) -> list[Diagnostic]:
    """Every nozzle runs before its first filament, so that ink is at the tip when it matters."""
    if dry_run:
        return []
    out: list[Diagnostic] = []
    for n in np.unique(toolpath.nozzle[toolpath.filament >= 0]):
        mine = toolpath.nozzle == n
        first = int(np.flatnonzero(mine & (toolpath.filament >= 0))[0])
        if not (mine & toolpath.valve & (toolpath.kind == DWELL))[:first].any():
            out.append(
                error(
                    "M620",
                    f"nozzle `{rig.nozzles[int(n)].name}` is not primed before its first filament",
                    span_at(toolpath, first),
                    label="the first that it prints",
                    notes=("give the rig a [purge] place outside the part",),
                )
            )
    return out


def check_baths(toolpath: Toolpath, rig: Rig, baths: Sequence[Bath]) -> list[Diagnostic]:
    out = [
        error(
            "M621",
            f"bath `{bath.name}` is not at hand: the rig has {', '.join(rig.baths) or 'none'}",
            toolpath.plan.bath_span(bath.name) or bath.span,
            label="printed in it",
            notes=(f'add "{bath.name}" to `baths` of the rig once it stands there',),
        )
        for bath in baths
        if ANY not in rig.baths and bath.name not in rig.baths
    ]
    if len(baths) != 1:
        return out
    ions = {k.ion for k in baths[0].linkers}
    held = f"bath `{baths[0].name}` holds {', '.join(sorted(ions))}"
    place = toolpath.plan.bath_span(baths[0].name)
    out += [
        error(
            "M621",
            f"ink {ink.name} gels with {', '.join(k.ion for k in ink.linkers)}: {held}",
            place or ink.span,
        )
        for ink in toolpath.plan.filaments.inks
        if ions and ink.linkers and not ions & {k.ion for k in ink.linkers}
    ]
    return out
