"""What comes of a text: part, figures, rules and plan, made in a thread of its own whenever the text or a value changes."""

from __future__ import annotations

import json
import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ...kernel.diagnostics import Diagnostic, Severity, WetprintError
from .language import Language, Reading
from .wording import BITS, line

if TYPE_CHECKING:
    from ...kernel.build import Job
    from ...kernel.filaments import FilamentSet
    from ...kernel.motion import Toolpath
    from ...kernel.process import Step
    from ...kernel.rig import Rig
    from ...kernel.scene import Scene
    from ...kernel.shrink import Model

#: Above so many filaments the plan comes after the part: planning them takes longer than a hand waits (docs/planning.md).
_PLAN_AT_ONCE = 2500
#: What takes seconds to solve is begun only where nothing changed for so long, s.
_REST_S = 0.3


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be made: a text, values of its params, and the rig that it is planned for."""

    text: str
    version: int
    sets: dict[str, str] = field(default_factory=dict)
    preset: str | None = None
    rig: Rig | None = None
    number: int = 0
    asked: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a wish. `part` is None where there is none to show; `final` where nothing better will follow. `placed`: the
    problems that are marked in the part, in the order of their bits; `loose`: its parts are shown, though nothing prints them; `steps`:
    of a design that is made in several, light and ink alike."""

    @property
    def films(self) -> bool:
        """Whether there are films to show, with what is printed on them."""
        return bool(self.steps) and self.reading.scene is not None and bool(self.reading.scene.patterns)

    wish: Wish
    reading: Reading
    diagnostics: tuple[Diagnostic, ...]
    final: bool
    jobs: tuple[Job, ...] = ()
    part: bytes | None = None
    figures: dict[str, Any] | None = None
    plan: dict[str, Any] | None = None
    toolpath: Toolpath | None = None
    refusals: tuple[Diagnostic, ...] = ()
    placed: tuple[Diagnostic, ...] = ()
    loose: bool = False
    steps: tuple[Step, ...] = ()


class Bench:
    """Makes the newest wish and tells `heard`, first what is quick, then what is solved. Older wishes are let go."""

    def __init__(
        self, language: Language, heard: Callable[[Outcome], None], fault: Callable[[str], None]
    ) -> None:
        self.language, self.heard, self.fault = language, heard, fault
        self._news = threading.Condition()
        self._wish: Wish | None = None
        self._count = 0
        self._closed = False
        self._solving = threading.Lock()
        threading.Thread(target=self._work, daemon=True, name="bench").start()

    def want(self, text: str, version: int, sets: dict[str, str], preset: str | None, rig: Rig | None) -> int:
        """Ask for this; the number by which its outcome can be known."""
        with self._news:
            self._count += 1
            self._wish = Wish(text, version, dict(sets), preset, rig, self._count, time.monotonic())
            self._news.notify()
            return self._count

    @property
    def newest(self) -> int:
        """Number of the last wish."""
        return self._count

    def close(self) -> None:
        with self._news:
            self._closed = True
            self._news.notify()

    def _stale(self, wish: Wish) -> bool:
        return wish.number != self._count or self._closed

    def _work(self) -> None:
        while True:
            with self._news:
                while self._wish is None and not self._closed:
                    self._news.wait()
                if self._closed:
                    return
                wish, self._wish = self._wish, None
                assert wish is not None
            self._try(wish, "analytic")

    def _try(self, wish: Wish, model: Model) -> None:
        try:
            self._make(wish, model)
        except Exception as caught:  # a fault of ours must not end the studio
            self.fault(f"{type(caught).__name__}: {caught}")

    def _make(self, wish: Wish, model: Model) -> None:
        reading = self.language.read(wish.text, wish.sets, wish.preset)
        if self._stale(wish):
            return
        jobs, said = _built(reading, model)
        if self._stale(wish):
            return
        quick = model == "analytic"
        if not jobs:
            told = _without_print(wish, reading, said, final=not quick)
            self.heard(told)
            if not told.final:
                threading.Thread(target=self._solve, args=(wish,), daemon=True).start()
            return
        count = sum(len(job.filaments) for job in jobs)
        rig = wish.rig if not quick or count <= _PLAN_AT_ONCE else None
        self.heard(_judged(self.language, wish, reading, jobs, said, rig, final=not quick))
        if quick:
            threading.Thread(target=self._solve, args=(wish,), daemon=True).start()

    def _solve(self, wish: Wish) -> None:
        """The full model of drying, and the plan of a large part, once the hand rests."""
        end = time.monotonic() + _REST_S
        while time.monotonic() < end:
            time.sleep(0.02)
            if self._stale(wish):
                return
        # One at a time: what is stale by now cannot be broken off, but need not have company.
        with self._solving:
            if not self._stale(wish):
                self._try(wish, "auto")


def solved(language: Language, wish: Wish, rig: Rig) -> Outcome:
    """All of a wish at once, dried by the full model and planned for `rig`."""
    reading = language.read(wish.text, wish.sets, wish.preset)
    jobs, said = _built(reading, "auto")
    if not jobs:
        return _without_print(wish, reading, said, final=True)
    return _judged(language, wish, reading, jobs, said, rig, final=True)


