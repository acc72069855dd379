"""What a picture shows, as data and before anything is drawn: panels, scale, colours, legend, scale bar."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from ...kernel.diagnostics import WetprintError, error
from ...kernel.filaments import FilamentSet, Floats
from ...kernel.material import Ink
from ...kernel.scene import StateName
from ..colouring import INK, MOVEMENT, names, part_and_values, shares, some_known
from ..export import whole
from .camera import Camera, Frame, extent, nice_length
from .change import GHOST, STEPS, Bar, by_movement
from .change import colours as bar_colours
from .style import STYLES, Style

if TYPE_CHECKING:
    from ...kernel.build import Job
    from ..course import Course
    from .section import Cut

Shown = Literal["wet", "dried", "both"]
Jobs = "FilamentSet | Sequence[FilamentSet | Job]"

#: Share of a panel that a part fills, and of the picture that margins and lettering take (chosen by eye).
_FILL, _MARGIN, _LETTER = 0.94, 0.045, 0.031

#: A scale bar is at most this share of a panel's width.
_BAR = 0.22

#: Filaments without the figure that others are coloured by.
MISSING = "#c4c4c4"

CAPTIONS: dict[StateName, str] = {"wet": "wet", "dried": "dried"}


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of pixels, from the upper left corner of the picture."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One state of the part in `box`; `index` uint8[F] gives each filament its row in the picture's colours. `cut` opens it; `beside`
    is drawn with it, whole and in the last of the colours."""

    part: FilamentSet
    state: StateName
    caption: str
    box: Box
    frame: Frame
    index: npt.NDArray[np.uint8]
    cut: Cut | None = None
    beside: FilamentSet | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """`size` in pixels; `axes` rows right, up, towards the eye; `legend` pairs of label and colour; `bar_um` long is the scale bar.

    `ghost` is a panel that is seen through, over the others; `bar` tells what colours mean where they are not those of inks.
    """

    size: tuple[int, int]
    style: Style
    axes: Floats
    panels: tuple[Panel, ...]
    colours: tuple[str, ...]
    legend: tuple[tuple[str, str], ...]
    um_per_px: float
    bar_um: float
    letter_px: int
    margin_px: int
    transparent: bool = False
    ground: bool = True
    lettering: bool = True
    ghost: Panel | None = None
    bar: Bar | None = None


