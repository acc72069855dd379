"""wetprint: state the dried part, print the wet one.

    import wetprint as wp
    d = wp.load("body.wp", pitch="30um")
    d.measure(); d.plot(); d.wet.points

Nothing heavy is loaded before it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from .kernel.build import Job
    from .kernel.diagnostics import Diagnostic
    from .kernel.diagnostics import WetprintError as WetprintError
    from .kernel.filaments import FilamentSet
    from .kernel.motion import Toolpath
    from .kernel.rig import Rig
    from .kernel.scene import Scene
    from .lang.from_python import here as here
    from .lang.from_python import library as library
    from .lang.load import Loaded

__version__ = "0.1.0"


def load(path: str | Path, /, *, preset: str | None = None, **params: Any) -> Design:
    """The design in a file, with params as text of the language (`pitch="30um"`) or as plain numbers for a Count or Ratio.
    Raises WetprintError with all that is wrong with it."""
    if "\n" in str(path):
        from .kernel.diagnostics import WetprintError, error

        raise WetprintError(
            error("E020", "a text stands where the name of a file was expected; `wp.loads(text)` reads one")
        )
    return _loaded(str(path), None, preset, params)


def loads(text: str, /, name: str = "design.wp", *, preset: str | None = None, **params: Any) -> Design:
    """The design that a text is. `name` is what messages call it; files that it uses are sought beside that name."""
    return _loaded(name, text, preset, params)


def from_scene(scene: Scene, /) -> Design:
    """A design put together from the types of `wetprint.kernel.scene`. Raises WetprintError where a field does not exist or
    holds what it cannot hold."""
    from .lang.from_python import checked

    scene, said = checked(scene)
    _stop_at(said)
    return Design(scene)


class View(NamedTuple):
    """One state of all filaments, read-only: `points[P,3]`, `widths[P]`, `heights[P]` in um; filament i owns the points
    `offsets[i]:offsets[i + 1]`."""

    points: npt.NDArray[np.float64]
    offsets: npt.NDArray[np.int64]
    widths: npt.NDArray[np.float64]
    heights: npt.NDArray[np.float64]


class Picture:
    """A picture that a notebook shows; `data` are the bytes of the PNG file."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def _repr_png_(self) -> bytes:
        return self.data

    def save(self, path: str | Path) -> Path:
        Path(path).write_bytes(self.data)
        return Path(path)


