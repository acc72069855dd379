"""What the sheet rests on: assumptions with their places, origins of figures, diagnostics, hashes."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from ... import __version__
from ...kernel.diagnostics import Span, WetprintError
from . import numbers
from .blocks import Block, Cell, Diagnosis, Note, Table
from .recipe import MG_ML, RESERVE, used_inks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...kernel.material import Bath, Ink, Linker, Origin, Solvent
    from ...kernel.scene import Scene
    from ..report import StepSubject, Subject


def assumptions(subject: Subject) -> tuple[Block, ...]:
    """Every figure in use that nobody measured: of the design, the drying model, the rig, and this sheet."""
    rows: dict[tuple[str, str, str], None] = {}
    told = [a.origin for a in subject.scene.assumptions if a.span is not None]
    for a in subject.scene.assumptions:
        rows[a.what, a.origin.text or "no reason given", _where(a.span)] = None
    for drying in subject.dryings:
        for a in drying.assumptions:
            if a.origin in told:
                continue
            rows[
                a.what,
                a.origin.text or "no reason given",
                _where(a.span, f"drying model \u201c{drying.model}\u201d"),
            ] = None
    rig = subject.rig
    for path in rig.assumed:
        rows[path.replace("_um", ""), "not measured on this printer", f"rig {rig.name}"] = None
    for nozzle in rig.nozzles:
        for load in nozzle.loads:
            if load.assumed:
                what = f"calibration and delays of {'any ink' if load.ink == '*' else load.ink} in nozzle {nozzle.name}"
                rows[what, load.source or "no reason given", f"rig {rig.name}"] = None
    for entry in subject.plan_figures["ink"]:
        if entry["refills"]:
            what = f"reserve that stays in the reservoir of nozzle {entry['nozzle']} at a refill"
            rows[what, "a tenth unless the rig gives another", f"rig {rig.name}"] = None
    why = "this sheet\u2019s own margin; put your own in its place"
    rows[f"reserve of ink: {100 * RESERVE:.0f} % of what leaves the nozzle", why, "this sheet"] = None
    count = len(rows)
    caption = f"{count} assumed figure{'s' if count != 1 else ''} in use"
    return (Table(caption, ("figure", "why this value", "marked in"), tuple(rows), frozenset({0, 1, 2})),)


def assumed(scene: Scene) -> tuple[Block, ...]:
    """Every figure that the design itself marks as assumed."""
    rows = tuple(
        dict.fromkeys((a.what, a.origin.text or "no reason given", _where(a.span)) for a in scene.assumptions)
    )
    if not rows:
        return (Note("No figure of this design is marked as assumed."),)
    caption = f"{len(rows)} assumed figure{'s' if len(rows) != 1 else ''} in use"
    return (Table(caption, ("figure", "why this value", "marked in"), rows, frozenset({0, 1, 2})),)


def _where(span: Span | None, other: str = "\u2013") -> str:
    return other if span is None else f"{span.source.name}, line {span.line}"


def origins(subject: Subject) -> tuple[Block, ...]:
    """Where every figure of the inks and baths comes from."""
    found: list[Table] = []
    rows: list[tuple[str | Cell, ...]] = []
    liquids: dict[str, Solvent] = {}
    for ink in used_inks(subject):
        rows += _rows(ink.name, _ink_values(ink), ink.provenance)
        liquids.setdefault(ink.solvent.name, ink.solvent)
    baths = {j.print.bath.name: j.print.bath for j in subject.jobs if j.print.bath is not None}
    linkers: dict[str, Linker] = {}
    for bath in baths.values():
        rows += _rows(bath.name, {"molarity": _millimolar(bath)}, bath.provenance)
        liquids.setdefault(bath.solvent.name, bath.solvent)
        linkers |= {k.name: k for k in bath.linkers}
    for solvent in liquids.values():
        rows += _rows(solvent.name, _solvent_values(solvent), solvent.provenance)
    for linker in linkers.values():
        rows += _rows(linker.name, {"ion": linker.ion, "salt": linker.salt}, linker.provenance)
    found.append(
        Table(
            "Where the figures of inks and baths come from",
            ("of", "figure", "value", "source"),
            tuple(rows),
            frozenset({0, 1, 3}),
        )
    )
    loads = [(n, load) for n in subject.rig.nozzles for load in n.loads]
    rows = [
        (n.name, "any" if load.ink == "*" else load.ink, Cell(", ".join(s for s in (load.source, load.date) if s) or "no source given", load.assumed), _lags(load.lags))
        for n, load in loads
    ]  # fmt: skip
    if rows:
        head = ("nozzle", "ink", "calibration", "delays")
        found.append(
            Table(
                f"Where the figures of rig {subject.rig.name} come from",
                head,
                tuple(rows),
                frozenset(range(4)),
            )
        )
    return tuple(found)


def _lags(lags: object) -> str:
    source, date = getattr(lags, "source", ""), getattr(lags, "date", "")
    return "not known" if lags is None else ", ".join(s for s in (source, date) if s) or "no source given"


def _rows(
    name: str, values: Mapping[str, str], provenance: Mapping[str, Origin]
) -> list[tuple[str | Cell, ...]]:
    rows: list[tuple[str | Cell, ...]] = []
    for field, value in values.items():
        origin = provenance.get(field)
        if origin is None:
            rows.append((name, field.replace("_", " "), value, "given without a source"))
        else:
            said = origin.text or ("no reason given" if origin.assumed else "given without a source")
            rows.append((name, field.replace("_", " "), Cell(value, origin.assumed), said))
    return rows


def _ink_values(ink: Ink) -> dict[str, str]:
    values = {
        "concentration": f"{numbers.sig(ink.concentration_ug_um3 / MG_ML)} mg/mL",
        "density": f"{numbers.sig(ink.density_ug_um3 * 1e6)} g/cm\u00b3",
        "swell": numbers.sig(ink.swell) + _spread(ink.swell_sd),
        "shrink": numbers.percent(ink.shrink) + _spread(ink.shrink_sd, 100.0, " %"),
        "poisson": numbers.sig(ink.poisson, 3) + _spread(ink.poisson_sd),
        "width_min": numbers.length(ink.width_min_um),
        "width_max": numbers.length(ink.width_max_um),
    }
    if ink.bet_um2_ug is not None:
        values["bet"] = f"{numbers.sig(ink.bet_um2_ug * 1e-6)} m\u00b2/g"
    if ink.conductivity is not None:
        from ...kernel.quantity import SIEMENS_PER_METRE

        values["conductivity"] = f"{numbers.sig(ink.conductivity / SIEMENS_PER_METRE)} S/m"
    return values


def _spread(sd: float | None, scale: float = 1.0, unit: str = "") -> str:
    return "" if sd is None else f" \u00b1 {numbers.sig(sd * scale, 2)}{unit}"


def _millimolar(bath: Bath) -> str:
    return f"{numbers.sig(bath.molarity_mol_um3 * 1e18)} mM"


def _solvent_values(solvent: Solvent) -> dict[str, str]:
    from ...kernel.quantity import KPA

    root = (1e3 * KPA) ** 0.5
    values = {
        f"hansen_{axis}": f"{numbers.sig(value / root)} MPa\u2070\u22c5\u2075"
        for axis, value in (("d", solvent.hansen_d), ("p", solvent.hansen_p), ("h", solvent.hansen_h))
    }
    return {**values, "permittivity": numbers.sig(solvent.permittivity)}


def diagnostics(subject: StepSubject) -> tuple[Block, ...]:
    """All that `wp check` says, with the rig where there is one; the worst first."""
    if not subject.diagnostics:
        return (Note("Nothing: no error, no warning, no note."),)
    found = sorted(subject.diagnostics, key=lambda d: -d.severity)
    return tuple(
        Diagnosis(
            d.code,
            d.severity.word,
            d.message,
            d.primary.where if d.primary is not None else "",
            (*d.notes, *(f"mend: {fix.title}" for fix in d.fixes)),
        )
        for d in found
    )


def hashes(subject: Subject) -> Table:
    """SHA-256 of what went into the print, and versions of what made it."""
    from ..printing.record import rig_hash, toolpath_hash

    rows: list[tuple[str, ...]] = [("design text", _sha(subject.text))]
    if subject.design_hash:
        rows.append(("design, imports and params (wp hash)", subject.design_hash))
    dialect = subject.rig.controller.dialect
    rows += [
        (f"program ({dialect})", _program(subject)),
        ("motion, to 1 nm", toolpath_hash(subject.toolpath)),
    ]
    rows += [(f"rig {subject.rig.name}, without addresses", rig_hash(subject.rig)), ("wetprint", __version__)]
    return Table("SHA-256 and versions", ("of", "value"), tuple(rows), frozenset({0, 1}))


def film_hashes(subject: StepSubject) -> Table:
    """SHA-256 of what the films were made from."""
    rows = [("design text", _sha(subject.text))]
    if subject.design_hash:
        rows.append(("design, imports and params (wp hash)", subject.design_hash))
    rows.append(("wetprint", __version__))
    return Table("SHA-256 and versions", ("of", "value"), tuple(rows), frozenset({0, 1}))


def _sha(text: str) -> str:
    return sha256(text.replace("\r\n", "\n").encode()).hexdigest()


def _program(subject: Subject) -> str:
    from ..dialects import DIALECTS

    name = subject.rig.controller.dialect
    if name not in DIALECTS:
        return "not known here"
    try:
        return sha256(DIALECTS[name].write(subject.toolpath, subject.rig).data).hexdigest()
    except WetprintError as refused:
        return f"none: {refused.diagnostics[0].message}"
