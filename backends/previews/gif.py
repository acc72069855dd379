"""GIF: the part turns once round, or dries before your eyes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...kernel.diagnostics import WetprintError, error
from ...kernel.filaments import FilamentSet, State
from ...kernel.scene import StateName
from ..drawing.camera import Camera
from ..drawing.change import movement_um
from ..drawing.light import Lights
from ..drawing.picture import Picture, picture, rescaled
from ..drawing.style import STYLES
from ..export import whole
from ..exporter import rgb
from ..files import writing
from ..preview import Look
from .png import render

if TYPE_CHECKING:
    from ...kernel.build import Job

#: Pictures of one turn and of one drying; hundredths of a second that each stays.
_TURN, _DRY, _PAUSE = 48, 20, 8

#: Longest side, pixels: GIF files grow fast.
_LONGEST = 800


def render_gif(jobs: FilamentSet | Sequence[FilamentSet | Job], path: Path, look: Look) -> Path:
    """Draw a film to `path`: drying for the state "both", else one turn. Same input, same bytes.

    Raises WetprintError as pictures do.
    """
    scale = min(1.0, _LONGEST / max(look.size))
    size = (max(16, round(look.size[0] * scale)), max(16, round(look.size[1] * scale)))
    look = replace(look, size=size, transparent=False)
    films = list(_drying(jobs, look) if look.state == "both" else _turning(jobs, look))
    from PIL import Image

    # One palette for all pictures, from every sixth of them: colours that change from picture to picture would flicker.
    sample = Image.fromarray(
        np.concatenate([film[::2, ::2] for film, _ in films[:: max(1, len(films) // 6)]])
    )
    palette = sample.quantize(254, method=Image.Quantize.MEDIANCUT)
    # The paper gets the last colour for itself, else it would come out a shade grey.
    paper = rgb(STYLES[look.style].background)
    colours = [*(palette.getpalette() or [])[: 254 * 3], *paper]
    frames = []
    for film, _ in films:
        rows = np.array(Image.fromarray(film).quantize(palette=palette, dither=Image.Dither.NONE))
        rows[(film == paper).all(axis=2)] = 254
        frames.append(Image.fromarray(rows))
        frames[-1].putpalette(colours)
    with writing(Path(path)) as out:
        frames[0].save(
            out,
            format="GIF",
            save_all=True,
            append_images=frames[1:],
            duration=[10 * pause for _, pause in films],
            loop=0,
            optimize=False,
        )
    return Path(path)


def _turning(
    jobs: FilamentSet | Sequence[FilamentSet | Job], look: Look
) -> Iterator[tuple[npt.NDArray[np.uint8], int]]:
    """Pictures of one turn about the upright, at one scale, and how long each stays."""
    state: StateName = "wet" if look.state == "wet" else "dried"
    part = whole(jobs, state)
    start = Camera.named(look.view)
    cameras = [replace(start, azimuth_deg=start.azimuth_deg + 360.0 * k / _TURN) for k in range(_TURN)]
    shown = [
        picture(
            part, state=state, size=look.size, style=look.style, camera=c, overlay=look.overlay, by=look.by
        )
        for c in cameras
    ]
    scale = max(p.um_per_px for p in shown)
    s = part.state(state)
    centre = 0.5 * (s.points_um.min(axis=0) + s.points_um.max(axis=0))
    kept: dict[StateName, Lights] = {}  # the part stands still under its lamps, the camera goes round
    for p in shown:
        yield render(rescaled(p, scale, centre), kept), _PAUSE


def _drying(
    jobs: FilamentSet | Sequence[FilamentSet | Job], look: Look
) -> Iterator[tuple[npt.NDArray[np.uint8], int]]:
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
    for k in range(_DRY + 1):
        t = k / _DRY
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
        told = "wet" if k == 0 else "dried" if k == _DRY else "drying"
        shown = _captioned(rescaled(shown, scale, 0.5 * (low + high)), told)
        yield render(shown, looks=14), 12 * _PAUSE if k in (0, _DRY) else _PAUSE


def _captioned(shown: Picture, text: str) -> Picture:
    return replace(shown, panels=tuple(replace(p, caption=text) for p in shown.panels))


class _Gif:
    name = "gif"
    doc = "a film: the part turns, or dries"
    ending = ".gif"

    def show(
        self, jobs: FilamentSet | Sequence[FilamentSet | Job], look: Look, path: Path | None
    ) -> Path | None:
        assert path is not None
        return render_gif(jobs, path, look)


GIF = _Gif()
