"""Process sheets: what they hold, that they stand alone, and that equal prints give equal bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from typer.testing import CliRunner
from wetprint.backends.report import Subject, complete, form_of, write_report
from wetprint.backends.reports import charts, numbers, salts
from wetprint.backends.reports.blocks import Beside, Cell, Drawing, Photo, Sheet, Table
from wetprint.backends.reports.html import HTML
from wetprint.backends.reports.machine import printed_s
from wetprint.backends.reports.sheet import sheet
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.build import build
from wetprint.kernel.check import run_checks
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.motion import make_toolpath
from wetprint.kernel.order import make_plan
from wetprint.kernel.planning.rig_check import problems
from wetprint.lang.load import load
from wetprint.lang.params import params_json

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SMALL = (160, 112)

TWO_INKS = "au_cdse_lattice"
MIXED = "au_cdse_mixed"


def subject_of(name: str, text: str | None = None, rig: str = "sim", sets: Sequence[str] = ()) -> Subject:
    at = f"{name}.wp" if text is not None else str(EXAMPLES / f"{name}.wp")
    loaded = load(at, text=text, sets=dict(s.split("=") for s in sets))
    assert loaded.scene is not None, loaded.diagnostics
    machine = load_rig(rig, [])
    drawn, said = build(loaded.scene)
    jobs, dryings = complete(loaded.scene, drawn)
    said = [*said, *run_checks(loaded.scene, jobs, machine)]
    plan = make_plan(jobs, machine)
    toolpath = make_toolpath(plan, machine)
    said += problems(plan, machine, toolpath)
    return Subject(
        loaded.source.name, loaded.source.text, loaded.scene, jobs, said, params_json(loaded)["params"], "0" * 64, SMALL,
        rig=machine, toolpath=toolpath, dryings=dryings,
    )  # fmt: skip


@cache
def made(name: str, rig: str = "sim") -> tuple[Subject, Sheet]:
    subject = subject_of(name, rig=rig, sets=["layers=6"] if name == TWO_INKS else [])
    return subject, sheet(subject)


@cache
def page(name: str, rig: str = "sim") -> str:
    return HTML.write(made(name, rig)[1])


def tables(found: Sheet) -> dict[str, Table]:
    return {b.caption: b for s in found.sections for b in s.blocks if isinstance(b, Table)}


def words(row: Sequence[str | Cell]) -> list[str]:
    return [c if isinstance(c, str) else c.text for c in row]


class _Page(HTMLParser):
    """Tags, attributes and text of a page; fails where tags are not closed in order."""

    VOID = frozenset({"meta", "img", "path", "rect", "circle"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_every_table_and_section_is_there() -> None:
    _, found = made(TWO_INKS)
    assert [s.name for s in found.sections] == [
        "part", "materials", "machine", "bench", "run", "layers", "after", "plots", "trust", "check", "hashes",
    ]  # fmt: skip
    names = set(tables(found))
    for caption in (
        "Figures of the part", "Inks", "Baths", "Nozzles", "Reservoirs", "Time by phase", "Exchanges, purges and operator stops",
        "Layers, from the substrate up", "Where the figures of inks and baths come from", "SHA-256 and versions",
    ):  # fmt: skip
        assert caption in names
    drawn = [i for s in found.sections for b in s.blocks if isinstance(b, Beside) for i in b.items]
    assert sum(isinstance(i, Photo) for i in drawn) == 2
    said = " ".join(i.caption for i in drawn if isinstance(i, Drawing))
    for word in ("Width of every layer", "Shrinkage", "span", "Pressure", "speed", "Ink"):
        assert word in said


def test_figures_agree_with_measure_and_plan() -> None:
    subject, found = made(TWO_INKS)
    layers = tables(found)["Layers, from the substrate up"].rows
    assert len(layers) == 6
    assert sum(int(words(r)[2]) for r in layers) == len(subject.filaments)
    exchanges = tables(found)["Exchanges, purges and operator stops"].rows
    assert len(exchanges) == 1 + subject.plan_figures["material_switches"] == 6
    inks = {words(r)[0]: words(r) for r in tables(found)["Inks"].rows}
    for name, m in subject.figures["materials"].items():
        assert inks[name][6] == numbers.mass(m["nanocrystal_ug"])
    begin, end = printed_s(subject)
    assert (begin[1:] >= end[:-1] - 1e-9).all() and (end > begin).all()
    assert np.isclose((end - begin).sum(), subject.plan_figures["time_by_kind_s"]["print"], rtol=1e-9)


def test_bath_amounts_come_from_molarity_and_formula() -> None:
    subject, found = made(TWO_INKS)
    rows = [words(r) for r in tables(found)["Baths"].rows]
    # 0.5 mM of two linkers in equal shares: 0.25 umol a millilitre; HAuCl4 has 339.78 g/mol, FeCl2.4H2O 198.81.
    assert [r[2] for r in rows] == ["Au3+", "Fe2+"]
    assert (
        rows[0][5] == "0.25\u00a0\u00b5mol = 84.94\u00a0\u00b5g"
        and rows[1][5] == "0.25\u00a0\u00b5mol = 49.7\u00a0\u00b5g"
    )
    assert all(c.assumed for r in tables(found)["Baths"].rows for c in r if isinstance(c, Cell))
    assert [r[7] for r in rows] == ["au", "cdse"]
    assert len(subject.jobs) == 1


def test_molar_masses() -> None:
    # Masses as suppliers print them.
    for formula, mass in (
        ("HAuCl4", 339.78),
        ("H2PtCl6", 409.8),
        ("FeCl2.4H2O", 198.81),
        ("Al2(SO4)3", 342.14),
    ):
        assert salts.molar_mass(formula) == pytest.approx(mass, abs=0.02)
    for unknown in ("Xx3", "gold salt", "Fe(Cl", "", "FeCl2)"):
        assert salts.molar_mass(unknown) is None
    assert salts.ions_per_formula("Al3+", "Al2(SO4)3") == 2
    assert salts.ions_per_formula("MoS4 2-", "Na2MoS4") is None


UNKNOWN_SALT = """wp 1;
use "nanocrystal.wp" as nc;
linker odd = linker { ion: "Qq2+"; salt: "a salt <of> ours"; }
material ours = nc.silver { linkers: [odd]; }
bath pot = nc.butanol_bath { linkers: [odd]; molarity: 1[mM]; }
lattice body = woodpile { size: [60um, 60um]; layers: 3; pitch: 30um; filament: 10um; material: ours; }
print body { bath: pot; }
"""


def test_no_mass_is_invented_for_a_salt_that_cannot_be_read() -> None:
    found = sheet(subject_of("odd", UNKNOWN_SALT), pictures=False)
    row = words(tables(found)["Baths"].rows[0])
    assert row[5] == "1\u00a0\u00b5mol of ion" and row[6] == "molar mass unknown"
    assert "a salt &lt;of&gt; ours" in HTML.write(found) and "<of>" not in HTML.write(found)


@pytest.mark.parametrize("name", [TWO_INKS, MIXED])
def test_every_assumption_is_named_with_its_place(name: str) -> None:
    subject, found = made(name)
    (listed,) = (t for c, t in tables(found).items() if "assumed figure" in c)
    rows = [words(r) for r in listed.rows]
    what = {r[0] for r in rows}
    for a in subject.scene.assumptions:
        assert a.what in what
        assert a.span is None or any(r[0] == a.what and r[2].endswith(f"line {a.span.line}") for r in rows)
    assert {path.replace("_um", "") for path in subject.rig.assumed} <= what
    assert any("reserve" in w for w in what)
    assert listed.caption.startswith(f"{len(rows)} ")
    # What the drying model takes for granted, too; of inks it names what the design has named.
    frame = [a.what for d in subject.dryings for a in d.assumptions if a.span is None]
    assert frame and set(frame) <= what


def test_a_mixed_ink_tells_its_parts() -> None:
    _, found = made(MIXED)
    rows = [words(r) for r in tables(found)["Premixed inks"].rows]
    assert [r[:3] for r in rows] == [
        ["blend", "gold", "50\u00a0%"],
        ["blend", "cadmium_selenide", "50\u00a0%"],
    ]
    assert "gold" in page(MIXED)


@pytest.mark.parametrize("name", [TWO_INKS, MIXED])
def test_the_page_stands_alone_and_is_well_formed(name: str) -> None:
    text = page(name)
    assert "http" not in re.sub(r"base64,[^\"]*", "", text)
    assert "<script" not in text and "@import" not in text and "url(" not in text
    found = _Page(text)
    for tag, attributes in found.found:
        for key in ("src", "href"):
            value = attributes.get(key)
            assert value is None or value.startswith(("#", "data:image/png;base64,"))
        if tag == "img":
            assert attributes["alt"]
        if tag == "svg":
            assert attributes["role"] == "img"
        if tag == "th":
            assert attributes["scope"] in ("row", "col")
    anchors = {a["id"] for t, a in found.found if t == "section"}
    assert {(a["href"] or "")[1:] for t, a in found.found if t == "a"} == anchors
    assert ("html", {"lang": "en"}) in found.found
    assert re.findall(r"\bnan\b|\binf\b|None|\d{6,}\.\d{5,}", " ".join(found.texts)) == []


def test_same_print_same_bytes(tmp_path: Path) -> None:
    files = [tmp_path / "one.html", tmp_path / "two.html", tmp_path / "one.md", tmp_path / "two.md"]
    for path in files:
        write_report(subject_of("odd", UNKNOWN_SALT), path)
    one, two, md, md2 = (path.read_bytes() for path in files)
    assert one == two and md == md2


def test_markdown_holds_the_same_tables(tmp_path: Path) -> None:
    subject, found = made(TWO_INKS)
    text = write_report(subject, tmp_path / "r.md").read_text(encoding="utf-8")
    heads = re.findall(r"^\*\*(.+)\*\*$", text, re.M)
    for caption, table in tables(found).items():
        assert caption in heads
        at = text.index(f"**{caption}**")
        lines = [line for line in text[at:].split("\n\n")[1].splitlines() if line.startswith("|")]
        assert len(lines) == len(table.rows) + 2
        assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {len(table.head) + 1}


def test_names_are_escaped() -> None:
    subject, found = made(MIXED)
    evil = '<b>"&|`x'
    other = Sheet(evil, evil, ((evil, evil),), (), evil)
    text = HTML.write(other)
    assert "<b>" not in text and "&lt;b&gt;&quot;&amp;|`x" in text
    svg = charts.chart(
        evil, evil, [charts.Series(evil, "#000000", [0, 1], [0, 1]), charts.Series("b", "#000000", [0], [0])]
    )
    assert "<b>" not in svg and svg.count("&lt;b&gt;") == 3
    assert found.title == subject.name == MIXED


def test_a_print_that_the_rig_refuses_says_so_first() -> None:
    subject, found = made(MIXED, "paper")
    assert {d.code for d in subject.errors} >= {"R511", "R512"}
    text = page(MIXED, "paper")
    assert text.index("Not fit to print") < text.index("Figures of the part")
    assert "not calibrated" in words(tables(found)["Nozzles"].rows[0])
    assert "Not fit to print" not in page(MIXED)
    hand = [words(r) for r in tables(found)["Exchanges, purges and operator stops"].rows]
    assert hand[0][4] == "\u2610" and "Load nozzle pipette" in hand[0][2]
    assert all(d.message in "".join(_Page(text).texts) for d in subject.diagnostics)


def test_trouble_with_the_file(tmp_path: Path) -> None:
    subject, _ = made(MIXED)
    with pytest.raises(WetprintError, match="X710"):
        write_report(subject, tmp_path / "nowhere" / "r.md")
    with pytest.raises(WetprintError, match="X710"):
        (tmp_path / "folder.md").mkdir()
        write_report(subject, tmp_path / "folder.md")
    for odd in ("r.pdf", "r"):
        with pytest.raises(WetprintError, match="X725"):
            form_of(tmp_path / odd)
    assert form_of(Path("R.HTML")) == "html" and form_of(Path("r.markdown")) == "md"
    with pytest.raises(WetprintError, match="X712"):
        complete(subject.scene, ())


def test_the_command(tmp_path: Path) -> None:
    from wetprint.cli import app

    out = tmp_path / "sheet.md"
    design = EXAMPLES / f"{TWO_INKS}.wp"
    done = CliRunner().invoke(app, ["report", str(design), "-o", str(out), "--set", "layers=4"])
    assert done.exit_code == 0, done.output
    text = out.read_text(encoding="utf-8")
    assert "| layers | 4 | 16 |" in text and "wp hash" in text
    assert re.search(r"design text \| [0-9a-f]{64}", text)


def test_figures_read_as_people_write_them() -> None:
    assert [numbers.sig(v) for v in (0, 10.0, 3.14159, 1234.4, 12345.0, 0.00012345, -2.5, 999.96)] == [
        "0", "10", "3.142", "1234", "12\u202f345", "0.0001234", "\u22122.5", "1000",
    ]  # fmt: skip
    assert numbers.sig(3e-9) == "3\u00a0\u00d7\u00a010\u207b\u2079"
    assert numbers.length(75886.6) == "75.89\u00a0mm" and numbers.length(0.0) == "0\u00a0\u00b5m"
    assert numbers.volume(4.4e5) == "440\u00a0pL" and numbers.mass(0.1833) == "183.3\u00a0ng"
    assert [numbers.clock(s) for s in (0.81, 37.72, 59.99, 182.9, 15123)] == [
        "0.81\u00a0s", "37.7\u00a0s", "1\u00a0min 0\u00a0s", "3\u00a0min 3\u00a0s", "4\u00a0h 12\u00a0min",
    ]  # fmt: skip
    assert (
        numbers.between(4.0, 4.2, "kPa") == "4.0\u20134.2\u00a0kPa"
        and numbers.between(4, 4.0001, "kPa") == "4\u00a0kPa"
    )
    assert numbers.stamp(3671.9) == "1:01:11"


def test_axes_have_round_steps_within_their_range() -> None:
    rng = np.random.default_rng(3)
    for low, size in zip(rng.normal(0, 1e3, 200), 10 ** rng.uniform(-6, 6, 200), strict=True):
        marks = charts.ticks(low, low + size)
        steps = np.diff(marks)
        assert 2 <= len(marks) <= 7
        assert min(marks) >= low - 1e-6 * size and max(marks) <= low + size * (1 + 1e-6)
        lead = steps[0] / 10 ** np.floor(np.log10(steps[0] * (1 + 1e-6)))
        assert min(abs(lead - m) for m in (1, 2, 5)) < 1e-3 and np.allclose(steps, steps[0], rtol=1e-3)
    for high in (0.4, 3, 59, 183, 7200, 1e5, 1e7):
        marks = charts.time_ticks(high)
        assert len(marks) <= 7 and marks[0] == 0 and marks[-1] <= high


def test_plots_of_layer_heights_and_gaps_say_what_the_part_has(parts: ModuleType) -> None:
    """Layers 8 um apart when wet, 7.2 when dried; lines with known gaps."""
    from wetprint.backends.reports.plots import _rises
    from wetprint.kernel.filaments import State

    wet = parts.woodpile(lines=5, layers=4, state="wet")
    s = wet.wet
    part = wet.with_states(s, State(s.points_um * 0.9, s.width_um * 0.9, s.height_um * 0.9))
    (drawn,) = _rises(part)
    rise = float(np.unique(s.points_um[:, 2])[1] - np.unique(s.points_um[:, 2])[0])
    assert f"wet {rise:.4g} to {rise:.4g} um, dried {0.9 * rise:.4g} to {0.9 * rise:.4g} um" in drawn.alt
    assert _rises(parts.woodpile(lines=5, layers=2, state="wet")) == []
