"""`wp rig new`: asks for what a rig file needs, in the words of a lab, and writes it; or writes a template to fill in."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from ...kernel.diagnostics import Diagnostic, WetprintError, error
from ...kernel.files import write_text
from ...kernel.rig_file import parse_rig
from .text import FILL_IN, rig_text

#: Asks for a line of text; an empty one leaves the field out.
Line = Callable[[str], str]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")


class _AnswerError(Exception):
    """What is wrong with an answer, in words."""


def on_terminal(question: str) -> str:
    """A line from the terminal; the end of input ends it all, as Ctrl-C does."""
    try:
        return input(question)
    except EOFError:
        raise KeyboardInterrupt from None


def _text(raw: str) -> str:
    return json.dumps(raw, ensure_ascii=False)


def _number(low: float | None = None, high: float | None = None) -> Callable[[str], str]:
    def read(raw: str) -> str:
        try:
            value = float(raw.replace(",", "."))
        except ValueError:
            raise _AnswerError("a number, such as 12.5") from None
        if not math.isfinite(value):
            raise _AnswerError("a number that is finite")
        if low is not None and value < low:
            raise _AnswerError(f"{low:g} or more")
        if high is not None and value > high:
            raise _AnswerError(f"{high:g} or less")
        return repr(value)

    return read


def _count(low: int, high: int) -> Callable[[str], str]:
    def read(raw: str) -> str:
        if not raw.isdecimal() or not low <= int(raw) <= high:
            raise _AnswerError(f"a whole number, {low} to {high}")
        return str(int(raw))

    return read


def _numbers(count: int) -> Callable[[str], str]:
    def read(raw: str) -> str:
        parts = re.split(r"[\s;]+|,\s+|,(?=\S)", raw.strip(" []"))
        if len(parts) != count:
            raise _AnswerError(f"{count} numbers with a decimal point, such as {' '.join(['12.5'] * count)}")
        return "[" + ", ".join(_number()(p) for p in parts) + "]"

    return read


def _choice(*known: str) -> Callable[[str], str]:
    def read(raw: str) -> str:
        found = [k for k in known if k.lower() == raw.lower()] or [
            k for k in known if k.lower().startswith(raw.lower())
        ]
        if len(found) != 1:
            raise _AnswerError(" or ".join(known))
        return _text(found[0])

    return read


def _sign(raw: str) -> str:
    if raw not in ("+1", "1", "-1", "+", "-"):
        raise _AnswerError("+1 or -1")
    return "-1" if raw.startswith("-") else "1"


def _yes_no(raw: str) -> str:
    if not raw or raw.lower() not in ("y", "yes", "n", "no"):
        raise _AnswerError("yes or no")
    return "true" if raw.lower().startswith("y") else "false"


def _address(raw: str) -> str:
    from ..controllers.automation1 import PACKAGE
    from ..transport import TransportError
    from ..transports import TRANSPORTS

    kind = raw.partition(":")[0]
    if raw.startswith(PACKAGE + ":"):
        # Reached through a package of its maker's, by its host alone.
        return _text(raw)
    if ":" not in raw or kind not in TRANSPORTS or kind == "descriptor":
        raise _AnswerError(
            "tcp://HOST:PORT, serial:/dev/NAME, http://HOST:PORT, automation1://HOST, file:PATH or null:"
        )
    try:
        TRANSPORTS[kind](raw)
    except TransportError as reason:
        raise _AnswerError(str(reason)) from None
    return _text(raw)


def _names(raw: str) -> str:
    return json.dumps([n for n in re.split(r"[,\s]+", raw) if n], ensure_ascii=False)


def _calibration(raw: str) -> str:
    """`5:48 20:190`: pressures in kPa and flows in pL/s, both rising."""
    pairs = []
    for part in raw.split():
        kpa, colon, flow = part.partition(":")
        if not colon:
            raise _AnswerError("pairs kPa:pL/s, such as 5:48 20:190")
        pairs.append((float(_number(0.0)(kpa)), float(_number(0.0)(flow))))
    rising = all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(pairs))
    if len(pairs) < 2 or not rising:
        raise _AnswerError("two or more pairs kPa:pL/s, both rising, such as 5:48 20:190")
    return "[" + ", ".join(f"{{ pressure_kpa = {p!r}, flow_pl_s = {q!r} }}" for p, q in pairs) + "]"


class _Interview:
    def __init__(self, line: Line, tell: Callable[[str], None]) -> None:
        self.line, self.tell = line, tell
        self.values: dict[str, str] = {}

    def ask(self, path: str, question: str, read: Callable[[str], str], default: str = "") -> str | None:
        """The TOML literal of an answer, kept under `path`; None where the answer is empty."""
        shown = f"{question} [{default}]: " if default else f"{question}: "
        while True:
            raw = self.line(shown).strip() or default
            if not raw or raw == "-":
                return None
            try:
                value = read(raw)
            except _AnswerError as reason:
                self.tell(f"  expected {reason}; an empty line leaves it out for now")
                continue
            if path:
                self.values[path] = value
            return value

    def more(self, question: str) -> bool:
        return self.ask("", question, _yes_no, "no") == "true"

    def drop(self, section: str) -> None:
        """Forget the answers on a section that is not wanted after all."""
        self.values = {k: v for k, v in self.values.items() if not k.startswith(section + ".")}


def _interview(name: str, line: Line, tell: Callable[[str], None]) -> tuple[dict[str, str], list[str], int]:
    from ..controllers import CONTROLLERS
    from ..dialects import DIALECTS
    from ..dispensers import DISPENSERS

    i = _Interview(line, tell)
    tell(
        f"Questions on the rig `{name}`. An empty answer takes what stands in brackets, or leaves the field out, marked\n"
        f"{FILL_IN} in the file; `-` leaves it out as well. Nothing is written before the last answer.\n"
    )
    i.ask("doc", "What is this printer, in a sentence", _text)
    moves = i.ask("moves", "Does the stage move the bath or the nozzle", _choice("bath", "nozzle")) or ""
    tell(
        f"\nThe controller. Dialects: {', '.join(DIALECTS.names())}. Driven live: {', '.join(CONTROLLERS.names())};\n"
        "for the others `wp export` writes the program. An address is tcp://HOST:PORT, serial:/dev/NAME, http://HOST:PORT (Klipper),\n"
        "automation1://HOST or file:FOLDER."
    )
    dialect = i.ask("controller.dialect", "Dialect of the controller", _choice(*DIALECTS.names()))
    i.ask("controller.transport", "Its address", _address)
    if dialect == '"aerotech"':
        tell("Programs are put in a folder that the controller can read, too (a share).")
        i.ask("controller.program_folder", "That folder, as this computer sees it", _text)
        i.ask("controller.remote_folder", "The same folder, as the controller sees it", _text)
    _axes(i, moves.strip('"'), tell)
    tell(
        "\nThe origin: what the stage reads (x y z, mm) when the tip of the first nozzle touches the substrate where the middle\n"
        "of the part shall be."
    )
    i.ask("origin_mm", "Origin x y z in mm", _numbers(3))
    i.ask(
        "heights.safe_mm",
        "Height of the tip in mm that is above the bath and all in it, for exchanges",
        _number(1e-6),
    )
    i.ask("heights.first_gap_um", "Gap between nozzle and substrate for the first layer in um", _number(1e-6))
    tell("\nWhere ink is brought to the tip before it prints: a place beside the part.")
    at = i.ask("purge.at_mm", "Stage position x y in mm of that place", _numbers(2))
    if at is not None:
        i.ask("purge.time_s", "Seconds to purge a nozzle whose ink changed", _number(0.0))
        _wipe(i)
    _vessel(i, tell)
    boxes = _boxes(i, DISPENSERS.names(), tell)
    count = _nozzles(i, boxes, tell)
    tell("\nBaths at hand, by the names that designs call them.")
    i.ask("baths", "Names, with commas (* for any)", _names)
    _camera(i, tell)
    return i.values, boxes, count


def _wipe(i: _Interview) -> None:
    if not i.more("Is there something that takes the drop off a tip after purging"):
        return
    begin = i.ask("wipe.from_mm", "Stage position x y in mm where the tip begins to wipe", _numbers(2))
    end = i.ask("wipe.to_mm", "Stage position x y in mm where it ends", _numbers(2)) if begin else None
    if (
        end is None
        or i.ask("wipe.z_um", "How high over the substrate the tip is there in um", _number(0.0)) is None
    ):
        # A section with a hole in it would keep the whole rig from being read.
        i.drop("wipe")
        return
    i.ask("wipe.passes", "How many ways along it, there and back", _count(1, 100), "2")


def _vessel(i: _Interview, tell: Callable[[str], None]) -> None:
    tell(
        "\nWhat holds the bath: with it a check sees whether the bath covers the part and whether the nozzle clears the rim."
    )
    if not i.more("Describe the vessel"):
        return
    size = i.ask("vessel.size_mm", "Its inner size x y in mm", _numbers(2))
    wall = (
        i.ask("vessel.wall_mm", "Height of its rim over the substrate in mm", _number(1e-6)) if size else None
    )
    if (
        wall is None
        or i.ask("vessel.fill_mm", "Depth of the bath over the substrate in mm", _number(1e-6)) is None
    ):
        i.drop("vessel")
        return
    i.ask("vessel.centre_mm", "Its middle as seen from the middle of the part, x y in mm", _numbers(2), "0 0")


def _camera(i: _Interview, tell: Callable[[str], None]) -> None:
    tell(
        "\nA camera takes a picture after every layer: by a command of yours (`fswebcam {file}`), or by OpenCV from a camera of this\n"
        "computer, by its number, or from a path or the address of a stream."
    )
    if not i.more("Is there a camera"):
        return
    if i.ask("camera.command", "Command, with {file} for the picture; empty for OpenCV", _text) is None:
        seen = i.ask("", "Number of the camera, or a path or address of a stream", _text, "0") or '"0"'
        number = seen.strip('"').isdecimal()
        i.values["camera.device" if number else "camera.source"] = seen.strip('"') if number else seen
    i.ask("camera.time_s", "Seconds that a picture may take", _number(1e-6), "10")


def _axes(i: _Interview, moves: str, tell: Callable[[str], None]) -> None:
    tell(
        "\nThe axes. The sign says which way the nozzle goes, seen from the part, on a positive command: +1 in the part's + direction,\n"
        "else -1. Where the stage carries the bath it is -1 as a rule. Jog each axis high above the bath and look."
    )
    for axis in "xyz":
        path = f"axes.{axis}"
        i.ask(f"{path}.sign", f"Axis {axis}: sign", _sign)
        low = i.ask(f"{path}.min_mm", f"Axis {axis}: lowest position in mm", _number())
        i.ask(
            f"{path}.max_mm",
            f"Axis {axis}: highest position in mm",
            _number() if low is None else _number(float(low) + 1e-3),
        )
        i.ask(f"{path}.max_speed_mm_s", f"Axis {axis}: fastest speed in mm/s", _number(1e-6))
        i.ask(f"{path}.acceleration_mm_s2", f"Axis {axis}: acceleration in mm/s2", _number(1e-6))


def _boxes(i: _Interview, kinds: tuple[str, ...], tell: Callable[[str], None]) -> list[str]:
    tell(
        "\nThe pressure boxes. `ultimus_v` is set and read back on its serial line; a `valve` has no line: you set its pressure by\n"
        "hand, and the stage's output alone carries the ink."
    )

    def name(raw: str) -> str:
        if not _NAME.fullmatch(raw) or raw in boxes:
            raise _AnswerError("a new name of letters and digits")
        return raw

    boxes: list[str] = []
    while not boxes or i.more("Another pressure box"):
        box = i.ask("", "Name of the box", name, "box" if not boxes else f"box{len(boxes) + 1}") or "box"
        if box in boxes:
            continue
        boxes.append(box)
        path = f"dispensers.{box}"
        kind = i.ask(f"{path}.kind", f"Kind ({', '.join(kinds)})", _choice(*kinds))
        if kind == '"valve"':
            i.values[f"{path}.transport"] = '"null:"'
        else:
            i.ask(f"{path}.transport", "Its address", _address)
        low = i.ask(f"{path}.pressure_min_kpa", "Lowest pressure that you allow in kPa", _number(0.0))
        i.ask(
            f"{path}.pressure_max_kpa",
            "Highest pressure that you allow in kPa",
            _number(1e-3 + float(low or 0.0)),
        )
    return boxes


def _nozzles(i: _Interview, boxes: list[str], tell: Callable[[str], None]) -> int:
    tell(
        "\nThe nozzles. Diameters as measured under a microscope. For the body above the tip, give the outer diameter at some heights:\n"
        "`500:100 5000:880` is 100 um at 500 um and 880 um at 5 mm above the tip. It keeps the nozzle clear of what is printed."
    )
    count = 0
    while count == 0 or i.more("Another nozzle"):
        path = f"nozzles.{count}"
        i.ask(f"{path}.name", "Name of the nozzle", _text, f"n{count}")
        inner = i.ask(f"{path}.inner_um", "Inner diameter of the tip in um", _number(1e-6))
        outer = i.ask(
            f"{path}.outer_um", "Outer diameter of the tip in um", _number(1e-6 + float(inner or 0.0))
        )
        if outer is not None:
            i.ask(f"{path}.cone_um", "Body, HEIGHT:DIAMETER in um, rising", _cone(float(outer)))
        i.ask(f"{path}.dispenser", "Which pressure box drives it", _choice(*boxes), boxes[0])
        i.ask(f"{path}.output", "Which digital output of the controller opens its valve", _count(0, 31))
        if count:
            i.ask(f"{path}.offset_mm", "Its tip from that of the first nozzle, x y z in mm", _numbers(3))
        i.ask(f"{path}.manual", "Does an operator bring this nozzle, or another ink into it", _yes_no)
        load = f"{path}.load"
        if i.ask(f"{load}.ink", "Ink in it, as designs call it (* for any)", _text) is not None:
            i.ask(f"{load}.volume_ul", "Ink loaded in ul", _number(1e-9))
            if (
                i.ask(f"{load}.calibration", "Calibration, kPa:pL/s, such as 5:48 20:190", _calibration)
                is not None
            ):
                i.ask(f"{load}.source", "Who measured it, how and when", _text)
            _lags(i, load)
        count += 1
    return count


def _cone(outer_um: float) -> Callable[[str], str]:
    def read(raw: str) -> str:
        pairs = [[0.0, outer_um / 2]]
        for part in raw.split():
            height, colon, across = part.partition(":")
            if not colon:
                raise _AnswerError("HEIGHT:DIAMETER in um, such as 500:100 5000:880")
            pairs.append([float(_number()(height)), float(_number()(across)) / 2])
            if pairs[-1][0] <= pairs[-2][0] or pairs[-1][1] < pairs[-2][1]:
                raise _AnswerError(
                    f"heights above 0 that rise, and diameters that do not shrink ({outer_um:g} um at 0)"
                )
        return repr(pairs)

    return read


def _lags(i: _Interview, load: str) -> None:
    on = i.ask("", "Milliseconds from the valve's opening to ink at the tip", _number(0.0, 60000.0))
    off = i.ask("", "Milliseconds from its closing to no more ink", _number(0.0, 60000.0)) if on else None
    source = i.ask("", "Who measured these, and how", _text) if on and off else None
    if on and off and source:
        i.values[f"{load}.lags"] = f"{{ on_ms = {on}, off_ms = {off}, source = {source} }}"


def new_rig(
    name: str,
    folder: Path,
    line: Line | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> tuple[Path, tuple[Diagnostic, ...]]:
    """Write `folder`/NAME.toml from an interview, or as a template where nobody can be asked (`line` None).

    Returns the path and what is still missing or wrong in it, as loading it would tell. Raises WetprintError: X701 where the file is
    there already (nothing is asked then), R530 for a name that cannot be one.
    """
    if not _NAME.fullmatch(name):
        raise WetprintError(
            error(
                "R530",
                f"`{name}` cannot name a rig; expected a letter, then letters, digits, - and _, at most 40",
            )
        )
    path = folder / f"{name}.toml"
    taken = error("X701", f"{path} is there already; choose another name, nothing was written")
    if path.exists():
        raise WetprintError(taken)
    values, boxes, count = _interview(name, line, tell) if line is not None else ({}, ["box"], 1)
    text = rig_text(name, values, boxes, count, values.get("moves", "").strip('"'))
    folder.mkdir(parents=True, exist_ok=True)
    if path.exists():  # it was not, before all that was asked
        raise WetprintError(taken)
    write_text(path, text)
    try:
        parse_rig(text, name, str(path))
    except WetprintError as found:
        return path, tuple(found.diagnostics)
    return path, ()
