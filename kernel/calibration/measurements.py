"""Tables of measured filament widths (CSV), as a microscope and a lab book give them: read, checked, in kernel units."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..diagnostics import Diagnostic, Source, Span, WetprintError, error, warning

_LENGTH = {"um": 1.0, "nm": 1e-3, "mm": 1e3}
_PRESSURE = {"kpa": 1.0, "pa": 1e-3, "mpa": 1e3, "bar": 100.0, "mbar": 0.1, "psi": 6.894757293168}
_SPEED = {"um/s": 1.0, "mm/s": 1e3, "mm/min": 1e3 / 60.0}
_FLOW = {
    "um3/s": 1.0,
    "pl/s": 1e3,
    "nl/s": 1e6,
    "nl/min": 1e6 / 60.0,
    "ul/min": 1e9 / 60.0,
    "ul/h": 1e9 / 3600.0,
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a table may hold. `kind`: word, count, flag, date, nozzle, or a figure above zero; of zero or more ("spread"), or of
    any sign ("signed"). `units`: what its header may name in brackets; empty for words and counts."""

    name: str
    kind: str
    doc: str
    units: dict[str, float] | None = None
    required: bool = False
    also: tuple[str, ...] = ()
    #: Smallest and largest figure that makes sense, in the kernel's unit; None where the unit tells.
    sane: tuple[float, float] | None = None


COLUMNS: tuple[Column, ...] = (
    Column("ink", "word", "name of the ink, as the library has it", required=True),
    Column("wet width", "length", "width in the bath", _LENGTH, True, ("wet",)),
    Column("dried width", "length", "width of the same lines, dried", _LENGTH, True, ("dried", "dry width", "dry")),
    Column("bath", "word", "name of the bath"),
    Column("nozzle", "nozzle", "inner diameter of the tip (with a unit), or a name", _LENGTH),
    Column("pressure", "number", "pressure of the dispenser", _PRESSURE),
    Column("speed", "number", "speed of printing", _SPEED),
    Column("flow", "number", "ink that left the nozzle per time, by weighing or by volume", _FLOW),
    Column("sd flow", "spread", "standard uncertainty of the flow", _FLOW, also=("flow sd",)),
    Column("n", "count", "lines (or places) measured"),
    Column("sd", "spread", "standard deviation of one width, wet and dried alike", _LENGTH),
    Column("sd wet", "spread", "standard deviation of one wet width", _LENGTH, also=("sd wet width", "wet sd")),
    Column("sd dried", "spread", "standard deviation of one dried width", _LENGTH, also=("sd dried width", "dried sd", "sd dry")),
    Column("held", "flag", "yes: the line lies on the substrate (the default); no: it dried free"),
    Column("date", "date", "day of the measurement, such as 2026-05-01"),
    Column("note", "word", "anything", also=("notes", "comment", "comments")),
)  # fmt: skip

_FLAGS = {
    "yes": True,
    "no": False,
    "true": True,
    "false": False,
    "1": True,
    "0": False,
    "held": True,
    "free": False,
}
#: Smallest and largest figure of each unit (um, kPa, um/s, um^3/s) that a microscope, a dispenser and a stage could have given.
_SANE = {
    id(_LENGTH): (1e-3, 1e5),
    id(_PRESSURE): (1e-6, 1e5),
    id(_SPEED): (1e-2, 1e7),
    id(_FLOW): (1e-2, 1e13),
}
#: More faults than this are counted, not told one by one.
_MOST = 20


@dataclass(frozen=True, slots=True)
class _Head:
    """A column as a table has it: None where it is left out; `named` where a nozzle is given by name; its `unit` as `units` has it."""

    column: Column | None
    factor: float = 1.0
    named: bool = False
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One setting, measured `n` times. Lengths um, kPa, um/s, um^3/s; None where the table does not tell. `sd_*` of one
    width, not of their mean; `sd_flow` of the flow itself."""

    span: Span
    ink: str
    bath: str
    nozzle: str
    nozzle_um: float | None
    pressure_kpa: float | None
    speed_um_s: float | None
    wet_um: float
    dried_um: float
    n: int
    sd_wet_um: float | None
    sd_dried_um: float | None
    flow_um3_s: float | None
    sd_flow_um3_s: float | None
    held: bool
    date: str


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file, in its order; `columns` are the names of those that it has."""

    source: Source
    columns: frozenset[str]
    rows: tuple[Row, ...]
    diagnostics: tuple[Diagnostic, ...] = ()


