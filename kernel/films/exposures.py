"""What a pattern exposes: passes in order, each with the regions of its dose classes."""

from __future__ import annotations

from dataclasses import dataclass

from ..flat import Flat, Floats, joined
from ..flat_merge import without_overlaps
from ..mask import classes, drawn
from ..scene import Expr, Pattern
from . import relief
from .coats import dosed_by
from .curve import curve_of
from .dose import dose_for
from .relief import ReliefError

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
    if pattern.fields.get("relief") is not None:
        return _of_relief(pattern)
    return (
        Exposure(tuple(DoseClass(factor, without_overlaps(flat)) for factor, flat in classes(pattern.mask))),
    )


#: What tells which dose leaves which thickness.
_CURVE = "a film with a contrast curve, such as `wp calibrate --dose` writes, tells which dose leaves which thickness"


@dataclass(frozen=True, eq=False)
class Levels:
    """How a relief becomes doses: `height` over x and y, and for each level the share of the thickness that it leaves, the dose factor
    that leaves it, and the height from which on it stands for what was asked."""

    height: Expr
    shares: Floats
    factors: tuple[float, ...]
    edges_um: Floats


def levels_of(pattern: Pattern) -> Levels:
    """Doses of the levels of a relief through the film's contrast curve. Raises ValueError where no dose makes them."""
    height, film = pattern.fields["relief"], pattern.film
    kind = dosed_by((pattern,))
    if kind is None:
        raise ReliefError(
            f"{pattern.process} has no dose, which the thickness could follow",
            "`photopattern` and `ebeam` have one, and `two_photon` writes parts of any height",
        )
    curve = curve_of(film, kind)
    share = relief.shares(int(pattern.fields.get("levels") or 8))
    if curve.d0 is None and kind == "electrons":
        # The pattern's dose leaves all of the thickness; without a contrast of electrons that of light is the best there is.
        gamma = film.gamma if curve.gamma is None else curve.gamma
        if gamma is None:
            raise ReliefError(
                f"film `{film.name}` has no `gamma_electrons`: its contrast curve is not known", _CURVE
            )
        factors = [relief.factor_for(r, gamma) for r in share.tolist()]
    elif curve.gamma is None:
        raise ValueError(
            f"film `{film.name}` has no `{curve.field('gamma')}`: its contrast curve is not known"
        )
    elif curve.d0 is None:
        raise ReliefError(
            f"film `{film.name}` has no `d0`: the dose at which it begins to stay is not known", _CURVE
        )
    else:
        factors = [dose_for(r, curve.d0, curve.gamma) / pattern.fields["dose"] for r in share.tolist()]
    # A level stands for all heights that are nearer to it than to its neighbours.
    edges = (share - 0.5 / len(share)) * film.thickness_um
    return Levels(relief.field_of(height, pattern.span), share, tuple(factors), edges)


def outline(pattern: Pattern) -> Flat:
    """Where a pattern exposes anything. Of a relief the lowest level alone is drawn. Raises ValueError as `exposures` does."""
    if pattern.fields.get("relief") is None:
        return joined(c.flat for one in exposures(pattern) for c in one.classes)
    levels = levels_of(pattern)
    lowest = levels.edges_um[:1]
    sets = relief.level_sets(levels.height, drawn(pattern.mask), lowest, pattern.fields.get("min_width"))
    return relief.bands(sets)[0]


def factors(pattern: Pattern) -> tuple[float, ...]:
    """Dose factors of the classes of a pattern; of a relief those of the levels that its samples reach, none of which is drawn."""
    if pattern.fields.get("relief") is None:
        return tuple(c.factor for one in exposures(pattern) for c in one.classes)
    levels = levels_of(pattern)
    reached = relief.reach(
        levels.height, drawn(pattern.mask), levels.edges_um, pattern.fields.get("min_width")
    )
    found = levels.factors[:reached]
    return tuple(relief.passes_of(found)) if pattern.fields.get("split") == PASSES else found


def _of_relief(pattern: Pattern) -> tuple[Exposure, ...]:
    """Dose classes of one pass, or passes whose doses add up."""
    levels = levels_of(pattern)
    sets = relief.level_sets(
        levels.height, drawn(pattern.mask), levels.edges_um, pattern.fields.get("min_width")
    )
    parts = relief.bands(sets)
    passes = pattern.fields.get("split") == PASSES
    made = [
        DoseClass(factor, flat, thickness)
        for factor, flat, thickness in zip(
            relief.passes_of(levels.factors) if passes else levels.factors,
            relief.reached(parts) if passes else parts,
            (levels.shares * pattern.film.thickness_um).tolist(),
            strict=True,
        )
        if flat.count
    ]
    return tuple(Exposure((one,)) for one in made) if passes else (Exposure(tuple(made)),)
