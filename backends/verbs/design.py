"""A loaded design, as verbs of this room ask for what it makes: the other room holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ...kernel.build import Job
    from ...kernel.diagnostics import Diagnostic
    from ...kernel.motion import Toolpath
    from ...kernel.rig import Rig
    from ...kernel.scene import Scene, StateName


class Design(Protocol):
    """What is to be said of what it makes is told when it is asked for; where that is an error, the verb ends."""

    @property
    def scene(self) -> Scene: ...

    @property
    def file(self) -> str:
        """What the user calls it."""

    @property
    def name(self) -> str: ...

    @property
    def text(self) -> str:
        """Its source."""

    def hash(self) -> str:
        """Of its text, its imports and its params."""

    def params(self) -> Sequence[Mapping[str, Any]]:
        """Rows of `wp params --json`."""

    def drawn(self) -> tuple[tuple[Job, ...], list[Diagnostic]]:
        """What it prints, in the state that was drawn, and all that is said of that so far, which is not told."""

    def jobs(self, only: str) -> tuple[Job, ...]:
        """What it prints, in both states or in one alone."""

    def in_state(self, state: str, settled: bool) -> tuple[tuple[Job, ...], StateName]:
        """What it prints in one state, which may be a further one; then under which name the jobs hold it."""

    def to_show(self, only: str, state: str, settled: bool) -> tuple[tuple[Job, ...], tuple[Job, ...], str]:
        """What it prints, the same in the state and place in which it is to be shown, and under which name the jobs hold that state."""

    def verdict(
        self, jobs: tuple[Job, ...], rig: Rig | None, toolpath: Toolpath | None = None
    ) -> list[Diagnostic]:
        """What the design rules, its own checks and, where there is one, the rig say of what it prints; it is not told."""
