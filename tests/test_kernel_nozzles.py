"""Which nozzle and which pressure a width needs: calibrations first, scaling marked as such, windows told."""

import json
import math
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
import wetprint as wp
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner
from wetprint.backends.rigs.store import load_rig
from wetprint.cli import app
from wetprint.kernel import flow
from wetprint.kernel.calibration.nozzles import (
    choices,
    index_of,
    plan_widths,
    pressure_for,
    tips_um,
    widths_table,
)
from wetprint.kernel.material import Ink
from wetprint.kernel.order import make_plan
from wetprint.kernel.rig import FlowPoint, InkLoad, Rig


@pytest.fixture
def sim() -> Rig:
    return load_rig("sim", [])


def rig_of(sim: Rig, *loads: tuple[float, tuple[InkLoad, ...]]) -> Rig:
    """The simulated rig with nozzles of these inner diameters and loads."""
    base = sim.nozzles[0]
    nozzles = tuple(replace(base, name=f"n{k}", inner_um=d, loads=held) for k, (d, held) in enumerate(loads))
    return replace(sim, nozzles=nozzles)


def linear(resistance: float, ink: str = "au") -> InkLoad:
    """kPa s/um^3, from 1 to 50 kPa."""
    points = tuple(FlowPoint(p, p / resistance) for p in (1.0, 10.0, 50.0))
    return InkLoad(ink, points, source="weighed", date="2026-05-01")


def test_the_nozzle_that_runs_at_the_speed_of_its_ink_comes_first(sim: Rig, parts: ModuleType) -> None:
    ink = parts.ink(swell=1.0)
    rig = rig_of(sim, (5.0, (linear(1e-3),)), (10.0, (linear(1.2e-4),)), (30.0, (linear(5e-6),)))
    found = choices(rig, ink, 11.0)
    assert [c.nozzle for c in found] == ["n1", "n0", "n2"]
    best = found[0]
    assert best.good and not found[1].good
    assert best.flow_um3_s == pytest.approx(math.pi / 4 * 121 * 1200)
    assert best.pressure.kpa == pytest.approx(1.2e-4 * best.flow_um3_s)
    assert (best.pressure.basis, best.pressure.source, best.pressure.date) == (
        "calibration",
        "weighed",
        "2026-05-01",
    )
    assert best.windows[0].value == pytest.approx((10 / 11) ** 2)


def test_swell_makes_the_thread_thinner(sim: Rig, parts: ModuleType) -> None:
    rig = rig_of(sim, (10.0, (linear(1e-4),)))
    (plain,) = choices(rig, parts.ink(swell=1.0), 10.0)
    (swollen,) = choices(rig, parts.ink(swell=1.25), 10.0)
    assert swollen.thread_um == pytest.approx(8.0)
    assert swollen.pressure.kpa == pytest.approx((plain.pressure.kpa or 0) / 1.25**2)


@given(st.floats(0.3, 1.0), st.floats(1.5, 20.0))
def test_beyond_a_calibration_the_power_law_goes_on_and_is_marked(n: float, times: float) -> None:
    sim = load_rig("sim", [])
    k = 3e-3
    points = tuple(FlowPoint(k * q**n, q) for q in (1e4, 3e4, 9e4))
    assert index_of(points) == pytest.approx(n)
    rig = rig_of(sim, (10.0, (InkLoad("au", points),)))
    ink = _ink()
    for q in (9e4 * times, 1e4 / times):
        found = pressure_for(rig, rig.nozzles[0], ink, q)
        assert (found.basis, found.assumed) == ("scaled", True)
        assert found.kpa == pytest.approx(k * q**n, rel=1e-9)


def _ink() -> Ink:
    return replace(wp.library().gold, name="au")


