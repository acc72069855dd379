"""LinuxCNC as a referee of time: its task, interpreter and trajectory planner run a program on simulated joints, without a screen.

What it commands is sampled in every servo cycle, so that the time found is the planner's own, however busy this computer is.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
from wetprint.backends.dialects import DIALECTS
from wetprint.kernel.motion import Toolpath
from wetprint.kernel.rig import Rig
from wetprint.kernel.toolpath.frames import to_stage

NEEDED = ("linuxcnc", "milltask", "halsampler", "rtapi_app")
MISSING = [name for name in NEEDED if shutil.which(name) is None]

#: Servo period of the simulated machine, s: what LinuxCNC runs with by default.
PERIOD_S = 1e-3

_HAL = """\
loadrt [KINS]KINEMATICS
loadrt [EMCMOT]EMCMOT base_period_nsec=0 servo_period_nsec=[EMCMOT]SERVO_PERIOD num_joints=[KINS]JOINTS
loadrt sampler depth=60000 cfg=fffb
addf motion-command-handler servo-thread
addf motion-controller servo-thread
addf sampler.0 servo-thread
net Xpos joint.0.motor-pos-cmd => joint.0.motor-pos-fb sampler.0.pin.0
net Ypos joint.1.motor-pos-cmd => joint.1.motor-pos-fb sampler.0.pin.1
net Zpos joint.2.motor-pos-cmd => joint.2.motor-pos-fb sampler.0.pin.2
net out motion.digital-out-00 => sampler.0.pin.3
net estop-loop iocontrol.0.user-enable-out iocontrol.0.emc-enable-in
net tool-prep-loop iocontrol.0.tool-prepare iocontrol.0.tool-prepared
net tool-change-loop iocontrol.0.tool-change iocontrol.0.tool-changed
"""

#: Run by LinuxCNC in place of a screen, with the interpreter that its Python module was built for.
_DRIVE = """\
#!/usr/bin/python3
import linuxcnc, os, subprocess, sys, time
here = os.path.dirname(os.path.abspath(__file__))
command, status, errors = linuxcnc.command(), linuxcnc.stat(), linuxcnc.error_channel()
time.sleep(0.5)
command.state(linuxcnc.STATE_ESTOP_RESET); command.wait_complete()
command.state(linuxcnc.STATE_ON); command.wait_complete()
command.mode(linuxcnc.MODE_MANUAL); command.wait_complete()
command.home(-1)
for _ in range(100):
    status.poll()
    if all(status.homed[:3]):
        break
    time.sleep(0.05)
command.mode(linuxcnc.MODE_AUTO); command.wait_complete()
command.program_open(here + "/part.ngc")
samples = subprocess.Popen(["halsampler", "-t"], stdout=open(here + "/samples.txt", "w"))
time.sleep(0.3)
command.auto(linuxcnc.AUTO_RUN, 0)
time.sleep(0.5)
end = time.time() + float(open(here + "/limit.txt").read())
said = "ran"
while True:
    status.poll()
    told = errors.poll()
    if told:
        said = "error: " + str(told)
    if status.interp_state == linuxcnc.INTERP_IDLE or time.time() > end:
        break
    time.sleep(0.02)
time.sleep(0.3)
samples.terminate()
open(here + "/said.txt", "w").write(said if status.interp_state == linuxcnc.INTERP_IDLE else "did not end")
"""


def _ini(rig: Rig, start_mm: npt.NDArray[np.float64]) -> str:
    text = f"""[EMC]
