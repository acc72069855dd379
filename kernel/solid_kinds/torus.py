"""Torus: a ring that rests on z = 0."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..quantity import FieldSpec, Length
from ..scene import Solid
from ..solids import Vector, solid_construct
from .convex import foot, not_positive

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]
    Crossings = tuple[npt.NDArray[np.int64], Floats]


class Torus:
    construct = solid_construct(
        "torus",
        "a ring that rests on z = 0",
        FieldSpec(
            "radius", Length, "from the axis to the middle of the ring", state=True, low=0.0, above=True
        ),
        FieldSpec("tube", Length, "radius of the ring's section", state=True, low=0.0, above=True),
    )

    def complaint(self, solid: Solid) -> tuple[str, str] | None:
        bad = not_positive(solid, "radius", "tube")
        if bad is None and solid.fields["tube"] > solid.fields["radius"]:
            return (
                "tube",
                f"tube is {solid.fields['tube']:g} um, more than the radius of {solid.fields['radius']:g} um",
            )
        return bad

    def _centre(self, solid: Solid) -> Vector:
        x, y, z = foot(solid)
        return x, y, z + solid.fields["tube"]

    def support(self, solid: Solid, direction: Vector) -> float:
        a, b, c = direction
        x, y, z = self._centre(solid)
        ring, tube = float(solid.fields["radius"]), float(solid.fields["tube"])
        return a * x + b * y + c * z + ring * math.hypot(a, b) + tube * math.hypot(a, b, c)

    def contains(self, solid: Solid, points_um: Floats, grow_um: float) -> Bools:
        import numpy as np

        return np.asarray(self.distance(solid, points_um) <= grow_um)

    def distance(self, solid: Solid, points_um: Floats) -> Floats:
        import numpy as np

        p = points_um - np.array(self._centre(solid))
        ring = np.hypot(p[:, 0], p[:, 1]) - solid.fields["radius"]
        return np.asarray(np.hypot(ring, p[:, 2]) - solid.fields["tube"])

    def crossings(self, solid: Solid, start_um: Floats, step_um: Floats) -> Crossings:
        """Real roots of (p.p + R^2 - r^2)^2 = 4 R^2 (x^2 + y^2) along the line, a quartic, by its companion matrix."""
        import numpy as np

        ring, tube = solid.fields["radius"], solid.fields["tube"]
        p = start_um - np.array(self._centre(solid))
        length = np.linalg.norm(step_um, axis=1)
        nothing = np.empty(0, dtype=np.int64), np.empty(0)
        with np.errstate(all="ignore"):
            u = step_um / length[:, None]
            # From the point nearest to the centre and in units of the ring: the numbers stay near one.
            middle = -np.einsum("ij,ij->i", p, u)
            q = (p + middle[:, None] * u) / ring
            near = (np.einsum("ij,ij->i", q, q) <= (1 + tube / ring) ** 2) & (length > 0)
        rows = np.flatnonzero(near)
        if not len(rows):
            return nothing
        q, u = q[rows], u[rows]
        k = np.einsum("ij,ij->i", q, q) + 1 - (tube / ring) ** 2
        c2 = 2 * k - 4 * (u[:, 0] ** 2 + u[:, 1] ** 2)
        c1 = -8 * (q[:, 0] * u[:, 0] + q[:, 1] * u[:, 1])
        c0 = k * k - 4 * (q[:, 0] ** 2 + q[:, 1] ** 2)
        companion = np.zeros((len(rows), 4, 4))
        companion[:, (1, 2, 3), (0, 1, 2)] = 1.0
        companion[:, 0, 3], companion[:, 1, 3], companion[:, 2, 3] = -c0, -c1, -c2
        roots = np.linalg.eigvals(companion)
        # A touch gives a pair that rounding makes complex; a root too many does no harm.
        s = np.where(np.abs(roots.imag) < 1e-5, roots.real, np.nan)
        a2, a1, a0 = c2[:, None], c1[:, None], c0[:, None]
        with np.errstate(all="ignore"):
            for _ in range(3):
                step = ((s * s + a2) * s * s + a1 * s + a0) / (4 * s**3 + 2 * a2 * s + a1)
                s = np.where(np.abs(step) < 1e-2, s - step, s)
            t = (s * ring + middle[rows, None]) / length[rows, None]
            one, two = np.nonzero((t > 0) & (t < 1))
        return rows[one], t[one, two]


TORUS = Torus()
