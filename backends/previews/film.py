"""Films as pictures one after the other: the part turns once round, dries, or is printed before your eyes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...kernel.diagnostics import WetprintError, error
from ...kernel.filaments import FilamentSet, Ints, State, join
from ...kernel.scene import StateName
from ..colouring import INK, MOVEMENT, names, shares, some_known
from ..colourings import COLOURINGS
from ..drawing.camera import Camera
from ..drawing.change import STEPS, Bar, movement_um
from ..drawing.change import colours as bar_colours
from ..drawing.light import Lights
from ..drawing.picture import Picture, picture, rescaled
from ..export import whole
from ..preview import Look
from .png import render

if TYPE_CHECKING:
    from ...kernel.build import Job
    from ..course import Course

#: Pictures of one turn, of one drying and of one print; hundredths of a second that each stays.
TURN, DRY, LAY, PAUSE = 48, 20, 60, 8

#: Directions from which the sky lights pictures in which the part changes.
_LOOKS = 14

#: The nozzle is drawn up to this share of the part's largest extent, and a part at least this high.
_NOZZLE = 0.45

#: What a print lays is wet.
_PRINTED: StateName = "wet"

Frames = Iterator[tuple[npt.NDArray[np.uint8], int]]


def film(jobs: FilamentSet | Sequence[FilamentSet | Job], look: Look) -> Frames:
    """Pictures uint8[H,W,3] of the film that `look` asks for, and how long each stays. Same input, same bytes.

    Raises WetprintError as pictures do, and X726 where the print is not known or cannot be coloured so.
    """
    look = replace(look, transparent=False)
    kind = look.film or ("drying" if look.state == "both" else "turn")
    if kind == "print":
        return _printing(jobs, look)
    return _drying(jobs, look) if kind == "drying" else _turning(jobs, look)


def _turning(jobs: FilamentSet | Sequence[FilamentSet | Job], look: Look) -> Frames:
    """Pictures of one turn about the upright, at one scale, and how long each stays."""
    state: StateName = "wet" if look.state == "wet" else "dried"
    part = whole(jobs, state)
    start = Camera.named(look.view)
    course = look.course(jobs)
    cameras = [replace(start, azimuth_deg=start.azimuth_deg + 360.0 * k / TURN) for k in range(TURN)]
    shown = [
        picture(
            part, state=state, size=look.size, style=look.style, camera=c, overlay=look.overlay, by=look.by,
            course=course,
        )
        for c in cameras
    ]  # fmt: skip
    scale = max(p.um_per_px for p in shown)
    s = part.state(state)
    centre = 0.5 * (s.points_um.min(axis=0) + s.points_um.max(axis=0))
    kept: dict[StateName, Lights] = {}  # the part stands still under its lamps, the camera goes round
    for p in shown:
        yield render(rescaled(p, scale, centre), kept), PAUSE


def _drying(jobs: FilamentSet | Sequence[FilamentSet | Job], look: Look) -> Frames:
    """Pictures from wet to dried at one scale; colours of movement are those of the bar of the dried part throughout."""
    part = whole(jobs, "wet")
    wet, dried = part.wet, part.dried
    if wet is None or dried is None:
        raise WetprintError(
            error("X713", "the dried state of the part is not known, so its drying cannot be shown")
        )
    camera = Camera.named(look.view)
    ends = [picture(part, state=state, size=look.size, camera=camera) for state in ("wet", "dried")]
    scale = max(p.um_per_px for p in ends)
    most = float(movement_um(part).max()) if look.by == "movement" else None
    low, high = wet.points_um.min(axis=0), wet.points_um.max(axis=0)
    for k in range(DRY + 1):
        t = k / DRY
        t = t * t * (3 - 2 * t)
        mixed = State(
            (1 - t) * wet.points_um + t * dried.points_um,
            (1 - t) * wet.width_um + t * dried.width_um,
            (1 - t) * wet.height_um + t * dried.height_um,
        )
        shown = picture(
            part.with_states(wet, mixed), state="dried", size=look.size, style=look.style, camera=camera,
            overlay=look.overlay, by=look.by, most_um=most,
        )  # fmt: skip
        told = "wet" if k == 0 else "dried" if k == DRY else "drying"
        shown = _captioned(rescaled(shown, scale, 0.5 * (low + high)), told)
        yield render(shown, looks=_LOOKS), 12 * PAUSE if k in (0, DRY) else PAUSE


def _printing(jobs: FilamentSet | Sequence[FilamentSet | Job], look: Look) -> Frames:
    """Pictures of the print, evenly in time while ink flows, with the tip where it is; the last one without it."""
    from ..course import nozzle_at, there_at

    find = look.course(jobs)
    if find is None:
        raise WetprintError(
            error("X726", "no rig is known on which this was printed", notes=("name one: `--rig sim`",))
        )
    if look.overlay or look.by == MOVEMENT:
        raise WetprintError(
            error(
                "X726",
                "a film of the print ends before the part dries; leave out --overlay and --by movement",
            )
        )
    course = find()
    part, state = course.part, _PRINTED
    coloured = _by_figure(course, look.by)
    s = part.state("wet")
    low, high = s.points_um.min(axis=0), s.points_um.max(axis=0)
    glass_um = _NOZZLE * float((high - low).max())
    camera = Camera.named(look.view)
    top = [
        nozzle_at(part, course.nozzles[0], np.array([x, y, high[2]]), glass_um, state)
        for x in (low[0], high[0])
        for y in (low[1], high[1])
    ]
    whole_view = picture(join([part, *top]), state=state, size=look.size, style=look.style, camera=camera)
    middle = np.array(
        [0.5 * (low[0] + high[0]), 0.5 * (low[1] + high[1]), 0.5 * (low[2] + high[2] + glass_um)]
    )
    times = moments(course.begin_s[course.order], course.end_s[course.order], LAY)
    for time in times:
        there, now, tip = there_at(course, time)
        done = np.sort(course.order[: int(np.searchsorted(course.end_s[course.order], time, side="right"))])
        rows = done if there is None or len(there) == len(done) else np.append(done, now)
        nozzle = nozzle_at(part, course.nozzles[int(course.nozzle[now])], tip, glass_um, state)
        shown = picture(
            join([nozzle] if there is None else [there, nozzle]), state=state, size=look.size, style=look.style, camera=camera,
        )  # fmt: skip
        # The legend names all inks from the beginning.
        shown = replace(rescaled(shown, whole_view.um_per_px, middle), legend=whole_view.legend)
        yield render(coloured(shown, rows, True), looks=_LOOKS), PAUSE
    shown = picture(part, state=state, size=look.size, style=look.style, camera=camera)
    shown = replace(rescaled(shown, whole_view.um_per_px, middle), legend=whole_view.legend)
    yield render(coloured(shown, np.arange(len(part)), False)), 20 * PAUSE


def _by_figure(course: Course, by: str) -> Callable[[Picture, Ints, bool], Picture]:
    """What colours a picture of the filaments `rows` of a print, with the nozzle or without, by a figure on the bar of the whole
    print; as it is where they keep the colours of their inks. Raises WetprintError (X726) for no figure."""
    if by == INK:
        return lambda shown, rows, nozzle: shown
    if by not in COLOURINGS.names():
        raise WetprintError(error("X726", f"{by!r} is nothing to colour by; expected {', '.join(names())}"))
    from ..course import GLASS

    figure = COLOURINGS[by]
    values = figure.values(course.part, _PRINTED, course)
    some_known(values, figure)
    share, low, high = shares(values)
    index = np.rint(share * (STEPS - 1)).astype(np.uint8)
    bar = Bar(figure.label, low, high)

    def coloured(shown: Picture, rows: Ints, nozzle: bool) -> Picture:
        found = np.append(index[rows], np.array([STEPS] if nozzle else [], dtype=np.uint8))
        panels = tuple(replace(p, index=found) for p in shown.panels)
        return replace(shown, panels=panels, colours=(*bar_colours(), GLASS), legend=(), bar=bar)

    return coloured


def moments(
    begin_s: npt.NDArray[np.float64], end_s: npt.NDArray[np.float64], count: int
) -> npt.NDArray[np.float64]:
    """`count` times of a print, evenly spread over the time in which ink flows, so that long waits show no standing picture:
    `begin_s`, `end_s` of filaments in their order."""
    took = np.maximum(end_s - begin_s, 0.0)
    flowing = np.concatenate([[0.0], np.cumsum(took)])
    wanted = (np.arange(count) + 0.5) / count * flowing[-1]
    at = np.clip(np.searchsorted(flowing, wanted, side="right") - 1, 0, len(took) - 1)
    found: npt.NDArray[np.float64] = begin_s[at] + (wanted - flowing[at])
    return found


def _captioned(shown: Picture, text: str) -> Picture:
    return replace(shown, panels=tuple(replace(p, caption=text) for p in shown.panels))
