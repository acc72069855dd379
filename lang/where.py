"""Regions: a condition over space, and what is different where it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..kernel.diagnostics import Edit, Fix, Related, Span, error
from ..kernel.quantity import ref
from ..kernel.scene import Region
from . import syntax as s
from .construct import field_value, unknown_field
from .evaluate import Evaluator
from .field_expr import as_expr
from .frame import Frame
from .heads import REGION
from .mixes import regions_of
from .scope import BARE_WORDS, COORDINATES, references
from .values import POISON, FieldVal, Graded, Poison, Thing, type_name


def region(ev: Evaluator, node: s.Region, frame: Frame) -> list[Region]:
    part = ev.typed(node.part, frame, ref("part"), "a region")
    where = ev.eval(node.where, frame)
    fields, spans = block_fields(ev, node.block, REGION, frame, node)
    if where is not POISON and not (
        isinstance(where, bool) or (isinstance(where, FieldVal) and where.dim is None)
    ):
        hint: tuple[Fix, ...] = ()
        if isinstance(where, Thing) and where.kind == "solid":
            text = frame.text(node.where)
            hint = (Fix(f"write `inside({text})`", (Edit(frame.span(node.where), f"inside({text})"),)),)
        where = ev.err(
            "E213",
            f"`{frame.text(node.where)}` is {type_name(where)}; `where` takes a condition such as `inside(core)` or `z > 60um`",
            frame,
            node.where,
            fixes=hint,
        )
    if not unambiguous(ev, node.where, frame, "`where`"):
        where = POISON
    if isinstance(part, Poison) or where is POISON or fields is None:
        return []
    if not part.node.name:
        ev.err(
            "E113",
            f"`{frame.text(node.part)}` has no name; a region lies in a part that is declared",
            frame,
            node.part,
        )
        return []
    if not any(k in fields for k in ("material", "filament")) and not fields.get("omit"):
        ev.err(
            "E105",
            f"region `{node.name.text}` changes nothing; `material`, `filament` or `omit: true` was expected",
            frame,
            node.name,
        )
        return []
    cut = fields.get("cut", "split")
    if cut not in ("split", "whole"):
        ev.say(
            error(
                "E309",
                f'"{cut}" is no way to cut; "split" or "whole" was expected',
                spans["cut"],
                fixes=(Fix('write "split"', (Edit(spans["cut"], '"split"'),)),),
            )
        )
        return []
    span = frame.span(node)
    expr = as_expr(where, frame.span(node.where))
    priority = int(fields.get("priority", 0))
    material = fields.get("material")
    filament = fields.get("filament")
    if isinstance(material, Graded):
        graded = replace(
            material, steps=fields.get("steps", material.steps), live=material.live and "steps" not in fields
        )
        more = {"cut": cut, "filament_um": filament}
        return regions_of(graded, node.name.text, part.node.name, expr, priority, more)
    return [
        Region(
            node.name.text,
            part.node.name,
            expr,
            span,
            material=material.node if material is not None else None,
            filament_um=filament,
            omit=bool(fields.get("omit", False)),
            cut=cut,
            priority=priority,
        )
    ]


def unambiguous(ev: Evaluator, node: s.Expr, frame: Frame, what: str) -> bool:
    """Whether every coordinate in an expression over space can be nothing else; says so where not."""
    good = True
    for name, _, here in references(node):
        base = name.base if isinstance(name, s.Member) else name
        if (
            isinstance(base, s.Var)
            and base.name in COORDINATES
            and (base.name in frame.env.bindings or base.name in here)
        ):
            mine = frame.env.bindings[base.name]
            ev.err(
                "E107",
                f"`{base.name}` in {what} could be the coordinate or the {mine.kind} of line "
                f"{frame.source.line_col(mine.name.start)[0]}; another name was expected for the {mine.kind}",
                frame,
                base,
                related=(Related(frame.span(mine.name), "bound here"),),
            )
            good = False
    return good


def block_fields(
    ev: Evaluator, block: s.Block, kind: Any, frame: Frame, node: s.Node
) -> tuple[dict[str, Any] | None, dict[str, Span]]:
    """The fields of a statement's block; None where one is wrong."""
    out: dict[str, Any] = {}
    spans: dict[str, Span] = {}
    good = True
    for item in block.items:
        if isinstance(item, s.Layer):
            ev.err("E112", f"`layer` belongs in a lattice, not in a {kind.name}", frame, item.index)
            good = False
            continue
        name = item.name.text
        spec = kind.field(name)
        if spec is None:
            unknown_field(ev, kind, item, frame, frozenset(f.name.text for f in block.fields))
            good = False
            continue
        if name in spans:
            ev.err("E108", f"`{name}` is given twice", frame, item.name)
            good = False
            continue
        spans[name] = frame.span(item.value)
        text = _bare_word(item.value) if name in BARE_WORDS else None
        out[name] = text if text is not None else field_value(ev, spec, item.value, frame, kind)
        good = good and out[name] is not POISON
    return (out if good else None), spans


def _bare_word(node: s.Expr) -> str | None:
    """`cut: whole` and `process: wet_writing` need no quotes."""
    if isinstance(node, s.Var):
        return node.name
    return None


def gradients(parts: Mapping[str, Thing], regions: list[Region]) -> list[Region]:
    """Regions of lattices whose own material is graded: below every region that the design has."""
    lowest = min((r.priority for r in regions), default=0) - 1
    extra: list[Region] = []
    for name, thing in parts.items():
        if thing.graded is not None:
            extra += regions_of(thing.graded, f"{name}_material", name, None, lowest, {})
    return [*extra, *regions]
