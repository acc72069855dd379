"""Diagnostics drawn for a terminal and as JSON: places, carets, labels, related spans, fixes, order."""

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetprint.kernel.diagnostics import (
    Diagnostic,
    Edit,
    Fix,
    Related,
    Severity,
    Source,
    Span,
    error,
    warning,
)
from wetprint.lang.render import in_order, to_json, to_terminal

TEXT = "wp 1;\nlet side = 10 * pitch;\n\tlet 中文 = 4;\nlattice body = woodpile {\n  pitch: 40;\n}\n"
DESIGN = Source("a.wp", TEXT)


def span(text: str, source: Source = DESIGN, at: int = 0) -> Span:
    start = source.text.index(text, at)
    return Span(source, start, start + len(text))


def test_whole_message() -> None:
    found = error(
        "E201",
        "40 is a bare number, a Length needs a unit",
        span("40"),
        label="write a unit",
        related=(Related(span("woodpile"), "field of this lattice"),),
        notes=("a unit is part of a number",),
        fixes=(Fix("write `40um`", (Edit(span("40"), "40um"),)),),
    )
    assert to_terminal([found], False, 80) == (
        "error[E201] a.wp:5:10: 40 is a bare number, a Length needs a unit\n"
        "  |\n"
        "4 | lattice body = woodpile {\n"
        "  |                -------- field of this lattice\n"
        "5 |   pitch: 40;\n"
        "  |          ^^ write a unit\n"
        "  = note: a unit is part of a number\n"
        "  = fix: write `40um`\n"
        "5 +   pitch: 40um;\n"
        "\n"
        "1 error"
    )


def test_span_over_lines() -> None:
    whole = Span(DESIGN, TEXT.index("lattice"), TEXT.index("}") + 1)
    tail = Span(DESIGN, TEXT.index("woodpile"), TEXT.index("}") + 1)
    assert to_terminal([error("E1", "m", whole, label="this")]).splitlines()[1:-2] == [
        "  |",
        "4 | / lattice body = woodpile {",
        "5 | |   pitch: 40;",
        "6 | | }",
        "  | |_^ this",
    ]
    assert to_terminal([error("E1", "m", tail)]).splitlines()[2:4] == [
        "4 |   lattice body = woodpile {",
        "  |  ________________^",
    ]


def test_long_span_leaves_its_middle_out() -> None:
    source = Source("a.wp", "{\n" + "x;\n" * 1000 + "}")
    drawn = to_terminal([error("E1", "m", Span(source, 0, len(source.text)))]).splitlines()
    assert len(drawn) < 12
    assert "1002 | | }" in drawn


def test_tabs_and_wide_characters_line_up() -> None:
    drawn = to_terminal([error("E1", "m", span("中文"), label="here")]).splitlines()
    assert drawn[2] == "3 |     let 中文 = 4;"
    assert drawn[3] == "  |         ^^^^ here"
    after = to_terminal([error("E1", "m", span("4;", at=TEXT.index("中")))]).splitlines()
    columns = sum(
        2 if unicodedata.east_asian_width(c) == "W" else 1 for c in after[2][: after[2].index("4;")]
    )
    assert after[3].index("^") == columns


@pytest.mark.parametrize(
    ("text", "line"), [("", "1 |"), ("\n", "2 |"), ("wp 1;\n", "2 |"), ("wp 1;", "1 | wp 1;")]
)
def test_end_of_file(text: str, line: str) -> None:
    source = Source("e.wp", text)
    drawn = to_terminal(
        [error("E001", "m", Span(source, len(text), len(text)), label="expected `}`")]
    ).splitlines()
    assert line in drawn
    under = drawn[drawn.index(line) + 1]
    assert under == "  | " + " " * (len(text) if not text.endswith("\n") else 0) + "^ expected `}`"


def test_carriage_returns_are_no_part_of_a_line() -> None:
    source = Source("a.wp", "wp 1;\r\nlet a = 1\r\n")
    drawn = to_terminal([error("E1", "m", Span(source, 16, 18))])
    assert "2 | let a = 1\n  |          ^" in drawn
    assert "\r" not in drawn


def test_long_line_is_cut_around_the_place() -> None:
    source = Source("a.wp", "a" * 3_000_000 + " here " + "b" * 3_000_000)
    drawn = to_terminal([error("E1", "m", span("here", source), label="look")], False, 80).splitlines()
    text, under = drawn[2], drawn[3]
    assert len(text) <= 80
    assert text[under.index("^") : under.rindex("^") + 1] == "here"


