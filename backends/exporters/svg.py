"""SVG: every layer from above as strokes of true width, one group a layer, one colour an ink; 1 user unit is 1 um."""

from __future__ import annotations

from typing import BinaryIO
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from ...kernel.filaments import FilamentSet
from ...kernel.scene import StateName
from ..drawing.camera import length_label, nice_length
from ..exporter import quantised


class _Svg:
    name = "svg"
    doc = "layers from above, one group each, strokes of true width, 1 unit is 1 um"

    def write(self, part: FilamentSet, state: StateName, out: BinaryIO) -> None:
        s = part.state(state)
        low = s.points_um.min(axis=0)[:2] - s.width_um.max()
        high = s.points_um.max(axis=0)[:2] + s.width_um.max()
        width, height = (float(v) for v in high - low)
        bar = nice_length(0.25 * width)
        foot = 0.08 * max(width, height)
        text = 0.45 * foot
        # SVG's y points down; the picture is turned over so that y of the part points up.
        points = quantised(s.points_um[:, :2] * (1, -1) + (-low[0], high[1]))
        out.write(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.3f}" height="{height + foot:.3f}" '
            f'viewBox="0 0 {width:.3f} {height + foot:.3f}" fill="none" stroke-linecap="butt">\n'
            f"<title>{state} state, layers from above; 1 unit is 1 um</title>\n".encode()
        )
        widths = quantised(np.add.reduceat(s.width_um, part.offsets[:-1]) / np.diff(part.offsets))
        for layer in np.unique(part.layer):
            out.write(f'<g id="layer-{layer + 1}" data-layer="{layer + 1}">\n'.encode())
            rows = np.flatnonzero(part.layer == layer)
            for m in np.unique(part.material[rows]):
                ink = part.inks[m]
                out.write(f"<g stroke={quoteattr(ink.colour)} data-ink={quoteattr(ink.name)}>\n".encode())
                for f in rows[part.material[rows] == m].tolist():
                    path = points[part.offsets[f] : part.offsets[f + 1]].reshape(-1).tolist()
                    d = "M" + ("%.3f %.3f " * (len(path) // 2) % tuple(path)).rstrip()
                    out.write(f'<path d="{d}" stroke-width="{widths[f]:.3f}"/>\n'.encode())
                out.write(b"</g>\n")
            out.write(b"</g>\n")
        y = height + 0.75 * foot
        out.write(
            f'<g id="scale"><path d="M{0.5 * foot:.3f} {y:.3f} h{bar:.3f}" stroke="#16181d" stroke-width="{0.08 * foot:.3f}"/>'
            f'<text x="{0.5 * foot:.3f}" y="{y - 0.15 * foot:.3f}" font-family="Helvetica, Arial, sans-serif" '
            f'font-size="{text:.3f}" fill="#16181d">{escape(length_label(bar))}</text></g>\n</svg>\n'.encode()
        )


SVG = _Svg()
