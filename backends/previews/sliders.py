"""Sliders of windows, all of one look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def add_slider(
    plotter: Any,
    change: Callable[[float], None],
    ends: tuple[float, float],
    value: float,
    title: str,
    ink: tuple[int, int, int],
    *,
    height: float = 0.92,
) -> Any:
    """A slider at the right edge of the view, `height` of the way up, that calls `change` with each value."""
    return plotter.add_slider_widget(
        change,
        list(ends),
        value=value,
        title=title,
        pointa=(0.70, height),
        pointb=(0.96, height),
        style="modern",
        fmt="%.0f",
        color="#{:02x}{:02x}{:02x}".format(*ink),
        title_height=0.016,
        slider_width=0.012,
        tube_width=0.004,
    )
