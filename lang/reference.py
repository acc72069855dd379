"""The page docs/reference.md, made from the registers: every construct with its fields, every function, unit and code."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from ..kernel.chemistry import DEVELOPER, LIGAND
from ..kernel.codes import CODES as KERNEL_CODES
from ..kernel.film import FILM
from ..kernel.material import BATH, INK, LINKER, SOLVENT
from ..kernel.process import PROCESSES
from ..kernel.quantity import NAMED_TYPES, Construct, FieldSpec, Type
from .codes import CODES as LANG_CODES
from .heads import INK_PROCESS, NOZZLE, REGION, pattern_head, print_head, processes, registers
from .types import USUAL_UNIT
from .units import UNITS
from .unparse_values import typed
from .words import CONSTANTS, FUNCTIONS, TYPES

_TITLES = {
    "lattice": ("Lattices", "`lattice name = woodpile { ... }`: filaments in layers."),
    "path": ("Paths", "`path name = helix { ... }`: one filament along a line in space."),
    "solid": ("Solids", "`solid name = cylinder { ... }`: clips a lattice, bounds a region."),
    "mask": ("Masks", "`mask name = pixels { ... }`: a region of the plane, to be exposed into a film."),
}
_OWN = (
    ("Inks, baths and what they are made of", (INK, BATH, SOLVENT, LINKER, NOZZLE)),
    ("Films and what they answer to", (FILM, LIGAND, DEVELOPER)),
    ("Regions and prints", (REGION, print_head())),
)


def reference() -> str:
    """The page as Markdown; the same text on every machine (outside packages' constructs are left out)."""
    out = [
        "# Reference",
        "",
        "Made from the program's own registers by `make docs`; the words around it are in [the language](language.md).",
        "A default of *required* must be given. **L** marks fields that may change from layer to layer.",
    ]
    for kind, (title, says) in _TITLES.items():
        register = registers()[kind]
        made = [register[n].construct for n in sorted(register.names()) if register.ours(n)]
        out += ["", f"## {title}", "", says, *_family(made)]
    for title, constructs in _OWN:
        out += ["", f"## {title}"]
        for construct in constructs:
            out += [
                "",
                f"### `{construct.name}`",
                "",
                f"{_sentence(construct.doc)}",
                "",
                *_table(construct.fields),
            ]
    out += ["", "## Patterns", "", "`pattern mask { film: ...; process: ...; }`. Fields of all of them:", ""]
    out += _table(pattern_head().fields)
    out += ["", "### Processes"]
    for makes, word in (("mask", "pattern"), ("part", "print")):
        made = [PROCESSES[n].construct for n in processes(makes) if n != INK_PROCESS and PROCESSES.ours(n)]
        out += ["", f"Of `{word}`:", *_family(made)] if len(made) > 1 else []
        for c in made if len(made) == 1 else ():
            out += ["", f"### `{c.name}`", "", f"Of `{word}`: {c.doc}.", "", *_table(c.fields)]
    out += [
        "",
        "## Functions",
        "",
        *_grid(("function", "does"), ((f"`{w.form}`", w.doc) for w in FUNCTIONS.values())),
    ]
    out += [
        "",
        "## Names with a meaning",
        "",
        *_grid(("name", "is"), ((f"`{w.form}`", w.doc) for w in CONSTANTS.values())),
    ]
    out += [
        "",
        "## Types",
        "",
        *_grid(
            ("type", "as in"),
            ((f"`{n}`", f"`{TYPES[n]}`" if n in TYPES else "a thing by its name") for n in NAMED_TYPES),
        ),
    ]
    units: dict[Any, list[str]] = {}
    for name, (_, dim) in UNITS.items():
        if name != "1" and not name.startswith(("µ", "μ")):
            units.setdefault(dim, []).append(f"`{name}`")
    named = {t.dim: n for n, t in NAMED_TYPES.items() if t.kind == "number"}
    out += [
        "",
        "## Units",
        "",
        *_grid(("of", "units"), ((named.get(d, "other"), " ".join(u)) for d, u in units.items())),
    ]
    codes = sorted({c.code: c for c in (*LANG_CODES, *KERNEL_CODES)}.values(), key=lambda c: c.code)
    out += [
        "",
        "## Codes of the language, of geometry and of design rules",
        "",
        "`wp explain CODE` tells each in full, with an example.",
        "",
    ]
    out += _grid(("code", "says"), ((c.code, c.title) for c in codes))
    return "\n".join(out) + "\n"  # fmt: skip


def _family(made: Sequence[Construct]) -> list[str]:
    """Constructs of one kind: fields that most of them have stand once, above."""
    count = Counter(spec for c in made for spec in c.fields)
    shared = [
        spec for spec in dict.fromkeys(s for c in made for s in c.fields) if count[spec] > len(made) / 2
    ]
    out = ["", "Fields that most of them have:", "", *_table(shared)]
    for c in made:
        own = [spec for spec in c.fields if spec not in shared]
        mine = {spec.name for spec in own}
        without = [s.name for s in shared if s not in c.fields and s.name not in mine]
        out += ["", f"### `{c.name}`", "", _sentence(c.doc)]
        if c.children:
            form = FUNCTIONS[c.name].form if c.name in FUNCTIONS else f"{c.name}(a, b, ...)"
            out[-1] += f" Written as `{form}`."
        if without:
            out[-1] += f" Without {', '.join(f'`{n}`' for n in without)}."
        if own:
            out += ["", *_table(own)]
    return out


def _sentence(doc: str) -> str:
    text = doc[:1].upper() + doc[1:]
    return text if text.endswith(".") else text + "."


def _table(specs: Iterable[FieldSpec]) -> list[str]:
    rows = []
    for spec in specs:
        name = f"`{spec.name}`" + (" **L**" if spec.per_layer else "")
        rows.append((name, f"`{spec.type}`", _unit(spec.type), _default(spec), spec.doc + _range(spec)))
    return _grid(("field", "type", "unit", "default", "says"), rows)


def _unit(kind: Type) -> str:
    inner = kind
    while inner.item is not None:
        inner = inner.item
    return USUAL_UNIT.get(inner.name, "").strip("[]") or "-"


def _default(spec: FieldSpec) -> str:
    if spec.required:
        return "*required*"
    if spec.default_doc:
        return spec.default_doc
    if spec.default is None or spec.default == ():
        return "none"
    return f"`{typed(spec.default, spec.type, str)}`"


def _range(spec: FieldSpec) -> str:
    inner = spec.type
    while inner.item is not None:
        inner = inner.item
    if inner.kind not in ("number", "count"):
        return ""
    ends = [
        f"{word} {typed(end, inner, str)}"
        for word, end in (("more than" if spec.above else "at least", spec.low), ("at most", spec.high))
        if end is not None and not (word == "at least" and end == 0)
    ]
    return f" ({', '.join(ends)})" if ends else ""


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return [
        f"| {' | '.join(head)} |",
        "|" + "---|" * len(head),
        *(f"| {' | '.join(row)} |" for row in cells),
    ]


if __name__ == "__main__":
    sys.stdout.write(reference())
