"""`wp rig emulate`: servers that a user's rig file drives from another process, through the same drivers as any machine."""

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from wetprint.backends.emulator.truth import compare
from wetprint.backends.printing.journal import find_run
from wetprint.backends.rigs.emulate import addresses, copy_for, start_servers
from wetprint.backends.rigs.store import load_rig
from wetprint.kernel.build import build
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.motion import make_toolpath
from wetprint.kernel.order import make_plan
from wetprint.kernel.shrink import complete_jobs
from wetprint.lang.load import load

WP = [sys.executable, "-c", "from wetprint.cli import main; main()"]


def wp(folder: Path, *args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*WP, *args], input=stdin, capture_output=True, text=True, cwd=folder, timeout=120, check=False
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


@pytest.fixture
def design(root: Path, tmp_path: Path) -> str:
    """A small print of an example, in a folder of its own."""
    path = tmp_path / "part.wp"
    path.write_text((root / "examples" / "ag_cube.wp").read_text())
    return str(path)


SETS = ("--set", "layers=2")


@contextmanager
def emulated(folder: Path, *args: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`wp rig emulate` in another process, and what it said until it was ready."""
    child = subprocess.Popen(
        [*WP, "rig", "emulate", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder
    )
    assert child.stdout is not None
    said, end = "", time.monotonic() + 30.0
    try:
        while "Ctrl-C ends" not in said and time.monotonic() < end and child.poll() is None:
            if select.select([child.stdout], [], [], 0.2)[0]:
                said += os.read(child.stdout.fileno(), 65536).decode()
        yield child, said
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        child.stdout.close()
        assert child.stderr is not None
        child.stderr.close()


def test_a_users_rig_prints_on_servers_of_another_process(tmp_path: Path, design: str) -> None:
    """Written by hand from the addresses that were printed: tcp://127.0.0.1:PORT and serial:/dev/pts/N."""
    with emulated(tmp_path, "sim") as (child, said):
        urls = re.findall(r'transport = "([^"]+)"', said)
        assert (
            len(urls) == 3
            and urls[0].startswith("tcp://127.0.0.1:")
            and urls[1].startswith("serial:/dev/pts/")
        ), said
        text = Path(load_rig("sim").path).read_text()
        for url in urls:
            text = text.replace('transport = "emulated:"', f'transport = "{url}"', 1)
        text = text.replace("simulated = true\n", "")
        (tmp_path / "rigs").mkdir()
        (tmp_path / "rigs" / "lab1.toml").write_text(text)

        tried = wp(tmp_path, "rig", "test", "lab1")
        assert tried.returncode == 0 and "8 passed, 0 failed" in tried.stdout
        moved = wp(tmp_path, "rig", "test", "lab1", "--move", stdin="yes\n" * 4)
        assert moved.returncode == 0 and moved.stdout.count("confirmed by the operator") == 3, (
            moved.stdout + moved.stderr
        )
        unseen = wp(tmp_path, "rig", "test", "lab1", "--move")
        assert unseen.returncode == 0 and "not moved" in unseen.stdout

        done = wp(tmp_path, "print", design, *SETS, "--rig", "lab1", "--yes", "--runs", "runs", stdin="yes\n")
        assert done.returncode == 0, done.stderr
        assert re.search(r"(\d+) of \1 filaments executed", done.stdout)
        assert not list((tmp_path / "runs").glob("*/truth.npz")), (
            "the truth is the servers', not the printer's"
        )
        count = int(re.findall(r"(\d+) of", done.stdout)[0])

        child.send_signal(signal.SIGINT)
        rest, _ = child.communicate(timeout=20)
        laid = int(re.findall(r"(\d+) stretches of ink", rest)[0])
        assert count <= laid <= count + 2, "every filament, and a purge or two"
        assert child.returncode == 0
        port = int(urls[0].rpartition(":")[2])
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", port), 1.0)


def test_what_such_a_print_lays_is_the_plan(tmp_path: Path, design: str) -> None:
    sim = start_servers(load_rig("sim"))
    try:
        copy_for(load_rig("sim"), sim, tmp_path / "rigs" / "lab1.toml")
        machine = load_rig("lab1", [tmp_path])
        assert not machine.simulated and machine.controller.transport == sim.controller.url
        assert machine.time_scale == 30.0 and machine.dispensers["right"].transport == sim.boxes["right"].url
        done = wp(tmp_path, "print", design, *SETS, "--rig", "lab1", "--yes", "--runs", "runs", stdin="yes\n")
        assert done.returncode == 0, done.stderr
        loaded = load(design, sets={"layers": "2"})
        assert loaded.scene is not None
        jobs, _ = complete_jobs(loaded.scene, build(loaded.scene)[0])
        truth = compare(sim.world, make_toolpath(make_plan(jobs, machine), machine), machine)
        assert truth["deposits"] == truth["matched"] == truth["filaments"] > 10
        assert truth["worst_um"] < 0.2 and truth["blobs_s"] == 0.0
        assert find_run(tmp_path / "runs", "last")
    finally:
        sim.close()


def test_the_copy_is_ready_and_never_overwrites(tmp_path: Path) -> None:
    with emulated(tmp_path, "sim", "--scale", "1", "--copy", "rigs/lab1.toml") as (_, said):
        assert "rigs/lab1.toml is such a file" in said and "time_scale" not in said
        assert load_rig("lab1", [tmp_path]).time_scale == 1.0
        assert wp(tmp_path, "rig", "test", "lab1").returncode == 0
    again = wp(tmp_path, "rig", "emulate", "sim", "--copy", "rigs/lab1.toml")
    assert again.returncode == 1 and "X701" in again.stderr


def test_a_port_can_be_chosen_and_a_taken_one_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        with pytest.raises(WetprintError) as caught:
            start_servers(load_rig("sim"), port=port)
        assert caught.value.diagnostics[0].code == "M630" and str(port) in caught.value.diagnostics[0].message
    sim = start_servers(load_rig("sim"), port=port)
    assert sim.controller.url == f"tcp://127.0.0.1:{port}" and sim.controller.url in addresses(sim)
    sim.close()


def test_machines_without_an_emulator_are_told() -> None:
    rig = load_rig("sim")
    with pytest.raises(WetprintError) as caught:
        start_servers(replace(rig, controller=replace(rig.controller, dialect="automation1")))
    assert caught.value.diagnostics[0].code == "M603"
