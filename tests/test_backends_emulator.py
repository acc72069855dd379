"""The world behind the emulators: exact motion, exact ink, and nothing that tests would have to take on trust."""

import time
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetprint.backends.emulator.profile import profile
from wetprint.backends.emulator.sim import emulate
from wetprint.backends.emulator.truth import away_um
from wetprint.backends.emulator.world import Stage, Wire, World
from wetprint.kernel.toolpath.timing import profile as planned_profile

STAGE = Stage(np.zeros(3), np.full(3, 1e5), np.full(3, 5e4), 5e5, 0.5)


def world(on_s: float = 0.0, off_s: float = 0.0) -> World:
    return World(STAGE, (Wire(0, "left", 0, on_s, off_s),), np.zeros(3))


def run(points: list[list[float]], speed: float, begin_s: float = 1.0, corner_um: float = 0.5):  # type: ignore[no-untyped-def]
    p = np.array(points, dtype=float)
    return profile(
        p,
        np.full(len(p) - 1, speed),
        acceleration_um_s2=5e5,
        max_speed_um_s=np.full(3, 5e4),
        corner_um=corner_um,
        begin_s=begin_s,
    )


def test_a_trapezoid_by_hand() -> None:
    pieces, ends = run([[0, 0, 0], [1000, 0, 0]], 1000.0, begin_s=0.0)
    # 1 mm at 1 mm/s and 0.5 m/s^2: 2 ms up, 2 ms down, 998 um flat.
    assert ends[-1] == pytest.approx(0.002 + 0.998 + 0.002, abs=1e-12)
    at = pieces.at(np.array([0.0, 0.001, 0.002, 0.5, 1.002, 9.0]))[:, 0]
    assert at == pytest.approx([0.0, 0.25, 1.0, 499.0, 1000.0, 1000.0], abs=1e-9)
    assert pieces.speed_at(0.001) == pytest.approx(500.0) and pieces.speed_at(0.5) == pytest.approx(1000.0)


@given(
    st.lists(st.tuples(*[st.floats(-500, 500).map(lambda v: round(v, 1))] * 3), min_size=2, max_size=12),
    st.floats(100, 5000),
)
def test_the_emulated_time_is_the_planned_time(
    points: list[tuple[float, float, float]], speed: float
) -> None:
    """Two profiles that share no code: the emulator's pieces and the planner's law."""
    p = np.array(points)
    p = p[np.concatenate([[True], np.linalg.norm(np.diff(p, axis=0), axis=1) > 0.05])]
    if len(p) < 2:
        return
    stops = np.zeros(len(p), bool)
    stops[[0, -1]] = True
    law = planned_profile(p, stops, speed, 5e5, 0.5)
    pieces, ends = run(p.tolist(), speed, begin_s=0.0)
    assert ends[-1] == pytest.approx(float(law.time_s.sum()), rel=1e-6, abs=1e-9)
    assert np.allclose(pieces.at(np.array([ends[-1]]))[0], p[-1], atol=1e-6)
    # Never faster than told, never off the path.
    times = np.linspace(0.0, ends[-1], 200)
    speeds = [pieces.speed_at(t) for t in times]
    assert max(speeds) <= speed * (1 + 1e-9)
    assert away_um(pieces.at(times), p) < 1e-6


def test_ink_lies_between_the_lags() -> None:
    w = world(on_s=0.1, off_s=0.05)
    pieces, _ = run([[0, 0, 0], [2000, 0, 0]], 1000.0)
    w.move(pieces)
    w.set_box("left", pressure_kpa=2.0)
    w.boxes["left"] = [(0.0, 0, w.box("left"))]
    w.set_output(0, True, 1.5)
    w.set_output(0, False, 2.0)
    (laid,) = w.deposits(until_s=10.0)
    speed_up = 0.001
    assert laid.points_um[0][0] == pytest.approx(1000.0 * (0.6 - speed_up), abs=1e-6)
    assert laid.points_um[-1][0] == pytest.approx(1000.0 * (1.05 - speed_up), abs=1e-6)
    assert (laid.time_s[0], laid.time_s[-1]) == (pytest.approx(1.6), pytest.approx(2.05))
    assert w.standing_ink(10.0) == []


