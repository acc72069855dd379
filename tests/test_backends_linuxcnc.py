"""LinuxCNC through linuxcncrsh: the live driver against the emulated shell, and against LinuxCNC itself where it is installed."""

import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from wetprint.backends.controller import Controller, ControllerError, Motion, open_controller
from wetprint.backends.emulator.sim import Sim, emulate
from wetprint.backends.rigs.store import load_rig

PROGRAM = b"""(a line, ink in its middle)
G21 G90 G17 G94 G40 G49 G80 G64 P0.00050 Q0.000100
M65 P0
G1 X50.00000 Y50.00000 Z25.00000 F300.0000
M64 P0
G1 X51.00000 Y50.00000 Z25.00000 F72.0000
M65 P0
G1 X51.00000 Y51.00000 Z25.00000
M2
"""
END_UM = (51000.0, 51000.0, 25000.0)


@pytest.fixture
def sim() -> Iterator[Sim]:
    with emulate(load_rig("sim-linuxcnc"), scale=4.0) as made:
        yield made


@pytest.fixture
def driver(sim: Sim, tmp_path: Path) -> Iterator[Controller]:
    made = open_controller(sim.rig, tmp_path)
    made.connect(2.0)
    made.prepare()
    yield made
    made.close()


def runs_and_stops(driver: Controller) -> None:
    """What both of them must do: run a program to its end, tell the line in motion, stop on demand and go on from there."""
    driver.begin(PROGRAM, "a.ngc")
    seen: dict[int, float] = {}
    while (found := driver.status()).motion is Motion.RUNNING:
        seen[found.line] = found.position_um[0]
        time.sleep(0.005)
    assert found.motion is Motion.DONE and np.abs(np.array(found.position_um) - END_UM).max() < 0.01
    assert {6, 8} <= set(seen), "the line in motion is told"
    driver.begin(PROGRAM.replace(b"X50.00000 Y50.00000", b"X50.50000 Y50.00000"), "b.ngc")
    while driver.status().line < 6:
        time.sleep(0.005)
    order: list[float] = []
    halt = driver.cut(lambda: order.append(time.monotonic()))
    assert order and halt.ink_off and halt.stopped and halt.running and halt.line >= 6, halt
    assert halt.cut_um is not None and 50_400.0 < halt.cut_um[0] <= 51_000.0
    time.sleep(0.1)
    first = driver.status()
    time.sleep(0.1)
    assert driver.status().position_um == first.position_um and first.motion is Motion.IDLE
    driver.prepare()
    driver.begin(PROGRAM, "c.ngc")
    while (found := driver.status()).motion is Motion.RUNNING:
        time.sleep(0.01)
    assert found.motion is Motion.DONE


def test_runs_and_stops_on_the_emulator(sim: Sim, driver: Controller) -> None:
    sim.world.set_box("left", pressure_kpa=2.0)
    runs_and_stops(driver)
    assert not sim.world.output(0, sim.world.now())
    laid = sim.world.deposits()[0]
    assert abs(laid.points_um[0, 0] - (50_000.0 + 60.0)) < 4.0


def test_positions_are_in_mm_whatever_ran_before(sim: Sim, tmp_path: Path) -> None:
    sim.controller.inches = True
    driver = open_controller(sim.rig, tmp_path)
    driver.connect(2.0)
    driver.prepare()
    here = sim.world.position(sim.world.now())
    assert np.abs(np.array(driver.status().position_um) - here).max() < 0.01
    driver.close()


@pytest.mark.parametrize("field", ["estop", "machine", "homed"])
def test_a_machine_that_is_not_ready_is_refused(sim: Sim, driver: Controller, field: str) -> None:
    says = {
        "estop": "emergency stop is on",
        "machine": "the machine is off",
        "homed": "joints 1 are not homed",
    }
    value: Any = {"estop": True, "machine": False, "homed": [True, False, True]}[field]
    setattr(sim.controller, field, value)
    with pytest.raises(ControllerError, match=says[field]):
        driver.prepare()


@pytest.mark.parametrize(
    ("program", "says"),
    [
        (PROGRAM.replace(b"G1 X51.00000 Y50", b"G99 X51.00000 Y50"), "Unable to open"),
        (PROGRAM.replace(b"X51", b"X151"), "exceed a limit"),
    ],
)
def test_bad_programs_are_told_in_its_words(sim: Sim, driver: Controller, program: bytes, says: str) -> None:
    try:
        driver.begin(program, "a.ngc")
        end = time.monotonic() + 5.0
        while (found := driver.status()).motion is Motion.RUNNING:
            assert time.monotonic() < end
        assert found.motion is Motion.FAILED
        text = found.text
    except ControllerError as reason:
        text = reason.message
    assert says in text


