"""Batches: which filaments may be printed in any order, and in which order the batches come."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ..filaments import FilamentSet, Ints, join
from ..rig import Rig
from .circles import light_edges, uncircled
from .phases import Needs, phases
from .precede import LIGHT, MOST_PRESS, MOST_UM, PRESS, Support, climbing, islands, support, upwards
from .tip import reach_um

#: Layers of different prints whose lowest points differ by less (um) are printed together.
SAME_LEVEL_UM = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Batches:
    """`batch int64[F]` of every filament: batches are printed in rising order and hold one ink each. Where circles were broken the
    filaments are cut: `filaments` are the pieces, `parent int64[F]` the filament of each. Batches of one `phase
    int64[F]` may be mixed as far as `edges int64[E,2]` (before, after) allow; None where none may. `one_way bool[F]` may only be printed from the first point to the last,
    and where `turned bool[F]` from the last to the first. `circles` are pairs that stand in each other's way in every order;
    `hanging` filaments that nothing carries when they are printed. `proven`: no order has fewer changes of ink. `shortened`: how
    many filaments stop short of a node.
    """

    filaments: FilamentSet
    parent: Ints
    batch: Ints
    edges: Ints
    phase: Ints | None
    one_way: npt.NDArray[np.bool_]
    turned: npt.NDArray[np.bool_]
    circles: tuple[tuple[int, int], ...] = ()
    hanging: tuple[int, ...] = ()
    proven: bool = True
    shortened: int = 0


def batches(filaments: FilamentSet, job_of: Ints, group: Ints, loaded: int | None, rig: Rig) -> Batches:
    """Batches of all filaments. `group int64[F]` rises with the baths.

    Flat layers rise one by one, in the sequence of inks with the fewest changes; where several inks are printed in parts that
    stand apart, what is free in one ink is printed in all of them before it is changed. Prints with filaments that climb are
    ordered filament by filament, by what the nozzle would hit and by what each rests on.
    """
    groups = np.unique(group).tolist()
    found = []
    for g in groups:
        members = np.flatnonzero(group == g)
        part = filaments if len(members) == len(filaments) else filaments.take(members)
        one = _of_group(part, job_of[members], loaded, rig)
        found.append((members, one))
        loaded = int(one.filaments.material[np.argmax(one.batch)])
    if len(found) == 1:
        return found[0][1]
    return _together(filaments, found)


def _together(filaments: FilamentSet, found: list[tuple[Ints, Batches]]) -> Batches:
    """Batches of several groups, one after the other."""
    parent = np.concatenate([members[one.parent] for members, one in found])
    if len(parent) == len(filaments):
        # Nothing was cut: the filaments keep their numbers.
        whole = filaments
        name = [members for members, _ in found]
        parent = np.arange(len(filaments))
    else:
        whole = join([one.filaments for _, one in found])
        ends = np.cumsum([0, *(len(one.parent) for _, one in found)])
        name = [np.arange(a, b) for a, b in pairwise(ends)]
    f = len(whole)
    batch, phase, start = np.zeros(f, np.int64), np.zeros(f, np.int64), 0
    for number, (_, one) in zip(name, found, strict=True):
        batch[number] = start + one.batch
        phase[number] = start + (one.batch if one.phase is None else one.phase)
        start += int(one.batch.max()) + 1
    return Batches(
        whole, parent, batch,
        np.concatenate([number[one.edges] for number, (_, one) in zip(name, found, strict=True)]),
        None if all(one.phase is None for _, one in found) else phase,
        _flags(f, name, [one.one_way for _, one in found]), _flags(f, name, [one.turned for _, one in found]),
        tuple((int(n[a]), int(n[b])) for n, (_, one) in zip(name, found, strict=True) for a, b in one.circles),
        tuple(int(n[i]) for n, (_, one) in zip(name, found, strict=True) for i in one.hanging),
        all(one.proven for _, one in found), sum(one.shortened for _, one in found),
    )  # fmt: skip


def _flags(count: int, name: list[Ints], parts: list[npt.NDArray[np.bool_]]) -> npt.NDArray[np.bool_]:
    whole = np.zeros(count, bool)
    for number, part in zip(name, parts, strict=True):
        whole[number] = part
    return whole


def _of_group(part: FilamentSet, job_of: Ints, loaded: int | None, rig: Rig) -> Batches:
    ink = part.material.astype(np.int64)
    if rig.nozzles and (climbing(part) | _uneven(part, job_of)).any() and _length_um(part) <= MOST_UM:
        return _one_by_one(part, loaded, rig)
    level = levels(part, job_of)
    sequence = ink_sequence(level, part.material, loaded)
    changes = int((np.diff(sequence[:, 1]) != 0).sum())
    number, proven = _batch_numbers(level, part.material, sequence), True
    if changes > 1 and rig.nozzles:
        apart = _by_islands(part, level, ink, loaded, rig)
        if apart is not None and apart[1] < changes:
            number, _, proven = apart
    none = np.zeros((0, 2), np.int64)
    up = upwards(part)
    start, end = part.offsets[:-1], part.offsets[1:] - 1
    z = part.state("wet").points_um[:, 2]
    return Batches(
        part, np.arange(len(part)), number, none, None, up, up & (z[start] > z[end]), proven=proven
    )


def _one_by_one(part: FilamentSet, loaded: int | None, rig: Rig) -> Batches:
    """Filament by filament: one batch for each stretch of one ink."""
    nozzles = list({nozzle.cone_um: nozzle for nozzle in rig.nozzles}.values())
    part, parent, found, shortened = uncircled(part, nozzles, rig.heights.first_gap_um)
    edges = light_edges(len(part), found)
    rests = support(part)
    low = np.minimum.reduceat(part.state("wet").points_um[:, 2], part.offsets[:-1])
    ink = part.material.astype(np.int64)
    height = np.round(low * 1000).astype(np.int64)
    order = phases(len(part), Needs(edges, rests.touching, rests.grounded), ink, loaded, height)
    if len(order.hanging) or len(order.forced):
        # A light pressing is let pass where it would leave a filament with nothing to rest on.
        strict = found.edges(PRESS)
        other = phases(len(part), Needs(strict, rests.touching, rests.grounded), ink, loaded, height)
        if (len(other.forced), len(other.hanging)) < (len(order.forced), len(order.hanging)):
            edges, order = strict, other
    deep = found.edges(MOST_PRESS)
    # A filament that was taken against an edge stands in the way of the deepest of its circle.
    depth = found.depth[found.depth > MOST_PRESS]
    against = (_deepest(int(i), deep, depth, order.phase, order.wave) for i in order.forced)
    circles = tuple(pair for pair in against if pair is not None)
    # One direction where the other presses in; a light pressing decides where there is nothing worse.
    down, back = found.forward, found.backward
    one_way = (np.maximum(down, back) > PRESS) | ((down > LIGHT) != (back > LIGHT))
    circles += tuple((i, i) for i in np.flatnonzero(np.minimum(down, back) > MOST_PRESS).tolist())
    when = _numbered(order.phase, order.wave)
    hung, begins, stops = _held_ends(rests, when)
    # A filament with one end that rests on something begins there, unless the nozzle forbids it.
    free = ~one_way & (begins != stops)
    turned = (one_way & (down > back)) | (free & stops)
    return Batches(
        part, parent, when, np.concatenate([edges, hung]), order.phase, one_way | free, turned, circles,
        tuple(order.hanging.tolist()), order.proven, shortened,
    )  # fmt: skip


def _held_ends(rests: Support, when: Ints) -> tuple[Ints, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """What filaments hang on, in an order by `when int64[F]`: edges (neighbour, filament) that keep it so, and whether first and last
    points rest on anything by then, bool[F] each."""
    f = len(when)
    late = int(when.max(initial=0)) + 1
    both = np.concatenate([rests.touching, rests.touching[:, ::-1]])
    of = [both[:, 1], rests.end_touching[:, 0] % f]
    by = [both[:, 0], rests.end_touching[:, 1]]
    slot = [both[:, 1], f + rests.end_touching[:, 0]]
    # The earliest neighbour of every filament, and of every end.
    owner, other, place = (np.concatenate(a) for a in (of, by, slot))
    sort = np.lexsort((other, when[other], place))
    owner, other, place = owner[sort], other[sort], place[sort]
    head = np.diff(place, prepend=-1) != 0
    owner, other, place = owner[head], other[head], place[head]
    early = when[other] < when[owner]
    grounded = np.concatenate([rests.grounded, rests.end_grounded])
    first = np.full(3 * f, late)
    first[place] = np.where(early, when[other], late)
    held = (grounded | (first < late))[f:]
    bound = early & ~grounded[place]
    return np.stack([other[bound], owner[bound]], axis=1), held[:f], held[f:]


def _deepest(
    i: int, edges: Ints, depth: npt.NDArray[np.float64], phase: Ints, wave: Ints
) -> tuple[int, int] | None:
    """(i, the filament that should have come before it and comes later), the one that is hit deepest."""
    when = phase * (int(wave.max()) + 1) + wave
    late = np.flatnonzero((edges[:, 1] == i) & (when[edges[:, 0]] >= when[i]))
    if not len(late):
        return None
    return i, int(edges[late[np.argmax(depth[late])], 0])


def _uneven(part: FilamentSet, job_of: Ints) -> npt.NDArray[np.bool_]:
    """Filaments of layers that lie at different heights, and of first layers over the substrate, bool[F]: within one layer they are printed in any order only if level. What
    drying lifts is less than a filament's height."""
    wet = part.state("wet")
    middle = np.add.reduceat(wet.points_um[:, 2], part.offsets[:-1]) / np.diff(part.offsets)
    layer = np.unique(job_of * (int(part.layer.max()) + 1) + part.layer, return_inverse=True)[1].reshape(-1)
    low, high = np.full(layer.max() + 1, np.inf), np.full(layer.max() + 1, -np.inf)
    np.minimum.at(low, layer, middle)
    np.maximum.at(high, layer, middle)
    size = wet.height_um[part.offsets[:-1]]
    floats = (part.layer == 0) & (middle - 0.5 * size > 0.5 * size)
    uneven: npt.NDArray[np.bool_] = ((high - low)[layer] > size) | floats
    return uneven


