"""A mix of two inks without steps: its ratio at every point, carried along with the part, and what a rig makes of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.build import build
from wetprint.kernel.filaments import FilamentSet, join
from wetprint.kernel.order import make_plan
from wetprint.kernel.planning.rig_check import problems
from wetprint.kernel.shrink import complete
from wetprint.lang.codes import H
from wetprint.lang.load import load
from wetprint.lang.unparse import scene_text

MIX = "mix(nc.gold: ramp(x, over: body.x), nc.silver: rest)"
BODY = "lattice body = woodpile { size: [400um, 400um]; layers: 2; pitch: 40um; filament: 10um; material: %s; }\n"
PRINT = "print body { bath: nc.gold_bath; }\n"


def part(text: str) -> FilamentSet:
    loaded = load("design.wp", H + text)
    assert loaded.scene is not None, [d.message for d in loaded.diagnostics]
    jobs, said = build(loaded.scene)
    assert said == []
    jobs[0].filaments.validate()
    return jobs[0].filaments


def points(f: FilamentSet) -> np.ndarray:
    return f.state("dried").points_um


def test_the_ratio_is_the_ramp_at_every_point() -> None:
    f = part(BODY % MIX + PRINT)
    assert f.share is not None
    assert np.allclose(f.share, points(f)[:, 0] / 400 + 0.5, atol=1e-9)
    assert {i.live for i in f.inks if i.parts} == {("gold", "silver")}
    swapped = part(BODY % "mix(nc.gold: rest, nc.silver: ramp(x, over: body.x))" + PRINT)
    assert swapped.share is not None and np.allclose(swapped.share, 0.5 - points(swapped)[:, 0] / 400)


def test_the_ratio_goes_where_the_part_goes() -> None:
    f = part(
        BODY % MIX
        + "part two = array(of: rotate(body, by: 90deg, about: z), n: [2, 1], pitch: 1mm);\n"
        + PRINT.replace("body", "two")
    )
    assert f.share is not None
    assert np.allclose(f.share, points(f)[:, 1] / 400 + 0.5, atol=1e-5)
    both = complete(f, "dried")
    both.validate()
    # Points that drying adds have their ratio too.
    assert both.share is not None and np.allclose(both.share, points(both)[:, 1] / 400 + 0.5, atol=1e-2)
    some = np.array([3, 1], dtype=np.int64)
    taken = f.take(some)
    assert taken.share is not None and taken.share[0] == f.share[f.offsets[3]]
    plain = replace(f, share=None)
    joined = join([plain, f])
    assert joined.share is not None and np.isnan(joined.share[: f.point_count]).all()
    assert not np.isnan(joined.share[f.point_count :]).any()


def test_a_region_may_hold_it_or_take_it_away() -> None:
    in_region = part(
        BODY % "nc.gold" + f"region right in body where x > 0um {{ material: {MIX}; }}\n" + PRINT
    )
    assert in_region.share is not None
    right = in_region.state("dried").points_um[:, 0] > 1
    assert not np.isnan(in_region.share[right]).any()
    assert in_region.share[right].min() >= 0.5 - 1e-9
    over = part(BODY % MIX + "region left in body where x < 0um { material: nc.silver; }\n" + PRINT)
    assert over.share is not None
    assert np.isnan(over.share[points(over)[:, 0] < -1]).all()


@pytest.mark.parametrize(
    "mix",
    [
        MIX.replace("rest)", "rest, steps: 5)"),
        "mix(nc.gold: 30%, nc.silver: rest)",
        "mix(nc.gold: ramp(x, over: body.x) / 2, nc.silver: 25%, nc.iron_platinum: rest)",
    ],
)
def test_steps_fixed_shares_and_three_inks_have_none(mix: str) -> None:
    bath = "bath both = nc.butanol_bath { linkers: [nc.gold_iii, nc.platinum_iv]; }\n"
    f = part(BODY % mix + bath + "print body { bath: both; }\n")
    assert f.share is None and not any(i.live for i in f.inks)


def test_a_rig_that_cannot_mix_says_how_many_inks_stand_for_it() -> None:
    rig = load_rig("sim")

    def notes(mix: str) -> list[str]:
        loaded = load("design.wp", H + BODY % mix + PRINT)
        assert loaded.scene is not None
        jobs = [replace(j, filaments=complete(j.filaments, "dried")) for j in build(loaded.scene)[0]]
        found = [d for d in problems(make_plan(jobs, rig), rig) if d.code == "R527"]
        assert all(d.primary is not None and d.primary.text == mix for d in found)
        return [d.message for d in found]

    (told,) = notes(MIX)
    assert told.startswith("5 premixed inks stand for the mix of gold and silver")
    # Five steps lie a quarter apart: no place is further than an eighth from its own.
    assert "off by up to 12.5%" in told
    assert notes(MIX.replace("rest)", "rest, steps: 5)")) == []


def test_it_is_written_back_with_its_steps() -> None:
    loaded = load("design.wp", H + BODY % MIX + PRINT)
    assert loaded.scene is not None
    text = scene_text(loaded.scene)
    assert load("again.wp", text).scene is not None
