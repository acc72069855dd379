"""Wet chemistry on the sheet: inks and baths to prepare, drying, and what may follow. Facts of the paper stand with its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...kernel.material import FURTHER
from ...kernel.quantity import SIEMENS_PER_METRE
from . import numbers, salts
from .blocks import Block, Cell, Note, Steps, Table
from .machine import flowing_nl

if TYPE_CHECKING:
    from ...kernel.material import Bath, Ink, Linker
    from ...kernel.rig import Rig
    from ..report import Subject

PAPER = "Song et al., Nature Communications, 20 December 2023"

#: CAS number of 1-butanol, the liquid of the paper's baths.
BUTANOL = "71-36-3"

#: Ink dispersed beyond what leaves the nozzle, as a part of it. Assumed.
RESERVE = 0.5

#: 1 mg/mL in ug/um^3, 1 mM in mol/um^3, 1 m^2/g in um^2/ug, um^3 of a nanolitre.
MG_ML, MILLIMOLAR, NANOLITRE = 1e-9, 1e-18, 1e6


def used_inks(subject: Subject) -> list[Ink]:
    """Inks that filaments are made of, by their place in the table of inks."""
    part = subject.filaments
    return [part.inks[m] for m in np.unique(part.material).tolist()]


def inks(subject: Subject) -> Table:
    """Per ink: what the part holds of it, and what is to be dispersed."""
    made = subject.figures["materials"]
    printed = {ink.name: 0.0 for ink in used_inks(subject)}
    for entry in subject.plan_figures["ink"]:
        printed[entry["ink"]] = printed.get(entry["ink"], 0.0) + entry["volume_nl"]
    flowed = flowing_nl(subject)
    rows: list[tuple[str | Cell, ...]] = []
    for ink in used_inks(subject):
        m, all_nl, purge_nl = made[ink.name], printed[ink.name], flowed.get(ink.name, 0.0)
        need_um3 = all_nl * NANOLITRE * (1 + RESERVE)
        rows.append(
            (
                Cell(ink.name, swatch=ink.colour),
                f"{ink.nanocrystal} in {ink.solvent.name}",
                Cell(
                    f"{numbers.sig(ink.concentration_ug_um3 / MG_ML)}{numbers.GAP}mg/mL",
                    "concentration" in ink.assumed,
                ),
                numbers.length(m["length_um"]),
                numbers.volume((all_nl - purge_nl) * NANOLITRE),
                numbers.volume(purge_nl * NANOLITRE) if purge_nl else "\u2013",
                numbers.mass(m["nanocrystal_ug"]),
                Cell(numbers.volume(need_um3), True),
                Cell(numbers.mass(need_um3 * ink.concentration_ug_um3), True),
            )
        )
    notes = [
        f"To disperse: ink printed and purged, and {100 * RESERVE:.0f} % more, which is assumed. The fill of nozzle and tubing "
        "comes on top: no design or rig tells it, and it is mostly far more than the print takes.",
        "Nanocrystal in the part: its mass, which drying keeps. Printed ink counts overlaps twice, as the nozzle does.",
    ]
    for ink in used_inks(subject):
        m = made[ink.name]
        if "porosity" in m:
            said = f"Dried {ink.name}: porosity {numbers.percent(m['porosity'])}"
            if "bet_m2_g" in m:
                said += (
                    f", BET {numbers.sig(m['bet_m2_g'])} m\u00b2/g (as silica {numbers.sig(m['silica_m2_g'])} m\u00b2/g), inner surface "
                    f"{numbers.sig(m['inner_surface_um2'] * 1e-6)} mm\u00b2"
                )
            notes.append(said + ".")
    return Table(
        "Inks", (
            "ink", "nanocrystal in solvent", "concentration", "length, wet", "ink printed", "ink purged", "nanocrystal in the part",
            "ink to prepare", "nanocrystal to disperse",
        ), tuple(rows), frozenset({0, 1}), tuple(notes),
    )  # fmt: skip


def mixes(subject: Subject) -> tuple[Block, ...]:
    """Premixed inks: what goes into them."""
    rows: list[tuple[str | Cell, ...]] = []
    for ink in used_inks(subject):
        total = sum(e["volume_nl"] for e in subject.plan_figures["ink"] if e["ink"] == ink.name)
        for name, share in ink.parts:
            part_um3 = total * NANOLITRE * (1 + RESERVE) * share
            rows.append((ink.name, name, numbers.percent(share), Cell(numbers.volume(part_um3), True)))
    if not rows:
        return ()
    head = ("premixed ink", "component", "of the volume", "of it to prepare")
    return (Table("Premixed inks", head, tuple(rows), frozenset({0, 1})),)


def baths(subject: Subject) -> tuple[Block, ...]:
    """Per bath: solvent, linkers, and what is to be weighed."""
    found: dict[str, tuple[Bath, list[Ink]]] = {}
    for job in subject.jobs:
        bath = job.print.bath
        if bath is not None:
            mine = found.setdefault(bath.name, (bath, []))[1]
            kinds = np.unique(job.filaments.material).tolist()
            mine += [job.filaments.inks[m] for m in kinds if job.filaments.inks[m] not in mine]
    if not found:
        return (Note("The design names no bath, so this sheet cannot say what to pour.", "warning"),)
    rows: list[tuple[str | Cell, ...]] = []
    notes: list[str] = []
    for bath, printed in found.values():
        rows += _bath_rows(bath, printed)
        if len(bath.linkers) > 1:
            notes.append(
                f"The molarity of {bath.name} is that of its linkers together; equal shares of them are assumed."
            )
    if any(salts.molar_mass(k.salt) for bath, _ in found.values() for k in bath.linkers):
        notes.append(
            "Salt masses are those of the formula as it is written (IUPAC 2021 atomic weights). A bottle with another content of "
            "water has its own molar mass: take the amount in mol."
        )
    liquids = {bath.solvent.name: bath.solvent.cas for bath, _ in found.values() if bath.solvent.cas}
    notes += [f"{name.capitalize()} is CAS {cas}." for name, cas in liquids.items()]
    wet = subject.filaments.wet
    if wet is not None:
        top = float((wet.points_um[:, 2] + 0.5 * wet.height_um).max())
        notes.append(f"The liquid has to cover the wet part, {numbers.length(top)} high.")
    vessel, ml = subject.rig.vessel, bath_ml(subject.rig)
    if vessel is not None and ml is not None:
        for bath, _ in found.values():
            salt = [_weighed(bath, k, ml) for k in bath.linkers]
            notes.append(
                f"The vessel of rig {subject.rig.name} takes {numbers.sig(ml, 3)} mL of {bath.name}, {numbers.length(vessel.fill_um)} deep: "
                + "; ".join(salt or ["no salt"])
                + "."
            )
    head = ("bath", "liquid", "linker", "salt", "of the ion", "salt per mL", "salt per 100 mL", "gels")
    return (Table("Baths", head, tuple(rows), frozenset({0, 1, 2, 3, 7}), tuple(dict.fromkeys(notes))),)


def bath_ml(rig: Rig) -> float | None:
    """What the vessel of a rig takes, mL; None where the rig does not tell."""
    if rig.vessel is None:
        return None
    return rig.vessel.size_um[0] * rig.vessel.size_um[1] * rig.vessel.fill_um * 1e-12


def _weighed(bath: Bath, linker: Linker, ml: float) -> str:
    """Salt for so many millilitres, in words."""
    per, weight = salts.ions_per_formula(linker.ion, linker.salt), salts.molar_mass(linker.salt)
    umol = bath.molarity_mol_um3 / MILLIMOLAR / len(bath.linkers) * ml
    if per is None:
        return f"{numbers.sig(umol)} \u00b5mol of {linker.ion}"
    mass = "" if weight is None else f" = {numbers.mass(umol / per * weight)}"
    return f"{numbers.sig(umol / per)} \u00b5mol{mass} of {linker.salt}"


def _bath_rows(bath: Bath, printed: list[Ink]) -> list[tuple[str | Cell, ...]]:
    liquid = bath.solvent.name
    origin = bath.provenance.get("molarity")
    assumed = origin is not None and origin.assumed
    if not bath.linkers:
        return [(bath.name, liquid, "none", "\u2013", "\u2013", "\u2013", "\u2013", "nothing")]
    rows: list[tuple[str | Cell, ...]] = []
    shared = assumed or len(bath.linkers) > 1
    for linker in bath.linkers:
        mm = bath.molarity_mol_um3 / MILLIMOLAR / len(bath.linkers)
        per = salts.ions_per_formula(linker.ion, linker.salt)
        weight = salts.molar_mass(linker.salt)
        # 1 mM is 1 umol in a millilitre.
        amount, weighed = f"{numbers.sig(mm)}{numbers.GAP}\u00b5mol of ion", "molar mass unknown"
        if per is not None:
            amount = f"{numbers.sig(mm / per)}{numbers.GAP}\u00b5mol"
            if weight is not None:
                amount += f" = {numbers.mass(mm / per * weight)}"
                weighed = numbers.mass(mm / per * weight * 100)
        gels = [ink.name for ink in printed if any(k.ion == linker.ion for k in ink.linkers)]
        rows.append(
            (
                bath.name,
                liquid,
                linker.ion,
                linker.salt,
                Cell(f"{numbers.sig(mm)}{numbers.GAP}mM", shared),
                Cell(amount, shared),
                Cell(weighed, shared and weighed[0].isdigit()),
                ", ".join(gels) or "nothing printed here",
            )
        )
    return rows


def drying(subject: Subject) -> Steps:
    """Drying as the paper did it."""
    liquids = {
        j.print.bath.solvent.name: j.print.bath.solvent for j in subject.jobs if j.print.bath is not None
    }
    odd = sorted(s.name for s in liquids.values() if s.cas != BUTANOL)
    first = "Exchange the bath for fresh 1-butanol several times, at 25 \u00b0C."
    steps: list[str | Cell] = [first]
    if odd:
        steps = [
            Cell(
                f"This bath is {', '.join(odd)}, not the 1-butanol of the paper: exchange it for fresh 1-butanol.",
                True,
            ),
            first,
        ]
    steps.append("Dry in supercritical CO\u2082 at 12.4 MPa (1800 psi), 60 \u00b0C.")
    return Steps(
        "Drying", tuple(steps), f"{PAPER}; it gives neither the number of exchanges nor how long they take."
    )


def treatment(subject: Subject) -> tuple[Block, ...]:
    """Post-treatment that the paper tells, as far as it concerns the inks of this print."""
    solids = {solid for ink in used_inks(subject) for solid in ink.nanocrystal.split(" + ")}
    steps: list[str | Cell] = ["Optional: 0.1 M HCl for 1 h, then ethanol."]
    if "Au" in solids:
        steps.append(
            "Optional, gold: anneal at 600 \u00b0C for 1 h, heated at 5 \u00b0C/min, under H\u2082; the aerogel sinters."
        )
    xerogel = "Drying in air instead of CO\u2082 gives a denser xerogel; the shrinkage in this sheet does not hold for it."
    return (Steps("Post-treatment", tuple(steps), PAPER), Note(f"{xerogel} ({PAPER}.)"), states(subject))


def states(subject: Subject) -> Table:
    """Per ink and state: how it is reached, its free shrinkage from the wet filament and its conductivity, or what is missing."""
    reached = {
        "": ("aerogel", "dried in supercritical CO\u2082"),
        **{n: (n, how) for n, how in FURTHER.items()},
    }
    rows: list[tuple[str | Cell, ...]] = []
    for ink in used_inks(subject):
        for name, (shown, how) in reached.items():
            cells: list[str | Cell] = []
            for of in ("shrink", "conductivity"):
                field = f"{name}_{of}" if name else of
                value = getattr(ink, field)
                if value is None:
                    cells.append("not known")
                    continue
                told = (
                    numbers.percent(value)
                    if of == "shrink"
                    else f"{numbers.sig(value / SIEMENS_PER_METRE)}{numbers.GAP}S/m"
                )
                cells.append(Cell(told, field in ink.assumed))
            rows.append((Cell(ink.name, swatch=ink.colour), shown, how, *cells))
    return Table(
        "States of the part",
        ("ink", "state", "reached by being", "free shrinkage, linear, from wet", "conductivity"),
        tuple(rows),
        frozenset({0, 1, 2}),
        (
            "Sizes in this sheet are those of the aerogel. What is not known is a field of the ink to be measured: "
            "xerogel_shrink, sintered_shrink and the conductivities.",
        ),
    )
