"""Window: turn the part, peel its layers, follow its print, measure it, ask a filament for its line of source. PyVista."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...kernel.diagnostics import WetprintError
from ...kernel.filaments import FilamentSet
from ..colouring import INK as BY_INK
from ..colouring import MOVEMENT, part_and_values
from ..colourings import COLOURINGS as FIGURES
from ..drawing.camera import DIRECTIONS, Camera, extent
from ..drawing.cards import table_card
from ..export import whole
from ..opengl import prepare_offscreen, prepare_window
from ..preview import Look
from .asking import Asking
from .further import further_parts
from .marks import problems_of
from .showing import bind_keys, save_picture, show_until
from .sliders import add_slider
from .stage import PAPER, SLIDE

if TYPE_CHECKING:
    from ...kernel.build import Job
    from ...kernel.scene import Scene
    from ..course import Course
    from .further import Further
    from .marks import Problem

#: What the window colours by, in the order of its key.
COLOURINGS = (BY_INK, *sorted(FIGURES.names(), key=lambda name: name != "layer"), MOVEMENT)

KEYS: tuple[tuple[str, str], ...] = (
    ("drag", "turn"),
    ("shift + drag, middle button", "move"),
    ("wheel, right button", "zoom"),
    ("click", "what is this filament?"),
    ("W", "wet, dried; xerogel, sintered where the inks tell how"),
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


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a window shows of a version of a design: its part, and how the course of its print, its problems and its further states
    are found when they are asked for."""

    part: FilamentSet
    course: Callable[[], Course] | None = None
    problems: Callable[[], Sequence[Problem]] | None = None
    further: tuple[Further, ...] = ()


def seen(jobs: FilamentSet | Sequence[FilamentSet | Job], look: Look, scene: Scene | None = None) -> Seen:
    """What a window shows of `jobs`; the problems of `look` unless those of `scene` are known. Raises WetprintError (X712, X713)."""
    part = whole(jobs, "wet" if look.state in ("wet", "both") else "dried")
    problems = look.problems
    if scene is not None and not isinstance(jobs, FilamentSet):
        problems = partial(problems_of, scene, [job for job in jobs if not isinstance(job, FilamentSet)])
    return Seen(part, look.course(jobs), problems, further_parts(jobs, look.further))


