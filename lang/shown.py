"""What shows the codes of the language that no text of a design shows: files, locks, a missing package, a scene of a program."""

from __future__ import annotations

from collections.abc import Mapping

from ..kernel.shown import Shown

SHOWN: Mapping[str, Shown] = {
    "E003": Shown("$ wp export body.wp -o part.stl\n$ wp check part.stl"),
    "E004": Shown(
        "A file of more than four million characters where a design was expected: most often a table or a mesh was named."
    ),
    "E007": Shown("`wp lsp` where `pip install wetprint` was said without `[lsp]`."),
    "E023": Shown(
        "$ wp lock body.wp\n>>> from pathlib import Path\n"
        '>>> _ = Path("lab.wp").write_text("wp 1;\\nlet side = 300um;\\n")\n$ wp check body.wp',
        design='wp 1;\nuse "lab.wp" as lab;\nuse "nanocrystal.wp" as nc;\n'
        "lattice body = woodpile { size: [lab.side, lab.side]; layers: 4; pitch: 40um; filament: 10um; material: nc.gold; }\n"
        "print body { bath: nc.gold_bath; }\n",
        files=(("lab.wp", "wp 1;\nlet side = 400um;\n"),),
    ),
    "E325": Shown(
        ">>> import wetprint as wp\n>>> from dataclasses import replace\n"
        '>>> scene = wp.load("body.wp").scene\n'
        ">>> bathless = replace(scene.prints[0], bath=None)\n"
        ">>> wp.from_scene(replace(scene, prints=(bathless,))).to_wp()"
    ),
}
