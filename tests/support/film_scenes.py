"""Scenes of films made by hand: masks, ligands, films, patterns, for tests that need no language."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from wetprint.kernel.chemistry import Developer, Ligand
from wetprint.kernel.diagnostics import Source, Span
from wetprint.kernel.film import Film
from wetprint.kernel.material import Origin
from wetprint.kernel.process import PROCESSES
from wetprint.kernel.quantity import MJ_CM2, UC_CM2
from wetprint.kernel.scene import Allow, Mask, Pattern, Print, Scene

SOURCE = Source("film.wp", "film mask pattern one two three print")


def span(word: str) -> Span:
    at = SOURCE.text.index(word)
    return Span(SOURCE, at, at + len(word))


HERE = span("pattern")
TOLUENE = Developer("toluene", "toluene", "nonpolar")
NMF = Developer("nmf", "N-methylformamide", "polar")
PLAIN = Ligand("plain", "cross-linking", wavelengths_um=(0.365,), electrons=True, heat=True)


def ligand(name: str = "plain", **more: Any) -> Ligand:
    return replace(PLAIN, name=name, **more)


def film(name: str = "green", **more: Any) -> Film:
    base = Film(
        name,
        "CdSe",
        "II-VI",
        PLAIN,
        0.04,
        "#3cb44b",
        span=span("film"),
        spans={},
        provenance={"d0": Origin("lab book")},
    )
    return replace(base, **more)


def box(x: float, y: float, w: float, h: float, name: str = "box") -> Mask:
    """A rectangle by its middle and size, um."""
    return Mask("rectangle", {"at": (x, y), "size": (w, h)}, span("mask"), name=name)


def pattern(mask: Mask, of: Film, process: str = "photopattern", **fields: Any) -> Pattern:
    """A pattern with all fields of its process; `developer` and `develop` are those of Pattern."""
    own = {s.name: None if s.required else s.default for s in PROCESSES[process].construct.fields}
    if process == "photopattern":
        own |= {"wavelength": 0.365, "dose": 100 * MJ_CM2}
    elif process == "ebeam":
        own |= {"dose": 500 * UC_CM2}
    else:
        own |= {"wavelength": 0.532, "spot": 1.0, "hatch": 0.5}
    more = {k: fields.pop(k) for k in ("developer", "develop", "span") if k in fields}
    more = {"developer": TOLUENE, "span": HERE, **more}
    return Pattern(mask.name, mask, of, process, fields={**own, **fields}, **more)


def scene(*made: Pattern | Print, allows: tuple[Allow, ...] = ()) -> Scene:
    patterns = tuple(p for p in made if isinstance(p, Pattern))
    prints = tuple(p for p in made if isinstance(p, Print))
    return Scene(
        "design", "dried", {}, {}, {}, (), prints, allows=allows, patterns=patterns, sequence=made,
        films={p.film.name: p.film for p in patterns}, ligands={p.film.ligand.name: p.film.ligand for p in patterns},
    )  # fmt: skip


def pair(gap: float, side: float = 10.0, name: str = "pair") -> Mask:
    """Two squares beside each other, so far apart."""
    x = 0.5 * (side + gap)
    return Mask("union", {}, span("mask"), (box(-x, 0, side, side), box(x, 0, side, side)), name=name)
