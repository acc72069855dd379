"""What a dialect is: a Toolpath written as the program of one controller, and such a program read back to arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..kernel.filaments import Floats, Ints
from ..kernel.motion import Program, Toolpath
from ..kernel.rig import Rig


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """What a program says, row by row: a move or a dwell each, in stage coordinates.

    `stage_um[N,3]`; `speed_um_s[N]` commanded, 0 in a dwell; `outputs int64[N]` the digital outputs that are on during the row,
    as bits; `dwell_s[N]` standing time, 0 in a move; `line int64[N]` line of the program, from 1. Moves before all three axes
    have been placed are left out. `end_outputs` are the bits left on when the program ends.
    """

    stage_um: Floats
    speed_um_s: Floats
    outputs: Ints
    dwell_s: Floats
    line: Ints
    end_outputs: int = 0

    @property
    def valve(self) -> npt.NDArray[np.bool_]:
        on: npt.NDArray[np.bool_] = self.outputs != 0
        return on


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

    def read(self, data: bytes) -> Decoded:
        """The arrays behind a program that `write` made. Raises ValueError, with the line, at one it does not know."""
        ...
