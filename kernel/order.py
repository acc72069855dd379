"""Order: from filaments to a Plan. What is below comes first, inks change as seldom as that allows, travel is short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .calibration.nozzles import plan_widths, widths_table
from .filaments import FilamentSet, Ints, State
from .motion import DWELL, KIND_NAMES, PRINT, Toolpath
from .plan import Event, Plan
from .planning.batches import Batches, batches
from .planning.clearance import clearance
from .planning.exchanges import bath_groups, exchange_table
from .planning.gelling import with_waits
from .planning.improve import Ends
from .planning.refill import uses, with_refills
from .planning.seams import seams_by_tour, with_seams
from .planning.strokes import with_leads, with_turns
from .planning.tour import improve_bound, order_batches
from .rig import ANY, Rig
from .toolpath.dosing import dose
from .toolpath.frames import purge_place_um
from .toolpath.live import with_heads

if TYPE_CHECKING:
    from .build import Job

UM3_PER_NL = 1e6

#: Exchanges named one by one in a terminal.
_LISTED = 5


def make_plan(jobs: Sequence[Job], rig: Rig) -> Plan:
    """The order in which the filaments of all jobs are printed by this rig, with what happens between them. What is written with
    light has an order of its own (voxels/order.py).

    batches.py says what may be printed together, tour.py in which order. A change of bath separates what is printed before it
    from what follows. Raises LookupError where the wet state has not been computed.
    """
    jobs = [job for job in jobs if job.light is None]
    parts = [with_heads(job.filaments, rig) for job in jobs]
    filaments = _joined(
        [
            with_leads(
                with_seams(part, job.print.fields.get("seam")), float(job.print.fields.get("lead") or 0.0)
            )
            for part, job in zip(parts, jobs, strict=True)
        ]
    )
    f = len(filaments)
    job_of = np.repeat(np.arange(len(jobs)), np.array([len(part) for part in parts], np.int64))
    group = bath_groups(jobs, rig)
    baths = [job.print.bath.name if job.print.bath else "" for job in jobs]
    batch = np.zeros(0, np.int64)
    fixed, drawn_down = np.zeros(f, bool), np.zeros(f, bool)
    found: Batches | None = None
    if f:
        found = batches(filaments, job_of, group[job_of], _loaded(filaments, rig), rig)
        filaments, job_of, batch = found.filaments, job_of[found.parent], found.batch
        fixed, drawn_down = found.one_way, found.turned
    wet = filaments.state("wet")
    start, end = wet.points_um[filaments.offsets[:-1]], wet.points_um[filaments.offsets[1:] - 1]
    # What may only be printed from its last point to its first is handed over so.
    start, end = np.where(drawn_down[:, None], end, start), np.where(drawn_down[:, None], start, end)
    at_um = purge_place_um(rig)
    order, reverse = order_batches(start, end, batch, at_um, fixed)
    if found is not None and found.phase is not None:
        order, reverse = improve_bound(
            order, reverse, Ends(start, end, fixed), found.phase, found.edges, at_um
        )
    reverse ^= drawn_down[order]
    nearest = np.array([job.print.fields.get("seam") == "nearest" for job in jobs], bool)
    if nearest.any() and found is not None and found.phase is None:
        filaments = seams_by_tour(filaments, order, reverse, nearest[job_of] & ~fixed, np.asarray(at_um))
    turns = np.array([float(job.print.fields.get("turns") or 0.0) for job in jobs])
    if turns.any() and found is not None and found.phase is None:
        joined = with_turns(filaments, order, reverse, batch, turns[job_of])
        filaments, job_of = joined.filaments, job_of[joined.parent]
        order, reverse = np.arange(len(filaments)), np.zeros(len(filaments), bool)
    inks = filaments.material[order]
    carriers = nozzle_of_inks([filaments.inks[m].name for m in dict.fromkeys(inks.tolist())], rig)
    table = np.array([carriers.get(ink.name, 0) for ink in filaments.inks] or [0], dtype=np.int16)
    bath_of = np.array([group[j] for j in job_of[order]], dtype=np.int64)
    speeds = [job.print.fields.get("speed") for job in jobs]
    speed = None
    if any(s is not None for s in speeds):
        each = np.array([rig.speeds.print_um_s if s is None else float(s) for s in speeds])
        speed = each[job_of[order]]
    first_bath = {int(g): baths[j] for j, g in reversed(list(enumerate(group)))}
    events = _events(filaments, inks, bath_of, first_bath, carriers, rig)
    used = tuple(dict.fromkeys(baths[j] for j in np.argsort(group, kind="stable").tolist() if baths[j]))
    named = {
        b: job.print.spans.get("bath", job.print.span)
        for b, job in reversed(list(zip(baths, jobs, strict=True)))
    }
    plan = Plan(
        filaments, order, reverse, table[inks], events, speed, used, bath_spans=tuple(named[b] for b in used)
    )
    plan = with_waits(with_refills(plan, rig), rig)
    if found is None:
        return plan
    loose = tuple(i for i in found.hanging if jobs[int(job_of[i])].print.fields.get("loose"))
    return replace(
        plan, circles=found.circles, hanging=found.hanging, loose=loose, cuts=len(found.filaments) - f,
        shortened=found.shortened, proven=found.proven,
    )  # fmt: skip


def _joined(sets: Sequence[FilamentSet]) -> FilamentSet:
    if len(sets) == 1:
        return sets[0]
    if not sets:
        nothing = State(np.zeros((0, 3)), np.zeros(0), np.zeros(0))
        rows = np.zeros(0, np.int32)
        return FilamentSet(np.zeros(1, np.int64), rows.astype(np.int16), rows, rows, (), (), nothing, nothing)
    from .filaments import join

    return join(sets)


def _loaded(filaments: FilamentSet, rig: Rig) -> int | None:
    """Index of the ink that the first nozzle holds when the print begins, if the rig says."""
    names = [entry.ink for entry in rig.nozzles[0].loads] if rig.nozzles else []
    for i, ink in enumerate(filaments.inks):
        if names and names[0] == ink.name:
            return i
    return None


def nozzle_of_inks(inks: Sequence[str], rig: Rig) -> dict[str, int]:
    """Which nozzle prints each ink: the one that names it, else the nozzles for any ink in turn, in order of first use."""
    named = {
        e.ink: n
        for n, nozzle in reversed(list(enumerate(rig.nozzles)))
        if not nozzle.mix
        for e in nozzle.loads
    }
    for ink in inks:
        head = rig.head_of(ink.split("/"))
        if head is not None:
            named[ink] = head
    free = [
        n
        for n, nozzle in enumerate(rig.nozzles)
        if not nozzle.mix and any(e.ink == ANY for e in nozzle.loads)
    ]
    found: dict[str, int] = {}
    turn = 0
    for ink in inks:
        if ink in named:
            found[ink] = named[ink]
        elif free:
            found[ink] = free[turn % len(free)]
            turn += 1
    return found


def _events(
    filaments: FilamentSet,
    inks: npt.NDArray[np.int16],
    baths: Ints,
    bath_names: Mapping[int, str],
    carriers: Mapping[str, int],
    rig: Rig,
) -> tuple[Event, ...]:
    """What happens between filaments: exchanges, operator's work, purging and priming, at the start and at every change."""
    events: list[Event] = []
    if len(inks) == 0:
        return ()
    changes = np.flatnonzero((np.diff(inks) != 0) | (np.diff(baths) != 0)) + 1
    holds: dict[int, str] = {}
    for n, nozzle in enumerate(rig.nozzles):
        if nozzle.mix:
            holds[n] = "/".join(e.ink for e in nozzle.loads)
        elif nozzle.loads and nozzle.loads[0].ink != ANY:
            holds[n] = nozzle.loads[0].ink
    for at in [0, *changes.tolist()]:
        name = filaments.inks[inks[at]].name
        n = carriers.get(name, 0)
        nozzle = rig.nozzles[n]
        fresh = holds.get(n) != name
        if at == 0:
            if fresh and nozzle.manual:
                text = f"Load nozzle {nozzle.name} with ink {name} and fit it over the substrate."
                events.append(Event("operator", at, name, n, rig.exchange.operator_s, text))
            if bath_names[0] and rig.bath_exchange == "manual":
                text = f"Pour bath {bath_names[0]} after the nozzle has been set to the substrate."
                events.append(Event("operator", at, bath_names[0], n, 0.0, text))
        else:
            if baths[at] != baths[at - 1]:
                bath = bath_names[int(baths[at])]
                by_hand = rig.bath_exchange == "manual"
                events.append(Event("change_bath", at, bath, n, 0.0 if by_hand else rig.exchange.bath_s))
                if by_hand:
                    text = f"Take out bath {bath_names[int(baths[at - 1])]} and pour bath {bath}."
                    events.append(Event("operator", at, bath, n, rig.exchange.bath_s, text))
            if inks[at] != inks[at - 1]:
                before = carriers.get(filaments.inks[inks[at - 1]].name, 0)
                # Another nozzle is registered anew; one that takes another ink is rinsed.
                extra = rig.exchange.register_s if before != n else rig.exchange.rinse_s * fresh
                time = extra if nozzle.manual else rig.exchange.nozzle_s + extra
                events.append(Event("switch_ink", at, name, n, time))
                if nozzle.manual:
                    if before != n:
                        text = f"Take off nozzle {rig.nozzles[before].name}, fit nozzle {nozzle.name}"
                        text += f" loaded with ink {name}." if fresh else f" (ink {name})."
                    else:
                        text = f"Rinse nozzle {nozzle.name}, or take a new one, and load it with ink {name}."
                    events.append(Event("operator", at, name, n, rig.exchange.operator_s, text))
        holds[n] = name
        if rig.purge is not None:
            if rig.purge.time_s > 0:
                events.append(Event("purge", at, name, n, rig.purge.time_s))
            if rig.purge.prime_s > 0:
                events.append(Event("prime", at, name, n, rig.purge.prime_s))
            if rig.wipe is not None:
                events.append(Event("wipe", at, name, n, rig.wipe.time_s))
    return tuple(events)


