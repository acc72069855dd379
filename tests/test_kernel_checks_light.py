"""Design rules of what is written with light: each broken by a design, and not by one that just keeps to it; limits by hand."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wetprint.kernel.build import build
from wetprint.kernel.check import run_checks
from wetprint.kernel.chemistry import Ligand
from wetprint.kernel.diagnostics import Diagnostic
from wetprint.kernel.film import Film
from wetprint.kernel.scene import Allow, LayerRule, Part, Union

TIME = math.sqrt(math.pi) * 0.13197341455640446 / 100.0
RATIO = 0.315096950803853 / 0.13197341455640446


def said(light: ModuleType, part: Part, **fields: Any) -> list[Diagnostic]:
    scene = light.scene(part, **fields)
    jobs, faults = build(scene)
    assert not faults, faults
    return run_checks(scene, jobs, None)


def codes(light: ModuleType, part: Part, **fields: Any) -> set[str]:
    return {d.code for d in said(light, part, **fields)}


def flips(rule: Callable[[float], bool], at: float, *, above: bool, rel: float = 1e-6) -> None:
    """The rule is broken on one side of `at` and kept on the other, a millionth away; bisection finds the place."""
    good, bad = (at * (1 - rel), at * (1 + rel)) if above else (at * (1 + rel), at * (1 - rel))
    assert rule(bad) and not rule(good)
    low, high = 0.5 * at, 2.0 * at
    assert rule(high if above else low) and not rule(low if above else high)
    while high - low > rel * at:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if rule(middle) == above else (middle, high)
    assert 0.5 * (low + high) == pytest.approx(at, rel=rel)


def test_a_sound_design_breaks_no_rule(light: ModuleType) -> None:
    assert said(light, light.woodpile(filament=1.2, pitch=5.0, layer_height=1.0), power=10 * light.MW) == []
    # Single lines stand higher than they are drawn, which is a note.
    assert codes(light, light.diamond(filament=0.3)) == {"W270"}
    assert codes(light, light.octet(), mode="piezo") == {"W270"}


# A strut stands where its voxel reaches the substrate: an axis at half the voxel's height.
def test_a_strut_floats_from_half_its_voxel_up(light: ModuleType) -> None:
    half = 0.5 * 0.3 * RATIO
    for z, floats in ((half - 1e-3, False), (half + 2e-3, True)):
        part = light.wire((0.0, 0.0, round(z, 3)), (5.0, 0.0, round(z, 3)))
        assert ("W264" in codes(light, part)) == floats
        assert "W264" not in codes(light, part, interface=0.01)


def test_what_touches_nothing_that_stands_floats(light: ModuleType) -> None:
    low = light.wire((0.0, 0.0, 0.1), (5.0, 0.0, 0.1), name="low")
    reach = 0.3 * RATIO
    for gap, floats in ((reach - 2e-3, False), (reach + 2e-3, True)):
        z = round(0.1 + gap, 3)
        high = light.wire((2.0, -3.0, z), (2.0, 3.0, z), name="high")
        assert ("W264" in codes(light, Union("body", (low, high), light.HERE))) == floats


def test_a_floating_part_may_be_allowed(light: ModuleType) -> None:
    scene = light.scene(light.wire((0.0, 0.0, 9.0), (5.0, 0.0, 9.0)))
    scene = replace(scene, allows=(Allow("W264", "it is held by what was written before", light.HERE),))
    found = run_checks(scene, build(scene)[0], None)
    assert next(d for d in found if d.code == "W264").severity.word == "note"


def test_what_only_a_later_block_holds_drifts(light: ModuleType) -> None:
    """A beam from a post in the right block reaches into the left one, which is written first."""
    post = light.wire((6.0, 0.0, 0.0), (6.0, 0.0, 4.0), name="post")
    beam = light.wire((-6.0, 0.0, 4.0), (6.0, 0.0, 4.0), name="beam")
    part = Union("body", (post, beam), light.HERE)
    assert "W265" in codes(light, part, block=6.0, overlap=0.4)
    assert "W265" not in codes(light, part, block=12.0, overlap=0.4)
    assert "W265" not in codes(light, part)
    left = light.wire((-6.0, 0.0, 0.0), (-6.0, 0.0, 4.0), name="left")
    assert "W265" not in codes(light, Union("body", (post, beam, left), light.HERE), block=6.0, overlap=0.4)


def test_neighbours_fuse_below_the_width_of_their_voxels(light: ModuleType) -> None:
    # Lines whose power is given: 2 w sqrt(ln q) wide.
    q = 4.0 * TIME / 1e-3
    wide = 2 * 0.13197341455640446 * math.sqrt(math.log(q))
    fields = {"filament": 1.0, "layers": 1, "size": (4.0, 4.0)}
    assert wide < 1.0
    # Struts of 1 um have two rows, and their chord there is a little less than 1 um.
    lift = 0.5 - light.W_Z * math.sqrt(math.log(q))
    chord = math.sqrt(1 - (2 * lift) ** 2)
    for pitch, fused in ((chord - 1e-3, True), (chord + 2e-3, False)):
        assert ("W266" in codes(light, light.woodpile(**fields, pitch=pitch), power=10 * light.MW)) == fused
    thin = {**fields, "filament": 0.25}
    for pitch, fused in ((0.249, True), (0.252, False)):
        assert ("W266" in codes(light, light.woodpile(**thin, pitch=pitch))) == fused


def test_a_hatch_is_rough_beyond_the_ripple(light: ModuleType) -> None:
    # Two gaps over the way from the first to the last line: the distance is half of it, whatever the hatch above it says.
    part = light.wire((0.0, 0.0, 0.3), (5.0, 0.0, 0.3), filament=0.9)
    q = 4.0 * TIME / 1e-3
    way = 0.9 - 2 * light.W_XY * math.sqrt(math.log(q))
    gap = way / 3
    ripple = 4 * math.exp(-((math.pi * light.W_XY / gap) ** 2))

    def rough(allowed: float) -> bool:
        return "W267" in codes(
            light, part, power=10 * light.MW, hatch=gap * 1.0001, slice=5.0, ripple=allowed
        )

    flips(rough, ripple, above=False)


def test_a_slice_is_rough_beyond_the_ripple(light: ModuleType) -> None:
    part = light.wire((0.0, 0.0, 0.3), (5.0, 0.0, 0.3), filament=1.6)
    q = 4.0 * TIME / 1e-3
    way = 1.6 - 2 * light.W_Z * math.sqrt(math.log(q))
    ripple = 4 * math.exp(-((math.pi * light.W_Z / way) ** 2))
    found = [d for d in said(light, part, power=10 * light.MW, hatch=0.05, slice=1.0) if d.code == "W267"]
    assert len(found) == 1 and f"{way:.4g} um" in found[0].message and "slice" in found[0].label
    if ripple < 1:
        assert f"{ripple:.2%}" in found[0].message
    assert "W267" not in codes(light, part, power=10 * light.MW, hatch=0.05, slice=0.4)


def test_power_is_bounded_by_what_the_writer_has(light: ModuleType) -> None:
    part, needs = light.diamond(filament=0.3), light.voxel_power(0.3)
    flips(lambda full: "W269" in codes(light, part, full_power=full), needs, above=False)
    flips(
        lambda full: "W269" in codes(light, part, full_power=full, power_scaling=0.5), 2 * needs, above=False
    )
    flips(lambda most: "W269" in codes(light, part, damage=most), needs, above=False)
    flips(lambda speed: "W269" in codes(light, part, full_power=needs, scan_speed=speed), 100.0, above=True)


def test_the_power_that_is_given_counts_where_struts_are_wide(light: ModuleType) -> None:
    part = light.wire((0.0, 0.0, 0.3), (5.0, 0.0, 0.3), filament=1.5)
    flips(lambda p: "W269" in codes(light, part, power=p, damage=12 * light.MW), 12 * light.MW, above=True)


def test_struts_higher_than_drawn_are_told(light: ModuleType) -> None:
    found = [d for d in said(light, light.diamond(filament=0.3)) if d.code == "W270"]
    assert f"{0.3 * RATIO:.4g} um" in found[0].message and found[0].severity.word == "note"
    # Hatched struts stand as they are drawn: from a tenth less than the voxel of their power up.
    q = 4.0 * TIME / 1e-3
    high = 2 * light.W_Z * math.sqrt(math.log(q))

    def told(width: float) -> bool:
        part = light.wire((0.0, 0.0, 0.1), (5.0, 0.0, 0.1), filament=width)
        return "W270" in codes(light, part, power=10 * light.MW)

    flips(told, high / 1.1, above=False)


def test_layers_part_from_the_height_of_their_voxels_up(light: ModuleType) -> None:
    high = 0.3 * RATIO
    for rise, apart in ((round(high - 2e-3, 3), False), (round(high + 2e-3, 3), True)):
        found = codes(light, light.woodpile(layer_height=rise, layers=2))
        assert ("W271" in found) == apart == ("W264" in found)


def test_layers_close_the_pores_below_half_the_height_of_their_voxels(light: ModuleType) -> None:
    high = 0.3 * RATIO
    for rise, closed in ((round(0.5 * high - 2e-3, 3), True), (round(0.5 * high + 2e-3, 3), False)):
        assert ("W277" in codes(light, light.woodpile(layer_height=rise, layers=3))) == closed
    assert "W277" not in codes(light, light.woodpile(layer_height=round(0.5 * high - 2e-3, 3), layers=2))


def test_the_mends_of_closed_pores_open_them(light: ModuleType) -> None:
    fields = {"pitch": 2.0, "filament": 0.6, "layers": 4, "layer_height": 0.5}
    (found,) = (d for d in said(light, light.woodpile(**fields)) if d.code == "W277")
    height, power, phase = found.notes[1:]
    low, high = (float(v) for v in re.findall(r"([.\d]+)um", height))
    assert low == pytest.approx(0.3 * RATIO, abs=1e-3) and high == pytest.approx(0.6 * RATIO, abs=1e-3)
    for rise in (low + 2e-3, high - 2e-3):
        assert not {"W277", "W271"} & codes(
            light, light.woodpile(**{**fields, "layer_height": round(rise, 3)})
        )
    milliwatts = float(re.findall(r"power: ([.\d]+)mW", power)[0])
    assert not {"W277", "W270"} & codes(light, light.woodpile(**fields), power=milliwatts * light.MW)
    moved = float(re.findall(r"else ([.\d]+)um", phase)[0])
    rules = tuple(LayerRule(k, {"phase": 0.0 if k % 4 < 2 else moved}) for k in range(4))
    assert "W277" not in codes(light, replace(light.woodpile(**fields), layers=rules))


def test_seams_want_an_overlap_of_a_voxel(light: ModuleType) -> None:
    part = light.diamond(filament=0.3)
    flips(lambda overlap: "W272" in codes(light, part, block=6.0, overlap=overlap), 0.3, above=False)
    assert "W272" not in codes(light, part, block=11.0)


def test_a_field_holds_its_block_and_the_overlap(light: ModuleType) -> None:
    part = light.woodpile(layers=2)
    flips(lambda field: "W273" in codes(light, part, field=field), 10.0, above=False)
    flips(lambda field: "W273" in codes(light, part, field=field, block=5.0, overlap=0.4), 5.4, above=False)
    assert "W273" not in codes(light, part)


def test_a_stage_begins_at_the_corner_of_its_field(light: ModuleType) -> None:
    """Mirrors look straight ahead: a block of 4 um, whose lines run on by .2 um to one side, takes 4.4 um of their field."""
    part = light.wire((-4.0, 0.0, 0.1), (4.0, 0.0, 0.1))
    fields = {"block": 4.0, "overlap": 0.4}
    flips(lambda field: "W273" in codes(light, part, field=field, **fields), 4.4, above=False)
    flips(lambda field: "W273" in codes(light, part, field=field, mode="piezo", **fields), 4.2, above=False)


def test_the_range_of_the_focus_holds_a_tier_and_its_overlap(light: ModuleType) -> None:
    post = light.wire((0.0, 0.0, 0.0), (0.0, 0.0, 10.0))
    flips(lambda z: "W273" in codes(light, post, z_range=z), 10.0, above=False)
    stacked = {"block_height": 3.0, "overlap": 1.0}
    # From half an overlap below a tier to half an overlap above it.
    flips(lambda z: "W273" in codes(light, post, z_range=z, **stacked), 4.0, above=False)


def test_an_objective_in_the_resin_hits_nothing_that_stands(light: ModuleType) -> None:
    """Two posts in two blocks: the second is begun where the first stands 10 um high; in tiers, where it stands as high as one."""
    posts = tuple(light.wire((x, 0.0, 0.0), (x, 0.0, 10.0), name=f"p{x:g}") for x in (0.0, 6.0))
    part = Union("body", posts, light.HERE)
    side = {"invert_z": True, "block": 3.0, "overlap": 1.0}
    flips(lambda reach: "W274" in codes(light, part, reach=reach, **side), 10.0, above=False)
    tiers = {**side, "block_height": 3.0}
    flips(lambda reach: "W274" in codes(light, part, reach=reach, **tiers), 4.0, above=False)
    # Through the substrate the whole of the part must be within reach, tiers or not.
    tiers["invert_z"] = False
    flips(lambda reach: "W274" in codes(light, part, reach=reach, **tiers), 10.0, above=False)


def test_a_seam_across_a_post_wants_the_length_of_its_voxel(light: ModuleType) -> None:
    post = light.wire((0.0, 0.0, 0.0), (0.0, 0.0, 10.0))
    flips(
        lambda overlap: "W272" in codes(light, post, block_height=5.0, overlap=overlap),
        0.3 * RATIO,
        above=False,
    )


def test_what_only_a_later_tier_holds_drifts(light: ModuleType) -> None:
    """A hook: what hangs below a beam is held when its tier has come."""
    post = light.wire((0.0, 0.0, 0.0), (0.0, 0.0, 8.0), name="post")
    beam = light.wire((0.0, 0.0, 8.0), (4.0, 0.0, 8.0), name="beam")
    drop = light.wire((4.0, 0.0, 8.0), (4.0, 0.0, 2.0), name="drop")
    part = Union("body", (post, beam, drop), light.HERE)
    assert "W265" in codes(light, part, block_height=5.0, overlap=1.0)
    assert "W265" not in codes(light, part)


def test_the_focus_gets_no_higher_than_its_working_distance(light: ModuleType) -> None:
    # The sixth layer's axes.
    top = 0.15 + 5 * 0.4
    flips(lambda reach: "W274" in codes(light, light.woodpile(), reach=reach), top, above=False)
    flips(
        lambda reach: "W274" in codes(light, light.woodpile(), reach=reach, interface=1.0),
        top - 1.0,
        above=False,
    )
    azide = Ligand("azide", "cross-linking")

    def dry(thick: float) -> bool:
        resin = Film("pin", "CdSe", "II-VI", azide, thick, "#33aa33")
        return "W274" in codes(light, light.woodpile(), resin=resin)

    flips(dry, top, above=False)


def test_a_gap_closes_where_the_doses_of_both_sides_add_up(light: ModuleType) -> None:
    """Half of a gap g beside a line that is 2 d wide both give exp((d^2 - (d + g / 2)^2) / w^2): together the threshold at half of it."""
    w, d = light.W_XY, 0.15
    gap = 2 * (math.sqrt(d * d + w * w * math.log(2.0)) - d)
    assert 0.05 < gap < 0.15
    fields = {"filament": 0.3, "layers": 1, "size": (6.0, 6.0)}
    for wider, closed in ((-2e-3, True), (2e-3, False)):
        found = codes(light, light.woodpile(**fields, pitch=round(0.3 + gap + wider, 3)))
        assert ("W281" in found) == closed and "W266" not in found


@pytest.mark.parametrize("power", [8.0, 10.0])
def test_a_gap_between_hatched_struts_closes_where_the_doses_of_all_lines_add_up(
    light: ModuleType, power: float
) -> None:
    """Two struts whose lines are summed one by one, at every height of a row, across the gap."""
    how = {"power": power * light.MW}

    def summed(apart: float) -> float:
        pair = tuple(
            light.wire((0.0, y, 0.6), (6.0, y, 0.6), filament=1.2, name=f"w{k}")
            for k, y in enumerate((0.0, apart))
        )
        writing = light.job(Union("body", pair, light.HERE), **how).light.writing
        s = writing.lines.state("wet")
        y, z = s.points_um[::2, 1], s.points_um[::2, 2]
        share = np.exp((0.5 * s.width_um[::2] / light.W_XY) ** 2)
        across = np.linspace(0.5, apart - 0.5, 801)
        best = 0.0
        for level in np.unique(z):
            dose = share * np.exp(
                -(((across[:, None] - y) / light.W_XY) ** 2) - ((level - z) / light.W_Z) ** 2
            )
            best = max(best, float(dose.sum(axis=1).min()))
        return best

    low, high = 1.21, 1.6
    assert summed(low) > 1.0 > summed(high)
    for _ in range(12):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if summed(middle) > 1.0 else (low, middle)
    for apart, closed in ((round(low - 3e-3, 3), True), (round(high + 3e-3, 3), False)):
        part = light.woodpile(filament=1.2, layers=1, pitch=apart, size=(6.0, apart))
        assert ("W281" in codes(light, part, **how)) == closed


def test_lines_of_a_strut_burn_together_what_one_would_not(light: ModuleType) -> None:
    """The dose at the middle line of a strut, its lines summed one by one, as the power of a single line."""
    part = light.wire((0.0, 0.0, 0.8), (6.0, 0.0, 0.8), filament=1.6)
    writing = light.job(part, power=10 * light.MW).light.writing
    p = writing.lines.state("wet").points_um[::2]
    dose = np.exp(
        -(((p[:, None, 1] - p[:, 1]) / light.W_XY) ** 2) - ((p[:, None, 2] - p[:, 2]) / light.W_Z) ** 2
    ).sum(axis=1)
    # An endless hatch and slice of 1.28 w leave pi w_xy w_z over their product, 1.9; lines of short rows lie closer.
    assert 1.9 < dose.max() < 3.0
    alone = 10.0 * math.sqrt(dose.max())
    for most, burns in ((alone * 0.999, True), (alone * 1.001, False)):
        assert ("W282" in codes(light, part, power=10 * light.MW, damage=most * light.MW)) == burns
    found = codes(light, part, power=10 * light.MW, damage=9.9 * light.MW)
    assert "W269" in found and "W282" not in found


def test_lines_that_a_seam_cuts_are_written_twice_there(light: ModuleType) -> None:
    part, power = light.diamond(filament=0.3), light.voxel_power(0.3)
    for times, burns in ((math.sqrt(2.0) * 0.999, True), (math.sqrt(2.0) * 1.001, False)):
        assert ("W282" in codes(light, part, damage=times * power, block=6.0, overlap=0.4)) == burns
        assert "W282" not in codes(light, part, damage=times * power)


def test_a_beam_from_above_passes_what_stands_beside_a_seam(light: ModuleType) -> None:
    """A tier 2 um high (axes of 5 layers) under a beam of half asin(.8 / 1.5): seams that lean by less than that, less a focus."""
    part = light.woodpile(layers=5, layer_height=0.5)
    how = {"aperture": 0.8, "index": 1.5, "invert_z": True, "block": 6.0, "overlap": 0.5}
    focus = 0.325 * 0.78 / (math.sqrt(2.0) * 0.8**0.91)
    most = math.atan(math.tan(math.asin(0.8 / 1.5)) - focus / 2.0)
    for shear, told in (
        (most * 0.999, True),
        (most * 1.001, False),
        (-most * 0.999, True),
        (-most * 1.001, False),
    ):
        assert ("W283" in codes(light, part, **how, shear=shear)) == told
    assert "W283" not in codes(light, part, **{**how, "invert_z": False})
    assert "W283" not in codes(light, part, **{**how, "block": 20.0})
    # Tiers of at most three layers are 1 um high.
    lower = math.atan(math.tan(math.asin(0.8 / 1.5)) - focus / 1.0)
    flips(
        lambda shear: "W283" in codes(light, part, **how, block_height=1.2, shear=shear), lower, above=False
    )


def test_mirrors_scan_no_lines_that_climb(light: ModuleType) -> None:
    assert "W280" in codes(light, light.octet()) and "W280" not in codes(light, light.woodpile())
    assert "W280" not in codes(light, light.octet(), mode="piezo")


def test_mirrors_correct_no_tilt(light: ModuleType) -> None:
    part = light.woodpile()
    assert "W275" in codes(light, part, tilt_correction=True)
    assert "W275" not in codes(light, part, tilt_correction=True, mode="piezo")
    assert "W275" not in codes(light, part)


def test_lines_of_a_strut_stand_apart_beyond_their_voxel(light: ModuleType) -> None:
    part = light.wire((0.0, 0.0, 0.3), (5.0, 0.0, 0.3), filament=3.0)

    def apart(power: float) -> bool:
        return "W276" in codes(light, part, power=power, hatch=0.3, slice=0.1, ripple=1.0)

    # Rows as wide as their chord less a voxel, in gaps of at most .3 um: of many rows some come close to that.
    def voxel(power: float) -> float:
        return 2 * light.W_XY * math.sqrt(math.log((power / (5 * light.MW)) ** 2 * TIME / 1e-3))

    low, high = light.voxel_power(0.2), light.voxel_power(0.35)
    assert apart(low) and not apart(high)
    for _ in range(30):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if apart(middle) else (low, middle)
    assert 0.29 < voxel(low) <= 0.3 + 1e-6


def test_rules_of_ink_leave_light_alone(light: ModuleType) -> None:
    """No bath, widths far below any nozzle: nothing of that is said of what is written."""
    found = codes(light, light.woodpile())
    assert all(264 <= int(code[1:]) <= 283 for code in found)


@settings(max_examples=50)
@given(
    st.floats(1.0, 3.0), st.floats(2.5, 5.0), st.integers(2, 6), st.floats(0.6, 0.85), st.sampled_from([None, 9.0, 17.0]),
    st.sampled_from(range(9)),
)  # fmt: skip
def test_clean_parts_are_clean_and_planted_faults_are_found(
    light: ModuleType,
    filament: float,
    pitches: float,
    layers: int,
    rise: float,
    block: float | None,
    fault: int,
) -> None:
    filament, pitch = round(filament, 3), round(filament * pitches, 3)
    fields: dict[str, Any] = {
        "size": (4 * pitch, 4 * pitch), "filament": filament, "pitch": pitch, "layers": layers,
        "layer_height": round(rise * filament, 3),
    }  # fmt: skip
    how: dict[str, Any] = {
        "power": 10 * light.MW,
        "full_power": 20 * light.MW,
        "reach": 100.0,
        "field": 200.0,
    }
    if block is not None:
        how |= {"block": block, "overlap": 0.5}
    clean = light.woodpile(**fields)
    assert codes(light, clean, **how) == set()
    planted: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("W266", {"pitch": 0.9 * filament, "size": (5 * filament, 5 * filament)}, {}),
        ("W271", {"layer_height": 1.05 * filament}, {}),
        ("W267", {}, {"hatch": 0.3, "ripple": 0.001}),
        ("W269", {}, {"damage": 9 * light.MW}),
        ("W274", {}, {"reach": 0.3}),
        ("W281", {"pitch": filament + 0.03, "size": (4 * filament, 4 * filament)}, {}),
        ("W282", {}, {"damage": 10.5 * light.MW}),
        ("W273", {}, {"z_range": 0.2}),
        ("W272", {}, {"block": 9.0, "overlap": 0.05}),
    ]
    code, other, more = planted[fault]
    assert code in codes(light, light.woodpile(**{**fields, **other}), **{**how, **more})
