"""DXF: closed polylines on named layers, arrays as blocks, by ezdxf (extra `dxf`)."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import Any

import numpy as np

from ...kernel.diagnostics import WetprintError, error
from ...kernel.flat import Cell
from ...kernel.flat_simple import Holes
from ..layout import Layer, Layout, Shapes, Sink

#: AutoCAD 2000: the oldest release with closed light polylines, which most programs read.
RELEASE = "R2000"
#: $INSUNITS: micrometres.
MICROMETRES = 13


class Dxf:
    name = "dxf"
    doc = "DXF, micrometres (extra `dxf`)"
    holes: Holes | None = "cut"

    def write(self, layout: Layout, out: Sink) -> None:
        ezdxf = _library()
        before = ezdxf.options.write_fixed_meta_data_for_testing
        # Else every file has the time and a random name of its version in it.
        ezdxf.options.write_fixed_meta_data_for_testing = True
        try:
            held = io.StringIO()
            _drawing(ezdxf, layout).write(held)
        finally:
            ezdxf.options.write_fixed_meta_data_for_testing = before
        out.write(held.getvalue().encode())


DXF = Dxf()


def layer_name(layer: Layer, shapes: Shapes) -> str:
    """A layer for each dose class: DXF has no datatypes."""
    return f"L{layer.number}D{shapes.datatype}_{layer.name}"


def _library() -> Any:
    try:
        import ezdxf
    except ImportError as caught:
        raise WetprintError(
            error(
                "X754",
                "ezdxf is not installed; DXF files are written by it",
                notes=("pip install 'wetprint[dxf]'",),
            )
        ) from caught
    return ezdxf


def _drawing(ezdxf: Any, layout: Layout) -> Any:
    drawing = ezdxf.new(RELEASE)
    drawing.header["$INSUNITS"] = MICROMETRES
    drawing.header["$MEASUREMENT"] = 1
    space = drawing.modelspace()
    for layer, shapes, k, cell in layout.shapes():
        name = layer_name(layer, shapes)
        if name not in drawing.layers:
            drawing.layers.add(name)
        r = cell.repeat
        straight = (r.columns == 1 or r.a_nm[1] == 0) and (r.rows == 1 or r.b_nm[0] == 0)
        if r.count == 1:
            _polylines(space, cell, name, np.array(r.origin_nm))
            continue
        block = drawing.blocks.new(f"L{layer.number}D{shapes.datatype}C{k}")
        _polylines(block, cell, name, np.zeros(2, np.int64))
        if straight:
            attributes = {
                "layer": name, "column_count": r.columns, "row_count": r.rows, "column_spacing": r.a_nm[0] / 1000.0,
                "row_spacing": r.b_nm[1] / 1000.0,
            }  # fmt: skip
            space.add_blockref(block.name, (r.origin_nm[0] / 1000.0, r.origin_nm[1] / 1000.0), attributes)
        else:
            for x, y in (r.origins_nm() / 1000.0).tolist():
                space.add_blockref(block.name, (x, y), {"layer": name})
    return drawing


def _polylines(space: Any, cell: Cell, layer: str, at_nm: Any) -> None:
    points = ((cell.points_nm + at_nm) / 1000.0).tolist()
    rings = cell.rings.tolist()
    for low, high in pairwise(rings):
        space.add_lwpolyline(points[low:high], close=True, dxfattribs={"layer": layer})
