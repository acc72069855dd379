"""What a writer would do with a GWL file, line by line, from what is told of the format. Shares nothing with the package."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Machine:
    """A writer. `stage`: where its coordinates begin over the sample (x, y), along the axes that the file speaks of; `drive`: how far the
    drive of its objective has gone up from where the interface was found last, away from the substrate."""

    laser_power: float = 0.0
    power_scaling: float = 1.0
    scan_speed: float = 0.0
    mode: str = ""
    continuous: bool = False
    inverted: bool = False
    tilt: bool = False
    interface: float | None = None
    stage: list[float] = field(default_factory=lambda: [0.0, 0.0])
    drive: float = 0.0
    fourth: bool = False
    connected: bool = False
    point_distance: float = 0.0
    points: list[tuple[float, float, float, float]] = field(default_factory=list)


@dataclass
class Trajectory:
    """Where the focus goes: over the sample, heights from the interface, in the frame in which the file draws it; in that of the machine (which `InvertZAxis 1` turns about
    y: x and z change their signs, and what is right-handed stays so), the share of full power at each point, and the numbers of the file."""

    sample: list[tuple[float, float, float]]
    machine: list[tuple[float, float, float]]
    power: list[float]
    speed: float
    mode: str
    in_field: list[tuple[float, float, float]]


def run(text: str) -> tuple[list[Trajectory], Machine]:
    """The trajectories of a file, in order, and the machine as it leaves it. Raises ValueError at a line that it does not know."""
    it = Machine()
    done: list[Trajectory] = []
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.partition("%")[0].strip()
        if not line:
            continue
        words = line.split()
        if words[0][0] in "-+.0123456789":
            if len(words) != 3 + it.fourth:
                raise ValueError(f"line {number}: {len(words)} numbers")
            x, y, z = (float(w) for w in words[:3])
            if z < 0 or (it.mode == "PiezoScanMode" and min(x, y) < 0):
                raise ValueError(f"line {number}: a stage begins at its corner")
            it.points.append((x, y, z, float(words[3]) if it.fourth else it.laser_power))
            continue
        command, rest = words[0], words[1:]
        if it.points and command != "Write":
            raise ValueError(f"line {number}: {command} within a trajectory")
        if command == "Write":
            if rest or len(it.points) < 2:
                raise ValueError(f"line {number}: a trajectory of {len(it.points)} points")
            if not (it.mode and it.continuous and it.scan_speed > 0 and it.interface is not None):
                raise ValueError(f"line {number}: written before the writer is set up")
            if it.mode == "PiezoScanMode" and not (it.connected and 10 <= it.point_distance <= 200):
                raise ValueError(f"line {number}: a stage that jumps from point to point")
            done.append(_trajectory(it))
            it.points = []
        elif command in ("GalvoScanMode", "PiezoScanMode") and not rest:
            it.mode = command
        elif command == "ContinuousMode" and not rest:
            it.continuous = True
        elif command in ("TiltCorrectionOn", "TiltCorrectionOff") and not rest:
            if it.mode == "GalvoScanMode":
                raise ValueError(f"line {number}: no tilt is corrected in this mode")
            it.tilt = command.endswith("On")
        elif command in ("ConnectPointsOn", "ConnectPointsOff") and not rest:
            it.connected = command.endswith("On")
        elif command in ("PowerValuesOn", "PowerValuesOff") and not rest:
            it.fourth = command.endswith("On")
        elif len(rest) != 1:
            raise ValueError(f"line {number}: {line}")
        elif command == "PointDistance":
            # The rate of points stays, so the speed goes with their distance until it is said again.
            it.point_distance, it.scan_speed = float(rest[0]), 0.0
        elif command == "ScanSpeed":
            it.scan_speed = float(rest[0])
        elif command == "LaserPower":
            it.laser_power = float(rest[0])
        elif command == "PowerScaling":
            it.power_scaling = float(rest[0])
        elif command == "InvertZAxis":
            it.inverted = {"0": False, "1": True}[rest[0]]
        elif command == "FindInterfaceAt":
            if abs(it.drive) > 1e-9:
                raise ValueError(f"line {number}: the interface is looked for from {it.drive} um above it")
            it.interface = float(rest[0])
        elif command == "AddZDrivePosition":
            it.drive += float(rest[0])
        elif command in ("MoveStageX", "MoveStageY"):
            it.stage["XY".index(command[-1])] += float(rest[0])
        else:
            raise ValueError(f"line {number}: {line}")
    if it.points:
        raise ValueError("points that nothing writes")
    return done, it


def _trajectory(it: Machine) -> Trajectory:
    assert it.interface is not None
    sample = [(x + it.stage[0], y + it.stage[1], z + it.drive - it.interface) for x, y, z, _ in it.points]
    sign = -1.0 if it.inverted else 1.0
    for *_, power in it.points:
        if not 0.0 < power <= 100.0:
            raise ValueError(f"{power} % of the laser power")
    return Trajectory(
        sample,
        [(sign * x, y, sign * z) for x, y, z in sample],
        [it.power_scaling * p / 100.0 for *_, p in it.points],
        it.scan_speed,
        it.mode,
        [(x, y, z) for x, y, z, _ in it.points],
    )
