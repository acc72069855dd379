"""Volume of what two-photon writing leaves, against counting the cells of a fine grid that its lines cover."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from wetprint.kernel.build import build
from wetprint.kernel.measure import figures, measure
from wetprint.kernel.scene import Union
from wetprint.kernel.voxels import solid


def counted(job: Any, cell: float) -> float:
    """Volume of the cells whose middle lies in a line: in its elliptical section, between its flat ends."""
    f, s = job.light.writing.lines, job.light.writing.lines.state("wet")
    low = s.points_um.min(axis=0) - 2.0
    grid = np.zeros(np.ceil((s.points_um.max(axis=0) + 2.0 - low) / cell).astype(int), bool)
    for a, b in pairwise(f.offsets.tolist()):
        for k in range(a, b - 1):
            p, q = s.points_um[k], s.points_um[k + 1]
            long = float(np.linalg.norm(q - p))
            t = (q - p) / long
            level = float(np.hypot(t[0], t[1]))
            side = np.array([-t[1], t[0], 0.0]) / level if level > 1e-9 else np.array([1.0, 0.0, 0.0])
            wide, high = 0.5 * s.width_um[k], 0.5 * s.height_um[k]
            first = np.floor((np.minimum(p, q) - max(wide, high) - low) / cell).astype(int)
            last = np.ceil((np.maximum(p, q) + max(wide, high) - low) / cell).astype(int)
            x, y, z = np.meshgrid(
                *(low[d] + (np.arange(first[d], last[d]) + 0.5) * cell - p[d] for d in range(3)),
                indexing="ij",
                sparse=True,
            )
            u, v, w = (x * e[0] + y * e[1] + z * e[2] for e in (t, side, np.cross(t, side)))
            inside = (u >= 0) & (u <= long) & ((v / wide) ** 2 + (w / high) ** 2 <= 1)
            grid[tuple(slice(i, j) for i, j in zip(first, last, strict=True))] |= inside
    return float(grid.sum()) * cell**3


@pytest.mark.parametrize(
    ("kind", "fields", "power"),
    [
        ("woodpile", {"size": (4.0, 4.0), "filament": 1.2, "pitch": 4.0, "layer_height": 1.0, "layers": 3}, 10.0),
        ("woodpile", {"size": (4.0, 4.0), "filament": 0.8, "pitch": 2.0, "layer_height": 0.64, "layers": 4}, 8.0),
        # Flat struts above each other share more than a cap.
        ("woodpile", {"size": (3.0, 3.0), "filament": 1.4, "pitch": 3.0, "layer_height": 0.7, "layers": 3}, 10.0),
        ("octet", {"size": (4.0, 4.0), "pitch": 4.0, "filament": 0.8, "layers": 1}, 8.0),
    ],
)  # fmt: skip
def test_volume_is_that_of_the_lines(
    light: ModuleType, kind: str, fields: dict[str, Any], power: float
) -> None:
    job = light.job(getattr(light, kind)(**fields), power=power * light.MW)
    found = measure((job,))["states"]["wet"]
    assert len(job.light.writing.lines) > 2 * len(job.light.struts) and found["exact"] is False
    assert found["volume_um3"] == pytest.approx(counted(job, 0.0313), rel=0.02)


def test_volume_of_a_strut_that_widens_is_that_of_its_lines(light: ModuleType) -> None:
    """Sections at its ends and in its middle, by Simpson's rule."""
    job = light.job(light.wire((0.0, 0.0, 0.8), (6.0, 0.0, 0.8), filament=0.7), power=8.0 * light.MW)
    wide = np.linspace(0.7, 1.4, 2)
    s = job.light.sections
    from wetprint.kernel.filaments import State
    from wetprint.kernel.voxels.sections import sections_of
    from wetprint.kernel.voxels.writing import Light

    sections = sections_of(job.light.struts, State(s.points_um, wide, wide), job.light.how)
    state = sections.standing()
    struts = replace(job.light.struts, wet=state, dried=state)
    job = replace(job, filaments=struts, light=Light(struts, sections, job.light.how))
    assert measure((job,))["states"]["wet"]["volume_um3"] == pytest.approx(counted(job, 0.0213), rel=0.02)


