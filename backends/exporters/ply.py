"""PLY: swept tubes as triangles with the colour and the number of their ink, binary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from ...kernel.filaments import FilamentSet
from ...kernel.material import Ink
from ...kernel.scene import StateName
from ..exporter import quantised, rgb
from ..tubes import batches, tubes

if TYPE_CHECKING:
    from ..fuse import Fused

SIDES = 16

_VERTEX = np.dtype([("at", "<f4", 3), ("colour", "u1", 3)])
_FUSED_FACE = np.dtype([("count", "u1"), ("corners", "<i4", 3), ("ink", "<u2")])
_FACE = np.dtype([*_FUSED_FACE.descr, ("filament", "<i4")])


class _Ply:
    name = "ply"
    doc = "triangles with the colour of their ink, um"

    def write(self, part: FilamentSet, state: StateName, out: BinaryIO) -> None:
        segments = part.point_count - len(part)
        faces = 2 * SIDES * segments + 2 * (SIDES - 2) * len(part)
        out.write(_head(part.inks, state, part.point_count * SIDES, faces, "property int filament\n"))
        colours = np.array([rgb(ink.colour) for ink in part.inks], dtype=np.uint8)
        for some in batches(part):
            mesh = tubes(some, state, SIDES)
            vertices = np.empty(len(mesh.points_um), dtype=_VERTEX)
            vertices["at"] = quantised(mesh.points_um)
            vertices["colour"] = np.repeat(colours[some.material], SIDES * np.diff(some.offsets), axis=0)
            out.write(vertices.tobytes())
        corner = filament = 0
        for some in batches(part):
            mesh = tubes(some, state, SIDES)
            triangles = np.empty(len(mesh.faces), dtype=_FACE)
            triangles["count"] = 3
            triangles["corners"] = mesh.faces + corner
            triangles["ink"] = some.material[mesh.filament]
            triangles["filament"] = mesh.filament + filament
            out.write(triangles.tobytes())
            corner += len(mesh.points_um)
            filament += len(some)

    def write_fused(self, meshes: Sequence[Fused], state: StateName, out: BinaryIO) -> None:
        counts = [len(mesh.points_um) for mesh in meshes]
        out.write(
            _head([mesh.ink for mesh in meshes], state, sum(counts), sum(len(mesh.faces) for mesh in meshes))
        )
        for mesh in meshes:
            vertices = np.empty(len(mesh.points_um), dtype=_VERTEX)
            vertices["at"] = mesh.points_um
            vertices["colour"] = rgb(mesh.ink.colour)
            out.write(vertices.tobytes())
        first = 0
        for k, mesh in enumerate(meshes):
            triangles = np.empty(len(mesh.faces), dtype=_FUSED_FACE)
            triangles["count"] = 3
            triangles["corners"] = mesh.faces + first
            triangles["ink"] = k
            out.write(triangles.tobytes())
            first += counts[k]


def _head(inks: Sequence[Ink], state: StateName, vertices: int, faces: int, more: str = "") -> bytes:
    named = "".join(f"comment ink {k} {_line(ink.name)} {ink.colour}\n" for k, ink in enumerate(inks))
    return (
        f"ply\nformat binary_little_endian 1.0\ncomment wetprint, {state} state, lengths in um\n{named}"
        f"element vertex {vertices}\n"
        "property float x\nproperty float y\nproperty float z\n"
        "property uchar red\nproperty uchar green\nproperty uchar blue\n"
        f"element face {faces}\nproperty list uchar int vertex_indices\nproperty ushort ink\n{more}"
        "end_header\n"
    ).encode()


def _line(text: str) -> str:
    return " ".join(text.split()).encode("ascii", "replace").decode()


PLY = _Ply()
