"""What the page fetches besides its state: the part, the viewer, plots, saved files, camera frames."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...kernel.diagnostics import WetprintError
from .exports import DRAWN, exported
from .plots import plots
from .wording import line

if TYPE_CHECKING:
    from .app import Studio
    from .bench import Outcome

_VIEWER = Path(__file__).parent.parent / "previews" / "viewer.html"


def _films(outcome: Outcome, title: str) -> str:
    """The page of the films of a design, as `wp preview --html` writes it."""
    from ..films import films_of
    from ..preview import Look
    from ..previews.stacked_page import page

    assert outcome.reading.scene is not None
    return page(films_of(outcome.reading.scene, outcome.jobs), Look(title=title))


def routes(studio: Studio) -> Callable[[Any], None]:
    """What adds them to the application of the server."""
    from aiohttp import web as http

    async def part(request: Any) -> Any:
        if studio.shown is None or studio.shown.part is None:
            return http.Response(status=404, text="there is no part")
        return http.Response(body=studio.shown.part, content_type="application/octet-stream")

    async def viewer(request: Any) -> Any:
        page = _VIEWER.read_text(encoding="utf-8")
        for name, text in (("@TITLE@", "part"), ("@PART@", "null"), ("@DATA@", "")):
            page = page.replace(name, text, 1)
        return http.Response(text=page, content_type="text/html")

    async def films(request: Any) -> Any:
        if studio.filmed is None:
            return http.Response(status=404, text="there are no films")
        try:
            page = await asyncio.to_thread(_films, studio.filmed, studio.path.stem)
        except WetprintError as caught:
            page = f"<!DOCTYPE html><p>{html.escape(line(caught.diagnostics[0]))}</p>"
        return http.Response(text=page, content_type="text/html")

    # VTK draws in one thread only: pictures that are asked for at once come one after the other.
    drawing = ThreadPoolExecutor(1, "drawing")

    async def export(request: Any) -> Any:
        form, state = request.query.get("format", ""), request.query.get("state", "dried")
        try:
            outcome = await asyncio.to_thread(studio.settled, form in ("program", "sheet"))
            lane = drawing if form in DRAWN else None
            what = partial(exported, outcome, studio.rig, studio.path, form, state)
            data, file = await asyncio.get_running_loop().run_in_executor(lane, what)
        except WetprintError as caught:
            said = [part for d in caught.diagnostics for part in (line(d), *d.notes)]
            return http.Response(status=409, text="\n".join(said))
        return http.Response(body=data, headers={"Content-Disposition": f'attachment; filename="{file}"'})

    async def drawn(request: Any) -> Any:
        outcome = studio.outcome
        if outcome is None or not outcome.jobs:
            outcome = studio.shown
        return http.json_response(await asyncio.to_thread(plots, outcome, studio.rig, studio.path))

    async def frame(request: Any) -> Any:
        found = await asyncio.to_thread(studio.prints.frame)
        return http.FileResponse(found) if found else http.Response(status=204)

    async def alive(request: Any) -> Any:
        return http.Response(status=204)

    def add(app: Any) -> None:
        for name, handler in (
            ("part", part), ("viewer", viewer), ("films", films), ("export", export), ("plots", drawn), ("frame", frame), ("alive", alive),
        ):  # fmt: skip
            app.router.add_get(f"/{name}", handler)

    return add