def picture(
    jobs: FilamentSet | Sequence[FilamentSet | Job],
    *,
    state: Shown = "dried",
    size: tuple[int, int] = (1600, 1200),
    style: str = "paper",
    camera: Camera | None = None,
    transparent: bool = False,
    ground: bool = True,
    lettering: bool = True,
    overlay: bool = False,
    by: str = INK,
    most_um: float | None = None,
    course: Callable[[], Course] | None = None,
) -> Picture:
    """Lay out a picture of `jobs`. `overlay`: the dried part with the wet one over it as a ghost. `by` "movement": coloured by how
    far each place moves as the part dries, on a bar up to `most_um` (up to the largest movement unless said otherwise); `by` one of the
    register of colourings: by that figure of each filament. Those of the print take it from `course`.

    Raises WetprintError: X712 nothing there, X713 state not known, X722 size, X723 style, X726 not coloured by that.
    """
    if by not in names():
        raise WetprintError(error("X726", f"{by!r} is nothing to colour by; expected {', '.join(names())}"))
    if style not in STYLES:
        raise WetprintError(error("X723", f"{style!r} is not a style; expected {', '.join(STYLES)}"))
    width, height = size
    if not (16 <= width <= 16384 and 16 <= height <= 16384):
        raise WetprintError(error("X722", f"{width}x{height} pixels; expected 16 to 16384 each way"))
    camera = camera or Camera()
    states: tuple[StateName, ...] = ("wet", "dried") if state == "both" or overlay else (state,)
    parts = [whole(jobs, name) for name in states]
    colours, legend, index = ink_colours(parts[0])
    indices = [index] * len(parts)
    look = STYLES[style]
    ends = [extent(part, name, camera.axes()) for part, name in zip(parts, states, strict=True)]
    bar = None
    if by == MOVEMENT and not look.lines:
        if parts[0].wet is None or parts[0].dried is None:
            raise WetprintError(error("X713", "both states are needed to tell how far the part moves"))
        for k in range(1 if overlay else 0, len(parts)):
            parts[k], indices[k], bar = by_movement(parts[k], states[k], most_um)
        colours, legend = bar_colours(), ()
    elif by != INK and not look.lines:
        some = range(1 if overlay else 0, len(parts))
        figures = []
        for k in some:
            parts[k], values, told = part_and_values(by, parts[k], states[k], course)
            figures.append(values)
            some_known(values, told)
        # One bar for all states that are shown.
        share, low_end, high_end = shares(np.concatenate(figures))
        rows = np.rint(share * (STEPS - 1)).astype(np.uint8)
        missing = np.isnan(np.concatenate(figures))
        rows[missing] = STEPS
        for k, mine in zip(some, np.split(rows, np.cumsum([len(v) for v in figures])[:-1]), strict=True):
            indices[k] = mine
        colours, legend, bar = bar_colours(), (), Bar(told.label, low_end, high_end)
        if missing.any():
            colours = (*colours, MISSING)
    if look.grey and bar is None:
        colours, legend = greys(parts[0]), ()
    if look.lines:
        colours = ("#ffffff",) * len(colours)
        legend = ()
    if overlay:
        ghostly = np.full(len(parts[0]), len(colours), dtype=np.uint8)
        colours, legend = (*colours, GHOST), (*legend, ("as printed", GHOST))
        indices[0] = ghostly
    axes = camera.axes()

    letter = max(8, round(_LETTER * min(height, 0.75 * width)))
    margin = max(2, round(_MARGIN * min(width, height)))
    foot = round(2.6 * letter) if lettering else 0
    side_by_side = 1 if overlay else len(states)
    head = round(1.9 * letter) if lettering and side_by_side > 1 else 0
    wide = width // side_by_side
    boxes = [
        Box((k * wide if side_by_side > 1 else 0), head, wide, max(4, height - head - foot - margin // 2))
        for k in range(len(states))
    ]
    low = np.min([e[0] for e in ends], axis=0)
    high = np.max([e[1] for e in ends], axis=0)
    # All panels share scale and centre, so that two states can be compared by eye.
    room_w = max(2, boxes[0].width - 2 * margin)
    room_h = max(2, boxes[0].height - margin)
    um_per_px = float(max((high - low)[0] / room_w, (high - low)[1] / room_h, 1e-6)) / (_FILL * camera.zoom)
    centre = (float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2)
    deep = float(high[2] - low[2]) + 1.0
    panels = tuple(
        Panel(
            part,
            name,
            CAPTIONS[name] if side_by_side > 1 else "",
            box,
            Frame(box.width, box.height, centre, um_per_px, float(high[2]) + 0.05 * deep, float(low[2]) - 0.05 * deep),
            index,
        )
        for part, name, box, index in zip(parts, states, boxes, indices, strict=True)
    )  # fmt: skip
    return Picture(
        size=(width, height),
        style=look,
        axes=axes,
        panels=panels[1:] if overlay else panels,
        ghost=panels[0] if overlay else None,
        bar=bar,
        colours=colours,
        legend=legend,
        um_per_px=um_per_px,
        bar_um=nice_length(_BAR * boxes[0].width * um_per_px),
        letter_px=letter,
        margin_px=margin,
        transparent=transparent,
        ground=ground,
        lettering=lettering,
    )


def rescaled(shown: Picture, um_per_px: float, centre_um: Floats) -> Picture:
    """The picture at another scale, with `centre_um` (part coordinates) in the middle of every panel."""
    x, y, _ = (float(v) for v in shown.axes @ centre_um)

    def moved(p: Panel) -> Panel:
        return replace(p, frame=replace(p.frame, um_per_px=um_per_px, centre_um=(x, y)))

    panels = tuple(moved(p) for p in shown.panels)
    bar = nice_length(_BAR * panels[0].box.width * um_per_px)
    ghost = None if shown.ghost is None else moved(shown.ghost)
    return replace(shown, panels=panels, ghost=ghost, um_per_px=um_per_px, bar_um=bar)


def ink_colours(
    part: FilamentSet,
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...], npt.NDArray[np.uint8]]:
    """Colours, legend (only what is there, in the order of the inks) and the colour index uint8[F] of every filament."""
    used = np.unique(part.material)
    if len(used) > 250:
        raise WetprintError(error("X724", f"{len(used)} inks in one picture; at most 250 can be told apart"))
    row = np.zeros(len(part.inks), dtype=np.uint8)
    row[used] = np.arange(len(used))
    inks = [part.inks[m] for m in used]
    return (
        tuple(ink.colour for ink in inks),
        tuple(zip(labels(inks), (ink.colour for ink in inks), strict=True)),
        row[part.material],
    )


def greys(part: FilamentSet) -> tuple[str, ...]:
    """A grey for each ink that is there, from its density: heavier atoms send back more electrons."""
    density = np.array([part.inks[m].density_ug_um3 for m in np.unique(part.material)])
    # From water to gold (19.3 g/cm3). As at the instrument, brightness is set for the densest that is there, contrast for the others.
    share = np.clip(np.log(density / 1e-6) / np.log(19.3), 0.0, 1.0)
    most = share.max(initial=0.0)
    grey = np.maximum(140 + 95 * most - 190 * (most - share), 60.0)
    return tuple(f"#{v:02x}{v:02x}{v:02x}" for v in np.rint(grey).astype(int))


def labels(inks: Sequence[Ink]) -> list[str]:
    """What a legend calls each ink: its nanocrystal as a formula; where two share one, with the shares of what is
    mixed, otherwise with the ink's own name."""
    formulas = [formula(ink.nanocrystal) for ink in inks]
    mixed = [_shares(ink) if formulas.count(f) > 1 else f for f, ink in zip(formulas, inks, strict=True)]
    return [
        f"{f} ({ink.name})" if not f or mixed.count(f) > 1 else f for f, ink in zip(mixed, inks, strict=True)
    ]


def _shares(ink: Ink) -> str:
    """`25 % Au + 75 % CdSe` for a mix of pure inks, otherwise the formula alone."""
    crystals = ink.nanocrystal.split(" + ")
    if len(crystals) != len(ink.parts):
        return formula(ink.nanocrystal)
    return " + ".join(
        f"{100 * share:.3g} % {formula(crystal)}"
        for crystal, (_, share) in zip(crystals, ink.parts, strict=True)
    )


def formula(text: str) -> str:
    """A chemical formula with its small numbers: Fe3O4 as Fe₃O₄."""
    return re.sub(r"(?<=[A-Za-z)\]])\d+", lambda m: m[0].translate(_SMALL), text)


_SMALL = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
