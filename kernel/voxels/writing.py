"""Writing: every line of voxels of a part with its power, in the order in which it is written, and how long that takes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ..filaments import QUANTUM_UM, FilamentSet, Floats, Ints, State
from ..quantity import MILLIWATT
from .blocks import Pieces, pieces_of
from .order import Bools, Graph, afloat, graph_of, order_of
from .sections import Rows, Sections, fill, ranges, rows_of
from .settings import Settings

#: Decimals of a um that the quantum leaves.
DECIMALS = round(-math.log10(QUANTUM_UM))


@dataclass(frozen=True, slots=True, eq=False)
class Writing:
    """L lines in the order of writing, over P points, in part coordinates, rounded to the quantum.

    `lines`: a FilamentSet whose width and height are those of the voxels; its two states are that which is written and that which
    dries. `power[P]` in kernel units; `strut int64[L]`: row of what stands; `block int64[L]`: row of `origin_um[B,3]`; `floats
    bool[L]`: lines of pieces that touch nothing when they are written. `cuts`: struts cut at seams, counted once a cut.
    `origin_um`: from where the coordinates of a block count: its middle where mirrors scan, the lower corner of its lines where a stage
    does; upwards the lowest focus of its tier (`tier int64[B]`), on the substrate 0 if that is higher.
    """

    lines: FilamentSet
    power: Floats
    strut: Ints
    block: Ints
    floats: Bools
    origin_um: Floats
    tier: Ints
    cuts: int
    how: Settings

    def lengths_um(self) -> Floats:
        """Length of every line as it is written, [L]."""
        first, owner = self.lines.segments()
        p = self.lines.state("wet").points_um
        step = np.linalg.norm(p[first + 1] - p[first], axis=1)
        return np.bincount(owner, step, len(self.lines)).astype(np.float64)

    @property
    def top_um(self) -> float:
        """How high above the substrate the focus gets."""
        return float(self.lines.state("wet").points_um[:, 2].max(initial=0.0)) - self.how.interface

    def times_s(self) -> Floats:
        """When each line ends, from the start, as far as is known: unknown times of ends and ways count nothing, [L]."""
        spent = self.lengths_um() / self.how.scan_speed + (self.how.line_time or 0.0)
        spent[1:] += (self.how.block_time or 0.0) * (np.diff(self.block) != 0)
        return np.cumsum(spent)

    def as_dict(self) -> dict[str, Any]:
        """Figures of the writing, for `wp plan --json`. What nobody knows is None; `time_s` is so where any part of it is."""
        n, blocks = len(self.lines), len(self.origin_um)
        length = float(self.lengths_um().sum())
        scan = length / self.how.scan_speed
        ends = None if self.how.line_time is None else n * self.how.line_time
        ways = 0.0 if blocks == 1 else None
        if blocks > 1 and self.how.block_time is not None:
            ways = (blocks - 1) * self.how.block_time
        known = None if ends is None or ways is None else scan + ends + ways
        low, high = (float(self.power.min()), float(self.power.max())) if n else (0.0, 0.0)
        percent = None
        if self.how.full_power is not None:
            percent = [float(self.how.percent(low)), float(self.how.percent(high))]
        return {
            "lines": n,
            "points": self.lines.point_count,
            "length_um": length,
            "blocks": blocks,
            "tiers": len(np.unique(self.tier)),
            "cuts": self.cuts,
            "floating_lines": int(self.floats.sum()),
            "time_s": known,
            "scan_s": scan,
            "line_ends_s": ends,
            "block_moves_s": ways,
            "power_mw": [low / MILLIWATT, high / MILLIWATT],
            "power_percent": percent,
            "voxel_um": [
                [float(x.min()), float(x.max())] if n else [0.0, 0.0]
                for x in (self.lines.state("wet").width_um, self.lines.state("wet").height_um)
            ],
        }


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """What two-photon writing makes of a print: `sections` of its struts, from which lines and contacts are found when they are
    asked for."""

    struts: FilamentSet
    sections: Sections
    how: Settings
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> Rows:
        if "rows" not in self.kept:
            self.kept["rows"] = rows_of(self.sections, self.how)
        found: Rows = self.kept["rows"]
        return found

    @property
    def apart_um(self) -> tuple[float, float]:
        """The largest distance of lines of one strut beside each other, and above each other; 0 where there is one."""
        s = self.sections
        rows = s.rows_at
        above = np.where(rows > 1, 2.0 * s.lift_um() / np.maximum(rows - 1, 1), 0.0)
        return float(self.rows.apart_um.max(initial=0.0)), float(above.max(initial=0.0))

    @property
    def graph(self) -> Graph:
        if "graph" not in self.kept:
            self.kept["graph"] = graph_of(self.struts, self.how)
        found: Graph = self.kept["graph"]
        return found

    @property
    def afloat(self) -> Bools:
        if "afloat" not in self.kept:
            self.kept["afloat"] = afloat(self.graph)
        found: Bools = self.kept["afloat"]
        return found

    @property
    def pieces(self) -> Pieces:
        if "pieces" not in self.kept:
            self.kept["pieces"] = pieces_of(self.struts, self.sections.points_um, self.how)
        found: Pieces = self.kept["pieces"]
        return found

    @property
    def order(self) -> tuple[Ints, Bools]:
        if "order" not in self.kept:
            self.kept["order"] = order_of(self.struts, self.pieces, self.graph)
        found: tuple[Ints, Bools] = self.kept["order"]
        return found

    @property
    def writing(self) -> Writing:
        if "writing" not in self.kept:
            self.kept["writing"] = write(self)
        found: Writing = self.kept["writing"]
        return found


def write(light: Light) -> Writing:
    """All lines of a print."""
    struts, s, how, pieces = light.struts, light.sections, light.how, light.pieces
    order, floats = light.order
    of, row, across, level = fill(light.rows)
    first = np.searchsorted(of, np.arange(len(struts)))
    many = np.diff(np.append(first, len(of)))
    # Lines of every piece in its turn: the contours of a row first, then what they enclose, row upon row.
    inner = _inner(of, row, how.contours)
    rank = np.lexsort((across, inner, row, of))
    piece = np.repeat(order, many[pieces.strut[order]])
    line = rank[ranges(first[pieces.strut[order]], many[pieces.strut[order]])]
    counts = np.diff(pieces.offsets)[piece]
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    back = _backwards(pieces, struts, piece)
    step = np.where(back, -1, 1)
    start = np.where(back, pieces.offsets[piece + 1] - 1, pieces.offsets[piece])
    of_line = np.repeat(np.arange(len(piece)), counts)
    point = start[of_line] + step[of_line] * (np.arange(offsets[-1]) - offsets[of_line])
    cut = s.at(pieces.at, np.diff(pieces.offsets))
    lift = cut.lift_um()[point] * level[line][of_line]
    out = cut.reach_um(lift, point) * across[line][of_line]
    path = cut.points_um[point] + out[:, None] * cut.side[point] + lift[:, None] * cut.up[point]
    strut = pieces.strut[piece]
    wet = State(np.round(path, DECIMALS) + 0.0, cut.voxel_wide_um[point], cut.voxel_high_um[point])
    scale = 1.0 - how.shrink
    dried = State(wet.points_um * scale, wet.width_um * scale, wet.height_um * scale) if how.shrink else wet
    lines = FilamentSet(
        offsets, struts.material[strut], struts.layer[strut], struts.origin[strut], struts.inks, struts.spans,
        wet, dried,
    )  # fmt: skip
    block = pieces.block[piece]
    origin = _origins(pieces, block, lines, how)
    return Writing(
        lines, cut.power[point], strut, block, floats[piece], origin, pieces.tier, pieces.cuts, how
    )


def _origins(pieces: Pieces, block: Ints, lines: FilamentSet, how: Settings) -> Floats:
    """From where the coordinates of each block count, [B,3]."""
    # Lines follow each other block by block, and every block has some.
    first = lines.offsets[np.searchsorted(block, np.arange(len(pieces.centre_um)))]
    low = np.minimum.reduceat(lines.state("wet").points_um, first, axis=0)
    base = np.full(int(pieces.tier.max()) + 1, np.inf)
    np.minimum.at(base, pieces.tier, low[:, 2])
    base[0] = min(base[0], 0.0)
    flat = low[:, :2] if how.mode == "piezo" else pieces.centre_um
    return np.column_stack([flat, base[pieces.tier]])


def _inner(of: Ints, row: Ints, contours: int) -> npt.NDArray[np.bool_]:
    """Lines of a row that lie within its `contours` outermost ones on either side, [L]."""
    if not contours:
        return np.zeros(len(of), bool)
    key = np.ones(len(of), bool)
    key[1:] = (of[1:] != of[:-1]) | (row[1:] != row[:-1])
    first = np.flatnonzero(key)
    many = np.diff(np.append(first, len(of)))
    at = np.arange(len(of)) - np.repeat(first, many)
    return np.asarray(np.minimum(at, np.repeat(many, many) - 1 - at) >= contours)


def _backwards(pieces: Pieces, struts: FilamentSet, piece: Ints) -> npt.NDArray[np.bool_]:
    """Lines that are written from the last point of their piece to the first: those that would go down, and of level ones
    every other."""
    z = pieces.at(struts.state("wet").points_um[:, 2])
    rise = (z[pieces.offsets[1:] - 1] - z[pieces.offsets[:-1]])[piece]
    return np.where(np.abs(rise) < QUANTUM_UM, np.arange(len(piece)) % 2 == 1, rise < 0)
