"""The command `wp` as a user meets it: verbs, exit codes, messages, and what stays unloaded."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

STATE_KEYS = {
    "filaments", "points", "layers", "length_um", "volume_um3", "surface_um2", "bbox_um", "contacts",
    "missing_contacts", "max_span_um", "min_gap_um", "solid_fraction",
}  # fmt: skip
PLAN_KEYS = {
    "time_s", "print_um", "travel_um", "filaments", "moves", "material_switches", "bath_switches", "operator_stops",
}  # fmt: skip

Wp = Callable[..., subprocess.CompletedProcess[str]]
BROKEN = 'wp 1;\nuse "nanocrystal.wp" as nc;\nlet a = 40;\nlattice b = woodpile { pitch: 40; layers: 4; }\n'


@pytest.fixture
def wp(tmp_path: Path) -> Wp:
    def run(*args: str, stdin: str | bytes = "", **env: str) -> subprocess.CompletedProcess[str]:
        raw = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [sys.executable, "-c", "from wetprint.cli import main; main()", *args],
            input=raw, capture_output=True, cwd=tmp_path, timeout=120, check=False, env={**os.environ, **env},
        )  # fmt: skip
        out, err = done.stdout.decode(), done.stderr.decode()
        assert "Traceback" not in out + err, err
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    return run


def examples() -> list[str]:
    return sorted(p.name for p in (Path(__file__).parent.parent / "examples").glob("*.wp"))


def test_the_paper_s_seven_prints_are_there() -> None:
    assert {
        "ag_cube.wp", "cdse_pyramid.wp", "fept_hexagon.wp", "ag_square_lattice.wp", "material_lattices.wp",
        "au_cdse_lattice.wp", "au_cdse_mixed.wp",
    } <= set(examples())  # fmt: skip


@pytest.mark.parametrize("name", examples())
def test_an_example_checks_clean_and_is_formatted(wp: Wp, root: Path, name: str) -> None:
    done = wp("check", str(root / "examples" / name))
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr, done.stderr
    assert wp("fmt", "--check", str(root / "examples" / name)).returncode == 0


def test_figures_and_plan_have_every_key(wp: Wp, root: Path) -> None:
    name = "au_cdse_lattice.wp"
    measured = json.loads(wp("measure", str(root / "examples" / name), "--json").stdout)
    assert set(measured["states"]) == {"wet", "dried"}
    wet, dried = measured["states"]["wet"], measured["states"]["dried"]
    assert STATE_KEYS <= set(wet) and STATE_KEYS <= set(dried)
    assert dried["volume_um3"] < wet["volume_um3"]
    assert wet["filaments"] == dried["filaments"] > 0
    assert {"length_um", "volume_um3", "ink_nl", "nanocrystal_ug"} <= set(
        next(iter(measured["materials"].values()))
    )
    planned = json.loads(wp("plan", str(root / "examples" / name), "--rig", "sim", "--json").stdout)
    assert PLAN_KEYS <= set(planned)
    assert planned["filaments"] == wet["filaments"]
    assert planned["print_um"] == pytest.approx(wet["length_um"], rel=1e-4)


@pytest.mark.parametrize("ending", ["stl", "vtp", "pgm", "ngc"])
def test_export_writes_the_same_bytes_twice(wp: Wp, root: Path, tmp_path: Path, ending: str) -> None:
    design = str(root / "examples" / "au_cdse_lattice.wp")
    for name in ("a", "b"):
        done = wp("export", design, "-o", f"{name}.{ending}", "--rig", "sim")
        assert done.returncode == 0, done.stderr
    data = (tmp_path / f"a.{ending}").read_bytes()
    assert len(data) > 1000
    assert data == (tmp_path / f"b.{ending}").read_bytes()


def test_language_errors_are_all_told_with_their_places(wp: Wp, tmp_path: Path) -> None:
    (tmp_path / "bad.wp").write_text(BROKEN)
    done = wp("check", "bad.wp")
    assert done.returncode == 1
    assert "bad.wp:4:31" in done.stderr
    assert "40um" in done.stderr
    found = json.loads(wp("check", "bad.wp", "--json").stdout)
    assert {d["severity"] for d in found} >= {"error"}


@pytest.mark.parametrize("verb", [["fmt", "--check"], ["params"], ["check"], ["explain", "E201"]])
def test_light_verbs_load_no_numpy(tmp_path: Path, verb: list[str]) -> None:
    (tmp_path / "bad.wp").write_text(BROKEN if verb == ["check"] else "wp 1;\nparam a: Length = 4um;\n")
    args = ["wp", *verb] if verb[0] == "explain" else ["wp", *verb, "bad.wp"]
    code = (
        f"import sys\nsys.argv = {args!r}\nfrom wetprint.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'scipy', 'shapely', 'pyvista', 'rich', 'trimesh'} & set(sys.modules)\n"
        "sys.exit(f'loaded {sorted(heavy)}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_design_can_come_from_standard_input(wp: Wp, root: Path) -> None:
    text = (root / "examples" / "ag_cube.wp").read_text()
    assert wp("check", "-", stdin=text).returncode == 0
    done = wp("check", "-", stdin=BROKEN)
    assert done.returncode == 1 and "<stdin>:4:31" in done.stderr


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["check", "nothing.wp"], 1, "nothing.wp"),
        (["check", "."], 1, "folder"),
        (["check"], 2, "FILE"),
        (["preview", "ag.wp", "--state", "moist"], 2, "wet, dried or both"),
        (["preview", "ag.wp", "--size", "huge", "--png", "a.png"], 2, "1600x1200"),
        (["check", "ag.wp", "--set", "pitch"], 2, "NAME=VALUE"),
        (["check", "ag.wp", "--set", "pitsch=30um"], 1, "pitch"),
        (["check", "ag.wp", "--set", "pitch=30"], 1, "30um"),
        (["check", "ag.wp", "--set", "pitch=3mm"], 1, "200"),
        (["plan", "ag.wp", "--rig", "simm"], 1, "sim"),
        (["export", "ag.wp", "-o", "part.stp"], 2, "stl"),
        (["preview", "ag.wp", "--png", "a.png", "--style", "papr"], 2, "paper"),
        (["preview", "ag.wp", "--png", "a.png", "--view", "tpo"], 2, "axonometric"),
        (["preview", "ag.wp", "--gif", "a.gif", "--film", "turns"], 2, "drying"),
        (["report", "ag.wp", "-o", "a.pdf"], 2, ".html"),
        (["fix", "-"], 2, "standard input"),
        (["fix", "nothing.wp"], 1, "there is no file"),
        (["new", "."], 2, "needs a name"),
        (["new", "a/b"], 1, "there is no folder a"),
        (["nozzle", "10", "--ink", "gold"], 1, "WIDTH:1:1"),
        (["nozzle", "10um", "--ink", "gold", "--speed", "3"], 1, "--speed:1:1"),
        (["check", "ag.wp", "--rig", "ag.wp"], 1, "ends in .toml"),
        (["explain", "E20"], 2, "E201 or E202"),
        (["chekc", "ag.wp"], 2, "'chekc'. Did you mean 'check'?\n"),
        (["export", "ag.wp", "-o", "no/such/folder/part.stl"], 1, "no/such/folder"),
        (["explain", "E9999"], 2, "E9999"),
        (["print", "ag.wp", "--rig", "paper", "--yes"], 1, "delays of ink"),
        (["run", "show", "nothing", "--runs", "runs"], 1, "nothing"),
        (["nonsense"], 2, "nonsense"),
    ],
)
def test_trouble_gets_a_message(
    wp: Wp, root: Path, tmp_path: Path, args: list[str], code: int, says: str
) -> None:
    (tmp_path / "ag.wp").write_text((root / "examples" / "ag_cube.wp").read_text())
    done = wp(*args)
    assert done.returncode == code, done.stderr
    assert says in done.stderr + done.stdout


def test_a_dry_run_needs_no_calibration_but_a_machine_that_answers(wp: Wp, root: Path) -> None:
    design = str(root / "examples" / "ag_square_lattice.wp")
    done = wp("print", design, "--rig", "paper", "--dry-run", "--yes", "--runs", "runs")
    assert done.returncode == 1
    assert "M613" not in done.stderr
    # Boxes are asked before the stage: what an earlier print left on is cut even where no stage answers.
    assert "dispenser `ultimus`: /dev/ttyUSB0 cannot be opened" in done.stderr
    assert "Errno" not in done.stderr
    done = wp("print", design, "--rig", "sim", "--dry-run", "--runs", "runs")
    assert done.returncode == 0, done.stderr
    assert "moved along" in done.stdout


def test_a_rig_is_checked_with_the_design(wp: Wp, root: Path) -> None:
    design = str(root / "examples" / "ag_square_lattice.wp")
    assert wp("check", design, "--rig", "sim").returncode == 0
    done = wp("check", design, "--rig", "paper")
    assert done.returncode == 1
    assert "R511" in done.stderr and "R512" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("format_", ["stl", "vtp", "aerotech"])
def test_a_full_disk_is_told(wp: Wp, root: Path, format_: str) -> None:
    done = wp(
        "export",
        str(root / "examples" / "ag_cube.wp"),
        "-o",
        "/dev/full",
        "--format",
        format_,
        "--rig",
        "sim",
    )
    assert done.returncode == 1
    assert "space" in done.stderr


def test_new_makes_a_design_that_checks_clean_and_never_overwrites(wp: Wp, tmp_path: Path) -> None:
    assert wp("new", "mine").returncode == 0
    assert wp("check", "mine.wp").returncode == 0
    assert wp("fmt", "--check", "mine.wp").returncode == 0
    (tmp_path / "mine.wp").write_text("precious")
    done = wp("new", "mine")
    assert done.returncode == 1 and "mine.wp" in done.stderr
    assert (tmp_path / "mine.wp").read_text() == "precious"


def test_every_verb_has_help(wp: Wp) -> None:
    done = wp("--help")
    assert done.returncode == 0
    for verb in ("check", "preview", "measure", "plan", "export", "print", "rigs", "runs", "fmt", "explain"):
        assert verb in done.stdout


def test_every_example_prints_on_the_simulated_rig(wp: Wp, root: Path) -> None:
    done = wp(
        "print", str(root / "examples" / "ag_square_lattice.wp"), "--rig", "sim", "--yes", "--runs", "runs"
    )
    assert done.returncode == 0, done.stderr
    listed = json.loads(wp("runs", "--runs", "runs", "--json").stdout)
    assert len(listed) == 1
    assert listed[0]["state"] == "done"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "wp 1;\n",
        'wp 1;\nuse "nanocrystal.wp" as nc;\nlattice b = woodpile { size: [1mm, 1mm]; layers: 2; pitch: 100um; filament: 10um; material: nc.gold; }\n',
    ],
)
@pytest.mark.parametrize(
    "verb",
    [
        ("measure",),
        ("plan",),
        ("print", "--rig", "sim", "--yes"),
        ("export", "-o", "a.stl"),
        ("preview", "--png", "a.png"),
    ],
)
def test_a_design_that_prints_nothing_has_no_figures_plan_or_picture(
    wp: Wp, tmp_path: Path, text: str, verb: tuple[str, ...]
) -> None:
    (tmp_path / "a.wp").write_text(text)
    done = wp(verb[0], "a.wp", *verb[1:])
    assert done.returncode == 1, done.stderr
    assert "error[E315] a.wp:" in done.stderr and done.stderr.count("error[") == 1
    assert {p.name for p in tmp_path.iterdir()} == {"a.wp"}


TINY = (
    'wp 1;\nuse "nanocrystal.wp" as nc;\nlattice b = woodpile { size: [80um, 80um]; layers: 1; pitch: 80um; '
    "filament: 10um; material: nc.gold; }\nprint b { bath: nc.gold_bath; }\n"
)


def test_folders_and_names_may_be_spelt_in_any_script(wp: Wp, tmp_path: Path) -> None:
    folder = tmp_path / "d \u00fc \u03c0"
    folder.mkdir()
    (folder / "\u00e9t\u00e9.wp").write_text(TINY)
    design, runs = f"{folder.name}/\u00e9t\u00e9.wp", f"{folder.name}/r\u00fcns"
    for args in (["check", design], ["export", design, "-o", f"{folder.name}/\u00f6.pgm"]):
        assert wp(*args).returncode == 0
    done = wp("print", design, "--rig", "sim", "--yes", "--runs", runs)
    assert done.returncode == 0, done.stderr
    assert "2 of 2 filaments" in done.stdout


def test_a_design_is_not_written_over(wp: Wp, tmp_path: Path) -> None:
    (tmp_path / "a.wp").write_text(TINY)
    for args in (["export", "a.wp", "-o", "a.wp", "--format", "stl"], ["preview", "a.wp", "--png", "a.wp"]):
        done = wp(*args)
        assert done.returncode == 1 and "error[X701]" in done.stderr, done.stderr
    assert (tmp_path / "a.wp").read_text() == TINY
    assert wp("new", "").returncode == 2


def test_a_design_on_standard_input_has_one_name(wp: Wp) -> None:
    done = wp("check", "-", stdin=TINY)
    assert done.returncode == 0 and done.stdout == "<stdin>: no errors\n"
    assert "<stdin>:3:" in done.stderr


@pytest.mark.parametrize("args", [("params",), ("hash",), ("check",), ("measure", "--json")])
def test_a_reader_that_has_gone_is_no_fault(tmp_path: Path, args: tuple[str, ...]) -> None:
    (tmp_path / "a.wp").write_text(TINY)
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-c", "from wetprint.cli import main; main()", args[0], "a.wp", *args[1:]],
        stdout=write, stderr=subprocess.PIPE, cwd=tmp_path, timeout=60, check=False,
    )  # fmt: skip
    os.close(write)
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr and b"BrokenPipe" not in done.stderr


def test_a_design_that_is_laid_out_keeps_its_permissions_and_its_link(wp: Wp, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    design = tmp_path / "kept" / "a.wp"
    design.write_text(TINY)
    design.chmod(0o640)
    (tmp_path / "a.wp").symlink_to(design)
    assert wp("fmt", "a.wp").returncode == 0
    assert (tmp_path / "a.wp").is_symlink()
    assert design.read_text() != TINY
    assert design.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in design.parent.iterdir()] == ["a.wp"]
