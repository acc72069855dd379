"""Options of the verbs that show, write and measure a part, and how what stands behind them is read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...kernel.diagnostics import WetprintError, error

if TYPE_CHECKING:
    from ...kernel.filaments import FilamentSet
    from ...kernel.rig import Rig
    from ...kernel.scene import Pattern, Scene
    from ..preview import Look

Json = Annotated[bool, typer.Option("--json", help="for machines")]
StateOption = Annotated[
    str,
    typer.Option(
        "--state", metavar="STATE", help="wet, dried or both; xerogel or sintered where inks tell how"
    ),
]
RigOption = Annotated[str, typer.Option("--rig", metavar="RIG", help="name of a rig, or a rig file")]
SettledOption = Annotated[
    bool, typer.Option("--settled", help="with the sag of spans and the flattening of stacked filaments")
]
Shown = Annotated[
    str | None, typer.Argument(metavar="[FILE]", help="a design (.wp), or - for standard input")
]
Png = Annotated[
    Path | None, typer.Option("--png", metavar="FILE.png", help="draw to a picture, no display needed")
]
Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE.html", help="write a page that turns in any browser")
]
Gif = Annotated[
    Path | None,
    typer.Option("--gif", metavar="FILE.gif", help="film a turn, or the drying with --state both"),
]
Mp4 = Annotated[
    Path | None, typer.Option("--mp4", metavar="FILE.mp4", help="the same in true colours; needs ffmpeg")
]
Film = Annotated[
    str, typer.Option("--film", metavar="WHAT", help="of --gif and --mp4: turn, drying or print")
]
Glb = Annotated[
    Path | None,
    typer.Option("--glb", metavar="FILE.glb", help="write the part for slides, web pages and Blender"),
]
Size = Annotated[
    str | None,
    typer.Option("--size", metavar="WIDTHxHEIGHT", help="of the picture in pixels, such as 1600x1200"),
]
Style = Annotated[str, typer.Option("--style", metavar="STYLE", help="paper, dark, sem or lines")]
View = Annotated[
    str,
    typer.Option("--view", metavar="VIEW", help="axonometric, isometric, top, front, side, low, or AZ,EL"),
]
Transparent = Annotated[bool, typer.Option("--transparent", help="no background")]
RunName = Annotated[
    str | None,
    typer.Option("--run", metavar="RUN", help="what a print has laid so far, in place of a design"),
]
By = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="WHAT",
        help="colours: ink, layer, width, height, movement (as it dries), gap, span; order, time, speed, pressure of the print; block, "
        "power of light; of a run: time or ink",
    ),
]
PlannedOn = Annotated[
    str,
    typer.Option("--rig", metavar="RIG", help="where order, time, speed and pressure are those of a print"),
]
Overlay = Annotated[bool, typer.Option("--overlay", help="the wet part as a ghost over the dried one")]
Watch = Annotated[bool, typer.Option("--watch", help="draw again whenever the design is saved")]
Conductance = Annotated[
    str,
    typer.Option(
        "--conductance",
        metavar="AXES",
        help="axes such as `x` or `xyz`: what the dried part conducts along them",
    ),
]
Uncertainty = Annotated[
    bool,
    typer.Option("--uncertainty", help="what the spread of the inks' figures makes of the dried part"),
]
Samples = Annotated[
    int,
    typer.Option(
        "--samples", metavar="N", help="dry so many times with drawn figures; 0: linear", min=0, max=100_000
    ),
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="of the draws", min=0)]
Plot = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE.svg", help="width and shrinkage against height")
]
InkOutput = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE.wp", help="file of inks to write (.wp), with a plot beside it"
    ),
]
MeasuredOn = Annotated[
    str | None,
    typer.Option(
        "--date", metavar="DAY", help="day of the measurement, where the table does not tell: 2026-05-01"
    ),
]
InkFile = Annotated[
    Path | None,
    typer.Option("--inks", metavar="FILE.wp", help="file that holds the inks (default: the library)"),
]
Doses = Annotated[
    bool, typer.Option("--dose", help="the table has thickness against dose: fit a film's contrast curve")
]
FilmFile = Annotated[
    Path | None,
    typer.Option(
        "--films",
        metavar="FILE.wp",
        help="with --dose: file that holds the films, which the fit derives from",
    ),
]
Poisson = Annotated[
    float,
    typer.Option(
        "--poisson", metavar="NU", help="Poisson's ratio where free lines do not tell it", min=0.0, max=0.5
    ),
]
PoissonSd = Annotated[
    float, typer.Option("--poisson-sd", metavar="NU", help="its standard uncertainty", min=0.0, max=0.5)
]
Swell = Annotated[
    float,
    typer.Option("--swell", metavar="RATIO", help="swell where flows do not tell it", min=0.1, max=10.0),
]
Keep = Annotated[bool, typer.Option("--keep-outliers", help="take in rows that do not follow the others")]

Output = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="file to write")]
Format = Annotated[
    str | None, typer.Option("--format", metavar="NAME", help="if the file's ending does not tell")
]
Fused = Annotated[bool, typer.Option("--fused", help="one watertight mesh an ink, overlaps counted once")]
WriterOption = Annotated[
    str | None,
    typer.Option(
        "--writer",
        metavar="NAME",
        help="who writes the masks: general, calma, dose_factors, laser_writer, or a .toml",
    ),
]
PatternOption = Annotated[
    str | None,
    typer.Option("--pattern", metavar="NAME", help="the pattern that a laser on this stage writes"),
]
ScanOption = Annotated[
    str,
    typer.Option(
        "--scan", metavar="WHAT", help="lines of the laser: x, y, outlines, or both (x, then outlines)"
    ),
]
Page = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="FILE", help="page to write: .html, or .md for Markdown"),
]
Table = Annotated[
    Path,
    typer.Argument(metavar="DATA.csv", help="measured widths, or thickness against dose: one setting a line"),
]
Width = Annotated[str, typer.Argument(metavar="WIDTH", help="dried width of a filament, such as 10um")]
Ink = Annotated[str, typer.Option("--ink", metavar="INK", help="ink of the library, or of --inks")]
Wet = Annotated[bool, typer.Option("--wet", help="the width is that in the bath")]
Speed = Annotated[str | None, typer.Option("--speed", metavar="SPEED", help="of printing, such as 1.2[mm/s]")]
Port = Annotated[int, typer.Option("--port", metavar="N", help="0: a free one", min=0, max=65535)]
Host = Annotated[str, typer.Option("--host", metavar="ADDRESS", help="address to listen on")]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="only print the address")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="move the stage along the print, without ink")]
Yes = Annotated[bool, typer.Option("--yes", help="do not ask before the start")]
Resume = Annotated[str | None, typer.Option("--resume", metavar="RUN", help="go on with a stopped run")]


def print_json(data: object) -> None:
    print(json.dumps(data, indent=2, ensure_ascii=False))


def tell_lines(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


def rig_named(name: str, folder: Path | None = None) -> Rig:
    """The rig of this name, searched beside a design in `folder`, too."""
    from ..rigs.store import load_rig

    here = Path.cwd() / "rigs"
    return load_rig(name, [here] if folder is None else [folder / "rigs", here])


def keep_designs(*outputs: Path | None) -> None:
    """A design is never written over with what was made of it."""
    for path in outputs:
        if path is not None and path.suffix.lower() == ".wp":
            raise WetprintError(
                error(
                    "X701",
                    f"{path} is the name of a design; another ending was expected, nothing was written",
                )
            )


def fit_together(
    name: str, *, writer: str | None, pattern: str | None, scan: str, settled: bool = False
) -> None:
    """Options of `wp export` that say something of the format they are given for. Raises WetprintError (X759)."""
    from ..dialects import DIALECTS
    from ..exporters import EXPORTERS
    from ..layout import LAYOUTS
    from ..raster import SCANS

    if scan not in SCANS:
        raise typer.BadParameter(f"{scan!r}: expected {', '.join(SCANS)}", param_hint="--scan")
    for option, given, of, what in (
        ("--writer", writer is not None, LAYOUTS, "masks"),
        ("--pattern", pattern is not None, DIALECTS, "motion programs"),
        ("--scan", scan != SCANS[0], DIALECTS, "motion programs"),
        ("--settled", settled, EXPORTERS, "geometry"),
    ):
        if given and name not in of:
            raise WetprintError(
                error("X759", f"{option} with {name}; it is for {what}: {', '.join(of.names())}")
            )


def has_prints(scene: Scene, name: str, tells: str = "holds") -> None:
    """Raises WetprintError (X759) where a design of patterns alone is asked for geometry or for ink: `name` is the format or the option."""
    if scene.patterns and not scene.prints:
        from ..layout import LAYOUTS

        n = len(scene.patterns)
        raise WetprintError(
            error(
                "X759",
                f"0 prints, {n} pattern{'' if n == 1 else 's'}: {name} {tells} what is printed",
                notes=(f"masks: {', '.join(LAYOUTS.names())}",) if tells == "holds" else (),
            )
        )


def needs_ink(scene: Scene, *options: tuple[str, object]) -> None:
    """Options that tell of gels of ink: (its name, whether it was given). Raises WetprintError (X759) where nothing is printed with ink."""
    if any(p.process == "wet_writing" for p in scene.prints):
        return
    for option, given in options:
        if given:
            made = "films" if scene.patterns and not scene.prints else "what light writes"
            raise WetprintError(
                error(
                    "X759",
                    f"0 prints with ink; `{option}` tells what becomes of a gel, and {made} are none",
                    notes=(f"leave out `{option}`",),
                )
            )


def by_laser(scene: Scene, pattern: str | None) -> Pattern | None:
    """The pattern that a motion program is to write, None where it is ink that it lays."""
    if pattern is None and not scene.patterns:
        return None
    from ..raster import chosen

    return chosen(scene, pattern)


def size_of(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    width, _, height = text.lower().partition("x")
    if not (
        width.isdecimal() and height.isdecimal() and 16 <= int(width) <= 16384 and 16 <= int(height) <= 16384
    ):
        raise typer.BadParameter(
            f"{text!r}: expected WIDTHxHEIGHT in pixels, such as 1600x1200, 16 to 16384 each way",
            param_hint="--size",
        )
    return int(width), int(height)


def states_needed(look: Look, asked: Sequence[tuple[str, Path]], state: str, settled: bool) -> str:
    """The states that must be known to show a part so: `state` alone where only that one is drawn."""
    drawn = bool(asked) and all(name != "html" for name, _ in asked)
    planned = look.film == "print" or look.by in ("order", "time", "speed", "pressure", "block", "power")
    alone = drawn and not (
        look.overlay or look.by == "movement" or look.film == "drying" or planned or settled
    )
    return state if alone else "both"


def of_a_design(file: str | None, run: str | None, by: str | None) -> bool:
    """Whether a design is shown, and not a run; one of the two was asked for, and colours that it has."""
    if (file is None) == (run is None):
        raise typer.BadParameter(
            "expected a design, or --run RUN for what a print has laid", param_hint="FILE"
        )
    if file is None:
        return False
    from ..colouring import names

    if by is not None and by not in names():
        raise typer.BadParameter(f"{by!r}: expected {', '.join(names())}", param_hint="--by")
    return True


def watched(file: str | None, glb: Path | None) -> str:
    """The file whose saves are followed."""
    if file is None or file == "-":
        raise typer.BadParameter("expected a design in a file, which can be saved", param_hint="--watch")
    if glb is not None:
        raise typer.BadParameter("pictures, pages, films and the window follow saves", param_hint="--glb")
    return file


def laid(run: str, runs: Path | None, by: str | None, overlay: bool) -> FilamentSet:
    """What a run has laid so far."""
    from ..printing.run_part import deposited

    if by not in ("time", "ink", None) or overlay:
        said_of = "--overlay" if overlay else "--by"
        raise typer.BadParameter("a run is shown as it was laid, by time or by ink", param_hint=said_of)
    return deposited(run, runs, by=by or "time")
