"""Prints: which part is made in which bath, and whether the bath sets its inks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..kernel import scene
from ..kernel.diagnostics import Diagnostic, Edit, Fix, Related, Span, error, warning
from ..kernel.material import Bath, Ink
from ..kernel.quantity import ref
from ..kernel.scene import Region
from . import syntax as s
from .construct import required, to_kernel
from .evaluate import Evaluator
from .frame import Frame
from .heads import INK_PROCESS, print_head
from .parts import lattices_in
from .patterns import process_of
from .scope import UNSET, Env, nearest, order
from .types import mistaken
from .values import Poison, Thing
from .where import block_fields

#: How a part is held as it dries.
BASES = ("pinned", "free")

#: Where closed filaments begin, if not as drawn.
SEAMS = ("nearest", "aligned", "spread")


def print_of(ev: Evaluator, node: s.Print, frame: Frame) -> scene.Print | None:
    part = ev.typed(node.part, frame, ref("part"), "`print`")
    block = node.block or s.Block(node.end, node.end, [])
    process = process_of(ev, block, frame, "part")
    if process is None:
        return None
    process = process or INK_PROCESS
    kind = print_head(process)
    fields, spans = block_fields(ev, block, kind, frame, node)
    names = [i.name.text for i in block.fields]
    meant = mistaken(kind, names)
    if process != INK_PROCESS:
        if not required(ev, kind, {*names, *meant}, node.part, frame):
            return None
        if isinstance(part, Poison) or fields is None:
            return None
        fields.pop("process")
        own = {f.name: f.default for f in kind.fields if not f.required and f.name != "process"} | fields
        made = part.node if part.node.name else replace(part.node, name="part")
        plain = {n: to_kernel(v) for n, v in own.items()}
        return scene.Print(made, None, frame.span(node), process, plain, spans)
    if "bath" in meant:
        return None
    if "bath" not in names:
        _no_bath(ev, node, part, frame)
        return None
    if isinstance(part, Poison) or fields is None:
        return None
    fields.pop("process", None)
    base = fields.get("base", "pinned")
    if base not in BASES:
        near = nearest(base, BASES) or BASES[0]
        ev.say(
            error(
                "E309",
                f"`{base}` is no way to hold the base; `{near}` was expected",
                spans["base"],
                notes=("pinned: the first layer sticks to the substrate; free: nothing holds the part",),
                fixes=(Fix(f"write `{near}`", (Edit(spans["base"], near),)),),
            )
        )
        return None
    seam = fields.get("seam")
    if seam is not None and seam not in SEAMS:
        near = nearest(seam, SEAMS) or SEAMS[0]
        ev.say(
            error(
                "E309",
                f"`{seam}` is no place for seams; `{near}` was expected",
                spans["seam"],
                notes=(f"{', '.join(SEAMS)}; without the field closed filaments begin as drawn",),
                fixes=(Fix(f"write `{near}`", (Edit(spans["seam"], near),)),),
            )
        )
        return None
    if fields.get("anchors") is not None:
        fields["anchors"] = fields["anchors"].node
    bath = fields.pop("bath", None)
    made = part.node if part.node.name else replace(part.node, name="part")
    return scene.Print(
        made, bath.node if bath is not None else None, frame.span(node), process, fields, spans
    )


def _no_bath(ev: Evaluator, node: s.Print, part: Any, frame: Frame) -> None:
    """A print without its bath: the message proposes one that sets the part's inks."""
    right = (
        _right_bath(ev, frame.env, [i for i, _ in inks_in(part.node, [])])
        if isinstance(part, Thing)
        else None
    )
    text = frame.source.text[node.part.start : node.part.end]
    fixes: tuple[Fix, ...] = ()
    if right and node.block is None:
        new = f"print {text} {{ bath: {right}; }}"
        fixes = (Fix(f"write `{new}`", (Edit(frame.span(node), new),)),)
    elif right and node.block is not None:
        at = Span(frame.source, node.block.start + 1, node.block.start + 1)
        fixes = (Fix(f"insert `bath: {right};`", (Edit(at, f" bath: {right};"),)),)
    ev.err(
        "E105",
        f"`print {text}` also needs `bath: Bath`" + (f"; `bath: {right};` was expected" if right else ""),
        frame,
        node.part,
        notes=("bath: the gelation bath it is printed in",),
        fixes=fixes,
    )


def names_are_distinct(prints: list[tuple[scene.Print, s.Print]]) -> None:
    seen: dict[str, int] = {}
    for i, (made, node) in enumerate(prints):
        name = made.part.name
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            prints[i] = (replace(made, part=replace(made.part, name=f"{name}_{seen[name]}")), node)


