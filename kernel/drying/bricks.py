"""Elastic bricks on a regular grid: the displacements of a body whose cells would each like to shrink. Lazy scipy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..filaments import Floats, Ints

#: How much of a shear that changes sign within a cell counts: just so much that a part which nothing holds has no loose modes.
TWIST = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A box of cells: `low_um[3]`, `step_um[3]`, `cells` (three counts)."""

    low_um: Floats
    step_um: Floats
    cells: tuple[int, int, int]

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.cells[0] + 1, self.cells[1] + 1, self.cells[2] + 1

    def locate(self, points_um: Floats) -> tuple[Ints, Floats]:
        """Cell [P,3] and place in it [P,3] of points; points outside are taken at the edge."""
        x = (points_um - self.low_um) / self.step_um
        x = np.clip(x, 0.0, np.array(self.cells, dtype=np.float64))
        cell = np.minimum(x.astype(np.int64), np.array(self.cells) - 1)
        return cell, x - cell


def displacements(
    grid: Grid, c: Floats, stress: Floats, columns: Floats, fixed: npt.NDArray[np.bool_], held: Floats
) -> Floats:
    """Displacements [nx+1,ny+1,nz+1,3]: eight-node bricks, shear between layers taken at their middle. Components that are
    `fixed` keep what they have in `held` (both flat).

    Columns keep their length. They are taken to stand upright when dried, as in a dried design; wet, they lean and are
    lower by half the square of the lean: a second solution has that.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.linalg import splu

    nx, ny, nz = grid.cells
    a, b, e = grid.step_um
    corner = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    points = [np.full(3, 0.5)] + [0.5 + (q - 0.5) / np.sqrt(3.0) for q in corner]
    shape = []
    for t in points:
        f = np.where(corner == 1, t, 1.0 - t)
        sign = 2.0 * corner - 1.0
        grad = np.stack(
            [
                sign[:, 0] * f[:, 1] * f[:, 2] / a,
                sign[:, 1] * f[:, 0] * f[:, 2] / b,
                sign[:, 2] * f[:, 0] * f[:, 1] / e,
            ],
            axis=1,
        )
        strain = np.zeros((6, 8, 3))
        strain[0, :, 0], strain[1, :, 1], strain[2, :, 2] = grad.T
        strain[3, :, 1], strain[3, :, 2] = grad[:, 2], grad[:, 1]
        strain[4, :, 0], strain[4, :, 2] = grad[:, 2], grad[:, 0]
        strain[5, :, 0], strain[5, :, 1] = grad[:, 1], grad[:, 0]
        shape.append(strain.reshape(6, 24))
    for s in shape[1:]:
        s[3:5] = shape[0][3:5] + TWIST * (s[3:5] - shape[0][3:5])
    gauss = np.stack(shape[1:])
    weight = a * b * e / 8.0
    k = weight * np.einsum("gia,cij,gjb->cab", gauss, c, gauss, optimize=True)
    cell = np.stack(np.unravel_index(np.arange(nx * ny * nz), grid.cells), axis=1)
    at = np.ravel_multi_index(tuple((cell[:, None, :] + corner).transpose(2, 0, 1)), grid.shape)
    dof = (at[:, :, None] * 3 + np.arange(3)).reshape(len(cell), 24)
    size = 3 * int(np.prod(grid.shape))
    row, column = np.repeat(dof, 24, axis=1).ravel(), np.tile(dof, (1, 24)).ravel()
    matrix = coo_matrix((k.ravel(), (row, column)), shape=(size, size)).tocsc()
    u = held.copy()
    free = np.flatnonzero(~fixed)
    inner = matrix[free][:, free].tocsc()
    lu = splu(inner, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    lean = np.zeros(len(cell))
    for _ in range(2):
        f = weight * np.einsum("gia,ci->ca", gauss, stress + 0.5 * lean[:, None] * columns)
        load = np.bincount(dof.ravel(), f.ravel(), minlength=size) - matrix @ held
        u[free] = lu.solve(load[free])
        moved = u.reshape(-1, 3)[at]
        # Corners are in the order of `corner`, whose last index runs up.
        tilt = (moved[:, 1::2, :2] - moved[:, 0::2, :2]).mean(axis=1) / e
        lean = (tilt**2).sum(axis=1)
    return u.reshape(*grid.shape, 3)
