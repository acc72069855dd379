"""`wp rig test`: what the real devices say of themselves, and, where it is allowed, a millimetre of each axis and a second of ink.

Without leave nothing moves and nothing is dispensed: axes are enabled, outputs switched off, pressures set to 0, all else is read.
With leave the guard and the watchdog of a print stand by. Every wait has a deadline.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...kernel.filaments import Floats, filaments
from ...kernel.motion import DWELL, TRAVEL, Toolpath
from ...kernel.plan import Plan
from ...kernel.rig import ANALOG, Rig
from ...kernel.toolpath.frames import from_stage, to_stage
from ..controller import Controller, ControllerError, Motion, Position, open_controller
from ..dispenser import Ask, Dispenser, DispenserError, open_dispenser
from ..printing.guard import Control, Guard, settle
from ..printing.runner import MARGIN_S, SLOWER, ending
from ..printing.track import PLACE_UM
from ..printing.watchdog import Watchdog

CONNECT_S = 5.0
#: Between two readings of the position that must agree.
REST_S = 0.2
#: How far an axis is moved and how fast, where it is allowed to: far enough to be seen, slow enough to be stopped.
MOVE_UM, SPEED_UM_S = 1000.0, 1000.0
#: How long the valve is open, where it is allowed to be.
INK_S = 1.0
#: Pressure for this where the rig holds no calibration (assumed: low for any nozzle that prints).
INK_KPA = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: of which device, what, whether it `passed` (None: not tried), and what was found."""

    device: str
    what: str
    passed: bool | None
    text: str

    def as_data(self) -> dict[str, str | bool | None]:
        """For machines."""
        return asdict(self)


class _TrialError(Exception):
    """Motion did not end as it should have; ink is off, the stage stopped."""


