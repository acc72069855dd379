"""Rig files as text: every key with what it means, a value where one is known, and FILL IN where one is needed and is not."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from ...kernel.rig_schema import SECTIONS

#: Stands in a comment where a rig file lacks a field that it needs.
FILL_IN = "FILL IN"

_HEAD = (
    "Rig `{name}`, begun by `wp rig new`. Keys carry their unit; docs/rigs.md tells them all, and which units are taken.",
    "{state}",
    "`wp rig show {name}` reads it, `wp rig test {name}` asks the machines themselves, `wp check DESIGN --rig {name}` holds a design"
    " against it. Write down what you measured; name figures that nobody measured in `assumed`.",
)

_OPEN = (
    f"Lines marked {FILL_IN} are needed: take away the `# ` before the key and put your own figure in place of the example. Until"
    " then the rig is refused, and all that is missing is listed at once. The examples are no figures of a printer."
)

_CLOSED = "All that a plan needs is there."


def _doc(section: str, spelling: str) -> tuple[str, bool]:
    for key in SECTIONS[section]:
        if spelling in key.spellings:
            return key.doc, key.required
    raise LookupError(f"{spelling} is no key of {section}")


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, 112)]


class _Page:
    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        self.lines: list[str] = []
        self.open = 0

    def head(self, header: str, *words: str) -> None:
        """A new table, with words on what it is for."""
        self.lines.append("")
        for text in words:
            self.lines += _comment(text)
        if header:
            self.lines.append(header)

    def key(self, section: str, path: str, spelling: str, example: str, words: str = "") -> None:
        """One key: its value at `path` among the answers, else an example in a comment."""
        doc, needed = _doc(section, spelling)
        doc += f": {words}" if words else ""
        value = self.values.get(f"{path}.{spelling}" if path else spelling)
        if value is not None:
            self.lines += [*_comment(doc), f"{spelling} = {value}"]
            return
        self.open += needed
        mark = f"{FILL_IN} - " if needed else "optional - "
        self.lines += [*_comment(mark + doc), f"# {spelling} = {example}"]


def rig_text(
    name: str, values: Mapping[str, str], boxes: Sequence[str] = ("box",), nozzles: int = 1, moves: str = ""
) -> str:
    """The TOML text of a rig. `values` maps dotted paths (`axes.x.min_mm`, `nozzles.0.inner_um`) to TOML literals; `boxes` names the
    dispensers. Whatever is not in `values` stands there as a comment, marked where it is needed."""
    p = _Page(values)
    p.key("rig", "", "doc", f'"what {name} is, in a sentence"')
    p.key("rig", "", "moves", '"bath"', '"bath" or "nozzle"')
    p.key(
        "rig", "", "origin_mm", "[50.0, 50.0, 40.0]",
        "read it off the controller with the tip just touching; z decides whether the first layer sticks or the tip breaks",
    )  # fmt: skip
    p.key("rig", "", "baths", '["butanol"]')
    p.key("rig", "", "assumed", '["axes.x.acceleration_mm_s2"]')
    p.head("[controller]")
    p.key("controller", "controller", "dialect", '"aerotech"')
    p.key("controller", "controller", "transport", '"tcp://192.168.0.10:8000"')
    p.key(
        "controller", "controller", "program_folder", '"/mnt/programs"', "this computer's run folder, if left out"
    )  # fmt: skip
    p.key("controller", "controller", "remote_folder", "'C:\\programs'")
    p.key("controller", "controller", "arcs", "true")
    way = (
        "a stage that carries the nozzle has 1 as a rule"
        if moves == "nozzle"
        else "a stage that carries the bath has -1 as a rule"
    )
    for axis in "xyz":
        words = [
            "The sign: jog the axis by a small positive step high above the bath and watch which way the nozzle goes over the"
            " substrate. +1 where it goes in the part's + direction, else -1. `wp rig test NAME --move` holds it against what you see.",
        ]
        p.head(f"[axes.{axis}]", *(words if axis == "x" else ()))
        path = f"axes.{axis}"
        p.key("axis", path, "sign", "-1" if moves != "nozzle" else "1", way)
        p.key("axis", path, "min_mm", "0.0")
        p.key("axis", path, "max_mm", "100.0" if axis != "z" else "50.0")
        p.key("axis", path, "max_speed_mm_s", "50.0")
        p.key("axis", path, "acceleration_mm_s2", "500.0")
    p.head("[heights]")
    p.key("heights", "heights", "clear_um", "50.0")
    p.key("heights", "heights", "first_gap_um", "10.0")
    p.key("heights", "heights", "safe_mm", "5.0", "higher than the bath is deep")
    purge = [k for k in values if k.startswith("purge.")]
    p.head(
        "[purge]" if purge else "",
        "Where ink is brought to the tip before it prints, outside the part. A print refuses without it; a plan does not.",
    )
    if not purge:
        p.lines.append("# [purge]")
        p.lines += ["# at_mm = [58.0, 50.0]   # stage position x, y", "# time_s = 5.0", "# prime_s = 1.0"]
    else:
        p.key("purge", "purge", "at_mm", "[58.0, 50.0]")
        p.key("purge", "purge", "time_s", "5.0")
        p.key("purge", "purge", "prime_s", "1.0")
    _section(
        p, "wipe", "What takes the drop off a tip after purging: the closed nozzle is drawn along it.",
        ("from_mm", "[57.0, 48.0]"), ("to_mm", "[59.0, 48.0]"), ("z_um", "180.0"), ("passes", "2"),
    )  # fmt: skip
    _section(
        p, "vessel", "What holds the bath: a check sees whether the bath covers the part, and whether the nozzle clears the rim.",
        ("size_mm", "[30.0, 30.0]"), ("wall_mm", "8.0"), ("fill_mm", "4.0"), ("centre_mm", "[0.0, 0.0]"),
    )  # fmt: skip
    _section(
        p, "camera", "A picture after every layer: by a command, or by OpenCV from camera `device` (or a `source`: a path, a stream).",
        ("command", '"fswebcam {file}"'), ("device", "0"), ("source", '"rtsp://camera.local/stream"'), ("time_s", "10.0"),
    )  # fmt: skip
    for box in boxes:
        path = f"dispensers.{box}"
        p.head(f"[dispensers.{box}]")
        p.key(
            "dispenser",
            path,
            "kind",
            '"ultimus_v"',
            '"ultimus_v" on a serial line, "valve" where pressure is set by hand',
        )
        p.key("dispenser", path, "transport", '"serial:/dev/ttyUSB0"')
        p.key("dispenser", path, "pressure_min_kpa", "2.0")
        p.key("dispenser", path, "pressure_max_kpa", "100.0", "above this nothing is ever set")
    for i in range(nozzles):
        _nozzle(p, i, boxes[0])
    state = _OPEN if p.open else _CLOSED
    head = [line for text in _HEAD for line in _comment(text.format(name=name, state=state))]
    return "\n".join([*head, "", *p.lines]) + "\n"


def _section(p: _Page, name: str, words: str, *keys: tuple[str, str]) -> None:
    """A section that a rig may go without: what is known of it, or all of it in comments."""
    known = any(k.startswith(name + ".") for k in p.values)
    p.head(f"[{name}]" if known else "", words)
    if not known:
        p.lines += [f"# [{name}]", *(f"# {spelling} = {example}" for spelling, example in keys)]
        return
    for spelling, example in keys:
        p.key(name, name, spelling, example)


def _nozzle(p: _Page, i: int, box: str) -> None:
    path = f"nozzles.{i}"
    p.head("[[nozzles]]")
    p.key("nozzle", path, "name", f'"n{i}"')
    p.key("nozzle", path, "inner_um", "10.0")
    p.key("nozzle", path, "outer_um", "12.0")
    p.key(
        "nozzle", path, "cone_um", "[[0.0, 6.0], [500.0, 50.0], [5000.0, 440.0]]",
        "begins with half of outer_um; it keeps the nozzle clear of what is printed",
    )  # fmt: skip
    p.key("nozzle", path, "dispenser", f'"{box}"')
    p.key("nozzle", path, "output", str(i))
    if i:
        p.key("nozzle", path, "offset_mm", "[30.0, 0.0, 0.0]")
    p.key("nozzle", path, "manual", "true")
    load = f"{path}.load"
    named = f"{load}.ink" in p.values
    p.head(
        "[[nozzles.loads]]" if named else "",
        "The ink in it. Pressure is never guessed: weigh what comes out in a known time at two or three pressures. Ink comes and"
        " stops late; the lags say how late (film the tip). A print refuses without both, `--dry-run` and plans go.",
    )
    if not named:
        p.lines += [
            "# [[nozzles.loads]]",
            '# ink = "gold"',
            "# volume_ul = 20.0",
            '# source = "weighed, date"',
        ]
    else:
        p.key("load", load, "ink", '"gold"')
        p.key("load", load, "volume_ul", "20.0")
        p.key("load", load, "source", '"weighed, 3 x 10 min a pressure, date"')
    p.key(
        "load", load, "calibration",
        "[{ pressure_kpa = 5.0, flow_pl_s = 48.0 }, { pressure_kpa = 20.0, flow_pl_s = 190.0 }]",
    )  # fmt: skip
    p.key("load", load, "lags", '{ on_ms = 60, off_ms = 45, source = "side camera, 50 starts" }')
