"""Which light reaches what is seen: the share of the sky and of the key lamp that is open to each pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...kernel.filaments import Floats
from ..tubes import Floats32
from .camera import Frame
from .gbuffer import GROUND, Canvas, GBuffer, Patch

#: A picture from a direction of light has this many pixels to the width of a filament, within bounds; texels of the ground, each way.
_FINE, _SMALLEST, _LARGEST, _GROUND = 8.0, 384, 1024, 160

#: The key lamp is a disc this wide (half angle, rad): its shadows have soft edges.
_LAMP = 0.09

#: Of the light on the ground, what comes from the sky; the rest comes from the lamp.
_SKY_SHARE = 0.62

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Open:
    """Shares 0..1 of what would light a free surface of that direction: `sky` and `key`, float32[H,W]; and `shadow` float32[H,W]
    on the ground, 0 where there is none."""

    sky: Floats32
    key: Floats32
    shadow: Floats32


def dome(count: int) -> Floats:
    """Directions spread evenly over the sky, float64[count,3] (Fibonacci's spiral)."""
    k = np.arange(count) + 0.5
    z = 0.04 + 0.96 * k / count
    angle = k * 2.399963229728653
    r = np.sqrt(1.0 - z * z)
    return np.stack([r * np.cos(angle), r * np.sin(angle), z], axis=1)


def disc(centre: Floats, count: int, half_angle: float) -> Floats:
    """Directions spread evenly over a disc of `half_angle` (rad) around `centre`, float64[count,3]."""
    c = centre / np.linalg.norm(centre)
    a = np.cross(c, (0.0, 0.0, 1.0) if abs(c[2]) < 0.9 else (1.0, 0.0, 0.0))
    a /= np.linalg.norm(a)
    b = np.cross(c, a)
    k = np.arange(count)
    r = np.sqrt((k + 0.5) / count) * np.tan(half_angle)
    angle = k * 2.399963229728653
    out = c + r[:, None] * (np.cos(angle)[:, None] * a + np.sin(angle)[:, None] * b)
    return np.asarray(out / np.linalg.norm(out, axis=1)[:, None])


def light_axes(towards: Floats) -> Floats:
    """Rows right, up and towards the light, float64[3,3]."""
    up = np.array([0.0, 0.0, 1.0]) if abs(towards[2]) < 0.95 else np.array([0.0, 1.0, 0.0])
    right = np.cross(up, towards)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(towards, right), towards])


class Lights:
    """Pictures of a part from all directions of light, taken one after the other and asked at points."""

    def __init__(
        self,
        solid: Patch,
        key: Floats,
        across_um: float,
        sky_count: int,
        key_count: int,
        largest: int = _LARGEST,
        keep: bool = False,
    ) -> None:
        """`solid` is the part as closed tubes `across_um` wide, `key` the direction towards the key lamp (part coordinates).

        With `keep` every look is taken once and kept, for a part that is seen from many sides.
        """
        low, high = (f(axis=0).astype(np.float64) for f in (solid.points_um.min, solid.points_um.max))
        self.low, self.high = low, high
        self.centre = (low + high) / 2
        self.radius = 0.505 * float(np.linalg.norm(high - low)) + across_um
        self.pixels = int(np.clip(2 * self.radius * _FINE / across_um, min(_SMALLEST, largest), largest))
        self.texel = 2 * self.radius / self.pixels
        self.directions = np.concatenate([dome(sky_count), disc(key, key_count, _LAMP)])
        self.in_key = np.arange(sky_count + key_count) >= sky_count
        self._canvas = Canvas(solid.points_um, solid.faces)
        self._kept: dict[int, tuple[Floats32, Floats]] | None = {} if keep else None

    def look(self, k: int) -> tuple[Floats32, Floats]:
        """Depths from direction k (flat) and the axes of that look."""
        if self._kept is not None and k in self._kept:
            return self._kept[k]
        turn = light_axes(self.directions[k])
        u, v, w = (float(c) for c in turn @ self.centre)
        frame = Frame(self.pixels, self.pixels, (u, v), self.texel, w + self.radius, w - self.radius)
        depth = self._canvas.depth(frame, turn).reshape(-1)
        # Nothing there hides nothing, not even what lies behind the frame's far side.
        depth[depth <= np.float32(frame.far_um + 1e-5 * self.radius)] = -np.inf
        if self._kept is not None:
            self._kept[k] = depth, turn
        return depth, turn

    def lit(self, depth: Floats32, turn: Floats, place: Floats32, *, within: bool) -> npt.NDArray[np.bool_]:
        """Which of the points `place[4,N]` (part coordinates and a row of ones) nothing stands before, bool[N].

        `within` says that all lie within the part's own bounds.
        """
        n = self.pixels
        matrix = np.empty((3, 4))
        matrix[:2, :3] = turn[:2] / self.texel
        matrix[2, :3] = turn[2]
        matrix[:2, 3] = n / 2 - matrix[:2, :3] @ self.centre
        matrix[2, 3] = 0.6 * self.texel
        column, row, towards = matrix.astype(np.float32) @ place
        at = row.astype(np.int32)
        at *= n
        at += column.astype(np.int32)
        if within:
            return np.asarray(towards >= depth[at])
        outside = (column < 0) | (column >= n) | (row < 0) | (row >= n)
        at[outside] = 0
        return np.asarray(outside | (towards >= depth[at]))


