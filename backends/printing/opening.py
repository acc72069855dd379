"""Opening a printer: lines, guard, watchdog and camera for one run, closed again on every way out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np

from ...kernel.diagnostics import Diagnostic, warning
from ...kernel.motion import Toolpath
from ...kernel.rig import ANALOG, Rig
from ..controller import ControllerError, open_controller
from ..dispenser import Ask, Dispenser, open_dispenser
from .camera import Camera
from .guard import Control, Guard
from .journal import Journal
from .runner import Printer
from .states import Progress
from .watchdog import Watchdog

#: How long a machine may take to answer when its line is opened.
CONNECT_S = 5.0


@dataclass
class Opened:
    """Opens the lines of a rig for a run, starts guard and watchdog; at the end closes them, ink off on every way out. `tell` and `ask`
    are the operator's; `executed` is what a resumed run has printed already; `diagnostics` takes what is told of on the way."""

    rig: Rig
    toolpath: Toolpath
    journal: Journal
    control: Control
    ask: Ask
    tell: Callable[[Progress], None]
    executed: set[int]
    diagnostics: list[Diagnostic]
    stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Printer:
        try:
            return self._open()
        except BaseException:
            self.stack.close()
            raise

    def _open(self) -> Printer:
        journal, folder = self.journal, self.journal.folder
        used = {name for n in np.unique(self.toolpath.nozzle) for name in self.rig.nozzles[int(n)].boxes}
        # Those on analog outputs are the controller's, which sets them to 0 with its valves.
        analog = {name for name in used if self.rig.dispensers[name].kind == ANALOG}
        used -= analog
        boxes: dict[str, Dispenser] = {}
        for name in sorted(used):
            box = open_dispenser(name, self.rig.dispensers[name], self.ask, listener=journal.listen)
            self.stack.callback(box.close)
            boxes[name] = box
        controller = open_controller(self.rig, folder, journal.listen)
        self.stack.callback(controller.close)
        try:
            journal.event("connected", text=controller.connect(CONNECT_S))
        except ControllerError:
            # Whatever the boxes were left at by an earlier print: there is no stage to print on.
            for box in boxes.values():
                box.cut()
            raise
        printer = Printer(self.rig, controller, boxes, journal, self.control, self.ask, self.tell)
        watchdog = Watchdog(self.rig, folder, controller, printer.boxes())
        self.stack.callback(watchdog.close)
        journal.event("watchdog", pid=watchdog.pid)

        def noted(why: str) -> None:
            journal.event("trip", why=why)

        if self.rig.camera is not None:
            printer.camera = Camera(
                self.rig.camera, folder, journal, self.toolpath.plan.filaments.layer, self.executed,
                lambda why: self.diagnostics.append(
                    warning("M642", f"the camera gives no picture: {why}; the print goes on without")
                ),
            )  # fmt: skip
            self.stack.callback(printer.camera.close)
        printer.guard = Guard(controller, printer.boxes(), self.control, folder, noted, boxed=not analog)
        self.stack.callback(printer.guard.close)
        return printer

    def __exit__(self, *_: object) -> None:
        self.stack.close()
