"""What drying changes, as pictures show it: filaments cut into pieces that are coloured by how far they move, and the bar that tells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...kernel.filaments import FilamentSet, Floats, Ints, filaments
from ...kernel.scene import StateName
from ..exporter import rgb

#: Viridis (matplotlib, CC0) at eleven even places: it grows evenly brighter, and the colour-blind can read it.
_VIRIDIS = ("#440154", "#482475", "#414487", "#355f8d", "#2a788e", "#21918c", "#22a884", "#44bf70", "#7ad151", "#bddf26", "#fde725")  # fmt: skip

#: Colours of a bar, and at most so many pieces of a part: more would take longer than the picture is worth.
STEPS, _MOST = 128, 24_000

#: A piece is at most so many filament widths long, where the number of pieces allows it.
_LONG = 2.0

#: The ghost of the wet part: its colour, and how much of it is seen.
GHOST, GHOST_SHARE, GHOST_LINE = "#3d85c6", 0.17, 0.85


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of colours from `low` to `high`; `label` says of what, with its unit."""

    label: str
    low: float
    high: float


def colours() -> tuple[str, ...]:
    """The colours of a bar from its low to its high end."""
    at = np.array([rgb(c) for c in _VIRIDIS], dtype=np.float64)
    x = np.linspace(0.0, len(at) - 1.0, STEPS)
    mixed = np.stack([np.interp(x, np.arange(len(at)), at[:, k]) for k in range(3)], axis=1)
    return tuple("#{:02x}{:02x}{:02x}".format(*row) for row in np.rint(mixed).astype(int).tolist())


def movement_um(part: FilamentSet) -> Floats:
    """How far every point moves from the wet to the dried state, float64[P]. LookupError where a state is not known."""
    moved: Floats = np.linalg.norm(part.state("dried").points_um - part.state("wet").points_um, axis=1)
    return moved


def by_movement(
    part: FilamentSet, state: StateName, most_um: float | None = None
) -> tuple[FilamentSet, npt.NDArray[np.uint8], Bar]:
    """The part in short straight pieces, the row of each in `colours()`, and the bar. `most_um`: the high end of the bar where it is
    not that of this part."""
    return moving_pieces(part, state, most_um)[:3]


def moving_pieces(
    part: FilamentSet, state: StateName, most_um: float | None = None
) -> tuple[FilamentSet, npt.NDArray[np.uint8], Bar, Ints]:
    """As `by_movement`, and the filament of each piece, int64[N]."""
    s, way = part.state(state), part.state("dried").points_um - part.state("wet").points_um
    first, owner = part.segments()
    delta = s.points_um[first + 1] - s.points_um[first]
    length = np.linalg.norm(delta, axis=1)
    n = np.maximum(1, np.ceil(length / (_LONG * s.width_um[first]))).astype(np.int64)
    if int(n.sum()) > _MOST:
        n = np.maximum(1, np.floor(n * (_MOST / float(n.sum())))).astype(np.int64)
    row = np.repeat(np.arange(len(first)), n)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(n) - n, n)
    ends = np.stack([nth, nth + 1], axis=1) / np.repeat(n, n)[:, None]
    a, b = first[row], first[row] + 1

    def at(values: Floats, t: Floats) -> Floats:
        t = t[..., None] if values.ndim > 1 else t
        out: Floats = values[a] + t * (values[b] - values[a])
        return out

    points = np.stack([at(s.points_um, ends[:, k]) for k in (0, 1)], axis=1).reshape(-1, 3)
    middle = ends.mean(axis=1)
    # One section a piece, that of its middle: such rods are drawn fastest, and a step in width is not seen.
    across, high = (np.repeat(at(v, middle), 2) for v in (s.width_um, s.height_um))
    pieces = filaments(
        points, np.full(len(row), 2), width_um=across, height_um=high,
        material=part.material[owner[row]], layer=part.layer[owner[row]], origin=part.origin[owner[row]],
        inks=part.inks, spans=part.spans, state=state,
    )  # fmt: skip
    top = float(movement_um(part).max()) if most_um is None else most_um
    # Between two points the way is linear, its length is not: the middle of a line may stay where its ends move.
    share = np.linalg.norm(at(way, middle), axis=1) / top if top > 0 else np.zeros(len(row))
    index = np.clip(np.rint(share * (STEPS - 1)), 0, STEPS - 1).astype(np.uint8)
    return pieces, index, Bar("moved as it dries, µm", 0.0, top), owner[row]
