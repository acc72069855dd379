"""Two-photon writing: the voxel against figures by hand and against a focus summed point by point; sections, seams and order."""

from __future__ import annotations

import math
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetprint.kernel.diagnostics import Severity
from wetprint.kernel.measure import measure
from wetprint.kernel.process import steps_of
from wetprint.kernel.voxels import optics
from wetprint.kernel.voxels.settings import Settings

SETTINGS = Settings(0.78, 1.4, 1.518, 100.0, 5.0, 1e-3)

# -- the voxel ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wavelength", "aperture", "index", "w_xy", "w_z"),
    [
        # By hand, in 40 digits: .325 * .78 / (sqrt 2 * 1.4^.91), .532 * .78 / sqrt 2 / (1.518 - sqrt(1.518^2 - 1.96)).
        (0.78, 1.4, 1.518, 0.13197341455640446, 0.315096950803853),
        # .320 * .78 / (sqrt 2 * .5), .532 * .78 / sqrt 2 / (1 - sqrt .75).
        (0.78, 0.5, 1.0, 0.3529877051683645, 2.1901243833499866),
        # The last aperture of the first formula: .320 / (sqrt 2 * .7), .532 / sqrt 2 / (1.33 - sqrt(1.7689 - .49)).
        (1.0, 0.7, 1.33, 0.3232488142567074, 1.8892603261018612),
    ],
)
def test_the_focus_is_that_of_the_formulas(
    wavelength: float, aperture: float, index: float, w_xy: float, w_z: float
) -> None:
    assert optics.lateral_um(wavelength, aperture) == pytest.approx(w_xy, rel=1e-9)
    assert optics.axial_um(wavelength, aperture, index) == pytest.approx(w_z, rel=1e-9)


def test_a_voxel_of_780_nm_at_an_aperture_of_1_4_is_132_by_315_nm() -> None:
    assert round(1e3 * SETTINGS.w_xy) == 132
    assert round(1e3 * SETTINGS.w_z) == 315


def test_the_second_formula_begins_above_an_aperture_of_0_7() -> None:
    below, above = optics.lateral_um(1.0, 0.7), optics.lateral_um(1.0, math.nextafter(0.7, 1.0))
    assert below == pytest.approx(0.320 / (math.sqrt(2.0) * 0.7), rel=1e-12)
    assert above == pytest.approx(0.325 / (math.sqrt(2.0) * 0.7**0.91), rel=1e-9)


def test_size_of_a_voxel() -> None:
    # q = (10 / 5)^2 * 2 = 8, sqrt(ln 8) = 1.442026886600883.
    q = optics.dose_share(10.0, 2e-3, 5.0, 1e-3)
    assert q == pytest.approx(8.0, rel=1e-12)
    assert optics.size_um(0.132, q) == pytest.approx(2 * 0.132 * 1.442026886600883, rel=1e-9)
    assert optics.size_um(0.315, q) == pytest.approx(2 * 0.315 * 1.442026886600883, rel=1e-9)
    assert optics.size_um(0.132, 1.0) == 0.0 and optics.size_um(0.132, 0.5) == 0.0


@given(st.floats(0.05, 1.0), st.floats(0.05, 2.0), st.floats(1e-5, 1.0))
def test_the_power_for_a_width_makes_that_width(w: float, width: float, time: float) -> None:
    if width > 8 * w:
        return  # exp((W / 2w)^2) leaves what a float holds
    power = float(optics.power_for(np.float64(width), w, np.float64(time), 5.0, 1e-3))
    assert optics.size_um(w, optics.dose_share(power, time, 5.0, 1e-3)) == pytest.approx(width, rel=1e-9)


def test_ripple_of_a_hatch() -> None:
    assert optics.ripple(0.132, 1.28 * 0.132) == pytest.approx(
        4 * math.exp(-((math.pi / 1.28) ** 2)), rel=1e-12
    )
    assert optics.ripple(1.0, 1.28) < 0.01 < optics.ripple(1.0, 1.29)
    assert optics.widest_hatch_um(1.0, 0.01) == pytest.approx(1.2834630666097073, rel=1e-9)
    assert optics.ripple(0.3, optics.widest_hatch_um(0.3, 0.004)) == pytest.approx(0.004, rel=1e-9)


