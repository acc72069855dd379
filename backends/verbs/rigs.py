"""Verbs that need a rig or a record alone: no design is read."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ...kernel.rig import Rig

rig_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Rigs: show, make, test, emulate.")
run_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The record of a print.")

Json = Annotated[bool, typer.Option("--json", help="for machines")]
Runs = Annotated[Path | None, typer.Option("--runs", help="folder of run records")]

FAILED = 1


def _print_json(data: object) -> None:
    print(json.dumps(data, indent=2, ensure_ascii=False))


def _rig(name: str) -> Rig:
    from ..rigs.store import load_rig

    return load_rig(name, [Path.cwd() / "rigs"])


def stop(runs: Runs = None) -> None:
    """Stop the print that runs now, ink first, from any terminal."""
    from ..session import stop_running

    print(stop_running(runs))


def rigs(as_json: Json = False) -> None:
    """List the rigs that can be named."""
    from ..rigs.store import list_rigs

    found = list_rigs([Path.cwd() / "rigs"])
    if as_json:
        _print_json(found)
    else:
        for entry in found:
            print(f"{entry['name']:<12} {entry['doc']}  ({entry['path']})")


@rig_app.command("show")
def rig_show(name: str) -> None:
    """Print the file of a rig."""
    print(Path(_rig(name).path).read_text(encoding="utf-8"), end="")


@rig_app.command("schema")
def rig_schema() -> None:
    """The JSON schema of rig files, for editors."""
    from ..rigs.schema import json_schema

    _print_json(json_schema())


@rig_app.command("emulate")
def rig_emulate(
    name: str,
    scale: Annotated[
        float | None, typer.Option("--scale", help="seconds of printing in one second", min=0.01, max=1000.0)
    ] = None,
    port: Annotated[
        int, typer.Option("--port", help="of the controller; 0: any that is free", min=0, max=65535)
    ] = 0,
    copy: Annotated[
        Path | None, typer.Option("--copy", help="write the rig with these addresses to this file, too")
    ] = None,
) -> None:
    """Serve the emulated machines of a rig until Ctrl-C, for rig files in other terminals."""
    from ..rigs.emulate import serve

    serve(_rig(name), scale=scale, port=port, copy=copy, tell=lambda text: print(text, flush=True))


@rig_app.command("test")
def rig_test(
    name: str,
    move: Annotated[bool, typer.Option("--move", help="allow 1 mm of each axis, confirmed by you")] = False,
    dispense: Annotated[bool, typer.Option("--dispense", help="allow 1 s of ink from each nozzle")] = False,
    as_json: Json = False,
) -> None:
    """Ask the real devices who they are and how they stand; nothing moves or flows unless allowed."""
    from ..rigs.trial import at_terminal, row

    machine = _rig(name)
    found = at_terminal(
        machine, move=move, dispense=dispense, tell=lambda f: None if as_json else print(row(f), flush=True)
    )
    if as_json:
        _print_json([f.as_data() for f in found])
    failed = sum(f.passed is False for f in found)
    if not as_json:
        print(f"{sum(f.passed is True for f in found)} passed, {failed} failed")
    if failed:
        raise typer.Exit(FAILED)


def runs_(runs: Runs = None, as_json: Json = False) -> None:
    """List the record of all prints."""
    from ..journal import list_runs, runs_table

    found = list_runs(runs)
    if as_json:
        _print_json(found)
    else:
        print(runs_table(found))


@run_app.command("show")
def run_show(
    run: str,
    runs: Runs = None,
    as_json: Json = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="write a page with the camera's pictures: .html, or .md"),
    ] = None,
) -> None:
    """Tell what happened in a print."""
    from ..journal import run_table, show_run

    if output is not None:
        from ..report import form_of

        form_of(output)
    found = show_run(run, runs)
    if output is not None:
        from ..report import write_run

        print(f"report: {write_run(found, output)}")
    elif as_json:
        _print_json(found)
    else:
        print(run_table(found))


@run_app.command("replay")
def run_replay(
    run: str,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="file to write")] = None,
    channel: Annotated[
        str | None, typer.Option("--channel", help="one line only, such as `stage`, or `programs`")
    ] = None,
    runs: Runs = None,
) -> None:
    """The same bytes that a print sent, to standard output or a file."""
    from ..files import writing
    from ..run_replay import replay

    messages = replay(run, runs, channel=channel)
    if output is None:
        sys.stdout.buffer.writelines(messages)
        return
    with writing(output) as out:
        out.writelines(messages)
    print(f"{channel or 'all channels'}: {output}")


def register(app: typer.Typer) -> None:
    """Add these verbs to the command."""
    app.command()(stop)
    app.command()(rigs)
    app.command("runs")(runs_)
    app.add_typer(rig_app, name="rig")
    app.add_typer(run_app, name="run")
