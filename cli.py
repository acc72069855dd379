"""The command `wp`: one thin verb for each thing the rooms can do."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .backends.verbs import options as o
from .backends.verbs import rigs as in_backends
from .backends.verbs.command import Quiet, let_go
from .backends.verbs.rigs import Runs
from .backends.verbs.waiting import waiting
from .kernel.diagnostics import Diagnostic, Severity
from .kernel.trouble import FAULT, told
from .lang.verbs import asked as in_lang
from .lang.verbs import design as verbs_design
from .lang.verbs.asked import (
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
from .lang.verbs.asked import stop as end
from .lang.verbs.pipeline import (
    Design,
    jobs_of,
    planned,
    states,
    toolpath_of,
    verdict,
)

if TYPE_CHECKING:
    from .backends.preview import Look
    from .kernel.build import Job
    from .kernel.rig import Rig
    from .kernel.shrink import Model
    from .lang.load import Loaded


app = typer.Typer(
    cls=Quiet,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="State the dried part, print the wet one.",
    context_settings={"help_option_names": ["-h", "--help"]},
)

# -- what joins the rooms --------------------------------------------------------------------------------------------


def _jobs(
    loaded: Loaded, *, only: str = "both", as_json: bool = False, model: Model = "auto"
) -> tuple[tuple[Job, ...], list[Diagnostic]]:
    return jobs_of(loaded, waiting, only=only, as_json=as_json, model=model)


def _rig(name: str, file: str) -> Rig:
    from .backends.rigs.store import load_rig

    beside = Path.cwd() if file == "-" else Path(file).resolve().parent
    return load_rig(name, [beside / "rigs", Path.cwd() / "rigs"])


# -- designs --------------------------------------------------------------------------------------------------------


app.command()(verbs_design.new)


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
    from .lang.verbs.pipeline import all_said

    loaded = load(file, text=stdin(file), sets=assignments(sets), preset=preset)
    said = all_said(loaded, partial(_rig, rig, file) if rig else None)
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
    from .lang.verbs.design import lay_out

    lay_out(files, writing, check_only=check_only, diff=diff)


@app.command()
def explain(code: Annotated[str, typer.Argument(help="a code, such as E201")]) -> None:
    """Tell a code in full, with an example."""
    from .backends.codes import CODES as BACKENDS
    from .backends.shown import SHOWN as BACKENDS_SHOWN
    from .kernel.codes import CODES as KERNEL
    from .kernel.shown import SHOWN as KERNEL_SHOWN
    from .kernel.shown import explained
    from .lang.codes import CODES as LANG
    from .lang.shown import SHOWN as LANG_SHOWN

    text, near = explained(
        code, (*LANG, *KERNEL, *BACKENDS), {**LANG_SHOWN, **KERNEL_SHOWN, **BACKENDS_SHOWN}
    )
    if near:
        raise typer.BadParameter(f"{code} is not a code of wetprint. Did you mean {near}?", param_hint="CODE")
    print(text)


app.command()(verbs_design.test)


@app.command()
def measure(
    file: File,
    sets: Set = None,
    preset: Preset = None,
    state: o.StateOption = "both",
    conductance: o.Conductance = "",
    settled: o.SettledOption = False,
    uncertainty: o.Uncertainty = False,
    samples: o.Samples = 0,
    seed: o.Seed = 1,
    plot: o.Plot = None,
    as_json: Json = False,
) -> None:
    """Figures of the wet and the dried part, as it was drawn or as it settles in the bath."""
    from .lang.verbs.measure import figures_of, spread_asked, tell

    shown = states(state)
    loaded = load_design(file, sets, preset, as_json=as_json)
    assert loaded.scene is not None
    for option, asked in (("--plot", plot), ("--uncertainty", uncertainty), ("--samples", samples)):
        if asked:
            o.has_prints(loaded.scene, f"`{option}`", "tells of")
    jobs, said = _jobs(loaded, as_json=as_json)
    with waiting("measuring"):
        found, jobs, said = figures_of(
            jobs, said, state, conductance, scene=loaded.scene, settled=settled, as_json=as_json
        )
    spread = spread_asked(jobs, state, samples, seed) if uncertainty or samples else None
    if plot is not None:
        from .backends.plots import part_plots, write_plots

        write_plots(plot, part_plots(jobs, None if spread is None else spread.layers[:, 1]))
        say(f"plot: {plot}")
    tell(found, shown, spread, said, as_json=as_json)


# -- pictures and files ----------------------------------------------------------------------------------------------


@app.command()
def preview(
    file: o.Shown = None,
    sets: Set = None,
    preset: Preset = None,
    state: o.StateOption = "dried",
    png: o.Png = None,
    html: o.Html = None,
    gif: o.Gif = None,
    mp4: o.Mp4 = None,
    film: o.Film = "",
    glb: o.Glb = None,
    size: o.Size = None,
    style: o.Style = "paper",
    view: o.View = "axonometric",
    transparent: o.Transparent = False,
    run: o.RunName = None,
    by: o.By = None,
    rig: o.PlannedOn = "sim",
    overlay: o.Overlay = False,
    settled: o.SettledOption = False,
    runs: Runs = None,
    watch: o.Watch = False,
) -> None:
    """Look at the part: in a window, or in files where there is no display."""
    from .backends.verbs.preview import show_design, show_jobs

    states(state)
    o.keep_designs(png, html, gif, mp4, glb)
    asks: dict[str, Any] = {
        "png": png, "html": html, "gif": gif, "mp4": mp4, "size": o.size_of(size), "transparent": transparent, "style": style,
        "view": view, "overlay": overlay, "film": film,
    }  # fmt: skip
    if o.of_a_design(file, run, by):
        asks |= {"by": by or "ink", "rig": partial(_rig, rig, str(file)), "title": Path(str(file)).stem}
    if watch:
        file = o.watched(file, glb)
        from .backends.preview import look_for
        from .kernel.material import FURTHER

        asked, look = look_for(state="dried" if state in FURTHER else state, **asks)
        if not asked and state in FURTHER:  # the window switches between all states
            look, state = replace(look, further=state), "dried"
        _watch(file, sets, preset, state, o.states_needed(look, asked, state, settled), asked, look, settled)
        return
    if run is not None:
        asks["title"] = f"run {run}"
        lines = show_jobs([o.laid(run, runs, by, overlay)], asks, state="wet", glb=glb)
    else:
        assert file is not None
        design = Design(load_design(file, sets, preset), waiting)
        lines = show_design(design, asks, state=state, settled=settled, glb=glb)
    for line in lines:
        print(line)


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
    from .lang.verbs.watch import maker

    make = maker(file, sets, preset, Made, waiting, state=state, only=only, settled=settled)
    tell = partial(print, flush=True)
    say(f"watching {file}; Ctrl-C ends")
    if outputs:
        watch_files(Path(file), make, look, outputs, tell, show)
    else:
        watch_window(Path(file), make, look, tell, show)
        # Nobody waits for threads that still solve, nor for VTK, which now and then fails while Python takes it down.
        os._exit(0)


@app.command()
def calibrate(
    data: Annotated[Path, typer.Argument(metavar="DATA.csv", help="measured widths, one setting a line")],
    output: o.InkOutput = None,
    dose: o.Doses = False,
    films: o.FilmFile = None,
    date: o.MeasuredOn = None,
    inks: o.InkFile = None,
    poisson: o.Poisson = 0.2,
    poisson_sd: o.PoissonSd = 0.1,
    swell: o.Swell = 1.0,
    keep: o.Keep = False,
    as_json: Json = False,
) -> None:
    """Fit swell, free shrinkage and resistance to measured widths (or a film's contrast to thickness against dose), and write them."""
    from .backends.files import writing
    from .backends.plots import calibration_plots, write_plots
    from .kernel.calibrate import calibrate as fit
    from .kernel.calibration.measurements import read_table
    from .lang.verbs.calibrate import dated, fit_doses, free_to_write, tell_fits, write_inks

    date = dated(date)
    if output is not None:
        free_to_write(output)
    if dose:
        fit_doses(data, output, date, films, writing, keep=keep, as_json=as_json)
        return
    fits, said = fit(read_table(data), poisson=poisson, poisson_sd=poisson_sd, swell=swell, keep=keep)
    written: list[Path] = []
    if output is not None:
        written = write_inks(fits, output, data, date, inks, writing)
        written.insert(1, write_plots(output.with_suffix(".svg"), calibration_plots(fits)))
    tell_fits(fits, said, written, as_json=as_json)


@app.command()
def export(
    file: File,
    output: o.Output,
    format_: o.Format = None,
    sets: Set = None,
    preset: Preset = None,
    state: o.StateOption = "dried",
    rig: o.RigOption = "sim",
    settled: o.SettledOption = False,
    fused: o.Fused = False,
    writer: o.WriterOption = None,
    pattern: o.PatternOption = None,
    scan: o.ScanOption = "x",
) -> None:
    """Write geometry (stl, vtp ...), a motion program (aerotech, linuxcnc ...), masks (gds, oas, dxf) or lines of light (gwl)."""
    from .backends.export import export_format
    from .backends.verbs.export import write_file

    o.keep_designs(output)
    for line in write_file(
        lambda: Design(load_design(file, sets, preset), waiting), export_format(output, format_), output,
        rig=partial(_rig, rig, file), tell=show, say=say, state=state, settled=settled, fused=fused, writer=writer,
        pattern=pattern, scan=scan,
    ):  # fmt: skip
        print(line)


@app.command()
def plan(
    file: File, sets: Set = None, preset: Preset = None, rig: o.RigOption = "sim", as_json: Json = False
) -> None:
    """Order, time, switches and ink of a print."""
    from .kernel.order import summary, summary_table

    machine = _rig(rig, file)
    loaded = load_design(file, sets, preset)
    if loaded.scene is not None and loaded.scene.in_steps:
        from .lang.verbs.plan import tell_steps

        tell_steps(loaded, waiting, machine, as_json=as_json)
        return
    toolpath = planned(loaded, waiting, machine)
    found = summary(toolpath.plan, toolpath, machine)
    if as_json:
        print_json(found)
    else:
        print(summary_table(found))


@app.command()
def nozzle(
    width: Annotated[str, typer.Argument(help="dried width of a filament, such as 10um")],
    ink: Annotated[str, typer.Option("--ink", help="ink of the library, or of --inks")],
    rig: o.RigOption = "sim",
    inks: o.InkFile = None,
    wet: Annotated[bool, typer.Option("--wet", help="the width is that in the bath")] = False,
    speed: Annotated[str | None, typer.Option("--speed", help="of printing, such as 1.2[mm/s]")] = None,
    as_json: Json = False,
) -> None:
    """Which nozzle and which pressure a width needs on a rig."""
    from .lang.verbs.calibrate import tell_nozzles

    tell_nozzles(_rig(rig, "-"), width, ink, inks, wet=wet, speed=speed, as_json=as_json)


@app.command()
def report(
    file: File,
    output: Annotated[Path, typer.Option("--output", "-o", help="page to write: .html, or .md for Markdown")],
    sets: Set = None,
    preset: Preset = None,
    rig: o.RigOption = "sim",
) -> None:
    """Write the process sheet: what to prepare, what happens when, and what all figures rest on."""
    from .backends.report import StepSubject, Subject, complete, form_of, write_report
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
    wet = tuple(job for job in drawn if job.print.process == "wet_writing")
    told = {
        "file": loaded.source.name, "text": loaded.source.text, "scene": loaded.scene, "params": params_json(loaded)["params"],
        "design_hash": design_hash(loaded),
    }  # fmt: skip
    if not wet and (loaded.scene.patterns or drawn):
        said += verdict(loaded, drawn, None)
        print(f"report: {write_report(StepSubject(jobs=drawn, diagnostics=said, **told), output)}")
        return
    if not drawn:
        _jobs(loaded)  # says why nothing is printed, and ends
    jobs, dryings = complete(loaded.scene, drawn)
    said += [d for found in dryings for d in found.diagnostics]
    toolpath = toolpath_of(jobs, machine)
    said += verdict(loaded, jobs, machine, toolpath)
    subject = Subject(jobs=jobs, rig=machine, toolpath=toolpath, diagnostics=said, dryings=dryings, **told)
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
    dry_run: o.DryRun = False,
    yes: o.Yes = False,
    resume: o.Resume = None,
    runs: Runs = None,
) -> None:
    """Drive the printer."""
    from .backends.preflight import preflight
    from .backends.session import print_part
    from .backends.writer import ink_alone

    machine = _rig(rig, file)
    loaded = load_design(file, sets, preset)
    assert loaded.scene is not None
    for left in ink_alone(loaded.scene.prints, loaded.scene.patterns):
        say(left)
    toolpath = planned(loaded, waiting, machine, rules=True)
    baths = [p.bath for p in loaded.scene.prints if p.bath is not None]
    said = preflight(toolpath, machine, dry_run=dry_run, baths=baths)
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
        baths=baths,
        checked=True,
    )
    raise typer.Exit(code)


@app.command()
def studio(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="a design (.wp)")],
    rig: o.RigOption = "sim",
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


@in_backends.rig_app.command("new")
def rig_new(
    name: Annotated[str, typer.Argument(help="name of the rig")],
    yes: Annotated[bool, typer.Option("--yes", help="ask nothing, write a template to fill in")] = False,
) -> None:
    """Ask for what a printer is, and write rigs/NAME.toml."""
    from .backends.rigs.new import new_rig, on_terminal

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
    except BrokenPipeError:
        let_go()
        sys.exit(0)
    except KeyboardInterrupt:
        say("stopped")
        sys.exit(130)
    except Exception as caught:
        said, code = told(caught)
        if code == FAULT and "WP_TRACEBACK" in os.environ:
            raise
        show(said)
        sys.exit(code)
