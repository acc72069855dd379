"""A call of a built-in function: its arguments by place and by name, and a word to the user where they do not fit."""

from __future__ import annotations

from typing import Any

from ..kernel.quantity import Type
from ..kernel.records import dataclass
from . import syntax as s
from .evaluate import Evaluator
from .frame import Frame
from .scope import nearest
from .values import POISON, FieldVal, Num, Poison, type_name


@dataclass(slots=True)
class Call:
    """One call of a built-in function."""

    ev: Evaluator
    node: s.Call
    frame: Frame
    name: str

    def err(self, code: str, message: str, at: s.Node | None = None, **more: Any) -> Poison:
        return self.ev.err(code, message, self.frame, at or self.node, **more)

    def take(self, *names: str, optional: tuple[str, ...] = ()) -> dict[str, s.Expr] | None:
        """The arguments by name, positional ones in the order of `names`; None after saying what is wrong."""
        shape = f"{self.name}({', '.join([*names, *(f'{o}: ...' for o in optional)])})"
        out: dict[str, s.Expr] = {}
        known = [*names, *optional]
        for i, arg in enumerate(self.node.args):
            if arg.name is None:
                if i >= len(names):
                    self.err("E208", f"`{shape}` takes no more than {len(names)} values without a name", arg)
                    return None
                name = names[i]
            else:
                name = arg.name.name if isinstance(arg.name, s.Var) else self.frame.text(arg.name)
                if name not in known:
                    near = nearest(name, known)
                    self.err(
                        "E208",
                        f"`{name}` is no argument of `{shape}`"
                        + (f"; did you mean `{near}`?" if near else ""),
                        arg.name,
                        fixes=self.ev.near_fix(self.frame, arg.name, near),
                    )
                    return None
            if name in out:
                self.err("E208", f"`{name}` is given twice", arg)
                return None
            out[name] = arg.value
        missing = [n for n in names if n not in out]
        if missing:
            self.err("E208", f"`{shape}` also takes {', '.join(f'`{m}`' for m in missing)}")
            return None
        return out

    def typed(self, node: s.Expr, kind: Type, what: str) -> Any:
        return self.ev.typed(node, self.frame, kind, what)

    def positional(self, least: int, most: int | None = None) -> list[s.Expr] | None:
        """The arguments of a function whose arguments have no names."""
        for arg in self.node.args:
            if arg.name is not None:
                self.err("E208", f"`{self.name}` takes values without names", arg.name)
                return None
        n = len(self.node.args)
        if n < least or (most is not None and n > most):
            wanted = (
                str(least) if most == least else f"{least} or more" if most is None else f"{least} to {most}"
            )
            self.err("E208", f"`{self.name}` takes {wanted} value{'' if wanted == '1' else 's'}, not {n}")
            return None
        return [a.value for a in self.node.args]

    def numbers(self, least: int, most: int | None = None) -> list[Num | FieldVal] | None:
        """The arguments, all numbers (or fields); None after saying what is wrong."""
        nodes = self.positional(least, most)
        if nodes is None:
            return None
        values: list[Any] = []
        for node in nodes:
            value = self.ev.eval(node, self.frame)
            if value is POISON:
                return None
            # `min` and `max` take a list as well.
            if isinstance(value, tuple) and len(nodes) == 1 and most is None:
                values.extend(value)
                continue
            values.append(value)
        for value, node in zip(values, nodes * (1 + len(values)), strict=False):
            if not isinstance(value, Num | FieldVal) or value.dim is None:
                self.err(
                    "E202",
                    f"`{self.frame.text(node)}` is {type_name(value)}; `{self.name}` takes numbers",
                    node,
                )
                return None
        if not values:
            self.err("E208", f"`{self.name}` of an empty list has no value")
            return None
        return values
