"""Whatever a file holds, the answer is a message with a place: no traceback, no hang, no silence."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetprint.kernel.diagnostics import Severity, Source
from wetprint.lang.codes import LATTICE, PRINT, H
from wetprint.lang.lexer import lex
from wetprint.lang.load import Loaded, load

LANGUAGE = (Path(__file__).parent / "data" / "lang" / "whole_language.wp").read_text(encoding="utf-8")


def sane(loaded: Loaded) -> None:
    """What holds for every answer."""
    errors = [d for d in loaded.diagnostics if d.severity is Severity.ERROR]
    assert (loaded.scene is None) == bool(errors)
    for d in loaded.diagnostics:
        assert d.message
        places = [d.primary, *(r.span for r in d.related), *(e.span for f in d.fixes for e in f.edits)]
        for p in places:
            if p is not None:
                assert 0 <= p.start <= p.end <= len(p.source.text)
                assert p.line >= 1
    assert len(loaded.diagnostics) < 500


def refused(loaded: Loaded) -> None:
    sane(loaded)
    assert loaded.scene is None
    assert any(d.primary is not None for d in loaded.diagnostics)


def _truncations() -> list[str]:
    step = len(LANGUAGE) // 70
    return [LANGUAGE[:n] for n in range(1, len(LANGUAGE), step)]


@pytest.mark.parametrize("text", _truncations(), ids=len)
def test_a_design_cut_short(text: str) -> None:
    sane(load("cut.wp", text))


def _mutants(count: int) -> list[str]:
    chance = random.Random(20231220)
    tokens = lex(Source("x", LANGUAGE)).tokens
    words = [
        *sorted({t.text for t in tokens}),
        "",
        "(((",
        "}}",
        '"',
        "1e400um",
        "0",
        "-",
        "..",
        "λ",
        "wet",
        "rest",
    ]
    out = []
    for _ in range(count):
        text = LANGUAGE
        for token in sorted(chance.sample(tokens, 3), key=lambda t: -t.start):
            text = text[: token.start] + chance.choice(words) + text[token.end :]
        out.append(text)
    return out


@pytest.mark.parametrize("text", _mutants(90), ids=range(90))
def test_a_design_with_three_tokens_changed(text: str) -> None:
    sane(load("mutant.wp", text))


WRONG = [
    "let a = 1um + 1s;",
    "let a = 1um * ;",
    "let a = [1um, 2s][0] + 1s;",
    "let a = sqrt(-1um);",
    "let a = 1um ^ 1um;",
    "let a = 2 ^ 100;",
    "let a = 10 ^ 64 * 10 ^ 64 * 10 ^ 64 * 10 ^ 64 * 10 ^ 64 * 10 ^ 64;",
    "let a = 1e308 * 10;",
    "let a = 999999999999999 * 999999999999999;",
    "let a = 1 / 0;",
    "let a = 1 mod 0;",
    "let a = exactly(1.5);",
    "let a = floor_fit(1um, 0um);",
    "let a = floor_fit(1um, 1s);",
    "let a = even_pitch(span: 0um, near: 1um);",
    "let a = even_pitch(1um);",
    "let a = min();",
    "let a = max([]);",
    "let a = min(1um, 2s);",
    "let a = len(3);",
    "let a = sum([1um, 2s]);",
    "let a = noise();",
    "let a = noise(1, seed: 1um);",
    "let a = sin(3);",
    "let a = sin(3um);",
    "let a = round(3um);",
    "let a = asin(3);",
    "let a = [for i in 0..3 where i: i];",
    "let a = [for i in 1um..3um: i];",
    "let a = [for i in 5: i];",
    "let a = [for i in 0..2000000000: i];",
    "let a = [for i in 0..400 for j in 0..400 for k in 0..400: i];",
    "let a = if 1 then 2 else 3;",
    "let a = if true then 2um else 3s;",
    'let a = "x" < "y";',
    "let a = true + 1;",
    "let a = -true;",
    "let a = not 1;",
    "let a = 1 and true;",
    "let a = [1][1];",
    "let a = [1][-1];",
    "let a = [1][0.5];",
    "let a = [1][1um];",
    "let a = 3[0];",
    "let a = (1um)[0];",
    "let a = 3um.b;",
    "let a = nc;",
    "let a = nc + 1;",
    "let a = nc.nothing;",
    "let a = nc.gold.nothing;",
    "let a = woodpile;",
    "let a = woodpile.x;",
    "let a = sin;",
    "let a = sin + 1;",
    "let a = rest;",
    "let a = rest + 1;",
    "let a = a;",
    "let a: Length = 3;",
    "let a: Lenght = 3um;",
    "let a: [Length, Length] = [1um];",
    "let a: [Length, Time] = [1um, 1s];",
    "param a: Length = 3um in 5um..9um;",
    "param a: Length = 3um in 1s..9s;",
    "param a: Length = 3um step 0um;",
    "param a: Length = 3um step -1um;",
    "param a: Text = 3um;",
    'param a: Text = "x" in 1..3;',
    'param a: Text = "x" choices [];',
    'param a: Text = "x" choices ["y", 3];',
    "param a: Count = 2.5;",
    "param a: Material = 3um;",
    "param a: Solid = nc.gold;",
    "fn f() -> Length = 3; let b = f();",
    "fn f(a: Length, a: Length) -> Length = a;",
    "fn f(a: Nope) -> Length = a;",
    "fn f(a: Length) -> Length = f(a);",
    "fn f(a: Length) -> Length = a; let b = f;  let c = f + 1;",
    "fn f(a: Length) -> Length = a; let b = f(b: 1um);",
    "material m = 3um;",
    "material m = nc.gold_bath;",
    "material m = nc.gold { swell: 3um; };",
    "material m = nc.gold { swel: 3; };",
    'material m = nc.gold { colour: "red"; };',
    "material m = nc.gold { shrink: 2; };",
    "material m = nc.gold { width_min: 90um; };",
    "material m = nc.gold { layer k { swell: 1; } };",
    "material m = { swell: 1; };",
    "material m = ink { };",
    "material m = mix();",
    "material m = mix(nc.gold: 1um);",
    "bath b = nc.gold;",
    "bath b = bath { solvent: nc.gold; linkers: nc.gold_iii; molarity: 3; };",
    "solid s = cylinder { radius: 0um; height: 1um; };",
    "solid s = cylinder { radius: 1um; };",
    "solid s = box { size: [1um, 1um]; };",
    "solid s = difference(nc.gold, nc.silver);",
    "solid s = union();",
    "part p = move(body);",
    "part p = move(body, by: 3um);",
    "part p = move(nc.gold, by: [1um, 1um]);",
    "part p = rotate(body, by: 3um);",
    "part p = rotate(body, by: 3deg, about: [0, 0, 0]);",
    "part p = mirror(body);",
    "part p = scale(body, by: 0);",
    "part p = array(of: body);",
    "part p = array(of: body, n: 0, pitch: 1um);",
    "part p = array(of: body, n: [100000, 100000], pitch: [1um, 1um]);",
    "part p = array(of: body, n: [2, 2], turn: 9deg);",
    "part p = union(body, nc.gold);",
    "lattice q = body { layers: 999999999; };",
    "lattice q = body { layers: 0 - 3; };",
    "lattice q = body { pitch: 1[um^2]; };",
    "lattice q = body { pitch: x; };",
    "lattice q = body { material: [nc.gold, 3]; };",
    "lattice q = body { material: []; };",
    "lattice q = body { layer k { phase: k; } };",
    "lattice q = body { layer k { phase: 1um; phase: 2um; } };",
    "lattice q = body { layer k { } layer j { } };",
    "lattice q = body { layer k { layer j { } } };",
    "lattice q = body { layer k { layers: 3; } };",
    "lattice q = body { layer k { phase: [0um, 1um]; } };",
    "lattice q = cylinder { };",
    "lattice q = nonesuch { };",
    "lattice q = 3;",
    "path q = helix { };",
    "region a in body where 3 { omit: true; }",
    "region a in body where 3um { omit: true; }",
    "region a in body where x > 3s { omit: true; }",
    "region a in body where z > 3um { }",
    "region a in body where z > 3um { omit: 1; }",
    "region a in body where z > 3um { omit: true; cut: half; }",
    "region a in body where z > 3um { filament: 3; }",
    "region a in nowhere where z > 3um { omit: true; }",
    "region a in nc.gold where z > 3um { omit: true; }",
    "region a in body where inside(body) { omit: true; }",
    "region a in body where nc { omit: true; }",
    "print nc.gold { bath: nc.gold_bath; }",
    "print body { bath: nc.gold; }",
    "print body { bath: nc.gold_bath; process: magic; }",
    "print body { bath: nc.gold_bath; speed: 3um; }",
    "print body { bath: nc.gold_bath; sped: 3[um/s]; }",
    "print 3 { }",
    "assert 3;",
    "assert z > 3um;",
    "assert 1um > 2um, 3;",
    "assert nc;",
    "assert body.wet.min_gap > 3um;",
    'preset "a" { body: 3; }',
    'preset "a" { layer k { } }',
    'test "a" with { b: 3; } { expect ok; }',
    'test "a" { expect nothing; }',
    "state damp;",
    "state wet; state dried;",
    "compensate some;",
    'allow W999 because "x";',
    'use "";',
    'use "../../../../etc/passwd";',
    'use "nanocrystal.wp" as nc;',
    'use "/" as root;',
    "wp 2;",
    "wp 1um;",
]  # fmt: skip


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_line_is_refused_with_a_place(line: str) -> None:
    refused(load("wrong.wp", H + LATTICE + PRINT + line + "\n"))


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02\x03",
        b"\xff\xfe" + "wp 1;".encode("utf-16-le"),
        b"wp 1;\nlet a = \xff;\n",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        b"PK\x03\x04" + bytes(range(256)) * 20,
        bytes(range(1, 128)) * 50,
        b"wp 1;\0",
        b"solid part\nfacet normal 0 0 1\n",
        "ｗｐ １；".encode(),
        "wp 1; let a = 1um; \u202e\u2028 \u200b".encode(),
        b"\xef\xbb\xbf\xef\xbb\xbf\x00",
        b'{"json": [1, 2, 3]}',
        b"<svg xmlns='http://www.w3.org/2000/svg'></svg>",
        b"G1 X10 Y10 F1200\nG1 X20\n",
        b'"' * 5000,
        b"#" * 5000 + b"\n;",
        b"\\" * 999,
        b";;;;;;;;",
        b"1" * 100_000,
        b"let a = " + b"9" * 5000 + b";",
        b"a" * 100_000,
    ],
    ids=range(21),
)
def test_what_is_no_design_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "junk.wp"
    path.write_bytes(data)
    refused(load(path))


def test_line_ends_and_byte_order_mark_do_not_matter(tmp_path: Path) -> None:
    text = H + LATTICE + PRINT
    plain = load("a.wp", text).scene
    path = tmp_path / "windows.wp"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    loaded = load(path)
    assert loaded.diagnostics == () and plain is not None and loaded.scene is not None
    assert repr(plain.parts["body"].fields) == repr(loaded.scene.parts["body"].fields)  # type: ignore[union-attr]


@pytest.mark.parametrize("what", ["folder", "missing", "empty", "blank", "comment"])
def test_files_that_hold_nothing(what: str, tmp_path: Path) -> None:
    path = tmp_path / "d.wp"
    if what == "folder":
        path.mkdir()
    elif what != "missing":
        path.write_text({"empty": "", "blank": " \n\n", "comment": "# nothing yet\n"}[what])
    loaded = load(path)
    assert loaded.diagnostics
    assert (loaded.scene is None) == (what in ("folder", "missing"))


@pytest.mark.parametrize(
    ("left", "right"),
    [("(", ")"), ("[", "]"), ("{ a: ", "; }"), ("-", ""), ("not ", ""), ("f(", ")"), ("1 + ", ""), ("2 ^ ", ""), ("if true then 1 else ", "")],
    ids=["paren", "list", "record", "minus", "not", "call", "plus", "power", "if"],
)  # fmt: skip
@pytest.mark.parametrize("closed", [True, False])
def test_deep_nesting(left: str, right: str, closed: bool) -> None:
    text = H + "let a = " + left * 10_000 + "1" + (right * 10_000 if closed else "") + ";\n" + LATTICE + PRINT
    start = time.perf_counter()
    refused(load("deep.wp", text))
    assert time.perf_counter() - start < 20


def test_calls_within_calls_do_not_run_out_of_stack() -> None:
    many = "".join(f"fn f{i}(a: Count) -> Count = 1 + f{i + 1}(a);\n" for i in range(300))
    text = H + many + "fn f300(a: Count) -> Count = a;\nlet v = f0(1);\n" + LATTICE + PRINT
    assert [d.code for d in load("calls.wp", text).diagnostics] == ["E316"]
    few = "".join(f"fn f{i}(a: Count) -> Count = {'(' * 40}1 + f{i + 1}(a){')' * 40};\n" for i in range(50))
    assert load(
        "calls.wp", H + few + "fn f50(a: Count) -> Count = a;\nlet v = f0(1);\n" + LATTICE + PRINT
    ).scene


def test_functions_that_double_their_work_are_stopped() -> None:
    many = "".join(f"fn f{i}(a: Count) -> Count = f{i + 1}(a) + f{i + 1}(a);\n" for i in range(40))
    text = H + many + "fn f40(a: Count) -> Count = a;\nlet v = f0(1);\n" + LATTICE + PRINT
    assert "E316" in [d.code for d in load("double.wp", text).diagnostics]


def test_five_million_characters() -> None:
    start = time.perf_counter()
    found = load("big.wp", H + "let a = 1um;\n" * 400_000).diagnostics
    assert [d.code for d in found] == ["E004"]
    assert time.perf_counter() - start < 5


def test_a_large_design_is_read() -> None:
    points = ", ".join(f"[{i % 100}um, {i // 100}um, 5um]" for i in range(10_000))
    text = (
        H
        + f"path p = polyline {{ points: [{points}]; filament: 10um; material: nc.gold; }}\nprint p {{ bath: nc.gold_bath; }}\n"
    )
    start = time.perf_counter()
    assert load("large.wp", text).scene is not None
    assert time.perf_counter() - start < 10


def test_many_errors_stay_few_messages() -> None:
    refused(load("many.wp", "foo bar baz;\n" * 5000))
    refused(load("many.wp", H + "let a = 1um + 1s;\n" * 100))


@given(st.text(max_size=80))
def test_any_text_at_all(text: str) -> None:
    sane(load("any.wp", text))


@given(st.binary(max_size=80))
def test_any_bytes_at_all(data: bytes) -> None:
    from wetprint.lang.source import source_of_bytes

    found = source_of_bytes("any.wp", data)
    if isinstance(found, Source):
        sane(load("any.wp", found.text))
    else:
        assert found.message
