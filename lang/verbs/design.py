"""Verbs that need the language alone: they begin, lay out, mend, test, pin and list a design."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ...kernel.diagnostics import WetprintError, error
from ...kernel.files import write_text
from .asked import DESIGN_ERROR, Asked, File, Json, has_errors, on_design, print_json, show, stdin, stop
from .pipeline import figures_and_said


def new(
    name: Annotated[str, typer.Argument(help="name of the design")],
    calibration: Annotated[
        bool, typer.Option("--calibration", help="lines to measure an ink by, and a table to fill in")
    ] = False,
    ink: Annotated[str, typer.Option("--ink", metavar="INK", help="ink to calibrate")] = "gold",
) -> None:
    """Write a commented starter design."""
    from ..starter import starter

    path = Path(name if name.endswith(".wp") else f"{name}.wp")
    if not any(letter.isalnum() for letter in path.stem.removesuffix(".wp")):
        raise typer.BadParameter("a design needs a name, such as: wp new lattice", param_hint="NAME")
    table = path.with_suffix(".csv")
    for taken in (path, table) if calibration else (path,):
        if taken.exists():
            raise WetprintError(
                error("X701", f"{taken} is there already; choose another name, nothing was written")
            )
    if not calibration:
        write_text(path, starter(path.stem))
        print(f"{path} written. Look at it with: wp preview {path}")
        return
    from ..calibration import calibration_print

    design, rows = calibration_print(path.stem, ink)
    write_text(path, design)
    write_text(table, rows)
    print(f"{path} and {table} written. Print the one, measure its lines, fill in the other, then:")
    print(f"wp calibrate {table} -o inks.wp --date 2026-05-01")


def fmt(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="designs (.wp), or - for standard input")
    ],
    check_only: Annotated[bool, typer.Option("--check", help="only say which files would change")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="show what would change")] = False,
) -> None:
    """Lay designs out in the one style."""
    from ..format import format_source
    from ..source import read_source

    changed = 0
    for file in files:
        source = read_source(file, stdin(file))
        text = format_source(source)
        if file == "-":
            sys.stdout.write(text)
        elif text != source.text:
            changed += 1
            if diff:
                from difflib import unified_diff

                sys.stdout.writelines(
                    unified_diff(
                        source.text.splitlines(True), text.splitlines(True), file, f"{file} (formatted)"
                    )
                )
            elif check_only:
                print(f"{file} would change")
            else:
                write_text(Path(file), text)
                print(f"{file} formatted")
    if changed and (check_only or diff):
        raise typer.Exit(DESIGN_ERROR)


def test(file: File) -> None:
    """Run the tests that a design holds."""
    from ..post import run_tests

    loaded = Asked(file).load()
    results = run_tests(loaded, figures_and_said)
    for name, failed in results:
        print(f"{'FAIL' if failed else 'ok  '} {name}")
        show(failed)
    bad = sum(bool(failed) for _, failed in results)
    print(f"{len(results) - bad} passed, {bad} failed")
    if bad:
        raise typer.Exit(DESIGN_ERROR)


def fix(file: Annotated[str, typer.Argument(metavar="FILE", help="a design (.wp)")]) -> None:
    """Apply the fixes that diagnostics offer."""
    from ..fix import fix_file

    if file == "-":
        raise typer.BadParameter(
            "a design on standard input cannot be mended in its place", param_hint="FILE"
        )
    count, left = fix_file(Path(file))
    print(f"{file}: {count} fix{'' if count == 1 else 'es'} applied")
    show(left)
    if has_errors(left):
        raise typer.Exit(DESIGN_ERROR)


@on_design
def lock(design: Asked) -> None:
    """Pin what a design imports.

    A change of it becomes an error until it is pinned again.
    """
    from ..lock import write_lock

    if design.file == "-":
        raise typer.BadParameter("a design on standard input has no place for a lock file", param_hint="FILE")
    loaded = design.read()
    said = [d for d in loaded.diagnostics if d.code != "E023"]
    if has_errors(said):
        stop(said)
    path, count = write_lock(loaded)
    print(f"{path}: {count} file{'' if count == 1 else 's'} pinned")


@on_design
def hash_(design: Asked, as_json: Json = False) -> None:
    """One number for a design, its imports and its params."""
    from ..lock import design_hash

    found = design_hash(design.load(as_json=as_json))
    if as_json:
        print_json({"hash": found})
    else:
        print(found)


@on_design
def params(design: Asked, as_json: Json = False) -> None:
    """List the params of a design."""
    from ..params import params_json, params_table

    loaded = design.load(as_json=as_json)
    if as_json:
        print_json(params_json(loaded))
    else:
        print(params_table(loaded))


def lsp() -> None:
    """Serve editors with the language (standard input and output)."""
    from ..server import serve

    serve()
