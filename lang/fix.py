"""Applies the fixes that diagnostics offer: to a text once, or to a file until none is left (`wp fix`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ..kernel.diagnostics import Diagnostic, Edit, Fix, Severity, Source
from ..kernel.files import write_text
from ..kernel.records import dataclass
from .render import in_order, replaced
from .source import read_source

# Each round mends what the round before has laid bare; designs need two or three.
ROUNDS = 20

Check = Callable[[Source], Iterable[Diagnostic]]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A mended text: how many fixes went in, their titles in order, and what is still wrong with it."""

    text: str
    count: int
    titles: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]


def apply_fixes(source: Source, diagnostics: Iterable[Diagnostic]) -> tuple[str, int]:
    """The text of `source` with the first fix of each diagnostic applied, and how many went in.

    A fix goes in whole or not at all. Of fixes that overlap the one that comes first in the file wins, the other waits
    for another round. Edits of other files are left alone.
    """
    chosen = _choose(source, diagnostics)
    return _apply(source, chosen), len(chosen)


def _apply(source: Source, fixes: Sequence[Fix]) -> str:
    # Several fixes may share an edit (one missing unit spoken of twice): a dict keeps one of each, in order.
    edits = {(e.span.start, e.span.end, e.text): e for fix in fixes for e in fix.edits}
    return replaced(source.text, [edits[key] for key in sorted(edits)])


def _choose(source: Source, diagnostics: Iterable[Diagnostic]) -> list[Fix]:
    taken: list[Edit] = []
    chosen: list[Fix] = []
    for d in in_order(diagnostics):
        if not d.fixes or not d.fixes[0].edits:
            continue
        fix = d.fixes[0]
        if not all(_belongs(e, source) for e in fix.edits):
            continue
        new = [e for e in fix.edits if not any(_same(e, t) for t in taken)]
        if not new or any(_clash(e, t) for e in new for t in taken):
            continue
        if any(_clash(a, b) for i, a in enumerate(new) for b in new[:i]):
            continue
        taken += new
        chosen.append(fix)
    return chosen


def _belongs(edit: Edit, source: Source) -> bool:
    of = edit.span.source
    same = of is source or (of.name == source.name and of.text == source.text)
    return same and 0 <= edit.span.start <= edit.span.end <= len(source.text)


def _same(a: Edit, b: Edit) -> bool:
    return (a.span.start, a.span.end, a.text) == (b.span.start, b.span.end, b.text)


def _clash(a: Edit, b: Edit) -> bool:
    if a.span.start == a.span.end or b.span.start == b.span.end:
        # An insertion may touch a replaced range, but two at one place have no order.
        at, other = (a, b) if a.span.start == a.span.end else (b, a)
        if other.span.start == other.span.end:
            return at.span.start == other.span.start
        return other.span.start < at.span.start < other.span.end
    return a.span.start < b.span.end and b.span.start < a.span.end


def _rank(diagnostics: Sequence[Diagnostic]) -> tuple[int, ...]:
    """How bad a text is, stage by stage: a mend of an early stage may lay bare errors of a later one."""
    errors = [d.code[:2] for d in diagnostics if d.severity == Severity.ERROR]
    stages = ("E0", "E1", "E2", "E3", "E4")
    return (
        *(errors.count(stage) for stage in stages),
        sum(code not in stages for code in errors),
        len(diagnostics),
    )


def fix_source(source: Source, check: Check, rounds: int = ROUNDS) -> Fixed:
    """Applies fixes and checks again until none applies; a text that is worse than the one before is never taken.

    `check` gives the diagnostics of a source. When all fixes of a round together make it worse, each is tried alone.
    """
    found = in_order(check(source))
    titles: list[str] = []
    seen = {source.text}
    for _ in range(rounds):
        chosen = _choose(source, found)
        better = _better(source, found, [chosen, *([fix] for fix in chosen if len(chosen) > 1)], check, seen)
        if better is None:
            break
        source, found, used = better
        titles += [fix.title for fix in used]
    return Fixed(source.text, len(titles), tuple(titles), tuple(found))


def _better(
    source: Source, found: Sequence[Diagnostic], attempts: Sequence[list[Fix]], check: Check, seen: set[str]
) -> tuple[Source, list[Diagnostic], list[Fix]] | None:
    for fixes in attempts:
        text = _apply(source, fixes)
        if text in seen:
            continue
        seen.add(text)
        candidate = Source(source.name, text)
        left = in_order(check(candidate))
        if _rank(left) <= _rank(found):  # a tie: one error mended, one laid bare
            return candidate, left, fixes
    return None


def fix_file(path: Path, check: Check | None = None, *, write: bool = True) -> tuple[int, list[Diagnostic]]:
    """`fix_source` on a file: how many fixes went in, and what is still wrong.

    The file is replaced in one step, and only when it became better. Raises WetprintError (E003, E020, X710).
    """
    source = read_source(str(path))
    fixed = fix_source(source, check or loaded)
    if write and fixed.text != source.text:
        write_text(path, fixed.text)
    return fixed.count, list(fixed.diagnostics)


def loaded(source: Source) -> list[Diagnostic]:
    """What the language says of a design; the file it came from counts only for what it imports."""
    from .load import load

    return list(load(source.name, text=source.text).diagnostics)
