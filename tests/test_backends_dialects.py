"""Dialects: every program read back is the toolpath, to the stated decimals; digits, splicing, blocks and tracing."""

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetprint.backends import gcode, gcode_rows
from wetprint.backends.dialect import Decoded
from wetprint.backends.dialects import DIALECTS
from wetprint.backends.digits import number_lines, squeeze
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.filaments import filaments
from wetprint.kernel.motion import DWELL, Program, Toolpath
from wetprint.kernel.planning.rig_check import problems
from wetprint.kernel.rig import Rig
from wetprint.kernel.toolpath.frames import to_stage

ALL = DIALECTS.names()


def fitting(name: str, rig: Rig) -> Rig:
    """The rig with no more nozzles than the dialect has outputs for."""
    most = DIALECTS[name].most_outputs  # type: ignore[attr-defined]
    return rig if most > 1 else replace(rig, nozzles=rig.nozzles[:1])


def random_toolpath(plans: ModuleType, rig: Rig, seed: int, n: int = 6) -> Toolpath:
    rng = np.random.default_rng(seed)
    counts = rng.integers(2, 9, n)
    points = rng.uniform(-400, 400, (int(counts.sum()), 3)) * rng.choice([1e-3, 1.0, 3.0])
    points[:, 2] = rng.uniform(5, 60, len(points))
    part = filaments(
        points, counts, width_um=rng.uniform(6, 14, len(points)), material=rng.integers(0, 2, n), layer=0, origin=0,
        inks=(plans.ink("au"), plans.ink("cdse")), spans=(plans.SPAN,), state="wet",
    )  # fmt: skip
    toolpath: Toolpath = plans.planned(part, rig)[1]
    return toolpath


def check_read_back(decoded: Decoded, toolpath: Toolpath, rig: Rig, rows: slice, name: str) -> None:
    dialect = DIALECTS[name]
    half = 0.5 * 10.0 ** (3 - dialect.decimals) + 1e-9
    stage = to_stage(rig, toolpath.position_um, toolpath.nozzle)[rows]
    still = toolpath.kind[rows] == DWELL
    assert len(decoded.line) == len(stage)
    assert np.abs(decoded.stage_um - stage).max() <= half
    outputs = np.array([z.output for z in rig.nozzles])[toolpath.nozzle[rows]]
    assert np.array_equal(decoded.outputs, np.where(toolpath.valve[rows], 1 << outputs, 0))
    assert np.array_equal(decoded.dwell_s > 0, still)
    assert np.abs(decoded.dwell_s - toolpath.dwell_s[rows]).max() <= 1e-3
    feed_step = 0.5 * 10.0**-dialect.feed_decimals / dialect.feed_per_um_s  # type: ignore[attr-defined]
    moving = ~still
    assert np.abs(decoded.speed_um_s[moving] - toolpath.speed_um_s[rows][moving]).max() <= feed_step * 1.001
    assert decoded.end_outputs == 0


def check_lines(program: Program) -> None:
    text = program.text
    assert text.endswith("\n") and "\r" not in text
    assert len(program.sample) == text.count("\n")
    rows = program.sample[program.sample >= 0]
    assert (np.diff(rows) >= 0).all()
    assert max(map(len, text.splitlines())) <= 200


@pytest.mark.parametrize("name", ALL)
@given(seed=st.integers(0, 10_000), on_s=st.sampled_from([0.0, 0.05]), sign=st.sampled_from([1, -1]))
def test_a_program_read_back_is_the_toolpath(
    plans: ModuleType, name: str, seed: int, on_s: float, sign: int
) -> None:
    rig = fitting(name, plans.with_lags(plans.sim(), on_s, 0.03))
    axes = {k: replace(a, sign=sign if k != "z" else a.sign) for k, a in rig.axes.items()}
    origin = (0.0, 500.0, 40_000.0) if seed % 2 else rig.origin_um
    rig = replace(rig, axes=axes, origin_um=origin)
    toolpath = random_toolpath(plans, rig, seed)
    dialect = DIALECTS[name]
    program = dialect.write(toolpath, rig)
    check_lines(program)
    check_read_back(dialect.read(program.data), toolpath, rig, slice(0, len(toolpath)), name)
    assert dialect.write(toolpath, rig).data == program.data
    # Every row has a line, and every line that moves belongs to the row that it came from.
    assert set(program.sample[program.sample >= 0].tolist()) == set(range(len(toolpath)))
    decoded = dialect.read(program.data)
    assert np.array_equal(program.sample[decoded.line - 1], np.arange(len(toolpath)))


