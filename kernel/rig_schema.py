"""Every key that a rig file may hold: its kind, unit, range and meaning, as the reader and the documents know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: suffix of a kernel unit -> other suffixes and how many kernel units one of them is.
UNITS: Mapping[str, Mapping[str, float]] = {
    "um_s2": {"mm_s2": 1e3},
    "um_s": {"mm_s": 1e3},
    "um3_s": {"pl_s": 1e3, "nl_s": 1e6},
    "um3": {"nl": 1e6, "ul": 1e9},
    "um": {"mm": 1e3, "nm": 1e-3},
    "kpa": {"bar": 100.0, "psi": 6.894757293168, "pa": 1e-3},
    "s": {"ms": 1e-3, "min": 60.0},
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a section of a rig file. `kind`: text, number, count, flag, names, pair, triple, cone, table (one table of
    section `of`), tables (an array of them), named (a table of them by name). `low` and `high` are inclusive. `unless`: another
    key of the section, and the value of it (None: any), with which a required one is not."""

    name: str
    kind: str
    doc: str
    required: bool = False
    of: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] = ()
    unless: tuple[str, str | None] | None = None

    def lacks(self, values: Mapping[str, Any]) -> bool:
        """Whether it is needed beside these values of its section, and not among them."""
        if not self.required or self.name in values:
            return False
        key, value = self.unless or ("", None)
        return key not in values or (value is not None and values[key] != value)

    @property
    def spellings(self) -> Mapping[str, float]:
        """Every name that the key may be written as, with its factor to the kernel's unit."""
        if self.kind in ("number", "pair", "triple", "cone"):
            for suffix, others in UNITS.items():
                if self.name.endswith("_" + suffix):
                    stem = self.name[: -len(suffix)]
                    return {self.name: 1.0, **{stem + o: k for o, k in others.items()}}
        return {self.name: 1.0}


#: Smallest positive number that makes sense for a length, speed or time of a rig: "greater than zero".
SOME = 1e-9

