"""Live mixes on a mixing head: pieces made whole, pressures that follow the ratio with the dead volume ahead, and what a rig refuses."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.build import Job, build
from wetprint.kernel.diagnostics import Diagnostic, Severity, WetprintError
from wetprint.kernel.motion import DWELL, PRINT, Toolpath, make_toolpath
from wetprint.kernel.order import make_plan
from wetprint.kernel.plan import Plan
from wetprint.kernel.planning.rig_check import problems
from wetprint.kernel.rig import Rig
from wetprint.kernel.rig_file import parse_rig
from wetprint.kernel.shrink import complete
from wetprint.kernel.toolpath.live import MixedInk, with_heads
from wetprint.kernel.toolpath.mixing import BOUND, ratio_at_tip
from wetprint.lang.codes import H
from wetprint.lang.load import load

RIG = load_rig("sim-mix")
BATH = "bath both = nc.butanol_bath { linkers: [nc.gold_iii, nc.iron_ii]; }\n"
PRINT_IT = "print body { bath: both; }\n"
ALONG_X = "mix(nc.gold: ramp(x, over: body.x), nc.cadmium_selenide: rest)"
ROUND = "mix(nc.gold: ramp(r, over: [40um, 180um]), nc.cadmium_selenide: rest)"


def body(mix: str, more: str = "layers: 3; pitch: 40um; filament: 10um;") -> str:
    return (
        H + BATH + f"lattice body = woodpile {{ size: [400um, 400um]; {more} material: {mix}; }}\n" + PRINT_IT
    )


@cache
def jobs_of(text: str) -> list[Job]:
    loaded = load("design.wp", text)
    assert loaded.scene is not None, [d.message for d in loaded.diagnostics]
    return [replace(j, filaments=complete(j.filaments, "dried")) for j in build(loaded.scene)[0]]


def planned(text: str, rig: Rig) -> tuple[Plan, Toolpath]:
    jobs = jobs_of(text)
    plan = make_plan(jobs, rig)
    plan.validate()
    plan.filaments.validate()
    return plan, make_toolpath(plan, rig)


def with_head(rig: Rig, **change: object) -> Rig:
    return replace(rig, nozzles=(replace(rig.nozzles[0], **change),))  # type: ignore[arg-type]


def with_boxes(rig: Rig, **change: object) -> Rig:
    boxes = {name: replace(box, **change) for name, box in rig.dispensers.items()}  # type: ignore[arg-type]
    return replace(rig, dispensers=boxes)


def wrong(text: str, rig: Rig) -> list[Diagnostic]:
    plan, toolpath = planned(text, rig)
    return [d for d in problems(plan, rig, toolpath) if d.severity is not Severity.NOTE]


def test_steps_are_one_line_again_where_a_head_mixes() -> None:
    text = body(ALONG_X)
    plan, _ = planned(text, RIG)
    # 11 lines a layer, each one filament from end to end, in one ink; nothing is exchanged.
    assert len(plan.filaments) == 33
    assert {plan.filaments.inks[m].name for m in plan.filaments.material.tolist()} == {
        "gold/cadmium_selenide"
    }
    assert [e.kind for e in plan.events] == ["purge", "prime"]
    dried = plan.filaments.state("dried").points_um
    assert plan.filaments.share is not None
    assert np.allclose(plan.filaments.share, dried[:, 0] / 400 + 0.5, atol=1e-6)
    several, _ = planned(text, load_rig("sim"))
    assert len(several.filaments) > 90 and len({*several.filaments.material.tolist()}) == 5
    both, length = plan.filaments.state("wet"), several.filaments.state("wet")

    def metres(points: np.ndarray, offsets: np.ndarray) -> float:
        step = np.linalg.norm(np.diff(points, axis=0), axis=1)
        step[offsets[1:-1] - 1] = 0.0
        return float(step.sum())

    assert metres(both.points_um, plan.filaments.offsets) == pytest.approx(
        metres(length.points_um, several.filaments.offsets), rel=1e-3
    )


def test_without_a_head_for_its_inks_a_part_stays_as_it_is() -> None:
    loaded = load("design.wp", body(ALONG_X))
    assert loaded.scene is not None
    part = build(loaded.scene)[0][0].filaments
    assert with_heads(part, load_rig("sim")) is part
    others = tuple(
        replace(e, ink=name) for e, name in zip(RIG.nozzles[0].loads, ("gold", "silver"), strict=True)
    )
    assert with_heads(part, with_head(RIG, loads=others)) is part
    swapped = tuple(
        replace(e, ink=name)
        for e, name in zip(RIG.nozzles[0].loads, ("cadmium_selenide", "gold"), strict=True)
    )
    assert len(with_heads(part, with_head(RIG, loads=swapped))) == 33


def flows(toolpath: Toolpath, rig: Rig) -> np.ndarray:
    """Ink of both channels by the rig's straight calibrations, [N,2], um^3/s."""
    per = [e.calibration[-1].flow_um3_s / e.calibration[-1].pressure_kpa for e in rig.nozzles[0].loads]
    return toolpath.pressure_kpa * np.array(per)


