"""Checks a value against a type, and hands it over the way a Scene holds it; says what is wrong and what to type."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from ..kernel.diagnostics import Diagnostic, Edit, Fix, Source, Span, error
from ..kernel.quantity import (
    CHARGE_DOSE,
    DOSE,
    INTENSITY,
    LENGTH,
    NAMED_TYPES,
    NONE,
    Construct,
    Dim,
    FieldSpec,
    Type,
    list_of,
)
from ..kernel.records import dataclass
from ..kernel.scene import StateName
from . import syntax as s
from .units import parse_unit, show
from .values import POISON, FieldVal, Graded, Num, Poison, Thing, shown, type_name

#: The unit that is proposed where a bare number stands.
USUAL_UNIT: dict[str, str] = {
    "Length": "um", "Area": "[um^2]", "Volume": "nL", "Time": "s", "Mass": "ug", "Angle": "deg", "Speed": "[mm/s]",
    "Pressure": "kPa", "Viscosity": "[Pa*s]", "Density": "[mg/mL]", "Molarity": "[mM]", "SpecificArea": "[m^2/g]",
    "Hansen": "[MPa^0.5]", "Conductivity": "[S/m]", "Dose": "[mJ/cm^2]", "ChargeDose": "[uC/cm^2]", "Power": "mW",
    "Intensity": "[mW/cm^2]", "Current": "nA", "Voltage": "kV",
}  # fmt: skip

#: Fields whose lengths are usual in nm: a wrong guess that `wp fix` writes is a thousandfold slip.
IN_NM = frozenset(
    f"`{name}`"
    for name in (
        "wavelength",
        "wavelengths",
        "thickness",
        "overlay",
        "size_error",
        "edge_roughness",
        "relief",
    )
)

#: Equal within rounding: figures that differ by less than this part of themselves are the same figure.
SAME = 1e-9


def same(a: float, b: float) -> bool:
    return a == b or abs(a - b) <= SAME * max(abs(a), abs(b)) < math.inf


@dataclass(slots=True)
class Place:
    """Where a value was written, and what for: enough to point at it and to propose an edit."""

    source: Source
    node: s.Node
    what: str

    @property
    def span(self) -> Span:
        return Span(self.source, self.node.start, self.node.end)

    @property
    def text(self) -> str:
        text = self.source.text[self.node.start : self.node.end]
        return text if len(text) <= 40 else text[:36] + " ..."

    def replace(self, title: str, text: str) -> tuple[Fix, ...]:
        return (Fix(title, (Edit(self.span, text),)),)


def named_type(source: Source, node: s.TypeExpr) -> Type | Diagnostic:
    """The Type that a type expression names."""
    if isinstance(node, s.TypeList):
        items: list[Type] = []
        for item in node.items:
            t = named_type(source, item)
            if isinstance(t, Diagnostic):
                return t
            items.append(t)
        if len({t.name for t in items}) > 1:
            return error(
                "E111",
                "a list holds values of one type",
                Span(source, node.start, node.end),
                fixes=(),
            )
        return list_of(items[0], len(items) if len(items) > 1 else None)
    known = NAMED_TYPES.get(node.name)
    if known is not None:
        return known
    span = Span(source, node.start, node.end)
    lowered = {k.lower(): k for k in NAMED_TYPES}
    aliases = {
        "int": "Count",
        "integer": "Count",
        "float": "Ratio",
        "number": "Ratio",
        "real": "Ratio",
        "string": "Text",
    }
    aliases |= {"str": "Text", "boolean": "Bool", "distance": "Length", "ink": "Material", "um": "Length"}
    near = lowered.get(node.name.lower()) or aliases.get(node.name.lower())
    near = near or next(iter(get_close_matches(node.name, NAMED_TYPES, 1, 0.5)), None)
    return error(
        "E111",
        f"`{node.name}` is not a type"
        + (f"; did you mean `{near}`?" if near else f"; one of {', '.join(NAMED_TYPES)} was expected"),
        span,
        fixes=(Fix(f"write `{near}`", (Edit(span, near),)),) if near else (),
    )


def convert(
    value: Any, kind: Type, place: Place, state: StateName | None = None
) -> Any | Diagnostic | Poison:
    """The value as a Scene holds it (float, int, str, bool, tuple, or a Thing), POISON, or what is wrong with it.

    `state`: the state that a Length must be in, None where none is asked for.
    """
    if value is POISON:
        return POISON
    if isinstance(value, FieldVal) and not (kind.kind == "bool" and value.dim is None):
        return error(
            "E211",
            f"`{place.text}` varies over space; {place.what} takes one {kind}",
            place.span,
            notes=("what varies over space belongs in a region's `where` or in a graded mix",),
        )
    if kind.kind == "number":
        return _number(value, kind, place, state)
    if kind.kind == "count":
        return _count(value, kind, place)
    if kind.kind == "text":
        return value if isinstance(value, str) else _wrong(value, kind, place, _quoted(value, place))
    if kind.kind == "bool":
        return value if isinstance(value, bool | FieldVal) else _wrong(value, kind, place)
    if kind.kind == "list":
        return _list(value, kind, place, state)
    if isinstance(value, Graded) and kind.of == "material":
        return value
    if isinstance(value, Thing) and value.kind == kind.of:
        return value
    # What is written with light is made of a film; whether a print does that, the kernel sees.
    if isinstance(value, Thing) and (value.kind, kind.of, place.what) == ("film", "material", "`material`"):
        return value
    return _wrong(value, kind, place)


def _number(value: Any, kind: Type, place: Place, state: StateName | None) -> Any:
    if not isinstance(value, Num):
        return _wrong(value, kind, place)
    if value.dim != kind.dim:
        if value.dim == NONE:
            return missing_unit(value, kind.name, place)
        return error(
            "E202",
            f"`{place.text}` is {type_name(value)} ({shown(value)}); {place.what} takes {_a(kind)}",
            place.span,
            label=f"{_a(kind)} was expected",
            notes=_other_quantity(value.dim, kind, place),
        )
    if state and value.state and value.state != state and kind.dim == LENGTH:
        return error(
            "E205",
            f"`{place.text}` is a {value.state} length; {place.what} takes a {state} one, as the design is drawn {state}",
            place.span,
            notes=(f"`{state}(length, ink)` converts through the ink",),
        )
    return float(value.value)


def missing_unit(value: Num, kind: str, place: Place) -> Diagnostic:
    unit = "nm" if kind == "Length" and place.what in IN_NM else USUAL_UNIT.get(kind, "")
    fixes: tuple[Fix, ...] = ()
    note: tuple[str, ...] = ()
    node = place.node
    bare = node.operand if isinstance(node, s.Unary) else node
    expected = _an(kind)
    if isinstance(bare, s.Number) and not bare.unit and unit:
        expected = f"`{place.text}{unit}`"
        fixes = place.replace(f"write {expected}", f"{place.text}{unit}")
    elif unit:
        note = (f"a number becomes {_an(kind)} by a unit: `3{unit}`, or `count * 1{unit}`",)
    return error(
        "E201",
        f"`{place.text}` has no unit; {place.what} takes {_an(kind)}: {expected} was expected",
        place.span,
        notes=note,
        fixes=fixes,
    )


def _count(value: Any, kind: Type, place: Place) -> Any:
    if not isinstance(value, Num):
        return _wrong(value, kind, place)
    if value.is_count:
        return int(value.value)
    if value.dim != NONE:
        return error(
            "E203",
            f"`{place.text}` is {type_name(value)} ({shown(value)}); {place.what} takes a Count, a whole number without unit",
            place.span,
            notes=("`floor_fit(height, step)` counts how many steps fit in a height",),
            fixes=_plain(place),
        )
    node: s.Node = place.node
    while isinstance(node, s.Group):
        node = node.inner
    fixes: tuple[Fix, ...] = ()
    text = place.source.text
    if isinstance(node, s.Call) and isinstance(node.callee, s.Var) and len(node.args) == 1:
        inner = node.args[0].value
        if node.callee.name in ("floor", "round", "ceil") and isinstance(inner, s.Binary) and inner.op == "/":
            node = inner
    if isinstance(node, s.Binary) and node.op == "/":
        a, b = text[node.left.start : node.left.end], text[node.right.start : node.right.end]
        fixes = (
            *place.replace("count the whole steps that fit", f"floor_fit({a}, {b})"),
            *place.replace("demand a whole number", f"exactly({a} / {b})"),
        )
    elif isinstance(node, s.Number):
        if float(value.value).is_integer():
            fixes = place.replace("write it as a whole number", f"{value.value:.0f}")
    else:
        fixes = place.replace("demand a whole number", f"exactly({text[place.node.start : place.node.end]})")
    return error(
        "E203",
        f"`{place.text}` is a Ratio ({shown(value)}); {place.what} takes a Count, and a Count never comes from rounding",
        place.span,
        notes=("`floor_fit(a, b)` counts whole steps, `exactly(a / b)` demands that they fit",),
        fixes=fixes,
    )


def _plain(place: Place) -> tuple[Fix, ...]:
    """A whole number with a unit that it should not have, without it."""
    node = place.node
    digits = place.text.removesuffix(node.unit) if isinstance(node, s.Number) else ""
    return place.replace(f"write `{digits}`, if that is the number meant", digits) if digits.isdigit() else ()


def _list(value: Any, kind: Type, place: Place, state: StateName | None) -> Any:
    assert kind.item is not None
    if not isinstance(value, tuple):
        fixes: tuple[Fix, ...] = ()
        one = convert(value, kind.item, place, state)
        if not isinstance(one, Diagnostic | Poison):
            text = place.source.text[place.node.start : place.node.end]
            many = ", ".join([text] * (kind.size or 1))
            title = "write a list of one" if kind.size is None else f"write `[{many}]`"
            fixes = place.replace(title, f"[{many}]")
        return _wrong(value, kind, place, fixes)
    if kind.size is not None and len(value) != kind.size:
        return error(
            "E207",
            f"`{place.text}` has {len(value)} items; {place.what} takes {kind.size}: {kind}",
            place.span,
        )
    nodes = place.node.items if isinstance(place.node, s.ListExpr) else []
    out: list[Any] = []
    for i, item in enumerate(value):
        at = Place(place.source, nodes[i], place.what) if i < len(nodes) else place
        one = convert(item, kind.item, at, state)
        if isinstance(one, Diagnostic) and one.code == "E201" and one.fixes:
            return _units_of_all(one, value, kind.item, place.source, nodes)
        if isinstance(one, Diagnostic | Poison):
            return one
        out.append(one)
    return tuple(out)


def _units_of_all(
    found: Diagnostic, value: tuple[Any, ...], kind: Type, source: Source, nodes: list[s.Expr]
) -> Diagnostic:
    """The mend of a number without unit in a list is that of all of them."""
    each = [
        missing_unit(v, kind.name, Place(source, n, ""))
        for v, n in zip(value, nodes, strict=False)
        if isinstance(v, Num) and v.dim == NONE
    ]
    edits = tuple(e for d in each for f in d.fixes for e in f.edits)
    return replace(found, fixes=(Fix(found.fixes[0].title, edits),))


def _wrong(value: Any, kind: Type, place: Place, fixes: tuple[Fix, ...] = ()) -> Diagnostic:
    extra = f" ({shown(value)})" if isinstance(value, Num | Thing) else ""
    code = "E206" if kind.kind == "ref" else "E202"
    return error(
        code,
        f"`{place.text}` is {type_name(value)}{extra}; {place.what} takes {_a(kind)}",
        place.span,
        label=f"{_a(kind)} was expected",
        fixes=fixes,
    )


def _other_quantity(dim: Dim | None, kind: Type, place: Place) -> tuple[str, ...]:
    """How quantities that are taken for each other hang together."""
    if (dim, kind.dim) == (INTENSITY, DOSE):
        return (f"a dose is an intensity times a time: `{place.text} * 10s`",)
    if (dim, kind.dim) == (DOSE, CHARGE_DOSE):
        return (
            "electrons bring a charge, such as `100[uC/cm^2]`; `process: photopattern;` exposes to light",
        )
    if (dim, kind.dim) == (CHARGE_DOSE, DOSE):
        name = place.what.strip("`")
        of_films = name in ("d0", "damage")
        return (
            f"figures of electrons stand in `{name}_electrons`"
            if of_films
            else "light brings an energy, such as `100[mJ/cm^2]`; `process: ebeam;` exposes to electrons",
        )
    unit = USUAL_UNIT.get(kind.name)
    return (f"such as `1{unit}`",) if unit and unit.startswith("[") else ()


def _a(kind: Type) -> str:
    if kind.kind == "list":
        return f"a list {kind}"
    return _an(kind.name)


def _an(name: str) -> str:
    return ("an " if name[:1] in "AEIOU" else "a ") + name


def _quoted(value: Any, place: Place) -> tuple[Fix, ...]:
    return place.replace(f'write "{place.text}"', f'"{place.text}"') if isinstance(value, Num) else ()


def in_range(value: float, spec: FieldSpec, place: Place) -> Diagnostic | None:
    """Whether a field's value lies where its spec allows."""
    low, high = spec.low, spec.high
    if (low is None or value > low or (value == low and not spec.above)) and (high is None or value <= high):
        return None
    least = "more than" if spec.above else "at least"
    bounds = (f"{least} {show(low, spec.type.dim)}" if low is not None else "") + (
        (" and " if low is not None else "") + f"at most {show(high, spec.type.dim)}"
        if high is not None
        else ""
    )
    fixes: tuple[Fix, ...] = ()
    if (low, high) == (0.0, 1.0) and 1 < value <= 100 and place.text.replace(".", "", 1).isdecimal():
        fixes = (Fix(f"write `{place.text}%`", (Edit(place.span, f"{place.text}%"),)),)
    return error(
        "E310",
        f"{show(value, spec.type.dim)} cannot be the {spec.name}; {bounds} was expected",
        place.span,
        fixes=fixes,
    )


