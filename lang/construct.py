"""Blocks with fields: checks each field against its construct and makes the kernel's ink, bath, solid, lattice or path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..kernel.diagnostics import Diagnostic, Related, Span, error, warning
from ..kernel.material import Bath, Ink, Linker, Origin, Solvent
from ..kernel.quantity import Construct, FieldSpec
from ..kernel.scene import Mask, Solid
from . import syntax as s
from .evaluate import Evaluator
from .frame import Frame
from .types import colour_fault, convert, in_range, mistaken, nearest_field
from .values import POISON, FieldVal, Head, Poison, Rec, Thing, Varying, type_name


def construct(ev: Evaluator, node: s.Construct, frame: Frame) -> Any:
    """`woodpile { ... }`, or something known with other fields: `nc.gold { swell: 1.1; }`."""
    head = ev.eval(node.head, frame)
    if head is POISON:
        # The block is still read for its own errors; the root has been reported.
        _read_only(ev, node.block, frame)
        return POISON
    if isinstance(head, Head) and head.construct.name == "curve":
        _read_only(ev, node.block, frame)
        return ev.err(
            "E208",
            "`curve` takes a parameter, its range and coordinates: `curve(t in 0..1: [x, y, z]) { ... }` was expected",
            frame,
            node.head,
        )
    if isinstance(head, Head):
        return build(ev, head.construct, None, node.block, node, frame)
    if isinstance(head, Thing) and head.construct is not None:
        return build(ev, head.construct, head, node.block, node, frame)
    return ev.err(
        "E209",
        f"`{frame.text(node.head)}` is {type_name(head)}, which takes no block",
        frame,
        node.head,
        notes=(
            "a block stands behind the name of a construct such as `woodpile`, or behind something made by one",
        ),
    )


def _read_only(ev: Evaluator, block: s.Block, frame: Frame) -> None:
    for item in block.fields:
        ev.eval(item.value, frame)


def build(
    ev: Evaluator, kind: Construct, base: Thing | None, block: s.Block, node: s.Expr, frame: Frame
) -> Thing | Poison:
    """Check the block's fields and make the thing; POISON where a field is wrong."""
    given: dict[str, Any] = dict(base.given) if base else {}
    spans: dict[str, Span] = dict(base.spans) if base else {}
    provenance: dict[str, Origin] = dict(base.provenance) if base else {}
    assumed = list(base.assumed) if base else []
    written: dict[str, s.Field] = {}
    good = True
    # An ink that asks for the part's own extents is read when they are known.
    own = frame.own if kind.kind in ("lattice", "path") else ""
    last = [f for f in block.fields if own and f.name.text == "material"]
    for item in [*(f for f in block.fields if f not in last), *last]:
        if item in last:
            frame = _knowing_itself(ev, kind, given, frame, node, good)
        name = item.name.text
        spec = kind.field(name)
        if spec is None:
            unknown_field(ev, kind, item, frame, frozenset(f.name.text for f in block.fields))
            ev.eval(item.value, frame)
            good = False
            continue
        if name in written:
            first = frame.span(written[name].name)
            ev.err(
                "E108",
                f"`{name}` is given twice",
                frame,
                item.name,
                related=(Related(first, "given here first"),),
            )
            good = False
            continue
        written[name] = item
        value = field_value(ev, spec, item.value, frame, kind)
        spans[name] = frame.span(item.value)
        provenance.pop(name, None)
        assumed = [a for a in assumed if a[0] != name]
        if item.origin is not None:
            origin = Origin(item.origin.text.value if item.origin.text else "", item.origin.assumed)
            provenance[name] = origin
            if origin.assumed:
                assumed.append((name, origin, frame.span(item)))
        if value is POISON:
            good = False
            continue
        given[name] = value
    if own and not last:
        frame = _knowing_itself(ev, kind, given, frame, node, good)
    if base is not None and kind.kind == "material":
        for name in _stale(written):
            given.pop(name, None)
            provenance.pop(name, None)
    layers = block.layers
    if kind.kind != "lattice":
        for layer in layers:
            ev.err("E112", f"`layer` belongs in a lattice; {kind.name} has none", frame, layer.index)
            good = False
    if kind.kind in ("lattice", "path"):
        from .lattices import build_part

        return build_part(
            ev, kind, base, given, spans, provenance, tuple(assumed), layers, node, frame, written, good
        )
    present = set(given) | set(written) | mistaken(kind, [f.name.text for f in block.fields])
    if not required(ev, kind, present, node, frame) or not good:
        return POISON
    made = _finish(ev, kind, given, spans, provenance, tuple(assumed), node, frame)
    return named(made, base.name) if base is not None and isinstance(made, Thing) else made


def _knowing_itself(
    ev: Evaluator, kind: Construct, given: Mapping[str, Any], frame: Frame, node: s.Expr, good: bool
) -> Frame:
    """The frame with the part itself, as far as its fields are read, under its own name."""
    from .lattices import so_far

    return frame.with_local(**{frame.own: so_far(kind, given, frame.span(node)) if good else POISON})


