"""The command as a group of verbs: its help in sections with examples, and a quiet end where nobody reads it any more."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import typer
import typer.core


class Verbs(typer.core.TyperGroup):
    """Verbs, listed in the sections and in the order in which they were joined.

    A reader that has gone (`wp ... | head`) is no fault: Click would end with 1, as for an error of a design.
    """

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

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for name, verb in self.commands.items():
            section = getattr(verb, "rich_help_panel", None)
            section = section if isinstance(section, str) else "Verbs"
            sections.setdefault(section, []).append((name, verb.get_short_help_str(limit=200)))
        width = max(len(name) for name in self.commands)
        for section, rows in sections.items():
            with formatter.section(section):
                formatter.write_dl([(name.ljust(width), told) for name, told in rows])


def group(told: str, **more: Any) -> typer.Typer:
    """A command that has verbs."""
    return typer.Typer(
        cls=Verbs,
        help=told,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        suggest_commands=False,  # click does
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
        **more,
    )


def join(
    app: typer.Typer, section: str | None, verb: Callable[..., None] | typer.Typer, name: str, *examples: str
) -> None:
    """Add a verb, or a group of verbs, to a command; `examples` stand below its help."""
    if isinstance(verb, typer.Typer):
        app.add_typer(verb, name=name, rich_help_panel=section)
        return
    # \b: these lines are not to be filled.
    epilog = "\n".join(["\b", "Examples:", *(f"  {line}" for line in examples)])
    app.command(name, rich_help_panel=section, epilog=epilog)(verb)


def let_go() -> None:
    """Nothing more is written to a standard output that nobody reads, and Python does not complain of it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
