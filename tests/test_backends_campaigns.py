"""Campaigns: thousands of prints interrupted and killed, of dialogues over faulty lines, of random programs; `make test` holds a sample.

The figures that the issue of the hardware names: 1,000 stops, 1,000 kills, 10,000 dialogues, 100,000 programs, 100,000 filaments.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from wetprint.backends.ultimus_frames import FrameError, checksum, frame, unframe

CAMPAIGN = Path(__file__).parent / "support" / "campaign.py"


def campaign(name: str, first: int, last: int, *more: str) -> str:
    """Runs it; what it printed. Fails where one case does."""
    command = [sys.executable, str(CAMPAIGN), name, str(first), str(last), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    failed = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert done.returncode == 0, [(f["seed"], f.get("kinds"), f["failed"]) for f in failed] or done.stderr
    return done.stdout


SAMPLES = [
    # Each kind of stop once at least, and four prints on every rig.
    ("stops", 0, 20),
    ("kills", 0, 10),
    ("mixed stops", 0, 2),
    ("mixed kills", 0, 2),
    ("bent", 0, 3),
    ("dialogues", 0, 48),
    # A case of programs is a hundred of them.
    ("programs", 0, 3),
]


@pytest.mark.parametrize(("name", "first", "last"), SAMPLES, ids=[s[0] for s in SAMPLES])
def test_a_sample(name: str, first: int, last: int) -> None:
    print(campaign(name, first, last, "--at-once", "1"))


def test_stops_with_mishaps() -> None:
    """On an A3200: answers that come late, a lost acknowledgement of the stop, a dead second connection, a full disk."""
    said = campaign("stops", 0, 0, "--also", "95", "160", "85", "40", "--at-once", "1")
    for what in ("ctrl-c, late", "stop, acknowledgement lost", "sigterm, guard line dead", "disk full"):
        assert what in said, said


FULL = [
    ("stops", 1_000),
    ("kills", 1_000),
    ("mixed stops", 100),
    ("mixed kills", 100),
    ("dialogues", 10_000),
    ("programs", 1_000),
]


@pytest.mark.soak
@pytest.mark.parametrize(("name", "count"), FULL, ids=[f[0] for f in FULL])
def test_all(name: str, count: int) -> None:
    print(campaign(name, 10_000, 10_000 + count))


@pytest.mark.soak
def test_stops_on_a_host_that_is_late() -> None:
    """Everyone wakes up to 10 ms late; with boards that are fed line by line 0.1 ms, which their scaled time makes 1.6 ms."""
    print(campaign("stops", 30_000, 30_300, "--late", "0.01"))


@pytest.mark.soak
def test_stops_and_kills_on_the_real_clock() -> None:
    print(campaign("stops", 40_000, 40_050, "--real"))
    print(campaign("kills", 40_000, 40_100, "--real"))


@pytest.mark.soak
def test_a_long_print() -> None:
    print(campaign("long print", 0, 1))


def swaps(text: str) -> list[str]:
    return [text[:k] + text[k + 1] + text[k] + text[k + 2 :] for k in range(len(text) - 1)]


def test_transposed_pressures_pass_the_checksum_and_are_read_back() -> None:
    """All 10,000 settings, each with each pair of neighbours swapped: what the sum cannot see, the reading back can."""
    unseen = 0
    for digits in range(10_000):
        sent = f"{digits:04d}"
        whole = frame("PS", sent).decode("ascii")
        body = f"08PS  {sent}"
        for other in swaps(sent):
            if other == sent:
                continue
            # The sum is the same, so the box takes it for what was sent.
            assert checksum(body) == checksum(f"08PS  {other}")
            assert unframe(whole.replace(sent, other).encode("ascii")) == f"PS  {other}"
            # Two answers tell four digits each: never those that were meant.
            assert int(other) != digits
            unseen += 1
    assert unseen == 27_000


def test_swaps_elsewhere_in_a_frame_are_not_taken() -> None:
    """Swapped in the count, the command or the sum: no frame, or no command that the box knows."""
    commands = {"PS  ", "DI  ", "TT  ", "MT  ", "UD  ", "UA  ", "E4  ", "E6  ", "CH  ", "VS  ", "AU  "}
    for digits in range(0, 10_000, 37):
        good = frame("PS", f"{digits:04d}")
        for k in range(len(good) - 1):
            data = good[:k] + good[k + 1 : k + 2] + good[k : k + 1] + good[k + 2 :]
            if data == good or 7 <= k < 10:
                continue
            try:
                body = unframe(data)
            except FrameError:
                continue
            assert body[:4] not in commands or body[4:] == f"{digits:04d}" or not body[4:].isdigit(), body
