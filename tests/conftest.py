"""Shared set-up of the tests: seeded hypothesis profiles, and where things lie."""

import importlib.util
import os
import signal
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "sample", max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "soak", max_examples=3000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("WP_HYPOTHESIS", "sample"))

# A shell that runs the tests in the background has Ctrl-C ignored, and so would all programs that they start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return ROOT


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the golden folders")
    parser.addoption("--soak", action="store_true", help="run the long campaigns too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--soak"):
        skip = pytest.mark.skip(reason="a long campaign: `make soak` runs it")
        for item in items:
            if "soak" in item.keywords:
                item.add_marker(skip)


def _support(name: str) -> ModuleType:
    """tests/support/NAME.py. Tests are imported by path (importmode importlib), so their helpers are too."""
    spec = importlib.util.spec_from_file_location(
        f"wetprint_tests_{name}", ROOT / "tests" / "support" / f"{name}.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def parts() -> ModuleType:
    """tests/support/parts.py: small parts for tests of the kernel."""
    return _support("parts")


@pytest.fixture(scope="session")
def scenes() -> ModuleType:
    """tests/support/scenes.py: scenes made by hand for tests of the kernel's geometry."""
    return _support("scenes")


@pytest.fixture(scope="session")
def plans() -> ModuleType:
    """tests/support/plans.py: jobs, rigs and toolpaths for tests of planning and of dialects."""
    return _support("plans")


@pytest.fixture(scope="session")
def prints() -> ModuleType:
    """tests/support/prints.py: small prints on the emulated rig."""
    return _support("prints")


@pytest.fixture(scope="session")
def rods() -> ModuleType:
    """tests/support/rods.py: rods for tests of figures, and a mesh union as their referee."""
    return _support("rods")


@pytest.fixture(scope="session")
def shapes() -> ModuleType:
    """tests/support/shapes.py: strategies for random solids."""
    return _support("shapes")


@pytest.fixture(scope="session")
def programs() -> ModuleType:
    """tests/support/programs.py: the makers of programs."""
    return _support("programs")


@pytest.fixture(scope="session")
def linuxcnc() -> ModuleType:
    """tests/support/linuxcnc.py: LinuxCNC's own planner as a referee of time."""
    return _support("linuxcnc")


@pytest.fixture(scope="session")
def referee() -> ModuleType:
    """tests/support/referee.py: a slow judge of toolpaths, which shares no code with the planner."""
    return _support("referee")


@pytest.fixture(scope="session")
def exact() -> ModuleType:
    """tests/support/exact.py: exact answers for small cases."""
    return _support("exact")


@pytest.fixture(scope="session")
def random_parts() -> ModuleType:
    """tests/support/random_parts.py: rods, arches, zigzags, coils and lines for tests of orders."""
    return _support("random_parts")


@pytest.fixture(scope="session")
def chromium() -> ModuleType:
    """tests/support/chromium.py: a real browser without a window."""
    return _support("chromium")


@pytest.fixture(scope="session")
def layouts() -> ModuleType:
    """tests/support/layouts.py: patterns for tests of layout files, and KLayout as their referee."""
    return _support("layouts")


@pytest.fixture(scope="session")
def studio() -> ModuleType:
    """tests/support/studio.py: a studio that serves a design, and pages of it."""
    return _support("studio")


@pytest.fixture(scope="session")
def light() -> ModuleType:
    """tests/support/light.py: scenes that are written with two photons."""
    return _support("light")


@pytest.fixture(scope="session")
def gwl_referee() -> ModuleType:
    """tests/support/gwl_referee.py: what a writer would do with a GWL file."""
    return _support("gwl_referee")


@pytest.fixture(scope="session")
def film_scenes() -> ModuleType:
    """tests/support/film_scenes.py: scenes of films made by hand, for tests that need no language."""
    return _support("film_scenes")


@pytest.fixture(scope="session")
def klayout_drc() -> ModuleType:
    """tests/support/klayout_drc.py: KLayout's design rule checks, in a process of their own."""
    return _support("klayout_drc")


# Modules of tests/support that need each other do so by name.
sys.path.append(str(ROOT / "tests" / "support"))


@pytest.fixture(scope="session")
def interruptions() -> ModuleType:
    """tests/support/interruptions.py: prints that are interrupted, and what must hold of them."""
    return _support("interruptions")
