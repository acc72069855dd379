"""Solids of revolution about an upright axis: what cylinder, cone and revolve share, from their profile alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..quantity import Construct
from ..scene import Solid
from ..solids import Vector, listed
from .convex import foot

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]
    Crossings = tuple[npt.NDArray[np.int64], Floats]

Profile = list[tuple[float, float]]


class Round:
    """A solid given by a closed profile of corners (r, z) with r >= 0, its foot at `at`."""

    construct: Construct

    def profile(self, solid: Solid) -> Profile:
        raise NotImplementedError

    def complaint(self, solid: Solid) -> tuple[str, str] | None:
        raise NotImplementedError

    def support(self, solid: Solid, direction: Vector) -> float:
        a, b, c = direction
        x, y, z = foot(solid)
        flat = math.hypot(a, b)
        return a * x + b * y + c * z + max(flat * r + c * height for r, height in self.profile(solid))

    def _relative(self, solid: Solid, points_um: Floats) -> Floats:
        at = foot(solid)
        if at == (0.0, 0.0, 0.0):
            return points_um
        import numpy as np

        return np.asarray(points_um - np.array(at))

    def contains(self, solid: Solid, points_um: Floats, grow_um: float) -> Bools:
        import numpy as np

        return np.asarray(self.distance(solid, points_um) <= grow_um)

    def distance(self, solid: Solid, points_um: Floats) -> Floats:
        """Distance in the half-plane (r, z) to the profile, whose edges on the axis are no surface."""
        import numpy as np

        p = self._relative(solid, points_um)
        r, z = np.hypot(p[:, 0], p[:, 1]), p[:, 2]
        near = np.full(len(p), np.inf)
        odd = np.zeros(len(p), dtype=bool)
        for (r0, z0), (r1, z1) in _edges(self.profile(solid)):
            dr, dz = r1 - r0, z1 - z0
            if not (r0 == 0 and r1 == 0):
                t = np.clip(((r - r0) * dr + (z - z0) * dz) / (dr * dr + dz * dz), 0.0, 1.0)
                near = np.minimum(near, np.hypot(r - r0 - t * dr, z - z0 - t * dz))
            if dz != 0:
                # Even-odd rule by a ray towards larger r.
                between = (z0 <= z) != (z1 <= z)
                odd ^= between & (r0 + (z - z0) * (dr / dz) > r)
        return np.where(odd, -near, near)

    def crossings(self, solid: Solid, start_um: Floats, step_um: Floats) -> Crossings:
        """Roots of each edge's cone or plane; the edge's own range of heights is left to the test afterwards."""
        import numpy as np

        p, d = self._relative(solid, start_um), step_um
        flat = p[:, :2], d[:, :2]
        dd, pd, pp = (
            (u * v).sum(axis=1) for u, v in ((flat[1], flat[1]), (flat[0], flat[1]), (flat[0], flat[0]))
        )
        roots = []
        for (r0, z0), (r1, z1) in _edges(self.profile(solid)):
            if r0 == 0 and r1 == 0:
                continue
            if z0 == z1:
                with np.errstate(all="ignore"):
                    t = (z0 - p[:, 2]) / d[:, 2]
                roots.append(np.where(np.isfinite(t), t, np.inf))
                continue
            # r^2 = (q + m z)^2 along the line: a quadratic in t.
            m = (r1 - r0) / (z1 - z0)
            q, s = r0 + m * (p[:, 2] - z0), m * d[:, 2]
            roots += quadratic(dd - s * s, 2 * (pd - q * s), pp - q * q)
        return listed(np.stack(roots, axis=1))


def _edges(profile: Profile) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    return list(zip(profile, profile[1:] + profile[:1], strict=True))


def quadratic(a: Floats, b: Floats, c: Floats) -> list[Floats]:
    """Both real roots of a t^2 + b t + c = 0 (inf where there are none), without cancellation; linear where a is 0."""
    import numpy as np

    with np.errstate(all="ignore"):
        q = -0.5 * (b + np.copysign(np.sqrt(b * b - 4 * a * c), b))
        one, two = q / a, c / q
    return [np.where(np.isfinite(t), t, np.inf) for t in (one, two)]