class Design:
    """A design and what follows from it; each thing is computed once, when it is first asked for."""

    def __init__(self, scene: Scene, loaded: Loaded | None = None) -> None:
        self.scene = scene
        self.loaded = loaded

    def __repr__(self) -> str:
        return f"<Design {self.scene.name!r}: {', '.join(self._made()) or 'nothing made'}>"

    def _made(self) -> list[str]:
        """Names of what is printed and patterned, in order."""
        from .kernel.scene import Print

        return [made.part.name if isinstance(made, Print) else made.name for made in self.scene.job]

    def _repr_png_(self) -> bytes:
        return self.plot().data

    @property
    def params(self) -> dict[str, Any]:
        """The values of its params, in kernel units (um, s, rad ...)."""
        return {p.name: p.value for p in self.scene.params}

    @cached_property
    def _built(self) -> tuple[tuple[Job, ...], list[Diagnostic]]:
        from .kernel.build import build
        from .kernel.shrink import complete_jobs

        jobs, said = build(self.scene)
        if not _errors(said):
            jobs, more = complete_jobs(self.scene, jobs)
            said = [*said, *more]
        return jobs, said

    @property
    def jobs(self) -> tuple[Job, ...]:
        """What is printed, wet and dried; nothing of a design of films alone. Raises WetprintError where that cannot be built, and where
        a design makes nothing."""
        jobs, said = self._built
        _stop_at(said)
        if not jobs and not self.scene.patterns:
            from .kernel.diagnostics import error

            _stop_at([error("E315", "nothing is printed; `print part { bath: ...; }` was expected")])
        return jobs

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All that `wp check` says of it: mistakes, warnings and broken design rules."""
        said = [*(self.loaded.diagnostics if self.loaded is not None else ()), *self._built[1]]
        if not _errors(said):
            from .kernel.check import run_checks
            from .kernel.measure import figures
            from .lang.post import run_post_checks

            said += run_checks(self.scene, self._built[0], None)
            if self.scene.post_checks:
                said += run_post_checks(self.scene, figures(self._built[0]))
        return tuple(said)

    @cached_property
    def filaments(self) -> FilamentSet:
        """Every filament of every print, both states. Raises WetprintError where nothing is printed."""
        from .kernel.filaments import join

        if not self.jobs:
            from .kernel.diagnostics import error

            note = "`measure()`, `plan()` and `plot()` speak of films"
            _stop_at([error("E315", "0 prints, so no filaments; a `print` was expected", notes=(note,))])
        return join([job.filaments for job in self.jobs])

    @property
    def wet(self) -> View:
        s = self.filaments.state("wet")
        return View(s.points_um, self.filaments.offsets, s.width_um, s.height_um)

    @property
    def dried(self) -> View:
        s = self.filaments.state("dried")
        return View(s.points_um, self.filaments.offsets, s.width_um, s.height_um)

    def measure(self) -> dict[str, Any]:
        """The figures of `wp measure --json`."""
        from .kernel.measure import measure

        return measure(self.jobs, scene=self.scene)

    def further(self, state: str) -> FilamentSet:
        """The part as a `xerogel` or `sintered`: its dried state is then that one. Raises WetprintError (E461) where an ink does
        not say how far it shrinks."""
        from .kernel.drying.states import further
        from .kernel.filaments import join

        jobs, said = further(self.jobs, state)
        _stop_at(said)
        return join([job.filaments for job in jobs])

    def uncertainty(self, *, samples: int = 0, seed: int = 1) -> dict[str, Any]:
        """What the spread of the inks' figures makes of the dried part: `uncertainty` of `wp measure --uncertainty --json`."""
        from .kernel.calibration.spread import spread_of

        return spread_of(self.jobs, samples=samples, seed=seed).as_dict()

    def toolpath(self, rig: str | Path | Rig = "sim") -> Toolpath:
        """The motion of the print on a rig, row by row."""
        return self._motion(rig)[1]

    def plan(self, rig: str | Path | Rig = "sim") -> dict[str, Any]:
        """The figures of `wp plan --json`: time, lengths, switches, ink; of films and of what light writes the steps."""
        from .kernel.order import summary

        if self.scene.in_steps:
            from .kernel.films.plan import plan_data, plan_of

            return plan_data(*plan_of(self.scene, self.jobs, self._rig(rig)))
        made, toolpath, machine = self._motion(rig)
        return summary(made, toolpath, machine)

    def _rig(self, rig: str | Path | Rig) -> Rig:
        from .backends.rigs.store import load_rig

        beside = self.loaded.path.resolve().parent if self.loaded and self.loaded.path else Path.cwd()
        return (
            load_rig(str(rig), [beside / "rigs", Path.cwd() / "rigs"]) if isinstance(rig, str | Path) else rig
        )

    def _motion(self, rig: str | Path | Rig) -> tuple[Any, Toolpath, Rig]:
        from .kernel.motion import make_toolpath
        from .kernel.order import make_plan

        machine = self._rig(rig)
        # What has no filaments has no motion, either.
        made = make_plan(self.jobs if self.filaments else (), machine)
        return made, make_toolpath(made, machine), machine

    def plot(self, state: str = "dried", *, size: tuple[int, int] = (1200, 900), **look: Any) -> Picture:
        """A picture of the part: `state` is wet, dried or both; `view`, `style`, `transparent`, `overlay` and `by` as in `wp preview`."""
        from tempfile import TemporaryDirectory

        from .backends.preview import preview

        with TemporaryDirectory() as folder:
            asks: dict[str, Any] = {"state": state, "png": Path(folder) / "part.png", "size": size, **look}
            if self.scene.patterns:
                from .backends.films import preview_films

                (path,) = preview_films(self.scene, self.jobs, **asks)
            else:
                (path,) = preview(self.jobs, **asks)
            return Picture(path.read_bytes())

    def to_wp(self) -> str:
        """The design as text of the language, with figures in place of names."""
        from .lang.unparse import scene_text

        return scene_text(self.scene)


def _loaded(name: str, text: str | None, preset: str | None, params: dict[str, Any]) -> Design:
    from .lang.load import load as load_file

    sets = {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in params.items()}
    found = load_file(name, text=text, sets=sets, preset=preset)
    _stop_at(found.diagnostics)
    assert found.scene is not None
    return Design(found.scene, found)


def _errors(said: Sequence[Diagnostic]) -> bool:
    from .kernel.diagnostics import Severity

    return any(d.severity is Severity.ERROR for d in said)


def _stop_at(said: Sequence[Diagnostic]) -> None:
    if _errors(said):
        from .lang.design_error import DesignError

        raise DesignError(*said)


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext wetprint`: a cell that begins with `%%wp` is a design (lang/notebook.py)."""
    from .lang.notebook import cell_magic

    def checked(text: str, **params: Any) -> Design:
        made = loads(text, "<cell>", **params)
        _stop_at(made.diagnostics)
        return made

    shell.register_magic_function(cell_magic(shell, checked), "cell", "wp")


#: What stands in the rooms and is loaded when it is asked for.
_ELSEWHERE = {
    "WetprintError": ".kernel.diagnostics",
    "library": ".lang.from_python",
    "here": ".lang.from_python",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _ELSEWHERE:
        return getattr(import_module(_ELSEWHERE[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