def test_another_tip_is_scaled_as_a_cone(sim: Rig, parts: ModuleType) -> None:
    rig = rig_of(sim, (10.0, (linear(1e-4),)), (20.0, (InkLoad("au"),)), (15.0, ()))
    found = pressure_for(rig, rig.nozzles[1], parts.ink(), 1e5)
    assert found.basis == "scaled" and "from nozzle n0" in found.why
    assert found.kpa == pytest.approx(1e-4 * 1e5 / 8)
    # The closed form of a cone far wider than its tip says the same.
    cone = [flow.power_law_cone_kpa(1e5, r, 5e4, 1e4 * (1 - r / 5e4), 1e-6, 1.0) for r in (5.0, 10.0)]
    assert cone[0] / cone[1] == pytest.approx(8.0, rel=1e-3)
    rows = choices(rig, parts.ink(), 10.0)
    assert {c.nozzle: c.loaded for c in rows} == {"n0": True, "n1": True, "n2": False}
    assert not next(c for c in rows if c.nozzle == "n1").good


def test_without_any_measurement_no_pressure_is_made_up(parts: ModuleType) -> None:
    paper = load_rig("paper", [])
    (found,) = choices(paper, parts.ink(), 10.0)
    assert found.pressure.kpa is None and found.pressure.basis == "none" and not found.good
    assert [w.name for w in found.windows] == ["speed", "gap"]


def test_a_dispenser_that_cannot(sim: Rig, parts: ModuleType) -> None:
    rig = rig_of(sim, (10.0, (InkLoad("au", (FlowPoint(1.0, 1e2), FlowPoint(1000.0, 1e5))),)))
    (found,) = choices(rig, parts.ink(swell=1.0), 10.0)
    assert not found.in_dispenser and not found.good
    assert found.speeds_um_s is not None and found.speeds_um_s[1] < 1200


@given(st.floats(2.0, 60.0), st.floats(0.8, 1.5))
def test_tips_are_those_whose_window_holds(wet: float, swell: float) -> None:
    sim = load_rig("sim", [])
    ink = replace(_ink(), swell=swell)
    low, high = tips_um(ink, wet)
    for d, inside in ((low * 1.001, True), (high * 0.999, True), (low * 0.99, False), (high * 1.01, False)):
        (c,) = choices(rig_of(sim, (d, ())), ink, wet)
        assert c.windows[0].inside is inside


def test_a_plan_tells_pressure_and_windows_by_width(sim: Rig) -> None:
    design = wp.loads(
        'wp 1;\nuse "nanocrystal.wp" as nc;\n'
        "lattice b = woodpile { size: [200um, 200um]; layers: 6; pitch: 40um; filament: 10um; material: nc.gold;"
        " layer k { filament: if k < 3 then 10um else 14um; } }\nprint b { bath: nc.gold_bath; }\n"
    )
    plan = make_plan(design.jobs, sim)
    rows = plan_widths(plan, sim)
    assert [r["filaments"] for r in rows] == [18, 18]
    assert sum(r["filaments"] for r in rows) == len(plan.order)
    for r in rows:
        assert r["pressure_kpa"] == pytest.approx(sum(r["set_kpa"]) / 2, abs=0.2)
        assert r["wet_um"][0] <= r["wet_um"][1] <= 1.05 * r["wet_um"][0]
        assert r["basis"] == "calibration" and r["assumed"]
    narrow, wide = rows
    assert narrow["windows"][0]["inside"] and not wide["windows"][0]["inside"]
    text = widths_table(rows)
    assert text.count("kPa (calibrated") == 2 and text.count("OUTSIDE") == 1
    assert design.plan("sim")["widths"] == json.loads(json.dumps(rows))


def test_the_verb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["nozzle", "10um", "--ink", "gold", "--json"])
    found = json.loads(done.output)
    held, free = found["nozzles"]["held"], found["nozzles"]["free"]
    assert held["wet_um"] == pytest.approx(10 / (1 - 0.0946003401 * 1.2))
    assert free["wet_um"] == pytest.approx(10 / (1 - 0.0946003401))
    assert [c["nozzle"] for c in held["choices"]] == ["left", "right"]
    said = (
        CliRunner().invoke(app, ["nozzle", "12um", "--wet", "--ink", "Fe3O4", "--speed", "0.6[mm/s]"]).output
    )
    assert "12 um wet, ink thread 12 um" in said and "at 0.6 mm/s" in said and said.count("fits") == 2
    for wrong in (["nozzle", "10", "--ink", "gold"], ["nozzle", "10um", "--ink", "mud"]):
        assert CliRunner().invoke(app, wrong).exit_code == 1
