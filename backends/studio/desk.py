"""The design on the desk: the text in the page and the file on disk, kept in step so that neither is ever lost."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from ...kernel.diagnostics import WetprintError, error
from ...kernel.files import writing

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two texts that went different ways from one: the file's stays where it is, the page's is kept in `mine`."""

    mine: Path
    disk: str


class Desk:
    """`text` is what the page shows, `version` counts its changes. All calls may come from any thread.

    An edit is written to the file by `save`. Where the file was changed meanwhile by another, nothing is overwritten: the page's
    text goes to `NAME.mine.wp` beside it, and stays there until `settle` says which of both is to be the design.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.RLock()
        found = self._on_disk()
        if found is None:
            raise WetprintError(error("X702", f"{path}: there is no such file"))
        self.text = self.base = found
        self.version = 1
        self.conflict: Conflict | None = None

    @property
    def unsaved(self) -> bool:
        return self.text != self.base

    @property
    def missing(self) -> bool:
        """Whether the file is not there any more."""
        return not self.path.exists()

    def _on_disk(self) -> str | None:
        """The file's text with plain line ends; None while it is not there."""
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as caught:
            raise WetprintError(
                error("X702", f"{self.path} cannot be read: {caught.strerror}; the page keeps its text")
            ) from None
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as caught:
            raise WetprintError(
                error("X744", f"{self.path} is not UTF-8 (byte {caught.start}); it is left as it is")
            ) from None
        self._mark, self._crlf = text.startswith(_BOM), "\r\n" in text
        return text.removeprefix(_BOM).replace("\r\n", "\n")

    def _bytes(self, text: str) -> bytes:
        if self._crlf:
            text = text.replace("\n", "\r\n")
        return ((_BOM if self._mark else "") + text).encode("utf-8")

    def edit(self, text: str, version: int) -> bool:
        """The page's text, made from `version`. False where the text went on without it: then it is kept aside."""
        text = text.replace("\r\n", "\n")
        with self.lock:
            if text == self.text:
                return True
            if version != self.version and self.conflict is None:
                # Another page, or the file, was faster: what it wrote is the design, this is kept aside.
                if self.save():
                    self._aside(text, self.text)
                else:
                    self._keep(_free(self.path, "mine"), text)
                return False
            self.text = text
            self.version += 1
            if self.conflict is not None:
                self._keep(self.conflict.mine, text)
            return True

    def save(self) -> bool:
        """Write the text to the file; False in a conflict. Raises WetprintError where it cannot be written."""
        with self.lock:
            self.look()
            if self.conflict is not None:
                return False
            if self.unsaved or self.missing:
                self._keep(self.path, self.text)
                self.base = self.text
            return True

    def look(self) -> bool:
        """Look at the file. True where the desk changed by it."""
        with self.lock:
            found = self._on_disk()
            if found is None or found == self.base:
                return False
            if self.conflict is not None:
                changed = self.conflict.disk != found
                self.conflict = Conflict(self.conflict.mine, found)
                return changed
            if self.unsaved and found != self.text:
                self._aside(self.text, found)
                return True
            self.base = found
            if found != self.text:
                self.text = found
                self.version += 1
            return True

    def settle(self, mine: bool) -> None:
        """End a conflict: the design becomes the page's text, or what the file holds. The other one stays in a file of its own."""
        with self.lock:
            if self.conflict is None:
                return
            disk = self._on_disk()
            disk = self.conflict.disk if disk is None else disk
            if mine:
                self._keep(_free(self.path, "theirs"), disk)
                self._keep(self.path, self.text)
                self.base = self.text
            else:
                self.base = self.text = disk
            self.version += 1
            self.conflict = None

    def _aside(self, mine: str, disk: str) -> None:
        place = _free(self.path, "mine")
        self._keep(place, mine)
        self.text = mine
        self.version += 1
        self.conflict = Conflict(place, disk)

    def _keep(self, path: Path, text: str) -> None:
        with writing(path) as out:
            out.write(self._bytes(text))


def _free(path: Path, word: str) -> Path:
    """`NAME.WORD.wp`, with a number where that is taken."""
    place, n = path.with_suffix(f".{word}.wp"), 1
    while place.exists():
        n += 1
        place = path.with_suffix(f".{word}{n}.wp")
    return place
