"""Design rules: what a rule is, what it may look at, and the run over all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from .diagnostics import Diagnostic, Severity, Span
from .material import Ink
from .rig import Rig
from .scene import Lattice, Part, Path, Placed, Scene, StateName, Union

if TYPE_CHECKING:
    from .build import Job
    from .figures.contacts import Contacts
    from .films.checked import Films
    from .measure import Sweep


class Check(Protocol):
    """A design rule. `code` is its code in codes.py, `doc` says in one line what it looks for; importing it loads no numpy."""

    code: str
    severity: Severity
    doc: str

    def run(self, context: CheckContext) -> Iterable[Diagnostic]:
        """What breaks the rule. At most one diagnostic for each place in the source: the worst, with how many there are."""
        ...


class CheckContext:
    """What rules look at. Everything that costs is found when it is first asked for, and once."""

    def __init__(self, scene: Scene, jobs: Sequence[Job], rig: Rig | None) -> None:
        self.scene, self.rig = scene, rig
        #: What is printed with ink, and what is written with light.
        self.jobs = tuple(job for job in jobs if job.light is None)
        self.written = tuple(job for job in jobs if job.light is not None)
        self._sweeps: dict[tuple[int, StateName], Sweep] = {}
        self._inks: dict[int, tuple[Ink, ...]] = {}

    @cached_property
    def films(self) -> Films:
        """What the design's patterns make."""
        from .films.checked import Films

        return Films(self.scene)

    @property
    def print_speed_um_s(self) -> float:
        """Speed of printing: the rig's, otherwise that of the paper."""
        return 1200.0 if self.rig is None else self.rig.speeds.print_um_s

    def has(self, job: Job, state: StateName) -> bool:
        return getattr(job.filaments, state) is not None

    def contacts(self, job: Job, state: StateName) -> Contacts:
        from .figures.contacts import contacts_of

        return contacts_of(job.filaments, state)

    def sweep(self, job: Job, state: StateName) -> Sweep:
        from .measure import sweep

        key = (id(job.filaments), state)
        if key not in self._sweeps:
            self._sweeps[key] = sweep(job.filaments, state)
        return self._sweeps[key]

    def inks(self, job: Job) -> tuple[Ink, ...]:
        """Inks that the job's filaments are made of."""
        found = self._inks.get(id(job))
        if found is None:
            used = sorted({int(m) for m in job.filaments.material.tolist()}) if len(job.filaments) else []
            found = self._inks[id(job)] = tuple(job.filaments.inks[m] for m in used)
        return found

    def span(self, job: Job, filament: int) -> Span:
        """Where the source speaks of a filament."""
        return job.filaments.spans[int(job.filaments.origin[filament])]

    @cached_property
    def _fields(self) -> dict[int, list[Lattice | Path]]:
        return {id(job): list(leaves(job.print.part)) for job in (*self.jobs, *self.written)}

    def parts(self, job: Job) -> list[Lattice | Path]:
        """The lattices and paths that a job is made of."""
        return self._fields[id(job)]

    def setting(self, job: Job, name: str) -> Span:
        """Where a print says `name`, otherwise the print."""
        return job.print.spans.get(name, job.print.span)

    def field(self, job: Job, filament: int, name: str) -> Span:
        """Where the design sets field `name` of the lattice that a filament belongs to: its layer rule, the lattice,
        otherwise where the source speaks of the filament."""
        origin, layer = self.span(job, filament), int(job.filaments.layer[filament])
        for part in self.parts(job):
            if not (part.span.source is origin.source and part.span.start <= origin.start < part.span.end):
                continue
            if isinstance(part, Lattice):
                for rule in part.layers:
                    if rule.index == layer and name in rule.spans:
                        return rule.spans[name]
            if name in part.spans:
                return part.spans[name]
        return origin


def leaves(part: Part) -> Iterator[Lattice | Path]:
    """The lattices and paths that a part is made of, each once."""
    seen: set[int] = set()
    stack: list[Part] = [part]
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Placed):
            stack.append(node.part)
        elif isinstance(node, Union):
            stack += reversed(node.parts)
        else:
            yield node


#: A rule that explains what others find: where the first speaks, the others keep still.
EXPLAINS = {"W208": frozenset({"W204", "W205"})}


def run_checks(scene: Scene, jobs: Sequence[Job], rig: Rig | None = None) -> list[Diagnostic]:
    """All design rules on jobs that have both states. What `allow CODE because "..."` names becomes a note."""
    from .checks import CHECKS

    context = CheckContext(scene, jobs, rig)
    found: list[Diagnostic] = []
    for name in CHECKS:
        # Rules of films are not even loaded where there is none: a design of ink is checked as fast as before.
        if scene.patterns or not name.startswith("film_"):
            found += CHECKS[name].run(context)
    said = {d.code for d in found}
    hidden = {code for root, codes in EXPLAINS.items() if root in said for code in codes}
    kept = [d for d in found if d.code not in hidden]
    kept.sort(key=lambda d: d.code)
    return [_allowed(scene, d) for d in kept]


def _allowed(scene: Scene, d: Diagnostic) -> Diagnostic:
    """A warning that the design allows is told as a note, with the designer's reason."""
    if d.severity is not Severity.WARNING:
        return d
    for allow in scene.allows:
        if allow.code == d.code:
            return replace(d, severity=Severity.NOTE, notes=(*d.notes, f"allowed: {allow.because}"))
    return d
