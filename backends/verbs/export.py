"""`wp export`: asks the family that writes files of the kind which is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...kernel.diagnostics import Diagnostic
    from ...kernel.rig import Rig
    from .design import Design


def write_file(
    design: Callable[[], Design],
    name: str,
    output: Path,
    *,
    rig: Callable[[], Rig],
    tell: Callable[[list[Diagnostic]], None],
    say: Callable[[str], None],
    state: str,
    settled: bool,
    fused: bool,
    writer: str | None,
    pattern: str | None,
    scan: str,
) -> Iterator[str]:
    """Write a design in the format `name` to `output`: masks, lines of light, a motion program, or geometry. Yields what to print.

    Raises WetprintError, of the families and X759 where an option says nothing of this format.
    """
    from ...kernel.material import FURTHER
    from ..dialects import DIALECTS
    from ..export import mesh_exporter, write_fused, write_geometry, write_program
    from ..layout import LAYOUTS, write_layout
    from ..writer import ink_alone, write_lines
    from ..writers import WRITERS
    from .options import by_laser, fit_together, has_prints, needs_ink

    fit_together(name, writer=writer, pattern=pattern, scan=scan, settled=settled)
    if fused:
        mesh_exporter(name)
    if name in LAYOUTS:
        made = design()
        written = write_layout(made.scene, name, output, writer or "general", made.hash())
        yield f"{name}: {output} ({written})"
        yield f"manifest: {written.manifest}"
        return
    if name in WRITERS:
        write_lines(design().jobs("wet"), name, output)
    elif name in DIALECTS:
        machine, made = rig(), design()
        lit = by_laser(made.scene, pattern)
        if lit is not None:
            from ..raster import write_raster

            tell(write_raster(made.scene, lit, machine, name, output, scan))
        else:
            from ...kernel.order import make_plan

            for left in ink_alone(made.scene.prints, made.scene.patterns):
                say(left)
            write_program(make_plan(made.jobs("wet"), machine), machine, name, output)
    else:
        made = design()
        has_prints(made.scene, name)
        needs_ink(made.scene, ("--settled", settled), (f"--state {state}", state in FURTHER))
        jobs, shown = made.in_state(state, settled)
        if fused:
            write_fused(jobs, name, output, shown, say)
        else:
            write_geometry(jobs, name, output, shown)
    yield f"{name}: {output}"
