"""What the tool says to a user: spans of source text, diagnostics with fixes, and the one exception that carries them."""

from __future__ import annotations

import enum
from bisect import bisect_right
from functools import cached_property

from .records import dataclass, field


@dataclass(frozen=True, eq=False)
class Source:
    """One source text. `name` is what a user calls it (a path, or `<stdin>`); offsets count code points."""

    name: str
    text: str

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return starts

    def line_col(self, offset: int) -> tuple[int, int]:
        """Line and column of a code point, both from 1."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line_start(self, line: int) -> int:
        """Offset at which line `line` (from 1) begins."""
        return self._line_starts[line - 1]

    def line_text(self, line: int) -> str:
        """Text of line `line` (from 1) without its line end."""
        start = self._line_starts[line - 1]
        end = self.text.find("\n", start)
        return (self.text[start:] if end < 0 else self.text[start:end]).rstrip("\r")

    @property
    def line_count(self) -> int:
        return len(self._line_starts)


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open range `[start, end)` of code points in one source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.line_col(self.start)[0]

    @property
    def where(self) -> str:
        """`file:line:col`, the way every message begins."""
        line, col = self.source.line_col(self.start)
        return f"{self.source.name}:{line}:{col}"

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """The smallest span that covers both."""
        return Span(self.source, min(self.start, other.start), max(self.end, other.end))


class Severity(enum.IntEnum):
    """Ordered, so that `max` of many gives the worst."""

    NOTE = 0
    WARNING = 1
    ERROR = 2

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of `span` by `text`."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A mend that a machine may apply: `title` says it in words, `edits` do not overlap."""

    title: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that explains the first."""

    span: Span
    label: str


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of mistake: `title` in one line, `text` tells it in full, `example` is a design that shows it (or empty)."""

    code: str
    title: str
    text: str
    example: str = ""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing said to the user. `message` leads with the value, then says what was expected.

    `primary` is None only where no source text exists (a missing file, an unreachable rig).
    `label` stands under the carets; `notes` follow, one line each.
    """

    code: str
    severity: Severity
    message: str
    primary: Span | None = None
    label: str = ""
    related: tuple[Related, ...] = ()
    notes: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = field(default=())


def error(
    code: str,
    message: str,
    primary: Span | None = None,
    *,
    label: str = "",
    related: tuple[Related, ...] = (),
    notes: tuple[str, ...] = (),
    fixes: tuple[Fix, ...] = (),
) -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, message, primary, label, related, notes, fixes)


def warning(
    code: str,
    message: str,
    primary: Span | None = None,
    *,
    label: str = "",
    related: tuple[Related, ...] = (),
    notes: tuple[str, ...] = (),
    fixes: tuple[Fix, ...] = (),
) -> Diagnostic:
    return Diagnostic(code, Severity.WARNING, message, primary, label, related, notes, fixes)


class WetprintError(Exception):
    """The one exception that reaches a user: it carries diagnostics, never a traceback."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("; ".join(f"[{d.code}] {d.message}" for d in diagnostics))
        self.diagnostics = diagnostics
