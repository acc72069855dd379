"""Signs of axes are asserted before a real stage moves for the first time: asked once, kept, and nothing moves without."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from wetprint.backends.emulator.sim import Sim, emulate
from wetprint.backends.printing.journal import show_run
from wetprint.backends.printing.signs import NAME
from wetprint.backends.printing.states import State
from wetprint.kernel.rig import Rig


@pytest.fixture
def sim(prints: ModuleType) -> Iterator[Sim]:
    with emulate(prints.rig()) as made:
        yield made


def real(sim: Sim) -> Rig:
    """A rig of real addresses, for which the emulators are machines like any other."""
    return replace(sim.rig, simulated=False)


def test_it_is_asked_once_for_the_same_axes(prints: ModuleType, sim: Sim, tmp_path: Path) -> None:
    machine = real(sim)
    path = prints.toolpath(prints.woodpile(2, 1), machine)
    first, second = prints.Desk(), prints.Desk()
    assert prints.go(path, machine, tmp_path, desk=first).state is State.DONE
    (asked,) = first.asked
    assert "towards x -, y -, z -" in asked and "wp rig test sim --move" in asked
    assert [a["answer"] for a in show_run("last", tmp_path)["answers"]] == ["yes"]
    assert prints.go(path, machine, tmp_path, desk=second).state is State.DONE and not second.asked
    # Another sign is another assertion, and so is a record that cannot be read.
    other = replace(machine, axes={**machine.axes, "x": replace(machine.axes["x"], sign=1)})
    third = prints.Desk()
    prints.go(prints.toolpath(prints.woodpile(2, 1), other), other, tmp_path, desk=third)
    assert len(third.asked) == 1 and len(json.loads((tmp_path / NAME).read_text())) == 2
    (tmp_path / NAME).write_text("[")
    fourth = prints.Desk()
    prints.go(path, machine, tmp_path, desk=fourth)
    assert len(fourth.asked) == 1


def test_without_a_yes_nothing_moves(prints: ModuleType, sim: Sim, tmp_path: Path) -> None:
    machine = real(sim)
    path = prints.toolpath(prints.woodpile(2, 1), machine)
    result = prints.go(path, machine, tmp_path, desk=prints.Desk({"The first print": "stop"}))
    assert result.state is State.STOPPING and result.executed == 0 and result.ink_off
    assert not sim.world.paths and not sim.world.deposits() and not (tmp_path / NAME).exists()


def test_emulators_are_believed(prints: ModuleType, sim: Sim, tmp_path: Path) -> None:
    desk = prints.Desk()
    machine = prints.rig()
    prints.go(prints.toolpath(prints.woodpile(2, 1), machine), machine, tmp_path, sim=sim, desk=desk)
    assert not desk.asked and not (tmp_path / NAME).exists()
