"""Seams: closed filaments begin where a print asks for it, and are otherwise what they were."""

import math
from types import ModuleType

import numpy as np
import pytest
from wetprint.kernel.build import Job, build
from wetprint.kernel.filaments import FilamentSet, filaments
from wetprint.kernel.motion import PRINT, make_toolpath
from wetprint.kernel.order import make_plan
from wetprint.kernel.planning.seams import closed, rolled, with_seams
from wetprint.kernel.shrink import complete
from wetprint.lang.load import load
from wetprint.lang.unparse import scene_text

HEAD = 'wp 1;\nuse "nanocrystal.wp" as nc;\nstate wet;\n'
CONCENTRIC = "lattice body = concentric { size: [200um, 160um]; pitch: 20um; filament: 10um; layers: 4; material: nc.gold; }"
STACK = (
    "path ring = circle { radius: 60um; start: 70deg; filament: 10um; material: nc.gold; }\n"
    "part body = array(of: ring, to: [[0um, 0um, 0um], [1um, 0um, 8um], [0um, 1um, 16um], [0um, 0um, 24um], [0um, 0um, 32um]]);"
)
GOLDEN = math.pi * (3.0 - math.sqrt(5.0))


def jobs_of(part: str, seam: str, head: str = HEAD) -> list[Job]:
    ask = f" seam: {seam};" if seam else ""
    loaded = load("seams.wp", text=f"{head}{part}\nprint body {{ bath: nc.gold_bath;{ask} }}\n")
    assert loaded.scene is not None, loaded.diagnostics
    jobs, found = build(loaded.scene)
    assert jobs, found
    state = loaded.scene.state
    return [Job(j.name, j.print, complete(j.filaments, state)) for j in jobs]


def drawn(part: str) -> FilamentSet:
    """What is drawn, in the drawn state alone, where rings close exactly."""
    loaded = load("seams.wp", text=f"{HEAD}{part}\nprint body {{ bath: nc.gold_bath; }}\n")
    assert loaded.scene is not None
    return build(loaded.scene)[0][0].filaments


def begins(part: FilamentSet) -> np.ndarray:
    return part.state("wet").points_um[part.offsets[:-1]]


def rings(part: FilamentSet) -> list[np.ndarray]:
    return np.split(part.state("wet").points_um, part.offsets[1:-1])


