"""Films in a window that turns: passes one after the other. PyVista."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..drawing.cards import INK, legend_card
from ..drawing.picture import ink_colours
from ..drawing.stack import bodies, height_um, scale_um_per_px, stack
from ..exporter import rgb
from ..opengl import prepare_window
from ..preview import Look
from .sliders import add_slider
from .stage import PAPER, SLIDE

if TYPE_CHECKING:
    from .stacked import Films

_PALE = (233, 235, 238)


def show(films: Films, look: Look) -> None:
    """Open the window and wait until it is closed. Raises WetprintError (X720, X721) where none can be opened."""
    prepare_window()
    made = FilmWindow(films, look)
    made.plotter.show()


class FilmWindow:
    """One window. Built apart from `show`, so that it can be driven and photographed without a display."""

    def __init__(self, films: Films, look: Look, *, off_screen: bool = False) -> None:
        import pyvista as pv

        from .stacked import camera_of, state_of

        self.films, self.look = films, look
        self.shown = stack(films.slabs, films.part, state_of(look))
        self.passes = len(films.passes) + (films.part is not None)
        dark = look.style == "dark"
        self._letters = _PALE if dark else INK
        p = self.plotter = pv.Plotter(
            off_screen=off_screen, window_size=list(look.size), title=look.title or "wetprint"
        )
        p.set_background(SLIDE if dark else PAPER)
        self._actors: list[tuple[int, Any]] = []
        for body in bodies(self.shown):
            mesh = pv.PolyData.from_regular_faces(body.patch.points_um, body.patch.faces)
            actor = p.add_mesh(
                mesh, color=body.colour, smooth_shading=False, ambient=0.35, diffuse=0.75, specular=0.05,
                reset_camera=False, render=False,
            )  # fmt: skip
            self._actors.append((body.row, actor))
        camera = camera_of(look)
        axes = camera.axes()
        w = self.shown.window
        middle = np.array([(w.x0 + w.x1) / 2, (w.y0 + w.y1) / 2, height_um(self.shown) / 2])
        p.camera.focal_point = middle
        p.camera.position = middle + 4 * w.side_um * axes[2]
        p.camera.up = axes[1]
        p.enable_parallel_projection()
        p.camera.parallel_scale = 0.55 * look.size[1] * scale_um_per_px(self.shown, look.size, camera)
        p.enable_terrain_style(mouse_wheel_zooms=True, shift_pans=True)
        if self.passes > 1:
            add_slider(
                p,
                lambda v: self.show_passes(round(v)),
                (0, self.passes),
                self.passes,
                "passes",
                self._letters,
            )
        self._card()

    def show_passes(self, count: int) -> None:
        """Show the first `count` passes."""
        for row, actor in self._actors:
            actor.SetVisibility(row <= count)
        self.plotter.render()

    def _card(self) -> None:
        from .letters import overlay

        px = max(13, round(0.022 * self.look.size[1]))
        legend = dict.fromkeys((s.label, s.colour) for s in self.films.slabs)
        if self.films.part is not None:
            legend |= dict.fromkeys(ink_colours(self.films.part)[1])
        entries = [(label, np.array(rgb(colour)) / 255) for label, colour in legend]
        overlay(self.plotter, "legend", legend_card(entries, px, self._letters), -24, 24)
