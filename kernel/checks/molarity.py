"""Linker too dilute to gel the ink, or so strong that the nozzle clogs."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning

#: mM; Song et al. 2023 print with 0.5 to 1 mM.
LOW, HIGH = 0.5, 1.0

#: 1 mM (1 mol/m^3) in mol/um^3.
MILLIMOLAR = 1e-18


class Molarity:
    code = "W212"
    severity = Severity.WARNING
    doc = "the bath holds 0.5 to 1 mM of linker"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        told: set[str] = set()
        for job in context.jobs:
            bath = job.print.bath
            if bath is None or bath.name in told:
                continue
            told.add(bath.name)
            mm = bath.molarity_mol_um3 / MILLIMOLAR
            if LOW * (1 - 1e-9) <= mm <= HIGH * (1 + 1e-9):
                continue
            yield warning(
                self.code,
                f"{mm:.4g} mM of linker in bath {bath.name}; {LOW:g} to {HIGH:g} mM is known to print",
                bath.span or job.print.span,
                label="too little: filaments dissolve" if mm < LOW else "too much: the nozzle clogs",
                notes=(f"type `molarity: {LOW if mm < LOW else HIGH:g}[mM]`",),
            )


MOLARITY = Molarity()
