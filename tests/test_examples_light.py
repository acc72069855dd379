"""The examples that two photons write, from their text to what a writer would do with the file; and through the commands."""

from __future__ import annotations

import io
import json
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from wetprint.backends.writers import WRITERS
from wetprint.cli import main
from wetprint.kernel.build import Job, build
from wetprint.kernel.check import run_checks
from wetprint.kernel.diagnostics import Severity
from wetprint.kernel.figures.contacts import find_contacts
from wetprint.kernel.shrink import complete_jobs
from wetprint.lang.load import load

EXAMPLES = ("two_photon_lattice", "woodpile_twice")


@pytest.fixture(scope="module")
def made(root: Path) -> dict[str, tuple[Any, tuple[Job, ...]]]:
    out = {}
    for name in EXAMPLES:
        loaded = load(root / "examples" / f"{name}.wp")
        assert loaded.scene is not None, loaded.diagnostics
        jobs, said = build(loaded.scene)
        assert not said
        jobs, said = complete_jobs(loaded.scene, jobs, model="analytic")
        assert not said
        out[name] = loaded.scene, jobs
    return out


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_rule_is_broken(made: dict[str, Any], name: str) -> None:
    scene, jobs = made[name]
    assert all(d.severity is Severity.NOTE for d in run_checks(scene, jobs, None))


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_writer_does_what_was_planned(made: dict[str, Any], name: str, gwl_referee: ModuleType) -> None:
    _, jobs = made[name]
    job = jobs[-1]
    out = io.BytesIO()
    WRITERS["gwl"].write([job], out)
    done, machine = gwl_referee.run(out.getvalue().decode())
    f = job.light.writing.lines
    p = f.state("wet").points_um
    assert len(done) == len(f)
    full = job.light.how.full_power
    for t, (a, b) in zip(done, pairwise(f.offsets.tolist()), strict=True):
        assert np.abs(np.array(t.sample) - p[a:b]).max() <= 1e-3
        assert np.abs(np.array(t.power) * full / job.light.writing.power[a:b] - 1).max() <= 1e-4
    assert machine.stage == pytest.approx([0.0, 0.0], abs=1e-6)


def nodes(job: Job, state: Any) -> set[tuple[int, int, int]]:
    places = find_contacts(job.filaments, state, pairs=True).places
    return {
        (int(a), int(b), round(8 * float(s)))
        for p in places
        for a, b, s in zip(p.one, p.two, p.part1, strict=True)
    }


def test_the_woodpile_has_one_node_graph_as_ink_and_as_light(made: dict[str, Any]) -> None:
    _, (ink, light) = made["woodpile_twice"]
    found = nodes(light, "dried")
    assert found == nodes(ink, "dried") and len(found) == 3 * 25


def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str
) -> tuple[str, str, int]:
    monkeypatch.setattr(sys, "argv", ["wp", *words])
    with pytest.raises(SystemExit) as left:
        main()
    held = capsys.readouterr()
    return held.out, held.err, int(left.value.code or 0)


def test_the_commands(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    design = str(root / "examples" / "two_photon_lattice.wp")
    out, _, code = run(capsys, monkeypatch, "plan", design, "--json")
    write = next(s for s in json.loads(out)["steps"] if s["step"] == "write")
    assert code == 0 and write["lines"] == 1312 and write["blocks"] == 1 and write["floating_lines"] == 0
    assert write["time_s"] == pytest.approx(write["scan_s"] + 1312 * 0.05)
    out, _, code = run(capsys, monkeypatch, "measure", design, "--json")
    assert code == 0 and "nanocrystal_ug" not in json.loads(out)["materials"]["pin"]
    for k in range(2):
        _, _, code = run(capsys, monkeypatch, "export", design, "-o", str(tmp_path / f"{k}.gwl"))
        assert code == 0
    assert (tmp_path / "0.gwl").read_bytes() == (tmp_path / "1.gwl").read_bytes()
    _, err, code = run(capsys, monkeypatch, "print", design, "--rig", "sim")
    assert code != 0 and "[X764]" in err
    _, _, code = run(capsys, monkeypatch, "report", design, "-o", str(tmp_path / "sheet.md"))
    assert code == 0 and "1312 in 1 block" in (tmp_path / "sheet.md").read_text()
