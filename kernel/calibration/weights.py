"""What rows of measurements weigh: their standard deviations, and which of them are outliers, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..diagnostics import Diagnostic, warning
from .least_squares import Floats
from .measurements import Row


def mean_sd(sd: float | None, n: int) -> float | None:
    return None if sd is None or sd == 0.0 else sd / math.sqrt(n)


def all_or_none(
    values: Sequence[float | None], what: str, columns: str, rows: Sequence[Row], said: list[Diagnostic]
) -> Floats | None:
    """The standard deviations where every row has one; where some lack it, all weigh alike and that is said."""
    known = [v for v in values if v is not None]
    if len(known) == len(values):
        return np.array(known)
    if known:
        first = next(r for r, v in zip(rows, values, strict=True) if v is None)
        said.append(
            warning("X735", f"{len(values) - len(known)} of {len(values)} rows of {what} lack {columns}; all rows weigh alike",
                    first.span, label="this row is the first")
        )  # fmt: skip
    return None


def name_outliers(
    off: npt.NDArray[np.bool_], rows: Sequence[Row], of: str, values: Sequence[str], said: list[Diagnostic]
) -> None:
    for k in np.flatnonzero(off).tolist():
        usual = [v for v, o, r in zip(values, off, rows, strict=True) if not o and r.held == rows[k].held]
        said.append(
            warning("X736", f"{values[k]} is the {of} of this row; it does not follow the others and is left out",
                    rows[k].span, notes=(f"others: {', '.join(usual[:6])}{' ...' if len(usual) > 6 else ''}",
                                         "`--keep-outliers` takes it in"))
        )  # fmt: skip
