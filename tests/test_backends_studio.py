"""The studio without a browser: the desk that loses nothing, the bench, the gate, and what must be confirmed."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from wetprint.backends.rigs.store import load_rig
from wetprint.backends.studio import web
from wetprint.backends.studio.bench import Bench, Outcome, Wish, packed_part, solved
from wetprint.backends.studio.desk import Desk
from wetprint.backends.studio.prints import Prints
from wetprint.backends.studio.wording import offset, place, worded
from wetprint.kernel.diagnostics import Source, WetprintError
from wetprint.lang.studio import Editing

TEXT = """\
wp 1;
use "nanocrystal.wp" as nc;
param pitch: Length = 60um in 30um..200um step 10um "centre to centre";   # keep this
param layers: Count = 2 in 2..6;
preset "wide" { pitch: 90um; }
lattice net = woodpile { size: [120um, 120um]; layers: layers; pitch: pitch; filament: 10um; material: nc.gold; }
print net { bath: nc.gold_bath; }
assert pitch > 35um, "too close";
"""


@pytest.fixture
def design(tmp_path: Path) -> Path:
    path = tmp_path / "net.wp"
    path.write_text(TEXT)
    return path


# --- the desk ---------------------------------------------------------------------------------------------------------


def test_the_desk_saves_and_follows(design: Path) -> None:
    desk = Desk(design)
    assert desk.edit(TEXT + "# a\n", desk.version) and desk.unsaved
    assert desk.save() and design.read_text() == TEXT + "# a\n" and not desk.unsaved
    design.write_text(TEXT + "# b\n")
    before = desk.version
    assert desk.look() and desk.text == TEXT + "# b\n" and desk.version == before + 1
    assert not desk.look()


@pytest.mark.parametrize("mine", [True, False])
def test_two_changes_at_once_are_both_kept(design: Path, mine: bool) -> None:
    desk = Desk(design)
    desk.edit(TEXT + "# page\n", desk.version)
    design.write_text(TEXT + "# disk\n")
    assert not desk.save()
    beside = design.with_name("net.mine.wp")
    assert design.read_text() == TEXT + "# disk\n" and beside.read_text() == TEXT + "# page\n"
    desk.edit(TEXT + "# page 2\n", desk.version)
    assert beside.read_text() == TEXT + "# page 2\n" and not desk.save()
    desk.settle(mine)
    kept = {p.read_text() for p in design.parent.glob("*.wp")}
    assert kept == {TEXT + "# disk\n", TEXT + "# page 2\n"}
    assert design.read_text() == desk.text == TEXT + ("# page 2\n" if mine else "# disk\n")
    assert desk.conflict is None and not desk.unsaved


def test_an_edit_of_an_old_version_is_kept_aside(design: Path) -> None:
    """Two pages of one design, and the slower one knows nothing of the other's edit."""
    desk = Desk(design)
    version = desk.version
    assert desk.edit(TEXT + "# first\n", version)
    assert not desk.edit(TEXT + "# second\n", version)
    assert design.read_text() == TEXT + "# first\n"
    assert design.with_name("net.mine.wp").read_text() == TEXT + "# second\n"


def test_an_older_file_of_that_name_is_left_alone(design: Path) -> None:
    old = design.with_name("net.mine.wp")
    old.write_text("old")
    desk = Desk(design)
    desk.edit("a", desk.version)
    design.write_text("b")
    desk.look()
    assert old.read_text() == "old" and design.with_name("net.mine2.wp").read_text() == "a"


def test_line_ends_and_byte_order_mark_stay(design: Path) -> None:
    design.write_bytes(b"\xef\xbb\xbfwp 1;\r\n# a\r\n")
    desk = Desk(design)
    assert desk.text == "wp 1;\n# a\n"
    desk.edit("wp 1;\n# b\n", desk.version)
    desk.save()
    assert design.read_bytes() == b"\xef\xbb\xbfwp 1;\r\n# b\r\n"


def test_what_is_not_utf8_is_not_opened(design: Path) -> None:
    design.write_bytes(b"wp 1; # \xb5m")
    with pytest.raises(WetprintError) as caught:
        Desk(design)
    assert caught.value.diagnostics[0].code == "X744" and design.read_bytes() == b"wp 1; # \xb5m"


# --- the language at hand ---------------------------------------------------------------------------------------------


def test_values_are_written_into_the_text(design: Path) -> None:
    language = Editing(design)
    params = {p["name"]: p for p in language.read(TEXT, {}, None).params["params"]}
    values = {"pitch": language.value(params["pitch"], 80), "layers": language.value(params["layers"], 3)}
    new = language.written(TEXT, values)
    assert new == TEXT.replace("= 60um", "= 80um").replace("= 2 in", "= 3 in")
    assert {p["name"]: p["value"] for p in language.read(new, {}, None).params["params"]} == {
        "pitch": 80.0,
        "layers": 3,
    }


