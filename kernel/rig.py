"""The rig: stage, nozzles, dispensers and baths of one printer, as data. Fields that a rig file may leave out are None;
what a print needs and does not find is listed all at once by rig_check.problems."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Axis:
    """One stage axis. `sign` +1 where a positive command moves the nozzle, seen from the part, in + direction."""

    sign: int
    min_um: float
    max_um: float
    max_speed_um_s: float
    acceleration_um_s2: float


@dataclass(frozen=True)
class Controller:
    """Motion controller: its dialect and the URL of its transport (`tcp://host:port`, `serial:/dev/ttyUSB0`, `file:PATH`,
    `null:`, or `emulated:` for the one shipped). `program_folder` is where programs are put for it to load, `remote_folder`
    the same folder as the controller sees it. `streaming`: a controller that takes a program line by line (GRBL) gets the next
    one when it has told that it took this one, or as many characters as its buffer holds. `arcs`: whether its programs hold arcs where a path is one; None: as is
    usual for the dialect."""

    dialect: str
    transport: str
    task: int = 1
    streaming: str = "response"
    program_folder: str | None = None
    remote_folder: str | None = None
    arcs: bool | None = None


#: The kind of a dispenser that is a pressure regulator on an analog output of the controller.
ANALOG = "analog"


@dataclass(frozen=True)
class SignalPoint:
    """One pair of an analog dispenser: this value of the controller's output (volts, counts, or what its programs write) gives this
    pressure."""

    value: float
    pressure_kpa: float


@dataclass(frozen=True)
class Dispenser:
    """A pressure box: `kind` is a name in the register of dispensers. Limits and steps of its output in kPa (an Ultimus V
    takes tenths). One of kind ANALOG hangs on analog output `channel` of the controller; `signal` is sorted by value, `source` says
    who measured it."""

    kind: str
    transport: str = ""
    channel: int = 0
    pressure_min_kpa: float = 0.0
    pressure_max_kpa: float = 100.0
    resolution_kpa: float = 0.1
    signal: tuple[SignalPoint, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class FlowPoint:
    """One calibrated pair: this pressure drives this flow of ink (um^3/s; 1 pL/s = 1000 um^3/s)."""

    pressure_kpa: float
    flow_um3_s: float


@dataclass(frozen=True)
class Lags:
    """Delay between a valve command and ink at the tip, with where and when it was measured. `ramp_s`: from a new pressure
    being set to it being reached at the tip."""

    on_s: float
    off_s: float
    source: str
    date: str = ""
    ramp_s: float = 0.0


@dataclass(frozen=True)
class InkLoad:
    """What one nozzle knows of the ink in it. `calibration` is sorted by pressure; empty where nobody has measured it.

    `source` says where the figures come from, `date` when they were measured; `assumed` marks figures nobody measured.
    `reserve`: the part of `volume_um3` that is not printed before the reservoir is filled again (assumed).
    """

    ink: str
    calibration: tuple[FlowPoint, ...] = ()
    lags: Lags | None = None
    volume_um3: float | None = None
    source: str = ""
    assumed: bool = False
    date: str = ""
    reserve: float = 0.1


#: An ink name in a rig that stands for any ink.
ANY = "*"


@dataclass(frozen=True)
class Nozzle:
    """A nozzle: tip diameters, `cone` (height above the tip, outer radius) pairs upwards, offset from nozzle 0, its
    dispenser (name) and the digital output of the controller that opens its valve. `manual`: bringing it, or another ink
    in it, to the part takes an operator.

    A mixing head has two dispensers, `mix`, for the inks of its two `loads`. `dead_volume_um3`: how much ink leaves the tip between a
    change of their ratio and ink of the new ratio."""

    name: str
    inner_um: float
    outer_um: float
    cone_um: tuple[tuple[float, float], ...]
    dispenser: str
    output: int = 0
    offset_um: tuple[float, float, float] = (0.0, 0.0, 0.0)
    loads: tuple[InkLoad, ...] = ()
    manual: bool = True
    mix: tuple[str, ...] = ()
    dead_volume_um3: float | None = None

    @property
    def boxes(self) -> tuple[str, ...]:
        """Names of the dispensers that feed it."""
        return self.mix or (self.dispenser,)

    def mixes(self, pair: Sequence[str]) -> tuple[InkLoad, InkLoad] | None:
        """Of a mixing head: what is known of both inks of a pair in it, in their order; None where it holds others."""
        if not self.mix or len(pair) != 2:
            return None
        for loads in (self.loads, self.loads[::-1]):
            if all(entry.ink in (ink, ANY) for entry, ink in zip(loads, pair, strict=True)):
                return loads[0], loads[1]
        return None

    def load(self, ink: str) -> InkLoad | None:
        """What is known of `ink` in this nozzle: its own entry before one for any ink. Of a mixing head and an ink called `A/B`: the
        longer of both delays, without a calibration, for both inks have their own."""
        if self.mix:
            both = self.mixes(ink.split("/"))
            if both is None:
                return None
            lags = [entry.lags for entry in both if entry.lags is not None]
            if len(lags) < 2:
                return InkLoad(ink)
            longest = {k: max(getattr(entry, k) for entry in lags) for k in ("on_s", "off_s", "ramp_s")}
            said = " / ".join(dict.fromkeys(entry.source for entry in lags))
            return InkLoad(ink, lags=Lags(**longest, source=said), assumed=any(e.assumed for e in both))
        for wanted in (ink, ANY):
            for entry in self.loads:
                if entry.ink == wanted:
                    return entry
        return None


@dataclass(frozen=True)
class Speeds:
    """Speeds of a print in um/s. 1.2 mm/s is the paper's printing speed; the others are assumed.

    `corner_um`: how far the controller may round a corner of a path, which sets the speed it passes it at (assumed).
    """

    print_um_s: float = 1200.0
    travel_um_s: float = 5000.0
    approach_um_s: float = 500.0
    corner_um: float = 0.5


@dataclass(frozen=True)
class Heights:
    """`clear_um`: how far above all that is printed a travel runs. `first_gap_um`: nozzle to substrate for layer 0 (the
    paper: 10 um). `safe_um`: nozzle height for exchanges, above the bath."""

    clear_um: float = 50.0
    first_gap_um: float | None = None
    safe_um: float = 5000.0


@dataclass(frozen=True)
class Purge:
    """Where (stage um for nozzle 0, outside the part) and how long a nozzle runs before it prints, so that ink is at the tip.

    Other nozzles purge over the same place. `time_s` clears a nozzle whose ink changed, `prime_s` follows and wets the tip; `z_um` is the tip's height over the
    substrate meanwhile.
    """

    at_um: tuple[float, float]
    time_s: float
    prime_s: float = 0.5
    z_um: float = 200.0


@dataclass(frozen=True)
class Wipe:
    """What takes the drop off a tip after it was purged: the closed nozzle is drawn from `from_um` to `to_um` and back (stage um for
    nozzle 0), `passes` ways, with the end of its tip `z_um` over the substrate."""

    from_um: tuple[float, float]
    to_um: tuple[float, float]
    z_um: float
    passes: int = 2
    speed_um_s: float = 1000.0

    @property
    def time_s(self) -> float:
        """Time along all of its ways, without the ends of each."""
        way = math.dist(self.from_um, self.to_um)
        return self.passes * way / self.speed_um_s


@dataclass(frozen=True)
class Vessel:
    """What holds the bath: inner `size_um` in x and y, height of its rim (`wall_um`) and depth of the bath (`fill_um`) over the
    substrate; `centre_um`: its middle, from the part's origin."""

    size_um: tuple[float, float]
    wall_um: float
    fill_um: float
    centre_um: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Eye:
    """A camera that takes a picture after every layer: by `command` ({file} and {layer} are put in), or by OpenCV from `source` (a path, the
    address of a stream), else from device number `device`. A picture may take `time_s`."""

    command: str = ""
    device: int = 0
    time_s: float = 10.0
    source: str = ""


