"""A transport with ears: every byte is told to a listener before it goes out, and replies are cut into lines and frames."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .transport import Transport, TransportError

#: (channel, "out" or "in", bytes, urgent): called before bytes go out and after bytes came in. `urgent` bytes cut ink and
#: must not wait for a disk.
Listener = Callable[[str, str, bytes, bool], None]


def deaf(channel: str, direction: str, data: bytes, urgent: bool) -> None:
    """A listener that records nothing."""


class SilenceError(Exception):
    """A reply did not come before its deadline."""


class Wire:
    """One channel of a machine: a transport, its name in the journal, and what has come in but is not yet used.

    `lock` is held over one question and its answer, so that two threads never mix their dialogues.
    """

    def __init__(self, transport: Transport, name: str, listener: Listener = deaf) -> None:
        self.transport = transport
        self.name = name
        self._listener = listener
        self._held = b""
        self.lock = threading.RLock()

    def send(self, data: bytes, timeout_s: float = 1.0, *, urgent: bool = False) -> None:
        """Raises TransportError."""
        self._listener(self.name, "out", data, urgent)
        self.transport.write(data, timeout_s)

    def forget(self) -> bytes:
        """Throw away what has come in and nobody waits for; returns it."""
        stale = self._held
        self._held = b""
        while data := self.transport.read(0.0):
            self._listener(self.name, "in", data, False)
            stale += data
        return stale

    def until(self, end: bytes, deadline: float, limit: int = 65536) -> bytes:
        """Everything up to and with `end`. Raises SilenceError at `deadline` (time.monotonic) and TransportError.

        `limit`: a line that grows beyond it is not an answer but noise.
        """
        while True:
            at = self._held.find(end)
            if at >= 0:
                found, self._held = self._held[: at + len(end)], self._held[at + len(end) :]
                return found
            if len(self._held) > limit:
                self._held = b""
                raise TransportError(f"{self.name}: noise on the line")
            self._more(deadline)

    def take(self, count: int, deadline: float) -> bytes:
        """The next `count` bytes. Raises SilenceError and TransportError."""
        while len(self._held) < count:
            self._more(deadline)
        found, self._held = self._held[:count], self._held[count:]
        return found

    def _more(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise SilenceError(f"{self.name}: no answer")
        data = self.transport.read(left)
        if data:
            self._listener(self.name, "in", data, False)
            self._held += data

    def close(self) -> None:
        self.transport.close()
