"""Resins: films and inks as what a two-photon writer makes struts of. No numpy."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from ..film import Film
from ..material import Ink, Solvent

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