def test_no_ink_without_pressure_trigger_or_time() -> None:
    w = world(on_s=0.1, off_s=0.05)
    w.move(run([[0, 0, 0], [2000, 0, 0]], 1000.0)[0])
    w.set_output(0, True, 1.5)
    w.set_output(0, False, 2.0)
    assert w.deposits(10.0) == [], "no pressure"
    w.boxes["left"] = [(0.0, 0, type(w.box("left"))(pressure_kpa=2.0))]
    assert len(w.deposits(10.0)) == 1
    w.outputs = []
    assert w.deposits(10.0) == [], "no trigger"
    w.set_output(0, True, 1.5)
    w.set_output(0, False, 1.54)
    assert w.deposits(10.0) == [], "shorter than ink takes to come"


def test_pressure_off_ends_ink_as_the_output_does() -> None:
    w = world()
    w.move(run([[0, 0, 0], [2000, 0, 0]], 1000.0)[0])
    state = type(w.box("left"))
    w.boxes["left"] = [(0.0, 0, state(pressure_kpa=2.0)), (1.8, 1, state(pressure_kpa=0.0))]
    w.set_output(0, True, 1.5)
    (laid,) = w.deposits(10.0)
    assert laid.time_s[-1] == pytest.approx(1.8)


def test_a_latched_cycle_runs_without_the_output() -> None:
    """Why DI is never sent."""
    w = world()
    w.move(run([[0, 0, 0], [2000, 0, 0]], 1000.0)[0])
    state = type(w.box("left"))
    w.boxes["left"] = [(0.0, 0, state(pressure_kpa=2.0)), (1.5, 1, state(pressure_kpa=2.0, latched=True))]
    assert len(w.deposits(2.0)) == 1


def test_standing_ink_is_seen() -> None:
    w = world()
    w.move(run([[0, 0, 0], [1000, 0, 0]], 1000.0)[0])
    w.boxes["left"] = [(0.0, 0, type(w.box("left"))(pressure_kpa=2.0))]
    w.set_output(0, True, 1.5)
    w.set_output(0, False, 5.0)
    (blob,) = w.standing_ink(10.0, longer_s=0.01)
    assert blob.time_s[-1] - blob.time_s[0] == pytest.approx(5.0 - 2.002)


def test_halt_brakes_along_the_way() -> None:
    w = world()
    w.move(run([[0, 0, 0], [2000, 0, 0]], 1000.0)[0])
    w.set_output(0, True, 1.2)
    w.set_output(0, False, 2.5)
    rest = w.halt(1.5)
    assert rest == pytest.approx(1.5 + 1000.0 / 5e5)
    assert w.position(9.0)[0] == pytest.approx(w.position(1.5)[0] + 1000.0**2 / (2 * 5e5), abs=1e-6)
    assert not w.moving(rest + 1e-9)
    assert w.output(0, 9.0), "a stop leaves outputs as they are; what lay in the future is gone"


def test_time_is_scaled() -> None:
    w = World(STAGE, (), np.zeros(3), scale=50.0)
    before = w.now()
    time.sleep(0.05)
    assert 2.0 < w.now() - before < 10.0


def test_the_stage_is_found_where_it_was_left(
    prints: ModuleType, tmp_path_factory: pytest.TempPathFactory
) -> None:
    memory = tmp_path_factory.mktemp("memory") / "sim.json"
    with emulate(prints.rig(), memory=memory) as sim:
        sim.world.home_um = np.array([1.0, 2.0, 3.0])
        sim.remember(memory)
    with emulate(prints.rig(), memory=memory) as sim:
        assert sim.world.position(sim.world.now()).tolist() == [1.0, 2.0, 3.0]
