"""What shows the codes of rigs (R5xx) and files (X7xx): a change of a rig, a table, or a command."""

from __future__ import annotations

from collections.abc import Mapping

from ..kernel.shown import Shown
from .layout_codes import LAYOUT_SHOWN
from .printing.shown import PRINT_SHOWN
from .writer_codes import WRITER_SHOWN

_CHECK = "$ wp check body.wp --rig lab"
_USE = 'wp 1;\nuse "nanocrystal.wp" as nc;\n'
_TWO_INKS = (
    _USE + "bath both = nc.butanol_bath { linkers: [nc.gold_iii, nc.iron_ii]; }\n"
    "lattice body = woodpile {\n  size: [400um, 400um]; layers: 4; pitch: 40um; filament: 10um;\n"
    "  material: [nc.gold, nc.cadmium_selenide];\n}\nprint body { bath: both; }\n"
)
_PILLAR = "path %s = pillar { at: [%sum, 0um, 0um]; height: 300um; filament: 10um; material: nc.gold; }\n"
_PILLARS = (
    _USE
    + _PILLAR % ("one", "0")
    + _PILLAR % ("two", "25")
    + "part both = union(one, two);\nprint both { bath: nc.gold_bath; }\n"
)
_HEAD = "ink, bath, wet width [um], dried width [um]"
_FIT = "$ wp calibrate lines.csv"


def _load(what: str) -> str:
    return f"[[nozzles]]\n[[nozzles.loads]]\n{what}\n"


def _lines(*rows: str, head: str = _HEAD) -> tuple[tuple[str, str], ...]:
    return (("lines.csv", "\n".join((head, *rows)) + "\n"),)


RIG_SHOWN: Mapping[str, Shown] = {
    "R501": Shown(_CHECK, files=(("rigs/lab.toml", 'doc = "our printer\n'),)),
    "R502": Shown(_CHECK, rig="[speeds]\nprnt_mm_s = 1.2\n"),
    "R503": Shown(_CHECK, rig='[speeds]\nprint_mm_s = "fast"\n'),
    "R504": Shown(_CHECK, rig="# without controller.transport\n# without axes.z\n"),
    "R505": Shown("$ wp check body.wp --rig lba"),
    "R506": Shown(_CHECK, rig="[axes.x]\nmin_mm = 200.0\n"),
    "R510": Shown(_CHECK, rig=_load('ink = "cadmium_selenide"')),
    "R511": Shown(_CHECK, rig="# without nozzles.loads.calibration\n"),
    "R512": Shown(_CHECK, rig="# without nozzles.loads.lags\n"),
    "R513": Shown(_CHECK, rig="# without purge\n"),
    "R514": Shown(
        _CHECK,
        rig=_load(
            "calibration = [ { pressure_kpa = 10.0, flow_pl_s = 300.0 }, { pressure_kpa = 100.0, flow_pl_s = 3000.0 } ]"
        ),
    ),
    "R515": Shown(
        _CHECK,
        rig=_load(
            "calibration = [ { pressure_kpa = 2.0, flow_pl_s = 60.0 }, { pressure_kpa = 100.0, flow_pl_s = 3000.0 } ]\n"
            'lags = { on_s = 0.05, off_s = 2.0, source = "our scale" }'
        ),
    ),
    "R516": Shown(_CHECK, rig=_load("volume_ul = 0.00002")),
    "R517": Shown(_CHECK, rig='baths = ["iron_bath"]\n'),
    "R518": Shown(_CHECK, rig="simulated = false\n"),
    "R519": Shown(_CHECK, rig="[purge]\nat_mm = [150.0, 50.0]\n"),
    "R520": Shown(_CHECK, rig="[axes.x]\nmax_speed_mm_s = 1.0\n"),
    "R521": Shown(_CHECK, rig="[purge]\nat_mm = [50.1, 50.0]\n"),
    "R522": Shown(_CHECK, design=_TWO_INKS, rig='[[nozzles]]\nname = "right"\noffset_mm = [0.2, 0.0, 0.0]\n'),
    "R523": Shown(
        "$ wp export body.wp --rig lab -o body.nc --format grbl",
        design=_TWO_INKS,
    ),
    "R524": Shown("$ wp check body.wp --rig sim", design=_PILLARS),
    "R525": Shown("$ wp check body.wp --rig sim", design=_PILLARS),
    "R526": Shown(
        "$ wp check body.wp --rig sim",
        design=_USE + "path wire = polyline {\n"
        "  points: [[-50um, 0um, 60um], [50um, 0um, 60um]]; filament: 10um; material: nc.gold;\n}\n"
        "print wire { bath: nc.gold_bath; }\n",
    ),
    "R528": Shown(
        "A rig as `sim-mix` (`wp rig show sim-mix`) without `dead_volume_nl`, or with `time_s = 0.1` in its [purge], and a design whose mix has "
        "no `steps`: `mix(au: ramp(x, over: body.x), cdse: rest)`."
    ),
    "R529": Shown(
        "A rig as `sim-mix` with `resolution_kpa = 0.5` in its dispensers, and a design whose mix has no `steps`: a filament of 10 um takes some "
        "4 kPa, so that a channel has eight steps for the whole ramp."
    ),
    "R530": Shown("$ wp rig new 'our printer' --yes"),
}