def open_light(
    seen: GBuffer, frame: Frame, axes: Floats, lights: Lights, *, across_um: float, tile: int = 2
) -> Open:
    """Shares of sky and key lamp open to every pixel of `seen`, which `frame` shows along `axes`.

    Of every `tile` x `tile` pixels each asks other directions, and neighbours on one surface share their answers, so that all
    directions count everywhere at the cost of a few; `across_um` is the width of a filament. The ground is asked at points of its own, which makes it even.
    """
    height, width = seen.index.shape
    sky_count = int((~lights.in_key).sum())
    sums = np.zeros((4, height * width), dtype=np.float32)  # lit and whole, of the sky and of the key
    cells = [_cell(seen, frame, axes, lights.texel, r, c, tile) for r in range(tile) for c in range(tile)]
    ground = _Ground(lights)
    for k in range(len(lights.directions)):
        depth, turn = lights.look(k)
        in_key = int(lights.in_key[k])
        ground.ask(lights, k, depth, turn)
        at, normal, place = cells[(k - sky_count * in_key) % len(cells)]
        weight = np.maximum(lights.directions[k].astype(np.float32) @ normal, np.float32(0.0)) + np.float32(
            0.02
        )
        sums[2 * in_key + 1, at] += weight
        weight[~lights.lit(depth, turn, place, within=True)] = 0.0
        sums[2 * in_key, at] += weight
    shared = _shared(sums.reshape(4, height, width), seen, tile, 0.25 * across_um)
    ratio = shared[0::2] / np.maximum(shared[1::2], np.float32(1e-6))
    ratio[:, seen.index >= GROUND] = 1.0
    return Open(ratio[0], ratio[1], ground.shadow(seen, frame, axes))


def nearby_light(
    seen: GBuffer, frame: Frame, axes: Floats, solid: Patch, key: Floats, *, across_um: float
) -> Open:
    """As `open_light`, for parts too large to be looked at from many sides: what hides the sky is found among the pixels near by.

    `solid` is a thinned-out stand-in that casts the shadow on the ground.
    """
    lights = Lights(solid, key, across_um, 16, 5, largest=320)
    ground = _Ground(lights)
    for k in range(len(lights.directions)):
        ground.ask(lights, k, *lights.look(k))
    sky = np.ones(seen.index.shape, dtype=np.float32)
    for reach, weight in ((1.5, 0.5), (5.0, 0.5)):
        radius = max(reach * across_um, 2.0 * reach * frame.um_per_px)
        sky *= 1.0 - np.float32(weight) * (1.0 - _unfilled(seen.depth_um, frame.um_per_px, radius))
    # The lamp is hidden together with the sky, only sooner.
    key_light = np.clip(1.6 * sky - 0.6, 0.0, 1.0)
    for share in (sky, key_light):
        share[seen.index >= GROUND] = 1.0
    return Open(sky, key_light, ground.shadow(seen, frame, axes))