def test_values_of_params_that_are_gone_are_let_go(design: Path) -> None:
    found = Editing(design).read(TEXT, {"pitch": "80um", "gone": "3"}, "no such preset")
    assert found.scene is not None and found.sets == {"pitch": "80um"} and found.preset is None


@pytest.mark.parametrize("text", ["a\nbc\n", "a𝛼b\n𝛽𝛾c", "", "µ\r\nx"])
def test_places_there_and_back(text: str) -> None:
    for at in range(len(text) + 1):
        if text[at - 1 : at + 1] != "\r\n":
            assert offset(text, *place(Source("", text), at)) == at


def test_diagnostics_lie_at_their_place(design: Path) -> None:
    text = TEXT.replace("pitch: pitch", "pitch: ptch")
    found = worded(Editing(design).read(text, {}, None).diagnostics, str(design))
    (one,) = [d for d in found if d["severity"] == "error"]
    line, a, last, b = one["range"]
    assert line == last == 6 and text.splitlines()[5][a - 1 : b - 1] == "ptch"
    assert one["fixes"][0]["edits"] == [{"range": one["range"], "text": "pitch"}]
    wrong = worded(Editing(design).read(TEXT, {"pitch": "10um"}, None).diagnostics, str(design))
    assert {d["param"] for d in wrong} == {"pitch"}


# --- the bench --------------------------------------------------------------------------------------------------------


def test_the_newest_wish_wins(design: Path) -> None:
    heard: list[Outcome] = []
    done = threading.Event()
    faults: list[str] = []

    def hear(o: Outcome) -> None:
        heard.append(o)
        if o.final and o.wish.sets == {"pitch": "60um"}:
            done.set()

    bench = Bench(Editing(design), hear, faults.append)
    for n in (30, 40, 50, 60):
        bench.want(TEXT, 1, {"pitch": f"{n}um"}, None, load_rig("sim"))
    assert done.wait(30) and not faults
    bench.close()
    numbers = [o.wish.number for o in heard]
    assert numbers == sorted(numbers) and heard[-1].part is not None and heard[-1].plan is not None
    assert len(heard) < 8


def test_the_part_stands_in_the_order_of_the_print(design: Path) -> None:
    rig = load_rig("sim")
    out = solved(Editing(design), Wish(TEXT, 1, {}, None, rig), rig)
    assert out.part is not None and out.toolpath is not None
    n = int.from_bytes(out.part[:4], "little")
    head = json.loads(out.part[4 : 4 + n])
    assert head["ordered"] and n % 4 == 0 and head["places"][0].startswith(f"{design}:6:")
    layers = head["layer"]
    import numpy as np

    found = np.frombuffer(out.part[4 + n :], "<u4", layers["count"], layers["at"])
    plan = out.toolpath.plan
    assert np.array_equal(found, plan.filaments.layer[plan.order])
    plain, _ = packed_part(out.jobs, None)
    assert not json.loads(plain[4 : 4 + int.from_bytes(plain[:4], "little")])["ordered"]


# --- printing ---------------------------------------------------------------------------------------------------------


def _offered(design: Path, text: str = TEXT) -> tuple[Prints, dict[str, object]]:
    rig = load_rig("sim")
    prints = Prints(design, design.parent / "runs", lambda: None)
    return prints, prints.offer(solved(Editing(design), Wish(text, 1, {}, None, rig), rig), rig, False)


def test_nothing_is_printed_without_a_confirmation(design: Path) -> None:
    prints, told = _offered(design)
    assert told["nonce"] and told["filaments"] == 6
    for wrong in ("", "x", str(told["nonce"]) + "x"):
        assert not prints.begin(wrong)
    # A wrong word lets the offer lapse.
    assert not prints.begin(str(told["nonce"]))
    assert prints.status == {"phase": "none"} and not (design.parent / "runs").exists()


def test_what_breaks_a_rule_is_not_offered(design: Path) -> None:
    prints, told = _offered(design, TEXT.replace("> 35um", "> 95um"))
    assert told["nonce"] == "" and "too close" in str(told["diagnostics"]) and not prints.begin("")


def _until(prints: Prints, what: object, timeout: float = 30) -> None:
    end = time.monotonic() + timeout
    while not what(prints.status):  # type: ignore[operator]
        assert time.monotonic() < end, prints.status
        time.sleep(0.02)


