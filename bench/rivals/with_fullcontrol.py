"""FullControl on the same moves.  usage: with_fullcontrol.py DESIGN OUT"""

import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

import fullcontrol as fc  # noqa: E402
from moves import DESIGNS, HOP  # noqa: E402

name, out = sys.argv[1:3]
steps, tool = [], None
for t, _k, x0, y0, x1, y1, z in DESIGNS[name]():
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