def _without_print(wish: Wish, reading: Reading, said: Sequence[Diagnostic], *, final: bool) -> Outcome:
    """Of a design that prints nothing: its films and steps (their rules only where it is `final`: of many polygons they take long);
    or its parts as they would be, without a bath and a plan, so that there is something to see."""
    plain = Outcome(wish, reading, tuple(said), True)
    scene = reading.scene
    if scene is None or scene.prints or _broken(said):
        return plain
    if scene.patterns:
        from ...kernel.check import run_checks

        rules = run_checks(scene, (), wish.rig) if final else []
        return replace(plain, final=final, diagnostics=(*said, *rules), steps=_steps(scene, ()))
    if not scene.parts:
        return plain
    from ...kernel.build import build
    from ...kernel.measure import measure
    from ...kernel.scene import Print, Union
    from ...kernel.shrink import complete_jobs

    inner = [
        q
        for p in scene.parts.values()
        for q in (p.parts if isinstance(p, Union) else [getattr(p, "part", None)])
    ]
    whole = [p for p in scene.parts.values() if not any(p is q for q in inner)]
    try:
        drawn, more = build(replace(scene, prints=tuple(Print(p, None, p.span) for p in whole)))
        jobs, others = complete_jobs(scene, drawn, model="analytic")
    except WetprintError:
        return plain
    if not jobs or _broken([*more, *others]):
        return plain
    part, _ = packed_part(jobs, None)
    return replace(plain, jobs=jobs, part=part, figures=measure(jobs), loose=True)


def _built(reading: Reading, model: Model) -> tuple[tuple[Job, ...], list[Diagnostic]]:
    """The part of a reading in both states; no jobs where it is broken."""
    said = list(reading.diagnostics)
    if reading.scene is None or _broken(said):
        return (), said
    from ...kernel.build import build
    from ...kernel.shrink import complete_jobs

    try:
        jobs, more = build(reading.scene)
        said += more
        if jobs and not _broken(said):
            jobs, more = complete_jobs(reading.scene, jobs, model=model)
            said += more
    except WetprintError as caught:
        said += caught.diagnostics
    return (() if _broken(said) else jobs), said


def _judged(
    language: Language,
    wish: Wish,
    reading: Reading,
    jobs: tuple[Job, ...],
    said: list[Diagnostic],
    rig: Rig | None,
    *,
    final: bool,
) -> Outcome:
    from ...kernel.check import run_checks
    from ...kernel.measure import figures, measure

    assert reading.scene is not None
    toolpath: Toolpath | None = None
    plan: dict[str, Any] | None = None
    refusals: tuple[Diagnostic, ...] = ()
    wet = tuple(job for job in jobs if job.print.process == "wet_writing")
    if rig is not None and wet:
        toolpath, plan, refusals = _planned(wet, rig)
    found = run_checks(reading.scene, jobs, rig)
    part, marked = packed_part(jobs, toolpath if len(wet) == len(jobs) else None, found)
    said = [*said, *found]
    if reading.scene.post_checks:
        said += language.judge(reading.scene, figures(jobs))
    return Outcome(
        wish, reading, tuple(said), final, jobs, part, measure(jobs), plan, toolpath, refusals, marked,
        steps=_steps(reading.scene, jobs),
    )  # fmt: skip


def _steps(scene: Scene, jobs: tuple[Job, ...]) -> tuple[Step, ...]:
    """The steps of a design that is made in several; none of one that is only printed wet."""
    if not scene.in_steps:
        return ()
    from ...kernel.process import steps_of

    return steps_of(scene, jobs)


def _broken(said: Sequence[Diagnostic]) -> bool:
    return any(d.severity is Severity.ERROR for d in said)


def _planned(
    jobs: Sequence[Job], rig: Rig
) -> tuple[Toolpath | None, dict[str, Any] | None, tuple[Diagnostic, ...]]:
    """Motion on the rig, its figures, and why the rig would refuse it."""
    from ...kernel.motion import make_toolpath
    from ...kernel.order import make_plan, summary
    from ...kernel.planning.rig_check import problems

    try:
        plan = make_plan(jobs, rig)
        toolpath = make_toolpath(plan, rig)
        found = problems(plan, rig, toolpath)
        return toolpath, summary(plan, toolpath, rig), tuple(found)
    except WetprintError as caught:
        return None, None, caught.diagnostics


def packed_part(
    jobs: Sequence[Job], toolpath: Toolpath | None, said: Sequence[Diagnostic] = ()
) -> tuple[bytes, tuple[Diagnostic, ...]]:
    """What the viewer of the page takes: four bytes that tell how long its head is, the head, and the columns; and what of `said` is
    marked in it.

    With a plan the filaments stand in the order in which they are printed."""
    from ..drawing.camera import Camera
    from ..export import whole
    from ..previews.html import packed
    from .placing import placed

    part: FilamentSet = whole(jobs, "dried")
    ordered = toolpath is not None and toolpath.plan.filaments.dried is not None
    if toolpath is not None and ordered:
        part = toolpath.plan.filaments
    marked, bits = placed(said, jobs, part)
    if toolpath is not None and ordered:
        part, bits = part.take(toolpath.plan.order), bits[toolpath.plan.order]
    head, data = packed(part)
    if marked:
        head["marks"] = {"type": "u2", "at": len(data), "count": len(bits)}
        head["said"] = [line(d) for d in marked[:BITS]]
        data += bits.astype("<u2").tobytes()
    camera = Camera()
    head |= {
        "title": "",
        "show": "dried",
        "camera": [camera.azimuth_deg, camera.elevation_deg],
        "ordered": ordered,
        "live": True,
    }
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    return struct.pack("<I", len(text)) + text + data, marked
