"""What a Scene holds, for its writer: the parts and kinds in it, how often each solid is used, its mixes without steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from ..kernel.material import Ink
from ..kernel.scene import Expr, Lattice, LayerRule, Mask, Part, Path, Placed, Region, Scene, Solid, Union
from .heads import REGION


def parts_of(design: Scene) -> list[Part]:
    pending: list[Part] = [*design.parts.values(), *(p.part for p in design.prints)]
    found = []
    while pending:
        at = pending.pop()
        found.append(at)
        if isinstance(at, Placed):
            pending.append(at.part)
        elif isinstance(at, Union):
            pending.extend(at.parts)
    return found


def kinds_and_uses(design: Scene) -> tuple[set[str], Counter[int]]:
    """Kinds of all lattices, paths, solids and masks in the design; and at how many places each solid and mask stands, by its id."""
    kinds: set[str] = set()
    uses: Counter[int] = Counter()
    seen: set[int] = set()
    pending: list[Any] = [*design.parts.values()]
    for p in design.prints:
        pending += [p.part, p.fields]
    pending += design.masks.values()
    for q in design.patterns:
        pending += [q.mask, q.fields]
    pending += [r.where for r in design.regions] + [r.share for r in design.regions]
    while pending:
        at = pending.pop()
        if isinstance(at, Solid | Mask):
            uses[id(at)] += 1
        if isinstance(at, Mapping):
            pending += at.values()
        elif isinstance(at, list | tuple):
            pending += at
        elif (
            isinstance(at, Solid | Mask | Lattice | Path | Placed | Union | LayerRule | Expr)
            and id(at) not in seen
        ):
            seen.add(id(at))
            if isinstance(at, Solid | Mask | Lattice | Path):
                kinds.add(at.kind)
            for name in ("fields", "children", "layers", "part", "parts", "args"):
                pending.append(getattr(at, name, None))
    return kinds, uses


class Live(NamedTuple):
    """A mix of two inks without steps, in the region that its steps lie in; `shares` has the ratio of one, None for `rest`."""

    region: Region
    shares: tuple[tuple[Ink, Expr | None], tuple[Ink, Expr | None]]


def gathered(regions: Sequence[Region]) -> list[Region | Live]:
    """The regions, with those that are the steps of one live mix as one."""
    out: list[Region | Live] = []
    for _, run in groupby(regions, key=lambda r: (r.part, r.gradient, id(r.share))):
        steps = list(run)
        live = _live(steps)
        out += steps if live is None else [live]
    return out


def _live(steps: list[Region]) -> Live | None:
    """What `mixes.regions_of` made these steps of, None where it did not."""
    first, last = steps[0], steps[-1]
    count = REGION.field("steps")
    if first.share is None or count is None or len(steps) != count.default:
        return None
    # The first step is all of the ink that takes the rest; its bound is one from above.
    where, bound = first.where.args if first.where.op == "and" else (None, first.where)
    if bound.op != "<" or first.material is None or last.material is None:
        return None
    if where is None:
        where = Expr("const", (True,), first.span)
    ratio = bound.args[0]
    region = Region(
        first.gradient, first.part, where, first.span, filament_um=first.filament_um, cut=first.cut,
        priority=first.priority,
    )  # fmt: skip
    if first.share == ratio:
        return Live(region, ((last.material, ratio), (first.material, None)))
    if first.share.op == "-" and first.share.args[1] == ratio:
        return Live(region, ((first.material, None), (last.material, ratio)))
    return None
