"""`wp export` of masks and lasers as a user meets it."""

import json
import sys
from pathlib import Path

import pytest
from wetprint.cli import main

DOTS = """wp 1;
use "ligands.wp" as lig;
use "nanocrystal.wp" as nc;
film thick = film { nanocrystal: "CdSe"; family: "II-VI"; ligand: lig.hipin; thickness: 1um; colour: "#c23b22"; route: "thick"; }
film green = film { nanocrystal: "InP/ZnS"; family: "III-V"; ligand: lig.tris_tad; thickness: 40nm; colour: "#3cb44b"; }
mask frame = difference(rectangle { size: [20um, 20um]; }, rectangle { size: [5um, 5um]; });
mask dots = array(of: rectangle { size: [1um, 2um]; }, n: [30, 20], pitch: [3um, 3um]);
"""
HEAT = """pattern frame {
  film: thick; process: thermal_writing; wavelength: 532nm; power: 10[mW]; spot: 1um; hatch: 0.5um; speed: 2[mm/s]; developer: lig.toluene;
}
"""
LIGHT = """pattern dots {
  film: green; process: photopattern; wavelength: 365nm; dose: 100[mJ/cm^2]; developer: lig.toluene;
}
"""
INK = """lattice body = woodpile { size: [200um, 200um]; layers: 2; pitch: 40um; filament: 10um; material: nc.gold; }
print body { bath: nc.gold_bath; }
"""


@pytest.fixture
def wp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["wp", *words])
        with pytest.raises(SystemExit) as end:
            main()
        held = capsys.readouterr()
        return int(end.value.code or 0), held.out + held.err

    return run


def design(tmp_path: Path, *parts: str) -> str:
    (tmp_path / "panel.wp").write_text("".join((DOTS, *parts)))
    return "panel.wp"


def test_all_passes_go_into_one_file_with_its_manifest(wp, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    code, said = wp("export", design(tmp_path, LIGHT, INK, HEAT), "-o", "panel.gds")
    assert code == 0 and "2 layers, 601 polygons, raw: no proximity correction" in said
    assert "manifest: panel.gds.json" in said
    found = json.loads((tmp_path / "panel.gds.json").read_text())
    assert [(x["layer"], x["pattern"], x["row_of_job"]) for x in found["layers"]] == [
        (1, "dots", 1),
        (2, "frame", 3),
    ]
    assert found["design"]["name"] == "panel" and len(found["design"]["hash"]) == 64
    before = (tmp_path / "panel.gds").read_bytes()
    assert len(before) < 1000
    wp("export", "panel.wp", "-o", "panel.gds")
    assert (tmp_path / "panel.gds").read_bytes() == before


def test_a_program_holds_ink_unless_a_pattern_is_named(wp, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    name = design(tmp_path, LIGHT, INK, HEAT)
    assert wp("export", name, "-o", "ink.ngc", "--rig", "sim-linuxcnc")[0] == 0
    assert "laser" not in (tmp_path / "ink.ngc").read_text()
    code, said = wp("export", name, "-o", "heat.ngc", "--rig", "sim-linuxcnc", "--pattern", "frame")
    assert code == 0, said
    text = (tmp_path / "heat.ngc").read_text()
    assert (
        "(laser writes frame into thick, 532 nm, 10 mW)" in text
        and "(spot 1 um, hatch 0.5 um, 2 mm/s" in text
    )
    # 38 scan lines of 19 um, of which those across the hole of 5 um, half a spot wider each way, have two strokes.
    assert text.count("M62 P0") == 38 + 12
    code, said = wp("export", name, "-o", "dots.ngc", "--pattern", "dots")
    assert code == 1 and "X756" in said and "frame" in said


def test_a_design_of_heat_alone_needs_no_name(wp, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    name = design(tmp_path, HEAT)
    assert wp("export", name, "-o", "x.nc", "--rig", "sim-grbl")[0] == 0
    assert "S1000" in (tmp_path / "x.nc").read_text()
    assert wp("export", name, "-o", "y.nc", "--rig", "sim-grbl", "--scan", "outlines")[0] == 0
    assert (tmp_path / "y.nc").stat().st_size < (tmp_path / "x.nc").stat().st_size


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "x.stl"), "X759"),
        (("-o", "x.stl", "--writer", "calma"), "X759"),
        (("-o", "x.gds", "--pattern", "frame"), "X759"),
        (("-o", "x.gds", "--writer", "ratih"), "X752"),
        (("-o", "x.gds", "--writer", "none.toml"), "X752"),
        (("-o", "x.gds", "--scan", "z"), "--scan"),
    ],
)
def test_what_does_not_go_together_is_said(wp, tmp_path: Path, words: tuple[str, ...], said: str) -> None:  # type: ignore[no-untyped-def]
    code, text = wp("export", design(tmp_path, LIGHT), *words)
    assert code != 0 and said in text
    assert not (tmp_path / words[1]).exists()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('[mine]\ncorners = 100\nholes = "cut"\nsource = "its manual"\n', ""),
        ("[mine]\ncorners = 3\n", "4 to 8190"),
        ("[mine]\ncorner = 100\n", "one of"),
        ('[mine]\nholes = "bridge"\n', "keyhole or cut"),
        ("corners = 100\n", "one table"),
        ("[mine\n", "TOML"),
    ],
)
def test_a_writer_of_ones_own(wp, tmp_path: Path, table: str, said: str) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "mine.toml").write_text(table)
    code, text = wp("export", design(tmp_path, LIGHT, HEAT), "-o", "x.gds", "--writer", "mine.toml")
    assert (code == 0) == (not said) and said in text
    if not said:
        found = json.loads((tmp_path / "x.gds.json").read_text())
        assert found["writer"]["name"] == "mine" and found["writer"]["source"] == "its manual"
        # The frame is cut in two at least, where it was bridged.
        assert found["layers"][1]["classes"][0]["polygons"] >= 2


def test_dxf_says_what_it_needs(wp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setitem(sys.modules, "ezdxf", None)
    code, text = wp("export", design(tmp_path, LIGHT), "-o", "x.dxf")
    assert code == 1 and "X754" in text and "wetprint[dxf]" in text
    assert not (tmp_path / "x.dxf").exists()
