"""Names that stand before a block: the constructs of the language, and every member of the kernel's registers."""

from __future__ import annotations

from functools import cache
from typing import Any

from ..kernel.chemistry import DEVELOPER, LIGAND
from ..kernel.film import FILM
from ..kernel.material import BATH, INK, LINKER, SOLVENT
from ..kernel.process import PROCESSES
from ..kernel.quantity import Angle, Bool, Construct, Count, FieldSpec, Length, Text, ref
from ..kernel.registry import Registry

#: How a print is made that names no process.
INK_PROCESS = "wet_writing"

NOZZLE = Construct(
    "nozzle",
    "nozzle",
    "a pulled glass tip, for figures in a design; the rig file describes the one that prints",
    (
        FieldSpec("inner", Length, "inner diameter of the tip", low=0.0, above=True),
        FieldSpec("outer", Length, "outer diameter of the tip", low=0.0, above=True),
        FieldSpec("half_angle", Angle, "half the opening angle of its cone", default=None),
        FieldSpec("reach", Length, "how deep it can dip", default=None, low=0.0),
    ),
)

#: Fields of every print, beside those of its process.
_OF_PRINTS = (
    FieldSpec("bath", ref("bath"), "the gelation bath it is printed in"),
    FieldSpec("process", Text, "how it is made", default=INK_PROCESS),
)

#: Fields of every pattern, beside those of its process.
_OF_PATTERNS = (
    FieldSpec("film", ref("film"), "the film that is exposed"),
    FieldSpec("process", Text, "how it is exposed: `photopattern`, `ebeam` or `thermal_writing`"),
    FieldSpec(
        "developer",
        ref("developer"),
        "takes away what is not to stay",
        default=None,
    ),
    FieldSpec(
        "develop",
        Bool,
        "false leaves the film undeveloped, so that the next pattern of it adds its dose",
        default=True,
    ),
)


@cache
def print_head(process: str = INK_PROCESS) -> Construct:
    """The block of a print made by that process; without a bath where no ink is written."""
    common = _OF_PRINTS if process == INK_PROCESS else _OF_PRINTS[1:]
    return Construct(
        "print", "print", "what is made of a part", (*common, *PROCESSES[process].construct.fields)
    )


@cache
def pattern_head(process: str = "") -> Construct:
    """The block of a pattern exposed by that process; without one, what all patterns have."""
    own = PROCESSES[process].construct.fields if process else ()
    return Construct("pattern", "pattern", "a mask exposed into a film", (*_OF_PATTERNS, *own))


def made_by(word: str, named: str) -> Construct:
    """The block of a `print` or a `pattern` that names that process, in an editor's half-written text too."""
    if word == "pattern":
        return pattern_head(named if named in processes("mask") else "")
    return print_head(named if named in processes("part") else INK_PROCESS)


@cache
def processes(makes: str) -> tuple[str, ...]:
    """Names of the processes that make parts or masks."""
    return tuple(n for n in PROCESSES.names() if PROCESSES[n].makes == makes)


REGION = Construct(
    "region",
    "region",
    "where a part differs",
    (
        FieldSpec("material", ref("material"), "its ink there", default=None),
        FieldSpec(
            "filament", Length, "its filament width there", default=None, state=True, low=0.0, above=True
        ),
        FieldSpec("omit", Bool, "true leaves the filament out", default=False),
        FieldSpec("cut", Text, "`split` filaments at the boundary, or take them `whole`", default="split"),
        FieldSpec("priority", Count, "where regions overlap, the highest decides", default=0),
        FieldSpec(
            "steps", Count, "premixed inks that a graded mix is printed in", default=5, low=2.0, high=32.0
        ),
    ),
)

#: Constructs that need no register, by the word before their block.
OWN: dict[str, Construct] = {
    "ink": INK, "bath": BATH, "solvent": SOLVENT, "linker": LINKER, "nozzle": NOZZLE, "film": FILM, "ligand": LIGAND,
    "developer": DEVELOPER,
}  # fmt: skip

#: kind of a declaration -> kinds of construct it may hold.
HEAD_KINDS = {
    "material": "material", "bath": "bath", "solvent": "solvent", "linker": "linker", "nozzle": "nozzle",
    "lattice": "lattice", "path": "path", "solid": "solid", "mask": "mask", "film": "film", "ligand": "ligand",
    "developer": "developer",
}  # fmt: skip


@cache
def registers() -> dict[str, Registry[Any]]:
    """The registers whose members have a `construct`, by kind."""
    from ..kernel.lattices import LATTICES
    from ..kernel.mask import MASKS
    from ..kernel.paths import PATHS
    from ..kernel.solids import SOLIDS

    return {"lattice": LATTICES, "path": PATHS, "solid": SOLIDS, "mask": MASKS}


def head_names() -> tuple[str, ...]:
    """Every name that may stand before a block, outside packages' too once a name of ours did not fit."""
    return (*OWN, *(n for r in registers().values() for n in r.names()))


@cache
def head(name: str, kind: str = "") -> Construct | None:
    """The construct called `name`, None if there is none. Where several kinds have one of that name (`circle` is a path and a
    mask), that of `kind`."""
    own = OWN.get(name)
    if own is not None:
        return own
    found = sorted(registers().items(), key=lambda item: (not item[1].ours(name), item[0] != kind))
    for _, register in found:
        if name in register:
            construct: Construct = register[name].construct
            return construct
    return None


def is_head(name: str) -> bool:
    # Asking outside packages takes 10 ms, so our own come first.
    return (
        name in OWN
        or any(r.ours(name) for r in registers().values())
        or any(name in r for r in registers().values())
    )