def _stale(written: Mapping[str, s.Field]) -> list[str]:
    """Spreads of a known ink that go when another figure is written: how well the old one was known says nothing of the new one."""
    gone = [f"{n}_sd" for n in ("swell", "shrink", "poisson") if n in written]
    if {"shrink", "poisson", "shrink_sd", "poisson_sd"} & written.keys():
        gone.append("shrink_poisson")
    return [n for n in gone if n not in written]


def from_values(
    ev: Evaluator,
    kind: Construct,
    given: dict[str, Any],
    nodes: Mapping[str, s.Expr],
    node: s.Expr,
    frame: Frame,
) -> Thing | Poison:
    """A thing from values at hand, without a block: `mesh("part.stl")`."""
    if not required(ev, kind, set(given), node, frame):
        return POISON
    spans = {k: frame.span(n) for k, n in nodes.items()}
    return _finish(ev, kind, given, spans, {}, (), node, frame)


def field_value(ev: Evaluator, spec: FieldSpec, node: s.Expr, frame: Frame, kind: Construct) -> Any:
    """A field's value as the Scene holds it (references stay Things), or POISON. A per-layer field may be given as a list."""
    what = f"`{spec.name}`"
    raw = ev.eval(node, frame)
    if raw is POISON:
        return POISON
    state = ev.state if spec.state else None
    if spec.per_layer and isinstance(raw, tuple) and spec.type.kind != "list":
        nodes = node.items if isinstance(node, s.ListExpr) else [node] * len(raw)
        if not raw:
            return ev.err(
                "E207", f"{what} has an empty list; one value for each layer was expected", frame, node
            )
        items = [one_value(ev, spec, r, n, frame, what, state, kind) for r, n in zip(raw, nodes, strict=True)]
        return POISON if any(i is POISON for i in items) else PerLayer(tuple(items))
    return one_value(ev, spec, raw, node, frame, what, state, kind)


class PerLayer(tuple[Any, ...]):
    """Values of one field by layer, begun again at the end."""

    __slots__ = ()


def one_value(
    ev: Evaluator,
    spec: FieldSpec,
    raw: Any,
    node: s.Expr,
    frame: Frame,
    what: str,
    state: Any,
    kind: Construct,
) -> Any:
    place = frame.place(node, what)
    if isinstance(raw, FieldVal) and kind.name == "curve" and spec.name == "filament":
        from .curve import varying

        return varying(ev, raw, node, frame)
    if isinstance(raw, FieldVal) and kind.name == "pattern" and spec.name == "relief":
        from .patterns import relief

        return relief(ev, raw, node, frame)
    value = convert(raw, spec.type, place, state)
    if isinstance(value, Diagnostic):
        return ev.say(ev.with_mend(value, node, frame, spec.type, state))
    if isinstance(value, FieldVal):
        return ev.err(
            "E211", f"`{frame.text(node)}` varies over space; {what} takes one {spec.type}", frame, node
        )
    if spec.low is not None or spec.high is not None:
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, float | int):
                wrong = in_range(
                    one, spec if spec.type.item is None else replace(spec, type=spec.type.item), place
                )
                if wrong is not None:
                    return ev.say(wrong)
    return value


def unknown_field(ev: Evaluator, kind: Construct, item: s.Field, frame: Frame, taken: frozenset[str]) -> None:
    near = nearest_field(kind, item.name.text, taken)
    names = ", ".join(f.name for f in kind.fields)
    ev.err(
        "E102",
        f"`{kind.name}` has no field `{item.name.text}`"
        + (f"; did you mean `{near}`?" if near else f"; it has {names}"),
        frame,
        item.name,
        fixes=ev.near_fix(frame, item.name, near),
    )


def required(ev: Evaluator, kind: Construct, present: set[str], node: s.Node, frame: Frame) -> bool:
    """Whether every field that must be given is; one message names all that are not, with their types."""
    missing = [f for f in kind.fields if f.required and f.name not in present]
    if missing:
        report_missing(ev, kind, missing, node, frame)
    return not missing


def report_missing(
    ev: Evaluator, kind: Construct, missing: list[FieldSpec], node: s.Node, frame: Frame
) -> None:
    listed = ", ".join(f"`{f.name}: {f.type}`" for f in missing)
    head = node.head if isinstance(node, s.Construct) else node
    ev.say(
        error(
            "E105",
            f"`{kind.name}` also needs {listed}",
            frame.span(head),
            notes=tuple(f"{f.name}: {f.doc}" for f in missing),
        )
    )


