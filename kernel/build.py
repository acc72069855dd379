"""From the scene to filaments: every part of every print built, clipped, split into regions and placed, in the drawn state."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from . import scene, solids
from .diagnostics import Diagnostic, Severity, error, warning
from .drying.hold import in_bath
from .fields import Depth, solids_of
from .filaments import QUANTUM_UM, FilamentSet, Floats, State, keep_memory
from .lattice import MOST_POINTS, Strands
from .lattices import LATTICES
from .material import Bath, Resin
from .paths import PATHS, lines_of
from .regions import Tables, apply_regions
from .scene import Lattice, Path, Placed, Print, Region, Scene, Solid, StateName, Union, walk
from .shapes.clip import clip
from .shapes.faults import empty_lattice, lattice_faults, mended, positive, solid_fault, span_of, too_many
from .shapes.planar import layer_values
from .shapes.split import Ints, Lines, concatenate

if TYPE_CHECKING:
    from .drying.models import Drying
    from .voxels.writing import Light

_DECIMALS = round(-math.log10(QUANTUM_UM))


@dataclass(frozen=True)
class Job:
    """One print of a design, built: `filaments` in the drawn state, or in both once it has been dried; `drying` then says how.
    A print that is written with light has both from the start, and `light`."""

    name: str
    print: Print
    filaments: FilamentSet
    drying: Drying | None = None
    light: Light | None = None


def build(design: Scene) -> tuple[tuple[Job, ...], list[Diagnostic]]:
    """Every print of the scene in its drawn state, and what is to be said. A design's faults are diagnostics (E4xx),
    never exceptions; a print that has an error of its own gives no job.
    """
    keep_memory()
    jobs: list[Job] = []
    said: list[Diagnostic] = []
    made = _Builder(design)
    for p in design.prints:
        made.say = []
        lines = made.part(p.part)
        if lines is not None and not len(lines) and not _has_error(made.say):
            made.say.append(
                error("E404", f"'{p.part.name}' holds no filament", p.span, label="nothing to print")
            )
        if lines is not None and len(lines) and not _has_error(made.say):
            frozen = _freeze(lines, made.tables, design.state, p.bath, last=p is design.prints[-1])
            job = Job(_own_name(p.part.name or design.name, jobs), p, frozen)
            jobs += _processed(job, design, made.say)
        said += [d for d in made.say if d not in said]
    return tuple(jobs), said


def _processed(job: Job, design: Scene, say: list[Diagnostic]) -> tuple[Job, ...]:
    """The job as its process makes it, or none where a fault (said) keeps it from that."""
    if job.print.process == "two_photon":
        from .voxels.predict import lit

        lighted, faults = lit(job, design)
        say += faults
        return () if lighted is None else (lighted,)
    films = [ink for ink in job.filaments.inks if isinstance(ink, Resin)]
    if films:
        say.append(
            error(
                "W278",
                f"{films[0].name} is a film, which is no ink; an ink was expected in what is printed",
                job.print.span,
                label=f"`{job.name}` is made of it",
                notes=("`print ... { process: two_photon; ... }` writes it with light",),
            )
        )
    return () if films else (job,)


def _own_name(name: str, jobs: list[Job]) -> str:
    """The name, with a number behind it where an earlier job has it."""
    known = {job.name for job in jobs}
    return next(n for n in (name, *(f"{name}-{i}" for i in range(2, len(jobs) + 3))) if n not in known)


def _has_error(said: list[Diagnostic]) -> bool:
    return any(d.severity is Severity.ERROR for d in said)


def _freeze(lines: Lines, tables: Tables, state: StateName, bath: Bath | None, *, last: bool) -> FilamentSet:
    """Paths rounded to the quantum, tables cut to the rows in use, in order of first use. After the `last` print of a design
    nobody needs its paths any more: they are rounded where they stand."""
    points = np.ascontiguousarray(lines.points_um, dtype=np.float64)
    if not (last and points.flags.writeable):
        points = points.copy()
    for at in range(0, len(points), 1 << 15):
        some = points[at : at + (1 << 15)]
        np.round(some, _DECIMALS, out=some)
        some += 0.0  # no negative zeros: equal paths are equal bytes
    material, inks = _used(lines.material, tables.inks)
    origin, spans = _used(lines.origin, tables.spans)
    one = State(points, lines.width_um, lines.height_um)
    return FilamentSet(
        lines.offsets.astype(np.int64),
        material.astype(np.int16),
        lines.layer.astype(np.int32),
        origin.astype(np.int32),
        tuple(in_bath(ink, bath) for ink in inks),
        spans,
        wet=one if state == "wet" else None,
        dried=one if state == "dried" else None,
        share=lines.share,
    )


def _used(rows: Ints, table: list[Any]) -> tuple[Ints, tuple[Any, ...]]:
    values, first = np.unique(rows, return_index=True)
    order = values[np.argsort(first, kind="stable")]
    renumber = np.zeros(len(table), dtype=np.int64)
    renumber[order] = np.arange(len(order))
    return renumber[rows], tuple(table[i] for i in order)


class _Builder:
    """Builds parts; each part once however often it is placed."""

    def __init__(self, design: Scene) -> None:
        self.regions: dict[str, list[Region]] = {}
        for region in design.regions:
            self.regions.setdefault(region.part, []).append(region)
        self.tables = Tables()
        self.say: list[Diagnostic] = []
        self._done: dict[int, tuple[scene.Part, Lines | None, list[Diagnostic]]] = {}

    def part(self, part: scene.Part) -> Lines | None:
        """The part's filaments, None where a fault (said) kept it from being built."""
        known = self._done.get(id(part))
        if known is None:
            outer, self.say = self.say, []
            try:
                lines = self._build(part)
            except MemoryError:
                self.say.append(error("E405", f"'{part.name}' does not fit in memory", part.span))
                lines = None
            except RecursionError:
                self.say.append(error("E405", f"'{part.name}' is nested too deep", part.span))
                lines = None
            known = self._done[id(part)] = (part, lines, self.say)
            self.say = outer
        self.say += [d for d in known[2] if d not in self.say]
        return known[1]

    def _build(self, part: scene.Part) -> Lines | None:
        depth: Depth | None = None
        if isinstance(part, Lattice):
            lines = self._lattice(part)
            depth = None if lines is None else _depth(part)
        elif isinstance(part, Path):
            lines = self._path(part)
        elif isinstance(part, Placed):
            lines = self._placed(part)
        else:
            lines = self._union(part)
        if lines is None:
            return None
        here = self.regions.get(part.name, []) if part.name else []
        regions = [r for r in here if self._sound(r, depth)]
        return apply_regions(lines, regions, self.tables, depth, self.say)

    def _sound(self, region: Region, depth: Depth | None) -> bool:
        faults = [f for s in solids_of(region.where) if (f := solid_fault(s, s.span)) is not None]
        if region.filament_um is not None and not positive(region.filament_um):
            faults.append(
                error(
                    "E402",
                    f"filament of region '{region.name}' is {region.filament_um:g} um, it must be above zero",
                    region.span,
                )
            )
        if depth is None and any(e.op == "coord" and e.args[0] == "depth" for e in walk(region.where)):
            faults.append(
                error(
                    "E410",
                    f"region '{region.name}' asks for the depth in '{region.part}', which is no lattice",
                    region.where.span,
                    label="a lattice has a surface to be below of; name the lattice instead",
                )
            )
        self.say += faults
        if not faults:
            self.say += [d for s in solids_of(region.where) for d in mended(s, region.where.span)]
        return not faults

    def _lattice(self, node: Lattice) -> Lines | None:
        if node.kind not in LATTICES:
            self.say.append(error("E400", f"there is no lattice called '{node.kind}'", node.span))
            return None
        kind = LATTICES[node.kind]
        node = Lattice(
            node.name, node.kind, kind.complete(dict(node.fields)), node.layers, node.span, node.spans
        )
        faults = lattice_faults(node)
        if faults:
            self.say += faults
            return None
        expected = kind.estimate(node)
        if expected > MOST_POINTS:
            self.say.append(too_many(f"lattice '{node.name}'", expected, span_of(node, "pitch")))
            return None
        if isinstance(node.fields.get("clip"), Solid):
            self.say += mended(node.fields["clip"], span_of(node, "clip"))
        strands = kind.build(node)
        if len(strands.points_um) > MOST_POINTS:
            self.say.append(
                too_many(f"lattice '{node.name}'", float(len(strands.points_um)), span_of(node, "pitch"))
            )
            return None
        lines = self._dressed(node, strands)
        solid = node.fields.get("clip")
        if strands.level is not None:
            lines = replace(lines, layer=strands.level.astype(np.int64))
        if solid is not None and not strands.clipped:
            lines = clip(lines, solid)
        lines = self._without_slivers(node, lines)
        if not len(lines):
            self.say.append(empty_lattice(node))
            return None
        return lines

    def _dressed(self, node: Lattice, strands: Strands) -> Lines:
        """Material, width and origin of every filament, by its layer."""
        materials = layer_values(node, "material")
        rules = {rule.index: rule for rule in node.layers}
        ink, origin = [], []
        for k, material in enumerate(materials):
            one = material[k % len(material)] if isinstance(material, tuple | list) else material
            ink.append(self.tables.ink(one))
            rule = rules.get(k)
            place = rule.spans.get("material") if rule is not None else None
            origin.append(self.tables.span(place or span_of(node, "material")))
        width = np.array(layer_values(node, "filament"), dtype=float)[strands.layer]
        per_point = np.repeat(width, strands.counts)
        return Lines(
            strands.points_um,
            np.concatenate([[0], np.cumsum(strands.counts)]).astype(np.int64),
            per_point,
            per_point,
            strands.layer.astype(np.int64),
            np.array(ink, dtype=np.int64)[strands.layer],
            np.array(origin, dtype=np.int64)[strands.layer],
        )

    def _without_slivers(self, node: Lattice, lines: Lines) -> Lines:
        if not len(lines):
            return lines
        width = lines.width_um[lines.offsets[:-1]]
        if (lines.spans_um() >= width).all():
            return lines
        length = lines.lengths_um()
        keep = length >= width * (1 - 1e-9)
        # What is shorter than a thousandth of its width is a touch of a corner and no piece at all.
        slivers = ~keep & (length > 1e-3 * width)
        if slivers.any():
            n, total = int(slivers.sum()), float(length[slivers].sum())
            self.say.append(
                warning(
                    "E407",
                    f"{n} {'piece' if n == 1 else 'pieces'} shorter than the filament width left out, "
                    f"{total:.4g} um of {length.sum():.6g} um",
                    span_of(node, "clip" if node.fields.get("clip") is not None else "size"),
                    label="cut off so near to an edge that no filament would form",
                )
            )
        return lines.take(keep)

    def _path(self, node: Path) -> Lines | None:
        if node.kind not in PATHS:
            self.say.append(error("E400", f"there is no path called '{node.kind}'", node.span))
            return None
        return lines_of(node, self.tables, self.say)

    def _placed(self, node: Placed) -> Lines | None:
        lines = self.part(node.part)
        if lines is None:
            return None
        matrices = np.array(node.matrices, dtype=float).reshape(-1, 3, 4)
        scales = np.cbrt(np.abs(np.linalg.det(matrices[:, :, :3]))) if np.isfinite(matrices).all() else None
        if scales is None or not len(matrices) or scales.min(initial=np.inf) < 1e-9:
            self.say.append(error("E403", f"'{node.name}' has no copies, or a copy squeezed flat", node.span))
            return None
        if len(matrices) * len(lines.points_um) > MOST_POINTS:
            self.say.append(
                too_many(f"'{node.name}'", float(len(matrices) * len(lines.points_um)), node.span)
            )
            return None
        return place(lines, matrices, scales)

    def _union(self, node: Union) -> Lines | None:
        parts = [self.part(p) for p in node.parts]
        built = [p for p in parts if p is not None]
        if len(built) < len(parts) or not built:
            return None
        if sum(len(p.points_um) for p in built) > MOST_POINTS:
            self.say.append(
                too_many(f"'{node.name}'", float(sum(len(p.points_um) for p in built)), node.span)
            )
            return None
        lines = concatenate(built)
        source = np.repeat(np.arange(len(built)), [len(p) for p in built])
        return relayered(lines, source)


