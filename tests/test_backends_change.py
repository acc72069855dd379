"""What drying changes, in pictures: a ghost of the wet part, colours by movement with a bar that holds, films of both."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner
from wetprint.backends.drawing.change import GHOST, STEPS, by_movement, colours, movement_um
from wetprint.backends.drawing.picture import picture, rescaled
from wetprint.backends.preview import preview
from wetprint.backends.previews.png import render, render_png
from wetprint.cli import app
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.filaments import FilamentSet, State


@pytest.fixture
def part(parts: ModuleType) -> FilamentSet:
    """A white pile that shrinks by a fifth towards the middle of its foot."""
    wet = parts.woodpile(lines=5, layers=4, inks=(replace(parts.ink(), colour="#ffffff"),), state="wet")
    s = wet.wet
    return wet.with_states(s, State(s.points_um * 0.8, s.width_um * 0.8, s.height_um * 0.8))


def test_pieces_are_the_part_and_tell_its_movement(part: FilamentSet) -> None:
    for state in ("wet", "dried"):
        pieces, index, bar = by_movement(part, state)
        s, whole = pieces.state(state), part.state(state)
        first, _ = pieces.segments()
        old, _ = part.segments()
        length = np.linalg.norm(s.points_um[first + 1] - s.points_um[first], axis=1)
        assert length.sum() == pytest.approx(
            np.linalg.norm(whole.points_um[old + 1] - whole.points_um[old], axis=1).sum()
        )
        assert length.max() <= 2.0 * whole.width_um[0] * (1 + 1e-9)
        assert np.ptp(s.points_um, axis=0) == pytest.approx(np.ptp(whole.points_um, axis=0))
        # Every place moves by a fifth of its distance from the origin in the wet state.
        middle = 0.5 * (s.points_um[first] + s.points_um[first + 1]) / (0.8 if state == "dried" else 1.0)
        true = 0.2 * np.linalg.norm(middle, axis=1)
        assert bar.high == pytest.approx(0.2 * np.linalg.norm(part.state("wet").points_um, axis=1).max())
        told = index / (STEPS - 1) * bar.high
        assert np.abs(told - true).max() <= 0.51 * bar.high / (STEPS - 1)


def test_movement_is_told_exactly_where_points_are(part: FilamentSet) -> None:
    assert movement_um(part) == pytest.approx(0.2 * np.linalg.norm(part.state("wet").points_um, axis=1))
    assert len(set(colours())) == STEPS and colours()[0] == "#440154" and colours()[-1] == "#fde725"


def test_a_bar_may_reach_farther_than_the_part(part: FilamentSet) -> None:
    _, near, _ = by_movement(part, "dried")
    _, far, bar = by_movement(part, "dried", 2 * float(movement_um(part).max()))
    assert far.max() <= STEPS // 2 < near.max() and bar.high == pytest.approx(2 * movement_um(part).max())


def test_a_part_that_does_not_move_has_one_colour(part: FilamentSet) -> None:
    still = part.with_states(part.wet, part.wet)
    _, index, bar = by_movement(still, "dried")
    assert set(index.tolist()) == {0} and bar.high == 0.0


def test_pieces_of_a_large_part_are_bounded(parts: ModuleType) -> None:
    big = parts.woodpile(lines=200, layers=20, pitch=12.0, width=5.0, state="wet")
    both = big.with_states(big.wet, big.wet)
    pieces, _, _ = by_movement(both, "dried")
    assert len(pieces) <= 24_000


def test_an_overlay_has_one_panel_and_a_ghost_at_one_scale(part: FilamentSet) -> None:
    shown = picture(part, size=(400, 300), overlay=True)
    (panel,), ghost = shown.panels, shown.ghost
    assert ghost is not None and (panel.state, ghost.state) == ("dried", "wet")
    assert panel.frame == ghost.frame and panel.box == ghost.box and panel.caption == ""
    assert [label for label, _ in shown.legend] == ["au", "as printed"] and shown.legend[-1][1] == GHOST
    moved = rescaled(shown, 2 * shown.um_per_px, np.zeros(3))
    assert moved.ghost is not None and moved.ghost.frame == moved.panels[0].frame
    assert picture(part, size=(400, 300), state="both").ghost is None


def test_both_states_are_needed(part: FilamentSet) -> None:
    for wish in ({"overlay": True}, {"by": "movement"}):
        with pytest.raises(WetprintError, match="X713"):
            picture(part.with_states(None, part.dried), **wish)  # type: ignore[arg-type]


@pytest.mark.gl
def test_the_ghost_lies_around_the_part_and_leaves_it_be(part: FilamentSet) -> None:
    plain = render(picture(part, size=(400, 300), ground=False, lettering=False)).astype(int)
    shown = picture(part, size=(400, 300), overlay=True, ground=False, lettering=False)
    over = render(shown).astype(int)
    alone = render(replace(shown, ghost=None)).astype(int)
    assert plain.shape == over.shape
    bluer = over[..., 2] - over[..., 0] > 8
    white = alone.min(axis=2) > 250
    # Outside the dried part there is ghost; where there was nothing in either state nothing is drawn.
    assert (bluer & white).sum() > 1000
    assert (over[:5] == 255).all() and (over[-5:] == 255).all()
    # It is seen through: never darker than half of what it covers.
    assert (over.sum(axis=2) > 0.3 * alone.sum(axis=2)).mean() > 0.95
    assert np.abs(over - alone).max() > 40


@pytest.mark.gl
def test_what_does_not_move_has_no_ghost_of_its_own(part: FilamentSet) -> None:
    still = part.with_states(part.wet, part.wet)
    shown = picture(still, size=(400, 300), overlay=True, ground=False, lettering=False)
    over, alone = render(shown).astype(int), render(replace(shown, ghost=None)).astype(int)
    nothing = (alone == 255).all(axis=2)
    assert (over[nothing] == 255).mean() > 0.95


@pytest.mark.gl
def test_the_rim_is_yellow_and_the_middle_dark(part: FilamentSet) -> None:
    from wetprint.backends.drawing.camera import Camera

    shown = picture(
        part, size=(400, 400), by="movement", ground=False, lettering=False, camera=Camera.named("top")
    )
    pixels = render(shown).astype(int)
    drawn = pixels.min(axis=2) < 250
    y, x = np.nonzero(drawn)
    far = np.hypot(x - 200, y - 200)
    red = pixels[y, x, 0]
    assert red[far > 0.9 * far.max()].mean() > red[far < 0.3 * far.max()].mean() + 60


@pytest.mark.gl
def test_the_bar_is_lettered_and_the_legend_stands_beside_it(part: FilamentSet) -> None:
    shown = picture(part, size=(800, 600), by="movement", overlay=True)
    assert shown.bar is not None and shown.bar.label == "moved as it dries, µm"
    pixels = render(shown)
    foot = pixels[-90:, 480:]
    wanted = [
        tuple(int(c[k : k + 2], 16) for k in (1, 3, 5)) for c in (colours()[5], colours()[64], colours()[-2])
    ]
    for colour in wanted:
        assert (np.abs(foot.astype(int) - colour).max(axis=2) <= 3).any(), colour


@pytest.mark.gl
@pytest.mark.parametrize("style", ["paper", "dark", "sem", "lines"])
def test_every_style_draws_it(part: FilamentSet, style: str) -> None:
    pixels = render(picture(part, size=(240, 180), overlay=True, by="movement", style=style))
    assert pixels.std() > 5


@pytest.mark.gl
def test_same_part_same_bytes(part: FilamentSet, tmp_path: Path) -> None:
    a, b = (
        render_png(part, tmp_path / f"{n}.png", size=(240, 180), overlay=True, by="movement").read_bytes()
        for n in "ab"
    )
    assert a == b


@pytest.mark.gl
def test_a_film_of_drying_with_its_ghost_and_its_colours(part: FilamentSet, tmp_path: Path) -> None:
    (path,) = preview(
        part, gif=tmp_path / "d.gif", state="both", size=(160, 120), overlay=True, by="movement"
    )
    film = Image.open(path)
    assert film.n_frames == 21

    def frame(k: int) -> np.ndarray:
        film.seek(k)
        return np.asarray(film.convert("RGB"), dtype=int)

    first, last = frame(0), frame(20)
    # Wet: nothing has moved, so nothing is yellow; dried: the rim is.
    yellow = [((f[..., 0] > 180) & (f[..., 1] > 180) & (f[..., 2] < 110))[:100].sum() for f in (first, last)]
    assert yellow[0] == 0 and yellow[1] > 5


def test_only_pictures_and_films_show_it(part: FilamentSet, tmp_path: Path) -> None:
    for kind in ({"html": tmp_path / "a.html"}, {}):
        with pytest.raises(WetprintError, match="X726"):
            preview(part, overlay=True, **kind)  # type: ignore[arg-type]


@pytest.mark.gl
def test_the_verb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.wp").write_text(
        'wp 1;\nuse "nanocrystal.wp" as nc;\n'
        "lattice b = woodpile { size: [120um, 120um]; layers: 3; pitch: 40um; filament: 10um; material: nc.gold; }\n"
        "print b { bath: nc.gold_bath; }\n"
    )
    done = CliRunner().invoke(
        app, ["preview", "d.wp", "--overlay", "--by", "movement", "--png", "d.png", "--size", "320x240"]
    )
    assert done.exit_code == 0, done.output
    assert Image.open(tmp_path / "d.png").size == (320, 240)
    assert CliRunner().invoke(app, ["preview", "d.wp", "--by", "smell", "--png", "d.png"]).exit_code == 2
