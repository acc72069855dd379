"""Finds and reads source texts: files beside the design, and the built-in library."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path

from ..kernel.diagnostics import Diagnostic, Edit, Fix, Source, Span, WetprintError, error

_LONE_CR = re.compile(r"\r(?!\n)")

LIBRARY = Path(__file__).with_name("library")

#: Longest text that is read, in code points. Point data of that size belong in a mesh or a table.
LONGEST = 4_000_000


def read_source(path: str | Path, text: str | None = None) -> Source:
    """The source of a design; `text` where it is at hand (an editor, a pipe). Raises WetprintError."""
    name = "<stdin>" if str(path) == "-" else str(path)
    found = source_of_text(name, text) if text is not None else _read(Path(path), name)
    if isinstance(found, Diagnostic):
        raise WetprintError(found)
    return found


def _read(path: Path, name: str) -> Source | Diagnostic:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return error("E020", f"there is no file {name}" + _nearest_note(path), None)
    except IsADirectoryError:
        return error("E020", f"{name} is a folder; a design (a .wp file) was expected", None)
    except OSError as e:
        return error("E020", f"{name} cannot be read: {e.strerror or e}", None)
    return source_of_bytes(name, data)


def _nearest_note(path: Path) -> str:
    try:
        near = _nearest(path.name, sorted(p.name for p in path.parent.glob("*.wp")))
    except OSError:
        return ""
    return f"; did you mean {path.parent / near}?" if near else ""


def _nearest(name: str, offers: list[str]) -> str | None:
    """The file that a misspelt name means, by its stem: `.wp` is alike in all of them."""
    stems = {offer.removesuffix(".wp"): offer for offer in offers}
    near = get_close_matches(name.removesuffix(".wp"), stems, 1, 0.7)
    return stems[near[0]] if near else None


def source_of_bytes(name: str, data: bytes) -> Source | Diagnostic:
    """Text from bytes: UTF-8, a byte order mark is passed over; what is no text is refused."""
    try:
        return source_of_text(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as e:
        lenient = Source(name, data[: e.start].decode("utf-8", errors="replace") + "�")
        at = len(lenient.text) - 1
        kind = "UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ""
        what = f"{name} is {kind} text" if kind else f"byte 0x{data[e.start]:02x} is not UTF-8 text"
        return error(
            "E003",
            f"{what}; a design is UTF-8 text",
            Span(lenient, at, at + 1),
            notes=("save the file as UTF-8",),
        )


def source_of_text(name: str, text: str) -> Source | Diagnostic:
    text = text.removeprefix("\ufeff")
    if "\r" in text:
        # Lines of old Macs end with a lone CR; a comment would swallow all that follows it.
        text = _LONE_CR.sub("\n", text)
    if len(text) > LONGEST:
        return error(
            "E004",
            f"{name} has {len(text) / 1e6:.1f} million characters; at most {LONGEST // 1_000_000} million are read",
            Span(Source(name, ""), 0, 0),
            notes=('points and shapes of that size belong in a mesh: `mesh("part.stl")`',),
        )
    source = Source(name, text)
    nul = text.find("\0")
    if nul >= 0:
        return error(
            "E003", "a NUL character: this is no text file; a design was expected", Span(source, nul, nul + 1)
        )
    return source


def find_import(written: str, folder: Path | None, span: Span) -> Source | Diagnostic:
    """The file that `use "..."` names: beside the design, else in the library. `span` is where it is named."""
    if not written:
        return error("E020", '`use ""` names no file', span)
    tried = [] if folder is None else [folder / written]
    if "/" not in written and "\\" not in written:
        tried.append(LIBRARY / written)
    for path in tried:
        try:
            if path.is_file():
                found = _read(path, _shown(path, folder, written))
                return found if isinstance(found, Source) else _at(found, span)
        except (OSError, ValueError):
            continue
    offers = sorted({p.name for p in LIBRARY.glob("*.wp")} | _beside(folder, written))
    base = written.replace("\\", "/").rsplit("/", 1)
    near = _nearest(base[-1], [o.rsplit("/", 1)[-1] for o in offers])
    whole = None
    if near:
        library = (LIBRARY / near).is_file() and not (folder is not None and (folder / near).is_file())
        whole = near if library or len(base) == 1 else f"{base[0]}/{near}"
    if any(p.is_dir() for p in tried):
        return error("E020", f'"{written}" is a folder; a design (a .wp file) was expected', span)
    return error(
        "E020",
        f'there is no file "{written}"' + (f'; did you mean "{whole}"?' if whole else ""),
        span,
        notes=(
            f"looked beside the design and in the library ({', '.join(p.name for p in sorted(LIBRARY.glob('*.wp')))})",
        ),
        fixes=(Fix(f'write "{whole}"', (Edit(span, f'"{whole}"'),)),) if whole else (),
    )


def _beside(folder: Path | None, written: str) -> set[str]:
    if folder is None:
        return set()
    try:
        where = (folder / written).parent
        return {p.name for p in where.glob("*.wp")}
    except (OSError, ValueError):
        return set()


def _shown(path: Path, folder: Path | None, written: str) -> str:
    """What a message calls an imported file."""
    if folder is not None and path.parent != LIBRARY:
        return str(path)
    return written


def _at(found: Diagnostic, span: Span) -> Diagnostic:
    return error(found.code, found.message, span, notes=found.notes)
