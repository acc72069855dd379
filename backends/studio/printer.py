"""The process that prints for the studio: apart from it, so that neither a busy page nor its end can hold up a stop.

On standard input comes the order (a length, then a pickle from the studio), then one line of JSON for each thing that is asked;
on standard output goes one line of JSON for each thing that is told. Where the studio has gone the print goes on, and a
question waits, ink off, for another studio or for `wp stop`.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import queue
import struct
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...kernel.diagnostics import WetprintError
from ..printing.executor import run_print
from ..printing.guard import Control
from ..printing.states import Progress
from .wording import worded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...kernel.material import Bath
    from ...kernel.motion import Toolpath
    from ...kernel.rig import Rig

_TELL_S = 0.1


@dataclass(frozen=True)
class Order:
    """What is to be printed; `design` is the design's name for the record, `source` its file as diagnostics name it."""

    toolpath: Toolpath
    rig: Rig
    design: str
    source: str
    design_hash: str
    runs: Path | None
    dry_run: bool
    baths: Sequence[Bath]


def sent(order: Order) -> bytes:
    """The order as it goes to the process."""
    data = pickle.dumps(order)
    return struct.pack("<Q", len(data)) + data


class _Line:
    """Both directions of the talk with the studio."""

    def __init__(self, control: Control) -> None:
        self.control = control
        self.answers: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._asked = 0
        self._told = 0.0
        self._state = ""

    def listen(self) -> None:
        for line in sys.stdin.buffer:
            said = json.loads(line)
            if said["do"] == "pause":
                self.control.pause()
            elif said["do"] == "stop":
                self.control.stop()
            else:
                self.answers.put(said)

    def tell(self, kind: str, **what: Any) -> None:
        with self._lock, contextlib.suppress(OSError, ValueError):
            sys.stdout.write(json.dumps({"kind": kind, **what}) + "\n")
            sys.stdout.flush()

    def progress(self, p: Progress) -> None:
        now = time.monotonic()
        if p.state.value == self._state and now - self._told < _TELL_S and p.fraction < 1.0:
            return
        self._told, self._state = now, p.state.value
        self.tell(
            "progress",
            state=p.state.value, fraction=p.fraction, elapsed_s=p.elapsed_s, eta_s=p.eta_s, filament=p.filament, done=p.done,
            total=p.total, layer=p.layer, ink=p.ink, pressure_kpa=p.pressure_kpa, message=p.message,
        )  # fmt: skip

    def ask(self, question: str, choices: tuple[str, ...]) -> str:
        self._asked += 1
        self.tell("question", number=self._asked, text=question, choices=list(choices))
        was = self.control.requested
        while True:
            if self.control.requested == "stop" and was != "stop":
                answer = "stop"
                break
            if answer := self.control.said_elsewhere():
                break
            with contextlib.suppress(queue.Empty):
                said = self.answers.get(timeout=0.05)
                if said.get("number") == self._asked and said.get("choice") in choices:
                    answer = str(said["choice"])
                    break
        self.tell("answered", number=self._asked, choice=answer)
        return answer


def main() -> None:
    """Print what standard input orders."""
    length = struct.unpack("<Q", sys.stdin.buffer.read(8))[0]
    order: Order = pickle.loads(sys.stdin.buffer.read(length))
    control = Control()
    line = _Line(control)
    threading.Thread(target=line.listen, daemon=True).start()
    line.tell("started", pid=os.getpid())
    try:
        result = run_print(
            order.toolpath,
            order.rig,
            design_hash=order.design_hash,
            runs_dir=order.runs,
            ask=line.ask,
            progress=line.progress,
            dry_run=order.dry_run,
            design=order.design,
            baths=order.baths,
            control=control,
        )
    except WetprintError as caught:
        line.tell("refused", diagnostics=worded(caught.diagnostics, order.source))
    except Exception as caught:  # told on the page; the record and the guard have it already
        line.tell(
            "refused",
            diagnostics=[
                {"code": "X799", "severity": "error", "message": f"{type(caught).__name__}: {caught}"}
            ],
        )
    else:
        line.tell(
            "end",
            state=result.state.value, run=result.run, folder=str(result.folder), executed=result.executed, total=result.total,
            diagnostics=worded(result.diagnostics, order.source), ink_off=result.ink_off, notes=list(result.notes),
            truth=result.truth and {k: result.truth[k] for k in ("matched", "filaments", "worst_um", "blobs_s")},
        )  # fmt: skip
    finally:
        control.close()


if __name__ == "__main__":
    main()
