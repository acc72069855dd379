"""What every verb on a design is asked, and how it reads that design and says what is wrong with it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from ...kernel.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..load import Loaded

File = Annotated[str, typer.Argument(metavar="FILE", help="a design (.wp), or - for standard input")]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="give a param a value, with its unit")
]
Preset = Annotated[str | None, typer.Option("--preset", metavar="NAME", help="use a preset of the design")]
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


@dataclass(frozen=True)
class Asked:
    """The design that a verb is asked about: its file, and what --set and --preset say of its params."""

    file: str
    sets: Sequence[str] | None = None
    preset: str | None = None

    @property
    def folder(self) -> Path:
        return Path.cwd() if self.file == "-" else Path(self.file).resolve().parent

    def read(self) -> Loaded:
        """The design, with all that the language says of it."""
        from ..load import load

        return load(self.file, text=stdin(self.file), sets=assignments(self.sets), preset=self.preset)

    def load(self, *, as_json: bool = False) -> Loaded:
        """The design, free of language errors; else says what is wrong and ends."""
        loaded = self.read()
        if loaded.scene is None or has_errors(loaded.diagnostics):
            stop(loaded.diagnostics, as_json=as_json)
        return loaded


def on_design(verb: Callable[..., None]) -> Callable[..., None]:
    """`verb(design: Asked, ...)` as a verb with FILE, --set and --preset in place of its first parameter."""

    def run(file: File, sets: Set = None, preset: Preset = None, **options: Any) -> None:
        verb(Asked(file, sets, preset), **options)

    file, sets, preset, _ = signature(run, eval_str=True).parameters.values()
    _, *options = signature(verb, eval_str=True).parameters.values()
    needed = [p for p in options if p.default is p.empty]
    parameters = [file, *needed, sets, preset, *(p for p in options if p.default is not p.empty)]
    run.__name__, run.__doc__ = verb.__name__, verb.__doc__
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return run


def stdin(file: str) -> str | None:
    return sys.stdin.buffer.read().decode("utf-8", errors="replace") if file == "-" else None
