"""Further states of a dried part, how a job tells that it was dried, and what settles in the bath."""

import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import wetprint as wp
from typer.testing import CliRunner
from wetprint.cli import app
from wetprint.kernel.build import build
from wetprint.kernel.drying.sag import FREE_END, SUPPORTED, sag_ratio
from wetprint.kernel.drying.settle import settled
from wetprint.kernel.drying.states import further
from wetprint.kernel.measure import measure
from wetprint.kernel.quantity import SIEMENS_PER_METRE
from wetprint.kernel.shrink import complete_jobs
from wetprint.lang.load import load

DESIGN = """wp 1;
use "nanocrystal.wp" as nc;
material mine = nc.gold { xerogel_shrink: 20% assumed "a guess"; sintered_shrink: 30% from "measured"; }
lattice body = woodpile { size: [120um, 120um]; layers: 4; pitch: 40um; filament: 10um; material: mine; }
print body { bath: nc.gold_bath; }
"""


@pytest.fixture
def design(tmp_path: Path) -> Path:
    path = tmp_path / "body.wp"
    path.write_text(DESIGN)
    return path


def _jobs(text: str):  # type: ignore[no-untyped-def]
    scene = load("body.wp", text=text).scene
    assert scene is not None
    return complete_jobs(scene, build(scene)[0])[0]


def test_a_sintered_part_is_the_wet_one_dried_further() -> None:
    jobs = _jobs(DESIGN)
    heights = [np.ptp(jobs[0].filaments.dried.points_um[:, 2])]
    for name, s, sigma in (("xerogel", 0.2, 1.9e3), ("sintered", 0.3, 1.4e6)):
        (later,), said = further(jobs, name)
        assert not said
        ink = later.filaments.inks[0]
        assert ink.shrink == s
        assert ink.conductivity == pytest.approx(sigma * SIEMENS_PER_METRE)
        assert ink.bet_um2_ug is None
        assert np.array_equal(later.filaments.wet.points_um, jobs[0].filaments.wet.points_um)
        base = later.filaments.dried.points_um[later.filaments.layer[later.filaments.owner()] == 0]
        assert np.ptp(base[:, 0]) == pytest.approx(120)  # it still sticks
        wide = later.filaments.wet.width_um[0] * (1 - s * 1.2)
        assert later.filaments.dried.width_um[0] == pytest.approx(wide, rel=1e-3)
        heights.append(np.ptp(later.filaments.dried.points_um[:, 2]))
    assert heights == sorted(heights, reverse=True)
    assert any("shrink of ink mine: 0.2" in a.what for a in further(jobs, "xerogel")[0][0].drying.assumptions)
    assert not any("shrink of ink mine" in a.what for a in further(jobs, "sintered")[0][0].drying.assumptions)


def test_an_ink_without_the_figure_is_asked_for_it() -> None:
    _, said = further(_jobs(DESIGN.replace("material: mine", "material: nc.silver")), "sintered")
    assert [d.code for d in said] == ["E461"]
    assert "sintered_shrink" in said[0].message
    assert any("sintered_shrink: 30%" in n for n in said[0].notes)


def test_python_asks_for_further_states() -> None:
    body = wp.loads(DESIGN)
    assert np.ptp(body.further("sintered").dried.points_um[:, 2]) < np.ptp(body.dried.points[:, 2])
    with pytest.raises(wp.WetprintError, match="sintered_shrink"):
        wp.loads(DESIGN.replace("material: mine", "material: nc.silver")).further("sintered")


def test_the_command_shows_further_states(design: Path, tmp_path: Path) -> None:
    run = CliRunner()
    found = run.invoke(app, ["measure", str(design), "--state", "sintered", "--json"])
    assert found.exit_code == 0, found.output
    data = json.loads(found.stdout)
    assert set(data["states"]) == {"wet", "dried", "sintered"}
    assert data["states"]["sintered"]["volume_um3"] < data["states"]["dried"]["volume_um3"]
    assert (
        run.invoke(
            app, ["export", str(design), "--state", "xerogel", "-o", str(tmp_path / "b.stl")]
        ).exit_code
        == 0
    )
    assert run.invoke(app, ["measure", str(design), "--state", "baked"]).exit_code == 2
    shown = run.invoke(
        app, ["preview", str(design), "--state", "wet", "--png", str(tmp_path / "b.png"), "--settled"]
    )
    assert shown.exit_code == 0, shown.output
    assert "by the frame model" in shown.stderr
    assert "sections flatten to" in shown.stderr