def test_silence_is_no_hang(sim: Sim, driver: Controller, tmp_path: Path) -> None:
    sim.controller.silent = True
    began = time.monotonic()
    with pytest.raises(ControllerError, match="no usable answer"):
        driver.status()
    halt = driver.cut(lambda: None)
    assert not halt.ink_off and halt.text and time.monotonic() - began < 6.0
    lost = replace(sim.rig, controller=replace(sim.rig.controller, transport="tcp://127.0.0.1:9"))
    with pytest.raises(ControllerError, match="does not answer"):
        open_controller(lost, tmp_path).connect(1.0)


# The real one


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


_SHELL = """\
#!/bin/sh
exec linuxcncrsh --port {port} -- -ini sim.ini
"""


@pytest.fixture
def real(linuxcnc: ModuleType) -> Iterator[int]:
    """LinuxCNC with simulated joints and linuxcncrsh in place of a screen: its port."""
    if linuxcnc.MISSING:
        pytest.skip(f"LinuxCNC is not installed: {', '.join(linuxcnc.MISSING)}")
    rig, port = load_rig("sim-linuxcnc"), free_port()
    with tempfile.TemporaryDirectory(prefix="wpr") as name:
        folder = Path(name)
        folder.chmod(0o777)
        ini = linuxcnc._ini(rig, np.array([50.0, 50.0, 25.0]))
        (folder / "sim.ini").write_text(re.sub(r"DISPLAY = .*", "DISPLAY = ./shell.sh", ini))
        (folder / "sim.hal").write_text(linuxcnc._HAL)
        (folder / "sim.tbl").write_text("T1 P1 D0\n")
        (folder / "sim.var").write_text("")
        shell = folder / "shell.sh"
        shell.write_text(_SHELL.format(port=port))
        shell.chmod(0o755)
        env = {**os.environ, "HOME": name, "RTAPI_FIFO_PATH": f"{name}/fifo"}
        if os.getuid() == 0:
            env.setdefault("RTAPI_UID", "1000")
        for entry in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
            env.pop(entry, None)
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(
                ["linuxcnc", "-r", "sim.ini"], cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )  # fmt: skip
        try:
            if not switched_on(port):
                pytest.skip(f"LinuxCNC does not start here: {(folder / 'log').read_text()[-300:]}")
            yield port
        finally:
            said(port, ["hello EMC test 1.0", "set enable EMCTOO", "shutdown"])
            try:
                process.wait(10.0)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(10.0)


def said(port: int, requests: list[str]) -> str:
    text = b""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5) as line:
        line.settimeout(0.3)
        for request in requests:
            line.sendall(f"{request}\r\n".encode())
            time.sleep(0.1)
        while data := line.recv(4096):
            text += data
    return text.decode()


def switched_on(port: int) -> bool:
    """Out of the emergency stop, on and homed, as an operator does it at the screen."""
    on = [
        "hello EMC test 1.0",
        "set enable EMCTOO",
        "set estop off",
        "set machine on",
        "set mode manual",
        "set home -1",
    ]
    for _ in range(60):
        if "HELLO ACK" in said(port, ["hello EMC test 1.0"]):
            break
        time.sleep(0.25)
    said(port, on)
    for _ in range(40):
        if "JOINT_HOMED YES YES YES" in said(port, ["hello EMC test 1.0", "get joint_homed"]):
            return True
        time.sleep(0.25)
    return False


def test_runs_and_stops_on_linuxcnc_itself(real: int, tmp_path: Path) -> None:
    rig = load_rig("sim-linuxcnc")
    live = replace(rig, controller=replace(rig.controller, transport=f"tcp://127.0.0.1:{real}"))
    tmp_path.chmod(0o777)
    for parent in list(tmp_path.parents)[:3]:
        parent.chmod(parent.stat().st_mode | 0o055)
    made = open_controller(live, tmp_path)
    made.connect(2.0)
    made.prepare()
    try:
        runs_and_stops(made)
        with pytest.raises(ControllerError, match=r"did not open|does not take"):
            made.begin(PROGRAM.replace(b"G1 X51.00000 Y50", b"G199 X51.00000 Y50"), "bad.ngc")
            while (found := made.status()).motion is Motion.RUNNING:
                time.sleep(0.01)
            assert found.motion is Motion.FAILED
            raise ControllerError("M633", f"does not take it: {found.text}")
    finally:
        made.close()