def place(lines: Lines, matrices: Floats, scales: Floats) -> Lines:
    """Copies of the filaments under `matrices[M,3,4]`; widths scale by the cube root of the determinant, `scales[M]`."""
    m, f, p = len(matrices), len(lines), len(lines.points_um)
    turned = np.einsum("mij,pj->mpi", matrices[:, :, :3], lines.points_um)
    turned += matrices[:, None, :, 3]
    scales = np.round(scales, 12)  # the determinant of a rotation is 1 but for rounding
    starts = lines.offsets[:-1][None, :] + (np.arange(m) * p)[:, None]
    out = Lines(
        turned.reshape(-1, 3),
        np.append(starts.reshape(-1), m * p).astype(np.int64),
        (scales[:, None] * lines.width_um).reshape(-1),
        (scales[:, None] * lines.height_um).reshape(-1),
        np.tile(lines.layer, m),
        np.tile(lines.material, m),
        np.tile(lines.origin, m),
        None if lines.share is None else np.tile(lines.share, m),
    )
    level = matrices[:, 2, :]
    if np.allclose(level[:, :3], (0, 0, 1), atol=1e-12) and np.ptp(level[:, 3]) < QUANTUM_UM:
        return out
    return relayered(out, np.repeat(np.arange(m), f))


def relayered(lines: Lines, source: Ints) -> Lines:
    """Layers counted anew, by height: the layers of the `source[F]` copies that lie at one mean height become one."""
    if not len(lines) or (source == source[0]).all():
        return lines
    group = source * (int(lines.layer.max()) + 1) + lines.layer
    names, member = np.unique(group, return_inverse=True)
    z = lines.points_um[:, 2]
    counts = np.diff(lines.offsets)
    total = np.bincount(np.repeat(member, counts), weights=z, minlength=len(names))
    mean = total / np.bincount(member, weights=counts, minlength=len(names))
    heights = np.rint(mean / (10 * QUANTUM_UM))
    rank = np.unique(heights, return_inverse=True)[1]
    return Lines(
        lines.points_um,
        lines.offsets,
        lines.width_um,
        lines.height_um,
        rank[member].astype(np.int64),
        lines.material,
        lines.origin,
        lines.share,
    )


def _depth(node: Lattice) -> Depth | None:
    """Depth below the surface of the lattice's envelope: its `clip` solid, or the block of its `size` and `height`."""
    solid = node.fields.get("clip")
    if solid is None:
        complete = LATTICES[node.kind].complete(dict(node.fields))
        if complete.get("size") is None or complete.get("height") is None:
            return None
        sx, sy = complete["size"]
        solid = Solid("box", {"size": (sx, sy, complete["height"])}, node.span)
    envelope: Solid = solid
    return lambda points_um: -solids.distance(envelope, points_um)
