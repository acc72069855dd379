"""The studio itself: joins the desk, the bench and the prints, and tells the page what they say."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...kernel.diagnostics import WetprintError, error, warning
from ..printing.record import toolpath_hash
from ..rigs.store import list_rigs, load_rig
from ..watch import Files
from . import web
from .bench import Bench, Outcome, Wish, solved
from .desk import Desk
from .exports import offered
from .language import Language
from .prints import Prints
from .routes import routes
from .wording import line, offset, place, worded

if TYPE_CHECKING:
    from ...kernel.diagnostics import Diagnostic, Source
    from ...kernel.rig import Rig

#: The file is looked at so often, and written so long after the last edit, s.
_LOOK_S, _SAVE_S = 0.1, 0.7
#: Others' prints are looked for, and looked at, so often, s.
_LIVE_S, _ADOPTED_S = 1.0, 0.3


class Studio:
    """One design in one page (or several pages of it). What a page asks for comes as triggers, on the loop of the server."""

    def __init__(self, path: Path, language: Language, rig: str, runs: Path | None) -> None:
        self.path, self.language = path, language
        self.desk = Desk(path)
        self.search = [path.resolve().parent / "rigs", Path.cwd() / "rigs"]
        self.rig: Rig = load_rig(rig, self.search)
        self.sets: dict[str, str] = {}
        self.preset: str | None = None
        self.outcome: Outcome | None = None
        self.shown: Outcome | None = None
        self.filmed: Outcome | None = None
        self.films = 0
        self._hashed: tuple[Outcome | None, str] = (None, "")
        self.parts = 0
        self.own, self.files = Files([path]), Files([])
        self.edited = 0.0
        self.note = ""
        self.loop: asyncio.AbstractEventLoop | None = None
        self.bench = Bench(
            language,
            self._heard,
            lambda text: self._soon(lambda: self._noted(f"a fault of wetprint itself: {text}")),
        )
        self.prints = Prints(path, runs, lambda: self._soon(self._told_print))
        self.server = web.new_server()
        self.state = self.server.state
        for name in (
            "edit", "save", "settle", "set_param", "take_preset", "reset", "write_back", "complete", "hover", "format", "use_rig",
            "print_ask", "print_go", "print_tell",
        ):  # fmt: skip
            self.server.controller.trigger(name)(getattr(self, name))
        self.state.update(
            {
                "doc": {}, "values": {}, "result": {"number": 0}, "run": self.prints.status, "formats": offered(self.rig), "keywords": list(language.keywords),
                "rigs": [{"name": r["name"], "doc": r["doc"]} for r in list_rigs(self.search)], "rig": self.rig.name, "names": {},
            }
        )  # fmt: skip
        self._told_text()
        self._want()

    # --- from other threads -------------------------------------------------------------------------------------------

    def _soon(self, call: Callable[[], None]) -> None:
        if self.loop is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(call)

    def _heard(self, outcome: Outcome) -> None:
        self._soon(lambda: self._told_outcome(outcome))

    # --- what the page is told ----------------------------------------------------------------------------------------

    def _told_text(self) -> None:
        d = self.desk
        with self.state:
            self.state.doc = {
                "name": self.path.name,
                "path": str(self.path.resolve()),
                "text": d.text,
                "version": d.version,
                "unsaved": d.unsaved,
                "conflict": d.conflict and {"mine": d.conflict.mine.name, "disk": d.conflict.disk},
                "note": self.note,
            }

    def _noted(self, note: str) -> None:
        self.note = note
        self._told_text()

    def _told_outcome(self, outcome: Outcome) -> None:
        wish, reading = outcome.wish, outcome.reading
        if self.outcome is not None and wish.number < self.outcome.wish.number:
            # What was being solved when a newer wish was quicker.
            return
        self.outcome = outcome
        if wish.number == self.bench.newest:
            # A name that the text has no more takes its value along; an older outcome knows nothing of newer values.
            self.sets, self.preset = dict(reading.sets), reading.preset
        self.files.follow(f for f in reading.files if f.resolve() != self.path.resolve())
        if outcome.part is not None:
            if self.shown is None or self.shown.part != outcome.part:
                # What the full model dries to is often what the closed form said: it need not be drawn again.
                self.parts += 1
            self.shown = outcome
        if outcome.films:
            if self.filmed is None or self.filmed.wish.number != wish.number or outcome.jobs:
                self.films += 1
            self.filmed = outcome
        elif outcome.part is not None:
            self.filmed = None
        with self.state:
            if reading.scene is not None or reading.params["params"] or not self.state.values:
                self.state.values = {**reading.params, "sets": self.sets, "preset": self.preset or ""}
            else:
                # What is wrong hides the values; the page goes on showing what it had.
                self.state.values = {**self.state.values, "sets": self.sets, "preset": self.preset or ""}
            self.state.names = reading.names
            self.state.result = {
                "number": wish.number,
                "version": wish.version,
                "diagnostics": worded(outcome.diagnostics, str(self.path), outcome.placed),
                "refusals": worded(outcome.refusals, str(self.path)),
                "part": self.parts,
                "sound": outcome.part is not None or outcome.films,
                "figures": outcome.figures,
                "plan": outcome.plan,
                "final": outcome.final,
                "loose": outcome.loose,
                "films": self.films if self.filmed is not None else 0,
                "steps": [
                    {
                        "kind": s.kind,
                        "name": s.name,
                        "line": s.span.line,
                        "says": [f"{k} {v}" for k, v in s.says],
                    }
                    for s in outcome.steps
                ],
                "took_ms": round(1000 * (time.monotonic() - wish.asked)),
            }

        if self.prints.running:
            self._told_print()

    def _told_print(self) -> None:
        status = self.prints.status
        # The view follows the print as long as it shows the part that is printed.
        here = status["phase"] == "running" and self._program() == status["program"]
        with self.state:
            self.state.run = {**status, "here": here}

    def _program(self) -> str:
        """Hash of the toolpath of the part that is shown."""
        of, known = self._hashed
        if of is not self.shown:
            path = self.shown.toolpath if self.shown is not None else None
            known = toolpath_hash(path) if path is not None else ""
            self._hashed = self.shown, known
        return known

    def _want(self) -> int:
        return self.bench.want(self.desk.text, self.desk.version, self.sets, self.preset, self.rig)

    # --- what the page asks for ---------------------------------------------------------------------------------------

    def edit(self, text: str, version: int) -> dict[str, Any]:
        kept = self.desk.edit(text, version)
        self.edited = time.monotonic()
        number = self._want()
        if not kept or self.desk.conflict is not None:
            self._told_text()
        return {"version": self.desk.version, "number": number, "kept": kept, "unsaved": self.desk.unsaved}

    def save(self) -> bool:
        try:
            saved = self.desk.save()
            self.note = ""
        except WetprintError as caught:
            saved, self.note = False, line(caught.diagnostics[0])
        self._told_text()
        return saved

    def settle(self, mine: bool) -> None:
        self.desk.settle(mine)
        self._told_text()
        self._want()

    def set_param(self, name: str, value: Any) -> int:
        """A value in the param's own unit, or an expression as text; None for what the design says."""
        param = next((p for p in self.state.values.get("params", []) if p["name"] == name), None)
        if value is None or param is None:
            self.sets.pop(name, None)
        else:
            self.sets[name] = self.language.value(param, value)
        return self._want()

    def take_preset(self, name: str) -> int:
        self.preset, self.sets = name or None, {}
        return self._want()

    def reset(self) -> int:
        return self.take_preset("")

    def write_back(self) -> None:
        """The values that differ from the text become its defaults."""
        params = self.state.values.get("params", [])
        values = {
            p["name"]: self.language.value(p, p["value"]) for p in params if p["value"] != p["default"]
        } | {n: v for n, v in self.sets.items() if any(p["name"] == n for p in params)}
        self.desk.edit(self.language.written(self.desk.text, values), self.desk.version)
        self.edited = time.monotonic()
        self.preset, self.sets = None, {}
        self._told_text()
        self._want()

    async def complete(self, text: str, line: int, column: int) -> list[dict[str, Any]]:
        at = offset(text, line, column)
        found = await asyncio.to_thread(self.language.complete, text, at)
        from ...kernel.diagnostics import Source

        source: Source = Source("", text)
        return [{**item, "start": place(source, item["start"])} for item in found[:300]]

    async def hover(self, text: str, line: int, column: int) -> str | None:
        return await asyncio.to_thread(self.language.hover, text, offset(text, line, column))

    def format(self, text: str) -> str:
        try:
            return self.language.formatted(text)
        except WetprintError:
            return text

    def use_rig(self, name: str) -> bool:
        try:
            self.rig = load_rig(name, self.search)
            self.note = ""
        except WetprintError as caught:
            self._noted(line(caught.diagnostics[0]))
            return False
        with self.state:
            self.state.rig, self.state.formats = self.rig.name, offered(self.rig)
        self._told_text()
        self._want()
        return True

    async def print_ask(self, dry_run: bool) -> dict[str, Any]:
        wish = Wish(self.desk.text, self.desk.version, dict(self.sets), self.preset, self.rig)
        await asyncio.to_thread(self.prints.settle)
        known = self.outcome
        if (
            known is not None
            and known.final
            and known.wish.number == self.bench.newest
            and known.wish.rig is self.rig
        ):
            return self.prints.offer(known, self.rig, dry_run)
        return self.prints.offer(
            await asyncio.to_thread(solved, self.language, wish, self.rig), self.rig, dry_run
        )

    def print_go(self, nonce: str) -> bool:
        return self.prints.begin(nonce)

    def print_tell(self, do: str, number: int = 0, choice: str = "") -> None:
        if do in ("pause", "stop", "answer"):
            self.prints.tell_printer(do, number=number, choice=choice)

    # --- the files ------------------------------------------------------------------------------------------------------

    def settled(self, planned: bool) -> Outcome | None:
        """What came of the newest wish, dried by the full model, and with its plan where one is asked for."""
        outcome = self.outcome
        if outcome is None or not outcome.jobs:
            return outcome if outcome is not None and outcome.films else None
        if outcome.final and (outcome.toolpath is not None or not planned or outcome.refusals):
            return outcome
        return solved(self.language, outcome.wish, self.rig)

    async def follow(self) -> None:
        """Look at the files, and write the design when the hand rests."""
        self.loop = asyncio.get_running_loop()
        self._told_print()
        self._want()
        beside = asyncio.ensure_future(self._look())
        try:
            await self._step_on()
        finally:
            beside.cancel()

    async def _look(self) -> None:
        """Look for prints that others began, and at what they tell."""
        while True:
            await asyncio.to_thread(self.prints.look)
            await asyncio.sleep(_ADOPTED_S if self.prints.running else _LIVE_S)

    async def _step_on(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            try:
                if self.own.saved():
                    await asyncio.to_thread(self.own.wait, 0.0)
                    changed, before = self.desk.look(), self.note
                    gone = f"{self.path} is gone from the disk; the page keeps its text, and the next edit or Save writes it anew"
                    self.note = line(error("X748", gone)) if self.desk.missing else ""
                    if changed or self.note != before:
                        self._told_text()
                    if changed:
                        self._want()
                elif self.files.saved():
                    await asyncio.to_thread(self.files.wait, 0.0)
                    self._want()
                elif (
                    self.desk.unsaved
                    and self.desk.conflict is None
                    and time.monotonic() - self.edited > _SAVE_S
                ):
                    self.save()
                    # A file that cannot be written is tried again after the next edit.
                    self.edited = float("inf") if self.note else self.edited
            except WetprintError as caught:
                self._noted(line(caught.diagnostics[0]))


def studio(
    path: Path,
    language: Callable[[Path], Language],
    *,
    rig: str,
    host: str,
    port: int,
    browser: bool,
    runs: Path | None,
    tell: Callable[[str], None],
    show: Callable[[list[Diagnostic]], None],
) -> None:
    """`wp studio`: serve the page until Ctrl-C. A print that runs goes on. Raises WetprintError (X740, X741, X744)."""
    web.installed()
    port = web.free_port(host, port)
    if not web.is_local(host):
        show(
            [
                warning(
                    "X742",
                    f"{host} can be reached from the network, and the line is not encrypted; 127.0.0.1 was expected",
                )
            ]
        )
    here = Studio(path, language(path), rig, runs)
    gate = web.Gate(port)
    asyncio.run(web.run(here.server, gate, routes(here), host, port, browser, tell, here.follow))
    here.bench.close()
    if here.desk.unsaved and here.desk.conflict is None:
        here.desk.save()
    if here.prints.running:
        tell(f"the print {here.prints.status.get('run', '')} goes on; `wp stop` stops it")
