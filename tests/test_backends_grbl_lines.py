"""GRBL's lines on a faulty line, without threads and without a clock: a model of the board, every place at which something can go wrong, and what the
driver believes after every byte that it hears."""

import itertools
import random
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest
from wetprint.backends.controller import ControllerError, Motion, Seat
from wetprint.backends.controllers import grbl
from wetprint.backends.controllers.grbl import Grbl
from wetprint.backends.rigs.store import load_rig

#: To and fro over the same place, so that a line believed done too early or a move done twice is one that matters.
PROGRAM = b"""G21 G90 G17 G94
M3 S0
G1 X1.0000 Y0.0000 F300.000
G1 X2.0000 S1000
G1 Y1.0000
G1 X1.0000
G1 X2.0000
G1 X1.0000 S0
G4 P0.050
M5
M2
"""
TEXTS = [line.replace(" ", "") for line in PROGRAM.decode().split("\n") if line]
MOVES = [k for k, text in enumerate(TEXTS, 1) if "X" in text or "Y" in text]
BLOCKS, RX = 4, 128
POLL_S = 0.05
#: No dialogue goes on for longer: a fault, or the end.
MOST_POLLS = 400


@dataclass
class Board:
    """GRBL 1.1 as gcode.c, protocol.c and serial.c have it, as far as lines go: `finish` ends the move in motion."""

    rx: bytearray = field(default_factory=bytearray)
    says: list[bytes] = field(default_factory=list)
    at: dict[str, float] = field(default_factory=lambda: dict.fromkeys("XYZ", 0.0))
    goal: dict[str, float] = field(default_factory=lambda: dict.fromkeys("XYZ", 0.0))
    blocks: deque[tuple[int, dict[str, float]]] = field(default_factory=deque)
    #: Lines of the program by what was carried out, in order.
    moved: list[int] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)
    tool: int = 0
    spindle: str = "5"
    settings: dict[int, float] = field(
        default_factory=lambda: (
            {10: 1, 13: 0, 22: 1, 30: 1000, 32: 1}
            | dict.fromkeys((100, 101, 102), 10_000)
            | {110: 3000, 111: 3000, 112: 1200}
            | dict.fromkeys((120, 121, 122), 500)
        )
    )
    offset: str = "0.000,0.000,0.000"
    held: str | None = None

    def take(self, data: bytes) -> None:
        for byte in data:
            if byte == 0x3F:
                self.say(self.report())
            elif byte < 0x80 and len(self.rx) < RX:
                self.rx.append(byte)
        self.work()

    def say(self, text: str) -> None:
        self.says.append(text.encode() + b"\r\n")

    def report(self) -> str:
        place = ",".join(f"{self.at[a]:.3f}" for a in "XYZ")
        state = "Run" if self.blocks else "Idle"
        return f"<{state}|MPos:{place}|Bf:{BLOCKS - len(self.blocks)},{RX - len(self.rx)}|FS:0,0>"

    def finish(self) -> None:
        if self.blocks:
            number, self.at = self.blocks.popleft()
            self.moved.append(number)
        self.work()

    def work(self) -> None:
        while self.held is not None or b"\n" in self.rx:
            if self.held is None:
                end = self.rx.index(b"\n")
                self.held = self.rx[:end].decode("ascii", "replace")
                del self.rx[: end + 1]
            answer = self.line(self.held)
            if not answer:
                return
            self.held = None
            self.say(answer)

    def line(self, text: str) -> str:
        """The answer; "" while it waits."""
        if not text:
            return "ok"
        if text == "$G":
            self.say(f"[GC:G1 G54 G17 G21 G90 G94 M{self.spindle} M9 T{self.tool} F300 S0]")
            return "ok"
        if text == "$$":
            for number, setting in self.settings.items():
                self.say(f"${number}={setting:g}")
            return "ok"
        if text == "$#":
            self.say(f"[G54:{self.offset}]")
            self.say("[G92:0.000,0.000,0.000]")
            return "ok"
        if found := re.fullmatch(r"\$(\d+)=(\d+)", text):
            self.settings[int(found[1])] = float(found[2])
            return "ok"
        words = re.findall(r"([A-Z])([\d.]+)", text)
        if re.sub(r"[A-Z][\d.]+", "", text):
            return "error:1"
        value = {letter: number for letter, number in words if letter not in "GM"}
        if len(value) < sum(letter not in "GM" for letter, _ in words) or text.count("G1X") > 1:
            return "error:25"
        codes = {letter + number for letter, number in words if letter in "GM"}
        goal = self.goal | {axis: float(value[axis]) for axis in "XYZ" if axis in value}
        waits = bool(codes & {"G4", "M2", "M5", "M3"}) or (
            goal == self.goal and bool(set("XYZ") & set(value))
        )
        if self.blocks and (waits or (goal != self.goal and len(self.blocks) == BLOCKS)):
            return ""
        for code in codes & {"M3", "M5"}:
            self.spindle = code[1:]
        number = TEXTS.index(body) + 1 if (body := text[len(f"T{value.get('T', '')}") :]) in TEXTS else 0
        if goal != self.goal:
            self.blocks.append((number, goal))
        self.goal, self.tool = goal, int(value.get("T", "0"))
        self.taken.append(number)
        return "ok"


