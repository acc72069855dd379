"""Geometry files: one file each, one line here each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...kernel.registry import Registry

if TYPE_CHECKING:
    from ..exporter import Exporter

EXPORTERS: Registry[Exporter] = Registry(
    "exporters",
    __name__,
    {
        "stl": ".stl:STL",
        "vtp": ".vtp:VTP",
    },
)
