"""From what must come before what to an order with few changes of ink: print all that is free in one ink, then change.

With two inks this is optimal when both starts are tried (physics: an exchange argument; what is free stays free). With more, every
change takes the ink that frees the most, from every start, and the best of these is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .filaments import Ints


@dataclass(frozen=True, slots=True, eq=False)
class Phases:
    """By node: `phase int64[N]`, counted from 0 with a change of ink between one and the next, and `wave int64[N]` within it:
    what a wave needs lies in earlier ones. `forced` are nodes taken against an edge, because edges ran in a circle."""

    phase: Ints
    wave: Ints
    changes: int
    forced: Ints


def phases(
    count: int, edges: Ints, ink: Ints, loaded: int | None = None, height: Ints | None = None
) -> Phases:
    """Phases of `count` nodes with `ink int64[N]`, under `edges int64[E,2]` (before, after). A circle is broken at the node that
    is lowest by `height`. `loaded`: the ink that is in the nozzle."""
    graph = _Graph(count, edges, ink, np.zeros(count, np.int64) if height is None else height)
    inks = np.unique(ink).tolist()
    starts = [loaded] if loaded in inks else inks
    best: Phases | None = None
    for start in [*starts, *(k for k in inks if k not in starts)]:
        found = graph.run(start)
        cost = found.changes + (loaded is not None and found.changes >= 0 and _first(found, ink) != loaded)
        if best is None or cost < best.changes + (loaded is not None and _first(best, ink) != loaded):
            best = found
    assert best is not None
    return best


def _first(found: Phases, ink: Ints) -> int | None:
    return int(ink[np.argmin(found.phase)]) if len(ink) else None


class _Graph:
    def __init__(self, count: int, edges: Ints, ink: Ints, height: Ints) -> None:
        self.count, self.ink, self.height = count, ink, height
        unique = np.unique(edges[:, 0] * count + edges[:, 1]) if len(edges) else np.zeros(0, np.int64)
        before, after = unique // max(count, 1), unique % max(count, 1)
        self.after = after
        self.first = np.searchsorted(before, np.arange(count + 1))
        self.needs = np.bincount(after, minlength=count)

    def _release(self, nodes: Ints, needs: Ints) -> None:
        """Count the edges out of finished nodes off."""
        out = self.first[nodes + 1] - self.first[nodes]
        start = np.repeat(self.first[nodes] - np.cumsum(out) + out, out)
        np.subtract.at(needs, self.after[start + np.arange(int(out.sum()))], 1)

    def _fill(self, ink: int, needs: Ints, done: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[Ints]:
        """Waves of what can be printed in one ink without a change; marks them done."""
        waves: list[Ints] = []
        mine = np.flatnonzero((self.ink == ink) & ~done)
        while True:
            free = mine[(needs[mine] == 0) & ~done[mine]]
            if not len(free):
                return waves
            done[free] = True
            self._release(free, needs)
            waves.append(free)

    def run(self, start: int) -> Phases:
        phase, wave = np.zeros(self.count, np.int64), np.zeros(self.count, np.int64)
        needs, done = self.needs.copy(), np.zeros(self.count, bool)
        forced: list[int] = []
        number, ink = 0, start
        while not done.all():
            waves = self._fill(ink, needs, done)
            for k, nodes in enumerate(waves):
                phase[nodes], wave[nodes] = number, k
            number += bool(waves)
            if done.all():
                break
            choices = np.unique(self.ink[(needs == 0) & ~done]).tolist()
            if not choices:
                left = np.flatnonzero(~done)
                lowest = int(left[np.argmin(self.height[left])])
                forced.append(lowest)
                needs[lowest] = 0
                ink = int(self.ink[lowest])
            elif len(choices) == 1:
                ink = choices[0]
            else:
                ink = max(choices, key=lambda k: (self._yields(k, needs, done), -k))
        return Phases(phase, wave, max(number - 1, 0), np.array(forced, dtype=np.int64))

    def _yields(self, ink: int, needs: Ints, done: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
        """How many nodes could be printed in this ink now."""
        return sum(map(len, self._fill(ink, needs.copy(), done.copy())))
