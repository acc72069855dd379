"""`wp calibrate` and `wp new --calibration`: from a table to inks that designs use, with plot and rig tables beside them."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import wetprint as wp
from typer.testing import CliRunner
from wetprint.cli import app
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.rig_file import parse_rig
from wetprint.lang.format import format_source
from wetprint.lang.source import read_source

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def call(*args: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, list(args), catch_exceptions=bool(code))
        if isinstance(result.exception, WetprintError):
            assert code == 1
            return "; ".join(f"[{d.code}] {d.message}" for d in result.exception.diagnostics)
        assert result.exit_code == code, result.output
        return result.output

    return call


@pytest.fixture
def table(root: Path) -> str:
    return str(root / "examples" / "calibration_gold.csv")


def test_inks_that_designs_use(run: Run, table: str, tmp_path: Path) -> None:
    run("calibrate", table, "-o", "inks.wp")
    source = read_source(tmp_path / "inks.wp")
    assert format_source(source) == source.text
    design = (
        'wp 1;\nuse "inks.wp" as my;\nuse "nanocrystal.wp" as nc;\n'
        "lattice b = woodpile { size: [200um, 200um]; layers: 4; pitch: 40um; filament: 10um; material: my.gold; }\n"
        "print b { bath: nc.gold_bath; }\n"
    )
    (tmp_path / "d.wp").write_text(design)
    assert "no errors" in run("check", "d.wp")
    ink = wp.load("d.wp").scene.inks["gold"]
    # What examples/calibration_gold.csv was made from.
    for name, truth in (("swell", 1.08), ("shrink", 0.092), ("poisson", 0.23)):
        sd = getattr(ink, f"{name}_sd")
        assert abs(getattr(ink, name) - truth) < 2.5 * sd, name
        assert 0 < sd < 0.2 * max(truth, 1.0)
        assert ink.provenance[name].text.startswith(
            "calibration_gold.csv, 12 settings of 72 lines, 2026-05-01"
        )
    assert ink.concentration_ug_um3 == wp.library().gold.concentration_ug_um3


def test_tables_for_a_rig(run: Run, table: str, tmp_path: Path, root: Path) -> None:
    run("calibrate", table, "-o", "inks.wp")
    text = (tmp_path / "inks.toml").read_text()
    loads = tomllib.loads(text.replace("[[nozzles.loads]]", "[[loads]]"))["loads"]
    assert [e["ink"] for e in loads] == ["gold", "gold"] and {e["date"] for e in loads} == {"2026-05-01"}
    for entry, resistance in zip(loads, (0.16, 0.048), strict=True):
        for point in entry["calibration"]:
            assert point["pressure_kpa"] / point["flow_pl_s"] == pytest.approx(resistance, rel=0.05)
    # It goes into a rig file as it is.
    paper = (root / "backends" / "rigs" / "paper.toml").read_text()
    one = text[text.index("[[nozzles.loads]]") :].split("# For")[0]
    rig = parse_rig(paper.replace('[[nozzles.loads]]\nink = "*"', one), "lab")
    load = rig.nozzles[0].load("gold")
    assert load is not None and load.date == "2026-05-01" and len(load.calibration) == 5


def test_the_plot_is_a_picture_with_the_outlier_marked(run: Run, table: str, tmp_path: Path) -> None:
    run("calibrate", table, "-o", "inks.wp")
    svg = (tmp_path / "inks.svg").read_text()
    assert svg.startswith("<svg") and svg.count("<svg ") == 3
    assert "left out" in svg and "shrinkage of the width" in svg and "NaN" not in svg and "nan" not in svg
    assert len(re.findall("<circle", svg)) > 10


def test_the_same_table_gives_the_same_bytes(run: Run, table: str, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        run("calibrate", table, "-o", f"{name}/inks.wp")
    for ending in ("wp", "svg", "toml"):
        assert (tmp_path / "a" / f"inks.{ending}").read_bytes() == (
            tmp_path / "b" / f"inks.{ending}"
        ).read_bytes()


def test_json(run: Run, table: str) -> None:
    found = json.loads(run("calibrate", table, "--json").split("\nwarning")[0])
    (ink,) = found["inks"]
    assert ink["measured"] == ["index", "poisson", "resistance", "shrink", "swell"]
    assert len(ink["left_out"]) == 1 and ink["left_out"][0].endswith("calibration_gold.csv:9:1")
    assert ink["shrink_fit"]["degrees_of_freedom"] == 10 and len(ink["nozzles"]) == 2


def test_a_date_comes_from_the_data_or_from_the_user(run: Run, tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text("ink,wet width [um],dried width [um]\nAu,8,7\nAu,49,44\n")
    assert "X739" in run("calibrate", "w.csv", "-o", "i.wp", code=1)
    assert not (tmp_path / "i.wp").exists()
    assert "expected a day" in run("calibrate", "w.csv", "-o", "i.wp", "--date", "May", code=2)
    run("calibrate", "w.csv", "-o", "i.wp", "--date", "2026-04-30")
    text = (tmp_path / "i.wp").read_text()
    assert "2026-04-30" in text and "swell" not in text
    # What rests on a figure that nobody measured says so.
    assert "with a Poisson's ratio of 0.2 that nobody measured" in text and "poisson: 0.2 assumed" in text
    assert not (tmp_path / "i.toml").exists()
    # Written anew without a word, as a calibration wrote it; a design is not.
    run("calibrate", "w.csv", "-o", "i.wp", "--date", "2026-05-01")
    (tmp_path / "i.wp").write_text("wp 1;\n")
    assert "X701" in run("calibrate", "w.csv", "-o", "i.wp", "--date", "2026-05-01", code=1)


def test_an_ink_that_nobody_knows(run: Run, tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text("ink,wet width [um],dried width [um]\nmud,8,7\nmud,49,44\n")
    assert "`mud` is no ink" in run("calibrate", "w.csv", "-o", "i.wp", "--date", "2026-05-01", code=1)
    (tmp_path / "mine.wp").write_text(
        'wp 1;\nuse "nanocrystal.wp" as nc;\nmaterial mud = nc.gold { density: 5[g/mL]; }\n'
    )
    run("calibrate", "w.csv", "-o", "i.wp", "--date", "2026-05-01", "--inks", "mine.wp")
    assert "material mud = nc.mud" in (tmp_path / "i.wp").read_text()
    assert "no errors" in run("check", "i.wp")


def test_a_print_to_calibrate_by(run: Run, tmp_path: Path) -> None:
    for ink in ("gold", "magnetite"):
        run("new", f"cal_{ink}", "--calibration", "--ink", ink)
        assert "no errors" in run("check", f"cal_{ink}.wp")
        design = wp.load(f"cal_{ink}.wp")
        assert design.scene.state == "wet" and list(design.scene.inks) == [ink]
        part = design.filaments
        widths = part.state("wet").width_um
        assert sorted(set(widths.round(3).tolist())) == [8.0, 10.0, 11.0, 12.0, 14.0]
        told = run("calibrate", f"cal_{ink}.csv", code=1)
        assert "no wet width and no dried width in this row" in told
        assert "X701" in run("new", f"cal_{ink}", "--calibration", code=1)
    text = (tmp_path / "cal_gold.csv").read_text()
    rows = [line for line in text.splitlines() if line and not line.startswith("#")]
    filled = [
        f"10,gold,gold_bath,{p},1.2,,,{w},{d},5,0.2,0.2,yes,2026-05-01,"
        for p, w, d in ((5, 8.0, 7.1), (10, 11.4, 10.1), (20, 16.0, 14.2), (30, 19.7, 17.4))
    ]
    (tmp_path / "cal_gold.csv").write_text("\n".join([rows[0], *filled]) + "\n")
    run("calibrate", "cal_gold.csv", "-o", "inks.wp")
    assert "no errors" in run("check", "inks.wp")
    assert "X738" in run("new", "other", "--calibration", "--ink", "mud", code=1)


def test_the_page_shows_what_the_verb_says(run: Run, table: str, tmp_path: Path, root: Path) -> None:
    page = (root / "docs" / "calibration.md").read_text(encoding="utf-8")
    said = run("calibrate", table, "-o", "inks.wp")
    shown = re.search(r"^\$ wp calibrate .*?\n(.*?)^warning", page, re.DOTALL | re.MULTILINE)
    assert shown is not None and shown[1] in said
    for line in re.findall(r"^  swell.* from .*;$", page, re.MULTILINE):
        assert line in (tmp_path / "inks.wp").read_text()
    assert (root / "docs" / "pictures" / "calibration.svg").read_text() == (tmp_path / "inks.svg").read_text()
    (tmp_path / "part.wp").write_text(
        'wp 1;\nuse "inks.wp" as my;\nuse "nanocrystal.wp" as nc;\n'
        "lattice body = woodpile { size: [400um, 400um]; layers: 8; pitch: 40um; filament: 10um; material: my.gold; }\n"
        "print body { bath: nc.gold_bath; }\n"
    )
    found = run("measure", "part.wp", "--uncertainty")
    block = page.split("$ wp measure part.wp --uncertainty\n")[1].split("  ...")[0]
    lines = [line for line in block.splitlines() if "(...)" not in line]
    assert len(lines) == 5 and all(line in found for line in lines)