def test_ripple_is_that_of_a_sum_of_lines() -> None:
    w, h = 0.132, 0.169
    x = np.linspace(0.0, h, 401)
    dose = sum(np.exp(-(((x - k * h) / w) ** 2)) for k in range(-40, 42))
    swing = (dose.max() - dose.min()) / dose.mean()
    assert swing == pytest.approx(optics.ripple(w, h), rel=1e-3)


@pytest.mark.parametrize("climb_deg", [0.0, 20.0, 45.0, 80.0, 90.0])
def test_the_section_of_a_line_is_that_of_a_focus_that_moves(climb_deg: float) -> None:
    """A focus is moved in steps of a hundredth of its width, its dose summed, and the threshold searched in both directions."""
    w_xy, w_z, speed = SETTINGS.w_xy, SETTINGS.w_z, 100.0
    climb = math.radians(climb_deg)
    u = np.array([math.cos(climb), 0.0, math.sin(climb)])
    side, up = np.array([0.0, 1.0, 0.0]), np.array([-math.sin(climb), 0.0, math.cos(climb)])
    q = 6.0  # of a resting focus that stays 1 ms
    ds = 0.01 * w_xy
    s = np.arange(-5.0, 5.0, ds)[:, None]

    def dose(direction: Any, r: float) -> float:
        d = r * direction - s * u
        one = np.exp(-(d[:, 0] ** 2 + d[:, 1] ** 2) / w_xy**2 - d[:, 2] ** 2 / w_z**2)
        return float(q * one.sum() * (ds / speed) / 1e-3)

    def half(direction: Any) -> float:
        low, high = 0.0, 3.0
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if dose(direction, middle) > 1.0 else (low, middle)
        return low

    climb2 = np.float64(u[2] ** 2)
    along = float(optics.along_um(climb2, w_xy, w_z))
    share = q * optics.line_time_s(along, speed) / 1e-3
    assert dose(side, 0.0) == pytest.approx(share, rel=1e-9)
    assert 2 * half(side) == pytest.approx(optics.size_um(w_xy, share), rel=1e-6)
    upright = float(optics.upright_um(climb2, w_xy, w_z))
    assert 2 * half(up) == pytest.approx(optics.size_um(upright, share), rel=1e-6)


# -- struts ---------------------------------------------------------------------------------------------------------


def test_a_thin_strut_is_one_line_whose_power_makes_its_width(light: ModuleType) -> None:
    job = light.job(light.woodpile())
    stands, s = job.filaments.state("wet"), job.light.sections
    assert (s.rows == 1).all() and len(job.light.writing.lines) == len(job.filaments) == 66
    assert stands.width_um == pytest.approx(0.3, rel=1e-12)
    assert stands.height_um == pytest.approx(0.3 * light.W_Z / light.W_XY, rel=1e-9)
    assert s.power == pytest.approx(light.voxel_power(0.3), rel=1e-9)


def test_a_strut_thinner_than_the_voxel_of_a_given_power_gets_less(light: ModuleType) -> None:
    job = light.job(light.woodpile(), power=10 * light.MW)
    wide, _ = job.light.how.voxel_um
    assert wide > 0.3
    assert job.light.sections.power == pytest.approx(light.voxel_power(0.3), rel=1e-9)
    full = light.job(light.woodpile(filament=wide, layer_height=0.4), power=10 * light.MW)
    assert full.light.sections.power == pytest.approx(10 * light.MW, rel=1e-9)


