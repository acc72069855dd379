"""The cache on disk: what comes back is what was computed, whatever happens to the files or beside them."""

import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetprint.kernel.cache import Store, key_of, remembered, store
from wetprint.kernel.diagnostics import Diagnostic, Severity, Source, Span, warning
from wetprint.kernel.filaments import FilamentSet
from wetprint.kernel.material import Origin
from wetprint.kernel.scene import Assumption
from wetprint.kernel.shrink import Drying, dry


def arrays_of(f: FilamentSet) -> list[np.ndarray]:
    found = [f.offsets, f.material, f.layer, f.origin]
    for s in (f.wet, f.dried):
        assert s is not None
        found += [s.points_um, s.width_um, s.height_um]
    return found


def same(a: FilamentSet, b: FilamentSet) -> None:
    for x, y in zip(arrays_of(a), arrays_of(b), strict=True):
        assert x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()
    assert a.inks is b.inks or a.inks == b.inks
    assert a.spans == b.spans


@pytest.fixture
def at(tmp_path: Path) -> Store:
    return Store(tmp_path / "computed")


def test_warm_equals_cold_to_the_bit_and_is_not_computed_again(parts: ModuleType, at: Store) -> None:
    part = parts.woodpile(4, 40.0, 10.0, 4)
    calls = []

    def compute() -> Drying:
        calls.append(1)
        return dry(part, "dried", model="frame")

    cold = remembered(part, "dried", "frame", compute, at=at, least_s=0.0)
    warm = remembered(part, "dried", "frame", compute, at=at, least_s=0.0)
    assert len(calls) == 1
    same(cold.filaments, warm.filaments)
    warm.filaments.validate()
    assert not warm.filaments.state("wet").points_um.flags.writeable
    for f in dataclasses.fields(Drying):
        if f.name != "filaments":
            assert getattr(cold, f.name) == getattr(warm, f.name), f.name


def test_what_is_said_points_into_the_new_source(parts: ModuleType, at: Store) -> None:
    """The same part from another text: diagnostics and assumptions move with it."""
    part = parts.woodpile(3, 40.0, 10.0, 2)

    def compute() -> Drying:
        done = dry(part, "dried", model="analytic")
        said = warning("W261", "as told", part.spans[0], notes=("a", "b"))
        return dataclasses.replace(
            done, diagnostics=(said,), assumptions=(Assumption("s", Origin("why", True), part.spans[0]),)
        )

    remembered(part, "dried", "m", compute, at=at, least_s=0.0)
    moved = Span(Source("other.wp", "line\n\nthe part"), 6, 14)
    elsewhere = dataclasses.replace(part, spans=(moved,))
    found = remembered(elsewhere, "dried", "m", lambda: pytest.fail("computed"), at=at)
    assert found.diagnostics == (Diagnostic("W261", Severity.WARNING, "as told", moved, notes=("a", "b")),)
    assert found.assumptions[0].span == moved and found.assumptions[0].origin.assumed
    assert found.filaments.spans == (moved,)


