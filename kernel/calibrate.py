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
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from .calibration.least_squares import Fit, Floats, least_squares, outliers, scatter
from .calibration.measurements import Row, Table
from .diagnostics import Diagnostic, WetprintError, error, warning

#: Poisson's ratio where held lines alone were measured, and its standard uncertainty. Assumed: such gels hardly lie
#: outside 0 to 0.4.
POISSON, POISSON_SD = 0.2, 0.1

#: The flow index n is fitted where one nozzle was driven at this many pressures over this range or more, else it is 1.
_PRESSURES, _RANGE = 3, 1.5


@dataclass(frozen=True, slots=True)
class NozzleFit:
    """One nozzle: P = resistance * Q where n is 1; else `resistance_kpa_s_um3` is P / Q at `pressure_kpa`, the geometric mean of
    what it was driven at. `low_kpa` to `high_kpa` is the range that was measured."""

    nozzle: str
    nozzle_um: float | None
    pressure_kpa: float
    resistance_kpa_s_um3: float
    resistance_sd: float
    index: float
    low_kpa: float
    high_kpa: float
    settings: int

    def flow_um3_s(self, pressure_kpa: float) -> float:
        return float(
            self.pressure_kpa
            / self.resistance_kpa_s_um3
            * (pressure_kpa / self.pressure_kpa) ** (1.0 / self.index)
        )

    def table(self) -> tuple[tuple[float, float], ...]:
        """(pressure, flow) pairs over the range that was measured; two where they lie on a line through nothing."""
        points = 2 if self.index == 1.0 else 5
        ends = (
            np.geomspace(self.low_kpa, self.high_kpa, points)
            if self.high_kpa > self.low_kpa
            else [self.low_kpa]
        )
        return tuple((float(p), self.flow_um3_s(float(p))) for p in ends)


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
    flow = _flows(what, kept, swell, keep, said)
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
    wet, dried = _mean_sd(r.sd_wet_um, r.n), _mean_sd(r.sd_dried_um, r.n)
    if wet is None or dried is None:
        return None
    return r.dried_um / r.wet_um * math.hypot(wet / r.wet_um, dried / r.dried_um)


def _mean_sd(sd: float | None, n: int) -> float | None:
    return None if sd is None or sd == 0.0 else sd / math.sqrt(n)


def _ratios(
    what: str, rows: Sequence[Row], keep: bool, said: list[Diagnostic]
) -> tuple[npt.NDArray[np.bool_], Fit]:
    """Fit of 1 - dried / wet: s (1 + nu) of held or s of free rows, or s and s nu where there are both."""
    y = np.array([1.0 - r.dried_um / r.wet_um for r in rows])
    held = np.array([r.held for r in rows])
    both = held.any() and not held.all()
    design = np.column_stack([np.ones(len(rows)), held.astype(float)]) if both else np.ones((len(rows), 1))
    sds = [_one_ratio_sd(r) for r in rows]
    sd = _all(sds, what, "`sd wet` and `sd dried`", rows, said)
    off = np.zeros(len(rows), bool) if keep else outliers(design, y, sd)
    good = ~off
    _name(off, rows, "shrinkage", [f"{100 * v:.3g} %" for v in y], said)
    if both and (held[good].all() or not held[good].any()):
        design = design[:, :1]  # one kind is left: it tells one figure
    return good, least_squares(design[good], y[good], None if sd is None else sd[good])


def _all(
    values: Sequence[float | None], what: str, columns: str, rows: Sequence[Row], said: list[Diagnostic]
) -> Floats | None:
    """The standard deviations where every row has one; where some lack it, all weigh alike and that is said."""
    known = [v for v in values if v is not None]
    if len(known) == len(values):
        return np.array(known)
    if known:
        first = next(r for r, v in zip(rows, values, strict=True) if v is None)
        said.append(
            warning("X735", f"{len(values) - len(known)} of {len(values)} rows of {what} lack {columns}; all rows weigh alike",
                    first.span, label="this row is the first")
        )  # fmt: skip
    return None


