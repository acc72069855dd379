"""What runs once the part is built: the asserts of `check` blocks, and the tests that a design holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ..kernel.diagnostics import Diagnostic, Severity, error
from ..kernel.quantity import AREA, CONDUCTIVITY, LENGTH, MASS, NONE, SIEMENS_PER_METRE, VOLUME, Dim
from ..kernel.records import dataclass
from ..kernel.scene import Scene
from . import syntax as s
from .asserts import PostCheck, assert_holds
from .evaluate import Evaluator, room_to_recurse
from .frame import Frame
from .load import Loaded, load
from .param_values import overrides_of_block
from .scope import nearest
from .values import POISON, Num, Thing, type_name

#: part name -> {"wet": figures, "dried": figures, "materials": {ink: figures}}, as kernel.measure gives them.
Figures = Mapping[str, Mapping[str, Any]]

#: Suffix of a figure's key -> factor to kernel units and dimension.
_UNITS: tuple[tuple[str, float, Dim], ...] = (
    ("_s_m", SIEMENS_PER_METRE, CONDUCTIVITY),
    ("_s", SIEMENS_PER_METRE * 1e6, CONDUCTIVITY.times(LENGTH)),
    ("_um3", 1.0, VOLUME),
    ("_um2", 1.0, AREA),
    ("_um", 1.0, LENGTH),
    ("_nl", 1e6, VOLUME),
    ("_ug", 1.0, MASS),
)


@dataclass(frozen=True, slots=True, eq=False)
class StateFigures:
    """`body.wet` or `body.dried` once the part is built."""

    part: str
    state: str
    own: Mapping[str, Any]
    materials: Mapping[str, Mapping[str, Any]]


def by_name(figures: Mapping[str, Any], state: Any = None) -> dict[str, Any]:
    """Figures as values of the language, under names without units; what does not exist (no gap) is infinite. What takes
    longer to find stays a function until it is asked for."""
    out: dict[str, Any] = {}
    for key, value in figures.items():
        suffix, factor, dim = next(((x, f, d) for x, f, d in _UNITS if key.endswith(x)), ("", 1.0, NONE))
        name = key.removesuffix(suffix) if suffix else key
        if callable(value):
            out[name] = partial(_found, value, factor, dim)
        elif value is None:
            out[name] = Num(float("inf"), dim, state)
        elif isinstance(value, bool | str):
            out[name] = value
        elif isinstance(value, int) and dim == NONE:
            out[name] = Num(value)
        elif isinstance(value, int | float):
            out[name] = Num(float(value) * factor, dim, state)
        elif isinstance(value, list | tuple):
            out[name] = tuple(_list(v, factor, dim, state) for v in value)
    return out


def _found(find: Callable[[], float], factor: float, dim: Dim) -> Num:
    return Num(find() * factor, dim)


def _list(value: Any, factor: float, dim: Dim, state: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_list(v, factor, dim, state) for v in value)
    return Num(float(value) * factor, dim, state)


class PostEvaluator(Evaluator):
    """An evaluator to which the figures of built parts are known."""

    def __init__(self, figures: Figures, state: Any) -> None:
        super().__init__(state)
        self.figures = figures

    def member(self, base: Any, node: s.Member, frame: Frame) -> Any:
        name = node.name.text
        if isinstance(base, Thing) and base.kind == "part" and name in ("wet", "dried"):
            found = self.figures.get(base.name)
            if found is None:
                built = ", ".join(self.figures)
                return self.err(
                    "E323",
                    f"`{frame.text(node.base)}` is not printed and has no figures; printed: {built or 'nothing'}",
                    frame,
                    node.base,
                )
            return StateFigures(base.name, name, found.get(name) or {}, found.get("materials") or {})
        if isinstance(base, StateFigures):
            known = by_name(base.own, base.state)
            if name in known and callable(known[name]):
                try:
                    return known[name]()
                except LookupError as unknown:
                    return self.err(
                        "E323", f"{unknown.args[0]}: nothing is known of `{name}`", frame, node.name
                    )
            if name in known:
                return known[name]
            if any(name in by_name(m) for m in base.materials.values()):
                return self.err(
                    "E323",
                    f"`{name}` is known for each ink; `{frame.text(node)}(ink)` was expected",
                    frame,
                    node.name,
                )
            near = nearest(name, known)
            tail = f"did you mean `{near}`?" if near else f"it has {', '.join(known)}"
            return self.err(
                "E323",
                f"`{frame.text(node.base)}` has no figure `{name}`; {tail}",
                frame,
                node.name,
                fixes=self.near_fix(frame, node.name, near),
            )
        return super().member(base, node, frame)

    def _call(self, node: s.Call, frame: Frame) -> Any:
        if isinstance(node.callee, s.Member):
            base = self.eval(node.callee.base, frame)
            if isinstance(base, StateFigures):
                return self._of_ink(base, node, node.callee, frame)
        return super()._call(node, frame)

    def _of_ink(self, base: StateFigures, node: s.Call, callee: s.Member, frame: Frame) -> Any:
        name = callee.name.text
        if len(node.args) != 1 or node.args[0].name is not None:
            return self.err(
                "E208", f"`{name}` takes one ink, such as `{frame.text(callee)}(au)`", frame, node
            )
        ink = self.eval(node.args[0].value, frame)
        if ink is POISON:
            return POISON
        if not (isinstance(ink, Thing) and ink.kind == "material"):
            return self.err("E206", f"`{name}` takes an ink, not {type_name(ink)}", frame, node.args[0])
        found = base.own.get("materials", base.materials).get(ink.name)
        if found is None:
            used = ", ".join(base.materials)
            return self.err(
                "E323",
                f"no filament of `{base.part}` is made of `{ink.name}`; its inks are {used}",
                frame,
                node.args[0],
            )
        known = by_name(found, base.state)
        if name in known:
            return known[name]
        near = nearest(name, known)
        return self.err(
            "E323",
            f"`{name}` is not known for one ink; {', '.join(known)} are",
            frame,
            callee.name,
            fixes=self.near_fix(frame, callee.name, near),
        )


def run_post_checks(scene: Scene, figures: Figures) -> list[Diagnostic]:
    """Every assert of every `check` block that does not hold, with its values."""
    out: list[Diagnostic] = []
    with room_to_recurse():
        for check in scene.post_checks:
            assert isinstance(check, PostCheck)
            ev = PostEvaluator(figures, check.state)
            assert_holds(ev, check.node, Frame(check.env, check.env.source), "E322", check.name)
            out += ev.diagnostics
    return out


#: What builds a variant of a design: its figures by part, and what was said on the way.
Build = Callable[[Loaded], tuple[Figures, list[Diagnostic]]]


def run_tests(loaded: Loaded, build: Build) -> list[tuple[str, list[Diagnostic]]]:
    """The design's tests by name, each with what failed (nothing where it passes)."""
    tests = [node for node in loaded.module.statements if isinstance(node, s.Test)]
    return [(node.name.value, _run(loaded, node, build)) for node in tests]


