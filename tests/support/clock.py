"""A clock that stands while anything works: prints on it are as on a host that is never busy, and waiting costs nothing.

`time.monotonic`, `time.sleep`, `select.select` and waits of `threading` follow it. A warden looks at every thread of all processes
that take part: only when none of them runs, is ready to run or has just written to a line does time jump to the earliest deadline.
Sockets, terminals, signals and processes stay real. Linux only.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import random
import select
import socket
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from clock_watch import NEVER, Deadlines, Threads

_REAL = {
    "monotonic": time.monotonic,
    "sleep": time.sleep,
    "select": select.select,
    "wait": threading.Condition.wait,
    "join": threading.Thread.join,
}
real_monotonic, real_sleep, real_select = time.monotonic, time.sleep, select.select
_write, _read = os.write, os.read

#: So long must all stand still before time moves on, and so long is left to those who work (s).
STILL_S, BUSY_S, BUSIEST_S = 0.0001, 0.0001, 0.001
#: A terminal passes bytes on by a worker of the kernel, who may be late where the host is busy: what was written and not yet read
#: is waited for, until it is taken for lost (s).
LOST_S = 0.1
#: Terminals that are counted, by their number.
TERMINALS = 512
_MESSAGE = struct.Struct("cd")
#: Numbers of the kernel: the slaves of terminals, their masters, and the request for the number of a master.
PTS, PTMX, TIOCGPTN = 136, (5, 2), 0x80045430


class _Time:
    """What all processes share: the time, when bytes were last written (of the real clock), and how many were written to and read
    from each terminal: [slave wrote, master read, master wrote, slave read]."""

    SIZE = 8 * (2 + 4 * TERMINALS)

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._page = memoryview(mmap.mmap(file.fileno(), self.SIZE)).cast("d")
        self._counts = np.asarray(self._page)[2:]
        self._lock = threading.Lock()

    def now(self) -> float:
        return float(self._page[0])

    def go(self, to: float) -> None:
        self._page[0] = to

    def count(self, descriptor: int, size: int, *, wrote: bool) -> None:
        """So many bytes went through a descriptor."""
        try:
            device = os.fstat(descriptor).st_rdev
            if os.major(device) == PTS:
                number, at = os.minor(device), 0 if wrote else 3
            elif (os.major(device), os.minor(device)) == PTMX:
                number = struct.unpack("i", fcntl.ioctl(descriptor, TIOCGPTN, b"\0" * 4))[0]
                at = 2 if wrote else 1
            else:
                return
        except OSError:
            return
        if number < TERMINALS:
            with self._lock:
                self._page[2 + 4 * number + at] += size
                if wrote:
                    self._page[1] = real_monotonic()

    def on_the_way(self) -> tuple[bool, bool]:
        """Whether bytes that were written to a terminal have still to be read, and whether they are taken for lost."""
        late = bool((self._counts[0::2] > self._counts[1::2]).any())
        return late, late and real_monotonic() - float(self._page[1]) > LOST_S

    def forget(self) -> None:
        """What is on its way is lost."""
        with self._lock:
            self._counts[1::2] = self._counts[0::2]


def _follow(shared: _Time, deadlines: Deadlines, late: Callable[[], float]) -> None:
    """Let this process live by the shared time."""
    mine = threading.local()

    def due(seconds: float) -> float:
        return shared.now() + seconds + late()

    def sleep(seconds: float) -> None:
        if seconds <= 0.0:
            real_sleep(0.0)
            return
        gate = threading.Lock()
        gate.acquire()
        deadlines.add(due(seconds), gate.release)
        gate.acquire()

    def wait_for(r: Any, w: Any, x: Any, timeout: float | None = None) -> Any:
        if timeout is None or timeout <= 0.0:
            return real_select(r, w, x, timeout)
        found = real_select(r, w, x, 0.0)
        if any(found):
            return found
        if not hasattr(mine, "bell"):
            mine.bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        bell = mine.bell
        token = deadlines.add(due(timeout), lambda: os.eventfd_write(bell, 1))
        try:
            a, b, c = real_select([*r, bell], w, x)
        finally:
            deadlines.cancel(token)
            with contextlib.suppress(BlockingIOError):
                os.eventfd_read(bell)
        return [one for one in a if one is not bell], b, c

    def wait(self: Any, timeout: float | None = None) -> bool:
        if timeout is None or timeout <= 0.0:
            return bool(_REAL["wait"](self, timeout))
        if not self._is_owned():
            raise RuntimeError("cannot wait on a lock that is not held")
        gate = threading.Lock()
        gate.acquire()
        self._waiters.append(gate)
        over: list[bool] = []

        def fire() -> None:
            over.append(True)
            with contextlib.suppress(RuntimeError):
                gate.release()

        kept = self._release_save()
        token = deadlines.add(due(timeout), fire)
        try:
            gate.acquire()
        finally:
            deadlines.cancel(token)
            self._acquire_restore(kept)
        try:
            self._waiters.remove(gate)
        except ValueError:
            return True
        return not over

    def join(self: threading.Thread, timeout: float | None = None) -> None:
        if timeout is None:
            _REAL["join"](self)
            return
        end = shared.now() + timeout
        while self.is_alive() and shared.now() < end:
            _REAL["join"](self, 0.002)
            if self.is_alive():
                sleep(0.002)

    def write(descriptor: int, data: Any) -> int:
        # Counted before: who reads it may be quicker.
        shared.count(descriptor, len(data), wrote=True)
        size = 0
        try:
            size = _write(descriptor, data)
        finally:
            if size < len(data):
                shared.count(descriptor, size - len(data), wrote=True)
        return size

    def read(descriptor: int, most: int) -> bytes:
        data = _read(descriptor, most)
        shared.count(descriptor, len(data), wrote=False)
        return data

    time.monotonic = threading._time = shared.now  # type: ignore[attr-defined]
    time.sleep = sleep  # type: ignore[assignment]
    select.select = wait_for  # type: ignore[assignment]
    threading.Condition.wait = wait  # type: ignore[method-assign]
    threading.Thread.join = join  # type: ignore[method-assign]
    os.write, os.read = write, read


def _leave() -> None:
    time.monotonic = threading._time = _REAL["monotonic"]  # type: ignore[attr-defined,assignment]
    time.sleep = _REAL["sleep"]  # type: ignore[assignment]
    select.select = _REAL["select"]  # type: ignore[assignment]
    threading.Condition.wait = _REAL["wait"]  # type: ignore[method-assign,assignment]
    threading.Thread.join = _REAL["join"]  # type: ignore[method-assign,assignment]
    os.write, os.read = _write, _read


class _Member:
    """Another process that lives by the clock: when it next waits for (None: it has not said yet), and how often it holds it."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self.first: float | None = None
        self.holds = 0
        pid = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        self.threads = Threads(pid)
        line.setblocking(False)

    def hear(self) -> bool | None:
        """Whether it said anything; None when it is gone."""
        try:
            data = self.line.recv(65536)
        except BlockingIOError:
            return False
        except OSError:
            return None
        if not data:
            return None
        for kind, value in _MESSAGE.iter_unpack(data):
            if kind == b"d":
                self.first = value
            else:
                self.holds += 1 if kind == b"h" else -1
        return True


