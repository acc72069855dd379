"""Ink so concentrated that it clogs the nozzle, or so thin that filaments dissolve."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning

#: mg/mL of nanocrystals; Song et al. 2023 print with 25 (Ag) to 70 (Fe3O4), and say that too much clogs and too little dissolves.
LOW, HIGH = 25.0, 70.0

#: 1 mg/mL in ug/um^3.
MG_ML = 1e-9


class Clog:
    code = "W220"
    severity = Severity.WARNING
    doc = "inks hold 25 to 70 mg/mL of nanocrystals"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        told: set[str] = set()
        for job in context.jobs:
            for ink in context.inks(job):
                held = ink.concentration_ug_um3 / MG_ML
                if ink.name in told or LOW * (1 - 1e-9) <= held <= HIGH * (1 + 1e-9):
                    continue
                told.add(ink.name)
                yield warning(
                    self.code,
                    f"{held:.4g} mg/mL of nanocrystals in ink {ink.name}; {LOW:g} to {HIGH:g} mg/mL is known to print",
                    ink.span or job.print.span,
                    label="too little: filaments dissolve" if held < LOW else "too much: the nozzle clogs",
                    notes=(f"type `concentration: {LOW if held < LOW else HIGH:g}[mg/mL]`",),
                )


CLOG = Clog()
