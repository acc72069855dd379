"""Ink of the past, kept as it lies: what a long print was laid with need not be remembered, move by move, until its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .profile import Floats

if TYPE_CHECKING:
    from .world import Deposit


class Folded:
    """Deposits in flat arrays: an eighth of what the moves behind them take."""

    def __init__(self) -> None:
        self._parts: list[tuple[Floats, Floats, Floats, Floats, Floats]] = []

    def add(self, deposits: list[Deposit]) -> None:
        """Deposits without shares, in order of time."""
        if not deposits:
            return
        sizes = np.array([len(d.time_s) for d in deposits])
        self._parts.append(
            (
                np.concatenate([d.points_um for d in deposits]),
                np.concatenate([d.time_s for d in deposits]),
                np.cumsum(sizes)[:-1],
                np.array([d.nozzle for d in deposits]),
                np.array([d.pressure_kpa for d in deposits]),
            )
        )

    def deposits(self) -> list[Deposit]:
        from .world import Deposit

        found: list[Deposit] = []
        for points, times, ends, nozzles, kpa in self._parts:
            found += map(
                Deposit, nozzles.tolist(), np.split(points, ends), np.split(times, ends), kpa.tolist()
            )
        return found