FILE_SHOWN: Mapping[str, Shown] = {
    "X701": Shown("$ wp new body"),
    "X702": Shown("$ wp calibrate nothing.csv"),
    "X703": Shown("A design of more points than the machine has memory for, far beyond a million filaments."),
    "X710": Shown("$ wp export body.wp -o nowhere/part.stl"),
    "X711": Shown("$ wp export body.wp -o part.dwg"),
    "X712": Shown(
        "A part that regions leave out whole, drawn from Python; `wp` itself says so before (E315, E410)."
    ),
    "X713": Shown("An array of filaments with one state only, given from Python to what draws and writes."),
    "X715": Shown("$ wp export body.wp -o part.csv --fused"),
    "X716": Shown("`wp export body.wp -o part.stl --fused` of a part with millions of contacts."),
    "X717": Shown("A fault of the meshing library: no part is known that shows it."),
    "X720": Shown("`wp preview body.wp --png part.png` where neither OSMesa nor EGL is installed."),
    "X721": Shown("`wp preview body.wp` on a machine without a display."),
    "X722": Shown('>>> import wetprint as wp\n>>> wp.load("body.wp").plot(size=(20000, 20))'),
    "X723": Shown("$ wp preview body.wp --png part.png --view sideways"),
    "X724": Shown("A picture of a part of more than 250 inks."),
    "X725": Shown("$ wp report body.wp -o part.pdf"),
    "X726": Shown("$ wp preview body.wp --html part.html --overlay"),
    "X727": Shown("`wp preview body.wp --mp4 part.mp4` where no ffmpeg is installed."),
    "X730": Shown(_FIT, files=(("lines.csv", "gold 8.0 7.1\n"),)),
    "X731": Shown(_FIT, files=_lines("gold, gold_bath, 8.0", head="ink, bath, wet width [um]")),
    "X732": Shown(_FIT, files=_lines("gold, gold_bath, eight, 7.1", "gold, gold_bath, 9.0, 8.0")),
    "X733": Shown(_FIT, files=_lines("gold, gold_bath, 7.1, 8.0", "gold, gold_bath, 8.0, 9.0")),
    "X734": Shown(_FIT, files=_lines("gold, gold_bath, 8.0, 7.1")),
    "X735": Shown(
        _FIT,
        files=_lines(
            "gold, gold_bath, 8.0, 7.1, 0.2, 5",
            "gold, gold_bath, 9.0, 8.0, , 5",
            head=_HEAD + ", sd [um], n",
        ),
    ),
    "X736": Shown(
        _FIT,
        files=_lines(
            *(
                f"gold, gold_bath, {w}, {d}"
                for w, d in (
                    (8.0, 7.12),
                    (9.0, 8.0),
                    (12.0, 10.7),
                    (15.0, 13.3),
                    (20.0, 17.8),
                    (25.0, 22.3),
                    (30.0, 20.0),
                    (40.0, 35.6),
                )
            )
        ),
    ),
    "X737": Shown(_FIT, files=_lines("gold, gold_bath, 8.0, 7.1", "gold, gold_bath, 9.0, 8.0")),
    "X738": Shown(
        _FIT + " -o inks.wp --date 2026-05-01",
        files=_lines("golld, gold_bath, 8.0, 7.1", "golld, gold_bath, 9.0, 8.0"),
    ),
    "X739": Shown(
        _FIT + " -o inks.wp", files=_lines("gold, gold_bath, 8.0, 7.1", "gold, gold_bath, 9.0, 8.0")
    ),
    "X740": Shown("`wp studio body.wp` where `pip install wetprint` was said without `[studio]`."),
    "X741": Shown("`wp studio body.wp --port 8080` while another program listens on 8080."),
    "X742": Shown("`wp studio body.wp --host 0.0.0.0`: a warning, the page is served."),
    "X743": Shown("The address that `wp studio` printed, opened without what stands behind `token=`."),
    "X744": Shown("`wp studio` of a file that is no text, such as a mesh."),
    "X745": Shown("The button that prints, pressed a second time while the first print runs."),
    "X746": Shown("The process that prints is killed while the page is open."),
    "X747": Shown("The button that exports, pressed while the design in the editor has errors."),
    "X748": Shown("`rm body.wp` while `wp studio body.wp` is open."),
    "X799": Shown("A mistake in wetprint, never in a design."),
}

SHOWN: Mapping[str, Shown] = {**RIG_SHOWN, **PRINT_SHOWN, **FILE_SHOWN, **LAYOUT_SHOWN, **WRITER_SHOWN}
