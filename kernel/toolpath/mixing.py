"""Mixing heads: a ratio of two inks that varies along a filament as pressures of two channels, row by row of the toolpath.

Assumed of such a head: each channel gives the flow of its own calibration whatever the other does, and what is mixed moves through the
dead volume as a plug. A change of the ratio then leaves the tip when the dead volume has followed it, so the channels are set
for what the tip lays that much ink later, across travels and from one filament to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..filaments import Floats, Ints
from ..motion import DWELL, PRINT, Toolpath
from ..rig import Dispenser, InkLoad, Nozzle, Rig
from .dosing import dose

#: A row changes the ratio by so much at the most, so that a ratio that stands still within it is off by half of that ...
STEP = 0.008
#: ... unless the row would take less time than this (s), a servo cycle of a controller.
LEAST_S = 1e-3
#: How far the ratio at the tip may be off the design's (a part of the whole) before it is told.
BOUND = 0.01


@dataclass(frozen=True, slots=True)
class Channels:
    """Both channels of a head for one pair of inks, in the order of the pair: columns of pressures, loads and dispensers."""

    columns: tuple[int, int]
    loads: tuple[InkLoad, InkLoad]
    boxes: tuple[Dispenser, Dispenser]

    def pressures_kpa(self, share: Floats, flow_um3_s: Floats) -> Floats:
        """[N,2] for shares of the first ink [N] of a flow [N], in steps of the dispensers; 0 where there is no calibration. Flows outside
        a calibration take its nearer end."""
        out = np.zeros((len(share), 2))
        parts = (share * flow_um3_s, (1.0 - share) * flow_um3_s)
        for k, (load, box, flow) in enumerate(zip(self.loads, self.boxes, parts, strict=True)):
            if load.calibration:
                kpa = np.interp(flow, *_curve(load))
                if box.resolution_kpa > 0:
                    kpa = np.round(np.round(kpa / box.resolution_kpa) * box.resolution_kpa, 9)
                out[:, k] = kpa
        return out

    def flows_um3_s(self, pressure_kpa: Floats) -> Floats:
        """[N,2] for pressures [N,C]: no flow where a channel has no calibration."""
        out = np.zeros((len(pressure_kpa), 2))
        for k, (load, column) in enumerate(zip(self.loads, self.columns, strict=True)):
            if load.calibration:
                flow, kpa = _curve(load)
                out[:, k] = np.interp(pressure_kpa[:, column], kpa, flow)
        return out


def _curve(load: InkLoad) -> tuple[Floats, Floats]:
    """(flow, pressure) of a calibration."""
    return (
        np.array([p.flow_um3_s for p in load.calibration]),
        np.array([p.pressure_kpa for p in load.calibration]),
    )


def channels_of(rig: Rig, nozzle: int, pair: tuple[str, ...]) -> Channels | None:
    """The channels of a head for a pair of inks; None where the nozzle does not mix them."""
    head: Nozzle = rig.nozzles[nozzle]
    loads = head.mixes(pair)
    if loads is None:
        return None
    one, two = rig.columns_of(nozzle)
    names = head.mix
    if loads[0] is not head.loads[0]:
        one, two, names = two, one, names[::-1]
    return Channels((one, two), loads, (rig.dispensers[names[0]], rig.dispensers[names[1]]))


@dataclass(frozen=True, slots=True, eq=False)
class _Ink:
    """The rows in which ink leaves one head, [K] each: `row`; the volume that has left before and after it, um^3; the ratio that the
    design asks of the tip at its beginning and end; the flow; `place` in the order."""

    row: Ints
    before_um3: Floats
    after_um3: Floats
    share_in: Floats
    share_out: Floats
    flow_um3_s: Floats
    place: Ints


def _pair(toolpath: Toolpath, rig: Rig, nozzle: int) -> tuple[str, ...]:
    """The inks that a head mixes in this toolpath; none where it prints nothing."""
    plan = toolpath.plan
    mine = np.flatnonzero(plan.nozzle == nozzle)
    if not rig.nozzles[nozzle].mix or not len(mine):
        return ()
    return plan.filaments.inks[int(plan.filaments.material[plan.order[mine[0]]])].live


def _ink(toolpath: Toolpath, rig: Rig, nozzle: int) -> _Ink | None:
    """Ink of a head by the time law: it flows as long as the tip is on a filament, and while the head is purged."""
    plan = toolpath.plan
    printing = toolpath.kind == PRINT
    opened = np.bincount(toolpath.filament[printing & toolpath.valve], minlength=len(plan.order)) > 0
    place_of = np.empty(len(plan.order), np.int64)
    place_of[plan.order] = np.arange(len(plan.order))
    # Dwells are at the place of purging; ink runs on through the one behind the valve's closing, as it does behind a filament's.
    purging = toolpath.kind == DWELL
    lays = printing & (toolpath.filament >= 0)
    lays[lays] = opened[toolpath.filament[lays]]
    row = np.flatnonzero((lays | purging) & (toolpath.nozzle == nozzle))
    on = printing[row]
    if not on.any():
        return None
    # What is purged goes before the next filament; behind the last one it is as that.
    upto = np.minimum(np.searchsorted(np.flatnonzero(on), np.arange(len(row))), int(on.sum()) - 1)
    place = place_of[toolpath.filament[row[on]]][upto]
    spent = np.diff(toolpath.time_s, prepend=0.0) - toolpath.waits_s()
    flow = dose(plan, rig).flow_um3_s[place]
    after = np.cumsum(flow * spent[row])
    before = np.append(0.0, after[:-1])
    begin, end = _shares(toolpath, row[on])
    share_in, share_out = begin[upto], np.where(on, end[upto], begin[upto])
    return _Ink(row, before, after, share_in, share_out, flow, place)


def _shares(toolpath: Toolpath, row: Ints) -> tuple[Floats, Floats]:
    """The ratio that the design asks at the beginning and the end of printing rows, by the part of their filament that lies before them."""
    plan = toolpath.plan
    filaments, f = plan.filaments, len(plan.order)
    assert filaments.share is not None
    points = filaments.state("wet").points_um
    step = np.zeros(len(points))
    step[1:] = np.linalg.norm(np.diff(points, axis=0), axis=1)
    step[filaments.offsets[:-1]] = 0.0
    total = np.add.reduceat(step, filaments.offsets[:-1])
    owner = filaments.owner()
    run = np.cumsum(step)
    part = (run - run[filaments.offsets[:-1]][owner]) / np.maximum(total, 1e-300)[owner]
    backward = np.zeros(f, bool)
    backward[plan.order] = plan.reverse
    printed = np.flatnonzero((toolpath.kind == PRINT) & (toolpath.filament >= 0))
    ids = toolpath.filament[printed]
    length = np.linalg.norm(toolpath.position_um[printed] - toolpath.position_um[printed - 1], axis=1)
    whole = np.bincount(ids, length, f)
    gone = np.cumsum(length)
    new = np.append(True, np.diff(ids) != 0)
    before = np.zeros(f)
    before[ids[new]] = gone[new] - length[new]
    ends = np.stack([gone - length, gone]) - before[ids]
    at = np.clip(ends / np.maximum(whole, 1e-300)[ids], 0.0, 1.0)
    at = np.where(backward[ids], 1.0 - at, at)
    # Filaments stand two apart, so that the end of one and the beginning of the next are two places.
    share = np.interp(2.0 * ids + at, 2.0 * owner + part, filaments.share)
    mine = np.searchsorted(printed, row)
    return share[0, mine], share[1, mine]


def with_ratio(toolpath: Toolpath, rig: Rig) -> Toolpath:
    """The toolpath with the pressures of its mixing heads: rows cut so that the ratio changes by STEP in one at the most, both channels set
    for the middle of each, the dead volume ahead (none where the rig does not tell it). Where no ink flows they stand as the next
    ink needs them. Motion stays as it is: a row is cut on its straight way, by its time. Without a head in use: as it is."""
    lacking = len(rig.columns) - toolpath.pressure_kpa.shape[1]
    if lacking:
        wider = np.pad(toolpath.pressure_kpa, ((0, 0), (0, lacking)))
        toolpath = replace(toolpath, pressure_kpa=wider)
    for nozzle in range(len(rig.nozzles)):
        pair = _pair(toolpath, rig, nozzle)
        if toolpath.plan.filaments.share is not None and pair:
            toolpath = _of_head(toolpath, rig, nozzle, pair)
    return toolpath


def _of_head(toolpath: Toolpath, rig: Rig, nozzle: int, pair: tuple[str, ...]) -> Toolpath:
    channels = channels_of(rig, nozzle, pair)
    ink = _ink(toolpath, rig, nozzle)
    if channels is None or ink is None:
        return toolpath
    which, begin, end = _cuts(ink, rig.nozzles[nozzle].dead_volume_um3 or 0.0)
    n = len(toolpath)
    counts = np.ones(n, np.int64)
    counts[ink.row] = np.bincount(which, minlength=len(ink.row))
    source = np.repeat(np.arange(n), counts)
    start = np.cumsum(counts) - counts
    from_, upto = np.zeros(len(source)), np.ones(len(source))
    mine = np.isin(source, ink.row)
    volume = np.maximum(ink.after_um3 - ink.before_um3, 1e-300)[which]
    from_[mine] = (begin - ink.before_um3[which]) / volume
    last = np.append(which[1:] != which[:-1], True)
    upto[mine] = np.where(last, 1.0, (end - ink.before_um3[which]) / volume)
    # Dwells are written in milliseconds.
    rests = np.flatnonzero(toolpath.dwell_s[source] > 0.0)
    for edge in (from_, upto):
        whole = toolpath.dwell_s[source[rests]]
        inner = edge[rests] < 1.0
        edge[rests[inner]] = (np.round(edge[rests] * whole, 3) / whole)[inner]
    position, time = toolpath.position_um[source], toolpath.time_s[source]
    cut = upto < 1.0
    way = (toolpath.position_um - np.roll(toolpath.position_um, 1, axis=0))[source[cut]]
    position[cut] -= (1.0 - upto[cut])[:, None] * way
    spent = np.diff(toolpath.time_s, prepend=0.0) - toolpath.waits_s()
    time[cut] -= (1.0 - upto[cut]) * spent[source[cut]]
    share = _at(ink, 0.5 * (begin + end) + (rig.nozzles[nozzle].dead_volume_um3 or 0.0))
    set_kpa = channels.pressures_kpa(share, ink.flow_um3_s[which])
    # Without ink, what the next ink needs; behind the last, what that had.
    here = toolpath.nozzle[source] == nozzle
    ahead = np.minimum(np.searchsorted(np.flatnonzero(mine), np.flatnonzero(here)), len(set_kpa) - 1)
    pressure = toolpath.pressure_kpa[source]
    pressure[:, channels.columns] = 0.0
    rows = np.flatnonzero(here)
    for k, column in enumerate(channels.columns):
        pressure[rows, column] = set_kpa[ahead, k]
    return replace(
        toolpath, position_um=position, speed_um_s=toolpath.speed_um_s[source], time_s=time, valve=toolpath.valve[source],
        pressure_kpa=pressure, filament=toolpath.filament[source], kind=toolpath.kind[source],
        dwell_s=toolpath.dwell_s[source] * (upto - from_), nozzle=toolpath.nozzle[source],
        events=tuple((int(start[row]), event) for row, event in toolpath.events),
    )  # fmt: skip


def _at(ink: _Ink, volume_um3: Floats) -> Floats:
    """What the design asks of the tip when so much ink has left it."""
    knots = np.stack([ink.before_um3, ink.after_um3], axis=1).ravel()
    return np.interp(volume_um3, knots, np.stack([ink.share_in, ink.share_out], axis=1).ravel())


def _cuts(ink: _Ink, dead_um3: float) -> tuple[Ints, Floats, Floats]:
    """Rows of ink cut where the ratio, `dead_um3` ahead, bends or has changed by STEP: (index of the row, volume before, volume after)."""
    # Where the ratio bends or jumps: ends of rows along which it changes, and rows that begin with another one.
    jump = np.append(False, np.abs(ink.share_in[1:] - ink.share_out[:-1]) > 1e-9)
    slope = np.abs(ink.share_out - ink.share_in) > 1e-9
    bends = np.concatenate([ink.before_um3[slope | jump], ink.after_um3[slope]]) - dead_um3
    least = LEAST_S * ink.flow_um3_s
    bends = np.unique(bends[(bends > 0.0) & (bends < ink.after_um3[-1])])
    row = np.minimum(np.searchsorted(ink.after_um3, bends, "right"), len(ink.row) - 1)
    inside = (bends - ink.before_um3[row] > least[row]) & (ink.after_um3[row] - bends > least[row])
    row, bends = row[inside], bends[inside]
    apart = (
        np.append(True, (np.diff(bends) > least[row[1:]]) | (np.diff(row) > 0)) if len(row) else inside[:0]
    )
    row, bends = row[apart], bends[apart]
    which = np.concatenate([np.arange(len(ink.row)), row])
    begin = np.concatenate([ink.before_um3, bends])
    sort = np.lexsort((begin, which))
    which, begin = which[sort], begin[sort]
    last = np.append(which[1:] != which[:-1], True)
    end = np.where(last, ink.after_um3[which], np.append(begin[1:], 0.0))
    inner = 1e-6 * (end - begin)
    change = np.abs(_at(ink, end - inner + dead_um3) - _at(ink, begin + inner + dead_um3))
    most = np.maximum((end - begin) / least[which], 1.0)
    parts = np.minimum(np.ceil(change / STEP), most).astype(np.int64)
    np.maximum(parts, 1, out=parts)
    number = np.arange(int(parts.sum())) - np.repeat(np.cumsum(parts) - parts, parts)
    low, size = np.repeat(begin, parts), np.repeat((end - begin) / parts, parts)
    return np.repeat(which, parts), low + number * size, low + (number + 1) * size


def ratio_at_tip(toolpath: Toolpath, rig: Rig, nozzle: int) -> tuple[Ints, Floats, Floats] | None:
    """What leaves the tip of a head, computed forwards from the pressures of a toolpath: (rows that print, the ratio [K,3] at a tenth, the
    middle and nine tenths of each, what the design asks there [K,3]); NaN until the dead volume has been filled once."""
    pair = _pair(toolpath, rig, nozzle)
    channels = channels_of(rig, nozzle, pair) if pair and toolpath.plan.filaments.share is not None else None
    ink = _ink(toolpath, rig, nozzle) if channels is not None else None
    if channels is None or ink is None:
        return None
    flows = channels.flows_um3_s(toolpath.pressure_kpa[ink.row])
    total = flows.sum(axis=1)
    ratio = flows[:, 0] / np.where(total > 0.0, total, 1.0)
    spent = np.diff(toolpath.time_s, prepend=0.0) - toolpath.waits_s()
    after = np.cumsum(total * spent[ink.row])
    before = np.append(0.0, after[:-1])
    part = np.array([0.1, 0.5, 0.9])
    at = before[:, None] + part * (after - before)[:, None]
    at -= rig.nozzles[nozzle].dead_volume_um3 or 0.0
    from_ = np.minimum(np.searchsorted(after, at, "right"), len(after) - 1)
    out = np.where(at < 0.0, np.nan, ratio[from_])
    asked = ink.share_in[:, None] + part * (ink.share_out - ink.share_in)[:, None]
    prints = toolpath.kind[ink.row] == PRINT
    return ink.row[prints], out[prints], asked[prints]


def refilled(purge: Toolpath, toolpath: Toolpath, rig: Rig, row: int, part: float = 0.0) -> Toolpath:
    """A purge before `toolpath` goes on at `part` of its row `row`, after which a mixing head holds what it held there: its last ink goes out
    with the pressures of the ink before that place, as much as the dead volume; what comes before it, with the first of these. It takes longer
    where that is more than the purge. With any other nozzle: as it is."""
    nozzle = int(toolpath.nozzle[row])
    pair = _pair(toolpath, rig, nozzle)
    channels = channels_of(rig, nozzle, pair) if pair else None
    ink = _ink(toolpath, rig, nozzle) if channels is not None else None
    rests = np.flatnonzero(purge.kind == DWELL)
    if channels is None or ink is None or not len(rests):
        return purge
    spent = (np.diff(toolpath.time_s, prepend=0.0) - toolpath.waits_s())[ink.row]
    upto = np.where(ink.row < row, 1.0, np.where(ink.row == row, part, 0.0))
    kept = np.flatnonzero(upto > 0.0)
    if not len(kept):
        return purge
    took, kpa = (upto * spent)[kept], toolpath.pressure_kpa[ink.row[kept]]
    volume = np.cumsum((channels.flows_um3_s(kpa).sum(axis=1) * took)[::-1])[::-1]
    held = int(np.sum(volume > (rig.nozzles[nozzle].dead_volume_um3 or 0.0)))
    # From the last row with the whole dead volume behind its beginning.
    took, kpa = took[max(held - 1, 0) :], kpa[max(held - 1, 0) :]
    whole, is_open = purge.dwell_s[rests], purge.valve[rests]
    total = max(float(whole.sum()), float(took.sum()))
    closed = float(whole[~is_open].sum())
    turn = total - closed
    edge = np.round(np.unique(np.append(total - np.cumsum(took[::-1]), [0.0, turn, total])), 3)
    edge = np.unique(edge[edge >= 0.0])
    middle = 0.5 * (edge[1:] + edge[:-1])
    which = np.clip(
        np.searchsorted(total - np.cumsum(took[::-1])[::-1], middle, "right") - 1, 0, len(took) - 1
    )
    first, last = int(rests[0]), int(rests[-1])
    n = len(middle)

    def column(old: npt.NDArray[Any], new: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.concatenate([old[:first], new, old[last + 1 :]])

    at = np.repeat(rests[:1], n)
    time = np.diff(purge.time_s, prepend=0.0)
    return replace(
        purge,
        position_um=column(purge.position_um, purge.position_um[at]),
        speed_um_s=column(purge.speed_um_s, purge.speed_um_s[at]),
        time_s=np.cumsum(column(time, np.diff(edge))),
        valve=column(purge.valve, middle < turn),
        pressure_kpa=column(purge.pressure_kpa, kpa[which]),
        filament=column(purge.filament, purge.filament[at]),
        kind=column(purge.kind, purge.kind[at]),
        dwell_s=column(purge.dwell_s, np.diff(edge)),
        nozzle=column(purge.nozzle, purge.nozzle[at]),
    )
