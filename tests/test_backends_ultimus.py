"""Ultimus V: frames byte for byte, dialogues on a real terminal, and no wrong belief about pressure whatever the line does."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetprint.backends.dispenser import Dispenser, DispenserError, open_dispenser
from wetprint.backends.dispensers import DISPENSERS
from wetprint.backends.emulator.ultimus import UltimusV
from wetprint.backends.emulator.world import Stage, Wire, World
from wetprint.backends.ultimus_frames import FrameError, frame, reply, unframe
from wetprint.kernel.rig import Dispenser as Entry

# From the design notes of the hardware, in turn from the box's manual.
FRAMES = [
    ("DI", "", b"04DI  CF"),
    ("TT", "", b"04TT  B4"),
    ("MT", "", b"04MT  BB"),
    ("PS", "0500", b"08PS  0500F0"),
    ("UD", "", b"04UD  C3"),
    ("UA", "", b"04UA  C6"),
    ("E4", "", b"04E4  E3"),
    ("CH", "001", b"07CH  0013D"),
]


@pytest.mark.parametrize(("command", "data", "text"), FRAMES)
def test_frames_verbatim(command: str, data: str, text: bytes) -> None:
    assert frame(command, data) == b"\x02" + text + b"\x03"
    assert unframe(b"\x02" + text + b"\x03") == command.ljust(4) + data


def test_replies_verbatim() -> None:
    assert reply("D0001") == b"\x0205D000196\x03"
    assert reply("D0PU02") == b"\x0206D0PU021F\x03"
    assert reply("A0") == b"\x0202A02D\x03"


def test_the_checksum_cannot_see_swapped_digits() -> None:
    assert frame("PS", "0021")[-3:-1] == frame("PS", "0210")[-3:-1] == b"F2"


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ", min_size=4, max_size=60), st.data())
def test_a_changed_character_is_seen(body: str, data: st.DataObject) -> None:
    whole = bytearray(reply(body))
    assert unframe(bytes(whole)) == body
    k = data.draw(st.integers(3, len(whole) - 4))
    new = data.draw(st.integers(0x20, 0x7E).filter(lambda c: c != whole[k]))
    whole[k] = new
    with pytest.raises(FrameError):
        unframe(bytes(whole))


@given(st.binary(max_size=40))
def test_junk_is_no_frame(junk: bytes) -> None:
    try:
        body = unframe(junk)
    except FrameError:
        return
    assert reply(body).upper() == junk.upper()


@dataclass
class Bench:
    world: World
    box: UltimusV
    driver: Dispenser

    @property
    def kpa(self) -> float:
        return self.world.box("left").pressure_kpa


def world() -> World:
    stage = Stage(np.zeros(3), np.full(3, 1e5), np.full(3, 5e4), 5e5, 0.5)
    return World(stage, (Wire(0, "left", 0, 0.05, 0.04),), np.full(3, 5e4))


def driver(url: str, ask: Callable[..., str] = lambda q, c: c[0], kind: str = "ultimus_v") -> Dispenser:
    return open_dispenser("left", Entry(kind, url), ask)


@pytest.fixture
def bench() -> Iterator[Bench]:
    place = world()
    box = UltimusV(place, "left")
    found = Bench(place, box, driver(box.url))
    yield found
    found.driver.close()
    box.close()


def commands(bench: Bench) -> list[str]:
    return [e.what for e in bench.world.log if e.who == "ultimus:left"]


def test_prepare_sets_and_reads_back(bench: Bench) -> None:
    assert bench.box.unit == "00"
    said = bench.driver.prepare()
    assert "kPa" in said and bench.box.unit == "02"
    assert bench.driver.belief().pressure_kpa == 0.0
    assert commands(bench)[0] == "PS  0000", "pressure 0 comes before anything else"
    assert not any(c.startswith("DI") for c in commands(bench)), "a toggle is never sent"


@pytest.mark.parametrize("kpa", [2.1, 21.0, 78.8, 100.0, 0.1])
def test_pressure_arrives_in_kpa(bench: Bench, kpa: float) -> None:
    bench.driver.prepare()
    bench.driver.set_pressure(kpa)
    assert bench.kpa == pytest.approx(kpa, abs=1e-9)
    assert bench.driver.belief().pressure_kpa == pytest.approx(kpa)


def test_a_pressure_beyond_the_rig_is_not_sent(bench: Bench) -> None:
    bench.driver.prepare()
    before = len(commands(bench))
    with pytest.raises(DispenserError) as told:
        bench.driver.set_pressure(120.0)
    assert told.value.code == "M613" and len(commands(bench)) == before


def test_every_swapped_frame_is_caught(bench: Bench) -> None:
    bench.driver.prepare()
    bench.box.faults.swapped = 1
    bench.driver.set_pressure(2.1)
    assert bench.kpa == pytest.approx(2.1), "set again after the reading back"
    bench.box.faults.swapped = 99
    with pytest.raises(DispenserError) as told:
        bench.driver.set_pressure(2.1)
    assert told.value.code == "M637" and bench.driver.belief().pressure_kpa is None


def test_a_lost_setting_is_caught(bench: Bench) -> None:
    bench.driver.prepare()
    bench.driver.set_pressure(5.0)
    bench.box.faults.lost = 2
    bench.driver.set_pressure(7.0)
    assert bench.kpa == pytest.approx(7.0)
    bench.box.faults.lost = 99
    with pytest.raises(DispenserError):
        bench.driver.set_pressure(9.0)
    assert bench.driver.belief().pressure_kpa is None


def test_busy_and_not_understood_are_repeated(bench: Bench) -> None:
    bench.driver.prepare()
    bench.box.faults.nak, bench.box.faults.bad = 2, 0
    bench.driver.set_pressure(3.0)
    bench.box.faults.bad = 2
    bench.driver.set_pressure(4.0)
    assert bench.kpa == pytest.approx(4.0)
    bench.box.faults.bad = 99
    with pytest.raises(DispenserError) as told:
        bench.driver.set_pressure(5.0)
    assert told.value.code == "M636" and "A2" in told.value.message


def test_silence_is_unknown_and_ends_in_time(bench: Bench) -> None:
    bench.driver.prepare()
    bench.driver.set_pressure(5.0)
    bench.box.faults.silent = True
    began = time.monotonic()
    with pytest.raises(DispenserError) as told:
        bench.driver.set_pressure(6.0)
    assert told.value.code == "M636" and "UNKNOWN" in told.value.message
    assert time.monotonic() - began < 2.0
    assert bench.driver.belief().pressure_kpa is None


def test_a_unit_changed_at_the_panel_is_seen(bench: Bench) -> None:
    bench.driver.prepare()
    bench.driver.set_pressure(5.0)
    bench.box.set_unit_at_panel("00")
    assert bench.kpa == pytest.approx(34.47, abs=0.01), "the same digits, seven times the pressure"
    with pytest.raises(DispenserError) as told:
        bench.driver.set_pressure(6.0)
    assert told.value.code == "M638" and bench.driver.belief().pressure_kpa is None


def test_a_locked_unit_is_refused(bench: Bench) -> None:
    bench.box.faults.unit_locked = True
    with pytest.raises(DispenserError) as told:
        bench.driver.prepare()
    assert told.value.code == "M638" and "psi" in told.value.message and bench.kpa == 0.0


def test_cut_is_at_once_even_in_the_middle_of_a_dialogue(bench: Bench) -> None:
    bench.driver.prepare()
    going = threading.Event()
    ended: list[str] = []

    def busy() -> None:
        try:
            for k in range(1000):
                going.set()
                bench.driver.set_pressure(5.0 + k % 2)
        except DispenserError as reason:
            ended.append(reason.message)

    thread = threading.Thread(target=busy)
    thread.start()
    going.wait()
    time.sleep(0.03)
    began = time.monotonic()
    bench.driver.cut()
    assert time.monotonic() - began < 0.1
    thread.join(3.0)
    time.sleep(0.05)
    assert ended and bench.kpa == 0.0, "nothing brings the pressure back after a cut"
    assert bench.driver.secure()
    assert bench.driver.belief().pressure_kpa == 0.0


def test_cut_on_a_dead_line_returns(bench: Bench) -> None:
    bench.driver.prepare()
    bench.box.faults.silent = True
    began = time.monotonic()
    assert bench.driver.cut() is False
    assert time.monotonic() - began < 0.1
    assert bench.driver.belief().pressure_kpa is None
    assert bench.driver.secure() is False


def test_di_toggles_the_truth(bench: Bench) -> None:
    """Why it is never sent: the same command starts and stops."""
    bench.driver.prepare()
    bench.driver.set_pressure(5.0)
    assert not bench.world.box("left").latched
    bench.box.press_foot_pedal()
    assert bench.world.box("left").latched
    bench.box.press_foot_pedal()
    assert not bench.world.box("left").latched


def test_valve_asks_the_operator() -> None:
    asked: list[str] = []

    def ask(question: str, choices: tuple[str, ...]) -> str:
        asked.append(question)
        return choices[0] if "2.1" in question else choices[1]

    valve = driver("null:", ask, "valve")
    valve.prepare()
    valve.set_pressure(2.1)
    valve.set_pressure(0.0)
    valve.set_pressure(2.1)
    assert len(asked) == 1 and valve.belief().pressure_kpa == 2.1
    with pytest.raises(DispenserError) as told:
        valve.set_pressure(3.0)
    assert told.value.code == "M639"
    assert valve.cut() is False


def test_an_unknown_kind_is_told() -> None:
    with pytest.raises(DispenserError, match="did you mean `ultimus_v`"):
        driver("null:", kind="ultimus_w")
    with pytest.raises(DispenserError, match="cannot be opened"):
        driver("serial:/dev/there-is-none")


def test_every_dispenser_keeps_its_protocol() -> None:
    need: set[str] = {"prepare", "set_pressure", "belief", "cut", "secure", "fileno", "close"}
    for name in DISPENSERS:
        made: Any = DISPENSERS[name]
        if name == "analog":
            # An output of the controller: there is no box to open, and that is said.
            with pytest.raises(DispenserError, match="analog output of the controller"):
                open_dispenser("head", Entry("analog", "null:"), lambda *_: "")
            continue
        assert need <= set(dir(made)), name
