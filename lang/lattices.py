"""Lattices and paths: fields with computed defaults, and the rule of each layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..kernel import scene
from ..kernel.diagnostics import Edit, Fix, Span, error
from ..kernel.material import Origin
from ..kernel.quantity import Construct, FieldSpec
from . import syntax as s
from .construct import PerLayer, field_value, kernel_fields, report_missing, to_kernel, unknown_field
from .evaluate import Evaluator
from .frame import Frame
from .heads import registers
from .types import mistaken
from .values import POISON, Graded, Num, Poison, Thing, Varying

#: A design with more layers than this has a slip in its units.
MOST_LAYERS = 20_000


def build_part(
    ev: Evaluator,
    kind: Construct,
    base: Thing | None,
    given: dict[str, Any],
    spans: dict[str, Span],
    provenance: Mapping[str, Origin],
    assumed: tuple[tuple[str, Origin, Span], ...],
    blocks: list[s.Layer],
    node: s.Expr,
    frame: Frame,
    written: Mapping[str, s.Field],
    good: bool,
) -> Thing | Poison:
    """The kernel's Lattice or Path as a Thing; POISON where something in its block is wrong."""
    if len(blocks) > 1:
        ev.err(
            "E108", "a lattice has one `layer` rule; put the fields of both into one", frame, blocks[1].index
        )
        good = False
    flat = {k: v for k, v in given.items() if not isinstance(v, PerLayer)}
    member: Any = registers()[kind.kind][kind.name]
    plain = kernel_fields(flat)
    graded = next((v for v in flat.values() if isinstance(v, Graded)), None)
    if graded is not None:
        plain["material"] = graded.parts[0][0].node
    complete = _complete(member, plain)
    rules: list[dict[str, Any]] = []
    rule_spans: list[dict[str, Span]] = []
    count = complete.get("layers")
    if kind.kind == "lattice":
        if isinstance(count, int) and count > MOST_LAYERS:
            place = spans.get("layers", frame.span(node))
            ev.say(error("E310", f"{count} layers are too many; at most {MOST_LAYERS} were expected", place))
            return POISON
        layers = range(count if isinstance(count, int) else 0)
        kept = base.layers if base else ()
        rules = [dict(kept[k].fields) if k < len(kept) else {} for k in layers]
        rule_spans = [dict(kept[k].spans) if k < len(kept) else {} for k in layers]
        for rule, own in zip(rules, rule_spans, strict=True):
            # What the block gives anew for the whole lattice wins over the base's rule.
            for name in written:
                rule.pop(name, None)
                own.pop(name, None)
        for name, value in given.items():
            if isinstance(value, PerLayer):
                for k in layers:
                    rules[k][name] = value[k % len(value)]
                    rule_spans[k][name] = spans[name]
        if blocks and count is None and "layers" not in written:
            good = good and _check_rule(ev, kind, blocks[0], frame)
        for k in layers:
            if not blocks or not good:
                break
            good = _layer(ev, kind, blocks[0], k, frame, rules[k], rule_spans[k])
    missing = []
    meant = (
        mistaken(kind, [f.name.text for f in node.block.fields]) if isinstance(node, s.Construct) else set()
    )
    for spec in kind.fields:
        everywhere = bool(rules) and all(spec.name in r for r in rules)
        known = spec.name in given or spec.name in written or spec.name in meant
        if spec.required and not known and not everywhere and not _in_rule(blocks, spec.name):
            missing.append(spec)
        elif everywhere and plain.get(spec.name) is None and spec.type.kind == "number":
            # A width that every layer gives still sets the height of the lattice: that of layer 0.
            plain[spec.name] = rules[0][spec.name]
            complete = _complete(member, plain)
    if kind.kind == "lattice" and good:
        missing += _unfilled(kind, complete, {f.name for f in missing} | meant | set(written), rules)
    if missing:
        report_missing(ev, kind, missing, node, frame)
        return POISON
    if not good:
        return POISON
    if kind.field("material") is not None and complete.get("material") is None:
        bare = [k for k, r in enumerate(rules) if "material" not in r] if rules else [0]
        if bare and isinstance(node, s.Construct):
            return _no_ink(ev, node, frame, bare, len(rules))
    span = frame.span(node)
    made: scene.Lattice | scene.Path
    if kind.kind == "path":
        # What a curve's head gave stands in no block.
        own = {k: v for k, v in base.node.fields.items() if kind.field(k) is None} if base else {}
        if isinstance(flat.get("filament"), Varying):
            own["width"] = flat["filament"].expr
        elif "filament" in written:
            own.pop("width", None)
        made = scene.Path("", kind.name, {**own, **complete}, span, spans)
    else:
        empty = not any(rules)
        table = tuple(
            scene.LayerRule(k, {n: to_kernel(v) for n, v in r.items()}, rule_spans[k])
            for k, r in enumerate(rules)
        )
        made = scene.Lattice("", kind.name, complete, () if empty else table, span, spans)
    things = dict(complete)
    things.update({k: v for k, v in flat.items() if isinstance(v, Thing)})
    if "layer_height" in complete and "layer_height" not in given:
        height = kind.field("layer_height")
        if height is not None and "assumed" in height.default_doc:
            origin = Origin(f"default {height.default_doc.replace(' (assumed)', '')}", assumed=True)
            assumed = (*assumed, ("layer_height", origin, span))
    saved = tuple(scene.LayerRule(k, r, rule_spans[k]) for k, r in enumerate(rules))
    return Thing("part", made, kind, given, things, span, spans, provenance, saved, assumed, graded)


