"""Motion: travels over what is printed, ink only where it belongs, lags by the time law, and time as controllers spend it."""

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.filaments import filaments
from wetprint.kernel.motion import APPROACH, DWELL, PRINT, RETREAT, TRAVEL, Toolpath
from wetprint.kernel.planning.rig_check import problems
from wetprint.kernel.rig import FlowPoint, Rig
from wetprint.kernel.toolpath import parts
from wetprint.kernel.toolpath.dosing import dose
from wetprint.kernel.toolpath.frames import from_stage, purge_place_um, to_stage
from wetprint.kernel.toolpath.timing import profile, rest_to_rest_s


def check_laws(toolpath: Toolpath, rig: Rig) -> None:
    """What holds for every toolpath of every rig."""
    plan = toolpath.plan
    n = len(toolpath)
    assert (np.diff(toolpath.time_s) >= -1e-12).all()
    assert np.isfinite(toolpath.position_um).all() and np.isfinite(toolpath.pressure_kpa).all()
    printing, still = toolpath.kind == PRINT, toolpath.kind == DWELL
    assert ((toolpath.filament >= 0) == printing).all()
    # Every filament once, in the order of the plan.
    runs = toolpath.filament[printing]
    new = np.flatnonzero(np.diff(runs, prepend=-1) != 0)
    assert np.array_equal(runs[new], plan.order)
    # The valve is open in a PRINT row, on the last way down, or in a dwell at the place to purge; elsewhere it is shut.
    open_elsewhere = toolpath.valve & ~printing & ~still & (toolpath.kind != APPROACH)
    assert not open_elsewhere.any()
    leads = np.flatnonzero(toolpath.valve & (toolpath.kind == APPROACH))
    assert (toolpath.kind[leads + 1] == PRINT).all()
    assert not (toolpath.valve & still & (toolpath.dwell_s == 0)).any()
    moved = np.diff(toolpath.position_um, axis=0)
    stands = np.append(False, np.linalg.norm(moved, axis=1) < 1e-9) & (np.arange(n) > 0)
    assert (still[stands] | (np.diff(toolpath.nozzle, prepend=toolpath.nozzle[0])[stands] != 0)).all()
    # Travels keep clear of all that is printed so far; ways up and down are straight.
    wet = plan.filaments.state("wet")
    beads = []
    for k, i in enumerate(plan.order.tolist()):
        low, high = plan.filaments.offsets[i], plan.filaments.offsets[i + 1]
        tops = wet.points_um[low:high] + [0.0, 0.0, 1.0] * (0.5 * wet.height_um[low:high, None])
        t = np.linspace(0.0, high - low - 1.0, 40 * int(high - low))
        beads.append(
            np.column_stack([*(np.interp(t, np.arange(high - low), tops[:, c]) for c in range(3)), 0 * t + k])
        )
    bead, done, z = np.concatenate(beads) if beads else np.zeros((0, 4)), -1, toolpath.position_um[:, 2]
    place = np.argsort(plan.order)
    for i in range(1, n):
        # Less than a nanometre is no way across: pieces of one line may end so far from each other.
        flat = abs(moved[i - 1, :2]).max() > 1e-3
        if toolpath.kind[i] == PRINT:
            done = place[toolpath.filament[i]]
        elif flat:
            assert toolpath.kind[i] == TRAVEL
            lowest = min(z[i - 1], z[i]) if toolpath.nozzle[i] == toolpath.nozzle[i - 1] else z[i]
            way = np.append(moved[i - 1, :2], 0.0)
            off = bead[bead[:, 3] <= done, :3] - toolpath.position_um[i - 1]
            share = np.clip(off @ way / max(way @ way, 1e-12), 0.0, 1.0)
            under = np.linalg.norm((off - share[:, None] * way)[:, :2], axis=1) <= 5.0
            height = (off[under, 2] + z[i - 1]).max(initial=0.0)
            assert lowest >= height + rig.heights.clear_um - 1e-6
        if toolpath.kind[i] in (APPROACH, RETREAT):
            assert not flat


