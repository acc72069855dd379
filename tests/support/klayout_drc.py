"""KLayout's design rule checks as a referee: a process of its own, as its licence (GPL) asks of a program that is none of ours."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np
from wetprint.kernel.flat import Flat, copied_out

_PROGRAM = """
import json, sys
import klayout.db as db

def region(polygons):
    made = db.Region()
    for rings in polygons:
        p = db.Polygon([db.Point(*v) for v in rings[0]])
        for hole in rings[1:]:
            p.insert_hole([db.Point(*v) for v in hole])
        made.insert(p)
    made.merged_semantics = True
    made.min_coherence = True
    return made

out = []
for job in json.load(sys.stdin):
    one = region(job["one"])
    e = db.Region.Euclidian
    said = {}
    for name, limit in job["ask"]:
        if name == "width":
            said[name] = one.width_check(limit, False, e).count()
        elif name == "gap":
            said[name] = one.space_check(limit, False, e).count()
        elif name == "area":
            said[name] = one.merged().with_area(0, limit, False).count()
        elif name == "gap between":
            said[name] = one.separation_check(region(job["two"]), limit, False, e).count()
        elif name == "xor":
            said[name] = (one.merged() ^ region(job["two"]).merged()).area()
        elif name == "area of all":
            said[name] = one.merged().area()
        elif name == "perimeter":
            said[name] = one.merged().perimeter()
    out.append(said)
json.dump(out, sys.stdout)
"""


def polygons(flat: Flat) -> list[list[list[list[int]]]]:
    """Rings of all polygons, copies too, in nm."""
    cell = copied_out(flat)
    rings = [r.tolist() for r in np.split(cell.points_nm, cell.rings[1:-1])] if len(cell) else []
    return [rings[a:b] for a, b in zip(cell.polygons[:-1], cell.polygons[1:], strict=True)]


def judged(jobs: list[dict[str, Any]]) -> list[dict[str, int]]:
    """What KLayout finds: of each job {"one": Flat, "two": Flat, "ask": [(check, limit in nm)]} the number of places by check."""
    data = [
        {k: polygons(v) if isinstance(v, Flat) else [(n, round(x)) for n, x in v] for k, v in job.items()}
        for job in jobs
    ]
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], input=json.dumps(data), capture_output=True, text=True, check=True
    )
    found: list[dict[str, int]] = json.loads(done.stdout)
    return found
