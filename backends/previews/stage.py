"""Stage of the window: what is drawn of a part in it, and how large parts stay quick to turn. PyVista."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...kernel.filaments import FilamentSet, Floats
from ...kernel.scene import StateName
from ..colouring import INK as BY_INK
from ..colouring import part_and_values, shares
from ..colourings import COLOURINGS as FIGURES
from ..drawing.camera import length_label, nice_length
from ..drawing.cards import INK, legend_card
from ..drawing.change import GHOST
from ..drawing.change import colours as bar_colours
from ..drawing.lettering import text_mask
from ..drawing.picture import ink_colours
from ..exporter import rgb
from ..preview import Look
from ..tubes import Mesh, tubes
from .marks import ALARM

if TYPE_CHECKING:
    from ..course import Course

#: Letters and paper, light and dark.
PAPER, SLIDE, _PALE = "white", "#15181d", (233, 235, 238)

#: Parts of more segments are drawn as lines where a filament is narrower than so many pixels, and as tubes where those that are
#: seen are few enough; while they turn, at most so many lines are drawn.
_LARGE, _NEAR_PX, _SEEN, _TURNING = 15_000, 4.0, 4_000, 20_000

#: A nozzle is drawn up to this share of the part's largest extent.
_NOZZLE = 0.45


class Stage:
    """A part, its lamps, its letters and its nozzle in a plotter; what a user does with them is for the window."""

    def __init__(
        self,
        part: FilamentSet,
        look: Look,
        *,
        course: Callable[[], Course] | None = None,
        off_screen: bool = False,
    ) -> None:
        import pyvista as pv

        self.part = part
        self._find_course = course
        self._problems = look.problems
        self.state: StateName = "wet" if look.state in ("wet", "both") else "dried"
        self.colouring = BY_INK
        self.printed: int | None = None
        self.marked: npt.NDArray[np.bool_] | None = None
        self.ghost = False
        self.dark = look.style == "dark"
        self._measured: list[Floats] | None = None
        self.layers = int(part.layer.max()) + 1
        self.shown_layers = self.layers
        self.title = look.title
        self._sweep()
        self.plotter: Any = pv.Plotter(
            off_screen=off_screen,
            window_size=list(look.size),
            title=look.title or "wetprint",
            lighting="none",
        )
        p = self.plotter
        p.set_background(SLIDE if self.dark else PAPER)
        self._lights()
        self._data: Any = None
        self._actor: Any = None
        self._cut = False
        self._plane: Any = None
        self._slider: Any = None
        self._helping = False
        self._px = max(13, round(0.022 * look.size[1]))
        self._draw()
        p.enable_parallel_projection()
        p.enable_terrain_style(mouse_wheel_zooms=True, shift_pans=True)
        # The interactor's own letters (w for wires, s for surface ...) would answer beside ours.
        p.iren.interactor.GetInteractorStyle().AddObserver("CharEvent", lambda *_: None)
        if part.point_count - len(part) < 200_000 and not self._software():
            p.enable_ssao(radius=2.5 * float(np.median(part.state(self.state).width_um)), kernel_size=48)
        if not self.large:  # eight samples a pixel cost a processor that draws most of its time
            p.enable_anti_aliasing("msaa", multi_samples=8)

    def _sweep(self) -> None:
        """The surface of the part and the colours of its inks."""
        part = self.part
        self._colours, self._legend, self._index = ink_colours(part)
        segments = part.point_count - len(part)
        self.large = segments > _LARGE
        self.near = False
        if self.large:
            return
        self._sides = 20 if segments < 5_000 else 10 if segments < 50_000 else 6
        self._mesh: Mesh = tubes(part, self.state, self._sides)
        self._meshes: dict[StateName, Floats] = {self.state: self._mesh.points_um}

    # -- what is drawn -------------------------------------------------------------------------------------------------

    def _lights(self) -> None:
        import pyvista as pv

        for position, strength in (
            ((-0.50, 0.72, 0.62), 0.66),
            ((0.85, 0.1, 0.55), 0.20),
            ((0, 0.3, 1), 0.26),
        ):
            self.plotter.add_light(
                pv.Light(position=position, intensity=strength, light_type="camera light", positional=False)
            )

    def _software(self) -> bool:
        """Whether the processor draws: then shadows in corners would make turning slow."""
        window = self.plotter.render_window
        window.Render()  # before its first picture a window knows of no driver, and falls when asked
        said = window.ReportCapabilities()
        return any(name in said for name in ("llvmpipe", "softpipe", "swrast", "SWR"))

    def _draw(self, *, render: bool = True) -> None:
        import pyvista as pv

        there = self.part.layer < self.shown_layers
        if self.printed is not None:
            there = there & (self.course().place < self.printed)
        if self.large:
            self._draw_large(there)
            if render:
                self.plotter.render()
            return
        keep = there[self._mesh.filament]
        faces = self._mesh.faces[keep]
        self._filament = self._mesh.filament[keep]
        self._data = pv.PolyData.from_regular_faces(self._meshes[self.state].astype(np.float32), faces)
        self._data.cell_data["rgb"] = self._cell_colours()
        self._actor = self.plotter.add_mesh(
            self._data,
            scalars="rgb",
            rgb=True,
            smooth_shading=True,
            split_sharp_edges=False,
            ambient=0.30,
            diffuse=0.85,
            specular=0.18,
            specular_power=18,
            name="part",
            reset_camera=False,
            render=False,
        )
        if self._cut:
            self._actor.mapper.AddClippingPlane(self._plane)
        self._draw_nozzle()
        if render:
            self.plotter.render()

    def _draw_large(self, there: npt.NDArray[np.bool_]) -> None:
        """A large part: tubes of what is seen from near, else lines as wide as the filaments, and fewer of these while it turns."""
        part, s = self.part, self.part.state(self.state)
        width = float(np.median(s.width_um))
        seen = self._seen(there) if width >= _NEAR_PX * getattr(self, "um_per_px", np.inf) else None
        self.near = seen is not None
        self.plotter.remove_actor("turning", render=False)
        if seen is not None:
            mesh = tubes(part.take(seen), self.state, 10)
            self._filament = seen[mesh.filament]
            self._data = pv_faces(mesh.points_um, mesh.faces)
            self._data.cell_data["rgb"] = self._cell_colours()
            self._actor = self._add("part", self._data, smooth_shading=True, ambient=0.30, diffuse=0.85)
        else:
            first, owner = part.segments()
            kept = np.flatnonzero(there[owner])
            some = kept[:: max(1, len(kept) // _TURNING)]
            for name, rows in (("turning", some), ("part", kept)):
                self._filament = owner[rows]
                self._data = pv_lines(s.points_um, first[rows])
                self._data.cell_data["rgb"] = self._shaded(first[rows])
                px = width / self.um_per_px if hasattr(self, "um_per_px") else 1.0
                wide = float(np.clip(px, 1.0, _NEAR_PX))
                self._actor = self._add(name, self._data, lighting=False, line_width=wide)
            self.plotter.actors["turning"].SetVisibility(False)
        if self._cut:
            self._actor.mapper.AddClippingPlane(self._plane)
        self._draw_nozzle()

    def _add(self, name: str, data: Any, **how: Any) -> Any:
        return self.plotter.add_mesh(
            data,
            scalars="rgb",
            rgb=True,
            name=name,
            reset_camera=False,
            render=False,
            pickable=name == "part",
            **how,
        )

    def _shaded(self, first: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Colours of lines, darker where they lead along y: flat lines of one colour would show no lattice."""
        points = self.part.state(self.state).points_um
        along = points[first + 1] - points[first]
        share = np.abs(along[:, 1]) / np.maximum(np.linalg.norm(along, axis=1), 1e-9)
        return np.asarray((self._cell_colours() * (1.0 - 0.35 * share)[:, None]).astype(np.uint8))

    def _seen(self, there: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64] | None:
        """Filaments of which something lies in the view, where they are few enough."""
        camera, s = self.plotter.camera, self.part.state(self.state)
        up = np.array(camera.up)
        eye = np.array(camera.position) - np.array(camera.focal_point)
        right = np.cross(up, eye)
        axes = np.stack([right / np.linalg.norm(right), up / np.linalg.norm(up)])
        at = (s.points_um - np.array(camera.focal_point)) @ axes.T
        half = np.array([self.plotter.window_size[0] / 2, self.plotter.window_size[1] / 2]) * self.um_per_px
        low = np.minimum.reduceat(at, self.part.offsets[:-1], axis=0)
        high = np.maximum.reduceat(at, self.part.offsets[:-1], axis=0)
        inside = there & (high > -half).all(axis=1) & (low < half).all(axis=1)
        found = np.flatnonzero(inside)
        return found if 0 < len(found) <= _SEEN else None

    def _turn(self, begins: bool) -> None:
        """While a large part turns, a part of its lines is enough; once it rests, what is near becomes tubes."""
        if not self.large:
            return
        coarse = self.plotter.actors.get("turning")
        if begins:
            if coarse is not None:
                coarse.SetVisibility(True)
                self._actor.SetVisibility(False)
        else:
            self._bar()
            self._draw()

    def _draw_nozzle(self) -> None:
        """The nozzle where the last filament that is shown ends, while not all are."""
        import pyvista as pv

        self.plotter.remove_actor("nozzle", render=False)
        if not self.printed or self.printed >= len(self.part):
            return
        from ..course import GLASS, begun_filament, nozzle_at

        course = self.course()
        f = int(course.order[self.printed - 1])
        _, self.tip_um = begun_filament(self.part, f, 1.0, bool(course.reverse[f]), self.state)
        low, high = (
            self.part.state(self.state).points_um.min(axis=0),
            self.part.state(self.state).points_um.max(axis=0),
        )
        glass = nozzle_at(
            self.part,
            course.nozzles[int(course.nozzle[f])],
            self.tip_um,
            _NOZZLE * float((high - low).max()),
            self.state,
        )
        mesh = tubes(glass, self.state, 32)
        self.plotter.add_mesh(
            pv.PolyData.from_regular_faces(mesh.points_um.astype(np.float32), mesh.faces), color=GLASS, opacity=0.75,
            smooth_shading=True, name="nozzle", reset_camera=False, render=False, pickable=False,
        )  # fmt: skip

    def _draw_ghost(self) -> None:
        import pyvista as pv

        self.plotter.remove_actor("ghost", render=False)
        if not self.ghost:
            return
        if self.large:  # as many see-through tubes would hide the part and take minutes
            return
        if "wet" not in self._meshes:
            self._meshes["wet"] = tubes(self.part, "wet", self._sides).points_um
        surface = pv.PolyData.from_regular_faces(self._meshes["wet"].astype(np.float32), self._mesh.faces)
        self.plotter.add_mesh(
            surface, color=GHOST, opacity=0.16, name="ghost", reset_camera=False, render=False, pickable=False
        )

    def _cell_colours(self) -> npt.NDArray[np.uint8]:
        if self.colouring == BY_INK:
            table = np.array([rgb(c) for c in self._colours], dtype=np.uint8)
            of = table[self._index]
        else:
            of = _ramp(shares(self._values())[0])
        if self.marked is not None:
            of = np.where(
                self.marked[:, None], np.array(rgb(ALARM), dtype=np.uint8), (of * 0.35 + 150).astype(np.uint8)
            )
        return np.asarray(of[self._filament])

    def course(self) -> Course:
        """The course of the print; the part is then that of its plan, which may have cut filaments."""
        assert self._find_course is not None
        found = self._find_course()
        if found.part is not self.part:
            same = len(found.part) == len(self.part) and found.part.point_count == self.part.point_count
            self.part = found.part
            if not same or self.large:
                self.marked = None if not same else self.marked
                self._sweep()
            else:
                self._colours, self._legend, self._index = ink_colours(self.part)
                self._meshes = {self.state: tubes(self.part, self.state, self._sides).points_um}
                self._mesh = tubes(self.part, self.state, self._sides)
        return found

    def _values(self) -> Floats:
        """What is coloured, one figure a filament."""
        planned = FIGURES[self.colouring].course
        return part_and_values(self.colouring, self.part, self.state, self.course if planned else None)[1]

    def _letters(self) -> None:
        """Title and legend."""
        parts = [self.title, self.state, f"{len(self.part)} filaments"]
        self._write("title", "   ".join(t for t in parts if t), 24, -24)
        if self.colouring == BY_INK:
            entries = [(label, np.array(rgb(colour)) / 255) for label, colour in self._legend]
        else:
            figure = FIGURES[self.colouring]
            _, low, high = shares(self._values())
            at = np.linspace(0.0, 1.0, 5 if high > low else 1)
            said = [f"{x:.0f}" if figure.whole else f"{x:.4g}" for x in low + at * (high - low)]
            said[0] = f"{said[0]}  {figure.label}"
            entries = list(zip(said, _ramp(at) / 255, strict=True))
        if self.ghost:
            entries.append(("wet", np.array(rgb(GHOST)) / 255))
        if self.marked is not None:
            entries.append((f"{int(self.marked.sum())} filaments complained of", np.array(rgb(ALARM)) / 255))
        self.legend = [label for label, _ in entries]
        self._overlay("legend", legend_card(entries, self._px, self._ink()), -24, 24)
        self._bar()

    def _bar(self) -> None:
        """The scale bar, as long as the view's scale says now."""
        p = self.plotter
        width, height = p.window_size
        self.um_per_px = 2.0 * p.camera.parallel_scale / height
        self.bar_um = nice_length(0.2 * width * self.um_per_px)
        if not p.camera.parallel_projection:
            p.remove_actor("bar", render=False)
            self._write("bar text", "perspective: no scale", 24, 24)
            return
        length = round(self.bar_um / self.um_per_px)
        bar = np.zeros((max(3, self._px // 5), length, 4), dtype=np.uint8)
        bar[:] = (*self._ink(), 255)
        self._overlay("bar", bar, 24, 24)
        self._write("bar text", length_label(self.bar_um), 24, 24 + 2 * (self._px // 5) + 2)

    def _ink(self) -> tuple[int, int, int]:
        return _PALE if self.dark else INK

    def _letters_colour(self) -> str:
        return "#{:02x}{:02x}{:02x}".format(*self._ink())

    def _write(self, name: str, text: str, x: int, y: int) -> None:
        """Dark letters at (x, y) from the lower left corner, or from the upper and right one where negative."""
        lines = [text_mask(line, self._px)[0] for line in text.split("\n")]
        image = np.zeros((sum(m.shape[0] for m in lines), max(m.shape[1] for m in lines), 4), dtype=np.uint8)
        image[..., :3] = self._ink()
        at = 0
        for m in lines:
            image[at : at + m.shape[0], : m.shape[1], 3] = np.rint(m * 255)
            at += m.shape[0]
        self._overlay(name, image, x, y)

    def _overlay(self, name: str, image: npt.NDArray[np.uint8], x: int, y: int) -> None:
        overlay(self.plotter, name, image, x, y)


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


def pv_faces(points_um: Floats, faces: npt.NDArray[Any]) -> Any:
    import pyvista as pv

    return pv.PolyData.from_regular_faces(points_um.astype(np.float32), faces)


def pv_lines(points_um: Floats, first: npt.NDArray[np.int64]) -> Any:
    """Lines from each of the points `first` to the one after it."""
    import pyvista as pv

    data = pv.PolyData()
    data.points = points_um.astype(np.float32)
    lines = np.empty((len(first), 3), dtype=np.int64)
    lines[:, 0], lines[:, 1], lines[:, 2] = 2, first, first + 1
    data.lines = lines.ravel()
    return data


def _ramp(share: Floats) -> npt.NDArray[np.uint8]:
    """Colours of a bar at shares of it, uint8[N,3]."""
    table = np.array([rgb(c) for c in bar_colours()], dtype=np.uint8)
    return table[np.rint(np.asarray(share) * (len(table) - 1)).astype(np.int64)]
