"""How long the language part of `wp check` takes on the largest example, as a whole process, beside `import lark` alone.

usage: start.py [PAIRS]   The two run in turn, and the differences within the pairs count: a machine whose speed drifts slows
both alike. The goal: at most 0.15 s more.
"""

import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: What `wp check` does with a design before it builds anything.
LANGUAGE = """
import sys
from wetprint.lang.load import load
from wetprint.lang.render import to_terminal
print(to_terminal(list(load(sys.argv[1]).diagnostics), colour=False, width=120))
"""


def run(*arguments: str) -> tuple[float, float]:
    """Wall and processor seconds of one Python process."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, capture_output=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(count: int) -> None:
    largest = max((ROOT / "examples").glob("*.wp"), key=lambda p: p.stat().st_size)
    pairs = [
        (run("-c", "import lark"), run("-c", LANGUAGE, str(largest)))
        for _ in range(count + 1)  # the first pair warms the file cache
    ][1:]
    print(f"{largest.name}, {count} pairs of processes")
    for k, clock in enumerate(("wall", "processor")):
        lark, language = (statistics.median(pair[i][k] for pair in pairs) for i in (0, 1))
        more = statistics.median(b[k] - a[k] for a, b in pairs)
        print(
            f"{clock:<10} import lark {lark:.3f} s   language part {language:.3f} s   difference {more:+.3f} s"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
