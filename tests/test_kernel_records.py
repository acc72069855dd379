"""Quick data classes behave as Python's own; caches lie where the user wants them."""

import copy
import dataclasses
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from wetprint.kernel.material import Origin
from wetprint.kernel.quantity import FieldSpec, Length
from wetprint.kernel.records import dataclass, field
from wetprint.kernel.scene import Param
from wetprint.kernel.user_folders import cache_folder


@dataclass(frozen=True)
class Point:
    x: int
    y: int = 2
    seen: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Open:
    a: int
    b: str = "b"


@dataclass(slots=True)
class Wider(Open):
    c: float = 0.5


def test_fields_defaults_and_words() -> None:
    one, two = Point(1), Point(1, y=2, seen=[])
    assert one == two and one.seen is not two.seen
    assert repr(one) == "Point(x=1, y=2, seen=[])"
    assert one != Point(2) and one != (1, 2, [])
    assert [f.name for f in dataclasses.fields(Wider)] == ["a", "b", "c"]
    assert Wider(1, c=2.0) == Wider(1, "b", 2.0) and Wider(1) != Open(1)
    assert dataclasses.replace(one, y=5) == Point(1, 5)
    assert dataclasses.asdict(Wider(1)) == {"a": 1, "b": "b", "c": 0.5}
    for wrong in ((), (1, 2, [], 3)):
        with pytest.raises(TypeError):
            Point(*wrong)


def test_frozen_is_frozen_and_hashed_and_open_is_neither() -> None:
    origin = Origin("a paper")
    assert hash(origin) == hash(Origin("a paper")) and {origin: 1}[Origin("a paper")] == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        origin.text = "another"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del origin.text
    thing = Open(1)
    thing.a = 2
    assert thing == Open(2)
    with pytest.raises(TypeError):
        hash(thing)
    with pytest.raises(AttributeError):
        thing.z = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("value", [Point(1, 3, [4]), Wider(7), Origin("x", True)])
def test_copies_and_pickles_are_equal(value: object) -> None:
    assert pickle.loads(pickle.dumps(value)) == value
    assert copy.deepcopy(value) == value and copy.copy(value) == value


def test_a_spec_is_what_python_s_own_would_be() -> None:
    spec = FieldSpec("pitch", Length, "centre to centre", default=None, low=0.0)
    assert spec.low == 0.0 and dataclasses.is_dataclass(spec)
    match spec:
        case FieldSpec(name):
            assert name == "pitch"
    assert dataclasses.is_dataclass(Param)


def test_the_cache_folder_obeys_its_switch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WETPRINT_CACHE", "off")
    assert cache_folder() is None
    monkeypatch.setenv("WETPRINT_CACHE", str(tmp_path / "there"))
    assert cache_folder() == tmp_path / "there"
    monkeypatch.delenv("WETPRINT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if sys.platform.startswith("linux"):
        from platformdirs import user_cache_path

        assert cache_folder() == tmp_path / "wetprint" == user_cache_path("wetprint", appauthor=False)


def test_a_package_from_outside_brings_members(tmp_path: Path) -> None:
    """Entry points are found by reading what packages say, without importlib.metadata where nobody says anything."""
    info = tmp_path / "more_checks-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: more-checks\nVersion: 1.0\n")
    code = (
        "import sys\n"
        "from wetprint.kernel.checks import CHECKS\n"
        "print('outside' in CHECKS, 'importlib.metadata' in sys.modules)\n"
    )

    def said() -> str:
        env = {**os.environ, "PYTHONPATH": str(tmp_path)}
        return subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True
        ).stdout

    assert said() == "False False\n"
    (info / "entry_points.txt").write_text("[wetprint.checks]\noutside = more_checks:CHECK\n")
    assert said() == "True True\n"
