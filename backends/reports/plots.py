"""The plots of the sheet: what the part does from layer to layer, and what the machine does from minute to minute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...kernel.figures.contacts import contacts_of
from .blocks import Beside, Block, Drawing
from .charts import DRIED, INK, WET, Series, chart, histogram
from .machine import NANOLITRE, printed_s

if TYPE_CHECKING:
    from ...kernel.filaments import FilamentSet, Floats, State
    from ...kernel.scene import StateName
    from ..report import Subject

#: So many marks are drawn; of more, means of ranges are.
MOST = 400


@dataclass(frozen=True, slots=True, eq=False)
class _Slice:
    """Means over a layer (or, of a part with few layers, over a range of heights): height of the centreline, extent in plan, spread."""

    height_um: Floats
    extent_um: Floats
    spread_um: Floats


def plots(subject: Subject) -> tuple[Block, ...]:
    """All plots, two in a row."""
    drawn = [*of_part(subject.filaments), *of_course(subject)]
    return tuple(Beside(tuple(drawn[k : k + 2])) for k in range(0, len(drawn), 2))


def of_part(part: FilamentSet) -> list[Drawing]:
    """What the part is like: widths, shrinkage and layer heights, gaps, spans."""
    return [*shape(part), *_rises(part), *_gaps(part), *_spans(part)]


def shape(part: FilamentSet, sd_um: Floats | None = None) -> list[Drawing]:
    """Width and shrinkage of a part against its height; nothing where a state is not known. `sd_um`: standard uncertainty of the
    dried width of every layer, drawn as a band where the plot goes by layers."""
    if part.wet is None or part.dried is None:
        return []
    group = _groups(part)
    wet, dried = _slices(part.wet, group), _slices(part.dried, group)
    layered = group.max(initial=0) == len(np.unique(part.layer)) - 1
    what = (
        "Width of every layer against its height" if layered else "Width of the part in slices of its height"
    )
    band = []
    if sd_um is not None and layered:
        x, y = dried.height_um.tolist(), dried.extent_um.tolist()
        band = [Series("", DRIED, x, y, "band", y_error=(1.96 * sd_um).tolist())]
    extents = [
        *band,
        Series("wet", WET, wet.height_um.tolist(), wet.extent_um.tolist()),
        Series("dried", DRIED, dried.height_um.tolist(), dried.extent_um.tolist(), mark="square"),
    ]
    lost = 100 * (1 - dried.spread_um / np.where(wet.spread_um > 0, wet.spread_um, np.inf))
    kept = wet.spread_um > 0
    lines = [Series("part", INK, dried.height_um[kept].tolist(), lost[kept].tolist())]
    used = [part.inks[m] for m in np.unique(part.material).tolist()]
    free = {ink.shrink: [k.name for k in used if k.shrink == ink.shrink] for ink in used}
    ends = [float(dried.height_um.min()), float(dried.height_um.max())]
    # Inks that shrink alike share a line.
    colours = [DRIED, WET, "#6b7a2a", "#7a4a8a"]
    for k, (share, names) in enumerate(free.items()):
        label = "free, every ink" if len(free) == 1 else f"free, {', '.join(names)}"
        y = [100 * share, 100 * share]
        lines.append(Series(label, colours[k % 4], ends, y, "line", dash="5 4", mark="dash"))
    return [
        Drawing(
            chart("height of the centreline, \u00b5m", "width in plan, \u00b5m", extents),
            f"{what}, wet and dried: mean of its extents in x and y{'; band: 95 % of what the inks leave open' if band else ''}.",
            f"width against height: wet {_range(wet.extent_um, 'um')}, dried {_range(dried.extent_um, 'um')}",
        ),
        Drawing(
            chart("height of the centreline, dried, \u00b5m", "shrinkage in plan, %", lines, zero_y=True),
            "Shrinkage in plan against height, and that of a free filament. The substrate holds what lies on it.",
            f"shrinkage in plan against height: {_range(lost[kept], '%')}",
        ),
    ]


def _groups(part: FilamentSet) -> np.ndarray:
    """int64[P]: the layer of every point, or a range of heights where the part has fewer than three layers or very many."""
    layers, row = np.unique(part.layer, return_inverse=True)
    if 3 <= len(layers) <= MOST:
        return row[part.owner()].astype(np.int64)
    z = part.state("dried").points_um[:, 2]
    low, high = float(z.min()), float(z.max())
    step = (high - low) / 24
    raw = np.zeros(len(z), np.int64) if step <= 0 else np.minimum(((z - low) / step).astype(np.int64), 23)
    return np.unique(raw, return_inverse=True)[1].astype(np.int64)


def _slices(state: State, group: np.ndarray) -> _Slice:
    n = int(group.max(initial=-1)) + 1
    count = np.bincount(group, minlength=n)
    height = np.bincount(group, state.points_um[:, 2], n) / count
    extent, spread = np.zeros(n), np.zeros(n)
    for axis in (0, 1):
        v = state.points_um[:, axis]
        low, high = np.full(n, np.inf), np.full(n, -np.inf)
        np.minimum.at(low, group, v - 0.5 * state.width_um)
        np.maximum.at(high, group, v + 0.5 * state.width_um)
        extent += 0.5 * (high - low)
        middle = 0.5 * (low + high)
        spread += np.bincount(group, (v - middle[group]) ** 2, n) / count
    return _Slice(height, extent, np.sqrt(spread))


def _range(values: Floats, unit: str) -> str:
    if not len(values):
        return "none"
    return f"{float(values.min()):.4g} to {float(values.max()):.4g} {unit}"


def _rises(part: FilamentSet) -> list[Drawing]:
    """How far each layer lies above the one below, wet and dried: of parts of three layers and more."""
    layers, row = np.unique(part.layer, return_inverse=True)
    if not 3 <= len(layers) <= MOST or part.wet is None or part.dried is None:
        return []
    group = row[part.owner()]
    count = np.bincount(group)
    lines, told = [], []
    for name, state, colour, mark in (
        ("wet", part.wet, WET, "circle"),
        ("dried", part.dried, DRIED, "square"),
    ):
        rise = np.diff(np.bincount(group, state.points_um[:, 2]) / count)
        lines.append(Series(name, colour, (layers[1:] + 1.0).tolist(), rise.tolist(), mark=mark))
        told.append(f"{name} {_range(rise, 'um')}")
    return [
        Drawing(
            chart("layer", "height over the layer below, \u00b5m", lines, zero_y=True),
            "Height of every layer over the one below it, centreline to centreline, wet and dried.",
            f"layer heights: {', '.join(told)}",
        )
    ]


def _gaps(part: FilamentSet) -> list[Drawing]:
    from ..colourings.place import gaps_um

    name: StateName = "dried" if part.dried is not None else "wet"
    gaps = gaps_um(part, name)
    known = gaps[np.isfinite(gaps)]
    if not len(known):
        return []
    return [
        Drawing(
            histogram("gap to the nearest filament of the layer, \u00b5m", "filaments", known.tolist()),
            f"Clear distance of each filament to the nearest one of its layer, {name}; below zero they run into each other.",
            f"gaps in the layer: {_range(known, 'um')}",
        )
    ]


def _spans(part: FilamentSet) -> list[Drawing]:
    name: StateName = "dried" if part.dried is not None else "wet"
    spans = contacts_of(part, name).span_um
    hanging = spans[spans > 0]
    if not len(hanging):
        return []
    return [
        Drawing(
            histogram("longest span of a filament, \u00b5m", "filaments", hanging.tolist()),
            f"Longest unsupported span of each filament that bridges anything, {name} ({len(hanging)} of {len(spans)}).",
            f"longest spans: {_range(hanging, 'um')}",
        )
    ]


def of_course(subject: Subject) -> list[Drawing]:
    """Pressure, speed and ink over the time of the print, a colour an ink."""
    plan, dosing = subject.toolpath.plan, subject.dosing
    part = plan.filaments
    begin, end = printed_s(subject)
    length = np.bincount(
        np.maximum(subject.toolpath.filament, 0),
        np.where(subject.toolpath.filament >= 0, subject.toolpath.lengths_um(subject.rig), 0.0),
        len(part),
    )[plan.order]
    took = end - begin
    speed = np.divide(length, took, out=np.zeros(len(took)), where=took > 0) / 1e3
    material = part.material[plan.order]
    kinds = np.unique(material).tolist()
    kpa, fast, ink = [], [], []
    for m in kinds:
        mine = np.flatnonzero(material == m)
        some = mine[_some(len(mine))]
        name, colour = part.inks[m].name, _dark(part.inks[m].colour)
        span = (begin[some].tolist(), end[some].tolist())
        kpa.append(Series(name, colour, span[0], dosing.pressure_kpa[some].tolist(), "steps", span[1]))
        fast.append(Series(name, colour, span[0], speed[some].tolist(), "steps", span[1]))
        volume = np.cumsum(dosing.flow_um3_s[mine] * took[mine]) / NANOLITRE
        keep = _some(len(mine))
        before = np.append(0.0, volume[keep][:-1])
        xs = np.column_stack([begin[mine[keep]], end[mine[keep]]]).ravel()
        ys = np.column_stack([before, volume[keep]]).ravel()
        ink.append(Series(name, colour, xs.tolist(), ys.tolist(), "line"))
    every = "" if len(material) <= MOST else f" One in {-(-len(material) // MOST)} is drawn."
    drawn = []
    if dosing.pressure_kpa.any():
        drawn.append(
            Drawing(
                chart("time, h:mm:ss", "pressure, kPa", kpa, zero_x=True, zero_y=True, x_format="time"),
                f"Pressure of every filament while it is printed.{every}",
                f"pressure over time: {_range(dosing.pressure_kpa, 'kPa')}",
            )
        )
    drawn.append(
        Drawing(
            chart("time, h:mm:ss", "mean speed, mm/s", fast, zero_x=True, zero_y=True, x_format="time"),
            f"Mean speed of the tip along every filament.{every}",
            f"speed over time: {_range(speed, 'mm/s')}",
        )
    )
    drawn.append(
        Drawing(
            chart("time, h:mm:ss", "ink printed, nL", ink, zero_x=True, zero_y=True, x_format="time"),
            "Ink that has gone into the part.",
            f"ink over time, {len(kinds)} inks",
        )
    )
    return drawn


def _some(n: int) -> np.ndarray:
    """Places of at most MOST of `n`, the last among them."""
    step = max(1, -(-n // MOST))
    return np.unique(np.append(np.arange(0, n, step), n - 1))


def _dark(colour: str) -> str:
    """A colour of an ink, dark enough for a line on white: its luminance at most 0.4 (WCAG's weights, without gamma)."""
    try:
        r, g, b = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    except ValueError:
        return INK
    light = (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255
    f = min(1.0, 0.55 / light) if light > 0 else 1.0
    return f"#{round(r * f):02x}{round(g * f):02x}{round(b * f):02x}"
