"""Printing from a terminal: the progress bar, questions to the operator, Ctrl-C, and what is told at the end."""

from __future__ import annotations

import hashlib
import select
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...kernel.diagnostics import Source, WetprintError
from ...kernel.rig import Rig
from .journal import NAME as JOURNAL
from .journal import programs_of
from .states import Progress, RunResult, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...kernel.material import Bath
    from ...kernel.motion import Toolpath
    from .guard import Control

STOPPED = 130


class Terminal:
    """Asks and tells on standard input and error output. A question waits with the bar still; Ctrl-C answers it by `stop`."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._bar: Any = None
        self._task: Any = None
        self._plain = not sys.stderr.isatty()
        self._said = -1

    def ask(self, question: str, choices: tuple[str, ...]) -> str:
        if self._bar is not None:
            self._bar.stop()
        print(f"\n{question}\n[{' / '.join(choices)}] ", end="", file=sys.stderr, flush=True)
        was = self._control.requested
        try:
            while True:
                if self._control.requested == "stop" and was != "stop":
                    return "stop"
                if said := self._control.said_elsewhere():
                    print(f"{said} (said elsewhere)", file=sys.stderr)
                    return said
                if not select.select([sys.stdin], [], [], 0.2)[0]:
                    continue
                line = sys.stdin.readline()
                if not line:
                    # Nobody is there to answer: the safe answer is the last.
                    print(choices[-1], file=sys.stderr)
                    return choices[-1]
                found = [c for c in choices if line.strip() and c.startswith(line.strip().lower())]
                if len(found) == 1:
                    return found[0]
                print(f"please answer {' or '.join(choices)}: ", end="", file=sys.stderr, flush=True)
        finally:
            if self._bar is not None:
                self._bar.start()

    def tell(self, p: Progress) -> None:
        if self._plain:
            # A file or a pipe: one line for every tenth of the way.
            tenth = int(p.fraction * 10 + 1e-9)
            if tenth > self._said:
                self._said = tenth
                left = "" if tenth == 10 else f", {_span(p.eta_s)}"
                print(f"{tenth * 10:3d}%  {p.done}/{p.total} filaments{left}", file=sys.stderr, flush=True)
            return
        text = p.message or self._words(p)
        if self._bar is None:
            self._start()
        self._bar.update(self._task, completed=p.fraction, text=text, eta=_span(p.eta_s))

    def _words(self, p: Progress) -> str:
        where = f", {p.ink}, layer {p.layer}" if p.filament >= 0 else ""
        return f"{p.state.value} {p.done}/{p.total}{where}, {p.pressure_kpa:g} kPa"

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            BarColumn(30),
            TextColumn("{task.percentage:>3.0f}%  {task.fields[eta]}  {task.fields[text]}"),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task("", total=1.0, text="", eta="")
        self._bar.start()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()


def _span(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d} left"


def print_part(
    toolpath: Toolpath,
    rig: Rig,
    *,
    design: Source,
    dry_run: bool = False,
    yes: bool = False,
    resume: str | None = None,
    runs_dir: Path | None = None,
    checked: bool = False,
    baths: Sequence[Bath] = (),
) -> int:
    """`wp print`: exit code 0 done, 130 stopped on request. Raises WetprintError where it is refused or fails."""
    from .executor import run_print
    from .guard import Control

    control = Control()
    terminal = Terminal(control)
    try:
        if not (yes or rig.simulated or resume is not None or dry_run):
            minutes = float(toolpath.time_s[-1]) / 60
            question = (
                f"Print on rig `{rig.name}` ({len(toolpath.plan.filaments)} filaments, {minutes:.0f} min)?"
            )
            if terminal.ask(question, ("yes", "stop")) != "yes":
                return STOPPED
        result = run_print(
            toolpath,
            rig,
            design_hash=hashlib.sha256(design.text.encode()).hexdigest(),
            runs_dir=runs_dir,
            ask=terminal.ask,
            progress=terminal.tell,
            resume=resume,
            dry_run=dry_run,
            design=Path(design.name).stem,
            baths=baths,
            checked=checked,
            control=control,
        )
    finally:
        terminal.close()
        control.close()
    if result.state is State.HANDED:
        _told_file(result)
        return 0
    _told(result, dry_run)
    if result.state is State.DONE:
        for d in result.diagnostics:
            print(f"{d.code}: {d.message}", file=sys.stderr)
        return 0
    if result.state is State.STOPPING:
        for d in result.diagnostics:
            print(d.message, file=sys.stderr)
        return STOPPED
    raise WetprintError(*result.diagnostics)


def _told_file(result: RunResult) -> None:
    print("\n".join(result.notes))
    print(f"record:  {result.folder}")
    print(
        "Run the program with the machine's own sender. It stops where a pressure is to be set or a nozzle exchanged; a stop,"
        " a pause or a fault there does not cut the ink by itself."
    )


def _told(result: RunResult, dry_run: bool) -> None:
    what = "moved along" if dry_run else "executed"
    print(f"{result.executed} of {result.total} filaments {what}")
    print(f"record:  {result.folder}")
    print(f"journal: {result.folder / JOURNAL}")
    programs = [path for path, _ in programs_of(result.folder)]
    if programs:
        more = f" to {programs[-1].name}" if len(programs) > 1 else ""
        print(f"program: {programs[0]}{more}")
    if not result.ink_off:
        print("INK COULD NOT BE SHOWN TO BE OFF: look at the nozzle now", file=sys.stderr)
    truth = result.truth
    if truth is not None and result.state is State.DONE and truth["deposits"] == truth["filaments"]:
        ratio = (
            f", the ratio of two inks off by {100 * truth['worst_ratio']:.2g}% at most"
            if "worst_ratio" in truth
            else ""
        )
        print(
            f"emulators: {truth['matched']} of {truth['filaments']} filaments laid once and in place"
            f" (worst {truth['worst_um'] * 1000:.1f} nm), {truth['blobs_s']:.3g} s of ink standing still{ratio}"
        )


def stop_running(runs: Path | None = None) -> str:
    """`wp stop`: ask every run that is being printed to stop, and wait until it has. Returns what happened, in words."""
    from .guard import STOP_FLAG
    from .record import default_runs, is_running

    folder = default_runs() if runs is None else runs
    live = [p for p in sorted(folder.iterdir() if folder.is_dir() else ()) if p.is_dir() and is_running(p)]
    if not live:
        return f"no print is running (looked in {folder})"
    for path in live:
        (path / STOP_FLAG).touch()
    deadline = time.monotonic() + 10.0
    while time.monotonic() < deadline and any(is_running(p) for p in live):
        time.sleep(0.05)
    return "\n".join(
        f"{p.name}: {'asked to stop, still closing' if is_running(p) else 'stopped, ink off'}" for p in live
    )