class Window(Asking):
    """One window. Built apart from `show`, so that it can be driven and photographed without a display."""

    def __init__(
        self, part: FilamentSet, look: Look, *, seen: Seen | None = None, off_screen: bool = False
    ) -> None:
        seen = seen or Seen(part)
        super().__init__(part, look, course=seen.course, further=seen.further, off_screen=off_screen)
        self._problems = seen.problems
        self._slide()
        self._letters()
        self._keys()
        self.from_direction("axonometric" if look.view not in DIRECTIONS else look.view)
        if look.further:
            self.show_state(look.further)
        if look.by != BY_INK:
            self.colour_by(look.by)

    def _slide(self) -> None:
        """The sliders of the layers and of the print."""
        ink = self.letters.ink
        if self._find_course is not None:
            printed = 100 if self.printed is None else 100 * self.printed / len(self.part)
            self._progress = add_slider(
                self.plotter, lambda v: self.show_printed(None if v >= 100 else round(v / 100 * len(self.part))), (0, 100), printed,
                "printed, %", ink, height=0.80,
            )  # fmt: skip
        if self.layers > 1:
            self._slider = add_slider(
                self.plotter, lambda v: self.show_layers(round(v)), (1, self.layers), self.shown_layers, "layers", ink
            )  # fmt: skip

    def renew(self, seen: Seen | None) -> None:
        """Show another version of the part, from where the camera is; None keeps the last one and says that it is old. What was marked
        is marked anew."""
        self.letters.wipe("told")
        if seen is None:
            self._tell("told", "the design has errors; this is how it was before")
            self.plotter.render()
            return
        part = seen.part
        shown, marked = self.shown, self.marked is not None
        self._take(part, seen.further)
        self._find_course, self._problems = seen.course, seen.problems
        self.printed, self.marked = None, None
        if not self._colours_known(self.colouring):
            self.colouring = BY_INK
        self.shown = shown if shown in self.states() else self.states()[-1]
        try:
            self._dry_so(self.shown)
        except WetprintError:
            self.shown = "dried"
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
        if marked:
            self._complain()
        self._draw(render=False)
        self._draw_ghost()
        self._letters()
        self.plotter.renderer.ResetCameraClippingRange()
        self.plotter.render()

    def _colours_known(self, name: str) -> bool:
        """Whether the part can be coloured so."""
        if name == MOVEMENT:
            return self._part.wet is not None and self._part.dried is not None
        return name == BY_INK or not FIGURES[name].course or self._find_course is not None

    def show(self, look_up: Callable[[], bool] = lambda: True) -> None:
        """Open the window until it is closed. `look_up` is called again and again meanwhile; where it says False, the window closes."""

        def tick() -> bool:
            if not look_up():
                return False
            if self.crowd is not None and self.crowd.tick():
                self.plotter.render()
            return True

        try:
            show_until(self.plotter, tick)
        finally:
            self.close()

    def close(self) -> None:
        """End what works for the window."""
        if self.crowd is not None:
            self.crowd.close()

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
            "s": self.save,
            "question": self.help,
        }
        bind_keys(p, bound, self.from_direction)
        p.iren.add_observer("InteractionEvent", lambda *_: self._bar())
        p.iren.add_observer("StartInteractionEvent", lambda *_: self.turn(True))
        p.iren.add_observer("EndInteractionEvent", lambda *_: self.turn(False))
        p.iren.add_observer("MouseWheelForwardEvent", lambda *_: self._zoomed())
        p.iren.add_observer("MouseWheelBackwardEvent", lambda *_: self._zoomed())
        self._pressed = (0, 0)
        p.iren.add_observer("LeftButtonPressEvent", lambda *_: self._press())
        p.iren.add_observer("LeftButtonReleaseEvent", lambda *_: self._release())

    def _press(self) -> None:
        self._pressed = self.plotter.iren.get_event_position()

    def _release(self) -> None:
        x, y = self.plotter.iren.get_event_position()
        if abs(x - self._pressed[0]) + abs(y - self._pressed[1]) < 4:
            self.pick(x, y)

    def _zoomed(self) -> None:
        self._bar()
        self.turn(False)

    def show_layers(self, count: int) -> None:
        count = min(self.layers, max(1, count))
        if count == self.shown_layers:
            return
        self.shown_layers = count
        if self.layers > 1:
            self._slider.GetRepresentation().SetValue(count)
        self._draw()

    def other_state(self) -> None:
        """To the next state that is known, and round."""
        known = self.states()
        self.show_state(known[(known.index(self.shown) + 1) % len(known)])

    def show_state(self, name: str) -> None:
        """Show the part wet, dried, or in a further state, which may have to be solved first."""
        if name in self._further and name not in self._dried_so:
            self._tell("told", f"solving how it becomes {name} ...")
            self.plotter.render()
        try:
            self._dry_so(name)
            said = "" if name in self.states() else f"{name}: not known for the pieces of the print"
        except WetprintError as fault:
            said = f"{name}: {fault.diagnostics[0].message}"
        if said:
            self._tell("told", said)
            self.plotter.render()
            return
        self.letters.wipe("told")
        self.shown = name
        self._draw(render=False)
        self._letters()
        self.plotter.render()

    def show_printed(self, count: int | None) -> None:
        """The first `count` filaments of the print, with the nozzle where the last of them ends; None for all of it."""
        if self._find_course is None or count == self.printed:
            return
        total = len(self.course().part)
        wanted = None if count is None or count >= total else max(0, count)
        if wanted == self.printed:
            return
        self.printed = wanted
        self._progress.GetRepresentation().SetValue(100.0 if wanted is None else 100.0 * wanted / total)
        if wanted == 0:  # VTK draws no surface without faces
            self.turn(True)
            self.actor.SetVisibility(False)
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
        while not self._has(COLOURINGS[(k := (k + by) % len(COLOURINGS))]):
            pass
        self.colour_by(COLOURINGS[k])

    def _has(self, name: str) -> bool:
        """Whether the part can be coloured so, and anything of it has that figure: ink has no power, light no pressure."""
        if not self._colours_known(name) or name not in FIGURES.names() or not FIGURES[name].course:
            return self._colours_known(name)
        return bool(np.isfinite(part_and_values(name, self.part, self.state, self.course)[1]).any())

    def colour_by(self, name: str) -> None:
        """Colour by the inks, by how far places move, or by a figure of the register; by the inks where the part lacks it."""
        self.colouring = name if self._colours_known(name) else BY_INK
        if self.colouring in FIGURES.names() and FIGURES[self.colouring].course:
            self.course()
        self._draw(render=False)
        self._letters()
        self.plotter.render()

    def other_ghost(self) -> None:
        """The wet part over the dried one, or not."""
        if self.part.wet is None or self.part.dried is None:
            return
        if self.large:
            self._tell("told", "a ghost of so many filaments would hide the part: --overlay --png draws one")
            self.plotter.render()
            return
        self.ghost = not self.ghost
        if self.ghost and self.shown == "wet":
            self.show_state("dried")
        self._draw_ghost()
        self._letters()
        self.plotter.render()

    def other_light(self) -> None:
        """Light paper or a dark slide."""
        self.dark = self.letters.pale = not self.dark
        self.plotter.set_background(SLIDE if self.dark else PAPER)
        self.plotter.clear_slider_widgets()
        self._slide()
        self._letters()
        self.turn(False)
        self.plotter.render()

    def perspective(self) -> None:
        """From parallel projection to perspective or back; what the view turns about keeps its size."""
        camera = self.plotter.camera
        half = float(np.tan(np.radians(camera.view_angle) / 2))
        if camera.parallel_projection:
            focus = np.array(camera.focal_point)
            camera.position = focus + self.axes()[2] * camera.parallel_scale / half
        else:
            camera.parallel_scale = camera.distance * half
        camera.parallel_projection = not camera.parallel_projection
        self.plotter.renderer.ResetCameraClippingRange()
        self.redraw()

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
        self._bar()
        if self.large:
            self._draw(render=False)
        p.renderer.ResetCameraClippingRange()
        p.render()

    def save(self) -> None:
        save_picture(self.plotter)

    def help(self) -> None:
        self._helping = not self._helping
        if self._helping:
            self.letters.lay("help", table_card(KEYS, self._px), 24, 24 + 8 * self._px)
        else:
            self.letters.wipe("help")
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
        found = seen(jobs, look)
        Window(found.part, look, seen=found).show()
        return None


def photograph(
    jobs: FilamentSet | Sequence[FilamentSet | Job], look: Look, path: Path, act: Callable[[Window], None] = lambda _: None
) -> Path:  # fmt: skip
    """The window as it looks after `act` and at rest, as a picture, without a display."""
    prepare_offscreen()
    found = seen(jobs, look)
    window = Window(found.part, look, seen=found, off_screen=True)
    try:
        act(window)
        if window.crowd is not None:
            window.crowd.settle()
        window.plotter.screenshot(str(path))
    finally:
        window.close()
        window.plotter.close()
    return path


WINDOW = _Window()
