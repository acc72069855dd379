"""Contrast curves: D0, gamma and the window of a film from measured thickness against dose, with uncertainties.

Model: thickness = T clip(gamma log10(D / D0), 0, 1), and where the data falls again at large doses, times
1 - clip(k log10(D / damage), 0, 1). Nonlinear least squares from the best places of a grid; the covariance comes from the Jacobian at the
fit. Its standard deviations are those of the table, scaled up where the scatter is larger (Birge), else the scatter's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..diagnostics import Diagnostic, WetprintError, error, warning
from ..films.dose import d100_of
from .doses import DoseRow, DoseTable
from .least_squares import OUTLIER, Fit, Floats

#: Rows on the slope, between D0 and D100, that a contrast needs.
_SLOPE = 2
#: A fall at large doses is believed where it explains the rows so much better (F ratio of two parameters), over so many of them at
#: least, and takes so much of the plateau away. Chosen for less than one in a thousand by chance.
_F, _FALLING, _FALL = 12.0, 2, 0.1
#: Decades around the doses that the grid covers, and its steps a side.
_BEYOND, _STEPS = 0.5, 60


@dataclass(frozen=True, slots=True, eq=False)
class ContrastFit:
    """A contrast curve; doses in mJ/cm2 (of electrons uC/cm2: `table.unit`), `*_sd` standard uncertainties. `correlation` of ln D0 and gamma. `damage` is None where the
    thickness does not fall again."""

    table: DoseTable
    rows: tuple[DoseRow, ...]
    left_out: tuple[DoseRow, ...]
    d0: float
    d0_sd: float
    gamma: float
    gamma_sd: float
    correlation: float
    full_um: float
    full_sd: float
    d100_sd: float
    damage: float | None
    damage_sd: float | None
    fit: Fit

    @property
    def d100(self) -> float:
        return d100_of(self.d0, self.gamma)

    def at(self, dose: Floats) -> tuple[Floats, Floats]:
        """The curve at doses [N]: thickness, um, and its standard uncertainty by that of the fit."""
        values = self.fit.value
        slopes = _jacobian(lambda v: thickness(dose, v), values)
        spread = np.einsum("ni,ij,nj->n", slopes, self.fit.covariance, slopes)
        return thickness(dose, values), np.sqrt(np.maximum(spread, 0.0))


def thickness(dose: npt.ArrayLike, values: Floats) -> Floats:
    """The model of (ln D0, gamma, T) or (ln D0, gamma, T, ln damage, k) at doses [N]; um where T is."""
    log = np.log10(np.asarray(dose, dtype=float))
    out = values[2] * np.clip(values[1] * (log - values[0] / _LN10), 0.0, 1.0)
    if len(values) > 3:
        out = out * (1.0 - np.clip(values[4] * (log - values[3] / _LN10), 0.0, 1.0))
    return np.asarray(out)


_LN10 = math.log(10.0)


def fit_contrast(table: DoseTable, *, keep: bool = False) -> tuple[ContrastFit, list[Diagnostic]]:
    """The contrast curve of a film, and what is to be said (outliers, doses that do not reach the plateau).

    Raises WetprintError: X734 where too few rows lie on the slope, X733 where the thickness does not rise with the dose.
    """
    said: list[Diagnostic] = []
    rows = sorted(table.rows, key=lambda r: r.dose)
    what = table.film or "the film"
    if len({r.dose for r in rows}) < 4:
        raise WetprintError(
            error("X734", f"{len({r.dose for r in rows})} doses of {what}; four or more were expected", rows[0].span,
                  notes=("doses from where nothing stays to where the thickness grows no more",))
        )  # fmt: skip
    dose, y, sd = _columns(rows, what, said)
    start = _grid(dose, y, sd)
    values = _refine(dose, y, sd, start, robust=True)
    falling = _fall(dose, y, sd, values)
    if falling is None:
        # An outlier before the fall hides it: the last doses may be no outliers, but the fall.
        out = _outliers(dose, y, sd, values)
        last = np.logical_and.accumulate(out[::-1])[::-1]
        if last.sum() >= _FALLING and (out & ~last).any():
            fair = ~out | last
            falling = _fall(dose[fair], y[fair], None if sd is None else sd[fair], values)
    values = values if falling is None else falling
    off = np.zeros(len(rows), dtype=bool) if keep else _outliers(dose, y, sd, values)
    said += [
        warning("X736", f"{1e3 * y[k]:.4g} nm at {dose[k]:.4g} {table.unit} does not follow the other rows of {what} and is left out",
                rows[k].span, notes=(f"the others have {1e3 * float(thickness(dose[k], values)):.4g} nm there",
                                     "`--keep-outliers` takes it in"))
        for k in np.flatnonzero(off).tolist()
    ]  # fmt: skip
    good = ~off
    own = None if sd is None else sd[good]
    values = _refine(dose[good], y[good], own, values, robust=False)
    share = thickness(dose[good], values[:3]) / values[2]
    slope = np.unique(dose[good][(share > 0.02) & (share < 0.98)])
    if not values[1] > 0 or y[good].max() <= 0:
        raise WetprintError(
            error("X733", f"the thickness of {what} does not rise with the dose", rows[0].span)
        )
    if len(slope) < _SLOPE:
        low, high = _d0(values), d100_of(_d0(values), values[1])
        where = (
            f"between {low:.4g} and {high:.4g} {table.unit}"
            if high > dose.min()
            else f"below {dose.min():.4g} {table.unit}: all of these lie on the plateau"
        )
        raise WetprintError(
            error("X734", f"{len(slope)} doses of {what} lie where the thickness rises; {_SLOPE} or more were expected", rows[0].span,
                  notes=(f"expose more {where}",))
        )  # fmt: skip
    if share.max() < 0.999:
        said.append(
            warning("X737", f"the thickness of {what} still rises at {dose.max():.4g} {table.unit}; the plateau is not measured",
                    rows[-1].span, notes=("D100 and gamma rest on a plateau that was extrapolated",))
        )  # fmt: skip
    found = _covariance(dose[good], y[good], own, values)
    return _as_fit(table, rows, off, values, found), said


def _d0(values: Floats) -> float:
    return float(np.exp(values[0]))


def _columns(
    rows: Sequence[DoseRow], what: str, said: list[Diagnostic]
) -> tuple[Floats, Floats, Floats | None]:
    """Doses, thicknesses, and standard uncertainties of the means; None where a row that has thickness lacks one."""
    dose, y = np.array([r.dose for r in rows]), np.array([r.thickness_um for r in rows])
    told = [r.sd_um for r in rows if r.thickness_um > 0]
    known = [v for v in told if v is not None]
    if not known or len(known) < len(told):
        if known:
            first = next(r for r in rows if r.thickness_um > 0 and r.sd_um is None)
            said.append(
                warning("X735", f"{len(told) - len(known)} of {len(told)} rows of {what} lack `sd`; all rows weigh alike",
                        first.span, label="this row is the first")
            )  # fmt: skip
        return dose, y, None
    # Where nothing stays, nothing scatters: such a row weighs as the least certain of the others.
    least = max(known)
    sd = np.array([(r.sd_um if r.sd_um is not None else least) / math.sqrt(r.n) for r in rows])
    return dose, y, sd


def _weights(y: Floats, sd: Floats | None) -> Floats:
    return np.full(len(y), 1.0 / max(float(y.max()), 1e-12)) if sd is None else 1.0 / sd


def _grid(dose: Floats, y: Floats, sd: Floats | None) -> Floats:
    """The best of a grid of D0 and D100, by absolute deviations."""
    log = np.log10(dose)
    steps = np.linspace(log.min() - _BEYOND, log.max() + _BEYOND, _STEPS)
    a, b = np.meshgrid(steps, steps, indexing="ij")
    a, b = a[a < b], b[a < b]
    shape = np.clip((log[None] - a[:, None]) / (b - a)[:, None], 0.0, 1.0)
    w = _weights(y, sd)
    # The plateau of each: what most of the rows say that have some of it.
    part = shape * w[None]
    full = (part * (y * w)[None]).sum(axis=1) / np.maximum((part**2).sum(axis=1), 1e-300)
    off = (np.abs(y[None] - full[:, None] * shape) * w[None]).sum(axis=1)
    k = int(np.argmin(off))
    return np.array([a[k] * _LN10, 1.0 / (b[k] - a[k]), full[k]])


def _refine(dose: Floats, y: Floats, sd: Floats | None, start: Floats, *, robust: bool) -> Floats:
    """Least squares from a start and from starts around it; `robust` lets large residuals pull little."""
    from scipy.optimize import least_squares as solve

    w = _weights(y, sd)
    scale = (
        1.0
        if sd is not None
        else max(1.4826 * float(np.median(np.abs(y - thickness(dose, start)) * w)), 1e-3)
    )

    def off(values: Floats) -> Floats:
        return np.asarray((thickness(dose, values) - y) * w / scale)

    def slopes(values: Floats) -> Floats:
        return _jacobian(off, values)

    low = np.full(len(start), -np.inf)
    low[1] = 1e-3
    if len(start) > 3:
        low[4] = 1e-3
    best, cost = start, math.inf
    for push, steep in ((0.0, 1.0), (-0.1, 0.8), (0.1, 1.25)):
        first = start.copy()
        first[0] += push
        first[1] = max(first[1] * steep, 2e-3)
        found = solve(
            off, first, jac=slopes, bounds=(low, np.full(len(start), np.inf)),
            x_scale=np.maximum(np.abs(start), 1e-3), loss="soft_l1" if robust else "linear", max_nfev=60,
        )  # fmt: skip
        if found.cost < cost * (1 - 1e-12):
            best, cost = found.x, float(found.cost)
    return np.asarray(best)


def _fall(dose: Floats, y: Floats, sd: Floats | None, base: Floats) -> Floats | None:
    """The fit with a fall at large doses, where the rows show one."""
    w = _weights(y, sd)
    top = math.exp(base[0]) * 10 ** (1.0 / base[1])
    last = y[np.argsort(dose)[-_FALLING:]]
    if last.max() > (1.0 - 0.5 * _FALL) * y.max():
        return None
    starts = [d for d in np.unique(dose).tolist() if d >= 0.5 * top]
    best, cost = None, math.inf
    for at in starts[:-1]:
        for steep in (0.5, 2.0):
            # The plateau before the fall: rows behind it had pulled it down.
            before = (dose <= at) & (dose >= top)
            full = float(np.median(y[before])) if before.any() else float(y.max())
            values = _refine(
                dose, y, sd, np.array([base[0], base[1], full, math.log(at), steep]), robust=True
            )
            left = float(np.sum(((thickness(dose, values) - y) * w) ** 2))
            if left < cost:
                best, cost = values, left
    if best is None:
        return None
    plain = float(np.sum(((thickness(dose, base) - y) * w) ** 2))
    falling = int((dose > math.exp(best[3])).sum())
    lost = 1.0 - float(thickness(dose.max(), best)) / max(float(best[2]), 1e-12)
    freedom = max(len(y) - 5, 1)
    ratio = (plain - cost) / 2.0 / max(cost / freedom, 1.0 if sd is not None else 1e-300)
    believed = falling >= _FALLING and lost > _FALL and ratio > _F and len(y) > 6
    return best if believed else None


def _outliers(dose: Floats, y: Floats, sd: Floats | None, values: Floats) -> npt.NDArray[np.bool_]:
    """Rows farther than OUTLIER robust standard deviations off, a third of what is not needed at most."""
    n, k = len(y), len(values)
    none = np.zeros(n, dtype=bool)
    off = np.abs(thickness(dose, values) - y) * _weights(y, sd)
    if n < k + 3:
        return none
    # Rows where nothing stays agree of themselves: the scatter is that of the others.
    live = np.sort(off[(y > 0) | (thickness(dose, values) > 0)])
    scale = 1.4826 * float(np.median(live[min(k - 1, len(live) - 1) :]))
    scale = max(scale, 1.0) if sd is not None else max(scale, 1e-9)
    found: npt.NDArray[np.bool_] = off > OUTLIER * scale * (
        1.0 if sd is not None else 1.0 + 4.0 / max(len(live) - k, 1)
    )
    return none if int(found.sum()) > (n - k) // 3 else found


def _covariance(dose: Floats, y: Floats, sd: Floats | None, values: Floats) -> Fit:
    """The fit's values with their covariance from the Jacobian by central differences."""
    w = np.ones(len(y)) if sd is None else 1.0 / sd
    jacobian = _jacobian(lambda v: thickness(dose, v) * w, values)
    # Rows where the model is flat at nothing and nothing was measured say nothing of the scatter.
    live = int(((y > 0) | (thickness(dose, values) > 0)).sum())
    dof = live - len(values)
    chi2 = float(np.sum(((y - thickness(dose, values)) * w) ** 2))
    scale = chi2 / dof if dof > 0 else 1.0
    inverse: Floats = np.asarray(np.linalg.pinv(jacobian.T @ jacobian), dtype=np.float64)
    return Fit(values, inverse * (scale if sd is None else max(1.0, scale)), chi2, dof, sd is not None)


