"""A serial device on a real pseudo-terminal: bytes in, bytes out, and a clean end."""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from collections.abc import Callable


class PtyLine:
    """`take(bytes)` hears what the host writes, on a thread of its own; `say` answers. `path` is the terminal to open."""

    def __init__(self, name: str, take: Callable[[bytes], None]) -> None:
        self._take = take
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        # The slave stays open here, so that the line does not hang up between two users.
        self.path = os.ttyname(self._slave)
        self._ends, self._wake = os.pipe()
        self._open = True
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"serial:{self.path}"

    def say(self, data: bytes) -> None:
        """Write to the host. What nobody reads is lost once the terminal's buffer is full, as on a real line."""
        with self._lock:
            if self._open and select.select([], [self._master], [], 0.0)[1]:
                os.write(self._master, data)

    def _run(self) -> None:
        while self._open:
            ready = select.select([self._master, self._ends], [], [])[0]
            if self._ends in ready:
                return
            try:
                data = os.read(self._master, 4096)
            except OSError:
                return
            self._take(data)

    def close(self) -> None:
        if self._open:
            self._open = False
            os.write(self._wake, b"x")
            self._thread.join(2.0)
            with self._lock:
                for descriptor in (self._master, self._slave, self._ends, self._wake):
                    os.close(descriptor)
