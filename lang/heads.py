"""Names that stand before a block: the constructs of the language, and every member of the kernel's registers."""

from __future__ import annotations

from functools import cache
from typing import Any

from ..kernel.material import BATH, INK, LINKER, SOLVENT
from ..kernel.quantity import Angle, Bool, Construct, Count, FieldSpec, Length, Speed, Text, ref
from ..kernel.registry import Registry

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

PRINT = Construct(
    "print",
    "print",
    "what is made of a part",
    (
        FieldSpec("bath", ref("bath"), "the gelation bath it is printed in"),
        FieldSpec("process", Text, "how it is made", default="wet_writing"),
        FieldSpec("base", Text, "`pinned` to the substrate as it dries, or `free` of it", default="pinned"),
        FieldSpec(
            "anchors", ref("solid"), "filament inside this solid keeps its place as it dries", default=None
        ),
        FieldSpec(
            "speed",
            Speed,
            "nozzle speed while it prints",
            default=None,
            default_doc="the rig's",
            low=0.0,
            above=True,
        ),
        FieldSpec(
            "turns",
            Length,
            "longest way between neighbouring filaments that is printed too, so that the ink runs on",
            default=None,
            default_doc="no turns",
            low=0.0,
        ),
        FieldSpec(
            "lead",
            Length,
            "straight run of ink before and behind every filament that ends at the outside of the part",
            default=None,
            default_doc="no leads",
            low=0.0,
        ),
        FieldSpec(
            "seam",
            Text,
            "where closed filaments begin: `nearest` to the end of the one before, `aligned` above each other, `spread` round about",
            default=None,
            default_doc="as drawn",
        ),
        FieldSpec(
            "loose", Bool, "true prints filaments that nothing carries when they are laid", default=False
        ),
    ),
)

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
OWN: dict[str, Construct] = {"ink": INK, "bath": BATH, "solvent": SOLVENT, "linker": LINKER, "nozzle": NOZZLE}

#: kind of a declaration -> kinds of construct it may hold.
HEAD_KINDS = {
    "material": "material", "bath": "bath", "solvent": "solvent", "linker": "linker", "nozzle": "nozzle",
    "lattice": "lattice", "path": "path", "solid": "solid",
}  # fmt: skip


@cache
def registers() -> dict[str, Registry[Any]]:
    """The registers whose members have a `construct`, by kind."""
    from ..kernel.lattices import LATTICES
    from ..kernel.paths import PATHS
    from ..kernel.solids import SOLIDS

    return {"lattice": LATTICES, "path": PATHS, "solid": SOLIDS}


def head_names() -> tuple[str, ...]:
    """Every name that may stand before a block, outside packages' too once a name of ours did not fit."""
    return (*OWN, *(n for r in registers().values() for n in r.names()))


@cache
def head(name: str) -> Construct | None:
    """The construct called `name`, None if there is none."""
    own = OWN.get(name)
    if own is not None:
        return own
    for register in sorted(registers().values(), key=lambda r: not r.ours(name)):
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
