"""The command `wp`: one thin verb for each thing the rooms can do."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.core

from .backends import verbs as in_backends
from .backends.verbs import Runs, rig_app
from .backends.waiting import waiting
from .kernel.diagnostics import Diagnostic, Severity, WetprintError, error
from .lang import verbs as in_lang
from .lang.verbs import (
    DESIGN_ERROR,
    File,
    Json,
    Preset,
    Set,
    assignments,
    has_errors,
    load_design,
    print_json,
    say,
    show,
    stdin,
)
from .lang.verbs import stop as end

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .backends.preview import Look
    from .backends.watch import Parts
    from .kernel.build import Job
    from .kernel.filaments import FilamentSet
    from .kernel.motion import Toolpath
    from .kernel.rig import Rig
    from .kernel.scene import Scene, StateName
    from .kernel.shrink import Model
    from .lang.load import Loaded


class _Quiet(typer.core.TyperGroup):
    """The verbs. A reader that has gone (`wp ... | head`) is no fault: Click would end with 1, as for an error of a design."""

    def make_context(self, *args: Any, **more: Any) -> Any:
        # `--help` is told while the words of the command are read.
        try:
            return super().make_context(*args, **more)
        except BrokenPipeError:
            _let_go()
            raise typer.Exit(0) from None

    def invoke(self, ctx: Any) -> Any:
        try:
            done = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()
        except BrokenPipeError:
            _let_go()
            raise typer.Exit(0) from None
        return done


def _let_go() -> None:
    """Nothing more is written to a standard output that nobody reads, and Python does not complain of it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


app = typer.Typer(
    cls=_Quiet,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="State the dried part, print the wet one.",
    context_settings={"help_option_names": ["-h", "--help"]},
)

SettledOption = Annotated[
    bool, typer.Option("--settled", help="with the sag of spans and the flattening of stacked filaments")
]
StateOption = Annotated[
    str, typer.Option("--state", help="wet, dried or both; xerogel or sintered where inks tell how")
]
RigOption = Annotated[str, typer.Option("--rig", help="name of a rig, or a rig file")]

FAULT = 3


# -- the pipeline, as far as a verb needs it ----------------------------------------------------------------------


def _jobs(
    loaded: Loaded, *, only: str = "both", as_json: bool = False, model: Model = "auto"
) -> tuple[tuple[Job, ...], list[Diagnostic]]:
    """Geometry of what a design prints, in both states; else says what is wrong and ends.

    Where `only` the state that was drawn is asked for, and the wet part is made to dry to it, nothing need be solved.
    """
    from dataclasses import replace

    from .kernel.build import build
    from .kernel.shrink import complete_jobs

    assert loaded.scene is not None
    jobs, said = build(loaded.scene)
    said = [*loaded.diagnostics, *said]
    if not jobs:
        # A warning for `wp check`, which finds a design in the making; for all that wants a part it is an error.
        said = [replace(d, severity=Severity.ERROR) if d.code == "E315" else d for d in said]
    if has_errors(said):
        end(said, as_json=as_json)
    if _drawn_alone(loaded.scene, only):
        return jobs, said
    with waiting("finding how the part dries"):
        jobs, more = complete_jobs(loaded.scene, jobs, model=model)
    return jobs, [*said, *more]


def _drawn_alone(scene: Scene, only: str) -> bool:
    """Whether the state that is asked for is the one that was drawn, as it was drawn."""
    return only == scene.state and (only == "wet" or scene.compensate == "full")


def _toolpath(jobs: tuple[Job, ...], rig: Rig) -> Toolpath:
    from .kernel.motion import make_toolpath
    from .kernel.order import make_plan

    return make_toolpath(make_plan(jobs, rig), rig)


def _verdict(
    loaded: Loaded, jobs: tuple[Job, ...], rig: Rig | None, toolpath: Toolpath | None = None
) -> list[Diagnostic]:
    """What the design rules and the design's own checks say of finished geometry. `toolpath` where it is made already."""
    from .kernel.check import run_checks
    from .kernel.measure import figures
    from .lang.post import run_post_checks

    assert loaded.scene is not None
    said = run_checks(loaded.scene, jobs, rig)
    if loaded.scene.post_checks:
        said += run_post_checks(loaded.scene, figures(jobs))
    if rig is not None and not has_errors(said):
        from .kernel.rig_check import problems

        if toolpath is None:
            toolpath = _toolpath(jobs, rig)
        said += problems(toolpath.plan, rig, toolpath)
    return said


