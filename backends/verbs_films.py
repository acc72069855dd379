"""Verbs on designs that pattern films: look at them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..kernel.build import Job
    from ..kernel.scene import Scene, StateName
    from .preview import Look


def show_scene(
    scene: Scene, jobs: Sequence[Job], asked: Sequence[tuple[str, Path]], look: Look, glb: Path | None
) -> Iterable[str]:
    """Show films and what is printed on them; a line for each file that was written. Raises WetprintError (X7xx)."""
    from .films import films_of
    from .previews.stacked import show_films, state_of, write_glb

    state: StateName = state_of(look)
    films = films_of(scene, jobs, state)
    if glb is not None:
        yield f"model: {write_glb(films, glb, state)}"
        if not asked:
            return
    for path in show_films(films, asked, look):
        word = {".html": "page", ".gif": "film", ".mp4": "film"}.get(path.suffix.lower(), "picture")
        yield f"{word}: {path}"
