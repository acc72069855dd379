"""Writing files: geometry in any of the formats of the exporters, and motion programs in any of the dialects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from ..kernel.diagnostics import WetprintError, error
from ..kernel.filaments import FilamentSet, join
from ..kernel.files import writing
from ..kernel.scene import StateName
from .dialect import About, Dialect, about
from .dialects import DIALECTS
from .exporter import MeshExporter
from .exporters import EXPORTERS
from .layout import LAYOUTS
from .writers import WRITERS

if TYPE_CHECKING:
    from ..kernel.build import Job
    from ..kernel.motion import Toolpath
    from ..kernel.plan import Plan
    from ..kernel.rig import Rig


def export_format(path: Path, name: str | None = None) -> str:
    """The format that `name` asks for, or that the ending of `path` means. Raises WetprintError (X711) where there is none."""
    known = (*EXPORTERS.names(), *DIALECTS.names(), *LAYOUTS.names(), *WRITERS.names())
    if name is not None:
        wanted = name.lower().lstrip(".")
        if wanted in known:
            return wanted
        families = (EXPORTERS, DIALECTS, LAYOUTS, WRITERS)
        near = next((n for n in (f.nearest(wanted) for f in families) if n), None)
        hint = f"; did you mean {near}?" if near else ""
        raise WetprintError(
            error("X711", f"{name} is not a format that wetprint writes{hint}", notes=_formats())
        )
    ending = path.suffix.lower().lstrip(".")
    if ending in EXPORTERS or ending in LAYOUTS or ending in WRITERS:
        return ending
    for dialect in DIALECTS:
        if f".{ending}" in DIALECTS[dialect].suffixes:
            return dialect
    said = f"the ending .{ending}" if ending else "no ending"
    raise WetprintError(error("X711", f"{path} has {said}, which means no format", notes=_formats()))


def _formats() -> tuple[str, ...]:
    return (
        f"geometry: {', '.join(EXPORTERS.names())}",
        f"motion: {', '.join(DIALECTS.names())}",
        f"masks: {', '.join(LAYOUTS.names())}",
        f"light: {', '.join(WRITERS.names())}",
        "or say it: `--format NAME`",
    )


def whole(jobs: FilamentSet | Sequence[FilamentSet | Job], state: StateName) -> FilamentSet:
    """Everything of `jobs` as one set that has `state`. Raises WetprintError: X712 nothing there, X713 state not known."""
    given = [jobs] if isinstance(jobs, FilamentSet) else jobs
    sets = [j if isinstance(j, FilamentSet) else j.filaments for j in given]
    sets = [s for s in sets if len(s)]
    if not sets:
        raise WetprintError(error("X712", "0 filaments: there is nothing to draw or write"))
    for s in sets:
        if (s.wet if state == "wet" else s.dried) is None:
            raise WetprintError(error("X713", f"the {state} state of the part is not known"))
    return sets[0] if len(sets) == 1 else join(sets)


def write_geometry(
    jobs: FilamentSet | Sequence[FilamentSet | Job], name: str, path: Path, state: StateName = "dried"
) -> None:
    """Write the filaments of `jobs` to `path` in the format `name` (as `export_format` gives it)."""
    part = whole(jobs, state)
    exporter = EXPORTERS[name]
    with writing(Path(path)) as out:
        exporter.write(part, state, out)


def write_fused(
    jobs: FilamentSet | Sequence[FilamentSet | Job],
    name: str,
    path: Path,
    state: StateName = "dried",
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Write one closed mesh an ink, overlaps counted once. `say` hears beforehand what that will take.

    Raises WetprintError: X715 the format holds no triangles, X716 it would not fit in memory.
    """
    exporter = mesh_exporter(name)
    part = whole(jobs, state)
    from .fuse import Bar, affordable, cost, fuse

    needs = cost(part, state)
    say(str(needs))
    affordable(needs)
    with Bar() as bar:
        meshes = fuse(part, state, bar.tell)
    with writing(Path(path)) as out:
        exporter.write_fused(meshes, state, out)


def mesh_exporter(name: str) -> MeshExporter:
    """The exporter of a format of triangles. Raises WetprintError (X715) for any other format."""
    if name in EXPORTERS and isinstance(exporter := EXPORTERS[name], MeshExporter):
        return exporter
    those = ", ".join(n for n in EXPORTERS.names() if isinstance(EXPORTERS[n], MeshExporter))
    raise WetprintError(
        error("X715", f"{name} holds no triangles, so nothing can be fused in it; expected one of {those}")
    )


def write_program(made: Plan | Toolpath, rig: Rig, name: str, path: Path) -> None:
    """Write the motion program of a plan, or of its toolpath where that is known already, in the dialect `name` to `path`: of a plan
    part by part, so that one of any length needs little memory."""
    from ..kernel.motion import Toolpath, make_toolpath

    dialect = DIALECTS[name]
    plan = made.plan if isinstance(made, Toolpath) else made
    with writing(Path(path)) as out:
        # What happens behind the last filament stands before a row that is known at the end only; ratios are known from all rows.
        late = any(event.before >= len(plan.order) for event in plan.events)
        mixes = any(nozzle.mix for nozzle in rig.nozzles)
        if isinstance(made, Toolpath) or late or mixes or not out.seekable():
            toolpath = made if isinstance(made, Toolpath) else make_toolpath(plan, rig)
            for lines, _, _ in dialect.pieces(toolpath, rig):
                out.writelines(lines)
            return
        # The head says how long it all takes, which is known last: room is left for it. Where it needs another room, all is
        # written once more.
        room, top = _body(plan, rig, dialect, out, None)
        while len(top) != room:
            room, top = _body(plan, rig, dialect, out, len(top))
        out.seek(0)
        out.write(top)


def _body(plan: Plan, rig: Rig, dialect: Dialect, out: BinaryIO, room: int | None) -> tuple[int, bytes]:
    """Write all of a program but its head, from byte `room` on, or leaving as much as it should need; the room and the head."""
    from ..kernel.toolpath.parts import parts

    known: About | None = None
    for said, lines in parts(plan, rig, lambda part: (about(part), dialect.body(part, rig))):
        known = said if known is None else known.then(said)
        if room is None:
            room = len(dialect.top(plan, rig, known.then(_expected(plan, rig, known))))
        if said is known:
            out.seek(room)
        out.writelines(lines)
    assert known is not None and room is not None
    out.write(dialect.tail(rig))
    out.truncate()
    return room, dialect.top(plan, rig, known)


def _expected(plan: Plan, rig: Rig, begun: About) -> About:
    """What comes after the first part of a toolpath, as far as the plan tells."""
    from ..kernel.planning.gelling import least_times_s
    from ..kernel.toolpath.dosing import dose

    kpa = dose(plan, rig).pressure_kpa
    places = np.flatnonzero(kpa > 0)
    nozzles, first = np.unique(plan.nozzle[places], return_index=True)
    pressures = {int(n): float(kpa[places[at]]) for n, at in zip(nozzles, first, strict=True)}
    _, end = least_times_s(plan, rig)
    return About(float(end[-1]) - begun.time_s if len(end) else 0.0, begun.start_um, begun.nozzle, pressures)