def _rig(name: str, file: str) -> Rig:
    from .backends.rig_store import load_rig

    beside = Path.cwd() if file == "-" else Path(file).resolve().parent
    return load_rig(name, [beside / "rigs", Path.cwd() / "rigs"])


def _planned(
    file: str, sets: list[str] | None, preset: str | None, rig: Rig, *, rules: bool = False
) -> tuple[Loaded, Toolpath]:
    """Plan and motion of a design on a rig; with `rules`, a broken design rule ends it as an error of the design does."""
    loaded = load_design(file, sets, preset)
    jobs, said = _jobs(loaded, only="both" if rules else "wet")
    if rules:
        said += _verdict(loaded, jobs, None)
        if has_errors(said):
            end(said)
    toolpath = _toolpath(jobs, rig)
    show(d for d in said if d.severity >= Severity.WARNING)
    return loaded, toolpath


# -- designs --------------------------------------------------------------------------------------------------------


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="name of the design")],
    calibration: Annotated[
        bool, typer.Option("--calibration", help="lines to measure an ink by, and a table to fill in")
    ] = False,
    ink: Annotated[str, typer.Option("--ink", help="ink to calibrate")] = "gold",
) -> None:
    """Write a commented starter design."""
    from .lang.starter import starter

    path = Path(name if name.endswith(".wp") else f"{name}.wp")
    if path.name == ".wp":
        raise typer.BadParameter("a design needs a name, such as: wp new lattice", param_hint="NAME")
    table = path.with_suffix(".csv")
    for taken in (path, table) if calibration else (path,):
        if taken.exists():
            raise WetprintError(
                error("X701", f"{taken} is there already; choose another name, nothing was written")
            )
    if not calibration:
        path.write_text(starter(path.stem), encoding="utf-8")
        print(f"{path} written. Look at it with: wp preview {path}")
        return
    from .lang.calibration import calibration_print

    design, rows = calibration_print(path.stem, ink)
    path.write_text(design, encoding="utf-8")
    table.write_text(rows, encoding="utf-8")
    print(f"{path} and {table} written. Print the one, measure its lines, fill in the other, then:")
    print(f"wp calibrate {table} -o inks.wp --date 2026-05-01")


@app.command()
def check(
    file: File,
    sets: Set = None,
    preset: Preset = None,
    rig: Annotated[str | None, typer.Option("--rig", help="also check against this rig")] = None,
    as_json: Json = False,
) -> None:
    """Find all errors, warnings and broken design rules."""
    from .lang.load import load

    loaded = load(file, text=stdin(file), sets=assignments(sets), preset=preset)
    said = list(loaded.diagnostics)
    if loaded.scene is not None and not has_errors(said):
        from .kernel.build import build

        jobs, more = build(loaded.scene)
        said += more
        if not has_errors(said):
            from .kernel.shrink import complete_jobs

            # The closed-form drying model: rules have an answer at once; what goes to a printer is checked with the frame.
            jobs, more = complete_jobs(loaded.scene, jobs, model="analytic")
            said += more
            said += _verdict(loaded, jobs, _rig(rig, file) if rig else None)
    show(said, as_json=as_json)
    if has_errors(said):
        raise typer.Exit(DESIGN_ERROR)
    if not as_json:
        print(f"{loaded.source.name}: no errors")


@app.command()
def fmt(
    files: Annotated[list[str], typer.Argument(metavar="FILE...")],
    check_only: Annotated[bool, typer.Option("--check", help="only say which files would change")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="show what would change")] = False,
) -> None:
    """Lay designs out in the one style."""
    from .backends.files import writing
    from .lang.format import format_source
    from .lang.source import read_source

    changed = 0
    for file in files:
        source = read_source(file, stdin(file))
        text = format_source(source)
        if file == "-":
            sys.stdout.write(text)
        elif text != source.text:
            changed += 1
            if diff:
                from difflib import unified_diff

                sys.stdout.writelines(
                    unified_diff(
                        source.text.splitlines(True), text.splitlines(True), file, f"{file} (formatted)"
                    )
                )
            elif check_only:
                print(f"{file} would change")
            else:
                with writing(Path(file)) as out:
                    out.write(text.encode())
                print(f"{file} formatted")
    if changed and (check_only or diff):
        raise typer.Exit(DESIGN_ERROR)


