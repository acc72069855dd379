"""Registers: how a family of lattices, checks or dialects finds its members, ours and those of outside packages."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from importlib import import_module
from typing import Generic, TypeVar

T = TypeVar("T")


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
            # Costs about 10 ms of start-up, so it is asked only when a name is not one of ours.
            from importlib.metadata import entry_points

            self._outside = {e.name: e.value for e in entry_points(group=f"wetprint.{self.family}")}

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
        found = get_close_matches(name, self.names(), 1, 0.6)
        return found[0] if found else None
