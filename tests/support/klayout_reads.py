"""KLayout as the referee of layout files, in a process of its own: what a file holds, and whether its regions are those expected.

usage: klayout_reads.py JOBS.json   A list of {"file": path, "expect": {"LAYER/DATATYPE": [{"polygons": [[ring, hole, ...], ...],
"copies": [[x, y], ...]}, ...]}}, rings as lists of [x, y] in nm. `raw`: area with overlaps counted twice. Prints a list as JSON: cells, layers, and for each layer the area (nm2) of
what is in the file or in the region that was expected, but not in both; `off`: of such strips against "near", those wider than 2 nm.
"""

import json
import sys
from pathlib import Path
from typing import Any

import klayout.db as db


def polygon(rings: list[list[list[int]]]) -> db.Polygon:
    made = db.Polygon([db.Point(x, y) for x, y in rings[0]])
    for hole in rings[1:]:
        made.insert_hole([db.Point(x, y) for x, y in hole])
    return made


def regions(cells: list[dict[str, Any]]) -> db.Region:
    made = db.Region()
    for cell in cells:
        for one in map(polygon, cell["polygons"]):
            for x, y in cell["copies"]:
                made.insert(one.moved(x, y))
    return made


def judged(job: dict[str, Any]) -> dict[str, Any]:
    layout = db.Layout()
    options = db.LoadLayoutOptions()
    options.dxf_dbu = 0.001
    options.dxf_unit = 1.0
    layout.read(job["file"], options)
    top = layout.top_cell()
    found: dict[str, dict[str, Any]] = {}
    for index in layout.layer_indexes():
        info = layout.get_info(index)
        shapes = [s for cell in layout.each_cell() for s in cell.shapes(index).each()]
        if not shapes:
            continue
        name = info.name if info.layer < 0 else f"{info.layer}/{info.datatype}"
        region = db.Region(top.begin_shapes_rec(index))
        region.merged_semantics = False
        found[name] = {
            "shapes": len(shapes),
            "copies": region.count(),
            "area": region.merged().area() if "expect" in job else None,
            "raw": region.area(),
            "corners": max(s.polygon.num_points() for s in shapes),
            "label": info.name,
        }
        if "expect" in job:
            expected = regions(job["expect"].get(name, []))
            found[name] |= {"xor": (region.merged() ^ expected).area(), "expected": expected.merged().area()}
        if "near" in job:
            off = (region.merged() ^ regions(job["near"].get(name, []))).merged()
            found[name]["off"] = off.sized(-1).area()
    cells = {cell.name: sum(i.size() for i in cell.each_inst()) for cell in layout.each_cell()}
    return {"dbu": layout.dbu, "top": top.name, "cells": cells, "layers": found}


if __name__ == "__main__":
    print(json.dumps([judged(job) for job in json.loads(Path(sys.argv[1]).read_text())]))