class Clock:
    """The clock of this process and of those that join it by `address`. `late_s`: everyone wakes up to so much late, as on a host
    that is busy; by `seed`."""

    def __init__(self, late_s: float = 0.0, seed: int = 0) -> None:
        folder = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path(tempfile.gettempdir())
        self._folder = Path(tempfile.mkdtemp(prefix="clock", dir=folder))
        page = self._folder / "page"
        page.write_bytes(struct.pack("2d", 1000.0, 0.0).ljust(_Time.SIZE, b"\0"))
        self._shared = _Time(page)
        self._deadlines = Deadlines()
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.address = str(self._folder / "line")
        self._server.bind(self.address)
        self._server.listen(64)
        self._server.setblocking(False)
        self._members: list[_Member] = []
        self._threads = Threads(os.getpid())
        self._holds = 0
        self._lock = threading.Lock()
        self._over = False
        self.jumps = 0
        r = random.Random(seed)
        _follow(self._shared, self._deadlines, lambda: r.uniform(0.0, late_s) if late_s else 0.0)
        self._warden = threading.Thread(target=self._watch, name="warden", daemon=True)
        self._warden.start()

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Time stands: something is waited for that does not live by this clock."""
        with self._lock:
            self._holds += 1
        try:
            yield
        finally:
            with self._lock:
                self._holds -= 1

    def close(self) -> None:
        """Back to the real time. Who still waits is let go."""
        self._over = True
        _REAL["join"](self._warden)
        _leave()
        self._deadlines.fire(NEVER)
        for member in self._members:
            member.line.close()
            member.threads.close()
        self._threads.close()
        self._server.close()
        for path in self._folder.iterdir():
            path.unlink()
        self._folder.rmdir()

    def _watch(self) -> None:
        me = str(threading.get_native_id())
        pause_s = BUSY_S
        while not self._over:
            if not self._still(me):
                # On a host that is busy they work for long, and are not to be looked at all the time.
                real_sleep(pause_s)
                pause_s = min(1.5 * pause_s, BUSIEST_S)
                continue
            pause_s = BUSY_S
            due = min([self._deadlines.first(), *(m.first or 0.0 for m in self._members)])
            if due == NEVER:
                real_sleep(0.0005)
                continue
            self.jumps += 1
            now = max(due, self._shared.now())
            self._shared.go(now)
            for member in self._members:
                if member.first is not None and member.first <= now:
                    member.first = None
                    with contextlib.suppress(OSError):
                        member.line.send(b"t")
            self._deadlines.fire(now)

    def _hear(self) -> bool:
        """Take in what members say; False where they said something, or one has still to."""
        still = True
        with contextlib.suppress(BlockingIOError):
            while True:
                self._members.append(_Member(self._server.accept()[0]))
                still = False
        for member in list(self._members):
            said = member.hear()
            if said is None:
                member.line.close()
                member.threads.close()
                self._members.remove(member)
                still = False
            still = still and said is False and member.first is not None and not member.holds
        return still

    def _still(self, me: str) -> bool:
        """Whether nothing happens, looked at for a moment."""
        if self._holds or not self._hear():
            return False
        all_of_us = [self._threads, *(m.threads for m in self._members)]
        try:
            for k, threads in enumerate(all_of_us):
                threads.list(me if k == 0 else "")
            before = [threads.ran() for threads in all_of_us]
            # Those that wait for the interpreter get it here, and are seen to have run.
            real_sleep(STILL_S)
            late, lost = self._shared.on_the_way()
            still = late == lost and [threads.ran() for threads in all_of_us] == before
            still = still and all(threads.wait() for threads in all_of_us)
        except (OSError, ValueError):
            # One ended meanwhile.
            return False
        if still and lost:
            # Nobody is about to read it.
            self._shared.forget()
        return still and self._hear() and not self._holds


class Member:
    """This process lives by the clock at `address`."""

    def __init__(self, address: str) -> None:
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._line.connect(address)
        self._deadlines = Deadlines()
        self._shared = _Time(Path(address).with_name("page"))
        self._deadlines.changed = lambda at: self._say(b"d", at)
        _follow(self._shared, self._deadlines, lambda: 0.0)
        self._say(b"d", NEVER)
        threading.Thread(target=self._ticks, name="ticks", daemon=True).start()

    def _say(self, kind: bytes, value: float) -> None:
        with contextlib.suppress(OSError):
            self._line.send(_MESSAGE.pack(kind, value))

    def _ticks(self) -> None:
        while self._line.recv(1):
            self._deadlines.fire(self._shared.now())

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        self._say(b"h", 0.0)
        try:
            yield
        finally:
            self._say(b"r", 0.0)
