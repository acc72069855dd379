"""Ligand systems and developers: how a film of nanocrystals takes an exposure, every figure with its source or absent."""

from __future__ import annotations

from .diagnostics import Span
from .material import Provenance
from .quantity import Bool, ChargeDose, Construct, Dose, FieldSpec, Length, Ratio, Text, list_of
from .records import dataclass, field

#: How an exposure changes the surface of the nanocrystals.
MECHANISMS = (
    "cross-linking",
    "decomposition",
    "ligand exchange",
    "desorption",
    "binding",
    "ionic strength",
)

#: Liquids by what they dissolve: of a film's ink, of a developer.
POLARITIES = ("nonpolar", "polar", "aqueous")

#: Families of nanocrystals that rules of chemistry speak of.
FAMILIES = ("II-VI", "III-V", "perovskite", "metal", "oxide", "other")


@dataclass(frozen=True)
class Ligand:
    """A ligand or photochemical system: what it answers to. Wavelengths in um. What the literature does not give is empty or
    None, never a default that poses as a figure.

    `wavelengths_um`, `two_photon_um`: light, and two-photon light, that it answers to; `electrons`, `heat`: whether it answers
    to these. `ink`: polarity of the liquid that its film is cast from. `needs`: an additive without which the stimulus does
    nothing ("photoacid generator"), "" for none. `atmosphere`: "nitrogen", "air" (works in air), "" where nobody says.
    `keeps_exposed_in`, `removes_exposed_in`: developers (polarity or name) that leave or take the exposed part: negative and
    positive tone. `dose_low`, `dose_high`: dose in the literature, kernel units (ug/s^2: 1 mJ/cm2 = 1e10). `families`: of
    nanocrystals that it was shown on, empty where nobody says. `thiol`: binds through a thiol.
    """

    name: str
    mechanism: str
    ink: str = ""
    wavelengths_um: tuple[float, ...] = ()
    two_photon_um: tuple[float, ...] = ()
    electrons: bool = False
    heat: bool = False
    needs: str = ""
    atmosphere: str = ""
    keeps_exposed_in: tuple[str, ...] = ()
    removes_exposed_in: tuple[str, ...] = ()
    dose_low: float | None = None
    dose_high: float | None = None
    charge_dose: float | None = None
    feature_um: float | None = None
    families: tuple[str, ...] = ()
    thiol: bool = False
    loading_low: float | None = None
    loading_high: float | None = None
    note: str = ""
    provenance: Provenance = field(default_factory=dict)
    span: Span | None = None


@dataclass(frozen=True)
class Developer:
    """A developer: its name in the laboratory and its polarity."""

    name: str
    liquid: str
    polarity: str
    provenance: Provenance = field(default_factory=dict)
    span: Span | None = None


LIGAND = Construct(
    "ligand",
    "ligand",
    "a ligand system: what it answers to, and in which developer",
    (
        FieldSpec("mechanism", Text, f"one of {', '.join(MECHANISMS)}"),
        FieldSpec(
            "ink", Text, "`nonpolar`, `polar` or `aqueous`: the liquid its film is cast from", default=""
        ),
        FieldSpec("wavelengths", list_of(Length), "light that it answers to", default=()),
        FieldSpec("two_photon", list_of(Length), "two-photon light that it answers to", default=()),
        FieldSpec("electrons", Bool, "true where electrons do it", default=False),
        FieldSpec("heat", Bool, "true where heat does it", default=False),
        FieldSpec("needs", Text, "an additive without which nothing happens", default=""),
        FieldSpec("atmosphere", Text, "`nitrogen`, or `air` where it works in air", default=""),
        FieldSpec("keeps_exposed_in", list_of(Text), "developers that leave the exposed part", default=()),
        FieldSpec("removes_exposed_in", list_of(Text), "developers that take the exposed part", default=()),
        FieldSpec("dose_low", Dose, "least dose of light in the literature", default=None, low=0.0),
        FieldSpec("dose_high", Dose, "largest dose of light in the literature", default=None, low=0.0),
        FieldSpec("charge_dose", ChargeDose, "dose of electrons in the literature", default=None, low=0.0),
        FieldSpec("feature", Length, "smallest feature shown", default=None, low=0.0, above=True),
        FieldSpec(
            "families", list_of(Text), f"nanocrystals it was shown on: {', '.join(FAMILIES)}", default=()
        ),
        FieldSpec("thiol", Bool, "true where it binds through a thiol", default=False),
        FieldSpec(
            "loading_low", Ratio, "least share of the ligand in the film", default=None, low=0.0, high=1.0
        ),
        FieldSpec(
            "loading_high", Ratio, "largest share of the ligand in the film", default=None, low=0.0, high=1.0
        ),
        FieldSpec("note", Text, "what else the literature says", default=""),
    ),
)

DEVELOPER = Construct(
    "developer",
    "developer",
    "the liquid that takes away what is not to stay",
    (
        FieldSpec("liquid", Text, "the liquid, as on the bottle"),
        FieldSpec("polarity", Text, f"one of {', '.join(POLARITIES)}"),
    ),
)
