"""Contrast curves: synthetic dose matrices are recovered, intervals cover, outliers and faults of a table are told."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from wetprint.cli import main
from wetprint.kernel.calibration.contrast import ContrastFit, fit_contrast, thickness
from wetprint.kernel.calibration.doses import DoseRow, DoseTable, parse_doses
from wetprint.kernel.diagnostics import Diagnostic, Source, Span, WetprintError
from wetprint.kernel.film import Film
from wetprint.kernel.quantity import MJ_CM2, UC_CM2
from wetprint.lang.film_file import films_text
from wetprint.lang.load import load
from wetprint.lang.values import Thing

HERE = Span(Source("table", "row"), 0, 3)


def matrix(
    seed: int, noise: float, *, fall: bool = False, n: int = 24, told: bool = False
) -> tuple[DoseTable, np.ndarray]:
    """A dose matrix with known D0, gamma and thickness; `noise` over the thickness."""
    rng = np.random.default_rng(seed)
    d0, gamma, full = rng.uniform(5, 50), rng.uniform(1.5, 4.0), rng.uniform(0.03, 0.2)
    values = [np.log(d0), gamma, full]
    if fall:
        values += [np.log(d0 * 10 ** (1 / gamma) * 1.8), 1.5]
    doses = d0 * np.geomspace(0.6, 20 if fall else 8, n)
    exact = thickness(doses, np.array(values))
    seen = np.where(exact > 0, np.maximum(exact + noise * full * rng.standard_normal(n), 0.0), 0.0)
    rows = tuple(
        DoseRow(HERE, d, t, 1, noise * full if told else None)
        for d, t in zip(doses.tolist(), seen.tolist(), strict=True)
    )
    return DoseTable("q", rows, {}, None, ()), np.array(values)


def off(fit: ContrastFit, values: np.ndarray) -> tuple[float, float]:
    return abs(fit.d0 / np.exp(values[0]) - 1), abs(fit.gamma / values[1] - 1)


@pytest.mark.parametrize("told", [False, True])
def test_known_contrast_is_recovered_within_two_per_cent(told: bool) -> None:
    covered, errors, lost = np.zeros(2), [], 0
    for seed in range(60):
        made, values = matrix(seed, 0.005, told=told)
        fit, said = fit_contrast(made)
        assert fit.damage is None and {d.code for d in said} <= {"X736"}
        lost += len(fit.left_out)
        errors.append(off(fit, values))
        k = fit.fit.factor95()
        covered += [
            abs(fit.d0 - np.exp(values[0])) <= k * fit.d0_sd,
            abs(fit.gamma - values[1]) <= k * fit.gamma_sd,
        ]
    assert np.max(errors) < 0.02, np.max(errors, axis=0)
    assert lost <= 2, "of 1440 rows, none of which is wrong"
    # Intervals that claim 95 %; 60 seeds tell them to within 3 %.
    assert (covered / 60 > 0.86).all() and np.median(errors) > 1e-5, covered


def test_without_noise_it_is_exact() -> None:
    for seed in range(8):
        made, values = matrix(seed, 0.0)
        assert max(off(fit_contrast(made)[0], values)) < 1e-4


def test_a_fall_at_large_doses_is_the_end_of_the_window() -> None:
    ends = []
    for seed in range(6):
        made, values = matrix(seed, 0.005, fall=True)
        fit, _ = fit_contrast(made)
        assert fit.damage is not None and fit.damage > fit.d100
        ends.append(abs(fit.damage / np.exp(values[3]) - 1))
        assert max(off(fit, values)) < 0.03
    assert max(ends) < 0.05


def test_a_row_that_does_not_follow_is_told_and_left_out() -> None:
    made, values = matrix(3, 0.005)
    k = next(i for i, r in enumerate(made.rows) if 0.2 < r.thickness_um / values[2] < 0.7)
    rows = list(made.rows)
    rows[k] = DoseRow(HERE, rows[k].dose, rows[k].thickness_um + 0.4 * values[2])
    bad = DoseTable("q", tuple(rows), {}, None, ())
    fit, said = fit_contrast(bad)
    assert [d.code for d in said] == ["X736"] and len(fit.left_out) == 1 and max(off(fit, values)) < 0.02
    kept, said = fit_contrast(bad, keep=True)
    assert not kept.left_out and not said and kept.gamma_sd > fit.gamma_sd


def table(text: str) -> tuple[tuple[DoseTable, ...], tuple[Diagnostic, ...]]:
    return parse_doses(Source("dose.csv", text))


ROWS = "film,dose [mJ/cm2],thickness [nm],as spread [nm],nanocrystal,family,ligand,date\n" + "".join(
    f"green,{d},{t},42,InP/ZnS,III-V,tris_tad,2026-05-01\n"
    for d, t in ((5, 0), (10, 0), (20, 0.4), (25, 7.9), (30, 14.6), (40, 25.1), (50, 33.5), (60, 39.8), (80, 40.3), (100, 39.7), (150, 40.2))
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code", "where", "says"),
    [
        (ROWS.replace("25,7.9", "25,x"), "X732", "5:10", "`x`"),
        (ROWS.replace("25,7.9", "-25,7.9"), "X732", "5:7", "-25"),
        (
            ROWS.replace("green,5,0,", "green,5,-2.1,"),
            "X732",
            "2:1",
            "-2.1 nm is the thickness of what stays; -2.01 nm or more",
        ),
        (ROWS.replace("dose [mJ/cm2]", "dose [kg]"), "X731", "1:6", "mj/cm2"),
        (ROWS.replace("dose [mJ/cm2]", "does [mJ/cm2]"), "X731", "1:6", "did you mean `dose`"),
        (ROWS.replace("thickness [nm]", "thickness"), "X731", "1:20", "names no unit"),
        ("", "X730", "", "empty"),
    ],
)
def test_faults_of_a_table_are_told_with_their_place(text: str, code: str, where: str, says: str) -> None:
    with pytest.raises(WetprintError) as caught:
        table(text)
    first = caught.value.diagnostics[0]
    assert first.code == code and says in first.message
    assert not where or (first.primary is not None and first.primary.where == f"dose.csv:{where}")


def test_noise_of_nothing_may_lie_below_zero() -> None:
    (made,), _ = table(ROWS)
    (noisy,), said = table(
        ROWS.replace("green,5,0,", "green,5,-0.4,").replace("green,10,0,", "green,10,0.2,")
    )
    one, two = fit_contrast(made)[0], fit_contrast(noisy)[0]
    assert noisy.rows[0].thickness_um == pytest.approx(-0.0004) and not said and not two.left_out
    assert two.d0 == pytest.approx(one.d0, rel=0.01) and two.gamma == pytest.approx(one.gamma, rel=0.02)


def test_too_few_doses_and_none_on_the_slope() -> None:
    head = "film,dose [mJ/cm2],thickness [nm]\n"
    for rows in ("a,1,0\na,2,10\na,3,20\n", "a,1,0\na,2,0\na,50,20\na,60,20\na,70,20\n"):
        (made,), _ = table(head + rows)
        with pytest.raises(WetprintError) as caught:
            fit_contrast(made)
        assert caught.value.diagnostics[0].code == "X734"
    (rising,), _ = table(head + "a,1,0\na,10,5\na,20,8\na,40,11\na,80,14\na,160,17\n")
    assert "X737" in [d.code for d in fit_contrast(rising)[1]]


CHARGES = "film,dose [uC/cm^2],thickness [nm],as spread [nm],nanocrystal,family,ligand,date\n" + "".join(
    f"beam,{d},{30 * min(max(3 * np.log10(d / 120), 0), 1):.3f},32,CdSe,II-VI,alkene,2026-05-02\n"
    for d in (80, 100, 130, 150, 170, 200, 230, 260, 300, 400, 600)
)


def test_a_charge_makes_figures_of_electrons(tmp_path: Path) -> None:
    (made,), _ = table(CHARGES)
    fit, said = fit_contrast(made)
    assert made.kind == "electrons" and not said
    assert fit.d0 == pytest.approx(120, rel=1e-3) and fit.gamma == pytest.approx(3, rel=1e-3)
    text, names = films_text([fit], data="charge.csv")
    (tmp_path / "beam.wp").write_text(text)
    loaded = load(tmp_path / "beam.wp")
    (beam,) = (loaded.env.bindings[n].value.node for n in names)
    assert beam.d0_electrons == pytest.approx(fit.d0 * UC_CM2, rel=1e-5) and beam.d0 is None
    assert beam.gamma_electrons == pytest.approx(fit.gamma, rel=1e-5) and beam.gamma is None
    assert beam.d0_electrons_sd is not None and "uC/cm2" in text and "mJ" not in text
    # mC/cm2 and C/m2 are the same charge.
    for unit, factor in (("mC/cm2", 1e-3), ("C/m2", 0.01)):
        rows = [r.split(",") for r in CHARGES.splitlines()]
        rows[0][1] = f"dose [{unit}]"
        told = "\n".join(
            ",".join([r[0], r[1] if k == 0 else f"{float(r[1]) * factor:.9g}", *r[2:]])
            for k, r in enumerate(rows)
        )
        (other,), _ = table(told + "\n")
        assert fit_contrast(other)[0].d0 == pytest.approx(fit.d0, rel=1e-6) and other.unit == "uC/cm2"


def test_an_outlier_does_not_hide_a_fall() -> None:
    def row(d: float) -> float:
        kept = min(max(2.4 * np.log10(d / 9), 0), 1) * (1 - min(max(0.9 * np.log10(d / 200), 0), 1))
        return 20.0 if d == 28 else 42 * kept + 0.3 * np.sin(7 * d) * (kept > 0)

    doses = (2, 4, 6, 8, 10, 12, 15, 18, 22, 28, 35, 45, 60, 90, 140, 220, 320, 450)
    (made,), _ = table(
        "film,dose [mJ/cm2],thickness [nm],sd [nm]\n" + "".join(f"a,{d},{row(d):.3f},0.5\n" for d in doses)
    )
    fit, said = fit_contrast(made)
    assert fit.damage == pytest.approx(200, rel=0.05) and [r.dose for r in fit.left_out] == [28]
    assert [d.code for d in said] == ["X736"]


def test_the_curve_is_drawn_over_the_logarithm_of_the_dose() -> None:
    from wetprint.backends.plots import contrast_plots
    from wetprint.backends.reports.charts import log_ticks

    (made,), _ = table(ROWS)
    fit, _ = fit_contrast(made)
    ((title, svg),) = contrast_plots([fit])
    assert (
        title
        == f"green: D0 = {fit.d0:.3g} ± {fit.d0_sd:.2g} mJ/cm², γ = {fit.gamma:.3g} ± {fit.gamma_sd:.2g}"
    )
    assert svg.count("<circle") == len(fit.rows)
    places = {
        label: float(x)
        for x, label in re.findall(r'<text x="([\d.]+)"[^>]*text-anchor="middle">(\d+)</text>', svg)
    }
    # Ticks stand where logarithms put them, and D0 stands between its neighbours.
    decade = (places["100"] - places["10"]) / 1.0
    assert places["50"] == pytest.approx(places["10"] + decade * np.log10(5), abs=0.2)
    upright = [float(x) for x in re.findall(r'<path d="M([\d.]+) 26V246"', svg)]
    assert upright[0] == pytest.approx(places["10"] + decade * np.log10(fit.d0 / 10), abs=0.2)
    assert upright[1] == pytest.approx(places["10"] + decade * np.log10(fit.d100 / 10), abs=0.2)
    # The band is the uncertainty of the curve: on the plateau that of the thickness.
    _, sd = fit.at(np.array([0.1 * fit.d0, 3 * fit.d100]))
    assert sd[0] == 0 and sd[1] == pytest.approx(fit.full_sd, rel=1e-6)
    assert [round(10**t) for t in log_ticks(0.5, 2.1)] == [5, 10, 20, 50, 100]
    assert [round(t) for t in log_ticks(-3, 3)] == [-3, -2, -1, 0, 1, 2, 3]


def test_the_verb_writes_a_film_that_loads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("dose.csv").write_text(ROWS)
    monkeypatch.setattr("sys.argv", ["wp", "calibrate", "--dose", "dose.csv", "-o", "film.wp", "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    out = json.loads(capsys.readouterr().out)
    (told,) = out["films"]
    assert out["files"] == ["film.wp", "film.svg"] and Path("film.svg").read_text().startswith("<svg")
    loaded = load(tmp_path / "film.wp")
    things = {n: b.value.node for n, b in loaded.env.bindings.items() if isinstance(b.value, Thing)}
    green = things["green"]
    assert isinstance(green, Film) and green.thickness_um == pytest.approx(0.042)
    assert green.d0 == pytest.approx(told["d0_mj_cm2"] * MJ_CM2, rel=1e-5) and green.gamma == pytest.approx(
        told["gamma"], rel=1e-5
    )
    assert green.d0_sd is not None and green.gamma_sd is not None
    assert green.provenance["d0"].text == "dose.csv, 11 doses, 2026-05-01"
    # From a film of one's own: it keeps all else.
    Path("own.wp").write_text(
        'wp 1;\nuse "ligands.wp" as lig;\n'
        'film green = film { nanocrystal: "InP"; family: "III-V"; ligand: lig.tris_tad; thickness: 50nm; colour: "#00ff00"; }\n'
    )
    monkeypatch.setattr(
        "sys.argv", ["wp", "calibrate", "--dose", "dose.csv", "-o", "film.wp", "--films", "own.wp"]
    )
    with pytest.raises(SystemExit):
        main()
    derived = load(tmp_path / "film.wp")
    again = next(
        b.value.node for n, b in derived.env.bindings.items() if n == "green" and isinstance(b.value, Thing)
    )
    assert again.thickness_um == pytest.approx(0.05) and again.gamma == pytest.approx(green.gamma)
    # Neither columns nor a file say what it is.
    Path("bare.csv").write_text(
        "film,dose [mJ/cm2],thickness [nm]\n"
        + "".join(",".join(r.split(",")[:3]) + "\n" for r in ROWS.splitlines()[1:])
    )
    monkeypatch.setattr(
        "sys.argv", ["wp", "calibrate", "--dose", "bare.csv", "-o", "bare.wp", "--date", "2026-05-01"]
    )
    with pytest.raises(SystemExit):
        main()
    assert "X738" in capsys.readouterr().err and not Path("bare.wp").exists()
