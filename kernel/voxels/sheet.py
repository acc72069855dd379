"""What the process sheet says of a print that is written with two photons. No numpy unless the print was built."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..scene import Print
from .settings import milliwatts, settings_of

if TYPE_CHECKING:
    from ..build import Job

UNKNOWN = "not known"


def says(made: Print, job: Job | None) -> tuple[float | None, tuple[tuple[str, str], ...], dict[str, Any]]:
    """Time of the writing, None where nobody can know it, its figures in words, and those of `Writing.as_dict`."""
    how = settings_of(made)
    rows = [
        ("laser", f"{1e3 * how.wavelength:.4g} nm"),
        ("aperture", f"{how.aperture:g} in a medium of the index {how.index:g}"),
        ("scan", f"{how.mode}, {how.scan_speed:.6g} um/s"),
        ("threshold", f"{milliwatts(how.threshold_power)} for {1e3 * how.threshold_time:.4g} ms"),
        ("focus, 1/e radii", f"{1e3 * how.w_xy:.4g} nm across, {1e3 * how.w_z:.4g} nm along"),
    ]
    if how.power is not None:
        rows.append(("power", milliwatts(how.power)))
    rows.append(("hatch and slice", f"{1e3 * how.hatch_um:.4g} nm and {1e3 * how.slice_um:.4g} nm"))
    if how.contours:
        rows.append(("contours", str(how.contours)))
    if how.block is not None or how.block_height is not None:
        wide = "as wide as the part" if how.block is None else f"{how.block:.4g} um wide"
        high = "" if how.block_height is None else f", {how.block_height:.4g} um high"
        rows.append(("blocks", f"{wide}{high}, {how.overlap:.4g} um of overlap"))
    if how.shrink:
        rows.append(("shrinkage", f"{how.shrink:.1%}, the same in all directions"))
    if job is None or job.light is None:
        return None, tuple(rows), {}
    found = job.light.writing.as_dict()
    low, high = found["power_mw"]
    wide, tall = found["voxel_um"]
    rows += [
        (
            "lines",
            f"{found['lines']} in {found['blocks']} block{'s' if found['blocks'] > 1 else ''}"
            + (f", {found['tiers']} above one another" if found["tiers"] > 1 else ""),
        ),
        ("voxel", f"{_range(wide, 1e3, 'nm')} wide, {_range(tall, 1e3, 'nm')} high"),
        ("power of the lines", _range((low, high), 1.0, "mW")),
        ("power in the file", UNKNOWN if (p := found["power_percent"]) is None else _range(p, 1.0, "%")),
        ("time of scanning", f"{found['scan_s']:.4g} s"),
        ("time of line ends", _seconds(found["line_ends_s"])),
        ("time of ways between blocks", _seconds(found["block_moves_s"])),
    ]
    if int(job.light.rows.lines.sum()) > len(job.light.struts) or found["cuts"]:
        from .doses import peak

        most = peak(job.light)
        where = "overlap, at seams" if most.twice else "overlap"
        rows.append((f"dose where lines of a strut {where}", f"{most.times:.3g} times that of one"))
    if found["blocks"] > 1 and how.invert_z:
        from .optics import half_angle

        half = math.degrees(half_angle(how.aperture, how.index))
        lean = f"seams lean {math.degrees(how.shear):.3g} deg"
        rows.append(("half the angle of the beam", f"{half:.3g} deg; {lean}"))
    if found["cuts"]:
        rows.append(("cuts through struts at seams", str(found["cuts"])))
    if found["floating_lines"]:
        rows.append(("lines that float when they are written", str(found["floating_lines"])))
    return found["time_s"], tuple(rows), found


def _range(pair: Iterable[float], scale: float, unit: str) -> str:
    low, high = (v * scale for v in pair)
    one, two = f"{low:.4g}", f"{high:.4g}"
    return f"{one} {unit}" if one == two else f"{one} to {two} {unit}"


def _seconds(value: object) -> str:
    return f"{value:.4g} s" if isinstance(value, int | float) else UNKNOWN
