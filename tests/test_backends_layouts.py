"""Layout files: read back by KLayout in a process of its own, and by gdstk; arrays small, boxes fast, bytes the same."""

import json
import time
from collections import Counter
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from wetprint.backends.layout import LAYOUTS, Layout, layout_of, write_layout
from wetprint.backends.layout_writers import writer_names, writer_of
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.flat import Flat, Repeat, area_um2, from_shapely, joined, rectangles
from wetprint.kernel.flat_merge import without_overlaps

JOBS = 50
#: Arrays of a million pixels that KLayout counts: seconds each.
READ = {("straight", "gds"), ("skewed", "gds"), ("turned", "oas")}


@pytest.fixture(scope="session")
def klayout(layouts: ModuleType) -> None:
    if not layouts.has_klayout():
        pytest.skip("THE REFEREE OF LAYOUT FILES IS MISSING: the klayout wheel is not installed")


@pytest.mark.usefixtures("klayout")
def test_klayout_finds_the_regions_of_random_jobs(layouts: ModuleType, tmp_path: Path) -> None:
    """XOR with our regions is 0 in every format, with every writer, holes bridged or cut."""
    asked, made = [], []
    for k in range(JOBS):
        rng = np.random.default_rng(k)
        regions = [layouts.random_region(rng) for _ in range(int(rng.integers(1, 4)))]
        patterns = [layouts.pattern(layouts.given(flat), f"p{n}") for n, flat in enumerate(regions)]
        scene = layouts.scene(*patterns, name=f"job{k}")
        writer = writer_names()[k % len(writer_names())]
        layout = layout_of(scene, writer_of(writer))
        for form in ("gds", "oas"):
            path = tmp_path / f"{k}.{form}"
            write_layout(scene, form, path, writer)
            one = 0 if layout.writer.doses == "one" else 1000
            near = {f"{n + 1}/{one}": layouts.expected(flat) for n, flat in enumerate(regions)}
            ours = {f"{n + 1}/{one}": layouts.expected(without_overlaps(f)) for n, f in enumerate(regions)}
            asked.append({"file": str(path), "expect": ours, "near": near})
            made.append((layout, form, regions))
    found = layouts.read_by_klayout(asked, tmp_path)
    for said, job, (layout, form, regions) in zip(found, asked, made, strict=True):
        assert said["dbu"] == pytest.approx(0.001) and said["top"] == layout.name
        filled = {name for name, cells in job["expect"].items() if any(c["polygons"] for c in cells)}
        assert set(said["layers"]) == filled
        for layer, flat in zip(layout.layers, regions, strict=True):
            if not flat.count:
                continue
            group = layer.classes[0]
            got = said["layers"][f"{layer.number}/{group.datatype}"]
            assert got["xor"] == 0, (job["file"], layer.number)
            # Where slanted shapes of the mask overlap, corners of their union are rounded to the grid.
            assert got["off"] == 0, (job["file"], layer.number)
            assert got["expected"] == got["area"] > 0
            assert got["copies"] == sum(len(c) * c.repeat.count for c in group.cells)
            assert got["corners"] <= layout.writer.corners
            # No overlaps: areas of polygons add up to that of the region, but for what KLayout rounds where edges meet.
            assert area_um2(Flat(group.cells)) * 1e6 == pytest.approx(got["area"], rel=1e-6, abs=50.0)
            if form == "oas":
                assert got["label"] == layer.name
        if form == "gds":
            arrays = sum(cell.repeat.count > 1 for *_, cell in layout.shapes())
            assert len(said["cells"]) == arrays + 1 and said["cells"][layout.name] >= arrays


@pytest.mark.usefixtures("klayout")
def test_the_referee_can_fail(layouts: ModuleType, tmp_path: Path) -> None:
    flat = rectangles([[0, 0, 1000, 1000]])
    path = tmp_path / "a.gds"
    write_layout(layouts.scene(layouts.pattern(layouts.given(flat))), "gds", path)
    wrong = {"1/1000": layouts.expected(rectangles([[0, 0, 1000, 1001]]))}
    assert (
        layouts.read_by_klayout([{"file": str(path), "expect": wrong}], tmp_path)[0]["layers"]["1/1000"][
            "xor"
        ]
        == 1000
    )


