"""The part on the sheet: its pictures, the values it was made with, its figures in both states."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from . import numbers
from .blocks import Beside, Block, Cell, Photo, Table

if TYPE_CHECKING:
    from ...kernel.scene import StateName
    from ..report import StepSubject, Subject


def pictures(subject: Subject) -> tuple[Block, ...]:
    """The wet and the dried part, side by side, drawn from one direction."""
    return (Beside(tuple(_photo(subject, name) for name in _STATES)),)


_STATES: tuple[StateName, ...] = ("wet", "dried")
_SAYS = {
    "wet": "Wet: as it is printed, in the bath.",
    "dried": "Dried: as it comes out of supercritical CO\u2082.",
}


def _photo(subject: Subject, name: StateName) -> Photo:
    from PIL import Image

    from ..drawing.picture import picture
    from ..previews.png import render

    pixels = render(picture(subject.filaments, state=name, size=subject.picture_size))
    out = BytesIO()
    Image.fromarray(pixels).save(out, format="PNG", compress_level=9, dpi=(300, 300))
    return Photo(
        out.getvalue(),
        _SAYS[name],
        f"{subject.name}, {name}, drawn to scale with a scale bar",
        subject.picture_size,
    )


def params(subject: StepSubject) -> tuple[Block, ...]:
    """The params of the design and the values that this sheet was made with."""
    if not subject.params:
        return ()
    rows = []
    for p in subject.params:
        value = _value(p, p["value"])
        other = _value(p, p["default"])
        rows.append(
            (
                p["name"],
                Cell(value, bool(p["assumed"])),
                other if other != value else "\u2013",
                p["doc"] or "",
            )
        )
    return (
        Table(
            "Values of the design\u2019s params", ("param", "value", "default, if another", "meaning"), tuple(rows),
            frozenset({0, 3}),
        ),
    )  # fmt: skip


def _value(p: Any, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_value(p, v) for v in value)
    if isinstance(value, int | float):
        unit = str(p["unit"]).replace("um", "\u00b5m")
        gap = "" if unit in ("", "%") else numbers.GAP
        return f"{numbers.sig(value, 6)}{gap}{unit}"
    return "none" if value is None else str(value)


#: Figure, its key, and how it is written.
_ROWS: tuple[tuple[str, str, Any], ...] = (
    ("filaments", "filaments", lambda v: numbers.sig(v, 9)),
    ("length of all filaments", "length_um", numbers.length),
    ("volume of the part", "volume_um3", numbers.volume),
    ("outer surface", "surface_um2", lambda v: f"{numbers.sig(v * 1e-6)}{numbers.GAP}mm\u00b2"),
    ("contacts", "contacts", lambda v: numbers.sig(v, 9)),
    ("missing contacts", "missing_contacts", lambda v: numbers.sig(v, 9)),
    ("longest span", "max_span_um", numbers.length),
    ("longest free end", "max_overhang_um", numbers.length),
    ("least gap", "min_gap_um", numbers.length),
    ("least gap in a layer", "min_gap_in_layer_um", numbers.length),
    ("solid fraction", "solid_fraction", numbers.percent),
)


#: Figures that do not hang on what the drying model assumes.
_COUNTS = ("filaments", "contacts", "missing_contacts")


def figures(subject: Subject) -> Table:
    """Figures of `wp measure`, a column a state."""
    states = subject.figures["states"]
    shown = [name for name in _STATES if name in states]
    rows: list[tuple[str | Cell, ...]] = []
    scene = subject.scene
    computed = "wet" if scene.state == "dried" and scene.compensate == "full" else "dried"
    guessed = any(d.assumptions for d in subject.dryings)

    def cell(text: str, state: str) -> str | Cell:
        return Cell(text, True) if guessed and state == computed else text

    for label, axis in (("size x", 0), ("size y", 1), ("size z", 2)):
        boxes = [states[s]["bbox_um"] for s in shown]
        sizes = [numbers.length(b[1][axis] - b[0][axis]) for b in boxes]
        rows.append((label, *map(cell, sizes, shown)))
    inside = {s for s in shown if states[s]["solid_fraction_of"] == "bulk"}
    for label, key, write in _ROWS:
        cells = ["none" if states[s][key] is None else str(write(states[s][key])) for s in shown]
        if key == "solid_fraction":
            cells = [c if s in inside else f"{c} of the box" for c, s in zip(cells, shown, strict=True)]
        rows.append((label, *(cells if key in _COUNTS else map(cell, cells, shown))))
    notes = []
    if any(not states[s]["exact"] for s in shown):
        notes.append("Volume and surface come from the method for bent filaments, not from closed formulas.")
    if "wet" in shown and subject.scene.state == "dried":
        notes.append("The part is drawn dried; the wet part is what the drying model says must be printed.")
    for d in subject.dryings:
        left = (
            f" The wet part dries to within {numbers.length(d.residual_um)} of the design."
            if d.residual_um
            else ""
        )
        notes.append(f"Drying by the {d.model} model: {'; '.join(d.notes) or 'closed form'}.{left}")
    return Table("Figures of the part", ("figure", *shown), tuple(rows), notes=tuple(notes))
