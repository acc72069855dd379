"""Design rules: for each one design that breaks it and one that just does not."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.build import Job, build
from wetprint.kernel.check import run_checks
from wetprint.kernel.checks import CHECKS
from wetprint.kernel.checks.hansen import distance
from wetprint.kernel.codes import CODES
from wetprint.kernel.diagnostics import Diagnostic, Severity
from wetprint.kernel.drying.sag import FREE_END, LIMIT, SUPPORTED, limit_um, sag_ratio
from wetprint.kernel.rig import InkLoad, Nozzle, Rig
from wetprint.kernel.scene import Scene
from wetprint.kernel.shrink import complete_jobs
from wetprint.lang.load import load

HEAD = 'wp 1;\nuse "nanocrystal.wp" as nc;\n'


def made(text: str) -> tuple[Scene, tuple[Job, ...]]:
    """A design up to its two states, without errors on the way."""
    loaded = load("design.wp", HEAD + text)
    assert loaded.scene is not None, [d.message for d in loaded.diagnostics]
    jobs, said = build(loaded.scene)
    assert not [d for d in said if d.severity is Severity.ERROR], [d.message for d in said]
    jobs, _ = complete_jobs(loaded.scene, jobs, model="analytic")
    return loaded.scene, jobs


def check(text: str, rig: Rig | None = None) -> list[Diagnostic]:
    return run_checks(*made(text), rig)


def codes(found: list[Diagnostic]) -> set[str]:
    return {d.code for d in found}


def woodpile(more: str = "", **fields: str) -> str:
    """A woodpile that breaks no rule, with some fields set otherwise."""
    of = {
        "size": "[400um, 400um]", "layers": "6", "pitch": "40um", "filament": "10um", "material": "nc.silver", "bath": "nc.gold_bath",
        **fields,
    }  # fmt: skip
    bath = of.pop("bath")
    lines = "".join(f" {k}: {v};" for k, v in of.items())
    return f"lattice body = woodpile {{{lines} {more} }}\nprint body {{ bath: {bath}; }}\n"


def test_a_sound_design_breaks_no_rule() -> None:
    found = check(woodpile())
    assert codes(found) == {"W209"} and found[0].severity is Severity.NOTE


#: code -> (what breaks it, what just does not)
PAIRS: dict[str, tuple[str, str]] = {
    "W203": (woodpile(filament="6.9um"), woodpile(filament="7um")),
    "W204": (woodpile(size="[600um, 600um]", pitch="170um"), woodpile(size="[600um, 600um]", pitch="150um")),
    "W205": (
        woodpile("layer k { filament: if k == 3 then 7um else 10um; }", layer_height="9um"),
        woodpile("layer k { filament: if k == 3 then 9um else 10um; }", layer_height="8um"),
    ),
    "W206": (woodpile(pitch="11um"), woodpile(pitch="11.5um")),
    "W207": (
        woodpile("layer k { phase: if k == 0 then 25um else 0um; }", size="[430um, 430um]", pitch="130um"),
        woodpile("layer k { phase: if k == 0 then 60um else 0um; }", size="[430um, 430um]", pitch="130um"),
    ),
    "W208": (woodpile(layer_height="10um"), woodpile(layer_height="8.5um")),
    "W209": (woodpile(), ""),
    "W210": (
        "bath b = bath { solvent: nc.tetrahydrofuran; linkers: [nc.gold_iii]; molarity: 0.5[mM]; }\n" + woodpile(bath="b"),
        "bath b = bath { solvent: nc.hexanol; linkers: [nc.gold_iii]; molarity: 0.5[mM]; }\n" + woodpile(bath="b"),
    ),
    "W211": (
        "bath b = bath { solvent: nc.methanol; linkers: [nc.gold_iii]; molarity: 0.5[mM]; }\n" + woodpile(bath="b"),
        "bath b = bath { solvent: nc.ethanol; linkers: [nc.gold_iii]; molarity: 0.5[mM]; }\n" + woodpile(bath="b"),
    ),
    "W212": (
        "bath b = nc.gold_bath { molarity: 1.01[mM]; }\n" + woodpile(bath="b"),
        "bath b = nc.gold_bath { molarity: 1[mM]; }\n" + woodpile(bath="b"),
    ),
    "W217": (
        woodpile() + "print move(body, by: [4um, 0um, 0um]) { bath: nc.gold_bath; }\n",
        woodpile() + "print move(body, by: [0um, 0um, 51um]) { bath: nc.gold_bath; }\n",
    ),
    "W220": (
        "material i = nc.silver { concentration: 70.1[mg/mL]; }\n" + woodpile(material="i"),
        "material i = nc.silver { concentration: 70[mg/mL]; }\n" + woodpile(material="i"),
    ),
    "W221": (
        "bath b = nc.iron_bath { solvent: nc.methanol; }\n" + woodpile() + "lattice other = woodpile { size: [400um, 400um]; layers: 6; pitch: 40um; filament: 10um; "
        "material: nc.magnetite; }\nprint move(other, by: [600um, 0um, 0um]) { bath: b; }\n",
        "bath b = nc.iron_bath { solvent: nc.ethanol; }\n" + woodpile() + "lattice other = woodpile { size: [400um, 400um]; layers: 6; pitch: 40um; filament: 10um; "
        "material: nc.magnetite; }\nprint move(other, by: [600um, 0um, 0um]) { bath: b; }\n",
    ),
    "W213": (
        woodpile() + "region edge in body where x > 175um { material: nc.gold; }\n",
        woodpile() + "region edge in body where x > 150um { material: nc.gold; }\n",
    ),
}  # fmt: skip


def test_every_rule_is_tried() -> None:
    """Those of the stage, the nozzle and the vessel stand in test_kernel_checks_limits.py; those of baths below; those of films (from
    W230) and of light (from W264) in test_kernel_film_checks.py and test_kernel_light_checks.py."""
    with_rig, of_baths = {"W214", "W215", "W216", "W218", "W219"}, {"W201", "W202"}
    assert {c for c in (CHECKS[name].code for name in CHECKS) if c < "W230"} == set(
        PAIRS
    ) | with_rig | of_baths


@pytest.mark.parametrize("code", PAIRS)
def test_a_design_that_breaks_the_rule(code: str) -> None:
    found = [d for d in check(PAIRS[code][0]) if d.code == code]
    assert found
    for d in found:
        assert d.primary is not None and d.primary.source.name == "design.wp"
        # The value first, then what was expected.
        assert re.match(r"-?\d", d.message), d.message
        assert d.notes


@pytest.mark.parametrize("code", [c for c in PAIRS if PAIRS[c][1]])
def test_a_design_that_just_does_not(code: str) -> None:
    assert code not in codes(check(PAIRS[code][1]))


def test_a_height_of_cells_is_no_distance_of_layers() -> None:
    found = check(woodpile(size="[120um, 120um]", layers="2").replace("woodpile", "octet"))
    assert "W208" not in codes(found)


def test_figures_of_the_library_are_told_at_the_print() -> None:
    found = check(woodpile(layer_height="8um"))
    assert codes(found) == {"W209"}
    assert found[0].primary is not None and found[0].primary.source.name == "design.wp"


def test_prints_side_by_side_and_one_over_the_other() -> None:
    for by, said in (("[1mm, 0um, 0um]", False), ("[0um, 0um, 0um]", True), ("[395um, 0um, 0um]", True)):
        found = check(woodpile() + f"print move(body, by: {by}) {{ bath: nc.gold_bath; }}\n")
        assert ("W217" in codes(found)) is said, by


def test_no_assumption_no_note() -> None:
    scene, jobs = made(woodpile())
    assert "W209" not in codes(run_checks(replace(scene, assumptions=()), jobs))


@pytest.mark.parametrize(
    ("code", "place"),
    [("W203", "6.9um"), ("W204", "170um"), ("W206", "11um"), ("W208", "10um"), ("W205", "9um")],
)
def test_the_place_is_the_field_at_fault(code: str, place: str) -> None:
    found = next(d for d in check(PAIRS[code][0]) if d.code == code)
    assert found.primary is not None and found.primary.text == place


def test_a_layer_rule_is_named_where_it_is_at_fault() -> None:
    found = next(
        d for d in check(woodpile("layer k { filament: if k == 2 then 6um else 10um; }")) if d.code == "W203"
    )
    assert found.primary is not None and found.primary.text == "if k == 2 then 6um else 10um"


def test_the_fix_of_a_layer_height_mends_it() -> None:
    scene, jobs = made(PAIRS["W208"][0])
    found = next(d for d in run_checks(scene, jobs) if d.code == "W208")
    (edit,) = found.fixes[0].edits
    text = edit.span.source.text
    mended = text[: edit.span.start] + edit.text + text[edit.span.end :]
    assert codes(check(mended.removeprefix(HEAD))) == {"W209"}


def test_a_layer_height_that_is_too_large_explains_what_hangs() -> None:
    found = codes(check(PAIRS["W208"][0]))
    assert "W208" in found and not found & {"W204", "W205"}


def test_what_the_design_allows_becomes_a_note() -> None:
    text = PAIRS["W212"][0]
    found = next(d for d in check('allow W212 because "we tried 1.01";\n' + text) if d.code == "W212")
    assert found.severity is Severity.NOTE and "allowed: we tried 1.01" in found.notes


def without_linker() -> tuple[Scene, tuple[Job, ...]]:
    scene, jobs = made(woodpile())
    bath = jobs[0].print.bath
    assert bath is not None
    return scene, tuple(replace(j, print=replace(j.print, bath=replace(bath, linkers=()))) for j in jobs)


def test_a_bath_without_the_linker() -> None:
    scene, jobs = without_linker()
    found = next(d for d in run_checks(scene, jobs) if d.code == "W201")
    assert found.severity is Severity.ERROR and "no linker" in found.message and "Au3+" in found.message
    assert "gold_iii" in found.notes[0]


def test_errors_cannot_be_allowed() -> None:
    from wetprint.kernel.scene import Allow

    scene, jobs = without_linker()
    scene = replace(scene, allows=(Allow("W201", "so what", jobs[0].print.span),))
    assert next(d for d in run_checks(scene, jobs) if d.code == "W201").severity is Severity.ERROR


def test_a_print_without_a_bath() -> None:
    scene, jobs = made(woodpile())
    jobs = tuple(replace(j, print=replace(j.print, bath=None)) for j in jobs)
    assert "W202" in codes(run_checks(scene, jobs))


# -- rules that need a rig -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rig() -> Rig:
    return load_rig("sim")


def fitted(rig: Rig, inner: float, gap: float | None = 10.0) -> Rig:
    nozzle = Nozzle(
        "tip",
        inner,
        inner + 2,
        ((0.0, inner / 2 + 1), (5000.0, 300.0)),
        next(iter(rig.dispensers)),
        loads=(InkLoad("*"),),
    )
    return replace(rig, nozzles=(nozzle,), heights=replace(rig.heights, first_gap_um=gap))


def test_the_sim_rig_reaches_the_part(rig: Rig) -> None:
    assert "W214" not in codes(check(woodpile(), rig))


def test_out_of_the_stages_reach(rig: Rig) -> None:
    axes = dict(rig.axes)
    axis = axes["x"]
    middle = rig.origin_um[0]
    fits = replace(rig, axes={**axes, "x": replace(axis, min_um=middle - 230, max_um=middle + 230)})
    assert "W214" not in codes(check(woodpile(), fits))
    tight = replace(rig, axes={**axes, "x": replace(axis, min_um=middle - 230, max_um=middle + 150)})
    found = [d for d in check(woodpile(), tight) if d.code == "W214"]
    assert len(found) == 1 and found[0].severity is Severity.ERROR and "make it smaller" in found[0].notes[0]
    moved = replace(tight, axes={**axes, "x": replace(axis, min_um=middle - 1000, max_um=middle + 150)})
    assert "origin_um" in next(d for d in check(woodpile(), moved) if d.code == "W214").notes[0]


def test_standoff_of_the_first_layer(rig: Rig) -> None:
    # Wet filaments are a little over 11 um wide.
    assert "W215" not in codes(check(woodpile(), fitted(rig, 11.0, 10.0)))
    for gap, word in ((12.0, "coils"), (5.0, "squashed")):
        found = next(d for d in check(woodpile(), fitted(rig, 11.0, gap)) if d.code == "W215")
        assert word in found.label
    assert "W215" not in codes(check(woodpile(), fitted(rig, 11.0, None)))


def test_filaments_fit_their_nozzle(rig: Rig) -> None:
    assert "W216" not in codes(check(woodpile(), fitted(rig, 11.0)))
    for inner in (7.0, 17.0):
        assert "W216" in codes(check(woodpile(), fitted(rig, inner)))
    assert "W216" not in codes(check(woodpile(), fitted(rig, 15.0)))


# -- what the rules rest on ------------------------------------------------------------------------------------------


def test_hansen_distance_of_the_papers_pair() -> None:
    scene, jobs = made(woodpile())
    bath = jobs[0].print.bath
    assert bath is not None
    assert distance(
        next(iter(scene.inks.values())).solvent if scene.inks else jobs[0].filaments.inks[0].solvent,
        bath.solvent,
    ) == pytest.approx(13.396, abs=5e-4)


def test_the_span_that_holds_sags_by_the_limit() -> None:
    import numpy as np

    for kind in (SUPPORTED, FREE_END):
        for d in (8.0, 10.0, 40.0):
            assert sag_ratio(np.array([limit_um(d, kind)]), np.array([d]), kind)[0] == pytest.approx(LIMIT)
    # gamma 2 kN/m3, 16 widths of 10 um, 1 kPa: .0694 * 2e3 * 16^4 * 1e-5 / 1e3.
    assert sag_ratio(np.array([160.0]), np.array([10.0]), SUPPORTED)[0] == pytest.approx(0.0909, abs=5e-4)


def test_every_rule_is_explained_and_documented(root: Path) -> None:
    told = {c.code: c for c in CODES}
    text = (root / "docs" / "checks.md").read_text(encoding="utf-8")
    rules = [CHECKS[name] for name in CHECKS]
    assert len({r.code for r in rules}) == len(rules)
    for rule in rules:
        assert len(told[rule.code].text) > 60 and rule.doc
        assert f"| {rule.code} | {rule.severity.word} | {rule.doc} |" in text


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parent.parent / "examples").glob("*.wp")), ids=lambda p: p.stem
)
def test_the_examples_break_no_rule(path: Path) -> None:
    found = check(
        path.read_text(encoding="utf-8").replace("wp 1;", "").replace('use "nanocrystal.wp" as nc;', "")
    )
    # What an example allows, with its reason, is a note.
    assert all(d.severity is Severity.NOTE for d in found), [d.message for d in found]
