"""Processes at the price of a fork: a server that has all modules loaded forks printing children and watchdogs. They are processes like
any other, with their own pid, pipes and end; kill -9 kills them."""

from __future__ import annotations

import array
import ctypes
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from subprocess import TimeoutExpired
from types import SimpleNamespace
from typing import Any

#: Descriptors that are passed wait up here until they get the numbers that they had.
HIGH = 700

Work = Callable[[dict[str, Any]], None]


def die_with_parent() -> None:
    """Let this process be killed when the one that forked it ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Server:
    """`works[name](arguments)` is what a child does. Make it before there are threads."""

    def __init__(self, works: dict[str, Work]) -> None:
        self._folder = tempfile.mkdtemp(prefix="forks")
        self.address = f"{self._folder}/line"
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.bind(self.address)
        line.listen(16)
        self.pid = os.fork()
        if self.pid == 0:
            _serve(line, works)
        line.close()

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        Path(self.address).unlink()
        Path(self._folder).rmdir()


def _serve(line: socket.socket, works: dict[str, Work]) -> None:
    # Whoever ends needs nobody to wait for it.
    die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        caller, _ = line.accept()
        data, ancillary, _, _ = caller.recvmsg(65536, socket.CMSG_SPACE(64 * 4))
        passed = array.array("i")
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                passed.frombytes(content[: len(content) - len(content) % passed.itemsize])
        # Who asks may be killed before it has.
        if data and os.fork() == 0:
            status = 1
            try:
                line.close()
                _begin(json.loads(data), list(passed), caller, works)
                status = 0
            except BaseException:
                with suppress(Exception):
                    import traceback

                    traceback.print_exc()
                    sys.stderr.flush()
            finally:
                os._exit(status)
        for descriptor in passed:
            os.close(descriptor)
        caller.close()


def _begin(request: dict[str, Any], passed: list[int], caller: socket.socket, works: dict[str, Work]) -> None:
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGPROF):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setsid()
    die_with_parent()
    held = [os.dup2(d, HIGH + k, inheritable=False) for k, d in enumerate(passed)]
    # It stays open until the process ends, and shows that end.
    mine = os.dup2(caller.fileno(), HIGH + len(held), inheritable=False)
    os.closerange(3, HIGH)
    for number, descriptor in zip(request["numbers"], held, strict=True):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin, sys.stdout = os.fdopen(0, "r", closefd=False), os.fdopen(1, "w", closefd=False)
    works[request["work"]]({**request["with"], "begun": lambda: os.write(mine, b"%d" % os.getpid())})
    sys.stdout.flush()


class Child:
    """A process forked by the server at `address`, with the interface of subprocess.Popen as far as it is used here. `hold`: a way to
    let a clock stand until it has begun."""

    def __init__(
        self,
        address: str,
        work: str,
        arguments: dict[str, Any],
        pass_fds: list[int],
        hold: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        told, tell = os.pipe()
        hear, heard = os.pipe()
        self.stdin, self.stdout = os.fdopen(tell, "wb"), os.fdopen(hear, "rb")
        with hold():
            self._line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._line.connect(address)
            request = {"work": work, "with": arguments, "numbers": [0, 1, *pass_fds]}
            descriptors = array.array("i", [told, heard, *pass_fds])
            self._line.sendmsg(
                [json.dumps(request).encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)]
            )
            self.pid = _peer(self._line)
        os.close(told)
        os.close(heard)

    def poll(self) -> int | None:
        import select

        if not select.select([self._line], [], [], 0.0)[0]:
            return None
        return None if self._line.recv(64) else 0

    def wait(self, timeout: float | None = None) -> int:
        import select

        # Whatever it says comes before its end.
        while select.select([self._line], [], [], timeout)[0]:
            if not self._line.recv(64):
                return 0
        raise TimeoutExpired("forked child", timeout or 0.0)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        self.kill()
        self.wait()
        for file in (self.stdin, self.stdout):
            with suppress(OSError):
                file.close()
        self._line.close()


def _peer(line: socket.socket) -> int:
    """The child tells its number once it lives by the clock."""
    said = line.recv(64)
    if not said:
        raise OSError("the forked process did not begin")
    return int(said)


def as_subprocess(
    address: str, arguments: dict[str, Any], hold: Callable[[], AbstractContextManager[None]]
) -> SimpleNamespace:
    """What the room of the watchdog takes for the module `subprocess`."""

    def popen(command: list[str], *, pass_fds: list[int], **_: Any) -> Child:
        return Child(address, "watchdog", arguments, list(pass_fds), hold)

    return SimpleNamespace(Popen=popen, PIPE=-1, DEVNULL=-3, TimeoutExpired=TimeoutExpired)
