"""Bytes over a serial line, 8N1: `serial:/dev/ttyUSB0?baud=115200`."""

from __future__ import annotations

import os
import select
from typing import Any
from urllib.parse import parse_qs

from ..transport import TransportError


class Serial:
    """A serial port in raw mode through pyserial (which sets it up); bytes then move by `os.read` and `os.write` on the
    descriptor, because only these respect deadlines in both directions."""

    def __init__(self, url: str) -> None:
        self.url = url
        path, _, query = url.removeprefix("serial:").partition("?")
        if not path:
            raise TransportError(f"`{url}`: a serial line is `serial:/dev/ttyUSB0`")
        self._path = path
        try:
            self._baud = int(parse_qs(query).get("baud", ["115200"])[0])
        except ValueError:
            raise TransportError(f"`{url}`: baud is a whole number") from None
        self._port: Any = None

    def open(self, timeout_s: float) -> None:
        import serial

        try:
            self._port = serial.Serial(self._path, self._baud, timeout=0, write_timeout=timeout_s)
            os.set_blocking(self._port.fileno(), False)
        except (serial.SerialException, OSError, ValueError) as reason:
            # pyserial repeats the system's words within words of its own.
            number = getattr(reason, "errno", None)
            why = reason if number is None else os.strerror(number)
            raise TransportError(f"{self._path} cannot be opened: {why}") from None

    def fileno(self) -> int:
        return -1 if self._port is None else int(self._port.fileno())

    def _live(self) -> int:
        if self._port is None:
            raise TransportError(f"{self._path} is closed")
        return self.fileno()

    def write(self, data: bytes, timeout_s: float) -> None:
        descriptor = self._live()
        view = memoryview(data)
        try:
            while view:
                try:
                    view = view[os.write(descriptor, view) :]
                except BlockingIOError:
                    if not select.select([], [descriptor], [], timeout_s)[1]:
                        raise TransportError(f"{self._path} takes no bytes") from None
        except OSError as reason:
            raise TransportError(f"{self._path} broke: {reason}") from None

    def read(self, timeout_s: float) -> bytes:
        descriptor = self._live()
        try:
            if not select.select([descriptor], [], [], max(timeout_s, 0.0))[0]:
                return b""
            data = os.read(descriptor, 4096)
        except BlockingIOError:
            return b""
        except (OSError, ValueError) as reason:
            raise TransportError(f"{self._path} broke: {reason}") from None
        if not data:
            raise TransportError(f"{self._path} was unplugged")
        return data

    def close(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None
