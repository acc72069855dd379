"""Design rules at their limits: each speaks just beyond a figure that can be told by hand, and keeps still just within it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.build import Job, build
from wetprint.kernel.check import run_checks
from wetprint.kernel.drying.sag import FREE_END, SUPPORTED, limit_um
from wetprint.kernel.figures.contacts import contacts_of
from wetprint.kernel.rig import InkLoad, Nozzle, Rig, Vessel, Wipe
from wetprint.kernel.scene import Scene
from wetprint.kernel.shrink import complete_jobs
from wetprint.kernel.toolpath.frames import purge_place_um
from wetprint.lang.load import load

HEAD = 'wp 1;\nuse "nanocrystal.wp" as nc;\n'

Made = tuple[Scene, tuple[Job, ...]]


def made(more: str = "", bath: str = "nc.gold_bath", region: str = "", rule: str = "", **fields: str) -> Made:
    of = {
        "size": "[400um, 400um]", "layers": "6", "pitch": "40um", "filament": "10um", "material": "nc.silver", **fields,
    }  # fmt: skip
    lines = "".join(f" {k}: {v};" for k, v in of.items())
    lines += f" layer k {{ phase: {rule}; }}" if rule else ""
    text = f"{HEAD}{more}lattice body = woodpile {{{lines} }}\n{region}\nprint body {{ bath: {bath}; }}\n"
    loaded = load("design.wp", text)
    assert loaded.scene is not None, [d.message for d in loaded.diagnostics]
    jobs, _ = complete_jobs(loaded.scene, build(loaded.scene)[0], model="analytic")
    return loaded.scene, jobs


def said(design: Made, rig: Rig | None = None) -> set[str]:
    return {d.code for d in run_checks(*design, rig)}


def edge(speaks: Callable[[float], bool], breaks: float, holds: float) -> float:
    """The figure at which a rule that speaks at `breaks` falls silent, towards `holds`."""
    assert speaks(breaks) and not speaks(holds)
    for _ in range(12):
        middle = 0.5 * (breaks + holds)
        breaks, holds = (middle, holds) if speaks(middle) else (breaks, middle)
    return holds


@pytest.fixture(scope="module")
def sound() -> Made:
    return made()


def wet(design: Made) -> Any:
    return design[1][0].filaments.state("wet")


def test_the_narrowest_filament(sound: Made) -> None:
    found = edge(lambda d: "W203" in said(made(filament=f"{d}um")), 6.0, 8.0)
    assert found == pytest.approx(7.0 * (1 - 1e-3), abs=2e-3)


def test_the_narrowest_pitch(sound: Made) -> None:
    found = edge(
        lambda p: "W206" in said(made(pitch=f"{p}um", size="[200um, 200um]", layers="2")), 10.5, 13.0
    )
    width = float(wet(made(pitch=f"{found}um", size="[200um, 200um]", layers="2")).width_um.max())
    assert found == pytest.approx(width, rel=1e-3)


def test_the_longest_span() -> None:
    found = edge(lambda p: "W204" in said(made(pitch=f"{p}um", size=f"[{4 * p}um, {4 * p}um]")), 190.0, 130.0)
    height = float(wet(sound_of(found)).height_um[0])
    assert found == pytest.approx(limit_um(height, SUPPORTED), rel=0.12)


def test_the_highest_layer() -> None:
    found = edge(lambda h: "W208" in said(made(layer_height=f"{h}um", layers="2")), 11.0, 9.0)
    assert found == pytest.approx(10.0, rel=1e-3)


def test_the_shortest_piece_of_a_region() -> None:
    """Ink turns solid on v R^2 / D: 38 um for a wet width of 11.28 um at 1.2 mm/s and 1e-9 m2/s."""

    def speaks(x: float) -> bool:
        return "W213" in said(cut(x))

    def cut(x: float) -> Made:
        return made(layers="1", region=f"region edge in body where x > {x}um {{ material: nc.gold; }}")

    found = edge(speaks, 190.0, 140.0)
    piece = wet(cut(found))
    ends = piece.points_um[:, 0].reshape(-1, 2)
    shortest = float(np.abs(ends[:, 1] - ends[:, 0]).min())
    assert shortest == pytest.approx(1200.0 * (0.5 * float(piece.width_um[0])) ** 2 / 1000.0, rel=2e-3)


def test_the_longest_free_end() -> None:
    """Lines of the second layer, held at the outermost line below and free beyond it."""

    def design(phase: float) -> Made:
        return made(
            size="[430um, 430um]", pitch="130um", layers="2", rule=f"if k == 0 then {phase}um else 0um"
        )

    # Lines below at -130, 0, 130 um, all moved by the phase: the end on the one side is freer by as much.
    found = edge(lambda phase: "W207" in said(design(phase)), 25.0, 60.0)
    height = float(wet(design(found)).height_um[0])
    job = design(found)[1][0]
    free = float(contacts_of(job.filaments, "wet").overhang_um.max())
    assert free == pytest.approx(limit_um(height, FREE_END), rel=5e-3)


def sound_of(pitch_um: float) -> Made:
    return made(pitch=f"{pitch_um}um", size=f"[{4 * pitch_um}um, {4 * pitch_um}um]")


@pytest.mark.parametrize(
    ("code", "breaks", "holds", "limit"),
    [
        ("W212", 0.4, 0.7, 0.5),
        ("W212", 1.2, 0.7, 1.0),
        ("W220", 20.0, 40.0, 25.0),
        ("W220", 80.0, 40.0, 70.0),
    ],
)
def test_windows_of_linker_and_ink(code: str, breaks: float, holds: float, limit: float) -> None:
    def speaks(value: float) -> bool:
        if code == "W212":
            return code in said(made(f"bath b = nc.gold_bath {{ molarity: {value}[mM]; }}\n", bath="b"))
        return code in said(
            made(f"material i = nc.silver {{ concentration: {value}[mg/mL]; }}\n", material="i")
        )

    assert edge(speaks, breaks, holds) == pytest.approx(limit, rel=2e-3)


# -- with a rig ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rig() -> Rig:
    return load_rig("sim")


def fitted(rig: Rig, inner: float, gap: float | None = 10.0) -> Rig:
    cone = ((0.0, inner / 2 + 1), (5000.0, 300.0))
    nozzle = Nozzle("tip", inner, inner + 2, cone, next(iter(rig.dispensers)), loads=(InkLoad("*"),))
    return replace(rig, nozzles=(nozzle,), heights=replace(rig.heights, first_gap_um=gap))


def test_the_tip_over_its_thread(rig: Rig, sound: Made) -> None:
    ink = sound[1][0].filaments.inks[0]
    thread = np.sqrt(wet(sound).width_um * wet(sound).height_um) / ink.swell
    widest = edge(lambda d: "W216" in said(sound, fitted(rig, d)), 19.0, 12.0)
    narrowest = edge(lambda d: "W216" in said(sound, fitted(rig, d)), 6.0, 12.0)
    assert widest == pytest.approx(2**0.5 * thread.min(), rel=3e-3)
    assert narrowest == pytest.approx(0.5**0.5 * thread.max(), rel=3e-3)


def test_the_first_gap(rig: Rig, sound: Made) -> None:
    ink = sound[1][0].filaments.inks[0]
    first = sound[1][0].filaments.layer == 0
    width = wet(sound).width_um[sound[1][0].filaments.offsets[:-1]][first].max()
    highest = edge(lambda g: "W215" in said(sound, fitted(rig, 11.0, g)), 20.0, 9.0)
    lowest = edge(lambda g: "W215" in said(sound, fitted(rig, 11.0, g)), 3.0, 9.0)
    assert highest == pytest.approx(11.0 * ink.swell, rel=2e-3)
    assert lowest == pytest.approx(0.5 * width, rel=2e-3)


def test_the_stage(rig: Rig, sound: Made) -> None:
    axis, middle = rig.axes["x"], rig.origin_um[0]

    def with_reach(half: float) -> Rig:
        tight = replace(axis, min_um=middle - half, max_um=middle + half)
        return replace(rig, axes={**rig.axes, "x": tight})

    found = edge(lambda half: "W214" in said(sound, with_reach(half)), 150.0, 300.0)
    assert found == pytest.approx(float(np.abs(wet(sound).points_um[:, 0]).max()), rel=1e-3)


def bowl(rig: Rig, **fields: Any) -> Rig:
    vessel = Vessel((30_000.0, 30_000.0), 4500.0, 4000.0)
    return replace(rig, vessel=replace(vessel, **fields))


def test_no_vessel_no_rule(rig: Rig, sound: Made) -> None:
    assert not said(sound, replace(rig, vessel=None)) & {"W218", "W219"}
    assert not said(sound, bowl(rig)) & {"W218", "W219"}


def test_the_depth_of_the_bath(rig: Rig, sound: Made) -> None:
    found = edge(lambda fill: "W218" in said(sound, bowl(rig, fill_um=fill)), 20.0, 200.0)
    top = float((wet(sound).points_um[:, 2] + 0.5 * wet(sound).height_um).max())
    assert found == pytest.approx(top, rel=2e-3)
    told = next(d for d in run_checks(*sound, bowl(rig, fill_um=20.0)) if d.code == "W218")
    assert told.severity.word == "error" and told.primary is not None and "mL" in told.notes[0]


def test_the_length_of_the_nozzle(rig: Rig, sound: Made) -> None:
    # The nozzles of the simulated rig are known up to 5 mm over their tips.
    found = edge(lambda fill: "W219" in said(sound, bowl(rig, fill_um=fill, wall_um=8000.0)), 6000.0, 4000.0)
    assert found == pytest.approx(5000.0, rel=1e-3)


def test_the_walls_of_the_vessel(rig: Rig, sound: Made) -> None:
    # Purged at 8 mm from the middle; 394.1 um is the cone's radius 4.5 mm over its tip, by the two points around it.
    place = purge_place_um(rig)
    assert place is not None
    wide = 49.744 + (443.444 - 49.744) * 4000.0 / 4500.0
    found = edge(lambda x: "W219" in said(sound, bowl(rig, size_um=(x, 30_000.0))), 15_000.0, 18_000.0)
    assert found == pytest.approx(2 * (abs(place[0]) + wide), rel=1e-3)
    # Without a place to purge, the part itself decides.
    reach = float(np.abs(wet(sound).points_um[:, 0]).max())
    bare = replace(rig, purge=None)
    found = edge(lambda x: "W219" in said(sound, bowl(bare, size_um=(x, 30_000.0))), 500.0, 3000.0)
    assert found == pytest.approx(2 * (reach + wide), rel=2e-3)
    wipe = Wipe((58_000.0, 50_000.0), (62_000.0, 50_000.0), 100.0)
    told = [
        d
        for d in run_checks(*sound, bowl(replace(rig, wipe=wipe), size_um=(20_000.0, 20_000.0)))
        if d.code == "W219"
    ]
    assert told and all("wiped" in d.message for d in told)
