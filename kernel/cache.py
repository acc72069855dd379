"""What took seconds to compute, kept on disk: dried parts by a hash of all that they depend on. Safe to delete at any time.

An entry is found by its content alone, so nothing ever goes stale: another figure, another version of this program, of
numpy or of scipy is another key. What comes back is what was computed, bit for bit.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from .diagnostics import Span
from .filaments import FilamentSet
from .material import Ink
from .scene import StateName
from .user_folders import cache_folder

T = TypeVar("T")

#: Counts up when the form of an entry changes; entries of other forms lie in other folders.
FORM = 1
#: Bytes that all entries together may take; the least recently used go first.
LIMIT = 512 * 2**20
#: What takes less time than this is not worth a file.
LEAST_S = 0.05

_MAGIC = b"wetprint cache\n"
_SUM = 32
_ALIGN = 64
#: A file that a dead process left half written is removed after this time.
_ABANDONED_S = 3600.0

Array = npt.NDArray[Any]


class Store:
    """Entries of one folder, by key. Several processes may use it at once: an entry appears whole or not at all, and what is
    broken or gone counts as not there. Nothing here ever raises: a cache that cannot be used only costs time."""

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self.folder = folder
        self.limit = limit

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.entry"

    def get(self, key: str) -> tuple[Any, list[Array]] | None:
        """The entry's words (what JSON holds) and its arrays, read-only; None where there is none that is sound."""
        path = self._path(key)
        try:
            data = path.read_bytes()
            if not data.startswith(_MAGIC):
                return None
            at = len(_MAGIC)
            if hashlib.sha256(data[at + _SUM :]).digest() != data[at : at + _SUM]:
                return None
            at += _SUM
            size = int.from_bytes(data[at : at + 8], "little")
            head = json.loads(data[at + 8 : at + 8 + size])
            arrays = [
                np.frombuffer(data, np.dtype(kind), int(np.prod(shape, dtype=np.int64)), start).reshape(shape)
                for kind, shape, start in head["arrays"]
            ]
            with suppress(OSError):
                os.utime(path)  # used just now: the last to go
            return head["words"], arrays
        except (OSError, ValueError, KeyError, TypeError, MemoryError):
            return None

    def put(self, key: str, words: Any, arrays: Sequence[Array]) -> bool:
        """Keep an entry; False where that did not work out (no room, no permission)."""
        try:
            shapes = [(a.dtype.str, list(a.shape)) for a in arrays]
            # Where the arrays begin depends on the length of the head that says so: the head has room to spare.
            spare = len(json.dumps({"words": words, "arrays": [[*s, 10**15] for s in shapes]})) + _ALIGN
            start = _aligned(len(_MAGIC) + _SUM + 8 + spare)
            size = start
            table: list[tuple[str, list[int], int]] = []
            for (kind, shape), a in zip(shapes, arrays, strict=True):
                table.append((kind, shape, size))
                size = _aligned(size + a.nbytes)
            if size > self.limit:
                return False
            head = json.dumps({"words": words, "arrays": table}).encode()
            body = bytearray(size - len(_MAGIC) - _SUM)
            body[:8] = len(head).to_bytes(8, "little")
            body[8 : 8 + len(head)] = head
            shift = len(_MAGIC) + _SUM
            for (_, _, at), a in zip(table, arrays, strict=True):
                body[at - shift : at - shift + a.nbytes] = np.ascontiguousarray(a).tobytes()
            self.folder.mkdir(parents=True, exist_ok=True)
            part = self.folder / f"{key}.{os.getpid()}.{os.urandom(4).hex()}.part"
            try:
                part.write_bytes(_MAGIC + hashlib.sha256(body).digest() + body)
                part.replace(self._path(key))
            finally:
                part.unlink(missing_ok=True)
            self._make_room()
            return True
        except (OSError, ValueError, TypeError, MemoryError):
            return False

    def _make_room(self) -> None:
        now = time.time()  # for the age of leftovers alone; what is computed never sees it
        found: list[tuple[int, int, Path]] = []
        for path in self.folder.iterdir():
            try:
                about = path.stat()
                if path.suffix == ".part" and now - about.st_mtime > _ABANDONED_S:
                    path.unlink()
                elif path.suffix == ".entry":
                    found.append((about.st_mtime_ns, about.st_size, path))
            except OSError:
                continue  # another process was faster
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= self.limit:
                break
            with suppress(OSError):
                path.unlink()
            total -= size


