"""Rig files: TOML text into a Rig, with every unknown key, wrong value and missing field told at once.

A key carries its unit. The kernel's unit is the field's own name (`min_um`); others that a lab writes are taken as well
(`min_mm`, `max_speed_mm_s`, `on_ms`, `pressure_psi`, `flow_pl_s`, `volume_ul`).
"""

from __future__ import annotations

import math
import re
import tomllib
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from .diagnostics import Diagnostic, Edit, Fix, Source, Span, WetprintError, error
from .rig import (
    ANALOG,
    Axis,
    Controller,
    Dispenser,
    Exchange,
    Eye,
    FlowPoint,
    Heights,
    InkLoad,
    Lags,
    Nozzle,
    Purge,
    Rig,
    SignalPoint,
    Speeds,
    Vessel,
    Wipe,
)
from .rig_schema import SECTIONS, SOME, Key

AXES = ("x", "y", "z")

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?")
_ASSIGN = re.compile(r"^\s*([A-Za-z0-9_.\-\"' ]+?)\s*=")
_DECODE_PLACE = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)")


def _dotted(path: Path) -> str:
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


class _Reader:
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
                f"`{_dotted(path)}` is {shown}; expected {expected}",
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
        where = f"`{_dotted(path[:-1])}` of a rig" if len(path) > 1 else "a rig"
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
            self.wrong(path, data, f"a table [{_dotted(path)}]")
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
                self.wrong(path, raw, f"tables [{_dotted(path)}.NAME]")
            case "tables":
                if isinstance(raw, list) and raw:
                    return [self.table(sub, key.of, (*path, i)) for i, sub in enumerate(raw)]
                self.wrong(path, raw, f"tables [[{_dotted(path)}]]")
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


def _parse_toml(source: Source) -> dict[str, Any]:
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


def parse_rig(text: str, name: str, path: str = "") -> Rig:
    """The rig that a TOML text describes. `name` is what the user calls it, `path` the file (for messages).

    Raises WetprintError with everything that is wrong with it (R501 ... R506) at once.
    """
    source = Source(path or f"rig {name}", text)
    data = _parse_toml(source)
    reader = _Reader(source)
    values = reader.table(data, "rig", ())
    _cross_check(reader, values)
    if reader.missing:
        reader.found.append(
            error(
                "R504",
                f"{len(reader.missing)} needed field{'s are' if len(reader.missing) > 1 else ' is'} missing in rig `{name}`",
                Span(source, 0, 0),
                notes=tuple(f"{_dotted(p)}: {k.doc}" for p, k in reader.missing),
            )
        )
    if reader.found:
        raise WetprintError(*reader.found)
    return _build(values, name, path)


def _cross_check(reader: _Reader, values: dict[str, Any]) -> None:
    """What one field says of another."""

    def inconsistent(path: Path, message: str, expected: str) -> None:
        reader.found.append(error("R506", f"{message}; expected {expected}", reader.span(path)))

    axes = values.get("axes") or {}
    for name in axes:
        if name not in AXES:
            reader.unknown(("axes", name), list(AXES))
    if isinstance(values.get("axes"), dict):
        needed = [k for k in SECTIONS["axis"] if k.required]
        reader.missing += [(("axes", a, k.name), k) for a in AXES if a not in axes for k in needed]
    for name, axis in axes.items():
        low, high = axis.get("min_um"), axis.get("max_um")
        if low is not None and high is not None and low >= high:
            inconsistent(("axes", name), f"axis {name} runs from {low:g} to {high:g} um", "min below max")
    dispensers = values.get("dispensers") or {}
    for name, box in dispensers.items():
        low, high = box.get("pressure_min_kpa"), box.get("pressure_max_kpa")
        if low is not None and high is not None and low >= high:
            inconsistent(
                ("dispensers", name), f"dispenser {name} gives {low:g} to {high:g} kPa", "min below max"
            )
        _check_box(reader, ("dispensers", name), box)
    vessel = values.get("vessel") or {}
    if (fill := vessel.get("fill_um")) and (wall := vessel.get("wall_um")) and fill > wall:
        inconsistent(
            ("vessel", "fill_um"),
            f"the bath is {fill:g} um deep in a vessel of {wall:g} um",
            "at most the height of the rim",
        )
    if any(side <= 0.0 for side in vessel.get("size_um") or ()):
        reader.wrong(("vessel", "size_um"), list(vessel["size_um"]), "two lengths above zero")
    names: set[str] = set()
    for i, nozzle in enumerate(values.get("nozzles") or ()):
        at: Path = ("nozzles", i)
        if nozzle.get("name") in names:
            inconsistent(
                (*at, "name"), f"two nozzles are called `{nozzle['name']}`", "a name of its own for each"
            )
        names.add(nozzle.get("name") or "")
        mix = nozzle.get("mix") or ()
        for box in (*mix, nozzle.get("dispenser")):
            if box and values.get("dispensers") and box not in dispensers:
                known = ", ".join(sorted(dispensers))
                key = "mix" if box in mix else "dispenser"
                inconsistent((*at, key), f"there is no dispenser `{box}`", f"one of {known}")
        if "mix" in nozzle:
            _check_head(reader, at, nozzle, dispensers)
        inner, outer = nozzle.get("inner_um"), nozzle.get("outer_um")
        if inner and outer and inner >= outer:
            inconsistent(
                (*at, "inner_um"), f"tip is {inner:g} um inside and {outer:g} um outside", "inner below outer"
            )
        cone = nozzle.get("cone_um")
        if cone and outer and abs(cone[0][1] - outer / 2) > 1e-6 * outer:
            inconsistent(
                (*at, "cone_um"),
                f"the cone begins with radius {cone[0][1]:g} um",
                f"half of outer_um, {outer / 2:g} um",
            )
        for j, load in enumerate(nozzle.get("loads") or ()):
            table = load.get("calibration") or []
            pairs = [(p.get("pressure_kpa"), p.get("flow_um3_s")) for p in table]
            if any(p is None or q is None for p, q in pairs):
                continue
            if len(pairs) == 1 or any(a[0] >= b[0] or a[1] >= b[1] for a, b in pairwise(pairs)):
                inconsistent(
                    (*at, "loads", j, "calibration"),
                    f"the calibration of `{load.get('ink')}` has {len(pairs)} pair(s) that do not all rise",
                    "two or more, with pressure and flow rising",
                )


