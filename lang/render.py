"""Draws diagnostics: as text for a terminal, in the manner of rustc and elm, and as data for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from ..kernel.diagnostics import Diagnostic, Edit, Fix, Severity, Source, Span

TAB = 4
# A span over more lines than this is drawn with its middle left out.
SHOWN_LINES = 5
RESET = "\x1b[0m"
BOLD = "\x1b[1m"
BLUE = "\x1b[1;34m"
GREEN = "\x1b[32m"
SEVERITY_COLOUR = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m", Severity.NOTE: "\x1b[1;36m"}


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sorted by file and place, what is said twice left out; those without a place come first."""
    found: dict[tuple[str, int, int, int, str, str], Diagnostic] = {}
    for d in diagnostics:
        name, start, end = (
            (d.primary.source.name, d.primary.start, d.primary.end) if d.primary else ("", -1, -1)
        )
        found.setdefault((name, start, end, -d.severity, d.code, d.message), d)
    return [found[key] for key in sorted(found)]


def to_terminal(diagnostics: Iterable[Diagnostic], colour: bool = False, width: int = 100) -> str:
    """Text of all diagnostics and a summary line, without a final line end; empty when there are none.

    `width` is that of the terminal in columns: longer source lines are cut around the place spoken of. Escape codes
    are written only with `colour`; control characters of the source are never passed through.
    """
    ordered = in_order(diagnostics)
    if not ordered:
        return ""
    paint = _Paint(colour)
    blocks = ["\n".join(_draw(d, paint, max(width, 40))) for d in ordered]
    return "\n\n".join([*blocks, summary(ordered)])


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning`; `no errors` when there is nothing to tell."""
    parts = []
    for severity in sorted(Severity, reverse=True):
        n = sum(d.severity == severity for d in diagnostics)
        if n:
            parts.append(f"{n} {severity.word}" + ("s" if n > 1 else ""))
    return ", ".join(parts) or "no errors"


def to_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """One dict per diagnostic, ready for `json.dumps`: lines and columns from 1, offsets from 0 in code points."""
    return [
        {
            "code": d.code,
            "severity": d.severity.word,
            "message": d.message,
            "label": d.label,
            **(_place(d.primary) if d.primary else {"file": None, "start": None, "end": None}),
            "related": [{**_place(r.span), "label": r.label} for r in d.related],
            "notes": list(d.notes),
            "fixes": [
                {"title": f.title, "edits": [{**_place(e.span), "text": e.text} for e in f.edits]}
                for f in d.fixes
            ],
        }
        for d in in_order(diagnostics)
    ]


def _place(span: Span) -> dict[str, Any]:
    start, end = _clamped(span)
    place: dict[str, Any] = {"file": span.source.name}
    for key, offset in (("start", start), ("end", end)):
        line, col = span.source.line_col(offset)
        place[key] = {"line": line, "col": col, "offset": offset}
    return place


def _clamped(span: Span) -> tuple[int, int]:
    size = len(span.source.text)
    start = min(max(span.start, 0), size)
    return start, min(max(span.end, start), size)


class _Paint:
    """Wraps text in a colour, or does not."""

    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def __call__(self, style: str, text: str) -> str:
        return f"{style}{text}{RESET}" if self.colour and text else text


def _glyph(char: str) -> tuple[str, int]:
    """What is drawn for one character, and how many columns it takes."""
    if " " <= char <= "~":
        return char, 1
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code), 1  # the control pictures of Unicode
    if code == 0x7F:
        return "\u2421", 1
    import unicodedata

    category = unicodedata.category(char)
    if category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        # Also the bidirectional controls, which can make a line read other than it is.
        return "\ufffd", 1
    if category in ("Mn", "Me"):
        return char, 0
    return char, 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _clean(text: str) -> str:
    return text if text.isascii() and text.isprintable() else "".join(_glyph(c)[0] for c in text)


class _Line:
    """One source line as drawn: tabs widened, cut to a window of columns around the place that matters."""

    def __init__(self, text: str, focus: tuple[int, int], room: int) -> None:
        # Cut by characters first, so that a line of megabytes costs nothing.
        low = max(0, focus[0] - 2 * room)
        chars = text[low : focus[0] + 2 * room]
        columns = [0]
        glyphs: list[str] = []
        for char in chars:
            if char == "\t":
                n = TAB - columns[-1] % TAB
                glyphs.append(" " * n)
            else:
                glyph, n = _glyph(char)
                glyphs.append(glyph)
            columns.append(columns[-1] + n)
        first, last = 0, len(chars)
        cut_left, cut_right = low > 0, low + len(chars) < len(text)
        if columns[-1] > room or cut_left or cut_right:
            at = min(max(focus[0] - low, 0), len(chars))
            end = min(max(focus[1] - low, at), len(chars))
            # The place stands whole where it can, with what is before it filling up to a third of the room.
            lead = max(room // 3, room - 6 - (columns[end] - columns[at]) - room // 6)
            while first < at and columns[at] - columns[first] > lead:
                first += 1
            while last > at and columns[last] - columns[first] > room - 6:
                last -= 1
            cut_left, cut_right = cut_left or first > 0, cut_right or last < len(chars)
        self.first, self.last = low + first, low + last
        self._columns, self._low = columns, low
        self._shift = (3 if cut_left else 0) - columns[first]
        self.text = (
            ("..." if cut_left else "") + "".join(glyphs[first:last]) + ("..." if cut_right else "")
        ).rstrip()

    def column(self, index: int) -> int:
        """Column, from 0, of character `index` of the line, as drawn."""
        index = min(max(index, self.first), self.last) - self._low
        return self._columns[index] + self._shift


class _Mark:
    """A span to be underlined with `char` and a label."""

    def __init__(self, span: Span, label: str, primary: bool) -> None:
        start, end = _clamped(span)
        self.source, self.label, self.primary = span.source, _clean(label), primary
        self.line, self.col = span.source.line_col(start)
        last, last_col = span.source.line_col(end)
        if last > self.line and last_col == 1:  # a span that ends with its line end is a span of that line
            last -= 1
            last_col = len(span.source.line_text(last)) + 1
        self.last, self.last_col = last, last_col
        self.char = "^" if primary else "-"

    @property
    def many(self) -> bool:
        return self.last > self.line


def _draw(d: Diagnostic, paint: _Paint, width: int) -> list[str]:
    hue = SEVERITY_COLOUR[d.severity]
    head, *more = d.message.split("\n")
    place = ""
    if d.primary:
        line, col = d.primary.source.line_col(_clamped(d.primary)[0])
        place = f" {_clean(d.primary.source.name)}:{line}:{col}"
    out = [paint(hue, f"{d.severity.word}[{d.code}]") + f"{place}: " + paint(BOLD, _clean(head))]
    out += [f"    {_clean(text)}" for text in more]

    marks = [_Mark(d.primary, d.label, True)] if d.primary else []
    marks += [_Mark(r.span, r.label, False) for r in d.related]
    # The file of the error comes first, then the others in the order they were named.
    sources: list[Source] = []
    for mark in marks:
        if not any(mark.source is s for s in sources):
            sources.append(mark.source)
    patches = [_patch(fix) for fix in d.fixes]
    numbers = [m.last for m in marks] + [n for lines in patches for n, _ in lines]
    gutter = len(str(max(numbers, default=0)))
    pen = _Pen(paint, hue, gutter, width)
    for source in sources:
        of_source = [m for m in marks if m.source is source]
        if d.primary is None or source is not d.primary.source:
            first = of_source[0]
            out.append(
                paint(BLUE, " " * gutter + " ::: ") + f"{_clean(source.name)}:{first.line}:{first.col}"
            )
        out += pen.snippet(source, of_source)
    indent = " " * (gutter + 1)
    for note in d.notes:
        first_line, *rest = note.split("\n")
        out.append(f"{indent}{paint(BLUE, '=')} {paint(BOLD, 'note:')} {_clean(first_line)}")
        out += [f"{indent}        {_clean(text)}" for text in rest]
    for fix, lines in zip(d.fixes, patches, strict=True):
        out.append(
            f"{indent}{paint(BLUE, '=')} {paint(GREEN, 'fix:')} {_clean(fix.title)}{_quoted(fix, lines)}"
        )
        for number, text in lines:
            mended = _Line(text, (0, 0), width - gutter - 3)
            out.append(f"{paint(BLUE, f'{number:>{gutter}} +')} {paint(GREEN, mended.text)}")
    return out


class _Pen:
    """Draws source lines with a gutter of numbers and what stands under them."""

    def __init__(self, paint: _Paint, hue: str, gutter: int, width: int) -> None:
        self.paint, self.hue, self.gutter = paint, hue, gutter
        self.room = width - gutter - 3
        self.bar = paint(BLUE, " " * gutter + " |")

    def snippet(self, source: Source, marks: list[_Mark]) -> list[str]:
        out = [self.bar]
        before = 0
        single = sorted((m for m in marks if not m.many), key=lambda m: (m.line, m.col, not m.primary))
        blocks: list[tuple[int, list[_Mark]]] = [
            (line, list(of_line)) for line, of_line in groupby(single, key=lambda m: m.line)
        ]
        blocks += [(m.line, [m]) for m in marks if m.many]
        for line, of_block in sorted(blocks, key=lambda block: block[0]):
            if before and line > before + 1:
                out.append(self.paint(BLUE, "." * (self.gutter + 2)))
            out += self.rail(source, of_block[0]) if of_block[0].many else self.line(source, line, of_block)
            before = max(m.last for m in of_block)
        return out

    def number(self, line: int, text: str, rail: str = "") -> str:
        drawn = f"{rail}{text}".rstrip() if not self.paint.colour else f"{rail}{text}"
        return f"{self.paint(BLUE, f'{line:>{self.gutter}} |')} {drawn}".rstrip()

    def hue_of(self, mark: _Mark) -> str:
        return self.hue if mark.primary else BLUE

    def line(self, source: Source, line: int, marks: list[_Mark]) -> list[str]:
        """One source line; under it each mark, the rightmost first, as long labels would run into each other."""
        text = source.line_text(line)
        out = []
        if not text.strip() and line > 1 and line == source.line_count:
            # At the end of a file the line before says more than an empty one.
            above = source.line_text(line - 1)
            out.append(self.number(line - 1, _Line(above, (len(above), len(above)), self.room).text))
        focus = next((m for m in marks if m.primary), marks[0])
        drawn = _Line(text, (focus.col - 1, focus.last_col - 1), self.room)
        out.append(self.number(line, drawn.text))
        for mark in sorted(marks, key=lambda m: -m.col):
            start = drawn.column(mark.col - 1)
            end = max(drawn.column(mark.last_col - 1), start + 1)
            carets = mark.char * (end - start) + (f" {mark.label}" if mark.label else "")
            out.append(f"{self.bar} {' ' * start}{self.paint(self.hue_of(mark), carets)}")
        return out

    def rail(self, source: Source, mark: _Mark) -> list[str]:
        """A span over several lines: a rail on the left from its first character to its last."""
        hue = self.hue_of(mark)
        rail = self.paint(hue, "| ")
        lines = list(range(mark.line, mark.last + 1))
        left_out = len(lines) > SHOWN_LINES
        if left_out:
            lines = [*lines[: SHOWN_LINES - 2], lines[-1]]
        out = []
        for line in lines:
            text = source.line_text(line)
            focus = mark.col - 1 if line == mark.line else mark.last_col - 1 if line == mark.last else 0
            drawn = _Line(text, (focus, focus), self.room - 2)
            if line == mark.line:
                column = drawn.column(mark.col - 1)
                if text[: mark.col - 1].strip():
                    out.append(self.number(line, drawn.text, "  "))
                    out.append(f"{self.bar}  {self.paint(hue, '_' * (column + 1) + mark.char)}")
                else:
                    out.append(self.number(line, drawn.text, self.paint(hue, "/ ")))
                continue
            if line == mark.last and left_out:
                out.append(f"{self.paint(BLUE, '.' * (self.gutter + 2))} {rail}".rstrip())
            out.append(self.number(line, drawn.text, rail))
            if line == mark.last:
                column = max(drawn.column(mark.last_col - 1), 1)
                carets = "|" + "_" * column + mark.char + (f" {mark.label}" if mark.label else "")
                out.append(f"{self.bar} {self.paint(hue, carets)}")
        return out


def _quoted(fix: Fix, lines: list[tuple[int, str]]) -> str:
    """The replacement text itself where no mended line is shown."""
    if lines or not fix.edits:
        return ""
    return ": " + ", ".join(
        f"`{_clean(e.text)}`" if e.text else f"remove `{_clean(e.span.text)}`" for e in fix.edits
    )


def _patch(fix: Fix) -> list[tuple[int, str]]:
    """Mended lines with their numbers; empty when the fix is too spread out to be shown (or only takes lines away)."""
    edits = sorted(fix.edits, key=lambda e: (e.span.start, e.span.end))
    if not edits or any(e.span.source is not edits[0].span.source for e in edits):
        return []
    source = edits[0].span.source
    low, high = _clamped(edits[0].span)[0], max(_clamped(e.span)[1] for e in edits)
    first, last = source.line_col(low)[0], source.line_col(high)[0]
    if last - first >= SHOWN_LINES:
        return []
    base = low - source.line_col(low)[1] + 1
    stop = source.text.find("\n", high)
    text = replaced(source.text[base : len(source.text) if stop < 0 else stop], edits, base)
    lines = [line.rstrip("\r") for line in text.split("\n")]
    if len(lines) > SHOWN_LINES or not text.strip():
        return []
    return [(first + i, line) for i, line in enumerate(lines)]


def replaced(text: str, edits: Sequence[Edit], base: int = 0) -> str:
    """`text`, which begins at offset `base` of its source, with non-overlapping `edits` in order of place applied."""
    parts = []
    at = 0
    for edit in edits:
        start, end = _clamped(edit.span)
        parts += [text[at : max(start - base, at)], edit.text]
        at = max(end - base, at)
    return "".join([*parts, text[at:]])
