"""The newcomer's mistakes in other dress: still one message, at the right place, and what it offers mends the design."""

from __future__ import annotations

import pytest
from wetprint.kernel.build import build
from wetprint.kernel.diagnostics import Diagnostic, Severity
from wetprint.lang.codes import LATTICE, PRINT, H
from wetprint.lang.load import load

TAIL = LATTICE + PRINT


def r(old: str, new: str) -> str:
    assert old in LATTICE
    return H + LATTICE.replace(old, new) + PRINT


def use(line: str) -> str:
    return f"wp 1;\n{line}\n{TAIL}"


#: design, code, text that the message points at; the first fix mends the design.
MENDED = [
    (r("[400um, 400um]", "[400, 400]"), "E201", "400"),
    (H + "param p: Length = 40 in 10um..90um;\n" + TAIL, "E201", "40"),
    (H + TAIL + "region a in body where z > 20 { omit: true; }\n", "E201", "20"),
    (r("[400um, 400um];", "[400um, 400um],"), "E012", ","),
    (r("[400um, 400um]", "[400um; 400um]"), "E012", ";"),
    (H + "let a = 3um,\n" + TAIL, "E012", ","),
    (r("size:", "extent:"), "E102", "extent"),
    (r("filament:", "diameter:"), "E102", "diameter"),
    (H + LATTICE + PRINT.replace("bath:", "bth:"), "E102", "bth"),
    (H + TAIL + "solid s = sphere { r: 3um; }\n", "E102", "r"),
    (H + "let a = [for i in 9..0: i];\n" + TAIL, "E307", "9..0"),
    (H + "param w: Length = 10um in 7um-44um;\n" + TAIL, "E012", "7um-44um"),
    (H + "param w: Length = 10um in [7um, 44um];\n" + TAIL, "E012", "[7um, 44um]"),
    (H + "param w: Length = 10um in 7um to 44um;\n" + TAIL, "E012", "to"),
    (H + "param w: Length = 10um in 7um..44um in 1um..2um;\n" + TAIL, "E108", "in 1um..2um"),
    (H + "let a = min(wet(4um, nc.gold), dried(3um, nc.gold));\n" + TAIL, "E205", "min(wet(4um, nc.gold), dried(3um, nc.gold))"),
    (H + TAIL + "region a in body where z > wet(20um, nc.gold) { omit: true; }\n", "E205", "wet(20um, nc.gold)"),
    (H + "let a = if true then wet(1um, nc.gold) else dried(1um, nc.gold);\n" + TAIL, "E205", "if true then wet(1um, nc.gold) else dried(1um, nc.gold)"),
    (r("nc.gold", "au"), "E101", "au"),
    (r("nc.gold", '"gold"'), "E206", '"gold"'),
    (H + "path p = helix { radius: 50um; rise: 20um; turns: 3; filament: 10um; }\nprint p { bath: nc.gold_bath; }\n", "E319", "helix"),
    (r("layers: 4", "layers: 4um"), "E203", "4um"),
    (r("layers: 4", "layers: round(33um / 8um)"), "E203", "round(33um / 8um)"),
    (H + "let a: Ratio = 50 %;\n" + TAIL, "E013", "50 %"),
    (H + TAIL + "compensate off;\ncompensate full;\n", "E103", "compensate full;"),
    (use('use "nanocrystal.wp as nc;'), "E002", '"nanocrystal.wp'),
    (use("use nanocrystal.wp as nc;"), "E012", "nanocrystal.wp"),
    (use("use nanocrystal as nc;"), "E012", "nanocrystal"),
    (use('use "nanocrystal.wp" nc;'), "E011", ""),
    (use('use "nanocrystal.wp" as "nc";'), "E012", '"nc"'),
    (use('use "nanocrystal.wp";'), "E101", "nc"),
    (use('use "nanocrystal.wp" as nc;\nuse "nanocrystal.wp" as nc;'), "E103", "nc"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "place"), MENDED)
def test_one_message_and_its_mend(text: str, code: str, place: str) -> None:
    found = only(text)
    assert found.code == code
    assert found.primary is not None and found.primary.text == place
    mended = applied(text, found)
    assert [d.message for d in load("design.wp", mended).diagnostics] == []


