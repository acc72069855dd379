"""Ligand systems and developers: how a film of nanocrystals takes an exposure, every figure with its source or absent."""

from __future__ import annotations

from typing import Literal

from .diagnostics import Span
from .material import Provenance
from .quantity import (
    Bool,
    ChargeDose,
    Construct,
    Dose,
    FieldSpec,
    Length,
    Ratio,
    Text,
    list_of,
    positive,
    share,
    spread,
)
from .records import dataclass, field

#: What an exposure does it by.
StimulusKind = Literal["light", "two-photon", "electrons", "heat"]

#: Light counts as that of a ligand's list up to this part of its wavelength: lamps and lasers are named by their line (the i line
#: of mercury, 365.0 nm, stands for diodes of 365 nm), and 360 nm is not 365 nm. Assumed.
SAME_LIGHT = 0.01

#: Ultraviolet light, um (ISO 21348), where a source says no more than that.
ULTRAVIOLET_UM = (0.1, 0.4)

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

#: Where the rules of chemistry are from, of which no single ligand says more.
REVIEWS = "Pan et al., Acc. Chem. Res. 2023, 56, 2286; Qing and Zhang, Chem. Sci. 2026, 17, 8913"

#: Families of nanocrystals that rules of chemistry speak of.
FAMILIES = ("II-VI", "III-V", "perovskite", "metal", "oxide", "other")


@dataclass(frozen=True, slots=True)
class Stimulus:
    """What a process does a film with: its kind, and of light the wavelength, um."""

    kind: StimulusKind
    wavelength_um: float = 0.0

    def __str__(self) -> str:
        if self.kind in ("electrons", "heat"):
            return self.kind
        um = self.wavelength_um
        return f"{f'{1e3 * um:g} nm' if um < 10 else f'{um:g} um'}{' by two photons' if self.kind == 'two-photon' else ''}"


@dataclass(frozen=True)
class Ligand:
    """A ligand or photochemical system: what it answers to. Wavelengths in um. What the literature does not give is empty or
    None, never a default that poses as a figure.

    `wavelengths_um`, `two_photon_um`: light, and two-photon light, that it answers to; `electrons`, `heat`: whether it answers
    to these; `ultraviolet`, `ultrafast`: to ultraviolet light, to femtosecond pulses, of a wavelength that the source does not
    say. `heated_by_um`: light of the laser that heated it, `below_celsius`: what the heat stayed below.
    `ink`: polarity of the liquid that its film is cast from. `needs`: an additive without which light does
    nothing ("photoacid generator"), "" for none. `atmosphere`: "nitrogen", "air" (works in air), "" where nobody says.
    `keeps_exposed_in`, `removes_exposed_in`: developers (polarity or name) that leave or take the exposed part: negative and
    positive tone; `tone` and `developers` where the source says only the one or the other. `dose_low`, `dose_high`: dose in the
    literature, kernel units (ug/s^2: 1 mJ/cm2 = 1e10). `feature_um`, `feature_electrons_um`: smallest feature shown, by light or
    heat and by electrons. `families`: of nanocrystals that it was shown on, empty where nobody says. `thiol`: binds through a
    thiol. `loading_low`, `loading_high`: share by mass; `mole_high`: share by mole of all ligands (dual ligands).
    """

    name: str
    mechanism: str = ""
    ink: str = ""
    wavelengths_um: tuple[float, ...] = ()
    two_photon_um: tuple[float, ...] = ()
    electrons: bool = False
    heat: bool = False
    ultraviolet: bool = False
    ultrafast: bool = False
    heated_by_um: tuple[float, ...] = ()
    below_celsius: float | None = None
    needs: str = ""
    atmosphere: str = ""
    keeps_exposed_in: tuple[str, ...] = ()
    removes_exposed_in: tuple[str, ...] = ()
    tone: str = ""
    developers: tuple[str, ...] = ()
    dose_low: float | None = None
    dose_high: float | None = None
    charge_dose: float | None = None
    feature_um: float | None = None
    feature_electrons_um: float | None = None
    families: tuple[str, ...] = ()
    thiol: bool = False
    loading_low: float | None = None
    loading_high: float | None = None
    mole_high: float | None = None
    note: str = ""
    provenance: Provenance = field(default_factory=dict)
    span: Span | None = None

    def accepts(self, stimulus: Stimulus) -> bool:
        """Whether the literature has this ligand answer to it."""
        kind, um = stimulus.kind, stimulus.wavelength_um
        if kind == "electrons":
            return self.electrons
        if kind == "heat":
            return self.heat
        if kind == "two-photon":
            return self.ultrafast or _among(um, self.two_photon_um)
        low, high = ULTRAVIOLET_UM
        return (self.ultraviolet and low <= um <= high) or _among(um, self.wavelengths_um)

    @property
    def answers_to(self) -> tuple[str, ...]:
        """All that it answers to, in words."""
        told = [str(Stimulus("light", w)) for w in self.wavelengths_um]
        told += [str(Stimulus("two-photon", w)) for w in self.two_photon_um]
        told += ["ultraviolet light"] if self.ultraviolet else []
        told += ["femtosecond pulses"] if self.ultrafast else []
        told += ["electrons"] if self.electrons else []
        told += ["heat"] if self.heat else []
        return tuple(told)

    def source_of(self, *names: str) -> str:
        """Where the first of these fields that has a source has it from, "" where none has."""
        return next((self.provenance[n].text for n in names if n in self.provenance), "")

    def sourced(self, *names: str) -> tuple[str, ...]:
        """The same as a note of a message, none where nobody says."""
        source = self.source_of(*names)
        return (f"source: {source}",) if source else ()


