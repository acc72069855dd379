"""Design rules of films: each is broken by a design, and just not broken by its neighbour."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from wetprint.kernel.build import build
from wetprint.kernel.check import run_checks
from wetprint.kernel.checks import CHECKS
from wetprint.kernel.diagnostics import Diagnostic, Severity
from wetprint.kernel.film import Film
from wetprint.kernel.material import Bath, Origin, Solvent
from wetprint.kernel.quantity import MJ_CM2, UC_CM2
from wetprint.kernel.scene import Allow, Expr, Lattice, Mask, Pattern, Print, Scene
from wetprint.lang.load import load


def said(scene: Scene, *jobs: Any) -> dict[str, Diagnostic]:
    return {d.code: d for d in run_checks(scene, jobs)}


@pytest.fixture(scope="module")
def f(film_scenes: ModuleType) -> ModuleType:
    return film_scenes


def one(f: ModuleType, mask: Mask | None = None, film: dict[str, Any] | None = None, **fields: Any) -> Scene:
    return f.scene(f.pattern(mask or f.box(0, 0, 10, 10), f.film(**(film or {})), **fields))


MJ = MJ_CM2
LIGHT = {"intensity": None}


def cases(f: ModuleType) -> dict[str, tuple[Scene, Scene, tuple[str, ...]]]:
    """Code -> (a design that breaks the rule, one that just does not, words of the message)."""
    L, film = f.ligand, f.film  # noqa: N806
    measured = {"d0": 50 * MJ, "gamma": 2.0}
    d100 = 50 * MJ * 10**0.5
    thick = {"penetration_um": 1.0, "critical": 10 * MJ, "damage": 1000 * MJ}
    a, b = film("red"), film("blue")
    overlay = {"overlay": 0.2, "size_error": 0.05, "edge_roughness": 0.03}
    edges = {"size_error": 0.05, "edge_roughness": 0.03}
    marks = f.box(50, 0, 4, 4, "cross")
    with_marks = Mask("union", {}, f.HERE, (f.box(0, 0, 10, 10, "one"), marks), name="first")

    def two(gap: float, **later: Any) -> Scene:
        return f.scene(
            f.pattern(f.box(0, 0, 10, 10, "one"), a, **edges),
            f.pattern(f.box(10 + gap, 0, 10, 10, "two"), b, **later),
        )

    def aligned(named: Mask | None, first: Mask, between: Mask | None = None) -> Scene:
        made = [f.pattern(first, a)]
        made += [f.pattern(between, film("mid"))] if between is not None else []
        return f.scene(*made, f.pattern(f.box(100, 0, 10, 10, "two"), b, overlay=0.1, marks=named))

    def again(x: float) -> Scene:
        below = film("red", damage=150 * MJ)
        return f.scene(f.pattern(f.box(0, 0, 10, 10, "one"), below), f.pattern(f.box(x, 0, 10, 10, "two"), b))

    def doses(first: float, second: float, **more: Any) -> Scene:
        g = film(**more)
        return f.scene(
            f.pattern(f.box(0, 0, 10, 10, "one"), g, dose=first, develop=False),
            f.pattern(f.box(0, 0, 10, 10, "two"), g, dose=second),
        )

    def relief(height: float = 0.02, **own: Any) -> Scene:
        return one(f, film=own, relief=Expr("const", (height,), f.HERE))

    def heated(**own: float) -> Scene:
        return f.scene(f.pattern(f.box(0, 0, 10, 10, "dot"), film(), "thermal_writing", **own))

    acid = L(
        keeps_exposed_in=("nonpolar",),
        removes_exposed_in=("N-methylformamide",),
        provenance={"keeps_exposed_in": Origin("PAG paper")},
    )
    carbene = L(atmosphere="nitrogen", provenance={"atmosphere": Origin("carbene paper")})
    known = L(dose_low=2 * MJ, dose_high=3 * MJ, provenance={"dose_low": Origin("EBT paper")})
    shown = L(feature_um=2.0, feature_electrons_um=0.07)
    needs = L(needs="photoacid generator")
    nothing = Mask("difference", {}, f.HERE, (f.box(0, 0, 5, 5), f.box(0, 0, 9, 9)), name="dot")
    beams = f.scene(f.pattern(f.box(0, 0, 10, 10), film(), "ebeam", field=100.0))
    return {
        "W230": (one(f, f.box(0, 0, 10, 0.498), min_width=0.5), one(f, f.box(0, 0, 10, 0.5), min_width=0.5), ("498 nm", "500 nm")),
        "W231": (
            one(f, f.pair(0.498), min_gap=0.5), one(f, f.pair(0.5), min_gap=0.5), ("498 nm", "500 nm"),
        ),
        "W232": (one(f, f.box(0, 0, 1, 0.998), min_area=1.0), one(f, f.box(0, 0, 1, 1), min_area=1.0), ("0.998 um2", "1 um2")),
        "W233": (two(-1), two(0), ("10 um2", "`blue`", "`red`")),
        "W234": (aligned(None, with_marks), aligned(marks, with_marks), ("0 marks", "100 nm")),
        "W235": (two(0.359, **overlay), two(0.360, **overlay), ("359 nm", "360 nm")),
        "W236": (
            one(f, film={"ligand": acid}, developer=f.NMF, tone="negative"), one(f, film={"ligand": acid}, developer=f.TOLUENE, tone="negative"),
            ("negative", "positive", "N-methylformamide", "PAG paper"),
        ),
        "W237": (one(f, wavelength=0.405), one(f, wavelength=0.3653), ("405 nm", "365 nm", "electrons", "heat")),
        "W238": (one(f, film={"ligand": needs}), one(f, film={"ligand": needs, "additive": "PAG"}), ("photoacid generator",)),
        "W239": (one(f, film={"ligand": carbene}), one(f, film={"ligand": carbene}, atmosphere="nitrogen"), ("air", "nitrogen", "carbene paper")),
        "W240": (one(f, film=measured, dose=0.99 * d100), one(f, film=measured, dose=d100), ("156.5 mJ/cm2", "158.1 mJ/cm2", "50 mJ/cm2")),
        "W241": (doses(60 * MJ, 60 * MJ, damage=120 * MJ), doses(60 * MJ, 59 * MJ, damage=120 * MJ), ("120 mJ/cm2", "2 passes")),
        "W242": (again(5), again(10), ("200 mJ/cm2", "100 mJ/cm2", "150 mJ/cm2")),
        "W243": (one(f, film={"ligand": known}, dose=6.1 * MJ), one(f, film={"ligand": known}, dose=6 * MJ), ("6.1 mJ/cm2", "2 mJ/cm2 to 3", "EBT paper")),
        "W244": (one(f, film={**thick, "thickness_um": 0.3, "route": "thick"}, dose=13 * MJ), one(f, film={**thick, "thickness_um": 0.3}, dose=14 * MJ), ("262.4 nm", "300 nm", "13.5 mJ/cm2")),
        "W245": (one(f, film={"thickness_um": 0.501}), one(f, film={"thickness_um": 0.5}), ("501 nm", "500 nm", "Pan et al.")),
        "W246": (one(f, film={"ligand": L(thiol=True), "family": "oxide"}), one(f, film={"ligand": L(thiol=True), "family": "metal"}), ("oxide", "II-VI, III-V or gold", "Pan et al.")),
        "W247": (one(f, film={"family": "perovskite"}, developer=f.NMF), one(f, film={"family": "perovskite"}), ("N-methylformamide", "nonpolar", "Pan et al.")),
        "W248": (
            one(f, film={"emitter": True, "ligand": L(wavelengths_um=(0.254, 0.365))}, wavelength=0.254), one(f, film={"emitter": True}),
            ("254 nm", "Pan et al."),
        ),
        "W249": (one(f, film={"loading": 0.26}), one(f, film={"loading": 0.25}), ("0.26", "0.01 to 0.25", "Pan et al.")),
        "W251": (
            f.scene(f.pattern(f.pair(85.0, side=10.5), film(), "ebeam", field=100.0)), beams, ("1 of 2", "100 um"),
        ),
        "W252": (one(f, f.box(0, 0, 10, 1.998), film={"ligand": shown}), one(f, f.box(0, 0, 10, 2), film={"ligand": shown}), ("1998 nm", "2000 nm")),
        "W253": (
            f.scene(f.pattern(f.box(0, 0, 1, 1), a), f.pattern(f.box(9, 0, 1, 1), a)),
            f.scene(f.pattern(f.box(0, 0, 1, 1), a, develop=False), f.pattern(f.box(9, 0, 1, 1), a)), ("2 coats",),
        ),
        "W254": (one(f, developer=None), one(f), ("0 developers",)),
        "W255": (relief(), relief(d0=10 * MJ, gamma=2.0), ("gamma",)),
        "W256": (one(f, nothing), one(f), ("0 um2", "`dot`")),
        "W257": (one(f, developer=None, develop=False), one(f), ("0 developments", "`box`", "`green`")),
        "W258": (relief(0.0401, d0=10 * MJ, gamma=2.0), relief(0.04, d0=10 * MJ, gamma=2.0), ("40.1 nm", "0 nm to 40 nm")),
        "W290": (heated(hatch=1.001), heated(hatch=1.0), ("1.001 um", "1 um or less", "`dot`")),
        "W259": (one(f, film={"below_celsius": 120.0}, bake_celsius=120.0), one(f, film={"below_celsius": 120.0}, bake_celsius=119.9), ("120 C", "`below_celsius` of the film")),
    }  # fmt: skip


CODES = [*(f"W{n}" for n in range(230, 260) if n != 250), "W290"]


@pytest.mark.parametrize("code", CODES)
def test_a_rule_is_broken_and_just_not_broken(code: str, f: ModuleType) -> None:
    broken, sound, words = cases(f)[code]
    found = said(broken)
    assert code in found, found
    for word in words:
        assert word in found[code].message + " ".join(found[code].notes), found[code]
    assert found[code].primary is not None
    assert code not in said(sound)


@pytest.mark.parametrize("code", CODES)
def test_a_warning_can_be_allowed(code: str, f: ModuleType) -> None:
    broken = cases(f)[code][0]
    before = said(broken)[code]
    after = said(replace(broken, allows=(Allow(code, "we know", f.HERE),)))[code]
    if before.severity is Severity.WARNING:
        assert after.severity is Severity.NOTE and "allowed: we know" in after.notes
    else:
        assert after.severity is before.severity


def test_a_plain_design_is_clean(f: ModuleType) -> None:
    assert said(one(f)) == {}


def test_marks_that_no_pass_left_or_that_a_pass_covered(f: ModuleType) -> None:
    marks = f.box(50, 0, 4, 4, "cross")
    with_marks = Mask("union", {}, f.HERE, (f.box(0, 0, 10, 10, "one"), marks), name="first")

    def design(*before: Pattern) -> Scene:
        return f.scene(
            *before, f.pattern(f.box(100, 0, 10, 10, "two"), f.film("blue"), overlay=0.1, marks=marks)
        )

    first, plain = f.pattern(with_marks, f.film("red")), f.pattern(f.box(0, 0, 10, 10, "one"), f.film("red"))
    assert "0 % of the marks" in said(design(plain))["W234"].message
    assert "W234" not in said(design(first))
    over = f.pattern(f.box(51, 0, 4, 10, "over"), f.film("mid"))
    assert "under film `mid`" in said(design(first, over))["W234"].message
    half = f.pattern(
        Mask("union", {}, f.HERE, (f.box(0, 0, 1, 1), f.box(49, 0, 2, 4)), name="half"), f.film("red")
    )
    assert "50 % of the marks" in said(design(half))["W234"].message
    # The pass that is made first writes its own.
    own = f.scene(f.pattern(with_marks, f.film("red"), marks=marks))
    assert "W234" not in said(own)


@pytest.mark.parametrize(("gap", "found"), [(0.001, True), (0.359, True), (0.36, False), (0.361, False)])
def test_the_overlay_budget_flips_at_one_nanometre(gap: float, found: bool, f: ModuleType) -> None:
    edges = {"size_error": 0.05, "edge_roughness": 0.03}
    first = f.pattern(f.box(0, 0, 10, 10, "one"), f.film("red"), **edges)
    for x, kind in ((10 + gap, "barrier"), (10 - gap, "overlap")):
        second = f.pattern(f.box(x, 0, 10, 30, "two"), f.film("blue"), overlay=0.2, **edges)
        told = said(f.scene(first, second)).get("W235")
        assert (told is not None) is found
        assert told is None or (kind in told.message and "360 nm" in told.message)


def test_overlays_add_where_both_are_aligned_to_a_third(f: ModuleType) -> None:
    from wetprint.kernel.films.overlay import budget

    one, two = {"overlay": 0.1, "size_error": 0.02}, {"overlay": 0.2, "size_error": 0.03}
    near, far = budget(("a", one), ("b", two)), budget(("a", one), ("b", two), third=True)
    assert near is not None and far is not None
    assert near.um == pytest.approx(0.25, abs=1e-12) and far.um == pytest.approx(0.35, abs=1e-12)
    assert near.unknown == ("edge roughness of a", "edge roughness of b")
    assert budget(("a", {}), ("b", {})) is None
    marks = f.box(50, 0, 4, 4, "cross")
    zero = f.pattern(marks, f.film("mark"))
    gap = [
        f.scene(
            zero,
            f.pattern(f.box(0, 0, 10, 10, "one"), f.film("red"), overlay=0.1, marks=marks),
            f.pattern(f.box(10 + g, 0, 10, 10, "two"), f.film("blue"), overlay=0.2, marks=marks),
        )
        for g in (0.299, 0.3)
    ]
    assert "W235" in said(gap[0]) and "W235" not in said(gap[1])


def test_electrons_are_held_against_the_figures_of_electrons(f: ModuleType) -> None:
    uc = UC_CM2
    measured = {"d0_electrons": 100 * uc, "gamma_electrons": 2.0, "damage_electrons": 900 * uc}
    # Figures of light, which no charge is held against.
    of_light = {"d0": 1e-20, "gamma": 1.0, "damage": 1e-20}
    d100 = 100 * 10**0.5

    def beam(dose: float, **film: Any) -> dict[str, Diagnostic]:
        return said(
            f.scene(f.pattern(f.box(0, 0, 10, 10), f.film(**(film or measured)), "ebeam", dose=dose * uc))
        )

    assert beam(d100) == {} and beam(100, **of_light) == {}
    found = beam(0.99 * d100)["W240"]
    assert "313.1 uC/cm2" in found.message and "316.2 uC/cm2 or more" in found.message
    assert beam(899) == {} and "900 uC/cm2 was expected" in beam(900)["W241"].message
    known = f.ligand(charge_dose=200 * uc, provenance={"charge_dose": Origin("beam paper")})
    assert beam(400, ligand=known) == {}
    told = beam(401, ligand=known)["W243"]
    assert (
        "401 uC/cm2" in told.message
        and "200 uC/cm2 is known" in told.message
        and "beam paper" in told.notes[0]
    )
    assert "d0_electrons and gamma_electrons" in told.notes[1]
    # Once the film itself was measured, the literature is not asked.
    assert beam(401, ligand=known, **measured) == {}


def test_electrons_go_through_to_the_film_below(f: ModuleType) -> None:
    uc = UC_CM2
    below = f.film("red", damage_electrons=900 * uc)

    def design(x: float, process: str = "ebeam", **more: Any) -> dict[str, Diagnostic]:
        first = f.pattern(f.box(0, 0, 10, 10, "one"), below, "ebeam")
        return said(f.scene(first, f.pattern(f.box(x, 0, 10, 10, "two"), f.film("blue"), process, **more)))

    told = design(5)["W242"]
    assert "1000 uC/cm2 reach film `red`" in told.message and "500 uC/cm2 of it" in told.message
    assert "W242" not in design(10) and "W242" not in design(5, "photopattern")


def test_doses_of_light_and_electrons_do_not_add_up(f: ModuleType) -> None:
    g = f.film(d0=50 * MJ, gamma=2.0, damage=60 * MJ, d0_electrons=1000 * UC_CM2, gamma_electrons=1.0)
    scene = f.scene(
        f.pattern(f.box(0, 0, 10, 10, "one"), g, develop=False),
        f.pattern(f.box(0, 0, 10, 10, "two"), g, "ebeam"),
    )
    assert not {"W240", "W241", "W242"} & set(said(scene))


def test_too_little_is_told_of_the_pass_that_gives_too_little(f: ModuleType) -> None:
    g = f.film(d0=50 * MJ, gamma=2.0)

    def place(*doses: float) -> str:
        """Passes beside each other, all in one coat."""
        made = [
            f.pattern(
                f.box(20 * k, 0, 10, 10, "box"),
                g,
                dose=d * MJ,
                develop=k == len(doses) - 1,
                span=f.span(word),
            )
            for (k, d), word in zip(enumerate(doses), ("one", "two", "three"), strict=False)
        ]
        told = said(f.scene(*made))["W240"].primary
        assert told is not None
        return told.text

    assert place(100, 200, 300) == "one" and place(300, 100, 200) == "two" and place(300, 200, 100) == "three"


@pytest.mark.parametrize("split", ["classes", "passes"])
def test_reliefs_are_checked_by_their_outlines(split: str, f: ModuleType) -> None:
    """What rules take of a relief without drawing its levels is what its levels are."""
    from wetprint.kernel.films.checked import Films
    from wetprint.kernel.films.exposures import exposures
    from wetprint.kernel.films.prism import area_um2, dosed
    from wetprint.kernel.flat import joined

    x = Expr("coord", ("x",), f.HERE)
    # From 0 at the left to 36 nm at the right of 10 um: six of eight levels, the seventh is reached and the eighth is not.
    height = Expr(
        "*", (Expr("const", (0.0036,), f.HERE), Expr("+", (x, Expr("const", (5.0,), f.HERE)), f.HERE)), f.HERE
    )
    scene = one(f, film={"d0": 10 * MJ, "gamma": 2.0}, relief=height, split=split, min_width=0.5)
    films, pattern = Films(scene), scene.patterns[0]
    drawn = joined(c.flat for e in exposures(pattern) for c in e.classes)
    assert area_um2(films.exposed(0)) == pytest.approx(area_um2(drawn), rel=1e-3)
    (coat,) = films.doses
    assert coat.high == pytest.approx(max(d.dose for d in dosed(coat.coat) if d.dose is not None), rel=1e-12)
    assert coat.high == pytest.approx(10 * MJ * 10 ** (7 / 8 / 2.0), rel=1e-12)
    assert "W241" in said(
        one(f, film={"d0": 10 * MJ, "gamma": 2.0, "damage": coat.high}, relief=height, split=split)
    )


def test_a_check_draws_no_levels_of_reliefs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Contours of all levels take seconds, and none of the rules asks for them."""
    from wetprint.kernel.films import exposures as made

    scene = load(Path(__file__).parents[1] / "examples" / "phase_element.wp").scene
    assert scene is not None
    monkeypatch.setattr(
        made, "_of_relief", lambda pattern: pytest.fail(f"all levels of {pattern.name} are drawn")
    )
    assert {"W230"} == set(said(scene)) - {"W209"}


