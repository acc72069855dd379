"""Text: letters of single strokes, each stroke a filament; or their outlines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..paths import number_fault, path_construct, positive_fault
from ..quantity import Bool, FieldSpec
from ..shapes import letters
from .arc import CENTRE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


class TextPath:
    construct = path_construct(
        "text",
        "letters, each stroke of them a filament",
        letters.TEXT,
        letters.CAPITAL,
        CENTRE,
        letters.SPACING,
        letters.ALIGNED,
        FieldSpec(
            "outline", Bool, "draws the outlines of broad letters in place of single strokes", default=False
        ),
    )

    def complaint(self, fields: dict[str, Any]) -> tuple[str, str] | None:
        return (
            positive_fault(fields, "capital", "spacing")
            or number_fault(fields, "centre")
            or letters.fault(fields, "outlines" if fields["outline"] else "strokes")
        )

    def _lines(self, fields: dict[str, Any]) -> list[letters.Ring]:
        if not fields["outline"]:
            return letters.strokes(fields)
        rings = letters.outlines(
            fields["text"], fields["capital"], fields["spacing"], fields["align"], fields["tolerance"]
        )
        return [(*ring, ring[0]) for ring in rings]

    def pieces(self, fields: dict[str, Any]) -> Ints:
        """Points of each filament."""
        import numpy as np

        return np.array([len(line) for line in self._lines(fields)], dtype=np.int64)

    def trace(self, fields: dict[str, Any]) -> tuple[Floats, Floats | None]:
        import numpy as np

        flat = np.array([point for line in self._lines(fields) for point in line], dtype=float)
        x, y, z = fields["centre"]
        return np.column_stack([flat + np.array([x, y]), np.full(len(flat), float(z))]), None


TEXT = TextPath()
