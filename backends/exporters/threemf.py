"""3MF: swept tubes, one object an ink with its name and colour, in micrometres."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO
from xml.sax.saxutils import quoteattr

import numpy as np
import numpy.typing as npt

from ...kernel.filaments import FilamentSet
from ...kernel.material import Ink
from ...kernel.scene import StateName
from ..exporter import quantised
from ..tubes import tubes

if TYPE_CHECKING:
    from ..fuse import Fused

_Floats = npt.NDArray[np.floating]
_Faces = npt.NDArray[np.int32]

SIDES = 12

_DATE = (1980, 1, 1, 0, 0, 0)
_TYPES = """<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">\
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>\
<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>
"""
_RELATIONS = """<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">\
<Relationship Target="/3D/3dmodel.model" Id="rel0" Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>
"""


class _ThreeMf:
    name = "3mf"
    doc = "triangles with one named, coloured object an ink, um"

    def write(self, part: FilamentSet, state: StateName, out: BinaryIO) -> None:
        used = np.unique(part.material).tolist()

        def objects() -> Iterator[tuple[_Floats, _Faces]]:
            for m in used:
                mesh = tubes(part.take(np.flatnonzero(part.material == m)), state, SIDES)
                yield quantised(mesh.points_um), mesh.faces

        _package([part.inks[m] for m in used], objects(), state, out)

    def write_fused(self, meshes: Sequence[Fused], state: StateName, out: BinaryIO) -> None:
        _package([mesh.ink for mesh in meshes], ((mesh.points_um, mesh.faces) for mesh in meshes), state, out)


def _package(
    inks: Sequence[Ink], objects: Iterable[tuple[_Floats, _Faces]], state: StateName, out: BinaryIO
) -> None:
    """The zip file: one object an ink, corners um and triangles."""
    bases = "".join(
        f"<base name={quoteattr(ink.name)} displaycolor={quoteattr(ink.colour + 'FF')}/>" for ink in inks
    )
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        archive.writestr(zipfile.ZipInfo("[Content_Types].xml", _DATE), _TYPES, zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo("_rels/.rels", _DATE), _RELATIONS, zipfile.ZIP_DEFLATED)
        model = zipfile.ZipInfo("3D/3dmodel.model", _DATE)
        model.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(model, "w", force_zip64=True) as stream:
            stream.write(
                '<?xml version="1.0" encoding="UTF-8"?>\n<model unit="micron" xml:lang="en" '
                'xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02">\n'
                f'<metadata name="Application">wetprint</metadata><metadata name="Description">{state} state</metadata>\n'
                f'<resources>\n<basematerials id="1">{bases}</basematerials>\n'.encode()
            )
            for k, (ink, (points, faces)) in enumerate(zip(inks, objects, strict=True)):
                stream.write(
                    f'<object id="{k + 2}" type="model" name={quoteattr(ink.name)} pid="1" pindex="{k}"><mesh>\n<vertices>\n'.encode()
                )
                # Single precision has up to nine digits: corners of a fused mesh that differ stay different.
                form = "%.4f" if points.dtype == np.float64 else "%.9g"
                _rows(stream, f'<vertex x="{form}" y="{form}" z="{form}"/>\n', points)
                stream.write(b"</vertices>\n<triangles>\n")
                _rows(stream, '<triangle v1="%d" v2="%d" v3="%d"/>\n', faces)
                stream.write(b"</triangles>\n</mesh></object>\n")
            items = "".join(f'<item objectid="{k + 2}"/>' for k in range(len(inks)))
            stream.write(f"</resources>\n<build>{items}</build>\n</model>\n".encode())


def _rows(stream: object, form: str, rows: npt.NDArray[np.generic]) -> None:
    for at in range(0, len(rows), 20_000):
        some = rows[at : at + 20_000]
        stream.write(((form * len(some)) % tuple(some.reshape(-1).tolist())).encode())  # type: ignore[attr-defined]


THREEMF = _ThreeMf()
