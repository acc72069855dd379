"""The params of a design, for people and for machines (`wp params`)."""

from __future__ import annotations

from typing import Any

from ..kernel.quantity import NAMED_TYPES, NONE
from ..kernel.scene import Param
from .load import Loaded
from .units import parse_unit, show


def params_json(loaded: Loaded) -> dict[str, Any]:
    """`{"params": [...], "presets": [...]}`. Figures are in each param's own `unit` (none for a Count, Ratio or Text)."""
    return {"params": [_entry(p) for p in loaded.params], "presets": list(loaded.presets)}


def _entry(p: Param) -> dict[str, Any]:
    factor = parse_unit(p.unit)[0] if p.unit else 1.0

    def own(value: Any) -> Any:
        if value is None or isinstance(value, str | bool):
            return value
        if isinstance(value, tuple):
            return [own(v) for v in value]
        return value if p.type == "Count" else _tidy(value / factor)

    return {
        "name": p.name,
        "type": p.type,
        "unit": p.unit,
        "value": own(p.value),
        "default": own(p.default),
        "low": own(p.low),
        "high": own(p.high),
        "step": own(p.step),
        "choices": [own(c) for c in p.choices],
        "doc": p.doc,
        "assumed": p.assumed,
    }


def _tidy(value: float) -> float:
    """Without the dust of unit factors: 15 significant digits."""
    return float(f"{value:.15g}")


def params_table(loaded: Loaded) -> str:
    """One line for each param, in columns."""
    if not loaded.params:
        return "this design has no params"
    rows = [("param", "type", "value", "range", "says")]
    for p in loaded.params:
        ranged = f"{_shown(p, p.low)}..{_shown(p, p.high)}" if p.low is not None else ""
        if p.step is not None:
            ranged += f" step {_shown(p, p.step)}"
        if p.choices:
            ranged = " | ".join(_shown(p, c) for c in p.choices)
        value = _shown(p, p.value) + ("" if p.value == p.default else f" (default {_shown(p, p.default)})")
        rows.append((p.name, p.type, value, ranged, p.doc + (" [assumed]" if p.assumed else "")))
    widths = [max(len(r[i]) for r in rows) for i in range(4)]
    lines = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=False)) + f"  {r[4]}" for r in rows]
    if loaded.presets:
        lines.append(f"presets: {', '.join(loaded.presets)}")
    return "\n".join(line.rstrip() for line in lines)


def _shown(p: Param, value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"' if p.type == "Text" else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(_shown(p, v) for v in value)}]"
    kind = NAMED_TYPES.get(p.type)
    return show(value, kind.dim if kind else NONE)