@pytest.mark.parametrize("name", ALL)
def test_blocks_read_back_too(plans: ModuleType, name: str) -> None:
    rig = fitting(name, plans.sim())
    inks = ("au", "cdse")
    toolpath = plans.planned(plans.cross_layers(4, 200.0, 40.0, inks=inks), rig)[1]
    for rows in toolpath.blocks():
        program = DIALECTS[name].write(toolpath, rig, rows)
        check_lines(program)
        check_read_back(DIALECTS[name].read(program.data), toolpath, rig, rows, name)
        assert program.sample.max() == rows.stop - 1


@pytest.mark.parametrize("name", ALL)
def test_chunks_and_ways_of_joining_give_the_same_bytes(
    plans: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    rig = fitting(name, plans.sim())
    for seed in range(4):
        toolpath = random_toolpath(plans, rig, seed, 20)
        whole = DIALECTS[name].write(toolpath, rig)
        for chunk, forms in ((5, 64), (1 << 16, 0), (7, 0), (50, 10_000)):
            monkeypatch.setattr(gcode, "CHUNK", chunk)
            monkeypatch.setattr(gcode_rows, "MOST_FORMS", forms)
            pieces = DIALECTS[name].write(toolpath, rig)
            assert pieces.data == whole.data
            assert np.array_equal(pieces.sample, whole.sample)
        monkeypatch.undo()


@pytest.mark.parametrize("name", ALL)
def test_foreign_lines_are_refused_with_their_number(name: str) -> None:
    for bad in (b"G28 X0\n", b"HOME\n", b"G1 X1 Q2\n", b"X1 Y2\n"):
        with pytest.raises(ValueError, match="line 1"):
            DIALECTS[name].read(bad)


@pytest.mark.parametrize("name", ALL)
def test_a_program_that_stands_alone_says_what_to_do(plans: ModuleType, name: str) -> None:
    from wetprint.backends.rigs.store import load_rig

    rig = load_rig("paper")
    toolpath = plans.planned(plans.cross_layers(2, 80.0, 40.0, inks=("au", "cdse")), rig)[1]
    dialect = DIALECTS[name]
    text = dialect.write(toolpath, rig).text
    assert "Rinse nozzle pipette" in text and "Load nozzle pipette" in text
    check_read_back(dialect.read(text.encode()), toolpath, rig, slice(0, len(toolpath)), name)
    # A block leaves that to the executor.
    for rows in toolpath.blocks():
        assert "nozzle" not in dialect.write(toolpath, rig, rows).text


@pytest.mark.parametrize("name", ALL)
def test_pressures_that_change_on_the_way_are_asked_for(plans: ModuleType, name: str) -> None:
    rig = fitting(name, plans.sim())
    part = plans.cross_layers(2, 80.0, 40.0)
    width = np.where(np.repeat(part.layer, 2) == 0, 10.0, 14.0)
    wide = filaments(
        part.wet.points_um, np.diff(part.offsets), width_um=width, material=0, layer=part.layer, origin=0,
        inks=part.inks, spans=part.spans, state="wet",
    )  # fmt: skip
    toolpath = plans.planned(wide, rig)[1]
    text = DIALECTS[name].write(toolpath, rig).text
    low, high = (f"{k:g} kPa" for k in sorted(set(toolpath.pressure_kpa[:, 0]) - {0.0}))
    assert f"set {low} before the start" in text
    assert f"Set the pressure of nozzle left to {high}" in text


def test_names_cannot_break_out_of_a_comment(plans: ModuleType) -> None:
    rig = replace(plans.sim(), name='x)\nM3 S1000 "; µ')
    toolpath = plans.planned(plans.cross_layers(1, 80.0, 40.0), rig)[1]
    for name in ALL:
        fit = fitting(name, rig)
        path = plans.planned(plans.cross_layers(1, 80.0, 40.0), fit)[1]
        program = DIALECTS[name].write(path, fit)
        assert not any(
            line.startswith("M3 S1000 x") or line == "M3 S1000" for line in program.text.splitlines()[:4]
        )
        check_read_back(DIALECTS[name].read(program.data), path, fit, slice(0, len(path)), name)
    assert problems(toolpath.plan, rig, toolpath) == []


@given(
    st.lists(
        st.tuples(*[st.integers(-999_999_999, 999_999_999)] * 3)
        | st.tuples(*[st.integers(-99_999, 99_999)] * 3),
        min_size=1,
        max_size=30,
    ),
    st.integers(0, 8),
)
def test_digits_equal_those_of_python(rows: list[tuple[int, int, int]], decimals: int) -> None:
    limit = 10 ** (decimals + 4) - 1
    values = np.clip(np.array(rows, dtype=np.int64), -limit, limit)
    lines, _ = number_lines([values[:, k] for k in range(3)], [b"X", b" Y", b" Z", b"\n"], decimals)
    text, offsets = squeeze(lines)

    def number(v: int) -> str:
        whole, rest = divmod(abs(v), 10**decimals)
        return ("-" if v < 0 else "") + (f"{whole}.{rest:0{decimals}d}" if decimals else f"{whole}")

    expected = ["X{} Y{} Z{}\n".format(*map(number, row)) for row in values.tolist()]
    assert text.decode() == "".join(expected)
    assert np.diff(offsets).tolist() == [len(line) for line in expected]


def test_digits_refuse_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="beyond"):
        number_lines([np.array([10_000 * 10**5])] * 3, [b"X", b"Y", b"Z", b"\n"], 5)


