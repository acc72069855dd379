"""From a scene with patterns to what can be looked at: the films that stay, pass by pass, and what is printed on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..kernel.films.exposures import exposures
from ..kernel.flat import joined
from ..kernel.process import steps_of
from .drawing.slabs import Slab
from .export import whole
from .previews.stacked import Films, Pass

if TYPE_CHECKING:
    from ..kernel.build import Job
    from ..kernel.scene import Scene, StateName


def films_of(scene: Scene, jobs: Sequence[Job], state: StateName = "dried") -> Films:
    """Every pass of the design with the prism of film that it leaves, and the printed part in `state`."""
    says = {
        step.item: ", ".join(v for _, v in step.says)
        for step in steps_of(scene, tuple(jobs))
        if step.kind == "expose"
    }
    passes: list[Pass] = []
    for item, pattern in enumerate(scene.job):
        if pattern not in scene.patterns:
            continue
        exposed = exposures(pattern)
        label = f"{pattern.film.nanocrystal} ({pattern.film.name})"
        regions = [(c.flat, c.thickness_um) for one in exposed for c in one.classes]
        slabs = tuple(
            Slab(
                label,
                pattern.film.colour,
                flat,
                0.0,
                pattern.film.thickness_um if t is None else t,
                len(passes) + 1,
            )
            for flat, t in regions
        )
        passes.append(
            Pass(
                label,
                pattern.film.colour,
                slabs,
                joined(f for f, _ in regions),
                f"exposed, {says.get(item, '')}".rstrip(", "),
            )
        )
    return Films(tuple(passes), whole(jobs, state) if jobs else None)
