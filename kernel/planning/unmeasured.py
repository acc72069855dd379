"""What nobody has measured of an ink in a nozzle, and what a print needs of it all the same."""

from __future__ import annotations

from ..diagnostics import Diagnostic, Span, error
from ..rig import InkLoad, Rig


def unmeasured(
    load: InkLoad,
    ink: str,
    nozzle: str,
    rig: Rig,
    span: Span,
    pairs: str = "measured pairs of pressure and flow",
) -> list[Diagnostic]:
    """R512 without delays, R511 without a calibration, whose `pairs` the mend asks for."""
    what = f"of ink `{ink}` in nozzle `{nozzle}`"
    found = []
    if load.lags is None:
        found.append(
            error("R512", f"the delays {what} are not known to rig `{rig.name}`", span, notes=("add `lags`",))
        )
    if not load.calibration:
        found.append(
            error(
                "R511",
                f"the calibration {what} is not known to rig `{rig.name}`",
                span,
                notes=(f"add `calibration`: {pairs}",),
            )
        )
    return found
