"""Design rules that need geometry: one file each, one line here each."""

from __future__ import annotations

from ..check import Check
from ..registry import Registry

CHECKS: Registry[Check] = Registry(
    "checks",
    __name__,
    {
        "linker": ".linker:LINKER",
        "bath": ".bath:BATH",
        "width": ".width:WIDTH",
        "span": ".span:SPAN",
        "missing": ".missing:MISSING",
        "fused": ".fused:FUSED",
        "overhang": ".overhang:OVERHANG",
        "layer_height": ".layer_height:LAYER_HEIGHT",
        "assumed": ".assumed:ASSUMED",
        "hansen": ".hansen:HANSEN_DISTANCE",
        "permittivity": ".permittivity:PERMITTIVITY",
        "molarity": ".molarity:MOLARITY",
        "sliver": ".sliver:SLIVER",
        "stage": ".stage:STAGE",
        "standoff": ".standoff:STANDOFF",
        "nozzle": ".nozzle:NOZZLE",
        "twice": ".twice:TWICE",
        "vessel": ".vessel:VESSEL",
        "reach": ".reach:REACH",
        "clog": ".clog:CLOG",
        "later_bath": ".later_bath:LATER_BATH",
        "afloat": ".afloat:AFLOAT",
        "adrift": ".adrift:ADRIFT",
        "voxel_pitch": ".voxel_pitch:VOXEL_PITCH",
        "ripple": ".ripple:RIPPLE",
        "light_power": ".light_power:LIGHT_POWER",
        "voxel_size": ".voxel_size:VOXEL_SIZE",
        "voxel_layers": ".voxel_layers:VOXEL_LAYERS",
        "seam": ".seam:SEAM",
        "light_field": ".light_field:LIGHT_FIELD",
        "focus_reach": ".focus_reach:FOCUS_REACH",
        "tilt": ".tilt:TILT",
        "hatch_gap": ".hatch_gap:HATCH_GAP",
    },
)
