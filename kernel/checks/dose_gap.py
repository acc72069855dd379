"""Gaps between written neighbours that close, because each gets some of the other's dose."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning


class DoseGap:
    code = "W281"
    severity = Severity.WARNING
    doc = "gaps between written neighbours stay open where their doses add up"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        from ..figures.contacts import contacts_of, level_rods
        from ..voxels.doses import closed, least_gap_um

        for job in context.written:
            light = job.light
            assert light is not None
            f = job.filaments
            # Struts that climb or bend have other neighbours at every height: of them nothing is said.
            if len(f) < 2 or level_rods(f, f.state("wet")) is None:
                continue
            found = contacts_of(f, "wet")
            gap = found.layer_gap_um
            if found.layer_nearest is None or not 0.0 < gap < 8.0 * light.how.w_xy:
                continue
            i, j = found.layer_nearest
            one, two = int(f.offsets[i]), int(f.offsets[j])
            if not closed(light, one, two, gap):
                continue
            least = least_gap_um(light, one, two)
            state = f.state("wet")
            pitch = least + 0.5 * float(state.width_um[one] + state.width_um[two])
            yield warning(
                self.code,
                f"{gap:.3g} um is the least gap within a layer of {job.name}, where the doses of both neighbours add up to more than the "
                f"threshold; at least {least:.3g} um was expected",
                context.field(job, i, "pitch"),
                label="the gap closes",
                notes=(
                    f"`pitch: {pitch:.3g}um;` or more, or thinner struts",
                    "dose is taken to add to dose, however long ago the other line was written (assumed)",
                ),
            )


DOSE_GAP = DoseGap()
