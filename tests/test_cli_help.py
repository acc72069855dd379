"""What `wp --help` tells: every verb in its section, every argument and option in words, with examples that are commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import click
import pytest
import typer.main
from wetprint import __version__
from wetprint.backends.dialects import DIALECTS
from wetprint.backends.exporters import EXPORTERS
from wetprint.backends.layout import LAYOUTS
from wetprint.backends.writers import WRITERS
from wetprint.cli import app

WP = typer.main.get_command(app)


def verbs(group: Any, words: tuple[str, ...] = ("wp",)) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from verbs(command, (*words, name))
        else:
            yield (*words, name), command


VERBS = dict(verbs(WP))


def told(words: tuple[str, ...]) -> str:
    command: Any = WP
    context: Any = click.Context(WP, info_name="wp", terminal_width=80)
    for name in words[1:]:
        command = command.commands[name]
        context = click.Context(command, info_name=name, parent=context, terminal_width=80)
    page: str = command.get_help(context)
    return page


def examples(words: tuple[str, ...]) -> list[str]:
    return [line.strip() for line in told(words).partition("Examples:\n")[2].splitlines()]


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_every_argument_and_option_is_told_in_words(words: tuple[str, ...]) -> None:
    page = told(words)
    assert not re.search(r"\b(TEXT|PATH|INTEGER|FLOAT|RANGE)\b", page)
    for param in VERBS[words].params:
        record = param.get_help_record(click.Context(VERBS[words]))
        said = "" if record is None else record[1]
        assert said and not said.startswith("["), f"{param.name}: {said!r}"


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_the_examples_of_a_verb_are_commands_of_it(words: tuple[str, ...]) -> None:
    shown = examples(words)
    assert shown
    for line in shown:
        typed = line.split()
        assert tuple(typed[: len(words)]) == words, line
        # Wrong words would end in a usage error here; nothing is run.
        VERBS[words].make_context(line, typed[len(words) :], resilient_parsing=False).close()


def test_each_verb_is_told_in_one_line_of_its_section() -> None:
    page = told(("wp",))
    for section in ("Designs:", "Parts:", "Inks and films:", "Printing:"):
        assert f"\n{section}\n" in page
    for name, command in WP.commands.items():  # type: ignore[attr-defined]
        assert f"  {name:<9}  {command.get_short_help_str(limit=200)}\n" in page + "\n"


def test_every_format_of_a_file_is_told() -> None:
    page = told(("wp", "export"))
    for family in (EXPORTERS, DIALECTS, LAYOUTS, WRITERS):
        for name in family.names():
            assert name in page, name


def test_the_version_is_told() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from wetprint.cli import main; main()", "--version"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, f"wetprint {__version__}\n", "")


@pytest.mark.parametrize("words", [["--help"], ["check", "--help"], ["explain", "E201"]])
def test_a_pipe_that_closes_is_no_error(words: list[str]) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    done = subprocess.run(
        [sys.executable, "-c", "from wetprint.cli import main; main()", *words],
        stdout=writes,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(writes)
    assert (done.returncode, done.stderr) == (0, b"")
