"""The benchmark designs as plain moves (mm): what a rival's user has to compute by hand before the rival can start."""

import math


def woodpile(layers, sx, sy, pitch, dz, tools=(0,)):
    """(tool, layer, x0, y0, x1, y1, z) of every filament, serpentine."""
    nx, ny = round(sy / pitch) + 1, round(sx / pitch) + 1
    for k in range(layers):
        z, tool = (k + 0.5) * dz, tools[k % len(tools)]
        for i in range(ny if k % 2 else nx):
            a, b = (0.0, sy if k % 2 else sx)[:: 1 if i % 2 == 0 else -1]
            c = i * pitch
            yield (tool, k, c, a, c, b, z) if k % 2 else (tool, k, a, c, b, c, z)


def hexagon(layers, radius, pitch, dz):
    """Lines at 0, 60 and 120 degrees in turn, clipped to a regular hexagon."""
    inner = radius * math.sqrt(3) / 2
    normals = [(math.cos(math.radians(a)), math.sin(math.radians(a))) for a in range(30, 390, 60)]
    m = int(inner / pitch)
    for k in range(layers):
        z, angle = (k + 0.5) * dz, math.radians((0, 60, 120)[k % 3])
        dx, dy = math.cos(angle), math.sin(angle)
        for n, j in enumerate(range(-m, m + 1)):
            ox, oy, t0, t1 = -dy * j * pitch, dx * j * pitch, -1e9, 1e9
            for ux, uy in normals:
                den, num = ux * dx + uy * dy, inner - (ux * ox + uy * oy)
                if abs(den) > 1e-12:
                    if den > 0:
                        t1 = min(t1, num / den)
                    else:
                        t0 = max(t0, num / den)
            if t1 - t0 > 1e-9:
                if n % 2:
                    t0, t1 = t1, t0
                yield 0, k, ox + t0 * dx, oy + t0 * dy, ox + t1 * dx, oy + t1 * dy, z


def pyramid(layers, side, pitch, dz):
    """A woodpile that narrows by the same step each layer."""
    for k in range(layers):
        z, h = (k + 0.5) * dz, side * (1 - k / layers) / 2
        m = int(h / pitch + 1e-9)
        for n, j in enumerate(range(-m, m + 1)):
            c, (a, b) = j * pitch, (-h, h) if n % 2 == 0 else (h, -h)
            yield (0, k, a, c, b, c, z) if k % 2 == 0 else (0, k, c, a, c, b, z)


def sines(filaments, points):
    """(tool, layer, [(x, y, z), ...]) of sine lines, 100 a layer."""
    for i in range(filaments):
        k, j = divmod(i, 100)
        y0, z0 = j * 0.1, (k + 0.5) * 0.008
        yield 0, k, [
            (
                10.0 * n / (points - 1),
                y0 + 0.02 * math.sin(2 * math.pi * n / 100 + 0.1 * i),
                z0 + 0.002 * math.cos(2 * math.pi * n / 100),
            )
            for n in range(points)
        ]  # fmt: skip


DESIGNS = {
    "D1": lambda: woodpile(32, 0.4, 0.4, 0.04, 0.008),
    "D2": lambda: woodpile(8, 1.2, 1.2, 0.04, 0.008),
    "D3": lambda: woodpile(16, 0.4, 0.4, 0.04, 0.008, (0, 1)),
    "D4": lambda: hexagon(12, 0.2, 0.03, 0.008),
    "D5": lambda: pyramid(36, 0.4, 0.04, 0.008),
    "D6": lambda: woodpile(100, 10.0, 10.0, 0.02, 0.008),
}
#: Sine lines, and points of each.
SINES = {"D7_1e5": (100, 1000), "D7_1e6": (1000, 1000), "D7_1e7": (10000, 1000)}
HOP = 0.05
