"""Maps of a block of cells: onto a box, around an axis (cylinder, annulus), or along a path."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..records import dataclass
from ..scene import Path, Solid

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

#: Solids that cells can be mapped onto.
ONTO = ("box", "cylinder", "annulus")

Vector = tuple[float, float, float]
Box = tuple[Vector, Vector]


@dataclass(frozen=True)
class Map:
    """A map of the unit cube: `at(u[N,3]) -> um[N,3]`; `lengths` of its three directions through its middle, um; whether the
    first direction closes upon itself, and whether the second begins at an axis, where the first has no length."""

    at: Callable[[Floats], Floats]
    lengths: Vector
    closed: bool = False
    axis: bool = False


def lengths(fields: dict[str, Any]) -> Vector | None:
    """Lengths of the three directions of a map, um, None where there is none or it cannot be told. Numpy only for paths."""
    found = map_of(fields)
    return None if found is None else found.lengths


def fault(fields: dict[str, Any]) -> tuple[str, str] | None:
    """(field, what is wrong) with the map of complete fields."""
    solid, path = fields.get("map"), fields.get("along")
    if solid is not None and path is not None:
        return "along", "cells are mapped onto a solid (`map`) or along a path (`along`), not both"
    if solid is not None:
        if solid.kind not in ONTO:
            return "map", f"cells map onto {', '.join(ONTO[:-1])} or {ONTO[-1]}, not onto a {solid.kind}"
        from ..solids import complaint

        bad = complaint(solid)
        if bad is not None:
            return "map", bad[2]
        if _inner_height(fields) <= 0:
            return "map", "the solid is not as high as the filament is wide"
    if path is None:
        return None
    if not isinstance(path, Path):
        return "along", "cells are mapped along a path, not along another part"
    section = fields.get("section")
    if section is None or not all(isinstance(v, int | float) and v > 0 for v in section):
        return "section", "cells along a path need `section: [across, upwards]`, both above zero"
    found = map_of(fields)
    if found is None:
        return "along", f"path '{path.name}' cannot be traced"
    bend, reach = _sharpest(_guide(fields)), math.hypot(*section) / 2
    if bend < reach:
        return "section", (
            f"the path bends to a radius of {bend:.4g} um, cells reach {reach:.4g} um from it and would cross each other"
        )
    return None


def map_of(fields: dict[str, Any]) -> Map | None:
    """The map of complete fields, None where they have none or it lacks something."""
    solid, path = fields.get("map"), fields.get("along")
    try:
        if isinstance(solid, Solid) and solid.kind in ONTO:
            return _onto(solid, fields)
        if isinstance(path, Path) and fields.get("section"):
            return _along(fields)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None
    return None


def bounds(fields: dict[str, Any]) -> Box | None:
    """Bounding box of all that the map can reach, um."""
    from .. import solids

    solid = fields.get("map")
    try:
        if isinstance(solid, Solid) and solid.kind in ONTO:
            return solids.bounds(solid)
        if map_of(fields) is None:
            return None
        import numpy as np

        points, _, _ = _guide(fields)
        reach = math.hypot(*fields["section"]) / 2 + float(fields.get("filament") or 0.0) / 2
        low, high = np.min(points, axis=0) - reach, np.max(points, axis=0) + reach
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None
    return (float(low[0]), float(low[1]), float(low[2])), (float(high[0]), float(high[1]), float(high[2]))


def _inner_height(fields: dict[str, Any]) -> float:
    """Height that is left for centrelines: the filament lies within the solid, above its foot and below its top."""
    f = fields["map"].fields
    high = f["size"][2] if fields["map"].kind == "box" else f["height"]
    return float(high) - float(fields.get("filament") or 0.0)


def _onto(solid: Solid, fields: dict[str, Any]) -> Map:
    f = solid.fields
    high, foot = _inner_height(fields), float(fields.get("filament") or 0.0) / 2
    x0, y0, z0 = (float(v) for v in f.get("at") or (0.0, 0.0, 0.0))
    if solid.kind == "box":
        sx, sy = float(f["size"][0]), float(f["size"][1])
        size: Vector = (sx, sy, high)
    else:
        inner = float(f["inner_radius"]) if solid.kind == "annulus" else 0.0
        outer = float(f["radius"])
        size = (math.pi * (inner + outer), outer - inner, high)

    def at(u: Floats) -> Floats:
        import numpy as np

        out = np.empty_like(u)
        if solid.kind == "box":
            out[:, 0], out[:, 1] = (u[:, 0] - 0.5) * sx, (u[:, 1] - 0.5) * sy
        else:
            turn, r = 2 * math.pi * u[:, 0], inner + (outer - inner) * u[:, 1]
            out[:, 0], out[:, 1] = r * np.cos(turn), r * np.sin(turn)
        out[:, 2] = foot + u[:, 2] * high
        out += (x0, y0, z0)
        if solid.matrix is not None:
            m = np.array(solid.matrix).reshape(3, 4)
            out = out @ m[:, :3].T + m[:, 3]
        return out

    return Map(at, size, solid.kind != "box", solid.kind == "cylinder")


def _guide(fields: dict[str, Any]) -> tuple[Floats, Floats, Floats]:
    """Points[P,3] of the path, and unit vectors across and upwards at each: a frame that does not turn about the path
    (Wang, Juettler, Zheng and Liu 2008, double reflection), upright where it begins."""
    import numpy as np

    from ..paths import PATHS, complete

    path: Path = fields["along"]
    own = complete(PATHS[path.kind], dict(path.fields))
    if own.get("tolerance") is not None:
        # The cells' own chords add to those of their guide.
        own["tolerance"] = min(own["tolerance"], fields["tolerance"] / 4)
    points, _ = PATHS[path.kind].trace(own)
    points = points[np.append(True, np.linalg.norm(np.diff(points, axis=0), axis=1) > 1e-9)]
    if len(points) < 2:
        raise ValueError("a path of no length")
    step = np.diff(points, axis=0)
    step /= np.linalg.norm(step, axis=1)[:, None]
    closed = bool(np.abs(points[0] - points[-1]).max() < 1e-6)
    before, after = (
        np.concatenate([step[-1:] if closed else step[:1], step]),
        np.concatenate([step, step[:1] if closed else step[-1:]]),
    )
    tangent = before + after
    tangent /= np.linalg.norm(tangent, axis=1)[:, None]
    up = np.array([0.0, 0.0, 1.0])
    if abs(tangent[0] @ up) > 0.999:
        up = np.array([0.0, 1.0, 0.0])
    across = np.cross(up, tangent[0])
    across /= np.linalg.norm(across)
    rows = [across]
    # Each frame follows from the one before: one guide, not a hot path.
    for i in range(len(points) - 1):
        v = points[i + 1] - points[i]
        r = rows[-1] - 2 * (v @ rows[-1]) / (v @ v) * v
        t = tangent[i] - 2 * (v @ tangent[i]) / (v @ v) * v
        w = tangent[i + 1] - t
        c = w @ w
        rows.append(r - 2 * (w @ r) / c * w if c > 1e-30 else r)
    side = np.array(rows)
    return points, side, np.cross(tangent, side)


def _sharpest(guide: tuple[Floats, Floats, Floats]) -> float:
    """The smallest radius that the path bends to, um: that of the circle through three neighbouring points."""
    import numpy as np

    points = guide[0]
    a, b = points[1:-1] - points[:-2], points[2:] - points[1:-1]
    la, lb, lc = (np.linalg.norm(v, axis=1) for v in (a, b, a + b))
    area = np.linalg.norm(np.cross(a, b), axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        radius = la * lb * lc / (2 * area)
    return float(np.nanmin(np.where(area > 1e-12, radius, np.inf), initial=np.inf))


def _along(fields: dict[str, Any]) -> Map:
    import numpy as np

    points, side, up = _guide(fields)
    s = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1)))
    wide, high = (float(v) for v in fields["section"])
    meets = bool(np.abs(points[0] - points[-1]).max() < 1e-6 and side[0] @ side[-1] > 1 - 1e-9)

    def on(columns: Floats, place: Floats) -> Floats:
        return np.stack([np.interp(place, s, columns[:, j]) for j in range(3)], axis=1)

    def at(u: Floats) -> Floats:
        place = u[:, 0] * s[-1]
        return np.asarray(
            on(points, place)
            + ((u[:, 1] - 0.5) * wide)[:, None] * on(side, place)
            + ((u[:, 2] - 0.5) * high)[:, None] * on(up, place)
        )

    return Map(at, (float(s[-1]), wide, high), meets)
