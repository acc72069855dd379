"""Rig files: TOML text into a Rig, with every unknown key, wrong value and missing field told at once.

A key carries its unit. The kernel's unit is the field's own name (`min_um`); others that a lab writes are taken as well
(`min_mm`, `max_speed_mm_s`, `on_ms`, `pressure_psi`, `flow_pl_s`, `volume_ul`).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from .diagnostics import Source, Span, WetprintError, error
from .rig import (
    ANALOG,
    Axis,
    Controller,
    Dispenser,
    Exchange,
    Eye,
    FlowPoint,
    Heights,
    InkLoad,
    Lags,
    Nozzle,
    Purge,
    Rig,
    SignalPoint,
    Speeds,
    Vessel,
    Wipe,
)
from .rig_reader import Path, Reader, dotted, parse_toml
from .rig_schema import SECTIONS

AXES = ("x", "y", "z")


def parse_rig(text: str, name: str, path: str = "") -> Rig:
    """The rig that a TOML text describes. `name` is what the user calls it, `path` the file (for messages).

    Raises WetprintError with everything that is wrong with it (R501 ... R506) at once.
    """
    source = Source(path or f"rig {name}", text)
    data = parse_toml(source)
    reader = Reader(source)
    values = reader.table(data, "rig", ())
    _cross_check(reader, values)
    if reader.missing:
        reader.found.append(
            error(
                "R504",
                f"{len(reader.missing)} needed field{'s are' if len(reader.missing) > 1 else ' is'} missing in rig `{name}`",
                Span(source, 0, 0),
                notes=tuple(f"{dotted(p)}: {k.doc}" for p, k in reader.missing),
            )
        )
    if reader.found:
        raise WetprintError(*reader.found)
    return _build(values, name, path)


def _cross_check(reader: Reader, values: dict[str, Any]) -> None:
    """What one field says of another."""

    def inconsistent(path: Path, message: str, expected: str) -> None:
        reader.found.append(error("R506", f"{message}; expected {expected}", reader.span(path)))

    axes = values.get("axes") or {}
    for name in axes:
        if name not in AXES:
            reader.unknown(("axes", name), list(AXES))
    if isinstance(values.get("axes"), dict):
        needed = [k for k in SECTIONS["axis"] if k.required]
        reader.missing += [(("axes", a, k.name), k) for a in AXES if a not in axes for k in needed]
    for name, axis in axes.items():
        low, high = axis.get("min_um"), axis.get("max_um")
        if low is not None and high is not None and low >= high:
            inconsistent(("axes", name), f"axis {name} runs from {low:g} to {high:g} um", "min below max")
    dispensers = values.get("dispensers") or {}
    for name, box in dispensers.items():
        low, high = box.get("pressure_min_kpa"), box.get("pressure_max_kpa")
        if low is not None and high is not None and low >= high:
            inconsistent(
                ("dispensers", name), f"dispenser {name} gives {low:g} to {high:g} kPa", "min below max"
            )
        _check_box(reader, ("dispensers", name), box)
    vessel = values.get("vessel") or {}
    if (fill := vessel.get("fill_um")) and (wall := vessel.get("wall_um")) and fill > wall:
        inconsistent(
            ("vessel", "fill_um"),
            f"the bath is {fill:g} um deep in a vessel of {wall:g} um",
            "at most the height of the rim",
        )
    if any(side <= 0.0 for side in vessel.get("size_um") or ()):
        reader.wrong(("vessel", "size_um"), list(vessel["size_um"]), "two lengths above zero")
    names: set[str] = set()
    for i, nozzle in enumerate(values.get("nozzles") or ()):
        at: Path = ("nozzles", i)
        if nozzle.get("name") in names:
            inconsistent(
                (*at, "name"), f"two nozzles are called `{nozzle['name']}`", "a name of its own for each"
            )
        names.add(nozzle.get("name") or "")
        mix = nozzle.get("mix") or ()
        for box in (*mix, nozzle.get("dispenser")):
            if box and values.get("dispensers") and box not in dispensers:
                known = ", ".join(sorted(dispensers))
                key = "mix" if box in mix else "dispenser"
                inconsistent((*at, key), f"there is no dispenser `{box}`", f"one of {known}")
        if "mix" in nozzle:
            _check_head(reader, at, nozzle, dispensers)
        inner, outer = nozzle.get("inner_um"), nozzle.get("outer_um")
        if inner and outer and inner >= outer:
            inconsistent(
                (*at, "inner_um"), f"tip is {inner:g} um inside and {outer:g} um outside", "inner below outer"
            )
        cone = nozzle.get("cone_um")
        if cone and outer and abs(cone[0][1] - outer / 2) > 1e-6 * outer:
            inconsistent(
                (*at, "cone_um"),
                f"the cone begins with radius {cone[0][1]:g} um",
                f"half of outer_um, {outer / 2:g} um",
            )
        for j, load in enumerate(nozzle.get("loads") or ()):
            table = load.get("calibration") or []
            pairs = [(p.get("pressure_kpa"), p.get("flow_um3_s")) for p in table]
            if any(p is None or q is None for p, q in pairs):
                continue
            if len(pairs) == 1 or any(a[0] >= b[0] or a[1] >= b[1] for a, b in pairwise(pairs)):
                inconsistent(
                    (*at, "loads", j, "calibration"),
                    f"the calibration of `{load.get('ink')}` has {len(pairs)} pair(s) that do not all rise",
                    "two or more, with pressure and flow rising",
                )


def _check_box(reader: Reader, path: Path, box: dict[str, Any]) -> None:
    """An analog dispenser has a table of its signal, told by whom, and its own resolution."""
    if box.get("kind") == ANALOG:
        needed = ("signal", "source", "resolution_kpa")
        reader.missing += [
            ((*path, k.name), k)
            for k in SECTIONS["dispenser"]
            if k.name in needed and box.get(k.name) is None
        ]
    pairs = [(p.get("value"), p.get("pressure_kpa")) for p in box.get("signal") or ()]
    if not pairs or any(v is None or p is None for v, p in pairs):
        return
    if pairs[0][0] < 0.0:
        what = f"its signal begins with {pairs[0][0]:g}; ink is cut by setting the output to 0"
        reader.found.append(error("R506", f"{what}; expected 0 or more", reader.span((*path, "signal"))))
    if len(pairs) < 2 or any(a[0] >= b[0] or a[1] >= b[1] for a, b in pairwise(pairs)):
        what = f"its signal has {len(pairs)} pair(s) that do not all rise"
        wanted = "two or more, with value and pressure rising"
        reader.found.append(error("R506", f"{what}; expected {wanted}", reader.span((*path, "signal"))))


def _check_head(reader: Reader, at: Path, nozzle: dict[str, Any], dispensers: dict[str, Any]) -> None:
    """A mixing head: two analog dispensers, two inks."""
    mix, loads = nozzle["mix"] or (), nozzle.get("loads") or ()
    said = [
        (len(set(mix)) != 2 or len(mix) != 2, "mix", f"the head mixes {len(mix)} channels", "two different dispensers"),
        ("dispenser" in nozzle, "dispenser", "the head has `mix` and `dispenser`", "`mix` alone"),
        (len(loads) != 2, "mix", f"the head has {len(loads)} loads", "two, the inks of its dispensers in order"),
        *(
            (dispensers[box].get("kind") not in (None, ANALOG), "mix", f"dispenser `{box}` is of kind `{dispensers[box].get('kind')}`",
             f'kind = "{ANALOG}": the ratio changes with the motion')
            for box in mix
            if box in dispensers
        ),
    ]  # fmt: skip
    reader.found += [
        error("R506", f"{what}; expected {wanted}", reader.span((*at, key)))
        for bad, key, what, wanted in said
        if bad
    ]


def _build(values: dict[str, Any], name: str, path: str) -> Rig:
    def load(v: dict[str, Any]) -> InkLoad:
        points = tuple(FlowPoint(**p) for p in v.pop("calibration", ()))
        lags = v.pop("lags", None)
        return InkLoad(**v, calibration=points, lags=Lags(**lags) if lags else None)

    def nozzle(v: dict[str, Any]) -> Nozzle:
        loads = tuple(load(dict(entry)) for entry in v.pop("loads", ()))
        if v.get("mix"):
            v["dispenser"] = v["mix"][0]
        return Nozzle(**v, loads=loads)

    def box(v: dict[str, Any]) -> Dispenser:
        return Dispenser(**{**v, "signal": tuple(SignalPoint(**p) for p in v.get("signal", ()))})

    v = dict(values)
    return Rig(
        name=name,
        path=path,
        controller=Controller(**v.pop("controller")),
        axes={a: Axis(**v["axes"][a]) for a in AXES if v["axes"]},
        dispensers={n: box(d) for n, d in v.pop("dispensers").items()},
        nozzles=tuple(nozzle(dict(n)) for n in v.pop("nozzles")),
        speeds=Speeds(**v.pop("speeds", {})),
        heights=Heights(**v.pop("heights", {})),
        purge=Purge(**v.pop("purge")) if "purge" in v else None,
        wipe=Wipe(**v.pop("wipe")) if "wipe" in v else None,
        camera=Eye(**v.pop("camera")) if "camera" in v else None,
        vessel=Vessel(**v.pop("vessel")) if "vessel" in v else None,
        exchange=Exchange(**v.pop("exchange", {})),
        **{k: x for k, x in v.items() if k != "axes"},
    )
