"""Designs of films that somebody else gets wrong: each is answered with a place, a value and a mend."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner
from wetprint.cli import app
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.films.fields import across
from wetprint.kernel.flat import GRID_UM, Flat, Repeat, copied_out, rectangles, repeated

HEAD = (
    'wp 1;\nuse "ligands.wp" as lig;\nuse "nanocrystal.wp" as nc;\n'
    'film green = film { nanocrystal: "InP/ZnS"; family: "III-V"; ligand: lig.tris_tad; thickness: 40nm; colour: "#3cb44b"; }\n'
    "mask dot = rectangle { size: [10um, 10um]; };\n"
)


def light(mask: str, more: str = "developer: lig.toluene;", film: str = "green") -> str:
    return f"pattern {mask} {{ film: {film}; process: photopattern; wavelength: 365nm; dose: 100[mJ/cm^2]; {more} }}\n"


CONTRAST = "film known = green { d0: 10[mJ/cm^2]; gamma: 2; };\n"
MANY = "mask many = pixels { ppi: 15875; count: [100000, 100000]; subpixel: [400nm, 400nm]; };\n"

LATTICE = (
    "lattice body = octet { size: [6um, 6um]; layers: 1; pitch: 3um; filament: 200nm; material: green; }\n"
)
LIT = (
    "print body { process: two_photon; wavelength: 780nm; aperture: 1.4; index: 1.518; scan_speed: 100[um/s]; "
    "threshold_power: 5mW; threshold_time: 1ms; %s }\n"
)

WRONG: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "masks that do not meet": (
        "mask z = intersection(dot, move(dot, by: [100um, 0um]));\n" + light("z"), 0, ("W256", "0 um2", ":6:10"),
    ),
    "a mask less itself": ("mask z = difference(dot, dot);\n" + light("z"), 0, ("W256",)),
    "never developed": (light("dot", "develop: false;"), 0, ("W257", "`green`", "name a `developer`")),
    "a relief above its film": (
        CONTRAST + light("dot", "relief: 100nm; developer: lig.toluene;", "known"), 0, ("W258", "100 nm", "0 nm to 40 nm"),
    ),
    "a relief without end": (
        CONTRAST + light("dot", "relief: 1um^2 / x; developer: lig.toluene;", "known"), 0, ("W258", "inf"),
    ),
    "a relief by heat": (
        "pattern dot { film: green; process: thermal_writing; wavelength: 532nm; spot: 1um; hatch: 1um; relief: 9nm; developer: lig.toluene; }\n",
        1, ("W255", "thermal_writing has no dose", "`photopattern` and `ebeam` have one"),
    ),
    "a relief finer than is ever sampled": (
        CONTRAST + "mask wide = rectangle { size: [5mm, 5mm]; };\n" + light("wide", "relief: 9nm; min_width: 100nm; developer: lig.toluene;", "known"),
        1, ("W255", "1e+10 samples", "a larger one, or a smaller mask"),
    ),
    "larger than any substrate": ("mask z = rectangle { size: [1e300um, 10um]; };\n" + light("z"), 1, ("E420", "1e+07 um")),
    "farther than any stage": ("mask z = move(dot, by: [5e9um, 0um]);\n" + light("z"), 1, ("E420", "5e+09 um")),
    "a wavelength without a unit": (light("dot").replace("365nm", "365"), 1, ("E201", "write `365nm`")),
    "kilometres": (light("dot").replace("365nm", "0.0000000005km"), 1, ("E210", "write `5e-07m`")),
    "angstroms": ("mask z = rectangle { size: [5000angstrom, 10um]; };\n" + light("z"), 1, ("E210", "write `500nm`")),
    "a film that no mask is exposed into": ("", 0, ("E315", "no mask is exposed into film `green`; `pattern dot { film: green;")),
    "an intensity for a dose": (light("dot").replace("mJ/cm^2", "mW/cm^2"), 1, ("E202", "100[mW/cm^2] * 10s")),
    "light's dose for electrons": (light("dot").replace("photopattern; wavelength: 365nm", "ebeam"), 1, ("E202", "100[uC/cm^2]")),
    "a charge for d0": ("film k = green { d0: 10[uC/cm^2]; };\n" + light("dot"), 1, ("E202", "`d0_electrons`")),
    "a colour by its name": ('film k = green { colour: "Red"; };\n' + light("dot"), 1, ("E310", 'write "#d62728"')),
    "a colour without #": ('film k = green { colour: "3cb44b"; };\n' + light("dot"), 1, ("E310", 'write "#3cb44b"')),
    "a colour of three digits": ('film k = green { colour: "#f0a"; };\n' + light("dot"), 1, ("E310", 'write "#ff00aa"')),
    "a share of forty": ("film k = green { loading: 40; };\n" + light("dot"), 1, ("E310", "write `40%`")),
    "the beginning of a word": (light("dot", 'tone: "neg";'), 1, ("E309", 'write "negative"')),
    "a developer that is not there": (
        light("dot", "developer: lig.acetone;"), 1, ("E109", "`toluene`, `hexane`", "developer acetone = developer {"),
    ),
    "a ligand with a slip": ("film k = green { ligand: lig.tristad; };\n" + light("dot"), 1, ("E109", "write `tris_tad`")),
    "no process": (light("dot").replace("process: photopattern; ", ""), 1, ("E105", "`photopattern`, `ebeam` or `thermal_writing`")),
    "degrees": (light("dot", "bake_celsius: 80degC;"), 1, ("E210", "write `80`")),
    "a wavelength in um": (light("dot").replace("365nm", "365um"), 0, ("W237", "365 um is what", "365 nm was expected")),
    "a positive tone of all": (
        'ligand away = lig.tris_tad { tone: "positive"; };\nfilm k = green { ligand: away; };\n'
        + light("dot", "developer: lig.toluene; within: rectangle { size: [5um, 5um]; };", "k"), 0, ("W256", "0 um2 of film `k` stay"),
    ),
    "too hot for its ligand": (
        "film k = green { ligand: lig.hipin; };\npattern dot { film: k; process: thermal_writing; wavelength: 532nm; spot: 1um; hatch: 1um; "
        "celsius: 230; developer: lig.toluene; }\n", 0, ("W259", "230 C", "200 C", "Pan et al."),
    ),
    "a share for a power": (
        LATTICE + LIT % "full_power: 20%;", 1, ("E201", "`20%` has no unit", "a Power was expected"),
    ),
    "a bath for light": (LATTICE + LIT % "bath: nc.gold_bath;", 1, ("E102", "has no field `bath`; it has")),
    "ten thousand million pixels and a dot": (
        MANY + "mask z = union(many, dot);\n" + light("z"), 1, ("E421", "10000000001 polygons", ":7:10"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said(name: str, tmp_path: Path) -> None:
    text, code, words = WRONG[name]
    design = tmp_path / "design.wp"
    design.write_text(HEAD + text)
    done = CliRunner().invoke(app, ["check", str(design)])
    assert done.exit_code == code, done.output
    for word in words:
        assert word in done.output, done.output


def test_a_picture_of_nothing_says_why(tmp_path: Path) -> None:
    design = tmp_path / "design.wp"
    design.write_text(HEAD + WRONG["masks that do not meet"][0])
    done = CliRunner().invoke(app, ["preview", str(design), "--png", str(tmp_path / "z.png")])
    assert isinstance(done.exception, WetprintError)
    (said,) = done.exception.diagnostics
    assert said.code == "X712" and "`z` exposes nothing" in said.message and said.primary is not None
    # The dose takes all: nobody exposed too little of a region, but the film too little.
    design.write_text(HEAD + CONTRAST + light("dot", film="known").replace("100[", "5["))
    done = CliRunner().invoke(app, ["preview", str(design), "--png", str(tmp_path / "z.png")])
    assert isinstance(done.exception, WetprintError) and "W240" in done.exception.diagnostics[0].notes[0]
    # The sheet has no picture, and all the rest.
    done = CliRunner().invoke(app, ["report", str(design), "-o", str(tmp_path / "z.html")])
    assert done.exit_code == 0, done.output
    page = (tmp_path / "z.html").read_text()
    assert "No picture: 0 um2 of film stay" in page and "W240" in page


def test_ten_thousand_million_pixels_are_one_polygon(tmp_path: Path) -> None:
    design = tmp_path / "design.wp"
    design.write_text(HEAD + MANY + light("many"))
    assert CliRunner().invoke(app, ["check", str(design)]).exit_code == 0


EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.parametrize(
    ("name", "file"), [("rgb_pixels", "masks.gds"), ("hipin_raster", "window.ngc --pattern window")]
)
def test_what_is_exposed_alone_is_not_printed(name: str, file: str, tmp_path: Path) -> None:
    verb = ["print", str(EXAMPLES / f"{name}.wp"), "--rig", "sim", "--dry-run", "--runs", str(tmp_path)]
    done = CliRunner().invoke(app, verb)
    assert isinstance(done.exception, WetprintError)
    (said,) = done.exception.diagnostics
    assert said.code == "X764" and said.primary is not None
    assert f"-o {file}`" in said.notes[0]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "left"), [("cdse_film_au_lattice", "masks.gds"), ("woodpile_twice", "beside.gwl")]
)
def test_a_program_says_what_it_leaves_out(name: str, left: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["export", str(EXAMPLES / f"{name}.wp"), "-o", str(tmp_path / "part.ngc")])
    assert done.exit_code == 0
    assert "not printed" in done.stderr and left in done.stderr


@pytest.mark.parametrize("option", [["--plot", "p.svg"], ["--uncertainty"], ["--samples", "8"]])
def test_figures_of_filaments_are_not_asked_of_films(option: list[str]) -> None:
    done = CliRunner().invoke(app, ["measure", str(EXAMPLES / "hipin_raster.wp"), *option])
    assert isinstance(done.exception, WetprintError)
    (said,) = done.exception.diagnostics
    assert said.code == "X759" and option[0] in said.message


GEL = [
    ["measure", "--settled"], ["measure", "--state", "sintered"], ["measure", "--conductance", "x"], ["preview", "--settled", "--png", "p.png"],
    ["preview", "--state", "xerogel", "--png", "p.png"],
]  # fmt: skip


@pytest.mark.parametrize("name", ["dual_colour_pixels", "two_photon_lattice"])
@pytest.mark.parametrize("asked", GEL, ids=" ".join)
def test_what_becomes_of_gels_is_not_asked_of_films_and_light(
    asked: list[str], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, [asked[0], str(EXAMPLES / f"{name}.wp"), *asked[1:]])
    assert isinstance(done.exception, WetprintError), done.output
    (said,) = done.exception.diagnostics
    assert said.code == "X759" and "0 prints with ink" in said.message and asked[1] in said.message
    assert not list(tmp_path.iterdir())


def test_masks_do_not_settle(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["export", str(EXAMPLES / "dual_colour_pixels.wp"), "--settled", "-o", str(tmp_path / "s.gds")]
    )
    assert isinstance(done.exception, WetprintError) and not list(tmp_path.iterdir())
    assert "--settled with gds; it is for geometry" in done.exception.diagnostics[0].message


@pytest.mark.parametrize(
    ("family", "ligand", "words"),
    [("III-V", "tristad", "`tris_tad`"), ("III-X", "tris_tad", "`III-V`"), ("III-V", "Tris TAD", "")],
)
def test_a_table_names_what_the_library_has(family: str, ligand: str, words: str, tmp_path: Path) -> None:
    rows = [(20 * 10 ** (k / 10), min(21.0 * k / 10, 42.0)) for k in range(1, 29)]
    table, film = tmp_path / "dose.csv", tmp_path / "film.wp"
    table.write_text(
        "film,dose [mJ/cm2],thickness [nm],nanocrystal,family,ligand,date\n"
        + "".join(f"green,{d},{t},InP/ZnS,{family},{ligand},2026-05-01\n" for d, t in rows)
    )
    done = CliRunner().invoke(app, ["calibrate", "--dose", str(table), "-o", str(film)])
    if words:
        assert isinstance(done.exception, WetprintError) and not film.exists()
        (said,) = done.exception.diagnostics
        assert said.code == "X738" and words in said.message and said.primary is not None
    else:
        assert done.exit_code == 0 and "lig.tris_tad;" in film.read_text(), done.output


def test_copies_in_a_box_are_all_found() -> None:
    for columns, rows, a, b in (
        (7, 5, (10, 0), (0, 12)), (7, 5, (8, 6), (-6, 8)), (9, 1, (10, 3), (0, 0)), (1, 9, (0, 0), (2, 11)), (1, 1, (0, 0), (0, 0)),
        (4, 3, (10, 0), (20, 0)), (7, 5, (-10, 0), (4, -9)),
    ):  # fmt: skip
        repeat = Repeat(columns, rows, a, b, (100, -50))
        every = repeat.origins_nm()
        for low, high in (
            ((95, -55), (125, -20)),
            ((0, -500), (90, 500)),
            ((130, -30), (130, -30)),
            ((100, -50), (100, -50)),
        ):
            inside = every[((every >= low) & (every <= high)).all(axis=1)].tolist()
            found = repeat.origins_near_nm(low, high).tolist()
            assert [p for p in found if p in inside] == inside
            assert all(p in every.tolist() for p in found)


def test_ten_thousand_million_pixels_are_drawn(tmp_path: Path) -> None:
    design = tmp_path / "design.wp"
    design.write_text(HEAD + MANY + light("many"))
    picture = tmp_path / "many.png"
    done = CliRunner().invoke(
        app, ["preview", str(design), "--png", str(picture), "--size", "64x48", "--view", "top"]
    )
    assert done.exit_code == 0 and picture.stat().st_size > 0, done.output


def test_write_fields_of_an_array_as_of_its_copies() -> None:
    dot = rectangles([(3, -2, 40, 55), (60, 0, 70, 9)])
    for columns, rows, side in ((9, 7, 100.0), (1, 30, 37.0), (30, 1, 250.0), (5, 5, 1e6), (8, 3, 13.0)):
        array = repeated(dot, columns, rows, (83, 0), (0, 71))
        count, of, at = across(array, side * GRID_UM)
        assert (count, of) == across(Flat((copied_out(array),)), side * GRID_UM)[:2]
        assert bool(count) == (at != (0.0, 0.0))


def test_ten_thousand_million_pixels_cross_fields(tmp_path: Path) -> None:
    design = tmp_path / "design.wp"
    beam = "pattern many { film: green; process: ebeam; dose: 100[uC/cm^2]; field: 501um; developer: lig.toluene; }\n"
    design.write_text(HEAD + MANY + beam)
    done = CliRunner().invoke(app, ["check", str(design)])
    assert done.exit_code == 0 and "W251" in done.output, done.output


def test_a_table_of_doses_without_dose_is_told(tmp_path: Path) -> None:
    table = tmp_path / "dose.csv"
    table.write_text("film,dose [mJ/cm2],thickness [nm]\ngreen,20,0\ngreen,60,42\n")
    done = CliRunner().invoke(app, ["calibrate", str(table)])
    assert isinstance(done.exception, WetprintError)
    assert any("`--dose`" in note for d in done.exception.diagnostics for note in d.notes)