#: Colours that people know by name.
_NAMED_COLOURS = {
    "red": "#d62728", "green": "#2ca02c", "blue": "#1f77b4", "yellow": "#f2c80f", "orange": "#ff7f0e", "purple": "#9467bd", "violet": "#9467bd",
    "brown": "#8c564b", "pink": "#e377c2", "grey": "#7f7f7f", "gray": "#7f7f7f", "black": "#000000", "white": "#ffffff", "gold": "#d4af37",
    "silver": "#b8bcc2", "cyan": "#17becf", "magenta": "#d33682",
}  # fmt: skip
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\Z")


def colour_fault(said: str, span: Span) -> Diagnostic | None:
    """Whether a text is a colour."""
    if _COLOUR.match(said):
        return None
    known = _NAMED_COLOURS.get(said.strip().lower())
    if known is None and re.fullmatch(r"#?[0-9a-fA-F]{6}|#[0-9a-fA-F]{3}", said.strip()):
        digits = said.strip().removeprefix("#")
        known = "#" + (digits if len(digits) == 6 else "".join(2 * d for d in digits))
    fixes = (Fix(f'write "{known}"', (Edit(span, f'"{known}"'),)),) if known else ()
    wanted = known or "#rrggbb"
    return error("E310", f'"{said}" is no colour; "{wanted}" was expected', span, fixes=fixes)


