"""Regions: where the material or the width of filaments differs, or filament is left out, in order of priority."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TypeVar

import numpy as np

from .diagnostics import Diagnostic, Edit, Fix, Related, Span, error, warning
from .fields import Bools, Depth, changes, evaluate
from .film import Film
from .material import Ink
from .scene import Expr, Region
from .shapes.split import Floats, Ints, Lines, Subdivision, chunks, gather, reassemble, subdivide

#: Between two points of a filament the ratio of a live mix strays from a straight course by so much at the most.
BEND = 0.002
#: Ends of a ramp are kinks, which are closed in upon by so many subdivisions.
_PASSES = 8

T = TypeVar("T")


@dataclass
class _Overlap:
    """Where two regions of equal priority hold the same filament: bounding box and length, um."""

    low: Floats = field(default_factory=lambda: np.full(3, np.inf))
    high: Floats = field(default_factory=lambda: np.full(3, -np.inf))
    length_um: float = 0.0


class Tables:
    """Inks and spans in order of first use, with the row of each."""

    def __init__(self) -> None:
        self.inks: list[Ink] = []
        self.spans: list[Span] = []

    def ink(self, ink: Ink | Film) -> int:
        """Row of an ink, or of a film that a part is written in."""
        if isinstance(ink, Film):
            from .voxels.resin import resin_of

            ink = resin_of(ink)
        return _row(self.inks, ink)

    def span(self, span: Span) -> int:
        return _row(self.spans, span)


def _row(table: list[T], item: T) -> int:
    for i, known in enumerate(table):
        if known is item or known == item:
            return i
    table.append(item)
    return len(table) - 1


def apply_regions(
    lines: Lines, regions: list[Region], tables: Tables, depth: Depth | None, say: list[Diagnostic]
) -> Lines:
    """The filaments split at the regions' boundaries (or taken whole), with the regions' material and width.

    Of the regions that hold a piece, the one of highest priority that sets a material or omits decides on that, and
    the one of highest priority that sets a width decides on the width. Faults are added to `say`.
    """
    if not regions or not len(lines):
        return lines
    order = sorted(range(len(regions)), key=lambda i: regions[i].priority)
    groups = [list(g) for _, g in groupby(order, key=lambda i: regions[i].priority)]
    overlaps: dict[tuple[int, int], _Overlap] = {}
    held_um = np.zeros(len(regions))
    odd = [0] * len(regions)
    sample_um = float(lines.width_um.min()) / 4
    done: list[Lines] = []
    sources: list[Ints] = []
    for some in chunks(lines):

        def cuts(start: Floats, step: Floats) -> tuple[Ints, Floats]:
            found = [changes(r.where, start, step, sample_um, depth) for r in regions]
            return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])

        cut = subdivide(some, cuts)
        # Rows of `regions` that decide on material and on width; -1 for none.
        what, wide = (np.full(len(cut.first), -1, dtype=np.int64) for _ in range(2))
        for group in groups:
            taken = np.full(len(cut.first), -1, dtype=np.int64)
            for i in group:
                inside = _members(regions[i], cut, len(some), depth, odd, i)
                held_um[i] += cut.length_um[inside].sum()
                clash = inside & (taken >= 0)
                if clash.any():
                    _note_overlaps(overlaps, cut, clash, taken, i)
                taken[inside] = i
                if regions[i].omit or regions[i].material is not None:
                    what[inside] = i
                if regions[i].filament_um is not None:
                    wide[inside] = i
        n = len(regions) + 1
        omitted = np.array([r.omit for r in regions])[what] & (what >= 0)
        pieces, decision = reassemble(some, cut, np.where(omitted, -1, (what + 1) * n + wide + 1))
        done.append(pieces)
        sources.append(decision)
    del cut, pieces, some
    out = gather(done)
    say += _complaints(regions, overlaps, held_um, odd)
    return _decided(out, np.concatenate(sources), regions, tables)


def _members(
    region: Region, cut: Subdivision, filaments: int, depth: Depth | None, odd: list[int], row: int
) -> Bools:
    value = evaluate(region.where, cut.middle_um, depth)
    if value.dtype != bool:
        odd[row] += int((~np.isfinite(value)).sum())
        value = value != 0
    inside = np.array(value, dtype=bool)
    if region.cut == "whole":
        within = np.bincount(cut.owner, weights=cut.length_um * inside, minlength=filaments)
        whole = np.bincount(cut.owner, weights=cut.length_um, minlength=filaments)
        inside = (within > whole / 2)[cut.owner]
    return inside


def _note_overlaps(
    overlaps: dict[tuple[int, int], _Overlap], cut: Subdivision, clash: Bools, taken: Ints, i: int
) -> None:
    for other in np.unique(taken[clash]):
        both = clash & (taken == other)
        found = overlaps.setdefault((int(other), i), _Overlap())
        ends = np.concatenate([cut.nodes_um[cut.first[both]], cut.nodes_um[cut.first[both] + 1]])
        found.low, found.high = (
            np.minimum(found.low, ends.min(axis=0)),
            np.maximum(found.high, ends.max(axis=0)),
        )
        found.length_um += float(cut.length_um[both].sum())


def _decided(pieces: Lines, decision: Ints, regions: list[Region], tables: Tables) -> Lines:
    n = len(regions) + 1
    what, wide = decision // n - 1, decision % n - 1
    material, origin = pieces.material.copy(), pieces.origin.copy()
    width, height = pieces.width_um.copy(), pieces.height_um.copy()
    counts = np.diff(pieces.offsets)
    for i, region in enumerate(regions):
        here = wide == i
        if region.filament_um is not None and here.any():
            points = np.repeat(here, counts)
            width[points] = height[points] = region.filament_um
            origin[here] = tables.span(region.span)
    for i, region in enumerate(regions):
        here = what == i
        if region.material is not None and here.any():
            material[here] = tables.ink(region.material)
            origin[here] = tables.span(region.span)
    share = _ratios(pieces, what, regions)
    lines = Lines(pieces.points_um, pieces.offsets, width, height, pieces.layer, material, origin, share)
    for ratio in {id(r.share): r.share for r in regions if r.share is not None}.values():
        live = np.isin(what, [i for i, r in enumerate(regions) if r.share is ratio])
        for _ in range(_PASSES):
            finer = _bent(lines, live, ratio)
            if finer is lines:
                break
            lines = finer
    return lines


def _bent(lines: Lines, live: Bools, ratio: Expr) -> Lines:
    """The lines with points put in where the ratio of `live` ones bends between two points, so that it is straight to BEND."""
    counts = np.diff(lines.offsets)
    inner = np.repeat(live, counts)
    inner[lines.offsets[1:] - 1] = False
    a = np.flatnonzero(inner)
    if not len(a) or lines.share is None:
        return lines
    off = np.zeros(len(a))
    for place in (0.25, 0.5, 0.75):
        at = (1.0 - place) * lines.points_um[a] + place * lines.points_um[a + 1]
        chord = (1.0 - place) * lines.share[a] + place * lines.share[a + 1]
        np.maximum(off, np.abs(evaluate(ratio, at) - chord), out=off)
    pieces = np.ones(len(lines.points_um), np.int64)
    # A chord strays by the square of its length.
    pieces[a] = np.maximum(np.ceil(np.sqrt(off / BEND)), 1).astype(np.int64)
    if int(pieces.max()) == 1:
        return lines
    source = np.repeat(np.arange(len(pieces)), pieces)
    part = (np.arange(len(source)) - np.repeat(np.cumsum(pieces) - pieces, pieces)) / pieces[source]
    after = np.minimum(source + 1, len(pieces) - 1)

    def between(values: Floats) -> Floats:
        along = part if values.ndim == 1 else part[:, None]
        return np.where(
            along > 0.0, values[source] + along * (values[after] - values[source]), values[source]
        )

    points, share = between(lines.points_um), lines.share[source]
    new = part > 0.0
    share[new] = evaluate(ratio, points[new])
    offsets = np.append(0, np.cumsum(np.add.reduceat(pieces, lines.offsets[:-1])))
    return replace(
        lines,
        points_um=points,
        offsets=offsets,
        width_um=between(lines.width_um),
        height_um=between(lines.height_um),
        share=share,
    )


def _ratios(pieces: Lines, what: Ints, regions: list[Region]) -> Floats | None:
    """The ratio at each point of the pieces that lie in a step of a live mix; what it was elsewhere."""
    live = [i for i, r in enumerate(regions) if r.share is not None and bool((what == i).any())]
    if not live:
        return pieces.share
    out = np.full(len(pieces.points_um), np.nan) if pieces.share is None else pieces.share.copy()
    counts = np.diff(pieces.offsets)
    out[np.repeat(np.isin(what, [i for i, r in enumerate(regions) if r.material is not None]), counts)] = (
        np.nan
    )
    for expr, steps in groupby(live, key=lambda i: id(regions[i].share)):
        some = list(steps)
        points = np.repeat(np.isin(what, some), counts)
        share = regions[some[0]].share
        assert share is not None and expr == id(share)
        out[points] = evaluate(share, pieces.points_um[points])
    return out


def _outrank(region: Region) -> tuple[Fix, ...]:
    """The region as it must be typed to win; nothing where its block has a priority or is not at hand."""
    text = region.span.text.rstrip("; \n")
    if not text.endswith("}") or "priority" in text:
        return ()
    at = region.span.start + len(text) - 1
    inner = text[:-1].rstrip()
    new = f"priority: {region.priority + 1};"
    new = (" " if inner.endswith((";", "{", "}")) else "; ") + new
    place = Span(region.span.source, region.span.start + len(inner), at)
    return (Fix(f"give '{region.name}' the higher priority", (Edit(place, f"{new} "),)),)


def _within_gradient(regions: list[Region], held_um: Floats, i: int) -> bool:
    """Whether a step of a gradient may be empty in silence: other steps hold something, or the first one has spoken."""
    name = regions[i].gradient
    steps = [j for j, r in enumerate(regions) if name and r.gradient == name]
    return bool(steps) and (i != steps[0] or bool((held_um[steps] > 0).any()))


def _complaints(
    regions: list[Region], overlaps: dict[tuple[int, int], _Overlap], held_um: Floats, odd: list[int]
) -> list[Diagnostic]:
    said = []
    for (i, j), found in sorted(overlaps.items()):
        a, b = regions[i], regions[j]
        box = ", ".join(
            f"{axis} {low:.6g} to {high:.6g}"
            for axis, low, high in zip("xyz", found.low, found.high, strict=True)
        )
        said.append(
            error(
                "E408",
                f"{found.length_um:.6g} um of filament lies in region '{a.name}' and in region '{b.name}', both of "
                f"priority {b.priority}",
                b.span,
                label="give one of them a higher priority",
                related=(Related(a.span, f"region '{a.name}'"),),
                notes=(f"they share {box} um",),
                fixes=_outrank(b),
            )
        )
    for i, region in enumerate(regions):
        if odd[i]:
            said.append(
                error(
                    "E410",
                    f"the field of region '{region.name}' has no finite value at {odd[i]} places of the part",
                    region.where.span,
                    label="a region needs a yes or a no everywhere",
                )
            )
        if held_um[i] == 0 and not _within_gradient(regions, held_um, i):
            said.append(
                warning(
                    "E409",
                    f"region '{region.gradient or region.name}' holds no filament of '{region.part}'",
                    region.span,
                    label="nothing lies in it",
                )
            )
    return said
