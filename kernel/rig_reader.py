"""Reads the TOML of a rig file against the table of its keys: every value in the kernel's unit, every trouble with its place."""

from __future__ import annotations

import math
import re
import tomllib
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from .diagnostics import Diagnostic, Edit, Fix, Source, Span, WetprintError, error
from .rig_schema import SECTIONS, SOME, Key

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?")
_ASSIGN = re.compile(r"^\s*([A-Za-z0-9_.\-\"' ]+?)\s*=")
_DECODE_PLACE = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)")


def dotted(path: Path) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else ("." if text else "") + step
    return text


def _places(source: Source) -> dict[Path, Span]:
    """Where every table and key stands: TOML readers keep no positions. A key inside an inline table has none."""
    places: dict[Path, Span] = {}
    counts: dict[Path, int] = {}
    table: Path = ()

    def resolve(names: list[str]) -> Path:
        path: Path = ()
        for n in names:
            path = (*path, n)
            if path in counts:
                path = (*path, counts[path])
        return path

    def split(text: str) -> list[str]:
        return [part.strip().strip("\"'") for part in text.split(".")]

    start = 0
    for line in source.text.split("\n"):
        if header := _HEADER.match(line):
            names = split(header[2])
            if header[1] == "[[":
                path = (*resolve(names[:-1]), names[-1])
                counts[path] = counts.get(path, -1) + 1
                table = (*path, counts[path])
                for known in [k for k in counts if len(k) > len(path) and k[: len(path)] == path]:
                    del counts[known]
            else:
                table = resolve(names)
            places.setdefault(table, Span(source, start + header.start(1), start + header.end()))
        elif assign := _ASSIGN.match(line):
            path = (*table, *split(assign[1]))
            places.setdefault(path, Span(source, start + assign.start(1), start + assign.end(1)))
        start += len(line) + 1
    return places


