"""Features finer than anybody has shown for the ligand."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic, warning
from ..films.checked import Films
from ..films.rules import EachPattern
from ..films.steps import place
from ..scene import Pattern


class FilmFeature(EachPattern):
    code = "W252"
    doc = "features are as large as was shown for the ligand"

    def of(self, films: Films, one: tuple[int, Pattern]) -> Iterator[Diagnostic]:
        row, pattern = one
        ligand, electrons = pattern.film.ligand, pattern.process == "ebeam"
        limit = ligand.feature_electrons_um if electrons else ligand.feature_um
        found = films.close(row, limit, "width", facing=True)
        if limit is not None and found is not None:
            yield warning(
                self.code,
                f"{1e3 * found.value_um:.4g} nm is the finest feature of mask `{pattern.name}`, {place(found.at_um)}; {1e3 * limit:.4g} nm "
                f"was shown for {ligand.name}",
                pattern.span,
                label="finer than anybody has shown",
                notes=(
                    *ligand.sourced("feature_electrons" if electrons else "feature"),
                    "try it with a resolution target first",
                ),
            )


FILM_FEATURE = FilmFeature()
