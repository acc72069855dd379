"""Ten million points: what they take is a small multiple of what they are."""

import importlib.util
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from wetprint.kernel.build import build
from wetprint.kernel.measure import bounding_box, sweep
from wetprint.lang.load import load

BENCH = Path(__file__).parent.parent / "bench"


def sine_um() -> float:
    """Length of one of the lines, by its formula: 999 chords over 10 mm, 100 to a wave, 20 um to either side, 2 um up and down."""
    n = np.arange(1000)
    turn = 2 * np.pi * n / 100
    points = np.stack([10_000 * n / 999, 20 * np.sin(turn), 2 * np.cos(turn)], axis=1)
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def test_the_design_of_the_bench_makes_the_moves_of_its_rivals() -> None:
    spec = importlib.util.spec_from_file_location("moves", BENCH / "rivals" / "moves.py")
    assert spec is not None and spec.loader is not None
    moves = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(moves)
    loaded = load(str(BENCH / "designs" / "D7.wp"), sets={"layers": "2"})
    assert loaded.scene is not None
    (job,), _ = build(loaded.scene)
    theirs = 1000 * np.array([point for _, _, way in moves.sines(200, 1000) for point in way])
    # Centred on the part, and half a filament over the substrate in place of half a layer.
    theirs += [-5000.0, -4950.0, 1.0]
    assert job.filaments.wet is not None
    assert np.abs(theirs - job.filaments.wet.points_um).max() < 6e-4


def test_a_million_points_take_three_times_their_arrays_at_most() -> None:
    text = (BENCH / "designs" / "D7.wp").read_text(encoding="utf-8")
    region = "region half in body where x > 10um { material: nc.gold; }\nprint body"
    loaded = load("scale.wp", text=text.replace("print body", region), sets={"layers": "10"})
    assert loaded.scene is not None
    few = load("scale.wp", text=text.replace("print body", region), sets={"layers": "1"})
    assert few.scene is not None
    build(few.scene)  # what is loaded once is no part of the design
    tracemalloc.start()
    try:
        (job,), _ = build(loaded.scene)
        part = job.filaments
        swept = sweep(part, "wet")
        bounding_box(part, "wet")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    s = part.state("wet")
    assert len(part) == 2000 and part.point_count == 1_002_000  # every line is cut once
    held = sum(a.nbytes for a in (s.points_um, s.width_um, s.height_um))
    assert peak < 3 * held
    # Lines differ in where their waves begin, and so do chords, by very little.
    assert swept.length_um.sum() == pytest.approx(1000 * sine_um(), rel=1e-5)


@pytest.mark.soak
def test_ten_million_points_take_three_times_their_arrays_at_most() -> None:
    done = subprocess.run(
        [sys.executable, str(BENCH / "scale.py")], capture_output=True, text=True, check=True, timeout=600
    )
    found = json.loads(done.stdout)
    print(found)
    assert found["points"] == 10_020_000 and found["peak_over_output"] < 3.0
    assert found["length_um"] == pytest.approx(10_000 * sine_um(), rel=1e-5)
    assert sum(found["length_of_inks_um"]) == pytest.approx(found["length_um"], rel=1e-12)
