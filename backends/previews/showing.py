"""What all windows do: they stay open until they are closed, and save what is seen. PyVista."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

#: Looks for news are so far apart, ms.
_TICK_MS = 40
#: Named directions, on the keys 1 to 4.
_VIEWS = ("axonometric", "top", "front", "side")


def bind_keys(
    plotter: Any, own: Mapping[str, Callable[[], object]], look_from: Callable[[str], object]
) -> None:
    """What keys do: those of a window's `own`, and those of all: numbers look from a direction, q closes."""
    plotter.reset_key_events()
    for key, action in own.items():
        plotter.add_key_event(key, action)
    for number, view in enumerate(_VIEWS, 1):
        plotter.add_key_event(str(number), partial(look_from, view))
    plotter.add_key_event("q", plotter.close)


def show_until(plotter: Any, look_up: Callable[[], bool]) -> None:
    """Open a window until it is closed. `look_up` is called again and again meanwhile; where it says False, the window closes."""

    def tick(*_: object) -> None:
        if not look_up():
            plotter.iren.terminate_app()

    plotter.iren.add_observer("TimerEvent", tick)
    plotter.iren.initialize()
    plotter.iren.create_timer(_TICK_MS)
    plotter.show()


def save_picture(plotter: Any) -> Path:
    """Save what is seen in the folder of the command, as the next `wetprint-N.png`."""
    n = 1
    while (path := Path(f"wetprint-{n}.png")).exists():
        n += 1
    plotter.screenshot(str(path))
    return path
