"""Large parts in the window: thick stand-ins while they turn, tubes of what is near, a still of all from a process of its own at rest."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..drawing.bundles import bundles, in_view
from ..drawing.camera import Frame
from ..drawing.change import colours as bar_colours
from ..tubes import Mesh, tubes
from .stills import Still, Stills

if TYPE_CHECKING:
    from .stage import Stage

#: Segments that are drawn while a part turns, by a processor and by a graphics card.
_TURNING, _TURNING_CARD = 6_000, 150_000

#: Light on stand-ins, which stays with the part: its direction, and the shares of it, of all around and of the sky. Lamps that are asked
#: for every pixel of every frame would take a processor twice as long.
_KEY, _LIT, _AROUND, _SKY = np.array([-0.35, -0.45, 0.82]), 0.42, 0.50, 0.12

#: Where a filament is wider than so many pixels and no more than so many points of filaments are in view, these are drawn as they are.
_NEAR_PX, _NEAR_POINTS = 4.0, 8_000

#: Rest before a still is asked for, s.
_REST_S = 0.15


class Crowd:
    """How a stage draws a part that is too large to be drawn whole."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.stills = Stills(stage.part)
        #: What is drawn: "near" tubes, "crowd" of stand-ins; and whether a still lies over it.
        self.drawn = ""
        self.still_shown = False
        self._due: float | None = None
        self._turning = False

    # -- what is drawn -------------------------------------------------------------------------------------------------

    def draw(self, there: npt.NDArray[np.bool_]) -> None:
        """Draw what is there for the view as it is now, and ask for a still of it."""
        stage = self.stage
        self.stills.show(stage.part)
        part, state = stage.part, stage.state
        view = self._view()
        seen, px = there, 0.0
        if view is not None:
            frame, axes = view
            px = float(np.median(part.state(state).width_um)) / frame.um_per_px
            seen = there & in_view(part, state, frame, axes, margin=0.5)
        if not seen.any():
            seen = there
        points = int(np.diff(part.offsets)[seen].sum())
        if view is not None and px >= _NEAR_PX and points <= _NEAR_POINTS:
            self.drawn = "near"
            which = np.flatnonzero(seen)
            few, sides = part.take(which), 10
        else:
            self.drawn = "crowd"
            most = _TURNING if stage.by_processor else _TURNING_CARD
            step = 0.0 if view is None else 2.0 * view[0].um_per_px
            few, which = bundles(part, state, most=most, step_um=step, there=seen, apart=stage.marked)
            sides = 4
        table, index, few, of = stage.coloured(few, which)
        mesh = tubes(few, state, sides)
        colours = table[index[mesh.filament]]
        if sides == 4:
            colours = (colours * _light(mesh)[:, None]).astype(np.uint8)
        stage.show_mesh(mesh.points_um, mesh.faces, colours, lit=sides > 4)
        self.filament = of[mesh.filament]
        self._still(False)
        self._later()

    def _view(self) -> tuple[Frame, npt.NDArray[np.float64]] | None:
        """The frame and the axes of the camera; None before there is a view."""
        stage = self.stage
        camera = stage.plotter.camera
        if stage.um_per_px <= 0:
            return None
        axes = stage.axes()
        x, y, focus = (axes @ np.array(camera.focal_point)).tolist()
        s = stage.part.state(stage.state)
        deep = s.points_um @ axes[2]
        near, far = float(deep.max()), float(deep.min())
        if stage.nozzle is not None:
            near = max(near, float((stage.nozzle.state(stage.state).points_um @ axes[2]).max()))
        room = 0.05 * (near - far + 1.0) + float(max(s.width_um.max(), s.height_um.max()))
        wide, high = stage.plotter.window_size
        frame = Frame(wide, high, (x, y), stage.um_per_px, near + room, far - room)
        if not camera.parallel_projection:
            frame = replace(frame, eye_um=float(axes[2] @ np.array(camera.position)), focus_um=focus)
        return frame, axes

    # -- turning and resting -------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The view begins to change."""
        self._turning = True
        self._due = None
        self.stills.stop()
        self._still(False)

    def rest(self) -> None:
        """The view rests: what is near is drawn anew, and a still of it asked for."""
        self._turning = False
        self.stage.redraw()

    def _later(self) -> None:
        self.stills.stop()
        self._due = None if self._turning else time.monotonic() + _REST_S

    def tick(self) -> bool:
        """Ask for the still once the view rests, and take it when it has come; whether something new is to be seen."""
        if self._due is not None and time.monotonic() >= self._due:
            self._due = None
            self._ask()
        return self._take(self.stills.poll())

    def settle(self, most_s: float = 60.0) -> bool:
        """Wait for the still of the view; whether it has come."""
        self._due = None
        come = self._ask() and self._take(self.stills.poll(most_s))
        self.stage.plotter.render()
        return come

    def _ask(self) -> bool:
        stage, view = self.stage, self._view()
        if view is None or self.stills.failed:
            return False
        which = np.flatnonzero(stage.there())
        if not len(which):
            return False
        table, index = stage.palette()
        colours = tuple("#{:02x}{:02x}{:02x}".format(*row) for row in table.tolist())
        most_um = None
        if stage.moving:
            colours, most_um = bar_colours(), stage.most_moved()
        if stage.nozzle is not None:
            colours = (*colours, stage.nozzle.inks[0].colour)
        frame, axes = view
        style = "dark" if stage.dark else "paper"
        rows = index[which].astype(np.uint8)
        self.stills.ask(
            Still(
                stage.state, which, rows, colours, axes, frame, style, most_um, stage.cut_by(), stage.nozzle
            )
        )
        return True

    def _take(self, pixels: npt.NDArray[np.uint8] | None) -> bool:
        if pixels is None or self._turning:
            return False
        wide, high = self.stage.plotter.window_size
        if pixels.shape[:2] != (high, wide):
            return False
        self._still(True, pixels)
        return True

    def _still(self, shown: bool, pixels: Any = None) -> None:
        """Lay the still behind all else, in place of the part; or show the part itself."""
        renderer = self.stage.plotter.renderer
        if pixels is not None:
            renderer.SetBackgroundTexture(_texture(pixels))
        renderer.SetTexturedBackground(shown)
        self.stage.show_part(not shown)
        self.still_shown = shown

    def close(self) -> None:
        self.stills.close()


def _light(mesh: Mesh) -> npt.NDArray[np.float64]:
    """How bright each face is, 0..1."""
    a, b, c = (mesh.points_um[mesh.faces[:, k]] for k in range(3))
    n = np.cross(b - a, c - a)
    n /= np.maximum(np.linalg.norm(n, axis=1), 1e-12)[:, None]
    return np.asarray(_AROUND + _LIT * np.maximum(n @ _KEY, 0.0) + _SKY * np.maximum(n[:, 2], -1.0)).clip(
        0.0, 1.0
    )


def _texture(pixels: npt.NDArray[np.uint8]) -> Any:
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkRenderingCore import vtkTexture

    high, wide = pixels.shape[:2]
    data = vtkImageData()
    data.SetDimensions(wide, high, 1)
    data.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(pixels[::-1]).reshape(-1, 3), deep=True))
    texture = vtkTexture()
    texture.SetInputData(data)
    texture.InterpolateOff()
    texture.SetColorModeToDirectScalars()
    return texture
