"""`wp preview`: a design, or what a run has laid, in a window or in files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ...kernel.build import Job
    from ...kernel.filaments import FilamentSet
    from ...kernel.scene import Scene, StateName
    from ..preview import Look


class Design(Protocol):
    """A loaded design, as this verb asks for what it makes. What is to be said of that is told when it is asked for."""

    @property
    def scene(self) -> Scene: ...

    @property
    def name(self) -> str: ...

    def jobs(self, only: str) -> tuple[Job, ...]:
        """What it prints, in both states or in one alone."""

    def to_show(self, only: str, state: str, settled: bool) -> tuple[tuple[Job, ...], tuple[Job, ...], str]:
        """What it prints, the same in the state and place in which it is to be shown, and under which name the jobs hold that state."""


def show_design(
    design: Design, asks: dict[str, Any], *, state: str, settled: bool, glb: Path | None
) -> Iterator[str]:
    """Show a design as `asks` says (fields of a Look, and files by their kind); a line for each file that was written."""
    from ...kernel.material import FURTHER
    from ..preview import look_for
    from .options import states_needed

    asks = asks | {"title": design.name}
    asked, look = look_for(state="dried" if state in FURTHER else state, **asks)
    only = "both" if glb else states_needed(look, asked, state, settled)
    if design.scene.patterns:
        yield from _films(design.scene, design.jobs(only), asked, look, glb)
        return
    if not asked:
        from ..previews.marks import problems_of

        if state in FURTHER:  # the window switches between all states
            asks["further"], state = state, "dried"
        made, jobs, state = design.to_show(only, state, settled)
        asks["problems"] = partial(problems_of, design.scene, made)
    else:
        _, jobs, state = design.to_show(only, state, settled)
    yield from show_jobs(jobs, asks, state=state, glb=glb)


def show_jobs(
    jobs: Sequence[FilamentSet | Job], asks: dict[str, Any], *, state: str, glb: Path | None
) -> Iterator[str]:
    """Show printed parts; a line for each file that was written."""
    from ..preview import preview

    if glb is not None:
        from ..export import write_geometry

        write_geometry(jobs, "glb", glb, "wet" if state == "wet" else "dried")
        yield f"model: {glb}"
        if not any(asks[name] for name in ("png", "html", "gif", "mp4")):
            return
    yield from map(_told, preview(jobs, state=state, **asks))


def _films(
    scene: Scene, jobs: Sequence[Job], asked: Sequence[tuple[str, Path]], look: Look, glb: Path | None
) -> Iterator[str]:
    from ..films import films_of
    from ..previews.stacked import show_films, state_of, write_glb

    state: StateName = state_of(look)
    films = films_of(scene, jobs, state)
    if glb is not None:
        yield f"model: {write_glb(films, glb, state)}"
        if not asked:
            return
    yield from map(_told, show_films(films, asked, look))


def _told(path: Path) -> str:
    word = {".html": "page", ".gif": "film", ".mp4": "film"}.get(path.suffix.lower(), "picture")
    return f"{word}: {path}"
