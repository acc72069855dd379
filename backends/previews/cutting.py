"""Cutting a part open in the window, with a plane that can be dragged. PyVista."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .stage import Stage

#: The colour of what the plane is dragged by.
_HANDLES = "#3f78b5"


class Cutting(Stage):
    """A stage whose part can be cut open."""

    #: What the plane is dragged by, of the last time that there was one.
    handles: Any = None

    def cut(self) -> None:
        """Cut the part open with a plane through its middle, or close it again."""
        if self.section is not None:
            self.section = None
            self.plotter.clear_plane_widgets()
            self.redraw()
            return
        from vtkmodules.vtkCommonDataModel import vtkPlane

        points = self.part.state(self.state).points_um
        low, high = points.min(axis=0), points.max(axis=0)
        self.section = vtkPlane()
        self._put((0.0, 1.0, 0.0), (0.5 * (low + high)).tolist())
        self.redraw()
        self.handles = widget = self.plotter.add_plane_widget(
            self.cut_at, normal=self.section.GetNormal(), origin=self.section.GetOrigin(),
            bounds=np.stack([low, high], axis=1).ravel().tolist(), color=_HANDLES, interaction_event="always", test_callback=False,
        )  # fmt: skip
        widget.AddObserver("StartInteractionEvent", lambda *_: self.turn(True))
        widget.AddObserver("EndInteractionEvent", lambda *_: self.cut_rests())
        self.plotter.renderer.ResetCameraClippingRange()  # the handles lie before and behind the part
        self.plotter.render()

    def cut_at(self, normal: Sequence[float], origin: Sequence[float]) -> None:
        """The plane is being dragged: what lies against `normal` from `origin` on (um) is cut away."""
        self._put(normal, origin)
        self.draw_faces()

    def cut_rests(self) -> None:
        """The plane is where it is to be."""
        self.redraw()
        self.turn(False)

    def turn(self, begins: bool) -> None:
        """The view begins to change, or rests again. A large part is drawn more coarsely meanwhile."""
        if self.crowd is None:
            self.fine(not begins)
        elif begins:
            self.crowd.begin()
        else:
            self.crowd.rest()

    def _put(self, normal: Sequence[float], origin: Sequence[float]) -> None:
        assert self.section is not None
        self.section.SetNormal(*(np.array(normal) / np.linalg.norm(normal)).tolist())
        self.section.SetOrigin(*origin)