#: design, code, words: what to type is in the message or its notes, as only the designer can choose.
TOLD = [
    (r("40um", "10 * 4"), "E201", "`count * 1um`"),
    (r("pitch: 40um;", "pitch: -40um;"), "E310", "more than 0um was expected"),
    (r("pitch: 40um;", "pitch: 0um;"), "E310", "more than 0um was expected"),
    (r("layers: 4", "layers: 4.5"), "E203", "floor_fit"),
    (r("nc.gold", "nc.gold_bath"), "E206", "at hand: `nc.silver`, `nc.gold`"),
    (H + "lattice body = woodpile { pitch: 40um; material: nc.gold; }\n" + PRINT, "E105", "`layers: Count`, `filament: Length`"),
    (H + "material m = mix(nc.gold: ramp(x, over: body.x), nc.silver: rest);\n" + LATTICE.replace("nc.gold", "m") + PRINT, "E104", "in its own block only"),
    (use('use "nano'), "E002", "closing"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "words"), TOLD)
def test_one_message_says_what_is_to_be_decided(text: str, code: str, words: str) -> None:
    found = [d for d in load("design.wp", text).diagnostics if d.code != "E011"]
    assert [d.code for d in found] == [code]
    assert any(words in said for said in (found[0].message, *found[0].notes))


def test_regions_at_odds_are_mended_by_a_priority() -> None:
    text = (
        H
        + TAIL
        + "region a in body where x > 0um { omit: true; }\nregion b in body where x > 50um { filament: 12um }\n"
    )
    loaded = load("design.wp", text)
    assert loaded.scene is not None
    (clash,) = [d for d in build(loaded.scene)[1] if d.severity is Severity.ERROR]
    mended = load("design.wp", applied(text, clash))
    assert "filament: 12um; priority: 1; }" in mended.source.text
    assert mended.scene is not None and build(mended.scene)[1] == []


def test_lines_may_end_as_on_any_machine() -> None:
    for end in ("\n", "\r\n", "\r"):
        text = (H + "# a remark\n" + TAIL).replace("\n", end)
        assert load("design.wp", text).scene is not None


def only(text: str) -> Diagnostic:
    found = load("design.wp", text).diagnostics
    assert len(found) == 1, [d.message for d in found]
    return found[0]


def applied(text: str, found: Diagnostic) -> str:
    for edit in sorted(found.fixes[0].edits, key=lambda e: -e.span.start):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def test_a_bath_for_two_inks_is_written_out() -> None:
    text = H + TAIL + "region right in body where x > 0um { material: nc.cadmium_selenide; }\n"
    found = only(text)
    assert found.code == "E313" and found.primary is not None and found.primary.text == "nc.gold_bath"
    mended = applied(text, found)
    assert "bath: nc.gold_bath { linkers: [nc.gold_iii, nc.iron_ii]; };" in mended
    assert load("design.wp", mended).scene is not None


def test_a_width_that_the_ink_does_not_have_is_mended_where_it_stands() -> None:
    from wetprint.kernel.check import run_checks
    from wetprint.kernel.shrink import complete_jobs

    def wrong(text: str) -> list[Diagnostic]:
        scene = load("design.wp", text).scene
        assert scene is not None
        jobs, _ = complete_jobs(scene, build(scene)[0])
        return [d for d in run_checks(scene, jobs, None) if d.code == "W203"]

    whole = r("10um", "60um").replace("40um", "90um")
    (found,) = wrong(whole)
    assert found.primary is not None and found.primary.text == "60um"
    assert wrong(applied(whole, found)) == []
    region = H + TAIL + "region thin in body where x > 100um { filament: 5um; }\n"
    (found,) = wrong(region)
    assert "{ filament: 7um; }" in applied(region, found)
    assert wrong(applied(region, found)) == []


def test_a_design_full_of_them_is_mended_in_one_go() -> None:
    from wetprint.kernel.diagnostics import Source
    from wetprint.lang.fix import fix_source

    text = (
        "wp 1;\nuse nanocrystal as nc;\nparam w: Length = 10 in 7um to 44um;\n"
        "lattice body = woodpile { extent: [400, 400], layers: 4um; pitch: 40um; filament: w; material: au }\n"
        "print body { bth: nc.gold_bath }\n"
    )
    fixed = fix_source(
        Source("design.wp", text), lambda source: list(load("design.wp", source.text).diagnostics)
    )
    assert [d.message for d in fixed.diagnostics] == []
    assert "size: [400um, 400um]; layers: 4;" in fixed.text
