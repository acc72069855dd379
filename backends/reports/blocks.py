"""What a process sheet is made of, as data: every form of it is written from the same blocks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cell:
    """Text in a table. `assumed` marks a figure that nobody measured; `swatch` is a colour shown before the text."""

    text: str
    assumed: bool = False
    swatch: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """`head` names the columns; the first column names the row unless `plain`. `words` are columns of words, from 0; all others are
    figures. `notes` stand below."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str | Cell, ...], ...]
    words: frozenset[int] = frozenset({0})
    notes: tuple[str, ...] = ()
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph. `weight`: "plain", "warning" or "error"."""

    text: str
    weight: str = "plain"


@dataclass(frozen=True, slots=True)
class Steps:
    """What is done, in order; each with a box to tick where `tick`, and where it comes from."""

    caption: str
    steps: tuple[str | Cell, ...]
    source: str = ""
    tick: bool = True


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture, as the bytes of a PNG file."""

    png: bytes
    caption: str
    alt: str
    size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A plot, as an SVG element. `alt` tells in words what it shows."""

    svg: str
    caption: str
    alt: str


@dataclass(frozen=True, slots=True)
class Beside:
    """Pictures or plots that stand side by side where there is room."""

    items: tuple[Photo | Drawing, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that `wp check` says."""

    code: str
    severity: str
    message: str
    where: str
    notes: tuple[str, ...] = ()


Block = Table | Note | Steps | Photo | Drawing | Beside | Diagnosis


@dataclass(frozen=True, slots=True)
class Section:
    """`name` is the anchor that links lead to."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole: `facts` are the few figures at its head, label and value; `blanks` are filled in by hand; `kind` is what it is."""

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    foot: str
    blanks: tuple[str, ...] = ("Run", "Date", "Operator", "Nozzle used")
    kind: str = "Process sheet"
