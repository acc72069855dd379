"""`wp rig emulate`: the emulated machines of a rig as servers of their own, for rig files and programs in other terminals."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event

from ...kernel.diagnostics import WetprintError, error
from ...kernel.rig import Rig
from ..emulator.sim import EMULATED, Sim, start

#: The dispenser that is emulated.
BOX = "ultimus_v"
#: How often the truth is looked at, to tell what is being laid (s).
LOOK_S = 1.0


def start_servers(rig: Rig, *, scale: float | None = None, port: int = 0) -> Sim:
    """Emulators in place of all machines of `rig`, whatever addresses it gives. Raises WetprintError M603 for machines of which
    there is no emulator, M630 for a port that is taken."""
    entries = {
        name: replace(entry, transport=EMULATED) if entry.kind == BOX else entry
        for name, entry in rig.dispensers.items()
    }
    machine = replace(rig, controller=replace(rig.controller, transport=EMULATED), dispensers=entries)
    try:
        return start(machine, scale=scale, port=port)
    except OSError as reason:
        raise WetprintError(
            error("M630", f"port {port} cannot be served: {reason.strerror or reason}")
        ) from None


def addresses(sim: Sim) -> str:
    """The lines of a rig file by which these emulators are driven."""
    lines = [
        "[controller]",
        f'dialect = "{sim.rig.controller.dialect}"',
        f'transport = "{sim.controller.url}"',
        "",
    ]
    for name, box in sim.boxes.items():
        lines += [f"[dispensers.{name}]", f'kind = "{BOX}"', f'transport = "{box.url}"', ""]
    return "\n".join(lines)


def serve(
    rig: Rig,
    *,
    scale: float | None = None,
    port: int = 0,
    copy: Path | None = None,
    tell: Callable[[str], None],
) -> None:
    """Serve until Ctrl-C or SIGTERM; tells the addresses first, then what goes on, and at last how much ink was laid.

    `copy`: also write the rig's file with these addresses there.
    """
    over = Event()
    sim = start_servers(rig, scale=scale, port=port)
    old = signal.signal(signal.SIGTERM, lambda *_: over.set())
    try:
        speed = sim.world.scale
        if copy is not None:
            copy_for(rig, sim, copy)
        tell(f"Emulators of rig `{rig.name}`. A rig file drives them by these lines:\n\n{addresses(sim)}")
        if speed != 1.0:
            tell(
                f"They run {speed:g} times as fast as the real ones: the rig file needs `time_scale = {speed:g}`."
            )
        if copy is not None:
            tell(f"{copy} is such a file.")
        tell("Ctrl-C ends them.")
        _watch(sim, over, tell)
    except KeyboardInterrupt:
        over.set()
    finally:
        signal.signal(signal.SIGTERM, old)
        count = len(sim.world.deposits())
        sim.close()
    tell(f"ended; {count} stretches of ink were laid")


def _watch(sim: Sim, over: Event, tell: Callable[[str], None]) -> None:
    was = ""
    while not over.wait(LOOK_S):
        now = sim.world.now()
        moving = "moves" if sim.world.moving(now) else "rests"
        kpa = ", ".join(f"{name} {sim.world.box(name).pressure_kpa:g} kPa" for name in sim.boxes)
        words = f"stage {moving}; {kpa}"
        if words != was:
            was = words
            at = " ".join(f"{v / 1000:.3f}" for v in sim.world.position(now))
            tell(f"{words}; at {at} mm")


def copy_for(rig: Rig, sim: Sim, path: Path) -> None:
    """Write the file of `rig` to `path` with the addresses of its running emulators, ready for `wp print --rig`.

    Raises WetprintError X701 where there is a file already.
    """
    text = Path(rig.path).read_text(encoding="utf-8")
    table = ""
    lines = []
    for line in text.split("\n"):
        if header := re.match(r"\s*\[+\s*([^\[\]]+?)\s*\]", line):
            table = header[1]
        if re.match(r"\s*simulated\s*=", line) or re.match(r"\s*time_scale\s*=", line):
            continue
        if re.match(r"\s*transport\s*=", line):
            name = table.removeprefix("dispensers.").strip("\"'")
            url = (
                sim.controller.url
                if table == "controller"
                else sim.boxes[name].url
                if name in sim.boxes
                else ""
            )
            line = f'transport = "{url}"' if url else line
        lines.append(line)
    head = f"time_scale = {sim.world.scale!r}\n" if sim.world.scale != 1.0 else ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as out:
            out.write(
                f"# Rig `{rig.name}` at the addresses of emulators, which last as long as `wp rig emulate` runs.\n{head}"
                + "\n".join(lines)
            )
    except FileExistsError:
        raise WetprintError(
            error("X701", f"{path} is there already; choose another name, nothing was written")
        ) from None