def so_far(kind: Construct, given: Mapping[str, Any], span: Span) -> Thing:
    """A lattice or path by what is known of it before its ink: enough to ask for its extents."""
    flat = {k: v[0] if isinstance(v, PerLayer) else v for k, v in given.items() if k != "material"}
    complete = _complete(registers()[kind.kind][kind.name], kernel_fields(flat))
    node: scene.Lattice | scene.Path
    if kind.kind == "path":
        node = scene.Path("", kind.name, complete, span)
    else:
        node = scene.Lattice("", kind.name, complete, (), span)
    things = {**complete, **{k: v for k, v in flat.items() if isinstance(v, Thing)}}
    return Thing("part", node, kind, given, things, span)


def _unfilled(
    kind: Construct, complete: Mapping[str, Any], known: set[str], rules: list[dict[str, Any]]
) -> list[FieldSpec]:
    """Fields that other fields could stand in for (`clip` for the size and the layers, `density` for the width), where
    those are not given either."""
    open_ = [f for n in ("size", "layers", "filament") if (f := kind.field(n)) is not None and n not in known]
    if complete.get("clip") is not None:
        open_ = [f for f in open_ if f.name == "filament"]
    if complete.get("density") is not None or any("filament" in r for r in rules):
        open_ = [f for f in open_ if f.name != "filament"]
    return [f for f in open_ if complete.get(f.name) is None]


def _in_rule(blocks: list[s.Layer], name: str) -> bool:
    """Whether the `layer` rule gives the field: if it is not there for all that, its value was wrong or there is no layer."""
    return any(f.name.text == name for b in blocks for f in b.block.fields)


def _complete(member: Any, plain: dict[str, Any]) -> dict[str, Any]:
    complete = getattr(member, "complete", None)
    if complete is not None:
        done: dict[str, Any] = complete(dict(plain))
        return done
    from ..kernel.paths import complete as complete_path

    return complete_path(member, plain)


def _layer(
    ev: Evaluator,
    kind: Construct,
    block: s.Layer,
    k: int,
    frame: Frame,
    rule: dict[str, Any],
    spans: dict[str, Span],
) -> bool:
    """Evaluate the fields of layer k into `rule`; False where one is wrong."""
    inner = frame.with_local(**{block.index.text: Num(k)})
    seen: set[str] = set()
    good = True
    for item in block.block.items:
        if isinstance(item, s.Layer):
            ev.err("E112", "a `layer` rule cannot stand in another", frame, item.index)
            return False
        name = item.name.text
        spec = kind.field(name)
        if spec is None:
            unknown_field(ev, kind, item, inner, frozenset())
            good = False
            continue
        if not spec.per_layer:
            allowed = ", ".join(f.name for f in kind.fields if f.per_layer)
            ev.err(
                "E112",
                f"`{name}` holds for the whole lattice; `layer {block.index.text}` may set {allowed}",
                frame,
                item.name,
            )
            good = False
            continue
        if name in seen:
            ev.err("E108", f"`{name}` is given twice", frame, item.name)
            good = False
            continue
        seen.add(name)
        value = field_value(ev, spec, item.value, inner, kind)
        if isinstance(value, PerLayer):
            value = ev.err(
                "E202",
                f"`{name}` takes one value in a `layer` rule, not a list",
                frame,
                item.value,
                fixes=(
                    Fix(
                        "take the layer's own item",
                        (
                            Edit(
                                Span(frame.source, item.value.end, item.value.end),
                                f"[{block.index.text} mod {len(value)}]",
                            ),
                        ),
                    ),
                ),
            )
        if isinstance(value, Graded):
            value = ev.err(
                "E211",
                "a graded mix holds for a whole lattice or a region, not for one layer",
                frame,
                item.value,
            )
        if value is POISON:
            good = False
            continue
        rule[name] = value
        spans[name] = frame.span(item.value)
    return good and not ev.stopped


def _check_rule(ev: Evaluator, kind: Construct, block: s.Layer, frame: Frame) -> bool:
    """Without a number of layers the rule is read once, for its errors."""
    return _layer(ev, kind, block, 0, frame, {}, {})


def _no_ink(ev: Evaluator, node: s.Construct, frame: Frame, bare: list[int], count: int) -> Poison:
    known = [n for n, b in frame.env.bindings.items() if b.kind == "material"]
    ink = (
        known[0]
        if known
        else next((f"{a}.gold" for a, e in frame.env.imports.items() if e and "gold" in e.bindings), "")
    )
    where = "it" if len(bare) == max(1, count) else f"its layer {bare[0]}"
    at = Span(frame.source, node.block.end - 1, node.block.end - 1)
    text = frame.source.text
    tail = text[node.block.start : node.block.end - 1]
    new = f"  material: {ink};\n" if "\n" in tail else f" material: {ink}; "
    if not tail.rstrip().endswith((";", "{", "}")):
        new = ";" + new
    fixes = (Fix(f"insert `material: {ink};`", (Edit(at, new),)),) if ink else ()
    return ev.err(
        "E319",
        f"`{frame.text(node.head)}` has no ink: nothing says what {where} is made of; `material: ...;` was expected",
        frame,
        node.head,
        notes=() if ink else ('`use "nanocrystal.wp" as nc;` brings in inks such as `nc.gold`',),
        fixes=fixes,
    )
