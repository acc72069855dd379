"""Cells mapped onto solids and along paths: counts and lengths in closed form, seams that meet, chords near the curve."""

import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wetprint.kernel.lattices import LATTICES

CELLS = ("cubic", "bcc", "octet", "diamond")


def _mapped(scenes: ModuleType, kind: str, **fields: Any) -> Any:
    return scenes.one(scenes.lattice(kind, **{"pitch": ..., "layers": ..., **fields}), warnings=True)


@pytest.mark.parametrize("kind", CELLS)
def test_cells_on_a_box_are_the_cells_of_a_lattice(scenes: ModuleType, kind: str) -> None:
    box = scenes.solid("box", size=(120.0, 80.0, 130.0))
    mapped = _mapped(scenes, kind, map=box, cells=(3, 2, 3))
    plain = scenes.one(scenes.lattice(kind, size=(120.0, 80.0), pitch=40.0, layers=3))
    assert np.abs(scenes.ends(mapped) - scenes.ends(plain)).max() < 2e-3
    assert len(mapped) == len(plain)
    # By the pitch as many cells fit.
    by_pitch = _mapped(scenes, kind, map=box, pitch=38.0)
    assert np.array_equal(scenes.ends(by_pitch), scenes.ends(mapped))


@settings(max_examples=25)
@given(
    st.integers(1, 9),
    st.integers(1, 3),
    st.integers(1, 3),
    st.floats(20, 200),
    st.floats(20, 90),
    st.floats(30, 200),
)
def test_cubes_around_a_ring(
    scenes: ModuleType, nu: int, nv: int, nw: int, inner: float, wide: float, high: float
) -> None:
    solid = scenes.solid("annulus", radius=inner + wide, inner_radius=inner, height=high)
    made = _mapped(scenes, "cubic", map=solid, cells=(nu, nv, nw), filament=5.0, tolerance=0.01)
    rows, levels = nv + 1, nw + 1
    assert len(made) == nu * (rows * levels + nv * levels + rows * nw)
    around = sum(2 * math.pi * (inner + wide * j / nv) for j in range(rows)) * levels
    straight = nu * wide * levels + nu * rows * (high - 5.0)
    assert scenes.lengths(made).sum() == pytest.approx(around + straight, rel=1e-3)
    r = np.hypot(made.dried.points_um[:, 0], made.dried.points_um[:, 1])
    assert r.min() > inner - 1e-2 and r.max() < inner + wide + 1e-2
    z = made.dried.points_um[:, 2]
    assert z.min() == pytest.approx(2.5, abs=2e-3) and z.max() == pytest.approx(high - 2.5, abs=2e-3)


def test_struts_at_the_axis_are_one(scenes: ModuleType) -> None:
    solid = scenes.solid("cylinder", radius=90.0, height=110.0)
    made = _mapped(scenes, "cubic", map=solid, cells=(8, 2, 2))
    # Around two rings at three heights, outwards, upwards; upwards along the axis once, around it none.
    assert len(made) == 8 * 2 * 3 + 8 * 2 * 3 + 8 * 2 * 2 + 2
    assert (scenes.lengths(made) > 1.0).all()


@pytest.mark.parametrize("kind", CELLS)
def test_along_a_straight_line_nothing_bends(scenes: ModuleType, kind: str) -> None:
    guide = scenes.path("polyline", points=((-60.0, 0.0, 25.0), (60.0, 0.0, 25.0)), closed=False)
    made = _mapped(scenes, kind, along=guide, section=(80.0, 40.0), cells=(3, 2, 1))
    plain = scenes.one(scenes.lattice(kind, size=(120.0, 80.0), pitch=40.0, layers=1))
    moved = scenes.ends(plain)
    moved[:, (2, 5)] += 0.0
    assert np.abs(np.diff(made.offsets) - 2).max() == 0
    assert np.sort(scenes.lengths(made)) == pytest.approx(np.sort(scenes.lengths(plain)), abs=3e-3)
    assert made.dried.points_um.mean(axis=0) == pytest.approx(plain.dried.points_um.mean(axis=0), abs=5e-3)


