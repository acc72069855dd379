"""The grammar is LALR(1) without conflicts, its words are free for names, and our driver reads what Lark reads."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetprint.kernel.diagnostics import Source
from wetprint.lang import syntax as s
from wetprint.lang import tables as tables_module
from wetprint.lang.parser import parse
from wetprint.lang.tables import build, grammar_text, tables
from wetprint.lang.tree import MOST_DEEP

LANGUAGE = (Path(__file__).parent / "data" / "lang" / "whole_language.wp").read_text(encoding="utf-8")
HARD = {"in", "where", "if", "then", "else", "for", "or", "and", "not", "mod", "true", "false"}


def read(text: str) -> s.Module:
    module, said = parse(Source("t.wp", text))
    assert [d.message for d in said] == []
    return module


def test_strict_lark_accepts_the_grammar() -> None:
    assert build(grammar_text(), strict=True)["states"]


def test_every_form_of_the_contract_parses() -> None:
    kinds = [type(statement).__name__ for statement in read(LANGUAGE).statements]
    heads = "Version Use Param Param Param Let Fn Decl Decl Decl Decl Decl Decl"
    assert " ".join(kinds) == f"{heads} Region Region Print Assert Check Test"


def test_lark_itself_agrees_on_what_is_a_design(root: Path) -> None:
    from lark import Lark, UnexpectedInput

    lark = Lark(grammar_text(), parser="lalr", lexer="basic", start="file", maybe_placeholders=False)
    texts = [LANGUAGE, *(p.read_text(encoding="utf-8") for p in sorted((root / "examples").glob("*.wp")))]
    texts.append((root / "lang" / "library" / "nanocrystal.wp").read_text(encoding="utf-8"))
    chance = random.Random(7)
    for text in texts:
        lark.parse(text)
        assert not parse(Source("t", text))[1]
        for _ in range(12):
            at = chance.randrange(len(text))
            broken = text[:at] + text[at + chance.randrange(1, 9) :]
            try:
                lark.parse(broken)
                fits = True
            except UnexpectedInput:
                fits = False
            assert (not parse(Source("t", broken))[1]) == fits, broken[max(0, at - 40) : at + 40]


@pytest.mark.parametrize("word", sorted(tables().keywords))
def test_words_of_the_language_name_fields(word: str) -> None:
    module = read(f"let r = {{ {word}: 1; }};\nlet v = r.{word};")
    record = module.statements[0]
    assert isinstance(record, s.Let) and isinstance(record.value, s.Record)
    assert record.value.block.fields[0].name.text == word


@pytest.mark.parametrize("word", sorted(set(tables().keywords) - HARD))
def test_soft_words_name_anything(word: str) -> None:
    module = read(
        f"let {word} = 1;\nlet v = 2 * {word} + f({word}: {word}, [{word}]);\nregion {word} in {word} where {word} {{ }}"
    )
    first = module.statements[0]
    assert isinstance(first, s.Let) and first.name.text == word


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("1 + 2 * 3", "(1 + (2 * 3))"),
        ("1 - 2 - 3", "((1 - 2) - 3)"),
        ("-2 ^ 2", "(- (2 ^ 2))"),
        ("2 ^ -1", "(2 ^ (- 1))"),
        ("2 ^ 3 ^ 2", "(2 ^ (3 ^ 2))"),
        ("a or b and not c", "(a or (b and (not c)))"),
        ("a < b == c", "(a < b == c)"),
        ("not a < b", "(not (a < b))"),
        ("a mod 2 == 0", "((a mod 2) == 0)"),
        ("if a then b else if c then d else e", "(if a b (if c d e))"),
        ("f(1)[2].c", "((f(1))[2]).c"),
        ("nc.gold.swell", "((nc.gold).swell)"),
    ],
)
def test_precedence(text: str, shape: str) -> None:
    statement = read(f"let v = {text};").statements[0]
    assert isinstance(statement, s.Let)
    assert _shape(statement.value).replace("(", "").replace(")", "") == shape.replace("(", "").replace(
        ")", ""
    )
    assert _shape(statement.value) == shape or "." in text


def _shape(e: s.Expr) -> str:
    if isinstance(e, s.Binary):
        return f"({_shape(e.left)} {e.op} {_shape(e.right)})"
    if isinstance(e, s.Unary):
        return f"({e.op} {_shape(e.operand)})"
    if isinstance(e, s.Compare):
        text = _shape(e.operands[0])
        for op, operand in zip(e.ops, e.operands[1:], strict=True):
            text += f" {op} {_shape(operand)}"
        return f"({text})"
    if isinstance(e, s.If):
        return f"(if {_shape(e.cond)} {_shape(e.then)} {_shape(e.other)})"
    if isinstance(e, s.Call):
        return f"({_shape(e.callee)}({', '.join(_shape(a.value) for a in e.args)}))"
    if isinstance(e, s.Index):
        return f"({_shape(e.base)}[{_shape(e.index)}])"
    if isinstance(e, s.Member):
        return f"({_shape(e.base)}.{e.name.text})"
    if isinstance(e, s.Number):
        return e.text
    assert isinstance(e, s.Var)
    return e.name


def test_a_block_after_where_belongs_to_the_region() -> None:
    region = read("region a in b where core { omit: true; }").statements[0]
    assert isinstance(region, s.Region)
    assert isinstance(region.where, s.Var)
    assert region.block.fields[0].name.text == "omit"


def test_comments_and_blank_lines_are_kept() -> None:
    text = "# one\nwp 1;  # two\n\nlet a = 1;\n\n\n# three"
    module = read(text)
    assert [text[c.start : c.end] for c in module.comments] == ["# one", "# two", "# three"]
    assert [c.text for c in module.comments] == ["# one", "# two", "# three"]
    assert [text[b] for b in module.blank_lines] == ["\n"] * 3


def test_spans_of_nodes_nest_and_stay_inside() -> None:
    module = read(LANGUAGE)
    for statement in module.statements:
        for node in s.walk(statement):
            assert statement.start <= node.start <= node.end <= statement.end
            for child in s.children(node):
                assert node.start <= child.start <= child.end <= node.end


def test_a_statement_parses_alone_as_it_does_in_its_file() -> None:
    module = read(LANGUAGE)
    for statement in module.statements:
        alone = read(LANGUAGE[statement.start : statement.end]).statements
        assert len(alone) == 1
        s.shift(s.walk(alone[0]), statement.start)
        assert _flat(alone[0]) == _flat(statement)


def _flat(node: s.Node) -> list[tuple[str, int, int]]:
    return [(type(n).__name__, n.start, n.end) for n in s.walk(node)]


def test_no_tree_is_higher_than_the_limit() -> None:
    for text in (
        "1" + " + 1" * 5000,
        "-" * 5000 + "1",
        "(" * 5000 + "1" + ")" * 5000,
        "[" * 5000,
        "a" + ".b" * 5000,
    ):
        module, said = parse(Source("t", f"let v = {text};\nlet w = 2;"))
        assert "E014" in [d.code for d in said]
        assert all(
            n.depth <= MOST_DEEP for m in module.statements for n in s.walk(m) if isinstance(n, s.Expr)
        )


def test_tables_come_from_the_cache_and_survive_a_broken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "cache" / "grammar.json"
    monkeypatch.setattr(tables_module, "_cache_path", lambda _grammar: kept)
    tables.cache_clear()
    try:
        first = tables()
        assert kept.is_file()
        monkeypatch.setattr(tables_module, "build", lambda _grammar: pytest.fail("built twice"))
        tables.cache_clear()
        assert tables().states == first.states
        monkeypatch.undo()
        monkeypatch.setattr(tables_module, "_cache_path", lambda _grammar: kept)
        kept.write_text('{"states": 3}')
        tables.cache_clear()
        assert tables().states == first.states
    finally:
        monkeypatch.undo()
        tables.cache_clear()


def test_an_unwritable_cache_only_costs_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    monkeypatch.setattr(tables_module, "_cache_path", lambda _grammar: blocker / "below" / "grammar.json")
    tables.cache_clear()
    try:
        assert tables().states
    finally:
        monkeypatch.undo()
        tables.cache_clear()


@given(st.text(alphabet='ab1{}[]();:=,.<>+-*/^"# \nµ', max_size=60))
def test_any_text_parses_to_a_tree_or_to_messages(text: str) -> None:
    module, said = parse(Source("t", text))
    for d in said:
        assert d.primary is not None
        assert 0 <= d.primary.start <= d.primary.end <= len(text)
    for statement in module.statements:
        assert 0 <= statement.start <= statement.end <= len(text)
