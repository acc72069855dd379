"""Inks, solvents, linkers and baths: plain data in kernel units, every figure with its source or marked assumed."""

from __future__ import annotations

from collections.abc import Mapping

from .diagnostics import Span
from .quantity import (
    Conductivity,
    Construct,
    Density,
    FieldSpec,
    Hansen,
    Length,
    Molarity,
    Ratio,
    SpecificArea,
    Text,
    list_of,
    ref,
    share,
    spread,
)
from .records import dataclass, field


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a figure comes from: a source in words, or an assumption (`assumed` True, `text` says why)."""

    text: str
    assumed: bool = False


#: field name -> where its figure comes from. A field that a design sets without a word is the designer's own.
Provenance = Mapping[str, Origin]


#: What a wet part may become besides an aerogel, and by what.
FURTHER = {"xerogel": "dried in air", "sintered": "annealed until it sinters"}

#: Fields of an ink that say how well others are known: in use only where uncertainty is asked for (kernel/calibration/spread.py).
SPREADS = ("swell_sd", "shrink_sd", "poisson_sd", "shrink_poisson")


@dataclass(frozen=True)
class Solvent:
    """Hansen parameters in kernel units (see quantity.HANSEN) and relative permittivity at 25 C."""

    name: str
    hansen_d: float
    hansen_p: float
    hansen_h: float
    permittivity: float
    cas: str = ""
    provenance: Provenance = field(default_factory=dict)
    span: Span | None = None


@dataclass(frozen=True)
class Linker:
    """An ion that links nanocrystals, and the salt that brings it."""

    name: str
    ion: str
    salt: str
    provenance: Provenance = field(default_factory=dict)
    span: Span | None = None


@dataclass(frozen=True)
class Ink:
    """A nanocrystal ink. `shrink` is the FREE linear shrinkage on drying (0.1: to 0.9 of the wet size), `swell` the wet
    filament width over the width of the ink thread that left the nozzle. `parts` is non-empty for a premixed ink:
    (component name, volume fraction), fractions sum to one. `live`: of a step that stands for a ratio which varies
    without steps, the names of the two inks whose ratio that is. `swell_sd`, `shrink_sd`, `poisson_sd`: standard uncertainties,
    None where nobody gave one; `shrink_poisson`: the correlation of shrink and poisson. `xerogel_shrink`, `sintered_shrink`:
    free linear shrinkage from the wet filament to those states (`shrink` is that to the aerogel).
    """

    name: str
    nanocrystal: str
    solvent: Solvent
    concentration_ug_um3: float
    density_ug_um3: float
    linkers: tuple[Linker, ...]
    swell: float
    shrink: float
    poisson: float
    width_min_um: float
    width_max_um: float
    colour: str
    bet_um2_ug: float | None = None
    conductivity: float | None = None
    swell_sd: float | None = None
    shrink_sd: float | None = None
    poisson_sd: float | None = None
    shrink_poisson: float = 0.0
    xerogel_shrink: float | None = None
    xerogel_conductivity: float | None = None
    sintered_shrink: float | None = None
    sintered_conductivity: float | None = None
    parts: tuple[tuple[str, float], ...] = ()
    live: tuple[str, ...] = ()
    provenance: Provenance = field(default_factory=dict)
    span: Span | None = None

    @property
    def assumed(self) -> tuple[str, ...]:
        """Names of the fields whose figures are assumed, sorted."""
        return tuple(sorted(k for k, o in self.provenance.items() if o.assumed))


@dataclass(frozen=True)
class Resin(Ink):
    """What struts are made of that light writes: name, colour and nanocrystal, and none of the figures of an ink. `fill`: the share of
    what stands that is nanocrystal, by volume, None where nobody knows."""

    fill: float | None = None


@dataclass(frozen=True)
class Bath:
    """A gelation bath: nonsolvent with linker ions. `swell_factor` and `shrink_factor` multiply the figures of every ink that
    is printed in it: longer alcohols give narrower, denser filaments (Song et al. 2023), without a figure."""

    name: str
    solvent: Solvent
    linkers: tuple[Linker, ...]
    molarity_mol_um3: float
    swell_factor: float = 1.0
    shrink_factor: float = 1.0
    provenance: Provenance = field(default_factory=dict)
    span: Span | None = None


SOLVENT = Construct(
    "solvent",
    "solvent",
    "a liquid of an ink or a bath",
    (
        FieldSpec("hansen_d", Hansen, "Hansen parameter, dispersion"),
        FieldSpec("hansen_p", Hansen, "Hansen parameter, polar"),
        FieldSpec("hansen_h", Hansen, "Hansen parameter, hydrogen bonds"),
        FieldSpec("permittivity", Ratio, "relative permittivity at 25 C"),
        FieldSpec("cas", Text, "CAS number", default=""),
    ),
)

LINKER = Construct(
    "linker",
    "linker",
    "an ion that links nanocrystals, with the salt that brings it",
    (
        FieldSpec("ion", Text, 'the ion, such as "Au3+"'),
        FieldSpec("salt", Text, 'the salt, such as "HAuCl4"'),
    ),
)

INK = Construct(
    "material",
    "ink",
    "a nanocrystal ink",
    (
        FieldSpec("nanocrystal", Text, "the nanocrystal"),
        FieldSpec("solvent", ref("solvent"), "the liquid it is dispersed in"),
        FieldSpec("concentration", Density, "nanocrystals per volume of ink", low=0.0),
        FieldSpec("density", Density, "density of the solid nanocrystal", low=0.0),
        FieldSpec("linkers", list_of(ref("linker")), "linkers that gel it, any one is enough"),
        FieldSpec("swell", Ratio, "wet filament width over the width of the ink thread", low=0.0),
        FieldSpec("shrink", Ratio, "free linear shrinkage on drying", low=0.0, high=0.9),
        FieldSpec("poisson", Ratio, "Poisson's ratio of the gel", low=0.0, high=0.5),
        FieldSpec("width_min", Length, "narrowest dried filament", low=0.0),
        FieldSpec("width_max", Length, "widest dried filament", low=0.0),
        FieldSpec("colour", Text, 'colour in pictures, "#rrggbb"'),
        FieldSpec("bet", SpecificArea, "specific surface of the aerogel (BET)", default=None),
        FieldSpec("conductivity", Conductivity, "electrical conductivity of the aerogel", default=None),
        share("xerogel_shrink", "free linear shrinkage, wet to dried in air", 0.95),
        FieldSpec(
            "xerogel_conductivity", Conductivity, "electrical conductivity, dried in air", default=None
        ),
        share("sintered_shrink", "free linear shrinkage, wet to sintered", 0.95),
        FieldSpec("sintered_conductivity", Conductivity, "electrical conductivity, sintered", default=None),
        spread("swell_sd", Ratio, "standard uncertainty of `swell`"),
        share("shrink_sd", "standard uncertainty of `shrink`", 0.9),
        share("poisson_sd", "standard uncertainty of `poisson`", 0.5),
        FieldSpec(
            "shrink_poisson", Ratio, "correlation of `shrink` and `poisson`", default=0.0, low=-1.0, high=1.0
        ),
    ),
)

BATH = Construct(
    "bath",
    "bath",
    "a gelation bath: a nonsolvent that carries linker ions",
    (
        FieldSpec("solvent", ref("solvent"), "the nonsolvent"),
        FieldSpec("linkers", list_of(ref("linker")), "linker ions dissolved in it"),
        FieldSpec("molarity", Molarity, "of the linker ions together", low=0.0),
        FieldSpec(
            "swell_factor",
            Ratio,
            "wet width in this bath over that which the ink's `swell` means",
            default=1.0,
            low=0.1,
            high=10.0,
        ),
        FieldSpec(
            "shrink_factor",
            Ratio,
            "shrinkage after this bath over that which the ink states",
            default=1.0,
            low=0.0,
            high=10.0,
        ),
    ),
)


def mix(name: str, parts: tuple[tuple[Ink, float], ...], span: Span | None = None) -> Ink:
    """A premixed ink: volume fractions of inks with one solvent, which sum to one.

    Concentration, density and shrinkage follow the fractions; shrinkage and swell by volume is an assumption and is
    marked so. Their uncertainties add up as if the inks erred alike, which is the most that they can. Linkers are those that every component shares; a mix with none in common takes all of them, because P
    prints Au + CdSe without naming its linker.
    """
    total = sum(f for _, f in parts)

    def mean(get: str) -> float:
        return float(sum(getattr(ink, get) * f for ink, f in parts) / total)

    def spread(get: str) -> float | None:
        known = [(getattr(ink, get), f) for ink, f in parts if getattr(ink, get) is not None]
        return float(sum(sd * f for sd, f in known) / total) if known else None

    first = parts[0][0]
    further = [
        name
        for name in ("xerogel_shrink", "sintered_shrink")
        if all(getattr(ink, name) is not None for ink, _ in parts)
    ]
    shared = tuple(
        k for k in first.linkers if all(any(k.ion == o.ion for o in ink.linkers) for ink, _ in parts)
    )
    union: dict[str, Linker] = {k.ion: k for ink, _ in parts for k in ink.linkers}
    concentration = mean("concentration_ug_um3")
    solid = sum(ink.concentration_ug_um3 * f / ink.density_ug_um3 for ink, f in parts) / total
    why = Origin("volume-weighted mean of the mixed inks", assumed=True)
    return Ink(
        name=name,
        nanocrystal=" + ".join(ink.nanocrystal for ink, _ in parts),
        solvent=first.solvent,
        concentration_ug_um3=concentration,
        density_ug_um3=concentration / solid if solid else first.density_ug_um3,
        linkers=shared or tuple(union.values()),
        swell=mean("swell"),
        shrink=mean("shrink"),
        poisson=mean("poisson"),
        width_min_um=max(ink.width_min_um for ink, _ in parts),
        width_max_um=min(ink.width_max_um for ink, _ in parts),
        colour=_blend(tuple((ink.colour, f / total) for ink, f in parts)),
        bet_um2_ug=None,
        conductivity=None,
        swell_sd=spread("swell_sd"),
        shrink_sd=spread("shrink_sd"),
        poisson_sd=spread("poisson_sd"),
        shrink_poisson=mean("shrink_poisson"),
        **{name: mean(name) for name in further},  # type: ignore[arg-type]  # names of figures only
        parts=tuple((ink.name, f / total) for ink, f in parts),
        provenance=dict.fromkeys(("swell", "shrink", "poisson", *further), why),
        span=span,
    )


def _blend(parts: tuple[tuple[str, float], ...]) -> str:
    rgb = [sum(int(c[i : i + 2], 16) * f for c, f in parts) for i in (1, 3, 5)]
    return "#" + "".join(f"{min(255, round(v)):02x}" for v in rgb)
