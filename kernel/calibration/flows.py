"""Swell of an ink and resistance of its nozzles: the linear equations of widths and flows, in logarithms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..diagnostics import Diagnostic, warning
from .least_squares import Fit, Floats, least_squares, outliers, scatter
from .measurements import Row
from .weights import all_or_none, mean_sd, name_outliers

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
class Flow:
    """What widths and flows tell of an ink. `measured`: which of swell, resistance and index they tell, and nothing that was given."""

    swell: float
    swell_sd: float | None
    index: float = 1.0
    index_sd: float | None = None
    nozzles: tuple[NozzleFit, ...] = ()
    fit: Fit | None = None
    measured: frozenset[str] = frozenset()


def flows(what: str, rows: Sequence[Row], swell: float, keep: bool, said: list[Diagnostic]) -> Flow:
    """Swell and the resistance of every nozzle."""
    lacking = [k for k in ("pressure_kpa", "speed_um_s") if not any(getattr(r, k) is not None for r in rows)]
    lacking += [] if any(r.nozzle for r in rows) else ["nozzle"]
    with_flow = [r for r in rows if r.flow_um3_s is not None and r.speed_um_s is not None]
    if lacking and len(with_flow) < 2:
        names = ", ".join(n.split("_")[0] for n in lacking)
        said.append(
            warning("X737", f"no {names} for {what}: resistance and swell are not fitted", rows[0].span)
        )
        return Flow(swell, None)
    used = [
        r
        for r in rows
        if r.speed_um_s is not None
        and (r.flow_um3_s is not None or (r.pressure_kpa is not None and r.nozzle))
    ]
    if len(used) < 2:
        said.append(warning("X737", f"{len(used)} rows of {what} have pressure, speed and nozzle: resistance is not fitted",
                            rows[0].span))  # fmt: skip
        return Flow(swell, None)
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

    def solve(self, keep: bool) -> Flow:
        lines = [self._line(i, kind) for i in range(len(self.rows)) for kind in ("width", "flow")]
        held = [x for x in lines if x is not None]
        design = np.array([x[0] for x in held])
        y = np.array([x[1] for x in held])
        owner = np.array([x[3] for x in held])
        sd = all_or_none(
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
            name_outliers(rows_off, self.rows, "wet width (or flow)", told, self.said)
            keepers = ~np.isin(owner, owner[off])
            if np.linalg.matrix_rank(design[keepers]) == design.shape[1]:
                design, y, kind = design[keepers], y[keepers], kind[keepers]
                if weights is not None:
                    weights = weights[keepers] if weighted else scatter(design, y, kind)
        if np.linalg.matrix_rank(design) < design.shape[1] or len(y) < design.shape[1]:
            self.said.append(
                warning("X737", f"too few settings of {self.what} to fit its resistance", self.rows[0].span)
            )
            return Flow(self.swell, None)
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
        mean = mean_sd(r.sd_wet_um, r.n)
        return a, y, None if mean is None else mean / r.wet_um, i, 0

    def _unpacked(self, fit: Fit) -> Flow:
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
        return Flow(swell, sd, index, index_sd, tuple(nozzles), fit, frozenset(measured))
