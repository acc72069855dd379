"""Freeform paths: what they are to the language (named fields) and how one becomes a filament."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

from .quantity import REQUIRED, Construct, FieldSpec, Length, ref
from .registry import Registry
from .scene import Path

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from .diagnostics import Diagnostic
    from .regions import Tables
    from .shapes.split import Lines

    Floats = npt.NDArray[np.float64]

#: Farthest that a sampled curve may lie from the true one where a design does not say: 5 % of the narrowest filament, assumed.
TOLERANCE_UM = 0.05


class PathKind(Protocol):
    """A member of the register of paths. Importing it loads no numpy."""

    construct: Construct

    def complaint(self, fields: dict[str, Any]) -> tuple[str, str] | None:
        """(field, what is wrong with its value) of complete fields, None for a path that can be traced."""
        ...

    def trace(self, fields: dict[str, Any]) -> tuple[Floats, Floats | None]:
        """Centreline points[P,3], um, in the order of printing, and the width at each (None: `filament` throughout).
        A kind of several filaments has a method `pieces(fields)` too: the number of points of each, int64[F].
        """
        ...


PATHS: Registry[PathKind] = Registry(
    "paths",
    "wetprint.kernel",
    {
        "polyline": ".path_kinds.polyline:POLYLINE",
        "pillar": ".path_kinds.polyline:PILLAR",
        "arc": ".path_kinds.arc:ARC",
        "circle": ".path_kinds.arc:CIRCLE",
        "helix": ".path_kinds.helix:HELIX",
        "spiral": ".path_kinds.helix:SPIRAL",
        "spline": ".path_kinds.spline:SPLINE",
        "text": ".path_kinds.text:TEXT",
        "curve": ".path_kinds.curve:CURVE",
    },
)

_COMMON = (
    FieldSpec("filament", Length, "filament width", state=True, low=0.0, above=True),
    FieldSpec("material", ref("material"), "the ink", default=None, default_doc="must be given"),
)
TOLERANCE = FieldSpec(
    "tolerance",
    Length,
    "farthest that the sampled path may lie from the true curve",
    default=TOLERANCE_UM,
    default_doc="0.05 um (assumed)",
    low=0.0,
    above=True,
)


def path_construct(name: str, doc: str, *fields: FieldSpec, curved: bool = True) -> Construct:
    """A path's Construct: its own fields, `filament`, `material`, and `tolerance` where it is curved."""
    return Construct("path", name, doc, (*fields, *_COMMON, *((TOLERANCE,) if curved else ())))


