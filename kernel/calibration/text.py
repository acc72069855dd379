"""What a calibration found, as data for machines and in words for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..calibrate import InkFit
from .least_squares import Fit


def as_data(fits: Sequence[InkFit]) -> list[dict[str, Any]]:
    """The fits as JSON holds them: what was fitted, what was given, how well, and which rows were left out."""
    return [
        {
            "ink": f.ink,
            "bath": f.bath,
            "settings": len(f.rows),
            "lines": sum(r.n for r in f.rows),
            "measured": sorted(f.measured),
            "shrink": f.shrink,
            "shrink_sd": f.shrink_sd,
            "poisson": f.poisson,
            "poisson_sd": f.poisson_sd,
            "shrink_poisson": f.shrink_poisson,
            "held": f.shrink * (1.0 + f.poisson),
            "held_sd": f.held_sd,
            "shrink_fit": _quality(f.ratio),
            "swell": f.swell,
            "swell_sd": f.swell_sd,
            "index": f.index,
            "index_sd": f.index_sd,
            "flow_fit": None if f.flow is None else _quality(f.flow),
            "nozzles": [
                {
                    "nozzle": z.nozzle,
                    "nozzle_um": z.nozzle_um,
                    "settings": z.settings,
                    "pressure_kpa": z.pressure_kpa,
                    "resistance_kpa_s_pl": z.resistance_kpa_s_um3 * 1e3,
                    "resistance_sd": z.resistance_sd * 1e3,
                    "calibration": [{"pressure_kpa": p, "flow_pl_s": q / 1e3} for p, q in z.table()],
                }
                for z in f.nozzles
            ],
            "left_out": [r.span.where for r in f.left_out],
        }
        for f in fits
    ]


def _quality(fit: Fit) -> dict[str, Any]:
    return {
        "chi2": fit.chi2 if fit.weighted else None,
        "degrees_of_freedom": fit.dof,
        "factor_95": fit.factor95(),
        "covariance": fit.covariance.tolist(),
    }


def summary_text(fits: Sequence[InkFit]) -> str:
    """The fits in words, for a terminal."""
    out = []
    for f in fits:
        out.append(f"{f.ink} in {f.bath}:" if f.bath else f"{f.ink}:")
        own = (
            f"(chi2 {f.ratio.chi2:.3g} for {f.ratio.dof})"
            if f.ratio.weighted
            else f"(from the scatter of {f.ratio.dof + 1} rows)"
        )
        taken = "" if "poisson" in f.measured else ", taken"
        rows = [
            ("free shrinkage", f"{100 * f.shrink:.4g} +- {100 * f.shrink_sd:.2g} %  {own}"),
            ("held lines thin by", f"{100 * f.shrink * (1 + f.poisson):.4g} +- {100 * f.held_sd:.2g} %"),
            ("Poisson's ratio", f"{f.poisson:.3g} +- {f.poisson_sd:.2g}{taken}"),
            (
                "swell",
                f"{f.swell:.4g} +- {f.swell_sd:.2g}" if f.swell_sd is not None else f"{f.swell:g}, taken",
            ),
        ]
        rows += [("flow index", f"{f.index:.3g} +- {f.index_sd:.2g}")] if f.index_sd is not None else []
        for z in f.nozzles:
            at = "" if z.index == 1.0 else f" at {z.pressure_kpa:.4g} kPa"
            said = f"{z.resistance_kpa_s_um3 * 1e3:.4g} +- {z.resistance_sd * 1e3:.2g} kPa s/pL{at}, {z.settings} settings"
            rows.append((f"nozzle {z.nozzle}", said))
        out += [f"  {label:<20}{said}" for label, said in rows]
    return "\n".join(out)
