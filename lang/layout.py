"""Lays text out within a width: documents of strings, possible line breaks and groups (after Wadler, A prettier printer)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(slots=True, eq=False)
class Line:
    """A possible break: `flat` on one line, else a new line (`blank`: and an empty one before it)."""

    flat: str = " "
    blank: bool = False


@dataclass(slots=True, eq=False)
class Hard:
    """A break that always is one."""

    blank: bool = False


@dataclass(slots=True, eq=False)
class Suffix:
    """A comment that waits for the end of its line; it takes no room, and makes the groups around it break."""

    text: str


@dataclass(slots=True, eq=False)
class IfBroken:
    """Text that stands only where the group around it is broken."""

    text: str


@dataclass(slots=True, eq=False)
class Nest:
    by: int
    body: Doc


class Group:
    """Flat if it fits and nothing within it must break, else each of its own lines is a break."""

    __slots__ = ("body", "broken")

    def __init__(self, body: Doc, broken: bool = False) -> None:
        self.body = body
        self.broken = broken or must_break(body)


Doc: TypeAlias = "str | Line | Hard | Suffix | IfBroken | Nest | Group | list[Doc]"

_HARD = Hard()


def must_break(doc: Doc) -> bool:
    pending: list[Doc] = [doc]
    while pending:
        at = pending.pop()
        if isinstance(at, list):
            pending.extend(at)
        elif isinstance(at, Nest):
            pending.append(at.body)
        elif isinstance(at, (Hard, Suffix)) or (isinstance(at, Group) and at.broken):
            return True
    return False


def lay_out(doc: Doc, width: int) -> str:
    """The text of a document; every line ends without spaces, the whole with a line end."""
    out: list[str] = []
    suffix: list[str] = []
    column = 0
    # (indent, broken, doc), the next one last
    stack: list[tuple[int, bool, Doc]] = [(0, True, doc)]

    def newline(indent: int, blank: bool) -> None:
        nonlocal column
        while out and out[-1].isspace() and "\n" not in out[-1]:
            out.pop()
        if out:
            out[-1] = out[-1].rstrip(" ")
        out.extend(f"  {text}" for text in suffix)
        suffix.clear()
        out.append("\n\n" if blank else "\n")
        out.append(" " * indent)
        column = indent

    while stack:
        indent, broken, at = stack.pop()
        if isinstance(at, str):
            out.append(at)
            column += len(at)
        elif isinstance(at, list):
            stack.extend((indent, broken, d) for d in reversed(at))
        elif isinstance(at, Nest):
            stack.append((indent + at.by, broken, at.body))
        elif isinstance(at, Group):
            flat = not at.broken and _fits(at.body, stack, width - column)
            stack.append((indent, not flat, at.body))
        elif isinstance(at, Suffix):
            suffix.append(at.text)
        elif isinstance(at, IfBroken):
            if broken:
                out.append(at.text)
                column += len(at.text)
        elif isinstance(at, Hard) or broken:
            newline(indent, at.blank)
        else:
            out.append(at.flat)
            column += len(at.flat)
    newline(0, False)
    text = "".join(out).strip("\n")
    return f"{text}\n" if text else ""


def _fits(body: Doc, rest: list[tuple[int, bool, Doc]], room: int) -> bool:
    """Whether `body`, flat, and what follows it up to the next break, fit."""
    pending: list[tuple[bool, Doc]] = [(False, body)]
    following = len(rest) - 1
    while room >= 0:
        if not pending:
            if following < 0:
                return True
            pending.append((rest[following][1], rest[following][2]))
            following -= 1
        broken, at = pending.pop()
        if isinstance(at, str):
            room -= len(at)
        elif isinstance(at, list):
            pending.extend((broken, d) for d in reversed(at))
        elif isinstance(at, Nest):
            pending.append((broken, at.body))
        elif isinstance(at, Group):
            # What follows may break where it can: it is not asked to fit as a whole.
            pending.append((broken or at.broken, at.body))
        elif isinstance(at, Hard):
            return True
        elif isinstance(at, Line):
            if broken:
                return True
            room -= len(at.flat)
        elif isinstance(at, IfBroken) and broken:
            room -= len(at.text)
    return False