def test_along_a_circle_the_ends_meet(scenes: ModuleType) -> None:
    guide = scenes.path("circle", radius=150.0, centre=(0.0, 0.0, 45.0))
    made = _mapped(
        scenes, "cubic", along=guide, section=(60.0, 80.0), cells=(12, 1, 1), filament=5.0, tolerance=0.02
    )
    assert len(made) == 12 * (4 + 2 + 2)
    around = 2 * 2 * math.pi * (120.0 + 180.0)
    assert scenes.lengths(made).sum() == pytest.approx(around + 12 * (2 * 60.0 + 2 * 80.0), rel=1e-3)


@pytest.mark.parametrize("tolerance", [0.5, 0.05])
def test_chords_lie_near_the_bent_strut(scenes: ModuleType, tolerance: float) -> None:
    solid = scenes.solid("annulus", radius=140.0, inner_radius=100.0, height=60.0)
    made = _mapped(scenes, "cubic", map=solid, cells=(6, 1, 1), filament=5.0, tolerance=tolerance)
    p = made.dried.points_um
    first, _ = made.segments()
    r0, r1 = np.hypot(p[first, 0], p[first, 1]), np.hypot(p[first + 1, 0], p[first + 1, 1])
    ring = np.abs(r0 - r1) < 1e-2
    m = (p[first] + p[first + 1])[ring] / 2
    sag = r0[ring] - np.hypot(m[:, 0], m[:, 1])
    assert sag.max() <= tolerance + 2e-3
    assert sag.max() > tolerance / 3


def test_layers_of_mapped_cells_have_rules(scenes: ModuleType) -> None:
    solid = scenes.solid("annulus", radius=140.0, inner_radius=100.0, height=90.0)
    part = scenes.lattice(
        "bcc",
        [{"material": scenes.AU}, {"material": scenes.CDSE}],
        pitch=...,
        layers=...,
        map=solid,
        cells=(10, 1, 2),
    )
    made = scenes.one(part, warnings=True)
    assert sorted(np.bincount(made.material)) == [80, 80]


def test_what_does_not_map_is_told(scenes: ModuleType) -> None:
    ball = scenes.solid("sphere", radius=100.0)
    box = scenes.solid("box", size=(100.0, 100.0, 100.0))
    guide = scenes.path("circle", radius=40.0, centre=(0.0, 0.0, 45.0))
    for fields in (
        {"map": ball, "cells": (4, 4, 4)},
        {"map": scenes.solid("annulus", radius=10.0, inner_radius=20.0, height=50.0), "cells": (4, 1, 1)},
        {"map": scenes.solid("box", size=(100.0, 100.0, 8.0)), "cells": (4, 4, 4)},
        {"map": box, "along": guide, "cells": (4, 4, 4)},
        {"along": guide, "cells": (4, 1, 1)},
        {"along": guide, "cells": (4, 1, 1), "section": (90.0, 30.0)},
        {"size": (100.0, 100.0), "pitch": 50.0, "layers": 1, "cells": (2, 2, 2)},
    ):
        found = scenes.codes(scenes.lattice("bcc", **{"pitch": ..., "layers": ..., **fields}))
        assert found and all(c in ("E413", "E401", "E402", "E411") for c in found), (fields, found)


def test_the_language_maps_cells() -> None:
    from wetprint.kernel.build import build
    from wetprint.lang.load import load
    from wetprint.lang.unparse import scene_text

    text = """wp 1;
use "nanocrystal.wp" as nc;
path guide = helix { radius: 200um; rise: 150um; turns: 1.5; filament: 8um; material: nc.gold; centre: [0um, 0um, 50um]; }
lattice beam = octet { along: guide; section: [40um, 40um]; pitch: 45um; filament: 7um; material: nc.gold; }
lattice ring = graph {
  map: annulus { radius: 140um; inner_radius: 100um; height: 60um; };
  cells: [20, 1, 2];
  nodes: [[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]];
  edges: [[0, 7], [2, 5], [0, 3]];
  filament: 8um;
  layer k { material: [nc.gold, nc.silver][k]; }
}
print union(beam, ring) { bath: nc.gold_bath; }
"""
    first = load("-", text)
    assert first.scene is not None, [d.message for d in first.diagnostics]
    one, said = build(first.scene)
    assert not [d for d in said if d.severity.name == "ERROR"]
    again = load("-", scene_text(first.scene))
    assert again.scene is not None, [d.message for d in again.diagnostics]
    two, _ = build(again.scene)
    assert np.array_equal(one[0].filaments.dried.points_um, two[0].filaments.dried.points_um)
    assert LATTICES["octet"].complete(dict(first.scene.parts["beam"].fields))["cells"][1:] == (1, 1)
