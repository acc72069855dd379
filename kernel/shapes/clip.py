"""Clipping filaments to a solid, exactly: pieces inside stay, the rest is left out."""

from __future__ import annotations

import numpy as np

from .. import solids
from ..scene import Solid
from .split import Lines, chunks, concatenate, reassemble, subdivide


def clip(lines: Lines, solid: Solid, inside: bool = True) -> Lines:
    """What of the filaments lies inside the solid, or outside of it: together they are the whole."""
    done = []
    for some in chunks(lines):
        cut = subdivide(some, lambda start, step: solids.crossings(solid, start, step))
        within = solids.contains(solid, cut.middle_um)
        done.append(reassemble(some, cut, np.where(within == inside, 0, -1))[0])
    return concatenate(done) if done else lines
