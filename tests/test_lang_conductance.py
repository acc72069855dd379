"""What a `check` can ask of a part's conductance, and what `wp measure --conductance` says."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner
from wetprint.cli import app

DESIGN = """wp 1;
use "nanocrystal.wp" as nc;
lattice body = woodpile {{ size: [200um, 200um]; layers: 4; pitch: 40um; filament: 10um; material: nc.{ink}; }}
print body {{ bath: nc.{bath}; }}
check wired {{ assert body.dried.conductance_x > {least}; assert body.dried.conductivity_x < 40[S/m]; }}
"""


def _run(
    folder: Path, *words: str, ink: str = "gold", bath: str = "gold_bath", least: str = "1[uS]"
) -> tuple[int, str]:
    file = folder / "design.wp"
    file.write_text(DESIGN.format(ink=ink, bath=bath, least=least), encoding="utf-8")
    done = CliRunner().invoke(app, [words[0], str(file), *words[1:]])
    return done.exit_code, done.output


def test_a_check_asks_for_it(tmp_path: Path) -> None:
    assert _run(tmp_path, "check")[0] == 0
    code, said = _run(tmp_path, "check", least="1[mS]")
    # Two layers of six lines, 10 um wide and 200 um long, at 40 S/m.
    assert code == 1 and "188.496uS > 1mS" in said


def test_an_ink_whose_conductivity_is_not_known_is_named(tmp_path: Path) -> None:
    code, said = _run(tmp_path, "check", ink="cadmium_selenide", bath="iron_bath")
    assert code == 1 and "E323" in said and "cadmium_selenide" in said


def test_measure_tells_it(tmp_path: Path) -> None:
    code, said = _run(tmp_path, "measure", "--conductance", "xz", "--json")
    assert code == 0
    found = json.loads(said)["states"]["dried"]["conductance"]
    assert list(found) == ["x", "z"]
    assert found["x"]["siemens"] == pytest.approx(1.88496e-4, rel=1e-3)
    assert 0 < found["z"]["effective_s_m"] < 40
    assert _run(tmp_path, "measure", "--conductance", "q")[0] == 2
