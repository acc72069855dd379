"""The bench before a print: substrate, nozzles, reservoirs, bath and the commands to type, in the order in which they are done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import numbers
from .blocks import Block, Cell, Steps, Table
from .recipe import PAPER, bath_ml

if TYPE_CHECKING:
    from ..report import Subject

#: um^3 of a nanolitre.
NANOLITRE = 1e6


def preparation(subject: Subject) -> Steps:
    """What is done before the print begins, with a box for each."""
    plan, rig = subject.toolpath.plan, subject.rig
    steps: list[str | Cell] = ["Substrate: silicon with an APTES layer, so that the first layer sticks."]
    guessed = any(a == "nozzles" or a.startswith("nozzles.") for a in rig.assumed)
    carried = {
        n: list(dict.fromkeys(plan.filaments.inks[m].name for m in plan.filaments.material[plan.order][plan.nozzle == n].tolist()))
        for n in np.unique(plan.nozzle).tolist()
    }  # fmt: skip
    for n, inks in carried.items():
        nozzle = rig.nozzles[n]
        tip = f"{numbers.sig(nozzle.inner_um, 3)} \u00b5m inside, {numbers.sig(nozzle.outer_um, 3)} \u00b5m outside"
        steps.append(
            Cell(f"Nozzle {nozzle.name}: a tip of {tip}. Under the microscope: round, whole, open.", guessed)
        )
        steps.append(f"Load nozzle {nozzle.name} with {_loading(subject, nozzle.name, inks[0])}.")
    x, y, z = (numbers.sig(v / 1e3, 7) for v in rig.origin_um)
    steps.append(
        Cell(
            f"Mount the substrate so that the tip of nozzle {rig.nozzles[0].name} touches its middle where the stage reads "
            f"x {x}, y {y}, z {z} mm (origin_um of the rig).",
            "origin_um" in rig.assumed,
        )
    )
    steps.append(f"Set the tip {gap(subject)} before the bath is poured.")
    baths = {j.print.bath.name: j.print.bath for j in subject.jobs if j.print.bath is not None}
    for k, name in enumerate(plan.baths or tuple(baths)):
        when = "" if k == 0 else "Have ready, for later: "
        steps.append(f"{when}{'Pour' if k == 0 else 'pour'} bath {name}: {poured(subject)}.")
    if rig.purge is not None:
        px, py = (numbers.sig(v / 1e3, 6) for v in rig.purge.at_um)
        clear = f"The place to purge, stage x {px}, y {py} mm, is clear"
        if rig.wipe is not None:
            (ax, ay), (bx, by) = (
                [numbers.sig(v / 1e3, 6) for v in p] for p in (rig.wipe.from_um, rig.wipe.to_um)
            )
            clear += f"; what wipes the tip stands from x {ax}, y {ay} to x {bx}, y {by} mm, {numbers.length(rig.wipe.z_um)} high"
        steps.append(clear + ".")
    call = f"{subject.file} --rig {rig.name}{_sets(subject)}"
    steps.append(f"Check once more: wp check {call}")
    steps.append(f"Run the motion without ink: wp print {call} --dry-run")
    steps.append(f"Print: wp print {call}")
    return Steps(
        "At the bench, in this order",
        tuple(steps),
        f"the substrate with its layer, and a pulled borosilicate pipette as nozzle, are those of {PAPER}; places and depths from rig {rig.name}",
    )


def gap(subject: Subject) -> str:
    """How far above the substrate the tip begins, in words."""
    plan, rig = subject.toolpath.plan, subject.rig
    if rig.heights.first_gap_um is not None:
        return f"{numbers.length(rig.heights.first_gap_um)} above the substrate"
    first = plan.filaments.offsets[int(plan.order[0])]
    height = float(plan.filaments.state("wet").height_um[first])
    return f"{numbers.length(height)} above the substrate (the height of the first filament: the rig gives no gap)"


def poured(subject: Subject) -> str:
    """How much of a bath, in words: by the vessel of the rig, or by what it has to cover."""
    wet = subject.filaments.state("wet")
    top = f"the wet part is {numbers.length(float((wet.points_um[:, 2] + 0.5 * wet.height_um).max()))} high"
    millilitres = bath_ml(subject.rig)
    vessel = subject.rig.vessel
    if millilitres is None or vessel is None:
        return f"deep enough to cover the part ({top}); the rig does not tell its vessel"
    return f"{numbers.sig(millilitres, 3)} mL, which stand {numbers.length(vessel.fill_um)} deep ({top})"


def _loading(subject: Subject, nozzle: str, ink: str) -> str:
    for entry in subject.plan_figures["ink"]:
        if (entry["nozzle"], entry["ink"]) == (nozzle, ink):
            need = f"ink {ink}: {numbers.volume(entry['volume_nl'] * NANOLITRE)} leave it"
            if entry["refills"]:
                often = "once" if entry["refills"] == 1 else f"{entry['refills']} times"
                return f"{need}, more than a full reservoir gives; it is filled again {often} on the way"
            return need
    return f"ink {ink}"


def _sets(subject: Subject) -> str:
    """`--set` of the params that are not at their default."""
    found = ""
    for p in subject.params:
        if p["value"] != p["default"] and isinstance(p["value"], int | float | str):
            value = str(p["value"]).lower() if isinstance(p["value"], bool) else p["value"]
            found += f" --set {p['name']}={value}{p['unit'] if isinstance(value, int | float) else ''}"
    return found


def reservoirs(subject: Subject) -> tuple[Block, ...]:
    """Ink by nozzle: what leaves it, what its reservoir gives from one fill to the next, and how often it is filled again."""
    rows: list[tuple[str | Cell, ...]] = []
    for entry in subject.plan_figures["ink"]:
        holds = entry["reservoir_nl"]
        said = "not told" if holds is None else numbers.volume(holds * NANOLITRE)
        rows.append(
            (
                entry["nozzle"],
                entry["ink"],
                numbers.volume(entry["volume_nl"] * NANOLITRE),
                said,
                str(entry["refills"]),
            )
        )
    note = "What a reservoir gives: its volume less the reserve that stays in it. A refill is a stop for an operator, with a purge after it."
    head = ("nozzle", "ink", "leaves the nozzle", "a full reservoir gives", "refills")
    return (Table("Reservoirs", head, tuple(rows), frozenset({0, 1}), (note,)),)
