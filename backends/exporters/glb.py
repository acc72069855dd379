"""GLB (binary glTF 2.0): swept tubes with one material an ink, for slides, web pages and Blender."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt

from ...kernel.filaments import FilamentSet
from ...kernel.material import Ink
from ...kernel.scene import StateName
from ..exporter import quantised, rgb
from ..tubes import frames, tubes

if TYPE_CHECKING:
    from ..fuse import Fused

_Floats32 = npt.NDArray[np.float32]
#: Corners and normals (None: flat) float32[V,3], metres with y up, and triangles uint32[T,3].
Model = tuple[_Floats32, _Floats32 | None, npt.NDArray[np.uint32]]

SIDES = 16

#: glTF is in metres, and viewers lose a part of micrometres: it is written a thousand times enlarged, 1 um as 1 mm.
SCALE = 1e-3


class _Glb:
    name = "glb"
    doc = "coloured triangles for slides, web pages and Blender; 1 um is written as 1 mm, y points up"

    def write(self, part: FilamentSet, state: StateName, out: BinaryIO) -> None:
        used = np.unique(part.material).tolist()
        shaded = [_shaded(part.take(np.flatnonzero(part.material == m)), state) for m in used]
        write_models([_paint(part.inks[m]) for m in used], shaded, state, out)

    def write_fused(self, meshes: Sequence[Fused], state: StateName, out: BinaryIO) -> None:
        flat = [flat_model(mesh.points_um, mesh.faces) for mesh in meshes]
        write_models([_paint(mesh.ink) for mesh in meshes], flat, state, out)


def _paint(ink: Ink) -> tuple[str, str]:
    return ink.name, ink.colour


def flat_model(points_um: npt.NDArray[np.floating], faces: npt.NDArray[np.integer]) -> Model:
    """Triangles in part coordinates that a viewer is to shade as they are (glTF 2.0, 3.7.2.1)."""
    return turned_up(np.asarray(points_um, dtype=np.float64) * SCALE), None, faces.astype("<u4")


def write_models(
    paints: Sequence[tuple[str, str]], models: Sequence[Model], state: str, out: BinaryIO
) -> None:
    """The file: for each name and colour of `paints` its corners, normals where there are any, and triangles."""
    blocks: list[bytes] = []
    views: list[dict[str, Any]] = []
    accessors: list[dict[str, Any]] = []
    at = 0

    def accessor(data: npt.NDArray[Any], kind: str, component: int, target: int, bounds: bool) -> int:
        nonlocal at
        raw = np.ascontiguousarray(data).tobytes()
        views.append({"buffer": 0, "byteOffset": at, "byteLength": len(raw), "target": target})
        blocks.append(raw + b"\0" * (-len(raw) % 4))
        at += len(blocks[-1])
        told: dict[str, Any] = {
            "bufferView": len(views) - 1, "componentType": component, "count": len(data), "type": kind
        }  # fmt: skip
        if bounds:
            told |= {"min": data.min(axis=0).tolist(), "max": data.max(axis=0).tolist()}
        accessors.append(told)
        return len(accessors) - 1

    meshes, materials, nodes = [], [], []
    for k, ((name, colour), (points, normals, faces)) in enumerate(zip(paints, models, strict=True)):
        materials.append(
            {
                "name": name,
                "pbrMetallicRoughness": {
                    "baseColorFactor": [*_linear(colour), 1.0],
                    "metallicFactor": 0.0,
                    "roughnessFactor": 0.6,
                },
            }
        )
        attributes = {"POSITION": accessor(points, "VEC3", 5126, 34962, True)}
        if normals is not None:
            attributes["NORMAL"] = accessor(normals, "VEC3", 5126, 34962, False)
        indices = accessor(faces.reshape(-1), "SCALAR", 5125, 34963, False)
        meshes.append(
            {"name": name, "primitives": [{"attributes": attributes, "indices": indices, "material": k}]}
        )
        nodes.append({"name": name, "mesh": k})
    head = {
        "asset": {
            "version": "2.0",
            "generator": "wetprint",
            "extras": {"state": state, "um_per_unit": 1.0 / SCALE},
        },
        "scene": 0,
        "scenes": [{"nodes": list(range(len(nodes)))}],
        "nodes": nodes,
        "meshes": meshes,
        "materials": materials,
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": at}],
    }
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    out.write(b"glTF" + np.array([2, 28 + len(text) + at], dtype="<u4").tobytes())
    out.write(np.array([len(text)], dtype="<u4").tobytes() + b"JSON" + text)
    out.write(np.array([at], dtype="<u4").tobytes() + b"BIN\0")
    for block in blocks:
        out.write(block)


def turned_up(vectors: npt.NDArray[np.floating]) -> _Floats32:
    """glTF's y points up, and z towards the viewer."""
    return (vectors[:, [0, 2, 1]] * (1.0, 1.0, -1.0)).astype("<f4")


def _shaded(
    part: FilamentSet, state: StateName
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.uint32]]:
    """Corners, their smooth normals and triangles, y up and in metres; the flat ends have corners of their own."""
    mesh = tubes(part, state, SIDES)
    s = part.state(state)
    f = frames(s, part.offsets)
    q = 2 * np.pi * (np.arange(SIDES) + 0.5) / SIDES
    normal = (np.cos(q) / s.width_um[:, None])[:, :, None] * f.side[:, None, :]
    normal = normal + (np.sin(q) / s.height_um[:, None])[:, :, None] * f.up[:, None, :]
    normal /= np.sqrt(np.einsum("pqk,pqk->pq", normal, normal))[:, :, None]
    points = quantised(mesh.points_um)
    rings = points.reshape(-1, SIDES, 3)
    starts, ends = part.offsets[:-1], part.offsets[1:] - 1
    caps = np.concatenate([rings[starts], rings[ends]]).reshape(-1, 3)
    outwards = np.repeat(np.concatenate([-f.along[starts], f.along[ends]]), SIDES, axis=0)
    # The triangles of a filament: its sides, then two fans over rings that the sides share; those get their own corners.
    faces = mesh.faces.astype(np.int64)
    rank = _within(mesh.filament, len(part))
    sides_of = (2 * SIDES * (np.diff(part.offsets) - 1))[mesh.filament]
    cap = rank >= sides_of
    last = rank >= sides_of + SIDES - 2
    own = mesh.filament + np.where(last, len(part), 0)
    ring = np.where(last, ends[mesh.filament], starts[mesh.filament])
    faces[cap] += (len(points) + own[cap] * SIDES - ring[cap] * SIDES)[:, None]
    corners = np.concatenate([points, caps]) * SCALE
    directions = np.concatenate([normal.reshape(-1, 3), outwards])
    return turned_up(corners), turned_up(directions), faces.astype("<u4")


def _within(groups: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """Place of each element in its group; groups are sorted."""
    first = np.searchsorted(groups, np.arange(count))
    return np.arange(len(groups)) - first[groups]


def _linear(colour: str) -> list[float]:
    v = np.array(rgb(colour)) / 255
    return [round(float(x), 6) for x in np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)]


GLB = _Glb()
