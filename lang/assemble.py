"""Makes the Scene: regions, prints, asserts, checks, what is assumed and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from ..kernel import scene
from ..kernel.diagnostics import Edit, Fix, Related, Source, Span
from ..kernel.material import SPREADS, Ink, Origin
from ..kernel.scene import Allow, Assumption, Param, Region, Scene, StateName
from ..kernel.voxels.resin import resins_of
from ..kernel.voxels.settings import written
from . import syntax as s
from .asserts import PostCheck, assert_holds, depends_on_figures
from .evaluate import Evaluator
from .frame import Frame
from .param_values import check_presets, check_test_overrides
from .patterns import numbered, pattern_of
from .prints import check_bath, inks_in, names_are_distinct, nothing_printed, print_of
from .scope import Env, nearest
from .values import Thing
from .where import gradients, region


def assemble(
    ev: Evaluator, env: Env, state: StateName, params: Mapping[str, Param], used: set[str], source: Source
) -> Scene | None:
    """The Scene of a design whose bindings are evaluated. Always goes through all of it, so that all errors are found."""
    frame = Frame(env, env.source)
    things = {n: b.value for n, b in env.bindings.items() if isinstance(b.value, Thing)}
    parts = {n: t for n, t in things.items() if t.kind == "part"}
    regions: list[Region] = []
    prints: list[tuple[scene.Print, s.Print]] = []
    patterns: list[scene.Pattern] = []
    order: list[s.Print | None] = []
    checks: list[PostCheck] = []
    allows: list[Allow] = []
    compensate: Literal["off", "uniform", "full"] = "full"
    for statement in env.module.statements:
        if isinstance(statement, s.Region):
            regions += region(ev, statement, frame)
        elif isinstance(statement, s.Print):
            made = print_of(ev, statement, frame)
            if made is not None:
                prints.append((made, statement))
                order.append(statement)
        elif isinstance(statement, s.Pattern):
            exposed = pattern_of(ev, statement, frame)
            if exposed is not None:
                patterns.append(exposed)
                order.append(None)
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
            said = [st for st in env.module.statements if isinstance(st, s.Compensate)]
            if statement is not said[0]:
                ev.err(
                    "E103",
                    "the compensation is said already; it is said once",
                    frame,
                    statement,
                    related=(Related(frame.span(said[0]), "said here first"),),
                    fixes=(Fix("remove it", (Edit(frame.span(statement), ""),)),),
                )
                continue
            compensate = _compensate(ev, statement, frame) or compensate
    check_presets(ev, env, ev.diagnostics)
    regions = gradients(parts, regions)
    names_are_distinct(prints)
    for made, _ in prints:
        check_bath(ev, made, regions, env)
    if not any(isinstance(st, s.Print | s.Pattern | s.Broken) for st in env.module.statements):
        nothing_printed(ev, env, parts, things)
    inks = _inks(things, prints, regions)
    baths = {b.name: b for b in (t.node for t in things.values() if t.kind == "bath")}
    for made, _ in prints:
        if made.bath is not None:
            baths.setdefault(made.bath.name, made.bath)
    patterns = numbered(patterns)
    films = {t.node.name: t.node for t in things.values() if t.kind == "film"}
    films |= {p.film.name: p.film for p in patterns if p.film.name not in films}
    ligands = {t.node.name: t.node for t in things.values() if t.kind == "ligand"}
    ligands |= {f.ligand.name: f.ligand for f in films.values() if f.ligand.name not in ligands}
    return Scene(
        name=source.name.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".wp"),
        state=state,
        inks=inks,
        baths=baths,
        parts={n: t.node for n, t in parts.items()},
        regions=tuple(regions),
        prints=tuple(p for p, _ in prints),
        params=tuple(params.values()),
        assumptions=tuple(_assumptions(env, things, params, used, prints, regions, patterns)),
        allows=tuple(allows),
        post_checks=tuple(checks),
        compensate=compensate,
        masks={n: t.node for n, t in things.items() if t.kind == "mask"},
        films=films,
        ligands=ligands,
        patterns=tuple(patterns),
        sequence=_sequence(order, prints, patterns),
    )


def _sequence(
    order: list[s.Print | None], prints: list[tuple[scene.Print, s.Print]], patterns: list[scene.Pattern]
) -> tuple[scene.Print | scene.Pattern, ...]:
    """Prints and patterns in the order of the text; () where nothing is patterned."""
    if not patterns:
        return ()
    made = {id(node): p for p, node in prints}
    left = iter(patterns)
    return tuple(made[id(node)] if node is not None else next(left) for node in order)


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
    patterns: list[scene.Pattern],
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
            if origin.assumed and what not in SPREADS and (owner, what) not in seen:
                seen.add((owner, what))
                out.append(Assumption(f"{owner}.{what}", origin, made.span))

    for made, node in prints:
        for item in node.block.fields if node.block is not None else ():
            if item.origin is not None and item.origin.assumed:
                text = item.origin.text.value if item.origin.text else ""
                what = f"{made.part.name}.{item.name.text}"
                out.append(Assumption(what, Origin(text, assumed=True), env.span(item)))
        if written(made):
            for film in resins_of(made):
                figures(film.name, film)
                figures(film.ligand.name, film.ligand)
            if made.fields.get("developer") is not None:
                figures(made.fields["developer"].name, made.fields["developer"])
            continue  # what light writes has no figures of an ink
        for ink, _span in inks_in(made.part, regions):
            figures(ink.name, ink)
            figures(ink.solvent.name, ink.solvent)
        if made.bath is not None:
            figures(made.bath.name, made.bath)
            figures(made.bath.solvent.name, made.bath.solvent)
    for node in env.module.statements:
        if isinstance(node, s.Print | s.Pattern) and node.block is not None:
            subject = node.part if isinstance(node, s.Print) else node.mask
            for item in node.block.fields:
                if item.origin is not None and item.origin.assumed:
                    text = item.origin.text.value if item.origin.text else ""
                    name = env.span(subject).text.split("\n")[0]
                    out.append(
                        Assumption(f"{name}.{item.name.text}", Origin(text, assumed=True), env.span(item))
                    )
    for p in patterns:
        figures(p.film.name, p.film)
        figures(p.film.ligand.name, p.film.ligand)
        if p.developer is not None:
            figures(p.developer.name, p.developer)
    return out
