"""Codes of rigs (R5xx), prints (M6xx) and files (X7xx), each with the explanation that `wp explain` tells."""

from __future__ import annotations

from ..kernel.diagnostics import Code
from .layout_codes import LAYOUT
from .printing.codes import PRINT
from .writer_codes import WRITER

RIG: tuple[Code, ...] = (
    Code(
        "R501",
        "a rig file is not TOML",
        "The file breaks the rules of TOML at the place shown; nothing of it was read.",
    ),
    Code(
        "R502",
        "unknown key in a rig",
        "A rig file holds only keys that the tool knows, so that a misspelt one cannot be passed over. Keys carry their unit: "
        "`max_speed_mm_s`, `clear_um`. docs/rigs.md lists them all.",
    ),
    Code(
        "R503",
        "wrong value in a rig",
        "The value has another type than the key needs, or lies outside its range.",
    ),
    Code(
        "R504",
        "needed fields are missing in a rig",
        "No printer is assumed: what a rig file must say and does not is listed here, all at once, with what each field means.",
    ),
    Code(
        "R505",
        "rig not found",
        "A rig is searched as `rigs/NAME.toml` beside the design, in your own config folder, then among those that come with "
        "the tool; a path to a file may be given as well. `wp rigs` lists them.",
    ),
    Code(
        "R506",
        "a rig contradicts itself",
        "Two fields do not go together: a nozzle names a dispenser that is not there, limits are the wrong way round, a calibration "
        "does not rise, or a cone does not begin with the radius of the tip.",
    ),
    Code(
        "R510",
        "no nozzle carries an ink",
        "The design prints an ink that no nozzle of the rig loads. Add a [[nozzles.loads]] entry for it.",
    ),
    Code(
        "R511",
        "calibration is missing",
        "Pressure is never guessed: the rig needs measured pairs of pressure and flow for this ink in this nozzle "
        "(`calibration`). Plans, exports and `--dry-run` go on with the pressure left at zero and marked assumed.",
    ),
    Code(
        "R512",
        "ink delays are missing",
        "The valve opens before a filament starts and closes before it ends, by the measured delays `lags` of the ink in this nozzle. "
        "0.1 s is 120 um of path at 1.2 mm/s. Plans, exports and `--dry-run` go on with no delay, marked assumed.",
    ),
    Code(
        "R513",
        "no place to purge",
        "A print begins with ink at the tip: `[purge]` of the rig says where, outside the part, and for how long.",
    ),
    Code(
        "R514",
        "pressure out of range",
        "The flow that a filament needs takes a pressure outside the calibration or outside what the dispenser gives. Pressures are "
        "interpolated in the calibration, never extrapolated.",
    ),
    Code(
        "R515",
        "filament shorter than the ink's delay",
        "Printing the filament takes less time than ink needs to stop after the valve has closed, so its end cannot be met.",
    ),
    Code(
        "R516",
        "too little ink for one filament",
        "A reservoir is filled again between two filaments. What one filament takes, with the purge before it, is more than the "
        "nozzle's `volume` less its `reserve`.",
    ),
    Code("R517", "bath not at hand", "The design prints in a bath that the rig does not list under `baths`."),
    Code(
        "R518",
        "assumed figures in use",
        "The rig lists under `assumed` figures that nobody measured, and prints with them. Of the simulated rig it is not told: there it "
        "is as it should be.",
    ),
    Code(
        "R519",
        "out of reach",
        "A position of the plan lies outside the soft limits of a stage axis. Move the origin of the rig or make the part smaller.",
    ),
    Code(
        "R520",
        "too fast for an axis",
        "A speed of the rig is higher than the stage's fastest along that direction.",
    ),
    Code(
        "R521",
        "purge on the part",
        "The place to purge lies on or beside the part: ink purged there touches it.",
    ),
    Code(
        "R522",
        "an idle nozzle over the part",
        "Nozzles hang side by side at one height. While one prints, another that stands closer than the part is wide would run "
        "through it.",
    ),
    Code(
        "R523",
        "an output that the dialect cannot drive",
        "The controller's language has fewer outputs that change with the motion than the rig uses for its valves.",
    ),
    Code(
        "R524",
        "the nozzle runs into the part",
        "On a move of the plan the outside of the nozzle, a cone that widens upwards, would run through a filament printed before. "
        "The order of printing avoids this where any order can.",
    ),
    Code(
        "R525",
        "filaments in each other's way",
        "Printed in either order, the nozzle would run through the one or the other (or, of one filament that climbs and falls, through "
        "what it has just laid). Where a contact lies between, such a filament is cut there; here none does.",
    ),
    Code(
        "R526",
        "printed on nothing",
        "When this filament is printed it touches neither the substrate nor anything printed before. Soft ink sinks in the bath by about its own "
        "thickness in a second (estimated from the drag on a thread of 10 um in 1-butanol, with an assumed weight of 2 kN/m3). Where "
        "something lies below within its height this is a warning. `loose: true;` in the print takes such filaments as they are.",
    ),
    Code(
        "R527",
        "a mix that varies without steps, on a rig that cannot follow",
        "A graded mix of two inks without `steps` asks for a ratio that changes as the filament is printed. That takes a mixing "
        "head (`mix` in a nozzle of the rig), which this rig has not; so premixed inks stand for the ratio, each place taking the "
        "nearest. The note says how many, and how far the printed ratio is off at worst. `steps: N` in the mix says how many "
        "there shall be.",
        'wp 1;\nuse "nanocrystal.wp" as nc;\n'
        "lattice body = woodpile {\n  size: [400um, 400um]; layers: 4; pitch: 40um; filament: 10um;\n"
        "  material: mix(nc.gold: ramp(x, over: body.x), nc.silver: rest);\n}\nprint body { bath: nc.gold_bath; }\n",
    ),
    Code(
        "R528",
        "a mixing head whose dead volume is not known, or not purged",
        "Ink that is mixed behind the tip comes out later: the ratio is set ahead by the dead volume of the head, along the path. Without "
        "`dead_volume_nl` it would come too late by an unknown length, so only exports and `--dry-run` go on; and every purge has to let "
        "at least that volume out, or the part begins with another ratio. `steps: N` in the mix prints premixed inks instead.",
    ),
    Code(
        "R529",
        "a ratio that a mixing head cannot follow",
        "Along some filament the ratio of the two inks at the tip, computed from the pressures as they are set, is off by more than 1 %: the "
        "dispensers' steps are too coarse for so little ink, or the ratio changes faster than outputs can be set.",
    ),
    Code(
        "R530",
        "not a name for a rig",
        "A rig is named by its file, `rigs/NAME.toml`: a letter, then letters, digits, `-` and `_`, at most 40.",
    ),
)

