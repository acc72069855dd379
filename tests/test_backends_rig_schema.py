"""The JSON schema of rig files, held against the reader by an independent validator."""

import copy
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from wetprint.backends.rigs.new import new_rig
from wetprint.backends.rigs.schema import json_schema
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.rig_file import parse_rig
from wetprint.kernel.rig_schema import SECTIONS

VALIDATOR = jsonschema.Draft7Validator(json_schema())


def example(root: Path) -> str:
    found = re.search(r"```toml\n(.*?)```", (root / "docs" / "rigs.md").read_text(), re.S)
    assert found
    return found[1]


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(json_schema())
    assert set(json_schema()["definitions"]) == set(SECTIONS) - {"rig"}


def test_rigs_that_load_are_valid(root: Path) -> None:
    texts = [p.read_text() for p in sorted((root / "backends" / "rigs").glob("*.toml"))]
    for text in [*texts, example(root)]:
        parse_rig(text, "x")
        assert not list(VALIDATOR.iter_errors(tomllib.loads(text)))


def test_what_a_template_lacks_is_wrong(tmp_path: Path) -> None:
    path, _ = new_rig("lab1", tmp_path)
    assert list(VALIDATOR.iter_errors(tomllib.loads(path.read_text())))


WRONG: list[tuple[str, Any]] = [
    ("moves", "stage"), ("controller.dialect", "aerotec"), ("axes.x.sign", 0), ("axes.x.min_mm", "0"),
    ("axes.y.max_speed_mm_s", 0), ("axes.q", {}), ("origin_mm", [1, 2]), ("heights.clear_um", -1.0), ("nozzles", []),
    ("nozzles.0.inner_um", -1), ("nozzles.0.cone_um", [[0.0]]), ("nozzles.0.loads.0.lags.on_ms", 1e9), ("purge.at", [1, 2]),
    ("dispensers.box.channel", -1), ("controller.task", 1.5), ("axes.x.min_um", 3.0), ("baths", "water"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value"), WRONG, ids=[p for p, _ in WRONG])
def test_what_the_reader_refuses_the_schema_refuses(root: Path, path: str, value: Any) -> None:
    data = tomllib.loads(example(root))
    at: Any = data
    *way, last = path.split(".")
    for step in way:
        at = at[int(step)] if isinstance(at, list) else at[step]
    changed = copy.deepcopy(data)
    at = changed
    for step in way:
        at = at[int(step)] if isinstance(at, list) else at[step]
    at[last] = value
    assert list(VALIDATOR.iter_errors(changed)), path
    if path != "controller.dialect":  # the reader leaves names of drivers to those who know them
        with pytest.raises(WetprintError):
            parse_rig(as_toml(changed), "x")


@pytest.mark.parametrize(
    "key",
    ["moves", "origin_mm", "axes.z", "axes.z.max_mm", "nozzles.0.name", "nozzles.0.loads.0.lags.source"],
)
def test_what_is_needed_is_needed(root: Path, key: str) -> None:
    data = tomllib.loads(example(root))
    at: Any = data
    *way, last = key.split(".")
    for step in way:
        at = at[int(step)] if isinstance(at, list) else at[step]
    del at[last]
    assert list(VALIDATOR.iter_errors(data))
    with pytest.raises(WetprintError):
        parse_rig(as_toml(data), "x")


def as_toml(data: dict[str, Any]) -> str:
    """All of a rig as inline tables."""

    def text(v: Any) -> str:
        if isinstance(v, dict):
            return "{ " + ", ".join(f'"{k}" = {text(x)}' for k, x in v.items()) + " }"
        if isinstance(v, list):
            return "[" + ", ".join(map(text, v)) + "]"
        return json.dumps(v)

    return "\n".join(f'"{k}" = {text(v)}' for k, v in data.items()) + "\n"


def test_the_command_prints_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from wetprint.cli import main; main()", "rig", "schema"],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert json.loads(done.stdout) == json_schema()
