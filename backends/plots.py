"""Plots as files of their own (SVG): a calibration's data against its fit, and a part's shape against its height."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..kernel.diagnostics import WetprintError, error
from ..kernel.files import writing
from .reports.charts import DRIED, HEIGHT, INK, WET, WIDTH, Series, chart
from .reports.contrast import upright, window

if TYPE_CHECKING:
    from ..kernel.build import Job
    from ..kernel.calibrate import InkFit
    from ..kernel.calibration.contrast import ContrastFit
    from ..kernel.calibration.doses import DoseRow
    from ..kernel.filaments import Floats

_TITLE, _GAP = 34, 26
_STYLE = (
    "text{font:12px 'Source Sans 3','Segoe UI',Helvetica,Arial,'DejaVu Sans',sans-serif;fill:#16202a}"
    ".name{font-weight:600;fill:#55616d}.title{font-size:15px;font-weight:650}"
    ".axis{fill:none;stroke:#16202a;stroke-width:1}.grid{fill:none;stroke:#e3e7ea;stroke-width:1}"
)
#: Nozzles, one after the other; the colour-blind can tell them apart.
_COLOURS = (WET, DRIED, "#3c7d4e", "#7a4a8a", "#8a6d1f", INK)


def write_plots(path: Path, plots: Sequence[tuple[str, str]]) -> Path:
    """A sheet of plots, (title, svg) each, two in a row. Raises WetprintError: X710 not writable, X711 another ending than .svg."""
    if path.suffix.lower() != ".svg":
        raise WetprintError(
            error("X711", f"{path} ends in {path.suffix or 'nothing'}; plots are written as .svg")
        )
    columns = min(2, len(plots))
    rows = -(-len(plots) // 2)
    wide, high = columns * (WIDTH + _GAP) + _GAP, rows * (HEIGHT + _TITLE + _GAP) + _GAP
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}">',
        f'<style>{_STYLE}</style><rect width="{wide}" height="{high}" fill="#fff"/>',
    ]
    for k, (title, svg) in enumerate(plots):
        x, y = _GAP + (k % 2) * (WIDTH + _GAP), _GAP + (k // 2) * (HEIGHT + _TITLE + _GAP)
        words = title.replace("&", "&amp;").replace("<", "&lt;")
        out.append(f'<text x="{x + 2}" y="{y + 8}" class="title">{words}</text>')
        out.append(
            svg.replace("<svg ", f'<svg x="{x}" y="{y + _TITLE - 8}" width="{WIDTH}" height="{HEIGHT}" ', 1)
        )
    out.append("</svg>\n")
    with writing(path) as stream:
        stream.write("".join(out).encode())
    return path


def part_plots(jobs: Sequence[Job], sd_um: Floats | None = None) -> list[tuple[str, str]]:
    """Width and shrinkage of a part against its height, as in the process sheet; `sd_um` of the dried width of every layer."""
    from ..kernel.filaments import join
    from .reports.plots import shape

    part = jobs[0].filaments if len(jobs) == 1 else join([job.filaments for job in jobs])
    titles = ("Width against height", "Shrinkage in plan against height")
    return [(title, drawn.svg) for title, drawn in zip(titles, shape(part, sd_um), strict=False)]


def calibration_plots(fits: Sequence[InkFit]) -> list[tuple[str, str]]:
    """Shrinkage against width, and width against pressure, data with their standard errors and the fit with its own."""
    out = []
    for fit in fits:
        where = f"{fit.ink} in {fit.bath}" if fit.bath else fit.ink
        out.append((f"{where}: s = {100 * fit.shrink:.3g} ± {100 * fit.shrink_sd:.2g} %", _shrinkage(fit)))
        if fit.nozzles:
            swell = f"swell {fit.swell:.4g}" + (f" ± {fit.swell_sd:.2g}" if fit.swell_sd else ", taken")
            out.append((f"{where}: {swell}", _widths(fit)))
    return out


def _shrinkage(fit: InkFit) -> str:
    series = []
    low = min(r.wet_um for r in fit.rows + fit.left_out)
    high = max(r.wet_um for r in fit.rows + fit.left_out)
    s, nu, sd = fit.shrink, fit.poisson, (fit.shrink_sd, fit.poisson_sd)
    # Of what is shown: free lines shrink by s, held ones by s (1 + nu).
    kinds = (
        (True, "held", DRIED, "square", 100 * s * (1 + nu), 100 * fit.held_sd),
        (False, "free", WET, "circle", 100 * s, 100 * sd[0]),
    )
    for held, label, colour, mark, at, spread in kinds:
        rows = [r for r in fit.rows if r.held is held]
        if not rows:
            continue
        series.append(Series("", colour, [low, high], [at, at], "band", y_error=[spread, spread]))
        series.append(Series("", colour, [low, high], [at, at], "line", dash="5 4"))
        y = [100 * (1 - r.dried_um / r.wet_um) for r in rows]
        error = [100 * r.dried_um / r.wet_um * _relative(r) for r in rows]
        series.append(Series(label, colour, [r.wet_um for r in rows], y, "marks", mark=mark, y_error=error))
    if fit.left_out:
        y = [100 * (1 - r.dried_um / r.wet_um) for r in fit.left_out]
        series.append(
            Series("left out", "#a3241b", [r.wet_um for r in fit.left_out], y, "marks", mark="cross")
        )
    return chart("wet width, µm", "shrinkage of the width, %", series, zero_y=True)


def _relative(r: object) -> float:
    """Relative standard error of dried / wet; 0 where the table does not tell it."""
    sds = ((getattr(r, f"sd_{k}_um"), getattr(r, f"{k}_um")) for k in ("wet", "dried"))
    return math.sqrt(sum((sd / w) ** 2 for sd, w in sds if sd)) / math.sqrt(r.n)  # type: ignore[attr-defined]


def _widths(fit: InkFit) -> str:
    """Widths at the commonest speed: those at others are carried to it by the mass balance, w sqrt(v)."""
    rows = [r for r in fit.rows if r.pressure_kpa is not None and r.speed_um_s is not None]
    speeds = [r.speed_um_s for r in rows]
    speed = max(sorted(set(speeds), key=str), key=speeds.count) or 1.0
    series = []
    for k, z in enumerate(fit.nozzles):
        colour = _COLOURS[k % len(_COLOURS)]
        mine = [r for r in rows if r.nozzle == z.nozzle]
        p = np.linspace(z.low_kpa, z.high_kpa, 40) if z.high_kpa > z.low_kpa else np.array([z.low_kpa])
        w = [fit.swell * 2 * math.sqrt(z.flow_um3_s(float(x)) / (math.pi * speed)) for x in p]
        # Half the relative error of the resistance: widths go with its square root.
        half = [0.5 * z.resistance_sd / z.resistance_kpa_s_um3 * x for x in w]
        series.append(Series("", colour, p.tolist(), w, "band", y_error=half))
        series.append(Series("", colour, p.tolist(), w, "line"))
        x = [float(r.pressure_kpa or 0) for r in mine]
        y = [r.wet_um * math.sqrt((r.speed_um_s or speed) / speed) for r in mine]
        e = [(r.sd_wet_um or 0.0) / math.sqrt(r.n) for r in mine]
        series.append(Series(z.nozzle, colour, x, y, "marks", mark=("circle", "square")[k % 2], y_error=e))
    return chart(
        "pressure, kPa", f"wet width at {speed / 1e3:.3g} mm/s, µm", series, zero_x=True, zero_y=True
    )


def contrast_plots(fits: Sequence[ContrastFit]) -> list[tuple[str, str]]:
    """Thickness against dose (logarithmic), data and curve with their standard errors, D0, D100 and the window of doses."""
    out = []
    for fit in fits:
        unit = fit.table.unit.replace("u", "µ").replace("2", "²")
        d0, gamma = f"D0 = {fit.d0:.3g} ± {fit.d0_sd:.2g} {unit}", f"γ = {fit.gamma:.3g} ± {fit.gamma_sd:.2g}"
        out.append((f"{fit.table.film or 'film'}: {d0}, {gamma}", _contrast(fit, unit)))
    return out


def _contrast(fit: ContrastFit, unit: str) -> str:
    doses = [r.dose for r in (*fit.rows, *fit.left_out)]
    log = np.linspace(math.log10(min(*doses, fit.d0)), math.log10(max(*doses, fit.d100)), 200)
    ends = [d for d in (fit.d0, fit.d100, fit.damage) if d is not None]
    log = np.unique(np.concatenate([log, np.log10(ends)]))
    curve, spread = fit.at(10.0**log)
    end = float(log[-1]) if fit.damage is None else math.log10(fit.damage)
    told = [("D0", fit.d0, "left"), ("D100", fit.d100, "right")]
    if fit.damage is not None:
        told.append(("falls again", fit.damage, "right"))
    series = [
        window(math.log10(fit.d100), end, 1e3 * fit.full_um),
        Series("", WET, log.tolist(), (1e3 * curve).tolist(), "band", y_error=(1e3 * spread).tolist()),
        Series("", WET, log.tolist(), (1e3 * curve).tolist(), "line"),
        *(upright(*one) for one in told),
        Series("measured", DRIED, *_measured(fit.rows), "marks", y_error=[_error_nm(r) for r in fit.rows]),
    ]
    if fit.left_out:
        series.append(Series("left out", "#a3241b", *_measured(fit.left_out), "marks", mark="cross"))
    return chart(f"dose, {unit}", "thickness that stays, nm", series, zero_y=True, x_format="log")


def _measured(rows: Sequence[DoseRow]) -> tuple[list[float], list[float]]:
    return [math.log10(r.dose) for r in rows], [1e3 * r.thickness_um for r in rows]


def _error_nm(row: DoseRow) -> float:
    """Standard error of the mean of a row; 0 where the table does not tell it."""
    return 1e3 * (row.sd_um or 0.0) / math.sqrt(row.n)