@dataclass(frozen=True)
class Exchange:
    """How long exchanges take, for the estimate of a print's time: a nozzle by machine, a nozzle by hand, a bath.

    The defaults are assumed. `rinse_s`: a nozzle for another ink; `register_s`: finding the place of another nozzle anew; both 0 where
    the other figures hold them.
    """

    nozzle_s: float = 5.0
    operator_s: float = 300.0
    bath_s: float = 900.0
    rinse_s: float = 0.0
    register_s: float = 0.0


@dataclass(frozen=True)
class Rig:
    """One printer. `origin_um`: stage position of the part's origin on the substrate, for nozzle 0. `baths`: names of the
    baths at hand, ANY for all. `assumed` names figures of the rig (dotted paths) that nobody measured."""

    name: str
    moves: Literal["bath", "nozzle"]
    axes: Mapping[str, Axis]
    controller: Controller
    dispensers: Mapping[str, Dispenser]
    nozzles: tuple[Nozzle, ...]
    origin_um: tuple[float, float, float] = (0.0, 0.0, 0.0)
    speeds: Speeds = field(default_factory=Speeds)
    heights: Heights = field(default_factory=Heights)
    purge: Purge | None = None
    wipe: Wipe | None = None
    camera: Eye | None = None
    vessel: Vessel | None = None
    exchange: Exchange = field(default_factory=Exchange)
    baths: tuple[str, ...] = ()
    bath_exchange: Literal["manual", "automatic"] = "manual"
    assumed: tuple[str, ...] = ()
    simulated: bool = False
    time_scale: float = 1.0
    doc: str = ""
    path: str = ""

    def head_of(self, pair: Sequence[str]) -> int | None:
        """The nozzle that mixes two inks as it prints, None where none does."""
        return next((n for n, nozzle in enumerate(self.nozzles) if nozzle.mixes(pair) is not None), None)

    @property
    def columns(self) -> tuple[tuple[int, str], ...]:
        """(nozzle, dispenser) of every column of pressures: one a nozzle in their order, then the second ones of mixing heads."""
        first = [(n, nozzle.boxes[0]) for n, nozzle in enumerate(self.nozzles)]
        second = [(n, name) for n, nozzle in enumerate(self.nozzles) for name in nozzle.boxes[1:]]
        return (*first, *second)

    def columns_of(self, nozzle: int) -> tuple[int, ...]:
        """Columns of pressures that belong to one nozzle."""
        return tuple(c for c, (n, _) in enumerate(self.columns) if n == nozzle)

    @property
    def analog(self) -> dict[int, Dispenser]:
        """Columns of pressures that the motion program itself sets, with their dispensers."""
        boxes = ((c, self.dispensers.get(name)) for c, (_, name) in enumerate(self.columns))
        return {c: box for c, box in boxes if box is not None and box.kind == ANALOG}
