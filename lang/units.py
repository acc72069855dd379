"""Units: what may follow a number, as a factor to kernel units and a dimension with tracked exponents."""

from __future__ import annotations

import math
import re
from difflib import get_close_matches
from functools import lru_cache

from ..kernel.quantity import NONE, Dim

_L = Dim(length=1)
_T = Dim(time=1)
_M = Dim(mass=1)
_N = Dim(amount=1)
_I = Dim(current=1)
_A = Dim(angle=1)
_VOL = Dim(length=3)
_P = Dim(mass=1, length=-1, time=-2)
_F = Dim(mass=1, length=1, time=-2)
_E = Dim(mass=1, length=2, time=-2)
_W = Dim(mass=1, length=2, time=-3)
_Q = Dim(current=1, time=1)
_V = Dim(mass=1, length=2, time=-3, current=-1)

#: unit -> (how many kernel units it is, dimension). Kernel: um, s, ug, mol, A, rad. 1 kg = 1e9 ug, 1 m = 1e6 um, so
#: 1 Pa = 1 kg/(m s^2) = 1e9 ug / (1e6 um s^2) = 1e3 ug/(um s^2).
UNITS: dict[str, tuple[float, Dim]] = {
    "nm": (1e-3, _L), "um": (1.0, _L), "mm": (1e3, _L), "cm": (1e4, _L), "m": (1e6, _L), "in": (25.4e3, _L),
    "us": (1e-6, _T), "ms": (1e-3, _T), "s": (1.0, _T), "min": (60.0, _T), "h": (3600.0, _T),
    "rad": (1.0, _A), "mrad": (1e-3, _A), "deg": (math.pi / 180, _A), "°": (math.pi / 180, _A),
    "Pa": (1e3, _P), "kPa": (1e6, _P), "MPa": (1e9, _P), "GPa": (1e12, _P), "bar": (1e8, _P), "mbar": (1e5, _P),
    "psi": (6894.757293168361e3, _P),
    "ng": (1e-3, _M), "ug": (1.0, _M), "mg": (1e3, _M), "g": (1e6, _M), "kg": (1e9, _M),
    "fL": (1.0, _VOL), "pL": (1e3, _VOL), "nL": (1e6, _VOL), "uL": (1e9, _VOL), "mL": (1e12, _VOL), "L": (1e15, _VOL),
    "nmol": (1e-9, _N), "umol": (1e-6, _N), "mmol": (1e-3, _N), "mol": (1.0, _N),
    "uM": (1e-21, _N.over(_VOL)), "mM": (1e-18, _N.over(_VOL)), "M": (1e-15, _N.over(_VOL)),
    "mN": (1e12, _F), "uN": (1e9, _F), "nN": (1e6, _F), "N": (1e15, _F),
    "nA": (1e-9, _I), "uA": (1e-6, _I), "mA": (1e-3, _I), "A": (1.0, _I),
    "V": (1e21, _V), "mV": (1e18, _V),
    "S": (1e-21, _I.over(_V)), "mS": (1e-24, _I.over(_V)), "uS": (1e-27, _I.over(_V)), "ohm": (1e21, _V.over(_I)), "Ω": (1e21, _V.over(_I)),
    "J": (1e21, _E), "mJ": (1e18, _E), "uJ": (1e15, _E), "nJ": (1e12, _E), "pJ": (1e9, _E),
    "W": (1e21, _W), "mW": (1e18, _W), "uW": (1e15, _W), "nW": (1e12, _W), "kW": (1e24, _W),
    "C": (1.0, _Q), "mC": (1e-3, _Q), "uC": (1e-6, _Q), "nC": (1e-9, _Q), "pC": (1e-12, _Q),
    "kV": (1e24, _V), "pA": (1e-12, _I), "MHz": (1e6, Dim(time=-1)), "fs": (1e-15, _T), "ps": (1e-12, _T), "ns": (1e-9, _T),
    "Hz": (1.0, Dim(time=-1)), "kHz": (1e3, Dim(time=-1)),
    "P": (1e2, _P.times(_T)), "cP": (1.0, _P.times(_T)),
    "%": (0.01, NONE), "1": (1.0, NONE),
}  # fmt: skip
# Both code points that look like a micro sign, and the Ohm sign.
UNITS |= {mu + k[1:]: v for k, v in list(UNITS.items()) if k[0] == "u" for mu in ("µ", "μ")}

