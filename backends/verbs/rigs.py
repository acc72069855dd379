"""Verbs that need a rig alone: no design is read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import Json, print_json, rig_named

FAILED = 1

Name = Annotated[str, typer.Argument(metavar="RIG", help="name of a rig, or a rig file")]


def rigs(as_json: Json = False) -> None:
    """List the rigs that can be named."""
    from ..rigs.store import list_rigs

    found = list_rigs([Path.cwd() / "rigs"])
    if as_json:
        print_json(found)
    else:
        for entry in found:
            print(f"{entry['name']:<12} {entry['doc']}  ({entry['path']})")


def rig_show(name: Name) -> None:
    """Print the file of a rig."""
    print(Path(rig_named(name).path).read_text(encoding="utf-8"), end="")


def rig_schema() -> None:
    """The JSON schema of rig files, for editors."""
    from ..rigs.schema import json_schema

    print_json(json_schema())


def rig_emulate(
    name: Name,
    scale: Annotated[
        float | None,
        typer.Option("--scale", metavar="N", help="seconds of printing in one second", min=0.01, max=1000.0),
    ] = None,
    port: Annotated[
        int,
        typer.Option("--port", metavar="N", help="of the controller; 0: any that is free", min=0, max=65535),
    ] = 0,
    copy: Annotated[
        Path | None,
        typer.Option(
            "--copy", metavar="FILE.toml", help="write the rig with these addresses to this file, too"
        ),
    ] = None,
) -> None:
    """Serve the emulated machines of a rig until Ctrl-C.

    Rig files in other terminals can then name their addresses.
    """
    from ..rigs.emulate import serve

    serve(rig_named(name), scale=scale, port=port, copy=copy, tell=lambda text: print(text, flush=True))


def rig_test(
    name: Name,
    move: Annotated[bool, typer.Option("--move", help="allow 1 mm of each axis, confirmed by you")] = False,
    dispense: Annotated[bool, typer.Option("--dispense", help="allow 1 s of ink from each nozzle")] = False,
    as_json: Json = False,
) -> None:
    """Ask the real devices who they are and how they stand.

    Nothing moves or flows unless it is allowed.
    """
    from ..rigs.trial import at_terminal, row

    machine = rig_named(name)
    found = at_terminal(
        machine, move=move, dispense=dispense, tell=lambda f: None if as_json else print(row(f), flush=True)
    )
    if as_json:
        print_json([f.as_data() for f in found])
    failed = sum(f.passed is False for f in found)
    if not as_json:
        print(f"{sum(f.passed is True for f in found)} passed, {failed} failed")
    if failed:
        raise typer.Exit(FAILED)