def test_control_characters_never_reach_the_terminal() -> None:
    source = Source("a\x1b[2J.wp", "let a\x1b[31m = \x00\u202e\ud800;")
    drawn = to_terminal([error("E1", "odd \x07\x9b", Span(source, 5, 6), label="\x1b", notes=("\x08",))])
    assert drawn.replace("\n", "").isprintable()
    drawn.encode()


def test_other_files_are_named() -> None:
    library = Source("lib.wp", "material gold = 4;\n")
    drawn = to_terminal(
        [error("E1", "m", span("pitch"), related=(Related(span("gold", library), "defined here"),))]
    )
    assert "  ::: lib.wp:1:10\n  |\n1 | material gold = 4;\n  |          ---- defined here\n" in drawn


def test_order_doubles_and_summary() -> None:
    late, early = error("E2", "late", span("woodpile")), warning("W1", "early", span("side"))
    other = error("E3", "elsewhere", Span(Source("b.wp", "x"), 0, 1))
    nowhere = error("X1", "no such file")
    twin = error("E2", "late", span("woodpile"), notes=("the same again",))
    found = [other, late, early, twin, nowhere]
    assert in_order(found) == [nowhere, early, late, other]
    assert to_terminal(found).endswith("\n3 errors, 1 warning")
    assert to_terminal([]) == ""


def test_colour_only_on_demand() -> None:
    found = [
        error("E1", "m", span("side"), fixes=(Fix("t", (Edit(span("side"), "s"),)),)),
        warning("W1", "n"),
    ]
    plain, coloured = to_terminal(found, False), to_terminal(found, True)
    assert "\x1b" not in plain
    assert "\x1b[1;31merror[E1]" in coloured
    assert "\x1b[1;33mwarning[W1]" in coloured
    stripped = re.sub(r"\x1b\[[\d;]*m", "", coloured)
    assert [line.rstrip() for line in stripped.splitlines()] == plain.splitlines()


def test_fix_that_only_removes() -> None:
    line = Span(DESIGN, TEXT.index("  pitch"), TEXT.index("}"))
    found = error("E1", "m", line, fixes=(Fix("remove the field", (Edit(line, ""),)),))
    drawn = to_terminal([found])
    assert "= fix: remove the field" in drawn


def test_json() -> None:
    found = error(
        "E201", "m", span("40"), label="l", notes=("n",), fixes=(Fix("t", (Edit(span("40"), "40um"),)),)
    )
    (data,) = json.loads(json.dumps(to_json([found])))
    at = TEXT.index("40")
    start, end = {"line": 5, "col": 10, "offset": at}, {"line": 5, "col": 12, "offset": at + 2}
    assert data == {
        "code": "E201",
        "severity": "error",
        "message": "m",
        "label": "l",
        "file": "a.wp",
        "start": start,
        "end": end,
        "related": [],
        "notes": ["n"],
        "fixes": [{"title": "t", "edits": [{"file": "a.wp", "start": start, "end": end, "text": "40um"}]}],
    }
    assert to_json([error("X1", "m")])[0]["file"] is None


@st.composite
def anything(draw: st.DrawFn) -> list[Diagnostic]:
    text = draw(st.text(alphabet=st.sampled_from("ab {};\t\n\r中\u0301\x1b\u2028"), max_size=120))
    source = Source("f.wp", text)

    def somewhere() -> Span:
        # Beyond the end as well: a faulty span must still be drawn.
        a, b = sorted((draw(st.integers(0, len(text) + 2)), draw(st.integers(0, len(text) + 2))))
        return Span(source, a, b)

    return [
        Diagnostic(
            "E1",
            draw(st.sampled_from(list(Severity))),
            draw(st.text(max_size=8)),
            draw(st.none() | st.builds(somewhere)),
            related=tuple(Related(somewhere(), "r") for _ in range(draw(st.integers(0, 2)))),
            fixes=(Fix("t", (Edit(somewhere(), "new\ntext"),)),),
        )
        for _ in range(draw(st.integers(1, 3)))
    ]


@given(anything(), st.integers(1, 120))
def test_draws_anything(found: list[Diagnostic], width: int) -> None:
    drawn = to_terminal(found, False, width)
    # Combining marks are passed through; everything else that is not printable is replaced.
    assert drawn.replace("\n", "").isprintable()
    assert drawn.count("^") >= len({(d.primary.start, d.primary.end) for d in found if d.primary})
    json.dumps(to_json(found))
