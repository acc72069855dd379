"""Bytes over a TCP connection: `tcp://host:port`."""

from __future__ import annotations

import select
import socket
from urllib.parse import urlsplit

from ..transport import TransportError


class Tcp:
    """A TCP client with small packets sent at once (no Nagle delay) and dead peers noticed."""

    def __init__(self, url: str) -> None:
        self.url = url
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError as reason:
            raise TransportError(f"`{url}`: {reason}") from None
        if not parts.hostname or port is None:
            raise TransportError(f"`{url}`: a TCP address is `tcp://host:port`")
        self._address = (parts.hostname, port)
        self._socket: socket.socket | None = None

    def open(self, timeout_s: float) -> None:
        try:
            s = socket.create_connection(self._address, timeout_s)
        except OSError as reason:
            raise TransportError(f"{self.url} does not answer: {reason.strerror or reason}") from None
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        s.setblocking(False)
        self._socket = s

    def _live(self) -> socket.socket:
        if self._socket is None:
            raise TransportError(f"{self.url} is closed")
        return self._socket

    def write(self, data: bytes, timeout_s: float) -> None:
        s = self._live()
        view = memoryview(data)
        try:
            while view:
                try:
                    view = view[s.send(view) :]
                except BlockingIOError:
                    if not select.select([], [s], [], timeout_s)[1]:
                        raise TransportError(f"{self.url} takes no bytes") from None
        except OSError as reason:
            raise TransportError(f"{self.url} broke: {reason}") from None

    def read(self, timeout_s: float) -> bytes:
        s = self._live()
        try:
            if not select.select([s], [], [], max(timeout_s, 0.0))[0]:
                return b""
            data = s.recv(65536)
        except BlockingIOError:
            return b""
        except (OSError, ValueError) as reason:
            raise TransportError(f"{self.url} broke: {reason}") from None
        if not data:
            raise TransportError(f"{self.url} was closed by the machine")
        return data

    def fileno(self) -> int:
        return -1 if self._socket is None else self._socket.fileno()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
