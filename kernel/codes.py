"""Codes of geometry errors (E4xx) and design rules (W2xx), each with the explanation that `wp explain` tells."""

from __future__ import annotations

from .diagnostics import Code

CODES: tuple[Code, ...] = (
    Code(
        "E460",
        "an ink that shrinks to nothing",
        "A filament that is held along its axis (every filament of the first layer is) thins by shrink * (1 + poisson) "
        "when it dries. Where that reaches 1, nothing would be left of it, so no wet shape dries to the design. Lower "
        "`shrink` or `poisson` of the ink; both are meant as measured, `shrink` on a part that dries freely.",
    ),
)
