"""One table: `wp export` from a design file to a motion program, beside what a lab would use, on the same moves.

usage: run.py [DESIGN ...]   Every command is a whole process; runs alternate, so that a machine whose speed drifts slows
all alike. Rivals are installed into `.venv-rivals` (mecode MIT, FullControl GPL: processes of their own).
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RIVALS = ROOT / ".venv-rivals"
RUNS = int(os.environ.get("BENCH_RUNS", "5"))
VERBS = ("check", "fmt --check", "params", "measure --json", "plan --json")


def rivals_python() -> str | None:
    """The Python of the rivals' environment, made on first use; None where it cannot be had."""
    python = RIVALS / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(RIVALS)], check=True)
        done = subprocess.run(
            [str(python), "-m", "pip", "install", "-q", "mecode==0.4.1", "fullcontrol==0.1.2"], check=False
        )
        if done.returncode:
            print("the rivals could not be installed: their columns stay empty", file=sys.stderr)
            return None
    return str(python)


def run(command: list[str], cwd: Path) -> tuple[float, float]:
    """Wall and processor seconds of one whole process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()[-400:]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def race(commands: dict[str, list[str]], cwd: Path) -> dict[str, tuple[float, float]]:
    """Median wall and processor seconds of each command, run in turn."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for turn in range(RUNS + 1):
        for name, command in commands.items():
            sample = run(command, cwd)
            if turn:  # the first turn warms the file cache
                found[name].append(sample)
    return {
        n: (statistics.median(w for w, _ in s), statistics.median(c for _, c in s)) for n, s in found.items()
    }


def main() -> None:
    wp = str(Path(sys.executable).with_name("wp"))
    python = rivals_python()
    designs = sys.argv[1:] or ["D1", "D2", "D3", "D4", "D5", "D6"]
    with tempfile.TemporaryDirectory() as folder:
        print(f"design file to motion program: median wall seconds of {RUNS} runs (processor seconds)")
        print(
            f"{'':4}{'wetprint':>18}{'lab script':>18}{'mecode':>18}{'FullControl':>18}   ratios to wetprint"
        )
        for name in designs:
            design = ROOT / "bench" / "designs" / f"{name}.wp"
            commands = {"wp": [wp, "export", str(design), "-o", f"{folder}/{name}.ngc", "--rig", "sim"]}
            for label, script in (
                ("naive", "naive"),
                ("mecode", "with_mecode"),
                ("fullcontrol", "with_fullcontrol"),
            ):
                if python or label == "naive":
                    commands[label] = [
                        python or sys.executable,
                        f"{ROOT}/bench/rivals/{script}.py",
                        name,
                        f"{folder}/{label}",
                    ]
            found = race(commands, ROOT / "bench" / "rivals")
            cells = "".join(
                f"{found[c][0]:>9.3f} ({found[c][1]:5.2f})" if c in found else f"{'-':>18}"
                for c in ("wp", "naive", "mecode", "fullcontrol")
            )
            ratios = "  ".join(f"{c} {found[c][0] / found['wp'][0]:.2f}" for c in commands if c != "wp")
            print(f"{name:4}{cells}   {ratios}")
        print(f"\nverbs on every example: median processor seconds of {RUNS} runs")
        print(f"{'':24}" + "".join(f"{v:>16}" for v in VERBS))
        for example in sorted((ROOT / "examples").glob("*.wp")):
            commands = {v: [wp, v.split()[0], str(example), *v.split()[1:]] for v in VERBS}
            found = race(commands, ROOT)
            print(f"{example.stem:24}" + "".join(f"{found[v][1]:>16.3f}" for v in VERBS))


if __name__ == "__main__":
    main()
