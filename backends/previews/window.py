"""Window: turn the part, peel its layers, follow its print, measure it, ask a filament for its line of source. PyVista."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...kernel.filaments import FilamentSet, Floats
from ...kernel.scene import StateName
from ..colouring import INK as BY_INK
from ..colouring import part_and_values, shares
from ..colourings import COLOURINGS as FIGURES
from ..drawing.camera import DIRECTIONS, Camera, extent, length_label, nice_length
from ..drawing.cards import INK, legend_card, table_card
from ..drawing.change import GHOST
from ..drawing.change import colours as bar_colours
from ..drawing.lettering import text_mask
from ..drawing.picture import ink_colours
from ..export import whole
from ..exporter import rgb
from ..opengl import prepare_offscreen, prepare_window
from ..preview import Look
from ..tubes import Mesh, tubes
from .marks import ALARM, distance_told, problems_at

if TYPE_CHECKING:
    from ...kernel.build import Job
    from ..course import Course

#: What the window colours by, in the order of its key.
COLOURINGS = (BY_INK, *sorted(FIGURES.names(), key=lambda name: name != "layer"))

#: Letters and paper, light and dark.
_PAPER, _SLIDE, _PALE = "white", "#15181d", (233, 235, 238)

#: Parts of more segments are drawn as lines where a filament is narrower than so many pixels, and as tubes where those that are
#: seen are few enough; while they turn, at most so many lines are drawn.
_LARGE, _NEAR_PX, _SEEN, _TURNING = 15_000, 4.0, 4_000, 20_000

#: A nozzle is drawn up to this share of the part's largest extent.
_NOZZLE = 0.45

KEYS: tuple[tuple[str, str], ...] = (
    ("drag", "turn"),
    ("shift + drag, middle button", "move"),
    ("wheel, right button", "zoom"),
    ("click", "what is this filament?"),
    ("W", "wet / dried"),
    ("G", "the wet part as a ghost over the dried one"),
    ("C, V", f"colour by {', '.join(COLOURINGS)}; back"),
    ("up, down", "layers"),
    ("left, right", "the print, filament by filament"),
    ("M", "measure between two clicks"),
    ("E", "what wp check complains of"),
    ("X", "cut the part open"),
    ("D", "light / dark"),
    ("1 2 3 4", "axonometric, top, front, side"),
    ("R", "whole part"),
    ("P", "perspective / parallel"),
    ("S", "save a picture"),
    ("?", "this list"),
    ("Q", "close"),
)


class Window:
    """One window. Built apart from `show`, so that it can be driven and photographed without a display."""

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
        p.set_background(_SLIDE if self.dark else _PAPER)
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
        self._slide()
        self._letters()
        self._keys()
        self.from_direction("axonometric" if look.view not in DIRECTIONS else look.view)
        if look.by != BY_INK:
            self.colour_by(look.by)

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

    def _slide(self) -> None:
        """The sliders of the layers and of the print."""
        if self._find_course is not None:
            self._progress = self.plotter.add_slider_widget(
                lambda v: self.show_printed(round(v / 100 * len(self.part))),
                [0, 100],
                value=100 if self.printed is None else 100 * self.printed / len(self.part),
                title="printed, %",
                pointa=(0.70, 0.80),
                pointb=(0.96, 0.80),
                style="modern",
                fmt="%.0f",
                color=self._letters_colour(),
                title_height=0.016,
                slider_width=0.012,
                tube_width=0.004,
            )
        if self.layers > 1:
            self._slider = self.plotter.add_slider_widget(
                lambda v: self.show_layers(round(v)),
                [1, self.layers],
                value=self.shown_layers,
                title="layers",
                pointa=(0.70, 0.92),
                pointb=(0.96, 0.92),
                style="modern",
                fmt="%.0f",
                color=self._letters_colour(),
                title_height=0.016,
                slider_width=0.012,
                tube_width=0.004,
            )

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
        """Lay an image uint8[h,w,4] over the view."""
        from vtkmodules.util.numpy_support import numpy_to_vtk
        from vtkmodules.vtkCommonDataModel import vtkImageData
        from vtkmodules.vtkRenderingCore import vtkActor2D, vtkImageMapper

        h, w = image.shape[:2]
        wide, tall = self.plotter.window_size
        data = vtkImageData()
        data.SetDimensions(w, h, 1)
        data.GetPointData().SetScalars(
            numpy_to_vtk(np.ascontiguousarray(image[::-1]).reshape(-1, 4), deep=True)
        )
        mapper, actor = vtkImageMapper(), vtkActor2D()
        mapper.SetInputData(data)
        mapper.SetColorWindow(255)
        mapper.SetColorLevel(127.5)
        actor.SetMapper(mapper)
        actor.SetPosition(x if x >= 0 else wide + x - w, y if y >= 0 else tall + y - h)
        self.plotter.add_actor(actor, name=name, render=False, reset_camera=False, pickable=False)

    def renew(self, part: FilamentSet | None, course: Callable[[], Course] | None = None) -> None:
        """Show another version of the part, from where the camera is; None keeps the last one and says that it is old."""
        self.plotter.remove_actor("told", render=False)
        if part is None:
            self._write("told", "the design has errors; this is how it was before", 24, 24 + 4 * self._px)
            self.plotter.render()
            return
        self.part = part
        self._find_course = course
        self.printed, self.marked, self._problems = None, None, None
        if course is None and FIGURES[self.colouring].course if self.colouring != BY_INK else False:
            self.colouring = BY_INK
        if (part.wet if self.state == "wet" else part.dried) is None:
            self.state = "dried" if self.state == "wet" else "wet"
        layers = int(part.layer.max()) + 1
        if self.shown_layers in (self.layers, layers) or self.shown_layers > layers:
            self.shown_layers = layers
        before, self.layers = self.layers, layers
        if min(before, layers) > 1:
            knob = self._slider.GetRepresentation()
            knob.SetMaximumValue(layers)
            knob.SetValue(self.shown_layers)
        elif before != layers:
            self.plotter.clear_slider_widgets()
            self._slide()
        self._sweep()
        self._draw(render=False)
        self._draw_ghost()
        self._letters()
        self.plotter.renderer.ResetCameraClippingRange()
        self.plotter.render()

    def follow(self, look_up: Callable[[], bool], every_s: float) -> None:
        """Call `look_up` again and again while the window is open; where it says False, the window closes."""
        p = self.plotter

        def tick(*_: object) -> None:
            if not look_up():
                p.iren.terminate_app()

        p.iren.add_observer("TimerEvent", tick)
        p.iren.initialize()
        p.iren.create_timer(round(1000 * every_s))

    # -- what a user does ----------------------------------------------------------------------------------------------

    def _keys(self) -> None:
        p = self.plotter
        bound: dict[str, Callable[[], None]] = {
            "w": self.other_state,
            "c": self.next_colouring,
            "v": lambda: self.next_colouring(-1),
            "g": self.other_ghost,
            "m": self.measure,
            "e": self.complain,
            "d": self.other_light,
            "Left": lambda: self.step(-1),
            "Right": lambda: self.step(1),
            "x": self.cut,
            "Up": lambda: self.show_layers(self.shown_layers + 1),
            "Down": lambda: self.show_layers(self.shown_layers - 1),
            "r": lambda: self.from_direction("axonometric"),
            "p": self.perspective,
            "s": self._save,
            "question": self.help,
            "1": lambda: self.from_direction("axonometric"),
            "2": lambda: self.from_direction("top"),
            "3": lambda: self.from_direction("front"),
            "4": lambda: self.from_direction("side"),
        }
        p.reset_key_events()
        for key, action in bound.items():
            p.add_key_event(key, action)
        p.add_key_event("q", p.close)
        p.iren.add_observer("InteractionEvent", lambda *_: self._bar())
        p.iren.add_observer("StartInteractionEvent", lambda *_: self._turn(True))
        p.iren.add_observer("EndInteractionEvent", lambda *_: self._turn(False))
        p.iren.add_observer("MouseWheelForwardEvent", lambda *_: self._bar())
        p.iren.add_observer("MouseWheelBackwardEvent", lambda *_: self._bar())
        self._pressed = (0, 0)
        p.iren.add_observer("LeftButtonPressEvent", lambda *_: self._press())
        p.iren.add_observer("LeftButtonReleaseEvent", lambda *_: self._release())

    def _press(self) -> None:
        self._pressed = self.plotter.iren.get_event_position()

    def _release(self) -> None:
        x, y = self.plotter.iren.get_event_position()
        if abs(x - self._pressed[0]) + abs(y - self._pressed[1]) < 4:
            self.pick(x, y)

    def pick(self, x: int, y: int) -> int | None:
        """Tell of the filament at pixel (x, y) from the lower left; its number, or None where there is none."""
        from vtkmodules.vtkRenderingCore import vtkCellPicker

        if self._measured is not None:
            self._place(x, y)
            return None
        picker = vtkCellPicker()
        picker.SetTolerance(0.0)
        picker.AddPickList(self._actor)
        picker.PickFromListOn()
        p = self.plotter
        if not picker.Pick(x, y, 0, p.renderer) or picker.GetCellId() < 0:
            p.remove_actor("told")
            return None
        f = int(self._filament[picker.GetCellId()])
        self._write("told", self.told(f), 24, 24 + 4 * self._px)
        p.render()
        return f

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
            f"{width:.4g} µm wide{high}, {length:.5g} µm long, {self.state}"
        )

    def show_layers(self, count: int) -> None:
        count = min(self.layers, max(1, count))
        if count == self.shown_layers:
            return
        self.shown_layers = count
        if self.layers > 1:
            self._slider.GetRepresentation().SetValue(count)
        self._draw()

    def other_state(self) -> None:
        """From wet to dried or back, where both are known."""
        other: StateName = "dried" if self.state == "wet" else "wet"
        if (self.part.wet if other == "wet" else self.part.dried) is None:
            return
        if not self.large and other not in self._meshes:
            self._meshes[other] = tubes(self.part, other, self._sides).points_um
        self.state = other
        self._draw()
        self._letters()

    def show_printed(self, count: int) -> None:
        """The first `count` filaments of the print, with the nozzle where the last of them ends."""
        if self._find_course is None:
            return
        total = len(self.course().part)
        wanted = None if count >= total else max(0, count)
        if wanted == self.printed:
            return
        self.printed = wanted
        self._progress.GetRepresentation().SetValue(100.0 if wanted is None else 100.0 * wanted / total)
        if wanted == 0:  # VTK draws no surface without faces
            self._actor.SetVisibility(False)
            self.plotter.remove_actor("nozzle", render=False)
            self.plotter.render()
            return
        self._draw()
        self._letters()

    def step(self, by: int) -> None:
        """On or back by one filament."""
        self.show_printed((len(self.part) if self.printed is None else self.printed) + by)

    def next_colouring(self, by: int = 1) -> None:
        k = COLOURINGS.index(self.colouring)
        while True:
            k = (k + by) % len(COLOURINGS)
            if COLOURINGS[k] == BY_INK or not FIGURES[COLOURINGS[k]].course or self._find_course is not None:
                break
        self.colour_by(COLOURINGS[k])

    def colour_by(self, name: str) -> None:
        """Colour by the inks or a figure of the register."""
        self.colouring = name
        if name != BY_INK and FIGURES[name].course and self._find_course is not None:
            self.course()
        self._draw(render=False)
        self._letters()
        self.plotter.render()

    def other_ghost(self) -> None:
        """The wet part over the dried one, or not."""
        if self.part.wet is None or self.part.dried is None:
            return
        self.ghost = not self.ghost
        if self.ghost and self.state == "wet":
            self.other_state()
        self._draw_ghost()
        self._letters()
        self.plotter.render()

    def complain(self) -> None:
        """Mark what `wp check` complains of, or let it be."""
        if self.marked is not None:
            self.marked = None
            self.plotter.remove_actor("told", render=False)
        elif self._problems is not None:
            marked, lines = problems_at(self.part, self.state, self._problems())
            self.marked = marked if lines else None
            self._write(
                "told",
                "\n".join(line[:110] for line in lines[:8]) or "nothing to complain of",
                24,
                24 + 4 * self._px,
            )
        self._draw(render=False)
        self._letters()
        self.plotter.render()

    def measure(self) -> None:
        """Measure between the next two places that are clicked; off again by the same key."""
        self._measured = [] if self._measured is None else None
        for name in ("measured", "measured line"):
            self.plotter.remove_actor(name, render=False)
        if self._measured is not None:
            self._write("measured", "click two places", 24, 24 + 4 * self._px)
        self.plotter.render()

    def _place(self, x: int, y: int) -> None:
        """One of the two places."""
        from vtkmodules.vtkRenderingCore import vtkCellPicker

        picker = vtkCellPicker()
        picker.SetTolerance(0.0)
        picker.AddPickList(self._actor)
        picker.PickFromListOn()
        if not picker.Pick(x, y, 0, self.plotter.renderer) or picker.GetCellId() < 0:
            return
        self.measure_to(np.array(picker.GetPickPosition()))

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
        self._write("measured", told, 24, 24 + 4 * self._px)
        self.plotter.render()
        return told

    def other_light(self) -> None:
        """Light paper or a dark slide."""
        self.dark = not self.dark
        self.plotter.set_background(_SLIDE if self.dark else _PAPER)
        self.plotter.clear_slider_widgets()
        self._slide()
        self._letters()
        self.plotter.render()

    def cut(self) -> None:
        """Cut the part open with a plane that can be dragged, or close it again."""
        self._cut = not self._cut
        if not self._cut:
            self.plotter.clear_plane_widgets()
            self._actor.mapper.RemoveAllClippingPlanes()
            self.plotter.render()
            return
        from vtkmodules.vtkCommonDataModel import vtkPlane

        self._plane = plane = vtkPlane()

        def moved(normal: Sequence[float], origin: Sequence[float]) -> None:
            plane.SetNormal(*normal)
            plane.SetOrigin(*origin)
            self._actor.mapper.RemoveAllClippingPlanes()
            self._actor.mapper.AddClippingPlane(plane)

        self.plotter.add_plane_widget(moved, normal=(0, 1, 0), bounds=self._data.bounds, implicit=True)

    def perspective(self) -> None:
        on = self.plotter.camera.parallel_projection
        (self.plotter.disable_parallel_projection if on else self.plotter.enable_parallel_projection)()
        self._bar()

    def from_direction(self, name: str) -> None:
        """Look along a named direction, the whole part in view."""
        axes = Camera.named(name).axes()
        low, high = extent(self.part, self.state, axes)
        centre = ((low + high) / 2) @ axes
        reach = float(np.linalg.norm(high - low)) + 1.0
        p = self.plotter
        width, height = p.window_size
        p.camera.focal_point = centre
        p.camera.position = centre + axes[2] * 2 * reach
        p.camera.up = axes[1]
        p.camera.parallel_scale = 0.5 * max((high - low)[1] / 0.74, (high - low)[0] / 0.86 * height / width)
        p.renderer.ResetCameraClippingRange()
        self._bar()
        p.render()

    def _save(self) -> None:
        self.save()

    def save(self) -> Path:
        """Save what is seen beside the design, as the next `wetprint-N.png`."""
        n = 1
        while (path := Path(f"wetprint-{n}.png")).exists():
            n += 1
        self.plotter.screenshot(str(path))
        return path

    def help(self) -> None:
        self._helping = not self._helping
        if self._helping:
            self._overlay("help", table_card(KEYS, self._px), 24, 24 + 8 * self._px)
        else:
            self.plotter.remove_actor("help", render=False)
        self.plotter.render()


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


class _Window:
    name = "window"
    doc = "a window in which the part turns"
    ending = ""

    def show(
        self, jobs: FilamentSet | Sequence[FilamentSet | Job], look: Look, path: Path | None
    ) -> Path | None:
        del path
        prepare_window()
        part = whole(jobs, "wet" if look.state in ("wet", "both") else "dried")
        Window(part, look, course=look.course(jobs)).plotter.show()
        return None


def photograph(
    jobs: FilamentSet | Sequence[FilamentSet | Job], look: Look, path: Path, act: Callable[[Window], None] = lambda _: None
) -> Path:  # fmt: skip
    """The window as it looks after `act`, as a picture, without a display."""
    prepare_offscreen()
    part = whole(jobs, "wet" if look.state in ("wet", "both") else "dried")
    window = Window(part, look, course=look.course(jobs), off_screen=True)
    act(window)
    window.plotter.screenshot(str(path))
    window.plotter.close()
    return path


WINDOW = _Window()
