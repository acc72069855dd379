"""What a user asks of the part in a window: which filament this is, how far two places lie apart, what is complained of. PyVista."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...kernel.filaments import Floats
from .cutting import Cutting
from .marks import ALARM, distance_told, problems_at
from .picking import hit

if TYPE_CHECKING:
    from .marks import Problem


class Asking(Cutting):
    """A stage that answers clicks."""

    _problems: Callable[[], Sequence[Problem]] | None = None

    def pick(self, x: int, y: int) -> int | None:
        """Tell of the filament at pixel (x, y) from the lower left; its number, or None where there is none."""
        found = self._hit(x, y)
        if self._measured is not None:
            if found is not None:
                self.measure_to(found[1])
            return None
        if found is None:
            self.letters.wipe("told")
            self.plotter.render()
            return None
        self._tell("told", self.told(found[0]))
        self.plotter.render()
        return found[0]

    def _hit(self, x: int, y: int) -> tuple[int, Floats] | None:
        """The filament at a pixel, and the place where it is met."""
        ends = []
        for depth in (0.0, 1.0):
            renderer = self.plotter.renderer
            renderer.SetDisplayPoint(x, y, depth)
            renderer.DisplayToWorld()
            at = np.array(renderer.GetWorldPoint())
            ends.append(at[:3] / at[3])
        return hit(self.part, self.state, self.there(), ends[0], ends[1], self.cut_by())

    def told(self, f: int) -> str:
        """What there is to say of filament `f`, its line of source first."""
        part, s = self.part, self.part.state(self.state)
        rows = slice(int(part.offsets[f]), int(part.offsets[f + 1]))
        steps = np.diff(s.points_um[rows], axis=0)
        length = float(np.sqrt((steps**2).sum(axis=1)).sum())
        span = part.spans[part.origin[f]]
        width, height = float(s.width_um[rows].mean()), float(s.height_um[rows].mean())
        high = f", {height:.4g} high" if abs(width - height) > 0.005 * width else ""
        return (
            f"{span.where}\n{part.inks[part.material[f]].name}, layer {part.layer[f] + 1}, filament {f + 1}\n"
            f"{width:.4g} µm wide{high}, {length:.5g} µm long, {self.shown}"
        )

    def complain(self) -> None:
        """Mark what `wp check` complains of, or let it be."""
        if self.marked is not None:
            self.marked = None
            self.letters.wipe("told")
        else:
            self._complain()
        self._draw(render=False)
        self._letters()
        self.plotter.render()

    def _complain(self) -> None:
        if self._problems is None:
            self._tell("told", "no design is known that could be checked")
            return
        marked, lines = problems_at(self.part, self.state, self._problems())
        self.marked = marked if lines else None
        self._tell("told", "\n".join(line[:110] for line in lines[:8]) or "nothing to complain of")

    def measure(self) -> None:
        """Measure between the next two places that are clicked; off again by the same key."""
        self._measured = [] if self._measured is None else None
        for name in ("measured", "measured line"):
            self.plotter.remove_actor(name, render=False)
        if self._measured is not None:
            self._tell("measured", "click two places")
        self.plotter.render()

    def measure_to(self, place_um: Floats) -> str:
        """Take a place; with the second one, draw the line between both and tell its length."""
        import pyvista as pv

        if self._measured is None or len(self._measured) == 2:
            self._measured = []
        self._measured.append(np.asarray(place_um, dtype=np.float64))
        if len(self._measured) < 2:
            return ""
        a, b = self._measured
        told = distance_told(a, b)
        line = self.plotter.add_mesh(
            pv.Line(a, b),
            color=ALARM,
            line_width=4,
            name="measured line",
            reset_camera=False,
            render=False,
            pickable=False,
        )
        # It is seen through whatever lies before it.
        line.mapper.SetResolveCoincidentTopologyToPolygonOffset()
        line.mapper.SetRelativeCoincidentTopologyLineOffsetParameters(0, -66000)
        self._tell("measured", told)
        self.plotter.render()
        return told
