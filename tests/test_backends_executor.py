"""Whole prints on the emulated rig: the truth of what was laid, states, people, refusals, and faults of the machines."""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from wetprint.backends.emulator.sim import Sim, emulate
from wetprint.backends.printing.executor import run_print
from wetprint.backends.printing.guard import Control
from wetprint.backends.printing.preflight import preflight
from wetprint.backends.printing.states import FOLLOWS, State
from wetprint.kernel.diagnostics import WetprintError
from wetprint.kernel.material import Bath
from wetprint.kernel.motion import DWELL, PRINT, TRAVEL, Toolpath
from wetprint.kernel.rig import Rig


@pytest.mark.parametrize("inks", [("Au",), ("Au", "CdSe")])
def test_every_filament_is_laid_once_and_in_place(
    prints: ModuleType, tmp_path: Path, inks: tuple[str, ...]
) -> None:
    machine = prints.rig()
    path = prints.toolpath(prints.woodpile(5, 4, inks=inks), machine)
    desk = prints.Desk()
    result = prints.go(path, machine, tmp_path, desk=desk)
    assert result.state is State.DONE and result.executed == result.total == 20 and not result.diagnostics
    truth = result.truth
    assert truth is not None
    assert truth["deposits"] == truth["matched"] == 20
    assert truth["worst_um"] < 0.2
    assert truth["blobs_s"] == 0.0
    told = [p.state for p in desk.heard]
    assert State.PRINTING in told and told[-1] is State.DONE
    assert all(a.done <= b.done for a, b in zip(desk.heard, desk.heard[1:], strict=False))
    assert all(0.0 <= p.fraction <= 1.0 for p in desk.heard)


def test_the_wrong_truth_is_seen(prints: ModuleType, tmp_path: Path) -> None:
    """The comparison that all rests on can fail: another valve lag than the plan's is a misplaced filament."""
    machine = prints.rig()
    path = prints.toolpath(prints.woodpile(3, 1), machine)
    with emulate(machine) as sim:
        sim.world.wiring = tuple(replace(w, on_s=w.on_s + 0.02) for w in sim.world.wiring)
        result = prints.go(path, machine, tmp_path, sim=sim)
    assert result.truth is not None and result.truth["worst_um"] > 5.0


def test_dry_run_moves_without_ink(prints: ModuleType, tmp_path: Path) -> None:
    machine = prints.rig()
    path = prints.toolpath(prints.woodpile(3, 2), machine)
    with emulate(machine) as sim:
        result = prints.go(path, machine, tmp_path, sim=sim, dry_run=True)
        assert result.state is State.DONE and result.executed == 6
        assert sim.world.deposits() == []
        assert all(state.pressure_kpa == 0.0 for _, _, state in sim.world.boxes["left"])
        assert len(sim.world.paths) > 0


def test_operator_is_asked_with_ink_off(prints: ModuleType, tmp_path: Path) -> None:
    machine = prints.rig()
    path = prints.toolpath(prints.woodpile(3, 2, inks=("Au", "CdSe")), machine, ask=True)
    with emulate(machine) as sim:
        seen: list[tuple[float, bool, float]] = []

        class Desk(prints.Desk):  # type: ignore[name-defined,misc]
            def ask(self, question: str, choices: tuple[str, ...]) -> str:
                now = sim.world.now()
                kpa = max(sim.world.box(b).pressure_kpa for b in ("left", "right"))
                seen.append((kpa, sim.world.output(0, now) or sim.world.output(1, now), sim.world.speed(now)))
                return super().ask(question, choices)  # type: ignore[no-any-return]

        desk = Desk()
        result = prints.go(path, machine, tmp_path, sim=sim, desk=desk)
    assert desk.asked == ["Fit the nozzle with CdSe."]
    assert seen == [(0.0, False, 0.0)]
    assert result.state is State.DONE
    assert State.SWITCHING in [p.state for p in desk.heard]