def summary(plan: Plan, toolpath: Toolpath, rig: Rig) -> dict[str, Any]:
    """Figures of a plan: the keys of `wp plan --json`, then time by what is done, layers, ink by nozzle, and pressure by width.

    `material_switches` counts changes of ink after the first, `operator_stops` every time the print waits for a person.
    """
    length = toolpath.lengths_um(rig)
    waits = toolpath.waits_s()
    spent = np.diff(toolpath.time_s, prepend=0.0) - waits
    printing = toolpath.kind == PRINT
    events = [event for _, event in toolpath.events]
    kinds = [event.kind for event in events]
    least = clearance(toolpath, rig)
    dosing = dose(plan, rig)
    place = np.empty(len(plan.order), np.int64)
    place[plan.order] = np.arange(len(plan.order))
    row_flow = np.zeros(len(toolpath))
    row_flow[printing] = dosing.flow_um3_s[place[toolpath.filament[printing]]]
    by_time = {name: float(spent[toolpath.kind == k].sum()) for k, name in enumerate(KIND_NAMES)}
    filament_s = np.bincount(toolpath.filament[printing], spent[printing], len(plan.order))
    filament_um = np.bincount(toolpath.filament[printing], length[printing], len(plan.order))
    layer = plan.filaments.layer.astype(np.int64)
    layers = np.unique(layer)
    reservoirs: dict[tuple[int, str], float] = {}
    volume = filament_s * dosing.flow_um3_s[place] if len(place) else filament_s
    nozzle = np.empty(len(place), np.int64)
    nozzle[plan.order] = plan.nozzle
    for m, ink in enumerate(plan.filaments.inks):
        for n in np.unique(nozzle[plan.filaments.material == m]):
            mine = (plan.filaments.material == m) & (nozzle == n)
            reservoirs[int(n), ink.name] = float(volume[mine].sum())
    holds = {
        (use.nozzle, use.ink): use.holds_um3 / UM3_PER_NL
        for use in uses(plan, rig)
        if use.holds_um3 is not None
    }
    for event in events:
        if event.kind in ("purge", "prime"):
            at = min(event.before, len(plan.order) - 1)
            key = (event.nozzle, event.name)
            reservoirs[key] = reservoirs.get(key, 0.0) + event.time_s * float(dosing.flow_um3_s[at])
    return {
        "time_s": float(toolpath.time_s[-1]),
        "print_um": float(length[printing].sum()),
        "travel_um": float(length[~printing].sum()),
        "filaments": len(plan.order),
        "moves": int((toolpath.kind[1:] != DWELL).sum()),
        "material_switches": kinds.count("switch_ink"),
        "bath_switches": kinds.count("change_bath"),
        "operator_stops": kinds.count("operator"),
        "fewest_switches": plan.proven,
        "exchanges": exchange_table(plan, rig),
        "cut_filaments": plan.cuts,
        "shortened_filaments": plan.shortened,
        "clearance_um": least.least_um if np.isfinite(least.least_um) else None,
        "refills": kinds.count("refill"),
        "time_by_kind_s": {**by_time, "exchanges": float(waits.sum())},
        "layers": [
            {
                "layer": int(k),
                "filaments": int((layer == k).sum()),
                "print_um": float(filament_um[layer == k].sum()),
                "time_s": float(filament_s[layer == k].sum()),
            }
            for k in layers
        ],
        "ink": [
            {
                "nozzle": rig.nozzles[n].name,
                "ink": name,
                "volume_nl": v / UM3_PER_NL,
                "reservoir_nl": holds.get((n, name)),
                "refills": sum(e.kind == "refill" and (e.nozzle, e.name) == (n, name) for e in events),
            }
            for (n, name), v in sorted(reservoirs.items())
        ],
        "widths": plan_widths(plan, rig),
    }


