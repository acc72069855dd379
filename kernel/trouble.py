"""What went wrong, whatever it was, as diagnostics and an exit code: a user never sees a traceback."""

from __future__ import annotations

from pathlib import Path

from .diagnostics import Diagnostic, WetprintError, error

#: Exit codes: an error of the design or its surroundings, words of the command that mean nothing, and a fault of ours.
ERROR, USAGE, FAULT = 1, 2, 3
#: What is said of words of the command alone: no design, no rig and no file is wrong.
_OF_WORDS = frozenset({"X711", "X722", "X723", "X725", "X726"})


def told(caught: Exception) -> tuple[tuple[Diagnostic, ...], int]:
    """The messages and the exit code for an exception that ended a command."""
    if isinstance(caught, WetprintError):
        words = all(d.code in _OF_WORDS for d in caught.diagnostics)
        return caught.diagnostics, USAGE if words and caught.diagnostics else ERROR
    if isinstance(caught, OSError):
        name = f"{caught.filename}: " if caught.filename else ""
        folder = Path(str(caught.filename)).parent if isinstance(caught, FileNotFoundError) else Path()
        notes = () if folder.is_dir() else (f"there is no folder {folder}",)
        return (error("X702", f"{name}{caught.strerror or caught}", notes=notes),), ERROR
    if isinstance(caught, MemoryError):
        what = "this design needs more memory than there is; print it in parts or raise the pitch"
        return (error("X703", what),), ERROR
    last = caught.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    place = f"{Path(last.tb_frame.f_code.co_filename).name}:{last.tb_lineno}" if last else "?"
    fault = error(
        "X799",
        f"a fault of wetprint itself: {type(caught).__name__}: {caught} ({place})",
        notes=("please report it with the design; WP_TRACEBACK=1 prints where it happened",),
    )
    return (fault,), FAULT
