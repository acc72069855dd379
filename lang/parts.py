"""Parts as values: what can be read from them, and the functions that move, copy and join them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from ..kernel import scene
from ..kernel.quantity import LENGTH, NONE, Angle, Count, Length, Ratio, Type, list_of
from ..kernel.scene import StateName
from . import syntax as s
from .call import Call
from .masks import extents, made_of
from .matrices import Matrix, apply, compose, rotation, translation
from .values import POISON, Num, Poison, Thing, type_name

Box = tuple[tuple[float, float], ...]

#: Copies that one `array` may make.
MOST_COPIES = 100_000


def members(thing: Thing, state: StateName, only: str = "") -> dict[str, Any]:
    """What `thing.name` can be: its fields as values of the language, and of parts, solids and masks the extents x, y and z.
    `only`: the one that is asked for, so that no mask is drawn for another."""
    out: dict[str, Any] = {}
    if thing.construct is not None:
        for spec in thing.construct.fields:
            value = thing.fields.get(spec.name)
            if value is not None:
                out[spec.name] = as_value(value, spec.type, state if spec.state else None)
    if thing.kind == "part" and "height" not in out and thing.fields.get("height") is not None:
        out["height"] = Num(float(thing.fields["height"]), LENGTH, state)
    if thing.kind in ("part", "solid"):
        box = bounds(thing.node)
        if box is not None:
            for axis, (low, high) in zip("xyz", box, strict=True):
                out.setdefault(axis, (Num(low, LENGTH, state), Num(high, LENGTH, state)))
            out.setdefault("height", Num(box[2][1] - box[2][0], LENGTH, state))
    if thing.kind == "mask" and only in ("", "x", "y"):
        out |= extents(thing.node)
    if thing.kind == "nozzle":
        out = {
            spec.name: as_value(thing.fields[spec.name], spec.type, None)
            for spec in (thing.construct.fields if thing.construct else ())
            if thing.fields.get(spec.name) is not None
        }
    return out


def as_value(value: Any, kind: Type, state: StateName | None) -> Any:
    """A figure of a Scene as a value of the language again."""
    if kind.kind == "list" and kind.item is not None and isinstance(value, tuple):
        return tuple(as_value(v, kind.item, state) for v in value)
    if kind.kind == "number":
        return Num(float(value), kind.dim, state)
    if kind.kind == "count":
        return Num(int(value))
    return value


def bounds(node: Any) -> Box | None:
    """((x0, x1), (y0, y1), (z0, z1)) in um of a part's centrelines (z from foot to top) or of a solid; None if unknown."""
    if isinstance(node, scene.Solid):
        from ..kernel.solids import bounds as solid_bounds

        try:
            low, high = solid_bounds(node)
        except (KeyError, TypeError, ValueError, ArithmeticError):
            return None
        return tuple(zip(low, high, strict=True))
    if isinstance(node, scene.Lattice):
        frame, height = node.fields.get("frame"), node.fields.get("height")
        if frame is None or height is None:
            return None
        return ((frame[0], frame[2]), (frame[1], frame[3]), (0.0, float(height)))
    if isinstance(node, scene.Path):
        from ..kernel.paths import extent

        return extent(node)
    if isinstance(node, scene.Placed):
        inner = bounds(node.part)
        if inner is None:
            return None
        corners = [(x, y, z) for x in inner[0] for y in inner[1] for z in inner[2]]
        moved = [apply(m, p) for m in node.matrices for p in corners]
        return tuple((min(p[i] for p in moved), max(p[i] for p in moved)) for i in range(3))
    if isinstance(node, scene.Union):
        boxes = [bounds(p) for p in node.parts]
        known = [b for b in boxes if b is not None]
        if len(known) < len(boxes) or not known:
            return None
        return tuple((min(b[i][0] for b in known), max(b[i][1] for b in known)) for i in range(3))
    return None


# --- functions -------------------------------------------------------------------------------------------------------


def _subject(c: Call, node: s.Expr) -> Thing | Poison:
    value = c.ev.eval(node, c.frame)
    if isinstance(value, Poison):
        return value
    if isinstance(value, Thing) and value.kind in ("part", "solid", "mask"):
        return value
    return c.err(
        "E206",
        f"`{c.frame.text(node)}` is {type_name(value)}; `{c.name}` takes a part, a solid or a mask",
        node,
    )


def placed(c: Call, thing: Thing, matrices: tuple[Matrix, ...]) -> Thing | Poison:
    """The thing under each matrix."""
    span = c.frame.span(c.node)
    if thing.kind == "mask":
        from .masks import placed as mask_placed

        return mask_placed(c, thing, matrices)
    if isinstance(thing.node, scene.Solid):
        m = matrices[0] if thing.node.matrix is None else compose(matrices[0], thing.node.matrix)
        solid = replace(thing.node, matrix=m, span=span)
        return replace(thing, node=solid, construct=None, given={}, span=span)
    node = scene.Placed(f"{thing.name}_{c.name}", thing.node, matrices, span)
    return Thing("part", node, None, {}, {}, span, {}, thing.provenance, (), thing.assumed, None)


