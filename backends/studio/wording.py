"""Diagnostics as a page can show them: places in the units that browsers count in, and fixes as edits of the text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ...kernel.diagnostics import Diagnostic, Source, Span

#: So many problems can be told apart in the view; of more, the last ones are marked together.
BITS = 16


def place(source: Source, offset: int) -> list[int]:
    """Line and column from 1, the column in UTF-16 units."""
    line, column = source.line_col(min(offset, len(source.text)))
    before = source.line_text(line)[: column - 1]
    return [line, 1 + sum(2 if ord(c) > 0xFFFF else 1 for c in before)]


def offset(text: str, line: int, column: int) -> int:
    """The code point at a place that `place` would tell."""
    source = Source("", text)
    line = min(max(line, 1), source.line_count)
    units, at = 1, source.line_start(line)
    for char in source.line_text(line):
        if units >= column:
            break
        units += 2 if ord(char) > 0xFFFF else 1
        at += 1
    return at


def line(d: Diagnostic) -> str:
    """A diagnostic in one line."""
    return f"{d.code}: {d.message}"


def _range(span: Span) -> list[int]:
    return [*place(span.source, span.start), *place(span.source, max(span.end, span.start))]


def worded(said: Iterable[Diagnostic], name: str, placed: Sequence[Diagnostic] = ()) -> list[dict[str, Any]]:
    """Each once. `range` is None where it is not about the text of the design `name`; `param` where a value given to one is wrong;
    `marks` has the bits of those of `placed` that it is."""
    out: list[dict[str, Any]] = []
    for d in said:
        here = d.primary is not None and d.primary.source.name == name
        other = d.primary.source.name if d.primary is not None and not here else ""
        told: dict[str, Any] = {
            "code": d.code,
            "severity": d.severity.word,
            "message": d.message,
            "label": d.label,
            "notes": list(d.notes),
            "range": _range(d.primary) if here and d.primary is not None else None,
            "where": "" if here or d.primary is None else d.primary.where,
            "param": other.removeprefix("--set ") if other.startswith("--set ") else "",
            "related": [
                {"text": r.label, "range": _range(r.span)} for r in d.related if r.span.source.name == name
            ],
            "fixes": [
                {"title": f.title, "edits": [{"range": _range(e.span), "text": e.text} for e in f.edits]}
                for f in d.fixes
                if all(e.span.source.name == name for e in f.edits)
            ],
        }
        bits = sum(1 << min(k, BITS - 1) for k, p in enumerate(placed) if p is d)
        before = next((o for o in out if {**o, "marks": 0} == {**told, "marks": 0}), None)
        if before is None:
            out.append({**told, "marks": bits})
        else:
            before["marks"] |= bits
    return out
