"""Preflight: everything that can be known to go wrong before the first byte goes out, each with its line of source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...kernel.diagnostics import Diagnostic, Severity, error
from ...kernel.material import Bath
from ...kernel.motion import APPROACH, DWELL, PRINT, RETREAT, TRAVEL, WIPE, Toolpath
from ...kernel.planning.clearance import clearance_of
from ...kernel.planning.hops import SIDE_UM
from ...kernel.planning.rig_check import limits, problems
from ...kernel.rig import Rig
from ...kernel.toolpath.frames import to_stage
from ..analog import cannot_drive
from .preflight_ink import check_baths, check_ink
from .preflight_pace import check_pace
from .preflight_rows import first_of, mended

#: Rounding of positions and speeds on their way to a program.
SLACK_UM = 1e-3

#: A law of the toolpath -> the laws of the plan that say the same, with the design's own line.
SAME_LAW: Mapping[str, frozenset[str]] = {
    "M611": frozenset({"R520"}),
    "M612": frozenset({"R524"}),
    "M613": frozenset({"R511", "R514"}),
    "M615": frozenset({"R511", "R512"}),
    "M616": frozenset({"R510"}),
    "M619": frozenset({"R516"}),
    "M620": frozenset({"R513"}),
    "M621": frozenset({"R517"}),
}


def preflight(
    toolpath: Toolpath, rig: Rig, *, dry_run: bool = False, baths: Sequence[Bath] = ()
) -> list[Diagnostic]:
    """All refusals (errors) and warnings: those of the plan on this rig (R5xx, kernel/planning/rig_check.py), and those of the toolpath as it is,
    whoever made or changed it. What the plan's own check has told is not told twice. `baths`: the baths of the design."""
    found = _sound(toolpath, rig)
    if found:
        # What follows computes with these arrays.
        return [mended(d) for d in found]
    found += _rig_ready(toolpath, rig)
    if any(d.code == "M602" for d in found):
        return found
    planned = problems(toolpath.plan, rig, toolpath)
    if dry_run:
        # The stage moves without ink: what is not known of the ink does not matter. M615 warns of it.
        planned = [d for d in planned if d.code not in ("R511", "R512", "R528")]
    told = {d.code for d in planned if d.severity is Severity.ERROR}
    laws = [
        *_speeds(toolpath, rig),
        *_motion(toolpath, rig),
        *check_ink(toolpath, rig, dry_run),
        *check_baths(toolpath, rig, baths),
        *check_pace(toolpath, rig),
    ]
    return [*found, *planned, *(mended(d) for d in laws if not told & SAME_LAW.get(d.code, frozenset()))]


