"""What keeps a lattice or a solid from being built, said as diagnostics (E400-E406, E411)."""

from __future__ import annotations

import math
from typing import Any

from .. import solids
from ..diagnostics import Diagnostic, Span, error, warning
from ..lattice import COMMON, MOST_POINTS
from ..lattices import LATTICES
from ..scene import Lattice, Path, Solid
from .planar import layer_values


def span_of(node: Lattice | Path, name: str) -> Span:
    return node.spans.get(name) or node.span


def positive(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value > 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def where_of(solid: Solid, otherwise: Span) -> Span:
    """The solid's place in the source; solids that were made by the kernel have none of their own."""
    place: Span | None = solid.span
    return otherwise if place is None else place


def solid_fault(solid: Solid, where: Span) -> Diagnostic | None:
    """E411 where a solid, or one that it is made of, cannot be built."""
    try:
        found = solids.complaint(solid)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return error("E411", f"solid '{solid.name or solid.kind}' lacks a field", where_of(solid, where))
    if found is None:
        return None
    at_fault, _, what = found
    return error("E411", f"solid '{at_fault.name or at_fault.kind}': {what}", where_of(at_fault, where))


def mended(solid: Solid, where: Span) -> list[Diagnostic]:
    """E414 for every mesh file in a solid that had to be repaired."""
    out = [d for child in solid.children for d in mended(child, where)]
    tell = getattr(solids.SOLIDS[solid.kind], "mended", None) if solid.kind in solids.SOLIDS else None
    if tell is not None and (found := tell(solid)):
        out.append(
            warning(
                "E414",
                f"mesh '{solid.fields['file']}' was mended: {', '.join(found)}",
                where_of(solid, where),
                label="look whether it is still what was meant",
            )
        )
    return out


def too_many(what: str, expected: float, where: Span) -> Diagnostic:
    """E405: refused before memory is spent."""
    return error(
        "E405",
        f"{what} would have about {expected:.2g} points, at most {MOST_POINTS:.0g} are built",
        where,
        label="a wider pitch, a smaller part or fewer layers",
    )


def lattice_faults(node: Lattice) -> list[Diagnostic]:
    """What keeps a completed lattice from being built (E400-E406, E411)."""
    f, out = node.fields, []
    if f.get("clip") is not None:
        fault = solid_fault(f["clip"], span_of(node, "clip")) if isinstance(f["clip"], Solid) else None
        if fault is not None:
            return [fault]
    n = f.get("layers")
    if n is None:
        out.append(
            error(
                "E401",
                f"lattice '{node.name}' does not say how many layers it has",
                node.span,
                label="give `layers`",
            )
        )
    elif not _is_number(n) or n != int(n) or n < 1:
        out.append(error("E403", f"{n} layers, a lattice has at least 1", span_of(node, "layers")))
    elif 2 * n > MOST_POINTS:
        out.append(too_many(f"lattice '{node.name}'", 2.0 * n, span_of(node, "layers")))
    size = f.get("size")
    if size is None:
        out.append(
            error(
                "E401",
                f"lattice '{node.name}' has no extent",
                node.span,
                label="give `size: [x, y]`, or a solid as `clip`",
            )
        )
    elif not all(positive(s) for s in size):
        out.append(
            error(
                "E402",
                f"size is {' x '.join('nothing' if s is None else f'{s:g}' for s in size)} um, both must be above zero",
                span_of(node, "size"),
            )
        )
    density = f.get("density")
    if f.get("filament") is None and _is_number(density):
        out.append(
            error(
                "E402",
                f"a density of {density:.4g} cannot be had at this pitch: neighbouring filaments would touch",
                span_of(node, "density"),
            )
        )
    elif f.get("filament") is None and not any("filament" in rule.fields for rule in node.layers):
        out.append(
            error("E402", f"lattice '{node.name}' has no filament width", node.span, label="give `filament`")
        )
    elif f.get("filament") is not None and not positive(f["filament"]):
        out.append(_not_above_zero("filament", f["filament"], span_of(node, "filament")))
    elif not positive(f.get("layer_height")):
        out.append(_not_above_zero("layer_height", f.get("layer_height"), span_of(node, "layer_height")))
    if out:
        return out
    return _layer_faults(node)


def _layer_faults(node: Lattice) -> list[Diagnostic]:
    out: list[Diagnostic] = []
    n = node.fields["layers"]
    rules = {rule.index: rule for rule in node.layers}
    for rule in node.layers:
        if not 0 <= rule.index < n:
            out.append(error("E403", f"a rule for layer {rule.index} of {n} layers", node.span))
            return out
    known = {spec.name for spec in LATTICES[node.kind].construct.fields}

    def place(name: str, k: int) -> Span:
        rule = rules.get(k)
        return (rule.spans.get(name) if rule is not None else None) or span_of(node, name)

    for name in ("pitch", "filament"):
        if name not in known:
            continue
        for k, value in enumerate(layer_values(node, name)):
            if not positive(value):
                out.append(_not_above_zero(name, value, place(name, k), None if k not in rules else k))
                break
    out += _field_faults(node)
    for name in ("angle", "phase"):
        for k, value in enumerate(layer_values(node, name)):
            if value is not None and not _is_number(value):
                out.append(
                    error("E402", f"{name} of layer {k} is {value}, it must be finite", place(name, k))
                )
                break
    for k, value in enumerate(layer_values(node, "material")):
        if value is None or (isinstance(value, tuple | list) and not value):
            out.append(
                error(
                    "E406",
                    f"layer {k} of lattice '{node.name}' has no material",
                    node.span,
                    label="give `material`, here or in the layer rule",
                )
            )
            break
    return out


def _field_faults(node: Lattice) -> list[Diagnostic]:
    """Faults in the fields that a lattice has of its own."""
    kind, fields = LATTICES[node.kind], dict(node.fields)
    common = {spec.name for spec in COMMON}
    for spec in kind.construct.fields:
        value = fields.get(spec.name)
        if spec.name in common or value is None or spec.type.kind not in ("number", "count"):
            continue
        low, high = -math.inf if spec.low is None else spec.low, math.inf if spec.high is None else spec.high
        if not _is_number(value) or not low <= value <= high or (spec.name == "tolerance" and value == 0):
            bounds = " and ".join(
                f"{word} {b:g}" for word, b in (("at least", low), ("at most", high)) if math.isfinite(b)
            )
            return [
                error(
                    "E402",
                    f"{spec.name} is {value}, it must be {bounds or 'finite'}",
                    span_of(node, spec.name),
                )
            ]
    try:
        found = kind.complaint(fields)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        found = ("", "its fields do not fit together")
    if found is None:
        return []
    return [error("E413", f"lattice '{node.name}': {found[1]}", span_of(node, found[0]))]


def _not_above_zero(name: str, value: Any, where: Span, layer: int | None = None) -> Diagnostic:
    given = (
        "not given" if value is None else f"{value:g} um" if isinstance(value, int | float) else str(value)
    )
    of = "" if layer is None else f" of layer {layer}"
    return error("E402", f"{name}{of} is {given}, it must be above zero", where)


def empty_lattice(node: Lattice) -> Diagnostic:
    f = node.fields
    if f.get("clip") is not None:
        low, high = solids.bounds(f["clip"])
        return error(
            "E404",
            f"`clip` leaves nothing of lattice '{node.name}'",
            span_of(node, "clip"),
            label="no piece as long as the filament is wide lies in it",
            notes=(
                "the solid spans "
                + ", ".join(f"{a} {lo:.6g} to {hi:.6g}" for a, lo, hi in zip("xyz", low, high, strict=True))
                + " um",
                f"the lattice's layers lie between z {f['filament'] / 2:.6g} and {f['height'] - f['filament'] / 2:.6g} um",
            ),
        )
    return error(
        "E404",
        f"no filament fits in lattice '{node.name}' of {f['size'][0]:g} x {f['size'][1]:g} um",
        span_of(node, "size"),
    )
