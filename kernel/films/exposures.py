"""What a pattern exposes: passes in order, each with the regions of its dose classes."""

from __future__ import annotations

from dataclasses import dataclass

from ..flat import Flat
from ..flat_merge import without_overlaps
from ..mask import drawn
from ..scene import Expr, Pattern
from . import relief
from .dose import dose_for

#: A relief written as several passes, or as dose classes of one.
PASSES, CLASSES = "passes", "classes"


@dataclass(frozen=True, eq=False)
class DoseClass:
    """A region with one dose: `factor` times that of the pattern. `thickness_um`: what a relief is to have there once this pass is done."""

    factor: float
    flat: Flat
    thickness_um: float | None = None


@dataclass(frozen=True, eq=False)
class Exposure:
    """One pass of a pattern; its classes do not overlap each other."""

    classes: tuple[DoseClass, ...]


def exposures(pattern: Pattern) -> tuple[Exposure, ...]:
    """Passes of one pattern, in order. Raises ValueError, with the reason, for a relief that no dose can make."""
    height = pattern.fields.get("relief")
    if height is not None:
        return _of_relief(pattern, height)
    return (Exposure((DoseClass(1.0, without_overlaps(drawn(pattern.mask))),)),)


def _of_relief(pattern: Pattern, height: Expr | float) -> tuple[Exposure, ...]:
    """Doses of the levels through the film's contrast curve; dose classes of one pass, or passes whose doses add up."""
    film = pattern.film
    if "dose" not in pattern.fields:
        raise ValueError(f"{pattern.process} has no dose, which the thickness could follow")
    if film.gamma is None:
        raise ValueError(f"film `{film.name}` has no `gamma`: its contrast curve is not known")
    share = relief.shares(int(pattern.fields.get("levels") or 8))
    if pattern.process == "ebeam":
        # d0 of a film is a dose of light; electrons are told by the pattern, whose dose then leaves all of the thickness.
        factors = [relief.factor_for(r, film.gamma) for r in share.tolist()]
    elif film.d0 is None:
        raise ValueError(f"film `{film.name}` has no `d0`: the dose at which it begins to stay is not known")
    else:
        factors = [dose_for(r, film.d0, film.gamma) / pattern.fields["dose"] for r in share.tolist()]
    # A level stands for all heights that are nearer to it than to its neighbours.
    edges = (share - 0.5 / len(share)) * film.thickness_um
    field = height if isinstance(height, Expr) else Expr("const", (float(height),), pattern.span)
    sets = relief.level_sets(field, drawn(pattern.mask), edges, pattern.fields.get("min_width"))
    kept = (share * film.thickness_um).tolist()
    if pattern.fields.get("split") == PASSES:
        added = relief.passes_of(factors)
        return tuple(
            Exposure((DoseClass(f, flat, t),))
            for f, flat, t in zip(added, sets, kept, strict=True)
            if flat.count
        )
    rows = zip(factors, relief.bands(sets), kept, strict=True)
    return (Exposure(tuple(DoseClass(f, flat, t) for f, flat, t in rows if flat.count)),)
