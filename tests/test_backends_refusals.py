"""Bad rigs and bad programs, one broken law a row: each is refused before the first byte, with its place and how to mend it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from wetprint.backends.printing.preflight import preflight
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.diagnostics import Diagnostic, Severity, WetprintError
from wetprint.kernel.material import Bath
from wetprint.kernel.motion import DWELL, PRINT, TRAVEL, Toolpath
from wetprint.kernel.rig import FlowPoint, Rig
from wetprint.kernel.rig_file import parse_rig

#: name -> (what is replaced in the simulated rig's file, by what, code, what the line of the file that is shown begins with).
RIGS: dict[str, tuple[str, str, str, str]] = {
    "no TOML": ("[axes.x]", "[axes.x", "R501", "[axes.x"),
    "no value": ("max_mm = 100.0", "max_mm =", "R501", "max_mm"),
    "a key that is not known": ("safe_mm = 5.0", "save_mm = 5.0", "R502", "save_mm"),
    "a key of another table": ("[axes.x]\n", "[axes.x]\nchannel = 1\n", "R502", "channel"),
    "an axis that is not known": ("[speeds]", "[axes.w]\nsign = 1\n[speeds]", "R502", "[axes.w]"),
    "a table that is not known": ("[speeds]", "[speed]", "R502", "[speed]"),
    "a unit that is not known": ("clear_um = 50.0", "clear_inch = 50.0", "R502", "clear_inch"),
    "moves nothing": ('moves = "bath"', 'moves = "table"', "R503", "moves"),
    "a wrong sign": ("sign = -1", "sign = 0", "R503", "sign"),
    "a text for a number": ("print_mm_s = 1.2", 'print_mm_s = "1.2"', "R503", "print_mm_s"),
    "a speed below zero": ("travel_mm_s = 20.0", "travel_mm_s = -20.0", "R503", "travel_mm_s"),
    "a speed of zero": ("approach_mm_s = 0.5", "approach_mm_s = 0", "R503", "approach_mm_s"),
    "no acceleration": ("acceleration_mm_s2 = 500.0", "acceleration_mm_s2 = 0.0", "R503", "acceleration_mm_s2"),
    "two numbers for three": ("origin_mm = [50.0, 50.0, 40.0]", "origin_mm = [50.0, 50.0]", "R503", "origin_mm"),
    "a flag in quotes": ("simulated = true", 'simulated = "true"', "R503", "simulated"),
    "not finite": ("time_s = 1.0", "time_s = inf", "R503", "time_s"),
    "one key in two units": ("safe_mm = 5.0", "safe_mm = 5.0\nsafe_um = 5000.0", "R503", "safe_um"),
    "a cone that falls": ("cone_um = [[0.0, ", "cone_um = [[0.0, 9.0], [-5.0, ", "R503", "cone_um"),
    "a list of numbers for names": ('baths = ["*"]', "baths = [1]", "R503", "baths"),
    "who changes the bath": ('bath_exchange = "automatic"', 'bath_exchange = "robot"', "R503", "bath_exchange"),
    "no controller": ("[controller]", "[exchanges]", "R504", ""),
    "no transport": ("transport =", "# transport =", "R504", ""),
    "no sign": ("sign = -1", "", "R504", ""),
    "no origin": ("origin_mm", "# origin_mm", "R504", ""),
    "a nozzle without a dispenser": ("dispenser = ", "# dispenser = ", "R504", ""),
    "limits the wrong way round": ("min_mm = 0.0\nmax_mm = 100.0", "min_mm = 100.0\nmax_mm = 0.0", "R506", "[axes."),
    "pressures the wrong way round": ("pressure_min_kpa = ", "pressure_min_kpa = 999", "R506", "[dispensers."),
    "a dispenser that is not there": ('dispenser = "left"', 'dispenser = "lft"', "R506", "dispenser"),
    "thicker inside": ("inner_um = ", "inner_um = 9", "R506", "inner_um"),
    "a bath over the rim": ("[exchange]", "[vessel]\nsize_mm = [30.0, 30.0]\nwall_mm = 4.0\nfill_mm = 5.0\n[exchange]", "R506", "[vessel]"),
}  # fmt: skip


def tells_how(d: Diagnostic) -> bool:
    """Whether a refusal says how to mend it."""
    notes = [n for n in d.notes if not n.startswith("and at ")]
    return bool(notes or d.fixes or "expected" in d.message or "did you mean" in d.label or d.code == "R501")


@pytest.mark.parametrize("name", RIGS)
def test_bad_rig_files(name: str) -> None:
    old, new, code, line = RIGS[name]
    text = Path(load_rig("sim").path).read_text()
    assert old in text
    with pytest.raises(WetprintError) as refused:
        parse_rig(text.replace(old, new, 1), "lab", "lab.toml")
    told = [d for d in refused.value.diagnostics if d.code == code]
    assert told, [(d.code, d.message) for d in refused.value.diagnostics]
    for d in told:
        assert tells_how(d), d
        assert d.primary is not None and d.primary.source.name == "lab.toml"
    if line:
        assert any(
            d.primary.source.line_text(d.primary.line).strip().startswith(line) for d in told if d.primary
        )


Change = Callable[[ModuleType, Toolpath, Rig], tuple[Toolpath, Rig]]


def column(name: str, rows: Callable[[Toolpath], Any], value: Any) -> Change:
    """The toolpath with some rows of a column changed."""

    def change(_: ModuleType, path: Toolpath, rig: Rig) -> tuple[Toolpath, Rig]:
        array = np.array(getattr(path, name))
        array[rows(path)] = value
        return replace(path, **{name: array}), rig

    return change


def place(rows: Callable[[Toolpath], Any], axis: int, value: float) -> Change:
    def change(_: ModuleType, path: Toolpath, rig: Rig) -> tuple[Toolpath, Rig]:
        at = path.position_um.copy()
        at[rows(path), axis] = value
        return replace(path, position_um=at), rig

    return change


def on(**fields: Any) -> Change:
    """The same toolpath on a changed rig; a dict changes fields of a field."""

    def change(_: ModuleType, path: Toolpath, rig: Rig) -> tuple[Toolpath, Rig]:
        new = {k: replace(getattr(rig, k), **v) if isinstance(v, dict) else v for k, v in fields.items()}
        return path, replace(rig, **new)

    return change


def axis(name: str, **fields: Any) -> Change:
    return lambda _, path, rig: (
        path,
        replace(rig, axes={**rig.axes, name: replace(rig.axes[name], **fields)}),
    )


def box(**fields: Any) -> Change:
    return lambda _, path, rig: (
        path,
        replace(rig, dispensers={k: replace(d, **fields) for k, d in rig.dispensers.items()}),
    )


def nozzles(**fields: Any) -> Change:
    return lambda _, path, rig: (path, replace(rig, nozzles=tuple(replace(n, **fields) for n in rig.nozzles)))


def loads(**fields: Any) -> Change:
    return lambda _, path, rig: (
        path,
        replace(
            rig,
            nozzles=tuple(
                replace(n, loads=tuple(replace(e, **fields) for e in n.loads)) for n in rig.nozzles
            ),
        ),
    )


def curve(prints: ModuleType, path: Toolpath, rig: Rig) -> tuple[Toolpath, Rig]:
    """The same lines in steps of 1 um, on a GRBL board with a serial line."""
    entry = replace(rig.controller, dialect="grbl", transport="serial:/dev/ttyUSB0")
    n = len(path)
    at = np.repeat(np.arange(n), 200)
    many = {k: getattr(path, k)[at] for k in ("valve", "filament", "kind", "nozzle", "pressure_kpa", "speed_um_s", "dwell_s", "position_um")}  # fmt: skip
    time_s = np.interp(np.arange(n * 200) / 200.0, np.arange(n), path.time_s)
    return replace(path, time_s=time_s, **many), replace(rig, controller=entry, simulated=False)


def printed(k: int) -> Callable[[Toolpath], int]:
    return lambda path: int(np.flatnonzero(path.kind == PRINT)[k])


def travel(k: int) -> Callable[[Toolpath], int]:
    return lambda path: int(np.flatnonzero((path.kind == TRAVEL) & (np.arange(len(path)) > 10))[k])


def dwell(path: Toolpath) -> Any:
    return (path.kind == DWELL) & path.valve


EVERY = slice(None)

#: name -> (what is changed of a good print, code, whether a line of the design is shown; else a field of the rig is named).
PRINTS: dict[str, tuple[Change, str, bool]] = {
    "nothing to print": (column("filament", lambda p: EVERY, -1), "M601", False),
    "a place that is no number": (column("position_um", printed(0), np.nan), "M601", False),
    "a speed that is no number": (column("speed_um_s", printed(0), np.inf), "M601", False),
    "a pressure that is no number": (column("pressure_kpa", printed(0), np.nan), "M601", False),
    "a move without speed": (column("speed_um_s", printed(1), 0.0), "M601", True),
    "a filament left out": (column("filament", lambda p: p.filament == 1, -1), "M601", False),
    "a filament twice": (column("filament", lambda p: p.filament == 2, 0), "M601", False),
    "fewer nozzles": (lambda _, p, r: (p, replace(r, nozzles=r.nozzles[:1])), "M601", False),
    "no such dispenser": (lambda _, p, r: (p, replace(r, dispensers={"right": r.dispensers["right"]})), "M602", False),
    "a box that is not known": (box(kind="ultimus_x"), "M602", False),
    "no driver": (on(controller={"dialect": "fanuc"}), "M602", False),
    "only files": (on(controller={"dialect": "automation1"}), "M602", False),
    "one output for two nozzles": (nozzles(output=0), "M602", False),
    "programs on another machine": (on(controller={"transport": "tcp://10.0.0.9:8000"}, simulated=False), "M602", False),
    "a sign that is none": (axis("x", sign=2), "M602", False),
    "beyond x": (place(printed(0), 0, 60_000.0), "R519", True),
    "beyond y": (place(printed(0), 1, -60_000.0), "R519", True),
    "beyond z": (place(travel(0), 2, 45_000.0), "R519", True),
    "a narrow stage": (axis("x", max_um=50_010.0), "R519", True),
    "a stage that begins late": (axis("y", min_um=49_999.0), "R519", True),
    "a short z": (axis("z", min_um=36_000.0), "R519", True),
    "travels too fast": (column("speed_um_s", travel(-1), 80_000.0), "M611", True),
    "a slow axis": (axis("x", max_speed_um_s=100.0), "R520", False),
    "a slow z": (axis("z", max_speed_um_s=100.0), "R520", False),
    "prints faster than y": (on(speeds={"print_um_s": 90_000.0}), "R520", False),
    "into the substrate": (place(printed(0), 2, -5.0), "M612", True),
    "open in a travel": (column("valve", travel(-1), True), "M614", True),
    "a dwell inside": (column("kind", printed(1), DWELL), "M614", True),
    "far too much pressure": (column("pressure_kpa", lambda p: p.valve, 150.0), "M613", True),
    "no pressure": (column("pressure_kpa", lambda p: EVERY, 0.0), "M613", True),
    "a box for more pressure": (box(pressure_min_kpa=50.0, pressure_max_kpa=90.0), "R514", True),
    "a weak box": (box(pressure_max_kpa=0.5), "R514", True),
    "flows beyond the calibration": (loads(calibration=(FlowPoint(1.0, 1.0), FlowPoint(2.0, 2.0))), "R514", True),
    "another pressure inside": (column("pressure_kpa", printed(0), 3.0), "M617", True),
    "no delays": (loads(lags=None), "R512", True),
    "no calibration": (loads(calibration=()), "R511", True),
    "another ink": (loads(ink="Ag"), "R510", True),
    "empty nozzles": (nozzles(loads=()), "R510", True),
    "a drop of ink": (loads(volume_um3=10.0), "R516", True),
    "no place to purge": (on(purge=None), "R513", False),
    "purged on the part": (on(purge={"at_um": (50_000.0, 50_000.0)}), "R521", True),
    "not primed": (column("valve", dwell, False), "M620", True),
    "an idle nozzle in the way": (nozzles(offset_um=(0.0, 0.0, 0.0)), "R522", True),
    "a bath that is elsewhere": (on(baths=("hexanol",)), "M621", False),
    "moves faster than the line": (curve, "M622", True),
}  # fmt: skip


@pytest.mark.parametrize("name", PRINTS)
def test_bad_prints(prints: ModuleType, name: str) -> None:
    change, code, line = PRINTS[name]
    machine = prints.rig()
    good = prints.toolpath(prints.woodpile(3, 2, inks=("Au", "CdSe")), machine)
    bath = Bath("butanol", prints.NMF, (prints.GOLD,), 1e-21)
    assert preflight(good, machine, baths=[bath]) == []
    path, rig = change(prints, good, machine)
    found = preflight(path, rig, baths=[bath])
    told = [d for d in found if d.code == code]
    assert told, [(d.code, d.message) for d in found]
    assert code == "M622" or any(d.severity is Severity.ERROR for d in told)
    for d in told:
        assert tells_how(d), d
        if line:
            assert d.primary is not None and d.primary.source.name == "hand.wp", d
    if not line and code != "M601":
        assert any(
            field in text
            for d in told
            for text in (d.message, *d.notes)
            for field in ("speeds.", "[purge]", "dispensers.", "controller.", "nozzles.", "axes.", "`baths`")
        )


def test_there_are_sixty() -> None:
    assert len(RIGS) + len(PRINTS) >= 60


def test_a_toolpath_of_another_rig(prints: ModuleType) -> None:
    """What only the toolpath knows: nozzles exchanged behind the plan (M616), and what a dry run may lack (M615)."""
    machine = prints.rig()
    good = prints.toolpath(prints.woodpile(3, 2, inks=("Au", "CdSe")), machine)
    loaded = tuple(
        replace(n, loads=tuple(replace(e, ink=ink) for e in n.loads))
        for n, ink in zip(machine.nozzles, ("Au", "CdSe"), strict=False)
    )
    rig = replace(machine, nozzles=loaded)
    assert preflight(good, rig) == []
    (told, *_) = [d for d in preflight(replace(good, nozzle=1 - good.nozzle), rig) if d.code == "M616"]
    assert tells_how(told) and told.primary is not None
    path, unknown = loads(lags=None)(prints, good, machine)
    dry = preflight(path, unknown, dry_run=True)
    assert {(d.code, d.severity) for d in dry} == {("M615", Severity.WARNING)} and all(map(tells_how, dry))
