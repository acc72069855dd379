"""STL: swept tubes as triangles, binary. The format knows neither unit nor material; we write um and all inks together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from ...kernel.filaments import FilamentSet, Floats
from ...kernel.scene import StateName
from ..exporter import quantised
from ..tubes import batches, tubes

if TYPE_CHECKING:
    from ..fuse import Fused

SIDES = 16

#: Facets of a mesh that are written at a time.
_FACETS = 1 << 18

_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


class _Stl:
    name = "stl"
    doc = "triangles of swept tubes, um; no materials"

    def write(self, part: FilamentSet, state: StateName, out: BinaryIO) -> None:
        segments = part.point_count - len(part)
        count = 2 * SIDES * segments + 2 * (SIDES - 2) * len(part)
        _head(count, state, out)
        for some in batches(part):
            mesh = tubes(some, state, SIDES)
            _facets(quantised(mesh.points_um)[mesh.faces], out)

    def write_fused(self, meshes: Sequence[Fused], state: StateName, out: BinaryIO) -> None:
        _head(sum(len(mesh.faces) for mesh in meshes), state, out)
        for mesh in meshes:
            for at in range(0, len(mesh.faces), _FACETS):
                _facets(mesh.points_um[mesh.faces[at : at + _FACETS]].astype(np.float64), out)


def _head(count: int, state: StateName, out: BinaryIO) -> None:
    # A header that begins with "solid" would make readers take the file for text.
    out.write(f"wetprint {state} state, lengths in um".encode("ascii").ljust(80))
    out.write(np.uint32(count).tobytes())


def _facets(corners: Floats, out: BinaryIO) -> None:
    """Triangles [T,3 corners,3] with their normals."""
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    size = np.sqrt(np.einsum("ij,ij->i", normal, normal))
    triangles = np.zeros(len(corners), dtype=_TRIANGLE)
    triangles["normal"] = normal / np.where(size > 0, size, 1.0)[:, None]
    triangles["corners"] = corners
    out.write(triangles.tobytes())


STL = _Stl()
