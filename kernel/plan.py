"""The plan: what is printed in which order, as data that can be printed, diffed and replayed before anything moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from .diagnostics import Span
from .filaments import FilamentSet, Floats

EventKind = Literal["switch_ink", "change_bath", "refill", "prime", "purge", "wipe", "wait", "operator"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something between filaments: happens before the print of `order[before]` (or at the end, `before` = F).

    `name` is the ink, nozzle or bath concerned; `nozzle` the nozzle's index; `text` what an operator has to do;
    `time_s` how long it is planned to take.
    """

    kind: EventKind
    before: int
    name: str = ""
    nozzle: int = 0
    time_s: float = 0.0
    text: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """`order int64[F]`: filaments as printed; `reverse bool[F]`: from last point to first; `nozzle int16[F]`;
    `speed_um_s float64[F]`: where None, the rig's speed of printing; all four by place in the order. `events` sorted by
    `before`; `baths` in order of use. It speaks of the wet state of `filaments`.

    What no order avoids: `circles`, pairs of filaments that stand in each other's way; `hanging`, filaments that nothing carries when
    they are printed, of which `loose` are those that their print lets pass. `bath_spans`: where the design names each of `baths`. `cuts`: how many filaments were cut to break circles, `shortened`: how many
    were shortened in nodes. `proven`: no order has fewer changes of ink."""

    filaments: FilamentSet
    order: npt.NDArray[np.int64]
    reverse: npt.NDArray[np.bool_]
    nozzle: npt.NDArray[np.int16]
    events: tuple[Event, ...] = ()
    speed_um_s: Floats | None = None
    baths: tuple[str, ...] = ()
    circles: tuple[tuple[int, int], ...] = ()
    hanging: tuple[int, ...] = ()
    loose: tuple[int, ...] = ()
    cuts: int = 0
    shortened: int = 0
    proven: bool = True
    bath_spans: tuple[Span, ...] = ()

    def bath_span(self, bath: str) -> Span | None:
        """Where the design says that it prints in this bath."""
        return dict(zip(self.baths, self.bath_spans, strict=False)).get(bath)

    def steps(self) -> Iterator[Event | tuple[int, bool, int]]:
        """Events and (filament, reversed, nozzle) as they happen."""
        events = iter(self.events)
        event = next(events, None)
        for i in range(len(self.order)):
            while event is not None and event.before <= i:
                yield event
                event = next(events, None)
            yield int(self.order[i]), bool(self.reverse[i]), int(self.nozzle[i])
        while event is not None:
            yield event
            event = next(events, None)

    def validate(self) -> None:
        """Every filament once, events in order. Raises ValueError."""
        f = len(self.filaments)
        if not np.array_equal(np.sort(self.order), np.arange(f)):
            raise ValueError("a plan prints every filament exactly once")
        if self.reverse.shape != (f,) or self.nozzle.shape != (f,):
            raise ValueError("reverse and nozzle have one entry a filament")
        at = [e.before for e in self.events]
        if at != sorted(at) or (at and not 0 <= at[0] <= at[-1] <= f):
            raise ValueError("events are sorted and lie inside the plan")
