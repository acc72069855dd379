"""A density in place of a filament width: what lattices that know the part of space they fill share. No numpy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..lattice import FILAMENT, LAYER_HEIGHT_RATIO
from ..quantity import Construct, FieldSpec, Ratio
from .density import width_that_fills

DENSITY = FieldSpec(
    "density",
    Ratio,
    "part of space to fill, in place of `filament`: that of a lattice without end, overlaps counted once",
    default=None,
    default_doc="follows from `filament`",
    low=0.0,
    high=1.0,
    above=True,
)
#: The width of filaments where a density may be given in its place.
WIDTH = replace(FILAMENT, default=None, default_doc="what gives `density`")


class Dense:
    """Mixin: a lattice whose construct has the field `density` says what widths fill (`part_filled`), and up to which one
    that holds (`widest`)."""

    construct: Construct

    def part_filled(self, fields: dict[str, Any], d: float, layer_height: float) -> float:
        """Part of space that filaments of width `d` fill; `fields` have a pitch."""
        raise NotImplementedError

    def widest(self, fields: dict[str, Any], layer_height: float | None) -> float:
        """The widest filament for which `part_filled` holds; the layer height is None where it goes with the width."""
        return float(fields["pitch"])

    def with_width(self, fields: dict[str, Any], ratio: float | None = LAYER_HEIGHT_RATIO) -> dict[str, Any]:
        """The fields with the `filament` that their density asks for; None stays where there is no such width. Where no
        layer height is given it is `ratio` times the width, or, with None, the pitch."""
        out = dict(fields)
        density, pitch, h = (out.get(name) for name in ("density", "pitch", "layer_height"))
        if self.construct.field("density") is None or out.get("filament") is not None:
            return out
        if not (density and isinstance(pitch, int | float) and pitch > 0):
            return out
        fixed = h if h is not None or ratio is not None else pitch

        def at(d: float) -> float:
            return self.part_filled(out, d, fixed if fixed is not None else (ratio or 1.0) * d)

        out["filament"] = width_that_fills(density, at, self.widest(out, fixed))
        return out

    def density_fault(self, fields: dict[str, Any]) -> tuple[str, str] | None:
        """What is wrong where a density and a width are given that differ."""
        density, d = fields.get("density"), fields.get("filament")
        if density is None or d is None or self.construct.field("density") is None:
            return None
        found = self.part_filled(fields, d, fields["layer_height"])
        if abs(found - density) > 1e-6:
            return (
                "density",
                f"density is {density:.4g}, but a filament of {d:g} um fills {found:.4g}; give one of the two",
            )
        return None
