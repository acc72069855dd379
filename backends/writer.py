"""What a file for a writer of light must offer: the lines of prints that are written with two photons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from ..kernel.diagnostics import WetprintError, error
from .files import writing
from .writers import WRITERS

if TYPE_CHECKING:
    from ..kernel.build import Job
    from ..kernel.scene import Print


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

    Raises WetprintError: X760 where nothing is, X761 to X763 where the format cannot say it, X710 where the file cannot be written.
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


def ink_alone(prints: Sequence[Print]) -> list[str]:
    """What a printer leaves to files of this module, in words. Raises WetprintError (X764) where that is all of a design: no machine is
    driven for it."""
    lit = [made for made in prints if made.process == "two_photon"]
    if lit and len(lit) == len(prints):
        raise WetprintError(
            error(
                "X764",
                f"{lit[0].part.name} is written with two photons, for which no machine is driven; a file was expected",
                lit[0].spans.get("process", lit[0].span),
                notes=(f"`wp export DESIGN.wp -o {lit[0].part.name}.gwl` writes one",),
            )
        )
    return [
        f"{made.part.name} is written with two photons, not printed: `wp export DESIGN.wp -o {made.part.name}.gwl`"
        for made in lit
    ]
