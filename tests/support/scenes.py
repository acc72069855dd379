"""Scenes made by hand for tests of the kernel's geometry, and what is looked at in the result."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from wetprint.kernel.build import Job, build
from wetprint.kernel.diagnostics import Diagnostic, Severity, Source, Span
from wetprint.kernel.filaments import FilamentSet
from wetprint.kernel.material import Ink, Solvent
from wetprint.kernel.scene import (
    Expr,
    Lattice,
    LayerRule,
    Part,
    Path,
    Print,
    Region,
    Scene,
    Solid,
    StateName,
)

Floats = npt.NDArray[np.float64]

SOURCE = Source("design.wp", "lattice body = woodpile { size pitch clip material filament layers rule }")
NMF = Solvent("nmf", 17.4, 18.8, 15.9, 181.6)


def span(word: str) -> Span:
    """The place of a word of SOURCE."""
    at = SOURCE.text.index(word)
    return Span(SOURCE, at, at + len(word))


HERE = span("lattice")


def ink(name: str) -> Ink:
    return Ink(name, name, NMF, 5e-8, 1.93e-5, (), 1.1, 0.1, 0.2, 7.0, 44.0, "#d4a017")


AU, CDSE, AG = ink("au"), ink("cdse"), ink("ag")


def lattice(
    kind: str = "woodpile", rules: list[dict[str, Any]] | None = None, name: str = "body", **fields: Any
) -> Lattice:
    """A lattice of gold, filament 10 um, pitch 40 um, 4 layers, unless `fields` say otherwise."""
    f: dict[str, Any] = {"filament": 10.0, "pitch": 40.0, "layers": 4, "material": AU, **fields}
    known = {k: v for k, v in f.items() if v is not ...}
    spans = {k: span(k) for k in ("size", "pitch", "clip", "material", "filament", "layers") if k in known}
    rows = tuple(LayerRule(k, r, {n: span("rule") for n in r}) for k, r in enumerate(rules or []))
    return Lattice(name, kind, known, rows, HERE, spans)


def path(kind: str, name: str = "wire", **fields: Any) -> Path:
    return Path(name, kind, {"filament": 10.0, "material": AU, **fields}, HERE)


def solid(kind: str, *children: Solid, matrix: Any = None, **fields: Any) -> Solid:
    m = None if matrix is None else tuple(float(v) for v in np.asarray(matrix).reshape(-1)[:12])
    return Solid(kind, fields, span("clip"), children, m, kind)


def expr(op: str, *args: Any) -> Expr:
    return Expr(op, args, HERE)


X, Y, Z, R, THETA, DEPTH = (expr("coord", n) for n in ("x", "y", "z", "r", "theta", "depth"))


def region(where: Expr, name: str = "there", part: str = "body", **more: Any) -> Region:
    return Region(name, part, where, span("rule"), **more)


def scene(part: Part, *regions: Region, state: StateName = "dried") -> Scene:
    return Scene("design", state, {}, {}, {part.name: part}, regions, (Print(part, None, HERE),))


def built(
    part: Part, *regions: Region, state: StateName = "dried"
) -> tuple[tuple[Job, ...], list[Diagnostic]]:
    jobs, said = build(scene(part, *regions, state=state))
    for job in jobs:
        job.filaments.validate()
    for d in said:
        assert d.primary is not None and d.primary.source is SOURCE, d
    return jobs, said


def one(part: Part, *regions: Region, state: StateName = "dried", warnings: bool = False) -> FilamentSet:
    """The part's filaments, where nothing is wrong with it."""
    jobs, said = built(part, *regions, state=state)
    assert all(warnings and d.severity is Severity.WARNING for d in said), said
    return jobs[0].filaments


def codes(part: Part, *regions: Region) -> list[str]:
    return [d.code for d in built(part, *regions)[1]]


def lengths(f: FilamentSet) -> Floats:
    """Length of every filament of the drawn state, um."""
    p = f.state("dried" if f.dried is not None else "wet").points_um
    first, owner = f.segments()
    return np.bincount(owner, weights=np.linalg.norm(p[first + 1] - p[first], axis=1), minlength=len(f))


def ends(f: FilamentSet) -> Floats:
    """First and last point of every filament, [F, 6], each so that the smaller comes first, sorted."""
    p = f.state("dried" if f.dried is not None else "wet").points_um
    a, b = p[f.offsets[:-1]], p[f.offsets[1:] - 1]
    swap = np.array([tuple(u) > tuple(v) for u, v in zip(a.round(6), b.round(6), strict=True)], dtype=bool)
    a, b = np.where(swap[:, None], b, a), np.where(swap[:, None], a, b)
    rows = np.hstack([a, b])
    return rows[np.lexsort(rows.round(3).T[::-1])]


def same_lines(f: FilamentSet, expected: list[tuple[float, ...]], atol: float = 2e-3) -> None:
    """The filaments are the lines (x0, y0, z0, x1, y1, z1), in any order and either direction."""
    rows = np.array(
        [e if tuple(np.round(e[:3], 6)) <= tuple(np.round(e[3:], 6)) else e[3:] + e[:3] for e in expected]
    )
    rows = rows[np.lexsort(rows.round(3).T[::-1])]
    got = ends(f)
    assert got.shape == rows.shape
    left = list(range(len(rows)))
    # Rounding may order neighbours differently, so each line looks for its own.
    for line in got:
        near = [i for i in left if np.abs(rows[i] - line).max() <= atol]
        assert near, line
        left.remove(near[0])