@pytest.mark.parametrize("rig_name", ["sim", "paper"])
def test_laws_of_toolpaths(plans: ModuleType, rig_name: str) -> None:
    rig = load_rig(rig_name)
    for part in (
        plans.cross_layers(6, 400.0, 40.0, inks=("au", "cdse")),
        plans.lines([[[0, 0, 5], [100, 0, 5]]]),
    ):
        check_laws(plans.planned(part, rig)[1], rig)


@given(
    st.integers(1, 12),
    st.integers(0, 10_000),
    st.sampled_from([(0.05, 0.04), (0.0, 0.0), (0.3, 0.01), (0.0, 0.2)]),
)
def test_laws_hold_for_random_parts(plans: ModuleType, n: int, seed: int, lags: tuple[float, float]) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.integers(2, 7, n)
    points = rng.uniform(-300, 300, (int(counts.sum()), 3))
    points[:, 2] = rng.uniform(5, 80, len(points))
    part = filaments(
        points, counts, width_um=rng.uniform(6, 12, len(points)), material=rng.integers(0, 2, n), layer=0, origin=0,
        inks=(plans.ink("au"), plans.ink("cdse")), spans=(plans.SPAN,), state="wet",
    )  # fmt: skip
    rig = plans.with_lags(plans.sim(), *lags)
    toolpath = plans.planned(part, rig)[1]
    check_laws(toolpath, rig)
    # The points of every filament are met exactly, at the top of the filament.
    part = toolpath.plan.filaments
    for i in range(len(part)):
        rows = np.flatnonzero(toolpath.filament == i)
        path = toolpath.position_um[np.append(rows[0] - 1, rows)]
        own = part.wet.points_um[part.offsets[i] : part.offsets[i + 1]].copy()
        own[:, 2] += 0.5 * part.wet.height_um[part.offsets[i] : part.offsets[i + 1]]
        assert np.allclose(path[[0, -1]], own[[0, -1]]) or np.allclose(path[[0, -1]], own[[-1, 0]])
        assert all(np.linalg.norm(path - p, axis=1).min() < 1e-6 for p in own)


def left_um(speed: float, a: float, before_s: float) -> float:
    """Distance left at a time before the end of a move that cruised at `speed` and ends at rest: half a t^2 while it brakes,
    v (t - v / 2a) while it cruises."""
    return 0.5 * a * before_s**2 if before_s <= speed / a else speed * (before_s - 0.5 * speed / a)


@pytest.mark.parametrize(("on_s", "off_s"), [(0.05, 0.04), (0.02, 0.001), (0.08, 0.2)])
def test_ink_events_lie_where_the_time_law_puts_them(plans: ModuleType, on_s: float, off_s: float) -> None:
    # Corners may not be rounded, so that every way begins and ends at rest.
    rig = plans.with_lags(plans.sim(speeds={"corner_um": 0.0}), on_s, off_s)
    part = plans.lines([[[0, 0, 5], [400, 0, 5]]])
    _, toolpath = plans.planned(part, rig)
    a = rig.axes["x"].acceleration_um_s2
    start, end = toolpath.position_um[toolpath.kind == PRINT][[0, -1]]
    down = np.flatnonzero(toolpath.valve & (toolpath.kind == APPROACH))[0]
    lead = toolpath.position_um[down - 1, 2] - toolpath.position_um[down, 2]
    assert lead == pytest.approx(left_um(500.0, a, on_s), rel=1e-9)
    close = np.flatnonzero(toolpath.valve & (toolpath.kind == PRINT))[-1]
    tail = np.linalg.norm(end - toolpath.position_um[close])
    assert tail == pytest.approx(left_um(1200.0, a, off_s), rel=1e-9)
    # In time: exactly the lags.
    last = np.flatnonzero(toolpath.kind == PRINT)[-1]
    assert toolpath.time_s[down] - toolpath.time_s[down - 1] == pytest.approx(on_s, abs=1e-9)
    assert toolpath.time_s[last] - toolpath.time_s[close] == pytest.approx(off_s, abs=1e-9)
    assert start[1] == end[1]


