"""Elastic beams between nodes: stiffness and internal forces of straight Timoshenko beams that move and turn with the part.

Young's modulus is 1 for every ink: displacements of a part that dries depend on ratios of stiffness only, and nobody has
measured those of wet gels (assumed equal).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..filaments import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Sections:
    """Stiffness of E beams with elliptic sections, Young's modulus 1: axial, shear, bending about the local axes, torsion.

    The width lies along the local axis n (horizontal), the height along b, so `bend_b` is stiffness against turning
    about b, which moves the beam sideways.
    """

    axial: Floats
    shear: Floats
    bend_n: Floats
    bend_b: Floats
    twist: Floats

    def scaled(self, k: Floats) -> Sections:
        """Sections `k[E]` times as stiff."""
        return Sections(self.axial * k, self.shear * k, self.bend_n * k, self.bend_b * k, self.twist * k)


def ellipse(width_um: Floats, height_um: Floats, poisson: Floats) -> Sections:
    """Sections of `width_um[E]` by `height_um[E]`. Shear factor of a round bar, 6 (1 + nu) / (7 + 6 nu), Cowper 1966."""
    area = np.pi / 4.0 * width_um * height_um
    g = 0.5 / (1.0 + poisson)
    factor = 6.0 * (1.0 + poisson) / (7.0 + 6.0 * poisson)
    w2, h2 = width_um**2, height_um**2
    return Sections(
        area, factor * g * area, area * h2 / 16.0, area * w2 / 16.0, g * area * w2 * h2 / (4.0 * (w2 + h2))
    )


def sides(a_um: Floats, b_um: Floats) -> Floats:
    """A direction [E,3] that beams from a to b may call sideways: level, or where they stand upright, along x or y.

    Settled once for a search: of an upright beam a hair's breadth would turn it about.
    """
    t = b_um - a_um
    flat = np.hypot(t[:, 0], t[:, 1])
    upright = flat < 0.3 * np.abs(t[:, 2])
    out = np.zeros_like(t)
    out[:, 0], out[:, 1] = -t[:, 1], t[:, 0]
    out[upright] = (0.0, 1.0, 0.0)
    out /= np.sqrt(np.einsum("ij,ij->i", out, out))[:, None]
    return out


def frames(a_um: Floats, b_um: Floats, side: Floats) -> tuple[Floats, Floats]:
    """Lengths [E] and right-handed axes [E,3,3] (rows t, n, b) of beams from a to b; n is nearest to `side[E,3]`."""
    t = b_um - a_um
    length: Floats = np.sqrt(np.einsum("ij,ij->i", t, t))
    t = t / length[:, None]
    n = side - t * np.einsum("ij,ij->i", side, t)[:, None]
    n /= np.sqrt(np.einsum("ij,ij->i", n, n))[:, None]
    return length, np.stack([t, n, np.cross(t, n)], axis=1)


def stiffness(length_um: Floats, axes: Floats, s: Sections) -> Floats:
    """Stiffness [E,12,12] in global axes of straight Timoshenko beams: per end 3 displacements, 3 rotations."""
    e = len(length_um)
    k = np.zeros((e, 12, 12))
    ll = length_um
    for at, value in ((0, s.axial / ll), (3, s.twist / ll)):
        k[:, at, at] = k[:, at + 6, at + 6] = value
        k[:, at, at + 6] = k[:, at + 6, at] = -value
    # Deflection along n turns about +b, deflection along b turns about -n.
    for v, r, bend, sign in ((1, 5, s.bend_b, 1.0), (2, 4, s.bend_n, -1.0)):
        phi = 12.0 * bend / (s.shear * ll**2)
        c = bend / (ll * (1.0 + phi))
        d, f = 12.0 * c / ll**2, 6.0 * c / ll * sign
        near, far = (4.0 + phi) * c, (2.0 - phi) * c
        v2, r2 = v + 6, r + 6
        for i, j, value in (
            (v, v, d), (v, r, f), (v, v2, -d), (v, r2, f), (r, r, near), (r, v2, -f), (r, r2, far),
            (v2, v2, d), (v2, r2, -f), (r2, r2, near),
        ):  # fmt: skip
            k[:, i, j] = k[:, j, i] = value
    # Rotate block by block: K_global = T^t K T with T made of four copies of the axes.
    blocks = k.reshape(e, 4, 3, 4, 3)
    turned: Floats = np.einsum("eki,eakbl,elj->eaibj", axes, blocks, axes, optimize=True)
    return turned.reshape(e, 12, 12)


def offset(k: Floats, arm_a: Floats, arm_b: Floats) -> Floats:
    """Stiffness [E,12,12] seen from nodes that hold the beams' ends by stiff arms [E,3]: u_end = u + turn x arm."""
    out = k.copy()
    for at, arm in ((0, arm_a), (6, arm_b)):
        cross = np.zeros((len(k), 3, 3))  # arm x, so that u_end = u - cross @ turn
        cross[:, 0, 1], cross[:, 0, 2], cross[:, 1, 2] = -arm[:, 2], arm[:, 1], -arm[:, 0]
        cross[:, 1, 0], cross[:, 2, 0], cross[:, 2, 1] = arm[:, 2], -arm[:, 1], arm[:, 0]
        out[:, :, at + 3 : at + 6] -= out[:, :, at : at + 3] @ cross
        out[:, at + 3 : at + 6, :] += cross @ out[:, at : at + 3, :]
    return out


