"""Between part coordinates and stage coordinates: the one place where the signs of a rig are used.

stage = origin + sign * (tip - offset of its nozzle). `sign` is +1 where a positive command moves the nozzle, seen from the
part, in + direction; an axis that carries the bath has -1. The same holds for rates, with the sign alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..filaments import Floats
from ..rig import Rig


def signs(rig: Rig) -> Floats:
    return np.array([rig.axes[a].sign for a in "xyz"], dtype=np.float64)


def to_stage(rig: Rig, position_um: Floats, nozzle: npt.ArrayLike) -> Floats:
    """Stage coordinates [N,3] (um) that bring the tips of `nozzle` (one index or one a row) to part coordinates [N,3]."""
    offsets = _offsets(rig, nozzle)
    # Column by column, which lie together: short inner axes are slow.
    stage = np.empty(np.broadcast_shapes(position_um.shape, offsets.shape), order="F")
    for k, (origin, sign) in enumerate(zip(rig.origin_um, signs(rig), strict=True)):
        column = np.subtract(position_um[..., k], offsets[..., k], out=stage[..., k])
        column *= sign
        column += origin
    return stage


def from_stage(rig: Rig, stage_um: Floats, nozzle: npt.ArrayLike) -> Floats:
    """Part coordinates [N,3] of the tips of `nozzle` at stage coordinates [N,3] (um)."""
    part: Floats = signs(rig) * (stage_um - np.array(rig.origin_um)) + _offsets(rig, nozzle)
    return part


def _offsets(rig: Rig, nozzle: npt.ArrayLike) -> Floats:
    offsets: Floats = np.array([n.offset_um for n in rig.nozzles], dtype=np.float64)[np.asarray(nozzle)]
    return offsets


def purge_place_um(rig: Rig) -> Floats | None:
    """Part coordinates of the tip that purges, None where the rig has no place for it."""
    if rig.purge is None:
        return None
    place = from_stage(rig, np.array([*rig.purge.at_um, 0.0]), 0)
    place[2] = rig.purge.z_um
    return place


def wipe_way_um(rig: Rig) -> Floats | None:
    """Part coordinates [2,3] of the tip where it begins and ends to wipe, None where the rig has nothing to wipe on."""
    wipe = rig.wipe
    if wipe is None:
        return None
    way = from_stage(rig, np.array([[*wipe.from_um, 0.0], [*wipe.to_um, 0.0]]), 0)
    way[:, 2] = wipe.z_um
    return way
