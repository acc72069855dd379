"""Verbs that begin, lay out and test a design."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from ...kernel.diagnostics import WetprintError, error
from .asked import DESIGN_ERROR, File, load_design, show, stdin
from .pipeline import figures_and_said


def new(
    name: Annotated[str, typer.Argument(help="name of the design")],
    calibration: Annotated[
        bool, typer.Option("--calibration", help="lines to measure an ink by, and a table to fill in")
    ] = False,
    ink: Annotated[str, typer.Option("--ink", help="ink to calibrate")] = "gold",
) -> None:
    """Write a commented starter design."""
    from ..starter import starter

    path = Path(name if name.endswith(".wp") else f"{name}.wp")
    if path.name == ".wp":
        raise typer.BadParameter("a design needs a name, such as: wp new lattice", param_hint="NAME")
    table = path.with_suffix(".csv")
    for taken in (path, table) if calibration else (path,):
        if taken.exists():
            raise WetprintError(
                error("X701", f"{taken} is there already; choose another name, nothing was written")
            )
    if not calibration:
        path.write_text(starter(path.stem), encoding="utf-8")
        print(f"{path} written. Look at it with: wp preview {path}")
        return
    from ..calibration import calibration_print

    design, rows = calibration_print(path.stem, ink)
    path.write_text(design, encoding="utf-8")
    table.write_text(rows, encoding="utf-8")
    print(f"{path} and {table} written. Print the one, measure its lines, fill in the other, then:")
    print(f"wp calibrate {table} -o inks.wp --date 2026-05-01")


def lay_out(
    files: Sequence[str],
    writing: Callable[[Path], AbstractContextManager[BinaryIO]],
    *,
    check_only: bool,
    diff: bool,
) -> None:
    """`wp fmt`: lay designs out in the one style, written by `writing`; or only say what would change."""
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
                with writing(Path(file)) as out:
                    out.write(text.encode())
                print(f"{file} formatted")
    if changed and (check_only or diff):
        raise typer.Exit(DESIGN_ERROR)


def test(file: File) -> None:
    """Run the tests that a design holds."""
    from ..post import run_tests

    loaded = load_design(file)
    results = run_tests(loaded, figures_and_said)
    for name, failed in results:
        print(f"{'FAIL' if failed else 'ok  '} {name}")
        show(failed)
    bad = sum(bool(failed) for _, failed in results)
    print(f"{len(results) - bad} passed, {bad} failed")
    if bad:
        raise typer.Exit(DESIGN_ERROR)