@app.command()
def explain(code: Annotated[str, typer.Argument(help="a code, such as E201")]) -> None:
    """Tell a code in full, with an example."""
    from .backends.codes import CODES as BACKENDS
    from .backends.shown import SHOWN as BACKENDS_SHOWN
    from .kernel.codes import CODES as KERNEL
    from .kernel.shown import SHOWN as KERNEL_SHOWN
    from .kernel.shown import told
    from .lang.codes import CODES as LANG
    from .lang.shown import SHOWN as LANG_SHOWN

    known = {c.code: c for c in (*LANG, *KERNEL, *BACKENDS)}
    found = known.get(code.upper())
    if found is None:
        from difflib import get_close_matches

        near = get_close_matches(code.upper(), known, 1, 0.0)
        raise typer.BadParameter(
            f"{code} is not a code of wetprint. Did you mean {near[0]}?", param_hint="CODE"
        )
    print(told(found, {**LANG_SHOWN, **KERNEL_SHOWN, **BACKENDS_SHOWN}.get(found.code)))


@app.command()
def test(file: File) -> None:
    """Run the tests that a design holds."""
    from .lang.post import run_tests

    loaded = load_design(file)
    results = run_tests(loaded, lambda variant: _figures(variant))
    for name, failed in results:
        print(f"{'FAIL' if failed else 'ok  '} {name}")
        show(failed)
    bad = sum(bool(failed) for _, failed in results)
    print(f"{len(results) - bad} passed, {bad} failed")
    if bad:
        raise typer.Exit(DESIGN_ERROR)


def _figures(loaded: Loaded) -> tuple[dict[str, Any], list[Diagnostic]]:
    """Figures and diagnostics of a design that has no language errors, for tests that a design holds."""
    from .kernel.build import build
    from .kernel.measure import figures
    from .kernel.shrink import complete_jobs

    assert loaded.scene is not None
    jobs, said = build(loaded.scene)
    if has_errors(said):
        return {}, said
    jobs, more = complete_jobs(loaded.scene, jobs)
    return figures(jobs), [*said, *more]


@app.command()
def measure(
    file: File,
    sets: Set = None,
    preset: Preset = None,
    state: StateOption = "both",
    conductance: Annotated[
        str,
        typer.Option(
            "--conductance", help="axes such as `x` or `xyz`: what the dried part conducts along them"
        ),
    ] = "",
    uncertainty: Annotated[
        bool,
        typer.Option("--uncertainty", help="what the spread of the inks' figures makes of the dried part"),
    ] = False,
    samples: Annotated[
        int,
        typer.Option("--samples", help="dry so many times with drawn figures; 0: linear", min=0, max=100_000),
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", help="of the draws", min=0)] = 1,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE.svg", help="width and shrinkage against height")
    ] = None,
    as_json: Json = False,
) -> None:
    """Figures of the wet and the dried part."""
    from .kernel.material import FURTHER
    from .kernel.measure import measure as measured
    from .kernel.measure import table
    from .kernel.network import AXES

    shown = _states(state)
    loaded = load_design(file, sets, preset, as_json=as_json)
    jobs, said = _jobs(loaded, as_json=as_json)
    if not set(conductance) <= set("xyz"):
        raise typer.BadParameter(f"{conductance!r}: expected some of x, y and z", param_hint="--conductance")
    try:
        axes = [a for a in AXES if a in conductance]
        with waiting("measuring"):
            found = measured(jobs, () if state in FURTHER else axes)
        if state in FURTHER:
            jobs, _, said = _further(jobs, state, said, as_json=as_json)
            later = measured(jobs, axes)
            found = {**later, "states": {**found["states"], state: later["states"]["dried"]}}
    except LookupError as unknown:
        raise typer.BadParameter(f"{unknown.args[0]}", param_hint="--conductance") from None
    spread = None
    if uncertainty or samples:
        if state in FURTHER:
            raise typer.BadParameter(
                "the spread of inks is that of the dried part", param_hint="--uncertainty"
            )
        from .kernel.spread import spread_of, spread_table

        spread = spread_of(jobs, samples=samples, seed=seed)
    if plot is not None:
        from .backends.plots import part_plots, write_plots

        write_plots(plot, part_plots(jobs, None if spread is None else spread.layers[:, 1]))
        say(f"plot: {plot}")
    if as_json:
        print_json(found if spread is None else {**found, "uncertainty": spread.as_dict()})
    else:
        print(table(found, shown))
        if spread is not None:
            print(spread_table(spread))
        show(d for d in said if d.severity >= Severity.WARNING)


def _states(name: str) -> tuple[str, ...]:
    from .kernel.material import FURTHER

    if name not in ("wet", "dried", "both", *FURTHER):
        listed = f"wet, dried or both, or {' or '.join(FURTHER)}"
        raise typer.BadParameter(f"{name!r}: expected {listed}", param_hint="--state")
    return ("wet", "dried") if name == "both" else (name,)