def _vector(c: Call, node: s.Expr, what: str) -> tuple[float, float, float] | Poison:
    return _as_vector(c, c.ev.eval(node, c.frame), node, what)


def _as_vector(c: Call, value: Any, node: s.Expr, what: str) -> tuple[float, float, float] | Poison:
    if isinstance(value, tuple) and len(value) == 2:
        value = (*value, Num(0.0, LENGTH))
    if isinstance(value, Poison):
        return value
    from ..kernel.diagnostics import Diagnostic
    from .types import convert

    out = convert(value, list_of(Length, 3), c.frame.place(node, what), c.ev.state)
    if isinstance(out, Diagnostic):
        return c.ev.say(out)
    return out if isinstance(out, Poison) else (out[0], out[1], out[2])


def move(c: Call) -> Any:
    """`move(body, by: [x, y, z])`; any other place is three rows `[m, m, m, length]` of a matrix, applied to [x, y, z, 1]."""
    a = c.take("of", "by")
    if a is None:
        return POISON
    thing, by = _subject(c, a["of"]), _place(c, a["by"], "`by`")
    if isinstance(thing, Poison) or isinstance(by, Poison):
        return POISON
    return placed(c, thing, (by,))


def _place(c: Call, node: s.Expr, what: str) -> Matrix | Poison:
    """A place for a part: a vector, or a matrix of three rows."""
    value = c.ev.eval(node, c.frame)
    if _is_matrix(value):
        return _matrix(c, value, node)
    by = _vector(c, node, what)
    return by if isinstance(by, Poison) else translation(*by)


def _is_matrix(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 3
        and all(isinstance(row, tuple) and len(row) == 4 for row in value)
    )


def _matrix(c: Call, rows: Any, node: s.Expr) -> Matrix | Poison:
    flat = [v for row in rows for v in row]
    wanted = [LENGTH if i % 4 == 3 else NONE for i in range(12)]
    if not all(isinstance(v, Num) and v.dim == d for v, d in zip(flat, wanted, strict=True)):
        return c.err(
            "E202",
            f"`{c.frame.text(node)}` is no matrix; three rows `[m, m, m, length]` were expected",
            node,
        )
    m = tuple(float(v.value) for v in flat)
    a, b, d = m[0:3], m[4:7], m[8:11]
    volume = (
        a[0] * (b[1] * d[2] - b[2] * d[1])
        - a[1] * (b[0] * d[2] - b[2] * d[0])
        + a[2] * (b[0] * d[1] - b[1] * d[0])
    )
    if volume == 0:
        return c.err("E302", "this matrix presses everything flat", node)
    return m


_AXES = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}


def _axis(c: Call, node: s.Expr | None, default: str) -> tuple[float, float, float] | Poison:
    """An axis by its name (`z`) or as three numbers."""
    if node is None:
        return _AXES[default]
    if isinstance(node, s.Var) and node.name in _AXES:
        return _AXES[node.name]
    value = c.ev.eval(node, c.frame)
    if isinstance(value, Poison):
        return value
    if isinstance(value, str) and value in _AXES:
        return _AXES[value]
    if isinstance(value, tuple) and len(value) == 3 and all(isinstance(v, Num) for v in value):
        x, y, z = (float(v.value) for v in value)
        if math.sqrt(x * x + y * y + z * z) > 0:
            return (x, y, z)
    return c.err(
        "E202", f"`{c.frame.text(node)}` is no axis; `x`, `y`, `z` or three numbers were expected", node
    )


def rotate(c: Call) -> Any:
    a = c.take("of", "by", optional=("about", "at"))
    if a is None:
        return POISON
    thing = _subject(c, a["of"])
    by = c.typed(a["by"], Angle, "`by`")
    axis = _axis(c, a.get("about"), "z")
    at = _vector(c, a["at"], "`at`") if "at" in a else (0.0, 0.0, 0.0)
    if (
        isinstance(thing, Poison)
        or isinstance(by, Poison)
        or isinstance(axis, Poison)
        or isinstance(at, Poison)
    ):
        return POISON
    back = translation(-at[0], -at[1], -at[2])
    return placed(c, thing, (compose(translation(*at), compose(rotation(axis, by), back)),))


