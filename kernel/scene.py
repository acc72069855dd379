"""The scene graph: what a design says, evaluated and typed, before any geometry exists. Plain data, no numpy.

Lengths in um, angles in rad, and so on (quantity.py). Part coordinates: x and y centred on the part, z up from the
substrate at 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from .chemistry import Developer, Ligand
from .diagnostics import Span
from .film import Film
from .material import Bath, Ink, Origin
from .records import dataclass, field

StateName = Literal["wet", "dried"]


@dataclass(frozen=True)
class Expr:
    """A field over space, or over the parameter of a curve: an expression tree that the kernel evaluates on arrays of points.

    op and args: `const` (float or bool), `coord` ("x" "y" "z" "r" "theta" "depth"; of a curve "t" and its Dim), `inside`
    (Solid), `distance` (Solid), `+ - * / ^ mod neg`, `< <= > >= == !=`, `and or not`, `min max abs sqrt sin cos asin acos atan
    floor ceil`, `if` (cond, then, else), `noise` (args, seed).
    """

    op: str
    args: tuple[Any, ...]
    span: Span


def walk(expr: Any) -> Iterator[Expr]:
    """The expression and all its parts."""
    if isinstance(expr, Expr):
        yield expr
        for a in expr.args:
            yield from walk(a)


@dataclass(frozen=True)
class Solid:
    """A solid: `kind` is a name in the register of solids; `fields` as its Construct says; booleans have `children`.

    `matrix` is a row-major affine 3 x 4 map applied last (part coordinates), None for the identity.
    """

    kind: str
    fields: Mapping[str, Any]
    span: Span
    children: tuple[Solid, ...] = ()
    matrix: tuple[float, ...] | None = None
    name: str = ""


@dataclass(frozen=True)
class Mask:
    """A region of the plane: `kind` is a name in the register of masks; `fields` as its Construct says; booleans, arrays and
    derived layers have `children`. `matrix` is a row-major affine 3 x 4 map applied last, of which x and y count; None for the
    identity."""

    kind: str
    fields: Mapping[str, Any]
    span: Span
    children: tuple[Mask, ...] = ()
    matrix: tuple[float, ...] | None = None
    name: str = ""
    spans: Mapping[str, Span] = field(default_factory=dict)


@dataclass(frozen=True)
class LayerRule:
    """Fields of one layer, evaluated: only those that its `layer k { }` block sets."""

    index: int
    fields: Mapping[str, Any]
    spans: Mapping[str, Span] = field(default_factory=dict)


@dataclass(frozen=True)
class Lattice:
    """A lattice: `kind` is a name in the register of lattices; `fields` complete with defaults, in kernel units.

    `layers` has one rule for each layer, in order, or is empty when the design has no `layer` block. `spans` gives each
    field that the design wrote its place in the source.
    """

    name: str
    kind: str
    fields: Mapping[str, Any]
    layers: tuple[LayerRule, ...]
    span: Span
    spans: Mapping[str, Span] = field(default_factory=dict)


@dataclass(frozen=True)
class Path:
    """A freeform path: `kind` is a name in the register of paths (polyline, arc, helix ...)."""

    name: str
    kind: str
    fields: Mapping[str, Any]
    span: Span
    spans: Mapping[str, Span] = field(default_factory=dict)


@dataclass(frozen=True)
class Placed:
    """Copies of a part, each under a row-major affine 3 x 4 matrix: move, rotate, mirror and array all become this."""

    name: str
    part: Part
    matrices: tuple[tuple[float, ...], ...]
    span: Span


@dataclass(frozen=True)
class Union:
    """Several parts as one."""

    name: str
    parts: tuple[Part, ...]
    span: Span


Part = Lattice | Path | Placed | Union


@dataclass(frozen=True)
class Region:
    """Where in part `part` the material or filament width differs, or filament is left out. `gradient`: the name of the
    graded mix that this region is one step of; `share`: the volume fraction of its first ink, where it varies without steps."""

    name: str
    part: str
    where: Expr
    span: Span
    material: Ink | None = None
    filament_um: float | None = None
    omit: bool = False
    cut: Literal["split", "whole"] = "split"
    priority: int = 0
    gradient: str = ""
    share: Expr | None = None


@dataclass(frozen=True)
class Print:
    """A part to be made. `process` names the process in the register of processes; `fields` are its own."""

    part: Part
    bath: Bath | None
    span: Span
    process: str = "wet_writing"
    fields: Mapping[str, Any] = field(default_factory=dict)
    spans: Mapping[str, Span] = field(default_factory=dict)


@dataclass(frozen=True)
class Pattern:
    """A mask that is exposed into a film: the film is spread (unless the pattern before left it undeveloped), exposed, and
    developed where `develop` says so. `process` names the process in the register of processes; `fields` are its own."""

    name: str
    mask: Mask
    film: Film
    process: str
    span: Span
    developer: Developer | None = None
    develop: bool = True
    fields: Mapping[str, Any] = field(default_factory=dict)
    spans: Mapping[str, Span] = field(default_factory=dict)


@dataclass(frozen=True)
class Param:
    """A parameter of a design with the value it took; values in kernel units, `type` and `unit` as written."""

    name: str
    type: str
    value: Any
    default: Any
    span: Span
    unit: str = ""
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[Any, ...] = ()
    doc: str = ""
    assumed: bool = False


@dataclass(frozen=True)
class Assumption:
    """A figure in use that nobody measured for this job."""

    what: str
    origin: Origin
    span: Span | None = None


@dataclass(frozen=True)
class Allow:
    """`allow CODE because "..."`: a design rule that the designer overrules."""

    code: str
    because: str
    span: Span


@dataclass(frozen=True)
class Scene:
    """Everything that a design says. `state` is the state it is drawn in. `post_checks` is opaque to the kernel: the
    language's own closures, run once figures exist."""

    name: str
    state: StateName
    inks: Mapping[str, Ink]
    baths: Mapping[str, Bath]
    parts: Mapping[str, Part]
    regions: tuple[Region, ...]
    prints: tuple[Print, ...]
    params: tuple[Param, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    allows: tuple[Allow, ...] = ()
    post_checks: tuple[Any, ...] = ()
    compensate: Literal["off", "uniform", "full"] = "full"
    masks: Mapping[str, Mask] = field(default_factory=dict)
    films: Mapping[str, Film] = field(default_factory=dict)
    ligands: Mapping[str, Ligand] = field(default_factory=dict)
    patterns: tuple[Pattern, ...] = ()
    #: Prints and patterns in the order in which they are made; empty where a design has no pattern.
    sequence: tuple[Print | Pattern, ...] = ()

    @property
    def in_steps(self) -> bool:
        """Whether anything is made that is not printed with ink."""
        return bool(self.patterns) or any(p.process != "wet_writing" for p in self.prints)

    @property
    def job(self) -> tuple[Print | Pattern, ...]:
        """What is made, in order."""
        return self.sequence or (*self.patterns, *self.prints)