def turn(v: Floats) -> Floats:
    """Rotation matrices [N,3,3] of rotation vectors [N,3] (Rodrigues)."""
    angle = np.sqrt(np.einsum("ij,ij->i", v, v))
    small = angle < 1e-8
    safe = np.where(small, 1.0, angle)
    a = np.where(small, 1.0 - angle**2 / 6.0, np.sin(safe) / safe)
    b = np.where(small, 0.5 - angle**2 / 24.0, (1.0 - np.cos(safe)) / safe**2)
    cross = np.zeros((len(v), 3, 3))
    cross[:, 0, 1], cross[:, 0, 2], cross[:, 1, 2] = -v[:, 2], v[:, 1], -v[:, 0]
    cross[:, 1, 0], cross[:, 2, 0], cross[:, 2, 1] = v[:, 2], -v[:, 1], v[:, 0]
    out: Floats = a[:, None, None] * cross + b[:, None, None] * (cross @ cross)
    out[:, (0, 1, 2), (0, 1, 2)] += 1.0
    return out


def vector(r: Floats) -> Floats:
    """Rotation vectors [N,3] of rotation matrices [N,3,3] that turn by less than a half turn."""
    w = 0.5 * np.stack([r[:, 2, 1] - r[:, 1, 2], r[:, 0, 2] - r[:, 2, 0], r[:, 1, 0] - r[:, 0, 1]], axis=1)
    sine = np.sqrt(np.einsum("ij,ij->i", w, w))
    angle = np.arctan2(sine, 0.5 * (np.einsum("eii->e", r) - 1.0))
    small = sine < 1e-8
    factor = np.where(small, 1.0, angle / np.where(small, 1.0, sine))
    return w * factor[:, None]


@dataclass(frozen=True, slots=True, eq=False)
class Bent:
    """Beams of a part that has moved: their `length_um[E]`, `axes[E,3,3]`, and the turn of each end against the beam's
    own axes, `near[E,3]` and `far[E,3]` (about t, n, b)."""

    length_um: Floats
    axes: Floats
    near: Floats
    far: Floats


def bent(a_um: Floats, b_um: Floats, one: Floats, two: Floats, axes0: Floats) -> Bent:
    """How beams sit between ends at `a_um[E,3]` and `b_um[E,3]` turned by `one` and `two` [E,3,3]; `axes0` are the axes
    that they have at rest."""
    t = b_um - a_um
    length = np.sqrt(np.einsum("ij,ij->i", t, t))
    t /= length[:, None]
    n = np.einsum("eij,ej->ei", one, axes0[:, 1]) + np.einsum("eij,ej->ei", two, axes0[:, 1])
    n -= t * np.einsum("ij,ij->i", t, n)[:, None]
    n /= np.sqrt(np.einsum("ij,ij->i", n, n))[:, None]
    axes = np.stack([t, n, np.cross(t, n)], axis=1)
    # Rows of `axes` are the beam's axes now, rows of axes0 @ R^t those of an end: their ratio is the end's own turn.
    near = vector(axes @ one @ axes0.transpose(0, 2, 1))
    far = vector(axes @ two @ axes0.transpose(0, 2, 1))
    return Bent(length, axes, near, far)


def forces(now: Bent, natural_um: Floats, s: Sections) -> Floats:
    """Forces [E,2,6] that bent beams put on their ends (force, moment), global axes; zero at rest at `natural_um`."""
    ll = natural_um
    local = np.zeros((len(ll), 4, 3))
    pull = s.axial / ll * (now.length_um - ll)
    screw = s.twist / ll * (now.far[:, 0] - now.near[:, 0])
    local[:, 0, 0], local[:, 2, 0] = -pull, pull
    local[:, 1, 0], local[:, 3, 0] = -screw, screw
    for r, v, bend, sign in ((2, 1, s.bend_b, 1.0), (1, 2, s.bend_n, -1.0)):
        phi = 12.0 * bend / (s.shear * ll**2)
        c = bend / (ll * (1.0 + phi))
        m1 = c * ((4.0 + phi) * now.near[:, r] + (2.0 - phi) * now.far[:, r])
        m2 = c * ((2.0 - phi) * now.near[:, r] + (4.0 + phi) * now.far[:, r])
        local[:, 1, r], local[:, 3, r] = m1, m2
        lift = sign * (m1 + m2) / now.length_um
        local[:, 0, v], local[:, 2, v] = lift, -lift
    out: Floats = np.einsum("eki,eak->eai", now.axes, local, optimize=True)
    return out.reshape(len(ll), 2, 6)
