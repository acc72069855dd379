"""Calibration in the language: the design that is measured, the table to fill in, and the inks that come of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..kernel.diagnostics import Diagnostic, Source, Span, WetprintError, error
from ..kernel.material import Bath, Ink
from .format import format_source

if TYPE_CHECKING:
    from ..kernel.calibrate import InkFit

STANDARD = "nanocrystal.wp"

#: The first line of every file that a calibration wrote: such a file may be written anew.
FIRST = "# Measured inks, written by `wp calibrate`"

_DESIGN = """\
# {name}: a print to calibrate {ink}. Four pairs of lines on the substrate, and a small lattice.
#
# Print it at three pressures or more, with each nozzle, and write down for every pair the width in the bath and the width
# of the same lines when dry, in {name}.csv. Then: wp calibrate {name}.csv -o inks.wp --date 2026-05-01
# The lattice is for the eye: dried, its top is narrower than its foot by what `wp measure {name}.wp` tells.
wp 1;
use "nanocrystal.wp" as nc;
state wet;  # sizes are those in the bath: nothing is made up for drying, which is what will be measured

param narrow: Length = 8um in 2um..100um "narrowest line: a tip's inner diameter over 1.4";
param wide: Length = 14um in 2um..100um "widest line: a tip's inner diameter times 1.4";
param length: Length = 1mm in 0.2mm..5mm "length of the lines";

let step = (wide - narrow) / 3;
let middle = (narrow + wide) / 2;
let row = 12 * wide;

lattice pair_1 = woodpile {{
  size: [length, 4 * wide];
  layers: 1;
  pitch: 4 * wide;
  filament: narrow;
  material: nc.{ink};
}}
lattice pair_2 = pair_1 {{ filament: narrow + step; }}
lattice pair_3 = pair_1 {{ filament: narrow + 2 * step; }}
lattice pair_4 = pair_1 {{ filament: wide; }}

lattice block = woodpile {{
  size: [40 * middle, 40 * middle];
  layers: 12;
  pitch: 4 * middle;
  filament: middle;
  material: nc.{ink};
}}

