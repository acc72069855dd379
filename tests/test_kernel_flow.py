"""Flow of ink: closed forms, limits that contain each other, calibrations that are never extrapolated."""

import math
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetprint.kernel import flow
from wetprint.kernel.flow import Liquid, OutsideCalibrationError
from wetprint.kernel.rig import FlowPoint, InkLoad, Nozzle

MPA_S = 1e-6
"""1 mPa s in kPa s."""


def test_tube() -> None:
    """R 5 um, L 1 mm, 1 mPa s, 10 kPa: 2.45437e-12 m3/s."""
    q = flow.tube_flow_um3_s(10.0, 5.0, 1000.0, MPA_S)
    assert q == pytest.approx(2.45437e6, rel=1e-6)
    assert flow.tube_pressure_kpa(q, 5.0, 1000.0, MPA_S) == pytest.approx(10.0)


def test_cone() -> None:
    """R1 5 um, R2 250 um, L 5 mm, Q 1e-13 m3/s: 22.8662 Pa Newtonian, 968.206 Pa with K 1 Pa s^.5 and n .5."""
    assert flow.cone_pressure_kpa(1e5, 5, 250, 5000, 1.65 * MPA_S) == pytest.approx(22.8662e-3, rel=3e-6)
    assert flow.power_law_cone_kpa(1e5, 5, 250, 5000, 1e-3, 0.5) == pytest.approx(0.968206, rel=1e-6)


@given(st.floats(1e2, 1e7), st.floats(1, 30), st.floats(1.0, 60), st.floats(0.3, 1.2))
def test_integration_agrees_with_the_closed_cone(q: float, tip: float, wider: float, index: float) -> None:
    top = tip * (1 + wider)
    closed = flow.power_law_cone_kpa(q, tip, top, 3000.0, 1e-4, index)
    assert flow.nozzle_pressure_kpa(q, [(0, tip), (3000, top)], Liquid(1e-4, index)) == pytest.approx(
        closed, rel=1e-7
    )
    # Cut in two at a third of the way: the sum of both.
    third = tip + (top - tip) / 3
    profile = [(0.0, tip), (1000.0, third), (3000.0, top)]
    assert flow.nozzle_pressure_kpa(q, profile, Liquid(1e-4, index)) == pytest.approx(closed, rel=1e-7)


def test_a_cone_that_hardly_widens_is_a_tube() -> None:
    tube = flow.tube_pressure_kpa(1e5, 5, 1000, MPA_S)
    assert flow.cone_pressure_kpa(1e5, 5, 5, 1000, MPA_S) == pytest.approx(tube)
    assert flow.cone_pressure_kpa(1e5, 5, 5.001, 1000, MPA_S) == pytest.approx(tube, rel=1e-3)
    assert flow.nozzle_pressure_kpa(1e5, [(0, 5), (1000, 5)], Liquid(MPA_S)) == pytest.approx(tube)


@given(st.floats(1e-5, 1e-2), st.floats(1e-4, 1.0))
def test_bingham_against_buckingham_and_reiner(yield_kpa: float, above: float) -> None:
    """Q = pi R^3 tw / (4 mu) (1 - 4/3 f + 1/3 f^4), f the yield stress over tw."""
    tw, radius, mu = yield_kpa * (1 + above), 10.0, 1e-6
    f = yield_kpa / tw
    q = math.pi * radius**3 * tw / (4 * mu) * (1 - 4 * f / 3 + f**4 / 3)
    found = flow.wall_stress_kpa(np.array(q), np.array(radius), Liquid(mu, 1.0, yield_kpa))
    assert float(found) == pytest.approx(tw, rel=1e-6)


@given(st.floats(0.3, 1.0), st.floats(1e-5, 1e-2), st.floats(1e-3, 3.0))
def test_herschel_bulkley_by_integrating_the_profile(index: float, yield_kpa: float, above: float) -> None:
    """Q = pi int r^2 g(r) dr, g = ((tau - ty) / K)^(1/n), tau = tw r / R: a million shells, no shared formula."""
    k, radius, tw = 1e-5, 8.0, yield_kpa * (1 + above)
    # Even steps in a variable that is fine where the plug begins.
    s = (np.arange(200_000) + 0.5) / 200_000
    plug = yield_kpa / tw
    r = radius * (plug + (1 - plug) * s)
    q = (
        math.pi
        * float(np.mean(r**2 * ((tw * r / radius - yield_kpa) / k) ** (1 / index)))
        * radius
        * (1 - plug)
    )
    found = flow.wall_stress_kpa(np.array(q), np.array(radius), Liquid(k, index, yield_kpa))
    assert float(found) == pytest.approx(tw, rel=1e-5)


def test_a_yield_stress_needs_pressure_for_no_flow() -> None:
    profile = [(0.0, 5.0), (1000.0, 5.0)]
    assert flow.nozzle_pressure_kpa(0.0, profile, Liquid(1e-6, 1.0, 0.01)) == pytest.approx(
        2 * 0.01 * 1000 / 5
    )
    assert flow.nozzle_pressure_kpa(0.0, profile, Liquid(1e-6)) == 0.0
    assert flow.nozzle_pressure_kpa(1.0, profile, Liquid(1e-6, 1.0, 0.01)) > 4.0