_PIECE = re.compile(
    r"\s*(?:([*/·])\s*)?([A-Za-zµμ°Ω%]+|1)\s*(?:\^\s*(-?\d+(?:\.\d+)?|\(\s*-?\d+\s*/\s*\d+\s*\)))?"
)


class UnitError(ValueError):
    """A unit that does not exist: `unit` as written, `nearest` what may have been meant."""

    def __init__(self, unit: str, nearest: str | None) -> None:
        super().__init__(unit)
        self.unit = unit
        self.nearest = nearest


@lru_cache(maxsize=1024)
def parse_unit(text: str) -> tuple[float, Dim]:
    """Factor to kernel units and dimension of `um`, `mg/mL`, `MPa^0.5`, `um^2*s`. Raises UnitError."""
    known = UNITS.get(text)
    if known is not None:
        return known
    factor, dim = 1.0, NONE
    at = 0
    stripped = text.strip()
    while at < len(stripped):
        m = _PIECE.match(stripped, at)
        if m is None or (m[1] is None) != (at == 0):
            raise UnitError(text, nearest_unit(stripped))
        unit = UNITS.get(m[2])
        if unit is None:
            near = nearest_unit(m[2])
            raise UnitError(m[2], stripped.replace(m[2], near, 1) if near else None)
        exponent = _exponent(m[3])
        if abs(exponent) > 12:
            raise UnitError(text, None)
        if m[1] == "/":
            exponent = -exponent
        factor *= unit[0] ** exponent
        dim = dim.times(unit[1].power(exponent))
        at = m.end()
    if not stripped:
        raise UnitError(text, None)
    return factor, dim


def _exponent(text: str | None) -> float:
    if text is None:
        return 1.0
    if text.startswith("("):
        over, under = text[1:-1].split("/")
        return float(over) / (float(under) or 1.0)
    return float(text)


#: What people write for a unit that has another name here.
_SPOKEN = {
    "micron": "um", "microns": "um", "micrometer": "um", "micrometre": "um", "mic": "um", "u": "um", "uM": "um",
    "sec": "s", "second": "s", "seconds": "s", "minute": "min", "minutes": "min", "hr": "h", "hour": "h", "hours": "h",
    "degree": "deg", "degrees": "deg", "millimeter": "mm", "millimetre": "mm", "nanometer": "nm", "nanometre": "nm",
    "percent": "%", "pct": "%", "gram": "g", "grams": "g", "ml": "mL", "ul": "uL", "nl": "nL", "pl": "pL", "l": "L",
    "kpa": "kPa", "pa": "Pa", "mpa": "MPa", "KPa": "kPa", "Psi": "psi", "PSI": "psi", "UM": "um", "MM": "mm", "NM": "nm",
    "Um": "um", "Mm": "mm", "mm2": "mm^2", "um2": "um^2", "um3": "um^3", "mm3": "mm^3", "radian": "rad", "radians": "rad",
}  # fmt: skip


def nearest_unit(text: str) -> str | None:
    """The unit that a user most likely meant."""
    if text in _SPOKEN:
        return _SPOKEN[text]
    found = get_close_matches(text, UNITS, 1, 0.5)
    return found[0] if found else None


#: Prefixes of units, and lengths that have no name here, as so many of a unit that has.
_PREFIXES = {"da": 10.0, "h": 1e2, "k": 1e3, "M": 1e6, "G": 1e9, "d": 0.1, "c": 1e-2, "m": 1e-3, "u": 1e-6, "µ": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}  # fmt: skip
_OTHERS = {
    "Å": (0.1, "nm"),
    "angstrom": (0.1, "nm"),
    "ft": (12.0, "in"),
    "mil": (1e-3, "in"),
    "thou": (1e-3, "in"),
}