def _length_um(part: FilamentSet) -> float:
    points = part.state("wet").points_um
    first, _ = part.segments()
    return float(np.linalg.norm(points[first + 1] - points[first], axis=1).sum())


def _numbered(major: Ints, minor: Ints) -> Ints:
    """Pairs as one rising number without gaps."""
    number: Ints = np.unique(major * (int(minor.max()) + 1) + minor, return_inverse=True)[1].reshape(-1)
    return number


def _by_islands(
    part: FilamentSet, level: Ints, ink: Ints, loaded: int | None, rig: Rig
) -> tuple[Ints, int, bool] | None:
    """Batches, changes of ink and whether no order has fewer, where parts that stand apart need not rise together; None where there is one part."""
    wet = part.state("wet")
    rise = float(np.ptp(wet.points_um[:, 2]) + wet.height_um.max())
    apart = max(reach_um(nozzle, rise) for nozzle in rig.nozzles) + float(wet.width_um.max())
    island = islands(wet.points_um, part.offsets, apart)
    if island.max() == 0:
        return None
    inks, most = int(ink.max()) + 1, int(level.max()) + 1
    names, node = np.unique((island * most + level) * inks + ink, return_inverse=True)
    node = node.reshape(-1)
    tower, floor = names // inks // most, names // inks % most
    # Every ink of a floor waits for every ink of the floor below in its tower.
    step = np.unique(np.stack([tower, floor], axis=1), axis=0)
    edges = []
    nodes_of = np.split(np.arange(len(names)), np.flatnonzero(np.diff(names // inks)) + 1)
    for k in range(1, len(step)):
        if step[k, 0] == step[k - 1, 0]:
            below, above = nodes_of[k - 1], nodes_of[k]
            edges.append(np.stack([np.repeat(below, len(above)), np.tile(above, len(below))], axis=1))
    joined = np.concatenate(edges) if edges else np.zeros((0, 2), np.int64)
    order = phases(len(names), Needs(joined), names % inks, loaded, floor)
    return _numbered(order.phase[node], level), order.changes, order.proven


def levels(filaments: FilamentSet, job_of: Ints) -> Ints:
    """Level of every filament: levels are printed in rising order, filaments of one level in any order.

    A flat filament is as high as the lowest point of its layer; one that climbs by more than its own height as its own lowest
    point. Layers of a job never change places, even where drying has been compensated by lifting some of their points.
    """
    f = len(filaments)
    if f == 0:
        return np.zeros(0, np.int64)
    wet = filaments.state("wet")
    z = wet.points_um[:, 2]
    starts = filaments.offsets[:-1]
    low = np.minimum.reduceat(z, starts)
    climbs = np.maximum.reduceat(z, starts) - low > wet.height_um[starts]
    wide = int(filaments.layer.max()) + 1
    layers, member = np.unique(job_of * wide + filaments.layer, return_inverse=True)
    lowest = np.full(len(layers), np.inf)
    np.minimum.at(lowest, member[~climbs], low[~climbs])
    for j in np.unique(layers // wide):
        mine = layers // wide == j
        # Layers of one job stay apart even where their lowest points coincide.
        apart = 2 * SAME_LEVEL_UM * np.arange(int(mine.sum()))
        known = np.where(np.isinf(lowest[mine]), -np.inf, lowest[mine]) - apart
        lowest[mine] = np.maximum.accumulate(known) + apart
    height = np.where(climbs, low, lowest[member])
    rounded = np.round(height / SAME_LEVEL_UM)
    order = np.argsort(rounded, kind="stable")
    new = np.diff(rounded[order], prepend=rounded[order[0]]) != 0
    level = np.empty(f, np.int64)
    level[order] = np.cumsum(new)
    return level


def ink_sequence(level: Ints, material: npt.NDArray[np.int16], loaded: int | None = None) -> Ints:
    """(level, ink) pairs int64[K,2] in printing order with the fewest changes of ink that printing level by level allows.

    Exact: a shortest path over levels whose state is the ink that a level ends with. `loaded` is the ink before the first.
    """
    if len(level) == 0:
        return np.zeros((0, 2), np.int64)
    pairs = np.unique(np.stack([level, material.astype(np.int64)], axis=1), axis=0)
    inks_at: list[list[int]] = []
    for lvl, k in pairs.tolist():
        if lvl == len(inks_at) - 1 and inks_at:
            inks_at[-1].append(k)
        else:
            inks_at.append([k])
    # cost and way back for each ink that a level may end with: (changes so far, first ink of this level, last ink before)
    tables: list[dict[int, tuple[int, int, int | None]]] = []
    ends: dict[int | None, int] = {loaded: 0}
    for inks in inks_at:
        table: dict[int, tuple[int, int, int | None]] = {}
        for last in inks:
            for first in inks:
                if len(inks) > 1 and first == last:
                    continue
                for came, cost in ends.items():
                    # The first ink of a print costs nothing where none is loaded.
                    total = cost + (came is not None and came != first) + len(inks) - 1
                    if last not in table or total < table[last][0]:
                        table[last] = (total, first, came)
        tables.append(table)
        ends = {k: entry[0] for k, entry in table.items()}
    ink: int | None = min(tables[-1], key=lambda k: (tables[-1][k][0], k))
    rows: list[tuple[int, int]] = []
    for lvl in range(len(inks_at) - 1, -1, -1):
        assert ink is not None
        _, first, came = tables[lvl][ink]
        middle = [k for k in inks_at[lvl] if k not in (first, ink)]
        sequence = [first, *middle, ink] if first != ink else [ink]
        rows += [(lvl, k) for k in reversed(sequence)]
        ink = came
    return np.array(rows[::-1], dtype=np.int64)


def _batch_numbers(level: Ints, material: npt.NDArray[np.int16], sequence: Ints) -> Ints:
    """Place of every filament's (level, ink) in the sequence."""
    if len(level) == 0:
        return np.zeros(0, np.int64)
    most = int(material.max()) + 1
    table = np.zeros((int(level.max()) + 1, most), np.int64)
    table[sequence[:, 0], sequence[:, 1]] = np.arange(len(sequence))
    return table[level, material]
