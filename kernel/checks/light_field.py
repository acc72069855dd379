"""Lines farther from the middle of their block than the writer gets without moving its stage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, error

if TYPE_CHECKING:
    from ..filaments import Floats, Ints


class LightField:
    code = "W273"
    severity = Severity.ERROR
    doc = "every block fits in the field of the writer and in the range of its focus"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        import numpy as np

        for job in context.written:
            light = job.light
            assert light is not None
            how, pieces, s = light.how, light.pieces, light.sections
            if how.field is None and how.z_range is None:
                continue
            block = np.repeat(pieces.block, np.diff(pieces.offsets))
            at, many = pieces.at(s.points_um), len(pieces.centre_um)
            if how.field is not None:
                beside = pieces.at(s.reach_um(np.zeros(len(s.wide_um))))
                flat = np.concatenate([at[:, :2] - beside[:, None], at[:, :2] + beside[:, None]])
                low, high = _span(flat, np.tile(block, 2), many)
                # A stage begins at the corner of what it reaches, mirrors look straight ahead.
                centre = pieces.centre_um
                spans = high - low if how.mode == "piezo" else 2.0 * np.maximum(high - centre, centre - low)
                far = float(spans.max(initial=0.0))
                if far > how.field * (1 + 1e-9):
                    fix = "smaller blocks, less overlap, or less lean (`shear`)"
                    if how.block is None:
                        fix = f"cut the part into blocks: `block: {0.9 * how.field:.4g}um; overlap: ...;`"
                    yield error(
                        self.code,
                        f"{far:.4g} um is what {job.name} needs of the field of the writer; at most {how.field:.4g} um was expected",
                        context.setting(job, "field" if how.block is None else "block"),
                        label="lines beyond the field are not written",
                        notes=(fix,),
                    )
            if how.z_range is not None:
                lift = pieces.at(s.lift_um())
                tall = np.concatenate([at[:, 2:] - lift[:, None], at[:, 2:] + lift[:, None]])
                low, high = _span(tall, np.tile(pieces.tier[block], 2), int(pieces.tier.max()) + 1)
                low[0] = np.minimum(low[0], 0.0)
                high_um = float((high - low).max())
                if high_um <= how.z_range * (1 + 1e-9):
                    continue
                fix = "lower blocks, or less overlap"
                if how.block_height is None:
                    fix = f"stack blocks on each other: `block_height: {0.9 * how.z_range:.4g}um; overlap: ...;`"
                yield error(
                    self.code,
                    f"{high_um:.4g} um is how far the focus goes up in a block of {job.name}; at most {how.z_range:.4g} um was expected",
                    context.setting(job, "z_range" if how.block_height is None else "block_height"),
                    label="without its drive the focus gets no further",
                    notes=(fix,),
                )


def _span(points: Floats, group: Ints, many: int) -> tuple[Floats, Floats]:
    """Least and largest of each column of `points`, by group, [many, columns]."""
    import numpy as np

    low, high = np.full((many, points.shape[1]), np.inf), np.full((many, points.shape[1]), -np.inf)
    np.minimum.at(low, group, points)
    np.maximum.at(high, group, points)
    return low, high


LIGHT_FIELD = LightField()