def test_a_long_delay_slows_the_way_down(plans: ModuleType) -> None:
    rig = plans.with_lags(plans.sim(), 2.0, 0.0)
    _, toolpath = plans.planned(plans.lines([[[0, 0, 5], [400, 0, 5]]]), rig)
    lead = np.flatnonzero(toolpath.valve & (toolpath.kind == APPROACH))
    assert len(lead) == 1
    row = int(lead[0])
    took = toolpath.time_s[row] - toolpath.time_s[row - 1]
    assert took == pytest.approx(2.0, rel=1e-6)
    assert toolpath.speed_um_s[row] < rig.speeds.approach_um_s


def test_without_delays_no_row_is_split(plans: ModuleType) -> None:
    rig = plans.with_lags(plans.sim(), 0.0, 0.0)
    _, toolpath = plans.planned(plans.lines([[[0, 0, 5], [400, 0, 5]]]), rig)
    assert (toolpath.kind == PRINT).sum() == 1 and (toolpath.kind == APPROACH).sum() == 2
    assert np.array_equal(toolpath.valve, (toolpath.kind == PRINT) | (toolpath.kind == DWELL))


def test_short_filaments_are_printed_slower(plans: ModuleType) -> None:
    """100 um at 1.2 mm/s end before 0.2 s are over, so ink would run on: they take half as long again, with less flow."""
    rig = plans.with_lags(plans.sim(), 0.05, 0.2)
    part = plans.lines([[[0, 0, 5], [100, 0, 5]], [[0, 50, 5], [900, 50, 5]]])
    plan, toolpath = plans.planned(part, rig)
    short, long = (np.flatnonzero(toolpath.filament == i) for i in (0, 1))
    assert toolpath.valve[short[0]] and not toolpath.valve[short[-1]]
    assert toolpath.speed_um_s[short] == pytest.approx(100 / 0.3)
    assert toolpath.speed_um_s[long] == pytest.approx(1200)
    nozzle = int(toolpath.nozzle[short[0]])
    ratio = toolpath.pressure_kpa[short[0], nozzle] / toolpath.pressure_kpa[long[0], nozzle]
    assert ratio == pytest.approx(100 / 0.3 / 1200, rel=0.05)  # the dispenser takes steps of 0.1 kPa
    assert not [d for d in problems(plan, rig, toolpath) if d.code == "R515"]


def test_filaments_too_short_for_the_calibration_are_closed_and_told(plans: ModuleType) -> None:
    rig = plans.with_lags(plans.sim(), 0.05, 0.2)
    part = plans.lines([[[0, 0, 5], [100, 0, 5]], [[0, 50, 5], [900, 50, 5]]])
    # Nobody has measured a flow below that of full speed.
    loads = [
        replace(load, calibration=(FlowPoint(2.0, 94e3), FlowPoint(100.0, 4700e3)))
        for load in rig.nozzles[0].loads
    ]
    rig = replace(rig, nozzles=tuple(replace(n, loads=tuple(loads)) for n in rig.nozzles))
    plan, toolpath = plans.planned(part, rig)
    assert not toolpath.valve[toolpath.filament == 0].any()
    assert toolpath.valve[toolpath.filament == 1].any()
    told = [d for d in problems(plan, rig, toolpath) if d.code == "R515"]
    assert len(told) == 1 and told[0].message.startswith("100 um") and told[0].primary is plans.SPAN


def test_the_valve_closes_across_corners_of_a_polyline(plans: ModuleType) -> None:
    rig = plans.with_lags(plans.sim(), 0.05, 0.1)
    t = np.linspace(0, np.pi, 200)
    points = np.column_stack([500 * np.cos(t), 500 * np.sin(t), np.full(200, 5.0)])
    part = filaments(
        points, np.array([200]), width_um=np.array(10.0), material=0, layer=0, origin=0, inks=(plans.ink("au"),),
        spans=(plans.SPAN,), state="wet",
    )  # fmt: skip
    _, toolpath = plans.planned(part, rig)
    rows = np.flatnonzero(toolpath.kind == PRINT)
    close = rows[toolpath.valve[rows]][-1]
    assert toolpath.time_s[rows[-1]] - toolpath.time_s[close] == pytest.approx(0.1, abs=1e-9)
    assert len(rows) == 200
    # Constant speed along a gentle curve: no stop at any of its points.
    step = np.linalg.norm(np.diff(toolpath.position_um, axis=0), axis=1)[rows - 1]
    speed = step / np.diff(toolpath.time_s)[rows - 1]
    assert speed[2:-2].min() == pytest.approx(1200.0, rel=1e-6)


