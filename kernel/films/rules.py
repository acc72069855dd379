"""What rules of films have in common: over what each goes, one thing after the other. Importing it loads no numpy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import ClassVar, Generic, TypeVar

from ..check import CheckContext
from ..diagnostics import Diagnostic, Severity
from ..film import Film
from ..scene import Pattern
from .checked import CoatDose, Films
from .coats import Coat

T = TypeVar("T")


class Each(ABC, Generic[T]):
    """A rule that looks at things one by one, in the order in which they are made."""

    code: str
    doc: str
    severity = Severity.WARNING

    def run(self, context: CheckContext) -> Iterator[Diagnostic]:
        for one in self.among(context.films):
            yield from self.of(context.films, one)

    @abstractmethod
    def among(self, films: Films) -> Iterable[T]: ...

    @abstractmethod
    def of(self, films: Films, one: T) -> Iterator[Diagnostic]:
        """What is wrong with one of them."""


class EachPattern(Each[tuple[int, Pattern]]):
    """Over patterns, with their rows in the job; over those alone that say `asks`."""

    asks: ClassVar[str] = ""

    def among(self, films: Films) -> Iterable[tuple[int, Pattern]]:
        return ((k, p) for k, p in films.patterns if not self.asks or p.fields.get(self.asks) is not None)


class EachCoat(Each[Coat]):
    """Over films from where they are spread to where they are developed."""

    def among(self, films: Films) -> Iterable[Coat]:
        return films.coats


class EachFilm(Each[tuple[Film, Pattern]]):
    """Over films, however often each is spread, with the first pattern of each."""

    def among(self, films: Films) -> Iterable[tuple[Film, Pattern]]:
        return films.films


class EachDose(Each[CoatDose]):
    """Over coats whose passes have doses of one kind."""

    def among(self, films: Films) -> Iterable[CoatDose]:
        return films.doses
