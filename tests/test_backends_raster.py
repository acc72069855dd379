"""Rasters of a laser: strokes stay within the mask and fill it, programs say what was planned, limits of the rig hold."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import shapely
from wetprint.backends.dialects import DIALECTS
from wetprint.backends.raster import chosen, raster, run_up_um, strokes, write_raster
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.films.raster import Lines, hatch, outlines, within
from wetprint.kernel.flat import Flat, Repeat, area_um2, joined, rectangles, to_shapely
from wetprint.kernel.flat_merge import without_overlaps
from wetprint.kernel.motion import PRINT
from wetprint.kernel.toolpath.frames import to_stage

RS274 = shutil.which("rs274")
MOVE = re.compile(r"STRAIGHT_FEED\(([-\d.]+), ([-\d.]+), ([-\d.]+),")
BIT = re.compile(r"(SET|CLEAR)_(?:MOTION|AUX)_OUTPUT_BIT\((\d+)\)")


def heat(layouts: ModuleType, flat: Flat, **fields: Any) -> Any:
    asks = {"wavelength": 0.532, "spot": 1.0, "hatch": 0.5, "speed": 2000.0} | fields
    return layouts.pattern(layouts.given(flat), process="thermal_writing", **asks)


def swept(lines: Lines, spot: float) -> Any:
    strokes = shapely.linestrings(np.stack([lines.start_um, lines.end_um], axis=1))
    return shapely.union_all(shapely.buffer(strokes, spot / 2, quad_segs=16))


def test_a_rectangle_is_hatched_line_by_line() -> None:
    """10 x 20 um with a spot of 1 um: its middle stays in 9 x 19 um, lines at whole multiples of 0.5 um."""
    lines = hatch(rectangles([[-5000, -10000, 5000, 10000]]), 1.0, 0.5)
    assert len(lines) == 38 and lines.lost == 0
    assert np.allclose(np.abs(lines.end_um - lines.start_um)[:, 0], 9.0, atol=1e-12)
    assert lines.start_um[:, 1].tolist() == (np.arange(-19, 19) * 0.5).tolist()
    ways = np.sign(lines.end_um[:, 0] - lines.start_um[:, 0])
    assert ways.tolist() == [1.0, -1.0] * 19
    along_y = hatch(rectangles([[-5000, -10000, 5000, 10000]]), 1.0, 0.5, "y")
    assert len(along_y) == 18 and np.allclose(np.abs(along_y.end_um - along_y.start_um)[:, 1], 19.0)


def test_strokes_of_one_line_follow_each_other_on_the_way_back_too() -> None:
    lines = hatch(rectangles([[0, 0, 4000, 3000]], Repeat(3, 1, (10_000, 0), (0, 0))), 1.0, 1.0)
    assert lines.row.tolist() == [0, 0, 0, 1, 1, 1]
    assert lines.start_um[:, 0].tolist() == [0.5, 10.5, 20.5, 23.5, 13.5, 3.5]
    assert lines.end_um[:, 0].tolist() == [3.5, 13.5, 23.5, 20.5, 10.5, 0.5]


@pytest.mark.parametrize("along", ["x", "y"])
def test_what_is_written_stays_in_the_mask_and_fills_it(layouts: ModuleType, along: str) -> None:
    for k in range(10):
        flat = layouts.random_region(np.random.default_rng(300 + k))
        spot, pitch = 0.3, 0.2
        lines = hatch(flat, spot, pitch, along)
        if not len(lines):
            continue
        mask = shapely.affinity.scale(shapely.union_all(to_shapely(flat)), 1e-3, 1e-3, origin=(0, 0))
        assert swept(lines, spot).difference(mask.buffer(0.002)).area < 1e-9
        inner = area_um2(within(flat, spot)[0])
        length = np.linalg.norm(lines.end_um - lines.start_um, axis=1).sum()
        # Lines a hatch apart stand for the area between them, but for a part of a hatch at each edge.
        assert length * pitch == pytest.approx(inner, abs=pitch * shapely.length(mask))
        around = swept(outlines(flat, spot), spot)
        assert around.difference(mask.buffer(0.002)).area < 1e-9
        assert shapely.area(around) > 0


def test_what_is_too_narrow_is_counted(layouts: ModuleType) -> None:
    flat = joined(
        [
            rectangles([[0, 0, 4000, 4000]]),
            rectangles([[9000, 0, 9500, 4000]], Repeat(7, 1, (2000, 0), (0, 0))),
        ]
    )
    lines = hatch(flat, 1.0, 0.5)
    assert lines.lost == 7 and lines.lost_um2 == pytest.approx(7 * 0.5 * 4.0)
    # A shape between two scan lines is passed by, and said.
    assert hatch(rectangles([[0, 100, 4000, 1300]]), 1.0, 5.0).lost == 1
    _, said = raster(heat(layouts, flat), load_rig("sim-linuxcnc"))
    assert [d.code for d in said] == ["X758"] and "7 shapes" in said[0].message


@pytest.mark.parametrize("dialect", ["linuxcnc", "grbl", "aerotech", "marlin", "klipper"])
def test_programs_say_the_raster(layouts: ModuleType, tmp_path: Path, dialect: str) -> None:
    rig = load_rig("sim-grbl" if dialect == "grbl" else "sim-linuxcnc")
    flat = layouts.random_region(np.random.default_rng(7))
    pattern = heat(layouts, flat)
    path = tmp_path / "raster"
    write_raster(layouts.scene(pattern), pattern, rig, dialect, path)
    toolpath, _ = raster(pattern, rig)
    lines = strokes(pattern, "x")
    read = DIALECTS[dialect].read(path.read_bytes())
    # The first move of a program places the z axis.
    rows = slice(len(read.stage_um) - len(toolpath), None)
    stage = to_stage(rig, toolpath.position_um, 0)
    assert np.abs(read.stage_um[rows] - stage).max() <= 0.6 * 10.0 ** (3 - DIALECTS[dialect].decimals)
    assert np.array_equal(read.valve[rows], toolpath.valve) and read.end_outputs == 0
    lit = np.flatnonzero(read.valve[rows])
    assert np.array_equal(toolpath.filament[lit], np.arange(len(lines)))
    assert np.abs(toolpath.position_um[lit, :2] - lines.end_um).max() < 1e-12
    assert np.abs(toolpath.position_um[lit - 1, :2] - lines.start_um).max() < 1e-12
    assert np.abs(read.speed_um_s[rows][lit] - 2000.0).max() < 0.01


@pytest.mark.skipif(
    RS274 is None, reason="THE REFEREE OF LINUXCNC PROGRAMS IS MISSING: rs274 is not installed"
)
@pytest.mark.parametrize("scan", ["x", "outlines", "both"])
def test_linuxcnc_reads_the_raster(layouts: ModuleType, tmp_path: Path, scan: Any) -> None:
    rig = load_rig("sim-linuxcnc")
    pattern = heat(layouts, layouts.random_region(np.random.default_rng(8)))
    write_raster(layouts.scene(pattern), pattern, rig, "linuxcnc", tmp_path / "raster.ngc", scan)
    text = (tmp_path / "raster.ngc").read_text()
    # rs274 prints four decimals: coordinates go in a thousandfold.
    scaled = re.sub(r"([XYZ])(-?[\d.]+)", lambda m: f"{m[1]}{float(m[2]) * 1000:.4f}", text)
    (tmp_path / "scaled.ngc").write_text(scaled)
    assert RS274 is not None
    run = subprocess.run(
        [RS274, "-n", "2", "-v", str(tmp_path / "rs274.var"), "-g", str(tmp_path / "scaled.ngc")],
        capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, cwd=tmp_path, check=True,
    )  # fmt: skip
    on, at, lit = False, None, []
    for line in run.stdout.splitlines():
        if (m := BIT.search(line)) is not None:
            on = m[1] == "SET"
        elif (m := MOVE.search(line)) is not None:
            here = np.array([float(v) for v in m.groups()])
            if on:
                assert at is not None
                lit.append((at, here))
            at = here
    lines = strokes(pattern, scan)
    ends = np.stack([lines.start_um, lines.end_um], axis=1)
    stage = to_stage(rig, np.concatenate([ends, np.zeros((*ends.shape[:2], 1))], axis=2).reshape(-1, 3), 0)
    assert not on and len(lit) == len(lines)
    assert np.abs(np.array(lit).reshape(-1, 3) - stage).max() <= 0.01


def test_the_laser_is_lit_at_full_speed_only(layouts: ModuleType) -> None:
    rig = load_rig("sim-linuxcnc")
    toolpath, _ = raster(heat(layouts, rectangles([[0, 0, 9000, 9000]])), rig)
    lead = run_up_um(rig, 2000.0)
    assert lead > 2000.0**2 / (2 * rig.axes["x"].acceleration_um_s2)
    before = np.flatnonzero(toolpath.kind == PRINT) - 1
    gap = np.linalg.norm(toolpath.position_um[before] - toolpath.position_um[before - 1], axis=1)
    assert np.allclose(gap[1:], lead) and (toolpath.speed_um_s[before[1:]] == 2000.0).all()


def codes(what: Any) -> set[str]:
    with pytest.raises(WetprintError) as caught:
        what()
    return {d.code for d in caught.value.diagnostics}


def test_limits_of_the_rig_are_checked(layouts: ModuleType) -> None:
    rig = load_rig("sim-linuxcnc")
    box = rectangles([[0, 0, 9000, 9000]])
    assert codes(lambda: raster(heat(layouts, box, speed=60_000.0), rig)) == {"M611"}
    far = rectangles([[59_000_000, 0, 59_009_000, 9000]])
    assert codes(lambda: raster(heat(layouts, far), rig)) == {"R519"}
    assert codes(lambda: raster(heat(layouts, box, spot=10.0), rig)) == {"X756"}
    # Near the end of an axis it is the run-up that has no room.
    near = rectangles([[-49_999_000, 0, -49_990_000, 9000]])
    assert codes(lambda: raster(heat(layouts, near), rig)) == {"R519"}


def test_one_pattern_is_meant(layouts: ModuleType) -> None:
    box = rectangles([[0, 0, 9000, 9000]])
    one, two = heat(layouts, box), replace(heat(layouts, box), name="other")
    light = layouts.pattern(layouts.given(box), "light")
    assert chosen(layouts.scene(one, light), None) is one
    assert chosen(layouts.scene(one, two), "other") is two
    assert chosen(layouts.scene(), None) is None
    for scene, name in (
        (layouts.scene(one, two), None),
        (layouts.scene(light), None),
        (layouts.scene(one), "light"),
    ):
        assert codes(lambda s=scene, n=name: chosen(s, n)) == {"X756"}


def test_a_million_strokes_are_made_at_once(layouts: ModuleType) -> None:
    """1000 x 1000 pixels of 3 x 3 um at a hatch of 2 um: whole arrays, no loop."""
    flat = rectangles([[0, 0, 3000, 3000]], Repeat(1000, 1000, (6000, 0), (0, 6000)))
    lines = hatch(without_overlaps(flat), 1.0, 2.0)
    assert len(lines) == 10**6 and lines.lost == 0