def test_heat_of_a_pattern_reaches_what_lies_there(f: ModuleType) -> None:
    frail, tough = f.film("frail", below_celsius=150.0), f.film("tough")
    at = f.box(0, 0, 10, 10, "one")

    def design(*made: Pattern) -> dict[str, Diagnostic]:
        return said(f.scene(*made))

    # A treatment heats all that was spread by then, wherever it lies; a laser heats where it writes.
    bake = f.pattern(f.box(50, 0, 10, 10, "two"), tough, bake_celsius=150.0)
    told = design(f.pattern(at, frail), bake)["W259"]
    assert "150 C is what film `frail` gets to in pattern `two`" in told.message and told.related
    assert "W259" not in design(bake, f.pattern(at, frail))
    for x, found in ((5, True), (50, False)):
        writing = f.pattern(f.box(x, 0, 10, 10, "two"), tough, "thermal_writing", celsius=180.0)
        assert ("W259" in design(f.pattern(at, frail), writing)) is found
    own = f.ligand(below_celsius=200.0, provenance={"below_celsius": Origin("pulse paper")})
    for celsius, found in ((199.9, False), (200.0, True)):
        told = design(f.pattern(at, f.film(ligand=own), "thermal_writing", celsius=celsius))
        assert ("W259" in told) is found
    assert told["W259"].notes[0] == "source: pulse paper"
    # What the film itself says goes before what its ligand says.
    better = f.pattern(at, f.film(ligand=own, below_celsius=250.0), "thermal_writing", celsius=220.0)
    assert "W259" not in design(better)


