"""What rules look at in patterns: regions, doses and prisms, each found when it is first asked for, and once. Importing it loads no numpy."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

from ..diagnostics import Span
from ..film import Film
from ..process import patterns_of
from ..records import dataclass
from ..scene import Pattern, Scene, StateName
from .coats import POSITIVE, Coat, coats_of, tone_of
from .curve import Curve, curve_of
from .dose import finest_um

if TYPE_CHECKING:
    from ..build import Job
    from ..drc import Close, Kind
    from ..flat import Flat


@dataclass(frozen=True, slots=True)
class CoatDose:
    """A coat with the least and the largest dose that a place of it gets, of those where all its thickness is to stay (a relief is exposed
    to less on purpose: without any other place `low` is infinite); `curve` is what is known of its film under such doses."""

    coat: Coat
    curve: Curve
    low: float
    high: float

    @property
    def last(self) -> Pattern:
        return self.coat.last[1]

    @property
    def span(self) -> Span:
        """Where the last pass says its dose, which adds to all others."""
        return self.last.spans.get("dose") or self.last.span

    @property
    def least(self) -> Span:
        """Where the weakest pass says its dose, of those that are to leave all of the thickness."""
        flat = [p for _, p in self.coat.passes if p.fields.get("relief") is None] or [self.last]
        weakest = min(reversed(flat), key=lambda p: float(p.fields["dose"]))
        return weakest.spans.get("dose") or weakest.span


class Films:
    """The films of a design as its rules see them."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._exposed: dict[int, Flat] = {}
        self._kept: dict[int, Flat] = {}
        self._prints: dict[tuple[int, int], Flat] = {}
        #: Patterns that cannot be drawn, and why: a relief that no dose can make, most of all.
        self._impossible: dict[int, tuple[Pattern, ValueError]] = {}

    @cached_property
    def patterns(self) -> tuple[tuple[int, Pattern], ...]:
        return patterns_of(self.scene)

    @cached_property
    def coats(self) -> tuple[Coat, ...]:
        return coats_of(self.scene)

    def after(self, coat: Coat) -> Iterator[tuple[int, Pattern]]:
        """The passes of coats that end after this one, with their rows."""
        return ((row, p) for c in self.coats if c.last[0] > coat.last[0] for row, p in c.passes)

    @cached_property
    def films(self) -> tuple[tuple[Film, Pattern], ...]:
        """Every film with the first pattern that uses it."""
        found: dict[str, tuple[Film, Pattern]] = {}
        for _, pattern in self.patterns:
            found.setdefault(pattern.film.name, (pattern.film, pattern))
        return tuple(found.values())

    @property
    def impossible(self) -> tuple[tuple[Pattern, ValueError], ...]:
        for row, _ in self.patterns:
            self.exposed(row)
        return tuple(self._impossible.values())

    def finest(self, pattern: Pattern, name: str = "min_width") -> tuple[float | None, str]:
        """The narrowest that a pass resolves, and why; else None."""
        if pattern.fields.get(name) is not None:
            return float(pattern.fields[name]), f"`{name}` of the pass"
        aperture, light = pattern.fields.get("aperture"), pattern.fields.get("wavelength")
        if aperture and light:
            return finest_um(light, aperture), f"wavelength / (2 NA), NA {aperture:g}"
        if name == "min_width" and pattern.fields.get("spot"):
            return float(pattern.fields["spot"]), "the `spot`, which stays within the mask"
        return None, ""

    def exposed(self, row: int) -> Flat:
        """Where the pattern of a row of the job is exposed."""
        if row not in self._exposed:
            from ..mask import drawn
            from .exposures import outline

            pattern = dict(self.patterns)[row]
            try:
                self._exposed[row] = outline(pattern)
            except ValueError as caught:
                self._impossible[row] = (pattern, caught)
                self._exposed[row] = drawn(pattern.mask)
        return self._exposed[row]

    def close(self, row: int, limit_um: float | None, kind: Kind, *, facing: bool = False) -> Close | None:
        """Where the pattern of a row is narrower than a limit, or leaves a narrower gap; None without a limit."""
        from ..drc import too_close

        return None if limit_um is None else too_close(self.exposed(row), limit_um, kind, facing=facing)

    def factors(self, row: int) -> tuple[float, ...]:
        """Dose factors of the classes of the pattern of a row."""
        from .exposures import factors

        try:
            return factors(dict(self.patterns)[row])
        except ValueError:
            return ()

    def kept(self, coat: Coat) -> Flat:
        """Where a coat stays."""
        row, _ = coat.last
        if row not in self._kept:
            from ..flat import joined
            from .prism import kept

            # What a relief leaves has its outline, whatever its heights.
            if self._lone_reliefs(coat) and tone_of(coat.last[1])[0] != POSITIVE:
                self._kept[row] = joined(self.exposed(k) for k, _ in coat.passes)
                return self._kept[row]
            try:
                self._kept[row] = joined(region for region, _ in kept(self.scene, coat))
            except ValueError:
                self._kept[row] = self.exposed(row)
        return self._kept[row]

    @cached_property
    def doses(self) -> tuple[CoatDose, ...]:
        """The doses of every coat, those left out whose passes have none, or not of one kind."""
        out = []
        for coat in self.coats:
            if coat.dosed_by is None:
                continue
            parts = self._dosed(coat)
            whole = [d for d, relief in parts if not relief]
            if parts:
                curve = curve_of(coat.film, coat.dosed_by)
                least, most = min(whole, default=float("inf")), max(d for d, _ in parts)
                out.append(CoatDose(coat, curve, least, most))
        return tuple(out)

    def _dosed(self, coat: Coat) -> list[tuple[float, bool]]:
        """Doses of a coat, and whether each is that of a relief."""
        passes = coat.passes
        if len(passes) == 1 and passes[0][1].fields.get("relief") is None:
            # One dose all over: nothing need be drawn.
            return [(float(passes[0][1].fields["dose"]), False)]
        if self._lone_reliefs(coat):
            return [(f * p.fields["dose"], True) for row, p in passes for f in self.doses_of(row)]
        from .prism import dosed

        try:
            return [(d.dose, d.relief_um is not None) for d in dosed(coat) if d.dose is not None]
        except ValueError:
            return []

    def doses_of(self, row: int) -> tuple[float, ...]:
        """What the doses of a pattern add up to at its places, over its own dose."""
        found = self.factors(row)
        return (sum(found),) if dict(self.patterns)[row].fields.get("split") == "passes" else found

    def _lone_reliefs(self, coat: Coat) -> bool:
        """Whether a coat is exposed to reliefs alone, none over another: then none of its levels need be drawn."""
        from .prism import overlap

        if any(p.fields.get("relief") is None for _, p in coat.passes):
            return False
        regions = [self.exposed(row) for row, _ in coat.passes]
        return not any(overlap(a, b) for a, b in combinations(regions, 2))

    def meets(self, coat: Coat, row: int) -> bool:
        """Whether the pattern of a row is exposed where a coat stays."""
        from .prism import overlap

        return overlap(self.kept(coat), self.exposed(row))

    def written_by(self, pattern: Pattern) -> Coat | None:
        """The coat that holds the marks that a pass is aligned to; None where it names none, or nobody wrote them."""
        marks = pattern.fields.get("marks")
        if marks is None:
            return None
        from ..mask import drawn
        from .prism import area_um2, overlap_um2

        wanted = drawn(marks)
        whole = area_um2(wanted)
        return next((c for c in self.coats if overlap_um2(self.kept(c), wanted) >= whole * (1 - 1e-9)), None)

    def footprint(self, coat: Coat, job: Job) -> Flat:
        """Where filaments of a print lie as low as a film is high."""
        key = coat.last[0], id(job)
        if key not in self._prints:
            from ..flat import from_shapely
            from .figures import footprints

            state: StateName = "dried" if job.filaments.dried is not None else "wet"
            shapes = footprints(job.filaments, state, coat.film.thickness_um).shapes
            self._prints[key] = from_shapely(shapes)
        return self._prints[key]