class Reader:
    """What a rig file says, key by key: `found` holds what is wrong with it, `missing` the needed keys that it lacks."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.places = _places(source)
        self.found: list[Diagnostic] = []
        self.missing: list[tuple[Path, Key]] = []

    def span(self, path: Path) -> Span | None:
        """Place of a key, or of the nearest table around it."""
        while path:
            if path in self.places:
                return self.places[path]
            path = path[:-1]
        return None

    def wrong(self, path: Path, value: Any, expected: str) -> None:
        shown = (
            repr(value)
            if isinstance(value, str)
            else str(value).lower()
            if isinstance(value, bool)
            else str(value)
        )
        if len(shown) > 60:
            shown = shown[:57] + "..."
        self.found.append(
            error(
                "R503",
                f"`{dotted(path)}` is {shown}; expected {expected}",
                self.span(path),
                label=f"expected {expected}",
            )
        )

    def unknown(self, path: Path, known: list[str]) -> None:
        name = str(path[-1])
        close = get_close_matches(name, known, 1, 0.6)
        span = self.span(path)
        exact = span is not None and span.text.strip("\"'").split(".")[-1].strip("\"'") == name
        fixes: tuple[Fix, ...] = ()
        if close and span is not None and exact:
            place = Span(span.source, span.end - len(name), span.end)
            # Another unit in the name needs another figure: that is for the user to mend.
            if place.text == name and name.rpartition("_")[2] == close[0].rpartition("_")[2]:
                fixes = (Fix(f"write `{close[0]}`", (Edit(place, close[0]),)),)
        where = f"`{dotted(path[:-1])}` of a rig" if len(path) > 1 else "a rig"
        self.found.append(
            error(
                "R502",
                f"`{name}` is no key of {where}",
                span,
                label=f"did you mean `{close[0]}`?" if close else "",
                notes=() if close else (f"its keys: {', '.join(known)}",),
                fixes=fixes,
            )
        )

    def table(self, data: Any, section: str, path: Path) -> dict[str, Any]:
        """Values of one table in kernel units, by the kernel's names; errors are kept, not raised."""
        if not isinstance(data, dict):
            self.wrong(path, data, f"a table [{dotted(path)}]")
            return {}
        keys = SECTIONS[section]
        spelt = {s: (key, factor) for key in keys for s, factor in key.spellings.items()}
        values: dict[str, Any] = {}
        for name, raw in data.items():
            here = (*path, name)
            if name not in spelt:
                self.unknown(here, sorted(spelt))
                continue
            key, factor = spelt[name]
            if key.name in values:
                self.wrong(here, raw, f"one of {', '.join(s for s in key.spellings if s in data)}, not both")
                continue
            values[key.name] = self.value(raw, key, factor, here)
        self.missing += [((*path, k.name), k) for k in keys if k.lacks(values)]
        return values

    def value(self, raw: Any, key: Key, factor: float, path: Path) -> Any:
        match key.kind:
            case "table":
                return self.table(raw, key.of, path)
            case "named":
                if isinstance(raw, dict):
                    return {name: self.table(sub, key.of, (*path, name)) for name, sub in raw.items()}
                self.wrong(path, raw, f"tables [{dotted(path)}.NAME]")
            case "tables":
                if isinstance(raw, list) and raw:
                    return [self.table(sub, key.of, (*path, i)) for i, sub in enumerate(raw)]
                self.wrong(path, raw, f"tables [[{dotted(path)}]]")
            case "text":
                if not isinstance(raw, str) or not raw:
                    self.wrong(path, raw, "a text in quotes")
                elif key.choices and raw not in key.choices:
                    self.wrong(path, raw, " or ".join(f'"{c}"' for c in key.choices))
                else:
                    return raw
            case "flag":
                if isinstance(raw, bool):
                    return raw
                self.wrong(path, raw, "true or false")
            case "names":
                if isinstance(raw, list) and all(isinstance(v, str) for v in raw):
                    return tuple(raw)
                self.wrong(path, raw, 'a list of names, ["a", "b"]')
            case "count":
                if not isinstance(raw, int) or isinstance(raw, bool):
                    self.wrong(path, raw, " or ".join(map(str, key.choices)) or "a whole number")
                elif key.choices and raw not in key.choices:
                    self.wrong(path, raw, " or ".join(map(str, key.choices)))
                elif self.inside(raw, key, 1.0, path):
                    return raw
            case "number":
                if not _is_number(raw):
                    self.wrong(path, raw, "a number")
                elif self.inside(raw * factor, key, factor, path):
                    return float(raw * factor)
            case "pair" | "triple":
                n = 2 if key.kind == "pair" else 3
                if isinstance(raw, list) and len(raw) == n and all(_is_number(v) for v in raw):
                    return tuple(float(v * factor) for v in raw)
                self.wrong(path, raw, f"{n} numbers, {'[x, y]' if n == 2 else '[x, y, z]'}")
            case "cone":
                return self.cone(raw, factor, path)
        return None

    def inside(self, value: float, key: Key, factor: float, path: Path) -> bool:
        if key.low is not None and value < key.low:
            self.wrong(
                path,
                value / factor,
                "more than zero" if key.low == SOME else f"{key.low / factor:g} or more",
            )
            return False
        if key.high is not None and value > key.high:
            self.wrong(path, value / factor, f"{key.high / factor:g} or less")
            return False
        return True

    def cone(self, raw: Any, factor: float, path: Path) -> tuple[tuple[float, float], ...] | None:
        expected = "pairs [height over the tip, outer radius] from the tip (height 0) upwards"
        pairs = isinstance(raw, list) and raw and all(
            isinstance(v, list) and len(v) == 2 and all(_is_number(n) for n in v) for v in raw
        )  # fmt: skip
        if not pairs:
            self.wrong(path, raw, expected)
            return None
        cone = tuple((float(z * factor), float(r * factor)) for z, r in raw)
        rising = all(a[0] < b[0] and a[1] <= b[1] for a, b in pairwise(cone))
        if cone[0][0] != 0.0 or cone[0][1] <= 0.0 or not rising:
            self.wrong(path, raw, expected)
            return None
        return cone


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def parse_toml(source: Source) -> dict[str, Any]:
    try:
        return tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as e:
        message = str(e)
        span = None
        if place := _DECODE_PLACE.search(message):
            message = message[: place.start()].strip()
            line = int(place[1]) if place[1] else source.line_count
            column = int(place[2]) if place[2] else 1
            at = min(
                len(source.text), sum(len(t) + 1 for t in source.text.split("\n")[: line - 1]) + column - 1
            )
            span = Span(source, at, min(at + 1, len(source.text)))
        raise WetprintError(error("R501", f"{source.name} is not TOML: {message}", span)) from None
    except RecursionError:
        raise WetprintError(error("R501", f"{source.name} is not TOML: too deeply nested")) from None
