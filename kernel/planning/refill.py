"""Refills: where an operator fills a reservoir again, because what a print takes is more than it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ..filaments import Floats, Ints
from ..motion import FLOWING, ON_THE_SPOT
from ..plan import Event, Plan
from ..rig import Rig
from ..toolpath.dosing import dose, lengths_um


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """What one nozzle takes of one ink: `places` of the order that it prints, rising, the volume of each, and what events before
    each place purge. `holds_um3`: what a full reservoir gives, None where the rig does not say."""

    nozzle: int
    ink: str
    places: Ints
    printed_um3: Floats
    purged_um3: Floats
    holds_um3: float | None

    def fills(self, plan: Plan) -> Iterator[tuple[int, float]]:
        """(place of its first filament, um^3 taken) from every fill of the reservoir to the next."""
        total = self.printed_um3 + self.purged_um3
        again = [
            e.before
            for e in plan.events
            if e.kind == "refill" and (e.nozzle, e.name) == (self.nozzle, self.ink)
        ]
        cuts = [0, *np.searchsorted(self.places, again).tolist(), len(self.places)]
        for low, high in pairwise(cuts):
            if high > low:
                yield int(self.places[low]), float(total[low:high].sum())


def uses(plan: Plan, rig: Rig) -> list[Use]:
    """Ink by nozzle and ink, in the order of their indices."""
    if len(plan.order) == 0:
        return []
    inks = plan.filaments.inks
    dosing = dose(plan, rig)
    volume = dosing.flow_um3_s * lengths_um(plan)[plan.order] / dosing.speed_um_s
    key = plan.nozzle.astype(np.int64) * len(inks) + plan.filaments.material[plan.order]
    purged = np.zeros(len(plan.order))
    for event in plan.events:
        if event.kind in FLOWING:
            at = min(event.before, len(plan.order) - 1)
            purged[at] += event.time_s * float(dosing.flow_um3_s[at])
    found = []
    for k in np.unique(key).tolist():
        n, m = divmod(k, len(inks))
        places = np.flatnonzero(key == k)
        load = rig.nozzles[n].load(inks[m].name) if n < len(rig.nozzles) else None
        holds = None
        if load is not None and load.volume_um3 is not None:
            holds = load.volume_um3 * (1.0 - load.reserve)
        found.append(Use(n, inks[m].name, places, volume[places], purged[places], holds))
    return found


def with_refills(plan: Plan, rig: Rig) -> Plan:
    """The plan with a stop for an operator, and purging after it, wherever a reservoir is down to its reserve.

    A filament is never interrupted, so a reservoir that does not hold the largest one stays short: rig_check tells (R516).
    """
    if not any(e.volume_um3 is not None for n in rig.nozzles for e in n.loads):
        return plan
    stops: list[Event] = []
    for use in uses(plan, rig):
        if use.holds_um3 is not None and float((use.printed_um3 + use.purged_um3).sum()) > use.holds_um3:
            stops += _stops(use, plan, rig)
    if not stops:
        return plan
    # At one place, a refill comes after exchanges and before the purging that is planned there.
    ranked = [(e.before, 2 if e.kind in ON_THE_SPOT else 0, e) for e in plan.events]
    ranked += [(e.before, 1, e) for e in stops]
    return replace(plan, events=tuple(e for _, _, e in sorted(ranked, key=lambda r: r[:2])))


def _stops(use: Use, plan: Plan, rig: Rig) -> Iterator[Event]:
    assert use.holds_um3 is not None
    dosing = dose(plan, rig)
    load = rig.nozzles[use.nozzle].load(use.ink)
    assert load is not None and load.volume_um3 is not None
    purge = rig.purge
    purge_s = 0.0 if purge is None else purge.time_s + purge.prime_s
    taken = np.concatenate([[0.0], np.cumsum(use.printed_um3 + use.purged_um3)])
    low = 0
    again_um3 = 0.0
    while True:
        # Filaments low .. high - 1 fit into what is left after the purge that follows a refill.
        high = int(np.searchsorted(taken, taken[low] + use.holds_um3 - again_um3, "right")) - 1
        if high >= len(use.places):
            return
        high = max(high, low + 1)
        if high >= len(use.places):
            return
        at = int(use.places[high])
        text = f"Fill the reservoir of nozzle {rig.nozzles[use.nozzle].name} with {_volume(load.volume_um3)} of ink {use.ink}."
        yield Event("refill", at, use.ink, use.nozzle)
        yield Event("operator", at, use.ink, use.nozzle, rig.exchange.operator_s, text)
        planned = use.purged_um3[high] > 0
        if purge is not None and not planned:
            if purge.time_s > 0:
                yield Event("purge", at, use.ink, use.nozzle, purge.time_s)
            if purge.prime_s > 0:
                yield Event("prime", at, use.ink, use.nozzle, purge.prime_s)
            if rig.wipe is not None:
                yield Event("wipe", at, use.ink, use.nozzle, rig.wipe.time_s)
        again_um3 = 0.0 if planned else purge_s * float(dosing.flow_um3_s[at])
        low = high


def _volume(um3: float) -> str:
    return f"{um3 / 1e9:.4g} uL" if um3 >= 1e8 else f"{um3 / 1e6:.4g} nL"
