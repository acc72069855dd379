"""What is known of a film under light, or under electrons: contrast curve, damage, doses of the literature. No numpy."""

from __future__ import annotations

from ..film import Film
from ..quantity import MJ_CM2, UC_CM2
from ..records import dataclass
from . import dose as doses
from . import steps
from .coats import DosedBy


@dataclass(frozen=True, slots=True)
class Curve:
    """Figures of a film for one kind of exposure, in kernel units; None where nobody measured them. `d0`, `gamma`: R(D) = clip(gamma
    log10(D / d0), 0, 1); `damage`: dose that its top does not survive; `low`, `high`: doses in the literature for its ligand, from `source`."""

    kind: DosedBy
    d0: float | None
    gamma: float | None
    damage: float | None
    low: float | None
    high: float | None
    source: str

    @property
    def d100(self) -> float | None:
        """Dose from which all of the film stays."""
        return None if self.d0 is None or self.gamma is None else doses.d100_of(self.d0, self.gamma)

    def retention(self, dose: float | None) -> float:
        """Share of the thickness that a dose leaves; all of it where the curve or the dose is not known."""
        if dose is None or self.d0 is None or self.gamma is None:
            return 1.0
        return doses.retention(dose, self.d0, self.gamma)

    def told(self, dose: float) -> str:
        """A dose in its unit."""
        return steps.dose(dose) if self.kind == "light" else steps.charge_dose(dose)

    @property
    def unit(self) -> float:
        """The unit that doses are told in, in kernel units."""
        return MJ_CM2 if self.kind == "light" else UC_CM2

    @property
    def unit_name(self) -> str:
        return "mJ/cm²" if self.kind == "light" else "µC/cm²"

    def field(self, name: str) -> str:
        """Name of the film's field that holds a figure of this curve: `d0`, or `d0_electrons`."""
        return name if self.kind == "light" else f"{name}_electrons"


def curve_of(film: Film, kind: DosedBy) -> Curve:
    ligand = film.ligand
    if kind == "light":
        low, high = ligand.dose_low, ligand.dose_high
        source = ligand.source_of("dose_low", "dose_high")
        return Curve(kind, film.d0, film.gamma, film.damage, low, high or low, source)
    charge, source = ligand.charge_dose, ligand.source_of("charge_dose")
    return Curve(kind, film.d0_electrons, film.gamma_electrons, film.damage_electrons, charge, charge, source)
