"""Struts that are written before anything is there that holds them: they drift in the resin."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning


class Adrift:
    code = "W265"
    severity = Severity.WARNING
    doc = "no written strut floats in the resin when its turn comes"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        import numpy as np

        for job in context.written:
            light = job.light
            assert light is not None
            # In one block every strut that is held in the end is held when it is written: the order sees to it.
            if light.how.block is None and light.how.block_height is None:
                continue
            _, floats = light.order
            pieces = light.pieces
            loose = np.flatnonzero(floats & ~light.afloat[pieces.strut])
            if not len(loose):
                continue
            strut, block = int(pieces.strut[loose[0]]), int(pieces.block[loose[0]])
            yield warning(
                self.code,
                f"{len(loose)} pieces of struts of {job.name} touch nothing when their block is written; 0 were expected",
                context.setting(job, "block"),
                label=f"the first of them in block {block + 1} of {len(pieces.centre_um)}",
                notes=(
                    f"what holds the piece of the strut at {context.span(job, strut).where} stands in a block that is written later",
                    "larger blocks, seams elsewhere, or seams that lean (`shear`)",
                ),
            )


ADRIFT = Adrift()
