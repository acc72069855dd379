"""HTML: one page that holds the part and its own small viewer, and turns in any browser without a network."""

from __future__ import annotations

import base64
import html
import json
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...kernel.diagnostics import WetprintError, error
from ...kernel.filaments import FilamentSet, Floats, State
from ...kernel.files import writing
from ...kernel.scene import StateName
from ..colouring import INK, MOVEMENT
from ..colourings import COLOURINGS as FIGURES
from ..drawing.camera import Camera
from ..drawing.picture import ink_colours
from ..export import whole
from ..preview import Look

if TYPE_CHECKING:
    from ...kernel.build import Job
    from ..colouring import Colouring
    from ..course import Course

#: Figures that take seconds of a large part, and the print of one, are left out where it has more points.
_SLOW, _PLANNED = ("gap", "span"), 20_000

STATES: tuple[StateName, ...] = ("wet", "dried")

#: Above this many bytes the part is compressed; below, even a browser that cannot inflate shows it.
_LARGE = 1_000_000


def render_html(
    jobs: FilamentSet | Sequence[FilamentSet | Job],
    path: Path,
    *,
    state: str = "dried",
    title: str = "",
    camera: Camera | None = None,
    by: str = INK,
    course: Callable[[], Course] | None = None,
) -> Path:
    """Write the page to `path`. It shows `state` first (the wet one for "both") and turns to the other where that is known, coloured
    `by` a figure at first; those of the print, and its filaments in order, are there where its `course` can be found.

    Same input, same bytes. Raises WetprintError (X710, X712, X713; X726 where it cannot be coloured by that).
    """
    path = Path(path)
    first: StateName = "wet" if state in ("wet", "both") else "dried"
    part = whole(jobs, first)
    planned = _planned(part, course, needed=by in FIGURES.names() and FIGURES[by].course)
    text = page(planned[0], first, title or path.stem, camera or Camera(), by=by, course=planned[1])
    with writing(path) as out:
        out.write(text.encode())
    return path


def _planned(
    part: FilamentSet, find: Callable[[], Course] | None, *, needed: bool
) -> tuple[FilamentSet, Course | None]:
    """The part as it is printed with the course of that, where it can be planned and is worth the time. Raises WetprintError where it
    is `needed` and there is none."""
    if find is None or (part.point_count > _PLANNED and not needed):
        return part, None
    try:
        course = find()
    except WetprintError:
        if needed:
            raise
        return part, None
    known = [(whole.wet is None, whole.dried is None) for whole in (part, course.part)]
    return (course.part, course) if known[0] == known[1] else (part, None)