def test_a_treatment_of_a_perovskite_that_nobody_says_the_limit_of(f: ModuleType) -> None:
    hot = {"bake_celsius": 80.0}
    assert "80 C" in said(one(f, film={"family": "perovskite"}, **hot))["W247"].message
    assert "W247" not in said(one(f, film={"family": "perovskite", "below_celsius": 100.0}, **hot))
    assert "W247" not in said(one(f, film={"family": "perovskite"}, bake="in vacuum"))


def test_later_passes_bring_their_liquids_and_heat_to_a_perovskite(f: ModuleType) -> None:
    halide = f.film("halide", family="perovskite")
    first = f.pattern(f.box(0, 0, 10, 10, "one"), halide)
    wet = f.film("wet", ligand=f.ligand(ink="polar"))

    def told(x: float, of: Film, *args: Any, **own: Any) -> str:
        found = said(f.scene(first, f.pattern(f.box(x, 0, 10, 10, "two"), of, *args, **own))).get("W247")
        assert found is None or found.related
        return "" if found is None else found.message

    plain = f.film("plain")
    assert told(50, plain) == ""
    assert (
        "N-methylformamide (polar) develops what is made beside or over the perovskite film `halide`"
        in told(50, plain, developer=f.NMF)
    )
    assert "polar is the solvent of the ink of what is made beside" in told(50, wet)
    assert "a treatment at 90 C heats what is made beside" in told(50, plain, bake_celsius=90.0)
    assert (
        "heat writes what is made beside" in told(5, plain, "thermal_writing")
        and told(50, plain, "thermal_writing") == ""
    )
    lattice = Lattice("body", "woodpile", {}, (), f.HERE)
    for permittivity, found in ((17.0, True), (2.4, False)):
        bath = Bath("bath", Solvent("liquid", 0.0, 0.0, 0.0, permittivity), (), 0.0)
        says = said(f.scene(first, Print(lattice, bath, f.HERE))).get("W247")
        assert (says is not None) is found
        assert says is None or "liquid (relative permittivity 17) is the bath of what is made" in says.message
    assert "W247" not in said(
        f.scene(Print(lattice, Bath("bath", Solvent("w", 0.0, 0.0, 0.0, 80.0), (), 0.0), f.HERE), first)
    )
    # What came before is no longer there.
    before = f.pattern(f.box(50, 0, 10, 10, "two"), plain, developer=f.NMF)
    assert "W247" not in said(f.scene(before, first))