def preflight_beam(toolpath: Toolpath, rig: Rig) -> list[Diagnostic]:
    """The laws of a toolpath whose valve is a laser: that it is whole, reach and speeds of the axes, the laser off on the way, the pace of
    a serial line. Nothing of ink, and nothing that a tip could touch."""
    found = _sound(toolpath, rig)
    if found:
        return found
    open_way = toolpath.valve & np.isin(toolpath.kind, (TRAVEL, RETREAT, WIPE))
    return [
        *limits(toolpath, rig),
        *_speeds(toolpath, rig),
        *first_of(toolpath, open_way, "M614", "the laser is on in a travel", "before this"),
        *check_pace(toolpath, rig),
    ]


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
    if toolpath.pressure_kpa.shape != (n, len(rig.columns)) or int(toolpath.nozzle.max()) >= nozzles:
        return [
            error(
                "M601",
                f"the toolpath was made for {toolpath.pressure_kpa.shape[1]} pressures, the rig has {len(rig.columns)}",
            )
        ]
    moving = np.ones(n, dtype=bool)
    moving[0] = False
    moving[1:] = np.linalg.norm(np.diff(toolpath.position_um, axis=0), axis=1) > 0
    slow = moving & (toolpath.speed_um_s <= 0)
    out = first_of(toolpath, slow, "M601", "a move with no speed", "on the way to or in this")
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
    from ..controllers import CONTROLLERS
    from ..dialects import DIALECTS
    from ..dispensers import DISPENSERS
    from .handover import is_carried

    missing = []
    if rig.controller.dialect not in DIALECTS or (
        rig.controller.dialect not in CONTROLLERS and not is_carried(rig)
    ):
        missing.append(
            f"controller.dialect: `{rig.controller.dialect}` has no live driver (known: {', '.join(CONTROLLERS.names())});"
            ' with transport = "file:FOLDER" its program is written there to be carried over'
        )
    if (why := _no_way(rig)) is not None:
        missing.append(f"controller.transport: {why}")
    if set(rig.axes) < {"x", "y", "z"}:
        missing.append("axes.x, axes.y, axes.z: sign, limits, speeds and accelerations")
    for axis, entry in rig.axes.items():
        if entry.sign not in (-1, 1):
            missing.append(f"axes.{axis}.sign: {entry.sign}, expected -1 or 1")
    for n in np.unique(toolpath.nozzle):
        nozzle = rig.nozzles[int(n)]
        for name in nozzle.boxes:
            box = rig.dispensers.get(name)
            if box is None:
                missing.append(f"dispensers.{name}: nozzle `{nozzle.name}` names it")
            elif box.kind not in DISPENSERS:
                missing.append(
                    f"dispensers.{name}.kind: `{box.kind}` is not known (known: {', '.join(DISPENSERS.names())})"
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
    dialect = rig.controller.dialect
    unable = (
        cannot_drive(rig, dialect, getattr(DIALECTS[dialect], "analog", None)) if dialect in DIALECTS else []
    )
    if not missing:
        return unable
    return [
        *unable,
        error(
            "M602",
            f"rig `{rig.name}` lacks what a print needs: {len(missing)} field{'s' if len(missing) > 1 else ''}",
            notes=tuple(missing),
        ),
    ]


def _no_way(rig: Rig) -> str | None:
    """Why the rig's address leads to no Automation1, which Aerotech's own package alone reaches; None where it may."""
    from ..controllers.automation1 import MISSING, PACKAGE, lacks_package
    from ..emulator import MACHINES
    from .handover import is_carried

    if rig.controller.dialect != "automation1" or is_carried(rig):
        return None
    kind = rig.controller.transport.partition(":")[0]
    if kind == "emulated" and "automation1" in MACHINES:
        return None
    if kind != PACKAGE:
        return (
            f"`{rig.controller.transport}` leads to no Automation1: `{PACKAGE}://HOST` through Aerotech's Python package, or"
            ' transport = "file:FOLDER", where its program is written to be carried over'
        )
    return MISSING if lacks_package() else None


def _local(url: str) -> bool:
    return any(f"//{name}" in url for name in ("127.", "localhost", "[::1]"))


def _speeds(toolpath: Toolpath, rig: Rig) -> list[Diagnostic]:
    out: list[Diagnostic] = []
    stage = to_stage(rig, toolpath.position_um, toolpath.nozzle)
    step = np.abs(np.diff(stage, axis=0))
    length = np.linalg.norm(step, axis=1)
    for k, axis in enumerate("xyz"):
        entry = rig.axes[axis]
        with np.errstate(invalid="ignore", divide="ignore"):
            speed = np.where(length > 0, toolpath.speed_um_s[1:] * step[:, k] / length, 0.0)
        fast = np.concatenate([[False], speed > entry.max_speed_um_s * (1 + 1e-6)])
        if fast.any():
            out += first_of(
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
    out += first_of(
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
    # Lower than what is printed elsewhere, a travel stays clear of all that stands on its way (kernel/planning/hops.py): measured, not taken on trust.
    low_rows = np.flatnonzero(dips)
    if len(low_rows) and clearance_of(toolpath, rig, low_rows).least_um >= 0.5 * min(
        SIDE_UM, rig.heights.clear_um
    ):
        dips[:] = False
    out += first_of(
        toolpath,
        dips,
        "M612",
        f"a travel at {float(np.minimum(z, from_z)[dips].min()) if dips.any() else 0:.1f} um over what reaches up to"
        f" {float(before[dips].max()) if dips.any() else 0:.1f} um: heights.clear is {rig.heights.clear_um:g} um",
        "the travel leads to this",
    )
    out += first_of(
        toolpath,
        valve & np.isin(kind, (TRAVEL, RETREAT, WIPE)),
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
    out += first_of(
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
    return first_of(
        toolpath,
        deep,
        "M618",
        "the nozzle goes down deeper beside the part than its known shape is long",
        "on the way to this",
    )
