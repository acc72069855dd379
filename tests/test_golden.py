"""Golden folders: one design a folder, one file for each stage of the pipeline, so that a diff names the room that changed.

`python -m pytest tests/test_golden.py --update` rewrites them.
"""

import dataclasses
import enum
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from wetprint.backends.dialects import DIALECTS
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.build import build
from wetprint.kernel.diagnostics import Severity, Source, Span
from wetprint.kernel.filaments import FilamentSet, State
from wetprint.kernel.motion import make_toolpath
from wetprint.kernel.order import make_plan
from wetprint.kernel.shrink import complete_jobs
from wetprint.lang.load import load
from wetprint.lang.render import to_terminal

GOLDEN = Path(__file__).parent / "golden"


def number(x: float) -> str:
    return f"{x:.9g}"


def dump(value: object, depth: int = 0) -> Iterator[str]:
    """Plain indented text of dataclasses, mappings and sequences; spans as their place, sources left out."""
    pad = "  " * depth
    if isinstance(value, Span):
        at = f"{value.line}:{value.start}-{value.end}"
        yield f"{pad}@{at if value.source.name.endswith('input.wp') else Path(value.source.name).name}"
    elif isinstance(value, Source):
        return
    elif isinstance(value, enum.Enum):
        yield f"{pad}{value.name}"
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield f"{pad}{type(value).__name__}"
        for field in dataclasses.fields(value):
            inner = list(dump(getattr(value, field.name), depth + 2))
            if inner:
                yield f"{pad}  {field.name}:" + (f" {inner[0].strip()}" if len(inner) == 1 else "")
                yield from inner if len(inner) > 1 else ()
    elif isinstance(value, Mapping):
        for key in value:
            inner = list(dump(value[key], depth + 1))
            yield f"{pad}{key}:" + (f" {inner[0].strip()}" if len(inner) == 1 else "")
            yield from inner if len(inner) > 1 else ()
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from dump(item, depth)
    elif isinstance(value, float):
        yield f"{pad}{number(value)}"
    elif callable(value):
        yield f"{pad}(callable)"
    else:
        yield f"{pad}{value!r}"


def filaments_text(jobs_filaments: FilamentSet) -> Iterator[str]:
    f = jobs_filaments
    for i in range(len(f)):
        yield f"filament {i} layer {f.layer[i]} ink {f.inks[f.material[i]].name} line {f.spans[f.origin[i]].line}"
        for name, s in (("wet", f.wet), ("dried", f.dried)):
            assert isinstance(s, State)
            for p in range(f.offsets[i], f.offsets[i + 1]):
                x, y, z = s.points_um[p]
                yield f"  {name:5} {x:10.3f} {y:10.3f} {z:10.3f}  {s.width_um[p]:.3f} x {s.height_um[p]:.3f}"


def stages(case: Path) -> dict[str, str]:
    loaded = load(case / "input.wp", text=(case / "input.wp").read_text())
    loaded_ok = loaded.scene is not None and all(d.severity < Severity.ERROR for d in loaded.diagnostics)
    if not loaded_ok:
        said = to_terminal(loaded.diagnostics, colour=False, width=110)
        return {"error.txt": said.replace(str(case / "input.wp"), "input.wp")}
    assert loaded.scene is not None
    jobs, said_build = build(loaded.scene)
    assert all(d.severity < Severity.ERROR for d in said_build)
    # The closed form: element-wise arithmetic gives the same bytes on every processor, a sparse solve need not.
    jobs, _ = complete_jobs(loaded.scene, jobs, model="analytic")
    rig = load_rig("sim", [])
    plan = make_plan(jobs, rig)
    plan.validate()
    toolpath = make_toolpath(plan, rig)
    steps = [
        step if isinstance(step, tuple) else f"{step.kind} {step.name} nozzle {step.nozzle}".rstrip()
        for step in plan.steps()
    ]
    files = {
        "tree.txt": "\n".join(dump(loaded.module)),
        "scene.txt": "\n".join(dump(loaded.scene)),
        "filaments.txt": "\n".join(line for job in jobs for line in filaments_text(job.filaments)),
        "plan.json": json.dumps(steps, default=bool).replace("], ", "],\n").replace('", ', '",\n'),
    }
    for name in ("aerotech", "linuxcnc"):
        files[f"program.{name}"] = DIALECTS[name].write(toolpath, rig).text
    assert np.isfinite(toolpath.position_um).all()
    return {name: text.rstrip("\n") + "\n" for name, text in files.items()}


@pytest.mark.parametrize("case", sorted(p for p in GOLDEN.iterdir() if p.is_dir()), ids=lambda p: p.name)
def test_every_stage_is_as_before(case: Path, request: pytest.FixtureRequest) -> None:
    found = stages(case)
    if request.config.getoption("--update"):
        for old in case.iterdir():
            if old.name != "input.wp":
                old.unlink()
        for name, text in found.items():
            (case / name).write_text(text)
    expected = {p.name: p.read_text() for p in case.iterdir() if p.name != "input.wp"}
    assert set(found) == set(expected)
    for name, text in found.items():
        assert text == expected[name], f"{case.name}/{name} changed"
