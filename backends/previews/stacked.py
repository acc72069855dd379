"""Designs with films: the same ways to look at them as at printed parts, and the passes one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...kernel.diagnostics import WetprintError, error
from ...kernel.filaments import FilamentSet
from ...kernel.files import writing
from ...kernel.flat import Flat, rectangles, to_nm
from ...kernel.scene import StateName
from ..drawing.camera import Camera
from ..drawing.slabs import Slab
from ..drawing.stack import FILMS, draw, stack
from ..drawing.stack import Stack as _Stack
from ..preview import Look
from .film import PAUSE, TURN, Frames

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass of a job: the film it leaves, in several heights where it is a relief, the region that it exposes, and what is said."""

    label: str
    colour: str
    slabs: tuple[Slab, ...]
    exposed: Flat
    says: str

    @property
    def high_um(self) -> float:
        return max((s.high_um for s in self.slabs), default=0.0)


@dataclass(frozen=True, slots=True)
class Films:
    """What a design makes of films, in order, and what it prints on them."""

    passes: tuple[Pass, ...]
    part: FilamentSet | None = None

    @property
    def slabs(self) -> tuple[Slab, ...]:
        return tuple(s for p in self.passes for s in p.slabs)


def show_films(films: Films, asked: Sequence[tuple[str, Path]], look: Look) -> list[Path]:
    """Show films in each file that is named, or in a window where none is. Raises WetprintError (X7xx)."""
    refuse(look)
    if not asked:
        from .stacked_window import show

        show(films, look)
        return []
    return [_WAYS[name](films, Path(path), look) for name, path in asked]


def refuse(look: Look) -> None:
    """Raises WetprintError (X726) where films shall have colours that they have not."""
    if look.overlay or look.by != "ink":
        raise WetprintError(
            error("X726", "films have the colours of their materials; leave out --by and --overlay")
        )


def write_glb(films: Films, path: Path, state: StateName) -> Path:
    """Substrate, films and filaments as a model for slides and web pages, films as thick as they are. Raises WetprintError (X710, X712)."""
    from ..drawing.stack import bodies
    from ..exporters.glb import flat_model, write_models

    shown = stack(films.slabs, films.part, state)
    found = list(bodies(shown, true_heights=True))
    paints = [("substrate" if b.kind == "plate" else f"{b.kind} {b.row}", b.colour) for b in found]
    models = [flat_model(b.patch.points_um, b.patch.faces) for b in found]
    with writing(path) as out:
        write_models(paints, models, state, out)
    return path


def state_of(look: Look) -> StateName:
    return "wet" if look.state == "wet" else "dried"


def camera_of(look: Look) -> Camera:
    """Films are seen from higher up, unless a direction is asked for."""
    return FILMS if look.view == "axonometric" else Camera.named(look.view)


def _png(films: Films, path: Path, look: Look) -> Path:
    from PIL import Image

    size = (max(16, look.size[0] // 2), max(16, look.size[1] // 2)) if look.draft else look.size
    pixels = draw(
        stack(films.slabs, films.part, state_of(look)), films.slabs, size=size, style=look.style,
        camera=camera_of(look), transparent=look.transparent,
    )  # fmt: skip
    image = Image.fromarray(pixels)
    if look.draft:
        image = image.resize(look.size, Image.Resampling.BILINEAR)
    with writing(path) as out:
        image.save(out, format="PNG", compress_level=5, dpi=(300, 300))
    return path


def _gif(films: Films, path: Path, look: Look) -> Path:
    from .gif import pack_gif, small

    look = replace(look, size=small(look.size))
    return pack_gif(_film(films, look), path, look.style)


def _mp4(films: Films, path: Path, look: Look) -> Path:
    from .mp4 import even, pack_mp4

    look = replace(look, size=even(look.size))
    return pack_mp4(lambda: _film(films, look), path, look.size)


def _html(films: Films, path: Path, look: Look) -> Path:
    from .stacked_page import write

    return write(films, path, look)


_WAYS = {"png": _png, "gif": _gif, "mp4": _mp4, "html": _html}


def _film(films: Films, look: Look) -> Frames:
    """Pictures of a turn, or of the passes in their order."""
    if look.film == "drying" or (look.state == "both" and not look.film):
        raise WetprintError(
            error(
                "X726", "films do not dry as prints do; `--film print` shows the passes, `--film turn` a turn"
            )
        )
    return _passes(films, look) if look.film == "print" else _turn(films, look)


def _turn(films: Films, look: Look) -> Frames:
    shown, start = stack(films.slabs, films.part, state_of(look)), camera_of(look)
    cameras = [replace(start, azimuth_deg=start.azimuth_deg + 360.0 * k / TURN) for k in range(TURN)]
    scale = _scale(shown, films, look, cameras)
    for camera in cameras:
        yield _shot(shown, films, look, camera, scale), PAUSE


def _passes(films: Films, look: Look) -> Frames:
    """Each film spread, exposed and developed; then what is printed."""
    last = stack(films.slabs, films.part, state_of(look))
    camera, w = camera_of(look), last.window
    rim = 0.0 if not w.whole else 0.04 * w.side_um
    plate = rectangles(to_nm([w.x0 - rim, w.y0 - rim, w.x1 + rim, w.y1 + rim]))
    scale = _scale(last, films, look, [camera])
    drawn = stack(films.slabs, None, state_of(look)) if films.part is None else last
    for k, one in enumerate(films.passes, 1):
        before = tuple(s for s in drawn.slabs if s.row < k)
        left = tuple(s for s in drawn.slabs if s.row == k)
        low = min((s.low_um for s in left), default=0.0)
        high = max((s.high_um for s in left), default=one.high_um * last.times)
        head = f"{k}  {one.label}: "
        spread = Slab(one.label, _pale(one.colour), plate, low, low + 0.97 * (high - low), k)
        lit = Slab(one.label, one.colour, _within(one.exposed, last), low, high, k)
        for slabs, says in (
            ((*before, spread), "spread"),
            ((*before, spread, lit), one.says),
            ((*before, *left), "developed"),
        ):
            shown = replace(last, slabs=slabs, part=None, said=(head + says, *last.said))
            yield _shot(shown, films, look, camera, scale), 10 * PAUSE
    if films.part is not None:
        yield _shot(replace(last, said=("printed", *last.said)), films, look, camera, scale), 20 * PAUSE


def _within(region: Flat, shown: _Stack) -> Flat:
    from ..drawing.slabs import within

    return region if shown.window.whole else within(region, shown.window)


def _pale(colour: str) -> str:
    """A colour as a thin film that nothing has been done to yet."""
    return "#" + "".join(f"{round(0.45 * int(colour[i : i + 2], 16) + 0.55 * 255):02x}" for i in (1, 3, 5))


def _scale(shown: _Stack, films: Films, look: Look, cameras: Sequence[Camera]) -> float:
    """The scale at which every picture of a film finds room."""
    from ..drawing.stack import scale_um_per_px

    return max(scale_um_per_px(shown, look.size, camera) for camera in cameras)


def _shot(shown: _Stack, films: Films, look: Look, camera: Camera, scale: float) -> npt.NDArray[np.uint8]:
    keys: dict[str, Any] = {"size": look.size, "style": look.style, "camera": camera}
    return draw(shown, films.slabs, um_per_px=scale, **keys)
