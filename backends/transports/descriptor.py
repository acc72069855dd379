"""Bytes over an open descriptor that another process left behind: `descriptor:7`. The watchdog inherits serial lines so."""

from __future__ import annotations

import os
import select

from ..transport import TransportError


class Descriptor:
    """Reads and writes a descriptor; closing leaves it open, it belongs to someone else."""

    def __init__(self, url: str) -> None:
        self.url = url
        digits = url.removeprefix("descriptor:")
        if not digits.isdigit():
            raise TransportError(f"`{url}`: a descriptor is a number")
        self._descriptor = int(digits)

    def open(self, timeout_s: float) -> None:
        try:
            os.fstat(self._descriptor)
        except OSError as reason:
            raise TransportError(f"{self.url} is not open: {reason.strerror}") from None

    def write(self, data: bytes, timeout_s: float) -> None:
        view = memoryview(data)
        try:
            while view:
                try:
                    view = view[os.write(self._descriptor, view) :]
                except BlockingIOError:
                    if not select.select([], [self._descriptor], [], timeout_s)[1]:
                        raise TransportError(f"{self.url} takes no bytes") from None
        except OSError as reason:
            raise TransportError(f"{self.url} broke: {reason}") from None

    def read(self, timeout_s: float) -> bytes:
        try:
            if not select.select([self._descriptor], [], [], max(timeout_s, 0.0))[0]:
                return b""
            data = os.read(self._descriptor, 4096)
        except BlockingIOError:
            return b""
        except (OSError, ValueError) as reason:
            raise TransportError(f"{self.url} broke: {reason}") from None
        if not data:
            raise TransportError(f"{self.url} was unplugged")
        return data

    def fileno(self) -> int:
        return self._descriptor

    def close(self) -> None:
        """Not ours to close."""
