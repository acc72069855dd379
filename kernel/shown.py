"""How a code shows where a design alone does not show it: by a rig, a table, a command, a program, or at a machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .diagnostics import Code
from .records import dataclass


@dataclass(frozen=True, slots=True)
class Shown:
    """What leads to a code. `by`: commands (`$ wp ...`), Python (`>>> ...`), or words where it takes a machine.

    `design` is the text of body.wp; without it, body.wp is what `wp new body` writes. `rig` is what rigs/lab.toml says, all
    else as in the simulated rig; `# without a.b` in it takes a table or a key away. `files` are names and texts of others.
    """

    by: str
    design: str = ""
    rig: str = ""
    files: tuple[tuple[str, str], ...] = ()


def told(code: Code, shown: Shown | None) -> str:
    """What `wp explain` says of a code."""
    blocks: list[tuple[str, str]] = []
    if code.example:
        blocks.append(("Example:", code.example))
    if shown is not None:
        own = bool(shown.design or shown.rig or shown.files)
        if shown.design:
            blocks.append(("Example: body.wp", shown.design))
        if shown.rig:
            blocks.append(("rigs/lab.toml, all else as in the simulated rig", shown.rig))
        blocks += shown.files
        commands = shown.by.startswith(("$", ">"))
        head = "Then" if own else "Example" if commands else "It is met so"
        if "body.wp" in shown.by and not shown.design:
            head += " (body.wp is any design, such as `wp new body` writes)"
        blocks.append((f"{head}:", shown.by))
    parts = [f"{code.code}: {code.title}", code.text.strip()]
    for head, text in blocks:
        parts += [head, "\n".join(f"    {line}".rstrip() for line in text.strip().splitlines())]
    return "\n\n".join(parts)


def explained(code: str, codes: Iterable[Code], shown: Mapping[str, Shown]) -> tuple[str, str]:
    """What `wp explain` says of a code, and the nearest codes where there is none of that name."""
    known = {c.code: c for c in codes}
    found = known.get(code.upper())
    if found is not None:
        return told(found, shown.get(found.code)), ""
    from difflib import get_close_matches

    alike = [c for c in known if c.startswith(code.upper()) and code]
    return "", " or ".join(alike[:3]) or get_close_matches(code.upper(), known, 1, 0.0)[0]


#: A program that changes the scene of a design: what the language itself would have told before.
_PYTHON = """\
>>> import wetprint as wp
>>> from dataclasses import replace
>>> scene = wp.load("body.wp").scene
>>> it = scene.prints[0]
>>> part = it.part
"""
_BUILD = ">>> wp.from_scene(replace(scene, prints=(replace(it, part=part),))).measure()\n"
_CHECK = ">>> wp.from_scene(replace(scene, prints=(it,))).to_wp()\n"
_RULES = """\
>>> from wetprint.kernel.check import run_checks
>>> scene = replace(scene, prints=(it,))
>>> raise wp.WetprintError(*run_checks(scene, wp.from_scene(scene).jobs, None))
"""
_USE = 'wp 1;\nuse "nanocrystal.wp" as nc;\n'
_CHECKED = "$ wp check body.wp --rig lab\n"


def _fields(change: str) -> str:
    return _PYTHON + f">>> part = replace(part, fields={{**part.fields, {change}}})\n" + _BUILD


def _facet(*corners: str) -> str:
    return (
        "facet normal 0 0 0\nouter loop\n"
        + "".join(f"vertex {at}\n" for at in corners)
        + "endloop\nendfacet\n"
    )


#: A tetrahedron whose foot is there twice.
_O, _X, _Y, _Z = "0 0 0", "100 0 0", "0 100 0", "0 0 100"
_TWICE = (
    "solid twice\n"
    + "".join(
        _facet(*three) for three in ((_O, _Y, _X), (_O, _Y, _X), (_O, _X, _Z), (_X, _Y, _Z), (_Y, _O, _Z))
    )
    + "endsolid twice\n"
)

SHOWN: Mapping[str, Shown] = {
    "E400": Shown(_PYTHON + '>>> part = replace(part, kind="gyroid_of_theirs")\n' + _BUILD),
    "E401": Shown(_fields('"size": None')),
    "E403": Shown(_fields('"layers": 0')),
    "E406": Shown(
        _PYTHON + '>>> part = replace(part, layers=(), fields={**part.fields, "material": None})\n' + _BUILD
    ),
    "E407": Shown(
        "$ wp check body.wp",
        _USE + "solid hull = cylinder { radius: 80.2um; height: 40um; }\n"
        "lattice body = woodpile { clip: hull; pitch: 40um; filament: 14um; material: nc.gold; }\n"
        "print body { bath: nc.gold_bath; }\n",
    ),
    "E411": Shown(
        _PYTHON
        + ">>> from wetprint.kernel.scene import Solid\n"
        + '>>> flat = Solid("cylinder", {"radius": 0.0, "height": 40.0}, wp.here())\n'
        + '>>> part = replace(part, fields={**part.fields, "clip": flat})\n'
        + _BUILD
    ),
    "E414": Shown(
        "$ wp check body.wp",
        _USE + 'solid hull = mesh { file: "twice.stl"; unit: 1um; }\n'
        "lattice body = woodpile { clip: hull; pitch: 20um; filament: 8um; material: nc.gold; }\n"
        "print body { bath: nc.gold_bath; }\n",
        files=(("twice.stl, a tetrahedron with one face twice", _TWICE),),
    ),
    "E461": Shown("$ wp measure body.wp --state sintered"),
    "W201": Shown(_PYTHON + ">>> it = replace(it, bath=wp.library().iron_bath)\n" + _RULES),
    "W202": Shown(_PYTHON + ">>> it = replace(it, bath=None)\n" + _RULES),
    "W215": Shown(_CHECKED, rig="[heights]\nfirst_gap_um = 30.0\n"),
    "W218": Shown(_CHECKED, rig="[vessel]\nsize_mm = [30.0, 30.0]\nwall_mm = 4.5\nfill_um = 20.0\n"),
    "W219": Shown(_CHECKED, rig="[vessel]\nsize_mm = [12.0, 12.0]\nwall_mm = 4.5\nfill_mm = 4.0\n"),
    "W261": Shown(
        "Outlines that touch without crossing, or inks of very different shrinkage in one part with few bonds: no part is known "
        "today that does it on every machine. `wp measure` then says: `the drying model stopped 0.4 um short of balance`."
    ),
    "W262": Shown(
        "$ wp measure body.wp",
        _USE
        + "lattice body = woodpile { size: [126um, 126um]; layers: 4; pitch: 10.5um; filament: 10um; material: nc.silver; }\n"
        "print body { bath: nc.gold_bath; }\n",
    ),
    "W263": Shown(
        "$ wp measure body.wp",
        _USE + "solid hull = pyramid { base: [300um, 300um]; height: 200um; }\n"
        "lattice body = woodpile { clip: hull; pitch: 40um; filament: 10um; material: nc.cadmium_selenide; }\n"
        "print body { bath: nc.iron_bath; }\n",
    ),
}