VERSION = 1.1
MACHINE = referee
DEBUG = 0
[DISPLAY]
DISPLAY = ./drive.py
CYCLE_TIME = 0.1
PROGRAM_PREFIX = .
[TASK]
TASK = milltask
CYCLE_TIME = 0.001
[RS274NGC]
PARAMETER_FILE = sim.var
[EMCMOT]
EMCMOT = motmod
COMM_TIMEOUT = 1.0
SERVO_PERIOD = {round(PERIOD_S * 1e9)}
[EMCIO]
EMCIO = io
CYCLE_TIME = 0.1
TOOL_TABLE = sim.tbl
[HAL]
HALFILE = sim.hal
[TRAJ]
COORDINATES = X Y Z
LINEAR_UNITS = mm
ANGULAR_UNITS = degree
DEFAULT_LINEAR_VELOCITY = 50
MAX_LINEAR_VELOCITY = 50
DEFAULT_LINEAR_ACCELERATION = {min(a.acceleration_um_s2 for a in rig.axes.values()) / 1e3}
MAX_LINEAR_ACCELERATION = {min(a.acceleration_um_s2 for a in rig.axes.values()) / 1e3}
[KINS]
KINEMATICS = trivkins
JOINTS = 3
"""
    for i, name in enumerate("xyz"):
        axis = rig.axes[name]
        body = (
            f"MAX_VELOCITY = {axis.max_speed_um_s / 1e3}\nMAX_ACCELERATION = {axis.acceleration_um_s2 / 1e3}\n"
            f"MIN_LIMIT = {axis.min_um / 1e3 - 1}\nMAX_LIMIT = {axis.max_um / 1e3 + 1}\n"
        )
        home = f"HOME = {start_mm[i]}\nHOME_OFFSET = {start_mm[i]}\n"
        text += f"[AXIS_{name.upper()}]\n{body}[JOINT_{i}]\nTYPE = LINEAR\n{body}{home}"
        text += "HOME_SEARCH_VEL = 0\nHOME_LATCH_VEL = 0\nHOME_SEQUENCE = 0\nFERROR = 1\nMIN_FERROR = 0.5\n"
    return text


def run(toolpath: Toolpath, rig: Rig) -> tuple[float, npt.NDArray[np.float64]]:
    """Seconds from the first movement to the last, and the moments (s after the first movement) at which output 0 changes,
    as LinuxCNC's planner has them. Stops for an operator are taken out of the program.

    Raises RuntimeError where LinuxCNC does not start (another one runs, no permission): say so, and skip.
    """
    stage = to_stage(rig, toolpath.position_um, toolpath.nozzle) / 1e3
    with tempfile.TemporaryDirectory(prefix="wpl") as name:
        folder = Path(name)
        # LinuxCNC's real-time part goes on as another user where it is started by root.
        folder.chmod(0o777)
        text = re.sub(r"(?m)^(M0|\(MSG.*)\n", "", DIALECTS["linuxcnc"].write(toolpath, rig).text)
        (folder / "part.ngc").write_text(text)
        (folder / "sim.ini").write_text(_ini(rig, stage[0]))
        (folder / "sim.hal").write_text(_HAL)
        (folder / "sim.tbl").write_text("T1 P1 D0\n")
        (folder / "sim.var").write_text("")
        (folder / "limit.txt").write_text(str(2 * float(toolpath.time_s[-1]) + 10))
        drive = folder / "drive.py"
        drive.write_text(_DRIVE)
        drive.chmod(0o755)
        env = {**os.environ, "HOME": name, "RTAPI_FIFO_PATH": f"{name}/fifo"}
        if os.getuid() == 0:
            env.setdefault("RTAPI_UID", "1000")
        for entry in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
            env.pop(entry, None)
        said = subprocess.run(
            ["linuxcnc", "-r", "sim.ini"], cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=2 * float(toolpath.time_s[-1]) + 60,
        )  # fmt: skip
        told = folder / "said.txt"
        if not told.exists():
            raise RuntimeError((said.stdout + said.stderr)[-400:])
        assert told.read_text() == "ran", told.read_text()
        samples = np.loadtxt(folder / "samples.txt")
    number, at, out = samples[:, 0], samples[:, 1:4], samples[:, 4]
    assert (np.diff(number) == 1).all(), "samples were lost"
    moving = np.flatnonzero(np.linalg.norm(np.diff(at, axis=0), axis=1) > 1e-9)
    # It must have gone where the program goes, or the time says nothing. Motors count from where they were homed.
    assert np.abs(at[moving[-1] + 1] + stage[0] - stage[-1]).max() < 1e-4
    return float(moving[-1] + 1 - moving[0]) * PERIOD_S, (np.flatnonzero(np.diff(out)) - moving[0]) * PERIOD_S
