"""What must be printed before what: the nozzle may not run through what is there, and rests on what is below.

Filament i comes before j where the nozzle, on its way along i, would hit j if j were there already. What j rests on is such an i, for
the nozzle stands where j lies; so one relation holds support from below and clearance. What touches neither the substrate nor
anything printed before hangs in the bath: it waits for one of its neighbours, whichever comes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..drying.bonds import find_bonds
from ..filaments import FilamentSet, Floats, Ints
from ..rig import Nozzle
from .beads import near_pairs, sample
from .tip import gap_um, least_cosine, radius_at_um, reach_um

Bools = npt.NDArray[np.bool_]

#: A tip may press into what is beside it by this part of its height: wet filaments of one layer that touch or cross.
#: More is refused.
MOST_PRESS = 0.25

#: What samples may show of it: between them it is up to 0.03 more.
PRESS = 0.22

#: An order that presses less than that is sought, down to this part, but no filament is cut for it.
LIGHT = 0.1

#: Samples of all filaments together; they are further apart in parts that would take more.
_SAMPLES = 200_000
_SPACING_UM = 2.0
_MOST_SPACING_UM = 8.0

#: Pairs of samples held at once.
_MOST_PAIRS = 30_000_000

#: Longest filament in all (um) that is ordered filament by filament: samples are then at most 8 um apart.
MOST_UM = _MOST_SPACING_UM * _SAMPLES

#: A filament whose underside lies no higher than this part of its height rests on the substrate.
GROUND = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Conflicts:
    """Pairs of filaments, [E]: printing `before` with `after` there would press the nozzle into it by `depth` heights; and how deep the
    nozzle presses into the filament that it lays, `forward[F]` as it is drawn and `backward[F]` from its last point to its first."""

    before: Ints
    after: Ints
    depth: Floats
    forward: Floats
    backward: Floats

    def edges(self, least: float) -> Ints:
        """(before, after), int64[K,2], of those that are deeper."""
        deep = self.depth > least
        return np.stack([self.before[deep], self.after[deep]], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Hit:
    """Samples that hit, also of one filament: `by` the one where the tip stands, `of` the one it runs into; filament and place (point and the part of the way
    to the next) of either, and how deep in heights. Arrays [K]."""

    by_filament: Ints
    by_place: Floats
    of_filament: Ints
    of_place: Floats
    depth: Floats


def sample_hits(part: FilamentSet, nozzle: Nozzle, first_gap_um: float | None = None) -> Iterator[Hit]:
    """All pairs of samples where the nozzle at the one presses into the other by more than LIGHT, in blocks. `first_gap_um`: how high
    the tip stands over the substrate for what lies on it, where the rig says so (lines.tip_z)."""
    wet = part.state("wet")
    first, _ = part.segments()
    length = float(np.linalg.norm(wet.points_um[first + 1] - wet.points_um[first], axis=1).sum())
    spacing = max(_SPACING_UM, length / _SAMPLES)
    axis, owner, where = sample(wet.points_um, part.owner(), spacing)
    height = wet.height_um[where.astype(np.int64)]
    radius = 0.5 * np.maximum(wet.width_um[where.astype(np.int64)], height)
    tip_z = axis[:, 2] + 0.5 * height
    if first_gap_um is not None:
        tip_z[(part.layer[owner] == 0) & (axis[:, 2] - 0.5 * height < 0.25 * height)] = first_gap_um
    reach = reach_um(nozzle, float(np.ptp(tip_z))) + float(radius.max()) + spacing
    steep = least_cosine(nozzle)
    for p, q in _pairs(axis[:, :2], reach):
        above = tip_z[q] - tip_z[p]
        near = above > LIGHT * height[p]
        p, q, above = p[near], q[near], above[near]
        beside = np.hypot(axis[q, 0] - axis[p, 0], axis[q, 1] - axis[p, 1])
        # How far it is to the side, times the steepest cosine, is no more than the distance.
        near = (beside - radius_at_um(nozzle, np.maximum(above, 0.0))) * steep < radius[q]
        p, q, beside = p[near], q[near], beside[near]
        depth = (radius[q] - gap_um(nozzle, beside, axis[q, 2] - tip_z[p])) / height[p]
        into = depth > LIGHT
        p, q, depth = p[into], q[into], depth[into]
        yield Hit(owner[p], where[p], owner[q], where[q], depth)


def _pairs(points_um: Floats, reach_um: float) -> Iterator[tuple[Ints, Ints]]:
    """All ordered pairs of different points within reach."""
    from scipy.spatial import cKDTree

    tree = cKDTree(points_um)
    if tree.count_neighbors(tree, reach_um) > _MOST_PAIRS:
        yield from near_pairs(points_um, points_um, reach_um)
        return
    one = tree.query_pairs(reach_um, output_type="ndarray").astype(np.int64)
    yield one[:, 0], one[:, 1]
    yield one[:, 1], one[:, 0]


def conflicts(part: FilamentSet, nozzles: list[Nozzle], first_gap_um: float | None = None) -> Conflicts:
    """The conflicts of all pairs of filaments of a part, for the worst of the nozzles."""
    count = len(part)
    keys, depths = [np.zeros(0, np.int64)], [np.zeros(0)]
    own = np.zeros((2, count))
    for nozzle in nozzles:
        for hit in sample_hits(part, nozzle, first_gap_um):
            itself = hit.by_filament == hit.of_filament
            ahead = (hit.of_place > hit.by_place)[itself].astype(np.int64)
            np.maximum.at(own, (ahead, hit.by_filament[itself]), hit.depth[itself])
            one = _deepest(hit.by_filament[~itself] * count + hit.of_filament[~itself], hit.depth[~itself])
            keys.append(one[0])
            depths.append(one[1])
    key, depth = _deepest(np.concatenate(keys), np.concatenate(depths))
    return Conflicts(key // max(count, 1), key % max(count, 1), depth, own[0], own[1])


def _deepest(key: Ints, depth: Floats) -> tuple[Ints, Floats]:
    """Every key once, with its greatest depth."""
    sort = np.lexsort((-depth, key))
    key, depth = key[sort], depth[sort]
    head = np.diff(key, prepend=-1) != 0
    return key[head], depth[head]


def hits(filaments: FilamentSet, which: Ints, nozzle: Nozzle) -> Ints:
    """Edges (before, after), int64[E,2] of places in `which`: printing the first with the second there would hit it."""
    return conflicts(filaments.take(which), [nozzle]).edges(PRESS)


@dataclass(frozen=True, slots=True, eq=False)
class Support:
    """What filaments can rest on: `grounded bool[F]` on the substrate; `touching int64[T,2]` pairs that touch; the same of their ends,
    numbered filament, or F + filament for the last point: `end_grounded bool[2F]`, `end_touching int64[K,2]` (end, filament);
    `place[T,2]`: where on either filament (point and the part of the way to the next)."""

    grounded: Bools
    touching: Ints
    place: Floats
    end_grounded: Bools
    end_touching: Ints

    def turned(self, which: Bools) -> Support:
        """The same where the filaments in `which bool[F]` are drawn from their last point to their first."""
        f = len(which)
        swap = np.concatenate([np.where(which, np.arange(f) + f, np.arange(f))] * 2)
        swap[f:] = np.where(which, np.arange(f), np.arange(f) + f)
        ends = self.end_touching.copy()
        ends[:, 0] = swap[ends[:, 0]]
        return replace(self, end_grounded=self.end_grounded[swap], end_touching=ends)


def support(part: FilamentSet) -> Support:
    """What the filaments of a part touch in the wet state."""
    wet = part.state("wet")
    f = len(part)
    low = wet.points_um[:, 2] - 0.5 * wet.height_um
    on_ground = low <= GROUND * wet.height_um
    first, last = part.offsets[:-1], part.offsets[1:] - 1
    bonds = find_bonds(part, wet, every=True)
    owner = part.owner()[bonds.segment]
    other = owner[:, 0] != owner[:, 1]
    owner, place = owner[other], (bonds.segment + np.clip(bonds.t, 0.0, 1.0))[other]
    leaning = _leaning(part)
    owner, place = np.concatenate([owner, leaning[0]]), np.concatenate([place, leaning[1]])
    ends = [np.zeros((0, 2), np.int64)]
    point = np.minimum(place.astype(np.int64), len(wet.points_um) - 2)
    at = wet.points_um[point] + (place - point)[..., None] * (wet.points_um[point + 1] - wet.points_um[point])
    for side in (0, 1):
        mine, its = owner[:, side], owner[:, 1 - side]
        for number, tip in ((mine, first[mine]), (mine + f, last[mine])):
            near = np.linalg.norm(at[:, side] - wet.points_um[tip], axis=1) <= wet.width_um[tip]
            ends.append(np.stack([number[near], its[near]], axis=1))
    return Support(
        np.logical_or.reduceat(on_ground, first), owner, place,
        np.concatenate([on_ground[first], on_ground[last]]), np.unique(np.concatenate(ends), axis=0),
    )  # fmt: skip


def _leaning(part: FilamentSet) -> tuple[Ints, Floats]:
    """Ends that lie within another filament, also where they end beside its end, which is no bond: (end's filament, other) and their places,
    [K,2] each."""
    from scipy.spatial import cKDTree

    wet, f = part.state("wet"), len(part)
    size = np.maximum(wet.width_um, wet.height_um)
    axis, owner, where = sample(wet.points_um, part.owner(), 0.25 * float(size.min()))
    ends = np.concatenate([part.offsets[:-1], part.offsets[1:] - 1])
    mine = np.tile(np.arange(f), 2)
    tree = cKDTree(axis)
    near = tree.query_ball_point(wet.points_um[ends], float(size.max()))
    counts = np.array([len(n) for n in near], dtype=np.int64)
    one = np.repeat(np.arange(2 * f), counts)
    two = np.concatenate([np.asarray(n, dtype=np.int64) for n in near]) if f else np.zeros(0, np.int64)
    apart = np.linalg.norm(wet.points_um[ends[one]] - axis[two], axis=1)
    keep = (mine[one] != owner[two]) & (apart < 0.5 * (size[ends[one]] + size[where[two].astype(np.int64)]))
    one, two, apart = one[keep], two[keep], apart[keep]
    # The nearest place of every end and filament.
    sort = np.lexsort((apart, one * f + owner[two]))
    head = np.diff((one * f + owner[two])[sort], prepend=-1) != 0
    one, two = one[sort][head], two[sort][head]
    return np.stack([mine[one], owner[two]], axis=1), np.stack(
        [ends[one].astype(np.float64), where[two]], axis=1
    )


def islands(points_um: Floats, offsets: Ints, apart_um: float) -> Ints:
    """Island of every filament, int64[F]: parts of a print that are further apart than `apart_um` in the plane, by a grid of such
    cells (islands that are nearer than twice that may count as one)."""
    owner = np.repeat(np.arange(len(offsets) - 1, dtype=np.int64), np.diff(offsets))
    low = points_um[:, :2].min(axis=0)
    span = points_um[:, :2].max(axis=0) - low
    cell = max(apart_um, float(np.sqrt(np.prod(span + apart_um) / 4_000_000)))
    flat = points_um * [1.0, 1.0, 0.0]
    spots, whose, _ = sample(flat, owner, cell)
    number = ((spots[:, :2] - low) // cell).astype(np.int64)
    island = np.zeros(len(offsets) - 1, np.int64)
    island[whose] = joined_cells(number[:, 0], number[:, 1])
    return island


def joined_cells(row: Ints, column: Ints) -> Ints:
    """Which places of a grid hang together over edges and corners: the number of its group for each, int64[N], in the order of rows and
    columns. Without scipy.ndimage, whose import takes longer than most plans."""
    wide = int(column.max(initial=0)) + 2
    cells, place = np.unique(row * wide + column, return_inverse=True)
    # Runs of neighbours within a row, and the runs of the next row that they touch.
    begins = np.diff(cells, prepend=-2) != 1
    first, last = cells[begins], cells[np.append(begins[1:], True)]
    low = np.searchsorted(last, first + wide - 1)
    count = np.searchsorted(first, last + wide + 1, side="right") - low
    one = np.repeat(np.arange(len(first)), count)
    two = np.arange(len(one)) - np.repeat(np.cumsum(count) - count - low, count)
    root = np.arange(len(first))
    while len(one):
        here, there = np.minimum(root[one], root[two]), np.maximum(root[one], root[two])
        apart = here != there
        one, two = one[apart], two[apart]
        np.minimum.at(root, there[apart], here[apart])
        while not np.array_equal(above := root[root], root):
            root = above
    names = np.unique(root, return_inverse=True)[1]
    found: Ints = names[(np.cumsum(begins) - 1)[place]].astype(np.int64)
    return found


def climbing(filaments: FilamentSet) -> npt.NDArray[np.bool_]:
    """Filaments that rise by more than their own height, bool[F]."""
    wet = filaments.state("wet")
    starts = filaments.offsets[:-1]
    z = wet.points_um[:, 2]
    rise: Floats = np.maximum.reduceat(z, starts) - np.minimum.reduceat(z, starts)
    climbs: npt.NDArray[np.bool_] = rise > wet.height_um[starts]
    return climbs


def upwards(filaments: FilamentSet) -> npt.NDArray[np.bool_]:
    """Filaments that may only be printed upwards, bool[F]: steeper than a fifth, and higher than they are thick. Downwards the
    nozzle would run through what it has just laid."""
    wet = filaments.state("wet")
    way = wet.points_um[filaments.offsets[1:] - 1] - wet.points_um[filaments.offsets[:-1]]
    flat = np.hypot(way[:, 0], way[:, 1])
    steep: npt.NDArray[np.bool_] = (np.abs(way[:, 2]) > 0.2 * flat) & climbing(filaments)
    return steep
