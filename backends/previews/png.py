"""PNG: a still picture with true widths, soft light and a scale bar, drawn without a display."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...kernel.filaments import FilamentSet, Floats, filaments
from ...kernel.files import writing
from ...kernel.scene import StateName
from ..colouring import INK
from ..drawing.bundles import standing_in
from ..drawing.camera import Camera
from ..drawing.change import GHOST, GHOST_LINE, GHOST_SHARE
from ..drawing.gbuffer import (
    GROUND,
    NOTHING,
    GBuffer,
    Patch,
    rod_patch,
    see,
    straight,
    together,
    tube_patch,
)
from ..drawing.large import rods_of, seen_pieces, without_specks
from ..drawing.lettering import letter
from ..drawing.light import Lights, Open, nearby_light, open_light
from ..drawing.picture import Panel, Picture, Shown, picture
from ..drawing.section import faces_of, left
from ..drawing.shading import drawing, encoded, grained, lamps, linear, nearest, shade
from ..preview import Look
from ..tubes import Floats32, chord_sides

if TYPE_CHECKING:
    from ...kernel.build import Job
    from ..course import Course

#: Samples each way in a pixel: edges are drawn from their mean.
_FINE = 2

#: Pixels of a draft at most, and the directions from which the sky lights it.
_DRAFT, _DRAFT_LOOKS = 560 * 420, 4


def render_png(
    jobs: FilamentSet | Sequence[FilamentSet | Job],
    path: Path,
    *,
    state: Shown = "dried",
    size: tuple[int, int] = (1600, 1200),
    transparent: bool = False,
    style: str = "paper",
    camera: Camera | None = None,
    ground: bool = True,
    draft: bool = False,
    overlay: bool = False,
    by: str = INK,
    course: Callable[[], Course] | None = None,
) -> Path:
    """Draw `jobs` to `path`. Same input, same bytes. Raises WetprintError (X710, X712, X713, X720, X722, X723).

    A `draft` is drawn small, with little light, and stretched to `size`. `overlay`, `by` and `course` as `picture` takes them.
    """
    scale = min(1.0, (_DRAFT / (size[0] * size[1])) ** 0.5) if draft else 1.0
    drawn = (max(16, round(size[0] * scale)), max(16, round(size[1] * scale))) if draft else size
    shown = picture(
        jobs, state=state, size=drawn, transparent=transparent, style=style, camera=camera, ground=ground,
        overlay=overlay, by=by, course=course,
    )  # fmt: skip
    pixels = render(shown, looks=_DRAFT_LOOKS if draft else 32)
    from PIL import Image

    image = Image.fromarray(pixels)
    if draft:
        image = image.resize(size, Image.Resampling.BILINEAR)
    with writing(Path(path)) as out:
        image.save(out, format="PNG", compress_level=1 if draft else 5, dpi=(300, 300))
    return Path(path)


def render(
    shown: Picture, kept: dict[StateName, Lights] | None = None, looks: int = 32
) -> npt.NDArray[np.uint8]:
    """The picture as sRGB bytes, uint8[H,W,3], or [H,W,4] where it has no background.

    `kept` (empty at first) carries the lamps from one picture of a part to the next, where only the camera moves. `looks` is the
    number of directions from which the sky lights the part, at most.
    """
    width, height = shown.size
    light = np.zeros((height, width, 3), dtype=np.float32)
    cover = np.zeros((height, width), dtype=np.float32)
    for panel in shown.panels:
        b = panel.box
        place = (slice(b.top, b.top + b.height), slice(b.left, b.left + b.width))
        light[place], cover[place] = _panel(panel, shown, kept, looks)
    if shown.ghost is not None:
        b = shown.ghost.box
        place = (slice(b.top, b.top + b.height), slice(b.left, b.left + b.width))
        light[place], cover[place] = _haunted(light[place], cover[place], shown)
    light, cover = grained(light, cover, shown.style)
    over = letter(shown, linear, lambda colour, w, h: _swatch(shown, colour, w, h))
    clear = np.float32(1.0) - over.cover
    light = light * clear[..., None] + over.light
    cover = cover * clear + over.cover
    if not shown.transparent:
        paper = (np.float32(1.0) - cover[..., None]) * linear(shown.style.background)
        return encoded(np.asarray(light + paper, dtype=np.float32))
    straight_light = np.asarray(light / np.maximum(cover, 1e-4)[..., None], dtype=np.float32)
    alpha = np.rint(np.clip(cover, 0, 1) * 255).astype(np.uint8)
    return np.concatenate([encoded(straight_light), alpha[..., None]], axis=2)


def _panel(
    panel: Panel, shown: Picture, kept: dict[StateName, Lights] | None, looks: int
) -> tuple[Floats32, Floats32]:
    axes, frame = shown.axes, panel.frame
    part, index = standing_in(panel.part, panel.state, panel.index, frame, axes)
    panel = replace(panel, part=part, index=index)
    patch, midst = _visible(panel, shown)
    up_view = (float(axes[1, 2]), float(axes[2, 2]))
    on_ground = shown.ground and up_view[1] > 0.05
    fine = replace(frame, width=frame.width * _FINE, height=frame.height * _FINE, um_per_px=frame.um_per_px / _FINE)  # fmt: skip
    seen = see(patch, fine, GROUND if on_ground else NOTHING)
    if midst is not None:
        seen = without_specks(seen, midst, _FINE)
    if on_ground and frame.perspective:
        sky = np.isnan(fine.ground_um(up_view))[:, None]
        np.copyto(seen.index, np.uint8(NOTHING), where=sky & (seen.index == GROUND))
    small = nearest(seen, _FINE)
    if on_ground:
        # Nothing lies under the ground, so it need not be drawn: its depth follows from where a pixel lies (z = 0 there).
        ground = frame.ground_um(up_view).astype(np.float32)[:, None]
        np.copyto(small.depth_um, ground, where=(small.index == GROUND) & ~np.isnan(ground))
    if shown.style.lines:
        across = float(np.median(panel.part.state(panel.state).width_um))
        return drawing(seen, _FINE, across, shown.letter_px)
    key = np.array(shown.style.key[0]) @ axes
    light, cover = shade(
        seen, _FINE, small, _light(panel, small, axes, key, kept, looks), shown.colours, shown.style, up_view
    )
    # The shadow on the ground fades out before the panel ends.
    solid_cover = small.index < GROUND
    window = _window(frame.height)[:, None] * _window(frame.width)[None, :]
    return light, np.where(solid_cover, cover, cover * window)


def _haunted(light: Floats32, cover: Floats32, shown: Picture) -> tuple[Floats32, Floats32]:
    """The picture with its ghost over it: a breath of colour where it lies before the part, its outlines darker."""
    assert shown.ghost is not None
    ghost, (solid,) = shown.ghost, shown.panels
    frame = ghost.frame
    fine = replace(frame, width=frame.width * _FINE, height=frame.height * _FINE, um_per_px=frame.um_per_px / _FINE)  # fmt: skip
    seen = see(_visible(ghost, shown)[0], fine, NOTHING)
    behind = see(_visible(solid, shown)[0], fine, NOTHING)
    # What the part hides is left out: an edge of its own width lies behind no ghost.
    across = float(np.median(ghost.part.state(ghost.state).width_um))
    hidden = (behind.index < GROUND) & (behind.depth_um > seen.depth_um + np.float32(0.02 * across))
    line_light, line_cover = drawing(seen, _FINE, across, shown.letter_px)
    before = (seen.index < GROUND) & ~hidden
    share = before.reshape(frame.height, _FINE, frame.width, _FINE).mean(axis=(1, 3), dtype=np.float32)
    ink = np.minimum(np.clip(line_cover - line_light[..., 0], 0.0, 1.0), share)
    veil = np.maximum(np.float32(GHOST_SHARE) * share, np.float32(GHOST_LINE) * ink)
    colour = linear(GHOST)
    clear = np.float32(1.0) - veil
    return light * clear[..., None] + veil[..., None] * colour, cover * clear + veil


def _window(n: int) -> Floats32:
    """1 inside, falling smoothly to 0 at both ends."""
    edge = np.clip(np.minimum(np.arange(n) + 0.5, n - 0.5 - np.arange(n)) / (0.10 * n), 0.0, 1.0)
    out: Floats32 = (edge * edge * (3 - 2 * edge)).astype(np.float32)
    return out


#: More segments than this are sifted for those that can be seen; fewer bent filaments than that are swept as tubes.
_MANY, _MANY_BENT = 4_000, 30_000

#: Seconds of one processor that light may cost at full quality, and at all (measured with Mesa's llvmpipe).
_LIGHT_GOOD, _LIGHT_MOST = 2.2, 3.0


def _light(
    panel: Panel, small: GBuffer, axes: Floats, key: Floats, kept: dict[StateName, Lights] | None, looks: int
) -> Open:
    """Light at the pixels of `small`: from many sides where the part allows it, else from what is near in the picture."""
    part, s = panel.part, panel.part.state(panel.state)
    across = float(np.median(s.width_um))
    first, _ = part.segments()
    length = np.linalg.norm(s.points_um[first + 1] - s.points_um[first], axis=1)
    size = float(np.linalg.norm(s.points_um.max(axis=0) - s.points_um.min(axis=0))) + across
    layers_of_paint = float((length * s.width_um[first]).sum()) / size**2
    cost = 0.008 + 0.008 * layers_of_paint + 4e-6 * len(first)
    sky = int(min(looks, 0.76 * _LIGHT_GOOD / cost))
    if sky >= 12 and cost * 21 < _LIGHT_MOST:
        lights = (kept or {}).get(panel.state)
        if lights is None:
            solid = _solid(panel, part)
            lights = Lights(solid, key, across, sky, max(4, sky // 3), keep=kept is not None)
            if kept is not None:
                kept[panel.state] = lights
        return open_light(small, panel.frame, axes, lights, across_um=across)
    step = max(1, len(first) // 1500)
    some = first[::step]
    thick = min(step * across, 0.05 * size)
    stand_in = filaments(
        np.stack([s.points_um[some], s.points_um[some + 1]], axis=1).reshape(-1, 3),
        np.full(len(some), 2),
        width_um=np.array(max(thick, across)),
        height_um=np.array(float(np.median(s.height_um))),
        material=0, layer=0, origin=0, inks=part.inks, spans=part.spans, state=panel.state,
    )  # fmt: skip
    return nearby_light(small, panel.frame, axes, _solid(panel, stand_in), key, across_um=across)


def _solid(panel: Panel, part: FilamentSet) -> Patch:
    """What casts the shadows of a panel, in part coordinates, where its filaments are those of `part`."""
    index, eye = np.zeros(len(part), dtype=np.uint8), np.eye(3)
    solid = tube_patch(part, part.state(panel.state), index, eye, 6)
    if panel.cut is not None:
        solid = together([left(solid, panel.cut), faces_of(part, panel.state, index, panel.cut, eye, 6)])
    return together([solid, _beside(panel, eye, 0)]) if panel.beside is not None else solid


def _beside(panel: Panel, axes: Floats, colour: int) -> Patch:
    assert panel.beside is not None
    index = np.full(len(panel.beside), colour, dtype=np.uint8)
    return tube_patch(panel.beside, panel.beside.state(panel.state), index, axes, 32)


def _visible(panel: Panel, shown: Picture) -> tuple[Patch, npt.NDArray[np.bool_] | None]:
    """What of the part can face the eye, as fine as its pixels deserve; of a sifted part the pixels in its midst, too."""
    part, s, frame, axes = panel.part, panel.part.state(panel.state), panel.frame, shown.axes
    nearest_times = frame.largest(s.points_um @ axes[2]) if frame.perspective else 1.0
    um_per_px = frame.um_per_px / nearest_times
    radius_px = 0.5 * float(max(s.width_um.max(), s.height_um.max())) / um_per_px
    sides = chord_sides(radius_px * _FINE, 0.12)
    strips = max(4, sides // 2)
    rods = straight(part, s)
    bent_segments = int((np.diff(part.offsets) - 1)[~rods].sum())
    patches: list[Patch] = []
    chosen = np.arange(len(part))
    if bent_segments <= _MANY_BENT:
        rest, chosen = np.flatnonzero(~rods), np.flatnonzero(rods)
        if len(rest):
            bent = part.take(rest)
            patches.append(tube_patch(bent, bent.state(panel.state), panel.index[rest], axes, max(12, sides)))
    midst = None
    if len(chosen):
        some = part if len(chosen) == len(part) else part.take(chosen)
        pieces = rods_of(some, some.state(panel.state), panel.index[chosen], um_per_px)
        if len(pieces) > _MANY:
            pieces, midst = seen_pieces(pieces, frame, axes, panel.cut)
        eye = np.array([*frame.centre_um, frame.eye_um]) if frame.perspective else None
        r = pieces
        body = rod_patch(r.a_um, r.b_um, r.width_um, r.height_um, r.index, axes, strips, eye)
        patches.insert(0, body)
    if panel.cut is not None:
        patches = [left(patch, panel.cut.seen(axes)) for patch in patches]
        patches.append(faces_of(part, panel.state, panel.index, panel.cut, axes, max(8, sides)))
    if panel.beside is not None:
        patches.append(_beside(panel, axes, len(shown.colours) - 1))
    return together(patches), midst


def _swatch(shown: Picture, colour: str, width: int, height: int) -> tuple[Floats32, Floats32]:
    """A short filament for the legend, lit as the part is: linear light float32[h,w,3] and coverage."""
    up_view = (float(shown.axes[1, 2]), float(shown.axes[2, 2]))
    table = lamps(shown.style, up_view)
    y = 1.0 - 2.0 * (np.arange(height) + 0.5) / height
    row = np.rint(y * 127.5 + 127.5).astype(np.int64) * 256 + 127
    matte = table.key[row] + table.rest[row]
    gloss = table.key_gloss[row] + table.rest_gloss[row]
    column = matte[:, None] * linear(colour)[None, :] + gloss[:, None]
    light = np.repeat(column[:, None, :], width, axis=1).astype(np.float32)
    return light, np.ones((height, width), dtype=np.float32)


class _Png:
    name = "png"
    doc = "a still picture"
    ending = ".png"

    def show(
        self, jobs: FilamentSet | Sequence[FilamentSet | Job], look: Look, path: Path | None
    ) -> Path | None:
        assert path is not None
        return render_png(
            jobs,
            path,
            state=look.state,
            size=look.size,
            transparent=look.transparent,
            style=look.style,
            camera=Camera.named(look.view),
            draft=look.draft,
            overlay=look.overlay,
            by=look.by,
            course=look.course(jobs),
        )


PNG = _Png()
