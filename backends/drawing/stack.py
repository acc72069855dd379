"""A picture of films on their substrate, with what is printed on them: laid out, drawn and lettered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ...kernel.diagnostics import WetprintError, error
from ...kernel.filaments import FilamentSet, Floats
from ...kernel.flat import GRID_UM, rectangles, to_nm
from ...kernel.scene import StateName
from ..tubes import Floats32
from .camera import Camera, Frame, extent, nice_length
from .gbuffer import GROUND, Patch, see, together, tube_patch
from .lettering import letter, text_mask
from .light import nearby_light
from .picture import Picture, ink_colours
from .plan import plan_view
from .shading import drawing, encoded, grained, lamps, linear, nearest, shade
from .slabs import Slab, Window, bounds_um, detail, slab_patch, typical_um, within
from .style import STYLES, Style

#: The substrate: how far it reaches beyond what lies on it, how thick it is drawn, both over the side of the window; its colour.
_RIM, _PLATE = 0.06, 0.035
GLASS, _GLASS_DARK = "#c9d0d8", "#4a525c"
#: Films are drawn so thick that the thickest is this share of the window, or of the width of what is printed on them.
_SEEN, _SEEN_UNDER = 0.022, 0.35
#: Most that a film may be drawn high over the width of its lines.
_STEEPEST = 0.4
#: Share of the picture that an overview takes, and that margins and lettering take (chosen by eye).
_OVERVIEW, _MARGIN, _LETTER, _FILL = 0.25, 0.045, 0.031, 0.94
#: Pixels below which an overview tells nothing.
_SMALLEST = 16
#: Samples each way in a pixel.
_FINE = 2
#: Films are looked at from higher up than lattices.
FILMS = Camera(-58.0, 42.0)


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """What a picture of films shows. `slabs` are those in the window, their heights drawn `times` as high as they are; `part` is what
    is printed, lifted on top of the films; `window` is what of the plane is shown."""

    slabs: tuple[Slab, ...]
    part: FilamentSet | None
    state: StateName
    window: Window
    times: float
    said: tuple[str, ...]


def stack(slabs: Sequence[Slab], part: FilamentSet | None = None, state: StateName = "dried") -> Stack:
    """Lay out films and a printed part. Raises WetprintError (X712) where there is nothing to be seen."""
    window = detail(slabs)
    if part is not None and len(part):
        s = part.state(state)
        low, high = s.points_um.min(axis=0), s.points_um.max(axis=0)
        half = 0.5 * float(s.width_um.max())
        all_um = bounds_um(slabs) or Window(*(low[:2] - half), *(high[:2] + half))
        window = Window(
            min(all_um.x0, float(low[0]) - half), min(all_um.y0, float(low[1]) - half),
            max(all_um.x1, float(high[0]) + half), max(all_um.y1, float(high[1]) + half),
        )  # fmt: skip
    if window is None:
        raise WetprintError(error("X712", "there is no film and no filament to draw"))
    inside = [replace(s, region=within(s.region, window)) if not window.whole else s for s in slabs]
    thickest = max((s.high_um for s in slabs), default=0.0)
    # Never much higher than wide, or walls would hide what lies between them.
    wanted = min(_SEEN * window.side_um, _STEEPEST * typical_um(inside))
    if part is not None and len(part):
        wanted = _SEEN_UNDER * float(np.median(part.state(state).width_um))
    times = _round(wanted / thickest) if 0 < thickest < wanted else 1.0
    said = []
    if times > 1 and slabs:
        said.append(f"films drawn {times:g} times as thick")
    if not window.whole:
        total = bounds_um(slabs)
        assert total is not None
        said.append(
            f"{window.x1 - window.x0:.3g} × {window.y1 - window.y0:.3g} µm of {total.x1 - total.x0:.4g} × {total.y1 - total.y0:.4g} µm"
        )
    return Stack(
        tuple(replace(s, low_um=s.low_um * times, high_um=s.high_um * times) for s in inside),
        part,
        state,
        window,
        times,
        tuple(said),
    )


def _round(value: float) -> float:
    """The figure of 1, 2 or 5 times a power of ten that is not above the value, at least 1."""
    return max(1.0, nice_length(value)) if value > 1 else 1.0


def draw(
    shown: Stack,
    slabs: Sequence[Slab],
    *,
    size: tuple[int, int],
    style: str = "paper",
    camera: Camera | None = None,
    transparent: bool = False,
    um_per_px: float | None = None,
) -> npt.NDArray[np.uint8]:
    """The picture as sRGB bytes uint8[H,W,3], or [H,W,4] without a background. `slabs` are all films, for overview and legend; the
    scale is the largest at which all finds room, unless `um_per_px` says another.

    Raises WetprintError (X720, X722, X723).
    """
    if style not in STYLES:
        raise WetprintError(error("X723", f"{style!r} is not a style; expected {', '.join(STYLES)}"))
    width, height = size
    if not (16 <= width <= 16384 and 16 <= height <= 16384):
        raise WetprintError(error("X722", f"{width}x{height} pixels; expected 16 to 16384 each way"))
    look, axes = STYLES[style], (camera or FILMS).axes()
    colours, legend = _colours(shown, slabs, look)
    room = _room(shown, size)
    px, margin, side, head = room.px, room.margin, room.side, room.head
    frame = _frame(shown, axes, width, room.height, margin)
    if um_per_px is not None:
        frame = replace(frame, um_per_px=um_per_px)
    light, cover = _lit(shown, frame, axes, colours, look, px)
    full_light = np.zeros((height, width, 3), dtype=np.float32)
    full_cover = np.zeros((height, width), dtype=np.float32)
    place = slice(head, head + frame.height)
    full_light[place], full_cover[place] = light, cover
    full_light, full_cover = grained(full_light, full_cover, look)
    laid = Picture(
        size=size, style=look, axes=axes, panels=(), colours=colours, legend=legend, um_per_px=frame.um_per_px,
        bar_um=nice_length(0.22 * width * frame.um_per_px), letter_px=px, margin_px=margin, transparent=transparent,
    )  # fmt: skip
    over = letter(
        laid,
        linear,
        lambda colour, w, h: (np.broadcast_to(linear(colour), (h, w, 3)), np.ones((h, w), np.float32)),
    )
    small = round(0.8 * px)
    for k, line in enumerate(shown.said):
        mask, _ = text_mask(line, small)
        over.paint(mask, margin, margin + k * round(1.4 * small), linear(look.letters))
    if not shown.window.whole and side >= _SMALLEST:
        image = plan_view(slabs, shown.window, side, grey=look.grey)
        over.paint(np.ones(image.shape[:2], np.float32), width - margin - image.shape[1], margin, image)
    clear = np.float32(1.0) - over.cover
    full_light = full_light * clear[..., None] + over.light
    full_cover = full_cover * clear + over.cover
    if not transparent:
        paper = (np.float32(1.0) - full_cover[..., None]) * linear(look.background)
        return encoded(np.asarray(full_light + paper, dtype=np.float32))
    straight = np.asarray(full_light / np.maximum(full_cover, 1e-4)[..., None], dtype=np.float32)
    alpha = np.rint(np.clip(full_cover, 0, 1) * 255).astype(np.uint8)
    return np.concatenate([encoded(straight), alpha[..., None]], axis=2)


@dataclass(frozen=True, slots=True)
class _Room:
    """Pixels: letters, margin, side of the overview, what is kept free above, and how high the picture proper is."""

    px: int
    margin: int
    side: int
    head: int
    height: int


def _room(shown: Stack, size: tuple[int, int]) -> _Room:
    width, height = size
    px = max(8, round(_LETTER * min(height, 0.75 * width)))
    margin = max(2, round(_MARGIN * min(width, height)))
    side = round(_OVERVIEW * min(width, height))
    head = 0 if shown.window.whole else round(0.6 * side)
    return _Room(px, margin, side, head, max(8, height - round(2.6 * px) - head - margin // 2))


def height_um(shown: Stack) -> float:
    """How high what is printed stands; 0 where nothing is."""
    if shown.part is None or not len(shown.part):
        return 0.0
    return float(shown.part.state(shown.state).points_um[:, 2].max())


def scale_um_per_px(shown: Stack, size: tuple[int, int], camera: Camera) -> float:
    """The scale of a picture that leaves no room unused."""
    room = _room(shown, size)
    return _frame(shown, camera.axes(), size[0], room.height, room.margin).um_per_px


def _colours(
    shown: Stack, slabs: Sequence[Slab], look: Style
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Colours by index: the substrate, each film, each ink; and the legend of what is there."""
    films = film_colours(shown)
    named = dict.fromkeys((s.label, s.colour) for s in slabs)
    inks: tuple[str, ...] = ()
    if shown.part is not None:
        inks, inked, _ = ink_colours(shown.part)
        named |= dict.fromkeys(inked)
    colours = (_GLASS_DARK if look.name == "dark" else GLASS, *films, *inks)
    if look.lines:
        return ("#ffffff",) * len(colours), ()
    if look.grey:
        steps = np.linspace(110, 225, max(2, len(colours))).round().astype(int)
        return tuple(f"#{v:02x}{v:02x}{v:02x}" for v in steps), ()
    return colours, tuple(named)


