"""A design that is drawn anew at every save: what is made of it each time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from ...kernel.diagnostics import Severity, WetprintError
from .asked import Asked, has_errors, show
from .pipeline import Waiting, drawn_alone, further_jobs, jobs_of, settled_jobs

if TYPE_CHECKING:
    from ...kernel.build import Job
    from ...kernel.scene import Scene
    from ...kernel.shrink import Model


Made = TypeVar("Made")


def maker(
    design: Asked,
    waiting: Waiting,
    made: Callable[[tuple[Path, ...], tuple[Callable[[], tuple[Job, ...]], ...], Scene | None], Made],
    *,
    state: str,
    only: str,
    settled: bool,
) -> Callable[[], Made]:
    """What reads the design and gives `made(files to watch, ways to its parts, its scene)`: the quick way first, the right one last."""
    from ..files import files_of

    if not Path(design.file).is_file():
        design.load()

    def make() -> Made:
        loaded = design.read()
        scene = loaded.scene
        if scene is None or has_errors(loaded.diagnostics):
            show(loaded.diagnostics)
            return made(files_of(loaded), (), None)

        def way(model: Model, tell: bool) -> tuple[Job, ...]:
            try:
                jobs, said = jobs_of(loaded, waiting, only=only, model=model)
                jobs, _, said = further_jobs(jobs, state, said)
                jobs = settled_jobs(jobs) if settled else jobs
            except typer.Exit:
                raise WetprintError from None  # it has been told
            if tell:
                show(d for d in said if d.severity >= Severity.WARNING)
            return jobs

        # How a part dries may take seconds to solve: the closed form of it comes first.
        quick, full = partial(way, "analytic", False), partial(way, "auto", True)
        return made(files_of(loaded), (full,) if drawn_alone(scene, only) else (quick, full), scene)

    return make
