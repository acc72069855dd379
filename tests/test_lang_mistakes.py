"""A newcomer's typical mistakes: each gets one message that says what to type, and typing it mends the design."""

from __future__ import annotations

from pathlib import Path

import pytest
from wetprint.kernel.diagnostics import Severity
from wetprint.lang.codes import LATTICE, PRINT, H
from wetprint.lang.load import load

#: what, design, code, words of the message, does the first fix mend all
MISTAKES = [
    ("unit forgotten", H + LATTICE.replace("pitch: 40um", "pitch: 40") + PRINT, "E201", "`40um` was expected", True),
    ("comma for semicolon", H + LATTICE.replace("layers: 4;", "layers: 4,") + PRINT, "E012", "`;` was expected", True),
    ("wrong field", H + LATTICE.replace("filament:", "width:") + PRINT, "E102", "did you mean `filament`?", True),
    (
        "swapped range",
        H + "param width: Length = 10um in 44um..7um;\n" + LATTICE + PRINT,
        "E307",
        "`7um..44um` was expected",
        True,
    ),
    (
        "wet with dried",
        H + "let gap = wet(40um, nc.gold) - dried(9um, nc.gold);\n" + LATTICE.replace("40um", "dried(gap, nc.gold)") + PRINT,
        "E205",
        "a wet length and a dried length do not mix",
        True,
    ),
    ("cyclic let", H + "let a = b + 1um;\nlet b = a;\n" + LATTICE.replace("40um", "a") + PRINT, "E104", "a -> b -> a", False),
    ("missing ink", H + LATTICE.replace("material: nc.gold;", "") + PRINT, "E319", "`material: ...;` was expected", True),
    (
        "count from a length",
        H + "let high = 33um;\n" + LATTICE.replace("layers: 4", "layers: high / 8um") + PRINT,
        "E203",
        "a Count never comes from rounding",
        True,
    ),
    (
        "bad import",
        H.replace("nanocrystal.wp", "nanocristal.wp") + LATTICE + PRINT,
        "E020",
        'did you mean "nanocrystal.wp"?',
        True,
    ),
    ("bath that does not set the ink", H + LATTICE + PRINT.replace("gold", "iron"), "E313", "would not set", True),
    ("import forgotten", "wp 1;\n" + LATTICE + PRINT, "E101", "`nc` is not known", True),
    ("library name misspelt", H + LATTICE.replace("nc.gold", "nc.glod") + PRINT, "E109", "did you mean `gold`?", True),
    ("bath forgotten", H + LATTICE + "print body;\n", "E105", "`bath: nc.gold_bath;` was expected", True),
    ("semicolon forgotten", H + LATTICE.replace("pitch: 40um;", "pitch: 40um") + PRINT, "E011", "`;` was expected", True),
    ("equals for colon", H + LATTICE.replace("pitch: 40um", "pitch = 40um") + PRINT, "E012", "`:` was expected", True),
    ("space before unit", H + LATTICE.replace("pitch: 40um", "pitch: 40 um") + PRINT, "E013", "`40um` was expected", True),
    ("let forgotten", H + "side = 1mm;\n" + LATTICE + PRINT, "E016", "`let side = ...` was expected", True),
    ("brace forgotten", H + LATTICE.replace(" }\n", "\n") + PRINT, "E015", "`{` is never closed", True),
    ("unit in words", H + LATTICE.replace("40um", "40microns") + PRINT, "E210", "`40um` was expected", True),
    ("compound unit", H + LATTICE + PRINT.replace(" }", " speed: 1.2mm/s; }"), "E101", "`s` is not known", True),
    ("function style", H + "solid c = cylinder(radius: 9um, height: 9um);\n" + LATTICE + PRINT, "E209", "takes a block", True),
    ("solid as condition", H + "solid c = sphere { radius: 9um; }\n" + LATTICE + PRINT + "region r in body where c { omit: true; }\n", "E213", "takes a condition", True),
    ("same name twice", H + "let a = 1;\nlet a = 2;\n" + LATTICE + PRINT, "E103", "each name is bound once", False),
    ("half a mix", H + "material m = mix(nc.gold: 50%, nc.silver: 30%);\n" + LATTICE + PRINT, "E311", "100% was expected", True),
    ("ratio for a length", H + LATTICE.replace("40um", "4 * 10") + PRINT, "E201", "has no unit", False),
    ("other construct", H + LATTICE.replace("woodpile", "Woodpile") + PRINT, "E106", "did you mean `woodpile`?", True),
]  # fmt: skip


