"""Verbs that need the language alone, and how every verb loads a design and says what is wrong with it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ...kernel.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..load import Loaded

File = Annotated[str, typer.Argument(metavar="FILE", help="a design (.wp), or - for standard input")]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="give a param a value, with its unit")
]
Preset = Annotated[str | None, typer.Option("--preset", help="use a preset of the design")]
Json = Annotated[bool, typer.Option("--json", help="for machines")]

DESIGN_ERROR = 1


def show(diagnostics: Iterable[Diagnostic], *, as_json: bool = False) -> None:
    from ..render import to_json, to_terminal

    found = list(diagnostics)
    if as_json:
        print_json(to_json(found))
    elif found:
        colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
        width = os.get_terminal_size(sys.stderr.fileno()).columns if sys.stderr.isatty() else 120
        print(to_terminal(found, colour=colour, width=width), file=sys.stderr)


def print_json(data: object) -> None:
    print(json.dumps(data, indent=2, ensure_ascii=False))


def stop(diagnostics: Sequence[Diagnostic], *, as_json: bool = False) -> NoReturn:
    show(diagnostics, as_json=as_json)
    raise typer.Exit(DESIGN_ERROR)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(d.severity is Severity.ERROR for d in diagnostics)


def say(text: str) -> None:
    print(text, file=sys.stderr)


def assignments(sets: Sequence[str] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in sets or ():
        name, equals, value = item.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise typer.BadParameter(f"{item!r}: expected NAME=VALUE, such as pitch=40um", param_hint="--set")
        found[name.strip()] = value.strip()
    return found


def load_design(
    file: str, sets: Sequence[str] | None = None, preset: str | None = None, *, as_json: bool = False
) -> Loaded:
    """The design, free of language errors; else says what is wrong and ends."""
    from ..load import load

    loaded = load(file, text=stdin(file), sets=assignments(sets), preset=preset)
    if loaded.scene is None or has_errors(loaded.diagnostics):
        stop(loaded.diagnostics, as_json=as_json)
    return loaded


def stdin(file: str) -> str | None:
    return sys.stdin.buffer.read().decode("utf-8", errors="replace") if file == "-" else None


def fix(file: File) -> None:
    """Apply the fixes that diagnostics offer."""
    from ..fix import fix_file

    count, left = fix_file(Path(file))
    print(f"{file}: {count} fix{'' if count == 1 else 'es'} applied")
    show(left)
    if has_errors(left):
        raise typer.Exit(DESIGN_ERROR)


def lock(file: File, sets: Set = None, preset: Preset = None) -> None:
    """Pin what a design imports: a change of it becomes an error until it is pinned again."""
    from ..load import load
    from ..lock import write_lock

    if file == "-":
        raise typer.BadParameter("a design on standard input has no place for a lock file", param_hint="FILE")
    loaded = load(file, sets=assignments(sets), preset=preset)
    said = [d for d in loaded.diagnostics if d.code != "E023"]
    if has_errors(said):
        stop(said)
    path, count = write_lock(loaded)
    print(f"{path}: {count} file{'' if count == 1 else 's'} pinned")


def hash_(file: File, sets: Set = None, preset: Preset = None, as_json: Json = False) -> None:
    """One number for a design, its imports and the values of its params."""
    from ..lock import design_hash

    found = design_hash(load_design(file, sets, preset, as_json=as_json))
    if as_json:
        print_json({"hash": found})
    else:
        print(found)


def params(file: File, sets: Set = None, preset: Preset = None, as_json: Json = False) -> None:
    """List the params of a design."""
    from ..params import params_json, params_table

    loaded = load_design(file, sets, preset, as_json=as_json)
    if as_json:
        print_json(params_json(loaded))
    else:
        print(params_table(loaded))


def lsp() -> None:
    """Serve editors with the language (standard input and output)."""
    from ..server import serve

    serve()


def register(app: typer.Typer) -> None:
    """Add these verbs to the command."""
    for verb in (fix, lock, params, lsp):
        app.command()(verb)
    app.command("hash")(hash_)
