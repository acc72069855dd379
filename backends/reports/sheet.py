"""The sheet, section by section, in the order in which the bench needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ... import __version__
from ...kernel.process import steps_of
from . import numbers
from .bench import preparation, reservoirs
from .blocks import Block, Note, Section, Sheet
from .films import film_sections, films_in, known_time_s
from .machine import events, layers, nozzles, time
from .part import figures, params, pictures
from .plots import plots
from .recipe import baths, drying, inks, mixes, treatment
from .trust import assumed, assumptions, diagnostics, film_hashes, hashes, origins

if TYPE_CHECKING:
    from ..report import StepSubject, Subject


def sheet(subject: Subject, *, pictures: bool = True) -> Sheet:
    """All of a process sheet. Without `pictures` neither the part nor plots are drawn."""
    shown: tuple[Block, ...] = _photos(subject) if pictures else ()
    sections = [
        Section("part", "The part", (*_banner(subject), *shown, *params(subject), figures(subject))),
        *film_sections(subject.scene, subject.jobs, pictures=pictures, size=subject.picture_size),
        Section("materials", "Materials to prepare", (inks(subject), *mixes(subject), *baths(subject))),
        Section("machine", "Nozzles and pressure", (nozzles(subject), *reservoirs(subject))),
        Section("bench", "Before the print", (preparation(subject),)),
        Section("run", "The print", (*time(subject, drawn=pictures), events(subject))),
        Section("layers", "Layers", (layers(subject),)),
        Section("after", "After the print", (drying(subject), *treatment(subject))),
        *([Section("plots", "Plots", plots(subject))] if pictures else []),
        Section("trust", "What this sheet rests on", (*assumptions(subject), *origins(subject))),
        Section("check", "What wp check says", diagnostics(subject)),
        Section("hashes", "What was hashed", (hashes(subject),)),
    ]
    drawn = f"drawn {subject.scene.state}"
    subtitle = f"{subject.file}, {drawn}, for rig {subject.rig.name}"
    if subject.rig.doc:
        subtitle += f" ({subject.rig.doc})"
    return Sheet(
        subject.name, subtitle, _facts(subject), tuple(sections), f"wetprint {__version__}, {subject.file}"
    )


def step_sheet(subject: StepSubject, *, pictures: bool = True) -> Sheet:
    """The process sheet of a design that prints nothing wet."""
    scene = subject.scene
    steps = steps_of(scene, tuple(subject.jobs))
    known = known_time_s(steps)
    sections = [
        *film_sections(scene, subject.jobs, pictures=pictures, size=subject.picture_size),
        *([Section("params", "Params", values)] if (values := params(subject)) else []),
        Section("trust", "What this sheet rests on", assumed(scene)),
        Section("check", "What wp check says", diagnostics(subject)),
        Section("hashes", "What was hashed", (film_hashes(subject),)),
    ]
    unknown = sum(s.time_s is None for s in steps)
    facts = (
        *(
            (("films", str(len(films_in(scene)))), ("passes", str(len(scene.patterns))))
            if scene.patterns
            else ()
        ),
        ("steps", str(len(steps))),
        ("time, of steps that have one", numbers.clock(known) if known else "–"),
        ("steps without a time", str(unknown)),
    )
    return Sheet(
        subject.name,
        f"{subject.file}, made of light, electrons or heat",
        facts,
        tuple(sections),
        f"wetprint {__version__}, {subject.file}",
        ("Run", "Date", "Operator", "Writer"),
    )


def _photos(subject: Subject) -> tuple[Block, ...]:
    return pictures(subject)


def _facts(subject: Subject) -> tuple[tuple[str, str], ...]:
    plan, states = subject.plan_figures, subject.figures["states"]
    dried = states.get("dried") or states["wet"]
    low, high = dried["bbox_um"]
    sides = " \u00d7 ".join(numbers.sig(b - a, 3) for a, b in zip(low, high, strict=True))
    exchanges = plan["material_switches"] + plan["bath_switches"]
    return (
        ("size, dried", f"{sides}{numbers.GAP}\u00b5m"),
        ("layers", str(len(plan["layers"]))),
        ("filaments", numbers.sig(plan["filaments"], 9)),
        ("time", numbers.clock(plan["time_s"])),
        ("exchanges", str(exchanges)),
        ("operator stops", str(plan["operator_stops"])),
    )


def _banner(subject: Subject) -> tuple[Block, ...]:
    count = len(subject.errors)
    if not count:
        return ()
    words = "1 error stands" if count == 1 else f"{count} errors stand"
    codes = ", ".join(dict.fromkeys(d.code for d in subject.errors))
    return (
        Note(
            f"Not fit to print: {words} between this design and its print on this rig ({codes}); see "
            "\u201cWhat wp check says\u201d.",
            "error",
        ),
    )
