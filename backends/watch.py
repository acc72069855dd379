"""Watching: looks at the files of a design many times a second, and shows it anew once one of them was saved.

Files are looked at (time, size, number), not subscribed to: that serves every file system, network drives too, costs
microseconds for the few files of a design, and needs no library. A save by renaming is a new number under the old name; a
save in two steps is taken when the file has come to rest.
"""

from __future__ import annotations

import _thread
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from ..kernel.diagnostics import Diagnostic, WetprintError
from ..kernel.filaments import FilamentSet
from .preview import Look
from .previews import PREVIEWS

if TYPE_CHECKING:
    from ..kernel.build import Job
    from ..kernel.scene import Scene
    from .previews.stacked import Films
    from .previews.window import Seen

    Parts = Sequence[FilamentSet | Job]
    Version = Seen | Films

#: Seconds between two looks, between two looks that must agree, and how long a file that is gone or empty is waited for.
_LOOK_S, _REST_S, _GAP_S = 0.025, 0.012, 0.25
#: What takes seconds is begun only where nothing was saved for so long.
_PAUSE_S = 0.4


@dataclass(frozen=True, slots=True)
class Made:
    """What a design is now: the files that it was read from, and ways to its parts, the quick one first. There is none where
    the design has errors, which have been told. A way raises WetprintError where the part cannot be made. `scene` is what its
    design rules are told of."""

    files: tuple[Path, ...]
    ways: tuple[Callable[[], Parts], ...]
    scene: Scene | None = None


Make = Callable[[], Made]
Tell = Callable[[str], None]
Complain = Callable[[Sequence[Diagnostic]], None]


