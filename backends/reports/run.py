"""The record of a run as a sheet: what was printed when, what people were asked, what went wrong, and the pictures of its camera."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

from ..printing.journal import PASSING
from .blocks import Beside, Block, Note, Photo, Section, Sheet, Table

#: So many pictures stand on the page, spread over the run, no side longer than so many pixels.
MOST_PICTURES, LONGEST = 12, 480
#: So many events are listed; the rest is counted.
MOST_EVENTS = 400


def run_sheet(found: dict[str, Any], pictures: bool) -> Sheet:
    """The sheet of what `show_run` says of a run; with `pictures`, those of its camera."""
    total = found.get("filaments", 0)
    facts = (
        ("State", str(found.get("state", "unknown"))),
        ("Design", str(found.get("design") or "-")),
        ("Rig", str(found.get("rig") or "-")),
        ("Started", _when(found.get("started"))),
        ("Ended", _when(found.get("ended"))),
        ("Filaments executed", f"{found['filaments_executed']} of {total}"),
    )
    sections = [
        Section("course", "What happened", _course(found)),
        Section("camera", "Pictures", _camera(found, pictures)),
    ]
    if found["answers"]:
        rows = tuple((_clock(a["time"]), a["question"], a["answer"]) for a in found["answers"])
        asked = Table(
            "Questions and answers", ("Time", "Question", "Answer"), rows, frozenset({0, 1, 2}), plain=True
        )
        sections.append(Section("asked", "What people were asked", (asked,)))
    sections.append(Section("record", "Record", _record(found)))
    foot = f"Written by wetprint from the record in {found['folder']}."
    return Sheet(
        f"Run {found['run']}",
        f"{found.get('design') or 'a design'} on rig {found.get('rig') or '-'}",
        facts,
        tuple(sections),
        foot,
        (),
        "Record",
    )


def _course(found: dict[str, Any]) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if left := found["not_executed"]:
        some = ", ".join(map(str, left[:20])) + (" ..." if len(left) > 20 else "")
        blocks.append(Note(f"Not confirmed as executed: filaments {some}", "warning"))
    if found.get("dry_run"):
        blocks.append(Note("A dry run: the stage moved, no ink flowed."))
    if dog := found["watchdog"]:
        blocks.append(Note(f"The watchdog cut the ink: the executor {dog['why']}", "error"))
    rows = []
    for event in found["events"]:
        if event["kind"] == "state" and event.get("state") in PASSING:
            continue
        rest = ", ".join(
            str(v) if k in ("text", "state", "why") else f"{k} {v}"
            for k, v in event.items()
            if k not in ("time", "kind") and v not in ("", [], ())
        )
        rows.append((_clock(event["time"]), event["kind"], rest))
    more = (
        (f"and {len(rows) - MOST_EVENTS} more, all in `wp run show --json`",)
        if len(rows) > MOST_EVENTS
        else ()
    )
    blocks.append(
        Table("Events", ("Time", "What", "Said"), tuple(rows[:MOST_EVENTS]), frozenset({0, 1, 2}), more, True)
    )
    return tuple(blocks)


def _camera(found: dict[str, Any], pictures: bool) -> tuple[Block, ...]:
    frames, folder = found["frames"], Path(found["folder"])
    missing = [e for e in found["events"] if e["kind"] == "camera" and "layer" in e]
    blocks: list[Block] = []
    films = [name for name in ("lapse.mp4", "lapse.gif") if (folder / name).is_file()]
    if not frames:
        blocks.append(Note("No pictures: the rig has no camera, or it gave none."))
    else:
        where = f"; time lapse: {folder / films[0]}" if films else ""
        blocks.append(Note(f"{len(frames)} pictures, one a layer, in {folder / 'frames'}{where}"))
    if missing:
        blocks.append(Note(f"{len(missing)} pictures are missing: {missing[0].get('text', '')}", "warning"))
    if pictures and frames:
        chosen = frames[:: -(-len(frames) // MOST_PICTURES)]
        if chosen[-1] is not frames[-1]:
            chosen = [*chosen[: MOST_PICTURES - 1], frames[-1]]
        photos = tuple(p for f in chosen if (p := _photo(folder / f["path"], f)) is not None)
        if photos:
            blocks.append(Beside(photos))
        else:
            blocks.append(Note("The pictures of the record cannot be read.", "warning"))
    return tuple(blocks)


def _photo(path: Path, frame: dict[str, Any]) -> Photo | None:
    from PIL import Image

    from ..printing.camera import pictures

    found = pictures([path], LONGEST)
    if not found:
        return None
    out = io.BytesIO()
    Image.fromarray(found[0]).save(out, "PNG")
    height, width = found[0].shape[:2]
    said = f"layer {frame['layer'] + 1}, {_clock(frame['time'])}"
    return Photo(out.getvalue(), said, f"picture of the camera after {said}", (width, height))


def _record(found: dict[str, Any]) -> tuple[Block, ...]:
    sections = tuple(
        (str(s["id"]), s["name"], f"{s['first_row']} to {s['last_row'] - 1}", _clock(s["sent"]), _clock(s["executed"]), str(s["sha256"])[:16])
        for s in found["sections"]
    )  # fmt: skip
    wires = tuple((w["channel"], w["direction"], str(w["messages"]), str(w["bytes"])) for w in found["wires"])
    hashes = tuple(
        (what, str(found.get(key, "-")))
        for what, key in (("Design", "design_hash"), ("Toolpath", "program_hash"), ("Rig", "rig_hash"))
    )
    return (
        Table(
            "Programs",
            ("Section", "File", "Rows", "Sent", "Executed", "sha256"),
            sections,
            frozenset({0, 1, 2, 3, 4, 5}),
        ),
        Table("Lines", ("Channel", "Direction", "Messages", "Bytes"), wires, frozenset({0, 1})),
        Table("What it was printed from (sha256)", ("What", "Hash"), hashes, frozenset({0, 1})),
    )


def _when(time_s: float | None) -> str:
    return "-" if time_s is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(time_s))


def _clock(time_s: float | None) -> str:
    return "-" if time_s is None else time.strftime("%H:%M:%S", time.localtime(time_s))
