"""Letters and cards in the window: images that lie over the view, each under a name."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..drawing.camera import length_label, nice_length
from ..drawing.cards import INK
from ..drawing.lettering import text_mask

_PALE = (233, 235, 238)


class Letters:
    """What is written over the view of a plotter, in letters `px` high, dark or pale."""

    def __init__(self, plotter: Any, px: int, *, pale: bool = False) -> None:
        self.plotter, self.px, self.pale = plotter, px, pale

    @property
    def ink(self) -> tuple[int, int, int]:
        return _PALE if self.pale else INK

    def write(self, name: str, text: str, x: int, y: int) -> None:
        """Lines at (x, y) from the lower left corner, or from the upper and right one where negative."""
        lines = [text_mask(line, self.px)[0] for line in text.split("\n")]
        image = np.zeros((sum(m.shape[0] for m in lines), max(m.shape[1] for m in lines), 4), dtype=np.uint8)
        image[..., :3] = self.ink
        at = 0
        for m in lines:
            image[at : at + m.shape[0], : m.shape[1], 3] = np.rint(m * 255)
            at += m.shape[0]
        self.lay(name, image, x, y)

    def lay(self, name: str, image: npt.NDArray[np.uint8], x: int, y: int) -> None:
        """Lay an image uint8[h,w,4] over the view, at (x, y) as `write` takes them."""
        overlay(self.plotter, name, image, x, y)

    def wipe(self, name: str) -> None:
        self.plotter.remove_actor(name, render=False)


def scale_bar(letters: Letters) -> tuple[float, float]:
    """Lay the scale bar at the lower left, as long as the view's scale says now; returns that scale, um for a pixel, and its length, um."""
    camera, px = letters.plotter.camera, letters.px
    width, height = letters.plotter.window_size
    high_um = 2.0 * camera.parallel_scale
    if not camera.parallel_projection:  # at the focus, to which the view turns
        high_um = 2.0 * camera.distance * float(np.tan(np.radians(camera.view_angle) / 2))
    um_per_px = high_um / height
    bar_um = nice_length(0.2 * width * um_per_px)
    if not camera.parallel_projection:
        letters.wipe("bar")
        letters.write("bar text", "perspective: no scale", 24, 24)
        return um_per_px, bar_um
    bar = np.zeros((max(3, px // 5), round(bar_um / um_per_px), 4), dtype=np.uint8)
    bar[:] = (*letters.ink, 255)
    letters.lay("bar", bar, 24, 24)
    letters.write("bar text", length_label(bar_um), 24, 24 + 2 * (px // 5) + 2)
    return um_per_px, bar_um


def overlay(plotter: Any, name: str, image: npt.NDArray[np.uint8], x: int, y: int) -> None:
    """Lay an image uint8[h,w,4] over a view, at (x, y) from the lower left corner, or from the upper and right one where negative."""
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkRenderingCore import vtkActor2D, vtkImageMapper

    h, w = image.shape[:2]
    wide, tall = plotter.window_size
    data = vtkImageData()
    data.SetDimensions(w, h, 1)
    data.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(image[::-1]).reshape(-1, 4), deep=True))
    mapper, actor = vtkImageMapper(), vtkActor2D()
    mapper.SetInputData(data)
    mapper.SetColorWindow(255)
    mapper.SetColorLevel(127.5)
    actor.SetMapper(mapper)
    actor.SetPosition(x if x >= 0 else wide + x - w, y if y >= 0 else tall + y - h)
    plotter.add_actor(actor, name=name, render=False, reset_camera=False, pickable=False)
