"""Width, gap and area of regions: planted defects, clean jobs, and KLayout's verdict on the same jobs."""

from __future__ import annotations

import time
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import shapely
from shapely import affinity
from wetprint.kernel.drc import Close, between, least, too_close, too_small
from wetprint.kernel.films import window
from wetprint.kernel.flat import Flat, Repeat, from_shapely, joined, moved, rectangles, repeated

#: Limits of the planted jobs, nm and nm^2.
WIDTH, GAP, AREA, PITCH = 400, 300, 400_000, 4000


def asked(flat: Flat, width: int, gap: int, area: int) -> dict[str, Close | None]:
    return {
        "width": too_close(flat, width / 1e3, "width"),
        "gap": too_close(flat, gap / 1e3, "gap"),
        "area": too_small(flat, area / 1e6),
    }


def clean_boxes(rng: np.random.Generator, n: int = 5) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Boxes in squares of a board, wide, apart and large enough."""
    size = rng.integers(1000, PITCH - GAP, (n * n, 2))
    corner = np.stack(np.meshgrid(np.arange(n), np.arange(n)), axis=-1).reshape(-1, 2) * PITCH
    shift = (rng.random((n * n, 2)) * (PITCH - GAP - size)).astype(int)
    low = corner + shift
    return np.hstack([low, low + size])


def planted(rng: np.random.Generator, kind: str) -> Flat:
    boxes = clean_boxes(rng)
    k = int(rng.integers(0, len(boxes)))
    extra: list[Flat] = []
    if kind == "width":
        axis = int(rng.integers(0, 2))
        boxes[k, axis + 2] = boxes[k, axis] + int(rng.integers(1, WIDTH))
    elif kind == "gap":
        x, y = boxes[k, 2], boxes[k, 1]
        away = int(rng.integers(1, GAP))
        right = boxes[k, 0] + PITCH * 2
        boxes = np.delete(
            boxes,
            np.flatnonzero((boxes[:, 0] > x) & (boxes[:, 0] < right) & (np.abs(boxes[:, 1] - y) < 2 * PITCH)),
            axis=0,
        )
        boxes = np.vstack([boxes, [x + away, y, x + away + 900, y + 900]])
    elif kind == "corner":
        # Corner to corner: nearer than the limit only by the Euclidian metric's measure of both ways together.
        k = len(boxes) - 1
        dx, dy = int(rng.integers(1, 212)), int(rng.integers(1, 212))
        x, y = boxes[k, 2:]
        boxes = np.vstack([boxes, [x + dx, y + dy, x + dx + 900, y + dy + 900]])
    elif kind == "area":
        side = int(rng.integers(WIDTH, 632))
        boxes[k, 2:] = boxes[k, :2] + side
    else:
        # A notch in a box: a gap between its own arms.
        x0, y0, x1, y1 = boxes[k]
        mid = (x0 + x1) // 2
        wide = int(rng.integers(1, min(GAP, (x1 - x0) - 2 * WIDTH)))
        piece = shapely.box(x0, y0, x1, y1).difference(
            shapely.box(mid, y0 - 1, mid + wide, y0 + (y1 - y0) // 2)
        )
        boxes = np.delete(boxes, k, axis=0)
        extra.append(from_shapely(piece))
    flat = joined([rectangles(boxes), *extra])
    turn = int(rng.integers(0, 4))
    c, s = [(1, 0), (0, 1), (-1, 0), (0, -1)][turn]
    return moved(flat, (c, -s, 0, 0, s, c, 0, 0, 0, 0, 1, 0))


KINDS = {"width": "width", "gap": "gap", "corner": "gap", "area": "area", "notch": "gap"}


def test_planted_defects_are_all_found_and_clean_jobs_have_none(klayout_drc: ModuleType) -> None:
    rng = np.random.default_rng(20)
    made = [(kind, planted(rng, kind)) for kind in KINDS for _ in range(44)]
    clean = [rectangles(clean_boxes(rng)) for _ in range(50)]
    limits = [("width", WIDTH), ("gap", GAP), ("area", AREA)]
    verdicts = klayout_drc.judged([{"one": f, "ask": limits} for f in [*(f for _, f in made), *clean]])
    assert len(made) == 220
    for (kind, flat), theirs in zip(made, verdicts, strict=False):
        found = asked(flat, WIDTH, GAP, AREA)
        assert found[KINDS[kind]] is not None, kind
        assert {n: f is not None for n, f in found.items()} == {n: theirs[n] > 0 for n in found}, kind
    for flat, theirs in zip(clean, verdicts[len(made) :], strict=True):
        assert asked(flat, WIDTH, GAP, AREA) == dict.fromkeys(theirs) and not any(theirs.values())


def shape(rng: np.random.Generator, kind: int) -> shapely.Geometry:
    w, h = rng.integers(300, 3000, 2)
    x, y = rng.integers(0, 9000, 2)
    box = shapely.box(x, y, x + w, y + h)
    if kind == 1:
        return affinity.rotate(box, float(rng.uniform(0, 90)))
    if kind == 2:
        return shapely.Point(x, y).buffer(float(w / 2), quad_segs=8)
    if kind == 3:
        return shapely.Polygon(rng.integers(0, 3000, (3, 2)) + np.array([x, y]))
    if kind == 4:
        return box.difference(shapely.box(x + w // 3, y - 10, x + 2 * w // 3, y + h // 2))
    if kind == 5:
        return box.difference(shapely.box(x + w // 4, y + h // 4, x + w // 2, y + h // 2))
    return box


def compare(
    jobs: list[Flat], rng: np.random.Generator, klayout_drc: ModuleType, *, lengths: Any = None
) -> dict[str, int]:
    def length() -> int:
        return int(rng.integers(100, 900)) if lengths is None else int(rng.choice(lengths))

    asks = [[("width", length()), ("gap", length()), ("area", int(rng.integers(1e5, 2e6)))] for _ in jobs]
    theirs = klayout_drc.judged([{"one": f, "ask": a} for f, a in zip(jobs, asks, strict=True)])
    for k, (flat, ask, verdict) in enumerate(zip(jobs, asks, theirs, strict=True)):
        mine = asked(flat, *(v for _, v in ask))
        assert {n: f is not None for n, f in mine.items()} == {n: v > 0 for n, v in verdict.items()}, (k, ask)
    return {n: sum(v[n] > 0 for v in theirs) for n in ("width", "gap", "area")}


def test_same_verdict_on_random_shapes(klayout_drc: ModuleType) -> None:
    rng = np.random.default_rng(3)
    kinds = ([0], [0, 1], [0, 2], [3], [0, 4, 5], [0, 1, 2, 3, 4, 5])
    jobs = [
        from_shapely([shape(rng, int(rng.choice(kinds[t % 6]))) for _ in range(rng.integers(1, 7))])
        for t in range(180)
    ]
    some = compare(jobs, rng, klayout_drc)
    assert all(30 < n < 170 for n in some.values())


def test_same_verdict_where_boxes_touch_and_corners_kiss(klayout_drc: ModuleType) -> None:
    rng = np.random.default_rng(5)
    jobs = []
    for _ in range(150):
        low = rng.integers(0, 8, (rng.integers(2, 9), 2)) * 500
        jobs.append(rectangles(np.hstack([low, low + rng.integers(1, 4, (len(low), 2)) * 500])))
    some = compare(jobs, rng, klayout_drc, lengths=[400, 500, 501, 707, 708, 1000, 1001])
    assert min(some.values()) > 20


def test_same_verdict_on_arrays_seen_through_a_window(
    klayout_drc: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "FEW", 40)
    rng = np.random.default_rng(7)
    jobs = []
    for t in range(60):
        w, pitch = rng.integers(200, 1500, 2), rng.integers(400, 2500, 2)
        n, m = (int(v) for v in rng.integers(8, 12, 2))
        skew = int(rng.integers(-300, 300)) if t % 3 == 0 else 0
        parts = [repeated(rectangles([[0, 0, *w]]), n, m, (int(pitch[0]), 0), (skew, int(pitch[1])))]
        if t % 4 == 1:
            low = rng.integers(-2000, 20000, 2)
            parts.append(rectangles([[*low, *(low + rng.integers(200, 4000, 2))]]))
        jobs.append(joined(parts))
    compare(jobs, rng, klayout_drc)


def test_exact_at_the_limit() -> None:
    pair = rectangles([[0, 0, 1000, 1000], [1500, 0, 2500, 1000]])
    assert too_close(pair, 0.5, "gap") is None and too_close(pair, 0.501, "gap") is not None
    assert too_close(pair, 1.0, "width") is None
    found = too_close(pair, 1.001, "width")
    assert found is not None and found.value_um == 1.0
    # 3-4-5: corners exactly 500 nm apart; slanted sides exactly 5 nm apart, which floats do not tell.
    corners = rectangles([[0, 0, 1000, 1000], [1300, 1400, 2000, 2000]])
    assert too_close(corners, 0.5, "gap") is None and too_close(corners, 0.501, "gap") is not None
    slab = np.array([(0, 0), (4000, 3000), (3997, 3004), (-3, 4)])
    slanted = from_shapely(shapely.Polygon(slab))
    assert too_close(slanted, 0.005, "width") is None
    found = too_close(slanted, 0.00501, "width")
    assert found is not None and found.value_um == pytest.approx(0.005, rel=1e-9)


def test_a_million_pixels_in_far_less_than_a_second() -> None:
    pixels = repeated(rectangles([[0, 0, 400, 1200], [533, 0, 933, 1200]]), 1000, 1000, (1600, 0), (0, 1600))
    start = time.process_time()
    found = asked(pixels, 400, 134, 480_000)
    spent = time.process_time() - start
    gap = found["gap"]
    assert found["width"] is None and found["area"] is None and gap is not None
    assert gap.value_um == pytest.approx(0.133) and spent < 0.5
    assert least(pixels, "gap") == pytest.approx(0.133) and least(pixels, "width") == pytest.approx(0.4)
    # A single box between two of its rows is seen.
    near = joined([pixels, rectangles([[800_000, 800_000 + 1250, 800_400, 800_000 + 1650]])])
    found_near = too_close(near, 0.06, "gap")
    assert found_near is not None and found_near.at_um[0] == pytest.approx(800.2, abs=1.0)


def test_between_two_regions() -> None:
    one = rectangles([[0, 0, 1000, 1000]])
    for gap in (0, 1, 199, 200):
        two = rectangles([[1000 + gap, 0, 2000 + gap, 1000]])
        found = between(one, two, 0.2, "gap")
        assert (found is not None) == (gap < 200)
        assert found is None or found.value_um == pytest.approx(gap / 1e3)
    for depth in (1, 199, 200):
        two = rectangles([[1000 - depth, -500, 2000, 1500]])
        found = between(one, two, 0.2, "overlap")
        assert (found is not None) == (depth < 200)
        assert found is None or found.value_um == pytest.approx(depth / 1e3)
        assert between(one, two, 0.2, "gap") is None
    # Thin lines beside each other do not overlap, however near their far sides are.
    thin = rectangles([[0, 0, 100, 1000]])
    assert between(thin, rectangles([[150, 0, 250, 1000]]), 0.5, "overlap") is None


def test_figures_of_arrays_are_those_of_all_their_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    from wetprint.kernel.films.prism import area_um2, overlap_um2, perimeter_um, pieces

    rng = np.random.default_rng(11)
    for t in range(12):
        w, pitch = rng.integers(200, 900, 2), rng.integers(300, 1200, 2)
        flat = repeated(rectangles([[0, 0, *w]]), 14, 12, (int(pitch[0]), 0), (0, int(pitch[1])))
        other = Flat(
            tuple(
                type(c)(
                    c.points_nm, c.rings, c.polygons, Repeat(14, 12, c.repeat.a_nm, c.repeat.b_nm, (150, 90))
                )
                for c in flat.cells
            )
        )
        if t % 3 == 2:
            flat = joined([flat, rectangles([[100, 100, 5000, 400]])])

        def figures(flat: Flat = flat, other: Flat = other) -> tuple[float, ...]:
            return area_um2(flat), perimeter_um(flat), pieces(flat), overlap_um2(flat, other)

        whole = figures()
        monkeypatch.setattr(window, "FEW", 20)
        assert figures() == pytest.approx(whole, rel=1e-9)
        monkeypatch.setattr(window, "FEW", 2048)


def test_area_and_perimeter_are_those_of_klayout(klayout_drc: ModuleType) -> None:
    from wetprint.kernel.films.prism import area_um2, perimeter_um

    rng = np.random.default_rng(13)
    jobs = [from_shapely([shape(rng, int(rng.choice([0, 1, 4, 5]))) for _ in range(5)]) for _ in range(20)]
    theirs = klayout_drc.judged([{"one": f, "ask": [("area of all", 0), ("perimeter", 0)]} for f in jobs])
    for flat, found in zip(jobs, theirs, strict=True):
        # Corners where shapes cross are rounded to the grid.
        assert area_um2(flat) * 1e6 == pytest.approx(found["area of all"], rel=1e-5)
        assert perimeter_um(flat) * 1e3 == pytest.approx(found["perimeter"], rel=1e-4)


def test_narrowest_is_found_by_doubling() -> None:
    for widths in pairwise((300, 40, 7000, 123)):
        a, b = widths
        flat = rectangles([[0, 0, a, 20_000], [50_000, 0, 50_000 + b, 20_000]])
        assert least(flat, "width") == pytest.approx(min(a, b) / 1e3)
        assert least(flat, "gap") == pytest.approx((50_000 - a) / 1e3)
    assert least(rectangles([[0, 0, 10, 10]]), "gap") is None and least(Flat(), "width") is None
