"""The cell magic `%%wp`: a cell of a notebook is a design, shown as a picture or answered with what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..kernel.diagnostics import WetprintError


def cell_magic(shell: Any, make: Callable[..., Any]) -> Callable[[str, str], Any]:
    """`%%wp NAME pitch=30um`: `make(text, pitch="30um")` is the cell's value and kept under NAME in the notebook;
    `preset=fine` takes a preset.

    `shell` is IPython's (its `push` is used); `make` raises WetprintError for a design that is wrong.
    """

    def wp(line: str, cell: str) -> Any:
        words = re.sub(r"\s*=\s*", "=", line).split()
        odd = [w for w in words if not w.split("=", 1)[0].isidentifier()]
        if odd:
            print(
                f"`{odd[0]}`: a name to keep the design under or `param=value` was expected, as in `%%wp body pitch=30um`"
            )
            return None
        params = dict(word.split("=", 1) for word in words if "=" in word)
        try:
            made = make(cell, **params)
        except WetprintError as fault:
            print(str(fault).strip())
            return None
        for name in words:
            if "=" not in name:
                shell.push({name: made})
        return made

    return wp
