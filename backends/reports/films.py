"""Films on the sheet: what is spread, what each pass exposes, every step with its dose, time and developer, and where figures come from."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from ...kernel.diagnostics import WetprintError
from ...kernel.process import PROCESSES, Step, steps_of
from ...kernel.quantity import MJ_CM2, UC_CM2
from . import numbers
from .blocks import Block, Cell, Note, Photo, Section, Steps, Table
from .contrast import contrast_blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from ...kernel.build import Job
    from ...kernel.film import Film
    from ...kernel.scene import Pattern, Scene

#: What a step is called on the sheet.
_WORDS = {
    "deposit": "spread", "expose": "expose", "extrude": "print", "write": "write", "develop": "develop", "treat": "treat",
}  # fmt: skip


def film_sections(
    scene: Scene, jobs: Sequence[Job], *, pictures: bool, size: tuple[int, int]
) -> list[Section]:
    """The sections of films and of all steps; none for a design that is printed wet and nothing else."""
    if not scene.patterns:
        if all(p.process == "wet_writing" for p in scene.prints):
            return []
        shown: tuple[Block, ...] = (_part(jobs, size), *_blocks(jobs, size)) if pictures else ()
        steps = steps_of(scene, tuple(jobs))
        return [Section("steps", "Step by step", (*shown, _steps(steps)))]
    steps = steps_of(scene, tuple(jobs))
    shown = (_photo(scene, jobs, size),) if pictures else ()
    return [
        Section("films", "Films", (*shown, _films(scene), _passes(scene, steps), *contrast_blocks(scene))),
        Section("steps", "Step by step", (_steps(steps),)),
        Section("chemistry", "Where the figures of films come from", _origins(scene)),
    ]


def films_in(scene: Scene) -> tuple[Film, ...]:
    """The films that are patterned, in the order of their first pass."""
    return tuple({id(p.film): p.film for p in scene.patterns}.values())


def known_time_s(steps: Sequence[Step]) -> float:
    """What the steps take of which the time is known."""
    return sum(s.time_s for s in steps if s.time_s is not None)


def _part(jobs: Sequence[Job], size: tuple[int, int]) -> Photo:
    from ..drawing.picture import picture
    from ..previews.png import render

    return _as_photo(
        render(picture(jobs, size=size)), "The part as it is written.", "the part, with a scale bar", size
    )


def _blocks(jobs: Sequence[Job], size: tuple[int, int]) -> tuple[Photo, ...]:
    """What light writes in more than one block, in the order of the blocks; of too many lines nothing."""
    from ..drawing.picture import picture
    from ..focus import MOST_SHOWN, one_after_the_other, written
    from ..previews.png import render

    cut = [job for job in jobs if job.light is not None and len(job.light.pieces.centre_um) > 1]
    if not cut or sum(int(job.light.rows.lines.sum()) for job in cut if job.light is not None) > MOST_SHOWN:
        return ()
    course = one_after_the_other([written(job) for job in cut])
    pixels = render(picture(cut, size=size, by="block", course=lambda: course))
    return (_as_photo(pixels, "Its blocks, in the order of writing.", "the part by block, with a bar", size),)


def _as_photo(pixels: npt.NDArray[np.uint8], caption: str, alt: str, size: tuple[int, int]) -> Photo:
    from PIL import Image

    out = BytesIO()
    Image.fromarray(pixels).save(out, format="PNG", compress_level=9, dpi=(300, 300))
    return Photo(out.getvalue(), caption, alt, size)


def _photo(scene: Scene, jobs: Sequence[Job], size: tuple[int, int]) -> Block:
    from ..drawing.stack import draw, stack
    from ..films import films_of

    try:
        films = films_of(scene, jobs)
    except WetprintError as refused:
        # The sheet tells all the rest, and among it what is wrong.
        return Note(f"No picture: {refused.diagnostics[0].message}.")
    shown = stack(films.slabs, films.part)
    said = f" {'; '.join(shown.said).capitalize()}." if shown.said else ""
    pixels = draw(shown, films.slabs, size=size)
    return _as_photo(
        pixels, f"The films after their last pass.{said}", "films on their substrate, with a scale bar", size
    )


def _films(scene: Scene) -> Table:
    rows: list[tuple[str | Cell, ...]] = []
    for film in films_in(scene):
        assumed = film.provenance
        rows.append(
            (
                Cell(film.name, swatch=film.colour),
                film.nanocrystal,
                film.ligand.name,
                film.ligand.mechanism,
                Cell(numbers.length(film.thickness_um), _assumed(assumed, "thickness")),
                "–"
                if film.loading is None
                else Cell(numbers.percent(film.loading), _assumed(assumed, "loading")),
                film.additive or film.ligand.needs or "–",
                film.ligand.ink or "not known",
            )
        )
    head = (
        "film",
        "nanocrystal",
        "ligand",
        "mechanism",
        "as spread",
        "ligand by mass",
        "additive",
        "cast from",
    )
    return Table("Films to spread", head, tuple(rows), frozenset({0, 1, 2, 3, 6, 7}))


def _assumed(provenance: object, name: str) -> bool:
    origin = provenance.get(name) if isinstance(provenance, dict) else None
    return bool(origin is not None and origin.assumed)


def _passes(scene: Scene, steps: Sequence[Step]) -> Table:
    rows: list[tuple[str | Cell, ...]] = []
    exposures = {s.item: s for s in steps if s.kind == "expose"}
    for item, made in enumerate(scene.job):
        if made not in scene.patterns:
            continue
        pattern: Pattern = made
        step = exposures.get(item)
        said = step.says if step else ()
        rows.append(
            (
                str(len(rows) + 1),
                pattern.name,
                Cell(pattern.film.name, swatch=pattern.film.colour),
                PROCESSES[pattern.process].construct.doc,
                "; ".join(f"{k} {v}" for k, v in said) or "–",
                "not known" if step is None or step.time_s is None else numbers.clock(step.time_s),
                _developer(pattern),
            )
        )
    head = ("pass", "mask", "film", "how", "exposure", "time", "developer")
    return Table("Passes, in order", head, tuple(rows), frozenset({1, 2, 3, 4, 6}))


def _developer(pattern: Pattern) -> str:
    if not pattern.develop:
        return "not developed yet"
    return (
        "none named"
        if pattern.developer is None
        else f"{pattern.developer.liquid} ({pattern.developer.polarity})"
    )


def _steps(steps: Sequence[Step]) -> Block:
    if not steps:
        return Note("There is nothing to do.")
    lines = []
    for s in steps:
        said = ", ".join(f"{k} {v}" for k, v in s.says)
        time = "" if s.time_s is None else f"; {numbers.clock(s.time_s)}"
        lines.append(f"{_WORDS[s.kind].capitalize()} {s.name}{': ' if said else ''}{said}{time}")
    return Steps("In this order", tuple(lines))


def _origins(scene: Scene) -> tuple[Block, ...]:
    rows: list[tuple[str | Cell, ...]] = []
    for film in films_in(scene):
        for owner in (film, film.ligand):
            for name, origin in sorted(owner.provenance.items()):
                said = origin.text or ("no reason given" if origin.assumed else "given without a source")
                rows.append(
                    (owner.name, name.replace("_", " "), Cell(_value(owner, name), origin.assumed), said)
                )
    if not rows:
        return (Note("No figure of the films or their ligands names a source."),)
    head = ("of", "figure", "value", "source")
    return (Table("Films and ligands", head, tuple(dict.fromkeys(rows)), frozenset({0, 1, 2, 3})),)


def _value(owner: object, name: str) -> str:
    """A figure as people write it, by its dimension."""
    value = getattr(owner, f"{name}_um", getattr(owner, name, None))
    if value is None:
        return "–"
    if hasattr(owner, f"{name}_um"):
        return ", ".join(numbers.length(v) for v in (value if isinstance(value, tuple) else (value,)))
    if isinstance(value, tuple):
        return ", ".join(str(v) for v in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in _DOSES:
        return f"{numbers.sig(value / MJ_CM2)} mJ/cm²"
    if name in _CHARGES:
        return f"{numbers.sig(value / UC_CM2)} µC/cm²"
    if name.endswith("_celsius"):
        return f"{numbers.sig(value)} °C"
    return numbers.sig(value) if isinstance(value, float) else str(value)


_DOSES = frozenset({"d0", "d0_sd", "damage", "critical", "dose_low", "dose_high"})
_CHARGES = frozenset({"d0_electrons", "d0_electrons_sd", "damage_electrons", "charge_dose"})
