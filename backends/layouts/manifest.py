"""The manifest beside a layout file: units, films, passes with their doses, what stands on which layer, and hashes."""

from __future__ import annotations

import json
from typing import Any

from ...kernel.chemistry import Developer
from ...kernel.film import Film
from ...kernel.films.writing import exposure_time_s, fields_over
from ...kernel.flat import GRID_UM, Flat, area_um2
from ...kernel.quantity import MILLIWATT, MJ_CM2, UC_CM2
from ...kernel.scene import Pattern, Scene
from ..layout import Layer, Layout, Shapes

FORMAT, VERSION = "wetprint layout manifest", 1
#: Decimals of figures that were computed: enough for 1e-9, and the same on machines that differ in the last bit.
DIGITS = 10


def manifest_text(layout: Layout, scene: Scene, file: str, digest: str, design: str) -> str:
    """The manifest as JSON. `digest`: SHA-256 of the layout file; `design`: hash of the design, "" where it is not known."""
    films = {layer.pattern.film.name: layer.pattern.film for layer in layout.layers}
    writer = layout.writer
    said: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "file": file,
        "sha256": digest,
        "design": {"name": scene.name, "hash": design},
        "units": {"database_um": GRID_UM, "lengths": "um", "areas": "um2"},
        "polygons": "raw: no proximity correction, no bias, no fracturing; scaled by nothing",
        "writer": {
            "name": writer.name, "doc": writer.doc, "source": writer.source, "corners": writer.corners, "holes": writer.holes,
            "doses": writer.doses, "arrays": writer.arrays,
        },
        "films": [_film(film) for film in films.values()],
        "layers": [_layer(layer) for layer in layout.layers],
    }  # fmt: skip
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"


def _known(**figures: Any) -> dict[str, Any]:
    """Without what nobody knows; floats rounded."""
    return {k: _round(v) for k, v in figures.items() if v is not None and v != ""}


def _round(value: Any) -> Any:
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def _film(film: Film) -> dict[str, Any]:
    return _known(
        name=film.name,
        nanocrystal=film.nanocrystal,
        family=film.family,
        ligand=film.ligand.name,
        thickness_um=film.thickness_um,
        colour=film.colour,
        d0_mj_cm2=_over(film.d0, MJ_CM2),
        gamma=film.gamma,
        damage_mj_cm2=_over(film.damage, MJ_CM2),
        d0_uc_cm2=_over(film.d0_electrons, UC_CM2),
        gamma_electrons=film.gamma_electrons,
        damage_uc_cm2=_over(film.damage_electrons, UC_CM2),
        below_celsius=film.bears_celsius,
        index=film.index,
    )


def _over(value: float | None, unit: float) -> float | None:
    return None if value is None else value / unit


def dose_said(pattern: Pattern, factor: float) -> dict[str, Any]:
    """The dose of a class in the unit of its process; nothing where the process has none."""
    dose = pattern.fields.get("dose")
    if dose is None:
        return {}
    if pattern.process == "ebeam":
        return _known(dose_uc_cm2=factor * dose / UC_CM2)
    return _known(dose_mj_cm2=factor * dose / MJ_CM2)


def _layer(layer: Layer) -> dict[str, Any]:
    pattern, f = layer.pattern, layer.pattern.fields
    power, current = f.get("power"), f.get("current")
    developer: Developer | None = pattern.developer
    bounds = [b for group in layer.classes if (b := group.region.bounds_nm()) is not None]
    box = (
        [min(b[0] for b in bounds), min(b[1] for b in bounds), max(b[2] for b in bounds), max(b[3] for b in bounds)]
        if bounds
        else []
    )  # fmt: skip
    um = [v * GRID_UM for v in box]
    marks = f.get("marks")
    said: dict[str, Any] = {
        "layer": layer.number,
        "name": layer.name,
        "row_of_job": layer.item + 1,
        "pattern": pattern.name,
        "film": pattern.film.name,
        "pass": layer.step,
        "passes": layer.steps,
        "process": pattern.process,
        **_known(
            wavelength_um=f.get("wavelength"),
            voltage_kv=None if f.get("voltage") is None else f["voltage"] / 1e21,
            power_mw=None if power is None else power / MILLIWATT,
            speed_um_s=f.get("speed"),
            atmosphere=f.get("atmosphere"),
            tone=f.get("tone"),
            bake=f.get("bake"),
        ),
        "developer": None
        if developer is None or not pattern.develop
        else {"name": developer.name, "liquid": developer.liquid, "polarity": developer.polarity},
        "develop": pattern.develop and layer.step == layer.steps,
        **({"aligned_to": marks.name} if marks is not None else {}),
        "box_um": [_round(v) for v in um],
    }
    if f.get("field") is not None and um:
        across, up = fields_over((um[0], um[1], um[2], um[3]), f["field"])
        said["write_fields"] = {"side_um": _round(f["field"]), "columns": across, "rows": up}
    said["classes"] = [_class(pattern, group) for group in layer.classes]
    if current is not None and f.get("dose") is not None:
        times = [exposure_time_s(g.factor * f["dose"], area_um2(g.region), current) for g in layer.classes]
        said["beam_on_s"] = _round(float(sum(times)))
    return said


def _class(pattern: Pattern, group: Shapes) -> dict[str, Any]:
    film = pattern.film
    t = group.thickness_um
    return {
        "datatype": group.datatype,
        "factor": _round(group.factor),
        **dose_said(pattern, group.factor),
        **_known(
            thickness_um=t,
            path_difference_um=None if t is None or film.index is None else (film.index - 1.0) * t,
        ),
        "polygons": Flat(group.cells).count,
        "area_um2": _round(area_um2(group.region)),
    }
