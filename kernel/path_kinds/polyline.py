"""Polyline through given points, and the pillar that is drawn straight up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..paths import number_fault, path_construct, positive_fault
from ..quantity import Bool, FieldSpec, Length, list_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

POINTS = FieldSpec("points", list_of(list_of(Length, 3)), "points of the centreline, in order", state=True)
CLOSED = FieldSpec("closed", Bool, "ends where it begins", default=False)
WIDTHS = FieldSpec(
    "widths",
    list_of(Length),
    "filament width at each point, linear between them",
    default=None,
    default_doc="filament, everywhere",
    state=True,
    low=0.0,
)


def points_fault(fields: dict[str, Any], least: int) -> tuple[str, str] | None:
    """What is wrong with `points` and `widths`."""
    points = fields.get("points") or ()
    if len(points) < least:
        return "points", f"{len(points)} points, it needs at least {least}"
    widths = fields.get("widths")
    if widths is not None and len(widths) != len(points):
        return "widths", f"{len(widths)} widths for {len(points)} points"
    if widths is not None and not all(w > 0 for w in widths):
        return "widths", f"a width of {min(widths):g} um, all must be above zero"
    return number_fault(fields, "points")


class Polyline:
    construct = path_construct(
        "polyline", "straight from point to point", POINTS, CLOSED, WIDTHS, curved=False
    )

    def complaint(self, fields: dict[str, Any]) -> tuple[str, str] | None:
        return points_fault(fields, 2)

    def trace(self, fields: dict[str, Any]) -> tuple[Floats, Floats | None]:
        import numpy as np

        points = np.array(fields["points"], dtype=float)
        widths = None if fields["widths"] is None else np.array(fields["widths"], dtype=float)
        if fields["closed"]:
            points = np.concatenate([points, points[:1]])
            widths = None if widths is None else np.append(widths, widths[0])
        return points, widths


class Pillar:
    construct = path_construct(
        "pillar",
        "drawn straight up from its foot",
        FieldSpec(
            "at",
            list_of(Length, 3),
            "foot of the centreline",
            default=(0.0, 0.0, 0.0),
            default_doc="the middle of the substrate",
            state=True,
        ),
        FieldSpec("height", Length, "from foot to top", state=True, low=0.0, above=True),
        FieldSpec(
            "top_width",
            Length,
            "filament width at the top",
            default=None,
            default_doc="filament",
            state=True,
            low=0.0,
        ),
        curved=False,
    )

    def complaint(self, fields: dict[str, Any]) -> tuple[str, str] | None:
        if fields["top_width"] is not None:
            bad = positive_fault(fields, "top_width")
            if bad is not None:
                return bad
        return positive_fault(fields, "height") or number_fault(fields, "at")

    def trace(self, fields: dict[str, Any]) -> tuple[Floats, Floats | None]:
        import numpy as np

        foot = np.array(fields["at"], dtype=float)
        top = fields["top_width"]
        return (
            np.stack([foot, foot + np.array([0.0, 0.0, fields["height"]])]),
            None if top is None else np.array([fields["filament"], top], dtype=float),
        )


POLYLINE, PILLAR = Polyline(), Pillar()
