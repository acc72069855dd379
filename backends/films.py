"""From a scene with patterns to what can be looked at: the films that stay, pass by pass, and what is printed on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..kernel.diagnostics import Diagnostic, WetprintError, error
from ..kernel.films.exposures import exposures
from ..kernel.films.prism import prisms
from ..kernel.flat import Flat, joined
from ..kernel.process import patterns_of, steps_of
from .drawing.picture import formula
from .drawing.slabs import Slab
from .export import whole
from .previews.stacked import Films, Pass

if TYPE_CHECKING:
    from ..kernel.build import Job
    from ..kernel.filaments import FilamentSet
    from ..kernel.film import Film
    from ..kernel.scene import Scene, StateName


def films_of(scene: Scene, jobs: Sequence[FilamentSet | Job], state: StateName = "dried") -> Films:
    """Every pass of the design with the prisms of film that it leaves, and the printed part in `state`. Raises WetprintError (X712) for
    a relief that no dose can make, and where neither film nor part is left."""
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
    if not found and not jobs:
        raise WetprintError(_nothing_left(scene, exposed))
    passes = []
    named = _labels([pattern.film for _, pattern in patterns_of(scene)])
    for row, (item, pattern) in enumerate(patterns_of(scene), 1):
        label, colour = named[pattern.film.name], pattern.film.colour
        slabs = tuple(
            Slab(label, colour, p.region, p.base_um, p.top_um, row) for p in found if p.item == item
        )
        passes.append(
            Pass(label, colour, slabs, exposed[item], f"exposed, {says.get(item, '')}".rstrip(", "))
        )
    return Films(tuple(passes), whole(jobs, state) if jobs else None)


def _labels(films: Sequence[Film]) -> dict[str, str]:
    """What a legend calls each film, by its name: its nanocrystal as a formula, with its name where two share one."""
    formulas = {film.name: formula(film.nanocrystal) for film in films}
    all_ = list(formulas.values())
    return {name: f if f and all_.count(f) == 1 else f"{f} ({name})".lstrip() for name, f in formulas.items()}


def preview_films(scene: Scene, jobs: Sequence[Job], **asks: Any) -> list[Path]:
    """Films and what is printed on them in each file that is asked for (as of `preview`), or in a window. Raises WetprintError (X7xx)."""
    from .preview import look_for
    from .previews.stacked import show_films, state_of

    asked, look = look_for(**{"html": None, "gif": None, **asks})
    return show_films(films_of(scene, jobs, state_of(look)), asked, look)


def _nothing_left(scene: Scene, exposed: Mapping[int, Flat]) -> Diagnostic:
    """What takes all film away, as far as it is known."""
    for item, pattern in patterns_of(scene):
        if exposed[item].bounds_nm() is None:
            what, place = f"pattern `{pattern.name}` exposes nothing", pattern.mask.span
            mend = "look where its masks lie: an intersection may be empty, a difference may take all"
            return error("X712", f"0 um2 of film stay to be drawn: {what}", place, notes=(mend,))
    _, last = patterns_of(scene)[-1]
    return error(
        "X712", f"0 um2 of film stay to be drawn after pattern `{last.name}`", last.span,
        notes=("the dose keeps nothing (W240), or a positive tone takes all: `wp check` and `wp measure` tell",),
    )  # fmt: skip