def test_a_wide_strut_is_hatched_within_its_section_and_the_ripple(light: ModuleType) -> None:
    job = light.job(light.woodpile(filament=1.4, pitch=5.0, layers=2, layer_height=1.1), power=10 * light.MW)
    writing, how = job.light.writing, job.light.how
    wide, high = how.voxel_um
    lines = writing.lines.state("wet")
    first = np.flatnonzero(writing.strut == 0)
    mid = np.array([lines.points_um[writing.lines.offsets[k]] for k in first])
    axis = job.filaments.state("wet").points_um[0]
    y, z = mid[:, 1] - axis[1], mid[:, 2] - axis[2]
    levels = np.unique(z)
    assert len(levels) == 1 + math.ceil((1.4 - high) / how.slice_um)
    assert np.diff(levels).max() <= how.slice_um + 1e-3
    for level in levels:
        row = np.sort(y[z == level])
        chord = 1.4 * math.sqrt(max(0.0, 1 - (2 * level / 1.4) ** 2))
        assert row[-1] - row[0] + wide == pytest.approx(max(chord, wide), abs=3e-3)
        assert len(row) == 1 or np.diff(row).max() <= how.hatch_um + 2e-3
    assert optics.ripple(how.w_xy, job.light.apart_um[0]) <= 0.01
    assert optics.ripple(how.w_z, job.light.apart_um[1]) <= 0.01
    # Contacts and gaps take the section for an ellipse; rows of upright voxels fill somewhat more of its corners.
    gy, gz = np.meshgrid(np.linspace(-1, 1, 401), np.linspace(-1, 1, 401))
    drawn = ((gy[..., None] - y) / (0.5 * wide)) ** 2 + ((gz[..., None] - z) / (0.5 * high)) ** 2
    covered = (drawn <= 1).any(axis=-1).mean() * 4
    state = job.filaments.state("wet")
    claimed = math.pi / 4 * state.width_um[0] * state.height_um[0]
    assert claimed <= covered <= 1.2 * claimed


def test_figures_come_from_the_code_that_measures_ink(light: ModuleType) -> None:
    job = light.job(light.woodpile(), fill=0.3)
    found = measure((job,))
    wet, dried = found["states"]["wet"], found["states"]["dried"]
    assert wet == dried
    assert wet["contacts"] == 5 * 11 * 11 and wet["missing_contacts"] == 0
    assert wet["min_gap_in_layer_um"] == pytest.approx(0.7, abs=1e-9)
    swept = 66 * 10.0 * math.pi / 4 * 0.3 * 0.3 * light.W_Z / light.W_XY
    assert wet["swept_um3"] == pytest.approx(swept, rel=1e-9)
    assert found["materials"]["au (written)"]["nanocrystal_um3"] == pytest.approx(0.3 * swept, rel=1e-9)
    assert "ink_nl" not in found["materials"]["au (written)"]


@pytest.mark.parametrize("state", ["dried", "wet"])
def test_shrinkage_is_written_larger(light: ModuleType, state: str) -> None:
    job = light.job(light.woodpile(), shrink=0.2, state=state)
    wet, dried = job.filaments.state("wet"), job.filaments.state("dried")
    assert dried.points_um == pytest.approx(0.8 * wet.points_um, abs=1e-9)
    drawn = dried if state == "dried" else wet
    assert drawn.width_um == pytest.approx(0.3, rel=1e-9)
    assert np.ptp(drawn.points_um[:, 0]) == pytest.approx(10.0, abs=2e-3)


def test_shrinkage_that_is_not_made_up_for(light: ModuleType) -> None:
    job = light.job(light.woodpile(), shrink=0.2, compensate="off")
    assert np.ptp(job.filaments.state("wet").points_um[:, 0]) == pytest.approx(10.0)
    assert np.ptp(job.filaments.state("dried").points_um[:, 0]) == pytest.approx(8.0)


def test_lines_of_a_bent_strut_stay_parallel(light: ModuleType) -> None:
    corner = light.wire((-5.0, 0.0, 0.4), (0.0, 0.0, 0.4), (0.0, 5.0, 0.4), filament=1.0)
    job = light.job(corner, power=10 * light.MW)
    writing = job.light.writing
    f, p = writing.lines, writing.lines.state("wet").points_um
    lines = [p[a:b] for a, b in pairwise(f.offsets.tolist())]
    assert all(len(line) == 3 for line in lines) and len(lines) > 4
    for line in lines:
        # Level legs: the first along x, the second along y.
        legs = np.abs(np.diff(line, axis=0))
        legs = legs if legs[0, 0] > legs[0, 1] else legs[::-1]
        assert legs[0, 1] < 2e-3 and legs[1, 0] < 2e-3


# -- order ----------------------------------------------------------------------------------------------------------


