"""From what must come before what to an order with few changes of ink: print all that is free in one ink, then change.

Printing more before a change never hurts, so an order is known by its sequence of inks. With two inks that leaves one sequence for either
start, and the better one is the best there is. With more, the sequences are searched, cheapest promise first (A*), as far as a count of
steps allows; what is then at hand from always taking the ink that frees the most is the answer, and said to be unproven.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt

from ..filaments import Ints

Bools = npt.NDArray[np.bool_]

#: Work allowed for searching sequences of inks, in nodes and edges looked at: it bounds time without a clock.
SEARCH_WORK = 40_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Needs:
    """What nodes wait for: `edges int64[E,2]` (before, after), all of them; and of `touching int64[T,2]` one: a node that is not
    `grounded bool[N]` waits until something that it touches is there. Without these two every node stands by itself."""

    edges: Ints
    touching: Ints = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    grounded: Bools | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Phases:
    """By node: `phase int64[N]`, counted from 0 with a change of ink between one and the next, and `wave int64[N]` within it:
    what a wave needs lies in earlier ones. `forced` are nodes taken against an edge, because edges ran in a circle; `hanging`
    those taken with nothing to rest on; `proven`: no order has fewer changes."""

    phase: Ints
    wave: Ints
    changes: int
    forced: Ints
    hanging: Ints
    proven: bool = True


def phases(
    count: int,
    needs: Needs,
    ink: Ints,
    loaded: int | None = None,
    height: Ints | None = None,
    work: int = SEARCH_WORK,
) -> Phases:
    """Phases of `count` nodes with `ink int64[N]`. A circle is broken at the node that is lowest by `height`. `loaded`: the ink that is
    in the nozzle; beginning with another one is a change."""
    graph = _Graph(count, needs, ink, np.zeros(count, np.int64) if height is None else height)
    inks = np.unique(ink).tolist()
    starts: list[int] = [loaded] if loaded is not None and loaded in inks else []
    starts += [k for k in inks if k not in starts]
    best: _State | None = None
    for start in starts:
        found = graph.greedy(graph.begin(start, loaded))
        if best is None or found.changes < best.changes:
            best = found
    assert best is not None
    proven = True
    if len(inks) > 2:
        better, proven = graph.search(starts, loaded, best.changes, work)
        best = better or best
    return graph.phases(best, proven)


@dataclass(slots=True, eq=False)
class _State:
    """How far a print has come: what is done, what its nodes still wait for, the inks so far and what had to be forced."""

    left: Ints
    held: Bools
    done: Bools
    sequence: list[int]
    changes: int
    forced: list[int]
    hanging: list[int]

    def copy(self) -> _State:
        return _State(
            self.left.copy(), self.held.copy(), self.done.copy(), [*self.sequence], self.changes,
            [*self.forced], [*self.hanging],
        )  # fmt: skip


class _Rows:
    """Pairs by their first entry."""

    def __init__(self, count: int, pairs: Ints) -> None:
        one = np.unique(pairs[:, 0] * count + pairs[:, 1]) if len(pairs) else np.zeros(0, np.int64)
        self.of, self.to = one // max(count, 1), one % max(count, 1)
        self.first = np.searchsorted(self.of, np.arange(count + 1))

    def __getitem__(self, nodes: Ints) -> Ints:
        """All partners of the nodes, one after the other."""
        out = self.first[nodes + 1] - self.first[nodes]
        start = np.repeat(self.first[nodes] - np.cumsum(out) + out, out)
        partners: Ints = self.to[start + np.arange(int(out.sum()))]
        return partners


class _Graph:
    def __init__(self, count: int, needs: Needs, ink: Ints, height: Ints) -> None:
        self.count, self.ink, self.height = count, ink, height
        self.after = _Rows(count, needs.edges)
        touching = needs.touching
        self.beside = _Rows(count, np.concatenate([touching, touching[:, ::-1]]))
        self.grounded = np.ones(count, bool) if needs.grounded is None else needs.grounded
        self.chain = self._chains()
        self.inks = int(ink.max(initial=0)) + 1

    def begin(self, start: int, loaded: int | None) -> _State:
        left = np.bincount(self.after.to, minlength=self.count)
        changed = loaded is not None and start != loaded
        done = np.zeros(self.count, bool)
        state = _State(left, self.grounded.copy(), done, [], int(changed), [], [])
        self.fill(start, state)
        if not state.sequence:
            # Nothing is free in this ink: beginning with it is no beginning.
            state.changes = self.count + 1
        return state

    def _finish(self, nodes: Ints, state: _State) -> None:
        state.done[nodes] = True
        np.subtract.at(state.left, self.after[nodes], 1)
        state.held[self.beside[nodes]] = True

    def fill(self, ink: int, state: _State) -> list[Ints]:
        """Waves of what can be printed in one ink without a change; marks them done."""
        waves: list[Ints] = []
        mine = np.flatnonzero((self.ink == ink) & ~state.done)
        while True:
            free = mine[(state.left[mine] == 0) & state.held[mine]]
            if not len(free):
                break
            self._finish(free, state)
            mine = mine[~state.done[mine]]
            waves.append(free)
        if waves:
            state.sequence.append(ink)
        return waves

    def choices(self, state: _State) -> list[int]:
        """Inks in which something is free; where nothing is, one node is forced."""
        free = (state.left == 0) & state.held & ~state.done
        found: list[int] = np.unique(self.ink[free]).tolist()
        if found or state.done.all():
            return found
        # What only hangs hits nothing: it goes first. Of a circle the lowest that has something to rest on.
        ready = (state.left == 0) & ~state.done
        if not ready.any():
            held = state.held & ~state.done
            ready = held if held.any() else ~state.done
        left = np.flatnonzero(ready)
        lowest = int(left[np.argmin(self.height[left])])
        (state.hanging if not state.held[lowest] else state.forced).append(lowest)
        if not state.held[lowest] and state.left[lowest] > 0:
            state.forced.append(lowest)
        # Its own edges stay counted, so that a later release cannot make it free a second time.
        state.left[lowest] = 0
        state.held[lowest] = True
        return [int(self.ink[lowest])]

    def step(self, ink: int, state: _State) -> None:
        came = state.sequence[-1] if state.sequence else ink
        self.fill(ink, state)
        state.changes += came != ink

    def greedy(self, state: _State) -> _State:
        while choices := self.choices(state):
            ink = choices[0]
            if len(choices) > 1:
                ink = max(choices, key=lambda k: (self._yields(k, state), -k))
            self.step(ink, state)
        return state

    def _yields(self, ink: int, state: _State) -> int:
        """How many nodes could be printed in this ink now."""
        return sum(map(len, self.fill(ink, state.copy())))

    def _chains(self) -> Ints:
        """Changes that lie ahead of every node on some chain of edges: no order can do without them. 0 where edges run in circles."""
        before = _Rows(self.count, np.stack([self.after.to, self.after.of], axis=1))
        chain = np.zeros(self.count, np.int64)
        left = np.bincount(self.after.of, minlength=self.count)
        ready = np.flatnonzero(left == 0)
        while len(ready):
            back = before[ready]
            of = np.repeat(ready, before.first[ready + 1] - before.first[ready])
            np.maximum.at(chain, back, chain[of] + (self.ink[of] != self.ink[back]))
            np.subtract.at(left, back, 1)
            ready = np.unique(back[left[back] == 0])
        chain[left > 0] = 0
        return chain

    def _promise(self, state: _State) -> int:
        """Changes that are still to come at least."""
        left = np.flatnonzero(~state.done)
        if not len(left):
            return 0
        inks = np.zeros(self.inks, bool)
        inks[self.ink[left]] = True
        now = state.sequence[-1] if state.sequence else -1
        # Nothing is free in the ink at hand, so each ink that is left takes a change into it.
        return max(int(inks.sum()), int((self.chain[left] + (self.ink[left] != now)).max()))

    def search(
        self, starts: list[int], loaded: int | None, most: int, work: int
    ) -> tuple[_State | None, bool]:
        """A sequence with fewer changes than `most`, None where none is found; and whether all were looked at."""
        heap: list[tuple[int, int, int, _State]] = []
        seen: dict[tuple[int, bytes], int] = {}
        number = 0

        def put(state: _State) -> None:
            nonlocal number
            promise = state.changes + self._promise(state)
            key = (state.sequence[-1] if state.sequence else -1, np.packbits(state.done).tobytes())
            if promise < most and seen.get(key, most) > state.changes:
                seen[key] = state.changes
                number += 1
                heappush(heap, (promise, -int(state.done.sum()), number, state))

        for start in starts:
            put(self.begin(start, loaded))
        each = self.count + len(self.after.to) + len(self.beside.to)
        while heap:
            _, _, _, state = heappop(heap)
            if state.done.all():
                return state, True
            for ink in self.choices(state):
                work -= each
                after = state.copy()
                self.step(ink, after)
                put(after)
            if work < 0:
                return None, False
        return None, True

    def phases(self, best: _State, proven: bool) -> Phases:
        """The order of a finished state, wave by wave."""
        phase, wave = np.zeros(self.count, np.int64), np.zeros(self.count, np.int64)
        state = self.begin(-1, None)
        state.changes = 0
        number = 0
        for ink in best.sequence:
            self.choices(state)
            for k, nodes in enumerate(self.fill(ink, state)):
                phase[nodes], wave[nodes] = number, k
            number += 1
        forced = np.array(state.forced, dtype=np.int64)
        return Phases(
            phase, wave, max(number - 1, 0), forced, np.array(state.hanging, dtype=np.int64), proven
        )
