"""Transports and wires: deadlines kept, dead lines told, replies cut out of whatever pieces come."""

import os
import pty
import socket
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetprint.backends.transport import TransportError, connect
from wetprint.backends.transports import TRANSPORTS
from wetprint.backends.wire import SilenceError, Wire


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def url_of(server: socket.socket) -> str:
    return f"tcp://127.0.0.1:{server.getsockname()[1]}"


def test_tcp_carries_bytes_both_ways(server: socket.socket) -> None:
    line = connect(url_of(server))
    peer, _ = server.accept()
    line.write(b"hello\n", 1.0)
    assert peer.recv(100) == b"hello\n"
    assert line.read(0.01) == b""
    peer.sendall(b"%1\n")
    assert line.read(1.0) == b"%1\n"
    line.close()
    line.close()
    peer.close()


def test_tcp_tells_a_closed_peer_and_a_closed_port(server: socket.socket) -> None:
    line = connect(url_of(server))
    server.accept()[0].close()
    with pytest.raises(TransportError, match="closed by the machine"):
        while True:
            line.read(1.0)
    gone = url_of(server)
    server.close()
    with pytest.raises(TransportError, match="does not answer"):
        connect(gone, 0.5)


def test_a_write_into_a_full_line_ends(server: socket.socket) -> None:
    line = connect(url_of(server))
    peer, _ = server.accept()
    began = time.monotonic()
    with pytest.raises(TransportError, match="takes no bytes"):
        line.write(b"x" * (64 << 20), 0.1)
    assert time.monotonic() - began < 5.0
    peer.close()


def test_serial_over_a_terminal() -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    line = connect(f"serial:{os.ttyname(slave)}?baud=115200")
    line.write(bytes(range(256)), 1.0)
    found = b""
    while len(found) < 256:
        found += os.read(master, 256)
    assert found == bytes(range(256))
    os.write(master, b"\x06\x11\x13\r\n")
    time.sleep(0.01)
    assert line.read(1.0) == b"\x06\x11\x13\r\n"
    assert line.read(0.01) == b""
    os.close(master)
    with pytest.raises(TransportError):
        line.write(b"x", 0.2)
        line.read(0.5)
    line.close()
    os.close(slave)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("tpc://127.0.0.1:8000", "did you mean `tcp:`"),
        ("tcp://127.0.0.1", "tcp://host:port"),
        ("tcp://127.0.0.1:port", "ort"),
        ("serial:", "serial line is"),
        ("serial:/dev/ttyX?baud=fast", "whole number"),
        ("serial:/dev/there-is-none", "cannot be opened"),
        ("file:", "file:PATH"),
        ("file:/there/is/no/such/folder/x", "cannot be written"),
        ("carrier-pigeon:", "no transport"),
        ("descriptor:x", "number"),
        ("descriptor:987", "not open"),
    ],
)
def test_bad_addresses_are_told(url: str, says: str) -> None:
    with pytest.raises(TransportError, match=says):
        connect(url, 0.3)


def test_file_and_null(tmp_path: Path) -> None:
    line = connect(f"file:{tmp_path / 'out.ngc'}")
    line.write(b"G1 X1\n", 1.0)
    assert line.read(0.0) == b""
    line.close()
    assert (tmp_path / "out.ngc").read_bytes() == b"G1 X1\n"
    with pytest.raises(TransportError, match="closed"):
        line.write(b"x", 1.0)
    nowhere = connect("null:")
    nowhere.write(b"x", 1.0)
    assert nowhere.read(0.0) == b"" and nowhere.fileno() == -1


def test_every_transport_keeps_its_protocol() -> None:
    for name in TRANSPORTS:
        assert {"open", "write", "read", "fileno", "close"} <= set(dir(TRANSPORTS[name]))


class Pieces:
    """A transport that hands out given pieces."""

    url = "pieces:"

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces
        self.sent: list[bytes] = []

    def open(self, timeout_s: float) -> None: ...

    def write(self, data: bytes, timeout_s: float) -> None:
        self.sent.append(data)

    def read(self, timeout_s: float) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    def fileno(self) -> int:
        return -1

    def close(self) -> None: ...


@given(st.lists(st.binary(max_size=12).filter(lambda b: b"\n" not in b), max_size=6), st.data())
def test_lines_come_whole_however_they_are_split(lines: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(line + b"\n" for line in lines)
    pieces = []
    while stream:
        k = data.draw(st.integers(1, len(stream)))
        pieces.append(stream[:k])
        stream = stream[k:]
    wire = Wire(Pieces(pieces), "test")
    deadline = time.monotonic() + 1.0
    assert [wire.until(b"\n", deadline) for _ in lines] == [line + b"\n" for line in lines]


def test_silence_and_noise_end() -> None:
    wire = Wire(Pieces([b"half a line"]), "test")
    began = time.monotonic()
    with pytest.raises(SilenceError):
        wire.until(b"\n", began + 0.05)
    assert time.monotonic() - began < 1.0
    with pytest.raises(TransportError, match="noise"):
        Wire(Pieces([b"x" * 600] * 3), "test").until(b"\n", time.monotonic() + 1.0, 500)


def test_bytes_are_told_before_they_go_out() -> None:
    heard: list[tuple[str, str, bytes, bool, int]] = []
    line = Pieces([b"%\n"])
    wire = Wire(line, "stage", lambda *e: heard.append((*e, len(line.sent))))
    wire.send(b"PROGRAM 1 START\n")
    wire.send(b"$DO0.0=0\n", urgent=True)
    wire.until(b"\n", time.monotonic() + 1.0)
    assert heard == [
        ("stage", "out", b"PROGRAM 1 START\n", False, 0),
        ("stage", "out", b"$DO0.0=0\n", True, 1),
        ("stage", "in", b"%\n", False, 2),
    ]


def test_forget_drops_what_nobody_waits_for() -> None:
    wire = Wire(Pieces([b"late", b"r\n"]), "test")
    assert wire.forget() == b"later\n"
    assert wire.forget() == b""


def test_two_threads_do_not_mix_their_dialogues(server: socket.socket) -> None:
    def echo() -> None:
        peer, _ = server.accept()
        while data := peer.recv(1):
            peer.sendall(data)

    threading.Thread(target=echo, daemon=True).start()
    wire = Wire(connect(url_of(server)), "test")
    wrong: list[bytes] = []

    def talk(word: bytes) -> None:
        for _ in range(8):
            with wire.lock:
                wire.send(word)
                answer = wire.until(b"\n", time.monotonic() + 2.0)
            if answer != word:
                wrong.append(answer)

    threads = [threading.Thread(target=talk, args=(w,)) for w in (b"one\n", b"two\n")]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong
    wire.close()
