"""Linear least squares with honest uncertainties: given or estimated standard deviations, and points that do not belong."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Points that lie this many (robust) standard deviations off are named and left out: one in a million by chance.
OUTLIER = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """`value` and `covariance` of a linear fit. With standard deviations given, `chi2` over `dof` is about 1 where the model
    holds, and where it is above 1 the covariance is scaled by it (Birge); without, the scatter sets the scale."""

    value: Floats
    covariance: Floats
    chi2: float
    dof: int
    weighted: bool

    @property
    def sd(self) -> Floats:
        out: Floats = np.sqrt(np.diag(self.covariance))
        return out

    def factor95(self) -> float:
        """Standard uncertainties that a 95 % interval reaches to: Student's t where the scatter was estimated."""
        from scipy.special import stdtrit

        estimated = not self.weighted or self.chi2 > self.dof
        return float(stdtrit(max(self.dof, 1), 0.975)) if estimated else 1.96


def least_squares(design: Floats, y: Floats, sd: Floats | None) -> Fit:
    """Weighted least squares of y[N] = design[N,K] @ value with standard deviations `sd[N]`, or with equal unknown ones."""
    weight = np.ones(len(y)) if sd is None else 1.0 / sd
    a, b = design * weight[:, None], y * weight
    q, r = np.linalg.qr(a)
    value = np.linalg.solve(r, q.T @ b)
    inverse = np.linalg.inv(r)
    covariance = inverse @ inverse.T
    dof = len(y) - design.shape[1]
    chi2 = float(np.sum((b - a @ value) ** 2))
    scale = chi2 / dof if dof > 0 else 1.0
    covariance = covariance * (scale if sd is None else max(1.0, scale))
    return Fit(value, covariance, chi2, dof, sd is not None)


def scatter(design: Floats, y: Floats, kind: npt.NDArray[np.int64]) -> Floats:
    """Standard deviations float64[N] of points of several kinds that scatter differently, from their own residuals: the sum
    of squares of a kind over its points less the parameters that they carry (their leverage)."""
    sd = np.ones(len(y))
    for _ in range(30):
        a = design / sd[:, None]
        q, r = np.linalg.qr(a)
        off = y - design @ np.linalg.solve(r, q.T @ (y / sd))
        free = 1.0 - np.einsum("ij,ij->i", q, q)
        for k in np.unique(kind):
            mine = kind == k
            sd[mine] = math.sqrt(
                max(float(np.sum(off[mine] ** 2)), 1e-24) / max(float(free[mine].sum()), 0.5)
            )
    return sd


def outliers(design: Floats, y: Floats, sd: Floats | None) -> npt.NDArray[np.bool_]:
    """Points that do not follow the others: farther than OUTLIER robust standard deviations from a fit that large
    residuals do not pull at (Tukey's biweight, begun from least absolute deviations). None where too few are left to tell."""
    n, k = design.shape
    if n < k + (4 if sd is None else 3):
        return np.zeros(n, bool)
    weight = np.ones(n) if sd is None else 1.0 / sd
    a, b = design * weight[:, None], y * weight
    pull = np.ones(n)
    scale = 1.0
    for step in range(60):
        root = np.sqrt(pull)
        value = np.linalg.lstsq(a * root[:, None], b * root, rcond=None)[0]
        off = np.abs(b - a @ value)
        # A fit through k points makes k residuals small: the median is taken of the others.
        scale = 1.4826 * float(np.median(np.sort(off)[k - 1 :]))
        # Given standard deviations are believed until the scatter is larger.
        scale = max(scale, 1.0 if sd is not None else 1e-9 * float(np.abs(b).max()), 1e-300)
        if step < 20:
            pull = 1.0 / np.maximum(off, 0.05 * scale)
        else:
            pull = np.maximum(0.0, 1.0 - (off / (OUTLIER * scale)) ** 2) ** 2 + 1e-6
    limit = OUTLIER * scale * (1.0 if sd is not None else 1.0 + 4.0 / (n - k))
    found: npt.NDArray[np.bool_] = off > limit
    most = (n - k) // 3
    if int(found.sum()) > most:
        return np.zeros(n, bool)
    while int(found.sum()) < most:
        worst = _worst(a, b, ~found, sd is not None)
        if worst is None:
            break
        found[worst] = True
    return found


def _worst(a: Floats, b: Floats, kept: npt.NDArray[np.bool_], weighted: bool) -> int | None:
    """The kept point that lies farthest from a fit without it, None where none lies too far: what the robust scale of a few
    points is too coarse to see. Without given standard deviations the limit is Student's t at 1e-4 for any of the points."""
    at = np.flatnonzero(kept)
    n, k = len(at), a.shape[1]
    q, r = np.linalg.qr(a[at])
    if n < k + 3 or np.abs(np.diag(r)).min() < 1e-12:
        return None
    off = b[at] - q @ (q.T @ b[at])
    free = np.maximum(1.0 - np.einsum("ij,ij->i", q, q), 1e-9)
    without = np.maximum((float(off @ off) - off**2 / free) / (n - k - 1), 1e-300)
    scale = np.sqrt(np.maximum(without, 1.0) if weighted else without)
    far = np.where(free > 1e-6, np.abs(off) / (scale * np.sqrt(free)), 0.0)
    if weighted:
        limit = OUTLIER
    else:
        from scipy.special import stdtrit

        limit = float(stdtrit(n - k - 1, 1.0 - 0.5e-4 / n))
    i = int(np.argmax(far))
    return int(at[i]) if far[i] > limit else None
