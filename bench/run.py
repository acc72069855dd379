"""The tables of docs/benchmarks.md: wetprint beside what a lab would use, on the same moves, paired in one run.

usage: run.py [programs] [fused] [measure] [scale] [pictures] [verbs] [--design NAME ...] [--runs N]

Every command is a whole process. Rivals take turns with wetprint, so that a machine whose speed drifts slows all alike; medians are
printed, wall seconds first, then processor seconds. The rivals are installed into `.venv-rivals` (mecode MIT, FullControl GPL:
processes of their own). FullControl on ten million points would take some gigabytes and minutes: its figure there is ten times the
one for a million points, and marked.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
RIVALS = ROOT / ".venv-rivals"
WP = str(Path(sys.executable).with_name("wp"))
VERBS = ("check", "fmt --check", "params", "measure --json", "plan --json")
DESIGNS = ("D1", "D2", "D3", "D4", "D5", "D6", "D7_1e6", "D7_1e7")
SECTIONS = ("programs", "fused", "measure", "scale", "pictures", "verbs")
RIVAL_SCRIPTS = {
    "careful numpy": "careful",
    "plain script": "naive",
    "mecode": "with_mecode",
    "FullControl": "with_fullcontrol",
}

#: Runs of a command that takes longer than this are fewer: its time varies less than it costs.
LONG_S = 10.0


class Taken(NamedTuple):
    wall_s: float
    cpu_s: float
    peak_mib: float


def run(command: list[str], cwd: Path = ROOT) -> Taken:
    """What one whole process takes. RuntimeError where it fails."""
    # Python's own default, whatever is set here: compiled modules are kept, so that starting is not compiling.
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        child = subprocess.Popen(command, cwd=cwd, env=env, stdout=said, stderr=said)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)}: {said.read()[-400:].decode(errors='replace').strip()}")
    return Taken(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def race(commands: dict[str, list[str]], cwd: Path, runs: int) -> dict[str, Taken]:
    """Medians of each command, run in turn; the first turn warms the file cache and is not counted, unless it was long."""
    found: dict[str, list[Taken]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            slow = bool(found[name]) and found[name][0].wall_s > LONG_S
            if slow:
                continue
            sample = run(command, cwd)
            if turn == 1 and not slow:
                found[name].clear()
            found[name].append(sample)
    return {
        n: Taken(*(statistics.median(column) for column in zip(*s, strict=True))) for n, s in found.items()
    }


def table(head: list[str], rows: Iterable[list[str]]) -> None:
    """A table in Markdown; its rows appear as they are measured."""
    print("| " + " | ".join(head) + " |")
    print("|---" * len(head) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)
    print()


def seconds(taken: Taken | None, mark: str = "") -> str:
    return "-" if taken is None else f"{taken.wall_s:.3g}{mark} ({taken.cpu_s:.3g})"


def rivals_python() -> str | None:
    """The Python of the rivals' environment, made on first use; None where it cannot be had."""
    python = RIVALS / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(RIVALS)], check=True)
        wanted = ["mecode==0.4.1", "fullcontrol==0.1.2", "numpy"]
        if subprocess.run([str(python), "-m", "pip", "install", "-q", *wanted], check=False).returncode:
            print("the rivals could not be installed: their columns stay empty", file=sys.stderr)
            return None
    return str(python)


def programs(folder: Path, runs: int, designs: list[str]) -> None:
    """Design file to motion program."""
    head = ["", "wetprint", *RIVAL_SCRIPTS, "memory of wetprint", "wetprint, with arcs: lines"]
    table(head, _programs(folder, runs, designs))
    print("`12x`: so many times the processor time of wetprint. `*`: ten times the figure for 1e6.\n")


def straight(folder: Path) -> Path:
    """The simulated rig, whose programs hold no arcs: the rivals write every move as a straight one."""
    said = subprocess.run([WP, "rig", "show", "sim"], capture_output=True, text=True, check=True).stdout
    rig = folder / "straight.toml"
    rig.write_text(said.replace("[controller]", "[controller]\narcs = false", 1), encoding="utf-8")
    return rig


