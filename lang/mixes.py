"""Mixed inks: fixed proportions make one ink; proportions that vary over space make premixed steps, each with its region."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

from ..kernel.diagnostics import Span
from ..kernel.material import Ink, mix
from ..kernel.quantity import NONE, Count, ref
from ..kernel.scene import Expr, Region
from . import syntax as s
from .call import Call
from .field_expr import interval
from .units import show
from .values import POISON, FieldVal, Graded, Num, Poison, Rest, Thing, type_name

#: Premixed inks of one graded mix.
MOST_STEPS = 32
_TOLERANCE = 1e-6


def mix_call(c: Call) -> Any:
    """`mix(au: 50%, cdse: rest)`; a fraction may be a field such as `ramp(x, over: body.x)`, in `steps: 5` premixed inks."""
    parts: list[tuple[Thing, Any, s.Arg]] = []
    rests: list[s.Arg] = []
    steps, live = 5, True
    for arg in c.node.args:
        if arg.name is None:
            return c.err(
                "E208",
                f"`mix` takes each ink with its share, such as `mix({c.frame.text(arg)}: 50%, ...)`",
                arg,
            )
        if isinstance(arg.name, s.Var) and arg.name.name == "steps":
            live = False
            steps = c.typed(arg.value, Count, "`steps`")
            if isinstance(steps, Poison):
                return POISON
            if not 2 <= steps <= MOST_STEPS:
                return c.err(
                    "E310",
                    f"{steps} cannot be the steps of a mix; 2 to {MOST_STEPS} were expected",
                    arg.value,
                )
            continue
        ink = c.typed(arg.name, ref("material"), "a mix")
        share = c.ev.eval(arg.value, c.frame)
        if isinstance(ink, Poison) or share is POISON:
            return POISON
        if isinstance(ink, Graded):
            return c.err("E206", "a graded mix cannot be mixed again", arg.name)
        if any(ink.node is p[0].node for p in parts):
            return c.err("E208", f"`{c.frame.text(arg.name)}` stands in the mix twice", arg.name)
        if isinstance(share, Rest):
            rests.append(arg)
        elif not isinstance(share, Num | FieldVal) or share.dim != NONE:
            return c.err(
                "E202",
                f"`{c.frame.text(arg.value)}` is {type_name(share)}; a share such as `50%` was expected",
                arg.value,
            )
        parts.append((ink, share, arg))
    if len(parts) < 2:
        return c.err("E208", "`mix` takes two inks or more: `mix(au: 50%, cdse: 50%)`")
    if len(rests) > 1:
        return c.err(
            "E311", "`rest` stands twice in one mix; only one ink can take what is left", rests[1].value
        )
    solvents = {p[0].node.solvent.name for p in parts}
    if len(solvents) > 1:
        return c.err(
            "E311",
            f"inks in different solvents ({', '.join(sorted(solvents))}) do not mix; one solvent was expected",
        )
    for _, share, arg in parts:
        low, high = _range(share)
        if low < -_TOLERANCE or high > 1 + _TOLERANCE:
            out = high if high > 1 else low
            what = show(out, NONE) if abs(out) < float("inf") else "any number"
            note = ("`ramp(x, over: body.x)` runs from 0 to 1 and never leaves them",)
            varies = "may reach" if isinstance(share, FieldVal) else "is"
            return c.err(
                "E311",
                f"the share {varies} {what}; 0 to 1 was expected",
                arg.value,
                notes=note if varies != "is" else (),
            )
    if any(isinstance(p[1], FieldVal) for p in parts):
        return _graded(c, parts, rests, steps, live)
    total = sum(float(p[1].value) for p in parts if isinstance(p[1], Num))
    if rests and total > 1 + _TOLERANCE:
        return c.err(
            "E311", f"the shares make {total * 100:.6g}% without the `rest`; at most 100% was expected"
        )
    if not rests and abs(total - 1) > _TOLERANCE:
        last = parts[-1]
        text = f"{(1 - total + float(last[1].value)) * 100:.6g}%"
        from ..kernel.diagnostics import Edit, Fix

        fixes = (
            Fix(f"write `{text}`", (Edit(c.frame.span(last[2].value), text),)),
            Fix("write `rest`", (Edit(c.frame.span(last[2].value), "rest"),)),
        )
        return c.err(
            "E311",
            f"the shares of the mix make {total * 100:.6g}%; 100% was expected",
            fixes=fixes if 0 < 1 - total + float(last[1].value) <= 1 else (),
        )
    shares = [(t, 1 - total if isinstance(v, Rest) else float(v.value)) for t, v, _ in parts]
    return premixed([(t, f) for t, f in shares if f > _TOLERANCE], c.frame.span(c.node))


def _range(share: Any) -> tuple[float, float]:
    if isinstance(share, Num):
        return float(share.value), float(share.value)
    if isinstance(share, FieldVal):
        return interval(share.expr)
    return 0.0, 1.0


def premixed(parts: list[tuple[Thing, float]], span: Span) -> Thing:
    """One ink of fixed shares; of a single ink, that ink."""
    if len(parts) == 1:
        return parts[0][0]
    name = "_".join(f"{t.name}{round(100 * f)}" for t, f in parts)
    ink = mix(name, tuple((t.node, f) for t, f in parts), span)
    fields = {
        "swell": ink.swell, "shrink": ink.shrink, "poisson": ink.poisson, "swell_sd": ink.swell_sd, "shrink_sd": ink.shrink_sd,
        "poisson_sd": ink.poisson_sd, "shrink_poisson": ink.shrink_poisson, "xerogel_shrink": ink.xerogel_shrink,
        "sintered_shrink": ink.sintered_shrink, "concentration": ink.concentration_ug_um3,
        "density": ink.density_ug_um3, "width_min": ink.width_min_um, "width_max": ink.width_max_um,
        "nanocrystal": ink.nanocrystal, "colour": ink.colour, "solvent": parts[0][0].fields.get("solvent"),
    }  # fmt: skip
    construct = parts[0][0].construct
    return Thing("material", ink, construct, {}, fields, span, {}, ink.provenance)


def _graded(
    c: Call, parts: list[tuple[Thing, Any, s.Arg]], rests: list[s.Arg], steps: int, live: bool
) -> Any:
    if not rests:
        return c.err(
            "E311",
            "shares that vary over space cannot be shown to make 100%; `rest` was expected for one ink",
            parts[-1][2].value,
            fixes=c.ev.near_fix(c.frame, parts[-1][2].value, "rest"),
        )
    high = sum(_range(v)[1] for _, v, _ in parts if not isinstance(v, Rest))
    if high > 1 + _TOLERANCE:
        return c.err("E311", f"the shares may make {high * 100:.6g}% together; at most 100% was expected")
    varying = sum(isinstance(v, FieldVal) for _, v, _ in parts)
    if steps**varying > MOST_STEPS * 4:
        return c.err(
            "E311",
            f"{steps} steps of {varying} inks need {steps**varying} premixed inks; fewer steps were expected",
        )
    live = live and len(parts) == 2
    return Graded(tuple((t, v) for t, v, _ in parts), steps, c.frame.span(c.node), live)


def levels(graded: Graded) -> list[tuple[Thing, Expr]]:
    """The premixed inks of a graded mix, and where each is: every place takes the nearest of `steps` even levels."""
    span = graded.span
    varying = [(t, v) for t, v in graded.parts if isinstance(v, FieldVal)]
    fixed = sum(float(v.value) for _, v in graded.parts if isinstance(v, Num))
    out: list[tuple[Thing, Expr]] = []
    last = graded.steps - 1
    for at in product(range(graded.steps), repeat=len(varying)):
        share = [k / last for k in at]
        left = 1 - fixed - sum(share)
        if left < -0.5 / last * len(varying):
            continue
        shares: list[tuple[Thing, float]] = []
        chosen = iter(share)
        for thing, v in graded.parts:
            f = (
                next(chosen)
                if isinstance(v, FieldVal)
                else max(0.0, left)
                if isinstance(v, Rest)
                else float(v.value)
            )
            shares.append((thing, f))
        total = sum(f for _, f in shares)
        ink = premixed([(t, f / total) for t, f in shares if f > _TOLERANCE], span)
        if graded.live and ink.node.parts:
            ink = replace(ink, node=replace(ink.node, live=tuple(t.node.name for t, _ in graded.parts)))
        where: Expr | None = None
        for (_, v), k in zip(varying, at, strict=True):
            for bound in _between(v.expr, k, last, span):
                where = bound if where is None else Expr("and", (where, bound), span)
        out.append((ink, where if where is not None else Expr("const", (True,), span)))
    return out


def _between(e: Expr, k: int, last: int, span: Span) -> list[Expr]:
    bounds: list[Expr] = []
    if k > 0:
        bounds.append(Expr(">=", (e, Expr("const", ((k - 0.5) / last,), span)), span))
    if k < last:
        bounds.append(Expr("<", (e, Expr("const", ((k + 0.5) / last,), span)), span))
    return bounds


def regions_of(
    graded: Graded, name: str, part: str, within: Expr | None, priority: int, more: dict[str, Any]
) -> list[Region]:
    """A region for each premixed ink. `more`: other fields that each region takes over."""
    share = _first_share(graded) if graded.live else None
    out: list[Region] = []
    for i, (ink, where) in enumerate(levels(graded)):
        w = where if within is None else Expr("and", (within, where), graded.span)
        out.append(
            Region(
                f"{name}_step{i}",
                part,
                w,
                graded.span,
                material=ink.node,
                priority=priority,
                gradient=name,
                share=share,
                **more,
            )
        )
    return out


def _first_share(graded: Graded) -> Expr:
    """The share of the first ink of a live mix: its own, or what the other leaves."""
    (_, first), (_, second) = graded.parts
    if isinstance(first, FieldVal):
        return first.expr
    span = graded.span
    return Expr("-", (Expr("const", (1.0,), span), second.expr), span)


def inks_of(value: Any) -> list[Ink]:
    return [t.node for t, _ in levels(value)] if isinstance(value, Graded) else [value.node]
