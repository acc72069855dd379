"""CSV: one row a point, for spreadsheets."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from ...kernel.filaments import FilamentSet
from ...kernel.scene import StateName
from ..exporter import quantised
from ..tubes import batches

_ROW = "%d,%d,%s,%d,%.3f,%.3f,%.3f,%.3f,%.3f\n"
_HEAD = "filament,layer,ink,point,x_um,y_um,z_um,width_um,height_um\n"


class _Csv:
    name = "csv"
    doc = "one row a point: filament, layer, ink, place, width and height, um"

    def write(self, part: FilamentSet, state: StateName, out: BinaryIO) -> None:
        out.write(_HEAD.encode())
        names = [_field(ink.name) for ink in part.inks]
        filament = 0
        for some in batches(part, 50_000):
            s = some.state(state)
            owner = some.owner()
            point = np.arange(some.point_count) - some.offsets[:-1][owner]
            figures = np.column_stack([quantised(s.points_um), quantised(s.width_um), quantised(s.height_um)])
            rows = zip(
                (owner + filament).tolist(),
                some.layer[owner].tolist(),
                [names[m] for m in some.material[owner].tolist()],
                point.tolist(),
                *figures.T.tolist(),
                strict=True,
            )
            flat = tuple(value for row in rows for value in row)
            out.write((_ROW * some.point_count % flat).encode())
            filament += len(some)


def _field(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n') else text


CSV = _Csv()
