"""How pictures may look: the lamps, the surface and the paper of each style."""

from __future__ import annotations

from dataclasses import dataclass

#: Of one lamp: direction towards it (view: right, up, towards the eye) and strength.
Lamp = tuple[tuple[float, float, float], float]


@dataclass(frozen=True, slots=True)
class Style:
    """Colours are "#rrggbb". `key` casts shadows, `fills` do not. `sky` and `earth` light from above and below.

    `roughness` runs from 0 (mirror) to 1 (chalk); `gloss` is the reflectance head on. `shadow` is how dark the ground gets.
    """

    name: str
    doc: str
    background: str = "#ffffff"
    letters: str = "#16181d"
    key: Lamp = ((-0.50, 0.72, 0.62), 0.72)
    fills: tuple[Lamp, ...] = (((0.85, 0.10, 0.55), 0.16), ((0.0, 0.35, 0.95), 0.14))
    sky: float = 0.66
    earth: float = 0.30
    roughness: float = 0.45
    gloss: float = 0.045
    shadow: float = 0.62
    #: How much the sky's share counts (1 as it is), and whether light bounces between bright filaments.
    depth: float = 1.0
    bounce: bool = True
    #: Slopes seen at a low angle shine, as under an electron beam.
    edge: float = 0.0
    #: Inks in greys, the denser the brighter; `grain` is the noise of the detector.
    grey: bool = False
    grain: float = 0.0
    #: Black lines on white instead of light.
    lines: bool = False
    #: A dark strip below the picture for scale and note.
    strip: bool = False
    note: str = ""


STYLES: dict[str, Style] = {
    "paper": Style("paper", "matte filaments on white, as in the figures of papers"),
    "sem": Style(
        "sem",
        "grey, bright edges and deep hollows, as under an electron microscope",
        background="#505050",
        letters="#f2f2f2",
        key=((-0.55, 0.55, 0.63), 0.12),
        fills=(),
        sky=0.56,
        earth=0.40,
        gloss=0.0,
        shadow=0.86,
        depth=1.7,
        bounce=False,
        edge=0.30,
        grey=True,
        grain=0.014,
        strip=True,
        note="rendered, not measured",
    ),
    "lines": Style("lines", "black outlines on white, for technical drawings", shadow=0.0, lines=True),
    "dark": Style("dark", "the same on a dark slide", background="#15181d", letters="#e9ebee", shadow=0.85),
}