def test_a_single_line_is_its_ellipse(light: ModuleType) -> None:
    job = light.job(light.woodpile())
    assert (solid.fullness(job.light) == 1.0).all()
    found = measure((job,))["states"]["wet"]
    assert found["exact"] is True
    assert found["swept_um3"] == pytest.approx(660 * np.pi / 4 * 0.3**2 * light.W_Z / light.W_XY, rel=1e-9)


def test_one_row_is_a_union_of_ellipses_by_hand(light: ModuleType) -> None:
    """Two ellipses of semi-axes a, b, a distance d apart, share 2 a b (acos(d / 2a) - d / 2a sqrt(1 - (d / 2a)^2))."""
    a, b, d = 0.15, 0.36, 0.2
    one = solid.Section(np.array([0.0, d]), np.zeros(2), (2 * a, 2 * b), 4.0, (2 * a + d, 2 * b))
    k = d / (2 * a)
    shared = 2 * a * b * (np.arccos(k) - k * np.sqrt(1 - k * k))
    assert one.area_um2() == pytest.approx(2 * np.pi * a * b - shared, rel=1e-4)
    assert one.holds(np.array([0.1, -0.151, 0.0]), np.array([0.0, 0.0, 0.359])).tolist() == [
        True,
        False,
        True,
    ]


def test_what_a_resin_takes_grows_with_the_struts(light: ModuleType) -> None:
    fields = {"filament": 1.2, "pitch": 5.0, "layer_height": 1.0, "layers": 2}
    job = light.job(light.woodpile(**fields), power=10.0 * light.MW, fill=0.3, shrink=0.1)
    found = measure((job,))
    for name, scale in (("wet", 1.0), ("dried", 0.729)):
        row = found["states"][name]["materials"]["au (written)"]
        assert row["volume_um3"] == pytest.approx(scale * found["materials"]["au (written)"]["volume_um3"])
        assert found["states"][name]["swept_um3"] == pytest.approx(row["volume_um3"])
    row = found["materials"]["au (written)"]
    assert row["nanocrystal_um3"] == pytest.approx(0.3 * row["volume_um3"])
    assert figures((job,))[job.name]["wet"]["volume_um3"] == found["states"]["wet"]["volume_um3"]


def test_ink_beside_light_keeps_its_volume(light: ModuleType) -> None:
    part = light.woodpile(filament=1.2, pitch=5.0, layer_height=1.0, layers=2)
    wire = light.wire((40.0, 0.0, 0.6), (50.0, 0.0, 0.6), filament=1.2)
    scene = light.scene(part, power=10.0 * light.MW)
    ink = replace(scene.prints[0], part=wire, process="wet_writing", fields={})
    both, _ = build(replace(scene, prints=(scene.prints[0], ink)))
    dried = measure(both)["states"]["dried"]
    assert dried["volume_um3"] == pytest.approx(
        measure(both[:1])["states"]["dried"]["volume_um3"] + 10.0 * np.pi / 4 * 1.2**2, rel=1e-9
    )


def test_parts_of_too_many_contacts_take_their_ratio_from_a_few(
    light: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {"filament": 1.2, "pitch": 5.0, "layer_height": 1.0, "layers": 4}
    one = light.job(light.woodpile(**fields), power=10.0 * light.MW)
    monkeypatch.setattr("wetprint.kernel.voxels.order.MOST_CONTACTS", 3)
    two = light.job(light.woodpile(**fields), power=10.0 * light.MW)
    assert two.light.graph.carried is not None
    assert solid.shared_ratio(two.light) == pytest.approx(solid.shared_ratio(one.light), rel=0.05)


def test_wires_that_touch_nothing_share_nothing(light: ModuleType) -> None:
    wires = tuple(light.wire((0.0, y, 0.6), (5.0, y, 0.6), filament=1.2, name=f"w{y:g}") for y in (0.0, 3.0))
    assert solid.shared_ratio(light.job(Union("b", wires, light.HERE), power=10.0 * light.MW).light) == 1.0


def test_lengths_below_the_quantum_are_none(light: ModuleType) -> None:
    """Struts of an octet end at nodes, all but for what rounding leaves."""
    found = measure((light.job(light.octet(size=(6.0, 6.0), pitch=3.0, layers=3)),))["states"]["wet"]
    assert found["max_overhang_um"] == 0.0 and found["min_gap_um"] > 0.001
