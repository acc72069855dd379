"""What an expression can be once it is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..kernel.diagnostics import Span
from ..kernel.material import Bath, Ink, Linker, Origin, Solvent
from ..kernel.quantity import LENGTH, NAMED_TYPES, NONE, Construct, Dim
from ..kernel.records import dataclass, field
from ..kernel.scene import Expr, Part, Solid, StateName
from .units import show, unit_text

if TYPE_CHECKING:
    from . import syntax as s
    from .scope import Env


class Poison:
    """The value of what went wrong: whatever needs it is left alone, because the root has been reported."""

    def __repr__(self) -> str:
        return "POISON"


POISON: Poison = Poison()


class Num:
    """A number in kernel units. An int is a Count. `state` is set for a Length that belongs to one state of the part."""

    __slots__ = ("dim", "state", "value")

    def __init__(self, value: float, dim: Dim = NONE, state: StateName | None = None) -> None:
        self.value = value
        self.dim = dim
        self.state = state if dim == LENGTH else None

    @property
    def is_count(self) -> bool:
        return isinstance(self.value, int)

    def __repr__(self) -> str:
        return f"Num({show(self.value, self.dim)})"


@dataclass(frozen=True, slots=True)
class FieldVal:
    """A value that varies over space; `dim` None for a Bool."""

    expr: Expr
    dim: Dim | None


@dataclass(frozen=True, slots=True)
class Parameter(FieldVal):
    """The parameter of a curve; `first` is where it begins."""

    first: Num


@dataclass(frozen=True, slots=True)
class Varying:
    """A figure that varies along a curve, and its value where the curve begins."""

    expr: Expr
    first: float


@dataclass(frozen=True, slots=True)
class Rec:
    """A record: named values."""

    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A `fn` of a design."""

    node: s.Fn
    env: Env


@dataclass(frozen=True, slots=True, eq=False)
class Builtin:
    """A function of the language; `run(call)` does it."""

    name: str
    run: Callable[[Any], Any]


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """The name of a construct (`woodpile`, `ink`), which stands before a block."""

    construct: Construct


@dataclass(frozen=True, slots=True, eq=False)
class Namespace:
    """An imported file, under its name here."""

    env: Env


@dataclass(frozen=True, slots=True)
class Rest:
    """`rest` in a mix: what the others leave."""


@dataclass(frozen=True, slots=True, eq=False)
class Graded:
    """A mix whose fractions vary over space: (ink, fraction), each fraction a number or an Expr; in `steps` premixed inks.
    `live`: the design names no steps, so a rig that can may mix two inks as it prints; the steps then stand for the ratio."""

    parts: tuple[tuple[Thing, Any], ...]
    steps: int
    span: Span
    live: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """A material, bath, solvent, linker, nozzle, solid or part: the kernel's `node`, and what its block said.

    `given` has the values of the fields that the design wrote, for overrides; `fields` those and the defaults, in kernel
    units, for reading them back; `spans` where each was written.
    """

    kind: str
    node: Any
    construct: Construct | None
    given: Mapping[str, Any]
    fields: Mapping[str, Any]
    span: Span
    spans: Mapping[str, Span] = field(default_factory=dict)
    provenance: Mapping[str, Origin] = field(default_factory=dict)
    layers: tuple[Any, ...] = ()
    assumed: tuple[tuple[str, Origin, Span], ...] = ()
    graded: Graded | None = None

    @property
    def name(self) -> str:
        return str(getattr(self.node, "name", ""))


Node = Ink | Bath | Solvent | Linker | Solid | Part

_BY_DIM = {t.dim: t.name for t in NAMED_TYPES.values() if t.kind == "number" and t.dim != NONE}


def dim_name(dim: Dim) -> str:
    """`Length` for a length, a unit for what has no name."""
    if dim == NONE:
        return "Ratio"
    return _BY_DIM.get(dim) or f"quantity in {unit_text(dim)}"


def type_name(value: Any) -> str:
    """What a user would call a value: `a Length`, `text`, `a material`."""
    if isinstance(value, Num):
        state = f"{value.state} " if value.state else ""
        return _article(state + ("Count" if value.is_count else dim_name(value.dim)))
    if isinstance(value, bool):
        return "a Bool"
    if isinstance(value, str):
        return "a Text"
    if isinstance(value, tuple):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, FieldVal):
        return (
            "a condition that varies over space"
            if value.dim is None
            else f"{_article(dim_name(value.dim))} that varies over space"
        )
    if isinstance(value, Thing):
        return _article(value.kind.capitalize())
    if isinstance(value, Graded):
        return "a graded mix"
    if isinstance(value, Rec):
        return "a record"
    if isinstance(value, Function | Builtin):
        return "a function"
    if isinstance(value, Namespace):
        return "an imported file"
    if isinstance(value, Head):
        return f"the name of a {value.construct.kind} construct"
    if isinstance(value, Rest):
        return "`rest`"
    return "a value"


def _article(word: str) -> str:
    return ("an " if word[:1] in "AEIOUaeiou" else "a ") + word


def shown(value: Any) -> str:
    """A value as its user would write it, short."""
    if isinstance(value, Num):
        return show(value.value, value.dim)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"' if len(value) < 40 else f'"{value[:36]}..."'
    if isinstance(value, tuple):
        inner = ", ".join(shown(v) for v in value[:4])
        return f"[{inner}{', ...' if len(value) > 4 else ''}]"
    if isinstance(value, Thing):
        return value.name or value.kind
    return type_name(value)
