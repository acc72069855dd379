"""Letters: the outlines of a text drawn upwards, to clip, to fill, or to bound a region."""

from __future__ import annotations

from collections.abc import Sequence

from ..paths import TOLERANCE
from ..quantity import FieldSpec, Length
from ..scene import Solid
from ..shapes import letters
from ..solids import solid_construct
from .convex import not_positive
from .extrude import Corner, Extrude


class Letters(Extrude):
    construct = solid_construct(
        "letters",
        "broad letters drawn upwards from z = 0",
        letters.TEXT,
        letters.CAPITAL,
        FieldSpec("height", Length, "from foot to top", state=True, low=0.0, above=True),
        letters.SPACING,
        letters.ALIGNED,
        TOLERANCE,
    )

    def complaint(self, solid: Solid) -> tuple[str, str] | None:
        fields = {spec.name: solid.fields.get(spec.name, spec.default) for spec in self.construct.fields}
        return letters.fault(fields, "outlines") or not_positive(
            Solid(solid.kind, fields, solid.span), "capital", "height", "spacing", "tolerance"
        )

    def rings(self, solid: Solid) -> Sequence[Sequence[Corner]]:
        f = solid.fields
        return letters.outlines(
            f["text"],
            f["capital"],
            f.get("spacing", 1.0),
            f.get("align", "centre"),
            f.get("tolerance", TOLERANCE.default),
        )


LETTERS = Letters()