def _settled(jobs: tuple[Job, ...]) -> tuple[Job, ...]:
    """The jobs as they lie in the bath, and what comes of that; says how far they are from the design."""
    from dataclasses import replace

    from .kernel.sag import ASSUMPTIONS
    from .kernel.settle import ASSUMED
    from .kernel.settle import settled as settle

    found = [settle(job.filaments) for job in jobs]
    for job, f in zip(jobs, found, strict=True):
        say(
            f"{job.name}: spans sag by up to {f.sag_um:.3g} um, sections flatten to {f.flattest:.0%} of their height"
        )
    for line in (ASSUMED, *ASSUMPTIONS):
        say(line)
    return tuple(replace(job, filaments=f.filaments) for job, f in zip(jobs, found, strict=True))


def _further(
    jobs: tuple[Job, ...], state: str, said: list[Diagnostic], *, as_json: bool = False
) -> tuple[tuple[Job, ...], str, list[Diagnostic]]:
    """The jobs in a state that is neither wet nor dried, which is then called dried; as they are for those two."""
    from .kernel.material import FURTHER

    if state not in FURTHER:
        return jobs, state, said
    from .kernel.states import further

    jobs, more = further(jobs, state)
    if has_errors(more):
        end([*said, *more], as_json=as_json)
    return jobs, "dried", [*said, *more]


# -- pictures and files ----------------------------------------------------------------------------------------------


@app.command()
def preview(
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="a design (.wp), or - for standard input")
    ] = None,
    sets: Set = None,
    preset: Preset = None,
    state: StateOption = "dried",
    png: Annotated[Path | None, typer.Option("--png", help="draw to a picture, no display needed")] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="write a page that turns in any browser")
    ] = None,
    gif: Annotated[
        Path | None, typer.Option("--gif", help="film a turn, or the drying with --state both")
    ] = None,
    mp4: Annotated[Path | None, typer.Option("--mp4", help="the same in true colours; needs ffmpeg")] = None,
    film: Annotated[
        str, typer.Option("--film", metavar="WHAT", help="of --gif and --mp4: turn, drying or print")
    ] = "",
    glb: Annotated[
        Path | None, typer.Option("--glb", help="write the part for slides, web pages and Blender")
    ] = None,
    size: Annotated[
        str | None, typer.Option("--size", help="of the picture in pixels, such as 1600x1200")
    ] = None,
    style: Annotated[str, typer.Option("--style", help="paper, dark, sem or lines")] = "paper",
    view: Annotated[
        str, typer.Option("--view", help="axonometric, isometric, top, front, side, low, or AZ,EL")
    ] = ("axonometric"),
    transparent: Annotated[bool, typer.Option("--transparent", help="no background")] = False,
    run: Annotated[
        str | None,
        typer.Option("--run", metavar="RUN", help="what a print has laid so far, in place of a design"),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="WHAT",
            help="colours: ink, layer, width, height, movement (as it dries), gap, span; order, time, speed, pressure of the print; of "
            "a run: time or ink",
        ),
    ] = None,
    rig: Annotated[
        str, typer.Option("--rig", help="where order, time, speed and pressure are those of a print")
    ] = "sim",
    overlay: Annotated[
        bool, typer.Option("--overlay", help="the wet part as a ghost over the dried one")
    ] = False,
    settled: SettledOption = False,
    runs: Runs = None,
    watch: Annotated[bool, typer.Option("--watch", help="draw again whenever the design is saved")] = False,
) -> None:
    """Look at the part: in a window, or in files where there is no display."""
    from .backends.preview import preview as draw

    _states(state)
    pixels = None if size is None else _size(size)
    _keep_designs(png, html, gif, mp4, glb)
    if (file is None) == (run is None):
        raise typer.BadParameter(
            "expected a design, or --run RUN for what a print has laid", param_hint="FILE"
        )
    asks: dict[str, Any] = {
        "png": png, "html": html, "gif": gif, "mp4": mp4, "size": pixels, "transparent": transparent, "style": style, "view": view,
        "overlay": overlay, "film": film,
    }  # fmt: skip
    if file is not None:
        from .backends.colouring import names

        if by is not None and by not in names():
            raise typer.BadParameter(f"{by!r}: expected {', '.join(names())}", param_hint="--by")
        asks |= {"by": by or "ink", "rig": partial(_rig, rig, file), "title": Path(file).stem}
    if watch:
        if file is None or file == "-":
            raise typer.BadParameter("expected a design in a file, which can be saved", param_hint="--watch")
        if glb is not None:
            raise typer.BadParameter("pictures, pages, films and the window follow saves", param_hint="--glb")
        from .backends.preview import look_for
        from .kernel.material import FURTHER

        asked, look = look_for(state="dried" if state in FURTHER else state, **asks)
        _watch(file, sets, preset, state, _needed(look, asked, state, settled), asked, look, settled)
        return
    jobs: Sequence[Job | FilamentSet]
    if run is not None:
        from .backends.run_part import deposited

        if by not in ("time", "ink", None) or overlay:
            said_of = "--overlay" if overlay else "--by"
            raise typer.BadParameter("a run is shown as it was laid, by time or by ink", param_hint=said_of)
        jobs, state = [deposited(run, runs, by=by or "time")], "wet"
        asks["title"] = f"run {run}"
    else:
        assert file is not None
        from .backends.preview import look_for
        from .kernel.material import FURTHER

        loaded = load_design(file, sets, preset)
        asked, look = look_for(state="dried" if state in FURTHER else state, **asks)
        made, said = _jobs(loaded, only="both" if glb else _needed(look, asked, state, settled))
        if not asked:
            asks["problems"] = partial(_problems, loaded, made)
        made, state, said = _further(made, state, said)
        if any(job.drying is not None for job in made):
            from .kernel.measure import drying_lines, told_drying

            for line in drying_lines(told_drying(made)):
                say(line)
        jobs = _settled(made) if settled else made
        show(d for d in said if d.severity >= Severity.WARNING)
        asks["title"] = Path(loaded.source.name).stem
    if glb is not None:
        from .backends.export import write_geometry

        write_geometry(jobs, "glb", glb, "wet" if state == "wet" else "dried")
        print(f"model: {glb}")
        if not any((png, html, gif, mp4)):
            return
    for path in draw(jobs, state=state, **asks):
        word = {".html": "page", ".gif": "film", ".mp4": "film"}.get(path.suffix.lower(), "picture")
        print(f"{word}: {path}")


