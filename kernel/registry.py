"""Registers: how a family of lattices, checks or dialects finds its members, ours and those of outside packages."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Generic, TypeVar

T = TypeVar("T")


@cache
def _entry_points() -> tuple[bytes, ...]:
    """What installed packages say of entry points, where it could be meant for us; read as it lies on disk, because
    importlib.metadata costs 25 ms, which a design with a misspelt name would wait for."""
    found = []
    for folder in sys.path:
        try:
            with os.scandir(folder or ".") as entries:
                packages = [e.path for e in entries if e.name.endswith((".dist-info", ".egg-info"))]
        except OSError:
            continue  # a zip file, or a folder that is gone
        for package in packages:
            try:
                with open(os.path.join(package, "entry_points.txt"), "rb") as file:  # noqa: PTH118, PTH123
                    text = file.read()
            except OSError:
                continue
            if b"wetprint." in text:
                found.append(text)
    return tuple(found)


class Registry(Generic[T]):
    """Names of a family's members, each loaded only when asked for.

    `members` maps a name to `module:attribute`, the module relative to `package`. A package outside registers with the
    entry-point group `wetprint.<family>`; a name of ours wins over one from outside.
    """

    def __init__(self, family: str, package: str, members: dict[str, str]) -> None:
        self.family = family
        self._package = package
        self._members = dict(members)
        self._loaded: dict[str, T] = {}
        self._outside: dict[str, str] | None = None

    def _all(self) -> dict[str, str]:
        return self._members if not self._outside else {**self._outside, **self._members}

    def _look_outside(self) -> None:
        if self._outside is None:
            group = f"wetprint.{self.family}"
            self._outside = {}
            if any(group.encode() in text for text in _entry_points()):
                from importlib.metadata import entry_points

                self._outside = {e.name: e.value for e in entry_points(group=group)}

    def names(self) -> tuple[str, ...]:
        self._look_outside()
        return tuple(sorted(self._all()))

    def ours(self, name: str) -> bool:
        """Whether the member comes with this package; asks nobody outside."""
        return name in self._members

    def __contains__(self, name: object) -> bool:
        if name in self._members:
            return True
        self._look_outside()
        return name in self._all()

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __getitem__(self, name: str) -> T:
        """The member called `name`; KeyError when there is none."""
        if name not in self._loaded:
            if name not in self:
                raise KeyError(name)
            module, _, attribute = self._all()[name].partition(":")
            package = self._package if module.startswith(".") else None
            self._loaded[name] = getattr(import_module(module, package), attribute)
        return self._loaded[name]

    def nearest(self, name: str) -> str | None:
        """The member's name that a user most likely meant."""
        from difflib import get_close_matches

        found = get_close_matches(name, self.names(), 1, 0.6)
        return found[0] if found else None
