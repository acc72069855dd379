"""What a file for a writer of light must offer: the lines of prints that are written with two photons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from ..kernel.diagnostics import WetprintError, error
from ..kernel.files import writing
from .writers import WRITERS

if TYPE_CHECKING:
    from ..kernel.build import Job
    from ..kernel.scene import Pattern, Print


class Writer(Protocol):
    """A member of the register of writers. `doc` says in one line what the file is; a path that ends in `.name` means it."""

    @property
    def name(self) -> str: ...

    @property
    def doc(self) -> str: ...

    def write(self, jobs: Sequence[Job], out: BinaryIO) -> None:
        """Write the lines of `jobs`, all of them written with light, in their order. Same jobs, same bytes. Raises WetprintError."""
        ...


def write_lines(jobs: Sequence[Job], name: str, path: Path) -> None:
    """Write what is written with light of `jobs` to `path` in the format `name`.

    Raises WetprintError: X760 where nothing is, X761 to X763 where the format cannot say it, X765 where the objective would hit what
    stands, X710 where the file cannot be written.
    """
    lit = [job for job in jobs if job.light is not None]
    if not lit:
        raise WetprintError(
            error(
                "X760",
                f"0 prints of the design are written with two photons; {name} holds nothing else",
                notes=("`print part { process: two_photon; ... }` makes one",),
            )
        )
    with writing(Path(path)) as out:
        WRITERS[name].write(lit, out)


def ink_alone(prints: Sequence[Print], patterns: Sequence[Pattern] = ()) -> list[str]:
    """What a printer leaves to files, in words: of this module, and masks. Raises WetprintError (X764) where that is all of a design: no
    machine is driven for it."""
    lit = [made for made in prints if made.process == "two_photon"]
    left = [
        *(
            f"{made.part.name} is written with two photons, not printed: `wp export DESIGN.wp -o {made.part.name}.gwl`"
            for made in lit
        ),
        *(
            f"{made.name} is a pattern of film {made.film.name}, not printed: `wp export DESIGN.wp -o {_file_of(made)}`"
            for made in patterns
        ),
    ]
    if not left or len(lit) < len(prints):
        return left
    if lit:
        what, span = (
            f"{lit[0].part.name} is written with two photons",
            lit[0].spans.get("process", lit[0].span),
        )
        file = f"{lit[0].part.name}.gwl"
    else:
        what, span = f"{patterns[0].name} is a pattern of film {patterns[0].film.name}", patterns[0].span
        file = _file_of(patterns[0])
    raise WetprintError(
        error(
            "X764",
            f"{what}, for which no machine is driven; a file was expected",
            span,
            notes=(f"`wp export DESIGN.wp -o {file}` writes one",),
        )
    )


def _file_of(pattern: Pattern) -> str:
    """What a pattern may be written to: a program of a laser on a stage, or masks."""
    return (
        f"{pattern.name}.ngc --pattern {pattern.name}"
        if pattern.process == "thermal_writing"
        else "masks.gds"
    )
