"""For scenes that a Python program puts together: things of the library, and places in the program's own text."""

from __future__ import annotations

import linecache
import sys
from types import SimpleNamespace

from ..kernel.diagnostics import Source, Span


def library(name: str = "nanocrystal.wp") -> SimpleNamespace:
    """Inks, solvents, linkers and baths of the library, as the kernel holds them, by name: `library().gold`."""
    from .load import load
    from .source import LIBRARY
    from .values import Thing

    values = {n: b.value for n, b in load(LIBRARY / name).env.bindings.items()}
    return SimpleNamespace(**{n: v.node for n, v in values.items() if isinstance(v, Thing)})


def here() -> Span:
    """The line of the program that calls this: the place that parts of a scene want, so that messages point at it."""
    frame = sys._getframe(1)
    name, number = frame.f_code.co_filename, frame.f_lineno
    lines = linecache.getlines(name, frame.f_globals)
    start = sum(len(line) for line in lines[: number - 1])
    text = lines[number - 1].rstrip("\n") if 0 < number <= len(lines) else ""
    return Span(Source(name, "".join(lines)), start, start + len(text))
