"""Arcs in programs: what becomes one, what they hold of the plan, LinuxCNC as their referee, prints that run them, and stops within them."""

import math
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetprint.backends import gcode, gcode_rows
from wetprint.backends.arcs import LEAST_UM, TOLERANCE_UM, driven, points_of, swept
from wetprint.backends.dialects import DIALECTS
from wetprint.backends.emulator.rounds import ArcError, chords
from wetprint.backends.emulator.sim import emulate
from wetprint.backends.emulator.truth import away_um, part_points
from wetprint.backends.printing.guard import Control
from wetprint.backends.printing.resume import Prior, _find
from wetprint.backends.printing.runner import write_section
from wetprint.backends.printing.sections import sections
from wetprint.backends.printing.states import State
from wetprint.backends.printing.track import Track, distance_um, last_rows
from wetprint.kernel.filaments import FilamentSet, filaments
from wetprint.kernel.motion import PRINT, Program, Toolpath
from wetprint.kernel.rig import Rig
from wetprint.kernel.toolpath.frames import to_stage
from wetprint.kernel.toolpath.parts import parts

Floats = npt.NDArray[np.float64]
ALL = DIALECTS.names()
RS274 = shutil.which("rs274")


def curve(
    radius: float, sweep: float, centre: tuple[float, float] = (0.0, 0.0), *, start: float = 0.0,
    rise: float = 0.0, off: float = 0.05,
) -> Floats:  # fmt: skip
    """Points on an arc, as the kernel rounds them; chords lie `off` um from it."""
    n = max(math.ceil(abs(sweep) / (2 * math.acos(1 - min(off / radius, 0.5)))), 1)
    part = np.arange(n + 1) / n
    turn = start + sweep * part
    z = 5.0 + rise * part
    points = np.stack([centre[0] + radius * np.cos(turn), centre[1] + radius * np.sin(turn), z], axis=1)
    return np.round(points, 3)


def part(plans: ModuleType, curves: list[Floats]) -> FilamentSet:
    return filaments(
        np.concatenate(curves), np.array([len(c) for c in curves]), width_um=10.0, material=0, layer=0, origin=0,
        inks=(plans.ink("au"),), spans=(plans.SPAN,), state="wet",
    )  # fmt: skip


def one_nozzle(plans: ModuleType, arcs: bool | None = True, **changes: Any) -> Rig:
    rig = plans.with_lags(plans.sim(**changes), 0.05, 0.04)
    return replace(rig, nozzles=rig.nozzles[:1], controller=replace(rig.controller, arcs=arcs))


def written(plans: ModuleType, curves: list[Floats], rig: Rig, name: str) -> tuple[Program, Toolpath]:
    path: Toolpath = plans.planned(part(plans, curves), rig)[1]
    return DIALECTS[name].write(path, rig), path


def arcs_in(program: Program) -> int:
    return int(np.count_nonzero(DIALECTS[program.dialect].read(program.data).sweep_rad))


def rounding_um(name: str) -> float:
    return float(np.sqrt(0.75)) * 10.0 ** (3 - DIALECTS[name].decimals)


