"""Where programs are put for a controller that loads them itself, and what it calls them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

from ..kernel.rig import Controller as Entry
from .controller import ControllerError


def put_program(entry: Entry, folder: Path, program: bytes, name: str) -> str:
    """Write the program into `program_folder` of the rig's entry, else into `folder`; its path as the controller sees it.

    Raises ControllerError M635.
    """
    path = (Path(entry.program_folder) if entry.program_folder else folder) / name
    try:
        path.write_bytes(program)
    except OSError as reason:
        raise ControllerError("M635", f"the program cannot be written to {path}: {reason.strerror}") from None
    remote = entry.remote_folder
    if not remote:
        return str(path.resolve())
    return str((PureWindowsPath if "\\" in remote else PurePosixPath)(remote) / name)
