"""Tables of film thickness against dose (CSV), as a profilometer and a lab book give them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..diagnostics import Diagnostic, Source, Span, WetprintError, error
from ..films.coats import DosedBy
from .measurements import Column, parse_rows

#: Thicknesses of films in um: what a profilometer says of nothing may lie below 1 nm.
_THICKNESS = {"nm": 1e-3, "um": 1.0, "angstrom": 1e-4}
#: How far below zero a profilometer may say that nothing is, over the largest thickness of the film (assumed).
BELOW = 0.05
#: Doses of light in mJ/cm2, and of electrons in uC/cm2.
_LIGHT = {"mj/cm2": 1.0, "j/cm2": 1e3, "uj/cm2": 1e-3, "j/m2": 0.1}
_CHARGE = {"uc/cm2": 1.0, "mc/cm2": 1e3, "nc/cm2": 1e-3, "c/m2": 100.0}
_SANE_UM = (1e-6, 1e4)

#: Columns of a table of film thicknesses after development, one dose a line.
COLUMNS: tuple[Column, ...] = (
    Column("dose", "dose", "dose of the exposure, all passes together; of electrons a charge", _LIGHT | _CHARGE, True, sane=(1e-6, 1e7)),
    Column("thickness", "signed", "thickness that stays after development; 0 where nothing does", _THICKNESS, True, sane=_SANE_UM),
    Column("film", "word", "name of the film"),
    Column("as spread", "length", "thickness before development", _THICKNESS, also=("spread", "before"), sane=_SANE_UM),
    Column("n", "count", "places measured"),
    Column("sd", "spread", "standard deviation of one thickness", _THICKNESS, sane=_SANE_UM),
    Column("nanocrystal", "word", "the nanocrystal"),
    Column("family", "word", "its family: II-VI, III-V, perovskite, metal, oxide, other"),
    Column("ligand", "word", "its ligand, as `ligands.wp` has it"),
    Column("colour", "word", "colour in pictures, #rrggbb"),
    Column("date", "date", "day of the measurement, such as 2026-05-01"),
    Column("note", "word", "anything", also=("notes", "comment", "comments")),
)  # fmt: skip

#: A header with all that a contrast curve takes.
HEADER = "film,dose [mJ/cm2],thickness [nm],sd [nm],n,as spread [nm],nanocrystal,family,ligand,date"


@dataclass(frozen=True, slots=True)
class DoseRow:
    """One dose: mJ/cm2 of light or uC/cm2 of electrons, and um; `sd_um` of one thickness, None where the table does not tell."""

    span: Span
    dose: float
    thickness_um: float
    n: int = 1
    sd_um: float | None = None


@dataclass(frozen=True, slots=True)
class DoseTable:
    """The rows of one film, exposed to doses of `kind`. `words` are what the table says of it: nanocrystal, family, ligand, colour; `spread_um` its thickness before
    development."""

    film: str
    rows: tuple[DoseRow, ...]
    words: dict[str, str]
    spread_um: float | None
    days: tuple[str, ...]
    kind: DosedBy = "light"

    @property
    def unit(self) -> str:
        """Unit of its doses."""
        return "mJ/cm2" if self.kind == "light" else "uC/cm2"


def parse_doses(source: Source) -> tuple[tuple[DoseTable, ...], tuple[Diagnostic, ...]]:
    """The films of a table, in its order, and what is to be said. Raises WetprintError (X730 to X732)."""
    found = parse_rows(source, COLUMNS, HEADER)
    films: dict[str, list[tuple[Span, dict[str, Any]]]] = {}
    for span, values in found.rows:
        films.setdefault(values.get("film", ""), []).append((span, values))
    low = [wrong for rows in films.values() for wrong in _too_low(rows)]
    if low:
        raise WetprintError(*found.diagnostics, *low)
    kind: DosedBy = "electrons" if found.units.get("dose") in _CHARGE else "light"
    tables = []
    for film, rows in films.items():
        words: dict[str, str] = {
            k: v[k] for k in ("nanocrystal", "family", "ligand", "colour") for _, v in rows if k in v
        }
        spread = [v["as spread"] for _, v in rows if "as spread" in v]
        tables.append(
            DoseTable(
                film,
                tuple(
                    DoseRow(span, v["dose"], v["thickness"], v.get("n", 1), v.get("sd") or None)
                    for span, v in rows
                ),
                words,
                sum(spread) / len(spread) if spread else None,
                tuple(sorted({v["date"] for _, v in rows if v.get("date")})),
                kind,
            )
        )
    return tuple(tables), found.diagnostics


def _too_low(rows: Sequence[tuple[Span, dict[str, Any]]]) -> Iterator[Diagnostic]:
    """Rows of a film that are farther below zero than a step that is not there is measured."""
    most = BELOW * max(v["thickness"] for _, v in rows)
    for span, v in rows:
        if v["thickness"] < -max(most, 0.0):
            yield error(
                "X732",
                f"{1e3 * v['thickness']:.4g} nm is the thickness of what stays; {-1e3 * max(most, 0.0):.3g} nm or more was expected",
                span,
                notes=(f"so much below zero may be noise: {BELOW:.0%} of the thickest row", "a step the wrong way round, or a wrong zero"),
            )  # fmt: skip