def _unfilled(depth_um: Floats32, um_per_px: float, radius_um: float) -> Floats32:
    """How empty a ball of `radius_um` around each pixel's surface is, 0..1; 1 for any plane.

    Volumetric obscurance (Loos and Sloan, I3D 2010): along lines towards the eye the filled share of the ball is read from the
    depths near by. The lines come in opposite pairs, so that a tilted plane fills exactly half of it.
    """
    height, width = depth_um.shape
    reach = max(2, round(radius_um / um_per_px))
    padded = np.pad(depth_um, reach, mode="edge")
    out = np.zeros((height, width), dtype=np.float32)
    total = 0.0
    for k in range(10):  # points of a spiral over the disc, even in area
        r, angle = np.sqrt((k + 0.7) / 10) * 0.97, k * 2.399963229728653
        dx, dy = round(r * np.cos(angle) * reach), round(r * np.sin(angle) * reach)
        inner = 1.0 - (dx * dx + dy * dy) / (reach * reach)
        if inner <= 0.01 or (dx == 0 and dy == 0):
            continue
        chord = np.float32(np.sqrt(inner) * radius_um)
        for sx, sy in ((dx, dy), (-dx, -dy)):
            rise = padded[reach + sy : reach + sy + height, reach + sx : reach + sx + width] - depth_um
            # What stands far in front hides nothing of the ball: it counts less and less.
            np.clip(rise, -chord, 2 * chord, out=rise)
            out += np.minimum(rise, 2 * chord - rise)
        total += 2.0 * float(chord)
    out *= np.float32(-1.5 / total)
    out += 1.0
    return np.clip(out, 0.0, 1.0, out=out)