def _needed(look: Look, asked: Sequence[tuple[str, Path]], state: str, settled: bool) -> str:
    """The states that must be known to show a part so: `state` alone where only that one is drawn."""
    drawn = bool(asked) and all(name != "html" for name, _ in asked)
    planned = look.film == "print" or look.by in ("order", "time", "speed", "pressure")
    alone = drawn and not (
        look.overlay or look.by == "movement" or look.film == "drying" or planned or settled
    )
    return state if alone else "both"


def _problems(loaded: Loaded, jobs: tuple[Job, ...]) -> Sequence[Diagnostic]:
    """What `wp check` says of a part."""
    from .kernel.check import run_checks

    assert loaded.scene is not None
    return run_checks(loaded.scene, jobs, None)


def _watch(
    file: str,
    sets: list[str] | None,
    preset: str | None,
    state: str,
    only: str,
    outputs: list[tuple[str, Path]],
    look: Look,
    settled: bool,
) -> None:
    """Draw a design anew whenever it is saved."""
    from .backends.watch import Made, watch_files, watch_window
    from .lang.files import files_of
    from .lang.load import load

    if not Path(file).is_file():
        load_design(file)
    values = assignments(sets)

    def make() -> Made:
        loaded = load(file, sets=values, preset=preset)
        scene = loaded.scene
        if scene is None or has_errors(loaded.diagnostics):
            show(loaded.diagnostics)
            return Made(files_of(loaded), ())

        def way(model: Model, tell: bool) -> Parts:
            try:
                jobs, said = _jobs(loaded, only=only, model=model)
                jobs, _, said = _further(jobs, state, said)
                jobs = _settled(jobs) if settled else jobs
            except typer.Exit:
                raise WetprintError from None  # it has been told
            if tell:
                show(d for d in said if d.severity >= Severity.WARNING)
            return jobs

        # How a part dries may take seconds to solve: the closed form of it comes first.
        quick, full = partial(way, "analytic", False), partial(way, "auto", True)
        return Made(files_of(loaded), (full,) if _drawn_alone(scene, only) else (quick, full))

    def tell(text: str) -> None:
        print(text, flush=True)

    say(f"watching {file}; Ctrl-C ends")
    if outputs:
        watch_files(Path(file), make, look, outputs, tell, show)
    else:
        watch_window(Path(file), make, look, tell, show)
        # Nobody waits for threads that still solve, nor for VTK, which now and then fails while Python takes it down.
        os._exit(0)