def test_too_many_valves_are_refused(plans: ModuleType) -> None:
    rig = plans.sim()
    toolpath = plans.planned(plans.cross_layers(1, 80.0, 40.0), rig)[1]
    with pytest.raises(WetprintError, match=r"R523.*output 1; grbl drives output 0 alone"):
        DIALECTS["grbl"].write(toolpath, rig)


def test_limits_follow_the_rig(plans: ModuleType) -> None:
    rig = plans.sim(speeds={"corner_um": 2.0})
    toolpath = plans.planned(plans.cross_layers(1, 80.0, 40.0), rig)[1]
    assert "G64 P0.00200 Q0" in DIALECTS["linuxcnc"].write(toolpath, rig).text
    assert "M205 J0.00200\n" in DIALECTS["marlin"].write(toolpath, rig).text
    # v^2 = d a / (sqrt 2 - 1): 2 um at 500 mm/s^2.
    assert "ACCEL=500.00 SQUARE_CORNER_VELOCITY=1.5538" in DIALECTS["klipper"].write(toolpath, rig).text


def test_suffixes_mean_one_dialect_each() -> None:
    suffixes = [s for name in ALL for s in DIALECTS[name].suffixes]
    assert len(suffixes) == len(set(suffixes)) and all(s.startswith(".") for s in suffixes)


def test_aerotech_text(plans: ModuleType) -> None:
    rig = plans.sim()
    toolpath = plans.planned(plans.lines([[[0, 0, 5], [400, 0, 5]]]), rig)[1]
    lines = DIALECTS["aerotech"].write(toolpath, rig).text.splitlines()
    assert "G71 G76 G90 G359 G108 G17" in lines
    # The bath moves: the part's +x is the stage's -x. Feed is in mm per second. The valve opens
    # 50 ms at 0.5 mm/s over the start and closes 40 ms before the end: 47.82 um, for the stage slows to 0.777 mm/s at the corner.
    begin = next(i for i, line in enumerate(lines) if line.endswith("F1.20000"))
    assert lines[begin - 3 : begin + 3] == [
        "G1 X50.00000 Y50.00000 Z39.96500 F0.50000",
        "$DO0.0=1",
        "G1 X50.00000 Y50.00000 Z39.99000",
        "G1 X49.64782 Y50.00000 Z39.99000 F1.20000",
        "$DO0.0=0",
        "G1 X49.60000 Y50.00000 Z39.99000",
    ]
    assert lines[-1] == "M2"
