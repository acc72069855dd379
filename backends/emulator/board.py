"""What emulated firmware boards share: one serial line, a thread that works through what came in, and a clean end."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

from .pty_line import PtyLine


class Board(ABC):
    """`_take` hears bytes as they come; `_work` runs until `_open` is false, woken through `_change`."""

    def __init__(self, name: str) -> None:
        self._open = True
        self._change = threading.Condition()
        self.line = PtyLine(name, self._take)
        self._thread = threading.Thread(target=self._work, name=f"{name} lines", daemon=True)
        self._thread.start()

    @abstractmethod
    def _take(self, data: bytes) -> None: ...

    @abstractmethod
    def _work(self) -> None: ...

    @property
    def url(self) -> str:
        return self.line.url

    def close(self) -> None:
        if self._open:
            with self._change:
                self._open = False
                self._change.notify_all()
            self._thread.join(2.0)
            self.line.close()
