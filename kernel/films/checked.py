"""What rules look at in patterns: regions, doses and prisms, each found when it is first asked for, and once. Importing it loads no numpy."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ..film import Film
from ..process import patterns_of
from ..scene import Pattern, Scene, StateName
from .coats import Coat, coats_of
from .dose import finest_um

if TYPE_CHECKING:
    from ..build import Job
    from ..flat import Flat


class Films:
    """The films of a design as its rules see them."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._exposed: dict[int, Flat] = {}
        self._factors: dict[int, tuple[float, ...]] = {}
        self._kept: dict[int, Flat] = {}
        self._prints: dict[tuple[int, int], Flat] = {}
        #: Patterns whose relief no dose can make, and why.
        self._impossible: dict[int, tuple[Pattern, str]] = {}

    @cached_property
    def patterns(self) -> tuple[tuple[int, Pattern], ...]:
        return patterns_of(self.scene)

    @cached_property
    def coats(self) -> tuple[Coat, ...]:
        return coats_of(self.scene)

    @cached_property
    def films(self) -> tuple[tuple[Film, Pattern], ...]:
        """Every film with the first pattern that uses it."""
        found: dict[str, tuple[Film, Pattern]] = {}
        for _, pattern in self.patterns:
            found.setdefault(pattern.film.name, (pattern.film, pattern))
        return tuple(found.values())

    @property
    def impossible(self) -> tuple[tuple[Pattern, str], ...]:
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
        return None, ""

    def exposed(self, row: int) -> Flat:
        """Where the pattern of a row of the job is exposed."""
        if row not in self._exposed:
            from ..flat import joined
            from ..mask import drawn
            from .exposures import exposures

            pattern = dict(self.patterns)[row]
            try:
                classes = [c for one in exposures(pattern) for c in one.classes]
                self._exposed[row] = joined(c.flat for c in classes)
                self._factors[row] = tuple(c.factor for c in classes)
            except ValueError as caught:
                self._impossible[row] = (pattern, str(caught))
                self._exposed[row], self._factors[row] = drawn(pattern.mask), ()
        return self._exposed[row]

    def factors(self, row: int) -> tuple[float, ...]:
        """Dose factors of the classes of the pattern of a row."""
        self.exposed(row)
        return self._factors[row]

    def kept(self, coat: Coat) -> Flat:
        """Where a coat stays."""
        row, _ = coat.last
        if row not in self._kept:
            from ..flat import joined
            from .prism import kept

            try:
                self._kept[row] = joined(region for region, _ in kept(self.scene, coat))
            except ValueError:
                self._kept[row] = self.exposed(row)
        return self._kept[row]

    @cached_property
    def doses(self) -> tuple[tuple[Coat, float, float], ...]:
        """Every coat with the least and the largest dose that a place of it gets where all its thickness is to stay (a relief is exposed to
        less on purpose); those whose process has no dose are left out."""
        out = []
        for coat in self.coats:
            parts = self._dosed(coat)
            doses = [d for d, _ in parts if d is not None]
            whole = [d for d, relief in parts if d is not None and not relief]
            if doses:
                out.append((coat, min(whole, default=float("inf")), max(doses)))
        return tuple(out)

    def _dosed(self, coat: Coat) -> tuple[tuple[float | None, bool], ...]:
        """Doses of a coat, and whether each is that of a relief."""
        if len(coat.passes) == 1 and coat.last[1].fields.get("relief") is None:
            # One dose all over: nothing need be drawn.
            return ((coat.last[1].fields.get("dose"), False),)
        from .prism import dosed

        try:
            return tuple((d.dose, d.relief_um is not None) for d in dosed(coat))
        except ValueError:
            return ()

    def most(self, coat: Coat) -> float:
        """Largest dose that a place of a coat got by its own passes."""
        return next((high for known, _, high in self.doses if known is coat), 0.0)

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
