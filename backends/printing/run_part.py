"""What a run has laid so far, from its own record: for pictures coloured by time or by ink."""

from __future__ import annotations

import itertools
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...kernel.diagnostics import Source, Span, WetprintError, error
from ...kernel.filaments import FilamentSet, Floats, Ints, State, filaments
from ...kernel.material import Ink, Solvent
from ...kernel.motion import DWELL
from .journal import NAME, find_run, open_database
from .record import PART, TOOLPATH, default_runs

TRUTH = "truth.npz"
#: Steps of time that are told apart, from dark to light (viridis; it stays in order in greys and for the colour-blind).
STEPS = ("#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725")
#: Ink laid within this distance of a place of purging is no part of the print.
PURGE_UM = 5.0
#: Points nearer to an end than this are left out of a picture.
END_UM = 0.5


def deposited(run: str, runs: Path | None = None, *, by: str = "time") -> FilamentSet:
    """The wet filaments that a run has laid, coloured `by` time or by ink.

    From the truth of the emulators where they hold the whole of the run (so a filament that was cut short is short), else the
    filaments that the journal holds to be executed. Raises WetprintError: M654 no such run, M657 nothing of it on record, X712 where
    nothing has been laid.
    """
    folder = find_run(default_runs() if runs is None else runs, run)
    if not (folder / PART).is_file():
        raise WetprintError(
            error("M657", f"run {folder.name} has no {PART}: it was printed before parts were kept")
        )
    part = _part(folder)
    found = _laid(folder, part)
    if not len(found[0]):
        raise WetprintError(error("X712", f"run {folder.name} has laid nothing yet"))
    laid, time_s = found
    return laid if by == "ink" else by_time(laid, time_s)


def _part(folder: Path) -> FilamentSet:
    with np.load(folder / PART) as data:
        nothing = Solvent("", 0.0, 0.0, 0.0, 0.0)
        inks = tuple(
            # What a picture needs of an ink; the rest is not on record here.
            Ink(name, crystal, nothing, 0.0, density, (), 1.0, 0.0, 0.0, 0.0, 0.0, colour)
            for name, crystal, colour, density in json.loads(str(data["inks"]))
        )
        return FilamentSet(
            data["offsets"],
            data["material"],
            data["layer"],
            np.zeros(len(data["material"]), np.int32),
            inks,
            (Span(Source(folder.name, ""), 0, 0),),
            wet=State(data["points_um"], data["width_um"], data["height_um"]),
            dried=None,
        )


def _laid(folder: Path, part: FilamentSet) -> tuple[FilamentSet, Floats]:
    """What was laid and when, seconds from the start of the run."""
    db = open_database(folder / NAME)
    try:
        rows = db.execute(
            "select id, executed from filament where executed is not null order by executed, id"
        ).fetchall()
        attempts = int(db.execute("select coalesce(max(attempt), 0) from section").fetchone()[0])
        began = db.execute("select value from meta where key = 'started'").fetchone()
        dry = db.execute("select value from meta where key = 'dry_run'").fetchone()
    except sqlite3.Error as reason:
        raise WetprintError(error("M657", f"{folder / NAME}: {reason}")) from None
    finally:
        db.close()
    if dry and json.loads(dry[0]):
        return part.take(np.zeros(0, np.int64)), np.zeros(0)
    if attempts == 1 and (folder / TRUTH).is_file() and (found := _truth(folder, part)) is not None:
        return found
    start = json.loads(began[0]) if began else 0.0
    which = np.array([i for i, _ in rows], dtype=np.int64)
    return part.take(which), np.array([t - start for _, t in rows])


def _truth(folder: Path, part: FilamentSet) -> tuple[FilamentSet, Floats] | None:
    """Deposits of the emulators, one for each filament in the order of printing; None where they do not go together."""
    with np.load(folder / TRUTH) as data, np.load(folder / TOOLPATH) as path:
        if "part_um" not in data:
            return None
        points, time_s, offsets = data["part_um"], data["time_s"], data["offsets"]
        order = _in_order(path["filament"])
        places = np.unique(path["position_um"][(path["kind"] == DWELL) & path["valve"]], axis=0)
    first = points[offsets[:-1]]
    span = np.array([np.ptp(points[a:b], axis=0).max() for a, b in itertools.pairwise(offsets)])
    near = np.zeros(len(first), bool)
    for place in places:
        near |= np.linalg.norm(first - place, axis=1) < PURGE_UM
    kept = np.flatnonzero(~(near & (span < PURGE_UM)))
    if len(kept) > len(order):
        return None
    counts = np.diff(offsets)[kept]
    rows = (
        np.concatenate([np.arange(offsets[k], offsets[k + 1]) for k in kept])
        if len(kept)
        else np.zeros(0, np.int64)
    )
    centre = points[rows].copy()
    # Nanometres of the way down at an end would turn the end of a drawn tube.
    at = np.cumsum(np.concatenate([[0], counts]))[:-1] if len(counts) else np.zeros(0, np.int64)
    own = np.repeat(np.arange(len(counts)), counts)
    begin, end = centre[at], centre[at + counts - 1]
    away = np.minimum(np.linalg.norm(centre - begin[own], axis=1), np.linalg.norm(centre - end[own], axis=1))
    keep = away >= END_UM
    keep[at] = keep[at + counts - 1] = True
    centre, own = centre[keep], own[keep]
    counts = np.bincount(own, minlength=len(counts))
    which = order[: len(kept)]
    begins = part.offsets[which]
    assert part.wet is not None
    width, height = part.wet.width_um[begins], part.wet.height_um[begins]
    # The tip runs at the top of what it lays.
    centre[:, 2] -= np.repeat(height / 2, counts)
    laid = filaments(
        centre,
        counts,
        width_um=np.repeat(width, counts),
        height_um=np.repeat(height, counts),
        material=part.material[which],
        layer=part.layer[which],
        origin=0,
        inks=part.inks,
        spans=part.spans,
        state="wet",
    )
    return laid, time_s[offsets[kept]] if len(kept) else np.zeros(0)


def _in_order(filament: Ints) -> Ints:
    """Filaments of a toolpath in the order in which they are printed."""
    ids = filament[filament >= 0]
    if not len(ids):
        return ids
    unique, at = np.unique(ids, return_index=True)
    return np.asarray(unique[np.argsort(at)])


def by_time(part: FilamentSet, time_s: Floats) -> FilamentSet:
    """The same filaments in pseudo-inks, one for each step of the time in which they were laid."""
    low, high = float(time_s.min()), float(time_s.max())
    count = min(len(STEPS), len(np.unique(time_s)))
    edges = np.linspace(low, high, count + 1)
    step = np.clip(np.searchsorted(edges, time_s, "right") - 1, 0, count - 1)
    pick = np.linspace(0, len(STEPS) - 1, count).round().astype(int)
    inks = tuple(
        replace(part.inks[0], name=text, nanocrystal=text, colour=STEPS[int(pick[k])])
        for k, text in enumerate(_clock(a) + " - " + _clock(b) for a, b in itertools.pairwise(edges))
    )
    return replace(part, material=step.astype(np.int16), inks=inks)


def _clock(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
