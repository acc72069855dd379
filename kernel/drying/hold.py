"""What keeps a part in its place while it dries: the substrate, or anchors, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..filaments import FilamentSet, Floats
from ..material import Bath, Ink, Origin
from ..scene import Print, Solid, StateName
from .refine import refined
from .sections import segment_lengths

Base = Literal["pinned", "free"]

#: Points as near to the surface of an anchor as this belong to it: twice the quantum of paths.
GROW_UM = 2e-3

#: Points by which a filament is held, along its way through an anchor, in widths; assumed.
STEP = 0.5


@dataclass(frozen=True, slots=True)
class Hold:
    """`base` "pinned": what lies on the substrate sticks to it; "free": it does not. `anchors`: filament inside this solid
    keeps its place, turn and height in both states (a post, a frame, an electrode)."""

    base: Base = "pinned"
    anchors: Solid | None = None

    @staticmethod
    def of(p: Print) -> Hold:
        return Hold("free" if p.fields.get("base") == "free" else "pinned", p.fields.get("anchors"))

    def key(self, points_um: Floats) -> str:
        """What a part with these points is held by, in a word for the cache."""
        return f"{self.base} {sha256(np.packbits(self.held(points_um)).tobytes()).hexdigest()}"

    def held(self, points_um: Floats) -> npt.NDArray[np.bool_]:
        """Points inside the anchors, bool[P]."""
        if self.anchors is None:
            return np.zeros(len(points_um), dtype=bool)
        from ..solids import contains

        return contains(self.anchors, points_um, GROW_UM)

    def refine(
        self, filaments: FilamentSet, drawn: StateName
    ) -> tuple[FilamentSet, npt.NDArray[np.bool_] | None]:
        """The filaments with points to be held by inside the anchors, and which points were added (None for none)."""
        if self.anchors is None:
            return filaments, None
        from ..solids import bounds, crossings

        state = filaments.state(drawn)
        low, high = bounds(self.anchors)
        p = state.points_um
        first, _ = filaments.segments()
        a, b = p[first], p[first + 1]
        near = ((np.maximum(a, b) >= low) & (np.minimum(a, b) <= high)).all(axis=1)
        first = first[near]
        extra = np.ceil(segment_lengths(p, first) / (STEP * state.width_um[first])).astype(np.int64)
        segment = np.repeat(first, extra)
        nth = np.arange(len(segment)) - np.repeat(np.cumsum(extra) - extra, extra)
        t = (nth + 0.5) / np.repeat(extra, extra)
        inside = self.held(p[segment] + t[:, None] * (p[segment + 1] - p[segment]))
        # The way in and the way out, so that what is held does not hang on where points happen to be.
        edge, u = crossings(self.anchors, p[first], p[first + 1] - p[first])
        border = self.held(p[first[edge]] + u[:, None] * (p[first[edge] + 1] - p[first[edge]]))
        segment = np.concatenate([segment[inside], first[edge[border]]])
        t = np.concatenate([t[inside], u[border]])
        place = np.concatenate([np.arange(filaments.point_count, dtype=np.float64), segment + t])
        order = np.argsort(place, kind="stable")
        return refined(filaments, drawn, segment, t, order), order >= filaments.point_count


#: The substrate, and nothing else: what a design has that says nothing.
PINNED = Hold()


def in_bath(ink: Ink, bath: Bath | None) -> Ink:
    """The ink with the figures that it has in this bath."""
    if bath is None or (bath.swell_factor == 1.0 and bath.shrink_factor == 1.0):
        return ink
    told: dict[str, Any] = {}
    origin = dict(ink.provenance)
    for names, factor in (
        (("swell", "swell_sd"), "swell_factor"),
        (("shrink", "shrink_sd", "xerogel_shrink", "sintered_shrink"), "shrink_factor"),
    ):
        by = float(getattr(bath, factor))
        if by == 1.0:
            continue
        why = bath.provenance.get(factor)
        for name in names:
            value = getattr(ink, name)
            if value is None:
                continue
            told[name] = value * by
            own = ink.provenance.get(name, Origin("given without a source"))
            told_by = f"{own.text}; times {by:g} in bath {bath.name}" + (f" ({why.text})" if why else "")
            origin[name] = Origin(told_by, own.assumed or (why is not None and why.assumed))
    return replace(ink, **told, provenance=origin)
