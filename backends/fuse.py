"""Fusing: the swept tubes of a part made one closed mesh an ink, overlaps counted once, by manifold3d."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..kernel.diagnostics import WetprintError, error
from ..kernel.filaments import FilamentSet, Floats, Ints
from ..kernel.material import Ink
from ..kernel.scene import StateName
from .tubes import Ints32, cap_faces, frames, rings, side_faces

if TYPE_CHECKING:
    from manifold3d import Manifold

#: Sides of the tubes that are fused.
SIDES = 16

#: Tubes that are fused at a time: a step of the progress bar.
LEAF = 96

#: A tube is cut where it has turned by more than 60 deg (cosine), so that no piece can meet itself.
TURN = 0.5

#: Details below this (um) are smoothed away: less than a file's single precision can tell in a part of some millimetres.
DETAIL_UM = 2e-3

#: Measured (manifold3d 3.5, one core of a laptop of 2023, 352 to 3,872 rods of 16 sides, gyroids): corners of the mesh that a
#: contact adds, processor time and memory of a corner.
CORNERS_A_CONTACT, SECONDS_A_CORNER, BYTES_A_CORNER = 13.0, 2e-5, 2500.0


@dataclass(frozen=True, slots=True, eq=False)
class Fused:
    """One closed mesh: `points_um` float32[V,3], `faces` int32[T,3] seen anticlockwise from outside. No two corners have one
    place, every edge has two faces."""

    ink: Ink
    points_um: npt.NDArray[np.float32]
    faces: Ints32


@dataclass(frozen=True, slots=True)
class Cost:
    """What fusing will take, from the figures above; good to a factor of about two."""

    tubes: int
    contacts: int
    corners: int
    seconds: float
    bytes: int

    def __str__(self) -> str:
        time = f"{self.seconds:.0f} s" if self.seconds < 120 else f"{self.seconds / 60:.0f} min"
        return (
            f"fusing {self.tubes} tubes of {SIDES} sides at {self.contacts} contacts: about {time if self.seconds >= 1 else '1 s'} "
            f"and {max(1, round(self.bytes / 1e6))} MB"
        )


def cost(part: FilamentSet, state: StateName) -> Cost:
    """What `fuse` will take."""
    from ..kernel.figures.contacts import contacts_of

    contacts = contacts_of(part, state).contacts
    corners = part.point_count * SIDES + int(contacts * CORNERS_A_CONTACT)
    return Cost(len(part), contacts, corners, corners * SECONDS_A_CORNER, int(corners * BYTES_A_CORNER))


def affordable(needs: Cost) -> None:
    """Raises WetprintError (X716) where the mesh cannot fit in this machine's memory."""
    try:
        held = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return
    if needs.bytes > held:
        raise WetprintError(
            error(
                "X716",
                f"a fused mesh of this part needs about {needs.bytes / 1e9:.0f} GB of memory, this machine has "
                f"{held / 1e9:.0f} GB",
                notes=(
                    f"{needs.tubes} tubes meet at {needs.contacts} contacts",
                    "without `--fused` the tubes are written one by one, whatever their number",
                ),
            )
        )


def fuse(
    part: FilamentSet, state: StateName, tell: Callable[[float], None] = lambda _: None
) -> tuple[Fused, ...]:
    """One mesh for each ink in use, in the order of the inks. `tell` hears how much is done, 0 to 1.

    Tubes are polygons of the area of their sections, so that the mesh has the volume of the filaments, less what they
    share. Inks are fused each by itself: where two inks touch, both meshes hold what they share.
    """
    used = np.unique(part.material)
    done, out = 0.0, []
    for m in used:
        rows = np.flatnonzero(part.material == m)
        whole = part if len(used) == 1 else part.take(rows)
        part_of = whole.point_count / part.point_count
        tell_on = partial(_scaled, tell, done, part_of)
        out.append(Fused(part.inks[m], *_sound(_union(list(_pieces(whole, state)), tell_on))))
        done += part_of
    return tuple(out)


def _scaled(tell: Callable[[float], None], low: float, span: float, fraction: float) -> None:
    tell(low + span * fraction)


