"""Evaluates expressions: numbers with units, lists, records, calls. Constructs, functions and fields have rooms of their own."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from typing import Any

from ..kernel.diagnostics import Diagnostic, Edit, Fix, Related, Span, error
from ..kernel.quantity import Type
from ..kernel.scene import Expr, StateName
from . import syntax as s
from .calls import call_function
from .field_expr import coordinate
from .frame import Frame
from .heads import head, is_head
from .operators import binary, choose, compare, ink_at_hand, not_bool, unary
from .scope import CONSTANTS, COORDINATES, FUNCTIONS, UNSET, Binding, Env, nearest
from .types import Place, convert, number
from .units import CELSIUS, in_known
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
    type_name,
)

#: Items of one list, and rounds of all comprehensions and calls together, before a design is stopped.
MOST_ITEMS = 200_000
MOST_WORK = 1_000_000
#: Operations in one value that varies over space, and characters of one text.
MOST_FIELD = 5_000
MOST_TEXT = 100_000
#: A call counts as so many rounds of a comprehension, which it costs.
CALL_WORK = 5


#: Python frames that an evaluation may take: trees are at most 100 high (tree.py), calls MOST_CALLS deep (calls.py).
_FRAMES = 60_000


@contextmanager
def room_to_recurse() -> Iterator[None]:
    """Raises Python's limit of frames for a while; what a design can need is bounded far below what memory holds."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@cache
def _calling() -> tuple[Mapping[str, Builtin], Callable[..., Any], Callable[..., Any]]:
    """What calls need; it needs this file in turn. An import line within a function costs a microsecond each time."""
    from .builtins import BUILTINS, call_head
    from .call import Call

    return BUILTINS, call_head, Call


