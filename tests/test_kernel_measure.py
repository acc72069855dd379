"""Figures of parts: the closed forms of docs/physics.md, mesh unions as referees, and the keys of `wp measure`."""

import json
import math
import time
from types import ModuleType

import numpy as np
import pytest
from wetprint.kernel.build import Job
from wetprint.kernel.figures.told import table
from wetprint.kernel.filaments import FilamentSet
from wetprint.kernel.material import Ink
from wetprint.kernel.measure import bounding_box, figures, materials, measure, measure_state, sweep
from wetprint.kernel.scene import Path, Print
from wetprint.kernel.shrink import complete

KEYS = {
    "filaments", "points", "layers", "length_um", "volume_um3", "surface_um2", "bbox_um", "contacts",
    "missing_contacts", "max_span_um", "min_gap_um", "solid_fraction",
}  # fmt: skip

#: Shared volume of two filaments of unit width whose axes lie .8 apart, from 2 million heights.
SHARED = 0.0564612661


def job(part: FilamentSet, name: str = "body") -> Job:
    span = part.spans[0]
    return Job(name, Print(Path(name, "polyline", {}, span), None, span), part)


def test_one_filament(rods: ModuleType) -> None:
    found = measure_state(rods.rods([[(0, 0, 5), (100, 0, 5)]], 10.0), "dried")
    assert found.volume_um3 == pytest.approx(math.pi * 25 * 100)
    assert found.surface_um2 == pytest.approx(math.pi * 10 * 100 + 2 * math.pi * 25)
    assert found.bbox_um == ((0.0, -5.0, 0.0), (100.0, 5.0, 10.0))
    assert found.min_gap_um == math.inf and found.as_dict()["min_gap_um"] is None
    assert found.max_span_um == 0.0 and found.solid_fraction_of == "envelope"


def test_solid_fraction_of_the_bulk(parts: ModuleType) -> None:
    found = measure_state(parts.woodpile(lines=11, pitch=20.0, width=10.0, layers=12), "dried")
    assert found.solid_fraction_of == "bulk"
    assert found.solid_fraction == pytest.approx(0.47323, abs=5e-6)
    exact = math.pi / (4 * 2 * 0.8) - SHARED / (4 * 0.8)
    assert found.solid_fraction == pytest.approx(exact, rel=1e-8)


@pytest.mark.parametrize(("layers", "lines"), [(3, 3), (4, 7), (9, 5)])
def test_bulk_does_not_depend_on_size(parts: ModuleType, layers: int, lines: int) -> None:
    found = measure_state(parts.woodpile(lines=lines, pitch=20.0, width=10.0, layers=layers), "dried")
    assert found.solid_fraction == pytest.approx(0.4732297, abs=1e-6)


def test_bulk_of_layers_of_two_widths(rods: ModuleType) -> None:
    """Unit cell by hand: half of either layer's section over its pitch, less one crossing over both pitches."""
    n, p1, p2, d1, d2, h = 9, 3.0, 2.5, 1.0, 0.9, 0.75
    out, layer, width = [], [], []
    for k in range(n):
        p, d = (p1, d1) if k % 2 == 0 else (p2, d2)
        for i in range(7):
            v, z, r = (i - 3) * p, 0.5 + k * h, 12.0
            out.append([(-r, v, z), (r, v, z)] if k % 2 == 0 else [(v, -r, z), (v, r, z)])
            layer.append(k)
            width.append(d)
    found = measure_state(rods.rods(out, width, layer), "dried")
    z = np.linspace(max(-d1 / 2, h - d2 / 2), d1 / 2, 2_000_001)
    z = 0.5 * (z[1:] + z[:-1])
    shared = float(
        np.mean(4 * np.sqrt(d1**2 / 4 - z**2) * np.sqrt(np.maximum(0, d2**2 / 4 - (z - h) ** 2)))
    ) * (d1 / 2 - max(-d1 / 2, h - d2 / 2))
    exact = (math.pi * d1**2 / 4 / p1 + math.pi * d2**2 / 4 / p2) / (2 * h) - shared / (p1 * p2) / h
    assert found.solid_fraction == pytest.approx(exact, rel=1e-6)


def test_volume_and_surface_of_a_finite_woodpile(parts: ModuleType) -> None:
    """n lines of n - 1 pitches in m layers: inner crossings whole, those on an edge half, those on a corner a quarter."""
    n, m, d = 5, 4, 10.0
    found = measure_state(parts.woodpile(lines=n, pitch=20.0, width=d, layers=m), "dried")
    swept = n * m * math.pi * d * d / 4 * (n - 1) * 20.0
    places = (n - 2) ** 2 + 4 * (n - 2) / 2 + 4 / 4
    assert found.volume_um3 == pytest.approx(swept - (m - 1) * places * SHARED * d**3, rel=1e-8)