def _check_box(reader: _Reader, path: Path, box: dict[str, Any]) -> None:
    """An analog dispenser has a table of its signal, told by whom, and its own resolution."""
    if box.get("kind") == ANALOG:
        needed = ("signal", "source", "resolution_kpa")
        reader.missing += [
            ((*path, k.name), k)
            for k in SECTIONS["dispenser"]
            if k.name in needed and box.get(k.name) is None
        ]
    pairs = [(p.get("value"), p.get("pressure_kpa")) for p in box.get("signal") or ()]
    if not pairs or any(v is None or p is None for v, p in pairs):
        return
    if pairs[0][0] < 0.0:
        what = f"its signal begins with {pairs[0][0]:g}; ink is cut by setting the output to 0"
        reader.found.append(error("R506", f"{what}; expected 0 or more", reader.span((*path, "signal"))))
    if len(pairs) < 2 or any(a[0] >= b[0] or a[1] >= b[1] for a, b in pairwise(pairs)):
        what = f"its signal has {len(pairs)} pair(s) that do not all rise"
        wanted = "two or more, with value and pressure rising"
        reader.found.append(error("R506", f"{what}; expected {wanted}", reader.span((*path, "signal"))))


def _check_head(reader: _Reader, at: Path, nozzle: dict[str, Any], dispensers: dict[str, Any]) -> None:
    """A mixing head: two analog dispensers, two inks."""
    mix, loads = nozzle["mix"] or (), nozzle.get("loads") or ()
    said = [
        (len(set(mix)) != 2 or len(mix) != 2, "mix", f"the head mixes {len(mix)} channels", "two different dispensers"),
        ("dispenser" in nozzle, "dispenser", "the head has `mix` and `dispenser`", "`mix` alone"),
        (len(loads) != 2, "mix", f"the head has {len(loads)} loads", "two, the inks of its dispensers in order"),
        *(
            (dispensers[box].get("kind") not in (None, ANALOG), "mix", f"dispenser `{box}` is of kind `{dispensers[box].get('kind')}`",
             f'kind = "{ANALOG}": the ratio changes with the motion')
            for box in mix
            if box in dispensers
        ),
    ]  # fmt: skip
    reader.found += [
        error("R506", f"{what}; expected {wanted}", reader.span((*at, key)))
        for bad, key, what, wanted in said
        if bad
    ]


def _build(values: dict[str, Any], name: str, path: str) -> Rig:
    def load(v: dict[str, Any]) -> InkLoad:
        points = tuple(FlowPoint(**p) for p in v.pop("calibration", ()))
        lags = v.pop("lags", None)
        return InkLoad(**v, calibration=points, lags=Lags(**lags) if lags else None)

    def nozzle(v: dict[str, Any]) -> Nozzle:
        loads = tuple(load(dict(entry)) for entry in v.pop("loads", ()))
        if v.get("mix"):
            v["dispenser"] = v["mix"][0]
        return Nozzle(**v, loads=loads)

    def box(v: dict[str, Any]) -> Dispenser:
        return Dispenser(**{**v, "signal": tuple(SignalPoint(**p) for p in v.get("signal", ()))})

    v = dict(values)
    return Rig(
        name=name,
        path=path,
        controller=Controller(**v.pop("controller")),
        axes={a: Axis(**v["axes"][a]) for a in AXES if v["axes"]},
        dispensers={n: box(d) for n, d in v.pop("dispensers").items()},
        nozzles=tuple(nozzle(dict(n)) for n in v.pop("nozzles")),
        speeds=Speeds(**v.pop("speeds", {})),
        heights=Heights(**v.pop("heights", {})),
        purge=Purge(**v.pop("purge")) if "purge" in v else None,
        wipe=Wipe(**v.pop("wipe")) if "wipe" in v else None,
        camera=Eye(**v.pop("camera")) if "camera" in v else None,
        vessel=Vessel(**v.pop("vessel")) if "vessel" in v else None,
        exchange=Exchange(**v.pop("exchange", {})),
        **{k: x for k, x in v.items() if k != "axes"},
    )