def read_table(path: Path) -> Table:
    """The table in a file. Raises WetprintError (X702, X730 to X732)."""
    return parse_table(read_text(path))


def read_text(path: Path) -> Source:
    """The text of a table (UTF-8 with or without a byte order mark, UTF-16, or Windows-1252). Raises WetprintError (X702)."""
    try:
        data = path.read_bytes()
    except OSError as caught:
        raise WetprintError(error("X702", f"{path}: {caught.strerror or caught}")) from caught
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", errors="replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", errors="replace")
    return Source(str(path), text)


def parse_table(source: Source) -> Table:
    """The table that a text is. Raises WetprintError with all that is wrong with it (X730 to X732)."""
    found = parse_rows(source, COLUMNS, HEADER)
    return Table(source, found.columns, tuple(_row(at, v) for at, v in found.rows), found.diagnostics)


@dataclass(frozen=True, slots=True)
class Rows:
    """A table as it was read: the names of its columns, for every row its place and its values by column, and the units that the
    header names, by column."""

    columns: frozenset[str]
    rows: tuple[tuple[Span, dict[str, Any]], ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)


def parse_rows(source: Source, columns: Sequence[Column], header: str) -> Rows:
    """The rows of a table with these columns; `header` is one that it might have. Raises WetprintError (X730 to X732)."""
    if "\0" in source.text:
        raise WetprintError(
            error("X730", f"{source.name} is no text; a table with one setting a line was expected")
        )
    lines = _lines(source)
    if not lines:
        raise WetprintError(
            error(
                "X730",
                f"{source.name} is empty; a header and at least two rows were expected",
                notes=(header,),
            )
        )
    start, head = lines[0]
    mark = max(";\t,", key=lambda m: (head.count(m), -";\t,".index(m)))
    if mark not in head:
        raise WetprintError(
            error("X730", "one column only; names with units, parted by commas, semicolons or tabs, were expected",
                  Span(source, start, start + len(head)), notes=(header,))
        )  # fmt: skip
    heads, said = _header(source, _cells(source, start, head, mark), columns, header)
    if any(d.severity > 1 for d in said):
        raise WetprintError(*said)
    reader = _Reader(source, heads, mark, columns)
    rows = [row for at, line in lines[1:] if (row := reader.row(at, line)) is not None]
    if not rows and not reader.found:
        reader.found.append(
            error("X730", f"{source.name} has a header and no rows; fill in one setting a line")
        )
    if reader.found:
        more = len(reader.found) - _MOST
        shown = reader.found[:_MOST]
        if more > 0:
            shown.append(
                error("X732", f"and {more} more cells that cannot be read", reader.found[_MOST].primary)
            )
        raise WetprintError(*said, *shown)
    units = {h.column.name: h.unit for h in heads if h.column}
    return Rows(frozenset(units), tuple(rows), tuple(said), units)


def _row(whole: Span, v: dict[str, Any]) -> Row:
    nozzle = v.get("nozzle")
    sd = v.get("sd")
    return Row(
        whole, v["ink"], v.get("bath", ""),
        "" if nozzle is None else nozzle if isinstance(nozzle, str) else f"{nozzle:g} um",
        nozzle if isinstance(nozzle, float) else None,
        v.get("pressure"), v.get("speed"), v["wet width"], v["dried width"], v.get("n", 1),
        v.get("sd wet", sd), v.get("sd dried", sd), v.get("flow"), v.get("sd flow"), v.get("held", True), v.get("date", ""),
    )  # fmt: skip


#: The header of a table with all that is fitted.
HEADER = (
    "nozzle [um],ink,bath,pressure [kPa],speed [mm/s],flow [pL/s],sd flow [pL/s],wet width [um],dried width [um],n,"
    "sd wet [um],sd dried [um],held,date"
)


