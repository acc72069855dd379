"""Layout files: the patterns of a design as polygons, one layer for each pass of each film, for mask and beam writers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

import numpy as np

from ..kernel.diagnostics import Diagnostic, WetprintError, error
from ..kernel.files import writing
from ..kernel.films.exposures import Exposure, exposures
from ..kernel.films.writing import FACTOR_UNIT, MOST_DATATYPE, datatype_of
from ..kernel.flat import Cell, Flat, Repeat, copied_out
from ..kernel.flat_simple import Holes, simple
from ..kernel.process import patterns_of
from ..kernel.registry import Registry
from ..kernel.scene import Pattern, Scene
from .layout_writers import Writer, writer_of

if TYPE_CHECKING:
    from ..kernel.diagnostics import Span

#: Coordinates of both formats that matter are signed numbers of four bytes, in nm.
MOST_NM = 2**31 - 1
#: Columns and rows of one array: numbers of two bytes in GDSII.
MOST_COPIES = 32_767


@dataclass(frozen=True, eq=False)
class Shapes:
    """Polygons of one dose class, each one ring with no more corners than the writer takes. `factor` times the dose of the pattern;
    `thickness_um` of a relief."""

    datatype: int
    factor: float
    cells: tuple[Cell, ...]
    region: Flat
    thickness_um: float | None = None


@dataclass(frozen=True, eq=False)
class Layer:
    """One pass: layer `number` of the file. `item` is its row in `scene.job`, `step` its place among `steps` passes of that pattern."""

    number: int
    item: int
    pattern: Pattern
    step: int
    steps: int
    classes: tuple[Shapes, ...]

    @property
    def name(self) -> str:
        """Name of the layer: film and pattern, and the pass where there are several."""
        tail = f"_{self.step}" if self.steps > 1 else ""
        return clean(f"{self.pattern.film.name}_{self.pattern.name}{tail}")


@dataclass(frozen=True, eq=False)
class Layout:
    """All layers of a design, in order of its job, as one writer takes them."""

    name: str
    writer: Writer
    layers: tuple[Layer, ...]

    def shapes(self) -> Iterator[tuple[Layer, Shapes, int, Cell]]:
        """Every cell of polygons, with its number within its class."""
        for layer in self.layers:
            for group in layer.classes:
                for k, cell in enumerate(group.cells):
                    yield layer, group, k, cell


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: bytes | memoryview, /) -> int: ...


class LayoutFormat(Protocol):
    """A member of the register of layout formats: one file in layouts/."""

    name: str
    doc: str
    #: How it has holes, where it leaves the writer no choice.
    holes: Holes | None

    def write(self, layout: Layout, out: Sink) -> None:
        """Write the file. Same layout, same bytes: no clock, no place, no random number."""
        ...


LAYOUTS: Registry[LayoutFormat] = Registry(
    "layouts",
    "wetprint.backends",
    {
        "gds": ".layouts.gds:GDS",
        "oas": ".layouts.oas:OAS",
        "dxf": ".layouts.dxf:DXF",
    },
)


def clean(name: str, most: int = 127) -> str:
    """A name of letters, digits and `_` alone, at most `most` characters."""
    return re.sub(r"[^A-Za-z0-9_]", "_", name)[:most] or "_"


def layout_of(scene: Scene, writer: Writer) -> Layout:
    """The patterns of a design as a writer takes them.

    Raises WetprintError: X750 no pattern, X751 a dose factor that no datatype holds, X753 a rule of the writer, X755 a relief that no
    dose can make, X757 more polygons than can be held, or too far out.
    """
    found = patterns_of(scene)
    if not found:
        raise WetprintError(
            error(
                "X750",
                f"0 patterns in {len(scene.prints)} print{'' if len(scene.prints) == 1 else 's'}: a layout file holds masks",
                notes=("`pattern MASK { film: ...; process: ...; }` exposes a mask into a film",),
            )
        )
    layers: list[Layer] = []
    trouble: list[Diagnostic] = []
    for item, pattern in found:
        try:
            passes = exposures(pattern)
        except ValueError as caught:
            code = "X755" if pattern.fields.get("relief") is not None else "X757"
            trouble.append(error(code, str(caught), pattern.span))
            continue
        for step, exposed in enumerate(passes, 1):
            classes = _classes(pattern, exposed, writer, trouble)
            layers.append(Layer(len(layers) + 1, item, pattern, step, len(passes), classes))
    made = Layout(_top_name(scene.name, writer), writer, tuple(layers))
    trouble += [*_rules(made), *_reach(made)]
    if trouble:
        raise WetprintError(*trouble)
    return made


def _classes(
    pattern: Pattern, exposed: Exposure, writer: Writer, trouble: list[Diagnostic]
) -> tuple[Shapes, ...]:
    """Polygons of each dose class; what stands against them goes to `trouble`."""
    out = []
    if writer.doses == "one" and len({c.factor for c in exposed.classes}) > 1:
        trouble.append(
            error(
                "X753",
                f"{len(exposed.classes)} dose classes in one pass; writer `{writer.name}` gives a pass one dose",
                pattern.span,
                notes=(
                    "`--writer general` writes dose classes as datatypes",
                    '`split: "passes"` makes passes of a relief',
                ),
            )
        )
        return ()
    for entry in exposed.classes:
        number = 0 if writer.doses == "one" else datatype_of(entry.factor)
        if number is None:
            trouble.append(
                error(
                    "X751",
                    f"dose factor {entry.factor:.4g}; a datatype holds {1 / FACTOR_UNIT:g} to {MOST_DATATYPE / FACTOR_UNIT:g}",
                    pattern.spans.get("dose", pattern.span),
                    notes=("another `dose` of the pattern: factors are shares of it",),
                )
            )
            continue
        cells = (simple(cell, writer.corners, writer.holes) for cell in entry.flat.cells if len(cell))
        arrays = tuple(array for cell in cells for array in _arrays(cell, writer))
        out.append(Shapes(number, entry.factor, arrays, entry.flat, entry.thickness_um))
    merged: dict[int, Shapes] = {}
    for shapes in out:
        if (other := merged.get(shapes.datatype)) is not None:
            # Factors that differ by less than a datatype can tell are one class.
            shapes = Shapes(
                other.datatype, other.factor, other.cells + shapes.cells,
                Flat(other.region.cells + shapes.region.cells), shapes.thickness_um,
            )  # fmt: skip
        merged[shapes.datatype] = shapes
    return tuple(merged.values())


def _arrays(cell: Cell, writer: Writer) -> list[Cell]:
    """A cell with its repeat as formats have it: columns along +x and rows along +y where it runs along the axes, at most MOST_COPIES
    each way, copied out where the writer takes no array like it."""
    r = cell.repeat
    if r.count == 1:
        return [cell]
    (a, n), (b, m) = _straight((r.a_nm, r.columns), (r.b_nm, r.rows))
    origin = np.array(r.origin_nm)
    turned = []
    for k, (vector, count) in enumerate(((a, n), (b, m))):
        if vector[k] < 0 and vector[1 - k] == 0:
            origin = origin + (count - 1) * np.array(vector)
            vector = (-vector[0], -vector[1])
        turned.append((vector, count))
    (a, n), (b, m) = turned
    if writer.arrays == "straight" and ((n > 1 and a[1] != 0) or (m > 1 and b[0] != 0)):
        return [copied_out(Flat((cell,)))]
    out = []
    for i in range(0, n, MOST_COPIES):
        for j in range(0, m, MOST_COPIES):
            x, y = (origin + i * np.array(a) + j * np.array(b)).tolist()
            part = Repeat(min(n - i, MOST_COPIES), min(m - j, MOST_COPIES), a, b, (x, y))
            out.append(Cell(cell.points_nm, cell.rings, cell.polygons, part, cell.apart))
    return out


def _straight(
    a: tuple[tuple[int, int], int], b: tuple[tuple[int, int], int]
) -> tuple[tuple[tuple[int, int], int], tuple[tuple[int, int], int]]:
    """Columns and rows as (vector, count): the one along x first, where the array runs along the axes; a single copy along nothing."""
    a, b = (v if v[1] > 1 else ((0, 0), 1) for v in (a, b))
    turned = a[0][0] == 0 and b[0][1] == 0
    return (b, a) if turned else (a, b)


def _top_name(name: str, writer: Writer) -> str:
    """Name of the top cell; not one that the writer forbids."""
    made = clean(name, writer.names)
    return clean(f"wp_{made}", writer.names) if made.lower() in writer.forbidden else made


def _rules(layout: Layout) -> Iterator[Diagnostic]:
    """What the writer does not take."""
    writer = layout.writer
    if len(layout.layers) > writer.layers:
        yield error(
            "X753", f"{len(layout.layers)} passes; writer `{writer.name}` has layers 1 to {writer.layers}"
        )
    arrays = sum(cell.repeat.count > 1 for *_, cell in layout.shapes())
    if writer.references is not None and arrays > writer.references:
        yield error(
            "X753",
            f"{arrays} arrays; writer `{writer.name}` takes {writer.references} references",
            _span(layout),
        )
    if writer.extent_mm is not None:
        for layer in layout.layers:
            far = _far_nm(layer)
            if far > writer.extent_mm * 1e6:
                yield error(
                    "X753",
                    f"{far / 1e6:.6g} mm from the origin; writer `{writer.name}` reaches {writer.extent_mm:g} mm",
                    layer.pattern.span,
                )


def _reach(layout: Layout) -> Iterator[Diagnostic]:
    for layer in layout.layers:
        if (far := _far_nm(layer)) > MOST_NM:
            yield error(
                "X757",
                f"{far / 1e6:.6g} mm from the origin; a layout file reaches {MOST_NM / 1e6:g} mm",
                layer.pattern.span,
            )


def _far_nm(layer: Layer) -> int:
    bounds = [Flat(group.cells).bounds_nm() or (0,) for group in layer.classes]
    return max((abs(v) for box in bounds for v in box), default=0)


def _span(layout: Layout) -> Span:
    return layout.layers[0].pattern.span


@dataclass(frozen=True)
class Written:
    """What was written: the manifest beside the layout file, and how much is in it."""

    manifest: Path
    layers: int
    polygons: int

    def __str__(self) -> str:
        layers = f"{self.layers} layer{'' if self.layers == 1 else 's'}"
        polygons = f"{self.polygons} polygon{'' if self.polygons == 1 else 's'}"
        return f"{layers}, {polygons}, raw: no proximity correction"


def write_layout(scene: Scene, name: str, path: Path, writer: str = "general", design: str = "") -> Written:
    """Write the patterns of a design in the format `name` to `path`, and a manifest beside it (`path` with .json behind it). `design`: its
    hash. Raises as `layout_of` does; X752 the writer is not known, X754 a library is not installed."""
    from .layouts.manifest import manifest_text

    form, profile = LAYOUTS[name], writer_of(writer)
    if form.holes is not None:
        profile = replace(profile, holes=form.holes)
    layout = layout_of(scene, profile)
    digest = hashlib.sha256()
    with writing(Path(path)) as out:
        form.write(layout, Hashed(out, digest))
    beside = path.with_name(path.name + ".json")
    with writing(beside) as out:
        out.write(manifest_text(layout, scene, path.name, digest.hexdigest(), design).encode())
    polygons = sum(len(cell) * cell.repeat.count for *_, cell in layout.shapes())
    return Written(beside, len(layout.layers), polygons)


class Hashed:
    """A stream whose bytes are hashed on their way."""

    def __init__(self, out: BinaryIO, digest: hashlib._Hash) -> None:
        self._out, self._digest = out, digest

    def write(self, data: bytes | memoryview) -> int:
        self._digest.update(data)
        return self._out.write(data)