part sheet = union(
  move(pair_1, by: [0um, 0um]),
  move(pair_2, by: [0um, row]),
  move(pair_3, by: [0um, 2 * row]),
  move(pair_4, by: [0um, 3 * row]),
  move(block, by: [0um, -row - 20 * middle]),
);
print sheet {{ bath: nc.{bath}; }}
"""

_TABLE = """\
# Widths of the lines of {name}.wp, one setting a line. n: lines measured; sd: standard deviation of one width.
# held: yes for lines that lay on the substrate, no for filaments that dried free. flow: ink per time by weight or volume;
# without it (leave both cells empty) swell stays as it is. Lines that begin with # are not read.
nozzle [um],ink,bath,pressure [kPa],speed [mm/s],flow [pL/s],sd flow [pL/s],wet width [um],dried width [um],n,sd wet [um],sd dried [um],held,date,note
"""

_LINES = ("narrowest pair", "second pair", "third pair", "widest pair")


def calibration_print(name: str, ink: str) -> tuple[str, str]:
    """The design and the table of a calibration print. Raises WetprintError (X738) for an ink that the library lacks."""
    known, baths = _of_file(None)
    found = _find(ink, known)
    bath = next((b for b in baths.values() if set(_ions(b.linkers)) & set(_ions(found.linkers))), None)
    assert bath is not None, "every ink of the library has a bath there"
    rows = "".join(f"10,{found.name},{bath.name},,1.2,,,,,,,,yes,,{pair}\n" for pair in _LINES)
    design = _DESIGN.format(name=name, ink=found.name, bath=bath.name)
    return design, _TABLE.format(name=name) + rows


def _ions(linkers: Sequence[object]) -> list[str]:
    return [str(getattr(k, "ion", "")) for k in linkers]


def _of_file(path: Path | None) -> tuple[dict[str, Ink], dict[str, Bath]]:
    """Inks and baths of a file, or of the library. Raises WetprintError where it has errors."""
    from ..kernel.diagnostics import Severity
    from .load import load
    from .source import LIBRARY
    from .values import Thing

    loaded = load(path if path is not None else LIBRARY / STANDARD)
    wrong = [d for d in loaded.diagnostics if d.severity is Severity.ERROR]
    if wrong:
        raise WetprintError(*wrong)
    things = {n: b.value.node for n, b in loaded.env.bindings.items() if isinstance(b.value, Thing)}
    return (
        {n: v for n, v in things.items() if isinstance(v, Ink)},
        {n: v for n, v in things.items() if isinstance(v, Bath)},
    )


def find_ink(name: str, inks: Path | None = None) -> Ink:
    """An ink of the library or of a file, by its name or its nanocrystal. Raises WetprintError (X738)."""
    return _find(name, _of_file(inks)[0])


def quantities(width: str, speed: str) -> tuple[float, float]:
    """A width in um and a speed in um/s, as the language reads them. Raises WetprintError where they are none."""
    from ..kernel.diagnostics import Severity
    from .load import load

    text = "wp 1;\nparam width: Length = 1um in 0.01um..10mm;\nparam speed: Speed = 1[mm/s] in 1[um/s]..1[m/s];\n"
    loaded = load("<command line>", text, sets={"width": width, "speed": speed})
    wrong = [_as_typed(d) for d in loaded.diagnostics if d.severity is Severity.ERROR]
    if wrong:
        raise WetprintError(*wrong)
    one, two = (float(p.value) for p in loaded.params)
    return one, two


def _as_typed(said: Diagnostic) -> Diagnostic:
    """What is said of a value, at the word of the command that gave it."""
    if said.primary is None:
        return said
    word = {"--set width": "WIDTH", "--set speed": "--speed"}[said.primary.source.name]
    source = Source(word, said.primary.source.text)

    def there(span: Span) -> Span:
        return replace(span, source=source)

    fixes = (replace(f, edits=tuple(replace(e, span=there(e.span)) for e in f.edits)) for f in said.fixes)
    return replace(said, primary=there(said.primary), fixes=tuple(fixes))


def _find(name: str, known: dict[str, Ink]) -> Ink:
    """The ink that a table means: by its name or by its nanocrystal."""
    word = re.sub(r"\W+", "_", name.strip()).strip("_").lower()
    if word in known:
        return known[word]
    same = [ink for ink in known.values() if ink.nanocrystal.lower() == name.strip().lower()]
    if len(same) == 1:
        return same[0]
    raise WetprintError(
        error(
            "X738",
            f"`{name}` is no ink that is known; one of {', '.join(sorted(known))} was expected",
            notes=("define it in a file of your own and name that with `--inks FILE`",),
        )
    )


def inks_text(
    fits: Sequence[InkFit], *, data: str, day: str = "", inks: Path | None = None
) -> tuple[str, tuple[str, ...]]:
    """The `.wp` file that holds calibrated inks, and their names in it. `data`: the table as its reader calls it. `day`: of the
    measurement, where the table does not tell. Raises WetprintError: X738 an ink that is not known, X739 no date."""
    known, _ = _of_file(inks)
    undated = [f for f in fits if not (day or _days(f))]
    if undated:
        raise WetprintError(
            error(
                "X739",
                f"no date for {undated[0].ink}; a column `date` or `--date 2026-05-01` was expected",
                notes=("the day of the measurement, not of the fit",),
            )
        )
    bases = [_find(f.ink, known) for f in fits]
    plain = [b.name for b in bases]
    names = tuple(
        b.name if plain.count(b.name) == 1 else _word(f"{b.name}_in_{f.bath or 'no_bath'}") for f, b in zip(fits, bases, strict=True)
    )  # fmt: skip
    use = STANDARD if inks is None else inks.as_posix()
    out = [f"{FIRST} from {data}.", "#"]
    for name, fit in zip(names, fits, strict=True):
        out += [f"# {line}" for line in _told(name, fit)]
    out += ["wp 1;", f'use "{use}" as nc;', ""]
    for name, fit, base in zip(names, fits, bases, strict=True):
        out += [_material(name, fit, base, f"{data}, {_rows(fit)}, {day or _days(fit)}"), ""]
    text = "\n".join(out).rstrip() + "\n"
    return format_source(Source(f"{data}.wp", text)), names


def _word(text: str) -> str:
    return re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_").lower()


def _days(fit: InkFit) -> str:
    days = sorted({r.date for r in fit.rows if r.date})
    return "" if not days else days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"


def _rows(fit: InkFit) -> str:
    lines = sum(r.n for r in fit.rows)
    return f"{len(fit.rows)} settings" + (f" of {lines} lines" if lines > len(fit.rows) else "")


def _told(name: str, fit: InkFit) -> list[str]:
    """What stands above the file, for a reader: how good the fit is, and the resistances, which belong into a rig."""
    bath = f" in {fit.bath}" if fit.bath else ""
    told = [f"{name}{bath}: {_rows(fit)}; {_goodness(fit.ratio)} (shrinkage)"]
    if fit.flow is not None:
        told[0] += f", {_goodness(fit.flow)} (flow)"
    told += [
        f"  left out: {k.wet_um:.4g} um wet, {k.dried_um:.4g} um dried (line {k.span.line})"
        for k in fit.left_out
    ]
    for z in fit.nozzles:
        r, sd = z.resistance_kpa_s_um3 * 1e3, z.resistance_sd * 1e3
        index = "" if z.index == 1.0 else f" at {z.pressure_kpa:.4g} kPa, flow index {z.index:.3g}"
        told.append(f"  nozzle {z.nozzle}: {r:.4g} +- {sd:.2g} kPa s/pL{index}")
    return told


def _goodness(fit: object) -> str:
    chi2, dof, weighted = (getattr(fit, k) for k in ("chi2", "dof", "weighted"))
    return (
        f"chi2 {chi2:.3g} for {dof} degrees of freedom"
        if weighted
        else f"spread from {dof} degrees of freedom"
    )


def _material(name: str, fit: InkFit, base: Ink, source: str) -> str:
    held = all(r.held for r in fit.rows)
    free = not any(r.held for r in fit.rows)
    lines = "lines held by the substrate" if held else "free lines" if free else "lines held and free"
    if "poisson" not in fit.measured and not free:
        lines += f", with a Poisson's ratio of {fit.poisson:g} that nobody measured"
    shrink = f'from "{source}: {lines}"'
    poisson = f'from "{source}"' if "poisson" in fit.measured else 'assumed "not measured: given to the fit"'
    fields = []
    if "swell" in fit.measured and fit.swell_sd is not None:
        fields += [
            ("swell", fit.swell, 6, f'from "{source}"'),
            ("swell_sd", fit.swell_sd, 3, f'from "{source}"'),
        ]
    elif fit.nozzles:
        fields += [
            (
                "swell",
                fit.swell,
                6,
                'assumed "no flow was measured: pressures of the rig hold for this swell"',
            )
        ]
    fields += [
        ("shrink", fit.shrink, 6, shrink),
        ("shrink_sd", fit.shrink_sd, 3, shrink),
        ("poisson", fit.poisson, 6, poisson),
        ("poisson_sd", fit.poisson_sd, 3, poisson),
        ("shrink_poisson", fit.shrink_poisson, 4, ""),
    ]
    narrow, wide = fit.dried_um
    text = [f"  {n}: {v:.{digits}g}{' ' + origin if origin else ''};" for n, v, digits, origin in fields]
    text.append(f'  width_min: {narrow:.6g}um from "{source}: narrowest line";')
    text.append(f'  width_max: {wide:.6g}um from "{source}: widest line";')
    return f"material {name} = nc.{base.name} {{\n" + "\n".join(text) + "\n}"


def rig_text(fits: Sequence[InkFit], names: Sequence[str], *, data: str, day: str = "") -> str:
    """Tables for a rig file: what drives which flow, one entry an ink and a nozzle; "" where no resistance was fitted."""
    out: list[str] = []
    for name, fit in zip(names, fits, strict=True):
        for z in fit.nozzles:
            if len(z.table()) < 2:
                out += [f"# Nozzle {z.nozzle} was driven at one pressure: a table needs two.", ""]
                continue
            guess = (
                ""
                if "swell" in fit.measured
                else f"; flows hold for a swell of {fit.swell:g}, which nobody measured"
            )
            out += [
                f"# For the nozzle {z.nozzle}: put it under its [[nozzles]] entry.",
                "[[nozzles.loads]]",
                f'ink = "{name}"',
                f'source = "{_plain(data)}, {z.settings} settings, resistance {z.resistance_kpa_s_um3 * 1e3:.4g} +- '
                f'{z.resistance_sd * 1e3:.2g} kPa s/pL{guess}"',
                f'date = "{day or _days(fit)}"',
                "calibration = [",
                *(f"  {{ pressure_kpa = {p:.6g}, flow_pl_s = {q / 1e3:.6g} }}," for p, q in z.table()),
                "]",
                "",
            ]
    return "\n".join(out)


def _plain(text: str) -> str:
    return text.replace("\\", "/").replace('"', "'")