def _lines(source: Source) -> list[tuple[int, str]]:
    """(offset, text) of the lines that say something; `#` begins a remark."""
    out, at = [], 0
    for line in source.text.splitlines(keepends=True):
        text = line.rstrip("\r\n")
        if text.strip(" \t;,") and not text.lstrip().startswith("#"):
            out.append((at, text))
        at += len(line)
    return out


def _cells(source: Source, start: int, line: str, mark: str) -> list[tuple[str, Span]]:
    """The cells of a line with their places; quotes may hold the mark."""
    out: list[tuple[str, Span]] = []
    at = 0
    while at <= len(line):
        quoted = re.compile(rf'\s*"((?:[^"]|"")*)"\s*(?={re.escape(mark)}|$)').match(line, at)
        if quoted:
            text, end = quoted[1].replace('""', '"'), quoted.end()
        else:
            end = line.find(mark, at)
            end = len(line) if end < 0 else end
            text = line[at:end]
        low = at + len(line[at:end]) - len(line[at:end].lstrip())
        high = max(low, at + len(line[at:end].rstrip()))
        out.append((text.strip(), Span(source, start + low, start + high)))
        at = end + 1
    return out


_HEAD = re.compile(r"^(.*?)\s*(?:[\[(](.*?)[\])])?\s*$")


def _header(
    source: Source, cells: Sequence[tuple[str, Span]], columns: Sequence[Column], header: str
) -> tuple[list[_Head], list[Diagnostic]]:
    by_name = {name: c for c in columns for name in (c.name, *c.also)}
    heads: list[_Head] = []
    said: list[Diagnostic] = []
    seen: dict[str, Span] = {}
    for text, span in cells:
        name, unit = _HEAD.match(text).groups()  # type: ignore[union-attr]
        name = re.sub(r"[\s_]+", " ", name).strip().lower()
        column = by_name.get(name)
        if column is None:
            if text:
                near = get_close_matches(name, by_name, 1, 0.75)
                tail = f"; did you mean `{by_name[near[0]].name}`?" if near else "; it is left out"
                make = error if near else warning
                said.append(
                    make("X731", f"`{text}` is no column of a calibration{tail}", span, notes=(header,))
                )
            heads.append(_Head(None))
            continue
        if column.name in seen:
            said.append(error("X731", f"the column `{column.name}` stands twice", span))
        seen[column.name] = span
        named = column.kind == "nozzle" and unit is None
        heads.append(_Head(column, _factor(column, unit, span, said), named, _unit(unit or "")))
    missing = [c for c in columns if c.required and c.name not in seen]
    if missing:
        whole = Span(source, cells[0][1].start, cells[-1][1].end)
        doses = "dose" not in by_name and any(t.strip().lower().startswith("dose") for t, _ in cells)
        of_films = ("thickness against dose is fitted with `--dose`",) if doses else ()
        said.append(
            error("X731", f"no column {' and no column '.join(f'`{_shown(c)}`' for c in missing)}", whole,
                  notes=(*(f"{_shown(c)}: {c.doc}" for c in missing), *of_films))
        )  # fmt: skip
    return heads, said


def _shown(column: Column) -> str:
    return f"{column.name} [{next(iter(column.units))}]" if column.units else column.name


def _factor(column: Column, unit: str | None, span: Span, said: list[Diagnostic]) -> float:
    if not column.units:
        return 1.0
    if unit is None:
        if column.kind != "nozzle":  # a nozzle without a unit is a name
            known = ", ".join(column.units)
            said.append(error("X731", f"`{span.text}` names no unit; `{_shown(column)}` was expected", span,
                              notes=(f"one of {known}",)))  # fmt: skip
        return 1.0
    key = _unit(unit)
    if key not in column.units:
        said.append(
            error(
                "X731",
                f"`{unit}` is no unit of `{column.name}`; one of {', '.join(column.units)} was expected",
                span,
            )
        )
        return 1.0
    return column.units[key]


def _unit(said: str) -> str:
    """A unit as the tables of units have it."""
    if said.strip() == "MPa":
        return "mpa"
    plain = said.strip().replace("µ", "u").replace("μ", "u").replace("³", "3").replace("²", "2")
    return plain.replace("^", "").replace(" ", "").lower()