def number(node: s.Number) -> Num | tuple[str, str | None]:
    """The value of a literal; (unit, nearest unit) where there is no such unit."""
    if not node.unit:
        return Num(int(node.value) if node.is_count else node.value)
    from .units import UnitError

    try:
        factor, dim = parse_unit(node.unit)
    except UnitError as e:
        return e.unit, e.nearest
    return Num(node.value * factor, dim)


def unit_of(dim: Dim, text: str) -> str:
    """The unit a figure was written in, kept for showing it again."""
    return text or {LENGTH: "um"}.get(dim, "")


def mistaken(construct: Construct, written: list[str]) -> set[str]:
    """Fields that a misspelt one among `written` probably stands for: that they are missing need not be said too."""
    taken = frozenset(written)
    return {
        near
        for name in written
        if construct.field(name) is None and (near := nearest_field(construct, name, taken)) is not None
    }


def nearest_field(construct: Construct, name: str, taken: frozenset[str] = frozenset()) -> str | None:
    names = [f.name for f in construct.fields if f.name not in taken]
    spoken = {
        "width": "filament",
        "spacing": "pitch",
        "diameter": "filament",
        "color": "colour",
        "rotation": "angle",
    }
    spoken |= {
        "ink": "material",
        "offset": "phase",
        "count": "layers",
        "height": "layer_height",
        "dz": "layer_height",
        "extent": "size",
        "dimensions": "size",
        "distance": "pitch",
    }
    if spoken.get(name) in names:
        return spoken[name]
    if name == "bath":
        # Light needs none: no field that is spelt like it is meant.
        return None
    begun = [n for n in names if n.startswith(name)]
    if len(begun) == 1:
        return begun[0]
    found = get_close_matches(name, names, 1, 0.55 if taken else 0.5)
    return found[0] if found else None
