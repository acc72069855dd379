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
        "3mf": ".threemf:THREEMF",
        "csv": ".csv:CSV",
        "glb": ".glb:GLB",
        "npz": ".npz:NPZ",
        "ply": ".ply:PLY",
        "stl": ".stl:STL",
        "svg": ".svg:SVG",
        "vtp": ".vtp:VTP",
    },
)
