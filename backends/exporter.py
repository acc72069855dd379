"""What a geometry file format must offer, and the small things that several of them share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO, Protocol, runtime_checkable

import numpy as np

from ..kernel.filaments import QUANTUM_UM, FilamentSet, Floats
from ..kernel.scene import StateName

if TYPE_CHECKING:
    from .fuse import Fused


class Exporter(Protocol):
    """Writes a part. `doc` says in one line what the file holds; a path that ends in `.name` means this format."""

    @property
    def name(self) -> str: ...

    @property
    def doc(self) -> str: ...

    def write(self, part: FilamentSet, state: StateName, out: BinaryIO) -> None:
        """Write the filaments of `part` in `state`, lengths in um unless the format fixes a unit. Same part, same bytes."""


@runtime_checkable
class MeshExporter(Exporter, Protocol):
    """A format of triangles: it can also hold one closed mesh an ink in place of the tubes."""

    def write_fused(self, meshes: Sequence[Fused], state: StateName, out: BinaryIO) -> None:
        """Write the meshes, in um unless the format fixes a unit. Same meshes, same bytes."""


def quantised(points_um: Floats) -> Floats:
    """Points rounded to the quantum of all our files (1 nm), without negative zeros."""
    out: Floats = np.round(points_um / QUANTUM_UM) * QUANTUM_UM + 0.0
    return out


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of "#rrggbb", 0 to 255; a grey for anything else, which the language refuses before."""
    try:
        return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
    except ValueError:
        return 128, 128, 128
