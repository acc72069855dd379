"""Films that a contrast fit measured, as `.wp` text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..kernel.diagnostics import Source, WetprintError, error
from .calibration import _plain, _word
from .format import format_source

if TYPE_CHECKING:
    from ..kernel.calibration.contrast import ContrastFit
    from ..kernel.film import Film

T = TypeVar("T")

#: The first line of every file of films that a calibration wrote: such a file may be written anew.
FIRST = "# Measured films, written by `wp calibrate`"

#: What a film needs that no dose matrix tells.
_NEEDED = ("nanocrystal", "family", "ligand")


def films_text(
    fits: Sequence[ContrastFit], *, data: str, day: str = "", films: Path | None = None
) -> tuple[str, tuple[str, ...]]:
    """The `.wp` file that holds measured films, and their names in it. `data`: the table as its reader calls it; `films`: a file that
    holds them, which they then derive from. Raises WetprintError: X738 where nothing says what the film is, X739 no date."""
    undated = [f for f in fits if not (day or f.table.days)]
    if undated:
        raise WetprintError(
            error("X739", f"no date for {undated[0].table.film or 'the film'}; a column `date` or `--date 2026-05-01` was expected",
                  notes=("the day of the measurement, not of the fit",))
        )  # fmt: skip
    known = {} if films is None else _films_of(films)
    bases = [known.get(f.table.film) for f in fits]
    for fit, base in zip(fits, bases, strict=True):
        lacking = [w for w in _NEEDED if w not in fit.table.words]
        if base is None and lacking:
            raise WetprintError(
                error("X738", f"nothing says what film `{fit.table.film}` is: no {', no '.join(lacking)}; columns of the table, or a film of that "
                      "name in a file, were expected", fit.rows[0].span,
                      notes=(f"one of {', '.join(sorted(known))}" if known else "name a file that holds it with `--films FILE`",))
            )  # fmt: skip
        if base is None:
            _known_words(fit)
    names = tuple(_word(f.table.film) or "measured" for f in fits)
    out = [f"{FIRST} from {data}.", "#"]
    for name, fit in zip(names, fits, strict=True):
        out += [f"# {line}" for line in _told(name, fit)]
    out += ["wp 1;"]
    out += ['use "ligands.wp" as lig;'] if any(b is None for b in bases) else []
    out += [f'use "{films.as_posix()}" as own;'] if films is not None and any(bases) else []
    for name, fit, base in zip(names, fits, bases, strict=True):
        out += ["", _film(name, fit, base, f"{_plain(data)}, {len(fit.rows)} doses, {day or _days(fit)}")]
    return format_source(Source(f"{data}.wp", "\n".join(out) + "\n")), names


def _known_words(fit: ContrastFit) -> None:
    """Raises WetprintError (X738) for a family or a ligand that the file could not name."""
    from ..kernel.chemistry import FAMILIES, Ligand
    from .scope import nearest
    from .source import LIBRARY

    said = fit.table.words
    ligands = tuple(_things(LIBRARY / "ligands.wp", Ligand))
    for what, word, known in (
        ("family", said["family"], FAMILIES),
        ("ligand", _ligand(said["ligand"]), ligands),
    ):
        if word in known:
            continue
        near = nearest(word, known)
        own = ("define it in a file of your own and name that with `--films FILE`",)
        raise WetprintError(
            error("X738", f"`{said[what]}` is no {what} that is known; " + (f"`{near}`" if near else f"one of {', '.join(known)}")
                  + " was expected", fit.rows[0].span, notes=own if what == "ligand" else ())
        )  # fmt: skip


def _ligand(said: str) -> str:
    """The name of a ligand in the library, of what a table says."""
    return re.sub(r"\W+", "_", said.strip()).strip("_").lower()


def _films_of(path: Path) -> dict[str, Film]:
    """The films of a file. Raises WetprintError where it has errors."""
    from ..kernel.film import Film

    return _things(path, Film)


def _things(path: Path, kind: type[T]) -> dict[str, T]:
    """What a file defines of one kind. Raises WetprintError where it has errors."""
    from ..kernel.diagnostics import Severity
    from .load import load
    from .values import Thing

    loaded = load(path)
    wrong = [d for d in loaded.diagnostics if d.severity is Severity.ERROR]
    if wrong:
        raise WetprintError(*wrong)
    things = {n: b.value.node for n, b in loaded.env.bindings.items() if isinstance(b.value, Thing)}
    return {n: v for n, v in things.items() if isinstance(v, kind)}


def _days(fit: ContrastFit) -> str:
    days = fit.table.days
    return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"


def _told(name: str, fit: ContrastFit) -> list[str]:
    """What stands above the file, for a reader: the window, and how good the fit is."""
    upper = f"{fit.damage:.4g}" if fit.damage is not None else f"{fit.rows[-1].dose:.4g} (largest measured)"
    told = [
        f"{name}: window {fit.d100:.4g} (+- {fit.d100_sd:.2g}) to {upper} {fit.table.unit}, {1e3 * fit.full_um:.4g} +- {1e3 * fit.full_sd:.2g} nm "
        "where all of it stays"
    ]
    told += [
        f"  left out: {1e3 * r.thickness_um:.4g} nm at {r.dose:.4g} {fit.table.unit} (line {r.span.line})"
        for r in fit.left_out
    ]
    return told


def _film(name: str, fit: ContrastFit, base: Film | None, source: str) -> str:
    says = f'from "{source}"'
    fields = []
    if base is None:
        words = fit.table.words
        fields += [
            f'nanocrystal: "{_plain(words["nanocrystal"])}"',
            f'family: "{_plain(words["family"])}"',
            f"ligand: lig.{_ligand(words['ligand'])}",
        ]
        spread = fit.table.spread_um
        fields.append(
            f'thickness: {1e3 * spread:.6g}nm {says}' if spread is not None
            else f'thickness: {1e3 * fit.full_um:.6g}nm assumed "as it was where all of it stays; nobody measured it before development"'
        )  # fmt: skip
        fields.append(f'colour: "{_plain(words.get("colour", "#3cb44b"))}"')
    of, unit = ("", "[mJ/cm^2]") if fit.table.kind == "light" else ("_electrons", "[uC/cm^2]")
    fields += [
        f"d0{of}: {fit.d0:.6g}{unit} {says}",
        f"d0{of}_sd: {fit.d0_sd:.3g}{unit} {says}",
        f"gamma{of}: {fit.gamma:.6g} {says}",
        f"gamma{of}_sd: {fit.gamma_sd:.3g} {says}",
    ]
    if fit.damage is not None:
        fields.append(f'damage{of}: {fit.damage:.6g}{unit} from "{source}: the thickness falls again"')
    head = f"film {name} = own.{base.name}" if base is not None else f"film {name} = film"
    return f"{head} {{\n" + "".join(f"  {f};\n" for f in fields) + "}"