def length_um(points: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def unlike(one: FilamentSet, two: FilamentSet) -> None:
    """Nothing differs between two sets but where rings begin."""
    two.validate()
    for name in ("offsets", "material", "layer", "origin"):
        assert (getattr(one, name) == getattr(two, name)).all(), name
    for a, b in zip(rings(one), rings(two), strict=True):
        assert (b[0] == b[-1]).all() and length_um(a) == pytest.approx(length_um(b), rel=1e-12)
        # The same points in the same sequence, from another of them on.
        k = int(np.flatnonzero((a[:-1] == b[0]).all(axis=1))[0])
        assert (np.roll(a[:-1], -k, axis=0) == b[:-1]).all()


@pytest.mark.parametrize("part", [CONCENTRIC, STACK])
def test_aligned_seams_stand_above_each_other(part: str) -> None:
    before = drawn(part)
    after = with_seams(before, "aligned")
    unlike(before, after)
    for ring in rings(after):
        assert ring[0, 0] >= ring[:, 0].max() - 1.0
    middle = np.array([r[:-1].mean(axis=0)[:2] for r in rings(after)])
    off = begins(after)[:, :2] - middle
    angle = np.arctan2(off[:, 1], off[:, 0])
    if part is STACK:
        # 70 degrees as drawn; then at x, to within the spacing of points.
        assert np.abs(angle).max() < math.radians(10)
    else:
        assert (angle > 0).all() and (off[:, 0] > 0).all()


def test_spread_seams_of_a_stack_go_round_by_the_golden_angle() -> None:
    before = drawn(STACK)
    after = with_seams(before, "spread")
    unlike(before, after)
    off = begins(after)[:, :2] - np.array([r[:-1].mean(axis=0)[:2] for r in rings(after)])
    angle = np.arctan2(off[:, 1], off[:, 0])
    step = 2 * math.pi / (np.diff(after.offsets).min() - 1)
    wrong = (angle - GOLDEN * np.arange(len(after)) + math.pi) % (2 * math.pi) - math.pi
    assert np.abs(wrong).max() <= 0.51 * step + 2e-3
    # Whichever way they are drawn, to within two points of a ring of 60 um.
    back = FilamentSet(
        before.offsets, before.material, before.layer, before.origin, before.inks, before.spans,
        type(before.wet)(*(np.concatenate([c[::-1] for c in np.split(a, before.offsets[1:-1])])
                           for a in (before.wet.points_um, before.wet.width_um, before.wet.height_um))),
    )  # fmt: skip
    assert np.linalg.norm(begins(with_seams(back, "spread")) - begins(after), axis=1).max() < 120 * step


def test_spread_seams_of_a_lattice_never_stand_above_each_other() -> None:
    before = drawn(CONCENTRIC)
    after = with_seams(before, "spread")
    unlike(before, after)
    at = begins(after).reshape(4, -1, 3)
    assert (np.linalg.norm(at[1:, :, :2] - at[:-1, :, :2], axis=2) > 10.0).all()


def test_all_columns_of_a_ring_move_together(plans: ModuleType) -> None:
    t = 2 * math.pi * np.arange(13) / 12
    points = np.stack([50 * np.cos(t + 1), 50 * np.sin(t + 1), np.full(13, 5.0)], axis=1)
    points[-1] = points[0]
    line = np.array([[80.0, 0, 5], [90, 0, 5], [95, 5, 5], [90, 9, 5]])
    width = 10 + np.sin(t[:-1])
    part = filaments(
        np.concatenate([line, points]), np.array([4, 13]), width_um=np.concatenate([[9.0] * 4, width, width[:1]]),
        material=0, layer=0, origin=0, inks=(plans.ink("au"),), spans=(plans.SPAN,), state="wet",
    )  # fmt: skip
    assert closed(part).tolist() == [False, True]
    after = with_seams(part, "aligned")
    unlike(part.take(np.array([1])), after.take(np.array([1])))
    # An open filament is as it was.
    assert (after.wet.points_um[:4] == line).all()
    k = int(np.argmax(points[:-1, 0]))
    for name in ("width_um", "height_um"):
        was, now = getattr(part.wet, name)[4:], getattr(after.wet, name)[4:]
        assert (now[:-1] == np.roll(was[:-1], -k)).all() and now[-1] == now[0]
    assert with_seams(part, None) is part
    # A ring with a step in width where it closes keeps it there.
    step = np.concatenate([[9.0] * 4, np.linspace(8, 12, 13)])
    stepped = part.with_states(type(part.wet)(part.wet.points_um, step, step), None)
    assert not closed(stepped).any()


@pytest.mark.parametrize("seam", ["aligned", "spread", "nearest"])
@pytest.mark.parametrize("part", [CONCENTRIC, STACK])
def test_plan_and_motion_lay_every_ring_once(plans: ModuleType, part: str, seam: str) -> None:
    rig = plans.sim()
    was, jobs = jobs_of(part, ""), jobs_of(part, seam)
    plain, plan = make_plan(was, rig), make_plan(jobs, rig)
    plan.validate()
    plan.filaments.validate()
    assert sorted(plan.order.tolist()) == list(range(len(plan.filaments)))
    assert plan.cuts == 0 and len(plan.filaments) == len(plain.filaments)
    one, two = (np.array([length_um(r) for r in rings(p.filaments)]) for p in (plain, plan))
    # Ends that the model of drying left apart are met in the middle.
    assert np.abs(one - two).max() < 0.5
    toolpath = make_toolpath(plan, rig)
    printed = np.flatnonzero(toolpath.kind == PRINT)
    assert set(toolpath.filament[printed].tolist()) == set(range(len(plan.filaments)))
    laid = toolpath.lengths_um(rig)[printed].sum()
    assert laid == pytest.approx(two.sum(), rel=1e-3)


def test_nearest_begins_where_the_way_is_shortest(plans: ModuleType) -> None:
    rig = plans.sim()

    def ways(seam: str) -> tuple[float, int]:
        plan = make_plan(jobs_of(STACK, seam), rig)
        wet, order = plan.filaments.state("wet").points_um, plan.order
        low, high = plan.filaments.offsets[order], plan.filaments.offsets[order + 1] - 1
        begin, end = np.where(plan.reverse, high, low), np.where(plan.reverse, low, high)
        far = np.linalg.norm(wet[begin[1:], :2] - wet[end[:-1], :2], axis=1)
        best = [
            np.linalg.norm(wet[low[i] : high[i], :2] - wet[end[i - 1], :2], axis=1).min()
            for i in range(1, len(order))
        ]
        return float(far.sum()), int((far <= np.array(best) + 2e-3).sum())

    assert ways("nearest")[1] == 4
    assert ways("nearest")[0] <= ways("aligned")[0] + 1.0 and ways("spread")[0] > 4 * 80.0


def test_a_ring_rolled_there_and_back_is_itself() -> None:
    part = drawn(STACK)
    n = np.diff(part.offsets) - 1
    which, by = np.arange(len(part)), np.arange(len(part)) * 3 + 1
    again = rolled(rolled(part, which, by), which, n - by)
    assert (again.wet.points_um == part.wet.points_um).all()


def test_the_field_is_read_written_back_and_checked() -> None:
    text = f"{HEAD}{CONCENTRIC}\nprint body {{ bath: nc.gold_bath; seam: spread; }}\n"
    loaded = load("seams.wp", text=text)
    assert loaded.scene is not None and loaded.scene.prints[0].fields["seam"] == "spread"
    again = scene_text(loaded.scene)
    assert "seam: spread;" in again
    second = load("again.wp", text=again)
    assert second.scene is not None and second.scene.prints[0].fields["seam"] == "spread"
    wrong = load("seams.wp", text=text.replace("seam: spread", "seam: spred")).diagnostics
    assert [d.code for d in wrong] == ["E309"] and wrong[0].fixes[0].edits[0].text == "spread"