def _run(loaded: Loaded, node: s.Test, build: Build) -> list[Diagnostic]:
    said: list[Diagnostic] = []
    overrides = overrides_of_block(loaded.env, node.overrides, said) if node.overrides else {}
    if said:
        return said
    path = loaded.path if loaded.path is not None else "-"
    variant = load(path, loaded.source.text, loaded.sets, overrides=overrides)
    found = list(variant.diagnostics)
    figures: Figures = {}
    if variant.scene is not None:
        figures, more = build(variant)
        found += more
        if not _errors(found):
            found += run_post_checks(variant.scene, figures)
    failed: list[Diagnostic] = []
    expects = [i for i in node.items if isinstance(i, s.Expect)]
    for expect in expects:
        wrong = _expectation(loaded, expect, found)
        if wrong is not None:
            failed.append(wrong)
    if not any(e.what.text == "error" for e in expects):
        errors = _errors(found)
        if not any(e.what.text == "ok" for e in expects):
            failed += errors
        if not errors:
            ev = PostEvaluator(figures, variant.scene.state if variant.scene else "dried")
            for item in node.items:
                if isinstance(item, s.Assert):
                    with room_to_recurse():
                        assert_holds(ev, item, Frame(variant.env, variant.source), "E324", node.name.value)
            failed += ev.diagnostics
    return failed


def _errors(found: list[Diagnostic]) -> list[Diagnostic]:
    return [d for d in found if d.severity is Severity.ERROR]


def _expectation(loaded: Loaded, node: s.Expect, found: list[Diagnostic]) -> Diagnostic | None:
    """What is wrong with an expectation, None where it is met."""
    what = node.what.text
    errors = _errors(found)
    span = loaded.env.span(node)
    if what == "ok":
        if not errors:
            return None
        return error("E324", f"no error was expected; there {_are(errors)}", span, notes=_listed(errors))
    pool = errors if what == "error" else [d for d in found if d.severity is Severity.WARNING]
    if node.match is None:
        return None if pool else error("E324", f"no {what} came; one was expected", span)
    if isinstance(node.match, s.Name):
        met = any(d.code == node.match.text for d in pool)
        wanted = f"{what} {node.match.text}"
    else:
        words = node.match.value.lower()
        met = any(words in d.message.lower() or words == d.code.lower() for d in pool)
        wanted = f'{what} that says "{node.match.value}"'
    if met:
        return None
    came = f"there {_are(pool)}" if pool else f"no {what} came"
    return error(
        "E324",
        f"{came}; an {wanted} was expected" if what == "error" else f"{came}; a {wanted} was expected",
        span,
        notes=_listed(pool),
    )


def _are(pool: list[Diagnostic]) -> str:
    return f"is {pool[0].code}" if len(pool) == 1 else f"are {len(pool)} others"


def _listed(pool: list[Diagnostic]) -> tuple[str, ...]:
    return tuple(f"{d.code}: {d.message}" for d in pool[:5])