def _name(
    off: npt.NDArray[np.bool_], rows: Sequence[Row], of: str, values: Sequence[str], said: list[Diagnostic]
) -> None:
    for k in np.flatnonzero(off).tolist():
        usual = [v for v, o, r in zip(values, off, rows, strict=True) if not o and r.held == rows[k].held]
        said.append(
            warning("X736", f"{values[k]} is the {of} of this row; it does not follow the others and is left out",
                    rows[k].span, notes=(f"others: {', '.join(usual[:6])}{' ...' if len(usual) > 6 else ''}",
                                         "`--keep-outliers` takes it in"))
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Flow:
    swell: float
    swell_sd: float | None
    index: float = 1.0
    index_sd: float | None = None
    nozzles: tuple[NozzleFit, ...] = ()
    fit: Fit | None = None
    measured: frozenset[str] = frozenset()


def _flows(what: str, rows: Sequence[Row], swell: float, keep: bool, said: list[Diagnostic]) -> _Flow:
    """Swell and the resistance of every nozzle."""
    lacking = [k for k in ("pressure_kpa", "speed_um_s") if not any(getattr(r, k) is not None for r in rows)]
    lacking += [] if any(r.nozzle for r in rows) else ["nozzle"]
    with_flow = [r for r in rows if r.flow_um3_s is not None and r.speed_um_s is not None]
    if lacking and len(with_flow) < 2:
        names = ", ".join(n.split("_")[0] for n in lacking)
        said.append(
            warning("X737", f"no {names} for {what}: resistance and swell are not fitted", rows[0].span)
        )
        return _Flow(swell, None)
    used = [
        r
        for r in rows
        if r.speed_um_s is not None
        and (r.flow_um3_s is not None or (r.pressure_kpa is not None and r.nozzle))
    ]
    if len(used) < 2:
        said.append(warning("X737", f"{len(used)} rows of {what} have pressure, speed and nozzle: resistance is not fitted",
                            rows[0].span))  # fmt: skip
        return _Flow(swell, None)
    if not with_flow:
        said.append(
            warning("X737", f"no flow for {what}: swell is taken as {swell:g}, and resistances hold for that", rows[0].span,
                    notes=("widths and pressures tell swell^2 over resistance only; a column `flow` tells them apart",))
        )  # fmt: skip
    return _Equations(what, used, swell, said).solve(keep)


class _Equations:
    """The linear equations of widths and flows, in logarithms. Unknowns: ln swell (where flows tell it), c of every nozzle, 1 / n."""

    def __init__(self, what: str, rows: Sequence[Row], swell: float, said: list[Diagnostic]) -> None:
        self.what, self.rows, self.swell, self.said = what, rows, swell, said
        self.fits_swell = any(r.flow_um3_s is not None for r in rows)
        drives = [r.pressure_kpa is not None and bool(r.nozzle) for r in rows]
        driven = [r for r, yes in zip(rows, drives, strict=True) if yes]
        self.names = list(dict.fromkeys(r.nozzle for r in driven))
        self.kpa = {k: [float(r.pressure_kpa or 0) for r in driven if r.nozzle == k] for k in self.names}
        self.mean = {k: float(np.exp(np.mean(np.log(v)))) for k, v in self.kpa.items()}
        self.fits_index = any(
            len(set(v)) >= _PRESSURES and max(v) / min(v) >= _RANGE for v in self.kpa.values()
        )
        # A row that has a flow but no pressure speaks of swell alone: its own flow is its unknown.
        self.loose = [i for i, yes in enumerate(drives) if not yes]

    def solve(self, keep: bool) -> _Flow:
        lines = [self._line(i, kind) for i in range(len(self.rows)) for kind in ("width", "flow")]
        held = [x for x in lines if x is not None]
        design = np.array([x[0] for x in held])
        y = np.array([x[1] for x in held])
        owner = np.array([x[3] for x in held])
        sd = _all(
            [x[2] for x in held], self.what, "`sd wet` or `sd flow`", [self.rows[k] for k in owner], self.said
        )
        kind = np.array([x[4] for x in held])
        weights, weighted = sd, sd is not None
        enough = np.linalg.matrix_rank(design) == design.shape[1] and len(y) > design.shape[1]
        if not weighted and enough and len(np.unique(kind)) > 1:
            weights = scatter(design, y, kind)
        off = np.zeros(len(y), bool) if keep else outliers(design, y, None if weights is None else weights)
        if off.any():
            told = [f"{self.rows[k].wet_um:.4g} um" for k in range(len(self.rows))]
            rows_off = np.isin(np.arange(len(self.rows)), owner[off])
            _name(rows_off, self.rows, "wet width (or flow)", told, self.said)
            keepers = ~np.isin(owner, owner[off])
            if np.linalg.matrix_rank(design[keepers]) == design.shape[1]:
                design, y, kind = design[keepers], y[keepers], kind[keepers]
                if weights is not None:
                    weights = weights[keepers] if weighted else scatter(design, y, kind)
        if np.linalg.matrix_rank(design) < design.shape[1] or len(y) < design.shape[1]:
            self.said.append(
                warning("X737", f"too few settings of {self.what} to fit its resistance", self.rows[0].span)
            )
            return _Flow(self.swell, None)
        return self._unpacked(replace(least_squares(design, y, weights), weighted=weighted))

    def _line(self, i: int, kind: str) -> tuple[Floats, float, float | None, int, int] | None:
        r = self.rows[i]
        a = np.zeros(self.fits_swell + len(self.names) + self.fits_index + len(self.loose))
        share = 0.5 if kind == "width" else 1.0
        y = 0.0
        if i in self.loose:
            a[self.fits_swell + len(self.names) + self.fits_index + self.loose.index(i)] = share
        else:
            a[self.fits_swell + self.names.index(r.nozzle)] = share
            ln_p = math.log(float(r.pressure_kpa or 0) / self.mean[r.nozzle])
            if self.fits_index:
                a[self.fits_swell + len(self.names)] = share * ln_p
            else:
                y -= share * ln_p
        if kind == "flow":
            if r.flow_um3_s is None:
                return None
            sd = r.sd_flow_um3_s / r.flow_um3_s if r.sd_flow_um3_s else None
            return a, y + math.log(r.flow_um3_s), sd, i, 1
        assert r.speed_um_s is not None
        y += math.log(r.wet_um) + 0.5 * math.log(math.pi * r.speed_um_s) - math.log(2.0)
        if self.fits_swell:
            a[0] = 1.0
        else:
            y -= math.log(self.swell)
        mean = _mean_sd(r.sd_wet_um, r.n)
        return a, y, None if mean is None else mean / r.wet_um, i, 0

    def _unpacked(self, fit: Fit) -> _Flow:
        k = int(self.fits_swell)
        index, index_sd = 1.0, None
        if self.fits_index:
            m, m_sd = float(fit.value[k + len(self.names)]), float(fit.sd[k + len(self.names)])
            if m > 0.05:
                index, index_sd = 1.0 / m, m_sd / m**2
            else:
                self.said.append(
                    warning("X737", f"widths of {self.what} hardly follow the pressure: the resistances are not to be trusted",
                            self.rows[0].span)
                )  # fmt: skip
        nozzles = []
        for j, name in enumerate(self.names):
            flow, kpa = math.exp(float(fit.value[k + j])), self.kpa[name]
            size = next(r.nozzle_um for r in self.rows if r.nozzle == name)
            r = self.mean[name] / flow
            nozzles.append(
                NozzleFit(
                    name,
                    size,
                    self.mean[name],
                    r,
                    r * float(fit.sd[k + j]),
                    index,
                    min(kpa),
                    max(kpa),
                    len(kpa),
                )
            )
        swell = math.exp(float(fit.value[0])) if self.fits_swell else self.swell
        sd = swell * float(fit.sd[0]) if self.fits_swell else None
        measured = {"resistance"} if nozzles else set()
        measured |= {"swell"} if self.fits_swell else set()
        measured |= {"index"} if index_sd is not None else set()
        return _Flow(swell, sd, index, index_sd, tuple(nozzles), fit, frozenset(measured))
