"""A stage that leaves its way: digits that changed places within a line pass Marlin's checksum, and GRBL has none."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from wetprint.backends.controllers.marlin import _numbered
from wetprint.backends.emulator.sim import emulate
from wetprint.backends.printing.states import State
from wetprint.backends.streaming import Streamer


def test_swapped_digits_pass_marlins_checksum() -> None:
    good, bad = _numbered(55, b"G1 X50.0400 Y50.2000"), _numbered(55, b"G1 X500.400 Y50.2000")
    assert good[-4:] == bad[-4:]


@pytest.mark.parametrize("name", ["sim-marlin", "sim-grbl"])
def test_a_changed_move_is_seen_by_where_the_stage_goes(
    prints: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    machine = prints.rig(name, time_scale=4.0)
    path = prints.toolpath(prints.long_lines(), machine)
    kept = Streamer._stream

    def swapped(self: Any, lines: Any, blocks: Any, program: str) -> None:
        # The way back over the part becomes one far to its side.
        k = next(k for k, line in enumerate(lines) if b"X49.25" in line.data and k > 6)
        lines[k].data = lines[k].data.replace(b"X49.25", b"X42.95")
        kept(self, lines, blocks, program)

    monkeypatch.setattr(Streamer, "_stream", swapped)
    with emulate(machine, scale=4.0) as sim:
        result = prints.go(path, machine, tmp_path, sim=sim)
        assert result.state is State.FAILED and result.ink_off
        (told,) = result.diagnostics
        assert told.code == "M636" and "mm beside its way" in told.message
        now = sim.world.now()
        assert not sim.world.moving(now)
        assert all(spans[-1][1] < now for w in sim.world.wiring if (spans := sim.world.triggers(w, now)))
