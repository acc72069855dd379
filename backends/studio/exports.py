"""What the page can save: pictures and films, geometry, the process sheet, and the motion program for the rig."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...kernel.diagnostics import Severity, WetprintError, error

if TYPE_CHECKING:
    from ...kernel.rig import Rig
    from ...kernel.scene import StateName
    from ..report import Subject
    from .bench import Outcome

#: What previews write, with how the page calls it.
_SHOWN = (
    ("png", "Picture", "1600 × 1200 pixels, true widths, scale bar"),
    ("html", "Page", "turns in any browser, offline"),
    ("gif", "Film", "one turn, 800 × 600 pixels, 255 colours"),
    ("mp4", "Film", "one turn, 1200 × 900 pixels, all colours"),
)

#: What has pictures in it.
DRAWN = ("png", "gif", "mp4", "sheet")

#: Pixels of films: they take half a minute of a processor at 1600 × 1200.
_FILM = {"gif": (800, 600), "mp4": (1200, 900)}


def offered(rig: Rig) -> list[dict[str, Any]]:
    """Groups of what can be saved: `name` of the group, `items` with `format`, `name` and `doc`; `stateless` where wet and dried
    make no difference."""
    from ..exporters import EXPORTERS

    films = shutil.which("ffmpeg") is not None
    return [
        {
            "name": "Pictures",
            "items": [
                {"format": f, "name": f"{name}, {f.upper()}", "doc": doc}
                for f, name, doc in _SHOWN
                if f != "mp4" or films
            ],
        },
        {
            "name": "Geometry",
            "items": [
                {"format": f, "name": f.upper(), "doc": EXPORTERS[f].doc} for f in sorted(EXPORTERS.names())
            ],
        },
        {
            "name": "For the bench",
            "stateless": True,
            "items": [
                {
                    "format": "sheet",
                    "name": "Process sheet",
                    "doc": "figures, plots and steps, one page, HTML",
                },
                {
                    "format": "program",
                    "name": "Motion program",
                    "doc": f"for rig {rig.name}, {rig.controller.dialect}",
                },
            ],
        },
    ]


def exported(outcome: Outcome | None, rig: Rig, design: Path, form: str, state: str) -> tuple[bytes, str]:
    """A file of the part, and its name. `form`: one that `offered` names. Raises WetprintError: X747 where there is no part or no
    plan, X711 for a form that nobody knows, and what the writers raise."""
    if outcome is not None and outcome.films and (form == "glb" or form in (name for name, _, _ in _SHOWN)):
        return _films(outcome, design, form, state)
    if outcome is None or not outcome.jobs:
        raise WetprintError(
            error("X747", "the design has errors, or prints nothing: there is nothing to export")
        )
    wet: StateName = "wet" if state == "wet" else "dried"
    stem = design.stem
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if form == "program":
            out = _program(outcome, rig, folder / stem)
        elif form == "sheet":
            out = _sheet(outcome, rig, design, folder / f"{stem}_sheet.html")
        elif form in (name for name, _, _ in _SHOWN):
            from ..preview import preview

            out = folder / f"{stem}_{wet}.{form}"
            preview(outcome.jobs, state=wet, title=stem, size=_FILM.get(form), **{form: out})
        else:
            from ..export import export_format, write_geometry

            out = folder / f"{stem}_{wet}.{form}"
            write_geometry(outcome.jobs, export_format(out), out, wet)
        return out.read_bytes(), out.name


def _films(outcome: Outcome, design: Path, form: str, state: str) -> tuple[bytes, str]:
    """Films with what is printed on them: pictures, films that turn, a page, a model."""
    from ..films import films_of
    from ..preview import Look
    from ..previews.stacked import show_films, write_glb

    assert outcome.reading.scene is not None
    wet: StateName = "wet" if state == "wet" else "dried"
    films = films_of(outcome.reading.scene, outcome.jobs, wet)
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / f"{design.stem}.{form}"
        if form == "glb":
            write_glb(films, out, wet)
        else:
            show_films(
                films, [(form, out)], Look(state=wet, title=design.stem, size=_FILM.get(form, (1600, 1200)))
            )
        return out.read_bytes(), out.name


def _program(outcome: Outcome, rig: Rig, path: Path) -> Path:
    from ..export import write_program
    from ..printing.runner import ending

    _planned(outcome)
    assert outcome.toolpath is not None
    out = path.with_name(f"{path.name}_{rig.name}{ending(rig)}")
    write_program(outcome.toolpath, rig, rig.controller.dialect, out)
    return out


def _sheet(outcome: Outcome, rig: Rig, design: Path, out: Path) -> Path:
    from ..report import write_report

    _planned(outcome)
    return write_report(subject_of(outcome, rig, design), out)


def _planned(outcome: Outcome) -> None:
    if outcome.toolpath is None:
        bad = [d for d in outcome.refusals if d.severity is Severity.ERROR]
        raise WetprintError(*(bad or [error("X747", "there is no plan: nothing to export")]))


def subject_of(outcome: Outcome, rig: Rig, design: Path) -> Subject:
    """What a process sheet and its plots are written of: an outcome that has a plan."""
    from ..report import Subject

    reading = outcome.reading
    assert reading.scene is not None and outcome.toolpath is not None
    return Subject(
        design.name, outcome.wish.text, reading.scene, outcome.jobs, (*outcome.diagnostics, *outcome.refusals),
        reading.params["params"], reading.design_hash, rig=rig, toolpath=outcome.toolpath,
        dryings=[j.drying for j in outcome.jobs if j.drying is not None],
    )  # fmt: skip
