"""Image: a picture as a mask, black or white by a threshold, or grey as doses; equal runs of pixels are one rectangle."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..mask import Box, box_of, mask_construct, too_fine
from ..quantity import Count, FieldSpec, Length, Ratio, Text
from ..scene import Mask

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ..flat import Flat

#: Most pixels of an image.
MOST = 50_000_000
EXPOSED = ("dark", "light")


class Image:
    construct = mask_construct(
        "image",
        "a picture: what is dark, or light, is exposed",
        FieldSpec("file", Text, "the file (PNG and whatever else Pillow reads), relative to the design"),
        FieldSpec("pixel", Length, "side of a pixel on the film", low=0.0, above=True),
        FieldSpec("exposed", Text, "`dark` or `light`: what is exposed", default="dark"),
        FieldSpec("threshold", Ratio, "lightness that parts dark from light", default=0.5, low=0.0, high=1.0),
        FieldSpec(
            "levels",
            Count,
            "doses that greys are exposed with: 1 / levels, 2 / levels ... of the pattern's",
            default=None,
            default_doc="one dose, by `threshold`",
            low=2.0,
            high=256.0,
        ),
    )

    def complaint(self, mask: Mask) -> tuple[str, str] | None:
        if mask.fields["exposed"] not in EXPOSED:
            return (
                "exposed",
                f'"{mask.fields["exposed"]}" is not known; one of {", ".join(EXPOSED)} was expected',
            )
        fault = too_fine(mask, "pixel")
        if fault is not None:
            return fault
        size = size_of(mask)
        if isinstance(size, str):
            return "file", f"E424 {size}"
        if size[0] * size[1] > MOST:
            return (
                "file",
                f"E421 {size[0]} x {size[1]} pixels are more than the {MOST} of an image that is drawn",
            )
        return None

    def count(self, mask: Mask) -> int:
        size = size_of(mask)
        # Runs of equal pixels are one polygon; a tenth of the pixels is much for a drawing.
        return 1 if isinstance(size, str) else max(1, size[0] * size[1] // 10)

    def bounds(self, mask: Mask) -> Box | None:
        size, p = size_of(mask), mask.fields["pixel"]
        return None if isinstance(size, str) else box_of(mask.fields["at"], size[0] * p, size[1] * p)

    def draw(self, mask: Mask) -> Flat:
        levels = self._levels(mask)
        return self._flat(mask, levels > 0)

    def doses(self, mask: Mask) -> tuple[tuple[float, Flat], ...] | None:
        most = mask.fields["levels"]
        if most is None:
            return None
        levels = self._levels(mask)
        found = ((k / most, levels == k) for k in range(1, most + 1))
        return tuple((factor, self._flat(mask, some)) for factor, some in found if some.any())

    def _levels(self, mask: Mask) -> npt.NDArray[np.int64]:
        """How strongly each pixel is exposed, rows from the top: 0 to `levels`, or 0 and 1."""
        import numpy as np

        f = mask.fields
        light = _pixels(*_stamp(mask))
        if f["levels"] is None:
            some = light < f["threshold"] if f["exposed"] == "dark" else light >= f["threshold"]
            return np.asarray(some, dtype=np.int64)
        strong = 1.0 - light if f["exposed"] == "dark" else light
        return np.asarray(np.rint(strong * f["levels"]), dtype=np.int64)

    def _flat(self, mask: Mask, some: npt.NDArray[np.bool_]) -> Flat:
        import numpy as np

        from ..flat import Flat, rectangles, to_nm

        boxes = blocks(some)
        if not len(boxes):
            return Flat()
        f = mask.fields
        rows, columns = some.shape
        x = to_nm((np.arange(columns + 1) - columns / 2) * f["pixel"] + f["at"][0])
        y = to_nm((rows / 2 - np.arange(rows + 1)) * f["pixel"] + f["at"][1])
        top, bottom, left, right = boxes.T
        return rectangles(np.stack([x[left], y[bottom], x[right], y[top]], axis=1))


def blocks(some: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Rectangles that cover what is true, once each: int[N,4] (top row, row behind the last, first column, column behind the
    last). Equal runs of rows that follow each other are one."""
    import numpy as np

    edges = np.diff(np.pad(some.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    row, start = np.nonzero(edges == 1)
    _, end = np.nonzero(edges == -1)
    order = np.lexsort((row, end, start))
    row, start, end = row[order], start[order], end[order]
    first = np.ones(len(row), dtype=bool)
    first[1:] = (np.diff(row) != 1) | (np.diff(start) != 0) | (np.diff(end) != 0)
    at = np.flatnonzero(first)
    last = np.append(at[1:], len(row)) - 1 if len(at) else at
    return np.stack([row[at], row[last] + 1, start[at], end[at]], axis=1).astype(np.int64)


def _stamp(mask: Mask) -> tuple[str, int, int]:
    path = Path(mask.span.source.name).parent / mask.fields["file"]
    found = path.stat()
    return str(path), found.st_mtime_ns, found.st_size


def size_of(mask: Mask) -> tuple[int, int] | str:
    """Columns and rows of the image, or why it cannot be read."""
    try:
        return _size(*_stamp(mask))
    except FileNotFoundError:
        return f'there is no file "{mask.fields["file"]}" beside the design'
    except (OSError, ValueError) as fault:
        return f'"{mask.fields["file"]}" cannot be read as an image: {fault}'


@lru_cache(maxsize=32)
def _size(path: str, _time: int, _bytes: int) -> tuple[int, int]:
    image = _opened(path)
    with image:
        image.load()
        return int(image.size[0]), int(image.size[1])


@lru_cache(maxsize=4)
def _pixels(path: str, _time: int, _bytes: int) -> npt.NDArray[np.float64]:
    """Lightness from 0 to 1; what is see-through is light."""
    import numpy as np
    from PIL import Image as Pillow

    with _opened(path) as image:
        if image.mode in ("I", "I;16", "F"):
            values = np.asarray(image, dtype=float)
            return np.asarray(values / (65535.0 if image.mode != "F" else max(1.0, values.max())))
        colours = image.convert("RGBA")
        paper = Pillow.new("RGBA", colours.size, (255, 255, 255, 255))
        return np.asarray(Pillow.alpha_composite(paper, colours).convert("L"), dtype=float) / 255.0


def _opened(path: str) -> Any:
    from PIL import Image as Pillow
    from PIL import UnidentifiedImageError

    try:
        return Pillow.open(path)
    except UnidentifiedImageError:
        raise ValueError("no kind of image that is known") from None
    except Pillow.DecompressionBombError:
        raise ValueError("it has too many pixels") from None


IMAGE = Image()