def mirror(c: Call) -> Any:
    a = c.take("of", "across", optional=("at",))
    if a is None:
        return POISON
    thing = _subject(c, a["of"])
    axis = _axis(c, a["across"], "x")
    at = _vector(c, a["at"], "`at`") if "at" in a else (0.0, 0.0, 0.0)
    if isinstance(thing, Poison) or isinstance(axis, Poison) or isinstance(at, Poison):
        return POISON
    n = math.sqrt(sum(v * v for v in axis))
    u = [v / n for v in axis]
    m: list[float] = []
    for i in range(3):
        m += [(1.0 if i == j else 0.0) - 2 * u[i] * u[j] for j in range(3)] + [0.0]
    flip = tuple(m)
    return placed(c, thing, (compose(translation(*at), compose(flip, translation(-at[0], -at[1], -at[2]))),))


def scale(c: Call) -> Any:
    a = c.take("of", "by")
    if a is None:
        return POISON
    thing = _subject(c, a["of"])
    value = c.ev.eval(a["by"], c.frame)
    kind = list_of(Ratio, 3) if isinstance(value, tuple) else Ratio
    by = c.typed(a["by"], kind, "`by`")
    if isinstance(thing, Poison) or isinstance(by, Poison):
        return POISON
    x, y, z = by if isinstance(by, tuple) else (by, by, by)
    if 0 in (x, y, z):
        return c.err("E302", "scaled by zero nothing is left", a["by"])
    return placed(c, thing, ((x, 0.0, 0.0, 0.0, 0.0, y, 0.0, 0.0, 0.0, 0.0, z, 0.0),))


def array(c: Call) -> Any:
    """`array(of: body, n: [3, 2], pitch: [p, q])` centred in x and y, upwards in z; `array(of: body, n: 6, turn: 60deg)`;
    `array(of: body, to: [place, place, ...])`, each place as `move` takes it."""
    free = any(isinstance(arg.name, s.Var) and arg.name.name == "to" for arg in c.node.args)
    a = c.take("of", "to") if free else c.take("of", "n", optional=("pitch", "turn", "about", "at"))
    if a is None:
        return POISON
    if free:
        return _copies(c, a["of"], a["to"])
    thing = _subject(c, a["of"])
    counts = c.ev.eval(a["n"], c.frame)
    if isinstance(thing, Poison) or counts is POISON:
        return POISON
    if thing.kind == "solid":
        return c.err(
            "E206",
            "`array` copies parts and masks; a solid is copied by `union(a, move(a, by: ...))`",
            a["of"],
        )
    around = "turn" in a
    size = len(counts) if isinstance(counts, tuple) else 1
    n = c.typed(
        a["n"], Count if not isinstance(counts, tuple) else list_of(Count, max(2, min(size, 3))), "`n`"
    )
    if isinstance(n, Poison):
        return POISON
    many = n if isinstance(n, tuple) else (n,)
    if any(k < 1 for k in many):
        return c.err("E310", f"{min(many)} copies cannot be made; at least 1 was expected", a["n"])
    if math.prod(many) > MOST_COPIES and (thing.kind != "mask" or around):
        return c.err(
            "E310", f"{math.prod(many)} copies are too many; at most {MOST_COPIES} were expected", a["n"]
        )
    if around:
        turn = c.typed(a["turn"], Angle, "`turn`")
        axis = _axis(c, a.get("about"), "z")
        at = _vector(c, a["at"], "`at`") if "at" in a else (0.0, 0.0, 0.0)
        if isinstance(turn, Poison) or isinstance(axis, Poison) or isinstance(at, Poison):
            return POISON
        if len(many) != 1:
            return c.err("E207", "`n` is one Count where `turn` is given", a["n"])
        back = translation(-at[0], -at[1], -at[2])
        turned = [compose(translation(*at), compose(rotation(axis, turn * k), back)) for k in range(many[0])]
        return placed(c, thing, tuple(turned))
    if "pitch" not in a:
        return c.err("E208", "`array` needs `pitch: [...]` (rows) or `turn: ...` (round about)")
    pitch_value = c.ev.eval(a["pitch"], c.frame)
    if pitch_value is POISON:
        return POISON
    kind = list_of(Length, len(many)) if isinstance(pitch_value, tuple) else Length
    pitch = c.typed(a["pitch"], kind, "`pitch`")
    if isinstance(pitch, Poison):
        return POISON
    steps = pitch if isinstance(pitch, tuple) else (pitch,) * len(many)
    if thing.kind == "mask":
        from .masks import rows

        return rows(c, thing, many, steps, a["pitch"])
    nx, ny, nz = (*many, 1, 1)[:3]
    px, py, pz = (*steps, 0.0, 0.0)[:3]
    places = [
        translation((i - (nx - 1) / 2) * px, (j - (ny - 1) / 2) * py, k * pz)
        for k in range(nz)
        for j in range(ny)
        for i in range(nx)
    ]
    return placed(c, thing, tuple(places))