@pytest.mark.parametrize(
    "case",
    [
        "woodpile",
        "cross 25",
        "end on an axis",
        "ends askew",
        "ellipses",
        "fused",
        "fused and crossed",
        "grid",
        "close",
        "joint",
        "one on the other",
    ],
)
def test_volume_and_surface_against_a_mesh_union(parts: ModuleType, rods: ModuleType, case: str) -> None:
    x = [[(-3, 0, 0.5), (3, 0, 0.5)]]
    y = [[(-3, 0, 1.3), (3, 0, 1.3)]]
    part = {
        "woodpile": lambda: parts.woodpile(lines=4, pitch=2.0, width=1.0, layers=4),
        "cross 25": lambda: rods.rods(x + rods.turned(y, math.radians(25)), 1.0, [0, 1]),
        "end on an axis": lambda: rods.rods([*x, [(0, 0, 1.3), (0, 3, 1.3)]], 1.0, [0, 1]),
        "ends askew": lambda: rods.rods(
            [[(0, 0, 0.5), (3, 0, 0.5)], *rods.turned([[(0.1, 0, 1.3), (3, 0, 1.3)]], 0.9)], 1.0, [0, 1]
        ),
        "ellipses": lambda: rods.rods(
            [[(0, 0, 0.4), (3, 0, 0.4)], *rods.turned([[(0.1, 0, 1.1), (3, 0, 1.1)]], 0.9)], 1.0, [0, 1], 0.8
        ),
        "fused": lambda: rods.rods([[(0, 0, 0.5), (3, 0, 0.5)], [(0.5, 0.8, 0.5), (4, 0.8, 0.5)]]),
        "fused and crossed": lambda: rods.rods(
            [[(0, 0, 0.5), (3, 0, 0.5)], [(0, 0.8, 0.5), (3, 0.8, 0.5)], [(1, -2, 1.3), (1, 2, 1.3)]],
            1.0,
            [0, 0, 1],
        ),
        "grid": lambda: rods.grid(3, 6, 2, 1, 0.8),
        "close": lambda: parts.woodpile(lines=4, pitch=2.0, width=1.0, layers=4, rise=0.4),
        "joint": lambda: rods.rods(
            [[(0, 0, 0.5), (3, 0, 0.5)], [(3, 0, 0.5), (4, 0, 0.5)], [(3, -2, 1.3), (3, 2, 1.3)]],
            1.0,
            [0, 0, 1],
        ),
        "one on the other": lambda: rods.rods(
            [[(0, 0, 0.5), (6, 0, 0.5)], [(1, 0, 1.3), (9, 0, 1.3)]], 1.0, [0, 1]
        ),
    }[case]()
    found = measure_state(part, "dried")
    volume, surface = rods.union(part, 128)
    assert found.exact
    assert found.volume_um3 == pytest.approx(volume, rel=1e-6)
    # A polygon of the same area has the larger outline, by (pi / corners)^2 / 6.
    assert found.surface_um2 == pytest.approx(surface, rel=3e-4)


def test_unions_of_bars_turned_at_random_keep_their_volume(rods: ModuleType) -> None:
    rng = np.random.default_rng(5)
    for _ in range(6):
        segments, layer = [], []
        for k in range(3):
            t = rng.uniform(0, math.pi)
            segments += rods.turned(
                [
                    [(rng.uniform(-6, -1), v, 0.5 + 0.7 * k), (rng.uniform(1, 6), v, 0.5 + 0.7 * k)]
                    for v in (-1.6, 0.0, 1.9)
                ],
                t,
            )
            layer += [k] * 3
        part = rods.rods(segments, 1.0, layer)
        volume, _ = rods.union(part, 96)
        assert measure_state(part, "dried").volume_um3 == pytest.approx(volume, rel=1e-5)


def test_a_corner_is_mitred(rods: ModuleType) -> None:
    part = rods.rods([[(0, 0, 5), (30, 0, 5), (30, 40, 5)]], 10.0)
    assert sweep(part, "dried").volume_um3[0] == pytest.approx(math.pi * 25 * 70)


def test_a_tapering_filament(parts: ModuleType, rods: ModuleType) -> None:
    from dataclasses import replace

    part = rods.rods([[(0, 0, 5), (30, 0, 5)]], 10.0)
    s = part.dried
    cone = part.with_states(None, replace(s, width_um=np.array([10.0, 4.0]), height_um=np.array([10.0, 4.0])))
    assert sweep(cone, "dried").volume_um3[0] == pytest.approx(math.pi * 30 / 3 * (25 + 10 + 4))


