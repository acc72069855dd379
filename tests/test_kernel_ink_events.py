"""Ink events: refills where a reservoir ends, wiping after purging, and ways long enough for a new pressure."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetprint.backends.printing.preflight import preflight
from wetprint.kernel.motion import APPROACH, DWELL, PRINT, WIPE, make_toolpath
from wetprint.kernel.order import make_plan, summary, summary_table
from wetprint.kernel.plan import Plan
from wetprint.kernel.planning.clearance import clearance
from wetprint.kernel.planning.refill import uses
from wetprint.kernel.planning.rig_check import problems
from wetprint.kernel.rig import Lags, Rig, Wipe
from wetprint.kernel.toolpath.dosing import dose, lengths_um
from wetprint.kernel.toolpath.frames import to_stage


def holding(rig: Rig, volume_um3: float | None, reserve: float = 0.1) -> Rig:
    def one(load: object) -> object:
        return replace(load, volume_um3=volume_um3, reserve=reserve)  # type: ignore[type-var]

    return replace(rig, nozzles=tuple(replace(n, loads=tuple(map(one, n.loads))) for n in rig.nozzles))  # type: ignore[arg-type]


def taken(plan: Plan, rig: Rig) -> list[list[float]]:
    """Ink taken from every fill of every reservoir, event by event and filament by filament."""
    dosing = dose(plan, rig)
    volume = dosing.flow_um3_s * lengths_um(plan)[plan.order] / dosing.speed_um_s
    found: dict[tuple[int, str], list[float]] = {}
    events = list(plan.events)
    for place, i in enumerate(plan.order.tolist()):
        key = (int(plan.nozzle[place]), plan.filaments.inks[int(plan.filaments.material[i])].name)
        while events and events[0].before <= place:
            e = events.pop(0)
            if e.kind == "refill":
                found.setdefault((e.nozzle, e.name), [0.0]).append(0.0)
            elif e.kind in ("purge", "prime"):
                found.setdefault((e.nozzle, e.name), [0.0])[-1] += e.time_s * float(dosing.flow_um3_s[place])
        found.setdefault(key, [0.0])[-1] += float(volume[place])
    return list(found.values())


@given(st.floats(0.4e6, 4e6), st.floats(0.0, 0.5), st.integers(1, 3))
def test_no_fill_gives_more_than_it_holds(
    plans: ModuleType, volume: float, reserve: float, inks: int
) -> None:
    rig = holding(plans.sim(), volume, reserve)
    part = plans.cross_layers(6, 400.0, 40.0, inks=("au", "cdse", "ag")[:inks])
    plan = make_plan([plans.job(part)], rig)
    plan.validate()
    holds = volume * (1 - reserve)
    fills = taken(plan, rig)
    assert max(max(f) for f in fills) <= holds * (1 + 1e-9)
    # No fill is left while the next filament would still have fitted: fewer refills are not possible.
    most = max(float(u.printed_um3.max()) for u in uses(plan, rig))
    purge = 1.3 * float(dose(plan, rig).flow_um3_s.max())
    for fill in fills:
        assert all(f > holds - most - purge for f in fill[:-1])
    refills = [e for e in plan.events if e.kind == "refill"]
    assert len(refills) == sum(len(f) - 1 for f in fills)
    stops = [e.text for e in plan.events if e.kind == "operator"]
    assert len(stops) == len(refills) and all("Fill the reservoir of nozzle" in t for t in stops)
    assert not [d for d in problems(plan, rig) if d.code == "R516"]


def test_a_refill_is_a_stop_with_a_purge_after_it(plans: ModuleType) -> None:
    rig = holding(plans.sim(), 1e6)
    plan, toolpath = plans.planned(plans.cross_layers(4, 400.0, 40.0), rig)
    at = sorted({e.before for e in plan.events if e.kind == "refill"})
    assert at and at[0] > 0
    for place in at:
        assert [e.kind for e in plan.events if e.before == place] == ["refill", "operator", "purge", "prime"]
    rows = [row for row, e in toolpath.events if e.kind == "refill"]
    assert (toolpath.position_um[np.array(rows) - 1, 2] >= rig.heights.safe_um - 1e-9).all()
    found = summary(plan, toolpath, rig)
    assert found["refills"] == len(at) == found["ink"][0]["refills"]
    assert found["ink"][0]["reservoir_nl"] == pytest.approx(0.9)
    assert f"{len(at)} refill" in summary_table(found)
    assert not [d for d in preflight(toolpath, rig) if d.code == "M619"]


def test_without_a_volume_nothing_is_refilled(plans: ModuleType) -> None:
    plan = make_plan([plans.job(plans.cross_layers(6, 400.0, 40.0))], holding(plans.sim(), None))
    assert not [e for e in plan.events if e.kind in ("refill", "operator")]


def test_one_filament_that_takes_more_than_a_reservoir(plans: ModuleType) -> None:
    rig = holding(plans.sim(), 1.2e5)
    plan = make_plan([plans.job(plans.lines([[[0, 0, 5], [4000, 0, 5]]]))], rig)
    told = [d for d in problems(plan, rig) if d.code == "R516"]
    assert len(told) == 1 and told[0].primary is plans.SPAN


# -- wiping ----------------------------------------------------------------------------------------------------------


WIPE_AT = Wipe((59_000.0, 50_000.0), (59_000.0, 50_800.0), 150.0, passes=3, speed_um_s=800.0)


def test_the_tip_is_wiped_after_every_purge(plans: ModuleType) -> None:
    rig = replace(plans.sim(), wipe=WIPE_AT)
    part = plans.cross_layers(4, 400.0, 40.0, inks=("au", "cdse"))
    plan, toolpath = plans.planned(part, rig)
    wipes = [e.before for e in plan.events if e.kind == "wipe"]
    assert wipes == [e.before for e in plan.events if e.kind == "prime"] and len(wipes) >= 3
    rows = np.flatnonzero(toolpath.kind == WIPE)
    assert len(rows) == 3 * len(wipes)
    assert not toolpath.valve[rows].any() and (toolpath.filament[rows] == -1).all()
    stage = to_stage(rig, toolpath.position_um, toolpath.nozzle)
    # Three ways of 0.8 mm: there, back, there; from the place that the rig gives, whichever nozzle it is.
    for first in rows[::3]:
        y = stage[first - 1 : first + 3, 1] if (toolpath.nozzle[first] == 0) else None
        if y is not None:
            assert np.allclose(y, [50_000, 50_800, 50_000, 50_800])
            assert np.allclose(stage[first - 1 : first + 3, 0], 59_000)
    assert np.allclose(toolpath.position_um[rows, 2], 150.0)
    assert toolpath.speed_um_s[rows] == pytest.approx(800.0)
    # The tip comes down where it begins and goes up where it ends; ink was stopped before.
    assert (toolpath.kind[rows[::3] - 1] == APPROACH).all()
    for first in rows[::3]:
        before = np.flatnonzero(toolpath.kind[:first] == DWELL)[-1]
        assert not toolpath.valve[before] and not toolpath.valve[before:first].any()
    found = summary(plan, toolpath, rig)
    assert found["time_by_kind_s"]["wipe"] == pytest.approx(len(wipes) * 3 * (1.0 + 800 / 5e5), rel=1e-6)
    assert sum(found["time_by_kind_s"].values()) == pytest.approx(found["time_s"])
    assert not [d for d in preflight(toolpath, rig) if d.severity.word == "error"]
    assert clearance(toolpath, rig).least_um > -1.0
    assert toolpath.waits_s().sum() == pytest.approx(2.0 * found["material_switches"])
    # An exchange costs 2 s, 1.3 s of purging, and 3 s of wiping.
    assert {round(e["time_s"], 6) for e in found["exchanges"]} == {6.3}


def test_a_place_to_wipe_on_the_part_is_refused(plans: ModuleType) -> None:
    rig = replace(plans.sim(), wipe=replace(WIPE_AT, from_um=(50_000.0, 50_000.0)))
    plan, toolpath = plans.planned(plans.cross_layers(1, 400.0, 40.0), rig)
    assert [d.code for d in problems(plan, rig, toolpath)] == ["R521"]


# -- pressure --------------------------------------------------------------------------------------------------------


def ramped(rig: Rig, ramp_s: float) -> Rig:
    lags = Lags(0.05, 0.04, "test", ramp_s=ramp_s)
    loads = [tuple(replace(load, lags=lags) for load in n.loads) for n in rig.nozzles]
    return replace(rig, nozzles=tuple(replace(n, loads=ls) for n, ls in zip(rig.nozzles, loads, strict=True)))


@pytest.mark.parametrize("ramp_s", [0.2, 1.5])
def test_a_new_pressure_is_reached_before_the_valve_opens(plans: ModuleType, ramp_s: float) -> None:
    from wetprint.kernel.filaments import join

    part = join(
        [plans.lines([[[0, y, 5], [400, y, 5]]], width=w) for y, w in ((0, 10.0), (40, 10.0), (80, 12.0))]
    )
    rig = ramped(plans.sim(), ramp_s)
    toolpath = plans.planned(part, rig)[1]
    kpa = toolpath.pressure_kpa[:, 0]
    changes = np.flatnonzero(np.diff(kpa) != 0) + 1
    changes = changes[toolpath.time_s[changes - 1] > 0.1]
    assert len(changes) == 1
    (set_at,) = changes
    opens = set_at + int(np.argmax(toolpath.valve[set_at:]))
    # Set as row `set_at` begins; the valve opens as row `opens` begins.
    waited = toolpath.time_s[opens - 1] - toolpath.time_s[set_at - 1]
    assert waited >= ramp_s
    # Where the pressure stays, nothing is slower than without a ramp.
    plain = plans.planned(part, ramped(plans.sim(), 0.0))[1]
    assert 0 < toolpath.time_s[-1] - plain.time_s[-1] < ramp_s + 0.1
    # Filaments take the time that they took, but for how they are entered.
    for i in range(3):
        ours, theirs = (np.diff(t.time_s, prepend=0.0)[t.filament == i].sum() for t in (toolpath, plain))
        assert ours == pytest.approx(theirs, rel=5e-3)


# -- speed along curves ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("radius_um", [1.0, 2.0, 20.0, 200.0])
def test_a_circle_is_passed_as_fast_as_its_acceleration_allows(plans: ModuleType, radius_um: float) -> None:
    from wetprint.kernel.filaments import filaments

    rig = plans.with_lags(plans.sim(), 0.0, 0.0)
    a = rig.axes["x"].acceleration_um_s2
    t = np.linspace(0, 2 * np.pi, 721)
    points = np.column_stack([radius_um * np.cos(t), radius_um * np.sin(t), np.full(len(t), 5.0)])
    part = filaments(
        points, np.array([len(t)]), width_um=np.array(0.5), material=0, layer=0, origin=0, inks=(plans.ink("au"),),
        spans=(plans.SPAN,), state="wet",
    )  # fmt: skip
    toolpath = make_toolpath(make_plan([plans.job(part)], rig), rig)
    rows = np.flatnonzero(toolpath.kind == PRINT)[60:-60]
    speed = toolpath.lengths_um(rig)[rows] / np.diff(toolpath.time_s, prepend=0.0)[rows]
    # v^2 / R stays within the acceleration, or the commanded speed is met.
    assert speed.max() == pytest.approx(min(1200.0, np.sqrt(a * radius_um)), rel=4e-3)
    assert not (toolpath.kind[np.flatnonzero(toolpath.filament >= 0)] == DWELL).any()
