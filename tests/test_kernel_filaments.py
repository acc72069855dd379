"""FilamentSet: joining sets, taking from them, and the law that says what is well-formed."""

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from wetprint.kernel.filaments import FilamentSet, State, join


def test_joined_sets_share_their_tables(scenes: ModuleType) -> None:
    a = scenes.one(scenes.lattice(size=(200.0, 200.0), layers=2, material=(scenes.AU, scenes.CDSE)))
    b = scenes.one(scenes.lattice(size=(100.0, 100.0), layers=3, material=(scenes.CDSE, scenes.AG)))
    whole = join([a, b])
    whole.validate()
    assert len(whole) == len(a) + len(b) and whole.point_count == a.point_count + b.point_count
    assert [i.name for i in whole.inks] == ["au", "cdse", "ag"] and len(whole.spans) == 1
    names = [whole.inks[m].name for m in whole.material]
    assert names == [a.inks[m].name for m in a.material] + [b.inks[m].name for m in b.material]
    assert (whole.dried.points_um == np.concatenate([a.dried.points_um, b.dried.points_um])).all()
    assert whole.wet is None
    again = whole.take(np.arange(len(a)))
    assert (again.dried.points_um == a.dried.points_um).all()


def test_a_state_that_not_all_have_is_left_out(scenes: ModuleType) -> None:
    a = scenes.one(scenes.lattice(size=(200.0, 200.0), layers=2))
    both = a.with_states(a.dried, a.dried)
    assert join([both, both]).wet is not None
    assert join([both, a]).wet is None
    with pytest.raises(ValueError, match="share no state"):
        join([a, a.with_states(a.dried, None)])
    with pytest.raises(ValueError, match="nothing"):
        join([])


def spoil(f: FilamentSet, name: str) -> FilamentSet:
    s = f.dried
    assert s is not None
    points = s.points_um.copy()
    points[3, 1] = np.nan
    width = s.width_um.copy()
    width[0] = 0.0
    bad: dict[str, dict[str, object]] = {
        "offsets begin": {"offsets": f.offsets + 1},
        "at least two": {"offsets": np.append(f.offsets[:-1], f.offsets[-2])},
        "material is int16": {"material": f.material.astype(np.int32)},
        "material stays": {"material": f.material + np.int16(9)},
        "layer is never negative": {"layer": f.layer - np.int32(1)},
        "origin stays": {"origin": f.origin + np.int32(99)},
        "points are finite": {"dried": State(points, s.width_um, s.height_um)},
        "width is positive": {"dried": State(s.points_um, width, s.height_um)},
        "height is float64": {"dried": State(s.points_um, s.width_um, s.height_um[:-1])},
        "one state": {"dried": None},
    }
    return replace(f, **bad[name])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "law",
    ["offsets begin", "at least two", "material is int16", "material stays", "layer is never negative", "origin stays",
     "points are finite", "width is positive", "height is float64", "one state"],
)  # fmt: skip
def test_each_law_can_be_broken(scenes: ModuleType, law: str) -> None:
    f = scenes.one(scenes.lattice(size=(200.0, 200.0), layers=2))
    with pytest.raises(ValueError, match=law):
        spoil(f, law).validate()


def test_arrays_are_read_only(scenes: ModuleType) -> None:
    f = scenes.one(scenes.lattice(size=(200.0, 200.0), layers=2))
    with pytest.raises(ValueError, match="read-only"):
        f.dried.points_um[0, 0] = 1.0
