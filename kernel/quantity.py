"""Dimensions and the typed fields of constructs: what the language checks and the kernel reads.

Every number of a Scene is held in the kernel's units: um, s, ug, mol, rad and A, and what follows from them. Pressure in
these is ug/(um s^2), which is exactly 1e-6 kPa; `KPA` and its like convert where a name ends in `_kpa`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .records import dataclass


class Dim(NamedTuple):
    """Exponents of length, time, mass, amount, current and angle. Halves occur (Hansen parameters are MPa^0.5)."""

    length: float = 0.0
    time: float = 0.0
    mass: float = 0.0
    amount: float = 0.0
    current: float = 0.0
    angle: float = 0.0

    def times(self, other: Dim) -> Dim:
        return Dim(*(a + b for a, b in zip(self, other, strict=True)))

    def over(self, other: Dim) -> Dim:
        return Dim(*(a - b for a, b in zip(self, other, strict=True)))

    def power(self, exponent: float) -> Dim:
        return Dim(*(a * exponent for a in self))


NONE = Dim()
LENGTH = Dim(length=1)
AREA = Dim(length=2)
VOLUME = Dim(length=3)
TIME = Dim(time=1)
MASS = Dim(mass=1)
ANGLE = Dim(angle=1)
SPEED = Dim(length=1, time=-1)
FREQUENCY = Dim(time=-1)
PRESSURE = Dim(mass=1, length=-1, time=-2)
VISCOSITY = Dim(mass=1, length=-1, time=-1)
DENSITY = Dim(mass=1, length=-3)
MOLARITY = Dim(amount=1, length=-3)
SPECIFIC_AREA = Dim(length=2, mass=-1)
HANSEN = Dim(mass=0.5, length=-0.5, time=-1)
DOSE = Dim(mass=1, time=-2)
CHARGE_DOSE = Dim(length=-2, time=1, current=1)
POWER = Dim(length=2, mass=1, time=-3)
INTENSITY = Dim(mass=1, time=-3)
CURRENT = Dim(current=1)
VOLTAGE = Dim(length=2, mass=1, time=-3, current=-1)
CONDUCTIVITY = Dim(current=2, time=3, mass=-1, length=-3)

#: One kilopascal in kernel units, ug/(um s^2).
KPA = 1e6
#: One mJ/cm2 in kernel units, ug/s^2: 1 J = 1e21 ug um^2/s^2, 1 cm^2 = 1e8 um^2.
MJ_CM2 = 1e10
#: One uC/cm2 in kernel units, A s/um^2.
UC_CM2 = 1e-14
#: One mW in kernel units, ug um^2/s^3.
MILLIWATT = 1e18
#: One S/m in kernel units: 1 kg = 1e9 ug, 1 m = 1e6 um, so A^2 s^3 / (kg m^3) = 1e-27 A^2 s^3 / (ug um^3).
SIEMENS_PER_METRE = 1e-27


@dataclass(frozen=True, slots=True)
class Type:
    """A type of the language, as a user writes it. `kind` says how a value is held in a Scene:

    number (float, of dimension `dim`), count (int), text (str), bool, ref (a named scene object of kind `of`),
    list (tuple of `item`, of `size` items where it is fixed).
    """

    name: str
    kind: str = "number"
    dim: Dim = NONE
    of: str = ""
    item: Type | None = None
    size: int | None = None

    def __str__(self) -> str:
        return self.name


Length = Type("Length", dim=LENGTH)
Area = Type("Area", dim=AREA)
Volume = Type("Volume", dim=VOLUME)
Time = Type("Time", dim=TIME)
Mass = Type("Mass", dim=MASS)
Angle = Type("Angle", dim=ANGLE)
Speed = Type("Speed", dim=SPEED)
Pressure = Type("Pressure", dim=PRESSURE)
Viscosity = Type("Viscosity", dim=VISCOSITY)
Density = Type("Density", dim=DENSITY)
Molarity = Type("Molarity", dim=MOLARITY)
SpecificArea = Type("SpecificArea", dim=SPECIFIC_AREA)
Hansen = Type("Hansen", dim=HANSEN)
Conductivity = Type("Conductivity", dim=CONDUCTIVITY)
Dose = Type("Dose", dim=DOSE)
ChargeDose = Type("ChargeDose", dim=CHARGE_DOSE)
Power = Type("Power", dim=POWER)
Intensity = Type("Intensity", dim=INTENSITY)
Current = Type("Current", dim=CURRENT)
Voltage = Type("Voltage", dim=VOLTAGE)
Ratio = Type("Ratio")
Count = Type("Count", kind="count")
Text = Type("Text", kind="text")
Bool = Type("Bool", kind="bool")


def ref(kind: str) -> Type:
    """A reference to a named scene object: material, bath, solvent, linker, solid, part ..."""
    return Type(kind.capitalize(), kind="ref", of=kind)


def list_of(item: Type, size: int | None = None) -> Type:
    return Type(
        f"[{item.name}]" if size is None else f"[{', '.join([item.name] * size)}]",
        "list",
        item=item,
        size=size,
    )


#: Types that a `param`, a `fn` and a field may name.
NAMED_TYPES: dict[str, Type] = {
    t.name: t
    for t in (
        Length, Area, Volume, Time, Mass, Angle, Speed, Pressure, Viscosity, Density, Molarity, SpecificArea, Hansen,
        Conductivity, Dose, ChargeDose, Power, Intensity, Current, Voltage, Ratio, Count, Text, Bool,
        ref("material"), ref("bath"), ref("solvent"), ref("linker"), ref("solid"), ref("part"),
        ref("mask"), ref("film"), ref("ligand"), ref("developer"),
    )
}  # fmt: skip


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


#: Default of a field that a design must give.
REQUIRED: Any = _Required()


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One named field of a construct, as language, completion, reference page and kernel all know it.

    `default` is a value in kernel units, None where absence means something of its own, or REQUIRED.
    `default_doc` tells a default that is computed (`0.8 * filament`). `per_layer` allows it in a `layer k { }` rule;
    `state` marks a Length that names geometry (so it is in the design's state, dried or wet). `low` and `high` are allowed
    themselves, but `low` is not where `above` is set.
    """

    name: str
    type: Type
    doc: str
    default: Any = REQUIRED
    default_doc: str = ""
    per_layer: bool = False
    state: bool = False
    low: float | None = None
    high: float | None = None
    above: bool = False

    @property
    def required(self) -> bool:
        return self.default is REQUIRED


def positive(name: str, type_: Type, doc: str) -> FieldSpec:
    """A figure above zero that may be left out: nobody need know it."""
    return FieldSpec(name, type_, doc, default=None, low=0.0, above=True)


def spread(name: str, type_: Type, doc: str, high: float | None = None) -> FieldSpec:
    """A figure of zero or more that may be left out: an uncertainty, an error, the end of a range."""
    return FieldSpec(name, type_, doc, default=None, low=0.0, high=high)


def share(name: str, doc: str, high: float = 1.0) -> FieldSpec:
    """A part of a whole that may be left out."""
    return spread(name, Ratio, doc, high)


@dataclass(frozen=True, slots=True)
class Construct:
    """What can stand after `=` with a block: its kind (lattice, solid, material ...), name, fields and doc.

    `children` names the kind of the positional arguments of functions such as `union(a, b)`, "" for none.
    """

    kind: str
    name: str
    doc: str
    fields: tuple[FieldSpec, ...]
    children: str = ""

    def field(self, name: str) -> FieldSpec | None:
        for spec in self.fields:
            if spec.name == name:
                return spec
        return None
