"""For scenes that a Python program puts together: things of the library, and places in the program's own text."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from ..kernel.chemistry import Developer
from ..kernel.diagnostics import Diagnostic, Source, Span, error
from ..kernel.film import Film
from ..kernel.mask import MASKS
from ..kernel.material import Bath, Ink, Linker, Solvent
from ..kernel.process import PROCESSES
from ..kernel.quantity import Construct, Type
from ..kernel.scene import Expr, Lattice, Mask, Path, Pattern, Placed, Scene, Solid, Union
from .construct import mask_fault
from .heads import processes, registers
from .scope import nearest
from .types import nearest_field


def library(name: str = "nanocrystal.wp") -> SimpleNamespace:
    """Inks, solvents, linkers and baths of the library, as the kernel holds them, by name: `library().gold`."""
    from .load import load
    from .source import LIBRARY
    from .values import Thing

    values = {n: b.value for n, b in load(LIBRARY / name).env.bindings.items()}
    return SimpleNamespace(**{n: v.node for n, v in values.items() if isinstance(v, Thing)})


def here() -> Span:
    """The line of the program that calls this: the place that parts of a scene want, so that messages point at it."""
    frame = sys._getframe(1)
    name, number = frame.f_code.co_filename, frame.f_lineno
    lines = linecache.getlines(name, frame.f_globals)
    start = sum(len(line) for line in lines[: number - 1])
    text = lines[number - 1].rstrip("\n") if 0 < number <= len(lines) else ""
    return Span(Source(name, "".join(lines)), start, start + len(text))


_KINDS: dict[str, Any] = {
    "material": (Ink, Film),
    "bath": Bath,
    "linker": Linker,
    "solvent": Solvent,
    "solid": Solid,
    "mask": Mask,
}


#: Masks that functions make, whose fields hang on each other: the sets that each may have.
_BY_FUNCTION: dict[str, tuple[tuple[str, ...], ...]] = {
    "array": (("n", "pitch"), ("to",)),
    "slice": (("solid", "at"),),
}

#: Of how many masks others are made, where that is not one or more: least and most.
_CHILDREN = {"array": (1, 1), "grow": (1, 1), "invert": (2, 2), "slice": (0, 0)}


def _counted(least: int, most: int | None) -> str:
    return f"{least} or more" if most is None else str(least)


def checked(scene: Scene) -> tuple[Scene, list[Diagnostic]]:
    """The scene with lists as tuples, and what is wrong with the fields of its parts, solids, masks and patterns: names that a
    construct does not have (E102), fields that it lacks (E105), values of another type (E202), masks that cannot be drawn (E420, E421)."""
    check = _Check()
    prints = {id(p): replace(p, part=check.part(p.part)) for p in scene.prints}
    patterns = {id(p): check.pattern(p) for p in scene.patterns}
    parts = {n: check.part(p) for n, p in scene.parts.items()}
    return replace(
        scene,
        prints=tuple(prints[id(p)] for p in scene.prints),
        patterns=tuple(patterns[id(p)] for p in scene.patterns),
        # What is made in order are the same things.
        sequence=tuple(prints.get(id(p)) or patterns.get(id(p)) or p for p in scene.sequence),
        parts=parts,
        masks={n: check.part(m) for n, m in scene.masks.items()},
    ), check.said


class _Check:
    def __init__(self) -> None:
        self.said: list[Diagnostic] = []
        self._done: dict[int, tuple[Any, Any]] = {}

    def part(self, node: Any) -> Any:
        """The part, each once however often it is used."""
        if id(node) not in self._done:
            self._done[id(node)] = (node, self._part(node))
        return self._done[id(node)][1]

    def _part(self, node: Any) -> Any:
        if isinstance(node, Placed):
            return replace(node, part=self.part(node.part))
        if isinstance(node, Union):
            return replace(node, parts=tuple(self.part(p) for p in node.parts))
        if isinstance(node, Lattice):
            layers = tuple(replace(r, fields=self._fields(node, r.fields)) for r in node.layers)
            return replace(node, fields=self._fields(node, node.fields), layers=layers)
        if isinstance(node, Path):
            return replace(node, fields=self._fields(node, node.fields))
        if isinstance(node, Solid):
            children = tuple(self.part(c) for c in node.children)
            return replace(node, fields=self._fields(node, node.fields), children=children)
        if isinstance(node, Mask):
            return self._mask(node)
        return node

    def pattern(self, node: Pattern) -> Pattern:
        """The pattern with the defaults of what it leaves out."""
        mask, known = self.part(node.mask), processes("mask")
        if node.process not in known:
            self._say(
                "E309",
                f"`{node.process}` is no process of a pattern; one of {', '.join(known)} was expected",
                node.span,
            )
            return replace(node, mask=mask)
        own = PROCESSES[node.process].construct
        for name, kind, value in (
            ("film", Film, node.film), ("developer", Developer, node.developer), ("mask", Mask, node.mask)
        ):  # fmt: skip
            if not isinstance(value, kind) and not (name == "developer" and value is None):
                self._say(
                    "E202", f"`{name}` of `pattern` is {value!r}; a {name} was expected"[:300], node.span
                )
        fields = self._complete(node, own, self._held_fields(node, own, node.fields))
        return replace(node, mask=mask, fields=fields)

    def _mask(self, node: Mask) -> Mask:
        if node.kind not in MASKS:
            near = nearest(node.kind, MASKS.names())
            tail = f"did you mean `{near}`?" if near else f"one of {', '.join(MASKS.names())} was expected"
            self._say("E102", f"`{node.kind}` is no mask; {tail}", node.span)
            return node
        before, construct = len(self.said), MASKS[node.kind].construct
        made = replace(node, children=tuple(self.part(c) for c in node.children))
        least = _CHILDREN.get(node.kind, (1, None) if construct.children == "mask" else (0, 0))
        n = len(node.children)
        if n < least[0] or (least[1] is not None and n > least[1]):
            self._say(
                "E105",
                f"`{node.kind}` is made of {n} other masks; {_counted(*least)} was expected",
                node.span,
            )
        ways = _BY_FUNCTION.get(node.kind)
        if ways is None:
            fields = self._held_fields(made, construct, node.fields)
            made = replace(made, fields=self._complete(made, construct, fields))
        else:
            made = replace(made, fields={k: self._held(v) for k, v in node.fields.items()})
            if set(made.fields) not in map(set, ways):
                listed = " or ".join(" and ".join(f"`{n}`" for n in names) for names in ways)
                self._say("E105", f"`{node.kind}` needs {listed}, and nothing else", node.span)
        if len(self.said) == before:
            fault = mask_fault(made, made.spans, made.span)
            self.said += [] if fault is None else [fault]
        return made

    def _complete(self, node: Any, construct: Construct, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields with the defaults of those that are left out, once all that must be given are."""
        missing = [f for f in construct.fields if f.required and fields.get(f.name) is None]
        if missing:
            listed = ", ".join(f"`{f.name}: {f.type}`" for f in missing)
            self._say("E105", f"`{construct.name}` also needs {listed}", node.span)
        return {f.name: f.default for f in construct.fields if not f.required} | dict(fields)

    def _say(self, code: str, text: str, place: Span) -> None:
        self.said.append(error(code, text, place))

    def _fields(self, node: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
        register = registers()[type(node).__name__.lower()]
        if node.kind not in register or node.kind == "curve":
            # An unknown kind is told by the kernel (E400, E411); a curve is no matter of fields, but of expressions.
            return dict(fields)
        return self._held_fields(node, register[node.kind].construct, fields)

    def _held_fields(self, node: Any, construct: Construct, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields with lists as tuples, after saying which do not exist or hold what they cannot hold."""
        what = construct.name
        out: dict[str, Any] = {}
        for name, value in fields.items():
            spec = construct.field(name)
            out[name] = value
            place = node.spans.get(name, node.span) if not isinstance(node, Solid) else node.span
            if spec is None and name not in ("frame", "height"):
                near = nearest_field(construct, name)
                tail = (
                    f"did you mean `{near}`?"
                    if near
                    else f"it has {', '.join(f.name for f in construct.fields)}"
                )
                self._say("E102", f"`{what}` has no field `{name}`; {tail}", place)
            elif spec is not None and value is not None:
                value = self._held(value)
                if spec.type.kind == "count" and isinstance(value, float) and value.is_integer():
                    value = int(value)
                out[name] = value
                many = spec.per_layer and isinstance(value, tuple) and spec.type.kind != "list"
                for one in value if many else (value,):
                    if not _fits(one, spec.type):
                        unit = (
                            " in kernel units (um, rad)"
                            if "number" in (spec.type.kind, _item(spec.type))
                            else ""
                        )
                        said = f"`{name}` of `{what}` is {one!r}; {spec.type}{unit} was expected"
                        self._say("E202", said[:300], place)
                        break
        return out

    def _held(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return tuple(self._held(v) for v in value)
        return self.part(value) if isinstance(value, Solid | Mask) else value


def _item(kind: Type) -> str:
    return kind.item.kind if kind.item is not None else ""


def _fits(value: Any, kind: Type) -> bool:
    if isinstance(value, Expr):
        return True
    if kind.kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind.kind == "count":
        return isinstance(value, int | float) and float(value).is_integer()
    if kind.kind == "list":
        item = kind.item
        if (
            not isinstance(value, tuple)
            or item is None
            or (kind.size is not None and len(value) != kind.size)
        ):
            return False
        return all(_fits(v, item) for v in value)
    if kind.kind in ("text", "bool"):
        return isinstance(value, str if kind.kind == "text" else bool)
    wanted = _KINDS.get(kind.of)
    return wanted is None or isinstance(value, wanted)