def test_operator_may_stop_there_and_resume(prints: ModuleType, tmp_path: Path) -> None:
    machine = prints.rig()
    path = prints.toolpath(prints.woodpile(3, 2, inks=("Au", "CdSe")), machine, ask=True)
    with emulate(machine) as sim:
        first = prints.go(path, machine, tmp_path, sim=sim, desk=prints.Desk({"Fit": "stop"}))
        assert first.state is State.STOPPING and first.executed == 3 and first.ink_off
        desk = prints.Desk()
        second = prints.go(path, machine, tmp_path, sim=sim, desk=desk, resume=first.run)
        assert second.state is State.DONE and second.executed == 6
        found = prints.coverage(sim, path, machine)
        assert found.gap_um < 0.2 and found.whole == 6 and found.twice_um == 0.0
    assert "Fit the nozzle with CdSe." in desk.asked, "the exchange is still to be done"


# Faults of the machines


def fault_case(prints: ModuleType, tmp_path: Path, act: Callable[[Sim], object]) -> Any:
    machine = prints.rig(time_scale=5.0)
    path = prints.toolpath(prints.long_lines(), machine)
    with emulate(machine, scale=5.0) as sim:
        prints.when_printing(sim, lambda: act(sim))
        began = time.monotonic()
        result = prints.go(path, machine, tmp_path, sim=sim)
        took = time.monotonic() - began
        time.sleep(0.05)
        now = sim.world.now()
        on = any(
            sim.world.output(w.output, now) and sim.world.box(w.box).pressure_kpa > 0
            for w in sim.world.wiring
        )
        return result, on, took


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("stage goes silent", "M631"),
        ("stage trips", "M634"),
        ("stage is unplugged for good", None),
        ("someone stops the task", "M634"),
    ],
)
def test_faults_end_with_ink_off(prints: ModuleType, tmp_path: Path, what: str, code: str | None) -> None:
    def act(sim: Sim) -> None:
        if what == "stage goes silent":
            sim.controller.faults.silent = "MotionLineNumber"
        elif what == "stage trips":
            sim.world.halt(sim.world.now())
            sim.controller.tasks[1].state = 8
            sim.controller.last_error = "line 20: position error"
        elif what == "someone stops the task":
            sim.controller._stop(1)
        else:
            sim.controller.close()

    result, on, took = fault_case(prints, tmp_path, act)
    assert result.state is State.FAILED and result.diagnostics
    assert not on, "one of the two channels has cut"
    assert took < 20.0
    if code:
        assert result.diagnostics[0].code == code
    if what == "stage trips":
        assert "position error" in result.diagnostics[0].message
        assert result.diagnostics[0].primary is not None, "and its line of the design is told"


def test_an_unplugged_dispenser_stops_the_print(prints: ModuleType, tmp_path: Path) -> None:
    """Seen at the next setting of its pressure; the stage's output goes off by the other channel."""
    machine = prints.rig(time_scale=5.0)
    path = prints.toolpath(prints.woodpile(2, 2, 200.0, ("Au", "CdSe")), machine)
    with emulate(machine, scale=5.0) as sim:
        prints.when_printing(sim, lambda: setattr(sim.boxes["left"].faults, "silent", True))
        result = prints.go(path, machine, tmp_path, sim=sim)
        assert result.state is State.FAILED and result.diagnostics[0].code == "M636"
        assert "UNKNOWN" in result.diagnostics[0].message
        now = sim.world.now()
        assert not sim.world.output(0, now) and not sim.world.output(1, now)


def test_a_stage_moved_by_hand_is_seen(prints: ModuleType, tmp_path: Path) -> None:
    machine = prints.rig()
    path = prints.toolpath(prints.woodpile(3, 2, inks=("Au", "CdSe")), machine, ask=True)
    with emulate(machine) as sim:

        class Desk(prints.Desk):  # type: ignore[name-defined,misc]
            def ask(self, question: str, choices: tuple[str, ...]) -> str:
                here = sim.world.position(sim.world.now())
                sim.world.paths.clear()
                sim.world.home_um = here + 20.0
                return super().ask(question, choices)  # type: ignore[no-any-return]

        result = prints.go(path, machine, tmp_path, sim=sim, desk=Desk())
    assert result.state is State.FAILED and result.diagnostics[0].code == "M636"
    assert "moved" in result.diagnostics[0].message


