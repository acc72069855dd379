"""From a loaded design to its parts, as verbs need it: both states, further ones, and all that is to be said of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ...kernel.diagnostics import Diagnostic, Severity
from .asked import has_errors, say, show
from .asked import stop as end

if TYPE_CHECKING:
    from ...kernel.build import Job
    from ...kernel.motion import Toolpath
    from ...kernel.rig import Rig
    from ...kernel.scene import Scene, StateName
    from ...kernel.shrink import Model
    from ..load import Loaded

#: Tells a person at a terminal what is being done, as long as a `with` block runs.
Waiting = Callable[[str], AbstractContextManager[None]]


def jobs_of(
    loaded: Loaded, waiting: Waiting, *, only: str = "both", as_json: bool = False, model: Model = "auto"
) -> tuple[tuple[Job, ...], list[Diagnostic]]:
    """Geometry of what a design prints, in both states; else says what is wrong and ends.

    `waiting` shows what takes long. Where `only` the state that was drawn is asked for, and the wet part is made to dry to it, nothing need be solved.
    """
    from ...kernel.shrink import complete_jobs

    assert loaded.scene is not None
    jobs, said = drawn(loaded, as_json=as_json)
    if drawn_alone(loaded.scene, only):
        return jobs, said
    with waiting("finding how the part dries"):
        jobs, more = complete_jobs(loaded.scene, jobs, model=model)
    return jobs, [*said, *more]


def drawn(loaded: Loaded, *, as_json: bool = False) -> tuple[tuple[Job, ...], list[Diagnostic]]:
    """What a design prints, in the state that was drawn; else says what is wrong and ends."""
    from ...kernel.build import build

    assert loaded.scene is not None
    jobs, said = build(loaded.scene)
    said = [*loaded.diagnostics, *said]
    if not jobs:
        # A warning for `wp check`, which finds a design in the making; for all that wants a part it is an error.
        said = [replace(d, severity=Severity.ERROR) if d.code == "E315" else d for d in said]
    if has_errors(said):
        end(said, as_json=as_json)
    return jobs, said


def drawn_alone(scene: Scene, only: str) -> bool:
    """Whether the state that is asked for is the one that was drawn, as it was drawn."""
    return only == scene.state and (only == "wet" or scene.compensate == "full")


def toolpath_of(jobs: tuple[Job, ...], rig: Rig) -> Toolpath:
    from ...kernel.motion import make_toolpath
    from ...kernel.order import make_plan

    return make_toolpath(make_plan(jobs, rig), rig)


def verdict(
    loaded: Loaded, jobs: tuple[Job, ...], rig: Rig | None, toolpath: Toolpath | None = None
) -> list[Diagnostic]:
    """What the design rules and the design's own checks say of finished geometry. `toolpath` where it is made already."""
    from ...kernel.check import run_checks
    from ...kernel.measure import figures
    from ..post import run_post_checks

    assert loaded.scene is not None
    said = run_checks(loaded.scene, jobs, rig)
    if loaded.scene.post_checks:
        said += run_post_checks(loaded.scene, figures(jobs))
    if rig is not None and not has_errors(said):
        from ...kernel.planning.rig_check import problems

        if toolpath is None:
            toolpath = toolpath_of(jobs, rig)
        said += problems(toolpath.plan, rig, toolpath)
    return said


def planned(loaded: Loaded, waiting: Waiting, rig: Rig, *, rules: bool = False) -> Toolpath:
    """Plan and motion of a design on a rig; with `rules`, a broken design rule ends it as an error of the design does."""
    jobs, said = jobs_of(loaded, waiting, only="both" if rules else "wet")
    if rules:
        said += verdict(loaded, jobs, None)
        if has_errors(said):
            end(said)
    toolpath = toolpath_of(jobs, rig)
    show(d for d in said if d.severity >= Severity.WARNING)
    return toolpath


def all_said(loaded: Loaded, rig: Callable[[], Rig] | None) -> list[Diagnostic]:
    """What `wp check` says: of the language, the geometry, the design rules and, where one is asked for, the rig."""
    said = list(loaded.diagnostics)
    if loaded.scene is None or has_errors(said):
        return said
    from ...kernel.build import build

    jobs, more = build(loaded.scene)
    said += more
    if has_errors(said):
        return said
    from ...kernel.shrink import complete_jobs

    # The closed-form drying model: rules have an answer at once; what goes to a printer is checked with the frame.
    jobs, more = complete_jobs(loaded.scene, jobs, model="analytic")
    return [*said, *more, *verdict(loaded, jobs, rig() if rig else None)]


def figures_and_said(loaded: Loaded) -> tuple[dict[str, Any], list[Diagnostic]]:
    """Figures and diagnostics of a design that has no language errors, for tests that a design holds."""
    from ...kernel.build import build
    from ...kernel.measure import figures
    from ...kernel.shrink import complete_jobs

    assert loaded.scene is not None
    jobs, said = build(loaded.scene)
    if has_errors(said):
        return {}, said
    jobs, more = complete_jobs(loaded.scene, jobs)
    return figures(jobs), [*said, *more]