def film_colours(shown: Stack) -> list[str]:
    """The colours of films, each once."""
    return list(dict.fromkeys(s.colour for s in shown.slabs))


def _true(colours: tuple[str, ...], look: Style, up_view: tuple[float, float]) -> tuple[str, ...]:
    """Colours that look like the given ones on a level surface under the lamps of the style."""
    table = lamps(look, up_view)
    row = round(up_view[0] * 127.5 + 127.5) * 256 + 127
    bright = table.key[row] + table.rest[row]
    shine = table.key_gloss[row] + table.rest_gloss[row]
    out = []
    for colour in colours:
        paint = np.clip((linear(colour) - shine) / bright, 0.0, 1.0).astype(np.float32)
        out.append("#{:02x}{:02x}{:02x}".format(*encoded(paint[None, None])[0, 0].tolist()))
    return tuple(out)


def _lifted(shown: Stack) -> FilamentSet | None:
    """What is printed, on top of the films as thick as they are drawn."""
    if shown.part is None or shown.times == 1 or not shown.slabs:
        return shown.part
    top = max(s.high_um for s in shown.slabs)
    state = shown.part.state(shown.state)
    up = replace(state, points_um=state.points_um + np.array([0.0, 0.0, top - top / shown.times]))
    if shown.state == "wet":
        return replace(shown.part, wet=up)
    return replace(shown.part, dried=up)


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """One thing in a picture, in part coordinates: `kind` plate, film or part; `row` 0 of the plate, then the passes in order."""

    kind: str
    row: int
    colour: str
    patch: Patch