@dataclass
class Channel:
    """Chunks that pass, each of which may meet a fault: `faults[n]` is what becomes of the n-th."""

    faults: dict[int, str]
    count: int = 0
    met: list[str] = field(default_factory=list)
    kept: dict[str, bytes] = field(default_factory=lambda: {"in": b"", "out": b""})

    def passes(self, way: str, data: bytes) -> list[bytes]:
        kind = self.faults.get(self.count)
        self.count += 1
        data, self.kept[way] = self.kept[way] + data, b""
        if kind:
            self.met.append(f"{way} {kind}")
        if kind == "merge":
            self.kept[way] = data
        return [] if kind in ("drop", "merge") else [data, data] if kind == "duplicate" else [data]


class Dialogue:
    """A driver and its board, one poll after the other. `slow`: polls that a move takes; `lumps`: what is said between two polls is one chunk."""

    def __init__(
        self, faults: dict[int, str], monkeypatch: pytest.MonkeyPatch, streaming: str, slow: int, lumps: bool
    ):
        machine = load_rig("sim-grbl")
        entry = replace(machine.controller, streaming=streaming, transport="null:")
        self.board, self.channel = Board(), Channel(faults)
        self.slow, self.lumps = slow, lumps
        self.now_s, self.heard, self.refusal = 1.0, b"", ""
        self.out: list[bytes] = []
        monkeypatch.setattr(grbl, "time", SimpleNamespace(monotonic=lambda: self.now_s, sleep=lambda s: None))
        self.driver: Any = Grbl(Seat(replace(machine, controller=entry)))
        self.driver._wire = SimpleNamespace(send=lambda data, timeout_s, urgent: self.out.append(data))
        self.driver._capacity, self.driver._rx = BLOCKS, RX
        self.driver._asked = lambda *_: self.driver._report
        self.driver._settings = {100: 250.0, 101: 250.0, 102: 250.0}
        self.driver._hear(self.board.report())

    def run(self) -> Motion:
        self.driver.begin(PROGRAM, "a.nc")
        for poll in range(1, MOST_POLLS):
            self.now_s += POLL_S
            self.exchange()
            self.out.append(b"?")
            self.exchange()
            if poll % self.slow == 0:
                self.board.finish()
            motion = self.driver.status().motion
            if motion is not Motion.RUNNING:
                return motion
        raise AssertionError(f"it hangs: {self.told()}")

    def prepare(self) -> bool:
        """Whether it held; it is run with the line's own waits, in which all is exchanged that there is."""

        def until(done: Any, timeout_s: float) -> bool:
            self.exchange()
            return bool(done())

        self.driver._until = until
        try:
            self.driver.prepare()
        except ControllerError as reason:
            self.refusal = reason.message
            return False
        return True

    def exchange(self) -> None:
        while self.out or self.board.says:
            sent, self.out = (self.out, []) if not self.lumps else ([b"".join(self.out)] * bool(self.out), [])
            for chunk in sent:
                for data in self.channel.passes("out", chunk):
                    self.board.take(data)
            said, self.board.says = self.board.says, []
            if self.lumps and said:
                said = [b"".join(said)]
            for chunk in said:
                for data in self.channel.passes("in", chunk):
                    self.heard += data
            while b"\n" in self.heard:
                line, _, self.heard = self.heard.partition(b"\n")
                self.driver._hear(line.decode("ascii", "replace").strip())
                self.check()

    def check(self) -> None:
        """What is believed after each line that came in: never ahead of the board."""
        driver, board = self.driver, self.board
        if driver._fault:
            return
        for number in MOVES:
            if number < driver._line:
                assert number in board.moved, f"line {driver._line} is believed in motion: {self.told()}"
        assert driver._taken.number <= max(board.taken, default=0), self.told()

    def told(self) -> str:
        b = self.board
        return f"{self.channel.met} at {sorted(self.channel.faults)}, taken {b.taken}, moved {b.moved}, fault {self.driver._fault!r}"

    def held(self) -> Motion:
        """Run it: how it ends is as it is believed to."""
        motion = self.run()
        if motion is Motion.DONE:
            # What is left in the board's buffers comes out now.
            for _ in range(2 * BLOCKS):
                self.board.finish()
            moved = [m for m, _ in itertools.groupby(self.board.moved)]
            assert moved == MOVES and not self.board.blocks, f"done, but {self.told()}"
        else:
            assert motion is Motion.FAILED and self.driver._fault
        return motion


