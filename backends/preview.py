"""Looking at a part: what every way of looking must offer, and the one call that the command makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from ..kernel.diagnostics import WetprintError, error
from ..kernel.filaments import FilamentSet
from .previews import PREVIEWS

if TYPE_CHECKING:
    from ..kernel.build import Job

Shown = Literal["wet", "dried", "both"]
Jobs = "FilamentSet | Sequence[FilamentSet | Job]"


@dataclass(frozen=True, slots=True)
class Look:
    """How a user wants to see a part. `view` is a named direction or "AZIMUTH,ELEVATION" in degrees; `title` names the part.

    A `draft` is drawn in a tenth of a second: coarser, with less light. Pictures and films may show the dried part with the wet one as a
    ghost over it (`overlay`), and colour it `by` "ink" or "movement", how far each place moves as it dries.
    """

    state: Shown = "dried"
    size: tuple[int, int] = (1600, 1200)
    style: str = "paper"
    view: str = "axonometric"
    transparent: bool = False
    title: str = ""
    draft: bool = False
    overlay: bool = False
    by: Literal["ink", "movement"] = "ink"


class Preview(Protocol):
    """One way to look. `ending` is that of the files it writes, "" for one that writes none."""

    @property
    def name(self) -> str: ...

    @property
    def doc(self) -> str: ...

    @property
    def ending(self) -> str: ...

    def show(
        self, jobs: FilamentSet | Sequence[FilamentSet | Job], look: Look, path: Path | None
    ) -> Path | None:
        """Show `jobs`: in the file `path`, or on the screen for a preview without an ending. Raises WetprintError (X7xx)."""


def preview(
    jobs: FilamentSet | Sequence[FilamentSet | Job],
    *,
    state: str = "dried",
    png: Path | None = None,
    html: Path | None = None,
    gif: Path | None = None,
    size: tuple[int, int] | None = None,
    transparent: bool = False,
    style: str = "paper",
    view: str = "axonometric",
    title: str = "",
    overlay: bool = False,
    by: Literal["ink", "movement"] = "ink",
) -> list[Path]:
    """Show `jobs` in each file that is named, or in a window where none is. Returns the files that were written."""
    asked, look = look_for(
        state=state,
        png=png,
        html=html,
        gif=gif,
        size=size,
        transparent=transparent,
        style=style,
        view=view,
        title=title,
        overlay=overlay,
        by=by,
    )
    if not asked:
        PREVIEWS["window"].show(jobs, look, None)
        return []
    return [path for name, path in asked if PREVIEWS[name].show(jobs, look, Path(path))]


def look_for(
    *,
    state: str,
    png: Path | None,
    html: Path | None,
    gif: Path | None,
    size: tuple[int, int] | None,
    transparent: bool,
    style: str,
    view: str,
    title: str,
    overlay: bool = False,
    by: Literal["ink", "movement"] = "ink",
) -> tuple[list[tuple[str, Path]], Look]:
    """The previews that are asked for with their files, none for the window, and the look of them.

    `size` is 1600 x 1200 pixels unless said otherwise, 2000 x 1000 where both states stand side by side, and 1200 x 800
    for a window, which has to fit on a laptop. Raises WetprintError (X726) where a window or a page shall show what only pictures do.
    """
    asked = [(name, path) for name, path in (("png", png), ("html", html), ("gif", gif)) if path is not None]
    if overlay or by != "ink":
        other = [name for name, _ in asked if name not in ("png", "gif")]
        if other or not asked:
            what = "a page" if other else "the window"
            raise WetprintError(
                error(
                    "X726", f"{what} shows no ghost and no movement; a picture (--png) or a film (--gif) does"
                )
            )
    side_by_side = state == "both" and not overlay
    usual = (1200, 800) if not asked else (2000, 1000) if side_by_side else (1600, 1200)
    return asked, Look(_shown(state), size or usual, style, view, transparent, title, overlay=overlay, by=by)


def _shown(state: str) -> Shown:
    known: dict[str, Shown] = {"wet": "wet", "dried": "dried", "both": "both"}
    if state in known:
        return known[state]
    raise ValueError(f"{state!r}: expected wet, dried or both")
