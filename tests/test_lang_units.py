"""Units: an algebra of factors and exponents that never loses a dimension."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from wetprint.kernel.quantity import (
    CONDUCTIVITY,
    DENSITY,
    HANSEN,
    KPA,
    LENGTH,
    MOLARITY,
    NONE,
    PRESSURE,
    SIEMENS_PER_METRE,
    SPECIFIC_AREA,
    SPEED,
    VISCOSITY,
    Dim,
)
from wetprint.kernel.scene import Scene
from wetprint.lang.codes import LATTICE, PRINT, H
from wetprint.lang.load import load
from wetprint.lang.units import UNITS, UnitError, nearest_unit, parse_unit, show, unit_text

units = st.sampled_from(sorted(u for u in UNITS if u.isascii()))
exponents = st.sampled_from([1, 2, 3, -1, -2, 0.5, -0.5])


@pytest.mark.parametrize(
    ("text", "factor", "dim"),
    [
        ("um", 1.0, LENGTH),
        ("nm", 1e-3, LENGTH),
        ("mm", 1e3, LENGTH),
        ("%", 0.01, NONE),
        ("kPa", KPA, PRESSURE),
        ("psi", 6.894757293168361 * KPA, PRESSURE),
        ("mg/mL", 1e-9, DENSITY),
        ("g/cm^3", 1e-6, DENSITY),
        ("mM", 1e-18, MOLARITY),
        ("mmol/L", 1e-18, MOLARITY),
        ("m^2/g", 1e6, SPECIFIC_AREA),
        ("S/m", SIEMENS_PER_METRE, CONDUCTIVITY),
        ("mm/s", 1e3, SPEED),
        ("MPa^0.5", math.sqrt(1e9), HANSEN),
        ("MPa^(1/2)", math.sqrt(1e9), HANSEN),
        ("Pa*s", 1e3, VISCOSITY),
        ("1/s", 1.0, Dim(time=-1)),
        ("nL", 1e6, Dim(length=3)),
        ("ohm*m", 1e27, CONDUCTIVITY.power(-1)),
        ("N/m^2", 1e3, PRESSURE),
        (" um ^ 2 ", 1.0, Dim(length=2)),
    ],
)
def test_known_units_in_kernel_units(text: str, factor: float, dim: Dim) -> None:
    got = parse_unit(text)
    assert got[0] == pytest.approx(factor, rel=1e-12)
    assert got[1] == dim


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("micron", "um"), ("mg/ml", "mg/mL"), ("Mpa", "MPa"), ("sec", "s"), ("degrees", "deg"), ("um2", "um^2"), ("kpa", "kPa")],
)  # fmt: skip
def test_the_nearest_unit(wrong: str, right: str) -> None:
    with pytest.raises(UnitError) as e:
        parse_unit(wrong)
    assert e.value.nearest == right
    parse_unit(right)


@pytest.mark.parametrize(
    "text", ["", " ", "/", "um/", "um//s", "um^", "um^x", "um s", "^2", "um^999", "1//1", "]", "um^(1/0)"]
)
def test_what_is_no_unit(text: str) -> None:
    if text == "um^(1/0)":
        assert math.isfinite(parse_unit(text)[0])
        return
    with pytest.raises(UnitError):
        parse_unit(text)


@given(units, units, exponents, exponents)
def test_products_and_quotients(a: str, b: str, p: float, q: float) -> None:
    fa, da = parse_unit(a)
    fb, db = parse_unit(b)
    product = parse_unit(f"{a}^{p:g}*{b}^{q:g}")
    assert product[0] == pytest.approx(fa**p * fb**q, rel=1e-12)
    assert product[1] == da.power(p).times(db.power(q))
    quotient = parse_unit(f"{a}/{b}")
    assert quotient[1] == da.over(db)
    assert quotient[0] * parse_unit(f"{b}/{a}")[0] == pytest.approx(1.0)


@given(units, st.floats(1e-6, 1e6), exponents)
def test_a_figure_shown_can_be_read_again(unit: str, value: float, exponent: float) -> None:
    factor, dim = parse_unit(f"{unit}^{exponent:g}")
    assume(dim != NONE)
    text = show(value * factor, dim)
    digits = text.rstrip("]").split("[")[0].rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ%")
    rest = text[len(digits) :].strip("[]")
    again_factor, again_dim = parse_unit(rest)
    assert again_dim == dim
    assert float(digits) * again_factor == pytest.approx(value * factor, rel=1e-5)


def design(expression: str) -> Scene | None:
    return load("u.wp", f"{H}let v = {expression};\n{LATTICE}{PRINT}").scene


@given(units, units)
def test_addition_demands_one_dimension(a: str, b: str) -> None:
    def literal(u: str) -> str:
        return f"3[{u}]"

    same = parse_unit(a)[1] == parse_unit(b)[1]
    assert (design(f"{literal(a)} + {literal(b)}") is not None) == same
    assert design(f"{literal(a)} * {literal(b)} / {literal(b)} + {literal(a)}") is not None
    assert design(f"sqrt({literal(a)}) * sqrt({literal(a)}) - {literal(a)}") is not None


def test_every_unit_has_a_neighbour_in_other_case() -> None:
    assert nearest_unit("UM") == "um"
    assert nearest_unit("qqqqq") is None


def test_dimensions_in_words() -> None:
    assert unit_text(Dim(length=2, time=-1)) == "um^2/s"
    assert unit_text(NONE) == "1"
