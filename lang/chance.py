"""`noise(k, seed: 7)`: chance that is the same in every run, from a hash of its arguments."""

from __future__ import annotations

import struct
from typing import Any

from ..kernel.quantity import NONE, Count
from ..kernel.scene import Expr
from . import syntax as s
from .call import Call
from .field_expr import as_expr
from .values import POISON, FieldVal, Num, Poison, type_name

_MASK = (1 << 64) - 1


def _splitmix(z: int) -> int:
    z = (z + 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def hash_noise(at: list[float], seed: int) -> float:
    """The kernel's counter-based hash (kernel/fields.py `noise`) of single numbers: the same bits for the same figures."""
    state = (seed * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) & _MASK
    out = state
    for value in at:
        (bits,) = struct.unpack("<Q", struct.pack("<d", float(value) + 0.0))
        out = _splitmix(bits ^ out)
    return (_splitmix(out ^ state) >> 11) * 2.0**-53


def noise(c: Call) -> Any:
    seed_node = next(
        (a.value for a in c.node.args if isinstance(a.name, s.Var) and a.name.name == "seed"), None
    )
    seed: Any = 0 if seed_node is None else c.typed(seed_node, Count, "`seed`")
    values = []
    for arg in c.node.args:
        if arg.name is not None:
            if arg.value is not seed_node:
                return c.err(
                    "E208", f"`{c.frame.text(arg.name)}` is no argument of `noise(k, seed: 7)`", arg.name
                )
            continue
        value = c.ev.eval(arg.value, c.frame)
        if value is POISON:
            return POISON
        if not isinstance(value, Num | FieldVal) or value.dim is None:
            return c.err("E202", f"`noise` takes numbers, not {type_name(value)}", arg)
        values.append(value)
    if isinstance(seed, Poison):
        return POISON
    if not values:
        return c.err("E208", "`noise` takes at least one number: `noise(k, seed: 7)`")
    if any(isinstance(v, FieldVal) for v in values):
        span = c.frame.span(c.node)
        return FieldVal(Expr("noise", (*(as_expr(v, span) for v in values), seed), span), NONE)
    return Num(hash_noise([v.value for v in values if isinstance(v, Num)], seed))
