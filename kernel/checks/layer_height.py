"""A layer height at or above the filament width: layers would not touch."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Edit, Fix, Severity, warning
from ..lattices import LATTICES
from ..scene import Lattice
from ..shapes.struts import StrutLattice


class LayerHeight:
    code = "W208"
    severity = Severity.WARNING
    doc = "layers lie closer than a filament is high"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        told: set[int] = set()
        for job in context.jobs:
            for part in context.parts(job):
                # Cells of struts stand in space: their layer height is the height of a cell.
                if (
                    not isinstance(part, Lattice)
                    or id(part) in told
                    or isinstance(LATTICES[part.kind], StrutLattice)
                ):
                    continue
                told.add(id(part))
                rise, count = part.fields.get("layer_height"), part.fields.get("layers")
                widths = [part.fields.get("filament"), *(r.fields.get("filament") for r in part.layers)]
                known = [float(w) for w in widths if isinstance(w, int | float)]
                if (
                    not known
                    or not isinstance(rise, int | float)
                    or not (isinstance(count, int) and count > 1)
                ):
                    continue
                if rise < max(known) * (1 - 1e-9):
                    continue
                span = part.spans.get("layer_height")
                better = f"{0.8 * min(known):.4g}um"
                yield warning(
                    self.code,
                    f"{rise:.4g} um is the layer height of {part.name}, its filaments are {max(known):.4g} um high; "
                    "less was expected",
                    span or part.span,
                    label="layers would not touch",
                    notes=(f"type `layer_height: {better}`, which overlaps the layers by a fifth",),
                    fixes=(Fix(f"write `{better}`", (Edit(span, better),)),) if span is not None else (),
                )


LAYER_HEIGHT = LayerHeight()