def test_bounding_box_of_a_slanted_filament(rods: ModuleType) -> None:
    low, high = bounding_box(rods.rods([[(0, 0, 10), (30, 0, 50)]], 10.0), "dried")
    # Direction (.6, 0, .8): the flat end's rim reaches 5 * .8 in x and 5 * .6 in z.
    assert low == pytest.approx((-4.0, -5.0, 7.0)) and high == pytest.approx((34.0, 5.0, 53.0))


def test_what_a_material_takes(parts: ModuleType) -> None:
    ink = parts.ink(shrink=0.1, swell=1.25)
    part = complete(parts.woodpile(lines=4, layers=3, inks=(ink,)), "dried", "uniform", model="analytic")
    found = materials(part)["au"]
    wet = sweep(part, "wet")
    assert found["volume_um3"] == pytest.approx(float(wet.volume_um3.sum()))
    assert found["ink_nl"] == pytest.approx(found["volume_um3"] / 1.25**2 / 1e6)
    assert found["nanocrystal_ug"] == pytest.approx(found["ink_nl"] * 1e6 * ink.concentration_ug_um3)
    solid = found["nanocrystal_ug"] / ink.density_ug_um3
    assert found["porosity"] == pytest.approx(1 - solid / float(sweep(part, "dried").volume_um3.sum()))


def test_silica_equivalent_surface(parts: ModuleType) -> None:
    """279 * 5.17 / 2.43 = 593.6 m2/g and 54.2 * 19.3 / 2.43 = 430.5 m2/g."""
    from dataclasses import replace

    for bet, density, silica in ((279.0, 5.17, 593.6), (54.2, 19.3, 430.5)):
        ink: Ink = replace(parts.ink(), bet_um2_ug=bet * 1e6, density_ug_um3=density * 1e-6)
        found = materials(parts.woodpile(inks=(ink,)))["au"]
        assert found["silica_m2_g"] == pytest.approx(silica, abs=0.05)
        assert found["inner_surface_um2"] == pytest.approx(found["nanocrystal_ug"] * 1e-6 * bet * 1e12)


def test_the_keys_of_the_command(parts: ModuleType) -> None:
    part = complete(parts.woodpile(lines=4, layers=3), "dried", "uniform", model="analytic")
    found = measure([job(part)])
    assert set(found) == {"states", "materials"} and set(found["states"]) == {"wet", "dried"}
    assert all(set(s) >= KEYS for s in found["states"].values())
    assert set(found["materials"]["au"]) >= {"length_um", "volume_um3", "ink_nl", "nanocrystal_ug"}
    assert json.loads(json.dumps(found)) == found
    text = table(found)
    assert "solid fraction" in text and "wet" in text.splitlines()[0]
    assert "wet" not in table(found, ("dried",)).splitlines()[0]
    each = figures([job(part, "a"), job(part, "b")])
    assert set(each) == {"a", "b"} and set(each["a"]) == {"wet", "dried", "materials"}
    assert each["a"]["dried"]["materials"]["au"]["ink_nl"] == each["a"]["materials"]["au"]["ink_nl"]


def test_several_prints_are_measured_together(parts: ModuleType) -> None:
    one = complete(parts.woodpile(lines=3, layers=3), "dried", "uniform", model="analytic")
    two = complete(
        parts.woodpile(lines=3, layers=3, centre=(900.0, 0.0)), "dried", "uniform", model="analytic"
    )
    both = measure([job(one, "a"), job(two, "b")])["states"]["dried"]
    single = measure([job(one, "a")])["states"]["dried"]
    assert both["contacts"] == 2 * single["contacts"]
    assert both["volume_um3"] == pytest.approx(2 * single["volume_um3"])


def test_an_unknown_state_is_told(parts: ModuleType) -> None:
    with pytest.raises(LookupError):
        measure_state(parts.woodpile(), "wet")


def test_a_part_of_many_filaments_is_quick(parts: ModuleType) -> None:
    """A hundred layers of 100 lines: a million crossings, counted without holding them."""
    part = parts.woodpile(lines=100, pitch=20.0, width=10.0, layers=100)
    begin = time.process_time()
    found = measure_state(part, "dried")
    assert time.process_time() - begin < 3.0
    assert found.contacts == 99 * 10_000 and found.solid_fraction == pytest.approx(0.4732297, abs=1e-6)
