"""Makes the Scene: regions, prints, asserts, checks, what is assumed and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from ..kernel import scene
from ..kernel.diagnostics import Diagnostic, Edit, Fix, Related, Source, Span, error, warning
from ..kernel.material import Bath, Ink, Origin
from ..kernel.quantity import ref
from ..kernel.scene import Allow, Assumption, Param, Region, Scene, StateName
from . import syntax as s
from .asserts import PostCheck, assert_holds, depends_on_figures
from .construct import field_value, unknown_field
from .evaluate import Evaluator, Frame
from .field_expr import as_expr
from .heads import PRINT, REGION
from .mixes import regions_of
from .parts import lattices_in
from .scope import BARE_WORDS, COORDINATES, Env, nearest, references
from .statements import check_presets, check_test_overrides
from .values import POISON, FieldVal, Graded, Poison, Thing, type_name

#: Ways of making a part that a print may name; the kernel knows them by the same words.
PROCESSES = ("wet_writing",)


def assemble(
    ev: Evaluator, env: Env, state: StateName, params: Mapping[str, Param], used: set[str], source: Source
) -> Scene | None:
    """The Scene of a design whose bindings are evaluated. Always goes through all of it, so that all errors are found."""
    frame = Frame(env, env.source)
    things = {n: b.value for n, b in env.bindings.items() if isinstance(b.value, Thing)}
    parts = {n: t for n, t in things.items() if t.kind == "part"}
    regions: list[Region] = []
    prints: list[tuple[scene.Print, s.Print]] = []
    checks: list[PostCheck] = []
    allows: list[Allow] = []
    compensate: Literal["off", "uniform", "full"] = "full"
    for statement in env.module.statements:
        if isinstance(statement, s.Region):
            regions += _region(ev, statement, frame)
        elif isinstance(statement, s.Print):
            made = _print(ev, statement, frame)
            if made is not None:
                prints.append((made, statement))
        elif isinstance(statement, s.Assert):
            if not depends_on_figures(ev, statement, env):
                assert_holds(ev, statement, frame)
            else:
                _early_figures(ev, statement, frame)
        elif isinstance(statement, s.Check):
            name = (
                statement.name.text
                if isinstance(statement.name, s.Name)
                else statement.name.value
                if statement.name
                else ""
            )
            checks += [PostCheck(name, a, env, state) for a in statement.asserts]
        elif isinstance(statement, s.Test):
            _test(ev, statement, frame)
        elif isinstance(statement, s.Allow):
            allows.append(_allow(ev, statement, frame))
        elif isinstance(statement, s.Compensate):
            compensate = _compensate(ev, statement, frame) or compensate
    check_presets(ev, env, ev.diagnostics)
    regions = _gradients(parts, regions)
    _names_are_distinct(prints)
    for made, _ in prints:
        check_bath(ev, made, regions, env)
    if not any(isinstance(st, s.Print | s.Broken) for st in env.module.statements):
        _nothing_printed(ev, env, parts)
    inks = _inks(things, prints, regions)
    baths = {b.name: b for b in (t.node for t in things.values() if t.kind == "bath")}
    for made, _ in prints:
        if made.bath is not None:
            baths.setdefault(made.bath.name, made.bath)
    return Scene(
        name=source.name.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".wp"),
        state=state,
        inks=inks,
        baths=baths,
        parts={n: t.node for n, t in parts.items()},
        regions=tuple(regions),
        prints=tuple(p for p, _ in prints),
        params=tuple(params.values()),
        assumptions=tuple(_assumptions(env, things, params, used, prints, regions)),
        allows=tuple(allows),
        post_checks=tuple(checks),
        compensate=compensate,
    )


# --- regions ---------------------------------------------------------------------------------------------------------


def _region(ev: Evaluator, node: s.Region, frame: Frame) -> list[Region]:
    part = ev.typed(node.part, frame, ref("part"), "a region")
    where = ev.eval(node.where, frame)
    fields, spans = _fields(ev, node.block, REGION, frame, node)
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
    for name, _, here in references(node.where):
        base = name.base if isinstance(name, s.Member) else name
        if (
            isinstance(base, s.Var)
            and base.name in COORDINATES
            and (base.name in frame.env.bindings or base.name in here)
        ):
            mine = frame.env.bindings[base.name]
            ev.err(
                "E107",
                f"`{base.name}` in `where` could be the coordinate or the {mine.kind} of line "
                f"{frame.source.line_col(mine.name.start)[0]}; another name was expected for the {mine.kind}",
                frame,
                base,
                related=(Related(frame.span(mine.name), "bound here"),),
            )
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
        graded = replace(material, steps=fields.get("steps", material.steps))
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


def _fields(
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


def _gradients(parts: Mapping[str, Thing], regions: list[Region]) -> list[Region]:
    """Regions of lattices whose own material is graded: below every region that the design has."""
    lowest = min((r.priority for r in regions), default=0) - 1
    extra: list[Region] = []
    for name, thing in parts.items():
        if thing.graded is not None:
            extra += regions_of(thing.graded, f"{name}_material", name, None, lowest, {})
    return [*extra, *regions]


# --- prints ----------------------------------------------------------------------------------------------------------


def _print(ev: Evaluator, node: s.Print, frame: Frame) -> scene.Print | None:
    part = ev.typed(node.part, frame, ref("part"), "`print`")
    block = node.block or s.Block(node.end, node.end, [])
    fields, spans = _fields(ev, block, PRINT, frame, node)
    written = {i.name.text for i in block.fields}
    if "bath" not in written:
        _no_bath(ev, node, part, frame)
        return None
    if isinstance(part, Poison) or fields is None:
        return None
    process = fields.pop("process", "wet_writing")
    if process not in PROCESSES:
        near = nearest(process, PROCESSES) or PROCESSES[0]
        ev.say(
            error(
                "E309",
                f"`{process}` is no process; `{near}` was expected",
                spans["process"],
                fixes=(Fix(f"write `{near}`", (Edit(spans["process"], near),)),),
            )
        )
        return None
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


def _names_are_distinct(prints: list[tuple[scene.Print, s.Print]]) -> None:
    seen: dict[str, int] = {}
    for i, (made, node) in enumerate(prints):
        name = made.part.name
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            prints[i] = (replace(made, part=replace(made.part, name=f"{name}_{seen[name]}")), node)


def _nothing_printed(ev: Evaluator, env: Env, parts: Mapping[str, Thing]) -> None:
    if not env.module.statements:
        ev.say(
            warning(
                "E315",
                "the design is empty; `print part { bath: ...; }` was expected",
                Span(env.source, 0, 0),
            )
        )
        return
    last = env.module.statements[-1]
    name = list(parts)[-1] if parts else None
    what = f"`print {name} {{ bath: ...; }}`" if name else "`print part { bath: ...; }`"
    ev.say(warning("E315", f"nothing is printed; {what} was expected", env.span(last)))


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
        fixes = (Fix(f"write `{right}`", (Edit(place, right),)),) if right else ()
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


def _right_bath(ev: Evaluator, env: Env, inks: list[Ink]) -> str | None:
    """A bath at hand that sets all the inks, as it would be written."""
    from .scope import UNSET, order
    from .statements import bind

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


def _inks(
    things: Mapping[str, Thing], prints: list[tuple[scene.Print, s.Print]], regions: list[Region]
) -> dict[str, Ink]:
    """Inks of the scene by name: those that the design declares, then others in use."""
    out = {t.node.name: t.node for t in things.values() if t.kind == "material"}
    for made, _ in prints:
        for ink, _span in inks_in(made.part, regions):
            if out.get(ink.name, ink) is not ink and not _same_ink(out[ink.name], ink):
                n = 2
                while f"{ink.name} {n}" in out:
                    n += 1
                out[f"{ink.name} {n}"] = ink
            else:
                out.setdefault(ink.name, ink)
    return out


def _same_ink(a: Ink, b: Ink) -> bool:
    return replace(a, span=None, provenance={}) == replace(b, span=None, provenance={})


# --- the rest --------------------------------------------------------------------------------------------------------


def _early_figures(ev: Evaluator, node: s.Assert, frame: Frame) -> None:
    text = frame.source.text[node.start : node.end]
    ev.err(
        "E323",
        "figures of a built part are not known when an `assert` runs; a `check` runs after the part is built",
        frame,
        node.cond,
        fixes=(Fix("put it into a `check`", (Edit(frame.span(node), f"check {{ {text} }}"),)),),
    )


def _test(ev: Evaluator, node: s.Test, frame: Frame) -> None:
    if node.overrides is not None:
        check_test_overrides(frame.env, node.overrides, ev.diagnostics)
    for item in node.items:
        if isinstance(item, s.Expect) and item.what.text not in ("error", "warning", "ok"):
            near = nearest(item.what.text, ("error", "warning", "ok")) or "error"
            ev.err(
                "E320",
                f"`expect {item.what.text}` is not known; `error`, `warning` or `ok` was expected",
                frame,
                item.what,
                fixes=ev.near_fix(frame, item.what, near),
            )


def _allow(ev: Evaluator, node: s.Allow, frame: Frame) -> Allow:
    from ..kernel.codes import CODES

    code = node.code.text
    known = [c.code for c in CODES if c.code.startswith("W")]
    if code not in known:
        near = nearest(code.upper(), known)
        ev.err(
            "E321",
            f"`{code}` is no design rule that can be allowed" + (f"; did you mean `{near}`?" if near else ""),
            frame,
            node.code,
            notes=("only warnings (W...) can be allowed; `wp explain CODE` tells each",),
            fixes=ev.near_fix(frame, node.code, near),
        )
    return Allow(code, node.because.value, frame.span(node))


_WAYS: tuple[Literal["off", "uniform", "full"], ...] = ("off", "uniform", "full")


def _compensate(ev: Evaluator, node: s.Compensate, frame: Frame) -> Literal["off", "uniform", "full"] | None:
    word = node.name.text
    for known in _WAYS:
        if word == known:
            return known
    near = nearest(word, _WAYS) or "full"
    ev.err(
        "E320",
        f"`{word}` is no way to compensate; `off`, `uniform` or `full` was expected",
        frame,
        node.name,
        fixes=ev.near_fix(frame, node.name, near),
    )
    return None


def _assumptions(
    env: Env,
    things: Mapping[str, Thing],
    params: Mapping[str, Param],
    used: set[str],
    prints: list[tuple[scene.Print, s.Print]],
    regions: list[Region],
) -> list[Assumption]:
    """Every figure in use that nobody measured: params and lets marked so, defaults, and what the inks and baths in use say."""
    out: list[Assumption] = []
    for name, binding in env.bindings.items():
        node = binding.statement
        if (
            isinstance(node, s.Param | s.Let)
            and node.origin is not None
            and node.origin.assumed
            and name in used
        ):
            text = node.origin.text.value if node.origin.text else ""
            out.append(Assumption(name, Origin(text, assumed=True), env.span(node)))
    seen: set[tuple[str, str]] = set()
    told: set[tuple[str, Span]] = set()
    for name, thing in things.items():
        if thing.kind != "part":
            continue
        for what, origin, span in thing.assumed:
            # A moved or joined part brings along what was assumed of the part itself.
            if (what, span) not in told:
                told.add((what, span))
                out.append(Assumption(f"{name}.{what}", origin, span))

    def figures(owner: str, made: Any) -> None:
        for what, origin in made.provenance.items():
            if origin.assumed and (owner, what) not in seen:
                seen.add((owner, what))
                out.append(Assumption(f"{owner}.{what}", origin, made.span))

    for made, _ in prints:
        for ink, _span in inks_in(made.part, regions):
            figures(ink.name, ink)
            figures(ink.solvent.name, ink.solvent)
        if made.bath is not None:
            figures(made.bath.name, made.bath)
            figures(made.bath.solvent.name, made.bath.solvent)
    return out
