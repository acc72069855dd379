"""Exact answers by trying everything, for small cases: shortest travel, fewest changes of ink. No code of the planner."""

from __future__ import annotations

import numpy as np


def shortest_um(
    start: np.ndarray,
    end: np.ndarray,
    at: np.ndarray,
    before: set[tuple[int, int]] = frozenset(),  # type: ignore[assignment]
    one_way: np.ndarray | None = None,
) -> float:
    """Shortest travel through all filaments from `at`, in either direction (`one_way`: only as drawn), by dynamic programming over sets
    (Held and Karp 1962); `before`: pairs (a, b), a comes before b."""
    n = len(start)
    enter, leave = np.concatenate([start, end]), np.concatenate([end, start])
    step = np.linalg.norm(leave[:, None] - enter[None], axis=2)
    needs = [sum(1 << a for a, b in before if b == k) for k in range(n)]
    ways = [[k] if one_way is not None and one_way[k] else [k, k + n] for k in range(n)]
    best = np.full((1 << n, 2 * n), np.inf)
    for k in range(n):
        if not needs[k]:
            for w in ways[k]:
                best[1 << k, w] = np.linalg.norm(enter[w] - at)
    for mask in range(1, 1 << n):
        row = best[mask]
        live = np.isfinite(row)
        if not live.any():
            continue
        far = (row[live, None] + step[live]).min(axis=0)
        for k in range(n):
            if not mask >> k & 1 and needs[k] & mask == needs[k]:
                into = best[mask | 1 << k]
                for w in ways[k]:
                    into[w] = min(into[w], far[w])
    return float(best[-1].min())


def fewest_changes(
    count: int,
    before: set[tuple[int, int]],
    ink: list[int],
    loaded: int | None = None,
    touching: set[tuple[int, int]] = frozenset(),  # type: ignore[assignment]
    grounded: list[bool] | None = None,
) -> int | None:
    """Fewest changes of ink over all orders under `before`, in which everything not `grounded` touches something earlier; None where
    there is no such order."""
    needs = [sum(1 << a for a, b in before if b == k) for k in range(count)]
    beside = [
        sum(1 << a for a, b in touching | {(b, a) for a, b in touching} if b == k) for k in range(count)
    ]
    front = {(0, -1 if loaded is None else loaded): 0}
    for _ in range(count):
        after: dict[tuple[int, int], int] = {}
        for (done, last), cost in front.items():
            for k in range(count):
                free = not done >> k & 1 and needs[k] & done == needs[k]
                if free and (grounded is None or grounded[k] or beside[k] & done):
                    key = (done | 1 << k, ink[k])
                    after[key] = min(after.get(key, 99), cost + (last not in (-1, ink[k])))
        front = after
    return min(front.values()) if front else None
