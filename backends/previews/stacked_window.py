"""Films in a window that turns: passes one after the other. PyVista."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..drawing.camera import DIRECTIONS, Camera
from ..drawing.cards import legend_card, table_card
from ..drawing.picture import ink_colours
from ..drawing.stack import bodies, height_um, scale_um_per_px, stack
from ..exporter import rgb
from ..opengl import prepare_window
from ..preview import Look
from .letters import Letters, scale_bar
from .showing import bind_keys, save_picture, show_until
from .sliders import add_slider
from .stage import PAPER, SLIDE

if TYPE_CHECKING:
    from .stacked import Films

KEYS: tuple[tuple[str, str], ...] = (
    ("drag", "turn"),
    ("shift + drag, middle button", "move"),
    ("wheel, right button", "zoom"),
    ("up, down", "passes"),
    ("1 2 3 4", "from above, top, front, side"),
    ("R", "all in view"),
    ("S", "save a picture"),
    ("?", "this list"),
    ("Q", "close"),
)


def show(films: Films, look: Look) -> None:
    """Open the window and wait until it is closed. Raises WetprintError (X720, X721) where none can be opened."""
    prepare_window()
    FilmWindow(films, look).show()


class FilmWindow:
    """One window. Built apart from `show`, so that it can be driven and photographed without a display."""

    def __init__(self, films: Films, look: Look, *, off_screen: bool = False) -> None:
        import pyvista as pv

        self.look = look
        dark = look.style == "dark"
        p = self.plotter = pv.Plotter(
            off_screen=off_screen, window_size=list(look.size), title=look.title or "wetprint"
        )
        p.set_background(SLIDE if dark else PAPER)
        self._px = max(13, round(0.022 * look.size[1]))
        self.letters = Letters(p, self._px, pale=dark)
        self._actors: list[tuple[int, Any]] = []
        self._slider: Any = None
        self._helping = False
        self._take(films)
        self.shown_passes = self.passes
        p.enable_parallel_projection()
        p.enable_terrain_style(mouse_wheel_zooms=True, shift_pans=True)
        p.iren.interactor.GetInteractorStyle().AddObserver("CharEvent", lambda *_: None)
        self._slide()
        self._keys()
        self.whole()

    def show(self, look_up: Callable[[], bool] = lambda: True) -> None:
        """Open the window until it is closed. `look_up` is called again and again meanwhile; where it says False, the window closes."""
        show_until(self.plotter, look_up)

    def close(self) -> None:
        """Nothing works for this window beside it."""

    def renew(self, films: Films | None) -> None:
        """Show another version of the films, from where the camera is; None keeps the last one and says that it is old."""
        self.letters.wipe("told")
        if films is None:
            self.letters.write(
                "told", "the design has errors; this is how it was before", 24, 24 + 4 * self._px
            )
            self.plotter.render()
            return
        all_shown, before = self.shown_passes == self.passes, self.passes
        self._take(films)
        self.shown_passes = self.passes if all_shown else min(self.shown_passes, self.passes)
        if before != self.passes:
            self.plotter.clear_slider_widgets()
            self._slide()
        self._sift()
        self._card()
        self.plotter.renderer.ResetCameraClippingRange()
        self.plotter.render()

    def _take(self, films: Films) -> None:
        import pyvista as pv

        from .stacked import state_of

        self.films = films
        self.shown = stack(films.slabs, films.part, state_of(self.look))
        self.passes = len(films.passes) + (films.part is not None)
        for _, actor in self._actors:
            self.plotter.remove_actor(actor, render=False)
        self._actors = []
        for body in bodies(self.shown):
            mesh = pv.PolyData.from_regular_faces(body.patch.points_um, body.patch.faces)
            actor = self.plotter.add_mesh(
                mesh, color=body.colour, smooth_shading=False, ambient=0.35, diffuse=0.75, specular=0.05,
                reset_camera=False, render=False,
            )  # fmt: skip
            self._actors.append((body.row, actor))

    # -- what a user does ----------------------------------------------------------------------------------------------

    def _keys(self) -> None:
        p = self.plotter
        bound: dict[str, Callable[[], object]] = {
            "Up": lambda: self.show_passes(self.shown_passes + 1),
            "Down": lambda: self.show_passes(self.shown_passes - 1),
            "r": self.whole,
            "s": lambda: save_picture(p),
            "question": self.help,
        }
        bind_keys(p, bound, self.from_direction)
        for event in ("InteractionEvent", "MouseWheelForwardEvent", "MouseWheelBackwardEvent"):
            p.iren.add_observer(event, lambda *_: scale_bar(self.letters))

    def _slide(self) -> None:
        if self.passes > 1:
            self._slider = add_slider(
                self.plotter, lambda v: self.show_passes(round(v)), (0, self.passes), self.shown_passes, "passes", self.letters.ink,
            )  # fmt: skip

    def show_passes(self, count: int) -> None:
        """Show the first `count` passes."""
        count = min(self.passes, max(0, count))
        if count == self.shown_passes:
            return
        self.shown_passes = count
        self._slider.GetRepresentation().SetValue(count)
        self._sift()
        self.plotter.render()

    def whole(self) -> None:
        """All in view, from where it was asked for."""
        self.from_direction(self.look.view)

    def from_direction(self, view: str) -> None:
        """Look along a direction (a name or AZIMUTH,ELEVATION), all in view."""
        from .stacked import camera_of

        camera = Camera.named(view) if view in DIRECTIONS and view != "axonometric" else camera_of(self.look)
        axes, w, p = camera.axes(), self.shown.window, self.plotter
        middle = np.array([(w.x0 + w.x1) / 2, (w.y0 + w.y1) / 2, height_um(self.shown) / 2])
        p.camera.focal_point = middle
        p.camera.position = middle + 4 * w.side_um * axes[2]
        p.camera.up = axes[1]
        p.camera.parallel_scale = (
            0.55 * self.look.size[1] * scale_um_per_px(self.shown, self.look.size, camera)
        )
        self._card()
        p.renderer.ResetCameraClippingRange()
        p.render()

    def help(self) -> None:
        self._helping = not self._helping
        if self._helping:
            self.letters.lay("help", table_card(KEYS, self._px), 24, 24 + 8 * self._px)
        else:
            self.letters.wipe("help")
        self.plotter.render()

    # -- what is drawn -------------------------------------------------------------------------------------------------

    def _sift(self) -> None:
        """Of all passes those that are to be seen."""
        for row, actor in self._actors:
            actor.SetVisibility(row <= self.shown_passes)

    def _card(self) -> None:
        """Title, what is drawn otherwise than it is, legend and scale bar."""
        lines = [self.look.title, *self.shown.said]
        if any(lines):
            self.letters.write("title", "\n".join(line for line in lines if line), 24, -24)
        else:
            self.letters.wipe("title")
        legend = dict.fromkeys((s.label, s.colour) for s in self.films.slabs)
        if self.films.part is not None:
            legend |= dict.fromkeys(ink_colours(self.films.part)[1])
        entries = [(label, np.array(rgb(colour)) / 255) for label, colour in legend]
        self.letters.lay("legend", legend_card(entries, self._px, self.letters.ink), -24, 24)
        scale_bar(self.letters)
