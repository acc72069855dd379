"""Fixes applied to texts and files: whole or not at all, in a stable order, never to the worse."""

from pathlib import Path

import pytest
from wetprint.kernel.diagnostics import Diagnostic, Edit, Fix, Source, Span, WetprintError, error
from wetprint.lang.fix import apply_fixes, fix_file, fix_source

TEXT = "abcdef"
SOURCE = Source("a.wp", TEXT)


def fix(*edits: tuple[int, int, str], source: Source = SOURCE, code: str = "E1") -> Diagnostic:
    spans = tuple(Edit(Span(source, a, b), text) for a, b, text in edits)
    return error(code, f"m{edits}", spans[0].span, fixes=(Fix("t", spans),))


@pytest.mark.parametrize(
    ("found", "expected", "count"),
    [
        ([], "abcdef", 0),
        ([fix((4, 5, "E")), fix((0, 1, "A"))], "AbcdEf", 2),
        ([fix((0, 3, "X")), fix((2, 4, "Y"))], "Xdef", 1),
        ([fix((0, 1, "X"), (5, 6, "Z")), fix((5, 6, "Y"))], "XbcdeZ", 1),
        ([fix((3, 3, ";")), fix((3, 3, ","))], "abc,def", 1),
        ([fix((2, 3, "C")), fix((3, 3, ";"))], "abC;def", 2),
        ([fix((2, 2, "um")), fix((2, 2, "um"), (4, 5, "E"))], "abumcdEf", 1),
        ([fix((0, 3, "X"), (1, 2, "Y"))], "abcdef", 0),
        ([fix((0, 1, "X"), source=Source("b.wp", TEXT))], "abcdef", 0),
        ([fix((0, 99, "X"))], "abcdef", 0),
        ([error("E1", "no fix", Span(SOURCE, 0, 1))], "abcdef", 0),
    ],
)
def test_apply(found: list[Diagnostic], expected: str, count: int) -> None:
    assert apply_fixes(SOURCE, found) == (expected, count)
    assert apply_fixes(SOURCE, list(reversed(found))) == apply_fixes(SOURCE, found)


def misspelt(source: Source) -> list[Diagnostic]:
    """A checker that wants capitals, and speaks of one letter at a time."""
    for i, char in enumerate(source.text):
        if char.islower():
            return [fix((i, i + 1, char.upper()), source=source)]
    return []


def test_rounds_until_nothing_is_left() -> None:
    fixed = fix_source(SOURCE, misspelt)
    assert (fixed.text, fixed.count, fixed.diagnostics) == ("ABCDEF", 6, ())
    assert fix_source(SOURCE, misspelt, rounds=2).text == "ABcdef"


def test_worse_is_not_taken() -> None:
    def check(source: Source) -> list[Diagnostic]:
        bad = [error("E001", f"syntax {i}", Span(source, i, i + 1)) for i in range(source.text.count("!"))]
        wish = [] if "!" in source.text else [fix((0, 0, "!!"), source=source, code="E201")]
        return [*bad, *wish]

    fixed = fix_source(SOURCE, check)
    assert (fixed.text, fixed.count) == (TEXT, 0)
    assert [d.code for d in fixed.diagnostics] == ["E201"]


def test_one_bad_fix_does_not_hold_up_the_others() -> None:
    def check(source: Source) -> list[Diagnostic]:
        found = []
        if source.text[0] == "a":
            found.append(fix((0, 1, "!"), source=source, code="E201"))
        if "f" in source.text:
            found.append(fix((5, 6, "F"), source=source, code="E202"))
        if "!" in source.text:
            found += [
                error("E001", "broken", Span(source, 0, 1)),
                error("E002", "broken", Span(source, 0, 1)),
            ]
        return found

    fixed = fix_source(SOURCE, check)
    assert fixed.text == "abcdeF"


def test_ping_pong_ends() -> None:
    def check(source: Source) -> list[Diagnostic]:
        return [fix((0, 1, "b" if source.text[0] == "a" else "a"), source=source)]

    fixed = fix_source(SOURCE, check)
    assert fixed.count == 1


def test_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wp"
    path.write_bytes(b"ab\r\ncd\r\n")
    path.chmod(0o640)
    assert fix_file(path, misspelt, write=False) == (4, [])
    assert path.read_bytes() == b"ab\r\ncd\r\n"
    assert fix_file(path, misspelt) == (4, [])
    assert path.read_bytes() == b"AB\r\nCD\r\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in tmp_path.iterdir()] == ["a.wp"]


def test_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.wp"
    path.write_bytes(b"\xff\x00")
    with pytest.raises(WetprintError, match="not UTF-8"):
        fix_file(path, misspelt)
    assert path.read_bytes() == b"\xff\x00"
