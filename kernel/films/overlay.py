"""Overlay: how far edges of different passes may lie from where they are drawn, against each other. No numpy.

A pass misses its place by `overlay` as a whole, its edges lie off by `size_error`, and are rough by `edge_roughness`: together
its tolerance. Between two passes the later one's overlay counts once (it is the error against what is there already) and the edges
of both. Where the two are aligned to marks that neither of them wrote, each misses these by itself, so both overlays count.
Errors are added, not their squares: an overlay error is one shift of a whole field and a size error one of all edges, alike at
every place, so that nothing averages out, and a barrier that fails, fails everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..records import dataclass

_NM = 1e-3


@dataclass(frozen=True, slots=True)
class Budget:
    """What adds up between two passes, um: (what, how much); `unknown`: what no pass says, counted as nothing."""

    parts: tuple[tuple[str, float], ...]
    unknown: tuple[str, ...] = ()

    @property
    def um(self) -> float:
        return sum(v for _, v in self.parts)

    def allows(self, distance_um: float) -> bool:
        """Whether a distance in the design is as large as the budget, to the grid of 1 nm."""
        return round(distance_um / _NM) >= round(self.um / _NM)

    def __str__(self) -> str:
        return " + ".join(f"{1e3 * v:.4g} nm {what}" for what, v in self.parts)


def tolerance_um(fields: Mapping[str, Any]) -> float:
    """Tolerance of one pass: overlay + size error + edge roughness; what it does not say counts as nothing."""
    return sum(fields.get(name) or 0.0 for name in ("overlay", "size_error", "edge_roughness"))


def budget(
    earlier: tuple[str, Mapping[str, Any]], later: tuple[str, Mapping[str, Any]], *, third: bool = False
) -> Budget | None:
    """The budget between two passes, (name, fields) each; None where neither says anything of it. `third`: both are aligned to
    marks of a pass that is neither of them."""
    wanted = [(later, "overlay")] + ([(earlier, "overlay")] if third else [])
    wanted += [(who, what) for who in (earlier, later) for what in ("size_error", "edge_roughness")]
    parts, unknown = [], []
    for (name, fields), what in wanted:
        words = f"{what.replace('_', ' ')} of {name}"
        value = fields.get(what)
        if value is None:
            unknown.append(words)
        elif value:
            parts.append((words, float(value)))
    return None if len(unknown) == len(wanted) else Budget(tuple(parts), tuple(unknown))
