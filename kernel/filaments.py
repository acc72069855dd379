"""FilamentSet: every filament of a part as arrays, in two states of one topology."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from .diagnostics import Span
from .material import Ink
from .scene import StateName

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

T = TypeVar("T")

#: Paths are rounded to this before they are hashed or written, so that equal designs give equal bytes.
QUANTUM_UM = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """One state of all filaments: `points_um[P,3]`, `width_um[P]`, `height_um[P]` (the section is an ellipse)."""

    points_um: Floats
    width_um: Floats
    height_um: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Ties:
    """B bonds with which a wet state was found: `filament int64[B,2]`, `share float64[B,2]` (their places, in parts of either
    filament's wet length) and `hold float64[B]`, how well each holds (drying_frame.py). `stuck_filament int64[S]` and
    `stuck_share float64[S]`: places that stick to the substrate. Only nearness decides what bonds and sticks, so where
    filaments barely touch the way back would else depend on a hair. `node_filament int64[N]`, `node_share float64[N]`: where
    the filaments were taken to bend.
    """

    filament: Ints
    share: Floats
    hold: Floats
    stuck_filament: Ints
    stuck_share: Floats
    node_filament: Ints
    node_share: Floats

    def arrays(self) -> tuple[npt.NDArray[np.generic], ...]:
        stuck = self.stuck_filament, self.stuck_share
        return self.filament, self.share, self.hold, *stuck, self.node_filament, self.node_share


@dataclass(frozen=True, slots=True, eq=False)
class FilamentSet:
    """F filaments over P points. `offsets int64[F+1]`: filament i owns points offsets[i]:offsets[i+1].

    `material int16[F]` indexes `inks`; `layer int32[F]`; `origin int32[F]` indexes `spans`, so that every filament can
    name its line of source. `wet` or `dried` is None until the drying model has found it; both share the topology.
    `share float64[P]`: the volume fraction of the first ink of a live mix (`Ink.live` names the two) at each point, NaN where
    there is none; the ink of the filament is then the step of the mix that is nearest.
    `ties`: the bonds of a wet state that was computed, None where they are to be seen from the paths.
    """

    offsets: Ints
    material: npt.NDArray[np.int16]
    layer: npt.NDArray[np.int32]
    origin: npt.NDArray[np.int32]
    inks: tuple[Ink, ...]
    spans: tuple[Span, ...]
    wet: State | None = None
    dried: State | None = None
    ties: Ties | None = None
    share: Floats | None = None

    def __post_init__(self) -> None:
        for a in self._arrays():
            a.flags.writeable = False

    def _arrays(self) -> Iterator[npt.NDArray[np.generic]]:
        yield from (self.offsets, self.material, self.layer, self.origin)
        for s in (self.wet, self.dried):
            if s is not None:
                yield from (s.points_um, s.width_um, s.height_um)
        if self.ties is not None:
            yield from self.ties.arrays()
        if self.share is not None:
            yield self.share

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def point_count(self) -> int:
        return int(self.offsets[-1])

    def state(self, name: StateName) -> State:
        """The state called `name`; LookupError where the drying model has not run."""
        s = self.wet if name == "wet" else self.dried
        if s is None:
            raise LookupError(f"the {name} state has not been computed")
        return s

    def owner(self) -> Ints:
        """Filament of every point, int64[P]."""
        return np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.offsets))

    def segments(self) -> tuple[Ints, Ints]:
        """(first point, filament) of every segment, int64[P-F] each; a segment joins point i to i + 1."""
        last = np.zeros(self.point_count, dtype=bool)
        last[self.offsets[1:] - 1] = True
        first = np.flatnonzero(~last)
        return first, self.owner()[first]

    def runs(self, points: int = 1 << 16) -> Iterator[tuple[int, int, slice, Ints]]:
        """Runs of whole filaments of about so many points, so that work on a large set stays in the processor's cache:
        (first filament, last + 1, their points, where each begins in these)."""
        at, n = 0, len(self)
        while at < n:
            stop = max(at + 1, int(np.searchsorted(self.offsets, self.offsets[at] + points, "right")) - 1)
            low, high = int(self.offsets[at]), int(self.offsets[stop])
            yield at, stop, slice(low, high), self.offsets[at:stop] - low
            at = stop

    def with_states(self, wet: State | None, dried: State | None) -> FilamentSet:
        return replace(self, wet=wet, dried=dried)

    def take(self, which: Ints) -> FilamentSet:
        """The filaments `which`, in that order."""
        counts = np.diff(self.offsets)[which]
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        points = np.arange(offsets[-1]) + np.repeat(self.offsets[which] - offsets[:-1], counts)

        def pick(s: State | None) -> State | None:
            return None if s is None else State(s.points_um[points], s.width_um[points], s.height_um[points])

        return FilamentSet(
            offsets,
            self.material[which],
            self.layer[which],
            self.origin[which],
            self.inks,
            self.spans,
            pick(self.wet),
            pick(self.dried),
            share=None if self.share is None else self.share[points],
        )

    def validate(self) -> None:
        """The executable definition of well-formed. Raises ValueError with the first law that is broken."""
        f, p = len(self), self.point_count
        _law(self.offsets.dtype == np.int64 and self.offsets.ndim == 1 and f >= 0, "offsets are int64[F+1]")
        _law(self.offsets[0] == 0, "offsets begin at 0")
        _law(bool((np.diff(self.offsets) >= 2).all()), "every filament has at least two points")
        for name, column, dtype, table in (
            ("material", self.material, np.int16, len(self.inks)),
            ("layer", self.layer, np.int32, None),
            ("origin", self.origin, np.int32, len(self.spans)),
        ):
            _law(column.dtype == dtype and column.shape == (f,), f"{name} is {np.dtype(dtype).name}[F]")
            _law(f == 0 or int(column.min()) >= 0, f"{name} is never negative")
            _law(table is None or f == 0 or int(column.max()) < table, f"{name} stays inside its table")
        _law(self.wet is not None or self.dried is not None, "at least one state is known")
        if self.share is not None:
            _law(self.share.dtype == np.float64 and self.share.shape == (p,), "share is float64[P]")
            known = self.share[~np.isnan(self.share)]
            _law(bool(((known >= -1e-6) & (known <= 1 + 1e-6)).all()), "share lies between 0 and 1")
        for name, s in (("wet", self.wet), ("dried", self.dried)):
            if s is None:
                continue
            _law(
                s.points_um.dtype == np.float64 and s.points_um.shape == (p, 3),
                f"{name} points are float64[P,3]",
            )
            _law(s.points_um.flags.c_contiguous, f"{name} points are contiguous")
            _law(bool(np.isfinite(s.points_um).all()), f"{name} points are finite")
            for what, column_um in (("width", s.width_um), ("height", s.height_um)):
                _law(
                    column_um.dtype == np.float64 and column_um.shape == (p,), f"{name} {what} is float64[P]"
                )
                _law(
                    bool(np.isfinite(column_um).all() and (column_um > 0).all()), f"{name} {what} is positive"
                )


def _law(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"FilamentSet is not well-formed: {what}")


def keep_memory() -> None:
    """Let the allocator of the C library keep what large arrays give back, instead of asking the system for it anew: glibc
    raises its thresholds to the size of the largest block that was freed, up to 32 MiB (mallopt(3), M_MMAP_THRESHOLD).
    Asking costs more than computing: ten times as many page faults for ten million points. Elsewhere it does nothing."""
    np.empty((1 << 25) - (1 << 16), dtype=np.uint8)


def filaments(
    points_um: Floats,
    counts: Ints,
    *,
    width_um: Floats,
    height_um: Floats | None = None,
    material: npt.ArrayLike,
    layer: npt.ArrayLike,
    origin: npt.ArrayLike,
    inks: tuple[Ink, ...],
    spans: tuple[Span, ...],
    state: StateName = "dried",
) -> FilamentSet:
    """A FilamentSet from flat points and the number of points of each filament; scalars are broadcast."""
    f, p = len(counts), len(points_um)
    s = State(
        np.ascontiguousarray(points_um, dtype=np.float64),
        np.array(np.broadcast_to(width_um, (p,)), dtype=np.float64),
        np.array(np.broadcast_to(width_um if height_um is None else height_um, (p,)), dtype=np.float64),
    )
    return FilamentSet(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        np.array(np.broadcast_to(material, (f,)), dtype=np.int16),
        np.array(np.broadcast_to(layer, (f,)), dtype=np.int32),
        np.array(np.broadcast_to(origin, (f,)), dtype=np.int32),
        inks,
        spans,
        wet=s if state == "wet" else None,
        dried=s if state == "dried" else None,
    )


def join(sets: Sequence[FilamentSet]) -> FilamentSet:
    """All filaments of `sets`, in order, with one table of inks and one of spans (equal rows merged, order of first use).

    A state that not all of them have is None in the whole. Raises ValueError for no sets, or where no state is left.
    """
    if not sets:
        raise ValueError("there is nothing to join")
    inks, ink_rows = _merged([s.inks for s in sets])
    spans, span_rows = _merged([s.spans for s in sets])

    def state(name: StateName) -> State | None:
        states = [s.wet if name == "wet" else s.dried for s in sets]
        known = [s for s in states if s is not None]
        if len(known) < len(states):
            return None
        return State(
            np.concatenate([s.points_um for s in known]),
            np.concatenate([s.width_um for s in known]),
            np.concatenate([s.height_um for s in known]),
        )

    wet, dried = state("wet"), state("dried")
    if wet is None and dried is None:
        raise ValueError("the sets share no state")
    return FilamentSet(
        np.concatenate([[0], np.cumsum(np.concatenate([np.diff(s.offsets) for s in sets]))]).astype(np.int64),
        np.concatenate([r[s.material] for r, s in zip(ink_rows, sets, strict=True)]).astype(np.int16),
        np.concatenate([s.layer for s in sets]),
        np.concatenate([r[s.origin] for r, s in zip(span_rows, sets, strict=True)]).astype(np.int32),
        inks,
        spans,
        wet,
        dried,
        share=shares([s.share for s in sets], [s.point_count for s in sets]),
    )


def shares(columns: Sequence[Floats | None], counts: Sequence[int]) -> Floats | None:
    """The ratios of several sets as one column: NaN for those that have none, None where nobody has any."""
    if all(c is None for c in columns):
        return None
    return np.concatenate(
        [np.full(n, np.nan) if c is None else c for c, n in zip(columns, counts, strict=True)]
    )


def _merged(tables: list[tuple[T, ...]]) -> tuple[tuple[T, ...], list[Ints]]:
    """One table of all rows, and for each of the tables where its rows went."""
    whole: list[T] = []
    rows = []
    for table in tables:
        row = np.zeros(len(table), dtype=np.int64)
        for i, item in enumerate(table):
            at = next((j for j, known in enumerate(whole) if known is item or known == item), len(whole))
            if at == len(whole):
                whole.append(item)
            row[i] = at
        rows.append(row)
    return tuple(whole), rows
