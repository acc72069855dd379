"""The window: the print filament by filament with its nozzle, colours by figures, measuring, what is complained of, light and dark."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from wetprint.backends.colourings import COLOURINGS as FIGURES
from wetprint.backends.preview import Look
from wetprint.backends.previews.marks import ALARM, distance_told, problems_at, problems_of
from wetprint.backends.rig_store import load_rig
from wetprint.kernel.build import Job, build
from wetprint.kernel.shrink import complete_jobs
from wetprint.lang.load import load

TEXT = """wp 1;
use "nanocrystal.wp" as nc;
lattice b = woodpile { size: [120um, 120um]; layers: 4; pitch: 40um; filament: 10um; material: nc.gold; }
lattice net = woodpile { size: [120um, 120um]; layers: 2; pitch: 10um; filament: 10um; material: nc.silver; }
part both = union(b, move(net, by: [300um, 0um, 0um]));
print both { bath: nc.gold_bath; }
"""


@pytest.fixture(scope="module")
def made() -> tuple[tuple[Job, ...], list[Any]]:
    scene = load("w.wp", TEXT).scene
    assert scene is not None
    jobs, _ = build(scene)
    jobs, _ = complete_jobs(scene, jobs)
    return jobs, problems_of(scene, jobs)


def drive(made: Any, path: Path, act: Any, **look: Any) -> None:
    from wetprint.backends.previews.window import photograph

    jobs, said = made
    asked = Look(
        state="dried", size=(500, 350), rig=lambda: load_rig("sim", []), problems=lambda: said, **look
    )
    photograph(jobs, asked, path, act)


def shown(w: Any) -> set[int]:
    return set(np.unique(w._filament).tolist())


@pytest.mark.gl
def test_the_print_goes_filament_by_filament_with_its_nozzle(made: Any, tmp_path: Path) -> None:
    def act(w: Any) -> None:
        assert "nozzle" not in w.plotter.actors
        w.show_printed(5)
        course = w.course()
        assert shown(w) == set(course.order[:5].tolist())
        assert "nozzle" in w.plotter.actors
        w.step(1)
        f = int(course.order[5])
        assert shown(w) == set(course.order[:6].tolist())
        # The tip stands over the end at which the last filament ends, on the top of it.
        rows = slice(int(course.part.offsets[f]), int(course.part.offsets[f + 1]))
        points = course.part.dried.points_um[rows]
        end = points[0] if course.reverse[f] else points[-1]
        assert w.tip_um[:2] == pytest.approx(end[:2]) and w.tip_um[2] > end[2]
        w.step(-6)
        assert w.printed == 0
        w.show_printed(10_000)
        assert w.printed is None and "nozzle" not in w.plotter.actors
        assert shown(w) == set(range(len(course.part)))
        # Layers and print peel together.
        w.show_layers(1)
        w.show_printed(len(course.part) - 1)
        assert shown(w) <= set(np.flatnonzero(course.part.layer == 0).tolist())

    drive(made, tmp_path / "w.png", act)


@pytest.mark.gl
def test_colours_by_every_figure(made: Any, tmp_path: Path) -> None:
    seen = []

    def act(w: Any) -> None:
        assert w.colouring == "gap"  # as asked for
        for _ in range(len(FIGURES.names()) + 1):
            w.next_colouring()
            seen.append(w.colouring)
            if w.colouring != "ink":
                assert FIGURES[w.colouring].label in w.legend[0]
        w.colour_by("order")
        first, last = int(w.course().order[0]), int(w.course().order[-1])
        rgb = w._cell_colours()
        low, high = (rgb[w._filament == f][0].tolist() for f in (first, last))
        assert low == [0x44, 0x01, 0x54] and high == [0xFD, 0xE7, 0x25]

    drive(made, tmp_path / "w.png", act, by="gap")
    assert set(seen) == {"ink", *FIGURES.names()}


@pytest.mark.gl
def test_what_check_complains_of_is_marked_in_its_place(made: Any, tmp_path: Path) -> None:
    jobs, said = made
    assert [d.code for d, _ in said] == ["W206"]
    part = jobs[0].filaments
    x = part.dried.points_um[part.offsets[:-1], 0]
    marked, lines = problems_at(part, "dried", said)
    # Of the two lattices only the narrow one is complained of.
    assert marked.any() and (x[marked] > 200).all() and lines[0].startswith("W206 ")

    def act(w: Any) -> None:
        w.complain()
        assert w.marked.any() and "filaments complained of" in w.legend[-1]
        colours = w._cell_colours()
        alarm = [int(ALARM[k : k + 2], 16) for k in (1, 3, 5)]
        assert (colours[w.marked[w._filament]] == alarm).all()
        assert not (colours[~w.marked[w._filament]] == alarm).all(axis=1).any()
        w.complain()
        assert w.marked is None

    drive(made, tmp_path / "w.png", act)


@pytest.mark.gl
def test_measuring_light_and_ghost(made: Any, tmp_path: Path) -> None:
    def act(w: Any) -> None:
        w.from_direction("top")
        w.measure()
        assert w.measure_to(np.array([0.0, 0, 0])) == ""
        assert w.measure_to(np.array([30.0, 40, 0])).startswith("50 µm apart")
        assert "measured line" in w.plotter.actors
        w.measure()
        assert "measured line" not in w.plotter.actors
        w.measure()  # by clicks: on the filament in the middle of the picture, and beside the part
        w._press()
        f = next(iter(shown(w)))
        rows = w.part.offsets[f]
        middle = w._data.points.mean(axis=0)
        assert rows >= 0 and middle is not None
        w.pick(2, 2)
        assert w._measured == []
        w.measure()
        w.other_light()
        assert w.dark and w.plotter.background_color.hex_rgb == "#15181d"
        w.other_ghost()
        assert "ghost" in w.plotter.actors and w.legend[-1] == "wet" and w.state == "dried"
        w.other_ghost()
        assert "ghost" not in w.plotter.actors

    drive(made, tmp_path / "w.png", act)


def test_distances_are_told_in_all_and_along_the_axes() -> None:
    told = distance_told(np.array([1.0, 2, 3]), np.array([4.0, 6, 15]))
    assert told == "13 µm apart\nin x 3, in y 4, in z 12 µm; in plan 5 µm"


@pytest.mark.gl
def test_bare_filaments_have_no_print(parts: ModuleType, tmp_path: Path) -> None:
    from wetprint.backends.previews.window import photograph

    def act(w: Any) -> None:
        w.show_printed(1)
        assert w.printed is None
        for _ in range(12):
            w.next_colouring()
            assert w.colouring == "ink" or not FIGURES[w.colouring].course

    photograph(parts.woodpile(lines=3, layers=2), Look(size=(300, 200)), tmp_path / "w.png", act)


@pytest.mark.gl
def test_large_parts_are_lines_from_afar_and_tubes_from_near(
    parts: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wetprint.backends.previews import stage

    monkeypatch.setattr(stage, "_LARGE", 100)
    monkeypatch.setattr(stage, "_TURNING", 40)
    part = parts.woodpile(lines=40, layers=4)

    def act(w: Any) -> None:
        assert w.large and not w.near and w._data.n_lines == len(part) == w._data.n_cells
        w._turn(True)
        coarse = w.plotter.actors["turning"]
        assert coarse.GetVisibility() and coarse.mapper.dataset.n_lines <= 54
        w._turn(False)
        assert not w.plotter.actors["turning"].GetVisibility() and w._actor.GetVisibility()
        w.show_layers(1)
        assert shown(w) == set(np.flatnonzero(part.layer == 0).tolist())
        w.show_layers(4)
        w.from_direction("top")
        w.plotter.camera.parallel_scale = 3 * float(part.dried.width_um[0])
        w._turn(False)
        assert w.near and 0 < len(shown(w)) < len(part)
        # What is in the middle of the view is there, as tubes of true width.
        f = w.pick(200, 150)
        assert f is None or f in shown(w)
        w.from_direction("top")
        w._turn(False)
        assert not w.near and shown(w) == set(range(len(part)))

    from wetprint.backends.previews.window import photograph

    photograph(part, Look(size=(400, 300)), tmp_path / "w.png", act)
