"""Colourings: what each figure says of a filament, the bar in the picture, and films of the print."""

import shutil
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image
from wetprint.backends import course as courses
from wetprint.backends.colouring import names, part_and_values, shares
from wetprint.backends.colourings import COLOURINGS
from wetprint.backends.colourings.place import gaps_um
from wetprint.backends.course import Course, begun_filament, nozzle_at, there_at
from wetprint.backends.drawing.picture import MISSING, picture
from wetprint.backends.planned import course_of
from wetprint.backends.preview import Look, preview
from wetprint.backends.previews.film import moments
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.build import Job, build
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.shrink import complete_jobs
from wetprint.lang.load import load

TEXT = """wp 1;
use "nanocrystal.wp" as nc;
lattice b = woodpile { size: [120um, 120um]; layers: 3; pitch: 40um; filament: 10um; material: nc.gold; }
print b { bath: nc.gold_bath; }
"""


@pytest.fixture(scope="module")
def jobs() -> tuple[Job, ...]:
    scene = load("c.wp", TEXT).scene
    assert scene is not None
    made, _ = build(scene)
    return complete_jobs(scene, made)[0]


@pytest.fixture(scope="module")
def course(jobs: tuple[Job, ...]) -> Course:
    return course_of(jobs, load_rig("sim", []))


#: What ink has none of: tests/test_backends_focus.py looks at these.
LIGHT = ("block", "power")


@pytest.mark.parametrize("name", LIGHT)
def test_ink_has_no_figures_of_light(name: str, course: Course) -> None:
    assert np.isnan(COLOURINGS[name].values(course.part, "dried", course)).all()
    with pytest.raises(WetprintError, match="0 of 12 filaments have"):
        picture(course.part, by=name, course=lambda: course)


@pytest.mark.parametrize("name", [n for n in COLOURINGS if n not in LIGHT])
def test_every_colouring_has_a_figure_for_every_filament(name: str, course: Course) -> None:
    part, values, told = part_and_values(name, course.part, "dried", lambda: course)
    assert values.shape == (len(part),) and np.isfinite(values).all()
    assert told.name == name and told.doc and told.label
    shown = picture(course.part, by=name, course=lambda: course)
    assert shown.bar is not None and shown.bar.label == told.label and shown.legend == ()
    assert (shown.bar.low, shown.bar.high) == pytest.approx((values.min(), values.max()))
    # The filament of the least figure has the first colour, that of the largest the last.
    index = shown.panels[0].index
    if values.max() > values.min():
        assert index[values.argmin()] == 0 and index[values.argmax()] == index.max() == 127


def test_gaps_are_clear_distances_within_a_layer(parts: ModuleType) -> None:
    """Four lines at 0, 25, 60 and, a layer up, 61; 10 wide."""
    lines = [[[-50.0, y, z], [50, y, z]] for y, z in ((0, 5), (25, 5), (60, 5), (61, 13))]
    part = parts.paths(lines, 10.0)
    part = type(part)(part.offsets, part.material, np.array([0, 0, 0, 1], dtype=np.int32), part.origin, part.inks, part.spans, dried=part.dried)  # fmt: skip
    gap = gaps_um(part, "dried")
    assert gap[:3] == pytest.approx([15, 15, 25], abs=1e-6) and np.isnan(gap[3])
    share, low, high = shares(gap)
    assert (low, high) == pytest.approx((15, 25)) and share == pytest.approx([0, 0, 1, 0])
    # What has no figure has no colour of the bar.
    shown = picture(part, by="gap")
    assert shown.panels[0].index.tolist() == [0, 0, 127, 128] and shown.colours[128] == MISSING


def test_one_bar_for_both_states(jobs: tuple[Job, ...]) -> None:
    shown = picture(jobs, state="both", by="width")
    wet, dried = (p.part.state(p.state).width_um for p in shown.panels)
    assert shown.bar is not None
    assert shown.bar.low == pytest.approx(dried.min(), rel=1e-3) and shown.bar.high == pytest.approx(wet.max(), rel=1e-3)  # fmt: skip
    assert shown.panels[0].index.min() > shown.panels[1].index.max()


def test_order_and_time_are_those_of_the_plan(course: Course) -> None:
    order = COLOURINGS["order"].values(course.part, "wet", course)
    assert sorted(order) == list(range(1, len(course.part) + 1))
    begin, end = course.begin_s[course.order], course.end_s[course.order]
    assert (begin[1:] >= end[:-1]).all() and (end > begin).all()
    speed = COLOURINGS["speed"].values(course.part, "wet", course)
    assert speed == pytest.approx(np.full(len(speed), 1.2), rel=0.05) and speed.max() <= 1.2 + 1e-9


def test_what_is_there_at_a_time(course: Course) -> None:
    nothing, first, tip = there_at(course, 0.0)
    assert nothing is None and first == course.order[0]
    f = int(course.order[4])
    s = course.part.state("wet")
    a, b = s.points_um[course.part.offsets[f]], s.points_um[course.part.offsets[f + 1] - 1]
    a, b = (b, a) if course.reverse[f] else (a, b)
    there, now, tip = there_at(course, 0.5 * float(course.begin_s[f] + course.end_s[f]))
    assert there is not None and now == f and len(there) == 5
    # Half of a straight filament lies there, and the tip stands over its end.
    assert tip[:2] == pytest.approx(0.5 * (a + b)[:2], abs=0.02 * np.linalg.norm(b - a))
    half, _ = begun_filament(course.part, f, 0.25, bool(course.reverse[f]), "wet")
    assert half is not None and half.wet is not None
    half.validate()
    way = np.linalg.norm(half.wet.points_um[-1] - half.wet.points_um[0])
    assert way == pytest.approx(0.25 * np.linalg.norm(b - a), rel=1e-4)
    everything, _, _ = there_at(course, 1e9)
    assert everything is not None and len(everything) == len(course.part)


