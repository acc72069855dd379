"""A mixing head as it is: two regulators on analog outputs, one valve, and a dead volume through which what is mixed moves as a plug."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .profile import Floats

if TYPE_CHECKING:
    from .world import Wire, World


def _values(world: World, channel: int) -> tuple[Floats, Floats]:
    """(times, values from each time on) of an analog output; 0 before the first."""
    with world.lock:
        found = [(t, v) for t, _, which, v in world.analog if which == channel]
    return np.array([t for t, _ in found]), np.array([0.0, *(v for _, v in found)])


def _at(world: World, wire: Wire, times: Floats) -> tuple[Floats, Floats]:
    """Pressures and flows [N,feeds] that the outputs give at (right behind) N instants."""
    kpa, flow = [], []
    for feed in wire.feeds:
        when, value = _values(world, feed.channel)
        now = value[np.searchsorted(when, times, "right")]
        kpa.append(feed.kpa(now))
        flow.append(feed.flow_um3_s(now))
    return np.stack(kpa, axis=1), np.stack(flow, axis=1)


def head_triggers(world: World, wire: Wire, until_s: float) -> list[tuple[float, float, float]]:
    """(from, to, kPa) while the valve is open and some channel presses, the higher pressure of both."""
    with world.lock:
        turns = [(t, level) for t, _, which, level in world.outputs if which == wire.output]
    edges = np.unique(
        np.concatenate(
            [[t for t, _ in turns], *(_values(world, feed.channel)[0] for feed in wire.feeds), [until_s]]
        )
    )
    edges = edges[edges <= until_s]
    levels = np.array([False, *(level for _, level in turns)])
    is_open = levels[np.searchsorted(np.array([t for t, _ in turns]), edges[:-1], "right")]
    most = _at(world, wire, edges[:-1])[0].max(axis=1)
    on = np.flatnonzero(is_open & (most > 0.0))
    return [(float(edges[k]), float(edges[k + 1]), float(most[k])) for k in on]


def head_shares(world: World, wire: Wire, until_s: float, times: Floats) -> tuple[Floats, Floats]:
    """Instants [N] at which what leaves the tip from times[0] to times[-1] changes, with all `times` among them, and the part of the
    first channel's ink from each to the next [N - 1]; NaN while the dead volume has not been filled."""
    flows = world.flows(wire, until_s)
    turns = [_values(world, feed.channel)[0] for feed in wire.feeds]
    edges = np.unique(np.concatenate([[f[0] for f in flows], [f[1] for f in flows], *turns]))
    edges = edges[(edges >= flows[0][0]) & (edges <= flows[-1][1])]
    begins, ends = np.array([f[0] for f in flows]), np.array([f[1] for f in flows])
    which = np.searchsorted(begins, edges[:-1], "right") - 1
    running = edges[:-1] < ends[which]
    flow = np.where(running[:, None], _at(world, wire, edges[:-1])[1], 0.0)
    total = flow.sum(axis=1)
    volume = np.append(0.0, np.cumsum(total * np.diff(edges)))
    ratio = flow[:, 0] / np.where(total > 0.0, total, 1.0)
    # Only stretches in which ink flows are passed by the plug.
    moves = np.flatnonzero(total > 0.0)
    if not len(moves):
        # Pressed for too short a time for anything to leave.
        return times, np.full(len(times) - 1, np.nan)
    # A change leaves the tip when the dead volume has followed it.
    rising = np.concatenate([[True], np.diff(volume) > 0.0])
    comes = np.interp(volume[moves] + wire.dead_um3, volume[rising], edges[rising], right=np.inf)
    inner = comes[(comes > times[0]) & (comes < times[-1])]
    at = np.unique(np.concatenate([times, inner]))
    middle = np.interp(0.5 * (at[1:] + at[:-1]), edges, volume) - wire.dead_um3
    k = np.clip(np.searchsorted(volume[moves], middle, "right") - 1, 0, len(moves) - 1)
    return at, np.where(middle < 0.0, np.nan, ratio[moves[k]])
