"""What `wp measure` finds and tells of a part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from ...kernel.diagnostics import Diagnostic, Severity
from .asked import print_json, show
from .pipeline import further_jobs

if TYPE_CHECKING:
    from ...kernel.build import Job
    from ...kernel.calibration.spread import Spread
    from ...kernel.scene import Scene


def figures_of(
    jobs: tuple[Job, ...],
    said: list[Diagnostic],
    state: str,
    conductance: str,
    *,
    scene: Scene | None = None,
    settled: bool = False,
    as_json: bool,
) -> tuple[dict[str, Any], tuple[Job, ...], list[Diagnostic]]:
    """Figures of both states and of a further one, the jobs in the state that is asked for, and all that is said.

    `settled`: the figures are those of the part as it lies in the bath; the jobs are as they were."""
    from ...kernel.figures.network import AXES
    from ...kernel.material import FURTHER
    from ...kernel.measure import measure

    if not set(conductance) <= set("xyz"):
        raise typer.BadParameter(f"{conductance!r}: expected some of x, y and z", param_hint="--conductance")
    axes = [a for a in AXES if a in conductance]
    told: dict[str, Any] = {}

    def lying(made: tuple[Job, ...]) -> tuple[Job, ...]:
        if not settled:
            return made
        from .pipeline import settled_with

        made, told["settled"] = settled_with(made)
        return made

    try:
        found = measure(lying(jobs), () if state in FURTHER else axes, scene)
        if state in FURTHER:
            jobs, _, said = further_jobs(jobs, state, said, as_json=as_json)
            later = measure(lying(jobs), axes, scene)
            found = {**later, "states": {**found["states"], state: later["states"]["dried"]}}
    except LookupError as unknown:
        raise typer.BadParameter(f"{unknown.args[0]}", param_hint="--conductance") from None
    return {**found, **told}, jobs, said


def spread_asked(jobs: tuple[Job, ...], state: str, samples: int, seed: int) -> Spread:
    """What the spread of the inks' figures makes of the dried part."""
    from ...kernel.calibration.spread import spread_of
    from ...kernel.material import FURTHER

    if state in FURTHER:
        raise typer.BadParameter("the spread of inks is that of the dried part", param_hint="--uncertainty")
    return spread_of(jobs, samples=samples, seed=seed)


def tell(
    found: dict[str, Any],
    shown: Sequence[str],
    spread: Spread | None,
    said: Sequence[Diagnostic],
    *,
    as_json: bool,
) -> None:
    if as_json:
        print_json(found if spread is None else {**found, "uncertainty": spread.as_dict()})
        return
    from ...kernel.figures.told import table

    print(table(found, tuple(shown)))
    if "settled" in found:
        from .pipeline import say_settled

        say_settled(found["settled"])
    if spread is not None:
        from ...kernel.calibration.spread import spread_table

        print(spread_table(spread))
    show(d for d in said if d.severity >= Severity.WARNING)