def _pieces(part: FilamentSet, state: StateName) -> Iterator[Manifold]:
    """The tubes as solids, cut where they turn far: both pieces share the ring of the cut, so that their union has no seam."""
    from manifold3d import Manifold, Mesh64

    s = part.state(state)
    points = rings(s, frames(s, part.offsets), SIDES)
    cuts = _cuts(s.points_um, part.offsets)
    starts = np.union1d(part.offsets[:-1], cuts)
    ends = np.union1d(part.offsets[1:] - 1, cuts)
    for a, b in zip(starts.tolist(), ends.tolist(), strict=True):
        yield Manifold(Mesh64(points[a : b + 1].reshape(-1, 3), _tube_faces(b - a)))


@lru_cache(maxsize=256)
def _tube_faces(segments: int) -> npt.NDArray[np.uint64]:
    """Triangles of a closed tube of so many segments."""
    first = np.arange(segments, dtype=np.int64)
    front, back = cap_faces(np.array([0]), np.array([segments]), SIDES)
    return np.concatenate([side_faces(first, SIDES), front, back]).astype(np.uint64)


def _cuts(points_um: Floats, offsets: Ints) -> Ints:
    """Points where a filament has turned by more than 60 deg since its start or the last such point."""
    step = points_um[1:] - points_um[:-1]
    length = np.sqrt(np.einsum("ij,ij->i", step, step))
    step = step / np.where(length > 0, length, 1.0)[:, None]
    found = []
    # One round a cut of the filament that has most of them; each looks at what is left of those that had one.
    begin, end = offsets[:-1].copy(), offsets[1:] - 1
    while len(begin):
        count = end - begin
        rows = (
            np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count) + np.repeat(begin, count)
        )
        ahead = np.einsum("ij,ij->i", step[rows], np.repeat(step[begin], count, axis=0))
        turned = np.where((ahead < TURN) & (length[rows] > 0), rows, len(points_um))
        first = np.minimum.reduceat(turned, np.cumsum(count) - count)
        more = first < end
        begin, end = first[more], end[more]
        found.append(begin)
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def _union(solids: list[Manifold], tell: Callable[[float], None]) -> Manifold:
    """The union of solids: neighbours first, then what came of them, in halves."""
    from manifold3d import Manifold, OpType

    boxes = np.array([solid.bounding_box() for solid in solids]).reshape(-1, 2, 3).mean(axis=1)
    order = np.lexsort((boxes[:, 0], boxes[:, 1], np.round(boxes[:, 2], 2))).tolist()
    work = {"done": 0.0, "all": 0.0}

    def steps(n: int) -> float:
        return float(n) if n <= LEAF else n / 2 + steps(n // 2) + steps(n - n // 2)

    def merge(rows: list[int]) -> Manifold:
        n = len(rows)
        if n <= LEAF:
            out = Manifold.batch_boolean([solids[i] for i in rows], OpType.Add)
        else:
            out = merge(rows[: n // 2]) + merge(rows[n // 2 :])
        out.num_tri()  # booleans are lazy: here it is done
        work["done"] += n if n <= LEAF else n / 2
        tell(work["done"] / work["all"])
        return out

    work["all"] = steps(len(order))
    return merge(order)


def _sound(solid: Manifold) -> tuple[npt.NDArray[np.float32], Ints32]:
    """Corners in single precision and triangles, so that readers that join corners of equal place find two faces at every edge.

    Rounding brings corners of the finest details together; triangles that have lost an edge are left out, pairs that lie
    back to back cancel. Where four faces then meet at one edge, or two sheets at one corner, they are pulled apart by some
    nanometres.
    """
    solid = solid.simplify(DETAIL_UM)
    euler = 2 - 2 * int(solid.genus())
    mesh: Any = solid.to_mesh64()
    at = np.array(mesh.vert_properties, dtype=np.float64)[:, :3]
    corners = np.array(mesh.tri_verts, dtype=np.int64)
    for _ in range(12):
        points, place = np.unique((at + 0.0).astype(np.float32), axis=0, return_inverse=True)
        place = place.reshape(-1)
        faces = _without_folds(place[corners])
        bad = _bad_edges(faces, len(points))
        pinched = np.zeros(0, np.int64)
        if not len(bad) and len(np.unique(faces)) - len(faces) // 2 != euler:
            pinched = _pinched(faces, len(points))
        if not len(bad) and not len(pinched):
            kept, faces = np.unique(faces, return_inverse=True)
            return points[kept], faces.reshape(-1, 3).astype(np.int32)
        bad = np.concatenate([bad, pinched])
        sheets = np.flatnonzero(np.isin(place, bad))
        inwards = _towards_neighbours(at, corners, sheets)
        at[sheets] += 2.0 * DETAIL_UM * inwards
    raise WetprintError(
        error(
            "X717", f"the fused mesh has {len(bad)} edges that belong to four triangles; nothing was written"
        )
    )


def _without_folds(faces: Ints) -> Ints:
    """Triangles with three corners, without those that lie back to back on another."""
    faces = faces[(faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 0] != faces[:, 2])]
    _, which, count = np.unique(np.sort(faces, axis=1), axis=0, return_inverse=True, return_counts=True)
    if (count == 1).all():
        return faces
    which = which.reshape(-1)
    turns = (
        (faces[:, 0] > faces[:, 1]).astype(int) + (faces[:, 1] > faces[:, 2]) + (faces[:, 0] > faces[:, 2])
    )
    sign = np.where(turns % 2, -1, 1)
    left = np.bincount(which, sign, minlength=len(count))
    rows = np.flatnonzero(sign == np.sign(left)[which])
    _, first = np.unique(which[rows], return_index=True)
    return faces[np.sort(rows[first])]


def _bad_edges(faces: Ints, points: int) -> Ints:
    """Corners of edges that have other than two faces."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    key, count = np.unique(edges.min(axis=1) * points + edges.max(axis=1), return_counts=True)
    bad = key[count != 2]
    return np.unique(np.concatenate([bad // points, bad % points]))


def _pinched(faces: Ints, points: int) -> Ints:
    """Corners at which more than one fan of triangles ends."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    # A node is a triangle's corner; across every edge two triangles share both of their corners there.
    node = np.arange(faces.size).reshape(-1, 3)
    a, b = (np.concatenate([faces[:, k] for k in turn]) for turn in ((0, 1, 2), (1, 2, 0)))
    one, two = (np.concatenate([node[:, k] for k in turn]) for turn in ((0, 1, 2), (1, 2, 0)))
    order = np.argsort(np.minimum(a, b) * points + np.maximum(a, b), kind="stable").reshape(-1, 2)
    left, right = order.T
    joined = np.concatenate([np.stack([one[left], two[right]]), np.stack([two[left], one[right]])], axis=1)
    size = faces.size
    graph = coo_array((np.ones(joined.shape[1], dtype=np.int8), (joined[0], joined[1])), shape=(size, size))
    _, fan = connected_components(graph, directed=False)
    _, first = np.unique(fan, return_index=True)
    return np.flatnonzero(np.bincount(faces.reshape(-1)[first], minlength=points) > 1)


def _towards_neighbours(at: Floats, corners: Ints, which: Ints) -> Floats:
    """Unit vectors from corners to the middle of their neighbours on the same sheet."""
    total, count = np.zeros_like(at), np.zeros(len(at))
    near = corners[np.isin(corners, which).any(axis=1)]
    for a, b in ((0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2)):
        np.add.at(total, near[:, a], at[near[:, b]])
        np.add.at(count, near[:, a], 1.0)
    away = total[which] / np.maximum(count[which], 1.0)[:, None] - at[which]
    size = np.sqrt(np.einsum("ij,ij->i", away, away))
    out: Floats = away / np.where(size > 0, size, 1.0)[:, None]
    return out


class Bar:
    """How far fusing has come, on a terminal only; nothing is said to a file."""

    def __init__(self) -> None:
        self._bar: Any = None
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (
                TextColumn("fusing"),
                BarColumn(30),
                TextColumn("{task.percentage:>3.0f}%"),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task("", total=1.0)

    def __enter__(self) -> Bar:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def tell(self, part: float) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=part)
