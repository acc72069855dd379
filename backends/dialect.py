"""What a dialect is: a Toolpath written as the program of one controller, and such a program read back to arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..kernel.filaments import Floats, Ints
from ..kernel.motion import Program, Toolpath
from ..kernel.plan import Plan
from ..kernel.rig import Rig


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """What a program says, row by row: a move or a dwell each, in stage coordinates.

    `stage_um[N,3]`; `speed_um_s[N]` commanded, 0 in a dwell; `outputs int64[N]` the digital outputs that are on during the row,
    as bits; `dwell_s[N]` standing time, 0 in a move; `line int64[N]` line of the program, from 1. Moves before all three axes
    have been placed are left out. `end_outputs` are the bits left on when the program ends. `analog`: for each analog output that the
    program sets, [N+1] what it is set to during every row and at the end. `sweep_rad[N]` is by how much a row turns about
    `centre_um[N,2]` in x and y, counter-clockwise above zero, while its height changes evenly: 0 for a straight one; arcs.py has its points.
    """

    stage_um: Floats
    speed_um_s: Floats
    outputs: Ints
    dwell_s: Floats
    line: Ints
    end_outputs: int = 0
    analog: dict[int, Floats] = field(default_factory=dict)
    centre_um: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    sweep_rad: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def valve(self) -> npt.NDArray[np.bool_]:
        on: npt.NDArray[np.bool_] = self.outputs != 0
        return on


def levels(changes: list[tuple[int, int, float]], rows: int) -> dict[int, Floats]:
    """`Decoded.analog` from (row, output, value) as they come: each holds from its row on, the last before a row counts."""
    found: dict[int, Floats] = {}
    for row, output, value in changes:
        found.setdefault(output, np.zeros(rows + 1))[row:] = value
    return found


@dataclass(frozen=True, slots=True, eq=False)
class About:
    """What a program says of itself at its head: planned time, where it begins (tip [3] and nozzle), and the first pressure of each
    nozzle, in order of use."""

    time_s: float
    start_um: Floats
    nozzle: int
    kpa: dict[int, float]

    def then(self, after: About) -> About:
        """Of both, one after the other."""
        new = {n: kpa for n, kpa in after.kpa.items() if n not in self.kpa}
        return About(self.time_s + after.time_s, self.start_um, self.nozzle, {**self.kpa, **new})


def about(toolpath: Toolpath) -> About:
    first: dict[int, float] = {}
    for block in toolpath.blocks():
        n = int(toolpath.nozzle[block.start])
        kpa = float(toolpath.pressure_kpa[block.start, n])
        if kpa > 0:
            first.setdefault(n, kpa)
    return About(float(toolpath.time_s[-1]), toolpath.position_um[0], int(toolpath.nozzle[0]), first)


class Dialect(Protocol):
    """A member of the register of dialects: one file in dialects/.

    `decimals` of a coordinate in mm: positions are true to half of the last. `suffixes` are the endings of its files.
    """

    name: str
    doc: str
    suffixes: tuple[str, ...]
    decimals: int

    def write(self, toolpath: Toolpath, rig: Rig, rows: slice | None = None) -> Program:
        """The program of a toolpath, or of one block of it (`toolpath.blocks()`).

        The whole program stands alone: it raises the tip and goes to the start, says which pressure to set, and stops where an
        operator has work. A block holds only what its rows do; exchanges and pressures are then the executor's.
        """
        ...

    def pieces(
        self, toolpath: Toolpath, rig: Rig, rows: slice | None = None
    ) -> Iterator[tuple[list[bytes], int, Ints]]:
        """The same text piece by piece, for programs that are too long to be held: (parts of text, first row of the toolpath
        behind it or -1, lines of each row)."""
        ...

    def top(self, plan: Plan, rig: Rig, known: About | None) -> bytes:
        """What a program begins with; `known` is what one that stands alone says of itself. Raises WetprintError (R523)."""
        ...

    def body(self, part: Toolpath, rig: Rig) -> list[bytes]:
        """Lines of a part of a toolpath, in parts: those of all parts (kernel/toolpath/parts.py), between `top` and `tail`, are the program."""
        ...

    def tail(self, rig: Rig) -> bytes:
        """What a program ends with."""
        ...

    def read(self, data: bytes) -> Decoded:
        """The arrays behind a program that `write` made. Raises ValueError, with the line, at one it does not know."""
        ...
