"""Targets that tell what a writer resolves: groups of lines with their widths written beside them, and the Siemens star."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..mask import Box, box_of, mask_construct, too_fine
from ..quantity import Bool, Count, FieldSpec, Length, list_of
from ..scene import Mask
from .text import written

if TYPE_CHECKING:
    from ..flat import Flat


def width_text(um: float) -> str:
    """A width as it is written beside its lines."""
    return f"{um * 1e3:.4g} nm" if um < 1.0 else f"{um:.4g} um"


def star(at: tuple[float, ...], radius_um: float, spokes: int, finest_um: float) -> Flat:
    """Spokes from the radius where they are `finest` wide to their outer ends."""
    from ..flat import from_rings

    inner = finest_um * spokes / math.pi
    half = math.pi / 2 / spokes
    fine = max(1, math.ceil(half / math.acos(max(0.0, 1 - min(1.0, 1e-3 / radius_um)))))
    rings = []
    for k in range(spokes):
        middle = 2 * math.pi * k / spokes
        turns = [middle - half + 2 * half * i / fine for i in range(fine + 1)]
        arc = [(radius_um, t) for t in turns] + [(inner, t) for t in reversed(turns)]
        rings.append([(at[0] + r * math.cos(t), at[1] + r * math.sin(t)) for r, t in arc])
    return from_rings(rings)


class Siemens:
    construct = mask_construct(
        "siemens",
        "a Siemens star: spokes that grow narrower inwards",
        FieldSpec("radius", Length, "of the star", low=0.0, above=True),
        FieldSpec("finest", Length, "width of the spokes where they end", low=0.0, above=True),
        FieldSpec("spokes", Count, "spokes", default=36, low=3.0, high=3600.0),
    )

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        f = mask.fields
        if f["finest"] * f["spokes"] >= math.pi * f["radius"]:
            widest = math.pi * f["radius"] / f["spokes"]
            return (
                "finest",
                f"{f['finest']:g} um is more than the {widest:.3g} um that the spokes are wide at their outer ends",
            )
        return too_fine(mask, "radius", "finest")

    def bounds(self, mask: Mask) -> Box:
        return box_of(mask.fields["at"], 2 * mask.fields["radius"], 2 * mask.fields["radius"])

    def draw(self, mask: Mask) -> Flat:
        f = mask.fields
        return star(f["at"], f["radius"], f["spokes"], f["finest"])


class Resolution:
    construct = mask_construct(
        "resolution",
        "groups of lines upright and lying, one row for each width, with the width written beside them",
        FieldSpec("widths", list_of(Length), "widths of lines, each of which has a row"),
        FieldSpec(
            "lines", Count, "in a group, with gaps as wide as they are", default=5, low=1.0, high=1000.0
        ),
        FieldSpec("labels", Bool, "false leaves the widths out", default=True),
        FieldSpec(
            "capital",
            Length,
            "height of the letters",
            default=None,
            default_doc="6 times the widest line",
            low=0.0,
            above=True,
        ),
    )

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        if not mask.fields["widths"]:
            return "widths", "there is no width in it; one for each row was expected"
        return too_fine(mask, "widths", "capital")

    def draw(self, mask: Mask) -> Flat:
        from ..flat import boxes_nm, joined, rectangles

        f = mask.fields
        capital = f["capital"] or 6 * max(f["widths"])
        tall = [(2 * f["lines"] - 1) * w for w in f["widths"]]
        gap, widest = capital / 2, max(tall)
        labels = [width_text(w) for w in f["widths"]] if f["labels"] else []
        # Letters are about as wide as capitals are high.
        room = max((len(t) for t in labels), default=0) * capital
        whole = room + (gap if labels else 0.0) + 2 * widest + gap
        rows = [max(t, capital if labels else 0.0) for t in tall]
        y = f["at"][1] + (sum(rows) + gap * (len(rows) - 1)) / 2
        left = f["at"][0] - whole / 2
        first = left + room + (gap if labels else 0.0) + widest / 2
        boxes, flats = [], []
        for k, (w, height) in enumerate(zip(f["widths"], rows, strict=True)):
            y -= height / 2
            for i in range(f["lines"]):
                aside = (2 * i - (f["lines"] - 1)) * w
                boxes.append(box_of((first + aside, y), w, tall[k]))
                boxes.append(box_of((first + widest + gap, y + aside), tall[k], w))
            if labels:
                flats.append(written(labels[k], capital, (left + room / 2, y)))
            y -= height / 2 + gap
        return joined([rectangles(boxes_nm(boxes)), *flats])


SIEMENS = Siemens()
RESOLUTION = Resolution()
