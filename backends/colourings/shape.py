"""Colours by what a filament is itself: its layer, its width, its height."""

from __future__ import annotations

import numpy as np

from ...kernel.filaments import FilamentSet, Floats
from ..colouring import Figure


def _mean(part: FilamentSet, column: Floats) -> Floats:
    """Mean over the points of each filament, float64[F]."""
    found: Floats = np.add.reduceat(column, part.offsets[:-1]) / np.diff(part.offsets)
    return found


LAYER = Figure(
    "layer",
    "the layer, counted from 1",
    "layer",
    lambda part, _state: part.layer.astype(np.float64) + 1.0,
    whole=True,
)
WIDTH = Figure(
    "width", "the mean width", "width, µm", lambda part, state: _mean(part, part.state(state).width_um)
)
HEIGHT = Figure(
    "height", "the mean height of the section", "height, µm",
    lambda part, state: _mean(part, part.state(state).height_um),
)  # fmt: skip
