"""OctoPrint's virtual printer, a faulty Marlin that is none of ours: our driver loses and doubles no line of a program on it."""

import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from wetprint.backends.controller import Controller, Motion, open_controller
from wetprint.backends.dialects import DIALECTS
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.toolpath.frames import to_stage

BRIDGE = Path(__file__).parent / "support" / "octoprint_bridge.py"
#: A Python that has OctoPrint (pip install OctoPrint in an environment of its own), 1.11 or later.
PYTHON = os.environ.get("WP_OCTOPRINT_PYTHON", "")
needs_octoprint = pytest.mark.skipif(
    not PYTHON,
    reason="THE REFEREE OF MARLIN'S PROTOCOL IS MISSING: name a Python that has OctoPrint in WP_OCTOPRINT_PYTHON",
)
#: What a Marlin 2 tells that this printer words otherwise: steps behind `Count`, here of 0.01 mm. Its moves take a tenth of their time.
MARLIN = {
    "m114FormatString": "X:{x} Y:{y} Z:{z} E:0 Count X:{a} Y:{b} Z:{c}",
    "simulated_errors": [],
    "eeprom": {
        "steps": {"X": 100.0, "Y": 100.0, "Z": 100.0},
        "feedrate": {"Z": 50.0},
        "max_accel": {"Z": 500.0},
    },
}
#: Line numbers count from prepare(), some ten lines before the program.
ERRORS = [
    "20:resend",
    "31:missing_lineno",
    "36:checksum_mismatch",
    "41:resend",
    "42:resend",
    "55:checksum_mismatch",
]


class Printer:
    """The referee: `done` are the commands that it carried out, in order."""

    def __init__(self, folder: Path, changes: dict[str, Any]) -> None:
        self._process = subprocess.Popen(
            [PYTHON, str(BRIDGE), str(folder), json.dumps({**MARLIN, **changes})],
            stdout=subprocess.PIPE,
            text=True,
        )
        self._said: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.terminal = self._said.get(timeout=30.0)
        self.done: list[str] = []

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(line.strip())

    def carried_out(self) -> list[str]:
        while not self._said.empty():
            self.done.append(self._said.get())
        return self.done

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def driven(folder: Path, **changes: Any) -> Iterator[tuple[Printer, Controller]]:
    folder.mkdir(exist_ok=True)
    printer = Printer(folder, changes)
    rig = load_rig("sim-marlin")
    entry = replace(rig.controller, transport=f"serial:{printer.terminal}")
    driver = open_controller(replace(rig, controller=entry, time_scale=1.0), folder)
    try:
        yield printer, driver
    finally:
        driver.close()
        printer.close()


def run(plans: ModuleType, folder: Path, **changes: Any) -> tuple[list[str], list[str]]:
    """(lines of a program, lines that were carried out) of a print of a small lattice."""
    rig = plans.sim()
    path = plans.planned(
        plans.cross_layers(2, 200.0, 40.0), replace(rig, controller=load_rig("sim-marlin").controller)
    )[1]
    program = DIALECTS["marlin"].write(path, rig, slice(1, len(path)))
    with driven(folder, **changes) as (printer, driver):
        assert "Virtual Marlin" in driver.connect(5.0)
        driver.prepare()
        printer.carried_out().clear()
        driver.begin(program.data, "a.gcode")
        end = time.monotonic() + 60.0
        while (found := driver.status()).motion is Motion.RUNNING:
            assert time.monotonic() < end, "it hangs"
            time.sleep(0.02)
        assert found.motion is Motion.DONE, found
        last = to_stage(rig, path.position_um[-1:], int(path.nozzle[-1]))[0]
        assert np.abs(np.array(found.position_um) - last).max() <= 10.0, "to the 0.01 mm that it tells"
        done = [line for line in printer.carried_out() if not line.startswith("M114")]
    wanted = [line.partition(";")[0].strip() for line in program.text.split("\n")]
    return [line for line in wanted if line], done


@needs_octoprint
@pytest.mark.parametrize("ok", ["ok", "ok N{lastN} P{buffer} B3"])
@pytest.mark.parametrize("errors", [[], ERRORS])
def test_no_line_is_lost_or_doubled(plans: ModuleType, tmp_path: Path, errors: list[str], ok: str) -> None:
    wanted, done = run(plans, tmp_path / "a", simulated_errors=errors, okFormatString=ok)
    # Where free blocks are told, the rest at the end is not sent.
    assert done == (wanted[:-1] if "P" in ok else wanted) and len(wanted) > 60
