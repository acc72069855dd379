"""`wp run replay`: the bytes of a run again, exactly as its journal recorded them going out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from ...kernel.diagnostics import WetprintError, error
from .journal import NAME, find_run, open_database, programs_of
from .record import default_runs


def replay(run: str, runs: Path | None = None, *, channel: str | None = None) -> Iterator[bytes]:
    """What went out in a run, message by message in its order; of all channels, or of one (`stage`, `dispenser left`, ...).

    Channel `programs` is the motion programs as they were handed over. Raises WetprintError: M654 no such run, M657 no such channel
    or a program that is not what went out.
    """
    folder = find_run(default_runs() if runs is None else runs, run)
    return _programs(folder) if channel == "programs" else _wire(folder, channel)


def _wire(folder: Path, channel: str | None) -> Iterator[bytes]:
    db = open_database(folder / NAME)
    try:
        known = [
            c for (c,) in db.execute("select distinct channel from wire where direction = 'out' order by 1")
        ]
        if channel is not None and channel not in known:
            raise WetprintError(
                error(
                    "M657",
                    f"run {folder.name} has no channel `{channel}`",
                    notes=(f"its channels: {', '.join([*known, 'programs'])}",),
                )
            )
        rows = db.execute(
            "select data from wire where direction = 'out' and (?1 is null or channel = ?1) order by id",
            (channel,),
        )
        for (data,) in rows:
            yield bytes(data)
    finally:
        db.close()


def _programs(folder: Path) -> Iterator[bytes]:
    for path, sha in programs_of(folder):
        try:
            data = path.read_bytes()
        except OSError as reason:
            raise WetprintError(error("M657", f"{path} cannot be read: {reason.strerror}")) from None
        if hashlib.sha256(data).hexdigest() != sha:
            raise WetprintError(
                error("M657", f"{path} was changed after it went out: its hash is not the journal's")
            )
        yield data
