"""What stands of a print that is written with two photons: its struts with the sections that voxels give them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..diagnostics import Diagnostic, error
from ..filaments import FilamentSet, Floats, State
from ..processes.two_photon import MODES
from ..scene import Print, Scene
from .optics import size_um
from .resin import as_resin, resin_of
from .sections import sections_of
from .settings import Settings, milliwatts, settings_of
from .writing import DECIMALS, Light

if TYPE_CHECKING:
    from ..build import Job


#: A single line takes no more dose than this, in thresholds: no resin is known to bear it (assumed).
MOST_SHARE = 1e6


def lit(job: Job, scene: Scene) -> tuple[Job | None, list[Diagnostic]]:
    """The job as it will stand, with both states, and how it is written; None where its settings cannot be."""
    made = job.print
    faults = _faults(made)
    if faults:
        return None, faults
    how = settings_of(made)
    if how.share is not None and how.share <= 1.0:
        return None, [_too_weak(made, how)]
    filaments = job.filaments
    drawn = filaments.state(scene.state)
    grown = 1.0
    if scene.state == "dried" and scene.compensate != "off":
        grown = 1.0 / (1.0 - how.shrink)
    wanted = State(_rounded(drawn.points_um * grown), drawn.width_um * grown, drawn.height_um * grown)
    wide = float(wanted.width_um.max())
    if how.power is None and wide > widest_line_um(how):
        return None, [_too_wide(made, wide, how)]
    sections = sections_of(filaments, wanted, how)
    wet = sections.standing()
    left = 1.0 - how.shrink
    dried = State(wet.points_um * left, wet.width_um * left, wet.height_um * left) if how.shrink else wet
    resin, fill = made.fields.get("resin"), made.fields.get("fill")
    inks = tuple(as_resin(ink, fill) if resin is None else resin_of(resin, fill) for ink in filaments.inks)
    struts = FilamentSet(
        filaments.offsets, filaments.material, filaments.layer, filaments.origin, inks, filaments.spans, wet, dried
    )  # fmt: skip
    return replace(job, filaments=struts, light=Light(struts, sections, how)), []


def _rounded(points_um: Floats) -> Floats:
    return np.round(points_um, DECIMALS) + 0.0


def _faults(made: Print) -> list[Diagnostic]:
    """Settings that no writer can have."""
    fields, said = made.fields, []

    def fault(name: str, message: str, label: str, *notes: str) -> None:
        said.append(error("W279", message, made.spans.get(name, made.span), label=label, notes=notes))

    aperture, index = fields["aperture"], fields["index"]
    if aperture >= index:
        fault(
            "aperture",
            f"{aperture:g} is the aperture, in a medium of the index {index:g}; less than the index was expected",
            "no beam is wider than half a turn",
        )
    mode = fields.get("mode") or "galvo"
    if mode not in MODES:
        fault("mode", f"`{mode}` is no way to scan; {' or '.join(MODES)} was expected", "as a text")
    overlap = fields.get("overlap") or 0.0
    sides = [v for v in (fields.get("block"), fields.get("block_height")) if v is not None]
    if sides and overlap >= min(sides):
        fault(
            "overlap",
            f"{overlap:g} um is the overlap of blocks of {min(sides):g} um; less than a block was expected",
            "lines would run on through the whole next block",
        )
    return said


def _too_weak(made: Print, how: Settings) -> Diagnostic:
    assert how.power is not None and how.share is not None
    least = how.power / how.share**0.5
    return error(
        "W268",
        f"{how.share:.4g} thresholds is the dose at {how.scan_speed:.4g} um/s; more than 1 was expected",
        made.spans.get("power", made.span),
        label="nothing would stand",
        notes=(f"more power than {milliwatts(least)} at this speed, or a slower scan",),
    )


def widest_line_um(how: Settings) -> float:
    """How wide one line may be asked to be."""
    return size_um(how.w_xy, MOST_SHARE)


def _too_wide(made: Print, wide_um: float, how: Settings) -> Diagnostic:
    return error(
        "W269",
        f"{wide_um:.4g} um is the width of a strut; a single line of more than {widest_line_um(how):.4g} um takes over "
        f"{MOST_SHARE:.0e} thresholds",
        made.spans.get("power", made.span),
        label="no `power` is given, so each strut would be one line",
        notes=("give a `power`: struts wider than its voxel are hatched",),
    )
