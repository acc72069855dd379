"""What a print can be in, what is told while it runs, and what is left when it ends."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...kernel.diagnostics import Diagnostic


class State(enum.Enum):
    IDLE = "idle"
    PREFLIGHT = "preflight"
    PRIMING = "priming"
    PRINTING = "printing"
    TRAVELLING = "travelling"
    SWITCHING = "switching"
    PAUSED = "paused"
    STOPPING = "stopping"
    FAILED = "failed"
    DONE = "done"
    #: The program was written for a person to carry over; what became of it is not known here.
    HANDED = "handed over"


_S = State
_RUN = {_S.PRIMING, _S.PRINTING, _S.TRAVELLING, _S.SWITCHING}
_TROUBLE = {_S.PAUSED, _S.STOPPING, _S.FAILED}
#: Which state may follow which. Everything that can lay ink leads to PAUSED, STOPPING or FAILED only by cutting it.
FOLLOWS: dict[State, set[State]] = {
    _S.IDLE: {_S.PREFLIGHT, _S.FAILED},
    _S.PREFLIGHT: _RUN | {_S.FAILED, _S.STOPPING, _S.DONE},
    _S.PRIMING: _RUN | _TROUBLE | {_S.DONE},
    _S.PRINTING: _RUN | _TROUBLE | {_S.DONE},
    _S.TRAVELLING: _RUN | _TROUBLE | {_S.DONE},
    _S.SWITCHING: _RUN | _TROUBLE | {_S.DONE},
    _S.PAUSED: _RUN | {_S.STOPPING, _S.FAILED},
    _S.STOPPING: {_S.FAILED, _S.DONE},
    _S.FAILED: set(),
    _S.DONE: set(),
    _S.HANDED: set(),
}


@dataclass(frozen=True, slots=True)
class Progress:
    """Told several times a second. `fraction` of the planned time done; `eta_s` seconds left at the machine's pace;
    `filament` the one under way, -1 between; `done` of `total` filaments executed; `pressure_kpa` set now."""

    state: State
    fraction: float
    elapsed_s: float
    eta_s: float
    filament: int
    done: int
    total: int
    layer: int
    ink: str
    pressure_kpa: float
    message: str = ""


@dataclass(frozen=True)
class RunResult:
    """How a run ended. `state` is DONE, FAILED, STOPPING (stopped on request, may be resumed) or HANDED (over as a file); `executed` of `total`
    filaments confirmed by position; `diagnostics` what went wrong; `truth` what the emulators saw, None on a real rig."""

    run: str
    folder: Path
    state: State
    executed: int
    total: int
    diagnostics: tuple[Diagnostic, ...] = ()
    truth: dict[str, Any] | None = None
    ink_off: bool = True
    notes: tuple[str, ...] = field(default=())
