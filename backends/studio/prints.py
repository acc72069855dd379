"""The print that the studio follows: what is asked before it may begin, its process, and what it last told.

One that a terminal or an earlier studio began is followed by the files in its folder (../live.py)."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...kernel.diagnostics import Diagnostic, Severity, error
from ...kernel.rig import Rig
from ..printing.journal import JournalError, read
from ..printing.live import ending, live_run, notice, tell_run
from ..printing.record import LOCK, default_runs, is_running, toolpath_hash
from .bench import Outcome
from .printer import Order, sent
from .wording import worded

#: A print that has ended closes its lines, its camera and its watchdog within this, s.
_CLOSES_S = 8.0
_PICTURES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class Offer:
    """A print that was shown to a person and waits for the word to begin."""

    nonce: str
    order: Order
    told: dict[str, Any]


class Prints:
    """At most one print at a time. `changed` hears after every change of `status`, from any thread."""

    def __init__(self, source: Path, runs: Path | None, changed: Callable[[], None]) -> None:
        self.source, self.changed = source, changed
        self.runs = default_runs() if runs is None else runs
        self.status: dict[str, Any] = {"phase": "none"}
        self._offer: Offer | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._adopted: Path | None = None
        self._lock = threading.Lock()

    @property
    def own(self) -> bool:
        """Whether a print that this studio began is running."""
        return self._process is not None and self._process.poll() is None

    @property
    def running(self) -> bool:
        return self.own or self._adopted is not None

    def settle(self) -> None:
        """Wait until the process of a print that has ended has closed its lines."""
        if self.own and self._process is not None and self.status["phase"] == "ended":
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_CLOSES_S)

    def offer(self, outcome: Outcome, rig: Rig, dry_run: bool) -> dict[str, Any]:
        """What would be printed, with all rules applied; `nonce` is empty where it is refused."""
        self._offer = None
        if self.running:
            name = self.status.get("run") or "a print"
            return self._refused([error("X745", f"{name} is running already; one at a time")], rig)
        # The stage moves without ink: what is not known of the ink does not matter.
        found = [d for d in outcome.refusals if not (dry_run and d.code in ("R511", "R512"))]
        said = [d for d in (*outcome.diagnostics, *found) if d.severity >= Severity.WARNING]
        if outcome.toolpath is None or any(d.severity is Severity.ERROR for d in said):
            if outcome.toolpath is None and not any(d.severity is Severity.ERROR for d in said):
                said.append(
                    error(
                        "X747",
                        "0 prints in the design; `print NAME { bath: NAME; }` was expected before a print",
                    )
                )
            return self._refused(said, rig)
        assert outcome.reading.scene is not None and outcome.plan is not None
        order = Order(
            outcome.toolpath, rig, self.source.stem, str(self.source),
            hashlib.sha256(outcome.wish.text.encode()).hexdigest(), self.runs, dry_run,
            [p.bath for p in outcome.reading.scene.prints if p.bath is not None],
        )  # fmt: skip
        told = {
            **self._refused(said, rig),
            "nonce": secrets.token_urlsafe(9),
            "dry_run": dry_run,
            "time_s": outcome.plan["time_s"] / rig.time_scale,
            "filaments": outcome.plan["filaments"],
            "operator_stops": outcome.plan["operator_stops"],
            "ink": outcome.plan["ink"],
        }
        self._offer = Offer(told["nonce"], order, told)
        return told

    def _refused(self, said: list[Diagnostic], rig: Rig) -> dict[str, Any]:
        return {
            "nonce": "",
            "rig": rig.name,
            "simulated": rig.simulated,
            "doc": rig.doc,
            "diagnostics": worded(said, str(self.source)),
        }

    def begin(self, nonce: str) -> bool:
        """Start the print that was offered under `nonce`. False where it was not, or is not any more: nothing moves."""
        with self._lock:
            offer, self._offer = self._offer, None
            if offer is None or not nonce or not secrets.compare_digest(offer.nonce, nonce) or self.running:
                return False
            # A session of its own: Ctrl-C in the terminal of the studio ends the studio, not the print.
            process = subprocess.Popen(
                [sys.executable, "-m", "wetprint.backends.studio.printer"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
            self._process = process
            self.status = {
                "phase": "running", "state": "preflight", "fraction": 0.0, "eta_s": offer.told["time_s"], "elapsed_s": 0.0, "done": 0,
                "total": offer.told["filaments"], "filament": -1, "layer": -1, "ink": "", "pressure_kpa": 0.0, "message": "opening the lines",
                "rig": offer.told["rig"], "dry_run": offer.told["dry_run"], "question": None, "run": "", "diagnostics": [],
                "program": toolpath_hash(offer.order.toolpath), "design": offer.order.design, "adopted": False,
            }  # fmt: skip
        threading.Thread(target=self._follow, args=(process, offer.order), daemon=True, name="print").start()
        self.changed()
        return True

    def _follow(self, process: subprocess.Popen[bytes], order: Order) -> None:
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(OSError):
            process.stdin.write(sent(order))
            process.stdin.flush()
        for line in process.stdout:
            told = json.loads(line)
            kind = told.pop("kind")
            if kind == "question":
                self._tell(question=told)
            elif kind == "answered":
                self._tell(question=None)
            elif kind == "progress":
                self._tell(**told, run=self.status["run"] or self._folder(process.pid))
            elif kind in ("end", "refused"):
                self._tell(phase="ended", question=None, **{"state": "failed", **told})
        process.wait()
        if self.status["phase"] != "ended":
            lost = error(
                "X746",
                f"the process that prints ended without a word (exit {process.returncode}); its watchdog cut the ink",
            )
            self._tell(phase="ended", state="failed", question=None, diagnostics=worded([lost], order.source))

    def _tell(self, **what: Any) -> None:
        self.status = {**self.status, **what}
        self.changed()

    def _folder(self, pid: int) -> str:
        """Name of the run that this process writes."""
        for lock in sorted(self.runs.glob(f"*/{LOCK}"), reverse=True)[:5]:
            with contextlib.suppress(OSError):
                if lock.read_text().strip() == str(pid):
                    return lock.parent.name
        return ""

    def look(self) -> None:
        """Follow a print that another process began, as long as it runs. Called again and again, from one thread."""
        if self.own:
            return
        folder = self._adopted
        if folder is None:
            folder = live_run(self.runs)
            if folder is None:
                return
            try:
                meta = read(folder)
            except JournalError:
                return
            if "program_hash" not in meta or self.own:
                return
            self._adopted = folder
            self.status = {
                "phase": "running", "state": "preflight", "fraction": 0.0, "eta_s": float(meta.get("planned_s", 0.0)), "elapsed_s": 0.0,
                "done": 0, "total": meta.get("filaments", 0), "filament": -1, "layer": -1, "ink": "", "pressure_kpa": 0.0, "message": "",
                "rig": meta.get("rig", ""), "dry_run": bool(meta.get("dry_run")), "question": None, "run": folder.name, "diagnostics": [],
                "program": meta["program_hash"], "design": meta.get("design", ""), "adopted": True,
            }  # fmt: skip
            self.changed()
        alive, told = is_running(folder), notice(folder)
        if told is not None and {**self.status, **told} != self.status:
            self._tell(**told)
        if not alive:
            self._adopted = None
            end = ending(folder)
            said = [s.partition(" ") for s in end.pop("said")]
            wrong = [{"code": code, "severity": "error", "message": text} for code, _, text in said]
            self._tell(phase="ended", question=None, diagnostics=wrong, **end)

    def tell_printer(self, do: str, **what: Any) -> None:
        """Ask the print to `pause` or `stop`, or `answer` its question."""
        process = self._process
        if self._adopted is not None:
            tell_run(self._adopted, do, **what)
        elif process is not None and process.stdin is not None and self.own:
            with contextlib.suppress(OSError):
                process.stdin.write(json.dumps({"do": do, **what}).encode() + b"\n")
                process.stdin.flush()

    def frame(self) -> Path | None:
        """The newest picture of a camera in the record of the run, where there is one."""
        folder = self.runs / self.status["run"] if self.status.get("run") else None
        found = [p for p in folder.glob("**/*") if p.suffix.lower() in _PICTURES] if folder else []
        return max(found, key=lambda p: p.stat().st_mtime, default=None)