def _keep_designs(*outputs: Path | None) -> None:
    """A design is never written over with what was made of it."""
    for path in outputs:
        if path is not None and path.suffix.lower() == ".wp":
            raise WetprintError(
                error(
                    "X701",
                    f"{path} is the name of a design; another ending was expected, nothing was written",
                )
            )


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (
        width.isdecimal() and height.isdecimal() and 16 <= int(width) <= 16384 and 16 <= int(height) <= 16384
    ):
        raise typer.BadParameter(
            f"{text!r}: expected WIDTHxHEIGHT in pixels, such as 1600x1200", param_hint="--size"
        )
    return int(width), int(height)


@app.command()
def calibrate(
    data: Annotated[Path, typer.Argument(metavar="DATA.csv", help="measured widths, one setting a line")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="file of inks to write (.wp), with a plot beside it")
    ] = None,
    date: Annotated[
        str | None,
        typer.Option("--date", help="day of the measurement, where the table does not tell: 2026-05-01"),
    ] = None,
    inks: Annotated[
        Path | None, typer.Option("--inks", help="file that holds the inks (default: the library)")
    ] = None,
    poisson: Annotated[
        float,
        typer.Option("--poisson", help="Poisson's ratio where free lines do not tell it", min=0.0, max=0.5),
    ] = 0.2,
    poisson_sd: Annotated[
        float, typer.Option("--poisson-sd", help="its standard uncertainty", min=0.0, max=0.5)
    ] = 0.1,
    swell: Annotated[
        float, typer.Option("--swell", help="swell where flows do not tell it", min=0.1, max=10.0)
    ] = 1.0,
    keep: Annotated[
        bool, typer.Option("--keep-outliers", help="take in rows that do not follow the others")
    ] = False,
    as_json: Json = False,
) -> None:
    """Fit swell, free shrinkage and resistance to measured widths, and write inks that designs can use."""
    from .kernel.calibrate import calibrate as fit
    from .kernel.calibration_text import as_data, summary_text
    from .kernel.measurements import day, read_table
    from .lang.calibration import FIRST, inks_text, rig_text

    if date is not None:
        try:
            date = day(date)
        except ValueError:
            raise typer.BadParameter(
                f"{date!r}: expected a day such as 2026-05-01", param_hint="--date"
            ) from None
    if output is not None:
        if output.suffix != ".wp":
            raise typer.BadParameter(f"{output}: inks are written to a .wp file", param_hint="--output")
        if output.exists() and not output.read_text(encoding="utf-8", errors="replace").startswith(FIRST):
            raise WetprintError(
                error("X701", f"{output} is there already, and no calibration wrote it; nothing was written")
            )
    fits, said = fit(read_table(data), poisson=poisson, poisson_sd=poisson_sd, swell=swell, keep=keep)
    written: list[Path] = []
    if output is not None:
        from .backends.files import writing
        from .backends.plots import calibration_plots, write_plots

        text, names = inks_text(fits, data=data.name, day=date or "", inks=inks)
        loads = rig_text(fits, names, data=data.name, day=date or "")
        plot = output.with_suffix(".svg")
        with writing(output) as out:
            out.write(text.encode())
        written = [output, write_plots(plot, calibration_plots(fits))]
        if loads:
            with writing(output.with_suffix(".toml")) as out:
                out.write(loads.encode())
            written.append(output.with_suffix(".toml"))
    if as_json:
        print_json({"inks": as_data(fits), "files": [str(p) for p in written]})
    else:
        print(summary_text(fits))
    show(said)
    for path in written:
        say(f"written: {path}")


@app.command()
def export(
    file: File,
    output: Annotated[Path, typer.Option("--output", "-o", help="file to write")],
    format_: Annotated[
        str | None, typer.Option("--format", help="if the file's ending does not tell")
    ] = None,
    sets: Set = None,
    preset: Preset = None,
    state: StateOption = "dried",
    rig: RigOption = "sim",
    settled: SettledOption = False,
    fused: Annotated[
        bool, typer.Option("--fused", help="one watertight mesh an ink, overlaps counted once")
    ] = False,
) -> None:
    """Write geometry (stl, vtp ...) or a motion program (aerotech, linuxcnc ...)."""
    from .backends.dialects import DIALECTS
    from .backends.export import export_format, mesh_exporter, write_fused, write_geometry, write_program

    _keep_designs(output)
    name = export_format(output, format_)
    if fused:
        mesh_exporter(name)
    if name in DIALECTS:
        machine = _rig(rig, file)
        _, toolpath = _planned(file, sets, preset, machine)
        write_program(toolpath, machine, name, output)
    else:
        loaded = load_design(file, sets, preset)
        if len(_states(state)) > 1:
            raise typer.BadParameter(
                f"{state!r}: a file holds one state, such as dried", param_hint="--state"
            )
        jobs, said = _jobs(loaded, only="both" if settled else state)
        jobs, state, said = _further(jobs, state, said)
        if settled:
            jobs = _settled(jobs)
        show(d for d in said if d.severity >= Severity.WARNING)
        shown: StateName = "wet" if state == "wet" else "dried"
        if fused:
            write_fused(jobs, name, output, shown, say)
        else:
            write_geometry(jobs, name, output, shown)
    print(f"{name}: {output}")


