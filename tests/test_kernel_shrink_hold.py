"""What holds a part as it dries: the substrate, anchors, nothing; and the bath's say in what an ink does."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from wetprint.kernel.build import build
from wetprint.kernel.drying.hold import Hold, in_bath
from wetprint.kernel.drying.sections import thinning
from wetprint.kernel.material import Bath, Origin
from wetprint.kernel.scene import Solid
from wetprint.kernel.shrink import complete_jobs, dry
from wetprint.lang.load import load
from wetprint.lang.unparse import scene_text

NM = 1e-3
FREE = Hold("free")


def _box(parts: ModuleType, size: tuple[float, float, float], at: tuple[float, float, float]) -> Solid:
    return Solid("box", {"size": size, "at": at}, parts.SPAN)


def test_thinning_is_that_of_hookes_law() -> None:
    assert thinning(0.1, 0.2, 0) == pytest.approx(-0.1)
    assert thinning(0.1, 0.2, 1) == pytest.approx(-0.12)  # a line that sticks along its axis
    assert thinning(0.1, 0.2, 2) == pytest.approx(-0.15)  # a film that sticks everywhere


@pytest.mark.parametrize("model", ["frame", "field", "analytic"])
def test_a_part_that_nothing_holds_comes_out_to_scale(parts: ModuleType, model: str) -> None:
    target = parts.woodpile(6, 40.0, layers=8, points=6, turn=0.3)
    done = dry(target, model=model, hold=FREE)  # type: ignore[arg-type]
    wet, dried = done.filaments.wet, done.filaments.dried
    middle = lambda p: p - p.mean(axis=0)  # noqa: E731
    assert middle(dried.points_um) == pytest.approx(0.9 * middle(wet.points_um), abs=0.02)
    assert wet.width_um == pytest.approx(10 / 0.9, abs=1e-3)
    assert wet.points_um[:, 2].min() == pytest.approx(5 / 0.9, abs=0.02)
    assert done.base == "free"


def test_an_anchor_keeps_filament_where_it_is(parts: ModuleType) -> None:
    """A bar of two layers, free of the substrate, with a post at either end: it cannot get shorter between them."""
    bar = parts.paths([[[-200, 0, 5], [200, 0, 5]], [[-200, 0, 13], [200, 0, 13]]], state="wet")
    ends = Solid(
        "union",
        {},
        parts.SPAN,
        (_box(parts, (30, 60, 40), (-200, 0, 0)), _box(parts, (30, 60, 40), (200, 0, 0))),
    )
    loose = dry(bar, "wet", model="frame", hold=FREE).filaments.dried.points_um
    assert np.ptp(loose[:, 0]) == pytest.approx(360, abs=NM)
    held = dry(bar, "wet", model="frame", hold=Hold("free", ends)).filaments
    assert np.ptp(held.dried.points_um[:, 0]) == pytest.approx(400, abs=NM)
    assert held.dried.points_um[:, 0] == pytest.approx(held.wet.points_um[:, 0], abs=0.02)
    assert held.dried.width_um.min() == pytest.approx(8.8, abs=NM)  # thinned as a pinned line is


@pytest.mark.parametrize("base", ["free", "pinned"])
def test_dry_of_wet_is_the_design_between_anchors(parts: ModuleType, base: str) -> None:
    hold = Hold(base, _box(parts, (50, 300, 100), (-80, 0, 0)))  # type: ignore[arg-type]
    done = dry(parts.woodpile(5, 40.0, layers=6), model="frame", hold=hold)
    f = done.filaments
    inside = hold.held(f.dried.points_um)
    assert inside.sum() > 10
    assert np.array_equal(f.wet.points_um[inside], f.dried.points_um[inside])
    again = dry(parts.only(f, "wet"), "wet", model="frame", hold=hold).filaments
    first = f.offsets[:-1]
    assert again.dried.points_um[again.offsets[:-1]] == pytest.approx(f.dried.points_um[first], abs=10 * NM)
    assert done.residual_um < 10 * NM


DESIGN = """wp 1;
use "nanocrystal.wp" as nc;
solid post = box { size: [60um, 60um, 200um]; };
lattice body = woodpile { size: [120um, 120um]; layers: 4; pitch: 40um; filament: 10um; material: nc.silver; }
print body { bath: nc.gold_bath; base: free; anchors: post; }
""".replace("};\n", "}\n")


def test_a_design_says_how_its_part_is_held() -> None:
    loaded = load("held.wp", text=DESIGN)
    assert not loaded.diagnostics
    assert loaded.scene is not None
    (job,), _ = build(loaded.scene)
    hold = Hold.of(job.print)
    assert hold.base == "free"
    assert hold.anchors is not None
    (done,), said = complete_jobs(loaded.scene, (job,))
    assert not said
    assert done.drying is not None
    assert (done.drying.model, done.drying.base) == ("frame", "free")
    inside = hold.held(done.filaments.dried.points_um)
    assert inside.any()
    assert np.array_equal(done.filaments.wet.points_um[inside], done.filaments.dried.points_um[inside])
    again = load("again.wp", text=scene_text(loaded.scene)).scene
    assert again is not None
    assert Hold.of(again.prints[0]).base == "free"
    assert Hold.of(again.prints[0]).anchors is not None


def test_a_word_that_is_no_base_is_answered() -> None:
    found = load("held.wp", text=DESIGN.replace("base: free", "base: fre")).diagnostics
    assert [d.code for d in found] == ["E309"]
    assert found[0].fixes[0].edits[0].text == "free"


def test_a_bath_changes_what_an_ink_does(parts: ModuleType) -> None:
    ink = parts.ink(0.1, 0.2, swell=1.2)
    plain = Bath("butanol", parts.NMF, (), 1e-21)
    assert in_bath(ink, plain) is ink
    longer = Bath(
        "octanol", parts.NMF, (), 1e-21, 0.9, 1.5, {"swell_factor": Origin("a guess", assumed=True)}
    )
    other = in_bath(ink, longer)
    assert (other.swell, other.shrink) == pytest.approx((1.08, 0.15))
    assert other.provenance["swell"].assumed
    assert not other.provenance["shrink"].assumed
    assert "octanol" in other.provenance["shrink"].text


def test_the_bath_of_a_print_reaches_its_filaments(root: Path) -> None:
    text = DESIGN.replace(
        "print body { bath: nc.gold_bath;",
        "bath longer = nc.gold_bath { shrink_factor: 0.5; }\nprint body { bath: longer;",
    )
    scenes = [load("bath.wp", text=t).scene for t in (DESIGN, text)]
    inks = [build(s)[0][0].filaments.inks[0] for s in scenes if s is not None]
    assert inks[1].shrink == pytest.approx(0.5 * inks[0].shrink)
