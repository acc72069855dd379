"""Verbs that need the record of prints alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .options import Json, print_json

Runs = Annotated[Path | None, typer.Option("--runs", metavar="FOLDER", help="folder of run records")]
Run = Annotated[str, typer.Argument(metavar="RUN", help="a run, as `wp runs` names it")]


def stop(runs: Runs = None) -> None:
    """Stop the print that runs now, ink first, from any terminal."""
    from ..printing.session import stop_running

    print(stop_running(runs))


def runs_(runs: Runs = None, as_json: Json = False) -> None:
    """List the record of all prints."""
    from ..printing.journal import list_runs, runs_table

    found = list_runs(runs)
    if as_json:
        print_json(found)
    else:
        print(runs_table(found))


def run_show(
    run: Run,
    runs: Runs = None,
    as_json: Json = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="write a page with the camera's pictures: .html, or .md"
        ),
    ] = None,
) -> None:
    """Tell what happened in a print."""
    from ..printing.journal import run_table, show_run

    if output is not None:
        from ..report import form_of

        form_of(output)
    found = show_run(run, runs)
    if output is not None:
        from ..report import write_run

        print(f"report: {write_run(found, output)}")
    elif as_json:
        print_json(found)
    else:
        print(run_table(found))


def run_replay(
    run: Run,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="file to write")
    ] = None,
    channel: Annotated[
        str | None,
        typer.Option("--channel", metavar="NAME", help="one line only, such as `stage`, or `programs`"),
    ] = None,
    runs: Runs = None,
) -> None:
    """The same bytes that a print sent, to standard output or a file."""
    from ...kernel.files import writing
    from ..printing.run_replay import replay

    messages = replay(run, runs, channel=channel)
    if output is None:
        sys.stdout.buffer.writelines(messages)
        return
    with writing(output) as out:
        out.writelines(messages)
    print(f"{channel or 'all channels'}: {output}")