def test_a_fault_of_our_own_cuts_ink_and_is_not_hidden(prints: ModuleType, tmp_path: Path) -> None:
    machine = prints.rig(time_scale=5.0)
    path = prints.toolpath(prints.long_lines(), machine)

    class Desk(prints.Desk):  # type: ignore[name-defined,misc]
        def tell(self, progress: Any) -> None:
            if progress.done >= 1:
                raise ZeroDivisionError("a fault of our own")

    with emulate(machine, scale=5.0) as sim:
        with pytest.raises(ZeroDivisionError):
            prints.go(path, machine, tmp_path, sim=sim, desk=Desk())
        now = sim.world.now()
        assert not sim.world.output(0, now) and sim.world.box("left").pressure_kpa == 0.0
        assert not sim.world.moving(now)
        (run,) = tmp_path.iterdir()
    from wetprint.backends.printing.journal import read

    assert read(run)["state"] == "failed" and "ZeroDivisionError" in read(run)["said"]


def test_a_full_disk_cuts_ink_and_stops(
    prints: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wetprint.backends.printing import executor
    from wetprint.backends.printing.journal import Journal

    made: list[Journal] = []

    class Kept(Journal):
        def __init__(self, folder: Path) -> None:
            super().__init__(folder)
            made.append(self)

    monkeypatch.setattr(executor, "Journal", Kept)
    machine = prints.rig(time_scale=5.0)
    path = prints.toolpath(prints.long_lines(), machine)
    with emulate(machine, scale=5.0) as sim:
        prints.when_printing(sim, lambda: setattr(made[0], "_failed", "no space left on device"))
        result = prints.go(path, machine, tmp_path, sim=sim)
        assert result.state is State.FAILED and result.diagnostics[0].code == "M660"
        now = sim.world.now()
        assert not sim.world.output(0, now) and sim.world.box("left").pressure_kpa == 0.0
        assert not sim.world.moving(now)


def test_nobody_answers(prints: ModuleType, tmp_path: Path) -> None:
    machine = prints.rig()
    gone = replace(machine, controller=replace(machine.controller, transport="tcp://127.0.0.1:9"))
    result = prints.go(prints.toolpath(prints.woodpile(2, 1), machine), gone, tmp_path)
    assert result.state is State.FAILED and result.diagnostics[0].code == "M630"


# Preflight


def changed(path: Toolpath, column: str, rows: Any, value: Any) -> Toolpath:
    data = getattr(path, column).copy()
    data[rows] = value
    return replace(path, **{column: data})


def without(machine: Rig, *names: str) -> Rig:
    nozzles = tuple(
        replace(
            n,
            loads=tuple(
                replace(e, **{k: () if k == "calibration" else None for k in names}) for e in n.loads
            ),
        )
        for n in machine.nozzles
    )
    return replace(machine, nozzles=nozzles)


def cases(prints: ModuleType) -> dict[str, tuple[Toolpath, Rig, str]]:
    """Name -> (toolpath, rig, code): each breaks one law."""
    rig = prints.rig()
    good = prints.toolpath(prints.woodpile(3, 2), rig)
    print_rows = np.flatnonzero(good.kind == PRINT)
    travels = np.flatnonzero((good.kind == TRAVEL) & (np.arange(len(good)) > 10))
    first, later = int(print_rows[0]), int(travels[-1])
    x, z = rig.axes["x"], rig.axes["z"]
    box = rig.dispensers["left"]
    dwell = int(np.flatnonzero(good.kind == DWELL)[0])
    far = good.position_um.copy()
    far[:, 0] += 60_000.0
    deep = good.position_um.copy()
    deep[first, 2] = -5.0
    low = good.position_um.copy()
    low[later - 1 : later + 1, 2] = 5.0
    twice = good.filament.copy()
    twice[twice == 2] = 0
    nozzles = rig.nozzles
    return {
        "out of x": (replace(good, position_um=far), rig, "R519"),
        "narrow stage": (good, replace(rig, axes={**rig.axes, "x": replace(x, max_um=50_010.0)}), "R519"),
        "short z": (good, replace(rig, axes={**rig.axes, "z": replace(z, min_um=36_000.0)}), "R519"),
        "too fast": (changed(good, "speed_um_s", travels, 80_000.0), rig, "M611"),
        "slow axis": (good, replace(rig, axes={**rig.axes, "x": replace(x, max_speed_um_s=100.0)}), "R520"),
        "into the substrate": (replace(good, position_um=deep), rig, "M612"),
        "a low travel": (replace(good, position_um=low), rig, "R524"),
        "too much pressure": (changed(good, "pressure_kpa", good.valve, 150.0), rig, "M613"),
        "too little pressure": (
            good,
            replace(rig, dispensers={**rig.dispensers, "left": replace(box, pressure_min_kpa=5.0)}),
            "R514",
        ),
        "no pressure": (changed(good, "pressure_kpa", slice(None), 0.0), rig, "M613"),
        "open in a travel": (changed(good, "valve", later, True), rig, "M614"),
        "dwell inside": (changed(good, "kind", print_rows[1], DWELL), rig, "M614"),
        "no lags": (good, without(rig, "lags"), "R512"),
        "no calibration": (good, without(rig, "calibration"), "R511"),
        "another ink": (
            good,
            replace(
                rig,
                nozzles=tuple(
                    replace(n, loads=tuple(replace(e, ink="Ag") for e in n.loads)) for n in nozzles
                ),
            ),
            "R510",
        ),
        "pressure changes": (changed(good, "pressure_kpa", first, 3.0), rig, "M617"),
        "too little ink": (
            good,
            replace(
                rig,
                nozzles=tuple(
                    replace(n, loads=tuple(replace(e, volume_um3=10.0) for e in n.loads)) for n in nozzles
                ),
            ),
            "R516",
        ),
        "not primed": (changed(good, "valve", dwell, False), rig, "M620"),
        "not finite": (changed(good, "position_um", first, np.nan), rig, "M601"),
        "no speed": (changed(good, "speed_um_s", first, 0.0), rig, "M601"),
        "one left out": (changed(good, "filament", good.filament == 1, -1), rig, "M601"),
        "one twice": (replace(good, filament=twice), rig, "M601"),
        "nothing": (changed(good, "filament", slice(None), -1), rig, "M601"),
        "one nozzle too few": (good, replace(rig, nozzles=nozzles[:1]), "M601"),
        "no dispenser": (good, replace(rig, dispensers={"right": box}), "M602"),
        "unknown box": (
            good,
            replace(rig, dispensers={**rig.dispensers, "left": replace(box, kind="ultimus_x")}),
            "M602",
        ),
        "no driver": (good, replace(rig, controller=replace(rig.controller, dialect="linuxcnc_x")), "M602"),
        "shared output": (good, replace(rig, nozzles=tuple(replace(n, output=0) for n in nozzles)), "M602"),
        "far controller": (
            good,
            replace(
                rig, simulated=False, controller=replace(rig.controller, transport="tcp://10.0.0.7:8000")
            ),
            "M602",
        ),
        "wrong sign": (good, replace(rig, axes={**rig.axes, "x": replace(x, sign=0)}), "M602"),
    }


NAMES = [
    "out of x", "narrow stage", "short z", "too fast", "slow axis", "into the substrate", "a low travel",
    "too much pressure", "too little pressure", "no pressure", "open in a travel", "dwell inside", "no lags",
    "no calibration", "another ink", "pressure changes", "too little ink", "not primed", "not finite",
    "no speed", "one left out", "one twice", "nothing", "one nozzle too few", "no dispenser", "unknown box",
    "no driver", "shared output", "far controller", "wrong sign",
]  # fmt: skip


def test_all_cases_are_named(prints: ModuleType) -> None:
    assert sorted(NAMES) == sorted(cases(prints))


@pytest.mark.parametrize("name", NAMES)
def test_preflight_refuses(prints: ModuleType, tmp_path: Path, name: str) -> None:
    path, machine, code = cases(prints)[name]
    with pytest.raises(WetprintError) as refused:
        prints.go(path, machine, tmp_path)
    found = refused.value.diagnostics
    assert code in [d.code for d in found], [(d.code, d.message) for d in found]
    assert not list(tmp_path.iterdir()), "nothing was begun"
    told = next(d for d in found if d.code == code)
    if code not in ("M601", "M602", "R520"):
        assert told.primary is not None and told.primary.source.name == "hand.wp"


def test_preflight_passes_what_is_good(prints: ModuleType) -> None:
    machine = prints.rig()
    for inks in (("Au",), ("Au", "CdSe")):
        assert preflight(prints.toolpath(prints.woodpile(4, 3, inks=inks), machine), machine) == []


def test_missing_lags_allow_a_dry_run(prints: ModuleType, tmp_path: Path) -> None:
    machine = without(prints.rig(), "lags", "calibration")
    path = prints.toolpath(prints.woodpile(2, 1), machine)
    assert {d.code for d in preflight(path, machine)} == {"R511", "R512"}
    assert [d.severity.word for d in preflight(path, machine, dry_run=True)] == ["warning"]
    assert prints.go(path, machine, tmp_path, dry_run=True).state is State.DONE


def test_baths_are_held_against_rig_and_inks(prints: ModuleType) -> None:
    machine = prints.rig(baths=("butanol",))
    path = prints.toolpath(prints.woodpile(2, 1), machine)
    good = Bath("butanol", prints.NMF, (prints.GOLD,), 1e-21)
    iron = replace(prints.GOLD, name="iron", ion="Fe2+", salt="FeCl2")
    assert preflight(path, machine, baths=[good]) == []
    assert [d.code for d in preflight(path, machine, baths=[replace(good, name="hexanol")])] == ["M621"]
    assert [d.code for d in preflight(path, machine, baths=[replace(good, linkers=(iron,))])] == ["M621"]


def test_states_that_lay_ink_can_always_stop() -> None:
    for state in (State.PRIMING, State.PRINTING, State.TRAVELLING, State.SWITCHING):
        assert {State.PAUSED, State.STOPPING, State.FAILED} <= FOLLOWS[state]
    assert not FOLLOWS[State.DONE] and not FOLLOWS[State.FAILED]


def test_start_up_is_light(root: Path) -> None:
    """The watchdog must be there in a moment, and no printing may wait for pictures or geometry."""
    import subprocess

    code = "import sys, wetprint.backends.printing.watchdog; print([m for m in sys.modules if m in ('numpy', 'scipy', 'rich')])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
    code = "import sys, wetprint.backends.printing.executor; print([m for m in ('scipy', 'pyvista', 'shapely', 'rich') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_run_print_says_when_a_run_is_held(prints: ModuleType, tmp_path: Path) -> None:
    from wetprint.backends.printing.record import lock

    machine = prints.rig()
    path = prints.toolpath(prints.woodpile(2, 1), machine)
    first = prints.go(path, machine, tmp_path)
    held = lock(first.folder)
    assert held is not None
    with pytest.raises(WetprintError) as told:
        run_print(
            path,
            machine,
            design_hash="hand",
            runs_dir=tmp_path,
            ask=lambda q, c: c[0],
            progress=lambda p: None,
            resume=first.run,
            control=Control(),
        )
    assert told.value.diagnostics[0].code == "M656"
    held.close()