@pytest.mark.parametrize(("what", "text", "code", "words", "mends"), MISTAKES, ids=[m[0] for m in MISTAKES])
def test_one_message_says_what_to_type(what: str, text: str, code: str, words: str, mends: bool) -> None:
    found = list(load("design.wp", text).diagnostics)
    assert [(d.code, d.severity) for d in found] == [(code, Severity.ERROR)], [d.message for d in found]
    assert words in found[0].message
    assert found[0].primary is not None
    if not mends:
        return
    for edit in sorted(found[0].fixes[0].edits, key=lambda e: -e.span.start):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    again = load("design.wp", text)
    assert [d.message for d in again.diagnostics] == []
    assert again.scene is not None


def test_all_errors_of_a_file_come_in_one_run() -> None:
    text = H + (
        "param width: Length = 50um in 7um..44um;\n"
        "let side = 10 * pich\n"
        "let area = 3um + 2s;\n"
        "lattice body = woodpile { size: [1mm, 1mm]; layers: 2; pitch: 40; filament: 10 um; material: nc.golt; }\n"
        "print body { bath: nc.bath; }\n"
        "assert 1um > 2um;\n"
    )
    codes = [d.code for d in load("design.wp", text).diagnostics]
    assert codes == ["E301", "E101", "E011", "E204", "E201", "E013", "E109", "E109", "E305"]


def test_a_root_error_hides_what_depends_on_it() -> None:
    text = H + (
        "let pitch = 40;\n"
        "let wide = pich * 2;\n"
        "let wider = wide + 3um;\n"
        "lattice body = woodpile { size: [wider, wider]; layers: 4; pitch: wide; filament: 10um; material: nc.gold; }\n"
        "region core in body where z > wide { omit: true; }\n"
        "assert body.height > wide;\n" + PRINT
    )
    assert [d.code for d in load("design.wp", text).diagnostics] == ["E101"]


def test_a_statement_that_cannot_be_read_hides_its_dependents() -> None:
    text = H + "lattice body = = woodpile ] ;\nregion r in body where z > 3um { omit: true; }\n" + PRINT
    found = load("design.wp", text).diagnostics
    assert all(d.primary is not None and d.primary.line == 3 for d in found)


def test_regions_at_odds_are_found_once_the_part_is_built() -> None:
    from wetprint.kernel.build import build

    text = (
        H
        + LATTICE
        + PRINT
        + (
            "region left in body where x < 50um { omit: true; }\n"
            "region right in body where x > 0um - 50um { omit: true; }\n"
        )
    )
    loaded = load("design.wp", text)
    assert loaded.scene is not None
    said = build(loaded.scene)[1]
    assert len([d for d in said if d.severity is Severity.ERROR]) == 1


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("absent.wp", 'there is no file "absent.wp"'),
        ("./absent.wp", 'there is no file "./absent.wp"'),
        ("parts", '"parts" is a folder; a design (a .wp file) was expected'),
        ("screv.wp", 'there is no file "screv.wp"; did you mean "screw.wp"?'),
    ],
)
def test_only_a_name_that_is_near_is_offered(tmp_path: Path, written: str, words: str) -> None:
    (tmp_path / "parts").mkdir()
    for name in ("one.wp", "screw.wp"):
        (tmp_path / name).write_text("wp 1;\n")
    loaded = load(str(tmp_path / "design.wp"), f'wp 1;\nuse "{written}" as g;\n')
    assert [d.message for d in loaded.diagnostics if d.code == "E020"] == [words]
