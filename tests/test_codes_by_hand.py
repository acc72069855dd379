"""Codes that hang on the machine under the tool: a missing package, no memory, a solver at its end, lines that break."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from threading import Event
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from wetprint import cli
from wetprint.backends.controller import ControllerError
from wetprint.backends.drawing.picture import ink_colours
from wetprint.backends.printing import watchdog
from wetprint.backends.printing.executor import _Job
from wetprint.backends.printing.preflight import preflight
from wetprint.backends.printing.runner import MachineError
from wetprint.backends.program_folder import put_program
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.drying import frame as drying_frame
from wetprint.kernel.motion import APPROACH
from wetprint.kernel.shrink import dry
from wetprint.lang import server


def test_the_server_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "find_spec", lambda _name: None)
    with pytest.raises(WetprintError, match=r"E007.*pip install 'wetprint\[lsp\]'"):
        server.serve()


@pytest.mark.parametrize(
    ("raised", "code", "rc"),
    [
        (MemoryError(), "X703", 1),
        (ZeroDivisionError("by nothing"), "X799", 3),
        (OSError(28, "full"), "X702", 1),
    ],
)
def test_what_the_command_meets_is_told(
    raised: Exception, code: str, rc: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(**_: Any) -> None:
        raise raised

    monkeypatch.setattr(cli, "app", fails)
    monkeypatch.delenv("WP_TRACEBACK", raising=False)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == rc
    said = capsys.readouterr().err
    assert f"[{code}]" in said and "Traceback" not in said


def test_a_frame_that_finds_no_balance(parts: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    solve = drying_frame.solve
    monkeypatch.setattr(drying_frame, "solve", lambda *args: replace(solve(*args), converged=False))
    done = dry(parts.woodpile(5, 40.0, 10.0, 4), "dried")
    assert done.model == "analytic" and [d.code for d in done.diagnostics] == ["W261"]


def test_more_inks_than_a_picture_can_tell_apart(parts: ModuleType) -> None:
    part = parts.woodpile(2, 40.0, 10.0, 2)
    many = SimpleNamespace(material=np.arange(251), inks=part.inks * 251)
    with pytest.raises(WetprintError, match=r"X724.*251 inks"):
        ink_colours(many)  # type: ignore[arg-type]


def test_a_tip_that_goes_deeper_than_its_shape_is_known(prints: ModuleType) -> None:
    rig = prints.rig()
    good = prints.toolpath(prints.woodpile(3, 2), rig)
    rig = replace(rig, nozzles=tuple(replace(n, cone_um=((0.0, 6.0), (2.0, 7.0))) for n in rig.nozzles))
    assert "M618" not in {d.code for d in preflight(good, rig)}
    last = int(np.flatnonzero((good.kind == APPROACH) & (good.filament < 0))[-1])
    deep = good.position_um.copy()
    deep[last, 2] = 1.0
    assert "M618" in {d.code for d in preflight(replace(good, position_um=deep), rig)}


def test_a_program_folder_that_is_not_there(prints: ModuleType, tmp_path: Path) -> None:
    entry = replace(prints.rig().controller, program_folder=str(tmp_path / "share"), remote_folder="P:\\")
    with pytest.raises(ControllerError) as caught:
        put_program(entry, tmp_path, b"", "run.pgm")
    assert caught.value.code == "M635"
    (tmp_path / "share").mkdir()
    assert put_program(entry, tmp_path, b"G90", "run.pgm") == "P:\\run.pgm"


def test_a_watchdog_that_does_not_start(
    prints: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    stage = SimpleNamespace(fileno=lambda: -1)
    with pytest.raises(ControllerError) as caught:
        watchdog.Watchdog(prints.rig(), tmp_path, stage, ())  # type: ignore[arg-type]
    assert caught.value.code == "M641"


def test_an_output_that_is_still_on_in_the_end() -> None:
    job = _Job.__new__(_Job)
    printer = SimpleNamespace(
        guard=SimpleNamespace(tripped=Event()),
        boxes=list,
        controller=SimpleNamespace(ink_is_off=lambda: False),
    )
    with pytest.raises(MachineError, match="an output of the stage is still on") as caught:
        job._finish(printer)  # type: ignore[arg-type]
    assert caught.value.code == "M640"


def test_a_page_prints_one_thing_at_a_time_and_exports_only_what_is_there(
    prints: ModuleType, tmp_path: Path
) -> None:
    from wetprint.backends.studio.exports import exported
    from wetprint.backends.studio.prints import Prints

    at_work = Prints(tmp_path / "a.wp", tmp_path, lambda: None)
    at_work._process = SimpleNamespace(poll=lambda: None)  # type: ignore[assignment]
    refused = at_work.offer(SimpleNamespace(), prints.rig(), dry_run=False)  # type: ignore[arg-type]
    assert refused["nonce"] == "" and "X745" in str(refused["diagnostics"])
    with pytest.raises(WetprintError, match="X747"):
        exported(None, prints.rig(), tmp_path / "a.wp", "stl", "dried")
