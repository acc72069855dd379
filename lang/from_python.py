"""For scenes that a Python program puts together: things of the library, and places in the program's own text."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from ..kernel.diagnostics import Diagnostic, Source, Span, error
from ..kernel.film import Film
from ..kernel.material import Bath, Ink, Linker, Solvent
from ..kernel.quantity import Construct, Type
from ..kernel.scene import Expr, Lattice, Path, Placed, Scene, Solid, Union
from .heads import registers
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
}


def checked(scene: Scene) -> tuple[Scene, list[Diagnostic]]:
    """The scene with lists as tuples, and what is wrong with the fields of its parts and solids: names that a construct does
    not have (E102), values of another type (E202)."""
    check = _Check()
    prints = tuple(replace(p, part=check.part(p.part)) for p in scene.prints)
    parts = {n: check.part(p) for n, p in scene.parts.items()}
    return replace(scene, prints=prints, parts=parts), check.said


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
        return node

    def _fields(self, node: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
        register = registers()[type(node).__name__.lower()]
        if node.kind not in register or node.kind == "curve":
            # An unknown kind is told by the kernel (E400, E411); a curve is no matter of fields, but of expressions.
            return dict(fields)
        construct: Construct = register[node.kind].construct
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
                self.said.append(error("E102", f"`{node.kind}` has no field `{name}`; {tail}", place))
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
                        what = f"`{name}` of `{node.kind}` is {one!r}; {spec.type}{unit} was expected"
                        self.said.append(error("E202", what[:300], place))
                        break
        return out

    def _held(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return tuple(self._held(v) for v in value)
        return self.part(value) if isinstance(value, Solid) else value


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