@dataclass
class _Trial:
    rig: Rig
    ask: Ask
    control: Control
    tell: Callable[[Finding], None]
    folder: Path
    emulated: bool
    found: list[Finding] = field(default_factory=list)
    guard: Guard | None = None
    controller: Controller | None = None
    boxes: dict[str, Dispenser] = field(default_factory=dict)

    def note(self, device: str, what: str, passed: bool | None, text: str) -> None:
        finding = Finding(device, what, passed, text)
        self.found.append(finding)
        self.tell(finding)

    @contextmanager
    def item(self, device: str, what: str) -> Iterator[list[str]]:
        """One finding: what the block appends is its text; what the drivers raise is why it failed."""
        said: list[str] = []
        try:
            yield said
        except (ControllerError, DispenserError, _TrialError) as reason:
            self.note(device, what, False, str(reason))
        else:
            self.note(device, what, True, "; ".join(said))

    def sees(self, question: str) -> bool:
        """The operator's word; the emulators are believed."""
        return self.emulated or self.ask(question, ("yes", "no")) == "yes"

    # Without moving anything

    def stage(self, stack: ExitStack) -> None:
        entry = self.rig.controller
        with self.item("stage", "reached") as said:
            controller = open_controller(self.rig, self.folder)
            stack.callback(controller.close)
            said.append(f"{controller.connect(CONNECT_S)} at {entry.transport}")
            self.controller = controller
        if not self.found[-1].passed:
            self.note("stage", "all else", None, "not reached")
            return
        assert self.controller is not None
        with self.item("stage", "ready") as said:
            said.append(self.controller.prepare())
        with self.item("stage", "position") as said:
            at = self.position()
            said.append(
                " ".join(f"{a} {v / 1000:.4f}" for a, v in zip("xyz", at, strict=True)) + " mm, at rest"
            )
            outside = [
                f"{a} is {v / 1000:.3f} mm, outside {self.rig.axes[a].min_um / 1000:g} to {self.rig.axes[a].max_um / 1000:g}"
                for a, v in zip("xyz", at, strict=True)
                if not self.rig.axes[a].min_um - PLACE_UM <= v <= self.rig.axes[a].max_um + PLACE_UM
            ]
            if outside:
                raise _TrialError("; ".join(outside) + ": limits, units or homing are not what the rig says")
        self.outputs()

    def outputs(self) -> bool:
        """Whether the valves' outputs read back as off."""
        assert self.controller is not None
        off = self.controller.ink_is_off()
        words = {True: "read back: off", False: "an output is ON", None: "the controller does not tell them"}
        self.note("stage", "valve outputs", off, words[off])
        return off is not False

    def box(self, name: str, stack: ExitStack) -> None:
        entry = self.rig.dispensers[name]
        device = f"box {name}"
        if entry.kind == ANALOG:
            # `prepare` of the stage has set it to 0.
            self.note(
                device,
                "reached",
                None,
                f"analog output {entry.channel} of the stage, set to 0; nothing reads its pressure back",
            )
            return
        opened: list[Dispenser] = []
        with self.item(device, "reached") as said:
            opened.append(open_dispenser(name, entry, self.ask))
            stack.callback(opened[0].close)
            said.append(f"{entry.kind} at {entry.transport}")
        for box in opened:
            with self.item(device, "unit, mode, pressure") as said:
                said.append(box.prepare())
                self.boxes[name] = box

    def position(self) -> Position:
        """Where the stage stands, read twice. Raises _TrialError where it moves."""
        assert self.controller is not None
        first = self.controller.status()
        if first.motion in (Motion.RUNNING, Motion.HELD):
            raise _TrialError(f"the controller is busy with a program ({first.motion.value})")
        time.sleep(REST_S)
        second = self.controller.status().position_um
        if math.dist(first.position_um, second) > PLACE_UM:
            raise _TrialError("the stage moves, and nothing told it to")
        return second

    # With leave

    def run(self, path: Toolpath, name: str) -> None:
        """Run a small program to its end. Raises _TrialError; then ink is off and the stage has stopped."""
        from ..dialects import DIALECTS

        assert self.controller is not None and self.guard is not None
        program = DIALECTS[self.rig.controller.dialect].write(path, self.rig, slice(1, len(path)))
        planned_s = float(path.time_s[-1]) / self.rig.time_scale
        deadline = time.monotonic() + SLOWER * planned_s + MARGIN_S
        if self.guard.tripped.is_set():
            raise _TrialError("not tried: stopped before")
        self.control.catch_signals()
        try:
            self.controller.begin(program.data, name)
            while (status := self.controller.status()).motion is Motion.RUNNING:
                if self.guard.tripped.is_set():
                    raise _TrialError("stopped")
                if time.monotonic() > deadline:
                    raise _TrialError(f"a program of {planned_s:.1f} s is not done")
                time.sleep(0.02)
            if self.guard.tripped.is_set() or status.motion is not Motion.DONE:
                raise _TrialError(f"the program ended as `{status.motion.value}` {status.text}".strip())
        except BaseException:
            self.cut("the test broke off")
            raise
        finally:
            self.control.release_signals()

    def cut(self, why: str) -> None:
        assert self.controller is not None and self.guard is not None
        # A trip of the guard's own may have come before the program ran.
        self.guard.trip(why, started=True)
        stopped = settle(self.controller, list(self.boxes.values()), self.guard.what_happened())
        if not stopped.ink_off:
            self.note("stage", "ink off", False, "INK COULD NOT BE SHOWN TO BE OFF: look at the nozzle now")

    def stand_by(self, stack: ExitStack) -> str:
        """Guard and watchdog, as in a print, until `stack` ends."""
        assert self.controller is not None
        boxes = list(self.boxes.values())
        watchdog = Watchdog(self.rig, self.folder, self.controller, boxes)
        stack.callback(watchdog.close)
        self.guard = Guard(self.controller, boxes, self.control, self.folder, lambda why: None)
        stack.callback(self.guard.close)
        return "cuts ink and stops the stage if this process dies"

    def axes(self) -> None:
        if not self.sees(
            f"The stage will move each axis by {MOVE_UM / 1000:g} mm and back. Does the tip hang free, a few mm above all?"
        ):
            self.note("stage", "axes", None, "not moved: the operator said no")
            return
        for k, axis in enumerate("xyz"):
            with self.item("stage", f"axis {axis}") as said:
                said.append(self.axis(k))

    def axis(self, k: int) -> str:
        axis, name = self.rig.axes["xyz"[k]], "xyz"[k]
        here = np.array(self.position())
        part = from_stage(self.rig, here[None, :], 0)[0]
        ways = (1.0,) if name == "z" else (1.0, -1.0)
        for way in ways:
            there = part.copy()
            there[k] += way * MOVE_UM
            goal = to_stage(self.rig, there[None, :], 0)[0]
            if axis.min_um <= goal[k] <= axis.max_um:
                break
        else:
            raise _TrialError(f"no room for {MOVE_UM / 1000:g} mm {'upwards' if name == 'z' else ''}".strip())
        speed = min(SPEED_UM_S, axis.max_speed_um_s)
        self.run(_moves(self.rig, np.array([part, there]), speed), f"test_{name}_out{ending(self.rig)}")
        moved = np.array(self.position()) - goal
        if float(np.abs(moved).max()) > PLACE_UM:
            raise _TrialError(f"it stands {float(np.abs(moved).max()):.1f} um from where it was sent")
        word = {"x": "to the right (+x)", "y": "away from you (+y)", "z": "up (+z)"}[name]
        if way < 0:
            word = {"x": "to the left (-x)", "y": "towards you (-y)"}[name]
        right = self.sees(
            f"Axis {name}: seen over the substrate, in the directions of your part, did the nozzle go"
            f" {MOVE_UM / 1000:g} mm {word}?"
        )
        self.run(_moves(self.rig, np.array([there, part]), speed), f"test_{name}_back{ending(self.rig)}")
        away = float(np.abs(np.array(self.position()) - here).max())
        if not right:
            raise _TrialError(
                f"the operator did not see it go {word}: if it went the other way, the rig needs `sign = {-axis.sign}`"
            )
        if away > PLACE_UM:
            raise _TrialError(f"it came back {away:.1f} um beside where it began")
        told = "emulated" if self.emulated else "confirmed by the operator"
        return f"sign {axis.sign:+d} {told}; there and back within {max(away, float(np.abs(moved).max())):.2f} um"

    def ink(self) -> None:
        if not self.sees(
            f"Ink will come out of each nozzle for {INK_S:g} s. Does every tip hang free, with something under it?"
        ):
            self.note("boxes", "ink", None, "not dispensed: the operator said no")
            return
        for n, nozzle in enumerate(self.rig.nozzles):
            if any(self.rig.dispensers[name].kind == ANALOG for name in nozzle.boxes):
                self.note(
                    f"nozzle {nozzle.name}",
                    "ink",
                    None,
                    "pressures on analog outputs are tried by a first print",
                )
                continue
            if nozzle.dispenser not in self.boxes:
                self.note(f"nozzle {nozzle.name}", "ink", None, f"box {nozzle.dispenser} is not ready")
                continue
            with self.item(f"nozzle {nozzle.name}", "ink") as said:
                box = self.boxes[nozzle.dispenser]
                try:
                    said.append(self.one_ink(n, box))
                finally:
                    with suppress(DispenserError):
                        box.set_pressure(0.0)

    def one_ink(self, n: int, box: Dispenser) -> str:
        nozzle = self.rig.nozzles[n]
        entry = self.rig.dispensers[nozzle.dispenser]
        known = [load.calibration[0].pressure_kpa for load in nozzle.loads if load.calibration]
        kpa = min(max(entry.pressure_min_kpa, min(known, default=INK_KPA)), entry.pressure_max_kpa)
        box.set_pressure(kpa)
        if not self.sees(f"{nozzle.name} has {kpa:g} kPa and its valve is closed. Is the tip dry?"):
            raise _TrialError(f"ink comes at {kpa:g} kPa with output {nozzle.output} off")
        at = from_stage(self.rig, np.array(self.position())[None, :], n)[0]
        self.run(_shot(self.rig, at, n), f"test_{nozzle.name}{ending(self.rig)}".replace(" ", "_"))
        assert self.controller is not None
        if self.controller.ink_is_off() is False:
            self.cut("an output stays on")
            raise _TrialError(f"output {nozzle.output} is still on after {INK_S:g} s")
        if not self.sees(f"{nozzle.name}: did ink come for {INK_S:g} s, and stop?"):
            raise _TrialError(f"no ink seen, or no end of it (output {nozzle.output}, {kpa:g} kPa)")
        told = "emulated" if self.emulated else "seen by the operator"
        return f"{kpa:g} kPa set and read back; {INK_S:g} s of ink {told}"