def _jacobian(of: Callable[[Floats], Floats], values: Floats) -> Floats:
    columns = []
    for k in range(len(values)):
        step = np.zeros(len(values))
        step[k] = 1e-6 * max(abs(float(values[k])), 1e-3)
        columns.append((of(values + step) - of(values - step)) / (2 * step[k]))
    return np.stack(columns, axis=1)


def _as_fit(
    table: DoseTable, rows: Sequence[DoseRow], off: npt.NDArray[np.bool_], values: Floats, found: Fit
) -> ContrastFit:
    d0, gamma = _d0(values), float(values[1])
    sd, cov = found.sd, found.covariance
    # ln D100 = ln D0 + ln10 / gamma.
    turn = np.zeros(len(values))
    turn[:2] = 1.0, -_LN10 / gamma**2
    product = float(sd[0] * sd[1])
    damage = math.exp(values[3]) if len(values) > 3 else None
    return ContrastFit(
        table,
        tuple(r for r, out in zip(rows, off, strict=True) if not out),
        tuple(r for r, out in zip(rows, off, strict=True) if out),
        d0,
        d0 * float(sd[0]),
        gamma,
        float(sd[1]),
        float(cov[0, 1]) / product if product else 0.0,
        float(values[2]),
        float(sd[2]),
        d100_of(d0, gamma) * math.sqrt(max(float(turn @ cov @ turn), 0.0)),
        damage,
        None if damage is None else damage * float(sd[3]),
        found,
    )


