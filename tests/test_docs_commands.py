"""Every command that the documents print is one: it is parsed, and run as printed where no window opens and nothing is printed."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer.main
from wetprint.cli import app

ROOT = Path(__file__).parent.parent
PAGES = {
    p.name: p.read_text(encoding="utf-8") for p in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
}
WP: Any = typer.main.get_command(app)

SH = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
DESIGN = re.compile(r"^```wp\n(.*?)^```", re.DOTALL | re.MULTILINE)
SMALL = (
    'wp 1;\nuse "nanocrystal.wp" as nc;\nlattice body = woodpile { size: [80um, 80um]; layers: 2; pitch: 40um; '
    "filament: 10um; material: nc.gold; }\nprint body { bath: nc.gold_bath; }\n"
)
#: Windows and servers stay open, records want prints, prints take a minute, films and pictures some seconds each: these are parsed alone, but for the
#: pictures of the first page.
PARSED = re.compile(
    r"^wp (print|studio|lsp|stop|runs|run|rig emulate|rig test|rig new)\b|--watch|--gif|--mp4"
)
DRAWN = re.compile(r"^wp (preview|report)\b")


def lines(page: str) -> list[str]:
    """What follows `wp` in the blocks of commands, comments left out."""
    told = [line.split(" #")[0].strip() for block in SH.findall(PAGES[page]) for line in block.splitlines()]
    return [line for line in told if line.startswith("wp ")]


def command(words: list[str]) -> tuple[Any, list[str]]:
    """The verb that is meant, and the words behind it."""
    verb = WP
    while hasattr(verb, "commands") and words:
        name, *words = words
        assert name in verb.commands, f"there is no verb {name}"
        verb = verb.commands[name]
    return verb, words


def inline() -> Iterator[Any]:
    for page, text in PAGES.items():
        for told in sorted(set(re.findall(r"`(wp [a-z][^`]*)`", text))):
            yield pytest.param(told, id=f"{page}: {told}")


@pytest.mark.parametrize("told", list(inline()))
def test_verbs_and_options_in_the_text_exist(told: str) -> None:
    words = [w for w in told.split(">")[0].split()[1:] if w not in ("...", "|")]
    verb, rest = command(words)
    known = {o for p in verb.params for o in (*p.opts, *p.secondary_opts)} | {"--help", "--version"}
    assert {w for w in rest if re.match(r"--?[a-z]", w)} <= known, told


@pytest.mark.parametrize(
    ("page", "line"),
    [pytest.param(page, line, id=f"{page}: {line}") for page in PAGES for line in lines(page)],
)
def test_commands_in_blocks_are_understood(page: str, line: str) -> None:
    verb, rest = command(shlex.split(line)[1:])
    verb.make_context(line, rest).close()


def designs(page: str) -> dict[str, str]:
    """The files that a page's commands name, by what the page says they are."""
    shown = DESIGN.findall(PAGES[page])
    return {
        "README.md": {"dots.wp": shown[-1] if shown else ""},
        "tutorial.md": {"first.wp": shown[1] if len(shown) > 1 else ""},
        "two_photon.md": {"body.wp": shown[0] if shown else ""},
        "calibration.md": {
            "part.wp": SMALL.replace("as nc;", 'as nc;\nuse "inks.wp" as my;').replace("nc.gold;", "my.gold;")
        },
        "films.md": {
            "panel.wp": DESIGN.findall(PAGES["README.md"])[-1],
            "raster.wp": (ROOT / "examples" / "hipin_raster.wp").read_text(encoding="utf-8"),
        },
    }.get(page, {"design.wp": SMALL, "part.wp": SMALL})


@pytest.mark.gl
@pytest.mark.parametrize("page", [page for page in PAGES if lines(page)])
def test_commands_in_blocks_run_as_printed(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in designs(page).items():
        Path(name).write_text(text if "wp 1;" in text else f"wp 1;\n{text}", encoding="utf-8")
    Path("rigs").mkdir()
    for name in ("lab", "lab1"):
        shutil.copy(ROOT / "backends" / "rigs" / "sim.toml", f"rigs/{name}.toml")
    ran = 0
    for line in lines(page):
        words = shlex.split(line)[1:]
        opens = words[0] == "preview" and not {"--png", "--html", "--glb"} & set(words)
        if opens or PARSED.search(line) or (page != "README.md" and DRAWN.search(line)):
            continue
        if words[0] == "new" and "--calibration" not in words:
            Path("first.wp").unlink(missing_ok=True)
        try:
            code = WP.main(words, standalone_mode=False)
        except click.ClickException as wrong:
            pytest.fail(f"{line}: {wrong.format_message()}")
        said = capsys.readouterr()
        assert not code, f"{line}\n{said.err}"
        ran += 1
        if "--calibration" in words:  # what a lab fills in
            shutil.copy(ROOT / "examples" / "calibration_gold.csv", "lines.csv")
    assert ran or page in ("studio.md", "report.md", "printing.md", "rigs.md")


def test_what_the_first_page_shows_of_mistakes_is_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (shown,) = re.findall(r"```text\n\$ wp check first.wp\n(.*?)```", PAGES["README.md"], re.DOTALL)
    Path("first.wp").write_text(
        'wp 1;\nuse "nanocrystal.wp" as nc;\n\nlattice cube = woodpile {\n  size: [400um, 400um];\n  layers: 16;\n'
        "  pitsch: 40um;\n  filament: 10;\n  material: nc.gold;\n}\n\nprint cube { bath: nc.gold_bath; }\n",
        encoding="utf-8",
    )
    assert WP.main(["check", "first.wp"], standalone_mode=False) == 1
    assert capsys.readouterr().err == shown
