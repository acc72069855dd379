"""Bytes into a file, for machines that take programs by hand: `file:PATH`. Nothing ever comes back."""

from __future__ import annotations

import time
from pathlib import Path
from typing import BinaryIO

from ..transport import TransportError


class File:
    """Appends what is written to PATH, which is emptied when opened."""

    def __init__(self, url: str) -> None:
        self.url = url
        name = url.removeprefix("file:").removeprefix("//")
        if not name:
            raise TransportError(f"`{url}`: a file is `file:PATH`")
        self._path = Path(name)
        self._file: BinaryIO | None = None

    def open(self, timeout_s: float) -> None:
        try:
            self._file = self._path.open("wb")
        except OSError as reason:
            raise TransportError(f"{self._path} cannot be written: {reason.strerror}") from None

    def write(self, data: bytes, timeout_s: float) -> None:
        if self._file is None:
            raise TransportError(f"{self._path} is closed")
        try:
            self._file.write(data)
            self._file.flush()
        except OSError as reason:
            raise TransportError(f"{self._path} cannot be written: {reason.strerror}") from None

    def read(self, timeout_s: float) -> bytes:
        time.sleep(max(timeout_s, 0.0))
        return b""

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