def check_geometry(program: Program, path: Toolpath, rig: Rig) -> None:
    """Line by line: the points of the plan on what the line draws and the other way round, ends, speed and valve, and all rows in order."""
    name = program.dialect
    decoded = DIALECTS[name].read(program.data)
    points, row = points_of(decoded, 0.001)
    stage = to_stage(rig, path.position_um, path.nozzle)
    lasts = program.sample[decoded.line - 1]
    assert lasts[-1] == len(path) - 1 and (np.diff(lasts) > 0).all()
    assert (np.diff(lasts)[decoded.sweep_rad[1:] == 0.0] == 1).all()
    outputs = np.array([z.output for z in rig.nozzles])
    feed_step = 0.51 * 10.0 ** -DIALECTS[name].feed_decimals / DIALECTS[name].feed_per_um_s  # type: ignore[attr-defined]
    for k in range(1, len(lasts)):
        rows = slice(int(lasts[k - 1]) + 1, int(lasts[k]) + 1)
        assert (
            np.abs(decoded.stage_um[k] - stage[lasts[k]]).max()
            <= 0.5 * 10.0 ** (3 - DIALECTS[name].decimals) + 1e-9
        )
        on = np.where(path.valve[rows], 1 << outputs[path.nozzle[rows]], 0)
        assert (on == decoded.outputs[k]).all()
        if decoded.sweep_rad[k]:
            drawn = np.vstack([decoded.stage_um[k - 1], points[row == k]])
            planned = stage[int(lasts[k - 1]) : int(lasts[k]) + 1]
            assert max(away_um(drawn, planned), away_um(planned, drawn)) <= TOLERANCE_UM + rounding_um(name)
            assert (np.abs(path.speed_um_s[rows] - decoded.speed_um_s[k]) <= feed_step).all()
            assert len(set(path.filament[rows].tolist())) == 1 and (path.kind[rows] == PRINT).all()
            # Way and so time are the plan's, to what a chord is shorter than its arc.
            way = np.linalg.norm(np.diff(planned, axis=0), axis=1).sum()
            assert abs(np.linalg.norm(np.diff(drawn, axis=0), axis=1).sum() - way) <= 0.02 * way + 0.2
            # Both ends lie on one circle: no controller's check of the two radii is ever near.
            start = decoded.stage_um[k - 1, :2] - decoded.centre_um[k]
            end = decoded.stage_um[k, :2] - decoded.centre_um[k]
            assert abs(np.hypot(*start) - np.hypot(*end)) < 0.002


@pytest.mark.parametrize("name", ALL)
@given(
    radius=st.floats(5.5, 3000.0), sweep=st.floats(0.2, 2 * math.pi), turn=st.sampled_from([1, -1]),
    rise=st.sampled_from([0.0, 0.0, 20.0]), start=st.floats(0, 6.3), mirror=st.booleans(), on=st.booleans(),
    off=st.floats(0.002, 0.09),
)  # fmt: skip
def test_arcs_read_back_are_the_plan(
    plans: ModuleType, name: str, radius: float, sweep: float, turn: int, rise: float, start: float,
    mirror: bool, on: bool, off: float,
) -> None:  # fmt: skip
    rig = one_nozzle(plans, on)
    axes = {k: replace(a, sign=-a.sign if k == "x" and mirror else a.sign) for k, a in rig.axes.items()}
    rig = replace(rig, axes=axes)
    program, path = written(plans, [curve(radius, turn * sweep, start=start, rise=rise, off=off)], rig, name)
    check_geometry(program, path, rig)
    if not on:
        assert arcs_in(program) == 0 and np.array_equal(
            program.sample[program.sample >= 0][-1:], [len(path) - 1]
        )


@pytest.mark.parametrize("name", ALL)
def test_a_circle_becomes_arcs_of_less_than_half_a_turn(plans: ModuleType, name: str) -> None:
    rig = one_nozzle(plans)
    program, path = written(plans, [curve(100.0, 2 * math.pi)], rig, name)
    decoded = DIALECTS[name].read(program.data)
    bent = decoded.sweep_rad != 0.0
    # The valve closes before the end: two halves and the rest.
    assert 3 <= bent.sum() <= 4 and program.text.count("\n") < 40 < len(path)
    assert (np.abs(decoded.sweep_rad[bent]) < math.pi).all()
    assert np.abs(decoded.sweep_rad[bent]).sum() == pytest.approx(2 * math.pi, abs=0.05)
    centre = to_stage(rig, np.zeros((1, 3)), 0)[0, :2]
    # The last begins where the valve closes, on a chord: up to 0.05 um beside the circle.
    off = np.hypot(*(decoded.centre_um[bent] - centre).T)
    assert off[:-1].max() < 0.3 and off[-1] < 3.0
    # Part and stage have the same hand: two axes of the bath are mirrored, so what turns left does so on the stage.
    assert (decoded.sweep_rad[bent] > 0).all()