class Evaluator:
    """Turns expressions into values. What is wrong goes to `diagnostics`, once for each place; its value is POISON."""

    def __init__(self, state: StateName = "dried") -> None:
        self.state: StateName = state
        self.diagnostics: list[Diagnostic] = []
        self._said: set[tuple[str, int, int, int]] = set()
        self._checked: set[int] = set()
        self._numbers: dict[str, Num] = {}
        self._work = 0
        self.called: set[int] = set()
        self._sizes: dict[int, tuple[Expr | tuple[Any, ...], int]] = {}
        self.calls = 0
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
            s.Unary: partial(unary, self),
            s.Binary: partial(binary, self),
            s.Compare: partial(compare, self),
            s.If: partial(choose, self),
            s.ListExpr: self._list,
            s.Comprehension: self._comprehension,
            s.Construct: self._construct,
            s.Curve: self._construct,
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

    def bounded(self, value: Any, node: s.Node, frame: Frame) -> Any:
        """The value, unless it has grown beyond all use: names that double one another take few lines to a billion."""
        if isinstance(value, FieldVal) and self._size(value.expr) > MOST_FIELD:
            what = f"more than {MOST_FIELD} operations in one value that varies over space"
        elif isinstance(value, str) and len(value) > MOST_TEXT:
            what = f"more than {MOST_TEXT} characters in one text"
        elif isinstance(value, tuple) and self._items_in(value) > MOST_WORK:
            what = f"more than {MOST_WORK} items in one list"
        else:
            return value
        return self.err("E316", what, frame, node)

    def _size(self, expr: Expr) -> int:
        """Operations of a field, each counted as often as it is evaluated."""
        known = self._sizes.get(id(expr))
        if known is None:
            size = 1 + sum(self._size(a) for a in expr.args if isinstance(a, Expr))
            known = self._sizes[id(expr)] = (expr, size)
        return known[1]

    def _items_in(self, items: tuple[Any, ...]) -> int:
        """Items of a list and of the lists in it."""
        known = self._sizes.get(id(items))
        if known is None:
            size = sum(self._items_in(i) if isinstance(i, tuple) else 1 for i in items)
            if not items:
                return 0
            known = self._sizes[id(items)] = (items, size)
        return known[1]

    # --- expressions --------------------------------------------------------------------------------------------------

    def eval(self, node: s.Expr, frame: Frame) -> Any:
        return self._methods[type(node)](node, frame)

    def typed(self, node: s.Expr, frame: Frame, kind: Type, what: str, state: StateName | None = None) -> Any:
        """The value of an expression as a Scene holds it, or POISON."""
        out = convert(self.eval(node, frame), kind, frame.place(node, what), state)
        return self.say(self.with_mend(out, node, frame, kind, state)) if isinstance(out, Diagnostic) else out

    def with_mend(
        self, found: Diagnostic, node: s.Expr, frame: Frame, kind: Type, state: StateName | None
    ) -> Diagnostic:
        """A mixed-up state with the conversion that mends it; a thing of another kind with what is at hand of the right one."""
        if found.code == "E206" and not found.notes:
            from .unknown import with_offers

            return with_offers(found, node, frame.env, kind)
        if found.code != "E205" or found.primary is None or found.fixes or state is None:
            return found
        ink = ink_at_hand(self, node, frame)
        new = f"{state}({found.primary.text}, {ink})"
        fixes = (Fix(f"convert it: `{new}`", (Edit(found.primary, new),)),) if ink else ()
        return replace(found, fixes=fixes)

    def _number(self, node: s.Number, frame: Frame) -> Any:
        known = self._numbers.get(node.text)
        if known is not None:
            return known
        value = number(node)
        if isinstance(value, Num):
            if not math.isfinite(value.value):
                return self.err("E303", f"`{node.text[:40]}` is too large a number", frame, node)
            self._numbers[node.text] = value
            return value
        unit, near = value
        digits = node.text.split("[")[0] if node.text.endswith("]") else node.text.removesuffix(node.unit)
        whole, same = None, in_known(unit) if node.unit == unit else None
        if node.unit in CELSIUS:
            whole = digits
        elif same is not None:
            whole = f"{node.value * same[0]:.12g}{same[1]}"
        elif near:
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
        local = frame.local
        if name in local:
            return local[name]
        binding = frame.env.bindings.get(name)
        if binding is not None:
            return POISON if binding.value is UNSET else binding.value
        if name in frame.env.imports:
            other = frame.env.imports[name]
            return Namespace(other) if other is not None else POISON
        if name in FUNCTIONS:
            return _calling()[0][name]
        if name in COORDINATES:
            return coordinate(name, frame.span(node))
        if name in CONSTANTS:
            return Num(math.pi) if name == "pi" else Rest()
        if is_head(name):
            construct = head(name, frame.kind)
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

            known = members(base, self.state, name)
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

    def _list(self, node: s.ListExpr, frame: Frame) -> Any:
        items = [self.eval(i, frame) for i in node.items]
        return POISON if any(i is POISON for i in items) else self.bounded(tuple(items), node, frame)

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
                            return not_bool(self, clause.where, keep, inner)
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
        return self.bounded(tuple(out), node, frame)

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
        if last < first and isinstance(clause.low, s.Number) and isinstance(clause.high, s.Number):
            swapped = f"{clause.high.text}..{clause.low.text}"
            both = Span(frame.source, clause.low.start, clause.high.end)
            return self.say(
                error(
                    "E307",
                    f"`{clause.low.text}..{clause.high.text}` is empty: {first} is above {last}; `{swapped}` was expected",
                    both,
                    fixes=(Fix(f"write `{swapped}`", (Edit(both, swapped),)),),
                )
            )
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

    def _construct(self, node: s.Construct | s.Curve, frame: Frame) -> Any:
        if isinstance(node, s.Curve) or isinstance(node.head, s.Curve):
            from .curve import curve

            return curve(self, node, frame)
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
            return call_function(self, callee, node, frame)
        _, call_head, Call = _calling()  # noqa: N806  # a class
        if isinstance(callee, Builtin):
            return self.bounded(callee.run(Call(self, node, frame, callee.name)), node, frame)
        if isinstance(callee, Head):
            return call_head(Call(self, node, frame, callee.construct.name), callee.construct)
        return self.err(
            "E209",
            f"`{frame.text(node.callee)}` is {type_name(callee)}, which cannot be called",
            frame,
            node.callee,
        )

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
