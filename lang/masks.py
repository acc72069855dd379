"""Masks as values: moved, repeated, joined, cut, sized, and made of solids and parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..kernel import scene
from ..kernel.diagnostics import Span
from ..kernel.quantity import LENGTH, Length, ref
from . import syntax as s
from .call import Call
from .matrices import Matrix, compose
from .values import POISON, Num, Poison, Thing, type_name

#: Copies that one array of masks may have: they cost nothing, so this only finds slips.
MOST_COPIES = 1_000_000_000


def extents(mask: scene.Mask) -> dict[str, Any]:
    """`dots.x` and `dots.y`: from where to where a mask reaches."""
    from ..kernel.mask import extent

    box = extent(mask)
    if box is None:
        return {}
    return {
        "x": (Num(box[0], LENGTH), Num(box[2], LENGTH)),
        "y": (Num(box[1], LENGTH), Num(box[3], LENGTH)),
    }


def _thing(
    c: Call,
    kind: str,
    fields: Mapping[str, Any],
    children: tuple[scene.Mask, ...],
    spans: Mapping[str, Span] | None = None,
) -> Thing | Poison:
    """A mask made by a function, once it can be drawn."""
    from .construct import mask_is_sound

    span = c.frame.span(c.node)
    node = scene.Mask(kind, dict(fields), span, children, spans=dict(spans or {}))
    if not mask_is_sound(c.ev, node, node.spans, span):
        return POISON
    return Thing("mask", node, None, {}, {}, span)


def placed(c: Call, thing: Thing, matrices: tuple[Matrix, ...]) -> Thing | Poison:
    """The mask under each matrix."""
    from ..kernel.mask import too_far

    for m in matrices:
        if max(map(abs, (m[2], m[6], m[8], m[9], m[11]))) > 1e-12 or m[10] < 0:
            return c.err(
                "E333",
                f"`{c.name}` takes this mask out of its plane; masks are moved along x and y, turned about z and mirrored across x or y",
            )
    if len(matrices) > 1:
        return _thing(c, "array", {"to": matrices}, (thing.node,))
    span = c.frame.span(c.node)
    old = thing.node.matrix
    node = replace(thing.node, matrix=matrices[0] if old is None else compose(matrices[0], old), span=span)
    far = too_far(node)
    if far is not None:
        return c.err("E420", far)
    return replace(
        thing,
        node=node,
        construct=None,
        given={},
        fields={},
        span=span,
    )


def rows(c: Call, thing: Thing, n: tuple[int, ...], pitch: tuple[float, ...], node: s.Expr) -> Thing | Poison:
    """Copies in rows and columns, centred."""
    if len(n) > 2 and n[2] != 1:
        return c.err("E333", "`array` stacks this mask; masks are repeated along x and y")
    nx, ny = (*n, 1)[:2]
    px, py = (*pitch, 0.0)[:2]
    if nx * ny > MOST_COPIES:
        return c.err("E310", f"{nx * ny} copies are too many; at most {MOST_COPIES} were expected")
    for count, step in ((nx, px), (ny, py)):
        if count > 1 and step == 0:
            return c.err("E310", "a pitch of 0 um lays all copies over each other", node)
    return _thing(
        c, "array", {"n": (nx, ny), "pitch": (px, py)}, (thing.node,), {"pitch": c.frame.span(node)}
    )


def made_of(c: Call, values: list[Thing]) -> Thing | Poison:
    """`union`, `difference` and `intersection` of masks."""
    return _thing(c, c.name, {}, tuple(v.node for v in values))


def _mask(c: Call, node: s.Expr, what: str) -> Thing | Poison:
    found = c.typed(node, ref("mask"), what)
    return found if isinstance(found, Poison | Thing) else POISON


def grow(c: Call) -> Any:
    a = c.take("of", "by")
    if a is None:
        return POISON
    mask, by = _mask(c, a["of"], "`grow`"), c.typed(a["by"], Length, "`by`")
    if isinstance(mask, Poison) or isinstance(by, Poison):
        return POISON
    return _thing(c, "grow", {"by": by}, (mask.node,), {"by": c.frame.span(a["by"])})


def invert(c: Call) -> Any:
    a = c.take("of", "within")
    if a is None:
        return POISON
    mask, within = _mask(c, a["of"], "`invert`"), _mask(c, a["within"], "`within`")
    if isinstance(mask, Poison) or isinstance(within, Poison):
        return POISON
    return _thing(c, "invert", {}, (mask.node, within.node))


def cut(c: Call) -> Any:
    a = c.take("of", "at")
    if a is None:
        return POISON
    solid, at = (
        c.typed(a["of"], ref("solid"), "`slice`"),
        c.typed(
            a["at"],
            Length,
            "`at`",
        ),
    )
    if isinstance(solid, Poison) or isinstance(at, Poison):
        return POISON
    return _thing(c, "slice", {"solid": solid.node, "at": at}, (), {"at": c.frame.span(a["at"])})


def outline(c: Call) -> Any:
    """The box around a part, with the width of its filaments, or around a solid."""
    from .parts import bounds, lattices_in

    nodes = c.positional(1, 1)
    if nodes is None:
        return POISON
    value = c.ev.eval(nodes[0], c.frame)
    if value is POISON:
        return POISON
    if not (isinstance(value, Thing) and value.kind in ("part", "solid")):
        return c.err("E206", f"`outline` takes a part or a solid, not {type_name(value)}", nodes[0])
    box = bounds(value.node)
    if box is None:
        return c.err(
            "E310", f"how far `{c.frame.text(nodes[0])}` reaches is known after it is built", nodes[0]
        )
    wide = 0.0
    if value.kind == "part":
        made = lattices_in(value.node)
        widths = [r.fields.get("filament") for p in made for r in getattr(p, "layers", ())]
        wide = max(
            (w for w in (*widths, *(p.fields.get("filament") for p in made)) if w is not None), default=0.0
        )
    (x0, x1), (y0, y1), _ = box
    size = (x1 - x0 + wide, y1 - y0 + wide)
    return _thing(c, "rectangle", {"size": size, "at": ((x0 + x1) / 2, (y0 + y1) / 2)}, ())