def test_the_nozzle_is_to_scale(course: Course) -> None:
    nozzle = course.nozzles[0]
    glass = nozzle_at(course.part, nozzle, np.array([1.0, 2, 30]), 200.0, "wet")
    assert glass.wet is not None and glass.inks[0].colour == courses.GLASS
    points, width = glass.wet.points_um, glass.wet.width_um
    assert points[0].tolist() == [1, 2, 30] and points[-1].tolist() == [1, 2, 230]
    assert width[0] == pytest.approx(nozzle.outer_um)
    cone = np.array(nozzle.cone_um)
    assert width[-1] / 2 == pytest.approx(np.interp(200.0, cone[:, 0], cone[:, 1]))


def test_pictures_of_a_print_skip_what_it_waits_for() -> None:
    """Two filaments of 1 s with an hour between them: half of the pictures each."""
    at = moments(np.array([10.0, 3610.0]), np.array([11.0, 3611.0]), 4)
    assert at == pytest.approx([10.25, 10.75, 3610.25, 3610.75])


@pytest.mark.parametrize(
    ("look", "code"),
    [({"by": "smell"}, "X726"), ({"by": "time"}, "X726"), ({"film": "print"}, "X726")],
)
def test_what_cannot_be_coloured_is_said(parts: ModuleType, tmp_path: Path, look: dict, code: str) -> None:
    """Bare filaments have no plan."""
    part = parts.woodpile(lines=3, layers=2)
    with pytest.raises(WetprintError) as caught:
        preview(part, **{"gif" if "film" in look else "png": tmp_path / "x"}, **look)
    assert caught.value.diagnostics[0].code == code
    assert "ink" in names() and "movement" in names()


@pytest.mark.gl
def test_a_print_is_filmed(jobs: tuple[Job, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wetprint.backends.previews import film

    monkeypatch.setattr(film, "LAY", 4)
    files = [tmp_path / f"{k}.gif" for k in range(2)]
    for file in files:
        preview(jobs, gif=file, film="print", size=(240, 180), rig=lambda: load_rig("sim", []))
    assert files[0].read_bytes() == files[1].read_bytes()
    shots = Image.open(files[0])
    assert shots.n_frames == 5
    gold = []
    for k in range(5):
        shots.seek(k)
        rgb = np.asarray(shots.convert("RGB")).astype(int)[:150]
        gold.append(int(((rgb[..., 0] > 1.6 * rgb[..., 2]) & (rgb[..., 0] > 60)).sum()))
    assert gold[0] < gold[1] < gold[2] and gold[4] > 2 * gold[0]  # more and more of the part lies there


@pytest.mark.gl
def test_a_print_is_filmed_in_the_colours_of_a_figure(
    jobs: tuple[Job, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A filament keeps its colour from picture to picture; the nozzle is glass."""
    from wetprint.backends.course import GLASS
    from wetprint.backends.previews import film

    drawn = []
    monkeypatch.setattr(film, "LAY", 3)
    monkeypatch.setattr(
        film, "render", lambda shown, *_, **__: drawn.append(shown) or np.zeros((2, 2, 3), np.uint8)
    )
    look = Look(film="print", by="order", size=(240, 180), rig=lambda: load_rig("sim", []))
    assert len(list(film.film(jobs, look))) == 4
    course = look.course(jobs)()
    rows = np.rint((course.place / course.place.max()) * 127).astype(int)
    for k, shown in enumerate(drawn):
        index, part = shown.panels[0].index.astype(int), shown.panels[0].part
        assert shown.bar.label == "printed as number" and (shown.bar.low, shown.bar.high) == (1, len(rows))
        assert len(index) == len(part)
        nozzle = k < 3
        assert (shown.colours[index[-1]] == GLASS) is nozzle
        mine = np.sort(index[: len(index) - nozzle])
        assert np.array_equal(mine, np.sort(rows[course.order[: len(mine)]]))
    with pytest.raises(WetprintError) as caught:
        list(film.film(jobs, replace(look, by="movement")))
    assert caught.value.diagnostics[0].code == "X726"


@pytest.mark.gl
def test_films_as_mp4(jobs: tuple[Job, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wetprint.backends.previews import film, mp4

    monkeypatch.setattr(film, "TURN", 3)
    look = Look(size=(161, 121))
    if shutil.which("ffmpeg") is None:
        pytest.skip("no ffmpeg here")
    files = [mp4.render_mp4(jobs, tmp_path / f"{k}.mp4", look) for k in range(2)]
    data = files[0].read_bytes()
    assert data == files[1].read_bytes() and data[4:8] == b"ftyp" and len(data) > 1000


def test_without_ffmpeg_it_is_said(
    jobs: tuple[Job, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WetprintError) as caught:
        preview(jobs, mp4=tmp_path / "x.mp4")
    said = caught.value.diagnostics[0]
    assert said.code == "X727" and "--gif" in said.notes[1] and not (tmp_path / "x.mp4").exists()
