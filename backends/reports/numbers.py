"""Figures as people write them: three or four significant digits, a unit that suits the size, no powers of ten."""

from __future__ import annotations

import math

#: Between a figure and its unit, so that no line ends there.
GAP = "\u00a0"


def sig(value: float, digits: int = 4) -> str:
    """`value` to `digits` significant digits, whole digits never dropped, without trailing zeros; thousands set apart by narrow gaps."""
    if not math.isfinite(value):
        return "none"
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if not -4 <= size < 12:
        power = 10.0**size
        exponent = str(size).translate(_RAISED)
        return f"{sig(value / power, digits)}{GAP}\u00d7{GAP}10{exponent}"
    text = f"{value:.{max(0, digits - 1 - size)}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    text = text.replace("-", "\u2212") if text.strip("-0.") else "0"
    whole, dot, rest = text.partition(".")
    if len(whole.lstrip("\u2212")) > 4:
        whole = f"{int(whole.replace(chr(0x2212), '-')):,}".replace(",", "\u202f").replace("-", "\u2212")
    return whole + dot + rest


_RAISED = str.maketrans("-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")


def scaled(value: float, units: tuple[tuple[float, str], ...], digits: int = 4) -> str:
    """`value` in the largest unit of `units` (size, name; falling) in which it is at least one."""
    size, name = next(((s, n) for s, n in units if abs(value) >= s * (1 - 1e-9)), units[-1])
    if value == 0:
        size, name = units[len(units) // 2]
    return f"{sig(value / size, digits)}{GAP}{name}"


def length(um: float) -> str:
    return scaled(um, ((1e6, "m"), (1e3, "mm"), (1.0, "\u00b5m"), (1e-3, "nm")))


def volume(um3: float) -> str:
    return scaled(um3, ((1e12, "mL"), (1e9, "\u00b5L"), (1e6, "nL"), (1e3, "pL"), (1.0, "fL")))


def mass(ug: float) -> str:
    return scaled(ug, ((1e6, "g"), (1e3, "mg"), (1.0, "\u00b5g"), (1e-3, "ng"), (1e-6, "pg")))


def clock(seconds: float) -> str:
    """A time for people: 0.8 s, 37.7 s, 3 min 2 s, 4 h 12 min."""
    if seconds < 59.95:
        return f"{sig(seconds, 3)}{GAP}s"
    minutes, s = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}{GAP}h {minutes}{GAP}min"
    return f"{minutes}{GAP}min {s}{GAP}s" if minutes else f"{s}{GAP}s"


def stamp(seconds: float) -> str:
    """A moment of a print: h:mm:ss."""
    minutes, s = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{s:02d}"


def percent(share: float, digits: int = 3) -> str:
    return f"{sig(100 * share, digits)}{GAP}%"


def between(low: float, high: float, unit: str, digits: int = 3) -> str:
    """A range, or one figure where both ends read the same."""
    a, b = sig(low, digits), sig(high, digits)
    if a == b:
        return f"{a}{GAP}{unit}"
    # Both ends to the same decimal, so that 4 to 4.2 reads 4.0 to 4.2.
    decimals = max(len(text.partition(".")[2]) for text in (a, b))
    if decimals and "\u00d7" not in a + b:
        a, b = f"{low:.{decimals}f}", f"{high:.{decimals}f}"
    return f"{a}\u2013{b}{GAP}{unit}"
