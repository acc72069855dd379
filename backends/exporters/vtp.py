"""VTP (VTK PolyData): filaments as polylines with everything known of them, for ParaView and PyVista."""

from __future__ import annotations

from typing import BinaryIO
from xml.sax.saxutils import quoteattr

import numpy as np
import numpy.typing as npt

from ...kernel.filaments import FilamentSet
from ...kernel.scene import StateName
from ..exporter import quantised

_TYPES = {"f4": "Float32", "f8": "Float64", "i4": "Int32", "i8": "Int64", "u1": "UInt8"}


class _Vtp:
    name = "vtp"
    doc = "polylines with ink, layer, order, source line, width and height, um"

    def write(self, part: FilamentSet, state: StateName, out: BinaryIO) -> None:
        s = part.state(state)
        blocks: list[bytes] = []
        at = 0

        def array(name: str, data: npt.NDArray[np.generic]) -> str:
            nonlocal at
            raw = np.ascontiguousarray(data, dtype=data.dtype.newbyteorder("<")).tobytes()
            width = f' NumberOfComponents="{data.shape[1]}"' if data.ndim == 2 else ""
            tag = (
                f'<DataArray type="{_TYPES[data.dtype.str[1:]]}" Name={quoteattr(name)}{width}'
                f' format="appended" offset="{at}"/>\n'
            )
            blocks.append(np.uint64(len(raw)).tobytes() + raw)
            at += 8 + len(raw)
            return tag

        lines = np.array([span.line for span in part.spans] or [0], dtype=np.int32)
        point_data = array("width_um", s.width_um) + array("height_um", s.height_um)
        for name, other in (("wet", part.wet), ("dried", part.dried)):
            if other is not None and other is not s:
                point_data += array(f"{name}_um", quantised(other.points_um))
        cell_data = (
            array("material", part.material.astype(np.int32))
            + array("layer", part.layer)
            + array("order", np.arange(len(part), dtype=np.int32))
            + array("line", lines[part.origin])
        )
        points = array("points_um", quantised(s.points_um))
        polylines = array("connectivity", np.arange(part.point_count, dtype=np.int64))
        polylines += array("offsets", part.offsets[1:])
        out.write(
            f'<?xml version="1.0"?>\n<VTKFile type="PolyData" version="1.0" byte_order="LittleEndian" header_type="UInt64">\n'
            f"<PolyData>\n<FieldData>\n{_words('inks', [ink.name for ink in part.inks])}{_words('state', [state])}</FieldData>\n"
            f'<Piece NumberOfPoints="{part.point_count}" NumberOfVerts="0" NumberOfLines="{len(part)}"'
            f' NumberOfStrips="0" NumberOfPolys="0">\n'
            f"<PointData>\n{point_data}</PointData>\n<CellData>\n{cell_data}</CellData>\n<Points>\n{points}</Points>\n"
            f"<Lines>\n{polylines}</Lines>\n</Piece>\n</PolyData>\n"
            f'<AppendedData encoding="raw">\n_'.encode()
        )
        for block in blocks:
            out.write(block)
        out.write(b"\n</AppendedData>\n</VTKFile>\n")


def _words(name: str, words: list[str]) -> str:
    """Strings in the way VTK writes them: the numbers of their bytes, each string ended by a zero."""
    codes = " ".join(str(b) for word in words for b in (*word.encode(), 0))
    return (
        f'<Array type="String" Name="{name}" NumberOfTuples="{len(words)}" format="ascii">{codes}</Array>\n'
    )


VTP = _Vtp()
