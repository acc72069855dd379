"""A design read with a memory of its last version says and gives what a design read anew does, byte for byte."""

from __future__ import annotations

import dataclasses
import enum
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wetprint.kernel.diagnostics import Source
from wetprint.lang import memory as memory_room
from wetprint.lang.load import Loaded, load
from wetprint.lang.memory import Memory
from wetprint.lang.render import to_json

EXAMPLES = Path(__file__).parent.parent / "examples"

DESIGN = """# a design with each kind of statement
wp 1;
use "nanocrystal.wp" as nc;   # the library

param pitch: Length = 40um in 15um..200um step 1um "centre to centre";
param width: Length = 10um;
let side = 4 * pitch - (width / 2 + 1um);   # unary and binary
let rises = [for i in 0..5 where i mod 2 == 0: i * pitch];
fn shift(k: Count) -> Length = if k mod 4 < 2 then 0um else pitch / 2;
preset "fine" { width: 7um; }
material au = nc.gold { swell: 1.08; };
material blend = mix(au: 30%, nc.cadmium_selenide: rest);

bath both = nc.butanol_bath { linkers: [nc.gold_iii, nc.iron_ii]; }
lattice body = woodpile {
  size: [side, side];
  layers: 4;

  pitch: pitch;
  filament: width;
  layer k { phase: shift(k); material: [au, blend][k mod 2]; }   # by layer
}
solid core = cylinder { radius: 80um; height: body.height; }
region heart in body where inside(core) and z > 3um { material: blend; priority: 1; }
print body { bath: both; }
assert side > 1.5 * width and len(rises) == 3, "too small"; assert pitch > 1um;
check sound { assert body.wet.min_gap > 0um; }
test "dense" with { pitch: 15um } { expect error "touch"; }
allow W201 because "only a test";
# the end
"""


def flat(value: Any, sources: dict[int, str]) -> Any:
    """All that a value holds, places too, as plain data. Sources count by their text, in order of appearance."""
    if isinstance(value, Source):
        return ("source", value.name, value.text)
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        if type(value).__name__ == "Env":
            return ("env", value.source.name)
        return (
            type(value).__name__,
            *(flat(getattr(value, f.name), sources) for f in dataclasses.fields(value)),
        )
    if isinstance(value, dict):
        return [(k, flat(v, sources)) for k, v in value.items()]
    if isinstance(value, list | tuple):
        return [flat(v, sources) for v in value]
    return value


def told(found: Loaded) -> tuple[str, bytes, bytes]:
    """Diagnostics as JSON, the scene and the tree with every place."""
    return (
        json.dumps(to_json(found.diagnostics)),
        pickle.dumps(flat(found.scene, {})),
        pickle.dumps(flat(found.module, {})),
    )


def same_as_cold(texts: list[str], name: str = "a.wp") -> None:
    memory = Memory()
    for text in texts:
        warm, cold = load(name, text=text, memory=memory), load(name, text=text)
        assert told(warm)[0] == told(cold)[0], text
        assert flat(warm.module, {}) == flat(cold.module, {}), text
        assert flat(warm.scene, {}) == flat(cold.scene, {}), text
        assert told(warm) == told(cold)


PIECES = (
    '"', "#", "(", ")", "[", "]", "{", "}", ";", ",", ".", ":", "=", "let", " if ", "print", "\n", "1", " um", "&&", "§", "\\",
    "let q = 3um;", "\nlet r = [1; 2];\n", "print body", "region a in body", "# note\n", "}\n}", "((", '" "', "wp 1;", ";;",
    "layer k {", "41 um", " @@ ", "let side = 1um;", "use", "test", "then", "\r\n", "é", "…",
)  # fmt: skip


