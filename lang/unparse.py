"""A Scene as the text of a design: what the language reads from it builds the same filaments.

Params, lets, asserts and checks are no part of a Scene and do not come back; figures stand where names stood.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path as File
from typing import Any

from ..kernel import scene
from ..kernel.chemistry import DEVELOPER, LIGAND, Developer, Ligand
from ..kernel.diagnostics import WetprintError, error
from ..kernel.film import FILM, Film
from ..kernel.lattice import LAYER_HEIGHT_RATIO
from ..kernel.material import BATH, INK, LINKER, SOLVENT, Bath, Ink, Linker, Origin, Solvent, mix
from ..kernel.process import PROCESSES
from ..kernel.quantity import Construct
from ..kernel.scene import Lattice, Mask, Path, Pattern, Placed, Region, Scene, Solid, Union
from . import unparse_films
from .heads import INK_PROCESS, OWN, registers
from .scope import CONSTANTS, COORDINATES, FUNCTIONS
from .unparse_scene import Live, gathered, kinds_and_uses, parts_of
from .unparse_values import condition, coordinate, figure, matrix, ratio, text, typed

#: Fields whose name in the kernel says the unit too.
_KERNEL_NAMES = {
    "concentration": "concentration_ug_um3", "density": "density_ug_um3", "width_min": "width_min_um",
    "width_max": "width_max_um", "bet": "bet_um2_ug", "molarity": "molarity_mol_um3",
}  # fmt: skip
_HARD_WORDS = frozenset(
    ("in", "where", "if", "then", "else", "for", "or", "and", "not", "mod", "true", "false")
)
#: The built-in files by the names that a written design gives them.
_LIBRARIES = {"nc": "nanocrystal.wp", "lig": "ligands.wp"}


def scene_text(design: Scene) -> str:
    """The design as `.wp` text. Raises WetprintError (E325) for what the language has no words for (an infinite length)."""
    try:
        return _Printer(design).whole()
    except (ValueError, KeyError, OverflowError) as fault:
        raise WetprintError(
            error("E325", f"this scene cannot be written as a design: {str(fault).strip(chr(39))}")
        ) from fault


class _Printer:
    def __init__(self, design: Scene) -> None:
        self.design = design
        self.lines: list[str] = []
        self.names: dict[int, str] = {}
        self.kept: list[Any] = []  # what `names` knows by id must not be freed
        self.placed_as: dict[str, list[str]] = {}
        # A name hides the construct of the same name, which matters where that construct is wanted too.
        kinds, self.uses = kinds_and_uses(design)
        self.taken = {*FUNCTIONS, *CONSTANTS, *COORDINATES, *_HARD_WORDS, *OWN, *kinds, *_LIBRARIES}
        self.alike: dict[Any, str] = {}
        self.libraries: set[str] = set()
        self.reserved = {p.name for p in parts_of(design)}

    def whole(self) -> str:
        d = self.design
        if d.state != "dried":
            self.lines.append(f"state {d.state};")
        if d.compensate != "full":
            self.lines.append(f"compensate {d.compensate};")
        prints = []
        for p in d.job:
            if isinstance(p, Pattern):
                prints.append(unparse_films.pattern(p, self.name_of))
                continue
            if p.process != INK_PROCESS:
                prints.append(unparse_films.print_by_light(p, self.name_of))
                continue
            body = [f"bath: {self.name_of(p.bath)};"] if p.bath is not None else []
            if p.fields.get("speed") is not None:
                body.append(f"speed: {figure(float(p.fields['speed']), _dim('speed'))};")
            body += [
                f"{name}: {figure(float(p.fields[name]), _dim(name))};"
                for name in ("lead", "turns")
                if p.fields.get(name)
            ]
            if p.fields.get("seam"):
                body.append(f"seam: {p.fields['seam']};")
            if p.fields.get("loose"):
                body.append("loose: true;")
            if p.fields.get("base", "pinned") != "pinned":
                body.append(f"base: {p.fields['base']};")
            if p.fields.get("anchors") is not None:
                body.append(f"anchors: {self.name_of(p.fields['anchors'])};")
            body += unparse_films.block(_FURTHER, p.fields, self.name_of)
            if p.bath is None:
                raise ValueError(f"print of '{p.part.name}' has no bath")
            prints.append(f"print {self.name_of(p.part)} {{ {' '.join(body)} }}")
        for part in (*d.parts.values(), *d.films.values(), *d.masks.values()):
            self.name_of(part)
        for found in gathered(d.regions):
            region = found.region if isinstance(found, Live) else found
            for name in self.placed_as.get(region.part, ()):
                self._region(region, name, self._live(found) if isinstance(found, Live) else "")
        self.lines += prints
        self.lines += [f"allow {a.code} because {text(a.because)};" for a in d.allows]
        head = ["wp 1;"]
        head += [f'use "{file}" as {alias};' for alias, file in _LIBRARIES.items() if alias in self.libraries]
        return "\n".join([*head, "", *self.lines]) + "\n"

    # -- names ------------------------------------------------------------------------------------------------------

    def name_of(self, thing: Any) -> str:
        """The name under which a thing is declared; the first time it is asked for, it is. Of a nameless solid, its words."""
        known = self.names.get(id(thing))
        if known is not None:
            return known
        if isinstance(thing, Ink | Bath | Solvent | Linker | Film | Ligand | Developer):
            # What is equal in all it says is one thing, wherever its objects came from.
            said = (type(thing).__name__, thing.name, _said(thing))
            known = self.alike.get(said) or self._chemical(thing, said)
            self.alike[said] = known
        elif isinstance(thing, Solid):
            known = self._solid(thing)
        elif isinstance(thing, Mask):
            known = self._mask(thing)
        elif isinstance(thing, Lattice | Path | Placed | Union):
            known = self._part(thing)
        else:
            raise ValueError(f"{type(thing).__name__} has no words in the language")
        self.names[id(thing)] = known
        self.kept.append(thing)
        return known

    def _free(self, wanted: str, part: bool = False) -> str:
        """A name that nothing else has, as near to the wanted one as may be."""
        name = re.sub(r"[^A-Za-z0-9_]", "_", wanted) or "part"
        if name[0].isdigit():
            name = f"_{name}"
        chosen, n = name, 1
        while chosen in self.taken or (not part and chosen in self.reserved):
            n += 1
            chosen = f"{name}_{n}"
        self.taken.add(chosen)
        return chosen

    # -- inks and baths ------------------------------------------------------------------------------------------------

    def _chemical(self, thing: Any, said: Any) -> str:
        kind, construct = _CHEMICALS[type(thing).__name__]
        own = _library().get(said)
        if own is not None:
            self.libraries.add(own.split(".")[0])
            return own
        other = _library().get((said[0], None, said[2]))
        shares = self._mixed(thing) if isinstance(thing, Ink) and thing.parts else ""
        name = self._free(thing.name or kind)
        if other is not None:
            self.libraries.add(other.split(".")[0])
            shares = other
        if shares:
            self.lines.append(f"{kind} {name} = {shares};")
            return name
        body = []
        for spec in construct.fields:
            value = getattr(thing, _kernel_name(thing, spec.name))
            if value is None or (not spec.required and value == spec.default):
                continue
            origin = _origin(thing.provenance.get(spec.name))
            body.append(f"  {spec.name}: {typed(value, spec.type, self.name_of)}{origin};")
        word = "ink" if kind == "material" else kind
        self.lines += [f"{kind} {name} = {word} {{", *body, "}"]
        return name

    def _mixed(self, thing: Ink) -> str:
        """`mix(...)`, where what was mixed is at hand and mixes to this ink."""
        parts = []
        for name, share in thing.parts:
            at_hand = self.design.inks.get(name) or _library_inks().get(name)
            if at_hand is None or at_hand.parts:
                return ""
            parts.append((at_hand, share))
        again = mix(thing.name, tuple(parts), thing.span)
        if not _alike(_said(again), _said(thing)):
            return ""
        written = [f"{self.name_of(ink)}: {figure(share)}" for ink, share in parts[:-1]]
        return f"mix({', '.join(written)}, {self.name_of(parts[-1][0])}: rest)"

    # -- solids -----------------------------------------------------------------------------------------------------------

    def _solid(self, thing: Solid) -> str:
        """The name of a solid; of one that has none and stands at one place only, its own words."""
        children = [self.name_of(c) for c in thing.children]
        construct: Construct = registers()["solid"][thing.kind].construct
        if children:
            made = f"{thing.kind}({', '.join(children)})"
        else:
            values = dict(thing.fields)
            if thing.kind == "mesh":
                # A mesh lies beside the design that named it.
                values["file"] = (File(thing.span.source.name).parent / values["file"]).resolve().as_posix()
            made = f"{thing.kind} {{ {' '.join(self._fields(construct, values))} }}"
        if thing.matrix is not None:
            made = f"move({made}, by: {matrix(thing.matrix)})"
        if not thing.name and self.uses[id(thing)] == 1:
            return made
        name = self._free(thing.name or thing.kind)
        self.lines.append(f"solid {name} = {made}{'' if made.endswith('}') else ';'}")
        return name

    def _mask(self, thing: Mask) -> str:
        """The name of a mask; of one that has none and stands at one place only, its own words."""
        made = unparse_films.mask(thing, self.name_of)
        if not thing.name and self.uses[id(thing)] == 1:
            return made
        name = self._free(thing.name or thing.kind)
        self.lines.append(f"mask {name} = {made}{'' if made.endswith('}') else ';'}")
        return name

    def _fields(self, construct: Construct, values: Mapping[str, Any]) -> list[str]:
        return [
            f"{spec.name}: {typed(values[spec.name], spec.type, self.name_of)};"
            for spec in construct.fields
            if values.get(spec.name) is not None and values[spec.name] != spec.default
        ]

    # -- parts -----------------------------------------------------------------------------------------------------------

    def _part(self, thing: scene.Part) -> str:
        if isinstance(thing, Placed):
            inner = self.name_of(thing.part)
            places = [matrix(m) for m in thing.matrices]
            made = (
                f"move({inner}, by: {places[0]})"
                if len(places) == 1
                else f"array(of: {inner}, to: [{', '.join(places)}])"
            )
            lines = [f"part {{}} = {made};"]
        elif isinstance(thing, Union):
            lines = [f"part {{}} = union({', '.join(self.name_of(p) for p in thing.parts)});"]
        elif isinstance(thing, Path):
            body = self._fields(registers()["path"][thing.kind].construct, thing.fields)
            head = thing.kind
            if head == "curve":
                low, high = (figure(v, thing.fields["of"]) for v in thing.fields["over"])
                at = ", ".join(coordinate(c, self.name_of) for c in thing.fields["point"])
                head = f"curve(t in {low}..{high}: [{at}])"
                if thing.fields.get("width") is not None:
                    body = [b for b in body if not b.startswith("filament:")]
                    body.append(f"filament: {coordinate(thing.fields['width'], self.name_of)};")
            lines = [f"path {{}} = {head} {{{{", *(f"  {line}" for line in body), "}}"]
        else:
            lines = [f"lattice {{}} = {thing.kind} {{{{", *(f"  {b}" for b in self._lattice(thing)), "}}"]
        name = self._free(thing.name or "part", part=True)
        if thing.name:
            self.placed_as.setdefault(thing.name, []).append(name)
        self.lines += [lines[0].format(name), *(line.replace("}}", "}") for line in lines[1:])]
        return name

    def _lattice(self, thing: Lattice) -> list[str]:
        member = registers()["lattice"][thing.kind]
        construct: Construct = member.construct
        values = dict(thing.fields)
        if values.get("clip") is not None:
            size = values.get("size")
            if size is not None and values.get("frame") is not None:
                centred = (-size[0] / 2, -size[1] / 2, size[0] / 2, size[1] / 2)
                if tuple(values["frame"]) != centred:
                    del values["size"]  # it came from the solid, with its place
        d = values.get("filament")
        if d is not None and values.get("layer_height") == LAYER_HEIGHT_RATIO * d:
            del values["layer_height"]
        complete = member.complete(dict(values))
        by_layer = {n for rule in thing.layers for n in rule.fields}
        count = int(complete.get("layers") or 0)
        out = []
        for spec in construct.fields:
            if spec.name in by_layer:
                column = [complete.get(spec.name)] * count
                if spec.name == "angle" and hasattr(member, "angles"):
                    column = member.angles(Lattice(thing.name, thing.kind, complete, (), thing.span))
                for rule in thing.layers:
                    column[rule.index] = rule.fields.get(spec.name, column[rule.index])
                if any(v is None for v in column):
                    raise ValueError(f"'{thing.name}' gives {spec.name} to some layers and not to all")
                written = [typed(v, spec.type, self.name_of) for v in column]
                out.append(f"{spec.name}: [{', '.join(_period(written))}];")
            else:
                out += self._fields(Construct("", "", "", (spec,)), values)
        return out

    def _live(self, found: Live) -> str:
        """A mix that names no steps: a rig that can mixes it as it prints."""
        shares = [
            f"{self.name_of(ink)}: {'rest' if share is None else ratio(share, self.name_of)}"
            for ink, share in found.shares
        ]
        return f"mix({', '.join(shares)})"

    def _region(self, region: Region, part: str, live: str) -> None:
        body = [f"material: {live};"] if live else []
        if region.material is not None:
            body.append(f"material: {self.name_of(region.material)};")
        if region.filament_um is not None:
            body.append(f"filament: {figure(region.filament_um, _dim('filament'))};")
        if region.omit:
            body.append("omit: true;")
        if region.cut != "split":
            body.append(f"cut: {region.cut};")
        if region.priority:
            body.append(f"priority: {region.priority};")
        where = condition(region.where, self.name_of)
        name = self._free(region.name or f"{part}_region")
        self.lines.append(f"region {name} in {part} where {where} {{ {' '.join(body)} }}")


#: Fields of a print with ink that `whole` has no words of its own for.
_FURTHER = Construct(
    "print",
    "print",
    "",
    tuple(
        f
        for f in PROCESSES[INK_PROCESS].construct.fields
        if f.name not in ("base", "anchors", "speed", "turns", "lead", "seam", "loose")
    ),
)

_CHEMICALS = {
    "Ink": ("material", INK), "Bath": ("bath", BATH), "Solvent": ("solvent", SOLVENT), "Linker": ("linker", LINKER),
    "Film": ("film", FILM), "Ligand": ("ligand", LIGAND), "Developer": ("developer", DEVELOPER),
}  # fmt: skip


def _kernel_name(thing: Any, field: str) -> str:
    """What the kernel calls a field: lengths say their unit."""
    name = _KERNEL_NAMES.get(field, field)
    return name if hasattr(thing, name) else f"{name}_um"


def _dim(field: str) -> Any:
    from ..kernel.quantity import LENGTH, SPEED

    return SPEED if field == "speed" else LENGTH


def _origin(origin: Origin | None) -> str:
    if origin is None:
        return ""
    if origin.assumed:
        return f" assumed {text(origin.text)}" if origin.text else " assumed"
    return f" from {text(origin.text)}" if origin.text else ""


def _period(column: list[str]) -> list[str]:
    """The shortest list that gives the column, begun again at its end."""
    n = len(column)
    for p in range(1, n):
        if all(column[k] == column[k % p] for k in range(n)):
            return column[:p]
    return column


def _said(value: Any) -> Any:
    """All that an ink, a bath or a film says, but for its own name and its places in the source."""

    def inner(v: Any) -> Any:
        if is_dataclass(v) and not isinstance(v, type):
            return tuple(inner(getattr(v, f.name)) for f in fields(v) if f.name not in ("span", "spans"))
        if isinstance(v, Mapping):
            return tuple(sorted((k, inner(x)) for k, x in v.items()))
        return tuple(inner(x) for x in v) if isinstance(v, tuple | list) else v

    return tuple(
        inner(getattr(value, f.name)) for f in fields(value) if f.name not in ("span", "spans", "name")
    )


def _alike(a: Any, b: Any) -> bool:
    """Equal but for the rounding of shares."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(_alike, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-15)
    return bool(a == b)


@cache
def _library_inks() -> dict[str, Ink]:
    return {ink.name: ink for _, ink in _library_nodes() if isinstance(ink, Ink)}


@cache
def _library_nodes() -> tuple[tuple[str, Any], ...]:
    """(alias, thing) of all that the libraries hold."""
    from .load import load
    from .source import LIBRARY
    from .values import Thing

    return tuple(
        (alias, b.value.node)
        for alias, file in _LIBRARIES.items()
        for b in load(LIBRARY / file).env.bindings.values()
        if isinstance(b.value, Thing) and type(b.value.node).__name__ in _CHEMICALS
    )


@cache
def _library() -> dict[Any, str]:
    """What the library says -> its name there; under its own name, and under none."""
    found: dict[Any, str] = {}
    for alias, node in _library_nodes():
        said = _said(node)
        found[type(node).__name__, node.name, said] = f"{alias}.{node.name}"
        found.setdefault((type(node).__name__, None, said), f"{alias}.{node.name}")
    return found
