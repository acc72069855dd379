"""Films: the library of ligands, formulas of doses, prisms that passes leave, steps, and figures of patterns with prints."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetprint.kernel.build import build
from wetprint.kernel.chemistry import Ligand, Stimulus
from wetprint.kernel.diagnostics import Severity
from wetprint.kernel.films import dose
from wetprint.kernel.films.coats import coats_of, tone_in, tone_of
from wetprint.kernel.films.figures import pattern_figures, table
from wetprint.kernel.films.prism import area_um2, kept, prisms
from wetprint.kernel.films.steps import as_data, steps_table
from wetprint.kernel.measure import measure
from wetprint.kernel.process import steps_of
from wetprint.kernel.quantity import MJ_CM2
from wetprint.kernel.scene import Mask, Print, Scene
from wetprint.lang.load import load
from wetprint.lang.values import Thing

#: What the two reviews give, written down once more: ligand -> what it answers to. Wavelengths in nm; 2p: two photons.
KNOWN: dict[str, set[object]] = {
    "alkene": {360, 225, 13.5, "electrons"},
    "alkane": {"electrons"},
    "bisazide": {254, 365, "heat"},
    "diazirine": {254},
    "benzophenone": {254, 365},
    "oxime_sulfonate": {365, 405},
    "ammonium_carbamate": {"heat"},
    "boc_amine": {"heat", 254},
    "o_nitrobenzyl_ester": {365},
    "photoacid_generator": {13.5, 254, 365, 405},
    "thiadiazole_dithiol": {365},
    "thiocarbamate": {254},
    "xanthate": {254},
    "azole": {254, 365},
    "dithiooxalate": {254, 365},
    "thiostannate": {365},
    "photoacid_generator_polar": {13.5, 254},
    "methacrylate": {254, 13.5},
    "mercaptocarboxylic_acid": {"2p 780"},
    "dmf": {254, 365, 405},
    "diazonaphthosulfonic_acid": {365, 405},
    "aryl_onium_triflate": {254, "electrons"},
    "photobase_generator": {254},
    "nonionic_photoacid": {254, 365, 405},
    "ebt_bisazide": {254},
    "dopplcer": {254},
    "carbene_perovskite": {365},
    "thiol_ene": {275},
    "tris_tad": {365},
    "iridium_azide": {405},
    "benzophenone_dual": {365},
    "clip_mof": {225, 254, 275, 360, 365, "electrons"},  # ultraviolet, not said which
    "zif_photofluorination": {254},
    "mof_photoacid": {225, 254, 275, 360, 365},
    "hipin": {"heat"},
    "peb": {"2p 780"},
    "pin_3d": {"2p 780", "2p 532", "2p 405"},  # femtosecond pulses, not said of which light
}
EVERY = (13.5, 225, 254, 275, 360, 365, 405, 532, 780, "2p 405", "2p 532", "2p 780", "electrons", "heat")


def stimulus(word: object) -> Stimulus:
    if isinstance(word, str):
        kind, _, nm = word.partition(" ")
        return Stimulus("two-photon", float(nm) / 1e3) if kind == "2p" else Stimulus(kind)  # type: ignore[arg-type]
    return Stimulus("light", float(str(word)) / 1e3)


@pytest.fixture(scope="module")
def library(root: Path) -> dict[str, Any]:
    loaded = load(root / "lang" / "library" / "ligands.wp")
    assert not [d for d in loaded.diagnostics if d.severity is Severity.ERROR]
    return {n: b.value.node for n, b in loaded.env.bindings.items() if isinstance(b.value, Thing)}


def test_each_ligand_accepts_its_stimuli_and_refuses_all_others(library: dict[str, Any]) -> None:
    ligands = {n: v for n, v in library.items() if isinstance(v, Ligand)}
    assert set(ligands) == set(KNOWN) and len(KNOWN) == 37
    for name, ligand in ligands.items():
        answers = {word for word in EVERY if ligand.accepts(stimulus(word))}
        assert answers == KNOWN[name], name


def test_every_figure_of_the_library_has_its_source(library: dict[str, Any]) -> None:
    for name, ligand in library.items():
        if not isinstance(ligand, Ligand):
            continue
        assert ligand.provenance, name
        for field, origin in ligand.provenance.items():
            assert not origin.assumed and (
                "2023, 56, 2286" in origin.text or "2026, 17, 8913" in origin.text
            ), (name, field)
    ebt, tad, dual = library["ebt_bisazide"], library["tris_tad"], library["benzophenone_dual"]
    assert (ebt.dose_low, ebt.dose_high) == pytest.approx((2 * MJ_CM2, 3 * MJ_CM2)) and ebt.feature_um == 2.0
    assert tad.atmosphere == "air" and tad.dose_low == pytest.approx(100 * MJ_CM2) and tad.feature_um is None
    # A pitch of 1.600 um is no feature.
    assert dual.mole_high == 0.1 and dual.feature_um is None and "1.600 um" in dual.note
    assert library["diazirine"].atmosphere == library["carbene_perovskite"].atmosphere == "nitrogen"
    assert library["hipin"].below_celsius == 200 and library["hipin"].heated_by_um == (0.532,)
    assert library["clip_mof"].feature_electrons_um == pytest.approx(0.07)
    assert library["boc_amine"].needs == "photoacid generator"
    # What nobody says is absent.
    assert (
        library["xanthate"].dose_low is None
        and library["hipin"].mechanism == ""
        and library["alkane"].charge_dose is None
    )


def test_tone_follows_the_developer(library: dict[str, Any]) -> None:
    acid = library["photoacid_generator"]
    assert tone_in(acid, library["toluene"]) == "negative" and tone_in(acid, library["hexane"]) == "negative"
    assert tone_in(acid, library["n_methylformamide"]) == "positive"
    assert tone_in(acid, library["water_ammonia"]) == "" and tone_in(acid, None) == ""
    assert tone_in(library["mof_photoacid"], None) == "positive"


@given(st.floats(1, 1e4), st.floats(0.2, 20), st.floats(0, 1))
def test_doses_go_there_and_back(d0: float, gamma: float, share: float) -> None:
    d100 = dose.d100_of(d0, gamma)
    assert dose.gamma_of(d0, d100) == pytest.approx(gamma, rel=1e-9)
    assert dose.retention(dose.dose_for(share, d0, gamma), d0, gamma) == pytest.approx(share, abs=1e-9)
    assert dose.retention(d0 * 0.999, d0, gamma) == 0.0 and dose.retention(d100 * 1.001, d0, gamma) == 1.0


def test_formulas_to_nine_digits() -> None:
    near = lambda v: pytest.approx(v, rel=1e-9)  # noqa: E731
    assert dose.gamma_of(20.0, 60.0) == near(1 / math.log10(3.0))
    assert dose.retention(40.0, 20.0, 2.0) == near(0.6020599913279624)
    assert (
        dose.gelled_um(100.0, 2.0, 10.0) == near(2 * math.log(10)) and dose.gelled_um(5.0, 2.0, 10.0) == 0.0
    )
    assert dose.thickest_um(2.0, 10.0, 1000.0) == near(2 * math.log(100))
    assert dose.gelled_um(dose.dose_through(3.0, 2.0, 10.0), 2.0, 10.0) == near(3.0)
    assert dose.exposure_s(100 * MJ_CM2, 10 * MJ_CM2) == near(10.0)
    assert dose.raster_s(1000.0, 0.5, 100.0) == near(20.0)
    assert dose.finest_um(0.365, 0.5) == near(0.365)
    assert dose.together([20.0, 30.0, 0.5]) == near(50.5)
    with pytest.raises(ValueError, match="d0"):
        dose.gamma_of(2.0, 1.0)


def test_doses_of_passes_add_up_place_by_place(film_scenes: ModuleType) -> None:
    f = film_scenes
    green = f.film(d0=20 * MJ_CM2, gamma=2.0)
    made = f.scene(
        f.pattern(f.box(0, 0, 10, 10, "one"), green, dose=40 * MJ_CM2, develop=False),
        f.pattern(f.box(5, 0, 10, 10, "two"), green, dose=20 * MJ_CM2),
    )
    (coat,) = coats_of(made)
    assert len(coat.passes) == 2
    parts = sorted((round(area_um2(r), 6), t) for r, t in kept(made, coat))
    # 40 alone, 40 + 20 where both are; 20 is D0, which leaves nothing.
    assert [a for a, _ in parts] == [50.0, 50.0]
    assert sorted(t for _, t in parts) == pytest.approx(
        [0.04 * 2 * math.log10(2), 0.04 * 2 * math.log10(3)], rel=1e-9
    )


def test_a_later_film_stands_on_an_earlier_one(film_scenes: ModuleType) -> None:
    f = film_scenes
    made = f.scene(
        f.pattern(f.box(0, 0, 10, 10, "one"), f.film()),
        f.pattern(f.box(5, 0, 10, 4, "two"), f.film("red", thickness_um=0.1)),
    )
    found = prisms(made)
    assert sum(p.volume_um3() for p in found) == pytest.approx(100 * 0.04 + 40 * 0.1)
    on = [p for p in found if p.base_um > 0]
    assert [(round(area_um2(p.region), 6), p.base_um, p.top_um) for p in on] == [
        (20.0, 0.04, pytest.approx(0.14))
    ]


def test_negative_and_positive_tone_give_the_same_kept_region(film_scenes: ModuleType) -> None:
    """The mask of the one is that of the other inverted."""
    f = film_scenes
    acid = f.ligand(
        mechanism="ligand exchange", keeps_exposed_in=("nonpolar",), removes_exposed_in=("N-methylformamide",)
    )
    film = f.film(ligand=acid)
    frame = f.box(0, 0, 40, 30, "frame")
    shape = Mask("union", {}, f.HERE, (f.box(-8, 0, 10, 12), f.box(6, 3, 9, 9)), name="shape")
    inverted = Mask("difference", {}, f.HERE, (frame, shape), name="inverted")
    negative = f.scene(f.pattern(shape, film, developer=f.TOLUENE))
    positive = f.scene(f.pattern(inverted, film, developer=f.NMF, within=frame))
    assert tone_of(negative.patterns[0])[0] == "negative" and tone_of(positive.patterns[0])[0] == "positive"
    from wetprint.kernel.flat import merged, to_shapely

    one, two = (to_shapely(merged(prisms(s)[0].region)) for s in (negative, positive))
    import shapely

    assert shapely.symmetric_difference(shapely.union_all(one), shapely.union_all(two)).area == 0
    assert prisms(negative)[0].volume_um3() == pytest.approx(prisms(positive)[0].volume_um3())


@pytest.fixture(scope="module")
def under_lattice(film_scenes: ModuleType, scenes: ModuleType) -> Scene:
    """A square of film under a lattice, and one beside it."""
    f = film_scenes
    lattice = scenes.lattice(size=(200.0, 200.0), layers=4, pitch=40.0)
    made = f.scene(
        f.pattern(f.box(0, 0, 100, 100, "pad"), f.film(), intensity=10 * MJ_CM2),
        f.pattern(f.box(150, 0, 60, 60, "aside"), f.film("red")),
        Print(lattice, None, f.HERE),
    )
    return replace(made, parts={"body": lattice})


def test_figures_of_films_and_of_what_lies_on_them(under_lattice: Scene) -> None:
    jobs, _ = build(under_lattice)
    found = pattern_figures(under_lattice, jobs)
    pad, aside = found["films"]
    assert pad["area_um2"] == pytest.approx(1e4) and pad["volume_um3"] == pytest.approx(400)
    assert (
        pad["perimeter_um"] == pytest.approx(400)
        and pad["min_width_um"] == pytest.approx(100)
        and pad["min_gap_um"] is None
    )
    assert pad["expose_s"] == pytest.approx(10.0) and aside["expose_s"] is None
    films, on_pad, on_aside = found["between"]
    assert films["overlap_um2"] == 0 and films["gap_um"] == pytest.approx(70)
    # Lines at y = +-20 lie on the pad, 10 wide and 100 long there; the next ones begin 5 um beyond it.
    assert on_pad["overlap_um2"] == pytest.approx(2000) and on_pad["contacts"] == 2 and on_pad["joined"]
    assert on_pad["gap_um"] == pytest.approx(5)
    assert not on_aside["joined"] and on_aside["gap_um"] == pytest.approx(20)
    # The lattice with the pad, and the square beside it.
    assert found["bodies"] == 2
    assert found["steps"] == 7 and found["steps_without_time"] == 6 and found["time_s"] == pytest.approx(10)
    assert "2 contacts" in table(found) and "not joined" in table(found)


def test_measure_adds_patterns_and_changes_nothing_else(under_lattice: Scene) -> None:
    jobs, _ = build(under_lattice)
    plain, more = measure(jobs), measure(jobs, scene=under_lattice)
    assert (
        set(more) - set(plain) == {"patterns"} and {k: v for k, v in more.items() if k != "patterns"} == plain
    )
    alone = replace(under_lattice, prints=(), sequence=under_lattice.patterns)
    found = measure((), scene=alone)
    assert found["states"] == {} == found["materials"] and found["patterns"]["bodies"] == 2
    json.dumps(found)


def test_steps_of_every_process(film_scenes: ModuleType, under_lattice: Scene) -> None:
    f = film_scenes
    made = f.scene(
        f.pattern(f.box(0, 0, 10, 10, "one"), f.film(), intensity=10 * MJ_CM2, develop=False),
        f.pattern(f.box(4, 0, 10, 10, "two"), f.film(), bake="100 C, 5 min"),
        f.pattern(f.box(40, 0, 10, 10, "three"), f.film("red"), "ebeam", current=1e-9),
        f.pattern(f.box(80, 0, 10, 10, "four"), f.film("blue"), "thermal_writing", speed=1e3),
    )
    steps = steps_of(made, ())
    assert [s.kind for s in steps] == [
        "deposit", "expose", "expose", "develop", "treat", "deposit", "expose", "develop", "deposit", "expose", "develop",
    ]  # fmt: skip
    times = {s.name: s.time_s for s in steps if s.kind == "expose"}
    # 100 / 10 s; 500 uC/cm2 * 100 um2 / 1 nA; 100 um2 / (.5 um * 1 mm/s).
    assert times == {
        "one": pytest.approx(10),
        "two": None,
        "three": pytest.approx(0.5),
        "four": pytest.approx(0.2),
    }
    text = steps_table(steps)
    assert "100 C, 5 min" in text and "toluene (nonpolar)" in text and "after 2 passes" in text
    assert "of 8 of 11 steps nobody knows it" in text
    json.dumps(as_data(steps))
    jobs, _ = build(under_lattice)
    assert [s.kind for s in steps_of(under_lattice, jobs)][-1] == "extrude"


def test_the_example_of_two_processes(root: Path) -> None:
    """A film under a printed lattice: clean, joined where it says, and W235 as soon as the overlay is more than the pads allow."""
    from wetprint.kernel.check import run_checks
    from wetprint.kernel.shrink import complete_jobs

    def design(**sets: str) -> tuple[dict[str, Any], list[str]]:
        loaded = load(root / "examples" / "cdse_film_au_lattice.wp", sets=sets)
        assert loaded.scene is not None, loaded.diagnostics
        jobs, _ = complete_jobs(loaded.scene, build(loaded.scene)[0], model="analytic")
        said = [d.code for d in run_checks(loaded.scene, jobs) if d.severity is not Severity.NOTE]
        return pattern_figures(loaded.scene, jobs), said

    found, said = design()
    assert said == []
    (film,), (on,) = found["films"], found["between"]
    # Four pads of 200 x 30 um, and four crosses of 60 and 10 um.
    assert film["area_um2"] == pytest.approx(4 * 200 * 30 + 4 * (2 * 60 * 10 - 100)) and film["pieces"] == 8
    assert on["contacts"] == 4 and on["overlap_um2"] == pytest.approx(4 * 120 * 10, rel=1e-3)
    # The lattice with its pads, and the marks.
    assert found["bodies"] == 5 and film["expose_s"] == pytest.approx(5.0)
    assert design(overlay="18.7um")[1] == [] and "W235" in design(overlay="18.9um")[1]


def test_plan_and_measure_of_films_from_the_command_line(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from wetprint.cli import main

    def wp(*words: str) -> str:
        monkeypatch.setattr("sys.argv", ["wp", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        return capsys.readouterr().out

    both = str(root / "examples" / "cdse_film_au_lattice.wp")
    plan = json.loads(wp("plan", both, "--json"))
    assert [s["step"] for s in plan["steps"]] == ["deposit", "expose", "develop", "extrude"]
    assert plan["steps"][1]["time_s"] == pytest.approx(5.0) and plan["steps"][1][
        "dose_mj_cm2"
    ] == pytest.approx(2.5)
    assert plan["steps"][3]["time_s"] == plan["time_s"] > 1
    text = wp("plan", both)
    assert "of 2 of 4 steps nobody knows it" in text and "clearance" in text
    film = tmp_path / "film.wp"
    film.write_text(
        'wp 1;\nuse "ligands.wp" as lig;\nmask dot = rectangle { size: [10um, 10um]; };\n'
        'film green = film { nanocrystal: "InP"; family: "III-V"; ligand: lig.tris_tad; thickness: 50nm; colour: "#00ff00"; }\n'
        "pattern dot { film: green; process: photopattern; wavelength: 365nm; dose: 100[mJ/cm^2]; developer: lig.toluene; }\n"
    )
    assert [s["step"] for s in json.loads(wp("plan", str(film), "--json"))["steps"]] == [
        "deposit",
        "expose",
        "develop",
    ]
    found = json.loads(wp("measure", str(film), "--json"))
    assert found["states"] == {} and found["patterns"]["films"][0]["volume_um3"] == pytest.approx(5.0)
    assert "100 um2" in wp("measure", str(film))
