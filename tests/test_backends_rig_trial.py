"""`wp rig test`: what it finds on the emulators is their truth; without leave nothing moves or flows; all ends in time and in ink off."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from wetprint.backends.emulator.sim import Sim, emulate
from wetprint.backends.printing.guard import Control
from wetprint.backends.rigs.store import load_rig
from wetprint.backends.rigs.trial import INK_S, Finding, row, try_rig
from wetprint.kernel.rig import Rig


@pytest.fixture
def control() -> Iterator[Control]:
    control = Control()
    yield control
    control.close()


class Operator:
    """Someone who looks at the emulated world: yes, unless told to see something else."""

    def __init__(self, sees: dict[str, str] | None = None) -> None:
        self.sees, self.asked = sees or {}, []  # type: ignore[var-annotated]

    def __call__(self, question: str, choices: tuple[str, ...]) -> str:
        self.asked.append(question)
        assert choices == ("yes", "no"), "the last choice is the safe one"
        return next((a for words, a in self.sees.items() if words in question), "yes")


def lab(sim: Sim, **changes: Any) -> Rig:
    """A rig of real addresses, for whom the emulators are machines like any other."""
    return replace(sim.rig, simulated=False, **changes)


def failed(found: list[Finding]) -> list[Finding]:
    return [f for f in found if f.passed is False]


def test_without_leave_nothing_moves_and_nothing_flows(control: Control) -> None:
    with emulate(load_rig("sim")) as sim:
        operator = Operator()
        found = try_rig(lab(sim), ask=operator, control=control)
        assert not failed(found) and sum(bool(f.passed) for f in found) == 8, "\n".join(map(row, found))
        assert operator.asked == [] and not sim.world.paths and not sim.world.deposits()
        assert all(state.pressure_kpa == 0.0 for box in sim.world.boxes.values() for _, _, state in box)
        assert not any(level for _, _, _, level in sim.world.outputs)
        assert {f.text for f in found if f.passed is None} == {"--move allows it", "--dispense allows it"}


def test_each_axis_goes_a_millimetre_and_back_with_the_operator_asked(control: Control) -> None:
    with emulate(load_rig("sim")) as sim:
        operator = Operator()
        home = sim.world.position(sim.world.now())
        found = try_rig(lab(sim), move=True, ask=operator, control=control)
        assert not failed(found), "\n".join(map(row, found))
        assert len(operator.asked) == 4 and "hang free" in operator.asked[0]
        ends = np.array([p.at(np.array([p.end_s]))[0] for p in sim.world.paths]) - home
        out = ends[::2]
        # A bath that is carried: the nozzle goes +x, +y and up where the stage goes the other way.
        assert np.allclose(out, -1000.0 * np.eye(3), atol=0.1) and np.allclose(ends[1::2], 0.0, atol=0.1)
        assert not sim.world.deposits()


def test_a_wrong_sign_is_found_by_the_operator(control: Control) -> None:
    with emulate(load_rig("sim")) as sim:
        machine = lab(sim)
        machine = replace(machine, axes={**machine.axes, "y": replace(machine.axes["y"], sign=1)})
        found = try_rig(machine, move=True, ask=Operator({"Axis y": "no"}), control=control)
        (wrong,) = failed(found)
        assert wrong.what == "axis y" and "`sign = -1`" in wrong.text


def test_ink_comes_only_when_it_is_allowed_and_for_as_long_as_told(control: Control) -> None:
    with emulate(load_rig("sim"), scale=5.0) as sim:
        found = try_rig(lab(sim, time_scale=5.0), dispense=True, ask=Operator(), control=control)
        assert not failed(found), "\n".join(map(row, found))
        laid = sim.world.deposits()
        assert [d.nozzle for d in laid] == [0, 1]
        # The valve's lags of the emulated printer: on after 50 ms, off after 40 ms.
        assert all(abs(float(np.ptp(d.time_s)) - (INK_S - 0.01)) < 0.02 for d in laid)
        assert all(sim.world.box(b).pressure_kpa == 0.0 for b in ("left", "right"))
        assert not any(sim.world.output(n, sim.world.now()) for n in (0, 1))


@pytest.mark.parametrize("words", ["Is the tip dry", "did ink come"])
def test_ink_that_is_not_as_it_should_be_fails_and_ends_with_ink_off(control: Control, words: str) -> None:
    with emulate(load_rig("sim")) as sim:
        found = try_rig(lab(sim), dispense=True, ask=Operator({words: "no"}), control=control)
        assert len(failed(found)) == 2
        assert all(sim.world.box(b).pressure_kpa == 0.0 for b in ("left", "right"))
        assert len(sim.world.deposits()) == (0 if "dry" in words else 2)


def test_an_operator_who_says_no_moves_nothing(control: Control) -> None:
    with emulate(load_rig("sim")) as sim:
        operator = Operator({"hang free": "no"})
        found = try_rig(lab(sim), move=True, dispense=True, ask=operator, control=control)
        assert not failed(found) and len(operator.asked) == 2
        assert not sim.world.paths and not sim.world.deposits()


def not_homed(sim: Sim) -> None:
    sim.controller.homed = {"X", "Y"}


def dead_box(sim: Sim) -> None:
    sim.boxes["left"].faults.silent = True


def dead_stage(sim: Sim) -> None:
    sim.controller.faults.silent = "."


def swapped(sim: Sim) -> None:
    sim.boxes["right"].faults.unit_locked = True
    sim.boxes["right"].set_unit_at_panel("01")


def elsewhere(sim: Sim) -> None:
    sim.world.home_um = np.array([50_000.0, 250_000.0, 25_000.0])


@pytest.mark.parametrize(
    ("fault", "device", "words"),
    [
        (not_homed, "stage", "axis Z is not homed"),
        (dead_box, "box left", "no answer"),
        (dead_stage, "stage", "no usable answer"),
        (swapped, "box right", "kPa"),
        (elsewhere, "stage", "outside 0 to 100"),
    ],
)
def test_faults_are_findings_and_nothing_moves_after_them(
    control: Control, fault: Any, device: str, words: str
) -> None:
    with emulate(load_rig("sim")) as sim:
        fault(sim)
        began = time.monotonic()
        found = try_rig(lab(sim), move=True, dispense=True, ask=Operator(), control=control)
        assert time.monotonic() - began < 20.0
        assert any(f.device == device and words in f.text for f in failed(found)), "\n".join(map(row, found))
        assert not sim.world.paths and not sim.world.deposits()


def test_a_stop_in_the_middle_of_a_move_stops_the_stage(control: Control) -> None:
    with emulate(load_rig("sim"), scale=0.5) as sim:

        class Stops(Operator):
            def __call__(self, question: str, choices: tuple[str, ...]) -> str:
                if "hang free" in question:
                    import threading

                    threading.Timer(1.0, control.stop).start()
                return super().__call__(question, choices)

        found = try_rig(lab(sim, time_scale=0.5), move=True, ask=Stops(), control=control)
        assert [f.what for f in failed(found)] == ["axis x", "axis y", "axis z"]
        moved = np.abs(sim.world.position(sim.world.now()) - sim.world.home_um)
        assert 0.0 < moved[0] < 1000.0 and not moved[1:].any() and not sim.world.moving(sim.world.now())
