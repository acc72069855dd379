"""The exception that a program sees: it reads as `wp check` prints, and a notebook shows no traceback for it."""

from __future__ import annotations

from ..kernel.diagnostics import WetprintError
from .render import to_terminal


class DesignError(WetprintError):
    """A design that is wrong. `diagnostics` are values; the text is what the command would print."""

    def __str__(self) -> str:
        return "\n" + to_terminal(list(self.diagnostics), colour=False, width=110)

    def _render_traceback_(self) -> list[str]:
        """What IPython shows."""
        return str(self).splitlines()
