"""What leads to the codes of prints and machines (M6xx): what goes wrong at the printer, and the message that is then told."""

from __future__ import annotations

from collections.abc import Mapping

from ...kernel.shown import Shown

_RUN = "$ wp print body.wp --rig lab --yes --runs runs"

PRINT_SHOWN: Mapping[str, Shown] = {
    "M601": Shown(
        "A toolpath that a program made or changed, with a filament that stands in it twice. "
        "It says: `filament 3 is printed in 2 pieces`."
    ),
    "M602": Shown(_RUN, rig='[controller]\ndialect = "automation1"\n'),
    "M603": Shown("$ wp rig emulate lab", rig='[controller]\ndialect = "automation1"\n'),
    "M611": Shown("A toolpath whose travels a program made faster. It says: `80 mm/s on stage axis x: it does at most 50 mm/s`."),
    "M612": Shown("A toolpath that a program lowered. It says: `-3.000 um: the nozzle would go below the substrate`."),
    "M613": Shown("A toolpath whose pressure a program raised. It says: `150 kPa for nozzle `left`: dispenser `left` gives 0 to 100 kPa`."),
    "M614": Shown("A toolpath in which a program left the valve open. It says: `the valve is open in a travel`."),
    "M615": Shown("A toolpath planned on a rig with calibration and printed on one without. It says: `gold in nozzle `left`: lags not measured`."),
    "M616": Shown("A toolpath planned on one rig and printed on another. It says: `nozzle `left` does not carry ink gold`."),
    "M617": Shown("A toolpath whose pressure a program changed along a filament. It says: `the pressure changes within a filament`."),
    "M618": Shown("A toolpath that a program made go down beside a part of 6 mm, where `cone_um` tells the nozzle's shape up to 5 mm."),
    "M619": Shown("A toolpath planned on a rig with more ink. It says: `0.5 uL of ink for nozzle `left`: 0.1 uL are loaded`."),
    "M620": Shown("A toolpath from which a program took the purge. It says: `nozzle `left` is not primed before its first filament`."),
    "M621": Shown("A print from Python in a bath that the rig has not. It says: `bath `gold_bath` is not at hand: the rig has iron_bath`."),
    "M623": Shown("A print on the rig `sim-mix`, whose pressures are analog outputs of the stage."),
    "M622": Shown("A circle of 40 um in pieces of 1 um at 1.2 mm/s, on a GRBL board at 115200 baud."),
    "M630": Shown(
        "$ wp print body.wp --rig lab --yes --runs runs",
        rig='simulated = false\n[controller]\ntransport = "tcp://127.0.0.1:9"\n',
    ),
    "M631": Shown("The controller stands still, or a cable is loose: a command is sent and nothing comes back within its time."),
    "M632": Shown("`dialect = \"aerotech\"` for a controller of another make. It says: `the controller does not understand ...`."),
    "M633": Shown("An axis that is locked at the controller's panel: it answers `#`, and its own words are repeated."),
    "M634": Shown("Someone presses the controller's own stop while it prints: the message names the line of the design under way."),
    "M635": Shown("`program_folder` of the rig is a share that is not mounted. It says: `the program cannot be written to ...`."),
    "M636": Shown("The stage is moved by its own panel between two moves. Ink is cut before anything else."),
    "M637": Shown("The knob of the dispenser is turned while it prints. It says: `0500 was set and 0520 read back`."),
    "M638": Shown("The dispenser shows psi and its panel is locked. It says: `dispenser `left` shows psi and will not change to kPa`."),
    "M639": Shown("`wp stop` from another terminal, or Ctrl-C. It says: `stopped; ink is off`, and how to go on."),
    "M640": Shown("The serial line of the dispenser breaks just as ink is cut. It says: `ink could not be shown to be off`."),
    "M641": Shown("The machine has no memory or no right to start a second process. It says: `the watchdog does not start`."),
    "M642": Shown("The camera's cable is pulled while it prints. It says: `the camera gives no picture: exit 1: camera 0 gives no picture`."),
    "M650": Shown("A run was stopped, then `pitch` was changed in the design, then `wp print body.wp --rig lab --resume RUN`."),
    "M651": Shown("A run was stopped, then a calibration was changed in rigs/lab.toml, then `wp print ... --resume RUN`."),
    "M653": Shown("A run was stopped, then the stage was homed without registering the part anew, then `wp print ... --resume RUN`."),
    "M654": Shown("$ wp run show yesterday --runs runs"),
    "M655": Shown("`wp print body.wp --rig lab --resume RUN` of a run that `wp runs` lists as done."),
    "M656": Shown("`wp print body.wp --rig lab --resume RUN` in a second terminal while the first still prints."),
    "M657": Shown("`wp run replay RUN --channel third` of a run with two channels: the message lists those on record."),
    "M660": Shown("The disk is full, or `--runs` names a folder that may not be written to."),
}  # fmt: skip
