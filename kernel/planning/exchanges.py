"""Exchanges: which prints share a bath so that it is changed as seldom as can be, and what every change of ink or bath costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..filaments import Ints
from ..motion import ON_THE_SPOT
from ..plan import Plan
from ..rig import Rig
from .phases import Needs, phases
from .tip import reach_um

if TYPE_CHECKING:
    from ..build import Job


def bath_groups(jobs: Sequence[Job], rig: Rig) -> Ints:
    """Group of every job, int64[J]: groups are printed in rising order, with a change of bath between one and the next.

    Prints in different baths that stand within a nozzle's reach of each other keep the order in which they are written; the others
    are gathered, so that the bath is changed as seldom as that allows.
    """
    baths = [job.print.bath.name if job.print.bath else "" for job in jobs]
    known = list(dict.fromkeys(baths))
    if len(known) < 2:
        return np.zeros(len(jobs), np.int64)
    low, high, rise, wide = [], [], 0.0, 0.0
    for job in jobs:
        wet = job.filaments.state("wet")
        some = len(wet.points_um) > 0
        low.append(wet.points_um.min(axis=0) if some else np.full(3, np.inf))
        high.append(wet.points_um.max(axis=0) if some else np.full(3, -np.inf))
        if some:
            rise = max(rise, float(high[-1][2] + wet.height_um.max()))
            wide = max(wide, float(wet.width_um.max()))
    apart = wide + max((reach_um(nozzle, rise) for nozzle in rig.nozzles), default=0.0)
    edges = [
        (i, j)
        for j in range(len(jobs))
        for i in range(j)
        if baths[i] != baths[j]
        and (np.maximum(low[i], low[j]) - np.minimum(high[i], high[j]))[:2].max() <= apart
    ]
    colour = np.array([known.index(b) for b in baths], dtype=np.int64)
    return phases(len(jobs), Needs(np.array(edges, dtype=np.int64).reshape(-1, 2)), colour).phase


def exchange_table(plan: Plan, rig: Rig) -> list[dict[str, Any]]:
    """Every change of ink or bath with what it costs, s: `nozzle_s` (machine: exchange, rinse, re-registration), `operator_s`, `bath_s`,
    `purge_s` (purging, priming and wiping); `before` is the place in the order."""
    found: list[dict[str, Any]] = []
    for event in plan.events:
        if event.before == 0 or event.kind not in ("switch_ink", "change_bath", "operator", *ON_THE_SPOT):
            continue
        if event.kind in ("switch_ink", "change_bath") and (not found or found[-1]["before"] != event.before):
            found.append(
                {
                    "before": event.before,
                    "ink": None, "from_ink": None, "bath": None,
                    "nozzle": rig.nozzles[event.nozzle].name,
                    "nozzle_s": 0.0, "operator_s": 0.0, "bath_s": 0.0, "purge_s": 0.0,
                }
            )  # fmt: skip
        if not found or found[-1]["before"] != event.before:
            continue
        row = found[-1]
        if event.kind == "switch_ink":
            row["ink"] = event.name
            before = plan.filaments.material[plan.order[event.before - 1]]
            row["from_ink"] = plan.filaments.inks[before].name
            row["nozzle_s"] += event.time_s
        elif event.kind == "change_bath":
            row["bath"] = event.name
            row["bath_s"] += event.time_s
        else:
            key = "operator_s" if event.kind == "operator" else "purge_s"
            row[key] += event.time_s
    for row in found:
        row["time_s"] = row["nozzle_s"] + row["operator_s"] + row["bath_s"] + row["purge_s"]
    return found
