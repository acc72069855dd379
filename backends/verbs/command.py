"""How the command ends when nobody reads it any more: quietly, and well."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer
import typer.core


class Quiet(typer.core.TyperGroup):
    """The verbs. A reader that has gone (`wp ... | head`) is no fault: Click would end with 1, as for an error of a design."""

    def make_context(self, *args: Any, **more: Any) -> Any:
        # `--help` is told while the words of the command are read.
        try:
            return super().make_context(*args, **more)
        except BrokenPipeError:
            let_go()
            raise typer.Exit(0) from None

    def invoke(self, ctx: Any) -> Any:
        try:
            done = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()
        except BrokenPipeError:
            let_go()
            raise typer.Exit(0) from None
        return done


def let_go() -> None:
    """Nothing more is written to a standard output that nobody reads, and Python does not complain of it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