FILES: tuple[Code, ...] = (
    Code(
        "X701",
        "a file is there already",
        "`wp new` and `wp rig new` never overwrite, and what is made of a design is never written to a name that ends in `.wp`. "
        "Choose another name, or remove the old file first.",
    ),
    Code(
        "X702",
        "the system refuses a file",
        "The operating system refused to read or write: no such folder, no permission, a full disk. The message repeats its words.",
    ),
    Code(
        "X703",
        "not enough memory",
        "The design has more filaments or points than this computer can hold. Raise the pitch, print fewer layers, or split the part.",
    ),
    Code(
        "X799",
        "a fault of wetprint itself",
        "This should not happen, whatever the design says. Please report it with the design; WP_TRACEBACK=1 in the environment "
        "prints where it happened.",
    ),
    Code(
        "X710",
        "a file cannot be written",
        "The folder does not exist, may not be written to, or the disk is full. An older file of that name is as it was.",
    ),
    Code(
        "X711",
        "unknown format",
        "The ending of the file tells the format, or `--format` does. The message lists all that can be written: geometry of the "
        "part in one state, or the motion program for a rig.",
    ),
    Code(
        "X712",
        "nothing to draw or write",
        "The design prints no filament: every part is empty, left out by a region, or clipped away.",
    ),
    Code(
        "X713",
        "a state is not known",
        "A picture or a file was asked for in a state that was not computed. A design gives both the wet and the dried state, unless the "
        "drying model refused it.",
    ),
    Code(
        "X715",
        "a format without triangles",
        "`--fused` makes one closed mesh an ink, which only formats of triangles can hold. Tables, polylines, drawings and motion programs "
        "are written without it.",
    ),
    Code(
        "X716",
        "too large to fuse",
        "A fused mesh has the outline of every contact in it. What it needs is estimated beforehand from the numbers of tubes and contacts, and "
        "refused where it exceeds the memory of the machine. Fuse a smaller part, or export without `--fused`.",
    ),
    Code(
        "X717",
        "a fused mesh that is not sound",
        "After fusing, the mesh is rounded to the precision of the file and must have two triangles at every edge. Where it has not, nothing is "
        "written. Please report it with the design; without `--fused` the part can be exported.",
    ),
    Code(
        "X720",
        "no OpenGL library",
        "Pictures are drawn through OpenGL. On a machine without a display that is the software library OSMesa (Debian package libosmesa6) or "
        "EGL (libegl1 and libgl1-mesa-dri). It is looked for before anything is drawn, because VTK would end with a segmentation fault.",
    ),
    Code(
        "X721",
        "no display",
        "`wp preview` without a file opens a window, which needs a display. `--png FILE` draws a picture and `--html FILE` writes a page that turns "
        "in any browser; neither needs a display.",
    ),
    Code("X722", "wrong size of a picture", "Pictures are 16 to 16384 pixels wide and high."),
    Code(
        "X723",
        "unknown style or view",
        "The message lists the styles of pictures and the directions from which a part can be looked at.",
    ),
    Code(
        "X724",
        "too many inks in a picture",
        "At most 250 inks can be told apart in one picture; draw the part in pieces.",
    ),
    Code(
        "X725",
        "unknown form of a report",
        "`wp report` writes a page for browser and printer (`-o FILE.html`) or its tables as Markdown (`-o FILE.md`); the ending tells.",
    ),
)