def _programs(folder: Path, runs: int, designs: list[str]) -> Iterator[list[str]]:
    python, rig = rivals_python(), straight(folder)
    million: Taken | None = None
    for name in designs:
        file, _, points = name.partition("_")
        wp = [WP, "export", f"{ROOT}/bench/designs/{file}.wp"]
        if points:
            wp += ["--set", f"layers={int(float(points)) // 100_000}"]
        commands = {"wetprint": [*wp, "-o", f"{folder}/wp.ngc", "--rig", str(rig)]}
        if points:
            commands["arcs"] = [*wp, "-o", f"{folder}/arcs.ngc", "--rig", "sim"]
        for label, script in RIVAL_SCRIPTS.items():
            huge = label == "FullControl" and points == "1e7"
            if (python or label == "plain script") and not huge:
                own = python or sys.executable
                commands[label] = [own, f"{ROOT}/bench/rivals/{script}.py", name, f"{folder}/rival"]
        found: dict[str, Taken | None] = dict(race(commands, ROOT / "bench" / "rivals", runs))
        mark = ""
        if points == "1e6":
            million = found.get("FullControl")
        elif points == "1e7" and million is not None:
            found["FullControl"], mark = Taken(*(10 * v for v in million)), "*"
        ours = found["wetprint"]
        assert ours is not None
        cells = [f"**{seconds(ours)}**"]
        for label in RIVAL_SCRIPTS:
            theirs = found.get(label)
            ratio = "" if theirs is None else f" {theirs.cpu_s / ours.cpu_s:.2g}x"
            cells.append(seconds(theirs, mark if label == "FullControl" else "") + ratio)
        arcs = ""
        if points:
            lines, fewer = (_lines(folder / f"{kind}.ngc") for kind in ("wp", "arcs"))
            arcs = f"{seconds(found['arcs'])}: {fewer:,} for {lines:,}"
        yield [name, *cells, f"{ours.peak_mib:.0f} MiB", arcs]


def _lines(file: Path) -> int:
    with file.open("rb") as text:
        return sum(1 for _ in text)


def fused(folder: Path, runs: int, _: list[str]) -> None:
    """One watertight mesh of D1, 352 rods."""
    ours = ["export", f"{ROOT}/bench/designs/D1.wp", "--state", "wet", "-o"]
    commands = {
        "`wp export --fused`, 16 sides": [WP, *ours, f"{folder}/d1.stl", "--fused"],
        "`wp export`, tubes one by one, 16 sides": [WP, *ours, f"{folder}/tubes.stl"],
    }
    openscad = shutil.which("openscad")
    if openscad:
        commands["OpenSCAD, 8 sides"] = [
            openscad,
            "-o",
            f"{folder}/scad.stl",
            f"{ROOT}/bench/rivals/rods.scad",
        ]
    found = race(commands, folder, runs)
    first = next(iter(found.values()))
    table(
        ["D1 as STL", "seconds", "processor time, ratio"],
        [[name, seconds(taken), f"{taken.cpu_s / first.cpu_s:.3g}"] for name, taken in found.items()],
    )
    if not openscad:
        print("OpenSCAD is not installed here; 36 s were measured elsewhere (OpenSCAD 2021, 8 sides).\n")


LATTICES = {
    "gyroid, 10 layers": "gyroid { size: [400um, 400um]; layers: 10; pitch: 100um; filament: 10um; material: nc.silver; }",
    "octet, 4 x 4 x 4 cells": "octet { size: [400um, 400um]; layers: 4; pitch: 100um; filament: 10um; material: nc.silver; }",
    "woodpile, 100 layers of 1 mm": "woodpile { size: [1mm, 1mm]; layers: 100; pitch: 40um; filament: 10um; material: nc.silver; }",
}


def measure(folder: Path, runs: int, _: list[str]) -> None:
    """Figures of a part drawn wet (one state) and drawn dried (both, with the drying model)."""
    rows = []
    for name, body in LATTICES.items():
        cells = []
        for state in ("state wet;\n", ""):
            path = folder / "part.wp"
            path.write_text(
                f'wp 1;\nuse "nanocrystal.wp" as nc;\n{state}lattice body = {body}\nprint body {{ bath: nc.gold_bath; }}\n'
            )
            extra = ["env", f"XDG_CACHE_HOME={folder}/cache-{time.time_ns()}"]  # nothing remembered
            cells.append(
                seconds(race({"": [*extra, WP, "measure", str(path), "--json"]}, folder, min(runs, 3))[""])
            )
        rows.append([name, *cells])
    table(["`wp measure`", "drawn wet, both states", "drawn dried, both states"], rows)


