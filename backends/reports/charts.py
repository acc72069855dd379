"""Plots as SVG, written by hand: axes with round steps, lines, bars and marks. Colours and type follow the sheet's style."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from . import numbers

WIDTH, HEIGHT = 460, 290
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 14, 26, 44

#: Colours of series that no ink gives one: wet, dried, and others. All stand out on white, for the colour-blind too.
WET, DRIED, INK = "#1f6fb2", "#c2571a", "#444c56"

_GREYS = ("#2b5d8a", "#7fa8c9", "#b9c9d6", "#d9dfe4", "#c98a3a", "#8a4b2d", "#5d6b3c")


@dataclass(frozen=True, slots=True)
class Series:
    """Points `x`, `y`; drawn as "line", "marks", "both", as "steps" from x to x_end at y, or as the "band" of `y_error` about
    them; as "uprights" at x, over all of the height, with the label on the side that `mark` says ("left", "right"). Marks carry `y_error` as bars. A series without a label has no place in the legend."""

    label: str
    colour: str
    x: Sequence[float]
    y: Sequence[float]
    style: str = "both"
    x_end: Sequence[float] = ()
    dash: str = ""
    mark: str = "circle"
    y_error: Sequence[float] = ()


def time_ticks(high: float, most: int = 5) -> list[float]:
    """Moments from 0 to `high` s, apart by what clocks show."""
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
    step = next((s for s in steps if high / s <= most), 86400 * math.ceil(high / 86400 / most))
    return [float(t) for t in range(0, int(high) + 1, step)]


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round figures from `low` to `high`, at most `most` steps apart by 1, 2 or 5 times a power of ten."""
    if not high > low:
        return [low]
    step = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(step * m for m in (1, 2, 5, 10, 20) if (high - low) / (step * m) <= most)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Decimal logarithms of 1, 2 and 5 times powers of ten from 10^low to 10^high; over many decades of the powers alone."""
    steps = (1, 2, 5) if high - low < 4 else (1,)
    every = range(math.floor(low), math.ceil(high) + 1)
    found = [k + math.log10(m) for k in every for m in steps]
    return [t for t in found if low - 1e-9 <= t <= high + 1e-9]


def _bounds(values: Sequence[float], zero: bool) -> tuple[float, float]:
    low, high = (min(values), max(values)) if len(values) else (0.0, 1.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    room = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    return (low if zero and low == 0 else low - room), high + room


def chart(
    x_label: str,
    y_label: str,
    series: Sequence[Series],
    *,
    zero_x: bool = False,
    zero_y: bool = False,
    x_format: str = "",
) -> str:
    """Series over two axes. `zero_x`, `zero_y`: the axis begins at nothing. `x_format`: "time" for seconds, "log" for x that are decimal
    logarithms."""
    xs = [float(v) for s in series for v in (*s.x, *s.x_end)]
    ys = [float(v) for s in series for v in s.y]
    ys += [v + k * e for s in series for v, e in zip(s.y, s.y_error, strict=False) for k in (-1.0, 1.0)]
    frame = _Frame(_bounds(xs, zero_x), _bounds(ys, zero_y))
    out = frame.axes(x_label, y_label, x_format)
    for s in series:
        out += frame.draw(s)
    named = [s for s in series if s.label and s.style != "uprights"]
    if len(named) > 1:
        out.append(_legend([(s.label, s.colour, s.mark) for s in named]))
    return _svg(WIDTH, HEIGHT, out)


def histogram(x_label: str, y_label: str, values: Sequence[float], colour: str = INK, bins: int = 20) -> str:
    """How many of `values` lie in each of equal ranges."""
    data = np.asarray(values, dtype=np.float64)
    low, high = (float(data.min()), float(data.max())) if len(data) else (0.0, 1.0)
    if high - low < 1e-6 * max(abs(high), 1.0):
        half = 0.5 * max(abs(high) * 0.1, 1.0)
        low, high, bins = low - half, high + half, 9
    counts, edges = np.histogram(data, bins=bins, range=(low, high))
    frame = _Frame((low, high), (0.0, float(counts.max(initial=1)) * 1.06))
    out = frame.axes(x_label, y_label, "")
    for count, a, b in zip(counts.tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if count:
            x0, x1, y0, y1 = frame.x(a) + 0.5, frame.x(b) - 0.5, frame.y(0.0), frame.y(count)
            out.append(
                f'<rect x="{x0:.1f}" y="{y1:.1f}" width="{max(0.6, x1 - x0):.1f}" height="{y0 - y1:.1f}" fill="{colour}"/>'
            )
    return _svg(WIDTH, HEIGHT, out)


def phase_bar(parts: Sequence[tuple[str, float]]) -> str:
    """Parts of a whole as one bar, with a key below."""
    width, bar = 940, 34
    total = sum(v for _, v in parts) or 1.0
    out, x = [], 0.0
    for i, (_, value) in enumerate(parts):
        w = value / total * width
        out.append(
            f'<rect x="{x:.2f}" y="0" width="{w:.2f}" height="{bar}" fill="{_GREYS[i % len(_GREYS)]}" stroke="#fff" stroke-width="1"/>'
        )
        share = f"{100 * value / total:.0f} %"
        if w > 46:
            ink = "#fff" if i % len(_GREYS) in (0, 5, 6) else "#16202a"
            out.append(
                f'<text x="{x + w / 2:.1f}" y="{bar / 2 + 5:.1f}" text-anchor="middle" fill="{ink}">{share}</text>'
            )
        x += w
    x, line = 0.0, 0
    for i, (name, value) in enumerate(parts):
        said = f"{name} {numbers.clock(value)}"
        if x + 16 + 6.4 * len(said) > width:
            x, line = 0.0, line + 18
        out.append(
            f'<rect x="{x:.1f}" y="{bar + 14 + line}" width="11" height="11" fill="{_GREYS[i % len(_GREYS)]}"/>'
        )
        out.append(f'<text x="{x + 16:.1f}" y="{bar + 24 + line}">{html.escape(said)}</text>')
        x += 36 + 6.4 * len(said)
    # Too small to read on a phone, where the table beside it tells the same.
    return _svg(width, bar + 32 + line, out).replace('class="plot"', 'class="plot across"', 1)


class _Frame:
    """Where figures lie in the picture."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.x0, self.x1 = x
        self.y0, self.y1 = y

    def x(self, value: float) -> float:
        return _LEFT + (value - self.x0) / (self.x1 - self.x0) * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - _BOTTOM - (value - self.y0) / (self.y1 - self.y0) * (HEIGHT - _TOP - _BOTTOM)

    def axes(self, x_label: str, y_label: str, x_format: str) -> list[str]:
        base, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
        out = []
        for t in ticks(self.y0, self.y1):
            y = self.y(t)
            out.append(f'<path d="M{_LEFT} {y:.1f}H{right}" class="grid"/>')
            out.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{numbers.sig(t)}</text>')
        if x_format == "log":
            marked = [(t, numbers.sig(10.0**t)) for t in log_ticks(self.x0, self.x1)]
        elif x_format == "time":
            marked = [(t, numbers.stamp(t)) for t in time_ticks(self.x1)]
        else:
            marked = [(t, numbers.sig(t)) for t in ticks(self.x0, self.x1)]
        for t, said in marked:
            x = self.x(t)
            out.append(f'<path d="M{x:.1f} {base}v4" class="axis"/>')
            out.append(f'<text x="{x:.1f}" y="{base + 17}" text-anchor="middle">{said}</text>')
        out.append(f'<path d="M{_LEFT} {_TOP}V{base}H{right}" class="axis"/>')
        middle = 0.5 * (_LEFT + right)
        out.append(
            f'<text x="{middle:.0f}" y="{HEIGHT - 8}" text-anchor="middle" class="name">{html.escape(x_label)}</text>'
        )
        out.append(f'<text x="2" y="13" class="name">{html.escape(y_label)}</text>')
        return out

    def draw(self, s: Series) -> list[str]:
        out: list[str] = []
        at = [(self.x(a), self.y(b)) for a, b in zip(s.x, s.y, strict=True)]
        if s.style == "steps":
            d = "".join(
                f"M{x:.1f} {y:.1f}H{max(self.x(end), x + 0.8):.1f}"
                for (x, y), end in zip(at, s.x_end, strict=True)
            )
            return [f'<path d="{d}" fill="none" stroke="{s.colour}" stroke-width="2.4"/>']
        if s.style == "uprights":
            aside, anchor = (-4, "end") if s.mark == "left" else (4, "start")
            for x, _ in at:
                out.append(
                    f'<path d="M{x:.1f} {_TOP}V{HEIGHT - _BOTTOM}" stroke="{s.colour}" stroke-width="1.2" stroke-dasharray="{s.dash}"/>'
                )
                said = html.escape(s.label)
                out.append(
                    f'<text x="{x + aside:.1f}" y="{(_TOP + HEIGHT - _BOTTOM) // 2}" text-anchor="{anchor}">{said}</text>'
                )
            return out
        if s.style == "band":
            over = [(x, self.y(v + e)) for (x, _), v, e in zip(at, s.y, s.y_error, strict=True)]
            under = [(x, self.y(v - e)) for (x, _), v, e in zip(at, s.y, s.y_error, strict=True)]
            d = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (*over, *reversed(under)))
            return [f'<path d="{d}Z" fill="{s.colour}" fill-opacity="0.16"/>']
        if s.style in ("line", "both") and len(at) > 1:
            d = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in at)
            dash = f' stroke-dasharray="{s.dash}"' if s.dash else ""
            out.append(f'<path d="{d}" fill="none" stroke="{s.colour}" stroke-width="1.6"{dash}/>')
        for (x, _), v, e in zip(at, s.y, s.y_error, strict=False):
            low, high = self.y(v - e), self.y(v + e)
            out.append(f'<path d="M{x:.1f} {high:.1f}V{low:.1f}" stroke="{s.colour}" stroke-width="1.2"/>')
        if s.style in ("marks", "both"):
            out += [_mark(x, y, s.colour, s.mark) for x, y in at]
        return out


def _mark(x: float, y: float, colour: str, mark: str) -> str:
    if mark == "dash":
        return f'<path d="M{x - 9:.1f} {y:.1f}h6m3 0h6" stroke="{colour}" stroke-width="1.6"/>'
    if mark == "cross":
        return f'<path d="M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8" stroke="{colour}" stroke-width="1.6"/>'
    if mark == "square":
        return f'<rect x="{x - 2.8:.1f}" y="{y - 2.8:.1f}" width="5.6" height="5.6" fill="{colour}"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'


def _legend(entries: Sequence[tuple[str, str, str]]) -> str:
    out, x = [], float(WIDTH - _RIGHT)
    for label, colour, mark in reversed(entries):
        x -= 6.6 * len(label) + 6
        out.append(f'<text x="{x:.1f}" y="13">{html.escape(label)}</text>')
        x -= 9
        out.append(_mark(x, 9, html.escape(colour), mark))
        x -= 14
    return "".join(out)


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {width} {height}" class="plot" aria-hidden="true">{"".join(parts)}</svg>'