@dataclass
class _Reader:
    """Reads rows; what cannot be read is collected in `found`."""

    source: Source
    heads: Sequence[_Head]
    mark: str
    columns: Sequence[Column]

    def __post_init__(self) -> None:
        self.found: list[Diagnostic] = []

    def row(self, start: int, line: str) -> tuple[Span, dict[str, Any]] | None:
        cells = _cells(self.source, start, line, self.mark)
        whole = Span(self.source, start, start + len(line))
        if any(text for text, _ in cells[len(self.heads) :]):
            notes = ("a table with decimal commas is parted by semicolons",) if self.mark == "," else ()
            self.wrong(whole, f"{len(cells)} cells; the header names {len(self.heads)} columns", notes)
            return None
        before = len(self.found)
        v: dict[str, Any] = {}
        for head, (text, span) in zip(self.heads, cells, strict=False):
            if head.column is not None and text:
                v[head.column.name] = self.value(head.column, head.factor, text, span, head.named)
        empty = [c.name for c in self.columns if c.required and c.name not in v]
        if empty and len(self.found) == before:
            self.wrong(whole, f"no {' and no '.join(empty)} in this row")
        return None if len(self.found) > before else (whole, v)

    def wrong(self, span: Span, message: str, notes: tuple[str, ...] = ()) -> None:
        self.found.append(error("X732", message, span, notes=notes))

    def value(self, column: Column, factor: float, text: str, span: Span, named: bool) -> Any:
        if column.kind == "word" or named:
            return text
        if column.kind == "flag":
            if text.lower() not in _FLAGS:
                self.wrong(span, f"`{text}` in column `held`; yes or no was expected")
            return _FLAGS.get(text.lower(), True)
        if column.kind == "date":
            return self.day(text, span)
        number = self.number(text, span, column)
        if number is None:
            return None
        if column.kind == "count":
            if number != int(number) or number < 1:
                self.wrong(span, f"{text} in column `{column.name}`; a count of 1 or more was expected")
            return min(max(1, int(number)), 10**6)
        if column.kind == "signed" and number <= 0:
            return number * factor
        if number < 0 or (number == 0 and column.kind != "spread"):
            least = "zero or more" if column.kind == "spread" else "more than zero"
            self.wrong(span, f"{text} in column `{column.name}`; {least} was expected")
        elif number > 0:
            low, high = column.sane or _SANE[id(column.units)]
            if not low <= number * factor <= high:
                self.wrong(span, f"{text} in column `{column.name}`; {low / factor:g} to {high / factor:g} was expected",
                           ("the header's unit is taken for every cell",))  # fmt: skip
        return number * factor

    def number(self, text: str, span: Span, column: Column) -> float | None:
        plain = text.replace("\u2212", "-").replace("\u00a0", "").replace("\u202f", "")
        if self.mark != "," and re.fullmatch(r"[-+]?\d+,\d+(e[-+]?\d+)?", plain, re.IGNORECASE):
            plain = plain.replace(",", ".")
        try:
            number = float(plain)
        except ValueError:
            number = math.nan
        if math.isfinite(number) and not re.search(r"[_a-df-z]", plain, re.IGNORECASE):
            return number
        notes: tuple[str, ...] = ()
        if re.fullmatch(r"[-+]?\d+,\d+", plain):
            notes = (f"write {plain.replace(',', '.')}, or part the table by semicolons",)
        elif re.match(r"[-+]?[\d.,]+\s*[^\d.,\s]", plain):
            notes = ("units stand in the header alone",)
        self.wrong(span, f"`{text}` in column `{column.name}`; a number was expected", notes)
        return None

    def day(self, text: str, span: Span) -> str:
        try:
            return day(text)
        except ValueError:
            self.wrong(span, f"`{text}` in column `date`; a day such as 2026-05-01 was expected")
            return ""


def day(text: str) -> str:
    """A day in ISO form. Raises ValueError for anything else."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError(text)
    return date.fromisoformat(text).isoformat()
