"""Runs the sections of a toolpath on an open printer: pressures, programs, polling, progress; stops are the guard's."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ...kernel.diagnostics import Span
from ...kernel.motion import APPROACH, DWELL, ON_THE_SPOT, PRINT, Program, Toolpath
from ...kernel.plan import Event
from ...kernel.rig import ANALOG, Rig
from ...kernel.toolpath.frames import to_stage
from ..controller import Controller, ControllerError, Motion, Position, Status
from ..dispenser import Ask, Dispenser
from .camera import Camera
from .guard import Control, Guard
from .journal import Journal, JournalError
from .rejoin import Work
from .sections import Section, sections
from .states import FOLLOWS, Progress, State
from .track import PLACE_UM, Track, last_rows

#: Pause between two polls of the controller.
POLL_S = 0.02
#: A section may take so much longer than planned, plus a fixed margin, before it counts as hung.
SLOWER, MARGIN_S = 1.5, 15.0
#: Seen so far beside its way, so often in a row, the stage does not run the program that was sent (assumed: beyond what corners are rounded
#: by, and what a stage moves in rapids between two of its axes being read). No board's checksum sees all that a line can do to a move:
#: Marlin's does not see swapped digits, GRBL has none.
ASTRAY_UM, ASTRAY_POLLS = 250.0, 2


class MachineError(Exception):
    """A fault of the printer during a run, told with its code and, where one is known, its line of source."""

    def __init__(self, code: str, message: str, span: Span | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.span = span


class TrippedError(Exception):
    """The guard has cut ink and stopped the stage: someone asked for it, or a fault was found."""


@dataclass
class Printer:
    """An open printer: drivers, record, guard, and the people to ask."""

    rig: Rig
    controller: Controller
    dispensers: dict[str, Dispenser]
    journal: Journal
    control: Control
    ask: Ask
    tell: Callable[[Progress], None]
    guard: Guard | None = None
    state: State = State.IDLE
    camera: Camera | None = None

    def become(self, state: State) -> None:
        """Change state, by the table of what may follow what."""
        if state is self.state:
            return
        if state not in FOLLOWS[self.state]:
            raise AssertionError(f"{self.state} cannot become {state}")
        self.state = state
        self.journal.event("state", state=state.value)

    def boxes(self) -> list[Dispenser]:
        return list(self.dispensers.values())


@dataclass
class Tally:
    """What a run has done: filaments executed, sections sent, and how long it took."""

    total: int
    executed: set[int] = field(default_factory=set)
    number: int = 0
    attempt: int = 0
    began: float = 0.0
    planned_s: float = 0.0
    done_s: float = 0.0


class Runner:
    def __init__(self, printer: Printer, work: Work, tally: Tally, dry_run: bool) -> None:
        self.printer, self.work, self.tally = printer, work, tally
        self.path = work.toolpath
        self.dry_run = dry_run
        self.track: Track | None = None
        self.status: Status | None = None
        #: Where the stage was seen last in the section of `track` (None: not yet), and when by the host's clock.
        self.seen: tuple[Position | None, float] = (None, 0.0)
        #: Whether the section of `track` was begun with no stop before its start.
        self.begun = False
        self._ids, self._last = last_rows(self.path)
        self._told = 0
        self._pressure = 0.0

    def run(self) -> None:
        boxes = [d for d in self.printer.rig.dispensers.values() if d.kind != ANALOG]
        resolution = min((d.resolution_kpa for d in boxes), default=0.1)
        analog = tuple(self.printer.rig.analog)
        for section in sections(self.path, resolution_kpa=resolution, analog=analog):
            for event in section.events:
                self._event(event)
            self._section(section)

    def _check(self) -> None:
        guard = self.printer.guard
        if guard is not None and guard.tripped.is_set():
            raise TrippedError
        self.printer.journal.check()

    # Between sections

    def _event(self, event: Event) -> None:
        """What an operator or time has to do, with no pressure anywhere."""
        if event.kind in ON_THE_SPOT:
            return
        self._check()
        self._set_pressures({})
        self.printer.become(State.SWITCHING)
        self.printer.journal.event("event", what=event.kind, name=event.name, text=event.text)
        if event.text:
            self._tell(-1, event.text)
            answer = self.printer.ask(event.text, ("done", "stop"))
            self.printer.journal.answer(event.text, answer)
            if answer != "done":
                self.printer.control.stop()
            deadline = time.monotonic() + 1.0
            while answer != "done" and time.monotonic() < deadline:
                self._check()
                time.sleep(POLL_S)
        elif event.time_s > 0:
            end = time.monotonic() + event.time_s / self.printer.rig.time_scale
            while (left := end - time.monotonic()) > 0:
                self._check()
                self._tell(-1, event.kind.replace("_", " "))
                time.sleep(min(POLL_S, left))
        self._check()

    def _set_pressures(self, kpa: dict[str, float]) -> None:
        """Zero what is not asked for first, then set the rest, each read back."""
        boxes = self.printer.dispensers
        for name in sorted(boxes, key=lambda n: kpa.get(n, 0.0) > 0):
            self._check()
            wanted = 0.0 if self.dry_run else kpa.get(name, 0.0)
            if boxes[name].belief().pressure_kpa != wanted:
                boxes[name].set_pressure(wanted)
        self._pressure = 0.0 if self.dry_run else max(kpa.values(), default=0.0)

    # One section

    def _section(self, section: Section) -> None:
        p, rig = self.printer, self.printer.rig
        self._check()
        kpa: dict[str, float] = {}
        for (_, name), value in zip(rig.columns, section.kpa, strict=True):
            if value > 0:
                kpa[name] = value
        self._set_pressures(kpa)
        program = write_section(self.path, rig, section, dry_run=self.dry_run)
        rows = np.asarray(program.sample)
        self.begun = False
        self.track = Track(self.path, rig, section.first, section.last, rows)
        self._stands_at(section)
        self.tally.number += 1
        name = f"{self.tally.number:05d}{ending(rig)}"
        try:
            # On record before it goes out, wherever the controller reads it from; whole, before the journal tells of it.
            with (p.journal.folder / f"{self.tally.number:05d}.npz").open("wb") as file:
                np.savez(
                    file,
                    source=self.work.source[section.first : section.last],
                    line_row=np.where(rows >= 0, rows - section.first, -1),
                )
                file.flush()
                os.fsync(file.fileno())
            (p.journal.folder / name).write_bytes(program.data)
        except OSError as reason:
            raise JournalError(f"{p.journal.folder / name}: {reason.strerror}") from None
        p.journal.section(
            self.tally.number,
            self.tally.attempt,
            (section.first, section.last),
            name,
            hashlib.sha256(program.data).hexdigest(),
        )
        mine = (self._last >= section.first) & (self._last < section.last)
        p.journal.filaments(self._ids[mine].tolist(), "sent")
        self._check()
        p.controller.begin(program.data, name)
        # A stop that came while the program was being started has cut before it ran: cut again.
        if p.guard is not None and p.guard.tripped.is_set():
            p.guard.trip("started in between", started=True)
            raise TrippedError
        self.begun = True
        p.journal.section_is(self.tally.number, "acknowledged")
        p.journal.filaments(self._ids[mine].tolist(), "acknowledged")
        self._follow(section)
        p.journal.section_is(self.tally.number, "executed")

    def _stands_at(self, section: Section) -> None:
        """The stage stands where the section begins: nothing has moved it meanwhile."""
        start = to_stage(
            self.printer.rig,
            self.path.position_um[section.first - 1][None, :],
            int(self.path.nozzle[section.first - 1]),
        )[0]
        asked_s = time.monotonic()
        found = self.printer.controller.status()
        self.seen = found.position_um, asked_s
        away = float(np.linalg.norm(np.array(found.position_um) - start))
        if away > PLACE_UM:
            raise MachineError(
                "M636", f"the stage is {away:.1f} um from where the next move begins: something has moved it"
            )

    def _follow(self, section: Section) -> None:
        assert self.track is not None
        p, track = self.printer, self.track
        planned = float(self.path.time_s[section.last - 1] - self.path.time_s[section.first - 1])
        deadline = time.monotonic() + SLOWER * planned / p.rig.time_scale + MARGIN_S
        begun = self.tally.done_s
        lost = 0
        while True:
            self._check()
            asked_s = time.monotonic()
            found = p.controller.status()
            # Where the ink was cut meanwhile, what is passed now is not executed.
            self._check()
            self.status = found
            self.seen = found.position_um, asked_s
            if found.motion is Motion.RUNNING:
                lost = lost + 1 if track.astray_um(found.line, found.position_um) > ASTRAY_UM else 0
                if lost >= ASTRAY_POLLS:
                    raise MachineError(
                        "M636",
                        f"the stage is {track.astray_um(found.line, found.position_um) / 1000.0:.3g} mm beside its way: a line of the"
                        " program was lost or changed on its way to the controller, or something has moved the stage",
                        self._span(min(track.row, section.last - 1)),
                    )
                track.advance(found.line, found.position_um, exact=found.exact)
            elif found.motion is Motion.DONE and track.at_end(found.position_um, PLACE_UM):
                track.finish()
            self.executed(track.row)
            row = min(track.row, section.last - 1)
            self.tally.done_s = begun + float(self.path.time_s[row - 1] - self.path.time_s[section.first - 1])
            self._state(row, found)
            if track.row >= section.last:
                self.tally.done_s = begun + planned
                return
            if found.motion not in (Motion.RUNNING, Motion.DONE):
                self._check()
                raise self._fault(found)
            if time.monotonic() > deadline:
                raise MachineError(
                    "M631",
                    f"the section should have taken {planned / p.rig.time_scale:.0f} s and is not done"
                    f" (line {found.line}, {found.motion.value})",
                    self._span(row),
                )
            time.sleep(POLL_S)

    def _fault(self, found: Status) -> MachineError:
        assert self.track is not None
        row = self.track.hint(found.line)
        text = f": {found.text}" if found.text else ""
        return MachineError(
            "M634", f"the controller ended the program in state `{found.motion.value}`{text}", self._span(row)
        )

    def _span(self, row: int) -> Span | None:
        from .preflight_rows import span_at

        return span_at(self.path, row)

    def executed(self, row: int) -> None:
        """Filaments whose last row lies below `row` are executed."""
        upto = int(np.searchsorted(self._last, row, "left"))
        if upto > self._told:
            new = self._ids[self._told : upto].tolist()
            self._told = upto
            if not self.dry_run:
                self.printer.journal.filaments(new, "executed")
            if self.printer.camera is not None:
                self.printer.camera.look([i for i in new if i not in self.tally.executed])
            self.tally.executed.update(new)

    def _state(self, row: int, found: Status) -> None:
        kind = int(self.path.kind[row])
        if kind == DWELL and self.path.valve[row]:
            state = State.PRIMING
        elif kind in (PRINT, APPROACH):
            state = State.PRINTING
        else:
            state = State.TRAVELLING
        self.printer.become(state)
        self._tell(row)

    def _tell(self, row: int, message: str = "") -> None:
        t, p = self.tally, self.printer
        elapsed = time.monotonic() - t.began
        fraction = min(t.done_s / t.planned_s, 1.0) if t.planned_s > 0 else 0.0
        left = (t.planned_s - t.done_s) / p.rig.time_scale
        kpa = self._pressure
        if row >= 0 and p.rig.analog and not self.dry_run:
            kpa = float(self.path.pressure_kpa[row].max())
        i = int(self.path.filament[row]) if row >= 0 else -1
        f = self.path.plan.filaments
        layer, ink = (int(f.layer[i]), f.inks[int(f.material[i])].name) if i >= 0 else (-1, "")
        p.tell(
            Progress(
                p.state, fraction, elapsed, max(left, 0.0), i, len(t.executed), t.total, layer, ink,
                kpa, message,
            )
        )  # fmt: skip


def write_section(path: Toolpath, rig: Rig, section: Section, *, dry_run: bool) -> Program:
    """The program of one section; with `dry_run` its valves stay closed."""
    from ..analog import dry
    from ..arcs import driven
    from ..dialects import DIALECTS

    if dry_run:
        path = dry(path, rig)
    dialect = DIALECTS[rig.controller.dialect]
    live = driven(rig, getattr(dialect, "round", None))
    program: Program = dialect.write(path, live, slice(section.first, section.last))
    return program


def ending(rig: Rig) -> str:
    """What the names of the controller's programs end with."""
    from ..dialects import DIALECTS

    suffixes: tuple[str, ...] = DIALECTS[rig.controller.dialect].suffixes
    # Klipper reads `.gcode` as Marlin does; a format is guessed from the ending for one of them alone.
    return suffixes[0] if suffixes else ".gcode"


def where_stands(controller: Controller) -> Position:
    """Stage position now. Raises ControllerError where it does not tell or still moves."""
    found = controller.status()
    if found.motion in (Motion.RUNNING, Motion.HELD):
        raise ControllerError("M634", "the controller is busy with another program")
    return found.position_um