SECTIONS: Mapping[str, tuple[Key, ...]] = {
    "rig": (
        Key("doc", "text", "what this printer is, in a sentence"),
        Key("moves", "text", "what the stage moves", True, choices=("bath", "nozzle")),
        Key("controller", "table", "motion controller", True, "controller"),
        Key("axes", "named", "the stage axes x, y and z", True, "axis"),
        Key("origin_um", "triple", "stage position where nozzle 0 touches the substrate at the part's origin", True),
        Key("dispensers", "named", "pressure boxes, by name", True, "dispenser"),
        Key("nozzles", "tables", "the nozzles", True, "nozzle"),
        Key("speeds", "table", "speeds of printing, travel and approach", of="speeds"),
        Key("heights", "table", "heights above the part", of="heights"),
        Key("purge", "table", "where and how long a nozzle is purged", of="purge"),
        Key("wipe", "table", "what takes the drop off a tip after purging", of="wipe"),
        Key("camera", "table", "a picture after every layer, kept with the run", of="camera"),
        Key("vessel", "table", "what holds the bath", of="vessel"),
        Key("exchange", "table", "how long exchanges take", of="exchange"),
        Key("baths", "names", 'names of the baths at hand, ["*"] for any'),
        Key("bath_exchange", "text", "who changes the bath", choices=("manual", "automatic")),
        Key("assumed", "names", "dotted names of figures in this file that nobody measured"),
        Key("simulated", "flag", "true for a printer that exists only in the emulators"),
        Key("time_scale", "number", "how many seconds of printing pass in one second (emulators)", low=SOME),
    ),
    "controller": (
        Key("dialect", "text", "language of the motion program (`wp export` lists them)", True),
        Key("transport", "text", 'where the controller is: "tcp://HOST:PORT", "serial:/dev/NAME", "http://HOST:PORT", "automation1://HOST", "file:PATH", "null:"', True),
        Key("task", "count", "task of the controller that runs the program", low=1, high=31),
        Key("streaming", "text", "how lines are sent to a controller that takes them one by one: each when the one before is known to be taken, or counting characters",
            choices=("response", "characters")),
        Key("arcs", "flag", "whether programs hold arcs where a path is one; without it, as is usual for the dialect (docs/dialects.md)"),
        Key("program_folder", "text", "folder where programs are put for the controller"),
        Key("remote_folder", "text", "the same folder as the controller sees it"),
    ),
    "axis": (
        Key("sign", "count", "+1 where a positive command moves the nozzle, seen from the part, in + direction; else -1",
            True, choices=(1, -1)),
        Key("min_um", "number", "lower soft limit", True),
        Key("max_um", "number", "upper soft limit", True),
        Key("max_speed_um_s", "number", "fastest speed", True, low=SOME),
        Key("acceleration_um_s2", "number", "acceleration", True, low=SOME),
    ),
    "dispenser": (
        Key("kind", "text", "driver of the dispenser", True),
        Key("transport", "text", 'where it is: "serial:/dev/NAME", "tcp://HOST:PORT", "null:"; an `analog` one has none', True, unless=("kind", "analog")),
        Key("channel", "count", "channel of the box; of an `analog` one: which analog output of the controller", low=0),
        Key("pressure_min_kpa", "number", "lowest pressure", low=0.0),
        Key("pressure_max_kpa", "number", "highest pressure", low=SOME),
        Key("resolution_kpa", "number", "step in which pressures are set", low=0.0),
        Key("signal", "tables", "of an `analog` one: measured pairs of what the output is set to and pressure", of="signal"),
        Key("source", "text", "who measured `signal`, how and when"),
    ),
    "signal": (
        Key("value", "number", "what the program sets the output to: volts, counts, or Klipper's 0 to 1", True),
        Key("pressure_kpa", "number", "pressure", True, low=0.0),
    ),
    "nozzle": (
        Key("name", "text", "name of the nozzle", True),
        Key("inner_um", "number", "inner diameter of the tip", True, low=SOME),
        Key("outer_um", "number", "outer diameter of the tip", True, low=SOME),
        Key("cone_um", "cone", "[[height over the tip, outer radius], ...] upwards", True),
        Key("dispenser", "text", "name of the dispenser that drives it", True, unless=("mix", None)),
        Key("mix", "names", "of a head that mixes two inks as it prints: names of two `analog` dispensers, for its two `loads` in order"),
        Key("dead_volume_um3", "number", "of such a head: ink that leaves the tip between a change of the ratio and the new ratio", low=0.0),
        Key("output", "count", "digital output of the controller that opens its valve", low=0),
        Key("offset_um", "triple", "position of its tip relative to nozzle 0"),
        Key("manual", "flag", "true where an operator brings this nozzle, or another ink into it"),
        Key("loads", "tables", "inks in it, with what is known of each", of="load"),
    ),
    "load": (
        Key("ink", "text", 'name of the ink, "*" for any', True),
        Key("calibration", "tables", "measured pairs of pressure and flow", of="calibration"),
        Key("lags", "table", "measured delays of the ink", of="lags"),
        Key("volume_um3", "number", "volume of ink loaded", low=SOME),
        Key("reserve", "number", "part of that volume that stays in the reservoir when it is filled again", low=0.0, high=0.95),
        Key("source", "text", "who measured the calibration, how and when"),
        Key("assumed", "flag", "true for figures that nobody measured"),
        Key("date", "text", "when the calibration was measured"),
    ),
    "calibration": (
        Key("pressure_kpa", "number", "pressure", True, low=0.0),
        Key("flow_um3_s", "number", "flow of ink at this pressure", True, low=0.0),
    ),
    "lags": (
        Key("on_s", "number", "from the valve's opening to ink at the tip", True, low=0.0, high=60.0),
        Key("off_s", "number", "from the valve's closing to no more ink at the tip", True, low=0.0, high=60.0),
        Key("source", "text", "who measured them, and how", True),
        Key("date", "text", "when they were measured"),
        Key("ramp_s", "number", "from a new pressure being set to it being reached at the tip", low=0.0, high=60.0),
    ),
    "speeds": (
        Key("print_um_s", "number", "printing", low=SOME),
        Key("travel_um_s", "number", "travel without ink", low=SOME),
        Key("approach_um_s", "number", "descent to the start of a filament", low=SOME),
        Key("corner_um", "number", "how far the controller may round a corner", low=0.0),
    ),
    "heights": (
        Key("clear_um", "number", "how far above what is printed a travel runs", low=SOME),
        Key("first_gap_um", "number", "nozzle to substrate for the first layer", low=SOME),
        Key("safe_um", "number", "height of the tip over the substrate for exchanges", low=SOME),
    ),
    "purge": (
        Key("at_um", "pair", "stage position x, y of the place to purge", True),
        Key("time_s", "number", "how long a nozzle is cleared after its ink changed", True, low=0.0),
        Key("prime_s", "number", "how long ink runs right before the print goes on", low=0.0),
        Key("z_um", "number", "height of the tip over the substrate meanwhile", low=SOME),
    ),
    "camera": (
        Key("command", "text", "what takes a picture: {file} is where it is to be put, {layer} the layer's number"),
        Key("device", "count", "number of the camera for OpenCV, without a command", low=0),
        Key("source", "text", "what OpenCV opens instead: a path (/dev/v4l/by-id/...), the address of a stream (rtsp://...), a film"),
        Key("time_s", "number", "how long a picture may take", low=SOME),
    ),
    "wipe": (
        Key("from_um", "pair", "stage position x, y where it begins", True),
        Key("to_um", "pair", "stage position x, y where it ends", True),
        Key("z_um", "number", "height of the tip over the substrate meanwhile", True, low=0.0),
        Key("passes", "count", "how many ways, there and back", low=1, high=100),
        Key("speed_um_s", "number", "speed along it", low=SOME),
    ),
    "vessel": (
        Key("size_um", "pair", "inner size in x and y", True),
        Key("wall_um", "number", "height of the rim over the substrate", True, low=SOME),
        Key("fill_um", "number", "depth of the bath over the substrate", True, low=SOME),
        Key("centre_um", "pair", "middle of the vessel, from the part's origin"),
    ),
    "exchange": (
        Key("nozzle_s", "number", "a change of nozzle or ink by machine", low=0.0),
        Key("operator_s", "number", "a change of nozzle or ink by hand", low=0.0),
        Key("bath_s", "number", "a change of bath", low=0.0),
        Key("rinse_s", "number", "rinsing a nozzle that takes another ink", low=0.0),
        Key("register_s", "number", "finding the place of another nozzle anew", low=0.0),
    ),
}  # fmt: skip
