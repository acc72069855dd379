"""What the studio needs of the language. Back ends do not import it; the command hands it in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from ...kernel.diagnostics import Diagnostic
from ...kernel.scene import Scene


class Reading(Protocol):
    """One reading of a text; `params` as `wp params --json`, `names` what each name is, `design_hash` as `wp hash` tells it."""

    @property
    def scene(self) -> Scene | None: ...

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]: ...

    @property
    def params(self) -> dict[str, Any]: ...

    @property
    def sets(self) -> dict[str, str]: ...

    @property
    def preset(self) -> str | None: ...

    @property
    def files(self) -> tuple[Path, ...]: ...

    @property
    def names(self) -> dict[str, str]: ...

    @property
    def design_hash(self) -> str: ...


class Language(Protocol):
    """A language that is being edited. Offsets count code points; asked from several threads."""

    @property
    def keywords(self) -> tuple[str, ...]: ...

    def read(self, text: str, sets: Mapping[str, str], preset: str | None) -> Reading: ...

    def complete(self, text: str, offset: int) -> list[dict[str, Any]]: ...

    def hover(self, text: str, offset: int) -> str | None: ...

    def formatted(self, text: str) -> str: ...

    def judge(self, scene: Scene, figures: dict[str, dict[str, Any]]) -> list[Diagnostic]: ...

    def value(self, param: Mapping[str, Any], value: Any) -> str: ...

    def written(self, text: str, values: Mapping[str, str]) -> str: ...
