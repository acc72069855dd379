"""`wp preview`: a design, or what a run has laid, in a window or in files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...kernel.build import Job
    from ...kernel.filaments import FilamentSet
    from ...kernel.scene import Scene, StateName
    from ..preview import Look
    from ..watch import Complain, Make
    from .design import Design


def show_design(
    design: Design, asks: dict[str, Any], *, state: str, settled: bool, glb: Path | None
) -> Iterator[str]:
    """Show a design as `asks` says (fields of a Look, and files by their kind); a line for each file that was written."""
    from ...kernel.material import FURTHER
    from ..preview import look_for, place_for
    from .options import needs_ink, states_needed

    if glb is not None:
        place_for(".glb", glb)
    needs_ink(design.scene, ("--settled", settled), (f"--state {state}", state in FURTHER))
    asks = asks | {"title": design.name}
    asked, look = look_for(state="dried" if state in FURTHER else state, **asks)
    if not asked and glb is None:
        from ..opengl import prepare_window

        prepare_window()
    only = "both" if glb else states_needed(look, asked, state, settled)
    if design.scene.patterns:
        jobs = design.to_show(only, state, settled)[1] if design.scene.prints else ()
        yield from _films(design.scene, jobs, asked, look, glb)
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


def watch_design(
    file: str,
    maker: Callable[..., Make],
    asks: dict[str, Any],
    *,
    state: str,
    settled: bool,
    complain: Complain,
    say: Callable[[str], None],
) -> None:
    """Show a design anew whenever it is saved. `maker(Made, state=, only=, settled=)` gives what reads it."""
    from ...kernel.material import FURTHER
    from ..preview import look_for
    from ..watch import Made, watch_files, watch_window
    from .options import states_needed

    asked, look = look_for(state="dried" if state in FURTHER else state, **asks)
    if not asked and state in FURTHER:  # the window switches between all states
        look, state = replace(look, further=state), "dried"
    make = maker(Made, state=state, only=states_needed(look, asked, state, settled), settled=settled)
    tell = partial(print, flush=True)
    say(f"watching {file}; Ctrl-C ends")
    if asked:
        watch_files(Path(file), make, look, asked, tell, complain)
    else:
        watch_window(Path(file), make, look, tell, complain)
        # Nobody waits for threads that still solve, nor for VTK, which now and then fails while Python takes it down.
        os._exit(0)


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