PICTURES: tuple[Code, ...] = (
    Code(
        "X726",
        "a view that only pictures have",
        "The wet part as a ghost over the dried one (`--overlay`) and colours by movement (`--by movement`) are drawn in pictures (`--png`) and films "
        "(`--gif`, `--mp4`); window and page show both states, one after the other. Colours by a figure (`--by gap`) are drawn there and in the "
        "window. Those of the print (order, time, speed, pressure), and films of it (`--film print`), need a design and a rig, not bare filaments.",
    ),
    Code(
        "X727",
        "no .mp4 without ffmpeg",
        "Films are packed as .mp4 by the program `ffmpeg` (`apt-get install ffmpeg`) with its encoder libx264; the message shows its own words where "
        "it fails. `--gif FILE` writes the same film without any other program.",
    ),
)

CALIBRATION: tuple[Code, ...] = (
    Code(
        "X730",
        "no table of measurements",
        "`wp calibrate` reads a table as text (CSV): a header that names columns with their units, then one setting a line. Commas, semicolons or "
        "tabs part the cells; with semicolons decimals may have commas. `wp new --calibration NAME` writes a table to fill in.",
    ),
    Code(
        "X731",
        "a column of a table of measurements",
        "A column is missing, stands twice, is not known or names no unit. Needed are `ink`, `wet width [um]` and `dried width [um]`; for the resistance "
        "of a nozzle also `nozzle [um]`, `pressure [kPa]` and `speed [mm/s]`, for swell `flow [pL/s]`. docs/calibration.md lists all.",
    ),
    Code(
        "X732",
        "a cell of a table of measurements",
        "A cell holds no number, a number that cannot be (a width below zero, half a line), or nothing where something is needed. Units stand in the "
        "header, not in the cells.",
    ),
    Code(
        "X733",
        "widths that no ink can have",
        "The fit gives a shrinkage or a Poisson's ratio that no gel has, most often because wet and dried widths were exchanged, or because the "
        "column `held` says of free lines that they lay on the substrate.",
    ),
    Code(
        "X734",
        "too few measurements",
        "An ink in a bath was measured once. Two settings or more are needed, as one says nothing of its own uncertainty; six or more let the fit "
        "tell a mistake of measurement from the others.",
    ),
    Code(
        "X735",
        "spread that is not told everywhere",
        "Some rows tell the standard deviation of their widths and others do not, so all rows weigh alike and the uncertainty comes from how far "
        "they lie from the fit. Fill in `sd wet`, `sd dried` and `n` everywhere, or nowhere.",
    ),
    Code(
        "X736",
        "a measurement that does not follow the others",
        "This row lies more than five robust standard deviations from what all others say, so it was left out of the fit. Look at the sample again: a "
        "clogged nozzle, a line measured at a crossing, a slip of the pen. `--keep-outliers` takes it in.",
    ),
    Code(
        "X737",
        "a figure that the measurements do not tell",
        "The table lacks what a figure follows from, or tells it so badly that a given one is taken. The calibration holds without it; the message says "
        "which columns would tell it.",
    ),
    Code(
        "X738",
        "an ink that is not known",
        "A calibration adds measured figures to an ink that is known: `wp calibrate` looks for it by name or by its nanocrystal in the library, or in "
        "the file that `--inks` names.",
    ),
    Code(
        "X739",
        "a calibration without a date",
        "A calibration says when it was measured: in a column `date` of the table, or by `--date 2026-05-01`. The clock is not asked, because the day of "
        "the fit is not the day of the measurement.",
    ),
)