def summary_table(found: dict[str, Any]) -> str:
    """The summary in words, for a terminal."""
    total = found["time_s"]
    hours, rest = divmod(round(total), 3600)
    clock = f"{hours} h {rest // 60} min" if hours else f"{rest // 60} min {rest % 60} s"
    by = found["time_by_kind_s"]
    lines = [
        f"time         {clock} ({total:.1f} s): "
        + ", ".join(f"{name} {by[name]:.1f} s" for name in by if by[name] >= 0.05),
        f"filaments    {found['filaments']} in {len(found['layers'])} layers, {found['moves']} moves",
        f"length       {found['print_um'] / 1000:.3f} mm printed, {found['travel_um'] / 1000:.3f} mm travelled",
        f"switches     {found['material_switches']} of ink, {found['bath_switches']} of bath, "
        f"{found['operator_stops']} stops for an operator"
        + (f", {found['refills']} refill{'s' if found['refills'] > 1 else ''}" if found["refills"] else ""),
    ]
    if found["clearance_um"] is not None:
        lines.append(
            f"clearance    {found['clearance_um']:.4g} um at least between the nozzle and what is printed"
        )
    if found["cut_filaments"] or found["shortened_filaments"]:
        lines.append(
            f"cuts         {found['cut_filaments']} of filaments in each other's way, {found['shortened_filaments']} shortened in nodes"
        )
    lines += [
        f"switch       to {' in bath '.join(e[k] for k in ('ink', 'bath') if e[k])} after {e['before']} filaments: {e['time_s']:.1f} s"
        for e in found["exchanges"][:_LISTED]
    ]
    if len(found["exchanges"]) > _LISTED:
        lines.append(f"             and {len(found['exchanges']) - _LISTED} more")
    lines += [
        f"ink          {e['volume_nl']:.4g} nL of {e['ink']} through nozzle {e['nozzle']}"
        for e in found["ink"]
    ]
    lines += [widths_table(found["widths"])] if found["widths"] else []
    return "\n".join(lines)
