"""Calibration: swell, free shrinkage and resistance of an ink from measured widths, by weighted least squares with uncertainties.

Shrinkage. A line that lies on the substrate keeps its length, so its width falls by s (1 + nu), that of a free one by s:
dried / wet = 1 - s (held) or 1 - s - s nu. Where both kinds were measured, s and nu are fitted; else nu is given, with its
own uncertainty, which s inherits. The ratio of two widths of the same lines does not depend on how much ink flowed.

Flow. wet = swell * 2 sqrt(Q / (pi v)) and P = R Q^n. Widths and pressures alone tell swell^2 / R only: swell needs the flow
measured apart (column `flow`); without it swell is given, R holds for that swell, and widths come out alike. In logarithms
all is linear: ln w + ln(pi v) / 2 - ln 2 = ln swell + q / 2, ln Q = q, q = c_nozzle + (ln P - ln P0_nozzle) / n.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .calibration.flows import NozzleFit, flows
from .calibration.least_squares import Fit, Floats, least_squares, outliers
from .calibration.measurements import Row, Table
from .calibration.weights import all_or_none, mean_sd, name_outliers
from .diagnostics import Diagnostic, WetprintError, error, warning

#: Poisson's ratio where held lines alone were measured, and its standard uncertainty. Assumed: such gels hardly lie
#: outside 0 to 0.4.
POISSON, POISSON_SD = 0.2, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class InkFit:
    """What the rows of one ink in one bath say. `shrink_sd`, `poisson_sd` and their correlation `shrink_poisson` belong
    together; `measured` names what was fitted, all else was given. `held_sd`: of s (1 + nu), what held lines show."""

    ink: str
    bath: str
    rows: tuple[Row, ...]
    left_out: tuple[Row, ...]
    shrink: float
    shrink_sd: float
    poisson: float
    poisson_sd: float
    shrink_poisson: float
    held_sd: float
    ratio: Fit
    swell: float
    swell_sd: float | None
    index: float
    index_sd: float | None
    nozzles: tuple[NozzleFit, ...]
    flow: Fit | None
    measured: frozenset[str]

    @property
    def dried_um(self) -> tuple[float, float]:
        """Narrowest and widest dried line."""
        return min(r.dried_um for r in self.rows), max(r.dried_um for r in self.rows)


def calibrate(
    table: Table,
    *,
    poisson: float = POISSON,
    poisson_sd: float = POISSON_SD,
    swell: float = 1.0,
    keep: bool = False,
) -> tuple[tuple[InkFit, ...], list[Diagnostic]]:
    """A fit for each ink and bath, in the order of the table, and what is to be said (outliers, what cannot be fitted).

    `poisson`, `poisson_sd`, `swell`: taken where the table cannot tell. `keep`: outliers stay in.
    Raises WetprintError (X734) where an ink has fewer than two rows, X733 where widths contradict each other.
    """
    said: list[Diagnostic] = list(table.diagnostics)
    wrong: list[Diagnostic] = []
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in table.rows:
        groups.setdefault((row.ink, row.bath), []).append(row)
    fits = []
    for (ink, bath), rows in groups.items():
        what = f"{ink} in {bath}" if bath else ink
        if len(rows) < 2:
            wrong.append(
                error("X734", f"1 row of {what}; two or more were expected", rows[0].span,
                      notes=("one measurement says nothing of its own uncertainty",))
            )  # fmt: skip
            continue
        try:
            fits.append(_fit(what, rows, poisson, poisson_sd, swell, keep, said))
        except WetprintError as caught:
            wrong += caught.diagnostics
    if wrong:
        raise WetprintError(*wrong)
    return tuple(fits), said


def _fit(
    what: str,
    rows: list[Row],
    poisson: float,
    poisson_sd: float,
    swell: float,
    keep: bool,
    said: list[Diagnostic],
) -> InkFit:
    good, ratio = _ratios(what, rows, keep, said)
    kept = [r for r, ok in zip(rows, good, strict=True) if ok]
    s, nu, cov, measured = _shrinkage(what, kept, ratio, poisson, poisson_sd, said)
    if not 0.0 <= s < 0.9:
        raise WetprintError(
            error("X733", f"{what} shrinks by {s:.3g} with a Poisson's ratio of {nu:.3g}; 0 to 0.9 was expected",
                  kept[0].span, notes=("look for wet and dried widths that were exchanged, and at the column `held`",))
        )  # fmt: skip
    turn = np.array([1.0 + nu, s])
    held = math.sqrt(float(turn @ cov @ turn))
    sd = np.sqrt(np.diag(cov))
    corr = float(cov[0, 1] / (sd[0] * sd[1])) if sd.all() else 0.0
    flow = flows(what, kept, swell, keep, said)
    return InkFit(
        rows[0].ink, rows[0].bath, tuple(kept), tuple(r for r, ok in zip(rows, good, strict=True) if not ok),
        float(s), float(sd[0]), float(nu), float(sd[1]), corr, held, ratio,
        flow.swell, flow.swell_sd, flow.index, flow.index_sd, flow.nozzles, flow.fit,
        frozenset(measured | flow.measured),
    )  # fmt: skip


def _shrinkage(
    what: str, rows: list[Row], ratio: Fit, poisson: float, poisson_sd: float, said: list[Diagnostic]
) -> tuple[float, float, Floats, frozenset[str]]:
    """s, nu, their covariance, and which of them were measured."""
    if ratio.value.size == 2:
        s, t = (float(v) for v in ratio.value)
        nu = t / s if s > 0 else math.inf
        if 0.0 <= nu <= 0.5:
            turn = np.array([[1.0, 0.0], [-t / s**2, 1.0 / s]])  # nu = t / s by its derivatives
            return s, nu, turn @ ratio.covariance @ turn.T, frozenset({"shrink", "poisson"})
        said.append(
            warning("X737", f"{nu:.3g} is the Poisson's ratio that held and free lines of {what} show; {poisson:g} is taken",
                    rows[0].span, notes=("0 to 0.5 was expected; more lines make it more certain",))
        )  # fmt: skip
        # Both kinds together, for the ratio that is taken.
        grip = np.array([1.0 + poisson * r.held for r in rows])[:, None]
        y = np.array([1.0 - r.dried_um / r.wet_um for r in rows])
        one = least_squares(grip, y, _ratio_sd(rows))
        step = least_squares(grip + 1e-4 * np.array([[r.held] for r in rows]), y, _ratio_sd(rows))
        s, own = float(one.value[0]), float(one.sd[0])
        by_nu = (float(step.value[0]) - s) / 1e-4
    else:
        hold = 1.0 + poisson if rows[0].held else 1.0
        s, own = float(ratio.value[0]) / hold, float(ratio.sd[0]) / hold
        by_nu = -s / hold if rows[0].held else 0.0
    var = poisson_sd**2
    cov = np.array([[own**2 + by_nu**2 * var, by_nu * var], [by_nu * var, var]])
    return s, poisson, cov, frozenset({"shrink"})


def _ratio_sd(rows: Sequence[Row]) -> Floats | None:
    """Standard deviations of dried / wet, None where a row lacks one."""
    found = [_one_ratio_sd(r) for r in rows]
    return None if any(v is None for v in found) else np.array(found, dtype=np.float64)


def _one_ratio_sd(r: Row) -> float | None:
    wet, dried = mean_sd(r.sd_wet_um, r.n), mean_sd(r.sd_dried_um, r.n)
    if wet is None or dried is None:
        return None
    return r.dried_um / r.wet_um * math.hypot(wet / r.wet_um, dried / r.dried_um)


def _ratios(
    what: str, rows: Sequence[Row], keep: bool, said: list[Diagnostic]
) -> tuple[npt.NDArray[np.bool_], Fit]:
    """Fit of 1 - dried / wet: s (1 + nu) of held or s of free rows, or s and s nu where there are both."""
    y = np.array([1.0 - r.dried_um / r.wet_um for r in rows])
    held = np.array([r.held for r in rows])
    both = held.any() and not held.all()
    design = np.column_stack([np.ones(len(rows)), held.astype(float)]) if both else np.ones((len(rows), 1))
    sds = [_one_ratio_sd(r) for r in rows]
    sd = all_or_none(sds, what, "`sd wet` and `sd dried`", rows, said)
    off = np.zeros(len(rows), bool) if keep else outliers(design, y, sd)
    good = ~off
    name_outliers(off, rows, "shrinkage", [f"{100 * v:.3g} %" for v in y], said)
    if both and (held[good].all() or not held[good].any()):
        design = design[:, :1]  # one kind is left: it tells one figure
    return good, least_squares(design[good], y[good], None if sd is None else sd[good])
