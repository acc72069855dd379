"""Colouring: what the colours of a picture, a film, a page or a window can tell besides the ink."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..kernel.diagnostics import WetprintError, error
from ..kernel.filaments import FilamentSet, Floats
from ..kernel.scene import StateName
from .colourings import COLOURINGS

if TYPE_CHECKING:
    from ..kernel.build import Job
    from ..kernel.rig import Rig
    from .course import Course

#: Those that pictures have besides the register's: the inks themselves, and movement, which varies along a filament.
INK, MOVEMENT = "ink", "movement"

Jobs = "FilamentSet | Sequence[FilamentSet | Job]"


class Colouring(Protocol):
    """One figure a filament. `label` says what it is, with its unit; `whole` where it is a number of things; `course` where it needs
    the plan of a print."""

    @property
    def name(self) -> str: ...

    @property
    def doc(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def whole(self) -> bool: ...

    @property
    def course(self) -> bool: ...

    def values(self, part: FilamentSet, state: StateName, course: Course | None) -> Floats:
        """float64[F]; nan where a filament has none. `course` is given where it is asked for."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A colouring by a function of a part in a state."""

    name: str
    doc: str
    label: str
    of: Callable[[FilamentSet, StateName], Floats]
    whole: bool = False
    course: bool = False

    def values(self, part: FilamentSet, state: StateName, course: Course | None) -> Floats:
        del course
        return self.of(part, state)


@dataclass(frozen=True, slots=True)
class Planned:
    """A colouring by the course of a print."""

    name: str
    doc: str
    label: str
    of: Callable[[Course], Floats]
    whole: bool = False
    course: bool = True

    def values(self, part: FilamentSet, state: StateName, course: Course | None) -> Floats:
        del state
        if course is None or len(course.part) != len(part):
            raise WetprintError(
                error(
                    "X726",
                    f"no plan is known for colours by {self.name}; a design and a rig were expected",
                    notes=("name the rig: `--rig sim`",),
                )
            )
        return self.of(course)


def names() -> tuple[str, ...]:
    """What pictures can be coloured by."""
    return (INK, MOVEMENT, *COLOURINGS.names())


def part_and_values(
    name: str, part: FilamentSet, state: StateName, course: Callable[[], Course] | None
) -> tuple[FilamentSet, Floats, Colouring]:
    """The part (that of the plan, where a plan is asked for), its figures float64[F], and the colouring. Raises WetprintError (X726)."""
    colouring = COLOURINGS[name]
    found = course() if colouring.course and course is not None else None
    if found is not None:
        part = found.part
    return part, colouring.values(part, state, found), colouring


def shares(values: Floats) -> tuple[Floats, float, float]:
    """Where each figure lies between the least (0) and the largest (1), and both. One that is missing lies at 0."""
    known = values[np.isfinite(values)]
    if not len(known):
        return np.zeros(len(values)), 0.0, 0.0
    low, high = float(known.min()), float(known.max())
    if high - low <= 1e-9 * max(1.0, abs(high)):
        return np.zeros(len(values)), low, high
    return np.clip((np.where(np.isfinite(values), values, low) - low) / (high - low), 0.0, 1.0), low, high


def some_known(values: Floats, figure: Colouring) -> None:
    """Raises WetprintError (X726) where no filament has a figure."""
    if len(values) and not np.isfinite(values).any():
        others = [n for n in COLOURINGS.names() if n != figure.name]
        raise WetprintError(
            error(
                "X726",
                f"0 of {len(values)} filaments have {figure.doc}, which `--by {figure.name}` shows",
                notes=(
                    "ink has a pressure, what light writes has a power and blocks",
                    f"others: {', '.join(others)}",
                ),
            )
        )


def follower(jobs: FilamentSet | Sequence[FilamentSet | Job], rig: Callable[[], Rig]) -> Callable[[], Course]:
    """The course of a print of `jobs` on a rig, found when it is first asked for."""
    kept: list[Course] = []

    def course() -> Course:
        if not kept:
            from .planned import course_of

            kept.append(course_of(jobs, rig()))
        return kept[0]

    return course
