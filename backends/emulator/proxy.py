"""A line that fails to order: stands between a driver and a machine and drops, delays, doubles, corrupts, swaps, splits, merges
or cuts what passes, by seed."""

from __future__ import annotations

import os
import pty
import random
import select
import socket
import threading
import time
import tty
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

KINDS = ("drop", "delay", "duplicate", "corrupt", "swap", "split", "merge", "cut")


@dataclass(frozen=True)
class Trouble:
    """What to do: each chunk that passes meets a fault with probability `rate`, of one of `kinds`; `after` chunks pass unharmed
    first; a delay lasts up to `delay_s`; faults end after `most` of them. `ways`: "in", "out" or both, as the driver sees it."""

    seed: int
    rate: float = 0.05
    kinds: tuple[str, ...] = KINDS
    after: int = 0
    most: int = 1_000_000
    delay_s: float = 0.3
    ways: tuple[str, ...] = ("in", "out")


class _Mangler:
    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
        self.random = random.Random(trouble.seed)
        self.seen = 0
        self.done: list[str] = []
        self._kept = {"in": b"", "out": b""}

    def pass_on(self, data: bytes, way: str) -> tuple[list[bytes], bool]:
        """The chunks to send in its place, and whether the line is cut behind them."""
        t, r = self.trouble, self.random
        self.seen += 1
        data, self._kept[way] = self._kept[way] + data, b""
        if way not in t.ways or self.seen <= t.after or len(self.done) >= t.most or r.random() >= t.rate:
            return [data], False
        kind = r.choice(t.kinds)
        self.done.append(f"{way} {kind}")
        k = r.randrange(len(data))
        if kind == "drop":
            return [], False
        if kind == "delay":
            time.sleep(r.uniform(0.0, t.delay_s))
            return [data], False
        if kind == "duplicate":
            return [data, data], False
        if kind == "corrupt":
            return [data[:k] + bytes([data[k] ^ (1 << r.randrange(7))]) + data[k + 1 :]], False
        if kind == "swap":
            k = min(k, len(data) - 2)
            if k < 0:
                return [data], False
            return [data[:k] + data[k + 1 : k + 2] + data[k : k + 1] + data[k + 2 :]], False
        if kind == "split":
            return [data[:k], data[k:]], False
        if kind == "merge":
            self._kept[way] = data
            return [], False
        return [data[:k]], True


class TcpProxy:
    """A proxy for `tcp://` and `http://` URLs; every connection has trouble of its own, seeded by its number."""

    def __init__(self, url: str, trouble: Trouble) -> None:
        parts = urlsplit(url)
        self._upstream = (parts.hostname or "", parts.port or 0)
        self._trouble = trouble
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"{parts.scheme}://127.0.0.1:{self._server.getsockname()[1]}"
        self._open = True
        self._ends: list[socket.socket] = []
        self.manglers: list[_Mangler] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while self._open:
            try:
                client, _ = self._server.accept()
                machine = socket.create_connection(self._upstream, 2.0)
            except OSError:
                return
            t = self._trouble
            number = len(self.manglers)
            self.manglers.append(
                _Mangler(Trouble(t.seed * 101 + number, t.rate, t.kinds, t.after, t.most, t.delay_s, t.ways))
            )
            self._ends += [client, machine]
            for s in (client, machine):
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            mangler = self.manglers[-1]
            threading.Thread(target=self._pump, args=(client, machine, "out", mangler), daemon=True).start()
            threading.Thread(target=self._pump, args=(machine, client, "in", mangler), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, way: str, mangler: _Mangler) -> None:
        try:
            while self._open:
                data = source.recv(65536)
                if not data:
                    break
                chunks, cut = mangler.pass_on(data, way)
                for chunk in chunks:
                    if chunk:
                        sink.sendall(chunk)
                if cut:
                    break
        except OSError:
            pass
        for s in (source, sink):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def cut_one(self, number: int) -> None:
        """The connection that was made as number `number` (from 0) is dead."""
        for end in self._ends[2 * number : 2 * number + 2]:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def pull(self) -> None:
        """The cable is out: all connections end, and none can be had."""
        self.close()
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._open = False
        # An `accept` that waits is woken by this, not by closing.
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


class SerialProxy:
    """A proxy for `serial:` URLs: a terminal of its own in front of the machine's."""

    def __init__(self, url: str, trouble: Trouble) -> None:
        self._machine = os.open(url.removeprefix("serial:"), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._machine)
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.url = f"serial:{os.ttyname(self._slave)}"
        self.manglers = [_Mangler(trouble)]
        self._ends, self._wake = os.pipe()
        self._pulled = False
        self._thread = threading.Thread(target=self._pump, daemon=True)
        self._thread.start()

    def _pump(self) -> None:
        cut = False
        while True:
            ready = select.select([self._master, self._machine, self._ends], [], [])[0]
            if self._ends in ready:
                return
            for source, sink, way in (
                (self._master, self._machine, "out"),
                (self._machine, self._master, "in"),
            ):
                if source not in ready:
                    continue
                try:
                    data = os.read(source, 4096)
                    if cut or not data:
                        continue
                    chunks, cut = self.manglers[0].pass_on(data, way)
                    for chunk in chunks:
                        if chunk:
                            os.write(sink, chunk)
                except OSError:
                    return

    def pull(self) -> None:
        """The cable is out: the line hangs up."""
        os.write(self._wake, b"x")
        self._thread.join(2.0)
        for descriptor in (self._master, self._slave):
            os.close(descriptor)
        self._pulled = True

    def close(self) -> None:
        if not self._pulled:
            self.pull()
        for descriptor in (self._machine, self._ends, self._wake):
            os.close(descriptor)
