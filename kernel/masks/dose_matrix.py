"""Dose matrix: the same shapes at several doses and sizes, with both written beside them, to find the right dose by one exposure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..mask import Box, box_of, mask_construct, too_fine
from ..quantity import MJ_CM2, UC_CM2, ChargeDose, Count, Dose, FieldSpec, Length, Ratio, Text, list_of
from ..scene import Mask
from .target import width_text
from .text import written

if TYPE_CHECKING:
    from ..flat import Flat

SHAPES = ("squares", "lines")
#: Capitals over the side of a field, and what the name of a row takes.
CAPITAL, BESIDE = 0.2, 1.2


class DoseMatrix:
    construct = mask_construct(
        "dose_matrix",
        "fields of several doses (columns) and sizes (rows), with both written beside them",
        FieldSpec(
            "factors", list_of(Ratio), "doses of the columns, over that of the pattern", low=0.0, above=True
        ),
        FieldSpec("sizes", list_of(Length), "of what is exposed, one for each row", low=0.0, above=True),
        FieldSpec("shape", Text, "`squares` of that size, or `lines` of that width", default="squares"),
        FieldSpec("lines", Count, "lines in a field", default=5, low=1.0, high=1000.0),
        FieldSpec("pitch", Length, "from field to field", low=0.0, above=True),
        FieldSpec(
            "dose",
            Dose,
            "of the pattern, so that columns are named by their doses",
            default=None,
            default_doc="named by factors",
            low=0.0,
            above=True,
        ),
        FieldSpec(
            "charge", ChargeDose, "of a pattern of electrons, for the same", default=None, low=0.0, above=True
        ),
        FieldSpec(
            "loading", Ratio, "of the film's ligand, to be written above", default=None, low=0.0, high=1.0
        ),
        FieldSpec(
            "label_factor",
            Ratio,
            "dose of the letters, over that of the pattern",
            default=None,
            default_doc="the largest of `factors`",
            low=0.0,
            above=True,
        ),
    )

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        f = mask.fields
        for name in ("factors", "sizes"):
            if not f[name]:
                return (
                    name,
                    f"`{name}` is empty; one for each {'column' if name == 'factors' else 'row'} was expected",
                )
        if f["shape"] not in SHAPES:
            return (
                "shape",
                f'"{f["shape"]}" is no shape of a dose matrix; one of {", ".join(SHAPES)} was expected',
            )
        if f["dose"] is not None and f["charge"] is not None:
            return "charge", "`dose` and `charge` both name the columns; one of them was expected"
        across = [self._across(f, s) for s in f["sizes"]]
        if max(across) > f["pitch"] * (1 - 2 * CAPITAL):
            k = across.index(max(across))
            return "pitch", (
                f"{max(across):g} um of {f['shape']} ({width_text(f['sizes'][k])}) leave no room in fields {f['pitch']:g} um apart; "
                f"{max(across) / (1 - 2 * CAPITAL):.4g} um or more was expected"
            )
        return too_fine(mask, "sizes")

    def _across(self, f: Any, size: float) -> float:
        return float(size if f["shape"] == "squares" else (2 * f["lines"] - 1) * size)

    def count(self, mask: Mask) -> int:
        f = mask.fields
        return int(len(f["factors"]) * len(f["sizes"]) * (f["lines"] if f["shape"] == "lines" else 1))

    def bounds(self, mask: Mask) -> Box:
        """Of fields and letters, with their room."""
        f = mask.fields
        p = f["pitch"]
        above = 2 if f["loading"] is not None else 1
        left = BESIDE * p
        w, h = len(f["factors"]) * p, len(f["sizes"]) * p
        x0, y0, x1, y1 = box_of(f["at"], w, h)
        return x0 - left, y0, x1, y1 + above * 2 * CAPITAL * p

    def doses(self, mask: Mask) -> tuple[tuple[float, Flat], ...]:
        """Columns by their factor; the letters belong to theirs."""
        from ..flat import boxes_nm, joined, rectangles

        f = mask.fields
        p, (x, y) = f["pitch"], f["at"]
        columns, rows = len(f["factors"]), len(f["sizes"])
        found: dict[float, list[Any]] = {}
        for i, factor in enumerate(f["factors"]):
            boxes = []
            for j, size in enumerate(f["sizes"]):
                at = (x + (i - (columns - 1) / 2) * p, y + ((rows - 1) / 2 - j) * p)
                if f["shape"] == "squares":
                    boxes.append(box_of(at, size, size))
                else:
                    long = self._across(f, size)
                    boxes += [
                        box_of((at[0] + (2 * k - (f["lines"] - 1)) * size, at[1]), size, long)
                        for k in range(f["lines"])
                    ]
            found.setdefault(float(factor), []).append(rectangles(boxes_nm(boxes)))
        letters = found.setdefault(float(f["label_factor"] or max(f["factors"])), [])
        for text, room, at in self._labels(f):
            # Letters are up to about as wide as capitals are high (`m` more, digits less).
            capital = min(CAPITAL * p, room / (0.95 * max(1, len(text))))
            letters.append(written(text, capital, at))
        return tuple((k, joined(flats)) for k, flats in sorted(found.items()))

    def _labels(self, f: Any) -> list[tuple[str, float, tuple[float, float]]]:
        """(text, room, middle) of all letters."""
        p, (x, y) = f["pitch"], f["at"]
        columns, rows = len(f["factors"]), len(f["sizes"])
        unit = " mJ" if f["dose"] is not None else " uC" if f["charge"] is not None else ""
        whole = f["dose"] / MJ_CM2 if f["dose"] is not None else f["charge"] / UC_CM2 if unit else 1.0
        top = y + rows / 2 * p + CAPITAL * p
        out = [
            (f"{k * whole:.3g}{unit or 'x'}", 0.85 * p, (x + (i - (columns - 1) / 2) * p, top))
            for i, k in enumerate(f["factors"])
        ]
        left = x - columns / 2 * p - BESIDE * p / 2
        out += [
            (width_text(s), (BESIDE - 0.1) * p, (left, y + ((rows - 1) / 2 - j) * p))
            for j, s in enumerate(f["sizes"])
        ]
        if f["loading"] is not None:
            out.append((f"{f['loading'] * 100:.3g}%", columns * p, (x, top + 2 * CAPITAL * p)))
        return out

    def draw(self, mask: Mask) -> Flat:
        from ..flat import joined

        return joined(flat for _, flat in self.doses(mask))


DOSE_MATRIX = DoseMatrix()
