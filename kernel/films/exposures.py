"""What a pattern exposes: passes in order, each with the regions of its dose classes."""

from __future__ import annotations

from dataclasses import dataclass

from ..flat import Flat
from ..flat_merge import without_overlaps
from ..mask import classes, drawn
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
    """One pass of a pattern. Its classes do not overlap each other, but where a mask lays regions of several doses over each other."""

    classes: tuple[DoseClass, ...]


#: The patterns asked for last with what they expose: checks, steps and files ask one after the other.
_asked: list[tuple[Pattern, tuple[Exposure, ...]]] = []
#: How many of them are remembered.
REMEMBERED = 8


def exposures(pattern: Pattern) -> tuple[Exposure, ...]:
    """Passes of one pattern, in order. Raises ValueError, with the reason, for a relief that no dose can make."""
    for known, made in _asked:
        if known is pattern:
            return made
    made = _exposures(pattern)
    _asked[:] = [(pattern, made), *_asked[: REMEMBERED - 1]]
    return made


def _exposures(pattern: Pattern) -> tuple[Exposure, ...]:
    height = pattern.fields.get("relief")
    if height is not None:
        return _of_relief(pattern, height)
    return (
        Exposure(tuple(DoseClass(factor, without_overlaps(flat)) for factor, flat in classes(pattern.mask))),
    )


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
    parts = relief.bands(sets)
    passes = pattern.fields.get("split") == PASSES
    made = [
        DoseClass(factor, flat, thickness)
        for factor, flat, thickness in zip(
            relief.passes_of(factors) if passes else factors,
            relief.reached(parts) if passes else parts,
            (share * film.thickness_um).tolist(),
            strict=True,
        )
        if flat.count
    ]
    return tuple(Exposure((one,)) for one in made) if passes else (Exposure(tuple(made)),)
