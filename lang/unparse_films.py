"""Masks, patterns and prints by light as the language writes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as File
from typing import Any

from ..kernel.quantity import LENGTH, Construct
from ..kernel.scene import Expr, Mask, Pattern, Print
from .heads import pattern_head, print_head, registers
from .unparse_values import NameOf, coordinate, figure, matrix, typed


def block(construct: Construct, values: Mapping[str, Any], name_of: NameOf) -> list[str]:
    """The fields that say something else than their default."""
    out = []
    for spec in construct.fields:
        value = values.get(spec.name)
        if value is None or (not spec.required and value == spec.default):
            continue
        if isinstance(value, Expr):
            out.append(f"{spec.name}: {coordinate(value, name_of)};")
        else:
            out.append(f"{spec.name}: {typed(value, spec.type, name_of)};")
    return out


def mask(thing: Mask, name_of: NameOf) -> str:
    """What makes a mask: a block, or a function of others."""
    f, inner = thing.fields, [name_of(c) for c in thing.children]
    if thing.kind == "array" and "to" in f:
        made = f"array(of: {inner[0]}, to: [{', '.join(matrix(m) for m in f['to'])}])"
    elif thing.kind == "array":
        pitch = ", ".join(figure(p, LENGTH) for p in f["pitch"])
        made = f"array(of: {inner[0]}, n: [{f['n'][0]}, {f['n'][1]}], pitch: [{pitch}])"
    elif thing.kind == "grow":
        made = f"grow({inner[0]}, by: {figure(f['by'], LENGTH)})"
    elif thing.kind == "invert":
        made = f"invert({inner[0]}, within: {inner[1]})"
    elif thing.kind == "slice":
        made = f"slice({name_of(f['solid'])}, at: {figure(f['at'], LENGTH)})"
    elif inner:
        made = f"{thing.kind}({', '.join(inner)})"
    else:
        values = dict(f)
        if thing.kind == "image":
            # An image lies beside the design that named it.
            values["file"] = (File(thing.span.source.name).parent / values["file"]).resolve().as_posix()
        construct: Construct = registers()["mask"][thing.kind].construct
        made = f"{thing.kind} {{ {' '.join(block(construct, values, name_of))} }}"
    return made if thing.matrix is None else f"move({made}, by: {matrix(thing.matrix)})"


def pattern(thing: Pattern, name_of: NameOf) -> str:
    values = {
        **thing.fields,
        "film": thing.film,
        "developer": thing.developer,
        "develop": thing.develop,
        "process": None,
    }
    body = block(pattern_head(thing.process), values, name_of)
    return f"pattern {name_of(thing.mask)} {{ process: {thing.process}; {' '.join(body)} }}"


def print_by_light(thing: Print, name_of: NameOf) -> str:
    body = block(print_head(thing.process), {**thing.fields, "process": None}, name_of)
    return f"print {name_of(thing.part)} {{ process: {thing.process}; {' '.join(body)} }}"
