"""Patterns for tests of layout files: scenes by hand, random regions, and what a referee is to find in their files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from wetprint.kernel.chemistry import Developer, Ligand
from wetprint.kernel.diagnostics import Source, Span
from wetprint.kernel.film import Film
from wetprint.kernel.flat import Flat, from_shapely, joined, moved, rectangles, repeated
from wetprint.kernel.mask import MASKS
from wetprint.kernel.quantity import MJ_CM2, Construct
from wetprint.kernel.scene import Expr, Mask, Pattern, Scene

SOURCE = Source("dots.wp", "wp 1;\n")
SPAN = Span(SOURCE, 0, 4)
HERE = Path(__file__).parent


class Given:
    """A mask that is a region already, for tests."""

    construct = Construct("mask", "given", "a region made by a test", ())

    def complaint(self, fields: dict[str, Any]) -> None:
        return None

    def draw(self, mask: Mask) -> Flat:
        flat: Flat = mask.fields["flat"]
        return flat


def given(flat: Flat, name: str = "dots") -> Mask:
    """A mask of this region. The register hands its kind out, but does not list it: pages made from lists stay as they are."""
    MASKS._loaded.setdefault("given", Given())
    return Mask("given", {"flat": flat}, SPAN, name=name)


def film(name: str = "green", **figures: Any) -> Film:
    figures = {"d0": 20 * MJ_CM2, "gamma": 2.0, "index": 1.8} | figures
    return Film(
        name, "InP/ZnS", "III-V", Ligand("tris_tad"), figures.pop("thickness_um", 0.4), "#3cb44b", **figures
    )


def pattern(mask: Mask, name: str = "dots", process: str = "photopattern", **fields: Any) -> Pattern:
    fields = {"dose": 100 * MJ_CM2, "wavelength": 0.365} | fields if process == "photopattern" else fields
    dev = Developer("dev", "toluene", "nonpolar")
    return Pattern(name, mask, fields.pop("film", film()), process, SPAN, dev, True, fields)


def coord(name: str) -> Expr:
    return Expr("coord", (name,), SPAN)


def field(op: str, *args: Any) -> Expr:
    return Expr(op, args, SPAN)


def disc(radius_um: float) -> Flat:
    return from_shapely(shapely.Point(0, 0).buffer(radius_um * 1000, quad_segs=500))


def relief_pattern(flat: Flat, height: Expr | None = None, **fields: Any) -> Pattern:
    """A relief that rises along x from 0 at -0.5 um to the film's 0.4 um at 0.5 um, unless another is given."""
    rise = Expr("*", (0.4, Expr("+", (coord("x"), 0.5), SPAN)), SPAN)
    return pattern(given(flat), relief=height or rise, levels=4, **fields)


def scene(*patterns: Pattern, name: str = "panel") -> Scene:
    return Scene(name, "dried", {}, {}, {}, (), (), patterns=patterns, sequence=patterns)


def random_region(rng: np.random.Generator) -> Flat:
    """Booleans of boxes, discs, rings and stars, turned and mirrored, and arrays of them, some of which overlap."""
    shapes: list[Any] = []
    for _ in range(int(rng.integers(1, 6))):
        x, y = rng.integers(-20_000, 20_000, 2)
        a, b = rng.integers(50, 9_000, 2)
        kind = int(rng.integers(4))
        if kind == 0:
            one = shapely.box(x - a, y - b, x + a, y + b)
        elif kind == 1:
            one = shapely.Point(x, y).buffer(a, quad_segs=int(rng.integers(1, 40)))
        elif kind == 2:
            one = shapely.Point(x, y).buffer(a + 200).difference(shapely.Point(x, y).buffer(a))
        else:
            angle = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 12))))
            far = rng.uniform(0.2, 1.0, len(angle)) * a + 20
            one = shapely.Polygon(np.stack([x + far * np.cos(angle), y + far * np.sin(angle)], 1)).buffer(0)
        shapes.append(one)
    whole = shapes[0]
    for one in shapes[1:]:
        whole = (whole.union, whole.difference, whole.symmetric_difference)[int(rng.integers(3))](one)
    flat = from_shapely(whole)
    if rng.random() < 0.5:
        n, m = (int(k) for k in rng.integers(1, 9, 2))
        a = (int(rng.integers(-60_000, 60_000)), int(rng.integers(-60_000, 60_000)) * int(rng.integers(2)))
        b = (int(rng.integers(-60_000, 60_000)) * int(rng.integers(2)), int(rng.integers(-60_000, 60_000)))
        flat = repeated(flat, n, m, a, b)
    if rng.random() < 0.5:
        t = float(rng.choice([np.pi / 2, np.pi, 0.3, 1.1]))
        c, s, f = np.cos(t), np.sin(t), float(rng.choice([1.0, -1.0]))
        flat = moved(flat, (c, -s * f, 0.0, 3.25, s, c * f, 0.0, -1.5, 0.0, 0.0, 1.0, 0.0))
    if rng.random() < 0.3:
        boxes = rng.integers(-2, 3, (4, 2)) * 5_000
        boxes = np.concatenate([boxes, boxes + rng.integers(1, 4, (4, 2)) * 5_000], axis=1)
        flat = joined([flat, *(rectangles(box) for box in boxes)])
    return flat


def expected(flat: Flat) -> list[dict[str, Any]]:
    """A region for the referee: polygons with their holes, and where their copies stand."""
    out = []
    for cell in flat.cells:
        rings = [r.tolist() for r in np.split(cell.points_nm, cell.rings[1:-1])]
        polygons = [rings[a:b] for a, b in zip(cell.polygons, cell.polygons[1:], strict=False)]
        out.append({"polygons": polygons if len(cell) else [], "copies": cell.repeat.origins_nm().tolist()})
    return out


def has_klayout() -> bool:
    asked = subprocess.run([sys.executable, "-c", "import klayout.db"], capture_output=True, check=False)
    return asked.returncode == 0


def read_by_klayout(jobs: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """What KLayout finds in files: tests/support/klayout_reads.py in a process of its own."""
    (folder / "jobs.json").write_text(json.dumps(jobs))
    asked = subprocess.run(
        [sys.executable, str(HERE / "klayout_reads.py"), str(folder / "jobs.json")],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    found: list[dict[str, Any]] = json.loads(asked.stdout)
    return found
