"""GIF: a film that any page and any slide shows: the part turns once round, dries, or is printed before your eyes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...kernel.filaments import FilamentSet
from ...kernel.files import writing
from ..drawing.style import STYLES
from ..exporter import rgb
from ..preview import Look
from .film import Frames, film

if TYPE_CHECKING:
    from ...kernel.build import Job

#: Longest side, pixels: GIF files grow fast.
_LONGEST = 800


def render_gif(jobs: FilamentSet | Sequence[FilamentSet | Job], path: Path, look: Look) -> Path:
    """Draw a film to `path`. Same input, same bytes.

    Raises WetprintError as pictures do.
    """
    look = replace(look, size=small(look.size))
    return pack_gif(film(jobs, look), path, look.style)


def small(size: tuple[int, int]) -> tuple[int, int]:
    """The size of a film's pictures that is asked for, made smaller where the file would grow too large."""
    scale = min(1.0, _LONGEST / max(size))
    return max(16, round(size[0] * scale)), max(16, round(size[1] * scale))


def pack_gif(shots: Frames, path: Path, style: str) -> Path:
    """Pictures of one size, each with the hundredths of a second that it stays, as a film in `path`."""
    films = list(shots)
    from PIL import Image

    # One palette for all pictures, from every sixth of them: colours that change from picture to picture would flicker.
    sample = Image.fromarray(
        np.concatenate([shot[::2, ::2] for shot, _ in films[:: max(1, len(films) // 6)]])
    )
    palette = sample.quantize(254, method=Image.Quantize.MEDIANCUT)
    # The paper gets the last colour for itself, else it would come out a shade grey.
    paper = rgb(STYLES[style].background)
    colours = [*(palette.getpalette() or [])[: 254 * 3], *paper]
    frames = []
    for shot, _ in films:
        rows = np.array(Image.fromarray(shot).quantize(palette=palette, dither=Image.Dither.NONE))
        rows[(shot == paper).all(axis=2)] = 254
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


class _Gif:
    name = "gif"
    doc = "a film: the part turns, dries or is printed"
    ending = ".gif"

    def show(
        self, jobs: FilamentSet | Sequence[FilamentSet | Job], look: Look, path: Path | None
    ) -> Path | None:
        assert path is not None
        return render_gif(jobs, path, look)


GIF = _Gif()
