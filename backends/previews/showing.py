"""What all windows do: they stay open until they are closed, and save what is seen. PyVista."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

#: Looks for news are so far apart, ms.
_TICK_MS = 40


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
