"""What stands between a live mix and a rig's mixing head: figures that are missing, flows and pressures out of range, a ratio off."""

from __future__ import annotations

import numpy as np

from ..diagnostics import Diagnostic, Span, error, warning
from ..motion import DWELL, FLOWING, PRINT, Toolpath
from ..plan import Plan
from ..rig import Rig
from ..toolpath.dosing import dose
from ..toolpath.live import share_ends
from ..toolpath.mixing import BOUND, Channels, channels_of, ratio_at_tip
from .unmeasured import unmeasured

UM3_PER_NL = 1e6


def check_heads(plan: Plan, rig: Rig, toolpath: Toolpath | None) -> list[Diagnostic]:
    """Codes R511, R512, R514, R516, R528, R529, for every mixing head that the plan uses."""
    found: list[Diagnostic] = []
    for n in np.unique(plan.nozzle).tolist() if len(plan.order) else []:
        if not rig.nozzles[n].mix:
            continue
        first = int(plan.order[np.argmax(plan.nozzle == n)])
        ink = plan.filaments.inks[int(plan.filaments.material[first])]
        channels = channels_of(rig, n, ink.live)
        if channels is None:
            continue
        span = ink.span or plan.filaments.spans[int(plan.filaments.origin[first])]
        lacking = _lacking(rig, n, channels, ink.live, span)
        flows = _flows(plan, rig, n, channels, ink.live)
        found += [*lacking, *_purge(plan, rig, n, span), *flows]
        if toolpath is not None and not lacking:
            found += _pressures(plan, toolpath, rig, n, channels)
            found += _volumes(toolpath, rig, n, channels, ink.live, span)
            found += [] if flows else _ratio(plan, toolpath, rig, n, ink.live)
    return found


def steps_note(pair: tuple[str, ...]) -> str:
    """What helps where a ratio cannot be made as it is printed."""
    return f"`steps: 5` in the mix of {' and '.join(pair)} prints it in five premixed inks instead"


def _lacking(rig: Rig, n: int, channels: Channels, pair: tuple[str, ...], span: Span) -> list[Diagnostic]:
    head = rig.nozzles[n]
    found = []
    for name, load in zip(pair, channels.loads, strict=True):
        found += unmeasured(
            load, name, head.name, rig, span, "measured pairs of pressure and flow of its own channel"
        )
    if head.dead_volume_um3 is None:
        found.append(
            error(
                "R528",
                f"the dead volume of mixing head `{head.name}` is not known to rig `{rig.name}`",
                span,
                label="its ratio would come too late by an unknown length",
                notes=("measure it and add `dead_volume_nl` to the nozzle", steps_note(pair)),
            )
        )
    return found


def _purge(plan: Plan, rig: Rig, n: int, span: Span) -> list[Diagnostic]:
    """Every purge lets at least the dead volume out: what it held before would come into the part."""
    dead, flow = rig.nozzles[n].dead_volume_um3, dose(plan, rig).flow_um3_s
    if not dead or rig.purge is None:
        return []
    purged: dict[int, float] = {}
    for event in plan.events:
        if event.kind in FLOWING and event.nozzle == n:
            at = min(event.before, len(plan.order) - 1)
            purged[at] = purged.get(at, 0.0) + event.time_s * float(flow[at])
    if not purged or min(purged.values()) >= dead:
        return []
    at = min(purged, key=lambda k: purged[k])
    return [
        error(
            "R528",
            f"{purged[at] / UM3_PER_NL:.3g} nL are purged; mixing head `{rig.nozzles[n].name}` holds {dead / UM3_PER_NL:.3g} nL behind its tip",
            span,
            label="would begin with another ratio",
            notes=(
                f"`purge.time_s` and `purge.prime_s` of {1.2 * dead / float(flow[at]):.2g} s together would do",
            ),
        )
    ]