def slow_profile(
    points: np.ndarray, stops: np.ndarray, speed: np.ndarray, a: float, corner: float
) -> tuple[list[float], list[float]]:
    """Look-ahead one corner at a time, both ways: squared speeds at points and times of segments."""
    n = len(points)
    length = [float(np.linalg.norm(points[i + 1] - points[i])) for i in range(n - 1)]
    cap = [0.0] * n
    for i in range(1, n - 1):
        if stops[i]:
            continue
        u, v = (points[i] - points[i - 1]) / length[i - 1], (points[i + 1] - points[i]) / length[i]
        theta = np.arccos(np.clip(u @ v, -1, 1))
        limit = min(speed[i - 1], speed[i]) ** 2
        if theta > 1.5e-6:
            s = np.cos(theta / 2)
            limit = min(limit, a * corner * s / (1 - s))
            limit = min(limit, 0.5 * a * min(length[i - 1], length[i]) * s / np.sin(theta / 2))
        cap[i] = max(limit, 0.0)
    for i in range(n - 2, -1, -1):
        cap[i] = min(cap[i], cap[i + 1] + 2 * a * length[i])
    for i in range(n - 1):
        cap[i + 1] = min(cap[i + 1], cap[i] + 2 * a * length[i])
    times = []
    for i in range(n - 1):
        u0, u1 = cap[i], cap[i + 1]
        peak = min(speed[i] ** 2, 0.5 * (u0 + u1) + a * length[i])
        up, down = (peak - u0) / (2 * a), (peak - u1) / (2 * a)
        v = np.sqrt(peak)
        times.append((2 * v - np.sqrt(u0) - np.sqrt(u1)) / a + (length[i] - up - down) / v)
    return cap, times


@given(st.integers(2, 30), st.integers(0, 10_000), st.sampled_from([0.0, 0.5, 20.0]))
def test_look_ahead_equals_the_slow_one(n: int, seed: int, corner: float) -> None:
    rng = np.random.default_rng(seed)
    points = np.cumsum(rng.normal(0, 1, (n, 3)) * rng.choice([0.5, 20, 300], (n, 1)), axis=0)
    speed = rng.uniform(100, 5000, n - 1)
    stops = np.zeros(n, bool)
    stops[[0, -1]] = True
    law = profile(points, stops, speed, 5e5, corner)
    cap, times = slow_profile(points, stops, speed, 5e5, corner)
    assert np.allclose(law.u_in, cap[:-1], rtol=1e-6, atol=1e-2)
    assert np.allclose(law.time_s, times, rtol=1e-6, atol=1e-9)


def test_a_straight_move_takes_the_trapezoid(plans: ModuleType) -> None:
    long, short = rest_to_rest_s(np.array([1200.0, 1.0]), np.array([1200.0, 1200.0]), 5e5)
    assert long == pytest.approx(1.0 + 1200.0 / 5e5)
    assert short == pytest.approx(2 * np.sqrt(1.0 / 5e5))