def test_the_words_of_every_dialect(plans: ModuleType) -> None:
    half = curve(100.0, math.pi * 0.9)
    wanted = {
        "aerotech": r"G[23] X\S+ Y\S+ I-?0\.\d{7} J-?0\.\d{7} F1\.20000",
        "automation1": r"MoveCc?w\(\[X, Y\], \[\S+, \S+\], \[-?0\.\d{7}, -?0\.\d{7}\], 1\.20000\)",
        "grbl": r"G[23] X\S+ Y\S+ Z\S+ I-?0\.\d{6} J-?0\.\d{6} F72\.000",
        "klipper": r"G[23] X\S+ Y\S+ Z\S+ I-?0\.\d{7} J-?0\.\d{7} F72\.0000",
        "linuxcnc": r"G[23] X\S+ Y\S+ Z\S+ I-?0\.\d{7} J-?0\.\d{7} F72\.0000",
        "marlin": r"G[23] X\S+ Y\S+ Z\S+ I-?0\.\d{6} J-?0\.\d{6} F72\.000",
    }
    for name in ALL:
        text = written(plans, [half], one_nozzle(plans), name)[0].text
        assert any(re.fullmatch(wanted[name], line) for line in text.splitlines()), (name, text)
        # A climb: as a move beside the arc, as its own word, or not at all.
        climb = written(plans, [curve(100.0, math.pi * 0.9, rise=40.0)], one_nozzle(plans), name)[0].text
        own = {"aerotech": r"G[23] X\S+ Y\S+ I\S+ J\S+ G1 Z", "automation1": "MoveLinear"}.get(
            name, r"G[23] X\S+ Y\S+ Z"
        )
        assert re.search(own, climb) and "MoveC" not in climb


def test_what_is_usual_and_what_the_rig_says(plans: ModuleType) -> None:
    circle = [curve(100.0, 2.0)]
    for name in ALL:
        usual = name in ("aerotech", "automation1", "linuxcnc")
        assert (arcs_in(written(plans, circle, one_nozzle(plans, None), name)[0]) > 0) is usual
        assert arcs_in(written(plans, circle, one_nozzle(plans, False), name)[0]) == 0
        rig = one_nozzle(plans, True)
        assert driven(rig, DIALECTS[name].round).controller.arcs is (name not in ("grbl", "marlin"))  # type: ignore[attr-defined]


def test_what_is_no_arc_stays_straight(plans: ModuleType) -> None:
    rig = one_nozzle(plans)
    rng = np.random.default_rng(4)
    square = np.array([[-50, -50, 5], [50, -50, 5], [50, 50, 5], [-50, 50, 5.0]])
    line = np.stack([np.arange(0, 400, 4.0), np.zeros(100), np.full(100, 5.0)], axis=1)
    noisy = line + np.round(rng.uniform(-0.001, 0.001, line.shape), 3) * [0, 1, 0]
    zigzag = line + np.stack([np.zeros(100), 3.0 * (np.arange(100) % 2), np.zeros(100)], axis=1)
    tower = curve(40.0, 3.0)
    tower[::2, 2] += 1.0
    cases = [
        square, line, noisy, zigzag, tower, curve(LEAST_UM * 0.7, 6.0, off=0.02), curve(2e6, 1e-3, off=1.0),
        curve(200.0, 6.0, off=0.2), curve(1000.0, 0.02, off=0.001),
    ]  # fmt: skip
    for k, case in enumerate(cases):
        assert arcs_in(written(plans, [case], rig, "linuxcnc")[0]) == 0, k


