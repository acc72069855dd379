"""Wavy: a woodpile of sine lines, which can bend in their plane and rise and fall across it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .. import scene
from ..lattice import Strands, lattice_construct
from ..paths import TOLERANCE
from ..quantity import Angle, FieldSpec, Length
from ..shapes.planar import Layer, PlanarLattice, layer_values, layer_z, reach_of, within_frame
from ..shapes.straight import parallel_lines

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


class Wavy(PlanarLattice):
    construct = lattice_construct(
        "wavy",
        "sine lines in each layer, every layer across the one below",
        FieldSpec(
            "amplitude",
            Length,
            "how far a line swings to either side",
            default=None,
            default_doc="pitch / 4",
            state=True,
            low=0.0,
        ),
        FieldSpec(
            "wavelength",
            Length,
            "length of a wave along the line",
            default=None,
            default_doc="4 * pitch",
            state=True,
            low=0.0,
        ),
        FieldSpec(
            "lift",
            Length,
            "how far a line rises above and falls below its height, a quarter of a wave ahead of its swing",
            default=0.0,
            state=True,
            low=0.0,
        ),
        FieldSpec(
            "shift", Angle, "how far the wave of each line is ahead of the line before it", default=0.0
        ),
        FieldSpec(
            "lift_shift",
            Angle,
            "the same for the rise and fall of the lines",
            default=None,
            default_doc="shift",
        ),
        FieldSpec("start", Angle, "how far the waves of a layer are ahead", default=0.0, per_layer=True),
        TOLERANCE,
    )
    turns = (0.0, math.pi / 2)

    def complete(self, fields: dict[str, Any]) -> dict[str, Any]:
        out = super().complete(fields)
        if out.get("pitch"):
            for name, share in (("amplitude", 0.25), ("wavelength", 4.0)):
                if out.get(name) is None:
                    out[name] = share * out["pitch"]
        if out.get("lift_shift") is None:
            out["lift_shift"] = out.get("shift")
        return out

    def complaint(self, fields: dict[str, Any]) -> tuple[str, str] | None:
        if not (fields.get("wavelength") or 0) > 0:
            return "wavelength", "wavelength is 0 um, it must be above zero"
        return None

    def _step(self, node: scene.Lattice) -> float:
        """Distance of samples along a line, um: the sagitta at the sharpest bend is the tolerance."""
        f = node.fields
        wave = 2 * math.pi / f["wavelength"]
        bend = math.hypot(f["amplitude"], f["lift"]) * wave * wave
        most = f["wavelength"] / 8
        return float(min(most, math.sqrt(8 * f["tolerance"] / bend)) if bend > 0 else most)

    def pattern_points(self, node: scene.Lattice, layer: Layer) -> float:
        x0, y0, x1, y1 = node.fields["frame"]
        reach = 2 * reach_of(node.fields["frame"])
        # Parallel lines a pitch apart are as long together as the area over the pitch, but for one line.
        length = (x1 - x0) * (y1 - y0) / layer.pitch + reach
        return float(length / self._step(node) + 3 * (reach / layer.pitch + 2))

    def build(self, node: scene.Lattice) -> Strands:
        import numpy as np

        heights, starts = layer_z(node), layer_values(node, "start")
        points, counts, layers, before = np.empty((0, 3)), [np.empty(0, dtype=np.int64)], [], 0
        used, count = 0, len(heights)
        for k, layer in enumerate(self.layers(node)):
            flat, n, lines = self._waves(node, layer, starts[k] or 0.0, before)
            flat[:, 2] += heights[k]
            flat, n = within_frame(flat, n, node.fields["frame"])
            if used + len(flat) > len(points):
                # Room for all layers to come, as if they were like this one: most often they are.
                room = np.empty((used + len(flat) * (count - k), 3))
                room[:used] = points[:used]
                points = room
            points[used : used + len(flat)] = flat
            used += len(flat)
            counts.append(n)
            layers.append(len(n))
            before += lines
        return Strands(
            points[:used],
            np.concatenate(counts),
            np.repeat(np.arange(len(layers), dtype=np.int32), layers),
        )

    def _waves(
        self, node: scene.Lattice, layer: Layer, ahead: float, before: int
    ) -> tuple[Floats, npt.NDArray[np.int64], int]:
        """Points [P,3], z about 0, points of each line, and how many lines there are. `before`: lines of earlier layers."""
        import numpy as np

        f = node.fields
        a, wave = f["amplitude"], 2 * math.pi / f["wavelength"]
        # Lines stand as far inside the edge as they swing.
        ends = parallel_lines(f["frame"], layer.angle, layer.pitch, layer.phase, f.get("clip"), margin=a)
        along = ends[:, 1] - ends[:, 0]
        length = np.hypot(along[:, 0], along[:, 1])
        n = np.maximum(1, np.ceil(length / self._step(node) - 1e-9)).astype(np.int64) + 1
        unit = along / np.where(length > 0, length, 1.0)[:, None]
        if len(n) and (n == n[0]).all():
            # Lines of one length, as at 0 and 90 deg: rows of a matrix.
            part = np.arange(n[0]) / (n[0] - 1)
            number = (before + np.arange(len(n)))[:, None]
            turn = wave * length[:, None] * part + (ahead + f["shift"] * number)
            out = np.empty((*turn.shape, 3))
            swing = a * np.sin(turn)
            for j, side in ((0, -unit[:, 1]), (1, unit[:, 0])):
                out[:, :, j] = ends[:, 0, j, None] + part * along[:, j, None] + side[:, None] * swing
            if f["lift"] and f["lift_shift"] != f["shift"]:
                turn += (f["lift_shift"] - f["shift"]) * number
            out[:, :, 2] = f["lift"] * np.cos(turn) if f["lift"] else 0.0
            return out.reshape(-1, 3), n, len(ends)
        line = np.repeat(np.arange(len(ends)), n)
        part = (np.arange(len(line)) - np.repeat(np.cumsum(n) - n, n)) / (n[line] - 1)
        turn = wave * length[line] * part + (ahead + f["shift"] * (before + line))
        out = np.empty((len(line), 3))
        swing = a * np.sin(turn)
        out[:, 0] = ends[line, 0, 0] + part * along[line, 0] - unit[line, 1] * swing
        out[:, 1] = ends[line, 0, 1] + part * along[line, 1] + unit[line, 0] * swing
        if f["lift_shift"] != f["shift"]:
            turn += (f["lift_shift"] - f["shift"]) * (before + line)
        out[:, 2] = f["lift"] * np.cos(turn)
        return out, n, len(ends)


WAVY = Wavy()