def test_dose_factors_of_an_electron_beam(f: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    from wetprint.kernel.films import exposures as made
    from wetprint.kernel.films.exposures import DoseClass, Exposure
    from wetprint.kernel.mask import drawn

    scene = f.scene(f.pattern(f.box(0, 0, 10, 10), f.film(), "ebeam", dose=100 * UC_CM2))
    for factor, found in ((32.767, False), (32.768, True), (0.0004, True), (1.0, False)):

        def classes(pattern: Pattern, factor: float = factor) -> tuple[Exposure, ...]:
            return (Exposure((DoseClass(factor, drawn(pattern.mask)),)),)

        monkeypatch.setattr(made, "exposures", classes)
        assert ("W250" in said(scene)) is found, factor


def test_a_laser_writes_nothing_narrower_than_its_spot(f: ModuleType) -> None:
    for wide, found in ((0.998, True), (1.0, False)):
        told = said(f.scene(f.pattern(f.box(0, 0, 10, wide), f.film(), "thermal_writing")))
        assert ("W230" in told) is found
    narrow = said(f.scene(f.pattern(f.box(0, 0, 10, 0.5), f.film(), "thermal_writing", min_width=0.4)))
    assert "W230" not in narrow


def test_a_printed_lattice_is_held_against_the_film_below(f: ModuleType, scenes: ModuleType) -> None:
    for y, kind in ((55.499, "overlap"), (54.501, "gap"), (55.5, ""), (54.5, "")):
        # Lines at y = +-20, 60, 100, 10 um wide: the film ends at y, the line above begins at 55.
        lattice = scenes.lattice(size=(200.0, 200.0), layers=1, pitch=40.0)
        made = f.pattern(f.box(0, y / 2, 300, y, "pad"), f.film(), size_error=0.2)
        put = Print(lattice, None, f.HERE, fields={"overlay": 0.3})
        scene = replace(f.scene(made, put), parts={"body": lattice}, state="dried")
        jobs, _ = build(scene)
        told = said(scene, *jobs).get("W235")
        assert (told is not None) == bool(kind), (y, told)
        assert told is None or (
            "500 nm" in told.message and ("barrier" if kind == "gap" else kind) in told.message
        )


def test_rules_of_films_load_no_numpy() -> None:
    names = [n for n in CHECKS if n.startswith("film_")]
    assert len(names) == 31
    program = "import sys\nfrom wetprint.kernel.checks import CHECKS\n[CHECKS[n] for n in CHECKS if n.startswith('film_')]\nassert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, env={**os.environ})
