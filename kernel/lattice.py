"""What a lattice is to the language and to the builder: named fields, computed defaults, and centrelines by layer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

from . import scene
from .quantity import REQUIRED, Angle, Construct, Count, FieldSpec, Length, list_of, ref
from .records import dataclass

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

#: Layer height over filament width where a design gives none: assumed (the overlap that lets layers bond).
LAYER_HEIGHT_RATIO = 0.8

#: Spans that miss a whole number of pitches by less than this part of a pitch count as whole.
FIT_TOLERANCE = 1e-6

#: A lattice of more points than this is refused before it is built.
MOST_POINTS = 20_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Strands:
    """Centrelines before clipping: `points_um[P,3]` in part coordinates, `counts int64[F]` points of each filament,
    `layer int32[F]`. They lie within the lattice's frame; what stands over its `clip` solid is cut off by the builder,
    unless they are `clipped` (they follow the solid's own outline, to a tolerance). Where the order of printing is
    finer than the layers that rules speak of, `level int32[F]` counts it.
    """

    points_um: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]
    layer: npt.NDArray[np.int32]
    clipped: bool = False
    level: npt.NDArray[np.int32] | None = None


class Lattice(Protocol):
    """A member of the register of lattices. Importing it loads no numpy; building may."""

    construct: Construct

    def complete(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields with every default filled in, computed ones too (`layer_height`, `height`, `size` from `clip`).

        Never raises: what cannot be computed is left None, and the builder says why.
        """
        ...

    def complaint(self, fields: dict[str, Any]) -> tuple[str, str] | None:
        """(field, what is wrong with its value) of complete fields, beside what is checked for every lattice."""
        ...

    def estimate(self, node: scene.Lattice) -> float:
        """About how many points `build` will make, cheap: an upper bound within a small factor."""
        ...

    def build(self, node: scene.Lattice) -> Strands:
        """Centrelines of all layers. `node.fields` are complete and have passed the builder's checks."""
        ...


SIZE = FieldSpec(
    "size",
    list_of(Length, 2),
    "extent in x and y that the centrelines fill; with `clip` it may be left out",
    default=None,
    default_doc="the bounding box of `clip`",
    state=True,
    low=0.0,
    above=True,
)
CLIP = FieldSpec(
    "clip",
    ref("solid"),
    "a solid that the centrelines are cut to, layer by layer",
    default=None,
)
LAYERS = FieldSpec(
    "layers",
    Count,
    "number of layers",
    default=None,
    default_doc="as many as fit in the height of `clip`",
    low=1.0,
)
PITCH = FieldSpec(
    "pitch",
    Length,
    "centre to centre distance of neighbouring filaments",
    per_layer=True,
    state=True,
    low=0.0,
    above=True,
)
FILAMENT = FieldSpec("filament", Length, "filament width", per_layer=True, state=True, low=0.0, above=True)
LAYER_HEIGHT = FieldSpec(
    "layer_height",
    Length,
    "height from one layer to the next",
    default=None,
    default_doc="0.8 * filament (assumed)",
    state=True,
    low=0.0,
    above=True,
)
MATERIAL = FieldSpec(
    "material",
    ref("material"),
    "the ink, for all layers or in a layer rule",
    default=None,
    default_doc="must be given for the lattice or for each layer",
    per_layer=True,
)
ANGLE = FieldSpec(
    "angle",
    Angle,
    "direction of the lines: 0 deg lies along x, 90 deg along y",
    default=None,
    default_doc="the lattice's own sequence",
    per_layer=True,
)
PHASE = FieldSpec(
    "phase",
    Length,
    "shift of the lines across their direction, towards +x or +y",
    default=0.0,
    per_layer=True,
    state=True,
)

#: What every planar lattice understands, in the order of the reference page.
COMMON = (SIZE, CLIP, LAYERS, PITCH, FILAMENT, LAYER_HEIGHT, MATERIAL, ANGLE, PHASE)


def lattice_construct(name: str, doc: str, *more: FieldSpec, without: tuple[str, ...] = ()) -> Construct:
    """A lattice's Construct: the common fields, less `without`, and its own."""
    own = {spec.name for spec in more}
    fields = tuple(s for s in COMMON if s.name not in without and s.name not in own)
    return Construct("lattice", name, doc, (*fields, *more))


def complete_common(construct: Construct, fields: dict[str, Any]) -> dict[str, Any]:
    """Defaults of the Construct, then `layer_height`, `layers` and `size` from `clip`; and two that no
    design writes: `height` of the whole lattice, and `frame` (x0, y0, x1, y1), the rectangle that its lines fill: about
    the origin where `size` is given, that of `clip` otherwise.
    """
    out = dict(fields)
    for spec in construct.fields:
        if out.get(spec.name) is None:
            out[spec.name] = None if spec.default is REQUIRED else spec.default
    d, h = _number(out.get("filament")), _number(out.get("layer_height"))
    if h is None and d is not None:
        out["layer_height"] = h = LAYER_HEIGHT_RATIO * d
    bounds = clip_bounds(out.get("clip"))
    if bounds is not None:
        low, high = bounds
        if out.get("size") is None:
            out["size"] = (high[0] - low[0], high[1] - low[1])
            out["frame"] = (low[0], low[1], high[0], high[1])
        if out.get("layers") is None and d and h:
            out["layers"] = max(0, floor_fit(high[2] - d, h) + 1)
    size = tuple(map(_number, out.get("size") or ()))
    if len(size) == 2 and None not in size and out.get("frame") is None:
        sx, sy = out["size"]
        out["frame"] = (-sx / 2, -sy / 2, sx / 2, sy / 2)
    n = out.get("layers")
    if n is not None and d is not None and h is not None:
        out["height"] = d + (n - 1) * h
    return out


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def clip_bounds(clip: Any) -> tuple[tuple[float, float, float], tuple[float, float, float]] | None:
    """Bounding box of a clip solid, None where there is none or it cannot be told."""
    if not isinstance(clip, scene.Solid):
        return None
    from .solids import bounds

    try:
        return bounds(clip)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None


def floor_fit(span: float, pitch: float) -> int:
    """How many whole pitches fit in a span; one that is missed by FIT_TOLERANCE of a pitch counts. -1 for none."""
    if not (pitch > 0 and math.isfinite(span) and math.isfinite(pitch)):
        return -1
    return math.floor(span / pitch + FIT_TOLERANCE)