def _toolpath(
    rig: Rig, points: Floats, n: int, speed_um_s: float, dwell_s: Floats, valve: list[bool]
) -> Toolpath:
    none = filaments(
        np.zeros((0, 3)), np.zeros(0, np.int64), width_um=np.array(1.0), material=0, layer=0, origin=0, inks=(), spans=(),
        state="wet",
    )  # fmt: skip
    plan = Plan(none, np.zeros(0, np.int64), np.zeros(0, bool), np.zeros(0, np.int16))
    length = np.zeros(len(points))
    length[1:] = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return Toolpath(
        plan,
        points,
        np.full(len(points), speed_um_s),
        np.cumsum(length / speed_um_s + dwell_s),
        np.array(valve),
        np.zeros((len(points), len(rig.nozzles))),
        np.full(len(points), -1, np.int64),
        np.where(dwell_s > 0, DWELL, TRAVEL).astype(np.int8),
        dwell_s,
        np.full(len(points), n, np.int16),
    )


def _moves(rig: Rig, points: Floats, speed_um_s: float) -> Toolpath:
    """A straight way with closed valves."""
    return _toolpath(rig, points, 0, speed_um_s, np.zeros(len(points)), [False] * len(points))


def _shot(rig: Rig, at_um: Floats, n: int) -> Toolpath:
    """The valve of nozzle `n` open for INK_S on a standing stage; the controller itself closes it."""
    return _toolpath(
        rig,
        np.repeat(at_um[None, :], 3, axis=0),
        n,
        1000.0,
        np.array([0.0, INK_S, 1e-3]),
        [False, True, False],
    )


