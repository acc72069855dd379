"""Files that a user asked for: written whole or not at all, with the trouble told under the name that was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .diagnostics import WetprintError, error


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A stream to the new contents of `path`. They take its place when all is written, with its permissions, and behind the link
    where it is one; after any failure the old file stands.

    Raises WetprintError (X710) where the file cannot be written.
    """
    behind = path.resolve() if path.is_symlink() else path
    part = behind.with_name(f".{behind.name}.part")
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "this is a folder", str(path))
        if path.exists() and not path.is_file():
            # A device or a pipe: a rename would put a file in its place.
            with path.open("wb") as out:
                yield out
            return
        with part.open("wb") as out:
            yield out
        with suppress(FileNotFoundError):
            part.chmod(behind.stat().st_mode)
        part.replace(behind)
    except OSError as caught:
        notes = () if path.parent.is_dir() else (f"there is no folder {path.parent}",)
        raise WetprintError(
            error("X710", f"{path} cannot be written: {caught.strerror or caught}", notes=notes)
        ) from caught
    finally:
        if part.exists():
            part.unlink()


def write_text(path: Path, text: str) -> None:
    """`text` as the whole of a file, its line ends as they are. Raises WetprintError (X710)."""
    with writing(path) as out:
        out.write(text.encode())