@app.command()
def plan(
    file: File, sets: Set = None, preset: Preset = None, rig: RigOption = "sim", as_json: Json = False
) -> None:
    """Order, time, switches and ink of a print."""
    from .kernel.order import summary, summary_table

    machine = _rig(rig, file)
    _, toolpath = _planned(file, sets, preset, machine)
    found = summary(toolpath.plan, toolpath, machine)
    if as_json:
        print_json(found)
    else:
        print(summary_table(found))


@app.command()
def nozzle(
    width: Annotated[str, typer.Argument(help="dried width of a filament, such as 10um")],
    ink: Annotated[str, typer.Option("--ink", help="ink of the library, or of --inks")],
    rig: RigOption = "sim",
    inks: Annotated[Path | None, typer.Option("--inks", help="file that holds the ink")] = None,
    wet: Annotated[bool, typer.Option("--wet", help="the width is that in the bath")] = False,
    speed: Annotated[str | None, typer.Option("--speed", help="of printing, such as 1.2[mm/s]")] = None,
    as_json: Json = False,
) -> None:
    """Which nozzle and which pressure a width needs on a rig."""
    from .kernel.nozzles import choices, choices_table, tips_um
    from .lang.calibration import find_ink, quantities

    machine = _rig(rig, "-")
    found = find_ink(ink, inks)
    um, um_s = quantities(width, speed or f"{machine.speeds.print_um_s!r}[um/s]")
    # The first layer is held by the substrate and thins by s (1 + nu), what dries free by s.
    hold = {"held": found.shrink * (1.0 + found.poisson), "free": found.shrink}
    widths = {"wet": um} if wet else {name: um / (1.0 - lost) for name, lost in hold.items()}
    rows = {name: choices(machine, found, value, um_s) for name, value in widths.items()}
    if as_json:
        data = {
            name: {
                "wet_um": widths[name],
                "tips_um": tips_um(found, widths[name]),
                "choices": [c.as_dict() for c in row],
            }
            for name, row in rows.items()
        }
        print_json({"ink": found.name, "width_um": um, "speed_um_s": um_s, "nozzles": data})
        return
    said = {"wet": "in the bath", "held": "dried, on the substrate", "free": "dried, free of the substrate"}
    for name, row in rows.items():
        thread = widths[name] / found.swell
        low, high = tips_um(found, widths[name])
        print(
            f"{um:.4g} um {said[name]}: {widths[name]:.4g} um wet, ink thread {thread:.4g} um, tips of {low:.3g} to {high:.3g} um"
        )
        print(choices_table(row))


@app.command()
def report(
    file: File,
    output: Annotated[Path, typer.Option("--output", "-o", help="page to write: .html, or .md for Markdown")],
    sets: Set = None,
    preset: Preset = None,
    rig: RigOption = "sim",
) -> None:
    """Write the process sheet: what to prepare, what happens when, and what all figures rest on."""
    from .backends.report import Subject, complete, form_of, write_report
    from .kernel.build import build
    from .lang.lock import design_hash
    from .lang.params import params_json

    form_of(output)
    machine = _rig(rig, file)
    loaded = load_design(file, sets, preset)
    assert loaded.scene is not None
    drawn, said = build(loaded.scene)
    said = [*loaded.diagnostics, *said]
    if has_errors(said):
        end(said)
    if not drawn:
        _jobs(loaded)  # says why nothing is printed, and ends
    jobs, dryings = complete(loaded.scene, drawn)
    said += [d for found in dryings for d in found.diagnostics]
    toolpath = _toolpath(jobs, machine)
    said += _verdict(loaded, jobs, machine, toolpath)
    subject = Subject(
        loaded.source.name, loaded.source.text, loaded.scene, jobs, machine, toolpath, said, dryings,
        params_json(loaded)["params"], design_hash(loaded),
    )  # fmt: skip
    print(f"report: {write_report(subject, output)}")
    errors = sum(d.severity is Severity.ERROR for d in said)
    if errors:
        say(
            f"not fit to print on rig {machine.name}: {errors} error{'' if errors == 1 else 's'}, told in the report"
        )


