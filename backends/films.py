"""From a scene with patterns to what can be looked at: the films that stay, pass by pass, and what is printed on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..kernel.diagnostics import WetprintError, error
from ..kernel.films.exposures import exposures
from ..kernel.films.prism import prisms
from ..kernel.flat import joined
from ..kernel.process import patterns_of, steps_of
from .drawing.slabs import Slab
from .export import whole
from .previews.stacked import Films, Pass

if TYPE_CHECKING:
    from ..kernel.build import Job
    from ..kernel.filaments import FilamentSet
    from ..kernel.scene import Scene, StateName


def films_of(scene: Scene, jobs: Sequence[FilamentSet | Job], state: StateName = "dried") -> Films:
    """Every pass of the design with the prisms of film that it leaves, and the printed part in `state`. Raises WetprintError (X712) for
    a relief that no dose can make."""
    says = {
        step.item: ", ".join(v for _, v in step.says) for step in steps_of(scene, ()) if step.kind == "expose"
    }
    try:
        found = prisms(scene)
        exposed = {
            i: joined(c.flat for one in exposures(p) for c in one.classes) for i, p in patterns_of(scene)
        }
    except ValueError as refused:
        raise WetprintError(error("X712", f"the films cannot be drawn: {refused}")) from None
    passes = []
    for row, (item, pattern) in enumerate(patterns_of(scene), 1):
        label, colour = f"{pattern.film.nanocrystal} ({pattern.film.name})", pattern.film.colour
        slabs = tuple(
            Slab(label, colour, p.region, p.base_um, p.top_um, row) for p in found if p.item == item
        )
        passes.append(
            Pass(label, colour, slabs, exposed[item], f"exposed, {says.get(item, '')}".rstrip(", "))
        )
    return Films(tuple(passes), whole(jobs, state) if jobs else None)