class Files:
    """Files that are looked at for saves."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._marks = {path: _mark(path) for path in files}

    def follow(self, files: Iterable[Path]) -> None:
        """Look at these, too. None is let go: what a broken design does not name, it named before."""
        for path in files:
            if path not in self._marks:
                self._marks[path] = _mark(path)

    def wait(self, most_s: float | None = None) -> bool:
        """Wait for a save, for so many seconds at most; whether there was one."""
        end = None if most_s is None else time.monotonic() + most_s
        while not self.saved():
            if end is not None and time.monotonic() > end:
                return False
            time.sleep(_LOOK_S)
        self._rest()
        return True

    def saved(self) -> bool:
        """Whether there was a save since the last one that was waited for."""
        return any(_mark(path) != mark for path, mark in self._marks.items())

    def _rest(self) -> None:
        """Wait until all stay as they are. A save may leave a file empty or away, but not for long."""
        end = time.monotonic() + _GAP_S
        now = {path: _mark(path) for path in self._marks}
        while time.monotonic() < end:
            before = now
            time.sleep(_REST_S)
            now = {path: _mark(path) for path in self._marks}
            there = [now[path] for path, mark in self._marks.items() if mark is not None]
            if now == before and all(mark is not None and mark[1] > 0 for mark in there):
                break
        self._marks = now


def _mark(path: Path) -> tuple[int, int, int] | None:
    try:
        about = path.stat()
    except (OSError, ValueError):
        return None
    return about.st_mtime_ns, about.st_size, about.st_ino


def watch_files(
    design: Path, make: Make, look: Look, outputs: Sequence[tuple[str, Path]], tell: Tell, complain: Complain
) -> None:
    """Show a design in files and again after every save, until Ctrl-C. With a broken design they stay as they are.

    A draft comes at once; full pictures, films and parts that take seconds to solve come when the design rests.
    `outputs` are names of previews with their files.
    """
    sketches = [(name, path) for name, path in outputs if name in ("png", "html")]
    draft = replace(look, draft=True)

    scene: list[Scene | None] = [None]

    def read() -> Made:
        made = make()
        scene[0] = made.scene
        return made

    def show(parts: Parts, last: bool) -> None:
        for name, path in outputs if last else sketches:
            _show(parts, scene[0], name, path, look if last else draft)
            tell(f"picture: {path}" if last else f"draft: {path}")

    # A page is as good at once where nothing has to be solved.
    again = any(name != "html" for name, _ in outputs)
    try:
        _follow(Files([design]), read, show, complain, again=again, unless=_unless_saved)
    except KeyboardInterrupt:
        return


def _show(parts: Parts, scene: Scene | None, name: str, path: Path, look: Look) -> None:
    """Show a design in a file, its films too where it has some."""
    if scene is None or not scene.patterns:
        PREVIEWS[name].show(parts, look, path)
        return
    from .films import films_of
    from .previews.stacked import show_films, state_of

    show_films(films_of(scene, parts, state_of(look)), [(name, path)], look)


def _follow(
    files: Files,
    make: Make,
    show: Callable[[Parts, bool], None],
    complain: Complain,
    *,
    again: bool,
    unless: Callable[[Files], AbstractContextManager[None]] = lambda _: nullcontext(),
) -> None:
    """Call `show` with the parts of each version, and whether they are its last; with `again` twice where there is one way.

    `unless` breaks off the last one by _SavedError.
    """
    while True:
        made = make()
        files.follow(made.files)
        turns = 2 if again and len(made.ways) == 1 else len(made.ways)
        parts: Parts | None = None
        saved = False
        for turn in range(turns):
            saved = turn > 0 and files.wait(_PAUSE_S)
            if saved:
                break
            try:
                with unless(files) if turn else nullcontext():
                    if parts is None or len(made.ways) > 1:
                        parts = made.ways[turn]()
                    show(parts, turn == turns - 1)
            except _SavedError:
                break
            except WetprintError as fault:
                complain(fault.diagnostics)
                break
        if not saved:
            files.wait()


class _SavedError(Exception):
    """A file was saved while its last version was being drawn."""


@contextmanager
def _unless_saved(files: Files) -> Iterator[None]:
    """Breaks off what the main thread does here as soon as one of the files is saved."""
    saved, done = threading.Event(), threading.Event()

    def look() -> None:
        while not done.wait(_LOOK_S):
            if files.saved():
                saved.set()
                _thread.interrupt_main()
                return

    def interrupted(*_: object) -> None:
        if not saved.is_set():
            raise KeyboardInterrupt
        if not done.is_set():
            raise _SavedError

    before = signal.signal(signal.SIGINT, interrupted)
    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield
    finally:
        done.set()
        looking.join()
        signal.signal(signal.SIGINT, before)


def watch_window(design: Path, make: Make, look: Look, tell: Tell, complain: Complain) -> None:
    """Show a design in a window that follows every save, until it is closed or Ctrl-C. The camera stays where it is.

    Reading and building have a thread of their own, so that the part turns meanwhile. A design that begins or ends to pattern films
    has another window. Raises WetprintError (X720, X721).
    """
    from .opengl import prepare_window

    prepare_window()
    versions: SimpleQueue[Version | None] = SimpleQueue()
    ended = threading.Event()
    files = Files([design])
    scene: list[Scene | None] = [None]

    def show(made: Parts, _last: bool) -> None:
        versions.put(_version(made, look, scene[0]))

    def broken(found: Sequence[Diagnostic]) -> None:
        complain(found)
        versions.put(None)

    def checked() -> Made:
        made = make()
        scene[0] = made.scene
        if not made.ways:
            versions.put(None)
        return replace(made, ways=(*made.ways[:1], *(_abandoned(way, files) for way in made.ways[1:])))

    faults: list[BaseException] = []

    def work() -> None:
        try:
            _follow(files, checked, show, broken, again=False)
        except BaseException as fault:  # it is raised where a user is told of it
            faults.append(fault)
        ended.set()

    before = signal.signal(signal.SIGINT, lambda *_: ended.set())
    try:
        threading.Thread(target=work, daemon=True).start()
        now: Version | None = None
        while now is None and not ended.is_set():
            now = _next(versions, _LOOK_S)
        while now is not None:
            now = _in_window(now, look, versions, ended, tell)
    finally:
        signal.signal(signal.SIGINT, before)
    if faults:
        raise faults[0]


def _version(made: Parts, look: Look, scene: Scene | None) -> Version:
    """What a window shows of a design."""
    if scene is None or not scene.patterns:
        from .previews.window import seen

        return seen(made, look, scene)
    from .films import films_of
    from .previews.stacked import refuse, state_of

    refuse(look)
    return films_of(scene, made, state_of(look))


def _abandoned(way: Callable[[], Parts], files: Files) -> Callable[[], Parts]:
    """The same way, left to itself as soon as one of the files is saved (_SavedError)."""
    found: SimpleQueue[Parts | BaseException] = SimpleQueue()

    def work() -> None:
        try:
            found.put(way())
        except BaseException as fault:  # it is raised below
            found.put(fault)

    def go() -> Parts:
        threading.Thread(target=work, daemon=True).start()
        while found.empty():
            if files.saved():
                raise _SavedError
            time.sleep(_LOOK_S)
        came = found.get()
        if isinstance(came, BaseException):
            raise came
        return came

    return go


def _in_window(
    first: Version, look: Look, versions: SimpleQueue[Version | None], ended: threading.Event, tell: Tell
) -> Version | None:
    """Show a window, and in it what comes, until it is closed or all is ended, or until what comes needs another window: then that."""
    from .previews.stacked_window import FilmWindow
    from .previews.window import Seen, Window

    window: Any = Window(first.part, look, seen=first) if isinstance(first, Seen) else FilmWindow(first, look)
    tell("drawn")
    other: list[Version] = []

    def look_up() -> bool:
        while not versions.empty():
            came = versions.get()
            if came is not None and not isinstance(came, type(first)):
                other[:] = [came]
                return False
            window.renew(came)
            tell("drawn")
        return not ended.is_set()

    window.show(look_up)
    if not other or ended.is_set():
        return None
    window.plotter.close()
    return other[0]


def _next(versions: SimpleQueue[Version | None], most_s: float) -> Version | None:
    try:
        return versions.get(timeout=most_s)
    except Empty:
        return None