# -- printing -------------------------------------------------------------------------------------------------------


@app.command("print")
def print_(
    file: File,
    rig: Annotated[str, typer.Option("--rig", help="name of a rig, or a rig file")],
    sets: Set = None,
    preset: Preset = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="move the stage along the print, without ink")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask before the start")] = False,
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="RUN", help="go on with a stopped run")
    ] = None,
    runs: Runs = None,
) -> None:
    """Drive the printer."""
    from .backends.session import print_part
    from .kernel.rig_check import problems

    machine = _rig(rig, file)
    loaded, toolpath = _planned(file, sets, preset, machine, rules=True)
    assert loaded.scene is not None
    said = problems(toolpath.plan, machine, toolpath)
    if dry_run:
        # The stage moves without ink: what is not known of the ink does not matter.
        said = [d for d in said if d.code not in ("R511", "R512")]
    if has_errors(said):
        end(said)
    show(d for d in said if d.severity >= Severity.WARNING)
    code = print_part(
        toolpath,
        machine,
        design=loaded.source,
        dry_run=dry_run,
        yes=yes,
        resume=resume,
        runs_dir=runs,
        baths=[p.bath for p in loaded.scene.prints if p.bath is not None],
    )
    raise typer.Exit(code)


@app.command()
def studio(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="a design (.wp)")],
    rig: RigOption = "sim",
    port: Annotated[int, typer.Option("--port", help="0: a free one", min=0, max=65535)] = 0,
    host: Annotated[str, typer.Option("--host", help="address to listen on")] = "127.0.0.1",
    no_browser: Annotated[bool, typer.Option("--no-browser", help="only print the address")] = False,
    runs: Runs = None,
) -> None:
    """Edit, see and print a design in a live page of the browser."""
    from .backends.studio.app import studio as serve
    from .lang.studio import Editing

    serve(
        file,
        Editing,
        rig=rig,
        host=host,
        port=port,
        browser=not no_browser,
        runs=runs,
        tell=lambda text: print(text, flush=True),
        show=show,
    )


@rig_app.command("new")
def rig_new(
    name: Annotated[str, typer.Argument(help="name of the rig")],
    yes: Annotated[bool, typer.Option("--yes", help="ask nothing, write a template to fill in")] = False,
) -> None:
    """Ask for what a printer is, and write rigs/NAME.toml."""
    from .backends.rig_new import new_rig, on_terminal

    asks = sys.stdin.isatty() and not yes
    path, missing = new_rig(name, Path("rigs"), on_terminal if asks else None, say)
    show(missing)
    print(
        f"{path} written" + (f"; fill in what is marked there, then: wp rig show {name}" if missing else "")
    )


in_lang.register(app)
in_backends.register(app)


# -- the one place where trouble becomes a message -------------------------------------------------------------------


def main() -> None:
    """Run `wp`. Every failure ends in a message and an exit code, never in a traceback."""
    try:
        app(standalone_mode=True)
    except WetprintError as caught:
        show(caught.diagnostics)
        sys.exit(DESIGN_ERROR)
    except BrokenPipeError:
        _let_go()
        sys.exit(0)
    except OSError as caught:
        name = f"{caught.filename}: " if caught.filename else ""
        show([error("X702", f"{name}{caught.strerror or caught}")])
        sys.exit(DESIGN_ERROR)
    except MemoryError:
        show(
            [
                error(
                    "X703",
                    "this design needs more memory than there is; print it in parts or raise the pitch",
                )
            ]
        )
        sys.exit(DESIGN_ERROR)
    except KeyboardInterrupt:
        say("stopped")
        sys.exit(130)
    except Exception as caught:
        if "WP_TRACEBACK" in os.environ:
            raise
        last = caught.__traceback__
        while last is not None and last.tb_next is not None:
            last = last.tb_next
        place = f"{Path(last.tb_frame.f_code.co_filename).name}:{last.tb_lineno}" if last else "?"
        show(
            [
                error(
                    "X799",
                    f"a fault of wetprint itself: {type(caught).__name__}: {caught} ({place})",
                    notes=("please report it with the design; WP_TRACEBACK=1 prints where it happened",),
                )
            ]
        )
        sys.exit(FAULT)