def _aligned(n: int) -> int:
    return -(-n // _ALIGN) * _ALIGN


def store() -> Store | None:
    """Where this user's entries lie, None where caching is off (WETPRINT_CACHE=off)."""
    folder = cache_folder()
    return None if folder is None else Store(folder / f"computed-{FORM}")


# -- what an entry depends on ------------------------------------------------------------------------------------------


@cache
def _program() -> bytes:
    """A hash of the kernel's own text and of what computes for it: each change of a model makes new keys by itself."""
    import scipy

    found = hashlib.sha256(f"{FORM}|{np.__version__}|{scipy.__version__}|{sys.byteorder}".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.digest()


def key_of(filaments: FilamentSet, drawn: StateName, *words: str) -> str:
    """A key for what follows from the drawn state and the inks of a part. Places in the source do not count."""
    state = filaments.state(drawn)
    found = hashlib.sha256(_program())
    text = json.dumps(
        [
            *words,
            drawn,
            [_figures(ink) for ink in filaments.inks],
            len(filaments.spans),
        ]
    )
    found.update(text.encode())
    for a in (
        filaments.offsets,
        filaments.material,
        filaments.layer,
        filaments.origin,
        state.points_um,
        state.width_um,
        state.height_um,
        *(() if filaments.ties is None else filaments.ties.arrays()),
        *(() if filaments.share is None else (filaments.share,)),
    ):
        found.update(f"{a.dtype.str}{a.shape}".encode())
        found.update(np.ascontiguousarray(a).data)
    return found.hexdigest()


def _figures(value: Any) -> Any:
    """All that a plain value says, without its places in the source; floats to the last bit."""
    if is_dataclass(value) and not isinstance(value, type):
        return [_figures(getattr(value, f.name)) for f in fields(value) if f.name != "span"]
    if isinstance(value, dict):
        return [[k, _figures(v)] for k, v in sorted(value.items())]
    if isinstance(value, tuple | list):
        return [_figures(v) for v in value]
    return value.hex() if isinstance(value, float) else value


def remembered(
    filaments: FilamentSet,
    drawn: StateName,
    what: str,
    compute: Callable[[], T],
    *,
    at: Store | None = None,
    least_s: float | None = None,
) -> T:
    """`compute()`, or what it gave the last time for the same drawn state, inks and `what` (the model and its choices).

    `compute` gives a dataclass of the kernel, in which other dataclasses, tuples, plain values, numpy arrays, inks of
    `filaments` and their spans may stand; what holds anything else is computed every time.
    """
    where = store() if at is None else at
    if where is None:
        return compute()
    key = key_of(filaments, drawn, what)
    kept = where.get(key)
    if kept is not None:
        try:
            value: T = _Decoder(filaments, kept[1]).value(kept[0])
            return value
        except (LookupError, TypeError, ValueError, AttributeError, ImportError):
            pass  # written by something that only looks like this program
    before = time.perf_counter()
    made = compute()
    if time.perf_counter() - before >= (LEAST_S if least_s is None else least_s):
        encoder = _Encoder(filaments)
        try:
            words = encoder.value(made)
        except _StrangerError:
            return made
        where.put(key, words, encoder.arrays)
    return made


# -- values as words and arrays ----------------------------------------------------------------------------------------


class _StrangerError(Exception):
    """Something that an entry cannot hold."""


def _spans(filaments: FilamentSet) -> Iterator[Span]:
    yield from filaments.spans
    for ink in filaments.inks:
        if ink.span is not None:
            yield ink.span


class _Encoder:
    """Inks and spans become their place in the tables of the part, so that an entry serves any source that draws it."""

    def __init__(self, filaments: FilamentSet) -> None:
        self.arrays: list[Array] = []
        self._inks = filaments.inks
        self._spans = list(_spans(filaments))

    def value(self, v: Any) -> Any:
        if v is None or isinstance(v, bool | str) or type(v) is int:
            return v
        if isinstance(v, np.generic):
            return self.value(v.item())
        if isinstance(v, float):
            return {"float": v.hex()}
        if isinstance(v, np.ndarray):
            if v.dtype.hasobject:
                raise _StrangerError
            self.arrays.append(v)
            return {"array": len(self.arrays) - 1}
        if isinstance(v, Ink):
            return {"ink": self._row(self._inks, v)}
        if isinstance(v, Span):
            return {"span": self._row(self._spans, v)}
        if isinstance(v, Enum):
            return {"enum": _name(type(v)), "value": v.value}
        if isinstance(v, tuple):
            return {"tuple": [self.value(x) for x in v]}
        if is_dataclass(v) and not isinstance(v, type) and type(v).__module__.startswith(_KERNEL):
            return {
                "made": _name(type(v)),
                "fields": {f.name: self.value(getattr(v, f.name)) for f in fields(v)},
            }
        raise _StrangerError

    def _row(self, table: Sequence[Any], item: Any) -> int:
        for i, known in enumerate(table):
            if known is item or known == item:
                return i
        raise _StrangerError


class _Decoder:
    def __init__(self, filaments: FilamentSet, arrays: list[Array]) -> None:
        self._arrays = arrays
        self._inks = filaments.inks
        self._spans = list(_spans(filaments))

    def value(self, v: Any) -> Any:
        if not isinstance(v, dict):
            return v
        if "float" in v:
            return float.fromhex(v["float"])
        if "array" in v:
            return self._arrays[v["array"]]
        if "ink" in v:
            return self._inks[v["ink"]]
        if "span" in v:
            return self._spans[v["span"]]
        if "enum" in v:
            return _named(v["enum"])(v["value"])
        if "tuple" in v:
            return tuple(self.value(x) for x in v["tuple"])
        return _named(v["made"])(**{name: self.value(x) for name, x in v["fields"].items()})


_KERNEL = __name__.rpartition(".")[0]


def _name(cls: type) -> str:
    return f"{cls.__module__.removeprefix(_KERNEL)}:{cls.__qualname__}"


def _named(name: str) -> Any:
    module, _, attribute = name.partition(":")
    found = getattr(import_module(_KERNEL + module), attribute)
    if not (isinstance(found, type) and (is_dataclass(found) or issubclass(found, Enum))):
        raise TypeError(name)
    return found
