"""The window: the print filament by filament with its nozzle, colours by figures, measuring, what is complained of, light and dark."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from wetprint.backends.colourings import COLOURINGS as FIGURES
from wetprint.backends.preview import Look
from wetprint.backends.previews.marks import ALARM, distance_told, problems_at, problems_of
from wetprint.backends.rigs.store import load_rig
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


def rgb_of(w: Any, f: int) -> list[int]:
    found = w._data.cell_data["rgb"][w._filament == f][0].tolist()
    return list(found)


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
        for _ in range(len(FIGURES.names()) + 2):
            w.next_colouring()
            seen.append(w.colouring)
            if w.colouring == "movement":
                assert "moved as it dries" in w.legend[0]
            elif w.colouring != "ink":
                assert FIGURES[w.colouring].label in w.legend[0]
        w.colour_by("order")
        first, last = int(w.course().order[0]), int(w.course().order[-1])
        low, high = (rgb_of(w, f) for f in (first, last))
        assert low == [0x44, 0x01, 0x54] and high == [0xFD, 0xE7, 0x25]

    drive(made, tmp_path / "w.png", act, by="gap")
    # Ink has no power and no blocks.
    assert set(seen) == {"ink", "movement", *FIGURES.names()} - {"block", "power"}


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
        colours = w._data.cell_data["rgb"]
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
def test_large_parts_turn_as_stand_ins_and_rest_as_stills(
    parts: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wetprint.backends.previews import crowd, stage

    for name in ("_LARGE", "_LARGE_CARD"):
        monkeypatch.setattr(stage, name, 100)
    for name in ("_TURNING", "_TURNING_CARD"):
        monkeypatch.setattr(crowd, name, 60)
    part = parts.woodpile(lines=40, layers=12)

    def act(w: Any) -> None:
        assert w.large and w.crowd.drawn == "crowd" and not w.crowd.still_shown
        assert len(shown(w)) < 100 and set(part.layer[sorted(shown(w))]) > {1}
        assert w.actor.GetVisibility() and w.plotter.renderer.GetTexturedBackground() == 0
        assert w.crowd.settle()  # the still lies there in place of the stand-ins
        assert w.plotter.renderer.GetTexturedBackground() and not w.actor.GetVisibility()
        # The still is where the part is: what is picked is what is seen there, all of it, not the stand-ins alone.
        w.from_direction("top")
        assert w.crowd.settle()
        picture = w.plotter.screenshot(return_img=True).astype(int)
        found = [(x, y, w.pick(x, y)) for x in range(150, 250, 3) for y in (140, 150, 160)]
        gold = [np.ptp(picture[299 - y, x]) > 60 for x, y, _ in found]
        assert sum(a == (f is not None) for a, (_, _, f) in zip(gold, found, strict=True)) > 0.75 * len(found)
        assert {f for _, _, f in found} - shown(w) - {None}
        w.turn(True)
        assert w.actor.GetVisibility() and not w.plotter.renderer.GetTexturedBackground()
        w.turn(False)
        w.show_layers(1)
        assert set(part.layer[sorted(shown(w))]) == {0}
        w.show_layers(12)
        w.plotter.camera.parallel_scale = 3 * float(part.dried.width_um[0])
        w.turn(False)
        assert w.crowd.drawn == "near" and 0 < len(shown(w)) < len(part)
        w.from_direction("top")
        assert w.crowd.drawn == "crowd"
        w.colour_by("layer")
        assert w.crowd.settle() and w.legend[0] == "1  layer"
        w.crowd.tick()
        w.crowd.stills.close()

    from wetprint.backends.previews.window import photograph

    photograph(part, Look(size=(400, 300)), tmp_path / "w.png", act)


@pytest.mark.gl
def test_a_still_that_nobody_waits_for_ends(parts: ModuleType) -> None:
    from wetprint.backends.drawing.picture import picture
    from wetprint.backends.previews.stills import Still, Stills

    part = parts.woodpile(lines=8, layers=6)
    view = picture(part, size=(200, 150))
    panel = view.panels[0]
    still = Still(
        "dried", np.arange(len(part)), panel.index, view.colours, view.axes, panel.frame, "paper"
    )  # fmt: skip
    stills = Stills(part)
    try:
        stills.ask(still)
        stills.stop()
        assert stills.poll(0.2) is None
        stills.ask(still)
        first = stills.poll(60.0)
        stills.ask(still)
        again = stills.poll(60.0)
        assert first is not None and again is not None and np.array_equal(first, again)
        assert first.shape == (panel.frame.height, 200, 3) and first.min() < 150
    finally:
        stills.close()


def test_what_lies_under_the_mouse(parts: ModuleType) -> None:
    from wetprint.backends.drawing.section import Cut
    from wetprint.backends.previews.picking import hit

    part = parts.woodpile(lines=5, layers=4)  # lines at -80..80, rise 8, layer 3 along y on top at z = 29
    every = np.ones(len(part), bool)

    def down(x: float, y: float, there: np.ndarray = every, **cut: Any) -> Any:
        return hit(part, "dried", there, np.array([x, y, 500.0]), np.array([x, y, -500.0]), **cut)

    f, place = down(40.0, 33.0)
    assert part.layer[f] == 3 and place == pytest.approx([40.0, 33.0, 34.0])
    f, place = down(43.0, 33.0)  # 3 um off the middle: 4 um high there
    assert place[2] == pytest.approx(29.0 + 4.0)
    assert down(20.0, 20.0) is None  # through a hole
    f, place = down(40.0, 40.0, part.layer < 3)
    assert part.layer[f] == 2 and place[2] == pytest.approx(26.0)
    # What a plane has cut away is passed through.
    f, place = down(40.0, 40.0, cut=Cut(np.array([0.0, 0.0, 24.0]), np.array([0.0, 0.0, -1.0])))
    assert part.layer[f] == 1 and place[2] == pytest.approx(18.0)
    # A filament that leads towards the eye is met at its end.
    f, place = hit(part, "dried", every, np.array([500.0, 0.0, 5.0]), np.array([-500.0, 0.0, 5.0]))
    assert part.layer[f] == 0 and place[0] > 75


FURTHER = """wp 1;
use "nanocrystal.wp" as nc;
material ink = nc.gold { xerogel_shrink: 40% assumed "a guess for a test"; }
lattice b = woodpile { size: [120um, 120um]; layers: 5; pitch: 40um; filament: 10um; material: ink; }
print b { bath: nc.gold_bath; }
"""


@pytest.mark.gl
def test_further_states_and_movement(tmp_path: Path) -> None:
    from wetprint.backends.previews.window import photograph

    scene = load("f.wp", FURTHER).scene
    assert scene is not None
    jobs, _ = complete_jobs(scene, build(scene)[0])

    def reach(w: Any) -> float:
        return float(np.ptp(w._data.points[:, 0]))

    def act(w: Any) -> None:
        assert w.states() == ("wet", "dried", "xerogel") and w.shown == "xerogel"  # as asked for
        small = reach(w)
        w.other_state()
        wet = reach(w)
        w.other_state()
        assert w.shown == "dried" and small < reach(w) < wet
        w.colour_by("movement")
        assert w.legend[0] == "0  moved as it dries, µm"
        s = w.part
        most = np.linalg.norm(s.dried.points_um - s.wet.points_um, axis=1).max()
        assert float(w.legend[-1]) == pytest.approx(most, rel=1e-3)
        # Along a filament of the top layer colours differ: its ends move, its middle does not.
        f = len(s) - 3
        rgb = w._data.cell_data["rgb"][w._filament == f]
        assert len(np.unique(rgb, axis=0)) == 3  # six pieces, alike on both sides
        w.show_state("xerogel")
        assert float(w.legend[-1]) > 1.5 * most
        w.show_printed(len(s) - 1)
        assert w.shown == "xerogel" and "nozzle" in w.plotter.actors

    look = Look(size=(400, 300), further="xerogel", rig=lambda: load_rig("sim", []))
    photograph(jobs, look, tmp_path / "w.png", act)


def test_a_state_that_inks_do_not_tell_is_refused(made: Any) -> None:
    from wetprint.backends.previews.further import further_parts
    from wetprint.kernel.diagnostics import WetprintError

    jobs, _ = made
    assert further_parts(jobs) == ()
    with pytest.raises(WetprintError) as found:
        further_parts(jobs, "sintered")
    assert found.value.diagnostics[0].code == "E461"


@pytest.mark.gl
def test_marks_stay_when_a_design_is_saved(made: Any, tmp_path: Path) -> None:
    from wetprint.backends.previews.window import seen

    narrow = load("w.wp", TEXT.replace("pitch: 10um", "pitch: 9um")).scene
    sound = load("w.wp", TEXT.replace("pitch: 10um", "pitch: 40um")).scene
    assert narrow is not None and sound is not None

    def act(w: Any) -> None:
        w.complain()
        before = w.plotter.camera.position
        assert w.marked.any()
        for scene, any_ in ((narrow, True), (sound, False)):
            again, _ = complete_jobs(scene, build(scene)[0])
            w.renew(seen(again, Look(), scene))
            assert (w.marked is not None and bool(w.marked.any())) is any_
        assert w.plotter.camera.position == before

    drive(made, tmp_path / "w.png", act)


@pytest.mark.gl
def test_ink_and_light_are_shown_together(light: ModuleType, tmp_path: Path) -> None:
    """The plan of such a print has more filaments than the part: lines of light, cut at the seams of blocks. Ink has no block."""
    scene = light.scene(
        light.woodpile(filament=1.2, pitch=5.0, layers=2), power=10 * light.MW, block=6.0, overlap=0.5
    )
    ink = replace(
        scene.prints[0], part=light.woodpile(size=(40.0, 40.0), pitch=20.0, filament=5.0, layers=2, layer_height=4.0),
        process="wet_writing", fields={},
    )  # fmt: skip
    scene = replace(scene, prints=(ink, scene.prints[0]))
    jobs, _ = complete_jobs(scene, build(scene)[0], model="analytic")
    seen: dict[int, Any] = {}

    def act(w: Any) -> None:
        assert len(w.course().part) == len(w.part) > sum(len(j.filaments) for j in jobs)
        assert w.colouring == "block" and w.printed is None
        for f in (0, len(w.part) - 1):
            seen[f] = rgb_of(w, f)

    drive((jobs, []), tmp_path / "w.png", act, by="block")
    assert list(seen.values()) == [[0xC4, 0xC4, 0xC4], [0xFD, 0xE7, 0x25]]


@pytest.mark.gl
def test_numbers_look_from_named_directions(made: Any, tmp_path: Path) -> None:
    def act(w: Any) -> None:
        keys, camera = w.plotter.iren._key_press_event_callbacks, w.plotter.camera
        for key, along in (("2", 2), ("3", 1), ("4", 0)):
            (press,) = keys[key]
            press()
            way = np.array(camera.position) - np.array(camera.focal_point)
            assert abs(way[along]) == pytest.approx(np.linalg.norm(way)), key
        (press,) = keys["1"]
        press()
        way = np.array(camera.position) - np.array(camera.focal_point)
        assert (np.abs(way) > 0.3 * np.linalg.norm(way)).all()

    drive(made, tmp_path / "w.png", act)
