"""Codes of prints and machines (M6xx), each with the explanation that `wp explain` tells."""

from __future__ import annotations

from ...kernel.diagnostics import Code

PRINT: tuple[Code, ...] = (
    Code(
        "M601",
        "the toolpath cannot be printed",
        "It is empty, holds numbers that are not finite, leaves a filament out or holds one twice.",
    ),
    Code(
        "M602",
        "the rig lacks what a print needs",
        "Everything that is missing is listed at once. Fields are told in docs/rigs.md.",
    ),
    Code(
        "M603",
        "no driver of that name",
        "The rig names a controller or dispenser that the tool cannot drive live. `wp export` writes a program to carry over by hand.",
    ),
    Code(
        "M611",
        "too fast for an axis",
        "A move needs a speed along one axis that the rig says it does not reach.",
    ),
    Code(
        "M612",
        "the nozzle would dip",
        "A move goes below the substrate, or a travel runs lower than what has been printed plus its clearance.",
    ),
    Code(
        "M613", "pressure out of range", "The pressure of a filament is not one that the dispenser may give."
    ),
    Code(
        "M614",
        "ink where there must be none",
        "The valve is open in a travel, or the stage stands still inside a filament: a blob.",
    ),
    Code(
        "M615",
        "calibration or lags are missing",
        "Pressure is a measured figure for each nozzle and ink, and so are the delays of its valve: 0.1 s is 120 um of path. Without them only `--dry-run` goes.",
    ),
    Code(
        "M616",
        "a nozzle does not carry that ink",
        "The plan prints an ink with a nozzle that is not loaded with it. Add it to the nozzle's loads.",
    ),
    Code(
        "M617",
        "pressure changes within a filament",
        "The dispenser is set by its serial line, between filaments. Pressures that change along a filament need another one.",
    ),
    Code(
        "M618",
        "the nozzle's shape is not known so far up",
        "It would go down beside the part deeper than `cone_um` tells its shape.",
    ),
    Code(
        "M619",
        "not enough ink",
        "The plan needs more ink than `volume_ul` of the nozzle. Load more, or print in two runs.",
    ),
    Code(
        "M620",
        "a nozzle is not primed",
        "Ink must be at the tip before its first filament. Give the rig a `[purge]` place.",
    ),
    Code("M621", "bath and print do not fit", "A bath is not at hand, or holds no linker that gels the ink."),
    Code(
        "M623",
        "one line cuts all ink",
        "Pressures that are analog outputs of the stage, and boxes with no line of their own, are switched by the stage's"
        " controller. A box with a serial line is a second way to cut ink, which works when the stage's line is dead.",
    ),
    Code(
        "M622",
        "moves that come faster than the line carries them",
        "GRBL and Marlin get a print line by line and hold 15 moves ahead. Where short moves follow each other faster than the serial line brings "
        "their lines, the board runs dry and slows down while the valve keeps the plan's times: the ink lies elsewhere, and too much of it.",
    ),
    Code(
        "M630",
        "a machine does not answer",
        "The line cannot be opened or broke. Check power, cable and the address in the rig file.",
    ),
    Code(
        "M631",
        "no answer in time",
        "Every wait has a deadline. Ink was cut and the motion stopped, as far as the machine could still be reached.",
    ),
    Code(
        "M632",
        "the controller does not understand",
        "It answered `!`: the command is not one of its own. Is it the controller that the rig names?",
    ),
    Code("M633", "the controller refuses", "It answered `#`; its own words follow."),
    Code(
        "M634",
        "the controller stopped the program",
        "It is in a fault, an axis is not enabled or not homed, or someone stopped it. The line of the design is that of the filament under way.",
    ),
    Code(
        "M635",
        "a program cannot be handed over",
        "The folder that the controller loads programs from cannot be written.",
    ),
    Code(
        "M636",
        "the stage or the dispenser is not where it was left",
        "The stage was moved between two moves, or the dispenser gave no usable answer: its state is UNKNOWN, and ink was cut.",
    ),
    Code(
        "M637",
        "the dispenser's state differs from what was set",
        "Pressure or mode were read back and are not what was told. The checksum of its frames cannot see swapped characters; the reading back can.",
    ),
    Code(
        "M638",
        "the dispenser shows another unit",
        "Its values carry no unit: 0500 is 50 kPa or 50 psi. It must be on kPa, which the tool sets unless the panel is locked.",
    ),
    Code(
        "M639",
        "stopped",
        "Stopped on request, ink first. `wp print ... --resume RUN` goes on with a joint that overlaps.",
    ),
    Code(
        "M640",
        "ink could not be shown to be off",
        "Both channels were told, none could be read back. Look at the nozzle; cut pressure by hand.",
    ),
    Code(
        "M641",
        "the watchdog does not start",
        "A print runs only under a second process that cuts ink when the first one dies.",
    ),
    Code(
        "M642",
        "the camera gives no picture",
        "It is gone, slow, or its command fails. The print goes on; the record tells every picture that is missing, and this is said once.",
    ),
    Code("M650", "another design", "A run is resumed only with the very design and plan that it began with."),
    Code("M651", "another rig", "A run is resumed only on the rig, unchanged, that it began on."),
    Code(
        "M653",
        "the stage is elsewhere",
        "It does not stand within 1 um of where the run came to rest. Register the part anew, or start over.",
    ),
    Code("M654", "no such run", "`wp runs` lists what is on record."),
    Code(
        "M655",
        "the run is done",
        "Every filament of this run is printed, so nothing is left to resume. `wp print` without --resume prints the part anew.",
    ),
    Code("M656", "the run is being printed", "Another process prints it right now; `wp stop` stops it."),
    Code(
        "M657",
        "not on record",
        "A run is replayed and drawn from its own record: the channel, program or part that was asked for is not in it, or is not as "
        "it was when it went out. `wp run show` tells what there is.",
    ),
    Code(
        "M660",
        "the record cannot be written",
        "A print does not go on without its record: free the disk or choose another folder with --runs.",
    ),
)
