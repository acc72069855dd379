"""How long layout files take beside those who write them else: 10^6 boxes, and an array of 10^6 pixels.

usage: layout.py [RUNS]   Rivals: gdstk with an object for each box, KLayout's writer (GPL) with a shape for each box. Every turn is a
process of its own that makes the boxes as an array first; what is timed is from that array to the file. They run in turn, least and median
of RUNS (5) are told; processor seconds count where the machine is busy.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np

N, PITCH = 1000, 1600


def boxes():
    """10^6 boxes in nm that do not overlap, each of another size."""
    rng = np.random.default_rng(0)
    at = np.stack(np.meshgrid(np.arange(N), np.arange(N)), axis=-1).reshape(-1, 2) * PITCH
    at = at + rng.integers(0, 400, at.shape)
    return np.concatenate([at, at + rng.integers(10, 1200, at.shape)], axis=1)


def wetprint(subject, form, path):
    from wetprint.backends.layout import LAYOUTS, Layer, Layout, Shapes
    from wetprint.backends.layout_writers import writer_of
    from wetprint.kernel.flat import Repeat, rectangles
    from wetprint.kernel.flat_merge import without_overlaps
    from wetprint.kernel.flat_simple import simple

    LAYOUTS[form]
    flat = (
        rectangles([[0, 0, 400, 1200]], Repeat(N, N, (PITCH, 0), (0, PITCH))) if subject == "array" else None
    )
    data = None if flat else boxes()

    def write():
        region = without_overlaps(flat or rectangles(data))
        cells = tuple(simple(cell, 8190) for cell in region.cells)
        pattern = SimpleNamespace(film=SimpleNamespace(name="film"), name="dots")
        layer = Layer(1, 0, pattern, 1, 1, (Shapes(1000, 1.0, cells, region),))
        with Path(path).open("wb") as out:
            LAYOUTS[form].write(Layout("top", writer_of("general"), (layer,)), out)

    return write


def gdstk(subject, form, path):
    import gdstk

    data = boxes() if subject == "boxes" else None

    def write():
        library = gdstk.Library()
        top = library.new_cell("top")
        if data is None:
            pixel = library.new_cell("pixel")
            pixel.add(gdstk.rectangle((0, 0), (0.4, 1.2), layer=1, datatype=1000))
            top.add(gdstk.Reference(pixel, (0, 0), columns=N, rows=N, spacing=(PITCH / 1000, PITCH / 1000)))
        else:
            for x0, y0, x1, y1 in (data / 1000).tolist():
                top.add(gdstk.rectangle((x0, y0), (x1, y1), layer=1, datatype=1000))
        (library.write_gds if form == "gds" else library.write_oas)(path)

    return write


def klayout(subject, form, path):
    import klayout.db as db

    data = boxes() if subject == "boxes" else None

    def write():
        layout = db.Layout()
        top, layer = layout.create_cell("top"), layout.layer(1, 1000)
        if data is None:
            pixel = layout.create_cell("pixel")
            pixel.shapes(layer).insert(db.Box(0, 0, 400, 1200))
            columns, rows = db.Vector(PITCH, 0), db.Vector(0, PITCH)
            top.insert(db.CellInstArray(pixel.cell_index(), db.Trans(), columns, rows, N, N))
        else:
            shapes = top.shapes(layer)
            for box in data.tolist():
                shapes.insert(db.Box(*box))
        layout.write(path)

    return write


WRITERS = {"wetprint": wetprint, "gdstk": gdstk, "KLayout": klayout}


def once(who, subject, form):
    """One turn, in this process: seconds, processor seconds and bytes, as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / f"x.{form}")
        write = WRITERS[who](subject, form, path)
        wall, cpu = time.perf_counter(), time.process_time()
        write()
        print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu, Path(path).stat().st_size]))


def main(runs):
    print(f"seconds from an array to the file (processor seconds), bytes; median of {runs} turns\n")
    print("| | " + " | ".join(WRITERS) + " |\n|---|" + "---|" * len(WRITERS))
    for subject in ("boxes", "array"):
        for form in ("gds", "oas"):
            taken = {who: [] for who in WRITERS}
            for _ in range(runs):
                for who in WRITERS:
                    asked = [sys.executable, __file__, "--once", who, subject, form]
                    taken[who].append(
                        json.loads(subprocess.run(asked, capture_output=True, check=True, text=True).stdout)
                    )
            row = []
            for who in WRITERS:
                wall, cpu, size = (statistics.median(column) for column in zip(*taken[who], strict=True))
                row.append(f"{wall:.3g} ({cpu:.3g}), {size:,.0f} bytes")
            print(
                f"| 10^6 {'boxes' if subject == 'boxes' else 'pixels, an array'}, .{form} | "
                + " | ".join(row)
                + " |"
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--once"]:
        once(*sys.argv[2:5])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