#: What people write behind a temperature, which has no unit here: the names of its fields say what it is in.
CELSIUS = frozenset({"degC", "celsius", "Celsius", "oC"})


def in_known(text: str) -> tuple[float, str] | None:
    """A unit that is not known as so many of one that is: `km` is 1000 m."""
    if text in _OTHERS:
        return _OTHERS[text]
    for prefix, factor in _PREFIXES.items():
        unit = text.removeprefix(prefix)
        if unit != text and unit.isalpha() and unit in UNITS and text not in _SPOKEN:
            return factor, unit
    return None


_SUPER = (
    ("length", "um"),
    ("mass", "ug"),
    ("amount", "mol"),
    ("current", "A"),
    ("angle", "rad"),
    ("time", "s"),
)
#: Units that a figure of a dimension is shown in, largest first.
_SHOWN: dict[Dim, tuple[str, ...]] = {
    _L: ("mm", "um", "nm"),
    _T: ("h", "min", "s", "ms"),
    _A: ("deg",),
    _M: ("g", "mg", "ug", "ng"),
    _P: ("MPa", "kPa", "Pa"),
    _VOL: ("mL", "uL", "nL", "pL", "um^3"),
    Dim(length=2): ("mm^2", "um^2"),
    Dim(length=1, time=-1): ("mm/s", "um/s"),
    _M.over(_VOL): ("g/mL", "mg/mL"),
    _N.over(_VOL): ("M", "mM"),
    _P.times(_T): ("Pa*s", "cP"),
    _P.power(0.5): ("MPa^0.5",),
    Dim(length=2, mass=-1): ("m^2/g",),
    _I.over(_V).over(_L): ("S/m",),
    _I.over(_V): ("S", "mS", "uS"),
    Dim(mass=1, time=-2): ("mJ/cm^2",),
    Dim(mass=1, time=-3): ("mW/cm^2",),
    Dim(length=-2, time=1, current=1): ("uC/cm^2",),
    _E: ("J", "mJ", "uJ", "nJ", "pJ"),
    _W: ("W", "mW", "uW"),
    _Q: ("C", "uC", "nC", "pC"),
    _I: ("A", "mA", "uA", "nA", "pA"),
    _V: ("kV", "V", "mV"),
    NONE: ("",),
}


def show(value: float, dim: Dim) -> str:
    """A figure as a user would write it: `40um`, `25[mg/mL]`, `0.5`."""
    if not math.isfinite(value):
        return "infinitely much" if value > 0 else str(value)
    for unit in _SHOWN.get(dim, ()):
        if unit == "":
            return _digits(value)
        factor = parse_unit(unit)[0]
        if abs(value) >= 0.9995 * factor or unit == _SHOWN[dim][-1] or (value == 0 and unit == _base(dim)):
            return _digits(value / factor) + (unit if unit.isalpha() else f"[{unit}]")
    return f"{_digits(value)}[{unit_text(dim)}]"


def _base(dim: Dim) -> str:
    return {_L: "um", _T: "s", _P: "kPa", _M: "ug"}.get(dim, "")


def _digits(value: float) -> str:
    text = f"{value:.6g}"
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    return f"{mantissa}e{int(exponent)}"


def unit_text(dim: Dim) -> str:
    """A dimension in kernel units, such as `um^2/s`."""
    over = [_power(u, getattr(dim, n)) for n, u in _SUPER if getattr(dim, n) > 0]
    under = [_power(u, -getattr(dim, n)) for n, u in _SUPER if getattr(dim, n) < 0]
    return "/".join(["*".join(over) or "1", *under])


def _power(unit: str, exponent: float) -> str:
    return unit if exponent == 1 else f"{unit}^{exponent:g}"
