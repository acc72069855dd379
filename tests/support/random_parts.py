"""Random parts for tests of orders: rods, arches, zigzags, coils and level lines."""

from __future__ import annotations

from types import ModuleType

import numpy as np
from wetprint.kernel.filaments import FilamentSet, filaments


def curves(plans: ModuleType, seed: int, n: int) -> FilamentSet:
    """Rods, arches, zigzags, coils and level lines, anywhere from the substrate up."""
    rng = np.random.default_rng(seed)
    paths = []
    for _ in range(n):
        at = np.array([*rng.uniform(0, 120, 2), 5.0])
        turn = rng.uniform(0, 2 * np.pi)
        along = np.array([np.cos(turn), np.sin(turn), 0.0])
        kind = rng.integers(0, 6)
        if kind == 0:
            path = [at, at + along * rng.uniform(20, 120) + [0, 0, rng.uniform(0, 90)]]
        elif kind == 1:
            t = np.linspace(0, np.pi, 14)
            path = at + np.outer((1 - np.cos(t)) * rng.uniform(15, 50), along)
            path[:, 2] += np.sin(t) * rng.uniform(5, 60)
        elif kind == 2:
            rise = rng.uniform(5, 50)
            path = [at + along * 25.0 * k + [0, 0, rise * (k % 2)] for k in range(5)]
        elif kind == 3:
            t = np.linspace(0, 4 * np.pi, 40)
            path = at + np.column_stack(
                [18 * np.cos(t), 18 * np.sin(t), t / (4 * np.pi) * rng.uniform(0, 90)]
            )
        else:
            height = 8.0 * rng.integers(0, 5)
            path = [at + np.array([0, 0, height]), at + along * rng.uniform(40, 150) + [0, 0, height]]
        paths.append(np.array(path))
    return filaments(
        np.concatenate(paths), np.array([len(p) for p in paths]), width_um=np.array(10.0),
        material=rng.integers(0, 2, n), layer=0, origin=np.arange(n),
        inks=(plans.ink("au"), plans.ink("cdse")), spans=(plans.SPAN,) * n, state="wet",
    )  # fmt: skip