STUDIO: tuple[Code, ...] = (
    Code(
        "X740",
        "the studio is not installed",
        "`wp studio` is an extra: `pip install 'wetprint[studio]'` brings trame, which serves the page, and trame-code, which brings its editor.",
    ),
    Code(
        "X741",
        "a port that is in use",
        "Another program listens on this port, often a studio that is still open. Without `--port` a free one is taken.",
    ),
    Code(
        "X742",
        "a studio that others can reach",
        "With `--host` other than 127.0.0.1 the page can be reached from the network, over a line that is not encrypted. Whoever has the address with its "
        "token can change the design and print.",
    ),
    Code(
        "X743",
        "a request without the token",
        "The studio answers only to who opens it by the address that `wp studio` printed, which holds a token; it is new with every start.",
    ),
    Code(
        "X744",
        "a design that is not UTF-8",
        "The bytes of the file are not text in UTF-8. The studio would have to guess at letters, so it does not open the file. Save it as UTF-8.",
    ),
    Code(
        "X745",
        "a print is running already",
        "The studio follows one print at a time. Wait for its end, or stop it.",
    ),
    Code(
        "X746",
        "the process that prints has ended without a word",
        "It was killed, or failed in a way that it could not tell. The watchdog of the print cuts ink and stops the stage in such a case; the record of the "
        "run tells what it did, and `wp print --resume` goes on.",
    ),
    Code(
        "X747",
        "nothing to export or print",
        "The design in the page has errors, so there is no part. They are listed beside the editor.",
    ),
    Code(
        "X748",
        "the design's file is gone",
        "Something removed or renamed the file while the studio had it open. The page keeps the text and goes on showing what comes of it; the next edit, "
        "or Save, writes the file anew. `wp studio` on the new name opens a renamed one.",
    ),
)

CODES: tuple[Code, ...] = (
    *CALIBRATION,
    *PICTURES,
    *STUDIO,
    *RIG,
    *FILES,
    *LAYOUT,
    *WRITER,
    *PRINT,
)
