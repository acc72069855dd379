"""Resins: films and inks as what a two-photon writer makes struts of. No numpy."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from ..film import Film
from ..material import Ink, Solvent
from ..scene import Lattice, Print

_NO_SOLVENT = Solvent("", 0.0, 0.0, 0.0, 1.0)


def resin_of(film: Film, fill: float | None = None) -> Ink:
    """A film as what filaments are made of: its name and colour. It has no figures of an ink."""
    return Ink(
        film.name, film.nanocrystal, _NO_SOLVENT, 0.0, 1.0, (), 1.0, 0.0, 0.0, 0.0, inf, film.colour,
        resin=True, fill=fill, span=film.span,
    )  # fmt: skip


def as_resin(ink: Ink, fill: float | None = None) -> Ink:
    """The nanocrystals of an ink, written rather than extruded: nothing that holds for extruding does."""
    if ink.resin:
        return replace(ink, fill=fill)
    return replace(
        ink, name=f"{ink.name} (written)", swell=1.0, shrink=0.0, bet_um2_ug=None, conductivity=None, resin=True, fill=fill, linkers=(),
        provenance={k: o for k, o in ink.provenance.items() if k == "colour"},
    )  # fmt: skip


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
