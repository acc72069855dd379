"""A part that asks for its own extents, which only its ink may: `material: mix(au: ramp(x, over: body.x), ...)` of `body`."""

from __future__ import annotations

from . import syntax as s
from .scope import OWN_EXTENTS, Binding, references


def asks_itself(binding: Binding) -> bool:
    """Whether a lattice or path asks for its own extents where it may, in its ink: `material: mix(au: ramp(x, over: body.x),
    ...)` of `body`. What it is made of changes none of them; asked for anywhere else, they are a cycle."""
    node = binding.statement
    if (
        not (isinstance(node, s.Decl) and isinstance(node.value, s.Construct))
        or node.kind.text not in OWN_EXTENTS
    ):
        return False
    inks, others = split_inks(node.value.block)
    name = node.name.text
    return any(names_itself(i, name) for i in inks) and not any(
        names_itself(o, name) for o in (node.value.head, *others)
    )


def split_inks(block: s.Block) -> tuple[list[s.Field], list[s.Node]]:
    """The fields that say what something is made of, in the block and its rules of layers; and all the others."""
    inks: list[s.Field] = []
    others: list[s.Node] = []
    for item in block.items:
        fields = item.block.items if isinstance(item, s.Layer) else [item]
        for one in fields:
            if isinstance(one, s.Field) and one.name.text == "material":
                inks.append(one)
            else:
                others.append(one)
    return inks, others


def names_itself(tree: s.Node, name: str) -> bool:
    """Whether a member of `name` is asked for; the bare name is another matter."""
    return any(isinstance(n, s.Member) and _base(n) == name for n, _, _ in references(tree))


def _base(node: s.Member) -> str:
    return node.base.name if isinstance(node.base, s.Var) else ""
