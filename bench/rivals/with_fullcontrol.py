"""FullControl on the same moves.  usage: with_fullcontrol.py DESIGN OUT"""

import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

import fullcontrol as fc  # noqa: E402
from moves import DESIGNS, HOP, SINES, sines  # noqa: E402

name, out = sys.argv[1:3]
steps, tool = [], None
for _t, _k, way in sines(*SINES[name]) if name in SINES else ():
    x, y, z = way[0]
    steps += [
        fc.Extruder(on=False),
        fc.Point(z=z + HOP),
        fc.Point(x=x, y=y),
        fc.Point(z=z),
        fc.Extruder(on=True),
    ]
    steps += [fc.Point(x=x, y=y, z=z) for x, y, z in way[1:]]
for t, _k, x0, y0, x1, y1, z in DESIGNS[name]() if name in DESIGNS else ():
    if t != tool:
        steps.append(fc.ManualGcode(text=f"T{t}"))
        tool = t
    steps += [
        fc.Extruder(on=False),
        fc.Point(z=z + HOP),
        fc.Point(x=x0, y=y0),
        fc.Point(z=z),
        fc.Extruder(on=True),
        fc.Point(x=x1, y=y1),
    ]
Path(out).write_text(fc.transform(steps, "gcode", fc.GcodeControls(printer_name="custom"), show_tips=False))
