"""Gelling: a filament is left alone until it is solid before another crosses it. Where the plan does not take as long by itself, it waits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..drying.bonds import find_bonds
from ..filaments import Floats, Ints
from ..flow import solidification_s
from ..plan import Event, Plan
from ..rig import Rig
from ..toolpath.dosing import dose, lengths_um

#: How many filaments further on one can still be soft: what takes longer to turn solid is not printed.
_AHEAD = 64

#: Waits shorter than this (s) are not worth an interruption.
_LEAST_S = 1e-3


def with_waits(plan: Plan, rig: Rig) -> Plan:
    """The plan with a `wait` before every filament that would cross one that is still soft.

    A filament turns solid within R^2 / D (flow.solidification_s; D is assumed). How long the print takes by itself is counted low: its
    filaments at their speed, ways between them by `clear_um` up, straight across and down, exchanges as planned.
    """
    f = len(plan.order)
    if f < 2:
        return plan
    begin, end = least_times_s(plan, rig)
    wet = plan.filaments.state("wet")
    wide = np.empty(f)
    for low, high, points, first in plan.filaments.runs():
        size = np.maximum(wet.width_um[points], wet.height_um[points])
        wide[low:high] = np.maximum.reduceat(size, first)
    wide = wide[plan.order]
    gel = solidification_s(1.0) * wide**2
    pairs = [np.zeros((0, 2), np.int64)]
    for step in range(1, min(_AHEAD, f)):
        soon = np.flatnonzero(begin[step:] - end[:-step] < gel[:-step])
        if not len(soon):
            break
        pairs.append(np.stack([soon, soon + step], axis=1))
    near = _crossing(plan, np.concatenate(pairs))
    waits: list[Event] = []
    late: list[tuple[int, float]] = []
    for one, two in near[np.argsort(near[:, 1], kind="stable")].tolist():
        # Waits that lie between the two count.
        need = float(gel[one] - (begin[two] - end[one])) - sum(s for at, s in late if one < at <= two)
        if need <= _LEAST_S:
            continue
        need = float(np.ceil(need * 1000.0) / 1000.0)
        late.append((two, need))
        name = plan.filaments.inks[int(plan.filaments.material[plan.order[one]])].name
        text = f"Let the filament of ink {name} turn solid before the next one crosses it."
        waits.append(Event("wait", two, name, int(plan.nozzle[two]), need, text))
    if not waits:
        return plan
    events = sorted([*plan.events, *waits], key=lambda e: (e.before, e.kind != "wait"))
    return replace(plan, events=tuple(events))


def least_times_s(plan: Plan, rig: Rig) -> tuple[Floats, Floats]:
    """When every filament of the order begins and ends at the earliest, [F] each."""
    wet, offsets = plan.filaments.state("wet"), plan.filaments.offsets
    dosing = dose(plan, rig)
    first = np.where(plan.reverse, offsets[1:][plan.order] - 1, offsets[:-1][plan.order])
    last = np.where(plan.reverse, offsets[:-1][plan.order], offsets[1:][plan.order] - 1)
    across = np.linalg.norm((wet.points_um[first[1:]] - wet.points_um[last[:-1]])[:, :2], axis=1)
    # Up and down again, even where one begins at the end of the other.
    between = across / rig.speeds.travel_um_s
    between += rig.heights.clear_um * (1.0 / rig.speeds.approach_um_s + 1.0 / rig.speeds.travel_um_s)
    between = np.append(0.0, between)
    for event in plan.events:
        if event.before < len(between):
            between[event.before] += event.time_s
    takes = lengths_um(plan)[plan.order] / dosing.speed_um_s
    end = np.cumsum(takes + between)
    return end - takes, end


def _crossing(plan: Plan, pairs: Ints) -> Ints:
    """Of pairs of places in the order those whose filaments touch."""
    if not len(pairs):
        return pairs
    wet, starts = plan.filaments.state("wet"), plan.filaments.offsets[:-1]
    half = 0.5 * np.maximum(wet.width_um, wet.height_um)[:, None]
    low = np.minimum.reduceat(wet.points_um - half, starts)[plan.order]
    high = np.maximum.reduceat(wet.points_um + half, starts)[plan.order]
    meet = (
        np.maximum(low[pairs[:, 0]], low[pairs[:, 1]]) <= np.minimum(high[pairs[:, 0]], high[pairs[:, 1]])
    ).all(axis=1)
    pairs = pairs[meet]
    if not len(pairs):
        return pairs
    f = len(plan.order)
    places = np.unique(pairs)
    part = plan.filaments.take(plan.order[places])
    touch = places[part.owner()[find_bonds(part, part.state("wet")).segment]]
    keys = np.minimum(touch[:, 0], touch[:, 1]) * f + np.maximum(touch[:, 0], touch[:, 1])
    found: Ints = pairs[np.isin(pairs[:, 0] * f + pairs[:, 1], keys)]
    return found