def page(
    part: FilamentSet,
    first: StateName,
    title: str,
    camera: Camera,
    *,
    by: str = INK,
    course: Course | None = None,
) -> str:
    """The text of the page, with all figures of `part` that it can be coloured by; with the `course` of its print (then `part` is the
    course's), its filaments stand in their order."""
    found = figures_of(part, course)
    known = {INK, *(f.name for f, _ in found), *((MOVEMENT,) if part.wet and part.dried else ())}
    if by not in known:
        raise WetprintError(
            error("X726", f"the page cannot be coloured by {by}; expected {', '.join(sorted(known))}")
        )
    if course is not None:
        part = part.take(course.order)
        found = [(f, [v[course.order] for v in values]) for f, values in found]
    head, data = packed(part, found)
    head |= {"title": title, "show": first, "camera": [camera.azimuth_deg, camera.elevation_deg], "by": by}
    head["ordered"] = course is not None
    if len(data) > _LARGE:
        data = zlib.compress(data, 6)
        head["deflated"] = True
    template = (Path(__file__).parent / "viewer.html").read_text(encoding="utf-8")
    # `</` would end the script, whatever name a user gave an ink.
    said = json.dumps(head, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    before, rest = template.split("@PART@")
    middle, after = rest.split("@DATA@")
    return "".join(
        (before.replace("@TITLE@", html.escape(title)), said, middle, base64.b64encode(data).decode(), after)
    )


def figures_of(part: FilamentSet, course: Course | None) -> list[tuple[Colouring, list[Floats]]]:
    """Figures that the filaments of `part` can be coloured by, float64[F] each, in every state that is known or the same in all. Those
    that take long are left out of large parts."""
    out: list[tuple[Colouring, list[Floats]]] = []
    states: list[StateName] = [name for name in STATES if getattr(part, name) is not None]
    for name in FIGURES.names():
        figure = FIGURES[name]
        if (
            name == "layer"
            or (figure.course and course is None)
            or (name in _SLOW and part.point_count > _PLANNED)
        ):
            continue
        values = [figure.values(part, state, course) for state in (states[:1] if figure.course else states)]
        if any(np.isfinite(v).any() for v in values):
            out.append((figure, values))
    return out


def packed(
    part: FilamentSet, figures: Sequence[tuple[Colouring, Sequence[Floats]]] = ()
) -> tuple[dict[str, Any], bytes]:
    """What the page must know of `part` and of `figures` of its filaments, and its columns as bytes. Coordinates are stored in 65536 steps over the part where such a
    step is under a hundredth of the thinnest filament, else as float32."""
    blocks: list[bytes] = []
    at = 0

    def column(data: npt.NDArray[Any]) -> dict[str, Any]:
        nonlocal at
        raw = np.ascontiguousarray(data).tobytes()
        place = {"type": data.dtype.str[1:], "at": at, "count": int(data.size)}
        blocks.append(raw + b"\0" * (-len(raw) % 4))
        at += len(blocks[-1])
        return place

    colours, legend, index = ink_colours(part)
    head: dict[str, Any] = {
        "points": part.point_count,
        "counts": column(np.diff(part.offsets).astype("<u4")),
        "material": column(index.astype("u1")),
        "layer": column(part.layer.astype("<u4")),
        "origin": column(part.origin.astype("<u4")),
        "inks": [{"name": name, "colour": colour} for name, colour in legend],
        "places": [span.where for span in part.spans],
        "deflated": False,
        "states": [],
    }
    known = [(name, s) for name, s in (("wet", part.wet), ("dried", part.dried)) if s is not None]
    head["width"] = float(np.median(known[-1][1].width_um))
    for name, s in known:
        head["states"].append({"name": name, **_state(s, column)})
    head["figures"] = [
        {"name": f.name, "label": f.label, "whole": f.whole, "of": [column(v.astype("<f4")) for v in values]}
        for f, values in figures
    ]
    assert len(colours) == len(legend)
    return head, b"".join(blocks)


def _state(s: State, column: Any) -> dict[str, Any]:
    low, high = s.points_um.min(axis=0), s.points_um.max(axis=0)
    largest = float(max(s.width_um.max(), s.height_um.max()))
    step = np.maximum(high - low, 1e-6) / 65535
    reach = 0.5 * np.array([s.width_um.max(), s.width_um.max(), s.height_um.max()])
    out: dict[str, Any] = {"box": [(low - reach).round(3).tolist(), (high + reach).round(3).tolist()]}
    if step.max() < 0.01 * float(min(s.width_um.min(), s.height_um.min())):
        out |= {"low": low.tolist(), "step": step.tolist(), "size": largest / 65535}
        out["xyz"] = column(np.rint((s.points_um - low) / step).astype("<u2"))
        out["width"] = column(np.rint(s.width_um * (65535 / largest)).astype("<u2"))
        out["height"] = column(np.rint(s.height_um * (65535 / largest)).astype("<u2"))
    else:
        out |= {"low": [0, 0, 0], "step": [1, 1, 1], "size": 1}
        out["xyz"] = column(s.points_um.astype("<f4"))
        out["width"] = column(s.width_um.astype("<f4"))
        out["height"] = column(s.height_um.astype("<f4"))
    return out


class _Html:
    name = "html"
    doc = "a page that turns in any browser, offline"
    ending = ".html"

    def show(
        self, jobs: FilamentSet | Sequence[FilamentSet | Job], look: Look, path: Path | None
    ) -> Path | None:
        assert path is not None
        return render_html(
            jobs, path, state=look.state, title=look.title, camera=Camera.named(look.view), by=look.by, course=look.course(jobs)
        )  # fmt: skip


HTML = _Html()
