"""Films, ligands and developers: from the fields of a block to the kernel's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ..kernel.chemistry import FAMILIES, MECHANISMS, POLARITIES, Developer, Ligand
from ..kernel.diagnostics import Edit, Fix, Span, error
from ..kernel.film import Film
from ..kernel.material import Provenance
from .evaluate import Evaluator
from .scope import nearest
from .types import colour_fault

#: Words that a field of a film, a ligand, a developer or a pattern takes; each may be left out where it has a default.
CHOICES: dict[tuple[str, str], tuple[str, ...]] = {
    ("film", "family"): FAMILIES,
    ("film", "route"): ("spin", "thick"),
    ("ligand", "mechanism"): MECHANISMS,
    ("ligand", "ink"): POLARITIES,
    ("ligand", "families"): FAMILIES,
    ("ligand", "atmosphere"): ("air", "nitrogen"),
    ("developer", "polarity"): POLARITIES,
    ("pattern", "atmosphere"): ("air", "nitrogen"),
    ("pattern", "tone"): ("negative", "positive"),
    ("pattern", "split"): ("classes", "passes"),
}


def words_fit(
    ev: Evaluator, kind: str, said: Mapping[str, Any], spans: Mapping[str, Span], span: Span
) -> bool:
    """Whether every field that takes one of a few words has one of them."""
    good = True
    for (owner, name), words in CHOICES.items():
        value = said.get(name)
        if owner != kind or not value:
            continue
        for one in value if isinstance(value, tuple) else (value,):
            if one in words:
                continue
            at = spans.get(name, span)
            begun = [w for w in words if len(one) >= 3 and w.startswith(one.lower())]
            near = begun[0] if len(begun) == 1 else nearest(one, words)
            fixes = (
                (Fix(f'write "{near}"', (Edit(at, f'"{near}"'),)),)
                if near and not isinstance(value, tuple)
                else ()
            )
            listed = ", ".join(f'"{w}"' for w in words)
            ev.say(
                error(
                    "E309", f'"{one}" is no {name} of a {kind}; one of {listed} was expected', at, fixes=fixes
                )
            )
            good = False
    return good


def made(
    ev: Evaluator,
    kind: str,
    f: Mapping[str, Any],
    spans: Mapping[str, Span],
    provenance: Provenance,
    span: Span,
) -> Film | Ligand | Developer | None:
    """The kernel's film, ligand or developer of complete fields; None after saying what is wrong with them."""
    if not words_fit(ev, kind, f, spans, span):
        return None
    if kind == "developer":
        return Developer("", f["liquid"], f["polarity"], provenance, span)
    if kind == "ligand":
        return _ligand(ev, f, spans, provenance, span)
    return _film(ev, f, spans, provenance, span)


def _ligand(
    ev: Evaluator, f: Mapping[str, Any], spans: Mapping[str, Span], provenance: Provenance, span: Span
) -> Ligand | None:
    for low, high in (("dose_low", "dose_high"), ("loading_low", "loading_high")):
        if f[low] is not None and f[high] is not None and f[low] > f[high]:
            ev.say(error("E307", f"`{low}` is above `{high}`", spans.get(low, span)))
            return None
    return Ligand(name="", provenance=provenance, span=span, **_held(Ligand, f))


def _held(made: type, f: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a block under their names in the kernel, where lengths say their unit."""
    known = {k.name for k in fields(made)}
    return {name if name in known else f"{name}_um": value for name, value in f.items()}


def _film(
    ev: Evaluator, f: Mapping[str, Any], spans: Mapping[str, Span], provenance: Provenance, span: Span
) -> Film | None:
    fault = colour_fault(f["colour"], spans.get("colour", span))
    if fault is not None:
        ev.say(fault)
        return None
    return Film(name="", provenance=provenance, span=span, spans=dict(spans), **_held(Film, f))
