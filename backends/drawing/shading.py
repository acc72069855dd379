"""From what is seen and the light that reaches it to colour: matte gel with a little gloss, in linear light."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from ..exporter import rgb
from ..tubes import Floats32
from .gbuffer import GROUND, GBuffer
from .light import Open
from .style import Lamp, Style

#: Share of the sky's light that finds its way into any hollow: gels are translucent (chosen by eye).
_FLOOR = np.float32(0.05)

Rows = npt.NDArray[np.intp]


def linear(colour: str) -> Floats32:
    """Linear light of a colour, float32[3]."""
    v = np.array(rgb(colour), dtype=np.float32) / 255
    out: Floats32 = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return out


@cache
def _encoding() -> npt.NDArray[np.uint8]:
    v = np.linspace(0.0, 1.0, 4096)
    srgb = np.where(v <= 0.0031308, v * 12.92, 1.055 * v ** (1 / 2.4) - 0.055)
    out: npt.NDArray[np.uint8] = np.rint(255 * srgb).astype(np.uint8)
    return out


def encoded(light: Floats32) -> npt.NDArray[np.uint8]:
    """sRGB bytes of linear light, cut off at white."""
    out: npt.NDArray[np.uint8] = _encoding()[np.clip(light * 4095 + 0.5, 0, 4095).astype(np.uint16)]
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Lamps:
    """Light on a surface for every direction that a G-buffer can hold, float32[65536] each: matte and glossy, from the key lamp
    and from all else. In parallel projection under far lamps it depends on the direction alone, so a table of it is exact."""

    key: Floats32
    rest: Floats32
    key_gloss: Floats32
    rest_gloss: Floats32


def lamps(style: Style, up_view: tuple[float, float]) -> Lamps:
    """`up_view` is the part's z as the camera sees it (up, towards the eye): the sky is above the part, not above the picture."""
    grid = (np.arange(256, dtype=np.float64) - 127.5) / 127.5
    ny, nx = np.meshgrid(grid, grid, indexing="ij")
    longer = np.maximum(np.hypot(nx, ny), 1.0)
    nz = np.sqrt(np.maximum(0.0, 1.0 - nx**2 - ny**2))
    n = np.stack([nx / longer, ny / longer, nz], axis=-1)
    above = n[..., 1] * up_view[0] + n[..., 2] * up_view[1]
    rest = style.earth + (style.sky - style.earth) * (0.5 + 0.5 * above)
    # Secondary electrons leave a tilted surface more easily: their yield grows as 1 / cos, up to a limit.
    rest += style.edge * (1.0 / np.maximum(nz, 0.2) - 1.0)
    rest_gloss = np.zeros_like(rest)
    for lamp in style.fills:
        matte, gloss = _lamp(n, lamp, style)
        rest += matte
        rest_gloss += gloss
    key, key_gloss = _lamp(n, style.key, style)
    return Lamps(*(a.reshape(-1).astype(np.float32) for a in (key, rest, key_gloss, rest_gloss)))


