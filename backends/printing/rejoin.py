"""Going on after a pause, a stop or a crash: what is left of a toolpath from where ink was cut, with its joint."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...kernel.filaments import Floats, Ints
from ...kernel.motion import APPROACH, DWELL, PRINT, TRAVEL, Toolpath
from ...kernel.rig import Rig
from ...kernel.toolpath.frames import from_stage, to_stage
from ...kernel.toolpath.mixing import refilled
from ...kernel.toolpath.timing import profile
from .sections import atoms, part_of, stack
from .track import distance_um


@dataclass(frozen=True)
class Work:
    """A toolpath that is run, and where its rows come from: `source[k]` the row of the whole print behind row k, -1 for ways
    there. `whole` is the toolpath of the whole print."""

    toolpath: Toolpath
    source: Ints
    whole: Toolpath


def from_start(toolpath: Toolpath, here_um: Floats, rig: Rig) -> Work:
    """All of a toolpath, after the way from the stage position `here_um` to its row 0."""
    ways = [way_to(toolpath, 0, here_um, rig)]
    return _work(toolpath, ways, part_of(toolpath, 1, len(toolpath)), 1, rig)


@dataclass(frozen=True)
class Cut:
    """Where ink was cut: on the way to row `row` of the whole print, at `at_um` of the part (nozzle of that row), or up to
    `window_s` (of the machine's time) before; the stage may have laid ink for `late_s` after."""

    row: int
    at_um: Floats
    window_s: float = 0.0
    late_s: float = 0.0


def cut_at(work: Work, row: int, stage_position_um: Floats, rig: Rig) -> Cut | None:
    """The cut for a stage position measured right behind ink off, on row `row` of what was run, or on one of the next few: the
    stage moves on between the last poll and the cut. None on a way to where the print goes on: the cut before still holds."""
    n = len(work.toolpath)
    rows = np.arange(max(row, 1), min(row + 64, n))
    if not len(rows):
        return Cut(len(work.whole), stage_position_um)
    places = to_stage(rig, work.toolpath.position_um, work.toolpath.nozzle)
    away = distance_um(places[rows - 1], places[rows], stage_position_um)
    near = np.flatnonzero(away <= max(2.0, float(away.min()) + 1e-6))
    at = int(rows[int(near[0])])
    if work.source[at] < 0:
        return None
    return Cut(
        int(work.source[at]), from_stage(rig, stage_position_um[None, :], int(work.toolpath.nozzle[at]))[0]
    )


def cut_before(work: Work, row: int) -> Cut | None:
    """The cut of a stretch of work that began at `row` and laid nothing. None on a way to where the print goes on."""
    source = int(work.source[row])
    return Cut(source, work.whole.position_um[source - 1]) if source > 0 else None


def stepped_back(toolpath: Toolpath, cut: Cut) -> Cut:
    """The cut as early as it can have been, where that lies before the filament of its row; else the cut as it is, because an
    overlap within one filament makes up for its `window_s`."""
    n = len(toolpath)
    if cut.window_s <= 0.0:
        return cut
    row = min(cut.row, n - 1)
    a, b = toolpath.position_um[row - 1], toolpath.position_um[row]
    way = float(np.linalg.norm(b - a))
    done = 1.0 if cut.row >= n or way == 0.0 else min(float(np.linalg.norm(cut.at_um - a)) / way, 1.0)
    begin, end = float(toolpath.time_s[row - 1]), float(toolpath.time_s[row])
    at_s = max(begin + done * (end - begin) - cut.window_s, 0.0)
    early = max(int(np.searchsorted(toolpath.time_s, at_s, "left")), 1)
    if early >= row or (cut.row < n and (toolpath.filament[early : row + 1] == toolpath.filament[row]).all()):
        return cut
    a, b = toolpath.position_um[early - 1], toolpath.position_um[early]
    begin, end = float(toolpath.time_s[early - 1]), float(toolpath.time_s[early])
    part = (at_s - begin) / (end - begin) if end > begin else 1.0
    return Cut(early, a + part * (b - a))


def continue_from(toolpath: Toolpath, cut: Cut, here_um: Floats, rig: Rig, overlap_um: float) -> Work:
    """What is left of `toolpath` after `cut`, from the stage position `here_um`: up, purge, over, down from above onto the joint
    (`overlap_um` before the cut), and on.

    A filament of which nothing was laid begins anew; one that was laid in part goes on at the joint; one that is whole stays.
    Where all are whole, the tip still leaves the part.
    """
    n = len(toolpath)
    if cut.row >= n:
        return _away(toolpath, here_um, rig)
    starts = atoms(toolpath)
    after = int(np.searchsorted(starts, cut.row, "right"))
    atom = int(starts[max(after - 1, 0)])
    end = int(starts[after]) if after < len(starts) else n
    ink = np.flatnonzero(toolpath.filament[atom:end] >= 0) + atom
    begun = len(ink) > 0 and cut.row >= ink[0]
    if begun and toolpath.kind[cut.row] == PRINT:
        return _joined(toolpath, cut, here_um, rig, overlap_um)
    if begun and cut.row > ink[-1]:
        # The last filament of this stretch is whole: go on with the next stretch.
        return _away(toolpath, here_um, rig) if end >= n else _fresh(toolpath, end, here_um, rig)
    if begun:
        # Between two filaments of one stretch: the next one begins at its approach.
        nxt = int(ink[ink > cut.row][0])
        return _fresh(toolpath, _approach(toolpath, nxt, atom), here_um, rig)
    return _fresh(toolpath, atom, here_um, rig)


def _approach(toolpath: Toolpath, row: int, atom: int) -> int:
    """First row of the way to the filament that begins at `row`."""
    k = row
    while k - 1 > atom and toolpath.filament[k - 1] < 0 and toolpath.kind[k - 1] in (TRAVEL, APPROACH):
        k -= 1
    return k


def _path(like: Toolpath, positions: list[Floats], speeds: list[float], nozzle: int) -> Toolpath:
    """Travel through positions with the valve closed; row 0 is the first of them."""
    p = np.array(positions)
    v = np.array([speeds[0], *speeds])
    length = np.concatenate([[0.0], np.linalg.norm(np.diff(p, axis=0), axis=1)])
    m = len(p)
    return replace(
        like,
        position_um=p,
        speed_um_s=v,
        time_s=np.cumsum(length / v),
        valve=np.zeros(m, dtype=bool),
        pressure_kpa=np.zeros((m, like.pressure_kpa.shape[1])),
        filament=np.full(m, -1, dtype=np.int64),
        kind=np.full(m, TRAVEL, dtype=np.int8),
        dwell_s=np.zeros(m),
        nozzle=np.full(m, nozzle, dtype=np.int16),
        events=(),
    )


def way_to(toolpath: Toolpath, row: int, here_um: Floats, rig: Rig) -> Toolpath:
    """Up, over and down from the stage position `here_um` to the position of `row`, above all that may be printed."""
    nozzle = int(toolpath.nozzle[min(row + 1, len(toolpath) - 1)])
    return _over(toolpath, here_um, toolpath.position_um[row], rig, nozzle)


def _over(like: Toolpath, here_um: Floats, goal_um: Floats, rig: Rig, nozzle: int) -> Toolpath:
    here = from_stage(rig, here_um[None, :], nozzle)[0]
    printed = like.kind == PRINT
    top = float(like.position_um[printed, 2].max()) if printed.any() else 0.0
    up = max(top + rig.heights.clear_um, float(here[2]), float(goal_um[2]))
    above_here = np.array([here[0], here[1], up])
    above_goal = np.array([goal_um[0], goal_um[1], up])
    s = rig.speeds
    return _path(
        like,
        [here, above_here, above_goal, np.array(goal_um)],
        [s.travel_um_s, s.travel_um_s, s.travel_um_s],
        nozzle,
    )


def _primed(toolpath: Toolpath, row: int) -> tuple[int, int] | None:
    """Rows [from, to) of the last purge or prime of the nozzle that prints at `row`, with the way there."""
    nozzle = toolpath.nozzle[min(row, len(toolpath) - 1)]
    dwells = np.flatnonzero((toolpath.kind == DWELL) & toolpath.valve & (toolpath.nozzle == nozzle))
    dwells = dwells[dwells < row]
    if not len(dwells):
        return None
    starts = atoms(toolpath)
    at = int(dwells[-1])
    k = int(np.searchsorted(starts, at, "right"))
    first = int(starts[k - 1])
    last = int(starts[k]) if k < len(starts) else len(toolpath)
    inked = np.flatnonzero(toolpath.filament[first:last] >= 0)
    if len(inked):
        last = _approach(toolpath, first + int(inked[0]), at)
    return (first, last) if last > at else None


def _begin(
    toolpath: Toolpath, row: int, here_um: Floats, rig: Rig, part: float = 0.0
) -> tuple[list[Toolpath], Floats]:
    """Purge before `row` is printed from `part` of it on: the parts that do it, and the stage position after them."""
    rows = _primed(toolpath, row)
    if rows is None:
        return [], here_um
    first, last = rows
    purge = refilled(part_of(toolpath, first, last), toolpath, rig, row, part)
    nozzle = toolpath.nozzle[last - 1]
    over = _over(toolpath, here_um, purge.position_um[0], rig, int(nozzle))
    end = to_stage(rig, purge.position_um[-1:], int(nozzle))[0]
    return [over, replace(purge, filament=np.full(len(purge), -1, dtype=np.int64))], end


def _away(toolpath: Toolpath, here_um: Floats, rig: Rig) -> Work:
    """Up and to where the print ends."""
    way = _over(toolpath, here_um, toolpath.position_um[-1], rig, int(toolpath.nozzle[-1]))
    return Work(way, np.full(len(way), -1, dtype=np.int64), toolpath)


def _fresh(toolpath: Toolpath, first: int, here_um: Floats, rig: Rig) -> Work:
    """All rows from `first` on, after a purge and the way there."""
    parts: list[Toolpath] = []
    at = here_um
    if (toolpath.filament[first:] >= 0).any():
        parts, at = _begin(toolpath, first, here_um, rig)
    nozzle = int(toolpath.nozzle[first])
    parts.append(_over(toolpath, at, toolpath.position_um[first - 1], rig, nozzle))
    return _work(toolpath, parts, part_of(toolpath, first, len(toolpath)), first, rig)


def _joined(toolpath: Toolpath, cut: Cut, here_um: Floats, rig: Rig, overlap_um: float) -> Work:
    row, filament = cut.row, int(toolpath.filament[cut.row])
    mine = np.flatnonzero(toolpath.filament == filament)
    mine = mine[toolpath.kind[mine] == PRINT]
    nozzle = int(toolpath.nozzle[row])
    load = rig.nozzles[nozzle].load(_ink(toolpath, filament))
    lags = load.lags if load else None
    on_s, off_s = (lags.on_s, lags.off_s) if lags else (0.0, 0.0)
    # The valve must still open long enough for ink to come before it closes ahead of the end: joints near the end of a filament
    # are moved back.
    speed = float(toolpath.speed_um_s[row])
    open_rows = mine[toolpath.valve[mine]]
    way = _way(toolpath, mine)
    at_cut = float(way[np.searchsorted(mine, row)] - np.linalg.norm(toolpath.position_um[row] - cut.at_um))
    closes = float(way[np.searchsorted(mine, open_rows[-1])]) if len(open_rows) else 0.0
    joint = max(0.0, min(at_cut - overlap_um, closes - speed * max(on_s, off_s)))
    k = int(np.searchsorted(way, joint, "right"))
    k = min(k, len(mine) - 1)
    begin = float(way[k - 1]) if k else 0.0
    a, b = toolpath.position_um[mine[k] - 1], toolpath.position_um[mine[k]]
    span = float(way[k]) - begin
    point = a + (b - a) * ((joint - begin) / span if span > 0 else 0.0)
    parts, at = _begin(toolpath, int(mine[k]), here_um, rig, (joint - begin) / span if span > 0 else 0.0)
    parts += _down(toolpath, at, point, rig, nozzle, int(mine[k]), on_s)
    rest = part_of(toolpath, int(mine[k]), len(toolpath))
    places = rest.position_um.copy()
    places[0] = point
    return _work(toolpath, parts, replace(rest, position_um=places), int(mine[k]), rig)


def _way(toolpath: Toolpath, mine: Ints) -> Floats:
    """Length of the filament at the end of each of its rows."""
    step = toolpath.position_um[mine] - toolpath.position_um[mine - 1]
    return np.asarray(np.cumsum(np.linalg.norm(step, axis=1)))


def _ink(toolpath: Toolpath, filament: int) -> str:
    f = toolpath.plan.filaments
    return f.inks[int(f.material[filament])].name


def _down(
    like: Toolpath, here_um: Floats, point_um: Floats, rig: Rig, nozzle: int, row: int, on_s: float
) -> list[Toolpath]:
    """Over the joint and straight down onto it; the valve opens so that ink arrives with the nozzle."""
    speed = rig.speeds.approach_um_s
    height = max(rig.heights.clear_um, 2.0 * speed * on_s)
    above = np.array([point_um[0], point_um[1], point_um[2] + height])
    over = _over(like, here_um, above, rig, nozzle)
    # Ink is to arrive with the tip: the time law of the way down and of what follows says where that is `on_s` before.
    gain = min(axis.acceleration_um_s2 for axis in rig.axes.values())
    law = profile(
        np.array([above, point_um, like.position_um[row]]),
        np.array([True, False, True]),
        np.array([speed, float(like.speed_um_s[row])]),
        gain,
        rig.speeds.corner_um,
    )
    lead = float(law.left_um(np.array([0]), np.array([on_s]), gain)[0]) if on_s > 0 else 0.0
    lead = min(max(lead, 0.0), height)
    opens = np.array([point_um[0], point_um[1], point_um[2] + lead])
    down = _path(like, [above, opens, np.array(point_um)], [speed, speed], nozzle)
    valve, pressure = down.valve.copy(), down.pressure_kpa.copy()
    valve[-1] = on_s > 0.0
    own = list(rig.columns_of(nozzle))
    pressure[:, own] = like.pressure_kpa[row, own]
    kind = np.full(len(down), APPROACH, dtype=np.int8)
    return [over, replace(down, valve=valve, pressure_kpa=pressure, kind=kind)]


def _work(toolpath: Toolpath, ways: list[Toolpath], rest: Toolpath, first: int, rig: Rig) -> Work:
    path = stack([*ways, rest])
    count = len(rest) - 1
    kpa = path.pressure_kpa.copy()
    for column in rig.analog:
        # Regulators follow in their own time: on a way they stand as what comes next needs them.
        known = np.flatnonzero((kpa[:, list(rig.columns_of(rig.columns[column][0]))] > 0.0).any(axis=1))
        nxt = np.searchsorted(known, np.arange(len(path) - count))
        inside = nxt < len(known)
        kpa[: len(nxt)][inside, column] = path.pressure_kpa[known[nxt[inside]], column]
    path = replace(path, pressure_kpa=kpa)
    source = np.full(len(path), -1, dtype=np.int64)
    source[len(path) - count :] = np.arange(first, first + count)
    shift = len(path) - count - first
    events = tuple((row + shift, event) for row, event in toolpath.events if row >= first)
    return Work(replace(path, events=events), source, toolpath)
