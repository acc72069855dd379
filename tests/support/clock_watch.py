"""What the clock of campaigns looks at: who waits for what time, and which threads of a process run."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

NEVER = float("inf")


class Deadlines:
    """Who waits for what time, in one process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.changed: Callable[[float], None] | None = None
        self._heap: list[tuple[float, int, list[Any]]] = []
        self._count = 0

    def add(self, at: float, fire: Callable[[], object]) -> list[Any]:
        token = [fire]
        with self.lock:
            first = self._first()
            self._count += 1
            heappush(self._heap, (at, self._count, token))
            if self.changed is not None and at < first:
                self.changed(at)
        return token

    def cancel(self, token: list[Any]) -> None:
        with self.lock:
            token.clear()

    def _first(self) -> float:
        while self._heap and not self._heap[0][2]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else NEVER

    def first(self) -> float:
        with self.lock:
            return self._first()

    def fire(self, now: float) -> None:
        with self.lock:
            while self._first() <= now and self._heap:
                token = heappop(self._heap)[2]
                token.pop()()
            if self.changed is not None:
                self.changed(self._first())


class Threads:
    """The threads of one process, as the kernel shows them."""

    def __init__(self, pid: int) -> None:
        self._folder = f"/proc/{pid}/task"
        self._open: dict[str, tuple[int, int]] = {}

    def list(self, but: str) -> None:
        """Learn which there are. Raises OSError when the process is gone."""
        with os.scandir(self._folder) as entries:
            names = {entry.name for entry in entries}
        names.discard(but)
        for gone in self._open.keys() - names:
            for descriptor in self._open.pop(gone):
                os.close(descriptor)
        for name in names - self._open.keys():
            path = f"{self._folder}/{name}/"
            stat = os.open(path + "stat", os.O_RDONLY)
            try:
                self._open[name] = stat, os.open(path + "schedstat", os.O_RDONLY)
            except OSError:
                os.close(stat)
                raise

    def ran(self) -> list[bytes]:
        """How often and for how long each of them ran."""
        return [os.pread(ran, 64, 0) for _, ran in self._open.values()]

    def wait(self) -> bool:
        """Whether all of them wait: none runs, or is ready to."""
        for stat, _ in self._open.values():
            text = os.pread(stat, 256, 0)
            if text[text.rindex(b")") + 2] not in b"SZXTt":
                return False
        return True

    def close(self) -> None:
        for pair in self._open.values():
            for descriptor in pair:
                os.close(descriptor)
