"""HTTP to Moonraker, Klipper's web server: one question and its answer in JSON, with a deadline."""

from __future__ import annotations

import http.client
import json
import threading
from typing import Any
from urllib.parse import quote, urlsplit

from .wire import Listener

PORT = 7125


class MoonrakerError(Exception):
    """No answer, or one that refuses; the words are Klipper's own where there are any."""


class Moonraker:
    """A connection that is opened anew when it broke. `listener` hears requests and answers, in their own bytes."""

    def __init__(self, url: str, name: str, listener: Listener) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise MoonrakerError(f"`{url}`: Moonraker is at `http://HOST:{PORT}`")
        self._host, self._port = parts.hostname, parts.port or PORT
        self._name = name
        self._listener = listener
        self._lock = threading.RLock()
        self._line: http.client.HTTPConnection | None = None

    def ask(self, path: str, timeout_s: float, **query: str) -> Any:
        """GET. Returns `result`."""
        return self._talk("GET", path, timeout_s, query)

    def tell(self, path: str, timeout_s: float, *, urgent: bool = False, **query: str) -> Any:
        """POST. `urgent`: on a connection of its own, whatever hangs on the other."""
        return self._talk("POST", path, timeout_s, query, urgent=urgent)

    def upload(self, name: str, data: bytes, timeout_s: float) -> Any:
        """A program into Klipper's folder of G-code files."""
        edge = "wetprint-part"
        while edge.encode() in data:
            edge += "-"
        head = (
            f'--{edge}\r\nContent-Disposition: form-data; name="root"\r\n\r\ngcodes\r\n'
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        body = head.encode() + data + f"\r\n--{edge}--\r\n".encode()
        kind = f"multipart/form-data; boundary={edge}"
        return self._talk("POST", "/server/files/upload", timeout_s, {}, body, kind)

    def _talk(
        self, method: str, path: str, timeout_s: float, query: dict[str, str],
        body: bytes = b"", kind: str = "", *, urgent: bool = False,
    ) -> Any:  # fmt: skip
        words = "&".join(f"{quote(k)}={quote(v)}" if v else quote(k) for k, v in query.items())
        target = f"{path}?{words}" if words else path
        self._listener(self._name, "out", f"{method} {target}\n".encode() + body, urgent)
        if urgent:
            line = http.client.HTTPConnection(self._host, self._port, timeout=timeout_s)
            try:
                return self._exchange(line, method, target, body, kind)
            except (OSError, http.client.HTTPException) as reason:
                raise MoonrakerError(
                    f"Moonraker does not answer: {str(reason) or type(reason).__name__}"
                ) from None
            finally:
                line.close()
        with self._lock:
            for attempt in (1, 2):
                fresh = self._line is None
                if self._line is None:
                    self._line = http.client.HTTPConnection(self._host, self._port, timeout=timeout_s)
                if self._line.sock is not None:
                    self._line.sock.settimeout(timeout_s)
                try:
                    return self._exchange(self._line, method, target, body, kind)
                except TimeoutError:
                    self._drop()
                    raise MoonrakerError("Moonraker does not answer in time") from None
                except (OSError, http.client.HTTPException) as reason:
                    self._drop()
                    # A connection that the server had closed meanwhile may be opened anew, once and for a question only.
                    if fresh or attempt == 2 or method != "GET":
                        raise MoonrakerError(
                            f"Moonraker does not answer: {str(reason) or type(reason).__name__}"
                        ) from None
        raise AssertionError

    def _exchange(
        self, line: http.client.HTTPConnection, method: str, target: str, body: bytes, kind: str
    ) -> Any:
        line.request(method, target, body, {"Content-Type": kind} if kind else {})
        answer = line.getresponse()
        data = answer.read()
        self._listener(self._name, "in", data, False)
        try:
            content = json.loads(data)
        except ValueError:
            raise MoonrakerError(f"what answers is not Moonraker (HTTP {answer.status})") from None
        if answer.status >= 400 or "error" in content:
            raise MoonrakerError(str(content.get("error", {}).get("message", f"HTTP {answer.status}")))
        return content.get("result")

    def _drop(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def close(self) -> None:
        with self._lock:
            self._drop()
