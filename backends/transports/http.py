"""The address of a web server that drives a machine (Moonraker): `http://HOST:7125`. It takes questions, no bytes."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..transport import TransportError


class Http:
    """Checks the address; the driver that knows the server talks to it itself."""

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            parts = urlsplit(url)
            right = parts.scheme == "http" and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            right = False
        if not right:
            raise TransportError(f"`{url}`: a web server is at `http://HOST:PORT`")

    def open(self, timeout_s: float) -> None:
        raise TransportError(
            f"`{self.url}` is a web server: only a controller that is driven through one has such an address"
        )

    def write(self, data: bytes, timeout_s: float) -> None:
        raise TransportError(f"{self.url} takes no bytes")

    def read(self, timeout_s: float) -> bytes:
        raise TransportError(f"{self.url} gives no bytes")

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        """Never open."""