def _flows(plan: Plan, rig: Rig, n: int, channels: Channels, pair: tuple[str, ...]) -> list[Diagnostic]:
    """Ratios at which a channel would have to give less or more than it was calibrated for: the worst of each channel."""
    dosing = dose(plan, rig)
    places = np.flatnonzero((plan.nozzle == n) & dosing.bent)
    if not len(places):
        return []
    index = plan.order[places]
    least, most = share_ends(plan.filaments, index)
    found = []
    for k, load in enumerate(channels.loads):
        if not load.calibration:
            continue
        low, high = (least, most) if k == 0 else (1.0 - most, 1.0 - least)
        low, high = low * dosing.flow_um3_s[places], high * dosing.flow_um3_s[places]
        first, last = load.calibration[0].flow_um3_s, load.calibration[-1].flow_um3_s
        under, over = int(np.argmin(low)), int(np.argmax(high))
        at, flow = (under, low[under]) if low[under] < first - 1e-9 * last else (over, high[over])
        if first - 1e-9 * last <= flow <= last * (1 + 1e-9):
            continue
        share = 100.0 * flow / float(dosing.flow_um3_s[places[at]])
        found.append(
            error(
                "R514",
                f"{flow / 1e3:.4g} pL/s of ink `{pair[k]}` are needed where it makes {share:.3g}% of the mix; nozzle "
                f"`{rig.nozzles[n].name}` is calibrated for it from {first / 1e3:.4g} to {last / 1e3:.4g} pL/s",
                plan.filaments.spans[int(plan.filaments.origin[index[at]])],
                notes=("a ramp over fewer per cent, a wider calibration (the pressure that just holds the ink is a pair with flow 0)",
                       steps_note(pair)),
            )
        )  # fmt: skip
    return found


def _pressures(plan: Plan, toolpath: Toolpath, rig: Rig, n: int, channels: Channels) -> list[Diagnostic]:
    found = []
    mine = toolpath.valve & (toolpath.nozzle == n)
    for box, column in zip(channels.boxes, channels.columns, strict=True):
        kpa = np.where(mine, toolpath.pressure_kpa[:, column], box.pressure_min_kpa)
        off = np.maximum(box.pressure_min_kpa - kpa, kpa - box.pressure_max_kpa)
        row = int(np.argmax(off))
        if off[row] > 1e-9:
            ahead = toolpath.filament[row:]
            i = int(ahead[ahead >= 0][0]) if (ahead >= 0).any() else int(plan.order[-1])
            found.append(
                error(
                    "R514",
                    f"{kpa[row]:.4g} kPa are needed; dispenser `{rig.columns[column][1]}` gives "
                    f"{box.pressure_min_kpa:g} to {box.pressure_max_kpa:g} kPa",
                    plan.filaments.spans[int(plan.filaments.origin[i])],
                )
            )
    return found


def _ratio(plan: Plan, toolpath: Toolpath, rig: Rig, n: int, pair: tuple[str, ...]) -> list[Diagnostic]:
    done = ratio_at_tip(toolpath, rig, n)
    if done is None:
        return []
    row, out, asked = done
    off = np.nan_to_num(np.abs(out - asked).max(axis=1))
    if not len(off) or off.max() <= BOUND:
        return []
    at = int(np.argmax(off))
    i = int(toolpath.filament[row[at]])
    return [
        warning(
            "R529",
            f"the ratio of {' and '.join(pair)} is off by up to {100 * off.max():.3g}% at the tip of nozzle `{rig.nozzles[n].name}`",
            plan.filaments.spans[int(plan.filaments.origin[i])],
            notes=("a gentler ramp, a slower print, or finer steps of the dispensers (`resolution_kpa`)",),
        )
    ]


def _volumes(
    toolpath: Toolpath, rig: Rig, n: int, channels: Channels, pair: tuple[str, ...], span: Span
) -> list[Diagnostic]:
    """Reservoirs of a head are filled before the print alone."""
    spent = np.diff(toolpath.time_s, prepend=0.0) - toolpath.waits_s()
    row = np.flatnonzero(
        ((toolpath.kind == PRINT) | (toolpath.kind == DWELL)) & toolpath.valve & (toolpath.nozzle == n)
    )
    need = (channels.flows_um3_s(toolpath.pressure_kpa[row]) * spent[row, None]).sum(axis=0)
    found = []
    for name, load, volume in zip(pair, channels.loads, need.tolist(), strict=True):
        holds = None if load.volume_um3 is None else load.volume_um3 * (1.0 - load.reserve)
        if holds is not None and volume > holds:
            found.append(
                error(
                    "R516",
                    f"{volume / UM3_PER_NL:.4g} nL of ink `{name}` are needed; its channel of nozzle `{rig.nozzles[n].name}` gives "
                    f"{holds / UM3_PER_NL:.4g} nL, and a mixing head is not filled again on the way",
                    span,
                    notes=("a larger reservoir, a smaller reserve, or the part in two prints",),
                )
            )
    return found
