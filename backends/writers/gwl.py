"""GWL: trajectories of points as text, for writers that scan a focus with mirrors or with a stage.

The format is known here from descriptions by others, and no machine has read what is written (docs/two_photon.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from ... import __version__
from ...kernel.diagnostics import WetprintError, error
from ...kernel.filaments import Floats, Ints
from ...kernel.quantity import MILLIWATT
from ...kernel.voxels.resin import resins_of
from ...kernel.voxels.writing import Writing
from ..digits import MOST, number_lines, squeeze
from ..gcode_rows import ascii_lines

if TYPE_CHECKING:
    from ...kernel.build import Job

#: Decimals of coordinates (um) and of powers (%).
DECIMALS = 4

#: Points written at once.
CHUNK = 1 << 16

#: Points that a stage is given between those of a line lie this share of the focus apart (assumed), within what is told to be useful.
_BETWEEN, _CLOSEST_NM, _FARTHEST_NM = 0.5, 10, 200

_UNIT = 10**DECIMALS
_MODES = {"galvo": "GalvoScanMode", "piezo": "PiezoScanMode"}


class Gwl:
    name = "gwl"
    doc = "trajectories of a focus for two-photon writing, um and % of the laser power"

    def write(self, jobs: Sequence[Job], out: BinaryIO) -> None:
        at_nm = np.zeros(3, np.int64)
        stands_um = 0.0
        for job in jobs:
            assert job.light is not None
            writing = job.light.writing
            percent = _percent(job, writing)
            _small_enough(job, writing)
            _free_way_down(job, stands_um)
            stands_um = max(stands_um, writing.top_um)
            out.write(ascii_lines(_head(job, writing)))
            bounds = np.searchsorted(writing.block, np.arange(len(writing.origin_um) + 1))
            powers = False
            for b, origin in enumerate(writing.origin_um):
                low, high = int(bounds[b]), int(bounds[b + 1])
                # The drive goes up from where the interface is found: that is done with the lowest focus at 0.
                goal_um = origin - (0.0, 0.0, writing.origin_um[0, 2])
                goal_nm = np.rint(goal_um * 1e3).astype(np.int64)
                out.write(ascii_lines(_block(b, len(bounds) - 1, high - low, goal_nm - at_nm, writing)))
                at_nm = goal_nm
                one = _one_power(writing, percent, low, high)
                if (one is None) != powers:
                    powers = not powers
                    out.write(ascii_lines(["PowerValuesOn" if powers else "PowerValuesOff"]))
                out.writelines(_lines(writing, percent, low, high, origin, one))
            if powers:
                out.write(ascii_lines(["PowerValuesOff"]))
        # The drive stays where it is: nothing is to be hit on the way.
        out.write(ascii_lines(_moves(-at_nm * (1, 1, 0))))


def _head(job: Job, writing: Writing) -> list[str]:
    """What a file says of itself and what it rests on, then what holds for all of a print."""
    how = writing.how
    assert how.full_power is not None
    resins = ", ".join(f"{film.name}, ligand {film.ligand.name}" for film in resins_of(job.print))
    power = "found for each strut" if how.power is None else f"{how.power / MILLIWATT:.6g} mW"
    said = [
        f"{job.name}, wetprint {__version__}: {len(writing.lines)} lines",
        "um, um/s and % of the laser power. The format is known second-hand: no machine has read this file.",
        f"focus: {1e3 * how.wavelength:.6g} nm, aperture {how.aperture:g}, index {how.index:g}: "
        f"1/e radii {1e3 * how.w_xy:.5g} and {1e3 * how.w_z:.5g} nm, without aberration (assumed)",
        f"resin: {resins or 'not said'}",
        f"threshold: {how.threshold_power / MILLIWATT:.6g} mW for {1e3 * how.threshold_time:.6g} ms",
        f"power: {power}; 100 % is {how.full_power * how.power_scaling / MILLIWATT:.6g} mW",
        f"the part is sunk by {how.interface:.6g} um; points count from "
        f"{'the lower corner' if how.mode == 'piezo' else 'the middle'} of a block, heights from the lowest focus of a tier",
    ]
    lines = [f"% {text}" for text in said]
    lines += [
        f"PowerScaling {how.power_scaling:.10g}",
        "ContinuousMode",
        _MODES[how.mode],
        f"InvertZAxis {int(how.invert_z)}",
    ]
    if how.mode == "piezo":
        # A stage goes from point to point as fast as it can unless it is given points between, which then set its speed.
        nanometres = min(max(int(_BETWEEN * 1e3 * how.w_xy), _CLOSEST_NM), _FARTHEST_NM)
        lines += ["TiltCorrectionOn" if how.tilt_correction else "TiltCorrectionOff", "ConnectPointsOn"]
        lines.append(f"PointDistance {nanometres}")
    return [*lines, f"ScanSpeed {how.scan_speed:.10g}"]


def _block(number: int, of: int, lines: int, step_nm: Ints, writing: Writing) -> list[str]:
    """The way to a block; what stands on others cannot look for the interface, and rests on where it was found last."""
    tier = int(writing.tier[number])
    where = f", tier {tier + 1}" if writing.tier.any() else ""
    head = [f"% block {number + 1} of {of}{where}, {lines} lines"] if of > 1 else []
    find = [] if tier else [f"FindInterfaceAt {writing.how.interface - writing.origin_um[0, 2]:.10g}"]
    return [*head, *_moves(step_nm), *find]


def _moves(step_nm: Ints) -> list[str]:
    """What moves stage and drive from block to block: up first, and down last."""
    names = ("MoveStageX", "MoveStageY", "AddZDrivePosition")
    moves = [f"{name} {nm / 1e3:.3f}" for name, nm in zip(names, step_nm.tolist(), strict=True) if nm]
    return [moves[-1], *moves[:-1]] if step_nm[2] > 0 else moves


def _percent(job: Job, writing: Writing) -> Floats:
    """Power of every point in the last decimal of a per cent, [P]. Raises WetprintError (X761, X762)."""
    how = writing.how
    if how.full_power is None:
        raise WetprintError(
            error(
                "X761",
                f"the power of {job.name} cannot be told in per cent; `full_power` was expected",
                job.print.span,
                notes=(
                    "full_power: mean power in the resin at 100 % and a power scaling of 1, as it was measured",
                ),
            )
        )
    percent: Floats = np.rint(how.percent(writing.power) * _UNIT)
    if len(percent) and percent.max() > 100 * _UNIT:
        raise WetprintError(
            error(
                "X762",
                f"{percent.max() / _UNIT:.4g} % is the power of a line of {job.name}; at most 100 % was expected",
                job.print.spans.get("power", job.print.span),
                notes=("a slower scan, thinner struts, or a larger `power_scaling`, where the laser has it",),
            )
        )
    return percent


def _small_enough(job: Job, writing: Writing) -> None:
    points = writing.lines.state("wet").points_um
    if not len(points):
        return
    origin = writing.origin_um[np.repeat(writing.block, np.diff(writing.lines.offsets))]
    far = float(np.abs(points - origin).max())
    if far >= MOST - 1:
        raise WetprintError(
            error(
                "X763",
                f"{far:.5g} um lies a line of {job.name} from where its block counts from; less than {MOST - 1} um was expected",
                job.print.spans.get("block", job.print.span),
                notes=("cut the part into blocks: `block: ...; overlap: ...;`, `block_height: ...;`",),
            )
        )


def _free_way_down(job: Job, stands_um: float) -> None:
    """Whether an objective in the resin gets down again beside what was written before. Raises WetprintError (X765)."""
    assert job.light is not None
    how = job.light.how
    if not how.invert_z or how.reach is None or stands_um <= how.reach:
        return
    raise WetprintError(
        error(
            "X765",
            f"{stands_um:.4g} um stand where the objective goes down to write {job.name}; at most its working distance of "
            f"{how.reach:.4g} um was expected",
            job.print.span,
            notes=("write the higher part last, or into a file of its own",),
        )
    )


def _one_power(writing: Writing, percent: Floats, low: int, high: int) -> float | None:
    """The power of all lines low to high - 1, None where they differ."""
    powers = percent[int(writing.lines.offsets[low]) : int(writing.lines.offsets[high])]
    return float(powers[0]) if len(powers) and bool((powers == powers[0]).all()) else None


def _lines(
    writing: Writing, percent: Floats, low: int, high: int, origin: Floats, one: float | None
) -> Iterator[bytes]:
    """The trajectories low to high - 1, from the origin of their block; `one` is the power of them all."""
    if high == low:
        return
    offsets = writing.lines.offsets
    first, last = int(offsets[low]), int(offsets[high])
    if one is not None:
        yield f"LaserPower {one / _UNIT:.{DECIMALS}f}\n".encode()
    ends = np.zeros(last - first, bool)
    ends[offsets[low + 1 : high + 1] - 1 - first] = True
    points = writing.lines.state("wet").points_um
    labels = [b"", b" ", b" ", b""] if one is not None else [b"", b" ", b" ", b" ", b""]
    tails = np.array([b"\n", b"\nWrite\n"], dtype="S7").view(np.uint8).reshape(2, 7)
    for at in range(first, last, CHUNK):
        stop = min(at + CHUNK, last)
        columns = list(np.rint((points[at:stop] - origin).T * _UNIT))
        if one is None:
            columns.append(percent[at:stop])
        body, _ = number_lines(columns, labels, DECIMALS)
        tail = tails[ends[at - first : stop - first].astype(np.int64)]
        yield squeeze(np.concatenate([body, tail], axis=1))[0]


GWL = Gwl()
