"""What `wp calibrate` and `wp nozzle` check, write and tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ...kernel.diagnostics import Diagnostic, WetprintError, error
from ...kernel.files import write_text
from .asked import print_json, say, show

if TYPE_CHECKING:
    from ...kernel.calibrate import InkFit
    from ...kernel.calibration.contrast import ContrastFit
    from ...kernel.rig import Rig


def dated(date: str | None) -> str | None:
    """The day that `--date` gives, in the one form."""
    if date is None:
        return None
    from ...kernel.calibration.measurements import day

    try:
        return day(date)
    except ValueError:
        raise typer.BadParameter(
            f"{date!r}: expected a day such as 2026-05-01", param_hint="--date"
        ) from None


def free_to_write(output: Path) -> None:
    """Inks and films go to a .wp file that is not there, or that a calibration wrote."""
    from ..calibration import FIRST
    from ..film_file import FIRST as FIRST_OF_FILMS

    if output.suffix != ".wp":
        raise typer.BadParameter(f"{output}: inks are written to a .wp file", param_hint="--output")
    if output.exists() and not output.read_text(encoding="utf-8", errors="replace").startswith(
        (FIRST, FIRST_OF_FILMS)
    ):
        raise WetprintError(
            error("X701", f"{output} is there already, and no calibration wrote it; nothing was written")
        )


def write_inks(
    fits: Sequence[InkFit],
    output: Path,
    data: Path,
    date: str | None,
    inks: Path | None,
) -> list[Path]:
    """Write the inks and, where the nozzles were calibrated, their loads for a rig file."""
    from ..calibration import inks_text, rig_text

    text, names = inks_text(fits, data=data.name, day=date or "", inks=inks)
    loads = rig_text(fits, names, data=data.name, day=date or "")
    written = [output]
    write_text(output, text)
    if loads:
        written.append(output.with_suffix(".toml"))
        write_text(written[-1], loads)
    return written


def tell_fits(
    fits: Sequence[InkFit], said: Sequence[Diagnostic], written: Sequence[Path], *, as_json: bool
) -> None:
    from ...kernel.calibration.text import as_data, summary_text

    if as_json:
        print_json({"inks": as_data(fits), "files": [str(p) for p in written]})
    else:
        print(summary_text(fits))
    _told(said, written)


def _told(said: Sequence[Diagnostic], written: Sequence[Path]) -> None:
    show(said)
    for path in written:
        say(f"written: {path}")


def tell_nozzles(
    machine: Rig, width: str, ink: str, inks: Path | None, *, wet: bool, speed: str | None, as_json: bool
) -> None:
    """Nozzles and pressures of a rig for a width, in the bath or held and free when it is dried."""
    from ...kernel.calibration.nozzles import choices, choices_table, tips_um
    from ..calibration import find_ink, quantities

    found = find_ink(ink, inks)
    um, um_s = quantities(width, speed or f"{machine.speeds.print_um_s!r}[um/s]")
    # The first layer is held by the substrate and thins by s (1 + nu), what dries free by s.
    hold = {"held": found.shrink * (1.0 + found.poisson), "free": found.shrink}
    widths = {"wet": um} if wet else {name: um / (1.0 - lost) for name, lost in hold.items()}
    rows = {name: choices(machine, found, value, um_s) for name, value in widths.items()}
    if as_json:
        data = {
            name: {
                "wet_um": widths[name],
                "tips_um": tips_um(found, widths[name]),
                "choices": [c.as_dict() for c in row],
            }
            for name, row in rows.items()
        }
        print_json({"ink": found.name, "width_um": um, "speed_um_s": um_s, "nozzles": data})
        return
    said = {"wet": "in the bath", "held": "dried, on the substrate", "free": "dried, free of the substrate"}
    for name, row in rows.items():
        thread = widths[name] / found.swell
        low, high = tips_um(found, widths[name])
        print(
            f"{um:.4g} um {said[name]}: {widths[name]:.4g} um wet, ink thread {thread:.4g} um, tips of {low:.3g} to {high:.3g} um"
        )
        print(choices_table(row))


def fit_doses(
    data: Path,
    output: Path | None,
    date: str | None,
    films: Path | None,
    *,
    plot: Callable[[Path, Sequence[ContrastFit]], Path],
    keep: bool,
    as_json: bool,
) -> None:
    """`wp calibrate --dose`: contrast curves from thickness against dose, told, written and drawn."""
    from ...kernel.calibration.contrast import as_data, fit_contrast, summary_text
    from ...kernel.calibration.doses import parse_doses
    from ...kernel.calibration.measurements import read_text

    tables, diagnostics = parse_doses(read_text(data))
    said, fits = list(diagnostics), []
    for table in tables:
        fit, more = fit_contrast(table, keep=keep)
        fits.append(fit)
        said += more
    written = []
    if output is not None:
        from ..film_file import films_text

        text, _ = films_text(fits, data=data.name, day=date or "", films=films)
        write_text(output, text)
        written += [output, plot(output.with_suffix(".svg"), fits)]
    if as_json:
        print_json({"films": as_data(fits), "files": [str(p) for p in written]})
    else:
        print(summary_text(fits))
    _told(said, written)