KINDS = ("drop", "duplicate", "merge")
SCHEDULES = [(slow, lumps) for slow in (1, 3) for lumps in (False, True)]


@pytest.fixture
def talks(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda faults, streaming, schedule: Dialogue(faults, monkeypatch, streaming, *schedule)


def chunks(talks: Any, streaming: str, schedule: tuple[int, bool]) -> int:
    clean = talks({}, streaming, schedule)
    assert clean.held() is Motion.DONE
    return int(clean.channel.count)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_one_by_one_any_single_loss_or_repeat_is_mended(talks: Any, schedule: tuple[int, bool]) -> None:
    for at in range(chunks(talks, "response", schedule)):
        for kind in KINDS:
            talk = talks({at: kind}, "response", schedule)
            assert talk.held() is Motion.DONE, talk.told()


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_counting_characters_any_single_loss_or_repeat_is_seen(
    talks: Any, schedule: tuple[int, bool]
) -> None:
    ends = set()
    for at in range(chunks(talks, "characters", schedule)):
        for kind in KINDS:
            ends.add(talks({at: kind}, "characters", schedule).held())
    assert ends == {Motion.DONE, Motion.FAILED}


def pairs(count: int) -> Iterator[dict[int, str]]:
    for (a, first), (b, second) in itertools.combinations(itertools.product(range(count), KINDS), 2):
        if a != b:
            yield {a: first, b: second}


def unseen(met: list[str]) -> bool:
    """Several lines came twice, and what the board told of the second time was lost."""
    return "out duplicate" in met and "in drop" in met


@pytest.mark.parametrize("streaming", ["response", "characters"])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_no_two_faults_make_a_wrong_belief(talks: Any, streaming: str, schedule: tuple[int, bool]) -> None:
    every = list(pairs(chunks(talks, streaming, schedule)))
    for faults in random.Random(7).sample(every, 300):
        hold(talks(faults, streaming, schedule))


@pytest.mark.soak
@pytest.mark.parametrize("streaming", ["response", "characters"])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_no_two_faults_at_all_make_a_wrong_belief(
    talks: Any, streaming: str, schedule: tuple[int, bool]
) -> None:
    for faults in pairs(chunks(talks, streaming, schedule)):
        hold(talks(faults, streaming, schedule))


@pytest.mark.parametrize("streaming", ["response", "characters"])
def test_a_line_that_fails_all_the_time(talks: Any, streaming: str) -> None:
    for seed in range(400):
        r = random.Random(seed)
        rate = r.choice((0.02, 0.1, 0.3))
        faults = {k: r.choice(KINDS) for k in range(2000) if r.random() < rate}
        hold(talks(faults, streaming, r.choice(SCHEDULES)))


def hold(talk: Dialogue) -> None:
    try:
        talk.held()
    except AssertionError:
        if talk.driver._one_by_one or not unseen(talk.channel.met):
            raise


def test_the_last_line_goes_when_all_others_are_taken(talks: Any) -> None:
    """What came twice ahead of it would go on behind what is told to be the end."""
    talk = talks({}, "characters", SCHEDULES[0])
    went: list[tuple[bytes, int, set[int]]] = []

    def send(data: bytes, timeout_s: float, urgent: bool) -> None:
        went.append((data, len(talk.driver._sent), set(talk.board.taken)))
        talk.out.append(data)

    talk.driver._wire.send = send
    assert talk.held() is Motion.DONE
    (last,) = [one for one in went if b"M2" in one[0]]
    assert max(many for _, many, _ in went) > 1 and last[1:] == (1, set(range(1, len(TEXTS))))


def test_a_board_in_another_mode_is_stopped(talks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that was read as another, say G20 for G21: millimetres would be inches."""
    talk = talks({}, "response", SCHEDULES[0])
    say = talk.board.say
    monkeypatch.setattr(talk.board, "say", lambda text: say(text.replace("G21", "G20")))
    assert talk.held() is Motion.FAILED
    assert (
        talk.driver._fault
        == "the controller is in another mode than its program: G1 G54 G17 G20 G90 G94 M5 M9"
    )


@pytest.mark.parametrize("streaming", ["response", "characters"])
def test_noise_that_waits_in_the_board_is_no_hang(talks: Any, streaming: str) -> None:
    """A `?` that was read as another sign waits for the end of its line, in front of the next one: that is lost, and the board rests."""
    spoilt = 0
    for after in range(1, len(TEXTS)):
        talk = talks({}, streaming, SCHEDULES[0])
        take = talk.board.take

        def noisy(data: bytes, talk: Any = talk, take: Any = take, after: int = after) -> None:
            # What comes behind it is lost with it.
            if b"$" in data and len(talk.board.taken) == after and not talk.spoilt:
                talk.spoilt, data = True, b"7="
            take(data)

        talk.board.take, talk.spoilt = noisy, False
        assert talk.run() is (Motion.FAILED if talk.spoilt else Motion.DONE), talk.told()
        spoilt += talk.spoilt
    assert spoilt > 5


def test_a_board_that_answers_no_more_is_stopped(talks: Any) -> None:
    talk = talks({}, "response", SCHEDULES[0])
    talk.board.line = lambda text: " "
    assert talk.held() is Motion.FAILED and talk.driver._fault == "the controller never answered line 1"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lumps", [False, True])
def test_what_is_read_before_a_print_was_read(talks: Any, kind: str, lumps: bool) -> None:
    """Settings, offsets and modes are read back: an answer that came twice, or was lost, makes none of them believed."""
    clean = talks({}, "response", (1, lumps))
    assert clean.prepare()
    begun = 0
    for at in range(clean.channel.count):
        talk = talks({at: kind}, "response", (1, lumps))
        talk.board.spindle = "3"
        if talk.prepare():
            begun += 1
            assert talk.board.settings[10] == 3 and talk.board.spindle == "5", talk.told()
        for spoil in ({"offset": "1.000,0.000,0.000"}, {"settings": clean.board.settings | {32: 0}}):
            talk = talks({at: kind}, "response", (1, lumps))
            talk.board.__dict__ |= spoil
            assert not talk.prepare(), f"{spoil}: {talk.told()}"
    assert begun > 0.8 * clean.channel.count, "what was lost is asked for again"


def test_firmware_that_keeps_no_tool_number_is_refused(talks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is like GRBL, and its lines could not be known to be taken."""
    talk = talks({}, "response", SCHEDULES[0])
    say = talk.board.say
    monkeypatch.setattr(talk.board, "say", lambda text: say(re.sub(r" T\d+ ", " T0 ", text)))
    assert not talk.prepare()
    assert (
        talk.refusal
        == "the controller tells tool 0 for T2 (`$G`): GRBL 1.1 keeps the number, by which lines are known to be taken"
    )
