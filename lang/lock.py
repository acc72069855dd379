"""Pins what a design imports: `design.wp.lock` holds a hash of every file that it uses, and loading compares them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..kernel.diagnostics import Diagnostic, Source, Span, error
from .source import LIBRARY

if TYPE_CHECKING:
    from .load import Loaded

SUFFIX = ".lock"


def lock_path(design: Path) -> Path:
    """`design.wp.lock` beside `design.wp`."""
    return design.with_name(design.name + SUFFIX)


def lock_text(design: Path, imports: Iterable[Source]) -> str:
    """What the lock file holds: JSON, sorted, the same bytes for the same imports."""
    pinned = {_key(design, source): _hash(source) for source in imports}
    return json.dumps({"wp": 1, "imports": dict(sorted(pinned.items()))}, indent=2) + "\n"


def check_lock(design: Path, imports: Iterable[Source], at: Span) -> list[Diagnostic]:
    """What differs from the design's lock file; nothing where there is none. `at`: the place to point at."""
    path = lock_path(design)
    try:
        held = json.loads(path.read_text(encoding="utf-8"))["imports"]
        pinned = {str(k): str(v) for k, v in held.items()}
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return [
            error(
                "E023",
                f"{path.name} cannot be read as a lock file; `wp lock {design.name}` writes it anew",
                at,
            )
        ]
    out: list[Diagnostic] = []
    for source in imports:
        key = _key(design, source)
        if key not in pinned:
            out.append(error("E023", f"{key} is not in {path.name}; `wp lock {design.name}` takes it in", at))
        elif pinned[key] != _hash(source):
            note = ("see what changed in it, then pin it again",)
            out.append(
                error(
                    "E023",
                    f"{key} has changed since it was pinned; `wp lock {design.name}` pins it again",
                    at,
                    notes=note,
                )
            )
    return out


def write_lock(loaded: Loaded) -> tuple[Path, int]:
    """Pin what a design imports, all at once or not at all; the lock file and how many files it pins.

    Raises WetprintError (X710) where it cannot be written."""
    from ..kernel.files import write_text

    assert loaded.path is not None
    path = lock_path(loaded.path)
    write_text(path, lock_text(loaded.path, loaded.imports))
    return path, len(loaded.imports)


def design_hash(loaded: Loaded) -> str:
    """What a design is, as 64 hexadecimal digits: its text, the text of all that it imports, and the values of its params
    (in kernel units). The same on every machine; neither the file's own name nor the kind of its line ends counts."""
    from hashlib import sha256

    at = loaded.path if loaded.path is not None else Path(loaded.source.name)
    whole = {
        "design": _hash(loaded.source),
        "imports": dict(sorted((_key(at, source), _hash(source)) for source in loaded.imports)),
        "params": {p.name: _plain(p.value) for p in loaded.params},
    }
    return sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(getattr(value, "name", value))


def _key(design: Path, source: Source) -> str:
    """An import's name in the lock file: relative to the design, or in the library."""
    path = Path(source.name)
    if (LIBRARY / source.name).is_file() and not (design.parent / source.name).is_file():
        return f"library/{source.name}"
    try:
        return path.relative_to(design.parent).as_posix()
    except ValueError:
        return path.as_posix()


def _hash(source: Source) -> str:
    from hashlib import sha256

    # Line ends differ between machines, the text does not.
    return sha256(source.text.replace("\r\n", "\n").encode()).hexdigest()
