"""Films of nanocrystals: what is spread before it is patterned. Plain data in kernel units."""

from __future__ import annotations

from .chemistry import FAMILIES, Ligand
from .diagnostics import Span
from .material import Provenance
from .quantity import Bool, Construct, Dose, FieldSpec, Length, Ratio, Text, ref
from .records import dataclass, field


@dataclass(frozen=True)
class Film:
    """A film as it is spread: `thickness_um` before development. `loading`: share of the ligand by mass. `d0`, `gamma`: contrast
    curve, retention R(D) = clip(gamma log10(D / d0), 0, 1), with standard uncertainties `d0_sd`, `gamma_sd`; `damage`: dose that its top does not survive; `penetration_um` (Dp) and
    `critical` (Ec): t(E) = Dp ln(E / Ec). Doses in ug/s^2 (1 mJ/cm2 = 1e10). None where nobody measured it.
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
    provenance: Provenance = field(default_factory=dict)
    span: Span | None = None
    spans: dict[str, Span] = field(default_factory=dict)


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
        FieldSpec(
            "loading", Ratio, "share of the ligand in the film, by mass", default=None, low=0.0, high=1.0
        ),
        FieldSpec("emitter", Bool, "true where the film shall shine", default=False),
        FieldSpec("route", Text, "`spin` coated, or `thick` for routes of heat", default="spin"),
        FieldSpec("d0", Dose, "dose at which the film begins to stay", default=None, low=0.0, above=True),
        FieldSpec("gamma", Ratio, "contrast: 1 / log10(D100 / D0)", default=None, low=0.0, above=True),
        FieldSpec("damage", Dose, "dose that its top does not survive", default=None, low=0.0, above=True),
        FieldSpec("penetration", Length, "depth Dp of t = Dp ln(E / Ec)", default=None, low=0.0, above=True),
        FieldSpec("critical", Dose, "dose Ec of t = Dp ln(E / Ec)", default=None, low=0.0, above=True),
        FieldSpec("crack", Length, "thickness above which it cracks", default=None, low=0.0, above=True),
        FieldSpec("index", Ratio, "refractive index after development", default=None, low=1.0),
        FieldSpec("additive", Text, "what is mixed in, such as a photoacid generator", default=""),
        FieldSpec(
            "crosslinkable",
            Ratio,
            "share of its ligands that cross-link, by mole (dual ligands)",
            default=None,
            low=0.0,
            high=1.0,
        ),
        FieldSpec("d0_sd", Dose, "standard uncertainty of `d0`", default=None, low=0.0),
        FieldSpec("gamma_sd", Ratio, "standard uncertainty of `gamma`", default=None, low=0.0),
    ),
)
