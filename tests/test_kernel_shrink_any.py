"""Designs put together by chance: the drying frame gives numbers or says why not, and what rests on nothing is named."""

import random

import numpy as np
import pytest
from wetprint.kernel.build import build
from wetprint.kernel.drying.hold import Hold
from wetprint.kernel.drying.models import by_frame, nodes_at_most
from wetprint.kernel.shrink import dry
from wetprint.lang.load import load

KINDS = [
    "bcc",
    "concentric",
    "cubic",
    "diamond",
    "fill",
    "grid",
    "gyroid",
    "honeycomb",
    "kagome",
    "lidinoid",
    "octet",
    "radial",
    "schwarz_d",
    "schwarz_p",
    "spiral",
    "triangular",
    "wavy",
    "woodpile",
    "fill",
    "path",
    "islands",
    "letters",
]
HEAD = 'wp 1;\nuse "nanocrystal.wp" as nc;\nmaterial other = nc.gold { shrink: 6% assumed "another"; }\n'
MADE_OF = "material: nc.silver;"


def _hull(r: random.Random, s: float) -> str:
    letters = r.choice(["A&", "8", "Åi", "gold", "%", "É;"])
    return r.choice(
        [
            f"cylinder {{ radius: {s / 2:g}um; height: 60um; }}",
            f"sphere {{ radius: {s / 2:g}um; }}",
            f"cone {{ radius: {s / 2:g}um; height: 70um; }}",
            f'letters {{ text: "{letters}"; capital: {s:g}um; height: 30um; }}',
            f"difference(cylinder {{ radius: {s / 2:g}um; height: 60um; }}, cylinder {{ radius: {s / 4:g}um; height: 60um; }});",
            "union(box { size: [40um, 40um, 40um]; }, box { size: [30um, 30um, 30um]; at: [70um, 0um, 0um]; });",
            f"torus {{ radius: {s / 2:g}um; tube: {s / 6:g}um; }}",
            f"box {{ size: [60um, 60um, 40um]; at: [0um, 0um, {r.choice([0, 15, 30])}um]; }}",
        ]
    )


def _path(r: random.Random, s: float, w: int) -> str:
    corners = [
        f"[{r.uniform(-s, s):.3f}um, {r.uniform(-s, s):.3f}um, {r.choice([w / 2, w / 2, 3 * w, 50]):g}um]"
        for _ in range(r.randint(2, 5))
    ]
    rest = f"filament: {w}um; {MADE_OF}"
    return r.choice(
        [
            f"helix {{ radius: {s / 3:g}um; rise: {r.choice([5, 8, 20])}um; turns: {r.choice([1, 2.5])}; {rest} }}",
            f"polyline {{ points: [{', '.join(corners)}]; {rest} }}",
            f"circle {{ radius: {s / 2:g}um; {rest} }}",
            f"pillar {{ at: [{r.uniform(-50, 50):.3f}um, 0um, 0um]; height: {r.uniform(20, 80):.3f}um; {rest} }}",
            f'text {{ text: "{r.choice(["A", "Åg"])}"; capital: 60um; {rest} }}',
        ]
    )