def test_what_changes_along_an_arc_cuts_it(plans: ModuleType) -> None:
    rig = one_nozzle(plans)
    program, path = written(plans, [curve(100.0, 2.0)], rig, "linuxcnc")
    rows = np.flatnonzero(path.filament == 0)
    whole = arcs_in(program)
    cut = int(rows[len(rows) // 2])

    def changed(column: str, value: Any, after: bool = True) -> Toolpath:
        data = getattr(path, column).copy()
        data[(np.arange(len(path)) >= cut) & (path.filament == 0) if after else cut] = value
        return replace(path, **{column: data})

    for other in (changed("speed_um_s", 900.0), changed("pressure_kpa", 7.0), changed("valve", False)):
        program = DIALECTS["linuxcnc"].write(other, rig)
        decoded = DIALECTS["linuxcnc"].read(program.data)
        assert cut - 1 in program.sample, "a line ends before the row that changes"
        assert whole <= np.count_nonzero(decoded.sweep_rad) <= whole + 1
        check_geometry(program, other, rig)


def test_arcs_of_several_nozzles(plans: ModuleType) -> None:
    """The stage stands elsewhere for another nozzle: no arc takes its end from the wrong one."""
    rig = plans.with_lags(plans.sim(), 0.05, 0.04)
    rings = [curve(60.0 + 10 * (k % 3), 5.0, (300.0 * k, 0.0)) for k in range(6)]
    both = filaments(
        np.concatenate(rings), np.array([len(c) for c in rings]), width_um=10.0, material=np.arange(6) % 2, layer=0,
        origin=0, inks=(plans.ink("au"), plans.ink("cdse")), spans=(plans.SPAN,), state="wet",
    )  # fmt: skip
    path = plans.planned(both, rig)[1]
    assert len(set(path.nozzle.tolist())) == 2
    program = DIALECTS["linuxcnc"].write(path, rig)
    assert arcs_in(program) >= 12
    check_geometry(program, path, rig)


def test_limits_hold_along_the_arc(plans: ModuleType) -> None:
    """Where a circle would reach farther or ask for more than the straight moves do, these stay."""
    # Corners beside the place where the circle is widest: it reaches 0.05 um farther than its chords.
    step = 2.0 * math.acos(1.0 - 0.05 / 100.0)
    circle = curve(100.0, 100.0 * step, start=-20.5 * step)
    rig = one_nozzle(plans)
    x, origin = rig.axes["x"], rig.origin_um[0]
    for room_um in (100.2, 99.97):
        low = {"min_um": origin - room_um, "max_um": x.max_um} if x.sign < 0 else {"max_um": origin + room_um}
        narrow = replace(rig, axes={**rig.axes, "x": replace(x, **low)})
        program, path = written(plans, [circle], narrow, "linuxcnc")
        reach = -(points_of(DIALECTS["linuxcnc"].read(program.data), 0.001)[0][:, 0] - origin)
        assert arcs_in(program) >= 2 and bool(reach.max() > 99.97) is (room_um > 100.0)
        check_geometry(program, path, narrow)
    # An axis that does not do the speed: none of its own, for somewhere a circle runs along it.
    slow = replace(rig, axes={**rig.axes, "y": replace(rig.axes["y"], max_speed_um_s=1000.0)})
    assert arcs_in(written(plans, [circle], slow, "linuxcnc")[0]) == 0
    # v^2 / r beyond the acceleration: 1.2 mm/s round 100 um is 14.4 mm/s^2.
    for gain, found in ((14_500.0, True), (14_300.0, False)):
        weak = replace(rig, axes={k: replace(a, acceleration_um_s2=gain) for k, a in rig.axes.items()})
        path = plans.planned(part(plans, [circle]), rig)[1]
        assert (arcs_in(DIALECTS["linuxcnc"].write(path, weak)) > 0) is found


@given(
    radius=st.floats(6.0, 1500.0), sweep=st.floats(0.5, 6.2), start=st.floats(0, 6.3),
    room=st.tuples(*[st.sampled_from([0.0, 0.02, 0.06, 0.2])] * 4), speed=st.floats(300.0, 6000.0),
    fastest=st.floats(0.7, 1.5), gain=st.floats(1e3, 1e6),
)  # fmt: skip
def test_no_arc_leaves_the_limits_that_its_straight_moves_keep(
    plans: ModuleType, radius: float, sweep: float, start: float, room: tuple[float, ...], speed: float,
    fastest: float, gain: float,
) -> None:  # fmt: skip
    wide = one_nozzle(plans, speeds={"print_um_s": speed})
    path = plans.planned(part(plans, [curve(radius, sweep, start=start)]), wide)[1]
    stage = to_stage(wide, path.position_um, path.nozzle)
    axes = dict(wide.axes)
    for k, name in enumerate("xy"):
        low, high = stage[:, k].min() - room[2 * k], stage[:, k].max() + room[2 * k + 1]
        axes[name] = replace(axes[name], min_um=low, max_um=high, max_speed_um_s=fastest * speed)
    rig = replace(wide, axes={k: replace(a, acceleration_um_s2=gain) for k, a in axes.items()})
    decoded = DIALECTS["linuxcnc"].read(DIALECTS["linuxcnc"].write(path, rig).data)
    points, _ = points_of(decoded, 0.001)
    for k, name in enumerate("xy"):
        assert (
            points[:, k].min() >= axes[name].min_um - 0.006
            and points[:, k].max() <= axes[name].max_um + 0.006
        )
    bent = decoded.sweep_rad != 0.0
    if bent.any():
        assert decoded.speed_um_s[bent].max() <= fastest * speed * (1 + 1e-6)
        size = np.hypot(*(decoded.stage_um[bent, :2] - decoded.centre_um[bent]).T)
        # An arc of a few moves may be drawn a little tighter or wider than they lie.
        assert (decoded.speed_um_s[bent] ** 2 / size <= 1.5 * gain).all()


@pytest.mark.parametrize("name", ALL)
def test_chunks_parts_and_ways_of_joining_give_the_same_bytes(
    plans: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    rig = one_nozzle(plans)
    many = [curve(20.0 + k, 1.0 + 0.1 * k, (120.0 * k, 0.0), rise=5.0 * (k % 2)) for k in range(12)]
    whole, path = written(plans, many, rig, name)
    assert arcs_in(whole) >= 6
    for chunk, forms in ((5, 64), (1 << 16, 0), (7, 0), (50, 10_000)):
        monkeypatch.setattr(gcode, "CHUNK", chunk)
        monkeypatch.setattr(gcode_rows, "MOST_FORMS", forms)
        pieces = DIALECTS[name].write(path, rig)
        assert pieces.data == whole.data and np.array_equal(pieces.sample, whole.sample)
    monkeypatch.undo()
    # As it is exported: part after part.
    body = b"".join(
        b"".join(map(bytes, DIALECTS[name].body(p, rig))) for p in parts(path.plan, rig, lambda p: p)
    )
    assert body in whole.data


def test_every_line_tells_its_place_in_the_design(plans: ModuleType) -> None:
    program, path = written(
        plans, [curve(100.0, 3.0), curve(60.0, 3.0, (400.0, 0.0))], one_nozzle(plans), "aerotech"
    )
    lines = program.text.splitlines()
    bent = [k for k, line in enumerate(lines, 1) if line.startswith(("G2 ", "G3 "))]
    assert len(bent) >= 4
    for k in bent:
        assert program.source_line(k) == plans.SPAN.where
        assert path.kind[program.sample[k - 1]] == PRINT


def test_arcs_that_no_controller_takes_are_refused() -> None:
    with pytest.raises(ValueError, match="ends 100 and 120 um away"):
        swept([100.0, 0.0], [0.0, 120.0], (0.0, 0.0), True)
    assert swept([100.0, 0.0], [100.0, 0.0], (0.0, 0.0), True) == pytest.approx(2 * math.pi)
    assert swept([100.0, 0.0], [0.0, 100.0], (0.0, 0.0), False) == pytest.approx(-1.5 * math.pi)
    with pytest.raises(ArcError):
        chords(np.array([100.0, 0, 0]), np.array([0.0, 120, 0]), (0.0, 0.0), True)
    with pytest.raises(ValueError, match="line 2"):
        DIALECTS["marlin"].read(b"G1 X0 Y0 Z0 F60\nG4 X1\n")


# Where a print is


def ahead(stage: Floats, true: int, row: int, place: Floats) -> float:
    """How far along the path, in um, the beginning of `row` lies before (or the end of it behind) a place on row `true`."""
    way = np.linalg.norm(np.diff(stage, axis=0), axis=1)
    if row > true:
        return float(np.linalg.norm(place - stage[true]) + way[true : row - 1].sum())
    return float(np.linalg.norm(place - stage[true - 1]) + way[row : true - 1].sum()) if row < true else 0.0


@given(seed=st.integers(0, 10_000))
def test_the_place_in_an_arc_is_found_by_its_line_and_position(
    plans: ModuleType, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """While it runs, and in the record of a print that was killed: the row that is nearest, never one that lies ahead."""
    rng = np.random.default_rng(seed)
    rig = one_nozzle(plans)
    rings = [
        curve(rng.uniform(8, 400), rng.uniform(1, 6), (1000.0 * k, 0.0), off=rng.choice([0.01, 0.05]))
        for k in range(3)
    ]
    _, path = written(plans, rings, rig, "aerotech")
    stage = to_stage(rig, path.position_um, path.nozzle)
    section = DIALECTS["aerotech"].write(path, rig, slice(1, len(path)))
    rows = np.asarray(section.sample)
    assert arcs_in(section) >= 3
    folder = tmp_path_factory.mktemp("killed")
    np.savez(folder / "00001.npz", source=np.arange(1, len(path)), line_row=np.where(rows >= 0, rows - 1, -1))
    prior = Prior(folder, {}, (), 1, 1, (1, len(path), "00001.pgm"), {})
    track = Track(path, rig, 1, len(path), rows)
    decoded = DIALECTS["aerotech"].read(section.data)
    points, of = points_of(decoded, 0.02)
    last = 0
    for k in np.sort(rng.choice(len(points), 25, replace=False)).tolist():
        place, line = points[k], int(decoded.line[of[k]])
        row = track.advance(line, tuple(place.tolist()))
        begin, end = track.span(line)
        assert last <= row <= end + 1
        last = row
        # The true row: of those of this line the first on which the place lies.
        gap = distance_um(stage[begin - 1 : end], stage[begin : end + 1], place)
        true = begin + int(np.argmin(gap))
        assert ahead(stage, true, row, place) <= 2.1, "not further than what counts as near"
        if path.kind[true] == PRINT:
            cut = _find(prior, path, rig, place, line)
            assert ahead(stage, true, cut.row, place) <= 2.1
            assert np.abs(to_stage(rig, cut.at_um[None, :], 0)[0] - place).max() < 1e-6
    # The end of an arc is the end of a filament only once the stage has clearly left it.
    _, ends = last_rows(path)
    fresh = Track(path, rig, 1, len(path), rows)
    at_end = stage[ends[0]]
    line = int(np.flatnonzero(rows == ends[0])[-1]) + 1
    assert fresh.advance(line, tuple(at_end.tolist())) <= ends[0]
    assert fresh.advance(line + 1, tuple((at_end + np.array([0.0, 0.0, -5.0])).tolist())) == ends[0] + 1


# Referees


@pytest.mark.skipif(
    RS274 is None, reason="THE REFEREE OF LINUXCNC PROGRAMS IS MISSING: rs274 (linuxcnc-uspace)"
)
def test_linuxcnc_reads_the_same_arcs(plans: ModuleType, tmp_path: Path) -> None:
    rig = one_nozzle(plans)
    many = [
        curve(r, s * t, (k * 400.0, 0.0), start=0.7 * k, rise=z)
        for k, (r, s, t, z) in enumerate([(5.5, 3, 1, 0), (20, 6.2, -1, 0), (100, 3.1, 1, 40), (150, 2.0, -1, 10), (3, 3, 1, 0)])
    ]  # fmt: skip
    program, _ = written(plans, many, rig, "linuxcnc")
    decoded = DIALECTS["linuxcnc"].read(program.data)
    # It prints four decimals: coordinates go in a thousandfold. And once as it is, for its checks of radii are in mm.
    (tmp_path / "as_is.ngc").write_text(program.text)
    scaled = re.sub(r"([XYZIJ])(-?[\d.]+)", lambda m: f"{m[1]}{float(m[2]) * 1000:.4f}", program.text)
    (tmp_path / "scaled.ngc").write_text(scaled)
    said = ""
    for file in ("as_is", "scaled"):
        assert RS274 is not None
        run = subprocess.run(
            [RS274, "-n", "2", "-v", str(tmp_path / "rs274.var"), "-g", f"{file}.ngc"], capture_output=True, text=True,
            timeout=60, stdin=subprocess.DEVNULL, cwd=tmp_path,
        )  # fmt: skip
        assert run.returncode == 0 and "PROGRAM_END" in run.stdout, run.stdout[-400:] + run.stderr[-400:]
        said = run.stdout
    found = []
    for m in re.finditer(r"ARC_FEED\(([^)]*)\)", said):
        x, y, i, j, turn, z = (float(v) for v in m[1].split(",")[:6])
        found.append((x, y, z, i, j, turn))
    got = np.array(found)
    bent = decoded.sweep_rad != 0.0
    assert got.shape == (bent.sum(), 6) and bent.sum() >= 9
    assert np.abs(got[:, :3] - decoded.stage_um[bent]).max() < 0.011
    assert np.abs(got[:, 3:5] - decoded.centre_um[bent]).max() < 0.011
    assert np.array_equal(got[:, 5] > 0, decoded.sweep_rad[bent] > 0)
    assert np.abs(got[:, 5]).max() == 1.0, "none goes round more than once"


def test_linuxcnc_runs_arcs_in_the_time_of_the_plan(plans: ModuleType, linuxcnc: ModuleType) -> None:
    """Its own trajectory planner on simulated joints: the valve is open as long as planned, filament by filament."""
    if linuxcnc.MISSING:
        pytest.skip(
            f"THE REFEREE OF ARCS IN MOTION IS MISSING: {', '.join(linuxcnc.MISSING)} (linuxcnc-uspace)"
        )
    rig = one_nozzle(plans)
    circles = [
        curve(150.0, 5.6, start=0.3),
        curve(30.0, 6.0, (400.0, 0.0)),
        curve(100.0, 3.0, (800.0, 0.0), rise=40.0),
    ]
    program, path = written(plans, circles, rig, "linuxcnc")
    assert arcs_in(program) >= 6
    try:
        took_s, turned_s = linuxcnc.run(path, rig)
    except RuntimeError as reason:
        pytest.skip(f"THE REFEREE OF ARCS IN MOTION DOES NOT RUN HERE: LinuxCNC says {reason}")
    assert took_s == pytest.approx(float(path.time_s[-1]), rel=0.05)
    rows = np.flatnonzero(np.diff(path.valve))
    ours, theirs = np.diff(path.time_s[rows])[::2], np.diff(turned_s)[::2]
    # The first is the purge, whose dwell starts a motion queue anew.
    assert len(ours) == len(theirs) == 4 and np.abs(ours - theirs)[1:].max() < 10 * linuxcnc.PERIOD_S


# Prints


def rings(prints: ModuleType, machine: Rig) -> Toolpath:
    curves = [curve(150.0, 5.6, (k * 700.0, 0.0), start=0.3) for k in range(3)]
    part = filaments(
        np.concatenate(curves), np.array([len(c) for c in curves]), width_um=10.0, material=0, layer=0, origin=np.arange(3),
        inks=(prints.ink("Au"),), spans=prints.woodpile(3, 1).spans, state="wet",
    )  # fmt: skip
    path: Toolpath = prints.toolpath(part, machine)
    return path


def with_arcs(machine: Rig, arcs: bool | None) -> Rig:
    return replace(machine, controller=replace(machine.controller, arcs=arcs))


@pytest.mark.parametrize("name", ["sim", "sim-linuxcnc", "sim-klipper"])
def test_a_print_of_arcs_lays_what_was_planned(prints: ModuleType, tmp_path: Path, name: str) -> None:
    machine = with_arcs(prints.rig(name, time_scale=16.0), True)
    path = rings(prints, machine)
    with emulate(machine, scale=machine.time_scale) as sim:
        if name == "sim-klipper":
            sim.controller.resolution_mm = 0.002
        result = prints.go(path, machine, tmp_path, sim=sim)
    assert result.state is State.DONE and result.executed == 3, result.diagnostics
    assert result.truth is not None and result.truth["matched"] == 3 and result.truth["worst_um"] < 0.4
    sent = b"".join(p.read_bytes() for p in result.folder.iterdir() if p.suffix in (".pgm", ".ngc", ".gcode"))
    assert len(re.findall(rb"^G[23] ", sent, re.M)) >= 6


@pytest.mark.parametrize("name", ["sim-grbl", "sim-marlin"])
def test_boards_fed_line_by_line_get_straight_moves(prints: ModuleType, name: str) -> None:
    """They would cut arcs into moves that nobody can count."""
    machine = with_arcs(prints.rig(name), True)
    path = rings(prints, machine)
    (section,) = sections(path)
    assert not re.search("^G[23] ", write_section(path, machine, section, dry_run=False).text, re.M)
    assert re.search("^G[23] ", DIALECTS[machine.controller.dialect].write(path, machine).text, re.M)


def test_klipper_has_to_cut_arcs_finely(prints: ModuleType, tmp_path: Path) -> None:
    machine = with_arcs(prints.rig("sim-klipper", time_scale=16.0), True)
    path = rings(prints, machine)
    for resolution, word in ((0.0, r"no \[gcode_arcs\]"), (1.0, "is 1 mm")):
        with emulate(machine, scale=16.0) as sim:
            sim.controller.resolution_mm = resolution
            result = prints.go(path, machine, tmp_path / word[:3], sim=sim)
        assert result.state is State.FAILED and result.diagnostics[0].code == "M634"
        assert re.search(word, result.diagnostics[0].message)


def test_boards_execute_exported_arcs(plans: ModuleType, prints: ModuleType) -> None:
    """Programs that other senders bring to the emulated boards: GRBL within $12, Marlin in pieces of MIN_ARC_SEGMENT_MM."""
    for name, off in (("sim-grbl", 2.3), ("sim-marlin", 0.3)):
        machine = with_arcs(prints.rig(name, time_scale=50.0), True)
        start, about = np.array([50.0, 50.0, 40.0]), (0.3, 0.0)
        end = start + np.array([0.6, 0.0, 0.0])
        arc = chords(start * 1000, end * 1000, ((start[0] + about[0]) * 1000, start[1] * 1000), False)
        with emulate(machine, scale=50.0) as sim:
            board = sim.controller
            if name == "sim-marlin":
                board.arc_segment_mm = 0.02
            lines = ["G21", "G90", "G1 X50 Y50 Z40 F600", "G2 X50.6 Y50 Z40 I0.3 J0 F120"]
            for line in lines:
                board._line(line, board._resets) if name == "sim-grbl" else board._command(line)
            board._drained(board._resets) if name == "sim-grbl" else board._drained()
            laid = sim.world.paths
            went = np.concatenate([p.start_um for p in laid])
            went = np.vstack([went[np.abs(went[:, 2] - 40_000.0) < 1e-6], end * 1000])
            went = went[np.flatnonzero(np.abs(went - start * 1000).max(axis=1) < 1e-3)[-1] :]
            assert np.linalg.norm(sim.world.position(sim.world.now()) - end * 1000) < 0.2
            arc = np.vstack([start * 1000, arc])
            assert len(went) > 10 and max(away_um(went, arc), away_um(arc, went)) <= off, name
            if name == "sim-grbl":
                assert board._line("G2 X51 Y50 I0.1 J0", board._resets) == "error:33"


def spans(sim: Any, machine: Rig) -> list[list[tuple[float, float]]]:
    """Of every ring: from where to where it was laid, in um along it."""
    found: list[list[tuple[float, float]]] = [[], [], []]
    for deposit in sim.world.deposits():
        points = part_points(deposit, machine)[:, :2]
        k = round(float(points[-1, 0]) / 700.0)
        if not 0 <= k <= 2 or abs(np.hypot(*(points[-1] - [k * 700.0, 0])) - 150.0) > 5.0:
            continue
        off = points - [k * 700.0, 0.0]
        assert np.abs(np.hypot(off[:, 0], off[:, 1]) - 150.0).max() < 0.5
        angle = np.unwrap((np.arctan2(off[:, 1], off[:, 0]) - 0.3 + 0.2) % (2 * math.pi)) - 0.2
        found[k].append((float(angle.min() * 150.0), float(angle.max() * 150.0)))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_a_stop_within_an_arc_is_taken_up_where_it_was(
    prints: ModuleType, interruptions: ModuleType, tmp_path: Path, seed: int
) -> None:
    """Stopped inside arcs, two thirds of a circle each line at the most, and resumed: all laid, and only the joint twice."""
    machine = with_arcs(prints.rig(time_scale=8.0), True)
    path = rings(prints, machine)
    with emulate(machine, scale=8.0) as sim:
        control = Control()
        prints.when_printing(sim, control.stop, after_s=0.02 + 0.06 * seed)
        first = prints.go(path, machine, tmp_path, sim=sim, control=control)
        control.close()
        assert first.state is State.STOPPING and first.ink_off
        laid = spans(sim, machine)
        done = [k for k in range(3) if laid[k] and max(b for _, b in laid[k]) > 5.59 * 150.0]
        assert first.executed <= len(done), "never ahead of what was laid"
        second = prints.go(path, machine, tmp_path, sim=sim, resume=first.run)
        assert second.state is State.DONE and second.executed == 3, second.diagnostics
        laid = spans(sim, machine)
    for mine in laid:
        reach, twice = 0.0, 0.0
        for low, high in sorted(mine):
            assert low - reach < 0.5, "a gap"
            twice += max(reach - low, 0.0)
            reach = max(reach, high)
        assert reach == pytest.approx(5.6 * 150.0, abs=0.6)
        # A bore of overlap, what the reading leaves open (more where the host is busy), and at a filament's end as far as valves take.
        assert twice < interruptions.asked_um(second.folder)
    assert sum(len(mine) for mine in laid) in (3, 4), "one joint, none between two filaments"