def test_gdstk_reads_the_same(layouts: ModuleType, tmp_path: Path) -> None:
    gdstk = pytest.importorskip("gdstk")
    for k in range(12):
        rng = np.random.default_rng(100 + k)
        flat = layouts.random_region(rng)
        scene = layouts.scene(layouts.pattern(layouts.given(flat)))
        area = area_um2(without_overlaps(flat))
        for form, read in (("gds", gdstk.read_gds), ("oas", gdstk.read_oas)):
            path = tmp_path / f"{k}.{form}"
            write_layout(scene, form, path)
            top = read(str(path)).top_level()[0]
            assert top.name == "panel"
            polygons = top.get_polygons()
            assert sum(p.area() for p in polygons) == pytest.approx(area, rel=1e-9)
            assert {(p.layer, p.datatype) for p in polygons} <= {(1, 1000)}


@pytest.mark.usefixtures("klayout")
def test_a_million_pixels_take_less_than_ten_kilobytes(layouts: ModuleType, tmp_path: Path) -> None:
    """15 875 ppi: a pitch of 1.600 um; 1000 x 1000 pixels, turned too."""
    straight = rectangles([[-200, -600, 200, 600]], Repeat(1000, 1000, (1600, 0), (0, 1600), (7, -7)))
    turned = rectangles([[-600, -200, 600, 200]], Repeat(1000, 1000, (0, 1600), (-1600, 0)))
    skewed = rectangles([[-200, -600, 200, 600]], Repeat(1000, 1000, (1600, 400), (-400, 1600)))
    jobs: list[dict[str, str]] = []
    for name, flat in (("straight", straight), ("turned", turned), ("skewed", skewed)):
        for form in ("gds", "oas"):
            path = tmp_path / f"{name}.{form}"
            said = write_layout(layouts.scene(layouts.pattern(layouts.given(flat))), form, path)
            assert said.polygons == 10**6
            assert path.stat().st_size + said.manifest.stat().st_size < 10_000
            if (name, form) in READ:
                jobs.append({"file": str(path)})
    for said in layouts.read_by_klayout(jobs, tmp_path):
        layer = said["layers"]["1/1000"]
        assert layer["copies"] == 10**6 and layer["raw"] == 10**6 * 400 * 1200


def test_a_million_boxes_are_written_in_five_seconds(layouts: ModuleType, tmp_path: Path) -> None:
    corner = np.stack(np.meshgrid(np.arange(1000), np.arange(1000)), axis=-1).reshape(-1, 2) * 3000
    rng = np.random.default_rng(0)
    corner = corner + rng.integers(0, 1000, corner.shape)
    flat = rectangles(np.concatenate([corner, corner + rng.integers(10, 1900, corner.shape)], axis=1))
    scene = layouts.scene(layouts.pattern(layouts.given(flat)))
    for form in ("gds", "oas"):
        start = time.process_time()
        write_layout(scene, form, tmp_path / f"boxes.{form}")
        assert time.process_time() - start < 5.0
    gdstk = pytest.importorskip("gdstk")
    polygons = gdstk.read_oas(str(tmp_path / "boxes.oas")).top_level()[0].polygons
    assert len(polygons) == 10**6
    assert sum(p.area() for p in polygons) == pytest.approx(area_um2(flat), rel=1e-9)


@pytest.mark.parametrize("form", sorted(LAYOUTS))
def test_the_same_design_gives_the_same_bytes(layouts: ModuleType, tmp_path: Path, form: str) -> None:
    if form == "dxf":
        pytest.importorskip("ezdxf")
    flat = layouts.random_region(np.random.default_rng(3))
    texts = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / f"x.{form}"
        said = write_layout(layouts.scene(layouts.pattern(layouts.given(flat))), form, path, design="f00d")
        texts.append((path.read_bytes(), said.manifest.read_bytes()))
    assert texts[0] == texts[1]


