"""Films of nanocrystals: what is spread before it is patterned. Plain data in kernel units."""

from __future__ import annotations

from .chemistry import FAMILIES, Ligand
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
    positive,
    ref,
    share,
    spread,
)
from .records import dataclass, field


@dataclass(frozen=True)
class Film:
    """A film as it is spread: `thickness_um` before development. `loading`: share of the ligand by mass. `d0`, `gamma`: contrast
    curve, retention R(D) = clip(gamma log10(D / d0), 0, 1), with standard uncertainties `d0_sd`, `gamma_sd`; `damage`: dose that its top does not survive; `penetration_um` (Dp) and
    `critical` (Ec): t(E) = Dp ln(E / Ec). Doses in ug/s^2 (1 mJ/cm2 = 1e10). None where nobody measured it.
    `d0_electrons`, `gamma_electrons`, `damage_electrons`, `*_sd`: the same of an electron beam, doses in A s/um^2 (1 uC/cm2 = 1e-14).
    `below_celsius`: temperature that it must stay below, C, whatever heats it; None leaves it to what the ligand says.
    `crosslinkable`: share by mole of its ligands that cross-link (dual ligands). `emitter`: it shall shine, so 254 nm harms it. `route`: "spin" (up to a few hundred nm) or "thick" (heat routes). `crack_um`:
    thickness above which this film cracks. `index`: refractive index after development.
    """

    name: str
    nanocrystal: str
    family: str
    ligand: Ligand
    thickness_um: float
    colour: str
    loading: float | None = None
    emitter: bool = False
    route: str = "spin"
    d0: float | None = None
    gamma: float | None = None
    damage: float | None = None
    penetration_um: float | None = None
    critical: float | None = None
    crack_um: float | None = None
    index: float | None = None
    additive: str = ""
    crosslinkable: float | None = None
    d0_sd: float | None = None
    gamma_sd: float | None = None
    d0_electrons: float | None = None
    gamma_electrons: float | None = None
    damage_electrons: float | None = None
    d0_electrons_sd: float | None = None
    gamma_electrons_sd: float | None = None
    below_celsius: float | None = None
    provenance: Provenance = field(default_factory=dict)
    span: Span | None = None
    spans: dict[str, Span] = field(default_factory=dict)

    @property
    def bears_celsius(self) -> float | None:
        """Temperature that it must stay below, C: its own, otherwise its ligand's; None where nobody says."""
        return self.ligand.below_celsius if self.below_celsius is None else self.below_celsius


FILM = Construct(
    "film",
    "film",
    "a film of nanocrystals that light, electrons or heat pattern",
    (
        FieldSpec("nanocrystal", Text, "the nanocrystal"),
        FieldSpec("family", Text, f"one of {', '.join(FAMILIES)}"),
        FieldSpec("ligand", ref("ligand"), "its ligand system"),
        FieldSpec("thickness", Length, "as spread, before development", low=0.0, above=True),
        FieldSpec("colour", Text, 'colour in pictures, "#rrggbb"'),
        share("loading", "share of the ligand in the film, by mass"),
        FieldSpec("emitter", Bool, "true where the film shall shine", default=False),
        FieldSpec("route", Text, "`spin` coated, or `thick` for routes of heat", default="spin"),
        positive("d0", Dose, "dose at which the film begins to stay"),
        positive("gamma", Ratio, "contrast: 1 / log10(D100 / D0)"),
        positive("damage", Dose, "dose that its top does not survive"),
        positive("d0_electrons", ChargeDose, "dose of electrons at which the film begins to stay"),
        positive("gamma_electrons", Ratio, "contrast with electrons: 1 / log10(D100 / D0)"),
        positive("damage_electrons", ChargeDose, "dose of electrons that its top does not survive"),
        positive("penetration", Length, "depth Dp of t = Dp ln(E / Ec)"),
        positive("critical", Dose, "dose Ec of t = Dp ln(E / Ec)"),
        positive("crack", Length, "thickness above which it cracks"),
        FieldSpec(
            "below_celsius",
            Ratio,
            "temperature that it must stay below, in C",
            default=None,
            default_doc="what the ligand says",
        ),
        FieldSpec("index", Ratio, "refractive index after development", default=None, low=1.0),
        FieldSpec("additive", Text, "what is mixed in, such as a photoacid generator", default=""),
        share("crosslinkable", "share of its ligands that cross-link, by mole (dual ligands)"),
        spread("d0_sd", Dose, "standard uncertainty of `d0`"),
        spread("gamma_sd", Ratio, "standard uncertainty of `gamma`"),
        spread("d0_electrons_sd", ChargeDose, "standard uncertainty of `d0_electrons`"),
        spread("gamma_electrons_sd", Ratio, "standard uncertainty of `gamma_electrons`"),
    ),
)
