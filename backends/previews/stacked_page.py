"""A page of films that turns in any browser, offline: passes one after the other, thickness true or drawn larger."""

from __future__ import annotations

import base64
import html
import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...kernel.files import writing
from ..drawing.picture import ink_colours
from ..drawing.stack import GLASS, bodies, height_um, stack
from ..exporter import rgb
from ..preview import Look

if TYPE_CHECKING:
    from .stacked import Films


def write(films: Films, path: Path, look: Look) -> Path:
    """Write the page to `path`. Same input, same bytes. Raises WetprintError (X710, X712)."""
    text = page(films, look)
    with writing(path) as out:
        out.write(text.encode())
    return path


def page(films: Films, look: Look) -> str:
    """The text of the page."""
    from .stacked import camera_of, state_of

    shown = stack(films.slabs, films.part, state_of(look))
    camera, window = camera_of(look), shown.window
    blocks: list[bytes] = []
    at = 0

    def column(data: npt.NDArray[Any]) -> dict[str, int]:
        nonlocal at
        raw = np.ascontiguousarray(data).tobytes()
        place = {"at": at, "count": int(data.size)}
        blocks.append(raw)
        at += len(raw)
        return place

    meshes = []
    for body in bodies(shown, true_heights=True):
        points = body.patch.points_um.astype("<f4")
        meshes.append(
            {
                "kind": body.kind,
                "pass": body.row,
                "colour": [c / 255 for c in rgb(body.colour)],
                "points": column(points),
                "faces": column(body.patch.faces.astype("<u4")),
            }
        )
    legend = dict.fromkeys((s.label, s.colour) for s in films.slabs)
    if films.part is not None:
        legend |= dict.fromkeys(ink_colours(films.part)[1])
    top = max((s.high_um for s in films.slabs), default=0.0)
    says = [f"{k}  {p.label}: {p.says}" for k, p in enumerate(films.passes, 1)]
    passes = len(films.passes)
    if films.part is not None:
        passes += 1
        says.append(f"{passes}  printed")
    head = {
        "camera": [camera.azimuth_deg, camera.elevation_deg],
        "side": max(window.side_um, 1.3 * height_um(shown)),
        "middle": [(window.x0 + window.x1) / 2, (window.y0 + window.y1) / 2, height_um(shown) / 2],
        "top": top,
        "times": shown.times,
        "passes": passes,
        "says": says,
        "note": "" if window.whole else shown.said[-1],
        "legend": [{"label": label, "colour": colour} for label, colour in legend],
        "meshes": meshes,
        "glass": GLASS,
    }
    template = (Path(__file__).parent / "films.html").read_text(encoding="utf-8")
    # `</` would end the script, whatever name a user gave a film.
    said = json.dumps(head, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    data = base64.b64encode(zlib.compress(b"".join(blocks), 6)).decode()
    text = template.replace("@TITLE@", html.escape(look.title or "films"))
    before, rest = text.split("@FILMS@")
    middle, after = rest.split("@DATA@")
    return "".join((before, said, middle, data, after))