def nothing_printed(ev: Evaluator, env: Env, parts: Mapping[str, Thing], things: Mapping[str, Thing]) -> None:
    """Say that a design makes nothing, and what it lacks: prints of its parts, or patterns of its masks and films."""
    if not env.module.statements:
        ev.say(
            warning(
                "E315",
                "the design is empty; `print part { bath: ...; }` was expected",
                Span(env.source, 0, 0),
            )
        )
        return
    last = env.span(env.module.statements[-1])
    masks, films = ([n for n, t in things.items() if t.kind == kind] for kind in ("mask", "film"))
    if not parts and (masks or films):
        film = films[-1] if films else "..."
        none = (
            f"no mask is exposed into film `{film}`"
            if films
            else f"mask `{masks[-1]}` is exposed into no film"
        )
        what = f"`pattern {masks[-1] if masks else 'mask'} {{ film: {film}; process: ...; }}`"
        ev.say(warning("E315", f"{none}; {what} was expected", last))
        return
    what = f"`print {list(parts)[-1] if parts else 'part'} {{ bath: ...; }}`"
    ev.say(warning("E315", f"nothing is printed; {what} was expected", last))


def inks_in(part: Any, regions: list[Region]) -> list[tuple[Ink, Span]]:
    """Every ink of a part with a place that chose it, in order."""
    found: dict[int, tuple[Ink, Span]] = {}

    def add(ink: Any, span: Span) -> None:
        if isinstance(ink, Ink):
            found.setdefault(id(ink), (ink, span))

    names: set[str] = set()
    pending: list[Any] = [part]
    while pending:
        at = pending.pop()
        names.add(at.name)
        pending += (
            [at.part]
            if isinstance(at, scene.Placed)
            else list(at.parts)
            if isinstance(at, scene.Union)
            else []
        )
    for lattice in lattices_in(part):
        rules = lattice.layers if isinstance(lattice, scene.Lattice) else ()
        if not rules or any("material" not in r.fields for r in rules):
            add(lattice.fields.get("material"), lattice.spans.get("material", lattice.span))
        for rule in rules:
            add(rule.fields.get("material"), rule.spans.get("material", lattice.span))
    for region in regions:
        if region.part in names:
            add(region.material, region.span)
    return list(found.values())


def check_bath(ev: Evaluator, made: scene.Print, regions: list[Region], env: Env) -> None:
    """Every ink needs one of its linkers in the bath, else it dissolves instead of setting."""
    if made.bath is None:
        return
    has = {k.ion for k in made.bath.linkers}
    inks = inks_in(made.part, regions)
    for ink, span in inks:
        wants = [k.ion for k in ink.linkers]
        if not wants or has & set(wants):
            continue
        right = _right_bath(ev, env, [i for i, _ in inks])
        place = made.spans.get("bath", made.span)
        new = right or _with_linkers(env, place.text, [i for i, _ in inks])
        fixes = (Fix(f"write `{new}`", (Edit(place, new),)),) if new else ()
        ev.say(
            error(
                "E313",
                f"bath `{made.bath.name}` carries {', '.join(sorted(has)) or 'no linker'}; ink `{ink.name}` is linked by "
                f"{' or '.join(wants)} and would not set",
                place,
                label="this bath",
                related=(Related(span, f"ink `{ink.name}` is chosen here"),),
                notes=()
                if right
                else ("a bath may carry several linkers: `nc.butanol_bath { linkers: [...]; }`",),
                fixes=fixes,
            )
        )


def _with_linkers(env: Env, bath: str, inks: list[Ink]) -> str:
    """The bath with one linker for each ink, as it would be written; "" where its linkers are not at hand under a name."""
    known: dict[str, str] = {}
    for prefix, at in (("", env), *((f"{a}.", e) for a, e in env.imports.items() if e is not None)):
        for name, binding in at.bindings.items():
            if isinstance(binding.value, Thing) and binding.value.kind == "linker":
                known.setdefault(binding.value.node.ion, prefix + name)
    chosen: list[str] = []
    for ink in inks:
        names = [known[k.ion] for k in ink.linkers if k.ion in known]
        if not names and ink.linkers:
            return ""
        if names and not set(names) & set(chosen):
            chosen.append(names[0])
    if "{" in bath or "\n" in bath:
        return ""
    return f"{bath} {{ linkers: [{', '.join(chosen)}]; }}"


def _right_bath(ev: Evaluator, env: Env, inks: list[Ink]) -> str | None:
    """A bath at hand that sets all the inks, as it would be written."""
    from .bindings import bind

    for prefix, at in (("", env), *((f"{a}.", e) for a, e in env.imports.items() if e is not None)):
        names = [n for n, b in at.bindings.items() if b.kind == "bath"]
        if prefix:
            silent: list[Diagnostic] = []
            ordered, cyclic = order([(at, n) for n in names], silent)
            for where, name in ordered:
                if where.bindings[name].value is UNSET:
                    bind(ev, where, name, (id(where), name) in cyclic, None)
        for name in names:
            thing = at.bindings[name].value
            if isinstance(thing, Thing) and isinstance(thing.node, Bath):
                ions = {k.ion for k in thing.node.linkers}
                if all(not i.linkers or ions & {k.ion for k in i.linkers} for i in inks):
                    return prefix + name
    return None
