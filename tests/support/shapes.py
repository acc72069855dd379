"""Random solids for tests of the kernel's geometry: simple ones, turned, scaled and mirrored, and booleans of them."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np
from hypothesis import strategies as st
from wetprint.kernel.scene import Solid
from wetprint.kernel.solids import SOLIDS

STAR = tuple((100 * math.cos(a), 60 * math.sin(a)) for a in np.arange(7) * 2 * math.pi / 7)
NOTCHED = ((0.0, 0.0), (100.0, 0.0), (100.0, 80.0), (50.0, 20.0), (0.0, 80.0))
HOLE = ((40.0, 2.0), (60.0, 2.0), (50.0, 12.0))
VASE = ((0.0, 0.0), (60.0, 0.0), (30.0, 40.0), (50.0, 90.0), (20.0, 90.0), (0.0, 30.0))

sizes = st.floats(5, 120)


@st.composite
def simple_solids(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    kind = draw(
        st.sampled_from([n for n in SOLIDS if n not in ("union", "difference", "intersection", "mesh")])
    )
    at = draw(st.tuples(st.floats(-50, 50), st.floats(-50, 50), st.floats(-20, 20)))
    s = [draw(sizes) for _ in range(5)]
    fields: dict[str, dict[str, Any]] = {
        "box": {"size": (s[0], s[1], s[2])},
        "cylinder": {"radius": s[0], "height": s[1]},
        "cone": {"radius": s[0], "height": s[1], "top_radius": draw(st.sampled_from([0.0, s[2]]))},
        "sphere": {"radius": s[0]},
        "annulus": {"radius": s[0] + s[2], "inner_radius": s[2], "height": s[1]},
        "prism": {"sides": draw(st.integers(3, 9)), "radius": s[0], "height": s[1], "top_radius": draw(st.sampled_from([None, 0.0, s[2]])), "angle": draw(st.floats(0, 3))},
        "pyramid": {"base": (s[0], s[1]), "height": s[2], "top": draw(st.sampled_from([(0.0, 0.0), (s[3], s[4])]))},
        "torus": {"radius": s[0] + s[1], "tube": s[1]},
        "extrude": {"outline": draw(st.sampled_from([STAR, NOTCHED])), "height": s[0], "holes": draw(st.sampled_from([(), (HOLE,)]))},
        "revolve": {"profile": VASE},
        "letters": {"text": draw(st.sampled_from(["A", "B8", "µ"])), "capital": s[0] + 40, "height": s[1], "tolerance": 0.5},
    }  # fmt: skip
    return kind, {**fields[kind], "at": at}


@st.composite
def any_solids(draw: st.DrawFn, depth: int = 2) -> tuple[Any, ...]:
    """(kind, fields, matrix, children): turned into a Solid by `made`."""
    turn, tilt, scale = (
        draw(st.floats(-3, 3)),
        draw(st.sampled_from([0.0, 0.4, 1.2])),
        draw(st.sampled_from([1.0, 0.5, -1.0])),
    )
    move = draw(st.tuples(*[st.floats(-40, 40)] * 3))
    c, s, ct, stilt = math.cos(turn), math.sin(turn), math.cos(tilt), math.sin(tilt)
    rotation = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array(
        [[1, 0, 0], [0, ct, -stilt], [0, stilt, ct]]
    )
    matrix = np.hstack([rotation @ np.diag([scale, abs(scale), abs(scale)]), np.array(move)[:, None]])
    if depth and draw(st.booleans()):
        kind = draw(st.sampled_from(["union", "difference", "intersection"]))
        children = [draw(any_solids(depth=depth - 1)) for _ in range(draw(st.integers(1, 3)))]
        return kind, {}, matrix, children
    return (*draw(simple_solids()), matrix, [])


def made(scenes: ModuleType, spec: tuple[Any, ...]) -> Solid:
    kind, fields, matrix, children = spec
    out: Solid = scenes.solid(kind, *(made(scenes, c) for c in children), matrix=matrix, **fields)
    return out
