"""What a terminal shows while something takes long: what is being done, and for how many seconds already."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic

#: Nothing is shown before this, s: most designs are done by then.
QUIET_S = 1.0


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """Show `text` and the time that has passed on a terminal's standard error, as long as the body runs. Files see nothing."""
    if not sys.stderr.isatty():
        yield
        return
    done = Event()

    def show() -> None:
        began, shown = monotonic(), False
        while not done.wait(0.5):
            passed = monotonic() - began
            if passed >= QUIET_S:
                sys.stderr.write(f"\r{text}, {passed:.0f} s\x1b[K")
                sys.stderr.flush()
                shown = True
        if shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    thread = Thread(target=show, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