def test_chunks_do_not_show(plans: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    part = plans.cross_layers(6, 400.0, 40.0, inks=("au", "cdse"))
    _, whole = plans.planned(part, plans.sim())
    monkeypatch.setattr(parts, "CHUNK", 7)
    _, pieces = plans.planned(part, plans.sim())
    assert len(whole) == len(pieces)
    assert np.array_equal(whole.valve, pieces.valve) and np.array_equal(whole.kind, pieces.kind)
    # Ways up that end a chunk end at rest: nothing else may differ.
    assert np.allclose(whole.position_um, pieces.position_um, atol=1e-6)
    assert pieces.time_s[-1] == pytest.approx(whole.time_s[-1], rel=0.01)


def test_speed_follows_the_section(plans: ModuleType) -> None:
    points = np.column_stack([np.linspace(0, 1000, 11), np.zeros(11), np.full(11, 10.0)])
    width = np.linspace(8.0, 16.0, 11)
    part = filaments(
        points, np.array([11]), width_um=width, height_um=np.full(11, 10.0), material=0, layer=0, origin=0,
        inks=(plans.ink("au"),), spans=(plans.SPAN,), state="wet",
    )  # fmt: skip
    plan, toolpath = plans.planned(part, plans.with_lags(plans.sim(), 0.0, 0.0))
    rows = toolpath.kind == PRINT
    middle = 0.5 * (width[1:] + width[:-1]) * 10.0
    area = middle if not plan.reverse[0] else middle[::-1]
    flow = float(dose(plan, plans.sim()).flow_um3_s[0])
    # Constant flow: v A is the same everywhere, and nowhere faster than the rig prints.
    assert np.allclose(toolpath.speed_um_s[rows] * area * np.pi / 4, flow)
    assert toolpath.speed_um_s.max() <= 20_000 and toolpath.speed_um_s[rows].max() <= 1200.0


def test_pressure_follows_mass_balance_and_calibration(plans: ModuleType) -> None:
    part = plans.lines([[[0, 0, 5], [400, 0, 5]]], width=16.0)
    rig = plans.sim(speeds={"print_um_s": 600.0})
    plan, toolpath = plans.planned(part, rig)
    flow = np.pi / 4 * 16.0**2 * 600.0
    assert dose(plan, rig).flow_um3_s[0] == pytest.approx(flow)
    table = rig.nozzles[0].loads[0].calibration
    kpa = np.interp(flow, [p.flow_um3_s for p in table], [p.pressure_kpa for p in table])
    assert toolpath.pressure_kpa[toolpath.kind == PRINT, 0] == pytest.approx(round(kpa, 1))
    # Swell: the ink thread is thinner than the wet filament.
    swollen = replace(part, inks=(plans.ink("au", swell=1.25),))
    assert dose(plans.planned(swollen, rig)[0], rig).flow_um3_s[0] == pytest.approx(flow / 1.25**2)


def test_missing_figures_leave_zeros(plans: ModuleType) -> None:
    rig = load_rig("paper")
    plan, toolpath = plans.planned(plans.lines([[[0, 0, 5], [400, 0, 5]]]), rig)
    assert not toolpath.pressure_kpa.any()
    codes = {d.code for d in problems(plan, rig, toolpath)}
    assert codes == {"R511", "R512", "R518"}


def test_first_gap(plans: ModuleType) -> None:
    part = plans.cross_layers(3, 80.0, 40.0)
    _, plain = plans.planned(part, plans.sim())
    _, gapped = plans.planned(part, plans.sim(heights={"first_gap_um": 7.0}))
    for toolpath, gap in ((plain, 10.0), (gapped, 7.0)):
        z = toolpath.position_um[toolpath.kind == PRINT, 2]
        assert set(np.round(z, 6)) == {gap, 18.0, 26.0}


def test_two_nozzles_switch_above_the_part_and_hold_the_stage(plans: ModuleType) -> None:
    rig = plans.sim()
    part = plans.cross_layers(2, 80.0, 40.0, inks=("au", "cdse"))
    _, toolpath = plans.planned(part, rig)
    (row,) = np.flatnonzero(np.diff(toolpath.nozzle)) + 1
    stage = to_stage(rig, toolpath.position_um, toolpath.nozzle)
    assert np.allclose(stage[row], stage[row - 1])
    assert toolpath.position_um[row - 1, 2] >= rig.heights.safe_um
    assert np.allclose(from_stage(rig, stage, toolpath.nozzle), toolpath.position_um)
    switched = [r for r, e in toolpath.events if e.kind == "switch_ink"]
    assert switched == [row]
    assert toolpath.waits_s()[row] == rig.exchange.nozzle_s
    lengths = toolpath.lengths_um(rig)
    assert lengths[row] == pytest.approx(0.0, abs=1e-6)
    place = purge_place_um(rig)
    assert place is not None
    assert np.allclose(toolpath.position_um[toolpath.kind == DWELL], place)


def test_blocks_cover_all_rows_with_one_nozzle_and_pressure(plans: ModuleType) -> None:
    part = plans.cross_layers(6, 400.0, 40.0, inks=("au", "cdse"))
    _, toolpath = plans.planned(part, plans.sim())
    blocks = toolpath.blocks()
    assert [b.start for b in blocks] == [1, *(b.stop for b in blocks[:-1])]
    assert blocks[-1].stop == len(toolpath)
    inside = {r for b in blocks for r in range(b.start + 1, b.stop)}
    for block in blocks:
        assert len(set(toolpath.nozzle[block])) == 1
        assert (np.ptp(toolpath.pressure_kpa[block], axis=0) == 0).all()
        assert not toolpath.valve[block.start] or toolpath.kind[block.start] == DWELL
    assert not any(r in inside for r, e in toolpath.events if e.kind not in ("purge", "prime"))
    assert len(blocks) == 6


def test_source_line_of_every_print_row(plans: ModuleType) -> None:
    from wetprint.backends.dialects import DIALECTS

    _, toolpath = plans.planned(plans.cross_layers(2, 80.0, 40.0), plans.sim())
    program = DIALECTS["aerotech"].write(toolpath, plans.sim())
    for number, row in enumerate(program.sample, 1):
        printing = row >= 0 and toolpath.kind[row] == PRINT
        assert program.source_line(number) == ("part.wp:2:1" if printing else None)
    assert program.source_line(0) is None and program.source_line(10**9) is None


PROBLEMS = {
    "R510": lambda p: (p.cross_layers(1, 80.0, 40.0, inks=("ag",)), _named(p.sim(), "au")),
    "R513": lambda p: (p.cross_layers(1, 80.0, 40.0), replace(p.sim(), purge=None)),
    "R514": lambda p: (p.lines([[[0, 0, 5], [400, 0, 5]]], width=70.0), p.sim()),
    "R516": lambda p: (p.cross_layers(4, 400.0, 40.0), _volume(p.sim(), 1e5)),
    "R517": lambda p: (p.cross_layers(1, 80.0, 40.0), replace(p.sim(), baths=("water",))),
    "R519": lambda p: (p.lines([[[0, 0, 5], [0, 70_000, 5]]]), p.sim()),
    "R520": lambda p: (p.cross_layers(1, 80.0, 40.0), p.sim(speeds={"travel_um_s": 90_000.0})),
    "R521": lambda p: (p.lines([[[-9_000, -100, 5], [9_000, 100, 5]]]), p.sim()),
    "R522": lambda p: (p.cross_layers(1, 4_000.0, 40.0), _close_nozzles(p.sim())),
}


def _named(rig: Rig, ink: str) -> Rig:
    return replace(rig, nozzles=tuple(replace(n, loads=(replace(n.loads[0], ink=ink),)) for n in rig.nozzles))


def _volume(rig: Rig, volume: float) -> Rig:
    return replace(
        rig, nozzles=tuple(replace(n, loads=(replace(n.loads[0], volume_um3=volume),)) for n in rig.nozzles)
    )


def _close_nozzles(rig: Rig) -> Rig:
    return replace(rig, nozzles=(rig.nozzles[0], replace(rig.nozzles[1], offset_um=(2_000.0, 0.0, 0.0))))


@pytest.mark.parametrize("code", PROBLEMS)
def test_each_problem_is_told_once_and_only_where_it_is(plans: ModuleType, code: str) -> None:
    part, rig = PROBLEMS[code](plans)
    from wetprint.kernel.motion import make_toolpath
    from wetprint.kernel.order import make_plan

    plan = make_plan([plans.job(part, "butanol")], rig)
    told = problems(plan, rig, make_toolpath(plan, rig))
    assert {d.code for d in told} == {code}
    assert all(d.primary is not None for d in told) or code in ("R513", "R520")
    fine = plans.cross_layers(1, 80.0, 40.0)
    plan = make_plan([plans.job(fine, "butanol")], plans.sim())
    assert problems(plan, plans.sim(), make_toolpath(plan, plans.sim())) == []