def _places(seen: GBuffer, frame: Frame, at: Rows) -> Floats32:
    """View coordinates float32[3,N] of the pixels `at`."""
    height, width = seen.index.shape
    x = ((np.arange(width) + 0.5 - width / 2) * frame.um_per_px + frame.centre_um[0]).astype(np.float32)
    y = ((height / 2 - 0.5 - np.arange(height)) * frame.um_per_px + frame.centre_um[1]).astype(np.float32)
    depth = seen.depth_um.reshape(-1)[at]
    out = np.stack([x[at % width], y[at // width], depth])
    if frame.perspective:
        centre = np.array(frame.centre_um, dtype=np.float32)[:, None]
        out[:2] = centre + (out[:2] - centre) / frame.times(depth)
    return out


def _cell(
    seen: GBuffer, frame: Frame, axes: Floats, texel: float, r: int, c: int, tile: int
) -> tuple[Rows, Floats32, Floats32]:
    """Every tile-th pixel from (r, c) that shows the part: its number, surface direction and place in part coordinates."""
    width = seen.index.shape[1]
    rows, columns = np.nonzero(seen.index[r::tile, c::tile] < GROUND)
    at = (rows * tile + r) * width + columns * tile + c
    raw = (seen.normal.reshape(-1, 2)[at].T.astype(np.float32) - np.float32(127.5)) / np.float32(127.5)
    third = np.sqrt(np.maximum(np.float32(0.0), 1.0 - raw[0] ** 2 - raw[1] ** 2))
    back = axes.T.astype(np.float32)
    normal = back @ np.stack([raw[0], raw[1], third])
    # A step off the surface keeps it from shading itself.
    place = np.ones((4, len(at)), dtype=np.float32)
    place[:3] = back @ _places(seen, frame, at)
    place[:3] += normal * np.float32(1.2 * texel)
    return at, normal, place


class _Ground:
    """Light on the plane under the part, on a grid that reaches as far as its shadow."""

    def __init__(self, lights: Lights) -> None:
        self.z = float(lights.low[2])
        margin = 1.6 * float(lights.high[2] - lights.low[2]) + 0.25 * float(
            np.max((lights.high - lights.low)[:2])
        )
        self.low = lights.low[:2] - margin
        self.high = lights.high[:2] + margin
        x, y = (np.linspace(self.low[i], self.high[i], _GROUND, dtype=np.float32) for i in (0, 1))
        gx, gy = np.meshgrid(x, y, indexing="xy")
        self._place = np.stack(
            [gx.reshape(-1), gy.reshape(-1), np.full(gx.size, self.z), np.ones(gx.size)]
        ).astype(np.float32)
        self._sums = np.zeros((4, _GROUND * _GROUND), dtype=np.float32)

    def ask(self, lights: Lights, k: int, depth: Floats32, turn: Floats) -> None:
        in_key = int(lights.in_key[k])
        weight = np.float32(lights.directions[k][2])
        self._sums[2 * in_key + 1] += weight
        self._sums[2 * in_key] += np.where(
            lights.lit(depth, turn, self._place, within=False), weight, np.float32(0.0)
        )

    def shadow(self, seen: GBuffer, frame: Frame, axes: Floats) -> Floats32:
        """How dark the ground is in each pixel that shows it, 0..1, fading out at the border of the grid."""
        out = np.zeros(seen.index.shape, dtype=np.float32)
        at = np.flatnonzero(seen.index == GROUND)
        if not len(at):
            return out
        sky, key = (self._sums[0::2] / np.maximum(self._sums[1::2], np.float32(1e-6))).reshape(
            2, _GROUND, _GROUND
        )
        # The faintest haze is left out, so that paper stays white.
        dark = np.maximum(1.0 - _SKY_SHARE * sky - (1.0 - _SKY_SHARE) * key - 0.04, 0.0) / 0.96
        for _ in range(2):  # a little blur: the grid is coarser than the picture
            for axis in (0, 1):
                padded = np.concatenate([dark.take([0], axis), dark, dark.take([-1], axis)], axis)
                n = padded.shape[axis]
                dark = 0.25 * (padded.take(range(n - 2), axis) + padded.take(range(2, n), axis)) + 0.5 * dark
        edge = np.clip(np.minimum(np.arange(_GROUND), np.arange(_GROUND)[::-1]) / (0.22 * _GROUND), 0.0, 1.0)
        fade = edge * edge * (3 - 2 * edge)
        table: Floats32 = (dark * fade[:, None] * fade[None, :]).astype(np.float32).reshape(-1)

        place = _places(seen, frame, at)
        x, y = (
            (axes[:, i].astype(np.float32) @ place - np.float32(self.low[i]))
            * np.float32((_GROUND - 1) / (self.high[i] - self.low[i]))
            for i in (0, 1)
        )
        inside = (x > 0) & (x < _GROUND - 1) & (y > 0) & (y < _GROUND - 1)
        at, x, y = at[inside], x[inside], y[inside]
        c, r = x.astype(np.int32), y.astype(np.int32)
        x -= c
        y -= r
        r *= _GROUND
        r += c
        top = table[r] + x * (table[r + 1] - table[r])
        r += _GROUND
        bottom = table[r] + x * (table[r + 1] - table[r])
        out.reshape(-1)[at] = top + y * (bottom - top)
        return out


def _shared(sums: Floats32, seen: GBuffer, tile: int, apart_um: float) -> Floats32:
    """Sums over `tile` x `tile` neighbours of one ink that lie less than `apart_um` deeper or nearer."""
    if tile == 1:
        return sums
    _, height, width = sums.shape
    depth, index = seen.depth_um, seen.index
    out = sums.copy()
    low = -((tile - 1) // 2)
    for dy in range(low, low + tile):
        for dx in range(low, low + tile):
            if dy == 0 and dx == 0:
                continue
            a = (slice(max(0, -dy), height - max(0, dy)), slice(max(0, -dx), width - max(0, dx)))
            b = (slice(max(0, dy), height + min(0, dy)), slice(max(0, dx), width + min(0, dx)))
            near = np.abs(depth[a] - depth[b]) < np.float32(apart_um)
            near &= index[a] == index[b]
            out[(slice(None), *a)] += sums[(slice(None), *b)] * near
    return out
