"""The command `wp`: verbs that need two rooms, and the one table of all verbs."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import __version__
from .backends.verbs import options as o
from .backends.verbs import rigs as of_rigs
from .backends.verbs import runs as of_runs
from .backends.verbs.command import group, join, let_go
from .backends.verbs.waiting import waiting
from .kernel.diagnostics import Severity
from .kernel.trouble import FAULT, told
from .lang.verbs import design as of_designs
from .lang.verbs.asked import DESIGN_ERROR, Asked, Json, Preset, Set, has_errors, on_design, say, show
from .lang.verbs.asked import stop as end
from .lang.verbs.pipeline import Design, jobs_of, planned, states

if TYPE_CHECKING:
    from .kernel.rig import Rig


def _design(asked: Asked) -> Design:
    return Design(asked.load(), waiting)


def _rig(name: str, asked: Asked) -> Rig:
    return o.rig_named(name, asked.folder)


# -- designs --------------------------------------------------------------------------------------------------------


@on_design
def check(
    design: Asked,
    rig: Annotated[
        str | None, typer.Option("--rig", metavar="RIG", help="also check against this rig")
    ] = None,
    as_json: Json = False,
) -> None:
    """Find all errors, warnings and broken design rules."""
    from .lang.verbs.pipeline import all_said

    loaded = design.read()
    said = all_said(loaded, partial(_rig, rig, design) if rig else None)
    show(said, as_json=as_json)
    if has_errors(said):
        raise typer.Exit(DESIGN_ERROR)
    if not as_json:
        print(f"{loaded.source.name}: no errors")


def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help="as it stands in a message, such as E201")],
) -> None:
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


# -- parts ----------------------------------------------------------------------------------------------------------


@on_design
def measure(
    design: Asked,
    state: o.StateOption = "both",
    conductance: o.Conductance = "",
    settled: o.SettledOption = False,
    uncertainty: o.Uncertainty = False,
    samples: o.Samples = 0,
    seed: o.Seed = 1,
    plot: o.Plot = None,
    as_json: Json = False,
) -> None:
    """Figures of the wet and the dried part.

    As it was drawn, or --settled: as it lies in the bath.
    """
    from .lang.verbs.measure import figures_of, spread_asked, tell

    shown = states(state)
    loaded = design.load(as_json=as_json)
    assert loaded.scene is not None
    for option, asked in (("--plot", plot), ("--uncertainty", uncertainty), ("--samples", samples)):
        if asked:
            o.has_prints(loaded.scene, f"`{option}`", "tells of")
    further = f"--state {state}", state not in ("wet", "dried", "both")
    o.needs_ink(loaded.scene, ("--settled", settled), further, ("--conductance", conductance))
    jobs, said = jobs_of(loaded, waiting, as_json=as_json)
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
    runs: of_runs.Runs = None,
    watch: o.Watch = False,
) -> None:
    """Look at the part, in a window or in files.

    Files need no display. Without one of --png, --html, --gif, --mp4 and --glb, a window opens.
    """
    from .backends.verbs.preview import show_design, show_jobs, watch_design
    from .lang.verbs.watch import maker

    states(state)
    o.keep_designs(png, html, gif, mp4, glb)
    asks: dict[str, Any] = {
        "png": png, "html": html, "gif": gif, "mp4": mp4, "size": o.size_of(size), "transparent": transparent, "style": style,
        "view": view, "overlay": overlay, "film": film,
    }  # fmt: skip
    asked = Asked(str(file), sets, preset)
    if o.of_a_design(file, run, by):
        asks |= {"by": by or "ink", "rig": partial(_rig, rig, asked), "title": Path(asked.file).stem}
    if watch:
        make = partial(maker, asked, waiting)
        watch_design(o.watched(file, glb), make, asks, state=state, settled=settled, complain=show, say=say)
    elif run is not None:
        asks["title"] = f"run {run}"
        o.tell_lines(show_jobs([o.laid(run, runs, by, overlay)], asks, state="wet", glb=glb))
    else:
        o.tell_lines(show_design(_design(asked), asks, state=state, settled=settled, glb=glb))


@on_design
def export(
    design: Asked,
    output: o.Output,
    format_: o.Format = None,
    state: o.StateOption = "dried",
    rig: o.RigOption = "sim",
    settled: o.SettledOption = False,
    fused: o.Fused = False,
    writer: o.WriterOption = None,
    pattern: o.PatternOption = None,
    scan: o.ScanOption = "x",
) -> None:
    """Write geometry, motion programs, masks or lines of light.

    The ending of the file tells the format, or --format does. Geometry: csv, glb, npz, ply, stl, svg, 3mf, vtp. Programs for
    a stage: aerotech (.pgm), automation1 (.ascript), linuxcnc (.ngc), grbl, klipper, marlin. Masks: dxf, gds, oas. Lines of
    light: gwl.
    """
    from .backends.export import export_format
    from .backends.verbs.export import write_file

    o.keep_designs(output)
    lines = write_file(
        partial(_design, design), export_format(output, format_), output, rig=partial(_rig, rig, design), tell=show, say=say,
        state=state, settled=settled, fused=fused, writer=writer, pattern=pattern, scan=scan,
    )  # fmt: skip
    o.tell_lines(lines)


@on_design
def report(design: Asked, output: o.Page, rig: o.RigOption = "sim") -> None:
    """Write the process sheet: what to prepare, and what happens when."""
    from .backends.report import form_of
    from .backends.verbs.report import write_sheet

    form_of(output)
    machine = _rig(rig, design)
    write_sheet(_design(design), machine, output, say)


# -- inks -----------------------------------------------------------------------------------------------------------


def calibrate(
    data: o.Table,
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
    """Fit inks to measured widths, or films to thickness against dose.

    Of an ink: swell, free shrinkage and resistance, each with its uncertainty. Of a film (--dose): its contrast curve.
    """
    from .backends.plots import calibration_plots, contrast_plots, write_plots
    from .kernel.calibrate import calibrate as fit
    from .kernel.calibration.measurements import read_table
    from .lang.verbs.calibrate import dated, fit_doses, free_to_write, tell_fits, write_inks

    date = dated(date)
    if output is not None:
        free_to_write(output)
    if dose:
        fit_doses(
            data, output, date, films, keep=keep, as_json=as_json,
            plot=lambda path, fits: write_plots(path, contrast_plots(fits)),
        )  # fmt: skip
        return
    fits, said = fit(read_table(data), poisson=poisson, poisson_sd=poisson_sd, swell=swell, keep=keep)
    written: list[Path] = []
    if output is not None:
        written = write_inks(fits, output, data, date, inks)
        written.insert(1, write_plots(output.with_suffix(".svg"), calibration_plots(fits)))
    tell_fits(fits, said, written, as_json=as_json)


def nozzle(
    width: o.Width,
    ink: o.Ink,
    rig: o.RigOption = "sim",
    inks: o.InkFile = None,
    wet: o.Wet = False,
    speed: o.Speed = None,
    as_json: Json = False,
) -> None:
    """Which nozzle and which pressure a width needs on a rig."""
    from .lang.verbs.calibrate import tell_nozzles

    tell_nozzles(o.rig_named(rig), width, ink, inks, wet=wet, speed=speed, as_json=as_json)


# -- printing -------------------------------------------------------------------------------------------------------


@on_design
def plan(design: Asked, rig: o.RigOption = "sim", as_json: Json = False) -> None:
    """Order, time, switches and ink of a print."""
    from .lang.verbs.plan import tell_plan

    machine = _rig(rig, design)
    tell_plan(design.load(as_json=as_json), waiting, machine, as_json=as_json)


@on_design
def print_(
    design: Asked,
    rig: o.RigOption,
    dry_run: o.DryRun = False,
    yes: o.Yes = False,
    resume: o.Resume = None,
    runs: of_runs.Runs = None,
) -> None:
    """Drive the printer.

    `--rig sim` prints on emulated machines. What stands in the way is told before anything moves.
    """
    from .backends.printing.preflight import preflight
    from .backends.printing.session import print_part
    from .backends.writer import ink_alone

    machine = _rig(rig, design)
    loaded = design.load()
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
        toolpath, machine, design=loaded.source, dry_run=dry_run, yes=yes, resume=resume, runs_dir=runs, baths=baths, checked=True,
    )  # fmt: skip
    raise typer.Exit(code)


def studio(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="a design (.wp)")],
    rig: o.RigOption = "sim",
    port: o.Port = 0,
    host: o.Host = "127.0.0.1",
    no_browser: o.NoBrowser = False,
    runs: of_runs.Runs = None,
) -> None:
    """Edit, see and print a design in a live page of the browser."""
    from .backends.studio.app import studio as serve
    from .lang.studio import Editing

    tell = partial(print, flush=True)
    serve(
        file, Editing, rig=rig, host=host, port=port, browser=not no_browser, runs=runs, tell=tell, show=show
    )


def rig_new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="name of the rig")],
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


# -- the command: all verbs, in the order of its help ------------------------------------------------------------------

app = group("State the dried part, print the wet one. First steps: wp new first, then wp preview first.wp.")


def _version(asked: bool) -> None:
    if asked:
        print(f"wetprint {__version__}")
        raise typer.Exit


@app.callback()
def _about(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="say which version this is")
    ] = False,
) -> None: ...


add = partial(join, app, "Designs")
add(of_designs.new, "new", "wp new first", "wp new lines --calibration --ink silver")
add(check, "check", "wp check first.wp", "wp check first.wp --rig sim --set pitch=30um")
add(of_designs.fix, "fix", "wp fix first.wp")
add(of_designs.fmt, "fmt", "wp fmt first.wp", "wp fmt --check *.wp")
add(of_designs.test, "test", "wp test first.wp")
add(of_designs.params, "params", "wp params first.wp", "wp params first.wp --json")
add(explain, "explain", "wp explain E201")
add(of_designs.lock, "lock", "wp lock first.wp")
add(of_designs.hash_, "hash", "wp hash first.wp --set pitch=30um")
add(of_designs.lsp, "lsp", "wp lsp")

add = partial(join, app, "Parts")
add(preview, "preview", "wp preview first.wp --watch", "wp preview first.wp --state both --png first.png")
add(studio, "studio", "wp studio first.wp --rig sim")
add(measure, "measure", "wp measure first.wp", "wp measure first.wp --state dried --conductance x --json")
add(export, "export", "wp export first.wp -o first.stl --fused", "wp export first.wp -o first.pgm --rig sim")
add(report, "report", "wp report first.wp -o first.html --rig sim")

add = partial(join, app, "Inks and films")
add(calibrate, "calibrate", "wp calibrate lines.csv -o inks.wp", "wp calibrate doses.csv --dose -o films.wp")
add(nozzle, "nozzle", "wp nozzle 10um --ink gold --rig sim")

add = partial(join, app, "Printing")
add(plan, "plan", "wp plan first.wp --rig sim")
add(print_, "print", "wp print first.wp --rig sim", "wp print first.wp --rig lab1 --dry-run")
add(of_runs.stop, "stop", "wp stop")
add(of_runs.runs_, "runs", "wp runs")
run_app = group("The record of a print: show, replay.")
join(run_app, None, of_runs.run_show, "show", "wp run show RUN", "wp run show RUN -o run.html")
join(run_app, None, of_runs.run_replay, "replay", "wp run replay RUN --channel stage -o stage.txt")
add(run_app, "run")
add(of_rigs.rigs, "rigs", "wp rigs")
rig_app = group("Rigs: show, make, test, emulate.")
join(rig_app, None, rig_new, "new", "wp rig new lab1")
join(rig_app, None, of_rigs.rig_show, "show", "wp rig show sim")
join(rig_app, None, of_rigs.rig_test, "test", "wp rig test lab1", "wp rig test lab1 --move")
join(rig_app, None, of_rigs.rig_emulate, "emulate", "wp rig emulate sim --copy rigs/copy.toml")
join(rig_app, None, of_rigs.rig_schema, "schema", "wp rig schema")
add(rig_app, "rig")


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