def test_mass_balance() -> None:
    """94.248 pL/s at 1.2 mm/s: 10.000 um; 25 mg/mL of it: 1.9635 ug/m."""
    assert flow.ink_width_um(94248.0, 1200.0) == pytest.approx(10.0, abs=1e-4)
    assert flow.mass_per_length_ug_um(94248.0, 1200.0, 2.5e-8) * 1e6 == pytest.approx(1.9635, abs=1e-5)
    q = flow.flow_um3_s(12.0, 10.0, 1.25, 1200.0)
    assert q == pytest.approx(math.pi / 4 * 120 * 1200 / 1.25**2)
    assert flow.wet_width_um(flow.flow_um3_s(11.0, 11.0, 1.25, 900.0), 900.0, 1.25) == pytest.approx(11.0)
    assert flow.dried_width_um(10.0, 0.1) == pytest.approx(9.0)


def test_solidification() -> None:
    assert flow.solidification_um(10.0, 1200.0) == pytest.approx(30.0)
    assert flow.solidification_s(10.0) == pytest.approx(0.025)


LOAD = InkLoad("au", (FlowPoint(10.0, 1e4), FlowPoint(20.0, 3e4), FlowPoint(40.0, 9e4)))


def test_calibrations_are_interpolated() -> None:
    assert flow.calibrated_pressure_kpa(LOAD, 2e4) == pytest.approx(15.0)
    assert flow.calibrated_flow_um3_s(LOAD, 30.0) == pytest.approx(6e4)
    assert flow.calibrated_pressure_kpa(LOAD, 1e4) == 10.0 and flow.calibrated_flow_um3_s(LOAD, 40.0) == 9e4


@pytest.mark.parametrize("q", [0.9e4, 9.1e4, 0.0])
def test_calibrations_are_never_extrapolated(q: float) -> None:
    with pytest.raises(OutsideCalibrationError, match="outside the calibration of ink au"):
        flow.calibrated_pressure_kpa(LOAD, q)


def test_no_calibration_no_pressure() -> None:
    with pytest.raises(LookupError):
        flow.calibrated_pressure_kpa(InkLoad("au"), 1e4)


@given(st.floats(0.4, 1.1), st.floats(1.1, 10), st.floats(0.5, 2))
def test_scaling_follows_the_cone(index: float, faster: float, tip: float) -> None:
    """Another flow through another tip of the same angle, far into the shaft."""
    base, wide = 5.0, 5e4

    def pressure(q: float, r: float) -> float:
        return flow.power_law_cone_kpa(q, r, wide, wide - r, 1e-4, index)

    scaled = flow.scaled_pressure_kpa(pressure(1e5, base), 1e5, faster * 1e5, index, base, base * tip)
    assert scaled == pytest.approx(pressure(faster * 1e5, base * tip), rel=1e-3)


def test_windows(parts: ModuleType) -> None:
    ink = parts.ink(swell=1.0)
    nozzle = Nozzle("a", 10.0, 12.0, ((0.0, 6.0), (5000.0, 250.0)), "left")
    speed, gap = flow.windows(nozzle, ink, 10.0, 1200.0, 10.0)
    assert speed.value == pytest.approx(1.0) and speed.inside and gap.inside
    assert not flow.windows(nozzle, ink, 6.9, 1200.0, 10.0)[0].inside
    assert flow.windows(nozzle, ink, 7.2, 1200.0, 10.0)[0].inside
    assert not flow.windows(nozzle, ink, 10.0, 1200.0, 10.5)[1].inside
    assert not flow.windows(nozzle, ink, 10.0, 1200.0, 4.9)[1].inside
    assert len(flow.windows(nozzle, ink, 10.0, 1200.0, None)) == 1


@pytest.mark.parametrize(
    ("yield_kpa", "index", "flow_um3_s"),
    [(0.002, 0.6, 8e4), (0.01, 0.4, 1e4), (0.0005, 1.0, 3e5), (0.03, 0.8, 1e3)],
)
def test_a_piecewise_cone_with_a_yield_stress_by_adaptive_quadrature(
    yield_kpa: float, index: float, flow_um3_s: float
) -> None:
    """A tip, a taper and a shaft: flow from quadrature over the radius, wall stress from Brent's method, pressure from quadrature
    along the nozzle. Nothing is shared with the tool but the law tau = yield + K g^n."""
    from scipy.integrate import quad
    from scipy.optimize import brentq

    k, profile = 2e-5, [(0.0, 5.0), (40.0, 5.0), (400.0, 30.0), (3000.0, 200.0)]

    def flow_at(stress: float, radius: float) -> float:
        plug = radius * yield_kpa / stress
        made = quad(
            lambda r: r**2 * ((stress * r / radius - yield_kpa) / k) ** (1 / index),
            plug,
            radius,
            epsrel=1e-11,
        )
        return math.pi * float(made[0])

    def gradient(z: float) -> float:
        radius = float(np.interp(z, *zip(*profile, strict=True)))
        high = 2 * yield_kpa
        while flow_at(high, radius) < flow_um3_s:
            high *= 2
        stress = brentq(
            lambda t: flow_at(t, radius) - flow_um3_s, yield_kpa * (1 + 1e-12), high, xtol=1e-15, rtol=1e-10
        )
        return 2 * float(stress) / radius

    total = sum(
        float(quad(gradient, a, b, epsrel=1e-7, limit=200)[0]) for (a, _), (b, _) in pairwise(profile)
    )
    found = flow.nozzle_pressure_kpa(flow_um3_s, profile, Liquid(k, index, yield_kpa))
    assert found == pytest.approx(total, rel=1e-5)
    # Never less than what starts it, never less than without a yield stress.
    assert found > flow.nozzle_pressure_kpa(0.0, profile, Liquid(k, index, yield_kpa))
    assert found > flow.nozzle_pressure_kpa(flow_um3_s, profile, Liquid(k, index))
