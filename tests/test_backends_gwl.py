"""GWL against an interpreter that shares no code with the writer; the same lattice as ink and as light."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wetprint.backends.writer import ink_alone, write_lines
from wetprint.backends.writers import WRITERS
from wetprint.backends.writers.gwl import CHUNK
from wetprint.kernel.build import build
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.figures.contacts import find_contacts
from wetprint.kernel.scene import Union


def text(*jobs: Any) -> str:
    out = io.BytesIO()
    WRITERS["gwl"].write(jobs, out)
    return out.getvalue().decode("ascii")


def agrees(light: ModuleType, gwl_referee: ModuleType, job: Any, full: float) -> None:
    """The trajectories of the file are the lines of the plan, to 1 nm and 0.01 % of their power."""
    done, machine = gwl_referee.run(text(job))
    writing = job.light.writing
    f, p = writing.lines, writing.lines.state("wet").points_um
    assert len(done) == len(f)
    for t, (a, b) in zip(done, pairwise(f.offsets.tolist()), strict=True):
        sample = np.array(t.sample)
        # Heights from the interface: the part is sunk into it.
        assert np.abs(np.add(sample, (0.0, 0.0, writing.how.interface)) - p[a:b]).max() <= 1e-3
        assert np.array(t.power) * full == pytest.approx(writing.power[a:b], rel=1e-4)
        assert t.speed == writing.how.scan_speed
        turned = np.array(t.machine) * ((-1, 1, -1) if writing.how.invert_z else (1, 1, 1))
        assert np.array_equal(turned, sample)
        # A rotation and no mirror: lengths and hands stay.
    assert machine.stage == pytest.approx([0.0, 0.0], abs=1e-9)
    assert {t.mode for t in done} == {{"galvo": "GalvoScanMode", "piezo": "PiezoScanMode"}[writing.how.mode]}
    numbers = np.array([p for t in done for p in t.in_field])
    if writing.how.field is not None:
        low, high = (0.0, 1.0) if writing.how.mode == "piezo" else (-0.5, 0.5)
        assert numbers[:, :2].min() >= low * writing.how.field - 1e-3
        assert numbers[:, :2].max() <= high * writing.how.field + 1e-3
    if writing.how.z_range is not None:
        assert numbers[:, 2].min() >= -1e-9 and numbers[:, 2].max() <= writing.how.z_range + 1e-3


CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("woodpile", {}, {}),
    ("woodpile", {}, {"block": 4.0, "overlap": 0.5, "field": 5.0, "interface": 0.5}),
    ("woodpile", {"layers": 2}, {"invert_z": True, "mode": "piezo", "tilt_correction": True}),
    (
        "woodpile",
        {"filament": 1.2, "pitch": 5.0, "layers": 3, "layer_height": 1.0},
        {"power": 10.0, "contours": 1},
    ),
    ("octet", {}, {"power_scaling": 0.8}),
    ("octet", {}, {"block": 2.5, "overlap": 0.3, "shear": 0.2, "invert_z": True}),
    ("octet", {"filament": 0.7}, {"power": 8.0, "shrink": 0.15}),
    ("woodpile", {"layers": 2}, {"interface": 0.7, "mode": "piezo", "block_height": 0.4}),
    ("woodpile", {"layers": 20}, {"block_height": 2.5, "overlap": 0.8, "z_range": 3.0}),
    (
        "octet",
        {"layers": 4},
        {
            "block": 3.0,
            "block_height": 2.2,
            "overlap": 0.8,
            "shear": 0.2,
            "invert_z": True,
            "z_range": 3.2,
            "field": 5.2,
        },
    ),
    (
        "octet",
        {"layers": 3, "filament": 0.5},
        {
            "power": 9.0,
            "mode": "piezo",
            "block": 4.0,
            "block_height": 3.0,
            "overlap": 1.0,
            "field": 5.5,
            "z_range": 4.2,
        },
    ),
]


@pytest.mark.parametrize(("kind", "fields", "how"), CASES)
def test_a_writer_does_what_was_planned(
    light: ModuleType, gwl_referee: ModuleType, kind: str, fields: dict[str, Any], how: dict[str, Any]
) -> None:
    full = 20.0 * light.MW
    how = {**how, **({"power": how["power"] * light.MW} if "power" in how else {})}
    job = light.job(getattr(light, kind)(**fields), full_power=full, **how)
    agrees(light, gwl_referee, job, full)


@settings(max_examples=25)
@given(
    st.lists(
        st.lists(st.tuples(st.floats(-15, 15), st.floats(-15, 15), st.floats(0, 4)), min_size=2, max_size=5),
        min_size=1,
        max_size=4,
    ),
    st.floats(0.1, 1.5),
    st.sampled_from([None, 6.0, 11.0]),
    st.sampled_from([None, 1.5]),
    st.booleans(),
    st.sampled_from(["galvo", "piezo"]),
)
def test_any_paths_come_out_as_planned(
    light: ModuleType,
    gwl_referee: ModuleType,
    paths: Any,
    width: float,
    block: float | None,
    tall: float | None,
    invert: bool,
    mode: str,
) -> None:
    wires = [light.wire(*points, filament=width, name=f"w{k}") for k, points in enumerate(paths)]
    full = 30.0 * light.MW
    fields = {"power": 9.0 * light.MW, "full_power": full, "invert_z": invert, "mode": mode}
    if block is not None:
        fields |= {"block": block, "overlap": 0.4}
    if tall is not None:
        fields |= {"block_height": tall}
    jobs, said = light.built(Union("body", tuple(wires), light.HERE), **fields)
    if not jobs:
        assert said  # paths that go nowhere
        return
    agrees(light, gwl_referee, jobs[0], full)


def test_the_same_design_gives_the_same_bytes(light: ModuleType) -> None:
    fields = {"full_power": 20.0 * light.MW, "block": 3.0, "overlap": 0.3}
    assert text(light.job(light.octet(), **fields)) == text(light.job(light.octet(), **fields))


def test_two_prints_share_a_file_and_a_stage(light: ModuleType, gwl_referee: ModuleType) -> None:
    full = 20.0 * light.MW
    scene = light.scene(light.woodpile(layers=1), full_power=full, block=4.0, overlap=0.5)
    second = replace(scene.prints[0], part=light.wire((20.0, 0.0, 0.1), (30.0, 0.0, 0.1)), fields={
        **scene.prints[0].fields, "block": None, "scan_speed": 50.0})  # fmt: skip
    jobs, _ = build(replace(scene, prints=(*scene.prints, second)))
    done, machine = gwl_referee.run(text(*jobs))
    assert np.array(done[-1].sample) == pytest.approx(np.array([(20.0, 0.0, 0.1), (30.0, 0.0, 0.1)]))
    assert done[-1].speed == 50.0
    assert done[0].speed == 100.0 and machine.stage == pytest.approx([0.0, 0.0], abs=1e-9)


def test_pieces_of_text_join_where_they_were_cut(
    light: ModuleType, gwl_referee: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = light.job(light.octet(), full_power=20.0 * light.MW)
    whole = text(job)
    assert job.light.writing.lines.point_count < CHUNK
    monkeypatch.setattr("wetprint.backends.writers.gwl.CHUNK", 7)
    done, _ = gwl_referee.run(text(job))
    one, _ = gwl_referee.run(whole)
    assert [t.sample for t in done] == [t.sample for t in one]


# -- ink and light ---------------------------------------------------------------------------------------------------


def nodes(job: Any, state: str) -> set[tuple[int, int, int]]:
    """Contacts of a part: which two struts, and in which tenth of the first."""
    found = find_contacts(job.filaments, state, pairs=True).places
    return {
        (int(a), int(b), round(10 * float(s)))
        for p in found
        for a, b, s in zip(p.one, p.two, p.part1, strict=True)
    }


@pytest.mark.parametrize("power", [None, 10.0])
def test_a_woodpile_has_the_same_nodes_as_ink_and_as_light(light: ModuleType, power: float | None) -> None:
    """Hatched, struts stand as high as they are drawn. As single lines they are 2.4 times as high, and reach the next but one layer:
    its struts must lie between, as those of a diamond do."""
    part = (
        light.diamond(filament=0.3)
        if power is None
        else light.woodpile(filament=1.2, pitch=5.0, layer_height=1.0)
    )
    written = light.job(part, power=None if power is None else power * light.MW)
    scene = light.scene(part)
    inked = replace(scene, prints=(replace(scene.prints[0], process="wet_writing", fields={}),))
    printed = build(inked)[0][0]
    assert nodes(printed, "dried") == nodes(written, "wet")
    assert len(nodes(written, "wet")) == (5 * 9 if power else sum(len(r) for r in _crossings(written)))


def _crossings(job: Any) -> list[list[tuple[int, int]]]:
    """Pairs of struts of neighbouring layers: they all cross."""
    layer = job.filaments.layer
    return [
        [(a, b) for a in np.flatnonzero(layer == k) for b in np.flatnonzero(layer == k + 1)]
        for k in range(int(layer.max()))
    ]


def test_a_file_read_back_has_the_same_nodes_as_the_ink(light: ModuleType, gwl_referee: ModuleType) -> None:
    """From the text alone: trajectories as filaments with the voxels of their power, by the formulas."""
    from wetprint.kernel.filaments import filaments

    part = light.diamond(filament=0.35)
    full = 20.0 * light.MW
    job = light.job(part, full_power=full)
    done, _ = gwl_referee.run(text(job))
    points = np.array([p for t in done for p in t.sample])
    power = np.array([v for t in done for v in t.power]) * full
    time = math.sqrt(math.pi) * light.W_XY / 100.0
    q = (power / (5.0 * light.MW)) ** 2 * time / 1e-3
    layer = np.rint((points[::2, 2] - points[:, 2].min()) / 0.28).astype(int)
    read = filaments(
        points, np.full(len(done), 2), width_um=2 * light.W_XY * np.sqrt(np.log(q)),
        height_um=2 * light.W_Z * np.sqrt(np.log(q)), material=0, layer=layer, origin=0, inks=(light.GOLD,),
        spans=(light.HERE,), state="wet",
    )  # fmt: skip
    places = find_contacts(read, "wet", pairs=True).places
    order = job.light.writing.strut
    found = {
        tuple(sorted((int(order[a]), int(order[b]))))
        for p in places
        for a, b in zip(p.one, p.two, strict=True)
    }
    scene = light.scene(part)
    inked = replace(scene, prints=(replace(scene.prints[0], process="wet_writing", fields={}),))
    printed = find_contacts(build(inked)[0][0].filaments, "dried", pairs=True).places
    expected = {tuple(sorted((int(a), int(b)))) for p in printed for a, b in zip(p.one, p.two, strict=True)}
    assert found == expected


def test_tiers_go_up_with_the_drive_and_look_for_no_interface(
    light: ModuleType, gwl_referee: ModuleType
) -> None:
    post = light.wire((0.0, 0.0, 0.0), (0.0, 0.0, 10.0))
    job = light.job(post, full_power=90.0 * light.MW, block_height=3.0, overlap=1.0, invert_z=True)
    lines = text(job).splitlines()
    words = [line for line in lines if line.split()[0] in ("AddZDrivePosition", "FindInterfaceAt")]
    assert words == ["FindInterfaceAt 0", *(f"AddZDrivePosition {z}" for z in ("2.500", "3.000", "3.000"))]
    done, machine = gwl_referee.run(text(job))
    assert [(t.in_field[0][2], t.in_field[-1][2]) for t in done] == [(0, 3.5), (0, 4.0), (0, 4.0), (0, 1.5)]
    assert machine.drive == pytest.approx(8.5)


@pytest.mark.parametrize("interface", [0.0, 0.3])
def test_a_file_has_no_height_below_the_lowest_focus(
    light: ModuleType, gwl_referee: ModuleType, interface: float
) -> None:
    """Lines of a hatched strut whose axis lies on the substrate: some are in it, and the interface is looked for above them."""
    beam = light.wire((0.0, 0.0, 0.0), (5.0, 0.0, 0.0), filament=1.2)
    post = light.wire((0.0, 0.0, 0.0), (0.0, 0.0, 5.0), filament=1.2, name="post")
    fields = {
        "power": 10.0 * light.MW,
        "full_power": 20.0 * light.MW,
        "interface": interface,
        "block_height": 2.0,
    }
    job = light.job(Union("body", (beam, post), light.HERE), **fields, overlap=0.8)
    z = job.light.writing.lines.state("wet").points_um[:, 2]
    assert z.min() < -0.1
    done, _ = gwl_referee.run(text(job))
    assert min(p[2] for t in done for p in t.in_field) == 0.0
    assert min(p[2] for t in done for p in t.sample) == pytest.approx(z.min() - interface, abs=1e-9)
    assert max(p[2] for t in done for p in t.sample) == pytest.approx(z.max() - interface, abs=1e-3)


def test_the_objective_goes_down_for_the_next_print_only_where_it_can(
    light: ModuleType, gwl_referee: ModuleType
) -> None:
    post = light.wire((0.0, 0.0, 0.0), (0.0, 0.0, 10.0))
    fields = {"full_power": 90.0 * light.MW, "block_height": 3.0, "overlap": 1.0, "invert_z": True}
    scene = light.scene(post, **fields, reach=10.0)
    second = replace(scene.prints[0], part=light.wire((20.0, 0.0, 0.1), (30.0, 0.0, 0.1)))
    first = scene.prints[0]
    jobs, _ = build(replace(scene, prints=(first, second)))
    done, machine = gwl_referee.run(text(*jobs))
    assert np.array(done[-1].sample) == pytest.approx(np.array([(20.0, 0.0, 0.1), (30.0, 0.0, 0.1)]))
    assert machine.drive == pytest.approx(0.0, abs=1e-9)
    for reach, order, code in ((9.99, (first, second), "X765"), (9.99, (second, first), None)):
        prints = tuple(replace(p, fields={**p.fields, "reach": reach}) for p in order)
        jobs, _ = build(replace(scene, prints=prints))
        if code is None:
            text(*jobs)
            continue
        with pytest.raises(WetprintError) as caught:
            text(*jobs)
        assert caught.value.diagnostics[0].code == code


def test_a_file_of_blocks_read_back_has_the_nodes_of_the_ink(
    light: ModuleType, gwl_referee: ModuleType
) -> None:
    """Hatched struts, cut at seams, in two tiers: each trajectory is given to the filament of ink along which it runs; those of different
    filaments touch where the filaments do, and only there."""
    from wetprint.kernel.filaments import filaments

    part = light.woodpile(filament=1.2, pitch=5.0, layer_height=1.0, layers=4)
    full = 20.0 * light.MW
    fields = {"block": 6.0, "block_height": 2.0, "overlap": 0.5, "shear": 0.2}
    job = light.job(part, power=10.0 * light.MW, full_power=full, **fields)
    scene = light.scene(part)
    printed = build(replace(scene, prints=(replace(scene.prints[0], process="wet_writing", fields={}),)))[0][
        0
    ]
    done, _ = gwl_referee.run(text(job))
    ends = np.array([(t.sample[0], t.sample[-1]) for t in done])
    axes = printed.filaments.state("dried").points_um.reshape(-1, 2, 3)
    along = np.abs(ends[:, 1] - ends[:, 0])[:, None, :2].argmax(axis=2)
    same = along == np.abs(axes[:, 1] - axes[:, 0])[:, :2].argmax(axis=1)
    across = np.where(along[..., None] == 0, ends[:, None, 0, 1:], ends[:, None, 0, ::2])
    middle = np.where(along[..., None] == 0, axes[None, :, 0, 1:], axes[None, :, 0, ::2])
    strut = np.where(same, np.linalg.norm(across - middle, axis=2), np.inf).argmin(axis=1)
    q = (np.array([t.power[0] for t in done]) * full / (5.0 * light.MW)) ** 2
    q *= math.sqrt(math.pi) * light.W_XY / 100.0 / 1e-3
    read = filaments(
        ends.reshape(-1, 3), np.full(len(done), 2), width_um=np.repeat(2 * light.W_XY * np.sqrt(np.log(q)), 2),
        height_um=np.repeat(2 * light.W_Z * np.sqrt(np.log(q)), 2), material=0, layer=printed.filaments.layer[strut],
        origin=0, inks=(light.GOLD,), spans=(light.HERE,), state="wet",
    )  # fmt: skip
    found = {
        tuple(sorted((int(strut[a]), int(strut[b]))))
        for p in find_contacts(read, "wet", pairs=True).places
        for a, b in zip(p.one, p.two, strict=True)
        if strut[a] != strut[b]
    }
    places = find_contacts(printed.filaments, "dried", pairs=True).places
    expected = {tuple(sorted((int(a), int(b)))) for p in places for a, b in zip(p.one, p.two, strict=True)}
    assert found == expected and len(expected) == 27
    assert len(set(strut.tolist())) == len(printed.filaments)


# -- refusals --------------------------------------------------------------------------------------------------------


def refused(job: Any) -> str:
    with pytest.raises(WetprintError) as caught:
        text(job)
    return caught.value.diagnostics[0].code


def test_per_cent_need_to_know_the_whole(light: ModuleType) -> None:
    assert refused(light.job(light.woodpile())) == "X761"


def test_no_more_than_all_power_is_written(light: ModuleType) -> None:
    needs = light.voxel_power(0.3)
    assert refused(light.job(light.woodpile(), full_power=needs * (1 - 1e-5))) == "X762"
    assert "LaserPower 100.0000" in text(light.job(light.woodpile(), full_power=needs * (1 + 1e-9)))


def test_coordinates_have_four_digits(light: ModuleType) -> None:
    far = light.wire((0.0, 0.0, 0.1), (20_000.0, 0.0, 0.1))
    assert refused(light.job(far, full_power=20.0 * light.MW)) == "X763"
    text(light.job(far, full_power=20.0 * light.MW, block=9_000.0, overlap=1.0))


def test_ink_is_not_written_and_light_is_not_printed(light: ModuleType, tmp_path: Any) -> None:
    job = light.job(light.woodpile(), full_power=20.0 * light.MW)
    with pytest.raises(WetprintError) as caught:
        ink_alone([job.print])
    (told,) = ink_alone([replace(job.print, process="wet_writing"), job.print])
    assert "body.gwl" in told
    assert ink_alone([replace(job.print, process="wet_writing")]) == []
    assert caught.value.diagnostics[0].code == "X764"
    with pytest.raises(WetprintError) as caught:
        write_lines([replace(job, light=None)], "gwl", tmp_path / "part.gwl")
    assert caught.value.diagnostics[0].code == "X760"
    assert not list(tmp_path.iterdir())
    write_lines([job], "gwl", tmp_path / "part.gwl")
    assert (tmp_path / "part.gwl").read_text() == text(job)


def test_a_million_lines(light: ModuleType) -> None:
    """In whole arrays: a second or two, and no more memory than a few copies of the points."""
    part = light.woodpile(size=(200.0, 200.0), pitch=5.0, filament=2.0, layers=130, layer_height=1.6)
    job = light.job(part, power=10.0 * light.MW, full_power=20.0 * light.MW, hatch=0.1, slice=0.1)
    assert len(job.light.writing.lines) > 1_000_000
    out = io.BytesIO()
    WRITERS["gwl"].write([job], out)
    assert out.getvalue().count(b"Write\n") == len(job.light.writing.lines)
