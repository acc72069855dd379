"""Conductance of parts: resistors by hand, symmetry, and what does not hang together."""

import math
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest
from wetprint.kernel.figures.network import conductance
from wetprint.kernel.filaments import FilamentSet

SIGMA = {"au": 40.0}


def test_one_filament(rods: ModuleType) -> None:
    """10 um x 1 mm at 40 S/m: 318.31 kohm."""
    found = conductance(rods.rods([[(0, 0, 5), (1000, 0, 5)]], 10.0), "dried", "x", SIGMA)
    assert 1e-3 / found.siemens == pytest.approx(318.31, abs=5e-3)
    # A round rod in its box: pi / 4 of the material's.
    assert found.effective_s_m == pytest.approx(40.0 * math.pi / 4)


def test_in_a_row_and_side_by_side(rods: ModuleType) -> None:
    one = conductance(rods.rods([[(0, 0, 5), (1000, 0, 5)]], 10.0), "dried", "x", SIGMA).siemens
    pieces = [[(0, 0, 5), (300, 0, 5)], [(300, 0, 5), (1000, 0, 5)]]
    assert conductance(rods.rods(pieces, 10.0), "dried", "x", SIGMA).siemens == pytest.approx(one, rel=1e-6)
    apart = [[(0, v, 5), (1000, v, 5)] for v in (0, 30, 60)]
    assert conductance(rods.rods(apart, 10.0), "dried", "x", SIGMA).siemens == pytest.approx(3 * one)


def test_two_widths_in_a_row(rods: ModuleType) -> None:
    part = rods.rods([[(0, 0, 5), (500, 0, 5)], [(500, 0, 5), (1000, 0, 5)]], [10.0, 5.0])
    ohm = 500 / (math.pi / 4 * 100) + 500 / (math.pi / 4 * 25)
    assert conductance(part, "dried", "x", SIGMA).siemens == pytest.approx(40e-6 / ohm, rel=1e-6)


@pytest.mark.parametrize("points", [2, 4])
def test_a_woodpile_conducts_along_its_lines(parts: ModuleType, points: int) -> None:
    """Lines across are at one voltage each: the lines along conduct as if they were alone."""
    part: FilamentSet = parts.woodpile(lines=6, pitch=40.0, layers=4, points=points)
    area = math.pi / 4 * 100
    for axis, span in (("x", 200.0), ("y", 200.0)):
        found = conductance(part, "dried", axis, SIGMA)
        # Two layers run along, six lines each; contacts lie 40 um apart, the outermost on the faces.
        assert found.siemens == pytest.approx(40e-6 * 2 * 6 * area / span, rel=1e-6)


def test_upwards_through_the_contacts(parts: ModuleType) -> None:
    """Contacts are perfect and lie above each other, so that nothing resists: the bound is of no use here, as its doc says."""
    part = parts.woodpile(lines=5, layers=6)
    assert (
        conductance(part, "dried", "z", SIGMA).siemens > 1e3 * conductance(part, "dried", "x", SIGMA).siemens
    )


def test_a_gap_does_not_conduct(parts: ModuleType, rods: ModuleType) -> None:
    assert (
        conductance(
            rods.rods([[(0, 0, 5), (400, 0, 5)], [(410, 0, 5), (900, 0, 5)]], 10.0), "dried", "x", SIGMA
        ).siemens
        == 0.0
    )
    apart = parts.woodpile(lines=4, layers=4, rise=1.2)
    assert conductance(apart, "dried", "z", SIGMA).siemens == 0.0


def test_a_wheatstone_bridge(rods: ModuleType) -> None:
    """Two paths of two filaments each, bridged in the middle by a line at one voltage: no current flows in it."""
    top = [[(0, 50, 5), (1000, 50, 5)]]
    foot = [[(0, -50, 5), (1000, -50, 5)]]
    bridge = [[(500, -50, 13), (500, 50, 13)]]
    with_it = conductance(rods.rods([*top, *foot, *bridge], 10.0, [0, 0, 1]), "dried", "x", SIGMA).siemens
    without = conductance(rods.rods([*top, *foot], 10.0), "dried", "x", SIGMA).siemens
    assert with_it == pytest.approx(without, rel=1e-6)
    # Off the middle on one side it does carry current: a ladder by hand, conductances over sigma A.
    slanted = [[(300, -50, 13), (700, 50, 13)]]
    found = conductance(rods.rods([*top, *foot, *slanted], 10.0, [0, 0, 1]), "dried", "x", SIGMA).siemens
    b = math.hypot(400, 100)
    matrix = np.array([[1 / 300 + 1 / 700 + 1 / b, -1 / b], [-1 / b, 1 / 700 + 1 / 300 + 1 / b]])
    volts = np.linalg.solve(matrix, np.array([1 / 300, 1 / 700]))
    assert found == pytest.approx(40e-6 * math.pi / 4 * 100 * (volts[0] / 700 + volts[1] / 300), rel=1e-6)


def test_a_bow_conducts_as_its_length(rods: ModuleType) -> None:
    t = np.linspace(0, math.pi, 400)
    part = rods.rods([np.column_stack([-100 * np.cos(t), 100 * np.sin(t), np.full(400, 5.0)]).tolist()], 10.0)
    found = conductance(part, "dried", "x", SIGMA).siemens
    assert found == pytest.approx(40e-6 * math.pi / 4 * 100 / (100 * math.pi), rel=1e-4)


def test_a_tangle_of_struts(rods: ModuleType) -> None:
    """A zigzag that climbs: filaments end to end in three dimensions."""
    corners = [(0, 0, 10), (60, 0, 60), (120, 0, 10), (180, 0, 60)]
    part = rods.rods([list(c) for c in pairwise(corners)], 10.0)
    length = 3 * math.hypot(60, 50)
    found = conductance(part, "dried", "x", SIGMA).siemens
    assert found == pytest.approx(40e-6 * math.pi / 4 * 100 / length, rel=0.1)


def test_an_ink_without_a_figure_is_named(parts: ModuleType) -> None:
    with pytest.raises(LookupError, match="conductivity of ink au"):
        conductance(parts.woodpile())


def test_necks_resist_where_filaments_lie_above_each_other(parts: ModuleType) -> None:
    """Five lines cross five lines: 25 columns of five necks each, as long as the layers are apart."""
    found = conductance(parts.woodpile(lines=5, layers=6), "dried", "z", SIGMA, contacts="necks")
    # Where axes 8 um apart meet, sections of 10 um are 6 um wide.
    assert found.siemens == pytest.approx(40e-6 * 36.0 / 8.0 * 25 / 5, rel=1e-6)
    along = conductance(parts.woodpile(lines=6, layers=4), "dried", "x", SIGMA, contacts="necks").siemens
    perfect = conductance(parts.woodpile(lines=6, layers=4), "dried", "x", SIGMA).siemens
    assert along == pytest.approx(perfect, rel=1e-6)


def test_filaments_end_to_end_conduct_as_one(rods: ModuleType) -> None:
    pieces = [[(0, 0, 5), (300, 0, 5)], [(300, 0, 5), (1000, 0, 5)]]
    found = conductance(rods.rods(pieces, 10.0), "dried", "x", SIGMA, contacts="necks").siemens
    assert 1e-3 / found == pytest.approx(318.31, rel=1e-4)