def try_rig(
    rig: Rig,
    *,
    move: bool = False,
    dispense: bool = False,
    ask: Ask,
    control: Control,
    tell: Callable[[Finding], None] = lambda finding: None,
    sim: Any = None,
) -> list[Finding]:
    """Look at every device of `rig`. `tell` hears each finding as it comes. A rig with `emulated:` addresses gets its emulators
    (`sim` brings them) and no questions. Faults of devices are findings, not exceptions."""
    from ..emulator.sim import is_emulated, start

    with ExitStack() as stack:
        emulated = sim is not None or is_emulated(rig)
        if sim is None and emulated:
            sim = start(rig)
            stack.callback(sim.close)
        live = sim.rig if sim is not None else rig
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wp-rig-")))
        t = _Trial(live, ask, control, tell, folder, emulated)
        t.stage(stack)
        for name in rig.dispensers:
            t.box(name, stack)
        steps = [
            ("--move", move, t.axes, "axis signs, travel"),
            ("--dispense", dispense, t.ink, "pressure, valves, ink"),
        ]
        for option, allowed, step, what in steps:
            if not allowed:
                t.note("with leave", what, None, f"{option} allows it")
            elif t.controller is None or any(f.passed is False for f in t.found):
                t.note("with leave", what, None, "not tried: what is told above comes first")
            else:
                with ExitStack() as standby:
                    with t.item("watchdog", "ready") as said:
                        said.append(t.stand_by(standby))
                    if t.guard is not None:
                        step()
                t.guard = None
        return t.found


def row(f: Finding) -> str:
    """A finding as one line."""
    verdict = {True: "ok    ", False: "FAILED", None: "-     "}[f.passed]
    return f"{verdict}  {f.device:<12}  {f.what:<22}  {f.text}".rstrip()


def at_terminal(rig: Rig, *, move: bool, dispense: bool, tell: Callable[[Finding], None]) -> list[Finding]:
    """`try_rig` with the questions put on the terminal."""
    from ..printing.session import Terminal

    control = Control()
    terminal = Terminal(control)
    try:
        return try_rig(rig, move=move, dispense=dispense, ask=terminal.ask, control=control, tell=tell)
    finally:
        terminal.close()
        control.close()
