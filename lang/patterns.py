"""Patterns: which mask is exposed into which film, and how; and by which process something is made."""

from __future__ import annotations

from typing import Any, Literal

from ..kernel import scene
from ..kernel.diagnostics import Edit, Fix, error
from ..kernel.quantity import LENGTH, Text, ref
from . import syntax as s
from .construct import required, to_kernel
from .evaluate import Evaluator
from .films import words_fit
from .frame import Frame
from .heads import INK_PROCESS, pattern_head, processes
from .scope import nearest
from .types import mistaken
from .values import POISON, Poison
from .where import block_fields, unambiguous

Makes = Literal["part", "mask"]

#: What names a process of that kind.
_STATEMENT = {"part": "print", "mask": "pattern"}


def process_of(ev: Evaluator, block: s.Block, frame: Frame, makes: Makes) -> str | None:
    """The process that a block names, "" where it names none, None after saying that there is no such process."""
    item = next((i for i in block.fields if i.name.text == "process"), None)
    if item is None:
        return ""
    node = item.value
    name = node.name if isinstance(node, s.Var) else ev.typed(node, frame, Text, "`process`")
    if isinstance(name, Poison):
        return None
    known = processes(makes)
    if name in known:
        return str(name)
    span = frame.span(node)
    other = _STATEMENT["mask" if makes == "part" else "part"]
    if name in processes("mask" if makes == "part" else "part"):
        what = "parts" if makes == "mask" else "masks"
        ev.say(
            error(
                "E330",
                f"`{name}` is a process of {what}, which `{other}` names; one of {', '.join(known)} was expected",
                span,
            )
        )
        return None
    near = nearest(name, known) or (INK_PROCESS if makes == "part" else "")
    ev.say(
        error(
            "E309",
            f"`{name}` is no process; "
            + (f"`{near}`" if near else f"one of {', '.join(known)}")
            + " was expected",
            span,
            notes=(f"processes of `{_STATEMENT[makes]}`: {', '.join(known)}",),
            fixes=(Fix(f"write `{near}`", (Edit(span, near),)),) if near else (),
        )
    )
    return None


def pattern_of(ev: Evaluator, node: s.Pattern, frame: Frame) -> scene.Pattern | None:
    mask = ev.typed(node.mask, frame.of_kind("mask"), ref("mask"), "`pattern`")
    block = node.block or s.Block(node.end, node.end, [])
    process = process_of(ev, block, frame, "mask")
    if process is None:
        for item in block.fields:
            if item.name.text != "process":
                ev.eval(item.value, frame.of_kind("mask"))
        return None
    kind = pattern_head(process)
    if not process:
        # Which fields there are hangs on the process, so nothing is said of the others.
        known = {f.name for p in processes("mask") for f in pattern_head(p).fields}
        named = {i.name.text for i in block.fields}
        misspelt = nearest("process", named - known) if named - known else None
        if misspelt is None:
            required(ev, kind, named, node.mask if node.block is None else node.block, frame)
            return None
    fields, spans = block_fields(ev, block, kind, frame.of_kind("mask"), node)
    written = {i.name.text for i in block.fields}
    present = written | mistaken(kind, [i.name.text for i in block.fields])
    if not required(ev, kind, present, node.mask, frame):
        return None
    if isinstance(mask, Poison) or fields is None:
        return None
    if not words_fit(ev, "pattern", fields, spans, frame.span(node)):
        return None
    own = {f.name: f.default for f in kind.fields if not f.required} | fields
    plain = {name: to_kernel(value) for name, value in own.items()}
    film, developer, develop = plain.pop("film"), plain.pop("developer"), plain.pop("develop")
    plain.pop("process")
    if developer is not None and not develop:
        ev.say(
            error(
                "E331",
                "the pattern leaves its film undeveloped and names a developer; one of both was expected",
                spans["developer"],
                notes=("`develop: false;` lets the next pattern of the same film add its dose",),
                fixes=(Fix("leave out the developer", (Edit(_whole(block, "developer", frame), ""),)),),
            )
        )
        return None
    made = mask.node
    return scene.Pattern(
        _called(made), made, film, process, frame.span(node), developer, develop, plain, spans
    )


def _called(mask: scene.Mask) -> str:
    """What a pattern is called: as its mask, otherwise as the masks that this is made of, otherwise as what makes it."""
    if mask.name:
        return mask.name
    inner = [c.name for c in mask.children if c.name]
    return "_".join(inner) if 0 < len(inner) <= _MOST_NAMES else mask.kind


#: Of so many names one is made, where a mask has none of its own.
_MOST_NAMES = 3


def _whole(block: s.Block, name: str, frame: Frame) -> Any:
    """Where a field stands with its `;`."""
    item = next(i for i in block.fields if i.name.text == name)
    span = frame.span(item)
    end = span.end
    text = frame.source.text
    while end < len(text) and text[end] in " \t":
        end += 1
    return type(span)(span.source, span.start, end + 1 if text[end : end + 1] == ";" else span.end)


def numbered(patterns: list[scene.Pattern]) -> list[scene.Pattern]:
    """Patterns of one name told apart by a number."""
    from dataclasses import replace

    taken = {p.name for p in patterns}
    seen: dict[str, int] = {}
    out = []
    for p in patterns:
        seen[p.name] = n = seen.get(p.name, 0) + 1
        name = p.name
        while n > 1 and name in taken:
            name, n = f"{p.name}_{n}", n + 1
        taken.add(name)
        out.append(p if name == p.name else replace(p, name=name))
    return out


def relief(ev: Evaluator, value: Any, node: s.Expr, frame: Frame) -> Any:
    """A thickness over x and y as the kernel's expression."""
    if not unambiguous(ev, node, frame, "`relief`"):
        return POISON
    if value.dim != LENGTH:
        from .values import type_name

        return ev.err(
            "E202", f"`{frame.text(node)}` is {type_name(value)}; `relief` takes a Length", frame, node
        )
    for part in scene.walk(value.expr):
        if part.op in ("inside", "distance") or (part.op == "coord" and part.args[0] in ("z", "depth")):
            what = part.args[0] if part.op == "coord" else part.op
            return ev.say(
                error(
                    "E332", f"`{what}` has no value on a film; a relief varies over x and y alone", part.span
                )
            )
    return value.expr
