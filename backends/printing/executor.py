"""Printing: from a toolpath and a rig to a record of what was done, with every end of it safe."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...kernel.diagnostics import Diagnostic, Severity, Span, WetprintError, error
from ...kernel.filaments import Floats
from ...kernel.material import Bath
from ...kernel.motion import PRINT, Toolpath
from ...kernel.rig import Rig
from ..controller import ControllerError
from ..dispenser import Ask, DispenserError
from . import resume as resuming
from .guard import Control, Stopped, settle
from .handover import hand_over, is_carried
from .journal import Journal, JournalError, find_run
from .live import Notice
from .opening import Opened
from .preflight import preflight
from .record import default_runs, lock, new_folder, rig_hash, save_part, save_toolpath, toolpath_hash
from .rejoin import Cut, Work, continue_from, cut_at, cut_before, from_start, stepped_back
from .runner import MachineError, Printer, Runner, Tally, TrippedError, where_stands
from .signs import seen_right
from .states import Progress, RunResult, State
from .watchdog import wait_for_last

#: How much of a filament is laid twice where a print goes on, in bores of the nozzle (assumed); what the reading of the position
#: leaves open comes on top.
OVERLAP_BORES = 1.0


def run_print(
    toolpath: Toolpath,
    rig: Rig,
    *,
    design_hash: str,
    runs_dir: Path | None = None,
    ask: Ask,
    progress: Callable[[Progress], None],
    resume: str | None = None,
    dry_run: bool = False,
    design: str = "",
    baths: Sequence[Bath] = (),
    control: Control | None = None,
    sim: Any = None,
    checked: bool = False,
) -> RunResult:
    """Print, or go on printing run `resume`. Returns how it ended; everything is on record in `runs_dir`/<run>.

    `ask(question, choices)` puts a question to the operator; `progress` hears what goes on; `control` pauses and stops it from
    elsewhere; `checked`: the caller has run the preflight and shown what it said. A rig with `emulated:` addresses gets its emulators started, unless `sim` brings them. Raises WetprintError where
    the print is refused before anything is sent.
    """
    found = [] if checked else preflight(toolpath, rig, dry_run=dry_run, baths=baths)
    refused = [d for d in found if d.severity is Severity.ERROR]
    if refused:
        raise WetprintError(*refused)
    runs = default_runs() if runs_dir is None else runs_dir
    if is_carried(rig):
        if resume is not None:
            raise WetprintError(
                error(
                    "M651",
                    f"rig `{rig.name}` gets its programs by hand: what became of a run is not known here",
                )
            )
        return hand_over(
            toolpath, rig, design=design, design_hash=design_hash, runs_dir=runs, dry_run=dry_run
        )
    if resume is None:
        folder = new_folder(runs, design)
    else:
        folder = find_run(runs, resume)
    held = lock(folder)
    if held is None:
        raise WetprintError(error("M656", f"run {folder.name} is being printed right now by another process"))
    with held, ExitStack() as stack:
        job = _Job(toolpath, rig, folder, design_hash, design, dry_run, ask, progress, control or Control())
        if control is None:
            stack.callback(job.control.close)
        if resume is not None and not wait_for_last(folder):
            raise WetprintError(error("M656", f"the watchdog of run {folder.name} is still at work"))
        job.prior = resuming.read_state(folder) if resume is not None else None
        if job.prior is not None:
            resuming.same_print(job.prior, design_hash, toolpath_hash(toolpath), rig_hash(rig))
        try:
            journal = Journal(folder)
        except JournalError as reason:
            raise WetprintError(error("M660", f"the record cannot be written: {reason}")) from None
        stack.callback(journal.close)
        return job.run(journal, stack, sim)


@dataclass
class _Job:
    toolpath: Toolpath
    rig: Rig
    folder: Path
    design_hash: str
    design: str
    dry_run: bool
    ask: Ask
    progress: Callable[[Progress], None]
    control: Control
    prior: resuming.Prior | None = None
    stopped: Stopped | None = None

    def run(self, journal: Journal, stack: ExitStack, sim: Any) -> RunResult:
        self.journal = journal
        self.diagnostics: list[Diagnostic] = []
        self.tally = Tally(len(self.toolpath.plan.filaments))
        self.last_cut = Cut(1, self.toolpath.position_um[0])
        if self.prior is not None:
            self.tally.executed = set(self.prior.executed)
            self.tally.number, self.tally.attempt = self.prior.sections, self.prior.attempts
        state, truth = State.FAILED, None
        try:
            self._begin_record()
        except (JournalError, OSError) as reason:
            # Nothing was opened yet.
            raise WetprintError(error("M660", f"the record cannot be written: {reason}")) from None
        others = Notice(self.folder, self.control, self.progress, self.ask)
        self.progress, self.ask = others.tell, others.ask
        self.control.catch_signals()
        stack.callback(self.control.release_signals)
        try:
            sim = self._emulators(sim, stack)
            live = sim.rig if sim is not None else self.rig
            try:
                executed, told = self.tally.executed, self.diagnostics
                with Opened(
                    live, self.toolpath, journal, self.control, self.ask, self.progress, executed, told
                ) as printer:
                    state = self._print(printer)
            finally:
                truth = self._truth(sim)
        except (ControllerError, DispenserError, MachineError) as reason:
            self._say(reason.code, reason.message, getattr(reason, "span", None))
        except JournalError as reason:
            self._say("M660", f"the record cannot be written: {reason}")
        except BaseException as reason:
            # A fault of our own: ink is off by now; the record says so, and the fault goes on its way.
            with suppress(JournalError):
                journal.meta(state=state.value, ended=time.time(), said=f"{type(reason).__name__}: {reason}")
            raise
        safe = self.stopped is None or self.stopped.ink_off
        try:
            journal.meta(state=state.value, ended=time.time(), ink_off=safe)
            journal.event("end", state=state.value, said=[f"{d.code} {d.message}" for d in self.diagnostics])
        except JournalError as reason:
            self._say("M660", f"the end of the run could not be recorded: {reason}")
        return RunResult(
            self.folder.name,
            self.folder,
            state,
            len(self.tally.executed),
            self.tally.total,
            tuple(self.diagnostics),
            truth,
            safe,
            self.stopped.notes if self.stopped else (),
        )

    def _say(self, code: str, message: str, span: Span | None = None) -> None:
        self.diagnostics.append(error(code, message, span))

    def _begin_record(self) -> None:
        if self.prior is None:
            save_toolpath(self.folder, self.toolpath)
            save_part(self.folder, self.toolpath)
            self.journal.meta(
                design=self.design,
                design_hash=self.design_hash,
                program_hash=toolpath_hash(self.toolpath),
                rig=self.rig.name,
                rig_hash=rig_hash(self.rig),
                started=time.time(),
                filaments=len(self.toolpath.plan.filaments),
                planned_s=float(self.toolpath.time_s[-1]),
                dry_run=self.dry_run,
                state="running",
            )
        self.journal.meta(state="running")
        resuming.reserve(self.folder)

    def _emulators(self, sim: Any, stack: ExitStack) -> Any:
        from ..emulator.sim import is_emulated, start

        if sim is None and is_emulated(self.rig):
            memory = self.folder / "sim.json"
            sim = start(self.rig, memory=memory)
            stack.callback(sim.close)
            stack.callback(lambda: sim.remember(memory))
        return sim

    def _truth(self, sim: Any) -> dict[str, Any] | None:
        if sim is None:
            return None
        from ..emulator.truth import compare, save

        save(self.folder, sim.world, self.rig)
        return compare(sim.world, self.toolpath, self.rig)

    # The print itself, on an open printer

    def _print(self, printer: Printer) -> State:
        printer.become(State.PREFLIGHT)
        guard = printer.guard
        assert guard is not None
        try:
            self._check_units(printer)
            if not seen_right(self.rig, self.folder.parent, printer.ask, self.journal):
                raise _StoppedByOperatorError
            work: Work | None = self._first_work(printer)
            while work is not None:
                work = self._attempt(printer, work)
            return self._finish(printer)
        except _StoppedByOperatorError:
            printer.become(State.STOPPING)
            self._say("M639", "stopped; ink is off" + _resume_hint(self.folder.name))
            return State.STOPPING
        except BaseException as reason:
            if guard.tripped.is_set() and printer.control.requested and printer.state is State.PREFLIGHT:
                # Asked for while the boxes were being prepared: what broke off is the asking's doing.
                self._after_trip(printer, None)
                printer.become(State.STOPPING)
                self._say("M639", "stopped before anything moved; ink is off")
                return State.STOPPING
            # Whatever it was: ink first. What is known goes on being told.
            if not guard.tripped.is_set():
                guard.trip(f"{type(reason).__name__}: {reason}")
            self._after_trip(printer, None)
            if printer.state not in (State.FAILED, State.DONE):
                printer.become(State.FAILED)
            raise

    def _attempt(self, printer: Printer, work: Work) -> Work | None:
        """Run `work`; None when it is done, else what is left after a pause."""
        self.tally.attempt += 1
        self.journal.meta(attempt_began=time.time())
        self.tally.planned_s = self.tally.done_s + float(work.toolpath.time_s[-1])
        runner = Runner(printer, work, self.tally, self.dry_run)
        try:
            runner.run()
            return None
        except (TrippedError, DispenserError, ControllerError) as reason:
            guard = printer.guard
            assert guard is not None
            # A dialogue that a cut broke off is no fault of its own.
            if not isinstance(reason, TrippedError) and not guard.tripped.is_set():
                guard.trip(str(reason))
                self._after_trip(printer, (work, runner))
                printer.become(State.FAILED)
                raise
            if not isinstance(reason, TrippedError):
                # What broke off may have been the start of a program.
                guard.trip("again", started=True)
            cut = self._after_trip(printer, (work, runner))
        except BaseException as reason:
            # Whatever it was, a fault of our own too: ink first, and where it was cut goes on record.
            assert printer.guard is not None
            printer.guard.trip(str(reason) or type(reason).__name__)
            self._after_trip(printer, (work, runner))
            printer.become(State.FAILED)
            raise
        return self._paused(printer, cut)

    def _paused(self, printer: Printer, cut: Cut) -> Work:
        assert self.stopped is not None and printer.guard is not None
        if not self.stopped.ink_off:
            self._say("M640", "ink could not be shown to be off: check the nozzle and the dispenser by hand")
        if printer.control.requested == "stop" or self.stopped.rest_um is None:
            raise _StoppedByOperatorError
        printer.become(State.PAUSED)
        self.progress(_still(State.PAUSED, self.tally, "paused, ink is off"))
        question = "Paused, ink is off. Go on with the print, or stop it?"
        answer = printer.ask(question, ("continue", "stop"))
        self.journal.answer(question, answer)
        if answer != "continue" or printer.control.requested == "stop":
            raise _StoppedByOperatorError
        self._check_units(printer)
        # `requested` first: the guard trips again on a request that it still sees.
        printer.control.answered()
        printer.guard.rearm()
        here = np.array(where_stands(printer.controller))
        return self._left(printer, cut, here)

    def _check_units(self, printer: Printer) -> None:
        """Controller and boxes in a known state: units, axes, mode, pressure 0. Nothing has moved, no ink."""
        # Pressure 0 first: an earlier print may have left some.
        for text in (*(box.prepare() for box in printer.boxes()), printer.controller.prepare()):
            self.journal.event("prepared", text=text)

    def _left(self, printer: Printer, cut: Cut, here_um: Floats) -> Work:
        """What is left to print after `cut`, with its joint on record."""
        self.last_cut = cut
        self.journal.meta(joint=resuming.as_data(cut))
        early = stepped_back(self.toolpath, cut)
        row = min(early.row, len(self.toolpath) - 1)
        bore = self.rig.nozzles[int(self.toolpath.nozzle[row])].inner_um
        overlap_um = OVERLAP_BORES * bore + early.window_s * float(self.toolpath.speed_um_s[row])
        # What may have been laid twice: as far as filaments are printed in that time, wherever the joint begins.
        last = min(cut.row, len(self.toolpath) - 1)
        last = int(np.searchsorted(self.toolpath.time_s, self.toolpath.time_s[last] + cut.late_s, "left"))
        between = slice(row, min(last, len(self.toolpath) - 1) + 1)
        printed = self.toolpath.kind[between] == PRINT
        fastest = float(self.toolpath.speed_um_s[between].max(where=printed, initial=0.0))
        again_um = OVERLAP_BORES * bore + (cut.window_s + cut.late_s) * fastest
        self.journal.event("joint", row=early.row, overlap_um=max(overlap_um, again_um))
        return continue_from(self.toolpath, early, here_um, printer.rig, overlap_um)

    def _first_work(self, printer: Printer) -> Work:
        here = np.array(where_stands(printer.controller))
        self.tally.began = time.monotonic()
        cut = None
        if self.prior is not None:
            cut = resuming.where_cut(self.prior, self.toolpath, printer.rig, here, printer.ask, self.journal)
        if cut is None:
            return from_start(self.toolpath, here, printer.rig)
        done = resuming.done_before(self.toolpath, stepped_back(self.toolpath, cut).row)
        self.journal.filaments(done, "executed")
        self.tally.executed |= set(done)
        return self._left(printer, cut, here)

    def _after_trip(self, printer: Printer, at: tuple[Work, Runner] | None) -> Cut:
        """Once the guard has cut: show it, wait for rest, and put on record where it happened."""
        guard = printer.guard
        assert guard is not None
        halt, cut_s = guard.what_happened(), time.monotonic()
        self.stopped = settle(printer.controller, printer.boxes(), halt)
        cut, dry = None, False
        place = halt.cut_um
        if at is not None and place is None:
            # Nobody saw it: ink was laid from where the stage was seen last until then.
            place, seen_s = at[1].seen
            halt = replace(halt, window_s=0.0, late_s=max(cut_s - seen_s, 0.0))
        place = place or self.stopped.rest_um
        if at is not None and at[1].track is not None and place is not None:
            work, runner = at
            assert runner.track is not None
            dry = guard.dry and not runner.begun
            if dry:
                # The ink had been cut before this section began to move, however far it came.
                cut = cut_before(work, runner.track.first)
            else:
                if halt.line:
                    runner.track.advance(halt.line, place, exact=halt.exact)
                cut = cut_at(work, runner.track.row, np.array(place), printer.rig)
        if at is not None and cut is not None:
            work, runner = at
            assert runner.track is not None
            scale = printer.rig.time_scale
            if not dry:
                cut = replace(cut, window_s=halt.window_s * scale, late_s=halt.late_s * scale)
            self.last_cut = cut
            # What was passed after the ink may have been cut is not executed; all before it is, polled or not.
            left = np.flatnonzero(work.source >= stepped_back(self.toolpath, self.last_cut).row)
            with suppress(JournalError):
                runner.executed(int(left[0]) if len(left) else len(work.source))
        if at is not None and place is not None:
            rest_um = self.stopped.rest_um
            rest = {
                "time": time.time(),
                "rest_um": None if rest_um is None else list(rest_um),
                "ink_off": self.stopped.ink_off,
            }
            stop = {**resuming.as_data(self.last_cut), **rest}
            try:
                self.journal.meta(stop=stop)
            except JournalError:
                resuming.keep_beside(self.folder, stop)
        self.journal.event("stopped", ink_off=self.stopped.ink_off, notes=self.stopped.notes)
        return self.last_cut

    def _finish(self, printer: Printer) -> State:
        guard = printer.guard
        assert guard is not None
        try:
            for box in printer.boxes():
                box.set_pressure(0.0)
        except DispenserError:
            if not guard.tripped.is_set():
                raise
        if guard.tripped.is_set():
            # Asked to stop when all was printed: it is done, and safe in the way of every stop.
            self._after_trip(printer, None)
        if printer.controller.ink_is_off() is False:
            raise MachineError("M640", "an output of the stage is still on at the end of the print")
        printer.become(State.DONE)
        self.progress(_still(State.DONE, self.tally, "done"))
        return State.DONE


class _StoppedByOperatorError(Exception):
    """The print ends on request; it can be resumed."""


def _still(state: State, tally: Tally, message: str) -> Progress:
    fraction = 1.0 if state is State.DONE else min(tally.done_s / max(tally.planned_s, 1e-9), 1.0)
    elapsed = time.monotonic() - tally.began
    return Progress(state, fraction, elapsed, 0.0, -1, len(tally.executed), tally.total, -1, "", 0.0, message)


def _resume_hint(run: str) -> str:
    return f"; `wp print ... --resume {run}` goes on from here"
