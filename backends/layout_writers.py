"""Writers of patterns as profiles: how many corners, which doses, arrays and names their software takes. Data: layouts/writers.toml."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal

from ..kernel.diagnostics import WetprintError, error
from ..kernel.flat_simple import Holes

TABLE = Path(__file__).parent / "layouts" / "writers.toml"


@dataclass(frozen=True)
class Writer:
    """One profile; the fields are told at the top of layouts/writers.toml. None: no limit that anybody told."""

    name: str
    doc: str
    source: str
    corners: int = 8190
    holes: Holes = "keyhole"
    doses: Literal["datatype", "one"] = "datatype"
    arrays: Literal["any", "straight"] = "any"
    layers: int = 32_767
    names: int = 32
    forbidden: tuple[str, ...] = ()
    references: int | None = None
    extent_mm: float | None = None


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


def writer_names() -> tuple[str, ...]:
    return tuple(_table())


def writer_of(name: str) -> Writer:
    """The profile of that name, or of a file ending in .toml with one table. Raises WetprintError (X752)."""
    table: dict[str, Any] = _table()
    if name.endswith(".toml"):
        table = _own(Path(name))
        name = next(iter(table))
    if name not in table:
        near = difflib.get_close_matches(name, table, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise WetprintError(
            error("X752", f"{name} is not a writer that wetprint knows{hint}", notes=_known())
        )
    given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in table[name].items()}
    return Writer(name=name, **given)


def _own(path: Path) -> dict[str, Any]:
    """The one table of a user's file."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as caught:
        raise WetprintError(error("X752", f"{path} cannot be read as TOML: {caught}")) from caught
    if len(table) != 1 or not isinstance(next(iter(table.values())), dict):
        raise WetprintError(
            error("X752", f"{path} has {len(table)} tables; one table, the writer, was expected")
        )
    (name, given), like = next(iter(table.items())), _table()["general"] | _table()["laser_writer"]
    known = {f.name for f in fields(Writer)} - {"name"}
    for key, value in given.items():
        if key not in known or type(value) is not type(like[key]):
            kind = f"a {type(like[key]).__name__}" if key in known else f"one of {', '.join(sorted(known))}"
            raise WetprintError(error("X752", f"{path}: {name}.{key} = {value!r}; {kind} was expected"))
    for key, allowed in (("holes", "keyhole cut"), ("doses", "datatype one"), ("arrays", "any straight")):
        if given.get(key, allowed.split()[0]) not in allowed.split():
            raise WetprintError(
                error(
                    "X752", f"{path}: {name}.{key} = {given[key]!r}; expected {allowed.replace(' ', ' or ')}"
                )
            )
    if given.get("corners", 8190) not in range(4, 8191):
        raise WetprintError(error("X752", f"{path}: {name}.corners = {given['corners']}; expected 4 to 8190"))
    return {name: {"doc": "", "source": ""} | given}


def _known() -> tuple[str, ...]:
    return (
        *(f"{name}: {entry['doc']}" for name, entry in _table().items()),
        "or a file: `--writer mine.toml`",
    )
