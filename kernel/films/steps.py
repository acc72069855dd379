"""Steps of a pattern: spread, expose, develop, treat, each with what a person at the bench must know. No numpy unless an area is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..process import Step
from ..quantity import MJ_CM2, UC_CM2
from ..scene import Pattern, Scene
from .coats import Coat, coats_of, tone_of

#: Pairs of a figure's name and its value as text.
Says = tuple[tuple[str, str], ...]


def length(um: float) -> str:
    """A length as a bench says it."""
    return f"{um:.4g} um" if um >= 1 else f"{1e3 * um:.4g} nm"


def place(at_um: tuple[float, float]) -> str:
    """Where something is, for a message."""
    return f"at ({at_um[0]:.6g}, {at_um[1]:.6g}) um"


def dose(value: float) -> str:
    """A dose of light."""
    return f"{value / MJ_CM2:.4g} mJ/cm2"


def charge_dose(value: float) -> str:
    """A dose of electrons."""
    return f"{value / UC_CM2:.4g} uC/cm2"


def clock(time_s: float) -> str:
    """A time in words."""
    if time_s < 60:
        return f"{time_s:.3g} s"
    minutes, s = divmod(round(time_s), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {s} s"


def film_steps(scene: Scene, item: int, says: Says, time_s: float | None, **data: Any) -> tuple[Step, ...]:
    """All steps of the pattern in row `item` of the job: the film is spread before the first pass of its coat. `says`, `time_s` and
    `data` tell of the exposure itself."""
    pattern = scene.job[item]
    assert isinstance(pattern, Pattern)
    coat = next(c for c in coats_of(scene) if any(row == item for row, _ in c.passes))
    out = []
    if coat.passes[0][0] == item:
        out.append(
            Step(
                "deposit",
                item,
                pattern.film.name,
                pattern.span,
                None,
                _spread(pattern),
                {"film": pattern.film.name},
            )
        )
    out.append(Step("expose", item, pattern.name, pattern.span, time_s, (*says, *_aligned(pattern)), data))
    if pattern.develop:
        out.append(Step("develop", item, pattern.film.name, pattern.span, None, _developed(pattern, coat)))
    treated = _treated(pattern)
    if treated:
        lasts_s = pattern.fields.get("bake_time")
        out.append(Step("treat", item, pattern.film.name, pattern.span, lasts_s, treated))
    return tuple(out)


def _treated(pattern: Pattern) -> Says:
    f = pattern.fields
    told = [("treatment", str(f["bake"]))] if f.get("bake") else []
    told += [("temperature", f"{f['bake_celsius']:g} C")] if f.get("bake_celsius") is not None else []
    told += [("for", clock(f["bake_time"]))] if f.get("bake_time") is not None else []
    return tuple(told)


def _spread(pattern: Pattern) -> Says:
    film = pattern.film
    told = [
        ("nanocrystal", film.nanocrystal),
        ("ligand", film.ligand.name),
        ("thickness", length(film.thickness_um)),
    ]
    if film.loading is not None:
        told.append(("share of ligand", f"{film.loading:.3g} by mass"))
    if film.additive:
        told.append(("additive", film.additive))
    if film.ligand.ink:
        told.append(("cast from", f"a solvent that is {film.ligand.ink}"))
    told.append(("route", film.route))
    return tuple(told)


def _aligned(pattern: Pattern) -> Says:
    told = [
        ("atmosphere", str(pattern.fields.get("atmosphere") or pattern.film.ligand.atmosphere or "not said"))
    ]
    if pattern.fields.get("marks") is not None:
        told.append(("aligned to", pattern.fields["marks"].name or "its marks"))
    return tuple(told)


def _developed(pattern: Pattern, coat: Coat) -> Says:
    tone, why = tone_of(pattern)
    liquid = (
        "not named"
        if pattern.developer is None
        else f"{pattern.developer.liquid} ({pattern.developer.polarity})"
    )
    told = [("developer", liquid), ("tone", f"{tone} ({why})")]
    if len(coat.passes) > 1:
        told.append(("after", f"{len(coat.passes)} passes"))
    return tuple(told)


def exposed_um2(pattern: Pattern) -> tuple[tuple[float, float], ...] | None:
    """(dose factor, area um^2) of every dose class of every pass of a pattern; None where its relief cannot be made."""
    from ..flat import area_um2
    from .exposures import exposures

    try:
        made = exposures(pattern)
    except ValueError:
        return None
    return tuple((c.factor, area_um2(c.flat)) for one in made for c in one.classes)


def as_data(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Steps as JSON holds them."""
    return [
        {"step": s.kind, "of": s.name, "row": s.item, "time_s": s.time_s, "says": dict(s.says), **s.data}
        for s in steps
    ]


def steps_table(steps: Sequence[Step]) -> str:
    """Steps in words, one line each, and how much of the time is known."""
    rows = []
    for k, s in enumerate(steps, 1):
        time = "" if s.time_s is None else clock(s.time_s)
        rows.append((f"{k}.", s.kind, s.name, time, ", ".join(f"{n} {v}" for n, v in s.says)))
    wide = [max(len(r[i]) for r in rows) for i in range(4)]
    lines = ["  ".join([*(c.ljust(w) for c, w in zip(r, wide, strict=False)), r[4]]).rstrip() for r in rows]
    known = [s.time_s for s in steps if s.time_s is not None]
    unknown = len(steps) - len(known)
    lines.append(
        f"time known: {clock(sum(known)) if known else 'none'}"
        + (f"; of {unknown} of {len(steps)} steps nobody knows it" if unknown else "")
    )
    return "\n".join(lines)