def scale(_: Path, __: int, ___: list[str]) -> None:
    """Ten million points, in one process."""
    done = subprocess.run(
        [sys.executable, f"{ROOT}/bench/scale.py"], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    table(
        [
            "points",
            "build and split into two regions, s",
            "length, volume, surface and box, s",
            "arrays",
            "peak",
            "ratio",
        ],
        [
            [
                f"{found['points']:,}",
                f"{found['build_and_split_s']:.3g}",
                f"{found['measure_s']:.3g}",
                f"{found['output_mib']:.0f} MiB",
                f"{found['peak_mib']:.0f} MiB",
                f"{found['peak_over_output']:.2f}",
            ]
        ],
    )


#: Designs of the pictures, their layers (0: their own), and the ways of PyVista that come to an end with them.
PICTURES = (
    ("D1", "D1", 0, ("tube", "lines")),
    ("D6", "D6", 0, ("tube", "lines")),
    ("10,004 lines", "D8", 4, ("tube", "lines")),
    ("100,040 lines", "D8", 40, ("tube", "lines")),
    ("1,000,400 lines", "D8", 400, ("lines",)),
)


def pictures(folder: Path, runs: int, _: list[str]) -> None:
    """Pictures and the window, wet, without a graphics card."""
    head = [
        "",
        "`wp preview --png`",
        "memory",
        "window: a frame while it turns",
        "at rest",
        "PyVista: tubes",
        "PyVista: lines as tubes",
    ]
    table(head, _pictures(folder, min(runs, 3)))


def _pictures(folder: Path, runs: int) -> Iterator[list[str]]:
    script = f"{ROOT}/bench/pictures.py"
    for label, name, layers, ways in PICTURES:
        design = f"{ROOT}/bench/designs/{name}.wp"
        sets = ["--set", f"layers={layers}"] if layers else []
        commands = {"png": [WP, "preview", design, "--state", "wet", "--png", f"{folder}/a.png", *sets]}
        for way in ways:
            commands[way] = [sys.executable, script, way, design, str(layers), f"{folder}/b.png"]
        found = race(commands, ROOT, runs)
        said = [
            json.loads(subprocess.run([sys.executable, script, "window", design, str(layers)], capture_output=True, text=True, check=True).stdout)
            for _ in range(runs)
        ]  # fmt: skip
        least = {key: min(one[key] for one in said) for key in said[0]}
        yield [
            label,
            f"**{seconds(found['png'])}**",
            f"{found['png'].peak_mib:.0f} MiB",
            f"{least['turn']:.2g} ({least['turn_cpu']:.2g})",
            f"{least['rest_again']:.2g}",
            *(seconds(found.get(way)) for way in ("tube", "lines")),
        ]


def verbs(_: Path, runs: int, __: list[str]) -> None:
    """Verbs on every example, processor seconds."""
    rows = []
    for example in sorted((ROOT / "examples").glob("*.wp")):
        commands = {v: [WP, v.split()[0], str(example), *v.split()[1:]] for v in VERBS}
        found = race(commands, ROOT, runs)
        rows.append([example.stem, *(f"{found[v].cpu_s:.3f}" for v in VERBS)])
    table(["", *(f"`{v}`" for v in VERBS)], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("section", nargs="*", help=", ".join(SECTIONS))
    parser.add_argument("--design", nargs="*", default=list(DESIGNS), choices=DESIGNS)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    unknown = [s for s in given.section if s not in SECTIONS]
    if unknown:
        parser.error(f"{unknown[0]}: expected some of {', '.join(SECTIONS)}")
    work: dict[str, Callable[[Path, int, list[str]], None]] = {
        "programs": programs,
        "fused": fused,
        "measure": measure,
        "scale": scale,
        "pictures": pictures,
        "verbs": verbs,
    }
    print(
        f"{date.today()}, {os.cpu_count()} processors {platform.machine()}, Python {platform.python_version()}, "
        f"medians of {given.runs} runs: wall seconds (processor seconds)\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name in given.section or SECTIONS:
            print(f"## {work[name].__doc__}\n", flush=True)
            work[name](Path(folder), given.runs, given.design)


if __name__ == "__main__":
    main()
