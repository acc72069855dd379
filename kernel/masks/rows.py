"""Places in rows: what repeats with a pitch that is no whole number of nm, without errors that add up. No numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..records import dataclass

if TYPE_CHECKING:
    from ..flat import Flat

#: Most interleaved rows that stand for one whose pitch is no whole number of nm.
MOST_RUNS = 32
#: How far a place may be off before it is told, nm: half for its rounding, half for that of what stands there.
OFF_NM = 1.0


@dataclass(frozen=True, slots=True)
class Run:
    """`count` places from `first_nm` on, `step_nm` apart."""

    first_nm: int
    count: int
    step_nm: int


def runs(pitch_um: float, count: int, middle_um: float = 0.0) -> tuple[Run, ...]:
    """Where `count` things stand, `pitch_um` apart about a middle, on the grid of 1 nm. A pitch such as 84.6667 um is met by
    three rows of every third place, 254 um apart: no place is off by more than half a nm. Where no MOST_RUNS rows will do,
    the pitch is rounded (`off_nm` says how far that leads)."""
    pitch = pitch_um * 1e3
    first = middle_um * 1e3 - (count - 1) / 2 * pitch
    rows = _rows(pitch, count) or 1
    step = round(rows * pitch)
    if rows == 1:
        # Rounded about the middle, so that what is off is off to both sides.
        return (Run(round(middle_um * 1e3 - (count - 1) / 2 * step), count, step),)
    return tuple(
        Run(round(first + k * pitch), (count - k + rows - 1) // rows, step) for k in range(min(rows, count))
    )


def _rows(pitch_nm: float, count: int) -> int:
    """The fewest interleaved rows whose steps of whole nm are off by no more than half a nm over all of the row, 0 for none."""
    for rows in range(1, MOST_RUNS + 1):
        error = abs(rows * pitch_nm - round(rows * pitch_nm))
        if error * max(0, (count - 1) // rows) <= 0.5 + 1e-6:
            return rows
    return 0


def off_nm(pitch_um: float, count: int) -> float:
    """How far the outermost place is from where the pitch has it, nm; 0 where no place is off by more than rounding."""
    if _rows(pitch_um * 1e3, count):
        return 0.0
    pitch = pitch_um * 1e3
    return abs(pitch - round(pitch)) * (count - 1) / 2


def remark(field: str, pitch_um: float, count: int) -> tuple[str, str] | None:
    """What is to be said of a pitch that the grid cannot hold."""
    off = off_nm(pitch_um, count)
    if off <= OFF_NM:
        return None
    return (
        field,
        f"a pitch of {pitch_um * 1e3:.6f} nm is no whole number of nm: {round(pitch_um * 1e3)} nm is drawn, which leaves the "
        f"outermost of {count} off by {off:.3g} nm",
    )


def laid(flat: Flat, across: tuple[Run, ...], up: tuple[Run, ...]) -> Flat:
    """Copies of a region at all places of two rows."""
    from ..flat import joined, repeated, shifted

    return joined(
        shifted(repeated(flat, x.count, y.count, (x.step_nm, 0), (0, y.step_nm)), x.first_nm, y.first_nm)
        for x in across
        for y in up
    )
