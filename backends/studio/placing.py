"""Where in the part lies what is complained of: one bit a problem for every filament, for the view to mark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...kernel.diagnostics import Diagnostic
from ...kernel.filaments import FilamentSet
from ..previews.marks import problems_at, problems_in
from .wording import BITS

if TYPE_CHECKING:
    from ...kernel.build import Job

#: Rules that speak of filaments and where they run; those on inks, baths and rigs have no place in the part.
PLACED = frozenset({"W203", "W204", "W205", "W206", "W207", "W208", "W213", "W216", "W217"})


def placed(
    said: Sequence[Diagnostic], jobs: Sequence[Job], part: FilamentSet
) -> tuple[tuple[Diagnostic, ...], npt.NDArray[np.uint16]]:
    """The problems that lie somewhere in `part`, and uint16[F]: bit k where filament F is what problem k is about."""
    bits = np.zeros(len(part), np.uint16)
    found: list[Diagnostic] = []
    for problem in problems_in([d for d in said if d.code in PLACED], jobs):
        rows, _ = problems_at(part, "wet" if part.wet is not None else "dried", [problem])
        bits[rows] |= np.uint16(1 << min(len(found), BITS - 1))
        found.append(problem[0])
    return tuple(found), bits
