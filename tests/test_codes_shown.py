"""Every code of every register: shown by an example that triggers it, or told in words beside a test that triggers it."""

from __future__ import annotations

import os
import re
import shlex
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from wetprint.backends.codes import CODES as OF_BACKENDS
from wetprint.backends.rigs.store import BUILT_IN
from wetprint.backends.shown import SHOWN as BY_BACKENDS
from wetprint.cli import main
from wetprint.kernel.codes import CODES as OF_KERNEL
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.shown import SHOWN as BY_KERNEL
from wetprint.kernel.shown import Shown, told
from wetprint.lang.codes import CODES as OF_LANG
from wetprint.lang.shown import SHOWN as BY_LANG
from wetprint.lang.starter import starter

CODES = {c.code: c for c in (*OF_LANG, *OF_KERNEL, *OF_BACKENDS)}
SHOWN = {**BY_LANG, **BY_KERNEL, **BY_BACKENDS}
COMMANDS = [c for c, s in SHOWN.items() if s.by.startswith(("$", ">"))]
#: Told in words, and triggered by no test: why not.
UNTRIED = {
    "X717": "a fault of the meshing library that no part is known to show",
    "X742": "a warning for whoever opens the studio to the network, which tests do not",
}


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else repr(value)


def merge(old: dict[str, Any], new: dict[str, Any]) -> None:
    for key, value in new.items():
        if key in ("nozzles", "loads"):
            # One entry stands for all of that list, or for that of its name.
            for entry in old[key]:
                if value[0].get("name", entry.get("name")) == entry.get("name"):
                    merge(entry, value[0])
        elif isinstance(value, dict) and key != "lags":
            merge(old.setdefault(key, {}), value)
        else:
            old[key] = value


def without(data: Any, path: list[str]) -> None:
    for entry in data if isinstance(data, list) else [data]:
        if len(path) == 1:
            del entry[path[0]]
        else:
            without(entry[path[0]], path[1:])


def rig(change: str) -> str:
    data = tomllib.loads((BUILT_IN / "sim.toml").read_text(encoding="utf-8"))
    merge(data, tomllib.loads(change))
    for name in re.findall(r"^# without (\S+)", change, re.MULTILINE):
        without(data, name.split("."))
    return "".join(f"{k} = {toml(v)}\n" for k, v in data.items())


def lay_out(shown: Shown, folder: Path) -> None:
    (folder / "body.wp").write_text(shown.design or starter("body"), encoding="utf-8")
    (folder / "rigs").mkdir()
    if shown.rig:
        (folder / "rigs" / "lab.toml").write_text(rig(shown.rig), encoding="utf-8")
    elif "lab" in shown.by:
        (folder / "rigs" / "lab.toml").write_text(rig(""), encoding="utf-8")
    for name, text in shown.files:
        (folder / name.partition(",")[0]).write_text(text, encoding="utf-8")


def do(by: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """What the last line says, be it of Python or of the shell."""
    names: dict[str, Any] = {}
    said = ""
    for line in by.strip().splitlines():
        if line.startswith(">>> "):
            try:
                exec(line[4:], names)
            except WetprintError as caught:
                said = str(caught)
            continue
        words = shlex.split(line.removeprefix("$ "))
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit):
            main()
        held = capsys.readouterr()
        said = held.out + held.err
    return said


@pytest.mark.parametrize("code", COMMANDS)
def test_what_shows_a_code_shows_it(
    code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lay_out(SHOWN[code], tmp_path)
    said = do(SHOWN[code].by, capsys, monkeypatch)
    assert f"[{code}]" in said, said
    assert "X799" not in said


def test_every_code_has_something_that_shows_it() -> None:
    assert [c for c, code in CODES.items() if not code.example and c not in SHOWN] == []


def test_what_is_told_in_words_is_triggered_by_some_test(root: Path) -> None:
    here = Path(__file__).name
    text = "\n".join(
        p.read_text(encoding="utf-8") for p in (root / "tests").glob("test_*.py") if p.name != here
    )
    words = [c for c in CODES if not CODES[c].example and c not in COMMANDS]
    assert {c for c in words if c not in text} <= set(UNTRIED)


def test_explain_tells_every_code(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for code in CODES:
        text = told(CODES[code], SHOWN.get(code))
        assert text.startswith(f"{code}: ") and text.count("\n\n    ") >= 1, code
    said = do("$ wp explain r511", capsys, monkeypatch)
    assert "# without nozzles.loads.calibration" in said and "$ wp check body.wp --rig lab" in said
    assert os.linesep.join(("Example:", "", "    wp 1;")) in do("$ wp explain E201", capsys, monkeypatch)