@pytest.mark.usefixtures("klayout")
def test_dxf_holds_closed_polylines_without_holes(layouts: ModuleType, tmp_path: Path) -> None:
    pytest.importorskip("ezdxf")
    jobs = []
    for k in range(8):
        flat = layouts.random_region(np.random.default_rng(200 + k))
        path = tmp_path / f"{k}.dxf"
        write_layout(layouts.scene(layouts.pattern(layouts.given(flat))), "dxf", path)
        ours = {"1/1000": layouts.expected(without_overlaps(flat))}
        jobs.append({"file": str(path), "expect": ours, "near": {"1/1000": layouts.expected(flat)}})
    for said in layouts.read_by_klayout(jobs, tmp_path):
        assert said["layers"]["1/1000"]["xor"] == said["layers"]["1/1000"]["off"] == 0


def test_the_manifest_tells_what_stands_where(layouts: ModuleType, tmp_path: Path) -> None:
    import hashlib

    flat = rectangles([[0, 0, 10_000, 20_000]])
    first = layouts.pattern(layouts.given(flat), "dots")
    ebeam = layouts.pattern(
        layouts.given(flat, "lines"),
        "lines",
        "ebeam",
        film=layouts.film("gold"),
        dose=300e-14,
        current=1e-9,
        field=6.0,
    )
    path = tmp_path / "x.gds"
    said = write_layout(layouts.scene(first, ebeam), "gds", path, design="f00d")
    found = json.loads(said.manifest.read_text())
    assert found["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found["design"] == {"name": "panel", "hash": "f00d"} and "no proximity" in found["polygons"]
    assert [f["name"] for f in found["films"]] == ["green", "gold"]
    one, two = found["layers"]
    assert (one["layer"], one["name"], one["classes"][0]["dose_mj_cm2"]) == (1, "green_dots", 100.0)
    assert (two["layer"], two["pattern"], two["classes"][0]["dose_uc_cm2"]) == (2, "lines", 300.0)
    assert two["beam_on_s"] == pytest.approx(300e-14 * 200 / 1e-9, rel=1e-9)
    assert two["write_fields"] == {"side_um": 6.0, "columns": 2, "rows": 4}
    assert one["developer"]["liquid"] == "toluene" and one["box_um"] == [0.0, 0.0, 10.0, 20.0]


def test_overlapping_copies_are_merged_and_others_stay_arrays() -> None:
    apart = rectangles([[0, 0, 400, 400]], Repeat(20, 20, (500, 0), (0, 500)))
    touching = rectangles([[0, 0, 500, 400]], Repeat(20, 20, (500, 0), (0, 500)))
    over = rectangles([[0, 0, 501, 400]], Repeat(20, 20, (500, 0), (0, 500)))
    assert without_overlaps(apart).cells == apart.cells
    assert without_overlaps(touching).cells == touching.cells
    assert without_overlaps(over).count == 20
    # Two arrays in one another stay as they are; one that is a nanometre off does not.
    other = rectangles([[400, 400, 500, 500]], Repeat(20, 20, (500, 0), (0, 500)))
    assert without_overlaps(joined([apart, other])).cells == (*apart.cells, *other.cells)
    off = rectangles([[399, 399, 450, 450]], Repeat(20, 20, (500, 0), (0, 500)))
    assert without_overlaps(joined([apart, off])).count == 400
    far = rectangles([[10**6, 0, 10**6 + 5, 5]])
    assert without_overlaps(joined([over, far])).count == 21


def refused(layouts: ModuleType, code: str, patterns: tuple[object, ...], writer: str = "general") -> str:
    with pytest.raises(WetprintError) as caught:
        layout_of(layouts.scene(*patterns), writer_of(writer))
    assert code in {d.code for d in caught.value.diagnostics}
    return str(caught.value)


def test_what_cannot_be_written_is_said(layouts: ModuleType) -> None:
    assert "0 patterns in 0 prints" in refused(layouts, "X750", ())
    with pytest.raises(WetprintError, match="ratih is not a writer"):
        writer_of("ratih")
    far = layouts.given(rectangles([[0, 0, 3_000_000_000, 100]]))
    assert "3000 mm" in refused(layouts, "X757", (layouts.pattern(far),))
    assert "2000 mm" in refused(layouts, "X753", (layouts.pattern(far),), "laser_writer")
    two = layouts.relief_pattern(rectangles([[-500, 0, 500, 1000]]))
    assert "dose classes in one pass" in refused(layouts, "X753", (two,), "calma")
    weak = layouts.relief_pattern(rectangles([[-500, 0, 500, 1000]]), dose=1e-3 * layouts.MJ_CM2)
    assert "dose factor" in refused(layouts, "X751", (weak,))
    blind = layouts.relief_pattern(rectangles([[-500, 0, 500, 1000]]), film=layouts.film(gamma=None))
    assert "no `gamma`" in refused(layouts, "X755", (blind,))


def test_no_cell_is_called_main(layouts: ModuleType) -> None:
    box = layouts.given(rectangles([[0, 0, 100, 100]]))
    made: Layout = layout_of(layouts.scene(layouts.pattern(box), name="main"), writer_of("general"))
    assert made.name == "wp_main"


def test_polygons_keep_their_area_when_they_are_cut(layouts: ModuleType) -> None:
    import shapely
    from wetprint.kernel.flat_simple import simple

    rng = np.random.default_rng(5)
    seen: Counter[str] = Counter()
    for k in range(40):
        whole = shapely.box(0, 0, 4000, 4000)
        for x, y in rng.integers(0, 4000, (12, 2)).tolist():
            a = int(rng.integers(30, 600))
            hole = (
                shapely.box(x - a, y - a, x + a, y + a)
                if k % 2
                else shapely.Point(x, y).buffer(a, quad_segs=3)
            )
            whole = whole.difference(hole)
        flat = from_shapely(whole)
        for most in (4, 5, 12, 199):
            for holes in ("keyhole", "cut"):
                cells = [simple(cell, most, holes) for cell in flat.cells]
                assert all(np.diff(c.rings).max() <= most for c in cells)
                assert all((np.diff(c.polygons) == 1).all() for c in cells)
                assert area_um2(Flat(tuple(cells))) == pytest.approx(area_um2(flat), abs=1e-12)
                seen[holes] += sum(map(len, cells))
                if holes == "cut":
                    rings = [shapely.Polygon(r) for c in cells for r in np.split(c.points_nm, c.rings[1:-1])]
                    assert shapely.is_valid(np.array(rings)).all()
    assert seen["cut"] > seen["keyhole"]


@pytest.mark.usefixtures("klayout")
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("delfin_grating", "gds"),
        ("dose_matrix", "oas"),
        ("dual_colour_pixels", "gds"),
        ("hipin_raster", "oas"),
        ("phase_element", "oas"),
    ],
)
def test_klayout_finds_the_regions_of_an_example(
    layouts: ModuleType, root: Path, tmp_path: Path, name: str, form: str
) -> None:
    """Masks as the language draws them: every dose class of every pass."""
    from wetprint.kernel.films.exposures import exposures
    from wetprint.kernel.films.writing import datatype_of
    from wetprint.lang.load import load

    scene = load(str(root / "examples" / f"{name}.wp")).scene
    assert scene is not None
    passes = [made for pattern in scene.patterns for made in exposures(pattern)]
    expect = {
        f"{number}/{datatype_of(entry.factor)}": layouts.expected(entry.flat)
        for number, made in enumerate(passes, 1)
        for entry in made.classes
    }
    path = tmp_path / f"{name}.{form}"
    write_layout(scene, form, path)
    (said,) = layouts.read_by_klayout([{"file": str(path), "expect": expect}], tmp_path)
    assert set(said["layers"]) == set(expect)
    assert {layer: found["xor"] for layer, found in said["layers"].items() if found["xor"]} == {}
