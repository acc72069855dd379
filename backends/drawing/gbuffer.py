"""What is seen in each pixel: surface direction, colour index and depth of filaments, drawn off screen by VTK.

VTK only finds what is visible (a G-buffer); light is laid over it afterwards, the same for every OpenGL library. Only the half
of a tube that faces the eye is drawn, its edges exactly at the silhouette, so few strips do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ...kernel.filaments import FilamentSet, Floats, State
from ..opengl import prepare_offscreen
from ..tubes import Floats32, Frames, Ints32, cap_faces, frames, rings, side_faces
from .camera import Frame

#: Colour index of what is no filament: the substrate, and nothing at all.
GROUND, NOTHING = 254, 255

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class GBuffer:
    """`normal` uint8[H,W,2]: view components right and up of the surface direction, 0..255 for -1..1 (the third is positive);
    `index` uint8[H,W]; `depth_um` float32[H,W], the view coordinate towards the eye. Row 0 is the top."""

    normal: Bytes
    index: Bytes
    depth_um: Floats32


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """Triangles in view coordinates: `points_um` float32[V,3], `normal` float32[V,3], `index` uint8[V], `faces` int32[T,3]."""

    points_um: Floats32
    normal: Floats32
    index: Bytes
    faces: Ints32


def straight(part: FilamentSet, s: State) -> npt.NDArray[np.bool_]:
    """Which filaments are one straight segment of one section, bool[F]."""
    first = part.offsets[:-1]
    two = np.diff(part.offsets) == 2
    same = np.zeros(len(part), dtype=bool)
    f = first[two]
    same[two] = (s.width_um[f] == s.width_um[f + 1]) & (s.height_um[f] == s.height_um[f + 1])
    out: npt.NDArray[np.bool_] = two & same
    return out


def rod_patch(
    a_um: Floats,
    b_um: Floats,
    width_um: Floats,
    height_um: Floats,
    index: Bytes,
    axes: Floats,
    strips: int,
    eye_um: Floats | None = None,
) -> Patch:
    """The visible halves of straight rods from `a_um` to `b_um` [R,3] with elliptic sections, and the ends that face the eye, which is
    far away unless its place `eye_um` [3] in the view is given."""
    n = len(a_um)
    along = b_um - a_um
    length = np.sqrt(np.einsum("ij,ij->i", along, along))
    along = along / np.where(length > 0, length, 1.0)[:, None]
    side = np.stack([-along[:, 1], along[:, 0], np.zeros(n)], axis=1)
    flat = np.hypot(along[:, 0], along[:, 1])
    steep = flat < 1e-9
    side[steep], flat[steep] = (0.0, 1.0, 0.0), 1.0
    side /= flat[:, None]
    up = np.cross(along, side)
    t, s, u = along @ axes.T, side @ axes.T, up @ axes.T
    ca = a_um @ axes.T
    cb = b_um @ axes.T
    half_w, half_h = (width_um / 2)[:, None], (height_um / 2)[:, None]
    if eye_um is None:
        s_eye, u_eye, ahead = s[:, 2], u[:, 2], t[:, 2] > 0
    else:  # across a rod the way to the eye is the same all along it
        s_eye, u_eye = (np.einsum("rk,rk->r", axis, eye_um - ca) for axis in (s, u))
        ahead = np.einsum("rk,rk->r", t, eye_um - 0.5 * (ca + cb)) > 0

    # Facing: the normal of the ellipse at angle q is (cos q / w) s + (sin q / h) u; its component towards the eye peaks at q0.
    q0 = np.arctan2(u_eye / height_um, s_eye / width_um)
    q = q0[:, None] + np.pi * (np.arange(strips + 1) / strips - 0.5)[None, :]
    cos, sin = np.cos(q), np.sin(q)
    section = (half_w * cos)[:, :, None] * s[:, None, :] + (half_h * sin)[:, :, None] * u[:, None, :]
    normal = (cos / half_w)[:, :, None] * s[:, None, :] + (sin / half_h)[:, :, None] * u[:, None, :]
    normal /= np.sqrt(np.einsum("rqk,rqk->rq", normal, normal))[:, :, None]
    points = np.stack([ca[:, None, :] + section, cb[:, None, :] + section], axis=1)
    j = np.arange(strips)
    quad = np.stack([j, j + 1, j + strips + 2, j, j + strips + 2, j + strips + 1], axis=1).reshape(-1, 3)
    faces = quad[None] + (np.arange(n) * 2 * (strips + 1))[:, None, None]
    body = Patch(
        points.reshape(-1, 3).astype(np.float32),
        np.repeat(normal[:, None], 2, axis=1).reshape(-1, 3).astype(np.float32),
        np.repeat(index, 2 * (strips + 1)),
        faces.reshape(-1, 3).astype(np.int32),
    )
    # One end of each rod faces the eye: a full ellipse.
    m = 2 * strips
    q = 2 * np.pi * np.arange(m) / m
    face = np.where(ahead, 1.0, -1.0)
    centre = np.where(ahead[:, None], cb, ca)
    ring = centre[:, None, :] + (half_w * np.cos(q))[:, :, None] * s[:, None, :]
    ring = ring + (half_h * face[:, None] * np.sin(q))[:, :, None] * u[:, None, :]
    k = np.arange(1, m - 1)
    fan = np.stack([np.zeros_like(k), k, k + 1], axis=1)
    ends = Patch(
        ring.reshape(-1, 3).astype(np.float32),
        np.repeat(t * face[:, None], m, axis=0).astype(np.float32),
        np.repeat(index, m),
        (fan[None] + (np.arange(n) * m)[:, None, None]).reshape(-1, 3).astype(np.int32),
    )
    return together([body, ends])


def tube_patch(part: FilamentSet, s: State, index: Bytes, axes: Floats, sides: int) -> Patch:
    """Whole tubes of filaments of any shape, `index` uint8[F]."""
    f: Frames = frames(s, part.offsets)
    counts = np.diff(part.offsets)
    points = rings(s, f, sides, true_volume=False)
    q = 2 * np.pi * (np.arange(sides) + 0.5) / sides
    normal = (np.cos(q)[None, :] / s.width_um[:, None])[:, :, None] * f.side[:, None, :]
    normal = normal + (np.sin(q)[None, :] / s.height_um[:, None])[:, :, None] * f.up[:, None, :]
    normal /= np.sqrt(np.einsum("rqk,rqk->rq", normal, normal))[:, :, None]
    first, _ = part.segments()
    body = Patch(
        (points.reshape(-1, 3) @ axes.T).astype(np.float32),
        (normal.reshape(-1, 3) @ axes.T).astype(np.float32),
        np.repeat(np.repeat(index, counts), sides),
        side_faces(first, sides),
    )
    patches = [body]
    starts, ends = part.offsets[:-1], part.offsets[1:] - 1
    rows = np.arange(len(part), dtype=np.int64)
    front, back = cap_faces(rows, rows, sides)
    for which, sign, faces in ((starts, -1.0, front), (ends, 1.0, back)):
        patches.append(
            Patch(
                (points[which].reshape(-1, 3) @ axes.T).astype(np.float32),
                np.repeat(sign * f.along[which] @ axes.T, sides, axis=0).astype(np.float32),
                np.repeat(index, sides),
                faces,
            )
        )
    return together(patches)


def together(patches: list[Patch]) -> Patch:
    starts = np.cumsum([0] + [len(p.points_um) for p in patches[:-1]])
    return Patch(
        np.concatenate([p.points_um for p in patches]),
        np.concatenate([p.normal for p in patches]),
        np.concatenate([p.index for p in patches]),
        np.concatenate([p.faces + np.int32(at) for p, at in zip(patches, starts, strict=True)]),
    )


@cache
def _window() -> Any:
    """The one window off screen that all canvases share: opening one and building its shaders costs a quarter of a second."""
    from vtkmodules.vtkRenderingCore import vtkRenderWindow

    window = vtkRenderWindow()
    window.SetOffScreenRendering(True)
    window.SetMultiSamples(0)
    return window


class Canvas:
    """Coloured triangles ready to be looked at, as often as wanted. Raises WetprintError (X720) where nothing can draw."""

    def __init__(
        self,
        points_um: Floats32,
        faces: Ints32,
        colours: Bytes | None = None,
        *,
        background: tuple[int, int, int] = (0, 0, 0),
        cull: bool = True,
    ) -> None:
        """`colours` uint8[V,3] are drawn as they are, without light; `cull` leaves out what is seen from behind."""
        prepare_offscreen()
        import vtkmodules.vtkRenderingOpenGL2  # noqa: F401  (makes the window below one that draws)
        from vtkmodules.util.numpy_support import numpy_to_vtk
        from vtkmodules.vtkCommonCore import vtkPoints
        from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
        from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

        data = vtkPolyData()
        points = vtkPoints()
        points.SetData(numpy_to_vtk(points_um))
        data.SetPoints(points)
        cells = vtkCellArray()
        cells.SetData(3, numpy_to_vtk(faces.reshape(-1)))
        data.SetPolys(cells)
        if colours is not None:
            data.GetPointData().SetScalars(numpy_to_vtk(colours))
        self._keep = (points_um, faces, colours)  # VTK reads them where they lie
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(data)
        actor = vtkActor()
        actor.SetMapper(mapper)
        actor.GetProperty().SetLighting(False)
        actor.GetProperty().SetBackfaceCulling(cull)
        self._renderer = vtkRenderer()
        self._renderer.SetBackground(*(c / 255 for c in background))
        self._renderer.AddActor(actor)
        self._window = _window()

    def _render(self, frame: Frame, axes: Floats) -> None:
        camera = self._renderer.GetActiveCamera()
        camera.ParallelProjectionOn()
        deep = max(frame.near_um - frame.far_um, 1e-6)
        focus = np.array([*frame.centre_um, frame.far_um]) @ axes
        eye = np.array([*frame.centre_um, frame.near_um + deep]) @ axes
        camera.SetFocalPoint(*focus)
        camera.SetPosition(*eye)
        camera.SetViewUp(*axes[1])
        camera.SetParallelScale(0.5 * frame.height * frame.um_per_px)
        camera.SetClippingRange(deep, 2.0 * deep)
        shown = self._window.GetRenderers()
        if not shown.IsItemPresent(self._renderer):
            shown.RemoveAllItems()
            self._window.AddRenderer(self._renderer)
        self._window.SetSize(frame.width, frame.height)
        self._window.Render()

    def depth(self, frame: Frame, axes: Floats) -> Floats32:
        """View coordinate towards the eye of the nearest surface, float32[H,W], `far_um` where there is none. Row 0 is at the BOTTOM."""
        from vtkmodules.util.numpy_support import vtk_to_numpy
        from vtkmodules.vtkCommonCore import vtkFloatArray

        self._render(frame, axes)
        raw = vtkFloatArray()
        self._window.GetZbufferData(0, 0, frame.width - 1, frame.height - 1, raw)
        z = vtk_to_numpy(raw).reshape(frame.height, frame.width)
        out: Floats32 = np.float32(frame.near_um) - z * np.float32(frame.near_um - frame.far_um)
        return out

    def colours(self, frame: Frame, axes: Floats, *, draw: bool = True) -> Bytes:
        """Colours uint8[H,W,3] of what `frame` sees along `axes`, row 0 at the BOTTOM; of the last look where not `draw`."""
        from vtkmodules.util.numpy_support import vtk_to_numpy
        from vtkmodules.vtkCommonCore import vtkUnsignedCharArray

        if draw:
            self._render(frame, axes)
        raw = vtkUnsignedCharArray()
        self._window.GetPixelData(0, 0, frame.width - 1, frame.height - 1, 0, raw, 0)
        image: Bytes = vtk_to_numpy(raw).reshape(frame.height, frame.width, 3)
        return image


def see(patch: Patch, frame: Frame, empty: int = NOTHING) -> GBuffer:
    """What `frame` sees of a patch in view coordinates, index `empty` where there is nothing. Raises WetprintError (X720) where nothing can draw."""
    colours = np.empty((len(patch.points_um), 3), dtype=np.uint8)
    colours[:, :2] = np.rint(patch.normal[:, :2] * 127.5 + 127.5)
    colours[:, 2] = patch.index
    canvas = Canvas(frame.flattened(patch.points_um), patch.faces, colours, background=(127, 127, empty))
    flat = frame.flat()
    depth = canvas.depth(flat, np.eye(3))[::-1]
    image = canvas.colours(flat, np.eye(3), draw=False)[::-1]
    return GBuffer(image[..., :2].copy(), image[..., 2].copy(), np.ascontiguousarray(frame.depth_of(depth)))
