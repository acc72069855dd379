"""Resins: films and inks as what a two-photon writer makes struts of. No numpy."""

from __future__ import annotations

from math import inf

from ..diagnostics import Span
from ..film import Film
from ..material import Ink, Resin, Solvent
from ..scene import Lattice, Print

_NO_SOLVENT = Solvent("", 0.0, 0.0, 0.0, 1.0)


def _resin(name: str, nanocrystal: str, colour: str, span: Span | None, fill: float | None) -> Resin:
    return Resin(
        name, nanocrystal, _NO_SOLVENT, 0.0, 1.0, (), 1.0, 0.0, 0.0, 0.0, inf, colour, span=span, fill=fill
    )


def resin_of(film: Film, fill: float | None = None) -> Resin:
    """A film as what filaments are made of."""
    return _resin(film.name, film.nanocrystal, film.colour, film.span, fill)


def as_resin(ink: Ink, fill: float | None = None) -> Resin:
    """The nanocrystals of an ink, written rather than extruded: nothing that holds for extruding does."""
    name = ink.name if isinstance(ink, Resin) else f"{ink.name} (written)"
    return _resin(name, ink.nanocrystal, ink.colour, ink.span, fill)


def resins_of(made: Print) -> tuple[Film, ...]:
    """The films that a print is written in: the one that it names, otherwise those that its part is made of."""
    named = made.fields.get("resin")
    if named is not None:
        return (named,)
    from ..check import leaves

    found: list[Film] = []
    for part in leaves(made.part):
        rules = part.layers if isinstance(part, Lattice) else ()
        for fields in (part.fields, *(rule.fields for rule in rules)):
            given = fields.get("material")
            several = given if isinstance(given, tuple | list) else (given,)
            found += [m for m in several if isinstance(m, Film) and m not in found]
    return tuple(found)