def test_each_thing_that_matters_makes_another_key(
    parts: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = parts.woodpile(3, 40.0, 10.0, 2)
    keys = [
        key_of(part, "dried", "frame"),
        key_of(part, "dried", "field"),
        key_of(parts.woodpile(3, 40.001, 10.0, 2), "dried", "frame"),
        key_of(parts.woodpile(3, 40.0, 10.001, 2), "dried", "frame"),
        key_of(parts.woodpile(3, 40.0, 10.0, 2, inks=(parts.ink(shrink=0.1000001),)), "dried", "frame"),
        key_of(parts.woodpile(3, 40.0, 10.0, 2, inks=(parts.ink(name="ag"),)), "dried", "frame"),
        key_of(parts.woodpile(3, 40.0, 10.0, 2, state="wet"), "wet", "frame"),
        key_of(dataclasses.replace(part, layer=part.layer + np.int32(1)), "dried", "frame"),
    ]
    assert len(set(keys)) == len(keys)
    assert key_of(parts.woodpile(3, 40.0, 10.0, 2), "dried", "frame") == keys[0]
    import wetprint.kernel.cache as module

    monkeypatch.setattr(module, "_program", lambda: b"another program")
    assert key_of(part, "dried", "frame") != keys[0]


@given(data=st.data())
def test_any_damage_counts_as_not_there(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    at = Store(tmp_path_factory.mktemp("computed"))
    array = np.arange(12, dtype=np.float64).reshape(4, 3)
    assert at.put("k", {"a": [1, "two"]}, [array, np.array([], dtype=np.int16)])
    kept = at.get("k")
    assert kept is not None and kept[0] == {"a": [1, "two"]}
    assert np.array_equal(kept[1][0], array) and kept[1][1].shape == (0,)
    path = at.folder / "k.entry"
    whole = path.read_bytes()
    if data.draw(st.booleans()):
        broken = whole[: data.draw(st.integers(0, len(whole) - 1))]
    else:
        i = data.draw(st.integers(0, len(whole) - 1))
        broken = whole[:i] + bytes([whole[i] ^ data.draw(st.integers(1, 255))]) + whole[i + 1 :]
    path.write_bytes(broken)
    assert at.get("k") is None
    assert at.put("k", 1, [array]) and at.get("k") is not None


def test_a_broken_entry_is_computed_and_kept_anew(parts: ModuleType, at: Store) -> None:
    part = parts.woodpile(3, 40.0, 10.0, 2)

    def compute() -> Drying:
        return dry(part, "dried", model="analytic")

    first = remembered(part, "dried", "m", compute, at=at, least_s=0.0)
    (entry,) = at.folder.iterdir()
    entry.write_bytes(entry.read_bytes()[:-5])
    same(remembered(part, "dried", "m", compute, at=at, least_s=0.0).filaments, first.filaments)
    found = remembered(part, "dried", "m", lambda: pytest.fail("computed"), at=at)
    same(found.filaments, first.filaments)
    # Words that are sound JSON and no value of this program.
    for words in (
        {"made": "os:system", "fields": {}},
        {"made": ".scene:Nothing", "fields": {}},
        {"array": 7},
    ):
        at.put(entry.stem, words, [])
        same(remembered(part, "dried", "m", compute, at=at, least_s=0.0).filaments, first.filaments)


def test_entries_stay_within_the_limit_and_the_least_used_goes_first(tmp_path: Path) -> None:
    at = Store(tmp_path, limit=50_000)
    block = np.zeros(1250)  # 10 kB
    for i in range(4):
        assert at.put(f"k{i}", i, [block])
        os.utime(tmp_path / f"k{i}.entry", (i, i))
    assert at.get("k0") is not None  # used just now
    assert at.put("k4", 4, [block])
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) <= 50_000
    assert at.get("k1") is None and at.get("k0") is not None and at.get("k4") is not None
    assert not at.put("huge", 0, [np.zeros(10_000)])
    assert at.get("huge") is None


def test_leftovers_of_dead_processes_go(tmp_path: Path) -> None:
    at = Store(tmp_path)
    old, new = tmp_path / "k.1.aa.part", tmp_path / "k.2.bb.part"
    for p in (old, new):
        p.write_bytes(b"half")
    long_ago = time.time() - 7200
    os.utime(old, (long_ago, long_ago))
    at.put("x", 1, [])
    assert not old.exists() and new.exists()


def test_a_cache_that_cannot_be_used_only_costs_time(parts: ModuleType, tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    at = Store(blocker / "below")
    assert at.get("k") is None and not at.put("k", 1, [])
    part = parts.woodpile(3, 40.0, 10.0, 2)
    assert remembered(part, "dried", "m", lambda: 7, at=at, least_s=0.0) == 7


def test_strangers_are_computed_every_time(parts: ModuleType, at: Store) -> None:
    part = parts.woodpile(3, 40.0, 10.0, 2)
    for stranger in ({"a": 1}, [1], object(), Span(Source("x", "x"), 0, 1)):
        calls: list[Any] = []
        for _ in range(2):
            remembered(part, "dried", "m", lambda: calls.append(1) or stranger, at=at, least_s=0.0)  # noqa: B023
        assert len(calls) == 2


def test_the_switch_turns_it_off(parts: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WETPRINT_CACHE", "off")
    assert store() is None
    part = parts.woodpile(3, 40.0, 10.0, 2)
    assert [remembered(part, "dried", "m", lambda i=i: i, least_s=0.0) for i in (1, 2)] == [1, 2]
    monkeypatch.setenv("WETPRINT_CACHE", str(tmp_path / "here"))
    assert [remembered(part, "dried", "m", lambda i=i: i, least_s=0.0) for i in (1, 2)] == [1, 1]
    assert list((tmp_path / "here").rglob("*.entry"))


CHILD = """
import sys
from pathlib import Path
import numpy as np
from wetprint.kernel.cache import Store
at = Store(Path(sys.argv[1]), limit=400_000)
rng = np.random.default_rng(int(sys.argv[2]))
seen = 0
for turn in range(150):
    k = int(rng.integers(8))
    kept = at.get(f"k{k}")
    if kept is not None:
        assert kept[0] == k and (kept[1][0] == k).all() and len(kept[1][0]) == 5000 + k
        seen += 1
    assert at.put(f"k{k}", k, [np.full(5000 + k, float(k))])
print(seen)
"""


def test_processes_at_once_never_see_half_an_entry(tmp_path: Path) -> None:
    """All write the same few keys into a folder that holds nine entries, read each other's, and make room."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path), str(i)], stdout=subprocess.PIPE, text=True
        )
        for i in range(3)
    ]
    for p in running:
        out, _ = p.communicate(timeout=120)
        assert p.returncode == 0 and int(out) > 50
    assert not list(tmp_path.glob("*.part"))
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) <= 400_000


def test_drying_is_solved_once(parts: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same part, cold, warm and without a cache: the same bytes; solved anew only where it must be."""
    import wetprint.kernel.shrink as module

    part = parts.woodpile(4, 40.0, 10.0, 6)
    monkeypatch.setenv("WETPRINT_CACHE", "off")
    without = dry(part)
    monkeypatch.setenv("WETPRINT_CACHE", str(tmp_path))
    monkeypatch.setattr("wetprint.kernel.cache.LEAST_S", 0.0)
    cold = dry(part)
    monkeypatch.setattr(module, "by_frame", lambda *_: pytest.fail("solved again"))
    warm = dry(part)
    same(without.filaments, cold.filaments)
    same(cold.filaments, warm.filaments)
    assert (without.model, without.residual_um, without.notes) == (warm.model, warm.residual_um, warm.notes)
    assert without.assumptions == warm.assumptions and without.diagnostics == warm.diagnostics
