"""What drawing a part costs: a picture, and the window while it turns and at rest; PyVista's own ways beside. A process for each.

usage: pictures.py window DESIGN LAYERS        frames of the window without a graphics card, JSON: seconds
       pictures.py tube|lines DESIGN LAYERS FILE.png   the same lines by PyVista alone, as a script would draw them

`tube` sweeps every line with the tube filter, `lines` draws lines as tubes (render_lines_as_tubes), whose width is pixels, not to scale.
"""

import json
import statistics
import sys
import time
from typing import Any

FRAMES = 5
SIZE = (1200, 800)


def part_of(design: str, layers: str) -> Any:
    from wetprint.kernel.build import build
    from wetprint.lang.load import load

    loaded = load(design, sets={"layers": layers} if int(layers) else {})
    assert loaded.scene is not None, loaded.diagnostics
    return build(loaded.scene)[0][0].filaments


def window(design: str, layers: str) -> None:
    from wetprint.backends.opengl import prepare_offscreen
    from wetprint.backends.preview import Look
    from wetprint.backends.previews.window import Window

    prepare_offscreen()
    part = part_of(design, layers)
    begin = time.perf_counter()
    shown = Window(part, Look(state="wet", size=SIZE), off_screen=True)
    screen = shown.plotter.render_window
    screen.Render()
    found = {"segments": part.point_count - len(part), "first": time.perf_counter() - begin}

    def timed(act: Any) -> tuple[float, float]:
        """Wall and processor seconds of what `act` does."""
        wall, cpu = time.perf_counter(), time.process_time()
        act()
        return time.perf_counter() - wall, time.process_time() - cpu

    def frame() -> None:
        shown.plotter.camera.Azimuth(9)
        shown._bar()
        screen.Render()

    def rest() -> None:
        shown.turn(False)
        if shown.crowd is not None:
            shown.crowd.settle()
        screen.Render()

    shown.turn(True)
    frames = [timed(frame) for _ in range(FRAMES + 1)][1:]
    found["turn"], found["turn_cpu"] = (statistics.median(column) for column in zip(*frames, strict=True))
    found["rest"] = timed(rest)[0]
    # The process that draws stills is there by now.
    shown.turn(True)
    frame()
    found["rest_again"] = timed(rest)[0]
    shown.close()
    print(json.dumps(found))


def pyvista(way: str, design: str, layers: str, file: str) -> None:
    from wetprint.backends.opengl import prepare_offscreen

    prepare_offscreen()
    import numpy as np
    import pyvista as pv

    part = part_of(design, layers)
    first, _ = part.segments()
    lines = np.empty((len(first), 3), dtype=np.int64)
    lines[:, 0], lines[:, 1], lines[:, 2] = 2, first, first + 1
    data = pv.PolyData(part.wet.points_um.astype(np.float32), lines=lines.ravel())
    plotter = pv.Plotter(off_screen=True, window_size=list(SIZE))
    if way == "tube":
        plotter.add_mesh(data.tube(radius=float(part.wet.width_um[0]) / 2, n_sides=8), color="silver")
    else:
        plotter.add_mesh(data, color="silver", render_lines_as_tubes=True, line_width=4)
    plotter.screenshot(file)


if __name__ == "__main__":
    if sys.argv[1] == "window":
        window(*sys.argv[2:])
    else:
        pyvista(*sys.argv[1:])
