"""What an editor's last version of a text was read as, so that the next one is read only where it differs.

A file is kept in pieces: each top-level statement with all that stands behind it up to the next. Of a new text, the pieces
that lie in what both versions begin or end with, and of which nothing was complained, are taken over; the rest is read
anew, from one statement before it on (what follows a `}` decides whether it ends a statement), until a statement begins
where one of the kept ones does. The outcome is the same as reading the whole text, to the last offset: the rules of the
lexer hold within a line, and those of chunks.py begin anew with each statement.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from ..kernel.diagnostics import Diagnostic, Source
from ..kernel.records import dataclass, field
from . import syntax as s
from .chunks import split
from .lexer import MOST_BAD, lex
from .parser import blank_lines, no_garbage, parse, statement
from .scope import Uses

#: A text with more complaints is read as a whole: the reader stops at so many, which no part of it can know.
_MOST_SAID = MOST_BAD


@dataclass(slots=True, eq=False)
class _Piece:
    """A statement and the comments from its start to that of the next; the first piece has no statement. `nodes` is the
    tree as a flat list, made when the piece first moves."""

    start: int
    statement: s.Statement | None
    comments: list[s.Comment]
    sound: bool = True
    nodes: list[s.Node] | None = None

    def move(self, by: int) -> None:
        if self.nodes is None:
            trees: list[s.Node] = [*self.comments]
            if self.statement is not None:
                trees.append(self.statement)
            # Each node once, though a tree may hold it in two places.
            self.nodes = list(dict.fromkeys(n for tree in trees for n in s.walk(tree)))
        self.start += by
        s.shift(self.nodes, by)


#: What stands behind the last piece.
_END = _Piece(0, None, [])


@dataclass(slots=True)
class _Kept:
    source: Source
    pieces: list[_Piece]


@dataclass(slots=True)
class Memory:
    """What was read of the sources of one design, by name. A load that uses it takes its trees over: places (`start`, `end`)
    in the trees of an earlier load with the same memory are those of the newer text from then on."""

    _kept: dict[str, _Kept] = field(default_factory=dict)
    _uses: dict[str, Uses] = field(default_factory=dict)

    def parse(self, source: Source) -> tuple[s.Module, list[Diagnostic]]:
        """As parser.parse does: the tree and all that is wrong with the syntax."""
        kept = self._kept.pop(source.name, None)
        with no_garbage():
            found = _again(kept, source) if kept is not None else None
            if found is None:
                module, said = parse(source)
                pieces = [_Piece(0, None, []), *(_Piece(st.start, st, []) for st in module.statements)]
                _give(pieces, module.comments, said)
            else:
                pieces, said = found
                module = s.Module(
                    source,
                    [p.statement for p in pieces if p.statement is not None],
                    [c for p in pieces for c in p.comments],
                    blank_lines(source.text),
                )
        if len(said) < _MOST_SAID:
            self._kept[source.name] = _Kept(source, pieces)
        return module, said

    def uses(self, module: s.Module) -> Uses:
        """The names that each statement uses, as far as they were asked for; what is added is kept for the next load."""
        name = module.source.name
        before = self._uses.get(name, {})
        self._uses[name] = now = {st: before[st] for st in module.statements if st in before}
        return now


def _give(pieces: list[_Piece], comments: Iterable[s.Comment], said: Iterable[Diagnostic]) -> None:
    """Comments and complaints to the pieces in which they stand."""
    starts = [p.start for p in pieces]
    for comment in comments:
        piece = pieces[bisect_right(starts, comment.start) - 1]
        piece.comments.append(comment)
        piece.nodes = None
    for d in said:
        if d.primary is not None:
            pieces[bisect_right(starts, d.primary.start) - 1].sound = False
    for piece in pieces:
        if isinstance(piece.statement, s.Broken):
            piece.sound = False


def _again(kept: _Kept, source: Source) -> tuple[list[_Piece], list[Diagnostic]] | None:
    """The pieces of a new text, given those of the old one; None where it is to be read as a whole."""
    old, new = kept.source.text, source.text
    pieces = kept.pieces
    same = old == new
    head = len(old) if same else _alike(old, new)
    tail = 0 if same else _alike(old[head:], new[head:], from_end=True)
    moved = len(new) - len(old)
    behind = len(old) - tail
    untils = [*(p.start for p in pieces[1:]), len(old)]
    # The last one before the change ends where it does because of what follows it.
    last = len(pieces) if same else max(0, bisect_right(untils, head) - 1)
    keep = [
        # A statement that could not be read may begin earlier than what was made of it.
        i != last and p.sound and following.sound and (until <= head or p.start >= behind)
        for i, (p, following, until) in enumerate(zip(pieces, [*pieces[1:], _END], untils, strict=True))
    ]

    def starts(i: int) -> int:
        """Where piece `i` begins in the new text."""
        if i == len(pieces):
            return len(new)
        return pieces[i].start + (moved if i > last and pieces[i].start >= behind else 0)

    made: list[_Piece] = []
    moving: list[_Piece] = []
    comments: list[s.Comment] = []
    out: list[Diagnostic] = []
    i = 0
    while i < len(pieces):
        if keep[i]:
            made.append(pieces[i])
            if i > last:
                moving.append(pieces[i])
            i += 1
            continue
        first = i
        i += 1
        step = 0
        while True:
            # What was typed may reach further, as an open bracket does: take in more of what stands behind it.
            i = min(len(pieces), i + step)
            while i < len(pieces) and not keep[i]:
                i += 1
            found = _read(source, starts(first), starts(i))
            if found is not None:
                break
            step = 2 * step or 1
        if first == 0:
            made.append(_Piece(0, None, []))
        made += found[0]
        comments += found[1]
        out += found[2]
        if len(out) >= _MOST_SAID:
            return None
    for piece in moving:
        piece.move(moved)
    _give(made, comments, out)
    out.sort(key=lambda d: d.primary.start if d.primary else 0)
    return made, out


def _read(
    source: Source, start: int, end: int
) -> tuple[list[_Piece], list[s.Comment], list[Diagnostic]] | None:
    """The pieces of `[start, end)`; None where no statement begins at `end`."""
    lexed = lex(source, start, end)
    out = lexed.diagnostics
    chunks = split(source, lexed.tokens, out)
    if end < len(source.text):
        at = next((i for i, c in enumerate(chunks) if c.start >= end), len(chunks))
        if at == len(chunks) or chunks[at].start != end:
            return None
        chunks = chunks[:at]
        out = [d for d in out if d.primary is None or d.primary.start < end]
    pieces = [_Piece(c.start, statement(source, c, out), []) for c in chunks]
    return pieces, [c for c in lexed.comments if c.start < end], out


def _alike(a: str, b: str, from_end: bool = False) -> int:
    """How many characters two texts have in common at their beginning or at their end."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if from_end:
            equal = a.endswith(b[len(b) - middle :])
        else:
            equal = a.startswith(b[:middle])
        low, high = (middle, high) if equal else (low, middle - 1)
    return low
