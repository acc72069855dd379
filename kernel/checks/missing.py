"""Places where a filament should rest on the layer below and does not."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning
from ..scene import StateName

_STATES: tuple[StateName, ...] = ("wet", "dried")


class Missing:
    code = "W205"
    severity = Severity.WARNING
    doc = "filaments touch the layer below where they cross it"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        import numpy as np

        for job in context.jobs:
            known = [s for s in _STATES if context.has(job, s)]
            found = {s: context.contacts(job, s) for s in known}
            bad = [s for s in known if found[s].missing]
            if not bad:
                continue
            worst = max(bad, key=lambda s: found[s].missing)
            i = int(np.argmax(found[worst].missing_of))
            layer = int(job.filaments.layer[i])
            hanging = int((found[worst].missing_of > 0).sum())
            counts = " and ".join(f"{found[s].missing} {s}" for s in bad)
            yield warning(
                self.code,
                f"{counts} contacts are missing, on {hanging} filament{'' if hanging == 1 else 's'}, the worst in layer {layer}; "
                "0 were expected",
                context.field(job, i, "layer_height"),
                label=f"a filament of layer {layer} does not rest on layer {layer - 1} here",
                notes=(
                    "filaments bond where the axes lie closer than the sum of their half-heights: "
                    "type `layer_height: 0.8 * filament`, or let lines of the layer below run under it",
                ),
            )


MISSING = Missing()
