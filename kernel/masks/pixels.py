"""Pixels: one sub-pixel of every pixel of a display, and the barriers between them; a million of them are one polygon, repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..mask import GRID_UM, Box, box_of, mask_construct, too_fine
from ..quantity import Count, FieldSpec, Length, Ratio, list_of
from ..scene import Mask
from .rows import laid, remark, runs

if TYPE_CHECKING:
    from ..flat import Flat

#: Kernel units of an inch, um.
INCH_UM = 25_400.0
#: Most pixels along one side.
MOST = 1_000_000

PPI = FieldSpec(
    "ppi",
    Ratio,
    "pixels per inch, along x and y",
    default=None,
    default_doc="from `pitch`",
    low=0.0,
    above=True,
)
PITCH = FieldSpec(
    "pitch",
    list_of(Length, 2),
    "from pixel to pixel along x and y",
    default=None,
    default_doc="25.4 mm / `ppi`",
    low=0.0,
    above=True,
)
COUNT = FieldSpec("count", list_of(Count, 2), "pixels along x and y", low=1.0, high=MOST)


def pitch_of(fields: Any) -> tuple[float, float]:
    """Along x and y, um."""
    if fields["ppi"] is not None:
        return (INCH_UM / fields["ppi"],) * 2
    x, y = fields["pitch"]
    return x, y


def _spacing_fault(mask: Mask) -> tuple[str, str] | None:
    f = mask.fields
    if (f["ppi"] is None) == (f["pitch"] is None):
        both = f["ppi"] is not None
        return "pitch" if both else "count", (
            "`ppi` and `pitch` both say how far pixels are apart; one of them was expected"
            if both
            else "nothing says how far pixels are apart; `ppi: 500;` or `pitch: [50um, 50um];` was expected"
        )
    return None


def _remarks(mask: Mask, parts: tuple[int, int] = (1, 1)) -> tuple[tuple[str, str], ...]:
    field = "pitch" if mask.fields["ppi"] is None else "ppi"
    rows = zip(pitch_of(mask.fields), mask.fields["count"], parts, strict=True)
    found = {remark(field, p / k, n * k): None for p, n, k in rows}
    return tuple(r for r in found if r is not None)


class Pixels:
    construct = mask_construct(
        "pixels",
        "one sub-pixel of each pixel of an array",
        PPI,
        PITCH,
        COUNT,
        FieldSpec("subpixel", list_of(Length, 2), "size of the sub-pixel along x and y"),
        FieldSpec(
            "offset", list_of(Length, 2), "of the sub-pixel from the middle of its pixel", default=(0.0, 0.0)
        ),
    )

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        fault = _spacing_fault(mask) or too_fine(mask, "subpixel")
        if fault is not None:
            return fault
        for axis, size, pitch, n in zip(
            "xy", mask.fields["subpixel"], pitch_of(mask.fields), mask.fields["count"], strict=True
        ):
            if size > pitch + 1e-9 and n > 1:
                return (
                    "subpixel",
                    f"{size:g} um along {axis} is more than the pitch of {pitch:g} um; sub-pixels would overlap",
                )
        return None

    def remarks(self, mask: Mask) -> tuple[tuple[str, str], ...]:
        return _remarks(mask)

    def count(self, mask: Mask) -> int:
        x, y = mask.fields["count"]
        return int(x * y)

    def bounds(self, mask: Mask) -> Box:
        f = mask.fields
        (px, py), (nx, ny), (w, h) = pitch_of(f), f["count"], f["subpixel"]
        middle = (f["at"][0] + f["offset"][0], f["at"][1] + f["offset"][1])
        return box_of(middle, (nx - 1) * px + w, (ny - 1) * py + h)

    def draw(self, mask: Mask) -> Flat:
        from ..flat import boxes_nm, rectangles

        f = mask.fields
        (px, py), (nx, ny) = pitch_of(f), f["count"]
        dot = rectangles(boxes_nm(box_of((0.0, 0.0), *f["subpixel"])))
        x, y = (a + o for a, o in zip(f["at"], f["offset"], strict=True))
        return laid(dot, runs(px, nx, x), runs(py, ny, y))


class Barriers:
    construct = mask_construct(
        "barriers",
        "the grid of barriers between the pixels of an array; about it, half of one",
        PPI,
        PITCH,
        COUNT,
        FieldSpec("width", Length, "of a barrier", low=0.0, above=True),
        FieldSpec(
            "split",
            list_of(Count, 2),
            "sub-pixels along x and y of each pixel, between which barriers stand too",
            default=(1, 1),
            low=1.0,
            high=1000.0,
        ),
    )

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        fault = _spacing_fault(mask) or too_fine(mask, "width")
        if fault is not None:
            return fault
        room = min(p / k for p, k in zip(pitch_of(mask.fields), mask.fields["split"], strict=True))
        if mask.fields["width"] > room - GRID_UM:
            return (
                "width",
                f"barriers {mask.fields['width']:g} um wide leave nothing of {room:g} um between them",
            )
        return None

    def remarks(self, mask: Mask) -> tuple[tuple[str, str], ...]:
        return _remarks(mask, mask.fields["split"])

    def count(self, mask: Mask) -> int:
        (nx, ny), (kx, ky) = mask.fields["count"], mask.fields["split"]
        return int(nx * kx * ny * ky)

    def bounds(self, mask: Mask) -> Box:
        f = mask.fields
        (px, py), (nx, ny) = pitch_of(f), f["count"]
        return box_of(f["at"], nx * px, ny * py)

    def draw(self, mask: Mask) -> Flat:
        from ..flat import boxes_nm, from_rings, joined, rectangles, repeated, shifted

        f = mask.fields
        w, (x, y) = f["width"], f["at"]
        (px, nx), (py, ny) = ((p / k, n * k) for p, k, n in _along(f))
        if max(abs(v * 1e3 - round(v * 1e3)) for v in (px, py, w)) > 1e-6:
            # Frames would leave slits of rounding, so whole walls cross each other.
            (wide, high), rim = (nx * px, ny * py), box_of((0.0, 0.0), nx * px - w, ny * py - w)
            upright, lying = (
                rectangles(boxes_nm(box_of((0.0, 0.0), *size))) for size in ((w, high), (wide, w))
            )
            about = from_rings([_corners(box_of((0.0, 0.0), wide, high)), _corners(rim)])
            here = runs(1.0, 1, x), runs(1.0, 1, y)
            return joined(
                [
                    laid(about, *here),
                    *([laid(upright, runs(px, nx - 1, x), here[1])] if nx > 1 else []),
                    *([laid(lying, here[0], runs(py, ny - 1, y))] if ny > 1 else []),
                ]
            )
        # A frame for each pixel, of which two make a wall: all of the grid is one polygon, repeated.
        low, high = round(w * 1e3) // 2 * 1e-3, (round(w * 1e3) + 1) // 2 * 1e-3
        x0, y0 = (round((a - n * p / 2) * 1e3) for a, n, p in ((x, nx, px), (y, ny, py)))
        frame = shifted(
            from_rings([_corners((0.0, 0.0, px, py)), _corners((low, low, px - high, py - high))]), x0, y0
        )
        return repeated(frame, nx, ny, (round(px * 1e3), 0), (0, round(py * 1e3)))


def _corners(box: Box) -> list[tuple[float, float]]:
    x0, y0, x1, y1 = box
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def _along(fields: Any) -> list[tuple[float, int, int]]:
    """(pitch, parts, pixels) along x and y."""
    return list(zip(pitch_of(fields), fields["split"], fields["count"], strict=True))


PIXELS = Pixels()
BARRIERS = Barriers()
