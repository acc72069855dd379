"""Rig files: everything wrong with one told at once, units in the keys, and the rigs that come with the tool."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetprint.backends.codes import CODES
from wetprint.backends.rigs import store as rig_store
from wetprint.backends.rigs.store import BUILT_IN, find_rig, list_rigs, load_rig
from wetprint.kernel import rig as model
from wetprint.kernel.diagnostics import Diagnostic, WetprintError
from wetprint.kernel.rig_file import parse_rig
from wetprint.kernel.rig_schema import SECTIONS

SIM = (BUILT_IN / "sim.toml").read_text()


def told(text: str) -> list[Diagnostic]:
    with pytest.raises(WetprintError) as caught:
        parse_rig(text, "mine", "rigs/mine.toml")
    return list(caught.value.diagnostics)


@pytest.mark.parametrize("path", sorted(BUILT_IN.glob("*.toml")), ids=lambda p: p.stem)
def test_built_in_rigs_load(path: Path) -> None:
    rig = load_rig(path.stem)
    assert rig.name == path.stem and rig.doc and rig.path == str(path)
    assert set(rig.axes) == {"x", "y", "z"}
    assert all(a.sign == (-1 if rig.moves == "bath" else 1) for a in rig.axes.values())
    assert all(n.dispenser in rig.dispensers for n in rig.nozzles)


def test_the_paper_gives_no_calibration_and_no_lags() -> None:
    rig = load_rig("paper")
    assert rig.speeds.print_um_s == 1200.0 and rig.heights.first_gap_um == 10.0
    box = rig.dispensers["ultimus"]
    assert (box.pressure_min_kpa, box.pressure_max_kpa) == (2.1, 100.0)
    assert all(not e.calibration and e.lags is None for n in rig.nozzles for e in n.loads)
    assert "axes" in rig.assumed and not rig.simulated


def test_schema_and_rig_agree() -> None:
    """Every key is a field of its class and the other way round, so that nothing read is lost."""
    classes = {
        "rig": model.Rig, "controller": model.Controller, "axis": model.Axis, "dispenser": model.Dispenser,
        "nozzle": model.Nozzle, "load": model.InkLoad, "calibration": model.FlowPoint, "lags": model.Lags,
        "speeds": model.Speeds, "heights": model.Heights, "purge": model.Purge, "exchange": model.Exchange,
        "wipe": model.Wipe, "camera": model.Eye, "vessel": model.Vessel, "signal": model.SignalPoint,
    }  # fmt: skip
    assert set(classes) == set(SECTIONS)
    for section, cls in classes.items():
        given = {f.name for f in fields(cls)} - ({"name", "path"} if section == "rig" else set())
        assert {k.name for k in SECTIONS[section]} == given
        assert all(k.doc for k in SECTIONS[section])


def test_units_in_keys_mean_the_same() -> None:
    other = (
        SIM.replace("max_mm = 100.0", "max_um = 100000.0")
        .replace("acceleration_mm_s2 = 500.0", "acceleration_um_s2 = 500000.0")
        .replace("time_s = 1.0", "time_ms = 1000.0")
        .replace("pressure_kpa = 100.0", "pressure_bar = 1.0")
        .replace("flow_pl_s = 2872.333", "flow_um3_s = 2872333.0")
    )
    assert other != SIM
    assert parse_rig(other, "sim") == parse_rig(SIM, "sim")


LINES = [line for line in SIM.splitlines() if re.match(r"\w+ = ", line)]


@pytest.mark.parametrize("section", ["axes.x", "controller", "purge", "dispensers.left"])
def test_missing_fields_are_listed_all_at_once(section: str) -> None:
    begin = SIM.index(f"[{section}]")
    end = SIM.find("\n[", begin + 1)
    cut = SIM[:begin] + f"[{section}]\n" + SIM[end:]
    found = told(cut)
    assert [d.code for d in found] == ["R504"]
    kind = {"axes.x": "axis", "dispensers.left": "dispenser"}.get(section, section)
    needed = [k.name for k in SECTIONS[kind] if k.required]
    assert [note.split(":")[0].rsplit(".", 1)[1] for note in found[0].notes] == needed
    assert found[0].message.startswith(f"{len(needed)} needed field")


def test_an_empty_file_lists_all_that_a_rig_needs() -> None:
    (found,) = told("")
    names = [note.split(":")[0] for note in found.notes]
    assert names[:6] == ["moves", "controller", "axes", "origin_um", "dispensers", "nozzles"]


def test_missing_axis_is_listed_field_by_field() -> None:
    begin, end = SIM.index("[axes.z]"), SIM.index("[speeds]")
    (found,) = told(SIM[:begin] + SIM[end:])
    assert len(found.notes) == 5 and all(note.startswith("axes.z.") for note in found.notes)


def test_unknown_keys_name_the_nearest_with_its_line_and_fix() -> None:
    text = SIM.replace("clear_um", "claer_um").replace("[purge]", "[purg]")
    found = told(text)
    assert [d.code for d in found] == ["R502", "R502"]
    for d, wrong, right in zip(found, ("claer_um", "purg"), ("clear_um", "purge"), strict=True):
        assert d.primary is not None
        assert wrong in d.primary.source.line_text(d.primary.line)
        assert right in d.label
    fixed = text
    for edit in [e for d in found for fix in d.fixes for e in fix.edits][::-1]:
        fixed = fixed[: edit.span.start] + edit.text + fixed[edit.span.end :]
    assert "claer" not in fixed


def test_another_unit_in_a_key_is_no_fix_that_a_machine_may_apply() -> None:
    found = told(SIM.replace("clear_um = 50.0", "clear_kg = 50.0"))
    assert [d.code for d in found] == ["R502"]
    assert "clear_" in found[0].label and not found[0].fixes


WRONG = {
    "sign = -1": ("sign = 2", "R503", "expected 1 or -1"),
    "max_mm = 100.0": ("max_mm = true", "R503", "true; expected a number"),
    "max_speed_mm_s = 50.0": ("max_speed_mm_s = 0.0", "R503", "more than zero"),
    'moves = "bath"': ('moves = "table"', "R503", '"bath" or "nozzle"'),
    "task = 1": ("task = 1.5", "R503", "a whole number"),
    "simulated = true": ('simulated = "yes"', "R503", "true or false"),
    'baths = ["*"]': ("baths = 3", "R503", "a list of names"),
    "at_mm = [58.0, 50.0]": ("at_mm = [58.0]", "R503", "2 numbers"),
    "clear_um = 50.0": ("clear_um = 50.0\nclear_mm = 0.05", "R503", "not both"),
    "cone_um = [[0.0, 6.0]": ("cone_um = [[1.0, 6.0]", "R503", "from the tip"),
    "inner_um = 10.0": ("inner_um = 12.0", "R506", "inner below outer"),
    'dispenser = "left"': ('dispenser = "middle"', "R506", "one of left, right"),
    'name = "right"': ('name = "left"', "R506", "a name of its own"),
    "min_mm = 0.0": ("min_mm = 200.0", "R506", "min below max"),
    "pressure_min_kpa = 0.0": ("pressure_min_kpa = 300.0", "R506", "min below max"),
    "pressure_kpa = 0.2,": ("pressure_kpa = 200.0,", "R506", "rising"),
    "outer_um = 12.0": ("outer_um = 14.0", "R506", "half of outer_um"),
    "time_scale = 30.0": ("time_scale = inf", "R503", "expected a number"),
    "[controller]": ("[controller", "R501", "is not TOML"),
    "[[nozzles]]": ("[nozzles]", "R501", "is not TOML"),
}


@pytest.mark.parametrize("old", WRONG)
def test_each_mistake_is_told_at_its_line(old: str) -> None:
    new, code, words = WRONG[old]
    assert old in SIM
    found = told(SIM.replace(old, new, 1))
    d = found[0]
    assert d.code == code and words in d.message
    assert d.primary is not None and d.primary.where.startswith("rigs/mine.toml:")
    if code == "R503" and "not both" not in words:
        assert d.primary.source.line_text(d.primary.line).strip().startswith(new.split(" =")[0])


def test_many_mistakes_come_together() -> None:
    text = SIM
    for old in ("sign = -1", "max_mm = 100.0", 'moves = "bath"', 'dispenser = "left"', "inner_um = 10.0"):
        text = text.replace(old, WRONG[old][0], 1)
    assert [d.code for d in told(text)].count("R503") == 3
    assert [d.code for d in told(text)].count("R506") == 2


@given(st.text(max_size=200))
def test_any_text_gives_messages_and_no_traceback(text: str) -> None:
    with pytest.raises(WetprintError):
        parse_rig(text, "x")


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(LINES) - 1), st.sampled_from(["1", '"a"', "[]", "{}", "nan", "-1.5", "[[1]]"])
        )
    )
)
def test_any_value_gives_messages_and_no_traceback(changes: list[tuple[int, str]]) -> None:
    text = SIM
    for line, value in changes:
        name = LINES[line].split(" = ")[0]
        text = text.replace(LINES[line], f"{name} = {value}")
    try:
        parse_rig(text, "x")
    except WetprintError as e:
        assert all(d.code.startswith("R50") and d.message for d in e.diagnostics)


def test_nearer_rigs_hide_farther_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rig_store, "user_folder", lambda: tmp_path / "config" / "rigs")
    for place, doc in ((tmp_path / "config" / "rigs", "user's"), (tmp_path / "design" / "rigs", "near")):
        place.mkdir(parents=True)
        (place / "sim.toml").write_text(SIM.replace('doc = "', f'doc = "{doc} '))
        (place / "lab1.toml").write_text(SIM)
    near, users = tmp_path / "design", tmp_path / "config"
    assert load_rig("sim", [near]).doc.startswith("near")
    assert load_rig("sim", [near / "rigs"]).doc.startswith("near")
    assert load_rig("sim").doc.startswith("user's")
    entries = {e["name"]: e for e in list_rigs([near])}
    assert set(entries) == {
        "lab1",
        "paper",
        "sim",
        "sim-grbl",
        "sim-klipper",
        "sim-linuxcnc",
        "sim-marlin",
        "sim-mix",
    }
    assert entries["paper"]["place"] == "built in" and entries["sim"]["place"] == "beside the design"
    assert find_rig(str(users / "rigs" / "lab1.toml")) == users / "rigs" / "lab1.toml"
    (near / "rigs" / "bad.toml").write_text("moves = 3")
    assert "cannot be used" in {e["name"]: e for e in list_rigs([near])}["bad"]["doc"]


def test_a_rig_that_is_not_there_names_what_is(tmp_path: Path) -> None:
    for name in ("sym", str(tmp_path / "no.toml")):
        with pytest.raises(WetprintError) as caught:
            load_rig(name, [tmp_path])
        assert caught.value.diagnostics[0].code == "R505"
    with pytest.raises(WetprintError) as caught:
        load_rig("sym", [tmp_path])
    d = caught.value.diagnostics[0]
    assert "did you mean `sim`" in d.message and "paper, sim" in d.notes[0]
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(WetprintError, match="not UTF-8"):
        load_rig(str(tmp_path / "bytes.toml"))


def test_codes_of_rigs_are_told(root: Path) -> None:
    known = {c.code for c in CODES}
    used = set()
    for path in [*(root / "kernel").rglob("*rig*.py"), root / "backends" / "rigs" / "store.py"]:
        used |= set(re.findall(r'"(R5\d\d)"', path.read_text()))
    assert used and used <= known


def test_docs_name_every_key(root: Path) -> None:
    text = (root / "docs" / "rigs.md").read_text()
    for section, keys in SECTIONS.items():
        for key in keys:
            assert f"`{key.name}`" in text, f"docs/rigs.md does not name {section}.{key.name}"
    example = re.search(r"```toml\n(.*?)```", text, re.S)
    assert example is not None
    assert tomllib.loads(example[1])
    assert parse_rig(example[1], "lab1").name == "lab1"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('dialect = "aerotech"', 'dialect = "aerotec"', "did you mean `aerotech`?"),
        ('transport = "emulated:"', 'transport = "127.0.0.1:8000"', "tcp:"),
    ],
)
def test_a_rig_names_only_dialects_and_transports_that_exist(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    assert old in SIM
    file = tmp_path / "mine.toml"
    file.write_text(SIM.replace(old, new, 1))
    with pytest.raises(WetprintError) as caught:
        load_rig(str(file))
    assert caught.value.diagnostics[0].code == "R503"
    assert says in caught.value.diagnostics[0].message