@pytest.mark.parametrize("mix", [ALONG_X, ROUND])
def test_the_tip_lays_the_ratio_of_the_design(mix: str) -> None:
    """By a plug that is pushed through the dead volume, step by step in time: nothing of the planner's own is used."""
    plan, path = planned(body(mix), RIG)
    dead = RIG.nozzles[0].dead_volume_um3
    assert dead is not None and plan.filaments.share is not None
    # Ink runs on for the delay that is waited for behind the valve's closing.
    lays = (path.kind == PRINT) | (path.kind == DWELL)
    spent = np.diff(path.time_s, prepend=0.0)
    both = flows(path, RIG)
    gone = np.cumsum(np.where(lays, both.sum(axis=1) * spent, 0.0))
    prints = np.flatnonzero(path.kind == PRINT)
    worst = 0.0
    dried, wet = plan.filaments.state("dried").points_um, plan.filaments.state("wet").points_um
    for row in prints[:: max(len(prints) // 1500, 1)].tolist():
        # The ink that leaves in the middle of this row was mixed when `dead` less had left.
        came = 0.5 * (gone[row - 1] + gone[row]) - dead
        mixed = int(np.searchsorted(gone, came, "right"))
        ratio = both[mixed, 0] / both[mixed].sum()
        here = 0.5 * (path.position_um[row - 1] + path.position_um[row])
        i = int(path.filament[row])
        a, b = int(plan.filaments.offsets[i]), int(plan.filaments.offsets[i + 1])
        # Where on the filament that is, and what the design asks there: its expression, not the planner's table.
        line = np.linalg.norm(wet[a:b, :2] - wet[a, :2], axis=1)
        along = np.linalg.norm(here[:2] - wet[a, :2])
        at = np.array([np.interp(along, line, dried[a:b, k]) for k in range(2)])
        asked = at[0] / 400 + 0.5 if mix == ALONG_X else np.clip((np.hypot(*at) - 40) / 140, 0, 1)
        worst = max(worst, abs(ratio - asked))
    assert worst <= BOUND, worst
    told = ratio_at_tip(path, RIG, 0)
    assert told is not None and float(np.nanmax(np.abs(told[1] - told[2]))) <= BOUND
    assert wrong(body(mix), RIG) == []


def test_rows_are_cut_without_changing_the_motion(monkeypatch: pytest.MonkeyPatch) -> None:
    text = body(ALONG_X)
    _, path = planned(text, RIG)
    monkeypatch.setattr("wetprint.kernel.toolpath.mixing.with_ratio", lambda path, rig: path)
    _, plain = planned(text, RIG)
    assert len(plain) < len(path)
    assert path.time_s[-1] == pytest.approx(plain.time_s[-1], abs=1e-6)
    assert (np.diff(path.time_s) >= 0).all()
    assert path.lengths_um(RIG).sum() == pytest.approx(plain.lengths_um(RIG).sum(), rel=1e-9)
    assert path.dwell_s.sum() == pytest.approx(plain.dwell_s.sum())
    corners = {tuple(p) for p in np.round(plain.position_um, 6)}
    assert corners <= {tuple(p) for p in np.round(path.position_um, 6)}
    # The flow stays that of the filament, whatever the ratio.
    for i in range(0, 33, 5):
        total = flows(path, RIG).sum(axis=1)[path.filament == i]
        assert np.ptp(total) < 0.003 * total.mean()


def test_the_dead_volume_is_a_lead_along_the_path() -> None:
    text = body(ALONG_X, "layers: 1; pitch: 40um; filament: 10um;")
    _, ahead = planned(text, with_head(RIG, dead_volume_um3=10_000.0))
    _, at_once = planned(text, with_head(RIG, dead_volume_um3=0.0))

    def first(path: Toolpath) -> tuple[np.ndarray, np.ndarray]:
        rows = np.flatnonzero(path.filament == path.filament[path.filament >= 0][0])
        q = flows(path, RIG)[rows]
        return path.time_s[rows] - path.time_s[rows[0] - 1], q[:, 0] / q.sum(axis=1)

    (t0, r0), (t1, r1) = first(at_once), first(ahead)
    total = flows(ahead, RIG).sum(axis=1).max()
    lead_s = 10_000.0 / total
    # 10 pL at some 120 pL/s: the ratio of a place is set so long before the tip is there.
    assert 0.05 < lead_s < 0.2
    middle = (t1 + lead_s < t0[-1]) & (t1 > 0.0)
    assert np.abs(r1[middle] - np.interp(t1[middle] + lead_s, t0, r0)).max() < 0.012


def test_inks_that_swell_unlike_are_given_by_their_own_sections() -> None:
    text = (
        H
        + BATH
        + "material au = nc.gold { swell: 1.2 assumed; }\n"
        + (
            "lattice body = woodpile { size: [400um, 400um]; layers: 1; pitch: 40um; filament: 10um; "
            "material: mix(au: ramp(x, over: body.x), nc.cadmium_selenide: rest); }\n"
        )
        + PRINT_IT
    )
    plan, _ = planned(text, RIG)
    ink = plan.filaments.inks[int(plan.filaments.material[0])]
    assert isinstance(ink, MixedInk) and ink.live_swell == pytest.approx((1.2, 1.0))
    # Ink that swells more is laid in a thinner thread: the same flow, faster.
    _, path = planned(text, RIG)
    for i in range(11):
        rows = np.flatnonzero((path.kind == PRINT) & (path.filament == i))
        across = np.ptp(path.position_um[rows, 0]) > 100.0
        speed = path.speed_um_s[rows]
        if across:
            # 1.2^2, but for the stretches between points over which the speed is even.
            assert 1.3 < speed.max() / speed.min() < 1.45


def test_what_is_not_known_of_a_head_is_refused_and_steps_are_offered() -> None:
    text = body(ALONG_X, "layers: 1; pitch: 40um; filament: 10um;")
    (found,) = wrong(text, with_head(RIG, dead_volume_um3=None))
    assert found.code == "R528" and any("`steps: 5`" in note for note in found.notes)
    (found,) = wrong(text, with_head(RIG, dead_volume_um3=1e9))
    assert found.code == "R528" and "are purged" in found.message
    bare = tuple(replace(e, calibration=()) for e in RIG.nozzles[0].loads)
    assert [d.code for d in wrong(text, with_head(RIG, loads=bare))] == ["R511", "R511"]
    bare = tuple(replace(e, lags=None) for e in RIG.nozzles[0].loads)
    assert [d.code for d in wrong(text, with_head(RIG, loads=bare))] == ["R512", "R512"]
    bare = tuple(replace(e, volume_um3=1e4) for e in RIG.nozzles[0].loads)
    assert [d.code for d in wrong(text, with_head(RIG, loads=bare))] == ["R516", "R516"]


def test_pressures_are_neither_extrapolated_nor_beyond_the_box() -> None:
    text = body(ALONG_X, "layers: 1; pitch: 40um; filament: 10um;")
    least = tuple(
        replace(
            e, calibration=(replace(e.calibration[0], pressure_kpa=0.5, flow_um3_s=14361.0), e.calibration[1])
        )
        for e in RIG.nozzles[0].loads
    )
    found = wrong(text, with_head(RIG, loads=least))
    assert [d.code for d in found] == ["R514", "R514"]
    assert "where it makes 0% of the mix" in found[0].message
    between = text.replace("ramp(x, over: body.x)", "0.2 + 0.6 * ramp(x, over: body.x)")
    assert wrong(between, with_head(RIG, loads=least)) == []
    found = wrong(text, with_boxes(RIG, pressure_max_kpa=3.0))
    assert [d.code for d in found] == ["R514", "R514"] and "gives 0 to 3 kPa" in found[0].message


def test_a_ratio_that_the_outputs_cannot_resolve_is_told() -> None:
    text = body(ALONG_X, "layers: 1; pitch: 40um; filament: 10um;")
    (found,) = wrong(text, with_boxes(RIG, resolution_kpa=0.5))
    assert found.code == "R529" and found.severity is Severity.WARNING


TOML = Path(RIG.path).read_text()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('mix = ["first", "second"]', 'mix = ["first", "first"]', "two different dispensers"),
        ('mix = ["first", "second"]', 'mix = ["first", "third"]', "there is no dispenser `third`"),
        ('mix = ["first", "second"]', 'mix = ["first", "second"]\ndispenser = "first"', "`mix` alone"),
        ('kind = "analog"\nchannel = 1', 'kind = "ultimus_v"\ntransport = "null:"\nchannel = 1', "is of kind `ultimus_v`"),
        ('source = "assumed: the emulated regulator"\n', "", "dispensers.first.source"),
        ("signal = [{ value = 0.0, pressure_kpa = 0.0 }, { value = 10.0,", "signal = [{ value = 20.0, pressure_kpa = 0.0 }, { value = 10.0,",
         "do not all rise"),
    ],
)  # fmt: skip
def test_a_rig_that_contradicts_itself_is_refused(old: str, new: str, said: str) -> None:
    assert old in TOML
    with pytest.raises(WetprintError) as caught:
        parse_rig(TOML.replace(old, new), "mine")
    told = " ".join(d.message + " ".join(d.notes) for d in caught.value.diagnostics)
    assert said in told
