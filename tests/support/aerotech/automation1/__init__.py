"""A stand-in for Aerotech's Python package `automation1`: the calls that wetprint makes, named and shaped as the package's help tells them.

It speaks to a machine of automation1_machine.py beside it, whose port is in WETPRINT_TEST_AUTOMATION1. Anything else that is asked of it is
an AttributeError, as of the package. Nothing here is Aerotech's.
"""

from __future__ import annotations

import os
from enum import IntEnum, IntFlag
from multiprocessing.connection import Client
from threading import Lock
from types import SimpleNamespace
from typing import Any


class TaskState(IntEnum):
    Unavailable = 0
    Inactive = 1
    Idle = 2
    ProgramReady = 3
    ProgramRunning = 4
    ProgramFeedhold = 5
    ProgramPaused = 6
    ProgramComplete = 7
    Error = 8
    QueueRunning = 9
    QueuePaused = 10


class AxisStatusItem(IntEnum):
    PositionFeedback = 0
    DriveStatus = 6
    AxisStatus = 7
    AxisFault = 8


class TaskStatusItem(IntEnum):
    ProgramLineNumber = 17


class DriveStatus(IntFlag):
    Enabled = 1


class AxisStatus(IntFlag):
    Homed = 1


class ControllerException(Exception):  # noqa: N818 (the package's own word)
    pass


class _Wanted:
    def __init__(self) -> None:
        self.items: set[tuple[int, Any]] = set()

    def add(self, item: int, of: Any) -> None:
        self.items.add((int(item), of))


class StatusItemConfiguration:
    def __init__(self) -> None:
        self.axis, self.task, self.system = _Wanted(), _Wanted(), _Wanted()


class _Found:
    def __init__(self, values: dict[tuple[int, Any], float]) -> None:
        self._values = values

    def get(self, item: int, of: Any) -> SimpleNamespace:
        return SimpleNamespace(value=self._values[int(item), of])


class _Indexed:
    def __init__(self, make: Any) -> None:
        self._make = make

    def __getitem__(self, key: Any) -> Any:
        return self._make(key)


class Controller:
    def __init__(self, host: str, key: object = None) -> None:
        if key is not _KEY:
            raise PermissionError("use Controller.connect()")
        self._lock = Lock()
        try:
            self._line = Client((host, int(os.environ["WETPRINT_TEST_AUTOMATION1"])))
        except OSError as reason:
            raise ControllerException(f"no controller at {host}: {reason}") from None
        self.name = self._ask("name")
        self.files = SimpleNamespace(write_text=lambda name, text: self._ask("write_text", name, text))
        motion = SimpleNamespace(
            enable=lambda axes, execution_task_index=1: self._ask("enable", axes),
            abort=lambda axes: self._ask("abort", axes),
        )
        io = SimpleNamespace(
            digitaloutputset=lambda axis, output_num, value, execution_task_index=1: self._ask(
                "digitaloutputset", axis, output_num, value, execution_task_index
            ),
            digitaloutputget=lambda axis, output_num, execution_task_index=1: self._ask(
                "digitaloutputget", axis, output_num, execution_task_index
            ),
            analogoutputset=lambda axis, output_num, value, execution_task_index=1: self._ask(
                "analogoutputset", axis, output_num, value, execution_task_index
            ),
        )
        axes = _Indexed(
            lambda axis: SimpleNamespace(
                units=SimpleNamespace(unitsname=SimpleNamespace(value=self._ask("units", axis)))
            )
        )
        self.runtime = SimpleNamespace(
            tasks=_Indexed(lambda number: _Task(self, number)),
            commands=SimpleNamespace(motion=motion, io=io),
            parameters=SimpleNamespace(axes=axes),
            status=SimpleNamespace(get_status_items=self._items),
        )

    @classmethod
    def connect(cls, host: str = "127.0.0.1", username: str = "", password: str = "") -> Controller:
        return cls(host, _KEY)

    def start(self) -> None:
        self._ask("start")

    def disconnect(self) -> None:
        self._line.close()

    def _items(self, wanted: StatusItemConfiguration) -> SimpleNamespace:
        axis, task = self._ask("items", wanted.axis.items, wanted.task.items)
        return SimpleNamespace(axis=_Found(axis), task=_Found(task))

    def _ask(self, what: str, *given: Any) -> Any:
        with self._lock:
            try:
                self._line.send((what, given))
                good, answer = self._line.recv()
            except (EOFError, OSError) as reason:
                raise ControllerException(f"the connection is gone: {reason}") from None
        if not good:
            raise ControllerException(answer)
        return answer


_KEY = object()


class _Task:
    def __init__(self, box: Controller, number: int) -> None:
        self._box, self._number = box, number
        self.program = SimpleNamespace(
            run=lambda name: box._ask("run", number, name), stop=lambda: box._ask("stop", number)
        )

    @property
    def status(self) -> SimpleNamespace:
        state, words = self._box._ask("status", self._number)
        return SimpleNamespace(task_state=TaskState(state), error_message=words)