def _among(um: float, known: tuple[float, ...]) -> bool:
    return any(abs(um - k) <= SAME_LIGHT * k for k in known)


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
        FieldSpec(
            "mechanism",
            Text,
            f"one of {', '.join(MECHANISMS)}",
            default="",
            default_doc="where the source says none",
        ),
        FieldSpec(
            "ink", Text, "`nonpolar`, `polar` or `aqueous`: the liquid its film is cast from", default=""
        ),
        FieldSpec("wavelengths", list_of(Length), "light that it answers to", default=()),
        FieldSpec("two_photon", list_of(Length), "two-photon light that it answers to", default=()),
        FieldSpec("electrons", Bool, "true where electrons do it", default=False),
        FieldSpec("heat", Bool, "true where heat does it", default=False),
        FieldSpec(
            "ultraviolet",
            Bool,
            "true where ultraviolet light does it, the source does not say which",
            default=False,
        ),
        FieldSpec(
            "ultrafast",
            Bool,
            "true where femtosecond pulses do it, the source does not say of which light",
            default=False,
        ),
        FieldSpec("heated_by", list_of(Length), "light of the laser that heated it", default=()),
        FieldSpec("below_celsius", Ratio, "temperature that its heat stays below, in C", default=None),
        FieldSpec("needs", Text, "an additive without which light does nothing", default=""),
        FieldSpec("atmosphere", Text, "`nitrogen`, or `air` where it works in air", default=""),
        FieldSpec("keeps_exposed_in", list_of(Text), "developers that leave the exposed part", default=()),
        FieldSpec("removes_exposed_in", list_of(Text), "developers that take the exposed part", default=()),
        FieldSpec("tone", Text, "`negative` or `positive`, where the source names no developer", default=""),
        FieldSpec(
            "developers", list_of(Text), "developers, where the source does not say the tone", default=()
        ),
        spread("dose_low", Dose, "least dose of light in the literature"),
        spread("dose_high", Dose, "largest dose of light in the literature"),
        spread("charge_dose", ChargeDose, "dose of electrons in the literature"),
        positive("feature", Length, "smallest feature shown"),
        positive("feature_electrons", Length, "smallest feature shown with electrons"),
        FieldSpec(
            "families", list_of(Text), f"nanocrystals it was shown on: {', '.join(FAMILIES)}", default=()
        ),
        FieldSpec("thiol", Bool, "true where it binds through a thiol", default=False),
        share("loading_low", "least share of the ligand in the film"),
        share("loading_high", "largest share of the ligand in the film"),
        share("mole_high", "largest share of all ligands, by mole (dual ligands)"),
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