def judged(job: Any) -> list[int]:
    """Struts in the order of their first lines that touch neither the substrate nor what was written before, found by asking for the
    contacts of the part anew, strut by strut."""
    from wetprint.kernel.figures.contacts import find_contacts

    near: dict[int, set[int]] = {}
    for p in find_contacts(job.filaments, "wet", pairs=True).places:
        for a, b in zip(p.one.tolist(), p.two.tolist(), strict=True):
            near.setdefault(a, set()).add(b)
            near.setdefault(b, set()).add(a)
    s, f = job.filaments.state("wet"), job.filaments
    there: set[int] = set()
    loose = []
    for i in dict.fromkeys(job.light.writing.strut.tolist()):
        rows = slice(int(f.offsets[i]), int(f.offsets[i + 1]))
        down = s.points_um[rows, 2] - 0.5 * s.height_um[rows]
        climb = np.ptp(s.points_um[rows, 2]) > 0
        low = s.points_um[rows, 2].min() if climb else down.min()
        if low > 0.1 and not near.get(i, set()) & there:
            loose.append(i)
        there.add(i)
    return loose


@pytest.mark.parametrize("kind", ["woodpile", "octet", "gyroid"])
def test_every_strut_is_written_at_what_stands(light: ModuleType, kind: str) -> None:
    if kind == "gyroid":
        from wetprint.kernel.scene import Lattice

        part = Lattice(
            "body", "gyroid", {"size": (6.0, 6.0), "cell": 3.0, "layers": 8, "pitch": 1.0, "filament": 0.3, "layer_height": 0.4,
            "material": light.GOLD}, (), light.HERE, {},
        )  # fmt: skip
    else:
        part = getattr(light, kind)()
    job = light.built(part)[0][0]
    assert job.light.writing.floats.any() == bool(job.light.afloat.any())
    assert set(judged(job)) == set(np.flatnonzero(job.light.afloat).tolist())


def test_a_bridge_waits_for_the_pillar_that_is_farther_than_it_is_high(light: ModuleType) -> None:
    """A hook: up a tall post, along a beam, down again to a strut that hangs from it, lower than all that carries it."""
    from wetprint.kernel.scene import Union

    post = light.wire((0.0, 0.0, 0.0), (0.0, 0.0, 6.0), name="post")
    beam = light.wire((0.0, 0.0, 6.0), (4.0, 0.0, 6.0), name="beam")
    drop = light.wire((4.0, 0.0, 6.0), (4.0, 0.0, 2.0), name="drop")
    side = light.wire((4.0, 0.0, 2.0), (8.0, 0.0, 2.0), name="side")
    job = light.job(Union("body", (side, drop, beam, post), light.HERE))
    assert job.light.writing.strut.tolist() == [3, 2, 1, 0]
    assert not job.light.writing.floats.any()


def test_order_and_lines_are_the_same_every_time(light: ModuleType) -> None:
    one, two = (light.job(light.octet(), block=3.0, overlap=0.3).light.writing for _ in range(2))
    assert one.lines.state("wet").points_um.tobytes() == two.lines.state("wet").points_um.tobytes()
    assert one.power.tobytes() == two.power.tobytes()


def test_contours_of_a_row_come_before_what_they_enclose(light: ModuleType) -> None:
    part = light.wire((-5.0, 0.0, 0.4), (5.0, 0.0, 0.4), filament=1.4)
    job = light.job(part, power=10 * light.MW, contours=1, slice=2.0)
    y = job.light.writing.lines.state("wet").points_um[::2, 1]
    rows = job.light.writing.lines.state("wet").points_um[::2, 2]
    for z in np.unique(rows):
        row = np.abs(y[rows == z])
        assert row[0] == row[1] == row.max()
        assert (np.diff(y[rows == z][2:]) > 0).all()


# -- time, steps ----------------------------------------------------------------------------------------------------


def test_time_is_known_where_all_of_it_is(light: ModuleType) -> None:
    figures = light.job(light.woodpile(), block=5.0, overlap=0.4).light.writing.as_dict()
    assert figures["scan_s"] == pytest.approx((660 + 66 * 0.4) / 100.0)
    assert figures["time_s"] is figures["line_ends_s"] is figures["block_moves_s"] is None
    known = light.job(light.woodpile(), block=5.0, overlap=0.4, line_time=0.01, block_time=2.0).light.writing
    figures = known.as_dict()
    assert figures["time_s"] == pytest.approx(6.864 + 132 * 0.01 + 3 * 2.0)
    assert known.times_s()[-1] == pytest.approx(figures["time_s"])
    assert light.job(light.woodpile(), line_time=0.0).light.writing.as_dict()["time_s"] == pytest.approx(6.6)