def as_data(fits: Sequence[ContrastFit]) -> list[dict[str, Any]]:
    """The fits as JSON holds them; doses mJ/cm2 (of electrons uC/cm2, as the names say), lengths nm."""
    return [
        {
            "film": f.table.film,
            "doses": len(f.rows),
            f"d0_{_key(f)}": f.d0,
            "d0_sd": f.d0_sd,
            "gamma": f.gamma,
            "gamma_sd": f.gamma_sd,
            "correlation": f.correlation,
            f"d100_{_key(f)}": f.d100,
            "d100_sd": f.d100_sd,
            f"damage_{_key(f)}": f.damage,
            "damage_sd": f.damage_sd,
            "thickness_nm": 1e3 * f.full_um,
            "thickness_sd": 1e3 * f.full_sd,
            "chi2": f.fit.chi2 if f.fit.weighted else None,
            "degrees_of_freedom": f.fit.dof,
            "factor_95": f.fit.factor95(),
            "left_out": [r.span.where for r in f.left_out],
        }
        for f in fits
    ]


def _key(fit: ContrastFit) -> str:
    return fit.table.unit.lower().replace("/", "_")


def summary_text(fits: Sequence[ContrastFit]) -> str:
    """The fits in words, for a terminal."""
    out = []
    for f in fits:
        unit = f.table.unit
        rows = [
            ("D0", f"{f.d0:.4g} +- {f.d0_sd:.2g} {unit}"),
            ("gamma", f"{f.gamma:.4g} +- {f.gamma_sd:.2g}"),
            ("D100", f"{f.d100:.4g} +- {f.d100_sd:.2g} {unit}"),
        ]
        if f.damage is not None:
            rows.append(("falls again from", f"{f.damage:.4g} +- {f.damage_sd:.2g} {unit}"))
        upper = (
            f"{f.damage:.4g}" if f.damage is not None else f"{f.rows[-1].dose:.4g} (largest dose measured)"
        )
        rows += [
            ("window", f"{f.d100:.4g} to {upper} {unit}"),
            ("thickness", f"{1e3 * f.full_um:.4g} +- {1e3 * f.full_sd:.2g} nm where all of it stays"),
            ("from", f"{len(f.rows)} doses, {_goodness(f.fit)}"),
        ]
        out.append(f"{f.table.film or 'film'}:")
        out += [f"  {label:<18}{text}" for label, text in rows]
    return "\n".join(out)


def _goodness(fit: Fit) -> str:
    return (
        f"chi2 {fit.chi2:.3g} for {fit.dof}"
        if fit.weighted
        else f"uncertainties from their scatter, {fit.dof} degrees of freedom"
    )
