"""NPZ: every array of the part, both states, for numpy."""

from __future__ import annotations

import io
import zipfile
from typing import Any, BinaryIO

import numpy as np

from ...kernel.filaments import FilamentSet
from ...kernel.scene import StateName
from ..exporter import quantised

#: All members carry this date: the oldest that a zip file knows. A clock would make equal parts unequal.
_DATE = (1980, 1, 1, 0, 0, 0)


class _Npz:
    name = "npz"
    doc = "all arrays of the part for numpy, um; the state asked for as points_um, width_um, height_um, the other beside it"

    def write(self, part: FilamentSet, state: StateName, out: BinaryIO) -> None:
        s = part.state(state)
        lines = np.array([span.line for span in part.spans] or [0], dtype=np.int32)
        arrays: dict[str, Any] = {
            "points_um": quantised(s.points_um),
            "width_um": quantised(s.width_um),
            "height_um": quantised(s.height_um),
            "offsets": part.offsets,
            "material": part.material,
            "layer": part.layer,
            "line": lines[part.origin],
            "inks": np.array([ink.name for ink in part.inks]),
            "state": np.array(state),
        }
        if part.share is not None:
            arrays["share"] = part.share
        for name, other in (("wet", part.wet), ("dried", part.dried)):
            if other is not None and name != state:
                arrays[f"{name}_points_um"] = quantised(other.points_um)
                arrays[f"{name}_width_um"] = quantised(other.width_um)
                arrays[f"{name}_height_um"] = quantised(other.height_um)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
            for name, array in arrays.items():
                data = io.BytesIO()
                np.lib.format.write_array(data, array, allow_pickle=False)
                archive.writestr(zipfile.ZipInfo(f"{name}.npy", _DATE), data.getvalue(), zipfile.ZIP_DEFLATED)


NPZ = _Npz()
