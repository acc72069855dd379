"""How what is written with light is shown: its lines, in the order of writing, ink before light."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from wetprint.backends import focus
from wetprint.backends.colouring import part_and_values
from wetprint.backends.course import there_at
from wetprint.backends.focus import as_lines
from wetprint.backends.planned import course_of
from wetprint.backends.preview import preview
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.build import Job, build
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.shrink import complete_jobs


def hatched(light: ModuleType) -> Job:
    return light.job(light.woodpile(filament=1.2, pitch=5.0, layers=2, layer_height=1.0), power=10 * light.MW)  # type: ignore[no-any-return]


def test_lines_are_shown_in_place_of_struts(light: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    job = hatched(light)
    (shown,) = as_lines([job])
    assert len(shown.filaments) == len(job.light.writing.lines) > len(job.filaments)  # type: ignore[union-attr]
    monkeypatch.setattr(focus, "MOST_SHOWN", len(job.light.writing.lines) - 1)
    assert as_lines([job]) == [job]


def test_the_course_is_that_of_the_trajectories(light: ModuleType) -> None:
    job = hatched(light)
    course = course_of([job], load_rig("sim", []))
    writing = job.light.writing
    assert np.array_equal(course.order, np.arange(len(writing.lines)))
    assert course.end_s[-1] == pytest.approx(writing.as_dict()["scan_s"])
    assert course.end_s - course.begin_s == pytest.approx(writing.lengths_um() / 100.0)
    half, now, tip = there_at(course, 0.5 * float(course.end_s[-1]))
    assert (
        half is not None
        and 0 < len(half) <= len(course.part)
        and course.begin_s[now] <= 0.5 * course.end_s[-1]
    )
    assert np.isfinite(tip).all()
    part, values, _ = part_and_values("order", job.filaments, "wet", lambda: course)
    assert len(part) == len(values) == len(writing.lines)


def test_blocks_and_powers_are_those_of_the_trajectories(light: ModuleType) -> None:
    part = light.octet(size=(5.0, 5.0), layers=2)
    job = light.job(part, block=3.0, block_height=2.6, overlap=0.4)
    course, writing = course_of([job], load_rig("sim", [])), job.light.writing
    shown, values, told = part_and_values("block", job.filaments, "wet", lambda: course)
    assert (
        values.tolist() == (writing.block + 1).tolist()
        and told.whole
        and values.max() == len(writing.origin_um)
    )
    # Tier by tier: no line of an earlier tier reaches beyond the seam and half the overlap.
    z = shown.state("wet").points_um[:, 2]
    low = values <= (writing.tier == 0).sum()
    assert z[np.repeat(low, np.diff(shown.offsets))].max() <= z.min() + 2.6 + 0.2 + 1e-3
    _, power, told = part_and_values("power", job.filaments, "wet", lambda: course)
    # Climbing struts take less power for their width than level ones: they expose longer.
    level = np.abs(np.diff(z.reshape(-1, 2), axis=1))[:, 0] < 1e-3
    assert level.any() and not level.all() and power[level].min() > power[~level].max()
    assert power[level] == pytest.approx(light.voxel_power(0.2) / light.MW, rel=1e-9)


def test_ink_comes_first_and_light_goes_on(light: ModuleType) -> None:
    scene = light.scene(light.woodpile(layers=1, filament=1.2, pitch=5.0), power=10 * light.MW)
    ink = replace(
        scene.prints[0], part=light.woodpile(size=(200.0, 200.0), pitch=50.0, filament=10.0, layers=2, layer_height=8.0),
        process="wet_writing", fields={},
    )  # fmt: skip
    scene = replace(scene, prints=(ink, scene.prints[0]))
    jobs, said = complete_jobs(scene, build(scene)[0], model="analytic")
    assert not said and jobs[1].light is not None and jobs[1].drying is None
    course = course_of(jobs, load_rig("sim", []))
    printed = len(jobs[0].filaments)
    written = len(jobs[1].light.writing.lines)
    assert len(course.part) == printed + written and len(course.nozzles) == 1 + len(
        load_rig("sim", []).nozzles
    )
    assert course.begin_s[printed:].min() >= course.end_s[:printed].max()
    assert course.nozzles[int(course.nozzle[-1])].name == "focus"
    assert sorted(course.order.tolist()) == list(range(printed + written))
    for column in (course.block, course.power_mw):
        assert column is not None
        assert np.isnan(column[:printed]).all() and np.isfinite(column[printed:]).all()


def test_a_picture_by_order(light: ModuleType, tmp_path: Path) -> None:
    (path,) = preview(
        [hatched(light)],
        png=tmp_path / "a.png",
        by="order",
        rig=lambda: load_rig("sim", []),
        size=(200, 160),
        draft=True,
    )
    assert path.stat().st_size > 1000


def test_light_has_no_pressure(light: ModuleType, tmp_path: Path) -> None:
    jobs, at = [hatched(light)], tmp_path / "by.png"
    with pytest.raises(WetprintError) as caught:
        preview(jobs, png=at, by="pressure", rig=lambda: load_rig("sim", []), size=(200, 160))
    (said,) = caught.value.diagnostics
    assert (
        said.code == "X726"
        and "filaments have the pressure on the ink" in said.message
        and "power" in said.notes[1]
    )
    assert not at.exists()


def test_the_sheet_shows_blocks_where_there_are_some(light: ModuleType) -> None:
    from wetprint.backends.reports.blocks import Photo
    from wetprint.backends.reports.films import film_sections

    for fields, photos in (({}, 1), ({"block": 6.0, "overlap": 0.4}, 2)):
        scene = light.scene(light.woodpile(layers=2), **fields)
        (section,) = film_sections(scene, build(scene)[0], pictures=True, size=(160, 120))
        assert sum(isinstance(b, Photo) for b in section.blocks) == photos
