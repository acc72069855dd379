"""Which filaments touch, and nothing else of them: what an order of writing and what hangs together need."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..filaments import FilamentSet, Floats, Ints, State
from .crossings import Bools
from .places import ALONG
from .tangle import pieces_of, search


class Touches(NamedTuple):
    """Places where pieces of two filaments touch: both filaments, the part of the way along either, the clear distance (below 0),
    whether they run along each other there, and whether both end there. A long contact is many of them."""

    one: Ints
    two: Ints
    part1: Floats
    part2: Floats
    clear_um: Floats
    along: Bools
    ends: Bools


def touches(filaments: FilamentSet, state: State) -> Touches:
    """Which filaments touch, and no figure besides: a fraction of the work of `tangle`."""
    x = pieces_of(filaments, state)
    f = search(filaments, x, 0.0)
    other = x.owner[f.i] != x.owner[f.j]
    i, j = f.i[other], f.j[other]
    one, two = x.owner[i], x.owner[j]
    length = np.bincount(x.owner, x.length, minlength=len(filaments))
    at1, at2 = x.at[i] + f.s[other] * x.length[i], x.at[j] + f.t[other] * x.length[j]
    turn = np.linalg.norm(np.cross(x.d[i] / x.length[i, None], x.d[j] / x.length[j, None]), axis=1)
    near = [np.minimum(at, length[k] - at) <= x.a[p] for at, k, p in ((at1, one, i), (at2, two, j))]
    part1, part2 = np.clip(at1 / length[one], 0.0, 1.0), np.clip(at2 / length[two], 0.0, 1.0)
    return Touches(one, two, part1, part2, f.clear[other], turn < ALONG, near[0] & near[1])
