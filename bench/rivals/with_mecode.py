"""mecode on the same moves.  usage: with_mecode.py DESIGN OUT"""

import sys
import warnings

warnings.simplefilter("ignore")

from mecode import G  # noqa: E402
from moves import DESIGNS, HOP, SINES, sines  # noqa: E402

name, out = sys.argv[1:3]
g, tool = G(outfile=out, print_lines=False, output_digits=4), None
g.absolute()
for _t, _k, way in sines(*SINES[name]) if name in SINES else ():
    x, y, z = way[0]
    g.abs_rapid(z=z + HOP)
    g.abs_rapid(x=x, y=y)
    g.abs_move(z=z)
    for x, y, z in way[1:]:
        g.abs_move(x=x, y=y, z=z)
for t, _k, x0, y0, x1, y1, z in DESIGNS[name]() if name in DESIGNS else ():
    if t != tool:
        g.write(f"T{t}")
        tool = t
    g.abs_rapid(z=z + HOP)
    g.abs_rapid(x=x0, y=y0)
    g.abs_move(z=z)
    g.abs_move(x=x1, y=y1)
g.teardown()
