"""dry(wet(target)) = target over generated designs, the laws that drying keeps, and shear lag by a closed form."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wetprint.kernel.build import build
from wetprint.kernel.drying.beams import Sections
from wetprint.kernel.drying.frame import Balance
from wetprint.kernel.drying.sections import ink_column
from wetprint.kernel.drying.truss import Truss
from wetprint.kernel.filaments import FilamentSet
from wetprint.kernel.material import Origin
from wetprint.kernel.measure import materials, sweep
from wetprint.kernel.shrink import complete, dry
from wetprint.lang.load import load

NM = 1e-3
HEAD = 'wp 1; use "nanocrystal.wp" as nc;\n'
FIELDS = "size: [160um, 160um]; layers: 5; pitch: 40um; filament: 10um;"
SILVER = f"{FIELDS} material: nc.silver;"
TWO = 'material other = nc.gold { shrink: 6% assumed "another"; }\n'

DESIGNS = {
    "woodpile": f"lattice b = woodpile {{ {SILVER} }}",
    "hardly stacked": f"lattice b = woodpile {{ {SILVER} layer_height: 9.6um; }}",
    "two inks": TWO
    + f"lattice b = woodpile {{ {FIELDS} layer k {{ material: if k mod 2 == 0 then nc.silver else other; }} }}",
    "region": TWO
    + f"lattice b = woodpile {{ {SILVER} }}\nregion core in b where x > 20um {{ material: other; }}",
    "widths": f"lattice b = woodpile {{ {SILVER} }}\nregion core in b where x > 20um {{ filament: 12um; }}",
    "path": "path b = helix { radius: 60um; rise: 8um; turns: 3; filament: 10um; material: nc.silver; }",
    **{
        kind: f"lattice b = {kind} {{ {SILVER} }}"
        for kind in ("grid", "honeycomb", "kagome", "wavy", "concentric", "spiral")
    },
}


def _back(part: FilamentSet, done: FilamentSet) -> float:
    """Largest distance of the drawn points from where the wet part alone dries to."""
    again = complete(done.with_states(done.wet, None), "wet", model="frame")
    ends = [(f.offsets[:-1], f.offsets[1:] - 1) for f in (again, done)]
    if again.point_count == done.point_count:
        return float(np.abs(again.dried.points_um - done.dried.points_um).max())
    return max(
        float(np.abs(again.dried.points_um[a] - done.dried.points_um[b]).max())
        for a, b in zip(*ends, strict=True)
    )


@pytest.mark.parametrize("name", DESIGNS)
def test_dry_of_wet_is_the_design(name: str) -> None:
    scene = load("b.wp", text=f"{HEAD}{DESIGNS[name]}\nprint b {{ bath: nc.gold_bath; }}\n").scene
    assert scene is not None
    target = build(scene)[0][0].filaments
    done = dry(target, model="frame")
    assert done.model == "frame"
    assert not done.diagnostics
    assert done.residual_um <= 10 * NM
    assert _back(target, done.filaments) <= 10 * NM


@settings(max_examples=8)
@given(
    lines=st.integers(2, 7),
    layers=st.integers(2, 8),
    pitch=st.floats(25, 60),
    rise=st.sampled_from([0.9, 0.95, 0.98]),
    shrink=st.floats(0.02, 0.15),
)
def test_filaments_that_barely_touch_are_bonded_both_ways(
    parts: ModuleType, lines: int, layers: int, pitch: float, rise: float, shrink: float
) -> None:
    target = parts.woodpile(lines, pitch, 10.0, layers, rise=rise, inks=[parts.ink(shrink, 0.2)])
    done = dry(target, model="frame")
    assert done.model == "frame"
    if not done.diagnostics:
        assert done.residual_um <= 10 * NM
    assert _back(target, done.filaments) <= 10 * NM


def test_the_bonds_of_a_wet_shape_stay_with_it(parts: ModuleType) -> None:
    target = parts.woodpile(4, 40.0, layers=5)
    done = complete(target, model="frame")
    assert done.ties is not None
    assert len(done.ties.hold) == 4 * 16
    assert ((done.ties.share >= 0) & (done.ties.share <= 1)).all()
    assert target.ties is None
    assert complete(parts.only(done, "wet"), "wet", model="frame").ties is None


@pytest.mark.parametrize("compensate", ["off", "uniform", "full"])
def test_compensation_is_what_the_design_asks_for(parts: ModuleType, compensate: str) -> None:
    target = parts.woodpile(5, 40.0, layers=8)
    done = dry(target, compensate=compensate, model="frame")  # type: ignore[arg-type]
    f, drawn = done.filaments, target.dried.points_um
    first, own = f.offsets[:-1], target.offsets[:-1]
    wet, dried = f.wet.points_um[first], f.dried.points_um[first]
    base = target.layer == 0
    if compensate == "off":
        assert wet == pytest.approx(drawn[own], abs=1e-9)
    if compensate == "uniform":
        assert wet == pytest.approx(drawn[own] / 0.9, abs=NM)
        # The first layer sticks, so that it comes out larger than it was drawn by just this.
        assert dried[base, :2] == pytest.approx(drawn[own][base, :2] / 0.9, abs=NM)
    if compensate == "full":
        assert dried == pytest.approx(drawn[own], abs=NM)
        assert wet[base, :2] == pytest.approx(drawn[own][base, :2], abs=NM)
    assert (done.residual_um > 0) == (compensate == "full")


def test_mass_is_kept_along_every_filament(root: Path) -> None:
    """Ink per length leaves the nozzle in proportion to the wet section; drying neither adds nor takes nanocrystal."""
    scene = load(root / "examples" / "au_cdse_lattice.wp").scene
    assert scene is not None
    done = complete(build(scene)[0][0].filaments)
    wet = sweep(done, "wet")
    per_ink = np.bincount(done.material, wet.volume_um3 / ink_column(done, "swell") ** 2)
    found = materials(done)
    for k, ink in enumerate(done.inks):
        assert found[ink.name]["nanocrystal_ug"] == pytest.approx(per_ink[k] * ink.concentration_ug_um3)
    # Nanocrystal of one filament over its dried volume: the density of the dried gel, the same all along a free part.
    again = complete(done.with_states(done.wet, None), "wet")
    assert materials(again)["au"]["nanocrystal_ug"] == pytest.approx(found["au"]["nanocrystal_ug"])


def test_shear_lag_is_that_of_the_closed_form(parts: ModuleType) -> None:
    """One line on n pegs that stand on held lines: E A u'' = k u / p, so that u goes as sinh; free ends pull by s E A.

    The line is made too stiff to bend, so that every peg is clamped at both ends: k = 12 E I / (h^3 (1 + phi)).
    """
    s, d, pitch, n = 1e-4, 10.0, 40.0, 10
    x = (np.arange(2 * n + 1) - n) * pitch
    lines = [[[v, -40, d / 2], [v, 40, d / 2]] for v in x]
    part = parts.paths(
        [*lines, [[x[0], 0, d / 2 + 8], [x[-1], 0, d / 2 + 8]]], d, inks=[parts.ink(s, 0.0)], state="wet"
    )
    truss = Truss(part, "wet")
    area, bend = np.pi * d**2 / 4, np.pi * d**4 / 64
    thick = area * 0.4

    def sections(across: np.ndarray) -> tuple[Sections, Sections]:
        one, two = np.ones(len(truss.skeleton.beams)), np.ones(len(truss.pegs.nodes))
        line = Sections(area * one, area * one * 1e6, bend * one * 1e6, bend * one * 1e6, bend * one)
        return line, Sections(area * two, thick * two, bend * two, bend * two, bend * two)

    truss.sections = sections  # type: ignore[method-assign]
    found = Balance(truss).find(1e-9)
    assert found.converged
    node = truss.skeleton.node_point
    on = truss.skeleton.filament == len(lines)
    moved = (found.dried_um - found.wet_um)[node][on, 0]
    k = 12 * bend / 8**3 / (1 + 12 * bend / (thick * 8**2))
    mu = np.arccosh(1 + k * pitch / area / 2)
    i = np.arange(-n, n + 1)
    # Free end: E A (u_n - u_(n-1) + s p) / p + k u_n = 0.
    c = -s * pitch / (np.sinh(mu * n) * (1 + k * pitch / area) - np.sinh(mu * (n - 1)))
    assert moved == pytest.approx(c * np.sinh(mu * i), rel=5e-3, abs=1e-7)


EXAMPLES = (
    "ag_cube",
    "ag_square_lattice",
    "au_cdse_lattice",
    "au_cdse_mixed",
    "cdse_pyramid",
    "fept_hexagon",
    "material_lattices",
)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_comes_out_to_a_thousandth_of_its_width(root: Path, name: str) -> None:
    scene = load(root / "examples" / f"{name}.wp").scene
    assert scene is not None
    for job in build(scene)[0]:
        done = dry(job.filaments, scene.state, scene.compensate)
        width = float(job.filaments.dried.width_um.min())
        assert done.residual_um <= 1e-3 * width
        assert not done.diagnostics
        assert {a.what for a in done.assumptions if "ink" in a.what} >= {
            f"shrink of ink {i.name}: {i.shrink:.3g}" for i in job.filaments.inks if "shrink" in i.assumed
        }


def test_measured_figures_are_not_called_assumed(parts: ModuleType) -> None:
    from dataclasses import replace

    ink = replace(
        parts.ink(),
        provenance={"shrink": Origin("our own lines"), "poisson": Origin("a guess", assumed=True)},
    )
    told = [a.what for a in dry(parts.woodpile(3, 40.0, layers=3, inks=[ink])).assumptions]
    assert "poisson of ink au: 0.2" in told
    assert not any(w.startswith("shrink of ink") for w in told)