def _finish(
    ev: Evaluator,
    kind: Construct,
    given: dict[str, Any],
    spans: Mapping[str, Span],
    provenance: Mapping[str, Origin],
    assumed: tuple[tuple[str, Origin, Span], ...],
    node: s.Expr,
    frame: Frame,
) -> Thing | Poison:
    span = frame.span(node)
    f: dict[str, Any] = {
        spec.name: given.get(spec.name, None if spec.required else spec.default) for spec in kind.fields
    }
    plain = kernel_fields(f)
    made: Any
    if kind.kind == "material":
        if not _ink_is_sound(ev, f, spans, span):
            return POISON
        made = Ink(
            name="",
            nanocrystal=f["nanocrystal"],
            solvent=plain["solvent"],
            concentration_ug_um3=f["concentration"],
            density_ug_um3=f["density"],
            linkers=plain["linkers"],
            swell=f["swell"],
            shrink=f["shrink"],
            poisson=f["poisson"],
            width_min_um=f["width_min"],
            width_max_um=f["width_max"],
            colour=f["colour"],
            bet_um2_ug=f["bet"],
            conductivity=f["conductivity"],
            swell_sd=f["swell_sd"],
            shrink_sd=f["shrink_sd"],
            poisson_sd=f["poisson_sd"],
            shrink_poisson=f["shrink_poisson"],
            xerogel_shrink=f["xerogel_shrink"],
            xerogel_conductivity=f["xerogel_conductivity"],
            sintered_shrink=f["sintered_shrink"],
            sintered_conductivity=f["sintered_conductivity"],
            provenance=provenance,
            span=span,
        )
    elif kind.kind == "bath":
        made = Bath(
            "",
            plain["solvent"],
            plain["linkers"],
            f["molarity"],
            f["swell_factor"],
            f["shrink_factor"],
            provenance,
            span,
        )
    elif kind.kind == "solvent":
        made = Solvent(
            "", f["hansen_d"], f["hansen_p"], f["hansen_h"], f["permittivity"], f["cas"], provenance, span
        )
    elif kind.kind == "linker":
        made = Linker("", f["ion"], f["salt"], provenance, span)
    elif kind.kind == "solid":
        made = Solid(kind.name, plain, span)
        if not _solid_is_sound(ev, made, spans, span):
            return POISON
    elif kind.kind == "mask":
        made = Mask(kind.name, plain, span, spans=spans)
        if not mask_is_sound(ev, made, spans, span):
            return POISON
    elif kind.kind in ("film", "ligand", "developer"):
        from .films import made as made_of

        made = made_of(ev, kind.kind, plain, spans, provenance, span)
        if made is None:
            return POISON
    else:
        made = Rec(f)
    return Thing(kind.kind, made, kind, given, f, span, spans, provenance, assumed=assumed)


def kernel_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with every Thing replaced by the kernel's own node."""
    return {k: to_kernel(v) for k, v in fields.items()}


def to_kernel(value: Any) -> Any:
    if isinstance(value, Thing):
        return value.node
    if isinstance(value, tuple):
        return tuple(to_kernel(v) for v in value)
    return value.first if isinstance(value, Varying) else value


def _ink_is_sound(ev: Evaluator, f: Mapping[str, Any], spans: Mapping[str, Span], span: Span) -> bool:
    if f["width_min"] > f["width_max"]:
        low, high = f["width_min"], f["width_max"]
        ev.say(
            error("E307", f"width_min {low:g}um is above width_max {high:g}um", spans.get("width_min", span))
        )
        return False
    fault = colour_fault(f["colour"], spans.get("colour", span))
    if fault is not None:
        ev.say(fault)
        return False
    for name in ("concentration", "density", "swell", "width_max"):
        if not f[name] > 0:
            ev.say(
                error("E310", f"`{name}` is zero; something above zero was expected", spans.get(name, span))
            )
            return False
    return True


def _solid_is_sound(ev: Evaluator, solid: Solid, spans: Mapping[str, Span], span: Span) -> bool:
    from ..kernel.solids import SOLIDS

    wrong = SOLIDS[solid.kind].complaint(solid)
    if wrong is not None:
        ev.say(error("E310", wrong[1], spans.get(wrong[0], span)))
    return wrong is None


def mask_fault(mask: Mask, spans: Mapping[str, Span], span: Span) -> Diagnostic | None:
    """What is wrong with a mask whose fields are complete."""
    from ..kernel.mask import MASKS, too_far

    wrong = MASKS[mask.kind].complaint(mask)
    if wrong is None and (far := too_far(mask)) is not None:
        wrong = "", far
    if wrong is None:
        return None
    code, text = (wrong[1][:4], wrong[1][5:]) if wrong[1].startswith("E42") else ("E420", wrong[1])
    return error(code, text, spans.get(wrong[0], span))


def mask_is_sound(ev: Evaluator, mask: Mask, spans: Mapping[str, Span], span: Span) -> bool:
    from ..kernel.mask import MASKS

    fault = mask_fault(mask, spans, span)
    if fault is not None:
        ev.say(fault)
        return False
    remarks: Any = getattr(MASKS[mask.kind], "remarks", None)
    for field, text in remarks(mask) if remarks is not None else ():
        ev.say(warning("E422", text, spans.get(field, span)))
    return True


def named(thing: Thing, name: str) -> Thing:
    """The thing under the name that a declaration gives it."""
    node = thing.node
    return replace(thing, node=replace(node, name=name)) if hasattr(node, "name") else thing