class Design:
    """A loaded design, as verbs of other rooms ask for what it makes; warnings of that are told then."""

    def __init__(self, loaded: Loaded, waiting: Waiting) -> None:
        assert loaded.scene is not None
        self.loaded, self.scene, self._waiting = loaded, loaded.scene, waiting

    def jobs(self, only: str) -> tuple[Job, ...]:
        """What it prints, in both states or in one alone."""
        jobs, said = jobs_of(self.loaded, self._waiting, only=only)
        show(d for d in said if d.severity >= Severity.WARNING)
        return jobs

    def in_state(self, state: str, settled: bool) -> tuple[tuple[Job, ...], StateName]:
        """What it prints in one state, which may be a further one; then under which name the jobs hold it."""
        if len(states(state)) > 1:
            raise typer.BadParameter(
                f"{state!r}: a file holds one state, such as dried", param_hint="--state"
            )
        jobs, said = jobs_of(self.loaded, self._waiting, only="both" if settled else state)
        jobs, state, said = further_jobs(jobs, state, said)
        if settled:
            jobs = settled_jobs(jobs)
        show(d for d in said if d.severity >= Severity.WARNING)
        return jobs, "wet" if state == "wet" else "dried"

    def to_show(self, only: str, state: str, settled: bool) -> tuple[tuple[Job, ...], tuple[Job, ...], str]:
        """What it prints, the same in the state and place in which it is to be shown, and under which name the jobs hold that state."""
        made, said = jobs_of(self.loaded, self._waiting, only=only)
        jobs, state, said = further_jobs(made, state, said)
        say_drying(jobs)
        jobs = settled_jobs(jobs) if settled else jobs
        show(d for d in said if d.severity >= Severity.WARNING)
        return made, jobs, state

    def drawn(self) -> tuple[tuple[Job, ...], list[Diagnostic]]:
        """What it prints, in the state that was drawn, and all that is said of that so far."""
        return drawn(self.loaded)

    def verdict(
        self, jobs: tuple[Job, ...], rig: Rig | None, toolpath: Toolpath | None = None
    ) -> list[Diagnostic]:
        """What the design rules, its own checks and, where there is one, the rig say of what it prints."""
        return verdict(self.loaded, jobs, rig, toolpath)

    @property
    def file(self) -> str:
        return self.loaded.source.name

    @property
    def text(self) -> str:
        return self.loaded.source.text

    @property
    def name(self) -> str:
        return Path(self.file).stem

    def params(self) -> list[dict[str, Any]]:
        """Rows of `wp params --json`."""
        from ..params import params_json

        found: list[dict[str, Any]] = params_json(self.loaded)["params"]
        return found

    def hash(self) -> str:
        """Of its text, its imports and its params."""
        from ..lock import design_hash

        return design_hash(self.loaded)


def states(name: str) -> tuple[str, ...]:
    from ...kernel.material import FURTHER

    if name not in ("wet", "dried", "both", *FURTHER):
        listed = f"wet, dried or both, or {' or '.join(FURTHER)}"
        raise typer.BadParameter(f"{name!r}: expected {listed}", param_hint="--state")
    return ("wet", "dried") if name == "both" else (name,)


def settled_jobs(jobs: tuple[Job, ...]) -> tuple[Job, ...]:
    """The jobs as they lie in the bath, and what comes of that; says how far they are from the design."""
    made, told = settled_with(jobs)
    say_settled(told)
    return made


def settled_with(jobs: tuple[Job, ...]) -> tuple[tuple[Job, ...], dict[str, Any]]:
    """The jobs as they lie in the bath, and what that makes of each, in plain values."""
    from ...kernel.drying.sag import ASSUMPTIONS
    from ...kernel.drying.settle import ASSUMED
    from ...kernel.drying.settle import settled as settle

    # What light has written is as stiff as it will be.
    inked = [job for job in jobs if job.light is None]
    found = [settle(job.filaments) for job in inked]
    told = {
        "prints": [{"name": job.name, **f.as_dict()} for job, f in zip(inked, found, strict=True)],
        "assumed": [ASSUMED, *ASSUMPTIONS],
    }
    laid = iter(found)
    return tuple(job if job.light else replace(job, filaments=next(laid).filaments) for job in jobs), told


def say_settled(told: dict[str, Any]) -> None:
    for p in told["prints"]:
        say(
            f"{p['name']}: spans sag by up to {p['sag_um']:.3g} um, sections flatten to {p['flattest']:.0%} of their height "
            f"and widen to {p['widest']:.0%} of their width"
        )
    for line in told["assumed"]:
        say(line)


def further_jobs(
    jobs: tuple[Job, ...], state: str, said: list[Diagnostic], *, as_json: bool = False
) -> tuple[tuple[Job, ...], str, list[Diagnostic]]:
    """The jobs in a state that is neither wet nor dried, which is then called dried; as they are for those two."""
    from ...kernel.material import FURTHER

    if state not in FURTHER:
        return jobs, state, said
    from ...kernel.drying.states import further

    jobs, more = further(jobs, state)
    if has_errors(more):
        end([*said, *more], as_json=as_json)
    return jobs, "dried", [*said, *more]


def say_drying(jobs: tuple[Job, ...]) -> None:
    """By which model the parts were dried, and what it rests on."""
    if any(job.drying is not None for job in jobs):
        from ...kernel.figures.told import drying_lines, told_drying

        for line in drying_lines(told_drying(jobs)):
            say(line)