def test_a_print_in_its_own_process_pauses_goes_on_and_ends(design: Path) -> None:
    text = TEXT.replace("120um", "600um")
    prints, told = _offered(design, text)
    assert prints.begin(str(told["nonce"]))
    _until(prints, lambda s: s["state"] == "printing")
    assert not prints.begin(str(told["nonce"]))
    prints.tell_printer("pause")
    _until(prints, lambda s: s.get("question"))
    assert prints.status["state"] == "paused" and prints.status["pressure_kpa"] == 0
    number = prints.status["question"]["number"]
    prints.tell_printer("answer", number=number + 1, choice="stop")  # of another question
    prints.tell_printer("answer", number=number, choice="no such choice")
    prints.tell_printer("answer", number=number, choice="continue")
    _until(prints, lambda s: s["phase"] == "ended")
    end = prints.status
    assert end["state"] == "done" and end["executed"] == end["total"] and end["ink_off"]
    # A filament that was cut lies in two pieces, so the truth is not held filament by filament here; tests of the executor do.
    assert end["truth"]["filaments"] == end["total"] and (design.parent / "runs" / end["run"]).is_dir()


def test_a_print_goes_on_without_the_studio(design: Path) -> None:
    """Its pipes are cut, as by a kill of the studio, in the middle of the print."""
    prints, told = _offered(design, TEXT.replace("120um", "600um"))
    assert prints.begin(str(told["nonce"]))
    _until(prints, lambda s: s["state"] == "printing")
    process = prints._process
    assert process is not None and process.stdin is not None and os.getsid(process.pid) == process.pid
    process.stdin.close()
    assert process.wait(60) == 0
    from wetprint.backends.printing.journal import read

    (run,) = (design.parent / "runs").iterdir()
    assert read(run)["state"] == "done"


def test_a_print_that_is_killed_is_told_of(design: Path) -> None:
    prints, told = _offered(design, TEXT.replace("120um", "600um"))
    assert prints.begin(str(told["nonce"]))
    _until(prints, lambda s: s["state"] == "printing")
    assert prints._process is not None
    prints._process.kill()
    _until(prints, lambda s: s["phase"] == "ended")
    assert prints.status["state"] == "failed" and prints.status["diagnostics"][0]["code"] == "X746"


# --- the gate ---------------------------------------------------------------------------------------------------------


def test_the_extra_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "find_spec", lambda name: None if name == "trame" else object())
    with pytest.raises(WetprintError) as caught:
        web.installed()
    assert caught.value.diagnostics[0].code == "X740" and "wetprint[studio]" in str(caught.value)


def test_a_port_in_use_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(WetprintError) as caught:
        web.free_port("127.0.0.1", taken.getsockname()[1])
    assert caught.value.diagnostics[0].code == "X741"
    assert web.free_port("127.0.0.1", 0) > 0


def test_which_addresses_are_ones_own() -> None:
    assert [web.is_local(h) for h in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "192.168.0.3", "box")] == [
        True
    ] * 3 + [False] * 3


@pytest.fixture
def served(design: Path) -> Iterator[tuple[int, str, subprocess.Popen[str]]]:
    wp = shutil.which("wp", path=str(Path(sys.executable).parent))
    process = subprocess.Popen(
        [str(wp), "studio", str(design), "--no-browser"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    url = process.stdout.readline().split()[1]
    yield int(url.split(":")[2].split("/")[0]), url.split("token=")[1], process
    process.kill()
    process.wait()


def _get(port: int, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    line.request("GET", path, headers=headers)
    answer = line.getresponse()
    return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()


def test_who_has_no_token_gets_nothing(served: tuple[int, str, subprocess.Popen[str]], design: Path) -> None:
    port, token, process = served
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "x" * 22 + "==",
    }
    for path in (
        "/",
        "/index.html",
        "/part",
        "/viewer",
        "/export?format=stl",
        "/wp_studio/studio.js",
        "/?token=wrong",
        f"/part?token={token}",
    ):
        status, _, body = _get(port, path)
        assert status == 403 and b"X743" in body, path
    assert _get(port, "/ws", **upgrade)[0] == 403
    status, headers, _ = _get(port, f"/?token={token}")
    assert status == 302 and token not in headers["location"]
    assert "HttpOnly" in headers["set-cookie"] and "SameSite=Strict" in headers["set-cookie"]
    cookie = headers["set-cookie"].split(";")[0]
    assert _get(port, "/index.html", Cookie=cookie)[0] == 200
    assert _get(port, "/ws", Cookie=cookie, Origin="http://elsewhere.example", **upgrade)[0] == 403
    # Files of the part, for who may have them.
    end = time.monotonic() + 20
    while _get(port, "/part", Cookie=cookie)[0] != 200 and time.monotonic() < end:
        time.sleep(0.05)
    for form, begins in (("stl", b""), ("svg", b"<"), ("program", b"")):
        status, headers, body = _get(port, f"/export?format={form}&state=dried", Cookie=cookie)
        assert (
            status == 200
            and body.startswith(begins)
            and len(body) > 500
            and "attachment" in headers["content-disposition"]
        )
    status, _, body = _get(port, "/export?format=docx", Cookie=cookie)
    assert status == 409 and b"X711" in body
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert design.read_text() == TEXT
