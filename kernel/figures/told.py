"""The figures of a part in words: tables, and how its second state was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..build import Job

#: nL in 1 um^3.
NL = 1e-6


def table(found: dict[str, Any], states: Sequence[str] = ("wet", "dried")) -> str:
    """The figures as text, one column a state."""
    films = []
    if "patterns" in found:
        from ..films.figures import table as films_table

        films = [films_table(found["patterns"])]
        if not found["states"]:
            return films[0]
    shown = [s for s in states if s in found["states"]]
    rows: list[tuple[str, ...]] = [("", *shown)]
    for label, key, unit, scale in _ROWS:
        rows.append(
            (
                f"{label}{', ' + unit if unit else ''}",
                *(_number(found["states"][s][key], scale) for s in shown),
            )
        )
    for label, axis in (("size x, um", 0), ("size y, um", 1), ("size z, um", 2)):
        boxes = [found["states"][s]["bbox_um"] for s in shown]
        rows.append((label, *(_number(b[1][axis] - b[0][axis], 1.0) for b in boxes)))
    wide = [max(len(r[k]) for r in rows) for k in range(len(shown) + 1)]
    lines = [
        "  ".join(
            c.ljust(w) if k == 0 else c.rjust(w) for k, (c, w) in enumerate(zip(r, wide, strict=True))
        ).rstrip()
        for r in rows
    ]
    for axis, c in found["states"].get("dried", {}).get("conductance", {}).items():
        lines.append(
            f"conductance along {axis}, dried: {c['siemens']:.6g} S, as a block of {c['effective_s_m']:.6g} S/m"
        )
    for name, m in found["materials"].items():
        parts = [f"{m['length_um'] / 1e3:.6g} mm"]
        if "ink_nl" in m:
            parts += [f"ink {m['ink_nl']:.6g} nL", f"{m['nanocrystal_ug']:.6g} ug"]
        else:
            parts.append(f"{m['volume_um3']:.6g} um3 swept")
        if "nanocrystal_um3" in m:
            parts.append(f"nanocrystals {m['nanocrystal_um3']:.6g} um3")
        if "porosity" in m:
            parts.append(f"porosity {m['porosity']:.1%}")
        if "bet_m2_g" in m:
            parts.append(f"BET {m['bet_m2_g']:.4g} m2/g (as silica {m['silica_m2_g']:.4g})")
        lines.append(f"{name}: " + ", ".join(parts))
    of = {s: found["states"][s]["solid_fraction_of"] for s in shown}
    if "envelope" in of.values():
        which = " and ".join(s for s in shown if of[s] == "envelope")
        lines.append(f"solid fraction, {which}: of the part's envelope, as nothing in it repeats")
    drying = found.get("drying", {})
    lines += drying_lines(drying)
    assumed = dict.fromkeys(a["what"] for d in drying.values() for a in d["assumed"])
    if assumed:
        lines.append(
            "assumed for drying, so for all figures of the state that was not drawn: " + "; ".join(assumed)
        )
    return "\n".join([*lines, *films])


def told_drying(jobs: Iterable[Job]) -> dict[str, dict[str, Any]]:
    """How each of the jobs that were dried was dried, by name."""
    return {job.name: job.drying.as_dict() for job in jobs if job.drying is not None}


def drying_lines(drying: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """In words, how the second state was found."""
    lines: list[str] = []
    for name, d in drying.items():
        parts = [f"by the {d['model']} model"]
        if d["residual_um"]:
            parts.append(f"the wet part dries to within {1e3 * d['residual_um']:.3g} nm of the design")
        lines.append(f"drying{f' of {name}' if len(drying) > 1 else ''}: " + "; ".join([*parts, *d["notes"]]))
    return lines


_ROWS = (
    ("filaments", "filaments", "", 1.0),
    ("points", "points", "", 1.0),
    ("layers", "layers", "", 1.0),
    ("length", "length_um", "mm", 1e-3),
    ("volume", "volume_um3", "nL", NL),
    ("surface", "surface_um2", "mm2", 1e-6),
    ("contacts", "contacts", "", 1.0),
    ("missing contacts", "missing_contacts", "", 1.0),
    ("longest span", "max_span_um", "um", 1.0),
    ("longest free end", "max_overhang_um", "um", 1.0),
    ("least gap", "min_gap_um", "um", 1.0),
    ("least gap in a layer", "min_gap_in_layer_um", "um", 1.0),
    ("solid fraction", "solid_fraction", "", 1.0),
)


def _number(value: float | None, scale: float) -> str:
    if value is None:
        return "none"
    return str(value) if isinstance(value, int) else f"{value * scale:.6g}"
