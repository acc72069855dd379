"""Looking at a part: what every way of looking must offer, and the one call that the command makes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ..kernel.diagnostics import WetprintError, error
from ..kernel.filaments import FilamentSet
from .colouring import INK, follower
from .focus import as_lines
from .previews import PREVIEWS

if TYPE_CHECKING:
    from ..kernel.build import Job
    from ..kernel.rig import Rig
    from .course import Course
    from .previews.marks import Problem

Film = Literal["", "turn", "drying", "print"]
Shown = Literal["wet", "dried", "both"]
Jobs = "FilamentSet | Sequence[FilamentSet | Job]"


@dataclass(frozen=True, slots=True)
class Look:
    """How a user wants to see a part. `view` is a named direction or "AZIMUTH,ELEVATION" in degrees; `title` names the part.

    A `draft` is drawn in a tenth of a second: coarser, with less light. Pictures and films may show the dried part with the wet one as a
    ghost over it (`overlay`), and colour it `by` its ink, by "movement", how far each place moves as it dries, or by a figure of the
    register of colourings. `film` is what a film shows; "" stands for drying where both states are shown, otherwise for a turn.
    `further` is the further state (xerogel, sintered) that the window shows first; files are given jobs that are in it.
    `rig` loads the rig on which the print is planned, and `problems` finds what `wp check` says of the part, where they are asked for.
    """

    state: Shown = "dried"
    size: tuple[int, int] = (1600, 1200)
    style: str = "paper"
    view: str = "axonometric"
    transparent: bool = False
    title: str = ""
    draft: bool = False
    overlay: bool = False
    by: str = INK
    film: Film = ""
    further: str = ""
    rig: Callable[[], Rig] | None = None
    problems: Callable[[], Sequence[Problem]] | None = None

    def course(self, jobs: FilamentSet | Sequence[FilamentSet | Job]) -> Callable[[], Course] | None:
        """The course of a print of `jobs`, found when it is asked for; None where no rig is known."""
        return None if self.rig is None else follower(jobs, self.rig)


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
    mp4: Path | None = None,
    size: tuple[int, int] | None = None,
    **look: Any,
) -> list[Path]:
    """Show `jobs` in each file that is named, or in a window where none is; `look` has the other fields of Look. Returns the files
    that were written."""
    jobs = as_lines(jobs)
    asked, seen = look_for(state=state, png=png, html=html, gif=gif, mp4=mp4, size=size, **look)
    if not asked:
        PREVIEWS["window"].show(jobs, seen, None)
        return []
    return [path for name, path in asked if PREVIEWS[name].show(jobs, seen, Path(path))]


def look_for(
    *,
    state: str,
    png: Path | None,
    html: Path | None,
    gif: Path | None,
    size: tuple[int, int] | None,
    mp4: Path | None = None,
    overlay: bool = False,
    by: str = INK,
    film: str = "",
    **look: Any,
) -> tuple[list[tuple[str, Path]], Look]:
    """The previews that are asked for with their files, none for the window, and the look of them.

    `size` is 1600 x 1200 pixels unless said otherwise, 2000 x 1000 where both states stand side by side, and 1200 x 800
    for a window, which has to fit on a laptop. Raises WetprintError (X726) where a page or the window shall show what it cannot.
    """
    files = (("png", png), ("html", html), ("gif", gif), ("mp4", mp4))
    asked = [(name, path) for name, path in files if path is not None]
    for name, path in asked:
        place_for(PREVIEWS[name].ending, Path(path))
    if overlay and any(name == "html" for name, _ in asked):
        raise WetprintError(
            error(
                "X726",
                "a page begins without a ghost: `both` shows one in it; a picture (--png) does at once",
            )
        )
    if not asked and overlay:
        raise WetprintError(
            error(
                "X726",
                "the window begins without a ghost: its key G shows one; a picture (--png) does at once",
            )
        )
    films: dict[str, Film] = {"": "", "turn": "turn", "drying": "drying", "print": "print"}
    if film not in films:
        raise WetprintError(error("X726", f"{film!r} is no film; expected turn, drying or print"))
    if film and not any(name in ("gif", "mp4") for name, _ in asked):
        raise WetprintError(error("X726", f"a film of the {film} needs a file: `--gif FILE` or `--mp4 FILE`"))
    side_by_side = state == "both" and not overlay
    usual = (1200, 800) if not asked else (2000, 1000) if side_by_side else (1600, 1200)
    return asked, Look(_shown(state), size or usual, overlay=overlay, by=by, film=films[film], **look)


def place_for(ending: str, path: Path) -> None:
    """Say before all work where a file cannot be written or has the name of another format. Raises WetprintError (X710, X711)."""
    if re.fullmatch(r"\.[a-z][a-z0-9]{1,4}", path.suffix.lower()) and path.suffix.lower() != ending:
        raise WetprintError(
            error(
                "X711", f"{path}: a {ending[1:].upper()} was asked for; expected a name that ends in {ending}"
            )
        )
    if not path.parent.is_dir():
        raise WetprintError(error("X710", f"{path} cannot be written: there is no folder {path.parent}"))


def _shown(state: str) -> Shown:
    known: dict[str, Shown] = {"wet": "wet", "dried": "dried", "both": "both"}
    if state in known:
        return known[state]
    raise ValueError(f"{state!r}: expected wet, dried or both")
