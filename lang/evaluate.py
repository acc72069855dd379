"""Evaluates expressions: numbers with units, lists, records, calls. Constructs, functions and fields have rooms of their own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..kernel.diagnostics import Diagnostic, Edit, Fix, Related, Source, Span, error
from ..kernel.quantity import NONE, Type
from ..kernel.scene import Expr, StateName
from . import syntax as s
from .field_expr import as_expr, binary_field, compare_fields, coordinate, unary_field
from .heads import head, is_head
from .scope import CONSTANTS, COORDINATES, FUNCTIONS, UNSET, Binding, Env, nearest
from .types import Place, convert, missing_unit, named_type, number, same
from .values import (
    POISON,
    Builtin,
    FieldVal,
    Function,
    Head,
    Namespace,
    Num,
    Poison,
    Rec,
    Rest,
    Thing,
    dim_name,
    shown,
    type_name,
)

#: Whole numbers up to here are exact as floats too.
MOST_COUNT = 10**15
#: Items of one list, and rounds of all comprehensions and calls together, before a design is stopped.
MOST_ITEMS = 200_000
MOST_WORK = 1_000_000
#: A call counts as so many rounds of a comprehension, which it costs.
CALL_WORK = 5
#: Calls within calls.
MOST_CALLS = 60


@dataclass(slots=True)
class Frame:
    """Where an expression is evaluated: the file's scope, the text it stands in, and the local names."""

    env: Env
    source: Source
    local: Mapping[str, Any] = field(default_factory=dict)

    def span(self, node: s.Node) -> Span:
        return Span(self.source, node.start, node.end)

    def text(self, node: s.Node) -> str:
        text = self.source.text[node.start : node.end]
        return text if len(text) <= 60 else text[:56] + " ..."

    def place(self, node: s.Node, what: str) -> Place:
        return Place(self.source, node, what)

    def with_local(self, **names: Any) -> Frame:
        return Frame(self.env, self.source, {**self.local, **names})


