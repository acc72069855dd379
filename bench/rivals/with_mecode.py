"""mecode on the same moves.  usage: with_mecode.py DESIGN OUT"""

import sys
import warnings

warnings.simplefilter("ignore")

from mecode import G  # noqa: E402
from moves import DESIGNS, HOP  # noqa: E402

name, out = sys.argv[1:3]
g, tool = G(outfile=out, print_lines=False, output_digits=4), None
g.absolute()
for t, _k, x0, y0, x1, y1, z in DESIGNS[name]():
    if t != tool:
        g.write(f"T{t}")
        tool = t
    g.abs_rapid(z=z + HOP)
    g.abs_rapid(x=x0, y=y0)
    g.abs_move(z=z)
    g.abs_move(x=x1, y=y1)
g.teardown()
