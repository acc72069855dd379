"""A line with nothing at its end: `null:`. Bytes vanish, nothing comes back."""

from __future__ import annotations

import time


class Null:
    def __init__(self, url: str) -> None:
        self.url = url

    def open(self, timeout_s: float) -> None:
        """Always there."""

    def write(self, data: bytes, timeout_s: float) -> None:
        """Bytes vanish."""

    def read(self, timeout_s: float) -> bytes:
        time.sleep(max(timeout_s, 0.0))
        return b""

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        """Nothing to close."""
