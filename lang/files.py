"""The files that a design is read from: its own, those it imports, and the meshes that it or they name."""

from __future__ import annotations

from pathlib import Path

from . import syntax as s
from .load import Loaded
from .names import path_of
from .scope import Env

_MESHES = (".stl", ".obj", ".3mf")


def files_of(loaded: Loaded) -> tuple[Path, ...]:
    """All of them that can be told, of a design with errors too; what is named and not there is among them."""
    found: dict[Path, None] = {}
    if loaded.path is not None:
        found[loaded.path] = None
    pending: list[Env | None] = [loaded.env]
    seen: set[int] = set()
    while pending:
        env = pending.pop()
        if env is None or id(env) in seen:
            continue
        seen.add(id(env))
        pending += env.imports.values()
        path = loaded.path if env is loaded.env else path_of(env.source)
        if path is None:
            continue
        found[path] = None
        for use in env.aliases.values():
            beside = path.parent / use.path.value
            if not beside.is_dir():
                found[beside] = None
        for statement in env.module.statements:
            for node in s.walk(statement):
                if isinstance(node, s.Text) and node.value.lower().endswith(_MESHES):
                    found[path.parent / node.value] = None
    return tuple(found)