def _copies(c: Call, of: s.Expr, to: s.Expr) -> Any:
    """Copies of a part at places of a list."""
    thing, places = _subject(c, of), c.ev.eval(to, c.frame)
    if isinstance(thing, Poison) or places is POISON:
        return POISON
    if thing.kind == "solid":
        return c.err(
            "E206", "`array` copies parts and masks; a solid is copied by `union(a, move(a, by: ...))`", of
        )
    if not isinstance(places, tuple) or not places:
        return c.err(
            "E202", f"`{c.frame.text(to)}` is {type_name(places)}; a list of places was expected", to
        )
    if len(places) > MOST_COPIES:
        return c.err("E310", f"{len(places)} copies are too many; at most {MOST_COPIES} were expected", to)
    matrices: list[Matrix] = []
    for i, place in enumerate(places):
        node = to.items[i] if isinstance(to, s.ListExpr) else to
        if _is_matrix(place):
            one = _matrix(c, place, node)
        else:
            by = _as_vector(c, place, node, "a place")
            one = by if isinstance(by, Poison) else translation(*by)
        if isinstance(one, Poison):
            return POISON
        matrices.append(one)
    return placed(c, thing, tuple(matrices))


def _leaves(nodes: list[Any]) -> int:
    """How many parts or solids a tree has at its ends; what is shared counts each time it is met."""
    known: dict[int, int] = {}

    def count(node: Any) -> int:
        if id(node) not in known:
            if isinstance(node, scene.Union):
                n = sum(map(count, node.parts))
            elif isinstance(node, scene.Solid | scene.Mask):
                n = sum(map(count, node.children)) or 1
            else:
                n = count(node.part) if isinstance(node, scene.Placed) else 1
            known[id(node)] = n
        return known[id(node)]

    return sum(map(count, nodes))


def union(c: Call) -> Any:
    nodes = c.positional(1)
    if nodes is None:
        return POISON
    values: list[Any] = []
    for node in nodes:
        value = c.ev.eval(node, c.frame)
        values += value if isinstance(value, tuple) else [value]
    if any(v is POISON for v in values):
        return POISON
    if _leaves([v.node for v in values if isinstance(v, Thing)]) > MOST_COPIES:
        return c.err("E310", f"more than {MOST_COPIES} parts in one cannot be made")
    if values and all(isinstance(v, Thing) and v.kind == "solid" for v in values):
        return _solids(c, values)
    if values and all(isinstance(v, Thing) and v.kind == "mask" for v in values):
        return made_of(c, values)
    first = values[0].kind if values and isinstance(values[0], Thing) else "part"
    wanted = first if first in ("solid", "mask") else "part"
    for v in values:
        if not (isinstance(v, Thing) and v.kind == wanted):
            return c.err("E206", f"`union` joins parts, solids or masks, not {type_name(v)}")
    span = c.frame.span(c.node)
    joined = scene.Union("union", tuple(v.node for v in values), span)
    assumed = tuple(x for v in values for x in v.assumed)
    return Thing("part", joined, None, {}, {}, span, assumed=assumed)


def boolean(c: Call) -> Any:
    nodes = c.positional(2 if c.name != "union" else 1)
    if nodes is None:
        return POISON
    values: list[Any] = []
    for node in nodes:
        thing = _subject(c, node)
        if isinstance(thing, Poison):
            return POISON
        if thing.kind not in ("solid", "mask") or thing.kind != (values or [thing])[0].kind:
            return c.err(
                "E206",
                f"`{c.name}` takes solids, or masks; `{c.frame.text(node)}` is {type_name(thing)}",
                node,
            )
        values.append(thing)
    if _leaves([v.node for v in values]) > MOST_COPIES:
        return c.err("E310", f"more than {MOST_COPIES} {values[0].kind}s in one cannot be made")
    if values[0].kind == "mask":
        return made_of(c, values)
    return _solids(c, values)


def _solids(c: Call, values: list[Thing]) -> Any:
    from ..kernel.solids import SOLIDS

    if c.name not in SOLIDS:
        return c.err(
            "E106", f"`{c.name}` of solids is not among the solids on offer: {', '.join(SOLIDS.names())}"
        )
    span = c.frame.span(c.node)
    node = scene.Solid(c.name, {}, span, tuple(v.node for v in values))
    return Thing("solid", node, None, {}, {}, span)


def lattices_in(node: Any) -> list[scene.Lattice | scene.Path]:
    """Every lattice and path of a part."""
    pending, found = [node], []
    while pending:
        at = pending.pop()
        if isinstance(at, scene.Lattice | scene.Path):
            found.append(at)
        elif isinstance(at, scene.Placed):
            pending.append(at.part)
        elif isinstance(at, scene.Union):
            pending.extend(reversed(at.parts))
    return found
