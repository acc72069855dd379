"""Uncertainty of the dried part: closed forms for a held line, linear against Monte Carlo, sources that err together."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import wetprint as wp
from typer.testing import CliRunner
from wetprint.cli import app
from wetprint.kernel.build import Job
from wetprint.kernel.calibration.spread import Spread, sources_of, spread_of, spread_table
from wetprint.kernel.material import Ink


def with_inks(jobs: tuple[Job, ...], **figures: float | None) -> tuple[Job, ...]:
    """The jobs with figures of their inks changed, states as they are."""
    out = []
    for job in jobs:
        inks = tuple(replace(i, **figures) for i in job.filaments.inks)  # type: ignore[arg-type]
        out.append(replace(job, filaments=replace(job.filaments, inks=inks)))
    return tuple(out)


LINES = (
    'wp 1;\nuse "nanocrystal.wp" as nc;\nstate wet;\n'
    "lattice b = woodpile { size: [200um, 200um]; layers: 1; pitch: 40um; filament: 10um; material: nc.gold; }\n"
    "print b { bath: nc.gold_bath; }\n"
)


@pytest.fixture(scope="module")
def lines() -> tuple[Job, ...]:
    return wp.loads(LINES).jobs


@pytest.fixture(scope="module")
def pile() -> tuple[Job, ...]:
    return wp.loads(LINES.replace("layers: 1", "layers: 4")).jobs


def test_held_lines_have_the_spread_of_what_was_measured_on_them(lines: tuple[Job, ...]) -> None:
    """width = w (1 - s (1 + nu)): its uncertainty is w times that of s (1 + nu), with the correlation of s and nu."""
    s, nu = 0.1, 0.2
    for s_sd, nu_sd, both in ((0.01, 0.0, 0.0), (0.0, 0.1, 0.0), (0.012, 0.1, -0.6), (0.012, 0.1, 0.6)):
        jobs = with_inks(lines, shrink=s, poisson=nu, shrink_sd=s_sd, poisson_sd=nu_sd, shrink_poisson=both)
        found = spread_of(jobs)
        a, b = 1 + nu, s
        sd = 10 * math.sqrt((a * s_sd) ** 2 + (b * nu_sd) ** 2 + 2 * a * b * both * s_sd * nu_sd)
        value, got, low, high = found.figures["width_um"]
        assert value == pytest.approx(10 * (1 - s * (1 + nu)), abs=1e-5)
        # Central differences of s * nu are exact along each; the square of the two together is left out.
        assert got == pytest.approx(sd, rel=1e-4, abs=1e-6)
        assert (low, high) == (
            pytest.approx(value - 1.96 * got, abs=1e-4),
            pytest.approx(value + 1.96 * got, abs=1e-4),
        )
        # Lines that stick keep their length, but for half a width at each end of the box: here the width across.
        assert found.figures["min_gap_um"][1] == pytest.approx(sd, rel=1e-3, abs=1e-6)
        assert found.solves == 1 + 2 * (s_sd > 0) + 2 * (nu_sd > 0)


def test_what_was_measured_on_held_lines_does_not_care_for_poisson(lines: tuple[Job, ...]) -> None:
    """The library's correlation is such that the width of held lines has the spread of the paper's two ends alone."""
    s = wp.library().gold.shrink
    found = spread_of(with_inks(lines, shrink=s))
    assert found.figures["width_um"][1] == pytest.approx(10 * abs(7 / 8 - 44 / 49) / 2, rel=1e-3)


def test_swell_changes_the_wet_width(lines: tuple[Job, ...]) -> None:
    jobs = with_inks(lines, swell=1.1, swell_sd=0.011, shrink_sd=None, poisson_sd=None)
    found = spread_of(jobs)
    value, sd, _, _ = found.figures["width_um"]
    assert sd == pytest.approx(0.01 * value, rel=1e-3)
    assert found.figures["volume_um3"][1] / found.figures["volume_um3"][0] == pytest.approx(0.02, rel=2e-3)
    assert found.unknown == ("shrink of ink gold", "poisson of ink gold")


def test_linear_and_monte_carlo_agree_where_figures_are_smooth(pile: tuple[Job, ...]) -> None:
    jobs = with_inks(pile, shrink_sd=0.004, poisson_sd=0.02, swell_sd=0.004, shrink_poisson=-0.5)
    one, many = spread_of(jobs), spread_of(jobs, samples=150)
    assert (one.method, many.method, many.solves, many.seed) == ("linear", "monte carlo", 151, 1)
    assert one.solves == 7
    for key in ("width_um", "size_z_um", "volume_um3", "solid_fraction"):
        (a, sd_a, *_), (b, sd_b, low, high) = one.figures[key], many.figures[key]
        assert a == pytest.approx(b)
        # 150 independent draws would know a standard deviation to 6 %, a Latin hypercube does better.
        assert sd_a == pytest.approx(sd_b, rel=0.1), key
        assert low == pytest.approx(a - 1.96 * sd_a, abs=0.5 * sd_a) and high == pytest.approx(
            a + 1.96 * sd_a, abs=0.8 * sd_a
        )


def test_the_seed_decides_the_draws(lines: tuple[Job, ...]) -> None:
    a, b, c = (spread_of(lines, samples=5, seed=k) for k in (3, 3, 4))
    assert a.as_dict() == b.as_dict()
    assert a.figures["width_um"] != c.figures["width_um"]


def test_twice_the_spread_is_twice_the_uncertainty(pile: tuple[Job, ...]) -> None:
    def of(k: float) -> Spread:
        return spread_of(with_inks(pile, shrink_sd=0.002 * k, poisson_sd=None))

    one, two = of(1.0), of(2.0)
    for key in ("width_um", "size_z_um", "volume_um3"):
        assert two.figures[key][1] == pytest.approx(2 * one.figures[key][1], rel=0.02)
    # The first layer is held by the substrate and is sure; higher up it is less so.
    sd = one.layers[:, 1]
    assert sd[0] < sd[1] < sd[2] < sd[3]


def test_without_any_spread_nothing_is_made_up(lines: tuple[Job, ...]) -> None:
    found = spread_of(with_inks(lines, shrink_sd=None, poisson_sd=None))
    assert found.solves == 1 and found.sources == () and len(found.unknown) == 3
    assert all(sd == 0.0 for _, sd, _, _ in found.figures.values())
    assert "no ink in use tells" in spread_table(found)


def test_inks_of_one_measurement_err_together() -> None:
    design = wp.loads(
        'wp 1;\nuse "nanocrystal.wp" as nc;\nmaterial mine = nc.silver { shrink: 9%; shrink_sd: 1% from "my own"; }\n'
        "lattice b = woodpile { size: [160um, 160um]; layers: 3; pitch: 40um; filament: 10um;\n"
        "  material: [nc.gold, nc.silver, mine]; }\nprint b { bath: nc.gold_bath; }\n"
    )
    sources, unknown = sources_of([j.filaments for j in design.jobs])
    assert [s.inks for s in sources] == [("gold", "silver"), ("mine",)]
    assert sources[0].assumed and "Song" in sources[0].origin
    assert len(unknown) == 3
    found = spread_of(design.jobs)
    assert all(len(v) == 2 for v in found.by_source.values())
    for key, (_, sd, _, _) in found.figures.items():
        assert sd == pytest.approx(math.hypot(*found.by_source[key]), rel=1e-9)


def test_a_mix_keeps_the_spread_of_its_inks() -> None:
    design = wp.loads(
        'wp 1;\nuse "nanocrystal.wp" as nc;\nmaterial m = mix(nc.gold: 50%, nc.cadmium_selenide: rest);\n'
        "lattice b = woodpile { size: [160um, 160um]; layers: 1; pitch: 40um; filament: 10um; material: m; }\n"
        "print b { bath: nc.gold_bath; }\n"
    )
    (ink,) = design.scene.inks.values()
    assert isinstance(ink, Ink) and ink.shrink_sd == pytest.approx(wp.library().gold.shrink_sd)


def test_the_verb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.wp").write_text(LINES.replace("layers: 1", "layers: 3"))
    said = CliRunner().invoke(app, ["measure", "d.wp", "--uncertainty", "--plot", "d.svg"]).output
    assert "uncertainty of the dried part (linear, 5 dryings)" in said
    assert "assumed: how far the two ends" in said and "taken as certain" in said
    svg = (tmp_path / "d.svg").read_text()
    assert svg.count("<svg ") == 3 and "fill-opacity" in svg
    done = CliRunner().invoke(app, ["measure", "d.wp", "--samples", "6", "--seed", "5", "--json"])
    found = json.loads(done.output)["uncertainty"]
    assert (found["method"], found["solves"], found["seed"]) == ("monte carlo", 7, 5)
    width = found["figures"]["width_um"]
    assert width["low_95"] < width["value"] < width["high_95"] and len(found["layers"]) == 3
    assert np.isfinite(width["sd"]) and width["sd"] > 0
    assert CliRunner().invoke(app, ["measure", "d.wp", "--plot", "d.png"]).exit_code == 1
    assert "uncertainty" not in CliRunner().invoke(app, ["measure", "d.wp"]).output


def test_another_figure_does_not_take_over_the_spread_of_the_old_one() -> None:
    def ink(fields: str) -> Ink:
        head = 'wp 1;\nuse "nanocrystal.wp" as nc;\n'
        return wp.loads(  # type: ignore[no-any-return]
            head + f"material m = nc.gold {{ {fields} }}\n"
            "lattice b = woodpile { size: [160um, 160um]; layers: 1; pitch: 40um; filament: 10um; material: m; }\n"
            "print b { bath: nc.gold_bath; }\n"
        ).scene.inks["m"]

    kept = ink("density: 19[g/mL];")
    assert kept.shrink_sd is not None and kept.poisson_sd == 0.1 and kept.shrink_poisson < 0
    mine = ink("shrink: 8%;")
    assert (mine.shrink_sd, mine.poisson_sd, mine.shrink_poisson) == (None, 0.1, 0.0)
    assert "shrink_sd" not in mine.provenance
    told = ink("shrink: 8%; shrink_sd: 0.4%; shrink_poisson: -0.2;")
    assert (told.shrink_sd, told.shrink_poisson) == (0.004, -0.2)


def test_python_programs_have_it_too() -> None:
    found = wp.loads(LINES).uncertainty()
    assert found["method"] == "linear" and found["figures"]["width_um"]["sd"] > 0
    assert found == wp.loads(LINES).uncertainty()


def test_a_bath_scales_the_spread_with_the_figure() -> None:
    one, two = (
        wp.loads(
            LINES.replace("bath: nc.gold_bath", f"bath: nc.gold_bath {{ shrink_factor: {by}; }}")
        ).uncertainty()
        for by in (1, 0.5)
    )
    (a,), (b,) = one["sources"], two["sources"]
    for k in ("value", "sd"):
        assert b["shrink"][k] == pytest.approx(0.5 * a["shrink"][k])
    assert two["figures"]["width_um"]["sd"] == pytest.approx(0.5 * one["figures"]["width_um"]["sd"], rel=1e-3)
