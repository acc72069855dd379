"""Stage of the window: what is drawn of a part in it, in which state and colours, with its nozzle, letters and lamps. PyVista."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...kernel.filaments import FilamentSet, Floats, Ints
from ...kernel.scene import StateName
from ..colouring import INK as BY_INK
from ..colouring import MOVEMENT, part_and_values, shares
from ..colourings import COLOURINGS as FIGURES
from ..drawing.cards import legend_card
from ..drawing.change import GHOST, STEPS, Bar, moving_pieces
from ..drawing.change import colours as bar_colours
from ..drawing.picture import MISSING, ink_colours
from ..drawing.section import Cut, faces_of
from ..exporter import rgb
from ..preview import Look
from ..tubes import Mesh, tubes
from .crowd import Crowd
from .letters import Letters, scale_bar
from .marks import ALARM

if TYPE_CHECKING:
    from ..course import Course
    from .further import Further

#: Paper, light and dark.
PAPER, SLIDE = "white", "#15181d"

#: Parts of more segments are drawn in parts, by a processor and by a graphics card.
_LARGE, _LARGE_CARD = 4_000, 15_000

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
        further: Sequence[Further] = (),
        off_screen: bool = False,
    ) -> None:
        import pyvista as pv

        self._find_course = course
        self.dark = look.style == "dark"
        self.title = look.title
        self.colouring = BY_INK
        self.printed: int | None = None
        self.marked: npt.NDArray[np.bool_] | None = None
        self.ghost = False
        self._measured: list[Floats] | None = None
        self.section: Any = None
        self.nozzle: FilamentSet | None = None
        self._slider: Any = None
        self._helping = False
        self.actor: Any = None
        self.um_per_px = 0.0
        self.plotter: Any = pv.Plotter(
            off_screen=off_screen,
            window_size=list(look.size),
            title=look.title or "wetprint",
            lighting="none",
        )
        p = self.plotter
        p.set_background(SLIDE if self.dark else PAPER)
        self.by_processor = self._software()
        self._lights()
        self._px = max(13, round(0.022 * look.size[1]))
        self.letters = Letters(p, self._px, pale=self.dark)
        self._take(part, further)
        self.shown = "wet" if look.state in ("wet", "both") else "dried"
        self.layers = int(part.layer.max()) + 1
        self.shown_layers = self.layers
        self._sweep()
        self._draw()
        p.enable_parallel_projection()
        p.enable_terrain_style(mouse_wheel_zooms=True, shift_pans=True)
        # The interactor's own letters (w for wires, s for surface ...) would answer beside ours.
        p.iren.interactor.GetInteractorStyle().AddObserver("CharEvent", lambda *_: None)
        if not self.large and not self.by_processor:
            p.enable_ssao(radius=2.5 * float(np.median(part.state(self.state).width_um)), kernel_size=48)
        self.fine(not self.large)

    # -- the part and its states ---------------------------------------------------------------------------------------

    def _take(self, part: FilamentSet, further: Sequence[Further]) -> None:
        """Show this part from now on; what was found of the one before is forgotten."""
        self._part = part
        self._further = dict(further)
        self._dried_so: dict[str, FilamentSet] = {}
        self._values_of: dict[tuple[str, str], Floats] = {}

    @property
    def part(self) -> FilamentSet:
        """The part, its dried state being the one that is shown."""
        return self._dried_so.get(self.shown, self._part)

    @property
    def state(self) -> StateName:
        """Under which name the part keeps the state that is shown."""
        return "wet" if self.shown == "wet" else "dried"

    def states(self) -> tuple[str, ...]:
        """States that the part can be shown in."""
        known = [name for name, s in (("wet", self._part.wet), ("dried", self._part.dried)) if s is not None]
        return (*known, *self._further)

    def _dry_so(self, name: str) -> None:
        """Have the part in a further state. Raises WetprintError where it cannot be dried so."""
        if name not in self._further or name in self._dried_so:
            return
        found = self._further[name]()
        if np.array_equal(found.offsets, self._part.offsets):
            self._dried_so[name] = found
        else:  # the print cuts filaments that are dried whole
            del self._further[name]

    def _sweep(self) -> None:
        """The surface of the part and the colours of its inks."""
        part = self._part
        self._colours, self._legend, self._index = ink_colours(part)
        segments = part.point_count - len(part)
        large = segments > (_LARGE if self.by_processor else _LARGE_CARD)
        self.crowd = (getattr(self, "crowd", None) or Crowd(self)) if large else None
        self._sides = 20 if segments < 2_000 else 10 if segments < 6_000 else 6
        self._meshes: dict[str, Mesh] = {}

    @property
    def large(self) -> bool:
        return self.crowd is not None

    def _mesh(self, name: str) -> Mesh:
        """The surface of the whole part in a state."""
        if name not in self._meshes:
            part = self._dried_so.get(name, self._part)
            self._meshes[name] = tubes(part, "wet" if name == "wet" else "dried", self._sides)
        return self._meshes[name]

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

    def fine(self, on: bool) -> None:
        """Eight samples a pixel, which cost a processor that draws most of its time, or one."""
        if self.by_processor:
            self.plotter.render_window.SetMultiSamples(8 if on else 0)
        elif on:
            self.plotter.enable_anti_aliasing("msaa", multi_samples=8)

    def there(self) -> npt.NDArray[np.bool_]:
        """Filaments that layers and print leave to be seen, bool[F]."""
        there = self.part.layer < self.shown_layers
        if self.printed is not None:
            there = there & (self.course().place < self.printed)
        return np.asarray(there)

    def redraw(self) -> None:
        """Draw what is to be seen now."""
        self._bar()
        self._draw()

    def _draw(self, *, render: bool = True) -> None:
        there = self.there()
        if self.crowd is not None:
            self.crowd.draw(there)
            self._filament = self.crowd.filament
        elif self.moving:
            which = np.flatnonzero(there)
            table, index, pieces, of = self.coloured(self.part.take(which), which)
            mesh = tubes(pieces, self.state, 10)
            self._filament = of[mesh.filament]
            self.show_mesh(mesh.points_um, mesh.faces, table[index[mesh.filament]])
        else:
            mesh = self._mesh(self.shown)
            keep = there[mesh.filament]
            self._filament = mesh.filament[keep]
            table, index = self.palette()
            self.show_mesh(mesh.points_um, mesh.faces[keep], table[index[self._filament]])
        self.draw_faces()
        self._draw_nozzle()
        if render:
            self.plotter.render()

    def show_mesh(
        self,
        points_um: Floats,
        faces: npt.NDArray[Any],
        colours: npt.NDArray[np.uint8],
        *,
        lit: bool = True,
    ) -> None:
        """The part is drawn as these triangles of these colours uint8[T,3], under the lamps or as they are."""
        import pyvista as pv

        self._data = pv.PolyData.from_regular_faces(points_um.astype(np.float32), faces)
        self._data.cell_data["rgb"] = colours
        self.actor = self.plotter.add_mesh(
            self._data,
            scalars="rgb",
            rgb=True,
            smooth_shading=lit,
            lighting=lit,
            split_sharp_edges=False,
            ambient=0.30,
            diffuse=0.85,
            specular=0.18,
            specular_power=18,
            name="part",
            reset_camera=False,
            render=False,
            pickable=False,
        )
        if self.section is not None:
            self.actor.mapper.AddClippingPlane(self.section)
        elif self.large:
            self.actor.prop.culling = "back"

    def cut_by(self) -> Cut | None:
        """The plane that opens the part, if one does."""
        plane = self.section
        return None if plane is None else Cut(np.array(plane.GetOrigin()), np.array(plane.GetNormal()))

    def draw_faces(self) -> None:
        """The faces that the plane opens in filaments. Of a large part only a still has them."""
        import pyvista as pv

        self.plotter.remove_actor("faces", render=False)
        cut = self.cut_by()
        if cut is None or self.large:
            return
        which = np.flatnonzero(self.there())
        table, index, some, _ = self.coloured(self.part.take(which), which)
        found = faces_of(some, self.state, index.astype(np.uint8), cut, np.eye(3), 24)
        if len(found.faces):
            surface = pv.PolyData.from_regular_faces(found.points_um, found.faces)
            surface.cell_data["rgb"] = table[found.index[found.faces[:, 0]]]
            self.plotter.add_mesh(
                surface, scalars="rgb", rgb=True, ambient=0.45, diffuse=0.7, name="faces", reset_camera=False, render=False, pickable=False,
            )  # fmt: skip

    def show_part(self, shown: bool) -> None:
        """Show what is drawn of the part, or leave that to a still."""
        for actor in (self.actor, self.plotter.actors.get("nozzle")):
            if actor is not None:
                actor.SetVisibility(shown)

    def axes(self) -> Floats:
        """Rows right, up and towards the eye of the camera."""
        camera = self.plotter.camera
        towards = np.array(camera.position) - np.array(camera.focal_point)
        towards /= np.linalg.norm(towards)
        right = np.cross(np.array(camera.up), towards)
        right /= np.linalg.norm(right)
        return np.stack([right, np.cross(towards, right), towards])

    def _draw_nozzle(self) -> None:
        """The nozzle where the last filament that is shown ends, while not all are."""
        self.plotter.remove_actor("nozzle", render=False)
        self.nozzle = None
        if not self.printed or self.printed >= len(self.part):
            return
        from ..course import GLASS, begun_filament, nozzle_at

        course, part = self.course(), self.part
        f = int(course.order[self.printed - 1])
        _, self.tip_um = begun_filament(part, f, 1.0, bool(course.reverse[f]), self.state)
        points = part.state(self.state).points_um
        high_um = _NOZZLE * float(np.ptp(points, axis=0).max())
        self.nozzle = nozzle_at(part, course.nozzles[int(course.nozzle[f])], self.tip_um, high_um, self.state)
        self._see_through("nozzle", tubes(self.nozzle, self.state, 32), GLASS, 0.75)

    def _draw_ghost(self) -> None:
        self.plotter.remove_actor("ghost", render=False)
        if self.ghost and not self.large:  # as many see-through tubes would hide the part and take minutes
            self._see_through("ghost", self._mesh("wet"), GHOST, 0.16)

    def _see_through(self, name: str, mesh: Mesh, colour: str, opacity: float) -> None:
        import pyvista as pv

        surface = pv.PolyData.from_regular_faces(mesh.points_um.astype(np.float32), mesh.faces)
        self.plotter.add_mesh(
            surface, color=colour, opacity=opacity, smooth_shading=True, name=name, reset_camera=False, render=False,
            pickable=False,
        )  # fmt: skip

    # -- colours -------------------------------------------------------------------------------------------------------

    @property
    def moving(self) -> bool:
        """Whether colours tell how far places move: then they differ along a filament."""
        return self.colouring == MOVEMENT and self.marked is None

    def palette(self) -> tuple[npt.NDArray[np.uint8], Ints]:
        """Colours uint8[K,3], and the row of each filament in them, int64[F]."""
        if self.colouring in (BY_INK, MOVEMENT):
            table, index = (
                np.array([rgb(c) for c in self._colours], dtype=np.uint8),
                self._index.astype(np.int64),
            )
        else:
            table = np.array([rgb(c) for c in (*bar_colours(), MISSING)], dtype=np.uint8)
            values = self._values()
            index = np.rint(shares(values)[0] * (STEPS - 1)).astype(np.int64)
            index[np.isnan(values)] = STEPS
        if self.marked is not None:
            pale = (table * 0.35 + 150).astype(np.uint8)
            table = np.concatenate([pale, np.array([rgb(ALARM)], dtype=np.uint8)])
            index = np.where(self.marked, len(pale), index)
        return table, index

    def coloured(
        self, some: FilamentSet, which: Ints
    ) -> tuple[npt.NDArray[np.uint8], Ints, FilamentSet, Ints]:
        """Colours, rows in them, and the filaments of the part that those of `some` are (`which`): those that are drawn, cut in
        pieces where colours differ along them."""
        if not self.moving:
            table, index = self.palette()
            return table, index[which], some, which
        table = np.array([rgb(c) for c in bar_colours()], dtype=np.uint8)
        pieces, row, self._moved, of = moving_pieces(some, self.state, self.most_moved())
        return table, row.astype(np.int64), pieces, which[of]

    def most_moved(self) -> float:
        """The high end of the bar of movement, um: that of the whole part."""
        key = (MOVEMENT, self.shown)
        if key not in self._values_of:
            part = self.part
            way = part.state("dried").points_um - part.state("wet").points_um
            self._values_of[key] = np.array([np.sqrt(np.einsum("ij,ij->i", way, way).max())])
        return float(self._values_of[key][0])

    def _values(self) -> Floats:
        """What is coloured, one figure a filament."""
        key = (self.colouring, self.shown)
        if key not in self._values_of:
            planned = FIGURES[self.colouring].course
            course = self.course if planned else None
            self._values_of[key] = part_and_values(self.colouring, self.part, self.state, course)[1]
        return self._values_of[key]

    def course(self) -> Course:
        """The course of the print; the part is then that of its plan, which may have cut filaments."""
        assert self._find_course is not None
        found = self._find_course()
        if found.part is not self._part:
            same = np.array_equal(found.part.offsets, self._part.offsets)
            dried = self._dried_so if same else {}
            if not same:
                self.marked = None
                self.shown = self.state
            self._take(found.part, tuple(self._further.items()) if same else ())
            self._dried_so = dried
            self._sweep()
        return found

    # -- letters -------------------------------------------------------------------------------------------------------

    def _letters(self) -> None:
        """Title and legend."""
        parts = [self.title, self.shown, f"{len(self.part)} filaments"]
        self.letters.write("title", "   ".join(t for t in parts if t), 24, -24)
        entries = [(label, np.array(colour) / 255) for label, colour in self._legend_rows()]
        if self.ghost:
            entries.append(("wet", np.array(rgb(GHOST)) / 255))
        if self.marked is not None:
            entries.append((f"{int(self.marked.sum())} filaments complained of", np.array(rgb(ALARM)) / 255))
        self.legend = [label for label, _ in entries]
        self.letters.lay("legend", legend_card(entries, self._px, self.letters.ink), -24, 24)
        self._bar()

    def _legend_rows(self) -> list[tuple[str, tuple[int, int, int]]]:
        if self.colouring == BY_INK or (self.colouring == MOVEMENT and not self.moving):
            return [(label, rgb(colour)) for label, colour in self._legend]
        if self.moving:
            bar, whole = Bar(self._moved.label, 0.0, self.most_moved()), False
        else:
            figure = FIGURES[self.colouring]
            _, low, high = shares(self._values())
            bar, whole = Bar(figure.label, low, high), figure.whole
        at = np.linspace(0.0, 1.0, 5 if bar.high > bar.low else 1)
        said = [f"{x:.0f}" if whole else f"{x:.4g}" for x in bar.low + at * (bar.high - bar.low)]
        said[0] = f"{said[0]}  {bar.label}"
        table = bar_colours()
        return [(text, rgb(table[round(x * (STEPS - 1))])) for text, x in zip(said, at.tolist(), strict=True)]

    def _bar(self) -> None:
        """The scale bar, as long as the view's scale says now."""
        self.um_per_px, self.bar_um = scale_bar(self.letters)

    def _tell(self, name: str, text: str) -> None:
        """Write at the lower left, above the scale bar."""
        self.letters.write(name, text, 24, 24 + 4 * self._px)