def bodies(shown: Stack, *, true_heights: bool = False) -> Iterator[Body]:
    """Substrate, films and, ink by ink, filaments as triangles in part coordinates; films as thick as they are where heights are to be
    true."""
    eye = np.eye(3)
    yield Body("plate", 0, GLASS, slab_patch(_plate(shown), eye, 0))
    for slab in shown.slabs:
        one = slab
        if true_heights:
            one = replace(slab, low_um=slab.low_um / shown.times, high_um=slab.high_um / shown.times)
        patch = slab_patch(one, eye, 0)
        if len(patch.faces):  # a film may lie beside the window, or be developed away whole
            yield Body("film", slab.row, slab.colour, patch)
    part = shown.part if true_heights else _lifted(shown)
    if part is not None and len(part):
        colours, _, index = ink_colours(part)
        for k, colour in enumerate(colours):
            some = part.take(np.flatnonzero(index == k))
            rows = np.zeros(len(some), dtype=np.uint8)
            yield Body(
                "part",
                max((s.row for s in shown.slabs), default=0) + 1,
                colour,
                tube_patch(some, some.state(shown.state), rows, eye, 12),
            )


def _plate(shown: Stack) -> Slab:
    w = shown.window
    rim = _RIM * w.side_um if w.whole else 0.0
    region = rectangles(to_nm([w.x0 - rim, w.y0 - rim, w.x1 + rim, w.y1 + rim]))
    return Slab("", "", region, -_PLATE * w.side_um, 0.0)


def _bodies(shown: Stack, axes: Floats) -> Patch:
    """Substrate, films and filaments in view coordinates."""
    out = [slab_patch(_plate(shown), axes, 0)]
    films = film_colours(shown)
    out += [slab_patch(s, axes, 1 + films.index(s.colour)) for s in shown.slabs]
    part = _lifted(shown)
    if part is not None and len(part):
        index = ink_colours(part)[2] + np.uint8(1 + len(films))
        out.append(tube_patch(part, part.state(shown.state), index, axes, 16))
    return together([p for p in out if len(p.faces)])


def _frame(shown: Stack, axes: Floats, width: int, height: int, margin: int) -> Frame:
    w = shown.window
    rim = _RIM * w.side_um if w.whole else 0.0
    top = max((s.high_um for s in shown.slabs), default=0.0)
    corners = np.array(
        [
            (x, y, z)
            for x in (w.x0 - rim, w.x1 + rim)
            for y in (w.y0 - rim, w.y1 + rim)
            for z in (-_PLATE * w.side_um, top)
        ]
    ) @ axes.T  # fmt: skip
    low, high = corners.min(axis=0), corners.max(axis=0)
    part = _lifted(shown)
    if part is not None and len(part):
        ends = extent(part, shown.state, axes)
        low, high = np.minimum(low, ends[0]), np.maximum(high, ends[1])
    um_per_px = max((high - low)[0] / (width - 2 * margin), (high - low)[1] / (height - 2 * margin)) / _FILL
    deep = float(high[2] - low[2]) + GRID_UM
    return Frame(
        width, height, (float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2), float(um_per_px),
        float(high[2]) + 0.05 * deep, float(low[2]) - 0.05 * deep,
    )  # fmt: skip


def _lit(
    shown: Stack, frame: Frame, axes: Floats, colours: tuple[str, ...], look: Style, px: int
) -> tuple[Floats32, Floats32]:
    fine = replace(frame, width=frame.width * _FINE, height=frame.height * _FINE, um_per_px=frame.um_per_px / _FINE)  # fmt: skip
    up_view = (float(axes[1, 2]), float(axes[2, 2]))
    seen = see(_bodies(shown, axes), fine)
    # What light reaches films by is measured on the scale of their heights, or of the filaments on them.
    across = max((s.high_um for s in shown.slabs), default=0.0)
    if shown.part is not None and len(shown.part):
        across = max(across, float(np.median(shown.part.state(shown.state).width_um)))
    across = max(across, 2 * frame.um_per_px)
    if look.lines:
        return drawing(seen, _FINE, across, px)
    small = nearest(seen, _FINE)
    key = np.array(look.key[0]) @ axes
    light = nearby_light(small, frame, axes, _bodies(shown, np.eye(3)), key, across_um=across)
    out, cover = shade(seen, _FINE, small, light, _true(colours, look, up_view), look, up_view)
    return out, np.where(small.index < GROUND, cover, 0.0).astype(np.float32)
