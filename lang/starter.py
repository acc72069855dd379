"""The design that `wp new` writes: small, whole, and commented for someone who sees the language for the first time."""

from __future__ import annotations

_TEXT = """\
# {name}: a lattice of gold filaments. Sizes are those of the DRIED part; the tool finds what to print wet.
wp 1;
use "nanocrystal.wp" as nc;  # inks, linkers, solvents and baths

# Params can be changed from outside: wp preview {name}.wp --set pitch=60um
param width: Length = 10um in 7um..44um step 0.5um "filament width";
param pitch: Length = 40um in 15um..200um "centre to centre";
param layers: Count = 8 in 1..100 "layers";

let side = 10 * pitch;

lattice body = woodpile {{
  size: [side, side];
  layers: layers;
  pitch: pitch;
  filament: width;
  material: nc.gold;
}}

print body {{ bath: nc.gold_bath; }}

assert pitch > 1.5 * width, "neighbouring filaments would touch";
"""


def starter(name: str) -> str:
    """Text of a first design called `name`."""
    return _TEXT.format(name=name)
