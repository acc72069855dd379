"""Files for writers of light that scan a focus: one file each, one line here each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...kernel.registry import Registry

if TYPE_CHECKING:
    from ..writer import Writer

WRITERS: Registry[Writer] = Registry("writers", __name__, {"gwl": ".gwl:GWL"})
