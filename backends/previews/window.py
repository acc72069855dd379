"""Window: turn the part, peel its layers, follow its print, measure it, ask a filament for its line of source. PyVista."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...kernel.filaments import FilamentSet, Floats
from ...kernel.scene import StateName
from ..colouring import INK as BY_INK
from ..colourings import COLOURINGS as FIGURES
from ..drawing.camera import DIRECTIONS, Camera, extent
from ..drawing.cards import table_card
from ..export import whole
from ..opengl import prepare_offscreen, prepare_window
from ..preview import Look
from ..tubes import tubes
from .marks import ALARM, distance_told, problems_at
from .stage import PAPER, SLIDE, Stage

if TYPE_CHECKING:
    from ...kernel.build import Job
    from ..course import Course

#: What the window colours by, in the order of its key.
COLOURINGS = (BY_INK, *sorted(FIGURES.names(), key=lambda name: name != "layer"))

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


class Window(Stage):
    """One window. Built apart from `show`, so that it can be driven and photographed without a display."""

    def __init__(
        self,
        part: FilamentSet,
        look: Look,
        *,
        course: Callable[[], Course] | None = None,
        off_screen: bool = False,
    ) -> None:
        super().__init__(part, look, course=course, off_screen=off_screen)
        self._slide()
        self._letters()
        self._keys()
        self.from_direction("axonometric" if look.view not in DIRECTIONS else look.view)
        if look.by != BY_INK:
            self.colour_by(look.by)

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
        self.plotter.set_background(SLIDE if self.dark else PAPER)
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