def complete(kind: PathKind, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with defaults filled in. Never raises. A `centre` or `at` that is not given lies on the axis, so high
    that the filament rests on the substrate.
    """
    out = dict(fields)
    for spec in kind.construct.fields:
        if out.get(spec.name) is None:
            out[spec.name] = None if spec.default is REQUIRED else spec.default
    if kind.construct.field("centre") is not None and out["centre"] is None and out["filament"]:
        out["centre"] = (0.0, 0.0, out["filament"] / 2)
    return out


def number_fault(fields: dict[str, Any], *names: str) -> tuple[str, str] | None:
    """The first field that is not a finite number (or a list of them, at any depth)."""

    def finite(value: Any) -> bool:
        if isinstance(value, tuple | list):
            return all(map(finite, value))
        return isinstance(value, int | float) and math.isfinite(value)

    for name in names:
        if not finite(fields.get(name)):
            return name, f"{name} is {'not given' if fields.get(name) is None else 'not a finite number'}"
    return None


def positive_fault(fields: dict[str, Any], *names: str) -> tuple[str, str] | None:
    """The first field that is not a finite number above zero."""
    bad = number_fault(fields, *names)
    if bad is not None:
        return bad
    for name in names:
        if fields[name] <= 0:
            return name, f"{name} is {fields[name]:g}, it must be above zero"
    return None


def lines_of(node: Path, tables: Tables, say: list[Diagnostic]) -> Lines | None:
    """The path as filaments of layer 0 (most kinds are one), None with E412 or E406 in `say` where it cannot be one."""
    import numpy as np

    from .diagnostics import error
    from .filaments import QUANTUM_UM
    from .lattice import MOST_POINTS
    from .shapes.faults import span_of, too_many
    from .shapes.split import Lines

    kind = PATHS[node.kind]
    fields = complete(kind, dict(node.fields))
    fault = positive_fault(fields, "filament")
    if fault is None and kind.construct.field("tolerance") is not None:
        fault = positive_fault(fields, "tolerance")
    try:
        fault = fault or kind.complaint(fields)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        fault = ("", "its fields do not fit together")
    if fault is not None:
        say.append(error("E412", f"path '{node.name}': {fault[1]}", span_of(node, fault[0])))
        return None
    if fields["material"] is None:
        say.append(error("E406", f"path '{node.name}' has no material", node.span, label="give `material`"))
        return None
    try:
        points, width = kind.trace(fields)
    except TooManyPointsError as too:
        say.append(too_many(f"path '{node.name}'", too.count, span_of(node, "tolerance")))
        return None
    except PathError as bad:
        say.append(error("E412", f"path '{node.name}': {bad}", span_of(node, bad.field)))
        return None
    if len(points) > MOST_POINTS:
        say.append(too_many(f"path '{node.name}'", float(len(points)), node.span))
        return None
    pieces = getattr(kind, "pieces", None)
    counts = np.array([len(points)], dtype=np.int64) if pieces is None else pieces(fields)
    first = np.cumsum(counts) - counts
    distinct = np.ones(len(points), dtype=bool)
    # Points that the rounding of paths makes one are one.
    distinct[1:] = (np.abs(np.diff(np.round(points, 3), axis=0)) > QUANTUM_UM / 2).any(axis=1)
    distinct[first] = True
    left = np.add.reduceat(distinct, first)
    # A stroke of one point is none.
    distinct &= np.repeat(left >= 2, counts)
    counts = left[left >= 2].astype(np.int64)
    points = points[distinct]
    if not len(counts):
        say.append(error("E412", f"path '{node.name}' has no length", node.span))
        return None
    wide = np.full(len(points), float(fields["filament"])) if width is None else width[distinct].astype(float)
    one = np.zeros(len(counts), dtype=np.int64)
    return Lines(
        np.ascontiguousarray(points, dtype=float),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        wide,
        wide.copy(),
        one,
        one + tables.ink(fields["material"]),
        one + tables.span(span_of(node, "material")),
    )


def extent(node: Path) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float]] | None:
    """((x0, x1), (y0, y1), (z0, z1)) in um of a path: of its centreline in x and y, from foot to top of the filament in z;
    None for a path that cannot be traced."""
    kind = PATHS[node.kind]
    fields = complete(kind, dict(node.fields))
    try:
        if positive_fault(fields, "filament") or kind.complaint(fields):
            return None
        points, width = kind.trace(fields)
    except (KeyError, TypeError, ValueError, ArithmeticError, TooManyPointsError, PathError):
        return None
    if not len(points):
        return None
    half = (float(fields["filament"]) if width is None else width) / 2
    low, high = points.min(axis=0), points.max(axis=0)
    foot, top = float((points[:, 2] - half).min()), float((points[:, 2] + half).max())
    return (float(low[0]), float(high[0])), (float(low[1]), float(high[1])), (foot, top)


class TooManyPointsError(Exception):
    """A curve whose tolerance asks for more points than are ever built; caught where paths become filaments."""

    def __init__(self, count: float) -> None:
        super().__init__(count)
        self.count = count


class PathError(Exception):
    """What is wrong with a path shows only as it is traced: `field` is at fault; caught where paths become filaments."""

    def __init__(self, field: str, what: str) -> None:
        super().__init__(what)
        self.field = field


def steps_for(radius_um: float, sweep: float, tolerance_um: float) -> int:
    """Chords that keep an arc of `sweep` rad within `tolerance_um` of the circle (the sagitta of a chord)."""
    from .lattice import MOST_POINTS

    ratio = min(1.0, tolerance_um / radius_um)
    # 1 - cos x = 2 sin^2(x/2), so that small ratios lose nothing.
    turn = 4 * math.asin(math.sqrt(ratio / 2))
    count = abs(sweep) / turn
    if count > MOST_POINTS:
        raise TooManyPointsError(count)
    # A circle drawn by fewer than six chords is no circle, whatever the tolerance says.
    return max(1, math.ceil(count - 1e-9), math.ceil(abs(sweep) / (math.pi / 3) - 1e-9))