def design(seed: int) -> str:
    r = random.Random(seed)
    kind, w, s, n = r.choice(KINDS), r.choice([6, 8, 10, 14]), r.choice([60, 90, 120, 157]), r.randint(1, 4)
    if kind == "path":
        return f"{HEAD}path b = {_path(r, s, w)}\nprint b {{ bath: nc.gold_bath; }}\n"
    fields = f"pitch: {r.choice([1.2, 1.6, 2, 3, 4, 5]) * w:g}um; filament: {w}um; {MADE_OF}"
    if r.random() < 0.4:
        fields += f" layer_height: {r.choice([0.5, 0.7, 0.9, 0.97, 1.0, 1.02]) * w:g}um;"
    lines = []
    if kind in ("fill", "letters") or r.random() < 0.35:
        lines.append(f"solid hull = {_hull(r, s)}")
        fields += " clip: hull;" + ("" if kind in ("fill", "letters") else f" layers: {n};")
    else:
        fields += f" size: [{s}um, {s}um]; layers: {n};"
    lattice = {"letters": "fill", "islands": "woodpile"}.get(kind, kind)
    lines.append(f"lattice b = {lattice} {{ {fields} }}")
    where = r.choice(["x > 10um", "z > 15um", "z < 12um", "abs(y) < 15um", "r < 30um", "x mod 20um > 12um"])
    does = "omit: true;" if kind == "islands" or r.random() < 0.25 else r.choice(["", "material: other;"])
    if does:
        lines.append(f"region cut in b where {where} {{ {does} }}")
    state = r.choice(["", "", "state wet;\n", "compensate off;\n"])
    base = r.choice(["", "", "", "base: free;"])
    return f"{HEAD}{state}{chr(10).join(lines)}\nprint b {{ bath: nc.gold_bath; {base} }}\n"


def _dries(seed: int, most: int) -> int:
    """Dries what the design makes, up to so many nodes; how many parts fell back to the closed form."""
    loaded = load("b.wp", text=design(seed))
    assert loaded.scene is not None, loaded.diagnostics
    gave_up = 0
    for job in build(loaded.scene)[0]:
        part, state = job.filaments, loaded.scene.state
        if not len(part) or nodes_at_most(part, state) > most:
            continue
        found, said = by_frame(part, state, Hold.of(job.print))
        if found is None:
            assert [d.code for d in said] == ["W261"]
            gave_up += 1
            continue
        for s in (found.filaments.state("wet"), found.filaments.state("dried")):
            assert np.isfinite(s.points_um).all()
            assert (s.width_um > 0).all() and (s.height_um > 0).all()
    return gave_up


def test_designs_by_chance_dry() -> None:
    assert sum(_dries(seed, 300) for seed in range(45)) <= 1


@pytest.mark.soak
@pytest.mark.parametrize("start", range(1000, 2000, 100))
def test_many_designs_by_chance_dry(start: int) -> None:
    assert sum(_dries(seed, 2500) for seed in range(start, start + 100)) <= 5


BARELY = f"""{HEAD}
solid hull = union(box {{ size: [40um, 40um, 40um]; }}, box {{ size: [30um, 30um, 30um]; at: [70um, 0um, 0um]; }});
lattice b = fill {{ clip: hull; pitch: 18um; filament: 6um; {MADE_OF} layer_height: 6.12um; }}
region cut in b where x > 10um {{ material: other; }}
print b {{ bath: nc.gold_bath; }}
"""


def test_a_search_lets_go_of_no_piece() -> None:
    """Layers 1.02 widths apart touch in some wet shapes on the way and not in others."""
    scene = load("b.wp", text=BARELY).scene
    assert scene is not None
    part = build(scene)[0][0].filaments
    found, _ = by_frame(part, "dried")
    assert found is not None and found.model == "frame"


def test_a_filament_that_rests_on_nothing_is_named_by_its_line() -> None:
    text = (
        f"{HEAD}lattice low = woodpile {{ size: [80um, 80um]; layers: 2; pitch: 40um; filament: 10um; {MADE_OF} }}\n"
        f"path wire = polyline {{ points: [[-50um, 3um, 90um], [50um, 3um, 90um]]; filament: 10um; {MADE_OF} }}\n"
        "part both = union(low, wire);\nprint both { bath: nc.gold_bath; }\n"
    )
    loaded = load("b.wp", text=text)
    assert loaded.scene is not None, loaded.diagnostics
    (told,) = dry(build(loaded.scene)[0][0].filaments).diagnostics
    assert told.code == "W260" and "1 filament touches" in told.message and "90 um" in told.message
    assert told.primary is not None
    assert text[: told.primary.start].count("\n") == text[: text.index("path wire")].count("\n")