def test_steps_of_a_writing(light: ModuleType) -> None:
    scene = light.scene(light.woodpile(), power=10 * light.MW)
    steps = steps_of(scene, ())
    assert [s.kind for s in steps] == ["write"] and steps[0].time_s is None
    built = steps_of(scene, _jobs_of(scene))
    assert ("lines", "66 in 1 block") in built[0].says


def _jobs_of(scene: Any) -> Any:
    from wetprint.kernel.build import build

    return build(scene)[0]


# -- faults ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("W268", {"power": 3.0}),
        ("W279", {"aperture": 1.518}),
        ("W279", {"mode": "galvos"}),
        ("W279", {"block": 2.0, "overlap": 2.0}),
    ],
)
def test_settings_that_leave_nothing_to_write(light: ModuleType, code: str, fields: dict[str, Any]) -> None:
    if "power" in fields:
        fields = {"power": fields["power"] * light.MW}
    jobs, said = light.built(light.woodpile(), **fields)
    assert not jobs and [d.code for d in said] == [code]
    assert said[0].severity is Severity.ERROR


def test_a_power_below_the_threshold_by_a_hair(light: ModuleType) -> None:
    least = light.voxel_power(0.0)
    assert light.built(light.woodpile(), power=least * (1 - 1e-12))[0] == ()
    assert len(light.built(light.woodpile(), power=least * (1 + 1e-9))[0]) == 1


def test_a_strut_of_ink_is_no_single_line(light: ModuleType) -> None:
    # 2 w sqrt(ln 1e6).
    most = 2 * light.W_XY * math.sqrt(math.log(1e6))
    wide = {"pitch": 40.0, "layers": 1, "layer_height": 8.0}
    assert [d.code for d in light.built(light.woodpile(filament=10.0, **wide))[1]] == ["W269"]
    assert [d.code for d in light.built(light.woodpile(filament=most * 1.000001, **wide))[1]] == ["W269"]
    assert not light.built(light.woodpile(filament=most * 0.999999, **wide))[1]
    assert not light.built(light.woodpile(filament=10.0, **wide), power=10 * light.MW)[1]


def test_a_film_is_no_ink(light: ModuleType) -> None:
    from dataclasses import replace

    from wetprint.kernel.build import build
    from wetprint.kernel.chemistry import Ligand
    from wetprint.kernel.film import Film
    from wetprint.kernel.material import Resin

    pin = Film("pin", "CdSe", "II-VI", Ligand("azide", "cross-linking"), 20.0, "#33aa33")
    scene = light.scene(light.woodpile(material=pin))
    jobs, said = build(scene)
    assert (
        not said and jobs[0].filaments.inks[0].name == "pin" and isinstance(jobs[0].filaments.inks[0], Resin)
    )
    inked = replace(scene, prints=(replace(scene.prints[0], process="wet_writing", fields={}),))
    assert [d.code for d in build(inked)[1]] == ["W278"]


@pytest.mark.parametrize("kind", ["octet", "wires"])
def test_what_touches_is_what_the_figures_find(light: ModuleType, kind: str) -> None:
    """The short search for the order of writing, against the one that measures: the same pairs, the same struts that fuse."""
    from wetprint.kernel.figures.contacts import find_contacts
    from wetprint.kernel.scene import Union

    wires = Union(
        "body",
        (
            light.wire((0.0, 0.0, 0.3), (9.0, 0.0, 2.0), name="a"),
            light.wire((0.0, 0.2, 0.3), (9.0, 0.2, 2.0), name="b"),
            light.wire((4.0, -3.0, 1.0), (5.0, 3.0, 1.3), (4.0, 6.0, 3.0), name="c"),
        ),
        light.HERE,
    )
    job = light.job(light.octet() if kind == "octet" else wires)
    found = find_contacts(job.filaments, "wet", pairs=True)
    expected = {
        (min(a, b), max(a, b))
        for p in found.places
        for a, b in zip(p.one.tolist(), p.two.tolist(), strict=True)
        if a != b
    }
    graph = job.light.graph
    assert {
        (min(a, b), max(a, b)) for a, b in zip(graph.one.tolist(), graph.two.tolist(), strict=True)
    } == expected
    assert graph.fused.tolist() == (found.fused_of > 0).tolist()
    if kind == "wires":
        assert graph.fused.any()
