"""Features finer than anybody has shown for the ligand."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity, warning


class FilmFeature:
    code = "W252"
    severity = Severity.WARNING
    doc = "features are as large as was shown for the ligand"

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        from ..drc import too_close

        for row, pattern in context.films.patterns:
            ligand = pattern.film.ligand
            electrons = pattern.process == "ebeam"
            limit = ligand.feature_electrons_um if electrons else ligand.feature_um
            found = (
                None if limit is None else too_close(context.films.exposed(row), limit, "width", facing=True)
            )
            if limit is None or found is None:
                continue
            source = ligand.source_of("feature_electrons" if electrons else "feature")
            yield warning(
                self.code,
                f"{1e3 * found.value_um:.4g} nm is the finest feature of mask `{pattern.name}`, at ({found.at_um[0]:.6g}, "
                f"{found.at_um[1]:.6g}) um; {1e3 * limit:.4g} nm was shown for {ligand.name}",
                pattern.span,
                label="finer than anybody has shown",
                notes=(*((f"source: {source}",) if source else ()), "try it with a resolution target first"),
            )


FILM_FEATURE = FilmFeature()