@st.composite
def edits(draw: st.DrawFn) -> list[str]:
    """Versions of a text as somebody types: letters in and out, statements moved, a line commented or not."""
    text = DESIGN
    versions = [text]
    for _ in range(draw(st.integers(1, 5))):
        kind = draw(
            st.sampled_from(
                ["insert", "insert", "delete", "line", "copy", "swap", "comment", "quote", "undo"]
            )
        )
        lines = text.split("\n")
        row = draw(st.integers(0, len(lines) - 1))
        if kind == "insert":
            at = draw(st.integers(0, len(text)))
            text = text[:at] + draw(st.sampled_from(PIECES)) + text[at:]
        elif kind == "delete":
            at = draw(st.integers(0, len(text)))
            text = text[:at] + text[at + draw(st.integers(1, 40)) :]
        elif kind == "line":
            del lines[row]
            text = "\n".join(lines)
        elif kind == "copy":
            lines.insert(draw(st.integers(0, len(lines))), lines[row])
            text = "\n".join(lines)
        elif kind == "swap":
            other = draw(st.integers(0, len(lines) - 1))
            lines[row], lines[other] = lines[other], lines[row]
            text = "\n".join(lines)
        elif kind == "comment":
            lines[row] = lines[row][2:] if lines[row].startswith("# ") else "# " + lines[row]
            text = "\n".join(lines)
        elif kind == "quote":
            at = draw(st.integers(0, len(text)))
            found = text.find('"', at)
            text = text[:found] + text[found + 1 :] if found >= 0 else text[:at] + '"' + text[at:]
        else:
            text = draw(st.sampled_from(versions))
        versions.append(text)
    return versions


@settings(max_examples=120)
@example([DESIGN, "x" + DESIGN, DESIGN, DESIGN + "y", DESIGN, ""])
@example([DESIGN, DESIGN.replace("bath both", ". bath both"), DESIGN])
@example(["let a = 1;", "let a = 1;let b = 2;", "let z = 0;let a = 1;", "let a = 1;"])
@given(edits())
def test_warm_is_cold(versions: list[str]) -> None:
    same_as_cold(versions)


@pytest.mark.soak
@settings(max_examples=5000)
@given(edits())
def test_warm_is_cold_at_length(versions: list[str]) -> None:
    same_as_cold(versions)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.wp")), ids=lambda p: p.stem)
def test_examples_typed_in_line_by_line(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    step = max(1, len(lines) // 12)
    same_as_cold(["".join(lines[:n]) for n in range(0, len(lines) + step, step)], str(path))


def test_only_what_changed_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = memory_room.statement
    monkeypatch.setattr(
        memory_room,
        "statement",
        lambda source, chunk, out: (
            read.append(source.text[chunk.start : chunk.end]),
            real(source, chunk, out),
        )[1],
    )
    memory = Memory()
    load("a.wp", text=DESIGN, memory=memory)
    assert not read
    load("a.wp", text=DESIGN.replace("swell: 1.08", "swell: 1.1"), memory=memory)
    assert read == ['preset "fine" { width: 7um; }', "material au = nc.gold { swell: 1.1; };"]
    read.clear()
    # A text that is not sound is read again where it is not sound, however far the edit is from there.
    broken = DESIGN.replace("let side = 4 *", "let side = * *")
    load("a.wp", text=broken, memory=memory)
    read.clear()
    load("a.wp", text=broken.replace("assert pitch > 1um;", "assert pitch > 2um;"), memory=memory)
    assert [t.split(" ")[0:2] for t in read] == [
        ["param", "width:"], ["let", "side"], ["assert", "side"], ["assert", "pitch"],
    ]  # fmt: skip


def test_an_import_that_changes_is_read_anew(tmp_path: Path) -> None:
    (tmp_path / "inks.wp").write_text("wp 1;\nlet wide = 10um;\nlet other = 3um;\n", encoding="utf-8")
    text = 'wp 1;\nuse "inks.wp" as inks;\nlet a = 2 * inks.wide;\nassert a < 25um, "wide";\n'
    design = str(tmp_path / "a.wp")
    memory = Memory()
    assert not [d for d in load(design, text=text, memory=memory).diagnostics if d.code == "E305"]
    (tmp_path / "inks.wp").write_text("wp 1;\n\nlet wide = 20um;\nlet other = 3um;\n", encoding="utf-8")
    warm, cold = load(design, text=text, memory=memory), load(design, text=text)
    assert told(warm) == told(cold)
    assert [d.code for d in warm.diagnostics if d.code == "E305"] == ["E305"]