class Evaluator:
    """Turns expressions into values. What is wrong goes to `diagnostics`, once for each place; its value is POISON."""

    def __init__(self, state: StateName = "dried") -> None:
        self.state: StateName = state
        self.diagnostics: list[Diagnostic] = []
        self._said: set[tuple[str, int, int, int]] = set()
        self._checked: set[int] = set()
        self._work = 0
        self._calls = 0
        self.stopped = False
        self._methods: dict[type, Callable[[Any, Frame], Any]] = {
            s.Missing: lambda _n, _f: POISON,
            s.Number: self._number,
            s.Text: lambda n, _f: n.value,
            s.Truth: lambda n, _f: n.value,
            s.Var: self._var,
            s.Member: self._member,
            s.Index: self._index,
            s.Call: self._call,
            s.Group: self._group,
            s.Unary: self._unary,
            s.Binary: self._binary,
            s.Compare: self._compare,
            s.If: self._if,
            s.ListExpr: self._list,
            s.Comprehension: self._comprehension,
            s.Construct: self._construct,
            s.Record: self._record,
        }

    # --- what is wrong ------------------------------------------------------------------------------------------------

    def say(self, diagnostic: Diagnostic) -> Poison:
        p = diagnostic.primary
        key = (diagnostic.code, id(p.source) if p else 0, p.start if p else 0, p.end if p else 0)
        if key not in self._said:
            self._said.add(key)
            self.diagnostics.append(diagnostic)
        return POISON

    def err(
        self,
        code: str,
        message: str,
        frame: Frame,
        node: s.Node,
        *,
        label: str = "",
        related: tuple[Related, ...] = (),
        notes: tuple[str, ...] = (),
        fixes: tuple[Fix, ...] = (),
    ) -> Poison:
        return self.say(
            error(code, message, frame.span(node), label=label, related=related, notes=notes, fixes=fixes)
        )

    def near_fix(self, frame: Frame, node: s.Node, near: str | None) -> tuple[Fix, ...]:
        return (Fix(f"write `{near}`", (Edit(frame.span(node), near),)),) if near else ()

    def work(self, frame: Frame, node: s.Node, rounds: int = 1) -> bool:
        """Counts rounds of evaluation; False once there were too many."""
        self._work += rounds
        if self._work > MOST_WORK and not self.stopped:
            self.stopped = True
            self.err(
                "E316", f"{MOST_WORK} rounds of evaluation so far; a design needs far fewer", frame, node
            )
        return not self.stopped

    # --- expressions --------------------------------------------------------------------------------------------------

    def eval(self, node: s.Expr, frame: Frame) -> Any:
        return self._methods[type(node)](node, frame)

    def typed(self, node: s.Expr, frame: Frame, kind: Type, what: str, state: StateName | None = None) -> Any:
        """The value of an expression as a Scene holds it, or POISON."""
        out = convert(self.eval(node, frame), kind, frame.place(node, what), state)
        return self.say(self.with_ink(out, node, frame, state)) if isinstance(out, Diagnostic) else out

    def with_ink(self, found: Diagnostic, node: s.Expr, frame: Frame, state: StateName | None) -> Diagnostic:
        """A mixed-up state with the conversion that mends it."""
        if found.code != "E205" or found.primary is None or found.fixes or state is None:
            return found
        ink = self.ink_at_hand(node, frame)
        new = f"{state}({found.primary.text}, {ink})"
        fixes = (Fix(f"convert it: `{new}`", (Edit(found.primary, new),)),) if ink else ()
        return replace(found, fixes=fixes)

    def _number(self, node: s.Number, frame: Frame) -> Any:
        value = number(node)
        if isinstance(value, Num):
            if not math.isfinite(value.value):
                return self.err("E303", f"`{node.text[:40]}` is too large a number", frame, node)
            return value
        unit, near = value
        digits = node.text.split("[")[0] if node.text.endswith("]") else node.text.removesuffix(node.unit)
        whole = None
        if near:
            whole = f"{digits}{near}" if near.isalpha() or near == "%" else f"{digits}[{near}]"
        return self.err(
            "E210",
            f"`{unit}` is not a unit" + (f"; `{whole}` was expected" if whole else ""),
            frame,
            node,
            notes=(
                "units: nm um mm, s ms min h, deg rad, Pa kPa psi, ug mg g, pL nL uL mL, mM, %, and [mg/mL] and its like",
            ),
            fixes=(Fix(f"write `{whole}`", (Edit(frame.span(node), whole),)),) if whole else (),
        )

    def _var(self, node: s.Var, frame: Frame) -> Any:
        name = node.name
        if name in frame.local:
            return frame.local[name]
        binding = frame.env.bindings.get(name)
        if binding is not None:
            return self.value_of(frame.env, binding)
        if name in frame.env.imports:
            other = frame.env.imports[name]
            return Namespace(other) if other is not None else POISON
        if name in FUNCTIONS:
            from .builtins import BUILTINS

            return BUILTINS[name]
        if name in COORDINATES:
            return coordinate(name, frame.span(node))
        if name in CONSTANTS:
            return Num(math.pi) if name == "pi" else Rest()
        if is_head(name):
            construct = head(name)
            return Head(construct) if construct is not None else POISON
        return POISON  # an unknown name has been reported when names were resolved

    def value_of(self, env: Env, binding: Binding) -> Any:
        return POISON if binding.value is UNSET else binding.value

    def _member(self, node: s.Member, frame: Frame) -> Any:
        base = self.eval(node.base, frame)
        return self.member(base, node, frame)

    def member(self, base: Any, node: s.Member, frame: Frame) -> Any:
        name = node.name.text
        if base is POISON:
            return POISON
        if isinstance(base, Namespace):
            binding = base.env.bindings.get(name)
            return self.value_of(base.env, binding) if binding is not None else POISON
        if isinstance(base, Rec):
            if name in base.fields:
                return base.fields[name]
            return self._no_member(node, frame, base.fields)
        if isinstance(base, Thing):
            from .parts import members

            known = members(base, self.state)
            if name in known:
                return known[name]
            if base.kind == "part" and name in ("wet", "dried"):
                return self.err(
                    "E323",
                    f"`{frame.text(node)}` is known after the part is built; only `check` can ask for it",
                    frame,
                    node,
                    notes=(f"`check sound {{ assert {frame.text(node)}.min_gap > 0um; }}`",),
                )
            return self._no_member(node, frame, known)
        return self.err(
            "E209", f"`{frame.text(node.base)}` is {type_name(base)}, which has no `.{name}`", frame, node
        )

    def _no_member(self, node: s.Member, frame: Frame, known: Mapping[str, Any]) -> Poison:
        near = nearest(node.name.text, known)
        names = ", ".join(list(known)[:12])
        tail = f"did you mean `{near}`?" if near else f"it has {names}" if known else "it is empty"
        return self.err(
            "E109",
            f"`{frame.text(node.base)}` has no `{node.name.text}`; {tail}",
            frame,
            node.name,
            fixes=self.near_fix(frame, node.name, near),
        )

    def _index(self, node: s.Index, frame: Frame) -> Any:
        base = self.eval(node.base, frame)
        at = self.eval(node.index, frame)
        if base is POISON or at is POISON:
            return POISON
        if isinstance(base, Rec) and isinstance(at, str):
            if at in base.fields:
                return base.fields[at]
            known = ", ".join(f'"{k}"' for k in list(base.fields)[:12])
            return self.err(
                "E304", f'"{at}" is not in `{frame.text(node.base)}`; it has {known}', frame, node.index
            )
        if not isinstance(base, tuple):
            return self.err(
                "E209",
                f"`{frame.text(node.base)}` is {type_name(base)}; only a list can be indexed",
                frame,
                node.base,
            )
        if not (isinstance(at, Num) and at.is_count):
            return self.typed_index(node, at, frame)
        if not 0 <= at.value < len(base):
            what = f"{at.value} is outside the list; its {len(base)} items are 0 to {len(base) - 1}"
            text = frame.text(node.index)
            return self.err(
                "E304",
                what if base else f"{at.value} is outside the list, which is empty",
                frame,
                node.index,
                notes=(f"`[{text} mod {len(base)}]` begins again at the end of the list",) if base else (),
            )
        return base[int(at.value)]

    def typed_index(self, node: s.Index, at: Any, frame: Frame) -> Poison:
        from ..kernel.quantity import Count

        out = convert(at, Count, frame.place(node.index, "an index"))
        return self.say(out) if isinstance(out, Diagnostic) else POISON

    def _group(self, node: s.Group, frame: Frame) -> Any:
        return self.eval(node.inner, frame)

    def _unary(self, node: s.Unary, frame: Frame) -> Any:
        value = self.eval(node.operand, frame)
        if value is POISON:
            return POISON
        if node.op == "not":
            if isinstance(value, bool):
                return not value
            if isinstance(value, FieldVal) and value.dim is None:
                return FieldVal(Expr("not", (value.expr,), frame.span(node)), None)
            return self._not_bool(node.operand, value, frame)
        if isinstance(value, Num):
            return Num(-value.value, value.dim, value.state)
        if isinstance(value, FieldVal) and value.dim is not None:
            return unary_field("neg", value, frame.span(node))
        return self.err("E202", f"`-` takes a number, not {type_name(value)}", frame, node)

    def _not_bool(self, node: s.Expr, value: Any, frame: Frame) -> Poison:
        return self.err(
            "E213",
            f"`{frame.text(node)}` is {type_name(value)}; a condition (a Bool) was expected",
            frame,
            node,
        )

    def _binary(self, node: s.Binary, frame: Frame) -> Any:
        if node.op in ("and", "or"):
            return self._logic(node, frame)
        a = self.eval(node.left, frame)
        b = self.eval(node.right, frame)
        if a is POISON or b is POISON:
            return POISON
        if isinstance(a, Num) and isinstance(b, Num):
            return self.arithmetic(node, a, b, frame)
        if isinstance(a, Num | FieldVal) and isinstance(b, Num | FieldVal):
            out = binary_field(node.op, a, b, frame.span(node))
            return out if isinstance(out, FieldVal) else self.err(*self._unfit(node, a, b), frame, node)
        if node.op == "+" and isinstance(a, str) and isinstance(b, str):
            return a + b
        bad, value = (node.left, a) if not isinstance(a, Num | FieldVal) else (node.right, b)
        return self.err(
            "E202", f"`{frame.text(bad)}` is {type_name(value)}; `{node.op}` takes numbers", frame, bad
        )

    def _logic(self, node: s.Binary, frame: Frame) -> Any:
        a = self.eval(node.left, frame)
        b = self.eval(node.right, frame)
        if a is POISON or b is POISON:
            return POISON
        for operand, value in ((node.left, a), (node.right, b)):
            if not (isinstance(value, bool) or (isinstance(value, FieldVal) and value.dim is None)):
                return self._not_bool(operand, value, frame)
        if isinstance(a, bool) and isinstance(b, bool):
            return (a and b) if node.op == "and" else (a or b)
        return FieldVal(
            Expr(node.op, (as_expr(a, frame.span(node)), as_expr(b, frame.span(node))), frame.span(node)),
            None,
        )

    def _unfit(self, node: s.Binary, a: Any, b: Any) -> tuple[str, str]:
        verb = {"+": "added to", "-": "taken from", "mod": "divided by"}.get(node.op, "combined with")
        first, second = (b, a) if node.op != "mod" else (a, b)
        return (
            "E204",
            f"{type_name(first)} ({shown(first)}) cannot be {verb} {type_name(second)} ({shown(second)})",
        )

    def states(self, node: s.Expr, a: Num, b: Num, frame: Frame, right: s.Expr) -> StateName | Poison | None:
        """The state of what two lengths make; POISON where they belong to different states."""
        if a.state and b.state and a.state != b.state:
            ink = self.ink_at_hand(node, frame)
            text = frame.source.text[right.start : right.end]
            new = f"{a.state}({text}, {ink})"
            fixes = (Fix(f"convert it: `{new}`", (Edit(frame.span(right), new),)),) if ink else ()
            return self.err(
                "E205",
                f"a {a.state} length and a {b.state} length do not mix: `{frame.text(node)}`",
                frame,
                node,
                notes=(f"`{a.state}(length, ink)` converts through the shrinkage of an ink",),
                fixes=fixes,
            )
        return a.state or b.state

    def ink_at_hand(self, node: s.Node, frame: Frame) -> str:
        """An ink to convert through, as it would be written: one that the design converts through, else one it declares."""
        trees: list[s.Node] = [node, *frame.env.module.statements] if frame.source is frame.env.source else []
        calls = (at for tree in trees for at in s.walk(tree) if isinstance(at, s.Call) and len(at.args) == 2)
        for call in calls:
            if isinstance(call.callee, s.Var) and call.callee.name in ("wet", "dried"):
                return frame.source.text[call.args[1].value.start : call.args[1].value.end]
        return next((n for n, b in frame.env.bindings.items() if b.kind == "material"), "")

    def arithmetic(self, node: s.Binary, a: Num, b: Num, frame: Frame) -> Any:
        op = node.op
        if op in ("+", "-", "mod"):
            if a.dim != b.dim:
                for bare, other, operand in ((a, b, node.left), (b, a, node.right)):
                    if bare.dim == NONE and isinstance(operand, s.Number):
                        return self.say(
                            missing_unit(
                                bare,
                                dim_name(other.dim),
                                frame.place(operand, f"`{op}` beside {type_name(other)}"),
                            )
                        )
                return self.err(*self._unfit(node, a, b), frame, node)
            state = self.states(node, a, b, frame, node.right)
            if isinstance(state, Poison):
                return POISON
            if op == "mod":
                return self._mod(node, a, b, state, frame)
            return self._finite(
                a.value + b.value if op == "+" else a.value - b.value, a.dim, state, node, frame
            )
        if op == "*":
            state = a.state if b.dim == NONE else b.state if a.dim == NONE else None
            return self._finite(a.value * b.value, a.dim.times(b.dim), state, node, frame)
        if op == "/":
            if b.value == 0:
                return self.err(
                    "E302",
                    f"`{frame.text(node.right)}` is zero; nothing can be divided by it",
                    frame,
                    node.right,
                )
            return self._finite(
                a.value / b.value, a.dim.over(b.dim), a.state if b.dim == NONE else None, node, frame
            )
        return self._power(node, a, b, frame)

    def _mod(self, node: s.Binary, a: Num, b: Num, state: StateName | None, frame: Frame) -> Any:
        if b.value == 0:
            return self.err(
                "E302", f"`{frame.text(node.right)}` is zero; nothing can be divided by it", frame, node.right
            )
        if a.is_count and b.is_count:
            return Num(a.value % b.value)
        whole = a.value / b.value
        if same(round(whole), whole):
            return Num(0.0, a.dim, state)
        return Num(a.value - math.floor(whole) * b.value, a.dim, state)

    def _power(self, node: s.Binary, a: Num, b: Num, frame: Frame) -> Any:
        if b.dim != NONE:
            return self.err(
                "E204",
                f"`{frame.text(node.right)}` is {type_name(b)}; an exponent is a plain number",
                frame,
                node.right,
            )
        if abs(b.value) > 64:
            return self.err("E303", f"{shown(b)} is too large an exponent", frame, node.right)
        try:
            value = float(a.value) ** float(b.value)
        except (ZeroDivisionError, OverflowError, ValueError):
            value = math.inf
        if isinstance(value, complex):
            return self.err("E303", f"{shown(a)} is below zero and has no such power", frame, node)
        if a.is_count and b.is_count and b.value >= 0 and abs(value) <= MOST_COUNT:
            value = int(a.value) ** int(b.value)
        return self._finite(value, a.dim.power(float(b.value)), None, node, frame)

    def _finite(self, value: float, dim: Any, state: StateName | None, node: s.Expr, frame: Frame) -> Any:
        if isinstance(value, int):
            if abs(value) > MOST_COUNT:
                return self.err("E303", f"`{frame.text(node)}` is too large a number", frame, node)
        elif not math.isfinite(value):
            return self.err("E303", f"`{frame.text(node)}` is too large a number", frame, node)
        return Num(value, dim, state)

    def _compare(self, node: s.Compare, frame: Frame) -> Any:
        values = [self.eval(o, frame) for o in node.operands]
        result: Any = True
        for i, op in enumerate(node.ops):
            a, b = values[i], values[i + 1]
            if a is POISON or b is POISON:
                return POISON
            one = self.compare_two(op, a, b, node, i, frame)
            if one is POISON:
                return POISON
            if isinstance(one, FieldVal) or isinstance(result, FieldVal):
                span = frame.span(node)
                result = (
                    one
                    if result is True
                    else FieldVal(Expr("and", (as_expr(result, span), as_expr(one, span)), span), None)
                )
            else:
                result = result and one
        return result

    def compare_two(self, op: str, a: Any, b: Any, node: s.Compare, i: int, frame: Frame) -> Any:
        left, right = node.operands[i], node.operands[i + 1]
        if isinstance(a, Num | FieldVal) and isinstance(b, Num | FieldVal) and None not in (a.dim, b.dim):
            if a.dim != b.dim:
                for bare, other, operand in ((a, b, left), (b, a, right)):
                    if (
                        isinstance(bare, Num)
                        and bare.dim == NONE
                        and isinstance(operand, s.Number)
                        and other.dim is not None
                    ):
                        what = f"`{op}` beside {type_name(other)}"
                        return self.say(missing_unit(bare, dim_name(other.dim), frame.place(operand, what)))
                return self.err(
                    "E212",
                    f"{type_name(a)} and {type_name(b)} cannot be compared: `{frame.text(node)}`",
                    frame,
                    node,
                )
            if isinstance(a, Num) and isinstance(b, Num):
                if isinstance(self.states(node, a, b, frame, right), Poison):
                    return POISON
                return compare_numbers(op, a.value, b.value)
            return compare_fields(op, a, b, frame.span(node))
        if op in ("==", "!=") and type(a) is type(b) and isinstance(a, str | bool | tuple | Thing):
            equal = a.node is b.node if isinstance(a, Thing) else equal_values(a, b)
            return equal if op == "==" else not equal
        return self.err(
            "E212", f"{type_name(a)} and {type_name(b)} cannot be compared with `{op}`", frame, node
        )

    def _if(self, node: s.If, frame: Frame) -> Any:
        cond = self.eval(node.cond, frame)
        if cond is POISON:
            return POISON
        if isinstance(cond, FieldVal) and cond.dim is None:
            return self._if_field(node, cond, frame)
        if not isinstance(cond, bool):
            return self._not_bool(node.cond, cond, frame)
        taken, other = (node.then, node.other) if cond else (node.other, node.then)
        value = self.eval(taken, frame)
        if id(node) not in self._checked and value is not POISON:
            self._checked.add(id(node))
            unused = self._only_types(other, frame)
            if isinstance(value, Num) and isinstance(unused, Num) and value.dim != unused.dim:
                for bare, good, at in ((value, unused, taken), (unused, value, other)):
                    if bare.dim == NONE and isinstance(at, s.Number):
                        return self.say(
                            missing_unit(bare, dim_name(good.dim), frame.place(at, "this branch of `if`"))
                        )
                return self.err(
                    "E214",
                    f"one branch is {type_name(value)}, the other {type_name(unused)}; both must be of one type",
                    frame,
                    node,
                )
        return value

    def _only_types(self, node: s.Expr, frame: Frame) -> Any:
        """Evaluate the branch that is not taken for its errors of type; errors of value (a division by zero) do not count."""
        kept, self.diagnostics = self.diagnostics, []
        said, self._said = self._said, set(self._said)
        value = self.eval(node, frame)
        found, self.diagnostics, self._said = self.diagnostics, kept, said
        for d in found:
            if d.code.startswith("E2"):
                self.say(d)
        return value

    def _if_field(self, node: s.If, cond: FieldVal, frame: Frame) -> Any:
        a, b = self.eval(node.then, frame), self.eval(node.other, frame)
        if a is POISON or b is POISON:
            return POISON
        if isinstance(a, Num | FieldVal) and isinstance(b, Num | FieldVal) and a.dim == b.dim:
            span = frame.span(node)
            return FieldVal(Expr("if", (cond.expr, as_expr(a, span), as_expr(b, span)), span), a.dim)
        return self.err(
            "E214",
            f"one branch is {type_name(a)}, the other {type_name(b)}; both must be numbers of one type",
            frame,
            node,
        )

    def _list(self, node: s.ListExpr, frame: Frame) -> Any:
        items = [self.eval(i, frame) for i in node.items]
        return POISON if any(i is POISON for i in items) else tuple(items)

    def _comprehension(self, node: s.Comprehension, frame: Frame) -> Any:
        frames = [frame]
        for clause in node.clauses:
            grown: list[Frame] = []
            for f in frames:
                items = self._items(clause, f)
                if items is POISON:
                    return POISON
                for item in items:
                    if not self.work(frame, node):
                        return POISON
                    inner = f.with_local(**{clause.name.text: item})
                    if clause.where is not None:
                        keep = self.eval(clause.where, inner)
                        if keep is POISON:
                            return POISON
                        if not isinstance(keep, bool):
                            return self._not_bool(clause.where, keep, inner)
                        if not keep:
                            continue
                    grown.append(inner)
                    if len(grown) > MOST_ITEMS:
                        return self.err("E316", f"more than {MOST_ITEMS} items in one list", frame, node)
            frames = grown
        out: list[Any] = []
        for f in frames:
            value = self.eval(node.value, f)
            if value is POISON:
                return POISON
            out.append(value)
        return tuple(out)

    def _items(self, clause: s.For, frame: Frame) -> Any:
        low = self.eval(clause.low, frame)
        if clause.high is None:
            if low is POISON or isinstance(low, tuple):
                return low
            return self.err(
                "E202",
                f"`{frame.text(clause.low)}` is {type_name(low)}; `for` takes a list or a range such as `0..9`",
                frame,
                clause.low,
            )
        from ..kernel.quantity import Count

        first = self.typed(clause.low, frame, Count, "a range of `for`")
        last = self.typed(clause.high, frame, Count, "a range of `for`")
        if isinstance(first, Poison) or isinstance(last, Poison):
            return POISON
        if last - first > MOST_ITEMS:
            return self.err("E316", f"more than {MOST_ITEMS} items in one list", frame, clause)
        return tuple(Num(i) for i in range(first, last + 1))

    def _record(self, node: s.Record, frame: Frame) -> Any:
        out: dict[str, Any] = {}
        for item in node.block.items:
            if isinstance(item, s.Layer):
                self.err("E112", "`layer` belongs in a lattice; a record has none", frame, item.index)
                continue
            if item.name.text in out:
                self.err("E108", f"`{item.name.text}` is given twice", frame, item.name)
                continue
            out[item.name.text] = self.eval(item.value, frame)
        return POISON if any(v is POISON for v in out.values()) else Rec(out)

    def _construct(self, node: s.Construct, frame: Frame) -> Any:
        from .construct import construct

        return construct(self, node, frame)

    # --- calls --------------------------------------------------------------------------------------------------------

    def _call(self, node: s.Call, frame: Frame) -> Any:
        callee = self.eval(node.callee, frame)
        if callee is POISON:
            return POISON
        if not self.work(frame, node, CALL_WORK):
            return POISON
        if isinstance(callee, Function):
            return self._call_function(callee, node, frame)
        from .builtins import call_head
        from .call import Call

        if isinstance(callee, Builtin):
            return callee.run(Call(self, node, frame, callee.name))
        if isinstance(callee, Head):
            return call_head(Call(self, node, frame, callee.construct.name), callee.construct)
        return self.err(
            "E209",
            f"`{frame.text(node.callee)}` is {type_name(callee)}, which cannot be called",
            frame,
            node.callee,
        )

    def _call_function(self, fn: Function, node: s.Call, frame: Frame) -> Any:
        names = [p.name.text for p in fn.node.params]
        given: dict[str, s.Expr] = {}
        for i, arg in enumerate(node.args):
            if arg.name is None:
                if i >= len(names):
                    shape = f"{fn.node.name.text}({', '.join(names)})"
                    return self.err(
                        "E208", f"`{shape}` takes {len(names)} values, not {len(node.args)}", frame, arg
                    )
                name = names[i]
            else:
                name = arg.name.name if isinstance(arg.name, s.Var) else frame.text(arg.name)
            if name not in names:
                near = nearest(name, names)
                return self.err(
                    "E208",
                    f"`{fn.node.name.text}` has no `{name}`; it takes {', '.join(names) or 'nothing'}",
                    frame,
                    arg.name or arg,
                    fixes=self.near_fix(frame, arg.name or arg, near),
                )
            if name in given:
                return self.err("E208", f"`{name}` is given twice", frame, arg)
            given[name] = arg.value
        missing = [n for n in names if n not in given]
        if missing:
            types = {p.name.text: fn.env.source.text[p.type.start : p.type.end] for p in fn.node.params}
            wanted = ", ".join(f"`{m}: {types[m]}`" for m in missing)
            return self.err("E208", f"`{fn.node.name.text}` also takes {wanted}", frame, node)
        local: dict[str, Any] = {}
        for p in fn.node.params:
            kind = named_type(fn.env.source, p.type)
            if isinstance(kind, Diagnostic):
                return self.say(kind)
            value = self.eval(given[p.name.text], frame)
            checked = self.check_type(value, kind, frame.place(given[p.name.text], f"`{p.name.text}`"))
            if checked is POISON:
                return POISON
            local[p.name.text] = checked
        if self._calls >= MOST_CALLS:
            return self.err("E316", f"more than {MOST_CALLS} calls within calls", frame, node)
        self._calls += 1
        try:
            inner = Frame(fn.env, fn.env.source, local)
            value = self.eval(fn.node.body, inner)
        finally:
            self._calls -= 1
        kind = named_type(fn.env.source, fn.node.result)
        if isinstance(kind, Diagnostic):
            return self.say(kind)
        return self.check_type(value, kind, inner.place(fn.node.body, f"the result of `{fn.node.name.text}`"))

    def check_type(self, value: Any, kind: Type, place: Place) -> Any:
        """The value itself if it is of that type (fields over space are welcome), else POISON and a word about it."""
        if value is POISON:
            return POISON
        if (
            isinstance(value, FieldVal)
            and value.dim is not None
            and kind.kind == "number"
            and value.dim == kind.dim
        ):
            return value
        out = convert(value, kind, place)
        if isinstance(out, Diagnostic):
            return self.say(out)
        if isinstance(value, Num) and kind.kind == "number" and value.is_count:
            return Num(float(value.value), value.dim)
        return value


def compare_numbers(op: str, a: float, b: float) -> bool:
    """Compare within rounding: figures that agree to 1e-9 of themselves are equal."""
    equal = same(a, b)
    if op == "==":
        return equal
    if op == "!=":
        return not equal
    if op in ("<=", ">="):
        return equal or (a < b if op == "<=" else a > b)
    return not equal and (a < b if op == "<" else a > b)


def equal_values(a: Any, b: Any) -> bool:
    if isinstance(a, Num) and isinstance(b, Num):
        return a.dim == b.dim and same(a.value, b.value)
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(equal_values(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, Thing) and isinstance(b, Thing):
        return a.node is b.node
    return bool(a == b)