def _lamp(
    n: npt.NDArray[np.float64], lamp: Lamp, style: Style
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Matte and glossy light of one lamp: Lambert; GGX with Schlick's Fresnel term and Kelemen's visibility."""
    direction, strength = np.array(lamp[0]), lamp[1]
    d = direction / np.linalg.norm(direction)
    facing = np.clip(n @ d, 0.0, None)
    h = d + np.array([0.0, 0.0, 1.0])
    h /= np.linalg.norm(h)
    a2 = style.roughness**4
    spread = a2 / (np.pi * (np.clip(n @ h, 0.0, 1.0) ** 2 * (a2 - 1.0) + 1.0) ** 2)
    fresnel = style.gloss + (1.0 - style.gloss) * (1.0 - h[2]) ** 5
    return strength * facing, strength * facing * spread * fresnel / max(4.0 * float(h[2]) ** 2, 0.15) * np.pi


def nearest(seen: GBuffer, by: int) -> GBuffer:
    """The nearest of each `by` x `by` pixels."""
    if by == 1:
        return seen
    h, w = seen.index.shape[0] // by, seen.index.shape[1] // by
    best = seen.depth_um[0::by, 0::by].copy()
    index = seen.index[0::by, 0::by].copy()
    normal = seen.normal[0::by, 0::by].copy()
    for k in range(1, by * by):
        r, c = divmod(k, by)
        depth = seen.depth_um[r::by, c::by]
        nearer = depth > best
        np.copyto(best, depth, where=nearer)
        np.copyto(index, seen.index[r::by, c::by], where=nearer)
        np.copyto(normal, seen.normal[r::by, c::by], where=nearer[..., None])
    assert best.shape == (h, w)
    return GBuffer(normal, index, best)


def shade(
    seen: GBuffer, by: int, small: GBuffer, light: Open, colours: tuple[str, ...], style: Style, up_view: tuple[float, float]
) -> tuple[Floats32, Floats32]:  # fmt: skip
    """Linear light float32[H,W,3] and coverage float32[H,W] of the picture that `seen` shows `by` times larger.

    `small` is `nearest(seen, by)` and `light` what reaches its pixels. A pixel that one surface fills is shaded once, one on an
    edge at each of its `by` x `by` samples, which take the light of the neighbour whose depth is like theirs.
    """
    height, width = small.index.shape
    table = lamps(style, up_view)
    palette = np.array([linear(c) for c in colours], dtype=np.float32)
    smooth = _smooth(seen, small, by)
    out = np.zeros((height * width, 3), dtype=np.float32)
    cover = np.zeros(height * width, dtype=np.float32)
    sky, key, shadow = light.sky.reshape(-1), light.key.reshape(-1), light.shadow.reshape(-1)

    inner = np.flatnonzero(smooth & (small.index < GROUND).reshape(-1))
    out[inner] = _colour(
        small.normal.reshape(-1, 2)[inner],
        small.index.reshape(-1)[inner],
        sky[inner],
        key[inner],
        palette,
        table,
        style,
    )
    cover[inner] = 1.0
    dim = np.float32(style.shadow)
    ground = np.flatnonzero(smooth & (small.index == GROUND).reshape(-1))
    cover[ground] = dim * shadow[ground]

    edge = np.flatnonzero(~smooth)
    y, x = np.divmod(edge, width)
    share = np.float32(1.0 / (by * by))
    for k in range(by * by):
        r, c = divmod(k, by)
        at = (y * by + r) * (width * by) + x * by + c
        index = seen.index.reshape(-1)[at]
        like = _alike(small, y, x, seen.depth_um.reshape(-1)[at], index, r, c, by)
        part = index < GROUND
        p = np.flatnonzero(part)
        out[edge[p]] += share * _colour(
            seen.normal.reshape(-1, 2)[at[p]], index[p], sky[like[p]], key[like[p]], palette, table, style
        )
        cover[edge[p]] += share
        g = np.flatnonzero(index == GROUND)
        cover[edge[g]] += share * dim * shadow[like[g]]
    return out.reshape(height, width, 3), cover.reshape(height, width)


def _colour(
    normal: npt.NDArray[np.uint8],
    index: npt.NDArray[np.uint8],
    sky: Floats32,
    key: Floats32,
    palette: Floats32,
    table: Lamps,
    style: Style,
) -> Floats32:
    sky = _FLOOR + (1 - _FLOOR) * sky ** np.float32(style.depth)
    direction = normal[:, 1].astype(np.int32) * 256 + normal[:, 0]
    from_key = table.key[direction] * key
    from_rest = table.rest[direction]
    gloss = table.key_gloss[direction] * key + table.rest_gloss[direction] * sky
    albedo = palette[index]
    out = np.empty((len(index), 3), dtype=np.float32)
    for c in range(3):
        a = albedo[:, c]
        # Light that bounces between bright filaments lifts their hollows (Jimenez et al. 2016, fitted to path tracing).
        if not style.bounce:
            out[:, c] = a * (from_key + from_rest * sky) + gloss
            continue
        lifted = ((2.0404 * a - 0.3324) * sky + (-4.7951 * a + 0.6417)) * sky + (2.7552 * a + 0.6903)
        out[:, c] = a * (from_key + from_rest * np.maximum(sky, lifted * sky)) + gloss
    return out


def drawing(seen: GBuffer, by: int, across_um: float, letter_px: int) -> tuple[Floats32, Floats32]:
    """Black outlines where one filament ends before another or before nothing, white between: light and coverage as `shade` gives.

    A step in depth of an eighth of a filament's width counts, where the surface's own slope does not explain it, and a crease
    where two filaments meet.
    """
    depth, index = seen.depth_um, seen.index
    line = np.zeros(index.shape, dtype=bool)
    thick = max(1, round(letter_px * by / 15))
    for axis in (0, 1):
        d = np.moveaxis(depth, axis, 0)
        i = np.moveaxis(index, axis, 0)
        out = np.moveaxis(line, axis, 0)
        step = np.abs(d[2:] - 2 * d[1:-1] + d[:-2]) > across_um / 8
        step |= i[2:] != i[:-2]
        n = np.moveaxis(seen.normal, axis, 0).astype(np.int16)
        turn = np.abs(n[2:] - n[:-2])
        step |= ((turn[..., 0] > 60) | (turn[..., 1] > 60)) & (np.maximum(i[2:], i[:-2]) < GROUND)
        out[1:-1] |= step
    for axis in (0, 1):
        thin = line.copy()
        for k in range(1, thick):
            line |= np.roll(thin, k - thick // 2, axis)
    part = (index < GROUND) | line
    h, w = index.shape[0] // by, index.shape[1] // by

    def mean(a: npt.NDArray[np.bool_]) -> Floats32:
        out: Floats32 = a.reshape(h, by, w, by).mean(axis=(1, 3), dtype=np.float32)
        return out

    cover, ink = mean(part), mean(line)
    light = np.repeat((cover - np.float32(0.97) * ink)[..., None], 3, axis=2)
    return light, cover


def grained(light: Floats32, cover: Floats32, style: Style) -> tuple[Floats32, Floats32]:
    """Light and coverage as a detector sees them, with its noise; as they are in styles that have none."""
    if not style.grain:
        return light, cover
    # The same noise every time, as the same picture is to have the same bytes.
    noise = np.random.default_rng(7).standard_normal(cover.shape, dtype=np.float32) * style.grain
    full = light + (np.float32(1.0) - cover)[..., None] * linear(style.background)
    return np.maximum(full + noise[..., None], np.float32(0.0)), np.ones_like(cover)


def _smooth(seen: GBuffer, small: GBuffer, by: int) -> npt.NDArray[np.bool_]:
    """Pixels (flat) all of whose samples show one surface."""
    if by == 1:
        return np.ones(small.index.size, dtype=bool)
    same = np.ones(small.index.shape, dtype=bool)
    lowest = small.depth_um.copy()
    bend = np.zeros(small.index.shape, dtype=np.int16)
    first = seen.normal[0::by, 0::by].astype(np.int16)
    for k in range(by * by):
        r, c = divmod(k, by)
        same &= seen.index[r::by, c::by] == small.index
        np.minimum(lowest, seen.depth_um[r::by, c::by], out=lowest)
        if k:
            turn = np.abs(seen.normal[r::by, c::by].astype(np.int16) - first)
            np.maximum(bend, turn[..., 0], out=bend)
            np.maximum(bend, turn[..., 1], out=bend)
    part = small.index < GROUND
    deep = small.depth_um - lowest
    usual = np.median(deep[part & same]) if (part & same).any() else np.float32(1.0)
    same &= (deep <= 6.0 * usual + 1e-4) | ~part
    same &= bend <= 24
    out: npt.NDArray[np.bool_] = same.reshape(-1)
    return out


def _alike(
    small: GBuffer, y: Rows, x: Rows, depth: Floats32, index: npt.NDArray[np.uint8], r: int, c: int, by: int
) -> Rows:
    """For samples (r, c) of the pixels (y, x): the pixel, it or a neighbour on that side, that lies nearest in depth on the same ink."""
    height, width = small.index.shape
    sy, sx = (1 if 2 * r >= by else -1), (1 if 2 * c >= by else -1)
    best: Rows = y * width + x
    far = np.full(len(y), np.inf, dtype=np.float32)
    flat_depth, flat_index = small.depth_um.reshape(-1), small.index.reshape(-1)
    for dy, dx in ((0, 0), (sy, 0), (0, sx), (sy, sx)):
        at = np.clip(y + dy, 0, height - 1) * width + np.clip(x + dx, 0, width - 1)
        off = np.abs(flat_depth[at] - depth)
        off[flat_index[at] != index] += np.float32(1e6)
        nearer = off < far
        best[nearer] = at[nearer]
        np.copyto(far, off, where=nearer)
    return best
