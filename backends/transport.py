"""Ways to carry bytes to a machine: what every transport offers, its one kind of failure, and how a URL becomes one."""

from __future__ import annotations

from typing import Protocol


class TransportError(Exception):
    """The line is not there, broke, or does not take bytes. The only exception that a transport raises."""


class Transport(Protocol):
    """One line to a machine. Reads and writes carry their own deadline; nothing waits longer."""

    url: str

    def open(self, timeout_s: float) -> None:
        """Open the line. Raises TransportError."""

    def write(self, data: bytes, timeout_s: float) -> None:
        """Put all of `data` on the line or raise TransportError within `timeout_s`."""

    def read(self, timeout_s: float) -> bytes:
        """What came in: at least one byte, or b"" when nothing came within `timeout_s`. Raises TransportError on a dead
        line."""

    def fileno(self) -> int:
        """The file descriptor of the line, -1 where it has none."""

    def close(self) -> None:
        """Close the line; a second call does nothing."""


def connect(url: str, timeout_s: float = 3.0) -> Transport:
    """An open transport for `url` (`tcp://host:port`, `serial:/dev/ttyUSB0?baud=115200`, `file:PATH`, `null:`).

    Raises TransportError for an unknown kind and for a line that cannot be opened.
    """
    from .transports import TRANSPORTS

    kind = url.partition(":")[0]
    if kind not in TRANSPORTS:
        near = TRANSPORTS.nearest(kind)
        hint = f"; did you mean `{near}:`?" if near else ""
        raise TransportError(f"`{url}`: there is no transport `{kind}:`{hint}")
    transport = TRANSPORTS[kind](url)
    transport.open(timeout_s)
    return transport