def test_figures_say_how_a_part_was_dried_and_on_what_they_rest() -> None:
    (job,) = _jobs(DESIGN)
    told = measure([job])["drying"]["body"]
    assert told["model"] == "frame"
    assert 0 < told["residual_um"] < 0.01
    assert told["field_error"] is None
    assert told["largest_turn_deg"] > 1
    assert any("poisson of ink mine" in a["what"] for a in told["assumed"])
    assert all(a["why"] for a in told["assumed"])


def test_spans_sag_as_beams_and_stacked_filaments_flatten(parts: ModuleType) -> None:
    """A line over two others 200 um apart, with free ends of 60 um; the layer height is 0.8 of the width."""
    wet = parts.paths(
        [[[0, -50, 5], [0, 50, 5]], [[200, -50, 5], [200, 50, 5]], [[-60, 0, 13], [260, 0, 13]]], state="wet"
    )
    done = settled(wet)
    f = done.filaments
    f.validate()
    p, w, h = f.wet.points_um, f.wet.width_um, f.wet.height_um
    assert w * h == pytest.approx(100.0)  # area is conserved
    line = f.owner() == 2
    at = lambda x: p[line][np.argmin(np.abs(p[line, 0] - x)), 2]  # noqa: E731
    assert 13 - at(100) == pytest.approx(10 * sag_ratio(np.array(200.0), np.array(10.0), SUPPORTED), rel=1e-6)
    assert 13 - at(260) == pytest.approx(10 * sag_ratio(np.array(60.0), np.array(10.0), FREE_END), rel=1e-6)
    assert (at(0), at(200)) == (13, 13)
    assert done.sag_um == pytest.approx(13 - at(100))
    crossing = line & np.isin(p[:, 0], (0.0, 200.0))
    # An overlap of 2 um, half of it from either; a five-hundredth stays, so that they are still seen to touch.
    assert h[crossing] == pytest.approx(9.002)
    assert done.flattest == pytest.approx(0.9002)


def test_settling_goes_with_the_part_as_it_dries() -> None:
    (job,) = _jobs(DESIGN)
    done = settled(job.filaments)
    f = done.filaments
    f.validate()
    assert f.dried is not None
    # Either state gives way by its own overlap; what nothing presses on is round in both.
    free = f.wet.height_um == f.wet.width_um
    assert 0 < free.sum() < len(free)
    assert f.dried.height_um[free] == pytest.approx(f.dried.width_um[free], rel=1e-6)
    for name in ("wet", "dried"):
        s, drawn = f.state(name), job.filaments.state(name)
        area = (drawn.width_um * drawn.height_um).max()
        assert (s.width_um * s.height_um).max() == pytest.approx(area, rel=1e-6)
    assert done.flattest == pytest.approx(
        0.8, abs=0.08
    )  # in the middle of the stack, layers at 0.8 of the height


def test_figures_of_a_part_that_has_settled(tmp_path: Path) -> None:
    """Flattened crossings are closer, and the sag of a span is that which the design rules speak of."""
    design = tmp_path / "b.wp"
    design.write_text(
        'wp 1;\nuse "nanocrystal.wp" as nc;\nstate wet;\n'
        "lattice b = woodpile { size: [200um, 200um]; layers: 3; pitch: 100um; filament: 10um; material: nc.silver; }\n"
        "print b { bath: nc.gold_bath; }\n"
    )
    found = []
    for more in ([], ["--settled"]):
        done = CliRunner().invoke(app, ["measure", str(design), "--json", *more])
        assert done.exit_code == 0, done.output
        found.append(json.loads(done.stdout))
    assert "settled" not in found[0]
    (told,) = found[1]["settled"]["prints"]
    assert told["sag_um"] == pytest.approx(10 * sag_ratio(100.0, 10.0, SUPPORTED), rel=1e-6)
    assert told["flattest"] * told["widest"] == pytest.approx(1.0)
    drawn, lies = (f["states"]["wet"] for f in found)
    assert lies["contacts"] == drawn["contacts"]
    assert lies["volume_um3"] == pytest.approx(drawn["volume_um3"], rel=0.05)
    assert lies["missing_contacts"] == drawn["missing_contacts"] == 0
