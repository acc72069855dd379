"""The machine on the sheet: nozzles, pressures, what an operator does and when, time by phase, layers."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from ...kernel.motion import FLOWING
from .. import course
from . import numbers
from .blocks import Block, Cell, Drawing, Steps, Table
from .charts import phase_bar

if TYPE_CHECKING:
    from ...kernel.filaments import Floats, Ints
    from ...kernel.plan import Event
    from ...kernel.rig import Rig
    from ..report import Subject

#: So many rows of exchanges or layers are listed; the rest is counted.
MOST = 400

#: um^3/s in a pL/s, um^3 in a nL.
PICOLITRE, NANOLITRE = 1e3, 1e6


def printed_s(subject: Subject) -> tuple[Floats, Floats]:
    """Begin and end of every filament, s from the start of the print, by place in the order."""
    return course.printed_s(subject.toolpath)


def flowing_nl(subject: Subject) -> dict[str, float]:
    """Ink that is purged and primed, nL, by ink."""
    plan, dosing = subject.toolpath.plan, subject.dosing
    found: dict[str, float] = {}
    for event in plan.events:
        if event.kind in FLOWING:
            at = min(event.before, len(plan.order) - 1)
            found[event.name] = (
                found.get(event.name, 0.0) + event.time_s * float(dosing.flow_um3_s[at]) / NANOLITRE
            )
    return found


def nozzles(subject: Subject) -> Table:
    """Per nozzle and ink: tip, pressure, flow, speed, delays, from the plan and the rig."""
    plan, rig, dosing = subject.toolpath.plan, subject.rig, subject.dosing
    inks = plan.filaments.inks
    material = plan.filaments.material[plan.order]
    key = plan.nozzle.astype(np.int64) * len(inks) + material
    rows: list[tuple[str | Cell, ...]] = []
    notes: list[str] = []
    for k in np.unique(key).tolist():
        n, m = divmod(k, len(inks))
        here, nozzle = key == k, rig.nozzles[n]
        load = nozzle.load(inks[m].name)
        guessed = _assumed(rig, "nozzles") or (load is not None and load.assumed)
        pressure, lags = "not calibrated", "not known"
        if load is not None and load.calibration:
            pressure = _span(dosing.pressure_kpa[here], "kPa")
            if dosing.bent[here].any():
                notes.append(
                    f"{inks[m].name} in {nozzle.name}: {int(dosing.bent[here].sum())} filaments need a flow outside the calibration; "
                    "the pressure shown is that of its nearer end."
                )
        if load is not None and load.lags is not None:
            lags = f"{numbers.sig(load.lags.on_s * 1e3, 3)} / {numbers.sig(load.lags.off_s * 1e3, 3)}{numbers.GAP}ms"
        box = rig.dispensers.get(nozzle.dispenser)
        rows.append(
            (
                nozzle.name,
                Cell(inks[m].name, swatch=inks[m].colour),
                Cell(
                    f"{numbers.sig(nozzle.inner_um, 3)} / {numbers.sig(nozzle.outer_um, 3)}{numbers.GAP}\u00b5m",
                    guessed,
                ),
                Cell(pressure, guessed and pressure[0].isdigit()),
                _span(dosing.flow_um3_s[here] / PICOLITRE, "pL/s"),
                _span(dosing.speed_um_s[here] / 1e3, "mm/s"),
                Cell(lags, guessed and lags[0].isdigit()),
                nozzle.dispenser if box is None else f"{nozzle.dispenser} ({box.kind.replace('_', ' ')})",
            )
        )
    if dosing.pressure_kpa.any():
        notes.append(
            "Print at the pressure, watch the width of the first lines, and write down what you had to change."
        )
    else:
        notes.append(
            "Nobody calibrated this rig: measure flow against pressure before a print. The tool predicts no pressure."
        )
    head = (
        "nozzle",
        "ink",
        "tip inner / outer",
        "pressure",
        "flow of ink",
        "speed",
        "delay on / off",
        "dispenser",
    )
    return Table("Nozzles", head, tuple(rows), frozenset({0, 1, 7}), tuple(notes))


def _assumed(rig: Rig, name: str) -> bool:
    return any(a == name or a.startswith(f"{name}.") for a in rig.assumed)


def _span(values: Floats, unit: str) -> str:
    return numbers.between(float(values.min()), float(values.max()), unit)


_PHASES = {
    "print": "printing",
    "travel": "travel",
    "approach": "way down",
    "retreat": "way up",
    "dwell": "purging and priming",
    "wipe": "wiping",
    "exchanges": "exchanges and operator",
}


def time(subject: Subject, *, drawn: bool) -> tuple[Block, ...]:
    """Time by phase, as a bar (where `drawn`) and as a table."""
    plan = subject.plan_figures
    total = plan["time_s"]
    spent = [(_PHASES[k], plan["time_by_kind_s"][k]) for k in _PHASES if plan["time_by_kind_s"][k] > 0]
    rows = [(name, numbers.clock(s), numbers.percent(s / total if total else 0.0)) for name, s in spent]
    rows.append(("all", numbers.clock(total), numbers.percent(1.0)))
    length = (
        f"{numbers.length(plan['print_um'])} printed, {numbers.length(plan['travel_um'])} travelled, "
        f"{numbers.sig(plan['moves'], 9)} moves."
    )
    table = Table("Time by phase", ("phase", "time", "share"), tuple(rows), notes=(length,))
    if not drawn:
        return (table,)
    said = ", ".join(f"{name} {numbers.clock(s)}" for name, s in spent)
    return (
        Drawing(phase_bar(spent), f"Time by phase: {numbers.clock(total)} in all", f"time by phase: {said}"),
        table,
    )


def events(subject: Subject) -> Block:
    """What happens between filaments, with its time, for whoever stands by."""
    plan, toolpath = subject.toolpath.plan, subject.toolpath
    layer = plan.filaments.layer
    rows: list[tuple[str | Cell, ...]] = []
    groups = [(k, list(g)) for k, g in groupby(toolpath.events, key=lambda pair: pair[1].before)]
    for at, group in groups[:MOST]:
        row = group[0][0]
        begin = float(toolpath.time_s[row - 1]) if row else 0.0
        todo = [event for _, event in group]
        where = "at the end"
        if at < len(plan.order):
            where = f"filament {at + 1}, layer {int(layer[plan.order[at]]) + 1}"
        rows.append(
            (
                numbers.stamp(begin),
                where,
                _sentence(todo, subject.rig),
                numbers.clock(sum(e.time_s for e in todo)),
                "\u2610" if any(e.kind == "operator" for e in todo) else "by machine",
            )
        )
    if not rows:
        return Steps("Exchanges", ("Nothing is exchanged, purged or primed.",), tick=False)
    notes = (f"and {len(groups) - MOST} more",) if len(groups) > MOST else ()
    head = ("at", "before", "what happens", "takes", "done")
    return Table("Exchanges, purges and operator stops", head, tuple(rows), frozenset({1, 2}), notes)


def _sentence(todo: list[Event], rig: Rig) -> str:
    said: list[str] = []
    by_hand = any(e.kind == "operator" for e in todo)
    for e in todo:
        nozzle = rig.nozzles[e.nozzle].name
        if e.kind == "operator":
            said.append(e.text)
        elif e.kind == "switch_ink" and not by_hand:
            said.append(f"Go on with ink {e.name}, nozzle {nozzle}.")
        elif e.kind == "change_bath" and not by_hand:
            said.append(f"Change to bath {e.name}.")
        elif e.kind in FLOWING:
            said.append(f"{e.kind.capitalize()} {nozzle} for {numbers.sig(e.time_s, 3)}{numbers.GAP}s.")
        elif e.kind == "wipe":
            said.append(f"Wipe {nozzle}.")
        elif e.kind == "wait":
            said.append(f"Wait {numbers.sig(e.time_s, 3)}{numbers.GAP}s.")
    return " ".join(said)


def layers(subject: Subject) -> Table:
    """Layers from the substrate up."""
    part, plan = subject.filaments, subject.plan_figures
    dosing, toolpath = subject.dosing, subject.toolpath
    layer = part.layer.astype(np.int64)
    owner = part.owner()
    volume = np.zeros(len(part))
    begin, end = printed_s(subject)
    volume[toolpath.plan.order] = dosing.flow_um3_s * (end - begin)
    rows: list[tuple[str | Cell, ...]] = []
    for entry in plan["layers"][:MOST]:
        mine = layer == entry["layer"]
        points = mine[owner]
        names = list(dict.fromkeys(part.inks[m].name for m in part.material[mine].tolist()))
        rows.append(
            (
                str(entry["layer"] + 1),
                ", ".join(names),
                str(entry["filaments"]),
                numbers.length(entry["print_um"]),
                *(_height(subject, s, points) for s in ("wet", "dried")),
                *(_width(subject, s, points) for s in ("wet", "dried")),
                numbers.volume(float(volume[mine].sum())),
                numbers.clock(entry["time_s"]),
            )
        )
    hidden = len(plan["layers"]) - MOST
    notes = [
        "Height: of the centrelines above the substrate, mean of the layer. Time and length: of printing, without travel."
    ]
    if hidden > 0:
        notes.append(f"and {hidden} more layers")
    head = (
        "layer",
        "ink",
        "filaments",
        "length, wet",
        "height, wet",
        "height, dried",
        "width, wet",
        "width, dried",
        "ink",
        "time",
    )
    return Table("Layers, from the substrate up", head, tuple(rows), frozenset({1}), tuple(notes))


def _height(subject: Subject, name: str, points: Ints) -> str:
    state = getattr(subject.filaments, name)
    return (
        "\u2013"
        if state is None
        else numbers.sig(float(state.points_um[points, 2].mean())) + f"{numbers.GAP}\u00b5m"
    )


def _width(subject: Subject, name: str, points: Ints) -> str:
    state = getattr(subject.filaments, name)
    if state is None:
        return "\u2013"
    width = state.width_um[points]
    return numbers.between(float(width.min()), float(width.max()), "\u00b5m")
