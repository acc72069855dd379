"""A careful lab script: plain loops, f-strings, one write.  usage: naive.py DESIGN OUT"""

import sys
from pathlib import Path

from moves import DESIGNS, HOP, SINES, sines

name, out = sys.argv[1:3]
lines, tool = ["G21", "G90"], None
for _t, _k, way in sines(*SINES[name]) if name in SINES else ():
    x, y, z = way[0]
    lines += [f"G0 Z{z + HOP:.4f}", f"G0 X{x:.4f} Y{y:.4f}", f"G1 Z{z:.4f}"]
    lines += [f"G1 X{x:.4f} Y{y:.4f} Z{z:.4f}" for x, y, z in way[1:]]
for t, _k, x0, y0, x1, y1, z in DESIGNS[name]() if name in DESIGNS else ():
    if t != tool:
        lines.append(f"T{t}")
        tool = t
    lines += [
        f"G0 Z{z + HOP:.4f}",
        f"G0 X{x0:.4f} Y{y0:.4f}",
        f"G1 Z{z:.4f}",
        f"G1 X{x1:.4f} Y{y1:.4f}",
    ]
Path(out).write_text("\n".join(lines) + "\n")
