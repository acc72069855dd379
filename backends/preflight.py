"""Preflight: everything that can be known to go wrong before the first byte goes out, each with its line of source."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..kernel.diagnostics import Diagnostic, Span, error, warning
from ..kernel.filaments import Floats
from ..kernel.frames import to_stage
from ..kernel.material import Bath
from ..kernel.motion import APPROACH, DWELL, PRINT, RETREAT, TRAVEL, Toolpath
from ..kernel.rig import ANY, Rig

#: Rounding of positions and speeds on their way to a program.
SLACK_UM = 1e-3


def preflight(
    toolpath: Toolpath, rig: Rig, *, dry_run: bool = False, baths: Sequence[Bath] = ()
) -> list[Diagnostic]:
    """All refusals (errors) and warnings. `baths`: the baths of the design, to hold against the rig and the inks."""
    found = _sound(toolpath, rig)
    if found:
        # What follows computes with these arrays.
        return found
    found += _rig_ready(toolpath, rig)
    if any(d.code == "M602" for d in found):
        return found
    found += _limits(toolpath, rig)
    found += _motion(toolpath, rig)
    found += _ink(toolpath, rig, dry_run)
    found += _baths(toolpath, rig, baths)
    return found


def span_at(toolpath: Toolpath, row: int) -> Span | None:
    """Line of source behind a row: that of its filament, else of the next one, else of the last."""
    ids = toolpath.filament
    if not len(ids) or not len(toolpath.plan.filaments):
        return None
    later = np.flatnonzero(ids[row:] >= 0)
    earlier = np.flatnonzero(ids[:row] >= 0)
    if len(later):
        i = int(ids[row + int(later[0])])
    elif len(earlier):
        i = int(ids[int(earlier[-1])])
    else:
        return None
    f = toolpath.plan.filaments
    return f.spans[int(f.origin[i])]


def _first(
    toolpath: Toolpath,
    bad: npt.NDArray[np.bool_],
    code: str,
    say: str,
    label: str,
    notes: tuple[str, ...] = (),
) -> list[Diagnostic]:
    """One diagnostic at the first row of `bad`, with how many more there are; none when none is bad."""
    rows = np.flatnonzero(bad)
    if not len(rows):
        return []
    more = len(rows) - 1
    counted = (f"and at {more} more row{'s' if more > 1 else ''} of the toolpath",) if more else ()
    return [error(code, say, span_at(toolpath, int(rows[0])), label=label, notes=(*counted, *notes))]


def _sound(toolpath: Toolpath, rig: Rig) -> list[Diagnostic]:
    n = len(toolpath)
    nozzles = len(rig.nozzles)
    if n < 2 or not (toolpath.filament >= 0).any():
        return [error("M601", "0 filaments: there is nothing to print")]
    floats = (
        toolpath.position_um,
        toolpath.speed_um_s,
        toolpath.time_s,
        toolpath.pressure_kpa,
        toolpath.dwell_s,
    )
    if not all(bool(np.isfinite(a).all()) for a in floats):
        return [error("M601", "the toolpath holds numbers that are not finite")]
    if toolpath.pressure_kpa.shape != (n, nozzles) or int(toolpath.nozzle.max()) >= nozzles:
        return [
            error(
                "M601",
                f"the toolpath was made for {toolpath.pressure_kpa.shape[1]} nozzles, the rig has {nozzles}",
            )
        ]
    moving = np.ones(n, dtype=bool)
    moving[0] = False
    moving[1:] = np.linalg.norm(np.diff(toolpath.position_um, axis=0), axis=1) > 0
    slow = moving & (toolpath.speed_um_s <= 0)
    out = _first(toolpath, slow, "M601", "a move with no speed", "on the way to or in this")
    ids = toolpath.filament
    f = len(toolpath.plan.filaments)
    printed = np.unique(ids[ids >= 0])
    if len(printed) != f or int(ids.max()) >= f:
        out.append(error("M601", f"{len(printed)} of {f} filaments of the plan are in the toolpath"))
    runs = np.flatnonzero((ids >= 0) & (np.concatenate([[-1], ids[:-1]]) != ids))
    twice = ids[runs][np.sort(np.unique(ids[runs], return_index=True)[1])]
    if len(runs) != len(twice):
        names, counts = np.unique(ids[runs], return_counts=True)
        i = int(names[counts > 1][0])
        f_set = toolpath.plan.filaments
        out.append(
            error(
                "M601",
                f"filament {i} is printed in {int(counts.max())} pieces",
                f_set.spans[int(f_set.origin[i])],
            )
        )
    return out


def _rig_ready(toolpath: Toolpath, rig: Rig) -> list[Diagnostic]:
    from .controllers import CONTROLLERS
    from .dialects import DIALECTS
    from .dispensers import DISPENSERS

    missing = []
    if rig.controller.dialect not in DIALECTS or rig.controller.dialect not in CONTROLLERS:
        missing.append(
            f"controller.dialect: `{rig.controller.dialect}` has no live driver (known: {', '.join(CONTROLLERS.names())})"
        )
    if set(rig.axes) < {"x", "y", "z"}:
        missing.append("axes.x, axes.y, axes.z: sign, limits, speeds and accelerations")
    for axis, entry in rig.axes.items():
        if entry.sign not in (-1, 1):
            missing.append(f"axes.{axis}.sign: {entry.sign}, expected -1 or 1")
    for n in np.unique(toolpath.nozzle):
        nozzle = rig.nozzles[int(n)]
        box = rig.dispensers.get(nozzle.dispenser)
        if box is None:
            missing.append(f"dispensers.{nozzle.dispenser}: nozzle `{nozzle.name}` names it")
        elif box.kind not in DISPENSERS:
            missing.append(
                f"dispensers.{nozzle.dispenser}.kind: `{box.kind}` is not known (known: {', '.join(DISPENSERS.names())})"
            )
    where = rig.controller.transport
    if (
        where.startswith("tcp:")
        and not rig.simulated
        and not _local(where)
        and not rig.controller.program_folder
    ):
        missing.append(
            "controller.program_folder, controller.remote_folder: the controller is another machine and loads programs"
            " from a folder that both can see"
        )
    outputs = [n.output for n in rig.nozzles]
    if len(set(outputs)) != len(outputs):
        missing.append("nozzles.output: two nozzles share one output, which would open both")
    if not missing:
        return []
    return [
        error(
            "M602",
            f"rig `{rig.name}` lacks what a print needs: {len(missing)} field{'s' if len(missing) > 1 else ''}",
            notes=tuple(missing),
        )
    ]


def _local(url: str) -> bool:
    return any(f"//{name}" in url for name in ("127.", "localhost", "[::1]"))


def _limits(toolpath: Toolpath, rig: Rig) -> list[Diagnostic]:
    out: list[Diagnostic] = []
    stage = to_stage(rig, toolpath.position_um, toolpath.nozzle)
    step = np.abs(np.diff(stage, axis=0))
    length = np.linalg.norm(step, axis=1)
    for k, axis in enumerate("xyz"):
        entry = rig.axes[axis]
        column = stage[:, k]
        bad = (column < entry.min_um - SLACK_UM) | (column > entry.max_um + SLACK_UM)
        if bad.any():
            worst = float(column[bad][np.argmax(np.abs(column[bad] - 0.5 * (entry.min_um + entry.max_um)))])
            out += _first(
                toolpath,
                bad,
                "M610",
                f"{worst / 1000:.3f} mm on stage axis {axis}: its travel is {entry.min_um / 1000:g} to"
                f" {entry.max_um / 1000:g} mm",
                "does not fit on the stage",
                (
                    f"the part's origin is at {rig.origin_um[k] / 1000:g} mm; move origin_mm or make the part smaller",
                ),
            )
        with np.errstate(invalid="ignore", divide="ignore"):
            speed = np.where(length > 0, toolpath.speed_um_s[1:] * step[:, k] / length, 0.0)
        fast = np.concatenate([[False], speed > entry.max_speed_um_s * (1 + 1e-6)])
        if fast.any():
            out += _first(
                toolpath,
                fast,
                "M611",
                f"{float(speed.max()) / 1000:g} mm/s on stage axis {axis}: it does at most {entry.max_speed_um_s / 1000:g} mm/s",
                "on the way to or in this",
            )
    return out


def _motion(toolpath: Toolpath, rig: Rig) -> list[Diagnostic]:
    out: list[Diagnostic] = []
    kind, valve, z = toolpath.kind, toolpath.valve, toolpath.position_um[:, 2]
    low = z < -SLACK_UM
    out += _first(
        toolpath, low, "M612", f"{float(z.min()):.3f} um: the nozzle would go below the substrate", "in this"
    )
    # How high what is printed so far reaches, above each row: a travel stays clear of it.
    printed = np.maximum.accumulate(np.where(kind == PRINT, z, 0.0))
    before = np.concatenate([[0.0], printed[:-1]])
    across = np.concatenate([[0.0], np.linalg.norm(np.diff(toolpath.position_um[:, :2], axis=0), axis=1)])
    from_z = np.concatenate([[z[0]], z[:-1]])
    clear = before + 0.5 * rig.heights.clear_um
    dips = (kind == TRAVEL) & (across > SLACK_UM) & (np.minimum(z, from_z) < clear - SLACK_UM)
    # An exchange of nozzles is a step in part coordinates in which nothing moves.
    dips[1:] &= toolpath.nozzle[1:] == toolpath.nozzle[:-1]
    out += _first(
        toolpath,
        dips,
        "M612",
        f"a travel at {float(np.minimum(z, from_z)[dips].min()) if dips.any() else 0:.1f} um over what reaches up to"
        f" {float(before[dips].max()) if dips.any() else 0:.1f} um: heights.clear is {rig.heights.clear_um:g} um",
        "the travel leads to this",
    )
    out += _first(
        toolpath,
        valve & np.isin(kind, (TRAVEL, RETREAT)),
        "M614",
        "the valve is open in a travel",
        "before this",
    )
    inside = (kind == DWELL) & (toolpath.filament >= 0)
    inside[1:-1] |= (
        (kind[1:-1] == DWELL)
        & (toolpath.filament[:-2] >= 0)
        & (toolpath.filament[:-2] == toolpath.filament[2:])
    )
    out += _first(
        toolpath, inside, "M614", "a dwell inside a filament: the stage stops and ink piles up", "in this"
    )
    out += _nozzle_depth(toolpath, rig)
    return out


def _nozzle_depth(toolpath: Toolpath, rig: Rig) -> list[Diagnostic]:
    """A tip that goes down in a travel or approach does so beside nothing higher than itself: the coarse check; the plan's own
    clearance proof is exact."""
    kind, z = toolpath.kind, toolpath.position_um[:, 2]
    laid = np.maximum.accumulate(np.where(kind == PRINT, z, 0.0))
    deep = (
        (kind == APPROACH)
        & (toolpath.filament < 0)
        & (
            np.concatenate([[0.0], laid[:-1]]) - z
            > max((c[0] for n in rig.nozzles for c in n.cone_um), default=0.0)
        )
    )
    deep &= bool(any(n.cone_um for n in rig.nozzles))
    return _first(
        toolpath,
        deep,
        "M618",
        "the nozzle goes down deeper beside the part than its known shape is long",
        "on the way to this",
    )


def _ink(toolpath: Toolpath, rig: Rig, dry_run: bool) -> list[Diagnostic]:
    out: list[Diagnostic] = []
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
        lacks = [
            word
            for word, there in (("calibration (pressure -> flow)", load.calibration), ("lags", load.lags))
            if not there
        ]
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
    for n, nozzle in enumerate(rig.nozzles):
        box = rig.dispensers.get(nozzle.dispenser)
        if box is None:
            continue
        mine = valve & (toolpath.nozzle == n)
        kpa = toolpath.pressure_kpa[:, n]
        low, high = box.pressure_min_kpa, box.pressure_max_kpa
        bad = mine & ((kpa < low - 1e-9) | (kpa > high + 1e-9))
        if bad.any():
            worst = float(kpa[bad][np.argmax(np.abs(kpa[bad] - 0.5 * (low + high)))])
            out += _first(
                toolpath,
                bad,
                "M613",
                f"{worst:g} kPa for nozzle `{nozzle.name}`: dispenser `{nozzle.dispenser}` gives {low:g} to {high:g} kPa",
                "needs this pressure",
            )
        if not dry_run:
            out += _first(
                toolpath,
                mine & (kpa <= 0.0),
                "M613",
                f"0 kPa for nozzle `{nozzle.name}`: no ink would come",
                "printed here",
            )
        same = mine[1:] & mine[:-1] & (toolpath.filament[1:] >= 0)
        changes = np.concatenate([[False], same & (np.abs(np.diff(kpa)) > 1e-9)])
        out += _first(
            toolpath,
            changes,
            "M617",
            "the pressure changes within a filament: this dispenser is set between filaments only",
            "in this",
        )
    return out


def volume_um3(toolpath: Toolpath, rig: Rig) -> Floats:
    """Ink that leaves each nozzle, um^3, by its calibration and the time its valve is open; NaN where it is not calibrated."""
    spent = np.diff(toolpath.time_s, prepend=0.0)
    out = np.zeros(len(rig.nozzles))
    for n, nozzle in enumerate(rig.nozzles):
        mine = toolpath.valve & (toolpath.nozzle == n)
        if not mine.any():
            continue
        load = next((entry for entry in nozzle.loads if entry.calibration), None)
        if load is None:
            out[n] = np.nan
            continue
        pairs = np.array([(p.pressure_kpa, p.flow_um3_s) for p in load.calibration])
        flow = np.interp(toolpath.pressure_kpa[mine, n], pairs[:, 0], pairs[:, 1])
        out[n] = float((flow * spent[mine]).sum())
    return out


def _volume(toolpath: Toolpath, rig: Rig) -> list[Diagnostic]:
    out: list[Diagnostic] = []
    need = volume_um3(toolpath, rig)
    for n, nozzle in enumerate(rig.nozzles):
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


def _baths(toolpath: Toolpath, rig: Rig, baths: Sequence[Bath]) -> list[Diagnostic]:
    out = [
        error(
            "M621",
            f"bath `{bath.name}` is not at hand: the rig has {', '.join(rig.baths) or 'none'}",
            bath.span,
        )
        for bath in baths
        if ANY not in rig.baths and bath.name not in rig.baths
    ]
    if len(baths) != 1:
        return out
    ions = {k.ion for k in baths[0].linkers}
    held = f"bath `{baths[0].name}` holds {', '.join(sorted(ions))}"
    out += [
        error("M621", f"ink {ink.name} gels with {', '.join(k.ion for k in ink.linkers)}: {held}", ink.span)
        for ink in toolpath.plan.filaments.inks
        if ions and ink.linkers and not ions & {k.ion for k in ink.linkers}
    ]
    return out
